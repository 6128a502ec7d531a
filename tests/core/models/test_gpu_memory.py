"""The memory of one GPU, of a model of round sizes: where it is enough, where it is close, where it cannot be."""

from __future__ import annotations

from typing import Any

import pytest

from vllm_cdk8s.core.models.gpu_memory import GpuMemory, gpu_memory, kv_layout
from vllm_cdk8s.core.models.ledger import engine_of
from vllm_cdk8s.core.models.shape import LayerCache, ModelFacts, StoredWeights, WeightCounts

GIB = 2**30
# 10 GiB of weights; a token takes 512 bytes, so that the longest sequence takes 0.5 GiB.
LAYER = LayerCache(kind="full", layers=1, kv_heads=1, key_dim=128, value_dim=128)
MODEL: dict[str, Any] = {
    "id": "m", "counts": WeightCounts(linear=5 * GIB), "caches": (LAYER,), "max_position_embeddings": 2**20,
}  # fmt: skip
HELD, SEQUENCE = 10 * GIB, GIB // 2
BESIDE = int(0.295 * GIB)  # a base, and the libraries'


def found(memory: int | None, version: tuple[int, ...] | None = None, *, model: dict[str, Any] | None = None,
          drafts: tuple[ModelFacts | None, ...] = (), **engine: Any) -> GpuMemory:  # fmt: skip
    facts = ModelFacts(**{**MODEL, **(model or {})})
    return gpu_memory(facts, None, memory, engine_of({"enforce_eager": True, **engine}), version, drafts)


def verdict(memory: int, version: tuple[int, ...] | None = None, **said: Any) -> str:
    [line] = found(memory, version, **said).lines
    return line.verdict


def test_what_a_gpu_holds() -> None:
    made = found(24 * GIB, gpu_memory_utilization=0.75)
    assert (made.weights, made.beside, made.budget) == (HELD, BESIDE, 18 * GIB)
    assert made.available == 18 * GIB - HELD - BESIDE
    assert (made.per_token, made.tokens) == (512, (made.available // 8192) * 16)
    assert made.sequences == round(made.available // 8192 / 65_536, 2)
    [line] = made.lines
    assert (line.needs, line.has, line.option) == (HELD + BESIDE + SEQUENCE, 18 * GIB, "gpu_memory_utilization")
    assert line.source == "weights + first pass + one sequence of 1,048,576 tokens; 0.75 of 24.00 GiB"


def test_how_many_sequences_fit_is_told_in_hundredths() -> None:
    # 24 GiB x 0.7531 without 10.295 GiB, by half a GiB.
    assert found(24 * GIB, gpu_memory_utilization=0.7531).sequences == 15.56


def test_the_share_of_a_gpu_that_vllm_takes_by_itself() -> None:
    assert found(100 * GIB).budget == 92 * GIB
    assert found(100 * GIB, (0, 20)).budget == 92 * GIB
    assert found(100 * GIB, (0, 19, 9)).budget == 90 * GIB


def test_where_it_is_close() -> None:
    half: dict[str, Any] = {"gpu_memory_utilization": 0.5}
    # The weights may be 2 % less, and what is beside them 0.2 GiB.
    least = int(HELD * 98 // 100) + int(0.2 * GIB) + SEQUENCE
    assert (verdict(2 * least - 2, **half), verdict(2 * least, **half)) == ("too_little", "tight")
    # A margin of 1 GiB and of 2 % of the weights; of 2 GiB where GPUs work together.
    enough = HELD + BESIDE + SEQUENCE + GIB + HELD // 50
    assert (verdict(2 * enough - 2, **half), verdict(2 * enough, **half)) == ("tight", "fits")
    shared = int(5 * GIB + 0.595 * GIB + SEQUENCE // 2 + 2 * GIB + 0.1 * GIB)
    two: dict[str, Any] = {**half, "tensor_parallel_size": 2, "model": {"caches": (LayerCache(
        kind="full", layers=1, kv_heads=2, key_dim=64, value_dim=64),)}}  # fmt: skip
    memory = 2 * shared
    assert (verdict(memory - 16, **two), verdict(memory + 16, **two)) == ("tight", "fits")
    stages: dict[str, Any] = {**half, "pipeline_parallel_size": 2}
    enough = HELD // 2 + BESIDE + int(0.3 * GIB) + SEQUENCE + 2 * GIB + HELD // 100
    assert (verdict(2 * enough - 16, **stages), verdict(2 * enough + 16, **stages)) == ("tight", "fits")
    copies: dict[str, Any] = {**half, "data_parallel_size": 2}
    enough = HELD + BESIDE + int(0.3 * GIB) + SEQUENCE + 2 * GIB + HELD // 50
    assert (verdict(2 * enough - 16, **copies), verdict(2 * enough + 16, **copies)) == ("tight", "fits")
    # Of a quantized model, 7 %.
    quantized: dict[str, Any] = {"model": {"stored": StoredWeights(method="x")}}
    least = int(HELD * 93 // 100) + int(0.2 * GIB) + SEQUENCE
    assert verdict(2 * least - 4, **half, **quantized) == "too_little"
    assert verdict(2 * least, **half, **quantized) == "tight"


def test_a_cache_of_a_said_size_leaves_the_rest() -> None:
    said: dict[str, Any] = {"kv_cache_memory_bytes": GIB}
    made = found(24 * GIB, **said)
    [line] = made.lines
    assert made.available == GIB
    assert (line.needs, line.has) == (HELD + BESIDE + GIB, 24 * GIB - int(0.6 * GIB))
    assert (line.verdict, line.option) == ("fits", "kv_cache_memory_bytes")
    assert line.source == "weights + first pass + kv_cache_memory_bytes; the GPU's memory less CUDA's context"
    least = int(HELD * 98 // 100) + int(0.2 * GIB) + GIB
    assert (verdict(least - 1, **said), verdict(least, **said)) == ("too_little", "tight")
    # It must hold one sequence.
    assert verdict(24 * GIB, kv_cache_memory_bytes=SEQUENCE) == "fits"
    assert verdict(24 * GIB, kv_cache_memory_bytes=SEQUENCE - 1) == "too_little"


def test_what_lies_outside_of_the_share() -> None:
    # CUDA's context is 0.6 GiB.
    [line] = found(100 * GIB, gpu_memory_utilization=0.9941).lines
    assert line.verdict == "tight"
    assert line.source.endswith(" outside of it are left for CUDA's context and graphs")
    assert verdict(100 * GIB, gpu_memory_utilization=0.9939) == "fits"
    # Where there is not much room within it either, that is said alone.
    [line] = found(12 * GIB, gpu_memory_utilization=0.96).lines
    assert line.verdict == "tight"
    assert line.source.endswith("; 0.96 of 12.00 GiB")
    # Before 0.21, the graphs are there too: 0.55 GiB.
    graphs: dict[str, Any] = {"enforce_eager": False, "gpu_memory_utilization": 0.9886}
    assert (verdict(100 * GIB, (0, 20), **graphs), verdict(100 * GIB, (0, 21), **graphs)) == ("tight", "fits")
    assert verdict(100 * GIB, (0, 20), enforce_eager=False, gpu_memory_utilization=0.9884) == "fits"


def test_what_is_offloaded_and_what_guesses_ahead() -> None:
    assert found(24 * GIB, cpu_offload_gb=4).weights == 6 * GIB
    assert found(24 * GIB, cpu_offload_gb=40).weights == 0
    small = ModelFacts(id="d", counts=WeightCounts(linear=GIB), caches=(LAYER,))
    assert found(24 * GIB, drafts=(small, None)).weights == 12 * GIB
    mtp: dict[str, Any] = {
        "speculative_config": {"method": "mtp", "num_speculative_tokens": 1},
        "model": {"layers": 10},
    }
    assert found(24 * GIB, **mtp).weights == 11 * GIB
    ngram: dict[str, Any] = {
        "speculative_config": {"method": "ngram", "num_speculative_tokens": 1},
        "model": {"layers": 10},
    }
    assert found(24 * GIB, **ngram).weights == 10 * GIB


@pytest.mark.parametrize(("version", "more"), [((0, 10), 0), ((0, 11, 0), 0), ((0, 11, 1), 1), ((0, 12), 1), (None, 1)])
def test_routed_experts_adapt_from_a_release_on(version: tuple[int, ...] | None, more: int) -> None:
    experts: dict[str, Any] = {"layers": 10, "hidden_size": 100, "experts": 8, "expert_size": 50}
    one: dict[str, Any] = {"enable_lora": True, "max_loras": 1, "max_lora_rank": 16}
    held = found(24 * GIB, version, model=experts, **one).weights
    assert held == HELD + more * 16 * 2 * 8 * 10 * (3 * 100 + 3 * 50)


@pytest.mark.parametrize(
    ("method", "drafts", "layers"),
    [
        ("mtp", (), [3, 4]),
        ("deepseek_mtp", (), [3, 4]),
        ("eagle", (), [3, 4]),
        ("eagle3", (), [3, 4]),
        ("ngram", (), [3, 3]),
        ("draft_model", (ModelFacts(id="d", caches=(LAYER,)), None), [3, 3, 1]),
    ],
)
def test_a_head_that_guesses_ahead_keeps_everything(
    method: str, drafts: tuple[ModelFacts | None, ...], layers: list[int]
) -> None:
    sliding = LayerCache(kind="sliding", layers=3, kv_heads=1, key_dim=128, value_dim=128, window=16)
    full = LayerCache(kind="full", layers=3, kv_heads=1, key_dim=128, value_dim=128)
    settings = engine_of({"speculative_config": {"method": method, "num_speculative_tokens": 1}})
    # Counted before 0.10 as one group in which every layer keeps every token.
    layout = kv_layout(ModelFacts(id="m", caches=(sliding, full)), settings, (0, 9), 1600, 2048, drafts)
    assert layout is not None
    assert layout.sequence_bytes == sum(layers) * 8192 * 100


def test_what_is_not_known() -> None:
    [line] = gpu_memory(None, None, 24 * GIB, engine_of({}), None, ()).lines
    assert (line.verdict, line.source) == ("unknown", "the model is not known")
    [line] = found(24 * GIB, model={"counts": None}).lines
    assert (line.verdict, line.source) == ("unknown", "the weights of m are not known")
    made = found(None)
    assert (made.lines[0].verdict, made.lines[0].source) == ("unknown", "nobody said which GPU it is")
    assert (made.weights, made.budget, made.per_token, made.tokens, made.sequences) == (HELD, None, 512, None, None)
    [line] = found(24 * GIB, model={"caches": ()}).lines
    assert line.verdict == "unknown"
    assert line.source.endswith("; what its layers keep of a sequence is not known")
    assert verdict(24 * GIB, model={"caches": (), "family": "bert"}) == "fits"
