"""Queues and gangs: what Kueue, Kubernetes, Volcano and KubeRay are told of a server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests import synthesis
from tests.kubernetes_schemas import assert_valid
from tests.snippets import run, snippets
from vllm_cdk8s import (
    ConflictError,
    Gang,
    InvalidOptionError,
    KaiShare,
    KueueQueue,
    ModelStorage,
    MultiNodeVllmServer,
    RayVllmServer,
    VllmServer,
)

if TYPE_CHECKING:
    import cdk8s
    from syrupy.assertion import SnapshotAssertion

QUEUE = KueueQueue(name="serving", priority="production")
LABELS = {"kueue.x-k8s.io/queue-name": "serving", "kueue.x-k8s.io/priority-class": "production"}
EXCLUSIVE = {"leaderworkerset.sigs.k8s.io/exclusive-topology": "rack"}
MAKERS = {"Deployment": VllmServer, "LeaderWorkerSet": MultiNodeVllmServer, "RayCluster": RayVllmServer}


@pytest.fixture
def chart() -> cdk8s.Chart:
    return synthesis.new_chart(namespace="llm")


def made(chart: cdk8s.Chart, kind: str, **options: Any) -> dict[str, Any]:
    """What makes the pods of a server, which is found valid."""
    given: dict[str, Any] = {**synthesis.PLAIN, "name": "big", "storage": ModelStorage.none(chart, "cache"), **options}
    if kind != "Deployment":
        given["nodes"] = 2
    MAKERS[kind](chart, "big", **given)
    assert_valid(synthesis.documents(chart))
    return dict(synthesis.the(chart, kind))


def templates(workload: dict[str, Any]) -> list[dict[str, Any]]:
    spec = workload["spec"]
    group = spec.get("leaderWorkerTemplate")
    if group is not None:
        return [group["leaderTemplate"], group["workerTemplate"]]
    return [spec["template"]] if "template" in spec else [
        spec["headGroupSpec"]["template"], spec["workerGroupSpecs"][0]["template"]
    ]  # fmt: skip


@pytest.mark.parametrize("kind", MAKERS)
def test_a_server_waits_in_a_queue_of_kueues(chart: cdk8s.Chart, kind: str) -> None:
    workload = made(chart, kind, kueue=QUEUE)
    assert workload["metadata"]["labels"].items() >= LABELS.items()
    others = [each for each in synthesis.documents(chart) if each["kind"] != kind]
    assert not any(LABELS.keys() & each["metadata"].get("labels", {}).keys() for each in others)
    # Kueue's webhooks put them on the pods, as it needs them there.
    assert not any(LABELS.keys() & each["metadata"]["labels"].keys() for each in templates(workload))


def test_without_a_priority_kueue_goes_by_the_pods_own(chart: cdk8s.Chart) -> None:
    labels = made(chart, "Deployment", kueue=KueueQueue(name="serving"))["metadata"]["labels"]
    assert "kueue.x-k8s.io/priority-class" not in labels


@pytest.mark.parametrize("kind", MAKERS)
def test_a_label_that_says_the_queue_too_is_refused(chart: cdk8s.Chart, kind: str) -> None:
    with pytest.raises(ConflictError, match=r"labels\['kueue.x-k8s.io/queue-name'\]: 'other' is what kueue= says"):
        made(chart, kind, kueue=QUEUE, labels={"kueue.x-k8s.io/queue-name": "other"})


def test_each_group_is_a_gang_of_kubernetes_own_scheduler(chart: cdk8s.Chart) -> None:
    workload = made(chart, "LeaderWorkerSet", gang=Gang(), replicas=2)
    assert workload["spec"]["scheduling"] == {}
    assert workload["spec"]["startupPolicy"] == "LeaderCreated"
    assert not any("schedulerName" in each["spec"] for each in templates(workload))


def test_each_group_is_a_gang_of_volcanos(chart: cdk8s.Chart) -> None:
    workload = made(chart, "LeaderWorkerSet", gang=Gang(scheduler="volcano", queue="serving"))
    assert workload["metadata"]["annotations"] == {"scheduling.volcano.sh/queue-name": "serving"}
    assert [each["spec"]["schedulerName"] for each in templates(workload)] == ["volcano", "volcano"]
    assert "scheduling" not in workload["spec"]


def test_a_gang_of_kubernetes_own_scheduler_stays_within_one_rack(chart: cdk8s.Chart) -> None:
    workload = made(chart, "LeaderWorkerSet", gang=Gang(topology="example.com/rack"))
    constraints = {"topology": [{"key": "example.com/rack"}]}
    # Without a policy of its own the level is a gang.
    assert workload["spec"]["scheduling"] == {"replica": {"schedulingConstraints": constraints}}


@pytest.mark.parametrize(("prefer", "how"), [(False, "required"), (True, "preferred")])
@pytest.mark.parametrize("kind", ["LeaderWorkerSet", "RayCluster"])
def test_kueue_places_all_pods_of_a_group_together(chart: cdk8s.Chart, kind: str, prefer: bool, how: str) -> None:
    queue = KueueQueue(name="serving", topology="example.com/rack", prefer=prefer)
    workload = made(chart, kind, kueue=queue, gang=Gang(), pod_annotations={"own": "kept"})
    assert [each["metadata"]["annotations"] for each in templates(workload)] == [
        {
            "own": "kept",
            f"kueue.x-k8s.io/podset-{how}-topology": "example.com/rack",
            "kueue.x-k8s.io/podset-group-name": "server",
        }
    ] * 2
    # Kueue reads them of the templates alone.
    assert not any("podset" in key for key in workload["metadata"].get("annotations", {}))


@pytest.mark.parametrize("scheduler", ["kubernetes", "volcano", "scheduler-plugins"])
def test_a_ray_cluster_asks_kuberay_for_a_gang(chart: cdk8s.Chart, scheduler: str) -> None:
    workload = made(chart, "RayCluster", gang=Gang(scheduler=scheduler))
    assert workload["metadata"]["labels"]["ray.io/gang-scheduling-enabled"] == "true"
    assert not any("schedulerName" in each["spec"] for each in templates(workload))


def test_a_ray_cluster_names_volcanos_queue_by_a_label(chart: cdk8s.Chart) -> None:
    workload = made(chart, "RayCluster", gang=Gang(scheduler="volcano", queue="serving"), kueue=QUEUE)
    assert workload["metadata"]["labels"]["volcano.sh/queue-name"] == "serving"
    assert workload["metadata"]["labels"].items() >= LABELS.items()


@pytest.mark.parametrize(
    ("kind", "options", "message"),
    [
        ("Deployment", {"gang": Gang()}, r"gang: each pod of this server serves by itself.*\[VC652\]"),
        (
            "LeaderWorkerSet",
            {"gang": Gang(scheduler="scheduler-plugins")},
            r"gang\.scheduler: 'scheduler-plugins' gets no",
        ),
        ("LeaderWorkerSet", {"gang": Gang(), "scheduler_name": "mine"}, r"scheduler_name: 'mine' contradicts gang="),
        (
            "LeaderWorkerSet",
            {"gang": Gang(scheduler="volcano"), "scheduler_name": "mine"},
            r"scheduler_name: 'mine' contra",
        ),
        (
            "RayCluster",
            {"gang": Gang(scheduler="volcano"), "scheduler_name": "volcano"},
            r"scheduler_name: 'volcano': Ku",
        ),
        (
            "LeaderWorkerSet",
            {"gang": Gang(), "kai": KaiShare(queue="a")},
            r"gang: the KAI Scheduler of kai= groups these",
        ),
        (
            "LeaderWorkerSet",
            {"gang": Gang(), "annotations": EXCLUSIVE},
            r"annotations\['leaderworkerset.*'\]: LeaderWorkerSet refuses it beside a gang",
        ),
        (
            "Deployment",
            {"kueue": KueueQueue(name="serving", topology="rack")},
            r"kueue\.topology: Kueue lets in each pod of this server by itself.*\[VC652\]",
        ),
        (
            "LeaderWorkerSet",
            {
                "kueue": KueueQueue(name="serving", topology="rack"),
                "pod_annotations": {"kueue.x-k8s.io/podset-preferred-topology": "block"},
            },
            r"pod_annotations\['kueue.*preferred-topology'\]: 'block' is what kueue= says",
        ),
        (
            "LeaderWorkerSet",
            {"kueue": KueueQueue(name="serving", topology="rack"), "annotations": EXCLUSIVE},
            r": annotations\['leader.*exclusive-topology'\]: Kueue places these pods too .*required-.*\[VC654\]",
        ),
        (
            "LeaderWorkerSet",
            {
                "kueue": KueueQueue(name="serving"),
                "pod_annotations": {"kueue.x-k8s.io/podset-unconstrained-topology": "true", **EXCLUSIVE},
            },
            r"pod_annotations\['leader.*exclusive-topology'\]: Kueue places these pods too .*unconstr.*\[VC654\]",
        ),
        ("RayCluster", {"gang": Gang(topology="rack")}, r"gang\.topology: KubeRay tells .* of no topology.*\[VC652\]"),
        ("LeaderWorkerSet", {"gang": "volcano"}, r"gang: 'volcano'"),
        ("Deployment", {"kueue": "serving"}, r"kueue: 'serving'"),
    ],
)
def test_what_cannot_be_had_is_refused(chart: cdk8s.Chart, kind: str, options: dict[str, Any], message: str) -> None:
    with pytest.raises((InvalidOptionError, ConflictError), match=message):
        made(chart, kind, **options)


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("LeaderWorkerSet", {"kueue": QUEUE, "annotations": EXCLUSIVE}),
        # Nobody reads it there.
        ("RayCluster", {"kueue": KueueQueue(name="serving", topology="rack"), "annotations": EXCLUSIVE}),
    ],
)
def test_a_group_with_a_place_of_its_own_may_wait_in_a_queue(
    chart: cdk8s.Chart, kind: str, options: dict[str, Any]
) -> None:
    assert made(chart, kind, **options)["metadata"]["annotations"].items() >= EXCLUSIVE.items()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: KueueQueue(name="a/b"), r"^kueue\.name: 'a/b'"),
        (lambda: KueueQueue(name="a" * 64), r"^kueue\.name: "),
        (lambda: KueueQueue(name="a", priority="A"), r"^kueue\.priority: 'A'"),
        (lambda: Gang(scheduler="volcan"), r"^gang\.scheduler: 'volcan'.*did you mean 'volcano'"),
        (lambda: Gang(scheduler="volcano", queue="a b"), r"^gang\.queue: 'a b'"),
        (lambda: Gang(queue="serving"), r"^gang\.queue: 'kubernetes' has no queues"),
        (lambda: Gang(topology="a b"), r"^gang\.topology: 'a b'"),
        (lambda: Gang(scheduler="volcano", topology="rack"), r"^gang\.topology: 'volcano' is told of no topology"),
        (lambda: KueueQueue(name="a", topology="a b"), r"^kueue\.topology: 'a b'"),
        (lambda: KueueQueue(name="a", prefer=True), r"^kueue\.prefer: needs to know what"),
    ],
)
def test_a_wrong_value_is_named(make: Any, message: str) -> None:
    with pytest.raises((InvalidOptionError, ConflictError), match=message):
        make()


@pytest.mark.parametrize("snippet", snippets("queues.md"), ids=["kueue", "gang"])
def test_a_documented_snippet_makes_this_yaml(snippet: str, snapshot: SnapshotAssertion) -> None:
    chart = synthesis.new_chart(namespace="llm")
    run(snippet, chart)
    assert_valid(synthesis.documents(chart))
    synthesis.assert_golden(chart, snapshot)
