"""What people write for somebody else, or for another program, to fill in."""

from __future__ import annotations

import re

_PLACEHOLDER = re.compile(
    r"<[^<>]*>|\$\{|\{\{|\{%|\}\}|__\w+__|\$[A-Z_]{3,}|@[A-Z_]+@|%\w+%|placeholder|replace|change.?me|^your|[-_/]your[-_]|"
    r"x{4,}|\.\.\.|…|^\[.*\]$|todo|insert|example-token",
    re.IGNORECASE,
)


def is_placeholder(text: object) -> bool:
    """Whether a text stands for one that has yet to be written, such as ``<your-model>`` or ``${IMAGE}``."""
    return isinstance(text, str) and bool(_PLACEHOLDER.search(text))
