"""Accelerators: the memory that a process sees on each, its number formats, its resource's name, and its labels.

accelerator("H100").memory_bytes                                    79.19 GiB: not the 80 GB of its name
accelerator_of_labels({"nvidia.com/gpu.product": "NVIDIA-L4"})      what a node selector asks for
"""

from __future__ import annotations

import re
from difflib import get_close_matches
from functools import cache
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from vllm_cdk8s.core.data import generated
from vllm_cdk8s.core.errors import InvalidOptionError, nearest
from vllm_cdk8s.core.kube import checks
from vllm_cdk8s.core.regex import regex

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_GIB = 2**30
_LIKE = 5
PRODUCT_LABELS = (
    "nvidia.com/gpu.product",
    "amd.com/gpu.product-name",
    "beta.amd.com/gpu.product-name",
    "gpu.nvidia.com/model",  # CoreWeave
    "gpu.nvidia.com/class",
)
GKE_LABELS = ("cloud.google.com/gke-accelerator", "cloud.google.com/gke-tpu-accelerator")
KARPENTER_LABELS = ("karpenter.k8s.aws/instance-gpu-name", "karpenter.azure.com/sku-gpu-name")
_MIG_RESOURCE = regex(r"nvidia\.com/mig-(?P<profile>\d+g\.\d+gb)")
_MIG_PRODUCT = regex(r"(?P<product>.+)-MIG-(?P<profile>\d+g\.\d+gb)(\.me)?", re.IGNORECASE)


class Accelerator(Struct, frozen=True, kw_only=True):
    """One kind of GPU, TPU or other accelerator.

    Attributes:
        name: the name that people use.
        vendor: who makes it: ``nvidia``, ``amd``, ``intel``, ``habana``, ``google``, ``aws``.
        resource: the extended resource that its device plugin offers.
        memory_bytes: the memory that a process sees on one of them, before anything is loaded.
        measured: whether that number is from a public log, and not derived from the product's.
        capability: CUDA's compute capability (``9.0``), or AMD's architecture (``gfx942``).
        bfloat16: whether it computes in bfloat16.
        fp8: whether its tensor cores multiply in 8-bit floating point; without them vLLM keeps 8-bit weights and
            multiplies in 16 bits.
        fp4: whether they multiply in 4-bit floating point.
        mig: the memory of each MIG profile, in bytes.
        partition: the MIG profile that this is, where it is a part of one.
        processes: the processes that vLLM runs on one of them, one for each of its cores.
        gke: what GKE's node labels call it.
    """

    name: str
    vendor: str
    resource: str
    memory_bytes: int
    measured: bool
    capability: str | None
    bfloat16: bool
    fp8: bool
    fp4: bool
    mig: tuple[tuple[str, int], ...] = ()
    partition: str | None = None
    processes: int = 1
    gke: tuple[str, ...] = ()

    @property
    def of_process(self) -> Accelerator:
        """The part of one that each of vLLM's processes has."""
        return self if self.processes == 1 else replace(self, memory_bytes=self.memory_bytes // self.processes)

    @property
    def unified(self) -> bool:
        """Whether its memory is the host's too (GB10)."""
        return self.capability == "12.1"

    @property
    def memory_source(self) -> str:
        """Where the memory's number comes from."""
        return f"what a process sees on {self.name}" + ("" if self.measured else ", derived from the product's memory")


@cache
def _rows() -> tuple[dict[str, Any], ...]:
    return tuple(generated("accelerators")["accelerators"])


@cache
def _made(index: int) -> Accelerator:
    row = _rows()[index]
    return Accelerator(
        name=row["names"][0],
        vendor=row["vendor"],
        resource=row["resource"],
        memory_bytes=int(row["memory_gib"] * _GIB),
        measured=row["memory_source"] == "measured",
        capability=row["capability"],
        bfloat16=row["formats"]["bfloat16"],
        fp8=row["formats"]["fp8"],
        fp4=row["formats"]["fp4"],
        mig=tuple((profile, int(gib * _GIB)) for profile, gib in row.get("mig", {}).items()),
        processes=row.get("processes", 1),
        gke=tuple(row["gke"]),
    )


def _folded(name: str) -> str:
    folded = re.sub(r"[\s_-]+", "-", name.strip().lower())
    return re.sub(r"^(nvidia|amd-instinct|amd|intel|google)-", "", folded)


@cache
def _index() -> dict[str, int]:
    found: dict[str, int] = {}
    for index, row in enumerate(_rows()):
        for name in (*row["names"], *row["products"], *row["gke"], *row["ec2"]):
            found.setdefault(_folded(name), index)
    return found


def known_accelerators() -> tuple[str, ...]:
    """The names of all accelerators in the table, as `accelerator` takes them."""
    return tuple(row["names"][0] for row in _rows())


@cache
def largest_memory() -> int:
    """The memory of the largest accelerator in the table, in bytes."""
    return max(_made(index).memory_bytes for index in range(len(_rows())))


def accelerator(name: object, *, option: str = "gpu") -> Accelerator:
    """The accelerator of this name, by any name or label value that it has, in any case.

    Args:
        name: such as ``"H100"``, ``"A100-40GB"``, ``"RTX 4090"``, ``"NVIDIA-H100-80GB-HBM3"``, ``"MI300X"``; a MIG
            profile of one reads ``"A100-40GB:3g.20gb"``.
        option: what the user called it.

    Raises:
        InvalidOptionError: no accelerator of that name is known, or it has no such MIG profile.
    """
    text = checks.text(option, name)
    whole, _, profile = text.partition(":")
    if not profile and (match := _MIG_PRODUCT.fullmatch(text)):
        whole, profile = match["product"], match["profile"]
    index = _index().get(_folded(whole.removesuffix("-SHARED")))
    if index is None:
        raise InvalidOptionError(
            f"{text!r} is not an accelerator whose memory is known{nearest(whole, _every_name())}; allowed: names such "
            f"as {', '.join(_like(whole))}; 'vllm-cdk8s size --list-gpus' prints all",
            option=option,
        )
    found = _made(index)
    return found if not profile else partition(found, profile, option=option)


def partition(whole: Accelerator, profile: str, *, option: str = "gpu") -> Accelerator:
    """The part of an accelerator that a MIG profile such as ``3g.20gb`` is.

    Raises:
        InvalidOptionError: it has no such profile.
    """
    profiles = dict(whole.mig)
    if profile not in profiles:
        known = ", ".join(profiles) or "none are known"
        raise InvalidOptionError(
            f"{profile!r} is not a MIG profile of {whole.name}{nearest(profile, profiles)}; allowed: {known}",
            option=option,
        )
    return Accelerator(
        name=f"{whole.name} {profile}",
        vendor=whole.vendor,
        resource=f"nvidia.com/mig-{profile}",
        memory_bytes=profiles[profile],
        measured=False,
        capability=whole.capability,
        bfloat16=whole.bfloat16,
        fp8=whole.fp8,
        fp4=whole.fp4,
        partition=profile,
    )


def accelerator_of_labels(labels: Mapping[str, str | Iterable[str]]) -> Accelerator | None:
    """The accelerator that a node selector or a required node affinity asks for.

    Args:
        labels: label to value, or to the values that an affinity's ``In`` allows; of several accelerators the one of
            the least memory is what can be counted on.

    Returns:
        None where no label names an accelerator, or one that is not known.
    """
    for label in (*PRODUCT_LABELS, *GKE_LABELS, *KARPENTER_LABELS):
        if label not in labels:
            continue
        values = labels[label]
        if label in KARPENTER_LABELS and "a100" in ((values,) if isinstance(values, str) else values):
            return None  # EC2 calls those of 40 GB and of 80 GB the same
        found = [_known(value) for value in ((values,) if isinstance(values, str) else values)]
        if found and None not in found:
            return min((one for one in found if one is not None), key=lambda one: one.memory_bytes)
    return None


def mig_profile(resource: str) -> str | None:
    """The MIG profile that an extended resource such as ``nvidia.com/mig-3g.20gb`` offers, or None."""
    match = _MIG_RESOURCE.fullmatch(resource)
    return None if match is None else match["profile"]


def _known(value: str) -> Accelerator | None:
    try:
        return accelerator(value)
    except InvalidOptionError:
        return None


def _like(name: str) -> list[str]:
    """The accelerators whose names are most like this one."""
    folded = {_folded(known): known for known in known_accelerators()}
    found = get_close_matches(_folded(name), folded, n=_LIKE, cutoff=0.3)
    return [folded[each] for each in found] or list(known_accelerators())[:_LIKE]


def _every_name() -> list[str]:
    return [name for row in _rows() for name in row["names"]]
