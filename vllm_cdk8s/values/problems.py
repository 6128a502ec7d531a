"""What is wrong with a set of values: one problem a line, each beginning with where it is."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from vllm_cdk8s.errors import InvalidOptionError

if TYPE_CHECKING:
    from collections.abc import Iterable

_PLAIN_KEY = re.compile(r"[A-Za-z_][\w/-]*", re.ASCII)
_LONGEST_VALUE = 80


class ValuesError(InvalidOptionError):
    """Values that cannot be read, or that the chart does not know or cannot use.

    Attributes:
        problems: one line each, ``<where>: <what>``, where being the path of the value or the file and its line.
    """

    def __init__(self, *problems: str) -> None:
        self.problems = problems
        super().__init__("\n".join(self.problems))


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


def value_text(value: object) -> str:
    """A value on one line, shortened where it is long."""
    text = repr(value)
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}..."
