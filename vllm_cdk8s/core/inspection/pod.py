"""Rules of the pod and its devices, of one server's facts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from vllm_cdk8s.core.engine.consistency import check_gpus
from vllm_cdk8s.core.engine.devices import built_for, floats, repository
from vllm_cdk8s.core.engine.images import own
from vllm_cdk8s.core.errors import Problem
from vllm_cdk8s.core.inspection.devices import resources
from vllm_cdk8s.core.inspection.engine import found_by, in_force
from vllm_cdk8s.core.kube import checks
from vllm_cdk8s.core.kube.placeholders import is_placeholder
from vllm_cdk8s.core.models.ledger import ledger
from vllm_cdk8s.core.models.vendors import device_vendor
from vllm_cdk8s.core.rules import book

if TYPE_CHECKING:
    from vllm_cdk8s.core.inspection.facts import ServerFacts

_SIZES = ("tensor_parallel_size", "pipeline_parallel_size", "prefill_context_parallel_size")
_BEYOND_THE_POD = (
    "data_parallel_size",
    "data_parallel_rank",
    "data_parallel_address",
    "data_parallel_size_local",
    "nnodes",
    "data_parallel_hybrid_lb",
    "data_parallel_external_lb",
    "data_parallel_backend",
    "headless",
)
_SHM = "/dev/shm"  # noqa: S108 - not ours
_GIB = 2**30
# Python, torch and a CUDA context are beyond this before any weight is read.
_LEAST_MEMORY = 3 * _GIB


def gpu_counts(facts: ServerFacts) -> Iterator[Problem]:
    """Parallel sizes against the GPUs that the pods have."""
    said = facts.engine.said
    if not facts.gpus or facts.nodes < 1 or not all(map(facts.known, _SIZES)) or said & set(_BEYOND_THE_POD):
        return
    vendor, found = device_vendor(facts.gpu_resource), facts.accelerator
    # Of these a device may have several cores, each with a process of its own.
    if not facts.engine.complete or built_for(facts.image) == "cpu" or (vendor in ("aws", "google") and found is None):
        return
    there = facts.gpus * (1 if found is None else found.processes)
    asked = 1
    for name in _SIZES:
        asked *= facts.engine.size(name)
    settings = in_force(facts)
    if facts.nodes > 1 and not settings.spans_pods() and asked <= there:
        return
    for problem in found_by(check_gpus, settings, asked=asked, gpus=there, nodes=facts.nodes):
        if problem.severity == "error":
            yield problem
        elif facts.nodes == 1:
            what = problem.what.removeprefix(f"{facts.engine.label('tensor_parallel_size')}: ")
            at = (*facts.container_path, "resources", "limits", facts.gpu_resource)
            yield replace(problem, what=what, rule=book.IDLE_GPUS, at=at)


def device_quantities(facts: ServerFacts) -> Iterator[Problem]:
    """Devices in parts, requested without a limit, or requested in another number."""
    limits, requests = resources(facts.container, "limits"), resources(facts.container, "requests")
    at = (*facts.container_path, "resources")
    for name in (name for name in dict.fromkeys((*limits, *requests)) if "/" in str(name) and device_vendor(str(name))):
        limit, request = checks.quantity_or_none(limits.get(name)), checks.quantity_or_none(requests.get(name))
        for which, number, told in (("limits", limit, limits), ("requests", request, requests)):
            if number is not None and number != number.to_integral_value():
                yield Problem(
                    what=f"{told[name]!r} is not a whole number of devices",
                    rule=book.NOT_A_GPU_COUNT,
                    option=str(name),
                    at=(*at, which, name),
                )
        if name in requests and name not in limits and "gpu" not in facts.supplied:
            yield Problem(
                what="is requested and not limited; the API server refuses the pod",
                rule=book.NOT_A_GPU_COUNT,
                option=str(name),
                at=(*at, "requests", name),
            )
        elif limit is not None and request is not None and limit != request:
            yield Problem(
                what=f"{requests[name]!r} requested and {limits[name]!r} as the limit; they must be equal",
                rule=book.NOT_A_GPU_COUNT,
                option=str(name),
                at=(*at, "requests", name),
            )


def no_gpu(facts: ServerFacts) -> Iterator[Problem]:
    """CUDA's image in a pod that asks for no device in any way."""
    if built_for(facts.image) != "nvidia" or "gpu" in facts.supplied or facts.pod.get("runtimeClassName"):
        return
    asked = [str(name).lower() for which in ("limits", "requests") for name in resources(facts.container, which)]
    others = {*facts.env, *(str(key) for key in _annotations(facts))}
    if (
        any("/" in name for name in asked)
        or facts.pod.get("resourceClaims")
        or (facts.container.get("resources") or {}).get("claims")
        or any("gpu" in key.lower() or "NVIDIA" in key for key in others)
        or (facts.container.get("securityContext") or {}).get("privileged")
        or facts.engine.settings.get("device") == "cpu"
        or "nvidia" in str(facts.pod.get("volumes"))
        or facts.container.get("envFrom")
    ):
        return
    yield Problem(
        what="the image needs a GPU, and the pod asks for none",
        rule=book.NO_GPU,
        severity="warning",
        at=facts.container_path,
    )


def _annotations(facts: ServerFacts) -> Mapping[str, Any]:
    metadata = facts.template.get("metadata")
    found = metadata.get("annotations") if isinstance(metadata, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def visible_devices(facts: ServerFacts) -> Iterator[Problem]:
    """``CUDA_VISIBLE_DEVICES`` that hides what is needed, or names what is not there."""
    value = facts.env.get("CUDA_VISIBLE_DEVICES")
    if value is None or not facts.gpus or facts.nodes != 1:
        return
    indices = [part.strip() for part in value.split(",") if part.strip()]
    if not all(part.isdecimal() for part in indices):
        return
    index = next(i for i, item in enumerate(facts.container["env"]) if item.get("name") == "CUDA_VISIBLE_DEVICES")
    at = (*facts.container_path, "env", index)
    beyond = [part for part in indices if int(part) >= facts.gpus]
    needed = facts.engine.size("tensor_parallel_size") * facts.engine.size("pipeline_parallel_size")
    if beyond:
        yield Problem(
            what=f"{value!r} names device {beyond[0]}, and the container has {facts.gpus}, counted from 0",
            rule=book.VISIBLE_DEVICES_RULE,
            option="CUDA_VISIBLE_DEVICES",
            at=at,
        )
    elif len(indices) < needed and all(map(facts.known, _SIZES)) and not in_force(facts).spans_pods():
        yield Problem(
            what=f"{value!r} shows {len(indices)} of the {needed} GPUs that the parallel sizes ask for",
            rule=book.VISIBLE_DEVICES_RULE,
            option="CUDA_VISIBLE_DEVICES",
            at=at,
        )


def shared_memory(facts: ServerFacts) -> Iterator[Problem]:
    """Several ranks in a pod with the container's own /dev/shm."""
    ranks = facts.engine.size("tensor_parallel_size") * facts.engine.size("pipeline_parallel_size")
    if "shm" in facts.supplied or facts.pod.get("hostIPC") or not facts.gpus or min(ranks, facts.gpus) <= 1:
        return
    mounts = facts.container.get("volumeMounts") or ()
    if any(str(m.get("mountPath")).rstrip("/") in {_SHM, "/dev"} for m in mounts if isinstance(m, Mapping)):
        return
    yield Problem(
        what=f"{min(ranks, facts.gpus)} GPUs share the container's own 64 MiB of /dev/shm",
        rule=book.SHARED_MEMORY,
        at=facts.container_path,
    )


def shared_memory_size(facts: ServerFacts) -> int | None:
    """The size limit of what is mounted at /dev/shm in bytes, 64 MiB where nothing is; None where it is not known."""
    mounts = [m for m in facts.container.get("volumeMounts") or () if isinstance(m, Mapping)]
    mount = next((m for m in mounts if str(m.get("mountPath")).rstrip("/") == _SHM), None)
    if mount is None:
        return None if "shm" in facts.supplied or facts.pod.get("hostIPC") else 64 * 2**20
    volumes = [v for v in facts.pod.get("volumes") or () if isinstance(v, Mapping)]
    volume = next((v for v in volumes if v.get("name") == mount.get("name")), {})
    empty = volume.get("emptyDir")
    size = checks.quantity_or_none(empty.get("sizeLimit")) if isinstance(empty, Mapping) else None
    return None if size is None else int(size)


def offload(facts: ServerFacts) -> Iterator[Problem]:
    """Offloaded KV blocks that /dev/shm has no room for (vllm/v1/kv_offload/cpu/spec.py, releases from 0.27.0 on)."""
    setting, size = _offloaded(facts)
    room = shared_memory_size(facts)
    if size is None or room is None or not _is_known_release(facts) or not facts.engine.version.at_least("0.27.0"):
        return
    if size > room:
        yield Problem(
            what=f"{size / _GIB:.3g} GiB are kept in /dev/shm, which has {room / _GIB:.3g} GiB",
            rule=book.OFFLOAD_IN_SHM,
            option=facts.engine.label(setting),
            at=facts.container_path,
        )


def _offloaded(facts: ServerFacts) -> tuple[str, float | None]:
    """The setting that says how much is offloaded by vLLM itself, and the bytes."""
    size = facts.engine.settings.get("kv_offloading_size")
    if isinstance(size, (int, float)):
        native = facts.engine.settings.get("kv_offloading_backend", "native") == "native"
        return "kv_offloading_size", size * _GIB if native else None
    config = facts.engine.settings.get("kv_transfer_config")
    extra = config.get("kv_connector_extra_config") if isinstance(config, Mapping) else None
    own_connector = isinstance(config, Mapping) and config.get("kv_connector") == "OffloadingConnector"
    told = extra.get("cpu_bytes_to_use") if own_connector and isinstance(extra, Mapping) else None
    return "kv_transfer_config", told if isinstance(told, (int, float)) else None


def _is_known_release(facts: ServerFacts) -> bool:
    """Whether it is known which vLLM it is: another's image may hold an older one."""
    return facts.engine.version.name is not None or (own(facts.image) and floats(facts.image))


def gpu_memory(facts: ServerFacts) -> Iterator[Problem]:
    """A model that its GPUs cannot hold, where both are known."""
    if (
        facts.accelerator is None
        or facts.model is None
        or not facts.gpus
        or facts.nodes < 1
        or not facts.engine.complete
    ):
        return
    if (
        not facts.engine.said <= facts.engine.settings.keys() | {"model", "api_key"}
        or "hf_overrides" in facts.engine.said
    ):
        return
    made = ledger(
        model=facts.model,
        accelerator=facts.accelerator,
        engine=facts.engine.settings,
        gpus=facts.gpus,
        nodes=facts.nodes,
    )
    for line in made.errors:
        if line.resource in {"gpu_memory", "format"}:
            yield Problem(
                what=f"{line.text()}, of {facts.accelerator.name}", rule=book.GPU_MEMORY, at=facts.container_path
            )


def host_memory(facts: ServerFacts) -> Iterator[Problem]:
    """A memory limit that the process is killed at."""
    limit = checks.quantity_or_none(resources(facts.container, "limits").get("memory"))
    at = (*facts.container_path, "resources", "limits", "memory")
    if limit is None:
        return
    offloaded = facts.engine.settings.get("cpu_offload_gb")
    copies = facts.engine.size("tensor_parallel_size") * facts.engine.size("pipeline_parallel_size")
    asked = offloaded * copies * _GIB if isinstance(offloaded, (int, float)) and facts.nodes == 1 else 0
    shown = resources(facts.container, "limits")["memory"]
    if asked >= limit:
        yield Problem(
            what=f"{shown!r} is not more than the {asked / _GIB:g} GiB of weights that are offloaded into it",
            rule=book.HOST_MEMORY,
            option="memory",
            at=at,
        )
    elif limit < _LEAST_MEMORY and facts.gpus:
        yield Problem(
            what=f"{shown!r} is less than vLLM takes of the node's memory before it has read any weights",
            rule=book.HOST_MEMORY,
            option="memory",
            at=at,
        )


def cpu_kv_cache(facts: ServerFacts) -> Iterator[Problem]:
    """The CPU back end without a size for its KV cache."""
    if built_for(facts.image) != "cpu" or facts.container.get("envFrom") or not facts.engine.version.at_least("0.12.0"):
        return
    if not _is_known_release(facts):
        return  # an older one took 4 GiB
    told = {"kv_cache_memory_bytes", "gpu_memory_utilization", "num_gpu_blocks_override", "config"}
    if "VLLM_CPU_KVCACHE_SPACE" in facts.env or facts.engine.said & told or not facts.engine.complete:
        return
    yield Problem(
        what="VLLM_CPU_KVCACHE_SPACE is not set, and vLLM takes its share of the node's memory, not of the container's",
        rule=book.CPU_KV_CACHE,
        severity="warning",
        at=facts.container_path,
    )


def duplicate_variables(facts: ServerFacts) -> Iterator[Problem]:
    """A variable that is there twice."""
    env = [item for item in facts.container.get("env") or () if isinstance(item, Mapping)]
    names = [str(item.get("name")) for item in env]
    for name, count in Counter(names).items():
        if count > 1:
            last = len(names) - 1 - names[::-1].index(name)
            yield Problem(
                what=f"is there {count} times; the last one counts",
                rule=book.DUPLICATE_VARIABLE,
                severity="warning",
                option=name,
                at=(*facts.container_path, "env", last),
            )


def texts(facts: ServerFacts) -> Iterator[Problem]:
    """Numbers and booleans where Kubernetes takes text alone."""
    for field in ("command", "args"):
        items = facts.container.get(field)
        for index, item in enumerate(items if isinstance(items, list) else ()):
            if isinstance(item, (bool, int, float)):
                yield _not_text(item, f"{field}[{index}]", (*facts.container_path, field, index))
    for index, item in enumerate(facts.container.get("env") or ()):
        value = item.get("value") if isinstance(item, Mapping) else None
        if isinstance(value, (bool, int, float)):
            yield _not_text(value, f"env {item.get('name')}", (*facts.container_path, "env", index, "value"))


def _not_text(value: float, option: str, at: tuple[str | int, ...]) -> Problem:
    shown = str(value).lower() if isinstance(value, bool) else str(value)
    kind = "a boolean" if isinstance(value, bool) else "a number"
    return Problem(what=f"{shown} is {kind}, and the API server takes text alone; put it in quotes", rule=book.SCHEMA,
                   option=option, at=at)  # fmt: skip


def floating_tag(facts: ServerFacts) -> Iterator[Problem]:
    """An image of which nobody can say later which it was."""
    image = facts.image
    if not image or not floats(image):
        return
    if own(image) or built_for(image):
        what = f"{image!r} is another vLLM after the next release"
    elif _somebodys(facts):
        what = f"{image!r} is another image after the next push"
    else:
        return
    yield Problem(
        what=what,
        rule=book.FLOATING_TAG,
        severity="warning",
        option="image",
        at=(*facts.container_path, "image"),
    )


def _somebodys(facts: ServerFacts) -> bool:
    """Whether the image is one that is pulled: no placeholder, and not loaded into the node by hand."""
    name = repository(facts.image)
    loaded = facts.container.get("imagePullPolicy") == "Never" or name.startswith("localhost/")
    return name == name.lower() and not loaded and not is_placeholder(facts.image)


CHECKS = (
    gpu_counts,
    device_quantities,
    no_gpu,
    visible_devices,
    shared_memory,
    offload,
    gpu_memory,
    host_memory,
    cpu_kv_cache,
    duplicate_variables,
    floating_tag,
    texts,
)
