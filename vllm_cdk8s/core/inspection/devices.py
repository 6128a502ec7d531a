"""Rules of the devices that a pod asks for: whose they are, and what else of the pod is another vendor's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from vllm_cdk8s.core.engine.devices import built_for
from vllm_cdk8s.core.errors import Problem
from vllm_cdk8s.core.inspection.tpu import TPU_RESOURCE, topology_problems
from vllm_cdk8s.core.kube import checks
from vllm_cdk8s.core.rules import book

if TYPE_CHECKING:
    from vllm_cdk8s.core.inspection.facts import ServerFacts

GPU_VENDORS = {
    "nvidia.com/": "nvidia",
    "amd.com/": "amd",
    "gpu.intel.com/": "intel",
    "habana.ai/": "habana",
    "google.com/tpu": "google",
    "aws.amazon.com/neuron": "aws",
    "huawei.com/Ascend": "huawei",
}
# Whose devices the runtime classes are for that the vendors' own operators make.
RUNTIMES: Mapping[str, str] = {
    "nvidia": "nvidia",
    "nvidia-cdi": "nvidia",
    "nvidia-legacy": "nvidia",
    "amd": "amd",
    "habana": "habana",
}
# Where a Deployment's pods, or a group's, are all of a server.
_COUNTED = {"Deployment", "StatefulSet", "LeaderWorkerSet"}


def resources(container: Mapping[str, Any], which: str) -> dict[str, Any]:
    """A container's limits or requests."""
    found = container.get("resources")
    inner = found.get(which) if isinstance(found, Mapping) else None
    return dict(inner) if isinstance(inner, Mapping) else {}


def device_vendor(resource: str) -> str | None:
    """Who makes the devices that a resource counts; None where it counts none."""
    return next((name for prefix, name in GPU_VENDORS.items() if resource.startswith(prefix)), None)


def wrong_vendor(facts: ServerFacts) -> Iterator[Problem]:
    """An image for one vendor's devices, and another vendor's asked for."""
    built = built_for(facts.image)
    for name in resources(facts.container, "limits"):
        made = device_vendor(str(name))
        if built is None or made is None or built == made:
            continue
        at = (*facts.container_path, "resources", "limits", name)
        if built == "cpu":
            yield Problem(
                what=f"{facts.image!r} runs on the CPU, and the GPU stays idle",
                rule=book.VENDOR,
                severity="warning",
                option=str(name),
                at=at,
            )
        else:
            yield Problem(
                what=f"{facts.image!r} is built for {built}, and asks for devices of {made}",
                rule=book.VENDOR,
                option=str(name),
                at=at,
            )


def runtime_class(facts: ServerFacts) -> Iterator[Problem]:
    """The runtime class of one vendor, and devices of another."""
    said = str(facts.pod.get("runtimeClassName"))
    for name in resources(facts.container, "limits"):
        made = device_vendor(str(name))
        if made is not None and RUNTIMES.get(said, made) != made:
            yield Problem(
                what=f"{said!r} is for devices of {RUNTIMES[said]}, and the pod asks for {name}",
                rule=book.VENDORS_RUNTIME,
                option="runtimeClassName",
                at=(*facts.pod_path, "runtimeClassName"),
            )


def tpu_arrangement(facts: ServerFacts) -> Iterator[Problem]:
    """TPUs of which GKE does not know how they are to be arranged, or of too few."""
    chips = checks.quantity_or_none(resources(facts.container, "limits").get(TPU_RESOURCE))
    selector = facts.pod.get("nodeSelector") or {}
    if not chips or facts.kind not in _COUNTED or facts.nodes < 1 or not isinstance(selector, Mapping):
        return
    # An affinity may say it as well, and a scheduler of its own may add it.
    if facts.pod.get("affinity") or facts.pod.get("schedulerName"):
        return
    texts = {str(key): str(value) for key, value in selector.items()}
    for problem in topology_problems(texts, chips=int(chips), nodes=facts.nodes):
        at = (*facts.pod_path, "nodeSelector") if selector else facts.pod_path
        yield Problem(what=problem.what, rule=problem.rule, severity=problem.severity, option="nodeSelector", at=at)


CHECKS = (wrong_vendor, runtime_class, tpu_arrangement)
