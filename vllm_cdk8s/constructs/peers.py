"""Whom a NetworkPolicy lets in: peers of kplus, or namespaces by their names, in the tree."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cdk8s_plus_27 as kplus

if TYPE_CHECKING:
    from collections.abc import Sequence

    import cdk8s
    from constructs import Construct


def peer_of(scope: Construct, id: str, peer: kplus.INetworkPolicyPeer | str) -> kplus.INetworkPolicyPeer:
    """A peer; where it is the name of a namespace, all pods of that, which stand in the tree by this id."""
    return kplus.Namespaces.select(scope, id, names=[peer]) if isinstance(peer, str) else peer


def let_in(
    scope: Construct,
    id: str,
    peers: Sequence[kplus.INetworkPolicyPeer | str],
    ports: Sequence[kplus.NetworkPolicyPort],
) -> list[kplus.NetworkPolicyRule]:
    """A rule for each peer, which lets it in at these ports; what is made for them has the id and a number."""
    return [
        kplus.NetworkPolicyRule(peer=peer_of(scope, f"{id}-{index}", peer), ports=ports)
        for index, peer in enumerate(peers)
    ]


def policy_of(
    scope: Construct,
    rules: Sequence[kplus.NetworkPolicyRule],
    *,
    pods: kplus.Pods,
    metadata: cdk8s.ApiObjectMetadata,
) -> kplus.NetworkPolicy:
    """The NetworkPolicy of a construct, whose pods are reached as these rules say and by nobody else."""
    deny = kplus.NetworkPolicyTrafficDefault.DENY
    return kplus.NetworkPolicy(
        scope, "Policy", selector=pods, metadata=metadata,
        ingress=kplus.NetworkPolicyTraffic(default=deny, rules=rules),
    )  # fmt: skip
