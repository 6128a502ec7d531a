"""Which values keep a part of what runs as it is."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Mapping
from typing import Any

from vllm_cdk8s.helm.migration import Keep, Running, mappings
from vllm_cdk8s.helm.other_charts import OUR_MOUNT
from vllm_cdk8s.helm.problems import path_text
from vllm_cdk8s.helm.section import camel_case
from vllm_cdk8s.helm.validation import field_paths

_PROBE_KEYS = ("initialDelaySeconds", "periodSeconds", "timeoutSeconds", "failureThreshold")

_PLACES: dict[tuple[str, ...], tuple[str, ...]] = {
    ("container", "imagePullPolicy"): ("image", "pullPolicy"),
    ("container", "resources"): ("resources",),
    ("container", "securityContext"): ("securityContext",),
    ("container", "ports", "http", "containerPort"): ("vllm", "port"),
    ("pod", "runtimeClassName"): ("runtimeClassName",),
    ("pod", "nodeSelector"): ("nodeSelector",),
    ("pod", "tolerations"): ("tolerations",),
    ("pod", "affinity"): ("affinity",),
    ("pod", "securityContext"): ("podSecurityContext",),
    ("pod", "serviceAccountName"): ("serviceAccount", "name"),
    ("pod", "imagePullSecrets"): ("imagePullSecrets",),
    ("podMetadata", "annotations"): ("podAnnotations",),
    ("workload", "spec", "replicas"): ("replicaCount",),
}

# Where a part of an object around the server stands in the values; the first step is the kind.
_OBJECT_PLACES: dict[tuple[str, ...], tuple[str, ...]] = {
    ("Service", "spec", "type"): ("service", "type"),
    ("PersistentVolumeClaim", "spec", "resources", "requests", "storage"): ("persistence", "size"),
    ("PersistentVolumeClaim", "spec", "storageClassName"): ("persistence", "storageClass"),
    ("PersistentVolumeClaim", "metadata", "annotations"): ("persistence", "annotations"),
    ("ServiceAccount", "metadata", "annotations"): ("serviceAccount", "annotations"),
    ("Ingress", "spec", "ingressClassName"): ("ingress", "className"),
    ("Ingress", "metadata", "annotations"): ("ingress", "annotations"),
}


def argument_keep(name: str, value: Any) -> tuple[Keep, ...]:
    """The values that keep an argument of vLLM's."""
    path = ("vllm", camel_case(name))
    if path_text(path) in field_paths():
        return (Keep(path=path, value=value),)
    if name in {"api_key", "hf_token"} or value is None:
        return ()
    flag = name.replace("_", "-")
    if isinstance(value, bool):
        return (Keep(path=("vllm", "additionalArgs"), value=[f"--{flag}" if value else f"--no-{flag}"]),)
    values = [str(item) for item in value] if isinstance(value, (list, tuple)) else None
    if values is not None:
        return (Keep(path=("vllm", "additionalArgs"), value=[f"--{flag}", *values]),)
    text = value if isinstance(value, str) else json.dumps(value)
    return (Keep(path=("vllm", "additionalArgs"), value=[f"--{flag}={text}"]),)


def vllm_decides(name: str) -> tuple[Keep, ...]:
    """The values that leave to vLLM what the other chart leaves to it."""
    known = {"compilation_config": "cudaGraphMode", "max_model_len": "maxModelLen",
             "gpu_memory_utilization": "gpuMemoryUtilization"}  # fmt: skip
    if name == "tensor_parallel_size":
        return (Keep(path=("vllm", "tensorParallelSize"), value=1),)
    return (Keep(path=("vllm", known[name]), value=None),) if name in known else ()


def mount_of(running: Running) -> str | None:
    """Where their pods have the claim with the models."""
    names = [volume for volume, _ in _claims(running)]
    mounts = mappings(running.container.get("volumeMounts"))
    return next((str(each.get("mountPath")).rstrip("/") for each in mounts if each.get("name") in names), None)


def _claims(running: Running) -> list[tuple[Any, str]]:
    """The volumes of their pods that are claims, each with the claim's name."""
    pod = running.workload.get("spec", {}).get("template", {}).get("spec", {})
    found = [(each.get("name"), each.get("persistentVolumeClaim")) for each in mappings(pod.get("volumes"))]
    return [
        (name, str(claim["claimName"])) for name, claim in found if isinstance(claim, Mapping) and "claimName" in claim
    ]


def moved_path(text: Any, mount: str | None) -> Any:
    """A path on the claim, where the claim is mounted here."""
    if not isinstance(text, str) or mount is None or (text != mount and not text.startswith(f"{mount}/")):
        return text
    return f"{OUR_MOUNT}{text.removeprefix(mount)}"


def pod_keep(path: tuple[str, ...], old: Any) -> tuple[tuple[Keep, ...], bool]:  # noqa: PLR0911 - a table with conditions
    """The values that keep a part of the workload, and whether the merged values do."""
    place = ".".join(path)
    if old is None:
        return (), False
    if place == "container.image":
        return _image_keep(str(old)), True
    if len(path) > 1 and path[1].endswith("Probe"):
        return _probe_keep(path[1], path[2:], old), False
    if path[:2] == ("pod", "volumes") and isinstance(old, Mapping) and "persistentVolumeClaim" in old:
        claim = old["persistentVolumeClaim"]
        name = claim.get("claimName") if isinstance(claim, Mapping) else None
        return (() if name is None else (Keep(path=("persistence", "existingClaim"), value=name),)), name is not None
    if place.startswith("pod.volumes.") and place.endswith(".persistentVolumeClaim.claimName"):
        return (Keep(path=("persistence", "existingClaim"), value=old),), True
    for start, target in _PLACES.items():
        if path[: len(start)] == start and (len(path) == len(start) or target != ("imagePullSecrets",)):
            return (Keep(path=(*target, *path[len(start) :]), value=_as_list(target, old)),), True
    return (), False


def _as_list(target: tuple[str, ...], value: Any) -> Any:
    """Named things as the list that they were."""
    if target == ("imagePullSecrets",) and isinstance(value, Mapping):
        return [{"name": name} for name in value]
    return value


def _image_keep(image: str) -> tuple[Keep, ...]:
    repository, at, digest = image.partition("@")
    if at:
        tag = digest
        repository = re.sub(r":[^/:]*$", "", repository)
    else:
        match = re.fullmatch(r"(.+):([^/:]+)", image)
        repository, tag = (match[1], match[2]) if match else (image, "latest")
    return Keep(path=("image", "repository"), value=repository), Keep(path=("image", "tag"), value=tag)


def _probe_keep(probe: str, below: tuple[str, ...], old: Any) -> tuple[Keep, ...]:
    by_hand = Keep(path=("slowStart", "enabled"), value=False)
    if below and below[0] in _PROBE_KEYS:
        return by_hand, Keep(path=(probe, below[0]), value=old)
    if not below and isinstance(old, Mapping):
        numbers = [Keep(path=(probe, key), value=old[key]) for key in _PROBE_KEYS if key in old]
        return (by_hand, *numbers)
    return ()


def object_keep(kind: str, path: tuple[str, ...], old: Any) -> tuple[Keep, ...]:
    """The values that keep a part of an object around the server."""
    if old is None:
        return ()
    if kind == "Service" and path[:2] == ("spec", "ports") and path[-1] == "port":
        return (Keep(path=("service", "port"), value=old),)
    if kind == "PersistentVolumeClaim" and path == ("spec", "accessModes") and isinstance(old, list):
        return (Keep(path=("persistence", "accessMode"), value=old[0]),)
    for start, target in _OBJECT_PLACES.items():
        if (kind, *path)[: len(start)] == start:
            return (Keep(path=(*target, *(kind, *path)[len(start) :]), value=old),)
    return ()


def claim_keep(place: tuple[str, str], running: Running) -> tuple[Keep, ...]:
    """A claim that is new here, beside one that the pods have: theirs has the models."""
    if place[0] != "PersistentVolumeClaim":
        return ()
    claims = _claims(running)
    return (Keep(path=("persistence", "existingClaim"), value=claims[0][1]),) if claims else ()


def put(values: dict[str, Any], keep: Keep) -> None:
    """Lay a value over values; variables and arguments are added."""
    if keep.path[:2] == ("vllm", "env"):
        name = str(keep.path[2])
        variables: list[Any] = values.setdefault("vllm", {}).setdefault("env", [])
        variables[:] = [each for each in variables if not isinstance(each, Mapping) or each.get("name") != name]
        key = "valueFrom" if isinstance(keep.value, Mapping) else "value"
        variables.append({"name": name, key: keep.value})
        return
    *above, last = (str(step) for step in keep.path)
    at = values
    for step in above:
        below = at.get(step)
        if not isinstance(below, dict):
            below = at[step] = {}
        at = below
    if keep.path == ("vllm", "additionalArgs"):
        at[last] = [*(at.get(last) or ()), *keep.value]
    else:
        at[last] = copy.deepcopy(keep.value)
