"""What the values of a release ask for, part by part."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct

if TYPE_CHECKING:
    from vllm_cdk8s.core.kube.manifest import Manifest
    from vllm_cdk8s.core.pod.health import Health, HttpProbe
    from vllm_cdk8s.core.scaling.autoscaling import Autoscaling
    from vllm_cdk8s.core.storage.storage import Storage
    from vllm_cdk8s.core.traffic.ingress import Ingress
    from vllm_cdk8s.helm.release import Release


class ReleaseParts(Struct, frozen=True, kw_only=True):
    """What the values ask for, each part checked by itself, before they make a server.

    Attributes:
        release: the names of the release.
        options: the options of the server, in plain data.
        model: the model.
        storage: where models are kept.
        claim: a claim of the release's own.
        health: the probes.
        probes: the arguments of `ManualProbes` where the probes are set by hand, else None.
        account: a service account of the release's own that the server does not make by itself.
        scaling: who decides on the replicas; None where the values do.
        ingress: how the server is reached from outside.
        own_sizes: whether the values say the size of the claim.
    """

    release: Release
    options: dict[str, Any]
    model: str
    storage: Storage
    claim: Manifest | None
    health: Health
    probes: dict[str, HttpProbe | None] | None
    account: Manifest | None
    scaling: Autoscaling | None
    ingress: Ingress | None
    own_sizes: bool
