"""The command line of production-stack's router: what it stops at, and what it silently leaves out.

As its parser and its start have it: src/vllm_router/parsers/parser.py and utils.py of
https://github.com/vllm-project/production-stack, whose newest release is vllm-stack-0.1.13. The package vllm-router on
PyPI, which has come to other numbers, is another program: https://github.com/vllm-project/router
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

from vllm_cdk8s.core.errors import Problem
from vllm_cdk8s.core.regex import regex
from vllm_cdk8s.core.rules.book import ROUTER

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

# Any name with a dot whose last part is letters alone, `localhost`, or an IPv4 address: that of a Service with its
# namespace only where the namespace is letters alone.
_ADDRESS = regex(
    r"https?://((?:[a-zA-Z0-9_-]+\.)+[a-zA-Z]{2,}|localhost|\d{1,3}(?:\.\d{1,3}){3})(:\d+)?(/.*)?", re.ASCII
)
_SWITCHES = frozenset({"static-backend-health-checks", "enable-batch-api", "log-stats", "otel-secure"})
# The ways to choose that the parser takes, and the release of the stack that the later ones came with.
# Source: the releases of production-stack (pull requests 777, 1035 and 852).
LOGICS = (
    "roundrobin", "session", "prefixaware", "kvaware", "loadaware", "priority", "disaggregated_prefill",
    "disaggregated_prefill_orchestrated",
)  # fmt: skip
LOGICS_SINCE = {"disaggregated_prefill_orchestrated": "0.1.11", "loadaware": "0.1.13", "priority": "0.1.13"}
_IP = regex(r"https?://(\d{1,3}(\.\d{1,3}){3}|localhost)(:\d+)?(/.*)?", re.ASCII)
# Another file says what is not said here.
_ELSEWHERE = ("dynamic-config-yaml", "dynamic-config-json")


def knows_address(url: str) -> bool:
    """Whether the router takes a backend's address, rather than leave it out with a line in its log."""
    return _ADDRESS.fullmatch(url) is not None


def read_options(arguments: Sequence[str]) -> dict[str, str]:
    """The options of a command line by name, without dashes; those without a value are empty."""
    found: dict[str, str] = {}
    words = iter(arguments)
    for word in words:
        if not word.startswith("--"):
            continue
        name, equals, value = word[2:].partition("=")
        if not equals and name not in _SWITCHES:
            value = next(words, "")
        found[name] = value
    return found


def argument_problems(options: Mapping[str, str]) -> Iterator[Problem]:
    """What the router cannot start with, or would not do though it is asked to."""
    if any(name in options for name in _ELSEWHERE) or any("$(" in value for value in options.values()):
        return
    for name in ("service-discovery", "routing-logic"):
        if not options.get(name):
            yield _problem(name, "is missing, and the router stops at its start")
    if options.get("routing-logic") == "session" and not options.get("session-key"):
        yield _problem("session-key", "is missing, which routing by session needs, and the router stops at its start")
    yield from _logic(options)
    if options.get("service-discovery") == "static":
        yield from _static(options)


def _logic(options: Mapping[str, str]) -> Iterator[Problem]:
    logic = options.get("routing-logic", "")
    meant = logic.lower().replace("-", "").replace("_", "")
    # Only what is surely misspelt: a newer router may have more of them.
    for known in LOGICS:
        if logic != known and meant == known.replace("_", ""):
            yield _problem("routing-logic", f"{logic!r} is spelt {known!r}, and the router stops at its start")
    if logic.startswith("disaggregated_prefill"):
        for name in ("prefill-model-labels", "decode-model-labels"):
            if not options.get(name):
                yield _problem(name, f"is missing, without which {logic} finds no server, and no request is answered")
    if logic in {"kvaware", "loadaware"}:
        yield from _by_address(logic, options)


def _by_address(logic: str, options: Mapping[str, str]) -> Iterator[Problem]:
    """What names Services where LMCache knows the instances by the addresses of their pods."""
    what = f"{logic} finds the server that has a prompt's cache by its pod's address, and not by a Service's name"
    names = [url for url in options.get("static-backends", "").split(",") if url and not _IP.fullmatch(url)]
    if options.get("service-discovery") == "static" and names:
        yield _problem("static-backends", f"{names[0]!r}: {what}; discover pods", severity="warning")
    if options.get("k8s-service-discovery-type") == "service-name":
        yield _problem("k8s-service-discovery-type", f"{what}; say pod-ip", severity="warning")


def _static(options: Mapping[str, str]) -> Iterator[Problem]:
    missing = [name for name in ("static-backends", "static-models") if not options.get(name)]
    for name in missing:
        yield _problem(name, "is missing, which static discovery needs, and the router stops at its start")
    if missing:
        return
    backends, models = (options[name].split(",") for name in ("static-backends", "static-models"))
    left_out = [url for url in backends if not knows_address(url)]
    for url in left_out:
        yield _problem(
            "static-backends",
            f"{url!r} is left out by the router, which takes names that end in a dot and letters alone, and then it "
            "has more models than backends and stops; write a Service as http://name.namespace.svc:8000",
        )
    if len(backends) != len(models) and not left_out:
        yield _problem(
            "static-models",
            f"names {len(models)} models for {len(backends)} backends, and the router stops at its start; each backend "
            "has one, and a backend with several names is there once for each",
        )
    if "static-backend-health-checks" in options and not options.get("static-model-types"):
        yield _problem("static-model-types", "is missing, which health checks need, and the router stops at its start")


def _problem(option: str, what: str, *, severity: Literal["error", "warning"] = "error") -> Problem:
    return Problem(what=what, rule=ROUTER, option=f"--{option}", severity=severity)
