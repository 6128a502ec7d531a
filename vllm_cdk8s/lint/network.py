"""Who selects which pods, and whether anybody listens there."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from vllm_cdk8s.core.errors import Problem
from vllm_cdk8s.core.regex import regex
from vllm_cdk8s.core.rules import book
from vllm_cdk8s.lint.records import GIVEN, PLAIN_KINDS, PodRecord, ServiceRecord, beside, covers, same

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from vllm_cdk8s.lint.finding import Place
    from vllm_cdk8s.lint.records import Known

# What stands beside a server, and may be described elsewhere.
_NOT_SERVERS = regex(r"router|gateway|proxy|web|ui\b|frontend|redis|cache|nginx|epp|scheduler|prometheus|grafana|ray")
# Services whose links set a variable that vLLM reads as a number.
_INJECTS = {
    "vllm": "VLLM_PORT",
    "vllm-dp-master": "VLLM_DP_MASTER_PORT",
    "vllm-nixl-side-channel": "VLLM_NIXL_SIDE_CHANNEL_PORT",
}


def _related(selector: Mapping[str, str], name: str, records: list[PodRecord]) -> PodRecord | None:
    """The server that a selector without pods was meant for: one with the same key, or of the same name."""
    if _NOT_SERVERS.search(f"{name} {' '.join(selector.values())}"):
        return None
    for record in records:
        shared = {key for key in selector if key in record.labels and selector[key] != record.labels[key]}
        alike = bool(name) and (record.name in name or name in record.name)
        if record.kind in PLAIN_KINDS and alike and (shared or not set(selector) & set(record.labels)):
            return record
    return None


def chosen_by(service: ServiceRecord, known: Known) -> list[PodRecord]:
    """The pods that a Service leads to."""
    return beside(service.where, _selected(service, known))


def _selected(service: ServiceRecord, known: Known) -> list[PodRecord]:
    found = known.covered(service.selector) if service.selector else []
    return [record for record in found if same(service.namespace, record.namespace)]


def selects_nothing(known: Known) -> Iterator[tuple[Problem, Place]]:
    """Services and disruption budgets without pods, beside a server that they were meant for."""
    chosen = [(s.where, s.namespace, s.name, s.selector) for s in known.services if s.selector]
    chosen += [
        (b.where, b.namespace, b.where.name.partition("/")[2], b.selector or {}) for b in known.budgets if b.selector
    ]
    for where, namespace, name, selector in chosen:
        if any(GIVEN.fullmatch(key) for key in selector) or any(re.search(r"[{}$<>]", v) for v in selector.values()):
            continue
        if any(same(namespace, record.namespace) for record in known.covered(selector)):
            continue
        near = [record for record in known.pods_in(where.file) if record.servers]
        elsewhere = next((record for record in near if covers(selector, record)), None)
        if elsewhere is not None:
            yield (
                Problem(
                    what=f"selects pods of namespace {namespace!r}, and those of {elsewhere.where.name} are in "
                    f"{elsewhere.namespace!r}",
                    rule=book.SELECTS_NOTHING,
                    option="selector",
                ),
                where,
            )
            continue
        meant = _related(selector, name, [record for record in near if same(namespace, record.namespace)])
        if meant is not None:
            said = ", ".join(f"{key}={value}" for key, value in selector.items())
            yield (
                Problem(
                    what=f"{said} selects no pod; those of {meant.where.name} have "
                    + ", ".join(f"{key}={value}" for key, value in meant.labels.items()),
                    rule=book.SELECTS_NOTHING,
                    option="selector",
                ),
                where,
            )


def selects_too_many(known: Known) -> Iterator[tuple[Problem, Place]]:
    """Services that lead to workers, or to servers of several models."""
    for service in known.services:
        found = chosen_by(service, known)
        if service.headless or not any(record.servers for record in found):
            continue
        for worker in (r for r in found if r.role == "worker"):
            if any(r.role == "leader" and r.where.name == worker.where.name for r in found) and not any(
                GIVEN.fullmatch(key) for key in service.selector
            ):
                yield (
                    Problem(
                        what=f"selects the workers of {worker.where.name} too, which do not answer requests",
                        rule=book.SELECTS_NOTHING,
                        severity="warning",
                        option="selector",
                    ),
                    service.where,
                )
        models = {s.model for r in found for s in r.servers if r.kind == "Deployment"}
        names = {
            r.where.name for r in found if r.servers and r.kind == "Deployment" and r.where.file == service.where.file
        }
        if len(models) > 1 and None not in models and len(names) > 1:
            yield (
                Problem(
                    what=f"leads to servers of {len(models)} models: {', '.join(sorted(map(str, models)))}",
                    rule=book.SELECTS_NOTHING,
                    severity="warning",
                    option="selector",
                ),
                service.where,
            )


def nobody_listens(known: Known) -> Iterator[tuple[Problem, Place]]:
    """Ports of Services that lead to none of vLLM's pods."""
    for service in known.services:
        found = chosen_by(service, known)
        if not found or not all(record.servers for record in found) or service.headless:
            continue
        for (_, _, target), where in zip(service.ports, service.port_places, strict=True):
            answers = {record.listens(target) for record in found} if target is not None else {None}
            if answers == {False}:
                ports = sorted({str(server.port) for record in found for server in record.servers if server.port})
                reason = (
                    f"no container has a port named {target!r}"
                    if isinstance(target, str) and not any(target in record.ports for record in found)
                    else f"nobody listens on {target}; vLLM listens on {', '.join(ports)}"
                )
                yield Problem(what=reason, rule=book.NOBODY_LISTENS, option="targetPort"), where


def service_links(known: Known) -> Iterator[tuple[Problem, Place]]:
    """Services whose links overwrite what vLLM reads."""
    for service in known.services:
        variable = _INJECTS.get(service.name)
        if variable is None or service.headless:
            continue
        for record in beside(service.where, list(known.pods)):
            told = record.links and variable not in record.variables and record.servers
            if told and service.namespace == record.namespace and record.kind in PLAIN_KINDS | {"Job"}:
                yield (
                    Problem(
                        what=f"Service {service.name!r} sets {variable} in these pods to an address, and vLLM stops",
                        rule=book.VLLM_PORT,
                        option="enableServiceLinks",
                    ),
                    record.where,
                )


def monitors(known: Known) -> Iterator[tuple[Problem, Place]]:
    """Monitors that ask for a port that is not there, or that select no Service."""
    for monitor in known.monitors:
        if not monitor.selector:
            continue
        if monitor.kind == "PodMonitor":
            pods = [
                r for r in known.covered(monitor.selector) if monitor.anywhere or same(monitor.namespace, r.namespace)
            ]
            pods = beside(monitor.where, pods)
            for name, where in monitor.ports:
                if pods and all(r.servers and r.kind in PLAIN_KINDS and name not in r.ports for r in pods):
                    yield (
                        Problem(
                            what=f"no container of {pods[0].where.name} has a port named {name!r}",
                            rule=book.NOBODY_LISTENS,
                            option="port",
                        ),
                        where,
                    )
            continue
        services = [
            s
            for s in known.services
            if monitor.selector.items() <= s.labels.items()
            and (monitor.anywhere or same(monitor.namespace, s.namespace))
        ]
        services = beside(monitor.where, services)
        for name, where in monitor.ports:
            if services and all(name not in {port for port, _, _ in s.ports} for s in services):
                yield (
                    Problem(
                        what=f"{services[0].label} has no port named {name!r}", rule=book.NOBODY_LISTENS, option="port"
                    ),
                    where,
                )
        if not services:
            near = next(
                (
                    s
                    for s in known.services
                    if s.where.file == monitor.where.file
                    and any(r.servers and covers(monitor.selector, r) for r in _selected(s, known))
                ),
                None,
            )
            if near is not None:
                yield (
                    Problem(
                        what=f"selects no Service: these are labels of the pods, and not of {near.label}",
                        rule=book.SELECTS_NOTHING,
                        option="selector",
                    ),
                    monitor.where,
                )


def ingresses(known: Known) -> Iterator[tuple[Problem, Place]]:
    """Ingresses to a port that the Service does not have."""
    for where, namespace, name, port, _ in known.ingresses:
        services = beside(where, known.services_named(name, namespace))
        if len(services) != 1 or port is None or not any(r.servers for r in chosen_by(services[0], known)):
            continue
        ports = {p for known_name, number, _ in services[0].ports for p in (known_name, number)}
        if port not in ports and str(port) not in {str(p) for p in ports}:
            yield (
                Problem(
                    what=f"{services[0].label} has no port {port!r}", rule=book.NOBODY_LISTENS, option="service.port"
                ),
                where,
            )


def cpu_scaling(known: Known) -> Iterator[tuple[Problem, Place]]:
    """Autoscalers that look at the CPU of a GPU server."""
    for where, namespace, kind, name in known.scalers:
        named = [r for r in known.pods if r.kind == kind and r.name == name and same(namespace, r.namespace)]
        for record in beside(where, named):
            if record.gpus:
                yield (
                    Problem(
                        what=f"{record.where.name} works on its GPUs, and its CPU says nothing about its load",
                        rule=book.CPU_AUTOSCALING,
                        severity="warning",
                    ),
                    where,
                )


SET_RULES: tuple[Callable[[Known], Iterator[tuple[Problem, Place]]], ...] = (
    selects_nothing,
    selects_too_many,
    nobody_listens,
    service_links,
    monitors,
    ingresses,
    cpu_scaling,
)
