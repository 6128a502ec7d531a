"""One side of a pair whose pods a DisaggregatedSet makes: a server whose workload is a part of another object."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import cdk8s
from msgspec.structs import replace

from vllm_cdk8s.constructs.multi_node import MultiNodeVllmServer
from vllm_cdk8s.constructs.server_base import Server
from vllm_cdk8s.core.errors import ConflictError
from vllm_cdk8s.core.kube.wire import prune
from vllm_cdk8s.core.rules.book import AUTOSCALER
from vllm_cdk8s.core.server.options import ServerOptions
from vllm_cdk8s.core.server.serving import WorkloadRef
from vllm_cdk8s.core.server.set_role import check_set

if TYPE_CHECKING:
    from collections.abc import Mapping

    from constructs import Construct

    from vllm_cdk8s.constructs.storage import ModelStorage
    from vllm_cdk8s.core.server.plan import ServerPlan
    from vllm_cdk8s.core.server.set_role import SetRoleShape


class SetRole(MultiNodeVllmServer):
    """A role of a DisaggregatedSet, with a Service, an account and, where nobody says another, a claim of its own.

    Args:
        scope: the parent construct.
        id: the construct's ID, unique within its parent.
        model: the model.
        shape: what its pods are.
        of: the set, whose roles so far come before it.
        index: how many those are.
        options: its options, the instance among them.
        storage: where models are kept.
    """

    def __init__(  # the roles of a set are not made by hand
        self,
        scope: Construct,
        id: str,
        *,
        model: str,
        shape: SetRoleShape,
        of: cdk8s.ApiObject,
        index: int,
        options: Mapping[str, Any],
        storage: ModelStorage | None,
    ) -> None:
        self.at, self._set, self._shape = f"/spec/roles/{index}", of, shape
        Server.__init__(
            self, scope, id, model=model, options=options, known=tuple(ServerOptions.__annotations__), storage=storage,
            shape=lambda _: shape,
        )  # fmt: skip
        self.replicas = shape.replicas

    def _stand_workload(self, plan: ServerPlan) -> cdk8s.ApiObject:
        role = {
            "name": self._shape.role,
            "metadata": prune({"annotations": dict(plan.workload.annotations), "labels": dict(plan.workload.labels)}),
            "spec": plan.workload.body["spec"],
        }
        self._set.add_json_patch(cdk8s.JsonPatch.add(self.at, role))
        return self._set

    @property
    def name(self) -> str:
        """The name of the set."""
        return self._set.name

    @property
    def workload_ref(self) -> WorkloadRef:
        """The set, and its role."""
        shape = self._shape
        return WorkloadRef(api_version=shape.api_version, kind=shape.kind, name=self.name, role=shape.role)

    def leave_replicas_to(self, autoscaler: Construct, *, min_replicas: int, max_replicas: int) -> None:
        """Have an autoscaler decide on the replicas, by the scaler that the controller makes for the role.

        Args:
            autoscaler: the construct that decides.
            min_replicas: the fewest that it sets.
            max_replicas: the most that it sets.

        Raises:
            InvalidOptionError: the name is too long for the pods of so many replicas.
            ConflictError: ``replicas`` or another autoscaler decides on it, the set has several slices, or nothing of
                the side would be left.
        """
        shape = self._shape
        if shape.slices > 1:
            raise ConflictError(
                f"{shape.slices} slices have no one number of replicas; an autoscaler needs a set of one slice",
                option="disaggregated_set.slices",
                rule=AUTOSCALER,
            )
        if min_replicas == 0:
            raise ConflictError("0 leaves the other side without its half", option="min_replicas", rule=AUTOSCALER)
        most = replace(shape, of=replace(shape.of, replicas=max_replicas))
        check_set(self.name, {shape.role: most}, option="max_replicas")
        Server.leave_replicas_to(self, autoscaler, min_replicas=min_replicas, max_replicas=max_replicas)
        self.workload.add_json_patch(cdk8s.JsonPatch.add(f"{self.at}/scaling", {"mode": "External"}))
