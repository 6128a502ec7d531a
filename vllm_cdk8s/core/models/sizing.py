"""How much memory, how many GPUs, how long a start-up and how big a claim a model needs.

    size_model("7B", dtype="fp16").table()              a number of parameters
    size_model("Qwen/Qwen3-8B", gpu_memory="24GB")      a well-known model
    size_model(Path("./my-model"))                      a config.json, a safetensors index, or their folder

`VllmServer(sizing=size_model(...))` applies what its user did not say otherwise. The rules are those of the Helm
chart that this package succeeds; every number of a `Sizing` says in `Sizing.figures` where it comes from.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from decimal import ROUND_CEILING, Decimal
from pathlib import Path

from vllm_cdk8s.core.errors import InvalidOptionError, nearest, warn
from vllm_cdk8s.core.kube import checks
from vllm_cdk8s.core.models.facts import ModelFacts, known_model, nearest_model
from vllm_cdk8s.core.models.files import is_there, local_model
from vllm_cdk8s.core.models.gpu_fit import Need, gigabytes, gpu_bytes, gpu_count, per_rank
from vllm_cdk8s.core.models.weight_types import BYTES, canonical, type_name

OVERHEAD = Decimal("1.2")
_GIB = 2**30
_BILLION = 10**9

_KV_DTYPES = {"auto": None, "fp8": 1, "fp8_e4m3": 1, "fp8_e5m2": 1, "bfloat16": 2, "float16": 2}

_SUFFIXES = {"": 1, "K": 10**3, "M": 10**6, "B": 10**9, "T": 10**12}
_COUNT = re.compile(r"(?P<number>\d+(\.\d+)?|\.\d+)\s*(?P<unit>[KMBT]?)", re.IGNORECASE)
_SIZE_IN_NAME = re.compile(r"(?<![A-Za-z0-9.])(\d+(?:\.\d+)?[BM])(?![A-Za-z0-9])", re.IGNORECASE)
_MAX_PARAMETERS = 10**14

# Start-up budgets in seconds by billions of parameters, from each size on. A model counts as the size that it is named
# after: "7B" models have 6.7 to 7.7 billion parameters, so a class begins 5 % early.
_STARTUP = ((Decimal(0), 300), (Decimal(7), 600), (Decimal(13), 1800), (Decimal(70), 3600))
_ROUNDED_NAMES = Decimal("0.95")
_STARTUP_NAMES = {
    300: "below 7B parameters",
    600: "from 7B parameters to 13B",
    1800: "from 13B parameters to 70B",
    3600: "from 70B parameters on",
}

# "Small models (below 1B): 4-8 GB" holds for anything smaller than these.
_LEAST_REQUEST_GIB = 4
_LEAST_LIMIT_GIB = 8
_LIMIT_FACTOR = Decimal("1.5")
_DEFAULT_CLAIM_GIB = 50
_CACHE_GIB = 10  # compiled kernels, tokenizers and a revision's small files beside the weights
_CLAIM_STEP_GIB = 10
_DEFAULT_MODEL_LEN = 2048


@dataclass(frozen=True, kw_only=True, slots=True)
class Figure:
    """One number of a sizing: what it is, its value as printed, and where it comes from."""

    name: str
    value: str
    source: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Sizing:
    """What a model needs, made by `size_model`.

    Attributes:
        parameters: the number of weights.
        dtype: the type that the weights have in GPU memory.
        weight_bytes: the weights in GPU memory, all GPUs together.
        minimum_bytes: the weights with the overhead, ``weight_bytes x 1.2``.
        weight_bytes_per_gpu: one tensor parallel rank's share of ``weight_bytes``, rounded up.
        kv_cache_bytes_per_token: what each token of each running sequence takes, all GPUs together; None where the
            shape of the model is not known.
        kv_cache_tokens: how many tokens fit into what is left of the GPUs; None as above.
        max_model_len: the longest sequence that was counted on.
        gpus: GPUs for one replica, which is also its tensor parallel size.
        memory_request: the pod's memory request as a Kubernetes quantity.
        memory_limit: the pod's memory limit as a Kubernetes quantity.
        max_startup_seconds: the start-up budget for the probes.
        claim_size: the size of the claim for the downloaded model, as a Kubernetes quantity.
        figures: every number above with its origin, in the order in which one follows from the other.
    """

    parameters: int
    dtype: str
    weight_bytes: int
    minimum_bytes: int
    weight_bytes_per_gpu: int
    kv_cache_bytes_per_token: int | None
    kv_cache_tokens: int | None
    max_model_len: int
    gpus: int
    memory_request: str
    memory_limit: str
    max_startup_seconds: int
    claim_size: str
    figures: tuple[Figure, ...] = field(repr=False)

    def warn_beyond(self, max_model_len: int | None) -> None:
        """Warn where vLLM is to serve longer sequences than the GPUs have room for."""
        if max_model_len is not None and self.kv_cache_tokens is not None and max_model_len > self.kv_cache_tokens:
            warn(
                f"max_model_len: {max_model_len} tokens do not fit into the room of {self.kv_cache_tokens} that the "
                f"sizing for {self.max_model_len} leaves; give size_model(max_model_len={max_model_len})"
            )

    def table(self) -> str:
        """The figures as lines of three aligned columns: name, value, source."""
        names = max(len(figure.name) for figure in self.figures)
        values = max(len(figure.value) for figure in self.figures)
        return "\n".join(f"{f.name:<{names}}  {f.value:>{values}}  {f.source}" for f in self.figures)


def size_model(
    model: str | int | os.PathLike[str],
    *,
    dtype: str = "auto",
    gpu_memory: str | int = "80GB",
    gpu_memory_utilization: float = 0.9,
    tensor_parallel_size: int | None = None,
    max_model_len: int | None = None,
    kv_cache_dtype: str = "auto",
) -> Sizing:
    """Size a model by the rule ``parameters x bytes per parameter x 1.2``.

    Args:
        model: a number of parameters (``"7B"``, ``"350M"``, ``7_000_000_000``), the name of a well-known model on
            the Hugging Face Hub, or a path to a ``config.json``, a safetensors index, or the folder that holds them.
        dtype: the type of the weights in GPU memory, as vLLM or people name it (``fp16``, ``bfloat16``, ``fp8``,
            ``awq``, ...). By default what the model's files say, as vLLM's ``--dtype auto`` does (float32 files are
            loaded in 16 bits), and 16 bits where nothing says it.
        gpu_memory: the memory of one GPU: ``"80GB"`` (also ``"80"`` or ``80``), or ``"80Gi"``.
        gpu_memory_utilization: the share of it that vLLM may use.
        tensor_parallel_size: the number of GPUs; by default the fewest that hold the model and one sequence.
        max_model_len: the longest sequence, which must fit into the KV cache for vLLM to start; by default 2048, or
            the model's own limit where that is smaller.
        kv_cache_dtype: the type of the KV cache, as vLLM's option of that name; by default the weights' own, or 16
            bits for weights of fewer.

    Raises:
        InvalidOptionError: an option is not understood, or the model is not known.
        ConflictError: the weights cannot fit into the GPUs, or the GPUs do not divide the attention heads.
    """
    facts, origin = _facts(model)
    weight_type, type_source = _weight_type(dtype, facts)
    parameters, parameter_source = _parameter_count(facts, weight_type, origin)
    width = BYTES[weight_type]
    weight_bytes, weight_source = _weights(facts, parameters, weight_type)
    minimum = _ceiling(weight_bytes * OVERHEAD)
    capacity = gpu_bytes(gpu_memory)
    usable = int(capacity * _share(gpu_memory_utilization))
    kv_width = _kv_width(kv_cache_dtype, width)
    length = _model_len(max_model_len, facts)
    need = Need(weights=weight_bytes, minimum=minimum, facts=facts, kv_width=kv_width, length=length)
    gpus, gpu_source = gpu_count(need, usable, capacity, tensor_parallel_size)
    per_token = None if facts.kv_values_per_token is None else facts.kv_values_per_token * kv_width
    per_gpu = per_rank(weight_bytes, gpus)
    room = max(0, usable - per_rank(minimum, gpus))
    rank_token = need.kv_bytes_per_rank(gpus, 1)
    tokens = room // rank_token if rank_token else None
    request = max(_LEAST_REQUEST_GIB, _ceiling(Decimal(minimum) / _GIB))
    limit = max(_LEAST_LIMIT_GIB, _ceiling(request * _LIMIT_FACTOR))
    budget = startup_seconds(parameters)
    stored = max(weight_bytes, facts.weight_bytes or 0, _stored_bytes(facts, parameters))
    claim = _claim_gib(stored)

    figures = [
        Figure(name="parameters", value=f"{parameters:,}", source=parameter_source),
        Figure(name="weight type", value=weight_type, source=type_source),
        Figure(name="bytes per parameter", value=str(width), source=f"{weight_type} weights"),
        Figure(name="weights", value=gigabytes(weight_bytes), source=weight_source),
        Figure(name="minimum memory", value=gigabytes(minimum), source=f"weights x {OVERHEAD} (overhead)"),
        Figure(name="GPUs", value=str(gpus), source=gpu_source),
        Figure(name="weights per GPU", value=gigabytes(per_gpu), source=f"weights / {gpus}, rounded up"),
    ]
    if per_token is not None and tokens is not None:
        room_source = f"what the minimum leaves of {gigabytes(usable)} per GPU / that GPU's part of each token"
        figures += [
            Figure(name="KV cache per token", value=f"{per_token:,} B", source=_kv_formula(facts, kv_width)),
            Figure(name="KV cache room", value=f"{tokens:,} tokens", source=room_source),
        ]
    small = f"small models need {_LEAST_REQUEST_GIB} to {_LEAST_LIMIT_GIB} GB"
    request_source = small if request == _LEAST_REQUEST_GIB else "minimum memory in whole GiB, rounded up"
    limit_source = small if limit == _LEAST_LIMIT_GIB else f"memory request x {_LIMIT_FACTOR}"
    claim_source = f"stored weights x {OVERHEAD} + {_CACHE_GIB} GiB of caches, in steps of {_CLAIM_STEP_GIB} GiB"
    if claim == _DEFAULT_CLAIM_GIB:
        claim_source = "the default claim holds it"
    figures += [
        Figure(name="memory request", value=f"{request}Gi", source=request_source),
        Figure(name="memory limit", value=f"{limit}Gi", source=limit_source),
        Figure(name="start-up budget", value=f"{budget} s", source=f"models {_STARTUP_NAMES[budget]}"),
        Figure(name="claim size", value=f"{claim}Gi", source=claim_source),
    ]
    return Sizing(
        parameters=parameters,
        dtype=weight_type,
        weight_bytes=weight_bytes,
        minimum_bytes=minimum,
        weight_bytes_per_gpu=per_gpu,
        kv_cache_bytes_per_token=per_token,
        kv_cache_tokens=tokens,
        max_model_len=length,
        gpus=gpus,
        memory_request=f"{request}Gi",
        memory_limit=f"{limit}Gi",
        max_startup_seconds=budget,
        claim_size=f"{claim}Gi",
        figures=tuple(figures),
    )


def startup_seconds(parameters: int) -> int:
    """The start-up budget by size: 300 s below 7B parameters, 600 below 13B, 1800 below 70B, and 3600 from there on."""
    checks.integer("parameters", parameters, minimum=1)
    return [seconds for least, seconds in _STARTUP if Decimal(parameters) >= least * _BILLION * _ROUNDED_NAMES][-1]


def _facts(model: str | int | os.PathLike[str]) -> tuple[ModelFacts, str]:
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


def _weight_type(dtype: str, facts: ModelFacts) -> tuple[str, str]:
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


def _parameter_count(facts: ModelFacts, weight_type: str, origin: str) -> tuple[int, str]:
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


def _weights(facts: ModelFacts, parameters: int, weight_type: str) -> tuple[int, str]:
    stored = None if facts.dtype is None else canonical(facts.dtype)
    if facts.weight_bytes is not None and (stored is None or stored == weight_type):
        return facts.weight_bytes, "the size of the safetensors files"
    return _ceiling(parameters * BYTES[weight_type]), "parameters x bytes per parameter"


def _stored_bytes(facts: ModelFacts, parameters: int) -> int:
    """The weights as they are downloaded: in their published type, whatever they are loaded as."""
    width = None if facts.dtype is None else BYTES.get(canonical(facts.dtype))
    return 0 if width is None or facts.weight_bytes is not None else _ceiling(parameters * width)


def _share(utilization: object) -> Decimal:
    if isinstance(utilization, bool) or not isinstance(utilization, (int, float)) or not 0 < utilization <= 1:
        raise InvalidOptionError(
            f"{utilization!r} is not a share; allowed: more than 0, at most 1", option="gpu_memory_utilization"
        )
    return Decimal(str(utilization))


def _kv_width(kv_cache_dtype: object, weight_width: Decimal) -> int:
    name = checks.text("kv_cache_dtype", kv_cache_dtype)
    if name not in _KV_DTYPES:
        raise InvalidOptionError(
            f"{name!r} is not a type of the KV cache{nearest(name, _KV_DTYPES)}; allowed: {', '.join(_KV_DTYPES)}",
            option="kv_cache_dtype",
        )
    return _KV_DTYPES[name] or max(2, int(weight_width))


def _model_len(max_model_len: int | None, facts: ModelFacts) -> int:
    limit = facts.max_position_embeddings
    if max_model_len is None:
        return min(_DEFAULT_MODEL_LEN, limit or _DEFAULT_MODEL_LEN)
    checks.integer("max_model_len", max_model_len, minimum=1)
    if limit is not None and max_model_len > limit:
        raise InvalidOptionError(
            f"{max_model_len} is more than the {limit} positions of {facts.id}", option="max_model_len"
        )
    return max_model_len


def _kv_formula(facts: ModelFacts, width: int) -> str:
    if facts.kv_latent_dim is not None:
        return f"{facts.layers} layers x {facts.kv_latent_dim} latent values x {width} bytes"
    return f"2 x {facts.layers} layers x {facts.kv_heads} KV heads x {facts.head_dim} values x {width} bytes"


def _claim_gib(stored: int) -> int:
    gib = _ceiling(Decimal(stored) * OVERHEAD / _GIB) + _CACHE_GIB
    return max(_DEFAULT_CLAIM_GIB, -(-gib // _CLAIM_STEP_GIB) * _CLAIM_STEP_GIB)


def _ceiling(number: Decimal) -> int:
    return int(number.to_integral_value(rounding=ROUND_CEILING))
