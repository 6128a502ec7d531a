"""One side of a pair in a DisaggregatedSet, which makes a LeaderWorkerSet of each side and rolls both out as one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from vllm_cdk8s.core.errors import Collector, ConflictError, InvalidOptionError
from vllm_cdk8s.core.keywords import named_keywords
from vllm_cdk8s.core.kube import checks
from vllm_cdk8s.core.kube.wire import prune
from vllm_cdk8s.core.rules.book import DISAGGREGATED_SET, NAME
from vllm_cdk8s.core.server.deployment import DeploymentShape
from vllm_cdk8s.core.server.leader_worker_set import ROLLOUT, LeaderWorkerSetShape

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vllm_cdk8s.core.engine import EngineCommand
    from vllm_cdk8s.core.server.shape import ServerFrame

SET_API, SET_KIND = "disaggregatedset.x-k8s.io/v1", "DisaggregatedSet"
# The controller's own labels of pods. Source: api/disaggregatedset/v1 of https://github.com/kubernetes-sigs/lws
SLICE_LABEL = "disaggregatedset.x-k8s.io/slice"
_MOST_SLICES = 100
_REVISION = 10


@named_keywords
@dataclass(frozen=True, kw_only=True, slots=True)
class DisaggregatedSet:
    """Both sides of a pair in one object that rolls them out together: ``DisaggregatedSet(slices=2)``.

    The controller makes a LeaderWorkerSet of each side for each revision of both, replaces pods of both step by step in
    their own proportion, and so never leaves a release without one of its sides.

    LeaderWorkerSet 0.9 and later, installed with ``enableDisaggregatedSet=true``; ``slices``, ``topology`` and
    autoscalers of a side from 0.10.
    Sources: https://lws.sigs.k8s.io/docs/concepts/disaggregatedset/ and ``api/disaggregatedset/v1`` of
    https://github.com/kubernetes-sigs/lws

    Args:
        slices: whole copies of the pair, each with the replicas that its pools say; prompts stay within a copy.
        topology: a label of nodes, such as ``topology.kubernetes.io/rack``; all pods of a slice are on nodes of one
            value, and no two slices share one.
        exclusive: no slice of another DisaggregatedSet may be there either.

    Raises:
        InvalidOptionError: a value is wrong by itself.
        ConflictError: ``exclusive`` without ``topology``.
    """

    slices: int = 1
    topology: str | None = None
    exclusive: bool = False

    def __post_init__(self) -> None:
        with Collector() as found:
            found.attempt(checks.integer, "disaggregated_set.slices", self.slices, minimum=1, maximum=_MOST_SLICES)
            found.attempt(checks.boolean, "disaggregated_set.exclusive", self.exclusive)
            found.given(checks.qualified_name, "disaggregated_set.topology", self.topology)
            if self.topology is None and self.exclusive is True:
                raise ConflictError(
                    "needs to know of what; say topology='topology.kubernetes.io/rack'",
                    option="disaggregated_set.exclusive",
                )

    def spec(self) -> dict[str, Any]:
        """The set's spec without its roles, of which LeaderWorkerSet 0.9 knows no other field."""
        placement = None if self.topology is None else {
            "type": "ExclusiveTopology" if self.exclusive else "ExclusiveSlice", "topology": self.topology,
        }  # fmt: skip
        return prune({"slices": self.slices if self.slices > 1 else None, "placementPolicy": placement})


class SetRoleShape(Struct, frozen=True, kw_only=True):
    """A role of a DisaggregatedSet; `Shape` says what its attributes mean, and its spec is that of the role.

    Attributes:
        role: its name.
        of: what its pods would be by themselves.
        slices: whole copies of the set.
    """

    role: str
    of: DeploymentShape | LeaderWorkerSetShape
    slices: int = 1
    api_version: str = SET_API
    kind: str = SET_KIND
    service_suffix: str = ""
    services: tuple[str, ...] = ("",)
    longest_suffix: str = ""

    @classmethod
    def made(cls, role: str, *, nodes: int, replicas: int, slices: int) -> SetRoleShape:
        """The role of a pool."""
        one = DeploymentShape(replicas=replicas)
        return cls(
            role=role, slices=slices, of=one if nodes == 1 else LeaderWorkerSetShape(nodes=nodes, replicas=replicas)
        )

    @property
    def nodes(self) -> int:
        """The pods of one server."""
        return self.of.nodes

    @property
    def replicas(self) -> int:
        """Those of all slices."""
        return self.of.replicas * self.slices

    @property
    def backend(self) -> str | None:
        """What joins the pods of a group."""
        return self.of.backend

    @property
    def templates(self) -> tuple[str, ...]:
        """Where they are in the role."""
        return self.of.templates if self.nodes > 1 else ("/spec/leaderWorkerTemplate/workerTemplate",)

    def annotations(self, own: Mapping[str, str]) -> dict[str, str]:
        """The user's own."""
        return self.of.annotations(own)

    def serving_labels(self, engine: EngineCommand) -> Mapping[str, str]:
        """As without the set."""
        return self.of.serving_labels(engine)

    def check_engine(self, engine: EngineCommand, port: int) -> None:
        """As without the set."""
        self.of.check_engine(engine, port)

    def internode_ports(self, engine: EngineCommand, port: int) -> tuple[int, ...]:
        """As without the set."""
        return self.of.internode_ports(engine, port)

    def spec(self, template: dict[str, Any], frame: ServerFrame) -> dict[str, Any]:
        """The spec of the LeaderWorkerSet that the role is."""
        if isinstance(self.of, LeaderWorkerSetShape):
            return self.of.spec(template, frame)
        return {
            "replicas": self.of.replicas,
            "rolloutStrategy": ROLLOUT,
            "startupPolicy": "LeaderCreated",
            # A pod by itself restarts its containers in place.
            "leaderWorkerTemplate": {"size": 1, "restartPolicy": "None", "workerTemplate": template},
        }


def check_set(name: str, roles: Mapping[str, SetRoleShape], *, option: str) -> None:
    """Refuse a set that its controller, or the API server, would.

    Args:
        name: its name.
        roles: by name.
        option: what made the name.

    Raises:
        InvalidOptionError: the name leaves no room for the names made from it.
        ConflictError: one side is to have no pods, and the other some.
    """
    for role, shape in roles.items():
        # <set>-<slice>-<revision>-<role>-<group>-<hash>, the longest being a label of a group's workers.
        more = f"-{shape.slices - 1}-{'r' * _REVISION}-{role}{LeaderWorkerSetShape.suffix(shape.of.replicas)}"
        if len(name) + len(more) > checks.MAX_LABEL:
            raise InvalidOptionError(
                f"{name!r} has {len(name)} characters; allowed: {checks.MAX_LABEL - len(more)}, to leave room for the "
                f"names of the pods of {role!r}",
                option=option,
                rule=NAME,
            )
    counts = {role: shape.of.replicas for role, shape in roles.items()}
    if 0 in counts.values() and set(counts.values()) != {0}:
        empty = next(role for role, count in counts.items() if count == 0)
        raise ConflictError(
            "0 while the other side has some; a DisaggregatedSet has both sides or none",
            option=f"{empty}.replicas",
            rule=DISAGGREGATED_SET,
        )
