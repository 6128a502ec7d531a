"""What keeps a server available while nodes come and go: a PodDisruptionBudget, and replicas on different nodes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from cdk8s_plus_27 import k8s
from constructs import Construct

from vllm_cdk8s.constructs.apps import place, same_namespace
from vllm_cdk8s.constructs.multi_node import MultiNodeVllmServer
from vllm_cdk8s.constructs.server import VllmServer
from vllm_cdk8s.core.errors import ConflictError, InvalidOptionError
from vllm_cdk8s.core.kube import checks
from vllm_cdk8s.core.kube.wire import sequence
from vllm_cdk8s.core.pod.template import HOSTNAME_LABEL

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from constructs import IConstruct

_PERCENT = re.compile(r"(\d{1,3})%")
_ALL_PERCENT = 100
_EVICTION_POLICIES = ("AlwaysAllow", "IfHealthyBudget")
_UNSATISFIABLE = ("DoNotSchedule", "ScheduleAnyway")
_budgets: WeakKeyDictionary[VllmServer | MultiNodeVllmServer, PodDisruptionBudget] = WeakKeyDictionary()


class PodDisruptionBudget(Construct):
    """How many pods of a server may be evicted at once, as when a node is drained.

    ``PodDisruptionBudget(self, "budget", server=server, min_available=1)``. Without a number, one pod at a time. A
    budget under which no pod may ever go makes every drain of its node wait for ever; synthesis warns of it.
    Source: https://kubernetes.io/docs/tasks/run-application/configure-pdb/

    Of a server over several nodes the numbers are groups, since a pod that goes takes its group with it. The budget is
    then as many pods of all: no more groups than that ever go, and mostly one after the other.

    Args:
        scope: the construct this one belongs to.
        id: its name there.
        server: a `VllmServer` or `MultiNodeVllmServer`; it has one budget at most, since Kubernetes evicts no pod that
            two select.
        min_available: pods that stay, as a number or as a percentage such as ``"50%"``, rounded up.
        max_unavailable: pods that may be gone, likewise.
        unhealthy_pod_eviction: ``AlwaysAllow`` lets pods go that are not ready, such as one that crashes again and
            again; ``IfHealthyBudget`` only while enough others are ready.
        name: the name of the budget; None lets cdk8s name it.
        labels: further labels of the budget.
        annotations: annotations of the budget.

    Raises:
        InvalidOptionError: a number, percentage or policy is none.
        ConflictError: both numbers are given, the server has a budget already, or it is in another namespace.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        server: VllmServer | MultiNodeVllmServer,
        min_available: int | str | None = None,
        max_unavailable: int | str | None = None,
        unhealthy_pod_eviction: str = "AlwaysAllow",
        name: str | None = None,
        labels: Mapping[str, str] | None = None,
        annotations: Mapping[str, str] | None = None,
    ) -> None:
        # Of the pods of a RayCluster Kubernetes does not know how many there should be.
        allowed = "a VllmServer or a MultiNodeVllmServer"
        checks.instance("server", server, VllmServer, MultiNodeVllmServer, allowed=allowed)
        if min_available is not None and max_unavailable is not None:
            raise ConflictError(
                f"{min_available!r} and max_unavailable: {max_unavailable!r} are both given; say one of them",
                option="min_available",
            )
        if min_available is None and max_unavailable is None:
            max_unavailable = 1
        for option, value in (("min_available", min_available), ("max_unavailable", max_unavailable)):
            if value is not None:
                _pods(option, value, of=1)
        checks.one_of("unhealthy_pod_eviction", unhealthy_pod_eviction, _EVICTION_POLICIES)
        own_labels = checks.label_map("labels", labels or {})
        own_annotations = checks.annotation_map("annotations", annotations or {})

        super().__init__(scope, id)
        same_namespace(scope, "PodDisruptionBudget", server=server, namespace=server.namespace)
        other = _budgets.setdefault(server, self)
        if other is not self:
            raise ConflictError(
                f"{server.node.path} has a budget already, {other.node.path}, and Kubernetes evicts no pod that two "
                "select; keep one",
                option="server",
            )
        registry, namespace = place(scope)
        if name is not None:
            checks.dns_subdomain("name", name)
            registry.take_name("PodDisruptionBudget", namespace, name, self)
        self._server = server
        self._min_available, self._max_unavailable = min_available, max_unavailable
        if isinstance(server, MultiNodeVllmServer):
            # One pod of a group is enough to lose it, so as many pods are never more groups.
            min_available, max_unavailable = None, max(0, self._evictable(max(server.replicas, 1)))
        # Typed L1: kplus has no such resource.
        self.budget = k8s.KubePodDisruptionBudget(
            self, "Resource",
            metadata=k8s.ObjectMeta(
                name=name, labels={**server.labels, **own_labels}, annotations=own_annotations or None
            ),
            spec=k8s.PodDisruptionBudgetSpec(
                min_available=None if min_available is None else _int_or_string(min_available),
                max_unavailable=None if max_unavailable is None else _int_or_string(max_unavailable),
                selector=k8s.LabelSelector(match_labels=server.selector),
                unhealthy_pod_eviction_policy=unhealthy_pod_eviction,
            ),
        )  # fmt: skip
        registry.add_advice(self._advice)

    def _advice(self, _root: IConstruct) -> list[str]:
        # Asked at synthesis, since an autoscaler may have been added after the budget.
        server = self._server
        if isinstance(server, MultiNodeVllmServer):
            fewest = most = max(server.replicas, 1)
        else:
            fewest, most = max(server.min_replicas, 1), max(server.max_replicas, 1)
        if self._evictable(fewest) > 0:
            return []
        option = "max_unavailable" if self._min_available is None else "min_available"
        value = self._max_unavailable if self._min_available is None else self._min_available
        plural = "" if most == 1 else "s"
        always = self._evictable(most) <= 0
        when = f"with {most} replica{plural}" if always else f"while it has {fewest} of {most} replicas"
        advice = (
            f"{option}: {value!r} lets no pod of {self._server.node.path} be evicted {when}, so that draining its "
            "node never ends; allowed: max_unavailable=1, or more replicas"
        )
        return [advice]

    def _evictable(self, replicas: int) -> int:
        if self._max_unavailable is not None:
            return _pods("max_unavailable", self._max_unavailable, of=replicas)
        return replicas - _pods("min_available", self._min_available, of=replicas)


def spread_pods(
    server: VllmServer,
    *,
    over: Sequence[str] = (HOSTNAME_LABEL,),
    max_skew: int = 1,
    when_unsatisfiable: str = "ScheduleAnyway",
) -> None:
    """Spread a server's replicas over nodes, zones or other domains.

    ``spread_pods(server, over=["topology.kubernetes.io/zone", "kubernetes.io/hostname"])``. What it adds to the
    server's ``topology_spread``: the label selector, which is known only once the server has its names, and
    ``matchLabelKeys``, by which the pods of a rollout are spread among themselves. Constraints that the server has
    already stay.
    Source: https://kubernetes.io/docs/concepts/scheduling-eviction/topology-spread-constraints/

    Args:
        server: the server.
        over: labels of nodes, such as ``topology.kubernetes.io/zone``; nodes of one value are one domain.
        max_skew: by how many pods one domain may be ahead of another.
        when_unsatisfiable: ``ScheduleAnyway`` prefers the spread, ``DoNotSchedule`` keeps pods waiting for it.

    Raises:
        InvalidOptionError: a label, number or policy is none.
        ConflictError: a label is there twice, or the server is spread over it already.
    """
    checks.instance("server", server, VllmServer, allowed="a VllmServer")
    keys = [checks.qualified_name("over", key) for key in sequence("over", over)]
    if not keys:
        raise InvalidOptionError("has no label of nodes; allowed: at least one", option="over")
    checks.integer("max_skew", max_skew, minimum=1)
    checks.one_of("when_unsatisfiable", when_unsatisfiable, _UNSATISFIABLE)
    field = "topologySpreadConstraints"
    present: list[Any] = server.deployment.to_json()["spec"]["template"]["spec"].get(field, [])
    taken = [constraint.get("topologyKey") for constraint in present]
    for index, key in enumerate(keys):
        if key in taken or key in keys[:index]:
            raise ConflictError(f"the pods of {server.node.path} are spread over {key!r} already", option="over")
    added = [
        {
            "topologyKey": key,
            "maxSkew": max_skew,
            "whenUnsatisfiable": when_unsatisfiable,
            "labelSelector": {"matchLabels": server.selector},
            "matchLabelKeys": ["pod-template-hash"],
        }
        for key in keys
    ]
    server.patch_pod(f"/spec/{field}", [*present, *added])


def _pods(option: str, value: object, *, of: int) -> int:
    """The pods that a number or percentage means; Kubernetes rounds both up."""
    if isinstance(value, str):
        match = _PERCENT.fullmatch(value)
        if match is None or int(match[1]) > _ALL_PERCENT:
            raise InvalidOptionError(
                f"{value!r} is not a percentage; allowed: such as '50%', or a whole number", option=option
            )
        return -(-int(match[1]) * of // _ALL_PERCENT)
    return checks.integer(option, value, minimum=0)


def _int_or_string(value: int | str) -> k8s.IntOrString:
    return k8s.IntOrString.from_string(value) if isinstance(value, str) else k8s.IntOrString.from_number(value)
