"""RayVllmServer: one server over several machines, by Ray on a RayCluster of KubeRay."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vllm_cdk8s.constructs.group_server import GroupServer
from vllm_cdk8s.constructs.server_base import keyword_options
from vllm_cdk8s.core.keywords import named_keywords
from vllm_cdk8s.core.server.options import ServerOptions
from vllm_cdk8s.core.server.ray_cluster import RayClusterShape

if TYPE_CHECKING:
    from constructs import Construct
    from typing_extensions import Unpack

    from vllm_cdk8s.constructs.storage import ModelStorage


@named_keywords
@keyword_options(ServerOptions)
class RayVllmServer(GroupServer):
    """One server over several machines: RayCluster, Service, ServiceAccount.

    ``RayVllmServer(self, "big", model="deepseek-ai/DeepSeek-R1", nodes=2, gpus=8, storage=models)``. For releases
    before 0.11.1 and for shapes that vLLM's own executor has not; else `MultiNodeVllmServer` needs less. Where no
    parallel size is given, each node is tensor parallel over its GPUs and the layers are spread over the nodes.

    The head starts Ray and then becomes vLLM; the workers are Ray's alone, and dial the head to know whether it is
    there. Needs the KubeRay operator (1.1 or newer) on the cluster and an image with Ray in it, which vLLM's own does
    not promise. Whoever reaches Ray's ports may run code in the pods: keep others away by a NetworkPolicy.
    Sources: https://docs.vllm.ai/en/latest/serving/parallelism_scaling/ and
    https://docs.ray.io/en/latest/cluster/kubernetes/user-guides/pod-command.html

    GPUs, resources and sizes of shared memory are those of one pod.

    Args:
        scope: the parent construct.
        id: the construct's ID, unique within its parent.
        model: a model of the Hugging Face hub, or a path in the containers.
        nodes: the pods of the cluster, the head included; at least 2.
        storage: where models and caches are kept; all nodes must reach it.

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
        **options: Unpack[ServerOptions],
    ) -> None:
        given: Any = options
        super().__init__(
            scope, id, model=model, options=given, known=tuple(ServerOptions.__annotations__), storage=storage,
            shape=lambda _: RayClusterShape(nodes=nodes), others=("model", "nodes", "storage"),
        )  # fmt: skip
        self.ray_cluster = self.workload
