"""The plain data that values may be: what a number, a key and a mapping must be, whichever syntax they come in."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NoReturn

from vllm_cdk8s.core.regex import regex
from vllm_cdk8s.helm.problems import value_text

MAX_DEPTH = 60
INT64 = range(-(2**63), 2**63)
# More digits than any number of 64 bits has in any base; beyond, Python itself may refuse to read it.
_LONGEST_NUMBER = 80
_FLOAT = regex(r"[.eE]")


def check_number(text: str) -> int | float:
    """The number that a decimal text stands for.

    Raises:
        ValueError: it is not finite or does not fit into 64 bits.
    """
    if len(text) <= _LONGEST_NUMBER:
        if _FLOAT.search(text):
            number = float(text)
            if math.isfinite(number):
                return number
        elif (whole := int(text)) in INT64:
            return whole
    raise ValueError(f"the number {value_text(text)} does not fit into 64 bits")


def no_constant(text: str) -> NoReturn:
    """Refuse JavaScript's NaN and Infinity, which are no JSON."""
    raise ValueError(f"{text} is not a number that YAML or JSON can carry on")


def no_repeated_key(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A mapping of pairs that have different keys."""
    mapping: dict[str, Any] = {}
    for key, value in pairs:
        if key in mapping:
            raise ValueError(f"the key {value_text(key)} is there twice")
        mapping[key] = value
    return mapping


def is_deep(value: Any) -> bool:
    """Whether plain data nests deeper than any values do, so that walking through it could break Python's stack."""
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [
            item
            for holder in level
            if isinstance(holder, (Mapping, list, tuple))
            for item in (holder.values() if isinstance(holder, Mapping) else holder)
        ]
    return bool(level)


def is_unicode(text: str) -> bool:
    """Whether a text can be written as UTF-8: half of a surrogate pair cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
