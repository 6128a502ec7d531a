"""What is known of a model: the caches that its layers keep, the weights that it is made of, and where that is from."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

CacheKind = Literal["full", "sliding", "chunked", "latent", "linear"]
Task = Literal["generate", "embed", "rerank"]
_VOCABULARY_STEP = 64


class LayerCache(Struct, frozen=True, kw_only=True):
    """What each of some alike layers remembers of a running sequence.

    Attributes:
        kind: ``full`` attention keeps every token; ``sliding`` the last ``window``; ``chunked`` those of the running
            chunk of ``window`` tokens; ``latent`` one vector per token (multi-head latent attention); ``linear`` one
            state per sequence, however long (Mamba, gated delta nets).
        layers: the number of such layers.
        kv_heads: key and value heads, which tensor parallelism divides.
        key_dim: the width of a key.
        value_dim: the width of a value.
        window: the tokens that sliding or chunked attention looks back on.
        latent_dim: the width of the one vector of latent attention, which every GPU keeps.
        index_bytes: what the indexer of sparse attention keeps per token beside it, in bytes.
        conv_values: the numbers in the convolution's state, which tensor parallelism divides.
        conv_steps: the tokens that the convolution looks back on.
        state_values: the numbers in the recurrent state, which tensor parallelism divides.
        state_dtype: the recurrent state's type where the configuration says one.
    """

    kind: CacheKind
    layers: int
    kv_heads: int = 0
    key_dim: int = 0
    value_dim: int = 0
    window: int | None = None
    latent_dim: int = 0
    index_bytes: int = 0
    conv_values: int = 0
    conv_steps: int = 1
    state_values: int = 0
    state_dtype: str | None = None

    @property
    def values_per_token(self) -> int:
        """The numbers that one such layer keeps for one token, all GPUs together; 0 where it keeps a state instead."""
        return self.latent_dim if self.kind == "latent" else self.kv_heads * (self.key_dim + self.value_dim)


class WeightCounts(Struct, frozen=True, kw_only=True):
    """How many weights of each kind a model has; quantization and parallelism treat each kind in its own way.

    Attributes:
        embedding: the input embedding, which is the output's too where ``head`` is 0.
        head: the output projection, where it is not the embedding.
        linear: matrices of the layers outside the routed experts.
        expert: matrices of the routed experts.
        tower: encoders of images and sound, with their projectors.
        other: norms, biases, routers, convolutions: never quantized, and on every GPU.
    """

    embedding: int = 0
    head: int = 0
    linear: int = 0
    expert: int = 0
    tower: int = 0
    other: int = 0

    @property
    def total(self) -> int:
        """All weights."""
        return self.embedding + self.head + self.linear + self.expert + self.tower + self.other


class StoredWeights(Struct, frozen=True, kw_only=True):
    """The types that a model's files hold its weights in.

    Attributes:
        method: the quantization as the files name it (``fp8``, ``awq``, ``mxfp4``, ...); None for plain files.
        linear: the type of `WeightCounts.linear`, as `weight_types` names it; None for the model's own type.
        expert: the type of `WeightCounts.expert`.
        head: the type of the output projection.
        embedding: the type of the embedding.
        quantized: how many of the linear weights are quantized, where some layers are left out; None for all.
        fp8: how many of the others are in 8-bit floating point, where a checkpoint mixes both.
    """

    method: str | None = None
    linear: str | None = None
    expert: str | None = None
    head: str | None = None
    embedding: str | None = None
    quantized: int | None = None
    fp8: int = 0


class ModelFacts(Struct, frozen=True, kw_only=True):
    """What is known of a model, and of the memory that it needs. A field that is not known for certain is None.

    Attributes:
        id: the model's name on the Hugging Face Hub, or the path of its configuration.
        parameters: the number of weights, tied embeddings counted once.
        layers: the number of transformer layers (``num_hidden_layers``).
        hidden_size: the width of the residual stream.
        intermediate_size: the width inside an MLP, the widest where layers differ.
        attention_heads: the number of query heads, which tensor parallelism must divide evenly.
        kv_heads: the number of key and value heads per layer.
        head_dim: the width of one head.
        kv_latent_dim: for multi-head latent attention, the width of the one vector cached per layer and token
            (``kv_lora_rank + qk_rope_head_dim``); None for ordinary attention.
        max_position_embeddings: the longest sequence in tokens (``n_positions`` in GPT-2's terms), as vLLM derives it.
        vocabulary: the number of tokens that the embedding knows (``vocab_size``).
        dtype: the type that the published weights are stored in (``torch_dtype``, or the quantization).
        base_dtype: the type of what is not quantized.
        weight_bytes: the size of the weight files in bytes, where a safetensors index or a measurement says it.
        source: where these facts come from.
        family: ``model_type`` of the configuration.
        caches: what the layers remember; empty where it is not known, or nothing (see `attention_known`).
        counts: the weights by kind.
        stored: the types of the weights by kind.
        experts: routed experts per layer; None for a dense model.
        experts_per_token: how many of them each token goes through.
        expert_size: the width inside a routed expert.
        task: what the model is published for.
        modalities: what it reads: ``text``, and ``image``, ``audio`` where a tower for it is published.
        gated: whether the Hub asks for an accepted licence, and so a token; None where it is not known.
    """

    id: str
    parameters: int | None = None
    layers: int | None = None
    hidden_size: int | None = None
    intermediate_size: int | None = None
    attention_heads: int | None = None
    kv_heads: int | None = None
    head_dim: int | None = None
    kv_latent_dim: int | None = None
    max_position_embeddings: int | None = None
    vocabulary: int | None = None
    dtype: str | None = None
    base_dtype: str | None = None
    weight_bytes: int | None = None
    source: str = "the model's config.json"
    family: str | None = None
    caches: tuple[LayerCache, ...] = ()
    counts: WeightCounts | None = None
    stored: StoredWeights = StoredWeights()
    experts: int | None = None
    experts_per_token: int | None = None
    expert_size: int | None = None
    task: Task = "generate"
    modalities: tuple[str, ...] = ("text",)
    gated: bool | None = None

    @property
    def shards(self) -> int | None:
        """The number that the tensor parallel size must divide beside the heads: the vocabulary, padded to whole 64.

        From vllm/model_executor/layers/vocab_parallel_embedding.py; None where the vocabulary is not known.
        """
        return None if not self.vocabulary else -(-self.vocabulary // _VOCABULARY_STEP) * _VOCABULARY_STEP

    @property
    def kv_values_per_token(self) -> int | None:
        """How many numbers the KV cache holds for each token, over all layers; None where the shape is not known.

        ``2 x layers x kv_heads x head_dim`` (a key and a value), or ``layers x kv_latent_dim`` with latent attention.
        An upper bound where some layers only look at a sliding window; layers with a state per sequence count 0.
        """
        if self.caches:
            return sum(cache.layers * cache.values_per_token for cache in self.caches)
        if self.layers is None:
            return None
        if self.kv_latent_dim is not None:
            return self.layers * self.kv_latent_dim
        if self.kv_heads is None or self.head_dim is None:
            return None
        return 2 * self.layers * self.kv_heads * self.head_dim
