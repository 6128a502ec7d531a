"""Write docs/rules.md from the rule book; ``--check`` compares."""

from __future__ import annotations

import sys
from itertools import groupby
from pathlib import Path

from vllm_cdk8s.core.rules.book import RULES
from vllm_cdk8s.core.rules.rule import FAMILIES, Rule

PAGE = Path(__file__).parents[1] / "docs" / "rules.md"
_HEAD = """# The rules

What can be wrong with a server has a code here, a reason and a mend. The constructs, the values of the Helm front door
and `vllm-cdk8s check` apply the same rules; a message ends with its rule's code, and `vllm-cdk8s rule VC402` prints the
rule. An error stops the synthesis. A warning that is meant is acknowledged with its reason,
`acknowledge={"VC402": "nodes to spare"}`, or in a manifest by a comment, as in [check.md](check.md). A code keeps its
meaning.

This page is made from the families in `vllm_cdk8s/core/rules/` by `make rules`.
"""


def page() -> str:
    """The page, of the rules as they are."""
    parts = [_HEAD]
    for family, rules in groupby(RULES.values(), key=lambda rule: rule.code[2]):
        parts.append(f"## VC{family}xx: {FAMILIES[family]}\n")
        parts += [_entry(rule) for rule in rules]
    return "\n".join(parts)


def _entry(rule: Rule) -> str:
    source = f" ([source]({rule.source}))" if rule.source.startswith("https://") else ""
    lines = [f"### {rule.code} {rule.name}", "", f"**{_markdown(rule.title)}.** {_markdown(rule.why)}{source}"]
    lines += ["", f"*Mend:* {_markdown(rule.mend)}"]
    lines += ["", f"*In a manifest:* {_markdown(rule.in_manifests)}"] if rule.in_manifests else []
    return "\n".join([*lines, ""])


def _markdown(text: str) -> str:
    return text.replace("<", "\\<").replace("*", "\\*")


if __name__ == "__main__":
    if "--check" in sys.argv[1:]:
        sys.exit(0 if PAGE.read_text(encoding="utf-8") == page() else "docs/rules.md is not what `make rules` writes")
    PAGE.write_text(page(), encoding="utf-8")
