"""Small manifests for the linter's tests: one good server, and what to change in it."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

import yaml

from vllm_cdk8s.lint.checking import check

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from vllm_cdk8s.lint.finding import Finding, Options

GOOD: dict[str, Any] = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "llm", "namespace": "ai"},
    "spec": {
        "replicas": 1,
        "progressDeadlineSeconds": 1200,
        "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1}},
        "selector": {"matchLabels": {"app": "llm"}},
        "template": {
            "metadata": {"labels": {"app": "llm"}},
            "spec": {
                "enableServiceLinks": False,
                "terminationGracePeriodSeconds": 60,
                "containers": [
                    {
                        "name": "vllm",
                        "image": "vllm/vllm-openai:v0.20.2",
                        "command": ["vllm", "serve"],
                        "args": ["Qwen/Qwen2.5-7B-Instruct", "--port=8000", "--max-model-len=8192"],
                        "ports": [{"name": "http", "containerPort": 8000}],
                        "resources": {"limits": {"nvidia.com/gpu": 1, "memory": "32Gi"}},
                        "lifecycle": {"preStop": {"exec": {"command": ["sleep", "10"]}}},
                        "volumeMounts": [{"name": "cache", "mountPath": "/root/.cache"}],
                        "startupProbe": {
                            "httpGet": {"path": "/health", "port": "http"},
                            "periodSeconds": 10,
                            "failureThreshold": 60,
                        },
                        "livenessProbe": {
                            "httpGet": {"path": "/health", "port": "http"},
                            "periodSeconds": 30,
                            "timeoutSeconds": 10,
                        },
                        "readinessProbe": {"httpGet": {"path": "/health", "port": "http"}},
                    }
                ],
                "volumes": [{"name": "cache", "persistentVolumeClaim": {"claimName": "llm"}}],
            },
        },
    },
}
CLAIM = {
    "apiVersion": "v1",
    "kind": "PersistentVolumeClaim",
    "metadata": {"name": "llm", "namespace": "ai"},
    "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "50Gi"}}},
}
SERVICE = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "llm", "namespace": "ai", "labels": {"app": "llm"}},
    "spec": {"selector": {"app": "llm"}, "ports": [{"name": "http", "port": 80, "targetPort": "http"}]},
}


def changed(base: dict[str, Any] = GOOD, **changes: Any) -> dict[str, Any]:
    """Change a copy: ``container__image`` and the like; ``container``, ``pod``, ``spec`` and ``top`` lead."""
    result = deepcopy(base)
    roots = {"top": result, "spec": result.get("spec", {})}
    if "template" in roots["spec"]:
        roots["pod"] = roots["spec"]["template"]["spec"]
        roots["container"] = roots["pod"]["containers"][0]
    for path, value in changes.items():
        root, *steps, last = path.split("__")
        inner: Any = roots[root]
        for step in steps:
            inner = inner.setdefault(step, {})
        if value is None:
            inner.pop(last, None)
        else:
            inner[last] = value
    return result


def run(folder: Path, *documents: dict[str, Any] | str, options: Options | None = None) -> list[Finding]:
    """What is found in these documents, written as one file."""
    text = "---\n".join(d if isinstance(d, str) else yaml.safe_dump(d, sort_keys=False) for d in documents)
    path = folder / "manifests.yaml"
    path.write_text(text, encoding="utf-8")
    result = check([str(path)], options)
    assert result.unreadable == []
    assert all(found.message.strip() and not found.message.endswith(": ") for found in result.findings)
    return result.findings


def codes(findings: Sequence[Finding]) -> list[str]:
    """Their rules, sorted."""
    return sorted(found.rule for found in findings)
