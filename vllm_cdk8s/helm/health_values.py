"""Which probes the values ask for: slowStart, the manual sections, and the legacy form between them.

slowStart decides while it is enabled, with these exceptions, in which the chart's text says more than its templates do:

- ``startupProbe.enabled=false`` means no startup probe; liveness and readiness are then delayed by slowStart's budget.
- ``livenessProbe.enabled=false`` and ``readinessProbe.enabled=false`` turn these probes off.
- A section with numbers of its own counts as long as slowStart has none: whoever writes nothing but
  ``startupProbe.failureThreshold: 180`` wants it to matter.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from vllm_cdk8s.core.errors import VllmCdk8sError, warn
from vllm_cdk8s.core.pod.health import LONGEST_STARTUP, PORT_NAME, HttpProbe, slow_start
from vllm_cdk8s.core.rules.book import PROBE_TARGET, STARTUP_BUDGET
from vllm_cdk8s.helm.model import SlowStart
from vllm_cdk8s.helm.problems import ValuesError
from vllm_cdk8s.helm.section import fields_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vllm_cdk8s.core.pod.health import Health
    from vllm_cdk8s.helm.model import Probe, Values


def manual_probes(values: Values) -> dict[str, HttpProbe | None] | None:
    """The arguments of `ManualProbes` by role, or None where slowStart alone decides.

    Raises:
        ValuesError: a probe asks another port than the server's.
    """
    sections: dict[str, Probe] = {
        "startup": values.startup_probe,
        "liveness": values.liveness_probe,
        "readiness": values.readiness_probe,
    }
    for role, section in sections.items():
        if section.http_get.port not in {PORT_NAME, str(values.vllm.port)}:
            raise ValuesError(
                f"{section.http_get.port!r} is not the server's; allowed: {PORT_NAME}",
                option=f"{role}Probe.httpGet.port",
                rule=PROBE_TARGET,
            )
    slow = values.slow_start
    if slow.enabled and all(section == type(section)() for section in sections.values()):
        return None
    wire = slow_start(slow.max_startup_seconds)
    by_slow_start = {"startup": wire.startup, "liveness": wire.liveness, "readiness": wire.readiness}
    legacy = not sections["startup"].enabled
    probes: dict[str, HttpProbe | None] = {}
    for role, section in sections.items():
        delay = section.initial_delay_seconds
        if role != "startup":
            if not legacy and delay is not None:
                warn(
                    f"{delay} has no effect, since this probe begins once the startup "
                    "probe has succeeded; set startupProbe.enabled=false to do without that",
                    option=f"{role}Probe.initialDelaySeconds",
                )
            delay = None if not legacy else slow.max_startup_seconds if delay is None and slow.enabled else delay
        if not section.enabled:
            probes[role] = None
        elif slow.enabled and not _counts(role, section, slow):
            numbers = _numbers(by_slow_start[role] or {})
            if role != "startup" and delay is not None:
                numbers["initial_delay_seconds"] = delay
            probes[role] = HttpProbe(**numbers)
        else:
            try:
                probes[role] = HttpProbe(
                    initial_delay_seconds=delay,
                    period_seconds=section.period_seconds,
                    timeout_seconds=section.timeout_seconds,
                    failure_threshold=section.failure_threshold,
                    path=section.http_get.path,
                )
            except VllmCdk8sError as error:
                where = f"{role}Probe.httpGet"
                raise ValuesError(
                    problems=[replace(problem, option=f"{where}.{problem.option}") for problem in error.problems]
                ) from None
    return probes


def check_budget(values: Values, health: Health) -> None:
    """Refuse a start-up budget that Kubernetes cannot count.

    Raises:
        ValuesError: it does not fit beside the rest of a rollout into 32 bits.
    """
    if health.startup_seconds > LONGEST_STARTUP:
        role = "startup" if values.startup_probe.enabled else "liveness"
        raise ValuesError(
            f"allows {health.startup_seconds} s for a start, failures, periods and delay together; allowed: at most "
            f"{LONGEST_STARTUP}",
            option=f"{role}Probe.failureThreshold",
            rule=STARTUP_BUDGET,
        )


def _counts(role: str, section: Probe, slow: SlowStart) -> bool:
    """Whether a section that says something of its own is heard while slowStart is enabled."""
    silent = type(section)()
    # The delay of liveness and readiness is read apart from the rest: it belongs to the legacy form.
    ignored = {"enabled"} | ({"initial_delay_seconds"} if role != "startup" else set())
    differing = [
        field.key
        for field in fields_of(type(section)).values()
        if field.name not in ignored and getattr(section, field.name) != getattr(silent, field.name)
    ]
    if not differing:
        return False
    if slow == SlowStart():
        return True
    warn(
        "has no effect while slowStart decides "
        f"(slowStart.maxStartupSeconds: {slow.max_startup_seconds}); set slowStart.enabled=false to set probes by hand",
        option=f"{role}Probe.{differing[0]}",
    )
    return False


def _numbers(probe: Mapping[str, Any]) -> dict[str, Any]:
    names = {
        "initialDelaySeconds": "initial_delay_seconds",
        "periodSeconds": "period_seconds",
        "timeoutSeconds": "timeout_seconds",
        "failureThreshold": "failure_threshold",
    }
    return {option: probe[name] for name, option in names.items() if name in probe}
