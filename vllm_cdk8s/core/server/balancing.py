"""Who shares requests out among copies of a model (data parallel): vLLM itself, or what stands in front of it.

Source: https://docs.vllm.ai/en/latest/serving/data_parallel_deployment/ and vllm/engine/arg_utils.py, which works out
each pod's ranks from ``--nnodes`` and ``--node-rank``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vllm_cdk8s.core.errors import ConflictError, warn
from vllm_cdk8s.core.rules.book import LOAD_BALANCING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vllm_cdk8s.core.engine import EngineCommand

HYBRID, EXTERNAL, MULTI_PORT = (
    "data_parallel_hybrid_lb", "data_parallel_external_lb", "data_parallel_multi_port_external_lb",
)  # fmt: skip
# Pods know their ranks by --node-rank from here on.
_RANKS_SINCE = "0.12.0"
_SUPERVISOR_PORT = 9256


def mode(settings: Mapping[str, Any]) -> str | None:
    """The setting by which every pod serves for itself; None where one API server shares out the requests of all."""
    return next((name for name in (MULTI_PORT, HYBRID, EXTERNAL) if settings.get(name)), None)


def serving_ports(engine: EngineCommand, port: int) -> tuple[int, ...]:
    """The ports of a pod at which requests are answered: one for each copy in it, where each has its own."""
    if not engine.settings.get(MULTI_PORT):
        return (port,)
    return tuple(range(port, port + local_copies(engine)))


def local_copies(engine: EngineCommand) -> int:
    """Copies of the model in each pod."""
    if engine.settings.get(EXTERNAL):
        return 1
    return max(1, engine.data_parallel_size // engine.nodes)


def supervisor_port(engine: EngineCommand) -> int:
    """The port at which vLLM says whether all copies of a pod are ready, where each has a port of its own."""
    return int(engine.settings.get("data_parallel_supervisor_port") or _SUPERVISOR_PORT)


def probed_port(engine: EngineCommand) -> int | None:
    """Where probes ask, if not at vLLM's own port: whoever knows whether all copies of the pod are ready."""
    return supervisor_port(engine) if engine.settings.get(MULTI_PORT) else None


def more_ports(engine: EngineCommand, port: int) -> dict[str, int]:
    """Ports of vLLM's container besides its first, by name."""
    return {f"http-{index}": each for index, each in enumerate(serving_ports(engine, port)) if index}


def pod_arguments(engine: EngineCommand) -> list[str]:
    """What the command line of each pod of a group needs besides, so that it serves its own copies."""
    chosen = mode(engine.settings)
    if chosen in (None, EXTERNAL) or "data_parallel_size_local" in engine.settings:
        return []
    return [f"--data-parallel-size-local={local_copies(engine)}"]


def check_balancing(engine: EngineCommand, *, port: int, nodes: int) -> None:
    """Refuse a way of sharing requests that these pods cannot have, and say what it wants in front of it.

    Raises:
        ConflictError: vLLM would not start, or two things would have one port.
    """
    chosen = mode(engine.settings)
    if chosen is None:
        return
    others = [name for name in (HYBRID, EXTERNAL, MULTI_PORT) if engine.settings.get(name) and name != chosen]
    if others:
        raise ConflictError(f"and {others[0]} exclude each other; keep one", option=chosen, rule=LOAD_BALANCING)
    if nodes > 1 and not engine.version.at_least(_RANKS_SINCE):
        raise ConflictError(
            f"begins with {_RANKS_SINCE} over several nodes, since {engine.version} does not work out each node's "
            "ranks; use a newer image",
            option=chosen,
            rule=LOAD_BALANCING,
        )
    copies = engine.data_parallel_size
    if copies < 2:  # noqa: PLR2004 - one copy has nothing to share
        raise ConflictError(
            "shares requests out among copies of the model, and there is one; say data_parallel_size",
            option=chosen,
            rule=LOAD_BALANCING,
        )
    if chosen == EXTERNAL and nodes > 1 and copies != nodes:
        raise ConflictError(
            f"is one copy in each pod, and {copies} copies are to be in {nodes}; allowed: data_parallel_size of "
            f"{nodes}, or {HYBRID} or {MULTI_PORT} for several copies in a pod",
            option=chosen,
            rule=LOAD_BALANCING,
        )
    if chosen == MULTI_PORT:
        ports = serving_ports(engine, port)
        if len(ports) < 2:  # noqa: PLR2004 - as vLLM has it
            raise ConflictError(
                "needs at least two copies in each pod; use data_parallel_external_lb for one",
                option=chosen,
                rule=LOAD_BALANCING,
            )
        if supervisor_port(engine) in ports:
            raise ConflictError(
                f"{supervisor_port(engine)} is among the ports of the copies, {ports[0]} to {ports[-1]}; say another",
                option="data_parallel_supervisor_port",
                rule=LOAD_BALANCING,
            )
        warn(
            f"the Service leads to the first copy of each pod alone; an InferencePool(server=...) knows all "
            f"{len(ports)} ports",
            option=chosen,
            rule=LOAD_BALANCING,
        )
