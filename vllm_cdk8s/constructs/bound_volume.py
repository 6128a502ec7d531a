"""A volume that is made by hand, and the claim bound to it; and how claims are named and measured."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from vllm_cdk8s.constructs import threshold
from vllm_cdk8s.constructs.apps import name_in_tree, place
from vllm_cdk8s.core.kube import checks
from vllm_cdk8s.core.storage.claims import access_mode, claim, storage_size, volume
from vllm_cdk8s.core.storage.storage import Storage

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from constructs import Construct

    from vllm_cdk8s.core.kube.manifest import Manifest


class BoundVolume(NamedTuple):
    """What a server knows of it, its two objects, and whether their names were given."""

    plan: Storage
    claim: Manifest
    volume: Manifest
    named: bool
    volume_named: bool

    @classmethod
    def of(
        cls,
        scope: Construct,
        id: str,
        source: Mapping[str, Any],
        *,
        mode: str,
        size: object,
        storage_class: str,
        name: str | None,
        volume_name: str | None,
        labels: Mapping[str, str],
        annotations: Mapping[str, str] | None,
        mount_path: str,
        node: str | None = None,
        mount_options: Sequence[str] = (),
    ) -> BoundVolume:
        """Make both objects for a storage of that name."""
        claim_name = claim_name_of(scope, id, name)
        if volume_name is not None:
            checks.dns_subdomain("volume_name", volume_name)
        made_name = volume_name or name_in_tree(scope, id, "Volume")
        made = volume(
            made_name, source, size=size_of(size), mode=mode, storage_class=storage_class, labels=labels, node=node,
            mount_options=mount_options,
        )  # fmt: skip
        bound = claim(
            claim_name, size=size_of(size), mode=mode, storage_class=storage_class, annotations=annotations,
            volume_name=made_name,
        )  # fmt: skip
        plan = Storage.of_claim(
            claim_name, mount_path=mount_path, access_mode=mode, node_name=node, namespace=place(scope)[1],
        )  # fmt: skip
        return cls(plan, bound, made, named=name is not None, volume_named=volume_name is not None)


def claim_name_of(scope: Construct, id: str, name: str | None) -> str:
    """The claim's own name, or the one that its place in the tree gives."""
    return checks.dns_subdomain("name", name) if name is not None else name_in_tree(scope, id, "Resource")


def size_of(value: object) -> str:
    """A size as Kubernetes writes it, of a text or cdk8s's Size."""
    return storage_size("size", threshold.size(value))


def access_mode_name(value: object) -> str:
    """An access mode by its Kubernetes name, of kplus's enum or a text."""
    return access_mode(threshold.access_mode(value))
