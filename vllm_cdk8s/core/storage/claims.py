"""Claims, and volumes that are made by hand for one claim, as data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vllm_cdk8s.core.errors import Collector
from vllm_cdk8s.core.kube import checks
from vllm_cdk8s.core.kube.manifest import Manifest
from vllm_cdk8s.core.kube.wire import prune
from vllm_cdk8s.core.pod.template import HOSTNAME_LABEL

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

DEFAULT_SIZE = "50Gi"
ACCESS_MODES = ("ReadWriteOnce", "ReadOnlyMany", "ReadWriteMany", "ReadWriteOncePod")


def access_mode(value: object) -> str:
    """An access mode by its Kubernetes name."""
    return checks.one_of("access_mode", value, ACCESS_MODES, what="an access mode")


def storage_size(option: str, value: object) -> str:
    """The size of a storage as a quantity."""
    return checks.size(option, value, least=checks.MEBIBYTE)


def claim(
    name: str,
    *,
    size: str,
    mode: str,
    storage_class: str | None = None,
    labels: Mapping[str, str] | None = None,
    annotations: Mapping[str, str] | None = None,
    volume_name: str | None = None,
) -> Manifest:
    """A claim.

    Args:
        name: its name.
        size: the size asked for.
        mode: the access mode by its Kubernetes name.
        storage_class: the storage class; None takes the cluster's default, ``""`` asks for no provisioner.
        labels: its labels.
        annotations: its annotations.
        volume_name: the PersistentVolume that it is bound to; None lets the cluster choose.

    Raises:
        InvalidOptionError: a size, class, label or annotation is not one.
    """
    with Collector() as found:
        if storage_class not in (None, ""):
            found.attempt(checks.dns_subdomain, "storage_class", storage_class)
        spec = {
            "accessModes": [mode],
            "resources": {"requests": {"storage": found.attempt(storage_size, "size", size)}},
            "storageClassName": storage_class,
            "volumeName": volume_name,
        }
        own_labels = found.attempt(checks.label_map, "labels", labels)
        own_annotations = found.attempt(checks.annotation_map, "annotations", annotations)
    return Manifest(
        api_version="v1", kind="PersistentVolumeClaim", name=name, labels=own_labels or {},
        annotations=own_annotations or {}, body={"spec": prune(spec)},
    )  # fmt: skip


def volume(
    name: str,
    source: Mapping[str, Any],
    *,
    size: str,
    mode: str,
    storage_class: str,
    labels: Mapping[str, str],
    node: str | None = None,
    mount_options: Sequence[str] = (),
) -> Manifest:
    """A PersistentVolume that is kept when its claim goes (Retain).

    Args:
        name: its name.
        source: what it is, in wire form (``hostPath``, ``nfs``).
        size: the capacity that it and its claim agree on.
        mode: the access mode by its Kubernetes name.
        storage_class: the class by which it and its claim find each other.
        labels: its labels.
        node: the only node that has it; None for all.
        mount_options: options for mount.
    """
    here = {"key": HOSTNAME_LABEL, "operator": "In", "values": [node]}
    affinity = {"required": {"nodeSelectorTerms": [{"matchExpressions": [here]}]}}
    spec = {
        "accessModes": [mode],
        "capacity": {"storage": storage_size("size", size)},
        **source,
        "mountOptions": list(mount_options),
        "nodeAffinity": None if node is None else affinity,
        "persistentVolumeReclaimPolicy": "Retain",
        "storageClassName": storage_class,
    }
    return Manifest(
        api_version="v1",
        kind="PersistentVolume",
        name=name,
        labels=checks.label_map("labels", labels),
        body={"spec": dict(sorted(prune(spec).items()))},
        namespaced=False,
    )
