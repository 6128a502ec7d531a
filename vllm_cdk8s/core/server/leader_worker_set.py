"""A server over several pods by vLLM's own executor: a LeaderWorkerSet."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from vllm_cdk8s.core.errors import Collector, ConflictError, warn
from vllm_cdk8s.core.kube import checks
from vllm_cdk8s.core.kube.wire import prune
from vllm_cdk8s.core.server import balancing, group

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from vllm_cdk8s.core.engine import EngineCommand
    from vllm_cdk8s.core.server.shape import ServerFrame

_SINCE = "0.11.1"
_MASTER_PORT, _RPC_PORT = 29501, 29550
_LEADER_ADDRESS = "LWS_LEADER_ADDRESS"
_WORKER_INDEX = "leaderworkerset.sigs.k8s.io/worker-index"
_OURS = "MultiNodeVllmServer says it for each pod; take it out"
_RANK = "each pod works out its own; use data_parallel_hybrid_lb or data_parallel_external_lb"
_REFUSED = {
    "nnodes": f"{_OURS}, and use nodes=",
    "node_rank": _OURS,
    "master_addr": _OURS,
    "headless": _OURS,
    "data_parallel_address": _OURS,
    "data_parallel_rank": _RANK,
    "data_parallel_start_rank": _RANK,
}
# A surge group would wait for the GPUs that an old one holds, for ever.
ROLLOUT: Mapping[str, Any] = {
    "type": "RollingUpdate",
    "rollingUpdateConfiguration": {"maxUnavailable": 1, "maxSurge": 0},
}
# vLLM refuses these beside --headless.
_LEADER_ONLY = ("--api-server-count", "-asc")


class LeaderWorkerSetShape(Struct, frozen=True, kw_only=True):
    """A LeaderWorkerSet; `Shape` says what its attributes mean."""

    nodes: int
    replicas: int = 1
    api_version: str = "leaderworkerset.x-k8s.io/v1"
    kind: str = "LeaderWorkerSet"
    backend: str | None = "mp"
    templates: tuple[str, ...] = (
        "/spec/leaderWorkerTemplate/leaderTemplate",
        "/spec/leaderWorkerTemplate/workerTemplate",
    )
    # The controller gives the set's own name to a headless Service for the pods' names.
    service_suffix: str = "-leader"
    services: tuple[str, ...] = ("", "-leader")

    def __post_init__(self) -> None:
        with Collector() as found:
            found.attempt(group.check_nodes, self.nodes)
            found.attempt(checks.integer, "replicas", self.replicas, minimum=0)

    @property
    def longest_suffix(self) -> str:
        """The label controller-revision-hash of a group's workers, longer than the names of the pods themselves."""
        return self.suffix(self.replicas)

    @staticmethod
    def suffix(replicas: int) -> str:
        """What is put behind the name of a set of so many groups, at its longest."""
        return f"-{max(0, replicas - 1)}-<revision>"

    def serving_labels(self, engine: EngineCommand) -> Mapping[str, str]:
        """The first pod of each group; all pods where each serves its own copies of the model."""
        return {_WORKER_INDEX: "0"} if balancing.mode(engine.settings) is None else {}

    def annotations(self, own: Mapping[str, str]) -> dict[str, str]:
        """The user's own."""
        return dict(own)

    def check_engine(self, engine: EngineCommand, port: int) -> None:
        """Refuse what would make another kind of server.

        Raises:
            ConflictError: a setting does.
        """
        if not engine.version.at_least(_SINCE):
            raise ConflictError(
                f"{engine.version} cannot spread over several nodes by itself, which begins with {_SINCE}; use "
                "RayVllmServer, or a newer image",
                option="nodes",
            )
        group.refuse_settings(engine, _REFUSED, backend="mp", instead="use RayVllmServer for 'ray'")
        ports = self.internode_ports(engine, port)
        if len(set(ports)) < len(ports):
            raise ConflictError(
                f"{port} is a port of the leader's for its workers too; the leader listens on "
                f"{', '.join(map(str, ports))}",
                option="port",
            )
        balancing.check_balancing(engine, port=port, nodes=self.nodes)
        if engine.data_parallel_size > 1:
            _check_copies(engine, engine.data_parallel_size, self.nodes)

    def internode_ports(self, engine: EngineCommand, port: int) -> tuple[int, ...]:
        """The leader's own port, the one at which the pods of a group find each other, and that of copies.

        NCCL, Gloo and vLLM's message queues take whatever ports are free besides, in every pod, so that a policy
        between the pods of a server must allow all ports.
        """
        rpc = [int(engine.settings.get("data_parallel_rpc_port") or _RPC_PORT)] if engine.data_parallel_size > 1 else []
        return (port, master_port(engine), *rpc)

    def spec(self, template: dict[str, Any], frame: ServerFrame) -> dict[str, Any]:
        """The set's spec: the leader serves, the workers run vLLM's headless mode."""
        leader, worker = template, deepcopy(template)
        serving, headless = leader["spec"]["containers"][0], worker["spec"]["containers"][0]
        arguments = serving["args"]
        # The leader calls itself by its address, since it must bind to it, and its name may not be known yet.
        serving["args"] = [*arguments, *self._joining(frame.engine, f"$({group.HOST_IP_VARIABLE})")]
        joining = self._joining(frame.engine, f"$({_LEADER_ADDRESS})")
        if balancing.mode(frame.engine.settings) is None:
            headless["args"] = [*_without_leader_only(arguments), *joining, "--headless"]
            group.follow(headless, frame, variable=_LEADER_ADDRESS, port=frame.port)
            worker["spec"] = _without(worker["spec"], frame.sidecars)
        else:
            headless["args"] = [*arguments, *joining]
        return {
            "replicas": self.replicas,
            "rolloutStrategy": ROLLOUT,
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

    def _joining(self, engine: EngineCommand, address: str) -> list[str]:
        """The arguments by which the pods of a group find each other; the kubelet expands the references."""
        port = [] if "master_port" in engine.settings else [f"--master-port={master_port(engine)}"]
        joining = [f"--nnodes={self.nodes}", "--node-rank=$(LWS_WORKER_INDEX)", f"--master-addr={address}", *port]
        return [*joining, *balancing.pod_arguments(engine)]


def _without(spec: dict[str, Any], sidecars: Collection[str]) -> dict[str, Any]:
    """The pod without what stands before the vLLM that serves: nobody asks a worker."""
    kept = [item for item in spec.get("initContainers", ()) if item["name"] not in sidecars]
    return prune({**spec, "initContainers": kept})


def master_port(engine: EngineCommand) -> int:
    """The leader's port at which the pods of a group find each other."""
    return int(engine.settings.get("master_port") or _MASTER_PORT)


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
            f"{copies} copies of a dense model share nothing, and releases from 0.14 to 0.27 do not start them over "
            "several nodes; use VllmServer with replicas=, or say enable_expert_parallel for a mixture of experts",
            option="data_parallel_size",
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
