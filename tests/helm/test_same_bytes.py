"""`vllm-cdk8s template`, which needs no Node.js, prints the bytes that `VllmChart` synthesizes."""

from __future__ import annotations

import re
import warnings
from pathlib import Path
from typing import Any

import cdk8s
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.helm.command import run
from tests.helm.test_printed_commands import BLOCKS, COMMANDS, HOST_PATH_VALUES, arguments
from vllm_cdk8s import VllmChart
from vllm_cdk8s.cli.main import command_parser
from vllm_cdk8s.cli.release import collected_values
from vllm_cdk8s.core.errors import VllmCdk8sError
from vllm_cdk8s.core.kube.writing import number_to_kubernetes, to_yaml
from vllm_cdk8s.helm.loading import parse_values
from vllm_cdk8s.helm.reference import default_values_text
from vllm_cdk8s.helm.release_plan import plan_release
from vllm_cdk8s.helm.section import Section, fields_of
from vllm_cdk8s.helm.validation import check_values

EXAMPLES = Path(__file__).parents[2] / "examples"
EXAMPLE_VALUES = sorted(EXAMPLES.glob("*/values*.yaml"))


def printed(name: str, values: dict[str, Any], namespace: str | None) -> str:
    plan = plan_release(name, check_values(values), namespace=namespace)
    return to_yaml(manifest.wire(namespace) for manifest in plan.manifests())


def synthesized(name: str, values: dict[str, Any], namespace: str | None) -> str:
    app = cdk8s.App()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        VllmChart(app, name, values=values, namespace=namespace)
        return str(app.synth_yaml())


def written(value: Any) -> Any:
    """What was written of values, without the defaults."""
    if isinstance(value, Section):
        said = [field for field in fields_of(type(value)).values() if field.name in value.said]
        return {field.key: written(getattr(value, field.name)) for field in said}
    return [written(item) for item in value] if isinstance(value, list) else value


def assert_same(name: str, values: dict[str, Any], namespace: str | None = None) -> None:
    assert printed(name, values, namespace) == synthesized(name, values, namespace)


@pytest.mark.parametrize(
    "text", [text for text, _ in COMMANDS], ids=[" ".join(arguments(text)) for text, _ in COMMANDS]
)
def test_of_each_printed_command(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "values.yaml").write_text(HOST_PATH_VALUES)
    monkeypatch.chdir(tmp_path)
    parsed = command_parser()[0].parse_args(["template", *arguments(text)])
    values = written(collected_values(parsed)[0])

    assert run("template", *arguments(text), "-q").stdout == synthesized(parsed.name, values, None)


@pytest.mark.parametrize("block", [block for block, _ in BLOCKS])
def test_of_each_printed_values_block(block: str) -> None:
    assert_same("my-vllm", parse_values(block))


@pytest.mark.parametrize("path", EXAMPLE_VALUES, ids=[path.parent.name for path in EXAMPLE_VALUES])
def test_of_each_values_file_of_the_examples(path: Path) -> None:
    assert_same("prod", parse_values(path.read_text(encoding="utf-8")), "llm")


def test_of_the_default_values() -> None:
    assert EXAMPLE_VALUES
    assert_same("vllm", parse_values(default_values_text()))


# Whatever is no text for Kubernetes is aside; ours quotes a few words that cdk8s does not (core/kube/writing.py).
CHARACTERS = st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"), exclude_characters="\u2028\u2029\ufeff")
TEXT = st.text(CHARACTERS | st.sampled_from("\n '\":#-0x1"), max_size=50).filter(
    lambda text: not number_to_kubernetes(text)
) | st.sampled_from(
    ["yes", "0.10", "1e3", "null", "~", "", "012", "1:30", "a: b", "- a", "it's", '"', "2024-01-01", "on"]
)
LABEL_VALUE = st.from_regex(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,8}[A-Za-z0-9])?", fullmatch=True).filter(
    lambda text: not number_to_kubernetes(text)
) | st.sampled_from(["true", "1", "0.5", "1e3", "no"])
LABEL_NAME = st.from_regex(r"([a-z]{1,4}\.io/)?[A-Za-z0-9]([A-Za-z0-9_.-]{0,8}[A-Za-z0-9])?", fullmatch=True)
LABELS = st.dictionaries(LABEL_NAME, LABEL_VALUE, max_size=3)
ANNOTATIONS = st.dictionaries(LABEL_NAME, TEXT, max_size=3)
QUANTITIES = st.sampled_from(["500m", "24Gi", "1.5", 4, "0.5Ti", "1e3", 2.5])
HOST = st.from_regex(r"[a-z]{1,5}\.example\.com", fullmatch=True)
PROBE: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries({}, optional={
    "enabled": st.booleans(), "periodSeconds": st.integers(1, 60), "timeoutSeconds": st.integers(1, 60),
    "failureThreshold": st.integers(1, 300), "initialDelaySeconds": st.integers(0, 900),
})  # fmt: skip
ENV = st.lists(
    st.builds(lambda name, value: {"name": name, "value": value}, st.from_regex("[A-Z_]{2,9}", fullmatch=True), TEXT)
    | st.just({"name": "HF_TOKEN", "valueFrom": {"secretKeyRef": {"name": "huggingface", "key": "token"}}}),
    max_size=3, unique_by=lambda variable: str(variable["name"]),
)  # fmt: skip
VALUES: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries({}, optional={
    "replicaCount": st.integers(0, 4),
    "nameOverride": st.sampled_from(["", "engine"]),
    "fullnameOverride": st.sampled_from(["", "chat"]),
    "podAnnotations": ANNOTATIONS,
    "nodeSelector": LABELS,
    "runtimeClassName": st.sampled_from(["", "nvidia"]),
    "tolerations": st.just([{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}]),
    "affinity": st.just({"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [
        {"matchExpressions": [{"key": "gpu", "operator": "In", "values": ["0x1f", "yes"]}]}]}}}),
    "podSecurityContext": st.sampled_from([{}, {"fsGroup": 1000}]),
    "imagePullSecrets": st.sampled_from([[], [{"name": "registry"}]]),
    "init_drop_cache": st.booleans(),
    "serviceAccount": st.fixed_dictionaries({}, optional={
        "create": st.booleans(), "name": st.sampled_from(["", "runner"]), "annotations": ANNOTATIONS}),
    "service": st.fixed_dictionaries({}, optional={
        "type": st.sampled_from(["ClusterIP", "NodePort", "LoadBalancer"]), "port": st.integers(1, 65535)}),
    "ingress": st.fixed_dictionaries({"enabled": st.booleans()}, optional={
        "className": st.sampled_from(["", "nginx"]),
        "annotations": ANNOTATIONS,
        "hosts": st.lists(st.builds(lambda host: {"host": host}, HOST), min_size=1, max_size=2,
                          unique_by=str),
        "tls": st.lists(st.builds(lambda host: {"secretName": "tls", "hosts": [host]}, HOST), max_size=1),
    }),
    "resources": st.fixed_dictionaries({}, optional={
        "limits": st.dictionaries(st.sampled_from(["cpu", "memory", "nvidia.com/gpu"]), st.sampled_from([4, "8"])),
        "requests": st.dictionaries(st.sampled_from(["cpu", "memory"]), QUANTITIES, max_size=2)}),
    "autoscaling": st.fixed_dictionaries({"enabled": st.booleans()}, optional={
        "minReplicas": st.integers(1, 3), "maxReplicas": st.integers(3, 9),
        "targetMemoryUtilizationPercentage": st.integers(1, 100)}),
    "kaischeduler": st.fixed_dictionaries({}, optional={
        "queue": st.just("default"), "gpuMemoryMiB": st.integers(1, 80000)}),
    "slowStart": st.fixed_dictionaries({}, optional={
        "enabled": st.booleans(), "maxStartupSeconds": st.integers(60, 7200)}),
    "startupProbe": PROBE, "livenessProbe": PROBE, "readinessProbe": PROBE,
    "persistence": st.fixed_dictionaries({}, optional={
        "enabled": st.booleans(), "existingClaim": st.sampled_from(["", "mine"]), "annotations": ANNOTATIONS,
        "storageClass": st.sampled_from(["", "fast"]), "size": st.sampled_from(["50Gi", "1.5Ti", "500G"]),
        "accessMode": st.sampled_from(["ReadWriteOnce", "ReadWriteMany"])}),
    "monitoring": st.fixed_dictionaries({"enabled": st.booleans()}, optional={
        "serviceMonitor": st.fixed_dictionaries({"enabled": st.booleans()}, optional={"labels": LABELS})}),
    "vllm": st.fixed_dictionaries({}, optional={
        "model": st.sampled_from(["Qwen/Qwen3-8B", "/models/it's mine", "org/0x1f"]),
        "gpuMemoryUtilization": st.sampled_from([0.5, 0.95, None]), "maxModelLen": st.sampled_from([1024, "32k", None]),
        "trustRemoteCode": st.booleans(), "asyncScheduling": st.booleans(), "env": ENV,
        "additionalArgs": st.lists(TEXT.map(lambda text: f"--chat-template={text}"), max_size=1),
        "uncheckedArgs": st.lists(TEXT.map(lambda text: f"--{text}"), max_size=2)}),
})  # fmt: skip


@settings(max_examples=25)
@given(VALUES, st.sampled_from([None, "llm", "0"]), st.sampled_from(["prod", "vllm", "my-vllm-2"]))
def test_of_whatever_values(values: dict[str, Any], namespace: str | None, name: str) -> None:
    try:
        text = printed(name, values, namespace)
    except VllmCdk8sError as error:
        with pytest.raises(VllmCdk8sError, match=f"^{re.escape(str(error))}$"):
            synthesized(name, values, namespace)
        return
    assert text == synthesized(name, values, namespace)
    assert list(yaml.safe_load_all(text))
