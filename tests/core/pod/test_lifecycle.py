"""A drain budget is split between the pod that waits and the vLLM that finishes, and leaves time for its end."""

from __future__ import annotations

import warnings

import pytest

from vllm_cdk8s.core.errors import ConflictError, InvalidOptionError, VllmCdk8sWarning
from vllm_cdk8s.core.pod.lifecycle import Drain, check_shutdown_timeout, drain


@pytest.mark.parametrize(
    ("seconds", "graceful", "wait", "timeout", "grace"),
    [
        (60, True, 10, 50, 75),
        (60, False, 60, None, 75),
        (10, True, 10, 0, 25),
        (4, True, 4, 0, 19),
        (0, True, 0, 0, 15),
        (0, False, 0, None, 15),
    ],
)
def test_a_budget_is_split(*, seconds: int, graceful: bool, wait: int, timeout: int | None, grace: int) -> None:
    made = drain(seconds, graceful_engine=graceful)
    assert made == Drain(pre_stop_seconds=wait, shutdown_timeout=timeout, grace_period_seconds=grace)
    assert made.pre_stop == (("sleep", str(wait)) if wait else ())


def test_a_budget_below_nothing_is_refused() -> None:
    with pytest.raises(InvalidOptionError, match="drain_seconds: -1"):
        drain(-1, graceful_engine=True)


def test_a_timeout_of_vllm_is_held_against_what_the_pod_gets() -> None:
    stop = drain(60, graceful_engine=True)
    check_shutdown_timeout(50, stop)
    with pytest.raises(ConflictError, match=r"51 is above the 50 s .* say drain_seconds=61"):
        check_shutdown_timeout(51, stop)
    with pytest.raises(ConflictError, match="1 is above the 0 s"):
        check_shutdown_timeout(1, drain(60, graceful_engine=False))
    check_shutdown_timeout(None, stop)


def test_without_a_budget_the_pod_gets_thirty_seconds() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_shutdown_timeout(15, None)
    with pytest.warns(VllmCdk8sWarning, match=r"16 and the end .* more than the 30 s .* say drain_seconds=26"):
        check_shutdown_timeout(16, None)
