"""What the field has learned the hard way, one test for each pain."""

from typing import Any

import cdk8s
import pytest

from vllm_cdk8s import (
    Alerts,
    Autoscaling,
    ConflictError,
    Dashboard,
    InvalidOptionError,
    KaiShare,
    ModelStorage,
    MultiNodeVllmServer,
    NonRoot,
    PodMonitor,
    QueueAutoscaler,
    Resources,
    SecretKey,
    ServerNetworkPolicy,
    SlowStartProbes,
    VllmCdk8sWarning,
    VllmServer,
)
from vllm_cdk8s.core.monitoring.metrics import metric

MODEL = "Qwen/Qwen2.5-7B-Instruct"
RELEASED = "vllm/vllm-openai:v0.20.2"


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, VllmServer]:
    chart = cdk8s.Chart(cdk8s.App(outdir=str(tmp_path_factory.mktemp("pains"))), "pains")
    options: dict[str, dict[str, Any]] = {
        "plain": {"gpus": 1},
        "two-gpus": {"gpus": 2},
        "slow": {"gpus": 1, "probes": SlowStartProbes(chart, "probes", max_startup_seconds=3600)},
        "drained": {"gpus": 1, "drain_seconds": 90},
        "drained-old": {"gpus": 1, "drain_seconds": 90, "image": "vllm/vllm-openai:v0.11.0"},
        "secret": {"gpus": 1, "hf_token": SecretKey("hf", "token"), "api_key": SecretKey("vllm", "key")},
        "scaled": {
            "gpus": 1,
            "autoscaling": Autoscaling(max_replicas=1),
            "resources": Resources(requests={"cpu": "4"}),
        },
        "non-root": {"gpus": 1, "non_root": NonRoot()},
        "fraction": {
            "kai": KaiShare(queue="team", gpu_fraction=0.5),
            "engine_args": {"gpu_memory_utilization": 0.45},
        },
    }
    return {key: VllmServer(chart, key, **{"model": MODEL, "image": RELEASED, **own}) for key, own in options.items()}


def spec(server: VllmServer) -> dict[str, Any]:
    return dict(server.deployment.to_json()["spec"])


def pod(server: VllmServer) -> dict[str, Any]:
    return dict(spec(server)["template"]["spec"])


def container(server: VllmServer) -> dict[str, Any]:
    return dict(pod(server)["containers"][0])


def env(server: VllmServer) -> dict[str, Any]:
    return {entry["name"]: entry.get("value", entry.get("valueFrom")) for entry in container(server)["env"]}


def test_a_service_named_vllm_injects_no_port(servers: dict[str, VllmServer]) -> None:
    for server in servers.values():
        assert pod(server)["enableServiceLinks"] is False
        assert "VLLM_PORT" not in env(server)


def test_nccl_has_more_than_64_mib_of_shared_memory(servers: dict[str, VllmServer]) -> None:
    shm = next(volume for volume in pod(servers["two-gpus"])["volumes"] if volume["name"] == "shm")
    assert shm == {"name": "shm", "emptyDir": {"medium": "Memory", "sizeLimit": "2Gi"}}
    assert {"name": "shm", "mountPath": "/dev/shm"} in container(servers["two-gpus"])["volumeMounts"]  # noqa: S108
    assert "shm" not in [volume["name"] for volume in pod(servers["plain"])["volumes"]]


def test_a_rollout_never_waits_for_the_gpu_that_its_old_pod_holds(servers: dict[str, VllmServer]) -> None:
    for server in servers.values():
        assert spec(server)["strategy"] == {
            "type": "RollingUpdate",
            "rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1},
        }


def test_a_long_start_does_not_fail_the_rollout(servers: dict[str, VllmServer]) -> None:
    for server in servers.values():
        assert spec(server)["progressDeadlineSeconds"] > server.probes.startup_seconds
    assert spec(servers["slow"])["progressDeadlineSeconds"] > 3600


def test_requests_survive_a_shutdown(servers: dict[str, VllmServer]) -> None:
    new, old = servers["drained"], servers["drained-old"]
    assert container(new)["lifecycle"]["preStop"]["exec"]["command"] == ["sleep", "10"]
    assert "--shutdown-timeout=80" in container(new)["args"]
    assert container(old)["lifecycle"]["preStop"]["exec"]["command"] == ["sleep", "90"]
    assert not [arg for arg in container(old)["args"] if arg.startswith("--shutdown-timeout")]
    for server in (new, old):
        assert pod(server)["terminationGracePeriodSeconds"] > 90


def test_the_compile_caches_survive_a_restart(servers: dict[str, VllmServer]) -> None:
    for server in servers.values():
        for name in ("HF_HOME", "VLLM_CACHE_ROOT", "TRITON_CACHE_DIR", "TORCHINDUCTOR_CACHE_DIR"):
            assert env(server)[name].startswith(f"{server.storage.mount_path}/")


def test_no_token_stands_in_plain_yaml(servers: dict[str, VllmServer]) -> None:
    assert env(servers["secret"])["HF_TOKEN"] == {"secretKeyRef": {"name": "hf", "key": "token"}}
    assert env(servers["secret"])["VLLM_API_KEY"] == {"secretKeyRef": {"name": "vllm", "key": "key"}}


@pytest.mark.parametrize("name", ["HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "VLLM_API_KEY", "AWS_SECRET_ACCESS_KEY"])
def test_a_literal_token_is_refused_and_not_repeated(name: str, tmp_path: Any) -> None:
    chart = cdk8s.Chart(cdk8s.App(outdir=str(tmp_path)), "pains")
    with pytest.raises(InvalidOptionError, match=rf"env\['{name}'\]: a literal secret") as caught:
        VllmServer(chart, "literal", model=MODEL, gpus=1, env={name: "hf_thisIsTheSecret"})
    assert "thisIsTheSecret" not in str(caught.value)


def test_an_autoscaler_owns_the_replicas(servers: dict[str, VllmServer]) -> None:
    assert "replicas" not in spec(servers["scaled"])
    assert spec(servers["plain"])["replicas"] == 1


def test_the_root_filesystem_stays_writable_for_the_cdi_hook(servers: dict[str, VllmServer]) -> None:
    for server in servers.values():
        assert "readOnlyRootFilesystem" not in container(server)["securityContext"]


def test_a_user_other_than_root_can_write_home_and_caches(servers: dict[str, VllmServer]) -> None:
    server = servers["non-root"]
    mounts = [mount["mountPath"] for mount in container(server)["volumeMounts"]]
    for name in ("HOME", "HF_HOME", "VLLM_CACHE_ROOT", "TRITON_CACHE_DIR", "TORCHINDUCTOR_CACHE_DIR"):
        assert any(f"{env(server)[name]}/".startswith(f"{mount}/") for mount in mounts)


def test_a_vllm_that_takes_more_than_its_gpu_share_is_refused_since_kai_enforces_nothing(tmp_path: Any) -> None:
    chart = cdk8s.Chart(cdk8s.App(outdir=str(tmp_path)), "share")
    share = KaiShare(queue="team", gpu_fraction=0.5)
    with pytest.raises(
        ConflictError, match=r"^[^ ]+/[^ ]+: gpu_memory_utilization: 0.6 is above the share of 0.50 that kai= asks"
    ):
        VllmServer(chart, "greedy", model=MODEL, image=RELEASED, kai=share,
                   engine_args={"gpu_memory_utilization": 0.6})  # fmt: skip
    told = VllmServer(chart, "told", model=MODEL, image=RELEASED, kai=share)
    assert "--gpu-memory-utilization=0.5" in container(told)["args"]


def test_a_gpu_share_and_what_vllm_takes_agree(servers: dict[str, VllmServer]) -> None:
    template = spec(servers["fraction"])["template"]
    assert template["metadata"]["annotations"] == {"gpu-fraction": "0.5"}
    assert template["metadata"]["labels"]["kai.scheduler/queue"] == "team"
    assert template["spec"]["schedulerName"] == "kai-scheduler"
    assert "resources" not in template["spec"]["containers"][0]
    assert "--gpu-memory-utilization=0.45" in container(servers["fraction"])["args"]


def test_the_command_does_not_depend_on_the_images_entrypoint(servers: dict[str, VllmServer]) -> None:
    for server in servers.values():
        assert container(server)["command"] == ["vllm", "serve"]


def test_an_api_key_that_guards_v1_only_does_not_go_unnoticed(tmp_path: Any) -> None:
    chart = cdk8s.Chart(cdk8s.App(outdir=str(tmp_path)), "open")
    server = VllmServer(chart, "llama", model=MODEL, image=RELEASED, gpus=1, api_key=SecretKey("vllm", "key"))
    with pytest.warns(VllmCdk8sWarning, match=r"^api_key: it guards open/llama below /v1 only; /metrics"):
        cdk8s.Testing.synth(chart)
    ServerNetworkPolicy(chart, "policy", server=server, clients=["web"], scrapers=["monitoring"])
    [policy] = [each for each in cdk8s.Testing.synth(chart) if each["kind"] == "NetworkPolicy"]
    assert {port["port"] for rule in policy["spec"]["ingress"] for port in rule["ports"]} == {8000}


def test_a_gpu_server_scales_by_its_queue_and_not_by_its_cpu(tmp_path: Any) -> None:
    chart = cdk8s.Chart(cdk8s.App(outdir=str(tmp_path)), "queue")
    server = VllmServer(chart, "llama", model=MODEL, image=RELEASED, gpus=1, storage=ModelStorage.none(chart, "cache"))
    QueueAutoscaler(chart, "scale", server=server, prometheus_address="http://prometheus:9090", max_replicas=4)
    [scaled] = [each for each in cdk8s.Testing.synth(chart) if each["kind"] == "ScaledObject"]
    [trigger] = scaled["spec"]["triggers"]
    assert trigger["metadata"]["query"].startswith(f'sum(vllm:num_requests_waiting{{model_name="{MODEL}",')
    assert metric("num_requests_waiting", "0.20.2").labels == ("engine", "model_name")
    assert "replicas" not in spec(server)


@pytest.mark.parametrize(
    ("release", "name", "gone"),
    [
        ("v0.11.0", "vllm:kv_cache_usage_perc", "vllm:gpu_cache_usage_perc"),
        ("v0.12.0", "vllm:kv_cache_usage_perc", "vllm:gpu_cache_usage_perc"),
        ("v0.32.0", "vllm:kv_cache_usage_perc", "vllm:gpu_cache_usage_perc"),
    ],
)
def test_a_renamed_metric_is_asked_for_by_the_name_of_the_release(
    release: str, name: str, gone: str, tmp_path: Any
) -> None:
    chart = cdk8s.Chart(cdk8s.App(outdir=str(tmp_path)), "renamed")
    server = VllmServer(chart, "llama", model=MODEL, image=f"vllm/vllm-openai:{release}", gpus=1)
    PodMonitor(chart, "scrape", server=server)
    Alerts(chart, "alerts", server=server)
    Dashboard(chart, "dashboard", server=server)
    made = [each for each in cdk8s.Testing.synth(chart) if each["kind"] in ("PrometheusRule", "ConfigMap")]
    assert len(made) == 2
    for each in made:
        assert name in str(each)
        assert gone not in str(each)


def test_a_metric_that_is_gone_cannot_be_written() -> None:
    assert metric("gpu_cache_usage_perc", "0.11.2").series() == "vllm:gpu_cache_usage_perc"
    with pytest.raises(InvalidOptionError, match=r"is not a metric of vLLM 0\.12\.0; it was one until 0\.11\.2"):
        metric("gpu_cache_usage_perc", "0.12.0")


def test_a_worker_of_several_nodes_does_not_die_or_wait_unseen(tmp_path: Any) -> None:
    chart = cdk8s.Chart(cdk8s.App(outdir=str(tmp_path)), "nodes")
    server = MultiNodeVllmServer(
        chart, "big", model=MODEL, image=RELEASED, nodes=2, gpus=1, storage=ModelStorage.none(chart, "cache")
    )  # fmt: skip
    group = server.leader_worker_set.to_json()["spec"]["leaderWorkerTemplate"]
    assert group["restartPolicy"] == "RecreateGroupOnPodRestart"
    worker = group["workerTemplate"]["spec"]["containers"][0]
    for role in ("startupProbe", "livenessProbe", "readinessProbe"):
        # It dials the leader, whose address the controller gives; a worker has no port of its own.
        assert worker[role]["exec"]["command"][3:5] == ["LWS_LEADER_ADDRESS", "8000"]
        assert "socket.create_connection" in worker[role]["exec"]["command"][2]


def test_a_shutdown_timeout_that_kubernetes_would_cut_short_does_not_pass_in_silence(tmp_path: Any) -> None:
    chart = cdk8s.Chart(cdk8s.App(outdir=str(tmp_path)), "stop")
    options: dict[str, Any] = {"model": MODEL, "image": RELEASED, "gpus": 1}
    with pytest.raises(
        ConflictError, match=r"^[^ ]+/[^ ]+: shutdown_timeout: 90 is above the 80 s .* say drain_seconds=100 in its"
    ):
        VllmServer(chart, "cut", **options, drain_seconds=90, extra_args=["--shutdown-timeout=90"])
    with pytest.warns(VllmCdk8sWarning, match=r"^shutdown_timeout: 90 and the end of vLLM itself take more than"):
        VllmServer(chart, "unsaid", **options, engine_args={"shutdown_timeout": 90})
    within = VllmServer(chart, "within", **options, drain_seconds=90, engine_args={"shutdown_timeout": 60})
    assert "--shutdown-timeout=60" in container(within)["args"]
