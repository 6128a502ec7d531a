"""Several models from one list in one chart, each with as many replicas as its queue asks for."""

from dataclasses import dataclass

from cdk8s import App, Chart
from constructs import Construct

from vllm_cdk8s import (
    Alerts,
    Dashboard,
    ModelStorage,
    PodDisruptionBudget,
    PodMonitor,
    QueueAutoscaler,
    VllmServer,
    size_model,
)


@dataclass(frozen=True)
class Model:
    name: str
    model: str
    max_model_len: int
    min_replicas: int
    max_replicas: int


FLEET = [
    Model("chat", "Qwen/Qwen2.5-14B-Instruct", max_model_len=16384, min_replicas=2, max_replicas=6),
    Model("code", "Qwen/Qwen2.5-Coder-7B-Instruct", max_model_len=32768, min_replicas=1, max_replicas=4),
    Model("small", "Qwen/Qwen2.5-7B-Instruct", max_model_len=8192, min_replicas=1, max_replicas=2),
]
PROMETHEUS = "http://prometheus-operated.monitoring:9090"
# Most installations of Prometheus only see monitors and rules that carry a certain label.
FOUND_BY = {"release": "kube-prometheus-stack"}


class FleetChart(Chart):
    def __init__(self, scope: Construct, id: str) -> None:
        super().__init__(scope, id, namespace="fleet")

        # Replicas on many nodes share one download, so the claim must be mountable by many: NFS, CephFS, EFS, ...
        models = ModelStorage(
            self, "models", name="fleet-models", size="200Gi", storage_class="shared-files", access_mode="ReadWriteMany"
        )
        for entry in FLEET:
            self._serve(entry, models)

    def _serve(self, entry: Model, models: ModelStorage) -> None:
        server = VllmServer(
            self,
            entry.name,
            name=entry.name,
            model=entry.model,
            image="vllm/vllm-openai:v0.20.2",
            sizing=size_model(entry.model, max_model_len=entry.max_model_len),
            engine_args={"max_model_len": entry.max_model_len},
            storage=models,
            drain_seconds=60,
        )
        # A GPU server's load hardly shows on its CPU. It shows in the requests that wait for their turn; those that run
        # keep a busy server's replicas though its queue is empty.
        QueueAutoscaler(
            server, "scale", server=server, name=entry.name, prometheus_address=PROMETHEUS,
            min_replicas=entry.min_replicas, max_replicas=entry.max_replicas, waiting_requests=5, running_requests=64,
        )  # fmt: skip
        # A node that is drained takes one pod of each model at a time.
        PodDisruptionBudget(server, "budget", server=server, name=entry.name)
        PodMonitor(server, "scrape", server=server, name=entry.name, labels=FOUND_BY)
        Alerts(server, "alerts", server=server, name=entry.name, queue_length=20, labels=FOUND_BY)
        Dashboard(server, "dashboard", server=server, name=f"{entry.name}-dashboard", folder="Models")


app = App()
FleetChart(app, "fleet")
app.synth()
