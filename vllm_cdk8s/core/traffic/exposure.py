"""What is reached from outside the cluster, and what that means for a server that asks nobody for a key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vllm_cdk8s.core.engine.adapters import BARE_PATH
from vllm_cdk8s.core.errors import Problem, mention
from vllm_cdk8s.core.rules.book import OPEN_ADAPTERS, OPEN_TO_THE_WORLD

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vllm_cdk8s.core.traffic.ingress import Ingress


def doors(
    name: str, *, ingress: Ingress | None, service_type: str, service_annotations: Mapping[str, str]
) -> list[str]:
    """What of a server's own leads to it from outside the cluster, unless it says who, or from where."""
    found = []
    if ingress is not None and not ingress.authenticated:
        found.append(f"its Ingress for {', '.join(host.host for host in ingress.ingress_hosts())}")
    # Each cloud has its own words for a load balancer of the private network; all of them hold this one.
    internal = any("internal" in f"{key}={value}".lower() for key, value in service_annotations.items())
    if service_type == "LoadBalancer" and not internal:
        found.append(f"its LoadBalancer {name!r}")
    return found


def lets_through(path: str, *, exact: bool = False) -> bool:
    """Whether a path that is let through, as a beginning or exactly, lets requests for adapters in that need no key."""
    return path == BARE_PATH if exact else path.rstrip("/") in ("", BARE_PATH)


def adapters_from_outside(server: str, exposed: Sequence[str], *, option: str) -> Problem:
    """The warning that whoever is outside may load adapters into a server, with an API key or without.

    Args:
        server: which server.
        exposed: what leads to it.
        option: the option that lets it.
    """
    return Problem(
        what=f"{' and '.join(exposed)} leads to {BARE_PATH} of {server} from outside the cluster: whoever finds it "
        "loads adapters from anywhere, which its API key does not guard; let nothing but /v1 through",
        rule=OPEN_ADAPTERS,
        severity="warning",
        option=option,
    )


def open_to_the_world(server: str, exposed: Sequence[str]) -> Problem:
    """The warning that a server without an API key is reached from outside the cluster.

    Args:
        server: which server.
        exposed: what leads to it.
    """
    return Problem(
        what=f"{server} asks for no API key, and {' and '.join(exposed)} leads to it from outside the cluster: whoever "
        f"finds it uses the GPUs; say {mention('api_key')}, or authenticate before the server",
        rule=OPEN_TO_THE_WORLD,
        severity="warning",
        option="api_key",
    )
