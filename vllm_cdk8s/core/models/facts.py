"""Facts on well-known models, each from the model's own ``config.json`` on the Hugging Face Hub.

``data/models.json`` holds, per architecture, that file's keys of shape, where it is published, and how many weights of
each kind it has; ``make models-check`` builds each on torch's meta device and compares the numbers exactly. A field
that is not known for certain is None; nothing here is an estimate.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from msgspec.structs import replace

from vllm_cdk8s.core.data import generated
from vllm_cdk8s.core.errors import nearest
from vllm_cdk8s.core.models.config import facts_of
from vllm_cdk8s.core.models.shape import ModelFacts, StoredWeights, WeightCounts
from vllm_cdk8s.core.regex import regex

__all__ = ["ModelFacts", "known_model", "known_models", "nearest_model"]

_QUANTIZED = regex(
    r"[\w.-]+/(?P<base>[\w.-]+?)(?P<ending>"
    r"(-unsloth)?-bnb-4bit|-nvfp4(a16)?|-fp4|-mxfp4(-preview)?|-bf16"
    r"|[-.](quantized\.)?w4a16(-g\d+)?|[-.](quantized\.)?w8a(8|16)"
    r"|-fp8([-_](dynamic|block|static|kv))?|(-int4)?-awq(-(int4|4bit|8bit|w4a16))?"
    r"|-gptq(-(int4|int8|4bit|8bit|4b-128g))?|(-int4)?-autoround|-int4|-int8"
    r")",
    re.IGNORECASE,
)
_PUBLISHED = regex(r"[\w.-]+/[\w.-]+")
# What the end of a name says of the weights, the first that is found.
_ENDINGS: tuple[tuple[str, str | None], ...] = (
    ("bf16", None),
    ("fp8", "fp8"),
    ("mxfp4", "mxfp4"),
    ("fp4", "nvfp4"),
    ("w8|int8|8bit", "int8"),
    (".", "int4"),
)
_HUB = "https://huggingface.co/{}/blob/main/config.json"


@cache
def _rows() -> tuple[dict[str, Any], ...]:
    return tuple(generated("models")["models"])


@cache
def _names() -> dict[str, tuple[str, int, int | None]]:
    """Each name in lower case: the name as published, its row, and which of the row's other forms it is."""
    found: dict[str, tuple[str, int, int | None]] = {}
    for index, row in enumerate(_rows()):
        found.update((name.lower(), (name, index, None)) for name in row["names"])
        for form, other in enumerate(row.get("forms", ())):
            found.update((name.lower(), (name, index, form)) for name in other["names"])
    return found


@cache
def _facts(name: str, index: int, form: int | None) -> ModelFacts:
    row = _rows()[index]
    other: dict[str, Any] = {} if form is None else row["forms"][form]
    config = {**row["config"], **other.get("config", {})}
    if form is not None:
        config.pop("quantization_config", None)
    counts = row.get("counts")
    facts = facts_of(
        config,
        id=name,
        where=name,
        source=other.get("source") or row.get("source") or _HUB.format(name),
        weight_bytes=other.get("weight_bytes") if other else row.get("weight_bytes"),
        counts=WeightCounts(**counts) if counts else None,
        task=other.get("task") or row.get("task", "generate"),
        gated=row.get("gated"),
    )
    stored = other.get("stored") if other else row.get("stored")
    if stored is None:
        return facts
    dtype = stored.get("name") or stored.get("linear") or stored.get("expert") or facts.dtype
    weights = StoredWeights(**{key: value for key, value in stored.items() if key != "name"})
    return replace(facts, dtype=dtype, stored=weights)


def known_model(model: str) -> ModelFacts | None:
    """The facts on a model by its name on the Hugging Face Hub, in any case; None where the table has no such model.

    A name of another organization that ends as one of the table does is that model (``unsloth/gpt-oss-20b``), and one
    that goes on with what a quantization is called is that model, quantized so (``ORG/Qwen3-8B-AWQ``):
    `ModelFacts.source` says that its name is the source.
    """
    found = _names().get(model.lower())
    return _by_name(model) if found is None else _facts(*found)


def _short(name: str) -> str:
    """A name as people shorten it: without its organization, ``Meta-`` before it and ``-hf`` behind it."""
    return name.rpartition("/")[2].lower().removeprefix("meta-").removesuffix("-hf")


@cache
def _short_names() -> dict[str, tuple[str, int, int | None]]:
    """The names without their organizations; a name that several shapes share is left out."""
    found: dict[str, tuple[str, int, int | None]] = {}
    several = set()
    for name, index, form in _names().values():
        short = _short(name)
        if short in found and _rows()[found[short][1]]["config"] != _rows()[index]["config"]:
            several.add(short)
        found.setdefault(short, (name, index, form))
    return {short: entry for short, entry in found.items() if short not in several}


def _by_name(model: str) -> ModelFacts | None:
    name = model.strip()
    if not _PUBLISHED.fullmatch(name):
        return None
    same = _short_names().get(_short(name))
    if same is not None:
        facts = _facts(*same)
        return replace(facts, id=model, gated=None, source=f"its name: {facts.id}")
    match = _QUANTIZED.fullmatch(name)
    found = None if match is None else _short_names().get(_short(match["base"]))
    if match is None or found is None:
        return None
    facts = _facts(*found)
    kind = next(kind for ending, kind in _ENDINGS if re.search(ending, match["ending"], re.IGNORECASE))
    # What is published in few bits is not made of others.
    if kind is not None and facts.stored.method is not None and facts.stored.linear != "fp8":
        return None
    stored = StoredWeights() if kind is None else StoredWeights(method=kind, linear=kind, expert=kind)
    return replace(
        facts,
        id=model,
        dtype=kind or facts.base_dtype,
        stored=stored,
        weight_bytes=None,
        gated=None,
        source=f"its name: {facts.id}" + ("" if kind is None else f" in {kind}"),
    )


def known_models() -> tuple[str, ...]:
    """The names of all models in the table, sorted."""
    return tuple(sorted((name for name, _, _ in _names().values()), key=str.lower))


def nearest_model(model: str) -> str:
    """The end of a message about an unknown model: the nearest name in the table, or nothing."""
    return nearest(model, known_models())
