"""What the API server refuses of a whole pod template: its own fields, and what its parts say of each other.

Source: https://github.com/kubernetes/kubernetes/blob/master/pkg/apis/core/validation/validation.go
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from vllm_cdk8s.core.errors import ConflictError, InvalidOptionError, nearest
from vllm_cdk8s.core.kube import checks
from vllm_cdk8s.core.kube.schema import check_schema
from vllm_cdk8s.core.kube.wire import unique
from vllm_cdk8s.core.pod import placement, raw, raw_volumes
from vllm_cdk8s.core.pod.raw_env import check_no_secret
from vllm_cdk8s.core.pod.security import check_pod_context

Wire = Mapping[str, Any]

_USUAL_GRACE = 30


def check_template(option: str, template: Wire, *, selector: Wire) -> None:
    """Check a whole pod template in wire form, whoever put it together.

    Args:
        option: the option as its user wrote it; what is wrong is named by the path below it.
        template: the template.
        selector: the labels that the pods are found by.

    Raises:
        InvalidOptionError: the API server would refuse it, or it holds a literal secret.
        ConflictError: parts of it exclude each other.
    """
    check_schema(option, template, "PodTemplateSpec")
    check_no_secret(option, template)
    metadata, spec = template.get("metadata", {}), template.get("spec", {})
    labels = checks.label_map(f"{option}.metadata.labels", metadata.get("labels", {}))
    checks.annotation_map(f"{option}.metadata.annotations", metadata.get("annotations", {}))
    for key, value in selector.items():
        if labels.get(key) != value:
            raise ConflictError(
                f"{labels.get(key)!r} contradicts the selector's {value!r}", option=f"{option}.metadata.labels[{key!r}]"
            )
    within = f"{option}.spec"
    for field, init in (("containers", False), ("initContainers", True)):
        for index, item in enumerate(spec.get(field, ())):
            checks.dns_label(f"{within}.{field}[{index}].name", item["name"])
            raw.check_container(f"{within}.{field}[{index}]", item, init=init)
    if not spec.get("containers"):
        raise InvalidOptionError("is empty; a pod needs a container", option=f"{within}.containers")
    for index, volume in enumerate(spec.get("volumes", ())):
        checks.dns_label(f"{within}.volumes[{index}].name", volume["name"])
        raw_volumes.check_volume(f"{within}.volumes[{index}]", volume)
    raw.check_shared_ports(f"{within}.containers", spec["containers"])
    unique(f"{within}.volumes", (volume["name"] for volume in spec.get("volumes", ())))
    unique(f"{within}.containers", (item["name"] for _, item in _containers(spec)))
    _check_own(within, spec)
    check_together(spec, lambda field, index: f"{within}.{field}[{index}]")


def _check_own(option: str, spec: Wire) -> None:
    """The fields of the pod itself."""
    check_pod_context(f"{option}.securityContext", spec.get("securityContext", {}))
    for field, check in _OWN.items():
        if spec.get(field) not in (None, ""):
            check(f"{option}.{field}", spec[field])
    for field in ("restartPolicy", "activeDeadlineSeconds"):
        if spec.get(field, "Always") != "Always":
            raise ConflictError("is not for pods that are to run for ever", option=f"{option}.{field}")
    if spec.get("dnsPolicy") == "None" and not spec.get("dnsConfig", {}).get("nameservers"):
        raise ConflictError("'None' needs dnsConfig.nameservers", option=f"{option}.dnsPolicy")
    for index, alias in enumerate(spec.get("hostAliases", ())):
        checks.ip_address(f"{option}.hostAliases[{index}].ip", alias["ip"])
    for index, reference in enumerate(spec.get("imagePullSecrets", ())):
        raw_volumes.object_name(f"{option}.imagePullSecrets[{index}].name", reference.get("name"))
    for index, toleration in enumerate(spec.get("tolerations", ())):
        placement.toleration(f"{option}.tolerations[{index}]", toleration)
    for index, spread in enumerate(spec.get("topologySpreadConstraints", ())):
        placement.spread(f"{option}.topologySpreadConstraints[{index}]", spread)


_OWN: Mapping[str, Callable[[str, Any], object]] = {
    "hostname": checks.dns_label,
    "subdomain": checks.dns_label,
    "serviceAccountName": checks.dns_subdomain,
    "runtimeClassName": checks.dns_subdomain,
    "schedulerName": checks.dns_subdomain,
    "priorityClassName": checks.dns_subdomain,
    "nodeName": checks.dns_subdomain,
    "terminationGracePeriodSeconds": partial(checks.integer, minimum=0, maximum=checks.MAX_INT64),
    "nodeSelector": checks.label_map,
    "affinity": placement.affinities,
}


def check_together(spec: Wire, place: Callable[[str, int], str]) -> None:
    """Check what the parts of a pod say of each other.

    Args:
        spec: the pod in wire form, the shape of whose parts is right already.
        place: the option that holds a container, by the container's field and index; nothing for one whose variables
            are an option of their own.

    Raises:
        InvalidOptionError: one names a part that is not there.
        ConflictError: parts exclude each other.
    """
    volumes = {volume["name"]: volume for volume in spec.get("volumes", ())}
    claims = [claim["name"] for claim in spec.get("resourceClaims", ())]
    names = [item["name"] for _, item in _containers(spec)]
    grace = spec.get("terminationGracePeriodSeconds", _USUAL_GRACE)
    for (field, number), item in _containers(spec):
        within = place(field, number)
        at = f"{within}." if within else ""
        for index, mount in enumerate(item.get("volumeMounts", ())):
            _named(f"{at}volumeMounts[{index}].name", mount["name"], list(volumes), "a volume")
        for index, device in enumerate(item.get("volumeDevices", ())):
            option = f"{at}volumeDevices[{index}].name"
            _named(option, device["name"], list(volumes), "a volume")
            if not {"persistentVolumeClaim", "ephemeral"} & volumes[device["name"]].keys():
                raise ConflictError("is not a claim, which a block device needs", option=option)
        for index, claim in enumerate(item.get("resources", {}).get("claims", ())):
            _named(f"{at}resources.claims[{index}].name", claim["name"], claims, "a claim of the pod")
        for index, variable in enumerate(item.get("env", ())):
            owner = variable.get("valueFrom", {}).get("resourceFieldRef", {}).get("containerName")
            if owner:
                option = f"{at}env[{index if at else repr(variable['name'])}]"
                option += f"{'.valueFrom' if at else ''}.resourceFieldRef.containerName"
                _named(option, owner, names, "a container")
        if item.get("securityContext", {}).get("procMount") == "Unmasked" and spec.get("hostUsers") is not False:
            raise ConflictError("'Unmasked' needs hostUsers: false", option=f"{at}securityContext.procMount")
        lifecycle = item.get("lifecycle", {})
        if lifecycle.get("stopSignal") and "os" not in spec:
            raise ConflictError("needs the pod's os.name", option=f"{at}lifecycle.stopSignal")
        for hook in ("postStart", "preStop"):
            seconds = lifecycle.get(hook, {}).get("sleep", {}).get("seconds", 0)
            if seconds > grace:
                raise ConflictError(
                    f"{seconds} is above terminationGracePeriodSeconds: {grace}",
                    option=f"{at}lifecycle.{hook}.sleep.seconds",
                )


def _named(option: str, name: str, known: list[str], what: str) -> None:
    if name not in known:
        raise InvalidOptionError(
            f"{name!r} is not the name of {what}; there are: {', '.join(known) or 'none'}{nearest(name, known)}",
            option=option,
        )


def _containers(spec: Wire) -> Iterator[tuple[tuple[str, int], Wire]]:
    for field in ("initContainers", "containers"):
        for index, item in enumerate(spec.get(field, ())):
            yield (field, index), item
