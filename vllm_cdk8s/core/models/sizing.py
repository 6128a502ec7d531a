"""How much memory, how many GPUs, how long a start-up and how big a claim a model needs.

    size_model("7B", dtype="fp16").table()              a number of parameters
    size_model("Qwen/Qwen3-8B", gpu_memory="24GB")      a well-known model
    size_model(Path("./my-model"))                      a config.json, a safetensors index, or their folder

`VllmServer(sizing=size_model(...))` applies what its user did not say otherwise. The rules are those of the Helm
chart that this package succeeds; every number of a `Sizing` says in `Sizing.figures` where it comes from.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct

from vllm_cdk8s.core.errors import ConflictError, warn
from vllm_cdk8s.core.keywords import named_keywords
from vllm_cdk8s.core.kube import checks
from vllm_cdk8s.core.models.accelerators import accelerator
from vllm_cdk8s.core.models.gpu_fit import GPUS_OF_A_NODE, Need, candidates, gigabytes, gpu_bytes, gpu_count, per_rank
from vllm_cdk8s.core.models.ledger import Ledger, ledger
from vllm_cdk8s.core.models.recommended import (
    CACHE_GIB,
    CLAIM_STEP_GIB,
    DEFAULT_CLAIM_GIB,
    GIB,
    LEAST_LIMIT_GIB,
    LEAST_REQUEST_GIB,
    LIMIT_FACTOR,
    OVERHEAD,
    ceiling,
    claim_size,
    host_memory,
    startup_budget,
)
from vllm_cdk8s.core.models.sizing_input import (
    PLAIN,
    as_dtype,
    facts_of_model,
    kv_formula,
    kv_width_of,
    loaded_as,
    model_len_of,
    parameter_count,
    share_of,
    stored_bytes,
    version_of,
    weight_type,
    weights_of,
)
from vllm_cdk8s.core.models.weight_types import BYTES, canonical

if TYPE_CHECKING:
    import os
    from collections.abc import Callable

    from vllm_cdk8s.core.models.shape import ModelFacts

_DEFAULT_GPU_MEMORY = "80GB"
_MOST_RANKS = 1024

_STARTUP_NAMES = {
    300: "below 7B parameters",
    600: "from 7B parameters to 13B",
    1800: "from 13B parameters to 70B",
    3600: "from 70B parameters on",
}


class Figure(Struct, frozen=True, kw_only=True):
    """One number of a sizing: what it is, its value as printed, and where it comes from."""

    name: str
    value: str
    source: str


class Sizing(Struct, frozen=True, kw_only=True):
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
    figures: tuple[Figure, ...]
    tensor_parallel_size: int = 1
    ledger: Ledger | None = None

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
        if max_model_len is None or self.kv_cache_tokens is None or max_model_len <= self.kv_cache_tokens:
            return
        advice = f"give size_model(max_model_len={max_model_len})"
        if max_model_len <= self.max_model_len:
            advice = "more GPUs, a shorter max_model_len or kv_cache_dtype='fp8' make room"
        warn(
            f"max_model_len: {max_model_len} tokens do not fit into the room of {self.kv_cache_tokens} that the "
            f"sizing for {self.max_model_len} leaves; {advice}"
        )

    def table(self) -> str:
        """The figures as lines of three aligned columns: name, value, source."""
        names = max(len(figure.name) for figure in self.figures)
        values = max(len(figure.value) for figure in self.figures)
        return "\n".join(f"{f.name:<{names}}  {f.value:>{values}}  {f.source}" for f in self.figures)


@named_keywords
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
    max_num_batched_tokens: int | None = None,
    max_num_seqs: int | None = None,
    enforce_eager: bool = False,
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
            neither is given.
        gpu_memory_utilization: the share of it that vLLM may use.
        tensor_parallel_size: the GPUs that share each layer; by default the fewest that hold the model and one
            sequence.
        pipeline_parallel_size: the groups of GPUs that divide the layers.
        data_parallel_size: the copies of the model, which divide the experts of a mixture among them.
        max_model_len: the longest sequence, which must fit into the KV cache for vLLM to start; by default 2048, or
            the model's own limit where that is smaller.
        kv_cache_dtype: the type of the KV cache, as vLLM's option of that name; by default the weights' own, or 16
            bits for weights of fewer.
        max_num_batched_tokens: the most tokens of one step, of which the first pass is made; by default what vLLM
            chooses for the GPU.
        max_num_seqs: the most sequences of one step, likewise.
        enforce_eager: whether CUDA graphs are off, which take memory of their own.
        vllm: vLLM's version, such as ``"0.16.0"``; by default the newest.

    Raises:
        InvalidOptionError: an option is not understood, or the model is not known.
        ConflictError: the weights or one sequence cannot fit into the GPUs, or the GPUs do not divide the attention
            heads.
    """
    facts, origin = facts_of_model(model)
    asked = as_dtype(dtype, quantization)
    kind, type_source = weight_type(asked, facts)
    parameters, parameter_source = parameter_count(facts, kind, origin)
    width = BYTES[kind]
    weight_bytes, weight_source = weights_of(facts, parameters, kind)
    minimum = ceiling(weight_bytes * OVERHEAD)
    if gpu is not None and gpu_memory is not None:
        raise ConflictError(f"{gpu_memory!r} is said beside gpu {gpu!r}, whose memory is known", option="gpu_memory")
    card = None if gpu is None else accelerator(gpu)
    capacity = (
        card.memory_bytes if card is not None else gpu_bytes(_DEFAULT_GPU_MEMORY if gpu_memory is None else gpu_memory)
    )
    share = share_of(gpu_memory_utilization)
    usable = int(capacity * share)
    kv_width = kv_width_of(kv_cache_dtype, width)
    length = model_len_of(max_model_len, facts)
    checks.integer("pipeline_parallel_size", pipeline_parallel_size, minimum=1, maximum=_MOST_RANKS)
    checks.integer("data_parallel_size", data_parallel_size, minimum=1, maximum=_MOST_RANKS)
    for name, most in (("max_num_batched_tokens", max_num_batched_tokens), ("max_num_seqs", max_num_seqs)):
        if most is not None:
            checks.integer(name, most, minimum=1)
    version = version_of(vllm)
    per_token = None if facts.kv_values_per_token is None else facts.kv_values_per_token * kv_width

    def kept(tensor: int) -> Ledger:
        return ledger(
            model=loaded_as(facts, asked, kind),
            accelerator=card,
            gpu_memory_bytes=capacity,
            version=version,
            engine={
                "tensor_parallel_size": tensor,
                "pipeline_parallel_size": pipeline_parallel_size,
                "data_parallel_size": data_parallel_size,
                "dtype": asked if canonical(asked) in PLAIN else "auto",
                "quantization": quantization,
                "kv_cache_dtype": kv_cache_dtype,
                "gpu_memory_utilization": gpu_memory_utilization,
                "max_model_len": length,
                "max_num_batched_tokens": max_num_batched_tokens,
                "max_num_seqs": max_num_seqs,
                "enforce_eager": enforce_eager,
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
        ranks = tensor * pipeline_parallel_size
        per_gpu_source = f"weights / {ranks}, and what every GPU holds whole"
        beside = gigabytes(found.beside_bytes_per_gpu or 0)
        room_source = f"what weights and {beside} for the first pass leave of {gigabytes(usable)} per GPU"
    gpus = tensor * pipeline_parallel_size * data_parallel_size
    request, limit = (number // GIB for number in host_memory(weight_bytes))
    budget = startup_seconds(parameters)
    stored = max(weight_bytes, facts.weight_bytes or 0, stored_bytes(facts, parameters))
    claim = claim_size(stored) // GIB

    figures = [
        Figure(name="parameters", value=f"{parameters:,}", source=parameter_source),
        Figure(name="weight type", value=kind, source=type_source),
        Figure(name="bytes per parameter", value=str(width), source=f"{kind} weights"),
        Figure(name="weights", value=gigabytes(weight_bytes), source=weight_source),
        Figure(name="minimum memory", value=gigabytes(minimum), source=f"weights x {OVERHEAD} (overhead)"),
        Figure(name="GPUs", value=str(gpus), source=gpu_source),
        Figure(name="weights per GPU", value=gigabytes(per_gpu), source=per_gpu_source),
    ]
    if per_token is not None and tokens is not None:
        figures += [
            Figure(name="KV cache per token", value=f"{per_token:,} B", source=kv_formula(facts, kv_width)),
            Figure(name="KV cache room", value=f"{tokens:,} tokens", source=room_source),
        ]
    small = f"small models need {LEAST_REQUEST_GIB} to {LEAST_LIMIT_GIB} GB"
    request_source = small if request == LEAST_REQUEST_GIB else "minimum memory in whole GiB, rounded up"
    limit_source = small if limit == LEAST_LIMIT_GIB else f"memory request x {LIMIT_FACTOR}"
    claim_source = f"stored weights x {OVERHEAD} + {CACHE_GIB} GiB of caches, in steps of {CLAIM_STEP_GIB} GiB"
    if claim == DEFAULT_CLAIM_GIB:
        claim_source = "the default claim holds it"
    figures += [
        Figure(name="memory request", value=f"{request}Gi", source=request_source),
        Figure(name="memory limit", value=f"{limit}Gi", source=limit_source),
        Figure(name="start-up budget", value=f"{budget} s", source=f"models {_STARTUP_NAMES[budget]}"),
        Figure(name="claim size", value=f"{claim}Gi", source=claim_source),
    ]
    return Sizing(
        parameters=parameters,
        dtype=kind,
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
    return startup_budget(checks.integer("parameters", parameters, minimum=1, maximum=checks.MAX_INT64))


def _fewest(
    facts: ModelFacts,
    kept: Callable[[int], Ledger],
    wanted: int | None,
    usable: int,
    capacity: int,
    length: int,
) -> tuple[int, Ledger, str]:
    """The tensor parallel size: as wanted where that can work, else the fewest that hold the model and one sequence."""
    numbers = candidates(facts, wanted)
    for number in numbers:
        found = kept(number)
        needs, tokens = found.lines[0].needs or 0, found.kv_cache_tokens
        if needs <= (found.budget_bytes_per_gpu or 0) and tokens != 0:
            if wanted is not None:
                return number, found, "as given"
            holds = "the model" if tokens is None else f"the model and {length:,} tokens"
            source = f"the fewest of {gigabytes(capacity)} whose usable {gigabytes(usable)} hold {holds}"
            return number, found, source + ("; more than the 8 of a usual node" if number > GPUS_OF_A_NODE else "")
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
