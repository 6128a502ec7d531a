"""What a server knows of where its models are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct

from vllm_cdk8s.core.errors import ConflictError, mention, warn
from vllm_cdk8s.core.kube import checks
from vllm_cdk8s.core.rules.book import OTHER_NAMESPACE, SINGLE_NODE_CLAIM

if TYPE_CHECKING:
    from collections.abc import Mapping

DEFAULT_MOUNT_PATH = "/root/.cache"
DEFAULT_IMAGE_MOUNT_PATH = "/models"
UNKNOWN = object()
"""The namespace of a claim that is referred to by name: wherever its server is."""


class Storage(Struct, frozen=True, kw_only=True):
    """Where models and caches are kept.

    Attributes:
        volume: the source of the pod's volume in wire form, without its name.
        mount_path: the folder in the container.
        access_mode: the access mode by its Kubernetes name, None where it is not known.
        claim_name: the name of the claim, None where there is none.
        node_name: the node that the pods are pinned to, None where they are not.
        size: the size as a quantity, None where it is not known.
        kept: whether what is there outlives the pod.
        fresh: whether it is empty at first, so that the first start downloads the model.
        read_only: whether nothing can be written there, so that caches and downloads have no place in it.
        namespace: the namespace of the claim, or `UNKNOWN`.
    """

    volume: Mapping[str, Any]
    mount_path: str = DEFAULT_MOUNT_PATH
    access_mode: str | None = None
    claim_name: str | None = None
    node_name: str | None = None
    size: str | None = None
    kept: bool = True
    fresh: bool = False
    read_only: bool = False
    namespace: object = UNKNOWN

    def __post_init__(self) -> None:
        checks.plain_fields(self)
        checks.mount_path("mount_path", self.mount_path)

    @classmethod
    def of_claim(
        cls,
        name: str,
        *,
        mount_path: str = DEFAULT_MOUNT_PATH,
        access_mode: str | None = None,
        node_name: str | None = None,
        size: str | None = None,
        fresh: bool = False,
        namespace: object = UNKNOWN,
    ) -> Storage:
        """A claim of this name."""
        return cls(
            volume={"persistentVolumeClaim": {"claimName": name}},
            mount_path=mount_path, access_mode=access_mode, claim_name=name, node_name=node_name, size=size,
            fresh=fresh, namespace=namespace,
        )  # fmt: skip

    def check_namespace(self, namespace: str | None, *, user: str) -> None:
        """Refuse pods that are in another namespace than the claim.

        Args:
            namespace: theirs.
            user: the path of what makes them.

        Raises:
            ConflictError: they are.
        """
        if self.claim_name is not None and self.namespace is not UNKNOWN and self.namespace != namespace:
            raise ConflictError(
                f"claim {self.claim_name!r} is in namespace {self.namespace!r}, {user} in {namespace!r}; "
                "a pod can only mount claims of its own namespace",
                option="storage",
                rule=OTHER_NAMESPACE,
            )

    def check_replicas(self, max_replicas: int, *, servers: int = 1) -> None:
        """Say what speaks against so many pods of one server, and so many servers that mount this storage.

        Raises:
            ConflictError: the claim allows one pod only.
        """
        if self.access_mode == "ReadWriteOncePod" and (max_replicas > 1 or servers > 1):
            raise ConflictError(
                "a ReadWriteOncePod claim can be mounted by one pod only", option="storage", rule=SINGLE_NODE_CLAIM
            )
        if self.access_mode != "ReadWriteOnce" or self.node_name is not None:
            return
        many = f"allowed for many nodes: ReadWriteMany, such as {mention('ModelStorage.nfs(...)')}"
        if max_replicas > 1:
            warn(
                f"a ReadWriteOnce claim with {max_replicas} replicas works only while all of them are on one node; "
                f"{many}",
                option="storage",
                rule=SINGLE_NODE_CLAIM,
            )
        elif servers > 1:
            warn(
                f"{servers} servers share a ReadWriteOnce claim, which works only while all their pods are on one "
                f"node; {many}",
                option="storage",
                rule=SINGLE_NODE_CLAIM,
            )
