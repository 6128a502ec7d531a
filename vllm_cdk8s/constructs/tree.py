"""Putting manifests into the tree: the one place where the core's data become objects of cdk8s."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import cdk8s

from vllm_cdk8s.constructs.apps import place
from vllm_cdk8s.core.errors import InvalidOptionError
from vllm_cdk8s.core.kube import checks
from vllm_cdk8s.core.kube.text import unwritable_texts

if TYPE_CHECKING:
    from constructs import Construct

    from vllm_cdk8s.core.kube.manifest import Manifest


def put(scope: Construct, id: str, manifest: Manifest, *, within: Construct | None = None) -> cdk8s.ApiObject:
    """The object of a manifest, below a scope.

    A plain ApiObject whose body is set by JSON patches, so that a user's own patch on it means exactly what it says: on
    typed objects cdk8s serializes again after a patch and drops what it does not know.

    Args:
        scope: what it belongs to.
        id: its name there.
        manifest: the object as data.
        within: the scope whose place is asked for its namespace, where that is known already.
    """
    problems = list(unwritable_texts(manifest))
    if problems:
        raise InvalidOptionError(problems=problems)
    made = cdk8s.ApiObject(
        scope, id, api_version=manifest.api_version, kind=manifest.kind,
        metadata=cdk8s.ApiObjectMetadata(
            name=checks.plain_member(manifest.name),
            labels=dict(manifest.labels),
            annotations=dict(manifest.annotations),
        ),
    )  # fmt: skip
    patches = [_patch(f"/{key}", checks.plain_members(value)) for key, value in manifest.body.items()]
    if not manifest.namespaced and place(within or scope)[1] is not None:
        patches.append(cdk8s.JsonPatch.remove("/metadata/namespace"))
    made.add_json_patch(*patches)
    return made


def _patch(path: str, value: Any) -> cdk8s.JsonPatch:
    if isinstance(value, bool):
        return _same_patch(path, value)
    return cdk8s.JsonPatch.add(path, value)


@lru_cache
def _same_patch(path: str, value: bool) -> cdk8s.JsonPatch:
    return cdk8s.JsonPatch.add(path, value)
