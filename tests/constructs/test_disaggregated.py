"""Prefill and decode apart: two servers of one model, that find each other and nobody else."""

import json
from typing import Any

import cdk8s
import pytest
from syrupy.assertion import SnapshotAssertion

from tests.kubernetes_schemas import assert_valid, since
from tests.snippets import run, snippets
from tests.synthesis import MODEL, Document, assert_golden, documents, new_chart
from vllm_cdk8s.constructs.disaggregated import DisaggregatedServer
from vllm_cdk8s.constructs.monitoring import Alerts, PodMonitor
from vllm_cdk8s.constructs.multi_node import MultiNodeVllmServer
from vllm_cdk8s.constructs.network import ServerNetworkPolicy
from vllm_cdk8s.constructs.storage import ModelStorage
from vllm_cdk8s.core.errors import ConflictError, InvalidOptionError, VllmCdk8sWarning
from vllm_cdk8s.core.features.disaggregated import Pool
from vllm_cdk8s.core.features.kv_offload import KvOffload
from vllm_cdk8s.core.features.kv_transfer import Nixl, PairProxy, RoutingSidecar, SharedFiles

IMAGE = "vllm/vllm-openai:v0.32.0"
SIDECARS = since("1.29")
MISSPELT: Any = {"replica": 2}


def pair(chart: cdk8s.Chart, id: str = "qwen", **options: Any) -> DisaggregatedServer:
    given: dict[str, Any] = {
        "model": MODEL, "image": IMAGE, "name": "qwen", "prefill": Pool(replicas=2, gpus=1), "decode": Pool(gpus=1),
        "storage": ModelStorage.nfs(chart, f"{id}-models", server="nfs", path="/models", size="50Gi"),
    }  # fmt: skip
    return DisaggregatedServer(chart, id, **{**given, **options})


def made(**options: Any) -> dict[str, Document]:
    """The objects of a pair by kind and name, each valid wherever Kubernetes has native sidecars."""
    chart = new_chart(namespace="llm")
    pair(chart, **options)
    found = documents(chart)
    assert_valid(found, SIDECARS)
    return {f"{document['kind']}/{document['metadata']['name']}": document for document in found}


def pod(found: dict[str, Document], name: str) -> Document:
    spec: Document = found[f"Deployment/{name}"]["spec"]["template"]
    return spec


def vllm(found: dict[str, Document], name: str) -> Document:
    container: Document = pod(found, name)["spec"]["containers"][0]
    return container


def transfer(container: Document) -> dict[str, Any]:
    [config] = [arg.partition("=")[2] for arg in container["args"] if arg.startswith("--kv-transfer-config=")]
    read: dict[str, Any] = json.loads(config)
    return read


def variables(container: Document) -> dict[str, Any]:
    return {item["name"]: item.get("value", item.get("valueFrom")) for item in container["env"]}


def pairing(found: dict[str, Document]) -> str:
    [name] = [key.partition("/")[2] for key in found if key.startswith("Service/qwen-prefill-")]
    return name


def test_each_side_has_its_role_by_vllms_name_of_it() -> None:
    found = made()
    prefill, decode = vllm(found, "qwen-prefill"), vllm(found, "qwen-decode")
    assert (transfer(prefill)["kv_role"], transfer(decode)["kv_role"]) == ("kv_producer", "kv_consumer")
    assert transfer(prefill)["kv_connector"] == "NixlConnector"
    # Releases that take no notice of roles say kv_both, and those before 0.13 know no policy.
    old = made(image="vllm/vllm-openai:v0.12.0")
    assert transfer(vllm(old, "qwen-decode")) == {"kv_connector": "NixlConnector", "kv_role": "kv_both"}


def test_the_side_channel_is_at_the_pods_address() -> None:
    found = variables(vllm(made(connector=Nixl(port=5700)), "qwen-prefill"))
    assert found["VLLM_NIXL_SIDE_CHANNEL_HOST"] == {"fieldRef": {"fieldPath": "status.podIP"}}
    assert found["VLLM_NIXL_SIDE_CHANNEL_PORT"] == "5700"


def test_offloaded_cache_is_a_second_connector_behind_that_of_the_pair() -> None:
    found = made(decode=Pool(gpus=1, kv_offload=KvOffload(host="64Gi", disk="1Ti")))
    config = transfer(vllm(found, "qwen-decode"))
    # vLLM's scheduler reads the whole's role and policy, and loads from the first connector that has something.
    assert (config["kv_connector"], config["kv_role"]) == ("MultiConnector", "kv_both")
    assert config["kv_load_failure_policy"] == "recompute"
    first, second = config["kv_connector_extra_config"]["connectors"]
    assert first == {"kv_connector": "NixlConnector", "kv_role": "kv_consumer"}
    assert (second["kv_connector"], second["kv_role"]) == ("OffloadingConnector", "kv_both")
    assert second["kv_connector_extra_config"]["cpu_bytes_to_use"] == 64 * 2**30
    assert second["kv_connector_extra_config"]["secondary_tiers"] == [{"type": "fs", "root_dir": "/kv-cache"}]
    assert not any("kv-offloading" in arg for arg in vllm(found, "qwen-decode")["args"])
    # The other side has none, and the sizes that go with it are of this one.
    assert transfer(vllm(found, "qwen-prefill"))["kv_connector"] == "NixlConnector"
    assert "requests" not in vllm(found, "qwen-prefill")["resources"]
    assert vllm(found, "qwen-decode")["resources"]["requests"]["memory"] == "70144Mi"


def test_offloaded_cache_without_a_disk_is_counted_in_bytes_too() -> None:
    found = made(kv_offload=KvOffload(host="64Gi"), image="vllm/vllm-openai:v0.20.2")
    for role in ("prefill", "decode"):
        _, second = transfer(vllm(found, f"qwen-{role}"))["kv_connector_extra_config"]["connectors"]
        assert second["kv_connector_extra_config"] == {"cpu_bytes_to_use": 64 * 2**30}


def test_rdma_is_a_device_of_each_pod_and_memory_that_is_locked() -> None:
    found = made(connector=Nixl(rdma="rdma/ib", backends=["UCX"]))
    for name in ("qwen-prefill", "qwen-decode"):
        container = vllm(found, name)
        assert container["resources"]["limits"]["rdma/ib"] == 1
        assert container["securityContext"]["capabilities"]["add"] == ["IPC_LOCK"]
        assert transfer(container)["kv_connector_extra_config"] == {"backends": ["UCX"]}


def test_clients_reach_the_sidecar_and_probes_vllm_itself() -> None:
    found = made()
    spec = pod(found, "qwen-decode")["spec"]
    [sidecar] = spec["initContainers"]
    assert (sidecar["name"], sidecar["restartPolicy"]) == ("pair-proxy", "Always")
    assert sidecar["ports"] == [{"name": "http", "containerPort": 8000, "protocol": "TCP"}]
    container = spec["containers"][0]
    assert "--port=8200" in container["args"]
    assert container["readinessProbe"]["httpGet"]["port"] == "vllm"
    assert {"name": "vllm", "containerPort": 8200, "protocol": "TCP"} in container["ports"]
    assert found["Service/qwen-decode"]["spec"]["ports"][0]["targetPort"] == 8000
    assert "initContainers" not in pod(found, "qwen-prefill")["spec"]


def test_a_decoding_pod_asks_those_of_its_own_release_alone() -> None:
    found = made()
    name = pairing(found)
    selector = found[f"Service/{name}"]["spec"]["selector"]
    assert selector.items() <= pod(found, "qwen-prefill")["metadata"]["labels"].items()
    [sidecar] = pod(found, "qwen-decode")["spec"]["initContainers"]
    assert f"--prefill=http://{name}:8000" in sidecar["args"]
    # Another release, or another layout of the cache, has another Service, and the Deployments keep their selectors.
    for options in ({"image": "vllm/vllm-openai:v0.31.0"}, {"engine_args": {"kv_cache_dtype": "fp8"}}):
        other = made(**options)
        assert pairing(other) != name
        for role in ("prefill", "decode"):
            assert (
                other[f"Deployment/qwen-{role}"]["spec"]["selector"]
                == found[f"Deployment/qwen-{role}"]["spec"]["selector"]
            )
    assert pairing(made(prefill=Pool(replicas=9, gpus=1), decode=Pool(gpus=1, engine_args={"max_num_seqs": 8}))) == name


def test_llm_d_finds_both_by_their_labels() -> None:
    found = made(proxy=RoutingSidecar())
    for role in ("prefill", "decode"):
        labels = pod(found, f"qwen-{role}")["metadata"]["labels"]
        assert labels["llm-d.ai/role"] == role
        assert labels["llm-d.ai/inference-serving"] == "true"
    [sidecar] = pod(found, "qwen-decode")["spec"]["initContainers"]
    assert sidecar["name"] == "routing-proxy"
    assert "--kv-connector=nixlv2" in sidecar["args"]
    # Its idle connections must not be closed under it.
    assert variables(vllm(found, "qwen-prefill"))["VLLM_HTTP_TIMEOUT_KEEP_ALIVE"] == "120"


def test_what_is_said_of_a_pool_wins_over_what_is_said_of_both() -> None:
    found = made(
        engine_args={"max_num_seqs": 64, "seed": 1},
        decode=Pool(gpus=2, replicas=3, engine_args={"max_num_seqs": 256}),
        env={"A": "1"},
    )
    assert "--max-num-seqs=64" in vllm(found, "qwen-prefill")["args"]
    decode = vllm(found, "qwen-decode")
    assert {"--max-num-seqs=256", "--seed=1", "--tensor-parallel-size=2"} <= set(decode["args"])
    assert variables(decode)["A"] == "1"
    assert found["Deployment/qwen-decode"]["spec"]["replicas"] == 3


def test_clients_have_one_way_in() -> None:
    found = made(service_type="LoadBalancer", service_port=80, acknowledge={"VC502": "guarded before it"})
    assert found["Service/qwen-decode"]["spec"]["type"] == "LoadBalancer"
    assert found["Service/qwen-prefill"]["spec"]["type"] == "ClusterIP"
    chart = new_chart(namespace="llm")
    assert pair(chart, service_port=80).url == "http://qwen-decode.llm:80"


def test_files_are_for_trying_out() -> None:
    with pytest.warns(VllmCdk8sWarning, match="VC132"):
        found = made(connector=SharedFiles(claim="kv"))
    for role in ("prefill", "decode"):
        assert transfer(vllm(found, f"qwen-{role}"))["kv_connector"] == "ExampleConnector"
    with pytest.warns(VllmCdk8sWarning, match="VC132"):
        old = made(connector=SharedFiles(claim="kv"), image="vllm/vllm-openai:v0.12.0", proxy=RoutingSidecar())
    assert transfer(vllm(old, "qwen-prefill"))["kv_connector"] == "SharedStorageConnector"
    assert "--kv-connector=shared-storage" in pod(old, "qwen-decode")["spec"]["initContainers"][0]["args"]


def test_a_policy_lets_the_two_sides_reach_each_other_on_every_port() -> None:
    chart = new_chart(namespace="llm")
    both = pair(chart)
    ServerNetworkPolicy(chart, "prefill", server=both.prefill, clients=["chat"], scrapers=["monitoring"])
    ServerNetworkPolicy(chart, "decode", server=both.decode, clients=["chat"], scrapers=["monitoring"])
    policies = [document for document in documents(chart) if document["kind"] == "NetworkPolicy"]
    for policy in policies:
        free = [rule for rule in policy["spec"]["ingress"] if not rule.get("ports")]
        instances = {rule["from"][0]["podSelector"]["matchLabels"]["app.kubernetes.io/instance"] for rule in free}
        assert instances == {"qwen-prefill", "qwen-decode"}
        assert any(port["port"] == 8000 for rule in policy["spec"]["ingress"] for port in rule.get("ports") or ())


def test_prompts_may_be_read_by_several_machines_together() -> None:
    chart = new_chart(namespace="llm")
    both = pair(chart, prefill=Pool(nodes=2, gpus=1, replicas=2))
    assert isinstance(both.prefill, MultiNodeVllmServer)
    found = {f"{document['kind']}/{document['metadata']['name']}": document for document in documents(chart)}
    assert_valid(list(found.values()), SIDECARS)
    [name] = [key for key in found if key.startswith("Service/qwen-prefill-leader-")]
    assert found[name]["spec"]["selector"]["leaderworkerset.sigs.k8s.io/worker-index"] == "0"


def test_answers_may_be_written_by_several_machines_together_behind_the_leaders_proxy() -> None:
    chart = new_chart(namespace="llm")
    both = pair(chart, decode=Pool(nodes=2, gpus=1))
    found = {document["kind"]: document for document in documents(chart)}
    assert_valid(list(found.values()), SIDECARS)
    group = found["LeaderWorkerSet"]["spec"]["leaderWorkerTemplate"]
    leader, worker = (group[name]["spec"] for name in ("leaderTemplate", "workerTemplate"))
    assert [item["name"] for item in leader["initContainers"]] == ["pair-proxy"]
    assert "initContainers" not in worker
    # The worker dials vLLM and not the proxy, which is there before it.
    assert worker["containers"][0]["readinessProbe"]["exec"]["command"][4] == "8200"
    assert both.url == "http://qwen-decode-leader.llm:8000"


def test_without_a_name_the_tree_names_them_and_without_storage_each_has_its_claim() -> None:
    found = made(name=None, storage=None, prefill=Pool(gpus=1))
    assert sum(key.startswith("PersistentVolumeClaim/") for key in found) == 3  # and the one that is not used
    assert sum(key.startswith("Service/") for key in found) == 3


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"decode": Pool(gpus=1, engine_args={"kv_cache_dtype": "fp8"})}, "two kinds of KV cache.*VC131"),
        ({"engine_args": {"ssl_certfile": "/c", "ssl_keyfile": "/k"}}, "plain HTTP"),
        ({"engine_args": {"kv_transfer_config": {}}}, "use connector="),
        ({"engine_args": {"kv_offloading_size": 8}}, r"engine_args\['kv_offloading_size'\].*kv_offload=.*VC130"),
        ({"kv_offload": KvOffload(host="8Gi", backend="lmcache")}, "kv_offload.backend.*'native'.*VC130"),
        ({"kv_offload": KvOffload(host="8Gi"), "image": "vllm/vllm-openai:v0.13.0"}, "kv_offload.*0.14.0"),
        ({"replicas": 2}, "say it of a Pool"),
        ({"gpus": 2}, "say it of a Pool"),
        ({"prefill": {"replicas": 1}}, r"Pool\(replicas=2, gpus=1\)"),
        ({"connector": "nixl"}, r"Nixl\(\)"),
        ({"proxy": True}, r"RoutingSidecar\(\)"),
        ({"port": 8200}, "8200 is where vLLM itself listens"),
        ({"connector": Nixl(port=8000)}, "8000 is a port of the server's API"),
        ({"modle": 1}, "modle"),
        ({"decode": Pool(gpus=1, **MISSPELT)}, "replicas"),
    ],
)
def test_what_would_not_work_is_refused_and_leaves_nothing(options: dict[str, Any], words: str) -> None:
    chart = new_chart(namespace="llm")
    with pytest.raises((InvalidOptionError, ConflictError), match=words):
        pair(chart, **options)
    assert not any(document["kind"] == "Deployment" for document in documents(chart))


def test_what_both_share_is_not_of_a_pool() -> None:
    of_both: Any = {"image": "x", "port": 1, "ingress": "x", "name": "x"}
    for name, value in of_both.items():
        with pytest.raises(ConflictError, match=name):
            Pool(**{name: value})
    with pytest.raises(InvalidOptionError, match="nodes"):
        Pool(nodes=0)
    with pytest.raises(InvalidOptionError, match="rdma"):
        Nixl(rdma="not a resource")
    with pytest.raises(InvalidOptionError, match="load_failure"):
        Nixl(load_failure="retry")
    with pytest.raises(InvalidOptionError, match="timeout"):
        PairProxy(timeout_seconds=0)


@pytest.mark.parametrize("index", range(len(snippets("disaggregated.md"))))
def test_what_the_documentation_shows_runs(index: int) -> None:
    run(snippets("disaggregated.md")[index], new_chart(namespace="llm"))


def test_alerts_tell_of_transfers_that_fail() -> None:
    chart = new_chart(namespace="llm")
    both = pair(chart, kv_offload=KvOffload(host="8Gi"))
    PodMonitor(chart, "monitor", server=both.decode)
    Alerts(chart, "alerts", server=both.decode)
    [rules] = [item["spec"]["groups"][0]["rules"] for item in documents(chart) if item["kind"] == "PrometheusRule"]
    [found] = [rule for rule in rules if rule["alert"] == "VllmKvTransfersFailing"]
    assert "vllm:nixl_num_failed_transfers_total" in found["expr"]


def test_a_pair(snapshot: SnapshotAssertion) -> None:
    chart = new_chart(namespace="llm")
    pair(chart, decode=Pool(gpus=2), proxy=RoutingSidecar(), connector=Nixl(rdma="rdma/ib"))
    assert_golden(chart, snapshot)


def test_a_pair_that_offloads(snapshot: SnapshotAssertion) -> None:
    chart = new_chart(namespace="llm")
    pair(chart, kv_offload=KvOffload(host="64Gi", disk="kv"))
    assert_golden(chart, snapshot)
