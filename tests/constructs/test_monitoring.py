"""PodMonitor, ServiceMonitor, Alerts and Dashboard around a real server."""

from __future__ import annotations

import json
import re
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cdk8s
import pytest
import yaml

from tests.kubelet import lws_pods
from tests.kubernetes_schemas import assert_valid
from tests.synthesis import YamlFile, assert_golden, new_chart
from vllm_cdk8s import ModelStorage, VllmServer
from vllm_cdk8s.constructs.monitoring import Alerts, Dashboard, PodMonitor, ServiceMonitor
from vllm_cdk8s.constructs.multi_node import MultiNodeVllmServer
from vllm_cdk8s.constructs.network import ServerNetworkPolicy
from vllm_cdk8s.constructs.queue_autoscaler import QueueAutoscaler
from vllm_cdk8s.constructs.ray_cluster import RayVllmServer
from vllm_cdk8s.core.errors import ConflictError, InvalidOptionError, VllmCdk8sWarning
from vllm_cdk8s.core.monitoring.scraping import milliseconds

if TYPE_CHECKING:
    from syrupy.assertion import SnapshotAssertion

DOCS = Path(__file__).resolve().parents[2] / "docs" / "monitoring.md"
MODEL = "meta-llama/Llama-3.1-8B-Instruct"


SCRAPED_BY_ITSELF = {"VC605": "Prometheus finds the pods of this namespace"}


@pytest.fixture
def app(tmp_path: Path) -> cdk8s.App:
    return cdk8s.App(outdir=str(tmp_path))


@pytest.fixture
def chart(app: cdk8s.App) -> cdk8s.Chart:
    return cdk8s.Chart(app, "llm", namespace="inference")


def vllm(chart: cdk8s.Chart, **options: Any) -> VllmServer:
    given = {"model": MODEL, "name": "llama", "gpus": 1, "acknowledge": SCRAPED_BY_ITSELF, **options}
    return VllmServer(chart, "llama", **given)


def documents(chart: cdk8s.Chart, kind: str) -> list[dict[str, Any]]:
    return [document for document in cdk8s.Testing.synth(chart) if document["kind"] == kind]


def only(chart: cdk8s.Chart, kind: str) -> dict[str, Any]:
    (document,) = documents(chart, kind)
    return document


def matches(selector: dict[str, Any], labels: dict[str, str]) -> bool:
    assert set(selector) == {"matchLabels"}
    assert selector["matchLabels"]
    return all(labels.get(key) == value for key, value in selector["matchLabels"].items())


# The whole of it.


def test_everything_around_a_server(snapshot: SnapshotAssertion) -> None:
    chart = new_chart(namespace="inference")
    server = vllm(chart, image="vllm/vllm-openai:v0.20.2", acknowledge={})
    PodMonitor(chart, "pods", server=server, name="llama")
    ServiceMonitor(chart, "service", server=server, name="llama", labels={"prometheus": "other"})
    Alerts(chart, "alerts", server=server, name="llama")
    Dashboard(chart, "dashboard", server=server, name="llama-dashboard")
    assert_golden(chart, snapshot)


def test_the_documented_example_makes_this_yaml(tmp_path: Path, snapshot: SnapshotAssertion) -> None:
    blocks = re.findall(r"```python\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    assert len(blocks) == 3
    blocks[0] = blocks[0].replace("App()", f"App(outdir={str(tmp_path)!r})")
    names: dict[str, Any] = {}
    for block in blocks:
        exec(block, names)  # noqa: S102 - the documentation's own code
    made = list(yaml.safe_load_all((tmp_path / "llm.k8s.yaml").read_text(encoding="utf-8")))
    assert_valid(made)
    assert {"PodMonitor", "PrometheusRule", "ConfigMap"} <= {document["kind"] for document in made}
    names["app"].synth()
    text = (tmp_path / "llm.k8s.yaml").read_text(encoding="utf-8")
    traced = [document for document in yaml.safe_load_all(text) if document["kind"] == "Deployment"][-1]
    assert "--otlp-traces-endpoint" in str(traced)
    assert text == snapshot(extension_class=YamlFile)


# Monitors.


@pytest.mark.parametrize("options", [{}, {"name": None}, {"instance": "prod", "name": "prod-vllm", "app_name": "llm"}])
def test_a_pod_monitor_selects_this_servers_pods_and_their_port(chart: cdk8s.Chart, options: dict[str, Any]) -> None:
    PodMonitor(chart, "scrape", server=vllm(chart, **options))
    other = VllmServer(chart, "other", model="gpt2", name="other", gpus=1)
    spec = only(chart, "PodMonitor")["spec"]
    first, second = (document["spec"]["template"] for document in documents(chart, "Deployment"))
    assert matches(spec["selector"], first["metadata"]["labels"])
    assert not matches(spec["selector"], second["metadata"]["labels"])
    assert other.selector["app.kubernetes.io/instance"] == "other"
    (endpoint,) = spec["podMetricsEndpoints"]
    ports = {port["name"]: port["containerPort"] for port in first["spec"]["containers"][0]["ports"]}
    assert ports[endpoint["port"]] == 8000
    assert first["spec"]["containers"][0]["name"] == "vllm"


@pytest.mark.parametrize(
    "options", [{}, {"name": None}, {"instance": "prod", "name": "prod-vllm", "labels": {"a": "b"}}]
)
def test_a_service_monitor_selects_this_servers_service_and_its_port(
    chart: cdk8s.Chart, options: dict[str, Any]
) -> None:
    ServiceMonitor(chart, "scrape", server=vllm(chart, **options))
    VllmServer(chart, "other", model="gpt2", name="other", gpus=1)
    spec = only(chart, "ServiceMonitor")["spec"]
    first, second = documents(chart, "Service")
    assert matches(spec["selector"], first["metadata"]["labels"])
    assert not matches(spec["selector"], second["metadata"]["labels"])
    (endpoint,) = spec["endpoints"]
    assert endpoint["port"] in {port["name"] for port in first["spec"]["ports"]}


@pytest.mark.parametrize(
    ("construct", "endpoints"), [(PodMonitor, "podMetricsEndpoints"), (ServiceMonitor, "endpoints")]
)
def test_a_monitors_times_may_be_durations(
    chart: cdk8s.Chart, construct: type[PodMonitor | ServiceMonitor], endpoints: str
) -> None:
    monitor = construct(
        chart, "scrape", server=vllm(chart), interval=cdk8s.Duration.minutes(1), scrape_timeout="1m",
        labels={"release": "prometheus"}, name="scrape",
    )  # fmt: skip
    document = only(chart, construct.__name__)
    assert document["metadata"]["name"] == monitor.resource.name == "scrape"
    assert document["metadata"]["labels"]["release"] == "prometheus"
    assert document["spec"][endpoints][0]["interval"] == "60000ms"
    assert "namespaceSelector" not in document["spec"]
    assert_valid([document])


def test_a_monitor_in_another_namespace_names_the_servers(app: cdk8s.App, chart: cdk8s.Chart) -> None:
    server = vllm(chart)
    observability = cdk8s.Chart(app, "observability", namespace="observability")
    PodMonitor(observability, "scrape", server=server)
    Alerts(observability, "alerts", server=server)
    document = only(observability, "PodMonitor")
    assert document["metadata"]["namespace"] == "observability"
    assert document["spec"]["namespaceSelector"] == {"matchNames": ["inference"]}
    assert 'namespace="inference"' in str(only(observability, "PrometheusRule")["spec"])


def test_a_monitor_cannot_name_the_namespace_of_a_server_without_one(app: cdk8s.App) -> None:
    server = vllm(cdk8s.Chart(app, "plain"))
    observability = cdk8s.Chart(app, "observability", namespace="observability")
    with pytest.raises(ConflictError, match="the monitor is in namespace 'observability' and plain/llama in none"):
        ServiceMonitor(observability, "scrape", server=server)


def test_a_server_that_speaks_tls_must_be_trusted_somehow(chart: cdk8s.Chart) -> None:
    server = vllm(chart, engine_args={"ssl_certfile": "/tls/tls.crt", "ssl_keyfile": "/tls/tls.key"})
    with pytest.raises(ConflictError, match="tls_config: the server speaks TLS"):
        PodMonitor(chart, "refused", server=server)
    PodMonitor(chart, "scrape", server=server, tls_config={"insecureSkipVerify": True})
    (endpoint,) = only(chart, "PodMonitor")["spec"]["podMetricsEndpoints"]
    assert endpoint["scheme"] == "https"
    assert endpoint["tlsConfig"] == {"insecureSkipVerify": True}
    assert_valid(documents(chart, "PodMonitor"))


def test_a_server_without_tls_takes_no_tls_config(chart: cdk8s.Chart) -> None:
    with pytest.raises(ConflictError, match="tls_config: the server speaks no TLS"):
        PodMonitor(chart, "refused", server=vllm(chart), tls_config={"insecureSkipVerify": True})


@pytest.mark.parametrize("construct", [PodMonitor, ServiceMonitor, Alerts, Dashboard])
def test_a_server_that_keeps_no_statistics_cannot_be_watched(chart: cdk8s.Chart, construct: type[Any]) -> None:
    server = vllm(chart, engine_args={"disable_log_stats": True})
    with pytest.raises(ConflictError, match="server: llm/llama has disable_log_stats"):
        construct(chart, "refused", server=server)


@pytest.mark.parametrize("construct", [PodMonitor, ServiceMonitor, Alerts, Dashboard])
def test_what_is_not_a_server_cannot_be_watched(chart: cdk8s.Chart, construct: type[Any]) -> None:
    with pytest.raises(InvalidOptionError, match=r"server: 'llama' is no.*Server; allowed: a VllmServer"):
        construct(chart, "refused", server="llama")


@pytest.mark.parametrize("construct", [PodMonitor, ServiceMonitor, Alerts, Dashboard])
def test_two_objects_of_one_kind_cannot_have_one_name(chart: cdk8s.Chart, construct: type[Any]) -> None:
    server = vllm(chart)
    construct(chart, "one", server=server, name="same")
    with pytest.raises(ConflictError, match="name: 'same' is the name of two"):
        construct(chart, "two", server=server, name="same")


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"interval": "10s", "scrape_timeout": "30s"}, ConflictError, "scrape_timeout: '30s' is longer than interval"),
        ({"interval": "often"}, InvalidOptionError, "interval: 'often' is not a duration"),
        ({"interval": 30}, InvalidOptionError, "interval: 30 is not a string"),
        ({"interval": "0s"}, InvalidOptionError, "interval: '0s' is not a duration"),
        ({"labels": {"release": "a b"}}, InvalidOptionError, r"labels\['release'\]: 'a b' is not a label value"),
        ({"name": "Scrape"}, InvalidOptionError, "name: 'Scrape' is not a Kubernetes object name"),
    ],
)
def test_bad_options_of_a_monitor_are_refused(
    chart: cdk8s.Chart, options: dict[str, Any], error: type[ValueError], message: str
) -> None:
    with pytest.raises(error, match=message):
        PodMonitor(chart, "refused", server=vllm(chart), **options)


def test_durations_are_read_as_prometheus_reads_them() -> None:
    assert milliseconds("x", "1m30s") == 90_000
    assert milliseconds("x", "1d2h") == 93_600_000
    assert milliseconds("x", "500ms") == 500
    for wrong in ("1.5m", "30", "30s1m", "-1s", " 1s"):
        with pytest.raises(InvalidOptionError):
            milliseconds("x", wrong)


@pytest.mark.parametrize("second", [PodMonitor, ServiceMonitor])
def test_a_second_monitor_of_a_server_for_the_same_prometheus_warns(
    chart: cdk8s.Chart, second: type[PodMonitor | ServiceMonitor]
) -> None:
    server = vllm(chart)
    PodMonitor(chart, "one", server=server, labels={"release": "prometheus"})
    second(chart, "other-prometheus", server=server)
    with pytest.warns(VllmCdk8sWarning, match=r"^server: \S+/one has \S+/llama scraped already, so that every sample"):
        second(chart, "two", server=server, labels={"release": "prometheus"})


@pytest.mark.parametrize("policy_first", [True, False])
def test_a_policy_that_names_no_scraper_of_a_scraped_server_warns_in_whichever_order_they_come(
    chart: cdk8s.Chart, *, policy_first: bool
) -> None:
    server = vllm(chart)
    if not policy_first:
        PodMonitor(chart, "scrape", server=server)
    ServerNetworkPolicy(chart, "policy", server=server, clients=["web"])
    if policy_first:
        PodMonitor(chart, "scrape", server=server)
    with pytest.warns(
        VllmCdk8sWarning, match=r"^scrapers: \S+/policy names none, so that Prometheus, which \S+/scrape"
    ):
        cdk8s.Testing.synth(chart)


def test_a_policy_that_names_a_scraper_or_of_a_server_that_is_not_scraped_does_not_warn(chart: cdk8s.Chart) -> None:
    server, quiet = vllm(chart), VllmServer(chart, "quiet", model=MODEL, gpus=1)
    PodMonitor(chart, "scrape", server=server)
    ServerNetworkPolicy(chart, "policy", server=server, clients=["web"], scrapers=["monitoring"])
    ServerNetworkPolicy(chart, "other", server=quiet, clients=["web"])
    assert len([each for each in cdk8s.Testing.synth(chart) if each["kind"] == "NetworkPolicy"]) == 2


# Alerts and dashboard.


def test_alerts_follow_the_servers_own_settings(chart: cdk8s.Chart) -> None:
    names = ['chat "v2"', "chat"]
    server = vllm(chart, name="prod-vllm", engine_args={"served_model_name": names}, image="vllm/vllm-openai:v0.11.0")
    Alerts(
        chart, "alerts", server=server, queue_length=3, alert_labels={"team": "ml"}, labels={"release": "prometheus"}
    )
    document = only(chart, "PrometheusRule")
    assert document["metadata"]["labels"]["release"] == "prometheus"
    (group,) = document["spec"]["groups"]
    text = json.dumps(group)
    assert 'model_name=\\"chat \\\\\\"v2\\\\\\"\\"' in text
    assert 'pod=~\\"prod-vllm-[a-z0-9]+-[a-z0-9]{5}\\"' in text
    assert all(rule["labels"]["team"] == "ml" for rule in group["rules"])
    assert server.probes.startup_seconds == 600
    assert {rule["alert"]: rule.get("for") for rule in group["rules"]}["VllmServerDown"] == "15m"


def down(chart: cdk8s.Chart) -> str:
    (group,) = only(chart, "PrometheusRule")["spec"]["groups"]
    return str({rule["alert"]: rule["expr"] for rule in group["rules"]}["VllmServerDown"])


@pytest.mark.parametrize("autoscaler_first", [True, False])
def test_the_sleep_of_a_server_that_scales_to_zero_is_no_alarm_in_whichever_order_they_come(
    chart: cdk8s.Chart, *, autoscaler_first: bool
) -> None:
    server = vllm(chart, image="vllm/vllm-openai:v0.20.2")
    for step in ["scale", "alerts"] if autoscaler_first else ["alerts", "scale"]:
        if step == "alerts":
            Alerts(chart, "alerts", server=server)
        else:
            QueueAutoscaler(
                chart, "scale", server=server, prometheus_address="http://prometheus:9090", min_replicas=0,
                max_replicas=1, wake_query="sum(wanted)",
            )  # fmt: skip
    assert down(chart).startswith("sum(up{")


@pytest.mark.parametrize(("replicas", "said", "start"), [(0, None, "sum("), (1, True, "sum("), (0, False, "absent("),
                                                         (1, None, "absent(")])  # fmt: skip
def test_replicas_and_what_is_said_decide_whether_no_pod_is_an_alarm(
    chart: cdk8s.Chart, replicas: int, said: bool | None, start: str
) -> None:
    Alerts(chart, "alerts", server=vllm(chart, replicas=replicas), scales_to_zero=said)
    assert down(chart).startswith(start)


def test_an_autoscaler_that_keeps_a_pod_leaves_the_alarm(chart: cdk8s.Chart) -> None:
    server = vllm(chart, image="vllm/vllm-openai:v0.20.2")
    Alerts(chart, "alerts", server=server)
    QueueAutoscaler(chart, "scale", server=server, prometheus_address="http://prometheus:9090", max_replicas=1)
    assert down(chart).startswith("absent(")


def test_what_is_said_of_sleep_is_not_overruled_by_an_autoscaler(chart: cdk8s.Chart) -> None:
    server = vllm(chart, image="vllm/vllm-openai:v0.20.2")
    Alerts(chart, "alerts", server=server, scales_to_zero=False)
    QueueAutoscaler(
        chart, "scale", server=server, prometheus_address="http://prometheus:9090", min_replicas=0, max_replicas=1,
        wake_query="sum(wanted)",
    )  # fmt: skip
    assert down(chart).startswith("absent(")


def test_the_dashboard_is_found_by_grafanas_sidecar(chart: cdk8s.Chart) -> None:
    Dashboard(chart, "dashboard", server=vllm(chart), folder="Inference", title="Chat")
    document = only(chart, "ConfigMap")
    assert document["metadata"]["labels"]["grafana_dashboard"] == "1"
    assert document["metadata"]["annotations"] == {"grafana_folder": "Inference"}
    ((file, text),) = document["data"].items()
    assert file == "inference-llama.json"
    assert json.loads(text)["title"] == "Chat"
    assert_valid([document])


def test_the_sidecars_label_may_be_another(chart: cdk8s.Chart) -> None:
    Dashboard(chart, "dashboard", server=vllm(chart), labels={"dashboards": "yes"})
    labels = only(chart, "ConfigMap")["metadata"]["labels"]
    assert labels["dashboards"] == "yes"
    assert "grafana_dashboard" not in labels


def test_an_old_engine_gets_the_names_of_its_time(chart: cdk8s.Chart) -> None:
    Dashboard(chart, "old", server=vllm(chart, image="vllm/vllm-openai:v0.10.1"))
    new_server = VllmServer(chart, "new-llama", model=MODEL, gpus=1, acknowledge=SCRAPED_BY_ITSELF)
    Dashboard(chart, "new", server=new_server)
    old, new = (str(document["data"]) for document in documents(chart, "ConfigMap"))
    assert "time_per_output_token_seconds" in old
    assert "inter_token_latency_seconds" in new
    assert "time_per_output_token_seconds" not in new


# Servers over several nodes.


def big(chart: cdk8s.Chart, kind: type[MultiNodeVllmServer | RayVllmServer]) -> MultiNodeVllmServer | RayVllmServer:
    storage = ModelStorage.nfs(chart, "models", server="nfs.local", path="/models", size="1Ti")
    return kind(
        chart, "big", model="deepseek-ai/DeepSeek-R1", nodes=2, gpus=8, name="big", storage=storage,
        image="vllm/vllm-openai:v0.20.2",
    )  # fmt: skip


def expressions(chart: cdk8s.Chart) -> list[str]:
    return [rule["expr"] for rule in only(chart, "PrometheusRule")["spec"]["groups"][0]["rules"]]


def pods(expression: str) -> str:
    patterns: set[str] = set(re.findall(r'pod=~"([^"]*)"', expression))
    (pattern,) = patterns
    return pattern


def test_the_leaders_of_a_server_over_several_nodes_are_scraped_and_all_its_pods_watched(chart: cdk8s.Chart) -> None:
    server = big(chart, MultiNodeVllmServer)
    PodMonitor(chart, "pods", server=server)
    ServiceMonitor(chart, "service", server=server, labels={"prometheus": "other"})
    Alerts(chart, "alerts", server=server)
    Dashboard(chart, "dashboard", server=server)
    lws = only(chart, "LeaderWorkerSet")
    template = lws["spec"]["leaderWorkerTemplate"]
    selector, port = only(chart, "PodMonitor")["spec"]["selector"], "http"
    assert matches(selector, template["leaderTemplate"]["metadata"]["labels"])
    assert port in {port["name"] for port in template["leaderTemplate"]["spec"]["containers"][0]["ports"]}
    assert "ports" not in template["workerTemplate"]["spec"]["containers"][0]
    assert matches(only(chart, "ServiceMonitor")["spec"]["selector"], only(chart, "Service")["metadata"]["labels"])
    named = [pod.name for group in lws_pods(lws) for pod in group]
    assert named == ["big-0", "big-0-1"]
    for expression in expressions(chart):
        assert all(re.fullmatch(pods(expression), name) for name in named)
        assert not re.fullmatch(pods(expression), "big-2-6d5f9c7b8d-x2x4z")
    assert_valid([document for document in cdk8s.Testing.synth(chart) if document["kind"] != "LeaderWorkerSet"])


def test_the_pods_of_a_ray_cluster_are_known_by_their_names(chart: cdk8s.Chart) -> None:
    server = big(chart, RayVllmServer)
    PodMonitor(chart, "pods", server=server)
    Alerts(chart, "alerts", server=server)
    head = only(chart, "RayCluster")["spec"]["headGroupSpec"]["template"]
    assert matches(only(chart, "PodMonitor")["spec"]["selector"], head["metadata"]["labels"])
    for expression in expressions(chart):
        for name in ("big-head", "big-head-x2x4z", "big-workers-worker-x2x4z"):
            assert re.fullmatch(pods(expression), name)
        assert not re.fullmatch(pods(expression), "big-2-head")


# Nothing that scrapes.


def warned(chart: cdk8s.Chart) -> list[str]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for _ in range(2):
            cdk8s.Testing.synth(chart)
    return [str(warning.message) for warning in caught]


def test_alerts_and_a_dashboard_of_a_server_that_nothing_scrapes_warn_once(chart: cdk8s.Chart) -> None:
    server = vllm(chart, acknowledge={})
    Alerts(chart, "alerts", server=server)
    Dashboard(chart, "dashboard", server=server)
    [found] = warned(chart)
    assert found.startswith("server: nothing in this app has llm/llama scraped, so that llm/alerts, llm/dashboard may")
    assert found.endswith("[VC605]")


@pytest.mark.parametrize("kind", ["PodMonitor", "ServiceMonitor", "PodMonitoring", "VMPodScrape"])
def test_a_monitor_of_the_users_own_quiets_it(chart: cdk8s.Chart, kind: str) -> None:
    Alerts(chart, "alerts", server=vllm(chart, acknowledge={}))
    cdk8s.ApiObject(chart, "own", api_version="example.com/v1", kind=kind)
    assert warned(chart) == []


def test_a_monitor_that_comes_later_quiets_it(chart: cdk8s.Chart) -> None:
    server = vllm(chart, acknowledge={})
    Alerts(chart, "alerts", server=server)
    PodMonitor(chart, "scrape", server=server)
    assert warned(chart) == []


def test_the_annotation_for_scraping_quiets_it(chart: cdk8s.Chart) -> None:
    Alerts(chart, "alerts", server=vllm(chart, acknowledge={}, pod_annotations={"prometheus.io/scrape": "true"}))
    assert warned(chart) == []


# Routes of Alertmanager.


@pytest.mark.parametrize("asleep", [False, True])
def test_every_alert_has_the_servers_namespace(chart: cdk8s.Chart, asleep: bool) -> None:
    alerts = Alerts(chart, "alerts", server=vllm(chart), scales_to_zero=asleep)
    [group] = alerts.resource.to_json()["spec"]["groups"]
    assert {rule["labels"]["namespace"] for rule in group["rules"]} == {"inference"}


def test_names_of_ids_with_capitals_and_underscores_are_valid(app: cdk8s.App) -> None:
    odd = cdk8s.Chart(app, "My_Models.v2", namespace="inference")
    server = VllmServer(odd, "Qwen_2.5", model=MODEL, gpus=1)
    PodMonitor(odd, "Pod_Monitor", server=server)
    Alerts(odd, "Alerts.v1", server=server)
    Dashboard(odd, "Dash_Board", server=server)
    for document in cdk8s.Testing.synth(odd):
        assert re.fullmatch(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?", document["metadata"]["name"]), document["kind"]
