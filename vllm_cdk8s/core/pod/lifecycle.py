"""How a server stops without losing requests: one drain budget, pure Python."""

from __future__ import annotations

from msgspec import Struct

from vllm_cdk8s.core.errors import ConflictError, warn
from vllm_cdk8s.core.kube import checks

# Until every proxy has taken a dying pod off its list.
_DEREGISTRATION = 10
# From the last answer to the process's end: workers are joined, CUDA contexts torn down.
_TEARDOWN = 15
# What Kubernetes gives a pod that says nothing.
_USUAL_GRACE = 30


class Drain(Struct, frozen=True, kw_only=True):
    """The parts of a drain budget: ``pre_stop_seconds + shutdown_timeout < grace_period_seconds``."""

    pre_stop_seconds: int
    shutdown_timeout: int | None
    grace_period_seconds: int

    @property
    def pre_stop(self) -> tuple[str, ...]:
        """The preStop command; ``exec`` since the ``sleep`` action is newer than Kubernetes 1.27."""
        return ("sleep", str(self.pre_stop_seconds)) if self.pre_stop_seconds else ()


def drain(drain_seconds: int, *, graceful_engine: bool) -> Drain:
    """Split the seconds that running requests get at shutdown.

    A vLLM that knows ``--shutdown-timeout`` (from 0.18.0) finishes its requests after SIGTERM, so the pod only waits
    until no new ones arrive (10 s of the budget) and vLLM gets the rest; an older one drops them at SIGTERM, so the
    pod waits out the whole budget first. Kubernetes kills 15 s after the budget.

    Raises:
        InvalidOptionError: the budget is not a whole number of at least 0.
    """
    checks.integer("drain_seconds", drain_seconds, minimum=0)
    wait = min(_DEREGISTRATION, drain_seconds) if graceful_engine else drain_seconds
    return Drain(
        pre_stop_seconds=wait,
        shutdown_timeout=drain_seconds - wait if graceful_engine else None,
        grace_period_seconds=drain_seconds + _TEARDOWN,
    )


def check_shutdown_timeout(seconds: object, stop: Drain | None) -> None:
    """Hold vLLM's own setting against the time that Kubernetes gives the pod; it may be the user's.

    Raises:
        ConflictError: the drain budget has not that much time.
    """
    if not isinstance(seconds, int):
        return
    if stop is None:
        if seconds + _TEARDOWN > _USUAL_GRACE:
            warn(
                f"shutdown_timeout: {seconds} and the end of vLLM itself take more than the {_USUAL_GRACE} s that a "
                f"pod gets unless it says so; say drain_seconds={seconds + _DEREGISTRATION} in its place"
            )
    elif seconds > (stop.shutdown_timeout or 0):
        raise ConflictError(
            f"{seconds} is above the {stop.shutdown_timeout or 0} s that drain_seconds leaves it before Kubernetes "
            f"kills the pod; say drain_seconds={seconds + _DEREGISTRATION} in its place",
            option="shutdown_timeout",
        )
