"""HTTPRoutes in anybody's manifests: where they lead, and for which models."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.lint.manifests import CLAIM, GOOD, SERVICE, changed, codes, run

if TYPE_CHECKING:
    from pathlib import Path

MODEL = "Qwen/Qwen2.5-7B-Instruct"


def route(model: str | None = None, *, header: str = "X-Gateway-Model-Name", **reference: Any) -> dict[str, Any]:
    headers = [] if model is None else [{"name": header, "value": model}]
    backend = {"name": "llm", "port": 80, **reference}
    return {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "HTTPRoute",
        "metadata": {"name": "llm", "namespace": "ai"},
        "spec": {
            "parentRefs": [{"name": "public"}],
            "rules": [{"matches": [{"path": {"value": "/v1"}, "headers": headers}], "backendRefs": [backend]}],
        },
    }


def test_a_model_that_the_server_does_not_have_is_found(tmp_path: Path) -> None:
    [found] = run(tmp_path, GOOD, CLAIM, SERVICE, route("qwen/qwen2.5-7b-instruct", header="x-gateway-model-name"))
    assert (found.rule, found.severity, found.object) == ("VC650", "error", "HTTPRoute/llm")
    assert f"did you mean '{MODEL}'?; it serves {MODEL}" in found.message


def test_a_port_that_the_service_does_not_have_is_found(tmp_path: Path) -> None:
    assert codes(run(tmp_path, GOOD, CLAIM, SERVICE, route(port=9999))) == ["VC602"]


@pytest.mark.parametrize(
    ("good", "server"),
    [
        (route(MODEL), GOOD),
        (route(), GOOD),
        (route("other", header="x-tenant"), GOOD),
        (route("other", weight=0), GOOD),
        (route("other", kind="InferencePool", group="inference.networking.k8s.io"), GOOD),
        (route("other", name="somebody-elses"), GOOD),
        (route("qwen"), changed(GOOD, container__args=[MODEL, "--port=8000", "--served-model-name", "q", "qwen"])),
        (
            route("sql"),
            changed(GOOD, container__args=[MODEL, "--port=8000", "--enable-lora", "--lora-modules", "sql=/a/sql"]),
        ),
        (
            route("tenant"),
            changed(
                GOOD,
                container__env=[
                    {"name": "VLLM_ALLOW_RUNTIME_LORA_UPDATING", "value": "1"},
                    {"name": "VLLM_API_KEY", "valueFrom": {"secretKeyRef": {"name": "a", "key": "b"}}},
                ],
            ),
        ),
    ],
)
def test_a_route_that_fits_or_may_fit_is_left_alone(
    tmp_path: Path, good: dict[str, Any], server: dict[str, Any]
) -> None:
    assert not {"VC650", "VC602"} & set(codes(run(tmp_path, server, CLAIM, SERVICE, good)))
