"""The namespaces that an app declares, and whether they let its servers in: one check for the whole app."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import cdk8s

if TYPE_CHECKING:
    from collections.abc import Iterator

    from constructs import IConstruct

ENFORCE_LABEL = "pod-security.kubernetes.io/enforce"
# From the strictest on; a namespace lets in what is at least as strict as it enforces.
LEVELS = ("restricted", "baseline", "privileged")


def level_findings(root: IConstruct) -> list[str]:
    """What the namespaces of the tree would refuse of its servers' pods.

    A namespace without the label leaves the level to the cluster, so there only a server that drops caches is refused,
    which must not run where nobody allowed it.
    """
    constructs = root.node.find_all()
    servers: list[Any] = [construct for construct in constructs if getattr(type(construct), "has_pods", False)]
    if not servers:
        return []
    known = {id(server.workload) for server in servers}  # no need to ask what they are
    declared = {namespace.name: namespace for namespace in _namespaces(constructs) if id(namespace) not in known}
    return [finding for server in servers for finding in _findings(server, declared.get(server.namespace))]


def _findings(server: Any, namespace: cdk8s.ApiObject | None) -> Iterator[str]:
    if namespace is None:
        return
    enforced = namespace.to_json().get("metadata", {}).get("labels", {}).get(ENFORCE_LABEL)
    where = f"namespace {namespace.name!r} ({namespace.node.path})"
    if server.drop_cache is not None:
        if enforced != "privileged":
            yield (
                f"drop_cache: server {server.node.path} needs privileged pods, but {where} does not let them in; "
                "declare it as a PrivilegedNamespace"
            )
    elif enforced in LEVELS:
        level = server.pod_security_level
        if LEVELS.index(level) > LEVELS.index(enforced):
            remedy = "non_root=NonRoot() and " if enforced == "restricted" else ""
            yield (
                f"pod_security_level: the pods of server {server.node.path} are {level}, but {where} enforces "
                f"{enforced}; allowed: {remedy}volumes and containers that keep to it, or a namespace that lets them in"
            )


def _namespaces(constructs: list[Any]) -> Iterator[cdk8s.ApiObject]:
    for construct in constructs:
        # A typed object says its kind by its class; only of a plain one jsii must be asked.
        typed = type(construct).__name__
        if isinstance(construct, cdk8s.ApiObject) and (
            typed == "KubeNamespace" or (typed == "ApiObject" and construct.kind == "Namespace")
        ):
            yield construct
