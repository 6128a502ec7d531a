"""Options of servers and their defaults, in one place for all kinds of servers."""

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
    """Options of every kind of server, besides those of its pods.

    Attributes:
        name: the name of the server's objects; its claim is ``<name>-pvc``. By default cdk8s derives names from the
            place in the tree.
        instance: the value of the label ``app.kubernetes.io/instance``. Defaults to the name of the object that makes
            the pods.
        app_name: the value of the label ``app.kubernetes.io/name``. Defaults to ``vllm``.
        image: the container image. Settings are checked against the vLLM release that its tag names. Defaults to
            ``vllm/vllm-openai:latest``.
        engine_version: the vLLM release in the image, where the tag does not say it. Defaults to what the tag says,
            else to the newest release that is known.
        engine_args: vLLM's settings, by the names of ``vllm serve`` in snake_case.
        extra_args: more settings as command-line arguments, checked like ``engine_args``.
        unchecked_args: command-line arguments that are passed on as they are, without a check.
        env: environment variables of vLLM, as text or ``kplus.EnvValue``. Text is passed on literally: Kubernetes does
            not expand ``$(NAME)`` in it.
        host: the address that vLLM listens on. Defaults to all addresses.
        port: the port that vLLM listens on. Defaults to 8000.
        service_type: the type of the Service: ``ClusterIP``, ``NodePort`` or ``LoadBalancer``, or a
            ``kplus.ServiceType``. Defaults to ``ClusterIP``.
        service_port: the port of the Service. Defaults to 8000.
        node_port: the port on every node, for a Service of type NodePort or LoadBalancer. By default Kubernetes chooses
            one.
        service_annotations: annotations to add to the Service.
        ingress: the Ingress to put in front of the Service. Defaults to none.
        gpus: the number of GPUs of each pod. With more than one, the model is split over all of them (tensor
            parallelism), unless ``engine_args`` sets the parallel sizes.
        gpu: the model of the GPUs, such as ``H100`` or ``MI300X``. It is used for checks, sizing and ``gpu_resource``;
            it does not select nodes.
        gpu_resource: the resource that counts the GPUs, such as ``nvidia.com/mig-3g.40gb``. Defaults to that of the
            vendor of ``gpu``, else to ``nvidia.com/gpu``.
        resources: requests and limits of the vLLM container. Defaults to none, besides the GPUs.
        service_account: the ServiceAccount of the pods, as a name or a kplus ServiceAccount. By default one is created
            that has no permissions.
        probes: the health probes. By default the server has ten minutes to start, or the time that its model is known
            to need.
        drop_cache: drop the node's page cache before each start of vLLM. The pods become privileged.
        acknowledge: reasons why warnings are accepted, by the code of their rule: ``{"VC402": "nodes to spare"}``.
        kv_offload: keep KV cache in host memory, and on a disk behind it.
        kv_transfer: the role of one side of a disaggregated pair. `DisaggregatedServer` sets it.
        kv_events: publish changes of the KV cache, for routers that go by it.
        tracing: send traces to an OpenTelemetry collector.
        access_log: leave probes and scrapers out of the access log.
        streaming: stream the weights from object storage into the GPU's memory, without a copy on a disk.
        fast_start: keep compiled code on the model's volume by release and GPU, for a fast second start: True, or a
            ``FastStart``.
        kueue: the Kueue queue that the pods wait in until it has quota for them.
        gang: schedule the pods of a group together or not at all, for servers that span several nodes.
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
    streaming: Feature
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
