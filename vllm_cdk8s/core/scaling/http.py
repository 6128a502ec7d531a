"""Replicas by the requests that pass KEDA's HTTP add-on, which holds them while there are none: its route as data.

Fields are those of https://keda.sh/http-add-on/latest/reference/interceptorroute/
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct

from vllm_cdk8s.core.errors import Collector, ConflictError, InvalidOptionError, warn
from vllm_cdk8s.core.kube import checks
from vllm_cdk8s.core.kube.wire import prune, sequence
from vllm_cdk8s.core.rules.book import AUTOSCALER, BACKEND_TLS, ROUTE
from vllm_cdk8s.core.scaling.keda import check_bounds, cooldown, named_once, own_triggers, scale_down
from vllm_cdk8s.core.showing import shown
from vllm_cdk8s.core.traffic.hosts import host_name, path_problem

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vllm_cdk8s.core.server.serving import Serving

ROUTE_API = "http.keda.sh/v1beta1"
SCALER_ADDRESS = "keda-add-ons-http-external-scaler.keda:9090"
INTERCEPTOR, INTERCEPTOR_PORT = "keda-add-ons-http-interceptor-proxy", 8080
_EVERYBODY = "*"
# Pulling an image of many GiB and finding a node for the pod, besides the start itself.
_PULL_SECONDS = 300
_LONGEST_SECONDS = 99_999


class HttpScaling(Struct, frozen=True, kw_only=True):
    """How a server's replicas follow the requests for it; `HttpAutoscaler` documents each option."""

    hosts: Sequence[str]
    max_replicas: int
    min_replicas: int = 0
    paths: Sequence[str] = ("/v1",)
    concurrent_requests: int | None = 32
    requests_per_second: int | None = None
    wait_seconds: int | None = None
    answer_seconds: int | None = 3600
    extra_triggers: Sequence[Mapping[str, Any]] = ()
    cooldown_seconds: int | None = None
    scale_down_seconds: int | None = None
    scaler_address: str = SCALER_ADDRESS

    def __post_init__(self) -> None:
        checks.plain_fields(self)
        with Collector() as found:
            found.attempt(self._check_hosts)
            found.attempt(self._check_paths)
            found.attempt(check_bounds, self.min_replicas, self.max_replicas)
            if (self.concurrent_requests, self.requests_per_second) == (None, None):
                what = "None, and no requests_per_second either; allowed: at least one of the two"
                found.note(InvalidOptionError(what, option="concurrent_requests"))
            for option in ("concurrent_requests", "requests_per_second"):
                found.given(checks.integer, option, getattr(self, option), minimum=1)
            for option in ("wait_seconds", "answer_seconds"):
                found.given(checks.integer, option, getattr(self, option), minimum=0, maximum=_LONGEST_SECONDS)
            for option in ("cooldown_seconds", "wait_seconds"):
                if getattr(self, option) is not None and self.min_replicas and found.sound("min_replicas"):
                    what = f"it only matters with min_replicas=0, not with {self.min_replicas}"
                    found.note(ConflictError(what, option=option))
            found.attempt(checks.text, "scaler_address", self.scaler_address)
            found.attempt(own_triggers, self.extra_triggers)

    def _check_hosts(self) -> None:
        hosts = sequence("hosts", self.hosts)
        if not hosts:
            raise InvalidOptionError("is empty; allowed: at least one, or '*' for all of them", option="hosts")
        with Collector() as found:
            for index, host in enumerate(hosts):
                if host != _EVERYBODY:
                    found.attempt(host_name, "hosts", host, rule=AUTOSCALER)
                if host in hosts[:index]:
                    found.note(ConflictError(f"{shown(host)} is there twice", option="hosts"))

    def _check_paths(self) -> None:
        paths = sequence("paths", self.paths)
        if not paths:
            raise InvalidOptionError("is empty; allowed: at least one, such as '/v1'", option="paths")
        with Collector() as found:
            for path in paths:
                found.attempt(_check_path, "paths", path)

    def check_hosts(self, hostnames: Sequence[str]) -> None:
        """Refuse a gateway's route to the interceptor under hosts that it knows nothing of.

        Raises:
            ConflictError: a host is not one of these, or the route is for all hosts and these are not.
        """
        known = ", ".join(map(repr, self.hosts))
        if _EVERYBODY in self.hosts:
            return
        if not hostnames:
            raise ConflictError(
                f"the interceptor answers 404 under any other host; say {known}", option="hostnames", rule=ROUTE
            )
        for index, name in enumerate(hostnames):
            if name not in self.hosts and f"*.{name.partition('.')[2]}" not in self.hosts:
                raise ConflictError(
                    f"{shown(name)} is not a host of the HttpAutoscaler, so that the interceptor answers 404; "
                    f"allowed: {known}",
                    option=f"hostnames[{index}]",
                    rule=ROUTE,
                )

    def route(self, server: Serving) -> dict[str, Any]:
        """The spec of the InterceptorRoute."""
        if server.scheme == "https":
            warn(
                f"{server.path} speaks TLS itself, and the interceptor speaks to it as clients do to the interceptor",
                option="server",
                rule=BACKEND_TLS,
            )
        metric = {
            "concurrency": None if self.concurrent_requests is None else {"targetValue": self.concurrent_requests},
            "requestRate": None if self.requests_per_second is None else {"targetValue": self.requests_per_second},
        }
        return prune({
            "target": {"service": server.service_name, "port": server.service_port},
            "rules": [{"hosts": list(self.hosts), "paths": [{"value": path} for path in self.paths]}],
            "scalingMetric": prune(metric),
            "timeouts": self._timeouts(server),
        })  # fmt: skip

    def _timeouts(self, server: Serving) -> dict[str, str]:
        wait = self.wait_seconds
        if self.min_replicas == 0:
            budget = server.startup_seconds
            if wait is None and budget:
                wait = budget + _PULL_SECONDS
            elif wait and wait < budget:
                warn(
                    f"{wait} is below the start-up budget of {budget} s, so the request that wakes the server may be "
                    "given up before it is answered",
                    option="wait_seconds",
                    rule=AUTOSCALER,
                )
        seconds = {"readiness": wait, "responseHeader": self.answer_seconds}
        return {name: f"{value}s" for name, value in seconds.items() if value is not None}

    def spec(self, server: Serving, route: str) -> dict[str, Any]:
        """The spec of the ScaledObject that asks the add-on's scaler of a route.

        Raises:
            InvalidOptionError: a number of seconds is not one.
            ConflictError: two triggers have one name.
        """
        metadata = {"scalerAddress": self.scaler_address, "interceptorRoute": route}
        own = {"type": "external-push", "name": "requests", "metadata": metadata}
        spec: dict[str, Any] = {
            "scaleTargetRef": server.workload_ref.wire(),
            "minReplicaCount": self.min_replicas,
            "maxReplicaCount": self.max_replicas,
            "advanced": scale_down(server, self.scale_down_seconds),
            "triggers": named_once([own, *own_triggers(self.extra_triggers)]),
        }
        if self.min_replicas == 0:
            seconds = cooldown(server, self.cooldown_seconds)
            # A server that was never asked yet would be put to sleep before it has loaded its model once.
            spec |= {"cooldownPeriod": seconds, "initialCooldownPeriod": seconds}
        return spec


def _check_path(option: str, path: object) -> None:
    problem = path_problem(checks.text(option, path))
    if problem is not None:
        raise InvalidOptionError(f"{shown(path)} {problem}", option=option, rule=AUTOSCALER)
