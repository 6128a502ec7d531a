"""What is asked of a sizing: a model in many spellings, types, lengths, versions."""

from __future__ import annotations

import os
import re
from decimal import Decimal
from functools import cache
from pathlib import Path

from msgspec.structs import replace

from vllm_cdk8s.core.data import generated
from vllm_cdk8s.core.errors import InvalidOptionError, nearest
from vllm_cdk8s.core.kube import checks
from vllm_cdk8s.core.models import weights
from vllm_cdk8s.core.models.facts import ModelFacts, known_model, nearest_model
from vllm_cdk8s.core.models.files import is_there, local_model
from vllm_cdk8s.core.models.recommended import ceiling
from vllm_cdk8s.core.models.shape import StoredWeights
from vllm_cdk8s.core.models.weight_types import BYTES, canonical, type_name
from vllm_cdk8s.core.regex import regex
from vllm_cdk8s.core.showing import shown

_KV_DTYPES = {"auto": None, "fp8": 1, "fp8_e4m3": 1, "fp8_e5m2": 1, "bfloat16": 2, "float16": 2}
_SUFFIXES = {"": 1, "K": 10**3, "M": 10**6, "B": 10**9, "T": 10**12}
_COUNT = regex(r"(?P<number>\d+(\.\d+)?|\.\d+)\s*(?P<unit>[KMBT]?)", re.IGNORECASE)
_SIZE_IN_NAME = regex(r"(?<![A-Za-z0-9.])(\d+(?:\.\d+)?[BM])(?![A-Za-z0-9])", re.IGNORECASE)
_VERSION = regex(r"v?(\d+)\.(\d+)(?:\.(\d+))?(?:[.-]?\w+)*(?:\+\S+)?")
_MAX_PARAMETERS = 10**14
PLAIN = frozenset({"float32", "float16", "bfloat16"})
_DEFAULT_MODEL_LEN = 2048


def as_dtype(dtype: str, quantization: str | None) -> str:
    """The type of the weights: as asked, or as vLLM's own quantization makes it while it loads."""
    if quantization is None:
        return dtype
    name = checks.text("quantization", quantization).strip().lower()
    known = {*_quantizations(), *weights.ONLINE}
    if name.replace("-", "_") not in {other.replace("-", "_") for other in known}:
        raise InvalidOptionError(
            f"{quantization!r} is not a quantization of vLLM{nearest(name, known)}; "
            f"allowed: {', '.join(sorted(known))}",
            option="quantization",
        )
    if checks.text("dtype", dtype).strip().lower() == "auto" and name in weights.ONLINE:
        return weights.ONLINE[name]
    return dtype


@cache
def _quantizations() -> tuple[str, ...]:
    """What any release of vLLM calls its quantizations."""
    return tuple(generated("limits")["names"]["quantization"])


def loaded_as(facts: ModelFacts, asked: str, weight_type: str) -> ModelFacts:
    """The model with its matrices in the type that was asked for."""
    if canonical(asked) in {"auto", *PLAIN} or facts.stored.method is not None:
        return facts
    made = weight_type if weight_type not in PLAIN else None
    return replace(facts, stored=StoredWeights(method="asked", linear=made, expert=made))


def version_of(vllm: object) -> tuple[int, ...] | None:
    """The version of vLLM as a tuple; None for the newest."""
    if vllm is None:
        return None
    if isinstance(vllm, tuple):
        return tuple(checks.integer("vllm", part, minimum=0) for part in vllm)
    match = _VERSION.fullmatch(checks.text("vllm", vllm).strip())
    if match is None:
        raise InvalidOptionError(f"{vllm!r} is not a version of vLLM; allowed: such as '0.16.0'", option="vllm")
    return tuple(int(part) for part in match.groups() if part is not None)


def facts_of_model(model: str | int | os.PathLike[str]) -> tuple[ModelFacts, str]:
    """The facts on what was asked for, and where they are from."""
    if isinstance(model, os.PathLike):
        return local_model(Path(model)), "from the model's files"
    if isinstance(model, int) and not isinstance(model, bool):
        checks.integer("model", model, minimum=1, maximum=_MAX_PARAMETERS)
        return ModelFacts(id=f"{model:,} parameters", parameters=model, source="as given"), "as given"
    name = checks.text("model", model).strip()
    if match := _COUNT.fullmatch(name):
        count = Decimal(match["number"]) * _SUFFIXES[match["unit"].upper()]
        if count != int(count) or not 0 < count <= _MAX_PARAMETERS:
            raise InvalidOptionError(
                f"{name!r} is not a number of parameters; allowed: a whole number, or one with K, M, B or T such as "
                "'350M', '7B' or '1.5T'",
                option="model",
            )
        return ModelFacts(id=name, parameters=int(count), source="as given"), "as given"
    if facts := known_model(name):
        return facts, "published with the model (its config.json on the Hugging Face Hub)"
    if name.startswith(("/", "./", "../")) or name.endswith((".json", ".safetensors")) or is_there(Path(name)):
        return local_model(Path(name)), "from the model's files"
    hint = nearest_model(name)
    said = _SIZE_IN_NAME.search(name.rpartition("/")[2])
    if said:
        hint += f" (its name says {said[1].upper()}: if that is its size, say so)"
    raise InvalidOptionError(
        f"{name!r} is not a model whose size is known{hint}; allowed: a number of parameters such as '7B', a model of "
        "the table, or a path to its config.json or safetensors index",
        option="model",
    )


def weight_type(dtype: str, facts: ModelFacts) -> tuple[str, str]:
    """The type that the weights have in GPU memory, and where that is from."""
    if checks.text("dtype", dtype).strip().lower() != "auto":
        return type_name("dtype", dtype), "as given"
    if facts.dtype is None:
        return "float16", "assumed, since nothing says it"
    stored = canonical(facts.dtype)
    if stored == "float32":
        return "float16", f"vLLM loads the float32 weights of {facts.source} in 16 bits"
    if stored not in BYTES:
        raise InvalidOptionError(
            f"'auto' finds weights of type {facts.dtype!r} in {facts.source}, whose size is not known; "
            f"say one of {', '.join(sorted(BYTES))}",
            option="dtype",
        )
    return stored, facts.source


def parameter_count(facts: ModelFacts, weight_type: str, origin: str) -> tuple[int, str]:
    """The number of weights, and where that is from."""
    if facts.parameters is not None:
        if facts.source.endswith("on this machine"):
            return facts.parameters, f"computed from the shape that {facts.source} gives"
        return facts.parameters, origin
    if facts.weight_bytes is None:
        raise InvalidOptionError(
            f"{facts.id!r} does not say how many parameters the model has, and its model_type is not one whose shape "
            "is understood; put its model.safetensors.index.json beside it, or give a number such as '7B'",
            option="model",
        )
    stored = type_name("dtype", facts.dtype) if facts.dtype is not None else weight_type
    count = int(facts.weight_bytes / BYTES[stored])
    return max(1, count), f"{facts.weight_bytes:,} bytes of {stored} weights, {facts.source}"


def weights_of(facts: ModelFacts, parameters: int, weight_type: str) -> tuple[int, str]:
    """The bytes of the weights in GPU memory, and where that is from."""
    stored = None if facts.dtype is None else canonical(facts.dtype)
    if facts.weight_bytes is not None and (stored is None or stored == weight_type):
        return facts.weight_bytes, "the size of the safetensors files"
    if facts.stored.method is not None and stored == weight_type and (held := weights.stored(facts)) is not None:
        return held, f"{weight_type} where the files are quantized, 16 bits elsewhere"
    return ceiling(parameters * BYTES[weight_type]), "parameters x bytes per parameter"


def stored_bytes(facts: ModelFacts, parameters: int) -> int:
    """The weights as they are downloaded: in their published type, whatever they are loaded as."""
    if facts.counts is not None:
        return weights.stored(facts) or 0
    width = None if facts.dtype is None else BYTES.get(canonical(facts.dtype))
    return 0 if width is None or facts.weight_bytes is not None else ceiling(parameters * width)


def share_of(utilization: object) -> Decimal:
    """The share of the memory that vLLM may use."""
    if isinstance(utilization, bool) or not isinstance(utilization, (int, float)) or not 0 < utilization <= 1:
        raise InvalidOptionError(
            f"{shown(utilization)} is not a share; allowed: more than 0, at most 1", option="gpu_memory_utilization"
        )
    return Decimal(str(utilization))


def kv_width_of(kv_cache_dtype: object, weight_width: Decimal) -> int:
    """The bytes of one value of the KV cache."""
    name = checks.text("kv_cache_dtype", kv_cache_dtype)
    if name not in _KV_DTYPES:
        raise InvalidOptionError(
            f"{name!r} is not a type of the KV cache{nearest(name, _KV_DTYPES)}; allowed: {', '.join(_KV_DTYPES)}",
            option="kv_cache_dtype",
        )
    return _KV_DTYPES[name] or max(2, int(weight_width))


def model_len_of(max_model_len: int | None, facts: ModelFacts) -> int:
    """The longest sequence to count on."""
    limit = facts.max_position_embeddings
    if max_model_len is None:
        return min(_DEFAULT_MODEL_LEN, limit or _DEFAULT_MODEL_LEN)
    checks.integer("max_model_len", max_model_len, minimum=1)
    if limit is not None and max_model_len > limit:
        raise InvalidOptionError(
            f"{max_model_len} is more than the {limit} positions of {facts.id}", option="max_model_len"
        )
    return max_model_len


def kv_formula(facts: ModelFacts, width: int) -> str:
    """How a token of the KV cache is counted."""
    if facts.kv_latent_dim is not None:
        return f"{facts.layers} layers x {facts.kv_latent_dim} latent values x {width} bytes"
    return f"2 x {facts.layers} layers x {facts.kv_heads} KV heads x {facts.head_dim} values x {width} bytes"
