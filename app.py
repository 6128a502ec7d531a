"""The smallest real chart: one vLLM server. `make synth`, `cdk8s synth` and `python app.py` all write dist/."""

from cdk8s import App, Chart
from constructs import Construct

from vllm_cdk8s import ModelStorage, SlowStartProbes, VllmServer


class LlmChart(Chart):
    """A 7B-class model behind vLLM's OpenAI-compatible API."""

    def __init__(self, scope: Construct, id: str) -> None:
        super().__init__(scope, id)

        # The weights are downloaded once and kept, with everything that vLLM compiles: 15 GiB for this model.
        storage = ModelStorage(self, "models", size="50Gi")

        # Until then vLLM answers nothing: download, load into the GPU, capture CUDA graphs. Ten minutes at most.
        probes = SlowStartProbes(self, "probes", max_startup_seconds=600)

        VllmServer(
            self,
            "qwen",
            model="Qwen/Qwen2.5-7B-Instruct",
            # The tag is vLLM's version: the settings below are checked against it before anything is deployed.
            image="vllm/vllm-openai:v0.20.2",
            gpus=1,
            # vLLM's own names. The context decides how much GPU memory each request may take.
            engine_args={"max_model_len": 8192, "gpu_memory_utilization": 0.9},
            storage=storage,
            probes=probes,
        )


app = App()
LlmChart(app, "llm")
app.synth()
