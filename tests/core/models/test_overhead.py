"""What a GPU holds beside weights and cache, of a model of round widths, summed by hand; and where releases differ."""

from __future__ import annotations

from typing import Any

import pytest

from vllm_cdk8s.core.models.overhead import (
    PassSettings,
    activations,
    batch_defaults,
    beside,
    graphs,
    towers_margin,
    unprofiled,
)
from vllm_cdk8s.core.models.shape import ModelFacts, StoredWeights

GIB = 2**30
# 1000 tokens of 1000 values of two bytes are 2 MB of states.
WIDE: dict[str, Any] = {
    "id": "m", "hidden_size": 1000, "intermediate_size": 4000, "vocabulary": 1000, "layers": 100, "task": "generate",
}  # fmt: skip
EXPERTS = {"experts": 8, "experts_per_token": 2, "expert_size": 300}


def facts(**changes: Any) -> ModelFacts:
    return ModelFacts(**{**WIDE, **changes})


def passing(**changes: Any) -> PassSettings:
    return PassSettings(**{"tokens": 1000, "sequences": 100, **changes})


def test_the_peak_is_a_layer_or_the_sampler() -> None:
    # 3.6 states and three times the inner width, which the GPUs divide.
    assert activations(facts(), passing()) == 7_200_000 + 24_000_000
    assert activations(facts(), passing(tensor=2)) == 7_200_000 + 12_000_000
    # 9 bytes for each logit of each sequence, of which there are no more than tokens, beside the states.
    assert activations(facts(vocabulary=100_000), passing()) == 90_000_000 + 2_000_000
    assert activations(facts(vocabulary=100_000), passing(sequences=5000)) == 900_000_000 + 2_000_000
    # Nothing is sampled where nothing is generated.
    assert activations(facts(vocabulary=100_000, task="embed"), passing()) == 31_200_000
    assert activations(ModelFacts(id="m"), passing()) == 0


@pytest.mark.parametrize(
    ("version", "sampler"),
    [((0, 16, 9), 380_000_000), ((0, 17), 146_000_000), ((0, 32, 9), 146_000_000), ((0, 33), 90_000_000)],
)
def test_the_sampler_takes_less_in_newer_releases(version: tuple[int, ...], sampler: int) -> None:
    assert activations(facts(vocabulary=100_000), passing(version=version)) == sampler + 2_000_000


def test_experts_have_two_buffers_as_wide_as_their_widest() -> None:
    # Each token goes through two: 1000 values before the activation, 1000 after it.
    buffers = 1000 * 2 * 2 * (1000 + 1000)
    assert activations(facts(**EXPERTS), passing()) == 7_200_000 + buffers
    wider = facts(**{**EXPERTS, "expert_size": 3000})
    assert activations(wider, passing()) == 7_200_000 + 1000 * 2 * 2 * (3000 + 6000)
    assert activations(wider, passing(tensor=4)) == 7_200_000 + 1000 * 2 * 2 * (1000 + 1500)
    assert activations(facts(**{**EXPERTS, "expert_size": None}), passing()) == 7_200_000 + 4000 * (4000 + 8000)
    # Copies bring their tokens together, and a pass takes 32768 at most.
    assert activations(facts(**EXPERTS), passing(data=3)) == 7_200_000 + 3 * buffers
    assert activations(facts(**EXPERTS), passing(data=64)) == 7_200_000 + 32_768 * 2 * 2 * 2000
    # MXFP4's kernels need none; a dense layer's width counts.
    packed = facts(**EXPERTS, stored=StoredWeights(expert="mxfp4"))
    assert activations(packed, passing()) == 31_200_000
    # From 0.13 they are kept while the sampler runs.
    large = facts(**EXPERTS, vocabulary=100_000)
    assert activations(large, passing()) == 92_000_000 + buffers
    assert activations(large, passing(version=(0, 13))) == 382_000_000 + buffers
    assert activations(large, passing(version=(0, 12, 9))) == 382_000_000


def test_what_a_tower_made_of_pictures_is_kept() -> None:
    pictures = facts(modalities=("text", "image"))
    assert activations(pictures, passing()) == int(1.2 * GIB + 2_000_000 + 0.12 * GIB)
    assert activations(pictures, passing(text_only=True)) == activations(facts(), passing())


def test_graphs_grow_with_layers_and_sequences() -> None:
    # 0.3 GiB, and 0.006 GiB for each layer of this GPU where 256 sequences or more run.
    assert graphs(facts(), passing(sequences=256)) == int(0.9 * GIB)
    assert graphs(facts(), passing(sequences=1000)) == int(0.9 * GIB)
    assert graphs(facts(), passing(sequences=128, pipeline=2)) == int(0.45 * GIB)
    assert graphs(facts(), passing(eager=True)) == 0
    old = {"sequences": 256, "version": (0, 32)}
    assert graphs(facts(), passing(**old, memory=70 * GIB - 1)) == int(0.9 * GIB)
    assert graphs(facts(), passing(**old, memory=70 * GIB)) == int(1.15 * GIB)
    assert graphs(facts(), passing(**old)) == int(1.15 * GIB)
    assert graphs(facts(), passing(sequences=256, version=(0, 33), memory=70 * GIB)) == int(0.9 * GIB)


@pytest.mark.parametrize(
    ("settings", "gib"),
    [
        # A base, and the libraries'; of a model without widths there is nothing else.
        ({"version": (0, 17, 9)}, 0.045 + 0.13),
        ({"version": (0, 18)}, 0.045 + 0.25),
        # Graphs stand in the budget from 0.21 on.
        ({"version": (0, 20, 9), "eager": False}, 0.045 + 0.25),
        ({"version": (0, 21), "eager": False, "memory": GIB}, 0.045 + 0.25 + 0.3),
        ({"eager": False}, 0.045 + 0.25 + 0.3),
        # Several GPUs, linked (large ones are) or over PCIe.
        ({"tensor": 2}, 0.045 + 0.25 + 1.85),
        ({"data": 2, "memory": 70 * GIB}, 0.045 + 0.25 + 1.85),
        ({"tensor": 2, "memory": 70 * GIB - 1}, 0.045 + 0.25 + 0.3),
        ({"pipeline": 2}, 0.045 + 0.25 + 0.3),
        ({"tensor": 2, "version": (0, 11, 0)}, 0.045 + 0.13 + 1.85),
        ({"tensor": 2, "version": (0, 11, 1)}, 0.045 + 0.13 + 0.45),
        ({"tensor": 2, "version": (0, 17, 9)}, 0.045 + 0.13 + 0.45),
        ({"tensor": 2, "version": (0, 18)}, 0.045 + 0.25 + 1.85),
    ],
)
def test_what_a_gpu_holds_beside_weights_and_cache(settings: dict[str, Any], gib: float) -> None:
    assert beside(ModelFacts(id="m"), passing(**{"eager": True, **settings})) == pytest.approx(gib * GIB, abs=2)


def test_one_gpu_that_guesses_nothing_is_the_default() -> None:
    alone = passing(tensor=1, pipeline=1, data=1, eager=False, text_only=False, drafted=0, unified=False)
    assert passing() == alone


def test_what_is_taken_after_the_memory_was_divided() -> None:
    assert unprofiled(facts(), passing()) == 0
    # Three guessed tokens and the one before them, of 100 sequences.
    assert unprofiled(facts(), passing(drafted=3)) == 100 * 4 * 1000 * 9
    assert unprofiled(facts(), passing(version=(0, 9))) == 0
    assert unprofiled(facts(), passing(version=(0, 8, 5))) == 1024 * 1000 * 38
    assert unprofiled(facts(), passing(version=(0, 8, 5), sequences=2000)) == 2000 * 1000 * 38
    assert unprofiled(ModelFacts(id="m"), passing(version=(0, 8, 5), drafted=3)) == 0
    assert unprofiled(facts(task="embed"), passing(version=(0, 8, 5))) == 0
    packed = facts(stored=StoredWeights(expert="mxfp4"))
    assert unprofiled(packed, passing(version=(0, 20, 9))) == 3 * GIB
    assert unprofiled(packed, passing(version=(0, 21))) == 0


@pytest.mark.parametrize(
    ("family", "version", "gib"),
    [
        ("llama", None, 0),
        ("qwen2_5_vl", None, 4),
        ("qwen2_5_vl", (0, 11), 4),
        ("qwen3_vl", (0, 11), 32),
        ("qwen3_vl", (0, 12), 4),
        ("qwen3_vl_moe", None, 4),
    ],
)
def test_pictures_of_any_size(family: str, version: tuple[int, ...] | None, gib: int) -> None:
    assert towers_margin(facts(family=family), version) == gib * GIB


@pytest.mark.parametrize(
    ("memory", "capability", "version", "length", "tokens", "sequences"),
    [
        (None, None, None, None, 2048, 256),
        (24 * GIB, "8.9", None, None, 2048, 256),
        (70 * GIB - 1, "9.0", None, None, 2048, 256),
        (70 * GIB, "9.0", None, None, 8192, 1024),
        (80 * GIB, "8.0", None, None, 2048, 256),  # the A100
        (120 * GIB, "12.1", None, None, 2048, 256),
        (160 * GIB - 1, "10.0", None, None, 8192, 1024),
        (160 * GIB, "10.0", None, None, 16_384, 1024),
        (160 * GIB, "10.0", (0, 25, 9), None, 8192, 1024),
        (160 * GIB, "10.0", (0, 26), None, 16_384, 1024),
        # The engine of before takes a prompt at once, unless it may be very long.
        (80 * GIB, "9.0", (0, 8), 4096, 8192, 1024),
        (80 * GIB, "9.0", (0, 7, 3), 4096, 4096, 256),
        (80 * GIB, "9.0", (0, 7, 3), 512, 2048, 256),
        (80 * GIB, "9.0", (0, 7, 3), 32_768, 32_768, 256),
        (80 * GIB, "9.0", (0, 7, 3), 32_769, 2048, 256),
        (80 * GIB, "9.0", (0, 7, 3), None, 2048, 256),
    ],
)
def test_the_tokens_and_sequences_of_a_pass(
    memory: int | None, capability: str | None, version: tuple[int, ...] | None, length: int | None, tokens: int,
    sequences: int,
) -> None:  # fmt: skip
    assert batch_defaults(memory, capability, version, length) == (tokens, sequences)
