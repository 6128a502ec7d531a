"""The weights on one GPU, of a model of round counts, summed by hand."""

from __future__ import annotations

from typing import Any

import pytest

from vllm_cdk8s.core.models.shape import LayerCache, ModelFacts, StoredWeights, WeightCounts
from vllm_cdk8s.core.models.weights import Adapters, WeightSettings, adapters, drafted, per_gpu, stored, total

COUNTS: dict[str, int] = {
    "embedding": 1000, "head": 1200, "linear": 8000, "expert": 16_000, "tower": 400, "other": 40,
}  # fmt: skip


def facts(*, counts: dict[str, int] | None = None, **said: Any) -> ModelFacts:
    return ModelFacts(id="m", counts=WeightCounts(**{**COUNTS, **(counts or {})}), **said)


@pytest.mark.parametrize(
    ("settings", "values"),
    [
        ({}, 26_640),
        ({"text_only": True}, 26_240),
        # Norms and routers are whole on every GPU; experts are divided by copies too.
        ({"tensor": 2}, 4000 + 8000 + 40 + 1100 + 200),
        ({"tensor": 2, "data": 2}, 4000 + 4000 + 40 + 1100 + 200),
        ({"pipeline": 2}, 4000 + 8000 + 20 + 1200 + 400),
        ({"tensor": 2, "pipeline": 2}, 2000 + 4000 + 20 + 600 + 200),
    ],
)
def test_sizes_divide_the_weights(settings: dict[str, Any], values: int) -> None:
    assert per_gpu(facts(), WeightSettings(**settings)) == 2 * values


def test_a_stage_has_the_embedding_or_the_head_or_both_in_one() -> None:
    apart = {"linear": 8000, "expert": 0, "tower": 0, "other": 0}
    two = WeightSettings(pipeline=2)
    assert per_gpu(facts(counts={**apart, "head": 1200}), two) == 2 * (4000 + 1200)
    assert per_gpu(facts(counts={**apart, "head": 900}), two) == 2 * (4000 + 1000)
    assert per_gpu(facts(counts={**apart, "head": 0}), two) == 2 * (4000 + 1000)
    assert per_gpu(facts(counts={**apart, "head": 0}), WeightSettings()) == 2 * (8000 + 1000)


def test_rotary_embeddings_are_made_for_every_position() -> None:
    long: dict[str, Any] = {"max_position_embeddings": 100, "head_dim": 8}
    assert per_gpu(facts(**long, family="llama"), WeightSettings()) == 53_280 + 100 * 8 * 2
    assert per_gpu(facts(**long, family="gemma3"), WeightSettings()) == 53_280 + 8 * 100 * 8 * 2
    assert per_gpu(facts(**long, family="gpt2"), WeightSettings()) == 53_280
    assert per_gpu(facts(max_position_embeddings=2**25, head_dim=8), WeightSettings()) == 53_280 + 2**24 * 8 * 2


def test_each_kind_of_weight_has_a_type_of_its_own() -> None:
    mixed = StoredWeights(method="x", linear="int4", expert="nvfp4", head="fp8", embedding="float32")
    # int4 and int8 bring the scales of their groups.
    assert total(facts(stored=mixed), WeightSettings()) == 4000 + 1200 + 4157 + 9000 + 800 + 80
    some = StoredWeights(method="x", linear="nvfp4", quantized=4000, fp8=1000)
    plain = 2 * (26_640 - 8000)
    assert total(facts(stored=some), WeightSettings()) == plain + 2250 + 1000 + 6000
    # Files of 32 bits are loaded in 16, unless somebody asks for all.
    assert total(facts(base_dtype="float32"), WeightSettings()) == 53_280
    assert total(facts(base_dtype="float32"), WeightSettings(dtype="float32")) == 106_560
    assert stored(facts(base_dtype="float32")) == 106_560
    assert stored(facts(base_dtype="float32", weight_bytes=7)) == 7


@pytest.mark.parametrize(
    ("quantization", "linear", "expert"),
    [("fp8", 8000, 16_000), ("bitsandbytes", 4157, 8312), ("experts_int8", 16_000, 16_125), ("awq", 16_000, 32_000)],
)
def test_what_vllm_quantizes_while_it_loads(quantization: str, linear: int, expert: int) -> None:
    rest = 2 * (1000 + 1200 + 400 + 40)
    found = total(facts(), WeightSettings(quantization=quantization))
    assert found is not None
    assert abs(found - (rest + linear + expert)) <= 1
    # What is quantized already stays as it is.
    kept = facts(stored=StoredWeights(method="fp8", linear="fp8", expert="fp8"))
    assert total(kept, WeightSettings(quantization=quantization)) == rest + 8000 + 16_000


def test_experts_in_mxfp4_are_padded() -> None:
    packed: dict[str, Any] = {"stored": StoredWeights(method="mxfp4", expert="mxfp4"), "experts": 8}
    rest, experts = 2 * (26_640 - 16_000), 8500
    assert total(facts(**packed, expert_size=512), WeightSettings()) == rest + experts
    assert total(facts(**packed, expert_size=384), WeightSettings()) == rest + int(experts * 4 / 3) + 1
    # Divided by three, 512 is 171, which takes 256.
    held = per_gpu(facts(**packed, expert_size=512), WeightSettings(tensor=3))
    assert held == pytest.approx(2 * (8000 / 3 + 40 + 2200 / 3 + 400 / 3) + experts / 3 * 256 / 171, abs=1)
    assert total(facts(**packed), WeightSettings()) == rest + experts


@pytest.mark.parametrize(
    ("said", "settings", "found"),
    [
        ({}, {}, None),
        ({"parameters": 1001}, {}, 2002),
        ({"parameters": 1001}, {"tensor": 2, "pipeline": 2}, 501),
        ({"parameters": 1001}, {"dtype": "float32"}, 4004),
        ({"parameters": 1001, "dtype": "float32"}, {}, 2002),
        ({"parameters": 1001, "dtype": "fp8"}, {}, 1001),
        ({"parameters": 1001, "dtype": "fp8"}, {"quantization": "bitsandbytes"}, 1001),
        ({"parameters": 1001, "dtype": "bfloat16"}, {"quantization": "bitsandbytes"}, 501),
        ({"weight_bytes": 1001}, {"tensor": 2}, 501),
        ({"weight_bytes": 1001}, {"tensor": 2, "pipeline": 2}, 251),
        ({"weight_bytes": 4004, "parameters": 1001, "dtype": "float32"}, {}, 2002),
        ({"weight_bytes": 4004, "dtype": "float32"}, {}, None),
        ({"weight_bytes": 2002, "parameters": 1001, "dtype": "bfloat16"}, {"quantization": "fp8"}, 1001),
    ],
)
def test_a_model_whose_size_alone_is_known_is_divided_evenly(
    said: dict[str, Any], settings: dict[str, Any], found: int | None
) -> None:
    assert per_gpu(ModelFacts(id="m", **said), WeightSettings(**settings)) == found


def test_a_layer_for_drafts_counts_where_the_weights_are_known() -> None:
    assert drafted(ModelFacts(id="m", layers=4), WeightSettings()) == 0
    assert drafted(facts(), WeightSettings()) == 0
    assert drafted(facts(layers=4), WeightSettings()) == 2 * (2000 + 4000 + 10)
    assert drafted(facts(layers=4), WeightSettings(tensor=2, data=2)) == 2 * (1000 + 1000 + 10)
    # Files in 8 bits have it in 8 bits too, those in four as it was.
    for kind, found in (("fp8", 2000 + 4000 + 20), ("int4", 12_020), ("nvfp4", 12_020)):
        kept = StoredWeights(method="x", linear=kind, expert=kind)
        assert drafted(facts(layers=4, stored=kept), WeightSettings()) == found
    assert drafted(facts(layers=4, stored=StoredWeights(method="x", expert="mxfp4")), WeightSettings()) == 12_020


def test_the_adapters_of_a_batch() -> None:
    full = LayerCache(kind="full", layers=10, kv_heads=2, key_dim=16, value_dim=8)
    shape: dict[str, Any] = {"id": "m", "hidden_size": 100, "layers": 10, "intermediate_size": 400, "caches": (full,)}
    heads: dict[str, Any] = {"attention_heads": 8, "head_dim": 16}
    mlp, attention = 10 * (3 * 100 + 3 * 400), 10 * (4 * 100 + 2 * 8 * 16 + 2 * (16 + 8))
    one = Adapters(number=1, rank=1)
    assert adapters(ModelFacts(**shape), WeightSettings(), one) == 2 * mlp
    assert adapters(ModelFacts(**shape, **heads), WeightSettings(), one) == 2 * (mlp + attention)
    assert adapters(ModelFacts(**shape, **heads), WeightSettings(), Adapters()) == 16 * 2 * (mlp + attention)
    assert adapters(ModelFacts(**shape, **heads), WeightSettings(), Adapters(number=3)) == 48 * 2 * (mlp + attention)
    assert adapters(ModelFacts(**shape, **heads), WeightSettings(pipeline=2), one) == mlp + attention
    # Whole keys and values stay with each of four GPUs.
    divided = 10 * (3 * 100 + 3 * 100) + 10 * (4 * 100 + 2 * 2 * 16 + 1 * (16 + 8))
    assert adapters(ModelFacts(**shape, **heads), WeightSettings(tensor=4), one) == 2 * divided
    experts: dict[str, Any] = {**shape, "experts": 8, "expert_size": 50}
    whole = 8 * 10 * (3 * 100 + 3 * 50)
    assert adapters(ModelFacts(**experts), WeightSettings(), one) == 2 * whole
    assert adapters(ModelFacts(**experts), WeightSettings(tensor=2), one) == 2 * 8 * 10 * (3 * 100 + 3 * 25)
    spread = Adapters(number=1, rank=1, expert_parallel=True)
    assert adapters(ModelFacts(**experts), WeightSettings(tensor=2, data=2), spread) == 2 * whole // 4
    assert adapters(ModelFacts(**experts), WeightSettings(), Adapters(experts=False)) == 0
    assert adapters(ModelFacts(id="m", layers=10), WeightSettings(), one) == 0
    # Latent attention and states have none.
    other = (LayerCache(kind="latent", layers=10, latent_dim=576), LayerCache(kind="linear", layers=10))
    assert adapters(ModelFacts(**{**shape, "caches": other}, **heads), WeightSettings(), one) == 2 * mlp
