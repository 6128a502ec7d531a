"""Two models behind one host: requests by model, a canary of one, and an endpoint picker for the pods of the other."""

from typing import Any

from cdk8s import App, Chart
from constructs import Construct

from vllm_cdk8s import (
    EndpointPicker,
    GatewayRef,
    HTTPRoute,
    ModelStorage,
    Resources,
    SecretKey,
    ServerNetworkPolicy,
    VllmServer,
    WeightedBackend,
)

GATEWAY, GATEWAY_NAMESPACE = "inference", "gateways"  # the platform's own, there already
CHAT, CODE = "Qwen/Qwen2.5-14B-Instruct", "Qwen/Qwen2.5-Coder-7B-Instruct"


class ModelsChart(Chart):
    def __init__(self, scope: Construct, id: str) -> None:
        super().__init__(scope, id, namespace="models")
        self._models = ModelStorage(
            self, "models", name="models", size="200Gi", storage_class="shared-files", access_mode="ReadWriteMany"
        )
        chat = self._server("chat", CHAT, image="vllm/vllm-openai:v0.32.0", replicas=3)
        code = self._server("code", CODE, image="vllm/vllm-openai:v0.20.2")
        canary = self._server("code-canary", CODE, image="vllm/vllm-openai:v0.32.0")

        # Which of the three pods is decided by their queues and caches, and people come before batch jobs.
        picker = EndpointPicker(
            self, "picker", server=chat, name="chat-epp", objectives={"people": 10, "batch": -10}, flow_control=True,
            gateways=[GATEWAY_NAMESPACE], resources=Resources(requests={"cpu": "1", "memory": "1Gi"}),
        )  # fmt: skip
        scrapers = {"chat": [picker.pods]}
        for server in (chat, code, canary):
            ServerNetworkPolicy(
                self, f"{server.name}-policy", server=server, name=server.name,
                clients=[GATEWAY_NAMESPACE], scrapers=[*scrapers.get(server.name, []), "monitoring"],
            )  # fmt: skip

        # Which model is said by a header, which a body-based router before the gateway copies out of each request.
        HTTPRoute(
            self, "route", name="models", gateways=[GatewayRef(name=GATEWAY, namespace=GATEWAY_NAMESPACE)],
            hostnames=["llm.example.com"],
            models={
                CHAT: picker.pool,
                CODE: [WeightedBackend(to=code, weight=90), WeightedBackend(to=canary, weight=10)],
            },
        )  # fmt: skip

    def _server(self, name: str, model: str, **options: Any) -> VllmServer:
        return VllmServer(
            self, name, name=name, model=model, gpus=1, storage=self._models, api_key=SecretKey("models", "api-key"),
            engine_args={"max_model_len": 16384}, drain_seconds=60, **options,
        )  # fmt: skip


app = App()
ModelsChart(app, "models")
app.synth()
