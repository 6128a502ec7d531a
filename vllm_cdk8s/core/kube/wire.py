"""Plain data in wire form: lists that are lists, and maps without what says nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from vllm_cdk8s.core.errors import ConflictError, InvalidOptionError
from vllm_cdk8s.core.kube import checks
from vllm_cdk8s.core.showing import shown


def sequence(option: str, value: object) -> list[Any]:
    """A list or tuple as a list; a single string is the commonest mistake."""
    if isinstance(value, (str, bytes, Mapping)) or not isinstance(value, Sequence):
        raise InvalidOptionError(f"{shown(value)} is not a list", option=option)
    return list(value)


def named(option: str, items: Sequence[Any]) -> list[dict[str, Any]]:
    """Containers, volumes or mounts in wire form, each with the name that Kubernetes wants of it."""
    result = []
    for index, item in enumerate(sequence(option, items)):
        copy = checks.plain(f"{option}[{index}]", item)
        if not isinstance(copy, dict) or "name" not in copy:
            raise InvalidOptionError(
                f"{shown(item)} has no name; allowed: a mapping as in YAML", option=f"{option}[{index}]"
            )
        checks.dns_label(f"{option}[{index}].name", copy["name"])
        result.append(copy)
    return result


def prune(mapping: Mapping[str, Any]) -> dict[str, Any]:
    """The mapping without the keys that say nothing: None, and empty maps and lists, of this level alone.

    Below it lie the user's own data, where an empty map may have a meaning (an emptyDir, a selector of everything).
    """
    return {key: item for key, item in mapping.items() if item is not None and not _says_nothing(item)}


def _says_nothing(item: object) -> bool:
    # Not by ==, which has no end where the item holds itself.
    return isinstance(item, (Mapping, list)) and not item


def unique(option: str, names: Iterable[Any]) -> None:
    """Refuse a name that is there twice.

    Raises:
        ConflictError: one is.
    """
    seen = set()
    for name in names:
        if name in seen:
            raise ConflictError(f"{name!r} is there twice", option=option)
        seen.add(name)
