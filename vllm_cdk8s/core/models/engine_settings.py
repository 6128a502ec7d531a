"""The options of vLLM that decide its memory, as the ledger reads them."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from msgspec import Struct

GIB = 2**30


class Engine(Struct, frozen=True, kw_only=True):
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
    adapters: int = 0
    adapter_rank: int = 16

    @property
    def drafted(self) -> int:
        """The tokens that are guessed ahead of each sequence; 0 without speculative decoding."""
        return _whole((self.speculative or {}).get("num_speculative_tokens")) or 0


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
        adapters=_positive(options.get("max_loras")) if options.get("enable_lora") else 0,
        adapter_rank=_whole(options.get("max_lora_rank")) or 16,
    )


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
