"""The memory of one GPU: weights, first pass, KV cache, and what is left."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from vllm_cdk8s.core.models import kv_cache, overhead, weights
from vllm_cdk8s.core.models.kv_cache import KvLayout, KvSettings, Version
from vllm_cdk8s.core.models.ledger_lines import GIB, Line, Verdict, shown, unknown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vllm_cdk8s.core.models.accelerators import Accelerator
    from vllm_cdk8s.core.models.engine_settings import Engine
    from vllm_cdk8s.core.models.shape import LayerCache, ModelFacts

# The default of gpu_memory_utilization (vllm/config/cache.py): 0.9 through 0.19, 0.92 from 0.20.
_UTILIZATION_092: Version = (0, 20)
_EXPERTS_ADAPT: Version = (0, 11, 1)  # vllm/lora/layers/fused_moe.py, which 0.11.0 has not
# CUDA's context and the driver's own, which lie outside of the budget.
_CONTEXT = int(0.6 * GIB)
# The least that vLLM takes beside weights and KV cache in any log, and the margin of the estimate.
_LEAST_BESIDE = int(0.2 * GIB)
_MARGIN = int(1.0 * GIB)
_MARGIN_SEVERAL = int(2.0 * GIB)
_WEIGHTS_MARGIN = Decimal("0.02")
# Of a quantized model, which layers are quantized differs from one publisher to the next.
_QUANTIZED_MARGIN = Decimal("0.07")


class GpuMemory(Struct, frozen=True, kw_only=True):
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
        """What one token of a sequence of the full length takes, rounded up."""
        if self.layout is None or not self.model_len:
            return None
        return -(-self.layout.sequence_bytes // self.model_len)

    @property
    def tokens(self) -> int | None:
        """The tokens that fit."""
        if self.layout is None or self.available is None:
            return None
        return self.layout.tokens(max(0, self.available))

    @property
    def sequences(self) -> float | None:
        """The sequences of the full length that fit."""
        if self.layout is None or self.available is None:
            return None
        return round(self.layout.sequences(max(0, self.available)), 2)


def gpu_memory(
    model: ModelFacts | None,
    accelerator: Accelerator | None,
    memory: int | None,
    settings: Engine,
    version: Version | None,
    drafts: Sequence[ModelFacts | None],
) -> GpuMemory:
    """The memory of the GPU that holds most, with its row of the ledger."""
    if model is None:
        return GpuMemory(lines=(unknown("gpu_memory", "memory of each GPU", "the model is not known"),))
    held = weights.per_gpu(model, weight_settings(settings))
    model_len = settings.max_model_len or model.max_position_embeddings
    batch_tokens, sequences = overhead.batch_defaults(
        memory, None if accelerator is None else accelerator.capability, version, model_len
    )
    sequences = settings.sequences or sequences
    tokens = settings.batched_tokens or min(batch_tokens, sequences * (model_len or batch_tokens))
    layout = None if model_len is None else kv_layout(model, settings, version, model_len, tokens, drafts)
    if held is None:
        line = unknown("gpu_memory", "memory of each GPU", f"the weights of {model.id} are not known")
        return GpuMemory(lines=(line,), layout=layout, model_len=model_len)
    held += sum(
        found
        for draft in drafts
        if draft is not None and (found := weights.per_gpu(draft, weight_settings(settings))) is not None
    )
    if settings.speculative is not None and str(settings.speculative.get("method", "")).endswith("mtp"):
        held += weights.drafted(model, weight_settings(settings))
    # Offloaded weights are not on the GPU.
    held = max(0, held - settings.cpu_offload_bytes) + _adapters(model, settings, version)
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
        drafted=settings.drafted,
        unified=accelerator is not None and accelerator.unified,
    )
    beside = overhead.beside(model, first_pass)
    if memory is None:
        line = unknown("gpu_memory", "memory of each GPU", "nobody said which GPU it is")
        return GpuMemory(lines=(line,), weights=held, beside=beside, layout=layout, model_len=model_len)
    share = settings.utilization or Decimal("0.92" if version is None or version >= _UTILIZATION_092 else "0.9")
    budget = int(memory * share)
    sequence = 0 if layout is None else layout.sequence_bytes
    unsure = _WEIGHTS_MARGIN if model.stored.method is None and not settings.quantization else _QUANTIZED_MARGIN
    surely = int(held * (1 - unsure))
    if settings.kv_cache_bytes is not None:
        # vLLM takes the cache as it is told, and everything else on top of it.
        available = settings.kv_cache_bytes
        needs, has = held + beside + available, memory - _CONTEXT
        least = surely + _LEAST_BESIDE + available
        too_little = least > memory or (sequence > available)
        source = "weights + first pass + kv_cache_memory_bytes; the GPU's memory less CUDA's context"
        option = "kv_cache_memory_bytes"
    else:
        available = budget - held - beside
        needs, has = held + beside + sequence, budget
        least = surely + _LEAST_BESIDE + sequence
        too_little = least > budget
        source = f"weights + first pass + one sequence of {model_len:,} tokens" if layout else "weights + first pass"
        source += f"; {share} of {shown(memory, 'bytes')}"
        option = "gpu_memory_utilization"
    margin = (_MARGIN_SEVERAL if several else _MARGIN) + int(held * _WEIGHTS_MARGIN)
    if not settings.text_only:
        margin += overhead.towers_margin(model, version)
    if first_pass.unified:
        margin += overhead.UNIFIED_MARGIN
    outside = _CONTEXT + overhead.unprofiled(model, first_pass)
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
    return GpuMemory(
        lines=(line,),
        weights=held,
        beside=beside,
        budget=budget,
        available=available,
        layout=layout,
        model_len=model_len,
    )


# Heads of one layer that guess from the model's own states.
_ONE_LAYER = frozenset({"eagle", "eagle3"})
NO_CACHE = frozenset({"bert", "roberta", "xlm-roberta", "modernbert"})


def kv_layout(
    model: ModelFacts,
    settings: Engine,
    version: Version | None,
    model_len: int,
    batched_tokens: int,
    drafts: Sequence[ModelFacts | None] = (),
) -> KvLayout | None:
    """The layout of the KV cache on one GPU; None where the model keeps none, or in a way that is not known."""
    if model.family in NO_CACHE:
        return None
    sparse = any(cache.index_bytes for cache in model.caches)
    dtype = settings.kv_cache_dtype
    if sparse and dtype == "auto":
        dtype = "fp8"
    return kv_cache.layout(
        _with_drafts(model.caches, settings, drafts),
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
            drafted=settings.drafted,
            version=version,
        ),
    )


def _adapters(model: ModelFacts, settings: Engine, version: Version | None) -> int:
    room = weights.Adapters(
        number=settings.adapters,
        rank=settings.adapter_rank,
        experts=version is None or version >= _EXPERTS_ADAPT,
        expert_parallel=settings.expert_parallel,
    )
    return weights.adapters(model, weight_settings(settings), room)


def _with_drafts(
    caches: tuple[LayerCache, ...], settings: Engine, drafts: Sequence[ModelFacts | None]
) -> tuple[LayerCache, ...]:
    """The caches with those of what guesses ahead: a model of its own, or one more layer that keeps everything."""
    if not settings.drafted or not caches:
        return caches
    known = [cache for draft in drafts if draft is not None for cache in draft.caches]
    if known:
        return (*caches, *known)
    method = str((settings.speculative or {}).get("method", ""))
    if not method.endswith("mtp") and method not in _ONE_LAYER:
        return caches
    index = next((at for at, cache in enumerate(caches) if cache.kind in {"full", "latent"}), None)
    if index is None:
        return caches
    more = replace(caches[index], layers=caches[index].layers + 1)
    return (*caches[:index], more, *caches[index + 1 :])


def weight_settings(settings: Engine) -> weights.WeightSettings:
    """What of the engine's settings decides the weights."""
    return weights.WeightSettings(
        dtype=settings.dtype,
        quantization=settings.quantization,
        tensor=settings.tensor,
        pipeline=settings.pipeline,
        data=settings.data,
        text_only=settings.text_only,
    )
