"""Who selects which pods, and whether anybody listens there."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

from vllm_cdk8s.core.errors import Problem
from vllm_cdk8s.core.rules import book
from vllm_cdk8s.core.inspection.security import exposed
from vllm_cdk8s.lint.finding import Place, place
from vllm_cdk8s.lint.pods import containers_of, items, mapping

if TYPE_CHECKING:
    from vllm_cdk8s.lint.documents import Document
    from vllm_cdk8s.lint.pods import PodTemplate
    from vllm_cdk8s.lint.servers import Server
    from vllm_cdk8s.lint.sets import Known

# Labels that controllers put on pods beside those of the template.
_GIVEN = re.compile(
    r"(.*\.)?(ray\.io|x-k8s\.io|kserve\.io|aibrix\.ai|kubernetes\.io/(pod-index|pod-name|job-name|controller-uid)|"
    r"knative\.dev|volcano\.sh|llm-d\.ai|nvidia\.com)($|/.*)|"
    r"leaderworkerset\.sigs\.k8s\.io/.*|job-name|controller-uid|pod-template-hash|statefulset\.kubernetes\.io/.*|"
    r"apps\.kubernetes\.io/.*|batch\.kubernetes\.io/.*|component|serving\.kserve\.io/.*"
)
_PLAIN_KINDS = {"Deployment", "StatefulSet", "Pod", "DaemonSet", "ReplicaSet", "LeaderWorkerSet"}
# Services whose links set a variable that vLLM reads as a number.
_INJECTS = {
    "vllm": "VLLM_PORT", "vllm-dp-master": "VLLM_DP_MASTER_PORT",
    "vllm-nixl-side-channel": "VLLM_NIXL_SIDE_CHANNEL_PORT",
}  # fmt: skip
_INTERNAL = re.compile(r"internal|private|scheme", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True, slots=True)
class ServerRecord:
    """What a set needs to know of a server."""

    model: str | None
    port: int | None
    version: str | None
    version_sure: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class PodRecord:
    """What a set needs to know of a pod template.

    Attributes:
        where: the place of the pod's ``spec``.
        ports: every port that a container declares: name to number, of other containers alone in ``others``.
        others: the ports of containers that do not run vLLM; None where one does not say its own.
        mentioned: numbers that variables and words mention.
        links: whether the pod is told of Services by variables.
        open_server: the place of a server that would answer anybody.
    """

    where: Place
    namespace: str | None
    kind: str
    name: str
    role: str
    labels: Mapping[str, str]
    servers: tuple[ServerRecord, ...]
    ports: Mapping[str, int]
    others: frozenset[int] | None
    mentioned: frozenset[int]
    links: bool
    variables: frozenset[str]
    gpus: int
    open_server: Place | None

    def listens(self, target: int | str) -> bool | None:
        """Whether somebody in the pod listens there; None where that is not known."""
        if isinstance(target, str):
            if target not in self.ports:
                return False if self.kind in _PLAIN_KINDS else None
            target = self.ports[target]
        if any(server.port == target for server in self.servers):
            return True
        if self.others is None or any(server.port is None for server in self.servers):
            return None
        if target in self.others:
            return True
        return None if target in self.mentioned else False


@dataclass(frozen=True, kw_only=True, slots=True)
class ServiceRecord:
    """What a set needs to know of a Service."""

    where: Place
    port_places: tuple[Place, ...]
    namespace: str | None
    name: str
    labels: Mapping[str, str]
    selector: Mapping[str, str]
    ports: tuple[tuple[str | None, int | None, int | str | None], ...]
    headless: bool
    public: bool

    @property
    def label(self) -> str:
        """Kind and name."""
        return f"Service/{self.name}"

    def selects(self, record: PodRecord) -> bool:
        """Whether it selects such pods."""
        return bool(self.selector) and same(self.namespace, record.namespace) and covers(self.selector, record)


@dataclass(frozen=True, kw_only=True, slots=True)
class Monitor:
    """A ServiceMonitor, PodMonitor or PodDisruptionBudget: a selector, and the ports that it asks."""

    where: Place
    kind: str
    namespace: str | None
    anywhere: bool
    selector: Mapping[str, str] | None
    ports: tuple[tuple[str, Place], ...]

    @classmethod
    def of(cls, document: Document) -> Monitor:
        """Note one."""
        spec = mapping(document.data.get("spec"))
        selector = mapping(spec.get("selector"))
        field = "endpoints" if document.kind == "ServiceMonitor" else "podMetricsEndpoints"
        return cls(
            where=place(document, ("spec", "selector")),
            kind=document.kind,
            namespace=document.namespace,
            anywhere="namespaceSelector" in spec,
            selector=_labels(selector.get("matchLabels")) if not selector.get("matchExpressions") else None,
            ports=tuple(
                (str(endpoint["port"]), place(document, ("spec", field, index, "port")))
                for index, endpoint in enumerate(items(spec.get(field)))
                if endpoint.get("port")
            ),
        )


_Near = TypeVar("_Near", "PodRecord", "ServiceRecord")


def beside(where: Place, candidates: list[_Near]) -> list[_Near]:
    """Those of the same file, else those of the same folder: files elsewhere may be other ways to do the same."""
    here = [one for one in candidates if one.where.file == where.file]
    folder = where.file.rpartition("/")[0]
    return here or [one for one in candidates if one.where.file.rpartition("/")[0] == folder]


def _labels(value: Any) -> dict[str, str]:
    return {str(key): str(inner) for key, inner in mapping(value).items()}


def same(one: str | None, other: str | None) -> bool:
    """Whether two namespaces may be one; what does not say its own goes where it is applied."""
    return one is None or other is None or one == other


def covers(selector: Mapping[str, str], record: PodRecord) -> bool:
    """Whether a selector selects such pods, as far as their template says."""
    own = {key: value for key, value in selector.items() if record.labels.get(key) != value}
    return all(_GIVEN.fullmatch(key) and key not in record.labels for key in own)


def pod_record(document: Document, template: PodTemplate, servers: list[Server]) -> PodRecord:
    """Note a pod template."""
    spec = mapping(template.template.get("spec"))
    running = [server.facts.container for server in servers]
    ports: dict[str, int] = {}
    others: set[int] | None = set()
    inits = [item for item in items(spec.get("initContainers")) if item.get("restartPolicy") == "Always"]
    for container in (*(item for _, item in containers_of(spec)), *inits):
        declared = [port for port in items(container.get("ports")) if isinstance(port.get("containerPort"), int)]
        ports.update((str(port["name"]), port["containerPort"]) for port in declared if port.get("name"))
        if not any(container is one for one in running):
            if not declared or others is None:
                others = None
            else:
                others |= {port["containerPort"] for port in declared}
    words = [str(value) for one in running for value in (one.get("command"), one.get("args"), one.get("env"))]
    unguarded = next((server for server in servers if _opens(server)), None)
    return PodRecord(
        where=place(document, template.path),
        namespace=document.namespace,
        kind=document.kind,
        name=document.name,
        role=template.role,
        labels=template.labels,
        servers=tuple(
            ServerRecord(
                model=_served(server), port=server.facts.port, version=server.facts.engine.version.name,
                version_sure=server.version_sure,
            )
            for server in servers
        ),
        ports=ports,
        others=None if others is None else frozenset(others),
        mentioned=frozenset(int(n) for word in words for n in re.findall(r"\d{2,5}", word)),
        links=spec.get("enableServiceLinks") is not False and "service" not in template.supplied - {"env"},
        variables=frozenset(str(item.get("name")) for one in running for item in items(one.get("env"))),
        gpus=sum(server.facts.gpus or 0 for server in servers),
        open_server=None if unguarded is None else place(document, unguarded.facts.container_path),
    )  # fmt: skip


def _opens(server: Server) -> bool:
    return any(True for _ in exposed(replace(server.facts, exposed=("it",))))


def _served(server: Server) -> str | None:
    engine = server.facts.engine
    names = engine.settings.get("served_model_name")
    if "served_model_name" in engine.said and not names:
        return None
    return str(names[0]) if isinstance(names, list) and names else str(names) if names else engine.model


def service_record(document: Document) -> ServiceRecord:
    """Note a Service."""
    spec = mapping(document.data.get("spec"))
    metadata = mapping(document.data.get("metadata"))
    annotations = mapping(metadata.get("annotations"))
    ports = items(spec.get("ports"))
    kind = str(spec.get("type") or "ClusterIP")
    internal = any(_INTERNAL.search(key) or _INTERNAL.search(str(value)) for key, value in annotations.items())
    return ServiceRecord(
        where=place(document, ("spec", "selector")),
        port_places=tuple(place(document, ("spec", "ports", index)) for index in range(len(ports))),
        namespace=document.namespace,
        name=document.name,
        labels=_labels(metadata.get("labels")),
        selector=_labels(spec.get("selector")),
        ports=tuple(
            (None if port.get("name") is None else str(port["name"]), port.get("port"), _port(port)) for port in ports
        ),
        headless=spec.get("clusterIP") == "None" or kind == "ExternalName",
        public=kind == "LoadBalancer" and not internal and not spec.get("loadBalancerSourceRanges"),
    )


def _port(port: Mapping[str, Any]) -> int | str | None:
    target = port.get("targetPort", port.get("port"))
    if isinstance(target, str):
        return int(target) if target.isdecimal() else None if re.search(r"[{}$<>]", target) else target
    return target if isinstance(target, int) else None


def _related(selector: Mapping[str, str], name: str, records: list[PodRecord]) -> PodRecord | None:
    """The server that a selector without pods was meant for: one with the same key, or of the same name."""
    for record in records:
        shared = {key for key in selector if key in record.labels and selector[key] != record.labels[key]}
        alike = bool(name) and (record.name in name or name in record.name)
        if record.kind in _PLAIN_KINDS and alike and (shared or not set(selector) & set(record.labels)):
            return record
    return None


def chosen_by(service: ServiceRecord, known: Known) -> list[PodRecord]:
    """The pods that a Service leads to."""
    return beside(service.where, [record for record in known.pods if service.selects(record)])


def selects_nothing(known: Known) -> Iterator[tuple[Problem, Place]]:
    """Services and disruption budgets without pods, beside a server that they were meant for."""
    chosen = [(s.where, s.namespace, s.name, s.selector) for s in known.services if s.selector]
    chosen += [(b.where, b.namespace, b.where.name.partition("/")[2], b.selector or {}) for b in known.budgets if b.selector]
    for where, namespace, name, selector in chosen:
        if any(_GIVEN.fullmatch(key) for key in selector) or any(re.search(r"[{}$<>]", v) for v in selector.values()):
            continue
        if any(covers(selector, record) and same(namespace, record.namespace) for record in known.pods):
            continue
        near = [record for record in known.pods if record.servers and record.where.file == where.file]
        elsewhere = next((record for record in near if covers(selector, record)), None)
        if elsewhere is not None:
            yield Problem(what=f"selects pods of namespace {namespace!r}, and those of {elsewhere.where.name} are in "
                          f"{elsewhere.namespace!r}", rule=book.SELECTS_NOTHING, option="selector"), where  # fmt: skip
            continue
        meant = _related(selector, name, [record for record in near if same(namespace, record.namespace)])
        if meant is not None:
            said = ", ".join(f"{key}={value}" for key, value in selector.items())
            yield Problem(what=f"{said} selects no pod; those of {meant.where.name} have "
                          + ", ".join(f"{key}={value}" for key, value in meant.labels.items()),
                          rule=book.SELECTS_NOTHING, option="selector"), where  # fmt: skip


def selects_too_many(known: Known) -> Iterator[tuple[Problem, Place]]:
    """Services that lead to workers, or to servers of several models."""
    for service in known.services:
        found = chosen_by(service, known)
        if service.headless or not any(record.servers for record in found):
            continue
        for worker in (r for r in found if r.role == "worker"):
            if any(r.role == "leader" and r.where.name == worker.where.name for r in found) and not any(
                _GIVEN.fullmatch(key) for key in service.selector
            ):
                yield Problem(what=f"selects the workers of {worker.where.name} too, which do not answer requests",
                              rule=book.SELECTS_NOTHING, severity="warning", option="selector"), service.where  # fmt: skip
        models = {s.model for r in found for s in r.servers if r.kind == "Deployment"}
        names = {r.where.name for r in found if r.servers and r.kind == "Deployment" and r.where.file == service.where.file}
        if len(models) > 1 and None not in models and len(names) > 1:
            yield Problem(what=f"leads to servers of {len(models)} models: {', '.join(sorted(map(str, models)))}",
                          rule=book.SELECTS_NOTHING, severity="warning", option="selector"), service.where  # fmt: skip


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
            if told and service.namespace == record.namespace and record.kind in _PLAIN_KINDS | {"Job"}:
                yield Problem(what=f"Service {service.name!r} sets {variable} in these pods to an address, and vLLM stops",
                              rule=book.VLLM_PORT, option="enableServiceLinks"), record.where  # fmt: skip


def monitors(known: Known) -> Iterator[tuple[Problem, Place]]:
    """Monitors that ask for a port that is not there, or that select no Service."""
    for monitor in known.monitors:
        if not monitor.selector:
            continue
        if monitor.kind == "PodMonitor":
            pods = [
                r for r in known.pods
                if covers(monitor.selector, r) and (monitor.anywhere or same(monitor.namespace, r.namespace))
            ]  # fmt: skip
            pods = beside(monitor.where, pods)
            for name, where in monitor.ports:
                if pods and all(r.servers and r.kind in _PLAIN_KINDS and name not in r.ports for r in pods):
                    yield Problem(what=f"no container of {pods[0].where.name} has a port named {name!r}",
                                  rule=book.NOBODY_LISTENS, option="port"), where  # fmt: skip
            continue
        services = [
            s for s in known.services
            if monitor.selector.items() <= s.labels.items() and (monitor.anywhere or same(monitor.namespace, s.namespace))
        ]  # fmt: skip
        services = beside(monitor.where, services)
        for name, where in monitor.ports:
            if services and all(name not in {port for port, _, _ in s.ports} for s in services):
                yield Problem(what=f"{services[0].label} has no port named {name!r}", rule=book.NOBODY_LISTENS,
                              option="port"), where  # fmt: skip
        if not services:
            near = next(
                (s for s in known.services if s.where.file == monitor.where.file
                 and any(r.servers and s.selects(r) and covers(monitor.selector, r) for r in known.pods)), None,
            )  # fmt: skip
            if near is not None:
                yield Problem(what=f"selects no Service: these are labels of the pods, and not of {near.label}",
                              rule=book.SELECTS_NOTHING, option="selector"), monitor.where  # fmt: skip


def ingresses(known: Known) -> Iterator[tuple[Problem, Place]]:
    """Ingresses to a port that the Service does not have."""
    for where, namespace, name, port, _ in known.ingresses:
        services = beside(where, [s for s in known.services if s.name == name and same(s.namespace, namespace)])
        if len(services) != 1 or port is None or not any(r.servers for r in chosen_by(services[0], known)):
            continue
        ports = {p for known_name, number, _ in services[0].ports for p in (known_name, number)}
        if port not in ports and str(port) not in {str(p) for p in ports}:
            yield Problem(what=f"{services[0].label} has no port {port!r}", rule=book.NOBODY_LISTENS,
                          option="service.port"), where  # fmt: skip


def cpu_scaling(known: Known) -> Iterator[tuple[Problem, Place]]:
    """Autoscalers that look at the CPU of a GPU server."""
    for where, namespace, kind, name in known.scalers:
        named = [r for r in known.pods if r.kind == kind and r.name == name and same(namespace, r.namespace)]
        for record in beside(where, named):
            if record.gpus:
                yield Problem(what=f"{record.where.name} works on its GPUs, and its CPU says nothing about its load",
                              rule=book.CPU_AUTOSCALING, severity="warning"), where  # fmt: skip


SET_RULES: tuple[Callable[[Known], Iterator[tuple[Problem, Place]]], ...] = (
    selects_nothing, selects_too_many, nobody_listens, service_links, monitors, ingresses, cpu_scaling,
)  # fmt: skip
