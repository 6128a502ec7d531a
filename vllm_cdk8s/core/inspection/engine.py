"""Rules of the engine's settings, of one server's facts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from vllm_cdk8s.core.engine import catalogue
from vllm_cdk8s.core.engine.connectors import connectors_of
from vllm_cdk8s.core.engine.consistency import Settings, check_features, check_model, check_ranges
from vllm_cdk8s.core.engine.environment import check_environment
from vllm_cdk8s.core.engine.limits import check_bounds, check_names
from vllm_cdk8s.core.engine.serving import check_host, check_listening
from vllm_cdk8s.core.engine.streaming import check_streaming
from vllm_cdk8s.core.errors import Collector, InvalidOptionError, Problem, collecting, ruled
from vllm_cdk8s.core.models.facts import known_model
from vllm_cdk8s.core.rules import book

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from vllm_cdk8s.core.inspection.facts import ServerFacts

_NIXL = {"NixlConnector", "NixlPullConnector", "NixlPushConnector"}
_SIDE_CHANNEL = "VLLM_NIXL_SIDE_CHANNEL_HOST"
_SERVED = {"Deployment", "StatefulSet"}


def found_by(check: Callable[..., object], *arguments: Any, **options: Any) -> Iterator[Problem]:
    """What a check of the engine's settings raises or warns of."""
    found = Collector()
    with collecting(found.warnings):
        found.attempt(ruled(value=book.ENGINE_VALUE, conflict=book.ENGINE_CONFLICT)(check), *arguments, **options)
    yield from (*found.problems, *found.warnings)


def in_force(facts: ServerFacts) -> Settings:
    """The settings as the consistency checks take them."""
    return Settings({"model": facts.engine.model, **facts.engine.settings}, facts.engine.labels)


def ranges(facts: ServerFacts) -> Iterator[Problem]:
    """Numbers that no release takes."""
    yield from found_by(check_ranges, in_force(facts))


def features(facts: ServerFacts) -> Iterator[Problem]:
    """Settings that exclude or need one another."""
    if (
        facts.engine.complete
        and facts.engine.said <= facts.engine.settings.keys() | {"api_key", "model"}
        and facts.genuine
    ):
        yield from found_by(check_features, in_force(facts), facts.engine.version)
        yield from found_by(check_streaming, in_force(facts), facts.engine.version)


def model_limits(facts: ServerFacts) -> Iterator[Problem]:
    """A context beyond the model's positions, heads that cannot be divided."""
    model = facts.engine.model
    if model is None or not facts.known("hf_overrides") or "VLLM_ALLOW_LONG_MAX_MODEL_LEN" in facts.env:
        return
    for problem in found_by(check_model, in_force(facts), model, known_model(model)):
        # Whoever is warned in Python may still set the variable; a manifest shows that nobody did.
        yield replace(problem, severity="error")


def port_variable(facts: ServerFacts) -> Iterator[Problem]:
    """``VLLM_PORT`` set by hand."""
    for index, item in enumerate(facts.container.get("env") or ()):
        if isinstance(item, dict) and item.get("name") == "VLLM_PORT":
            at = (*facts.container_path, "env", index)
            value = item.get("value")
            number = value is not None and str(value).strip().isdecimal()
            yield Problem(
                what=f"{value!r} is the first of vLLM's internal ports, and not that of the API (--port)"
                if number or value is None
                else f"{value!r} is not a number, and vLLM stops",
                rule=book.VLLM_PORT,
                severity="warning" if number or value is None else "error",
                option="VLLM_PORT",
                at=at,
            )


def reachable(facts: ServerFacts) -> Iterator[Problem]:
    """An address that nothing outside of the container reaches, and no address at all."""
    host = facts.engine.settings.get("host")
    others = [*(facts.pod.get("containers") or ()), *(facts.pod.get("initContainers") or ())]
    # A proxy in the pod may be who is to reach it.
    if isinstance(host, str) and len(others) <= 1 and facts.kind in _SERVED and not facts.pod.get("hostNetwork"):
        yield from found_by(check_host, facts.engine.label("host"), host)
    if facts.engine.complete and len(others) <= 1 and facts.kind in _SERVED:
        yield from found_by(check_listening, in_force(facts))


def names(facts: ServerFacts) -> Iterator[Problem]:
    """Values that must be in one of vLLM's registries."""
    version = facts.engine.version
    if facts.genuine and version.known:
        for problem in found_by(_registered, facts):
            yield (
                problem
                if problem.severity == "error"
                else replace(
                    problem,
                    what=problem.what.removeprefix(f"{problem.what.partition(': ')[0]}: "),
                    option=problem.option or problem.what.partition(": ")[0],
                )
            )


def _registered(facts: ServerFacts) -> None:
    def report(error: InvalidOptionError) -> None:
        raise error

    release = catalogue.release(facts.engine.version.name)
    check_bounds(in_force(facts), release)
    check_names(in_force(facts), release, report)


def variables(facts: ServerFacts) -> Iterator[Problem]:
    """Variables of vLLM that this release does not have, and values that it does not take."""
    version = facts.engine.version
    if not facts.genuine or "env" in facts.supplied or (version.name is not None and not version.known):
        return
    items = facts.container.get("env") or ()
    # What a script or another argument reads is for that.
    words = f"{facts.container.get('command')} {facts.container.get('args')}"
    for index, item in enumerate(items):
        name = str(item.get("name"))
        if name in {"VLLM_PORT", "VLLM_API_KEY"} or name in words or "valueFrom" in item:
            continue
        for problem in check_environment({name: facts.env.get(name)}, version, option=""):
            absent = problem.what.startswith("not a variable")
            yield replace(
                problem,
                option=name,
                severity="warning" if absent else problem.severity,
                at=(*facts.container_path, "env", index),
            )


def side_channel(facts: ServerFacts) -> Iterator[Problem]:
    """NIXL whose other side is told to look for it at its own ``localhost``."""
    connectors = connectors_of(facts.engine.settings.get("kv_transfer_config"))
    if not _NIXL.intersection(connectors) or "env" in facts.supplied:
        return
    # A script may set it, and so may whatever envFrom brings.
    words = f"{facts.container.get('command')} {facts.container.get('args')}"
    if _SIDE_CHANNEL in facts.env or _SIDE_CHANNEL in words or facts.container.get("envFrom"):
        return
    yield Problem(
        what="is not set, so that other pods look for this one's KV cache at 'localhost', which they are themselves; "
        "set it from status.podIP",
        rule=book.SIDE_CHANNEL,
        severity="warning",
        option=_SIDE_CHANNEL,
        at=facts.container_path,
    )


CHECKS = (ranges, features, model_limits, port_variable, reachable, names, variables, side_channel)
