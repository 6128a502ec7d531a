"""docs/migrating-from-helm.md: what it promises is so. That its commands run: tests/docs/test_command_blocks.py."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from tests.helm.command import run
from tests.helm.test_migrating import MANIFEST
from vllm_cdk8s.helm.validation import field_paths

GUIDE = (Path(__file__).parents[2] / "docs" / "migrating-from-helm.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^ *```(\w+)\n(.*?)^ *```$", GUIDE, re.DOTALL | re.MULTILINE)
LINES = [line.strip() for language, text in BLOCKS if language == "bash" for line in text.splitlines()]
OURS = [line for line in LINES if line.startswith("vllm-cdk8s ")]


@pytest.mark.parametrize("line", OURS)
def test_each_command_of_ours_runs(line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "values.yaml").write_text("vllm: {model: Qwen/Qwen3-8B}\n")
    (tmp_path / "manifest.yaml").write_text(MANIFEST.read_text(encoding="utf-8"))
    monkeypatch.chdir(tmp_path)
    words = shlex.split(line.partition(">")[0])

    answer = run(*words[1:])

    assert answer.code == 0, answer.stderr
    if words[1] == "migrate":
        assert "\n  Deployment/prod-vllm\n    container.image: " in answer.stdout
    else:
        assert answer.objects["Deployment"]["metadata"]["name"] == "prod-vllm"


def test_the_guide_has_commands_of_ours_and_of_kubectl() -> None:
    assert len(OURS) == 3
    assert sum(line.startswith("kubectl ") for line in LINES) >= 5


def test_each_value_that_the_guide_names_exists() -> None:
    known = {path.rpartition(".")[2] for path in field_paths()} | field_paths()
    rows = [row.split("|")[1] for row in GUIDE.split("## What is different")[1].splitlines() if row.startswith("| ")]
    named = [name for row in rows[1:] for name in re.findall(r"`([A-Za-z_.]+)`", row)]

    assert len(named) > 10
    assert not set(named) - known


def test_the_python_of_the_guide_runs() -> None:
    (source,) = [text for language, text in BLOCKS if language == "python"]
    assert source.endswith("app.synth()\n")
    names: dict[str, Any] = {}

    # Node.js writes below the folder that it was started in, so the text is asked for instead.
    exec(source.replace("app.synth()", "text = app.synth_yaml()"), names)  # noqa: S102 - our own guide

    assert "name: prod-vllm" in names["text"]


def test_deleting_by_the_label_leaves_the_claim() -> None:
    objects = run("template", "prod", "--set", "resources.limits.nvidia.com/gpu=1").objects

    for kind in ("Deployment", "Service", "ServiceAccount", "PersistentVolumeClaim"):
        assert objects[kind]["metadata"]["labels"]["app.kubernetes.io/instance"] == "prod"
    assert "persistentvolumeclaim" not in GUIDE.split("leave the claim out:")[1].split("\n\n")[0].lower()
