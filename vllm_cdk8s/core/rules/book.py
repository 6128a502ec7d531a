"""The rules of all families; `find_rule` finds one by its code or name."""

# ruff: noqa: F403 - a family says what its rules are, and who needs a rule asks the book for it.

from __future__ import annotations

from vllm_cdk8s.core.rules.engine import *
from vllm_cdk8s.core.rules.health import *
from vllm_cdk8s.core.rules.pod import *
from vllm_cdk8s.core.rules.rule import Rule
from vllm_cdk8s.core.rules.security import *
from vllm_cdk8s.core.rules.storage import *
from vllm_cdk8s.core.rules.surroundings import *
from vllm_cdk8s.core.rules.values import *

RULES = {
    rule.code: rule for rule in sorted((r for r in globals().values() if isinstance(r, Rule)), key=lambda r: r.code)
}


def find_rule(code: str) -> Rule | None:
    """The rule of a code or a name, in any case; None where there is none."""
    wanted = code.strip().upper()
    return RULES.get(wanted) or next((r for r in RULES.values() if r.name == wanted.lower()), None)
