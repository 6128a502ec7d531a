"""The Grafana dashboard of one server as a JSON model, in pure Python.

The fields are those of https://grafana.com/docs/grafana/latest/visualizations/dashboards/build-dashboards/view-dashboard-json-model/
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from vllm_cdk8s.core.monitoring.metrics import metrics

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vllm_cdk8s.core.monitoring.promql import Target

_SCHEMA_VERSION = 39  # Grafana 10.4 and newer; newer ones migrate it when they load it
_WIDTH, _STAT_HEIGHT, _HEIGHT = 24, 4, 8
_WINDOW = "$__rate_interval"
_EACH_ENGINE = ("pod", "engine")
_SOURCE = {"type": "prometheus", "uid": "${datasource}"}

Query = tuple[str, str]  # legend, expression


def dashboard_json(target: Target, *, name: str, title: str) -> dict[str, Any]:
    """The dashboard: health and load at the top, then throughput, latency, and the engine's cache.

    Args:
        target: the server's series.
        name: the server's name, from which with the namespace the dashboard's uid is made.
        title: the dashboard's title.
    """
    chosen = target.with_pods("$pod")
    panels: list[dict[str, Any]] = []
    for panel in _stats(chosen):
        _place(panels, panel, width=_WIDTH // 4, height=_STAT_HEIGHT)
    for panel in (*_load(chosen), *_latencies(chosen), *_engine(chosen)):
        _place(panels, panel, width=_WIDTH // 2, height=_HEIGHT)
    identity = f"{target.namespace or ''}/{name}"
    return {
        "uid": f"vllm-{hashlib.sha256(identity.encode()).hexdigest()[:16]}",
        "title": title,
        "tags": ["vllm"],
        "schemaVersion": _SCHEMA_VERSION,
        "editable": True,
        "refresh": "30s",
        "time": {"from": "now-1h", "to": "now"},
        "timezone": "browser",
        "templating": {"list": _variables(target)},
        "annotations": {"list": []},
        "panels": panels,
    }


def _variables(target: Target) -> list[dict[str, Any]]:
    query = f"label_values({target.kubernetes('up', in_container=True)}, pod)"
    return [
        {"name": "datasource", "label": "Data source", "type": "datasource", "query": "prometheus"},
        {
            "name": "pod",
            "label": "Pod",
            "type": "query",
            "datasource": _SOURCE,
            "definition": query,
            "query": {"query": query, "refId": "pods"},
            "refresh": 2,
            "sort": 1,
            "multi": True,
            "includeAll": True,
            "allValue": target.pods,
            "current": {"text": "All", "value": "$__all"},
        },
    ]


def _stats(target: Target) -> list[dict[str, Any]]:
    running, waiting = target.total("num_requests_running"), target.total("num_requests_waiting")
    usage = target.highest("kv_cache_usage_perc")
    return [
        _panel("stat", "Pods that answer", "none", [("", f"sum({target.kubernetes('up', in_container=True)})")]),
        _panel("stat", "Running requests", "none", [("", running)]),
        _panel("stat", "Waiting requests", "none", [("", waiting)]),
        _panel("stat", "KV cache in use", "percentunit", [("", usage)]),
    ]


def _load(target: Target) -> list[dict[str, Any]]:
    finished = target.rate("request_success", window=_WINDOW, by=("finished_reason",))
    tokens = [
        ("prompt", target.rate("prompt_tokens", window=_WINDOW)),
        ("generation", target.rate("generation_tokens", window=_WINDOW)),
    ]
    requests = [
        ("running {{pod}}", target.total("num_requests_running", by=("pod",))),
        ("waiting {{pod}}", target.total("num_requests_waiting", by=("pod",))),
    ]
    return [
        _panel("timeseries", "Finished requests", "reqps", [("{{finished_reason}}", finished)]),
        _panel("timeseries", "Tokens", "short", tokens, description="Tokens per second, all pods together."),
        _panel("timeseries", "Requests in the engine", "none", requests),
    ]


def _latencies(target: Target) -> list[dict[str, Any]]:
    shown = (
        ("Queue time", ("request_queue_time_seconds",)),
        ("Time to first token", ("time_to_first_token_seconds",)),
        # Named so since 0.10.2.
        ("Time between tokens", ("inter_token_latency_seconds", "time_per_output_token_seconds")),
        ("Whole requests", ("e2e_request_latency_seconds",)),
    )
    return [
        _panel(
            "timeseries",
            title,
            "s",
            [(f"p{share * 100:.0f}", target.quantile(share, *names, window=_WINDOW)) for share in (0.5, 0.95, 0.99)],
        )
        for title, names in shown
    ]


def _engine(target: Target) -> list[dict[str, Any]]:
    usage = target.highest("kv_cache_usage_perc", by=_EACH_ENGINE)
    hits = target.rate("prefix_cache_hits", window=_WINDOW)
    queries = target.rate("prefix_cache_queries", window=_WINDOW)
    preemptions = target.rate("num_preemptions", window=_WINDOW, by=_EACH_ENGINE)
    panels = [
        _panel("timeseries", "KV cache in use", "percentunit", [("{{pod}} engine {{engine}}", usage)]),
        _panel("timeseries", "Prefix cache hits", "percentunit", [("of the tokens looked up", f"{hits} / {queries}")]),
        _panel("timeseries", "Preemptions", "ops", [("{{pod}} engine {{engine}}", preemptions)]),
    ]
    if "vllm:spec_decode_num_draft_tokens" in metrics(target.version):
        accepted = target.rate("spec_decode_num_accepted_tokens", window=_WINDOW)
        drafted = target.rate("spec_decode_num_draft_tokens", window=_WINDOW)
        panels.append(
            _panel(
                "timeseries",
                "Accepted draft tokens",
                "percentunit",
                [("of the tokens drafted", f"{accepted} / {drafted}")],
                description="Empty without speculative decoding.",
            )
        )
    return panels


def _panel(
    kind: str, title: str, unit: str, queries: Sequence[Query], *, description: str | None = None
) -> dict[str, Any]:
    targets = [
        {"refId": chr(ord("A") + index), "datasource": _SOURCE, "expr": expression, "legendFormat": legend or "__auto"}
        for index, (legend, expression) in enumerate(queries)
    ]
    limits = {"min": 0, "max": 1} if unit == "percentunit" else {"min": 0}
    return {
        "type": kind,
        "title": title,
        **({} if description is None else {"description": description}),
        "datasource": _SOURCE,
        "fieldConfig": {"defaults": {"unit": unit, **limits}, "overrides": []},
        "targets": targets,
    }


def _place(panels: list[dict[str, Any]], panel: dict[str, Any], *, width: int, height: int) -> None:
    """Put a panel to the right of the last one, or below where the row is full or of another height."""
    x, y = 0, 0
    if panels:
        last = panels[-1]["gridPos"]
        x, y = last["x"] + last["w"], last["y"]
        if x + width > _WIDTH or last["h"] != height:
            x, y = 0, last["y"] + last["h"]
    panels.append({"id": len(panels) + 1, "gridPos": {"x": x, "y": y, "w": width, "h": height}, **panel})
