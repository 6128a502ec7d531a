"""What is wrong with a server is told at once, from whichever part of it."""

from typing import Any

import pytest

from tests.synthesis import new_chart
from vllm_cdk8s import (
    Autoscaling,
    Dashboard,
    EndpointPicker,
    HttpAutoscaler,
    HttpProbe,
    HTTPRoute,
    InferencePool,
    ModelDownload,
    ModelStorage,
    MultiNodeVllmServer,
    PodDisruptionBudget,
    PodMonitor,
    QueueAutoscaler,
    Resources,
    Router,
    ServerNetworkPolicy,
    SmokeTest,
    VllmCdk8sError,
    VllmServer,
    WeightedBackend,
)

WRONG: Any = 1


def sound() -> VllmServer:
    return VllmServer(new_chart(), "s", model="Qwen/Qwen3-8B", gpus=1)


def claim() -> ModelStorage:
    return ModelStorage(new_chart(), "m", name="models", size="50Gi")


def options_of(**options: Any) -> list[str | None]:
    with pytest.raises(VllmCdk8sError) as caught:
        VllmServer(new_chart(), "s", **{"model": "Qwen/Qwen3-8B", "gpus": 1, **options})
    return [problem.option for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"termination_grace_period": 5, "replcas": 2, "service_port": 0},
         ["termination_grace_period", "replcas", "service_port"]),
        ({"model": "-x", "host": "bad host", "engine_args": {"max_model_len": "abc"}, "service_port": 0},
         ["service_port", "model", "host", "max_model_len"]),
        ({"env": {"1": "a", "B": 4, "VLLM_PORT": "8000"}}, ["env", "env['B']", "env"]),
        ({"node_selector": {"a b": "c"}, "tolerations": [{"operator": "Exist"}, {"effect": "No"}],
          "priority_class": "A b", "runtime_class": "C d", "pod_labels": {"x y": "z"}, "drain_seconds": -1,
          "security_context": {"runAsUser": "a"}, "volumes": [{"name": "v"}], "image_pull_secrets": ["A b"]},
         ["drain_seconds", "volumes[0]", "security_context.runAsUser", "pod_labels", "image_pull_secrets",
          "node_selector", "tolerations[0].operator", "tolerations[1].effect", "runtime_class", "priority_class"]),
        ({"replicas": "x", "replcas": 1, "service_port": 0, "labels": {"a b": "c"}},
         ["replcas", "replicas", "labels", "service_port"]),
        ({"max_surge": "x", "max_unavailable": "y", "tolerations": 1}, ["max_surge", "max_unavailable", "tolerations"]),
        ({"sizing": 1, "autoscaling": 2, "storage": 3, "probes": 4, "drop_cache": 5, "host": "bad host"},
         ["sizing", "autoscaling", "storage", "probes", "drop_cache", "host"]),
        ({"resources": 1, "kai": 2, "ingress": 3, "device_claims": 4, "name": "", "tolerations": 5},
         ["kai", "resources", "ingress", "device_claims", "name", "tolerations"]),
        ({"gpus": "x", "gpu_resource": "a b", "image_pull_policy": "Sometimes", "tolerations": 1,
          "engine_args": {"tensor_parallel_size": 2}}, ["image_pull_policy", "gpu_resource", "tolerations"]),
        ({"gpus": "x", "service_account": "A b", "tolerations": 1}, ["gpus", "service_account", "tolerations"]),
        ({"service_type": "x", "node_port": 0, "service_port": 0, "service_annotations": 2},
         ["service_type", "node_port", "service_port", "service_annotations"]),
        ({"download": 1, "streaming": 2, "lora": 3, "service_port": 0},
         ["lora", "download", "streaming", "service_port"]),
        ({"pod_security_context": {"runAsUser": -1, "fsGroup": -2}, "security_context": {"runAsGroup": -1},
          "topology_spread": [1, 2]},
         ["pod_security_context.runAsUser", "pod_security_context.fsGroup", "security_context.runAsGroup",
          "topology_spread[0]", "topology_spread[1]"]),
        ({"non_root": True, "pod_security_context": {"runAsNonRoot": True}}, ["non_root"]),
    ],
)  # fmt: skip
def test_each_part_of_a_server_is_told_of(options: dict[str, Any], expected: list[str]) -> None:
    assert options_of(**options) == expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"nodes": 1, "replicas": -1, "storage": None, "port": 0}, ["nodes", "replicas"]),
        ({"nodes": 2, "replicas": -1, "storage": 1, "port": 0}, ["storage", "replicas"]),
        ({"nodes": 2, "replicas": -1, "storage": "nfs", "port": 0}, ["replicas", "port"]),
    ],
)
def test_what_is_wrong_with_a_group_is_told_without_what_only_follows_from_it(
    given: dict[str, Any], expected: list[str]
) -> None:
    chart = new_chart()
    if given["storage"] == "nfs":
        given = {**given, "storage": ModelStorage.nfs(chart, "models", server="nfs", path="/models")}
    with pytest.raises(VllmCdk8sError) as caught:
        MultiNodeVllmServer(chart, "s", model="Qwen/Qwen3-8B", gpus=1, **given)
    assert [problem.option for problem in caught.value.problems] == expected


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda: ServerNetworkPolicy(new_chart(), "p", server=WRONG, clients=[WRONG, "A"], egress=[WRONG], name="B"),
         ["server", "clients[0]", "clients[1]", "egress[0]", "name"]),
        (lambda: HTTPRoute(new_chart(), "r", gateways=[WRONG, "A"], backends=[WRONG], matches=[WRONG, "x"],
                           hostnames=["A"], request_timeout_seconds=-1, granted=["B"], model_header="a b"),
         ["gateways[0]", "gateway.name", "model_header", "backends[0]", "hostnames", "matches[0]", "match.path",
          "request_timeout_seconds", "granted[0]"]),
        (lambda: HTTPRoute(new_chart(), "r", gateways=["a"], models={"a": WRONG, "b": WRONG}),
         ["models['a']", "models['b']"]),
        (lambda: QueueAutoscaler(new_chart(), "q", server=WRONG, prometheus_address="x", max_replicas=0,
                                 authentication=WRONG, name="A"),
         ["server", "prometheus_address", "max_replicas", "authentication", "name"]),
        (lambda: HttpAutoscaler(new_chart(), "h", server=WRONG, hosts=["A"], max_replicas=0,
                                interceptor_namespace="B", labels={"a b": "c"}),
         ["server", "hosts", "max_replicas", "interceptor_namespace", "labels"]),
        (lambda: PodDisruptionBudget(new_chart(), "b", server=WRONG, min_available="x", labels={"a b": "c"}),
         ["server", "min_available", "labels"]),
        (lambda: EndpointPicker(new_chart(), "e", server=WRONG, replicas=0, gateways=[WRONG], scrapers=["A"], name="1"),
         ["server", "replicas", "gateways[0]", "scrapers[0]", "name"]),
        (lambda: Router(new_chart(), "r", servers=[WRONG, WRONG], clients=[WRONG], port=0, name="1"),
         ["servers[0]", "servers[1]", "clients[0]", "port", "name"]),
        (lambda: InferencePool(new_chart(), "i", server=WRONG, endpoint_picker=WRONG, labels={"a b": "c"}),
         ["server", "endpoint_picker", "labels"]),
        (lambda: PodMonitor(new_chart(), "p", server=sound(), interval="x", scrape_timeout="y", labels={"a b": "c"},
                            tls_config={}),
         ["scrape_timeout", "interval", "tls_config", "labels"]),
        (lambda: Dashboard(new_chart(), "d", server=sound(), title="", labels={"a b": "c"}, folder=""),
         ["title", "labels", "folder"]),
        (lambda: ModelDownload(new_chart(), "d", models=["a b"], storage=claim(), retries=-1, deadline_seconds=0,
                               non_root=WRONG),
         ["non_root", "models[0]", "retries", "deadline_seconds"]),
        (lambda: ModelDownload(new_chart(), "d", models=["Qwen/Qwen3-8B"], storage=claim(), resources=WRONG,
                               image_pull_policy="x", pod_annotations={"a b": "c"}, service_account=WRONG,
                               tolerations=[{"operator": "x"}]),
         ["resources", "image_pull_policy", "pod_annotations", "service_account", "tolerations[0].operator"]),
        (lambda: ModelDownload(new_chart(), "d", models=["Qwen/Qwen3-8B"], storage=claim(), ttl_seconds=-1,
                               labels={"a b": "c"}, annotations={"a b": "c"}),
         ["ttl_seconds", "labels", "annotations"]),
        (lambda: SmokeTest(new_chart(), "t", server=sound(), timeout_seconds=0, request="x", prompt="", api_key=WRONG,
                           ca=WRONG),
         ["timeout_seconds", "request", "prompt", "api_key", "ca"]),
        (lambda: WeightedBackend(to=WRONG, weight=-1), ["backend.to", "backend.weight"]),
        (lambda: Resources(limits={"a b": 1, "memory": "x"}, requests={"cpu": -1}),
         ["resources.requests['cpu']", "resources.limits", "resources.limits['memory']"]),
        (lambda: HttpProbe(period_seconds=0, timeout_seconds=0, path="x"),
         ["period_seconds", "timeout_seconds", "path"]),
        (lambda: ModelStorage(new_chart(), "m", size="abc", access_mode="x", storage_class="A b", mount_path="x"),
         ["access_mode", "storage_class", "size", "mount_path"]),
        (lambda: Autoscaling(min_replicas=-1, max_replicas=0, target_cpu_utilization=0),
         ["min_replicas", "max_replicas", "target_cpu_utilization"]),
    ],
)  # fmt: skip
def test_each_field_of_a_value_is_told_of(make: Any, expected: list[str]) -> None:
    with pytest.raises(VllmCdk8sError) as caught:
        make()
    assert [problem.option for problem in caught.value.problems] == expected
