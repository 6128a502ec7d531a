"""The rules that look at manifests, held against what a release will be: what `check` would find is said before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from vllm_cdk8s.core.inspection.apply import apply
from vllm_cdk8s.core.inspection.health import rollout, start_up, targets
from vllm_cdk8s.core.inspection.storage import volumes
from vllm_cdk8s.core.rules.book import LIVENESS_WHILE_LOADING, PROBE_TARGET, ROLLOUT_DEADLOCK, STARTUP_BUDGET
from vllm_cdk8s.core.server.inspecting import facts_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vllm_cdk8s.core.errors import Problem
    from vllm_cdk8s.core.server.plan import ServerPlan

# Where the options of these rules stand in values.
_PATHS = {
    "strategy": "strategy.rollingUpdate",
    "rollingUpdate": "strategy.rollingUpdate",
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
    checks = [targets, rollout, volumes]
    workload = server.workload.wire()
    facts = facts_of(server.pod, workload["spec"]["template"], nodes=1, workload=workload)
    if not slow_start:
        checks.append(start_up)
    for problem in apply(facts, checks):
        said = str(problem.option).removeprefix("volume ")
        option = "extraVolumes" if said != problem.option else _PATHS.get(said, said)
        if problem.rule is PROBE_TARGET:
            option = f"{said}.httpGet.path"
        subject = f"{said}: " if option == "extraVolumes" else ""
        mend = _MENDS.get(problem.rule.code, "")
        yield replace(problem, option=option, what=subject + problem.what + (f"; {mend}" if mend else ""), at=())
