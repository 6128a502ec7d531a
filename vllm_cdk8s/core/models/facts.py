"""Facts on well-known models, each from the model's own ``config.json`` on the Hugging Face Hub.

A field that is not known for certain is None; nothing here is an estimate. The number of parameters is that of
the published weights, tied embeddings counted once.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from vllm_cdk8s.core.errors import nearest


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelFacts:
    """What a model's configuration says about the memory that it needs.

    Attributes:
        id: the model's name on the Hugging Face Hub, or the path of its configuration.
        parameters: the number of weights.
        layers: the number of transformer layers (``num_hidden_layers``).
        hidden_size: the width of the residual stream.
        attention_heads: the number of query heads, which tensor parallelism must divide evenly.
        kv_heads: the number of key and value heads per layer.
        head_dim: the width of one head.
        kv_latent_dim: for multi-head latent attention, the width of the one vector cached per layer and token
            (``kv_lora_rank + qk_rope_head_dim``); None for ordinary attention.
        max_position_embeddings: the longest sequence in tokens (``n_positions`` in GPT-2's terms), as vLLM derives it.
        dtype: the type that the published weights are stored in (``torch_dtype``, or the quantization).
        weight_bytes: the size of the weight files in bytes, where a safetensors index says it.
        source: where these facts come from.
    """

    id: str
    parameters: int | None = None
    layers: int | None = None
    hidden_size: int | None = None
    attention_heads: int | None = None
    kv_heads: int | None = None
    head_dim: int | None = None
    kv_latent_dim: int | None = None
    max_position_embeddings: int | None = None
    dtype: str | None = None
    weight_bytes: int | None = None
    source: str = "the model's config.json"

    @property
    def kv_values_per_token(self) -> int | None:
        """How many numbers the KV cache holds for each token, over all layers; None where the shape is not known.

        ``2 x layers x kv_heads x head_dim`` (a key and a value), or ``layers x kv_latent_dim`` with latent attention.
        An upper bound where some layers only look at a sliding window.
        """
        if self.layers is None:
            return None
        if self.kv_latent_dim is not None:
            return self.layers * self.kv_latent_dim
        if self.kv_heads is None or self.head_dim is None:
            return None
        return 2 * self.layers * self.kv_heads * self.head_dim


# One architecture a row: names on the hub (space-separated), parameters, layers, hidden size, query heads, KV heads,
# head dimension, positions, dtype of the published weights.
_Row = tuple[str, int, int, int, int, int, int, int, str | None]
# fmt: off
_ROWS: tuple[_Row, ...] = (
    ("microsoft/DialoGPT-small", 124_439_808, 12, 768, 12, 12, 64, 1024, None),
    ("microsoft/DialoGPT-medium", 354_823_168, 24, 1024, 16, 16, 64, 1024, None),
    ("microsoft/DialoGPT-large", 774_030_080, 36, 1280, 20, 20, 64, 1024, None),
    ("gpt2 openai-community/gpt2", 124_439_808, 12, 768, 12, 12, 64, 1024, "float32"),
    ("gpt2-medium openai-community/gpt2-medium", 354_823_168, 24, 1024, 16, 16, 64, 1024, "float32"),
    ("gpt2-large openai-community/gpt2-large", 774_030_080, 36, 1280, 20, 20, 64, 1024, "float32"),
    ("gpt2-xl openai-community/gpt2-xl", 1_557_611_200, 48, 1600, 25, 25, 64, 1024, "float32"),
    ("distilgpt2 distilbert/distilgpt2", 81_912_576, 6, 768, 12, 12, 64, 1024, "float32"),
    ("facebook/opt-125m", 125_239_296, 12, 768, 12, 12, 64, 2048, "float16"),
    ("facebook/opt-350m", 331_196_416, 24, 1024, 16, 16, 64, 2048, "float16"),
    ("facebook/opt-1.3b", 1_315_758_080, 24, 2048, 32, 32, 64, 2048, "float16"),
    ("facebook/opt-2.7b", 2_651_596_800, 32, 2560, 32, 32, 80, 2048, "float16"),
    ("facebook/opt-6.7b", 6_658_473_984, 32, 4096, 32, 32, 128, 2048, "float16"),
    ("facebook/opt-13b", 12_853_473_280, 40, 5120, 40, 40, 128, 2048, "float16"),
    ("facebook/opt-30b", 29_974_540_288, 48, 7168, 56, 56, 128, 2048, "float16"),
    ("facebook/opt-66b", 65_719_701_504, 64, 9216, 72, 72, 128, 2048, "float16"),
    ("TinyLlama/TinyLlama-1.1B-Chat-v1.0", 1_100_048_384, 22, 2048, 32, 4, 64, 2048, "bfloat16"),
    ("meta-llama/Llama-2-7b-hf meta-llama/Llama-2-7b-chat-hf",
     6_738_415_616, 32, 4096, 32, 32, 128, 4096, "float16"),
    ("meta-llama/Llama-2-13b-hf meta-llama/Llama-2-13b-chat-hf",
     13_015_864_320, 40, 5120, 40, 40, 128, 4096, "float16"),
    ("meta-llama/Llama-2-70b-hf meta-llama/Llama-2-70b-chat-hf",
     68_976_648_192, 80, 8192, 64, 8, 128, 4096, "float16"),
    ("meta-llama/Meta-Llama-3-8B meta-llama/Meta-Llama-3-8B-Instruct",
     8_030_261_248, 32, 4096, 32, 8, 128, 8192, "bfloat16"),
    ("meta-llama/Meta-Llama-3-70B meta-llama/Meta-Llama-3-70B-Instruct",
     70_553_706_496, 80, 8192, 64, 8, 128, 8192, "bfloat16"),
    ("meta-llama/Llama-3.1-8B meta-llama/Llama-3.1-8B-Instruct deepseek-ai/DeepSeek-R1-Distill-Llama-8B",
     8_030_261_248, 32, 4096, 32, 8, 128, 131_072, "bfloat16"),
    ("meta-llama/Meta-Llama-3.1-8B meta-llama/Meta-Llama-3.1-8B-Instruct",
     8_030_261_248, 32, 4096, 32, 8, 128, 131_072, "bfloat16"),
    ("meta-llama/Llama-3.1-70B meta-llama/Llama-3.1-70B-Instruct meta-llama/Llama-3.3-70B-Instruct",
     70_553_706_496, 80, 8192, 64, 8, 128, 131_072, "bfloat16"),
    ("meta-llama/Meta-Llama-3.1-70B meta-llama/Meta-Llama-3.1-70B-Instruct deepseek-ai/DeepSeek-R1-Distill-Llama-70B",
     70_553_706_496, 80, 8192, 64, 8, 128, 131_072, "bfloat16"),
    ("meta-llama/Llama-3.1-405B meta-llama/Llama-3.1-405B-Instruct",
     405_853_388_800, 126, 16_384, 128, 8, 128, 131_072, "bfloat16"),
    ("meta-llama/Llama-3.2-1B meta-llama/Llama-3.2-1B-Instruct",
     1_235_814_400, 16, 2048, 32, 8, 64, 131_072, "bfloat16"),
    ("meta-llama/Llama-3.2-3B meta-llama/Llama-3.2-3B-Instruct",
     3_212_749_824, 28, 3072, 24, 8, 128, 131_072, "bfloat16"),
    ("mistralai/Mistral-7B-v0.1 mistralai/Mistral-7B-Instruct-v0.1 mistralai/Mistral-7B-Instruct-v0.2",
     7_241_732_096, 32, 4096, 32, 8, 128, 32_768, "bfloat16"),
    ("mistralai/Mistral-7B-v0.3 mistralai/Mistral-7B-Instruct-v0.3",
     7_248_023_552, 32, 4096, 32, 8, 128, 32_768, "bfloat16"),
    ("mistralai/Mistral-Small-24B-Instruct-2501", 23_572_403_200, 40, 5120, 32, 8, 128, 32_768, "bfloat16"),
    ("mistralai/Mixtral-8x7B-v0.1 mistralai/Mixtral-8x7B-Instruct-v0.1",
     46_702_792_704, 32, 4096, 32, 8, 128, 32_768, "bfloat16"),
    ("mistralai/Mixtral-8x22B-Instruct-v0.1", 140_630_071_296, 56, 6144, 48, 8, 128, 65_536, "bfloat16"),
    ("Qwen/Qwen2.5-0.5B Qwen/Qwen2.5-0.5B-Instruct", 494_032_768, 24, 896, 14, 2, 64, 32_768, "bfloat16"),
    ("Qwen/Qwen2.5-1.5B", 1_543_714_304, 28, 1536, 12, 2, 128, 131_072, "bfloat16"),
    ("Qwen/Qwen2.5-1.5B-Instruct", 1_543_714_304, 28, 1536, 12, 2, 128, 32_768, "bfloat16"),
    ("Qwen/Qwen2.5-3B Qwen/Qwen2.5-3B-Instruct", 3_085_938_688, 36, 2048, 16, 2, 128, 32_768, "bfloat16"),
    ("Qwen/Qwen2.5-7B deepseek-ai/DeepSeek-R1-Distill-Qwen-7B",
     7_615_616_512, 28, 3584, 28, 4, 128, 131_072, "bfloat16"),
    ("Qwen/Qwen2.5-7B-Instruct Qwen/Qwen2.5-Coder-7B Qwen/Qwen2.5-Coder-7B-Instruct",
     7_615_616_512, 28, 3584, 28, 4, 128, 32_768, "bfloat16"),
    ("Qwen/Qwen2.5-14B deepseek-ai/DeepSeek-R1-Distill-Qwen-14B",
     14_770_033_664, 48, 5120, 40, 8, 128, 131_072, "bfloat16"),
    ("Qwen/Qwen2.5-14B-Instruct", 14_770_033_664, 48, 5120, 40, 8, 128, 32_768, "bfloat16"),
    ("Qwen/Qwen2.5-32B deepseek-ai/DeepSeek-R1-Distill-Qwen-32B",
     32_763_876_352, 64, 5120, 40, 8, 128, 131_072, "bfloat16"),
    ("Qwen/Qwen2.5-32B-Instruct Qwen/Qwen2.5-Coder-32B-Instruct",
     32_763_876_352, 64, 5120, 40, 8, 128, 32_768, "bfloat16"),
    ("Qwen/Qwen2.5-72B", 72_706_203_648, 80, 8192, 64, 8, 128, 131_072, "bfloat16"),
    ("Qwen/Qwen2.5-72B-Instruct", 72_706_203_648, 80, 8192, 64, 8, 128, 32_768, "bfloat16"),
    ("Qwen/Qwen3-0.6B", 596_049_920, 28, 1024, 16, 8, 128, 40_960, "bfloat16"),
    ("Qwen/Qwen3-1.7B", 1_720_574_976, 28, 2048, 16, 8, 128, 40_960, "bfloat16"),
    ("Qwen/Qwen3-4B", 4_022_468_096, 36, 2560, 32, 8, 128, 40_960, "bfloat16"),
    ("Qwen/Qwen3-8B", 8_190_735_360, 36, 4096, 32, 8, 128, 40_960, "bfloat16"),
    ("Qwen/Qwen3-14B", 14_768_307_200, 40, 5120, 40, 8, 128, 40_960, "bfloat16"),
    ("Qwen/Qwen3-32B", 32_762_123_264, 64, 5120, 64, 8, 128, 40_960, "bfloat16"),
    ("Qwen/Qwen3-30B-A3B", 30_532_122_624, 48, 2048, 32, 4, 128, 40_960, "bfloat16"),
    ("Qwen/Qwen3-30B-A3B-Instruct-2507", 30_532_122_624, 48, 2048, 32, 4, 128, 262_144, "bfloat16"),
    ("Qwen/Qwen3-235B-A22B", 235_093_634_560, 94, 4096, 64, 4, 128, 40_960, "bfloat16"),
    ("google/gemma-2b google/gemma-2b-it", 2_506_172_416, 18, 2048, 8, 1, 256, 8192, "bfloat16"),
    ("google/gemma-7b google/gemma-7b-it", 8_537_680_896, 28, 3072, 16, 16, 256, 8192, "bfloat16"),
    ("google/gemma-2-2b-it", 2_614_341_888, 26, 2304, 8, 4, 256, 8192, "bfloat16"),
    ("google/gemma-2-9b-it", 9_241_705_984, 42, 3584, 16, 8, 256, 8192, "bfloat16"),
    ("google/gemma-2-27b-it", 27_227_128_320, 46, 4608, 32, 16, 128, 8192, "bfloat16"),
    ("google/gemma-3-1b-it", 999_885_952, 26, 1152, 4, 1, 256, 32_768, "bfloat16"),
    ("microsoft/phi-2", 2_779_683_840, 32, 2560, 32, 32, 80, 2048, "float16"),
    ("microsoft/Phi-3-mini-4k-instruct", 3_821_079_552, 32, 3072, 32, 32, 96, 4096, "bfloat16"),
    ("microsoft/Phi-3-mini-128k-instruct microsoft/Phi-3.5-mini-instruct",
     3_821_079_552, 32, 3072, 32, 32, 96, 131_072, "bfloat16"),
    ("microsoft/phi-4", 14_659_507_200, 40, 5120, 40, 10, 128, 16_384, "bfloat16"),
    ("microsoft/Phi-4-mini-instruct", 3_836_021_760, 32, 3072, 24, 8, 128, 131_072, "bfloat16"),
    ("openai/gpt-oss-20b", 20_914_757_184, 24, 2880, 64, 8, 64, 131_072, "mxfp4"),
    ("openai/gpt-oss-120b", 116_829_156_672, 36, 2880, 64, 8, 64, 131_072, "mxfp4"),
)
# Multi-head latent attention: names, parameters, layers, hidden size, query heads, latent width, positions, dtype.
_LATENT_ROWS: tuple[tuple[str, int, int, int, int, int, int, str], ...] = (
    ("deepseek-ai/DeepSeek-V2-Lite deepseek-ai/DeepSeek-V2-Lite-Chat",
     15_706_484_224, 27, 2048, 16, 576, 163_840, "bfloat16"),
    ("deepseek-ai/DeepSeek-V3 deepseek-ai/DeepSeek-V3-0324 deepseek-ai/DeepSeek-R1 deepseek-ai/DeepSeek-R1-0528",
     671_026_419_200, 61, 7168, 128, 576, 163_840, "fp8"),
)
# fmt: on


@cache
def _table() -> dict[str, ModelFacts]:
    table = {}
    for names, parameters, layers, hidden, heads, kv_heads, head_dim, positions, dtype in _ROWS:
        for name in names.split():
            table[name.lower()] = ModelFacts(
                id=name,
                parameters=parameters,
                layers=layers,
                hidden_size=hidden,
                attention_heads=heads,
                kv_heads=kv_heads,
                head_dim=head_dim,
                max_position_embeddings=positions,
                dtype=dtype,
            )
    for names, parameters, layers, hidden, heads, latent, positions, latent_dtype in _LATENT_ROWS:
        for name in names.split():
            table[name.lower()] = ModelFacts(
                id=name,
                parameters=parameters,
                layers=layers,
                hidden_size=hidden,
                attention_heads=heads,
                kv_latent_dim=latent,
                max_position_embeddings=positions,
                dtype=latent_dtype,
            )
    return table


def known_model(model: str) -> ModelFacts | None:
    """The facts on a model by its name on the Hugging Face Hub, in any case; None where the table has no such model."""
    return _table().get(model.lower())


def known_models() -> tuple[str, ...]:
    """The names of all models in the table, sorted."""
    return tuple(sorted((facts.id for facts in _table().values()), key=str.lower))


def nearest_model(model: str) -> str:
    """The end of a message about an unknown model: the nearest name in the table, or nothing."""
    return nearest(model, known_models())
