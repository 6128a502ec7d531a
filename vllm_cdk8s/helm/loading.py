"""Values files: one YAML document that is a mapping of plain data, read without surprises.

Scalars are YAML's as Helm reads them (no dates, no base 60), with an exception on the careful side: ``yes``, ``no``,
``on`` and ``off`` stay words, which the model reads as booleans only where a boolean belongs. Scalars keep the text
that they were written as (`written`): ``0644`` is 420 where Kubernetes wants a file's mode, text where text is wanted
(``tag: 010`` is no 8), and refused where a number of things is.
"""

from __future__ import annotations

import pathlib
import sys
from typing import TYPE_CHECKING, Any

import yaml

from vllm_cdk8s.core.errors import Problem
from vllm_cdk8s.core.kube.text import text_problem
from vllm_cdk8s.core.regex import regex
from vllm_cdk8s.core.rules.book import DUPLICATE_KEY, UNREADABLE, UNWRITABLE
from vllm_cdk8s.helm.plain_data import INT64, MAX_DEPTH, check_number
from vllm_cdk8s.helm.problems import ValuesError, path_text, value_text
from vllm_cdk8s.helm.written import written

if TYPE_CHECKING:
    import os

    from vllm_cdk8s.core.errors import Path
    from vllm_cdk8s.core.rules.rule import Rule

# Far above any values file, and still read in a second.
_MAX_BYTES = 256 * 1024
_MAX_NODES = 20_000

_TAG = "tag:yaml.org,2002:"
_INTEGER = regex(r"[-+]?(0|0[0-7]+|[1-9][0-9_]*|0x[0-9a-fA-F_]+|0o[0-7_]+|0b[01_]+)")
_FLOAT = regex(
    r"[-+]?(\.[0-9]+|[0-9]+\.[0-9]*)([eE][-+]?[0-9]+)?|[-+]?[0-9]+[eE][-+]?[0-9]+|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)"
)
_BOOLEAN = regex(r"true|True|TRUE|false|False|FALSE")
_NULL = regex(r"~|null|Null|NULL|")
_LINE_ENDS = regex("[\x85\u2028\u2029]")
_BASES = {"0x": 16, "0o": 8, "0b": 2}


def load_values(path: str | os.PathLike[str], *, places: dict[Path, str] | None = None) -> dict[str, Any]:
    """The values of one file; ``-`` is standard input.

    Args:
        path: the file.
        places: is filled with the file and line of each value, by its path.

    Raises:
        ValuesError: the file cannot be read, or is not one YAML document of plain data with a mapping at its root.
    """
    name = "standard input" if str(path) == "-" else str(path)
    if str(path) == "-" and sys.stdin is None:
        raise ValuesError("standard input: is closed", rule=UNREADABLE)
    try:
        if str(path) == "-":
            data = sys.stdin.buffer.read(_MAX_BYTES + 1)
        else:
            with pathlib.Path(name).open("rb") as file:
                data = file.read(_MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        raise ValuesError(
            f"{name}: cannot be read: {getattr(error, 'strerror', None) or error}", rule=UNREADABLE
        ) from None
    if len(data) > _MAX_BYTES:
        raise ValuesError(f"{name}: is larger than {_MAX_BYTES // 1024} KiB", rule=UNREADABLE)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ValuesError(f"{name}:{line}: is not UTF-8 (byte {data[error.start]:#04x})", rule=UNREADABLE) from None
    return parse_values(text, name=name, places=places)


def parse_values(text: str, *, name: str = "values", places: dict[Path, str] | None = None) -> dict[str, Any]:
    """The values of a YAML text.

    Args:
        text: the document; an empty one holds no values.
        name: what messages call it.
        places: as in `load_values`.

    Raises:
        ValuesError: as `load_values`.
    """
    # These end a line of YAML, in the middle of whatever text they stand in.
    found = _LINE_ENDS.search(text)
    if found is not None:
        line = len(text[: found.start()].splitlines()) or 1
        where = f"U+{ord(found[0]):04X} at character {found.start() - text.rfind(chr(10), 0, found.start())}"
        raise ValuesError(f"{name}:{line}: holds {where} of the line, which ends a line of YAML; take it out",
                          rule=UNWRITABLE)  # fmt: skip
    try:
        loader = _Loader(text)
        try:
            root = loader.get_single_node()
        finally:
            loader.dispose()
    except yaml.YAMLError as error:
        raise ValuesError(_yaml_problem(error, text, name), rule=UNREADABLE) from None
    except RecursionError:
        raise ValuesError(f"{name}: nests too deeply", rule=UNREADABLE) from None
    if root is None:
        return {}
    problems: list[Problem] = []
    _measure(root, {}, name)
    data = _Builder(name, problems, {} if places is None else places).value(root, ())
    if problems:
        raise ValuesError(problems=problems)
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise ValuesError(f"{name}:{_line(root)}: {value_text(data)} is not a mapping, as a values file must be",
                          rule=UNREADABLE)  # fmt: skip
    return data


class _TooManyNodesError(yaml.MarkedYAMLError):
    """The document is good YAML, and far too long."""


class _Loader(yaml.SafeLoader):
    """Composes nodes by this module's idea of scalars."""

    yaml_implicit_resolvers = {}  # noqa: RUF012 - PyYAML's own way; filled below
    _nodes = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """A node, unless there are too many: reading on would take minutes."""
        self._nodes += 1
        if self._nodes > _MAX_NODES:
            raise _TooManyNodesError(problem=f"holds more than {_MAX_NODES:,} values", problem_mark=self.get_mark())
        return super().compose_node(parent, index)


for _kind, _pattern, _first in (
    ("null", _NULL, ["~", "n", "N", ""]),
    ("bool", _BOOLEAN, list("tTfF")),
    ("int", _INTEGER, list("-+0123456789")),
    ("float", _FLOAT, list("-+.0123456789")),
    ("merge", regex("<<"), ["<"]),
):
    _Loader.add_implicit_resolver(_TAG + _kind, regex(rf"(?:{_pattern.pattern})\Z"), _first)


def _yaml_problem(error: yaml.YAMLError, text: str, name: str) -> str:
    mark = getattr(error, "problem_mark", None)
    if mark is None:
        position = getattr(error, "position", None)
        if isinstance(position, int):
            line, character = text.count("\n", 0, position) + 1, text[position : position + 1]
            return f"{name}:{line}: holds the character {character!r}, which YAML does not allow"
        return f"{name}: is not YAML: {' '.join(str(error).split())}"
    where = f"{name}:{mark.line + 1}"
    if "single document" in str(getattr(error, "context", "")):
        return f"{where}: a second document begins; allowed: one"
    if isinstance(error, _TooManyNodesError):
        return f"{where}: {error.problem}"
    if text[mark.index : mark.index + 1] == "\t":
        return f"{where}: a tab stands where YAML wants spaces"
    return f"{where}: is not YAML: {getattr(error, 'problem', None) or error}"


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1


def _measure(node: yaml.Node, known: dict[int, tuple[int, int]], name: str) -> tuple[int, int]:
    """The size and depth of what a node stands for, aliases expanded: a few lines can name billions of nodes."""
    if id(node) in known:
        size, depth = known[id(node)]
        if not size:
            raise ValuesError(f"{name}:{_line(node)}: holds itself", rule=UNREADABLE)
        return size, depth
    known[id(node)] = (0, 0)
    children: list[yaml.Node] = []
    if isinstance(node, yaml.MappingNode):
        children = [part for pair in node.value for part in pair]
    elif isinstance(node, yaml.SequenceNode):
        children = node.value
    measures = [_measure(child, known, name) for child in children]
    size = 1 + sum(size for size, _ in measures)
    depth = 1 + max((depth for _, depth in measures), default=0)
    if size > _MAX_NODES:
        raise ValuesError(f"{name}:{_line(node)}: stands for more than {_MAX_NODES:,} values", rule=UNREADABLE)
    if depth > MAX_DEPTH:
        raise ValuesError(f"{name}:{_line(node)}: nests deeper than {MAX_DEPTH} levels", rule=UNREADABLE)
    known[id(node)] = (size, depth)
    return size, depth


class _Builder:
    """Turns nodes into plain data and collects everything that is wrong on the way."""

    def __init__(self, name: str, problems: list[Problem], places: dict[Path, str]) -> None:
        self._places = places
        self._name = name
        self._problems = problems

    def value(self, node: yaml.Node, path: tuple[str | int, ...]) -> Any:
        kind = node.tag.removeprefix(_TAG)
        if isinstance(node, yaml.MappingNode) and kind == "map":
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode) and kind == "seq":
            self._places.update(
                ((*path, index), f"{self._name}:{_line(child)}") for index, child in enumerate(node.value)
            )
            return [self.value(child, (*path, index)) for index, child in enumerate(node.value)]
        if isinstance(node, yaml.ScalarNode) and kind in {"str", "merge"}:
            wrong = text_problem(node.value)
            if wrong is not None:
                self._problem(node, path, wrong, UNWRITABLE)
            return node.value
        try:
            return _scalar(kind, node)
        except ValueError as error:
            return self._problem(node, path, str(error))

    def _problem(self, node: yaml.Node, path: tuple[str | int, ...], what: str, rule: Rule = UNREADABLE) -> None:
        at = f"{path_text(path)}: " if path else ""
        self._problems.append(Problem(what=f"{self._name}:{_line(node)}: {at}{what}", rule=rule))

    def _mapping(self, node: yaml.MappingNode, path: tuple[str | int, ...]) -> dict[str, Any]:
        merged: dict[str, Any] = {}
        own: dict[str, Any] = {}
        for key, value in node.value:
            if key.tag == _TAG + "merge" and isinstance(key, yaml.ScalarNode):
                for source in self._merge_sources(value, path):
                    merged.update({name: item for name, item in source.items() if name not in merged})
            elif not isinstance(key, yaml.ScalarNode) or key.tag == _TAG + "null":
                self._problem(key, path, "has a key that is not a word")
            elif key.tag.removeprefix(_TAG) not in {"str", "int", "float", "bool"}:
                self._problem(key, path, f"has a key with the tag {key.tag!r}; allowed: none")
            elif key.value in own:
                self._problem(key, (*path, key.value), "is there twice", DUPLICATE_KEY)
            else:
                # A key is the text that was written, so that `on:` and `1:` are no surprise.
                wrong = text_problem(key.value)
                if wrong is not None:
                    self._problem(key, path, f"a key {wrong}", UNWRITABLE)
                here = (*path, key.value)
                self._places[here] = f"{self._name}:{_line(key)}"
                own[key.value] = self.value(value, here)
        return {**merged, **own}

    def _merge_sources(self, node: yaml.Node, path: tuple[str | int, ...]) -> list[dict[str, Any]]:
        nodes: list[yaml.Node] = node.value if isinstance(node, yaml.SequenceNode) else [node]
        sources = [source for source in nodes if isinstance(source, yaml.MappingNode)]
        if len(sources) < len(nodes):
            self._problem(node, path, "'<<' merges something that is not a mapping")
        return [self._mapping(source, path) for source in sources]


def _scalar(kind: str, node: yaml.Node) -> Any:
    """The value of a scalar that is not text."""
    text = node.value
    if not isinstance(text, str) or kind not in {"null", "bool", "int", "float"}:
        raise ValueError(f"has the tag {node.tag!r}; allowed: plain YAML without tags")
    if kind == "null" and _NULL.fullmatch(text):
        return None
    if kind == "bool" and _BOOLEAN.fullmatch(text):
        return written(text.lower() == "true", text)
    if kind == "int" and _INTEGER.fullmatch(text):
        return written(_whole_number(text), text)
    if kind == "float" and (_FLOAT.fullmatch(text) or _INTEGER.fullmatch(text)):
        if text.lstrip("+-.").lower() in {"inf", "nan"}:
            raise ValueError(f"{text} has no place in values; allowed: finite numbers")
        return written(float(check_number(text)), text)
    raise ValueError(f"{value_text(text)} is not what its tag {node.tag!r} says")


def _whole_number(text: str) -> int:
    digits = text.replace("_", "").lstrip("+-")
    base = _BASES.get(digits[:2])
    if base is None and (not digits.startswith("0") or digits == "0"):
        return int(check_number(text.replace("_", "")))
    number = int(digits if base is None else digits[2:] or "0", base or 8) * (-1 if text.startswith("-") else 1)
    if number not in INT64:
        raise ValueError(f"the number {value_text(text)} does not fit into 64 bits")
    return number
