"""docs/rules.md is the rule book."""

import subprocess
import sys

from tests.docs.test_command_blocks import ROOT
from vllm_cdk8s.core.rules.book import RULES


def test_the_page_is_what_the_book_says() -> None:
    subprocess.run(
        [sys.executable, "tools/rules_page.py", "--check"], cwd=ROOT, check=True, env={"PYTHONPATH": str(ROOT)}
    )


def test_each_rule_has_a_heading() -> None:
    page = (ROOT / "docs" / "rules.md").read_text()
    assert [line.split()[1] for line in page.splitlines() if line.startswith("### ")] == list(RULES)
