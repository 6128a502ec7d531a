"""kubectl, as this test uses it."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Document = Mapping[str, Any]


class KubectlError(Exception):
    """What kubectl says where it fails."""


class Kubectl:
    """Runs kubectl; an answer is its standard output, and a failure a KubectlError.

    Args:
        program: the program and its first arguments.
        kubeconfig: the file that says which cluster, or None for kubectl's own choice.
    """

    def __init__(self, program: Sequence[str] = ("kubectl",), *, kubeconfig: str | None = None) -> None:
        self.program = [*program]
        self.environment = {**os.environ, **({"KUBECONFIG": kubeconfig} if kubeconfig else {})}
        self._served: dict[str, dict[str, bool]] = {}

    def __call__(self, *arguments: str, text: str | None = None, seconds: float = 120) -> str:
        try:
            done = subprocess.run(
                [*self.program, *arguments], check=False, capture_output=True, text=True, input=text, timeout=seconds,
                env=self.environment,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            raise KubectlError(f"kubectl {' '.join(arguments)}: no answer within {seconds:g} s") from None
        if done.returncode:
            raise KubectlError(done.stderr.strip() or f"kubectl {' '.join(arguments)} exited with {done.returncode}")
        return done.stdout

    def json(self, *arguments: str) -> Any:
        """Give an object, or what an address answers."""
        return json.loads(self(*arguments))

    def get(self, kind: str, name: str, namespace: str) -> Any:
        return self.json("get", kind, name, "-n", namespace, "-o", "json")

    def apply(self, documents: Iterable[Document], namespace: str, *options: str) -> str:
        """Apply objects, strictly: an unknown or a repeated field is an error."""
        return self.apply_text(as_text(documents), namespace, *options)

    def apply_text(self, text: str, namespace: str, *options: str) -> str:
        return self("apply", "-n", namespace, "--validate=strict", *options, "-f", "-", text=text)

    def version(self) -> tuple[int, int]:
        """The server's minor version."""
        said = self.json("version", "-o", "json")["serverVersion"]
        return int(said["major"]), int(said["minor"].rstrip("+"))

    def served(self, api_version: str, kind: str) -> bool:
        """Whether the cluster knows a kind."""
        return kind in self._kinds(api_version)

    def namespaced(self, api_version: str, kind: str) -> bool:
        """Whether objects of a kind stand in a namespace."""
        return self._kinds(api_version)[kind]

    def _kinds(self, api_version: str) -> dict[str, bool]:
        if api_version not in self._served:
            path = f"/apis/{api_version}" if "/" in api_version else f"/api/{api_version}"
            try:
                resources = self.json("get", "--raw", path)["resources"]
            except KubectlError as error:
                if "NotFound" not in str(error) and "could not find" not in str(error):
                    raise
                resources = []
            # Names with a slash are subresources.
            self._served[api_version] = {
                item["kind"]: bool(item["namespaced"]) for item in resources if "/" not in item["name"]
            }
        return self._served[api_version]

    def forget(self) -> None:
        """Ask anew what the cluster serves."""
        self._served.clear()


def as_text(documents: Iterable[Document]) -> str:
    """Objects as one JSON document: of a text that begins as JSON, kubectl reads nothing behind a `---`."""
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": [*documents]})
