"""What people write for somebody else, or for another program, to fill in."""

from __future__ import annotations

import json
import re

from vllm_cdk8s.core.regex import regex

_PLACEHOLDER = regex(
    r"<[^<>]*>|\$\{|\{\{|\{%|\}\}|__\w+__|\$[A-Z_]{3,}|@[A-Z_]+@|%\w+%|placeholder|replace|change.?me|^your|[-_/]your[-_]|"
    r"x{4,}|\.\.\.|…|^\[.*\]$|todo|insert|example-token",
    re.IGNORECASE,
)


def is_placeholder(text: object) -> bool:
    """Whether a text stands for one that has yet to be written, such as ``<your-model>`` or ``${IMAGE}``."""
    return isinstance(text, str) and bool(_PLACEHOLDER.search(_spaced(text)))


def _spaced(text: str) -> str:
    """The text, with a blank between the braces that end JSON within JSON, which are not a template's."""
    _, equals, value = text.partition("=")
    found = value if equals and text.startswith("-") else text
    if "}}" not in found or not found.lstrip().startswith("{"):
        return text
    try:
        json.loads(found)
    except ValueError:
        return text
    return text.replace("}}", "} }")
