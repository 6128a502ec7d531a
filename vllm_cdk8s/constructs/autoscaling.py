"""A server's HorizontalPodAutoscaler in the tree."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cdk8s

if TYPE_CHECKING:
    from collections.abc import Mapping

    from constructs import Construct

    from vllm_cdk8s.core.pod.resources import Resources
    from vllm_cdk8s.core.scaling.autoscaling import Autoscaling
    from vllm_cdk8s.core.server.serving import WorkloadRef


def add_autoscaler(
    autoscaling: Autoscaling,
    scope: Construct,
    *,
    target: WorkloadRef,
    resources: Resources,
    name: str | None,
    labels: Mapping[str, str],
) -> cdk8s.ApiObject:
    """Make the autoscaler of a workload."""
    made = cdk8s.ApiObject(
        scope,
        "Autoscaler",
        api_version="autoscaling/v2",
        kind="HorizontalPodAutoscaler",
        metadata=cdk8s.ApiObjectMetadata(name=name, labels=dict(labels)),
    )
    made.add_json_patch(cdk8s.JsonPatch.add("/spec", autoscaling.spec(target=target, resources=resources)))
    return made
