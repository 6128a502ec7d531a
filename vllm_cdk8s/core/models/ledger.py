"""The ledger of a server: what it needs of each resource, what it has, and whether that can work.

One pure function, `ledger`, makes it from whatever is known: the model's facts, the accelerator, vLLM's settings, the
pod's resources, the claim, the start-up budget. Each figure says where it comes from; what is not known stays unknown.
`too_little` is said only where it cannot work; `tight` is within the margin of error of what is estimated.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from typing import TYPE_CHECKING, Any, Literal

from vllm_cdk8s.core.models import kv_cache, overhead, weights
from vllm_cdk8s.core.models.kv_cache import KvLayout, KvSettings, Version
from vllm_cdk8s.core.models.weight_types import canonical

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vllm_cdk8s.core.models.accelerators import Accelerator
    from vllm_cdk8s.core.models.shape import ModelFacts

Resource = Literal["gpu_memory", "host_memory", "disk", "time", "gpus", "format"]
Verdict = Literal["fits", "tight", "too_little", "unknown"]

GIB = 2**30
VISIBLE_DEVICES = ("CUDA_VISIBLE_DEVICES", "NVIDIA_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES")
# What vLLM's own log and its errors print for a budget (vllm/config/cache.py): 0.9 through 0.19, 0.92 from 0.20.
_UTILIZATION_092: Version = (0, 20)
_DEFAULT_MODEL_LEN = 2048
# CUDA's context and the driver's own, which lie outside of the budget.
_CONTEXT = int(0.5 * GIB)
# The least that vLLM takes beside weights and KV cache in any log, and the margin of the estimate.
_LEAST_BESIDE = int(0.2 * GIB)
_MARGIN = int(1.0 * GIB)
_MARGIN_SEVERAL = int(2.0 * GIB)
_WEIGHTS_MARGIN = Decimal("0.02")
# The server's process and one per GPU with PyTorch and CUDA loaded; measured at rest.
_SERVER_PROCESS = int(1.5 * GIB)
_GPU_PROCESS = int(2.5 * GIB)
_LEAST_PROCESSES = 1 * GIB
# A public report of what --cpu-offload-gb takes: https://github.com/vllm-project/vllm/issues/53042
_CPU_OFFLOAD_FACTOR = Decimal("1.9")
_OVERHEAD = Decimal("1.2")
_CACHE_GIB = 10  # compiled kernels, tokenizers and a revision's small files beside the weights
_CLAIM_STEP_GIB = 10
_DEFAULT_CLAIM_GIB = 50
_LEAST_REQUEST_GIB = 4
_LEAST_LIMIT_GIB = 8
_LIMIT_FACTOR = Decimal("1.5")
_BILLION = 10**9
# Start-up budgets in seconds by billions of parameters, from each size on. A model counts as the size that it is named
# after: "7B" models have 6.7 to 7.7 billion parameters, so a class begins 5 % early.
_STARTUP = ((Decimal(0), 300), (Decimal(7), 600), (Decimal(13), 1800), (Decimal(70), 3600))
_ROUNDED_NAMES = Decimal("0.95")
DOWNLOAD_BYTES_PER_SECOND = 200_000_000  # assumed where nobody says one
_LOAD_BYTES_PER_SECOND = 1_000_000_000
_COMPILE_SECONDS = 60
_EAGER_SECONDS = 20


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One row: a resource, what is counted of it, the need, what there is, and the verdict.

    Attributes:
        resource: ``gpu_memory``, ``host_memory``, ``disk``, ``time``, ``gpus`` or ``format``.
        what: what the two numbers are, in a few words.
        needs: the need in bytes, seconds or pieces; None where it is not known.
        has: what there is, in the same unit; None where it is not known.
        unit: ``bytes``, ``seconds``, ``GPUs`` or the empty string.
        verdict: ``fits``, ``tight``, ``too_little`` or ``unknown``.
        source: how the numbers came about.
        option: the setting to change first, as vLLM or this package names it; None where no single one is.
    """

    resource: Resource
    what: str
    needs: int | None
    has: int | None
    unit: str
    verdict: Verdict
    source: str
    option: str | None = None

    def text(self) -> str:
        """The row as a sentence."""
        return f"{self.what}: needs {shown(self.needs, self.unit)}, has {shown(self.has, self.unit)} ({self.source})"


@dataclass(frozen=True, kw_only=True, slots=True)
class Ledger:
    """What a server needs and has, made by `ledger`.

    Attributes:
        lines: the rows, in the order GPU memory, GPUs, formats, host memory, disk, time.
        weight_bytes_per_gpu: the weights on the GPU that holds most.
        beside_bytes_per_gpu: activations, graphs and buffers, estimated.
        budget_bytes_per_gpu: what vLLM may use of each GPU.
        kv_bytes_available: what is left of it for the KV cache.
        kv_bytes_per_token: what a token of a sequence of the full length takes on each GPU.
        kv_bytes_per_sequence: what one sequence of the full length takes on each GPU.
        kv_cache_tokens: the tokens that fit, counted as vLLM's log counts them for this version.
        full_length_sequences: the sequences of the full length that fit.
        max_model_len: the full length.
        claim_bytes: the size of a claim that holds the model and the caches.
        startup_seconds: the start-up budget to give.
        memory_request_bytes: the memory request to give.
        memory_limit_bytes: the memory limit to give.
    """

    lines: tuple[Line, ...]
    weight_bytes_per_gpu: int | None = None
    beside_bytes_per_gpu: int | None = None
    budget_bytes_per_gpu: int | None = None
    kv_bytes_available: int | None = None
    kv_bytes_per_token: int | None = None
    kv_bytes_per_sequence: int | None = None
    kv_cache_tokens: int | None = None
    full_length_sequences: float | None = None
    max_model_len: int | None = None
    claim_bytes: int | None = None
    startup_seconds: int | None = None
    memory_request_bytes: int | None = None
    memory_limit_bytes: int | None = None

    @property
    def errors(self) -> tuple[Line, ...]:
        """The rows that cannot work."""
        return tuple(line for line in self.lines if line.verdict == "too_little")

    @property
    def warnings(self) -> tuple[Line, ...]:
        """The rows within the margin of error."""
        return tuple(line for line in self.lines if line.verdict == "tight")

    @property
    def fits(self) -> bool | None:
        """Whether the GPUs hold the model: True, False, or None where it is not known or too close to say."""
        verdicts = {line.verdict for line in self.lines if line.resource in {"gpu_memory", "gpus", "format"}}
        if "too_little" in verdicts:
            return False
        return None if verdicts & {"tight", "unknown"} or not verdicts else True

    def as_data(self) -> dict[str, Any]:
        """The ledger as JSON's types."""
        figures = {
            name: getattr(self, name)
            for name in (
                "weight_bytes_per_gpu",
                "beside_bytes_per_gpu",
                "budget_bytes_per_gpu",
                "kv_bytes_available",
                "kv_bytes_per_token",
                "kv_bytes_per_sequence",
                "kv_cache_tokens",
                "full_length_sequences",
                "max_model_len",
                "claim_bytes",
                "startup_seconds",
                "memory_request_bytes",
                "memory_limit_bytes",
            )
        }
        rows = [
            {
                name: getattr(line, name)
                for name in ("resource", "what", "needs", "has", "unit", "verdict", "source", "option")
            }
            for line in self.lines
        ]
        return {**figures, "fits": self.fits, "lines": rows}


@dataclass(frozen=True, kw_only=True, slots=True)
class Engine:
    """vLLM's settings that the ledger reads, with vLLM's defaults where they are not said. See `engine_of`."""

    tensor: int = 1
    pipeline: int = 1
    data: int = 1
    expert_parallel: bool = False
    dtype: str = "auto"
    quantization: str | None = None
    kv_cache_dtype: str = "auto"
    block_size: int | None = None
    max_model_len: int | None = None
    batched_tokens: int | None = None
    sequences: int | None = None
    utilization: Decimal | None = None
    kv_cache_bytes: int | None = None
    cpu_offload_bytes: int = 0
    kv_offload_bytes: int = 0
    swap_bytes: int = 0
    eager: bool = False
    speculative: Mapping[str, Any] | None = None
    load_format: str = "auto"
    text_only: bool = False
    hybrid: bool = True
    kv_transfer: bool = False
    prefix_caching: bool | None = None


def ledger(
    *,
    model: ModelFacts | None,
    accelerator: Accelerator | None = None,
    engine: Mapping[str, Any] | None = None,
    version: Version | None = None,
    gpus: int | None = None,
    nodes: int = 1,
    drafts: Sequence[ModelFacts | None] = (),
    memory_limit: int | None = None,
    memory_request: int | None = None,
    shm_bytes: int | None = None,
    claim_bytes: int | None = None,
    startup_seconds: int | None = None,
    downloaded_before: bool = False,
    download_bytes_per_second: int = DOWNLOAD_BYTES_PER_SECOND,
    env: Mapping[str, str] | None = None,
    gpu_memory_bytes: int | None = None,
) -> Ledger:
    """What a server needs and has.

    Args:
        model: the facts on the model; None where it is not known.
        accelerator: the kind of GPU; None where nobody said one.
        engine: vLLM's options by their snake_case names, as they are given to it.
        version: vLLM's version; None for the newest.
        gpus: the GPUs of one pod; None where nobody said.
        nodes: the pods that share one model.
        drafts: the facts on the models of ``speculative_config``.
        memory_limit: the pod's memory limit in bytes.
        memory_request: the pod's memory request in bytes, which counts where there is no limit.
        shm_bytes: what /dev/shm may take of the pod's memory, where it is a volume in memory.
        claim_bytes: the size of the volume that the model is downloaded to; None where it is not known or unlimited.
        startup_seconds: the start-up budget of the probes.
        downloaded_before: whether something else downloads the model before vLLM starts.
        download_bytes_per_second: the rate to count on.
        env: the container's environment; of it the variables that hide GPUs are read.
        gpu_memory_bytes: the memory of one GPU where no accelerator says it.
    """
    settings = engine_of(engine or {})
    memory = accelerator.memory_bytes if accelerator is not None else gpu_memory_bytes
    gpu = _gpu_memory(model, accelerator, memory, settings, version, drafts)
    stored = None if model is None else weights.stored(model)
    draft_bytes = sum(found for draft in drafts if draft is not None and (found := weights.stored(draft)))
    lines = [
        *gpu.lines,
        *_gpus(settings, gpus, nodes, env or {}),
        *_formats(accelerator, settings),
        *_host_memory(settings, gpus, memory_limit if memory_limit is not None else memory_request, shm_bytes),
        *_disk(stored, draft_bytes, claim_bytes),
        *_time(stored, settings, startup_seconds, downloaded_before, download_bytes_per_second),
    ]
    request = limit = startup = None
    if model is not None and (loaded := weights.total(model, _weight_settings(settings))) is not None:
        request, limit = host_memory(loaded)
        startup = None if model.parameters is None else startup_budget(model.parameters)
    return Ledger(
        lines=tuple(lines),
        weight_bytes_per_gpu=gpu.weights,
        beside_bytes_per_gpu=gpu.beside,
        budget_bytes_per_gpu=gpu.budget,
        kv_bytes_available=gpu.available,
        kv_bytes_per_token=gpu.per_token,
        kv_bytes_per_sequence=None if gpu.layout is None else gpu.layout.sequence_bytes,
        kv_cache_tokens=gpu.tokens,
        full_length_sequences=gpu.sequences,
        max_model_len=gpu.model_len,
        claim_bytes=None if stored is None else claim_size(stored + draft_bytes),
        startup_seconds=startup,
        memory_request_bytes=request,
        memory_limit_bytes=limit,
    )


def engine_of(options: Mapping[str, Any]) -> Engine:
    """The options of vLLM as the ledger reads them; what cannot be read counts as not said, since others check it."""
    speculative = options.get("speculative_config")
    images = options.get("limit_mm_per_prompt")
    none_allowed = isinstance(images, Mapping) and bool(images) and all(_whole(value) == 0 for value in images.values())
    offload_gib = _number(options.get("cpu_offload_gb")) or Decimal(0)
    kv_gib = _number(options.get("kv_offloading_size")) or Decimal(0)
    swap_gib = _number(options.get("swap_space")) or Decimal(0)
    model_len = _whole(options.get("max_model_len"))
    hybrid = options.get("disable_hybrid_kv_cache_manager")
    return Engine(
        tensor=_positive(options.get("tensor_parallel_size")),
        pipeline=_positive(options.get("pipeline_parallel_size")),
        data=_positive(options.get("data_parallel_size")),
        expert_parallel=bool(options.get("enable_expert_parallel")),
        dtype=str(options.get("dtype") or "auto"),
        quantization=str(options["quantization"]).lower() if options.get("quantization") else None,
        kv_cache_dtype=str(options.get("kv_cache_dtype") or "auto"),
        block_size=_whole(options.get("block_size")),
        max_model_len=model_len if model_len is not None and model_len > 0 else None,
        batched_tokens=_whole(options.get("max_num_batched_tokens")),
        sequences=_whole(options.get("max_num_seqs")),
        utilization=_number(options.get("gpu_memory_utilization")),
        kv_cache_bytes=_whole(options.get("kv_cache_memory_bytes")),
        cpu_offload_bytes=int(offload_gib * GIB),
        kv_offload_bytes=int(kv_gib * GIB),
        swap_bytes=int(swap_gib * GIB),
        eager=bool(options.get("enforce_eager")),
        speculative=speculative if isinstance(speculative, Mapping) else None,
        load_format=str(options.get("load_format") or "auto"),
        text_only=none_allowed or bool(options.get("language_model_only")),
        hybrid=not hybrid,
        kv_transfer=options.get("kv_transfer_config") is not None and hybrid is not False,
        prefix_caching=_flag(options.get("enable_prefix_caching")),
    )


# What to give.


def claim_size(stored: int) -> int:
    """The size of a claim for published weights of this many bytes, with caches, in steps of 10 GiB, 50 at least."""
    gib = _ceiling(Decimal(stored) * _OVERHEAD / GIB) + _CACHE_GIB
    return max(_DEFAULT_CLAIM_GIB, -(-gib // _CLAIM_STEP_GIB) * _CLAIM_STEP_GIB) * GIB


def host_memory(loaded: int) -> tuple[int, int]:
    """The memory request and limit for weights of this many bytes, by the Helm chart's rule, in whole GiB."""
    request = max(_LEAST_REQUEST_GIB, _ceiling(Decimal(_ceiling(loaded * _OVERHEAD)) / GIB))
    return request * GIB, max(_LEAST_LIMIT_GIB, _ceiling(request * _LIMIT_FACTOR)) * GIB


def startup_budget(parameters: int) -> int:
    """The start-up budget by size: 300 s below 7B parameters, 600 below 13B, 1800 below 70B, and 3600 from there on."""
    return [seconds for least, seconds in _STARTUP if Decimal(parameters) >= least * _BILLION * _ROUNDED_NAMES][-1]


# The memory of the GPUs.


@dataclass(frozen=True, kw_only=True, slots=True)
class _Gpu:
    """The memory of one GPU, and what follows from it."""

    lines: tuple[Line, ...] = ()
    weights: int | None = None
    beside: int | None = None
    budget: int | None = None
    available: int | None = None
    layout: KvLayout | None = None
    model_len: int | None = None

    @property
    def per_token(self) -> int | None:
        if self.layout is None or not self.model_len:
            return None
        return -(-self.layout.sequence_bytes // self.model_len)

    @property
    def tokens(self) -> int | None:
        if self.layout is None or self.available is None:
            return None
        return self.layout.tokens(max(0, self.available))

    @property
    def sequences(self) -> float | None:
        if self.layout is None or self.available is None:
            return None
        return round(self.layout.sequences(max(0, self.available)), 2)


def _gpu_memory(
    model: ModelFacts | None,
    accelerator: Accelerator | None,
    memory: int | None,
    settings: Engine,
    version: Version | None,
    drafts: Sequence[ModelFacts | None],
) -> _Gpu:
    if model is None:
        return _Gpu(lines=(_unknown("gpu_memory", "memory of each GPU", "the model is not known"),))
    held = weights.per_gpu(model, _weight_settings(settings))
    model_len = settings.max_model_len or model.max_position_embeddings
    batch_tokens, sequences = overhead.batch_defaults(
        memory, None if accelerator is None else accelerator.capability, version
    )
    sequences = settings.sequences or sequences
    tokens = settings.batched_tokens or min(batch_tokens, sequences * (model_len or batch_tokens))
    layout = None if model_len is None else kv_layout(model, settings, version, model_len, tokens)
    if held is None:
        line = _unknown("gpu_memory", "memory of each GPU", f"the weights of {model.id} are not known")
        return _Gpu(lines=(line,), layout=layout, model_len=model_len)
    held += sum(
        found
        for draft in drafts
        if draft is not None and (found := weights.per_gpu(draft, _weight_settings(settings))) is not None
    )
    if settings.speculative is not None and str(settings.speculative.get("method", "")).endswith("mtp"):
        held += weights.drafted(model, _weight_settings(settings))
    # Offloaded weights are not on the GPU.
    held = max(0, held - settings.cpu_offload_bytes)
    several = settings.tensor * settings.pipeline * settings.data > 1
    first_pass = overhead.PassSettings(
        tokens=tokens,
        sequences=sequences,
        tensor=settings.tensor,
        pipeline=settings.pipeline,
        data=settings.data,
        eager=settings.eager,
        text_only=settings.text_only,
        memory=memory,
        version=version,
    )
    beside = overhead.beside(model, first_pass)
    if memory is None:
        line = _unknown("gpu_memory", "memory of each GPU", "nobody said which GPU it is")
        return _Gpu(lines=(line,), weights=held, beside=beside, layout=layout, model_len=model_len)
    share = settings.utilization or Decimal("0.92" if version is None or version >= _UTILIZATION_092 else "0.9")
    budget = int(memory * share)
    sequence = 0 if layout is None else layout.sequence_bytes
    if settings.kv_cache_bytes is not None:
        # vLLM takes the cache as it is told, and everything else on top of it.
        available = settings.kv_cache_bytes
        needs, has = held + beside + available, memory - _CONTEXT
        least = held + _LEAST_BESIDE + available
        too_little = least > memory or (sequence > available)
        source = "weights + first pass + kv_cache_memory_bytes; the GPU's memory less CUDA's context"
        option = "kv_cache_memory_bytes"
    else:
        available = budget - held - beside
        needs, has = held + beside + sequence, budget
        least = int(held * (1 - _WEIGHTS_MARGIN)) + _LEAST_BESIDE + sequence
        too_little = least > budget
        source = f"weights + first pass + one sequence of {model_len:,} tokens" if layout else "weights + first pass"
        source += f"; {share} of {shown(memory, 'bytes')}"
        option = "gpu_memory_utilization"
    margin = (_MARGIN_SEVERAL if several else _MARGIN) + int(held * _WEIGHTS_MARGIN)
    outside = _CONTEXT
    if not first_pass.since(overhead.GRAPHS_IN_BUDGET):
        outside += overhead.graphs(model, first_pass)
    crowded = settings.kv_cache_bytes is None and memory - budget < outside
    verdict: Verdict = "too_little" if too_little else "tight" if needs + margin > has or crowded else "fits"
    if verdict == "fits" and (layout is None and model.family not in NO_CACHE):
        verdict = "unknown"
        source += "; what its layers keep of a sequence is not known"
    if crowded and verdict == "tight" and needs + margin <= has:
        source += f"; {shown(memory - budget, 'bytes')} outside of it are left for CUDA's context and graphs"
    line = Line(
        resource="gpu_memory",
        what="memory of each GPU",
        needs=needs,
        has=has,
        unit="bytes",
        verdict=verdict,
        source=source,
        option=option,
    )
    return _Gpu(
        lines=(line,),
        weights=held,
        beside=beside,
        budget=budget,
        available=available,
        layout=layout,
        model_len=model_len,
    )


NO_CACHE = frozenset({"bert", "roberta", "xlm-roberta", "modernbert"})


def kv_layout(
    model: ModelFacts, settings: Engine, version: Version | None, model_len: int, batched_tokens: int
) -> KvLayout | None:
    """The layout of the KV cache on one GPU; None where the model keeps none, or in a way that is not known."""
    if model.family in NO_CACHE:
        return None
    sparse = any(cache.index_bytes for cache in model.caches)
    dtype = settings.kv_cache_dtype
    if sparse and dtype == "auto":
        dtype = "fp8"
    return kv_cache.layout(
        model.caches,
        KvSettings(
            tensor=settings.tensor,
            pipeline=settings.pipeline,
            value_bytes=kv_cache.value_bytes(dtype, weights.plain_bytes(settings.dtype)),
            model_len=model_len,
            batched_tokens=batched_tokens,
            block=settings.block_size,
            hybrid=settings.hybrid and not settings.kv_transfer,
            prefix_caching=settings.prefix_caching,
            sparse_fp8=sparse and dtype.startswith("fp8"),
            version=version,
        ),
    )


def _weight_settings(settings: Engine) -> weights.WeightSettings:
    return weights.WeightSettings(
        dtype=settings.dtype,
        quantization=settings.quantization,
        tensor=settings.tensor,
        pipeline=settings.pipeline,
        data=settings.data,
        text_only=settings.text_only,
    )


# The number of GPUs.


def _gpus(settings: Engine, gpus: int | None, nodes: int, env: Mapping[str, str]) -> list[Line]:
    needs = settings.tensor * settings.pipeline * settings.data
    lines = []
    if gpus is not None:
        has = gpus * nodes
        verdict: Verdict = "too_little" if needs > has else "tight" if needs < has else "fits"
        lines.append(
            Line(
                resource="gpus",
                what="GPUs",
                needs=needs,
                has=has,
                unit="GPUs",
                verdict=verdict,
                source="tensor x pipeline x data parallel size; the GPUs of all its pods",
                option="tensor_parallel_size",
            )
        )
    per_pod = -(-needs // nodes)
    for name in VISIBLE_DEVICES:
        visible = visible_devices(env.get(name))
        if visible is not None and visible < per_pod:
            lines.append(
                Line(
                    resource="gpus",
                    what=f"GPUs that {name} leaves visible",
                    needs=per_pod,
                    has=visible,
                    unit="GPUs",
                    verdict="too_little",
                    source=f"{name}={env[name]}",
                    option=name,
                )
            )
    return lines


def visible_devices(value: str | None) -> int | None:
    """How many GPUs a variable such as ``CUDA_VISIBLE_DEVICES`` leaves visible; None for all, or where nobody can say.

    CUDA ends the list at the first entry that is no device (``-1``).
    """
    if value is None:
        return None
    text = value.strip()
    if text.lower() == "all" or "$(" in text:
        return None
    if text.lower() in {"", "none", "void", "nodevfiles"}:
        return 0
    count = 0
    for entry in text.split(","):
        name = entry.strip()
        if name.startswith("-") or not name:
            break
        count += 1
    return count


# Number formats.


def _formats(accelerator: Accelerator | None, settings: Engine) -> list[Line]:
    if accelerator is None or accelerator.bfloat16 or canonical(settings.dtype) != "bfloat16":
        return []
    source = f"{accelerator.name} (compute capability {accelerator.capability}) does not compute in bfloat16"
    return [
        Line(
            resource="format",
            what="bfloat16",
            needs=None,
            has=None,
            unit="",
            verdict="too_little",
            source=source,
            option="dtype",
        )
    ]


# The memory of the pod.


def _host_memory(settings: Engine, gpus: int | None, limit: int | None, shm: int | None) -> list[Line]:
    here = max(1, gpus or settings.tensor * settings.pipeline * settings.data)
    processes = _SERVER_PROCESS + here * _GPU_PROCESS
    offload = settings.cpu_offload_bytes * here
    other = settings.kv_offload_bytes + settings.swap_bytes * here
    needs = processes + int(offload * _CPU_OFFLOAD_FACTOR) + other
    least = _LEAST_PROCESSES + offload + other
    parts = [f"{here + 1} processes"]
    if offload:
        parts.append(f"cpu_offload_gb x {_CPU_OFFLOAD_FACTOR} per GPU")
    if settings.kv_offload_bytes:
        parts.append("kv_offloading_size")
    if settings.swap_bytes:
        parts.append("swap_space per GPU")
    option = next(
        (
            name
            for name, value in (
                ("kv_offloading_size", settings.kv_offload_bytes),
                ("cpu_offload_gb", settings.cpu_offload_bytes),
                ("swap_space", settings.swap_bytes),
            )
            if value
        ),
        "memory",
    )
    if limit is None:
        verdict: Verdict = "unknown"
        if not (offload or other):
            return []
    else:
        verdict = "too_little" if least > limit else "tight" if needs > limit else "fits"
    source = " + ".join(parts) + "; the pod's memory"
    if shm is not None and limit is not None and shm > limit:
        verdict = "tight" if verdict == "fits" else verdict
        source += f", of which /dev/shm may take {shown(shm, 'bytes')}"
    return [
        Line(
            resource="host_memory",
            what="memory of the pod",
            needs=needs,
            has=limit,
            unit="bytes",
            verdict=verdict,
            source=source,
            option=option,
        )
    ]


# Disk and time.


def _disk(stored: int | None, drafts: int, claim: int | None) -> list[Line]:
    if claim is None:
        return []
    if stored is None:
        return [_unknown("disk", "volume of the model", "the size of the model's files is not known")]
    needs = stored + drafts
    verdict: Verdict = "fits"
    if int(needs * (1 - _WEIGHTS_MARGIN)) > claim:
        verdict = "too_little"
    elif _ceiling(needs * Decimal("1.02")) + 2 * GIB > claim:
        verdict = "tight"
    return [
        Line(
            resource="disk",
            what="volume of the model",
            needs=needs,
            has=claim,
            unit="bytes",
            verdict=verdict,
            source="the published weights; compiled kernels and small files come on top",
            option="size",
        )
    ]


def _time(stored: int | None, settings: Engine, budget: int | None, downloaded: bool, rate: int) -> list[Line]:
    if budget is None:
        return []
    if stored is None:
        return [_unknown("time", "time to serve", "the size of the model's files is not known")]
    download = 0 if downloaded else stored // max(1, rate)
    load = stored // _LOAD_BYTES_PER_SECOND
    needs = download + load + (_EAGER_SECONDS if settings.eager else _COMPILE_SECONDS)
    source = f"download at {rate // 1_000_000} MB/s, load, compile" if download else "load, compile"
    return [
        Line(
            resource="time",
            what="time to serve",
            needs=needs,
            has=budget,
            unit="seconds",
            # A rate is an assumption: never an error.
            verdict="tight" if needs > budget else "fits",
            source=f"{source}; the start-up budget",
            option="max_startup_seconds",
        )
    ]


def _unknown(resource: Resource, what: str, source: str) -> Line:
    return Line(resource=resource, what=what, needs=None, has=None, unit="bytes", verdict="unknown", source=source)


# Reading and showing.


def shown(number: int | None, unit: str) -> str:
    """A figure for a reader: bytes in GiB, seconds, pieces; a question mark where it is not known."""
    if number is None:
        return "?"
    if unit == "bytes":
        return f"{Decimal(number) / GIB:.2f} GiB"
    return f"{number:,} {unit}".strip()


def _number(value: object) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        number = Decimal(str(value))
    except ArithmeticError:
        return None
    return number if number.is_finite() and number >= 0 else None


def _whole(value: object) -> int | None:
    """A whole number as vLLM reads it: also ``"32k"`` (1000) and ``"32K"`` (1024)."""
    if isinstance(value, str) and value.strip()[-1:] in {"k", "K", "m", "M", "g", "G"}:
        unit = {"k": 10**3, "K": 2**10, "m": 10**6, "M": 2**20, "g": 10**9, "G": 2**30}[value.strip()[-1]]
        number = _number(value.strip()[:-1])
        return None if number is None else int(number * unit)
    number = _number(value)
    return None if number is None or number != int(number) else int(number)


def _positive(value: object) -> int:
    number = _whole(value)
    return number or 1


def _flag(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


def _ceiling(number: Decimal) -> int:
    return int(number.to_integral_value(rounding=ROUND_CEILING))
