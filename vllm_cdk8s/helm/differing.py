"""Every difference between what runs and what our YAML says, with why and with what keeps it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from vllm_cdk8s.helm.keeping import argument_keep, claim_keep, mount_of, moved_path, object_keep, pod_keep, vllm_decides
from vllm_cdk8s.helm.migration import LITERALS, Difference, Keep, Running, hidden_value, mappings, shown_value
from vllm_cdk8s.helm.other_charts import OUR_MOUNT

if TYPE_CHECKING:
    from vllm_cdk8s.helm.release_plan import ReleasePlan

_REMOUNTED = f"the claim is mounted at {OUR_MOUNT}"

_NO_LONGER_READ = "only the chart's own script read it; it is an argument here"

# Variables that the chart's templates set, and why they are not carried on.
ENV_GOES = {
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


def differences_of(plan: ReleasePlan, running: Running) -> Iterator[Difference]:
    """What applying a plan changes of what runs; the workload first, and of it the image."""
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
            keep = claim_keep(place, running) if now is None else ()
            yield Difference(object=label, where="", now=said[0], then=said[1], keep=keep, carried=bool(keep))
            continue
        for path, old, new in _diff(_comparable(now), _comparable(then), ()):
            keep = object_keep(place[0], path, old)
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
            object=label, where="name", now=shown_value(running.workload.get("spec", {}).get("selector")),
            then=shown_value(mine["spec"]["selector"]), why="a selector cannot be changed; delete the old object first",
        )  # fmt: skip
    if running.installs is not None:
        yield Difference(
            object=label, where="container.command", now=f"a script that runs `{running.installs}` before each start",
            then="vllm serve", why="an image with what it needs starts sooner, and always the same",
        )  # fmt: skip
    yield from _arguments(label, plan, running)
    theirs, ours = _parts(running.workload, running.container), _parts(mine, _container(mine))
    yield from _environment(label, theirs.pop("env"), ours.pop("env"), mount_of(running))
    for path, old, new in _diff(theirs, ours, ()):
        where = ".".join(path)
        keep, carried = pod_keep(path, old)
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
    pod["containers"] = [each for each in mappings(pod.get("containers")) if each.get("name") != container.get("name")]
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
        "env": {str(each.get("name")): each for each in mappings(container.get("env"))},
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
        object=label,
        where=where,
        now=None if old is None else shown_value(old),
        then=None if new is None else shown_value(new),
        keep=keep,
        why=why,
        carried=carried and bool(keep),
    )


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
        moved = moved_path(old, mount_of(running)) if name in theirs else old
        keep = argument_keep(name, moved) if name in theirs else vllm_decides(name)
        keep = keep if moved == old or str(moved) != str(new) else ()
        yield Difference(
            object=label, where=f"argument {name}", now=None if name not in theirs else hidden_value(name, old),
            then=None if name not in mine else shown_value(new), keep=keep, carried=name in theirs and bool(keep),
            why=None if moved == old else _REMOUNTED,
        )  # fmt: skip


def _environment(label: str, theirs: dict[str, Any], ours: dict[str, Any], mount: str | None) -> Iterator[Difference]:
    for name in dict.fromkeys([*theirs, *ours]):
        old, new = (_comparable(side.get(name, {})) for side in (theirs, ours))
        if old == new:
            continue
        old_text, new_text = (_variable(name, each.get(name)) for each in (theirs, ours))
        keep: tuple[Keep, ...] = ()
        why = ENV_GOES.get(name) if name in theirs else "caches are kept with the models" if name in _OURS_ENV else None
        literal = name in LITERALS and "value" in theirs.get(name, {})
        off = name == "VLLM_USE_MODELSCOPE" and str(theirs.get(name, {}).get("value")).lower() in {"false", "0"}
        if name in theirs and not literal and why is not _NO_LONGER_READ and name != "VLLM_PORT":
            value = moved_path(_env_value(theirs[name]), mount)
            keep = (Keep(path=("vllm", "env", name), value=value),) if value != _env_value(ours.get(name, {})) else ()
            why = why if value == _env_value(theirs[name]) else _REMOUNTED
        if literal:
            why = "a literal secret; take it from a Secret"
        elif off:
            why = "that is what vLLM does anyway"
        carried = bool(keep) and not off and name not in ENV_GOES
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
        return shown_value(dict(variable["valueFrom"]))
    return hidden_value(name, str(variable.get("value", "")))
