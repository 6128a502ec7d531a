"""Kueue's labels and annotations in anybody's manifests."""

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from tests.lint.manifests import run

QUEUE = "kueue.x-k8s.io/queue-name"
REQUIRED, PREFERRED = "kueue.x-k8s.io/podset-required-topology", "kueue.x-k8s.io/podset-preferred-topology"
UNCONSTRAINED = "kueue.x-k8s.io/podset-unconstrained-topology"
GROUP = "kueue.x-k8s.io/podset-group-name"
EXCLUSIVE = "leaderworkerset.sigs.k8s.io/exclusive-topology"
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


def with_annotations(manifest: dict[str, Any], annotations: dict[str, str]) -> dict[str, Any]:
    return {**manifest, "metadata": {**manifest["metadata"], "annotations": annotations}}


def a_set(*roles: dict[str, Any], queue: str | None = None, placed: str | None = None) -> dict[str, Any]:
    """A DisaggregatedSet of roles that are given as LeaderWorkerSets."""
    named = [
        {"name": name, "metadata": {k: v for k, v in role["metadata"].items() if k != "name"}, "spec": role["spec"]}
        for name, role in zip(("prefill", "decode"), map(deepcopy, roles), strict=True)
    ]
    return {
        "apiVersion": "disaggregatedset.x-k8s.io/v1",
        "kind": "DisaggregatedSet",
        "metadata": {"name": "both", "namespace": "ai", "labels": {} if queue is None else {QUEUE: queue}},
        "spec": {
            **({} if placed is None else {"placementPolicy": {"type": placed, "topology": "rack"}}),
            "roles": named,
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


TOGETHER = {REQUIRED: "rack", GROUP: "a"}
ASKING, SILENT = group(TOGETHER, TOGETHER), group(TOGETHER, TOGETHER, queue=None)


@pytest.mark.parametrize("by", [REQUIRED, PREFERRED, UNCONSTRAINED])
@pytest.mark.parametrize("leads", [True, False])
def test_a_group_that_leader_worker_set_places_too_is_refused(tmp_path: Path, by: str, leads: bool) -> None:
    manifest = with_annotations(group({} if leads else None, {by: "rack"}), {EXCLUSIVE: "rack"})
    [one] = [one for one in run(tmp_path, manifest) if one.rule == "VC654"]
    assert one.severity == "error"
    assert one.message.startswith(f"annotations['{EXCLUSIVE}']: Kueue places these pods too ({by})")
    assert EXCLUSIVE in Path(one.file).read_text().splitlines()[one.line - 1]


def test_its_pods_may_ask_leader_worker_set_for_a_place_themselves(tmp_path: Path) -> None:
    both = {**TOGETHER, EXCLUSIVE: "rack"}
    assert [severity for severity, _ in found(tmp_path, group(both, TOGETHER))] == ["error"]


def test_a_role_of_a_set_is_a_group_with_its_own_place(tmp_path: Path) -> None:
    decode = with_annotations(ASKING, {EXCLUSIVE: "rack"})
    [one] = [one for one in run(tmp_path, a_set(ASKING, decode)) if one.rule == "VC654"]
    assert one.message.startswith(f"annotations['{EXCLUSIVE}']: Kueue places these pods too")
    lines = Path(one.file).read_text().splitlines()
    assert EXCLUSIVE in lines[one.line - 1]
    [(severity, message)] = found(tmp_path, a_set(ASKING, group({}, {}, queue="Serving_A")))
    assert severity == "error"
    assert message.startswith(f"labels['{QUEUE}']: 'Serving_A' is not a Kubernetes object name")
    # Each role by itself: what is a leader and a worker of one group are two templates, and not four.
    far = group({REQUIRED: "rack"}, {REQUIRED: "rack"})
    assert [severity for severity, _ in found(tmp_path, a_set(far, far))] == ["warning", "warning"]


@pytest.mark.parametrize(
    ("roles", "who"), [((SILENT, SILENT), "'prefill' and 'decode'"), ((ASKING, SILENT), "'decode'")]
)
def test_a_queue_that_the_set_alone_names_is_not_read(tmp_path: Path, roles: Any, who: str) -> None:
    [one] = [one for one in run(tmp_path, a_set(*roles, queue="serving")) if one.rule == "VC654"]
    assert one.severity == "warning"
    assert f"labels['{QUEUE}']: Kueue does not read it here" in one.message
    assert f" become, and {who} would start without a queue" in one.message
    assert QUEUE in Path(one.file).read_text().splitlines()[one.line - 1]


@pytest.mark.parametrize("placed", ["ExclusiveSlice", "ExclusiveTopology"])
@pytest.mark.parametrize("queue", ["serving", None])
def test_a_set_that_places_what_kueue_places_is_refused(tmp_path: Path, placed: str, queue: str | None) -> None:
    manifest = a_set(group({}, {}), ASKING, queue=queue, placed=placed)
    [one] = [one for one in run(tmp_path, manifest) if one.rule == "VC654"]
    assert one.severity == "error"
    assert one.message.startswith(f"placementPolicy: Kueue places these pods too ({REQUIRED})")
    assert placed in Path(one.file).read_text().splitlines()[one.line - 1]


def test_a_set_that_names_the_queue_and_the_place_is_told_both_at_once(tmp_path: Path) -> None:
    told = found(tmp_path, a_set(SILENT, SILENT, queue="serving", placed="ExclusiveSlice"))
    assert sorted(severity for severity, _ in told) == ["error", "warning"]


def pods_that_ask() -> dict[str, Any]:
    """A group of which each pod asks for the queue."""
    made = group({}, {}, queue=None)
    for each in made["spec"]["leaderWorkerTemplate"].values():
        if isinstance(each, dict):
            each["metadata"] = {**each["metadata"], "labels": {QUEUE: "serving"}}
    return made


@pytest.mark.parametrize(
    "fine",
    [
        with_annotations(group({}, {}), {EXCLUSIVE: "rack"}),
        with_annotations(SILENT, {EXCLUSIVE: "rack"}),
        with_annotations(cluster(TOGETHER, TOGETHER), {EXCLUSIVE: "rack"}),
        a_set(ASKING, ASKING),
        a_set(ASKING, ASKING, queue="serving"),
        a_set(ASKING, ASKING, placed="None"),
        a_set(pods_that_ask(), ASKING, queue="serving"),
        a_set(SILENT, SILENT, placed="ExclusiveSlice"),
        a_set(SILENT, SILENT, queue=""),
        a_set(group({}, {}), group({}, {}), queue="serving", placed="ExclusiveSlice"),
        {**a_set(SILENT, SILENT, queue="serving"), "spec": {"roles": "{{ .Values.roles }}"}},
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
