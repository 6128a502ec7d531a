"""What a container needs and may use: requests and limits, GPUs among them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from vllm_cdk8s.core.errors import Collector, ConflictError, InvalidOptionError, nearest, warn
from vllm_cdk8s.core.keywords import named_keywords
from vllm_cdk8s.core.kube import checks
from vllm_cdk8s.core.kube.wire import prune
from vllm_cdk8s.core.models.vendors import DEVICE_RESOURCES
from vllm_cdk8s.core.rules.book import HOST_MEMORY, NOT_A_GPU_COUNT
from vllm_cdk8s.core.showing import shown

if TYPE_CHECKING:
    from vllm_cdk8s.core.models.sizing import Sizing

_NATIVE_RESOURCES = ("cpu", "memory", "ephemeral-storage")
_HUGE = "hugepages-"
_IN_BYTES = ("memory", "ephemeral-storage")
# No container starts in less, so that what is smaller has lost its unit.
_LEAST_BYTES = 4 * 2**20
# More than any machine has.
_MOST_CORES = 1024
_MOST_GIBIBYTES = 3072


@named_keywords
@dataclass(frozen=True, kw_only=True, slots=True)
class Resources:
    """Requests and limits of the vLLM container: ``Resources(limits={"memory": "24Gi"}, requests={"memory": "16Gi"})``.

    Args:
        requests: what the scheduler sets aside, as Kubernetes quantities by resource name.
        limits: what the container may not exceed, as Kubernetes quantities by resource name.

    Raises:
        InvalidOptionError: a name is not a resource name, or a quantity does not parse.
        ConflictError: a request is above its limit.
    """

    requests: Mapping[str, str | int] = field(default_factory=dict)
    limits: Mapping[str, str | int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        checks.plain_fields(self)
        for kind in ("requests", "limits"):
            given = getattr(self, kind)
            if not isinstance(given, Mapping):
                raise InvalidOptionError(f"{given!r} is not a mapping", option=f"resources.{kind}")
        check_quantities("resources", requests=self.requests, limits=self.limits)

    def wire(self) -> dict[str, Any]:
        """The container's ``resources``.

        Raises:
            InvalidOptionError: devices or huge pages are requested without a limit.
            ConflictError: their request and limit differ, or huge pages stand without cpu and memory.
        """
        check_devices("resources", requests=self.requests, limits=self.limits)
        return prune({"requests": dict(self.requests), "limits": dict(self.limits)})


def check_quantities(option: str, *, requests: Mapping[str, Any], limits: Mapping[str, Any]) -> None:
    """Check names and amounts of resources, and that no request is above its limit.

    Raises:
        InvalidOptionError: a name is not a resource's, or an amount is not one of it.
        ConflictError: a request is above its limit.
    """
    with Collector() as found:
        for kind, given in (("requests", requests), ("limits", limits)):
            for name, value in given.items():
                found.attempt(resource_name, f"{option}.{kind}", name)
                found.attempt(_check_amount, f"{option}.{kind}[{name!r}]", name, value)
        for name in sorted(requests.keys() & limits.keys()):
            within = f"{option}.requests[{name!r}]"
            if not found.sound(within, f"{option}.limits[{name!r}]"):
                continue
            if checks.quantity(name, requests[name]) > checks.quantity(name, limits[name]):
                found.note(ConflictError(f"{requests[name]!r} is above the limit of {limits[name]!r}", option=within))


def _check_amount(option: str, name: str, value: object) -> None:
    amount = checks.quantity(option, value)
    if _is_device(name) and amount != int(amount):
        what = "GPUs" if name.endswith("/gpu") else "devices"
        raise InvalidOptionError(f"{shown(value)} is not a whole number of {what}", option=option, rule=NOT_A_GPU_COUNT)
    bare = str(value).isdecimal()
    if name in _IN_BYTES and 0 < amount < _LEAST_BYTES:
        lost = "Gi" if amount <= _MOST_GIBIBYTES else "Mi"
        hint = f"; did you mean '{value}{lost}'?" if bare else ""
        raise InvalidOptionError(
            f"{shown(value)} is {amount.normalize():,f} bytes, less than any container starts in{hint}", option=option
        )
    if name == "cpu" and amount > _MOST_CORES:
        hint = f"; did you mean '{value}m'?" if bare else ""
        warn(f"{shown(value)} is more CPUs than a machine has{hint}", option=option)
    if name.startswith(_HUGE):
        page = checks.quantity(f"{option}: the size of a page", name.removeprefix(_HUGE))
        if page <= 0 or amount % page:
            raise InvalidOptionError(
                f"{shown(value)} is not a multiple of the size of a page, {name.removeprefix(_HUGE)!r}", option=option
            )


def check_devices(option: str, *, requests: Mapping[str, Any], limits: Mapping[str, Any]) -> None:
    """Check what cannot be overcommitted: devices and huge pages have a limit, which their request equals.

    Raises:
        InvalidOptionError: there is a request and no limit.
        ConflictError: they differ, or huge pages stand without cpu and memory.
    """
    names = {*requests, *limits}
    for name in sorted(requests):
        if not _is_device(name) and not name.startswith(_HUGE):
            continue
        within = f"{option}.requests[{name!r}]"
        if name not in limits:
            raise InvalidOptionError(
                f"has no limit of the same amount, without which Kubernetes refuses it; say it in {option}.limits",
                option=within,
                rule=NOT_A_GPU_COUNT,
            )
        if checks.quantity(within, requests[name]) != checks.quantity(within, limits[name]):
            raise ConflictError(
                f"{requests[name]!r} is not the limit of {limits[name]!r}; Kubernetes wants them equal",
                option=within,
                rule=NOT_A_GPU_COUNT,
            )
    if any(name.startswith(_HUGE) for name in names) and not names & {"cpu", "memory"}:
        raise ConflictError("huge pages need cpu or memory beside them; say one of them", option=option)


def _is_device(name: str) -> bool:
    """Whether it is an extended resource: one with a domain that is not Kubernetes' own."""
    domain, slash, _ = name.rpartition("/")
    return bool(slash) and domain != "kubernetes.io" and not domain.endswith(".kubernetes.io")


def resource_name(option: str, name: object) -> str:
    """A resource of Kubernetes' own, or one with a domain: anything else is refused by the API server."""
    text = checks.qualified_name(option, name)
    if "/" in text and text.startswith("requests."):
        raise InvalidOptionError(
            f"{text!r} is a quota's; did you mean {text.removeprefix('requests.')!r}?", option=option
        )
    if "/" not in text and text not in _NATIVE_RESOURCES and not text.startswith(_HUGE):
        known = [*_NATIVE_RESOURCES, *DEVICE_RESOURCES]
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
                f"{said!r} contradicts the {shown(value)} of another option; say it in one place",
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
