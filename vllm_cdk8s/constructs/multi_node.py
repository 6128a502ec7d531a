"""MultiNodeVllmServer: one server over several machines, by vLLM's own executor on a LeaderWorkerSet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vllm_cdk8s.constructs.group_server import GroupServer
from vllm_cdk8s.constructs.server_base import keyword_options
from vllm_cdk8s.core.keywords import named_keywords
from vllm_cdk8s.core.kube import checks
from vllm_cdk8s.core.server.leader_worker_set import LeaderWorkerSetShape, master_port
from vllm_cdk8s.core.server.options import ServerOptions

if TYPE_CHECKING:
    from constructs import Construct
    from typing_extensions import Unpack

    from vllm_cdk8s.constructs.storage import ModelStorage


@named_keywords
@keyword_options(ServerOptions)
class MultiNodeVllmServer(GroupServer):
    """One server over several machines: LeaderWorkerSet, Service, ServiceAccount.

    ``MultiNodeVllmServer(self, "big", model="deepseek-ai/DeepSeek-R1", nodes=2, gpus=8, storage=models)``. Where no
    parallel size is given, each node is tensor parallel over its GPUs and the layers are spread over the nodes.

    The pods of a group live and die together: the leader, of rank 0, serves; the workers run vLLM's headless mode and
    have probes that dial the leader. A pod that is lost or restarts takes its group with it. Needs the LeaderWorkerSet
    controller on the cluster, and vLLM 0.11.1 or newer (`RayVllmServer` for older ones).
    Sources: https://docs.vllm.ai/en/latest/serving/parallelism_scaling/ and
    https://docs.vllm.ai/en/latest/deployment/frameworks/lws/ and https://lws.sigs.k8s.io/docs/reference/

    GPUs, resources and sizes of shared memory are those of one pod.

    Args:
        scope: the parent construct.
        id: the construct's ID, unique within its parent.
        model: a model of the Hugging Face hub, or a path in the containers.
        nodes: the pods of a group, the leader included; at least 2.
        storage: where models and caches are kept; all nodes must reach it.
        replicas: groups, each of which serves the whole model.

    Raises:
        InvalidOptionError: an option is unknown, or has a value that is wrong by itself.
        ConflictError: options, or servers of one app, contradict each other.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        model: str,
        nodes: int,
        storage: ModelStorage,
        replicas: int = 1,
        **options: Unpack[ServerOptions],
    ) -> None:
        given: Any = options
        super().__init__(
            scope, id, model=model, options=given, known=tuple(ServerOptions.__annotations__), storage=storage,
            shape=lambda _: LeaderWorkerSetShape(nodes=nodes, replicas=replicas),
            others=("model", "nodes", "storage", "replicas"), instead=lambda: LeaderWorkerSetShape(nodes=nodes),
        )  # fmt: skip
        self.replicas = replicas
        self.leader_worker_set = self.workload

    def leave_replicas_to(self, autoscaler: Construct, *, min_replicas: int, max_replicas: int) -> None:
        """Take the number of groups out of the LeaderWorkerSet, since from now on an autoscaler decides on it.

        Args:
            autoscaler: the construct that decides.
            min_replicas: the fewest that it sets.
            max_replicas: the most that it sets.

        Raises:
            InvalidOptionError: the name is too long for the labels of the pods of so many groups.
            ConflictError: ``replicas`` or another autoscaler decides on it.
        """
        most = LeaderWorkerSetShape(nodes=self.nodes, replicas=max_replicas)
        checks.server_name("name", self.name, longest_suffix=most.longest_suffix)
        super().leave_replicas_to(autoscaler, min_replicas=min_replicas, max_replicas=max_replicas)

    @property
    def master_port(self) -> int:
        """The leader's port at which the pods of a group find each other."""
        return master_port(self.engine)
