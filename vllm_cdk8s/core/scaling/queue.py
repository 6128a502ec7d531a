"""Replicas by the queue of waiting requests: KEDA's ScaledObject as data.

Fields are those of https://keda.sh/docs/latest/reference/scaledobject-spec/
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from vllm_cdk8s.core.errors import Collector, ConflictError, InvalidOptionError
from vllm_cdk8s.core.keywords import named_keywords
from vllm_cdk8s.core.kube import checks
from vllm_cdk8s.core.kube.wire import prune, sequence
from vllm_cdk8s.core.monitoring.promql import quoted
from vllm_cdk8s.core.monitoring.watching import target_of
from vllm_cdk8s.core.rules.book import AUTOSCALER
from vllm_cdk8s.core.scaling.keda import check_bounds, cooldown, named_once, own_triggers, scale_down
from vllm_cdk8s.core.showing import shown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vllm_cdk8s.core.server.serving import Serving

_KINDS = ("TriggerAuthentication", "ClusterTriggerAuthentication")
_MODES = ("basic", "bearer", "custom", "tls")
# kube-state-metrics knows no LeaderWorkerSet, but its controller keeps the leaders in a StatefulSet of its name.
# Source: https://lws.sigs.k8s.io/docs/concepts/
_REPLICAS_WANTED = {
    "Deployment": ("kube_deployment_spec_replicas", "deployment"),
    "LeaderWorkerSet": ("kube_statefulset_replicas", "statefulset"),
}


@named_keywords
@dataclass(frozen=True, kw_only=True, slots=True)
class TriggerAuthentication:
    """How KEDA authenticates to Prometheus: ``TriggerAuthentication(name="prometheus", modes=["basic"])``.

    Args:
        name: a TriggerAuthentication of the server's namespace, or a ClusterTriggerAuthentication.
        kind: which of the two.
        modes: ``basic``, ``bearer``, ``custom``, ``tls``; none where a pod identity does it.

    Raises:
        InvalidOptionError: the name is not valid, or kind or mode is unknown.
    """

    name: str
    kind: str = "TriggerAuthentication"
    modes: Sequence[str] = ("bearer",)

    def __post_init__(self) -> None:
        checks.plain_fields(self)
        with Collector() as found:
            found.attempt(checks.dns_subdomain, "authentication.name", self.name)
            found.attempt(checks.one_of, "authentication.kind", self.kind, _KINDS, what="a kind")
            for mode in found.attempt(sequence, "authentication.modes", self.modes) or ():
                found.attempt(checks.one_of, "authentication.modes", mode, _MODES, what="a mode")


class QueueScaling(Struct, frozen=True, kw_only=True):
    """How a server's replicas follow its queue; `QueueAutoscaler` documents each option."""

    prometheus_address: str
    max_replicas: int
    min_replicas: int = 1
    waiting_requests: int = 5
    running_requests: int | None = None
    activation_requests: int = 0
    wake_query: str | None = None
    extra_triggers: Sequence[Mapping[str, Any]] = ()
    polling_seconds: int = 30
    cooldown_seconds: int | None = None
    scale_down_seconds: int | None = None
    fallback_replicas: int | None = None
    fallback_failures: int = 3

    def __post_init__(self) -> None:
        checks.plain_fields(self)
        with Collector() as found:
            found.attempt(_address, self.prometheus_address)
            found.attempt(check_bounds, self.min_replicas, self.max_replicas, self.fallback_replicas)
            found.attempt(checks.integer, "waiting_requests", self.waiting_requests, minimum=1)
            found.given(checks.integer, "running_requests", self.running_requests, minimum=1)
            found.attempt(checks.integer, "polling_seconds", self.polling_seconds, minimum=1)
            found.attempt(checks.integer, "fallback_failures", self.fallback_failures, minimum=1)
            found.attempt(checks.integer, "activation_requests", self.activation_requests, minimum=0)
            found.given(checks.text, "wake_query", self.wake_query)
            further = found.attempt(own_triggers, self.extra_triggers)
            if found.sound("min_replicas"):
                self._check_waking(found, further)

    def _check_waking(self, found: Collector, further: Sequence[Any] | None) -> None:
        if self.min_replicas:
            only_from_zero = {
                "wake_query": self.wake_query,
                "activation_requests": self.activation_requests or None,
                "cooldown_seconds": self.cooldown_seconds,
            }
            for option in (option for option, value in only_from_zero.items() if value is not None):
                what = f"it only matters with min_replicas=0, not with {self.min_replicas}"
                found.note(ConflictError(what, option=option))
        elif self.wake_query is None and further is not None and not further:
            raise ConflictError(
                "0 needs something that wakes the server, since no request can wait where no pod is; allowed: "
                "wake_query=..., such as the rate of requests at the gateway, or extra_triggers=[...]",
                option="min_replicas",
                rule=AUTOSCALER,
            )

    def spec(self, server: Serving, authentication: TriggerAuthentication | None) -> dict[str, Any]:
        """The ScaledObject's spec.

        Raises:
            InvalidOptionError: a number of seconds is not one.
            ConflictError: the server has no metrics, or two triggers have one name.
        """
        asleep = _asleep(server) if self.min_replicas == 0 else None
        fallback = max(self.min_replicas, 1) if self.fallback_replicas is None else self.fallback_replicas
        spec: dict[str, Any] = {
            "scaleTargetRef": server.workload_ref.wire(),
            "pollingInterval": self.polling_seconds,
            "minReplicaCount": self.min_replicas,
            "maxReplicaCount": self.max_replicas,
            "fallback": {
                "failureThreshold": self.fallback_failures,
                "replicas": fallback,
                # The default, static, would take a busy server's replicas away while Prometheus is down.
                "behavior": "currentReplicasIfHigher",
            },
            "advanced": scale_down(server, self.scale_down_seconds),
            "triggers": named_once(
                [*self._triggers(server, authentication, asleep), *own_triggers(self.extra_triggers)]
            ),
        }
        if asleep is not None:
            spec["cooldownPeriod"] = cooldown(server, self.cooldown_seconds)
        return spec

    def _triggers(
        self, server: Serving, authentication: TriggerAuthentication | None, asleep: str | None
    ) -> list[dict[str, Any]]:
        target = target_of(server)
        query = _Queries(address=_address(self.prometheus_address), authentication=authentication, asleep=asleep)
        running = target.total("num_requests_running")
        triggers = [
            query.trigger(
                "waiting",
                target.total("num_requests_waiting"),
                self.waiting_requests,
                activation=self.activation_requests,
            )
        ]
        if self.running_requests is not None:
            triggers.append(query.trigger("running", running, self.running_requests))
        elif asleep is not None:
            triggers.append(query.trigger("at-work", running, 1, as_boolean=True))
        if self.wake_query is not None:
            triggers.append(query.wake(self.wake_query))
        return triggers


def bearer_token(token: Mapping[str, Any]) -> dict[str, Any]:
    """The spec of a TriggerAuthentication for a bearer token in a Secret."""
    return {"secretTargetRef": [{"parameter": "bearerToken", **token}]}


class _Queries(Struct, frozen=True, kw_only=True):
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
    option, such_as = "prometheus_address", "http://prometheus-operated.monitoring:9090"
    parts = checks.url(option, value, such_as=such_as, credentials="authentication=", bare=True)
    address = parts.geturl().rstrip("/")
    if address.endswith(("/api/v1", "/api/v1/query")):
        raise InvalidOptionError(f"{shown(value)} ends in the path that KEDA adds itself", option=option)
    return address


def _asleep(server: Serving) -> str:
    """A query that is 0 while there are to be no replicas, and empty otherwise; it needs kube-state-metrics."""
    kind = server.workload_ref.kind
    if kind not in _REPLICAS_WANTED:
        raise ConflictError(
            f"0 needs kube-state-metrics, which counts no replicas of a {kind}; allowed: 1 or more",
            option="min_replicas",
            rule=AUTOSCALER,
        )
    metric, label = _REPLICAS_WANTED[kind]
    labels = {"namespace": server.namespace, label: server.name}
    matchers = ",".join(f"{label}={quoted(value)}" for label, value in labels.items() if value is not None)
    return f"sum({metric}{{{matchers}}} == 0)"
