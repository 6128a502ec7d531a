"""A DaemonSet that keeps models on each of its nodes, as data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vllm_cdk8s.core.errors import ConflictError
from vllm_cdk8s.core.features.hub import CONTAINER_NAME, PROGRAM
from vllm_cdk8s.core.features.node_cache import CACHE_FOLDER, CACHE_VOLUME, folder_volume
from vllm_cdk8s.core.jobs.job import Program, settings_of_pod
from vllm_cdk8s.core.kube import checks
from vllm_cdk8s.core.kube.manifest import Manifest
from vllm_cdk8s.core.kube.wire import prune
from vllm_cdk8s.core.pod import template as pod
from vllm_cdk8s.core.pod.resources import Resources
from vllm_cdk8s.core.pod.security import security
from vllm_cdk8s.core.rules.book import NODE_CACHE
from vllm_cdk8s.core.server.deployment import share
from vllm_cdk8s.core.server.pod import own_labels

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vllm_cdk8s.core.features.hub import HubModel

KEEPER = "kept"
# As the first process of its container it gets no signal that it does not ask for.
_WAIT = "import signal; s = {signal.SIGTERM}; signal.pthread_sigmask(signal.SIG_BLOCK, s); signal.sigwait(s)"
_LITTLE = Resources(requests={"cpu": "10m", "memory": "32Mi"})


def plan_node_cache(
    options: Mapping[str, Any],
    *,
    name: str,
    models: Sequence[HubModel],
    path: str,
    selector: Mapping[str, str],
    image: str,
    env: Mapping[str, Any],
    max_unavailable: object,
) -> Manifest:
    """The DaemonSet; `NodeModelCache` documents its options.

    Raises:
        InvalidOptionError: an option has a value that is wrong by itself.
        ConflictError: its pods are to run as another user than root.
    """
    if "non_root" in options:
        raise ConflictError(
            "the node's folder belongs to root, so that another user could not write there; leave it out: servers that "
            "read it may have it",
            option="non_root",
            rule=NODE_CACHE,
        )
    program = Program(
        name=CONTAINER_NAME,
        source=PROGRAM,
        arguments=[model.argument() for model in models],
        image=image,
        env=env,
        mounts=[{"name": CACHE_VOLUME, "mountPath": CACHE_FOLDER}],
        caches_below=CACHE_FOLDER,
    ).container(options)
    pod_security, container_security = security(
        drop_cache=False, non_root=None, pod=options.get("pod_security_context", {}),
        container=options.get("security_context", {}),
    )  # fmt: skip
    keeper = {
        "name": KEEPER,
        "image": program["image"],
        "imagePullPolicy": program["imagePullPolicy"],
        "command": ["python3", "-c", _WAIT],
        "resources": _LITTLE.wire(),
        "securityContext": container_security,
    }
    template = pod.template(
        labels={**own_labels(options, selector), **selector},
        first_containers=[prune({**program, "securityContext": container_security})],
        containers=[prune(keeper)],
        volumes=[folder_volume(path)],
        **settings_of_pod(options),
        security=pod_security,
    )
    update = {"maxUnavailable": share("max_unavailable", max_unavailable)}
    return Manifest(
        api_version="apps/v1",
        kind="DaemonSet",
        name=name,
        labels={**checks.label_map("labels", options.get("labels", {})), **selector},
        annotations=checks.annotation_map("annotations", options.get("annotations", {})),
        body={
            "spec": {
                "selector": {"matchLabels": dict(selector)},
                "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": update},
                "template": template,
            }
        },
    )
