"""``vllm-cdk8s explain``."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.helm.command import run

TWO_GPUS = ("--set", "resources.limits.nvidia.com/gpu=2")


def explained(*arguments: str) -> dict[str, Any]:
    answer = run("explain", *arguments, "--json")
    assert answer.code == 0, answer.stderr
    data: dict[str, Any] = json.loads(answer.stdout)
    return data


@pytest.mark.parametrize(
    "model", ["Qwen/Qwen3-32B", "openai/gpt-oss-20b", "meta-llama/Llama-3.1-8B-Instruct", "microsoft/DialoGPT-medium"]
)
def test_a_known_model_is_explained_in_figures(model: str) -> None:
    arguments = ("my-vllm", "--set", f"vllm.model={model}", *TWO_GPUS, "--gpu", "H100")
    data, text = explained(*arguments), run("explain", *arguments).stdout

    assert [each["kind"] for each in data["objects"]] == [
        "PersistentVolumeClaim", "Deployment", "ServiceAccount", "Service"
    ]  # fmt: skip
    assert data["gpus"] == {
        "resource": "nvidia.com/gpu", "accelerator": "H100", "per_pod": 2, "pods_per_server": 1, "used": 2, "idle": 0
    }  # fmt: skip
    assert {line["resource"] for line in data["ledger"]["lines"]} >= {"gpu_memory", "disk", "time"}
    assert data["ledger"]["kv_cache_tokens"] > 0
    assert f"room for {data['ledger']['kv_cache_tokens']:,} tokens" in text
    for heading in ("Objects", "GPUs", "Needs and has", "Time lines (seconds)", "Pod Security level: baseline"):
        assert f"\n{heading}" in text


def test_what_is_not_known_of_a_model_is_not_made_up() -> None:
    data = explained("--set", "vllm.model=org/nobody-knows", *TWO_GPUS)

    assert data["ledger"]["kv_cache_tokens"] is None
    assert data["ledger"]["fits"] is None
    assert "not known" in run("explain", "--set", "vllm.model=org/nobody-knows", *TWO_GPUS).stdout


def test_time_lines_are_those_of_the_probes() -> None:
    data = explained(*TWO_GPUS, "--set", "slowStart.maxStartupSeconds=1800")

    assert data["start"]["first_probe_after"] == 30
    assert data["start"]["probed_every"] == 15
    assert 1800 <= data["start"]["given_up_after"] < 1815
    assert data["start"]["progress_deadline"] > data["start"]["given_up_after"]
    assert data["rollout"] == {"min_replicas": 1, "max_replicas": 1, "max_surge": 0, "max_unavailable": 1}


def test_without_a_startup_probe_there_is_a_time_line_still() -> None:
    answer = run("explain", *TWO_GPUS, "--set", "startupProbe.enabled=false,livenessProbe.enabled=false")

    assert answer.code == 0
    assert "0 container starts" in answer.stdout


def test_add_ons_idle_gpus_and_warnings_are_said() -> None:
    data = explained(
        *TWO_GPUS, "--set", "vllm.tensorParallelSize=1,autoscaling.enabled=true,ingress.enabled=true",
        "--set", "init_drop_cache=true,monitoring.enabled=true,monitoring.serviceMonitor.enabled=true",
        "--set", "resources.requests.cpu=2,image.tag=v0.20.2",
    )  # fmt: skip

    assert data["gpus"]["idle"] == 1
    assert data["needs"] == ["an ingress controller", "the Metrics Server", "the Prometheus Operator"]
    assert data["pod_security_level"] == "privileged"
    assert data["vllm"] == "0.20.2"
    assert all(warning["rule"].startswith("VC") for warning in data["warnings"])
    assert any("tensorParallelSize" in str(warning) for warning in data["warnings"])


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["--gpu", "H1000"], "'H1000' is not"),
        (["--set", "replicaCount=x"], "error: replicaCount: 'x' is not a whole number"),
        (["-n", "A_"], "error: --namespace: 'A_' is not a DNS label"),
        (["Prod"], "error: release name: 'Prod' is not allowed"),
    ],
)
def test_bad_input_is_one_line(arguments: list[str], error: str) -> None:
    answer = run("explain", *arguments)

    assert (answer.code, answer.stdout) == (2, "")
    assert len(answer.errors) == 1
    assert error in answer.errors[0]
