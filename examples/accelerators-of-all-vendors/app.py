"""One model on whatever accelerators there are: NVIDIA, AMD, Intel Gaudi and TPU, behind one host."""

from cdk8s import App, Chart
from constructs import Construct

from vllm_cdk8s import (
    GatewayRef,
    HTTPRoute,
    SecretKey,
    ServerNetworkPolicy,
    SlowStartProbes,
    VllmServer,
    WeightedBackend,
)

MODEL = "meta-llama/Llama-3.1-8B-Instruct"
# By the pool's name: the image of vLLM for it, its device, how many each pod gets, and its share of the requests.
POOLS = {
    "nvidia": ("vllm/vllm-openai:v0.32.0", "L40S", 1, 40),
    "amd": ("vllm/vllm-openai-rocm:v0.32.0", "MI300X", 1, 40),
    "gaudi": ("registry.example.com/vllm-gaudi:v0.32.0", "Gaudi3", 1, 10),
    "tpu": ("vllm/vllm-tpu:v0.32.0", "TPU-v6e", 4, 10),
}


class PoolsChart(Chart):
    def __init__(self, scope: Construct, id: str) -> None:
        super().__init__(scope, id, namespace="pools")

        servers = {
            name: VllmServer(
                self,
                name,
                name=name,
                model=MODEL,
                image=image,
                engine_version="0.32.0",
                # The resource, the split over all cores and what the device does not have follow from these two.
                gpu=device,
                gpus=count,
                engine_args={"max_model_len": 16384},
                hf_token=SecretKey("huggingface", "token"),
                api_key=SecretKey("llama", "api-key"),
                drain_seconds=60,
                probes=SlowStartProbes(self, f"{name}-probes", max_startup_seconds=1200),
            )
            for name, (image, device, count, _) in POOLS.items()
        }
        for name, server in servers.items():
            ServerNetworkPolicy(self, f"{name}-policy", name=name, server=server, clients=["gateways"])
        HTTPRoute(
            self,
            "route",
            name="llama",
            gateways=[GatewayRef(name="inference", namespace="gateways")],
            hostnames=["llama.example.com"],
            backends=[WeightedBackend(to=servers[name], weight=share) for name, (*_, share) in POOLS.items()],
        )


app = App()
PoolsChart(app, "pools")
app.synth()
