"""A model that is too big for one machine: two of eight GPUs each, which start, serve and restart as one."""

from cdk8s import App, Chart
from constructs import Construct

from vllm_cdk8s import ModelDownload, ModelStorage, MultiNodeVllmServer, ServerNetworkPolicy, SlowStartProbes

MODEL = "deepseek-ai/DeepSeek-R1"
IMAGE = "vllm/vllm-openai:v0.20.2"
NAMESPACE = "big-llm"


class ModelChart(Chart):
    def __init__(self, scope: Construct, id: str) -> None:
        super().__init__(scope, id, namespace=NAMESPACE)

        # Both machines read the same files: a claim that many nodes can mount, and here the volume behind it too.
        self.storage = ModelStorage.nfs(
            self,
            "models",
            server="nfs.example.com",
            path="/models",
            size="1Ti",
            name="models",
            volume_name="big-models",
        )
        # 690 GB, fetched by a Job that needs no GPU, before sixteen of them wait for it.
        ModelDownload(self, "download", name="deepseek-r1", models=[MODEL], storage=self.storage, image=IMAGE)


class ServerChart(Chart):
    def __init__(self, scope: Construct, id: str, *, storage: ModelStorage) -> None:
        super().__init__(scope, id, namespace=NAMESPACE)

        server = MultiNodeVllmServer(
            self,
            "deepseek",
            name="deepseek",
            model=MODEL,
            image=IMAGE,
            # Of each machine. The first pod serves; the other one computes its part of the layers and answers nobody.
            # Each machine splits its layers over its own GPUs, so that little goes over the network between them.
            nodes=2,
            gpus=8,
            engine_args={"max_model_len": 32768},
            storage=storage,
            # The first start compiles; later ones find the result beside the weights.
            probes=SlowStartProbes(self, "probes", max_startup_seconds=3600),
            node_selector={"nvidia.com/gpu.product": "NVIDIA-H100-80GB-HBM3"},
            tolerations=[{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}],
        )
        # The two pods trust whoever reaches the ports between them, so nobody else does: the policy opens all ports to
        # each other, and to the clients that of the API.
        ServerNetworkPolicy(self, "policy", server=server, name="deepseek", clients=["chat"])


app = App()
models = ModelChart(app, "models")
# cdk8s numbers the files of charts that depend on each other: the models are 0000, the server is 0001.
ServerChart(app, "server", storage=models.storage).add_dependency(models)
app.synth()
