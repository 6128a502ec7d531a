"""Metrics of vLLM that autoscalers, alerts and dashboards ask for, against those that its release exports."""

from __future__ import annotations

from difflib import get_close_matches
from functools import cache
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from vllm_cdk8s.core.engine.version import version_key
from vllm_cdk8s.core.errors import Problem
from vllm_cdk8s.core.monitoring.metrics import known_versions, metrics
from vllm_cdk8s.core.regex import regex
from vllm_cdk8s.core.rules import book
from vllm_cdk8s.lint.finding import Place, place
from vllm_cdk8s.lint.pods import items, mapping

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vllm_cdk8s.lint.documents import Document
    from vllm_cdk8s.lint.records import PodRecord

_NAME = regex(r"vllm:[a-zA-Z0-9_]+")
_ENDING = regex(r"_(total|bucket|sum|count|created|max|avg)$")
# The engine before 0.11.0 had these; no later one has, and no router of the same prefix either.
_OLD_ENGINE = {
    "vllm:cpu_cache_usage_perc",
    "vllm:avg_prompt_throughput_toks_per_s",
    "vllm:avg_generation_throughput_toks_per_s",
    "vllm:cpu_prefix_cache_hit_rate",
    "vllm:gpu_prefix_cache_hit_rate",
    "vllm:time_in_queue_requests",
    "vllm:model_forward_time_milliseconds",
    "vllm:model_execute_time_milliseconds",
    "vllm:tokens_total",
}
_OLD_ENGINE_END = "0.11.0"
_NEAR = 0.95


class Use(Struct, frozen=True):
    """One metric's name, and where it is asked for."""

    name: str
    where: Place


def ending_taken_off(name: str) -> str:
    """A metric's name without the ending of its series."""
    return _ENDING.sub("", name)


def uses_of(document: Document) -> tuple[list[Use], set[str]]:
    """The metrics that an object asks for, once each, and those that its recording rules make."""
    recorded = {
        str(rule["record"])
        for group in items(mapping(document.data.get("spec")).get("groups"))
        for rule in items(group.get("rules"))
        if "record" in rule
    }
    found: dict[str, Use] = {}
    for path, text in _texts(document.data, ()):
        if "vllm:" not in text:
            continue
        for name in _NAME.findall(text):
            if name not in found and name not in recorded:
                found[name] = Use(name, place(document, path))
    return list(found.values()), recorded


def _texts(value: Any, path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, inner in value.items():
            # What people read may speak of old names.
            if key not in {"annotations", "labels", "description", "summary", "record"}:
                yield from _texts(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _texts(inner, (*path, index))


def wrong_metrics(
    uses: list[Use], recorded: set[str], pods: list[PodRecord], told: str | None
) -> Iterator[tuple[Problem, Place]]:
    """Names that none of the set's releases export; nothing where a release is not known."""
    versions: list[str | None] = []
    for server in (server for record in pods for server in record.servers):
        if not server.version_sure:
            return
        versions.append(server.version)
    if not versions:
        if told is None:
            return
        versions.append(told)
    if any(version is not None and version_key(version) < version_key(known_versions()[0]) for version in versions):
        return
    for use in uses:
        if use.name in recorded or any(_exported(use.name, version) for version in versions):
            continue
        reason = _reason(use.name, versions)
        if reason is not None:
            yield Problem(what=reason, rule=book.UNKNOWN_METRIC, option=use.name), use.where


def _exported(name: str, version: str | None) -> bool:
    known = metrics(version)
    return name in known or _ENDING.sub("", name) in known


@cache
def _ever() -> frozenset[str]:
    return frozenset(name for version in known_versions() for name in metrics(version))


def _reason(name: str, versions: list[str | None]) -> str | None:
    """Why a name has no data; None where it may be somebody else's."""
    release = "the newest vLLM" if versions[0] is None else f"vLLM {versions[0]}"
    plain = _ENDING.sub("", name)
    for known in (name, plain):
        if known in _ever():
            have = [version for version in known_versions() if known in metrics(version)]
            successor = _SUCCESSORS.get(known)
            instead = "" if successor is None else f"; now it is {successor}"
            return f"{release} does not export it; {have[0]} to {have[-1]} do{instead}"
    if {name, plain} & _OLD_ENGINE:
        if all(v is None or version_key(v) >= version_key(_OLD_ENGINE_END) for v in versions):
            return f"{release} does not export it; the engine before {_OLD_ENGINE_END} did"
        return None
    near = get_close_matches(plain, sorted(metrics(versions[0])), n=1, cutoff=_NEAR)
    return f"{release} exports no such metric; did you mean {near[0]!r}?" if near else None


_SUCCESSORS = {
    "vllm:gpu_cache_usage_perc": "vllm:kv_cache_usage_perc",
    "vllm:gpu_prefix_cache_hits": "vllm:prefix_cache_hits",
    "vllm:gpu_prefix_cache_queries": "vllm:prefix_cache_queries",
    "vllm:time_per_output_token_seconds": "vllm:inter_token_latency_seconds",
}
