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
from dataclasses import dataclass, field, replace
from decimal import ROUND_CEILING, Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vllm_cdk8s.core.errors import ConflictError, InvalidOptionError, nearest, warn
from vllm_cdk8s.core.kube import checks
from vllm_cdk8s.core.models import weights
from vllm_cdk8s.core.models.accelerators import accelerator
from vllm_cdk8s.core.models.facts import ModelFacts, known_model, nearest_model
from vllm_cdk8s.core.models.files import is_there, local_model
from vllm_cdk8s.core.models.gpu_fit import Need, candidates, gigabytes, gpu_bytes, gpu_count, per_rank
from vllm_cdk8s.core.models.ledger import Ledger, claim_size, host_memory, ledger, startup_budget
from vllm_cdk8s.core.models.shape import StoredWeights
from vllm_cdk8s.core.models.weight_types import BYTES, canonical, type_name

if TYPE_CHECKING:
    from collections.abc import Callable

OVERHEAD = Decimal("1.2")
_GIB = 2**30
_DEFAULT_GPU_MEMORY = "80GB"

_KV_DTYPES = {"auto": None, "fp8": 1, "fp8_e4m3": 1, "fp8_e5m2": 1, "bfloat16": 2, "float16": 2}

_SUFFIXES = {"": 1, "K": 10**3, "M": 10**6, "B": 10**9, "T": 10**12}
_COUNT = re.compile(r"(?P<number>\d+(\.\d+)?|\.\d+)\s*(?P<unit>[KMBT]?)", re.IGNORECASE)
_SIZE_IN_NAME = re.compile(r"(?<![A-Za-z0-9.])(\d+(?:\.\d+)?[BM])(?![A-Za-z0-9])", re.IGNORECASE)
_VERSION = re.compile(r"v?(\d+)\.(\d+)(?:\.(\d+))?(?:[.-]?\w+)*(?:\+\S+)?")
_MAX_PARAMETERS = 10**14
_MOST_RANKS = 1024
_GPUS_OF_A_NODE = 8
_PLAIN = frozenset({"float32", "float16", "bfloat16"})

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
_CACHE_GIB = 10
_CLAIM_STEP_GIB = 10
_DEFAULT_CLAIM_GIB = 50
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
        gpus: GPUs for one replica: tensor x pipeline x data parallel size.
        tensor_parallel_size: the GPUs that share each layer.
        memory_request: the pod's memory request as a Kubernetes quantity.
        memory_limit: the pod's memory limit as a Kubernetes quantity.
        max_startup_seconds: the start-up budget for the probes.
        claim_size: the size of the claim for the downloaded model, as a Kubernetes quantity.
        figures: every number above with its origin, in the order in which one follows from the other.
        ledger: what the GPUs need and have, from which the figures of each GPU come where the model is known.
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
    tensor_parallel_size: int = 1
    ledger: Ledger | None = field(default=None, repr=False)

    @property
    def fits(self) -> bool | None:
        """Whether the GPUs hold it: True, False, or None where it is not known or too close to say."""
        return None if self.ledger is None else self.ledger.fits

    def as_data(self) -> dict[str, Any]:
        """The sizing as JSON's types: every figure in bytes, seconds or pieces, ``fits``, and the ledger's rows."""
        rows = [] if self.ledger is None else self.ledger.as_data()["lines"]
        return {
            "parameters": self.parameters,
            "dtype": self.dtype,
            "weight_bytes": self.weight_bytes,
            "minimum_bytes": self.minimum_bytes,
            "weight_bytes_per_gpu": self.weight_bytes_per_gpu,
            "kv_cache_bytes_per_token": self.kv_cache_bytes_per_token,
            "kv_cache_tokens": self.kv_cache_tokens,
            "full_length_sequences": None if self.ledger is None else self.ledger.full_length_sequences,
            "max_model_len": self.max_model_len,
            "gpus": self.gpus,
            "tensor_parallel_size": self.tensor_parallel_size,
            "memory_request": self.memory_request,
            "memory_limit": self.memory_limit,
            "max_startup_seconds": self.max_startup_seconds,
            "claim_size": self.claim_size,
            "fits": self.fits,
            "figures": [
                {"name": figure.name, "value": figure.value, "source": figure.source} for figure in self.figures
            ],
            "lines": rows,
        }

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
    quantization: str | None = None,
    gpu: str | None = None,
    gpu_memory: str | int | None = None,
    gpu_memory_utilization: float = 0.9,
    tensor_parallel_size: int | None = None,
    pipeline_parallel_size: int = 1,
    data_parallel_size: int = 1,
    max_model_len: int | None = None,
    kv_cache_dtype: str = "auto",
    vllm: str | tuple[int, ...] | None = None,
) -> Sizing:
    """Size a model: its memory, GPUs, start-up budget and claim.

    A number of parameters is sized by the rule ``parameters x bytes per parameter x 1.2``; of a model whose shape is
    known, each GPU's part is counted: weights, first pass, KV cache (see `ledger`).

    Args:
        model: a number of parameters (``"7B"``, ``"350M"``, ``7_000_000_000``), the name of a well-known model on
            the Hugging Face Hub, or a path to a ``config.json``, a safetensors index, or the folder that holds them.
        dtype: the type of the weights in GPU memory, as vLLM or people name it (``fp16``, ``bfloat16``, ``fp8``,
            ``awq``, ...). By default what the model's files say, as vLLM's ``--dtype auto`` does (float32 files are
            loaded in 16 bits), and 16 bits where nothing says it.
        quantization: vLLM's ``--quantization``; by default what the model's files say.
        gpu: the GPU by name, such as ``"H100"`` or ``"A100-40GB"`` (see `accelerator`), whose memory counts.
        gpu_memory: the memory of one GPU instead: ``"80GB"`` (also ``"80"`` or ``80``), or ``"80Gi"``; 80 GB where
            neither is said.
        gpu_memory_utilization: the share of it that vLLM may use.
        tensor_parallel_size: the GPUs that share each layer; by default the fewest that hold the model and one
            sequence.
        pipeline_parallel_size: the groups of GPUs that divide the layers.
        data_parallel_size: the copies of the model, which divide the experts of a mixture among them.
        max_model_len: the longest sequence, which must fit into the KV cache for vLLM to start; by default 2048, or
            the model's own limit where that is smaller.
        kv_cache_dtype: the type of the KV cache, as vLLM's option of that name; by default the weights' own, or 16
            bits for weights of fewer.
        vllm: vLLM's version, such as ``"0.16.0"``; by default the newest.

    Raises:
        InvalidOptionError: an option is not understood, or the model is not known.
        ConflictError: the weights or one sequence cannot fit into the GPUs, or the GPUs do not divide the attention
            heads.
    """
    facts, origin = _facts(model)
    asked = _as_dtype(dtype, quantization)
    weight_type, type_source = _weight_type(asked, facts)
    parameters, parameter_source = _parameter_count(facts, weight_type, origin)
    width = BYTES[weight_type]
    weight_bytes, weight_source = _weights(facts, parameters, weight_type)
    minimum = _ceiling(weight_bytes * OVERHEAD)
    if gpu is not None and gpu_memory is not None:
        raise ConflictError(f"{gpu_memory!r} is said beside gpu {gpu!r}, whose memory is known", option="gpu_memory")
    card = None if gpu is None else accelerator(gpu)
    capacity = (
        card.memory_bytes if card is not None else gpu_bytes(_DEFAULT_GPU_MEMORY if gpu_memory is None else gpu_memory)
    )
    share = _share(gpu_memory_utilization)
    usable = int(capacity * share)
    kv_width = _kv_width(kv_cache_dtype, width)
    length = _model_len(max_model_len, facts)
    checks.integer("pipeline_parallel_size", pipeline_parallel_size, minimum=1, maximum=_MOST_RANKS)
    checks.integer("data_parallel_size", data_parallel_size, minimum=1, maximum=_MOST_RANKS)
    version = _version(vllm)
    per_token = None if facts.kv_values_per_token is None else facts.kv_values_per_token * kv_width

    def kept(tensor: int) -> Ledger:
        return ledger(
            model=_loaded_as(facts, asked, weight_type),
            accelerator=card,
            gpu_memory_bytes=capacity,
            version=version,
            engine={
                "tensor_parallel_size": tensor,
                "pipeline_parallel_size": pipeline_parallel_size,
                "data_parallel_size": data_parallel_size,
                "dtype": asked if canonical(asked) in _PLAIN else "auto",
                "quantization": quantization,
                "kv_cache_dtype": kv_cache_dtype,
                "gpu_memory_utilization": gpu_memory_utilization,
                "max_model_len": length,
            },
        )

    found: Ledger | None = None
    if facts.counts is None or not facts.hidden_size:
        copies = pipeline_parallel_size
        need = Need(
            weights=per_rank(weight_bytes, copies), minimum=per_rank(minimum, copies), facts=facts, kv_width=kv_width,
            length=length,
        )  # fmt: skip
        tensor, gpu_source = gpu_count(need, usable, capacity, tensor_parallel_size)
        per_gpu = per_rank(weight_bytes, tensor * copies)
        room = max(0, usable - per_rank(minimum, tensor * copies))
        rank_token = need.kv_bytes_per_rank(tensor, 1)
        tokens = room // rank_token if rank_token else None
        if tokens == 0:
            raise _no_room(facts, tensor, tensor_parallel_size, length, usable, capacity)
        per_gpu_source = f"weights / {tensor * copies}, rounded up"
        room_source = f"what the minimum leaves of {gigabytes(usable)} per GPU / that GPU's part of each token"
    else:
        tensor, found, gpu_source = _fewest(facts, kept, tensor_parallel_size, usable, capacity, length)
        per_gpu, tokens = found.weight_bytes_per_gpu or 0, found.kv_cache_tokens
        per_gpu_source = "weights, rounded up" if tensor * pipeline_parallel_size == 1 else "that GPU's part of them"
        beside = gigabytes(found.beside_bytes_per_gpu or 0)
        room_source = f"what weights and {beside} for the first pass leave of {gigabytes(usable)} per GPU"
    gpus = tensor * pipeline_parallel_size * data_parallel_size
    request, limit = (number // _GIB for number in host_memory(weight_bytes))
    budget = startup_seconds(parameters)
    stored = max(weight_bytes, facts.weight_bytes or 0, _stored_bytes(facts, parameters))
    claim = claim_size(stored) // _GIB

    figures = [
        Figure(name="parameters", value=f"{parameters:,}", source=parameter_source),
        Figure(name="weight type", value=weight_type, source=type_source),
        Figure(name="bytes per parameter", value=str(width), source=f"{weight_type} weights"),
        Figure(name="weights", value=gigabytes(weight_bytes), source=weight_source),
        Figure(name="minimum memory", value=gigabytes(minimum), source=f"weights x {OVERHEAD} (overhead)"),
        Figure(name="GPUs", value=str(gpus), source=gpu_source),
        Figure(name="weights per GPU", value=gigabytes(per_gpu), source=per_gpu_source),
    ]
    if per_token is not None and tokens is not None:
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
        tensor_parallel_size=tensor,
        ledger=found,
    )


def startup_seconds(parameters: int) -> int:
    """The start-up budget by size: 300 s below 7B parameters, 600 below 13B, 1800 below 70B, and 3600 from there on."""
    return startup_budget(checks.integer("parameters", parameters, minimum=1))


def _fewest(
    facts: ModelFacts,
    kept: Callable[[int], Ledger],
    wanted: int | None,
    usable: int,
    capacity: int,
    length: int,
) -> tuple[int, Ledger, str]:
    """The tensor parallel size: as wanted where that can work, else the fewest that hold the model and one sequence."""
    numbers = candidates(facts.attention_heads, wanted, facts.id)
    for number in numbers:
        found = kept(number)
        needs, tokens = found.lines[0].needs or 0, found.kv_cache_tokens
        if needs <= (found.budget_bytes_per_gpu or 0) and tokens != 0:
            if wanted is not None:
                return number, found, "as given"
            holds = "the model" if tokens is None else f"the model and {length:,} tokens"
            source = f"the fewest of {gigabytes(capacity)} whose usable {gigabytes(usable)} hold {holds}"
            return number, found, source + ("; more than the 8 of a usual node" if number > _GPUS_OF_A_NODE else "")
        if wanted is not None:
            if found.lines[0].verdict != "too_little" and tokens != 0:
                return number, found, "as given"
            raise _no_room(facts, number, wanted, length, usable, capacity, found)
    raise ConflictError(
        f"{gigabytes(capacity)} is too little: {facts.id} does not fit into {max(numbers)} such GPUs, the most that "
        "can share it",
        option="gpu_memory",
    )


def _no_room(
    facts: ModelFacts,
    tensor: int,
    wanted: int | None,
    length: int,
    usable: int,
    capacity: int,
    found: Ledger | None = None,
) -> ConflictError:
    held = "" if found is None else f"{gigabytes(found.weight_bytes_per_gpu or 0)} of weights and "
    return ConflictError(
        f"{tensor} leaves no room for one sequence of {length:,} tokens beside {held}the first pass of {facts.id} on "
        f"each GPU, which can use {gigabytes(usable)} of its {gigabytes(capacity)}",
        option="tensor_parallel_size" if wanted is not None else "gpu_memory",
    )


def _as_dtype(dtype: str, quantization: str | None) -> str:
    """The type of the weights: as asked, or as vLLM's own quantization makes it while it loads."""
    if quantization is None:
        return dtype
    name = checks.text("quantization", quantization).strip().lower()
    if checks.text("dtype", dtype).strip().lower() == "auto" and name in weights.ONLINE:
        return weights.ONLINE[name]
    return dtype


def _loaded_as(facts: ModelFacts, asked: str, weight_type: str) -> ModelFacts:
    """The model with its matrices in the type that was asked for."""
    if canonical(asked) in {"auto", *_PLAIN} or facts.stored.method is not None:
        return facts
    made = weight_type if weight_type not in _PLAIN else None
    return replace(facts, stored=StoredWeights(method="asked", linear=made, expert=made))


def _version(vllm: object) -> tuple[int, ...] | None:
    if vllm is None:
        return None
    if isinstance(vllm, tuple):
        return tuple(checks.integer("vllm", part, minimum=0) for part in vllm)
    match = _VERSION.fullmatch(checks.text("vllm", vllm).strip())
    if match is None:
        raise InvalidOptionError(f"{vllm!r} is not a version of vLLM; allowed: such as '0.16.0'", option="vllm")
    return tuple(int(part) for part in match.groups() if part is not None)


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
    if facts.stored.method is not None and stored == weight_type and (held := weights.stored(facts)) is not None:
        return held, f"{weight_type} where the files are quantized, 16 bits elsewhere"
    return _ceiling(parameters * BYTES[weight_type]), "parameters x bytes per parameter"


def _stored_bytes(facts: ModelFacts, parameters: int) -> int:
    """The weights as they are downloaded: in their published type, whatever they are loaded as."""
    if facts.counts is not None:
        return weights.stored(facts) or 0
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


def _ceiling(number: Decimal) -> int:
    return int(number.to_integral_value(rounding=ROUND_CEILING))
