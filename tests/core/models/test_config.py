"""What a configuration says of the caches of its layers: how many there are of each kind, and how wide they are."""

from __future__ import annotations

from typing import Any

import pytest

from vllm_cdk8s.core.errors import InvalidOptionError
from vllm_cdk8s.core.models.config import facts_of
from vllm_cdk8s.core.models.shape import LayerCache, ModelFacts

# Seven layers, so that neither the first nor the last is one of every two, three, four or six.
SEVEN: dict[str, Any] = {
    "model_type": "llama", "num_hidden_layers": 7, "hidden_size": 256, "num_attention_heads": 8,
    "num_key_value_heads": 2, "sliding_window": 1024, "attention_chunk_size": 8192,
}  # fmt: skip
DELTA = {
    "linear_num_key_heads": 2, "linear_num_value_heads": 4, "linear_key_head_dim": 16, "linear_value_head_dim": 32,
    "linear_conv_kernel_dim": 4,
}  # fmt: skip
MAMBA = {"mamba_n_heads": 4, "mamba_d_head": 8, "mamba_d_state": 16, "mamba_n_groups": 1, "mamba_d_conv": 4}


def facts(**config: Any) -> ModelFacts:
    return facts_of({**SEVEN, **config}, id="m", where="config.json", source="a test")


def kinds(**config: Any) -> dict[str, int]:
    return {cache.kind: cache.layers for cache in facts(**config).caches}


@pytest.mark.parametrize(
    ("config", "found"),
    [
        ({}, {"full": 7}),
        ({"model_type": "mistral"}, {"sliding": 7}),
        ({"model_type": "mistral", "sliding_window": None}, {"full": 7}),
        ({"model_type": "mistral", "num_kv_shared_layers": 2}, {"sliding": 5}),
        ({"model_type": "gemma2"}, {"full": 3, "sliding": 4}),
        ({"model_type": "gemma2", "sliding_window": None}, {"full": 7}),
        ({"model_type": "gemma3_text"}, {"full": 1, "sliding": 6}),
        ({"model_type": "gemma3_text", "num_kv_shared_layers": 2}, {"sliding": 5}),
        ({"sliding_window_pattern": 3}, {"full": 2, "sliding": 5}),
        ({"_sliding_window_pattern": 4}, {"full": 1, "sliding": 6}),
        ({"model_type": "llama4_text"}, {"full": 1, "chunked": 6}),
        ({"model_type": "llama4_text", "attention_chunk_size": None}, {"full": 7}),
        ({"hybrid_layer_pattern": [0, 1, 1, 1, 1, 1, 0]}, {"full": 2, "sliding": 5}),
        ({"hybrid_layer_pattern": [0, 1]}, {"full": 7}),
        ({"full_attention_interval": 4, **DELTA}, {"full": 1, "linear": 6}),
        ({"full_attention_interval": 4}, {"full": 7}),
        ({"layer_types": ["full_attention", *["sliding_attention"] * 6]}, {"full": 1, "sliding": 6}),
        ({"layer_types": ["full_attention", *["sliding_attention"] * 6], "use_sliding_window": False}, {"full": 7}),
        ({"layer_types": ["full_attention", *["sliding_attention"] * 6], "sliding_window": None}, {"full": 7}),
        ({"layer_types": ["full_attention", *["chunked_attention"] * 6]}, {"full": 1, "chunked": 6}),
        ({"layer_types": ["a_new_kind", *["linear_attention"] * 6], **DELTA}, {"full": 1, "linear": 6}),
        ({"layer_types": ["full_attention", *["mamba"] * 6], **MAMBA}, {"full": 1, "linear": 6}),
        ({"layer_types": ["full_attention", *["mamba"] * 6], "num_kv_shared_layers": 1, **MAMBA},
         {"full": 1, "linear": 5}),
        ({"layer_types": ["sliding_attention"]}, {"full": 7}),
        ({"model_type": "falcon_h1", **MAMBA}, {"full": 7, "linear": 7}),
        # What vLLM lays out in another way.
        ({"model_type": "deepseek_v4"}, {}),
        ({"linear_attn_config": {"kda_layers": [1]}}, {}),
        ({"num_attention_heads": None}, {}),
        ({"num_hidden_layers": None}, {}),
    ],
)  # fmt: skip
def test_how_many_layers_keep_what(config: dict[str, Any], found: dict[str, int]) -> None:
    assert kinds(**config) == found


def test_how_wide_the_caches_are() -> None:
    [full] = facts().caches
    assert full == LayerCache(kind="full", layers=7, kv_heads=2, key_dim=32, value_dim=32)
    # Of some models, layers with a window have heads of their own.
    wide = {"num_global_key_value_heads": 1, "global_head_dim": 64, "v_head_dim": 24}
    small = {"swa_num_key_value_heads": 4, "swa_head_dim": 16, "swa_v_head_dim": 8}
    full, sliding = facts(sliding_window_pattern=3, **wide, **small).caches
    assert full == LayerCache(kind="full", layers=2, kv_heads=1, key_dim=64, value_dim=64)
    assert sliding == LayerCache(kind="sliding", layers=5, kv_heads=4, key_dim=16, value_dim=8, window=1024)
    full, sliding = facts(sliding_window_pattern=3, v_head_dim=24).caches
    assert (full.value_dim, sliding.value_dim) == (24, 24)
    _, chunked = facts(model_type="llama4_text").caches
    assert chunked == LayerCache(kind="chunked", layers=6, kv_heads=2, key_dim=32, value_dim=32, window=8192)
    assert facts(num_key_value_heads=None, multi_query=True).caches[0].kv_heads == 1
    assert facts(num_key_value_heads=None).caches[0].kv_heads == 8


def test_how_large_the_states_are() -> None:
    _, delta = facts(full_attention_interval=4, mamba_ssm_dtype="float32", **DELTA).caches
    assert delta == LayerCache(
        kind="linear", layers=6, conv_values=(2 * 2 * 16 + 4 * 32) * 3, conv_steps=3, state_values=4 * 32 * 16,
        state_dtype="float32",
    )  # fmt: skip
    _, mamba = facts(model_type="falcon_h1", **MAMBA).caches
    assert mamba == LayerCache(
        kind="linear", layers=7, conv_values=(4 * 8 + 2 * 16) * 3, conv_steps=3, state_values=4 * 8 * 16
    )
    nemotron = {
        "model_type": "nemotron_h", "mamba_num_heads": 4, "mamba_head_dim": 8, "n_groups": 2, "ssm_state_size": 16,
        "conv_kernel": 4, "mamba_ssm_cache_dtype": "float32",
    }  # fmt: skip
    attention, mamba = facts(hybrid_override_pattern="M-M*M-M", **nemotron).caches
    assert attention == LayerCache(kind="full", layers=1, kv_heads=2, key_dim=32, value_dim=32)
    assert mamba == LayerCache(
        kind="linear", layers=4, conv_values=(4 * 8 + 2 * 2 * 16) * 3, conv_steps=3, state_values=4 * 8 * 16,
        state_dtype="float32",
    )  # fmt: skip
    listed = ["mamba", "attention", "moe", "mamba", "full_attention", "mlp", "mlp"]
    assert kinds(layers_block_type=listed, **nemotron) == {"full": 2, "linear": 2}
    assert kinds(**nemotron) == {}
    # A state of which a part is not said is not known.
    for name in MAMBA:
        assert kinds(model_type="falcon_h1", **{**MAMBA, name: None}) == {"full": 7}
    for name in DELTA:
        assert "linear" not in kinds(full_attention_interval=4, **{**DELTA, name: None})
    for name in ("mamba_num_heads", "mamba_head_dim", "n_groups", "ssm_state_size", "conv_kernel"):
        assert kinds(hybrid_override_pattern="M-M*M-M", **{**nemotron, name: None}) == {}
    for config in (
        {"full_attention_interval": 4, **DELTA, "linear_conv_kernel_dim": None},
        {"model_type": "falcon_h1"},
    ):
        assert "linear" not in kinds(**config)


def test_latent_attention_keeps_one_vector_and_the_keys_of_its_indexer() -> None:
    [latent] = facts(kv_lora_rank=512, qk_rope_head_dim=64).caches
    assert latent == LayerCache(kind="latent", layers=7, latent_dim=576)
    [sparse] = facts(kv_lora_rank=512, qk_rope_head_dim=64, index_head_dim=256).caches
    assert sparse.index_bytes == 256 + 2 * 4


@pytest.mark.parametrize(
    ("config", "positions"),
    [
        ({"max_position_embeddings": 4096}, 4096),
        ({"n_positions": 1024, "max_position_embeddings": 2048}, 1024),
        ({"max_position_embeddings": 4096, "rope_scaling": {"type": "linear", "factor": 2.5}}, 10_240),
        ({"max_position_embeddings": 4096, "rope_parameters": {"rope_type": "dynamic", "factor": 4}}, 16_384),
        ({"max_position_embeddings": 4096, "rope_scaling": {"rope_type": "yarn", "factor": 4}}, 4096),
        ({"max_position_embeddings": 4096, "rope_scaling": {"factor": 4}}, 4096),
        ({"max_position_embeddings": 4096, "rope_scaling": {"type": "linear", "factor": 0.5}}, 4096),
        ({"max_position_embeddings": 4096, "rope_scaling": {"type": "linear", "factor": 1}}, 4096),
        ({"max_position_embeddings": 4096, "rope_scaling": {"type": "linear", "factor": True}}, 4096),
        ({"max_position_embeddings": 4096, "rope_scaling": {"type": "linear", "factor": float("inf")}}, 4096),
        ({"max_position_embeddings": 4096, "rope_scaling": {"type": "linear", "factor": "2"}}, 4096),
        ({"model_type": "gemma3_text", "max_position_embeddings": 4096,
          "rope_scaling": {"type": "linear", "factor": 8}}, 4096),
        ({}, None),
    ],
)  # fmt: skip
def test_the_longest_sequence(config: dict[str, Any], positions: int | None) -> None:
    assert facts(**config).max_position_embeddings == positions


@pytest.mark.parametrize("value", [-1, True, 1.5, "7"])
def test_what_is_not_a_whole_number_is_refused(value: object) -> None:
    with pytest.raises(
        InvalidOptionError, match=r"'config\.json' has num_hidden_layers .* which is not a whole number"
    ):
        facts(num_hidden_layers=value)


def test_the_widest_layer_and_what_is_read() -> None:
    assert facts(intermediate_size=100, intermediate_size_mlp=300, ffn_dim=200).intermediate_size == 300
    assert facts(intermediate_size=True, n_embd=10).intermediate_size == 40
    assert facts().intermediate_size is None
    assert facts().modalities == ("text",)
    assert facts(vision_config={}, audio_config={}).modalities == ("text", "image", "audio")
    # A model for text and images keeps what is asked here in a part of its own.
    inner = {"num_hidden_layers": 3, "head_dim": 128}
    assert facts(text_config=inner).layers == 3
    assert facts(text_config=inner).caches[0].key_dim == 128


def packed(bits: int, kind: str, form: str) -> dict[str, Any]:
    groups = {"group_0": {"weights": {"num_bits": bits, "type": kind}}}
    return {"quant_method": "compressed-tensors", "config_groups": groups, "format": form}


@pytest.mark.parametrize(
    ("quantization", "linear", "expert"),
    [
        ({"quant_method": "FP8"}, "fp8", "fp8"),
        ({"quant_method": "mxfp4"}, None, "mxfp4"),
        (packed(4, "int", "pack-quantized"), "int4", "int4"),
        (packed(8, "float", "float-quantized"), "fp8", "fp8"),
        (packed(4, "float", "nvfp4-pack-quantized"), "fp4", "fp4"),
        (packed(4, "float", "mxfp4-pack-quantized"), "mxfp4", "mxfp4"),
        (packed(8, "float", "mxfp4-pack-quantized"), "fp8", "fp8"),
        ({"quant_method": "compressed-tensors", "config_groups": {}}, "compressed-tensors", "compressed-tensors"),
        ({"quant_method": "bitsandbytes"}, "int4", "int4"),
        ({"quant_method": "bitsandbytes", "load_in_8bit": True}, "int8", "int8"),
        ({"quant_method": "awq"}, "int4", "int4"),
        ({"quant_method": "gptq", "bits": 8}, "int8", "int8"),
        ({"quant_method": "auto-round", "w_bit": 2}, "int2", "int2"),
        ({"quant_method": "modelopt", "quant_algo": "NVFP4"}, "nvfp4", "nvfp4"),
        ({"quant_method": "modelopt", "quant_algo": "FP8"}, "modelopt", "modelopt"),
        ({}, None, None),
        ("fp8", None, None),
    ],
)
def test_the_types_of_quantized_weights(quantization: object, linear: str | None, expert: str | None) -> None:
    plain = {"torch_dtype": "torch.bfloat16"}
    for found in (
        facts(**plain, quantization_config=quantization),
        facts(**plain, text_config={"quantization_config": quantization}),
    ):
        assert (found.stored.linear, found.stored.expert) == (linear, expert)
        assert found.dtype == (expert or "bfloat16")
        assert found.base_dtype == "bfloat16"
