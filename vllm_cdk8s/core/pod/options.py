"""What may be said of the pods of any server: the options, and the types of what stands for a Kubernetes object."""

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
    """What may be said of the pods of servers and of Jobs alike.

    Attributes:
        image_pull_policy: ``kplus.ImagePullPolicy`` or its Kubernetes name; IfNotPresent unless said.
        image_pull_secrets: Secrets of the image's registry, by name or as kplus Secrets.
        labels: further labels of the objects.
        annotations: annotations of the object that makes the pods.
        pod_labels: further labels of the pods.
        pod_annotations: annotations of the pods.
        env_from: Secrets and ConfigMaps all of whose entries become variables; wire form for a prefix.
        node_selector: labels that a node must have.
        tolerations: taints that the pods accept, in wire form.
        affinity: affinities, in wire form.
        scheduler_name: a scheduler other than the default one.
        priority_class: the priority class.
        non_root: run as an ordinary user, as the "restricted" Pod Security Standard wants.
        pod_security_context: the pod's security context, in wire form.
        security_context: the container's security context, in wire form.
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
    """What else may be said of the pods of any server; each is off, or empty, unless said.

    Attributes:
        hf_token: Hugging Face token, as ``HF_TOKEN``.
        api_key: vLLM's API key, as ``VLLM_API_KEY``; it guards ``/v1`` alone.
        topology_spread: topology spread constraints in wire form; the selector is the server's own unless said.
        runtime_class: the runtime class, such as ``nvidia``.
        kai: a queue of the KAI Scheduler and a share of a GPU.
        device_claims: claims for devices, GPUs among them, by dynamic resource allocation.
        volumes: further volumes in wire form.
        volume_mounts: further mounts of the vLLM container in wire form.
        init_containers: containers that run to their end before vLLM, in wire form.
        extra_containers: containers beside vLLM, in wire form.
        shm_size: size limit of /dev/shm; 1 GiB per GPU and at least 2 GiB where there is more than one GPU.
        drain_seconds: seconds that running requests get at shutdown.
        lora: LoRA adapters: a list, a folder in which vLLM looks for them, or both.
        chat_template: the template by which messages become a prompt.
        download: download the model before vLLM starts, outside its start-up budget.
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
