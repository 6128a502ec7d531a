"""What Kubernetes asks a vLLM container about its health, and when: plain data, pure Python.

vLLM answers on ``/health`` only once the model is loaded and its graphs are captured, so the start-up probe is what
gives a large model its time; liveness and readiness begin when it has succeeded.
Source: https://kubernetes.io/docs/concepts/configuration/liveness-readiness-startup-probes/
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from msgspec import Struct

from vllm_cdk8s.core.errors import Collector, InvalidOptionError, mention, warn
from vllm_cdk8s.core.keywords import named_keywords
from vllm_cdk8s.core.kube import checks
from vllm_cdk8s.core.rules.book import PROBES_OFF

PORT_NAME = "http"
# Of vLLM's own port, where a sidecar has the server's: monitors find that one by its name, probes ask vLLM itself.
BACKEND_PORT_NAME = "vllm"
DEFAULT_PATH = "/health"
DEFAULT_STARTUP_SECONDS = 600

_SLOW_START_DELAY, _SLOW_START_PERIOD = 30, 15
# With what a rollout adds to it, the progress deadline must still fit into 32 bits.
LONGEST_STARTUP = checks.MAX_INT32 // 2


@named_keywords
@dataclass(frozen=True, kw_only=True, slots=True)
class HttpProbe:
    """One probe: ``HttpProbe(period_seconds=10, failure_threshold=120)``.

    What is left as None takes the default of the probe's role (start-up, liveness, readiness), which `ManualProbes`
    documents.

    Args:
        initial_delay_seconds: seconds from the container's start to the first probe.
        period_seconds: seconds between probes.
        timeout_seconds: seconds until a probe without an answer counts as failed.
        failure_threshold: consecutive failures until Kubernetes acts.
        success_threshold: consecutive successes until the container counts as healthy again; must be 1 for start-up and
            liveness probes.
        path: the path to request.

    Raises:
        InvalidOptionError: a number is not a whole number in its range, or the path does not begin with ``/``.
    """

    initial_delay_seconds: int | None = None
    period_seconds: int | None = None
    timeout_seconds: int | None = None
    failure_threshold: int | None = None
    success_threshold: int | None = None
    path: str = DEFAULT_PATH

    def __post_init__(self) -> None:
        checks.plain_fields(self)
        with Collector() as found:
            for name, minimum in _MINIMUM.items():
                found.given(checks.integer, name, getattr(self, name), minimum=minimum)
            found.attempt(checks.absolute_path, "path", self.path)


_MINIMUM = {
    "initial_delay_seconds": 0,
    "period_seconds": 1,
    "timeout_seconds": 1,
    "failure_threshold": 1,
    "success_threshold": 1,
}


class Health(Struct, frozen=True, kw_only=True):
    """The three probes of a container in wire form, None where there is none, and the time they leave to start."""

    startup: dict[str, Any] | None
    liveness: dict[str, Any] | None
    readiness: dict[str, Any] | None
    startup_seconds: int

    def wire(self, *, scheme: str, port_name: str | int = PORT_NAME) -> dict[str, dict[str, Any] | None]:
        """The container's probe fields; ``scheme`` is HTTPS where vLLM itself serves TLS."""
        return {
            "startupProbe": _asking(self.startup, scheme, port_name),
            "livenessProbe": _asking(self.liveness, scheme, port_name),
            "readinessProbe": _asking(self.readiness, scheme, port_name),
        }


def slow_start(max_startup_seconds: int) -> Health:
    """The probes of a server that may take so many seconds to start, downloads and compilation included.

    The kubelet asks at each period's end and acts at the n-th failure, so ``delay + (n - 1) x period`` is what a
    container surely has: ``failureThreshold = ceil((budget - delay) / period) + 1`` makes that at least the budget, and
    less than a period more. Budgets under 45 s shorten the delay.
    """
    budget = checks.integer("max_startup_seconds", max_startup_seconds, minimum=1, maximum=LONGEST_STARTUP)
    delay = min(_SLOW_START_DELAY, max(0, budget - _SLOW_START_PERIOD))
    threshold = -(-(budget - delay) // _SLOW_START_PERIOD) + 1
    return Health(
        startup=_probe(HttpProbe(initial_delay_seconds=delay, period_seconds=_SLOW_START_PERIOD, timeout_seconds=10,
                                 failure_threshold=threshold)),
        liveness=_probe(HttpProbe(period_seconds=30, timeout_seconds=10, failure_threshold=3)),
        readiness=_probe(HttpProbe(period_seconds=10, timeout_seconds=5, failure_threshold=2)),
        startup_seconds=delay + (threshold - 1) * _SLOW_START_PERIOD,
    )  # fmt: skip


def manual(*, startup: HttpProbe | None, liveness: HttpProbe | None, readiness: HttpProbe | None) -> Health:
    """The probes as given, each missing number from its role's default."""
    for role, probe in (("startup", startup), ("liveness", liveness), ("readiness", readiness)):
        if probe is not None:
            checks.instance(role, probe, HttpProbe, allowed="HttpProbe(period_seconds=...), or None for no probe")
    liveness_delay, readiness_delay = (None, None) if startup is not None else (300, 60)
    for role, probe in (("startup", startup), ("liveness", liveness)):
        if probe is not None and probe.success_threshold not in (None, 1):
            raise InvalidOptionError(
                f"{probe.success_threshold!r} is not allowed; allowed: 1, as Kubernetes demands of {role} probes",
                option=f"{role}.success_threshold",
            )
    for role, probe in (("liveness", liveness), ("readiness", readiness)):
        if probe is None:
            effect = (
                "a hung vLLM is never restarted" if role == "liveness" else "traffic reaches pods that cannot serve"
            )
            warn(
                f"the {role} probe is off, so {effect}; to allow a slow start use "
                f"{mention('SlowStartProbes(max_startup_seconds=...)')}",
                option=role,
                rule=PROBES_OFF,
            )
    startup_probe = _defaulted(startup, delay=10, period=10, timeout=5, threshold=60)
    liveness_probe = _defaulted(liveness, delay=liveness_delay, period=30, timeout=10, threshold=3)
    readiness_probe = _defaulted(readiness, delay=readiness_delay, period=10, timeout=5, threshold=3)
    patience = startup_probe or liveness_probe
    return Health(
        startup=startup_probe,
        liveness=liveness_probe,
        readiness=readiness_probe,
        startup_seconds=0 if patience is None else _seconds(patience),
    )


def _defaulted(
    probe: HttpProbe | None, *, delay: int | None, period: int, timeout: int, threshold: int
) -> dict[str, Any] | None:
    if probe is None:
        return None
    return _probe(
        HttpProbe(
            initial_delay_seconds=delay if probe.initial_delay_seconds is None else probe.initial_delay_seconds,
            period_seconds=probe.period_seconds or period,
            timeout_seconds=probe.timeout_seconds or timeout,
            failure_threshold=probe.failure_threshold or threshold,
            success_threshold=probe.success_threshold,
            path=probe.path,
        )
    )


def _probe(probe: HttpProbe) -> dict[str, Any]:
    numbers = {
        "initialDelaySeconds": probe.initial_delay_seconds,
        "periodSeconds": probe.period_seconds,
        "timeoutSeconds": probe.timeout_seconds,
        "failureThreshold": probe.failure_threshold,
        "successThreshold": probe.success_threshold,
    }
    return {
        "httpGet": {"path": probe.path, "port": PORT_NAME},
        **{name: number for name, number in numbers.items() if number is not None},
    }


def _seconds(probe: dict[str, Any]) -> int:
    return int(probe.get("initialDelaySeconds", 0) + probe["periodSeconds"] * (probe["failureThreshold"] - 1))


def _asking(probe: dict[str, Any] | None, scheme: str, port_name: str | int) -> dict[str, Any] | None:
    if probe is None or (scheme == "HTTP" and port_name == PORT_NAME):
        return probe
    asked = {**probe["httpGet"], "port": port_name}
    return {**probe, "httpGet": asked if scheme == "HTTP" else {**asked, "scheme": scheme}}
