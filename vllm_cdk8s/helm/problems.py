"""What is wrong with a set of values: one problem a line, each beginning with where it is."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from vllm_cdk8s.core.errors import InvalidOptionError, Problem
from vllm_cdk8s.core.regex import regex
from vllm_cdk8s.core.rules.book import INVALID
from vllm_cdk8s.helm.written import read, text_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vllm_cdk8s.core.rules.rule import Rule

_PLAIN_KEY = regex(r"[A-Za-z_][\w/-]*", re.ASCII)
_LONGEST_VALUE = 80
# Where people put tokens before they learn of valueFrom: what stands below is not repeated, since logs are kept.
_SECRETIVE = regex(r"\b(env|additionalArgs|uncheckedArgs)\b|(?:token|api_?key|secret|password)(?:=|$)", re.IGNORECASE)
# Python's words for what YAML says otherwise; a text would be in quotes.
_WORDS = {"True": "true", "False": "false", "None": "null"}
_WORD = regex(r"(?<![A-Za-z])(['\"])(?:\\.|(?!\1).)*\1|\b(True|False|None)\b")


_KINDS = {str: "a text", dict: "a mapping", list: "a list", bool: "a boolean", int: "a number", float: "a number"}


class ValuesError(InvalidOptionError):
    """Values that cannot be read, or that the chart does not know or cannot use.

    Attributes:
        problems: one each, ``<where>: <what>``, where being the path of the value or the file and its line.
    """

    def __init__(
        self, *lines: str, option: str | None = None, rule: Rule = INVALID, problems: Iterable[Problem] = ()
    ) -> None:
        super().__init__(problems=[*(Problem(what=line, rule=rule, option=option) for line in lines), *problems])


def path_text(path: Iterable[str | int]) -> str:
    """A path as a user writes it: ``ingress.hosts[0].host``, ``nodeSelector["kubernetes.io/hostname"]``."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        elif _PLAIN_KEY.fullmatch(step):
            text += f".{step}" if text else step
        else:
            text += f"[{json.dumps(step)}]"
    return text


def may_hold_secrets(where: str) -> bool:
    """Whether values of this path, or of this ``--set`` expression, must not be repeated."""
    return _SECRETIVE.search(where) is not None


def value_text(value: object, *, where: str = "") -> str:
    """A value on one line, shortened where it is long; where it may be a secret, only what kind of value it is.

    Args:
        value: the value.
        where: the path, or the expression, that it belongs to.
    """
    if value is not None and may_hold_secrets(where):
        return _KINDS.get(type(read(value)), "a value")
    text = text_of(value) or as_yaml(repr(value))
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}..."


def as_yaml(sentence: str) -> str:
    """A sentence with Python's booleans and None as YAML has them, outside of quotes."""
    return _WORD.sub(lambda match: _WORDS[match[2]] if match[2] else match[0], sentence)
