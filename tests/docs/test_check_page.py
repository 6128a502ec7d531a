"""The page of `check` prints what the command prints."""

import re
from pathlib import Path

import pytest
import yaml

from vllm_cdk8s.cli.main import main

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "check.md").read_text(encoding="utf-8")


def test_the_output_on_the_page_is_the_real_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (manifest,) = re.findall(r"```yaml\n(apiVersion: apps/v1\n.*?)```", PAGE, re.DOTALL)
    Path("llm.yaml").write_text(manifest, encoding="utf-8")
    shown = re.findall(r"```console\n\$ vllm-cdk8s (.*?)\n(.*?)```", PAGE, re.DOTALL)
    assert len(shown) == 2
    for command, output in shown:
        assert main(command.split()) == 1
        said = capsys.readouterr()
        assert said.out + said.err == output


def test_the_hook_for_pre_commit_runs_this_command() -> None:
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    assert hook["id"] in PAGE
    assert hook["entry"] == "vllm-cdk8s check"
