"""``vllm-cdk8s rule``: a rule of the book, or a line for each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vllm_cdk8s.cli.output import CommandError, show
from vllm_cdk8s.core.errors import nearest
from vllm_cdk8s.core.rules.book import RULES, find_rule

if TYPE_CHECKING:
    import argparse


def run(arguments: argparse.Namespace) -> None:
    """Print it."""
    if arguments.all or arguments.code is None:
        width = max(len(rule.name) for rule in RULES.values())
        show("".join(f"{rule.code}  {rule.name:<{width}}  {rule.title}\n" for rule in RULES.values()))
        return
    rule = find_rule(arguments.code)
    if rule is None:
        known = [*RULES, *(rule.name for rule in RULES.values())]
        raise CommandError(
            f"{arguments.code!r} is not a rule{nearest(arguments.code, known)}; see vllm-cdk8s rule --all"
        )
    show(rule.text() + "\n")
