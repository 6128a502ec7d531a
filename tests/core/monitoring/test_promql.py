"""PromQL, alerts and dashboard as plain data: parsed by a real parser, and scoped to one server."""

from __future__ import annotations

import json
import re
from typing import Any

import promql_parser
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vllm_cdk8s.core.errors import InvalidOptionError
from vllm_cdk8s.core.monitoring.alert_rules import alert_groups
from vllm_cdk8s.core.monitoring.dashboard_json import dashboard_json
from vllm_cdk8s.core.monitoring.metrics import known_versions, metric, metrics
from vllm_cdk8s.core.monitoring.promql import (
    Target,
    deployment_pods,
    leader_worker_set_pods,
    quoted,
    ray_cluster_pods,
    seconds,
)

POD = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
NAMES = st.from_regex(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?", fullmatch=True)
HASHES = st.text("bcdfghjklmnpqrstvwxz2456789", min_size=1, max_size=10)
ENDINGS = st.text("bcdfghjklmnpqrstvwxz2456789", min_size=5, max_size=5)
# What is not vLLM's own, with the labels that its series have.
OTHERS = {"up", "kube_pod_container_status_restarts_total", "kube_pod_container_state_started",
          "kube_pod_container_status_ready"}  # fmt: skip


def target(
    version: str | None = None, *, model: str = "meta-llama/Llama-3.1-8B", namespace: str | None = "ml"
) -> Target:
    return Target(model_name=model, pods=deployment_pods("prod-vllm"), namespace=namespace, version=version)


def rules(version: str | None = None, **options: Any) -> dict[str, dict[str, Any]]:
    groups = alert_groups(target(version), name="prod-vllm", **{"startup_seconds": 600, **options})
    assert [group["name"] for group in groups] == ["vllm-prod-vllm"]
    return {rule["alert"]: rule for rule in groups[0]["rules"]}


def expressions(version: str | None) -> list[str]:
    """All that is sent to Prometheus, with Grafana's variables filled in."""
    dashboard = dashboard_json(target(version), name="prod-vllm", title="vLLM")
    panels = [query["expr"] for panel in dashboard["panels"] for query in panel["targets"]]
    filled = [text.replace("$__rate_interval", "1m").replace("$pod", "prod-vllm-abc-12345") for text in panels]
    return [*filled, *(rule["expr"] for rule in rules(version).values())]


def pods_of(name: str, hashed: str, ending: str) -> str:
    """A pod's name as Kubernetes makes it: the generated base is cut to leave room for five characters."""
    return f"{name}-{hashed}-"[:58] + ending


class Selectors:
    """Collects the vector selectors of an expression with the functions right around their windows."""

    def __init__(self, text: str) -> None:
        self.found: list[Any] = []
        self.ranged: list[tuple[str, Any]] = []
        self._visit(promql_parser.parse(text))

    def _visit(self, node: Any) -> None:
        kind = type(node).__name__
        if kind == "VectorSelector":
            self.found.append(node)
        elif kind == "MatrixSelector":
            self.found.append(node.vector_selector)
        elif kind == "Call":
            for argument in node.args:
                if type(argument).__name__ == "MatrixSelector":
                    self.ranged.append((node.func.name, argument.vector_selector))
                self._visit(argument)
        elif kind == "BinaryExpr":
            self._visit(node.lhs)
            self._visit(node.rhs)
        elif kind in {"AggregateExpr", "ParenExpr", "UnaryExpr", "SubqueryExpr"}:
            self._visit(node.expr)
        else:
            assert kind in {"NumberLiteral", "StringLiteral"}, kind


def family(series: str, version: str | None) -> Any:
    for known in metrics(version).values():
        endings = (
            [known.series(e) for e in ("bucket", "sum", "count")] if known.kind == "histogram" else [known.series()]
        )
        if series in endings:
            return known
    raise AssertionError(f"{series} is no series of vLLM {version}")


# Every expression, in every version.


@pytest.mark.parametrize("version", known_versions())
def test_every_expression_parses_and_names_only_what_the_version_has(version: str) -> None:
    for text in expressions(version):
        selectors = Selectors(text)
        assert selectors.found
        for selector in selectors.found:
            if selector.name in OTHERS:
                continue
            known = family(selector.name, version)
            assert known.always or "spec_decode" in known.name
            assert known.labels is not None
            own = {matcher.name for matcher in selector.matchers.matchers} - {"namespace", "pod", "container"}
            assert own <= set(known.labels)


@pytest.mark.parametrize("version", ["0.10.0", "0.11.0", None])
def test_every_series_is_narrowed_to_this_servers_pods(version: str | None) -> None:
    for text in expressions(version):
        for selector in Selectors(text).found:
            matchers = {matcher.name: matcher.value for matcher in selector.matchers.matchers}
            assert matchers["namespace"] == "ml"
            assert matchers["pod"].startswith("prod-vllm-")
            if selector.name.startswith("vllm:"):
                assert matchers["model_name"] == "meta-llama/Llama-3.1-8B"
            else:
                assert matchers["container"] == "vllm"


@pytest.mark.parametrize("version", ["0.10.0", None])
def test_rates_are_taken_of_counters_and_derivatives_of_gauges(version: str | None) -> None:
    counters = {"rate", "increase", "irate"}
    seen = set()
    for text in expressions(version):
        for function, selector in Selectors(text).ranged:
            counts = selector.name.endswith(("_total", "_bucket", "_sum", "_count"))
            assert counts == (function in counters), text
            seen.add(function)
    assert {"rate", "increase", "deriv", "min_over_time", "avg_over_time"} <= seen


def test_without_a_namespace_there_is_no_matcher_for_it() -> None:
    assert target(namespace=None).total("num_requests_running") == (
        'sum(vllm:num_requests_running{model_name="meta-llama/Llama-3.1-8B",pod=~"prod-vllm-[a-z0-9]+-[a-z0-9]{5}"})'
    )


# Names that a version does not have.


def test_a_metric_of_another_version_cannot_be_written() -> None:
    with pytest.raises(InvalidOptionError, match=r"gpu_cache_usage_perc' is not a metric of vLLM 0\.12\.0"):
        target("0.12.0").highest("gpu_cache_usage_perc")
    assert "gpu_cache_usage_perc" in target("0.10.0").highest("gpu_cache_usage_perc")


def test_a_renamed_metric_is_found_by_its_name_in_the_version() -> None:
    names = ("inter_token_latency_seconds", "time_per_output_token_seconds")
    assert "vllm:time_per_output_token_seconds_bucket" in target("0.10.1").quantile(0.5, *names, window="5m")
    assert "vllm:inter_token_latency_seconds_bucket" in target("0.32.0").quantile(0.5, *names, window="5m")


def test_a_label_that_a_metric_does_not_have_cannot_be_grouped_by() -> None:
    with pytest.raises(InvalidOptionError, match=r"by: 'engines' is not a label of .*did you mean 'engine'\?"):
        target().total("num_requests_running", by=("engines",))


def test_a_rate_of_a_gauge_cannot_be_written() -> None:
    with pytest.raises(InvalidOptionError, match="'vllm:num_requests_running' is a gauge, not a counter"):
        target().rate("num_requests_running", window="5m")
    with pytest.raises(InvalidOptionError, match="is a counter, not a gauge"):
        target().total("prompt_tokens")


# Escaping.


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40))
def test_any_model_name_comes_back_out_of_the_parser(name: str) -> None:
    selector = promql_parser.parse(target(model=name).series(metric("num_requests_running")))
    assert isinstance(selector, promql_parser.VectorSelector)
    assert {matcher.name: matcher.value for matcher in selector.matchers.matchers}["model_name"] == name


@pytest.mark.parametrize("name", ['a"b', "a\\b", "/models/llama{1}", "a\nb", "org/model:tag", "été"])
def test_awkward_model_names_are_quoted(name: str) -> None:
    selector = promql_parser.parse(f"up{{model_name={quoted(name)}}}")
    assert isinstance(selector, promql_parser.VectorSelector)
    assert selector.matchers.matchers[0].value == name


# Pods.


@given(name=NAMES, hashed=HASHES, ending=ENDINGS)
def test_the_pattern_matches_every_pod_of_the_deployment(name: str, hashed: str, ending: str) -> None:
    pod = pods_of(name, hashed, ending)
    assert POD.fullmatch(pod)
    assert re.fullmatch(deployment_pods(name), pod)


@given(hashed=HASHES, ending=ENDINGS, suffix=st.from_regex(r"-[a-z0-9]{1,10}", fullmatch=True))
def test_a_server_whose_name_continues_anothers_is_not_matched(hashed: str, ending: str, suffix: str) -> None:
    assert not re.fullmatch(deployment_pods("llama"), pods_of(f"llama{suffix}", hashed, ending))
    assert not re.fullmatch(deployment_pods("llama"), pods_of("my-llama", hashed, ending))
    assert not re.fullmatch(deployment_pods("llama-3.1"), pods_of("llama-3x1", hashed, ending))


@given(name=NAMES, group=st.integers(0, 99), worker=st.integers(1, 99))
def test_the_pattern_of_a_leader_worker_set_matches_its_leaders_and_workers(name: str, group: int, worker: int) -> None:
    assert re.fullmatch(leader_worker_set_pods(name), f"{name}-{group}")
    assert re.fullmatch(leader_worker_set_pods(name), f"{name}-{group}-{worker}")
    assert not re.fullmatch(leader_worker_set_pods(name), f"{name}-{group}-{worker}-x")


@given(name=NAMES, ending=ENDINGS)
def test_the_pattern_of_a_ray_cluster_matches_names_as_kuberay_cuts_them(name: str, ending: str) -> None:
    for pod in (f"{name[:50]}-head", f"{name[:50]}-head-{ending}", f"{f'{name}-workers'[:50]}-worker-{ending}"):
        assert len(pod) <= 63
        assert re.fullmatch(ray_cluster_pods(name), pod)


# Alerts.


def test_the_alerts_of_a_server() -> None:
    found = rules()
    assert {alert: rule["labels"]["severity"] for alert, rule in found.items()} == {
        "VllmServerDown": "critical",
        "VllmServerRestarting": "warning",
        "VllmEngineStalled": "critical",
        "VllmQueueGrowing": "warning",
        "VllmKvCacheFull": "warning",
        "VllmStartupNearBudget": "warning",
    }
    for rule in found.values():
        assert rule["labels"]["server"] == "prod-vllm"
        assert set(rule["annotations"]) == {"summary", "description"}


def test_a_server_counts_as_down_only_after_its_start_up_budget() -> None:
    assert rules(startup_seconds=600)["VllmServerDown"]["for"] == "15m"
    assert rules(startup_seconds=45)["VllmServerDown"]["for"] == "345s"
    assert rules()["VllmServerDown"]["expr"].startswith("absent(up{")


def test_no_pod_at_all_is_no_alarm_where_the_server_scales_to_zero() -> None:
    assert "absent" not in rules(scales_to_zero=True)["VllmServerDown"]["expr"]


def test_a_slow_start_is_reported_at_four_fifths_of_the_budget() -> None:
    expression = rules(startup_seconds=1800)["VllmStartupNearBudget"]["expr"]
    assert "> 1440 <= 1800 and on (namespace, pod, container)" in expression
    assert "[1440s]" in expression
    assert "1800 s" in rules(startup_seconds=1800)["VllmStartupNearBudget"]["annotations"]["description"]


def test_without_a_startup_probe_there_is_no_budget_to_come_near() -> None:
    assert "VllmStartupNearBudget" not in rules(startup_seconds=0)


def test_thresholds_reach_the_expressions() -> None:
    found = rules(queue_length=3, kv_cache_usage=0.5, labels={"team": "ml"})
    assert "> 3 and" in found["VllmQueueGrowing"]["expr"]
    assert found["VllmKvCacheFull"]["expr"].endswith("> 0.5")
    assert all(rule["labels"]["team"] == "ml" for rule in found.values())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"queue_length": -1}, "queue_length: -1 is out of range"),
        ({"queue_length": "10"}, "queue_length: '10' is not a whole number"),
        ({"kv_cache_usage": 95}, "kv_cache_usage: 95 is not a share"),
        ({"labels": {"my-team": "ml"}}, "alert_labels: 'my-team' is not a label of Prometheus;"),
        ({"labels": {"team": 1}}, r"alert_labels\['team'\]: 1 is not a string"),
        ({"scales_to_zero": "yes"}, "scales_to_zero: 'yes' is not a boolean"),
        ({"labels": {"a b": "c"}}, "labels: 'a b' is not a qualified name"),
    ],
)
def test_bad_thresholds_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidOptionError, match=message):
        rules(**options)


def test_seconds_are_written_in_minutes_where_they_are_some() -> None:
    assert (seconds("x", 60), seconds("x", 90)) == ("1m", "90s")


# Dashboard.


def test_the_panels_fill_a_grid_of_24_without_overlap() -> None:
    taken = set()
    panels = dashboard_json(target(), name="prod-vllm", title="vLLM")["panels"]
    for panel in panels:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        for x in range(place["x"], place["x"] + place["w"]):
            for y in range(place["y"], place["y"] + place["h"]):
                assert (x, y) not in taken
                taken.add((x, y))
    assert len({panel["id"] for panel in panels}) == len(panels) >= 14


def test_all_pods_of_the_server_are_shown_by_default() -> None:
    dashboard = dashboard_json(target(), name="prod-vllm", title="vLLM")
    source, pod = dashboard["templating"]["list"]
    assert source["type"] == "datasource"
    assert re.fullmatch(pod["allValue"], "prod-vllm-5d4f6c7b8-x2abc")
    assert 'namespace="ml"' in pod["query"]["query"]
    assert 'pod=~"$pod"' in dashboard["panels"][1]["targets"][0]["expr"]


def test_the_uid_is_that_of_the_server_and_short_enough_for_grafana() -> None:
    first = dashboard_json(target(), name="prod-vllm", title="vLLM")["uid"]
    assert first == dashboard_json(target("0.11.0"), name="prod-vllm", title="other")["uid"]
    assert first != dashboard_json(target(namespace="x"), name="prod-vllm", title="vLLM")["uid"]
    assert len(first) <= 40
    assert json.loads(json.dumps(dashboard_json(target(), name="a", title="b")))["title"] == "b"
