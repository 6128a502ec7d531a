"""``vllm-cdk8s check``: what is wrong in anybody's manifests.

Exit code 0 where nothing is found, 1 with findings, 2 where something could not be read.
"""

from __future__ import annotations

import os
import re
import sys
from typing import TYPE_CHECKING

from vllm_cdk8s.cli.output import CommandError, need_standard_input, say, show
from vllm_cdk8s.core.errors import nearest
from vllm_cdk8s.core.models.accelerators import accelerator
from vllm_cdk8s.core.rules.book import RULES, find_rule
from vllm_cdk8s.lint.checking import check
from vllm_cdk8s.lint.finding import Options
from vllm_cdk8s.lint.report import report, summary

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence


def run(arguments: argparse.Namespace) -> int:
    """Check, print, and return the exit code."""
    options = Options(
        select=_codes("--select", arguments.select),
        ignore=_codes("--ignore", arguments.ignore),
        severity=arguments.severity,
        vllm=_release(arguments.vllm),
        gpu=None if arguments.gpu is None else accelerator(arguments.gpu, option="--gpu").name,
    )
    need_standard_input(arguments.paths)
    result = check(arguments.paths, options)
    show(report(result, arguments.format, colour=_colour(), version=_version(arguments.format)))
    for error in result.unreadable:
        say(f"error: {error}")
    if arguments.format == "text":
        say(summary(result))
    return result.exit_code


def _version(form: str) -> str:
    """The version of this package, for the one format that names it: looking it up takes as long as a check."""
    if form != "sarif":
        return ""
    from importlib.metadata import version  # noqa: PLC0415

    return version("vllm-cdk8s")


def _codes(option: str, texts: Sequence[str]) -> tuple[str, ...]:
    """Codes of rules, beginnings of codes, or names of rules."""
    found = []
    for part in filter(None, (part.strip() for text in texts for part in text.split(","))):
        rule = find_rule(part)
        code = rule.code if rule else part.upper()
        if not any(known.startswith(code) for known in RULES):
            names = [*RULES, *(one.name for one in RULES.values())]
            raise CommandError(f"{option}: {part!r} is not a rule{nearest(part, names)}; see vllm-cdk8s rule --all")
        found.append(code)
    return tuple(found)


def _release(text: str | None) -> str | None:
    if text is None:
        return None
    release = text.removeprefix("v")
    if not re.fullmatch(r"\d+\.\d+\.\d+(\.\d+)?", release):
        raise CommandError(f"--vllm: {text!r} is not a release of vLLM; allowed: one such as '0.20.2'")
    return release


def _colour() -> bool:
    """Whether standard output is a terminal whose user has not said otherwise: https://no-color.org/."""
    return (
        sys.stdout is not None
        and sys.stdout.isatty()
        and not os.environ.get("NO_COLOR")
        and os.environ.get("TERM") != "dumb"
    )
