"""A model that is too big for one GPU: four of one machine, its weights split over all of them."""

from cdk8s import App, Chart
from constructs import Construct

from vllm_cdk8s import InitDownload, ModelStorage, SlowStartProbes, VllmServer, size_model

MODEL = "Qwen/Qwen2.5-72B-Instruct"
CONTEXT = 32768


class LlmChart(Chart):
    def __init__(self, scope: Construct, id: str) -> None:
        super().__init__(scope, id, namespace="llm")

        # 145 GB of weights in GPUs of 80 GB, and room for at least one conversation of the full length: that takes
        # four, which also divides the model's 64 attention heads, as splitting must. `print(sizing.table())` shows how.
        sizing = size_model(MODEL, gpu_memory="80GB", max_model_len=CONTEXT)

        VllmServer(
            self,
            "qwen72b",
            name="qwen72b",
            model=MODEL,
            image="vllm/vllm-openai:v0.20.2",
            # Gives the GPUs, and so vLLM's --tensor-parallel-size; a memory request and limit; and, since GPUs talk to
            # each other through shared memory, a /dev/shm of more than a container's usual 64 MiB.
            sizing=sizing,
            engine_args={
                "max_model_len": CONTEXT,
                "enable_prefix_caching": True,  # conversations with the same beginning are computed once
            },
            storage=ModelStorage(self, "models", name="qwen72b-models", size=sizing.claim_size),
            # The download takes longer than the start, and depends on the network: it has a container of its own that
            # runs first, so the probes' budget below is for loading and compiling only. vLLM itself stays offline.
            download=InitDownload(max_seconds=7200, offline=True),
            probes=SlowStartProbes(self, "probes", max_startup_seconds=1800),
            # Four GPUs that reach each other over NVLink: the label is set by NVIDIA's GPU feature discovery.
            node_selector={"nvidia.com/gpu.product": "NVIDIA-H100-80GB-HBM3"},
            tolerations=[{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}],
            drain_seconds=120,
        )


app = App()
LlmChart(app, "llm")
app.synth()
