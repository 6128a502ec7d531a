"""The manifests that go to a cluster: the golden files, and servers with a stand-in for vLLM."""

from __future__ import annotations

import copy
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

TESTS = Path(__file__).parents[1]
GOLDEN = TESTS / "golden"
STAND_IN = TESTS / "e2e" / "stand_in.py"
CONFIG_MAP = "stand-in"
Document = dict[str, Any]
# libyaml's where it is there: the goldens are read again and again.
LOADER: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def documents(text: str) -> list[Document]:
    """The objects of a text."""
    return [item for item in yaml.load_all(text, LOADER) if item is not None]


def golden_files() -> list[Path]:
    """What the examples write, and every other golden file."""
    return sorted(GOLDEN.rglob("*.yaml"))


def split(text: str) -> list[str]:
    """The documents of a text, each as its author wrote it."""
    return [part for part in re.split(r"^---\n", text, flags=re.MULTILINE) if re.search(r"^[^#\n]", part, re.MULTILINE)]


def moved(text: str, namespace: str) -> str:
    """A document in another namespace, and else the same to the byte."""
    head, metadata, rest = re.split(r"^(metadata:\n(?:[ ].*\n|\n)*)", text, maxsplit=1, flags=re.MULTILINE)
    return head + re.sub(r"^  namespace: .*$", f"  namespace: {namespace}", metadata, flags=re.MULTILINE) + rest


def pod_specs(document: Mapping[str, Any]) -> Iterator[Document]:
    """Every pod's spec in an object, however deep."""
    for value in document.values():
        if isinstance(value, dict):
            if isinstance(value.get("spec"), dict) and "containers" in value["spec"]:
                yield value["spec"]
            yield from pod_specs(value)
        elif isinstance(value, list):
            for item in value:
                if isinstance(item, dict):
                    yield from pod_specs(item)


def stand_in_objects() -> list[Document]:
    """What the stand-in needs beside its image."""
    data = {STAND_IN.name: STAND_IN.read_text(encoding="utf-8")}
    return [{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": CONFIG_MAP}, "data": data}]


def with_stand_in(servers: list[Document], image: str) -> list[Document]:
    """Servers that run the stand-in: the image and the first word of the command differ, and no GPU is asked for."""
    ready = copy.deepcopy(servers)
    for document in ready:
        if document["kind"] != "Deployment":
            continue
        for spec in pod_specs(document):
            for container in spec["containers"]:
                container["image"] = image
                container["command"] = ["python3", f"/stand-in/{STAND_IN.name}", *container["command"][1:]]
                container.setdefault("volumeMounts", []).append({"name": CONFIG_MAP, "mountPath": "/stand-in"})
                limits = container.get("resources", {}).get("limits", {})
                for name in [name for name in limits if "/" in name]:
                    del limits[name]
            spec.setdefault("volumes", []).append({"name": CONFIG_MAP, "configMap": {"name": CONFIG_MAP}})
    return ready
