"""vLLM's command line: what the user set, what the defaults add, and the argv that says both."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from vllm_cdk8s import checks
from vllm_cdk8s.engine.version import EngineVersion, said_version
from vllm_cdk8s.errors import ConflictError, InvalidOptionError, warn

if TYPE_CHECKING:
    from vllm_cdk8s.engine.args import EngineArgs

_DEFAULT_GPU_MEMORY_UTILIZATION = 0.9
_DEFAULT_MAX_MODEL_LEN = 2048
_DEFAULT_CUDAGRAPH_MODE = "FULL_AND_PIECEWISE"
_KEYWORDS = {"model": "model=", "host": "host=", "port": "port="}
_SECRETS = {"api_key": "api_key=", "hf_token": "hf_token="}
_SHORT = {"-tp": "tensor_parallel_size", "-pp": "pipeline_parallel_size", "-dp": "data_parallel_size"}
_HUMAN = re.compile(r"(?P<number>\d+(\.\d+)?)(?P<unit>[kmgtKMGT])")
_PARALLEL = (
    "tensor_parallel_size",
    "pipeline_parallel_size",
    "data_parallel_size",
    "data_parallel_size_local",
    "prefill_context_parallel_size",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class EngineCommand:
    """A checked command line of ``vllm serve``.

    Attributes:
        args: what follows ``vllm serve``: the model, then one item per option (a list takes several).
        version: the vLLM that it was written for.
        settings: every setting in force by its canonical name, whoever set it: the user, typed or raw, or a default.
        tensor_parallel_size: GPUs over which each layer is split.
        pipeline_parallel_size: groups of GPUs over which the layers are split.
        data_parallel_size: copies of the model behind one server.
        data_parallel_size_local: how many of those copies run in one pod.
        served_model_name: the name in requests' ``model`` and in the ``model_name`` label of metrics.
    """

    args: tuple[str, ...]
    version: EngineVersion
    settings: Mapping[str, Any] = field(repr=False)
    tensor_parallel_size: int
    pipeline_parallel_size: int
    data_parallel_size: int
    data_parallel_size_local: int
    served_model_name: str
    nodes: int = 1

    @property
    def gpus_in_all(self) -> int:
        """GPUs that the parallel sizes ask for over all pods of this server."""
        copies = self.data_parallel_size_local if self.nodes == 1 else self.data_parallel_size
        context: int = self.settings.get("prefill_context_parallel_size") or 1
        return self.tensor_parallel_size * self.pipeline_parallel_size * context * copies

    @property
    def gpus_per_pod(self) -> int:
        """GPUs that the parallel sizes ask of each pod."""
        return math.ceil(self.gpus_in_all / self.nodes)

    @property
    def gpu_memory_utilization(self) -> float | None:
        """The share of each GPU's memory that vLLM takes, or None where its own default rules."""
        value = self.settings.get("gpu_memory_utilization")
        return None if value is None else float(value)

    @property
    def max_model_len(self) -> int | None:
        """The longest context in tokens, or None where the model's own limit, or what fits, rules."""
        return _tokens(self.settings.get("max_model_len"))

    @property
    def shutdown_timeout(self) -> int:
        """Seconds that running requests get at shutdown; vLLM's own default is none."""
        return int(self.settings.get("shutdown_timeout") or 0)


def engine_command(
    *,
    model: str,
    host: str = "0.0.0.0",  # noqa: S104 - a server in a pod is reached from outside it
    port: int = 8000,
    engine_args: EngineArgs | None = None,
    extra_args: Sequence[str] = (),
    unchecked_args: Sequence[str] = (),
    image: str = "vllm/vllm-openai:latest",
    engine_version: str | None = None,
    gpus: int | None = None,
    nodes: int = 1,
) -> EngineCommand:
    """Check vLLM's settings and write its command line.

    Args:
        model: a model of the Hugging Face hub, or a path in the container.
        host: the address to listen on.
        port: the port to listen on.
        engine_args: settings by vLLM's names in snake_case; None as a value takes a default of this package away.
        extra_args: settings as raw arguments, checked like ``engine_args``.
        unchecked_args: raw arguments that are passed on as they are, at the end.
        image: the container image, whose tag says the version.
        engine_version: the version of vLLM in an image whose tag does not say it.
        gpus: GPUs of one pod, or None where nothing is known about them.
        nodes: pods that make up one server.

    Raises:
        InvalidOptionError: an option is unknown, has a wrong value, or is a literal secret.
        ConflictError: options contradict each other or ask for more GPUs than there are.
    """
    checks.text("model", model)
    if model.startswith("-"):
        raise InvalidOptionError(f"{model!r} begins with '-', so vLLM would read it as an option", option="model")
    checks.text("host", host)
    checks.port("port", port)
    checks.integer("nodes", nodes, minimum=1)
    if gpus is not None:
        checks.integer("gpus", gpus, minimum=0)
    name = said_version(image, engine_version)
    version = EngineVersion(name=name, known=name is not None)
    typed = _typed(engine_args)
    raw = _raw("extra_args", extra_args)
    unchecked = _raw("unchecked_args", unchecked_args)
    for setting in typed.keys() & raw.keys():
        raise ConflictError(f"{setting!r} is given in engine_args too; say it once", option="extra_args")

    rendered = {setting: value for setting, value in typed.items() if value is not None}
    said = {**typed, **raw, **unchecked}
    _add_defaults(rendered, said, model=model, version=version, gpus=gpus, nodes=nodes)
    settings = {"model": model, "host": host, "port": port, **rendered, **raw, **unchecked}
    sizes = _parallel_sizes(settings)
    copies = sizes["data_parallel_size"]
    local = sizes.get("data_parallel_size_local") or (copies if nodes == 1 else max(1, copies // nodes))
    command = EngineCommand(
        args=(
            model,
            f"--host={host}",
            f"--port={port}",
            *(item for setting, value in rendered.items() for item in _render(setting, value)),
            *extra_args,
            *unchecked_args,
        ),
        version=version,
        settings=MappingProxyType(settings),
        tensor_parallel_size=sizes["tensor_parallel_size"],
        pipeline_parallel_size=sizes["pipeline_parallel_size"],
        data_parallel_size=copies,
        data_parallel_size_local=local,
        served_model_name=_served_name(settings, model),
        nodes=nodes,
    )
    _check_gpus(command, gpus)
    return command


def _typed(engine_args: EngineArgs | None) -> dict[str, Any]:
    if engine_args is None:
        return {}
    if not isinstance(engine_args, Mapping):
        raise InvalidOptionError(
            f"{engine_args!r} is not a mapping; allowed: names of vLLM's options to their values", option="engine_args"
        )
    result: dict[str, Any] = {}
    for name, value in engine_args.items():
        checks.text("engine_args", name)
        _refuse_reserved(name, name, value)
        result[name] = value
    utilization = result.get("gpu_memory_utilization")
    if utilization is not None:
        _share("gpu_memory_utilization", utilization)
    if "async_scheduling" in result and result["async_scheduling"] is not None:
        checks.boolean("async_scheduling", result["async_scheduling"])
    for name in _PARALLEL:
        if result.get(name) is not None:
            checks.integer(name, result[name], minimum=1)
    return result


def _refuse_reserved(option: str, name: str, value: object) -> None:
    if name in _KEYWORDS:
        raise InvalidOptionError(f"is no engine argument here; use the keyword {_KEYWORDS[name]}", option=option)
    if name in _SECRETS and not isinstance(value, bool) and value is not None:
        raise InvalidOptionError(
            f"a literal secret would be readable in the manifest; use {_SECRETS[name]} with a reference to a Secret",
            option=option,
        )


def _raw(option: str, items: Sequence[str]) -> dict[str, Any]:
    """What raw arguments set, by canonical name."""
    if isinstance(items, (str, bytes)) or not isinstance(items, Sequence):
        raise InvalidOptionError(
            "is one string, not a list; allowed: one item per argument, such as ['--enforce-eager', '--seed=1']",
            option=option,
        )
    result: dict[str, Any] = {}
    name = None
    for index, item in enumerate(items):
        if not isinstance(item, str):
            raise InvalidOptionError(f"{item!r} is not a string", option=f"{option}[{index}]")
        if item.startswith("--") or item.partition("=")[0] in _SHORT:
            key, equals, value = item.partition("=")
            name = _SHORT.get(key) or key[2:].replace("-", "_")
            if name.startswith("no_"):
                name, value, equals = name[3:], "false", "="
            _refuse_reserved(f"{option}[{index}]", name, "literal")
            result[name] = _literal(value) if equals else True
        elif name is not None:
            result[name] = _literal(item)
    return result


def _literal(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _add_defaults(
    rendered: dict[str, Any],
    said: Mapping[str, Any],
    *,
    model: str,
    version: EngineVersion,
    gpus: int | None,
    nodes: int,
) -> None:
    if "gpu_memory_utilization" not in said:
        rendered["gpu_memory_utilization"] = _DEFAULT_GPU_MEMORY_UTILIZATION
    limit = _model_limit(model)
    if "max_model_len" not in said:
        rendered["max_model_len"] = min(_DEFAULT_MAX_MODEL_LEN, limit or _DEFAULT_MAX_MODEL_LEN)
    elif limit is not None and (_tokens(said["max_model_len"]) or 0) > limit:
        warn(
            f"max_model_len: {said['max_model_len']!r} is more than the {limit} positions of {model!r}; vLLM refuses "
            "to start unless VLLM_ALLOW_LONG_MAX_MODEL_LEN=1 is in its environment"
        )
    if version.at_least("0.10.1.1"):
        config = said.get("compilation_config", {})
        if isinstance(config, Mapping) and "cudagraph_mode" not in config and "compilation_config" not in said:
            rendered["compilation_config"] = {"cudagraph_mode": _DEFAULT_CUDAGRAPH_MODE}
        elif isinstance(config, Mapping) and "compilation_config" in rendered and "cudagraph_mode" not in config:
            rendered["compilation_config"] = {**config, "cudagraph_mode": _DEFAULT_CUDAGRAPH_MODE}
    if gpus is not None and gpus > 1 and "tensor_parallel_size" not in said:
        sizes = _parallel_sizes(said)
        if nodes > 1 and not said.keys() & {"pipeline_parallel_size", "data_parallel_size"}:
            sizes["pipeline_parallel_size"] = rendered["pipeline_parallel_size"] = nodes
        copies = sizes["data_parallel_size"]
        if nodes == 1:
            copies = sizes.get("data_parallel_size_local") or copies
        share = gpus * nodes // (sizes["pipeline_parallel_size"] * copies)
        rendered["tensor_parallel_size"] = max(1, min(gpus, share))


def _model_limit(model: str) -> int | None:
    from importlib import import_module  # noqa: PLC0415 - only needed here

    try:
        sizing = import_module("vllm_cdk8s.sizing")
    except ModuleNotFoundError:
        return None
    facts = sizing.known_model(model)
    limit: int | None = facts.max_position_embeddings if facts else None
    return limit


def _parallel_sizes(settings: Mapping[str, Any]) -> dict[str, int]:
    sizes = {"tensor_parallel_size": 1, "pipeline_parallel_size": 1, "data_parallel_size": 1}
    for name in _PARALLEL:
        if settings.get(name) is not None:
            sizes[name] = checks.integer(name, settings[name], minimum=1)
    return sizes


def _check_gpus(command: EngineCommand, gpus: int | None) -> None:
    if not gpus:
        return
    there, asked = gpus * command.nodes, command.gpus_in_all
    product = (
        f"tensor x pipeline x data parallel ({command.tensor_parallel_size} x {command.pipeline_parallel_size} x "
        f"{asked // (command.tensor_parallel_size * command.pipeline_parallel_size)}) asks for {asked} GPUs"
    )
    has = f"the server has {there}"
    if asked > there:
        raise ConflictError(f"{product}, and {has}; lower the sizes or raise gpus=", option="tensor_parallel_size")
    if asked < there:
        warn(f"tensor_parallel_size: {product}, and {has}; {there - asked} of them stay idle")


def _share(option: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise InvalidOptionError(f"{value!r} is not a number; allowed: more than 0, at most 1", option=option)
    if not 0 < value <= 1:
        raise InvalidOptionError(f"{value!r} is not between 0 and 1", option=option)
    return float(value)


def _tokens(value: object) -> int | None:
    """Tokens as vLLM reads them: ``32k`` is 32,000, ``32K`` is 32,768, -1 and ``auto`` are no fixed number."""
    if isinstance(value, str) and (match := _HUMAN.fullmatch(value.strip())):
        power = "kmgt".index(match["unit"].lower()) + 1
        return int(float(match["number"]) * (1000 if match["unit"].islower() else 1024) ** power)
    if isinstance(value, str) and value.strip().isdecimal():
        return int(value)
    return value if isinstance(value, int) and value > 0 else None


def _served_name(settings: Mapping[str, Any], model: str) -> str:
    names = settings.get("served_model_name")
    if isinstance(names, (list, tuple)):
        names = names[0] if names else None
    return str(names) if names else model


def _render(name: str, value: Any) -> list[str]:
    flag = "--" + name.replace("_", "-")
    if isinstance(value, bool):
        return [flag if value else "--no-" + flag[2:]]
    if isinstance(value, Mapping):
        return [f"{flag}={json.dumps(checks.plain(name, value), separators=(',', ':'), ensure_ascii=False)}"]
    if isinstance(value, (list, tuple)):
        return [flag, *(str(item) for item in value)]
    return [f"{flag}={value}"]
