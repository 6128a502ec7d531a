"""Facts on well-known models, each from the model's own ``config.json`` on the Hugging Face Hub.

``data/models.json`` holds, per architecture, that file's keys of shape, where it is published, and how many weights of
each kind it has; ``make models-check`` builds each on torch's meta device and compares the numbers exactly. A field
that is not known for certain is None; nothing here is an estimate.
"""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from importlib import resources
from typing import Any

from vllm_cdk8s.core.errors import nearest
from vllm_cdk8s.core.models.config import facts_of
from vllm_cdk8s.core.models.shape import ModelFacts, StoredWeights, WeightCounts

__all__ = ["ModelFacts", "known_model", "known_models", "nearest_model"]

_HUB = "https://huggingface.co/{}/blob/main/config.json"


@cache
def _rows() -> tuple[dict[str, Any], ...]:
    text = resources.files("vllm_cdk8s.data").joinpath("models.json").read_text(encoding="utf-8")
    return tuple(json.loads(text)["models"])


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
        gated=row.get("gated", False),
    )
    stored = other.get("stored") if other else row.get("stored")
    if stored is None:
        return facts
    dtype = stored.get("name") or stored.get("linear") or stored.get("expert") or facts.dtype
    weights = StoredWeights(**{key: value for key, value in stored.items() if key != "name"})
    return replace(facts, dtype=dtype, stored=weights)


def known_model(model: str) -> ModelFacts | None:
    """The facts on a model by its name on the Hugging Face Hub, in any case; None where the table has no such model."""
    found = _names().get(model.lower())
    return None if found is None else _facts(*found)


def known_models() -> tuple[str, ...]:
    """The names of all models in the table, sorted."""
    return tuple(sorted((name for name, _, _ in _names().values()), key=str.lower))


def nearest_model(model: str) -> str:
    """The end of a message about an unknown model: the nearest name in the table, or nothing."""
    return nearest(model, known_models())
