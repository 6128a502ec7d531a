"""Gangs in anybody's manifests that LeaderWorkerSet refuses, or that nobody would place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vllm_cdk8s.core.errors import Problem
from vllm_cdk8s.core.inspection.disaggregated_set import EXCLUSIVE_TOPOLOGY
from vllm_cdk8s.core.rules.book import GANG
from vllm_cdk8s.core.showing import shown
from vllm_cdk8s.lint.finding import finding, place
from vllm_cdk8s.lint.pods import mapping

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vllm_cdk8s.lint.documents import Document
    from vllm_cdk8s.lint.finding import Finding

_TEMPLATES = ("leaderTemplate", "workerTemplate")


def gang_findings(document: Document) -> Iterator[Finding]:
    """What stands in the way of a gang of Kubernetes' own scheduler that a LeaderWorkerSet asks for."""
    spec = mapping(document.data.get("spec"))
    if document.kind != "LeaderWorkerSet" or not isinstance(spec.get("scheduling"), dict):
        return
    for problem in _problems(document, mapping(spec.get("leaderWorkerTemplate"))):
        found = finding(problem, place(document, problem.at))
        if found is not None:
            yield found


def _problems(document: Document, group: dict[str, object]) -> Iterator[Problem]:
    annotations = mapping(mapping(document.data.get("metadata")).get("annotations"))
    if EXCLUSIVE_TOPOLOGY in annotations:
        yield Problem(
            what="LeaderWorkerSet refuses it beside the gang of Kubernetes' scheduler that spec.scheduling asks for",
            rule=GANG,
            option=f"annotations[{EXCLUSIVE_TOPOLOGY!r}]",
            at=("metadata", "annotations", EXCLUSIVE_TOPOLOGY),
        )
    for part in _TEMPLATES:
        scheduler = mapping(mapping(group.get(part)).get("spec")).get("schedulerName")
        if scheduler not in (None, "", "default-scheduler"):
            yield Problem(
                what=f"{shown(scheduler)} may not know the gang that spec.scheduling asks for: it is one of "
                "Kubernetes' own scheduler",
                rule=GANG,
                option="schedulerName",
                severity="warning",
                at=("spec", "leaderWorkerTemplate", part, "spec", "schedulerName"),
            )
