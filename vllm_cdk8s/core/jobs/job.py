"""Jobs around a server: one pod that runs a program of ours to its end, and a name that changes with what it does."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from vllm_cdk8s.core.engine.version import check_reference
from vllm_cdk8s.core.errors import Collector
from vllm_cdk8s.core.kube import checks
from vllm_cdk8s.core.kube.wire import prune
from vllm_cdk8s.core.pod import programs
from vllm_cdk8s.core.pod import template as pod
from vllm_cdk8s.core.pod.options import KubernetesObject, RunOptions
from vllm_cdk8s.core.pod.placement import scheduling
from vllm_cdk8s.core.pod.resources import Resources
from vllm_cdk8s.core.pod.security import NonRoot, security
from vllm_cdk8s.core.server.options import PULL_POLICIES
from vllm_cdk8s.core.server.pod import env_from, own_labels, pull_secrets, variables

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

DEFAULT_TTL_SECONDS = 24 * 3600
NAME_LABEL, INSTANCE_LABEL = "app.kubernetes.io/name", "app.kubernetes.io/instance"
_DIGEST = 8
_RESOURCES = 'Resources(limits={"memory": "4Gi"})'


class JobOptions(RunOptions, total=False):
    """Options of every Job; each is off, or empty, by default.

    Attributes:
        resources: requests and limits of the container.
        service_account: the pod's service account, by name or as a kplus one; none of its tokens is mounted.
        ttl_seconds: seconds after its end until Kubernetes deletes the Job and its log. Defaults to a day.
    """

    resources: Resources
    service_account: str | KubernetesObject
    ttl_seconds: int


JOB_OPTIONS = tuple(JobOptions.__annotations__)


class Program(Struct, frozen=True, kw_only=True):
    """One of our programs, and the container that runs it.

    Attributes:
        name: the container's name.
        source: the program's name in `vllm_cdk8s.in_pod`.
        arguments: its arguments; they arrive as they are.
        image: an image with ``python3``.
        env: the user's variables, each a text or a source in wire form.
        mounts: mounts in wire form.
        caches_below: the mount path of the model storage, where it is mounted.
    """

    name: str
    source: str
    arguments: Sequence[str]
    image: str
    env: Mapping[str, Any]
    mounts: Sequence[Mapping[str, Any]] = ()
    caches_below: str | None = None

    def container(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """The container, without its security context."""
        resources = options.get("resources", Resources())
        policy = options.get("image_pull_policy", "IfNotPresent")
        with Collector() as found:
            if found.attempt(checks.instance, "resources", resources, Resources, allowed=_RESOURCES) is not None:
                resources = found.attempt(resources.wire)
            made = {
                "name": self.name,
                "image": found.need(check_reference, "image", self.image),
                "imagePullPolicy": found.need(
                    checks.one_of, "image_pull_policy", policy, PULL_POLICIES, what="a pull policy"
                ),
                **programs.run(self.source, self.arguments),
                "env": found.need(self._environment, options),
                "envFrom": found.need(env_from, options),
                "resources": resources,
                "volumeMounts": list(self.mounts),
            }
        return prune(made)

    def _environment(self, options: Mapping[str, Any]) -> list[dict[str, Any]]:
        non_root: NonRoot | None = options.get("non_root")
        identity = {} if non_root is None else non_root.environment()
        return pod.environment(variables(self.env, options), caches_below=self.caches_below, identity=identity)


def settings_of_pod(options: Mapping[str, Any], *, node_name: str | None = None) -> dict[str, Any]:
    """What a Job's options say of its pod template besides what runs in it: where it goes, and as which account."""
    account = options.get("service_account")
    with Collector() as found:
        return {
            "annotations": found.need(checks.annotation_map, "pod_annotations", options.get("pod_annotations", {})),
            "service_account": found.given(checks.reference, "service_account", account, "ServiceAccount"),
            "image_pull_secrets": found.need(pull_secrets, options),
            "scheduling": found.need(
                scheduling,
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
        }


def job_pod(
    options: Mapping[str, Any],
    *,
    program: Program,
    labels: Mapping[str, str],
    volumes: Sequence[Mapping[str, Any]] = (),
    node_name: str | None = None,
) -> dict[str, Any]:
    """The Job's pod template: that program, where and as whom the options say."""
    non_root: NonRoot | None = options.get("non_root")
    if non_root is not None:
        checks.instance("non_root", non_root, NonRoot, allowed="NonRoot()")
    with Collector() as found:
        container = found.need(program.container, options)
        pod_security, container_security = found.attempt(
            security, drop_cache=False, non_root=non_root,
            pod=options.get("pod_security_context", {}), container=options.get("security_context", {}),
        ) or ({}, {})  # fmt: skip
        every_label = found.need(own_labels, options, labels)
        settings = found.need(settings_of_pod, options, node_name=node_name)
    volumes, mounts = list(volumes), list(container.get("volumeMounts", ()))
    if non_root is not None:
        volumes.append({"name": pod.HOME_VOLUME, "emptyDir": {}})
        mounts.append({"name": pod.HOME_VOLUME, "mountPath": non_root.home})
    return pod.template(
        labels={**every_label, **labels},
        containers=[prune({**container, "volumeMounts": mounts, "securityContext": container_security})],
        volumes=volumes,
        **settings,
        security=pod_security,
        restart_policy="Never",
    )


class JobPlan(Struct, frozen=True, kw_only=True):
    """A Job as data.

    Attributes:
        spec: its spec.
        digest: what its name ends in. A Job cannot be changed, so another spec needs another Job: the name makes it
            one, and the old one goes by its time to live.
        labels: its labels.
        annotations: its annotations.
    """

    spec: Mapping[str, Any]
    digest: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]

    def name(self, begins_with: object) -> str:
        """The name of a Job whose user has named it.

        Raises:
            InvalidOptionError: it is not a DNS label, or leaves no room for the digest.
        """
        return f"{checks.dns_label('name', begins_with, longest_suffix='-' + self.digest)}-{self.digest}"


def plan_job(
    options: Mapping[str, Any], *, spec: Mapping[str, Any], labels: Mapping[str, str], subject: object = None
) -> JobPlan:
    """A Job.

    Args:
        options: the user's.
        spec: what is in its spec besides its time to live.
        labels: labels of our own.
        subject: plain data whose change means another Job too.
    """
    with Collector() as found:
        ttl = found.need(checks.integer, "ttl_seconds", options.get("ttl_seconds", DEFAULT_TTL_SECONDS), minimum=0)
        all_labels = {**(found.attempt(checks.label_map, "labels", options.get("labels", {})) or {}), **labels}
        annotations = found.need(checks.annotation_map, "annotations", options.get("annotations", {}))
    whole = {**spec, "ttlSecondsAfterFinished": ttl}
    return JobPlan(
        spec=whole,
        digest=sha256(json.dumps([whole, subject], sort_keys=True).encode()).hexdigest()[:_DIGEST],
        labels=all_labels,
        annotations=annotations,
    )
