"""The ledger of a server: what it needs of each resource, what it has, and whether that can work.

One pure function, `ledger`, makes it from whatever is known: the model's facts, the accelerator, vLLM's settings, the
pod's resources, the claim, the start-up budget. Each figure says where it comes from; what is not known stays unknown.
`too_little` is said only where it cannot work; `tight` is within the margin of error of what is estimated.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from vllm_cdk8s.core.models import weights
from vllm_cdk8s.core.models.engine_settings import Engine, engine_of
from vllm_cdk8s.core.models.gpu_memory import NO_CACHE, gpu_memory, kv_layout, weight_settings
from vllm_cdk8s.core.models.ledger_lines import GIB, Ledger, Line, Resource, Verdict, shown, unknown
from vllm_cdk8s.core.models.recommended import ceiling, claim_size, host_memory, startup_budget
from vllm_cdk8s.core.models.weight_types import canonical

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vllm_cdk8s.core.models.accelerators import Accelerator
    from vllm_cdk8s.core.models.kv_cache import Version
    from vllm_cdk8s.core.models.shape import ModelFacts

__all__ = [
    "NO_CACHE",
    "VISIBLE_DEVICES",
    "Engine",
    "Ledger",
    "Line",
    "Resource",
    "Verdict",
    "engine_of",
    "kv_layout",
    "ledger",
    "shown",
    "visible_devices",
]

VISIBLE_DEVICES = ("CUDA_VISIBLE_DEVICES", "NVIDIA_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES")
# The server's process, and one per GPU with PyTorch and CUDA loaded: an estimate, so it warns and does not refuse.
_SERVER_PROCESS = int(1.5 * GIB)
_GPU_PROCESS = 3 * GIB
_LEAST_PROCESSES = 1 * GIB
# A public report of what --cpu-offload-gb takes: https://github.com/vllm-project/vllm/issues/53042
_CPU_OFFLOAD_FACTOR = Decimal("1.9")
# What the size of the published files may be off by.
_STORED_MARGIN = Decimal("0.07")
DOWNLOAD_BYTES_PER_SECOND = 200_000_000  # assumed where nobody says one
_LOAD_BYTES_PER_SECOND = 1_000_000_000
_COMPILE_SECONDS = 60
_EAGER_SECONDS = 20


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
    gpu = gpu_memory(model, accelerator, memory, settings, version, drafts)
    stored = None if model is None else weights.stored(model)
    draft_bytes = sum(found for draft in drafts if draft is not None and (found := weights.stored(draft)))
    lines = [
        *gpu.lines,
        *_gpus(settings, gpus, nodes, env or {}),
        *_formats(accelerator, settings),
        *_host_memory(settings, gpus, memory_limit if memory_limit is not None else memory_request, shm_bytes),
        *_disk(stored, draft_bytes, claim_bytes),
        *_time(stored, settings, startup_seconds, downloaded_before, download_bytes_per_second, nodes),
    ]
    request = limit = startup = None
    if model is not None and (loaded := weights.total(model, weight_settings(settings))) is not None:
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


def process_memory(gpus: int) -> int:
    """Host memory in bytes of vLLM's processes with so many GPUs, without weights or caches that are put there."""
    return _SERVER_PROCESS + gpus * _GPU_PROCESS


def _host_memory(settings: Engine, gpus: int | None, limit: int | None, shm: int | None) -> list[Line]:
    here = max(1, gpus or settings.tensor * settings.pipeline * settings.data)
    processes = process_memory(here)
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
        return [unknown("disk", "volume of the model", "the size of the model's files is not known")]
    needs = stored + drafts
    verdict: Verdict = "fits"
    if int(needs * (1 - _STORED_MARGIN)) > claim:
        verdict = "too_little"
    elif ceiling(needs * Decimal("1.02")) + 2 * GIB > claim:
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


def _time(
    stored: int | None, settings: Engine, budget: int | None, downloaded: bool, rate: int, nodes: int
) -> list[Line]:
    if budget is None:
        return []
    if stored is None:
        return [unknown("time", "time to serve", "the size of the model's files is not known")]
    download = 0 if downloaded else stored // max(1, rate)
    load = stored // nodes // _LOAD_BYTES_PER_SECOND  # each node reads its own part
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
