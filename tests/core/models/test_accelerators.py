"""Accelerators by any of their names, and from what a node selector says."""

from __future__ import annotations

import json
import re
from importlib import resources
from typing import Any

import pytest

from vllm_cdk8s.core.errors import InvalidOptionError
from vllm_cdk8s.core.models.accelerators import (
    accelerator,
    accelerator_of_labels,
    known_accelerators,
    mig_profile,
)

GIB = 2**30
ROWS: list[dict[str, Any]] = json.loads(
    resources.files("vllm_cdk8s.data").joinpath("accelerators.json").read_text(encoding="utf-8")
)["accelerators"]


@pytest.mark.parametrize(
    ("name", "gib"),
    [("H100", 79.19), ("H200", 139.81), ("A100-40GB", 39.4), ("RTX 3090", 23.57), ("T4", 14.56), ("L40S", 44.42)],
)
def test_memory_is_what_a_process_sees_and_not_the_names_number(name: str, gib: float) -> None:
    card = accelerator(name)
    assert card.memory_bytes == int(gib * GIB)
    assert card.measured


def test_what_was_not_measured_says_so() -> None:
    assert "derived" in accelerator("MI355X").memory_source
    assert "derived" not in accelerator("H100").memory_source


@pytest.mark.parametrize(
    "name",
    ["H100", "h100", " H100 ", "NVIDIA H100", "H100-80GB", "NVIDIA-H100-80GB-HBM3", "nvidia-h100-80gb", "H100 SXM5"],
)
def test_one_card_has_many_names(name: str) -> None:
    assert accelerator(name).name == "H100"


def test_a_shared_card_is_the_card() -> None:
    assert accelerator("NVIDIA-L4-SHARED").name == "L4"


def test_every_name_finds_its_own_row_and_no_other() -> None:
    for row in ROWS:
        for name in (*row["names"], *row["products"], *row["gke"]):
            assert accelerator(name).name == row["names"][0], name
    assert len(known_accelerators()) == len(ROWS) >= 60


def test_an_unknown_name_gets_the_nearest() -> None:
    with pytest.raises(InvalidOptionError, match=r"^gpu: 'H1000' is not .*did you mean 'H100'\?"):
        accelerator("H1000")


@pytest.mark.parametrize("name", ["", 80, None, True])
def test_what_is_no_name_is_refused(name: object) -> None:
    with pytest.raises(InvalidOptionError, match=r"^gpu: "):
        accelerator(name)


def test_a_part_of_a_card_has_its_own_memory() -> None:
    part = accelerator("A100-80GB:3g.40gb")
    assert part.memory_bytes < accelerator("A100-80GB").memory_bytes / 2
    assert part.resource == "nvidia.com/mig-3g.40gb"
    assert accelerator("NVIDIA-A100-SXM4-80GB-MIG-3g.40gb") == part
    assert mig_profile(part.resource) == "3g.40gb"
    assert mig_profile("nvidia.com/gpu") is None
    with pytest.raises(
        InvalidOptionError, match=r"'3g\.41gb' is not a MIG profile of A100-80GB; did you mean '3g\.40gb'"
    ):
        accelerator("A100-80GB:3g.41gb")


@pytest.mark.parametrize(
    ("name", "bfloat16", "fp8", "fp4"),
    [
        ("T4", False, False, False),
        ("V100-32GB", False, False, False),
        ("A100-80GB", True, False, False),
        ("RTX 3090", True, False, False),
        ("L4", True, True, False),
        ("H100", True, True, False),
        ("B200", True, True, True),
        ("MI300X", True, True, False),
    ],
)
def test_number_formats(name: str, bfloat16: bool, fp8: bool, fp4: bool) -> None:
    card = accelerator(name)
    assert (card.bfloat16, card.fp8, card.fp4) == (bfloat16, fp8, fp4)


@pytest.mark.parametrize(
    ("name", "resource"),
    [
        ("H100", "nvidia.com/gpu"),
        ("MI300X", "amd.com/gpu"),
        ("Gaudi3", "habana.ai/gaudi"),
        ("TPU-v6e", "google.com/tpu"),
        ("Max-1550", "gpu.intel.com/i915"),
        ("Trn2", "aws.amazon.com/neuron"),
    ],
)
def test_each_vendor_has_its_resource(name: str, resource: str) -> None:
    assert accelerator(name).resource == resource


@pytest.mark.parametrize(
    ("labels", "name"),
    [
        ({"nvidia.com/gpu.product": "NVIDIA-L4"}, "L4"),
        ({"nvidia.com/gpu.product": "NVIDIA-H100-80GB-HBM3-MIG-1g.10gb"}, "H100 1g.10gb"),
        ({"cloud.google.com/gke-accelerator": "nvidia-tesla-a100"}, "A100-40GB"),
        ({"karpenter.k8s.aws/instance-gpu-name": "l40s"}, "L40S"),
        ({"amd.com/gpu.product-name": "AMD_Instinct_MI300X_OAM"}, "MI300X"),
        # Either will do, so the smaller is what can be counted on.
        ({"nvidia.com/gpu.product": ["NVIDIA-H100-80GB-HBM3", "NVIDIA-A10G"]}, "A10G"),
    ],
)
def test_labels_name_a_card(labels: dict[str, Any], name: str) -> None:
    found = accelerator_of_labels(labels)
    assert found is not None
    assert found.name == name


@pytest.mark.parametrize(
    "labels",
    [
        {},
        {"kubernetes.io/arch": "amd64"},
        {"nvidia.com/gpu.product": "NVIDIA-Z9000"},
        {"nvidia.com/gpu.product": ["NVIDIA-L4", "NVIDIA-Z9000"]},
        {"nvidia.com/gpu.product": []},
        # EC2 calls those of 40 GB and of 80 GB the same.
        {"karpenter.k8s.aws/instance-gpu-name": "a100"},
    ],
)
def test_labels_that_name_none_say_nothing(labels: dict[str, Any]) -> None:
    assert accelerator_of_labels(labels) is None


def test_capabilities_are_written_as_vendors_write_them() -> None:
    for row in ROWS:
        assert row["capability"] is None or re.fullmatch(r"\d+\.\d|gfx\w+", row["capability"])
