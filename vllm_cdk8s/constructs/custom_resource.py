"""One object of a custom resource: a plain ApiObject whose spec is set at wire level."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vllm_cdk8s.constructs.apps import name_in_tree, place
from vllm_cdk8s.constructs.tree import put
from vllm_cdk8s.core.kube import checks
from vllm_cdk8s.core.kube.manifest import Manifest

if TYPE_CHECKING:
    from collections.abc import Mapping

    import cdk8s
    from constructs import Construct


def custom_resource(
    construct: Construct,
    scope: Construct,
    api_version: str,
    kind: str,
    *,
    name: str | None,
    labels: Mapping[str, str] | None,
    annotations: Mapping[str, str] | None,
    spec: Mapping[str, Any],
    id: str = "Resource",
) -> cdk8s.ApiObject:
    """An object below a construct, its spec in wire form.

    Raises:
        InvalidOptionError: the name, a label or an annotation is not valid.
        ConflictError: another object of this kind has the name.
    """
    if name is None:
        name = name_in_tree(scope, construct.node.id, id)
    else:
        checks.dns_subdomain("name", name)
        registry, namespace = place(scope)
        registry.take_name(kind, namespace, name, construct)
    manifest = Manifest(
        api_version=api_version, kind=kind, name=name, labels=checks.label_map("labels", labels),
        annotations=checks.annotation_map("annotations", annotations), body={"spec": spec},
    )  # fmt: skip
    return put(construct, id, manifest)
