"""The API objects behind a storage: claims, and volumes that are made by hand for one claim.

All of it is typed L1: kplus's claim fails on sizes that are not whole GiB, and its volumes know no hostPath.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import cdk8s
import cdk8s_plus_27 as kplus
from cdk8s_plus_27 import k8s

from vllm_cdk8s.constructs.apps import place, without_namespace
from vllm_cdk8s.core.errors import InvalidOptionError
from vllm_cdk8s.core.kube import checks
from vllm_cdk8s.core.pod.template import HOSTNAME_LABEL

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from constructs import Construct

AccessMode = kplus.PersistentVolumeAccessMode

_ACCESS_MODES = {
    AccessMode.READ_WRITE_ONCE: "ReadWriteOnce",
    AccessMode.READ_ONLY_MANY: "ReadOnlyMany",
    AccessMode.READ_WRITE_MANY: "ReadWriteMany",
    AccessMode.READ_WRITE_ONCE_POD: "ReadWriteOncePod",
}
_UNITS = {"Gi": 2**20, "Mi": 2**10, "Ki": 1}
_SMALLEST = 2**20


def access_mode(value: AccessMode | str) -> str:
    """An access mode by its Kubernetes name."""
    if isinstance(value, AccessMode):
        return _ACCESS_MODES[value]
    allowed = list(_ACCESS_MODES.values())
    return checks.one_of("access_mode", value, allowed, what="an access mode")


def storage_size(option: str, value: cdk8s.Size | str) -> str:
    """A size as a quantity; less than 1 MiB is a unit that was left out, or ``m`` (thousandths) for ``M``."""
    text = _size_text(value) if isinstance(value, cdk8s.Size) else value
    if checks.quantity(option, text) < _SMALLEST:
        raise InvalidOptionError(f"{text!r} is less than 1 MiB; allowed: a size such as '50Gi'", option=option)
    return str(text)


def _size_text(size: cdk8s.Size) -> str:
    kibibytes = int(size.to_kibibytes())
    unit, factor = next(item for item in _UNITS.items() if kibibytes % item[1] == 0)
    return f"{kibibytes // factor}{unit}"


def add_claim(
    owner: Construct,
    scope: Construct,
    *,
    name: str | None,
    size: cdk8s.Size | str,
    storage_class: str | None,
    mode: str,
    labels: Mapping[str, str] | None = None,
    annotations: Mapping[str, str] | None = None,
    volume_name: str | None = None,
) -> str:
    """Make a claim, and return its name.

    Args:
        owner: the storage, which the claim belongs to.
        scope: what the storage belongs to.
        name: the claim's name; None lets cdk8s name it.
        size: the size asked for.
        storage_class: the storage class; None takes the cluster's default, ``""`` asks for no provisioner.
        mode: the access mode by its Kubernetes name.
        labels: labels of the claim.
        annotations: annotations of the claim.
        volume_name: the PersistentVolume that it is bound to; None lets the cluster choose.
    """
    if name is not None:
        checks.dns_subdomain("name", name)
        registry, namespace = place(scope)
        registry.take_name("PersistentVolumeClaim", namespace, name, owner)
    if storage_class:
        checks.dns_subdomain("storage_class", storage_class)
    claim = k8s.KubePersistentVolumeClaim(
        owner, "Resource",
        metadata=k8s.ObjectMeta(
            name=name,
            labels=checks.label_map("labels", labels or {}),
            annotations=checks.annotation_map("annotations", annotations or {}),
        ),
        spec=_claim_spec(storage_size("size", size), storage_class, mode, volume_name),
    )  # fmt: skip
    return claim.name if name is None else name


# jsii checks each of these values anew, and most claims of an app are alike.
@lru_cache
def _claim_spec(
    size: str, storage_class: str | None, mode: str, volume_name: str | None
) -> k8s.PersistentVolumeClaimSpec:
    return k8s.PersistentVolumeClaimSpec(
        access_modes=[mode],
        resources=k8s.ResourceRequirements(requests={"storage": _quantity(size)}),
        storage_class_name=storage_class,
        volume_name=volume_name,
    )


def add_bound_claim(
    owner: Construct,
    scope: Construct,
    source: k8s.HostPathVolumeSource | k8s.NfsVolumeSource,
    *,
    name: str | None,
    volume_name: str | None,
    size: cdk8s.Size | str,
    storage_class: str,
    mode: str,
    labels: Mapping[str, str],
    annotations: Mapping[str, str] | None,
    node: str | None = None,
    mount_options: Sequence[str] = (),
) -> str:
    """Make a PersistentVolume and the claim bound to it by name, and return the claim's name.

    The volume is kept when the claim goes (Retain); ``labels`` are the volume's, and ``node`` the only one that has it.
    """
    if volume_name is not None:
        checks.dns_subdomain("volume_name", volume_name)
        place(scope)[0].take_name("PersistentVolume", None, volume_name, owner)
    volume = k8s.KubePersistentVolume(
        owner, "Volume",
        metadata=k8s.ObjectMeta(name=volume_name, labels=checks.label_map("labels", labels)),
        spec=k8s.PersistentVolumeSpec(
            capacity={"storage": _quantity(storage_size("size", size))},
            access_modes=[mode],
            persistent_volume_reclaim_policy="Retain",
            storage_class_name=storage_class,
            mount_options=list(mount_options) or None,
            node_affinity=None if node is None else _node_affinity(node),
            host_path=source if isinstance(source, k8s.HostPathVolumeSource) else None,
            nfs=source if isinstance(source, k8s.NfsVolumeSource) else None,
        ),
    )  # fmt: skip
    without_namespace(volume, scope)
    return add_claim(
        owner, scope, name=name, size=size, storage_class=storage_class, mode=mode, annotations=annotations,
        volume_name=volume_name or volume.name,
    )  # fmt: skip


@lru_cache
def _quantity(size: str) -> k8s.Quantity:
    return k8s.Quantity.from_string(size)


def _node_affinity(node: str) -> k8s.VolumeNodeAffinity:
    here = k8s.NodeSelectorRequirement(key=HOSTNAME_LABEL, operator="In", values=[node])
    return k8s.VolumeNodeAffinity(
        required=k8s.NodeSelector(node_selector_terms=[k8s.NodeSelectorTerm(match_expressions=[here])])
    )
