"""What a page's ```console blocks show, run again in the order of the page.

`$ cat FILE` is how a page writes a file down: what it shows is what the file holds from there on. The first Python
block is app.py. ``python -m tests.docs.console README.md`` writes the blocks of a page anew.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.helm.command import run

BLOCK = re.compile(r"^```console\n(.*?)^```$", re.DOTALL | re.MULTILINE)
PYTHON = re.compile(r"^```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)
COMMAND = re.compile(r"^\$ (.+)\n((?:(?!\$ ).*\n)*)", re.MULTILINE)


def as_printed(page: str, folder: Path) -> str:
    """Give the page with its console blocks as they should be, by commands that run in a folder."""
    app = PYTHON.search(page)
    if app is not None:
        (folder / "app.py").write_text(app[1], encoding="utf-8")
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


if __name__ == "__main__":
    for name in sys.argv[1:]:
        with TemporaryDirectory() as temporary:
            Path(name).write_text(as_printed(Path(name).read_text(encoding="utf-8"), Path(temporary)), encoding="utf-8")
