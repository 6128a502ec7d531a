"""Kueue's labels and annotations in anybody's manifests: what its webhooks refuse, and a leader that is placed apart.

Whether a LocalQueue exists is the cluster's to say: one of the same name may be in every namespace.
Source: validation.go and tas_validation.go in pkg/controller/jobframework of https://github.com/kubernetes-sigs/kueue,
with its API v1beta2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vllm_cdk8s.core.errors import Problem, VllmCdk8sError
from vllm_cdk8s.core.kube import checks
from vllm_cdk8s.core.kube.placeholders import is_placeholder
from vllm_cdk8s.core.rules.book import KUEUE
from vllm_cdk8s.core.server.queueing import (
    POD_SET_GROUP,
    PREFERRED_TOPOLOGY,
    QUEUE_LABEL,
    REQUIRED_TOPOLOGY,
    UNCONSTRAINED_TOPOLOGY,
)
from vllm_cdk8s.core.showing import shown
from vllm_cdk8s.lint.finding import finding, place
from vllm_cdk8s.lint.pods import items, mapping

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vllm_cdk8s.lint.documents import Document
    from vllm_cdk8s.lint.finding import Finding

# Those whose labels Kueue reads, of what may serve a model.
_KINDS = frozenset({
    "Deployment", "StatefulSet", "LeaderWorkerSet", "RayCluster", "RayService", "RayJob", "Job", "Pod",
})  # fmt: skip
_PLACES = (REQUIRED_TOPOLOGY, PREFERRED_TOPOLOGY, UNCONSTRAINED_TOPOLOGY)


def kueue_findings(document: Document) -> Iterator[Finding]:
    """What is wrong with how an object asks for a queue."""
    labels = mapping(mapping(document.data.get("metadata")).get("labels"))
    if document.kind not in _KINDS or QUEUE_LABEL not in labels:
        return
    for problem in (*_queue(labels), *_together(document)):
        found = finding(problem, place(document, problem.at))
        if found is not None:
            yield found


def _queue(labels: dict[str, object]) -> Iterator[Problem]:
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
            at=("metadata", "labels", QUEUE_LABEL),
        )


def _together(document: Document) -> Iterator[Problem]:
    """What is wrong with where Kueue is to place the pods of a group."""
    templates = list(_templates(document))
    for path, own in templates:
        said = [key for key in _PLACES if key in own]
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


def _templates(document: Document) -> Iterator[tuple[tuple[str | int, ...], dict[str, object]]]:
    """The annotations of the pod templates that make up one group, the leader's first."""
    spec = mapping(document.data.get("spec"))
    found: list[tuple[tuple[str | int, ...], dict[str, object]]] = []
    if document.kind == "LeaderWorkerSet":
        group = mapping(spec.get("leaderWorkerTemplate"))
        found = [
            (("spec", "leaderWorkerTemplate", part), mapping(group.get(part)))
            for part in ("leaderTemplate", "workerTemplate")
            if part in group
        ]
    elif document.kind == "RayCluster":
        found = [(("spec", "headGroupSpec", "template"), mapping(mapping(spec.get("headGroupSpec")).get("template")))]
        found += [
            (("spec", "workerGroupSpecs", index, "template"), mapping(workers.get("template")))
            for index, workers in enumerate(items(spec.get("workerGroupSpecs")))
        ]
    for path, template in found:
        yield (*path, "metadata", "annotations"), mapping(mapping(template.get("metadata")).get("annotations"))
