"""How a server and its pods are found: its labels, and the selector of its pods."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct

from vllm_cdk8s.core.errors import ConflictError, InvalidOptionError
from vllm_cdk8s.core.kube import checks
from vllm_cdk8s.core.rules.book import NAME

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vllm_cdk8s.core.kube.names import Names

NAME_LABEL, INSTANCE_LABEL = "app.kubernetes.io/name", "app.kubernetes.io/instance"


class Identity(Struct, frozen=True, kw_only=True):
    """The labels of a server.

    Attributes:
        instance: the label ``app.kubernetes.io/instance``.
        labels: the labels of all its objects.
        selector: the labels that all its pods have, and no others.
        annotations: the user's annotations of the object that makes the pods.
    """

    instance: str
    labels: Mapping[str, str]
    selector: Mapping[str, str]
    annotations: Mapping[str, str]


def identity(said: Mapping[str, Any], names: Names) -> Identity:
    """The labels that the options say, for objects of these names.

    Raises:
        InvalidOptionError: a label is not one.
        ConflictError: the user sets a label of the selector by hand.
    """
    app_name = checks.label_value("app_name", checks.text("app_name", said["app_name"]))
    instance = names.workload
    if "instance" in said:
        instance = checks.label_value("instance", checks.text("instance", said["instance"]))
    own = checks.label_map("labels", said.get("labels", {}))
    for key, keyword in ((NAME_LABEL, "app_name"), (INSTANCE_LABEL, "instance")):
        if key in own:
            raise ConflictError(
                f"the server sets this label itself, for its selector; use {keyword}=", option=f"labels[{key!r}]"
            )
    selector = {NAME_LABEL: app_name, INSTANCE_LABEL: instance}
    return Identity(
        instance=instance,
        labels={**own, **selector},
        selector=selector,
        annotations=checks.annotation_map("annotations", said.get("annotations", {})),
    )


def check_fixed_name(name: object, longest_suffix: str) -> str:
    """A name for all objects of a server, with room for the longest that is made from it."""
    return checks.server_name("name", name, longest_suffix=longest_suffix)


def check_tree_names(names: Names, longest_suffix: str, *, path: str) -> None:
    """Refuse names made from a place in the tree that Kubernetes, or a controller, would refuse.

    Raises:
        InvalidOptionError: one begins with a digit, or leaves too little room.
    """
    if names.workload[0].isdigit():
        raise InvalidOptionError(
            f"{path!r} makes names that begin with a digit ({names.workload!r}), and a Service's must begin with a "
            "letter; allowed: another id for the chart, or name=",
            option="id",
            rule=NAME,
        )
    room = checks.MAX_LABEL - len(longest_suffix)
    if len(names.workload) > room:
        raise InvalidOptionError(
            f"{path!r} makes the name {names.workload!r} of {len(names.workload)} characters; allowed: {room}, to "
            "leave room for the names made from it; say a shorter name=",
            option="id",
            rule=NAME,
        )
