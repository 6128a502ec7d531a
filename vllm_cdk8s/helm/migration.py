"""A release on its way here: what runs, what would change, and the values that keep it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from vllm_cdk8s.core.regex import regex
from vllm_cdk8s.helm.problems import path_text

if TYPE_CHECKING:
    from vllm_cdk8s.core.errors import Path, Problem

_SECRETIVE = regex(r"TOKEN|KEY|SECRET|PASSWORD|CREDENTIAL", re.IGNORECASE)

_LONGEST = 100
# Variables that are secrets, and the Secret and key that they are taken from here.
LITERALS = {"HF_TOKEN": ("huggingface", "token"), "HUGGING_FACE_HUB_TOKEN": ("huggingface", "token"),
             "VLLM_API_KEY": ("vllm-api-key", "key")}  # fmt: skip


class Running(Struct, frozen=True, kw_only=True):
    """What runs now, read from the release's manifest.

    Attributes:
        objects: all of its objects.
        workload: the object that makes vLLM's pods.
        container: vLLM's container.
        settings: what its command says, by vLLM's names.
        complete: whether that is all that it says.
        installs: what its script installs before each start.
    """

    objects: tuple[Mapping[str, Any], ...]
    workload: Mapping[str, Any]
    container: Mapping[str, Any]
    settings: Mapping[str, Any]
    complete: bool = True
    installs: str | None = None


class Keep(Struct, frozen=True, kw_only=True):
    """A value that keeps things as they are."""

    path: Path
    value: Any

    def __str__(self) -> str:
        """``image.tag=v1``, and the value as JSON where it is not plain; what may be a secret is not shown."""
        value = self.value
        if self.path[:2] == ("vllm", "env") and isinstance(value, str) and _SECRETIVE.search(str(self.path[-1])):
            value = "(not shown)"
        return f"{path_text(self.path)}={value if isinstance(value, str) else json.dumps(value)}"


class Difference(Struct, frozen=True, kw_only=True):
    """One thing that applying our YAML changes.

    Attributes:
        object: the object, ``Deployment/prod-vllm``.
        where: the place in it.
        now: what runs; None where there is nothing.
        then: what our YAML says.
        keep: the values that keep it so; none where that is not possible, or not wise.
        why: why it changes.
        carried: whether the merged values keep it.
    """

    object: str
    where: str
    now: str | None
    then: str | None
    keep: tuple[Keep, ...] = ()
    why: str | None = None
    carried: bool = False


class Migration(Struct, frozen=True, kw_only=True):
    """A release on its way here.

    Attributes:
        chart: the chart that it is of.
        values: its values in terms of this chart, with what keeps the server as it is.
        differences: what changes, with the values as they were; the image first.
        unknown: values that have no place here.
        notes: what else is to be known.
        warnings: what is unwise about the release as it will be.
    """

    chart: str
    values: dict[str, Any]
    differences: tuple[Difference, ...]
    unknown: tuple[str, ...]
    notes: tuple[str, ...]
    warnings: tuple[Problem, ...] = field(default=())


def shown_value(value: Any) -> str:
    """A value on one line, shortened where it is long."""
    text = value if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def hidden_value(name: str, value: Any) -> str:
    """The same, or nothing of it where its name says that it may be a secret."""
    return "(not shown)" if _SECRETIVE.search(name) and isinstance(value, str) else shown_value(value)


def mappings(value: Any) -> list[Mapping[str, Any]]:
    """The mappings of a list, whatever else somebody has written there."""
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []
