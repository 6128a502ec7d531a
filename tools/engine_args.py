"""Write the module of typed settings from the catalogue."""

from __future__ import annotations

from typing import Any

RESERVED = {"model", "host", "port", "api_key", "hf_token"}  # said by keywords of the constructs
TYPES = {
    "str": "str",
    "int": "int",
    "size": "int | str",
    "float": "float",
    "int_or_str": "int | str",
    "object": "Mapping[str, Any]",
    "object_or_str": "Mapping[str, Any] | str",
    "json": "Any",
    "comma_list": "Sequence[str | int] | str",
}
HEADER = '''"""vLLM's settings by name and type, generated from the parsers of its releases; do not edit.

`make catalogue` writes this file and `options.json`, of which this is the sum over all releases.
"""

# ruff: noqa: E501 - one option a line, since the file is read by its differences
# fmt: off

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from typing_extensions import TypedDict


class EngineArgs(TypedDict, total=False):
    """The options of `vllm serve`, from vLLM {first} to {last}; None removes a default of this package."""

'''


def module(body: dict[str, Any]) -> str:
    versions = body["versions"]
    lines = [HEADER.format(first=versions[0], last=versions[-1])]
    for name, runs in body["options"].items():
        if name in RESERVED:
            continue
        comment = ", ".join(said(first, last, versions) for first, last in joined(runs))
        kind = annotation([facts for _, _, facts in runs])
        lines.append(f"    {name}: {kind} | None{comment and f'  # {comment}'}\n")
    return "".join(lines)


def joined(runs: list[list[Any]]) -> list[tuple[int, int]]:
    """First and last release of each unbroken stretch."""
    result: list[tuple[int, int]] = []
    for first, last, _ in runs:
        if result and result[-1][1] == first - 1:
            result[-1] = (result[-1][0], last)
        else:
            result.append((first, last))
    return result


def said(first: int, last: int, versions: list[str]) -> str:
    if last == len(versions) - 1:
        return "" if first == 0 else f"from {versions[first]}"
    if first == 0:
        return f"to {versions[last]}"
    return f"{versions[first]} to {versions[last]}" if first != last else f"only {versions[first]}"


def annotation(facts: list[dict[str, Any]]) -> str:
    """A type that holds every release's values."""
    kinds = [one(fact) for fact in facts]
    closed = all("choices" in fact for fact in facts)
    lists = any(fact["kind"] in {"list", "append"} for fact in facts)
    if closed and len(set(kinds)) == 1:
        values = {value for fact in facts for value in fact["choices"]}
        literal = f"Literal[{', '.join(map(python, sorted(values, key=lambda v: (isinstance(v, str), v))))}]"
        return f"Sequence[{literal}] | str" if lists else literal
    parts = [part for kind in dict.fromkeys(kinds) for part in kind.split(" | ")]
    if "float" in parts and "int" in parts:
        parts.remove("int")
    return "Any" if "Any" in parts else " | ".join(dict.fromkeys(parts))


def one(fact: dict[str, Any]) -> str:
    if fact["kind"] == "flag":
        return "bool"
    inner = TYPES[fact["type"]]
    if fact["kind"] == "optional":
        return f"bool | {inner}"
    if fact["kind"] in {"list", "append"}:
        return f"Sequence[{inner}] | {inner}"
    return inner


def python(value: Any) -> str:
    return f'"{value}"' if isinstance(value, str) else repr(value)
