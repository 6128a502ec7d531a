"""CPU and memory autoscaling: a HorizontalPodAutoscaler that owns the number of replicas."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from vllm_cdk8s.core.errors import Collector, ConflictError, InvalidOptionError, mention, warn
from vllm_cdk8s.core.keywords import named_keywords
from vllm_cdk8s.core.kube import checks
from vllm_cdk8s.core.kube.manifest import Manifest
from vllm_cdk8s.core.kube.wire import sequence
from vllm_cdk8s.core.rules.book import AUTOSCALER, NEVER_WAKES
from vllm_cdk8s.core.showing import shown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vllm_cdk8s.core.pod.resources import Resources


@named_keywords
@dataclass(frozen=True, kw_only=True, slots=True)
class ExternalMetric:
    """A metric from outside of the cluster's pods: ``ExternalMetric(name="llm_requests_waiting", average_value=5)``.

    An adapter must serve it by the API ``external.metrics.k8s.io``, such as prometheus-adapter.
    Source: https://kubernetes.io/docs/reference/kubernetes-api/autoscaling/horizontal-pod-autoscaler-v2/

    Args:
        name: the metric.
        average_value: the target value per replica, as a number or a quantity such as ``"500m"``.
        labels: labels that its series must have.

    Raises:
        InvalidOptionError: a name, label or quantity is not valid.
    """

    name: str
    average_value: int | str
    labels: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        checks.plain_fields(self)
        with Collector() as found:
            found.attempt(checks.text, "metrics.name", self.name)
            found.attempt(checks.label_map, "metrics.labels", self.labels)
            amount = found.attempt(checks.quantity, "metrics.average_value", self.average_value)
            if amount is not None and amount <= 0:
                found.note(
                    InvalidOptionError(f"{shown(self.average_value)} is not above 0", option="metrics.average_value")
                )

    def wire(self) -> dict[str, Any]:
        """The metric, fields in the order of the alphabet as Kubernetes lists them."""
        metric: dict[str, Any] = {"name": self.name}
        if self.labels:
            metric["selector"] = {"matchLabels": dict(sorted(self.labels.items()))}
        target = {"averageValue": str(self.average_value), "type": "AverageValue"}
        return {"external": {"metric": metric, "target": target}, "type": "External"}


@named_keywords
@dataclass(frozen=True, kw_only=True, slots=True)
class Autoscaling:
    """Replicas by CPU or memory: ``Autoscaling(max_replicas=4)``, or by a metric that an adapter serves.

    The load of a GPU server hardly shows on its CPU; scaling on the queue of waiting requests follows it.

    Args:
        min_replicas: the lowest number of replicas. 0, for none while the metrics of ``metrics`` are 0, needs
            Kubernetes 1.37.
        max_replicas: the highest number of replicas.
        target_cpu_utilization: the target for CPU, in percent of the CPU request; None does not scale by CPU.
        target_memory_utilization: the target for memory, in percent of the memory request; None does not scale by
            memory.
        metrics: metrics from outside of the pods. The metric that asks for the most replicas wins.

    Raises:
        InvalidOptionError: a number is out of its range, or there is no target.
        ConflictError: the minimum is above the maximum, or it is 0 and nothing would end that.
    """

    min_replicas: int = 1
    max_replicas: int = 100
    target_cpu_utilization: int | None = 80
    target_memory_utilization: int | None = None
    metrics: Sequence[ExternalMetric] = ()

    def __post_init__(self) -> None:
        checks.plain_fields(self)
        with Collector() as found:
            found.attempt(checks.integer, "min_replicas", self.min_replicas, minimum=0)
            found.attempt(checks.integer, "max_replicas", self.max_replicas, minimum=1)
            for resource, percent in self.targets().items():
                found.attempt(checks.integer, f"target_{resource}_utilization", percent, minimum=1)
            allowed = 'ExternalMetric(name="waiting", average_value=5)'
            for index, metric in enumerate(found.attempt(sequence, "metrics", self.metrics) or ()):
                found.attempt(checks.instance, f"metrics[{index}]", metric, ExternalMetric, allowed=allowed)
            if found.sound("min_replicas"):
                found.attempt(self._check_minimum, found)
            if found.sound("metrics") and not self.targets() and not self.metrics:
                raise InvalidOptionError(
                    "None, and no memory target or metrics either; allowed: at least one of them",
                    option="target_cpu_utilization",
                )

    def _check_minimum(self, found: Collector) -> None:
        if found.sound("metrics") and self.min_replicas == 0 and not self.metrics:
            raise ConflictError(
                "0 needs a metric that is there while no pod is, which CPU and memory are not; allowed: 1 or more, or "
                "metrics=[ExternalMetric(...)] from Kubernetes 1.37 on",
                option="min_replicas",
                rule=NEVER_WAKES,
            )
        if found.sound("max_replicas") and self.min_replicas > self.max_replicas:
            raise ConflictError(
                f"{self.min_replicas} is above {mention('max_replicas')}: {self.max_replicas}", option="min_replicas"
            )
        if self.min_replicas == 0 and self.targets():
            resource = next(iter(self.targets()))
            raise ConflictError(
                f"0 is never reached while {mention(f'target_{resource}_utilization')} is aimed at, since a pod "
                "without requests uses some too; say None for it",
                option="min_replicas",
                rule=NEVER_WAKES,
            )

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
        metrics: list[dict[str, Any]] = [
            {
                "resource": {"name": resource, "target": {"averageUtilization": percent, "type": "Utilization"}},
                "type": "Resource",
            }
            for resource, percent in self.targets().items()
        ]
        metrics += [metric.wire() for metric in self.metrics]
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
