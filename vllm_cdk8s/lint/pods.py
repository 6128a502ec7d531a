"""Where an object has pods: the pod templates of any kind, and what its controller supplies to them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct

from vllm_cdk8s.lint.shapes import shaped

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from vllm_cdk8s.lint.documents import Document, Steps

# Their text may quote manifests, or describe them.
_NO_PODS = {"ConfigMap", "Secret", "CustomResourceDefinition", "Service", "Template", "Kustomization"}
_CORE = {
    "Pod",
    "Deployment",
    "StatefulSet",
    "DaemonSet",
    "ReplicaSet",
    "ReplicationController",
    "Job",
    "CronJob",
}
_GROUPS = {"LeaderWorkerSet"}
_RAY = {"RayCluster", "RayService", "RayJob", "RayClusterFleet", "RayClusterReplicaSet"}
# KServe puts storage, probes, /dev/shm and a drain into what it makes; the others have controllers of their own.
_KSERVE = {
    "InferenceService",
    "ServingRuntime",
    "ClusterServingRuntime",
    "LLMInferenceService",
    "LLMInferenceServiceConfig",
}
# Kinds whose controllers take a pod template as it is, and add variables and labels.
_FAITHFUL = {"StormService", "RoleBasedGroup", "JobSet"}
# StormService's, Kthena's and Grove's words for the pods of one server.
_GROUP_SIZES = frozenset({"podGroupSize", "workerReplicas", "leaderWorkerTemplate", "numOfHosts", "multinode"})
EVERYTHING = frozenset({"command", "probes", "shm", "drain", "volumes", "gpu", "rollout", "env", "storage", "service"})
_DEEPEST = 14


class PodTemplate(Struct, frozen=True, kw_only=True):
    """One pod template.

    Attributes:
        path: where its ``spec`` is, within the object.
        template: the template in wire form; only ``spec`` where the kind writes a pod's fields in a place of its own.
        role: ``leader``, ``worker``, ``head`` or nothing.
        nodes: pods that make up one server together.
        replicas: pods, or groups of them; None where that is not said in a number.
        supplied: what the controller adds to the pods.
    """

    path: Steps
    template: Mapping[str, Any]
    role: str = ""
    nodes: int = 1
    replicas: int | None = 1
    supplied: frozenset[str] = frozenset()

    @property
    def labels(self) -> dict[str, str]:
        """The pods' labels."""
        labels = mapping(mapping(self.template.get("metadata")).get("labels"))
        return {str(key): str(value) for key, value in labels.items()}


def pod_templates(document: Document) -> list[PodTemplate]:
    """All pod templates of an object."""
    kind = document.kind
    if kind in _NO_PODS:
        return []
    found = list(_search(document.data, (), 0))
    if kind in _CORE:
        return [_core(document.data, kind, path, template) for path, template in found[:1]]
    if kind in _GROUPS:
        return [_group(mapping(document.data.get("spec")), path, template) for path, template in found]
    if kind == "DisaggregatedSet":
        # Each role is a LeaderWorkerSet, at ("spec", "roles", 0, "spec").
        roles = mapping(document.data.get("spec")).get("roles")
        return [
            _group(mapping(roles[int(path[2])].get("spec")), path, template)
            for path, template in found
            if isinstance(roles, list) and path[:2] == ("spec", "roles")
        ]
    # One server may be made of pods of several templates, or of several pods of one.
    several = kind in _RAY or any(_role(path) == "worker" for path, _ in found) or _has_key(document.data, _GROUP_SIZES)
    return [
        PodTemplate(
            path=path,
            template=template,
            role=_role(path),
            replicas=None,
            nodes=0 if several else 1,
            supplied=_supplied(kind, mapping(template.get("spec"))),
        )
        for path, template in found
    ]


def _has_key(value: Any, names: frozenset[str], depth: int = 0) -> bool:
    if depth > _DEEPEST:
        return False
    if isinstance(value, list):
        return any(_has_key(item, names, depth + 1) for item in value)
    if not isinstance(value, dict):
        return False
    return bool(names & value.keys()) or any(_has_key(inner, names, depth + 1) for inner in value.values())


def _supplied(kind: str, spec: Mapping[str, Any]) -> frozenset[str]:
    """What a controller adds to such pods, or may add where it is not known."""
    if kind in _FAITHFUL:
        return frozenset({"env", "service"})
    if kind in _RAY:
        # KubeRay adds probes, /dev/shm and variables, and leaves the volumes to who writes the cluster.
        return EVERYTHING - {"volumes", "env", "storage"}
    whole_pod = any(item.get("image") and (item.get("command") or item.get("args")) for _, item in containers_of(spec))
    if kind == "InferenceService" and whole_pod and "model" not in spec:
        return EVERYTHING - {"command", "shm"}
    return EVERYTHING if kind in _KSERVE else EVERYTHING - {"command"}


def _core(data: Mapping[str, Any], kind: str, path: Steps, template: Mapping[str, Any]) -> PodTemplate:
    spec = mapping(data.get("spec"))
    replicas: Any = 1
    if kind in {"Deployment", "StatefulSet", "ReplicaSet", "ReplicationController"}:
        replicas = spec.get("replicas", 1)
    elif kind in {"Job", "CronJob"}:
        job = spec if kind == "Job" else mapping(mapping(spec.get("jobTemplate")).get("spec"))
        replicas = job.get("parallelism", 1)
    elif kind == "DaemonSet":
        replicas = None
    return PodTemplate(path=path, template=template, replicas=whole(replicas))


def _group(spec: Mapping[str, Any], path: Steps, template: Mapping[str, Any]) -> PodTemplate:
    group = mapping(spec.get("leaderWorkerTemplate"))
    size = whole(group.get("size", 1))
    leads = "leaderTemplate" in path or "leaderTemplate" not in group
    return PodTemplate(
        path=path,
        template=template,
        role="leader" if leads else "worker",
        nodes=0 if size is None else size,
        replicas=whole(spec.get("replicas", 1)),
        supplied=frozenset({"env", "service"}),
    )


def _role(path: Steps) -> str:
    words = ".".join(map(str, path)).lower()
    return "worker" if "worker" in words else "head" if "headgroup" in words else ""


def _search(value: Any, path: Steps, depth: int) -> Iterator[tuple[Steps, Mapping[str, Any]]]:
    """Mappings that have containers, with the template around them; the path is that of the pod's spec."""
    if depth > _DEEPEST:
        return
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _search(item, (*path, index), depth + 1)
        return
    if not isinstance(value, dict):
        return
    for key, inner in value.items():
        if isinstance(inner, dict) and _has_containers(inner):
            holder = value if key == "spec" else {"spec": inner}
            yield (*path, key), shaped(holder)
        elif key not in {"metadata", "status"}:
            yield from _search(inner, (*path, key), depth + 1)


def _has_containers(value: Mapping[str, Any]) -> bool:
    containers = value.get("containers")
    if isinstance(containers, list):
        return any(isinstance(item, dict) for item in containers)
    # KServe: a predictor's `model` is its container.
    model = value.get("model")
    return isinstance(model, dict) and "modelFormat" in model


def containers_of(spec: Mapping[str, Any]) -> list[tuple[Steps, Mapping[str, Any]]]:
    """The containers of a pod, each with its path within the pod's spec."""
    found: list[tuple[Steps, Mapping[str, Any]]] = []
    for index, item in enumerate(spec.get("containers") or () if isinstance(spec.get("containers"), list) else ()):
        if isinstance(item, dict):
            found.append((("containers", index), item))
    if isinstance(spec.get("model"), dict):
        found.append((("model",), spec["model"]))
    return found


def mapping(value: Any) -> dict[str, Any]:
    """A mapping, or an empty one in place of anything else."""
    return value if isinstance(value, dict) else {}


def items(value: Any) -> list[dict[str, Any]]:
    """The mappings of a list; none in place of anything else."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def whole(value: Any) -> int | None:
    """A whole number, also one that is written as text; None for anything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, str) and value.strip().isdecimal():
        return int(value)
    return None
