"""A machine of one's own whose CPU and GPU share their memory: a folder for the models, a cold cache for each start."""

from cdk8s import App, Chart
from constructs import Construct

from vllm_cdk8s import DropCacheWrapper, ModelStorage, PrivilegedNamespace, SlowStartProbes, VllmServer

NODE = "dev-box"  # its kubernetes.io/hostname: `kubectl get nodes --show-labels`
NAMESPACE = "dev-llm"


class NamespaceChart(Chart):
    def __init__(self, scope: Construct, id: str) -> None:
        super().__init__(scope, id)
        # Dropping the node's page cache needs privileged pods, and they get a namespace of their own. Were it a plain
        # one, the server below would not synthesize, rather than be refused by the cluster.
        PrivilegedNamespace(self, "namespace", name=NAMESPACE)


class DevChart(Chart):
    def __init__(self, scope: Construct, id: str) -> None:
        super().__init__(scope, id, namespace=NAMESPACE)

        VllmServer(
            self,
            "qwen",
            name="qwen",
            model="Qwen/Qwen2.5-7B-Instruct",
            image="vllm/vllm-openai:v0.20.2",
            gpus=1,
            engine_args={
                "max_model_len": 8192,
                # A share of the memory that everything else on the machine lives in too.
                "gpu_memory_utilization": 0.6,
            },
            # A PersistentVolume on this folder, the claim bound to it, and the pods pinned to the node. The folder
            # outlives all three: models are downloaded once, or put there by hand.
            storage=ModelStorage.host_path(
                self, "models", path="/data/vllm-models", node=NODE, size="200Gi", name="models", volume_name="models"
            ),
            # Files that were read stay in the page cache, which on such a machine is memory that the GPU cannot have: a
            # vLLM that crashed for want of it may not start again. So each start, restarts included, drops it first.
            drop_cache=DropCacheWrapper(self, "drop-cache"),
            probes=SlowStartProbes(self, "probes", max_startup_seconds=900),
            # Reached at the machine's own address, on a port that Kubernetes chooses.
            service_type="NodePort",
        )


app = App()
namespace = NamespaceChart(app, "namespace")
# cdk8s numbers the files of charts that depend on each other, so `kubectl apply -f dist/` goes in order.
DevChart(app, "dev").add_dependency(namespace)
app.synth()
