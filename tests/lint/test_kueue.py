"""Kueue's labels and annotations in anybody's manifests."""

from pathlib import Path
from typing import Any

import pytest

from tests.lint.manifests import run

QUEUE = "kueue.x-k8s.io/queue-name"
REQUIRED, PREFERRED = "kueue.x-k8s.io/podset-required-topology", "kueue.x-k8s.io/podset-preferred-topology"
GROUP = "kueue.x-k8s.io/podset-group-name"
POD = {"containers": [{"name": "sleep", "image": "busybox:1.37.0", "command": ["sleep", "9"]}]}


def template(annotations: dict[str, str]) -> dict[str, Any]:
    return {"metadata": {"annotations": annotations}, "spec": POD}


def group(leader: dict[str, str] | None, workers: dict[str, str], *, queue: Any = "serving") -> dict[str, Any]:
    templates = {"workerTemplate": template(workers)}
    if leader is not None:
        templates["leaderTemplate"] = template(leader)
    return {
        "apiVersion": "leaderworkerset.x-k8s.io/v1",
        "kind": "LeaderWorkerSet",
        "metadata": {"name": "big", "namespace": "ai", "labels": {} if queue is None else {QUEUE: queue}},
        "spec": {"replicas": 2, "leaderWorkerTemplate": {"size": 2, **templates}},
    }


def cluster(head: dict[str, str], workers: dict[str, str]) -> dict[str, Any]:
    return {
        "apiVersion": "ray.io/v1",
        "kind": "RayCluster",
        "metadata": {"name": "big", "namespace": "ai", "labels": {QUEUE: "serving"}},
        "spec": {
            "headGroupSpec": {"rayStartParams": {}, "template": template(head)},
            "workerGroupSpecs": [{"groupName": "w", "rayStartParams": {}, "template": template(workers)}],
        },
    }


def found(tmp_path: Path, manifest: dict[str, Any]) -> list[tuple[str, str]]:
    return [(one.severity, one.message) for one in run(tmp_path, manifest) if one.rule == "VC654"]


def test_a_queue_whose_name_is_none_of_an_object_is_refused(tmp_path: Path) -> None:
    [(severity, message)] = found(tmp_path, group(None, {}, queue="Serving_A"))
    assert severity == "error"
    assert message.startswith(f"labels['{QUEUE}']: 'Serving_A' is not a Kubernetes object name")


@pytest.mark.parametrize("make", [group, cluster])
def test_two_places_at_once_are_refused_where_they_stand(tmp_path: Path, make: Any) -> None:
    both = {REQUIRED: "rack", PREFERRED: "block"}
    manifest = make(both, {REQUIRED: "rack", GROUP: "a"})
    [one] = [one for one in run(tmp_path, manifest) if one.rule == "VC654"]
    assert one.severity == "error"
    assert one.message.startswith(f"annotations['{PREFERRED}']: {REQUIRED} is there too")
    assert PREFERRED in Path(one.file).read_text().splitlines()[one.line - 1]


def test_a_group_without_a_place_is_refused(tmp_path: Path) -> None:
    [(severity, message)] = found(tmp_path, group({GROUP: "a", REQUIRED: "rack"}, {GROUP: "a"}))
    assert severity == "error"
    assert message.startswith(f"annotations['{GROUP}']: Kueue refuses it without {REQUIRED}")


@pytest.mark.parametrize("make", [group, cluster])
def test_a_leader_that_may_be_placed_far_from_its_workers_warns(tmp_path: Path, make: Any) -> None:
    [(severity, message)] = found(tmp_path, make({REQUIRED: "rack"}, {REQUIRED: "rack"}))
    assert severity == "warning"
    assert "finds one 'rack' for the leader and one for the workers" in message


@pytest.mark.parametrize(
    "fine",
    [
        group({REQUIRED: "rack", GROUP: "a"}, {REQUIRED: "rack", GROUP: "a"}),
        group({PREFERRED: "rack"}, {PREFERRED: "rack"}),
        group({REQUIRED: "rack"}, {REQUIRED: "block"}),
        group({}, {REQUIRED: "rack"}),
        group(None, {REQUIRED: "rack"}),
        # Kueue does not look at it.
        group({REQUIRED: "rack", PREFERRED: "rack"}, {GROUP: "a"}, queue=None),
        {**group({GROUP: "a"}, {}), "kind": "Another"},
        group(None, {}, queue=""),
        group(None, {}, queue=7),
        group(None, {}, queue="${QUEUE}"),
    ],
)
def test_anything_else_is_fine(tmp_path: Path, fine: dict[str, Any]) -> None:
    assert found(tmp_path, fine) == []
