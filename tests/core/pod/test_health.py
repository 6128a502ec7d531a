"""The probes as plain data: the chart's four sizes, the budget that is never cut short, the manual and legacy forms."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vllm_cdk8s.core.errors import InvalidOptionError, VllmCdk8sWarning
from vllm_cdk8s.core.pod.health import HttpProbe, manual, slow_start

HEALTH = {"path": "/health", "port": "http"}
# By size of the model: below 7B, 7B to 13B, 13B to 70B, above.
SIZES = {300: 19, 600: 39, 1800: 119, 3600: 239}


@pytest.mark.parametrize(("budget", "threshold"), SIZES.items())
def test_slow_start_for_each_size_of_model(budget: int, threshold: int) -> None:
    health = slow_start(budget)
    assert health.startup == {
        "httpGet": HEALTH,
        "initialDelaySeconds": 30,
        "periodSeconds": 15,
        "timeoutSeconds": 10,
        "failureThreshold": threshold,
    }
    assert health.liveness == {"httpGet": HEALTH, "periodSeconds": 30, "timeoutSeconds": 10, "failureThreshold": 3}
    assert health.readiness == {"httpGet": HEALTH, "periodSeconds": 10, "timeoutSeconds": 5, "failureThreshold": 2}
    assert health.startup_seconds == budget


@given(st.integers(min_value=1, max_value=10**6))
def test_a_budget_is_never_cut_short_and_never_a_period_too_long(budget: int) -> None:
    health = slow_start(budget)
    assert health.startup is not None
    # The kubelet asks at each period's end, not before the delay is over, and acts at the last failure.
    before_the_last = health.startup["failureThreshold"] - 1
    seconds = health.startup["initialDelaySeconds"] + health.startup["periodSeconds"] * before_the_last
    assert budget <= seconds < budget + health.startup["periodSeconds"]
    assert health.startup_seconds == seconds
    assert health.startup["failureThreshold"] >= 1
    assert health.startup["initialDelaySeconds"] >= 0


@pytest.mark.parametrize(
    ("budget", "delay", "threshold"), [(1, 0, 2), (15, 0, 2), (16, 1, 2), (44, 29, 2), (45, 30, 2), (46, 30, 3)]
)
def test_a_budget_under_45_seconds_shortens_the_delay(budget: int, delay: int, threshold: int) -> None:
    startup = slow_start(budget).startup
    assert startup is not None
    assert (startup["initialDelaySeconds"], startup["failureThreshold"]) == (delay, threshold)


@pytest.mark.parametrize(
    ("budget", "message"),
    [
        (0, "max_startup_seconds: 0 is out of range; allowed: 1 to 1073741823"),
        (-600, "max_startup_seconds: -600 is out of range"),
        (600.0, "max_startup_seconds: 600.0 is not a whole number"),
        (True, "max_startup_seconds: True is not a whole number"),
        ("600", "max_startup_seconds: '600' is not a whole number"),
        (None, "max_startup_seconds: None is not a whole number"),
    ],
)
def test_a_budget_that_is_none_is_refused(budget: Any, message: str) -> None:
    with pytest.raises(InvalidOptionError) as caught:
        slow_start(budget)
    assert caught.value.lines[0].startswith(message)


# Manual probes


def test_manual_probes_have_the_charts_defaults() -> None:
    health = manual(startup=HttpProbe(), liveness=HttpProbe(), readiness=HttpProbe())
    assert health.startup == {
        "httpGet": HEALTH,
        "initialDelaySeconds": 10,
        "periodSeconds": 10,
        "timeoutSeconds": 5,
        "failureThreshold": 60,
    }
    assert health.liveness == {"httpGet": HEALTH, "periodSeconds": 30, "timeoutSeconds": 10, "failureThreshold": 3}
    assert health.readiness == {"httpGet": HEALTH, "periodSeconds": 10, "timeoutSeconds": 5, "failureThreshold": 3}
    assert health.startup_seconds == 10 + 59 * 10


def test_the_advanced_form_of_the_chart() -> None:
    """Failure threshold 120 with a period of 10; liveness every 30 s; readiness every 10 s."""
    health = manual(
        startup=HttpProbe(failure_threshold=120, period_seconds=10),
        liveness=HttpProbe(period_seconds=30),
        readiness=HttpProbe(period_seconds=10),
    )
    assert health.startup is not None
    assert health.startup["failureThreshold"] == 120
    assert health.startup_seconds == 10 + 119 * 10


def test_a_raised_threshold_keeps_the_other_defaults() -> None:
    """The better way of the chart's text for extremely large models: failure threshold 180."""
    health = manual(startup=HttpProbe(failure_threshold=180), liveness=HttpProbe(), readiness=HttpProbe())
    assert health.startup_seconds == 10 + 179 * 10


def test_without_a_startup_probe_the_others_wait() -> None:
    health = manual(startup=None, liveness=HttpProbe(), readiness=HttpProbe())
    assert health.startup is None
    assert health.liveness is not None
    assert health.readiness is not None
    assert health.liveness["initialDelaySeconds"] == 300
    assert health.readiness["initialDelaySeconds"] == 60
    assert health.startup_seconds == 300 + 2 * 30


def test_the_legacy_form_of_the_chart() -> None:
    """Initial delays of 600 s in the place of a start-up probe."""
    delayed = HttpProbe(initial_delay_seconds=600)
    health = manual(startup=None, liveness=delayed, readiness=delayed)
    assert health.liveness is not None
    assert health.readiness is not None
    assert (health.liveness["initialDelaySeconds"], health.readiness["initialDelaySeconds"]) == (600, 600)
    assert health.startup_seconds == 600 + 2 * 30


def test_a_delay_of_zero_is_a_delay_and_not_a_default() -> None:
    health = manual(
        startup=None, liveness=HttpProbe(initial_delay_seconds=0), readiness=HttpProbe(initial_delay_seconds=0)
    )
    assert health.liveness is not None
    assert health.liveness["initialDelaySeconds"] == 0


@pytest.mark.parametrize(
    ("role", "consequence"),
    [("liveness", "a hung vLLM is never restarted"), ("readiness", "traffic reaches pods that cannot serve")],
)
def test_turning_a_probe_off_works_and_warns(role: str, consequence: str) -> None:
    probes: dict[str, Any] = {"startup": HttpProbe(), "liveness": HttpProbe(), "readiness": HttpProbe(), role: None}
    with pytest.warns(VllmCdk8sWarning, match=rf"^{role}: the {role} probe is off, so {consequence}"):
        health = manual(**probes)
    assert getattr(health, role) is None


def test_no_probe_at_all_restarts_nothing() -> None:
    with pytest.warns(VllmCdk8sWarning, match="probe is off"):
        health = manual(startup=None, liveness=None, readiness=None)
    assert health.startup_seconds == 0
    assert health.wire(scheme="HTTP") == {"startupProbe": None, "livenessProbe": None, "readinessProbe": None}


def test_a_probe_of_another_path_asks_there() -> None:
    health = manual(startup=HttpProbe(path="/ping"), liveness=HttpProbe(), readiness=HttpProbe(success_threshold=2))
    assert health.startup is not None
    assert health.readiness is not None
    assert health.startup["httpGet"] == {"path": "/ping", "port": "http"}
    assert health.readiness["successThreshold"] == 2


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"period_seconds": 0}, "period_seconds: 0 is out of range; allowed: a whole number of at least 1"),
        ({"initial_delay_seconds": -1}, "initial_delay_seconds: -1 is out of range"),
        ({"failure_threshold": 2.5}, "failure_threshold: 2.5 is not a whole number"),
        ({"timeout_seconds": True}, "timeout_seconds: True is not a whole number"),
        ({"success_threshold": "1"}, "success_threshold: '1' is not a whole number"),
        ({"path": "health"}, "path: 'health' is not an absolute path"),
    ],
)
def test_a_probe_out_of_range_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidOptionError) as caught:
        HttpProbe(**options)
    assert caught.value.lines[0].startswith(message)


@pytest.mark.parametrize("role", ["startup", "liveness"])
def test_only_readiness_may_ask_for_more_than_one_success(role: str) -> None:
    probes = {"startup": HttpProbe(), "liveness": HttpProbe(), "readiness": HttpProbe()}
    probes[role] = HttpProbe(success_threshold=2)
    with pytest.raises(InvalidOptionError, match=rf"^{role}.success_threshold: 2 is not allowed; allowed: 1"):
        manual(**probes)


def test_a_mapping_is_no_probe() -> None:
    probes: dict[str, Any] = {"startup": {"periodSeconds": 10}, "liveness": HttpProbe(), "readiness": HttpProbe()}
    with pytest.raises(InvalidOptionError, match=r"^startup: \{'periodSeconds': 10\} is not an HttpProbe; allowed: "):
        manual(**probes)
