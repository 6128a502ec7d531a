"""The notes behind a template: how to reach the server for its type, a first request, where the models are."""

from __future__ import annotations

import json
import shlex
from typing import Any

import pytest

from vllm_cdk8s.helm.notes import release_notes
from vllm_cdk8s.helm.release import name_release
from vllm_cdk8s.helm.validation import check_values


def notes(namespace: str | None = None, model: str = "m", **data: Any) -> str:
    values = check_values(data)
    return release_notes(values, name_release("prod", values), namespace=namespace, model=model)


def test_a_cluster_ip_is_reached_by_port_forwarding() -> None:
    text = notes(service={"port": 80})

    assert "kubectl port-forward service/prod-vllm 80:80" in text
    assert "curl http://127.0.0.1:80/v1/completions" in text


def test_a_node_port_is_reached_by_a_nodes_address() -> None:
    text = notes(service={"type": "NodePort"})

    assert "NODE_PORT=$(kubectl get service prod-vllm -o jsonpath='{.spec.ports[0].nodePort}')" in text
    assert 'curl "http://$NODE_IP:$NODE_PORT"/v1/completions' in text


def test_a_load_balancer_is_reached_by_its_address_or_host_name() -> None:
    text = notes(service={"type": "LoadBalancer", "port": 80})

    assert "ADDRESS=$(kubectl get service prod-vllm -o go-template=" in text
    assert 'curl "http://$ADDRESS:80"/v1/completions' in text


@pytest.mark.parametrize(
    ("tls", "scheme"), [([], "http"), ([{"secretName": "tls", "hosts": ["llm.example.com"]}], "https")]
)
def test_an_ingress_is_reached_by_its_hosts(tls: list[Any], scheme: str) -> None:
    hosts = [{"host": "llm.example.com"}, {"host": "b.example.com", "paths": [{"path": "/llm"}]}]
    text = notes(ingress={"enabled": True, "hosts": hosts, "tls": tls})

    assert f"{scheme}://llm.example.com/ (once DNS" in text
    assert f"{scheme}://b.example.com/llm (once DNS" in text
    assert f"curl {scheme}://llm.example.com/v1/completions" in text


def test_kubectl_is_told_the_namespace() -> None:
    text = notes(namespace="llm")

    assert text.count("kubectl -n llm ") == text.count("kubectl ") == 2


def test_the_first_request_is_quoted_for_the_shell() -> None:
    text = notes(model='it\'s a "model"')
    (line,) = [line for line in text.splitlines() if line.lstrip().startswith("-d ")]

    body = json.loads(shlex.split(line)[1])
    assert body == {"model": 'it\'s a "model"', "prompt": "Hello, world!", "max_tokens": 50}


def test_it_is_said_where_the_models_are_and_what_deletes_them() -> None:
    assert "on the claim prod-vllm-pvc (50Gi); deleting the claim deletes the models" in notes()
    assert "on your claim models, which nothing here deletes" in notes(persistence={"existingClaim": "models"})
    assert "not kept: each new pod downloads again" in notes(persistence={"enabled": False})


@pytest.mark.parametrize(
    ("data", "needed"),
    [
        ({"ingress": {"enabled": True}}, "an ingress controller"),
        ({"autoscaling": {"enabled": True}}, "the Metrics Server"),
        ({"monitoring": {"enabled": True, "serviceMonitor": {"enabled": True}}}, "the Prometheus Operator"),
        ({"kaischeduler": {"queue": "team"}}, "the KAI Scheduler and its queue team"),
        ({"kaischeduler": {"gpuMemoryMiB": 8000}}, "the KAI Scheduler (kaischeduler)"),
        ({"runtimeClassName": "nvidia"}, "the RuntimeClass nvidia"),
        (
            {"init_drop_cache": True},
            "kubectl label namespace NAMESPACE pod-security.kubernetes.io/enforce=privileged",
        ),
    ],
)
def test_what_the_cluster_needs_is_named_where_the_values_ask_for_it(data: dict[str, Any], needed: str) -> None:
    assert needed in notes(**data).partition("The cluster needs:")[2]
    assert "The cluster needs:" not in notes()


def test_the_namespace_to_label_is_named() -> None:
    assert "kubectl label namespace llm pod-sec" in notes(namespace="llm", init_drop_cache=True)
