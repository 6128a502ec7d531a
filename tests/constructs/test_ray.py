import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cdk8s
import cdk8s_plus_27 as kplus
import pytest
from syrupy.assertion import SnapshotAssertion

from tests.kubelet import Pod
from tests.kubernetes_schemas import assert_valid
from tests.synthesis import assert_golden, documents, new_chart, of_kind, the
from vllm_cdk8s import (
    ConflictError,
    DropCacheWrapper,
    InvalidOptionError,
    ModelStorage,
    RayVllmServer,
    SecretKey,
    SlowStartProbes,
    VllmServer,
)
from vllm_cdk8s.core.engine import catalogue, raw

MODEL = "deepseek-ai/DeepSeek-R1"
IMAGE = "vllm/vllm-openai:v0.10.2"
HEAD, WORKER = "10.0.0.1", "10.0.0.2"


def server_in(chart: cdk8s.Chart, **options: Any) -> RayVllmServer:
    storage = options.pop("storage", None)
    if storage is None:
        storage = ModelStorage.nfs(chart, "models", server="nfs.example.com", path="/models")
    defaults: dict[str, Any] = {"model": MODEL, "image": IMAGE, "nodes": 2, "gpus": 8, "name": "r1"}
    return RayVllmServer(chart, "big", storage=storage, **{**defaults, **options})


def cluster_of(**options: Any) -> dict[str, Any]:
    chart = new_chart(namespace="llm")
    server_in(chart, **options)
    return the(chart, "RayCluster")


def templates(cluster: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    spec = cluster["spec"]
    [workers] = spec["workerGroupSpecs"]
    return spec["headGroupSpec"]["template"], workers["template"]


def containers(cluster: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    head, worker = (template["spec"]["containers"][0] for template in templates(cluster))
    return head, worker


def pods(cluster: Mapping[str, Any]) -> tuple[Pod, Pod]:
    """Head and worker with the variables that KubeRay's setContainerEnvVars adds behind the container's own."""
    head, worker = containers(cluster)
    name = f"{cluster['metadata']['name']}-head-svc.{cluster['metadata']['namespace']}.svc.cluster.local"
    address = {"FQ_RAY_IP": name, "RAY_ADDRESS": f"{name}:6379"}
    return (
        Pod(name="r1-head", ip=HEAD, container=head, injected={"RAY_ADDRESS": "127.0.0.1:6379"}),
        Pod(name="r1-worker", ip=WORKER, container=worker, injected=address),
    )


def run(pod: Pod, folder: Path, *, status: int = 0) -> list[list[str]]:
    """Start a pod's command for real, with programs `ray` and `vllm` that note how they were called."""
    note = 'import json, os, sys\nopen(os.environ["NOTES"], "a").write(json.dumps(sys.argv) + "\\n")\n'
    for name in ("ray", "vllm"):
        program = folder / name
        exit_ = f"sys.exit({status})\n" if name == "ray" else ""
        program.write_text(f"#!{shutil.which('python3')}\n{note}{exit_}")
        program.chmod(0o755)
    environment = {"PATH": f"{folder}:{os.environ['PATH']}", "NOTES": str(folder / "notes"), **pod.variables}
    ended = subprocess.run(pod.argv, env=environment, cwd=folder, capture_output=True, check=False)
    assert ended.returncode == status
    lines = (folder / "notes").read_text().splitlines()
    return [[Path(program).name, *rest] for program, *rest in map(json.loads, lines)]


def test_the_head_starts_ray_and_then_becomes_vllm(tmp_path: Path) -> None:
    head, _ = pods(cluster_of())
    ray, vllm = run(head, tmp_path)
    assert ray == [
        "ray", "start", "--head", f"--node-ip-address={HEAD}", "--port=6379", "--include-dashboard=false",
        "--object-store-memory=1073741824", "--num-gpus=8",
    ]  # fmt: skip
    assert vllm[:3] == ["vllm", "serve", MODEL]

    def fail(error: Exception) -> None:
        raise error

    said = {name: one.value for name, one in raw.parse("args", vllm[3:], catalogue.release("0.10.2"), fail).items()}
    assert said["distributed_executor_backend"] == "ray"
    assert (said["tensor_parallel_size"], said["pipeline_parallel_size"]) == (8, 2)
    assert not said.keys() & {"nnodes", "node_rank", "headless"}


def test_workers_join_the_head_by_the_name_that_kuberay_gives_it(tmp_path: Path) -> None:
    _, worker = pods(cluster_of())
    [ray] = run(worker, tmp_path)
    assert ray == [
        "ray", "start", "--address=r1-head-svc.llm.svc.cluster.local:6379", f"--node-ip-address={WORKER}", "--block",
        "--object-store-memory=1073741824", "--num-gpus=8",
    ]  # fmt: skip


def test_text_of_the_user_is_parsed_by_no_shell(tmp_path: Path) -> None:
    evil = '$(touch pwned); `touch pwned` "$HOME" && touch pwned'
    cluster = cluster_of(engine_args={"chat_template": evil})
    head, worker = containers(cluster)
    assert not any(evil in word for word in [*head["command"], *worker["command"]])
    _, vllm = run(pods(cluster)[0], tmp_path)
    assert f"--chat-template={evil}" in vllm
    assert not (tmp_path / "pwned").exists()


def test_without_ray_there_is_no_vllm(tmp_path: Path) -> None:
    head, _ = pods(cluster_of())
    assert [program for program, *_ in run(head, tmp_path, status=3)] == ["ray"]


def test_where_nothing_is_said_of_gpus_ray_counts_them_itself(tmp_path: Path) -> None:
    options: dict[str, Any] = {
        "gpus": None, "runtime_class": "nvidia", "model": "/models/mine", "engine_args": {"tensor_parallel_size": 2},
    }  # fmt: skip
    ray, _ = run(pods(cluster_of(**options))[0], tmp_path)
    assert not any("num-gpus" in word for word in ray)


def test_the_cluster_is_what_the_documentation_asks_for() -> None:
    cluster = cluster_of(nodes=4)
    # KubeRay leaves a command alone only then: docs.ray.io, "Specify container commands for Ray head/worker Pods".
    assert cluster["metadata"]["annotations"] == {"ray.io/overwrite-container-cmd": "true"}
    head, [workers] = cluster["spec"]["headGroupSpec"], cluster["spec"]["workerGroupSpecs"]
    assert (workers["replicas"], workers["minReplicas"], workers["maxReplicas"]) == (3, 3, 3)
    for params in (head["rayStartParams"], workers["rayStartParams"]):
        assert all(isinstance(value, str) for value in params.values())
    assert head["rayStartParams"]["port"] == "6379"


def test_the_workers_find_the_head_before_it_is_ready() -> None:
    service = cluster_of()["spec"]["headGroupSpec"]["headService"]
    assert service == {"spec": {"clusterIP": "None", "publishNotReadyAddresses": True}}


def test_only_the_head_serves() -> None:
    chart = new_chart(namespace="llm")
    server = server_in(chart)
    service = the(chart, "Service")
    assert service["spec"]["selector"] == {**server.selector, "ray.io/node-type": "head"}
    assert server.url == "http://r1.llm:8000"
    head, worker = containers(the(chart, "RayCluster"))
    assert [port["name"] for port in head["ports"]] == ["http"]
    assert "ports" not in worker
    assert "httpGet" in head["livenessProbe"]


def test_pods_are_all_pods_and_leader_pods_the_head() -> None:
    chart = new_chart()
    server = server_in(chart)
    kplus.Service(
        chart, "all", metadata=cdk8s.ApiObjectMetadata(name="all"), ports=[kplus.ServicePort(port=1)],
        selector=server.pods,
    )  # fmt: skip
    [everybody] = [one for one in of_kind(chart, "Service") if one["metadata"]["name"] == "all"]
    for template in templates(the(chart, "RayCluster")):
        assert template["metadata"]["labels"].items() >= everybody["spec"]["selector"].items()


def test_workers_dial_the_heads_control_store() -> None:
    worker = containers(cluster_of())[1]
    # All of them: KubeRay puts its own, which ask the dashboard, where one is missing.
    for role in ("startupProbe", "livenessProbe", "readinessProbe"):
        assert worker[role]["exec"]["command"][3:5] == ["FQ_RAY_IP", "6379"]


def test_drop_cache_comes_before_ray() -> None:
    chart = new_chart()
    server = server_in(chart, drop_cache=DropCacheWrapper(chart, "drop-cache"))
    for container in containers(the(chart, "RayCluster")):
        assert container["securityContext"]["privileged"] is True
        assert "drop_caches" in container["command"][2]
        assert "ray start" in container["command"][6]
    assert server.pod_security_level == "privileged"


def test_running_requests_keep_their_workers_until_the_head_has_answered_them() -> None:
    head, worker = containers(cluster_of(drain_seconds=60))
    # 0.10.2 knows no --shutdown-timeout, so that the head itself waits the whole time.
    assert head["lifecycle"] == worker["lifecycle"] == {"preStop": {"exec": {"command": ["sleep", "60"]}}}


def test_the_workers_have_everything_else_that_the_head_has() -> None:
    cluster = cluster_of(hf_token=SecretKey("hf", "token"), env={"NCCL_DEBUG": "INFO"}, runtime_class="nvidia")
    head, worker = (template["spec"] for template in templates(cluster))
    assert {**head, "containers": None} == {**worker, "containers": None}
    for name in ("env", "image", "resources", "volumeMounts", "securityContext"):
        assert head["containers"][0][name] == worker["containers"][0][name]


def refused(match: str, option: str, **options: Any) -> None:
    with pytest.raises((ConflictError, InvalidOptionError), match=match) as caught:
        server_in(new_chart(), **options)
    assert caught.value.option == option


def test_one_node_is_sent_to_the_server_for_one() -> None:
    refused("VllmServer", "nodes", nodes=1)


def test_what_belongs_to_vllms_own_executor_is_refused() -> None:
    refused("MultiNodeVllmServer", "nnodes", engine_args={"nnodes": 2}, image="vllm/vllm-openai:v0.20.2")
    refused("MultiNodeVllmServer", "distributed_executor_backend", engine_args={"distributed_executor_backend": "mp"})


def test_ray_may_be_said_by_raw_arguments_too() -> None:
    args = containers(cluster_of(extra_args=["--distributed-executor-backend=ray"]))[0]["args"]
    assert [word for word in args if "executor" in word] == ["--distributed-executor-backend=ray"]


def test_copies_need_rays_own_way_of_spreading_them() -> None:
    copies = {"data_parallel_size": 2, "tensor_parallel_size": 8}
    refused("data_parallel_backend", "data_parallel_size", engine_args=copies)
    args = containers(cluster_of(
        engine_args={**copies, "data_parallel_backend": "ray", "data_parallel_size_local": 1}
    ))[0]["args"]  # fmt: skip
    assert "--data-parallel-backend=ray" in args


def test_ports_of_rays_are_refused() -> None:
    for port in (6379, 10001, 52365):
        refused("a port of Ray's", "port", port=port)


def test_an_annotation_that_gives_the_command_to_kuberay_is_refused() -> None:
    name = "ray.io/overwrite-container-cmd"
    refused("replace vLLM's command", f"annotations[{name!r}]", annotations={name: "false"})


def test_a_claim_that_one_node_can_mount_is_refused() -> None:
    refused("cannot be mounted by 2 nodes", "storage", storage=ModelStorage(new_chart(), "claim"))


def test_replicas_are_not_an_option_here() -> None:
    refused("is not an option", "replicas", replicas=2)


def test_names_leave_room_for_the_services_that_kuberay_makes() -> None:
    server_in(new_chart(), name="a" * 53)
    refused("allowed: 53", "name", name="a" * 54)


def test_the_name_of_the_heads_service_is_taken() -> None:
    chart = new_chart()
    server_in(chart)
    with pytest.raises(ConflictError, match="r1-head-svc"):
        VllmServer(chart, "small", model="/models/small", image=IMAGE, gpus=1, name="r1-head-svc")


def test_three_nodes_before_vllms_own_executor(snapshot: SnapshotAssertion) -> None:
    chart = new_chart(namespace="llm")
    server_in(chart, nodes=3, probes=SlowStartProbes(chart, "probes", max_startup_seconds=3600))
    assert_golden(chart, snapshot)


def test_whatever_is_asked_for_is_valid() -> None:
    chart = new_chart(namespace="llm")
    server_in(
        chart, name=None, service_type="NodePort", labels={"team": "a"}, annotations={"team": "a"}, instance="r1",
        hf_token=SecretKey("hf", "token"), drop_cache=DropCacheWrapper(chart, "drop-cache"), shm_size="32Gi",
        drain_seconds=30, image="vllm/vllm-openai:v0.20.2",
    )  # fmt: skip
    assert_valid(documents(chart))
