"""Copies of a mixture of experts over several nodes, each of which serves its own: hybrid, external, multi-port."""

from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from tests.kubernetes_schemas import assert_valid
from tests.synthesis import Document, assert_golden, documents, new_chart
from vllm_cdk8s.constructs.inference_pool import InferencePool
from vllm_cdk8s.constructs.multi_node import MultiNodeVllmServer
from vllm_cdk8s.constructs.network import ServerNetworkPolicy
from vllm_cdk8s.constructs.server import VllmServer
from vllm_cdk8s.constructs.storage import ModelStorage
from vllm_cdk8s.core.errors import ConflictError, InvalidOptionError, VllmCdk8sWarning

IMAGE = "vllm/vllm-openai:v0.32.0"
HYBRID, EXTERNAL = {"data_parallel_hybrid_lb": True}, {"data_parallel_external_lb": True}
MULTI_PORT = {"data_parallel_multi_port_external_lb": True}


def wide(chart: Any, settings: dict[str, Any], **options: Any) -> MultiNodeVllmServer:
    given: dict[str, Any] = {
        "model": "org/experts", "name": "moe", "image": IMAGE, "nodes": 2, "gpus": 8,
        "storage": ModelStorage.nfs(chart, "models", server="nfs", path="/", size="50Gi"), **options,
    }  # fmt: skip
    engine: Any = {"data_parallel_size": 16, "enable_expert_parallel": True, **settings}
    return MultiNodeVllmServer(chart, "moe", engine_args=engine, **given)


def made(settings: dict[str, Any], **options: Any) -> dict[str, Document]:
    chart = new_chart(namespace="llm")
    wide(chart, settings, **options)
    found = documents(chart)
    assert_valid(found)
    return {document["kind"]: document for document in found}


def containers(found: dict[str, Document]) -> tuple[Document, Document]:
    group = found["LeaderWorkerSet"]["spec"]["leaderWorkerTemplate"]
    leader, worker = (group[name]["spec"]["containers"][0] for name in ("leaderTemplate", "workerTemplate"))
    return leader, worker


def test_every_pod_serves_its_own_copies_and_gets_requests() -> None:
    found = made(HYBRID)
    leader, worker = containers(found)
    for container in (leader, worker):
        assert {"--data-parallel-hybrid-lb", "--data-parallel-size-local=8", "--nnodes=2"} <= set(container["args"])
        # vLLM works out each node's ranks by its number.
        assert "--node-rank=$(LWS_WORKER_INDEX)" in container["args"]
        assert "--headless" not in container["args"]
        assert container["ports"] == [{"name": "http", "containerPort": 8000, "protocol": "TCP"}]
        assert container["readinessProbe"]["httpGet"]["path"] == "/health"
    assert "--master-addr=$(LWS_LEADER_ADDRESS)" in worker["args"]
    selector = found["Service"]["spec"]["selector"]
    assert selector == {"app.kubernetes.io/instance": "moe", "app.kubernetes.io/name": "vllm"}
    # By vLLM's own balancing the leader alone serves, as before.
    inside = made({})
    assert "leaderworkerset.sigs.k8s.io/worker-index" in inside["Service"]["spec"]["selector"]
    assert "--headless" in containers(inside)[1]["args"]


def test_one_copy_in_each_pod_needs_no_number_of_its_own() -> None:
    leader, worker = containers(made({**EXTERNAL, "data_parallel_size": 2, "tensor_parallel_size": 8}))
    for container in (leader, worker):
        assert "--data-parallel-external-lb" in container["args"]
        assert not any(arg.startswith("--data-parallel-size-local") for arg in container["args"])


def test_each_copy_has_a_port_that_pools_and_policies_know() -> None:
    chart = new_chart(namespace="llm")
    with pytest.warns(VllmCdk8sWarning, match=r"InferencePool.*8 ports.*VC133"):
        server = wide(chart, MULTI_PORT)
    InferencePool(chart, "pool", server=server, endpoint_picker="epp", name="pool")
    ServerNetworkPolicy(chart, "policy", server=server, clients=["gateway"], scrapers=["monitoring"])
    found = {document["kind"]: document for document in documents(chart)}
    assert_valid(list(found.values()))
    ports = list(range(8000, 8008))
    assert [port["number"] for port in found["InferencePool"]["spec"]["targetPorts"]] == ports
    rule = found["NetworkPolicy"]["spec"]["ingress"][0]
    assert [port["port"] for port in rule["ports"]] == ports
    leader, _ = containers(found)
    assert [port["containerPort"] for port in leader["ports"]] == ports
    # The supervisor says whether all of them are ready.
    assert leader["readinessProbe"]["httpGet"]["port"] == 9256


def test_one_pod_may_have_several_ports_too() -> None:
    chart = new_chart()
    engine: Any = {"data_parallel_size": 2, "data_parallel_size_local": 2, "enable_expert_parallel": True, **MULTI_PORT}
    with pytest.warns(VllmCdk8sWarning, match="VC133"):
        server = VllmServer(chart, "moe", model="org/experts", image=IMAGE, gpus=2, engine_args=engine)
    assert server.serving_ports == (8000, 8001)


@pytest.mark.parametrize(
    ("settings", "options", "words"),
    [
        ({**HYBRID, **EXTERNAL}, {}, "exclude each other"),
        ({**HYBRID, "data_parallel_size": 1, "tensor_parallel_size": 8}, {}, "there is one"),
        (EXTERNAL, {}, "one copy in each pod, and 16 copies are to be in 2"),
        ({**MULTI_PORT, "data_parallel_size": 2, "tensor_parallel_size": 8}, {}, "at least two copies in each pod"),
        ({**MULTI_PORT, "data_parallel_supervisor_port": 8003}, {}, "8003 is among the ports of the copies"),
        (HYBRID, {"image": "vllm/vllm-openai:v0.11.1"}, r"begins with 0\.12\.0"),
        (MULTI_PORT, {"image": "vllm/vllm-openai:v0.21.0"}, "data_parallel_multi_port_external_lb"),
        ({**HYBRID, "data_parallel_size": 3}, {}, "evenly"),
    ],
)
def test_what_vllm_would_not_start_is_refused(settings: dict[str, Any], options: dict[str, Any], words: str) -> None:
    with pytest.raises((ConflictError, InvalidOptionError), match=words):
        made(settings, **options)


def test_sixteen_copies_of_experts(snapshot: SnapshotAssertion) -> None:
    chart = new_chart(namespace="llm")
    wide(chart, HYBRID)
    assert_golden(chart, snapshot)
