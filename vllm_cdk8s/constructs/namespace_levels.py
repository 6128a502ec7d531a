"""The namespaces that an app declares, and whether they let its servers in: one check for the whole app."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vllm_cdk8s.constructs.tree import objects_of
from vllm_cdk8s.core.namespaces.levels import ENFORCE_LABEL, refused

if TYPE_CHECKING:
    from collections.abc import Iterator

    import cdk8s
    from constructs import IConstruct


def level_findings(root: IConstruct) -> list[str]:
    """What the namespaces of the tree would refuse of its servers' pods."""
    constructs = root.node.find_all()
    servers: list[Any] = [construct for construct in constructs if getattr(type(construct), "has_pods", False)]
    if not servers:
        return []
    declared = {namespace.name: namespace for namespace in objects_of(constructs, "Namespace")}
    return [finding for server in servers for finding in _findings(server, declared.get(server.namespace))]


def _findings(server: Any, namespace: cdk8s.ApiObject | None) -> Iterator[str]:
    if namespace is None:
        return
    metadata = namespace.to_json().get("metadata") or {}
    enforced = (metadata.get("labels") or {}).get(ENFORCE_LABEL)
    if enforced is None and server.drop_cache is None:
        return
    problems = refused(
        server.node.path, level=server.pod_security_level, drops_caches=server.drop_cache is not None,
        namespace=f"namespace {namespace.name!r} ({namespace.node.path})", enforced=enforced,
    )  # fmt: skip
    yield from map(str, problems)
