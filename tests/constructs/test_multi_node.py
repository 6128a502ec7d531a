import math
import os
import shutil
import socket
import subprocess
import warnings
from collections.abc import Mapping
from contextlib import closing
from typing import Any

import cdk8s
import cdk8s_plus_27 as kplus
import jsii._kernel.providers.process
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from syrupy.assertion import SnapshotAssertion

from tests.kubelet import Pod, expanded, lws_pods, resolve
from tests.kubernetes_schemas import assert_valid
from tests.snippets import run, snippets
from tests.synthesis import assert_golden, documents, new_chart, of_kind, the, to_yaml
from vllm_cdk8s import (
    ConflictError,
    DropCacheWrapper,
    HttpProbe,
    InitDownload,
    InvalidOptionError,
    ManualProbes,
    ModelStorage,
    MultiNodeVllmServer,
    NonRoot,
    Resources,
    SecretKey,
    ServerNetworkPolicy,
    SlowStartProbes,
    SmokeTest,
    VllmCdk8sWarning,
    VllmServer,
)
from vllm_cdk8s.core.engine import catalogue, raw

MODEL = "deepseek-ai/DeepSeek-R1"
IMAGE = "vllm/vllm-openai:v0.20.2"


def storage_of(chart: cdk8s.Chart) -> ModelStorage:
    return ModelStorage.nfs(chart, "models", server="nfs.example.com", path="/models")


def server_in(chart: cdk8s.Chart, **options: Any) -> MultiNodeVllmServer:
    given_storage = options.pop("storage", None)
    defaults: dict[str, Any] = {"model": MODEL, "image": IMAGE, "nodes": 2, "gpus": 8, "name": "r1"}
    storage = storage_of(chart) if given_storage is None else given_storage
    return MultiNodeVllmServer(chart, "big", storage=storage, **{**defaults, **options})


def lws_of(**options: Any) -> dict[str, Any]:
    chart = new_chart(namespace="llm")
    server_in(chart, **options)
    return the(chart, "LeaderWorkerSet")


def containers(lws: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    template = lws["spec"]["leaderWorkerTemplate"]
    leader, worker = (template[f"{role}Template"]["spec"]["containers"][0] for role in ("leader", "worker"))
    return leader, worker


def understood(pod: Pod, release: str = "0.20.2") -> dict[str, Any]:
    """What the release's own options make of a pod's arguments; whatever they would refuse fails."""
    assert pod.argv[:2] == ["vllm", "serve"]
    known = catalogue.release(release)
    assert known.name == release

    def fail(error: Exception) -> None:
        raise error

    found = raw.parse("args", pod.argv[3:], known, fail)
    return {name: one.value for name, one in found.items()}


# The ranks, by simulation: the kubelet's and the controller's part is in tests/kubelet.py.


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("$(A)-$(B)", "1-$(B)"),
        ("$$(A)", "$(A)"),
        ("$$$(A)", "$1"),
        ("a$", "a$"),
        ("$(A", "$(A"),
        ("$A", "$A"),
        ("100$$", "100$"),
    ],
)
def test_the_simulated_kubelet_expands_as_kubernetes_documents(text: str, result: str) -> None:
    assert expanded(text, {"A": "1"}) == result


@pytest.mark.parametrize("release", ["0.11.1", "0.17.0", "0.20.2", "0.33.0"])
def test_every_rank_of_every_group_joins_its_own_leader_with_arguments_that_the_release_knows(release: str) -> None:
    lws = lws_of(nodes=4, replicas=2, image=f"vllm/vllm-openai:v{release}")
    groups = lws_pods(lws)
    assert [len(group) for group in groups] == [4, 4]
    for group in groups:
        said = [understood(pod, release) for pod in group]
        assert [one["node_rank"] for one in said] == [0, 1, 2, 3]
        assert {one["nnodes"] for one in said} == {4}
        assert {one["master_port"] for one in said} == {29501}
        assert {resolve(one["master_addr"], lws) for one in said} == {group[0].ip}
        assert [one.get("headless", False) for one in said] == [False, True, True, True]
        assert {(one["tensor_parallel_size"], one["pipeline_parallel_size"]) for one in said} == {(8, 4)}
        assert {one["distributed_executor_backend"] for one in said} == {"mp"}


def test_the_leader_binds_to_its_own_address_and_the_workers_find_it_by_name() -> None:
    lws = lws_of()
    [[leader, worker]] = lws_pods(lws)
    assert understood(leader)["master_addr"] == leader.ip
    assert understood(worker)["master_addr"] == "r1-0.r1.llm"


def test_every_pod_tells_the_others_its_own_address() -> None:
    [[leader, worker]] = lws_pods(lws_of())
    assert leader.variables["VLLM_HOST_IP"] == leader.ip
    assert worker.variables["VLLM_HOST_IP"] == worker.ip


@pytest.mark.parametrize("name", ["VLLM_HOST_IP", "LWS_LEADER_ADDRESS", "LWS_WORKER_INDEX"])
def test_a_variable_that_differs_between_the_pods_cannot_be_said_for_all(name: str) -> None:
    with pytest.raises(ConflictError, match=rf"^[^ ]+/[^ ]+: env\['{name}'\]: .*take it out"):
        lws_of(env={name: "192.0.2.7"})


def test_the_address_of_the_node_may_be_that_of_the_pod() -> None:
    own = lws_of(env={"VLLM_HOST_IP": kplus.EnvValue.from_field_ref(kplus.EnvFieldPaths.NODE_IP)})
    for role in ("leader", "worker"):
        container = own["spec"]["leaderWorkerTemplate"][f"{role}Template"]["spec"]["containers"][0]
        [source] = [each["valueFrom"] for each in container["env"] if each["name"] == "VLLM_HOST_IP"]
        assert source == {"fieldRef": {"fieldPath": "status.hostIP"}}


def test_text_of_the_user_reaches_every_rank_as_it_is() -> None:
    template = "$(LWS_WORKER_INDEX) $$(HOME) $5"
    lws = lws_of(engine_args={"chat_template": template, "served_model_name": ["r1", "$(R1)"]})
    for pod in lws_pods(lws)[0]:
        said = understood(pod)
        assert said["chat_template"] == template
        assert said["served_model_name"] == ["r1", "$(R1)"]


@settings(max_examples=25)
@given(
    nodes=st.integers(2, 5),
    gpus=st.integers(1, 8),
    tensor=st.one_of(st.none(), st.sampled_from([1, 2, 4, 8, 16])),
    pipeline=st.one_of(st.none(), st.integers(1, 5)),
)
def test_what_synthesizes_gives_every_gpu_of_every_node_one_rank(
    nodes: int, gpus: int, tensor: int | None, pipeline: int | None
) -> None:
    said = {"tensor_parallel_size": tensor, "pipeline_parallel_size": pipeline}
    sizes = {name: size for name, size in said.items() if size is not None}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", VllmCdk8sWarning)
        try:
            lws = lws_of(nodes=nodes, gpus=gpus, engine_args=sizes, model="/models/mine")
        except ConflictError:
            asked = math.prod(sizes.values()) if len(sizes) == 2 else None
            assert asked is None or asked > nodes * gpus or asked % nodes
            return
    ranks: list[int] = []
    for pod in lws_pods(lws)[0]:
        one = understood(pod)
        # vLLM's own arithmetic: MultiprocExecutor and ParallelConfig.local_world_size.
        world = one.get("tensor_parallel_size", 1) * one.get("pipeline_parallel_size", 1)
        assert world % one["nnodes"] == 0
        local = world // one["nnodes"]
        assert local <= gpus
        ranks += range(one["node_rank"] * local, (one["node_rank"] + 1) * local)
    assert ranks == list(range(world))


def test_copies_are_spread_over_the_nodes_and_numbered_by_the_ranks() -> None:
    settings_ = {"data_parallel_size": 4, "enable_expert_parallel": True}
    lws = lws_of(engine_args=settings_)
    for pod in lws_pods(lws)[0]:
        one = understood(pod)
        assert (one["data_parallel_size"], one["tensor_parallel_size"]) == (4, 4)
        # vLLM's own arithmetic: EngineArgs.create_engine_config.
        local_world = 4 * 4 // one["nnodes"]
        first = one["node_rank"] * local_world // 4
        assert (first, max(local_world // 4, 1)) == (2 * one["node_rank"], 2)


def test_one_gpu_on_each_node_becomes_a_pipeline_over_the_nodes() -> None:
    lws = lws_of(nodes=3, gpus=1, model="/models/mine")
    assert {understood(pod)["pipeline_parallel_size"] for pod in lws_pods(lws)[0]} == {3}


def test_a_tensor_may_span_the_nodes() -> None:
    lws = lws_of(engine_args={"tensor_parallel_size": 16})
    one = understood(lws_pods(lws)[0][1])
    assert (one["tensor_parallel_size"], one.get("pipeline_parallel_size", 1)) == (16, 1)


def test_what_vllm_refuses_beside_headless_stays_with_the_leader() -> None:
    for options in (
        {"engine_args": {"api_server_count": 2}},
        {"extra_args": ["--api-server-count", "2", "--seed=1"]},
        {"extra_args": ["--api_server_count=2", "--seed=1"]},
        {"extra_args": ["-asc", "2", "--seed=1"]},
    ):
        leader, worker = (understood(pod) for pod in lws_pods(lws_of(**options))[0])
        assert leader["api_server_count"] == 2
        assert "api_server_count" not in worker
        assert leader.get("seed") == worker.get("seed")


def test_a_master_port_of_the_users_is_said_once() -> None:
    lws = lws_of(engine_args={"master_port": 30000})
    for pod in lws_pods(lws)[0]:
        assert [word for word in pod.argv if word.startswith("--master-port")] == ["--master-port=30000"]


# The group.


def test_the_set_is_what_the_documentation_asks_for() -> None:
    spec = lws_of(nodes=3, replicas=2)["spec"]
    assert spec["replicas"] == 2
    assert spec["rolloutStrategy"] == {
        "type": "RollingUpdate",
        "rollingUpdateConfiguration": {"maxUnavailable": 1, "maxSurge": 0},
    }
    assert spec["startupPolicy"] == "LeaderCreated"
    group = spec["leaderWorkerTemplate"]
    assert (group["size"], group["restartPolicy"]) == (3, "RecreateGroupOnPodRestart")


def test_only_the_leader_serves() -> None:
    chart = new_chart(namespace="llm")
    server = server_in(chart)
    service = the(chart, "Service")
    assert service["spec"]["selector"] == {**server.selector, "leaderworkerset.sigs.k8s.io/worker-index": "0"}
    leader, worker = containers(the(chart, "LeaderWorkerSet"))
    assert [port["name"] for port in leader["ports"]] == ["http"]
    assert "ports" not in worker
    assert server.url == "http://r1-leader.llm:8000"
    assert service["metadata"]["name"] == "r1-leader"


def test_pods_are_all_pods_and_leader_pods_those_that_serve() -> None:
    chart = new_chart()
    server = server_in(chart)
    port = [kplus.ServicePort(port=80)]
    for name, pods in (("all", server.pods), ("leaders", server.leader_pods)):
        kplus.Service(chart, name, metadata=cdk8s.ApiObjectMetadata(name=name), ports=port, selector=pods)
    selectors = {one["metadata"]["name"]: one["spec"]["selector"] for one in of_kind(chart, "Service")}
    assert selectors["all"] == server.selector
    assert selectors["leaders"] == {**server.selector, "leaderworkerset.sigs.k8s.io/worker-index": "0"}
    template = the(chart, "LeaderWorkerSet")["spec"]["leaderWorkerTemplate"]
    for role in ("leader", "worker"):
        assert template[f"{role}Template"]["metadata"]["labels"].items() >= server.selector.items()


def test_the_workers_have_everything_else_that_the_leader_has() -> None:
    lws = lws_of(
        hf_token=SecretKey("hf", "token"), env={"NCCL_DEBUG": "INFO"}, runtime_class="nvidia",
        resources=Resources(limits={"memory": "900Gi"}), tolerations=[{"key": "gpu", "operator": "Exists"}],
    )  # fmt: skip
    template = lws["spec"]["leaderWorkerTemplate"]
    leader, worker = template["leaderTemplate"]["spec"], template["workerTemplate"]["spec"]
    assert {**leader, "containers": None} == {**worker, "containers": None}
    serving, headless = containers(lws)
    apart = {"args", "ports", "startupProbe", "livenessProbe", "readinessProbe"}
    assert {name: value for name, value in serving.items() if name not in apart} == {
        name: value for name, value in headless.items() if name not in apart
    }
    assert leader["volumes"] == worker["volumes"]


def test_shared_memory_is_there_even_with_one_gpu_in_each_pod() -> None:
    for gpus, size in ((1, "2Gi"), (8, "8Gi")):
        spec = lws_of(gpus=gpus, model="/models/mine")["spec"]["leaderWorkerTemplate"]["workerTemplate"]["spec"]
        [shm] = [volume["emptyDir"] for volume in spec["volumes"] if volume["name"] == "shm"]
        assert shm == {"medium": "Memory", "sizeLimit": size}
    spec = lws_of(gpus=1, model="/models/mine", shm_size="16Gi")["spec"]["leaderWorkerTemplate"]["leaderTemplate"][
        "spec"
    ]
    assert spec["volumes"][1]["emptyDir"]["sizeLimit"] == "16Gi"


def test_running_requests_keep_their_workers_until_the_leader_has_answered_them() -> None:
    template = lws_of(drain_seconds=60)["spec"]["leaderWorkerTemplate"]
    leader, worker = template["leaderTemplate"]["spec"], template["workerTemplate"]["spec"]
    assert leader["containers"][0]["lifecycle"]["preStop"]["exec"]["command"] == ["sleep", "10"]
    assert worker["containers"][0]["lifecycle"]["preStop"]["exec"]["command"] == ["sleep", "60"]
    assert worker["terminationGracePeriodSeconds"] == leader["terminationGracePeriodSeconds"] == 75


def test_drop_cache_is_for_every_node() -> None:
    chart = new_chart()
    server = server_in(chart, drop_cache=DropCacheWrapper(chart, "drop-cache"))
    leader, worker = containers(the(chart, "LeaderWorkerSet"))
    assert leader["command"] == worker["command"]
    assert leader["command"][:2] == ["/bin/sh", "-c"]
    assert leader["securityContext"]["privileged"] is worker["securityContext"]["privileged"] is True
    assert server.pod_security_level == "privileged"


def test_a_patch_reaches_leader_and_workers() -> None:
    chart = new_chart()
    server_in(chart).patch_pod("/spec/hostNetwork", value=True)
    template = the(chart, "LeaderWorkerSet")["spec"]["leaderWorkerTemplate"]
    assert [template[f"{role}Template"]["spec"]["hostNetwork"] for role in ("leader", "worker")] == [True, True]


def test_the_pods_are_baseline_unless_asked_otherwise() -> None:
    assert server_in(new_chart()).pod_security_level == "baseline"


# The workers' probes.


def probe_of(lws: Mapping[str, Any], role: str = "livenessProbe") -> dict[str, Any]:
    found: dict[str, Any] = containers(lws)[1][role]
    return found


def test_workers_dial_the_leader_where_the_leader_is_asked_for_its_health() -> None:
    lws = lws_of(port=9000)
    leader, worker = containers(lws)
    for role in ("startupProbe", "livenessProbe", "readinessProbe"):
        assert "httpGet" in leader[role]
        assert "httpGet" not in worker[role]
        command = worker[role]["exec"]["command"]
        assert command[:2] == ["python3", "-c"]
        assert command[3:] == ["LWS_LEADER_ADDRESS", "9000", str(worker[role]["timeoutSeconds"])]
        same = ("periodSeconds", "timeoutSeconds")
        assert [leader[role][name] for name in same] == [worker[role][name] for name in same]


def test_a_worker_outwaits_its_leader_so_that_the_leader_decides_on_the_start() -> None:
    lws = lws_of(probes=None)
    leader, worker = (container["startupProbe"] for container in containers(lws))
    budget = [
        one["initialDelaySeconds"] + one["periodSeconds"] * (one["failureThreshold"] - 1) for one in (leader, worker)
    ]
    # R1 takes longer than ten minutes, and so it gets longer.
    assert budget[0] > 600
    assert budget[1] >= budget[0] + 600


def test_without_a_startup_probe_the_workers_liveness_waits_longer() -> None:
    chart = new_chart()
    liveness = HttpProbe(initial_delay_seconds=600)
    server_in(chart, probes=ManualProbes(chart, "probes", startup=None, liveness=liveness, readiness=HttpProbe()))
    leader, worker = containers(the(chart, "LeaderWorkerSet"))
    assert "startupProbe" not in worker
    assert worker["livenessProbe"]["initialDelaySeconds"] == leader["livenessProbe"]["initialDelaySeconds"] + 600


def test_a_probe_that_is_off_is_off_for_the_workers_too() -> None:
    chart = new_chart()
    with pytest.warns(VllmCdk8sWarning, match="liveness"):
        probes = ManualProbes(chart, "probes", liveness=None)
    server_in(chart, probes=probes)
    assert "livenessProbe" not in containers(the(chart, "LeaderWorkerSet"))[1]


def run_probe(probe: Mapping[str, Any], address: str, port: int) -> int:
    command = [str(port) if word == "8000" else word for word in probe["exec"]["command"]]
    python = shutil.which(command[0])
    assert python is not None
    environment = {**os.environ, "LWS_LEADER_ADDRESS": address}
    return subprocess.run([python, *command[1:]], env=environment, capture_output=True, check=False).returncode


def test_the_probe_succeeds_while_the_leader_answers_and_fails_when_it_has_gone() -> None:
    probe = probe_of(lws_of())
    with closing(socket.create_server(("127.0.0.1", 0))) as leader:
        port = leader.getsockname()[1]
        assert run_probe(probe, "127.0.0.1", port) == 0
    assert run_probe(probe, "127.0.0.1", port) != 0
    assert run_probe(probe, "no-such-leader.invalid", port) != 0


# What cannot work.


def refused(match: str, option: str, **options: Any) -> None:
    with pytest.raises((ConflictError, InvalidOptionError), match=match) as caught:
        server_in(new_chart(), **options)
    assert caught.value.option == option


@pytest.mark.parametrize("nodes", [0, 1, -1, "2", 2.0, True])
def test_a_number_of_nodes_that_is_none_is_refused(nodes: Any) -> None:
    refused("allowed", "nodes", nodes=nodes)


def test_one_node_is_sent_to_the_server_for_one() -> None:
    refused("VllmServer", "nodes", nodes=1)


@pytest.mark.parametrize("release", ["0.10.2", "0.11.0"])
def test_releases_that_need_ray_are_sent_there(release: str) -> None:
    refused(r"begins with 0\.11\.1; use RayVllmServer", "nodes", image=f"vllm/vllm-openai:v{release}")


def test_sizes_that_the_nodes_cannot_share_evenly_are_refused() -> None:
    refused(
        "asks for 8 GPUs, which 3 nodes", "nodes", nodes=3, gpus=4, model="/models/mine",
        engine_args={"tensor_parallel_size": 8},
    )  # fmt: skip
    refused("asks for 1 GPUs, which 2 nodes", "nodes", gpus=None, model="/models/mine")


def test_more_gpus_than_there_are_on_all_nodes_are_refused() -> None:
    refused(
        "32 of 16 GPUs", "tensor_parallel_size", engine_args={"tensor_parallel_size": 8, "pipeline_parallel_size": 4}
    )


@pytest.mark.parametrize(
    ("engine_args", "hint"),
    [
        ({"nnodes": 2}, "use nodes="),
        ({"node_rank": 0}, "take it out"),
        ({"master_addr": "10.0.0.1"}, "take it out"),
        ({"headless": True}, "take it out"),
        ({"data_parallel_external_lb": True}, "there is one; say data_parallel_size"),
        ({"data_parallel_hybrid_lb": True}, "there is one; say data_parallel_size"),
        ({"data_parallel_start_rank": 1}, "each pod works out its own"),
        ({"distributed_executor_backend": "ray"}, "RayVllmServer"),
    ],
)
def test_what_the_construct_says_itself_is_refused(engine_args: dict[str, Any], hint: str) -> None:
    [name] = engine_args
    refused(hint, name, engine_args=engine_args)


def test_the_same_as_raw_arguments_is_refused() -> None:
    refused("use nodes=", "nnodes", extra_args=["--nnodes=2"])
    refused("take it out", "headless", unchecked_args=["--headless"])
    refused("RayVllmServer", "distributed_executor_backend", extra_args=["--distributed-executor-backend", "ray"])


def test_copies_that_need_several_nodes_each_are_sent_to_replicas() -> None:
    refused(
        "replicas=", "data_parallel_size", nodes=4, gpus=8, engine_args={
            "data_parallel_size": 2, "tensor_parallel_size": 16, "enable_expert_parallel": True,
        },
    )  # fmt: skip
    refused("RayVllmServer", "data_parallel_backend", engine_args={
        "data_parallel_size": 2, "data_parallel_backend": "ray", "enable_expert_parallel": True,
    })  # fmt: skip


def test_copies_of_a_dense_model_warn() -> None:
    with pytest.warns(VllmCdk8sWarning, match="mixture of experts"):
        server_in(new_chart(), engine_args={"data_parallel_size": 2, "tensor_parallel_size": 8}, model="/models/mine")


def test_a_port_that_the_leader_has_for_its_workers_is_refused() -> None:
    refused("29501 is a port", "port", port=29501)
    refused("8000 is a port", "port", engine_args={"master_port": 8000})


def test_a_claim_that_one_node_can_mount_is_refused() -> None:
    chart = new_chart()
    for mode in ("ReadWriteOnce", "ReadWriteOncePod"):
        storage = ModelStorage(chart, f"claim-{mode}", access_mode=mode)
        refused(f"a {mode} claim cannot be mounted by 2 nodes", "storage", storage=storage)


def test_a_claim_of_unknown_access_mode_warns() -> None:
    chart = new_chart()
    with pytest.warns(VllmCdk8sWarning, match="access mode is not known"):
        server_in(chart, storage=ModelStorage.from_claim(chart, "models", "shared"))


def test_storage_that_every_node_reaches_is_fine() -> None:
    chart = new_chart()
    for index, storage in enumerate((
        ModelStorage(chart, "rwx", size="800Gi", access_mode="ReadWriteMany"),
        ModelStorage.from_claim(chart, "rox", "shared", access_mode="ReadOnlyMany"),
        ModelStorage.direct_host_path(chart, "each", path="/data"),
        ModelStorage.none(chart, "none"),
        ModelStorage.host_path(chart, "pinned", path="/data", node="dgx-1"),
    )):  # fmt: skip
        server = MultiNodeVllmServer(chart, f"s{index}", model=MODEL, image=IMAGE, nodes=2, gpus=8, storage=storage)
        assert server.storage is storage


def test_no_storage_at_all_says_what_there_is() -> None:
    with pytest.raises(InvalidOptionError, match=r"ModelStorage\.nfs"):
        MultiNodeVllmServer(new_chart(), "big", model=MODEL, nodes=2, storage=None)  # type: ignore[arg-type]


def test_a_misspelt_option_names_the_nearest() -> None:
    refused("did you mean 'replicas'", "replica", replica=2)
    refused("did you mean 'shm_size'", "shmsize", shmsize="2Gi")


def test_names_leave_room_for_those_of_the_pods_and_their_revisions() -> None:
    # 63 for the label controller-revision-hash: the workers' StatefulSet is <name>-<group>, its hash 10 digits.
    longest = "a" * (63 - len("-0-") - 10)
    server_in(new_chart(), name=longest)
    refused("allowed: 50", "name", name=longest + "a")
    refused("allowed: 49", "name", name=longest, replicas=11)
    refused("begins with a digit", "name", name="1r")


def test_a_name_of_cdk8s_making_that_is_too_long_says_so() -> None:
    chart = new_chart("a-chart-with-quite-a-long-name-for-a-big-model")
    refused_storage = storage_of(chart)
    with pytest.raises(InvalidOptionError, match="say a shorter name="):
        MultiNodeVllmServer(chart, "big", model=MODEL, image=IMAGE, nodes=2, gpus=8, storage=refused_storage)


def test_two_servers_of_one_name_are_refused_whatever_their_shape() -> None:
    chart = new_chart()
    server_in(chart)
    with pytest.raises(ConflictError, match="two LeaderWorkerSets"):
        MultiNodeVllmServer(
            chart,
            "again",
            model=MODEL,
            image=IMAGE,
            nodes=2,
            gpus=8,
            name="r1",
            storage=storage_of(cdk8s.Chart(chart, "x")),
        )
    with pytest.raises(ConflictError, match="r1"):
        VllmServer(chart, "small", model=MODEL, image=IMAGE, gpus=16, name="r1", instance="other")
    with pytest.raises(ConflictError, match="r1-leader"):
        VllmServer(chart, "third", model=MODEL, image=IMAGE, gpus=16, name="r1-leader")


# What stands around it.


def test_the_leaders_ports_for_its_workers_are_known() -> None:
    chart = new_chart()
    assert server_in(chart).internode_ports == (8000, 29501)
    copies = {"data_parallel_size": 2, "enable_expert_parallel": True, "data_parallel_rpc_port": 30000}
    assert server_in(new_chart(), port=9000, engine_args=copies).internode_ports == (9000, 29501, 30000)


def test_a_network_policy_lets_the_pods_reach_each_other_on_every_port() -> None:
    chart = new_chart(namespace="llm")
    server = server_in(chart)
    ServerNetworkPolicy(chart, "policy", server=server, clients=["web"], egress=[])
    policy = the(chart, "NetworkPolicy")["spec"]
    everybody = {"podSelector": {"matchLabels": server.selector}}
    among = [rule["from"] for rule in policy["ingress"] if not rule.get("ports")]
    assert [[{"podSelector": peer["podSelector"]} for peer in peers] for peers in among] == [[everybody]]
    assert any(
        peer.get("podSelector") == everybody["podSelector"] for rule in policy["egress"] for peer in rule.get("to", ())
    )


def test_it_runs_as_an_ordinary_user_downloads_beforehand_and_is_tested() -> None:
    chart = new_chart(namespace="llm")
    models = ModelStorage.nfs(chart, "models", server="nfs", path="/models", mount_path="/home/vllm/.cache")
    server = server_in(chart, storage=models, non_root=NonRoot(), download=InitDownload(), drain_seconds=30)
    SmokeTest(chart, "smoke", server=server)
    assert server.pod_security_level == "restricted"
    template = the(chart, "LeaderWorkerSet")["spec"]["leaderWorkerTemplate"]
    downloads = [template[f"{role}Template"]["spec"]["initContainers"] for role in ("leader", "worker")]
    assert downloads[0] == downloads[1]
    assert f"--url={server.url}" in the(chart, "Job")["spec"]["template"]["spec"]["containers"][0]["args"]
    assert_valid(documents(chart))


def test_it_costs_no_more_calls_than_a_server_on_one_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    chart = new_chart()
    storage = storage_of(chart)
    calls = 0
    send = jsii._kernel.providers.process._NodeProcess.send

    def counting(self: Any, *arguments: Any, **options: Any) -> Any:
        nonlocal calls
        calls += 1
        return send(self, *arguments, **options)

    monkeypatch.setattr(jsii._kernel.providers.process._NodeProcess, "send", counting)
    server_in(chart, storage=storage)
    assert calls <= 15


def test_shared_memory_of_the_users_own_is_left_alone() -> None:
    own = {"name": "mine", "emptyDir": {"medium": "Memory"}}
    lws = lws_of(
        gpus=1, model="/models/mine", volumes=[own], volume_mounts=[{"name": "mine", "mountPath": "/dev/shm/"}]  # noqa: S108 - the pod's
    )  # fmt: skip
    volumes = lws["spec"]["leaderWorkerTemplate"]["workerTemplate"]["spec"]["volumes"]
    assert [volume["name"] for volume in volumes] == ["model-storage", "mine"]


@pytest.mark.parametrize("index", range(len(snippets("multi-node.md"))))
def test_what_the_documentation_shows_runs(index: int) -> None:
    run(snippets("multi-node.md")[index], new_chart(namespace="llm"))


# The YAML.


def test_two_groups_of_two_nodes(snapshot: SnapshotAssertion) -> None:
    chart = new_chart(namespace="llm")
    server_in(chart, replicas=2, probes=SlowStartProbes(chart, "probes", max_startup_seconds=3600), drain_seconds=120)
    assert_golden(chart, snapshot)


def test_whatever_is_asked_for_is_valid() -> None:
    chart = new_chart(namespace="llm")
    account = kplus.ServiceAccount(chart, "account")
    server_in(
        chart, name=None, replicas=0, service_type="LoadBalancer", service_account=account, host="::", port=9000,
        service_port=80, labels={"team": "a"}, annotations={"leaderworkerset.sigs.k8s.io/exclusive-topology": "rack"},
        hf_token=SecretKey("hf", "token"), node_selector={"gpu": "h100"}, priority_class="high",
        acknowledge={"VC502": "internal clients only"},
        drop_cache=DropCacheWrapper(chart, "drop-cache"), shm_size="32Gi", instance="r1", app_name="deepseek",
    )  # fmt: skip
    assert_valid(documents(chart))


def test_a_server_without_a_name_labels_itself_with_the_name_it_gets() -> None:
    chart = new_chart()
    server = server_in(chart, name=None)
    lws = the(chart, "LeaderWorkerSet")
    assert lws["metadata"]["labels"]["app.kubernetes.io/instance"] == lws["metadata"]["name"] == server.name
    assert_valid(documents(chart))


def test_synthesis_is_the_same_each_time() -> None:
    first, second = new_chart(), new_chart()
    server_in(first)
    server_in(second)
    assert to_yaml(first) == to_yaml(second)
