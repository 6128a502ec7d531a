"""InferencePool: a server's pods, among which a gateway's endpoint picker chooses by load, in the tree."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from constructs import Construct

from vllm_cdk8s.constructs.apps import Whole, place, same_namespace
from vllm_cdk8s.constructs.custom_resource import custom_resource
from vllm_cdk8s.constructs.group_server import GroupServer
from vllm_cdk8s.constructs.server import VllmServer
from vllm_cdk8s.core.errors import Collector, InvalidOptionError, warn
from vllm_cdk8s.core.keywords import named_keywords
from vllm_cdk8s.core.kube import checks
from vllm_cdk8s.core.rules.book import BACKEND_TLS
from vllm_cdk8s.core.showing import shown
from vllm_cdk8s.core.traffic.pool import POOL_API_VERSION, pool_spec

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import cdk8s_plus_27 as kplus

    from vllm_cdk8s.constructs.server_base import Server
    from vllm_cdk8s.core.server.serving import Serving


@named_keywords
class InferencePool(Whole):
    """The pods of a server, among which an endpoint picker chooses for each request by queue, cache and adapters.

    ``InferencePool(self, "pool", server=server, endpoint_picker="llama-epp")``, and the pool as the backend of an
    `HTTPRoute`. Needs the Gateway API inference extension (1.0 or newer), a gateway that implements it, and a picker
    that is told the pool's name, such as llm-d-router's. The picker reads the pods' ``/metrics``. For a pool that
    exists already: `from_pool_name`.
    Source: https://gateway-api-inference-extension.sigs.k8s.io/reference/spec/

    Args:
        scope: the parent construct.
        id: the construct's ID, unique within its parent.
        server: the server whose pods are chosen from; of one over several nodes, those that serve.
        endpoint_picker: the picker's Service, by name or as a kplus service, in the server's namespace.
        endpoint_picker_port: the Service's port.
        failure_mode: ``FailClose`` drops requests while the picker does not answer, ``FailOpen`` sends them anywhere.
        target_ports: ports of each pod, each an endpoint of its own; None takes the server's. More than one needs the
            extension 1.2 or newer, and a gateway that passes its test for them.
        name: the name of the pool; None lets cdk8s name it.
        labels: further labels of the pool.
        annotations: annotations of the pool.

    Raises:
        InvalidOptionError: a name, port or mode is not valid.
        ConflictError: a port is there twice, or the server is in another namespace.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        server: VllmServer | GroupServer,
        endpoint_picker: str | kplus.Service,
        endpoint_picker_port: int = 9002,
        failure_mode: str = "FailClose",
        target_ports: Sequence[int] | None = None,
        name: str | None = None,
        labels: Mapping[str, str] | None = None,
        annotations: Mapping[str, str] | None = None,
    ) -> None:
        with Collector() as found:
            allowed = "a VllmServer or one over several nodes"
            found.attempt(checks.instance, "server", server, VllmServer, GroupServer, allowed=allowed)
            service: Any = endpoint_picker
            if not isinstance(service, str) and getattr(service, "kind", None) != "Service":
                what = f"{shown(service)} is not a service; allowed: a name or a kplus.Service"
                found.note(InvalidOptionError(what, option="endpoint_picker"))
            if not found.failed:
                spec = found.need(
                    pool_spec,
                    selector=server.serving_selector,
                    ports=server.serving_ports if target_ports is None else target_ports,
                    endpoint_picker=service if isinstance(service, str) else service.name,
                    endpoint_picker_port=endpoint_picker_port,
                    failure_mode=failure_mode,
                )
            own_labels = found.need(checks.label_map, "labels", labels)

        super().__init__(scope, id)
        same_namespace(scope, "InferencePool", server=server, namespace=server.namespace)
        warn_of_tls("server", server)
        self.namespace: str | None = server.namespace
        self.labels = {**server.labels, **own_labels}
        self.server: Server | None = server
        self.pool = custom_resource(
            self, scope, POOL_API_VERSION, "InferencePool", name=name, labels=self.labels, annotations=annotations,
            spec=spec,
        )  # fmt: skip
        self.name = self.pool.name if name is None else name

    @staticmethod
    def from_pool_name(scope: Construct, id: str, name: str) -> InferencePool:
        """A pool of the chart's namespace that exists already, such as one that its picker's Helm chart made.

        Args:
            scope: the parent construct.
            id: the construct's ID, unique within its parent.
            name: the pool's name.

        Raises:
            InvalidOptionError: it is not a valid name.
        """
        return _OtherPool(scope, id, checks.dns_subdomain("name", name))

    @property
    def path(self) -> str:
        """Its place in the tree."""
        return self.node.path


class _OtherPool(InferencePool):
    """A pool that makes no object of its own."""

    def __init__(self, scope: Construct, id: str, name: str) -> None:
        Construct.__init__(self, scope, id)
        self.name, self.namespace, self.labels, self.server = name, place(scope)[1], {}, None


def warn_of_tls(option: str, server: Serving) -> None:
    """Say what a gateway needs to reach a server that speaks TLS."""
    if server.scheme == "https":
        warn(
            f"{server.path} speaks TLS itself, which a gateway only does towards it with a BackendTLSPolicy for its "
            "service",
            option=option,
            rule=BACKEND_TLS,
        )
