"""Options of the pods of every server, and the types of what stands for a Kubernetes object."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from typing_extensions import TypedDict

if TYPE_CHECKING:
    from vllm_cdk8s.core.features.hub import InitDownload
    from vllm_cdk8s.core.pod.placement import DeviceClaim, KaiShare
    from vllm_cdk8s.core.pod.secret_key import SecretKey
    from vllm_cdk8s.core.pod.security import NonRoot
    from vllm_cdk8s.core.server.contribution import Feature

Wire = Mapping[str, Any]


class KubernetesObject(Protocol):
    """Any construct that stands for an object, such as a ``kplus.ISecret``."""

    @property
    def kind(self) -> str:
        """The object's kind."""

    @property
    def name(self) -> str:
        """The object's name."""


class RunOptions(TypedDict, total=False):
    """Options of pods that servers and Jobs share.

    A value of type ``Wire`` is written as the field is in a manifest: dictionaries, lists and texts, with Kubernetes'
    own names.

    Attributes:
        image_pull_policy: when the image is pulled: ``Always``, ``IfNotPresent`` or ``Never``, or a
            ``kplus.ImagePullPolicy``. Defaults to ``IfNotPresent``.
        image_pull_secrets: Secrets with credentials for the image's registry, as names or kplus Secrets.
        labels: labels to add to all objects.
        annotations: annotations to add to the object that makes the pods, such as the Deployment.
        pod_labels: labels to add to the pods.
        pod_annotations: annotations to add to the pods.
        env_from: Secrets and ConfigMaps whose entries all become environment variables, as kplus objects, or as in a
            manifest where they need a prefix.
        node_selector: labels that a node must have to run the pods.
        tolerations: taints of nodes that the pods tolerate, as in a manifest.
        affinity: the affinity of the pods, as in a manifest.
        scheduler_name: the scheduler that places the pods. Defaults to the cluster's own.
        priority_class: the PriorityClass of the pods.
        non_root: run the containers as an ordinary user, as the "restricted" Pod Security Standard requires. Defaults
            to the image's user, which is root in vLLM's images.
        pod_security_context: the security context of the pods, as in a manifest.
        security_context: the security context of the container, as in a manifest.
    """

    image_pull_policy: Any
    image_pull_secrets: Sequence[str | KubernetesObject]
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    pod_labels: Mapping[str, str]
    pod_annotations: Mapping[str, str]
    env_from: Sequence[KubernetesObject | Wire]
    node_selector: Mapping[str, str]
    tolerations: Sequence[Wire]
    affinity: Wire
    scheduler_name: str
    priority_class: str
    non_root: NonRoot
    pod_security_context: Wire
    security_context: Wire


class PodOptions(RunOptions, total=False):
    """Options of a server's pods; each is off, or empty, by default.

    Attributes:
        hf_token: the Secret entry with the Hugging Face token, which becomes ``HF_TOKEN``.
        api_key: the Secret entry with the API key that clients must send, which becomes ``VLLM_API_KEY``. vLLM asks for
            it below ``/v1`` only.
        topology_spread: topology spread constraints, as in a manifest. Without a label selector, a constraint counts
            the server's own pods.
        runtime_class: the RuntimeClass of the pods, such as ``nvidia``.
        kai: a queue of the KAI Scheduler, and a share of a GPU.
        device_claims: claims for devices by dynamic resource allocation.
        volumes: volumes to add to the pods, as in a manifest.
        volume_mounts: mounts to add to the vLLM container, as in a manifest.
        init_containers: containers that run to completion before vLLM starts, as in a manifest.
        extra_containers: containers that run beside vLLM, as in a manifest.
        shm_size: the size limit of ``/dev/shm``, as a Kubernetes quantity. Defaults to 1 GiB per GPU, and at least 2
            GiB, for pods with more than one GPU; other pods get the runtime's 64 MiB.
        drain_seconds: seconds that running requests get to finish when a pod stops. By default they are dropped.
        lora: LoRA adapters to serve beside the model, a folder where vLLM finds them, or both.
        chat_template: the Jinja template that turns chat messages into a prompt. Defaults to the model's own.
        download: download the model in an init container, before the start-up budget begins.
    """

    hf_token: SecretKey
    api_key: SecretKey
    topology_spread: Sequence[Wire]
    runtime_class: str
    kai: KaiShare
    device_claims: Sequence[DeviceClaim]
    volumes: Sequence[Wire]
    volume_mounts: Sequence[Wire]
    init_containers: Sequence[Wire]
    extra_containers: Sequence[Wire]
    shm_size: str
    drain_seconds: int
    lora: Feature
    chat_template: Feature
    download: InitDownload
