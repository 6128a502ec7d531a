"""From plain data to checked values, and from pydantic's findings to lines that a user of the chart understands."""

from __future__ import annotations

import itertools
import json
import types
import typing
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from functools import cache
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ValidationError
from pydantic_core import to_jsonable_python

from vllm_cdk8s.core.errors import Problem, nearest
from vllm_cdk8s.core.kube.text import text_problem
from vllm_cdk8s.core.rules.book import INVALID, UNKNOWN_NAME, UNWRITABLE
from vllm_cdk8s.helm.field_types import NameMap
from vllm_cdk8s.helm.model import Values
from vllm_cdk8s.helm.plain_data import MAX_DEPTH, is_deep
from vllm_cdk8s.helm.problems import ValuesError, path_text, value_text

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo
    from pydantic_core import ErrorDetails

Path = tuple["str | int", ...]
# One slip, such as an index of 60000, can make as many problems; nobody reads on.
_MOST_PROBLEMS = 20
_LONGEST_EXAMPLE = 160
# Keys that several sections have, so that another section's says little.
_COMMON = frozenset({"name", "enabled", "type", "port", "path", "host", "hosts", "annotations", "labels", "size"})
# What other charts call it, in small letters.
_OF_OTHER_CHARTS = {
    **dict.fromkeys(("env", "extraenv", "extraenvvars", "envvars", "environment"), "vllm.env"),
    **dict.fromkeys(("args", "extraargs", "command", "vllmargs"), "vllm.additionalArgs"),
    **dict.fromkeys(("gpu", "gpus", "gpucount", "numgpus"), "resources.limits.nvidia.com/gpu"),
    "replicas": "replicaCount",
    "volumes": "extraVolumes",
    "volumemounts": "extraVolumeMounts",
    "sidecars": "extraContainers",
    "hpa": "autoscaling",
    "pvc": "persistence",
}
# What to say in place of a choice that is not there, by key and choice.
_INSTEAD = {("type", "recreate"): "; for what Recreate does say rollingUpdate with maxSurge 0 and maxUnavailable 100%"}


def check_values(data: Mapping[str, Any]) -> Values:
    """The values that plain data stands for, with the chart's defaults where it says nothing.

    Args:
        data: what values files and ``--set`` came to, or the same written in Python.

    Raises:
        ValuesError: keys that the chart does not know, each with the nearest right one, and values of a wrong type or
            out of range.
    """
    if not isinstance(data, Mapping):
        raise ValuesError(f"values: {value_text(data)} is not a mapping")
    if is_deep(data):
        raise ValuesError(f"the values nest deeper than {MAX_DEPTH} levels")
    try:
        return Values.model_validate(_plain(data, ()))
    except ValidationError as error:
        problems = list(dict.fromkeys(_problem(details) for details in error.errors(include_url=False)))
        if len(problems) > _MOST_PROBLEMS:
            more = f"and {len(problems) - _MOST_PROBLEMS:,} more problems"
            problems[_MOST_PROBLEMS:] = [Problem(what=more, rule=INVALID)]
        raise ValuesError(problems=problems) from None


@cache
def name_maps() -> frozenset[Path]:
    """The paths of the chart's maps from names to values, in which a key may hold dots."""
    return frozenset(
        path for path, field in _fields(Values, ()) if any(isinstance(mark, NameMap) for mark in field.metadata)
    )


@cache
def field_paths() -> frozenset[str]:
    """Every path of the chart, as its users write it."""
    return frozenset(path_text(path) for path, _ in _fields(Values, ()))


def _plain(value: Any, path: Path) -> Any:
    """Dictionaries, lists and scalars only: whoever calls from Python may have anything in there."""
    if isinstance(value, Mapping):
        for key in value:
            if not isinstance(key, str):
                raise ValuesError(f"{path_text((*path, repr(key)))}: is not a text, as a key must be")
            if (wrong := text_problem(key)) is not None:
                option = path_text(path) or "values"
                raise ValuesError(problems=[Problem(what=f"a key {wrong}", rule=UNWRITABLE, option=option)])
        return {key: _plain(item, (*path, key)) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item, (*path, index)) for index, item in enumerate(value)]
    if isinstance(value, str) and (wrong := text_problem(value)) is not None:
        raise ValuesError(problems=[Problem(what=wrong, rule=UNWRITABLE, option=path_text(path))])
    if value is None or isinstance(value, (str, bool, int, float)):
        return value
    where = path_text(path)
    raise ValuesError(f"{where}: {value_text(value, where=where)} is not plain data, as in YAML")


def _fields(model: type[BaseModel], path: Path) -> Iterator[tuple[Path, FieldInfo]]:
    for field in model.model_fields.values():
        here = (*path, str(field.alias))
        yield here, field
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from _fields(field.annotation, here)


def _section(annotation: Any) -> type[BaseModel] | None:
    """The section that an annotation names, in a list or on its own."""
    if typing.get_origin(annotation) in {list, types.UnionType, typing.Union, typing.Annotated}:
        return next(filter(None, map(_section, typing.get_args(annotation))), None)
    return annotation if isinstance(annotation, type) and issubclass(annotation, BaseModel) else None


def _section_at(path: Path) -> list[FieldInfo]:
    section: type[BaseModel] = Values
    for step in path:
        if isinstance(step, str):
            field = next(field for field in section.model_fields.values() if field.alias == step)
            section = _section(field.annotation) or section
    return list(section.model_fields.values())


def _problem(details: ErrorDetails) -> Problem:
    path = details["loc"]
    rule = UNKNOWN_NAME if details["type"] == "extra_forbidden" else INVALID
    return Problem(what=_what(details, path), rule=rule, option=path_text(path) if path else None)


def _what(details: ErrorDetails, path: Path) -> str:
    value, kind, context = value_text(details["input"], where=path_text(path)), details["type"], details.get("ctx", {})
    if kind == "extra_forbidden":
        return f"is not a value of this chart{_hint(path)}"
    if kind == "literal_error":
        allowed = context["expected"].replace(" or ", ", ").replace("'", "")
        said = str(details["input"])
        hint = _INSTEAD.get((str(path[-1]), said.lower()), nearest(said, allowed.split(", ")))
        return f"{value} is not allowed; allowed: {allowed}{hint}"
    if kind == "values":
        return str(context["what"]).replace(value_text(details["input"]), value)
    texts = {
        "missing": "is missing",
        "model_type": f"{{value}} is not a mapping{_such_as(path)}",
        "list_type": f"{{value}} is not a list{_such_as(path)}",
        "string_too_short": "{value} is empty",
    }
    return texts.get(kind, "{value} is not allowed: {message}").format(value=value, message=details["msg"], **context)


def _such_as(path: Path) -> str:
    """An example of what belongs there, for those who have written another shape."""
    above = tuple(itertools.takewhile(lambda step: isinstance(step, str), path))
    field = next((field for field in _section_at(above[:-1]) if field.alias == above[-1]), None)
    if field is None:
        return ""
    example = field.examples[0] if field.examples else to_jsonable_python(field.default, exclude_none=True)
    for step in path[len(above) :]:
        example = example[0] if isinstance(example, list) and example and isinstance(step, int) else None
    if not example or len(text := json.dumps(example)) > _LONGEST_EXAMPLE:
        return ""
    # Braces would be read as places for values.
    return f"; allowed: such as {text}".replace("{", "{{").replace("}", "}}")


def _hint(path: Path) -> str:
    """The nearest key of the same section; else where a key of this name belongs, by its full path."""
    *above, key = path
    siblings = {str(field.alias): path_text((*above, str(field.alias))) for field in _section_at(tuple(above))}
    known_elsewhere = None if above else _OF_OTHER_CHARTS.get(str(key).lower())
    found = str(key) if str(key) in field_paths() else known_elsewhere or _near(str(key), siblings)
    if found is None and not any(isinstance(step, int) for step in above):
        elsewhere: dict[str, str] = {}
        for known, _ in reversed(list(_fields(Values, ()))):
            if not above or str(known[-1]) not in _COMMON:
                elsewhere[str(known[-1])] = path_text(known)
        found = _near(str(key), elsewhere, cutoff=0.8)
    return "" if found is None else f"; did you mean {found!r}?"


def _near(key: str, paths: Mapping[str, str], *, cutoff: float = 0.6) -> str | None:
    folded = {name.lower().replace("_", "-"): path for name, path in paths.items()}
    names = get_close_matches(key.lower().replace("_", "-"), folded, n=1, cutoff=cutoff)
    return folded[names[0]] if names else None
