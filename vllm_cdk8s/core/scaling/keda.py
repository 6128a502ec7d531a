"""What all autoscaling by KEDA has in common: bounds, triggers of the user's own, and when replicas go again.

Fields are those of https://keda.sh/docs/latest/reference/scaledobject-spec/
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from vllm_cdk8s.core.errors import Collector, ConflictError, InvalidOptionError, nearest, warn
from vllm_cdk8s.core.kube import checks
from vllm_cdk8s.core.kube.wire import sequence
from vllm_cdk8s.core.rules.book import AUTOSCALER
from vllm_cdk8s.core.showing import shown

if TYPE_CHECKING:
    from vllm_cdk8s.core.server.serving import Serving

KEDA_API = "keda.sh/v1alpha1"
_TRIGGER_FIELDS = ("type", "name", "metadata", "metricType", "authenticationRef", "useCachedMetrics")
_METRIC_TYPES = ("AverageValue", "Value", "Utilization")
# The Horizontal Pod Autoscaler's own default, and the most that it takes.
_STABILIZATION_SECONDS, _LONGEST_STABILIZATION_SECONDS = 300, 3600
_COOLDOWN_SECONDS = 300


def check_bounds(min_replicas: int, max_replicas: int, fallback_replicas: int | None = None) -> None:
    """Refuse bounds that contradict each other.

    Raises:
        InvalidOptionError: one is out of range.
        ConflictError: the fewest are above the most, or the fallback is not between them.
    """
    with Collector() as found:
        found.attempt(checks.integer, "min_replicas", min_replicas, minimum=0)
        found.attempt(checks.integer, "max_replicas", max_replicas, minimum=1)
        if found.sound("min_replicas", "max_replicas") and min_replicas > max_replicas:
            found.note(ConflictError(f"{min_replicas} is above max_replicas: {max_replicas}", option="min_replicas"))
        found.given(checks.integer, "fallback_replicas", fallback_replicas, minimum=0)
        if found.failed or fallback_replicas is None or min_replicas <= fallback_replicas <= max_replicas:
            return
        raise ConflictError(
            f"{fallback_replicas} is not between min_replicas: {min_replicas} and max_replicas: {max_replicas}",
            option="fallback_replicas",
        )


def own_triggers(value: object) -> list[dict[str, Any]]:
    """The user's own triggers in wire form.

    Raises:
        InvalidOptionError: one is not a trigger.
    """
    with Collector() as found:
        return [found.need(_trigger, index, item) for index, item in enumerate(sequence("extra_triggers", value))]


def _trigger(index: int, item: object) -> dict[str, Any]:
    option = f"extra_triggers[{index}]"
    if not isinstance(item, Mapping):
        raise InvalidOptionError(f"{shown(item)} is not a mapping", option=option)
    trigger: dict[str, Any] = checks.plain(option, item)
    with Collector() as found:
        for field in trigger:
            if field not in _TRIGGER_FIELDS:
                what = f"{field!r} is not a field of a trigger{nearest(field, _TRIGGER_FIELDS)}"
                found.note(InvalidOptionError(f"{what}; allowed: {', '.join(_TRIGGER_FIELDS)}", option=option))
        found.attempt(checks.text, f"{option}.type", trigger.get("type"))
        found.given(checks.text, f"{option}.name", trigger.get("name"))
        metric_type = trigger.get("metricType")
        found.given(checks.one_of, f"{option}.metricType", metric_type, _METRIC_TYPES, what="a metric type")
        metadata = trigger.get("metadata")
        if not isinstance(metadata, Mapping):
            raise InvalidOptionError(f"{shown(metadata)} is not a mapping", option=f"{option}.metadata")
        for key, value in metadata.items():
            if not isinstance(value, str):
                what = f"{shown(value)} is not a string; KEDA wants numbers in quotes too"
                found.note(InvalidOptionError(what, option=f"{option}.metadata.{key}"))
    return trigger


def named_once(triggers: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The triggers, none of which has the name of another.

    Raises:
        ConflictError: one has.
    """
    names = [trigger["name"] for trigger in triggers if "name" in trigger]
    for name in names:
        if names.count(name) > 1:
            raise ConflictError(f"{name!r} is the name of two triggers", option="extra_triggers")
    return triggers


def scale_down(server: Serving, seconds: int | None) -> dict[str, Any]:
    """The field ``advanced``: how long fewer replicas must suffice before any goes.

    Raises:
        InvalidOptionError: the seconds are out of range.
    """
    stabilization = {"stabilizationWindowSeconds": _stabilization(server, seconds)}
    return {"horizontalPodAutoscalerConfig": {"behavior": {"scaleDown": stabilization}}}


def cooldown(server: Serving, seconds: int | None) -> int:
    """Seconds without activity before the last replica goes.

    Raises:
        InvalidOptionError: they are out of range.
    """
    budget = server.startup_seconds
    if seconds is None:
        return budget + _COOLDOWN_SECONDS
    checks.integer("cooldown_seconds", seconds, minimum=0)
    if seconds < budget:
        warn(
            f"{seconds} is below the start-up budget of {budget} s, so the server may be put to sleep before it has "
            "answered whoever woke it",
            option="cooldown_seconds",
            rule=AUTOSCALER,
        )
    return seconds


def _stabilization(server: Serving, seconds: int | None) -> int:
    if seconds is None:
        return min(max(server.startup_seconds, _STABILIZATION_SECONDS), _LONGEST_STABILIZATION_SECONDS)
    return checks.integer("scale_down_seconds", seconds, minimum=0, maximum=_LONGEST_STABILIZATION_SECONDS)
