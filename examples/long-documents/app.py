"""Questions about the same long documents: what was read once is kept in host memory and on a disk, and traced."""

from cdk8s import App, Chart
from constructs import Construct

from vllm_cdk8s import (
    AccessLog,
    KvEvents,
    KvOffload,
    ModelStorage,
    ServerNetworkPolicy,
    SlowStartProbes,
    Tracing,
    VllmServer,
)

MODEL = "Qwen/Qwen2.5-14B-Instruct"


class DocumentsChart(Chart):
    def __init__(self, scope: Construct, id: str) -> None:
        super().__init__(scope, id, namespace="documents")

        server = VllmServer(
            self,
            "qwen",
            name="qwen",
            model=MODEL,
            image="vllm/vllm-openai:v0.32.0",
            gpus=1,
            gpu="H100",
            engine_args={"max_model_len": 32768},
            storage=ModelStorage(self, "models", name="models", size="100Gi"),
            # A document that was read is found again in memory, and behind that on the node's own disk.
            kv_offload=KvOffload(host="128Gi", disk="1Ti"),
            # Routers learn which pod has read what.
            kv_events=KvEvents(),
            # The second start compiles and profiles nothing.
            fast_start=True,
            # One request in twenty, and all whose caller traces them.
            tracing=Tracing(endpoint="http://otel-collector.observability:4317", sample=0.05),
            access_log=AccessLog(),
            probes=SlowStartProbes(self, "probes", max_startup_seconds=900),
            node_selector={"nvidia.com/gpu.product": "NVIDIA-H100-80GB-HBM3"},
        )
        ServerNetworkPolicy(self, "policy", name="qwen", server=server, clients=["library"], scrapers=["monitoring"])


app = App()
DocumentsChart(app, "documents")
app.synth()
