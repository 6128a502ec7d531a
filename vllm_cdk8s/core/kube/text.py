"""Text that YAML carries unchanged, to Kubernetes' reader too."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from vllm_cdk8s.core.errors import InvalidOptionError, Problem
from vllm_cdk8s.core.kube.writing import number_to_kubernetes
from vllm_cdk8s.core.regex import regex
from vllm_cdk8s.core.rules.book import LITERAL_SECRET, UNWRITABLE
from vllm_cdk8s.core.showing import is_secret

if TYPE_CHECKING:
    from vllm_cdk8s.core.kube.manifest import Manifest
    from vllm_cdk8s.core.rules.rule import Rule

# All that YAML 1.1 does not take as it is, and what its readers take for line breaks besides the usual ones.
_UNWRITABLE = regex("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]")

_LITERAL = "a literal secret would stand in the YAML for all to read; allowed: a reference to a Secret"


def text_problem(text: str) -> str | None:
    """What YAML would make of a text other than the text, or None."""
    found = None if text.isascii() and text.isprintable() else _UNWRITABLE.search(text)
    if found is not None:
        code = f"U+{ord(found[0]):04X} at character {found.start() + 1}"
        if found[0] == "\r":
            return f"holds a carriage return, {code}; convert its line ends to LF"
        if "\ud800" <= found[0] <= "\udfff":
            return f"holds half of a character, {code}"
        return f"holds the control character {code}, which YAML does not carry unchanged; take it out"
    if number_to_kubernetes(text):
        return f"{text!r} is a number to Kubernetes' reader of YAML, and is written without quotes; write it otherwise"
    return None


def check_text(option: str, text: str) -> str:
    """The text, if YAML carries it unchanged and it holds no secret.

    Raises:
        InvalidOptionError: it holds a control character other than a line break or a tab, is a number to Kubernetes, or
            holds a token or a private key, which the message does not repeat.
    """
    trouble = _trouble(text)
    if trouble is not None:
        raise InvalidOptionError(trouble[0], option=option, rule=trouble[1])
    return text


def unwritable_texts(manifest: Manifest) -> Iterator[Problem]:
    """The texts of a manifest that YAML would not carry unchanged, or that hold a secret, by their paths in it."""
    if _sound(manifest.body):
        return
    for path, text in _texts(manifest.body, ()):
        found = _trouble(text)
        if found is not None:
            where = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).removeprefix(".")
            yield Problem(what=found[0], rule=found[1], option=f"{manifest.kind}.{where}", at=path)


@lru_cache(maxsize=4096)  # most texts of a server are those of the next one too
def _trouble(text: str) -> tuple[str, Rule] | None:
    if is_secret(text):
        return _LITERAL, LITERAL_SECRET
    problem = text_problem(text)
    return None if problem is None else (problem, UNWRITABLE)


def _sound(value: Any) -> bool:
    if isinstance(value, str):
        return _trouble(value) is None
    if isinstance(value, (dict, Mapping)):  # what is asked first is answered without a call of Mapping's
        return all(_trouble(str(key)) is None and _sound(item) for key, item in value.items())
    return not isinstance(value, (list, tuple)) or all(map(_sound, value))


def _texts(value: Any, path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield (*path, str(key)), str(key)
            yield from _texts(item, (*path, str(key)))
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            yield from _texts(item, (*path, index))
