"""What follows from the kind of accelerator: the resource that it is counted in, and whether the image fits."""

from __future__ import annotations

from typing import Any

import pytest

from vllm_cdk8s.core.errors import InvalidOptionError, VllmCdk8sWarning
from vllm_cdk8s.core.models.accelerators import accelerator, known_accelerators
from vllm_cdk8s.core.server.devices import check_image, device_defaults, said_accelerator
from vllm_cdk8s.core.server.options import DEFAULTS


def settled(gpu: str, image: str) -> dict[str, Any]:
    """A server's options as the check gets them: what is not said is there by its default."""
    said = {"gpu": gpu, "image": image}
    return {**DEFAULTS, **device_defaults(said_accelerator(said)), **said}


NEURON = "public.ecr.aws/neuron/pytorch-inference-vllm-neuronx"
CUDA, ROCM = "vllm/vllm-openai:v0.20.2", "vllm/vllm-openai-rocm:v0.20.2"


@pytest.mark.parametrize(
    ("options", "resource"),
    [
        ({"gpu": "MI300X"}, "amd.com/gpu"),
        ({"gpu": "Gaudi 3"}, "habana.ai/gaudi"),
        ({"gpu": "TPU-v6e"}, "google.com/tpu"),
        ({"gpu": "Trainium2"}, "aws.amazon.com/neuron"),
        ({"gpu": "B60"}, "gpu.intel.com/xe"),
        ({"node_selector": {"cloud.google.com/gke-tpu-accelerator": "tpu-v5p-slice"}}, "google.com/tpu"),
        ({"node_selector": {"amd.com/gpu.product-name": "AMD_Instinct_MI355X"}}, "amd.com/gpu"),
    ],
)
def test_an_accelerator_is_counted_in_its_vendors_resource(options: dict[str, Any], resource: str) -> None:
    assert device_defaults(said_accelerator(options)) == {"gpu_resource": resource}


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"gpu": "H100"},
        # With MIG's strategy "single" parts are counted as nvidia.com/gpu too.
        {"gpu": "A100-40GB:3g.20gb"},
        {"gpu": 100},
        {"gpu": None},
        {"node_selector": "mi300x"},
        {"node_selector": {"disk": "ssd"}},
    ],
)
def test_what_says_nothing_of_a_vendor_changes_nothing(options: dict[str, Any]) -> None:
    assert device_defaults(said_accelerator(options)) == {}


def test_an_accelerator_that_nobody_knows_is_refused() -> None:
    with pytest.raises(InvalidOptionError, match="'H1000' is not an accelerator whose memory is known"):
        said_accelerator({"gpu": "H1000"})


def test_every_known_accelerator_is_counted_in_a_resource_of_its_own() -> None:
    for name in known_accelerators():
        found = accelerator(name)
        expected = {} if found.vendor == "nvidia" else {"gpu_resource": found.resource}
        assert device_defaults(said_accelerator({"gpu": name})) == expected, name


@pytest.mark.parametrize(
    ("gpu", "image", "message"),
    [
        ("MI300X", CUDA, r"^image: .*built for nvidia, and MI300X is of amd; use vllm/vllm-openai-rocm:"),
        ("H100", "rocm/vllm:latest", r"^image: .*built for amd, and H100 is of nvidia; use vllm/vllm-openai:"),
        ("TPU-v6e", CUDA, r"^image: .*use vllm/vllm-tpu:"),
        ("Gaudi3", CUDA, r"^image: .*Gaudi3 is of habana; use one that habana or vLLM builds for it"),
        ("B60", CUDA, r"^image: .*use vllm/vllm-openai-xpu:"),
        ("Trainium2", CUDA, r"^image: .*use public.ecr.aws/neuron/pytorch-inference-vllm-neuronx:"),
        ("H100", "vllm/vllm-openai-xpu:v0.30.0", r"^image: .*built for intel, and H100"),
        ("H100", f"{NEURON}:0.24.0.1.1.0-neuronx-py313-sdk2.32.0-ubuntu24.04", r"^image: .*built for aws"),
        ("MI300X", "vault.habana.ai/gaudi-docker/1.24.0/ubuntu24.04/vllm-plugin:latest", r"^image: .*for habana"),
        ("L4", "vllm/vllm-openai-cpu:v0.20.2", r"^image: .*built for the CPU"),
    ],
)
def test_an_image_of_another_vendor_warns(gpu: str, image: str, message: str) -> None:
    with pytest.warns(VllmCdk8sWarning, match=message) as caught:
        check_image(settled(gpu, image), accelerator(gpu), 1)
    assert "VC210" in str(caught[0].message)


@pytest.mark.parametrize(
    ("gpu", "image", "gpus"),
    [
        ("MI300X", ROCM, 8),
        ("Arc-B60", "vllm/vllm-openai-xpu:v0.30.0", 1),
        ("Trn2", f"{NEURON}:0.24.0.1.1.0-neuronx-py313-sdk2.32.0-ubuntu24.04", 1),
        ("MI300X", "registry.example.com/ml/vllm:1", 8),
        ("H100", CUDA, 1),
        ("MI300X", CUDA, 0),
        ("MI300X", CUDA, None),
    ],
)
def test_an_image_that_fits_or_does_not_say_is_silent(gpu: str, image: str, gpus: int | None) -> None:
    check_image(settled(gpu, image), accelerator(gpu), gpus)
