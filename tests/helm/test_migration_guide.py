"""docs/migrating-from-helm.md: its commands are real, and so is what it promises."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.helm.command import run
from vllm_cdk8s.helm.validation import field_paths

GUIDE = (Path(__file__).parents[2] / "docs" / "migrating-from-helm.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^ *```(\w+)\n(.*?)^ *```$", GUIDE, re.DOTALL | re.MULTILINE)
LINES = [line.strip() for language, text in BLOCKS if language == "bash" for line in text.splitlines()]
OURS = [line for line in LINES if line.startswith("vllm-cdk8s ")]


@pytest.mark.parametrize("line", OURS)
def test_each_command_of_ours_runs(line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "values.yaml").write_text("vllm: {model: Qwen/Qwen3-8B}\n")
    monkeypatch.chdir(tmp_path)
    words = shlex.split(line.partition(">")[0])

    answer = run(*words[1:])

    assert answer.code == 0, answer.stderr
    assert answer.objects["Deployment"]["metadata"]["name"] == "prod-vllm"


def test_the_guide_has_commands_of_ours_and_of_kubectl() -> None:
    assert len(OURS) == 2
    assert sum(line.startswith("kubectl ") for line in LINES) >= 5


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="needs kubectl")
@pytest.mark.parametrize("line", [line for line in LINES if "kubectl " in line])
def test_each_kubectl_command_has_options_that_kubectl_knows(line: str) -> None:
    command = shlex.split(line[line.index("kubectl ") :], comments=True)
    words = [word for word in command[1:] if not word.startswith("-")]
    nested = words[:2] in (["apply", "set-last-applied"], ["rollout", "status"])
    asked = [str(shutil.which("kubectl")), *words[: 2 if nested else 1], "--help"]
    help_text = subprocess.run(asked, capture_output=True, text=True, check=True).stdout

    for option in (word.split("=")[0] for word in command if word.startswith("--")):
        assert f"{option}=" in help_text
    for option in ("-f", "-l", "-o"):
        assert option not in command or f"    {option}, --" in help_text


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
