"""What the README shows is what the library does."""

import re
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import cdk8s
import pytest

import vllm_cdk8s
from tests import synthesis

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
PYTHON, YAML = (re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL) for language in ("python", "yaml"))


# What the README shows as refused, and how to be refused so.
REFUSED: dict[str, dict[str, Any]] = {
    "tensor_parallel_size": {"gpus": 2, "engine_args": {"tensor_parallel_size": 4}},
    "gpu_memory_utilization": {"engine_args": {"gpu_memory_utilization": 1.5}},
    "swap_space": {"engine_args": {"swap_space": 4}},
    "extra_args[0]": {"extra_args": ["--tensor-paralel-size=2"]},
    "port": {"port": "8000"},
}


@pytest.fixture(scope="module")
def synthesized(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("app")
    subprocess.run([sys.executable, ROOT / "app.py"], cwd=folder, check=True, timeout=120)
    return (folder / "dist" / "llm.k8s.yaml").read_text()


def test_the_first_chart_is_app_py_to_the_letter() -> None:
    assert PYTHON[0] == (ROOT / "app.py").read_text()


def test_the_yaml_is_what_app_py_writes_to_the_letter(synthesized: str) -> None:
    assert YAML[0] == synthesized


@pytest.mark.parametrize("snippet", PYTHON[1:], ids=lambda snippet: snippet.split("(")[0].strip())
def test_each_snippet_runs_and_synthesizes(snippet: str, tmp_path: Path) -> None:
    app = cdk8s.App(outdir=str(tmp_path))
    names = {name: getattr(vllm_cdk8s, name) for name in vllm_cdk8s.__all__}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        exec(snippet, {**names, "cdk8s": cdk8s, "chart": cdk8s.Chart(app, "docs")})  # noqa: S102 - the README's own code
    app.synth()
    assert list(tmp_path.glob("*.yaml"))


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


def test_every_link_into_the_repository_leads_somewhere() -> None:
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", README)
    assert links
    for link in links:
        assert (ROOT / link).exists(), link
