"""What GKE wants to know of a pod that asks for TPUs: which, and how they are arranged."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from vllm_cdk8s.core.errors import Problem
from vllm_cdk8s.core.regex import regex
from vllm_cdk8s.core.rules.book import TPU_TOPOLOGY

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

TPU_RESOURCE = "google.com/tpu"
ACCELERATOR_LABEL, TOPOLOGY_LABEL = "cloud.google.com/gke-tpu-accelerator", "cloud.google.com/gke-tpu-topology"
# A pod that says one of these is led to its nodes in another way.
_OTHER_WAYS = ("cloud.google.com/gke-nodepool", "cloud.google.com/compute-class", "cloud.google.com/gke-tpu-slice")
_TOPOLOGY = regex(r"\d+(x\d+){1,2}")
# Arrangements on one machine, by the accelerator's label. Source:
# https://cloud.google.com/kubernetes-engine/docs/concepts/plan-tpus
_ON_ONE_MACHINE: Mapping[str, Mapping[int, str]] = {
    "tpu-v5-lite-podslice": {1: "1x1", 4: "2x2", 8: "2x4"},
    "tpu-v6e-slice": {1: "1x1", 4: "2x2", 8: "2x4"},
    "tpu-v4-podslice": {4: "2x2x1"},
    "tpu-v5p-slice": {4: "2x2x1"},
    "tpu7x": {4: "2x2x1"},
}


def topology_of(accelerator: str, chips: int) -> str | None:
    """How so many chips of one machine are arranged, where that is known."""
    return _ON_ONE_MACHINE.get(accelerator, {}).get(chips)


def topology_problems(selector: Mapping[str, str], *, chips: int, nodes: int) -> Iterator[Problem]:
    """What of a node selector keeps a pod from ever getting its TPUs.

    Args:
        selector: the pod's node selector.
        chips: the TPUs of each pod.
        nodes: the pods that make up one server.
    """
    if any(key.startswith(_OTHER_WAYS) for key in selector):
        return
    missing = [label for label in (ACCELERATOR_LABEL, TOPOLOGY_LABEL) if label not in selector]
    if missing:
        yield Problem(
            what=f"says nothing of {' and '.join(missing)}, without which GKE gives no TPU to a pod",
            rule=TPU_TOPOLOGY,
            severity="warning",
            option="node_selector",
        )
        return
    topology = selector[TOPOLOGY_LABEL]
    if not _TOPOLOGY.fullmatch(topology):
        return
    there, asked = prod(map(int, topology.split("x"))), chips * nodes
    if there != asked:
        fitting = topology_of(selector[ACCELERATOR_LABEL], asked) if nodes == 1 else None
        yield Problem(
            what=f"{topology!r} is {there} chips, and {nodes} {'pod asks' if nodes == 1 else 'pods ask'} for {asked}"
            + ("" if fitting is None else f"; allowed: {fitting!r}"),
            rule=TPU_TOPOLOGY,
            severity="error" if asked > there else "warning",
            option=f"node_selector[{TOPOLOGY_LABEL!r}]",
        )
