"""Findings for people, for programs, and for the two places where reviews happen."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from vllm_cdk8s.core.rules.book import RULES
from vllm_cdk8s.lint.checking import Result, as_data

if TYPE_CHECKING:
    from vllm_cdk8s.lint.finding import Finding

_COLOURS = {"error": "\x1b[1;31m", "warning": "\x1b[1;33m"}
_DIM, _RESET = "\x1b[2m", "\x1b[0m"
_SARIF = "https://json.schemastore.org/sarif-2.1.0.json"


def report(result: Result, form: str, *, colour: bool = False, version: str = "") -> str:
    """The result as text that ends with a line break, or nothing where there is nothing to say."""
    if form == "json":
        return json.dumps([as_data(found) for found in result.findings], indent=2, ensure_ascii=False) + "\n"
    if form == "sarif":
        return json.dumps(_sarif(result, version), indent=2, ensure_ascii=False) + "\n"
    if form == "github":
        return "".join(_annotation(found) for found in result.findings)
    return _text(result, colour=colour)


def _text(result: Result, *, colour: bool) -> str:
    lines = []
    for found in result.findings:
        severity = f"{_COLOURS[found.severity]}{found.severity}{_RESET}" if colour else found.severity
        rule = RULES[found.rule]
        dim, reset = (_DIM, _RESET) if colour else ("", "")
        message = " ".join(found.message.split())
        lines.append(f"{found.file}:{found.line}: {severity} {found.rule} {found.object}: {message}")
        lines.append(f"    {dim}why: {rule.why}{reset}")
        lines.append(f"    {dim}mend: {found.fix}{reset}")
    return "".join(f"{line}\n" for line in lines)


def summary(result: Result) -> str:
    """One line that says what was looked at, and how it went."""
    counts = Counter(found.severity for found in result.findings)
    looked = f"{_count(result.servers, 'vLLM server')} in {_count(result.files, 'file')}"
    if not result.findings:
        return f"{looked}: nothing found"
    parts = [_count(counts[severity], severity) for severity in ("error", "warning") if counts[severity]]
    return f"{looked}: {', '.join(parts)}"


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _annotation(found: Finding) -> str:
    """A workflow command: https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands."""
    text = _escaped(f"{found.object}: {found.message}\n{found.fix}")
    title = _escaped(f"{found.rule} {RULES[found.rule].name}", attribute=True)
    return f"::{found.severity} file={_escaped(found.file, attribute=True)},line={found.line},title={title}::{text}\n"


def _escaped(text: str, *, attribute: bool = False) -> str:
    text = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return text.replace(":", "%3A").replace(",", "%2C") if attribute else text


def _sarif(result: Result, version: str) -> dict[str, Any]:
    codes = sorted({found.rule for found in result.findings})
    rules = [
        {
            "id": code,
            "name": "".join(word.capitalize() for word in RULES[code].name.split("-")),
            "shortDescription": {"text": RULES[code].title},
            "fullDescription": {"text": RULES[code].why},
            "help": {"text": RULES[code].manifest_mend},
            **({"helpUri": RULES[code].source} if RULES[code].source else {}),
        }
        for code in codes
    ]
    results = [
        {
            "ruleId": found.rule,
            "ruleIndex": codes.index(found.rule),
            "level": found.severity,
            "message": {"text": f"{found.object}: {found.message} {found.fix}"},
            "locations": [
                {
                    "physicalLocation": {
                        "artifactLocation": {"uri": quote(found.file.replace("\\", "/"), safe="/:")},
                        "region": {"startLine": found.line},
                    }
                }
            ],
        }
        for found in result.findings
    ]
    driver = {"name": "vllm-cdk8s", "informationUri": "https://pypi.org/project/vllm-cdk8s/", "rules": rules}
    if version:
        driver["version"] = version
    return {"$schema": _SARIF, "version": "2.1.0", "runs": [{"tool": {"driver": driver}, "results": results}]}
