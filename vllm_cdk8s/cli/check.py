"""``vllm-cdk8s check``: what is wrong in anybody's manifests."""

from __future__ import annotations

import argparse
import os
import re
import sys
from importlib.metadata import version

from vllm_cdk8s.core.rules.book import RULES, find_rule

_FORMATS = ("text", "json", "sarif", "github")

DESCRIPTION = """\
Find what is wrong with the vLLM servers in Kubernetes manifests: plain YAML, the output of `helm template` and
`kustomize build`, and `kubectl get -o yaml`. Nothing is installed or asked of a cluster.

  vllm-cdk8s check deploy/                            every YAML file below a folder
  helm template prod ./chart | vllm-cdk8s check -     standard input
  vllm-cdk8s check --format github k8s/*.yaml         annotations in GitHub Actions
  vllm-cdk8s check --ignore VC220,VC304 app.yaml      without these rules

Exit code 0 where nothing is found, 1 with findings, 2 where something could not be read.
A comment `# vllm-cdk8s: ignore VC402 reason` beside or above a line silences a rule there."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.description = DESCRIPTION
    parser.add_argument("paths", metavar="FILE", nargs="+", help="a file, a folder, or '-' for standard input")
    parser.add_argument("--format", choices=_FORMATS, default="text", help="how to print findings (default: text)")
    parser.add_argument("--select", metavar="CODES", type=codes, default=(), action=_More,
                        help="only these rules, or families such as VC4")  # fmt: skip
    parser.add_argument("--ignore", metavar="CODES", type=codes, default=(), action=_More, help="all but these rules")
    parser.add_argument("--severity", choices=("warning", "error"), default="warning",
                        help="the least severity to report (default: warning)")  # fmt: skip
    parser.add_argument("--vllm", metavar="RELEASE", type=_release,
                        help="the release of vLLM where an image does not say it, such as 0.20.2")  # fmt: skip
    parser.add_argument("--gpu", metavar="NAME", help="the GPU where a manifest does not say it, such as H100")


class _More(argparse.Action):
    """Adds to what was given before."""

    def __call__(self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: object, _: object = None) -> None:
        del parser
        assert isinstance(values, tuple)  # noqa: S101 - `codes` makes one
        setattr(namespace, self.dest, (*getattr(namespace, self.dest), *values))


def codes(text: str) -> tuple[str, ...]:
    """Codes of rules, beginnings of codes, or names of rules.

    Raises:
        argparse.ArgumentTypeError: no rule has one of them.
    """
    found = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        rule = find_rule(part)
        code = rule.code if rule else part.upper()
        if not any(known.startswith(code) for known in RULES):
            raise argparse.ArgumentTypeError(f"{part!r} is no rule; `vllm-cdk8s rule` lists them")
        found.append(code)
    return tuple(found)


def _release(text: str) -> str:
    release = text.removeprefix("v")
    if not re.fullmatch(r"\d+\.\d+\.\d+(\.\d+)?", release):
        raise argparse.ArgumentTypeError(f"{text!r} is not a release of vLLM; allowed: one such as '0.20.2'")
    return release


def run(arguments: argparse.Namespace) -> int:
    """Check, print, and return the exit code."""
    # What reads and checks is for those who ask for it; every command adds its arguments when the program starts.
    from vllm_cdk8s.lint.checking import check  # noqa: PLC0415
    from vllm_cdk8s.lint.finding import Options  # noqa: PLC0415
    from vllm_cdk8s.lint.report import report, summary  # noqa: PLC0415

    options = Options(
        select=arguments.select, ignore=arguments.ignore, severity=arguments.severity, vllm=arguments.vllm,
        gpu=arguments.gpu,
    )  # fmt: skip
    result = check(arguments.paths, options)
    text = report(result, arguments.format, colour=_colour(), version=version("vllm-cdk8s"))
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(encoding="utf-8")
    sys.stdout.write(text)
    sys.stdout.flush()
    for error in result.unreadable:
        print(f"error: {error}", file=sys.stderr)
    if arguments.format == "text":
        print(summary(result), file=sys.stderr)
    return result.exit_code


def _colour() -> bool:
    """Whether standard output is a terminal whose user has not said otherwise: https://no-color.org/."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
