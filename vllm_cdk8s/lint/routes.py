"""HTTPRoutes in anybody's manifests: ports that a Service does not have, and models that a server does not have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vllm_cdk8s.core.errors import Problem, nearest
from vllm_cdk8s.core.rules import book
from vllm_cdk8s.core.traffic.gateway import MODEL_HEADER
from vllm_cdk8s.lint.finding import place
from vllm_cdk8s.lint.network import chosen_by
from vllm_cdk8s.lint.pods import items, mapping
from vllm_cdk8s.lint.records import Backend, beside, same

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from vllm_cdk8s.lint.documents import Document
    from vllm_cdk8s.lint.finding import Place
    from vllm_cdk8s.lint.records import Known


def backends_of(document: Document) -> Iterator[Backend]:
    """The Services to which an HTTPRoute sends requests."""
    spec = mapping(document.data.get("spec"))
    for number, rule in enumerate(items(spec.get("rules"))):
        # A filter may change the header after it was matched.
        models = () if rule.get("filters") else tuple(_models(rule))
        for index, reference in enumerate(items(rule.get("backendRefs"))):
            if reference.get("kind", "Service") != "Service" or reference.get("group") or not reference.get("name"):
                continue
            yield Backend(
                where=place(document, ("spec", "rules", number, "backendRefs", index)),
                namespace=reference.get("namespace") or document.namespace,
                service=str(reference["name"]),
                port=reference.get("port"),
                models=() if reference.get("weight") == 0 or reference.get("filters") else models,
            )


def _models(rule: dict[str, Any]) -> Iterator[str]:
    for match in items(rule.get("matches")):
        for header in items(match.get("headers")):
            exact = header.get("type", "Exact") == "Exact"
            if exact and str(header.get("name")).lower() == MODEL_HEADER.lower() and header.get("value"):
                yield str(header["value"])


def routes(known: Known) -> Iterator[tuple[Problem, Place]]:
    """Routes to a port that the Service does not have, or for a model that no pod of it has."""
    for backend in known.backends:
        named = [s for s in known.services if s.name == backend.service and same(s.namespace, backend.namespace)]
        services = beside(backend.where, named)
        pods = chosen_by(services[0], known) if len(services) == 1 else []
        if not pods or not all(record.servers for record in pods):
            continue
        ports = {number for _, number, _ in services[0].ports}
        if isinstance(backend.port, int) and backend.port not in ports:
            yield (
                Problem(
                    what=f"{services[0].label} has no port {backend.port}",
                    rule=book.NOBODY_LISTENS,
                    option="backendRefs.port",
                ),
                backend.where,
            )
        servers = [server for record in pods for server in record.servers]
        if any(server.names is None for server in servers):
            continue
        names = {name for server in servers for name in server.names or ()}
        for model in backend.models:
            if model not in names:
                yield (
                    Problem(
                        what=f"requests for {model!r} are answered 404 by {pods[0].where.name}"
                        f"{nearest(model, names)}; it serves {', '.join(sorted(names))}",
                        rule=book.OTHER_MODEL,
                        option="backendRefs",
                    ),
                    backend.where,
                )
