"""Router: production-stack's router before several servers, without a gateway, in the tree."""

from __future__ import annotations

from functools import cached_property, partial
from typing import TYPE_CHECKING

import cdk8s
import cdk8s_plus_27 as kplus

from vllm_cdk8s.constructs.apps import Whole, place, take_whole_name
from vllm_cdk8s.constructs.peers import let_in, policy_of
from vllm_cdk8s.constructs.policies import ask_policies
from vllm_cdk8s.constructs.server_base import Server
from vllm_cdk8s.constructs.tree import put
from vllm_cdk8s.core.errors import Collector
from vllm_cdk8s.core.keywords import named_keywords
from vllm_cdk8s.core.kube import checks
from vllm_cdk8s.core.kube.wire import sequence
from vllm_cdk8s.core.pod.resources import Resources
from vllm_cdk8s.core.traffic.network_policy import checked_peers
from vllm_cdk8s.core.traffic.router import (
    PORT_NAME,
    ROUTER_IMAGE,
    ROUTER_PORT,
    RouterPlan,
    kept_out,
    router_selector,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from constructs import Construct

_KINDS = ("ServiceAccount", "Role", "RoleBinding", "Service", "Deployment", "NetworkPolicy")


@named_keywords
class Router(Whole):
    """production-stack's router before several servers: one address for all their models, without a gateway.

    ``Router(self, "router", servers=[qwen, llama], clients=["web"])``. It reads the model out of each request, and
    sends it to a server that has it; servers of one model share its requests. Makes a Deployment, a Service and a
    NetworkPolicy; to find pods also a ServiceAccount, a Role and a RoleBinding, which let it read the pods of its
    namespace and nothing else.

    Found by their Services (``discovery="static"``) servers may be in any namespace, and a router chooses among servers
    but not among the pods of one, which is its Service's to do. Found by their pods (``"pods"``) the router chooses
    among all pods of all servers, which must be in its own namespace, at one port, and with one API key.

    It forwards what clients send, API keys among it, and asks for none itself; and whoever reaches it reads its
    ``/metrics`` and lists its backends: let ``clients`` in and nobody else. Its image is for amd64 alone, and runs as
    an ordinary user with a read-only root filesystem.
    Source: https://docs.vllm.ai/projects/production-stack/en/latest/

    Attributes:
        service: the Service that clients use.
        deployment: the Deployment.
        name: the name of all the router's objects.

    Args:
        scope: the parent construct.
        id: the construct's ID, unique within its parent.
        servers: the servers that it sends requests to.
        routing: how it chooses among those that have the model: ``roundrobin``; ``session``, the same one for the same
            value of a header; ``prefixaware``, the one that was sent the longest beginning of the prompt before.
        session_key: the header that names a session; with ``routing="session"`` alone.
        discovery: ``static`` for the servers' Services, ``pods`` for their pods.
        aliases: further names of models, with the name that each stands for; with ``discovery="static"`` alone.
        health_checks: a request that each backend must answer once a minute to be used: ``chat``, ``completion``,
            ``embeddings`` and so on; None trusts the Services. With ``discovery="static"``, and servers without an API
            key, alone.
        clients: who may reach the router: kplus peers, or names of namespaces for all their pods. Without any, there
            is no NetworkPolicy.
        port: the port of its Service.
        replicas: routers, each of which serves.
        resources: requests and limits of the router.
        image: the router's image.
        name: the name of the router's objects; None lets cdk8s name them.
        labels: further labels of the objects.

    Raises:
        InvalidOptionError: a value is wrong by itself.
        ConflictError: the router could not start, would not find a server, or could not choose as it is told to.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        servers: Sequence[Server],
        routing: str = "roundrobin",
        session_key: str | None = None,
        discovery: str = "static",
        aliases: Mapping[str, str] | None = None,
        health_checks: str | None = None,
        clients: Sequence[kplus.INetworkPolicyPeer | str] = (),
        port: int = ROUTER_PORT,
        replicas: int = 1,
        resources: Resources | None = None,
        image: str = ROUTER_IMAGE,
        name: str | None = None,
        labels: Mapping[str, str] | None = None,
    ) -> None:
        registry, namespace = place(scope)
        with Collector() as found:
            chosen = found.need(sequence, "servers", servers)
            for index, server in enumerate(chosen or ()):
                allowed = "a VllmServer or another of this package"
                found.attempt(checks.instance, f"servers[{index}]", server, Server, allowed=allowed)
            if found.sound("servers"):
                plan = found.need(
                    RouterPlan, servers=chosen, namespace=namespace, image=image, routing=routing,
                    session_key=session_key, discovery=discovery, aliases={} if aliases is None else aliases,
                    health_checks=health_checks, replicas=replicas,
                    resources=Resources() if resources is None else resources,
                )  # fmt: skip
            peers = checked_peers(found, clients=clients)["clients"]
            found.attempt(checks.port, "port", port)
            own_labels = found.need(checks.label_map, "labels", labels or {})
            found.given(checks.server_name, "name", name)

        super().__init__(scope, id)
        self.name: str = take_whole_name(self, scope, id, name=name, kinds=_KINDS)
        self.labels = {**own_labels, **router_selector(self.name)}
        self.namespace, self.port = namespace, port
        made = plan.manifests(name=self.name, labels=self.labels)
        objects = {key: put(self, key, manifest, within=scope) for key, manifest in made.items()}
        self.deployment: cdk8s.ApiObject = objects["Resource"]
        self.service = kplus.Service(
            self, "Service", selector=self.pods,
            metadata=cdk8s.ApiObjectMetadata(name=self.name, labels=self.labels),
            ports=[kplus.ServicePort(name=PORT_NAME, port=port, target_port=ROUTER_PORT)],
        )  # fmt: skip
        self.policy: kplus.NetworkPolicy | None = None
        if peers:
            metadata = cdk8s.ApiObjectMetadata(name=name, labels=self.labels)
            rules = let_in(self, "client", peers, [kplus.NetworkPolicyPort.tcp(ROUTER_PORT)])
            self.policy = policy_of(self, rules, pods=self.pods, metadata=metadata)
        path = self.node.path
        for server in chosen:
            ask_policies(registry, partial(kept_out, server, self.labels, path=path, namespace=namespace))

    @cached_property
    def pods(self) -> kplus.Pods:
        """The router's pods, for the ``clients`` and ``scrapers`` of the servers' own NetworkPolicies."""
        return kplus.Pods.select(self, "Pods", labels=router_selector(self.name))

    @property
    def url(self) -> str:
        """Where clients in the cluster reach it; without a namespace, those of its own."""
        host = self.name if self.namespace is None else f"{self.name}.{self.namespace}"
        return f"http://{host}:{self.port}"
