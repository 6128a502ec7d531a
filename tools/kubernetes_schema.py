"""Write vllm_cdk8s/data/kubernetes.json: the fields, with types, of the Kubernetes objects that this package writes.

    python tools/kubernetes_schema.py           write it
    python tools/kubernetes_schema.py --check   compare instead

The OpenAPI definitions come with `kubernetes-validate`, which the tests need anyway; the newest minor counts. Kept are
those that can be reached from ROOTS, without descriptions. A type is `string`, `boolean`, `int32`, `int64`, `number`,
`quantity`, `int-or-string`, `any` or another definition, with `[]` behind it for a list, `{}` for a map and `!` where
the field is required. `since` has the fields that are younger than the oldest supported minor.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kubernetes_validate.utils import all_versions, major_minor, schema_contents

if TYPE_CHECKING:
    from collections.abc import Iterator

DATA = Path(__file__).resolve().parent.parent / "vllm_cdk8s" / "data" / "kubernetes.json"
OLDEST = "1.27"
ROOTS = (
    "core.v1.PodTemplateSpec",
    "apps.v1.Deployment",
    "batch.v1.Job",
    "core.v1.Service",
    "core.v1.PersistentVolumeClaim",
    "core.v1.PersistentVolume",
    "core.v1.ConfigMap",
    "core.v1.Namespace",
    "core.v1.Secret",
    "core.v1.ServiceAccount",
    "networking.v1.Ingress",
    "networking.v1.NetworkPolicy",
    "autoscaling.v2.HorizontalPodAutoscaler",
    "policy.v1.PodDisruptionBudget",
)
NAMED = {"Quantity": "quantity", "IntOrString": "int-or-string", "Time": "string", "FieldsV1": "any"}
# The OpenAPI definitions say in words alone which values a field may have; the words are those of its description,
# or of the type's own constants, where a description does not list them (marked by a star).
# Source: https://kubernetes.io/docs/reference/kubernetes-api/
CHOICES = {
    "AppArmorProfile.type": "Localhost RuntimeDefault Unconfined",
    "Container.imagePullPolicy": "Always Never IfNotPresent",
    "Container.restartPolicy": "Always *OnFailure *Never",
    "Container.terminationMessagePolicy": "File FallbackToLogsOnError",
    "ContainerPort.protocol": "UDP TCP SCTP",
    "DeploymentStrategy.type": "Recreate RollingUpdate",
    "EmptyDirVolumeSource.medium": "Memory *HugePages",
    "HTTPGetAction.scheme": "HTTP *HTTPS",
    "HTTPIngressPath.pathType": "Exact Prefix ImplementationSpecific",
    "HostPathVolumeSource.type": ("*DirectoryOrCreate *Directory *FileOrCreate *File *Socket *CharDevice *BlockDevice"),
    "LabelSelectorRequirement.operator": "In NotIn Exists DoesNotExist",
    "NodeSelectorRequirement.operator": "In NotIn Exists DoesNotExist Gt Lt",
    "PersistentVolumeSpec.persistentVolumeReclaimPolicy": "Retain Delete Recycle",
    "PodSecurityContext.fsGroupChangePolicy": "OnRootMismatch Always",
    "PodSecurityContext.supplementalGroupsPolicy": "Merge Strict",
    "PodSpec.dnsPolicy": "ClusterFirstWithHostNet ClusterFirst Default None",
    "PodSpec.preemptionPolicy": "Never PreemptLowerPriority",
    "PodSpec.restartPolicy": "Always OnFailure Never",
    "SeccompProfile.type": "Localhost RuntimeDefault Unconfined",
    "SecurityContext.procMount": "Default *Unmasked",
    "ServicePort.protocol": "TCP UDP SCTP",
    "ServiceSpec.sessionAffinity": "ClientIP None",
    "ServiceSpec.type": "ExternalName ClusterIP NodePort LoadBalancer",
    "Toleration.effect": "NoSchedule PreferNoSchedule NoExecute",
    "Toleration.operator": "Exists Equal Lt Gt",
    "TopologySpreadConstraint.nodeAffinityPolicy": "Honor Ignore",
    "TopologySpreadConstraint.nodeTaintsPolicy": "Honor Ignore",
    "TopologySpreadConstraint.whenUnsatisfiable": "DoNotSchedule ScheduleAnyway",
    "VolumeMount.mountPropagation": "*None *HostToContainer *Bidirectional",
    "VolumeMount.recursiveReadOnly": "Disabled IfPossible Enabled",
}


def minors() -> list[str]:
    known = list(dict.fromkeys(major_minor(version) for version in all_versions()))
    return known[known.index(OLDEST) :]


def definitions(minor: str) -> dict[str, Any]:
    full = [version for version in all_versions() if major_minor(version) == minor][-1]
    path = f"kubernetes-json-schema/v{full}-local-strict/_definitions.json"
    found: dict[str, Any] = schema_contents(path, minor)["$defs"]
    return found


def short(reference: str) -> str:
    return reference.rpartition(".")[2]


def reachable(known: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    waiting = [f"io.k8s.api.{root}" for root in ROOTS]
    while waiting:
        name = waiting.pop()
        if short(name) in NAMED or found.get(short(name)) is known[name]:
            continue
        if short(name) in found:
            sys.exit(f"{name}: another definition of this short name is there already")
        found[short(name)] = known[name]
        waiting += references(known[name])
    return dict(sorted(found.items()))


def references(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        if "$ref" in schema:
            yield schema["$ref"].rpartition("/")[2]
        for value in schema.values():
            yield from references(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from references(value)


def type_of(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        name = short(schema["$ref"])
        return NAMED.get(name, name)
    kinds = [kind for kind in [schema["type"]] if kind] if isinstance(schema["type"], str) else schema["type"]
    kind = next(kind for kind in kinds if kind != "null")
    if kind == "array":
        return f"{type_of(schema['items'])}[]"
    if kind == "object":
        return f"{type_of(schema['additionalProperties'])}{{}}" if schema.get("additionalProperties") else "any"
    return {"integer": schema.get("format", "int64")}.get(kind, kind)


def fields(schema: dict[str, Any]) -> dict[str, str]:
    required = schema.get("required", ())
    return {
        name: type_of(field) + ("!" if name in required else "")
        for name, field in sorted(schema.get("properties", {}).items())
    }


def choices(known: dict[str, Any]) -> dict[str, list[str]]:
    result = {}
    for path, words in CHOICES.items():
        name, _, field = path.partition(".")
        description = known[name]["properties"][field].get("description", "")
        for word in words.split():
            if not word.startswith("*") and word not in description:
                sys.exit(f"{path}: its description does not say {word!r}")
        result[path] = [word.lstrip("*") for word in words.split()]
    return result


def since(kept: dict[str, dict[str, str]]) -> dict[str, str]:
    result: dict[str, str] = {}
    for minor in reversed(minors()[:-1]):
        older = {short(name): schema for name, schema in definitions(minor).items() if name.startswith("io.k8s.")}
        for name, known in kept.items():
            there = older.get(name, {}).get("properties", {})
            for field in known:
                path = f"{name}.{field}"
                if name in older and field not in there:
                    result.setdefault(path, minors()[minors().index(minor) + 1])
    return dict(sorted(result.items()))


def text() -> str:
    newest = minors()[-1]
    known = reachable(definitions(newest))
    kept = {name: fields(schema) for name, schema in known.items()}
    data = {
        "kubernetes": newest,
        "choices": choices(known),
        "since": since(kept),
        "definitions": kept,
    }
    return lined(
        {key: lined(named(value)) if isinstance(value, dict) else compact(value) for key, value in data.items()}
    )


def compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))


def named(items: dict[str, Any]) -> dict[str, str]:
    return {key: compact(value) for key, value in items.items()}


def lined(items: dict[str, str]) -> str:
    """A line per item, so that a difference can be read."""
    return "{\n" + ",\n".join(f"{compact(key)}:{value}" for key, value in items.items()) + "\n}"


def main() -> None:
    arguments = argparse.ArgumentParser(description="Write the fields of Kubernetes' objects.")
    arguments.add_argument("--check", action="store_true", help="compare with the file instead of writing it")
    if not arguments.parse_args().check:
        DATA.write_text(f"{text()}\n", encoding="utf-8")
    elif DATA.read_text(encoding="utf-8") != f"{text()}\n":
        sys.exit(f"{DATA.name} is not what the schemas say; run `make kubernetes-schema`")


if __name__ == "__main__":
    main()
