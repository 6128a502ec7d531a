"""What a page's ```console blocks show, run again in the order of the page.

`$ cat FILE` is how a page writes a file down: what it shows is what the file holds from there on.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

from tests.helm.command import run

BLOCK = re.compile(r"^```console\n(.*?)^```$", re.DOTALL | re.MULTILINE)
COMMAND = re.compile(r"^\$ (.+)\n((?:(?!\$ ).*\n)*)", re.MULTILINE)


def as_printed(page: str, folder: Path) -> str:
    """Give the page with its console blocks as they should be, by commands that run in a folder."""
    here = Path.cwd()
    os.chdir(folder)
    try:
        return BLOCK.sub(
            lambda block: f"```console\n{COMMAND.sub(lambda each: _printed(each[1], each[2]), block[1])}```", page
        )
    finally:
        os.chdir(here)


def _printed(command: str, shown: str) -> str:
    words = shlex.split(command)
    if words[0] == "cat":
        Path(words[1]).write_text(shown, encoding="utf-8")
        return f"$ {command}\n{shown}"
    if words[0] == "python":
        done = subprocess.run(
            [sys.executable, "-W", "error", *words[1:]],
            capture_output=True, text=True, check=False, timeout=60,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        )  # fmt: skip
        return f"$ {command}\n{done.stdout}{done.stderr}"
    assert words[0] == "vllm-cdk8s", command
    answer = run(*words[1:])
    return f"$ {command}\n{answer.stdout}{answer.stderr}"
