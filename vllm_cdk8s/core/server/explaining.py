"""What a server will be, as data: its objects, its needs, and how it starts, stops and is rolled out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vllm_cdk8s.core.kube.pod_standards import pod_security_level

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from vllm_cdk8s.core.errors import Problem
    from vllm_cdk8s.core.kube.manifest import Manifest
    from vllm_cdk8s.core.server.plan import ServerPlan

_LEVELS = ("restricted", "baseline", "privileged")
# What must be on the cluster for a kind of object, and since which version.
_ADD_ONS = {
    "LeaderWorkerSet": "the LeaderWorkerSet controller (lws.sigs.k8s.io)",
    "DisaggregatedSet": "the LeaderWorkerSet controller, 0.9 or newer, with enableDisaggregatedSet (lws.sigs.k8s.io)",
    "RayCluster": "the KubeRay operator, 1.1 or newer",
    "ServiceMonitor": "the Prometheus Operator",
    "PodMonitor": "the Prometheus Operator",
    "ScaledObject": "KEDA",
    "HorizontalPodAutoscaler": "the Metrics Server",
    "Ingress": "an ingress controller",
    "HTTPRoute": "a Gateway API implementation",
}
_USUAL_GRACE = 30  # what Kubernetes gives a pod that says nothing


def explanation(plan: ServerPlan, manifests: Iterable[Manifest], warnings: Iterable[Problem]) -> dict[str, Any]:
    """All that can be said of a server, as JSON's types.

    Args:
        plan: the server.
        manifests: all objects that come with it.
        warnings: what is unwise about it.
    """
    objects = list(manifests)
    templates = [_at(plan.workload.body, pointer) for pointer in plan.shape.templates]
    container = templates[0]["spec"]["containers"][0]
    levels = [pod_security_level(template) for template in templates]
    gpu = plan.device
    return {
        "objects": [{"kind": each.kind, "name": each.name, "apiVersion": each.api_version} for each in objects],
        "model": plan.engine.settings.get("model"),
        "vllm": plan.engine.version.name,
        "image": plan.pod.image,
        "command": [*container["command"], *container.get("args", ())],
        "gpus": {
            "resource": plan.pod.options.get("gpu_resource", "nvidia.com/gpu"),
            "accelerator": None if gpu is None else gpu.name,
            "per_pod": plan.pod.gpus,
            "pods_per_server": plan.shape.nodes,
            "used": plan.engine.gpus_in_all,
            "idle": _idle(plan),
        },
        "ledger": plan.ledger.as_data(),
        "start": _start(plan),
        "stop": _stop(templates[0]["spec"]),
        "rollout": _rollout(plan),
        "pod_security_level": max(levels, key=_LEVELS.index),
        "needs": sorted({_ADD_ONS[each.kind] for each in objects if each.kind in _ADD_ONS}),
        "warnings": [
            {"rule": problem.rule.code, "option": problem.option, "message": problem.sentence()} for problem in warnings
        ],
    }


def _at(body: Mapping[str, Any], pointer: str) -> Any:
    found: Any = body
    for key in pointer.strip("/").split("/"):
        found = found[int(key)] if isinstance(found, list) else found[key]
    return found


def _idle(plan: ServerPlan) -> int | None:
    there = None if plan.pod.gpus is None else plan.pod.gpus * plan.shape.nodes
    return None if not there else max(0, there - plan.engine.gpus_in_all)


def _start(plan: ServerPlan) -> dict[str, Any]:
    probe, time = plan.pod.health.startup, next((line for line in plan.ledger.lines if line.resource == "time"), None)
    return {
        "first_probe_after": None if probe is None else probe.get("initialDelaySeconds", 0),
        "probed_every": None if probe is None else probe["periodSeconds"],
        "likely_ready_after": None if time is None else time.needs,
        "given_up_after": plan.pod.health.startup_seconds or None,
        "progress_deadline": plan.workload.body["spec"].get("progressDeadlineSeconds"),
    }


def _stop(pod: Mapping[str, Any]) -> dict[str, Any]:
    container = pod["containers"][0]
    command = container.get("lifecycle", {}).get("preStop", {}).get("exec", {}).get("command", ())
    said = (a.partition("=")[2] for a in container.get("args", ()) if a.startswith("--shutdown-timeout="))
    timeout = next(said, None)
    return {
        "pre_stop_seconds": int(command[1]) if len(command) > 1 and str(command[1]).isdecimal() else 0,
        "shutdown_timeout": None if timeout is None else int(timeout),
        "killed_after": pod.get("terminationGracePeriodSeconds", _USUAL_GRACE),
    }


def _rollout(plan: ServerPlan) -> dict[str, Any]:
    strategy = plan.workload.body["spec"].get("strategy", {}).get("rollingUpdate", {})
    return {
        "min_replicas": plan.min_replicas,
        "max_replicas": plan.max_replicas,
        "max_surge": strategy.get("maxSurge", 0),
        "max_unavailable": strategy.get("maxUnavailable", 1),
    }
