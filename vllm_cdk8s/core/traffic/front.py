"""The Deployment of a program before servers: it runs as an ordinary user, and writes to its volume alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vllm_cdk8s.core.kube.wire import prune
from vllm_cdk8s.core.pod.security import no_privileges, ordinary_user

if TYPE_CHECKING:
    from collections.abc import Mapping

USER = 65532
# The longest that a pod of a server has for its requests unless the server says more.
GRACE_SECONDS = 130


def front_deployment(
    *,
    replicas: int,
    selector: Mapping[str, str],
    labels: Mapping[str, str],
    container: Mapping[str, Any],
    volume: Mapping[str, Any],
    account: Mapping[str, Any],
    group: int | None = None,
    annotations: Mapping[str, str] | None = None,
    strategy: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The Deployment's spec.

    Args:
        replicas: its pods.
        selector: the labels that they are found by.
        labels: the labels that they have.
        container: what runs in them, without its security context.
        volume: what it mounts.
        account: the pod's fields about the API server.
        group: the number of the user's group; None leaves it to the image.
        annotations: annotations of the pods.
        strategy: how pods are replaced; None leaves it to Kubernetes.
    """
    pod = {
        **account,
        "terminationGracePeriodSeconds": GRACE_SECONDS,
        "securityContext": ordinary_user(USER, group),
        "containers": [prune({**container, "securityContext": no_privileges()})],
        "volumes": [dict(volume)],
    }
    return prune({
        "replicas": replicas,
        "strategy": strategy,
        "selector": {"matchLabels": dict(selector)},
        "template": {"metadata": prune({"labels": dict(labels), "annotations": annotations}), "spec": pod},
    })  # fmt: skip
