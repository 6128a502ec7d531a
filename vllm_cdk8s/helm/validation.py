"""From plain data to checked values, with everything that is wrong in lines that a user of the chart understands."""

from __future__ import annotations

import itertools
import json
import typing
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

from msgspec import to_builtins

from vllm_cdk8s.core.errors import Problem, nearest
from vllm_cdk8s.core.kube.text import text_problem
from vllm_cdk8s.core.rules.book import INVALID, UNKNOWN_NAME, UNWRITABLE
from vllm_cdk8s.helm.merging import without_nulls
from vllm_cdk8s.helm.model import Values
from vllm_cdk8s.helm.plain_data import MAX_DEPTH, is_deep
from vllm_cdk8s.helm.problems import ValuesError, path_text, value_text
from vllm_cdk8s.helm.section import Check, FieldError, NameMap, Read, Section, fields_of, is_section, made, section_of

if TYPE_CHECKING:
    from vllm_cdk8s.core.rules.rule import Rule
    from vllm_cdk8s.helm.section import Field, Kind, S

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
    reader = _Reader()
    values = reader.section(Values, _plain(data, ()), ())
    problems = list(dict.fromkeys(reader.problems))
    if len(problems) > _MOST_PROBLEMS:
        more = f"and {len(problems) - _MOST_PROBLEMS:,} more problems"
        problems[_MOST_PROBLEMS:] = [Problem(what=more, rule=INVALID)]
    if values is None:
        raise ValuesError(problems=problems)
    return values


@cache
def name_maps() -> frozenset[Path]:
    """The paths of the chart's maps from names to values, in which a key may hold dots."""
    return frozenset(
        path for path, field in _fields(Values, ()) if any(isinstance(mark, NameMap) for mark in field.kind.marks)
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


class _Reader:
    """Reads plain data as sections, and collects everything that is wrong on the way."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def section(self, section: type[S], data: Any, path: Path) -> S | None:
        """The section that data stands for; None where something is wrong with it, which is told."""
        if not isinstance(data, dict):
            self._wrong(path, f"{_said(data, path)} is not a mapping{_such_as(path)}")
            return None
        known, given, so_far = fields_of(section), {}, len(self.problems)
        for key, field in known.items():
            if data.get(key) is not None or (key in data and field.kind.nullable):
                given[field.name] = self._value(field.kind, data[key], (*path, key))
            elif field.required:
                self._wrong((*path, key), "is missing")
        for key in data:
            if key not in known:
                self._wrong((*path, key), f"is not a value of this chart{_hint((*path, key))}", UNKNOWN_NAME)
        if len(self.problems) > so_far:
            return None
        try:
            return made(section, given)
        except FieldError as error:
            self._wrong(path, str(error))
            return None

    def _value(self, kind: Kind, data: Any, path: Path) -> Any:
        if data is None and kind.nullable:
            return None
        so_far, value = len(self.problems), data
        try:
            for mark in kind.marks:
                value = mark.read(value) if isinstance(mark, Read) else value
            value = self._inside(kind, value, path)
            for mark in kind.marks if len(self.problems) == so_far else ():
                value = mark.check(value) if isinstance(mark, Check) else value
        except FieldError as error:
            # The value as a path allows to repeat it, where the type has said it in full.
            self._wrong(path, str(error).replace(value_text(data), _said(data, path)))
        return value

    def _inside(self, kind: Kind, value: Any, path: Path) -> Any:
        if is_section(kind.type):
            return self.section(kind.type, value, path)
        if typing.get_origin(kind.type) is Literal:
            return self._choice(typing.get_args(kind.type), value, path)
        if kind.items is None:
            return value
        if kind.type is dict:
            return {key: self._value(kind.items, item, (*path, key)) for key, item in value.items()}
        if not isinstance(value, list):
            self._wrong(path, f"{_said(value, path)} is not a list{_such_as(path)}")
            return value
        return [self._value(kind.items, item, (*path, index)) for index, item in enumerate(value)]

    def _choice(self, allowed: tuple[str, ...], value: Any, path: Path) -> Any:
        if not isinstance(value, str) or value not in allowed:
            hint = _INSTEAD.get((str(path[-1]), str(value).lower()), nearest(str(value), allowed))
            self._wrong(path, f"{_said(value, path)} is not allowed; allowed: {', '.join(allowed)}{hint}")
        return value

    def _wrong(self, path: Path, what: str, rule: Rule = INVALID) -> None:
        self.problems.append(Problem(what=what, rule=rule, option=path_text(path) if path else None))


def _said(value: object, path: Path) -> str:
    return value_text(value, where=path_text(path))


def _fields(section: type[Section], path: Path) -> Iterator[tuple[Path, Field]]:
    for key, field in fields_of(section).items():
        here = (*path, key)
        yield here, field
        if is_section(field.kind.type):
            yield from _fields(field.kind.type, here)


def _section_at(path: Path) -> dict[str, Field]:
    section: type[Section] = Values
    for step in path:
        if isinstance(step, str):
            section = section_of(fields_of(section)[step].kind) or section
    return fields_of(section)


def _such_as(path: Path) -> str:
    """An example of what belongs there, for those who have written another shape."""
    above = [str(step) for step in itertools.takewhile(lambda step: isinstance(step, str), path)]
    if not above:
        return ""
    field = _section_at(tuple(above[:-1]))[above[-1]]
    example = field.examples[0] if field.examples else without_nulls(to_builtins(field.default))
    for step in path[len(above) :]:
        example = example[0] if isinstance(example, list) and example and isinstance(step, int) else None
    if not example or len(text := json.dumps(example)) > _LONGEST_EXAMPLE:
        return ""
    return f"; allowed: such as {text}"


def _hint(path: Path) -> str:
    """The nearest key of the same section; else where a key of this name belongs, by its full path."""
    *above, key = path
    siblings = {sibling: path_text((*above, sibling)) for sibling in _section_at(tuple(above))}
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
