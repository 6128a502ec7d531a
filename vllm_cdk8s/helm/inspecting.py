"""The rules that look at manifests, held against what a release will be: what `check` would find is said before."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from vllm_cdk8s.core.engine.devices import built_for
from vllm_cdk8s.core.engine.images import own
from vllm_cdk8s.core.inspection.apply import apply
from vllm_cdk8s.core.inspection.facts import EngineFacts, ServerFacts
from vllm_cdk8s.core.inspection.health import eager, rollout, start_up, targets
from vllm_cdk8s.core.inspection.security import developer_mode
from vllm_cdk8s.core.inspection.storage import volumes
from vllm_cdk8s.core.pod.template import CONTAINER_NAME
from vllm_cdk8s.core.rules.book import LIVENESS_WHILE_LOADING, PROBE_TARGET, ROLLOUT_DEADLOCK, STARTUP_BUDGET

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vllm_cdk8s.core.errors import Problem
    from vllm_cdk8s.core.server.plan import ServerPlan

# Where the options of these rules stand in values.
_PATHS = {
    "strategy": "strategy.rollingUpdate",
    "rollingUpdate": "strategy.rollingUpdate",
    "VLLM_SERVER_DEV_MODE": "vllm.env",
}
_MENDS = {
    STARTUP_BUDGET.code: "raise startupProbe.failureThreshold, or leave it to slowStart.maxStartupSeconds",
    ROLLOUT_DEADLOCK.code: "say strategy.rollingUpdate.maxUnavailable=1, which frees the GPU first",
    LIVENESS_WHILE_LOADING.code: "raise livenessProbe.initialDelaySeconds, or keep the startup probe",
}


def inspected(server: ServerPlan, *, slow_start: bool) -> Iterator[Problem]:
    """What the rules of manifests say of a release's server, of values.

    Args:
        server: the server.
        slow_start: whether its probes come from slowStart alone, whose budget the memory ledger has looked at.
    """
    checks = [targets, eager, rollout, developer_mode, volumes]
    if not slow_start:
        checks.append(start_up)
    for problem in apply(_facts(server), checks):
        said = str(problem.option).removeprefix("volume ")
        option = "extraVolumes" if said != problem.option else _PATHS.get(said, said)
        if problem.rule is PROBE_TARGET:
            option = f"{said}.httpGet.path"
        subject = f"{said}: " if option in ("extraVolumes", "vllm.env") else ""
        mend = _MENDS.get(problem.rule.code, "")
        yield replace(problem, option=option, what=subject + problem.what + (f"; {mend}" if mend else ""), at=())


def _facts(server: ServerPlan) -> ServerFacts:
    workload, engine = server.workload.wire(), server.engine
    template = workload["spec"]["template"]
    container = next(each for each in template["spec"]["containers"] if each["name"] == CONTAINER_NAME)
    image = str(container["image"])
    return ServerFacts(
        engine=EngineFacts(
            model=str(engine.settings.get("model", engine.args[0])),
            version=engine.version,
            settings=engine.settings,
            said=frozenset(engine.settings.keys() - engine.defaulted),
            complete="config" not in engine.settings,
        ),
        template=template,
        container=container,
        workload=workload,
        max_replicas=server.max_replicas,
        gpus=server.pod.gpus,
        guarded="VLLM_API_KEY" in server.pod.env,
        genuine=own(image) or built_for(image) is not None,
    )
