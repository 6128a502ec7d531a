"""The alerts in Prometheus' own hands: they fire when they should and are quiet when they should be.

Runs where Prometheus' `promtool` is on the PATH (Debian: the package `prometheus`).
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from vllm_cdk8s.core.monitoring.alert_rules import alert_groups
from vllm_cdk8s.core.monitoring.dashboard_json import dashboard_json
from vllm_cdk8s.core.monitoring.metrics import known_versions
from vllm_cdk8s.core.monitoring.promql import Target, deployment_pods

if TYPE_CHECKING:
    from pathlib import Path

PROMTOOL = shutil.which("promtool")
pytestmark = pytest.mark.skipif(PROMTOOL is None, reason="promtool is not on the PATH")

POD = "llama-6d5f9c7b8d-x2x4z"
HERE = f'namespace="ml",pod="{POD}",container="vllm"'
VLLM = f'{HERE},model_name="m",engine="0"'
# Another server of the namespace, busy and healthy, whose name continues this one's.
OTHER = {
    'up{namespace="ml",pod="llama-2-6d5f9c7b8d-aaaaa",container="vllm"}': "1x120",
    'vllm:generation_tokens_total{namespace="ml",pod="llama-2-6d5f9c7b8d-aaaaa",model_name="m",engine="0"}': "0+99x120",
    'vllm:num_requests_waiting{namespace="ml",pod="llama-2-6d5f9c7b8d-aaaaa",model_name="m",engine="0"}': "500+9x120",
}
HEALTHY = {
    f"up{{{HERE}}}": "1x120",
    f"kube_pod_container_state_started{{{HERE}}}": "0x120",
    f"kube_pod_container_status_ready{{{HERE}}}": "0x8 1x120",
    f"kube_pod_container_status_restarts_total{{{HERE}}}": "0x120",
    f"vllm:num_requests_running{{{VLLM}}}": "4x120",
    f"vllm:num_requests_waiting{{{VLLM}}}": "2x120",
    f"vllm:generation_tokens_total{{{VLLM}}}": "0+500x120",
    f"vllm:prompt_tokens_total{{{VLLM}}}": "0+50x120",
    f"vllm:kv_cache_usage_perc{{{VLLM}}}": "0.5x120",
}
ALL = ("VllmServerDown", "VllmServerRestarting", "VllmEngineStalled", "VllmQueueGrowing", "VllmKvCacheFull",
       "VllmStartupNearBudget")  # fmt: skip


def target(version: str | None = None) -> Target:
    return Target(model_name="m", pods=deployment_pods("llama"), namespace="ml", version=version)


def run(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    assert PROMTOOL is not None
    return subprocess.run([PROMTOOL, *arguments], check=False, capture_output=True, text=True, cwd=folder)


def firing(folder: Path, series: dict[str, str | None], *, minute: int = 60, scales_to_zero: bool = False) -> set[str]:
    """The alerts that fire after so many minutes, one sample a minute; None takes a healthy server's series away."""
    groups = alert_groups(target(), name="llama", startup_seconds=600, scales_to_zero=scales_to_zero)
    (folder / "rules.yaml").write_text(json.dumps({"groups": groups}), encoding="utf-8")
    values = {key: value for key, value in {**HEALTHY, **OTHER, **series}.items() if value is not None}
    # Silence is expected of each alert, so each that fires is a failure that names it.
    expected = [{"eval_time": f"{minute}m", "alertname": alert, "exp_alerts": []} for alert in ALL]
    inputs = [{"series": key, "values": value} for key, value in values.items()]
    test = {"interval": "1m", "input_series": inputs, "alert_rule_test": expected}
    content = {"rule_files": ["rules.yaml"], "evaluation_interval": "1m", "tests": [test]}
    (folder / "test.yaml").write_text(json.dumps(content), encoding="utf-8")
    result = run("test", "rules", "test.yaml", folder=folder)
    found = set(re.findall(r"alertname: ?(\w+)", result.stdout + result.stderr))
    assert bool(found) == bool(result.returncode), result.stdout + result.stderr
    return found


@pytest.mark.parametrize("version", [known_versions()[0], "0.11.0", known_versions()[-1]])
def test_prometheus_accepts_every_rule_and_every_panel(version: str, tmp_path: Path) -> None:
    dashboard = dashboard_json(target(version), name="llama", title="vLLM")
    panels = [query["expr"].replace("$__rate_interval", "5m").replace("$pod", POD)
              for panel in dashboard["panels"] for query in panel["targets"]]  # fmt: skip
    recorded = [{"record": f"panel:{index}", "expr": expression} for index, expression in enumerate(panels)]
    groups = alert_groups(target(version), name="llama", startup_seconds=600)
    (tmp_path / "rules.yaml").write_text(json.dumps({"groups": [*groups, {"name": "panels", "rules": recorded}]}))
    result = run("check", "rules", "rules.yaml", folder=tmp_path)
    assert result.returncode == 0, result.stdout + result.stderr
    assert f"{len(panels) + len(ALL)} rules found" in result.stdout


def test_a_healthy_server_is_quiet(tmp_path: Path) -> None:
    for minute in (1, 5, 20, 60):
        assert firing(tmp_path, {}, minute=minute) == set()


def test_a_server_without_pods_is_down(tmp_path: Path) -> None:
    gone: dict[str, str | None] = dict.fromkeys(HEALTHY)
    assert firing(tmp_path, gone, minute=14) == set()
    assert firing(tmp_path, gone) == {"VllmServerDown"}
    assert firing(tmp_path, gone, scales_to_zero=True) == set()


def test_a_server_that_does_not_answer_is_down(tmp_path: Path) -> None:
    silent: dict[str, str | None] = {key: None for key in HEALTHY if key.startswith("vllm:")}
    silent[f"up{{{HERE}}}"] = "0x120"
    assert firing(tmp_path, silent) == {"VllmServerDown"}
    assert firing(tmp_path, silent, scales_to_zero=True) == {"VllmServerDown"}


def test_one_of_two_pods_is_enough_to_be_up(tmp_path: Path) -> None:
    second = HERE.replace("x2x4z", "bbbbb")
    assert firing(tmp_path, {f"up{{{second}}}": "0x120"}) == set()


def test_an_engine_that_makes_no_tokens_for_its_requests_has_stalled(tmp_path: Path) -> None:
    frozen: dict[str, str | None] = {
        f"vllm:generation_tokens_total{{{VLLM}}}": "0+500x30 15000x90",
        f"vllm:prompt_tokens_total{{{VLLM}}}": "0+50x30 1500x90",
    }
    assert firing(tmp_path, frozen, minute=29) == set()
    assert firing(tmp_path, frozen) == {"VllmEngineStalled"}


def test_an_engine_of_embeddings_makes_no_tokens_and_has_not_stalled(tmp_path: Path) -> None:
    assert firing(tmp_path, {f"vllm:generation_tokens_total{{{VLLM}}}": "0x120"}) == set()


def test_an_idle_engine_has_not_stalled(tmp_path: Path) -> None:
    idle: dict[str, str | None] = {
        f"vllm:num_requests_running{{{VLLM}}}": "0x120",
        f"vllm:num_requests_waiting{{{VLLM}}}": "0x120",
        f"vllm:generation_tokens_total{{{VLLM}}}": "0x120",
        f"vllm:prompt_tokens_total{{{VLLM}}}": "0x120",
    }
    assert firing(tmp_path, idle) == set()


def test_one_engine_of_two_can_stall(tmp_path: Path) -> None:
    second = VLLM.replace('engine="0"', 'engine="1"')
    assert firing(tmp_path, {f"vllm:num_requests_running{{{second}}}": "3x120"}) == {"VllmEngineStalled"}


def test_a_queue_that_grows_is_reported_and_one_that_only_stands_is_not(tmp_path: Path) -> None:
    waiting = f"vllm:num_requests_waiting{{{VLLM}}}"
    assert firing(tmp_path, {waiting: "0+2x120"}) == {"VllmQueueGrowing"}
    assert firing(tmp_path, {waiting: "100x120"}) == set()
    assert firing(tmp_path, {waiting: "300-2x120"}) == set()
    assert firing(tmp_path, {waiting: "0 50 0 50 0 50 0 50 0 50 0 50 0 50 0 50 0 50 0x120"}, minute=17) == set()


def test_a_full_cache_is_reported_and_a_peak_is_not(tmp_path: Path) -> None:
    usage = f"vllm:kv_cache_usage_perc{{{VLLM}}}"
    assert firing(tmp_path, {usage: "0.99x120"}) == {"VllmKvCacheFull"}
    assert firing(tmp_path, {usage: "0.5x57 1x3 0.5x60"}) == set()


def test_a_start_that_takes_most_of_its_budget_is_reported_before_the_kubelet_kills_it(tmp_path: Path) -> None:
    slow: dict[str, str | None] = {f"kube_pod_container_status_ready{{{HERE}}}": "0x120", f"up{{{HERE}}}": "0x120"}
    assert firing(tmp_path, slow, minute=7) == set()
    assert firing(tmp_path, slow, minute=9) == {"VllmStartupNearBudget"}


def test_a_container_that_keeps_restarting_is_reported(tmp_path: Path) -> None:
    assert firing(tmp_path, {f"kube_pod_container_status_restarts_total{{{HERE}}}": "0x40 1x5 2x5 3x5 4x60"}) == {
        "VllmServerRestarting"
    }
