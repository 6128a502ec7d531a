"""The weights as one GPU holds them: by kind, type, and the parallel sizes that divide them."""

from __future__ import annotations

from decimal import ROUND_CEILING, Decimal
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from vllm_cdk8s.core.models.shape import StoredWeights
from vllm_cdk8s.core.models.weight_types import BYTES, canonical

if TYPE_CHECKING:
    from vllm_cdk8s.core.models.shape import ModelFacts, WeightCounts

# Beside its 4 or 8 bits, each group of 128 weights has a scale of 16 bits and a zero point.
_GROUP_SCALES = {"int4": Decimal("0.01953125"), "int8": Decimal("0.0078125")}
_HALF = Decimal(2)
# Quantization that vLLM does itself while it loads files of 16 bits, and what it makes of each matrix.
ONLINE = {
    "fp8": "fp8",
    "fp8_per_tensor": "fp8",
    "fp8_per_block": "fp8",
    "mxfp8": "fp8",
    "bitsandbytes": "int4",
    "experts_int8": "int8",
    "int8_per_channel_weight_only": "int8",
    "tpu_int8": "int8",
}
# The kernels for MXFP4 take an expert's width in steps of this many, and pad the rest.
_MXFP4_STEP = 256
_NO_ROTATION = frozenset({"gpt2", "opt", "bert", "xlm-roberta"})
_MOST_ROTATIONS = 2**24
_EXPERTS_ONLY = frozenset({"experts_int8", "mxfp4", "gpt_oss_mxfp4"})


class WeightSettings(Struct, frozen=True, kw_only=True):
    """What decides the weights of one GPU beside the model.

    Attributes:
        dtype: vLLM's ``--dtype``: the type of what is not quantized; ``auto`` for the model's own.
        quantization: vLLM's ``--quantization``; None for what the files say.
        tensor: the tensor parallel size.
        pipeline: the pipeline parallel size.
        data: the data parallel size, which divides the routed experts with the tensor parallel size.
        text_only: whether the towers for images and sound are left out.
    """

    dtype: str = "auto"
    quantization: str | None = None
    tensor: int = 1
    pipeline: int = 1
    data: int = 1
    text_only: bool = False


class Adapters(Struct, frozen=True, kw_only=True):
    """The LoRA adapters that a batch may have.

    Attributes:
        number: ``--max-loras``.
        rank: ``--max-lora-rank``.
        experts: whether routed experts have them too.
        expert_parallel: whether each GPU has whole experts.
    """

    number: int = 1
    rank: int = 16
    experts: bool = True
    expert_parallel: bool = False


def plain_bytes(dtype: str) -> Decimal:
    """The bytes of a weight that is not quantized: as asked, or as the files have it, float32 loaded in 16 bits."""
    asked = canonical(dtype)
    if asked != "auto":
        return BYTES.get(asked, _HALF) if asked in {"float32", "float16", "bfloat16"} else _HALF
    return _HALF


def type_bytes(name: str) -> Decimal:
    """The bytes of a quantized weight with its share of the scales; an unknown type counts 16 bits."""
    kind = canonical(name)
    return BYTES.get(kind, _HALF) + _GROUP_SCALES.get(kind, Decimal(0))


def per_gpu(facts: ModelFacts, settings: WeightSettings) -> int | None:
    """The bytes of weights on the GPU that holds most, or None where the model's weights are not known."""
    if facts.counts is None:
        return _by_total(facts, settings)
    shares = _kinds(facts, facts.counts, settings)
    tensor, experts = settings.tensor, settings.tensor * settings.data
    shares["expert"] *= _padding(facts, experts)
    layers = (shares["linear"] / tensor + shares["expert"] / experts + shares["other"]) / settings.pipeline
    ends = (shares["embedding"] + shares["head"]) / tensor
    if settings.pipeline > 1:
        # The first stage has the embedding, the last the output projection; tied weights are on both.
        ends = max(shares["embedding"], shares["head"] or shares["embedding"]) / tensor
    return _ceiling(layers + ends + shares["tower"] / tensor) + _rotations(facts)


def drafted(facts: ModelFacts, settings: WeightSettings) -> int:
    """One GPU's bytes of a model's own layer for drafts (multi-token prediction), as large as its other layers."""
    if facts.counts is None or not facts.layers:
        return 0
    # Checkpoints of few bits leave that layer as it was.
    kept = facts.stored.linear or facts.stored.expert
    plain = facts if kept in {None, "fp8", "int8"} else replace(facts, stored=StoredWeights(method="plain"))
    shares = _kinds(plain, facts.counts, settings)
    ranks = settings.tensor * settings.data
    return _ceiling((shares["linear"] / settings.tensor + shares["expert"] / ranks + shares["other"]) / facts.layers)


def adapters(facts: ModelFacts, settings: WeightSettings, room: Adapters) -> int:
    """One GPU's bytes of the LoRA adapters of one batch, which vLLM makes room for as it loads the model.

    From vllm/lora/layers: each linear layer has the two factors of every adapter, the first for the whole input of a
    layer that tensor parallelism divides by columns, the second for the whole output of one divided by rows. Those of
    embeddings and of latent attention are not counted.
    """
    if facts.hidden_size is None or facts.layers is None:
        return 0
    hidden, tensor = facts.hidden_size, settings.tensor
    values = Decimal(0)
    if facts.attention_heads and facts.head_dim:
        query = Decimal(facts.attention_heads * facts.head_dim) / tensor
        for cache in facts.caches:
            if cache.kind not in {"latent", "linear"}:
                kept = Decimal(max(cache.kv_heads // tensor, 1) * (cache.key_dim + cache.value_dim))
                values += cache.layers * (4 * hidden + 2 * query + kept)
    if facts.experts is None:
        values += facts.layers * _factors(hidden, facts.intermediate_size or 0, tensor)
    elif room.experts:
        whole = room.expert_parallel  # A GPU has few experts, whole, or a part of each.
        share = _factors(hidden, facts.expert_size or 0, 1 if whole else tensor)
        values += facts.layers * facts.experts * share / (tensor * settings.data if whole else 1)
    return _ceiling(values * room.rank * room.number * plain_bytes(settings.dtype) / settings.pipeline)


def _factors(hidden: int, inner: int, tensor: int) -> Decimal:
    """The values per rank of an MLP: two factors of its two matrices inwards, and of the one outwards."""
    return 3 * hidden + 3 * Decimal(inner) / tensor


def _rotations(facts: ModelFacts) -> int:
    """The table of rotary position embeddings, which is made for every position that the model knows."""
    if not facts.max_position_embeddings or not facts.head_dim or facts.family in _NO_ROTATION:
        return 0
    # Gemma 3 stretches its positions eightfold.
    stretched = 8 if facts.family == "gemma3" else 1
    return min(facts.max_position_embeddings, _MOST_ROTATIONS) * stretched * facts.head_dim * int(_HALF)


def total(facts: ModelFacts, settings: WeightSettings) -> int | None:
    """The bytes of all weights in GPU memory, each counted once."""
    if facts.counts is None:
        return _by_total(facts, WeightSettings(dtype=settings.dtype, quantization=settings.quantization))
    shares = _kinds(facts, facts.counts, settings)
    shares["expert"] *= _padding(facts, 1)
    return _ceiling(sum(shares.values(), Decimal(0)))


def stored(facts: ModelFacts) -> int | None:
    """The bytes of the published files: what an index says, else what the types of the weights come to."""
    if facts.weight_bytes is not None:
        return facts.weight_bytes
    if facts.counts is None:
        return _by_total(facts, WeightSettings())
    width = BYTES.get(canonical(facts.base_dtype or ""), _HALF)
    return _ceiling(sum(_kinds(facts, facts.counts, WeightSettings(), plain=width).values(), Decimal(0)))


def _kinds(
    facts: ModelFacts, counts: WeightCounts, settings: WeightSettings, plain: Decimal | None = None
) -> dict[str, Decimal]:
    width = plain_bytes(settings.dtype) if plain is None else plain
    kept = facts.stored
    linear, expert, quantized = kept.linear, kept.expert, kept.quantized
    if kept.method is None and settings.quantization in ONLINE:
        made = ONLINE[settings.quantization]
        linear, expert = (None if settings.quantization in _EXPERTS_ONLY else made), made
    plainly = 0 if quantized is None else counts.linear - quantized - kept.fp8
    linear_width = width if linear is None else type_bytes(linear)
    return {
        "embedding": counts.embedding * (width if kept.embedding is None else type_bytes(kept.embedding)),
        "head": counts.head * (width if kept.head is None else type_bytes(kept.head)),
        "linear": (counts.linear - plainly - kept.fp8) * linear_width + kept.fp8 * BYTES["fp8"] + plainly * width,
        "expert": counts.expert * (width if expert is None else type_bytes(expert)),
        "tower": Decimal(0) if settings.text_only else counts.tower * width,
        "other": counts.other * width,
    }


def _padding(facts: ModelFacts, ranks: int) -> Decimal:
    """What padding makes of experts in MXFP4."""
    size = facts.expert_size or facts.intermediate_size
    if facts.stored.expert != "mxfp4" or not size:
        return Decimal(1)
    part = -(-size // ranks)
    return Decimal(-(-part // _MXFP4_STEP) * _MXFP4_STEP) / part


def _by_total(facts: ModelFacts, settings: WeightSettings) -> int | None:
    """The whole divided evenly, for a model of which no more is known."""
    kind = None if facts.dtype is None else canonical(facts.dtype)
    divided = settings.tensor * settings.pipeline
    if settings.quantization in ONLINE and kind in {None, "float16", "bfloat16", "float32"}:
        kind = ONLINE[settings.quantization]
    elif facts.weight_bytes is not None and kind != "float32":
        return -(-facts.weight_bytes // divided)
    if facts.parameters is None:
        return None
    width = (
        plain_bytes(settings.dtype)
        if kind in {None, "float32", "float16", "bfloat16"}
        else BYTES.get(kind or "", _HALF)
    )
    return _ceiling(facts.parameters * width / divided)


def _ceiling(number: Decimal) -> int:
    return int(number.to_integral_value(rounding=ROUND_CEILING))
