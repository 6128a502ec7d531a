"""What vLLM's API key leaves open, who else guards it, and who stands open to the world without one.

vLLM asks for the key below ``/v1`` alone: ``/metrics``, ``/invocations``, ``/pooling``, ``/tokenize`` and the like
answer anybody who reaches the port.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vllm_cdk8s.constructs.apps import place
from vllm_cdk8s.constructs.policies import ask_policies
from vllm_cdk8s.core.engine.adapters import BARE_PATH, beyond_key, come_at_runtime
from vllm_cdk8s.core.errors import Problem
from vllm_cdk8s.core.rules.book import KEY_GUARDS_PART, OPEN_TO_THE_WORLD
from vllm_cdk8s.core.traffic.exposure import open_to_the_world
from vllm_cdk8s.core.traffic.network_policy import guards

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from constructs import Construct, IConstruct

    from vllm_cdk8s.core.server.serving import Serving
    from vllm_cdk8s.core.traffic.network_policy import Wire


def note_api_key(server: Serving, scope: Construct) -> None:
    """Note a server that has an API key, so that synthesis warns unless a NetworkPolicy of the app selects its pods."""

    def unguarded(policies: Sequence[Wire]) -> Problem | None:
        if KEY_GUARDS_PART.code in server.acknowledged or guards(server, policies):
            return None
        return Problem(
            what=f"it guards {server.path} below /v1 only; {_open_paths(server)} and others answer anybody "
            "who reaches the port; add a ServerNetworkPolicy, or a NetworkPolicy of your own, that selects its pods",
            rule=KEY_GUARDS_PART,
            severity="warning",
            option="api_key",
        )

    ask_policies(place(scope)[0], unguarded)


def _open_paths(server: Serving) -> str:
    paths = ["/metrics", "/invocations", "/pooling"]
    if come_at_runtime(server.pod_templates[0]) and beyond_key(server.engine.version):
        paths.insert(0, f"{BARE_PATH} (which loads adapters from anywhere)")
    return ", ".join(paths)


class _Exposures:
    """The routes from outside the cluster that lead to the servers of one app, by server."""

    def __init__(self) -> None:
        self.routes: dict[Serving, list[str]] = {}

    def advice(self, _root: IConstruct) -> Iterator[Problem]:
        for server, routes in self.routes.items():
            if OPEN_TO_THE_WORLD.code not in server.acknowledged | server.warned and not server.guarded:
                yield open_to_the_world(server.path, routes)


def note_route(scope: Construct, server: Serving, route: str) -> None:
    """Note a route that leads to a server from outside the cluster; synthesis warns where it has no API key."""
    registry = place(scope)[0]
    exposures = registry.of(_Exposures)
    if not exposures.routes:
        registry.add_advice(exposures.advice)
    exposures.routes.setdefault(server, []).append(route)
