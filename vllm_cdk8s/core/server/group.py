"""What one server over several nodes needs, whatever brings its pods together. Plain data, pure Python."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from vllm_cdk8s.core.errors import ConflictError, InvalidOptionError, warn
from vllm_cdk8s.core.kube import checks
from vllm_cdk8s.core.regex import regex
from vllm_cdk8s.core.rules.book import SINGLE_NODE_CLAIM

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vllm_cdk8s.core.engine import EngineArgs, EngineCommand
    from vllm_cdk8s.core.pod.health import Health
    from vllm_cdk8s.core.server.shape import ServerFrame
    from vllm_cdk8s.core.storage.storage import Storage

# vLLM tells the other nodes this address; asked of nobody, it guesses by a route to the internet.
# Source: https://docs.vllm.ai/en/latest/serving/parallelism_scaling/
HOST_IP_VARIABLE = "VLLM_HOST_IP"
HOST_IP: Mapping[str, Any] = {"fieldRef": {"fieldPath": "status.podIP"}}
# vLLM's message queue to the workers is a ring of 10 x 16 MiB in shared memory even with one GPU in each pod, and a
# container has 64 MiB.
_SHM_SIZE = "2Gi"
_RAW_BACKEND = regex(r"--distributed[-_]executor[-_]backend(=.*)?", re.DOTALL)
# Constant text for python3, which vLLM's image has: the address comes from a variable, the rest as arguments.
_DIAL = (
    "import os, socket, sys; "
    "socket.create_connection((os.environ[sys.argv[1]], int(sys.argv[2])), float(sys.argv[3])).close()"
)
# A worker may be started while the leader's image of many GiB is still being pulled.
_PATIENCE_SECONDS = 600


def check_nodes(nodes: int) -> int:
    """The number of pods that make up one server, at least two."""
    if nodes == 1:
        raise InvalidOptionError("1 is one machine; allowed: at least 2, or VllmServer", option="nodes")
    return checks.integer("nodes", nodes, minimum=2)


def with_backend(engine_args: EngineArgs | None, raw: Sequence[str], backend: str) -> EngineArgs:
    """The settings with the executor that joins the pods, unless the user said one, which `refuse_settings` sees."""
    own = engine_args or {}
    said = "distributed_executor_backend" in own or any(_RAW_BACKEND.fullmatch(item) for item in raw)
    return own if said else {**own, "distributed_executor_backend": backend}


def check_env(env: Mapping[str, Any]) -> None:
    """Refuse variables by which each pod of a group knows who it is, and who leads.

    Raises:
        ConflictError: the user sets one, which would be the same in all pods.
    """
    for name in env:
        if str(name).startswith("LWS_") or name in ("FQ_RAY_IP", "RAY_IP"):
            raise ConflictError("the controller sets it, differently in each pod; take it out", option=f"env[{name!r}]")
    if isinstance(env.get(HOST_IP_VARIABLE), str):
        raise ConflictError(
            f"{env[HOST_IP_VARIABLE]!r} would be the address of every pod; take it out, each pod knows its own",
            option=f"env[{HOST_IP_VARIABLE!r}]",
        )


def check_shares(engine: EngineCommand, nodes: int) -> None:
    """Refuse sizes that do not give each node the same number of GPUs.

    Raises:
        ConflictError: they do not.
    """
    if engine.gpus_in_all % nodes:
        raise ConflictError(
            f"tensor x pipeline x data parallel asks for {engine.gpus_in_all} GPUs, which {nodes} nodes cannot share "
            f"evenly; allowed: a multiple of {nodes}; where nothing else is said, gpus= of each node makes it one",
            option="nodes",
        )


def refuse_settings(engine: EngineCommand, hints: Mapping[str, str], *, backend: str, instead: str) -> None:
    """Refuse settings that the construct makes itself, or that make another kind of server.

    Args:
        engine: the checked command line.
        hints: by setting, what to do instead of setting it.
        backend: the executor that joins the pods.
        instead: what to do for another executor.

    Raises:
        ConflictError: the user set one.
    """
    for name, hint in hints.items():
        if name in engine.settings:
            raise ConflictError(f"{engine.settings[name]!r} cannot be said here; {hint}", option=name)
    said = engine.settings.get("distributed_executor_backend")
    if said != backend:
        raise ConflictError(f"{said!r} does not join these pods, {backend!r} does; {instead}",
                            option="distributed_executor_backend")  # fmt: skip


def check_storage(storage: Storage, nodes: int) -> None:
    """Refuse a claim that only one node can mount.

    Raises:
        ConflictError: it is one, and does not pin the pods to its node.
    """
    allowed = "ReadWriteMany, such as ModelStorage.nfs(...), or a folder of each node, ModelStorage.direct_host_path"
    if storage.access_mode in ("ReadWriteOnce", "ReadWriteOncePod") and storage.node_name is None:
        raise ConflictError(
            f"a {storage.access_mode} claim cannot be mounted by {nodes} nodes; allowed: {allowed}",
            option="storage",
            rule=SINGLE_NODE_CLAIM,
        )
    if storage.claim_name is not None and storage.access_mode is None:
        warn(
            f"{nodes} nodes mount claim {storage.claim_name!r}, whose access mode is not known; say "
            'ModelStorage.from_claim(..., access_mode="ReadWriteMany")',
            option="storage",
            rule=SINGLE_NODE_CLAIM,
        )


def shared_memory_size(engine: EngineCommand, gpus: int | None, mounts: Sequence[Any]) -> str | None:
    """The size limit of /dev/shm that pods with one GPU need as well; None where the general rule sees to it."""
    # What is not a mapping is refused where mounts are read.
    paths = [str(mount.get("mountPath")).rstrip("/") for mount in mounts if isinstance(mount, Mapping)]
    mounted = "/dev/shm" in paths  # noqa: S108 - not ours
    return None if mounted or max(gpus or 0, engine.gpus_per_pod) > 1 else _SHM_SIZE


def dialing(health: Health, *, variable: str, port: int) -> dict[str, Any]:
    """A worker's probes: each of the leader's, but dialling the leader's port, and with more time to start.

    A worker has no port of its own. One whose leader has gone waits for its next order for ever, so it must be
    restarted, and its group with it.

    Args:
        health: the leader's probes.
        variable: the environment variable that holds the leader's address.
        port: the port that the leader listens on.
    """
    startup, liveness = health.startup, health.liveness
    if startup is not None:
        periods = -(-_PATIENCE_SECONDS // startup["periodSeconds"])
        startup = {**startup, "failureThreshold": startup["failureThreshold"] + periods}
    elif liveness is not None:
        liveness = {**liveness, "initialDelaySeconds": liveness.get("initialDelaySeconds", 0) + _PATIENCE_SECONDS}
    roles = {"startupProbe": startup, "livenessProbe": liveness, "readinessProbe": health.readiness}
    return {role: _dial(probe, variable=variable, port=port) for role, probe in roles.items() if probe is not None}


def _dial(probe: Mapping[str, Any], *, variable: str, port: int) -> dict[str, Any]:
    seconds = probe.get("timeoutSeconds", 1)
    command = ["python3", "-c", _DIAL, variable, str(port), str(seconds)]
    timing = {name: value for name, value in probe.items() if name != "httpGet"}
    return {"exec": {"command": command}, **timing}


def follow(worker: dict[str, Any], frame: ServerFrame, *, variable: str, port: int) -> None:
    """Make a worker's container of a copy of the leader's: it has no port, dials the leader, and outlasts it."""
    for field in ("ports", "startupProbe", "livenessProbe", "readinessProbe", "lifecycle"):
        worker.pop(field, None)
    if frame.drain_seconds:
        # All pods are stopped at once, and the leader cannot finish its requests without the others.
        worker["lifecycle"] = {"preStop": {"exec": {"command": ["sleep", str(frame.drain_seconds)]}}}
    worker |= dialing(frame.health, variable=variable, port=port)
