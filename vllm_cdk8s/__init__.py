"""cdk8s constructs that deploy the vLLM inference server on Kubernetes."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vllm_cdk8s.autoscaling import Autoscaling
    from vllm_cdk8s.availability import PodDisruptionBudget, spread_pods
    from vllm_cdk8s.chat_template import ChatTemplate
    from vllm_cdk8s.download import ModelDownload
    from vllm_cdk8s.drop_cache import DropCacheWrapper
    from vllm_cdk8s.engine import EngineArgs
    from vllm_cdk8s.errors import ConflictError, InvalidOptionError, VllmCdk8sError, VllmCdk8sWarning
    from vllm_cdk8s.exposure import Ingress, IngressHost, IngressPath, IngressTls
    from vllm_cdk8s.gateway import GatewayRef, HTTPRoute, RouteMatch, WeightedBackend
    from vllm_cdk8s.hardening import NonRoot
    from vllm_cdk8s.health import HttpProbe
    from vllm_cdk8s.hub_models import HubModel, InitDownload
    from vllm_cdk8s.inference_pool import InferencePool
    from vllm_cdk8s.lora import LoraAdapter, LoraAdapters
    from vllm_cdk8s.monitoring import Alerts, Dashboard, PodMonitor, ServiceMonitor
    from vllm_cdk8s.multi_node import MultiNodeVllmServer
    from vllm_cdk8s.network import Egress, ServerNetworkPolicy
    from vllm_cdk8s.placement import DeviceClaim, KaiShare
    from vllm_cdk8s.pod import Resources
    from vllm_cdk8s.pod_security import PrivilegedNamespace, PrivilegedPodSecurityPolicy, RestrictedNamespace
    from vllm_cdk8s.probes import ManualProbes, SlowStartProbes
    from vllm_cdk8s.queue_autoscaler import QueueAutoscaler, TriggerAuthentication
    from vllm_cdk8s.ray_cluster import RayVllmServer
    from vllm_cdk8s.secret_key import SecretKey
    from vllm_cdk8s.server import VllmServer
    from vllm_cdk8s.sizing import Sizing, size_model
    from vllm_cdk8s.smoke_test import SmokeTest
    from vllm_cdk8s.storage import ModelStorage
    from vllm_cdk8s.values.chart import VllmChart

__all__ = [
    "Alerts",
    "Autoscaling",
    "ChatTemplate",
    "ConflictError",
    "Dashboard",
    "DeviceClaim",
    "DropCacheWrapper",
    "Egress",
    "EngineArgs",
    "GatewayRef",
    "HTTPRoute",
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
    "LoraAdapter",
    "LoraAdapters",
    "ManualProbes",
    "ModelDownload",
    "ModelStorage",
    "MultiNodeVllmServer",
    "NonRoot",
    "PodDisruptionBudget",
    "PodMonitor",
    "PrivilegedNamespace",
    "PrivilegedPodSecurityPolicy",
    "QueueAutoscaler",
    "RayVllmServer",
    "Resources",
    "RestrictedNamespace",
    "RouteMatch",
    "SecretKey",
    "ServerNetworkPolicy",
    "ServiceMonitor",
    "Sizing",
    "SlowStartProbes",
    "SmokeTest",
    "TriggerAuthentication",
    "VllmCdk8sError",
    "VllmCdk8sWarning",
    "VllmChart",
    "VllmServer",
    "WeightedBackend",
    "size_model",
    "spread_pods",
]

_MODULES = {
    "autoscaling": ("Autoscaling",),
    "availability": ("PodDisruptionBudget", "spread_pods"),
    "chat_template": ("ChatTemplate",),
    "download": ("ModelDownload",),
    "drop_cache": ("DropCacheWrapper",),
    "engine": ("EngineArgs",),
    "errors": ("ConflictError", "InvalidOptionError", "VllmCdk8sError", "VllmCdk8sWarning"),
    "exposure": ("Ingress", "IngressHost", "IngressPath", "IngressTls"),
    "gateway": ("GatewayRef", "HTTPRoute", "RouteMatch", "WeightedBackend"),
    "hardening": ("NonRoot",),
    "health": ("HttpProbe",),
    "hub_models": ("HubModel", "InitDownload"),
    "inference_pool": ("InferencePool",),
    "lora": ("LoraAdapter", "LoraAdapters"),
    "monitoring": ("Alerts", "Dashboard", "PodMonitor", "ServiceMonitor"),
    "multi_node": ("MultiNodeVllmServer",),
    "network": ("Egress", "ServerNetworkPolicy"),
    "placement": ("DeviceClaim", "KaiShare"),
    "pod": ("Resources",),
    "pod_security": ("PrivilegedNamespace", "PrivilegedPodSecurityPolicy", "RestrictedNamespace"),
    "probes": ("ManualProbes", "SlowStartProbes"),
    "queue_autoscaler": ("QueueAutoscaler", "TriggerAuthentication"),
    "ray_cluster": ("RayVllmServer",),
    "secret_key": ("SecretKey",),
    "server": ("VllmServer",),
    "sizing": ("Sizing", "size_model"),
    "smoke_test": ("SmokeTest",),
    "storage": ("ModelStorage",),
    "values.chart": ("VllmChart",),
}
_HOMES = {name: module for module, names in _MODULES.items() for name in names}


def __getattr__(name: str) -> Any:
    # Loaded when asked for, so that what needs no Node (sizing, the values model) starts none.
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
