"""A server over several pods by Ray: a RayCluster of KubeRay."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from vllm_cdk8s.core.errors import ConflictError
from vllm_cdk8s.core.pod.drop_cache import dropping_caches
from vllm_cdk8s.core.pod.template import COMMAND
from vllm_cdk8s.core.server import group

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vllm_cdk8s.core.engine import EngineCommand
    from vllm_cdk8s.core.server.shape import ServerFrame

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


class RayClusterShape(Struct, frozen=True, kw_only=True):
    """A RayCluster; `Shape` says what its attributes mean."""

    nodes: int
    replicas: int = 1
    api_version: str = "ray.io/v1"
    kind: str = "RayCluster"
    backend: str | None = "ray"
    templates: tuple[str, ...] = ("/spec/headGroupSpec/template", "/spec/workerGroupSpecs/0/template")
    service_suffix: str = ""
    services: tuple[str, ...] = ("", "-head-svc")
    # KubeRay allows a cluster's name 53 characters, for the longest of its Services.
    longest_suffix: str = "-serve-svc"

    def __post_init__(self) -> None:
        group.check_nodes(self.nodes)

    def serving_labels(self, engine: EngineCommand) -> Mapping[str, str]:  # noqa: ARG002 - the interface's
        """The head."""
        return {_NODE_TYPE: "head"}

    def annotations(self, own: Mapping[str, str]) -> dict[str, str]:
        """The user's own, and that the pods' commands are ours.

        Raises:
            ConflictError: the user says that KubeRay should replace them.
        """
        if own.get(_OWN_COMMAND, "true") != "true":
            raise ConflictError(
                f"{own[_OWN_COMMAND]!r} would let KubeRay replace vLLM's command; take it out",
                option=f"annotations[{_OWN_COMMAND!r}]",
            )
        return {**own, _OWN_COMMAND: "true"}

    def check_engine(self, engine: EngineCommand, port: int) -> None:
        """Refuse what would make another kind of server.

        Raises:
            ConflictError: a setting does.
        """
        group.refuse_settings(engine, _REFUSED, backend="ray", instead="use MultiNodeVllmServer for 'mp'")
        if port in _RAY_PORTS:
            raise ConflictError(
                f"{port} is a port of Ray's; allowed: any but {', '.join(map(str, _RAY_PORTS))}", option="port"
            )
        if engine.data_parallel_size > 1 and engine.settings.get("data_parallel_backend") != "ray":
            raise ConflictError(
                f"{engine.data_parallel_size} copies would all be started in the head's pod; say data_parallel_backend "
                "'ray' and data_parallel_size_local, the copies of each pod",
                option="data_parallel_size",
            )

    def internode_ports(self, engine: EngineCommand, port: int) -> tuple[int, ...]:  # noqa: ARG002 - the interface's
        """The head's port at which the workers join.

        Ray's processes, NCCL and Gloo take whatever ports are free besides, in every pod, so that a policy between the
        pods of a server must allow all ports.
        """
        return (GCS_PORT,)

    def spec(self, template: dict[str, Any], frame: ServerFrame) -> dict[str, Any]:
        """The cluster's spec: the head starts Ray and becomes vLLM, the workers are Ray's alone."""
        leader, worker = template, deepcopy(template)
        serving, lending = leader["spec"]["containers"][0], worker["spec"]["containers"][0]
        # Unsaid, Ray's store of objects takes 30 % of the memory, and more than /dev/shm has; vLLM keeps little there.
        shared = {
            "object-store-memory": _OBJECT_STORE, **({} if frame.gpus is None else {"num-gpus": str(frame.gpus)}),
        }  # fmt: skip
        # Nobody needs the dashboard here, and it runs whatever it is sent.
        head = {"port": str(GCS_PORT), "include-dashboard": "false", **shared}
        wrap = dropping_caches if frame.drop_cache else list
        serving["command"] = wrap([*_shell(_HEAD.format(flags=_flags(head)), "ray-head"), *COMMAND])
        lending["command"] = wrap(_shell(_WORKER.format(port=GCS_PORT, flags=_flags(shared)).rstrip(), "ray-worker"))
        del lending["args"]
        group.follow(lending, frame, variable=_HEAD_ADDRESS, port=GCS_PORT)
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


def _shell(script: str, name: str) -> list[str]:
    return ["/bin/sh", "-c", script, name]


def _flags(params: Mapping[str, str]) -> str:
    return " ".join(f"--{name}={value}" for name, value in params.items())
