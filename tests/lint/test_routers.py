"""production-stack's router in anybody's manifests."""

from pathlib import Path
from typing import Any

import pytest

from tests.lint.manifests import codes, run

STATIC = ["--service-discovery", "static", "--routing-logic", "roundrobin", "--static-models", "llama"]


def router(*args: str, image: str = "lmcache/lmstack-router:v0.1.12", **container: Any) -> dict[str, Any]:
    made = {"name": "router", "image": image, "args": list(args), **container}
    template = {"metadata": {"labels": {"app": "router"}}, "spec": {"containers": [made]}}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "router", "namespace": "ai"},
        "spec": {"selector": {"matchLabels": {"app": "router"}}, "template": template},
    }


def test_a_backend_that_the_router_leaves_out_is_found_where_it_stands(tmp_path: Path) -> None:
    [found] = run(tmp_path, router(*STATIC, "--static-backends", "http://llama.team-a:8000"))
    assert (found.rule, found.severity, found.object) == ("VC651", "error", "Deployment/router")
    assert found.message.startswith("--static-backends: 'http://llama.team-a:8000' is left out by the router")
    lines = Path(found.file).read_text().splitlines()
    assert "--static-backends" in lines[found.line - 1]


@pytest.mark.parametrize(
    "args",
    [
        ["--service-discovery", "k8s", "--routing-logic", "session"],
        ["--service-discovery", "k8s"],
        [*STATIC, "--static-backends", "http://a.b.svc,http://c.d.svc"],
    ],
)
def test_a_command_line_that_the_router_stops_at_is_found(tmp_path: Path, args: list[str]) -> None:
    assert codes(run(tmp_path, router(*args))) == ["VC651"]


@pytest.mark.parametrize(
    ("args", "severity", "message"),
    [
        (["--routing-logic", "prefix-aware"], "error", "--routing-logic: 'prefix-aware' is spelt 'prefixaware'"),
        (["--routing-logic", "round_robin"], "error", "--routing-logic: 'round_robin' is spelt 'roundrobin'"),
        (
            ["--routing-logic", "disaggregated_prefill", "--prefill-model-labels", "a"],
            "error",
            "--decode-model-labels: is missing, without which disaggregated_prefill finds no server",
        ),
        (
            ["--routing-logic", "kvaware", "--k8s-service-discovery-type", "service-name"],
            "warning",
            "--k8s-service-discovery-type: kvaware finds the server that has a prompt's cache by its pod's address",
        ),
    ],
)
def test_a_way_to_choose_without_what_it_needs_is_found(
    tmp_path: Path, args: list[str], severity: str, message: str
) -> None:
    [found] = run(tmp_path, router("--service-discovery", "k8s", *args))
    assert (found.rule, found.severity) == ("VC651", severity)
    assert found.message.startswith(message)


def test_caches_are_not_found_behind_the_name_of_a_service(tmp_path: Path) -> None:
    static = ["--service-discovery", "static", "--static-models", "llama", "--routing-logic", "kvaware"]
    [found] = run(tmp_path, router(*static, "--static-backends", "http://llama.ai.svc:8000"))
    assert found.message.startswith("--static-backends: 'http://llama.ai.svc:8000': kvaware finds the server")
    assert run(tmp_path, router(*static, "--static-backends", "http://10.0.0.1:8000")) == []


@pytest.mark.parametrize(
    "good",
    [
        router(*STATIC, "--static-backends", "http://llama.ai.svc:8000"),
        router("--service-discovery", "k8s", "--routing-logic", "prefixaware", "--k8s-namespace", "ai"),
        router("--service-discovery", "k8s", "--routing-logic", "kvaware"),
        router("--service-discovery", "k8s", "--routing-logic", "another-of-tomorrow"),
        router(
            "--service-discovery", "k8s", "--routing-logic", "disaggregated_prefill_orchestrated",
            "--prefill-model-labels", "a", "--decode-model-labels", "b",
        ),
        router("--dynamic-config-yaml", "/config/router.yaml"),
        # vllm-project/router has options of its own.
        router("--worker-urls", "http://a:8000", image="vllm/vllm-router:v0.1.17", command=["vllm-router"]),
        router(image="ghcr.io/vllm-project/production-stack/router:latest", command=["sh", "-c", "vllm-router"]),
    ],
)  # fmt: skip
def test_what_may_start_is_not_judged(tmp_path: Path, good: dict[str, Any]) -> None:
    assert run(tmp_path, good) == []
