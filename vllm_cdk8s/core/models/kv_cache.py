"""The KV cache as vLLM lays it out: pages, groups of layers that share them, and the tokens that fit.

Layers that remember alike form a group; with layers of several kinds, the groups are made equally large and take their
blocks from one pool (vllm/v1/core/kv_cache_utils.py, from 0.33 kv_cache_planning.py). So the memory that a token takes
is no constant where attention slides or is linear: it depends on the length of the sequences.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from vllm_cdk8s.core.models.shape import LayerCache

Version = tuple[int, ...]

BLOCK = 16  # tokens in a block of ordinary attention on GPUs
_LATENT_BLOCK = 64  # FlashMLA's and CUTLASS's blocks
_GPU_HALF = 2
# The layout of sparse latent attention in 8 bits: 512 values, four scales, 64 values in 16 bits.
_SPARSE_FP8_BYTES = 656
# From here on the log's number of tokens is the longest sequences that fit, times their length; before, it was the
# number of blocks per group times the block's size, which says too little where attention slides.
TOKENS_BY_CONCURRENCY: Version = (0, 20)
# From here on sliding layers are grouped by themselves; before, they were given room as if they looked at everything.
_HYBRID: Version = (0, 10)
_WIDER_GROUPS: Version = (0, 18)  # groups of up to 1.5 times the smallest kind are made equal; 1.25 times before
# From here on the prefixes of models with states are cached by default, for which each sequence keeps two states.
_CACHED_STATES: Version = (0, 26)
_PACKED_BYTES = {"fp8": 1, "fp8_e4m3": 1, "fp8_e5m2": 1, "fp8_inc": 1, "fp8_ds_mla": 1, "int8": 1}


class KvSettings(Struct, frozen=True, kw_only=True):
    """What decides the layout beside the model.

    Attributes:
        tensor: the tensor parallel size, which divides heads and states.
        pipeline: the pipeline parallel size, which divides layers.
        value_bytes: the bytes of one value of the cache.
        state_bytes: the bytes of one value of a state, where the model does not say its type.
        model_len: the longest sequence in tokens.
        batched_tokens: the most tokens of one step.
        block: tokens in a block, where it is set.
        hybrid: whether layers that slide are given less room than those that look at everything.
        prefix_caching: whether prefixes are cached; None for vLLM's default.
        sparse_fp8: whether latent attention is kept in the 8-bit layout of sparse attention.
        drafted: the tokens that are guessed ahead, for each of which a state is kept too.
        version: vLLM's version; None for the newest.
    """

    tensor: int = 1
    pipeline: int = 1
    value_bytes: Decimal = Decimal(2)
    state_bytes: int = 2
    model_len: int = 2048
    batched_tokens: int = 2048
    block: int | None = None
    hybrid: bool = True
    prefix_caching: bool | None = None
    sparse_fp8: bool = False
    drafted: int = 0
    version: Version | None = None

    def since(self, version: Version) -> bool:
        """Whether vLLM is this version or newer."""
        return self.version is None or self.version >= version


class KvLayout(Struct, frozen=True, kw_only=True):
    """The layout of one GPU's cache.

    Attributes:
        block_bytes: what one block of the pool takes, over all layers that share it.
        blocks_per_sequence: the blocks that one sequence of the full length takes.
        groups: how many groups take their blocks from the pool.
        block_tokens: the tokens of the smallest block.
        model_len: the full length in tokens.
        by_concurrency: whether the log's number of tokens follows from the sequences that fit.
    """

    block_bytes: int
    blocks_per_sequence: int
    groups: int
    block_tokens: int
    model_len: int
    by_concurrency: bool

    @property
    def sequence_bytes(self) -> int:
        """What one sequence of the full length takes, below which vLLM does not start."""
        return self.block_bytes * self.blocks_per_sequence

    def blocks(self, available: int) -> int:
        """The blocks that fit into this many bytes."""
        return max(0, available // self.block_bytes)

    def sequences(self, available: int) -> float:
        """How many sequences of the full length fit (``Maximum concurrency`` in vLLM's log)."""
        return self.blocks(available) / self.blocks_per_sequence

    def tokens(self, available: int) -> int:
        """How many tokens fit, counted as vLLM's log counts them (``GPU KV cache size``)."""
        if self.by_concurrency:
            return int(self.sequences(available) * self.model_len)
        return self.blocks(available) // self.groups * self.block_tokens


def layout(caches: tuple[LayerCache, ...], settings: KvSettings) -> KvLayout | None:
    """The layout of the cache of layers like these, or None where they keep nothing, or in an unknown way."""
    kinds = [kind for cache in caches if (kind := _kind(cache, settings)) is not None]
    if not kinds:
        return None
    if any(kind.state for kind in kinds):
        if all(kind.state for kind in kinds):
            return None
        kinds = _aligned_states(kinds, settings)
    elif len(kinds) > 1 and not (
        settings.hybrid and settings.since(_HYBRID) and not any(kind.chunked for kind in kinds)
    ):
        # One group in which every layer keeps every token.
        page = sum(kind.layers * kind.page for kind in kinds)
        block = kinds[0].block
        return _made(page, [_blocks(settings.model_len, block)], block, settings)
    if len(kinds) > 1 and not any(kind.window or kind.state or kind.block != kinds[0].block for kind in kinds):
        # Layers that keep everything are one group, however wide each is (UniformTypeKVCacheSpecs).
        page = sum(kind.layers * kind.page for kind in kinds)
        return _made(page, [_blocks(settings.model_len, kinds[0].block)], kinds[0].block, settings)
    if len(kinds) == 1:
        kind = kinds[0]
        return _made(kind.layers * kind.page, [kind.sequence_blocks(settings)], kind.block, settings)
    kinds = _one_page(kinds)
    fewest, most = min(kind.layers for kind in kinds), max(kind.layers for kind in kinds)
    wider = Decimal("1.5") if settings.since(_WIDER_GROUPS) else Decimal("1.25")
    size = most if most < fewest * wider else fewest
    groups = [kind for kind in kinds for _ in range(-(-kind.layers // size))]
    return _made(
        size * kinds[0].page,
        [kind.sequence_blocks(settings) for kind in groups],
        min(kind.block for kind in groups),
        settings,
    )


def _made(block_bytes: int, sequence: list[int], block: int, settings: KvSettings) -> KvLayout:
    return KvLayout(
        block_bytes=block_bytes,
        blocks_per_sequence=sum(sequence),
        groups=len(sequence),
        block_tokens=block,
        model_len=settings.model_len,
        by_concurrency=settings.since(TOKENS_BY_CONCURRENCY),
    )


class _Kind(Struct, frozen=True):
    """Alike layers of one GPU: how many, the bytes of a page of one layer, the tokens in it, and how far they look."""

    layers: int
    page: int
    block: int
    window: int | None = None
    chunked: bool = False
    state: bool = False

    def sequence_blocks(self, settings: KvSettings) -> int:
        """The blocks that one sequence of the full length takes (``max_memory_usage_bytes`` of each cache's class)."""
        if self.state:
            cached = settings.prefix_caching
            return settings.drafted + (2 if (settings.since(_CACHED_STATES) if cached is None else cached) else 1)
        if self.window is None:
            return _blocks(settings.model_len, self.block)
        kept = min(self.window - 1 + settings.batched_tokens, settings.model_len)
        return _blocks(kept, self.block) + 1


def _kind(cache: LayerCache, settings: KvSettings) -> _Kind | None:
    layers = -(-cache.layers // settings.pipeline)
    if cache.kind == "linear":
        width = {"float32": 4, "float16": 2, "bfloat16": 2}.get(cache.state_dtype or "", settings.state_bytes)
        steps = cache.conv_values // cache.conv_steps * (cache.conv_steps + settings.drafted)
        values = -(-steps // settings.tensor) * _GPU_HALF + -(-cache.state_values // settings.tensor) * width
        return _Kind(layers, values, 0, state=True)
    if cache.kind == "latent":
        block = settings.block or _LATENT_BLOCK
        width = _SPARSE_FP8_BYTES if settings.sparse_fp8 else int(cache.latent_dim * settings.value_bytes)
        return _Kind(layers, block * (width + cache.index_bytes), block)
    # With more GPUs than heads, each GPU holds one whole head.
    heads = max(1, -(-cache.kv_heads // settings.tensor))
    block = settings.block or BLOCK
    page = int(block * heads * (cache.key_dim + cache.value_dim) * settings.value_bytes)
    if not page:
        return None
    return _Kind(layers, page, block, cache.window, cache.kind == "chunked")


def _aligned_states(kinds: list[_Kind], settings: KvSettings) -> list[_Kind]:
    """Attention's blocks made so long that a page of them holds a state, and the states padded to that page."""
    state = max(kind.page for kind in kinds if kind.state)
    attention = next(kind for kind in kinds if not kind.state)
    per_token = attention.page // attention.block
    block = attention.block * -(-state // (attention.block * per_token))
    block = max(block, settings.block or 0)
    page = block * per_token
    return [_Kind(kind.layers, page, block, kind.window, kind.chunked, kind.state) for kind in kinds]


def _one_page(kinds: list[_Kind]) -> list[_Kind]:
    """Blocks of the layers with smaller pages made longer until all pages are equal."""
    page = max(kind.page for kind in kinds)
    return [
        _Kind(kind.layers, page, kind.block * (page // kind.page), kind.window, kind.chunked, kind.state)
        if page % kind.page == 0 and kind.page < page
        else kind
        for kind in kinds
    ]


def _blocks(tokens: int, block: int) -> int:
    return -(-tokens // block)


def value_bytes(kv_cache_dtype: str, weight_bytes: Decimal) -> Decimal:
    """The bytes of one value of the cache by vLLM's ``kv_cache_dtype``; ``auto`` is the model's own type."""
    if kv_cache_dtype in _PACKED_BYTES or kv_cache_dtype.startswith("fp8"):
        return Decimal(1)
    if kv_cache_dtype == "nvfp4":
        return Decimal("0.5625")
    if kv_cache_dtype in {"float16", "bfloat16"}:
        return Decimal(2)
    return Decimal(4) if weight_bytes == 4 else Decimal(2)  # noqa: PLR2004 - float32
