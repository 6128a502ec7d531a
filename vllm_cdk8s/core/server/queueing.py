"""Queues and gangs: who lets a server's pods start, and that those of one group start together or not at all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from vllm_cdk8s.core.errors import Collector, ConflictError, InvalidOptionError
from vllm_cdk8s.core.inspection.disaggregated_set import EXCLUSIVE_TOPOLOGY
from vllm_cdk8s.core.inspection.kueue import (
    POD_SET_GROUP,
    PREFERRED_TOPOLOGY,
    QUEUE_LABEL,
    REQUIRED_TOPOLOGY,
    TOPOLOGIES,
    placed_by_kueue,
    placed_twice,
)
from vllm_cdk8s.core.keywords import named_keywords
from vllm_cdk8s.core.kube import checks
from vllm_cdk8s.core.rules.book import GANG, KUEUE
from vllm_cdk8s.core.server.shape import Additions
from vllm_cdk8s.core.showing import shown

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_PRIORITY = "kueue.x-k8s.io/priority-class"
# Any name that is not a number; the two templates of one object share it, and it means nothing beyond.
_POD_SET_GROUP_NAME = "server"
_SCHEDULERS = ("kubernetes", "volcano", "scheduler-plugins")
_DEFAULT_SCHEDULER = "default-scheduler"
_RAY_GANG, _RAY_QUEUE = "ray.io/gang-scheduling-enabled", "volcano.sh/queue-name"
_VOLCANO_QUEUE = "scheduling.volcano.sh/queue-name"


@named_keywords
@dataclass(frozen=True, kw_only=True, slots=True)
class KueueQueue:
    """A queue of Kueue's that a server waits in: ``kueue=KueueQueue(name="serving", priority="production")``.

    Kueue holds the pods back until the queue has quota for what they request: each pod of a `VllmServer` by itself,
    each group of a `MultiNodeVllmServer` and each `RayVllmServer` as a whole. Neither can be changed while pods run.

    Needs Kueue (0.11 or newer for groups), with the integrations ``deployment``,
    ``leaderworkerset.x-k8s.io/leaderworkerset`` and ``ray.io/raycluster`` turned on for what is used of them.
    ``topology`` needs Kueue 0.13 or newer, and a ResourceFlavor that names a Topology with that level.
    Sources: https://kueue.sigs.k8s.io/docs/tasks/run/ and
    https://kueue.sigs.k8s.io/docs/concepts/topology_aware_scheduling/

    Args:
        name: a LocalQueue of the server's namespace.
        priority: a WorkloadPriorityClass, which says who is let in first and who must go for others.
        topology: a label of nodes that is a level of Kueue's Topology, such as ``topology.kubernetes.io/rack``: all
            pods of a group go to nodes of one value. For servers over several nodes; LeaderWorkerSet's annotation
            ``leaderworkerset.sigs.k8s.io/exclusive-topology``, which places them too, is refused beside it.
        prefer: where no one value has room for a group, it is spread over several of the next level rather than wait.

    Raises:
        InvalidOptionError: a name is not valid.
        ConflictError: ``prefer`` without ``topology``.
    """

    name: str
    priority: str | None = None
    topology: str | None = None
    prefer: bool = False

    def __post_init__(self) -> None:
        checks.plain_fields(self)
        with Collector() as found:
            found.attempt(checks.boolean, "kueue.prefer", self.prefer)
            found.given(checks.qualified_name, "kueue.topology", self.topology)
            if self.topology is None and self.prefer is True:
                what = "needs to know what; say topology='topology.kubernetes.io/rack'"
                found.note(ConflictError(what, option="kueue.prefer"))
            found.attempt(_label_name, "kueue.name", self.name)
            found.given(_label_name, "kueue.priority", self.priority)

    def labels(self) -> dict[str, str]:
        """The labels of what makes the pods; Kueue puts them on the pods."""
        return {QUEUE_LABEL: self.name, **({} if self.priority is None else {_PRIORITY: self.priority})}

    def pod_annotations(self) -> dict[str, str]:
        """The annotations of all pods of a group, by which Kueue places it as one."""
        if self.topology is None:
            return {}
        # Without the group's name, Kueue would place the leader, or head, by itself.
        return {
            PREFERRED_TOPOLOGY if self.prefer else REQUIRED_TOPOLOGY: self.topology,
            POD_SET_GROUP: _POD_SET_GROUP_NAME,
        }


@named_keywords
@dataclass(frozen=True, kw_only=True, slots=True)
class Gang:
    """All pods of a group are placed together, or none: ``gang=Gang(scheduler="volcano", queue="serving")``.

    Without it the pods of two groups may each get half of the machines, and wait for the other half for ever. For
    servers over several nodes; `KaiShare` needs none, since the KAI Scheduler groups such pods by itself.

    What the cluster needs: for ``kubernetes`` 1.37 with the feature gate GenericWorkload and its API
    ``scheduling.k8s.io/v1beta1``, and LeaderWorkerSet 0.11 or newer (its gate WorkloadAwareScheduling, provider
    ``kubernetes``) or KubeRay with its gate KubernetesWAS; for ``volcano`` LeaderWorkerSet 0.7 or newer whose
    ``gangSchedulingManagement.schedulerProvider`` is ``volcano``, or KubeRay whose ``batchScheduler.name`` is; for
    ``scheduler-plugins`` KubeRay 1.4 or newer, likewise. Only the scheduler's own controller decides on what it is.
    Sources: https://lws.sigs.k8s.io/docs/concepts/leaderworkerset/gang-scheduling/ and
    https://docs.ray.io/en/latest/cluster/kubernetes/k8s-ecosystem.html

    Args:
        scheduler: ``kubernetes`` (its own, from 1.37), ``volcano`` or ``scheduler-plugins``.
        queue: a queue of Volcano's.
        topology: a label of nodes, such as ``topology.kubernetes.io/rack``: all pods of a group go to nodes of one
            value, or wait. For a `MultiNodeVllmServer` and ``kubernetes``, whose scheduler needs its feature gate
            TopologyAwareWorkloadScheduling.

    Raises:
        InvalidOptionError: the scheduler is unknown, or a name is not valid.
        ConflictError: a queue or a topology with another scheduler.
    """

    scheduler: str = "kubernetes"
    queue: str | None = None
    topology: str | None = None

    def __post_init__(self) -> None:
        checks.plain_fields(self)
        with Collector() as found:
            found.attempt(checks.one_of, "gang.scheduler", self.scheduler, _SCHEDULERS, what="a scheduler")
            known = not found.failed
            found.given(_label_name, "gang.queue", self.queue)
            if known and self.queue is not None and self.scheduler != "volcano":
                found.note(ConflictError(f"{self.scheduler!r} has no queues; 'volcano' has", option="gang.queue"))
            found.given(checks.qualified_name, "gang.topology", self.topology)
            if known and self.topology is not None and self.scheduler != "kubernetes":
                raise ConflictError(
                    f"{self.scheduler!r} is told of no topology here; 'kubernetes' is, and kueue=KueueQueue(topology=)",
                    option="gang.topology",
                )


def _label_name(option: str, name: object) -> str:
    """The name of an object that is the value of a label too."""
    return checks.label_value(option, checks.dns_subdomain(option, name))


def queueing(said: Mapping[str, Any], kind: str, *, nodes: int) -> Additions:
    """What a server's ``kueue`` and ``gang`` come to for the kind of object that makes its pods.

    Args:
        said: the server's options.
        kind: the kind of that object.
        nodes: the pods of one group.

    Raises:
        InvalidOptionError: one is of another class.
        ConflictError: the gang cannot be had for this kind, or contradicts something else.
    """
    labels: dict[str, str] = {}
    options: dict[str, Any] = {}
    if "kueue" in said:
        kueue = checks.instance("kueue", said["kueue"], KueueQueue, allowed='KueueQueue(name="serving")')
        labels = kueue.labels()
        own = checks.label_map("labels", said.get("labels", {}))
        for key in labels.keys() & own.keys():
            raise ConflictError(f"{shown(own[key])} is what kueue= says; say it there", option=f"labels[{key!r}]")
        options = _placed(kueue, said, kind)
        _check_placed_once({**said, **options}, kind)
    if "gang" not in said:
        return Additions(labels=labels, options=options)
    gang = checks.instance("gang", said["gang"], Gang, allowed='Gang(scheduler="volcano")')
    if kind not in _MAKERS:
        what = "each pod of this server serves by itself, and waits for no other; leave it out"
        if nodes > 1:
            what = (
                f"groups of {nodes} nodes in a DisaggregatedSet are not placed as gangs; leave out disaggregated_set=, "
                "and each side of several nodes is a LeaderWorkerSet, whose groups are"
            )
        raise InvalidOptionError(what, option="gang", rule=GANG)
    if "kai" in said:
        raise ConflictError("the KAI Scheduler of kai= groups these pods by itself; take one of the two", option="gang")
    made = _MAKERS[kind](gang, said)
    return Additions(
        labels={**labels, **made.labels},
        annotations=made.annotations,
        spec=made.spec,
        options={**options, **made.options},
    )


def _placed(kueue: KueueQueue, said: Mapping[str, Any], kind: str) -> dict[str, Any]:
    """The option of the pods by which Kueue places those of a group together."""
    placing = kueue.pod_annotations()
    if not placing:
        return {}
    if kind not in _MAKERS:
        what = "Kueue lets in each pod of this server by itself, and places it near no other; leave it out"
        if kind == "DisaggregatedSet":
            what = "a set places its slices itself; say disaggregated_set=DisaggregatedSet(topology=)"
        raise InvalidOptionError(what, option="kueue.topology", rule=GANG)
    own = checks.annotation_map("pod_annotations", said.get("pod_annotations", {}))
    for key in (*TOPOLOGIES, POD_SET_GROUP):
        if key in own:
            raise ConflictError(
                f"{shown(own[key])} is what kueue= says; say it there", option=f"pod_annotations[{key!r}]"
            )
    return {"pod_annotations": {**own, **placing}}


def _check_placed_once(said: Mapping[str, Any], kind: str) -> None:
    """Refuse LeaderWorkerSet's placement of a group, which its pods may ask for too, beside Kueue's."""
    by = placed_by_kueue(checks.annotation_map("pod_annotations", said.get("pod_annotations", {})))
    if by is None or kind not in ("LeaderWorkerSet", "DisaggregatedSet"):
        return
    for option in ("annotations", "pod_annotations"):
        if EXCLUSIVE_TOPOLOGY in checks.annotation_map(option, said.get(option, {})):
            raise ConflictError(placed_twice(by), option=f"{option}[{EXCLUSIVE_TOPOLOGY!r}]", rule=KUEUE)


def _leader_worker_set(gang: Gang, said: Mapping[str, Any]) -> Additions:
    scheduler = said.get("scheduler_name")
    if gang.scheduler == "kubernetes":
        if scheduler not in (None, _DEFAULT_SCHEDULER):
            raise ConflictError(
                f"{shown(scheduler)} contradicts gang=, which is Kubernetes' own scheduler's", option="scheduler_name"
            )
        if EXCLUSIVE_TOPOLOGY in said.get("annotations", {}):
            raise ConflictError(
                "LeaderWorkerSet refuses it beside a gang of Kubernetes' own scheduler; say gang=Gang(topology=)",
                option=f"annotations[{EXCLUSIVE_TOPOLOGY!r}]",
                rule=GANG,
            )
        # Nothing but that it is asked for: then each group is a gang of its own.
        if gang.topology is None:
            return Additions(spec={"scheduling": {}})
        placing = {"schedulingConstraints": {"topology": [{"key": gang.topology}]}}
        return Additions(spec={"scheduling": {"replica": placing}})
    if gang.scheduler == "volcano":
        if scheduler not in (None, "volcano"):
            raise ConflictError(f"{shown(scheduler)} contradicts gang=, which is Volcano's", option="scheduler_name")
        queue = {} if gang.queue is None else {_VOLCANO_QUEUE: gang.queue}
        return Additions(annotations=queue, options={"scheduler_name": "volcano"})
    raise InvalidOptionError(
        f"{gang.scheduler!r} gets no PodGroups from LeaderWorkerSet, and one that is written by hand would be a single "
        "gang of all groups; allowed: 'kubernetes', 'volcano', or kai=",
        option="gang.scheduler",
        rule=GANG,
    )


def _ray_cluster(gang: Gang, said: Mapping[str, Any]) -> Additions:
    if gang.topology is not None:
        raise InvalidOptionError(
            "KubeRay tells Kubernetes' scheduler of no topology; kueue=KueueQueue(topology=) does, of Kueue's",
            option="gang.topology",
            rule=GANG,
        )
    if "scheduler_name" in said and gang.scheduler != "scheduler-plugins":
        raise ConflictError(
            f"{shown(said['scheduler_name'])}: KubeRay says the scheduler of a gang itself; leave it out",
            option="scheduler_name",
        )
    queue = {} if gang.queue is None else {_RAY_QUEUE: gang.queue}
    return Additions(labels={_RAY_GANG: "true", **queue})


_MAKERS: Mapping[str, Callable[[Gang, Mapping[str, Any]], Additions]] = {
    "LeaderWorkerSet": _leader_worker_set,
    "RayCluster": _ray_cluster,
}
