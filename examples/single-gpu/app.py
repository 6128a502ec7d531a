"""One model on one GPU: sized before a GPU is rented, drained when it stops, tested after each change."""

from cdk8s import App, Chart
from constructs import Construct

from vllm_cdk8s import ModelStorage, SmokeTest, VllmServer, size_model

MODEL = "Qwen/Qwen2.5-7B-Instruct"


class LlmChart(Chart):
    def __init__(self, scope: Construct, id: str) -> None:
        super().__init__(scope, id, namespace="llm")

        # Parameters, bytes per weight and the GPU's memory decide on the rest: one GPU, 18Gi to 27Gi of memory, ten
        # minutes to start. A model that does not fit into the GPU is an error here, not a pod that crashes.
        sizing = size_model(MODEL, gpu_memory="24GB", max_model_len=8192)

        server = VllmServer(
            self,
            "qwen",
            name="qwen",  # else cdk8s makes a name with a digest in it
            model=MODEL,
            # The tag is vLLM's version: every setting is checked against the options that this version has.
            image="vllm/vllm-openai:v0.20.2",
            sizing=sizing,
            # vLLM's own settings by vLLM's own names; the longest conversation, in tokens.
            engine_args={"max_model_len": 8192},
            # The model is downloaded once and kept here, with what vLLM compiles for this GPU.
            storage=ModelStorage(self, "models", name="qwen-models", size=sizing.claim_size),
            # GPU nodes are usually tainted, so that nothing else lands on them.
            tolerations=[{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}],
            # A pod that stops gets a minute for the answers that it is in the middle of.
            drain_seconds=60,
        )

        # A Job that waits for the server, asks for one completion, and fails with the reason. Its name ends in a digest
        # of the server's pods, so that every change is tested anew. Any image with Python will do.
        SmokeTest(self, "smoke-test", server=server, name="qwen-smoke-test", image="python:3.13-slim")


app = App()
LlmChart(app, "llm")
app.synth()
