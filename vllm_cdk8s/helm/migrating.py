"""Moving a running release here: every difference that applying our YAML would make, and what keeps it as it is."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pydantic.alias_generators import to_camel

from vllm_cdk8s.helm.merging import without_nulls
from vllm_cdk8s.helm.model import Values
from vllm_cdk8s.helm.other_charts import OUR_MOUNT, translated
from vllm_cdk8s.helm.problems import path_text
from vllm_cdk8s.helm.release_plan import plan_release
from vllm_cdk8s.helm.validation import check_values, field_paths, is_section

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pydantic import BaseModel

    from vllm_cdk8s.core.errors import Path, Problem
    from vllm_cdk8s.helm.release_plan import ReleasePlan

_SECRETIVE = re.compile(r"TOKEN|KEY|SECRET|PASSWORD|CREDENTIAL", re.IGNORECASE)
_LITERALS = {"HF_TOKEN": ("huggingface", "token"), "HUGGING_FACE_HUB_TOKEN": ("huggingface", "token"),
             "VLLM_API_KEY": ("vllm-api-key", "key")}  # fmt: skip
_LONGEST = 100
_REMOUNTED = f"the claim is mounted at {OUR_MOUNT}"
_NO_LONGER_READ = "only the chart's own script read it; it is an argument here"
# Variables that the chart's templates set, and why they are not carried on.
_ENV_GOES = {
    "VLLM_PORT": "vLLM's base for internal ports, which collides with the port that it serves on",
    **dict.fromkeys(
        ("MODEL_NAME", "HOST", "PORT", "GPU_MEMORY_UTILIZATION", "MAX_MODEL_LEN", "TRUST_REMOTE_CODE"), _NO_LONGER_READ
    ),
    "CUDA_VISIBLE_DEVICES": "it hides all GPUs but those, whatever the resources ask for",
}
# Parts of an object that say who made it, and what the API server writes.
_LEFT_OUT = ("namespace", "creationTimestamp", "uid", "resourceVersion", "generation", "managedFields", "selfLink")
_WHYS = {
    "pod.enableServiceLinks": "a Service named vllm would inject VLLM_PORT",
    "workload.spec.strategy": "a rollout frees the GPU before it asks for it again",
    "workload.spec.progressDeadlineSeconds": "the rollout may take as long as a start",
    "pod.automountServiceAccountToken": "vLLM asks nothing of the API server",
    "pod.volumes.shm": "tensor parallelism needs more shared memory than 64 MiB",
    "container.volumeMounts.shm": "tensor parallelism needs more shared memory than 64 MiB",
    "container.securityContext.allowPrivilegeEscalation": "vLLM needs no new privileges",
}
_OURS_ENV = ("HF_HOME", "VLLM_CACHE_ROOT", "TRITON_CACHE_DIR", "TORCHINDUCTOR_CACHE_DIR")
_PROBE_KEYS = ("initialDelaySeconds", "periodSeconds", "timeoutSeconds", "failureThreshold")


@dataclass(frozen=True, kw_only=True, slots=True)
class Running:
    """What runs now, read from the release's manifest.

    Attributes:
        objects: all of its objects.
        workload: the object that makes vLLM's pods.
        container: vLLM's container.
        settings: what its command says, by vLLM's names.
        complete: whether that is all that it says.
        installs: what its script installs before each start.
    """

    objects: tuple[Mapping[str, Any], ...]
    workload: Mapping[str, Any]
    container: Mapping[str, Any]
    settings: Mapping[str, Any]
    complete: bool = True
    installs: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Keep:
    """A value that keeps things as they are."""

    path: Path
    value: Any

    def __str__(self) -> str:
        """``image.tag=v1``, and the value as JSON where it is not plain; what may be a secret is not shown."""
        value = self.value
        if self.path[:2] == ("vllm", "env") and isinstance(value, str) and _SECRETIVE.search(str(self.path[-1])):
            value = "(not shown)"
        return f"{path_text(self.path)}={value if isinstance(value, str) else json.dumps(value)}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Difference:
    """One thing that applying our YAML changes.

    Attributes:
        object: the object, ``Deployment/prod-vllm``.
        where: the place in it.
        now: what runs; None where there is nothing.
        then: what our YAML says.
        keep: the values that keep it so; none where that is not possible, or not wise.
        why: why it changes.
        carried: whether the merged values keep it.
    """

    object: str
    where: str
    now: str | None
    then: str | None
    keep: tuple[Keep, ...] = ()
    why: str | None = None
    carried: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Migration:
    """A release on its way here.

    Attributes:
        chart: the chart that it is of.
        values: its values in terms of this chart, with what keeps the server as it is.
        differences: what changes, with the values as they were; the image first.
        unknown: values that have no place here.
        notes: what else is to be known.
        warnings: what is unwise about the release as it will be.
    """

    chart: str
    values: dict[str, Any]
    differences: tuple[Difference, ...]
    unknown: tuple[str, ...]
    notes: tuple[str, ...]
    warnings: tuple[Problem, ...] = field(default=())


def migrate(
    name: str, values: Mapping[str, Any], running: Running | None = None, *, namespace: str | None = None
) -> Migration:
    """What becomes of a release.

    Args:
        name: its name.
        values: all of its values, as ``helm get values -a`` gives them.
        running: what its manifest says; None leaves only the values.
        namespace: its namespace.

    Raises:
        ValuesError: values that cannot work here.
    """
    translation = translated(name, values)
    data, unknown = known_values(without_nulls(translation.values) | _kept_nulls(translation.values))
    notes = [*translation.notes, *_clean_env(data)]
    plan = plan_release(name, check_values(data), namespace=namespace)
    differences = tuple(_differences(plan, running)) if running is not None else ()
    merged = copy.deepcopy(data)
    for difference in differences:
        for keep in difference.keep if difference.carried else ():
            _put(merged, keep)
    settled = plan_release(name, check_values(merged), namespace=namespace)
    return Migration(
        chart=translation.chart,
        values=merged,
        differences=differences,
        unknown=(*translation.unknown, *unknown),
        notes=tuple(notes),
        warnings=settled.warnings,
    )


def known_values(data: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """The values that this chart knows, and the paths of the others."""
    unknown: list[str] = []
    return _known(data, Values, (), unknown), unknown


def _known(data: Mapping[str, Any], section: type[BaseModel], path: Path, unknown: list[str]) -> dict[str, Any]:
    fields = {str(field.alias): field for field in section.model_fields.values()}
    result: dict[str, Any] = {}
    for key, value in data.items():
        below = fields[key].annotation if key in fields else None
        if key not in fields:
            if value not in (None, "", {}, []):
                unknown.append(path_text((*path, key)))
        elif isinstance(value, Mapping) and is_section(below):
            result[key] = _known(value, below, (*path, key), unknown)
        else:
            result[key] = copy.deepcopy(value)
    return result


def _kept_nulls(values: Mapping[str, Any]) -> dict[str, Any]:
    """Null means something for a few values of vLLM: that vLLM decides."""
    vllm = values.get("vllm")
    return {"vllm": dict(vllm)} if isinstance(vllm, Mapping) else {}


def _clean_env(data: dict[str, Any]) -> list[str]:
    """Take what this chart refuses out of the variables; returns what was done."""
    notes: list[str] = []
    vllm = data.get("vllm")
    variables = vllm.get("env") if isinstance(vllm, dict) else None
    if not isinstance(vllm, dict) or not isinstance(variables, list):
        return notes
    kept: list[Any] = []
    for variable in variables:
        name = variable.get("name") if isinstance(variable, Mapping) else None
        if name == "VLLM_PORT":
            notes.append(f"vllm.env: VLLM_PORT is left out: {_ENV_GOES['VLLM_PORT']}")
        elif name in _LITERALS and variable.get("value"):
            secret, key = _LITERALS[str(name)]
            kept.append({"name": name, "valueFrom": {"secretKeyRef": {"name": secret, "key": key}}})
            notes.append(
                f"vllm.env: {name} is a literal, which everybody who reads the values can read; it is taken from the "
                f"Secret {secret}, key {key}, which you make: kubectl create secret generic {secret} "
                f'--from-literal={key}="${name}"'
            )
        else:
            kept.append(variable)
    vllm["env"] = kept
    return notes


def _differences(plan: ReleasePlan, running: Running) -> Iterator[Difference]:
    ours = {(each.kind, each.name): each.wire() for each in plan.manifests()}
    workload = plan.server.workload
    mine = ours.pop((workload.kind, workload.name))
    found = list(_workload(plan, running, mine))
    yield from sorted(found, key=lambda difference: _order(difference.where))
    others = [each for each in running.objects if each is not running.workload]
    theirs = {(str(each.get("kind")), str(each.get("metadata", {}).get("name"))): each for each in others}
    for place in dict.fromkeys([*theirs, *ours]):
        label, now, then = "/".join(place), theirs.get(place), ours.get(place)
        if now is None or then is None:
            said = ("nothing of it", "made") if now is None else ("there", "not in our YAML, so it stays as it is")
            keep = _claim_keep(place, running) if now is None else ()
            yield Difference(object=label, where="", now=said[0], then=said[1], keep=keep, carried=bool(keep))
            continue
        for path, old, new in _diff(_comparable(now), _comparable(then), ()):
            keep = _object_keep(place[0], path, old)
            yield _difference(label, ".".join(path), old, new, keep)


def _order(where: str) -> int:
    """The image first, then how vLLM is started, then the rest."""
    starts = ("container.image", "container.command", "argument ", "env ", "pod.runtimeClassName", "name", "container.")
    return next((place for place, start in enumerate(starts) if where.startswith(start)), len(starts))


def _workload(plan: ReleasePlan, running: Running, mine: Mapping[str, Any]) -> Iterator[Difference]:
    kind, name = running.workload.get("kind"), running.workload.get("metadata", {}).get("name")
    label = f"{kind}/{name}"
    if (kind, name) != (mine["kind"], mine["metadata"]["name"]):
        yield Difference(
            object=label, where="name", now=f"{kind}/{name}", then=f"{mine['kind']}/{mine['metadata']['name']}",
            why="a second server beside the old one: delete the old one, which holds the GPUs and the claim",
        )  # fmt: skip
    elif running.workload.get("spec", {}).get("selector") != mine["spec"]["selector"]:
        yield Difference(
            object=label, where="name", now=_shown(running.workload.get("spec", {}).get("selector")),
            then=_shown(mine["spec"]["selector"]), why="a selector cannot be changed; delete the old object first",
        )  # fmt: skip
    if running.installs is not None:
        yield Difference(
            object=label, where="container.command", now=f"a script that runs `{running.installs}` before each start",
            then="vllm serve", why="an image with what it needs starts sooner, and always the same",
        )  # fmt: skip
    yield from _arguments(label, plan, running)
    theirs, ours = _parts(running.workload, running.container), _parts(mine, _container(mine))
    yield from _environment(label, theirs.pop("env"), ours.pop("env"), _mount(running))
    for path, old, new in _diff(theirs, ours, ()):
        where = ".".join(path)
        keep, carried = _pod_keep(path, old)
        yield _difference(label, where, old, new, keep, carried=carried)


def _container(workload: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Mapping[str, Any] = workload["spec"]["template"]["spec"]["containers"][0]
    return found


def _parts(workload: Mapping[str, Any], container: Mapping[str, Any]) -> dict[str, Any]:
    """A workload in parts that are looked at by themselves."""
    spec = dict(workload.get("spec", {}))
    template = dict(spec.pop("template", None) or {})
    spec.pop("selector", None)
    pod = dict(template.pop("spec", {}))
    pod["containers"] = [each for each in _items(pod.get("containers")) if each.get("name") != container.get("name")]
    own = {key: item for key, item in container.items() if key not in {"command", "args", "env", "name"}}
    return {
        "container": _comparable(own),
        "pod": _comparable(pod),
        "podMetadata": _comparable(template.get("metadata") or {}),
        "workload": _comparable(
            {
                "metadata": {key: item for key, item in workload.get("metadata", {}).items() if key != "name"},
                "spec": spec,
            }
        ),
        "env": {str(each.get("name")): each for each in _items(container.get("env"))},
    }


def _comparable(value: Any) -> Any:
    """Lists of named things as mappings, without what says nothing."""
    if isinstance(value, Mapping):
        result = {
            str(key): _comparable(item)
            for key, item in value.items()
            if key not in _LEFT_OUT
            and (key, item) != ("protocol", "TCP")
            and key not in {"kind", "apiVersion", "status"}
        }
        return {key: item for key, item in result.items() if item not in (None, "", {}, [])}
    if isinstance(value, (list, tuple)):
        if value and all(isinstance(item, Mapping) and "name" in item for item in value):
            return {
                str(item["name"]): _comparable({key: inner for key, inner in item.items() if key != "name"})
                for item in value
            }
        return [_comparable(item) for item in value]
    return value


def _diff(now: Any, then: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any, Any]]:
    """What is different, each by its path; what only one side has, as a whole."""
    if isinstance(now, Mapping) and isinstance(then, Mapping):
        for key in dict.fromkeys([*now, *then]):
            yield from _diff(now.get(key), then.get(key), (*path, key))
    elif now != then and str(now) != str(then):
        yield path, now, then


def _difference(
    label: str, where: str, old: Any, new: Any, keep: tuple[Keep, ...], *, carried: bool = True
) -> Difference:
    why = next((text for start, text in _WHYS.items() if where == start or where.startswith(f"{start}.")), None)
    return Difference(
        object=label, where=where, now=None if old is None else _shown(old), then=None if new is None else _shown(new),
        keep=keep, why=why, carried=carried and bool(keep),
    )  # fmt: skip


def _shown(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def _arguments(label: str, plan: ReleasePlan, running: Running) -> Iterator[Difference]:
    mine, theirs = dict(plan.server.engine.settings), dict(running.settings)
    if not running.complete:
        yield Difference(
            object=label, where="container.command", now="a script that says more than can be read here",
            then="vllm serve", why="compare the arguments yourself",
        )  # fmt: skip
    for name in dict.fromkeys([*theirs, *mine]):
        old, new = theirs.get(name), mine.get(name)
        if old == new or str(old) == str(new) or (name not in theirs and not running.complete):
            continue
        moved = _moved(old, _mount(running)) if name in theirs else old
        keep = _argument_keep(name, moved) if name in theirs else _vllm_decides(name)
        keep = keep if moved == old or str(moved) != str(new) else ()
        yield Difference(
            object=label, where=f"argument {name}", now=None if name not in theirs else _hidden(name, old),
            then=None if name not in mine else _shown(new), keep=keep, carried=name in theirs and bool(keep),
            why=None if moved == old else _REMOUNTED,
        )  # fmt: skip


def _argument_keep(name: str, value: Any) -> tuple[Keep, ...]:
    path = ("vllm", to_camel(name))
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


def _vllm_decides(name: str) -> tuple[Keep, ...]:
    known = {"compilation_config": "cudaGraphMode", "max_model_len": "maxModelLen",
             "gpu_memory_utilization": "gpuMemoryUtilization"}  # fmt: skip
    if name == "tensor_parallel_size":
        return (Keep(path=("vllm", "tensorParallelSize"), value=1),)
    return (Keep(path=("vllm", known[name]), value=None),) if name in known else ()


def _hidden(name: str, value: Any) -> str:
    return "(not shown)" if _SECRETIVE.search(name) and isinstance(value, str) else _shown(value)


def _mount(running: Running) -> str | None:
    """Where their pods have the claim with the models."""
    names = [volume for volume, _ in _claims(running)]
    mounts = _items(running.container.get("volumeMounts"))
    return next((str(each.get("mountPath")).rstrip("/") for each in mounts if each.get("name") in names), None)


def _claims(running: Running) -> list[tuple[Any, str]]:
    """The volumes of their pods that are claims, each with the claim's name."""
    pod = running.workload.get("spec", {}).get("template", {}).get("spec", {})
    found = [(each.get("name"), each.get("persistentVolumeClaim")) for each in _items(pod.get("volumes"))]
    return [
        (name, str(claim["claimName"])) for name, claim in found if isinstance(claim, Mapping) and "claimName" in claim
    ]


def _items(value: Any) -> list[Mapping[str, Any]]:
    """The mappings of a list, whatever else somebody has written there."""
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []


def _moved(text: Any, mount: str | None) -> Any:
    """A path on the claim, where the claim is mounted here."""
    if not isinstance(text, str) or mount is None or (text != mount and not text.startswith(f"{mount}/")):
        return text
    return f"{OUR_MOUNT}{text.removeprefix(mount)}"


def _environment(label: str, theirs: dict[str, Any], ours: dict[str, Any], mount: str | None) -> Iterator[Difference]:
    for name in dict.fromkeys([*theirs, *ours]):
        old, new = (_comparable(side.get(name, {})) for side in (theirs, ours))
        if old == new:
            continue
        old_text, new_text = (_variable(name, each.get(name)) for each in (theirs, ours))
        keep: tuple[Keep, ...] = ()
        why = (
            _ENV_GOES.get(name) if name in theirs else "caches are kept with the models" if name in _OURS_ENV else None
        )
        literal = name in _LITERALS and "value" in theirs.get(name, {})
        off = name == "VLLM_USE_MODELSCOPE" and str(theirs.get(name, {}).get("value")).lower() in {"false", "0"}
        if name in theirs and not literal and why is not _NO_LONGER_READ and name != "VLLM_PORT":
            value = _moved(_env_value(theirs[name]), mount)
            keep = (Keep(path=("vllm", "env", name), value=value),) if value != _env_value(ours.get(name, {})) else ()
            why = why if value == _env_value(theirs[name]) else _REMOUNTED
        if literal:
            why = "a literal secret; take it from a Secret"
        elif off:
            why = "that is what vLLM does anyway"
        carried = bool(keep) and not off and name not in _ENV_GOES
        yield Difference(
            object=label, where=f"env {name}", now=old_text, then=new_text, keep=keep, why=why, carried=carried
        )


def _env_value(variable: Mapping[str, Any]) -> Any:
    return (
        dict(variable["valueFrom"])
        if isinstance(variable.get("valueFrom"), Mapping)
        else str(variable.get("value", ""))
    )


def _variable(name: str, variable: Mapping[str, Any] | None) -> str | None:
    if variable is None:
        return None
    if isinstance(variable.get("valueFrom"), Mapping):
        return _shown(dict(variable["valueFrom"]))
    return _hidden(name, str(variable.get("value", "")))


def _pod_keep(path: tuple[str, ...], old: Any) -> tuple[tuple[Keep, ...], bool]:  # noqa: PLR0911 - a table with conditions
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


def _object_keep(kind: str, path: tuple[str, ...], old: Any) -> tuple[Keep, ...]:
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


def _claim_keep(place: tuple[str, str], running: Running) -> tuple[Keep, ...]:
    """A claim that is new here, beside one that the pods have: theirs has the models."""
    if place[0] != "PersistentVolumeClaim":
        return ()
    claims = _claims(running)
    return (Keep(path=("persistence", "existingClaim"), value=claims[0][1]),) if claims else ()


def _put(values: dict[str, Any], keep: Keep) -> None:
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


def sentences(differences: Iterable[Difference]) -> Iterator[str]:
    """The differences for people, by object."""
    shown = None
    for each in differences:
        if each.object != shown:
            shown = each.object
            yield f"{shown}"
        now, then = each.now, each.then
        change = f"comes: {then}" if now is None else f"goes: {now}" if then is None else f"{now} -> {then}"
        yield f"  {each.where}: {change}" if each.where else f"  {change}"
        if each.why is not None:
            yield f"    why: {each.why}"
        if each.keep:
            yield f"    {'kept by -o' if each.carried else 'keep it so'}: {', '.join(map(str, each.keep))}"
