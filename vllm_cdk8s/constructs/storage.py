"""ModelStorage: where a server keeps its models and its compile caches."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import cdk8s_plus_27 as kplus
from cdk8s_plus_27 import k8s
from constructs import Construct

from vllm_cdk8s.constructs.apps import place
from vllm_cdk8s.constructs.persistent_volumes import AccessMode, add_bound_claim, add_claim, storage_size
from vllm_cdk8s.constructs.persistent_volumes import access_mode as mode_name
from vllm_cdk8s.core.errors import ConflictError, InvalidOptionError, warn
from vllm_cdk8s.core.kube import checks
from vllm_cdk8s.core.pod.template import prune, sequence

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import cdk8s

DEFAULT_SIZE = "50Gi"
DEFAULT_MOUNT_PATH = "/root/.cache"


class ModelStorage(Construct):
    """A new claim for the models: ``ModelStorage(self, "models", size="200Gi")``.

    vLLM's caches (HF_HOME, VLLM_CACHE_ROOT, TRITON_CACHE_DIR, TORCHINDUCTOR_CACHE_DIR) all go below its mount path.
    Other kinds: `from_claim`, `host_path`, `direct_host_path`, `nfs`, `none`. One storage may serve several servers.

    Args:
        scope: the construct this one belongs to.
        id: its name there.
        size: the size asked for, as a ``cdk8s.Size`` or a quantity.
        storage_class: the storage class; None takes the cluster's default, ``""`` asks for no provisioner.
        access_mode: ``kplus.PersistentVolumeAccessMode`` or its Kubernetes name; with ReadWriteOnce all replicas must
            be on one node.
        name: the claim's name; None lets cdk8s name it.
        labels: labels of the claim.
        annotations: annotations of the claim.
        mount_path: the folder in the container.

    Raises:
        InvalidOptionError: a size, name or path that is none.
        ConflictError: another storage of this app has the name.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        size: cdk8s.Size | str = DEFAULT_SIZE,
        storage_class: str | None = None,
        access_mode: AccessMode | str = AccessMode.READ_WRITE_ONCE,
        name: str | None = None,
        labels: Mapping[str, str] | None = None,
        annotations: Mapping[str, str] | None = None,
        mount_path: str = DEFAULT_MOUNT_PATH,
    ) -> None:
        super().__init__(scope, id)
        mode = mode_name(access_mode)
        if mode == "ReadOnlyMany":
            raise InvalidOptionError(
                f"{mode!r} makes a new claim that nothing can be downloaded to; allowed: ReadWriteOnce, ReadWriteMany, "
                "ReadWriteOncePod",
                option="access_mode",
            )
        claim_name = add_claim(
            self, scope, name=name, size=size, storage_class=storage_class, mode=mode, labels=labels,
            annotations=annotations,
        )  # fmt: skip
        self._settle(scope, _claim_volume(claim_name), mount_path, access_mode=mode, claim_name=claim_name)

    @staticmethod
    def from_claim(
        scope: Construct,
        id: str,
        claim: str | kplus.IPersistentVolumeClaim,
        *,
        access_mode: AccessMode | str | None = None,
        mount_path: str = DEFAULT_MOUNT_PATH,
    ) -> ModelStorage:
        """A claim that exists already, by name or as any kplus claim.

        Args:
            scope: the construct this one belongs to.
            id: its name there.
            claim: the name, or the construct.
            access_mode: what the claim allows, which replicas are checked against; None takes what a claim of this app
                says itself.
            mount_path: the folder in the container.

        Raises:
            InvalidOptionError: a name or path that is none.
        """
        name = checks.reference("claim", claim, "PersistentVolumeClaim")
        mode = None
        if access_mode is not None:
            mode = mode_name(access_mode)
        elif isinstance(claim, kplus.PersistentVolumeClaim) and claim.access_modes:
            mode = mode_name(claim.access_modes[0])
        storage = _OtherStorage(scope, id)
        storage._settle(  # noqa: SLF001 - our own
            scope, _claim_volume(name), mount_path, access_mode=mode, claim_name=name, claim=claim
        )
        return storage

    @staticmethod
    def host_path(
        scope: Construct,
        id: str,
        *,
        path: str,
        node: str,
        size: cdk8s.Size | str = DEFAULT_SIZE,
        storage_class: str = "vllm-hostpath",
        access_mode: AccessMode | str = AccessMode.READ_WRITE_ONCE,
        name: str | None = None,
        volume_name: str | None = None,
        labels: Mapping[str, str] | None = None,
        annotations: Mapping[str, str] | None = None,
        mount_path: str = DEFAULT_MOUNT_PATH,
    ) -> ModelStorage:
        """A folder of one node: its PersistentVolume, the claim bound to it, and the pods pinned to the node.

        The folder is made if it is not there, and kept when the volume is deleted (Retain).

        Args:
            scope: the construct this one belongs to.
            id: its name there.
            path: the folder on the node.
            node: the node's ``kubernetes.io/hostname``.
            size: the capacity that volume and claim agree on; nothing enforces it.
            storage_class: a name that no provisioner serves, by which volume and claim find each other.
            access_mode: as for a new claim.
            name: the claim's name; None lets cdk8s name it.
            volume_name: the PersistentVolume's name; None lets cdk8s name it.
            labels: labels of the volume besides ``type: local`` and ``app: vllm``.
            annotations: annotations of the claim.
            mount_path: the folder in the container.

        Raises:
            InvalidOptionError: a path, node, size or name that is none.
        """
        source = k8s.HostPathVolumeSource(path=checks.absolute_path("path", path), type="DirectoryOrCreate")
        node_name, mode = checks.label_value("node", checks.text("node", node)), mode_name(access_mode)
        storage = _OtherStorage(scope, id)
        claim_name = add_bound_claim(
            storage, scope, source, node=node_name, labels={"type": "local", "app": "vllm", **(labels or {})},
            size=size, storage_class=storage_class, mode=mode, name=name, volume_name=volume_name,
            annotations=annotations,
        )  # fmt: skip
        storage._settle(  # noqa: SLF001
            scope, _claim_volume(claim_name), mount_path, access_mode=mode, claim_name=claim_name, node_name=node_name
        )
        return storage

    @staticmethod
    def direct_host_path(
        scope: Construct, id: str, *, path: str, node: str | None = None, mount_path: str = DEFAULT_MOUNT_PATH
    ) -> ModelStorage:
        """A folder of whichever node the pod runs on, mounted without volume or claim.

        Args:
            scope: the construct this one belongs to.
            id: its name there.
            path: the folder on the node, made if it is not there.
            node: the ``kubernetes.io/hostname`` to pin the pods to; None lets them run, and download, anywhere.
            mount_path: the folder in the container.

        Raises:
            InvalidOptionError: a path or node that is none.
        """
        storage = _OtherStorage(scope, id)
        volume = {"hostPath": {"path": checks.absolute_path("path", path), "type": "DirectoryOrCreate"}}
        node_name = None if node is None else checks.label_value("node", checks.text("node", node))
        storage._settle(scope, volume, mount_path, node_name=node_name)  # noqa: SLF001
        return storage

    @staticmethod
    def nfs(
        scope: Construct,
        id: str,
        *,
        server: str,
        path: str,
        size: cdk8s.Size | str = DEFAULT_SIZE,
        mount_options: Sequence[str] = (),
        name: str | None = None,
        volume_name: str | None = None,
        labels: Mapping[str, str] | None = None,
        annotations: Mapping[str, str] | None = None,
        mount_path: str = DEFAULT_MOUNT_PATH,
    ) -> ModelStorage:
        """A shared NFS export for replicas on many nodes: its PersistentVolume and the ReadWriteMany claim bound to it.

        Args:
            scope: the construct this one belongs to.
            id: its name there.
            server: the NFS server's host name or address.
            path: the exported folder.
            size: the capacity that volume and claim agree on; nothing enforces it.
            mount_options: options for mount, such as ``nfsvers=4.1``.
            name: the claim's name; None lets cdk8s name it.
            volume_name: the PersistentVolume's name; None lets cdk8s name it.
            labels: labels of the volume besides ``app: vllm``.
            annotations: annotations of the claim.
            mount_path: the folder in the container.

        Raises:
            InvalidOptionError: a server, path, size or name that is none.
        """
        source = k8s.NfsVolumeSource(server=checks.text("server", server), path=checks.absolute_path("path", path))
        mode = "ReadWriteMany"
        storage = _OtherStorage(scope, id)
        claim_name = add_bound_claim(
            storage, scope, source, labels={"app": "vllm", **(labels or {})}, size=size, storage_class="", mode=mode,
            name=name, volume_name=volume_name, annotations=annotations,
            mount_options=sequence("mount_options", mount_options),
        )  # fmt: skip
        storage._settle(  # noqa: SLF001
            scope, _claim_volume(claim_name), mount_path, access_mode=mode, claim_name=claim_name
        )
        return storage

    @staticmethod
    def none(
        scope: Construct,
        id: str,
        *,
        size_limit: cdk8s.Size | str | None = None,
        mount_path: str = DEFAULT_MOUNT_PATH,
    ) -> ModelStorage:
        """Nothing that lasts: an emptyDir, so that each new pod downloads its model again.

        Args:
            scope: the construct this one belongs to.
            id: its name there.
            size_limit: where Kubernetes evicts the pod; None sets no limit of its own.
            mount_path: the folder in the container.

        Raises:
            InvalidOptionError: a size or path that is none.
        """
        storage = _OtherStorage(scope, id)
        limit = prune({"sizeLimit": None if size_limit is None else storage_size("size_limit", size_limit)})
        storage._settle(scope, {"emptyDir": limit}, mount_path)  # noqa: SLF001
        return storage

    @property
    def volume(self) -> Mapping[str, Any]:
        """The source of the pod's volume in wire form, without its name."""
        return self._volume

    @property
    def mount_path(self) -> str:
        """The folder in the container."""
        return self._mount_path

    @property
    def claim_name(self) -> str | None:
        """The name of the claim, None where there is none."""
        return self._claim_name

    @property
    def access_mode(self) -> str | None:
        """The access mode by its Kubernetes name, None where it is not known."""
        return self._access_mode

    @property
    def node_name(self) -> str | None:
        """The node that the pods are pinned to, None where they are not."""
        return self._node_name

    @cached_property
    def claim(self) -> kplus.IPersistentVolumeClaim | None:
        """The claim for kplus, made when first asked for; None where there is no claim."""
        if self._claim_name is None or (self._given_claim is not None and not isinstance(self._given_claim, str)):
            return self._given_claim  # type: ignore[return-value]  # narrowed by hand: a jsii interface knows no isinstance
        return kplus.PersistentVolumeClaim.from_claim_name(self, "Reference", self._claim_name)

    def mount_into(self, server: Construct, scope: Construct, *, max_replicas: int) -> None:
        """Note that a server mounts this storage, and say what speaks against it.

        Raises:
            ConflictError: the claim is in another namespace, or allows one pod only.
        """
        self.check_namespace(server, scope)
        self._servers.append(server)
        self.check_replicas(max_replicas)

    def check_namespace(self, construct: Construct, scope: Construct) -> None:
        """Refuse a construct whose pods are in another namespace than the claim.

        Raises:
            ConflictError: they are.
        """
        at_home = self._given_claim is None and (self._scope is construct or self._scope is scope)
        if self._claim_name is not None and not at_home and (namespace := self._namespace()) is not _UNKNOWN:
            wanted = place(scope)[1]
            if namespace != wanted:
                raise ConflictError(
                    f"claim {self._claim_name!r} is in namespace {namespace!r}, {construct.node.path} in {wanted!r}; "
                    "a pod can only mount claims of its own namespace",
                    option="storage",
                )

    def check_replicas(self, max_replicas: int) -> None:
        """Say what speaks against so many pods of one server, and the servers that mount this storage already.

        Raises:
            ConflictError: the claim allows one pod only.
        """
        option = "storage"
        if self._access_mode == "ReadWriteOncePod" and (max_replicas > 1 or len(self._servers) > 1):
            raise ConflictError("a ReadWriteOncePod claim can be mounted by one pod only", option=option)
        if self._access_mode == "ReadWriteOnce" and self._node_name is None:
            if max_replicas > 1:
                warn(
                    f"{option}: a ReadWriteOnce claim with {max_replicas} replicas works only while all of them are "
                    "on one node; allowed for many nodes: ReadWriteMany, such as ModelStorage.nfs(...)"
                )
            elif len(self._servers) > 1:
                warn(
                    f"{option}: {len(self._servers)} servers share a ReadWriteOnce claim, which works only while all "
                    "their pods are on one node; allowed for many nodes: ReadWriteMany, such as ModelStorage.nfs(...)"
                )

    def _namespace(self) -> str | object | None:
        """The claim's namespace, or _UNKNOWN: a claim referred to by name is wherever its server is."""
        if self._given_claim is None:
            return place(self._scope)[1]
        if isinstance(self._given_claim, kplus.PersistentVolumeClaim):
            return self._given_claim.metadata.namespace
        return _UNKNOWN

    def _settle(
        self,
        scope: Construct,
        volume: Mapping[str, Any],
        mount_path: str,
        *,
        access_mode: str | None = None,
        claim_name: str | None = None,
        claim: str | kplus.IPersistentVolumeClaim | None = None,
        node_name: str | None = None,
    ) -> None:
        self._scope = scope
        self._volume = volume
        self._mount_path = checks.mount_path("mount_path", mount_path)
        self._access_mode = access_mode
        self._claim_name = claim_name
        self._given_claim = claim
        self._node_name = node_name
        self._servers: list[Construct] = []


class _OtherStorage(ModelStorage):
    """A storage that is not a new claim of its own: its statics settle what it is."""

    def __init__(self, scope: Construct, id: str) -> None:
        Construct.__init__(self, scope, id)


_UNKNOWN = object()


def _claim_volume(name: str) -> dict[str, Any]:
    return {"persistentVolumeClaim": {"claimName": name}}
