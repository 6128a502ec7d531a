"""SlowStartProbes and ManualProbes as constructs, on their way into the Deployment."""

from typing import Any

import pytest

from tests.synthesis import PLAIN, new_chart, the, vllm_container
from vllm_cdk8s import HttpProbe, ManualProbes, SlowStartProbes, VllmCdk8sWarning, VllmServer

ROLES = ("startupProbe", "livenessProbe", "readinessProbe")


@pytest.mark.parametrize("budget", [300, 600, 1800, 3600])
def test_slow_start_reaches_the_container_and_the_rollout_waits_longer(budget: int) -> None:
    chart = new_chart()
    probes = SlowStartProbes(chart, "probes", max_startup_seconds=budget)
    server = VllmServer(chart, "server", probes=probes, **PLAIN)
    assert server.probes is probes
    container = vllm_container(chart)
    assert [container[role] for role in ROLES] == [probes.startup, probes.liveness, probes.readiness]
    assert (container["startupProbe"]["failureThreshold"] - 1) * 15 + 30 == budget == probes.startup_seconds
    assert {container[role]["httpGet"]["path"] for role in ROLES} == {"/health"}
    # The port that the probes name is the one that the container names.
    assert {container[role]["httpGet"]["port"] for role in ROLES} == {container["ports"][0]["name"]}
    assert the(chart, "Deployment")["spec"]["progressDeadlineSeconds"] > budget


def test_one_set_of_probes_may_serve_two_servers() -> None:
    chart = new_chart()
    probes = SlowStartProbes(chart, "probes", max_startup_seconds=1800)
    first = VllmServer(chart, "a", probes=probes, **PLAIN)
    second = VllmServer(chart, "b", probes=probes, **PLAIN)
    assert first.probes is second.probes


def test_manual_probes_reach_the_container() -> None:
    chart = new_chart()
    probes = ManualProbes(chart, "probes", startup=HttpProbe(failure_threshold=120, period_seconds=10))
    VllmServer(chart, "server", probes=probes, **PLAIN)
    container = vllm_container(chart)
    assert container["startupProbe"]["failureThreshold"] == 120
    assert container["startupProbe"]["periodSeconds"] == 10
    assert "initialDelaySeconds" not in container["livenessProbe"]


def test_a_probe_that_is_off_leaves_no_trace() -> None:
    chart = new_chart()
    with pytest.warns(VllmCdk8sWarning, match="the liveness probe is off"):
        probes = ManualProbes(chart, "probes", liveness=None)
    VllmServer(chart, "server", probes=probes, **PLAIN)
    assert "livenessProbe" not in vllm_container(chart)


def test_the_legacy_form_has_no_startup_probe() -> None:
    chart = new_chart()
    delayed = HttpProbe(initial_delay_seconds=600)
    probes = ManualProbes(chart, "probes", startup=None, liveness=delayed, readiness=delayed)
    VllmServer(chart, "server", probes=probes, **PLAIN)
    container = vllm_container(chart)
    assert "startupProbe" not in container
    assert container["livenessProbe"]["initialDelaySeconds"] == 600
    assert the(chart, "Deployment")["spec"]["progressDeadlineSeconds"] > 600


def test_a_warning_points_at_the_users_own_line() -> None:
    with pytest.warns(VllmCdk8sWarning) as caught:
        ManualProbes(new_chart(), "probes", readiness=None)
    assert caught[0].filename == __file__


@pytest.mark.parametrize(
    "engine_args",
    [
        {"ssl_certfile": "/tls/tls.crt", "ssl_keyfile": "/tls/tls.key"},
        # One file may hold both; a file of options may say the other.
        {"ssl_certfile": "/tls/both.pem"},
        {"ssl_keyfile": "/tls/tls.key", "config": "/etc/vllm.yaml"},
    ],
)
def test_probes_ask_over_https_where_vllm_serves_tls(engine_args: dict[str, Any]) -> None:
    chart = new_chart()
    options: dict[str, Any] = {**PLAIN, "engine_args": engine_args}
    server = VllmServer(chart, "server", **options)
    container = vllm_container(chart)
    assert {container[role]["httpGet"]["scheme"] for role in ROLES} == {"HTTPS"}
    assert server.url.startswith("https://")
