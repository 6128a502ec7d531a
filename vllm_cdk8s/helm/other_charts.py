"""Values of other charts in terms of this one's, as far as names carry over.

Known are vLLM's production stack (one of its servers at a time: an item of ``servingEngineSpec.modelSpec``,
https://github.com/vllm-project/production-stack/tree/main/helm) and the chart among vLLM's examples
(https://github.com/vllm-project/vllm/tree/main/examples/deployment/chart-helm). Both mount the models' claim at
``/data``; here it is at ``/root/.cache``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct, field

from vllm_cdk8s.core.errors import nearest
from vllm_cdk8s.helm.problems import ValuesError

OURS, STACK, EXAMPLE = "vllm-helm", "production-stack", "chart-helm"
_GPU = "nvidia.com/gpu"
_THEIR_MOUNT, OUR_MOUNT = "/data", "/root/.cache"
_PROBE_KEYS = ("initialDelaySeconds", "periodSeconds", "timeoutSeconds", "failureThreshold")
# What vLLM decides where nobody says; this chart's own defaults would say it.
_UNSAID = {"gpuMemoryUtilization": None, "maxModelLen": None, "cudaGraphMode": None}


class Translation(Struct, kw_only=True):
    """What became of another chart's values.

    Attributes:
        chart: which chart's they were.
        values: the values in terms of this chart.
        unknown: the paths that have no place here.
        notes: what is different for a reason of its own.
    """

    chart: str
    values: dict[str, Any]
    unknown: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def chart_of(values: Mapping[str, Any]) -> str:
    """Which chart the values are of, by keys that the others do not have."""
    if "servingEngineSpec" in values:
        return STACK
    image = values.get("image")
    theirs = {"containerPort", "servicePort", "extraInit", "gpuModels"} & set(values)
    return EXAMPLE if theirs or (isinstance(image, Mapping) and "command" in image) else OURS


def server_names(values: Mapping[str, Any]) -> list[str]:
    """The names of the servers that one release makes: several only in the production stack."""
    engine = values.get("servingEngineSpec")
    models = engine.get("modelSpec") if isinstance(engine, Mapping) else None
    if not isinstance(models, list):
        return []
    return [str(each.get("name", "model")) for each in models if isinstance(each, Mapping)]


def translated(release: str, values: Mapping[str, Any], *, server: str | None = None) -> Translation:
    """The values in terms of this chart; its own as they are.

    Args:
        release: the release's name.
        values: its values.
        server: which of its servers, where it makes several; None is the first.

    Raises:
        ValuesError: it makes no server of that name.
    """
    chart, names = chart_of(values), server_names(values)
    if server is not None and server not in names:
        allowed = f"; allowed: {', '.join(names)}" if names else ", and its chart makes one server"
        raise ValuesError(
            f"{server!r} is not a server of the values{nearest(server, names)}{allowed}", option="--server"
        )
    if chart == STACK:
        return _stack(release, values, 0 if server is None else names.index(server))
    if chart == EXAMPLE:
        return _example(release, values)
    return Translation(chart=OURS, values=dict(values))


class _Reader:
    """Takes known keys out of a mapping, and knows which were left."""

    def __init__(self, data: Any, where: str) -> None:
        self.data: dict[str, Any] = dict(data) if isinstance(data, Mapping) else {}
        self._where = where
        self._taken: set[str] = set()

    def take(self, key: str, default: Any = None) -> Any:
        value = self.data.get(key)
        if isinstance(default, (list, dict)) and value is not None and not isinstance(value, type(default)):
            return default  # and so it is left, and listed
        self._taken.add(key)
        return default if value in (None, "", {}, []) else value

    def left(self) -> list[str]:
        dotted = f"{self._where}." if self._where else ""
        return [
            dotted + key for key in self.data if key not in self._taken and self.data[key] not in (None, "", {}, [])
        ]


def _stack(release: str, values: Mapping[str, Any], index: int) -> Translation:
    engine = _Reader(values["servingEngineSpec"], "servingEngineSpec")
    models = engine.take("modelSpec", [])
    servers = [each for each in models if isinstance(each, Mapping)] if isinstance(models, list) else []
    where = f"servingEngineSpec.modelSpec[{index}]"
    spec = _Reader(servers[index] if servers else {}, where)
    config = _Reader(spec.take("vllmConfig", {}), f"{where}.vllmConfig")
    engine.take("enableEngine")
    spec.take("enabled")
    config.take("v0")
    name = str(spec.take("name", "model"))
    notes = []
    if len(servers) > 1:
        notes.append(
            f"servingEngineSpec.modelSpec has {len(servers)} servers, {', '.join(server_names(values))}, and this is "
            f"{name!r}; take each by --server, with a release name and a values file of its own"
        )
    arguments = _stack_arguments(spec, config)
    env = [dict(item) for item in spec.take("env", []) if isinstance(item, Mapping)]
    for variable, secret in (("HF_TOKEN", spec.take("hf_token")), ("VLLM_API_KEY", engine.take("vllmApiKey"))):
        env += _from_secret(variable, secret, key=f"hf_token_{name}" if variable == "HF_TOKEN" else "vllmApiKey",
                            release=release)  # fmt: skip
    storage, mode = spec.take("pvcStorage"), spec.take("pvcAccessMode", ["ReadWriteOnce"])
    persistence: dict[str, Any] = {"enabled": False}
    if isinstance(storage, str):
        persistence = {
            "size": storage, "accessMode": mode[0] if isinstance(mode, list) else mode,
            "storageClass": spec.take("storageClass", ""), "annotations": spec.take("pvcAnnotations", {}),
            "existingClaim": f"{release}-{name}-storage-claim",
        }  # fmt: skip
        env.append({"name": "HF_HOME", "value": OUR_MOUNT})  # their HF_HOME is the root of the claim
    pull_secret, account = spec.take("imagePullSecret"), spec.take("serviceAccountName")
    model, note = _model(str(spec.take("modelURL", "")))
    terms = spec.take("nodeSelectorTerms")
    affinity = spec.take("affinity") or (None if terms is None else _required(terms))
    runtime = spec.take("runtimeClassName") or engine.take("runtimeClassName")
    engine.take("runtimeClassName")
    result = {
        "replicaCount": spec.take("replicaCount", 1),
        "image": {
            "repository": spec.take("repository", "lmcache/vllm-openai"), "tag": str(spec.take("tag", "latest")),
            "pullPolicy": engine.take("imagePullPolicy", "Always"),
        },
        "imagePullSecrets": [] if pull_secret is None else [{"name": pull_secret}],
        "serviceAccount": {"create": False, "name": account or ""},
        "podAnnotations": spec.take("podAnnotations", {}),
        "podSecurityContext": engine.take("securityContext", {}),
        "securityContext": engine.take("containerSecurityContext", {}),
        "service": {"port": engine.take("servicePort", 80)},
        "resources": _stack_resources(spec),
        "nodeSelector": engine.take("nodeSelector", {}),
        "tolerations": [*engine.take("tolerations", []), *spec.take("tolerations", [])],
        "affinity": affinity or {},
        "runtimeClassName": runtime or "",
        "vllm": {
            **_UNSAID, **arguments, "model": model, "port": engine.take("containerPort", 8000), "env": env,
        },
        "persistence": persistence,
        **_probes({role: engine.take(f"{role}Probe") for role in ("startup", "liveness", "readiness")}),
    }  # fmt: skip
    others = [key for key in values if key != "servingEngineSpec" and values[key] not in (None, "", {}, [])]
    return Translation(
        chart=STACK, values=result, notes=[*notes, *note],
        unknown=[*others, *engine.left(), *spec.left(), *config.left()],
    )  # fmt: skip


def _stack_arguments(spec: _Reader, config: _Reader) -> dict[str, Any]:
    said: dict[str, Any] = {}
    for key in ("maxModelLen", "tensorParallelSize", "gpuMemoryUtilization"):
        value = config.take(key)
        if value is not None:
            said[key] = value
    extra: list[str] = []
    for key, flag in (("dtype", "dtype"), ("maxNumSeqs", "max-num-seqs"), ("maxLoras", "max-loras"),
                      ("runner", "runner"), ("convert", "convert")):  # fmt: skip
        value = config.take(key)
        if value is not None:
            extra.append(f"--{flag}={value}")
    for key, flag in (("enableChunkedPrefill", "enable-chunked-prefill"),
                      ("enablePrefixCaching", "enable-prefix-caching")):  # fmt: skip
        # As in its template: chunked prefill only where the key is there, prefix caching in any case.
        if key in config.data or key == "enablePrefixCaching":
            extra.append(f"--{flag}" if config.data.get(key) else f"--no-{flag}")
        config.take(key)
    if spec.take("enableLoRA"):
        extra.append("--enable-lora")
    if spec.take("enableTool"):
        extra.append("--enable-auto-tool-choice")
    parser = spec.take("toolCallParser")
    if parser is not None:
        extra.append(f"--tool-call-parser={parser}")
    return {**said, "additionalArgs": [*extra, *map(str, config.take("extraArgs", []))]}


def _stack_resources(spec: _Reader) -> dict[str, Any]:
    whole = spec.take("resources")
    gpu, count = spec.take("requestGPUType", _GPU), spec.data.get("requestGPU")
    requests = {"cpu": spec.take("requestCPU"), "memory": spec.take("requestMemory"), gpu: count or None}
    limits = {"cpu": spec.take("limitCPU"), "memory": spec.take("limitMemory"), gpu: count or None}
    spec.take("requestGPU")
    if isinstance(whole, Mapping):
        return dict(whole)
    return {
        kind: {name: value for name, value in given.items() if value is not None}
        for kind, given in (("requests", requests), ("limits", limits))
    }


def _from_secret(variable: str, secret: Any, *, key: str, release: str) -> list[dict[str, Any]]:
    """A variable from the Secret that the chart refers to, or makes of a literal."""
    if isinstance(secret, Mapping):
        name, key = secret.get("secretName"), str(secret.get("secretKey") or "")
    else:
        name = None if secret is None else f"{release}-secrets"
    if not name or not key:
        return []
    return [{"name": variable, "valueFrom": {"secretKeyRef": {"name": name, "key": key}}}]


def _example(release: str, values: Mapping[str, Any]) -> Translation:
    top = _Reader(values, "")
    image = _Reader(top.take("image", {}), "image")
    init = _Reader(top.take("extraInit", {}), "extraInit")
    host_port, words = _command([str(word) for word in image.take("command", [])])
    model, note = _model(words[0] if words else "")
    resources = top.take("resources", {})
    limits = resources.get("limits")
    gpus = limits.get(_GPU) if isinstance(limits, Mapping) else None
    kinds = top.take("gpuModels")
    expression = {"key": "nvidia.com/gpu.product", "operator": "In", "values": kinds}
    result = {
        "replicaCount": top.take("replicaCount", 1),
        "image": {"repository": image.take("repository", "vllm/vllm-openai"), "tag": str(image.take("tag", "latest"))},
        "serviceAccount": {"create": False},
        "securityContext": image.take("securityContext", {}),
        "service": {"port": top.take("servicePort", 80)},
        "resources": resources,
        "autoscaling": top.take("autoscaling", {}),
        "nodeSelector": top.take("nodeSelector", {}),
        "tolerations": top.take("tolerations", []),
        "affinity": _required([{"matchExpressions": [expression]}]) if gpus and kinds else {},
        "runtimeClassName": "nvidia" if gpus else "",
        "vllm": {
            **_UNSAID, "model": model, "port": top.take("containerPort", 8000), **host_port,
            "additionalArgs": words[1:], "env": image.take("env", []),
        },
        "persistence": {"size": init.take("pvcStorage", "1Gi"), "existingClaim": f"{release}-storage-claim"},
        **_probes({"startup": None, **{role: top.take(f"{role}Probe") for role in ("liveness", "readiness")}}),
    }  # fmt: skip
    return Translation(chart=EXAMPLE, values=result, notes=note, unknown=[*top.left(), *image.left(), *init.left()])


def _command(words: list[str]) -> tuple[dict[str, Any], list[str]]:
    """The host and port of a command of separate words, and the model and arguments without them."""
    rest = words[2:] if words[:2] == ["vllm", "serve"] else words[1:]
    found: dict[str, Any] = {}
    kept: list[str] = []
    index = 0
    while index < len(rest):
        flag, equals, value = rest[index].partition("=")
        if flag in {"--host", "--port"} and (equals or index + 1 < len(rest)):
            found[flag.removeprefix("--")] = value if equals else rest[index + 1]
            index += 1 if equals else 2
            continue
        kept.append(rest[index])
        index += 1
    return found, kept


def _model(model: str) -> tuple[str, list[str]]:
    """A model on the claim has another path here."""
    if model != _THEIR_MOUNT and not model.startswith(f"{_THEIR_MOUNT}/"):
        return model, []
    moved = f"{OUR_MOUNT}{model.removeprefix(_THEIR_MOUNT)}"
    return moved, [f"the claim is mounted at {OUR_MOUNT}, so the model {model} is at {moved}"]


def _required(terms: Any) -> dict[str, Any]:
    return {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}}}


def _probes(given: Mapping[str, Any]) -> dict[str, Any]:
    """The probes by hand; one that is not there is turned off."""
    if not any(given.values()):
        return {}
    result: dict[str, Any] = {"slowStart": {"enabled": False}}
    for role, probe in given.items():
        numbers = {key: probe[key] for key in _PROBE_KEYS if key in probe} if isinstance(probe, Mapping) else {}
        asked = probe.get("httpGet") if isinstance(probe, Mapping) else None
        path = asked.get("path") if isinstance(asked, Mapping) else None
        if given["startup"] and role != "startup":
            numbers.pop("initialDelaySeconds", None)  # it begins when the startup probe has succeeded
        shown = numbers | ({"httpGet": {"path": path}} if path else {})
        result[f"{role}Probe"] = shown if isinstance(probe, Mapping) else {"enabled": False}
    return result
