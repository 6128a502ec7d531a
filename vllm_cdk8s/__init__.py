"""cdk8s constructs that deploy the vLLM inference server on Kubernetes."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vllm_cdk8s.constructs.availability import PodDisruptionBudget, spread_pods
    from vllm_cdk8s.constructs.chat_template import ChatTemplate
    from vllm_cdk8s.constructs.device_claim_template import DeviceClaimTemplate
    from vllm_cdk8s.constructs.disaggregated import DisaggregatedServer
    from vllm_cdk8s.constructs.download import ModelDownload
    from vllm_cdk8s.constructs.drop_cache import DropCacheWrapper
    from vllm_cdk8s.constructs.endpoint_picker import EndpointPicker
    from vllm_cdk8s.constructs.gateway import HTTPRoute, WeightedBackend
    from vllm_cdk8s.constructs.http_autoscaler import HttpAutoscaler
    from vllm_cdk8s.constructs.inference_pool import InferencePool
    from vllm_cdk8s.constructs.monitoring import Alerts, Dashboard, PodMonitor, ServiceMonitor
    from vllm_cdk8s.constructs.multi_node import MultiNodeVllmServer
    from vllm_cdk8s.constructs.network import ServerNetworkPolicy
    from vllm_cdk8s.constructs.node_cache import NodeModelCache
    from vllm_cdk8s.constructs.pod_security import PrivilegedNamespace, PrivilegedPodSecurityPolicy, RestrictedNamespace
    from vllm_cdk8s.constructs.probes import ManualProbes, SlowStartProbes
    from vllm_cdk8s.constructs.queue_autoscaler import QueueAutoscaler
    from vllm_cdk8s.constructs.ray_cluster import RayVllmServer
    from vllm_cdk8s.constructs.router import Router
    from vllm_cdk8s.constructs.server import VllmServer
    from vllm_cdk8s.constructs.smoke_test import SmokeTest
    from vllm_cdk8s.constructs.storage import ModelStorage
    from vllm_cdk8s.core.engine import EngineArgs
    from vllm_cdk8s.core.errors import ConflictError, InvalidOptionError, VllmCdk8sError, VllmCdk8sWarning
    from vllm_cdk8s.core.features.disaggregated import Pool
    from vllm_cdk8s.core.features.fast_start import FastStart
    from vllm_cdk8s.core.features.hub import HubModel, InitDownload
    from vllm_cdk8s.core.features.kv_offload import KvOffload
    from vllm_cdk8s.core.features.kv_transfer import Nixl, PairProxy, RoutingSidecar, SharedFiles
    from vllm_cdk8s.core.features.lora import LoraAdapter, LoraAdapters
    from vllm_cdk8s.core.features.object_stores import AzureStorage, GoogleStorage, S3Storage
    from vllm_cdk8s.core.features.observability import AccessLog, KvEvents, Tracing
    from vllm_cdk8s.core.features.streaming import RunaiStreamer, Tensorizer
    from vllm_cdk8s.core.models.facts import known_models
    from vllm_cdk8s.core.models.sizing import Sizing, size_model
    from vllm_cdk8s.core.pod.health import HttpProbe
    from vllm_cdk8s.core.pod.options import PodOptions
    from vllm_cdk8s.core.pod.placement import DeviceClaim, KaiShare
    from vllm_cdk8s.core.pod.resources import Resources
    from vllm_cdk8s.core.pod.secret_key import SecretKey
    from vllm_cdk8s.core.pod.security import NonRoot
    from vllm_cdk8s.core.scaling.autoscaling import Autoscaling, ExternalMetric
    from vllm_cdk8s.core.scaling.queue import TriggerAuthentication
    from vllm_cdk8s.core.server.options import ServerOptions
    from vllm_cdk8s.core.server.queueing import Gang, KueueQueue
    from vllm_cdk8s.core.server.set_role import DisaggregatedSet
    from vllm_cdk8s.core.traffic.gateway import GatewayRef, RouteMatch
    from vllm_cdk8s.core.traffic.ingress import Ingress, IngressHost, IngressPath, IngressTls
    from vllm_cdk8s.core.traffic.network_policy import Egress
    from vllm_cdk8s.helm.chart import VllmChart

__all__ = [
    "AccessLog",
    "Alerts",
    "Autoscaling",
    "AzureStorage",
    "ChatTemplate",
    "ConflictError",
    "Dashboard",
    "DeviceClaim",
    "DeviceClaimTemplate",
    "DisaggregatedServer",
    "DisaggregatedSet",
    "DropCacheWrapper",
    "Egress",
    "EndpointPicker",
    "EngineArgs",
    "ExternalMetric",
    "FastStart",
    "Gang",
    "GatewayRef",
    "GoogleStorage",
    "HTTPRoute",
    "HttpAutoscaler",
    "HttpProbe",
    "HubModel",
    "InferencePool",
    "Ingress",
    "IngressHost",
    "IngressPath",
    "IngressTls",
    "InitDownload",
    "InvalidOptionError",
    "KaiShare",
    "KueueQueue",
    "KvEvents",
    "KvOffload",
    "LoraAdapter",
    "LoraAdapters",
    "ManualProbes",
    "ModelDownload",
    "ModelStorage",
    "MultiNodeVllmServer",
    "Nixl",
    "NodeModelCache",
    "NonRoot",
    "PairProxy",
    "PodDisruptionBudget",
    "PodMonitor",
    "PodOptions",
    "Pool",
    "PrivilegedNamespace",
    "PrivilegedPodSecurityPolicy",
    "QueueAutoscaler",
    "RayVllmServer",
    "Resources",
    "RestrictedNamespace",
    "RouteMatch",
    "Router",
    "RoutingSidecar",
    "RunaiStreamer",
    "S3Storage",
    "SecretKey",
    "ServerNetworkPolicy",
    "ServerOptions",
    "ServiceMonitor",
    "SharedFiles",
    "Sizing",
    "SlowStartProbes",
    "SmokeTest",
    "Tensorizer",
    "Tracing",
    "TriggerAuthentication",
    "VllmCdk8sError",
    "VllmCdk8sWarning",
    "VllmChart",
    "VllmServer",
    "WeightedBackend",
    "known_models",
    "size_model",
    "spread_pods",
]

_MODULES = {
    "core.scaling.autoscaling": ("Autoscaling", "ExternalMetric"),
    "constructs.availability": ("PodDisruptionBudget", "spread_pods"),
    "constructs.chat_template": ("ChatTemplate",),
    "constructs.device_claim_template": ("DeviceClaimTemplate",),
    "constructs.download": ("ModelDownload",),
    "constructs.drop_cache": ("DropCacheWrapper",),
    "constructs.endpoint_picker": ("EndpointPicker",),
    "core.engine": ("EngineArgs",),
    "core.errors": ("ConflictError", "InvalidOptionError", "VllmCdk8sError", "VllmCdk8sWarning"),
    "core.traffic.ingress": ("Ingress", "IngressHost", "IngressPath", "IngressTls"),
    "constructs.gateway": ("HTTPRoute", "WeightedBackend"),
    "core.traffic.gateway": ("GatewayRef", "RouteMatch"),
    "core.pod.security": ("NonRoot",),
    "core.pod.health": ("HttpProbe",),
    "core.features.hub": ("HubModel", "InitDownload"),
    "constructs.http_autoscaler": ("HttpAutoscaler",),
    "constructs.inference_pool": ("InferencePool",),
    "core.features.lora": ("LoraAdapter", "LoraAdapters"),
    "constructs.monitoring": ("Alerts", "Dashboard", "PodMonitor", "ServiceMonitor"),
    "constructs.multi_node": ("MultiNodeVllmServer",),
    "constructs.node_cache": ("NodeModelCache",),
    "constructs.network": ("ServerNetworkPolicy",),
    "core.traffic.network_policy": ("Egress",),
    "core.pod.placement": ("DeviceClaim", "KaiShare"),
    "core.pod.resources": ("Resources",),
    "constructs.pod_security": ("PrivilegedNamespace", "PrivilegedPodSecurityPolicy", "RestrictedNamespace"),
    "constructs.probes": ("ManualProbes", "SlowStartProbes"),
    "constructs.queue_autoscaler": ("QueueAutoscaler",),
    "core.scaling.queue": ("TriggerAuthentication",),
    "constructs.ray_cluster": ("RayVllmServer",),
    "core.pod.secret_key": ("SecretKey",),
    "constructs.router": ("Router",),
    "constructs.server": ("VllmServer",),
    "core.models.facts": ("known_models",),
    "core.models.sizing": ("Sizing", "size_model"),
    "core.pod.options": ("PodOptions",),
    "core.server.options": ("ServerOptions",),
    "core.server.queueing": ("Gang", "KueueQueue"),
    "constructs.smoke_test": ("SmokeTest",),
    "constructs.storage": ("ModelStorage",),
    "constructs.disaggregated": ("DisaggregatedServer",),
    "core.features.disaggregated": ("Pool",),
    "core.server.set_role": ("DisaggregatedSet",),
    "core.features.kv_transfer": (
        "Nixl",
        "PairProxy",
        "RoutingSidecar",
        "SharedFiles",
    ),
    "core.features.kv_offload": ("KvOffload",),
    "core.features.observability": (
        "AccessLog",
        "KvEvents",
        "Tracing",
    ),
    "core.features.fast_start": ("FastStart",),
    "core.features.object_stores": ("AzureStorage", "GoogleStorage", "S3Storage"),
    "core.features.streaming": ("RunaiStreamer", "Tensorizer"),
    "helm.chart": ("VllmChart",),
}
_HOMES = {name: module for module, names in _MODULES.items() for name in names}


if not TYPE_CHECKING:  # which would take any name for one of ours

    def __getattr__(name: str) -> Any:
        # Loaded when asked for, so that what needs no Node (sizing, the values model) starts none.
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
