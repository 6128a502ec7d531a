"""Kubernetes objects as they stand in files: one document after the other, each knowing the line of all it says."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import yaml
from msgspec import Struct, field

from vllm_cdk8s.core.regex import regex

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Steps = tuple["str | int", ...]
_SUFFIXES = (".yaml", ".yml", ".json")
_SKIPPED = {"node_modules", "__pycache__", "venv"}
_NULL, _BOOL = "tag:yaml.org,2002:null", "tag:yaml.org,2002:bool"
_INT, _FLOAT = "tag:yaml.org,2002:int", "tag:yaml.org,2002:float"
_MERGE = "tag:yaml.org,2002:merge"
_TRUE = {"yes", "true", "on"}
_DEEPEST = 200
_IGNORE = regex(r"#\s*vllm-cdk8s:\s*ignore\s+(?P<codes>VC\d{3}(?:\s*,\s*VC\d{3})*)", re.IGNORECASE)

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class UnreadableError(Exception):
    """A file, or a document of it, that cannot be read: one line that says why, and where."""

    def __init__(self, file: str, line: int | None, reason: str) -> None:
        self.file, self.line, self.reason = file, line, reason
        super().__init__(f"{file}{'' if line is None else f':{line}'}: {reason}")


class Duplicate(Struct, frozen=True):
    """A key that a mapping has twice, and the lines of both."""

    key: str
    first: int
    again: int


class Document(Struct, kw_only=True):
    """One Kubernetes object.

    Attributes:
        file: where it was read.
        data: the object as data.
        duplicates: keys that are there twice; the last value counts.
        ignored: rule codes that a comment tells to be quiet, by line.
    """

    file: str
    data: dict[str, Any]
    duplicates: list[Duplicate] = field(default_factory=list)
    ignored: dict[int, frozenset[str]] = field(default_factory=dict)
    _node: yaml.Node
    _offset: int = 0

    @property
    def kind(self) -> str:
        """Its kind."""
        return str(self.data.get("kind") or "")

    @property
    def name(self) -> str:
        """Its name, or what its name begins with."""
        metadata = _mapping(self.data.get("metadata"))
        return str(metadata.get("name") or metadata.get("generateName") or "")

    @property
    def namespace(self) -> str | None:
        """Its namespace, None where it does not say one."""
        found = _mapping(self.data.get("metadata")).get("namespace")
        return str(found) if found else None

    def line(self, path: Iterable[str | int] = ()) -> int:
        """The line of what is at a path, or of the nearest thing above it that is there."""
        node, line = self._node, self._node.start_mark.line
        for step in path:
            if isinstance(node, yaml.MappingNode):
                found = [(key, value) for key, value in node.value if key.value == str(step)]
                if not found:
                    break
                key, node = found[-1]
                line = key.start_mark.line
            elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
                node = node.value[step]
                line = node.start_mark.line
            else:
                break
        return int(line) + self._offset + 1

    def script_line(self, path: Iterable[str | int], line: int) -> int:
        """The line of the file in which a line of a block of text stands; 0 is the text's first."""
        node: yaml.Node = self._node
        for step in path:
            if isinstance(node, yaml.MappingNode):
                node = next((value for key, value in reversed(node.value) if key.value == str(step)), node)
            elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
                node = node.value[step]
        block = isinstance(node, yaml.ScalarNode) and node.style == "|"
        return int(node.start_mark.line) + self._offset + 1 + (line + 1 if block else 0)


def files_of(paths: Iterable[str]) -> Iterator[str]:
    """The files that are named, and those below the folders that are; ``-`` is standard input.

    Raises:
        UnreadableError: nothing is there.
    """
    seen: set[str] = set()
    for name in paths:
        path = Path(name)
        inner = [name]
        if name != "-" and path.is_dir():
            inner = [str(found) for found in sorted(path.rglob("*")) if _wanted(found, path)]
        yield from (found for found in inner if found not in seen)
        seen.update(inner)


def _wanted(path: Path, top: Path) -> bool:
    inner = path.relative_to(top).parts
    hidden = any(part.startswith(".") or part in _SKIPPED for part in inner)
    return not hidden and path.suffix.lower() in _SUFFIXES and path.is_file()


def read(file: str, *, problems: list[UnreadableError], stdin: IO[str] | None = None) -> Iterator[Document]:
    """The objects of a file, one after the other; a list's items each for itself.

    What cannot be read is added to ``problems``, and the documents behind it are read all the same.
    """
    name = "<stdin>" if file == "-" else file
    try:
        if file == "-":
            yield from _documents(name, stdin or sys.stdin, problems)
        else:
            with Path(file).open(encoding="utf-8-sig") as stream:
                yield from _documents(name, stream, problems)
    except OSError as error:
        problems.append(UnreadableError(name, None, f"cannot be read: {error.strerror}"))
    except UnicodeDecodeError:
        problems.append(UnreadableError(name, None, "is not text in UTF-8"))


def _documents(file: str, stream: Iterable[str], problems: list[UnreadableError]) -> Iterator[Document]:
    for offset, text in _chunks(stream):
        try:
            for node in yaml.compose_all(text, Loader=_Loader):
                yield from _objects(file, node, offset, text)
        except yaml.YAMLError as error:  # noqa: PERF203 - each document has its own problems
            problems.append(_syntax(file, error, offset, text))
        except UnreadableError as error:
            problems.append(error)
        except RecursionError:
            problems.append(UnreadableError(file, offset + 1, "is nested too deeply"))


def _chunks(lines: Iterable[str]) -> Iterator[tuple[int, str]]:
    """The texts between the ``---`` of a stream, each with the number of lines before it."""
    chunk: list[str] = []
    start = 0
    for number, line in enumerate(lines):
        if line.startswith("---") and (len(line) == 3 or line[3] in " \t\r\n") and any(map(str.strip, chunk)):  # noqa: PLR2004 - the mark itself
            yield start, "".join(chunk)
            chunk, start = [], number
        chunk.append(line)
    yield start, "".join(chunk)


def _syntax(file: str, error: yaml.YAMLError, offset: int, text: str) -> UnreadableError:
    mark = getattr(error, "problem_mark", None)
    line = None if mark is None else int(mark.line) + offset + 1
    if "{{" in text or "{%" in text:
        return UnreadableError(file, line, "is a template; render it first, as with `helm template`, and check that")
    reason = str(getattr(error, "problem", None) or error).split("\n", maxsplit=1)[0]
    return UnreadableError(file, line, f"is not YAML: {reason}")


def _objects(file: str, node: yaml.Node | None, offset: int, text: str) -> Iterator[Document]:
    if not isinstance(node, yaml.MappingNode):
        return
    keys = {key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)}
    if not {"kind", "apiVersion"} <= keys:
        # A template that happens to be YAML: `{{ include "x" . }}` is a mapping in a mapping.
        if any(not isinstance(key, yaml.ScalarNode) for key, _ in node.value) and "{{" in text:
            raise UnreadableError(file, offset + 1, "is a template; render it first, as with `helm template`")
        return
    ignored = _ignored(text, offset)
    reader = _Reader(file, offset)
    kind = next((value for key, value in reversed(node.value) if key.value == "kind"), None)
    items = next((value for key, value in reversed(node.value) if key.value == "items"), None)
    if isinstance(kind, yaml.ScalarNode) and kind.value.endswith("List") and isinstance(items, yaml.SequenceNode):
        for item in items.value:
            yield from _object(file, item, reader, ignored)
        return
    yield from _object(file, node, reader, ignored)


def _object(file: str, node: yaml.Node, reader: _Reader, ignored: dict[int, frozenset[str]]) -> Iterator[Document]:
    reader.duplicates = []
    data = reader.value(node)
    if isinstance(data, dict):
        yield Document(
            file=file, data=data, duplicates=reader.duplicates, ignored=ignored, _node=node, _offset=reader.offset
        )


def _ignored(text: str, offset: int) -> dict[int, frozenset[str]]:
    """Codes by the line that they hold for: the comment's own, or where it stands alone the next one."""
    if "vllm-cdk8s:" not in text:
        return {}
    result: dict[int, frozenset[str]] = {}
    waiting: frozenset[str] = frozenset()
    for number, line in enumerate(text.splitlines(), offset + 1):
        match = _IGNORE.search(line)
        codes = frozenset(re.findall(r"VC\d{3}", match["codes"].upper())) if match else frozenset()
        if line.lstrip().startswith("#"):
            waiting |= codes
        elif line.strip():
            if codes | waiting:
                result[number] = codes | waiting
            waiting = frozenset()
    return result


class _Reader:
    """Nodes as plain data, as Kubernetes' own reader takes them."""

    def __init__(self, file: str, offset: int) -> None:
        self.file, self.offset = file, offset
        self.duplicates: list[Duplicate] = []

    def value(self, node: yaml.Node, depth: int = 0) -> Any:
        if depth > _DEEPEST:
            raise UnreadableError(self.file, int(node.start_mark.line) + self.offset + 1, "is nested too deeply")
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(item, depth + 1) for item in node.value]
        return self._mapping(node, depth)

    def _mapping(self, node: yaml.Node, depth: int) -> dict[str, Any]:
        result: dict[str, Any] = {}
        merged: dict[str, Any] = {}
        lines: dict[str, int] = {}
        for key, value in node.value:
            line = int(key.start_mark.line) + self.offset + 1
            if not isinstance(key, yaml.ScalarNode):
                raise UnreadableError(
                    self.file,
                    line,
                    "is a template, or has a mapping as a key; render it first, as with `helm template`",
                )
            if key.tag == _MERGE:
                parts = value.value if isinstance(value, yaml.SequenceNode) else [value]
                for part in reversed(parts):
                    found = self.value(part, depth + 1)
                    merged |= found if isinstance(found, dict) else {}
                continue
            if key.value in lines:
                self.duplicates.append(Duplicate(key.value, lines[key.value], line))
            lines[key.value] = line
            result[key.value] = self.value(value, depth + 1)
        return {**merged, **result} if merged else result

    @staticmethod
    def _scalar(node: yaml.ScalarNode) -> Any:
        text, tag = node.value, node.tag
        if tag == _NULL:
            return None
        if tag == _BOOL:
            return text.lower() in _TRUE
        try:
            if tag == _INT:
                return _whole(text.replace("_", ""))
            return float(text.replace("_", "")) if tag == _FLOAT else text
        except ValueError:
            return text  # Kubernetes reads no numbers to the base of 60, for one


def _whole(text: str) -> int:
    octal = text.lstrip("+-").startswith("0") and "x" not in text
    return int(text, 8 if octal else 0)


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
