"""Strict JSON Schemas of the custom resources in crds/.

An API server prunes a field that a custom resource's schema does not know and says nothing, so a misspelt field is
lost silently. Here every object is closed, and what the CRDs leave open (pod templates and other core types) is held
against Kubernetes' own definitions.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parent.parent / "crds"

# What stands below a field that the CRDs leave open, by the field's name ("[]" for the items of a list).
EMBEDDED: Mapping[str, str] = {
    "env[]": "io.k8s.api.core.v1.EnvVar",
    "envFrom[]": "io.k8s.api.core.v1.EnvFromSource",
    "headService": "io.k8s.api.core.v1.Service",
    "leaderTemplate": "io.k8s.api.core.v1.PodTemplateSpec",
    "resources": "io.k8s.api.core.v1.ResourceRequirements",
    "securityContext": "io.k8s.api.core.v1.SecurityContext",
    "serveService": "io.k8s.api.core.v1.Service",
    "template": "io.k8s.api.core.v1.PodTemplateSpec",
    "valueFrom": "io.k8s.api.core.v1.EnvVarSource",
    "volumeClaimTemplates[]": "io.k8s.api.core.v1.PersistentVolumeClaim",
    "volumeMounts[]": "io.k8s.api.core.v1.VolumeMount",
    "workerTemplate": "io.k8s.api.core.v1.PodTemplateSpec",
}

# What KEDA's Prometheus scaler reads of a trigger's metadata, of which the CRD says only that they are strings.
# Source: https://keda.sh/docs/latest/scalers/prometheus/
_PROMETHEUS_TRIGGER = (
    "serverAddress",
    "query",
    "threshold",
    "activationThreshold",
    "authModes",
    "customHeaders",
    "ignoreNullValues",
    "namespace",
    "queryParameters",
    "timeout",
    "unsafeSsl",
)


@cache
def definitions() -> Mapping[tuple[str, str], Mapping[str, Any]]:
    """Give the schema of every custom resource, as written in crds/, by apiVersion and kind."""
    found: dict[tuple[str, str], Mapping[str, Any]] = {}
    for path in sorted(FOLDER.glob("*.yaml")):
        for crd in yaml.safe_load_all(path.read_text(encoding="utf-8")):
            spec = crd["spec"]
            for version in spec["versions"]:
                key = (f"{spec['group']}/{version['name']}", spec["names"]["kind"])
                found[key] = version["schema"]["openAPIV3Schema"]
    return found


def strict_schema(api_version: str, kind: str, core: str) -> dict[str, Any]:
    """Close the schema of one custom resource.

    Args:
        api_version: Group and version, such as `keda.sh/v1alpha1`.
        kind: The kind.
        core: URI of the document whose `$defs` hold the core types of one Kubernetes version.

    Raises:
        KeyError: crds/ has no such kind.
    """
    schema = definitions()[api_version, kind]
    # One level is done by hand: what a CRD says of these three is the same for all.
    properties = {
        **schema["properties"],
        "apiVersion": {"const": api_version},
        "kind": {"const": kind},
        "metadata": {"$ref": f"{core}#/$defs/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"},
        "spec": _strict(schema["properties"]["spec"], "spec", core),
    }
    if kind == "ScaledObject":
        _know_prometheus(properties["spec"]["properties"]["triggers"]["items"])
    required = sorted({"apiVersion", "kind", "metadata", *schema.get("required", ())})
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def _know_prometheus(trigger: dict[str, Any]) -> None:
    metadata = {"propertyNames": {"enum": list(_PROMETHEUS_TRIGGER)}, "required": list(_PROMETHEUS_TRIGGER[:3])}
    trigger["if"] = {"properties": {"type": {"const": "prometheus"}}}
    trigger["then"] = {"properties": {"metadata": metadata}}


def _strict(schema: Mapping[str, Any], field: str, core: str) -> dict[str, Any]:
    if schema.get("x-kubernetes-preserve-unknown-fields"):
        return {"$ref": f"{core}#/$defs/{EMBEDDED[field]}"}
    # `anyOf` and `not` stay as they are: they add conditions on fields that are listed beside them.
    result = dict(schema)
    if "items" in schema:
        result["items"] = _strict(schema["items"], f"{field}[]", core)
    if "properties" in schema:
        result["properties"] = {name: _strict(value, name, core) for name, value in schema["properties"].items()}
        result["additionalProperties"] = False
    elif "additionalProperties" in schema:
        result["additionalProperties"] = _strict(schema["additionalProperties"], field, core)
    elif schema.get("type") == "object":
        raise ValueError(f"{field}: an object in crds/ lists no properties, so that anything would pass")
    return result
