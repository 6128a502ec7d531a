"""NetworkPolicy: who reaches a server, whom it reaches, and what the policies of an app say of both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from vllm_cdk8s.core.errors import Collector, InvalidOptionError
from vllm_cdk8s.core.keywords import named_keywords
from vllm_cdk8s.core.kube import checks
from vllm_cdk8s.core.kube.wire import sequence
from vllm_cdk8s.core.rules.book import KEPT_OUT
from vllm_cdk8s.core.showing import shown

if TYPE_CHECKING:
    from vllm_cdk8s.core.server.serving import Serving

Wire = Mapping[str, Any]
DNS_PORT = 53
_HTTPS_PORT = 443
# The label that Kubernetes gives each namespace. What other labels a namespace has, nobody here knows.
_NAMESPACE_LABEL = "kubernetes.io/metadata.name"


class Peer(Protocol):
    """Whom a policy may name: a ``kplus.INetworkPolicyPeer``."""

    def to_network_policy_peer_config(self) -> Any:
        """What a policy says of it."""


@named_keywords
@dataclass(frozen=True, kw_only=True, slots=True)
class Egress:
    """Where the pods may connect to: ``Egress()`` is HTTPS to anywhere, ``Egress(to="cache", ports=[6379])`` is Redis.

    Args:
        to: a kplus peer, or the name of a namespace for all its pods; None is everybody, inside the cluster and
            outside of it.
        ports: TCP ports.

    Raises:
        InvalidOptionError: the peer is not one, a port is out of range, or there is no port.
    """

    to: Peer | str | None = None
    ports: Sequence[int] = (_HTTPS_PORT,)

    def __post_init__(self) -> None:
        checks.plain_fields(self)
        with Collector() as found:
            found.given(check_peer, "egress.to", self.to)
            ports = found.attempt(sequence, "egress.ports", self.ports)
            if ports is not None and not ports:
                found.note(InvalidOptionError("has no port; allowed: at least one", option="egress.ports"))
            for port in ports or ():
                found.attempt(checks.port, "egress.ports", port)


def checked_peers(found: Collector, **options: object) -> dict[str, list[Any]]:
    """The peers of each option; what is wrong with one is noted."""
    named = {option: found.need(sequence, option, value) for option, value in options.items()}
    for option, peers in named.items():
        for index, peer in enumerate(peers or ()):
            found.attempt(check_peer, f"{option}[{index}]", peer)
    return named


def check_peer(option: str, peer: object) -> None:
    """Refuse what no policy can name.

    Raises:
        InvalidOptionError: it is neither a peer of kplus nor the name of a namespace.
    """
    if isinstance(peer, str):
        checks.dns_label(option, peer)
    elif not hasattr(peer, "to_network_policy_peer_config"):
        path = getattr(getattr(peer, "node", None), "path", None)
        pods = f"; {path} has some, its .pods" if path is not None and hasattr(type(peer), "pods") else ""
        raise InvalidOptionError(
            f"{path or shown(peer)} is not a peer{pods}; allowed: kplus.Pods, a kplus workload, kplus.Namespaces, "
            "kplus.NetworkPolicyIpBlock, or the name of a namespace",
            option=option,
        )


def guards(server: Serving, policies: Sequence[Wire]) -> list[Wire]:
    """The policies that keep everybody whom they do not name from a server's pods, or may do so."""
    labels: Mapping[str, str] = server.pod_templates[0]["metadata"]["labels"] if policies else {}
    return [
        policy
        for policy in policies
        if policy["metadata"].get("namespace") == server.namespace
        and "Ingress" in policy["spec"].get("policyTypes", ["Ingress"])
        and _may_select(policy["spec"].get("podSelector"), labels)
    ]


def keeping_out(
    server: Serving, labels: Mapping[str, str], policies: Sequence[Wire], *, namespace: str | None
) -> str | None:
    """The names of the policies that keep pods of these labels from a server.

    None where none does, or where the server's user has acknowledged that.
    """
    closed = guards(server, policies)
    if not closed or KEPT_OUT.code in server.acknowledged:
        return None
    if any(may_admit(policy, namespace, labels, server.port) for policy in closed):
        return None
    return ", ".join(repr(policy["metadata"]["name"]) for policy in closed)


def may_admit(policy: Wire, namespace: str | None, labels: Mapping[str, str], port: int) -> bool:
    """Whether a policy lets, or may let, pods of that namespace with these labels in to a port.

    Addresses, names of ports, expressions, and labels of namespaces other than their names are taken to fit.
    """
    own = policy["metadata"].get("namespace")
    return any(
        _may_be(peer, own, namespace, labels)
        for rule in policy["spec"].get("ingress") or []
        if any(_may_be_port(each, port) for each in rule.get("ports") or [{}])
        for peer in rule.get("from") or [{"ipBlock": {}}]
    )


def _may_be_port(wire: Wire, port: int) -> bool:
    number = wire.get("port")
    return not isinstance(number, int) or number <= port <= wire.get("endPort", number)


def _may_be(peer: Wire, own: str | None, namespace: str | None, labels: Mapping[str, str]) -> bool:
    if "ipBlock" in peer:
        return True
    named = peer.get("namespaceSelector")
    wanted = own if named is None else (named.get("matchLabels") or {}).get(_NAMESPACE_LABEL, namespace)
    within = wanted == namespace or (named is not None and namespace is None)
    return within and _may_select(peer.get("podSelector"), labels)


def _may_select(selector: Wire | None, labels: Mapping[str, str]) -> bool:
    wanted: Mapping[str, str] = (selector or {}).get("matchLabels") or {}
    return wanted.items() <= labels.items()
