"""What vLLM's API key leaves open, and who else guards it.

vLLM asks for the key below ``/v1`` alone: ``/metrics``, ``/invocations``, ``/pooling``, ``/tokenize`` and the like
answer anybody who reaches the port.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import cdk8s

from vllm_cdk8s.apps import AppRegistry, place

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from constructs import Construct, IConstruct

    from vllm_cdk8s.secret_key import SecretKey

_Server = tuple["Construct", "str | None", "Mapping[str, str]"]
_noted: WeakKeyDictionary[AppRegistry, list[_Server]] = WeakKeyDictionary()


def note_api_key(server: Construct, scope: Construct, selector: Mapping[str, str], api_key: SecretKey | None) -> None:
    """Note a server that has an API key, so that synthesis warns unless a NetworkPolicy of the app selects its pods."""
    if api_key is None:
        return
    registry, namespace = place(scope)
    servers = _noted.get(registry)
    if servers is None:
        servers = _noted[registry] = []
        # One walk over the tree for all servers of the app.
        registry.add_advice(lambda root: _unguarded(root, servers))
    servers.append((server, namespace, selector))


def _unguarded(root: IConstruct, servers: list[_Server]) -> Iterator[str]:
    waiting = list(servers)
    policies = [policy.to_json() for policy in _of_kind(root, "NetworkPolicy")] if waiting else []
    for noted in waiting:
        server, namespace, selector = noted
        if not any(_guards(policy, namespace, selector) for policy in policies):
            yield (
                f"api_key: it guards {server.node.path} below /v1 only; /metrics, /invocations, /pooling and others "
                "answer anybody who reaches the port; add a ServerNetworkPolicy, or a NetworkPolicy of your own, that "
                "selects its pods"
            )
        # Said, or guarded: cdk8s validates once for each chart, and the tree is walked for what is new alone.
        servers.remove(noted)


def _of_kind(root: IConstruct, kind: str) -> list[cdk8s.ApiObject]:
    found = (construct for construct in root.node.find_all() if isinstance(construct, cdk8s.ApiObject))
    return [construct for construct in found if construct.kind == kind]


def _guards(policy: Mapping[str, Any], namespace: str | None, labels: Mapping[str, str]) -> bool:
    spec = policy.get("spec", {})
    wanted = spec.get("podSelector", {}).get("matchLabels", {})
    return (
        policy.get("metadata", {}).get("namespace") == namespace
        and "Ingress" in spec.get("policyTypes", ["Ingress"])
        and wanted.items() <= labels.items()
    )
