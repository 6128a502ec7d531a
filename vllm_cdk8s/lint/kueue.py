"""Kueue's labels and annotations in anybody's manifests: what its webhooks refuse, and a leader that is placed apart.

Whether a LocalQueue exists is the cluster's to say: one of the same name may be in every namespace.
Source: validation.go and tas_validation.go in pkg/controller/jobframework of https://github.com/kubernetes-sigs/kueue,
with its API v1beta2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vllm_cdk8s.core.errors import Problem, VllmCdk8sError
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
from vllm_cdk8s.core.kube import checks
from vllm_cdk8s.core.kube.placeholders import is_placeholder
from vllm_cdk8s.core.rules.book import KUEUE
from vllm_cdk8s.core.showing import shown
from vllm_cdk8s.lint.finding import finding, place
from vllm_cdk8s.lint.pods import items, mapping

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from vllm_cdk8s.lint.documents import Document, Steps
    from vllm_cdk8s.lint.finding import Finding

# Those whose labels Kueue reads, of what may serve a model.
_KINDS = frozenset({
    "Deployment", "StatefulSet", "LeaderWorkerSet", "RayCluster", "RayService", "RayJob", "Job", "Pod",
})  # fmt: skip
_GROUP = ("spec", "leaderWorkerTemplate")
_TEMPLATES = ("leaderTemplate", "workerTemplate")


def kueue_findings(document: Document) -> Iterator[Finding]:
    """What is wrong with how an object asks for a queue."""
    problems: Iterator[Problem] = iter(())
    if document.kind == "DisaggregatedSet":
        problems = _set(document.data)
    elif document.kind in _KINDS:
        problems = _asking(document.kind, document.data, ())
    for problem in problems:
        found = finding(problem, place(document, problem.at))
        if found is not None:
            yield found


def _asking(kind: str, data: Mapping[str, object], at: Steps) -> Iterator[Problem]:
    """What is wrong with an object, or with a role that becomes one, if it asks for a queue."""
    labels = _labels(data)
    if QUEUE_LABEL in labels:
        yield from _queue(labels, at)
        yield from _together(list(_templates(kind, data, at)))
        if kind == "LeaderWorkerSet":
            yield from _exclusive(data, at)


def _set(data: Mapping[str, object]) -> Iterator[Problem]:
    """Those of a DisaggregatedSet, whose controller makes a LeaderWorkerSet of each role, with the role's labels.

    Source: pkg/controllers/disaggregatedset/lws_manager.go of https://github.com/kubernetes-sigs/lws. That Kueue reads
    the set itself is asked for (https://github.com/kubernetes-sigs/kueue/issues/11952), and in no release.
    """
    spec, queue = mapping(data.get("spec")), _labels(data).get(QUEUE_LABEL)
    listed = spec.get("roles")
    roles = [(i, each) for i, each in enumerate(listed if isinstance(listed, list) else ()) if isinstance(each, dict)]
    asking = [role for _, role in roles if _role_asks(role)]
    if queue:
        without = [shown(role.get("name")) for _, role in roles if role not in asking]
        if without:
            yield Problem(
                what="Kueue does not read it here, but on the LeaderWorkerSets that the roles become, and "
                f"{' and '.join(without)} would start without a queue; say it in metadata.labels of each role",
                rule=KUEUE,
                severity="warning",
                option=f"labels[{QUEUE_LABEL!r}]",
                at=("metadata", "labels", QUEUE_LABEL),
            )
    for index, role in roles:
        yield from _asking("LeaderWorkerSet", role, ("spec", "roles", index))
    if mapping(spec.get("placementPolicy")).get("type", "None") == "None":
        return
    asked = [role for _, role in roles if queue or role in asking]
    placed = (placed_by_kueue(own) for role in asked for _, own in _templates("LeaderWorkerSet", role, ()))
    by = next(filter(None, placed), None)
    if by is not None:
        yield Problem(
            what=placed_twice(by), rule=KUEUE, option="placementPolicy", at=("spec", "placementPolicy", "type")
        )


def _role_asks(role: Mapping[str, object]) -> bool:
    """Whether Kueue finds a queue: for the role's groups, or for each of its pods."""
    group = mapping(mapping(role.get("spec")).get("leaderWorkerTemplate"))
    return any(_labels(each).get(QUEUE_LABEL) for each in (role, *(mapping(group.get(part)) for part in _TEMPLATES)))


def _exclusive(data: Mapping[str, object], at: Steps) -> Iterator[Problem]:
    """A group that LeaderWorkerSet is to place as well, by its own annotation or by that of its pods."""
    templates = list(_templates("LeaderWorkerSet", data, at))
    by = next(filter(None, (placed_by_kueue(own) for _, own in templates)), None)
    if by is None:
        return
    for path, own in (((*at, "metadata", "annotations"), _annotations(data)), *templates):
        if EXCLUSIVE_TOPOLOGY in own:
            yield Problem(
                what=placed_twice(by),
                rule=KUEUE,
                option=f"annotations[{EXCLUSIVE_TOPOLOGY!r}]",
                at=(*path, EXCLUSIVE_TOPOLOGY),
            )


def _queue(labels: Mapping[str, object], at: Steps) -> Iterator[Problem]:
    name = labels[QUEUE_LABEL]
    # What is no string at all is Kubernetes' to refuse, and an empty one asks for no queue.
    if not isinstance(name, str) or not name or is_placeholder(name):
        return
    try:
        checks.dns_subdomain(QUEUE_LABEL, name)
    except VllmCdk8sError as error:
        yield Problem(
            what=error.problems[0].what,
            rule=KUEUE,
            option=f"labels[{QUEUE_LABEL!r}]",
            at=(*at, "metadata", "labels", QUEUE_LABEL),
        )


def _together(templates: list[tuple[Steps, dict[str, object]]]) -> Iterator[Problem]:
    """What is wrong with where Kueue is to place the pods of a group."""
    for path, own in templates:
        said = [key for key in TOPOLOGIES if key in own]
        if len(said) > 1:
            yield Problem(
                what=f"{said[0]} is there too, and Kueue takes one of the two",
                rule=KUEUE,
                option=f"annotations[{said[1]!r}]",
                at=(*path, said[1]),
            )
        if POD_SET_GROUP in own and not {REQUIRED_TOPOLOGY, PREFERRED_TOPOLOGY} & own.keys():
            yield Problem(
                what=f"Kueue refuses it without {REQUIRED_TOPOLOGY} or {PREFERRED_TOPOLOGY}",
                rule=KUEUE,
                option=f"annotations[{POD_SET_GROUP!r}]",
                at=(*path, POD_SET_GROUP),
            )
    if len(templates) != 2 or any(POD_SET_GROUP in own for _, own in templates):  # noqa: PLR2004
        return
    (path, leader), (_, workers) = templates
    level = leader.get(REQUIRED_TOPOLOGY)
    if level is not None and level == workers.get(REQUIRED_TOPOLOGY):
        yield Problem(
            what=f"Kueue finds one {shown(level)} for the leader and one for the workers, each by itself; "
            f"{POD_SET_GROUP} of one name in both templates has it find one for both",
            rule=KUEUE,
            severity="warning",
            option=f"annotations[{REQUIRED_TOPOLOGY!r}]",
            at=(*path, REQUIRED_TOPOLOGY),
        )


def _templates(kind: str, data: Mapping[str, object], at: Steps) -> Iterator[tuple[Steps, dict[str, object]]]:
    """The annotations of the pod templates that make up one group, the leader's first."""
    spec = mapping(data.get("spec"))
    found: list[tuple[Steps, dict[str, object]]] = []
    if kind == "LeaderWorkerSet":
        group = mapping(spec.get("leaderWorkerTemplate"))
        found = [((*_GROUP, part), mapping(group.get(part))) for part in _TEMPLATES if part in group]
    elif kind == "RayCluster":
        found = [(("spec", "headGroupSpec", "template"), mapping(mapping(spec.get("headGroupSpec")).get("template")))]
        found += [
            (("spec", "workerGroupSpecs", index, "template"), mapping(workers.get("template")))
            for index, workers in enumerate(items(spec.get("workerGroupSpecs")))
        ]
    for path, template in found:
        yield (*at, *path, "metadata", "annotations"), _annotations(template)


def _labels(data: Mapping[str, object]) -> dict[str, object]:
    return mapping(mapping(data.get("metadata")).get("labels"))


def _annotations(data: Mapping[str, object]) -> dict[str, object]:
    return mapping(mapping(data.get("metadata")).get("annotations"))
