"""Which devices the values count as GPUs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from vllm_cdk8s.core.errors import Problem
from vllm_cdk8s.core.kube import checks
from vllm_cdk8s.core.models.vendors import DEVICE_RESOURCES, is_device
from vllm_cdk8s.core.regex import regex
from vllm_cdk8s.core.rules.book import CONTRADICTION, NOT_A_GPU_COUNT, UNKNOWN_NAME
from vllm_cdk8s.helm.problems import ValuesError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vllm_cdk8s.helm.model import Values

DEFAULT_GPU = "nvidia.com/gpu"
# Others than the vendors of the table that call theirs gpu, or another of the names that makers of accelerators use.
_OTHER_DEVICE = regex(r"[a-z0-9.-]+/(gpu|vgpu|npu|tpu|mlu|dcu|gcu|xpu|qaic|Ascend[0-9A-Za-z-]+)")
_MIG = "nvidia.com/mig-"
# Parts of a GPU that a scheduler of its own counts, such as HAMi's nvidia.com/gpumem.
_PART = regex(r"[a-z0-9.-]+/[a-z]*(gpu|cuda)[a-z._-]*")
# More than any machine has.
_MOST_DEVICES = 1024


def gpus_of(values: Values) -> tuple[str, int | None]:
    """The resource by which the values count GPUs, and how many of it a pod has; None where nothing is said.

    Raises:
        ValuesError: no whole number, a request that is not the limit, or several resources at once.
    """
    problems = list(_misspelt(values))
    counts: dict[str, int] = {}
    for name in dict.fromkeys([*values.resources.limits, *values.resources.requests]):
        if _is_device(name) and not problems:
            problems += _device_problems(values, name)
            limit = values.resources.limits.get(name)
            counts[name] = 0 if limit is None else int(checks.quantity(name, limit))
    several = [name for name, count in counts.items() if count]
    if len(several) > 1 and not problems:
        problems.append(
            Problem(
                what=f"vLLM uses devices of one kind, and {several[0]} is asked for too; say one of them",
                rule=CONTRADICTION,
                option=_path("limits", several[1]),
            )
        )
    if problems:
        raise ValuesError(problems=problems)
    if not counts:
        return DEFAULT_GPU, None
    chosen = (several or list(counts))[0]
    return chosen, counts[chosen]


def has_part_of_gpu(values: Values) -> bool:
    """Whether the values ask for a part of a GPU in a unit that is not a device, so that nobody here can count it."""
    return any(
        _PART.fullmatch(name) and not _is_device(name) and checks.quantity(name, amount)
        for name, amount in values.resources.limits.items()
    )


def _is_device(name: str) -> bool:
    return is_device(name) or _OTHER_DEVICE.fullmatch(name) is not None


def _misspelt(values: Values) -> Iterator[Problem]:
    """Names that no device plugin registers, and that some slip makes of one that is."""
    right = {_folded(name): name for name in DEVICE_RESOURCES}
    for kind, amounts in (("limits", values.resources.limits), ("requests", values.resources.requests)):
        for name in amounts:
            meant = right.get(_folded(name))
            if name.startswith(_MIG) and not _is_device(name):
                yield Problem(
                    what=f"{name.removeprefix(_MIG)!r} is not a MIG profile; allowed: such as {_MIG}1g.10gb",
                    rule=UNKNOWN_NAME,
                    option=_path(kind, name),
                )
            elif meant is not None and name != meant:
                yield Problem(
                    what="is not a resource that a device plugin registers, so no node has it; "
                    f"did you mean {meant!r}?",
                    rule=UNKNOWN_NAME,
                    option=_path(kind, name),
                )


def _folded(name: str) -> str:
    """A resource's name without what people get wrong: capitals, the domain's end, an s."""
    return re.sub(r"\.com(?=/)|[^a-z0-9]", "", name.lower()).removesuffix("s")


def _device_problems(values: Values, name: str) -> Iterator[Problem]:
    limit, request = values.resources.limits.get(name), values.resources.requests.get(name)
    for kind, amount in (("limits", limit), ("requests", request)):
        number = None if amount is None else checks.quantity(name, amount)
        if number is not None and number != int(number):
            yield Problem(
                what=f"{amount!r} is not a whole number of devices", rule=NOT_A_GPU_COUNT, option=_path(kind, name)
            )
            return
        if number is not None and number > _MOST_DEVICES:
            yield Problem(
                what=f"{amount!r} are more devices than a machine has; allowed: 0 to {_MOST_DEVICES}",
                rule=NOT_A_GPU_COUNT,
                option=_path(kind, name),
            )
            return
    if request is None:
        return
    if limit is None:
        yield Problem(
            what=f"devices are limits, and Kubernetes refuses a request without one; say {_path('limits', name)}",
            rule=NOT_A_GPU_COUNT,
            option=_path("requests", name),
        )
    elif checks.quantity(name, request) != checks.quantity(name, limit):
        yield Problem(
            what=f"{request!r} is not the limit, {limit!r}; leave the request out",
            rule=NOT_A_GPU_COUNT,
            option=_path("requests", name),
        )


def _path(kind: str, name: str) -> str:
    """As ``--set`` takes it, dots and all."""
    return f"resources.{kind}.{name}"
