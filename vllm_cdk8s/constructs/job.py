"""Jobs around a server: one pod that runs a program of ours to its end, and a name that changes with what it does."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import TYPE_CHECKING, Any, TypedDict

import cdk8s

from vllm_cdk8s import in_pod
from vllm_cdk8s.constructs.apps import place
from vllm_cdk8s.constructs.threshold import wire_options
from vllm_cdk8s.core.kube import checks
from vllm_cdk8s.core.pod import template as pod
from vllm_cdk8s.core.pod.placement import scheduling
from vllm_cdk8s.core.pod.security import NonRoot, security
from vllm_cdk8s.core.server.options import PULL_POLICIES
from vllm_cdk8s.core.server.pod import env_from, own_labels, pull_secrets, variables

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import cdk8s_plus_27 as kplus
    from constructs import Construct

    from vllm_cdk8s.core.pod.options import Wire

_DIGEST = 8
_RESOURCES = 'Resources(limits={"memory": "4Gi"})'
DEFAULT_TTL_SECONDS = 24 * 3600


class JobOptions(TypedDict, total=False):
    """What may be said of any Job; each is off, or empty, unless said."""

    image_pull_policy: kplus.ImagePullPolicy | str
    """``kplus.ImagePullPolicy`` or its Kubernetes name; IfNotPresent unless said."""
    image_pull_secrets: Sequence[str | kplus.ISecret]
    """Secrets of the image's registry."""
    labels: Mapping[str, str]
    """Labels of the Job."""
    annotations: Mapping[str, str]
    """Annotations of the Job, such as the hooks and waves of Argo CD."""
    pod_labels: Mapping[str, str]
    """Further labels of the pod."""
    pod_annotations: Mapping[str, str]
    """Annotations of the pod."""
    env_from: Sequence[kplus.ISecret | kplus.IConfigMap | Wire]
    """Secrets and ConfigMaps all of whose entries become variables; wire form for a prefix."""
    resources: pod.Resources
    """Requests and limits of the container."""
    service_account: str | kplus.IServiceAccount
    """The pod's service account; none of its tokens is mounted."""
    node_selector: Mapping[str, str]
    """Labels that a node must have."""
    tolerations: Sequence[Wire]
    """Taints that the pod bears, in wire form."""
    affinity: Wire
    """Affinities in wire form."""
    scheduler_name: str
    """A scheduler other than the default one."""
    priority_class: str
    """Priority class."""
    non_root: NonRoot
    """Run as an ordinary user, as the "restricted" Pod Security Standard wants."""
    pod_security_context: Wire
    """The pod's security context in wire form."""
    security_context: Wire
    """The container's security context in wire form."""
    ttl_seconds: int
    """Seconds after its end in which the Job can be looked at, then Kubernetes deletes it; a day unless said."""


JOB_OPTIONS = tuple(JobOptions.__annotations__)


def program(
    options: JobOptions | Mapping[str, Any],
    *,
    name: str,
    source: str,
    arguments: Sequence[str],
    image: str,
    env: Mapping[str, Any],
    mounts: Sequence[Mapping[str, Any]] = (),
    caches_below: str | None = None,
) -> dict[str, Any]:
    """A container that runs one of our programs, without its security context.

    Args:
        options: the user's.
        name: the container's name.
        source: the program's name in `vllm_cdk8s.in_pod`.
        arguments: the program's arguments; they arrive as they are.
        image: an image with ``python3``.
        env: variables, as users give them.
        mounts: mounts in wire form.
        caches_below: the mount path of the model storage, where it is mounted.
    """
    resources = checks.instance(
        "resources", options.get("resources", pod.Resources()), pod.Resources, allowed=_RESOURCES
    )
    non_root: NonRoot | None = options.get("non_root")
    return pod.prune({
        "name": name,
        "image": checks.text("image", image),
        "imagePullPolicy": checks.one_of(
            "image_pull_policy", wire_options(options).get("image_pull_policy", "IfNotPresent"), PULL_POLICIES,
            what="a pull policy",
        ),
        **in_pod.run(source, arguments),
        "env": pod.environment(
            variables(wire_options({"env": env})["env"], options),
            caches_below=caches_below,
            identity={} if non_root is None else non_root.environment(),
        ),
        "envFrom": env_from(options),
        "resources": resources.wire(),
        "volumeMounts": list(mounts),
    })  # fmt: skip


def job_pod(
    options: JobOptions,
    *,
    container: Mapping[str, Any],
    labels: Mapping[str, str],
    volumes: Sequence[Mapping[str, Any]] = (),
    node_name: str | None = None,
) -> dict[str, Any]:
    """The Job's pod template: that container, where and as whom the options say."""
    non_root: NonRoot | None = options.get("non_root")
    account = options.get("service_account")
    pod_security, container_security = security(
        drop_cache=False, non_root=non_root,
        pod=options.get("pod_security_context", {}), container=options.get("security_context", {}),
    )  # fmt: skip
    volumes, mounts = list(volumes), list(container.get("volumeMounts", ()))
    if non_root is not None:
        volumes.append({"name": pod.HOME_VOLUME, "emptyDir": {}})
        mounts.append({"name": pod.HOME_VOLUME, "mountPath": non_root.home})
    return pod.template(
        labels={**own_labels(options, labels), **labels},
        annotations=checks.annotation_map("pod_annotations", options.get("pod_annotations", {})),
        containers=[pod.prune({**container, "volumeMounts": mounts, "securityContext": container_security})],
        volumes=volumes,
        service_account=None if account is None else _account(account),
        image_pull_secrets=pull_secrets(options),
        scheduling=scheduling(
            node_selector=options.get("node_selector", {}),
            node_name=node_name,
            tolerations=options.get("tolerations", ()),
            affinity=options.get("affinity", {}),
            topology_spread=(),
            runtime_class=None,
            scheduler_name=options.get("scheduler_name"),
            priority_class=options.get("priority_class"),
            kai=None,
            device_claims=(),
        ),
        security=pod_security,
        restart_policy="Never",
    )


def add_job(
    construct: Construct,
    scope: Construct,
    *,
    name: str | None,
    options: JobOptions,
    spec: Mapping[str, Any],
    labels: Mapping[str, str],
    subject: object = None,
) -> cdk8s.ApiObject:
    """The Job below its construct. Its name ends in a digest of its spec and of its subject.

    A Job cannot be changed, so another spec needs another Job: the name makes it one, and the old one goes by its
    time to live.

    Args:
        construct: the Job's construct.
        scope: the scope of that.
        name: what the name begins with; None lets cdk8s name it.
        options: the user's.
        spec: what is in the Job's spec besides its time to live.
        labels: labels of our own.
        subject: plain data whose change means another Job too.
    """
    ttl = checks.integer("ttl_seconds", options.get("ttl_seconds", DEFAULT_TTL_SECONDS), minimum=0)
    whole = {**spec, "ttlSecondsAfterFinished": ttl}
    digest = sha256(json.dumps([whole, subject], sort_keys=True).encode()).hexdigest()[:_DIGEST]
    full_name = None
    if name is not None:
        full_name = f"{checks.dns_label('name', name, longest_suffix='-' + digest)}-{digest}"
        registry, namespace = place(scope)
        registry.take_name("Job", namespace, full_name, construct)
    job = cdk8s.ApiObject(
        construct, digest, api_version="batch/v1", kind="Job",
        metadata=cdk8s.ApiObjectMetadata(
            name=full_name,
            labels={**checks.label_map("labels", options.get("labels", {})), **labels},
            annotations=checks.annotation_map("annotations", options.get("annotations", {})),
        ),
    )  # fmt: skip
    job.add_json_patch(cdk8s.JsonPatch.add("/spec", whole))
    return job


def _account(account: str | kplus.IServiceAccount) -> str:
    return checks.dns_subdomain("service_account", account if isinstance(account, str) else account.name)
