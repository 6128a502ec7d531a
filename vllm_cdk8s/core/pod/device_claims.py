"""Templates of claims for devices: which devices, how many, and what they have in common. Plain data, pure Python.

Fields are those of https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/resource-claim-template-v1/
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from vllm_cdk8s.core.errors import Collector, InvalidOptionError
from vllm_cdk8s.core.kube import checks
from vllm_cdk8s.core.kube.wire import prune, sequence
from vllm_cdk8s.core.regex import regex

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

CLAIM_API = "resource.k8s.io/v1"
REQUEST = "devices"
# NVIDIA's driver has a class of its own for the parts of GPUs, and tells their profile.
# Source: https://github.com/kubernetes-sigs/dra-driver-nvidia-gpu
# https://docs.nvidia.com/datacenter/tesla/mig-user-guide/supported-mig-profiles.html
_MIG_PROFILE = regex(r"(\d+c\.)?\d+g\.\d+gb([-+.][a-z0-9.]+)*")
_MIG_CLASS = "mig.nvidia.com"
_MIG_SELECTOR = "device.attributes['gpu.nvidia.com'].profile == '{}'"
# The API's own limits.
_MOST_SELECTORS, _LONGEST_SELECTOR, _MOST_DEVICES, _MOST_CONFIGS = 32, 10 * 1024, 32, 32


class Devices(Struct, frozen=True, kw_only=True):
    """Which devices a claim is for; `DeviceClaimTemplate` documents each option."""

    device_class: str | None = None
    count: int = 1
    selectors: Sequence[str] = ()
    match_attribute: str | None = None
    mig: str | None = None
    parameters: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        checks.plain_fields(self)
        with Collector() as found:
            found.given(checks.dns_subdomain, "device_class", self.device_class)
            if self.device_class is None and self.mig is None:
                what = "is not said, nor mig; allowed: such as 'gpu.nvidia.com'"
                found.note(InvalidOptionError(what, option="device_class"))
            found.attempt(checks.integer, "count", self.count, minimum=1, maximum=_MOST_DEVICES)
            expressions = found.attempt(sequence, "selectors", self.selectors) or []
            if len(expressions) + (self.mig is not None) > _MOST_SELECTORS:
                what = f"has {len(expressions)}; allowed: {_MOST_SELECTORS}"
                found.note(InvalidOptionError(what, option="selectors"))
            for index, expression in enumerate(expressions):
                found.attempt(_check_selector, f"selectors[{index}]", expression)
            found.given(_check_profile, "mig", self.mig)
            found.given(_check_attribute, "match_attribute", self.match_attribute)
            configs = found.attempt(checks.mapping, "parameters", self.parameters) or {}
            if len(configs) > _MOST_CONFIGS:
                what = f"has {len(configs)} drivers; allowed: {_MOST_CONFIGS}"
                found.note(InvalidOptionError(what, option="parameters"))
            for driver, own in configs.items():
                found.attempt(checks.dns_subdomain, "parameters", driver)
                found.attempt(checks.mapping, f"parameters[{driver!r}]", own)

    def spec(self) -> dict[str, Any]:
        """The ResourceClaimTemplate's spec."""
        expressions = [*([] if self.mig is None else [_MIG_SELECTOR.format(self.mig)]), *self.selectors]
        exactly = prune({
            "deviceClassName": self.device_class or _MIG_CLASS,
            "allocationMode": "ExactCount",
            "count": self.count,
            "selectors": [{"cel": {"expression": expression}} for expression in expressions],
        })  # fmt: skip
        match = [] if self.match_attribute is None else [
            {"requests": [REQUEST], "matchAttribute": self.match_attribute}
        ]  # fmt: skip
        config = [
            {"requests": [REQUEST], "opaque": {"driver": driver, "parameters": checks.plain("parameters", own)}}
            for driver, own in self.parameters.items()
        ]
        devices = {"requests": [{"name": REQUEST, "exactly": exactly}], "constraints": match, "config": config}
        return {"spec": {"devices": prune(devices)}}


def _check_selector(option: str, expression: object) -> None:
    if len(checks.text(option, expression)) > _LONGEST_SELECTOR:
        raise InvalidOptionError(f"is longer than {_LONGEST_SELECTOR} characters", option=option)


def _check_profile(option: str, mig: object) -> None:
    if not _MIG_PROFILE.fullmatch(checks.text(option, mig)):
        raise InvalidOptionError(f"{mig!r} is not a profile; allowed: such as '3g.40gb'", option=option)


def _check_attribute(option: str, attribute: object) -> None:
    if "/" not in checks.qualified_name(option, attribute):
        raise InvalidOptionError(
            f"{attribute!r} has no domain; allowed: such as 'resource.kubernetes.io/pcieRoot'", option=option
        )
