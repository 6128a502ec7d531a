"""Manifests as YAML, byte for byte as cdk8s writes them: without Node.js, the command line prints the same.

cdk8s hands its objects to the `yaml` package for JavaScript (schema 1.1, no line is folded); what is said here of plain
and quoted text is what that package does (https://github.com/eemeli/yaml, ``stringifyString``). What it writes so that
Kubernetes' reader refuses it, or reads something else, is quoted here: control characters and line separators, a block
that begins with a tab or is blank, and numbers that YAML 1.1 does not know (``0o17``).
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from vllm_cdk8s.core.regex import regex

_STEP = "  "
_MULTI_LINE = 40  # a quoted text of this length breaks its lines
_LONGEST_KEY = 1024
# Text that begins or reads like something else, and so is quoted; with line breaks in it, it becomes a block.
_QUOTED = regex(r"\A[\n\t ,\[\]{}#&*!|>'\"%@`]|\A[?-]\Z|\A[?-][ \t]|[\n:][ \t]|[ \t]\n|[\n\t ]#|[\n\t :]\Z")
_MARKER = regex(r"^(%|---|\.\.\.)", re.MULTILINE)
_CONTROL = regex("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff\ud800-\udfff]")
_NOT_TEXT = regex(
    r"~|[Nn]ull|NULL|"  # null, and nothing at all
    r"Y|y|[Yy]es|YES|[Tt]rue|TRUE|[Oo]n|ON|N|n|[Nn]o|NO|[Ff]alse|FALSE|[Oo]ff|OFF|"
    r"[-+]?0b[0-1_]+|[-+]?[0-9][0-9_]*|[-+]?0x[0-9a-fA-F_]+|"
    r"[-+]?\.(?:inf|Inf|INF)|\.nan|\.NaN|\.NAN|"
    r"[-+]?(?:[0-9][0-9_]*)?(?:\.[0-9_]*)?[eE][-+]?[0-9]+|[-+]?(?:[0-9][0-9_]*)?\.[0-9_]*|"
    r"[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?|"
    r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:(?:t|T|[ \t]+)[0-9]{1,2}:[0-9]{1,2}:[0-9]{1,2}(?:\.[0-9]+)?"
    r"(?:[ \t]*(?:Z|[-+][012]?[0-9](?::[0-9]{2})?))?)?"
)
# What is a number to Kubernetes' reader, which overlooks underscores, save in what begins with a dot.
# Source: https://github.com/kubernetes-sigs/yaml/blob/master/goyaml.v2/resolve.go
_GO_NUMBER = regex(
    r"[-+]?(?:0[oO]?[0-7]+|0[xX][0-9a-fA-F]+|0[bB][01]+|\.[0-9]+(?:[eE][-+]?[0-9]+)?|[0-9]+(?:\.[0-9]*)?(?:[eE][-+]?[0-9]+)?)"
    r"|0b[-+][01]+"
)
_BEGINS_NUMBER = "+-.0123456789"
_GO_FRACTION = regex(r"\.[0-9](?:_?[0-9])*(?:[eE][-+]?[0-9](?:_?[0-9])*)?")
# A block of such text has a tab where libyaml, and Go's reader after it, wants the first line's indentation, or nothing
# but blanks, of which they lose some.
NO_BLOCK = regex(r"[ \n]*\t|\n* [ \n]*\Z")
_ESCAPES = {
    "\x00": "\\0", "\x07": "\\a", "\x08": "\\b", "\x09": "\\t", "\x0a": "\\n", "\x0b": "\\v", "\x0c": "\\f",
    "\x0d": "\\r", "\x1b": "\\e", '"': '\\"', "\\": "\\\\", "\x85": "\\N", "\u2028": "\\L", "\u2029": "\\P",
}  # fmt: skip


def number_to_kubernetes(text: str) -> bool:
    """Whether Kubernetes' reader takes for a number what the package for JavaScript leaves unquoted: ``0o17``."""
    if text[:1] not in _BEGINS_NUMBER or _NOT_TEXT.fullmatch(text):
        return False
    if text.startswith("."):
        return _GO_FRACTION.fullmatch(text) is not None
    return _GO_NUMBER.fullmatch(text.replace("_", "")) is not None


def to_yaml(documents: Iterable[Mapping[str, Any]]) -> str:
    """The documents as one YAML text."""
    return "---\n".join(f"{_collection(document, '')}\n" for document in documents)


def _node(value: Any, indent: str) -> str:
    """A value that stands behind its key or dash."""
    if isinstance(value, str):
        return _text(value, indent)
    if isinstance(value, (Mapping, list, tuple)):
        return _collection(value, indent)
    return _scalar(value)


def _collection(value: Mapping[str, Any] | Sequence[Any], indent: str) -> str:
    if not value:
        return "{}" if isinstance(value, Mapping) else "[]"
    if isinstance(value, Mapping):
        lines = [_pair(key, value[key], indent) for key in _as_javascript_orders(value)]
    else:
        lines = [f"- {_node(item, indent + _STEP)}" for item in value]
    return f"\n{indent}".join(lines)


def _pair(key: str, value: Any, indent: str) -> str:
    inner = indent + _STEP
    name = _text(key, inner, is_key=True)
    if len(name) > _LONGEST_KEY or not key:
        head = f"? {name}\n{indent}:" if key else f'? ""\n{indent}:'
        return f"{head} {_node(value, inner)}"
    if isinstance(value, (Mapping, list, tuple)) and value:
        return f"{name}:\n{inner}{_collection(value, inner)}"
    text = _node(value, inner)
    return f"{name}:{text}" if text.startswith("\n") else f"{name}: {text}"


def _as_javascript_orders(mapping: Mapping[str, Any]) -> list[str]:
    """JavaScript puts keys that are indices of arrays before all others."""
    indices = [key for key in mapping if key.isdecimal() and key.isascii() and str(int(key)) == key]
    return [*sorted(indices, key=int), *(key for key in mapping if key not in indices)] if indices else list(mapping)


def _scalar(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(int(value))
    return _number(value)


def _number(value: float) -> str:
    """As JavaScript writes it: without exponent from 1e-6 to below 1e21."""
    if value == 0:
        return "-0" if math.copysign(1, value) < 0 else "0"
    exact = Decimal(repr(value))
    if Decimal("1e-6") <= abs(exact) < Decimal("1e21"):
        plain = f"{exact:f}"
        return plain.rstrip("0").rstrip(".") if "." in plain else plain
    mantissa, _, exponent = repr(value).partition("e")
    return f"{mantissa.removesuffix('.0')}e{int(exponent):+d}"


def _text(text: str, indent: str, *, is_key: bool = False) -> str:
    if _CONTROL.search(text):
        return _double_quoted(text, indent, is_key=is_key)
    if "\n" in text and not is_key and not NO_BLOCK.match(text):
        return _block(text, indent)
    means_another = not text or _NOT_TEXT.fullmatch(text) or number_to_kubernetes(text)
    marks_document = is_key and indent == _STEP and _MARKER.search(text)
    if "\n" in text or _QUOTED.search(text) or means_another or marks_document:
        return _quoted(text, indent, is_key=is_key)
    return text


def _quoted(text: str, indent: str, *, is_key: bool = False) -> str:
    if '"' in text and "'" not in text and not (is_key and "\n" in text) and not re.search(r"[ \t]\n|\n[ \t]", text):
        inner = text if "\n" not in text else re.sub(r"\n+", lambda m: f"{m[0]}\n{indent}", text)
        return f"'{inner}'"
    return _double_quoted(text, indent, is_key=is_key)


def _double_quoted(text: str, indent: str, *, is_key: bool) -> str:
    escaped = "".join(_ESCAPES.get(character) or _escape(character) for character in text).replace(" \\n", "\\ \\n")
    if is_key or "\n" not in text or len(json.dumps(text, ensure_ascii=False)) < _MULTI_LINE:
        return f'"{escaped}"'
    return f'"{_broken(text, indent)}"'


def _broken(text: str, indent: str) -> str:
    """Quoted lines: one more line break for each run of them, for folding takes the first away."""
    result, index = [], 0
    while index < len(text):
        character = text[index]
        if character == " " and text[index + 1 : index + 2] == "\n":
            result.append("\\ ")  # or folding would take it away
            index += 1
            continue
        if character != "\n":
            result.append(_ESCAPES.get(character) or _escape(character))
            index += 1
            continue
        run = len(text) - index - len(text[index:].lstrip("\n"))
        end = index + run
        if end == len(text):
            # A break at the very end is written as an escape.
            result.append("\n" * (run if run > 1 else 0) + (f"\n{indent}" if run > 1 else "") + "\\n")
            break
        result.append("\n" * (run + 1) + indent)
        if text[end] == " ":
            result.append("\\")
        index = end
    return "".join(result)


def _escape(character: str) -> str:
    if not _CONTROL.match(character):
        return character
    return f"\\x{ord(character):02x}" if character <= "\xff" else f"\\u{ord(character):04x}"


def _block(text: str, indent: str) -> str:
    if re.search(r"\n[\t ]+\Z", text):
        return _quoted(text, indent)
    body = text.rstrip("\n\t ")
    end = text[len(body) :]
    if "\n" not in end:
        chomp = "-"
    elif text == end or end.index("\n") != len(end) - 1:
        chomp = "+"
    else:
        chomp = ""
    end = end.removesuffix("\n")
    end = re.sub(r"\n+(?!\n|\Z)", lambda match: match[0] + indent, end)
    head = re.match(r"[ \n]*", body)
    blank = head[0] if head else ""
    first_break = blank.rfind("\n")
    start = blank[: first_break + 1] if first_break >= 0 else blank
    rest = body[len(start) :]
    start = re.sub(r"\n+", lambda match: match[0] + indent, start)
    indicator = "2" if " " in blank else ""
    rest = re.sub(r"\n+", lambda match: match[0] + indent, rest)
    return f"|{indicator}{chomp}\n{indent}{start}{rest}{end}"
