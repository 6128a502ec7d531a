"""The account of a program that asks the API server, and what it may ask."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vllm_cdk8s.core.kube.manifest import Manifest
from vllm_cdk8s.core.kube.wire import prune

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_GROUP = "rbac.authorization.k8s.io"


def account_with_rights(
    name: str, *, namespace: str | None, labels: Mapping[str, str], rules: Sequence[Mapping[str, Any]]
) -> dict[str, Manifest]:
    """A ServiceAccount with a Role in its own namespace, by their places in the tree, all of one name."""
    account = prune({"kind": "ServiceAccount", "name": name, "namespace": namespace})
    binding = {"roleRef": {"apiGroup": _GROUP, "kind": "Role", "name": name}, "subjects": [account]}
    bodies: dict[str, tuple[str, dict[str, Any]]] = {
        "ServiceAccount": ("v1", {}),
        "Role": (f"{_GROUP}/v1", {"rules": list(rules)}),
        "RoleBinding": (f"{_GROUP}/v1", binding),
    }
    return {
        kind: Manifest(api_version=api_version, kind=kind, name=name, labels=labels, body=body)
        for kind, (api_version, body) in bodies.items()
    }
