"""Servers that wait in Kueue's queue for GPUs: production is let in first, and a group over two machines as a whole."""

from cdk8s import App, Chart
from constructs import Construct

from vllm_cdk8s import KueueQueue, ModelStorage, MultiNodeVllmServer, SecretKey, SlowStartProbes, VllmServer

IMAGE = "vllm/vllm-openai:v0.32.0"
GPU_TAINT = [{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}]


class QueuedChart(Chart):
    def __init__(self, scope: Construct, id: str) -> None:
        super().__init__(scope, id, namespace="queued")

        storage = ModelStorage.nfs(
            self,
            "models",
            server="nfs.example.com",
            path="/models",
            size="2Ti",
            name="models",
            volume_name="queued-models",
        )
        # Both machines are let in together, or neither: half of a group would hold GPUs and serve nobody. And both
        # are of one rack, since each token crosses the network between them many times.
        MultiNodeVllmServer(
            self,
            "large",
            name="large",
            model="meta-llama/Llama-3.1-405B-Instruct-FP8",
            image=IMAGE,
            nodes=2,
            gpu="H100",
            gpus=8,
            engine_args={"max_model_len": 16384},
            hf_token=SecretKey("huggingface", "token"),
            storage=storage,
            kueue=KueueQueue(name="serving", priority="production", topology="topology.kubernetes.io/rack"),
            probes=SlowStartProbes(self, "large-probes", max_startup_seconds=3600),
            tolerations=GPU_TAINT,
        )
        # Pod by pod: Kueue lets in as many replicas as there is quota for, and takes them back for production.
        VllmServer(
            self,
            "batch",
            name="batch",
            model="Qwen/Qwen2.5-32B-Instruct",
            image=IMAGE,
            gpu="H100",
            gpus=2,
            replicas=4,
            engine_args={"max_model_len": 16384},
            storage=storage,
            kueue=KueueQueue(name="serving", priority="batch"),
            drain_seconds=60,
            tolerations=GPU_TAINT,
        )


app = App()
QueuedChart(app, "queued")
app.synth()
