"""Adapters that come while vLLM serves: the switch for them, and the doors that it opens."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vllm_cdk8s.core.engine.version import EngineVersion

RUNTIME_ADAPTERS = "VLLM_ALLOW_RUNTIME_LORA_UPDATING"
# What Amazon SageMaker calls /v1/load_lora_adapter and /v1/unload_lora_adapter. The handlers are those of
# vllm/entrypoints/serve/lora/api_router.py, the paths those of the package model-hosting-container-standards.
BARE_PATH = "/adapters"
_BARE_SINCE = "0.11.1"


def switched_on(value: object) -> bool:
    """Whether a value of the switch turns it on, as vllm/envs.py reads it."""
    return str(value).strip().lower() in {"1", "true"}


def come_at_runtime(template: Mapping[str, Any]) -> bool:
    """Whether the vLLM of a pod template has the switch on."""
    containers = template.get("spec", {}).get("containers", ())
    vllm: Mapping[str, Any] = containers[0] if containers else {}
    return any(
        item.get("name") == RUNTIME_ADAPTERS and switched_on(item.get("value"))
        for item in vllm.get("env", ())
        if isinstance(item, Mapping)
    )


def beyond_key(version: EngineVersion) -> bool:
    """Whether this release has a door for adapters that no API key guards, since it is not below ``/v1``."""
    return version.at_least(_BARE_SINCE)
