"""Autoscalers in anybody's manifests: those that would put a server to sleep and never wake it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vllm_cdk8s.core.errors import Problem
from vllm_cdk8s.core.regex import regex
from vllm_cdk8s.core.rules.book import NEVER_WAKES
from vllm_cdk8s.lint.pods import items, mapping

if TYPE_CHECKING:
    from collections.abc import Mapping

# What of a query may be there while no pod is: a value made from nothing, or another metric than vLLM's.
_FROM_NOTHING = regex(r"\b(or|absent|absent_over_time|vector|scalar|time|last_over_time|max_over_time)\b")
_QUOTED = regex(r"\"[^\"]*\"|'[^']*'|\{[^}]*\}|\[[^\]]*\]|\b(by|without|on|ignoring)\s*\([^)]*\)")
_NAME = regex(r"[A-Za-z_:][\w:.]*(?!\w*\s*\()")
_FUNCTION = regex(r"[A-Za-z_]\w*\s*(?=\()")
_WORDS = {"and", "unless", "bool", "offset", "inf", "nan", "group_left", "group_right"}


def never_wakes(kind: str, spec: Mapping[str, Any]) -> Problem | None:
    """The problem that this autoscaler goes to zero and has nothing that would end that."""
    if kind == "HorizontalPodAutoscaler":
        return _autoscaler(spec)
    # KEDA's own default is zero.
    least = spec.get("minReplicaCount", 0)
    # From 2.19 on its fallback wakes a server whose query finds nothing.
    if least != 0 or spec.get("idleReplicaCount") is not None or mapping(spec.get("fallback")).get("replicas"):
        return None
    triggers = items(spec.get("triggers"))
    if not triggers or not all(_is_of_vllm(trigger) for trigger in triggers):
        return None
    said = "minReplicaCount" in spec
    return Problem(
        what=f"is 0{'' if said else ' unless said'}, and all that is asked is vLLM's own metrics, which are gone with "
        "its last pod; nothing scales it up again",
        rule=NEVER_WAKES,
        option="minReplicaCount",
        at=("spec", "minReplicaCount") if said else ("spec",),
    )


def _autoscaler(spec: Mapping[str, Any]) -> Problem | None:
    metrics = items(spec.get("metrics"))
    if spec.get("minReplicas") != 0 or any(metric.get("type") in {"Object", "External"} for metric in metrics):
        return None
    return Problem(
        what="is 0, and no metric is one of an object or from outside; the API server refuses it, since nothing would "
        "scale it up again",
        rule=NEVER_WAKES,
        option="minReplicas",
        at=("spec", "minReplicas"),
    )


def _is_of_vllm(trigger: Mapping[str, Any]) -> bool:
    """Whether a trigger asks for vLLM's own metrics alone, of which none is there without a pod."""
    if trigger.get("type") != "prometheus":
        return False
    query = str(mapping(trigger.get("metadata")).get("query") or "")
    if "vllm:" not in query or _FROM_NOTHING.search(_QUOTED.sub(" ", query)):
        return False
    bare = _FUNCTION.sub(" ", _QUOTED.sub(" ", query))
    names = [name for name in _NAME.findall(bare) if name.lower() not in _WORDS]
    return bool(names) and all(name.startswith("vllm:") for name in names)
