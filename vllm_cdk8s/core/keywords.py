"""Keywords that are misspelt or left out, named as every other option is."""

from __future__ import annotations

import inspect
from functools import wraps
from typing import Any, TypeVar

from vllm_cdk8s.core.errors import InvalidOptionError, Problem, nearest
from vllm_cdk8s.core.rules.book import INVALID, UNKNOWN_NAME

_Named = TypeVar("_Named")


def named_keywords(made: _Named) -> _Named:
    """Have a class, or a function, refuse unknown and missing keywords with an error that names them all.

    Python's own TypeError says the first alone, and is none of this package's errors.
    """
    if isinstance(made, type):
        setattr(made, "__init__", _checking(getattr(made, "__init__")))  # noqa: B009, B010 - mypy forbids the short way
        return made
    checked: _Named = _checking(made)
    return checked


def _checking(function: Any) -> Any:
    parameters = list(inspect.signature(function).parameters.values())
    keywords = [p for p in parameters if p.kind is inspect.Parameter.KEYWORD_ONLY]
    known = [p.name for p in parameters if p.name != "self"]
    needed = [p.name for p in keywords if p.default is inspect.Parameter.empty]
    others = [p for p in parameters if p.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD]
    either = {p.name for p in others}
    is_open = any(p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters)

    @wraps(function)
    def checked(*args: Any, **options: Any) -> Any:
        problems = [
            Problem(what=f"is not an option{nearest(name, known)}", rule=UNKNOWN_NAME, option=name)
            for name in options
            if not is_open and name not in known and name not in either
        ]
        problems += [
            Problem(what="is missing", rule=INVALID, option=name)
            for name in (*(p.name for p in others[len(args) :] if p.default is inspect.Parameter.empty), *needed)
            if name not in options
        ]
        if problems:
            raise InvalidOptionError(problems=problems)
        return function(*args, **options)

    return checked
