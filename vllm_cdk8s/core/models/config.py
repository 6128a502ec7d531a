"""A model's ``config.json`` read as vLLM reads it: its shape, the caches of its layers, the types of its weights.

The keys are those of vllm/transformers_utils/model_arch_config_convertor.py and of the models' own classes.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from vllm_cdk8s.core.errors import InvalidOptionError
from vllm_cdk8s.core.models.shape import LayerCache, ModelFacts, StoredWeights, Task, WeightCounts
from vllm_cdk8s.core.showing import shown

if TYPE_CHECKING:
    from collections.abc import Mapping

_POSITIONS = (
    "max_position_embeddings",
    "n_positions",
    "max_seq_len",
    "seq_length",
    "model_max_length",
    "max_target_positions",
    "max_sequence_length",
    "max_seq_length",
    "seq_len",
)
# Rope variants whose max_position_embeddings is the scaled length already.
_SCALED_ROPES = frozenset(
    {"default", "su", "longrope", "llama3", "yarn", "deepseek_yarn", "deepseek_llama_scaling", "proportional"}
)
_EXPERTS = ("num_local_experts", "num_experts", "n_routed_experts", "moe_num_experts")
_EXPERTS_PER_TOKEN = ("num_experts_per_tok", "top_k_experts", "experts_per_token", "moe_top_k", "moe_topk", "moe_k")
# The indexer of DeepSeek's sparse attention keeps a key of 8 bits per value and one float32 scale for 128 of them.
_INDEX_SCALE_BYTES = 4
_INDEX_BLOCK = 128
# Layouts of the cache that this page does not know; the KV cache of such a model is said to be unknown.
_UNKNOWN_CACHES = frozenset({"deepseek_v4", "deepseek_ref", "minimax_m3", "minimax_m3_vl", "nemotron-nas"})
# Attention that only looks back over a window in some releases of these families' configurations, by layer.
_EVERY_OTHER_SLIDES = frozenset({"gemma2", "gpt_oss"})
_METHODS_OF_4_BITS = frozenset({"awq", "gptq", "gptq_marlin", "awq_marlin", "auto-round", "auto_round"})


def facts_of(
    config: Mapping[str, Any],
    *,
    id: str,
    where: str,
    source: str,
    weight_bytes: int | None = None,
    counts: WeightCounts | None = None,
    parameters: int | None = None,
    task: Task = "generate",
    gated: bool | None = None,
) -> ModelFacts:
    """The facts that a configuration gives.

    Args:
        config: the parsed ``config.json``.
        id: the name of the model.
        where: what to call the file in a message.
        source: where the facts come from.
        weight_bytes: the size of the weights' files, where it is known.
        counts: the weights by kind, where they are known.
        parameters: the number of weights, where it is known without their kinds.
        task: what the model is published for.
        gated: whether the Hub asks for an accepted licence.

    Raises:
        InvalidOptionError: a key holds what is not a whole number.
    """
    text = text_part(config)
    read = _Reader(text, where)
    heads = read.whole("num_attention_heads", "n_head")
    hidden = read.whole("hidden_size", "n_embd", "d_model")
    head_dim = read.whole("head_dim")
    if head_dim is None and heads and hidden:
        head_dim = hidden // heads
    latent, rope = read.whole("kv_lora_rank"), read.whole("qk_rope_head_dim")
    quantized, stored = stored_weights(config)
    base = _plain_dtype(config) or _plain_dtype(text)
    total = counts.total if counts is not None else parameters
    return ModelFacts(
        id=id,
        parameters=total,
        layers=_layers(read),
        hidden_size=hidden,
        intermediate_size=_widest(read),
        attention_heads=heads,
        kv_heads=read.whole("num_key_value_heads", "num_kv_heads") or (1 if text.get("multi_query") else heads),
        head_dim=head_dim,
        kv_latent_dim=latent + rope if latent is not None and rope is not None else None,
        max_position_embeddings=_positions(read),
        vocabulary=read.whole("vocab_size"),
        dtype=quantized if stored.method or quantized else base,
        base_dtype=base,
        weight_bytes=weight_bytes,
        source=source,
        family=str(config.get("model_type")),
        caches=_caches(read, str(text.get("model_type")), heads, head_dim, latent, rope),
        counts=counts,
        stored=stored,
        experts=read.whole(*_EXPERTS) or None,
        experts_per_token=read.whole(*_EXPERTS_PER_TOKEN),
        expert_size=read.whole("moe_intermediate_size", "expert_ffn_hidden_size"),
        task=task,
        modalities=_modalities(config),
        gated=gated,
    )


def text_part(config: Mapping[str, Any]) -> dict[str, Any]:
    """The keys of the language model, which a multimodal configuration keeps in a part of its own."""
    for key in ("text_config", "llm_config", "language_config"):
        if isinstance(config.get(key), dict):
            return {**config, **config[key]}
    return dict(config)


class _Reader:
    """The keys of a configuration, checked as they are read."""

    __slots__ = ("config", "where")

    def __init__(self, config: Mapping[str, Any], where: str) -> None:
        self.config = config
        self.where = where

    def whole(self, *keys: str) -> int | None:
        for key in keys:
            value = self.config.get(key)
            if value is None:
                continue
            if not isinstance(value, int) or isinstance(value, bool) or value < 0:
                raise InvalidOptionError(
                    f"{self.where!r} has {key} {shown(value)}, which is not a whole number", option="model"
                )
            return value
        return None

    def list(self, key: str) -> list[Any]:
        value = self.config.get(key)
        return value if isinstance(value, list) else []


def _layers(read: _Reader) -> int | None:
    return read.whole("num_hidden_layers", "n_layer") or len(read.list("layers_block_type")) or None


def _widest(read: _Reader) -> int | None:
    sizes = [
        size
        for key in ("intermediate_size", "intermediate_size_mlp", "dense_intermediate_size", "n_inner", "ffn_dim")
        if isinstance(size := read.config.get(key), int) and not isinstance(size, bool) and size > 0
    ]
    if sizes:
        return max(sizes)
    hidden = read.whole("n_embd")
    return 4 * hidden if hidden else None


def _modalities(config: Mapping[str, Any]) -> tuple[str, ...]:
    found = ["text"]
    if isinstance(config.get("vision_config"), dict):
        found.append("image")
    if isinstance(config.get("audio_config"), dict):
        found.append("audio")
    return tuple(found)


def _positions(read: _Reader) -> int | None:
    config = read.config
    found = [value for key in _POSITIONS if (value := read.whole(key)) is not None]
    if not found:
        return None
    rope = config.get("rope_scaling") or config.get("rope_parameters")
    rope = rope if isinstance(rope, dict) else {}
    kind = rope.get("rope_type", rope.get("type", "default"))
    factor = rope.get("factor")
    scaled = str(kind) in _SCALED_ROPES or "gemma3" in str(config.get("model_type"))
    if scaled or isinstance(factor, bool) or not isinstance(factor, (int, float)) or not 1 <= factor < math.inf:
        return min(found)
    return int(min(found) * factor)


# What the layers remember.


def _caches(
    read: _Reader, family: str, heads: int | None, head_dim: int | None, latent: int | None, rope: int | None
) -> tuple[LayerCache, ...]:
    layers = _layers(read)
    if not layers or family in _UNKNOWN_CACHES or str(read.config.get("model_type")) in _UNKNOWN_CACHES:
        return ()
    if family == "nemotron_h":
        return _nemotron_caches(read, head_dim)
    if isinstance(read.config.get("linear_attn_config"), dict):
        return ()  # Kimi's delta attention, whose state is laid out in another way in every release
    if latent is not None and rope is not None:
        index = read.whole("index_head_dim") or 0
        return (
            LayerCache(
                kind="latent",
                layers=layers,
                latent_dim=latent + rope,
                index_bytes=index + index // _INDEX_BLOCK * _INDEX_SCALE_BYTES,
            ),
        )
    if not heads or not head_dim:
        return ()
    kv_heads = read.whole("num_key_value_heads", "num_kv_heads") or (1 if read.config.get("multi_query") else heads)
    kinds = _layer_kinds(read, family, layers)
    full = LayerCache(
        kind="full",
        layers=kinds.count("full"),
        kv_heads=read.whole("num_global_key_value_heads") or kv_heads,
        key_dim=read.whole("global_head_dim") or head_dim,
        value_dim=read.whole("global_head_dim") or read.whole("v_head_dim") or head_dim,
    )
    window = read.whole("sliding_window") or 0
    sliding = LayerCache(
        kind="sliding",
        layers=kinds.count("sliding"),
        kv_heads=read.whole("swa_num_key_value_heads") or kv_heads,
        key_dim=read.whole("swa_head_dim") or head_dim,
        value_dim=read.whole("swa_v_head_dim") or read.whole("v_head_dim") or head_dim,
        window=window,
    )
    chunked = LayerCache(
        kind="chunked",
        layers=kinds.count("chunked"),
        kv_heads=kv_heads,
        key_dim=head_dim,
        value_dim=head_dim,
        window=read.whole("attention_chunk_size"),
    )
    states = kinds.count("linear") if family != "falcon_h1" else layers
    linear = _delta_net(read, states) or _mamba2(read, states)
    return tuple(cache for cache in (full, sliding, chunked, linear) if cache is not None and cache.layers)


def _layer_kinds(read: _Reader, family: str, layers: int) -> list[str]:
    """The kind of each layer that has a cache of its own; layers that use an earlier one's have none."""
    shared = read.whole("num_kv_shared_layers") or 0
    named = [str(kind) for kind in read.list("layer_types")]
    if len(named) == layers:
        # Qwen's configurations keep a window that nothing uses.
        plain = not read.config.get("use_sliding_window", True) or not read.whole("sliding_window")
        words = {
            "full_attention": "full",
            "sliding_attention": "full" if plain else "sliding",
            "chunked_attention": "chunked",
            "linear_attention": "linear",
            "mamba": "linear",
        }
        return [words.get(kind, "full") for kind in named[: layers - shared]]
    pattern = read.list("hybrid_layer_pattern")
    if len(pattern) == layers:
        return ["sliding" if kind == 1 else "full" for kind in pattern]
    interval = read.whole("full_attention_interval")
    if interval and read.whole("linear_num_value_heads"):
        return ["full" if (layer + 1) % interval == 0 else "linear" for layer in range(layers)]
    every = read.whole("sliding_window_pattern", "_sliding_window_pattern") or (6 if family.startswith("gemma3") else 0)
    if family in _EVERY_OTHER_SLIDES:
        every = 2
    if every and read.whole("sliding_window"):
        return ["full" if (layer + 1) % every == 0 else "sliding" for layer in range(layers - shared)]
    if family.startswith("llama4") and read.whole("attention_chunk_size"):
        # Every fourth layer looks at all tokens (no_rope_layers of the configuration's default).
        return ["full" if (layer + 1) % 4 == 0 else "chunked" for layer in range(layers)]
    slides = family in {"mistral", "phi3", "starcoder2"} and read.whole("sliding_window")
    return ["sliding" if slides else "full"] * (layers - shared)


def _delta_net(read: _Reader, layers: int) -> LayerCache | None:
    """The state of a gated delta net (Qwen3-Next, Qwen3.5)."""
    key_heads, value_heads = read.whole("linear_num_key_heads"), read.whole("linear_num_value_heads")
    key_dim, value_dim = read.whole("linear_key_head_dim"), read.whole("linear_value_head_dim")
    kernel = read.whole("linear_conv_kernel_dim")
    if not (layers and key_heads and value_heads and key_dim and value_dim and kernel):
        return None
    dtype = read.config.get("mamba_ssm_dtype")
    return LayerCache(
        kind="linear",
        layers=layers,
        conv_values=(2 * key_heads * key_dim + value_heads * value_dim) * (kernel - 1),
        conv_steps=kernel - 1,
        state_values=value_heads * value_dim * key_dim,
        state_dtype=dtype if isinstance(dtype, str) else None,
    )


def _mamba2(read: _Reader, layers: int) -> LayerCache | None:
    """The state of Mamba-2 under the names of Granite 4 and Falcon-H1, whose every layer has attention beside it."""
    heads, dim, state = read.whole("mamba_n_heads"), read.whole("mamba_d_head"), read.whole("mamba_d_state")
    groups, kernel = read.whole("mamba_n_groups"), read.whole("mamba_d_conv")
    if not (layers and heads and dim and state and groups and kernel):
        return None
    return LayerCache(
        kind="linear",
        layers=layers,
        conv_values=(heads * dim + 2 * groups * state) * (kernel - 1),
        conv_steps=kernel - 1,
        state_values=heads * dim * state,
    )


def _nemotron_caches(read: _Reader, head_dim: int | None) -> tuple[LayerCache, ...]:
    """Mamba-2 and attention, whose layers are named by letters of a pattern (``M`` and ``*``) or in a list."""
    pattern = read.config.get("hybrid_override_pattern")
    named = read.list("layers_block_type")
    if named:
        pattern = "".join({"mamba": "M", "attention": "*", "full_attention": "*"}.get(str(kind), "-") for kind in named)
    heads, dim = read.whole("mamba_num_heads"), read.whole("mamba_head_dim")
    groups, state, kernel = read.whole("n_groups"), read.whole("ssm_state_size"), read.whole("conv_kernel")
    kv_heads = read.whole("num_key_value_heads")
    if not (isinstance(pattern, str) and heads and dim and groups and state and kernel and kv_heads and head_dim):
        return ()
    dtype = read.config.get("mamba_ssm_cache_dtype")
    attention = LayerCache(
        kind="full", layers=pattern.count("*"), kv_heads=kv_heads, key_dim=head_dim, value_dim=head_dim
    )
    mamba = LayerCache(
        kind="linear",
        layers=pattern.count("M"),
        conv_values=(heads * dim + 2 * groups * state) * (kernel - 1),
        conv_steps=kernel - 1,
        state_values=heads * dim * state,
        state_dtype=dtype if isinstance(dtype, str) else None,
    )
    return tuple(cache for cache in (attention, mamba) if cache.layers)


# The types of the weights.


def _plain_dtype(config: Mapping[str, Any]) -> str | None:
    stored = config.get("torch_dtype", config.get("dtype"))
    return stored.removeprefix("torch.") if isinstance(stored, str) else None


def stored_weights(config: Mapping[str, Any]) -> tuple[str | None, StoredWeights]:
    """The type that the files are named after, and the types of each kind of weights, from ``quantization_config``."""
    quantization = config.get("quantization_config")
    if not isinstance(quantization, dict):
        quantization = text_part(config).get("quantization_config")
    if not isinstance(quantization, dict):
        return None, StoredWeights()
    method = str(quantization.get("quant_method", "")).lower()
    dtype = _method_dtype(method, quantization)
    if method == "mxfp4":
        # Attention, routers and embeddings stay in 16 bits.
        return dtype, StoredWeights(method=method, expert="mxfp4")
    return dtype, StoredWeights(method=method or None, linear=dtype, expert=dtype)


def _method_dtype(method: str, quantization: Mapping[str, Any]) -> str | None:
    groups = quantization.get("config_groups")
    if method == "compressed-tensors" and isinstance(groups, dict):
        weights = [
            group["weights"]
            for group in groups.values()
            if isinstance(group, dict) and isinstance(group.get("weights"), dict)
        ]
        if weights:
            kind = "fp" if weights[0].get("type") == "float" else "int"
            name = f"{kind}{weights[0].get('num_bits')}"
            return "mxfp4" if name == "fp4" and "mxfp4" in str(quantization.get("format")) else name
    if method == "bitsandbytes":
        return "int8" if quantization.get("load_in_8bit") else "int4"
    if method in _METHODS_OF_4_BITS:
        return f"int{quantization.get('bits', quantization.get('w_bit', 4))}"
    if method == "modelopt" and "NVFP4" in str(quantization.get("quant_algo", "")):
        return "nvfp4"
    return method or None
