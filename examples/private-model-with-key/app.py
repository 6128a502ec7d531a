"""A gated model behind an API key: secrets by reference, pods without rights, a port that only known clients reach."""

import cdk8s_plus_27 as kplus
from cdk8s import ApiObjectMetadata, App, Chart
from constructs import Construct

from vllm_cdk8s import Egress, NonRoot, SecretKey, ServerNetworkPolicy, VllmServer

NAMESPACE = "private-llm"


class NamespaceChart(Chart):
    def __init__(self, scope: Construct, id: str) -> None:
        super().__init__(scope, id)
        # Kubernetes itself now refuses any pod here that could do more than the "restricted" standard allows.
        levels = {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "audit", "warn")}
        kplus.Namespace(self, "namespace", metadata=ApiObjectMetadata(name=NAMESPACE, labels=levels))


class LlmChart(Chart):
    def __init__(self, scope: Construct, id: str) -> None:
        super().__init__(scope, id, namespace=NAMESPACE)

        server = VllmServer(
            self,
            "llama",
            name="llama",
            model="meta-llama/Llama-3.1-8B-Instruct",
            image="vllm/vllm-openai:v0.20.2",
            gpus=1,
            engine_args={"max_model_len": 16384},
            # The model's license must be accepted on the Hugging Face hub; this token says who has.
            hf_token=SecretKey("huggingface", "token"),
            # What clients send as `Authorization: Bearer ...`. vLLM asks for it below /v1 only: /metrics, /invocations,
            # /pooling and others answer anybody who reaches the port. Hence the policy below.
            api_key=SecretKey("llama-api-key", "key"),
            # An ordinary user, no capabilities, the default seccomp profile; models go to /home/vllm/.cache.
            non_root=NonRoot(),
        )

        ServerNetworkPolicy(
            self,
            "policy",
            server=server,
            name="llama",
            # Who may send requests: the pods of a namespace. Anything that kplus takes as a peer would do.
            clients=["chat"],
            # Who may read /metrics. It is the same port, so these could send requests too, if they had the key.
            scrapers=["monitoring"],
            # Where the pods may go: DNS, and HTTPS for the download of the model.
            egress=[Egress()],
        )


app = App()
namespace = NamespaceChart(app, "namespace")
# cdk8s numbers the files of charts that depend on each other, so `kubectl apply -f dist/` goes in order.
LlmChart(app, "llm").add_dependency(namespace)
app.synth()
