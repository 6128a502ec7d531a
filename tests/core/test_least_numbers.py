"""The least of what may be said is allowed, and one less is not."""

import pytest

from vllm_cdk8s import HttpProbe, InvalidOptionError
from vllm_cdk8s.core.server.leader_worker_set import LeaderWorkerSetShape


@pytest.mark.parametrize(
    ("name", "least"),
    [
        ("initial_delay_seconds", 0),
        ("period_seconds", 1),
        ("timeout_seconds", 1),
        ("failure_threshold", 1),
        ("success_threshold", 1),
    ],
)
def test_numbers_of_a_probe(name: str, least: int) -> None:
    HttpProbe(**{name: least})  # type: ignore[arg-type]
    with pytest.raises(InvalidOptionError, match=f"^{name}: {least - 1} is out of range"):
        HttpProbe(**{name: least - 1})  # type: ignore[arg-type]


def test_a_set_that_sleeps_leaves_room_for_its_first_group() -> None:
    assert LeaderWorkerSetShape.suffix(0) == LeaderWorkerSetShape.suffix(1) == "-0-<revision>"
    assert LeaderWorkerSetShape.suffix(11) == "-10-<revision>"
