"""What a server's model needs, held against what the server has: the ledger, and what of it is wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from vllm_cdk8s.core.engine.version import version_key
from vllm_cdk8s.core.errors import Problem, mention
from vllm_cdk8s.core.kube import checks
from vllm_cdk8s.core.models.accelerators import (
    accelerator,
    accelerator_of_labels,
    largest_memory,
    mig_profile,
    partition,
)
from vllm_cdk8s.core.models.facts import known_model
from vllm_cdk8s.core.models.ledger import VISIBLE_DEVICES, ledger, shown
from vllm_cdk8s.core.models.recommended import DEFAULT_CLAIM_GIB
from vllm_cdk8s.core.pod.health import DEFAULT_STARTUP_SECONDS
from vllm_cdk8s.core.rules.book import (
    CLAIM_TOO_SMALL,
    ENGINE_CONFLICT,
    GPU_MEMORY,
    GPU_MEMORY_TIGHT,
    HOST_MEMORY,
    SHORT_CONTEXT,
    STARTUP_BUDGET,
    VISIBLE_DEVICES_RULE,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vllm_cdk8s.core.models.accelerators import Accelerator
    from vllm_cdk8s.core.models.ledger import Ledger, Line
    from vllm_cdk8s.core.models.shape import ModelFacts
    from vllm_cdk8s.core.server.pod import ServerPod

_GIB = 2**30
_STARTUP_STEP = 300
# A default context is worth a word only where several such sequences would fit.
_MUCH_ROOM = 4


class ModelNeeds(Struct, frozen=True, kw_only=True):
    """What a known model needs where nobody says otherwise: never less than the defaults.

    Attributes:
        claim_size: the size of a claim of its own, as a quantity.
        startup_seconds: the start-up budget.
    """

    claim_size: str = f"{DEFAULT_CLAIM_GIB}Gi"
    startup_seconds: int = DEFAULT_STARTUP_SECONDS


@lru_cache
def model_needs(model: str) -> ModelNeeds:
    """The needs of a model; the defaults where it is not known."""
    facts = known_model(model)
    if facts is None:
        return ModelNeeds()
    found = ledger(model=facts, startup_seconds=1)
    claim = max(DEFAULT_CLAIM_GIB * _GIB, found.claim_bytes or 0)
    startup = max(DEFAULT_STARTUP_SECONDS, found.startup_seconds or 0, *map(_budget, found.lines))
    return ModelNeeds(claim_size=f"{claim // _GIB}Gi", startup_seconds=startup)


def _budget(line: Line) -> int:
    """The seconds of a row about time, in whole steps; 0 of any other row."""
    return -(-(line.needs or 0) // _STARTUP_STEP) * _STARTUP_STEP if line.resource == "time" else 0


def server_ledger(pod: ServerPod, *, model: str, nodes: int, device: Accelerator | None) -> Ledger:
    """The ledger of a server.

    Args:
        pod: everything that its pod template is made of.
        model: its model.
        nodes: the pods that make up one server.
        device: the accelerator that its options name.
    """
    version = pod.engine.version.name
    limit, request = (_bytes(each.get("memory")) for each in (pod.resources.limits, pod.resources.requests))
    variables = {name: value for name, value in pod.env.items() if name in VISIBLE_DEVICES and isinstance(value, str)}
    draft = pod.engine.settings.get("speculative_config")
    drafts = [known_model(str(draft["model"]))] if isinstance(draft, dict) and draft.get("model") else []
    return ledger(
        model=_facts(model, pod.engine.settings),
        accelerator=_of_process(device),
        engine={**pod.engine.settings, **_offloaded(pod.engine.settings)},
        version=None if version is None else version_key(version)[:3],
        gpus=pod.gpus,
        nodes=nodes,
        drafts=drafts,
        memory_limit=limit,
        memory_request=request,
        claim_bytes=_bytes(pod.storage.size),
        startup_seconds=pod.health.startup_seconds or None,
        downloaded_before="download" in pod.options or not pod.storage.fresh,
        env=variables,
    )


def _offloaded(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The memory that a connector is told to take, which is what ``kv_offloading_size`` says in GiB."""
    transfer = settings.get("kv_transfer_config")
    extra = transfer.get("kv_connector_extra_config") if isinstance(transfer, Mapping) else None
    taken = extra.get("cpu_bytes_to_use") if isinstance(extra, Mapping) else None
    if not isinstance(taken, int) or isinstance(taken, bool) or "kv_offloading_size" in settings:
        return {}
    return {"kv_offloading_size": taken / _GIB}


def _of_process(found: Accelerator | None) -> Accelerator | None:
    return None if found is None else found.of_process


def server_accelerator(given: Mapping[str, Any]) -> Accelerator | None:
    """The kind of GPU, as ``gpu``, the node selector or the required node affinity says it."""
    if not (given.get("gpu") or given.get("node_selector") or given.get("affinity")):
        return None
    selector = given.get("node_selector") or {}
    labels = _affinity_labels(given.get("affinity")) | {
        key: value for key, value in selector.items() if isinstance(value, str)
    }
    found = accelerator(given["gpu"]) if given.get("gpu") is not None else accelerator_of_labels(labels)
    profile = mig_profile(str(given.get("gpu_resource", "")))
    if found is None or profile is None or found.partition is not None:
        return found if profile is None else None
    return partition(found, profile, option="gpu_resource")


def _affinity_labels(affinity: object) -> dict[str, Any]:
    """The labels that a required node affinity asks for: of each, all values that any of its terms allows."""
    step = affinity
    for name in ("nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution", "nodeSelectorTerms"):
        step = step.get(name) if isinstance(step, Mapping) else None
    terms: list[dict[str, list[str]]] = []
    for term in step if isinstance(step, Sequence) and not isinstance(step, str) else ():
        expressions = term.get("matchExpressions") if isinstance(term, Mapping) else None
        labels: dict[str, list[str]] = {}
        for each in expressions if isinstance(expressions, Sequence) else ():
            values = each.get("values") if isinstance(each, Mapping) and each.get("operator") == "In" else None
            if isinstance(values, Sequence) and all(isinstance(value, str) for value in values):
                labels[str(each.get("key"))] = list(values)
        terms.append(labels)
    shared = set.intersection(*map(set, terms)) if terms else set()
    return {key: [value for term in terms for value in term[key]] for key in shared}


def _facts(model: str, settings: Mapping[str, Any]) -> ModelFacts | None:
    # What the user changes of the model's own configuration is not in the facts any more.
    changed = settings.keys() & {"hf_overrides", "hf_config_path", "model_class_overrides"}
    return None if changed else known_model(model)


def _bytes(quantity: object) -> int | None:
    number = checks.quantity_or_none(quantity)
    return None if number is None else int(number)


def ledger_problems(
    found: Ledger, pod: ServerPod, *, model: str, own_sizes: bool, device: Accelerator | None
) -> Iterator[Problem]:
    """What of a ledger cannot work, or may not.

    Args:
        found: the ledger.
        pod: everything that the server's pod template is made of.
        model: the server's model.
        own_sizes: whether its user said the size of the claim, rather than that a default stands for it.
        device: the accelerator that the options name, for how many of them would do.
    """
    for line in found.lines:
        counted_elsewhere = line.resource == "gpus" and line.option not in VISIBLE_DEVICES
        if line.verdict in ("too_little", "tight") and not counted_elsewhere:
            enough = None
            if line.resource == "gpu_memory" and line.verdict == "too_little":
                enough = _enough_gpus(pod, model, device)
            yield _problem(line, found, model, own_sizes=own_sizes, enough=enough)
    yield from _more_than_any(found, pod, model)
    yield from _short_context(found, pod, model)


def _enough_gpus(pod: ServerPod, model: str, device: Accelerator | None) -> int | None:
    """The fewest GPUs of a node that hold a model, where their number decides on the tensor parallel size."""
    settings, facts = pod.engine.settings, known_model(model)
    sizes = ("tensor_parallel_size", "pipeline_parallel_size", "data_parallel_size")
    said = [name for name in sizes if name in settings and name not in pod.engine.defaulted and settings[name] != 1]
    if said or pod.gpus is None or facts is None:
        return None
    for gpus in (2, 4, 8):
        heads = facts.attention_heads
        if gpus <= pod.gpus or (heads and heads % gpus):
            continue
        more = {**settings, "tensor_parallel_size": gpus}
        found = ledger(model=_facts(model, settings), accelerator=device, engine=more, gpus=gpus)
        if all(line.verdict == "fits" for line in found.lines if line.resource == "gpu_memory"):
            return gpus
    return None


def _more_than_any(found: Ledger, pod: ServerPod, model: str) -> Iterator[Problem]:
    """What no GPU of today can hold needs no word on which GPU it is."""
    weights, largest = found.weight_bytes_per_gpu, largest_memory()
    offloads = bool(pod.engine.settings.get("cpu_offload_gb"))
    if pod.gpus and weights is not None and found.budget_bytes_per_gpu is None and weights > largest and not offloads:
        yield Problem(
            what=f"the weights of {model!r} are {shown(weights, 'bytes')} on each of {pod.gpus}, and the largest GPU "
            f"has {shown(largest, 'bytes')}; use more GPUs, or fewer bits per weight",
            rule=GPU_MEMORY,
            option="gpus",
        )


def _short_context(found: Ledger, pod: ServerPod, model: str) -> Iterator[Problem]:
    facts, settings = known_model(model), pod.engine
    length, limit, tokens = settings.max_model_len, None, found.kv_cache_tokens
    if facts is not None:
        limit = facts.max_position_embeddings
    if "max_model_len" in settings.defaulted and length and limit and tokens and limit > length:
        longest = min(limit, tokens)
        if longest >= _MUCH_ROOM * length:
            yield Problem(
                what=f"{length} by default, while {model!r} has {limit} positions and there is room for {tokens:,} "
                f"tokens; say {mention(f'max_model_len={longest}')}",
                rule=SHORT_CONTEXT,
                severity="warning",
                option="max_model_len",
            )


def _problem(line: Line, found: Ledger, model: str, *, own_sizes: bool, enough: int | None) -> Problem:
    certain = line.verdict == "too_little"
    needs, has = shown(line.needs, line.unit), shown(line.has, line.unit)
    if line.resource == "gpu_memory":
        return Problem(
            what=f"{model!r} needs {needs} on each GPU, which has {has} for it ({line.source}); "
            + ("use more or" if enough is None else f"say {mention(f'gpus={enough}')}, or use")
            + " larger GPUs, fewer bits per weight, or a shorter context",
            rule=GPU_MEMORY if certain else GPU_MEMORY_TIGHT,
            severity="error" if certain else "warning",
            option="gpus",
        )
    if line.resource == "disk":
        size = "" if found.claim_bytes is None else f"; say {mention(f'size={found.claim_bytes // _GIB}Gi')}"
        return Problem(
            what=f"{has} are too little for the {needs} of {model!r}{size}" if certain else
            f"{has} leave no room for caches beside the {needs} of {model!r}{size}",
            rule=CLAIM_TOO_SMALL,
            severity="error" if certain and own_sizes else "warning",
            option="size",
        )  # fmt: skip
    if line.resource == "time":
        budget = max(found.startup_seconds or 0, _budget(line))
        return Problem(
            what=f"{has} are less than the {needs} that {model!r} may take to start ({line.source}); say "
            f"{mention(f'max_startup_seconds={budget}')}",
            rule=STARTUP_BUDGET,
            severity="warning",
            option="max_startup_seconds",
        )
    if line.resource == "host_memory":
        memory = f"resources.limits['memory']={-(-(line.needs or 0) // _GIB)}Gi"
        return Problem(
            what=f"{has} are less than the {needs} that the container needs ({line.source}); say {mention(memory)}",
            rule=HOST_MEMORY,
            severity="error" if certain else "warning",
            option="resources.limits['memory']",
        )
    if line.resource == "gpus":
        return Problem(
            what=f"leaves {has} visible, and the parallel sizes ask for {needs}; leave it to the device plugin",
            rule=VISIBLE_DEVICES_RULE,
            option=f"env[{line.option!r}]",
        )
    return Problem(
        what=f"{line.what} ({line.source})",
        rule=ENGINE_CONFLICT,
        severity="error" if certain else "warning",
        option=line.option,
    )
