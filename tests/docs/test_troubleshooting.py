"""docs/troubleshooting.md: what it advises exists."""

import re
from inspect import signature
from typing import Any

import pytest
import yaml

import vllm_cdk8s
from tests.docs.test_command_blocks import ROOT, blocks
from vllm_cdk8s.core.rules.book import RULES
from vllm_cdk8s.helm.set_grammar import apply_set
from vllm_cdk8s.helm.validation import check_values, name_maps

PAGE = (ROOT / "docs" / "troubleshooting.md").read_text()
CODE = re.compile(r"`([^`\n]+)`")
SET = re.compile(r"[a-z]\w*(?:\.|\[)\S*=\S+")
KEYWORD = re.compile(r"(\w+)=(?!=)")

# The spans of code that are `--set` arguments, and those that are Python.
SETS = sorted({span for span in CODE.findall(PAGE) if SET.fullmatch(span)})
PYTHON = sorted({span for span in CODE.findall(PAGE) if re.match(r"[a-z_]+=\S|[A-Z]\w+\(", span)} - set(SETS))


def test_each_rule_that_it_names_exists() -> None:
    named = re.findall(r"rule: \[(VC\d{3})\]\(rules\.md#(\S+)\)", PAGE)
    assert len(named) == PAGE.count("rule: ")
    assert dict(named) == {code: f"{code.lower()}-{RULES[code].name}" for code, _ in named}


@pytest.mark.parametrize("span", SETS)
def test_each_value_that_it_advises_is_one(span: str) -> None:
    values: dict[str, Any] = {}
    apply_set(values, span, name_maps=name_maps())
    check_values(values)


@pytest.mark.parametrize("text", [text for kind, text in blocks("docs/troubleshooting.md") if kind == "yaml"])
def test_each_values_file_that_it_shows_is_one(text: str) -> None:
    check_values(yaml.safe_load(text))


@pytest.mark.parametrize("span", PYTHON)
def test_each_keyword_that_it_advises_is_one(span: str) -> None:
    classes = [getattr(vllm_cdk8s, name) for name in ["VllmServer", *re.findall(r"([A-Z]\w+)\(", span)]]
    # A construct that does not say its keywords itself has them on __init__: jsii's metaclass hides those.
    keywords = {name for each in classes for kind in (each, each.__init__) for name in signature(kind).parameters}
    assert set(KEYWORD.findall(re.sub(r'"[^"]*"', '""', span))) <= keywords
