"""A server's Ingress in the tree."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cdk8s
import cdk8s_plus_27 as kplus

if TYPE_CHECKING:
    from collections.abc import Mapping

    from constructs import Construct

    from vllm_cdk8s.core.traffic.ingress import Ingress

_PATH_TYPES = {
    "Prefix": kplus.HttpIngressPathType.PREFIX,
    "Exact": kplus.HttpIngressPathType.EXACT,
    "ImplementationSpecific": kplus.HttpIngressPathType.IMPLEMENTATION_SPECIFIC,
}


def add_ingress(
    ingress: Ingress, scope: Construct, *, service: kplus.Service, name: str | None, labels: Mapping[str, str]
) -> kplus.Ingress:
    """Make the kplus Ingress of a service."""
    backend = kplus.IngressBackend.from_service(service)
    said = [(host.host, path) for host in ingress.ingress_hosts() for path in host.ingress_paths()]
    # One path of a host for each type is Kubernetes' rule; kplus takes each path once, so the others come by a patch.
    once = {(host, path.path): path.path_type for host, path in reversed(said)}
    rules = [
        kplus.IngressRule(host=host, path=path.path, path_type=_PATH_TYPES[path.path_type], backend=backend)
        for host, path in said
        if once[host, path.path] == path.path_type
    ]
    tls = [
        kplus.IngressTls(
            hosts=list(entry.hosts) or None,
            secret=kplus.Secret.from_secret_name(scope, f"Tls{index}", entry.secret_name),
        )
        for index, entry in enumerate(ingress.tls)
    ]
    made = kplus.Ingress(
        scope,
        "Ingress",
        metadata=cdk8s.ApiObjectMetadata(name=name, labels=dict(labels), annotations=dict(ingress.annotations)),
        class_name=ingress.class_name,
        rules=rules,
        tls=tls,
    )
    if len(rules) < len(said):
        spec = ingress.spec(service_name=service.name, service_port=int(service.port))
        cdk8s.ApiObject.of(made).add_json_patch(cdk8s.JsonPatch.replace("/spec/rules", spec["rules"]))
    return made
