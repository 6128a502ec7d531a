"""One of the three programs that are compared: the same server as literal dictionaries, the floor of cdk8s."""

from typing import Any

from cdk8s import ApiObject, ApiObjectMetadata, Chart, JsonPatch


def add_server(chart: Chart, index: int, *, named: bool) -> None:
    name = f"server-{index}"

    def add(suffix: str, api_version: str, kind: str, labels: dict[str, str], object_name: str) -> ApiObject:
        return ApiObject(
            chart,
            f"{name}-{suffix}",
            api_version=api_version,
            kind=kind,
            metadata=ApiObjectMetadata(name=object_name if named else None, labels=labels),
        )

    labels = {"app.kubernetes.io/name": "vllm", "app.kubernetes.io/instance": name}
    claim = add("claim", "v1", "PersistentVolumeClaim", labels, f"{name}-pvc")
    account = add("account", "v1", "ServiceAccount", labels, name)
    deployment = add("deployment", "apps/v1", "Deployment", labels, name)
    service = add("service", "v1", "Service", labels, name)

    claim.add_json_patch(
        JsonPatch.add("/spec", {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "50Gi"}}})
    )
    account.add_json_patch(JsonPatch.add("/automountServiceAccountToken", False))  # noqa: FBT003 - a value of JSON
    deployment.add_json_patch(
        JsonPatch.add(
            "/spec",
            deployment_spec(
                labels,
                claim=f"{name}-pvc" if named else claim.name,
                account=name if named else account.name,
            ),
        )
    )
    ports = [{"name": "http", "port": 8000, "targetPort": 8000}]
    service.add_json_patch(JsonPatch.add("/spec", {"ports": ports, "selector": labels, "type": "ClusterIP"}))


def deployment_spec(labels: dict[str, str], *, claim: str, account: str) -> dict[str, Any]:
    def probe(**numbers: int) -> dict[str, Any]:
        return {"httpGet": {"path": "/health", "port": "http"}, **numbers}

    cache = "/root/.cache"
    container = {
        "name": "vllm",
        "image": "vllm/vllm-openai:v0.20.2",
        "imagePullPolicy": "IfNotPresent",
        "command": ["vllm", "serve"],
        "args": [
            "Qwen/Qwen2.5-7B-Instruct",
            "--host=0.0.0.0",
            "--port=8000",
            "--max-model-len=8192",
            "--gpu-memory-utilization=0.9",
            '--compilation-config={"cudagraph_mode":"FULL_AND_PIECEWISE"}',
        ],
        "ports": [{"name": "http", "containerPort": 8000, "protocol": "TCP"}],
        "env": [
            {"name": "HF_HOME", "value": f"{cache}/huggingface"},
            {"name": "VLLM_CACHE_ROOT", "value": f"{cache}/vllm"},
            {"name": "TRITON_CACHE_DIR", "value": f"{cache}/triton"},
            {"name": "TORCHINDUCTOR_CACHE_DIR", "value": f"{cache}/torchinductor"},
        ],
        "resources": {"limits": {"nvidia.com/gpu": 1}},
        "volumeMounts": [{"name": "model-storage", "mountPath": cache}],
        "securityContext": {"allowPrivilegeEscalation": False},
        "startupProbe": probe(initialDelaySeconds=30, periodSeconds=15, timeoutSeconds=10, failureThreshold=39),
        "livenessProbe": probe(periodSeconds=30, timeoutSeconds=10, failureThreshold=3),
        "readinessProbe": probe(periodSeconds=10, timeoutSeconds=5, failureThreshold=2),
    }
    return {
        "replicas": 1,
        "selector": {"matchLabels": labels},
        "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1}},
        "progressDeadlineSeconds": 1200,
        "template": {
            "metadata": {"labels": labels},
            "spec": {
                "serviceAccountName": account,
                "automountServiceAccountToken": False,
                "enableServiceLinks": False,
                "containers": [container],
                "volumes": [{"name": "model-storage", "persistentVolumeClaim": {"claimName": claim}}],
            },
        },
    }
