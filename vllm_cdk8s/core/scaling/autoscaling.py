"""CPU and memory autoscaling: a HorizontalPodAutoscaler that owns the number of replicas."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vllm_cdk8s.core.errors import ConflictError, InvalidOptionError, mention, warn
from vllm_cdk8s.core.keywords import named_keywords
from vllm_cdk8s.core.kube import checks
from vllm_cdk8s.core.kube.manifest import Manifest
from vllm_cdk8s.core.rules.book import AUTOSCALER

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vllm_cdk8s.core.pod.resources import Resources


@named_keywords
@dataclass(frozen=True, kw_only=True, slots=True)
class Autoscaling:
    """Replicas by CPU or memory: ``Autoscaling(max_replicas=4)``.

    The load of a GPU server hardly shows on its CPU; scaling on the queue of waiting requests follows it.

    Args:
        min_replicas: the lowest number of replicas.
        max_replicas: the highest number of replicas.
        target_cpu_utilization: the target for CPU, in percent of the CPU request; None does not scale by CPU.
        target_memory_utilization: the target for memory, in percent of the memory request; None does not scale by
            memory.

    Raises:
        InvalidOptionError: a number is out of its range, or there is no target.
        ConflictError: the minimum is above the maximum.
    """

    min_replicas: int = 1
    max_replicas: int = 100
    target_cpu_utilization: int | None = 80
    target_memory_utilization: int | None = None

    def __post_init__(self) -> None:
        checks.plain_fields(self)
        checks.integer("min_replicas", self.min_replicas, minimum=1)
        checks.integer("max_replicas", self.max_replicas, minimum=1)
        if self.min_replicas > self.max_replicas:
            raise ConflictError(
                f"{self.min_replicas} is above max_replicas: {self.max_replicas}", option="min_replicas"
            )
        if not self.targets():
            raise InvalidOptionError(
                "None, and no memory target either; allowed: at least one of the two", option="target_cpu_utilization"
            )
        for resource, percent in self.targets().items():
            checks.integer(f"target_{resource}_utilization", percent, minimum=1)

    def targets(self) -> dict[str, int]:
        """The percentages aimed at, by resource."""
        targets = {"cpu": self.target_cpu_utilization, "memory": self.target_memory_utilization}
        return {resource: percent for resource, percent in targets.items() if percent is not None}

    def manifest(self, *, name: str, labels: Mapping[str, str], target: Manifest, resources: Resources) -> Manifest:
        """The autoscaler of a workload."""
        for resource in self.targets():
            if resource not in resources.requests and resource not in resources.limits:
                warn(
                    f"there is no {mention(f'resources.requests[{resource!r}]')} to measure utilization against, so "
                    "the autoscaler will not act",
                    option="autoscaling",
                    rule=AUTOSCALER,
                )
        metrics = [
            {
                "resource": {"name": resource, "target": {"averageUtilization": percent, "type": "Utilization"}},
                "type": "Resource",
            }
            for resource, percent in self.targets().items()
        ]
        return Manifest(
            api_version="autoscaling/v2",
            kind="HorizontalPodAutoscaler",
            name=name,
            labels=labels,
            body={
                "spec": {
                    "maxReplicas": self.max_replicas,
                    "metrics": metrics,
                    "minReplicas": self.min_replicas,
                    "scaleTargetRef": {"apiVersion": target.api_version, "kind": target.kind, "name": target.name},
                }
            },
        )
