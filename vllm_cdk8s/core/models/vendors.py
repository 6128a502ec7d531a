"""Who makes accelerators: what their device plugins count, which runtime classes and images are for them.

A new vendor is a row here, and a row of data/accelerators.json for each accelerator.
"""

from __future__ import annotations

import re
from functools import lru_cache

from msgspec import Struct


class DeviceVendor(Struct, frozen=True, kw_only=True):
    """A maker of accelerators.

    Attributes:
        name: the maker, as the table of accelerators has it.
        prefix: what the names of the resources begin with that count its devices.
        resources: the resource that its device plugin registers for a whole device; several where drivers differ.
        variants: a pattern of more resources that count devices, or parts of them that are devices of their own.
        runtimes: the runtime classes that its own operator makes.
        repositories: a pattern of image repositories that are built for its devices and no others.
        image: the repository of the image that vLLM, or the vendor, publishes for them; None where there is no one.
        graphs: whether vLLM captures CUDA graphs, or their like, on them.
    """

    name: str
    prefix: str
    resources: tuple[str, ...]
    variants: str | None = None
    runtimes: tuple[str, ...] = ()
    repositories: str | None = None
    image: str | None = None
    graphs: bool = False


_HUB = r"((index\.)?docker\.io/)?"
# Sources: the vendors' device plugins; https://docs.vllm.ai/en/latest/getting_started/installation/gpu/ and
# https://docs.vllm.ai/projects/tpu/en/latest/getting_started/installation/. Of those without graphs, vLLM up to 0.11 on
# XPUs stops at a mode of CUDA graphs, and the rest takes it out with a warning: check_and_update_config in
# vllm/platforms, and the plugins for TPU, Gaudi and Neuron.
DEVICE_VENDORS = (
    DeviceVendor(
        name="nvidia", prefix="nvidia.com/", resources=("nvidia.com/gpu",), image="vllm/vllm-openai", graphs=True,
        variants=r"nvidia\.com/(gpu\.shared|mig-(\d+c\.)?\d+g\.\d+gb(\.me)?(\.all)?)",
        runtimes=("nvidia", "nvidia-cdi", "nvidia-legacy"),
    ),
    DeviceVendor(
        name="amd", prefix="amd.com/", resources=("amd.com/gpu",), image="vllm/vllm-openai-rocm", graphs=True,
        variants=r"amd\.com/[a-z]{3}_nps\d", runtimes=("amd",),
        repositories=rf"{_HUB}(rocm/vllm(-dev)?|vllm/vllm-openai-rocm)",
    ),
    DeviceVendor(
        name="intel", prefix="gpu.intel.com/", resources=("gpu.intel.com/i915", "gpu.intel.com/xe"),
        image="vllm/vllm-openai-xpu", repositories=rf"{_HUB}(intel/llm-scaler-vllm|vllm/vllm-openai-xpu)",
    ),
    DeviceVendor(
        name="habana", prefix="habana.ai/", resources=("habana.ai/gaudi",), runtimes=("habana",),
        repositories=r"vault\.habana\.ai/.*vllm.*",
    ),
    DeviceVendor(
        name="google", prefix="google.com/tpu", resources=("google.com/tpu",), image="vllm/vllm-tpu",
        repositories=rf"{_HUB}vllm/vllm-tpu",
    ),
    DeviceVendor(
        name="aws", prefix="aws.amazon.com/neuron", resources=("aws.amazon.com/neuron",),
        variants=r"aws\.amazon\.com/neuron(core|device)",
        image="public.ecr.aws/neuron/pytorch-inference-vllm-neuronx",
        repositories=r"public\.ecr\.aws/neuron/[a-z0-9-]*vllm[a-z0-9-]*",
    ),
    DeviceVendor(
        name="huawei", prefix="huawei.com/Ascend", resources=(), variants=r"huawei\.com/Ascend[0-9A-Za-z-]+",
    ),
)  # fmt: skip
_BY_NAME = {vendor.name: vendor for vendor in DEVICE_VENDORS}
# Whose devices the runtime classes are for that the vendors' own operators make.
RUNTIMES = {runtime: vendor.name for vendor in DEVICE_VENDORS for runtime in vendor.runtimes}
DEVICE_RESOURCES = tuple(name for vendor in DEVICE_VENDORS for name in vendor.resources)


def vendor_named(name: str | None) -> DeviceVendor | None:
    """A maker by its name."""
    return None if name is None else _BY_NAME.get(name)


@lru_cache
def device_vendor(resource: str) -> str | None:
    """Who makes the devices that a resource counts; None where it counts none."""
    return next((vendor.name for vendor in DEVICE_VENDORS if resource.startswith(vendor.prefix)), None)


@lru_cache
def is_device(resource: str) -> bool:
    """Whether a resource is one that a vendor's device plugin registers for devices, whole or cut into parts."""
    return resource in DEVICE_RESOURCES or any(
        vendor.variants is not None and re.fullmatch(vendor.variants, resource) for vendor in DEVICE_VENDORS
    )


def counts_devices(resource: str) -> bool:
    """Whether a resource counts devices that are a pod's own: memory is not a device, and a share is another's too."""
    return is_device(resource) and not resource.endswith(".shared")


@lru_cache
def made_for(repository: str) -> str | None:
    """Whose devices an image of this repository is built for, where the repository says so."""
    return next(
        (
            vendor.name
            for vendor in DEVICE_VENDORS
            if vendor.repositories is not None and re.fullmatch(vendor.repositories, repository)
        ),
        None,
    )
