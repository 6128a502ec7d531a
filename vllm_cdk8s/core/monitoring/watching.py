"""What of a server can be watched, and from where."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vllm_cdk8s.core.engine.connectors import connectors_of
from vllm_cdk8s.core.errors import ConflictError, Problem
from vllm_cdk8s.core.monitoring.metrics import PREFIX, metrics
from vllm_cdk8s.core.monitoring.promql import (
    Target,
    deployment_pods,
    leader_worker_set_pods,
    ray_cluster_pods,
    set_role_pods,
)
from vllm_cdk8s.core.rules.book import NOT_SCRAPED, OTHER_NAMESPACE

if TYPE_CHECKING:
    from vllm_cdk8s.core.server.serving import Serving

MONITORING_API = "monitoring.coreos.com/v1"
# How each controller names the pods that it makes.
_POD_NAMES = {
    "Deployment": deployment_pods,
    "LeaderWorkerSet": leader_worker_set_pods,
    "RayCluster": ray_cluster_pods,
}
# Whatever has pods scraped: the operators of Prometheus and VictoriaMetrics, and Google's.
SCRAPERS = frozenset({
    "PodMonitor", "ServiceMonitor", "ScrapeConfig", "PodMonitoring", "ClusterPodMonitoring", "VMPodScrape",
    "VMServiceScrape", "VMScrapeConfig",
})  # fmt: skip
_SCRAPE_ANNOTATION = "prometheus.io/scrape"


def check_statistics(server: Serving) -> None:
    """Refuse a server that has nothing to be watched.

    Raises:
        ConflictError: its vLLM keeps no statistics.
    """
    if server.engine.settings.get("disable_log_stats"):
        raise ConflictError(
            f"{server.path} has disable_log_stats, so its /metrics shows nothing of vLLM's", option="server"
        )


def target_of(server: Serving) -> Target:
    """The series of a server.

    Raises:
        ConflictError: its vLLM keeps no statistics.
    """
    check_statistics(server)
    made_by = server.workload_ref
    named = set_role_pods(made_by.name, made_by.role) if made_by.role else _POD_NAMES[made_by.kind](made_by.name)
    return Target(
        model_name=server.served_model_name,
        pods=named,
        namespace=server.namespace,
        version=server.engine.version.name,
    )


def transfers_kv_cache(server: Serving) -> bool:
    """Whether NIXL carries KV cache between this server and others, and its release counts what fails."""
    connectors = connectors_of(server.engine.settings.get("kv_transfer_config"))
    counts = f"{PREFIX}nixl_num_failed_transfers" in metrics(server.engine.version.name)
    return "NixlConnector" in connectors and counts


def namespace_to_name(server: Serving, home: str | None) -> str | None:
    """The namespace that a monitor must name to find the server; None where it is its own.

    Raises:
        ConflictError: it cannot be named, since nobody knows it.
    """
    if server.namespace is None and home is not None:
        raise ConflictError(
            f"the monitor is in namespace {home!r} and {server.path} in none; give both charts a namespace",
            option="server",
            rule=OTHER_NAMESPACE,
        )
    return None if server.namespace == home else server.namespace


def annotated_for_scraping(server: Serving) -> bool:
    """Whether the pods say by the old annotation that they are to be scraped."""
    return any(
        (template.get("metadata", {}).get("annotations") or {}).get(_SCRAPE_ANNOTATION) == "true"
        for template in server.pod_templates
    )


def not_scraped(server: Serving, watchers: str) -> Problem:
    """The warning that nothing of the app has a server scraped whose metrics are used."""
    return Problem(
        what=f"nothing in this app has {server.path} scraped, so that {watchers} may never have data; add a "
        "PodMonitor(..., server=server), or acknowledge this where Prometheus finds the pods by itself",
        rule=NOT_SCRAPED,
        severity="warning",
        option="server",
    )
