"""The threshold: kplus objects and enums that users hand over, turned into names and wire form where they come in.

kplus is not imported here: where nobody has, none of its objects can have been handed over.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from enum import Enum
from typing import Any

from vllm_cdk8s.core.kube import checks

_PULL_POLICIES = {"ALWAYS": "Always", "IF_NOT_PRESENT": "IfNotPresent", "NEVER": "Never"}
_SERVICE_TYPES = {"CLUSTER_IP": "ClusterIP", "NODE_PORT": "NodePort", "LOAD_BALANCER": "LoadBalancer"}
_ACCESS_MODES = {
    "READ_WRITE_ONCE": "ReadWriteOnce",
    "READ_ONLY_MANY": "ReadOnlyMany",
    "READ_WRITE_MANY": "ReadWriteMany",
    "READ_WRITE_ONCE_POD": "ReadWriteOncePod",
}


def kplus() -> Any:
    """cdk8s-plus, if anybody in this program has imported it; else None."""
    return sys.modules.get("cdk8s_plus_27")


def is_kplus(value: object, kind: str) -> bool:
    """Whether something is an object of this class of cdk8s-plus."""
    loaded = kplus()
    return loaded is not None and isinstance(value, getattr(loaded, kind))


def wire_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """A server's options with Kubernetes' own words and wire form in the place of kplus's objects and enums."""
    said = dict(options)
    for name, words in (("image_pull_policy", _PULL_POLICIES), ("service_type", _SERVICE_TYPES)):
        if isinstance(said.get(name), Enum):
            said[name] = words.get(said[name].name, said[name])
    said = {name: checks.plain_members(value) for name, value in said.items()}
    if said.get("fast_start") is True:
        from vllm_cdk8s.core.features.fast_start import FastStart  # noqa: PLC0415 - for those who ask for it

        said["fast_start"] = FastStart()
    if isinstance(said.get("env"), Mapping):
        said["env"] = {name: env_value(value) for name, value in said["env"].items()}
    return said


def access_mode(value: object) -> object:
    """An access mode by its Kubernetes name, where kplus's enum was given."""
    return _ACCESS_MODES.get(value.name, value) if isinstance(value, Enum) else value


def env_value(value: object) -> Any:
    """A variable's value: a text, or the source that a kplus.EnvValue names, in wire form."""
    if not is_kplus(value, "EnvValue"):
        return value
    given: Any = value
    if given.value_from is None:
        return str(given.value)
    source: dict[str, Any] = dict(given.value_from)
    reference = source.get("resourceFieldRef")
    if reference and "divisor" in reference:
        # jsii hands the divisor over as an object of its own, not as the number in it.
        divisor = reference["divisor"]
        source["resourceFieldRef"] = {**reference, "divisor": str(getattr(divisor, "value", divisor))}
    return source


def size(value: object) -> object:
    """A size as a quantity, where a cdk8s.Size was given."""
    to_kibibytes = getattr(value, "to_kibibytes", None)
    if to_kibibytes is None:
        return value
    kibibytes = int(to_kibibytes())
    unit, factor = next(item for item in {"Gi": 2**20, "Mi": 2**10, "Ki": 1}.items() if kibibytes % item[1] == 0)
    return f"{kibibytes // factor}{unit}"


def construct_of(option: str, value: object, *kinds: type, allowed: str) -> Any:
    """A construct of this package, or a value object, of one of these classes."""
    return checks.instance(option, value, *kinds, allowed=allowed)
