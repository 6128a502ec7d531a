"""What a Helm user reads after an install: how to reach the server, a first request, what the cluster needs."""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vllm_cdk8s.helm.model import Values
    from vllm_cdk8s.helm.release import Release


def release_notes(values: Values, release: Release, *, namespace: str | None, model: str) -> str:
    """The notes of a release.

    Args:
        values: its values.
        release: its names.
        namespace: its namespace, None where kubectl's own is meant.
        model: the name that requests say.
    """
    kubectl = "kubectl" if namespace is None else f"kubectl -n {namespace}"
    url, reach = _reach(values, release, kubectl)
    body = json.dumps({"model": model, "prompt": "Hello, world!", "max_tokens": 50})
    lines = [
        f"{release.fullname}: {values.vllm.model} on {release.fullname}, port {values.service.port}",
        "",
        "Wait until it serves (downloading and loading the model takes minutes):",
        f"  {kubectl} rollout status deployment/{release.fullname} --timeout=1h",
        "Reach it:",
        *(f"  {line}" for line in reach),
        "Ask it:",
        f"  curl {url}/v1/completions -H 'Content-Type: application/json' \\",
        f"    -d {shlex.quote(body)}",
        "Models:",
        f"  {_models(values, release)}",
        *_needs(values, namespace),
    ]
    return "\n".join(lines)


def _reach(values: Values, release: Release, kubectl: str) -> tuple[str, list[str]]:
    """A base URL, and the commands that make it work."""
    name, port = release.fullname, values.service.port
    if values.ingress.enabled:
        scheme = "https" if values.ingress.tls else "http"
        urls = [f"{scheme}://{host.host}{path.path}" for host in values.ingress.hosts for path in host.paths]
        return urls[0].rstrip("/"), [f"{url} (once DNS leads to the ingress controller)" for url in urls]
    if values.service.type == "NodePort":
        return '"http://$NODE_IP:$NODE_PORT"', [
            f"NODE_PORT=$({kubectl} get service {name} -o jsonpath='{{.spec.ports[0].nodePort}}')",
            "NODE_IP=$(kubectl get nodes -o jsonpath='{.items[0].status.addresses[0].address}')",
        ]
    if values.service.type == "LoadBalancer":
        template = "{{with index .status.loadBalancer.ingress 0}}{{or .ip .hostname}}{{end}}"
        return f'"http://$ADDRESS:{port}"', [
            f"ADDRESS=$({kubectl} get service {name} -o go-template={shlex.quote(template)})   # may take minutes",
        ]
    return f"http://127.0.0.1:{port}", [f"{kubectl} port-forward service/{name} {port}:{port}"]


def _needs(values: Values, namespace: str | None) -> list[str]:
    """What must be in the cluster beside Kubernetes itself, for what the values ask for."""
    monitor = values.monitoring.enabled and values.monitoring.service_monitor.enabled
    scaling = values.autoscaling.enabled
    kai = values.kaischeduler.queue is not None or values.kaischeduler.gpu_memory_mib is not None
    queue = f" and its queue {values.kaischeduler.queue}" if values.kaischeduler.queue else ""
    labels = " ".join(f"pod-security.kubernetes.io/{mode}=privileged" for mode in ("enforce", "audit", "warn"))
    needed = {
        "an ingress controller (ingress)": values.ingress.enabled,
        "the Metrics Server, for CPU and memory use (autoscaling)": scaling,
        "the Prometheus Operator, without which the API server refuses the ServiceMonitor (monitoring)": monitor,
        f"the KAI Scheduler{queue} (kaischeduler)": kai,
        f"the RuntimeClass {values.runtime_class_name} (runtimeClassName)": bool(values.runtime_class_name),
        "a namespace that allows privileged pods (init_drop_cache):\n"
        f"    kubectl label namespace {namespace or 'NAMESPACE'} {labels}": values.init_drop_cache,
    }
    lines = [f"  {what}" for what, asked in needed.items() if asked]
    return ["The cluster needs:", *lines] if lines else []


def _models(values: Values, release: Release) -> str:
    if release.claim is None:
        return "not kept: each new pod downloads again; persistence.enabled=true keeps them"
    if values.persistence.existing_claim:
        return f"on your claim {release.claim}, which nothing here deletes"
    return f"on the claim {release.claim} ({values.persistence.size}); deleting the claim deletes the models"
