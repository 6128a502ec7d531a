"""What the rules over facts, which the linter applies to anybody's manifests, say of a server of this package's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from vllm_cdk8s.core.engine.images import own
from vllm_cdk8s.core.inspection import health, pod, security
from vllm_cdk8s.core.inspection.apply import apply
from vllm_cdk8s.core.inspection.facts import EngineFacts, ServerFacts
from vllm_cdk8s.core.models.facts import known_model
from vllm_cdk8s.core.pod.template import CONTAINER_NAME

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from vllm_cdk8s.core.errors import Problem
    from vllm_cdk8s.core.server.pod import ServerPod

# The others are settled while a plan is made, with more knowledge than a manifest shows, or are of what this package
# writes by itself.
_CHECKS = (
    pod.visible_devices, pod.offload, pod.cpu_kv_cache, health.eager, security.developer_mode,
)  # fmt: skip


def facts_of(
    server: ServerPod, template: Mapping[str, Any], *, nodes: int, workload: Mapping[str, Any] | None = None
) -> ServerFacts:
    """A server of this package's own as the facts that rules look at.

    Args:
        server: everything that its pod template is made of.
        template: the pod template.
        nodes: the pods that make up one server.
        workload: the manifest of what makes the pods, where a rule is about that.
    """
    engine = server.engine
    model = str(engine.settings["model"])
    return ServerFacts(
        engine=EngineFacts(
            model=model, version=engine.version, settings=engine.settings,
            said=frozenset(engine.settings) - engine.defaulted, complete="config" not in engine.settings,
        ),
        template=template,
        container=next(one for one in template["spec"]["containers"] if one["name"] == CONTAINER_NAME),
        workload={} if workload is None else workload,
        nodes=nodes,
        gpus=server.gpus,
        model=known_model(model),
        guarded="VLLM_API_KEY" in server.env,
        genuine=own(server.image),
    )  # fmt: skip


def inspection(server: ServerPod, template: Mapping[str, Any], *, nodes: int) -> Iterator[Problem]:
    """What is wrong with a pod template that its options by themselves do not show."""
    facts = facts_of(server, template, nodes=nodes)
    for problem in apply(facts, _CHECKS):
        yield replace(problem, option=_option(problem, facts), at=())


def _option(problem: Problem, facts: ServerFacts) -> str | None:
    """The option of Python that says what stands at a path of the manifest."""
    match problem.at[len(facts.container_path) :]:
        case ("env", *_):
            return f"env[{problem.option!r}]"
        case ("livenessProbe", *_):
            return "probes"
    return problem.option
