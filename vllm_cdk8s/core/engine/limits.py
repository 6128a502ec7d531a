"""What vLLM's own source says of values: bounds of numbers and the names in its registries, release by release.

``limits.json`` is written by ``make catalogue``. A bound that vLLM states in a later release only is held for the
earlier ones too: it has never run below it, it merely failed later.
"""

from __future__ import annotations

from collections.abc import Mapping
from difflib import SequenceMatcher, get_close_matches
from typing import TYPE_CHECKING, Any

from vllm_cdk8s.core.data import generated
from vllm_cdk8s.core.engine.catalogue import fact_at, said
from vllm_cdk8s.core.engine.consistency import SIZES
from vllm_cdk8s.core.engine.options import near
from vllm_cdk8s.core.errors import Collector, InvalidOptionError, warn
from vllm_cdk8s.core.regex import regex
from vllm_cdk8s.core.rules.book import ENGINE_VALUE
from vllm_cdk8s.core.showing import shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vllm_cdk8s.core.engine.catalogue import Release
    from vllm_cdk8s.core.engine.consistency import Settings
    from vllm_cdk8s.core.engine.naming import Finding

_PORT = {"ge": 0, "le": 65535}
# What no field of a configuration says, since something else than vLLM refuses it.
_BEYOND: dict[str, dict[str, Any]] = {
    "seed": {"ge": 0, "le": 2**32 - 1},  # numpy.random.seed
    "ssl_cert_reqs": {"ge": 0, "le": 2},  # ssl.VerifyMode
    "block_size": {"gt": 0},
    "master_port": _PORT,
    "data_parallel_rpc_port": _PORT,
    "data_parallel_supervisor_port": _PORT,
    "data_parallel_start_rank": {"ge": 0},
    "api_server_count": {"ge": 0},
    "shutdown_timeout": {"ge": 0},
    "kv_cache_memory_bytes": {"ge": 0},
    "num_gpu_blocks_override": {"ge": 0},
    "max_cpu_loras": {"ge": 1},
    "cp_kv_cache_interleave_size": {"ge": 1},
    "dcp_kv_cache_interleave_size": {"ge": 1},
    "distributed_timeout_seconds": {"ge": 1},
    "cpu_distributed_timeout_seconds": {"ge": 1},
    "h11_max_incomplete_event_size": {"ge": 1},
    "h11_max_header_count": {"ge": 1},
    "cudagraph_capture_sizes": {"ge": 1},
    "max_cudagraph_capture_size": {"ge": 0},
    "num_redundant_experts": {"ge": 0},
    "swap_space": {"ge": 0},
}
_BEYOND_KEYS = {("compilation_config", "level"): {"ge": 0, "le": 3}}
# These have a message, or a meaning of numbers below zero, of their own.
_ELSEWHERE = {"gpu_memory_utilization", "max_model_len", *SIZES, "data_parallel_size_local", "nnodes"}
# What switches the loading of names that vLLM does not have itself on.
_PLUGINS = {
    "tool_call_parser": ("tool_parser_plugin",),
    "reasoning_parser": ("reasoning_parser_plugin",),
}
# An installed package may add to these without being named on the command line (entry points).
_OPEN = {"quantization", "load_format", "distributed_executor_backend", "tokenizer_mode", "config_format"}
_MISSPELT = 0.85
_DIGITS = regex(r"\d+")
# What left vLLM for a package that the image may hold: vllm-project/vllm#43529 (0.28.0) and #39583 (0.24.0).
_WENT_TO = {"bitsandbytes": "vllm-bnb-plugin", "gguf": "vllm-gguf-plugin"}


def check_bounds(settings: Settings, release: Release) -> None:
    """Numbers outside the bounds that vLLM's configuration sets.

    Raises:
        InvalidOptionError: one is out of range.
    """
    with Collector() as found:
        level = settings["optimization_level"]
        if level is not None and str(level).removeprefix("O") not in {"0", "1", "2", "3"}:
            what, option = f"{level!r} is not one of 0, 1, 2, 3, O0, O1, O2, O3", settings.label("optimization_level")
            found.note(InvalidOptionError(what, option=option, rule=ENGINE_VALUE))
        for name, value in settings.values.items():
            if name in _ELSEWHERE or isinstance(value, (str, bool)):
                continue
            label = settings.label(name)
            if isinstance(value, Mapping):
                for path, item in _leaves(value):
                    limits = _bound(generated("limits")["keys"].get(name, {}).get(path), release.index)
                    found.attempt(_within, f"{label}.{path}", limits or _BEYOND_KEYS.get((name, path)), item)
                continue
            limits = bounds(name, release)
            for item in value if isinstance(value, list) else [value]:
                found.attempt(_within, label, limits, item)


def bounds(name: str, release: Release) -> Mapping[str, Any] | None:
    """The bounds of a numeric option: ``ge``, ``gt``, ``le`` and ``lt``, as far as there are any."""
    return _bound(generated("limits")["bounds"].get(name), release.index) or _BEYOND.get(name)


def _leaves(value: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, item in value.items():
        if isinstance(item, Mapping):
            yield from _leaves(item, f"{prefix}{key}.")
        else:
            yield prefix + key, item


def _bound(runs: Sequence[list[Any]] | None, index: int) -> Mapping[str, Any] | None:
    if not runs:
        return None
    return fact_at(runs, index) or next((facts for first, _, facts in runs if first > index), None)


def _within(label: str, bound: Mapping[str, Any] | None, value: Any) -> None:
    if not bound or isinstance(value, bool) or not isinstance(value, (int, float)):
        return
    low, above, high, below = (bound.get(key) for key in ("ge", "gt", "le", "lt"))
    if (
        (low is not None and value < low)
        or (above is not None and value <= above)
        or (high is not None and value > high)
        or (below is not None and value >= below)
    ):
        words = [
            f"{word} {limit}"
            for word, limit in (("at least", low), ("above", above), ("at most", high), ("below", below))
            if limit is not None
        ]
        raise InvalidOptionError(
            f"{shown(value)} is out of range; allowed: {' and '.join(words)}", option=label, rule=ENGINE_VALUE
        )


def check_names(settings: Settings, release: Release, finding: Finding) -> None:
    """Values that must be names in a registry of vLLM's, where plug-ins may or may not add to it.

    A misspelt name is an error. What is like none of the names is one too where nothing can add to them, else a
    warning.

    Raises:
        InvalidOptionError: vLLM does not have such a name.
    """
    with Collector() as found:
        for name, value in settings.values.items():
            spec = release.option(name)
            known = registered(name, release) or (spec.values if spec is not None else [])
            plugged = any(settings[option] for option in _PLUGINS.get(name, ()))
            if known and not plugged:
                for item in value if isinstance(value, list) else [value]:
                    found.attempt(_named, settings.label(name), name, item, known, release, finding)
        transfer = settings["kv_transfer_config"]
        if isinstance(transfer, Mapping) and not transfer.get("kv_connector_module_path"):
            path = "kv_transfer_config.kv_connector"
            label = f"{settings.label('kv_transfer_config')}.kv_connector"
            connector = transfer.get("kv_connector")
            found.attempt(_named, label, path, connector, registered(path, release), release, finding)


def registered(name: str, release: Release) -> list[str]:
    """The names that a release has for an option, or for a configuration's key; empty where it keeps no registry."""
    return [value for value, runs in generated("limits")["names"].get(name, {}).items() if fact_at(runs, release.index)]


def _named(label: str, name: str, value: Any, known: Sequence[str], release: Release, finding: Finding) -> None:
    if not isinstance(value, str) or not value or not known or value in known or "." in value:
        return  # with a dot it is the path of a class
    folds = name == "attention_backend"
    if value == "None" or (folds and value.upper() in known):
        return
    runs = generated("limits")["names"].get(name, {}).get(value)
    if runs:
        plugin = _WENT_TO.get(value) if runs[-1][1] < release.index else None
        message = f"{shown(value)} is not in vLLM {release.name}, but in {said(runs, generated('limits')['versions'])}"
        if plugin:
            warn(f"{message}; it needs the package {plugin} in the image", option=label, rule=ENGINE_VALUE)
        else:
            finding(InvalidOptionError(message, option=label, rule=ENGINE_VALUE))
        return
    error = InvalidOptionError(
        f"{shown(value)} is not a value that vLLM {release.name} itself knows"
        + (near(value, known) or f"; allowed: {', '.join(known)}"),
        option=label,
        rule=ENGINE_VALUE,
    )
    if misspelt(value, known):
        raise error
    if name in _OPEN:
        problem = error.problems[0]
        warn(f"{problem.what}; a plug-in may", option=problem.option, rule=ENGINE_VALUE)
    else:
        finding(error)


def misspelt(value: str, known: Sequence[str]) -> bool:
    """Whether a name is one of those known with a slip; one that differs in digits only may be a newer one."""
    folded = {name.lower().replace("-", "_"): name for name in known}
    text = value.lower().replace("-", "_")
    if text in folded:
        return True
    for match in get_close_matches(text, folded, n=3, cutoff=_MISSPELT):
        if _DIGITS.sub("", match) != _DIGITS.sub("", text):
            return SequenceMatcher(None, text, match).ratio() >= _MISSPELT
    return False
