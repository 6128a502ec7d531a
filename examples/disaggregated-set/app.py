"""Prefill and decode apart in one object, which rolls both sides out together: LeaderWorkerSet's DisaggregatedSet."""

from cdk8s import App, Chart
from constructs import Construct

from vllm_cdk8s import (
    DisaggregatedServer,
    DisaggregatedSet,
    ModelStorage,
    Nixl,
    Pool,
    RoutingSidecar,
    SlowStartProbes,
)


class SetChart(Chart):
    def __init__(self, scope: Construct, id: str) -> None:
        super().__init__(scope, id, namespace="slices")

        storage = ModelStorage.nfs(
            self,
            "models",
            server="nfs.example.com",
            path="/models",
            size="1Ti",
            name="models",
            volume_name="slices-models",
        )
        DisaggregatedServer(
            self,
            "qwen",
            name="qwen",
            model="Qwen/Qwen2.5-72B-Instruct",
            image="vllm/vllm-openai:v0.32.0",
            gpu="H100",
            prefill=Pool(replicas=2, gpus=4),
            decode=Pool(replicas=1, gpus=8),
            connector=Nixl(rdma="rdma/ib"),
            # An endpoint picker of llm-d's in front says which prefilling pod reads a prompt.
            proxy=RoutingSidecar(),
            # Two whole copies of the pair, each within one rack: the KV cache never leaves it.
            disaggregated_set=DisaggregatedSet(slices=2, topology="topology.kubernetes.io/rack", exclusive=True),
            engine_args={"max_model_len": 32768},
            storage=storage,
            drain_seconds=60,
            probes=SlowStartProbes(self, "probes", max_startup_seconds=1800),
            tolerations=[{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}],
        )


app = App()
SetChart(app, "slices")
app.synth()
