"""vLLM's own metrics by version: name, kind and labels, taken from vLLM's source by tools/generate_metrics.py.

metric("num_requests_waiting", "0.11.0").series()       "vllm:num_requests_waiting"
metric("generation_tokens").series()                    "vllm:generation_tokens_total"
metric("gpu_cache_usage_perc", "0.12.0")                an error: it was one until 0.11.2
"""

from __future__ import annotations

from functools import cache
from typing import Literal

from msgspec import Struct

from vllm_cdk8s.core.data import generated
from vllm_cdk8s.core.engine.version import version_key
from vllm_cdk8s.core.errors import InvalidOptionError, nearest
from vllm_cdk8s.core.kube import checks

PREFIX = "vllm:"
Kind = Literal["gauge", "counter", "histogram"]
_ENDINGS = ("bucket", "sum", "count")


class Metric(Struct, frozen=True, kw_only=True):
    """One metric of one version of vLLM.

    Attributes:
        name: its name as vLLM gives it, without the endings of its series.
        kind: gauge, counter or histogram.
        labels: the names of its labels, sorted; None where they are only known when vLLM runs.
        always: whether every server has it. Others come with a feature (speculative decoding, a KV connector, LoRA),
            or are deprecated and shown on demand.
    """

    name: str
    kind: Kind
    labels: tuple[str, ...] | None
    always: bool

    def series(self, ending: str | None = None) -> str:
        """The name that Prometheus stores: a counter's with ``_total``, a histogram's with the ending asked for.

        Args:
            ending: ``"bucket"``, ``"sum"`` or ``"count"``; for histograms, and only for them.
        """
        if (self.kind == "histogram") != (ending in _ENDINGS) or (ending is not None and ending not in _ENDINGS):
            allowed = "one of " + ", ".join(_ENDINGS) if self.kind == "histogram" else "none"
            raise InvalidOptionError(
                f"{ending!r} is not an ending of the {self.kind} {self.name}; allowed: {allowed}", option="ending"
            )
        if self.kind == "counter":
            return f"{self.name}_total"
        return self.name if ending is None else f"{self.name}_{ending}"


def known_versions() -> tuple[str, ...]:
    """The versions of vLLM in the catalogue, oldest first."""
    return tuple(generated("metrics")["versions"])


def metrics(version: str | None = None) -> dict[str, Metric]:
    """All metrics of a version by name; of the newest where it is None.

    A version between two of the catalogue has the metrics of the one before it, and one outside of it those of the
    nearest.
    """
    return _metrics(_index(version))


def metric(name: str, version: str | None = None) -> Metric:
    """The metric of that name, with or without ``vllm:`` before it, in a version; in the newest where it is None.

    Raises:
        InvalidOptionError: that version has no such metric; the message says which versions do, or the nearest name.
    """
    checks.text("metric", name)
    full = name if name.startswith(PREFIX) else PREFIX + name
    index = _index(version)
    known = _metrics(index)
    if full in known:
        return known[full]
    if full.removesuffix("_total") in known and known[full.removesuffix("_total")].kind == "counter":
        return known[full.removesuffix("_total")]
    versions = known_versions()
    all_spans = generated("metrics")["metrics"]
    spans = all_spans.get(full.removesuffix("_total")) or all_spans.get(full)
    if spans:
        last, first = versions[spans[-1]["last"]], versions[spans[0]["first"]]
        history = f"; it was one until {last}" if spans[-1]["last"] < index else f"; it is one since {first}"
    else:
        history = nearest(full, known)
    raise InvalidOptionError(f"{name!r} is not a metric of vLLM {versions[index]}{history}", option="metric")


def _index(version: str | None) -> int:
    versions = known_versions()
    if version is None:
        return len(versions) - 1
    try:
        key = version_key(version.removeprefix("v"))
    except (ValueError, AttributeError):
        raise InvalidOptionError(
            f"{version!r} is not a version of vLLM; allowed: a release such as {versions[-1]!r}", option="version"
        ) from None
    return max([index for index, known in enumerate(versions) if version_key(known) <= key], default=0)


@cache
def _metrics(index: int) -> dict[str, Metric]:
    found = {}
    for name, spans in generated("metrics")["metrics"].items():
        for span in spans:
            if span["first"] <= index <= span["last"]:
                labels = None if span["labels"] is None else tuple(span["labels"])
                found[name] = Metric(name=name, kind=span["kind"], labels=labels, always=span["always"])
    return found
