"""Sizing: the chart's formula, the tables around it, and the files that numbers are read from."""

from __future__ import annotations

import json
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vllm_cdk8s.core.errors import ConflictError, InvalidOptionError, VllmCdk8sError
from vllm_cdk8s.core.models.facts import known_model, known_models
from vllm_cdk8s.core.models.gpu_fit import Need, candidates, per_rank
from vllm_cdk8s.core.models.ledger import NO_CACHE
from vllm_cdk8s.core.models.shape import ModelFacts
from vllm_cdk8s.core.models.sizing import size_model, startup_seconds
from vllm_cdk8s.core.models.weight_types import BYTES, type_name

PARAMETERS = st.integers(min_value=1, max_value=2_000_000_000_000)
TYPES = st.sampled_from(sorted(BYTES))

LLAMA_2_7B: dict[str, Any] = {
    "architectures": ["LlamaForCausalLM"],
    "model_type": "llama",
    "hidden_size": 4096,
    "intermediate_size": 11008,
    "max_position_embeddings": 4096,
    "num_attention_heads": 32,
    "num_hidden_layers": 32,
    "num_key_value_heads": 32,
    "tie_word_embeddings": False,
    "torch_dtype": "float16",
    "vocab_size": 32000,
}
QWEN2_7B: dict[str, Any] = {
    "model_type": "qwen2",
    "hidden_size": 3584,
    "intermediate_size": 18944,
    "max_position_embeddings": 32768,
    "num_attention_heads": 28,
    "num_hidden_layers": 28,
    "num_key_value_heads": 4,
    "tie_word_embeddings": False,
    "torch_dtype": "bfloat16",
    "vocab_size": 152064,
}
QWEN3_30B_A3B: dict[str, Any] = {
    "model_type": "qwen3_moe",
    "head_dim": 128,
    "hidden_size": 2048,
    "intermediate_size": 6144,
    "max_position_embeddings": 40960,
    "moe_intermediate_size": 768,
    "num_attention_heads": 32,
    "num_experts": 128,
    "num_hidden_layers": 48,
    "num_key_value_heads": 4,
    "tie_word_embeddings": False,
    "torch_dtype": "bfloat16",
    "vocab_size": 151936,
}
DEEPSEEK_V3: dict[str, Any] = {
    "model_type": "deepseek_v3",
    "first_k_dense_replace": 3,
    "hidden_size": 7168,
    "intermediate_size": 18432,
    "kv_lora_rank": 512,
    "max_position_embeddings": 163840,
    "moe_intermediate_size": 2048,
    "n_routed_experts": 256,
    "n_shared_experts": 1,
    "num_attention_heads": 128,
    "num_hidden_layers": 61,
    "num_key_value_heads": 128,
    "q_lora_rank": 1536,
    "qk_nope_head_dim": 128,
    "qk_rope_head_dim": 64,
    "quantization_config": {"quant_method": "fp8", "fmt": "e4m3"},
    "rope_scaling": {"type": "yarn", "factor": 40, "original_max_position_embeddings": 4096},
    "tie_word_embeddings": False,
    "torch_dtype": "bfloat16",
    "v_head_dim": 128,
    "vocab_size": 129280,
}
GEMMA_2_9B: dict[str, Any] = {
    "model_type": "gemma2",
    "head_dim": 256,
    "hidden_size": 3584,
    "intermediate_size": 14336,
    "max_position_embeddings": 8192,
    "num_attention_heads": 16,
    "num_hidden_layers": 42,
    "num_key_value_heads": 8,
    "torch_dtype": "bfloat16",
    "vocab_size": 256000,
}
DIALOGPT_MEDIUM: dict[str, Any] = {
    "model_type": "gpt2",
    "n_ctx": 1024,
    "n_embd": 1024,
    "n_head": 16,
    "n_layer": 24,
    "n_positions": 1024,
    "vocab_size": 50257,
}


def write(folder: Path, config: dict[str, Any], name: str = "config.json") -> Path:
    path = folder / name
    path.write_text(json.dumps(config), encoding="utf-8")
    return path


# The chart's text.


def test_the_charts_worked_example_comes_out_as_printed() -> None:
    # The text: ~17 GB minimum for seven billion parameters of two bytes; "recommend setting limit to 24-32 GB".
    sizing = size_model("7B", dtype="fp16")
    assert sizing.minimum_bytes == 16_800_000_000
    assert sizing.memory_limit == "24Gi"


def test_the_charts_values_for_a_7b_model_are_what_a_7b_model_gets() -> None:
    # The text sets a limit of 24Gi, a request of 16Gi and one GPU, for "a 7B parameter model" and for Llama-2-7b-hf.
    for model in ("7B", "meta-llama/Llama-2-7b-hf"):
        sizing = size_model(model, dtype="fp16")
        assert (sizing.memory_limit, sizing.memory_request, sizing.gpus) == ("24Gi", "16Gi", 1)


@pytest.mark.parametrize(("dtype", "width"), [("FP16", 2), ("FP32", 4)])
def test_the_charts_bytes_per_parameter(dtype: str, width: int) -> None:
    assert BYTES[type_name("dtype", dtype)] == width


@pytest.mark.parametrize(
    ("model", "seconds"),
    [
        ("1B", 300),  # "Small models (< 7B parameters) - 5 minutes"
        ("6B", 300),
        ("7B", 600),  # "Medium models (7B-13B) - 10 minutes (default)"
        ("12B", 600),
        ("13B", 1800),  # "Large models (13B-70B) - 30 minutes"
        ("65B", 1800),
        ("70B", 3600),  # "Huge models (70B+) - 60 minutes"
        ("405B", 3600),
    ],
)
def test_the_charts_start_up_budgets_by_model_size(model: str, seconds: int) -> None:
    assert size_model(model).max_startup_seconds == seconds


@pytest.mark.parametrize(
    ("model", "seconds"),
    [
        ("meta-llama/Llama-2-7b-hf", 600),
        ("meta-llama/Llama-2-13b-hf", 1800),
        ("meta-llama/Llama-2-70b-hf", 3600),
        ("facebook/opt-66b", 1800),
        ("microsoft/DialoGPT-medium", 300),
    ],
)
def test_a_model_gets_the_budget_of_the_size_that_it_is_named_after(model: str, seconds: int) -> None:
    assert size_model(model).max_startup_seconds == seconds


@pytest.mark.parametrize(
    ("model", "least", "most"),
    [
        ("350M", 4, 8),  # "Small models (< 1B parameters): 4-8 GB"
        ("7B", 16, 32),  # "Medium models (7B parameters): 16-32 GB"
        ("13B", 30, 80),  # "Large models (13B+ parameters): 32-80+ GB", in GiB
    ],
)
def test_the_charts_memory_ranges_hold_request_and_limit(model: str, least: int, most: int) -> None:
    sizing = size_model(model, dtype="fp16")
    assert least <= int(sizing.memory_request.removesuffix("Gi")) <= most
    assert least <= int(sizing.memory_limit.removesuffix("Gi")) <= most


def test_the_default_claim_of_the_chart_is_kept_while_it_is_enough() -> None:
    assert size_model("7B").claim_size == "50Gi"
    assert size_model("70B").claim_size == "170Gi"


# Properties.


@given(parameters=PARAMETERS, dtype=TYPES)
def test_the_formula_is_exact(parameters: int, dtype: str) -> None:
    exact = Decimal(parameters) * BYTES[dtype] * Decimal("1.2") / 10**9
    assert abs(size_model(parameters, dtype=dtype).minimum_bytes - exact * 10**9) <= 2


@given(small=PARAMETERS, large=PARAMETERS, dtype=TYPES)
def test_more_parameters_never_need_less(small: int, large: int, dtype: str) -> None:
    small, large = sorted((small, large))
    less, more = size_model(small, dtype=dtype), size_model(large, dtype=dtype)
    gib = [int(size.removesuffix("Gi")) for size in (less.memory_request, less.memory_limit, less.claim_size)]
    more_gib = [int(size.removesuffix("Gi")) for size in (more.memory_request, more.memory_limit, more.claim_size)]
    assert all(a <= b for a, b in zip(gib, more_gib, strict=True))
    assert less.gpus <= more.gpus
    assert less.max_startup_seconds <= more.max_startup_seconds
    assert startup_seconds(small) == less.max_startup_seconds


@given(total=st.integers(min_value=0, max_value=10**14), ranks=st.integers(min_value=1, max_value=1024))
def test_the_ranks_together_hold_all_and_none_holds_more_than_its_share(total: int, ranks: int) -> None:
    share = per_rank(total, ranks)
    assert share * ranks >= total
    assert share <= total
    assert (share - 1) * ranks < total


@given(parameters=PARAMETERS, dtype=TYPES)
def test_the_limit_is_above_the_request_and_the_request_above_the_minimum(parameters: int, dtype: str) -> None:
    sizing = size_model(parameters, dtype=dtype)
    request, limit = (int(q.removesuffix("Gi")) * 2**30 for q in (sizing.memory_request, sizing.memory_limit))
    assert sizing.minimum_bytes <= request < limit


# What a model may be.


@pytest.mark.parametrize("model", ["7B", "7b", "7 B", "7000M", "7_000_000_000", 7_000_000_000, "7000000000", "0.007T"])
def test_a_number_of_parameters_may_be_written_in_many_ways(model: str | int) -> None:
    number = model.replace("_", "") if isinstance(model, str) else model
    assert size_model(number).parameters == 7_000_000_000


def test_a_known_model_is_sized_by_its_published_numbers() -> None:
    sizing = size_model("Qwen/Qwen2.5-7B-Instruct")
    assert sizing.parameters == 7_615_616_512
    assert sizing.dtype == "bfloat16"
    assert sizing.kv_cache_bytes_per_token == 2 * 28 * 4 * 128 * 2


def test_the_case_of_a_models_name_does_not_matter() -> None:
    facts = known_model("Microsoft/dialogpt-MEDIUM")
    assert facts is not None
    assert facts.id == "microsoft/DialoGPT-medium"
    assert facts.max_position_embeddings == 1024


def test_the_table_holds_no_two_models_of_one_name_and_sizes_each() -> None:
    assert len(known_models()) > 80
    for model in known_models():
        sizing = size_model(model, gpu_memory="640GB")
        facts = known_model(model)
        assert facts is not None
        # Encoders keep nothing, and of some architectures nobody says what they keep.
        assert (sizing.kv_cache_tokens is None) == (facts.family in NO_CACHE or not facts.caches)
        assert sizing.kv_cache_tokens is None or sizing.kv_cache_tokens > 0


@pytest.mark.parametrize(
    ("model", "config"),
    [
        ("meta-llama/Llama-2-7b-hf", LLAMA_2_7B),
        ("Qwen/Qwen2.5-7B-Instruct", QWEN2_7B),
        ("Qwen/Qwen3-30B-A3B", QWEN3_30B_A3B),
        ("deepseek-ai/DeepSeek-V3", DEEPSEEK_V3),
        ("google/gemma-2-9b-it", GEMMA_2_9B),
        ("microsoft/DialoGPT-medium", DIALOGPT_MEDIUM),
    ],
)
def test_a_config_file_says_what_the_table_says(model: str, config: dict[str, Any], tmp_path: Path) -> None:
    by_name, by_file = size_model(model), size_model(write(tmp_path, config))
    assert by_file.parameters == by_name.parameters
    assert by_file.dtype == by_name.dtype
    assert by_file.kv_cache_bytes_per_token == by_name.kv_cache_bytes_per_token
    assert by_file.gpus == by_name.gpus
    assert by_file.memory_limit == by_name.memory_limit
    assert by_file.claim_size == by_name.claim_size


def test_an_index_beside_the_config_gives_the_exact_size(tmp_path: Path) -> None:
    write(tmp_path, LLAMA_2_7B)
    index = write(tmp_path, {"metadata": {"total_size": 13_476_839_424}}, "model.safetensors.index.json")
    for path in (tmp_path, index, tmp_path / "config.json", str(index)):
        sizing = size_model(path)
        assert sizing.weight_bytes == 13_476_839_424
        assert sizing.parameters == 6_738_415_616
    assert "safetensors" in sizing.table()


def test_an_index_alone_is_enough(tmp_path: Path) -> None:
    index = write(tmp_path, {"metadata": {"total_size": 14_000_000_000}}, "model.safetensors.index.json")
    assert size_model(index).parameters == 7_000_000_000
    assert size_model(index).weight_bytes == 14_000_000_000


def test_a_single_safetensors_file_is_measured_without_its_header(tmp_path: Path) -> None:
    header = json.dumps({"w": {"dtype": "F16", "shape": [8, 8], "data_offsets": [0, 128]}}).encode()
    path = tmp_path / "model.safetensors"
    path.write_bytes(len(header).to_bytes(8, "little") + header + bytes(128))
    assert size_model(path).weight_bytes == 128
    assert size_model(tmp_path).parameters == 64


def test_float32_files_are_loaded_in_16_bits_but_stored_in_full(tmp_path: Path) -> None:
    big = {**LLAMA_2_7B, "torch_dtype": "float32", "num_hidden_layers": 320}
    narrow, wide = size_model(write(tmp_path, {**big, "torch_dtype": "float16"})), size_model(write(tmp_path, big))
    assert wide.dtype == "float16"
    assert wide.weight_bytes == narrow.weight_bytes
    assert int(wide.claim_size.removesuffix("Gi")) > 1.9 * int(narrow.claim_size.removesuffix("Gi"))


@pytest.mark.parametrize(
    ("quantization", "dtype"),
    [
        ({"quant_method": "awq", "bits": 4}, "int4"),
        ({"quant_method": "gptq", "bits": 8}, "int8"),
        ({"quant_method": "bitsandbytes", "load_in_8bit": True}, "int8"),
        ({"quant_method": "mxfp4"}, "mxfp4"),
        (
            {
                "quant_method": "compressed-tensors",
                "config_groups": {"group_0": {"weights": {"num_bits": 8, "type": "float"}}},
            },
            "fp8",
        ),
    ],
)
def test_a_quantized_model_is_sized_by_its_quantization(
    quantization: dict[str, Any], dtype: str, tmp_path: Path
) -> None:
    assert size_model(write(tmp_path, {**LLAMA_2_7B, "quantization_config": quantization})).dtype == dtype


def test_a_multimodal_models_text_part_gives_the_shape(tmp_path: Path) -> None:
    text = {**GEMMA_2_9B, "model_type": "gemma2"}
    facts = size_model(write(tmp_path, {"model_type": "paligemma", "text_config": text}))
    assert facts.parameters == 9_241_705_984


def test_linear_rope_scaling_stretches_the_positions_and_yarn_does_not(tmp_path: Path) -> None:
    linear = {**LLAMA_2_7B, "rope_scaling": {"type": "linear", "factor": 2.0}}
    assert size_model(write(tmp_path, linear), max_model_len=8192).gpus == 1
    with pytest.raises(InvalidOptionError, match="8193 is more than the 8192 positions"):
        size_model(write(tmp_path, linear), max_model_len=8193)
    with pytest.raises(InvalidOptionError, match="163841 is more than the 163840 positions"):
        size_model(write(tmp_path, DEEPSEEK_V3), max_model_len=163_841)


# GPUs.


def test_more_gpus_are_taken_where_one_is_too_small() -> None:
    assert size_model("meta-llama/Llama-3.3-70B-Instruct").gpus == 4
    assert size_model("meta-llama/Llama-3.3-70B-Instruct", gpu_memory="141GB").gpus == 2
    assert size_model("meta-llama/Llama-3.3-70B-Instruct", gpu_memory="141GB", dtype="fp8").gpus == 1


def test_the_gpus_divide_the_attention_heads() -> None:
    # 28 heads: eight GPUs cannot share them.
    assert size_model("Qwen/Qwen2.5-7B-Instruct", gpu_memory=8).gpus == 4
    with pytest.raises(ConflictError, match="tensor_parallel_size: 8 does not divide the 28 attention heads"):
        size_model("Qwen/Qwen2.5-7B-Instruct", tensor_parallel_size=8)


def test_the_gpus_divide_the_padded_vocabulary() -> None:
    # 40 heads, but 151,936 entries: five GPUs cannot share those. Llama's 128,256 are divided by three.
    with pytest.raises(ConflictError, match=r"5 does not divide the 151936 entries .* allowed: 1, 2, 4, 8 "):
        size_model("Qwen/Qwen3-14B", tensor_parallel_size=5)
    with pytest.raises(ConflictError, match=r"5\.00 GB is too little"):
        size_model("Qwen/Qwen2.5-7B-Instruct", gpu_memory=5)
    assert size_model("meta-llama/Llama-3.2-3B-Instruct", tensor_parallel_size=3).gpus == 3


def test_a_long_sequence_needs_room_in_the_kv_cache() -> None:
    assert size_model("Qwen/Qwen2.5-7B", gpu_memory=24).gpus == 1
    assert size_model("Qwen/Qwen2.5-7B", gpu_memory=24, max_model_len=131_072).gpus == 2
    assert size_model("Qwen/Qwen2.5-7B", gpu_memory=24, max_model_len=65_536, kv_cache_dtype="fp8").gpus == 1


def test_the_steps_of_vllm_decide_what_the_first_pass_leaves() -> None:
    def room(**options: object) -> int:
        found = size_model("Qwen/Qwen3-8B", gpu="H100", vllm="0.24.0", **options).kv_cache_tokens  # type: ignore[arg-type]
        assert found is not None
        return found

    assert room(max_num_seqs=16) > room()
    assert room(max_num_batched_tokens=65_536) < room()
    assert room(enforce_eager=True) > room()
    for name in ("max_num_seqs", "max_num_batched_tokens"):
        with pytest.raises(InvalidOptionError, match=f"{name}: 0 is out of range"):
            room(**{name: 0})


def test_a_smaller_kv_cache_type_halves_a_token() -> None:
    wide = size_model("Qwen/Qwen3-8B").kv_cache_bytes_per_token
    narrow = size_model("Qwen/Qwen3-8B", kv_cache_dtype="fp8").kv_cache_bytes_per_token
    assert wide is not None
    assert narrow is not None
    assert wide == 2 * narrow


def test_latent_attention_is_repeated_on_every_gpu() -> None:
    two = size_model("deepseek-ai/DeepSeek-V2-Lite", tensor_parallel_size=2)
    four = size_model("deepseek-ai/DeepSeek-V2-Lite", tensor_parallel_size=4)
    assert two.ledger is not None
    assert four.ledger is not None
    assert two.ledger.kv_bytes_per_token == four.ledger.kv_bytes_per_token == 27 * 576 * 2


def test_weights_that_cannot_fit_are_refused() -> None:
    with pytest.raises(ConflictError, match=r"tensor_parallel_size: 1 leaves 140\.00 GB of weights for each GPU"):
        size_model("70B", tensor_parallel_size=1)


# Bad input.


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"model": "Qwen/Qwen3-8"}, r"model: 'Qwen/Qwen3-8' .*did you mean 'Qwen/Qwen3-8B'\?"),
        ({"model": "acme/novel-34B-chat"}, r"its name says 34B"),
        ({"model": "0B"}, r"model: '0B' is not a number of parameters"),
        ({"model": "1.5"}, r"model: '1\.5' is not a number of parameters"),
        ({"model": 0}, r"model: 0 is out of range"),
        ({"model": True}, r"model: True is not a string"),
        ({"model": ""}, r"model: '' is empty"),
        ({"model": "./nowhere/config.json"}, r"model: 'nowhere/config\.json' does not exist"),
        ({"dtype": "pf16"}, r"dtype: 'pf16' is not a type of weights; did you mean '[bf]p?f?16'\?"),
        ({"dtype": 16}, r"dtype: 16 is not a string"),
        ({"gpu_memory": "lots"}, r"gpu_memory: 'lots' is not the memory of a GPU"),
        ({"gpu_memory": 0}, r"gpu_memory: '0GB' is not the memory of a GPU"),
        ({"gpu_memory_utilization": 1.5}, r"gpu_memory_utilization: 1\.5 is not a share"),
        ({"gpu_memory_utilization": True}, r"gpu_memory_utilization: True is not a share"),
        ({"tensor_parallel_size": 0}, r"tensor_parallel_size: 0 is out of range"),
        ({"max_model_len": "2048"}, r"max_model_len: '2048' is not a whole number"),
        ({"kv_cache_dtype": "fp"}, r"kv_cache_dtype: 'fp' is not a type of the KV cache; did you mean 'fp8'\?"),
        ({"model": "gpt2", "max_model_len": 2048}, r"max_model_len: 2048 is more than the 1024 positions of gpt2"),
    ],
)
def test_bad_input_names_the_option_and_the_value(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidOptionError, match=message):
        size_model(**{"model": "7B", **arguments})


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("config.json", "{", "cannot be read"),
        ("config.json", "[]", "holds no JSON object"),
        ("config.json", '{"num_hidden_layers": "32"}', "num_hidden_layers '32', which is not a whole number"),
        ("config.json", '{"model_type": "novel"}', "does not say how many parameters"),
        ("model.safetensors.index.json", '{"metadata": {}}', "has no metadata.total_size"),
        ("model.safetensors", "no such thing at all", "is not a safetensors file"),
        ("weights.bin", "", "is not a model file"),
    ],
)
def test_a_file_that_is_not_what_it_should_be_is_named(name: str, content: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    with pytest.raises(InvalidOptionError, match=message) as caught:
        size_model(path)
    assert name in str(caught.value)


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidOptionError, match=r"holds neither config\.json nor"):
        size_model(tmp_path)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 10**6) | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=8), inner, max_size=2),
    max_leaves=4,
)
CHANGES = st.dictionaries(
    st.sampled_from(
        sorted({*DEEPSEEK_V3, *QWEN3_30B_A3B, *DIALOGPT_MEDIUM, "quantization_config", "text_config", "dtype"})
    ),
    JSON | st.fixed_dictionaries({"quant_method": st.sampled_from(["compressed-tensors", "gptq"])}, optional={
        "config_groups": JSON | st.fixed_dictionaries({"group_0": JSON}), "bits": JSON, "factor": JSON, "type": JSON,
    }),
    max_size=3,
)  # fmt: skip


@given(
    config=st.sampled_from([LLAMA_2_7B, QWEN3_30B_A3B, DEEPSEEK_V3, DIALOGPT_MEDIUM]),
    changes=CHANGES,
    dtype=st.sampled_from(["auto", "fp16"]),
)
def test_whatever_a_config_holds_it_is_sized_or_refused(
    config: dict[str, Any], changes: dict[str, Any], dtype: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = write(tmp_path_factory.mktemp("model"), {**config, **changes})
    try:
        sizing = size_model(path, dtype=dtype)
    except VllmCdk8sError:
        return
    assert sizing.gpus >= 1
    assert sizing.minimum_bytes >= sizing.weight_bytes > 0


@given(st.text(max_size=300))
def test_whatever_a_model_is_called_it_is_sized_or_refused(name: str) -> None:
    try:
        assert size_model(name).parameters > 0
    except VllmCdk8sError:
        return


# The table, and what importing costs.


def test_every_number_says_where_it_comes_from() -> None:
    sizing = size_model("Qwen/Qwen3-8B", gpu_memory="24GB")
    lines = sizing.table().splitlines()
    assert len(lines) == len(sizing.figures) == 13
    assert all(figure.source for figure in sizing.figures)
    named = {figure.name: figure.value for figure in sizing.figures}
    assert named["memory request"] == sizing.memory_request
    assert named["memory limit"] == sizing.memory_limit
    assert named["GPUs"] == str(sizing.gpus)
    assert named["claim size"] == sizing.claim_size
    assert named["start-up budget"] == f"{sizing.max_startup_seconds} s"
    assert "2 x 36 layers x 8 KV heads x 128 values x 2 bytes" in sizing.table()


def test_the_documented_table_is_the_real_one() -> None:
    text = (Path(__file__).resolve().parents[3] / "docs" / "sizing.md").read_text(encoding="utf-8")
    printed = text.partition("$ vllm-cdk8s size 7B --dtype fp16\n")[2].partition("\n```")[0]
    assert printed == size_model("7B", dtype="fp16").table()


def test_sizing_starts_no_node_process() -> None:
    code = "import sys, vllm_cdk8s.core.models.sizing; sys.exit(any(m in sys.modules for m in ('jsii', 'cdk8s')))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    ("model", "tensor", "pipeline", "rest"),
    [
        ("70B", 4, 1, "rounded up"),
        ("70B", 4, 2, "rounded up"),
        ("70B", 8, 3, "rounded up"),
        ("Qwen/Qwen2.5-72B-Instruct", 4, 2, "and what every GPU holds whole"),
    ],
)
def test_a_figure_says_by_how_many_gpus_the_weights_are_divided(
    model: str, tensor: int, pipeline: int, rest: str
) -> None:
    found = size_model(model, gpu="H100", tensor_parallel_size=tensor, pipeline_parallel_size=pipeline)
    [figure] = [figure for figure in found.figures if figure.name == "weights per GPU"]
    assert figure.source == f"weights / {tensor * pipeline}, {rest}"
    assert found.gpus == tensor * pipeline
    each = -(-found.weight_bytes // (tensor * pipeline))
    assert found.weight_bytes_per_gpu is not None
    assert each <= found.weight_bytes_per_gpu <= each * 1.1


def test_sizes_that_are_no_power_of_two_are_tried_last() -> None:
    facts = ModelFacts(id="m", attention_heads=40, vocabulary=32_000)
    assert candidates(facts, None) == [1, 2, 4, 8, 5, 10, 20, 40]
    assert candidates(facts, 20) == [20]


def test_a_rank_holds_its_weights_and_whole_heads_of_the_longest_sequence() -> None:
    def need(**shape: Any) -> Need:
        facts = ModelFacts(id="m", layers=10, **shape)
        return Need(weights=1000, minimum=1201, facts=facts, kv_width=2, length=100)

    # Keys and values of 8 heads of 64 in ten layers, two bytes each.
    heads = need(kv_heads=8, head_dim=64)
    assert [heads.kv_bytes_per_rank(ranks, 100) for ranks in (1, 2, 8, 16)] == [2_048_000, 1_024_000, 256_000, 256_000]
    assert heads.bytes_per_rank(2) == 601 + 1_024_000
    latent = need(kv_latent_dim=576)
    assert [latent.kv_bytes_per_rank(ranks, 100) for ranks in (1, 8)] == [10 * 576 * 2 * 100] * 2
    assert need().kv_bytes_per_rank(1, 100) == 0
