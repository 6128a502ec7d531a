"""What follows from the kind of accelerator that a server is said to run on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from vllm_cdk8s.core.engine.devices import built_for
from vllm_cdk8s.core.errors import ConflictError, give, warn
from vllm_cdk8s.core.inspection.tpu import (
    ACCELERATOR_LABEL,
    TOPOLOGY_LABEL,
    TPU_RESOURCE,
    topology_of,
    topology_problems,
)
from vllm_cdk8s.core.models.vendors import RUNTIMES, device_vendor, vendor_named
from vllm_cdk8s.core.rules.book import VENDOR, VENDORS_RUNTIME
from vllm_cdk8s.core.server.needs import server_accelerator

if TYPE_CHECKING:
    from vllm_cdk8s.core.models.accelerators import Accelerator


def said_accelerator(options: Mapping[str, Any]) -> Accelerator | None:
    """The accelerator that a server's options name, None where they name none that is known.

    Raises:
        InvalidOptionError: ``gpu`` is not the name of one, or has no such part.
    """
    # What else is wrong with the options is told where they are read.
    texts = (options.get(name, "") for name in ("gpu", "gpu_resource"))
    if not all(isinstance(text, str) for text in texts) or not isinstance(options.get("node_selector", {}), Mapping):
        return None
    return server_accelerator(options)


def device_defaults(found: Accelerator | None) -> dict[str, Any]:
    """The options that follow from the accelerator that ``gpu`` or the node selector names.

    ``gpu="MI300X"`` counts ``amd.com/gpu``. NVIDIA's are ``nvidia.com/gpu``, which is a part of a GPU too where the
    device plugin has the strategy "single".
    """
    return {} if found is None or found.vendor == "nvidia" else {"gpu_resource": found.resource}


def tpu_nodes(options: Mapping[str, Any], found: Accelerator | None, *, nodes: int) -> dict[str, Any]:
    """The node selector of a server whose ``gpu`` is a TPU: GKE gives none to a pod that does not say which.

    Of several machines only the user knows how they are arranged.
    """
    gpus = options.get("gpus")
    if found is None or found.vendor != "google" or not found.gke or not isinstance(gpus, int):
        return {}
    own = options.get("node_selector", {})
    name = str(own.get(ACCELERATOR_LABEL, found.gke[0]))
    topology = topology_of(name, gpus) if nodes == 1 else None
    if topology is None and TOPOLOGY_LABEL not in own:
        return {}
    return {"node_selector": {ACCELERATOR_LABEL: name, **({TOPOLOGY_LABEL: topology} if topology else {}), **own}}


def processes_of_device(found: Accelerator | None) -> int:
    """How many of vLLM's processes share each device, one for each of its cores."""
    return 1 if found is None else found.processes


def draws_graphs(options: Mapping[str, Any], found: Accelerator | None) -> bool:
    """Whether the devices have CUDA graphs, or their like, as far as it is said which they are."""
    vendor = vendor_named(_vendor(options, found))
    return vendor is None or vendor.graphs


def _vendor(options: Mapping[str, Any], found: Accelerator | None) -> str | None:
    return device_vendor(str(options.get("gpu_resource"))) if found is None else found.vendor


def check_devices(options: Mapping[str, Any], found: Accelerator | None, gpus: int | None, *, nodes: int) -> None:
    """Refuse, or warn of, what does not go with the devices that a pod asks for.

    Args:
        options: the server's.
        found: the accelerator that they name.
        gpus: how many of them.
        nodes: the pods that make up one server.

    Raises:
        ConflictError: the runtime class is another vendor's, or the arrangement of TPUs has too few chips.
    """
    check_image(options, found, gpus)
    vendor, runtime = _vendor(options, found), options.get("runtime_class")
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


def check_image(options: Mapping[str, Any], found: Accelerator | None, gpus: int | None) -> None:
    """Warn of an image that is built for another vendor's devices than the accelerator's.

    Args:
        options: the server's.
        found: the accelerator that they name.
        gpus: how many accelerators the pod asks for.
    """
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
    vendor = vendor_named(maker)
    family = None if vendor is None else vendor.image
    hint = f"one that {maker} or vLLM builds for it" if family is None else f"{family}:<release>"
    warn(
        f"{image!r} is built for {'the CPU' if built == 'cpu' else built}, and {name} is of {maker}; use {hint}",
        option="image",
        rule=VENDOR,
    )
