"""What the README shows is what the library does."""

import re
from pathlib import Path
from typing import Any

import cdk8s
import pytest
import yaml

import vllm_cdk8s
from tests import synthesis
from tests.docs.console import as_printed
from tests.kubernetes_schemas import assert_valid
from vllm_cdk8s.cli.main import command_parser

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PYTHON = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


# What the README shows as refused, and how to be refused so.
REFUSED: dict[str, dict[str, Any]] = {
    "tensor_parallel_size": {"gpus": 2, "engine_args": {"tensor_parallel_size": 4}},
    "gpu_memory_utilization": {"engine_args": {"gpu_memory_utilization": 1.5}},
    "swap_space": {"engine_args": {"swap_space": 4}},
    "extra_args[0]": {"extra_args": ["--tensor-paralel-size=2"]},
    "port": {"port": "8000"},
}


@pytest.fixture(scope="module")
def followed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which somebody did what the README says."""
    folder = tmp_path_factory.mktemp("readme")
    (folder / "README.md").write_text(as_printed(README, folder), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def objects(followed: Path) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all((followed / "dist" / "chat.k8s.yaml").read_text(encoding="utf-8")))


def test_its_commands_print_what_it_shows(followed: Path) -> None:
    assert (followed / "README.md").read_text(encoding="utf-8") == README


def test_its_server_is_the_one_that_it_promises(objects: list[dict[str, Any]]) -> None:
    assert_valid(objects)
    by_kind = {each["kind"]: each for each in objects}
    pod = by_kind["Deployment"]["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert "--tensor-parallel-size=2" in container["args"]
    assert container["resources"] == {"limits": {"nvidia.com/gpu": 2}}
    assert {"name": "HF_TOKEN", "valueFrom": {"secretKeyRef": {"name": "huggingface", "key": "token"}}} in container[
        "env"
    ]
    assert "--from-literal=token=" in README
    assert by_kind["PersistentVolumeClaim"]["spec"]["resources"]["requests"]["storage"] == "90Gi"
    assert container["startupProbe"]["failureThreshold"] * container["startupProbe"]["periodSeconds"] >= 30 * 60 - 30
    # The rollout may take as long as the README waits for it.
    assert by_kind["Deployment"]["spec"]["progressDeadlineSeconds"] == 40 * 60


def test_its_monitoring_is_found_by_what_it_installs(objects: list[dict[str, Any]]) -> None:
    by_kind = {each["kind"]: each for each in objects}
    (release,) = re.findall(r"helm install (\S+) oci:", README)
    for kind in ("PodMonitor", "PrometheusRule"):
        assert by_kind[kind]["metadata"]["labels"]["release"] == release
    assert by_kind["ConfigMap"]["metadata"]["labels"]["grafana_dashboard"] == "1"
    assert '"title": "vLLM qwen"' in by_kind["ConfigMap"]["data"]["qwen.json"]
    (group,) = by_kind["PrometheusRule"]["spec"]["groups"]
    assert "six alerts" in README
    assert len(group["rules"]) == 6


@pytest.mark.parametrize(
    "more", [{"service_type": "LoadBalancer"}, {"ingress": vllm_cdk8s.Ingress(hosts=["llm.example.com"])}]
)
def test_its_ways_from_outside_are_options(more: dict[str, Any], tmp_path: Path) -> None:
    app = cdk8s.App(outdir=str(tmp_path))
    chart = cdk8s.Chart(app, "chat")
    vllm_cdk8s.VllmServer(
        chart, "qwen", **synthesis.PLAIN, api_key=vllm_cdk8s.SecretKey("qwen", "api-key"), **more,
        acknowledge={"VC503": "the README says it in its own words"},
    )  # fmt: skip
    app.synth()
    assert list(tmp_path.glob("*.yaml"))
    for option, value in more.items():
        shown = f'"{value}"' if isinstance(value, str) else 'Ingress(hosts=["llm.example.com"])'
        assert f"`{option}={shown}`" in README


@pytest.mark.parametrize(
    "message", [line for block in re.findall(r"```text\n(.*?)```", README, re.DOTALL) for line in block.splitlines()]
)
def test_each_error_is_refused_in_these_words(message: str) -> None:
    chart = synthesis.new_chart("llm", namespace="b")
    options = REFUSED.get(message.partition(": ")[0])
    if options is None:
        other = cdk8s.Chart(cdk8s.App(), "storage", namespace="a")
        options = {"storage": vllm_cdk8s.ModelStorage(other, "models", name="models")}
    with pytest.raises(vllm_cdk8s.VllmCdk8sError) as caught:
        vllm_cdk8s.VllmServer(chart, "server", **{**synthesis.PLAIN, **options})
    assert caught.value.lines == (message,)


def test_what_its_table_names_is_there() -> None:
    table = README.partition("## What is there")[2].partition("\n## ")[0]
    names = set(re.findall(r"\b[A-Z]\w+(?=[(`])", table)) - {"True"}
    assert len(names) > 20
    assert names <= set(vllm_cdk8s.__all__)
    options = set(re.findall(r"`(\w+)=", table)) | {"sizing"}
    assert options <= set(vllm_cdk8s.VllmServer.__signature__.parameters)  # type: ignore[attr-defined]
    commands = set(re.findall(r"`vllm-cdk8s (\w+)", table)) | {"upgrade", "explain", "init", "migrate"}
    assert all(f"`{command}" in table or f"vllm-cdk8s {command}" in table for command in commands)
    assert commands <= set(command_parser()[1])


def test_it_stays_short() -> None:
    assert len(README.splitlines()) <= 200


def test_every_link_into_the_repository_leads_somewhere() -> None:
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", README)
    assert links
    for link in links:
        assert (ROOT / link).exists(), link
