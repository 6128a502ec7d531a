"""QueueAutoscaler: replicas by the queue of waiting requests, through KEDA."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from constructs import Construct

from vllm_cdk8s.constructs.apps import same_namespace
from vllm_cdk8s.constructs.custom_resource import custom_resource
from vllm_cdk8s.constructs.monitoring import let_sleep, server_target
from vllm_cdk8s.constructs.server import VllmServer
from vllm_cdk8s.core.errors import ConflictError, InvalidOptionError, warn
from vllm_cdk8s.core.kube import checks
from vllm_cdk8s.core.kube.wire import prune, sequence
from vllm_cdk8s.core.monitoring.promql import quoted
from vllm_cdk8s.core.pod.secret_key import SecretKey

_API_VERSION = "keda.sh/v1alpha1"
_KINDS = ("TriggerAuthentication", "ClusterTriggerAuthentication")
_MODES = ("basic", "bearer", "custom", "tls")
# The Horizontal Pod Autoscaler's own default, and the most that it takes.
_STABILIZATION_SECONDS, _LONGEST_STABILIZATION_SECONDS = 300, 3600
_COOLDOWN_SECONDS = 300


@dataclass(frozen=True, kw_only=True, slots=True)
class TriggerAuthentication:
    """How KEDA proves itself to Prometheus: ``TriggerAuthentication(name="prometheus", modes=["basic"])``.

    Args:
        name: a TriggerAuthentication of the server's namespace, or a ClusterTriggerAuthentication.
        kind: which of the two.
        modes: ``basic``, ``bearer``, ``custom``, ``tls``; none where a pod identity does it.

    Raises:
        InvalidOptionError: the name is none, or kind or mode is unknown.
    """

    name: str
    kind: str = "TriggerAuthentication"
    modes: Sequence[str] = ("bearer",)

    def __post_init__(self) -> None:
        checks.dns_subdomain("authentication.name", self.name)
        checks.one_of("authentication.kind", self.kind, _KINDS, what="a kind")
        for mode in sequence("authentication.modes", self.modes):
            checks.one_of("authentication.modes", mode, _MODES, what="a mode")


class QueueAutoscaler(Construct):
    """Replicas by the requests that wait: a KEDA ScaledObject on ``vllm:num_requests_waiting`` of this server.

    ``QueueAutoscaler(self, "scale", server=server, prometheus_address="http://prometheus-operated.monitoring:9090",
    max_replicas=4)``. Its target is ``ceil(waiting requests of all pods / waiting_requests)`` replicas, within the
    bounds. It owns the number: ``spec.replicas`` is taken out of the Deployment.

    A query that finds no series is an error, not zero: then KEDA keeps the replicas that there are, and at least
    ``fallback_replicas``. With ``min_replicas=0`` something must wake the server, since requests do not queue where no
    pod is: ``wake_query``, or a trigger of ``extra_triggers``. An absent series is then right while the Deployment has
    no replicas, which Prometheus must know from kube-state-metrics. A server at work is not put to sleep: running
    requests keep it up too.

    Needs KEDA 2.17 or newer, and a Prometheus that scrapes the server's pods with the labels ``namespace`` and ``pod``.
    Source: https://keda.sh/docs/latest/scalers/prometheus/

    Args:
        scope: the construct this one belongs to.
        id: its name there.
        server: the server whose replicas it sets; it must not have another autoscaler, nor ``replicas``.
        prometheus_address: the URL of Prometheus, without a path to its API.
        min_replicas: the fewest replicas; 0 for none while nothing is asked.
        max_replicas: the most.
        waiting_requests: waiting requests for each replica that are aimed at.
        running_requests: running requests for each replica that are aimed at, so that a busy server keeps its
            replicas though its queue is empty; None scales by the queue alone.
        activation_requests: with ``min_replicas=0``, more waiting requests than this keep the server up.
        wake_query: a PromQL query that is above zero while somebody wants the server, such as the rate of requests at
            the gateway; with ``min_replicas=0``.
        extra_triggers: further KEDA triggers in wire form, such as one of type ``cron``.
        polling_seconds: seconds from one look at the triggers to the next.
        cooldown_seconds: with ``min_replicas=0``, seconds without activity before the last replica goes; None takes
            300 s more than the start-up budget.
        scale_down_seconds: seconds for which fewer replicas must suffice before any goes; None takes the start-up
            budget, at least 300 s and at most an hour, so that no replica goes before it has ever answered.
        fallback_replicas: the fewest replicas while Prometheus gives no answer; None takes ``min_replicas``, and
            one where that is 0.
        fallback_failures: failed queries in a row until then.
        authentication: a TriggerAuthentication, or the entry of a Secret that holds a bearer token.
        name: the name of the ScaledObject, and of a TriggerAuthentication made for it; None lets cdk8s name
            them.
        labels: further labels of the ScaledObject.
        annotations: annotations of the ScaledObject, such as ``autoscaling.keda.sh/paused``.

    Raises:
        InvalidOptionError: an option has a value that is wrong by itself.
        ConflictError: something else decides on the replicas, the bounds contradict each other, nothing would wake
            the server, the server has no metrics, or it is in another namespace.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        server: VllmServer,
        prometheus_address: str,
        min_replicas: int = 1,
        max_replicas: int,
        waiting_requests: int = 5,
        running_requests: int | None = None,
        activation_requests: int = 0,
        wake_query: str | None = None,
        extra_triggers: Sequence[Mapping[str, Any]] = (),
        polling_seconds: int = 30,
        cooldown_seconds: int | None = None,
        scale_down_seconds: int | None = None,
        fallback_replicas: int | None = None,
        fallback_failures: int = 3,
        authentication: TriggerAuthentication | SecretKey | None = None,
        name: str | None = None,
        labels: Mapping[str, str] | None = None,
        annotations: Mapping[str, str] | None = None,
    ) -> None:
        checks.instance(
            "server", server, VllmServer, allowed="a VllmServer; one over several nodes has replicas= alone"
        )
        address = _address(prometheus_address)
        _check_bounds(min_replicas, max_replicas, fallback_replicas)
        for option, value in (("waiting_requests", waiting_requests), ("running_requests", running_requests)):
            if value is not None:
                checks.integer(option, value, minimum=1)
        checks.integer("activation_requests", activation_requests, minimum=0)
        checks.integer("polling_seconds", polling_seconds, minimum=1)
        checks.integer("fallback_failures", fallback_failures, minimum=1)
        further = [_trigger(index, item) for index, item in enumerate(sequence("extra_triggers", extra_triggers))]
        asleep = _asleep(server) if min_replicas == 0 else None
        if asleep is None:
            only_from_zero = {"wake_query": wake_query, "activation_requests": activation_requests or None,
                              "cooldown_seconds": cooldown_seconds}  # fmt: skip
            for option in (option for option, value in only_from_zero.items() if value is not None):
                raise ConflictError(f"it only matters with min_replicas=0, not with {min_replicas}", option=option)
        elif wake_query is None and not further:
            raise ConflictError(
                "0 needs something that wakes the server, since no request can wait where no pod is; allowed: "
                "wake_query=..., such as the rate of requests at the gateway, or extra_triggers=[...]",
                option="min_replicas",
            )
        target = server_target(server)
        if name is not None:
            # KEDA repeats it in a label.
            checks.dns_label("name", name)

        super().__init__(scope, id)
        same_namespace(scope, "ScaledObject", server=server, namespace=server.namespace)
        server.leave_replicas_to(self, min_replicas=min_replicas, max_replicas=max_replicas)
        if min_replicas == 0:
            let_sleep(server)
        proof = self._authentication(authentication, scope, server=server, name=name)
        query = _Queries(address=address, authentication=proof, asleep=asleep)
        triggers = [query.trigger("waiting", target.total("num_requests_waiting"), waiting_requests,
                                  activation=activation_requests)]  # fmt: skip
        if running_requests is not None:
            triggers.append(query.trigger("running", target.total("num_requests_running"), running_requests))
        elif asleep is not None:
            triggers.append(query.trigger("at-work", target.total("num_requests_running"), 1, as_boolean=True))
        if wake_query is not None:
            triggers.append(query.wake(checks.text("wake_query", wake_query)))
        spec: dict[str, Any] = {
            "scaleTargetRef": {
                "apiVersion": server.deployment.api_version,
                "kind": server.deployment.kind,
                "name": server.name,
            },
            "pollingInterval": polling_seconds,
            "minReplicaCount": min_replicas,
            "maxReplicaCount": max_replicas,
            "fallback": {
                "failureThreshold": fallback_failures,
                "replicas": max(min_replicas, 1) if fallback_replicas is None else fallback_replicas,
                # The default, static, would take a busy server's replicas away while Prometheus is down.
                "behavior": "currentReplicasIfHigher",
            },
            "advanced": {
                "horizontalPodAutoscalerConfig": {
                    "behavior": {
                        "scaleDown": {
                            "stabilizationWindowSeconds": _stabilization(server, scale_down_seconds),
                        }
                    }
                }
            },
            "triggers": _named_once([*triggers, *further]),
        }
        if asleep is not None:
            spec["cooldownPeriod"] = _cooldown(server, cooldown_seconds)
        self.scaled_object = custom_resource(
            self, scope, _API_VERSION, "ScaledObject", name=name, labels={**server.labels, **(labels or {})},
            annotations=annotations, spec=spec,
        )  # fmt: skip

    def _authentication(
        self,
        authentication: TriggerAuthentication | SecretKey | None,
        scope: Construct,
        *,
        server: VllmServer,
        name: str | None,
    ) -> TriggerAuthentication | None:
        if not isinstance(authentication, SecretKey):
            allowed = 'TriggerAuthentication(name="prometheus") or SecretKey("prometheus", "token")'
            if authentication is not None:
                checks.instance("authentication", authentication, TriggerAuthentication, allowed=allowed)
            return authentication
        token = authentication.wire()["secretKeyRef"]
        made = custom_resource(
            self, scope, _API_VERSION, "TriggerAuthentication", id="Authentication", name=name, labels=server.labels,
            annotations=None, spec={"secretTargetRef": [{"parameter": "bearerToken", **token}]},
        )  # fmt: skip
        return TriggerAuthentication(name=made.name if name is None else name)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Queries:
    """Prometheus triggers of one ScaledObject; ``asleep`` is a query that is 0 while the server has no replicas."""

    address: str
    authentication: TriggerAuthentication | None
    asleep: str | None

    def trigger(
        self, name: str, query: str, threshold: int, *, activation: int = 0, as_boolean: bool = False
    ) -> dict[str, Any]:
        if self.asleep is not None:
            query = f"{query} or {self.asleep}"
        if as_boolean:
            # One replica's worth while it is above zero, however far.
            query = f"({query}) > bool 0"
        return self._wire(name, query, threshold, activation=activation)

    def wake(self, query: str) -> dict[str, Any]:
        # KEDA takes one value only.
        return self._wire("wake", f"max(({query}) > bool 0)", 1, activation=0)

    def _wire(self, name: str, query: str, threshold: int, *, activation: int) -> dict[str, Any]:
        modes = () if self.authentication is None else self.authentication.modes
        reference = None
        if self.authentication is not None:
            reference = {"name": self.authentication.name, "kind": self.authentication.kind}
        return prune({
            "type": "prometheus",
            "name": name,
            # The fallback works with this type alone.
            "metricType": "AverageValue",
            "metadata": prune({
                "serverAddress": self.address,
                "query": query,
                "threshold": str(threshold),
                "activationThreshold": str(activation),
                # An absent series is an error. The default would read it as an empty queue.
                "ignoreNullValues": "false",
                "authModes": ",".join(modes) or None,
            }),
            "authenticationRef": reference,
        })  # fmt: skip


def _address(value: object) -> str:
    option = "prometheus_address"
    address = checks.text(option, value).rstrip("/")
    try:
        parts = urlsplit(address)
        known = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        known = None
    if not known or parts.query or parts.fragment or any(char.isspace() for char in address):
        raise InvalidOptionError(
            f"{value!r} is not a URL; allowed: such as 'http://prometheus-operated.monitoring:9090'", option=option
        )
    if parts.username is not None or parts.password is not None:
        raise InvalidOptionError("it holds a user or password for all to read; use authentication=", option=option)
    if parts.path.endswith(("/api/v1", "/api/v1/query")):
        raise InvalidOptionError(f"{value!r} ends in the path that KEDA adds itself", option=option)
    return address


def _check_bounds(min_replicas: int, max_replicas: int, fallback_replicas: int | None) -> None:
    checks.integer("min_replicas", min_replicas, minimum=0)
    checks.integer("max_replicas", max_replicas, minimum=1, maximum=checks.MAX_INT32)
    if min_replicas > max_replicas:
        raise ConflictError(f"{min_replicas} is above max_replicas: {max_replicas}", option="min_replicas")
    if fallback_replicas is None:
        return
    checks.integer("fallback_replicas", fallback_replicas, minimum=0)
    if not min_replicas <= fallback_replicas <= max_replicas:
        raise ConflictError(
            f"{fallback_replicas} is not between min_replicas: {min_replicas} and max_replicas: {max_replicas}",
            option="fallback_replicas",
        )


def _trigger(index: int, item: object) -> dict[str, Any]:
    option = f"extra_triggers[{index}]"
    if not isinstance(item, Mapping):
        raise InvalidOptionError(f"{item!r} is not a mapping", option=option)
    trigger: dict[str, Any] = checks.plain(option, item)
    checks.text(f"{option}.type", trigger.get("type"))
    metadata = trigger.get("metadata")
    if not isinstance(metadata, Mapping):
        raise InvalidOptionError(f"{metadata!r} is not a mapping", option=f"{option}.metadata")
    for key, value in metadata.items():
        if not isinstance(value, str):
            raise InvalidOptionError(
                f"{value!r} is not a string, as KEDA demands of numbers too", option=f"{option}.metadata.{key}"
            )
    return trigger


def _named_once(triggers: list[dict[str, Any]]) -> list[dict[str, Any]]:
    names = [trigger["name"] for trigger in triggers if "name" in trigger]
    for name in names:
        if names.count(name) > 1:
            raise ConflictError(f"{name!r} is the name of two triggers", option="extra_triggers")
    return triggers


def _asleep(server: VllmServer) -> str:
    """A query that is 0 while the Deployment is at no replicas, and empty otherwise; it needs kube-state-metrics."""
    labels = {"namespace": server.namespace, "deployment": server.name}
    matchers = ",".join(f"{label}={quoted(value)}" for label, value in labels.items() if value is not None)
    return f"sum(kube_deployment_spec_replicas{{{matchers}}} == 0)"


def _cooldown(server: VllmServer, seconds: int | None) -> int:
    budget = server.probes.startup_seconds
    if seconds is None:
        return budget + _COOLDOWN_SECONDS
    checks.integer("cooldown_seconds", seconds, minimum=0)
    if seconds < budget:
        warn(
            f"cooldown_seconds: {seconds} is below the start-up budget of {budget} s, so the server may be put to "
            "sleep before it has answered whoever woke it"
        )
    return seconds


def _stabilization(server: VllmServer, seconds: int | None) -> int:
    if seconds is None:
        return min(max(server.probes.startup_seconds, _STABILIZATION_SECONDS), _LONGEST_STABILIZATION_SECONDS)
    return checks.integer("scale_down_seconds", seconds, minimum=0, maximum=_LONGEST_STABILIZATION_SECONDS)
