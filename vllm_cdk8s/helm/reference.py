"""What the chart's values are, for people and for editors: the commented default values.yaml, and its JSON Schema."""

from __future__ import annotations

import json
import textwrap
from typing import TYPE_CHECKING, Any

import msgspec
import yaml

from vllm_cdk8s.helm.loading import parse_values
from vllm_cdk8s.helm.merging import without_nulls
from vllm_cdk8s.helm.model import Values
from vllm_cdk8s.helm.section import Section, fields_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vllm_cdk8s.helm.section import Field

_WIDTH = 110
# Their defaults stand for "decide for me", which writing them down would undo.
_COMMENTED = {"maxModelLen", "asyncScheduling"}
_HEAD = """\
# Default values of the vLLM chart. Change what you need and leave the rest out:
#   vllm-cdk8s template my-vllm -f values.yaml
# What is commented out is decided for you, or is an example.
"""
SCHEMA_DRAFT = "https://json-schema.org/draft/2020-12/schema"


def default_values_text() -> str:
    """The default values as a commented ``values.yaml``; fed back, it changes nothing."""
    return _HEAD + "\n" + "\n\n".join("\n".join(lines) for lines in _blocks(Values())) + "\n"


def values_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of a values file, as editors and validators want it."""
    sections = msgspec.json.schema(Values)["$defs"]
    return {"$schema": SCHEMA_DRAFT, **sections.pop(Values.__name__), "$defs": sections}


def _blocks(section: Section) -> Iterator[list[str]]:
    for field in fields_of(type(section)).values():
        yield _lines(field, getattr(section, field.name))


def _lines(field: Field, value: Any) -> list[str]:
    key = field.key
    lines = [f"# {line}" for line in textwrap.wrap(field.description, _WIDTH)]
    if isinstance(value, Section) and not field.examples:
        lines.append(f"{key}:")
        lines += ["  " + line for block in _blocks(value) for line in block]
        return lines
    plain = without_nulls(msgspec.to_builtins(value))
    mark = "# " if value is None or key in _COMMENTED else ""
    if value is None:
        lines.append(f"{mark}{key}:")
    elif plain and isinstance(plain, (dict, list)):
        lines += [f"{mark}{key}:", *(f"{mark}  {line}" for line in _yaml(plain))]
    else:
        lines.append(f"{mark}{key}: {_scalar(plain)}")
    for example in field.examples:
        lines += [f"#   {line}" for line in _yaml(example)]
    return lines


def _yaml(value: Any) -> list[str]:
    return yaml.safe_dump(value, sort_keys=False).splitlines()


def _scalar(value: Any) -> str:
    """A scalar as people write it: quoted only where YAML would read something else."""
    if isinstance(value, str) and value and parse_values(f"key: {value}") == {"key": value}:
        return value
    return json.dumps(value)
