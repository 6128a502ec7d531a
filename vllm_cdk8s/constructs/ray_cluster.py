"""RayVllmServer: one server over several machines, by Ray on a RayCluster of KubeRay."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any, ClassVar

from vllm_cdk8s.constructs.node_group import NodeGroupOptions, NodeGroupServer
from vllm_cdk8s.core.errors import ConflictError
from vllm_cdk8s.core.pod.template import COMMAND
from vllm_cdk8s.core.server import group_checks

if TYPE_CHECKING:
    from collections.abc import Mapping

    from constructs import Construct
    from typing_extensions import Unpack

    from vllm_cdk8s.constructs.storage import ModelStorage
    from vllm_cdk8s.core.engine import EngineCommand

GCS_PORT = 6379
# Ray's own on the head: the global control store, the client server, the dashboard's agent.
_RAY_PORTS = (GCS_PORT, 10001, 52365)
_OBJECT_STORE = str(2**30)
_HEAD_ADDRESS = "FQ_RAY_IP"
_OWN_COMMAND = "ray.io/overwrite-container-cmd"
_NODE_TYPE = "ray.io/node-type"
_NO_MP = "Ray brings the pods together here; take it out, or use MultiNodeVllmServer"
_REFUSED = dict.fromkeys(("nnodes", "node_rank", "master_addr", "master_port", "headless"), _NO_MP)
# Constant text: no shell parses anything of the user's. Ray goes to the background and vLLM, whose arguments are "$@",
# takes the shell's place, so that signals and exit codes are vLLM's. KubeRay's own command would do Ray's part alone.
_FILES = "ulimit -n 65536 || true; "
_HEAD = _FILES + 'ray start --head --node-ip-address="$VLLM_HOST_IP" {flags} && exec "$@"'
_WORKER = _FILES + 'exec ray start --address="$FQ_RAY_IP:{port}" --node-ip-address="$VLLM_HOST_IP" --block {flags}'


class RayVllmServer(NodeGroupServer):
    """One server over several machines: RayCluster, Service, ServiceAccount.

    ``RayVllmServer(self, "big", model="deepseek-ai/DeepSeek-R1", nodes=2, gpus=8, storage=models)``. For releases
    before 0.11.1 and for shapes that vLLM's own executor has not; else `MultiNodeVllmServer` needs less. Where no
    parallel size is said, each node is tensor parallel over its GPUs and the layers are spread over the nodes.

    The head starts Ray and then becomes vLLM; the workers are Ray's alone, and dial the head to know whether it is
    there. Needs the KubeRay operator (1.1 or newer) on the cluster and an image with Ray in it, which vLLM's own does
    not promise. Whoever reaches Ray's ports may run code in the pods: keep others away by a NetworkPolicy.
    Sources: https://docs.vllm.ai/en/latest/serving/parallelism_scaling/ and
    https://docs.ray.io/en/latest/cluster/kubernetes/user-guides/pod-command.html

    Args:
        scope: the construct this one belongs to.
        id: its name there.
        model: a model of the Hugging Face hub, or a path in the containers.
        nodes: the pods of the cluster, the head included; at least 2.
        storage: where models and caches are kept; all nodes must reach it.
        **options: the same as of `VllmServer`, but for ``replicas``, ``autoscaling`` and ``sizing``; see
            `NodeGroupOptions`. GPUs, resources and sizes of shared memory are those of one pod.

    Raises:
        InvalidOptionError: an option is unknown, or has a value that is wrong by itself.
        ConflictError: options, or servers of one app, contradict each other.
    """

    _API_VERSION: ClassVar[str] = "ray.io/v1"
    _KIND: ClassVar[str] = "RayCluster"
    _BACKEND: ClassVar[str] = "ray"
    _NAMED: ClassVar[tuple[str, ...]] = ("-head-svc",)
    _templates = ("/spec/headGroupSpec/template", "/spec/workerGroupSpecs/0/template")

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        model: str,
        nodes: int,
        storage: ModelStorage,
        **options: Unpack[NodeGroupOptions],
    ) -> None:
        self._build(scope, id, model=model, nodes=nodes, storage=storage, options=options)
        self.ray_cluster = self.workload

    @property
    def internode_ports(self) -> tuple[int, ...]:
        """The head's ports that its workers dial.

        Ray's processes, NCCL and Gloo take whatever ports are free besides, in every pod, so that a policy between the
        pods of a server must allow all ports.
        """
        return (GCS_PORT,)

    def _longest_suffix(self, groups: int) -> str:  # noqa: ARG002 - one cluster is one group
        # KubeRay allows a cluster's name 53 characters, for the longest of its Services.
        return "-serve-svc"

    def _annotations(self, annotations: Mapping[str, str]) -> Mapping[str, str]:
        if annotations.get(_OWN_COMMAND, "true") != "true":
            raise ConflictError(
                f"{annotations[_OWN_COMMAND]!r} would let KubeRay replace vLLM's command; take it out",
                option=f"annotations[{_OWN_COMMAND!r}]",
            )
        return {**annotations, _OWN_COMMAND: "true"}

    def _check_engine(self, engine: EngineCommand) -> None:
        group_checks.refuse_settings(
            engine, _REFUSED, backend=self._BACKEND, instead="use MultiNodeVllmServer for 'mp'"
        )
        if self.port in _RAY_PORTS:
            raise ConflictError(
                f"{self.port} is a port of Ray's; allowed: any but {', '.join(map(str, _RAY_PORTS))}", option="port"
            )
        if engine.data_parallel_size > 1 and engine.settings.get("data_parallel_backend") != "ray":
            raise ConflictError(
                f"{engine.data_parallel_size} copies would all be started in the head's pod; say data_parallel_backend "
                "'ray' and data_parallel_size_local, the copies of each pod",
                option="data_parallel_size",
            )

    def _leader_labels(self) -> Mapping[str, str]:
        return {_NODE_TYPE: "head"}

    def _spec(self, leader: dict[str, Any], *, gpus: int | None, groups: int) -> Mapping[str, Any]:  # noqa: ARG002
        worker = deepcopy(leader)
        serving, lending = leader["spec"]["containers"][0], worker["spec"]["containers"][0]
        # Unsaid, Ray's store of objects takes 30 % of the memory, and more than /dev/shm has; vLLM keeps little there.
        shared = {"object-store-memory": _OBJECT_STORE, **({} if gpus is None else {"num-gpus": str(gpus)})}
        # Nobody needs the dashboard here, and it runs whatever it is sent.
        head = {"port": str(GCS_PORT), "include-dashboard": "false", **shared}
        serving["command"] = self._command([*_shell(_HEAD.format(flags=_flags(head)), "ray-head"), *COMMAND])
        lending["command"] = self._command(
            _shell(_WORKER.format(port=GCS_PORT, flags=_flags(shared)).rstrip(), "ray-worker")
        )
        del lending["args"]
        self._follow(lending, variable=_HEAD_ADDRESS, port=GCS_PORT)
        workers = self.nodes - 1
        return {
            "headGroupSpec": {
                # KubeRay reads the port from here; the commands say the same.
                "rayStartParams": head,
                # The head is ready only with its workers, and they must find it before.
                "headService": {"spec": {"clusterIP": "None", "publishNotReadyAddresses": True}},
                "template": leader,
            },
            "workerGroupSpecs": [
                {
                    "groupName": "workers",
                    "replicas": workers,
                    "minReplicas": workers,
                    "maxReplicas": workers,
                    "rayStartParams": shared,
                    "template": worker,
                }
            ],
        }

    def _command(self, command: list[str]) -> list[str]:
        return command if self.drop_cache is None else self.drop_cache.wrap(command)


def _shell(script: str, name: str) -> list[str]:
    return ["/bin/sh", "-c", script, name]


def _flags(params: Mapping[str, str]) -> str:
    return " ".join(f"--{name}={value}" for name, value in params.items())
