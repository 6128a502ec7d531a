"""The objects in front of a server and beneath it: its Service and its ServiceAccount."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct

from vllm_cdk8s.core.errors import Collector, ConflictError, mention, warn
from vllm_cdk8s.core.kube import checks
from vllm_cdk8s.core.kube.manifest import Manifest
from vllm_cdk8s.core.pod.health import PORT_NAME
from vllm_cdk8s.core.server.options import SERVICE_TYPES

if TYPE_CHECKING:
    from collections.abc import Mapping

_NODE_PORTS = (1, 65535)  # the range is the cluster's
# https://kubernetes.io/docs/concepts/services-networking/service/#type-nodeport
_USUAL_NODE_PORTS = range(30000, 32768)


class ServiceOptions(Struct, frozen=True, kw_only=True):
    """What was said of a server's Service.

    Attributes:
        type: its type by its Kubernetes name.
        port: its port.
        node_port: the port of every node; None lets Kubernetes choose.
        annotations: its annotations.
    """

    type: str
    port: int
    node_port: int | None
    annotations: Mapping[str, str]

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> ServiceOptions:
        """The options of a server's that are its Service's.

        Raises:
            InvalidOptionError: one is wrong by itself.
            ConflictError: a node port without a service that has one.
        """
        with Collector() as found:
            kind = found.need(checks.one_of, "service_type", said["service_type"], SERVICE_TYPES, what="a service type")
            node_port = said.get("node_port")
            found.given(_check_node_port, "node_port", node_port, kind)
            port = found.need(checks.port, "service_port", said["service_port"])
            annotations = found.need(checks.annotation_map, "service_annotations", said.get("service_annotations", {}))
        return cls(type=kind, port=port, node_port=node_port, annotations=annotations)

    def manifest(
        self, name: str, *, labels: Mapping[str, str], selector: Mapping[str, str], target_port: int
    ) -> Manifest:
        """The Service."""
        port = {"name": PORT_NAME, "nodePort": self.node_port, "port": self.port, "targetPort": target_port}
        return Manifest(
            api_version="v1",
            kind="Service",
            name=name,
            labels=labels,
            annotations=self.annotations,
            body={
                "spec": {
                    "ports": [{key: value for key, value in port.items() if value is not None}],
                    "selector": dict(sorted(selector.items())),
                    "type": self.type,
                }
            },
        )


def _check_node_port(option: str, node_port: object, kind: str | None) -> None:
    least, most = _NODE_PORTS
    port = checks.integer(option, node_port, minimum=least, maximum=most)
    if kind == "ClusterIP":
        raise ConflictError(
            f"{port} needs a service of type NodePort or LoadBalancer; say {mention('service_type=')}", option=option
        )
    if port not in _USUAL_NODE_PORTS:
        warn(
            f"{port} is not among {_USUAL_NODE_PORTS[0]} to {_USUAL_NODE_PORTS[-1]}, and the API server refuses "
            "others unless the cluster's --service-node-port-range has them",
            option=option,
        )


def service_account(name: str, *, labels: Mapping[str, str]) -> Manifest:
    """A ServiceAccount that may do nothing, and of which no token is mounted."""
    return Manifest(
        api_version="v1", kind="ServiceAccount", name=name, labels=labels, body={"automountServiceAccountToken": False}
    )
