"""docs/command-line.md: each console block shows what the command really prints, in the order of the page.

``python -m tests.docs.test_command_line_page`` writes them anew.
"""

from __future__ import annotations

import os
import re
import shlex
import tempfile
from pathlib import Path

from tests.helm.command import run
from tests.helm.test_migrating import MANIFEST
from vllm_cdk8s.cli.main import command_parser

FILE = Path(__file__).parents[2] / "docs" / "command-line.md"
PAGE = FILE.read_text(encoding="utf-8")
BLOCK = re.compile(r"^```console\n(.*?)^```$", re.DOTALL | re.MULTILINE)

FILES = {
    "old.yaml": "image: {tag: latest}\n"
    "vllm:\n  model: Qwen/Qwen3-8B\n  env:\n    - {name: HF_TOKEN, value: hf_secret}\n"
    "lmcache: {enabled: true}\n",
    "manifest.yaml": MANIFEST.read_text(encoding="utf-8"),
}  # fmt: skip


def printed(line: str) -> str:
    """What a command prints, standard error behind standard output."""
    words = shlex.split(line)
    if words[0] == "cat":
        return Path(words[1]).read_text(encoding="utf-8")
    answer = run(*words[1:])
    return answer.stdout + answer.stderr


def block(text: str) -> str:
    """The block as it should be: each of its commands, and what it prints."""
    lines = [line for line in text.splitlines() if line.startswith("$ ")]
    return "".join(f"{line}\n{printed(line.removeprefix('$ '))}" for line in lines)


def written(folder: Path) -> str:
    """The page with blocks as they should be, by commands that run in a folder."""
    for name, text in FILES.items():
        (folder / name).write_text(text, encoding="utf-8")
    here = Path.cwd()
    os.chdir(folder)
    try:
        return BLOCK.sub(lambda match: f"```console\n{block(match[1])}```", PAGE)
    finally:
        os.chdir(here)


def test_every_console_block_is_what_is_printed(tmp_path: Path) -> None:
    assert len(BLOCK.findall(PAGE)) >= 8
    assert written(tmp_path) == PAGE


def test_every_command_is_on_the_page() -> None:
    for command in command_parser()[1]:
        assert f"`{command}`" in PAGE
        assert f"vllm-cdk8s {command}" in PAGE


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        FILE.write_text(written(Path(temporary)), encoding="utf-8")
