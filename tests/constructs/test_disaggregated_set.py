"""A pair in one DisaggregatedSet: two roles that one controller rolls out together, each a server to whoever asks."""

from pathlib import Path
from typing import Any

import cdk8s
import pytest
from syrupy.assertion import SnapshotAssertion

from tests.kubernetes_schemas import assert_valid, since
from tests.lint.manifests import run
from tests.synthesis import MODEL, Document, assert_golden, documents, new_chart
from vllm_cdk8s.constructs.availability import PodDisruptionBudget, spread_pods
from vllm_cdk8s.constructs.disaggregated import DisaggregatedServer
from vllm_cdk8s.constructs.monitoring import Alerts, PodMonitor
from vllm_cdk8s.constructs.queue_autoscaler import QueueAutoscaler
from vllm_cdk8s.constructs.storage import ModelStorage
from vllm_cdk8s.core.errors import ConflictError, InvalidOptionError
from vllm_cdk8s.core.features.disaggregated import Pool
from vllm_cdk8s.core.server.queueing import Gang, KueueQueue
from vllm_cdk8s.core.server.set_role import DisaggregatedSet

IMAGE = "vllm/vllm-openai:v0.32.0"
SIDECARS = since("1.29")
SLICE = "disaggregatedset.x-k8s.io/slice"


def pair(chart: cdk8s.Chart, **options: Any) -> DisaggregatedServer:
    given: dict[str, Any] = {
        "model": MODEL, "image": IMAGE, "name": "qwen", "prefill": Pool(replicas=2, gpus=1),
        "decode": Pool(nodes=2, gpus=1), "disaggregated_set": True, "engine_args": {"max_model_len": 8192},
        "storage": ModelStorage.nfs(chart, "models", server="nfs", path="/models", size="50Gi"),
    }  # fmt: skip
    return DisaggregatedServer(chart, "qwen", **{**given, **options})


def made(**options: Any) -> list[Document]:
    chart = new_chart(namespace="llm")
    pair(chart, **options)
    return documents(chart)


def the_set(found: list[Document]) -> Document:
    [one] = [document for document in found if document["kind"] == "DisaggregatedSet"]
    return one


def test_one_object_makes_the_pods_of_both() -> None:
    found = made()
    assert_valid(found, SIDECARS)
    assert not [document for document in found if document["kind"] in ("Deployment", "LeaderWorkerSet")]
    one = the_set(found)
    assert one["metadata"]["name"] == "qwen"
    # LeaderWorkerSet 0.9 refuses slices and placement, so nothing is said of what is not asked for.
    assert one["spec"].keys() == {"roles"}
    prefill, decode = one["spec"]["roles"]
    assert (prefill["name"], decode["name"]) == ("prefill", "decode")
    alone = prefill["spec"]["leaderWorkerTemplate"]
    # A pod by itself restarts its container in place; a group is made again.
    assert (alone["size"], alone["restartPolicy"]) == (1, "None")
    assert decode["spec"]["leaderWorkerTemplate"]["restartPolicy"] == "RecreateGroupOnPodRestart"
    assert (prefill["spec"]["replicas"], decode["spec"]["replicas"]) == (2, 1)
    for role in (prefill, decode):
        assert role["spec"]["rolloutStrategy"]["rollingUpdateConfiguration"] == {"maxUnavailable": 1, "maxSurge": 0}


def test_each_service_selects_the_pods_of_its_role() -> None:
    found = made()
    prefill, decode = the_set(found)["spec"]["roles"]
    services = {item["metadata"]["name"]: item["spec"] for item in found if item["kind"] == "Service"}
    labels = prefill["spec"]["leaderWorkerTemplate"]["workerTemplate"]["metadata"]["labels"]
    [pairing] = [name for name in services if name.startswith("qwen-prefill-")]
    for name in ("qwen-prefill", pairing):
        assert services[name]["selector"].items() <= labels.items()
    leader = decode["spec"]["leaderWorkerTemplate"]["leaderTemplate"]["metadata"]["labels"]
    own = {**leader, "leaderworkerset.sigs.k8s.io/worker-index": "0"}
    assert services["qwen-decode"]["selector"].items() <= own.items()
    sidecar = decode["spec"]["leaderWorkerTemplate"]["leaderTemplate"]["spec"]["initContainers"][0]
    assert f"--prefill=http://{pairing}:8000" in sidecar["args"]
    assert "env" not in sidecar


def test_the_pods_of_a_slice_keep_to_it() -> None:
    together = DisaggregatedSet(slices=2, topology="topology.kubernetes.io/rack", exclusive=True)
    found = made(disaggregated_set=together)
    assert_valid(found, SIDECARS)
    spec = the_set(found)["spec"]
    assert spec["slices"] == 2
    assert spec["placementPolicy"] == {"type": "ExclusiveTopology", "topology": "topology.kubernetes.io/rack"}
    sidecar = spec["roles"][1]["spec"]["leaderWorkerTemplate"]["leaderTemplate"]["spec"]["initContainers"][0]
    field = {"fieldRef": {"fieldPath": f"metadata.labels['{SLICE}']"}}
    assert sidecar["env"] == [{"name": "SLICE", "valueFrom": field}]
    [url] = [arg.partition("=")[2] for arg in sidecar["args"] if arg.startswith("--prefill=")]
    services = {item["metadata"]["name"]: item["spec"] for item in found if item["kind"] == "Service"}
    for number in ("0", "1"):
        # What the kubelet makes of the reference is the name of a Service for that slice.
        name = url.removeprefix("http://").removesuffix(":8000").replace("$(SLICE)", number)
        assert services[name]["selector"][SLICE] == number


def test_either_side_is_a_server_to_what_surrounds_it() -> None:
    chart = new_chart(namespace="llm")
    both = pair(chart)
    both.prefill.patch_pod("/spec/hostname", "reads")
    spread_pods(both.prefill)
    PodDisruptionBudget(chart, "budget", server=both.decode)
    PodMonitor(chart, "monitor", server=both.decode)
    Alerts(chart, "alerts", server=both.decode)
    found = documents(chart)
    assert_valid(found, SIDECARS)
    prefill = the_set(found)["spec"]["roles"][0]["spec"]["leaderWorkerTemplate"]["workerTemplate"]["spec"]
    assert prefill["hostname"] == "reads"
    [constraint] = prefill["topologySpreadConstraints"]
    assert constraint["matchLabelKeys"] == ["disaggregatedset.x-k8s.io/revision"]
    [rules] = [item["spec"]["groups"][0]["rules"] for item in found if item["kind"] == "PrometheusRule"]
    # <set>-<slice>-<revision>-<role>-<group>-<pod>, and without the slice from LeaderWorkerSet 0.9.
    assert 'pod=~"qwen(-[0-9]+)?-[0-9a-f]+-decode-[0-9]+(-[0-9]+)?"' in str(rules).replace("\\\\", "\\")
    assert both.prefill.pod_templates[0]["spec"]["hostname"] == "reads"
    assert both.decode.url == both.url == "http://qwen-decode.llm:8000"
    [needed] = both.prefill.explain()["needs"]
    assert "0.9 or newer" in needed


def test_an_autoscaler_decides_by_the_scaler_of_the_role() -> None:
    chart = new_chart(namespace="llm")
    both = pair(chart, prefill=Pool(gpus=1))
    QueueAutoscaler(
        chart, "scaler", server=both.prefill, prometheus_address="http://prometheus:9090", max_replicas=12
    )  # fmt: skip
    found = documents(chart)
    assert_valid(found, SIDECARS)
    prefill, decode = the_set(found)["spec"]["roles"]
    assert prefill["scaling"] == {"mode": "External"}
    assert "replicas" not in prefill["spec"]
    assert "scaling" not in decode
    [scaled] = [item["spec"]["scaleTargetRef"] for item in found if item["kind"] == "ScaledObject"]
    assert scaled == {
        "apiVersion": "disaggregatedset.x-k8s.io/v1", "kind": "DisaggregatedSetRoleScaler", "name": "qwen-prefill",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("options", "scaling", "words"),
    [
        ({"disaggregated_set": DisaggregatedSet(slices=2)}, {}, "slices.*VC617"),
        ({}, {"min_replicas": 0, "wake_query": "sum(up)"}, "min_replicas.*VC617"),
        ({"name": "a" * 29}, {"max_replicas": 200}, "max_replicas"),
    ],
)
def test_an_autoscaler_that_cannot_decide_is_refused(
    options: dict[str, Any], scaling: dict[str, Any], words: str
) -> None:
    chart = new_chart(namespace="llm")
    both = pair(chart, prefill=Pool(gpus=1), **options)
    given: dict[str, Any] = {"prometheus_address": "http://prometheus:9090", "max_replicas": 4, **scaling}
    with pytest.raises((ConflictError, InvalidOptionError), match=words):
        QueueAutoscaler(chart, "scaler", server=both.prefill, **given)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"disaggregated_set": "yes"}, "disaggregated_set.*True or DisaggregatedSet"),
        ({"prefill": Pool(replicas=0, gpus=1)}, "prefill.replicas.*VC455"),
        ({"name": "a" * 31}, "name: .*allowed: 29"),
    ],
)
def test_a_set_that_would_be_refused_is_and_leaves_nothing(options: dict[str, Any], words: str) -> None:
    chart = new_chart(namespace="llm")
    with pytest.raises((ConflictError, InvalidOptionError), match=words):
        pair(chart, **options)
    assert not [item for item in documents(chart) if item["kind"] in ("DisaggregatedSet", "Service")]


def test_a_slice_in_one_place_is_refused_where_each_group_is_to_have_its_own() -> None:
    exclusive = {"leaderworkerset.sigs.k8s.io/exclusive-topology": "rack"}
    with pytest.raises(ConflictError, match=r"annotations\['leader.*'\]: gives each group a place of its own.*VC455"):
        made(disaggregated_set=DisaggregatedSet(topology="rack"), annotations=exclusive)
    [role, _] = the_set(made(annotations=exclusive))["spec"]["roles"]
    assert role["metadata"]["annotations"] == exclusive


def test_a_set_places_its_slices_and_kueue_no_group_of_them() -> None:
    queue = KueueQueue(name="serving", topology="rack")
    with pytest.raises(InvalidOptionError, match=r"kueue\.topology: a set places its slices itself; say disagg.*VC652"):
        made(kueue=queue)


KUEUES_PLACE = {"kueue.x-k8s.io/podset-required-topology": "rack"}


@pytest.mark.parametrize(
    "options",
    [{"kueue": KueueQueue(name="serving")}, {"labels": {"kueue.x-k8s.io/queue-name": "serving"}}],
)
def test_a_set_is_not_placed_twice(options: dict[str, Any]) -> None:
    both = {"disaggregated_set": DisaggregatedSet(topology="rack"), "pod_annotations": KUEUES_PLACE}
    with pytest.raises(ConflictError, match=r"disaggregated_set\.topology: Kueue places these pods too.*\[VC654\]"):
        made(**both, **options)
    # Without a queue Kueue does not look at them, and without a place the set leaves it to Kueue.
    made(**both)
    made(pod_annotations=KUEUES_PLACE, **options)


def test_nor_is_a_group_of_a_role() -> None:
    exclusive = {"leaderworkerset.sigs.k8s.io/exclusive-topology": "rack"}
    with pytest.raises(ConflictError, match=r"annotations\['leader.*'\]: Kueue places these pods too.*\[VC654\]"):
        made(kueue=KueueQueue(name="serving"), pod_annotations=KUEUES_PLACE, annotations=exclusive)


def test_a_queue_stands_on_the_roles_where_kueue_reads_it(tmp_path: Path) -> None:
    one = the_set(made(kueue=KueueQueue(name="serving")))
    queue = {"kueue.x-k8s.io/queue-name": "serving"}
    assert all(role["metadata"]["labels"].items() >= queue.items() for role in one["spec"]["roles"])
    assert "VC654" not in {found.rule for found in run(tmp_path, one)}


@pytest.mark.parametrize(
    ("nodes", "words"),
    [
        (1, "each pod of this server serves by itself"),
        (2, r"groups of 2 nodes in a DisaggregatedSet are not placed as gangs; leave out disaggregated_set="),
    ],
)
def test_a_gang_of_a_role_is_refused_for_what_its_pods_are(nodes: int, words: str) -> None:
    decode = Pool(nodes=nodes, gpus=1, gang=Gang(scheduler="volcano"))
    with pytest.raises(InvalidOptionError, match=rf"gang: {words}.*\[VC652\]"):
        made(decode=decode)
    if nodes > 1:
        # What the message names.
        [group] = [one for one in made(decode=decode, disaggregated_set=None) if one["kind"] == "LeaderWorkerSet"]
        leader = group["spec"]["leaderWorkerTemplate"]["leaderTemplate"]
        assert leader["spec"]["schedulerName"] == "volcano"


def test_its_own_options_are_checked() -> None:
    with pytest.raises(InvalidOptionError, match="slices: 101"):
        DisaggregatedSet(slices=101)
    with pytest.raises(ConflictError, match="topology="):
        DisaggregatedSet(exclusive=True)
    with pytest.raises(InvalidOptionError, match=r"disaggregated_set\.topology"):
        DisaggregatedSet(topology="not a label")


def test_without_a_name_the_tree_names_it_and_the_labels_are_those_of_two_servers() -> None:
    by_itself, together = (
        {
            item["spec"]["selector"]["app.kubernetes.io/instance"]
            for item in made(name=None, disaggregated_set=said, decode=Pool(gpus=1))
            if item["kind"] == "Service"
        }
        for said in (False, True)
    )
    assert by_itself == together


def test_the_set_is_clean_to_the_check_and_each_role_is_seen_as_a_server(tmp_path: Path) -> None:
    found = made()
    assert [one for one in run(tmp_path, *found) if one.severity == "error"] == []
    wrong = cdk8s.Yaml.format_objects(found).replace("--max-model-len=8192", "--max-model-length=8192")
    assert [one.rule for one in run(tmp_path, wrong) if one.severity == "error"] == ["VC101"] * 3


def test_a_pair_in_a_set(snapshot: SnapshotAssertion) -> None:
    chart = new_chart(namespace="llm")
    pair(chart, disaggregated_set=DisaggregatedSet(slices=2, topology="topology.kubernetes.io/rack"))
    assert_golden(chart, snapshot)
