"""A model on a slice of a GPU, with an adapter for each tenant that comes and goes without a restart."""

from cdk8s import App, Chart
from constructs import Construct

from vllm_cdk8s import (
    DeviceClaimTemplate,
    HTTPRoute,
    LoraAdapters,
    ModelStorage,
    SecretKey,
    ServerNetworkPolicy,
    VllmServer,
)


class TenantsChart(Chart):
    def __init__(self, scope: Construct, id: str) -> None:
        super().__init__(scope, id, namespace="tenants")

        # Whoever trains the adapters writes them to this export, each in a folder of its name.
        ModelStorage.nfs(
            self,
            "adapters",
            server="nfs.example.com",
            path="/adapters",
            size="100Gi",
            name="adapters",
            volume_name="tenants-adapters",
        )
        # Each pod gets a claim of its own for half of an H100, by dynamic resource allocation.
        slices = DeviceClaimTemplate(self, "slices", name="half-a-gpu", mig="3g.40gb")
        server = VllmServer(
            self,
            "qwen",
            name="qwen",
            model="Qwen/Qwen2.5-7B-Instruct",
            image="vllm/vllm-openai:v0.32.0",
            replicas=2,
            device_claims=[slices.claim()],
            # What is resolved at run time may be loaded by whoever may use the server: so a key, a route for /v1 alone,
            # and a policy.
            lora=LoraAdapters(resolve_at_runtime=True, claim="adapters"),
            api_key=SecretKey("qwen", "api-key"),
            engine_args={"max_model_len": 8192, "max_loras": 4, "max_cpu_loras": 32, "max_lora_rank": 64},
            storage=ModelStorage.nfs(
                self,
                "models",
                server="nfs.example.com",
                path="/models",
                size="100Gi",
                name="models",
                volume_name="tenants-models",
            ),
            drain_seconds=60,
        )
        ServerNetworkPolicy(self, "policy", name="qwen", server=server, clients=["gateways"])
        # Adapters that come later are models of their own to a gateway that goes by the model.
        HTTPRoute(
            self,
            "route",
            name="qwen",
            gateways=["tenants"],
            hostnames=["qwen.example.com"],
            models={"Qwen/Qwen2.5-7B-Instruct": server, "tenant-a": server, "tenant-b": server},
        )


app = App()
TenantsChart(app, "tenants")
app.synth()
