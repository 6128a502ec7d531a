"""Kueue's labels and annotations, and what else places the pods that it places."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

QUEUE_LABEL = "kueue.x-k8s.io/queue-name"
# On the pod templates. Source: apis/kueue/v1beta2/topology_types.go of https://github.com/kubernetes-sigs/kueue
REQUIRED_TOPOLOGY = "kueue.x-k8s.io/podset-required-topology"
PREFERRED_TOPOLOGY = "kueue.x-k8s.io/podset-preferred-topology"
UNCONSTRAINED_TOPOLOGY = "kueue.x-k8s.io/podset-unconstrained-topology"
TOPOLOGIES = (REQUIRED_TOPOLOGY, PREFERRED_TOPOLOGY, UNCONSTRAINED_TOPOLOGY)
POD_SET_GROUP = "kueue.x-k8s.io/podset-group-name"


def placed_by_kueue(pod_annotations: Mapping[str, object]) -> str | None:
    """The annotation by which Kueue chooses the nodes of pods, None where it does not."""
    return next((key for key in TOPOLOGIES if key in pod_annotations), None)


def placed_twice(by: str) -> str:
    """What is wrong where LeaderWorkerSet places pods that Kueue places by an annotation.

    LeaderWorkerSet does it by affinity and anti-affinity among pods, which Kueue does not weigh when it ties pods to
    nodes. Sources: pkg/webhooks/pod_webhook.go and pkg/utils/disaggregatedset/affinity.go of
    https://github.com/kubernetes-sigs/lws, and https://github.com/kubernetes-sigs/kueue/issues/15057
    """
    return (
        f"Kueue places these pods too ({by}), and knows nothing of the rules among pods that this makes: it may tie "
        "them to nodes that those rules forbid, where they would wait for ever; say one of the two"
    )
