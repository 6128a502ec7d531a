"""What an app knows dies with it: a program that makes app after app keeps none of them."""

import gc
from collections import Counter

import cdk8s
from jsii._reference_map import _refs

from tests.synthesis import MODEL
from vllm_cdk8s import (
    Alerts,
    HTTPRoute,
    ModelStorage,
    PodDisruptionBudget,
    PodMonitor,
    PrivilegedNamespace,
    QueueAutoscaler,
    SecretKey,
    ServerNetworkPolicy,
    VllmServer,
)

APPS = 50


def make_and_drop(number: int) -> None:
    app = cdk8s.App()
    chart = cdk8s.Chart(app, "llm", namespace="llm")
    PrivilegedNamespace(chart, "namespace", name="llm")
    storage = ModelStorage.nfs(chart, "models", server="nfs", path="/models")
    image = "vllm/vllm-openai:v0.20.2"
    server = VllmServer(
        chart,
        "server",
        model=MODEL,
        image=image,
        gpus=1,
        name="server",
        storage=storage,
        api_key=SecretKey("key", "key"),
    )
    if number % 5 == 0:  # what has a registry of its own
        PodMonitor(chart, "monitor", server=server, labels={"release": "prometheus"})
        Alerts(chart, "alerts", server=server)
        PodDisruptionBudget(chart, "budget", server=server)
        ServerNetworkPolicy(chart, "policy", server=server, clients=["web"], scrapers=["monitoring"])
        HTTPRoute(chart, "route", gateways=["public"], backends=[server])
        QueueAutoscaler(chart, "scale", server=server, prometheus_address="http://prometheus:9090", max_replicas=2)
        app.synth_yaml()


def ours() -> Counter[str]:
    """The living objects that belong to an app: constructs, and what this package's constructs/ keeps of them."""
    gc.collect()
    kinds = (type(found) for found in gc.get_objects())
    return Counter(
        f"{kind.__module__}.{kind.__qualname__}"
        for kind in kinds
        if str(kind.__module__).startswith("vllm_cdk8s.constructs") or kind in (cdk8s.App, cdk8s.Chart)
    )


def test_nothing_of_this_package_keeps_an_app_alive() -> None:
    make_and_drop(0)
    before, known = ours(), set(_refs._refs)
    for number in range(APPS):
        make_and_drop(number)
    assert ours()["cdk8s.App"] == before["cdk8s.App"] + APPS
    # jsii itself keeps every object for ever; without its book nobody does.
    for reference in set(_refs._refs) - known:
        del _refs._refs[reference]
    assert ours() - before == Counter()
