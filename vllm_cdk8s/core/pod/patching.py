"""A pod template with one field set by a JSON pointer, as a JSON patch does it (RFC 6902, "add")."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

from vllm_cdk8s.core.errors import InvalidOptionError, nearest
from vllm_cdk8s.core.kube import checks
from vllm_cdk8s.core.showing import shown

if TYPE_CHECKING:
    from collections.abc import Mapping


def patched(template: Mapping[str, Any], path: object, value: Any) -> dict[str, Any]:
    """The template with the value at the path.

    Args:
        template: the template in wire form.
        path: a JSON pointer below it; its parent must exist, and ``/-`` appends to a list.
        value: the value in wire form.

    Raises:
        InvalidOptionError: the path is not a JSON pointer, or leads to nothing that can be set.
    """
    pointer = checks.text("path", path)
    if not pointer.startswith("/"):
        raise InvalidOptionError(
            f"{shown(pointer)} is not a JSON pointer; allowed: such as '/spec/hostname'", option="path"
        )
    *parents, last = (step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:])
    result = deepcopy(dict(template))
    here: Any = result
    for step in parents:
        here = _within(here, step, pointer)
    if isinstance(here, list):
        here.insert(len(here) if last == "-" else _index(here, last, pointer, most=len(here)), value)
    elif isinstance(here, dict):
        here[last] = value
    else:
        raise InvalidOptionError(f"{pointer!r} leads below {shown(here)}, which has no fields", option="path")
    return result


def _within(here: Any, step: str, pointer: str) -> Any:
    if isinstance(here, list):
        return here[_index(here, step, pointer, most=len(here) - 1)]
    if not isinstance(here, dict) or step not in here:
        known = sorted(here) if isinstance(here, dict) else []
        raise InvalidOptionError(
            f"{pointer!r} has no {step!r} to be set in; there are: {', '.join(known) or 'none'}{nearest(step, known)}",
            option="path",
        )
    return here[step]


def _index(here: list[Any], step: str, pointer: str, *, most: int) -> int:
    if not (step.isascii() and step.isdecimal()) or (step != "0" and step.startswith("0")) or int(step) > most:
        raise InvalidOptionError(
            f"{pointer!r} names item {step!r} of a list of {len(here)}; allowed: 0 to {most}", option="path"
        )
    return int(step)
