"""What a whole set of manifests needs to know of each pod template, Service, monitor and budget."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, TypeVar

from msgspec import Struct, field
from msgspec.structs import replace

from vllm_cdk8s.core.inspection.security import exposed
from vllm_cdk8s.core.regex import regex
from vllm_cdk8s.core.traffic.model_names import names_of_adapters, names_of_model, takes_other_names
from vllm_cdk8s.lint.finding import Place, place
from vllm_cdk8s.lint.pods import containers_of, items, mapping

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vllm_cdk8s.lint.documents import Document
    from vllm_cdk8s.lint.pods import PodTemplate
    from vllm_cdk8s.lint.servers import Server

# Labels that controllers put on pods beside those of the template.
GIVEN = regex(
    r"(.*\.)?(ray\.io|x-k8s\.io|kserve\.io|aibrix\.ai|kubernetes\.io/(pod-index|pod-name|job-name|controller-uid)|"
    r"knative\.dev|volcano\.sh|llm-d\.ai|nvidia\.com)($|/.*)|"
    r"leaderworkerset\.sigs\.k8s\.io/.*|job-name|controller-uid|pod-template-hash|statefulset\.kubernetes\.io/.*|"
    r"apps\.kubernetes\.io/.*|batch\.kubernetes\.io/.*|component|serving\.kserve\.io/.*"
)
PLAIN_KINDS = {"Deployment", "StatefulSet", "Pod", "DaemonSet", "ReplicaSet", "LeaderWorkerSet", "DisaggregatedSet"}
_INTERNAL = regex(r"internal|private|scheme", re.IGNORECASE)


class ServerRecord(Struct, frozen=True, kw_only=True):
    """What a set needs to know of a server; ``names`` is None where it may answer to names that are not known."""

    model: str | None
    names: frozenset[str] | None
    port: int | None
    version: str | None
    version_sure: bool


class PodRecord(Struct, frozen=True, kw_only=True):
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
                return False if self.kind in PLAIN_KINDS else None
            target = self.ports[target]
        if any(server.port == target for server in self.servers):
            return True
        if self.others is None or any(server.port is None for server in self.servers):
            return None
        if target in self.others:
            return True
        return None if target in self.mentioned else False


class ServiceRecord(Struct, frozen=True, kw_only=True):
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


class Monitor(Struct, frozen=True, kw_only=True):
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
    return all(GIVEN.fullmatch(key) and key not in record.labels for key in own)


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
    if not all(server.facts.alone for server in servers):
        others = None
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
                model=_served(server),
                names=_names(server),
                port=server.facts.port,
                version=server.facts.engine.version.name,
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
    )


def _opens(server: Server) -> bool:
    return any(True for _ in exposed(replace(server.facts, exposed=("it",))))


def _served(server: Server) -> str | None:
    engine = server.facts.engine
    names = engine.settings.get("served_model_name")
    if "served_model_name" in engine.said and not names:
        return None
    return str(names[0]) if isinstance(names, list) and names else str(names) if names else engine.model


def _names(server: Server) -> frozenset[str] | None:
    """All names that it answers to."""
    engine, first = server.facts.engine, _served(server)
    if first is None or not engine.complete or "lora_modules" in engine.said - engine.settings.keys():
        return None
    if takes_other_names(engine.settings, server.facts.container) or not server.facts.alone:
        return None
    return frozenset({first, *names_of_model(engine.settings), *names_of_adapters(engine.settings)})


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


class Backend(Struct, frozen=True, kw_only=True):
    """A Service to which a rule of an HTTPRoute sends requests, and the models that they ask for."""

    where: Place
    namespace: str | None
    service: str
    port: Any
    models: tuple[str, ...]


class Known(Struct, kw_only=True):
    """All that was noted of a set, with what finds pods and Services among thousands."""

    pods: list[PodRecord] = field(default_factory=list)
    services: list[ServiceRecord] = field(default_factory=list)
    monitors: list[Monitor] = field(default_factory=list)
    budgets: list[Monitor] = field(default_factory=list)
    ingresses: list[tuple[Place, str | None, str, Any, bool]] = field(default_factory=list)
    backends: list[Backend] = field(default_factory=list)
    scalers: list[tuple[Place, str | None, str, str]] = field(default_factory=list)
    _labelled: dict[tuple[str, str], list[PodRecord]] = field(default_factory=dict)
    _files: dict[str, list[PodRecord]] = field(default_factory=dict)
    _named: dict[str, list[ServiceRecord]] = field(default_factory=dict)

    def add_pod(self, record: PodRecord) -> None:
        """Note a pod template."""
        self.pods.append(record)
        self._files.setdefault(record.where.file, []).append(record)
        for pair in record.labels.items():
            self._labelled.setdefault(pair, []).append(record)

    def add_service(self, record: ServiceRecord) -> None:
        """Note a Service."""
        self.services.append(record)
        self._named.setdefault(record.name, []).append(record)

    def covered(self, selector: Mapping[str, str]) -> list[PodRecord]:
        """The pods that a selector covers, of any namespace."""
        certain = [pair for pair in selector.items() if not GIVEN.fullmatch(pair[0])]
        candidates = min((self._labelled.get(pair, []) for pair in certain), key=len, default=self.pods)
        return [record for record in candidates if covers(selector, record)]

    def pods_in(self, file: str) -> list[PodRecord]:
        """The pods that a file describes."""
        return self._files.get(file, [])

    def services_named(self, name: str, namespace: str | None) -> list[ServiceRecord]:
        """The Services of a name that may be in a namespace."""
        return [service for service in self._named.get(name, ()) if same(service.namespace, namespace)]
