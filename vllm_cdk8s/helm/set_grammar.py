r"""Helm's ``--set`` and its kin: ``a.b=1,c[0].d=x,e={x,y}`` read into a path and a value each.

The grammar is Helm's (https://helm.sh/docs/intro/using_helm/#the-format-and-limitations-of---set), with these
differences, all of them where Helm's reading is never what its writer meant:

- what lies below a map of names is one key: ``resources.limits.nvidia.com/gpu=1`` sets ``nvidia.com/gpu``;
- a key may be quoted, and its dots then need no backslash: ``nodeSelector."kubernetes.io/hostname"=n1``;
- ``{}`` is the empty list, not a list of one empty string;
- an empty section of a values file (null) can be set into;
- a backslash before a dot keeps the dot in a key of ``--set-literal`` too, whose other backslashes are text;
- keys that Helm drops in silence (``=1``, ``.a=1``, ``a[0]``) and text behind a list's end are refused.
"""

from __future__ import annotations

import enum
import itertools
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from vllm_cdk8s.core.regex import regex
from vllm_cdk8s.core.rules.book import CONTRADICTION, UNREADABLE
from vllm_cdk8s.helm.merging import merge
from vllm_cdk8s.helm.plain_data import INT64, check_number, is_deep, is_unicode, no_constant, no_repeated_key
from vllm_cdk8s.helm.problems import ValuesError, may_hold_secrets, path_text, value_text

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

Key = tuple["str | int", ...]

_INTEGER = regex(r"[+-]?[0-9]+")
_WORDS = {"true": True, "false": False, "null": None}
# Helm's own limits, against an index or a depth that eats all memory.
_MAX_INDEX = 65536
_MAX_NAMES = 31
_MAX_STEPS = 62


class SetKind(enum.Enum):
    """The options of the ``--set`` family; the value is the option's name."""

    TYPED = "--set"
    STRING = "--set-string"
    FILE = "--set-file"
    JSON = "--set-json"
    LITERAL = "--set-literal"


def apply_set(
    values: dict[str, Any], expression: str, *, kind: SetKind = SetKind.TYPED, name_maps: Collection[Key] = ()
) -> dict[Key, str]:
    """Set what an expression says into values, in place.

    Args:
        values: nested plain data, such as a values file holds.
        expression: ``key=value[,key=value]...``; with ``--set-json`` also one JSON object.
        kind: how a value is read.
        name_maps: the paths of maps from names to values, such as ``("resources", "limits")``: their keys may
            hold dots, and nothing nests below them.

    Raises:
        ValuesError: the expression is not of the grammar, a file cannot be read, or a key leads through a value that
            is no mapping or list. The values are then half set.

    Returns:
        What was set, by its path: the option and the key, as their user wrote them.
    """
    if kind is SetKind.JSON and expression.lstrip().startswith("{"):
        changes = _Reader(expression, kind).whole_object()
        merged = merge(values, changes)
        values.clear()
        values.update(merged)
        return dict.fromkeys(_leaves(changes, ()), kind.value)
    said = {}
    for key, value, written in _Reader(expression, kind).assignments():
        path = _joined(key, name_maps)
        _assign(values, path, value, _where(kind, expression))
        said[path] = f"{kind.value} {written}"
    return said


def set_files(expression: str) -> list[str]:
    """The files that a ``--set-file`` expression names, which has been read before."""
    found: list[str] = []
    for _, value, _ in _Reader(expression, SetKind.STRING).assignments():
        found += value if isinstance(value, list) else [value]
    return found


def _leaves(changes: Any, path: Key) -> Iterator[Key]:
    if isinstance(changes, dict) and changes:
        for name, item in changes.items():
            yield from _leaves(item, (*path, name))
    elif path:
        yield path


def _joined(key: Key, name_maps: Collection[Key]) -> Key:
    for prefix in name_maps:
        rest = [step for step in key[len(prefix) :] if isinstance(step, str)]
        if key[: len(prefix)] == prefix and len(rest) > 1 and len(rest) == len(key) - len(prefix):
            return (*prefix, ".".join(rest))
    return key


def _assign(values: dict[str, Any], key: Key, value: Any, where: str) -> None:
    holder: Any = values
    for depth, (step, following) in enumerate(itertools.pairwise(key), start=1):
        fresh: Any = [] if isinstance(following, int) else {}
        child = _item(holder, step)
        # As in Helm, an entry of a list gives way; a named value does not.
        if child is None or (isinstance(fresh, dict) and isinstance(step, int) and not isinstance(child, dict)):
            child = fresh
            _put(holder, step, child)
        elif type(child) is not type(fresh):
            path = path_text(key[:depth])
            taken = f"{path} is {value_text(child, where=path)}"
            raise ValuesError(f"{where}: {taken}, so that {path_text(key)} cannot be set below it",
                              rule=CONTRADICTION)  # fmt: skip
        holder = child
    _put(holder, key[-1], value)


def _item(holder: Any, step: str | int) -> Any:
    if isinstance(step, int):
        return holder[step] if step < len(holder) else None
    return holder.get(step)


def _put(holder: Any, step: str | int, value: Any) -> None:
    if isinstance(step, int):
        holder.extend([None] * (step + 1 - len(holder)))
    holder[step] = value


def _where(kind: SetKind, expression: str) -> str:
    if may_hold_secrets(expression):
        key, equals, _ = expression.partition("{" if expression.lstrip().startswith("{") else "=")
        expression = f"{key}{equals}..."
    return f"{kind.value} {value_text(expression)}"


class _Reader:
    """Reads one expression from left to right."""

    def __init__(self, expression: str, kind: SetKind) -> None:
        self._text = expression
        self._kind = kind
        self._at = 0
        if not is_unicode(expression):
            self._fail("is not UTF-8")

    def whole_object(self) -> dict[str, Any]:
        self._at = len(self._text) - len(self._text.lstrip())
        value: dict[str, Any] = self._json()
        if self._at < len(self._text):
            self._fail(f"has {self._rest()} behind its end")
        return value

    def assignments(self) -> list[tuple[Key, Any, str]]:
        """Each key, its value, and the key as it is written."""
        result = []
        while self._at < len(self._text):
            start = self._at
            key = self._key()
            written = self._text[start : self._at - 1]
            result.append((key, self._value(key), written))
        return result

    def _fail(self, what: str) -> NoReturn:
        raise ValuesError(f"{_where(self._kind, self._text)}: {what}", rule=UNREADABLE)

    def _rest(self) -> str:
        return value_text(self._text[self._at :], where=self._text)

    def _until(self, stops: str) -> tuple[str, str]:
        """The text up to one of the stops, backslashes taken off, and the stop, which is empty at the end."""
        characters: list[str] = []
        while self._at < len(self._text):
            character = self._text[self._at]
            self._at += 1
            if character in stops:
                return "".join(characters), character
            if character == "\\":
                if self._at == len(self._text):
                    self._fail("ends in a lone backslash")
                character = self._text[self._at]
                self._at += 1
            characters.append(character)
        return "".join(characters), ""

    def _key(self) -> Key:
        steps: list[str | int] = []
        names, stop = 0, "."
        while stop != "=":
            if stop == ".":
                name, stop = self._name()
                names += 1
                if not name:
                    self._fail("has an empty key")
                if stop in {"", ","}:
                    self._fail(f"key {path_text([*steps, name])} has no value")
                steps.append(name)
            else:
                steps.append(self._index())
                rest, stop = self._until("[.=,")
                if rest:
                    self._fail(f"has {rest!r} behind the index of {path_text(steps)}")
                if stop in {"", ","}:
                    self._fail(f"key {path_text(steps)} has no value")
            if names > _MAX_NAMES or len(steps) > _MAX_STEPS:
                self._fail(f"nests deeper than {_MAX_NAMES - 1} levels")
        return tuple(steps)

    def _name(self) -> tuple[str, str]:
        if not self._text.startswith('"', self._at):
            return self._until("=[,.")
        self._at += 1
        name, closed = self._until('"')
        rest, stop = self._until("=[,.")
        if not closed or rest:
            self._fail("has a quotation mark in a key that is not closed at the key's end")
        return name, stop

    def _index(self) -> int:
        text, closed = self._until("]")
        if not closed or not _INTEGER.fullmatch(text):
            self._fail(f"has {text!r} for an index; allowed: a whole number in brackets")
        # Digits are counted first: Python refuses to read very long numbers.
        index = int(text) if len(text) <= len(str(_MAX_INDEX)) + 1 else _MAX_INDEX + 1
        if not 0 <= index <= _MAX_INDEX or text.startswith("-"):
            self._fail(f"has the index {value_text(text)}; allowed: 0 to {_MAX_INDEX}")
        return index

    def _value(self, key: Key) -> Any:
        if self._kind is SetKind.LITERAL:
            text, self._at = self._text[self._at :], len(self._text)
            return text
        if self._kind is SetKind.JSON:
            return self._json()
        converters: dict[SetKind, Callable[[str], Any]] = {
            SetKind.TYPED: _typed,
            SetKind.STRING: str,
            SetKind.FILE: self._file,
        }
        convert = converters[self._kind]
        if not self._text.startswith("{", self._at):
            return convert(self._until(",")[0])
        self._at += 1
        items: list[Any] = []
        while True:
            text, stop = self._until(",}")
            if not stop:
                self._fail(f"the list of {path_text(key)} has no '}}' at its end")
            if stop == "}":
                break
            items.append(convert(text))
        if items or text:
            items.append(convert(text))
        self._comma(f"the list of {path_text(key)}")
        return items

    def _comma(self, behind: str) -> None:
        if self._at < len(self._text) and self._text[self._at] != ",":
            self._fail(f"has {self._rest()} behind {behind}; allowed: a comma")
        self._at += 1

    def _file(self, name: str) -> str:
        try:
            return Path(name).read_text(encoding="utf-8")
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "is not UTF-8"
            self._fail(f"cannot read {name!r}: {reason}")

    def _skip_blanks(self) -> None:
        while self._at < len(self._text) and self._text[self._at].isspace():
            self._at += 1

    def _json(self) -> Any:
        self._skip_blanks()
        if self._at == len(self._text) or self._text[self._at] == ",":
            self._at += 1
            return None
        decoder = json.JSONDecoder(
            parse_int=_json_number,
            parse_float=_json_number,
            parse_constant=no_constant,
            object_pairs_hook=no_repeated_key,
        )
        try:
            value, self._at = decoder.raw_decode(self._text, self._at)
        except json.JSONDecodeError as error:
            self._fail(f"is not JSON at character {error.pos + 1}: {error.msg}")
        except RecursionError:
            self._fail("nests too deeply")
        except ValueError as error:
            self._fail(str(error))
        if is_deep(value):
            self._fail("nests too deeply")
        self._skip_blanks()
        self._comma("a JSON value")
        return value


def _json_number(text: str) -> int | float:
    return check_number(text)


def _typed(text: str) -> Any:
    word = text.lower()
    if word in _WORDS:
        return _WORDS[word]
    # A number with a leading zero is a name or a version to Helm, and stays text; so does one beyond 64 bits.
    if text == "0" or (not text.startswith("0") and len(text) <= len(str(2**63)) + 1 and _INTEGER.fullmatch(text)):
        number = int(text)
        if number in INT64:
            return number
    return text
