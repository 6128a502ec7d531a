"""What keeps a server available while nodes come and go, in the tree: a PodDisruptionBudget, and spread replicas."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import cdk8s

from vllm_cdk8s.constructs.apps import Whole, place, same_namespace
from vllm_cdk8s.constructs.custom_resource import custom_resource
from vllm_cdk8s.constructs.multi_node import MultiNodeVllmServer
from vllm_cdk8s.constructs.server import VllmServer
from vllm_cdk8s.core.errors import Collector
from vllm_cdk8s.core.keywords import named_keywords
from vllm_cdk8s.core.kube import checks
from vllm_cdk8s.core.pod.template import HOSTNAME_LABEL
from vllm_cdk8s.core.rules.book import NEVER_EVICTED
from vllm_cdk8s.core.scaling.availability import Budget, second_budget, spread_constraints

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from constructs import Construct, IConstruct

    from vllm_cdk8s.core.errors import Problem


class _Budgets:
    """The budgets of the servers of one app."""

    def __init__(self) -> None:
        self.of_server: dict[VllmServer | MultiNodeVllmServer, PodDisruptionBudget] = {}


@named_keywords
class PodDisruptionBudget(Whole):
    """How many pods of a server may be evicted at once, as when a node is drained.

    ``PodDisruptionBudget(self, "budget", server=server, min_available=1)``. Without a number, one pod at a time. A
    budget under which no pod may ever go makes every drain of its node wait for ever; synthesis warns of it.
    Source: https://kubernetes.io/docs/tasks/run-application/configure-pdb/

    Of a server over several nodes the numbers are groups, since a pod that goes takes its group with it. The budget is
    then as many pods of all: no more groups than that ever go, and mostly one after the other.

    Args:
        scope: the parent construct.
        id: the construct's ID, unique within its parent.
        server: a `VllmServer` or `MultiNodeVllmServer`; it has one budget at most, since Kubernetes evicts no pod that
            two select.
        min_available: pods that stay, as a number or as a percentage such as ``"50%"``, rounded up.
        max_unavailable: the number or percentage of pods that may be gone.
        unhealthy_pod_eviction: ``AlwaysAllow`` lets pods go that are not ready, such as one that crashes again and
            again; ``IfHealthyBudget`` only while enough others are ready.
        name: the name of the budget; None lets cdk8s name it.
        labels: further labels of the budget.
        annotations: annotations of the budget.

    Raises:
        InvalidOptionError: a number, percentage or policy is not valid.
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
        with Collector() as found:
            # Of the pods of a RayCluster Kubernetes does not know how many there should be.
            allowed = "a VllmServer or a MultiNodeVllmServer"
            found.attempt(checks.instance, "server", server, VllmServer, MultiNodeVllmServer, allowed=allowed)
            self._budget = found.need(
                Budget, min_available=min_available, max_unavailable=max_unavailable,
                unhealthy_pod_eviction=unhealthy_pod_eviction,
            )  # fmt: skip
            own_labels = found.need(checks.label_map, "labels", labels)
            own_annotations = found.need(checks.annotation_map, "annotations", annotations)

        super().__init__(scope, id)
        same_namespace(scope, "PodDisruptionBudget", server=server, namespace=server.namespace)
        registry, _ = place(scope)
        budgets = registry.of(_Budgets).of_server
        if (other := budgets.get(server)) is not None:
            raise second_budget(server, other.node.path)
        self._server = server
        self.budget = custom_resource(
            self, scope, "policy/v1", "PodDisruptionBudget", name=name, labels={**server.labels, **own_labels},
            annotations=own_annotations, spec=self._budget.spec(server),
        )  # fmt: skip
        budgets[server] = self
        registry.add_advice(self._advice)

    def _advice(self, _root: IConstruct) -> list[Problem]:
        # Asked at synthesis, since an autoscaler may have been added after the budget.
        return [] if NEVER_EVICTED.code in self._server.acknowledged else self._budget.advice(self._server)


@named_keywords
def spread_pods(
    server: VllmServer | MultiNodeVllmServer,
    *,
    over: Sequence[str] = (HOSTNAME_LABEL,),
    max_skew: int = 1,
    when_unsatisfiable: str = "ScheduleAnyway",
) -> None:
    """Spread a server's replicas over nodes, zones or other domains.

    ``spread_pods(server, over=["topology.kubernetes.io/zone", "kubernetes.io/hostname"])``. What it adds to the
    server's ``topology_spread``: the label selector, which is known only once the server has its names, and
    ``matchLabelKeys``, by which the pods of a rollout are spread among themselves. Constraints that the server has
    already stay. Of a `MultiNodeVllmServer` the leaders are spread, and each group's workers go where they find room;
    the annotation ``leaderworkerset.sigs.k8s.io/exclusive-topology`` keeps them in the leader's domain.
    Source: https://kubernetes.io/docs/concepts/scheduling-eviction/topology-spread-constraints/

    Args:
        server: the server.
        over: labels of nodes, such as ``topology.kubernetes.io/zone``; nodes of one value are one domain.
        max_skew: by how many pods one domain may be ahead of another.
        when_unsatisfiable: ``ScheduleAnyway`` prefers the spread, ``DoNotSchedule`` keeps pods waiting for it.

    Raises:
        InvalidOptionError: a label, number or policy is not valid.
        ConflictError: a label is there twice, or the server is spread over it already.
    """
    allowed = "a VllmServer or a MultiNodeVllmServer"
    checks.instance("server", server, VllmServer, MultiNodeVllmServer, allowed=allowed)
    field = "topologySpreadConstraints"
    present: list[Any] = server.pod_templates[0]["spec"].get(field, [])
    added = spread_constraints(server, present, over=over, max_skew=max_skew, when_unsatisfiable=when_unsatisfiable)
    # The pods that serve come first.
    path = f"{server.template_paths[0]}/spec/{field}"
    server.workload.add_json_patch(cdk8s.JsonPatch.add(path, [*present, *added]))
