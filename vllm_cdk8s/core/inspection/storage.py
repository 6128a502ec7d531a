"""Rules of volumes, claims and caches, of one server's facts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from vllm_cdk8s.core.engine.devices import built_for, repository
from vllm_cdk8s.core.engine.images import own
from vllm_cdk8s.core.errors import Problem
from vllm_cdk8s.core.models.facts import known_model
from vllm_cdk8s.core.models.weight_types import BYTES, canonical
from vllm_cdk8s.core.regex import regex
from vllm_cdk8s.core.rules import book

if TYPE_CHECKING:
    from vllm_cdk8s.core.inspection.facts import ServerFacts

_KEEPS = (
    "persistentVolumeClaim",
    "hostPath",
    "nfs",
    "csi",
    "ephemeral",
    "local",
    "cephfs",
    "glusterfs",
    "image",
    "azureFile",
    "awsElasticBlockStore",
    "gcePersistentDisk",
    "azureDisk",
    "fc",
    "iscsi",
    "flexVolume",
    "portworxVolume",
    "rbd",
)
_CACHE_VARIABLES = ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_HOME", "XDG_CACHE_HOME", "TRANSFORMERS_CACHE")
_HOMES = ("/root", "/home")
_CACHE_WORDS = ("cache", "model", "huggingface", "hf", "weights")
_ENGINE_ALONE = regex(r"vllm|vllm-(openai|cpu|rocm)|llm-d(-[a-z0-9]+)*")
# What looks like an organisation of the Hub, and is a folder below the working one.
_FOLDERS = {"models", "model", "data", "weights", "checkpoints"}
_NO_DOWNLOAD = {"dummy", "runai_streamer", "tensorizer", "runai_streamer_sharded", "sharded_state"}
_OFFLINE = {"HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "VLLM_USE_MODELSCOPE", "HF_ENDPOINT"}
HUB_TOKENS = {"HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HUGGINGFACE_HUB_TOKEN", "HUGGINGFACE_TOKEN", "HF_API_TOKEN"}
# Sidecars that are put into the pod mount these by their names.
_TAKEN_BY_NAME = ("gke-gcsfuse", "istio-", "workload-", "credential-socket", "linkerd-")


def _mappings(value: Any) -> list[Mapping[str, Any]]:
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []


def _all_containers(facts: ServerFacts) -> list[tuple[str, int, Mapping[str, Any]]]:
    return [
        (kind, index, item)
        for kind in ("initContainers", "containers", "ephemeralContainers")
        for index, item in enumerate(_mappings(facts.pod.get(kind)))
    ]


def volumes(facts: ServerFacts) -> Iterator[Problem]:
    """Volumes that nobody mounts, and mounts that nobody declares."""
    declared = {str(v.get("name")): index for index, v in enumerate(_mappings(facts.pod.get("volumes")))}
    mounted: dict[str, tuple[str | int, ...]] = {}
    containers = _all_containers(facts)
    for kind, index, item in containers:
        for field in ("volumeMounts", "volumeDevices"):
            for number, mount in enumerate(_mappings(item.get(field))):
                mounted.setdefault(str(mount.get("name")), (*facts.pod_path, kind, index, field, number))
    if "volumes" in facts.supplied:
        return
    for name, index in declared.items():
        if name not in mounted and not name.startswith(_TAKEN_BY_NAME):
            yield Problem(
                what="is declared, and no container mounts it",
                rule=book.VOLUME_NOT_MOUNTED,
                severity="warning",
                option=f"volume {name}",
                at=(*facts.pod_path, "volumes", index),
            )
    spec = facts.workload.get("spec")
    templates = _mappings(spec.get("volumeClaimTemplates")) if isinstance(spec, Mapping) else []
    made = {str((template.get("metadata") or {}).get("name")) for template in templates}
    for name, at in mounted.items():
        if name not in declared and name not in made:
            yield Problem(
                what="is mounted, and the pod declares no such volume",
                rule=book.MOUNT_WITHOUT_VOLUME,
                option=f"volume {name}",
                at=at,
            )


def downloads(facts: ServerFacts) -> Iterator[Problem]:
    """A model of the Hub that each new pod downloads."""
    model = facts.engine.model
    if model is None or not _is_downloaded(facts, model):
        return
    official = own(facts.image) or built_for(facts.image) is not None
    folders = _cache_folders(facts)
    kinds = {str(v.get("name")): v for v in _mappings(facts.pod.get("volumes"))}
    mounts = _mappings(facts.container.get("volumeMounts"))
    kept = [m for m in mounts if _keeps(kinds.get(str(m.get("name"))))]
    # A volume over the cache hides what an image has there.
    hidden = any(m not in kept and str(m.get("mountPath")).rstrip("/") in folders for m in mounts)
    if not (official or hidden or _holds_no_weights(facts)):
        return
    # Where another's image caches, only that image knows.
    if any(_holds(str(m.get("mountPath")), folder) for m in kept for folder in folders) or (kept and not official):
        return
    meant = next((m for m in kept if _for_models(m, kinds)), None)
    if meant is not None:
        yield Problem(
            what=f"{meant.get('mountPath')!r} is mounted, and vLLM downloads {model} to {folders[0]!r}",
            rule=book.CACHE_ELSEWHERE,
            severity="warning",
            option=f"volume {meant.get('name')}",
            at=(*facts.container_path, "volumeMounts", list(facts.container["volumeMounts"]).index(meant)),
        )
    else:
        yield Problem(
            what=f"{model} is downloaded again by every new pod: nothing that outlives it is mounted at {folders[0]!r}",
            rule=book.NOTHING_KEPT,
            severity="warning",
            at=facts.container_path,
        )


def _holds_no_weights(facts: ServerFacts) -> bool:
    """Whether another's image is vLLM alone: it needs a token for the weights, or is called what vLLM's own is."""
    name = repository(facts.image).rpartition("/")[2]
    return bool(HUB_TOKENS & facts.env.keys()) or _ENGINE_ALONE.fullmatch(name) is not None


def _is_downloaded(facts: ServerFacts, model: str) -> bool:
    """Whether vLLM surely fetches the model from the Hub, and caches it where the manifest says."""
    if not _from_the_hub(model) or "storage" in facts.supplied or facts.kind in {"Job", "CronJob"}:
        return False
    if not facts.engine.complete or facts.container.get("envFrom"):
        return False
    settings, env = facts.engine.settings, facts.env
    elsewhere = settings.get("load_format") in _NO_DOWNLOAD or "load_format" in facts.engine.said - settings.keys()
    words = f"{facts.container.get('command')} {facts.container.get('args')}"
    unknown = any((name in env and env[name] is None) or name in words for name in _CACHE_VARIABLES)
    return not elsewhere and not unknown and not _OFFLINE & env.keys() and facts.known("download_dir")


def _from_the_hub(model: str) -> bool:
    if model.partition("/")[0] in _FOLDERS:
        return False
    return model.count("/") == 1 and not model.startswith(("/", ".", "~")) and "://" not in model and " " not in model


def _cache_folders(facts: ServerFacts) -> list[str]:
    folder = facts.engine.settings.get("download_dir")
    env = facts.env
    if isinstance(folder, str):
        return [folder]
    for name in _CACHE_VARIABLES:
        if env.get(name):
            return [str(env[name])]
    home = env.get("HOME")
    if home:
        return [f"{home.rstrip('/')}/.cache/huggingface"]
    # Who runs as another user than root has another home, which the image knows.
    return [f"{parent}/.cache/huggingface" for parent in ("/root", "/home/vllm", "/")]


def _holds(mount: str, folder: str) -> bool:
    mount, folder = mount.rstrip("/") or "/", folder.rstrip("/")
    inside = folder == mount or folder.startswith(f"{mount}/")
    # The hub's own folder inside the cache is enough.
    return inside or mount.startswith(f"{folder}/") or (mount.endswith(("/.cache/huggingface", "/.cache")))


def _keeps(volume: Mapping[str, Any] | None) -> bool:
    """Whether a volume outlives its pods; one that a StatefulSet makes does."""
    return volume is None or any(key in volume for key in _KEEPS)


def _for_models(mount: Mapping[str, Any], kinds: Mapping[str, Mapping[str, Any]]) -> bool:
    volume = kinds.get(str(mount.get("name")), {})
    claim = str((volume.get("persistentVolumeClaim") or {}).get("claimName"))
    words = f"{mount.get('name')} {mount.get('mountPath')} {claim}".lower()
    return (
        "persistentVolumeClaim" in volume
        and any(word in words for word in _CACHE_WORDS)
        and not any(
            word in words for word in ("lora", "adapter", "compile", "torch", "triton", "lmcache", "kv", "vllm-cache")
        )
    )


def claims(facts: ServerFacts) -> Iterator[Problem]:
    """Claims that are too small, or that more nodes need than can have them."""
    for index, volume in enumerate(_mappings(facts.pod.get("volumes"))):
        name = str((volume.get("persistentVolumeClaim") or {}).get("claimName"))
        claim = facts.claims.get(name)
        if claim is None:
            continue
        at = (*facts.pod_path, "volumes", index)
        yield from _shared(facts, name, claim.access_modes, at)
        weights = _weights(facts)
        folders = _cache_folders(facts)
        mounts = _mappings(facts.container.get("volumeMounts"))
        there = any(
            m.get("name") == volume.get("name") and _holds(str(m.get("mountPath")), folder)
            for m in mounts
            for folder in folders
        )
        if claim.size is not None and weights is not None and there and weights > claim.size:
            yield Problem(
                what=f"{claim.size / 2**30:.3g} GiB are less than the {weights / 2**30:.3g} GiB of "
                f"{facts.engine.model}",
                rule=book.CLAIM_TOO_SMALL,
                option=f"claim {name}",
                at=at,
            )


def _shared(
    facts: ServerFacts, name: str, modes: tuple[str, ...] | None, at: tuple[str | int, ...]
) -> Iterator[Problem]:
    if not modes or {"ReadWriteMany", "ReadOnlyMany"} & set(modes) or facts.kind in {"Job", "CronJob", "DaemonSet"}:
        return
    pods = (facts.max_replicas or 1) * max(1, facts.nodes)
    if pods <= 1 or facts.pod.get("nodeName"):
        return
    selector = facts.pod.get("nodeSelector")
    if isinstance(selector, Mapping) and "kubernetes.io/hostname" in selector and "ReadWriteOncePod" not in modes:
        return
    mode = modes[0]
    sure = mode == "ReadWriteOncePod" or facts.nodes > 1
    yield Problem(
        what=f"{pods} pods mount it, and it is {mode}"
        + ("" if sure else "; those that are scheduled to another node than the first wait for ever"),
        rule=book.SINGLE_NODE_CLAIM,
        severity="error" if sure else "warning",
        option=f"claim {name}",
        at=at,
    )


def _weights(facts: ServerFacts) -> int | None:
    """The size of the model's files, as far as it is known."""
    known = known_model(facts.engine.model or "")
    if known is None or known.parameters is None or known.dtype is None:
        return None
    width = BYTES.get(canonical(known.dtype))
    return None if width is None else int(known.parameters * width)


CHECKS = (volumes, downloads, claims)
