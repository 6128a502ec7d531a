"""Sight of a running server: PodMonitor, ServiceMonitor, Alerts, Dashboard.

The first three are custom resources of the Prometheus operator, the last a ConfigMap that Grafana's sidecar loads.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, ClassVar
from weakref import WeakKeyDictionary

import cdk8s
import cdk8s_plus_27 as kplus
from constructs import Construct

from vllm_cdk8s.constructs.apps import place
from vllm_cdk8s.constructs.custom_resource import custom_resource
from vllm_cdk8s.constructs.server_base import Server
from vllm_cdk8s.core.errors import ConflictError, warn
from vllm_cdk8s.core.kube import checks
from vllm_cdk8s.core.monitoring.alert_rules import alert_groups
from vllm_cdk8s.core.monitoring.dashboard_json import dashboard_json
from vllm_cdk8s.core.monitoring.promql import Target, deployment_pods, leader_worker_set_pods, ray_cluster_pods
from vllm_cdk8s.core.monitoring.scraping import endpoint, monitor_spec

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_API_VERSION = "monitoring.coreos.com/v1"
_POD_NAMES = {
    "Deployment": deployment_pods,
    "LeaderWorkerSet": leader_worker_set_pods,
    "RayCluster": ray_cluster_pods,
}


class _Monitor(Construct):
    """What both monitors have in common: all but their kind, and what in it holds the endpoint."""

    _KIND: ClassVar[str]
    _ENDPOINTS: ClassVar[str]

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        server: Server,
        interval: str | cdk8s.Duration = "30s",
        scrape_timeout: str | cdk8s.Duration = "10s",
        tls_config: Mapping[str, Any] | None = None,
        labels: Mapping[str, str] | None = None,
        name: str | None = None,
    ) -> None:
        _check_statistics(server)
        scraped = endpoint(
            interval=_duration(interval),
            scrape_timeout=_duration(scrape_timeout),
            scheme=server.url.partition(":")[0],
            tls_config=tls_config,
        )
        spec = monitor_spec(
            server.selector, scraped, endpoints=self._ENDPOINTS, namespace=_other_namespace(scope, server)
        )
        super().__init__(scope, id)
        self.resource = _resource(self, scope, self._KIND, spec, server=server, labels=labels, name=name)
        # Monitors with other labels may be another Prometheus'.
        other = _monitors.setdefault(server, {}).setdefault(frozenset((labels or {}).items()), self)
        if other is not self:
            warn(
                f"server: {other.node.path} has {server.node.path} scraped already, so that every sample would be "
                "there twice, and each waiting request would count twice for a QueueAutoscaler; keep one of the two"
            )


class PodMonitor(_Monitor):
    """Have the Prometheus operator scrape the server's pods, each of them and whether ready or not.

    ``PodMonitor(self, "Scrape", server=server, labels={"release": "kube-prometheus-stack"})``. Most Prometheus
    installations only see monitors that carry a certain label: that of ``labels``.

    Args:
        scope: the construct this one belongs to.
        id: its name there.
        server: the server to scrape.
        interval: how often, as a Prometheus duration or a ``cdk8s.Duration``.
        scrape_timeout: how long a scrape may take; at most the interval.
        tls_config: how to trust a server that speaks TLS, in wire form; needed for one, and for no other.
        labels: further labels of the monitor.
        name: the monitor's name; None lets cdk8s name it.

    Raises:
        InvalidOptionError: a duration or a label is none.
        ConflictError: the timeout is longer than the interval; the server keeps no statistics, or is in a namespace
            that the monitor cannot name; TLS without a word on how to trust it.
    """

    _KIND = "PodMonitor"
    _ENDPOINTS = "podMetricsEndpoints"


class ServiceMonitor(_Monitor):
    """Have the Prometheus operator scrape the pods behind the server's service.

    ``ServiceMonitor(self, "Scrape", server=server)``. A `PodMonitor` does the same without the service, and with the
    same options; one of the two is enough, and with both every sample is there twice.
    """

    _KIND = "ServiceMonitor"
    _ENDPOINTS = "endpoints"


class Alerts(Construct):
    """A PrometheusRule that alarms when the server is down, restarts, stalls, queues up, fills its cache, starts late.

    ``Alerts(self, "Alerts", server=server)``. The alerts need a `PodMonitor` or a `ServiceMonitor`; those on restarts
    and on start-up also kube-state-metrics. Each has the labels ``severity`` and ``server``.

    Args:
        scope: the construct this one belongs to.
        id: its name there.
        server: the server to watch.
        queue_length: the number of requests that may wait, over all pods, while the queue grows.
        kv_cache_usage: the share of the KV cache above which it counts as full.
        scales_to_zero: whether having no pod at all is nothing to be alarmed about; None takes it from the server's
            replicas and its autoscaler, a `QueueAutoscaler` that comes later included.
        alert_labels: further labels of all alerts, for Alertmanager's routes.
        labels: further labels of the PrometheusRule, such as the one that Prometheus selects rules by.
        name: the PrometheusRule's name; None lets cdk8s name it.

    Raises:
        InvalidOptionError: a threshold or a label is none.
        ConflictError: the server keeps no statistics.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        server: Server,
        queue_length: int = 10,
        kv_cache_usage: float = 0.95,
        scales_to_zero: bool | None = None,
        alert_labels: Mapping[str, str] | None = None,
        labels: Mapping[str, str] | None = None,
        name: str | None = None,
    ) -> None:
        target = server_target(server)

        def groups(*, asleep: bool) -> list[dict[str, Any]]:
            return alert_groups(
                target,
                name=server.name,
                startup_seconds=server.probes.startup_seconds,
                queue_length=queue_length,
                kv_cache_usage=kv_cache_usage,
                scales_to_zero=asleep,
                labels=alert_labels,
            )

        # Only some servers know how few pods they may have.
        may_sleep = getattr(server, "min_replicas", 1) == 0 if scales_to_zero is None else scales_to_zero
        spec = {"groups": groups(asleep=may_sleep)}
        super().__init__(scope, id)
        self.resource = _resource(self, scope, "PrometheusRule", spec, server=server, labels=labels, name=name)
        if scales_to_zero is None and not may_sleep:
            rules = cdk8s.JsonPatch.add("/spec/groups", groups(asleep=True))
            _wakeful.setdefault(server, []).append(lambda: self.resource.add_json_patch(rules))


class Dashboard(Construct):
    """A Grafana dashboard of the server, in a ConfigMap with the label that Grafana's sidecar looks for.

    ``Dashboard(self, "Dashboard", server=server)``. It shows load, latency and cache over the last hour, for all pods
    or chosen ones.

    Args:
        scope: the construct this one belongs to.
        id: its name there.
        server: the server to show.
        title: the dashboard's title; None takes ``vLLM <server's name>``.
        folder: the folder in Grafana, by the sidecar's annotation ``grafana_folder``.
        labels: the labels that the sidecar looks for; None takes ``grafana_dashboard: "1"``.
        name: the ConfigMap's name; None lets cdk8s name it.

    Raises:
        InvalidOptionError: a label, the title or the folder is none.
        ConflictError: the server keeps no statistics.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        server: Server,
        title: str | None = None,
        folder: str | None = None,
        labels: Mapping[str, str] | None = None,
        name: str | None = None,
    ) -> None:
        target = server_target(server)
        heading = f"vLLM {server.name}" if title is None else checks.text("title", title)
        found_by = {"grafana_dashboard": "1"} if labels is None else checks.label_map("labels", labels)
        annotations = {} if folder is None else {"grafana_folder": checks.text("folder", folder)}
        model = dashboard_json(target, name=server.name, title=heading)
        super().__init__(scope, id)
        if name is not None:
            registry, namespace = place(scope)
            registry.take_name("ConfigMap", namespace, checks.dns_subdomain("name", name), self)
        self.config_map = kplus.ConfigMap(
            self,
            "Resource",
            metadata=cdk8s.ApiObjectMetadata(name=name, labels={**server.labels, **found_by}, annotations=annotations),
            # The sidecar writes the files of all namespaces into one folder.
            data={
                f"{'-'.join(filter(None, (server.namespace, server.name)))}.json": json.dumps(model, indent=2) + "\n"
            },
        )


_monitors: WeakKeyDictionary[Server, dict[frozenset[tuple[str, str]], Construct]] = WeakKeyDictionary()
_wakeful: WeakKeyDictionary[Server, list[Callable[[], None]]] = WeakKeyDictionary()


def let_sleep(server: Server) -> None:
    """Have the alerts that a server has already take it for one that may be without pods."""
    for change in _wakeful.pop(server, ()):
        change()


def monitors_of(server: Server) -> list[Construct]:
    """What has the server scraped."""
    return list(_monitors.get(server, {}).values())


def server_target(server: Server) -> Target:
    """The series of a server.

    Raises:
        ConflictError: its vLLM is told to have none.
    """
    _check_statistics(server)
    return Target(
        model_name=server.engine.served_model_name,
        pods=_POD_NAMES[cdk8s.ApiObject.of(server).kind](server.name),
        namespace=server.namespace,
        version=server.engine.version.name,
    )


def _check_statistics(server: Server) -> None:
    checks.instance("server", server, Server, allowed="a VllmServer or one over several nodes")
    if server.engine.settings.get("disable_log_stats"):
        raise ConflictError(
            f"{server.node.path} has disable_log_stats, so its /metrics shows nothing of vLLM's", option="server"
        )


def _duration(value: str | cdk8s.Duration) -> str:
    return f"{round(value.to_milliseconds())}ms" if isinstance(value, cdk8s.Duration) else value


def _other_namespace(scope: Construct, server: Server) -> str | None:
    home = place(scope)[1]
    if server.namespace is None and home is not None:
        raise ConflictError(
            f"the monitor is in namespace {home!r} and {server.node.path} in none; give both charts a namespace",
            option="server",
        )
    return None if server.namespace == home else server.namespace


def _resource(
    construct: Construct,
    scope: Construct,
    kind: str,
    spec: dict[str, Any],
    *,
    server: Server,
    labels: Mapping[str, str] | None,
    name: str | None,
) -> cdk8s.ApiObject:
    own_labels = {**server.labels, **checks.label_map("labels", labels or {})}
    return custom_resource(
        construct, scope, _API_VERSION, kind, name=name, labels=own_labels, annotations=None, spec=spec
    )
