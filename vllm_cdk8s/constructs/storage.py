"""ModelStorage: where a server keeps its models and its compile caches."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from constructs import Construct

from vllm_cdk8s.constructs import threshold
from vllm_cdk8s.constructs.apps import Whole, place
from vllm_cdk8s.constructs.bound_volume import BoundVolume, access_mode_name, claim_name_of
from vllm_cdk8s.constructs.tree import put
from vllm_cdk8s.core.errors import Collector, InvalidOptionError
from vllm_cdk8s.core.keywords import named_keywords
from vllm_cdk8s.core.kube import checks
from vllm_cdk8s.core.kube.wire import prune, sequence
from vllm_cdk8s.core.storage.claims import DEFAULT_SIZE, claim, storage_size
from vllm_cdk8s.core.storage.storage import DEFAULT_IMAGE_MOUNT_PATH, DEFAULT_MOUNT_PATH, UNKNOWN, Storage

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import cdk8s
    import cdk8s_plus_27 as kplus

    from vllm_cdk8s.core.kube.manifest import Manifest


PULL_POLICIES = ("Always", "IfNotPresent", "Never")


@named_keywords
class ModelStorage(Whole):
    """A new claim for the models: ``ModelStorage(self, "models", size="200Gi")``.

    vLLM's caches (HF_HOME, VLLM_CACHE_ROOT, TRITON_CACHE_DIR, TORCHINDUCTOR_CACHE_DIR) all go below its mount path.
    Other kinds: `from_claim`, `host_path`, `direct_host_path`, `nfs`, `none`,
    `image`. One storage may serve several servers.

    Args:
        scope: the parent construct.
        id: the construct's ID, unique within its parent.
        size: the size asked for, as a ``cdk8s.Size`` or a quantity.
        storage_class: the storage class; None takes the cluster's default, ``""`` asks for no provisioner.
        access_mode: ``kplus.PersistentVolumeAccessMode`` or its Kubernetes name; with ReadWriteOnce all replicas must
            be on one node.
        name: the claim's name; None lets cdk8s name it.
        labels: labels of the claim.
        annotations: annotations of the claim.
        mount_path: the folder in the container.

    Raises:
        InvalidOptionError: a size is not a quantity, a name is not valid, or a path is not absolute.
        ConflictError: another storage of this app has the name.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        size: cdk8s.Size | str = DEFAULT_SIZE,
        storage_class: str | None = None,
        access_mode: kplus.PersistentVolumeAccessMode | str = "ReadWriteOnce",
        name: str | None = None,
        labels: Mapping[str, str] | None = None,
        annotations: Mapping[str, str] | None = None,
        mount_path: str = DEFAULT_MOUNT_PATH,
    ) -> None:
        with Collector() as found:
            mode, asked = found.need(_new_mode, access_mode), threshold.size(size)
            claim_name = found.need(claim_name_of, scope, id, name)
            made = found.need(
                claim, claim_name, size=asked, mode=mode, storage_class=storage_class,
                labels=labels, annotations=annotations,
            )  # fmt: skip
            plan = found.need(
                Storage.of_claim, claim_name, mount_path=mount_path, access_mode=mode, size=asked, fresh=True,
                namespace=place(scope)[1],
            )  # fmt: skip
        self._settle(scope, id, plan, claim=made, named=name is not None)

    @staticmethod
    @named_keywords
    def from_claim(
        scope: Construct,
        id: str,
        claim: str | kplus.IPersistentVolumeClaim,
        *,
        access_mode: kplus.PersistentVolumeAccessMode | str | None = None,
        mount_path: str = DEFAULT_MOUNT_PATH,
    ) -> ModelStorage:
        """A claim that exists already, by name or as any kplus claim.

        Args:
            scope: the parent construct.
            id: the construct's ID, unique within its parent.
            claim: the name, or the construct.
            access_mode: what the claim allows, which replicas are checked against; None takes what a claim of this app
                says itself.
            mount_path: the folder in the container.

        Raises:
            InvalidOptionError: the name is not valid, or the path is not absolute.
        """
        name = checks.reference("claim", claim, "PersistentVolumeClaim")
        mode, namespace = None, UNKNOWN
        if threshold.is_kplus(claim, "PersistentVolumeClaim"):
            given: Any = claim
            namespace = given.metadata.namespace
            mode = access_mode_name(given.access_modes[0]) if given.access_modes else None
        if access_mode is not None:
            mode = access_mode_name(access_mode)
        storage = _OtherStorage(
            scope, id, Storage.of_claim(name, mount_path=mount_path, access_mode=mode, namespace=namespace)
        )
        storage._given_claim = None if isinstance(claim, str) else claim  # noqa: SLF001 - our own
        return storage

    @staticmethod
    @named_keywords
    def host_path(
        scope: Construct,
        id: str,
        *,
        path: str,
        node: str,
        size: cdk8s.Size | str = DEFAULT_SIZE,
        storage_class: str = "vllm-hostpath",
        access_mode: kplus.PersistentVolumeAccessMode | str = "ReadWriteOnce",
        name: str | None = None,
        volume_name: str | None = None,
        labels: Mapping[str, str] | None = None,
        annotations: Mapping[str, str] | None = None,
        mount_path: str = DEFAULT_MOUNT_PATH,
    ) -> ModelStorage:
        """A folder of one node: its PersistentVolume, the claim bound to it, and the pods pinned to the node.

        The folder is made if it is not there, and kept when the volume is deleted (Retain).

        Args:
            scope: the parent construct.
            id: the construct's ID, unique within its parent.
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
            InvalidOptionError: a path is not absolute, the size is not a quantity, or a name is not valid.
        """
        source = {"hostPath": {"path": checks.absolute_path("path", path), "type": "DirectoryOrCreate"}}
        node_name, mode = checks.label_value("node", checks.text("node", node)), access_mode_name(access_mode)
        made = BoundVolume.of(
            scope, id, source, mode=mode, size=size, storage_class=storage_class, node=node_name, name=name,
            volume_name=volume_name, labels={"type": "local", "app": "vllm", **checks.label_map("labels", labels)},
            annotations=annotations, mount_path=mount_path,
        )  # fmt: skip
        return _BoundStorage(scope, id, made)

    @staticmethod
    @named_keywords
    def direct_host_path(
        scope: Construct, id: str, *, path: str, node: str | None = None, mount_path: str = DEFAULT_MOUNT_PATH
    ) -> ModelStorage:
        """A folder of whichever node the pod runs on, mounted without volume or claim.

        Args:
            scope: the parent construct.
            id: the construct's ID, unique within its parent.
            path: the folder on the node, made if it is not there.
            node: the ``kubernetes.io/hostname`` to pin the pods to; None lets them run, and download, anywhere.
            mount_path: the folder in the container.

        Raises:
            InvalidOptionError: a path is not absolute, or the node's name is not valid.
        """
        volume = {"hostPath": {"path": checks.absolute_path("path", path), "type": "DirectoryOrCreate"}}
        node_name = None if node is None else checks.label_value("node", checks.text("node", node))
        return _OtherStorage(scope, id, Storage(volume=volume, mount_path=mount_path, node_name=node_name))

    @staticmethod
    @named_keywords
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
            scope: the parent construct.
            id: the construct's ID, unique within its parent.
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
            InvalidOptionError: a path is not absolute, the size is not a quantity, or a name is not valid.
        """
        source = {
            "nfs": {"path": checks.absolute_path("path", path), "server": checks.host("server", server)},
        }  # fmt: skip
        made = BoundVolume.of(
            scope, id, source, mode="ReadWriteMany", size=size, storage_class="", name=name, volume_name=volume_name,
            labels={"app": "vllm", **checks.label_map("labels", labels)},
            annotations=annotations, mount_path=mount_path,
            mount_options=sequence("mount_options", mount_options),
        )  # fmt: skip
        return _BoundStorage(scope, id, made)

    @staticmethod
    @named_keywords
    def none(
        scope: Construct,
        id: str,
        *,
        size_limit: cdk8s.Size | str | None = None,
        mount_path: str = DEFAULT_MOUNT_PATH,
    ) -> ModelStorage:
        """Nothing that lasts: an emptyDir, so that each new pod downloads its model again.

        Args:
            scope: the parent construct.
            id: the construct's ID, unique within its parent.
            size_limit: where Kubernetes evicts the pod; None sets no limit of its own.
            mount_path: the folder in the container.

        Raises:
            InvalidOptionError: the size is not a quantity, or the path is not absolute.
        """
        limit = None if size_limit is None else storage_size("size_limit", threshold.size(size_limit))
        volume = {"emptyDir": prune({"sizeLimit": limit})}
        return _OtherStorage(
            scope, id, Storage(volume=volume, mount_path=mount_path, size=limit, kept=False, fresh=True)
        )

    @staticmethod
    @named_keywords
    def image(
        scope: Construct,
        id: str,
        reference: str,
        *,
        pull_policy: str | None = None,
        mount_path: str = DEFAULT_IMAGE_MOUNT_PATH,
    ) -> ModelStorage:
        """A model in an OCI image or artifact, which the node pulls and mounts read-only.

        ``ModelStorage.image(self, "weights", "registry.example.com/models/qwen:1")``, with the server's
        ``model="/models/..."``, a path in the image. Each node pulls it once, with the pod's own image pull secrets,
        and keeps it as it keeps other images. vLLM's caches go to the container's own ``/root/.cache``, or to the home
        of `NonRoot`, and do not outlive the pod.

        Image volumes are on by default from Kubernetes 1.35 and stable from 1.36, and need a container runtime that has
        them (containerd 2.1, CRI-O 1.31). Source: https://kubernetes.io/docs/tasks/configure-pod-container/image-volumes/

        Args:
            scope: the parent construct.
            id: the construct's ID, unique within its parent.
            reference: the image, best with a digest: a tag that moves gives pods different models.
            pull_policy: ``Always``, ``IfNotPresent`` or ``Never``; None leaves it to Kubernetes: ``Always`` for the tag
                ``latest``, else ``IfNotPresent``.
            mount_path: the folder in the container.

        Raises:
            InvalidOptionError: the reference or the policy is not valid, or the path is not absolute.
        """
        text = checks.text("reference", reference)
        if any(char.isspace() for char in text) or "://" in text:
            raise InvalidOptionError(
                f"{text!r} is not an image; allowed: such as 'registry.example.com/models/qwen:1', without a scheme",
                option="reference",
            )
        if pull_policy is not None:
            checks.one_of("pull_policy", pull_policy, PULL_POLICIES, what="a pull policy")
        volume = {"image": prune({"reference": text, "pullPolicy": pull_policy})}
        return _OtherStorage(scope, id, Storage(volume=volume, mount_path=mount_path, kept=False, read_only=True))

    @property
    def plan(self) -> Storage:
        """What a server knows of it, as data."""
        return self._plan

    @property
    def volume(self) -> Mapping[str, Any]:
        """The source of the pod's volume in wire form, without its name."""
        return self._plan.volume

    @property
    def mount_path(self) -> str:
        """The folder in the container."""
        return self._plan.mount_path

    @property
    def claim_name(self) -> str | None:
        """The name of the claim, None where there is none."""
        return self._plan.claim_name

    @property
    def access_mode(self) -> str | None:
        """The access mode by its Kubernetes name, None where it is not known."""
        return self._plan.access_mode

    @property
    def node_name(self) -> str | None:
        """The node that the pods are pinned to, None where they are not."""
        return self._plan.node_name

    @cached_property
    def claim(self) -> kplus.IPersistentVolumeClaim | None:
        """The claim for kplus, made when first asked for; None where there is no claim."""
        if self.claim_name is None or self._given_claim is not None:
            return self._given_claim  # type: ignore[return-value]  # narrowed by hand: a jsii interface knows no isinstance
        from cdk8s_plus_27 import PersistentVolumeClaim  # noqa: PLC0415 - for those who ask for it

        return PersistentVolumeClaim.from_claim_name(self, "Reference", self.claim_name)

    def mount_into(self, server: Construct) -> None:
        """Note that a server mounts this storage, and say what speaks against so many.

        Raises:
            ConflictError: the claim allows one pod only.
        """
        self._servers.append(server)
        if len(self._servers) > 1:
            self._plan.check_replicas(1, servers=len(self._servers))

    def check_namespace(self, construct: Construct, scope: Construct) -> None:
        """Refuse a construct whose pods are in another namespace than the claim.

        Raises:
            ConflictError: they are.
        """
        self._plan.check_namespace(place(scope)[1], user=construct.node.path)

    def check_replicas(self, max_replicas: int) -> None:
        """Say what speaks against so many pods of one server, and the servers that mount this storage already.

        Raises:
            ConflictError: the claim allows one pod only.
        """
        self._plan.check_replicas(max_replicas, servers=len(self._servers))

    def _settle(
        self,
        scope: Construct,
        id: str,
        plan: Storage,
        *,
        claim: Manifest | None = None,
        volume: Manifest | None = None,
        named: bool = True,
        volume_named: bool = True,
    ) -> None:
        """Stand in the tree, with the objects that come with it; all checks are made by now."""
        Construct.__init__(self, scope, id)
        self._plan = plan
        self._given_claim: object = None
        self._servers: list[Construct] = []
        registry, namespace = place(scope)
        if volume is not None:
            if volume_named:
                registry.take_name("PersistentVolume", None, volume.name, self)
            put(self, "Volume", volume, within=scope)
        if claim is not None:
            if named:
                registry.take_name("PersistentVolumeClaim", namespace, claim.name, self)
            put(self, "Resource", claim)


def _new_mode(access_mode: object) -> str:
    mode = access_mode_name(access_mode)
    if mode == "ReadOnlyMany":
        raise InvalidOptionError(
            f"{mode!r} makes a new claim that nothing can be downloaded to; allowed: ReadWriteOnce, ReadWriteMany, "
            "ReadWriteOncePod",
            option="access_mode",
        )
    return mode


class _OtherStorage(ModelStorage):
    """A storage that is not a new claim of its own."""

    def __init__(self, scope: Construct, id: str, plan: Storage) -> None:
        self._settle(scope, id, plan)


class PlannedStorage(ModelStorage):
    """The claim of a server that was planned with it."""

    def __init__(self, scope: Construct, id: str, plan: Storage, claim: Manifest, *, named: bool) -> None:
        self._settle(scope, id, plan, claim=claim, named=named)


class _BoundStorage(ModelStorage):
    """A volume that is made by hand, and the claim bound to it."""

    def __init__(self, scope: Construct, id: str, made: BoundVolume) -> None:
        self._settle(
            scope, id, made.plan, claim=made.claim, volume=made.volume, named=made.named,
            volume_named=made.volume_named,
        )  # fmt: skip
