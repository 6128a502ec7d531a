"""What only a whole set of manifests shows: who selects whom, which ports lead where, what is needed twice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from vllm_cdk8s.core.errors import Problem
from vllm_cdk8s.core.inspection import health, pod, storage
from vllm_cdk8s.core.inspection.facts import ClaimFacts
from vllm_cdk8s.core.kube import checks
from vllm_cdk8s.core.rules import book
from vllm_cdk8s.lint.finding import Finding, Options, Place, finding, place
from vllm_cdk8s.lint.metric_names import Use, uses_of, wrong_metrics
from vllm_cdk8s.lint.network import SET_RULES, chosen_by
from vllm_cdk8s.lint.pods import items, mapping, whole
from vllm_cdk8s.lint.records import Known, Monitor, beside, pod_record, same, service_record
from vllm_cdk8s.lint.routes import backends_of, routes
from vllm_cdk8s.lint.scalers import never_wakes

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from vllm_cdk8s.core.inspection.facts import ServerFacts
    from vllm_cdk8s.lint.documents import Document
    from vllm_cdk8s.lint.pods import PodTemplate
    from vllm_cdk8s.lint.servers import Server

_SEEN_KINDS = {
    "Deployment", "StatefulSet", "Service", "LeaderWorkerSet", "DisaggregatedSet", "Job", "Pod",
    "PersistentVolumeClaim",
}  # fmt: skip


class _Waiting(Struct, frozen=True, kw_only=True):
    """A server whose claims, or devices, other objects describe; without all that those rules do not look at."""

    facts: ServerFacts
    name: str
    where: Mapping[int, Place]
    container: Place


class _Scaled(Struct, frozen=True, kw_only=True):
    """What is wrong with a server once an autoscaler adds pods to it."""

    problem: Problem
    kind: str
    name: str
    namespace: str | None
    where: Place


class ManifestSet:
    """Notes objects one by one, and says at the end what they show together."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._known = Known()
        self._claims: dict[tuple[str, str], list[tuple[str, str | None, ClaimFacts]]] = {}
        self._devices: dict[tuple[str | None, str], int] = {}
        self._waiting: list[_Waiting] = []
        self._scaled: list[_Scaled] = []
        self._maxima: dict[tuple[str, str], list[tuple[str, str | None, int]]] = {}
        self._uses: list[Use] = []
        self._recorded: set[str] = set()
        self._names: dict[tuple[str, str, str | None, str], int] = {}
        self._found: list[Finding | None] = []

    def pods(self, document: Document, template: PodTemplate, servers: list[Server]) -> None:
        """Note a pod template."""
        self._known.add_pod(pod_record(document, template, servers))
        for server in servers:
            facts = server.facts
            self._scaled += [
                _Scaled(
                    problem=problem,
                    kind=document.kind,
                    name=document.name,
                    namespace=document.namespace,
                    where=place(document, server.place_of(problem)[0]),
                )
                for problem in health.drain(replace(facts, autoscaled=True))
                if problem not in health.drain(facts)
            ]
            volumes = items(facts.pod.get("volumes"))
            named = [index for index, volume in enumerate(volumes) if "persistentVolumeClaim" in volume]
            if not named and not facts.pod.get("resourceClaims"):
                continue
            keep = {
                k: facts.pod[k] for k in ("volumes", "nodeName", "nodeSelector", "resourceClaims") if k in facts.pod
            }
            container = {k: facts.container[k] for k in ("volumeMounts", "env", "image") if k in facts.container}
            slim = replace(
                facts,
                template={"spec": keep},
                container=container,
                workload={"kind": document.kind, "namespace": document.namespace},
            )
            self._waiting.append(
                _Waiting(
                    facts=slim,
                    name=document.name,
                    where={index: place(document, (*facts.pod_path, "volumes", index)) for index in named},
                    container=place(document, facts.container_path),
                )
            )

    def surroundings(self, document: Document) -> None:
        """Note what is not a pod."""
        self._taken(document)
        kind, spec = document.kind, mapping(document.data.get("spec"))
        if kind == "Service":
            self._known.add_service(service_record(document))
        elif kind == "PersistentVolumeClaim":
            self._claim(document, spec)
        elif kind in {"ResourceClaimTemplate", "ResourceClaim"}:
            inner = mapping(spec.get("spec")) if kind == "ResourceClaimTemplate" else spec
            count = _device_count(items(mapping(inner.get("devices")).get("requests")))
            if count is not None:
                self._devices[document.namespace, document.name] = count
        elif kind in {"ServiceMonitor", "PodMonitor"}:
            self._known.monitors.append(Monitor.of(document))
        elif kind == "PodDisruptionBudget":
            self._known.budgets.append(Monitor.of(document))
        elif kind == "Ingress":
            self._ingress(document, spec)
        elif kind == "HTTPRoute":
            self._known.backends += backends_of(document)
        elif kind in {"HorizontalPodAutoscaler", "ScaledObject"}:
            self._scaler(document, spec)
        if kind in {"HorizontalPodAutoscaler", "ScaledObject", "PrometheusRule", "ConfigMap", "GrafanaDashboard"}:
            uses, recorded = uses_of(document)
            self._uses += uses
            self._recorded |= recorded

    def findings(self) -> Iterator[Finding]:
        """What the set shows."""
        self._exposed()
        for rule in (*SET_RULES, routes):
            for problem, where in rule(self._known):
                self._found.append(finding(problem, where))
        for waiting in self._waiting:
            self._late(waiting)
        for scaled in self._scaled:
            if (self._most(scaled.where.file, scaled.kind, scaled.namespace, scaled.name) or 0) > 1:
                self._found.append(finding(scaled.problem, scaled.where))
        for problem, where in wrong_metrics(self._uses, self._recorded, self._known.pods, self._options.vllm):
            self._found.append(finding(problem, where))
        yield from (one for one in self._found if one is not None)

    def _taken(self, document: Document) -> None:
        if document.kind not in _SEEN_KINDS or not document.name:
            return
        key = (document.file, document.kind, document.namespace, document.name)
        line = document.line(("metadata", "name"))
        if key in self._names:
            problem = Problem(
                what=f"{document.name!r} is the name of the one on line {self._names[key]} too; the second "
                "is applied over the first",
                rule=book.TAKEN_NAME,
                severity="warning",
            )
            self._found.append(finding(problem, place(document, ("metadata", "name"))))
        self._names[key] = line

    def _claim(self, document: Document, spec: Mapping[str, Any]) -> None:
        modes = spec.get("accessModes")
        size = checks.quantity_or_none(mapping(mapping(spec.get("resources")).get("requests")).get("storage"))
        claim = ClaimFacts(
            name=document.name,
            size=None if size is None else int(size),
            access_modes=tuple(map(str, modes)) if isinstance(modes, list) else None,
        )
        place_of = (_folder(document.file), document.name)
        self._claims.setdefault(place_of, []).append((document.file, document.namespace, claim))

    def _ingress(self, document: Document, spec: Mapping[str, Any]) -> None:
        annotations = mapping(mapping(document.data.get("metadata")).get("annotations"))
        guarded = any("auth" in key or "whitelist" in key or "allowlist" in key for key in annotations)
        if "kubernetes.io/ingress.class" in annotations and "ingressClassName" in spec:
            problem = Problem(
                what="the annotation kubernetes.io/ingress.class says it too, and the API server refuses both",
                rule=book.INGRESS,
                option="ingressClassName",
            )
            self._found.append(finding(problem, place(document, ("spec", "ingressClassName"))))
        backends: list[tuple[tuple[str | int, ...], dict[str, Any]]] = [
            (("spec", "defaultBackend"), mapping(spec.get("defaultBackend")))
        ]
        for number, rule in enumerate(items(spec.get("rules"))):
            for index, path in enumerate(items(mapping(rule.get("http")).get("paths"))):
                backends.append(
                    (("spec", "rules", number, "http", "paths", index, "backend"), mapping(path.get("backend")))
                )
        for at, backend in backends:
            service = mapping(backend.get("service"))
            if service.get("name"):
                port = mapping(service.get("port"))
                self._known.ingresses.append(
                    (
                        place(document, (*at, "service")),
                        document.namespace,
                        str(service["name"]),
                        port.get("number", port.get("name")),
                        guarded,
                    )
                )

    def _scaler(self, document: Document, spec: Mapping[str, Any]) -> None:
        problem = never_wakes(document.kind, spec)
        if problem is not None:
            self._found.append(finding(problem, place(document, problem.at)))
        target = mapping(spec.get("scaleTargetRef"))
        name, kind = str(target.get("name") or ""), str(target.get("kind") or "Deployment")
        # KEDA's own default is 100; an HPA has to say it.
        most = whole(spec.get("maxReplicas") if document.kind != "ScaledObject" else spec.get("maxReplicaCount", 100))
        if most is not None:
            self._maxima.setdefault((kind, name), []).append((document.file, document.namespace, most))
        cpu: list[tuple[str | int, ...]] = []
        if "targetCPUUtilizationPercentage" in spec:
            cpu.append(("spec", "targetCPUUtilizationPercentage"))
        others = 0
        for index, metric in enumerate(items(spec.get("metrics"))):
            if mapping(metric.get("resource")).get("name") == "cpu":
                cpu.append(("spec", "metrics", index))
            elif mapping(metric.get("resource")).get("name") != "memory":
                others += 1
        for index, trigger in enumerate(items(spec.get("triggers"))):
            if trigger.get("type") == "cpu":
                cpu.append(("spec", "triggers", index))
            elif trigger.get("type") != "memory":
                others += 1
        if not others:
            self._known.scalers += [(place(document, at), document.namespace, kind, name) for at in cpu]

    def _exposed(self) -> None:
        """What leads to each server from outside."""
        led: dict[tuple[str, int], list[str]] = {}
        for where, namespace, name, _, guarded in self._known.ingresses:
            for service in beside(where, self._known.services_named(name, namespace)) if not guarded else ():
                led.setdefault((service.where.file, service.where.line), []).append(where.name)
        for service in self._known.services:
            ways = [service.label] * service.public + led.get((service.where.file, service.where.line), [])
            for record in chosen_by(service, self._known) if ways else ():
                if record.open_server is not None:
                    problem = Problem(
                        what=f"{ways[0]} leads to it from outside of the cluster, and it asks for no API key",
                        rule=book.OPEN_TO_THE_WORLD,
                        severity="warning",
                    )
                    self._found.append(finding(problem, record.open_server))

    def _most(self, file: str, kind: str, namespace: str | None, name: str) -> int | None:
        """The most replicas that an autoscaler of the same file, else of the same folder, makes; None without one."""
        found = [one for one in self._maxima.get((kind, name), ()) if same(one[1], namespace)]
        near = [one for one in found if one[0] == file] or [o for o in found if _folder(o[0]) == _folder(file)]
        return max((most for _, _, most in near), default=None)

    def _late(self, waiting: _Waiting) -> None:
        facts = waiting.facts
        namespace = facts.workload.get("namespace")
        file = waiting.container.file
        known: dict[str, ClaimFacts] = {}
        for volume in items(facts.pod.get("volumes")):
            name = str(mapping(volume.get("persistentVolumeClaim")).get("claimName"))
            # The file's own claims come last and count.
            for _, space, claim in sorted(self._claims.get((_folder(file), name), ()), key=lambda one: one[0] == file):
                if same(space, namespace):
                    known[name] = claim
        most = self._most(file, facts.kind, namespace, waiting.name)
        facts = replace(facts, claims=known)
        if most is not None:
            facts = replace(facts, max_replicas=most)
        for problem in storage.claims(facts):
            self._found.append(finding(problem, waiting.where.get(int(problem.at[-1]), waiting.container)))
        counts = [
            self._devices.get(
                (namespace, str(claim.get("resourceClaimTemplateName") or claim.get("resourceClaimName")))
            )
            for claim in items(facts.pod.get("resourceClaims"))
        ]
        if facts.gpus is None and counts and all(count is not None for count in counts):
            facts = replace(facts, gpus=sum(count or 0 for count in counts))
            for problem in (*pod.gpu_counts(facts), *pod.shared_memory(facts)):
                self._found.append(finding(problem, waiting.container, say=lambda _: "the claim's devices"))


def _folder(file: str) -> str:
    return file.rpartition("/")[0]


def _device_count(requests: list[dict[str, Any]]) -> int | None:
    total = 0
    for request in requests:
        exact = mapping(request.get("exactly")) or request
        count = whole(exact.get("count", 1))
        if count is None or exact.get("allocationMode", "ExactCount") != "ExactCount" or "firstAvailable" in request:
            return None
        total += count
    return total or None
