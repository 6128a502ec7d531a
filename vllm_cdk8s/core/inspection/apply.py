"""Applying rules to facts: each check is a function of one server's facts that yields problems."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from vllm_cdk8s.core.errors import Problem

if TYPE_CHECKING:
    from vllm_cdk8s.core.inspection.facts import ServerFacts

Check = Callable[["ServerFacts"], Iterable[Problem]]


def apply(facts: ServerFacts, checks: Iterable[Check]) -> Iterator[Problem]:
    """What these checks find, in their order."""
    for check in checks:
        yield from check(facts)
