"""MultiNodeVllmServer: one server over several machines, by vLLM's own executor on a LeaderWorkerSet."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any, ClassVar

from vllm_cdk8s.constructs.node_group import NodeGroupOptions, NodeGroupServer
from vllm_cdk8s.core.errors import ConflictError, warn
from vllm_cdk8s.core.kube import checks
from vllm_cdk8s.core.pod.template import prune
from vllm_cdk8s.core.server import group_checks

if TYPE_CHECKING:
    from collections.abc import Mapping

    from constructs import Construct
    from typing_extensions import Unpack

    from vllm_cdk8s.constructs.storage import ModelStorage
    from vllm_cdk8s.core.engine import EngineCommand

_SINCE = "0.11.1"
_MASTER_PORT, _RPC_PORT = 29501, 29550
_LEADER_ADDRESS = "LWS_LEADER_ADDRESS"
_WORKER_INDEX = "leaderworkerset.sigs.k8s.io/worker-index"
_OURS = "MultiNodeVllmServer says it for each pod; take it out"
_ONE_DOOR = "each pod would serve for itself, and only the leader does here; take it out"
_REFUSED = {
    "nnodes": f"{_OURS}, and use nodes=",
    "node_rank": _OURS,
    "master_addr": _OURS,
    "headless": _OURS,
    "data_parallel_address": _OURS,
    "data_parallel_rank": _ONE_DOOR,
    "data_parallel_start_rank": _ONE_DOOR,
    "data_parallel_external_lb": _ONE_DOOR,
    "data_parallel_hybrid_lb": _ONE_DOOR,
    "data_parallel_multi_port_external_lb": _ONE_DOOR,
}
# vLLM refuses these beside --headless.
_LEADER_ONLY = ("--api-server-count", "-asc")


class MultiNodeVllmServer(NodeGroupServer):
    """One server over several machines: LeaderWorkerSet, Service, ServiceAccount.

    ``MultiNodeVllmServer(self, "big", model="deepseek-ai/DeepSeek-R1", nodes=2, gpus=8, storage=models)``. Where no
    parallel size is said, each node is tensor parallel over its GPUs and the layers are spread over the nodes.

    The pods of a group live and die together: the leader, of rank 0, serves; the workers run vLLM's headless mode and
    have probes that dial the leader. A pod that is lost or restarts takes its group with it. Needs the LeaderWorkerSet
    controller on the cluster, and vLLM 0.11.1 or newer (`RayVllmServer` for older ones).
    Sources: https://docs.vllm.ai/en/latest/serving/parallelism_scaling/ and
    https://docs.vllm.ai/en/latest/deployment/frameworks/lws/ and https://lws.sigs.k8s.io/docs/reference/

    Args:
        scope: the construct this one belongs to.
        id: its name there.
        model: a model of the Hugging Face hub, or a path in the containers.
        nodes: the pods of a group, the leader included; at least 2.
        storage: where models and caches are kept; all nodes must reach it.
        replicas: groups, each of which serves the whole model.
        **options: the same as of `VllmServer`, but for ``autoscaling`` and ``sizing``; see `NodeGroupOptions`. GPUs,
            resources and sizes of shared memory are those of one pod.

    Raises:
        InvalidOptionError: an option is unknown, or has a value that is wrong by itself.
        ConflictError: options, or servers of one app, contradict each other.
    """

    _API_VERSION: ClassVar[str] = "leaderworkerset.x-k8s.io/v1"
    _KIND: ClassVar[str] = "LeaderWorkerSet"
    _SCALABLE: ClassVar[bool] = True
    _BACKEND: ClassVar[str] = "mp"
    # The controller gives the set's own name to a headless Service for the pods' names.
    _LEADER_SERVICE: ClassVar[str] = "-leader"
    _NAMED: ClassVar[tuple[str, ...]] = ("-leader",)
    _templates = ("/spec/leaderWorkerTemplate/leaderTemplate", "/spec/leaderWorkerTemplate/workerTemplate")

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        model: str,
        nodes: int,
        storage: ModelStorage,
        replicas: int = 1,
        **options: Unpack[NodeGroupOptions],
    ) -> None:
        self.replicas = checks.integer("replicas", replicas, minimum=0, maximum=checks.MAX_INT32)
        self.min_replicas = self.max_replicas = self.replicas
        self._build(
            scope, id, model=model, nodes=nodes, storage=storage, options=options, groups=replicas,
            others=("replicas",),
        )  # fmt: skip
        self.leader_worker_set = self.workload

    @property
    def master_port(self) -> int:
        """The leader's port at which the pods of a group find each other."""
        return int(self.engine.settings.get("master_port") or _MASTER_PORT)

    @property
    def internode_ports(self) -> tuple[int, ...]:
        """The leader's ports that its workers dial.

        NCCL, Gloo and vLLM's message queues take whatever ports are free besides, in every pod, so that a policy
        between the pods of a server must allow all ports.
        """
        rpc = [self._rpc_port] if self.engine.data_parallel_size > 1 else []
        return (self.port, self.master_port, *rpc)

    @property
    def _rpc_port(self) -> int:
        return int(self.engine.settings.get("data_parallel_rpc_port") or _RPC_PORT)

    def _longest_suffix(self, groups: int) -> str:
        # The label controller-revision-hash of a group's workers, longer than the names of the pods themselves.
        return f"-{max(0, groups - 1)}-<revision>"

    def _check_engine(self, engine: EngineCommand) -> None:
        if not engine.version.at_least(_SINCE):
            raise ConflictError(
                f"{engine.version} cannot spread over several nodes by itself, which begins with {_SINCE}; use "
                "RayVllmServer, or a newer image",
                option="nodes",
            )
        group_checks.refuse_settings(engine, _REFUSED, backend=self._BACKEND, instead="use RayVllmServer for 'ray'")
        self.engine = engine
        ports = self.internode_ports
        if len(set(ports)) < len(ports):
            raise ConflictError(
                f"{self.port} is a port of the leader's for its workers too; the leader listens on "
                f"{', '.join(map(str, ports))}",
                option="port",
            )
        copies = engine.data_parallel_size
        if copies > 1:
            _check_copies(engine, copies, self.nodes)

    def _leader_labels(self) -> Mapping[str, str]:
        return {_WORKER_INDEX: "0"}

    def _spec(self, leader: dict[str, Any], *, gpus: int | None, groups: int) -> Mapping[str, Any]:  # noqa: ARG002
        worker = deepcopy(leader)
        serving, headless = leader["spec"]["containers"][0], worker["spec"]["containers"][0]
        arguments = serving["args"]
        # The leader calls itself by its address, since it must bind to it, and its name may not be known yet.
        serving["args"] = [*arguments, *self._joining(f"$({group_checks.HOST_IP_VARIABLE})")]
        headless["args"] = [*_without_leader_only(arguments), *self._joining(f"$({_LEADER_ADDRESS})"), "--headless"]
        self._follow(headless, variable=_LEADER_ADDRESS, port=self.port)
        return {
            "replicas": groups,
            # A surge group would wait for the GPUs that an old one holds, for ever.
            "rolloutStrategy": {
                "type": "RollingUpdate",
                "rollingUpdateConfiguration": {"maxUnavailable": 1, "maxSurge": 0},
            },
            # The leader becomes ready only with its workers.
            "startupPolicy": "LeaderCreated",
            "leaderWorkerTemplate": {
                "size": self.nodes,
                # Ranks of a lost pod cannot join again.
                "restartPolicy": "RecreateGroupOnPodRestart",
                "leaderTemplate": leader,
                "workerTemplate": {**worker, "spec": prune(worker["spec"])},
            },
        }

    def _joining(self, address: str) -> list[str]:
        """The arguments by which the pods of a group find each other; the kubelet expands the references."""
        port = [] if "master_port" in self.engine.settings else [f"--master-port={self.master_port}"]
        return [
            f"--nnodes={self.nodes}",
            "--node-rank=$(LWS_WORKER_INDEX)",
            f"--master-addr={address}",
            *port,
        ]


def _check_copies(engine: EngineCommand, copies: int, nodes: int) -> None:
    if engine.settings.get("data_parallel_backend") == "ray":
        raise ConflictError("'ray' does not join these pods; use RayVllmServer", option="data_parallel_backend")
    if copies % nodes or engine.data_parallel_size_local != copies // nodes:
        raise ConflictError(
            f"{copies} copies ({engine.data_parallel_size_local} in each pod) cannot be spread evenly over {nodes} "
            f"nodes; allowed: a multiple of {nodes}, and replicas= for copies that need several nodes each",
            option="data_parallel_size",
        )
    if not engine.settings.get("enable_expert_parallel"):
        warn(
            f"data_parallel_size: {copies} copies of a dense model share nothing, and releases from 0.14 to 0.27 do "
            "not start them over several nodes; use VllmServer with replicas=, or say enable_expert_parallel for a "
            "mixture of experts"
        )


def _without_leader_only(arguments: list[str]) -> list[str]:
    kept, value_follows = [], False
    for argument in arguments:
        name, equals, _ = argument.partition("=")
        if name.replace("_", "-") in _LEADER_ONLY:
            value_follows = not equals
        elif value_follows:
            value_follows = False
        else:
            kept.append(argument)
    return kept
