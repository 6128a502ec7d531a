"""Putting manifests into the tree: the one place where the core's data become objects of cdk8s."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import cdk8s
import jsii

from vllm_cdk8s.constructs.apps import place
from vllm_cdk8s.core.errors import InvalidOptionError
from vllm_cdk8s.core.kube.text import unwritable_texts

if TYPE_CHECKING:
    from collections.abc import Iterable

    from constructs import Construct, IConstruct

    from vllm_cdk8s.core.kube.manifest import Manifest

_KIND = "__vllm_cdk8s_kind__"
_SMALL = 256  # characters of JSON


def put(
    scope: Construct, id: str, manifest: Manifest, *, within: Construct | None = None, checked: bool = False
) -> cdk8s.ApiObject:
    """The object of a manifest, below a scope.

    A plain ApiObject whose body is set by JSON patches, so that a user's own patch on it means exactly what it says: on
    typed objects cdk8s serializes again after a patch and drops what it does not know.

    Args:
        scope: what it belongs to.
        id: the construct's ID, unique within its parent.
        manifest: the object as data.
        within: the scope whose place is asked for its namespace, where that is known already.
        checked: whether its texts were looked at when it was planned.
    """
    problems = [] if checked else list(unwritable_texts(manifest))
    if problems:
        raise InvalidOptionError(problems=problems)
    metadata = _plain({
        "name": manifest.name, "labels": dict(manifest.labels), "annotations": dict(manifest.annotations),
    })  # fmt: skip
    # What cdk8s's constructor and methods do, but for their checks of types, which take twice as long as the rest.
    made = cdk8s.ApiObject.__new__(cdk8s.ApiObject)
    properties = {"apiVersion": manifest.api_version, "kind": manifest.kind, "metadata": metadata}
    jsii.create(cdk8s.ApiObject, made, [scope, id, properties])
    setattr(made, _KIND, manifest.kind)
    patches = [_patch(f"/{key}", value) for key, value in manifest.body.items()]
    if not manifest.namespaced and place(within or scope)[1] is not None:
        patches.append(cdk8s.JsonPatch.remove("/metadata/namespace"))
    jsii.invoke(made, "addJsonPatch", patches)
    return made


def objects_of(constructs: Iterable[IConstruct], *kinds: str) -> list[cdk8s.ApiObject]:
    """The objects of some kinds among the constructs of a tree, whoever made them."""
    return [found for found in constructs if isinstance(found, cdk8s.ApiObject) and _kind(found) in kinds]


def _kind(made: cdk8s.ApiObject) -> str:
    """An object's kind, which jsii is asked for only where Python does not know it."""
    known: str | None = made.__dict__.get(_KIND)
    if known is None:
        typed = type(made).__name__
        known = typed.removeprefix("Kube") if typed.startswith("Kube") else made.kind
        setattr(made, _KIND, known)
    return known


def _plain(value: Any) -> Any:
    """The value as it arrives in Node; members of enums that are texts or numbers would not be such to jsii."""
    return json.loads(json.dumps(value))


def _patch(path: str, value: Any) -> cdk8s.JsonPatch:
    """A patch that sets a field; of small values, which recur from server to server, one for all of them."""
    text = json.dumps(value)
    return _same_patch(path, text) if len(text) < _SMALL else _new_patch(path, text)


@lru_cache(maxsize=256)
def _same_patch(path: str, text: str) -> cdk8s.JsonPatch:
    return _new_patch(path, text)


def _new_patch(path: str, text: str) -> cdk8s.JsonPatch:
    made: cdk8s.JsonPatch = jsii.sinvoke(cdk8s.JsonPatch, "add", [path, json.loads(text)])
    return made
