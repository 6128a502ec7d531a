"""QueueAutoscaler: what KEDA is told, when a server may sleep, and who owns the replicas."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import cdk8s
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import synthesis
from tests.kubernetes_schemas import assert_valid, since
from tests.snippets import DOCS, run, snippets
from vllm_cdk8s import (
    Autoscaling,
    ConflictError,
    InvalidOptionError,
    ModelStorage,
    MultiNodeVllmServer,
    QueueAutoscaler,
    Resources,
    SecretKey,
    SlowStartProbes,
    TriggerAuthentication,
    VllmCdk8sWarning,
    VllmServer,
)

if TYPE_CHECKING:
    from pathlib import Path

    from syrupy.assertion import SnapshotAssertion

PROMETHEUS = "http://prometheus:9090"


@pytest.fixture
def chart() -> cdk8s.Chart:
    return synthesis.new_chart(namespace="inference")


def vllm(chart: cdk8s.Chart, id: str = "llama", **options: Any) -> VllmServer:
    """A server that may have many replicas without a warning."""
    options.setdefault("storage", ModelStorage.none(chart, f"{id}-cache"))
    return VllmServer(chart, id, **{**synthesis.PLAIN, "name": id, **options})


def scaled(chart: cdk8s.Chart, server: VllmServer | None = None, **options: Any) -> dict[str, Any]:
    """The spec of the one ScaledObject of a chart, which is found valid."""
    server = vllm(chart) if server is None else server
    QueueAutoscaler(chart, "scale", server=server, **{"prometheus_address": PROMETHEUS, "max_replicas": 4, **options})
    assert_valid(synthesis.documents(chart))
    return dict(synthesis.the(chart, "ScaledObject")["spec"])


def from_zero(chart: cdk8s.Chart, server: VllmServer | None = None, **options: Any) -> dict[str, Any]:
    return scaled(chart, server, **{"min_replicas": 0, "wake_query": "sum(rate(gateway_requests[5m]))", **options})


def query(spec: dict[str, Any], name: str = "waiting") -> str:
    return str(trigger(spec, name)["metadata"]["query"])


def trigger(spec: dict[str, Any], name: str) -> dict[str, Any]:
    (found,) = [each for each in spec["triggers"] if each["name"] == name]
    return dict(found)


# The documentation.


@pytest.mark.parametrize(
    "snippet",
    snippets("scaling.md"),
    ids=["queue", "running", "zero", "requests", "kubernetes", "groups", "pools", "cpu"],
)
def test_a_documented_snippet_makes_this_yaml(snippet: str, snapshot: SnapshotAssertion) -> None:
    chart = synthesis.new_chart(namespace="llm")
    run(snippet, chart)
    # The pair's proxy is a native sidecar.
    assert_valid(synthesis.documents(chart), since("1.29") if "DisaggregatedServer" in snippet else None)
    synthesis.assert_golden(chart, snapshot)


def test_the_documented_query_is_that_of_the_first_snippet() -> None:
    chart = synthesis.new_chart(namespace="llm")
    run(snippets("scaling.md")[0], chart)
    shown = re.findall(r"```promql\n(.*?)\n```", (DOCS / "scaling.md").read_text(encoding="utf-8"), re.DOTALL)
    assert shown == [query(synthesis.the(chart, "ScaledObject")["spec"])]


# What is counted.


def test_the_queue_of_this_server_alone_is_counted(chart: cdk8s.Chart) -> None:
    server = vllm(chart, engine_args={"served_model_name": ["chat", "other"]})
    assert query(scaled(chart, server)) == (
        'sum(vllm:num_requests_waiting{model_name="chat",namespace="inference",pod=~"llama-[a-z0-9]+-[a-z0-9]{5}"})'
    )


def test_two_servers_of_one_model_are_told_apart_by_their_pods(chart: cdk8s.Chart) -> None:
    one, other = vllm(chart, "llama"), vllm(chart, "llama-b")
    for server in (one, other):
        QueueAutoscaler(chart, f"scale-{server.name}", server=server, prometheus_address=PROMETHEUS, max_replicas=2)
    first, second = (each["spec"] for each in synthesis.of_kind(chart, "ScaledObject"))
    pods = {name: re.findall(r'pod=~"(.*?)"', query(spec))[0] for name, spec in (("llama", first), ("llama-b", second))}
    assert re.fullmatch(pods["llama"], "llama-7d4b9c8f6-x2x9z")
    assert not re.fullmatch(pods["llama"], "llama-b-7d4b9c8f6-x2x9z")
    assert re.fullmatch(pods["llama-b"], "llama-b-7d4b9c8f6-x2x9z")


@pytest.mark.parametrize("image", ["vllm/vllm-openai:v0.11.0", "vllm/vllm-openai:v0.32.0", "vllm/vllm-openai:latest"])
def test_each_version_of_vllm_has_the_metric(chart: cdk8s.Chart, image: str) -> None:
    assert query(scaled(chart, vllm(chart, image=image))).startswith("sum(vllm:num_requests_waiting{")


def test_a_path_with_quotes_as_the_models_name_stays_one_string(chart: cdk8s.Chart) -> None:
    server = vllm(chart, model='/models/"odd" \\ name')
    assert 'model_name="/models/\\"odd\\" \\\\ name",' in query(scaled(chart, server))


def test_a_server_without_a_namespace_is_asked_for_without_one() -> None:
    chart = synthesis.new_chart()
    assert "namespace" not in query(scaled(chart, vllm(chart)))


def test_a_server_without_metrics_cannot_be_scaled_by_them(chart: cdk8s.Chart) -> None:
    with pytest.raises(ConflictError, match="disable_log_stats"):
        scaled(chart, vllm(chart, engine_args={"disable_log_stats": True}))


# An absent series is no empty queue.


def test_an_empty_series_is_an_error_of_every_query(chart: cdk8s.Chart) -> None:
    spec = from_zero(chart, running_requests=8)
    assert [each["metadata"]["ignoreNullValues"] for each in spec["triggers"]] == ["false"] * 3
    assert "vector(0)" not in str(spec)


def test_without_an_answer_the_replicas_that_there_are_stay(chart: cdk8s.Chart) -> None:
    spec = scaled(chart, min_replicas=2)
    assert spec["fallback"] == {"failureThreshold": 3, "replicas": 2, "behavior": "currentReplicasIfHigher"}
    # KEDA applies the fallback to metrics of this type only.
    assert {each["metricType"] for each in spec["triggers"]} == {"AverageValue"}


def test_at_least_one_replica_is_there_without_an_answer_unless_said_otherwise(chart: cdk8s.Chart) -> None:
    assert from_zero(chart)["fallback"]["replicas"] == 1
    other = synthesis.new_chart(namespace="inference")
    assert from_zero(other, fallback_replicas=0)["fallback"]["replicas"] == 0


@pytest.mark.parametrize(("fallback", "message"), [(1, "min_replicas: 2"), (5, "max_replicas: 4")])
def test_a_fallback_outside_of_the_bounds_is_refused(chart: cdk8s.Chart, fallback: int, message: str) -> None:
    with pytest.raises(ConflictError, match=rf"^fallback_replicas: {fallback} .*{message}"):
        scaled(chart, min_replicas=2, fallback_replicas=fallback)


# To zero and back.


def test_from_zero_something_must_wake_the_server(chart: cdk8s.Chart) -> None:
    with pytest.raises(ConflictError, match=r"^min_replicas: 0 needs something that wakes the server.*wake_query="):
        scaled(chart, min_replicas=0)


def test_office_hours_may_wake_it(chart: cdk8s.Chart) -> None:
    hours = {
        "type": "cron",
        "metadata": {"timezone": "Europe/Berlin", "start": "0 8 * * *", "end": "0 18 * * *", "desiredReplicas": "1"},
    }
    assert scaled(chart, min_replicas=0, extra_triggers=[hours])["triggers"][-1] == hours


def test_at_zero_replicas_the_absent_queue_reads_zero_and_only_then(chart: cdk8s.Chart) -> None:
    waiting = query(from_zero(chart))
    asleep = 'sum(kube_deployment_spec_replicas{namespace="inference",deployment="llama"} == 0)'
    assert waiting.endswith(f'"}}) or {asleep}')
    assert "kube_" not in query(scaled(synthesis.new_chart(namespace="other")))


def test_running_requests_keep_the_last_replica_up_and_ask_for_no_second_one(chart: cdk8s.Chart) -> None:
    at_work = trigger(from_zero(chart), "at-work")
    assert re.fullmatch(r"\(sum\(vllm:num_requests_running\{.*\} == 0\)\) > bool 0", at_work["metadata"]["query"])
    assert at_work["metadata"]["threshold"] == "1"


def test_a_wake_query_of_many_series_is_one_value_of_at_most_one_replica(chart: cdk8s.Chart) -> None:
    wake = trigger(from_zero(chart, wake_query="rate(requests[1m])"), "wake")
    assert wake["metadata"]["query"] == "max((rate(requests[1m])) > bool 0)"
    assert wake["metadata"]["threshold"] == "1"


def test_a_server_is_not_put_to_sleep_before_it_could_answer(chart: cdk8s.Chart) -> None:
    server = vllm(chart, probes=SlowStartProbes(chart, "probes", max_startup_seconds=1830))
    assert from_zero(chart, server)["cooldownPeriod"] == 1830 + 300


def test_a_cooldown_below_the_startup_budget_warns(chart: cdk8s.Chart) -> None:
    with pytest.warns(VllmCdk8sWarning, match=r"^cooldown_seconds: 60 is below the start-up budget of 600 s"):
        assert from_zero(chart, cooldown_seconds=60)["cooldownPeriod"] == 60


def test_the_cooldown_only_appears_where_it_has_a_meaning(chart: cdk8s.Chart) -> None:
    assert "cooldownPeriod" not in scaled(chart)


@pytest.mark.parametrize("option", [{"wake_query": "up"}, {"cooldown_seconds": 900}, {"activation_requests": 2}])
def test_what_only_matters_from_zero_is_refused_elsewhere(chart: cdk8s.Chart, option: dict[str, Any]) -> None:
    with pytest.raises(ConflictError, match=rf"^{next(iter(option))}: it only matters with min_replicas=0, not with 1"):
        scaled(chart, **option)


# Up and down in between.


@pytest.mark.parametrize(("startup", "window"), [(200, 300), (1200, 1200), (7200, 3600)])
def test_no_replica_goes_before_it_could_answer(chart: cdk8s.Chart, startup: int, window: int) -> None:
    server = vllm(chart, probes=SlowStartProbes(chart, "probes", max_startup_seconds=startup))
    behavior = scaled(chart, server)["advanced"]["horizontalPodAutoscalerConfig"]["behavior"]
    assert behavior == {"scaleDown": {"stabilizationWindowSeconds": window}}


def test_the_window_can_be_said(chart: cdk8s.Chart) -> None:
    behavior = scaled(chart, scale_down_seconds=0)["advanced"]["horizontalPodAutoscalerConfig"]["behavior"]
    assert behavior["scaleDown"]["stabilizationWindowSeconds"] == 0


def test_busy_replicas_are_kept_by_their_running_requests(chart: cdk8s.Chart) -> None:
    spec = scaled(chart, waiting_requests=7, running_requests=32)
    assert [each["metadata"]["threshold"] for each in spec["triggers"]] == ["7", "32"]
    assert query(spec, "running").startswith("sum(vllm:num_requests_running{")


# Who owns the replicas.


def test_the_autoscaler_owns_the_replicas(chart: cdk8s.Chart) -> None:
    server = vllm(chart)
    spec = scaled(chart, server)
    deployment = synthesis.the(chart, "Deployment")
    assert "replicas" not in deployment["spec"]
    assert spec["scaleTargetRef"] == {
        "apiVersion": deployment["apiVersion"],
        "kind": deployment["kind"],
        "name": deployment["metadata"]["name"],
    }
    assert (server.min_replicas, server.max_replicas) == (1, 4)


def test_a_server_named_by_cdk8s_is_found(chart: cdk8s.Chart) -> None:
    server = vllm(chart, name=None)
    assert scaled(chart, server)["scaleTargetRef"]["name"] == synthesis.the(chart, "Deployment")["metadata"]["name"]


def test_replicas_contradict_an_autoscaler(chart: cdk8s.Chart) -> None:
    with pytest.raises(ConflictError, match=r"^replicas: 3 contradicts llm/scale, which decides on the replicas"):
        scaled(chart, vllm(chart, replicas=3))


def test_a_server_that_has_an_autoscaler_is_refused(chart: cdk8s.Chart) -> None:
    server = vllm(chart, autoscaling=Autoscaling(), resources=Resources(requests={"cpu": "4"}))
    with pytest.raises(
        ConflictError, match=r"^server: llm/llama/Autoscaler decides on the replicas of llm/llama already"
    ):
        scaled(chart, server)


def test_a_second_queue_autoscaler_is_refused(chart: cdk8s.Chart) -> None:
    server = vllm(chart)
    scaled(chart, server)
    with pytest.raises(ConflictError, match=r"^server: llm/scale decides on the replicas of llm/llama already"):
        QueueAutoscaler(chart, "again", server=server, prometheus_address=PROMETHEUS, max_replicas=2)


def test_a_claim_for_one_node_warns_as_it_does_for_replicas(chart: cdk8s.Chart) -> None:
    server = vllm(chart, storage=ModelStorage(chart, "models"))
    with pytest.warns(VllmCdk8sWarning, match=r"^storage: a ReadWriteOnce claim with 4 replicas"):
        scaled(chart, server)


def test_a_claim_for_one_pod_is_refused(chart: cdk8s.Chart) -> None:
    server = vllm(chart, storage=ModelStorage(chart, "models", access_mode="ReadWriteOncePod"))
    with pytest.raises(ConflictError, match="ReadWriteOncePod"):
        scaled(chart, server)


def test_an_autoscaler_in_another_namespace_is_refused(chart: cdk8s.Chart) -> None:
    other = cdk8s.Chart(chart.node.root, "other", namespace="elsewhere")  # type: ignore[arg-type]  # the root is an App
    with pytest.raises(ConflictError, match=r"^server: llm/llama is in namespace 'inference'.*'elsewhere'"):
        QueueAutoscaler(other, "scale", server=vllm(chart), prometheus_address=PROMETHEUS, max_replicas=2)


def test_a_name_taken_twice_is_refused(chart: cdk8s.Chart) -> None:
    server = vllm(chart, "other")
    scaled(chart, vllm(chart, "one"), name="scale")
    with pytest.raises(ConflictError, match="'scale' is the name of two ScaledObjects"):
        QueueAutoscaler(chart, "b", server=server, prometheus_address=PROMETHEUS, max_replicas=2, name="scale")


# Authentication.


def test_a_bearer_token_comes_from_a_secret(chart: cdk8s.Chart) -> None:
    spec = scaled(chart, authentication=SecretKey("prometheus", "token"), name="llama")
    made = synthesis.the(chart, "TriggerAuthentication")
    assert made["spec"] == {"secretTargetRef": [{"parameter": "bearerToken", "name": "prometheus", "key": "token"}]}
    assert made["metadata"]["name"] == "llama"
    assert spec["triggers"][0]["metadata"]["authModes"] == "bearer"
    assert spec["triggers"][0]["authenticationRef"] == {"name": "llama", "kind": "TriggerAuthentication"}


def test_a_cluster_wide_authentication_with_two_modes(chart: cdk8s.Chart) -> None:
    how = TriggerAuthentication(name="prometheus", kind="ClusterTriggerAuthentication", modes=["tls", "basic"])
    spec = scaled(chart, authentication=how)
    assert synthesis.of_kind(chart, "TriggerAuthentication") == []
    assert spec["triggers"][0]["metadata"]["authModes"] == "tls,basic"
    assert spec["triggers"][0]["authenticationRef"]["kind"] == "ClusterTriggerAuthentication"


def test_a_pod_identity_has_no_mode(chart: cdk8s.Chart) -> None:
    spec = scaled(chart, authentication=TriggerAuthentication(name="identity", modes=()))
    assert "authModes" not in spec["triggers"][0]["metadata"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"name": "Prometheus"}, r"^authentication\.name: 'Prometheus'"),
        ({"name": "p", "kind": "triggerauthentication"}, "did you mean 'TriggerAuthentication'"),
        ({"name": "p", "modes": ["baerer"]}, "did you mean 'bearer'"),
        ({"name": "p", "modes": "bearer"}, r"^authentication\.modes: 'bearer' is not a list"),
    ],
)
def test_a_wrong_authentication_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidOptionError, match=message):
        TriggerAuthentication(**options)


# Bad input.


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"prometheus_address": "prometheus:9090"}, r"^prometheus_address: 'prometheus:9090' is not a URL"),
        ({"prometheus_address": "http://[prometheus"}, r"^prometheus_address: .* is not a URL"),
        ({"prometheus_address": "http://prometheus:909090"}, r"^prometheus_address: .* is not a URL"),
        ({"prometheus_address": "http://prometheus?tenant=a"}, r"^prometheus_address: .* is not a URL"),
        ({"prometheus_address": "http://prometheus: 9090"}, r"^prometheus_address: .* is not a URL"),
        (
            {"prometheus_address": "http://me:secret@prometheus"},
            r"^prometheus_address: holds a user or a password .*VC501",
        ),
        ({"prometheus_address": "http://prometheus/api/v1"}, r"^prometheus_address: .*the path that KEDA adds itself"),
        ({"max_replicas": 0}, r"^max_replicas: 0 is out of range"),
        ({"max_replicas": "4"}, r"^max_replicas: '4' is not a whole number"),
        ({"min_replicas": 5}, r"^min_replicas: 5 is above max_replicas: 4"),
        ({"waiting_requests": 0.5}, r"^waiting_requests: 0\.5 is not a whole number"),
        ({"running_requests": 0}, r"^running_requests: 0 is out of range"),
        ({"polling_seconds": 0}, r"^polling_seconds: 0 is out of range"),
        ({"scale_down_seconds": 3601}, r"^scale_down_seconds: 3601 is out of range"),
        ({"extra_triggers": {"type": "cron"}}, r"^extra_triggers: .* is not a list"),
        ({"extra_triggers": [{"metadata": {}}]}, r"^extra_triggers\[0\]\.type: None is not a string"),
        ({"extra_triggers": [{"type": "cron"}]}, r"^extra_triggers\[0\]\.metadata: None is not a mapping"),
        (
            {"extra_triggers": [{"type": "cron", "metadata": {"desiredReplicas": 3}}]},
            r"^extra_triggers\[0\]\.metadata\.desiredReplicas: 3 is not a string",
        ),
        (
            {"extra_triggers": [{"type": "cpu", "name": "waiting", "metadata": {"value": "80"}}]},
            r"^extra_triggers: 'waiting' is the name of two triggers",
        ),
        ({"authentication": "token"}, r"^authentication: 'token' is not a TriggerAuthentication"),
        ({"name": "Scale"}, r"^name: 'Scale' is not a DNS label"),
        ({"labels": {"team": "a b"}}, r"^labels\['team'\]"),
    ],
)
def test_a_wrong_option_is_named(chart: cdk8s.Chart, options: dict[str, Any], message: str) -> None:
    with pytest.raises((InvalidOptionError, ConflictError), match=message):
        scaled(chart, **options)


def test_a_wrong_option_leaves_the_server_its_replicas(chart: cdk8s.Chart) -> None:
    server = vllm(chart)
    with pytest.raises(ConflictError, match="wakes the server"):
        scaled(chart, server, min_replicas=0)
    assert synthesis.the(chart, "Deployment")["spec"]["replicas"] == 1
    assert server.autoscaler is None


# Prometheus itself, where its promtool is on the PATH (Debian: the package `prometheus`).

PROMTOOL = shutil.which("promtool")
POD = 'namespace="inference",pod="llama-6d5f9c7b8d-x2x4z",model_name="Qwen/Qwen2.5-7B-Instruct"'
# Busy servers of the same model: one whose name continues this one's, and one of the same name elsewhere.
OTHERS = {
    f"vllm:num_requests_{what}{{{POD.replace(*renamed)}}}": "700x30"
    for what in ("waiting", "running")
    for renamed in (("llama-", "llama-2-"), ("inference", "elsewhere"))
}
REPLICAS = 'kube_deployment_spec_replicas{namespace="inference",deployment="llama"}'
BUSY = {
    f'vllm:num_requests_waiting{{{POD},engine="0"}}': "4x30",
    f'vllm:num_requests_waiting{{{POD},engine="1"}}': "2x30",
    f'vllm:num_requests_running{{{POD},engine="0"}}': "64x30",
    REPLICAS: "1x30",
}
IDLE = {series: values if series == REPLICAS else "0x30" for series, values in BUSY.items()}


@pytest.mark.skipif(PROMTOOL is None, reason="promtool is not on the PATH")
@pytest.mark.parametrize(
    ("series", "expected"),
    [
        pytest.param(BUSY, {"waiting": 6, "at-work": 1, "wake": 1}, id="busy"),
        pytest.param(IDLE, {"waiting": 0, "at-work": 0, "wake": 1}, id="idle"),
        # Nothing at all is what KEDA takes for an error.
        pytest.param({REPLICAS: "1x30"}, {"waiting": None, "at-work": None, "wake": 1}, id="starting, or not scraped"),
        pytest.param({REPLICAS: "0x30"}, {"waiting": 0, "at-work": 0, "wake": 1}, id="asleep"),
        pytest.param({}, {"waiting": None, "at-work": None, "wake": 1}, id="no kube-state-metrics"),
    ],
)
def test_prometheus_answers_with_one_number_or_with_none(
    chart: cdk8s.Chart, tmp_path: Path, series: dict[str, str], expected: dict[str, int | None]
) -> None:
    spec = from_zero(chart, wake_query="rate(requests[5m])")
    wake = {f'requests{{route="{route}"}}': "0+60x30" for route in ("a", "b")}
    test = {
        "interval": "1m",
        "input_series": [{"series": key, "values": values} for key, values in {**series, **OTHERS, **wake}.items()],
        "promql_expr_test": [
            {
                "expr": query(spec, name),
                "eval_time": "20m",
                "exp_samples": [] if value is None else [{"labels": "{}", "value": value}],
            }
            for name, value in expected.items()
        ],
    }
    (tmp_path / "test.yaml").write_text(json.dumps({"tests": [test]}), encoding="utf-8")
    done = subprocess.run([str(PROMTOOL), "test", "rules", "test.yaml"], cwd=tmp_path, capture_output=True, text=True,
                          check=False)  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


@settings(max_examples=10)
@given(bounds=st.tuples(st.integers(1, 50), st.integers(1, 50)).map(sorted))
def test_the_bounds_are_those_that_were_said(bounds: list[int]) -> None:
    spec = scaled(synthesis.new_chart(namespace="inference"), min_replicas=bounds[0], max_replicas=bounds[1])
    assert [spec["minReplicaCount"], spec["maxReplicaCount"]] == bounds
    assert bounds[0] <= spec["fallback"]["replicas"] <= bounds[1]


# Groups of pods.


def big(chart: cdk8s.Chart, **options: Any) -> MultiNodeVllmServer:
    own = {"nodes": 2, "storage": ModelStorage.none(chart, "big-cache"), "name": "big"}
    return MultiNodeVllmServer(chart, "big", **{**synthesis.PLAIN, **own, **options})


def scaled_groups(chart: cdk8s.Chart, server: MultiNodeVllmServer, **options: Any) -> dict[str, Any]:
    QueueAutoscaler(chart, "scale", server=server, **{"prometheus_address": PROMETHEUS, "max_replicas": 4, **options})
    assert_valid(synthesis.documents(chart))
    return dict(synthesis.the(chart, "ScaledObject")["spec"])


def test_groups_are_scaled_by_their_leader_worker_set(chart: cdk8s.Chart, snapshot: SnapshotAssertion) -> None:
    spec = scaled_groups(chart, big(chart))
    assert spec["scaleTargetRef"] == {
        "apiVersion": "leaderworkerset.x-k8s.io/v1", "kind": "LeaderWorkerSet", "name": "big",
    }  # fmt: skip
    assert "replicas" not in synthesis.the(chart, "LeaderWorkerSet")["spec"]
    # The engine's own series come from the leaders, big-0, big-1.
    pattern = re.search(r'pod=~"([^"]+)"', query(spec))
    assert pattern is not None
    assert re.fullmatch(pattern[1].replace("\\\\", "\\"), "big-1")
    synthesis.assert_golden(chart, snapshot)


def test_groups_that_sleep_are_known_by_the_stateful_set_of_their_leaders(chart: cdk8s.Chart) -> None:
    spec = scaled_groups(chart, big(chart), min_replicas=0, wake_query="sum(rate(gateway_requests[5m]))")
    asleep = 'sum(kube_statefulset_replicas{namespace="inference",statefulset="big"} == 0)'
    assert query(spec).endswith(f" or {asleep}")


def test_groups_have_one_owner_of_their_number(chart: cdk8s.Chart) -> None:
    with pytest.raises(ConflictError, match=r"^replicas: 2 contradicts llm/scale"):
        scaled_groups(chart, big(chart, replicas=2))


def test_a_name_must_have_room_for_the_number_of_the_last_group(chart: cdk8s.Chart) -> None:
    server = big(chart, name="a" * 50)
    with pytest.raises(InvalidOptionError, match=r"^name: .*-99-<revision>"):
        scaled_groups(chart, server, max_replicas=100)
