"""The alerts of one server as the groups of a PrometheusRule, in wire form and pure Python."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vllm_cdk8s.core.errors import InvalidOptionError
from vllm_cdk8s.core.kube import checks
from vllm_cdk8s.core.monitoring.promql import seconds
from vllm_cdk8s.core.regex import regex
from vllm_cdk8s.core.showing import shown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vllm_cdk8s.core.monitoring.promql import Target

# What every version of Prometheus takes, as the operator's own check does.
_LABEL = regex(r"[a-zA-Z_][a-zA-Z0-9_]*")
_EACH_ENGINE = ("namespace", "pod", "engine")
# A start that takes this share of its budget is near to being killed by the startup probe.
_NEAR = 0.8
_DOWN_MARGIN_SECONDS = 300


def alert_groups(
    target: Target,
    *,
    name: str,
    startup_seconds: int,
    queue_length: int = 10,
    kv_cache_usage: float = 0.95,
    scales_to_zero: bool = False,
    kv_transfers: bool = False,
    labels: Mapping[str, str] | None = None,
) -> list[dict[str, Any]]:
    """The alerts on one server.

    Args:
        target: the server's series.
        name: the server's name, for the group and the texts.
        startup_seconds: its start-up budget; 0 where no startup probe limits it, which leaves out the alert on it.
        queue_length: the number of requests that may wait, over all pods, while the queue grows.
        kv_cache_usage: the share of the KV cache, more than 0 and at most 1, above which it counts as full.
        scales_to_zero: whether having no pod at all is normal.
        kv_transfers: whether NIXL carries KV cache to or from it, which may fail.
        labels: further labels of all alerts, for Alertmanager's routes.

    Raises:
        InvalidOptionError: a threshold is out of its range.
    """
    checks.integer("queue_length", queue_length, minimum=0)
    checks.integer("startup_seconds", startup_seconds, minimum=0)
    full = _share("kv_cache_usage", kv_cache_usage)
    rules = [
        _down(target, name, startup_seconds, scales_to_zero=checks.boolean("scales_to_zero", scales_to_zero)),
        _restarting(target, name),
        _stalled(target, name),
        _queue_growing(target, name, queue_length),
        _kv_cache_full(target, name, full),
    ]
    if startup_seconds:
        rules.append(_startup_near_budget(target, name, startup_seconds))
    if kv_transfers:
        rules.append(_transfers_failing(target, name))
    common = checks.annotation_map("alert_labels", labels)
    for label in common:
        checks.text(f"alert_labels[{label!r}]", common[label])
        if not _LABEL.fullmatch(label):
            raise InvalidOptionError(
                f"{label!r} is not a label of Prometheus; allowed: letters, digits and '_', no digit first",
                option="alert_labels",
            )
    # absent() and sum() drop the labels of what they look at, and routes of Alertmanager go by the namespace.
    where = {} if target.namespace is None else {"namespace": target.namespace}
    for rule in rules:
        rule["labels"] = {**rule["labels"], **where, "server": name, **common}
    return [{"name": f"vllm-{name}", "rules": rules}]


def _down(target: Target, name: str, startup_seconds: int, *, scales_to_zero: bool) -> dict[str, Any]:
    up = target.kubernetes("up", in_container=True)
    # Without pods there is no series, and a comparison with nothing is silent: absent() is not.
    expression = f"sum({up}) == 0" if scales_to_zero else f"absent({up} == 1)"
    return _rule(
        "VllmServerDown",
        expression,
        wait=seconds("startup_seconds", startup_seconds + _DOWN_MARGIN_SECONDS),
        severity="critical",
        summary=f"vLLM server {name} answers on no pod",
        description="No pod has answered for longer than a start-up takes. See the pods' events and logs.",
    )


def _restarting(target: Target, name: str) -> dict[str, Any]:
    restarts = target.kubernetes("kube_pod_container_status_restarts_total", window="30m", in_container=True)
    return _rule(
        "VllmServerRestarting",
        f"increase({restarts}) > 2",
        severity="warning",
        summary=f"vLLM server {name} keeps restarting",
        description="{{ $labels.pod }} restarted {{ $value | humanize }} times in 30 minutes; "
        "its previous log says why.",
    )


def _stalled(target: Target, name: str) -> dict[str, Any]:
    running = target.total("num_requests_running", by=_EACH_ENGINE)
    waiting = target.total("num_requests_waiting", by=_EACH_ENGINE)
    generated = target.rate("generation_tokens", window="5m", by=_EACH_ENGINE)
    prompted = target.rate("prompt_tokens", window="5m", by=_EACH_ENGINE)
    return _rule(
        "VllmEngineStalled",
        f"({running} > 0 or {waiting} > 0) unless ({generated} > 0) unless ({prompted} > 0)",
        wait="5m",
        severity="critical",
        summary=f"An engine of vLLM server {name} has requests and makes no tokens",
        description="Engine {{ $labels.engine }} of {{ $labels.pod }} holds {{ $value }} requests and has made no "
        "token for 10 minutes. /health may still answer 200, so Kubernetes does not restart it: delete the pod.",
    )


def _queue_growing(target: Target, name: str, queue_length: int) -> dict[str, Any]:
    waiting = target.series(target.metric("num_requests_waiting"), window="10m")
    return _rule(
        "VllmQueueGrowing",
        f"sum(min_over_time({waiting})) > {queue_length} and sum(deriv({waiting})) > 0",
        wait="5m",
        severity="warning",
        summary=f"The queue of vLLM server {name} grows",
        description="At least {{ $value }} requests have waited for 10 minutes, and they become more. "
        "Add replicas, or let fewer requests in.",
    )


def _kv_cache_full(target: Target, name: str, share: float) -> dict[str, Any]:
    usage = target.highest("kv_cache_usage_perc", by=_EACH_ENGINE, window="10m")
    return _rule(
        "VllmKvCacheFull",
        f"{usage} > {share:g}",
        wait="5m",
        severity="warning",
        summary=f"The KV cache of vLLM server {name} is full",
        description="Engine {{ $labels.engine }} of {{ $labels.pod }} used {{ $value | humanizePercentage }} of its KV "
        "cache over 10 minutes: requests wait or are preempted. Add replicas or GPU memory, or shorten max_model_len.",
    )


def _startup_near_budget(target: Target, name: str, startup_seconds: int) -> dict[str, Any]:
    limit = max(1, int(startup_seconds * _NEAR))
    started = target.kubernetes("kube_pod_container_state_started", in_container=True)
    ready = target.kubernetes("kube_pod_container_status_ready", window=f"{limit}s", in_container=True)
    return _rule(
        "VllmStartupNearBudget",
        # One that has run for longer than the budget has started, whatever it is now.
        f"time() - {started} > {limit} <= {startup_seconds} "
        f"and on (namespace, pod, container) max_over_time({ready}) == 0",
        severity="warning",
        summary=f"vLLM server {name} is slow to start",
        description="{{ $labels.pod }} started {{ $value | humanizeDuration }} ago and is not ready; "
        f"at {startup_seconds} s Kubernetes kills it. Give it more time with SlowStartProbes(max_startup_seconds=...).",
    )


def _transfers_failing(target: Target, name: str) -> dict[str, Any]:
    failed = target.rate("nixl_num_failed_transfers", window="5m", by=("namespace", "pod"))
    return _rule(
        "VllmKvTransfersFailing",
        f"{failed} > 0",
        wait="5m",
        severity="warning",
        summary=f"KV cache does not reach vLLM server {name}",
        description="{{ $labels.pod }} fails {{ $value | humanize }} transfers of KV cache a second: prompts are read "
        "twice, or requests fail. See its log, and whether the prefilling pods answer on the NIXL side channel.",
    )


def _rule(
    alert: str, expression: str, *, severity: str, summary: str, description: str, wait: str | None = None
) -> dict[str, Any]:
    rule: dict[str, Any] = {"alert": alert, "expr": expression}
    if wait is not None:
        rule["for"] = wait
    return {
        **rule,
        "labels": {"severity": severity},
        "annotations": {"summary": summary, "description": description},
    }


def _share(option: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value <= 1:
        raise InvalidOptionError(f"{shown(value)} is not a share; allowed: more than 0, at most 1", option=option)
    return value
