"""What vLLM's API key leaves open, and who else guards it.

vLLM asks for the key below ``/v1`` alone: ``/metrics``, ``/invocations``, ``/pooling``, ``/tokenize`` and the like
answer anybody who reaches the port.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vllm_cdk8s.constructs.admission import ask_policies, guards
from vllm_cdk8s.constructs.apps import place

if TYPE_CHECKING:
    from collections.abc import Sequence

    from constructs import Construct

    from vllm_cdk8s.constructs.admission import Wire
    from vllm_cdk8s.constructs.server_base import Server
    from vllm_cdk8s.core.pod.secret_key import SecretKey


def note_api_key(server: Server, scope: Construct, api_key: SecretKey | None) -> None:
    """Note a server that has an API key, so that synthesis warns unless a NetworkPolicy of the app selects its pods."""
    if api_key is None:
        return

    def unguarded(policies: Sequence[Wire]) -> str | None:
        if guards(server, policies):
            return None
        return (
            f"api_key: it guards {server.node.path} below /v1 only; /metrics, /invocations, /pooling and others "
            "answer anybody who reaches the port; add a ServerNetworkPolicy, or a NetworkPolicy of your own, that "
            "selects its pods"
        )

    ask_policies(place(scope)[0], unguarded)
