"""vLLM's command line: what the user set, what the defaults add, and the argv that says both."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from vllm_cdk8s.core.engine import catalogue, raw
from vllm_cdk8s.core.engine.consistency import (
    Settings,
    check_features,
    check_gpus,
    check_model,
    check_ranges,
)
from vllm_cdk8s.core.engine.contents import check_contents
from vllm_cdk8s.core.engine.limits import check_bounds, check_names
from vllm_cdk8s.core.engine.literal_secrets import refuse_secret
from vllm_cdk8s.core.engine.naming import flagged, gone, naming_flags, unknown
from vllm_cdk8s.core.engine.options import checked, json_data, rendered, rendered_unknown, tokens
from vllm_cdk8s.core.engine.serving import check_host, check_model_name, check_serving
from vllm_cdk8s.core.engine.streaming import check_streaming
from vllm_cdk8s.core.engine.version import EngineVersion, said_version
from vllm_cdk8s.core.errors import Collector, ConflictError, InvalidOptionError, mention, ruled, warn
from vllm_cdk8s.core.kube import checks
from vllm_cdk8s.core.kube.text import check_text
from vllm_cdk8s.core.models.facts import known_model
from vllm_cdk8s.core.rules.book import ENGINE_CONFLICT, ENGINE_VALUE
from vllm_cdk8s.core.showing import shown

if TYPE_CHECKING:
    from vllm_cdk8s.core.engine.args import EngineArgs
    from vllm_cdk8s.core.engine.naming import Finding

_DEFAULT_GPU_MEMORY_UTILIZATION = 0.9
_DEFAULT_MAX_MODEL_LEN = 2048
_DEFAULT_CUDAGRAPH_MODE = "FULL_AND_PIECEWISE"
_OURS = ("gpu_memory_utilization", "max_model_len", "compilation_config", "tensor_parallel_size")
_KEYWORDS = ("model", "host", "port")
# Each of these says what becomes of CUDA graphs, so a default must not say otherwise.
_DECIDES_GRAPHS = {"use_cudagraph", "full_cuda_graph", "cudagraph_mode"}
_NO_COMPILATION = (0, "0", "NONE", "none")


class EngineCommand(Struct, frozen=True, kw_only=True):
    """A checked command line of ``vllm serve``.

    Attributes:
        args: what follows ``vllm serve``: the model, then one item per option (a list takes several).
        version: the vLLM that it was written for.
        settings: every setting in force by its canonical name, whoever set it: the user, typed or raw, or a default
            of this package.
        tensor_parallel_size: GPUs over which each layer is split.
        pipeline_parallel_size: groups of GPUs over which the layers are split.
        data_parallel_size: copies of the model behind one server.
        data_parallel_size_local: how many of those copies run in one pod.
        served_model_name: the name in requests' ``model`` and in the ``model_name`` label of metrics.
        nodes: pods that make up one server.
        defaulted: the settings that nobody but this package said.
    """

    args: tuple[str, ...]
    version: EngineVersion
    settings: Mapping[str, Any]
    tensor_parallel_size: int
    pipeline_parallel_size: int
    data_parallel_size: int
    data_parallel_size_local: int
    served_model_name: str
    nodes: int = 1
    defaulted: frozenset[str] = frozenset()

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
        """The share of each GPU's memory that vLLM takes: as set, else the release's own default."""
        value = self._in_force("gpu_memory_utilization")
        return None if value is None else float(value)

    @property
    def max_model_len(self) -> int | None:
        """The longest context in tokens, or None where the model's own limit, or what fits, rules."""
        return tokens(self.settings.get("max_model_len"))

    @property
    def shutdown_timeout(self) -> int:
        """Seconds that running requests get at shutdown; none in releases without that option."""
        return int(self._in_force("shutdown_timeout") or 0)

    def _in_force(self, name: str) -> Any:
        if name in self.settings:
            return self.settings[name]
        option = catalogue.release(self.version.name).option(name)
        return None if option is None else option.default


@ruled(value=ENGINE_VALUE, conflict=ENGINE_CONFLICT)
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
    defaults: Mapping[str, Any] = MappingProxyType({}),
    graphs: bool = True,
) -> EngineCommand:
    """Check vLLM's settings against its own release and write its command line.

    Where neither the image's tag nor ``engine_version`` says a release that this package knows, the nearest known one
    is taken, and what may be right in another release warns instead of failing.

    Args:
        model: a model of the Hugging Face hub, or a path in the container.
        host: the address to listen on.
        port: the port to listen on.
        engine_args: settings by vLLM's names in snake_case; None as a value removes a default of this package.
        extra_args: settings as raw arguments, checked like ``engine_args``.
        unchecked_args: raw arguments that are passed on as they are, at the end; only literal secrets are refused.
        image: the container image, whose tag says the version.
        engine_version: the version of vLLM in an image whose tag does not say it.
        gpus: GPUs of one pod, or None where nothing is known about them.
        nodes: pods that make up one server.
        defaults: settings that hold where the user says nothing else and the release has them.
        graphs: whether the devices have CUDA graphs, or their like, so that a mode of them may be set.

    Raises:
        InvalidOptionError: an option is unknown, has a wrong value, or is a literal secret.
        ConflictError: options contradict each other or ask for more GPUs than there are.
    """
    with Collector() as found:
        found.attempt(check_model_name, model)
        found.attempt(check_host, "host", host)
        found.attempt(checks.port, "port", port)
        checks.integer("nodes", nodes, minimum=1)
        if gpus is not None:
            checks.integer("gpus", gpus, minimum=0)
        name = said_version(image, engine_version)
        release = catalogue.release(name)
        version = EngineVersion(name=name, known=name is not None and release.name == name)
        finding = _finding(version, release.name)

        typed, taken_away = found.attempt(_typed, engine_args, release, finding) or ({}, set())
        raw_items, unchecked_items = (
            found.attempt(raw.string_list, option, items) or []
            for option, items in (("extra_args", extra_args), ("unchecked_args", unchecked_args))
        )
        given = found.attempt(raw.parse, "extra_args", raw_items, release, finding) or {}
        found.attempt(_refuse_repeats, typed, given)
        seen = found.attempt(raw.glimpse, unchecked_items, release) or {}
    unchecked = {setting: item.value for setting, item in seen.items()}
    said = {**{setting: item.value for setting, item in given.items()}, **typed, **unchecked}
    facts = known_model(model)
    ours = _defaults(
        said,
        defaults,
        taken_away | unchecked.keys(),
        limit=facts.max_position_embeddings if facts else None,
        release=release,
        gpus=gpus,
        nodes=nodes,
        graphs=graphs,
    )
    if "compilation_config" in ours:
        given.pop("compilation_config", None)  # what it said is part of the default that it was merged into
    written = {**typed, **ours}

    values = {"model": model, "host": host, "port": port, **said, **ours}
    settings = Settings(values, {setting: item.label for setting, item in (*given.items(), *seen.items())})
    flags = {item.label: item.flag for item in (*given.values(), *seen.values())}
    checkable = Settings({name: value for name, value in values.items() if name not in unchecked}, settings.labels)
    with Collector() as found:
        for check, further in (
            (check_ranges, ()),
            (check_bounds, (release,)),
            (check_contents, ()),
            (check_names, (release, lambda error: finding(flagged(error, flags)))),
        ):
            found.attempt(naming_flags(flags)(check), checkable, *further)
        found.attempt(check_serving, settings, port=port, nodes=nodes)
        arguments = [
            *((setting, item) for setting, value in written.items() for item in _arguments(release, setting, value)),
            *((one.label, item) for one in given.values() for item in one.items),
            *((f"unchecked_args[{index}]", item) for index, item in enumerate(unchecked_args)),
        ]
        for option, item in arguments:
            found.attempt(check_text, option, item)
    copies = settings.size("data_parallel_size")
    command = EngineCommand(
        args=(model, f"--host={host}", f"--port={port}", *(item for _, item in arguments)),
        version=version,
        settings=MappingProxyType(values),
        defaulted=frozenset(ours),
        tensor_parallel_size=settings.size("tensor_parallel_size"),
        pipeline_parallel_size=settings.size("pipeline_parallel_size"),
        data_parallel_size=copies,
        data_parallel_size_local=_local_copies(settings, copies, nodes),
        served_model_name=_served_name(settings["served_model_name"], model),
        nodes=nodes,
    )
    with Collector() as found:
        if "config" not in said or "tensor_parallel_size" in said:
            found.attempt(check_gpus, settings, asked=command.gpus_in_all, gpus=gpus, nodes=nodes)
        found.attempt(check_model, settings, model, facts)
        found.attempt(check_features, settings, version)
        found.attempt(check_streaming, settings, version)
    return command


def _finding(version: EngineVersion, checked_against: str) -> Finding:
    def report(error: InvalidOptionError) -> None:
        if version.known:
            raise error
        which = version.assumption()
        for problem in error.problems:
            said = f"{problem.what} (checked against vLLM {checked_against}, {which})"
            warn(said, option=problem.option, rule=problem.rule)

    return report


def _typed(
    engine_args: EngineArgs | None, release: catalogue.Release, finding: Finding
) -> tuple[dict[str, Any], set[str]]:
    """Checked settings, and the names of those that were set to None."""
    if engine_args is None:
        return {}, set()
    if not isinstance(engine_args, Mapping):
        raise InvalidOptionError(
            f"{shown(engine_args)} is not a mapping; allowed: names of vLLM's options to their values",
            option="engine_args",
        )
    with Collector() as found:
        result = {name: found.attempt(_setting, name, value, release, finding) for name, value in engine_args.items()}
    taken_away = {name for name, value in engine_args.items() if value is None}
    return {name: value for name, value in result.items() if name not in taken_away}, taken_away


def _setting(name: str, value: Any, release: catalogue.Release, finding: Finding) -> Any:
    checks.text("engine_args", name)
    _refuse_keyword(name, name)
    if value is not None:
        refuse_secret(name, name, bare=value is True)
    spec = release.option(name)
    if spec is None:
        report = gone if catalogue.history(name) else unknown
        report(name, name, release, finding)
    if value is None:
        return None
    return json_data(name, value) if spec is None else checked(name, spec, value, release, finding)


def _refuse_keyword(option: str, name: str) -> None:
    if name in _KEYWORDS:
        raise InvalidOptionError(f"is not an engine argument here; use {mention(f'{name}=')}", option=option)


def _refuse_repeats(typed: Mapping[str, Any], given: Mapping[str, raw.Given]) -> None:
    for name, item in given.items():
        _refuse_keyword(item.label, name)
        if name in typed:
            raise ConflictError(
                f"{mention(name)} is set in {mention('engine_args')} too; say it once", option=item.label
            )


def _defaults(
    said: Mapping[str, Any],
    asked: Mapping[str, Any],
    taken_away: set[str],
    *,
    limit: int | None,
    release: catalogue.Release,
    gpus: int | None,
    nodes: int,
    graphs: bool,
) -> dict[str, Any]:
    """What nobody said and this package sets: the memory share, the context, CUDA graphs, and use of all GPUs.

    Beside a file of settings only what the user asked for in another way is set, since the command line wins over it.
    """
    if "config" in said:
        taken_away = {*taken_away, *_OURS}
    result: dict[str, Any] = {}
    if not {"gpu_memory_utilization"} & (said.keys() | taken_away):
        result["gpu_memory_utilization"] = _DEFAULT_GPU_MEMORY_UTILIZATION
    if not {"max_model_len"} & (said.keys() | taken_away):
        result["max_model_len"] = min(_DEFAULT_MAX_MODEL_LEN, limit or _DEFAULT_MAX_MODEL_LEN)
    open_to_us = [name for name in asked if name not in said and name not in taken_away]
    result |= {name: asked[name] for name in open_to_us if release.option(name) is not None}
    config = said.get("compilation_config", {})
    if (
        graphs
        and "compilation_config" not in taken_away
        and "cudagraph_mode" in release.fields("compilation_config")
        and isinstance(config, Mapping)
        and not _DECIDES_GRAPHS & config.keys()
        and config.get("mode", config.get("level")) not in _NO_COMPILATION
        and said.get("enforce_eager") is not True
        and "optimization_level" not in said
    ):
        result["compilation_config"] = {**config, "cudagraph_mode": _DEFAULT_CUDAGRAPH_MODE}
    if gpus and gpus * nodes > 1 and not {"tensor_parallel_size"} & (said.keys() | taken_away):
        result.update(_parallel_defaults(said, gpus, nodes))
    return result


def _parallel_defaults(said: Mapping[str, Any], gpus: int, nodes: int) -> dict[str, int]:
    """Tensor parallel over the GPUs of a pod; over several pods a pipeline, unless the user splits them otherwise."""
    settings = Settings(said, {})
    result = {}
    stages = settings.size("pipeline_parallel_size")
    if nodes > 1 and not said.keys() & {"pipeline_parallel_size", "data_parallel_size"}:
        stages = result["pipeline_parallel_size"] = nodes
    copies = settings.size("data_parallel_size")
    if nodes == 1:
        copies = _local_copies(settings, copies, nodes) or 1
    used = stages * copies * settings.size("prefill_context_parallel_size")
    tensor = max(1, min(gpus, gpus * nodes // max(1, used)))
    return {**result, "tensor_parallel_size": tensor} if tensor > 1 else result


def _local_copies(settings: Settings, copies: int, nodes: int) -> int:
    """As EngineArgs.create_engine_config: one where each copy is a server of its own, else all of them."""
    if settings["data_parallel_rank"] is not None or settings["data_parallel_external_lb"]:
        return 1
    local = settings["data_parallel_size_local"]
    if isinstance(local, int):
        return local
    return copies if nodes == 1 else max(1, copies // nodes)


def _served_name(names: Any, model: str) -> str:
    if isinstance(names, list):
        names = names[0] if names else None
    return str(names) if names else model


def _arguments(release: catalogue.Release, name: str, value: Any) -> list[str]:
    spec = release.option(name)
    return rendered_unknown(name, value) if spec is None else rendered(spec, value)
