"""One of the three programs that are compared: the same server as somebody who knows cdk8s-plus writes it by hand.

What kplus cannot say (GPUs, service links) is patched, and those of its defaults that hurt vLLM are undone.
"""

import cdk8s_plus_27 as kplus
from cdk8s import ApiObject, ApiObjectMetadata, Chart, Duration, JsonPatch, Size


def add_server(chart: Chart, index: int, *, named: bool) -> None:
    name = f"server-{index}"
    labels = {"app.kubernetes.io/name": "vllm", "app.kubernetes.io/instance": name}

    def metadata(object_name: str) -> ApiObjectMetadata:
        return ApiObjectMetadata(name=object_name if named else None, labels=labels)

    claim = kplus.PersistentVolumeClaim(
        chart,
        f"{name}-claim",
        metadata=metadata(f"{name}-pvc"),
        access_modes=[kplus.PersistentVolumeAccessMode.READ_WRITE_ONCE],
        storage=Size.gibibytes(50),
    )
    account = kplus.ServiceAccount(chart, f"{name}-account", metadata=metadata(name), automount_token=False)
    volume = kplus.Volume.from_persistent_volume_claim(chart, f"{name}-volume", claim, name="model-storage")
    deployment = kplus.Deployment(
        chart,
        f"{name}-deployment",
        metadata=metadata(name),
        pod_metadata=ApiObjectMetadata(labels=labels),
        replicas=1,
        service_account=account,
        automount_service_account_token=False,
        progress_deadline=Duration.seconds(1200),
        strategy=kplus.DeploymentStrategy.rolling_update(
            max_surge=kplus.PercentOrAbsolute.absolute(0), max_unavailable=kplus.PercentOrAbsolute.absolute(1)
        ),
        security_context=kplus.PodSecurityContextProps(ensure_non_root=False),
        select=False,
    )
    deployment.select(kplus.LabelSelector.of(labels=labels))
    container = deployment.add_container(
        name="vllm",
        image="vllm/vllm-openai:v0.20.2",
        image_pull_policy=kplus.ImagePullPolicy.IF_NOT_PRESENT,
        command=["vllm", "serve"],
        args=[
            "Qwen/Qwen2.5-7B-Instruct",
            "--host=0.0.0.0",
            "--port=8000",
            "--max-model-len=8192",
            "--gpu-memory-utilization=0.9",
            '--compilation-config={"cudagraph_mode":"FULL_AND_PIECEWISE"}',
        ],
        ports=[kplus.ContainerPort(name="http", number=8000, protocol=kplus.Protocol.TCP)],
        env_variables={
            "HF_HOME": kplus.EnvValue.from_value("/root/.cache/huggingface"),
            "VLLM_CACHE_ROOT": kplus.EnvValue.from_value("/root/.cache/vllm"),
            "TRITON_CACHE_DIR": kplus.EnvValue.from_value("/root/.cache/triton"),
            "TORCHINDUCTOR_CACHE_DIR": kplus.EnvValue.from_value("/root/.cache/torchinductor"),
        },
        resources=kplus.ContainerResources(),
        security_context=kplus.ContainerSecurityContextProps(
            ensure_non_root=False, read_only_root_filesystem=False, allow_privilege_escalation=False
        ),
        startup=kplus.Probe.from_http_get(
            "/health",
            port=8000,
            initial_delay_seconds=Duration.seconds(30),
            period_seconds=Duration.seconds(15),
            timeout_seconds=Duration.seconds(10),
            failure_threshold=39,
        ),
        liveness=kplus.Probe.from_http_get(
            "/health",
            port=8000,
            period_seconds=Duration.seconds(30),
            timeout_seconds=Duration.seconds(10),
            failure_threshold=3,
        ),
        readiness=kplus.Probe.from_http_get(
            "/health",
            port=8000,
            period_seconds=Duration.seconds(10),
            timeout_seconds=Duration.seconds(5),
            failure_threshold=2,
        ),
    )
    container.mount("/root/.cache", volume)
    pod = "/spec/template/spec"
    ApiObject.of(deployment).add_json_patch(
        JsonPatch.add(f"{pod}/enableServiceLinks", False),  # noqa: FBT003 - a value of JSON
        # As kplus's own serialization wants it: a plain 1 would become null without a word.
        JsonPatch.add(f"{pod}/containers/0/resources", {"limits": {"nvidia.com/gpu": {"value": 1}}}),
    )
    kplus.Service(
        chart,
        f"{name}-service",
        metadata=metadata(name),
        type=kplus.ServiceType.CLUSTER_IP,
        ports=[kplus.ServicePort(name="http", port=8000, target_port=8000)],
        selector=kplus.Pods.select(chart, f"{name}-pods", labels=labels),
    )
