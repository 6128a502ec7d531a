"""What watches a running server: PodMonitor, ServiceMonitor, Alerts, Dashboard.

The first three are custom resources of the Prometheus operator, the last a ConfigMap that Grafana's sidecar loads.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, ClassVar

import cdk8s
import cdk8s_plus_27 as kplus

from vllm_cdk8s.constructs.apps import Whole, name_in_tree, place
from vllm_cdk8s.constructs.custom_resource import custom_resource
from vllm_cdk8s.constructs.server_base import Server
from vllm_cdk8s.constructs.tree import objects_of
from vllm_cdk8s.core.errors import Collector, warn
from vllm_cdk8s.core.keywords import named_keywords
from vllm_cdk8s.core.kube import checks
from vllm_cdk8s.core.monitoring.alert_rules import alert_groups
from vllm_cdk8s.core.monitoring.dashboard_json import dashboard_json
from vllm_cdk8s.core.monitoring.scraping import endpoint, monitor_spec
from vllm_cdk8s.core.monitoring.watching import (
    MONITORING_API,
    SCRAPERS,
    annotated_for_scraping,
    check_statistics,
    namespace_to_name,
    not_scraped,
    target_of,
    transfers_kv_cache,
)
from vllm_cdk8s.core.rules.book import NOT_SCRAPED, SCRAPED_TWICE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from constructs import Construct, IConstruct

    from vllm_cdk8s.core.errors import Problem
    from vllm_cdk8s.core.monitoring.promql import Target


class _Watch:
    """What watches the servers of one app."""

    def __init__(self) -> None:
        # Monitors with other labels may be another Prometheus'.
        self.monitors: dict[Server, dict[frozenset[tuple[str, str]], Construct]] = {}
        self.watchers: dict[Server, list[Construct]] = {}
        self.wakeful: dict[Server, list[Callable[[], None]]] = {}

    def advice(self, root: IConstruct) -> Iterator[Problem]:
        unknown = [
            server
            for server in self.watchers
            if server not in self.monitors and NOT_SCRAPED.code not in server.acknowledged
        ]
        if not unknown or objects_of(root.node.find_all(), *SCRAPERS):
            return
        for server in unknown:
            if not annotated_for_scraping(server):
                yield not_scraped(server, ", ".join(watcher.node.path for watcher in self.watchers[server]))


def _watch(scope: Construct) -> _Watch:
    return place(scope)[0].of(_Watch)


def _note_watcher(scope: Construct, server: Server, watcher: Construct) -> None:
    watch = _watch(scope)
    if not watch.watchers:
        place(scope)[0].add_advice(watch.advice)
    watch.watchers.setdefault(server, []).append(watcher)


class _Monitor(Whole):
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
        _check_server(server)
        check_statistics(server)
        with Collector() as found:
            scraped = found.need(
                endpoint,
                interval=_duration(interval),
                scrape_timeout=_duration(scrape_timeout),
                scheme=server.scheme,
                tls_config=tls_config,
                tls_files=self._KIND == "ServiceMonitor",
            )
            own_labels = found.need(checks.label_map, "labels", labels)
        namespace = namespace_to_name(server, place(scope)[1])
        spec = monitor_spec(server.selector, scraped, endpoints=self._ENDPOINTS, namespace=namespace)
        super().__init__(scope, id)
        self.resource = _resource(self, scope, self._KIND, spec, server=server, labels=own_labels, name=name)
        monitors = _watch(scope).monitors.setdefault(server, {})
        other = monitors.setdefault(frozenset(own_labels.items()), self)
        if other is not self:
            warn(
                f"{other.node.path} has {server.path} scraped already, so that every sample would be there twice, and "
                "each waiting request would count twice for a QueueAutoscaler; keep one of the two",
                option="server",
                rule=SCRAPED_TWICE,
            )


@named_keywords
class PodMonitor(_Monitor):
    """A PodMonitor: the Prometheus Operator scrapes each pod of the server, ready or not.

    ``PodMonitor(self, "Scrape", server=server, labels={"release": "kube-prometheus-stack"})``. Most Prometheus
    installations only see monitors that carry a certain label: that of ``labels``.

    Args:
        scope: the parent construct.
        id: the construct's ID, unique within its parent.
        server: the server to scrape.
        interval: how often, as a Prometheus duration or a ``cdk8s.Duration``.
        scrape_timeout: how long a scrape may take; at most the interval.
        tls_config: how to trust a server that speaks TLS, as in a manifest; required for such a server, and refused for
            others.
        labels: further labels of the monitor.
        name: the monitor's name; None lets cdk8s name it.

    Raises:
        InvalidOptionError: a duration or a label is not valid.
        ConflictError: the timeout is longer than the interval; the server keeps no statistics, or is in a namespace
            that the monitor cannot name; TLS without a word on how to trust it.
    """

    _KIND = "PodMonitor"
    _ENDPOINTS = "podMetricsEndpoints"


@named_keywords
class ServiceMonitor(_Monitor):
    """A ServiceMonitor: the Prometheus Operator scrapes the pods behind the server's Service.

    ``ServiceMonitor(self, "Scrape", server=server)``. A `PodMonitor` does the same without the service, and with the
    same options; one of the two is enough, and with both every sample is there twice.
    """

    _KIND = "ServiceMonitor"
    _ENDPOINTS = "endpoints"


@named_keywords
class Alerts(Whole):
    """A PrometheusRule that alerts when the server is down, restarts, stalls, queues up, fills its cache, starts late.

    ``Alerts(self, "Alerts", server=server)``. The alerts need a `PodMonitor` or a `ServiceMonitor`; those on restarts
    and on start-up also kube-state-metrics. Each has the labels ``severity`` and ``server``.

    Args:
        scope: the parent construct.
        id: the construct's ID, unique within its parent.
        server: the server to watch.
        queue_length: the number of requests that may wait, over all pods, while the queue grows.
        kv_cache_usage: the share of the KV cache above which it counts as full.
        scales_to_zero: whether having no pod at all is normal; None takes it from the server's
            replicas and its autoscaler, a `QueueAutoscaler` that comes later included.
        alert_labels: further labels of all alerts, for Alertmanager's routes.
        labels: further labels of the PrometheusRule, such as the one that Prometheus selects rules by.
        name: the PrometheusRule's name; None lets cdk8s name it.

    Raises:
        InvalidOptionError: a threshold or a label is not valid.
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
                startup_seconds=server.startup_seconds,
                queue_length=queue_length,
                kv_cache_usage=kv_cache_usage,
                scales_to_zero=asleep,
                kv_transfers=transfers_kv_cache(server),
                labels=alert_labels,
            )

        may_sleep = server.min_replicas == 0 if scales_to_zero is None else scales_to_zero
        spec = {"groups": groups(asleep=may_sleep)}
        super().__init__(scope, id)
        self.resource = _resource(self, scope, "PrometheusRule", spec, server=server, labels=labels, name=name)
        if scales_to_zero is None and not may_sleep:
            rules = cdk8s.JsonPatch.add("/spec/groups", groups(asleep=True))
            _watch(scope).wakeful.setdefault(server, []).append(lambda: self.resource.add_json_patch(rules))
        _note_watcher(scope, server, self)


@named_keywords
class Dashboard(Whole):
    """A Grafana dashboard of the server, in a ConfigMap with the label that Grafana's sidecar looks for.

    ``Dashboard(self, "Dashboard", server=server)``. It shows load, latency and cache over the last hour, for all pods
    or chosen ones.

    Args:
        scope: the parent construct.
        id: the construct's ID, unique within its parent.
        server: the server to show.
        title: the dashboard's title; None takes ``vLLM <server's name>``.
        folder: the folder in Grafana, by the sidecar's annotation ``grafana_folder``.
        labels: the labels that the sidecar looks for; None takes ``grafana_dashboard: "1"``.
        name: the ConfigMap's name; None lets cdk8s name it.

    Raises:
        InvalidOptionError: a label, the title or the folder is not valid.
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
        with Collector() as found:
            heading = f"vLLM {server.name}" if title is None else found.need(checks.text, "title", title)
            found_by = {"grafana_dashboard": "1"} if labels is None else found.need(checks.label_map, "labels", labels)
            annotations = {} if folder is None else {"grafana_folder": found.need(checks.text, "folder", folder)}
        model = dashboard_json(target, name=server.name, title=heading)
        super().__init__(scope, id)
        if name is None:
            name = name_in_tree(scope, id, "Resource", "Resource")
        else:
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
        _note_watcher(scope, server, self)


def expect_no_pods(server: Server) -> None:
    """Have the alerts that a server has already take it for one that may be without pods."""
    for change in _watch(server).wakeful.pop(server, ()):
        change()


def monitors_of(server: Server) -> list[Construct]:
    """What has the server scraped."""
    return list(_watch(server).monitors.get(server, {}).values())


def server_target(server: Server) -> Target:
    """The series of a server.

    Raises:
        InvalidOptionError: it is not a server.
        ConflictError: its vLLM keeps no statistics.
    """
    _check_server(server)
    return target_of(server)


def _check_server(server: object) -> None:
    checks.instance("server", server, Server, allowed="a VllmServer or one over several nodes")


def _duration(value: str | cdk8s.Duration) -> str:
    return f"{round(value.to_milliseconds())}ms" if isinstance(value, cdk8s.Duration) else value


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
    own_labels = {**server.labels, **checks.label_map("labels", labels)}
    return custom_resource(
        construct, scope, MONITORING_API, kind, name=name, labels=own_labels, annotations=None, spec=spec
    )
