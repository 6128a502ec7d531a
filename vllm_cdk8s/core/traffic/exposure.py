"""What is reached from outside the cluster, and what that means for a server that asks nobody for a key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from vllm_cdk8s.core.errors import Problem, mention
from vllm_cdk8s.core.rules.book import OPEN_TO_THE_WORLD


def reaches_the_world(service: Mapping[str, Any]) -> bool:
    """Whether a Service lets in whoever is outside of the cluster: a LoadBalancer, unless it says who or from where."""
    spec: Mapping[str, Any] = service.get("spec") or {}
    if spec.get("type") != "LoadBalancer" or spec.get("loadBalancerSourceRanges"):
        return False
    annotations: Mapping[str, Any] = (service.get("metadata") or {}).get("annotations") or {}
    # Each cloud has its own words for a load balancer of the private network; all of them hold this one.
    return not any("internal" in f"{key}={value}".lower() for key, value in annotations.items())


def open_to_the_world(path: str, exposed: Sequence[str]) -> Problem:
    """The warning that a server without an API key is reached from outside the cluster."""
    return Problem(
        what=f"there is none, and {', '.join(exposed)} leads from outside the cluster to {path}: whoever finds it uses "
        f"the GPUs; say {mention('api_key=SecretKey(...)')}, or authenticate before the server",
        rule=OPEN_TO_THE_WORLD,
        severity="warning",
        option="api_key",
    )
