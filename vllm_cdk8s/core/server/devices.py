"""What follows from the kind of accelerator that a server is said to run on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from vllm_cdk8s.core.engine.devices import built_for
from vllm_cdk8s.core.errors import VllmCdk8sError, warn
from vllm_cdk8s.core.inspection.pod import device_vendor
from vllm_cdk8s.core.rules.book import VENDOR
from vllm_cdk8s.core.server.needs import server_accelerator

if TYPE_CHECKING:
    from vllm_cdk8s.core.models.accelerators import Accelerator

# Sources: https://docs.vllm.ai/en/latest/getting_started/installation/gpu/ and
# https://docs.vllm.ai/projects/tpu/en/latest/getting_started/installation/
_IMAGES = {
    "amd": "vllm/vllm-openai-rocm",
    "google": "vllm/vllm-tpu",
    "nvidia": "vllm/vllm-openai",
}


def _said(options: Mapping[str, Any]) -> Accelerator | None:
    # What is wrong with the options is told where they are read.
    texts = (options.get(name, "") for name in ("gpu", "gpu_resource"))
    if not all(isinstance(text, str) for text in texts) or not isinstance(options.get("node_selector", {}), Mapping):
        return None
    try:
        return server_accelerator(options)
    except VllmCdk8sError:
        return None


def device_defaults(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options that follow from the accelerator that ``gpu`` or the node selector names.

    ``gpu="MI300X"`` counts ``amd.com/gpu``. NVIDIA's are ``nvidia.com/gpu``, which is a part of a GPU too where the
    device plugin has the strategy "single".
    """
    found = _said(options)
    return {} if found is None or found.vendor == "nvidia" else {"gpu_resource": found.resource}


def check_image(options: Mapping[str, Any], gpus: int | None) -> None:
    """Warn of an image that is built for another vendor's devices than the accelerator's.

    Args:
        options: the server's.
        gpus: how many accelerators the pod asks for.
    """
    found = _said(options)
    resource, image = options.get("gpu_resource", ""), options["image"]
    if not isinstance(resource, str) or not isinstance(image, str):
        return  # what is no text is refused where it is read
    name, maker = (resource, device_vendor(resource)) if found is None else (found.name, found.vendor)
    built = built_for(image)
    if maker is None or not gpus or built in (None, maker):
        return
    family = _IMAGES.get(maker)
    hint = f"one that {maker} or vLLM builds for it" if family is None else f"{family}:<release>"
    warn(
        f"{image!r} is built for {'the CPU' if built == 'cpu' else built}, and {name} is of {maker}; use {hint}",
        option="image",
        rule=VENDOR,
    )
