"""SlowStartProbes and ManualProbes: the health probes of a server as constructs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from constructs import Construct

from vllm_cdk8s.core.keywords import named_keywords
from vllm_cdk8s.core.pod.health import DEFAULT_STARTUP_SECONDS, Health, HttpProbe, manual, slow_start

if TYPE_CHECKING:
    from collections.abc import Mapping


class _Probes(Construct):
    """What the two kinds of probes have in common: three probes in wire form, and a start-up budget."""

    def __init__(self, scope: Construct, id: str, health: Health) -> None:
        super().__init__(scope, id)
        self._health = health

    @property
    def startup(self) -> Mapping[str, Any] | None:
        """The ``startupProbe`` in wire form, or None."""
        return self._health.startup

    @property
    def liveness(self) -> Mapping[str, Any] | None:
        """The ``livenessProbe`` in wire form, or None."""
        return self._health.liveness

    @property
    def readiness(self) -> Mapping[str, Any] | None:
        """The ``readinessProbe`` in wire form, or None."""
        return self._health.readiness

    @property
    def startup_seconds(self) -> int:
        """Seconds that a container has until it is restarted for not answering: delay + period x threshold.

        0 where nothing restarts it.
        """
        return self._health.startup_seconds

    @property
    def health(self) -> Health:
        """The three probes as one piece of plain data."""
        return self._health


@named_keywords
class SlowStartProbes(_Probes):
    """All three probes from one number: how long the server may take to start.

    The start-up probe waits 30 s, then asks every 15 s (timeout 10 s) until the budget is used up; the number of
    failures is rounded up, so a model gets at least the time asked for and less than one period more. Liveness asks
    every 30 s (timeout 10 s, 3 failures), readiness every 10 s (timeout 5 s, 2 failures); both begin once start-up has
    succeeded. All ask ``/health``.

    Args:
        scope: the parent construct.
        id: the construct's ID, unique within its parent.
        max_startup_seconds: seconds from the container's start to its first answer: download, loading and
            compilation. By size: 300 below 7B parameters, 600 to 13B, 1800 to 70B, 3600 above.

    Raises:
        InvalidOptionError: the budget is not a whole number of at least 1.
    """

    def __init__(self, scope: Construct, id: str, *, max_startup_seconds: int = DEFAULT_STARTUP_SECONDS) -> None:
        super().__init__(scope, id, slow_start(max_startup_seconds))


@named_keywords
class ManualProbes(_Probes):
    """Each probe by hand; None turns one off.

    Start-up: delay 10 s, period 10 s, timeout 5 s, 60 failures. Liveness: period 30 s, timeout 10 s, 3 failures.
    Readiness: period 10 s, timeout 5 s, 3 failures. Without a start-up probe (the form for Kubernetes below 1.16)
    liveness waits 300 s and readiness 60 s, unless they say otherwise.

    Args:
        scope: the parent construct.
        id: the construct's ID, unique within its parent.
        startup: the start-up probe; None for the form without one.
        liveness: the liveness probe; None warns, since a hung vLLM is then never restarted.
        readiness: the readiness probe; None warns, since traffic then reaches pods that cannot serve.

    Raises:
        InvalidOptionError: a number is out of its range.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        startup: HttpProbe | None = HttpProbe(),  # noqa: B008 - frozen
        liveness: HttpProbe | None = HttpProbe(),  # noqa: B008
        readiness: HttpProbe | None = HttpProbe(),  # noqa: B008
    ) -> None:
        super().__init__(scope, id, manual(startup=startup, liveness=liveness, readiness=readiness))
