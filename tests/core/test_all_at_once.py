"""A value object with several wrong fields tells them all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from vllm_cdk8s.core.errors import Collector, ConflictError, InvalidOptionError, VllmCdk8sError
from vllm_cdk8s.core.features.disaggregated import Pool
from vllm_cdk8s.core.features.hub import HubModel, InitDownload
from vllm_cdk8s.core.features.kv_offload import KvOffload
from vllm_cdk8s.core.features.kv_transfer import Nixl, PairProxy, RoutingSidecar
from vllm_cdk8s.core.features.lora import LoraAdapter, LoraAdapters
from vllm_cdk8s.core.features.object_stores import AzureStorage, S3Storage
from vllm_cdk8s.core.features.observability import AccessLog, KvEvents, Tracing
from vllm_cdk8s.core.features.streaming import RunaiStreamer, Tensorizer
from vllm_cdk8s.core.kube import checks
from vllm_cdk8s.core.pod.device_claims import Devices
from vllm_cdk8s.core.pod.health import HttpProbe
from vllm_cdk8s.core.pod.placement import DeviceClaim, KaiShare
from vllm_cdk8s.core.pod.resources import Resources
from vllm_cdk8s.core.pod.secret_key import SecretKey
from vllm_cdk8s.core.pod.security import NonRoot
from vllm_cdk8s.core.scaling.autoscaling import Autoscaling, ExternalMetric
from vllm_cdk8s.core.scaling.availability import Budget
from vllm_cdk8s.core.scaling.http import HttpScaling
from vllm_cdk8s.core.scaling.queue import QueueScaling, TriggerAuthentication
from vllm_cdk8s.core.server.deployment import DeploymentShape
from vllm_cdk8s.core.server.leader_worker_set import LeaderWorkerSetShape
from vllm_cdk8s.core.server.queueing import Gang, KueueQueue
from vllm_cdk8s.core.server.set_role import DisaggregatedSet
from vllm_cdk8s.core.traffic.gateway import GatewayRef, RouteMatch
from vllm_cdk8s.core.traffic.ingress import Ingress, IngressHost, IngressPath, IngressTls
from vllm_cdk8s.core.traffic.network_policy import Egress
from vllm_cdk8s.core.traffic.picker import Picker
from vllm_cdk8s.core.traffic.router import RouterPlan

if TYPE_CHECKING:
    from collections.abc import Callable

KEY = SecretKey("s3", "id")
WRONG: list[tuple[Callable[..., Any], dict[str, Any], list[str]]] = [
    (AccessLog, {"leave_out": ["health", "/ok", 1]}, ["access_log.leave_out[0]", "access_log.leave_out[2]"]),
    (Autoscaling, {"min_replicas": 3, "max_replicas": 2, "target_cpu_utilization": 0},
     ["target_cpu_utilization", "min_replicas"]),
    (Autoscaling, {"min_replicas": "x", "max_replicas": 0, "metrics": [1]},
     ["min_replicas", "max_replicas", "metrics[0]"]),
    (AzureStorage, {"account": "A!", "key": "k", "sas_token": "t"},
     ["streaming.store.account", "streaming.store.key", "streaming.store.sas_token"]),
    (Budget, {"min_available": "x", "max_unavailable": -1, "unhealthy_pod_eviction": "Never"},
     ["min_available", "min_available", "max_unavailable", "unhealthy_pod_eviction"]),
    (DeploymentShape, {"replicas": "x", "max_surge": "y", "max_unavailable": "200%"},
     ["replicas", "max_surge", "max_unavailable"]),
    (DeploymentShape, {"replicas": "x", "max_surge": 0, "max_unavailable": 0}, ["replicas", "max_unavailable"]),
    (DeviceClaim, {"name": "A", "template": "B", "claim": "C", "request": "D"},
     ["device_claims.name", "device_claims['A']", "device_claims.template", "device_claims.claim",
      "device_claims.request"]),
    (Devices, {"device_class": "A", "count": 0, "selectors": ["", 1], "mig": "x", "match_attribute": "y",
               "parameters": {"B": {}, "c": 1}},
     ["device_class", "count", "selectors[0]", "selectors[1]", "mig", "match_attribute", "parameters",
      "parameters['c']"]),
    (DisaggregatedSet, {"slices": 0, "exclusive": True}, ["disaggregated_set.slices", "disaggregated_set.exclusive"]),
    (DisaggregatedSet, {"slices": 0, "exclusive": "x", "topology": "?"},
     ["disaggregated_set.slices", "disaggregated_set.exclusive", "disaggregated_set.topology"]),
    (Egress, {"to": "Cache", "ports": [0, 80, "x"]}, ["egress.to", "egress.ports", "egress.ports"]),
    (ExternalMetric, {"name": "", "average_value": 0, "labels": {"a b": "c"}},
     ["metrics.name", "metrics.labels", "metrics.average_value"]),
    (Gang, {"scheduler": "volcano", "queue": "A", "topology": "rack"}, ["gang.queue", "gang.topology"]),
    (Gang, {"scheduler": "vulcano", "queue": "A", "topology": "?"}, ["gang.scheduler", "gang.queue", "gang.topology"]),
    (GatewayRef, {"name": "A", "namespace": "B", "listener": "C", "port": 0},
     ["gateway.name", "gateway.namespace", "gateway.listener", "gateway.port"]),
    (HttpProbe, {"period_seconds": 0, "path": "health"}, ["period_seconds", "path"]),
    (HttpScaling, {"hosts": ["A", "b", "B"], "max_replicas": 0, "paths": ["x", "/y", "z"], "concurrent_requests": 0,
                   "wait_seconds": -1, "scaler_address": ""},
     ["hosts", "hosts", "paths", "paths", "max_replicas", "concurrent_requests", "wait_seconds", "scaler_address"]),
    (HttpScaling, {"hosts": ["*"], "max_replicas": 2, "min_replicas": 1, "wait_seconds": 3, "cooldown_seconds": 3},
     ["cooldown_seconds", "wait_seconds"]),
    (HubModel, {"model": "a b", "revision": "", "allow": [1], "ignore": "x"},
     ["model", "revision", "allow[0]", "ignore"]),
    (Ingress, {"hosts": ["A", "b.example.com", "C"], "class_name": "D", "tls": [1], "annotations": {"e f": "g"}},
     ["host", "host", "ingress.class_name", "ingress.tls", "ingress.annotations"]),
    (Ingress, {"hosts": ["a", "a", "b", "b"], "class_name": "c", "annotations": {"kubernetes.io/ingress.class": "c"}},
     ["ingress.hosts", "ingress.hosts", "ingress.annotations['kubernetes.io/ingress.class']"]),
    (IngressHost, {"host": "A", "paths": ["x", "/y", "/y", "z"]}, ["host", "path", "path", "paths"]),
    (IngressHost, {"host": "A", "paths": []}, ["host", "paths"]),
    (IngressPath, {"path": "v1", "path_type": "Prefx"}, ["path_type", "path"]),
    (IngressTls, {"secret": "A", "hosts": ["B", "c", "D"]}, ["tls.secret", "tls.hosts", "tls.hosts"]),
    (InitDownload, {"models": ["a b", "c", 1], "max_seconds": -1, "offline": "no", "resources": 1},
     ["download.max_seconds", "download.offline", "download.models[0]", "download.models[2]", "download.resources"]),
    (KaiShare, {"queue": "a b", "gpu_memory_mib": 0, "gpu_total_memory_mib": "x", "gpu_fraction": 2},
     ["kai.queue", "kai.gpu_memory_mib", "kai.gpu_total_memory_mib", "kai.gpu_fraction", "kai.gpu_fraction"]),
    (KaiShare, {"queue": "a b", "gpu_memory_mib": 20, "gpu_total_memory_mib": 10},
     ["kai.queue", "kai.gpu_memory_mib"]),
    (KueueQueue, {"name": "A", "priority": "B", "prefer": True}, ["kueue.prefer", "kueue.name", "kueue.priority"]),
    (KvEvents, {"port": 0, "topic": "", "replay_port": 0}, ["kv_events.port", "kv_events.topic",
                                                            "kv_events.replay_port"]),
    (KvOffload, {"host": "1Mi", "backend": "x", "disk": "A"},
     ["kv_offload.host", "kv_offload.backend", "kv_offload.disk"]),
    (KvOffload, {"host": "1Mi", "backend": "lmcache", "disk": 1},
     ["kv_offload.host", "kv_offload.backend", "kv_offload.disk"]),
    (LeaderWorkerSetShape, {"nodes": 1, "replicas": -1}, ["nodes", "replicas"]),
    (LoraAdapter, {"name": "-a", "path": "b", "base_model": ""}, ["lora.name", "lora.adapters['-a']",
                                                                  "lora.base_model"]),
    (LoraAdapters, {"adapters": {"-a": "/b", "c": "d"}, "claim": "E", "mount_path": "/",
                    "hub_repositories": ["f", "g/h"]},
     ["lora.mount_path", "lora.claim", "lora.hub_repositories[0]", "lora.hub_repositories[1]", "lora.name",
      "lora.adapters['c']"]),
    (LoraAdapters, {"adapters": [1, 2], "resolve_at_runtime": "x"},
     ["lora.resolve_at_runtime", "lora.adapters[0]", "lora.adapters[1]"]),
    (Nixl, {"port": 0, "rdma": "x", "backends": ["", "UCX", 1], "load_failure": "y"},
     ["connector.port", "connector.rdma", "connector.backends[0]", "connector.backends[2]", "connector.load_failure"]),
    (NonRoot, {"uid": 0, "gid": "x", "home": "y"}, ["non_root.uid", "non_root.gid", "non_root.home"]),
    (PairProxy, {"image": "a b", "resources": 1, "timeout_seconds": 0},
     ["proxy.image", "proxy.resources", "proxy.timeout_seconds"]),
    (Picker, {"image": "", "replicas": 0, "flow_control": 1, "resources": 1, "objectives": {"A": "x"},
              "scorers": {"queue-scorr": 0}},
     ["image", "replicas", "flow_control", "resources", "objectives", "objectives['A']", "scorers",
      "scorers['queue-scorr']"]),
    (Pool, {"replicas": "x", "nodes": 0, "image": "y", "port": 1}, ["replicas", "nodes", "image", "port"]),
    (QueueScaling, {"prometheus_address": "x", "max_replicas": 0, "min_replicas": "y", "fallback_replicas": -1,
                    "waiting_requests": 0, "running_requests": 0, "wake_query": "", "extra_triggers": [1, {}]},
     ["prometheus_address", "min_replicas", "max_replicas", "fallback_replicas", "waiting_requests",
      "running_requests", "wake_query", "extra_triggers[0]", "extra_triggers[1].type", "extra_triggers[1].metadata"]),
    (QueueScaling, {"prometheus_address": "x", "max_replicas": 2, "min_replicas": 3, "cooldown_seconds": 1,
                    "activation_requests": 2},
     ["prometheus_address", "min_replicas"]),
    (QueueScaling, {"prometheus_address": "http://x", "max_replicas": 4, "cooldown_seconds": 1, "wake_query": "up"},
     ["wake_query", "cooldown_seconds"]),
    (Resources, {"requests": {"cpu": 2, "memory": "x"}, "limits": {"cpu": 1, "memory": "1Gi"}},
     ["resources.requests['memory']", "resources.requests['cpu']"]),
    (RouteMatch, {"path": "v1", "path_type": "Exact", "headers": {"a b": "c", "d": 1, "e": 2}, "replace_prefix": "f"},
     ["match.path", "match.replace_prefix", "match.replace_prefix", "match.headers", "match.headers['d']",
      "match.headers['e']"]),
    (RouteMatch, {"path": "", "path_type": "Exacd", "replace_prefix": "/"}, ["match.path_type", "match.path"]),
    (RouterPlan, {"servers": [], "namespace": None, "image": "", "replicas": 1, "resources": 1, "discovery": "x",
                  "routing": "y", "health_checks": "z"},
     ["image", "resources", "discovery", "routing", "health_checks", "servers"]),
    (RoutingSidecar, {"image": "a b", "resources": 1}, ["proxy.image", "proxy.resources"]),
    (RunaiStreamer, {"store": 1, "memory_limit": "x", "concurrency": 0, "distributed": 1},
     ["streaming.store", "streaming.memory_limit", "streaming.concurrency", "streaming.distributed"]),
    (S3Storage, {"endpoint": "x", "region": "", "access_key": KEY, "path_style": 1},
     ["streaming.store.path_style", "streaming.store.region", "streaming.store.secret_key",
      "streaming.store.endpoint"]),
    (SecretKey, {"secret": "A", "key": "b c"}, ["secret", "key"]),
    (SecretKey, {"secret": "hf_abcdefgh", "key": "hf_abcdefgh"}, ["secret", "key"]),
    (Tensorizer, {"uri": "x", "store": 1, "num_readers": 0, "verify_hash": 1},
     ["streaming.uri", "streaming.store", "streaming.num_readers", "streaming.verify_hash"]),
    (Tracing, {"endpoint": "x", "sample": 2, "protocol": "http", "service_name": "", "details": ["a", "all", "b"]},
     ["tracing.endpoint", "tracing.sample", "tracing.protocol", "tracing.service_name", "tracing.details[0]",
      "tracing.details[2]"]),
    (TriggerAuthentication, {"name": "A", "kind": "B", "modes": ["c", "tls", "d"]},
     ["authentication.name", "authentication.kind", "authentication.modes", "authentication.modes"]),
]  # fmt: skip


@pytest.mark.parametrize(("make", "options", "expected"), WRONG)
def test_each_wrong_field_is_told(make: Callable[..., Any], options: dict[str, Any], expected: list[str]) -> None:
    with pytest.raises(VllmCdk8sError) as caught:
        make(**options)
    assert [problem.option for problem in caught.value.problems] == expected


def test_what_looks_like_a_secret_is_not_shown_beside_what_is_wrong_besides() -> None:
    with pytest.raises(InvalidOptionError) as caught:
        SecretKey("hf_abcdefgh", "b c")
    assert "hf_" not in str(caught.value)


def test_contradictions_alone_are_a_conflict_and_with_what_is_wrong_by_itself_an_invalid_option() -> None:
    with pytest.raises(ConflictError):
        Gang(scheduler="scheduler-plugins", queue="a", topology="rack")
    with pytest.raises(InvalidOptionError):
        Gang(scheduler="scheduler-plugins", queue="a", topology="?")


def wrong_port(then: Exception) -> None:
    with Collector() as found:
        found.attempt(checks.port, "port", 0)
        found.given(checks.port, "other", None)
        raise then


def test_the_end_of_a_block_tells_what_was_noted_and_what_the_block_itself_raises() -> None:
    with pytest.raises(InvalidOptionError) as caught:
        wrong_port(ConflictError("contradicts another", option="last"))
    assert [problem.option for problem in caught.value.problems] == ["port", "last"]


def test_what_is_no_error_of_ours_leaves_a_block_as_it_is() -> None:
    with pytest.raises(KeyError):
        wrong_port(KeyError())


def test_an_option_is_not_sound_where_something_in_it_is_wrong() -> None:
    found = Collector()
    found.note(InvalidOptionError("is wrong", option="labels['a']"))
    found.note(InvalidOptionError("is wrong", option="disk.size"))
    assert found.sound()
    assert [name for name in ("labels", "label", "disk", "dis") if not found.sound(name)] == ["labels", "disk"]
