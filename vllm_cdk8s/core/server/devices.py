"""What follows from the kind of accelerator that a server is said to run on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from vllm_cdk8s.core.engine.devices import built_for
from vllm_cdk8s.core.errors import ConflictError, VllmCdk8sError, give, warn
from vllm_cdk8s.core.inspection.devices import RUNTIMES, device_vendor
from vllm_cdk8s.core.inspection.tpu import (
    ACCELERATOR_LABEL,
    TOPOLOGY_LABEL,
    TPU_RESOURCE,
    topology_of,
    topology_problems,
)
from vllm_cdk8s.core.rules.book import VENDOR, VENDORS_RUNTIME
from vllm_cdk8s.core.server.needs import server_accelerator

if TYPE_CHECKING:
    from vllm_cdk8s.core.models.accelerators import Accelerator

# Sources: https://docs.vllm.ai/en/latest/getting_started/installation/gpu/ and
# https://docs.vllm.ai/projects/tpu/en/latest/getting_started/installation/
_IMAGES = {
    "amd": "vllm/vllm-openai-rocm",
    "aws": "public.ecr.aws/neuron/pytorch-inference-vllm-neuronx",
    "google": "vllm/vllm-tpu",
    "intel": "vllm/vllm-openai-xpu",
    "nvidia": "vllm/vllm-openai",
}
# Of the others, vLLM up to 0.11 on XPUs stops at a mode of CUDA graphs, and the rest takes it out with a warning.
# Sources: check_and_update_config in vllm/platforms, and the plugins for TPU, Gaudi and Neuron.
_WITH_GRAPHS = (None, "nvidia", "amd")


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


def tpu_nodes(options: Mapping[str, Any], *, nodes: int) -> dict[str, Any]:
    """The node selector of a server whose ``gpu`` is a TPU: GKE gives none to a pod that does not say which.

    Of several machines only the user knows how they are arranged.
    """
    found, gpus = _said(options), options.get("gpus")
    if found is None or found.vendor != "google" or not found.gke or not isinstance(gpus, int):
        return {}
    own = options.get("node_selector", {})
    name = str(own.get(ACCELERATOR_LABEL, found.gke[0]))
    topology = topology_of(name, gpus) if nodes == 1 else None
    if topology is None and TOPOLOGY_LABEL not in own:
        return {}
    return {"node_selector": {ACCELERATOR_LABEL: name, **({TOPOLOGY_LABEL: topology} if topology else {}), **own}}


def processes_of_device(options: Mapping[str, Any]) -> int:
    """How many of vLLM's processes share each device, one for each of its cores."""
    found = _said(options)
    return 1 if found is None else found.processes


def draws_graphs(options: Mapping[str, Any]) -> bool:
    """Whether the devices have CUDA graphs, or their like, as far as it is said which they are."""
    return _vendor(options) in _WITH_GRAPHS


def _vendor(options: Mapping[str, Any]) -> str | None:
    found = _said(options)
    return device_vendor(str(options.get("gpu_resource"))) if found is None else found.vendor


def check_devices(options: Mapping[str, Any], gpus: int | None, *, nodes: int) -> None:
    """Refuse, or warn of, what does not go with the devices that a pod asks for.

    Args:
        options: the server's.
        gpus: how many of them.
        nodes: the pods that make up one server.

    Raises:
        ConflictError: the runtime class is another vendor's, or the arrangement of TPUs has too few chips.
    """
    check_image(options, gpus)
    vendor, runtime = _vendor(options), options.get("runtime_class")
    if gpus and vendor is not None and isinstance(runtime, str) and RUNTIMES.get(runtime, vendor) != vendor:
        raise ConflictError(
            f"{runtime!r} is for devices of {RUNTIMES[runtime]}, and the pod asks for {options['gpu_resource']}",
            option="runtime_class",
            rule=VENDORS_RUNTIME,
        )
    selector = options.get("node_selector", {})
    if gpus and options["gpu_resource"] == TPU_RESOURCE and isinstance(selector, Mapping):
        texts = {key: value for key, value in selector.items() if isinstance(value, str)}
        for problem in topology_problems(texts, chips=gpus, nodes=nodes):
            if problem.severity == "error":
                raise ConflictError(problems=[problem])
            give(problem)


def check_image(options: Mapping[str, Any], gpus: int | None) -> None:
    """Warn of an image that is built for another vendor's devices than the accelerator's.

    Args:
        options: the server's.
        gpus: how many accelerators the pod asks for.
    """
    found = _said(options)
    resource = options.get("gpu_resource", "")
    name, maker = (
        (resource, device_vendor(resource) if isinstance(resource, str) else None)
        if found is None
        else (found.name, found.vendor)
    )
    image = options["image"]
    built = built_for(image) if isinstance(image, str) else None  # whatever else it is, is told where it is read
    if maker is None or not gpus or built in (None, maker):
        return
    family = _IMAGES.get(maker)
    hint = f"one that {maker} or vLLM builds for it" if family is None else f"{family}:<release>"
    warn(
        f"{image!r} is built for {'the CPU' if built == 'cpu' else built}, and {name} is of {maker}; use {hint}",
        option="image",
        rule=VENDOR,
    )
