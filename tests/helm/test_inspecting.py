"""What the rules of manifests find in a release is said when it is made, in words of values."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.helm.command import run
from vllm_cdk8s.core.rules.book import RULES
from vllm_cdk8s.lint.checking import check

if TYPE_CHECKING:
    from pathlib import Path

GPU = "resources: {limits: {nvidia.com/gpu: 1}}\n"
KEY = "vllm: {env: [{name: VLLM_API_KEY, valueFrom: {secretKeyRef: {name: s, key: k}}}]}\n"
BY_HAND = "slowStart: {enabled: false}\n"


def answer(tmp_path: Path, values: str) -> list[str]:
    path = tmp_path / "values.yaml"
    path.write_text(values)
    return run("template", "prod", "-q", "-f", str(path)).errors


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        (
            "livenessProbe: {httpGet: {path: /healthz}}",
            "error: {}:2: livenessProbe.httpGet.path: asks '/healthz', which",
        ),
        (
            KEY + "readinessProbe: {httpGet: {path: /v1/models}}",
            "readinessProbe.httpGet.path: asks '/v1/models', which",
        ),
        (
            BY_HAND + "startupProbe: {failureThreshold: 1, initialDelaySeconds: 0}",
            "error: {}:3: startupProbe: gives up after 0 s; microsoft/DialoGPT-medium is not loaded by then",
        ),
        (
            BY_HAND + "startupProbe: {failureThreshold: 2147483647, periodSeconds: 2147483647}",
            "startupProbe.failureThreshold: allows 4611686011984936972 s for a start",
        ),
        (
            BY_HAND + "startupProbe: {enabled: false}\nlivenessProbe: {initialDelaySeconds: 5}",
            "warning: {}:4: livenessProbe: gives up after 65 s",
        ),
        (
            BY_HAND + "livenessProbe: {timeoutSeconds: 1, failureThreshold: 1}",
            "livenessProbe: restarts a server that is",
        ),
        (
            "strategy: {rollingUpdate: {maxSurge: 1}}",
            "waits for ever; say strategy.rollingUpdate.maxUnavailable=1, which frees the GPU first [VC402]",
        ),
        ("extraVolumes: [{name: a, emptyDir: {}}]", "warning: {}:2: extraVolumes: a: is declared, and no container"),
        (
            "vllm: {env: [{name: VLLM_SERVER_DEV_MODE, value: '1'}]}",
            "warning: {}:2: vllm.env[0]: VLLM_SERVER_DEV_MODE: opens endpoints for developers",
        ),
    ],
)
def test_a_rule_of_manifests_is_said_of_values(tmp_path: Path, values: str, problem: str) -> None:
    assert problem.replace("{}", f"{tmp_path}/values.yaml") in "\n".join(answer(tmp_path, GPU + values))


@pytest.mark.parametrize(
    "values",
    [
        "", KEY + "livenessProbe: {httpGet: {path: /ping}}", "readinessProbe: {httpGet: {path: /v1/models}}",
        "strategy: {rollingUpdate: {maxSurge: 1, maxUnavailable: 1}}", BY_HAND, "startupProbe: {enabled: false}",
        BY_HAND + "startupProbe: {enabled: false}",
        "image: {repository: acme/engine}\nlivenessProbe: {httpGet: {path: /z}}",
        "slowStart: {maxStartupSeconds: 300}", "replicaCount: 0\nstrategy: {rollingUpdate: {maxSurge: 1}}",
    ],
)  # fmt: skip
def test_what_works_is_not_complained_of(tmp_path: Path, values: str) -> None:
    assert answer(tmp_path, GPU + values) == []


@pytest.mark.parametrize(
    "values",
    [
        "", "init_drop_cache: true", "persistence: {enabled: false}", "autoscaling: {enabled: true}", "replicaCount: 2",
        "ingress: {enabled: true}", "service: {type: LoadBalancer}", "kaischeduler: {queue: q, gpuMemoryMiB: 8000}",
        "monitoring: {enabled: true, serviceMonitor: {enabled: true}}", "vllm: {trustRemoteCode: true}",
    ],
)  # fmt: skip
def test_what_is_rendered_holds_no_error_that_check_finds(tmp_path: Path, values: str) -> None:
    (tmp_path / "values.yaml").write_text(GPU + values)
    manifest = tmp_path / "prod.yaml"
    assert run("template", "prod", "-f", str(tmp_path / "values.yaml"), "-o", str(manifest)).code == 0

    found = check([str(manifest)])

    assert not found.unreadable
    assert [finding for finding in found.findings if finding.severity == "error"] == []
    assert {finding.rule for finding in found.findings} <= set(RULES)
