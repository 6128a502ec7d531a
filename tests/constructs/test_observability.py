"""Traces, events of the KV cache, and the access log."""

import json
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from tests.kubernetes_schemas import assert_valid
from tests.synthesis import MODEL, PLAIN, assert_golden, documents, new_chart, vllm_container
from vllm_cdk8s.constructs.server import VllmServer
from vllm_cdk8s.core.errors import ConflictError, InvalidOptionError, VllmCdk8sWarning
from vllm_cdk8s.core.features.observability import AccessLog, KvEvents, Tracing

COLLECTOR = "http://otel-collector.observability:4317"


def container_with(**options: Any) -> dict[str, Any]:
    chart = new_chart()
    VllmServer(chart, "qwen", **{**PLAIN, **options})
    assert_valid(documents(chart))
    return vllm_container(chart)


def variables(container: dict[str, Any]) -> dict[str, Any]:
    return {item["name"]: item.get("value", item.get("valueFrom")) for item in container["env"]}


def test_traces_go_to_the_collector_sampled() -> None:
    container = container_with(tracing=Tracing(endpoint=COLLECTOR, sample=0.1))
    assert f"--otlp-traces-endpoint={COLLECTOR}" in container["args"]
    found = variables(container)
    assert found["OTEL_TRACES_SAMPLER"] == "parentbased_traceidratio"
    assert found["OTEL_TRACES_SAMPLER_ARG"] == "0.1"
    assert found["OTEL_SERVICE_NAME"] == MODEL
    assert found["OTEL_EXPORTER_OTLP_TRACES_INSECURE"] == "true"


def test_https_is_tls_and_the_users_own_variables_stand() -> None:
    tracing = Tracing(endpoint="https://collector:4317", details=["worker"])
    container = container_with(
        tracing=tracing, env={"OTEL_SERVICE_NAME": "chat"}, engine_args={"served_model_name": ["qwen", "q"]}
    )
    found = variables(container)
    assert found["OTEL_EXPORTER_OTLP_TRACES_INSECURE"] == "false"
    assert found["OTEL_SERVICE_NAME"] == "chat"
    assert "--collect-detailed-traces" in " ".join(container["args"])
    served = container_with(tracing=tracing, engine_args={"served_model_name": ["qwen", "q"]})
    assert variables(served)["OTEL_SERVICE_NAME"] == "qwen"


def test_over_http_the_whole_url_is_needed() -> None:
    with pytest.raises(InvalidOptionError, match="/v1/traces"):
        Tracing(endpoint="http://collector:4318", protocol="http/protobuf")
    container = container_with(
        tracing=Tracing(endpoint="http://collector:4318/v1/traces", protocol="http/protobuf", service_name="llm")
    )
    found = variables(container)
    assert found["OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"] == "http/protobuf"
    assert "OTEL_EXPORTER_OTLP_TRACES_INSECURE" not in found
    assert found["OTEL_SERVICE_NAME"] == "llm"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"endpoint": "collector:4317"}, "http://otel-collector.monitoring:4317"),
        ({"endpoint": "http://user:word@collector:4317"}, "from a Secret"),
        ({"endpoint": COLLECTOR, "sample": 0}, "more than 0, at most 1"),
        ({"endpoint": COLLECTOR, "sample": 10}, "more than 0, at most 1"),
        ({"endpoint": COLLECTOR, "sample": "0.1"}, "'0.1' is not a share"),
        ({"endpoint": COLLECTOR, "protocol": "http"}, "http/protobuf"),
        ({"endpoint": COLLECTOR, "details": ["workers"]}, "worker"),
    ],
)
def test_what_no_tracer_takes_is_refused(given: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidOptionError, match=words) as refused:
        Tracing(**given)
    assert "word@" not in str(refused.value)


def test_an_image_without_opentelemetry_is_warned_of() -> None:
    with pytest.warns(VllmCdk8sWarning, match=r"0\.17\.0.*VC630"):
        container_with(tracing=Tracing(endpoint=COLLECTOR), image="vllm/vllm-openai:v0.16.0")


def test_events_are_published_under_the_pods_address() -> None:
    container = container_with(kv_events=KvEvents(replay_port=5558))
    [config] = [arg.partition("=")[2] for arg in container["args"] if arg.startswith("--kv-events-config=")]
    assert json.loads(config) == {
        "enable_kv_cache_events": True,
        "publisher": "zmq",
        "endpoint": "tcp://*:5557",
        # The kubelet puts the address there.
        "topic": f"kv@$(POD_IP):8000@{MODEL}",
        "replay_endpoint": "tcp://*:5558",
    }
    assert variables(container)["POD_IP"] == {"fieldRef": {"fieldPath": "status.podIP"}}
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    assert ports == {"http": 8000, "kv-events": 5557, "kv-replay": 5558}


def test_only_our_own_reference_is_expanded() -> None:
    settings: Any = {"served_model_name": "$(POD_NAME)"}
    container = container_with(kv_events=KvEvents(), engine_args=settings)
    assert "--served-model-name=$$(POD_NAME)" in container["args"]
    container = container_with(kv_events=KvEvents(topic="kv@$(POD_IP)"))
    assert any("kv@$$(POD_IP)" in arg for arg in container["args"])
    assert "POD_IP" not in variables(container)


def test_events_need_a_cache_and_a_port() -> None:
    with pytest.raises(ConflictError, match="enable_prefix_caching"):
        container_with(kv_events=KvEvents(), engine_args={"enable_prefix_caching": False})
    with pytest.raises(ConflictError, match="8000 is the port of the server's API"):
        container_with(kv_events=KvEvents(port=8000))
    with pytest.raises(ConflictError, match="5557"):
        KvEvents(replay_port=5557)


def test_the_access_log_leaves_out_the_probes() -> None:
    container = container_with(access_log=AccessLog())
    assert "--disable-access-log-for-endpoints=/health,/metrics,/ping" in container["args"]
    with pytest.raises(ConflictError, match=r"begins with vLLM 0\.16\.0.*disable_uvicorn_access_log"):
        container_with(access_log=AccessLog(), image="vllm/vllm-openai:v0.15.1")
    with pytest.raises(ConflictError, match="keep one"):
        container_with(access_log=AccessLog(), engine_args={"disable_uvicorn_access_log": True})
    for wrong in (["health"], ["/a,/b"], []):
        with pytest.raises(InvalidOptionError, match="leave_out"):
            AccessLog(leave_out=wrong)


def test_a_server_that_is_watched(snapshot: SnapshotAssertion) -> None:
    chart = new_chart()
    tracing = Tracing(endpoint=COLLECTOR, sample=0.1)
    VllmServer(chart, "qwen", **PLAIN, tracing=tracing, kv_events=KvEvents(), access_log=AccessLog())
    assert_golden(chart, snapshot)
