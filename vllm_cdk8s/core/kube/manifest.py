"""One Kubernetes object as data: what a plan yields, the tree holds and the command line prints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

if TYPE_CHECKING:
    from collections.abc import Mapping


class Manifest(Struct, frozen=True, kw_only=True):
    """A Kubernetes object in wire form.

    Attributes:
        api_version: its ``apiVersion``.
        kind: its kind.
        name: its name.
        labels: its labels.
        annotations: its annotations.
        body: all but the metadata: ``spec``, ``data`` and the like, in the order in which they are written.
        namespaced: whether it lives in a namespace.
    """

    api_version: str
    kind: str
    name: str
    body: Mapping[str, Any]
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    namespaced: bool = True

    def wire(self, namespace: str | None = None) -> dict[str, Any]:
        """The object as it is written, metadata in the order of the alphabet as cdk8s has it."""
        metadata = {
            "annotations": dict(sorted(self.annotations.items())),
            "labels": dict(sorted(self.labels.items())),
            "name": self.name,
            "namespace": namespace if self.namespaced else None,
        }
        said = {key: value for key, value in metadata.items() if value}
        return {"apiVersion": self.api_version, "kind": self.kind, "metadata": said, **self.body}
