"""Facts on a model from files on this machine: its ``config.json``, and its safetensors files or their index.

The keys are those that vLLM itself reads (vllm/transformers_utils/model_arch_config_convertor.py).
"""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

from vllm_cdk8s.core.errors import InvalidOptionError
from vllm_cdk8s.core.models.facts import ModelFacts

if TYPE_CHECKING:
    from pathlib import Path

_INDEX = "model.safetensors.index.json"
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
_SCALED_ROPES = frozenset({"default", "su", "longrope", "llama3", "yarn", "deepseek_yarn", "deepseek_llama_scaling"})
# Decoders of gated MLPs and grouped attention that differ only in what their configuration says, with the number of
# norm vectors of the hidden size per layer.
_GATED = {
    "llama": 2,
    "mistral": 2,
    "mixtral": 2,
    "qwen2": 2,
    "qwen3": 2,
    "qwen3_moe": 2,
    "gemma": 2,
    "gemma2": 4,
    "gemma3_text": 4,
    "phi3": 2,
    "deepseek_v2": 2,
    "deepseek_v3": 2,
}
_QUERY_KEY_NORMS = frozenset({"qwen3", "qwen3_moe", "gemma3_text"})
# Where the configuration leaves tie_word_embeddings out, these still share one embedding for input and output.
_TIED = frozenset({"gemma", "gemma2", "gemma3_text"})
_HEADER_BYTES = 8
_MAX_HEADER = 100_000_000  # the limit of the format: https://github.com/huggingface/safetensors


def local_model(path: Path) -> ModelFacts:
    """The facts on the model whose ``config.json``, safetensors index, or folder of both this path names.

    Files beside the named one are read too: the configuration has the shape, the index the exact size.

    Raises:
        InvalidOptionError: the path leads to no such file, or the file is not what its name says.
    """
    if not is_there(path):
        raise InvalidOptionError(f"{str(path)!r} does not exist", option="model")
    folder = path if path.is_dir() else path.parent
    config_path, index_path = folder / "config.json", folder / _INDEX
    if path.is_file():
        if path.name.endswith(".index.json"):
            index_path = path
        elif path.suffix == ".json":
            config_path = path
        elif path.suffix != ".safetensors":
            raise InvalidOptionError(
                f"{str(path)!r} is not a model file; allowed: a config.json, a safetensors file or index, their folder",
                option="model",
            )
    config = _json_object(config_path) if config_path.is_file() else None
    weights = path if path.suffix == ".safetensors" else folder / "model.safetensors"
    if index_path.is_file():
        weight_bytes: int | None = _total_size(index_path)
    else:
        weight_bytes = _tensor_bytes(weights) if weights.is_file() else None
    if config is None and weight_bytes is None:
        raise InvalidOptionError(
            f"{str(path)!r} holds neither config.json nor {_INDEX} nor model.safetensors", option="model"
        )
    if config is None:
        source = f"the size that {(index_path if index_path.is_file() else weights).name} gives"
        return ModelFacts(id=str(path), weight_bytes=weight_bytes, source=source)
    return _facts(config, config_path, weight_bytes)


def is_there(path: Path) -> bool:
    """Whether a path leads to something; one that no file system could hold does not."""
    try:
        return path.exists()
    except OSError:
        return False


def _facts(config: dict[str, Any], path: Path, weight_bytes: int | None) -> ModelFacts:
    text = {**config, **config["text_config"]} if isinstance(config.get("text_config"), dict) else config
    heads = _whole(text, path, "num_attention_heads", "n_head")
    hidden = _whole(text, path, "hidden_size", "n_embd")
    head_dim = _whole(text, path, "head_dim")
    if head_dim is None and heads and hidden:
        head_dim = hidden // heads
    latent = _whole(text, path, "kv_lora_rank")
    rope = _whole(text, path, "qk_rope_head_dim")
    return ModelFacts(
        id=str(path),
        parameters=_parameters(text, path),
        layers=_whole(text, path, "num_hidden_layers", "n_layer"),
        hidden_size=hidden,
        attention_heads=heads,
        kv_heads=_whole(text, path, "num_key_value_heads", "num_kv_heads") or (1 if text.get("multi_query") else heads),
        head_dim=head_dim,
        kv_latent_dim=latent + rope if latent is not None and rope is not None else None,
        max_position_embeddings=_positions(text, path),
        dtype=_stored_dtype(config),
        weight_bytes=weight_bytes,
        source=f"{path.name} on this machine",
    )


def _positions(config: dict[str, Any], path: Path) -> int | None:
    found = [value for key in _POSITIONS if (value := _whole(config, path, key)) is not None]
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


def _stored_dtype(config: dict[str, Any]) -> str | None:
    quantization = config.get("quantization_config")
    if isinstance(quantization, dict):
        method = str(quantization.get("quant_method", "")).lower()
        groups = quantization.get("config_groups")
        if method == "compressed-tensors" and isinstance(groups, dict):
            weights = [group["weights"] for group in groups.values()
                       if isinstance(group, dict) and isinstance(group.get("weights"), dict)]  # fmt: skip
            if weights:
                kind = "fp" if weights[0].get("type") == "float" else "int"
                return f"{kind}{weights[0].get('num_bits')}"
        if method == "bitsandbytes":
            return "int8" if quantization.get("load_in_8bit") else "int4"
        if method in {"awq", "gptq", "gptq_marlin", "awq_marlin", "auto-round"}:
            return f"int{quantization.get('bits', quantization.get('w_bit', 4))}"
        return method or None
    stored = config.get("torch_dtype", config.get("dtype"))
    return stored.removeprefix("torch.") if isinstance(stored, str) else None


def _parameters(config: dict[str, Any], path: Path) -> int | None:
    """The number of weights that this shape has; None for a family whose layers are not described by these keys."""
    family = str(config.get("model_type"))
    if family == "gpt2":
        return _gpt2_parameters(config, path)
    if family not in _GATED:
        return None
    needed = ("vocab_size", "hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size")
    values = [_whole(config, path, key) for key in needed]
    vocabulary, hidden, layers, heads, inner = values
    if not (vocabulary and hidden and layers and heads and inner):
        return None
    kv_heads = _whole(config, path, "num_key_value_heads") or heads
    head_dim = _whole(config, path, "head_dim") or hidden // heads
    if config.get("kv_lora_rank"):
        attention = _latent_attention(config, path, hidden, heads)
    else:
        attention = 2 * hidden * heads * head_dim + 2 * hidden * kv_heads * head_dim
        if family == "qwen2" or config.get("attention_bias"):
            attention += (heads + 2 * kv_heads) * head_dim
        if family in _QUERY_KEY_NORMS:
            attention += 2 * head_dim
    experts = _whole(config, path, "num_local_experts", "num_experts", "n_routed_experts")
    dense = 3 * hidden * inner
    if experts:
        expert = 3 * hidden * (_whole(config, path, "moe_intermediate_size") or inner)
        shared = _whole(config, path, "n_shared_experts") or 0
        sparse = (experts + shared) * expert + experts * hidden + (experts if family == "deepseek_v3" else 0)
        dense_layers = min(layers, _whole(config, path, "first_k_dense_replace") or 0)
        mlps = dense_layers * dense + (layers - dense_layers) * sparse
    else:
        mlps = layers * dense
    embeddings = vocabulary * hidden * (1 if config.get("tie_word_embeddings", family in _TIED) else 2)
    return embeddings + layers * (attention + _GATED[family] * hidden) + mlps + hidden


def _latent_attention(config: dict[str, Any], path: Path, hidden: int, heads: int) -> int:
    """The weights of one layer of DeepSeek's multi-head latent attention (arXiv:2405.04434, section 2.1)."""
    query_rank = _whole(config, path, "q_lora_rank") or 0
    rank = _whole(config, path, "kv_lora_rank") or 0
    rope = _whole(config, path, "qk_rope_head_dim") or 0
    plain = _whole(config, path, "qk_nope_head_dim") or 0
    value = _whole(config, path, "v_head_dim") or 0
    per_head = heads * (rope + plain)
    query = hidden * query_rank + query_rank + query_rank * per_head if query_rank else hidden * per_head
    return query + hidden * (rank + rope) + rank + rank * heads * (plain + value) + heads * value * hidden


def _gpt2_parameters(config: dict[str, Any], path: Path) -> int | None:
    hidden, layers = _whole(config, path, "n_embd"), _whole(config, path, "n_layer")
    vocabulary, positions = _whole(config, path, "vocab_size"), _whole(config, path, "n_positions")
    if not (hidden and layers and vocabulary and positions):
        return None
    inner = _whole(config, path, "n_inner") or 4 * hidden
    layer = 4 * hidden * hidden + 4 * hidden + 2 * hidden * inner + inner + hidden + 4 * hidden
    return (vocabulary + positions) * hidden + layers * layer + 2 * hidden


def _whole(config: dict[str, Any], path: Path, *keys: str) -> int | None:
    for key in keys:
        value = config.get(key)
        if value is None:
            continue
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise InvalidOptionError(f"{str(path)!r} has {key} {value!r}, which is not a whole number", option="model")
        return value
    return None


def _total_size(path: Path) -> int:
    metadata = _json_object(path).get("metadata")
    size = metadata.get("total_size") if isinstance(metadata, dict) else None
    # Some writers print the size as a float; it is a whole number of bytes all the same.
    if isinstance(size, bool) or not isinstance(size, (int, float)) or size <= 0 or size != int(size):
        raise InvalidOptionError(f"{str(path)!r} has no metadata.total_size in bytes", option="model")
    return int(size)


def _tensor_bytes(path: Path) -> int:
    """The bytes of all tensors of one safetensors file: its length less its header."""
    try:
        with path.open("rb") as file:
            length = int.from_bytes(file.read(_HEADER_BYTES), "little")
        size = path.stat().st_size - _HEADER_BYTES - length
    except OSError as error:
        raise InvalidOptionError(f"{str(path)!r} cannot be read: {error}", option="model") from error
    if length > _MAX_HEADER or size <= 0:
        raise InvalidOptionError(f"{str(path)!r} is not a safetensors file", option="model")
    return size


def _json_object(path: Path) -> dict[str, Any]:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InvalidOptionError(f"{str(path)!r} cannot be read: {error}", option="model") from error
    if not isinstance(data, dict):
        raise InvalidOptionError(f"{str(path)!r} holds no JSON object", option="model")
    return data
