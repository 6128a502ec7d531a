"""What keeps a server available while nodes come and go: disruption budgets, and replicas on different nodes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct

from vllm_cdk8s.core.errors import Collector, ConflictError, InvalidOptionError, Problem, mention
from vllm_cdk8s.core.kube import checks
from vllm_cdk8s.core.kube.wire import prune, sequence
from vllm_cdk8s.core.regex import regex
from vllm_cdk8s.core.rules.book import NEVER_EVICTED, TWO_OWNERS
from vllm_cdk8s.core.showing import shown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vllm_cdk8s.core.server.serving import Serving

_PERCENT = regex(r"([0-9]{1,3})%")
_ALL_PERCENT = 100
_EVICTION_POLICIES = ("AlwaysAllow", "IfHealthyBudget")
# By what each controller tells the pods of one rollout from those of another.
_REVISION_LABELS = {
    "Deployment": "pod-template-hash",
    "LeaderWorkerSet": "leaderworkerset.sigs.k8s.io/template-revision-hash",
    "DisaggregatedSet": "disaggregatedset.x-k8s.io/revision",
}
_UNSATISFIABLE = ("DoNotSchedule", "ScheduleAnyway")


class Budget(Struct, frozen=True, kw_only=True):
    """How many pods, or groups of pods, of a server may be evicted at once; without a number, one at a time.

    Args:
        min_available: those that stay, as a number or as a percentage such as ``"50%"``, rounded up.
        max_unavailable: those that may be gone, likewise.
        unhealthy_pod_eviction: ``AlwaysAllow`` or ``IfHealthyBudget``.

    Raises:
        InvalidOptionError: a number, percentage or policy is not valid.
        ConflictError: both numbers are given.
    """

    min_available: int | str | None = None
    max_unavailable: int | str | None = None
    unhealthy_pod_eviction: str = "AlwaysAllow"

    def __post_init__(self) -> None:
        checks.plain_fields(self)
        with Collector() as found:
            if self.min_available is not None and self.max_unavailable is not None:
                found.note(
                    ConflictError(
                        f"{self.min_available!r} and max_unavailable: {self.max_unavailable!r} are both given; say one "
                        "of them",
                        option="min_available",
                    )
                )
            for option in ("min_available", "max_unavailable"):
                found.given(_pods, option, getattr(self, option), of=1)
            found.attempt(checks.one_of, "unhealthy_pod_eviction", self.unhealthy_pod_eviction, _EVICTION_POLICIES)

    @property
    def _said(self) -> tuple[str, int | str]:
        if self.min_available is not None:
            return "min_available", self.min_available
        return "max_unavailable", 1 if self.max_unavailable is None else self.max_unavailable

    def evictable(self, replicas: int) -> int:
        """How many of so many replicas may be gone."""
        option, value = self._said
        pods = _pods(option, value, of=replicas)
        return pods if option == "max_unavailable" else replicas - pods

    def spec(self, server: Serving) -> dict[str, Any]:
        """The PodDisruptionBudget's spec, fields in the order of the alphabet as Kubernetes lists them."""
        minimum, maximum = self.min_available, self.max_unavailable
        if server.nodes > 1:
            # One pod of a group is enough to lose it, so as many pods are never more groups.
            minimum, maximum = None, max(0, self.evictable(max(server.max_replicas, 1)))
        elif minimum is None and maximum is None:
            maximum = 1
        return prune({
            "maxUnavailable": maximum,
            "minAvailable": minimum,
            "selector": {"matchLabels": dict(sorted(server.selector.items()))},
            "unhealthyPodEvictionPolicy": self.unhealthy_pod_eviction,
        })  # fmt: skip

    def advice(self, server: Serving) -> list[Problem]:
        """The warning that a budget lets no pod go, while the server has all its replicas or its fewest."""
        fewest, most = max(server.min_replicas, 1), max(server.max_replicas, 1)
        if self.evictable(fewest) > 0:
            return []
        option, value = self._said
        plural = "" if most == 1 else "s"
        always = self.evictable(most) <= 0
        when = f"with {most} replica{plural}" if always else f"while it has {fewest} of {most} replicas"
        what = (
            f"{value!r} lets no pod of {server.path} be evicted {when}, so that draining its node never ends; allowed: "
            f"{mention('max_unavailable=1')}, or more replicas"
        )
        return [Problem(what=what, rule=NEVER_EVICTED, severity="warning", option=option)]


def spread_constraints(
    server: Serving, present: Sequence[Mapping[str, Any]], *, over: object, max_skew: object, when_unsatisfiable: object
) -> list[dict[str, Any]]:
    """Topology spread constraints of a server's pods, besides those that are there already.

    Raises:
        InvalidOptionError: a label, number or policy is not valid.
        ConflictError: a label is there twice, or the pods are spread over it already.
    """
    keys = [checks.qualified_name("over", key) for key in sequence("over", over)]
    if not keys:
        raise InvalidOptionError("has no label of nodes; allowed: at least one", option="over")
    max_skew = checks.integer("max_skew", max_skew, minimum=1)
    checks.one_of("when_unsatisfiable", when_unsatisfiable, _UNSATISFIABLE)
    taken = [constraint.get("topologyKey") for constraint in present]
    for index, key in enumerate(keys):
        if key in taken or key in keys[:index]:
            raise ConflictError(f"the pods of {server.path} are spread over {shown(key)} already", option="over")
    return [
        {
            "topologyKey": key,
            "maxSkew": max_skew,
            "whenUnsatisfiable": when_unsatisfiable,
            "labelSelector": {"matchLabels": server.serving_selector},
            "matchLabelKeys": [_REVISION_LABELS[server.workload_ref.kind]],
        }
        for key in keys
    ]


def second_budget(server: Serving, other: str) -> ConflictError:
    """The error that a server has a budget already."""
    return ConflictError(
        f"{server.path} has a budget already, {other}, and Kubernetes evicts no pod that two select; keep one",
        option="server",
        rule=TWO_OWNERS,
    )


def _pods(option: str, value: object, *, of: int) -> int:
    """The pods that a number or percentage means; Kubernetes rounds both up."""
    if isinstance(value, str):
        match = _PERCENT.fullmatch(value)
        if match is None or int(match[1]) > _ALL_PERCENT:
            raise InvalidOptionError(
                f"{shown(value)} is not a percentage; allowed: such as '50%', or a whole number", option=option
            )
        return -(-int(match[1]) * of // _ALL_PERCENT)
    return checks.integer(option, value, minimum=0)
