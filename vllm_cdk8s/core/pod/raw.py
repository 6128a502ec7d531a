"""What the API server refuses of raw containers beyond the shape of their fields.

Source: https://github.com/kubernetes/kubernetes/tree/master/pkg/apis/core/validation
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from vllm_cdk8s.core.engine.version import check_reference
from vllm_cdk8s.core.errors import ConflictError, InvalidOptionError, nearest
from vllm_cdk8s.core.kube import checks
from vllm_cdk8s.core.kube.schema import check_schema
from vllm_cdk8s.core.kube.secrets import literal_secret
from vllm_cdk8s.core.kube.wire import named, unique
from vllm_cdk8s.core.pod.raw_env import env_from, variable
from vllm_cdk8s.core.pod.raw_volumes import mounts
from vllm_cdk8s.core.pod.resources import check_devices, check_quantities
from vllm_cdk8s.core.pod.security import check_container_context
from vllm_cdk8s.core.regex import regex
from vllm_cdk8s.core.showing import looks_like_secret, shown

Wire = Mapping[str, Any]

_ASKING = ("exec", "httpGet", "tcpSocket", "grpc")
_HOOKS = ("exec", "httpGet", "tcpSocket", "sleep")
_ON_RESIZE = ("NotRequired", "RestartContainer")
_HEADER = regex(r"[-A-Za-z0-9]+")
_PROBES = ("startupProbe", "livenessProbe", "readinessProbe")
_LEAST = {
    "initialDelaySeconds": 0, "timeoutSeconds": 1, "periodSeconds": 1, "successThreshold": 1, "failureThreshold": 1,
}  # fmt: skip
# What a container that runs to its end has no use for.
_OF_RUNNING = ("lifecycle", *_PROBES)
_PORT_NAME = regex(r"(?=.{1,15}\Z)(?=.*[a-z])(?!.*--)[a-z0-9]([-a-z0-9]*[a-z0-9])?")


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
        check_container(f"{option}[{index}]", item, init=option == "init_containers")
    return result


def check_container(option: str, item: Wire, *, init: bool) -> None:
    """Check a container whose shape is right already.

    Args:
        option: the option that holds it.
        item: the container.
        init: whether it runs before the others.

    Raises:
        InvalidOptionError: the API server would refuse it, or it holds a literal secret.
        ConflictError: two of its fields exclude each other.
    """
    if not item.get("image"):
        raise InvalidOptionError("has no image, which a container needs", option=option)
    check_reference(f"{option}.image", item["image"])
    for field in ("workingDir", "terminationMessagePath"):
        if item.get(field):
            checks.absolute_path(f"{option}.{field}", item[field])
    for index, one in enumerate(item.get("env", ())):
        variable(f"{option}.env[{index}]", one)
    unique(f"{option}.env", (one["name"] for one in item.get("env", ())))
    _check_texts(option, item)
    for index, source in enumerate(item.get("envFrom", ())):
        env_from(f"{option}.envFrom[{index}]", source)
    ports = item.get("ports", ())
    _ports(f"{option}.ports", ports)
    privileged = item.get("securityContext", {}).get("privileged") is True
    mounts(f"{option}.volumeMounts", item.get("volumeMounts", ()), privileged=privileged)
    for index, device in enumerate(item.get("volumeDevices", ())):
        checks.absolute_path(f"{option}.volumeDevices[{index}].devicePath", device["devicePath"])
    _check_running(option, item, [port["name"] for port in ports if "name" in port], init=init)
    for index, resize in enumerate(item.get("resizePolicy", ())):
        within = f"{option}.resizePolicy[{index}]"
        checks.one_of(f"{within}.resourceName", resize["resourceName"], ("cpu", "memory"), what="a resource to resize")
        checks.one_of(f"{within}.restartPolicy", resize["restartPolicy"], _ON_RESIZE, what="a policy")
    resources = item.get("resources", {})
    requests, limits = (_exact(resources.get(kind, {})) for kind in ("requests", "limits"))
    check_quantities(f"{option}.resources", requests=requests, limits=limits)
    check_devices(f"{option}.resources", requests=requests, limits=limits)
    check_container_context(f"{option}.securityContext", item.get("securityContext", {}))


def _check_running(option: str, item: Wire, port_names: Sequence[str], *, init: bool) -> None:
    runs_on = not init or item.get("restartPolicy") == "Always"
    for field in _OF_RUNNING:
        if field in item and not runs_on:
            raise ConflictError(
                "is for containers that keep running; an init container has it with restartPolicy 'Always' alone",
                option=f"{option}.{field}",
            )
    for field in _PROBES:
        if field in item:
            _probe(f"{option}.{field}", item[field], port_names, readiness=field == "readinessProbe")
    for hook in ("postStart", "preStop"):
        if hook in item.get("lifecycle", {}):
            _handler(f"{option}.lifecycle.{hook}", item["lifecycle"][hook], _HOOKS, port_names)


def _exact(amounts: Wire) -> dict[str, Any]:
    """In raw data a fraction may be a number: ``cpu: 0.5``."""
    return {name: str(amount) if isinstance(amount, float) else amount for name, amount in amounts.items()}


def _check_texts(option: str, item: Wire) -> None:
    for field in ("command", "args"):
        for index, text in enumerate(item.get(field, ())):
            if looks_like_secret(text):
                raise literal_secret(
                    f"{option}.{field}[{index}]",
                    allowed="a reference such as $(HF_TOKEN) to a variable with a secretKeyRef",
                )


def _ports(option: str, ports: Sequence[Wire]) -> None:
    for index, port in enumerate(ports):
        checks.port(f"{option}[{index}].containerPort", port["containerPort"])
        if "hostPort" in port:
            checks.port(f"{option}[{index}].hostPort", port["hostPort"])
        if port.get("hostIP"):
            checks.ip_address(f"{option}[{index}].hostIP", port["hostIP"])
        if "name" in port and not _PORT_NAME.fullmatch(port["name"]):
            raise InvalidOptionError(
                f"{port['name']!r} is not the name of a port; allowed: at most 15 lower-case letters, digits and "
                "single '-', a letter among them",
                option=f"{option}[{index}].name",
            )
    unique(option, (port["name"] for port in ports if "name" in port))
    unique(option, (f"{port['containerPort']}/{port.get('protocol', 'TCP')}" for port in ports))


def check_shared_ports(option: str, items: Iterable[Wire]) -> None:
    """Refuse a port of two containers: those of a pod share one network, and its node's.

    Raises:
        ConflictError: two containers listen on one port.
    """
    owners: dict[str, str] = {}
    taken: set[tuple[Any, ...]] = set()
    for item in items:
        for port in item.get("ports", ()):
            protocol = port.get("protocol", "TCP")
            key = f"{port['containerPort']}/{protocol}"
            owner = owners.setdefault(key, item["name"])
            if owner != item["name"]:
                raise ConflictError(
                    f"{item['name']!r} listens on {key}, as {owner!r} does; the containers of a pod share one network",
                    option=option,
                )
            on_node = (port.get("hostPort"), protocol, port.get("hostIP", ""))
            if on_node[0] is not None and on_node in taken:
                raise ConflictError(
                    f"{item['name']!r} takes the port {on_node[0]} of the node, which is taken already", option=option
                )
            taken.add(on_node)


def _probe(option: str, probe: Wire, port_names: Sequence[str], *, readiness: bool) -> None:
    _handler(option, probe, _ASKING, port_names)
    for field, least in _LEAST.items():
        if field in probe:
            checks.integer(f"{option}.{field}", probe[field], minimum=least)
    if not readiness and probe.get("successThreshold", 1) != 1:
        raise InvalidOptionError(
            f"{probe['successThreshold']} is out of range; allowed: 1, as of all but readiness probes",
            option=f"{option}.successThreshold",
        )
    if "terminationGracePeriodSeconds" in probe:
        within = f"{option}.terminationGracePeriodSeconds"
        if readiness:
            raise InvalidOptionError("has no meaning for a readiness probe, which kills nothing", option=within)
        checks.integer(within, probe["terminationGracePeriodSeconds"], minimum=1)


def _handler(option: str, handler: Wire, kinds: Sequence[str], port_names: Sequence[str]) -> None:
    said = [kind for kind in kinds if kind in handler]
    nothing = "nothing to ask" if kinds is _ASKING else "nothing to do"
    if len(said) != 1:
        raise InvalidOptionError(
            f"has {' and '.join(said) if said else nothing}; allowed: one of {', '.join(kinds)}",
            option=option,
        )
    (kind,) = said
    within = f"{option}.{kind}"
    if kind == "exec" and not handler["exec"].get("command"):
        raise InvalidOptionError("has no command", option=within)
    if kind == "sleep":
        checks.integer(f"{within}.seconds", handler["sleep"]["seconds"], minimum=0)
    if kind in ("httpGet", "tcpSocket", "grpc"):
        _asked_port(f"{within}.port", handler[kind]["port"], port_names)
    for index, header in enumerate(handler.get("httpGet", {}).get("httpHeaders", ())):
        if not _HEADER.fullmatch(header["name"]):
            raise InvalidOptionError(
                f"{shown(header['name'])} is not the name of a header", option=f"{within}.httpHeaders[{index}].name"
            )


def _asked_port(option: str, port: int | str, names: Sequence[str]) -> None:
    if isinstance(port, int):
        checks.port(option, port)
    elif not _PORT_NAME.fullmatch(port):
        raise InvalidOptionError(f"{port!r} is neither a number nor the name of a port", option=option)
    elif port not in names:
        raise InvalidOptionError(
            f"{port!r} is not the name of a port of this container; there are: {', '.join(names) or 'none'}"
            f"{nearest(port, names)}",
            option=option,
        )
