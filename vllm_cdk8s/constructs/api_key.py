"""What vLLM's API key leaves open, who else guards it, and who stands open to the world without one.

vLLM asks for the key below ``/v1`` alone: ``/metrics``, ``/invocations``, ``/pooling``, ``/tokenize`` and the like
answer anybody who reaches the port.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import cdk8s

from vllm_cdk8s.constructs.apps import place
from vllm_cdk8s.constructs.policies import ask_policies
from vllm_cdk8s.core.errors import Problem
from vllm_cdk8s.core.rules.book import KEY_GUARDS_PART, OPEN_TO_THE_WORLD
from vllm_cdk8s.core.traffic.exposure import open_to_the_world, reaches_the_world
from vllm_cdk8s.core.traffic.network_policy import guards

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from constructs import Construct, IConstruct

    from vllm_cdk8s.constructs.server_base import Server
    from vllm_cdk8s.core.pod.secret_key import SecretKey
    from vllm_cdk8s.core.server.serving import Serving
    from vllm_cdk8s.core.traffic.ingress import Ingress
    from vllm_cdk8s.core.traffic.network_policy import Wire


def note_api_key(server: Server, scope: Construct, api_key: SecretKey | None) -> None:
    """Note a server that has an API key, so that synthesis warns unless a NetworkPolicy of the app selects its pods."""
    if api_key is None:
        return

    def unguarded(policies: Sequence[Wire]) -> Problem | None:
        if KEY_GUARDS_PART.code in server.acknowledged or guards(server, policies):
            return None
        return Problem(
            what=f"it guards {server.path} below /v1 only; /metrics, /invocations, /pooling and others answer anybody "
            "who reaches the port; add a ServerNetworkPolicy, or a NetworkPolicy of your own, that selects its pods",
            rule=KEY_GUARDS_PART,
            severity="warning",
            option="api_key",
        )

    ask_policies(place(scope)[0], unguarded)


class _Exposures:
    """What leads, or may lead, from outside the cluster to the servers of one app, by server."""

    def __init__(self) -> None:
        self.found: dict[Serving, list[Callable[[], str | None]]] = {}

    def advice(self, _root: IConstruct) -> Iterator[Problem]:
        for server, questions in self.found.items():
            exposed = [answer for answer in (question() for question in questions) if answer is not None]
            if exposed and OPEN_TO_THE_WORLD.code not in server.acknowledged and not server.guarded:
                yield open_to_the_world(server.path, exposed)


def note_exposure(scope: Construct, server: Serving, by: Callable[[], str | None]) -> None:
    """Note what leads to a server from outside the cluster; synthesis warns where the server has no API key.

    Args:
        scope: whatever belongs to the app.
        server: the server.
        by: says at synthesis what leads there; None where nothing does after all.
    """
    registry = place(scope)[0]
    exposures = registry.of(_Exposures)
    if not exposures.found:
        registry.add_advice(exposures.advice)
    exposures.found.setdefault(server, []).append(by)


def note_doors(server: Server, scope: Construct, *, ingress: Ingress | None, service_type: str) -> None:
    """Note a server's own doors to the world: its Ingress, and its service where that is a LoadBalancer."""
    if ingress is not None and not ingress.authenticated:
        note_exposure(scope, server, lambda: f"Ingress {server.path}/Ingress")
    if service_type == "LoadBalancer":
        note_exposure(scope, server, lambda: _load_balancer(server))


def _load_balancer(server: Server) -> str | None:
    # Asked at synthesis, since its annotations say whether it is an internal one, and may come later.
    found = server.node.find_child("Service")
    service = (found if isinstance(found, cdk8s.ApiObject) else cdk8s.ApiObject.of(found)).to_json()
    return f"LoadBalancer {server.path}/Service" if reaches_the_world(service) else None
