"""Models that each GPU node has before anybody needs them, so that a new replica starts from the node's own disk."""

from cdk8s import App, Chart
from constructs import Construct

from vllm_cdk8s import NodeModelCache, PrivilegedNamespace, QueueAutoscaler, SecretKey, VllmServer

# The servers' own image fills the cache, so that it is on the nodes then too.
IMAGE = "vllm/vllm-openai:v0.32.0"
MODELS = {"chat": "meta-llama/Llama-3.1-8B-Instruct", "code": "Qwen/Qwen2.5-Coder-7B-Instruct"}
GPU_NODES = {"nvidia.com/gpu.present": "true"}
GPU_TAINT = [{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}]


class CachedChart(Chart):
    def __init__(self, scope: Construct, id: str) -> None:
        super().__init__(scope, id, namespace="cached")

        # Pods that mount a folder of their node are privileged to Kubernetes.
        PrivilegedNamespace(self, "namespace", name="cached")
        token = SecretKey("huggingface", "token")
        cache = NodeModelCache(
            self,
            "cache",
            name="models",
            models=list(MODELS.values()),
            path="/mnt/nvme/models",
            image=IMAGE,
            hf_token=token,
            node_selector=GPU_NODES,
            tolerations=GPU_TAINT,
        )
        for name, model in MODELS.items():
            server = VllmServer(
                self,
                name,
                name=name,
                model=model,
                image=IMAGE,
                gpu="L40S",
                gpus=1,
                engine_args={"max_model_len": 16384},
                hf_token=token,
                # Links what the node has, and downloads where it has not; the pods prefer nodes that do.
                download=cache.download(),
                drain_seconds=60,
                node_selector=GPU_NODES,
                tolerations=GPU_TAINT,
            )
            QueueAutoscaler(
                self,
                f"{name}-scaler",
                name=name,
                server=server,
                min_replicas=1,
                max_replicas=6,
                prometheus_address="http://prometheus.monitoring:9090",
            )


app = App()
CachedChart(app, "cached")
app.synth()
