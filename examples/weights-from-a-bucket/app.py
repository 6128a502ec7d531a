"""A large model that is streamed from a bucket into the GPUs' memory: no disk holds it, no pod downloads it."""

from cdk8s import App, Chart
from constructs import Construct

from vllm_cdk8s import FastStart, ModelStorage, RunaiStreamer, S3Storage, SecretKey, SlowStartProbes, VllmServer

IMAGE = "vllm/vllm-openai:v0.32.0"


class StreamedChart(Chart):
    def __init__(self, scope: Construct, id: str) -> None:
        super().__init__(scope, id, namespace="streamed")

        # The weights stay in the bucket. What vLLM compiles is worth keeping, and is small.
        caches = ModelStorage(
            self, "caches", name="compiled", size="20Gi", access_mode="ReadWriteMany", storage_class="nfs"
        )
        VllmServer(
            self,
            "qwen",
            name="qwen",
            model="s3://models/Qwen2.5-72B-Instruct",
            image=IMAGE,
            gpu="H100",
            gpus=4,
            replicas=2,
            # Clients would otherwise have to ask for the address of the bucket.
            engine_args={"max_model_len": 16384, "served_model_name": "qwen"},
            streaming=RunaiStreamer(
                store=S3Storage(
                    endpoint="http://minio.storage:9000",
                    path_style=True,
                    access_key=SecretKey("minio", "access-key"),
                    secret_key=SecretKey("minio", "secret-key"),
                ),
                concurrency=16,
                # Each GPU's process reads a quarter and passes it on over NVLink.
                distributed=True,
            ),
            storage=caches,
            fast_start=FastStart(),
            drain_seconds=60,
            probes=SlowStartProbes(self, "probes", max_startup_seconds=1200),
            node_selector={"nvidia.com/gpu.product": "NVIDIA-H100-80GB-HBM3"},
            tolerations=[{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}],
        )


app = App()
StreamedChart(app, "streamed")
app.synth()
