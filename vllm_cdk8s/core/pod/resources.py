"""What a container needs and may use: requests and limits, GPUs among them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from vllm_cdk8s.core.errors import ConflictError, InvalidOptionError, nearest
from vllm_cdk8s.core.kube import checks
from vllm_cdk8s.core.kube.wire import prune
from vllm_cdk8s.core.rules.book import HOST_MEMORY

if TYPE_CHECKING:
    from vllm_cdk8s.core.models.sizing import Sizing

_NATIVE_RESOURCES = ("cpu", "memory", "ephemeral-storage")
_DEVICE_RESOURCES = ("nvidia.com/gpu", "amd.com/gpu")


@dataclass(frozen=True, kw_only=True, slots=True)
class Resources:
    """Requests and limits of the vLLM container: ``Resources(limits={"memory": "24Gi"}, requests={"memory": "16Gi"})``.

    Args:
        requests: what the scheduler sets aside, as Kubernetes quantities by resource name.
        limits: what the container may not exceed, likewise.

    Raises:
        InvalidOptionError: a name is not a resource name, or a quantity does not parse.
        ConflictError: a request is above its limit.
    """

    requests: Mapping[str, str | int] = field(default_factory=dict)
    limits: Mapping[str, str | int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for kind in ("requests", "limits"):
            given = getattr(self, kind)
            if not isinstance(given, Mapping):
                raise InvalidOptionError(f"{given!r} is not a mapping", option=f"resources.{kind}")
            for name, value in given.items():
                resource_name(f"resources.{kind}", name)
                checks.quantity(f"resources.{kind}[{name!r}]", value)
        for name in sorted(self.requests.keys() & self.limits.keys()):
            if checks.quantity(name, self.requests[name]) > checks.quantity(name, self.limits[name]):
                raise ConflictError(
                    f"{self.requests[name]!r} is above the limit of {self.limits[name]!r}",
                    option=f"resources.requests[{name!r}]",
                )

    def wire(self) -> dict[str, Any]:
        """The container's ``resources``."""
        return prune({"requests": dict(self.requests), "limits": dict(self.limits)})


def resource_name(option: str, name: object) -> str:
    """A resource of Kubernetes' own, or one with a domain: anything else is refused by the API server."""
    text = checks.qualified_name(option, name)
    if "/" not in text and text not in _NATIVE_RESOURCES and not text.startswith("hugepages-"):
        known = [*_NATIVE_RESOURCES, *_DEVICE_RESOURCES]
        hint = "; did you mean 'nvidia.com/gpu'?" if text == "gpu" else nearest(text, known)
        raise InvalidOptionError(
            f"{text!r} is not a resource; allowed: {', '.join(_NATIVE_RESOURCES)}, hugepages-<size>, or a name with a "
            f"domain such as 'nvidia.com/gpu'{hint}",
            option=option,
        )
    return text


def with_gpus(  # noqa: C901 - one place where GPUs are said
    resources: Resources, *, gpus: int | None, gpu_resource: str, sizing: Sizing | None = None
) -> tuple[Resources, int | None]:
    """The resources with GPUs and the sizing's memory in them, and the number of GPUs, None where nobody said.

    GPUs may be said by ``gpus`` or by the same resource in ``resources``, but not differently in both. They are limits;
    Kubernetes takes the request from there.
    """
    if gpus is not None:
        checks.integer("gpus", gpus, minimum=0)
    said: dict[str, int] = {}
    for kind in ("limits", "requests"):
        given = getattr(resources, kind)
        if gpu_resource in given:
            option = f"resources.{kind}[{gpu_resource!r}]"
            amount = checks.quantity(option, given[gpu_resource])
            if amount != int(amount):
                raise InvalidOptionError(f"{given[gpu_resource]!r} is not a whole number of GPUs", option=option)
            said[option] = int(amount)
    if len(set(said.values())) > 1:
        raise ConflictError(f"limits and requests of {gpu_resource!r} differ; they must be equal", option="resources")
    for option, number in said.items():
        if gpus is not None and number != gpus:
            raise ConflictError(f"{gpus} contradicts {option}: {number}; say it in one place", option="gpus")
    number_of_gpus = next(iter(said.values()), gpus)
    if sizing is not None:
        if number_of_gpus is None:
            number_of_gpus = sizing.gpus
        elif number_of_gpus < sizing.gpus:
            raise ConflictError(f"{number_of_gpus} contradicts sizing, which is for {sizing.gpus}", option="gpus")
        if "memory" not in {*resources.requests, *resources.limits}:
            resources = Resources(
                requests={**resources.requests, "memory": sizing.memory_request},
                limits={**resources.limits, "memory": sizing.memory_limit},
            )
    if not number_of_gpus or gpu_resource in resources.limits:
        return resources, number_of_gpus
    return replace(resources, limits={**resources.limits, gpu_resource: number_of_gpus}), number_of_gpus


def binary(size: int) -> str:
    """A number of bytes as a quantity, rounded up to whole MiB: ``200Gi``, ``1536Mi``."""
    mebibytes = -(-size // 2**20)
    return f"{mebibytes // 1024}Gi" if mebibytes % 1024 == 0 else f"{mebibytes}Mi"


def with_reserved(
    resources: Resources,
    reserved: Mapping[str, int],
    *,
    limits: Mapping[str, str | int],
    own: Resources,
    besides: int = 0,
) -> Resources:
    """The resources with what features of a server need besides.

    Args:
        resources: requests and limits so far.
        reserved: host memory in bytes, by the option that takes it. It is added to memory that was sized, requested
            where nobody said anything of memory, and must fit into a limit of the user's.
        limits: further resources, such as network devices.
        own: what the user said.
        besides: what the container needs anyhow, in bytes.

    Raises:
        ConflictError: the user's memory limit is below what is reserved, or a resource is said differently.
    """
    result = {"requests": dict(resources.requests), "limits": dict(resources.limits)}
    for name, value in limits.items():
        said = own.limits.get(name, own.requests.get(name, value))
        if str(said) != str(value):
            raise ConflictError(
                f"{said!r} contradicts the {value!r} of another option; say it in one place",
                option=f"resources.limits[{name!r}]",
            )
        result["limits"][name] = value
    total = sum(reserved.values())
    if total:
        options = " and ".join(reserved)
        if "memory" in own.limits:
            if checks.quantity("resources.limits['memory']", own.limits["memory"]) <= total:
                raise ConflictError(
                    f"{own.limits['memory']!r} is not above the {binary(total)} that {options} takes of it",
                    option="resources.limits['memory']",
                    rule=HOST_MEMORY,
                )
        elif "memory" not in own.requests:
            for kind in ("requests", "limits"):
                if "memory" in result[kind]:
                    sized = int(checks.quantity("memory", result[kind]["memory"]))
                    result[kind]["memory"] = binary(sized + total)
            result["requests"].setdefault("memory", binary(total + besides))
    return Resources(**result) if total or limits else resources
