"""The kplus objects of a server, made where somebody asks for them, of the same data as the plain ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cdk8s
import cdk8s_plus_27 as kplus

if TYPE_CHECKING:
    from constructs import Construct

    from vllm_cdk8s.core.kube.manifest import Manifest

_TYPES = {
    "ClusterIP": kplus.ServiceType.CLUSTER_IP,
    "NodePort": kplus.ServiceType.NODE_PORT,
    "LoadBalancer": kplus.ServiceType.LOAD_BALANCER,
}


def kplus_service(server: Construct, manifest: Manifest, pods: kplus.Pods) -> kplus.Service:
    """The Service of a manifest, in front of these pods."""
    spec = manifest.body["spec"]
    service = kplus.Service(
        server, "Service",
        metadata=_metadata(manifest),
        type=_TYPES[spec["type"]],
        ports=[
            kplus.ServicePort(
                name=port["name"], port=port["port"], target_port=port["targetPort"], node_port=port.get("nodePort")
            )
            for port in spec["ports"]
        ],
        selector=pods,
    )  # fmt: skip
    # kplus writes an empty list, of a field that Kubernetes 1.36 has deprecated.
    cdk8s.ApiObject.of(service).add_json_patch(cdk8s.JsonPatch.remove("/spec/externalIPs"))
    return service


def kplus_account(server: Construct, manifest: Manifest) -> kplus.ServiceAccount:
    """The ServiceAccount of a manifest."""
    return kplus.ServiceAccount(server, "ServiceAccount", metadata=_metadata(manifest), automount_token=False)


def _metadata(manifest: Manifest) -> cdk8s.ApiObjectMetadata:
    return cdk8s.ApiObjectMetadata(
        name=manifest.name, labels=dict(manifest.labels), annotations=dict(manifest.annotations)
    )
