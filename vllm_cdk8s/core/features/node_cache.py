"""Models that a node keeps for all pods on it: how a server finds them there, and where it goes for them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from msgspec.structs import replace

from vllm_cdk8s.core.errors import ConflictError, InvalidOptionError, nearest
from vllm_cdk8s.core.features.hub import CONTAINER_NAME, PROGRAM, HubModel, InitDownload, hub_models
from vllm_cdk8s.core.kube import checks
from vllm_cdk8s.core.kube.wire import prune
from vllm_cdk8s.core.pod import programs
from vllm_cdk8s.core.pod.template import HOSTNAME_LABEL
from vllm_cdk8s.core.rules.book import NODE_CACHE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vllm_cdk8s.core.engine import EngineCommand
    from vllm_cdk8s.core.server.contribution import Contribution, Target

# The same in the pods that fill it and in those that read it, since the notes of what is there hold whole paths.
CACHE_FOLDER = "/node-cache"
CACHE_VOLUME = "node-cache"
_LINKING = "node_cache"
_HEAVIEST = 100
# What a node needs itself, and what others keep there.
_NODES_OWN = (
    "/bin", "/boot", "/dev", "/etc", "/lib", "/lib64", "/proc", "/root", "/run", "/sbin", "/sys", "/usr",
    "/var/lib/kubelet", "/var/lib/containerd", "/var/lib/docker", "/var/lib/etcd", "/var/log", "/var/run",
)  # fmt: skip
_ONLY_BELOW = ("/", "/home", "/mnt", "/opt", "/srv", "/tmp", "/var", "/var/lib", "/var/cache")  # noqa: S108 - refused


def cache_folder(option: str, path: object) -> str:
    """A folder of a node that may hold models, and is not one that the node lives by.

    Raises:
        InvalidOptionError: it is not such a folder.
    """
    folder = checks.absolute_path(option, path).rstrip("/") or "/"
    if folder in _ONLY_BELOW or any(folder == own or folder.startswith(f"{own}/") for own in _NODES_OWN):
        raise InvalidOptionError(
            f"{path!r} is the node's own; allowed: a folder for this alone, such as '/var/lib/vllm-models' or one of a "
            "local disk",
            option=option,
            rule=NODE_CACHE,
        )
    return folder


def folder_volume(path: str) -> dict[str, Any]:
    """The node's folder as a volume, made where it is not there."""
    return {"name": CACHE_VOLUME, "hostPath": {"path": path, "type": "DirectoryOrCreate"}}


@dataclass(frozen=True, kw_only=True, slots=True)
class CachedDownload(InitDownload):
    """Take the model from the node, or download it: ``download=cache.download()``; `NodeModelCache` makes it.

    An init container links what the node has whole into the pod's own cache, read-only, and downloads the rest, as
    `InitDownload` does. vLLM itself then never asks the hub (``HF_HUB_OFFLINE``).

    Attributes:
        path: the node's folder.
        cached: what its pods download.
        selector: the labels of the pods that fill it.
        namespace: where they are, None where nobody says.
    """

    OPTION: ClassVar[str] = "download"

    path: str
    cached: tuple[HubModel, ...]
    selector: Mapping[str, str] = field(default_factory=dict)
    namespace: str | None = None
    offline: bool = True

    def contribute(self, target: Target) -> Contribution:
        """What it adds to that server."""
        wanted = self._wanted(target.model, target.engine_args.get("revision"))
        known = {model.argument() for model in self.cached}
        for model in wanted:
            if model.argument() not in known:
                names = [each.model for each in self.cached]
                revision = "" if model.revision is None else f" at revision {model.revision!r}"
                raise ConflictError(
                    f"{model.model!r}{revision} is not what the cache of the node holds"
                    f"{nearest(model.model, names)}; it holds {', '.join(map(_shown, self.cached))}",
                    option="download",
                    rule=NODE_CACHE,
                )
        added = InitDownload.contribute(self, target)
        term = {
            "labelSelector": {"matchLabels": dict(self.selector)},
            "topologyKey": HOSTNAME_LABEL,
            "namespaces": [self.namespace] if self.namespace not in (None, target.namespace) else None,
        }
        return replace(
            added,
            volumes=(folder_volume(self.path),),
            volume_mounts=({"name": CACHE_VOLUME, "mountPath": CACHE_FOLDER, "readOnly": True},),
            near=({"weight": _HEAVIEST, "podAffinityTerm": prune(term)},),
        )

    def _wanted(self, model: str, revision: object) -> list[HubModel]:
        if self.models is not None:
            return hub_models("download.models", self.models)
        if model.startswith(("/", "s3://", "gs://", "az://")):
            return []  # told where downloads are
        return [HubModel(model=model, revision=revision if isinstance(revision, str) else None)]

    def container(self, engine: EngineCommand, *, like: Mapping[str, Any]) -> dict[str, Any]:
        """The init container, in wire form."""
        made = InitDownload.container(self, engine, like=like)
        wanted = self._wanted(str(engine.settings["model"]), engine.settings.get("revision"))
        arguments = [programs.source(PROGRAM), CACHE_FOLDER, *(model.argument() for model in wanted)]
        return {**made, "name": CONTAINER_NAME, **programs.run(_LINKING, arguments)}

    @property
    def keeps_elsewhere(self) -> bool:
        """The node has the models, so that the pod needs no claim for them."""
        return True


def _shown(model: HubModel) -> str:
    return model.model if model.revision is None else f"{model.model} at {model.revision}"
