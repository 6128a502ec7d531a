"""What may be said of a server: each option and its default, once for all kinds of servers."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from vllm_cdk8s.core.pod.options import KubernetesObject, PodOptions

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vllm_cdk8s.core.engine import EngineArgs
    from vllm_cdk8s.core.pod.resources import Resources
    from vllm_cdk8s.core.server.contribution import Feature
    from vllm_cdk8s.core.server.queueing import Gang, KueueQueue


class ServerOptions(PodOptions, total=False):
    """What may be said of any server besides its pods.

    Attributes:
        name: the name of its objects (a claim of its own is ``<name>-pvc``); unsaid, their place in the tree
            names them.
        instance: the label ``app.kubernetes.io/instance``; unsaid, the name of the object that makes the pods.
        app_name: the label ``app.kubernetes.io/name``; ``vllm`` unless said.
        image: the container image; its tag says which vLLM the arguments are checked against;
            ``vllm/vllm-openai:latest`` unless said.
        engine_version: vLLM's version, where the tag does not say it.
        engine_args: vLLM's settings by vLLM's names.
        extra_args: settings as raw arguments, checked like ``engine_args``.
        unchecked_args: raw arguments that are passed on unchecked.
        env: environment variables of vLLM, plain text or ``kplus.EnvValue``; text arrives as it is, ``$(X)`` included.
        host: the address that vLLM listens on; all of them unless said.
        port: the port that vLLM listens on; 8000 unless said.
        service_type: ``kplus.ServiceType`` or its Kubernetes name (ClusterIP, NodePort, LoadBalancer); ClusterIP unless
            said.
        service_port: the service's port; 8000 unless said.
        node_port: the port of every node, of a NodePort or LoadBalancer service; Kubernetes chooses one unless said.
        service_annotations: annotations of the service.
        ingress: an Ingress in front of the service.
        gpus: GPUs of each pod; with several, tensor parallel over all of them unless ``engine_args`` says otherwise.
        gpu: which GPUs, such as ``H100`` or ``MI300X``: a fact for the checks, for sizing and for ``gpu_resource``,
            which pins the pods to nothing.
        gpu_resource: the resource that GPUs are counted in, such as ``nvidia.com/mig-3g.40gb`` or ``amd.com/gpu``;
            unsaid, that of the vendor of ``gpu``, or ``nvidia.com/gpu``.
        resources: requests and limits of the vLLM container.
        service_account: one of yours, by name or as a kplus service account; unsaid, one is made that may do nothing.
        probes: the health probes; unsaid, the server has ten minutes to start, or what its model is known to need.
        drop_cache: drop the node's page cache before each start; makes the pods privileged.
        acknowledge: warnings that are meant, by the code of their rule, each with the reason.
        kv_offload: KV cache in host memory, and on a disk behind it.
        kv_transfer: one side of a pair that prefills and decodes apart; `DisaggregatedServer` says it.
        kv_events: publish what enters and leaves the KV cache, for routers that go by it.
        tracing: send traces to a collector by OpenTelemetry.
        access_log: an access log without the lines of probes and scrapers.
        fast_start: keep what makes a second start fast, by release and GPU; True, or more by ``FastStart``.
        kueue: a queue of Kueue's that the pods wait in until it has quota for them.
        gang: place the pods of a group together or not at all; for servers over several nodes.
    """

    name: str
    instance: str
    app_name: str
    image: str
    engine_version: str
    engine_args: EngineArgs
    extra_args: Sequence[str]
    unchecked_args: Sequence[str]
    env: Mapping[str, Any]
    host: str
    port: int
    service_type: Any
    service_port: int
    node_port: int
    service_annotations: Mapping[str, str]
    ingress: Any
    gpus: int
    gpu: str
    gpu_resource: str
    resources: Resources
    service_account: str | KubernetesObject
    probes: Any
    drop_cache: Any
    acknowledge: Mapping[str, str]
    kv_offload: Feature
    kv_transfer: Feature
    kv_events: Feature
    tracing: Feature
    access_log: Feature
    fast_start: bool | Feature
    kueue: KueueQueue
    gang: Gang


DEFAULTS: Mapping[str, Any] = MappingProxyType({
    "app_name": "vllm",
    "image": "vllm/vllm-openai:latest",
    "image_pull_policy": "IfNotPresent",
    "host": "0.0.0.0",  # noqa: S104 - a server in a pod is reached from outside it
    "port": 8000,
    "service_type": "ClusterIP",
    "service_port": 8000,
    "gpu_resource": "nvidia.com/gpu",
})  # fmt: skip
SERVICE_TYPES = ("ClusterIP", "NodePort", "LoadBalancer")
PULL_POLICIES = ("Always", "IfNotPresent", "Never")
