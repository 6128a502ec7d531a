"""Gangs in anybody's manifests: what LeaderWorkerSet refuses, or nobody would place."""

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from tests.lint.manifests import run

EXCLUSIVE = {"leaderworkerset.sigs.k8s.io/exclusive-topology": "rack"}


def group(
    scheduling: Any = None, annotations: dict[str, str] | None = None, scheduler: str | None = None
) -> dict[str, Any]:
    pod: dict[str, Any] = {"containers": [{"name": "sleep", "image": "busybox:1.37.0", "command": ["sleep", "9"]}]}
    if scheduler is not None:
        pod["schedulerName"] = scheduler
    return {
        "apiVersion": "leaderworkerset.x-k8s.io/v1",
        "kind": "LeaderWorkerSet",
        "metadata": {"name": "big", "namespace": "ai", "annotations": annotations or {}},
        "spec": {
            "replicas": 2,
            **({} if scheduling is None else {"scheduling": scheduling}),
            "leaderWorkerTemplate": {
                "size": 2,
                "leaderTemplate": {"spec": pod},
                "workerTemplate": {"spec": deepcopy(pod)},
            },
        },
    }


def gangs(tmp_path: Path, manifest: dict[str, Any]) -> list[tuple[str, str]]:
    return [(one.severity, one.message) for one in run(tmp_path, manifest) if one.rule == "VC652"]


def test_a_gang_on_a_rack_of_its_own_is_refused(tmp_path: Path) -> None:
    [(severity, message)] = gangs(tmp_path, group({}, EXCLUSIVE))
    assert severity == "error"
    assert "LeaderWorkerSet refuses it beside the gang" in message


def test_a_gang_of_kubernetes_under_another_scheduler_is_doubted(tmp_path: Path) -> None:
    found = gangs(tmp_path, group({}, scheduler="volcano"))
    assert [severity for severity, _ in found] == ["warning", "warning"]
    assert all("'volcano' may not know the gang" in message for _, message in found)


@pytest.mark.parametrize(
    "fine",
    [
        group({}),
        group({}, scheduler="default-scheduler"),
        group(None, EXCLUSIVE),
        group(None, scheduler="volcano"),
        {**group({}, EXCLUSIVE), "kind": "Another"},
        group("odd", EXCLUSIVE),
    ],
)
def test_anything_else_is_fine(tmp_path: Path, fine: dict[str, Any]) -> None:
    assert gangs(tmp_path, fine) == []
