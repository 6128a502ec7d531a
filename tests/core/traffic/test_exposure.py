"""A server without an API key that is reached from outside the cluster warns: once, and says by what."""

import warnings
from typing import Any

import pytest

from tests.synthesis import PLAIN, new_chart, to_yaml
from vllm_cdk8s import HTTPRoute, InferencePool, Ingress, SecretKey, VllmServer, WeightedBackend

OPEN = "[VC502]"


def warned(make: Any) -> list[str]:
    """What is said of the API key while a chart is made and synthesized."""
    chart = new_chart(namespace="llm")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        make(chart)
        for _ in range(2):
            to_yaml(chart)
    return [str(warning.message) for warning in caught if OPEN in str(warning.message)]


def vllm(chart: Any, id: str = "llama", **options: Any) -> VllmServer:
    return VllmServer(chart, id, **{**PLAIN, "name": id, **options})


@pytest.mark.parametrize(
    ("options", "by"),
    [
        ({"ingress": Ingress(hosts=["llm.example.com"])}, "its Ingress for llm.example.com leads"),
        ({"service_type": "LoadBalancer"}, "its LoadBalancer 'llama' leads"),
        (
            {"service_type": "LoadBalancer", "ingress": Ingress(hosts=["a.example.com"])},
            "its Ingress for a.example.com and its LoadBalancer 'llama'",
        ),
    ],
)
def test_a_servers_own_door_warns_once(options: dict[str, Any], by: str) -> None:
    [found] = warned(lambda chart: vllm(chart, **options))
    assert by in found


def test_a_route_warns_once_for_each_server() -> None:
    def make(chart: Any) -> None:
        one, other = vllm(chart, "one"), vllm(chart, "other")
        pool = InferencePool(chart, "pool", server=other, endpoint_picker="epp")
        HTTPRoute(chart, "first", gateways=["public"], backends=[one])
        HTTPRoute(chart, "second", gateways=["public"], backends=[one, pool])

    first, second = warned(make)
    assert "llm/one asks for no API key, and HTTPRoute llm/first and HTTPRoute llm/second leads" in first
    assert "llm/other asks for no API key, and HTTPRoute llm/second leads" in second


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"service_type": "NodePort"},
        {"service_type": "LoadBalancer", "api_key": SecretKey("llama", "key")},
        {"service_type": "LoadBalancer", "env": {"VLLM_API_KEY": {"secretKeyRef": {"name": "a", "key": "b"}}}},
        {"service_type": "LoadBalancer", "env_from": [{"secretRef": {"name": "settings"}}]},
        {"service_type": "LoadBalancer", "acknowledge": {"VC502": "the firewall lets in the office alone"}},
        {
            "service_type": "LoadBalancer",
            "service_annotations": {"networking.gke.io/load-balancer-type": "Internal"},
        },
        {
            "service_type": "LoadBalancer",
            "service_annotations": {"service.beta.kubernetes.io/azure-load-balancer-internal": "true"},
        },
        {
            "ingress": Ingress(
                hosts=["llm.example.com"],
                annotations={"nginx.ingress.kubernetes.io/auth-url": "https://login.example.com/auth"},
            )
        },
    ],
    ids=["cluster-ip", "node-port", "key", "env", "env-from", "acknowledged", "gke", "azure", "auth"],
)
def test_whoever_asks_or_stays_inside_is_not_warned(options: dict[str, Any]) -> None:
    assert warned(lambda chart: vllm(chart, **options)) == []


def test_a_route_that_sends_nothing_there_or_to_somebody_elses_pool_does_not_warn() -> None:
    def make(chart: Any) -> None:
        pool = InferencePool.from_pool_name(chart, "pool", "llama")
        idle = WeightedBackend(to=vllm(chart), weight=0)
        HTTPRoute(chart, "route", gateways=["public"], backends=[pool, idle])

    assert warned(make) == []
