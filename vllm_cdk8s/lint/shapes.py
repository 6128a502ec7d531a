"""A pod's fields in the shapes that Kubernetes gives them: what has another one is taken for empty.

The API server refuses such a manifest; what is left of it can be looked at all the same. Positions in lists stay.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_LISTS = {
    "containers", "initContainers", "ephemeralContainers", "volumes", "resourceClaims", "env", "envFrom", "ports",
    "volumeMounts", "volumeDevices", "claims",
}  # fmt: skip
_MAPPINGS = {
    "metadata", "labels", "annotations", "nodeSelector", "securityContext", "resources", "limits", "requests",
    "lifecycle", "preStop", "exec", "httpGet", "tcpSocket", "sleep", "startupProbe", "livenessProbe", "readinessProbe",
    "persistentVolumeClaim", "emptyDir", "hostPath", "valueFrom", "model", "spec",
}  # fmt: skip
_DEEPEST = 8


def shaped(value: Mapping[str, Any], depth: int = 0) -> dict[str, Any]:
    """A copy of a pod template, or of a part of one."""
    if depth > _DEEPEST:
        return dict(value)
    result: dict[str, Any] = {}
    for key, inner in value.items():
        if key in _LISTS:
            if isinstance(inner, list):
                result[key] = [shaped(item, depth + 1) if isinstance(item, dict) else {} for item in inner]
        elif key in _MAPPINGS:
            # A probe, or a volume's kind, that is empty is there all the same.
            if isinstance(inner, dict):
                result[key] = shaped(inner, depth + 1)
        else:
            result[key] = inner
    return result
