"""The KV cache is laid out as vLLM lays it out: exact tokens of published logs, and what must hold for any shape."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from vllm_cdk8s.core.models.facts import known_model
from vllm_cdk8s.core.models.kv_cache import KvLayout, KvSettings, layout, value_bytes
from vllm_cdk8s.core.models.ledger import engine_of, kv_layout
from vllm_cdk8s.core.models.shape import LayerCache

GIB = 2**30


def of(model: str, version: tuple[int, ...] | None, **engine: Any) -> KvLayout:
    facts = known_model(model)
    assert facts is not None
    settings = engine_of(engine)
    length = settings.max_model_len or facts.max_position_embeddings
    assert length is not None
    found = kv_layout(facts, settings, version, length, settings.batched_tokens or 2048)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("model", "version", "gib", "engine", "tokens"),
    [
        # "GPU KV cache size" for the "Available KV cache memory" of the same log, see tests/data/startup_logs.json.
        (
            "nvidia/Qwen3.6-35B-A3B-NVFP4",
            (0, 24, 0),
            5.98,
            {"kv_cache_dtype": "fp8", "enable_prefix_caching": True, "max_model_len": 131_072},
            567_978,
        ),
        (
            "Qwen/Qwen3.8-27B-FP8",
            (0, 25, 0),
            4.99,
            {
                "tensor_parallel_size": 2,
                "kv_cache_dtype": "fp8",
                "enable_prefix_caching": True,
                "max_model_len": 131_072,
            },
            302_921,
        ),
        (
            "Qwen/Qwen3-Next-80B-A3B-Instruct",
            (0, 11, 0),
            44.59,
            {"tensor_parallel_size": 2, "max_model_len": 262_144},
            973_760,
        ),
        (
            "Qwen/Qwen3.5-122B-A10B",
            (0, 16, 0),
            1.73,
            {"tensor_parallel_size": 2, "kv_cache_dtype": "fp8", "max_model_len": 131_072},
            75_168,
        ),
        (
            "Qwen/Qwen3.6-27B",
            (0, 28, 0),
            12.93,
            {"tensor_parallel_size": 2, "enable_prefix_caching": True, "max_model_len": 262_144},
            415_125,
        ),
        (  # Two tokens are guessed ahead: a layer more, wider convolutions and two more states of each sequence.
            "Qwen/Qwen3.6-27B",
            (0, 28, 0),
            12.29,
            {
                "tensor_parallel_size": 2,
                "enable_prefix_caching": True,
                "max_model_len": 262_144,
                "speculative_config": {"method": "mtp", "num_speculative_tokens": 2},
            },
            364_688,
        ),
        ("LGAI-EXAONE/EXAONE-4.0-32B", (0, 11, 0), 10.31, {"max_model_len": 4096}, 42_224),
        ("Qwen/Qwen3-30B-A3B-Instruct-2507-FP8", (0, 10, 2), 25.91, {"tensor_parallel_size": 2}, 566_016),
    ],
)
def test_the_tokens_of_a_log_are_met_exactly(
    model: str, version: tuple[int, ...], gib: float, engine: dict[str, Any], tokens: int
) -> None:
    # The log rounds its memory to 1/100 GiB, which is a block or two.
    found = of(model, version, **engine)
    slack = 0.005 * GIB / found.block_bytes * found.block_tokens
    assert found.tokens(int(gib * GIB)) == pytest.approx(tokens, abs=max(slack, 1))


@pytest.mark.parametrize(
    ("model", "engine", "gib"),
    [
        # "... GiB KV cache is needed" in the errors of three threads.
        ("Qwen/Qwen3-Coder-30B-A3B-Instruct-FP8", {"max_model_len": 262_144}, 24.0),
        ("Qwen/Qwen3-VL-8B-Instruct", {"max_model_len": 262_144}, 36.0),
        ("openai/gpt-oss-120b", {"max_model_len": 131_072, "max_num_batched_tokens": 1024}, 4.54),
    ],
)
def test_one_sequence_takes_what_vllm_says(model: str, engine: dict[str, Any], gib: float) -> None:
    assert of(model, (0, 11, 0), **engine).sequence_bytes / GIB == pytest.approx(gib, abs=0.005)


def test_the_block_of_a_model_with_states_is_as_long_as_vllm_sets_it() -> None:
    # "Setting attention block size to 1568 tokens" and "to 544 tokens" in the logs.
    assert of("Qwen/Qwen3.6-27B", (0, 19, 0), kv_cache_dtype="fp8", max_model_len=4096).block_tokens == 1568
    assert of("Qwen/Qwen3-Next-80B-A3B-Instruct", (0, 11, 0), max_model_len=4096).block_tokens == 544


def test_a_window_saves_memory_and_not_without_the_hybrid_manager() -> None:
    long = {"max_model_len": 131_072}
    hybrid = of("google/gemma-3-27b-it", None, **long)
    flat = of("google/gemma-3-27b-it", None, disable_hybrid_kv_cache_manager=True, **long)
    assert hybrid.sequence_bytes < 0.3 * flat.sequence_bytes
    assert flat.sequence_bytes == 131_072 * 62 * 2 * 16 * 128 * 2


def test_chunked_attention_is_given_room_for_everything() -> None:
    found = of("meta-llama/Llama-4-Scout-17B-16E-Instruct", None, max_model_len=65_536)
    assert found.sequence_bytes == 65_536 * 48 * 2 * 8 * 128 * 2


def test_latent_attention_is_on_every_gpu_whole() -> None:
    one, eight = (of("deepseek-ai/DeepSeek-V3", None, max_model_len=4096, tensor_parallel_size=n) for n in (1, 8))
    assert one == eight
    assert one.sequence_bytes == 4096 * 61 * 576 * 2


def test_heads_are_not_divided_further_than_one() -> None:
    four, eight = (of("Qwen/Qwen3-30B-A3B", None, max_model_len=4096, tensor_parallel_size=n) for n in (4, 8))
    assert four.block_bytes == eight.block_bytes


@pytest.mark.parametrize(
    ("dtype", "width"),
    [("auto", 2), ("fp8", 1), ("fp8_e5m2", 1), ("bfloat16", 2), ("nvfp4", Decimal("0.5625")), ("novel", 2)],
)
def test_types_of_the_cache(dtype: str, width: Decimal) -> None:
    assert value_bytes(dtype, Decimal(2)) == width


# Layers of round widths: a token of FULL takes 512 bytes in each of three layers.
FULL = LayerCache(kind="full", layers=3, kv_heads=2, key_dim=64, value_dim=64)
SLIDING = LayerCache(kind="sliding", layers=3, kv_heads=2, key_dim=64, value_dim=64, window=17)
STATE = LayerCache(kind="linear", layers=3, conv_values=300, conv_steps=3, state_values=3000)
LATENT = LayerCache(kind="latent", layers=3, latent_dim=576)


def laid_out(*caches: LayerCache, **settings: Any) -> tuple[int, int, int, int]:
    found = layout(caches, KvSettings(**{"model_len": 1600, "batched_tokens": 64, **settings}))
    assert found is not None
    return found.block_bytes, found.blocks_per_sequence, found.groups, found.block_tokens


@pytest.mark.parametrize(
    ("settings", "found"),
    [
        ({}, (3 * 8192, 100, 1, 16)),
        ({"model_len": 1601}, (3 * 8192, 101, 1, 16)),
        ({"block": 32}, (3 * 16_384, 50, 1, 32)),
        ({"value_bytes": Decimal(1)}, (3 * 4096, 100, 1, 16)),
        ({"pipeline": 2}, (2 * 8192, 100, 1, 16)),
        ({"tensor": 2}, (3 * 4096, 100, 1, 16)),
        ({"tensor": 4}, (3 * 4096, 100, 1, 16)),
    ],
)
def test_layers_that_keep_everything_are_one_group(settings: dict[str, Any], found: tuple[int, int, int, int]) -> None:
    assert laid_out(FULL, **settings) == found


def test_layers_that_look_back_over_a_window_keep_that_and_a_step() -> None:
    # 16 tokens before, 64 of a step: five blocks, and one that is begun.
    assert laid_out(SLIDING) == (3 * 8192, 6, 1, 16)
    assert laid_out(SLIDING, batched_tokens=65) == (3 * 8192, 7, 1, 16)
    assert laid_out(SLIDING, model_len=32) == (3 * 8192, 3, 1, 16)
    assert laid_out(FULL, SLIDING) == (3 * 8192, 100 + 6, 2, 16)
    # One group where the kinds are not told apart: before 0.10, and when the hybrid manager is off.
    assert laid_out(FULL, SLIDING, version=(0, 10)) == (3 * 8192, 100 + 6, 2, 16)
    assert laid_out(FULL, SLIDING, version=(0, 9, 2)) == (6 * 8192, 100, 1, 16)
    assert laid_out(FULL, SLIDING, hybrid=False) == (6 * 8192, 100, 1, 16)
    chunked = replace(SLIDING, kind="chunked")
    assert laid_out(FULL, chunked) == (6 * 8192, 100, 1, 16)


@pytest.mark.parametrize(
    ("sliding", "version", "size", "groups"),
    [
        # Groups are as large as the smaller kind, or the larger where it is less than half as large again.
        (9, None, 3, 4),
        (10, None, 3, 5),
        (4, None, 4, 2),
        (5, None, 3, 3),
        (4, (0, 18), 4, 2),
        (4, (0, 17), 3, 3),
    ],
)
def test_groups_are_equally_large(sliding: int, version: tuple[int, ...] | None, size: int, groups: int) -> None:
    found = laid_out(FULL, replace(SLIDING, layers=sliding), version=version)
    assert found == (size * 8192, 100 + 6 * (groups - 1), groups, 16)


def test_wider_layers_share_a_group_and_narrower_ones_have_longer_blocks() -> None:
    wide = replace(FULL, key_dim=128, value_dim=128)
    assert laid_out(FULL, wide) == (3 * 8192 + 3 * 16_384, 100, 1, 16)
    # The window's pages are made as large as the others': 32 tokens.
    assert laid_out(wide, SLIDING) == (3 * 16_384, 100 + 4, 2, 16)


def test_states_lengthen_the_blocks_of_attention() -> None:
    # A state of 300 and 3000 values of two bytes fits into one block of 8192, of 16384 values into five.
    assert laid_out(FULL, STATE) == (3 * 8192, 100 + 2, 2, 16)
    large = replace(STATE, state_values=16_384)
    assert laid_out(FULL, large) == (3 * 5 * 8192, 20 + 2, 2, 80)
    assert laid_out(FULL, large, block=320) == (3 * 320 * 512, 5 + 2, 2, 320)
    assert laid_out(FULL, replace(large, state_dtype="float32")) == (3 * 9 * 8192, 12 + 2, 2, 144)
    assert laid_out(FULL, replace(large, state_values=30_000), tensor=2) == (3 * 8 * 4096, 13 + 2, 2, 128)
    assert layout((STATE,), KvSettings()) is None
    # Each sequence keeps two where prefixes are cached, which they are from 0.26; and one for each guess.
    for settings, states in (
        ({"version": (0, 26)}, 2),
        ({"version": (0, 25)}, 1),
        ({"version": (0, 25), "prefix_caching": True}, 2),
        ({"prefix_caching": False}, 1),
        ({"drafted": 3}, 5),
    ):
        assert laid_out(FULL, STATE, **settings)[1] == 100 + states


def test_latent_attention_keeps_one_vector_for_all_heads() -> None:
    assert laid_out(LATENT) == (3 * 64 * 576 * 2, 25, 1, 64)
    assert laid_out(LATENT, tensor=8) == laid_out(LATENT)
    assert laid_out(LATENT, value_bytes=Decimal(1), block=128) == (3 * 128 * 576, 13, 1, 128)
    assert laid_out(replace(LATENT, index_bytes=132), sparse_fp8=True) == (3 * 64 * (656 + 132), 25, 1, 64)


@pytest.mark.parametrize(("version", "tokens"), [(None, 935), ((0, 20), 935), ((0, 19), 496)])
def test_tokens_are_counted_as_the_log_of_a_release_counts_them(version: tuple[int, ...] | None, tokens: int) -> None:
    found = layout((FULL, SLIDING), KvSettings(model_len=1600, batched_tokens=64, version=version))
    assert found is not None
    # 62 blocks and a half, of which a sequence takes 106.
    memory = 62 * 3 * 8192 + 100
    assert found.blocks(memory) == 62
    assert found.blocks(-1) == 0
    assert found.sequences(memory) == pytest.approx(62 / 106)
    assert found.tokens(memory) == tokens


CACHES = st.builds(
    LayerCache,
    kind=st.sampled_from(["full", "sliding", "chunked", "latent", "linear"]),
    layers=st.integers(1, 100),
    kv_heads=st.sampled_from([1, 2, 4, 8, 16]),
    key_dim=st.sampled_from([64, 128, 256]),
    value_dim=st.sampled_from([64, 128, 256]),
    window=st.sampled_from([128, 1024, 4096]),
    latent_dim=st.sampled_from([512, 576]),
    conv_values=st.integers(1, 50_000),
    state_values=st.integers(1, 10**6),
)
SETTINGS = st.builds(
    KvSettings,
    tensor=st.sampled_from([1, 2, 4, 8]),
    pipeline=st.sampled_from([1, 2, 4]),
    model_len=st.integers(1, 200_000),
    batched_tokens=st.sampled_from([512, 2048, 8192]),
    version=st.sampled_from([None, (0, 8, 0), (0, 11, 0), (0, 18, 0), (0, 21, 0), (0, 30, 0)]),
)


@given(caches=st.lists(CACHES, max_size=3).map(tuple), settings=SETTINGS, memory=st.integers(0, 200 * GIB))
def test_whatever_the_shape_more_memory_holds_no_fewer_tokens(
    caches: tuple[LayerCache, ...], settings: KvSettings, memory: int
) -> None:
    found = layout(caches, settings)
    if found is None:
        return
    assert found.block_bytes > 0
    assert found.blocks_per_sequence > 0
    assert found.tokens(memory) <= found.tokens(memory + GIB)
    assert found.tokens(0) == 0
    assert (found.sequences(memory) >= 1) == (memory >= found.sequence_bytes)
