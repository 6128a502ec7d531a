"""HttpAutoscaler, and a HorizontalPodAutoscaler that goes to zero: who sees requests while there is no pod."""

from __future__ import annotations

import re
import warnings
from textwrap import dedent
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests import synthesis
from tests.kubernetes_schemas import assert_valid, since
from tests.snippets import DOCS, run, snippets
from vllm_cdk8s import (
    Alerts,
    Autoscaling,
    ConflictError,
    DisaggregatedServer,
    ExternalMetric,
    HttpAutoscaler,
    HTTPRoute,
    InvalidOptionError,
    ModelStorage,
    MultiNodeVllmServer,
    PodDisruptionBudget,
    PodMonitor,
    Pool,
    QueueAutoscaler,
    SecretKey,
    ServerNetworkPolicy,
    SlowStartProbes,
    VllmCdk8sWarning,
    VllmServer,
    spread_pods,
)

if TYPE_CHECKING:
    import cdk8s
    from syrupy.assertion import SnapshotAssertion

HOST = "llm.example.com"
INTERCEPTOR = "keda-add-ons-http-interceptor-proxy"


@pytest.fixture
def chart() -> cdk8s.Chart:
    return synthesis.new_chart(namespace="inference")


def vllm(chart: cdk8s.Chart, id: str = "llama", **options: Any) -> VllmServer:
    options.setdefault("storage", ModelStorage.none(chart, f"{id}-cache"))
    return VllmServer(chart, id, **{**synthesis.PLAIN, "name": id, **options})


def scaled(chart: cdk8s.Chart, server: Any = None, **options: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """The specs of the route and of the ScaledObject of a chart, which is found valid."""
    made = vllm(chart) if server is None else server
    HttpAutoscaler(chart, "scale", server=made, **{"hosts": [HOST], "max_replicas": 2, **options})
    assert_valid(synthesis.documents(chart))
    return synthesis.the(chart, "InterceptorRoute")["spec"], synthesis.the(chart, "ScaledObject")["spec"]


def test_golden(chart: cdk8s.Chart, snapshot: SnapshotAssertion) -> None:
    HttpAutoscaler(chart, "scale", server=vllm(chart), hosts=[HOST, "llama-proxy"], max_replicas=2, name="llama")
    assert_valid(synthesis.documents(chart))
    synthesis.assert_golden(chart, snapshot)


def test_the_scaler_is_asked_of_the_route_and_the_route_leads_to_the_server(chart: cdk8s.Chart) -> None:
    server = vllm(chart, service_port=80)
    route, spec = scaled(chart, server)
    assert route["target"] == {"service": "llama", "port": 80}
    assert route["rules"] == [{"hosts": [HOST], "paths": [{"value": "/v1"}]}]
    assert route["scalingMetric"] == {"concurrency": {"targetValue": 32}}
    [trigger] = spec["triggers"]
    assert trigger["metadata"]["interceptorRoute"] == synthesis.the(chart, "InterceptorRoute")["metadata"]["name"]
    assert spec["scaleTargetRef"] == {"apiVersion": "apps/v1", "kind": "Deployment", "name": "llama"}
    assert "replicas" not in synthesis.the(chart, "Deployment")["spec"]


def test_whoever_wakes_the_server_waits_for_its_whole_start_and_it_stays_as_long(chart: cdk8s.Chart) -> None:
    route, spec = scaled(chart, vllm(chart, probes=SlowStartProbes(chart, "probes", max_startup_seconds=900)))
    assert route["timeouts"] == {"readiness": "1200s", "responseHeader": "3600s"}
    assert (spec["minReplicaCount"], spec["cooldownPeriod"], spec["initialCooldownPeriod"]) == (0, 1200, 1200)
    behavior = spec["advanced"]["horizontalPodAutoscalerConfig"]["behavior"]
    assert behavior == {"scaleDown": {"stabilizationWindowSeconds": 900}}


def test_with_a_replica_that_stays_nobody_waits(chart: cdk8s.Chart) -> None:
    route, spec = scaled(chart, min_replicas=1, requests_per_second=3, concurrent_requests=None, answer_seconds=None)
    assert "timeouts" not in route
    assert route["scalingMetric"] == {"requestRate": {"targetValue": 3}}
    assert not {"cooldownPeriod", "initialCooldownPeriod"} & spec.keys()


def test_groups_are_scaled_by_their_set(chart: cdk8s.Chart) -> None:
    big = MultiNodeVllmServer(
        chart, "big", model=synthesis.MODEL, image=synthesis.PLAIN["image"], nodes=2, gpus=1,
        storage=ModelStorage.none(chart, "cache"), name="big",
    )  # fmt: skip
    route, spec = scaled(chart, big)
    assert spec["scaleTargetRef"]["kind"] == "LeaderWorkerSet"
    assert route["target"]["service"] == "big-leader"


def test_a_server_has_one_autoscaler(chart: cdk8s.Chart) -> None:
    server = vllm(chart)
    scaled(chart, server)
    with pytest.raises(ConflictError, match=r"^server: llm/scale decides on the replicas of llm/llama already"):
        QueueAutoscaler(chart, "second", server=server, prometheus_address="http://prometheus:9090", max_replicas=2)


def test_alerts_know_that_a_sleep_is_no_alarm(chart: cdk8s.Chart) -> None:
    server = vllm(chart)
    PodMonitor(chart, "scrape", server=server)
    Alerts(chart, "alerts", server=server)
    scaled(chart, server)
    rules = synthesis.the(chart, "PrometheusRule")["spec"]["groups"][0]["rules"]
    [down] = [rule["expr"] for rule in rules if rule["alert"] == "VllmServerDown"]
    assert down.startswith("sum(up{")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"wait_seconds": 60}, r"^wait_seconds: 60 is below the start-up budget of 600 s"),
        ({"cooldown_seconds": 60}, r"^cooldown_seconds: 60 is below the start-up budget of 600 s"),
    ],
)
def test_what_sends_away_whoever_woke_it_warns(chart: cdk8s.Chart, options: dict[str, Any], message: str) -> None:
    with pytest.warns(VllmCdk8sWarning, match=message):
        scaled(chart, **options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"hosts": []}, r"^hosts: is empty"),
        ({"hosts": HOST}, r"^hosts: 'llm.example.com' is not a list"),
        ({"hosts": [HOST, HOST]}, r"^hosts: 'llm.example.com' is there twice"),
        ({"hosts": ["10.0.0.1"]}, r"^hosts: '10.0.0.1' is an address"),
        ({"paths": []}, r"^paths: is empty"),
        ({"paths": ["v1"]}, r"^paths: 'v1' does not begin with '/'"),
        ({"concurrent_requests": None}, r"^concurrent_requests: None, and no requests_per_second either"),
        ({"concurrent_requests": 0}, r"^concurrent_requests: 0"),
        ({"min_replicas": 3}, r"^min_replicas: 3 is above max_replicas: 2"),
        ({"min_replicas": 1, "cooldown_seconds": 900}, r"^cooldown_seconds: it only matters with min_replicas=0"),
        ({"min_replicas": 1, "wait_seconds": 900}, r"^wait_seconds: it only matters with min_replicas=0"),
        ({"answer_seconds": -1}, r"^answer_seconds: -1"),
        ({"extra_triggers": [{"type": "cron"}]}, r"^extra_triggers\[0\]\.metadata"),
        ({"name": "A"}, r"^name: 'A'"),
    ],
)
def test_a_wrong_option_is_named(chart: cdk8s.Chart, options: dict[str, Any], message: str) -> None:
    with pytest.raises((InvalidOptionError, ConflictError), match=message):
        scaled(chart, **options)


# Kubernetes' own autoscaler.


def test_a_metric_of_an_adapter_takes_a_server_to_zero_and_back(chart: cdk8s.Chart) -> None:
    waiting = ExternalMetric(name="llm_requests_waiting", average_value=5, labels={"server": "llama"})
    server = vllm(
        chart, autoscaling=Autoscaling(min_replicas=0, max_replicas=2, target_cpu_utilization=None, metrics=[waiting])
    )
    assert_valid(synthesis.documents(chart))
    spec = synthesis.the(chart, "HorizontalPodAutoscaler")["spec"]
    assert (spec["minReplicas"], spec["maxReplicas"]) == (0, 2)
    assert spec["metrics"] == [
        {
            "external": {
                "metric": {"name": "llm_requests_waiting", "selector": {"matchLabels": {"server": "llama"}}},
                "target": {"averageValue": "5", "type": "AverageValue"},
            },
            "type": "External",
        }
    ]
    assert server.min_replicas == 0


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: Autoscaling(min_replicas=0),
            r"^min_replicas: 0 needs a metric that is there while no.*\[VC653\]",
        ),
        (
            lambda: Autoscaling(min_replicas=0, metrics=[ExternalMetric(name="a", average_value=1)]),
            r"^min_replicas: 0 is never reached while target_cpu_utilization is aimed at.*\[VC653\]",
        ),
        (lambda: Autoscaling(metrics=["a"]), r"^metrics\[0\]: 'a'"),  # type: ignore[list-item]
        (lambda: ExternalMetric(name="", average_value=1), r"^metrics\.name: "),
        (lambda: ExternalMetric(name="a", average_value=0), r"^metrics\.average_value: 0 is not above 0"),
        (lambda: ExternalMetric(name="a", average_value="five"), r"^metrics\.average_value: 'five'"),
    ],
)
def test_zero_that_would_never_be_reached_or_left_is_refused(make: Any, message: str) -> None:
    with pytest.raises((InvalidOptionError, ConflictError), match=message):
        make()


# The pools of a pair.


def test_each_pool_of_a_pair_is_scaled_spread_and_kept_available_by_itself(chart: cdk8s.Chart) -> None:
    pair = DisaggregatedServer(
        chart, "pair", model=synthesis.MODEL, image="vllm/vllm-openai:v0.20.2", prefill=Pool(gpus=1),
        decode=Pool(gpus=1), storage=ModelStorage.nfs(chart, "models", server="n", path="/m", name="models"),
        name="pair",
    )  # fmt: skip
    for pool in (pair.prefill, pair.decode):
        QueueAutoscaler(
            chart, f"{pool.name}-scale", server=pool, prometheus_address="http://prometheus:9090", max_replicas=4
        )
        PodDisruptionBudget(chart, f"{pool.name}-budget", server=pool, max_unavailable=1)
        spread_pods(pool)
    assert_valid(synthesis.documents(chart), since("1.29"))
    queries = {
        each["spec"]["scaleTargetRef"]["name"]: each["spec"]["triggers"][0]["metadata"]["query"]
        for each in synthesis.of_kind(chart, "ScaledObject")
    }
    selectors = [each["spec"]["selector"]["matchLabels"] for each in synthesis.of_kind(chart, "PodDisruptionBudget")]
    assert set(queries) == {"pair-prefill", "pair-decode"}
    assert all(f'pod=~"{name}-' in query for name, query in queries.items())
    assert selectors == [pair.prefill.selector, pair.decode.selector]
    assert selectors[0] != selectors[1]
    for workload in synthesis.of_kind(chart, "Deployment"):
        assert "replicas" not in workload["spec"]
        [constraint] = workload["spec"]["template"]["spec"]["topologySpreadConstraints"]
        labels = workload["spec"]["template"]["metadata"]["labels"]
        assert constraint["labelSelector"]["matchLabels"].items() <= labels.items()


# A gateway's route to it.


def guarded(chart: cdk8s.Chart) -> VllmServer:
    server = vllm(chart, api_key=SecretKey("llama", "key"))
    ServerNetworkPolicy(chart, "policy", server=server, clients=["keda"])
    return server


@pytest.fixture
def scaler(chart: cdk8s.Chart) -> HttpAutoscaler:
    return HttpAutoscaler(chart, "scale", server=guarded(chart), hosts=[HOST, "*.example.org"], max_replicas=2)


def test_a_route_is_led_through_the_interceptor(chart: cdk8s.Chart, scaler: HttpAutoscaler) -> None:
    HTTPRoute(
        chart, "route", gateways=["public"], hostnames=[HOST, "a.example.org"], backends=[scaler], granted=["keda"]
    )
    documents = synthesis.documents(chart)
    [rule] = synthesis.the(chart, "HTTPRoute")["spec"]["rules"]
    assert_valid(documents)
    assert rule["backendRefs"] == [
        {
            "kind": "Service",
            "name": "keda-add-ons-http-interceptor-proxy",
            "namespace": "keda",
            "port": 8080,
            "weight": 1,
        }
    ]


def test_the_interceptor_of_another_namespace_needs_a_grant(chart: cdk8s.Chart, scaler: HttpAutoscaler) -> None:
    with pytest.warns(VllmCdk8sWarning, match=r"in namespace 'keda' .* needs a ReferenceGrant in 'keda'; say granted="):
        HTTPRoute(chart, "route", gateways=["public"], hostnames=[HOST], backends=[scaler])


def test_the_grant_that_is_shown_lets_the_route_that_is_shown_through() -> None:
    chart = synthesis.new_chart(namespace="llm")
    [snippet] = [each for each in snippets("scaling.md") if "HTTPRoute(" in each]
    run(snippet, chart)
    route = synthesis.the(chart, "HTTPRoute")
    shown = re.findall(r"```yaml\n(.*?)```", (DOCS / "scaling.md").read_text(encoding="utf-8"), re.DOTALL)
    [grant] = [each for each in map(yaml.safe_load, map(dedent, shown)) if each["kind"] == "ReferenceGrant"]
    # As the Gateway API matches them, with the API version that its releases from 0.6 on have.
    assert grant["apiVersion"] == "gateway.networking.k8s.io/v1beta1"
    sender = {"group": "gateway.networking.k8s.io", "kind": route["kind"], "namespace": route["metadata"]["namespace"]}
    assert grant["spec"]["from"] == [sender]
    [backend] = [ref for rule in route["spec"]["rules"] for ref in rule["backendRefs"]]
    assert grant["spec"]["to"] == [{"group": "", "kind": backend["kind"], "name": backend["name"]}]
    assert grant["metadata"]["namespace"] == backend["namespace"]


def test_of_its_own_namespace_it_needs_none(chart: cdk8s.Chart) -> None:
    own = HttpAutoscaler(
        chart, "scale", server=guarded(chart), hosts=["*"], max_replicas=2, interceptor_namespace="inference"
    )  # fmt: skip
    HTTPRoute(chart, "route", gateways=["public"], models={synthesis.MODEL: own})
    for rule in synthesis.the(chart, "HTTPRoute")["spec"]["rules"]:
        assert "namespace" not in rule["backendRefs"][0]


@pytest.mark.parametrize(
    ("hostnames", "message"),
    [
        ([], rf"^[^ ]*hostnames: the interceptor answers 404 under any other host; say '{HOST}', '\*\.example\.org'"),
        ([HOST, "b.example.com"], r"hostnames\[1\]: 'b.example.com' is not a host of the HttpAutoscaler"),
    ],
)
def test_hosts_that_the_interceptor_does_not_know_are_refused(
    chart: cdk8s.Chart, scaler: HttpAutoscaler, hostnames: list[str], message: str
) -> None:
    with pytest.raises(ConflictError, match=message):
        HTTPRoute(chart, "route", gateways=["public"], hostnames=hostnames, backends=[scaler])


@pytest.mark.parametrize("minimum", [0, 1])
def test_a_route_that_passes_by_what_wakes_a_server_warns(chart: cdk8s.Chart, minimum: int) -> None:
    server = guarded(chart)
    HTTPRoute(chart, "route", gateways=["public"], hostnames=[HOST], backends=[server])
    HttpAutoscaler(chart, "scale", server=server, hosts=[HOST], max_replicas=2, min_replicas=minimum)
    with warnings.catch_warnings(record=True) as given:
        warnings.simplefilter("always")
        synthesis.documents(chart)
    passing = [str(each.message) for each in given if "VC653" in str(each.message)]
    assert len(passing) == (minimum == 0)
    assert all("leads to" in each and "give the route the HttpAutoscaler" in each for each in passing)
