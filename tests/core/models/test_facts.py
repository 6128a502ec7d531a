"""The table of models: each row is whole, has a source, and counts as the pure-Python formulas count."""

from __future__ import annotations

import json
import re
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from vllm_cdk8s.core.models.config import text_part
from vllm_cdk8s.core.models.facts import known_model, known_models, nearest_model
from vllm_cdk8s.core.models.files import _counts

TABLE: list[dict[str, Any]] = json.loads(
    resources.files("vllm_cdk8s.data").joinpath("models.json").read_text(encoding="utf-8")
)["models"]
NAMES = [name for row in TABLE for name in (*row["names"], *(n for f in row.get("forms", ()) for n in f["names"]))]
# Rope variants, dialects of attention and of normalization that the formulas of files.py do not describe.
COUNTED_IN_PYTHON = {"gpt2", "llama", "mistral", "mixtral", "qwen2", "qwen3", "qwen3_moe", "gemma", "gemma2",
                     "gemma3_text", "phi3", "deepseek_v2", "deepseek_v3"}  # fmt: skip


def test_the_table_is_large_and_says_where_each_row_is_from() -> None:
    assert len(TABLE) >= 150
    assert len(NAMES) >= 450
    for row in TABLE:
        for source in (row["source"], *(form["source"] for form in row.get("forms", ()))):
            assert re.fullmatch(r"https://[\w./-]+", source), source


def test_the_page_tells_how_many_rows_were_compared_with_a_second_copy() -> None:
    held = [row["held_against"] for row in TABLE if "held_against" in row]
    assert set(held) == {"aiconfigurator-core 0.12.0", "litgpt 0.5.13"}
    page = (Path(__file__).parents[3] / "docs" / "sizing.md").read_text(encoding="utf-8")
    assert f"Of the {len(TABLE)} shapes, {len(held)} were compared" in page


def test_no_name_stands_twice() -> None:
    folded = [name.lower() for name in NAMES]
    assert len(folded) == len(set(folded))
    assert known_models() == tuple(sorted(NAMES, key=str.lower))


@pytest.mark.parametrize("row", [pytest.param(row, id=row["names"][0]) for row in TABLE])
def test_a_row_has_what_a_ledger_needs(row: dict[str, Any]) -> None:
    facts = known_model(row["names"][0])
    assert facts is not None
    assert facts.counts is not None
    assert facts.parameters == facts.counts.total == sum(row["counts"].values())
    assert facts.layers
    assert facts.hidden_size
    assert facts.vocabulary
    assert facts.attention_heads
    assert facts.max_position_embeddings
    assert bool(facts.counts.expert) == bool(facts.experts)
    # Each layer of Falcon-H1 has attention and a state.
    each = 2 if facts.family == "falcon_h1" else 1
    assert sum(cache.layers for cache in facts.caches) <= facts.layers * each
    if facts.counts.expert:
        assert facts.experts_per_token


@pytest.mark.parametrize(
    "row",
    [pytest.param(row, id=row["names"][0]) for row in TABLE if row["config"]["model_type"] in COUNTED_IN_PYTHON],
)
def test_the_formulas_and_torch_count_alike(row: dict[str, Any]) -> None:
    # The table's counts are torch's (tools/models_check.py); the formulas for a config.json know nothing of them.
    counts = _counts(text_part(row["config"]), Path(row["names"][0]))
    assert counts is not None
    head = 0 if row.get("task") == "embed" else counts.head
    found = {"embedding": counts.embedding, "head": head, "linear": counts.linear, "expert": counts.expert,
             "other": counts.other}  # fmt: skip
    assert {kind: number for kind, number in found.items() if number} == row["counts"]


@pytest.mark.parametrize(
    ("model", "parameters"),
    [
        # As the Hub's own page of each model says.
        ("Qwen/Qwen3-8B", 8_190_735_360),
        ("google/gemma-3-27b-it", 27_432_406_640),
        ("meta-llama/Llama-4-Scout-17B-16E-Instruct", 108_641_793_536),
        ("openai/gpt-oss-120b", 116_829_156_672),
        ("Qwen/Qwen2.5-VL-7B-Instruct", 8_292_166_656),
        ("Qwen/Qwen3-Embedding-8B", 7_567_295_488),
        ("mistralai/Mistral-Small-3.1-24B-Instruct-2503", 24_011_361_280),
        ("deepseek-ai/DeepSeek-R1", 671_026_419_200),
        ("BAAI/bge-m3", 567_754_752),
    ],
)
def test_well_known_numbers(model: str, parameters: int) -> None:
    facts = known_model(model)
    assert facts is not None
    assert facts.parameters == parameters


@pytest.mark.parametrize(
    ("name", "base", "dtype"),
    [
        ("someone/Qwen3-4B-AWQ", "Qwen/Qwen3-4B", "int4"),
        ("RedHatAI/Qwen3-4B-FP8-dynamic", "Qwen/Qwen3-4B", "fp8"),
        ("RedHatAI/gemma-3-27b-it-quantized.w4a16", "google/gemma-3-27b-it", "int4"),
        ("RedHatAI/Llama-3.2-3B-Instruct-quantized.w8a8", "meta-llama/Llama-3.2-3B-Instruct", "int8"),
        ("cyankiwi/Qwen3.5-27B-AWQ-4bit", "Qwen/Qwen3.5-27B", "int4"),
        ("nvidia/Qwen3-32B-NVFP4", "Qwen/Qwen3-32B", "nvfp4"),
        ("unsloth/phi-4-unsloth-bnb-4bit", "microsoft/phi-4", "int4"),
        ("Intel/Qwen3.6-27B-int4-AutoRound", "Qwen/Qwen3.6-27B", "int4"),
        ("amd/Llama-3.1-70B-Instruct-FP8-KV", "meta-llama/Llama-3.1-70B-Instruct", "fp8"),
        ("amd/Llama-3.3-70B-Instruct-MXFP4-Preview", "meta-llama/Llama-3.3-70B-Instruct", "mxfp4"),
        ("TheBloke/Llama-2-7B-AWQ", "meta-llama/Llama-2-7b-hf", "int4"),
        ("QuantTrio/MiniMax-M2-AWQ", "MiniMaxAI/MiniMax-M2", "int4"),
    ],
)
def test_a_name_that_says_a_quantization_is_that_model_quantized(name: str, base: str, dtype: str) -> None:
    facts, plain = known_model(name), known_model(base)
    assert facts is not None
    assert plain is not None
    assert (facts.id, facts.dtype, facts.parameters, facts.caches) == (name, dtype, plain.parameters, plain.caches)
    assert facts.source.startswith("its name: ")


@pytest.mark.parametrize(
    ("name", "base"),
    [
        ("unsloth/gpt-oss-20b", "openai/gpt-oss-20b"),
        ("LLM-Research/Llama-3.1-8B-Instruct", "meta-llama/Meta-Llama-3.1-8B-Instruct"),
        ("someone/Llama-2-13b-chat", "meta-llama/Llama-2-13b-chat-hf"),
    ],
)
def test_a_name_of_another_organization_is_the_same_model(name: str, base: str) -> None:
    facts, published = known_model(name), known_model(base)
    assert facts is not None
    assert published is not None
    assert (facts.id, facts.stored, facts.counts) == (name, published.stored, published.counts)
    assert facts.gated is None
    assert facts.source.startswith("its name: ")


@pytest.mark.parametrize("name", ["openai/gpt-oss-20b-AWQ", "gpt-oss-20b", "a/b/gpt-oss-20b"])
def test_what_is_published_in_four_bits_is_not_made_of_others(name: str) -> None:
    assert known_model(name) is None


@pytest.mark.parametrize("name", ["someone/Novel-4B-AWQ", "Qwen3-4B-AWQ-FP8-GPTQ", "AWQ", "/-fp8", "", "a/b"])
def test_what_is_no_known_name_is_not_known(name: str) -> None:
    assert known_model(name) is None


def test_the_nearest_name_is_told() -> None:
    assert nearest_model("Qwen/Qwen3-8") == "; did you mean 'Qwen/Qwen3-8B'?"
