"""What the API server refuses of raw containers beyond the shape of their fields.

Source: https://github.com/kubernetes/kubernetes/tree/master/pkg/apis/core/validation
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from vllm_cdk8s.core.errors import ConflictError, InvalidOptionError, warn
from vllm_cdk8s.core.kube import checks
from vllm_cdk8s.core.kube.schema import check_schema
from vllm_cdk8s.core.kube.secrets import literal_secret
from vllm_cdk8s.core.kube.wire import named, unique
from vllm_cdk8s.core.pod.raw_volumes import KEY, mounts, object_name, resource_field
from vllm_cdk8s.core.pod.resources import check_devices, check_quantities
from vllm_cdk8s.core.pod.security import check_container_context
from vllm_cdk8s.core.rules.book import LITERAL_SECRET
from vllm_cdk8s.core.showing import is_reference, is_secret_name, looks_like_secret, may_name_secret, shown

Wire = Mapping[str, Any]

_HANDLERS = ("exec", "httpGet", "tcpSocket", "grpc", "sleep")
_PROBES = ("startupProbe", "livenessProbe", "readinessProbe")
_LEAST = {
    "initialDelaySeconds": 0, "timeoutSeconds": 1, "periodSeconds": 1, "successThreshold": 1, "failureThreshold": 1,
}  # fmt: skip
# What a container that runs to its end has no use for.
_OF_RUNNING = ("lifecycle", *_PROBES)
_PORT_NAME = re.compile(r"(?=.{1,15}\Z)(?=.*[a-z])(?!.*--)[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_SOURCES = ("secretKeyRef", "configMapKeyRef", "fieldRef", "resourceFieldRef", "fileKeyRef")
_FIELD = re.compile(
    r"metadata\.(name|namespace|uid)|metadata\.(labels|annotations)\['[^']+'\]"
    r"|spec\.(nodeName|serviceAccountName)|status\.(hostIPs?|podIPs?)"
)


def containers(option: str, items: Sequence[Any]) -> list[dict[str, Any]]:
    """Containers in wire form, checked; those of ``init_containers`` run to their end unless they restart always.

    Raises:
        InvalidOptionError: the API server would refuse one, or one holds a literal secret.
        ConflictError: two of its fields exclude each other.
    """
    result = named(option, items)
    if not result:
        return result
    check_schema(option, result, "Container[]")
    for index, item in enumerate(result):
        _container(f"{option}[{index}]", item, init=option == "init_containers")
    return result


def _container(option: str, item: Wire, *, init: bool) -> None:
    if not item.get("image"):
        raise InvalidOptionError("has no image, which a container needs", option=option)
    checks.text(f"{option}.image", item["image"])
    for index, variable in enumerate(item.get("env", ())):
        _variable(f"{option}.env[{index}]", variable)
    _check_texts(option, item)
    for index, source in enumerate(item.get("envFrom", ())):
        env_from(f"{option}.envFrom[{index}]", source)
    _ports(f"{option}.ports", item.get("ports", ()))
    privileged = item.get("securityContext", {}).get("privileged") is True
    mounts(f"{option}.volumeMounts", item.get("volumeMounts", ()), privileged=privileged)
    runs_on = not init or item.get("restartPolicy") == "Always"
    for field in _OF_RUNNING:
        if field in item and not runs_on:
            raise ConflictError(
                "is for containers that keep running; an init container has it with restartPolicy 'Always' alone",
                option=f"{option}.{field}",
            )
    for field in _PROBES:
        if field in item:
            _probe(f"{option}.{field}", item[field], once=field != "readinessProbe")
    for hook in ("postStart", "preStop"):
        if hook in item.get("lifecycle", {}):
            _handler(f"{option}.lifecycle.{hook}", item["lifecycle"][hook])
    resources = item.get("resources", {})
    requests, limits = (_exact(resources.get(kind, {})) for kind in ("requests", "limits"))
    check_quantities(f"{option}.resources", requests=requests, limits=limits)
    check_devices(f"{option}.resources", requests=requests, limits=limits)
    check_container_context(f"{option}.securityContext", item.get("securityContext", {}))


def _exact(amounts: Wire) -> dict[str, Any]:
    """In raw data a fraction may be a number: ``cpu: 0.5``."""
    return {name: str(amount) if isinstance(amount, float) else amount for name, amount in amounts.items()}


def _variable(option: str, variable: Wire) -> None:
    name, value, source = variable["name"], variable.get("value"), variable.get("valueFrom")
    if not name or "=" in name or not name.isprintable():
        raise InvalidOptionError(
            f"{shown(name)} is not a name for an environment variable; allowed: printable characters but '='",
            option=f"{option}.name",
        )
    if source is not None:
        if value:
            raise ConflictError(f"{name!r} has a value and a valueFrom; say one of them", option=f"{option}.valueFrom")
        value_from(f"{option}.valueFrom", source)
    elif value:
        check_literal(f"{option}.value", name, value, mend="valueFrom with a secretKeyRef")


def check_literal(option: str, name: str, value: str, *, mend: str) -> None:
    """Refuse a variable whose literal value is a secret for certain, and warn where only its name looks so.

    Raises:
        InvalidOptionError: the message does not repeat the value.
    """
    if not value or is_reference(value):
        return
    if is_secret_name(name) or looks_like_secret(value):
        raise literal_secret(option, allowed=mend)
    if may_name_secret(name):
        warn(
            f"looks like a secret but is a literal, which stands in the YAML; use {mend}",
            option=option,
            rule=LITERAL_SECRET,
        )


def check_no_secret(option: str, value: object) -> None:
    """Refuse a literal secret anywhere in a piece of a pod in wire form.

    Raises:
        InvalidOptionError: the message does not repeat it.
    """
    if isinstance(value, Mapping):
        name, text = value.get("name"), value.get("value")
        if isinstance(name, str) and isinstance(text, str):
            check_literal(f"{option}.value", name, text, mend="valueFrom with a secretKeyRef")
        for key, item in value.items():
            check_no_secret(f"{option}.{key}", item)
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            check_no_secret(f"{option}[{index}]", item)
    elif isinstance(value, str) and looks_like_secret(value):
        raise literal_secret(option, allowed="a reference to a Secret")


def _check_texts(option: str, item: Wire) -> None:
    for field in ("command", "args"):
        for index, text in enumerate(item.get(field, ())):
            if looks_like_secret(text):
                raise literal_secret(
                    f"{option}.{field}[{index}]",
                    allowed="a reference such as $(HF_TOKEN) to a variable with a secretKeyRef",
                )


def value_from(option: str, source: object) -> None:
    """Check a ``valueFrom`` in wire form: one source, and what that must look like.

    Raises:
        InvalidOptionError: it is not one that the API server takes.
    """
    check_schema(option, source, "EnvVarSource")
    if not isinstance(source, Mapping) or len(source) != 1:
        said = ", ".join(source) if isinstance(source, Mapping) and source else "nothing"
        raise InvalidOptionError(f"{said} is not one source; allowed: one of {', '.join(_SOURCES)}", option=option)
    ((kind, content),) = source.items()
    within = f"{option}.{kind}"
    if kind in ("secretKeyRef", "configMapKeyRef"):
        object_name(f"{within}.name", content.get("name"))
        if not KEY.fullmatch(content["key"]):
            raise InvalidOptionError(
                f"{shown(content['key'])} is not a key; allowed: letters, digits, '-', '_' and '.'",
                option=f"{within}.key",
            )
    elif kind == "fieldRef":
        if not _FIELD.fullmatch(content["fieldPath"]):
            raise InvalidOptionError(
                f"{content['fieldPath']!r} is not a field that a variable may have; allowed: metadata.name, "
                "metadata.namespace, metadata.uid, metadata.labels['<key>'], metadata.annotations['<key>'], "
                "spec.nodeName, spec.serviceAccountName, status.hostIP, status.hostIPs, status.podIP, status.podIPs",
                option=f"{within}.fieldPath",
            )
    elif kind == "resourceFieldRef":
        resource_field(f"{within}.resource", content["resource"])


def env_from(option: str, source: object) -> None:
    """Check one item of ``envFrom`` in wire form.

    Raises:
        InvalidOptionError: it is not one that the API server takes.
    """
    check_schema(option, source, "EnvFromSource")
    kinds = [kind for kind in ("secretRef", "configMapRef") if isinstance(source, Mapping) and kind in source]
    if len(kinds) != 1 or not isinstance(source, Mapping):
        raise InvalidOptionError(
            f"{shown(source)} is not a source; allowed: one of secretRef and configMapRef, and a prefix", option=option
        )
    object_name(f"{option}.{kinds[0]}.name", source[kinds[0]].get("name"))


def _ports(option: str, ports: Sequence[Wire]) -> None:
    for index, port in enumerate(ports):
        checks.port(f"{option}[{index}].containerPort", port["containerPort"])
        if "hostPort" in port:
            checks.port(f"{option}[{index}].hostPort", port["hostPort"])
        if "name" in port and not _PORT_NAME.fullmatch(port["name"]):
            raise InvalidOptionError(
                f"{port['name']!r} is not the name of a port; allowed: at most 15 lower-case letters, digits and "
                "single '-', a letter among them",
                option=f"{option}[{index}].name",
            )
    unique(option, (port["name"] for port in ports if "name" in port))
    unique(option, (f"{port['containerPort']}/{port.get('protocol', 'TCP')}" for port in ports))


def check_shared_ports(option: str, items: Iterable[Wire]) -> None:
    """Refuse a port of two containers: those of a pod share one network.

    Raises:
        ConflictError: two containers listen on one port.
    """
    owners: dict[str, str] = {}
    for item in items:
        for port in item.get("ports", ()):
            key = f"{port['containerPort']}/{port.get('protocol', 'TCP')}"
            owner = owners.setdefault(key, item["name"])
            if owner != item["name"]:
                raise ConflictError(
                    f"{item['name']!r} listens on {key}, as {owner!r} does; the containers of a pod share one network",
                    option=option,
                )


def _probe(option: str, probe: Wire, *, once: bool) -> None:
    _handler(option, probe)
    for field, least in _LEAST.items():
        if field in probe:
            checks.integer(f"{option}.{field}", probe[field], minimum=least)
    if once and probe.get("successThreshold", 1) != 1:
        raise InvalidOptionError(
            f"{probe['successThreshold']} is out of range; allowed: 1, as of all but readiness probes",
            option=f"{option}.successThreshold",
        )


def _handler(option: str, handler: Wire) -> None:
    said = [kind for kind in _HANDLERS if kind in handler]
    if len(said) != 1:
        raise InvalidOptionError(
            f"has {' and '.join(said) if said else 'nothing to ask'}; allowed: one of {', '.join(_HANDLERS)}",
            option=option,
        )
    (kind,) = said
    if kind == "exec" and not handler["exec"].get("command"):
        raise InvalidOptionError("has no command", option=f"{option}.exec")
    if kind in ("httpGet", "tcpSocket", "grpc"):
        port = handler[kind]["port"]
        if isinstance(port, int):
            checks.port(f"{option}.{kind}.port", port)
        elif not _PORT_NAME.fullmatch(port):
            raise InvalidOptionError(
                f"{port!r} is neither a number nor the name of a port", option=f"{option}.{kind}.port"
            )
