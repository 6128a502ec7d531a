"""Facts on a model from files on this machine: its ``config.json``, and its safetensors files or their index.

The keys are those that vLLM itself reads (vllm/transformers_utils/model_arch_config_convertor.py).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from vllm_cdk8s.core.errors import InvalidOptionError
from vllm_cdk8s.core.models.config import facts_of, text_part
from vllm_cdk8s.core.models.shape import ModelFacts, WeightCounts
from vllm_cdk8s.core.showing import shown

if TYPE_CHECKING:
    from pathlib import Path

_INDEX = "model.safetensors.index.json"
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
    return facts_of(
        config,
        id=str(path),
        where=str(path),
        source=f"{path.name} on this machine",
        weight_bytes=weight_bytes,
        counts=_counts(text_part(config), path),
    )


def _counts(config: dict[str, Any], path: Path) -> WeightCounts | None:
    """The weights that this shape has; None for a family whose layers are not described by these keys."""
    family = str(config.get("model_type"))
    if family == "gpt2":
        return _gpt2_counts(config, path)
    if family not in _GATED:
        return None
    needed = ("vocab_size", "hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size")
    values = [_whole(config, path, key) for key in needed]
    vocabulary, hidden, layers, heads, inner = values
    if not (vocabulary and hidden and layers and heads and inner):
        return None
    kv_heads = _whole(config, path, "num_key_value_heads") or heads
    head_dim = _whole(config, path, "head_dim") or hidden // heads
    vectors = _GATED[family] * hidden
    if config.get("kv_lora_rank"):
        attention = _latent_attention(config, path, hidden, heads)
        vectors += (_whole(config, path, "q_lora_rank") or 0) + (_whole(config, path, "kv_lora_rank") or 0)
    else:
        attention = 2 * hidden * heads * head_dim + 2 * hidden * kv_heads * head_dim
        if family == "qwen2" or config.get("attention_bias"):
            vectors += (heads + 2 * kv_heads) * head_dim
        if family in _QUERY_KEY_NORMS:
            vectors += 2 * head_dim
    experts = _whole(config, path, "num_local_experts", "num_experts", "n_routed_experts")
    dense = 3 * hidden * inner
    linear, routed, other = layers * attention, 0, layers * vectors + hidden
    if experts:
        expert = 3 * hidden * (_whole(config, path, "moe_intermediate_size") or inner)
        shared = _whole(config, path, "n_shared_experts") or 0
        dense_layers = min(layers, _whole(config, path, "first_k_dense_replace") or 0)
        sparse_layers = layers - dense_layers
        linear += dense_layers * dense + sparse_layers * shared * expert
        routed = sparse_layers * experts * expert
        other += sparse_layers * (experts * hidden + (experts if family == "deepseek_v3" else 0))
    else:
        linear += layers * dense
    tied = config.get("tie_word_embeddings", family in _TIED)
    embedding = vocabulary * hidden
    return WeightCounts(embedding=embedding, head=0 if tied else embedding, linear=linear, expert=routed, other=other)


def _latent_attention(config: dict[str, Any], path: Path, hidden: int, heads: int) -> int:
    """The matrices of one layer of DeepSeek's multi-head latent attention (arXiv:2405.04434, section 2.1)."""
    query_rank = _whole(config, path, "q_lora_rank") or 0
    rank = _whole(config, path, "kv_lora_rank") or 0
    rope = _whole(config, path, "qk_rope_head_dim") or 0
    plain = _whole(config, path, "qk_nope_head_dim") or 0
    value = _whole(config, path, "v_head_dim") or 0
    per_head = heads * (rope + plain)
    query = hidden * query_rank + query_rank * per_head if query_rank else hidden * per_head
    return query + hidden * (rank + rope) + rank * heads * (plain + value) + heads * value * hidden


def _gpt2_counts(config: dict[str, Any], path: Path) -> WeightCounts | None:
    hidden, layers = _whole(config, path, "n_embd"), _whole(config, path, "n_layer")
    vocabulary, positions = _whole(config, path, "vocab_size"), _whole(config, path, "n_positions")
    if not (hidden and layers and vocabulary and positions):
        return None
    inner = _whole(config, path, "n_inner") or 4 * hidden
    return WeightCounts(
        embedding=vocabulary * hidden,
        linear=layers * (4 * hidden * hidden + 2 * hidden * inner),
        other=positions * hidden + layers * (9 * hidden + inner) + 2 * hidden,
    )


def _whole(config: dict[str, Any], path: Path, *keys: str) -> int | None:
    for key in keys:
        value = config.get(key)
        if value is None:
            continue
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise InvalidOptionError(
                f"{str(path)!r} has {key} {shown(value)}, which is not a whole number", option="model"
            )
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
