"""slowStart, the manual probe sections, and the legacy form between them."""

from __future__ import annotations

import warnings
from typing import Any

import pytest

from vllm_cdk8s.core.errors import VllmCdk8sWarning
from vllm_cdk8s.core.pod.health import HttpProbe
from vllm_cdk8s.helm.health_values import manual_probes
from vllm_cdk8s.helm.problems import ValuesError
from vllm_cdk8s.helm.validation import check_values

SLOW_LIVENESS: dict[str, Any] = {"period_seconds": 30, "timeout_seconds": 10, "failure_threshold": 3}
SLOW_READINESS: dict[str, Any] = {"period_seconds": 10, "timeout_seconds": 5, "failure_threshold": 2}


def probes(**values: Any) -> dict[str, HttpProbe | None] | None:
    return manual_probes(check_values(values))


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"slowStart": {"maxStartupSeconds": 1800}},
        {"startupProbe": {"enabled": True, "failureThreshold": 60}},
        {"livenessProbe": {"enabled": True, "periodSeconds": 30}},
    ],
)
def test_slow_start_alone_decides_while_nothing_else_is_said(values: dict[str, Any]) -> None:
    assert probes(**values) is None


def test_the_manual_sections_decide_where_slow_start_is_off() -> None:
    assert probes(slowStart={"enabled": False}, startupProbe={"failureThreshold": 120}) == {
        "startup": HttpProbe(initial_delay_seconds=10, period_seconds=10, timeout_seconds=5, failure_threshold=120),
        "liveness": HttpProbe(period_seconds=30, timeout_seconds=10, failure_threshold=3),
        "readiness": HttpProbe(period_seconds=10, timeout_seconds=5, failure_threshold=3),
    }


@pytest.mark.parametrize("seconds", [600, 1800])
def test_no_startup_probe_means_liveness_and_readiness_delayed_by_slow_starts_budget(seconds: int) -> None:
    assert probes(startupProbe={"enabled": False}, slowStart={"maxStartupSeconds": seconds}) == {
        "startup": None,
        "liveness": HttpProbe(initial_delay_seconds=seconds, **SLOW_LIVENESS),
        "readiness": HttpProbe(initial_delay_seconds=seconds, **SLOW_READINESS),
    }


def test_in_the_legacy_form_given_delays_are_kept() -> None:
    found = probes(startupProbe={"enabled": False}, livenessProbe={"initialDelaySeconds": 900})

    assert found is not None
    assert found["liveness"] == HttpProbe(initial_delay_seconds=900, **SLOW_LIVENESS)
    assert found["readiness"] == HttpProbe(initial_delay_seconds=600, **SLOW_READINESS)


def test_without_slow_start_the_legacy_delays_are_left_to_the_probes_own_defaults() -> None:
    found = probes(slowStart={"enabled": False}, startupProbe={"enabled": False})

    assert found is not None
    assert found["startup"] is None
    assert found["liveness"] == HttpProbe(period_seconds=30, timeout_seconds=10, failure_threshold=3)


def test_a_probe_that_is_switched_off_is_off_whoever_decides_the_others() -> None:
    found = probes(livenessProbe={"enabled": False}, slowStart={"maxStartupSeconds": 300})

    assert found is not None
    assert found["liveness"] is None
    assert found["readiness"] == HttpProbe(**SLOW_READINESS)
    assert found["startup"] == HttpProbe(
        initial_delay_seconds=30, period_seconds=15, timeout_seconds=10, failure_threshold=19
    )


def test_a_section_with_numbers_of_its_own_counts_while_slow_start_has_none() -> None:
    found = probes(startupProbe={"failureThreshold": 180})

    assert found is not None
    assert found["startup"] == HttpProbe(
        initial_delay_seconds=10, period_seconds=10, timeout_seconds=5, failure_threshold=180
    )
    assert found["readiness"] == HttpProbe(**SLOW_READINESS)


def test_slow_start_with_numbers_of_its_own_wins_and_says_so() -> None:
    with pytest.warns(VllmCdk8sWarning, match=r"^startupProbe\.failureThreshold: has no effect while"):
        found = probes(startupProbe={"failureThreshold": 180}, slowStart={"maxStartupSeconds": 1800})

    assert found is not None
    assert found["startup"] == HttpProbe(
        initial_delay_seconds=30, period_seconds=15, timeout_seconds=10, failure_threshold=119
    )


def test_a_delay_behind_a_startup_probe_has_no_effect_and_is_said_to_have_none() -> None:
    with pytest.warns(VllmCdk8sWarning, match=r"^readinessProbe\.initialDelaySeconds: 600 has no effect"):
        found = probes(readinessProbe={"initialDelaySeconds": 600})

    assert found is not None
    assert found["readiness"] == HttpProbe(**SLOW_READINESS)


def test_the_path_and_the_servers_own_port_may_be_said() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = probes(
            livenessProbe={"httpGet": {"path": "/ping", "port": 8000}}, readinessProbe={"httpGet": {"port": "http"}}
        )

    assert found is not None
    assert found["liveness"] == HttpProbe(path="/ping", **SLOW_LIVENESS)


def test_another_port_or_a_bad_path_is_refused() -> None:
    with pytest.raises(ValuesError, match=r"^livenessProbe\.httpGet\.port: '9000' is not the server's; allowed: http"):
        probes(livenessProbe={"httpGet": {"port": 9000}})
    with pytest.raises(ValuesError, match=r"^livenessProbe\.httpGet\.path: 'health' is not an absolute path"):
        probes(livenessProbe={"httpGet": {"path": "health"}})
