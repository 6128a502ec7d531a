"""What the schema and the webhook of a DisaggregatedSet refuse."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from vllm_cdk8s.core.errors import Problem
from vllm_cdk8s.core.rules.book import DISAGGREGATED_SET

# LeaderWorkerSet's own way to keep each group on a rack of its own, besides all other groups.
EXCLUSIVE_TOPOLOGY = "leaderworkerset.sigs.k8s.io/exclusive-topology"
# Source: keps/ and api/disaggregatedset/v1 of https://github.com/kubernetes-sigs/lws (0.10)
NEVER_PLACED = (
    "gives each group a place of its own, where the set's placement wants all groups of a slice in one, so that no "
    "slice would ever be placed; say one of the two"
)
_ROLES = ("spec", "roles")


def set_problems(manifest: Mapping[str, Any]) -> Iterator[Problem]:
    """What is wrong with the roles of one, each with its place in the manifest."""
    spec = _mapping(manifest.get("spec"))
    roles = [(index, role) for index, role in enumerate(_list(spec.get("roles"))) if isinstance(role, Mapping)]
    yield from _one_name_each(roles)
    for index, role in roles:
        yield from _own_rollout(index, role)
        at = (*_ROLES, index, "metadata", "annotations", EXCLUSIVE_TOPOLOGY)
        own = _mapping(_mapping(role.get("metadata")).get("annotations"))
        if EXCLUSIVE_TOPOLOGY in own and _mapping(spec.get("placementPolicy")).get("type", "None") != "None":
            yield _problem(NEVER_PLACED, at, option=f"annotations[{EXCLUSIVE_TOPOLOGY!r}]")
        if _scaled_elsewhere(role) and spec.get("slices", 1) != 1:
            yield _problem(
                f"{role.get('name')!r} is scaled by a DisaggregatedSetRoleScaler, which needs a set of one slice",
                (*_ROLES, index, "scaling"), option="slices",
            )  # fmt: skip
    counted = {
        index: replicas
        for index, role in roles
        if not _scaled_elsewhere(role) and not role.get("subRoles")
        and isinstance(replicas := _mapping(role.get("spec")).get("replicas", 1), int)
    }  # fmt: skip
    empty = [index for index, replicas in counted.items() if replicas == 0]
    if empty and len(empty) < len(counted):
        yield _problem(
            "0 while another role has some; allowed: all of them, or none", (*_ROLES, empty[0], "spec", "replicas"),
            option="replicas",
        )  # fmt: skip


def _one_name_each(roles: list[tuple[int, Mapping[str, Any]]]) -> Iterator[Problem]:
    seen: set[str] = set()
    for index, role in roles:
        name = str(role.get("name"))
        if name in seen:
            yield _problem(f"{name!r} is the name of two roles", (*_ROLES, index, "name"), option="name")
        seen.add(name)


def _own_rollout(index: int, role: Mapping[str, Any]) -> Iterator[Problem]:
    strategy = _mapping(_mapping(role.get("spec")).get("rolloutStrategy"))
    rolling = _mapping(strategy.get("rollingUpdateConfiguration"))
    at = (*_ROLES, index, "spec", "rolloutStrategy")
    if strategy.get("type", "RollingUpdate") not in ("", "RollingUpdate"):
        yield _problem(
            f"{strategy['type']!r} is not a way in which roles are rolled out; allowed: 'RollingUpdate'", (*at, "type"),
            option="type",
        )  # fmt: skip
    if rolling.get("partition"):
        yield _problem(
            f"{rolling['partition']!r} would hold one role back; the set rolls all of them out together",
            (*at, "rollingUpdateConfiguration", "partition"), option="partition",
        )  # fmt: skip


def _scaled_elsewhere(role: Mapping[str, Any]) -> bool:
    return _mapping(role.get("scaling")).get("mode") == "External"


def _problem(what: str, at: tuple[str | int, ...], *, option: str) -> Problem:
    return Problem(what=what, rule=DISAGGREGATED_SET, option=option, at=at)


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
