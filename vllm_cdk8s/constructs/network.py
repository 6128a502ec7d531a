"""Who reaches a server, and whom it reaches: a NetworkPolicy that admits the named ones only, in the tree."""

from __future__ import annotations

from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING, cast

import cdk8s
import cdk8s_plus_27 as kplus

from vllm_cdk8s.constructs.apps import Whole, place, same_namespace
from vllm_cdk8s.constructs.monitoring import monitors_of
from vllm_cdk8s.constructs.peers import let_in, peer_of
from vllm_cdk8s.constructs.server_base import Server
from vllm_cdk8s.core.errors import Collector, InvalidOptionError, Problem
from vllm_cdk8s.core.keywords import named_keywords
from vllm_cdk8s.core.kube import checks
from vllm_cdk8s.core.kube.wire import sequence
from vllm_cdk8s.core.rules.book import KEPT_OUT
from vllm_cdk8s.core.traffic.network_policy import DNS_PORT, Egress, checked_peers

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from constructs import Construct


@named_keywords
class ServerNetworkPolicy(Whole):
    """Admit named clients and scrapers to a server's port, and nobody else.

    ``ServerNetworkPolicy(self, "policy", server=server, clients=[web], scrapers=["monitoring"])``. vLLM's API key
    guards ``/v1`` alone; this guards the port, whatever the path. A multi-node server's pods reach each other on every
    port, since NCCL chooses its own. The kubelet's probes are always let in. Needs a network plugin that enforces
    policies; where none does, everything stays open.
    Source: https://kubernetes.io/docs/concepts/services-networking/network-policies/

    Args:
        scope: the parent construct.
        id: the construct's ID, unique within its parent.
        server: the server.
        clients: who may send requests: kplus peers (``kplus.Pods``, workloads, ``kplus.Namespaces``,
            ``kplus.NetworkPolicyIpBlock``), or names of namespaces for all their pods. A gateway or an ingress
            controller in front of the server is its client, and so is a LoadBalancer's source.
        scrapers: who may read the metrics, such as Prometheus or an endpoint picker, given like ``clients``.
        egress: where the pods may connect to besides the cluster's DNS; None restricts nothing, and ``[Egress()]`` lets
            them download models.
        name: the name of the policy; None lets cdk8s name it.
        labels: further labels of the policy.
        annotations: annotations of the policy.

    Raises:
        InvalidOptionError: a peer is of another type, or nobody is let in.
        ConflictError: the server is in another namespace.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        server: Server,
        clients: Sequence[kplus.INetworkPolicyPeer | str] = (),
        scrapers: Sequence[kplus.INetworkPolicyPeer | str] = (),
        egress: Sequence[Egress] | None = None,
        name: str | None = None,
        labels: Mapping[str, str] | None = None,
        annotations: Mapping[str, str] | None = None,
    ) -> None:
        with Collector() as found:
            found.attempt(checks.instance, "server", server, Server, allowed="a VllmServer")
            admitted = checked_peers(found, clients=clients, scrapers=scrapers)
            if found.sound(*admitted) and not any(admitted.values()):
                what = "is empty, as are scrapers, so nobody could reach the server"
                found.note(InvalidOptionError(what, option="clients"))
            ways_out = found.given(sequence, "egress", egress)
            for index, way in enumerate(ways_out or ()):
                allowed = 'Egress() or Egress(to="cache", ports=[6379])'
                found.attempt(checks.instance, f"egress[{index}]", way, Egress, allowed=allowed)
            own_labels = found.need(checks.label_map, "labels", labels)
            own_annotations = found.need(checks.annotation_map, "annotations", annotations)
            found.given(checks.dns_subdomain, "name", name)

        super().__init__(scope, id)
        same_namespace(scope, "NetworkPolicy", server=server, namespace=server.namespace)
        if name is not None:
            registry, namespace = place(scope)
            registry.take_name("NetworkPolicy", namespace, name, self)
        port = [kplus.NetworkPolicyPort.tcp(each) for each in server.serving_ports]
        ingress = [rule for option, peers in admitted.items() for rule in let_in(self, option, peers, port)]
        if not admitted["scrapers"]:
            registry, _ = place(scope)
            registry.add_advice(lambda _root: self._unscraped(server))
        together = server.companions or ((server,) if server.nodes > 1 else ())
        among_themselves = [kplus.NetworkPolicyRule(peer=other.pods) for other in together]
        deny = kplus.NetworkPolicyTrafficDefault.DENY
        outwards = None
        if ways_out is not None:
            rules = [*self._dns(), *among_themselves, *chain(*(self._way_out(*way) for way in enumerate(ways_out)))]
            outwards = kplus.NetworkPolicyTraffic(default=deny, rules=rules)
        self.policy = kplus.NetworkPolicy(
            self,
            "Resource",
            metadata=cdk8s.ApiObjectMetadata(
                name=name, labels={**server.labels, **own_labels}, annotations=own_annotations
            ),
            selector=server.pods,
            ingress=kplus.NetworkPolicyTraffic(default=deny, rules=[*ingress, *among_themselves]),
            egress=outwards,
        )

    def _unscraped(self, server: Server) -> list[Problem]:
        # Asked at synthesis, since a monitor may have been made after the policy.
        paths = ", ".join(monitor.node.path for monitor in monitors_of(server))
        if not paths:
            return []
        what = (
            f"{self.node.path} names none, so that Prometheus, which {paths} sends to {server.path}, may be kept out; "
            "name its namespace or its pods here, even if they are among the clients"
        )
        return [Problem(what=what, rule=KEPT_OUT, severity="warning", option="scrapers")]

    @cached_property
    def _everybody(self) -> list[kplus.INetworkPolicyPeer]:
        # Network plugins differ in whether an address block holds pods too, so pods are named beside it.
        return [
            kplus.Namespaces.all(self, "all-pods"),
            kplus.NetworkPolicyIpBlock.any_ipv4(self, "all-ipv4"),
            kplus.NetworkPolicyIpBlock.any_ipv6(self, "all-ipv6"),
        ]

    def _dns(self) -> list[kplus.NetworkPolicyRule]:
        # The cluster's DNS is pods in most clusters and an address of the node in others.
        ports = [kplus.NetworkPolicyPort.udp(DNS_PORT), kplus.NetworkPolicyPort.tcp(DNS_PORT)]
        return [kplus.NetworkPolicyRule(peer=peer, ports=ports) for peer in self._everybody]

    def _way_out(self, index: int, way: Egress) -> list[kplus.NetworkPolicyRule]:
        peers = (
            self._everybody
            if way.to is None
            else [peer_of(self, f"egress-{index}", cast("kplus.INetworkPolicyPeer | str", way.to))]
        )
        ports = [kplus.NetworkPolicyPort.tcp(port) for port in way.ports]
        return [kplus.NetworkPolicyRule(peer=peer, ports=ports) for peer in peers]
