"""The errors and the warning of this package: one base, few leaves.

Every message reads ``<option>: <value> <what is wrong>; <what is allowed>``, with the option as its user wrote it.
"""

from __future__ import annotations

import sys
import warnings
from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class VllmCdk8sError(ValueError):
    """Something that cannot work on the cluster was asked for; nothing is synthesized.

    Attributes:
        option: the option at fault as its user wrote it, or None where no single one is.
    """

    def __init__(self, message: str, *, option: str | None = None) -> None:
        super().__init__(message if option is None else f"{option}: {message}")
        self.option = option


class InvalidOptionError(VllmCdk8sError):
    """One option has a value that is wrong by itself: its type, its range, its spelling."""


class ConflictError(VllmCdk8sError):
    """Options, or constructs of one app, that are right by themselves contradict each other."""


class VllmCdk8sWarning(UserWarning):
    """What was asked for is unwise, but may work; ``-W error`` makes it fatal."""


def nearest(name: str, known: Iterable[str]) -> str:
    """The end of a message about an unknown name: ``; did you mean 'x'?``, or nothing where none is near."""
    candidates = list(known)
    by_folded = {candidate.lower().replace("-", "_"): candidate for candidate in candidates}
    matches = get_close_matches(name.lower().replace("-", "_"), by_folded, n=1, cutoff=0.6)
    return f"; did you mean {by_folded[matches[0]]!r}?" if matches else ""


def warn(message: str) -> None:
    """Warn at the line of the user's own program that led here, not at a line of this package or of jsii."""
    depth, frame = 1, sys._getframe(1)  # noqa: SLF001 - the only way to find the caller's frame
    while frame.f_back is not None and _is_internal(frame.f_globals.get("__name__", "")):
        depth, frame = depth + 1, frame.f_back
    warnings.warn(message, VllmCdk8sWarning, stacklevel=depth + 1)


def _is_internal(module: str) -> bool:
    return module.partition(".")[0] in {"vllm_cdk8s", "jsii", "constructs", "cdk8s", "cdk8s_plus_27"}
