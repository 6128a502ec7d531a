"""Runs the ``vllm-cdk8s`` command in this process, as a shell would run it, and reads what it prints."""

from __future__ import annotations

import io
import warnings
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from typing import Any

import yaml

from vllm_cdk8s.cli.main import main


@dataclass(frozen=True, kw_only=True)
class Answer:
    code: int
    stdout: str
    stderr: str

    @property
    def objects(self) -> dict[str, Any]:
        """The documents by kind; two of a kind would be a mistake."""
        documents = list(yaml.safe_load_all(self.stdout))
        by_kind = {document["kind"]: document for document in documents}
        assert len(by_kind) == len(documents)
        return by_kind

    @property
    def pod(self) -> dict[str, Any]:
        spec: dict[str, Any] = self.objects["Deployment"]["spec"]["template"]["spec"]
        return spec

    @property
    def container(self) -> dict[str, Any]:
        (container,) = self.pod["containers"]
        found: dict[str, Any] = container
        return found

    @property
    def warnings(self) -> list[str]:
        prefix = "warning: "
        return [line.removeprefix(prefix) for line in self.stderr.splitlines() if line.startswith(prefix)]

    @property
    def errors(self) -> list[str]:
        return self.stderr.splitlines()


def run(*arguments: str) -> Answer:
    stdout, stderr = io.StringIO(), io.StringIO()
    with redirect_stdout(stdout), redirect_stderr(stderr), warnings.catch_warnings():
        # The suite makes warnings errors; the command prints them. "always", since one process runs many commands.
        warnings.simplefilter("always")
        code = main(arguments)
    return Answer(code=code, stdout=stdout.getvalue(), stderr=stderr.getvalue())
