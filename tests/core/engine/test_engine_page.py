"""docs/engine.md and docs/sizing.md: their Python runs, and the messages that they print are the real ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import cdk8s
import pytest

from tests.snippets import DOCS, run, snippets
from vllm_cdk8s.core.engine import engine_command
from vllm_cdk8s.core.errors import VllmCdk8sError

if TYPE_CHECKING:
    from pathlib import Path

PAGE = (DOCS / "engine.md").read_text(encoding="utf-8")
MISTAKES: list[dict[str, Any]] = [
    {"engine_args": {"gpu_memory_utilisation": 0.8}},
    {"engine_args": {"swap_space": 4}},
    {"engine_args": {"dtype": "flaot16"}},
    {"engine_args": {"compilation_config": {"level": 3}}},
    {"engine_args": {"tensor_parallel_size": 4}},
]


def test_the_messages_of_the_page_are_the_real_ones() -> None:
    printed = PAGE.partition("```console\n")[2].partition("```")[0].splitlines()
    said: list[str] = []
    for mistake in MISTAKES:
        with pytest.raises(VllmCdk8sError) as caught:
            engine_command(model="m", image="vllm/vllm-openai:v0.20.2", gpus=2, **mistake)
        said += caught.value.lines

    assert printed == said


@pytest.mark.parametrize("page", ["engine.md", "sizing.md"])
def test_the_python_of_the_page_runs(page: str, tmp_path: Path) -> None:
    prelude = "from vllm_cdk8s import VllmServer\n"
    for number, snippet in enumerate(snippets(page)):
        chart = cdk8s.Chart(cdk8s.App(outdir=str(tmp_path)), f"chart-{number}")
        run(prelude + snippet, chart)
        assert "kind: Deployment" in cdk8s.Yaml.stringify(*chart.to_json())
