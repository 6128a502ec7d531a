"""The servers of Ray Serve LLM: what a RayService's ``serveConfigV2`` says of its engines.

Ray's ``LLMConfig`` hands ``engine_kwargs`` to vLLM's ``AsyncEngineArgs``; source:
https://github.com/ray-project/ray/blob/master/python/ray/llm/_internal/serve/engines/vllm/vllm_models.py
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import yaml
from msgspec import Struct, field
from msgspec.structs import replace

from vllm_cdk8s.core.engine import catalogue
from vllm_cdk8s.core.engine.version import EngineVersion
from vllm_cdk8s.core.errors import Problem, VllmCdk8sError
from vllm_cdk8s.core.inspection import devices, engine, pod, security, storage
from vllm_cdk8s.core.inspection.apply import apply
from vllm_cdk8s.core.inspection.facts import EngineFacts, ServerFacts
from vllm_cdk8s.core.kube.placeholders import is_placeholder
from vllm_cdk8s.core.models.accelerators import accelerator
from vllm_cdk8s.core.models.facts import known_model
from vllm_cdk8s.core.models.vendors import counts_devices
from vllm_cdk8s.core.regex import regex
from vllm_cdk8s.core.rules import book
from vllm_cdk8s.lint.arguments import settings_of
from vllm_cdk8s.lint.commands import ServerCommand
from vllm_cdk8s.lint.pods import EVERYTHING, items, mapping, whole
from vllm_cdk8s.lint.shapes import shaped
from vllm_cdk8s.lint.shell import Word

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vllm_cdk8s.core.models.accelerators import Accelerator
    from vllm_cdk8s.lint.arguments import Settings
    from vllm_cdk8s.lint.documents import Document
    from vllm_cdk8s.lint.finding import Options

CONFIG = ("spec", "serveConfigV2")
_CHECKS = (engine.ranges, engine.features, engine.model_limits, pod.gpu_memory, security.remote_code, storage.downloads)
_IN_KWARGS = "engine_kwargs."
# Ray's names of accelerators; those that leave the memory open are not here.
_ACCELERATORS = {
    "A10G": "A10G", "L4": "L4", "L40S": "L40S", "T4": "T4", "H100": "H100", "H200": "H200", "H20": "H20",
    "B200": "B200", "A100-40G": "A100-40GB", "A100-80G": "A100-80GB", "AMD-Instinct-MI300X-OAM": "MI300X",
}  # fmt: skip
_FLAG = regex(r"--([a-z][a-z0-9-]*)")
_SIZES = ("tensor_parallel_size", "pipeline_parallel_size")
_DEEPEST = 12


class LlmConfig(Struct, frozen=True, kw_only=True):
    """One ``LLMConfig``: the mapping, and the lines of what it says within the text that it stands in."""

    data: dict[str, Any]
    line: int
    lines: dict[str, int] = field(default_factory=dict)

    @property
    def kwargs(self) -> dict[str, Any]:
        """The engine's settings as they are written."""
        return {str(key): value for key, value in mapping(self.data.get("engine_kwargs")).items()}


def llm_configs(document: Document) -> list[LlmConfig]:
    """Those of a RayService; none where its text cannot be read."""
    text = mapping(document.data.get("spec")).get("serveConfigV2") if document.kind == "RayService" else None
    if not isinstance(text, str):
        return []
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        return [] if node is None else list(_search(node, 0))
    except (yaml.YAMLError, RecursionError, ValueError):
        return []


def _search(node: yaml.Node, depth: int) -> Iterator[LlmConfig]:
    if depth > _DEEPEST or isinstance(node, yaml.ScalarNode):
        return
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _search(item, depth + 1)
        return
    inner = {key.value: value for key, value in node.value if isinstance(key, yaml.ScalarNode)}
    if "model_loading_config" not in inner:
        for value in inner.values():
            yield from _search(value, depth + 1)
        return
    given = inner.get("engine_kwargs")
    pairs = given.value if isinstance(given, yaml.MappingNode) else []
    lines = {str(key.value): int(key.start_mark.line) for key, _ in pairs}
    data = yaml.SafeLoader("").construct_document(node)
    if isinstance(data, dict):
        yield LlmConfig(data=data, line=int(node.start_mark.line), lines=lines)


def problems(document: Document, config: LlmConfig, options: Options) -> Iterator[tuple[Problem, int]]:
    """What is wrong with one, each with its line of the text."""
    kwargs = config.kwargs
    for name in ("model", "served_model_name"):
        if name in kwargs:
            yield _refused(name, "Ray Serve LLM takes it from model_loading_config alone, and stops"), _at(config, name)
    backend = kwargs.get("distributed_executor_backend", "ray")
    on_cpu = config.data.get("use_cpu") is True
    if backend != "ray" and isinstance(backend, str) and not on_cpu and "placement_group_config" not in config.data:
        name = "distributed_executor_backend"
        yield _refused(name, f"Ray Serve LLM takes 'ray' alone on GPUs, and stops at {backend!r}"), _at(config, name)
    settings = config_settings(config, options)
    for problem, _, line in settings.problems:
        name = next((key for key, at in config.lines.items() if at == line), "")
        yield replace(problem, option=f"{_IN_KWARGS}{name}", what=_without_dashes(problem.what, name)), line
    facts = _facts(document, config, settings, options)
    for problem in (*apply(facts, _CHECKS), *_too_few(document, facts)):
        name = next((key for key, label in settings.labels.items() if problem.option == label), "")
        yield problem, config.lines.get(name, config.line)


def _refused(name: str, why: str) -> Problem:
    return Problem(what=why, rule=book.ENGINE_CONFLICT, option=f"{_IN_KWARGS}{name}")


def _at(config: LlmConfig, name: str) -> int:
    return config.lines.get(name, config.line)


def _without_dashes(text: str, name: str) -> str:
    """The sentence behind the option's own name, with other options as Python's users write them."""
    text = _FLAG.sub(lambda match: match[1].replace("-", "_"), text)
    return text.removeprefix(f"{name} is ")


def config_settings(config: LlmConfig, options: Options) -> Settings:
    """The engine's settings, each with its line of the text."""
    kwargs = config.kwargs
    release = catalogue.release(options.vllm)
    words: list[Word] = []
    for name, value in kwargs.items():
        flag, line = "--" + name.replace("_", "-"), config.lines.get(name, config.line)
        if value is False and "--no-" + flag[2:] in release.flags:
            flag = "--no-" + flag[2:]
        elif value is None or value is False or name in {"model", "served_model_name"}:
            continue
        words.append(Word(flag, line, start=flag))
        if not isinstance(value, bool):
            words += [_word(item, line) for item in (value if isinstance(value, list) else [value])]
    version = EngineVersion(name=options.vllm, known=options.vllm is not None and release.name == options.vllm)
    command = ServerCommand(words=tuple(words), serve=False, places=tuple(CONFIG for _ in words))
    settings = settings_of(command, version, sure=options.vllm is not None)
    settings.labels.update({name: f"{_IN_KWARGS}{name}" for name in settings.said if name in kwargs})
    return settings


def _word(value: Any, line: int) -> Word:
    if isinstance(value, str) and is_placeholder(value):
        return Word(None, line)
    text = value if isinstance(value, str) else json.dumps(value, default=str)
    return Word(text, line, start=text)


def _facts(document: Document, config: LlmConfig, settings: Settings, options: Options) -> ServerFacts:
    loading = mapping(config.data.get("model_loading_config"))
    model = loading.get("model_source") or loading.get("model_id")
    known = model if isinstance(model, str) and not is_placeholder(model) else None
    sizes = [settings.values.get(name, 1) for name in _SIZES]
    gpus = sizes[0] * sizes[1] if all(isinstance(size, int) for size in sizes) else None
    template, container = _worker(document, config)
    return ServerFacts(
        engine=EngineFacts(
            model=known,
            version=EngineVersion(name=options.vllm, known=options.vllm is not None),
            settings=settings.values,
            said=frozenset(settings.said),
            labels=settings.labels,
            complete=settings.complete,
        ),
        template=template,
        container=container,
        workload=document.data,
        gpus=gpus,
        accelerator=_accelerator(config.data.get("accelerator_type"), options),
        model=None if known is None else known_model(known),
        supplied=EVERYTHING - {"storage"},
        pod_at=CONFIG,
        container_at=(),
    )


def _worker(document: Document, config: LlmConfig) -> tuple[dict[str, Any], dict[str, Any]]:
    """The pods that run the engines, where one group alone has GPUs, and the variables that they are given."""
    cluster = mapping(mapping(document.data.get("spec")).get("rayClusterConfig"))
    groups = [group for group in items(cluster.get("workerGroupSpecs")) if _gpus(group)]
    template = shaped(mapping(groups[0].get("template"))) if len(groups) == 1 else {}
    containers = items(mapping(template.get("spec")).get("containers"))
    variables = mapping(mapping(config.data.get("runtime_env")).get("env_vars"))
    container = dict(containers[0]) if len(containers) == 1 else {}
    container["env"] = [
        *items(container.get("env")),
        *({"name": str(k), "value": str(v)} for k, v in variables.items()),
    ]
    return template, container


def _accelerator(said: Any, options: Options) -> Accelerator | None:
    name = _ACCELERATORS.get(str(said)) if said is not None else options.gpu
    try:
        return None if name is None else accelerator(name)
    except VllmCdk8sError:
        return None


def _too_few(document: Document, facts: ServerFacts) -> Iterator[Problem]:
    """An engine that asks for more GPUs than all of the cluster's pods have together."""
    cluster = mapping(mapping(document.data.get("spec")).get("rayClusterConfig"))
    there = 0
    for group in items(cluster.get("workerGroupSpecs")):
        pods = whole(group.get("maxReplicas", group.get("replicas", 1)))
        hosts, gpus = whole(group.get("numOfHosts", 1)), _gpus(group)
        if pods is None or hosts is None or gpus is None:
            return
        there += pods * hosts * gpus
    head = _gpus(mapping(cluster.get("headGroupSpec")))
    if head is None or not there + head or facts.gpus is None or facts.gpus <= there + head:
        return
    yield Problem(
        what=f"the engine asks for {facts.gpus} GPUs, and all pods of the cluster have {there + head} together",
        rule=book.TOO_FEW_GPUS,
        option=next((facts.engine.label(name) for name in _SIZES if name in facts.engine.said), None),
    )


def _gpus(group: dict[str, Any]) -> int | None:
    """The GPUs of one pod of a group; None where that is not a number, or said to Ray in its own way."""
    if "num-gpus" in mapping(group.get("rayStartParams")):
        return whole(mapping(group.get("rayStartParams"))["num-gpus"])
    total = 0
    for container in items(mapping(mapping(group.get("template")).get("spec")).get("containers")):
        for name, value in devices.resources(container, "limits").items():
            if counts_devices(str(name)):
                count = whole(value)
                if count is None:
                    return None
                total += count
    return total
