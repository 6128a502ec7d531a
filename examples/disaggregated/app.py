"""One model, prefilled and decoded apart: long prompts are read by some GPUs while others go on writing answers."""

from cdk8s import App, Chart
from constructs import Construct

from vllm_cdk8s import (
    AccessLog,
    DisaggregatedServer,
    ModelStorage,
    Nixl,
    Pool,
    ServerNetworkPolicy,
    SlowStartProbes,
)

MODEL = "Qwen/Qwen2.5-14B-Instruct"
IMAGE = "vllm/vllm-openai:v0.32.0"


class PairChart(Chart):
    def __init__(self, scope: Construct, id: str) -> None:
        super().__init__(scope, id, namespace="answers")

        # Both sides read the same files.
        storage = ModelStorage.nfs(
            self,
            "models",
            server="nfs.example.com",
            path="/models",
            size="500Gi",
            name="models",
            volume_name="answers-models",
        )
        pair = DisaggregatedServer(
            self,
            "qwen",
            name="qwen",
            model=MODEL,
            image=IMAGE,
            # Reading a prompt is arithmetic, and one GPU after another does it; writing an answer is memory, so that
            # two GPUs together hold twice the conversations.
            prefill=Pool(replicas=4, gpus=1),
            decode=Pool(replicas=2, gpus=2),
            connector=Nixl(rdma="rdma/ib"),
            engine_args={"max_model_len": 32768},
            storage=storage,
            access_log=AccessLog(),
            drain_seconds=60,
            probes=SlowStartProbes(self, "probes", max_startup_seconds=1800),
            node_selector={"nvidia.com/gpu.product": "NVIDIA-H100-80GB-HBM3"},
            tolerations=[{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}],
        )
        # The two sides reach each other on all ports, for the KV cache takes whichever are free; clients reach one.
        ServerNetworkPolicy(self, "decode", name="qwen-decode", server=pair.decode, clients=["chat"])
        ServerNetworkPolicy(self, "prefill", name="qwen-prefill", server=pair.prefill, clients=[pair.decode.pods])


app = App()
PairChart(app, "answers")
app.synth()
