"""Whether plain data has the shape that the Kubernetes API gives it: fields, types, what is required, choices.

A walker of our own rather than a library of JSON Schema: those cost more to import than a whole server to check, and
say what is wrong in words of JSON Schema, of an option that nobody wrote. The definitions are generated
(``make kubernetes-schema``) and read when something is first checked.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from vllm_cdk8s.core.data import generated
from vllm_cdk8s.core.errors import InvalidOptionError, Problem, nearest
from vllm_cdk8s.core.regex import regex
from vllm_cdk8s.core.rules.book import SCHEMA
from vllm_cdk8s.core.rules.parts import rule_at
from vllm_cdk8s.core.showing import shown

_INT32 = 2**31
_INT64 = 2**63
_FEW = 12
# https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
_QUANTITY = regex(r"[+-]?(\d+(\.\d*)?|\.\d+)([numkMGTPE]|[KMGTPE]i|[eE][+-]?\d+)?")


def check_schema(option: str, value: object, definition: str) -> None:
    """Hold plain data in wire form against a definition of the Kubernetes API.

    A field counts as known where the newest Kubernetes that this package knows has it. None is "not set", as in YAML.

    Args:
        option: the option as its user wrote it; what is wrong is named by the path below it.
        value: the data.
        definition: the name of a definition, such as ``PodTemplateSpec``, with ``[]`` behind it for a list.

    Raises:
        InvalidOptionError: with all that is wrong.
    """
    problems = [
        Problem(what=what, rule=rule_at(path, SCHEMA), option=path)
        for path, what in _wrong(option, value, definition.rstrip("!"))
    ]
    if problems:
        raise InvalidOptionError(problems=problems)


def unknown_fields(value: object, definition: str) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Fields that no Kubernetes has, each by its path below the value, with what may have been meant."""
    kind = definition.rstrip("!")
    if kind.endswith("[]"):
        for index, item in enumerate(value if isinstance(value, list) else ()):
            yield from (((index, *path), what) for path, what in unknown_fields(item, kind[:-2]))
    elif kind in generated("kubernetes")["definitions"] and isinstance(value, Mapping):
        fields: Mapping[str, str] = generated("kubernetes")["definitions"][kind]
        for key, item in value.items():
            if key in fields:
                yield from (((key, *path), what) for path, what in unknown_fields(item, fields[key]))
            else:
                yield (str(key),), f"is not a field of {kind}{nearest(str(key), fields)}"


def since(definition: str, field: str) -> str | None:
    """The Kubernetes minor that first has a field; None where the oldest supported one has it."""
    minor: str | None = generated("kubernetes")["since"].get(f"{definition}.{field}")
    return minor


_Found = Iterator[tuple[str, str]]


def _wrong(path: str, value: object, kind: str) -> _Found:
    if kind.endswith("[]"):
        yield from _list(path, value, kind[:-2])
    elif kind.endswith("{}"):
        yield from _map(path, value, kind[:-2])
    elif kind in _SCALARS:
        good, what = _SCALARS[kind]
        if not good(value):
            yield path, f"{shown(value)} is not {what}{_quotes(value, kind)}"
    elif kind != "any":
        yield from _object(path, value, kind)


def _list(path: str, value: object, kind: str) -> _Found:
    if isinstance(value, (str, bytes, Mapping)) or not isinstance(value, Sequence):
        yield path, f"{shown(value)} is not a list"
        return
    for index, item in enumerate(value):
        yield from _wrong(f"{path}[{index}]", item, kind)


def _map(path: str, value: object, kind: str) -> _Found:
    if not isinstance(value, Mapping):
        yield path, f"{shown(value)} is not a mapping"
        return
    for key, item in value.items():
        if not isinstance(key, str):
            yield path, f"{shown(key)} is not a string, as a key must be"
        elif item is not None:
            yield from _wrong(f"{path}[{key!r}]", item, kind)


def _object(path: str, value: object, name: str) -> _Found:
    fields: Mapping[str, str] = generated("kubernetes")["definitions"][name]
    if not isinstance(value, Mapping):
        yield path, f"{shown(value)} is not a mapping"
        return
    for key, item in value.items():
        kind = fields.get(key) if isinstance(key, str) else None
        if kind is None:
            allowed = f"; allowed: {', '.join(fields)}" if len(fields) <= _FEW else ""
            yield path, f"{shown(key)} is not a field of {name}{allowed}{nearest(str(key), fields)}"
            continue
        if item is None:
            continue
        within = f"{path}.{key}" if path else key
        choices: Sequence[str] | None = generated("kubernetes")["choices"].get(f"{name}.{key}")
        if choices is None or not isinstance(item, str) or not item:
            yield from _wrong(within, item, kind.rstrip("!"))
        elif item not in choices and not item.startswith("HugePages-"):
            yield within, f"{shown(item)} is not known; allowed: {', '.join(choices)}{nearest(item, choices)}"
    for key, kind in fields.items():
        if kind.endswith("!") and value.get(key) is None:
            yield path, f"has no {key}, which {name} needs"


def _whole(bound: int) -> Callable[[object], bool]:
    # A float without a fraction is written as a whole number.
    return lambda value: (
        not isinstance(value, bool)
        and (isinstance(value, int) or (isinstance(value, float) and value.is_integer()))
        and -bound <= value < bound
    )


def _number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


_SCALARS: Mapping[str, tuple[Callable[[object], bool], str]] = {
    "string": (lambda value: isinstance(value, str), "a string"),
    "boolean": (lambda value: isinstance(value, bool), "a boolean; allowed: true, false"),
    "int32": (_whole(_INT32), "a whole number of 32 bits"),
    "int64": (_whole(_INT64), "a whole number of 64 bits"),
    "number": (_number, "a number"),
    "int-or-string": (
        lambda value: isinstance(value, str) or _whole(_INT32)(value),
        "a whole number of 32 bits or a string",
    ),
    "quantity": (
        lambda value: _number(value) or (isinstance(value, str) and _QUANTITY.fullmatch(value) is not None),
        "a quantity; allowed: a number with an optional unit, such as '24Gi', '500m' or '2'",
    ),
}


def _quotes(value: object, kind: str) -> str:
    """The commonest mistake is a pair of quotation marks too few or too many."""
    if kind == "string" and (_number(value) or isinstance(value, bool)):
        return "; write it in quotation marks"
    if isinstance(value, str) and (
        (kind in ("int32", "int64") and re.fullmatch(r"-?\d+", value))
        or (kind == "boolean" and value.lower() in ("true", "false"))
    ):
        return "; write it without quotation marks"
    return ""
