"""Autoscalers in anybody's manifests that go to zero: what would wake the server."""

from pathlib import Path
from typing import Any

import pytest

from tests.lint.manifests import codes, run

WAITING = 'sum(vllm:num_requests_waiting{model_name="m",job=~"a|b"})'


def scaled_object(*queries: str, **spec: Any) -> dict[str, Any]:
    triggers = [{"type": "prometheus", "metadata": {"query": query}} for query in queries]
    return {
        "apiVersion": "keda.sh/v1alpha1",
        "kind": "ScaledObject",
        "metadata": {"name": "llm", "namespace": "ai"},
        "spec": {"scaleTargetRef": {"name": "llm"}, "triggers": triggers, **spec},
    }


def autoscaler(*metrics: dict[str, Any], least: int = 0) -> dict[str, Any]:
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "llm", "namespace": "ai"},
        "spec": {
            "scaleTargetRef": {"kind": "Deployment", "name": "another"},
            "minReplicas": least,
            "maxReplicas": 3,
            "metrics": list(metrics),
        },
    }


CPU = {"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}}}
QUEUE = {"type": "External", "external": {"metric": {"name": "q"}, "target": {"type": "Value", "value": "5"}}}


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        (scaled_object(WAITING, minReplicaCount=0), "is 0, and all that is asked is vLLM's own metrics"),
        (scaled_object(WAITING), "is 0 unless said, and all"),
        (
            scaled_object("avg by (pod) (rate(vllm:generation_tokens_total[5m])) > bool 0 and vllm:x"),
            "is 0 unless said",
        ),
        (autoscaler(CPU), "is 0, and no metric is one of an object or from outside"),
        (autoscaler(), "is 0, and no metric is one of an object or from outside"),
    ],
)
def test_an_autoscaler_that_never_wakes_its_server_is_found(tmp_path: Path, bad: dict[str, Any], said: str) -> None:
    [found] = run(tmp_path, bad)
    assert (found.rule, found.severity) == ("VC653", "error")
    assert said in found.message


@pytest.mark.parametrize(
    "good",
    [
        scaled_object(WAITING, minReplicaCount=1),
        scaled_object(WAITING, idleReplicaCount=1),
        scaled_object(WAITING, fallback={"failureThreshold": 3, "replicas": 1}),
        scaled_object(f"{WAITING} or vector(1)"),
        scaled_object(f"{WAITING} + sum(rate(nginx_ingress_controller_requests[5m]))"),
        scaled_object(WAITING, "sum(rate(gateway_requests_total[5m]))"),
        scaled_object("absent(vllm:num_requests_waiting)"),
        scaled_object("sum(http_requests_total)"),
        scaled_object(WAITING, triggers=[{"type": "cron", "metadata": {"start": "0 8 * * *"}}]),
        autoscaler(CPU, QUEUE),
        autoscaler(CPU, least=1),
    ],
)
def test_one_that_is_woken_by_something_is_left_alone(tmp_path: Path, good: dict[str, Any]) -> None:
    assert "VC653" not in codes(run(tmp_path, good))
