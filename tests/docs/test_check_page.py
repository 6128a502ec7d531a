"""The pages of `check` and `upgrade` print what the commands print."""

import re
from pathlib import Path

import pytest
import yaml

from vllm_cdk8s.cli.main import main

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "check.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(("name", "codes"), [("check", [1, 1]), ("upgrade", [0])])
def test_the_output_on_the_page_is_the_real_one(
    name: str, codes: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page = (ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    (manifest,) = re.findall(r"```yaml\n(apiVersion: apps/v1\n.*?)```", page, re.DOTALL)
    Path("llm.yaml").write_text(manifest, encoding="utf-8")
    shown = re.findall(r"```console\n\$ vllm-cdk8s (.*?)\n(.*?)```", page, re.DOTALL)
    for (command, output), code in zip(shown, codes, strict=True):
        assert main(command.split()) == code
        said = capsys.readouterr()
        assert said.out + said.err == output


def test_the_hook_for_pre_commit_runs_this_command() -> None:
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    assert hook["id"] in PAGE
    assert hook["entry"] == "vllm-cdk8s check"
