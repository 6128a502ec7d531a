"""Prefill and decode apart: two groups of one model, of which one reads prompts and the other writes answers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field
from msgspec.structs import replace

from vllm_cdk8s.core.errors import Collector, ConflictError, InvalidOptionError
from vllm_cdk8s.core.features.kv_transfer import PAIR_LABEL, KvTransfer, Nixl, PairProxy, RoutingSidecar, SharedFiles
from vllm_cdk8s.core.inspection.disaggregated_set import EXCLUSIVE_TOPOLOGY, NEVER_PLACED
from vllm_cdk8s.core.inspection.kueue import QUEUE_LABEL, placed_by_kueue, placed_twice
from vllm_cdk8s.core.keywords import named_keywords
from vllm_cdk8s.core.kube import checks
from vllm_cdk8s.core.kube.manifest import Manifest
from vllm_cdk8s.core.pod.health import PORT_NAME
from vllm_cdk8s.core.rules.book import DISAGGREGATED_SET, KUEUE, KV_TRANSFER
from vllm_cdk8s.core.server.set_role import DisaggregatedSet, SetRoleShape

if TYPE_CHECKING:
    from collections.abc import Sequence

    from typing_extensions import Unpack

    from vllm_cdk8s.core.server.options import ServerOptions
    from vllm_cdk8s.core.server.serving import Serving

# What clients come in by, of which the decoding side alone has one.
_FRONT = ("ingress", "service_type", "service_port", "node_port", "service_annotations")
# Of a pool, these would make two releases, or two models, of a pair.
_SHARED = ("image", "engine_version", "model", "name", "instance", "app_name", "port", "kv_transfer", *_FRONT)
# What the layout of the KV cache follows from. Source: compute_nixl_compatibility_hash of vLLM's NixlConnector.
_LAYOUT = ("dtype", "kv_cache_dtype", "block_size", "quantization", "max_model_len", "hf_overrides", "revision")
_MERGED = ("engine_args", "env", "pod_labels", "pod_annotations", "labels", "annotations")
_TLS = ("ssl_keyfile", "ssl_certfile")
_DIGEST, _SLICE_ROOM = 8, 4
ROLES = ("prefill", "decode")


@named_keywords
class Pool:
    """One side of a pair: ``Pool(replicas=4, gpus=1)``.

    Besides the keywords below it takes those of `VllmServer` (of `MultiNodeVllmServer`, with several nodes), which
    stand in the place of the pair's own; mappings such as ``engine_args`` and ``env`` are joined, and its own keys win.
    What both sides must agree on, such as the image, is an option of the pair and not of a pool.

    Attributes:
        replicas: pods, or groups of pods with several nodes.
        nodes: the pods of one server.
        options: what else was said.

    Args:
        replicas: the number of pods, or of groups of pods where there are several nodes. Defaults to 1.
        nodes: the pods that make up one server; with more than one, a LeaderWorkerSet.
        options: any other option of a server.

    Raises:
        InvalidOptionError: a number is out of its range.
        ConflictError: the option belongs to the pair.
    """

    def __init__(self, *, replicas: int | None = None, nodes: int = 1, **options: Unpack[ServerOptions]) -> None:
        self.replicas = replicas
        self.options: Mapping[str, Any] = MappingProxyType(
            {name: value for name, value in options.items() if value is not None}
        )
        with Collector() as found:
            found.given(checks.integer, "replicas", replicas, minimum=0)
            self.nodes = found.attempt(checks.integer, "nodes", nodes, minimum=1) or 1
            for name in self.options:
                if name in _SHARED:
                    what = "is of both sides; say it of the DisaggregatedServer"
                    found.note(ConflictError(what, option=name))

    def shape(self, role: str, *, slices: int) -> SetRoleShape:
        """What its pods are as a role of a DisaggregatedSet."""
        return SetRoleShape.made(
            role, nodes=self.nodes, replicas=1 if self.replicas is None else self.replicas, slices=slices
        )


class PairPlan(Struct, frozen=True, kw_only=True):
    """What both sides of a pair are made of.

    Attributes:
        digest: of all that they must agree on: pods of another one are of another release of the pair.
        options: by role, the options of its server.
        together: the object that makes the pods of both; None where each side has one of its own.
        shapes: by role, what its pods are in that object.
    """

    digest: str
    options: Mapping[str, Mapping[str, Any]]
    together: DisaggregatedSet | None = None
    shapes: Mapping[str, SetRoleShape] = field(default_factory=dict)

    def fetching_from(self, prefill_url: str) -> PairPlan:
        """The same, with a decoding side that knows where the other one answers."""
        decode = dict(self.options["decode"])
        decode["kv_transfer"] = replace(decode["kv_transfer"], prefill_url=prefill_url)
        return replace(self, options={**self.options, "decode": decode})


def plan_pair(
    *,
    model: str,
    prefill: object,
    decode: object,
    connector: Nixl | SharedFiles,
    proxy: PairProxy | RoutingSidecar,
    together: object,
    options: Mapping[str, Any],
) -> PairPlan:
    """Check what is said of a pair, and settle what each side is made of.

    Raises:
        VllmCdk8sError: everything that is wrong, at once.
    """
    with Collector() as found:
        pools: dict[str, Any] = {}
        for role, pool in zip(ROLES, (prefill, decode), strict=True):
            pools[role] = found.attempt(checks.instance, role, pool, Pool, allowed="Pool(replicas=2, gpus=1)")
        found.attempt(checks.instance, "connector", connector, Nixl, SharedFiles, allowed="Nixl() or SharedFiles(...)")
        found.attempt(
            checks.instance, "proxy", proxy, PairProxy, RoutingSidecar, allowed="PairProxy() or RoutingSidecar()"
        )
        if together is True:
            together = DisaggregatedSet()
        if together is not None and together is not False:
            allowed = "True or DisaggregatedSet(slices=2)"
            found.attempt(checks.instance, "disaggregated_set", together, DisaggregatedSet, allowed=allowed)
        for name in ("replicas", "nodes", "gpus", "kv_transfer"):
            if name in options:
                found.attempt(_refuse, name)
    said = {name: value for name, value in options.items() if value is not None}
    each = {role: _merged(said, pools[role].options) for role in ROLES}
    with Collector() as found:
        found.attempt(_check_layout, each)
        found.attempt(_check_placement, each, together)
    digest = _digest(model, said, connector)
    result = {}
    for role in ROLES:
        own = dict(each[role])
        if role == "prefill":
            for name in _FRONT:
                own.pop(name, None)
        for name in ("name", "instance"):
            if name in own:
                own[name] = f"{checks.text(name, own[name])}-{role}"
        own["kv_transfer"] = KvTransfer(role=role, connector=connector, proxy=proxy, digest=digest)
        result[role] = own
    if not isinstance(together, DisaggregatedSet):
        return PairPlan(digest=digest, options=result)
    return PairPlan(
        digest=digest, options=result, together=together,
        shapes={role: pools[role].shape(role, slices=together.slices) for role in ROLES},
    )  # fmt: skip


def _check_placement(each: Mapping[str, Mapping[str, Any]], together: object) -> None:
    if not isinstance(together, DisaggregatedSet) or together.topology is None:
        return
    for role in ROLES:
        if EXCLUSIVE_TOPOLOGY in checks.annotation_map("annotations", each[role].get("annotations", {})):
            raise ConflictError(NEVER_PLACED, option=f"annotations[{EXCLUSIVE_TOPOLOGY!r}]", rule=DISAGGREGATED_SET)
        by = placed_by_kueue(checks.annotation_map("pod_annotations", each[role].get("pod_annotations", {})))
        asks = "kueue" in each[role] or QUEUE_LABEL in checks.label_map("labels", each[role].get("labels", {}))
        if by is not None and asks:
            raise ConflictError(placed_twice(by), option="disaggregated_set.topology", rule=KUEUE)


def pairing_name(prefill: Serving, digest: str) -> str:
    """The name of the Service of a pair's own prefilling pods, with room for the digest and the number of a slice."""
    return f"{prefill.service_name[: checks.MAX_LABEL - len(digest) - _SLICE_ROOM].rstrip('-')}-{digest}"


def pairing_service(prefill: Serving, digest: str, *, name: str, labels: Mapping[str, str]) -> Manifest:
    """The Service by which decoding pods find prefilling ones of their own release, and never others.

    A new release of the pair has a Service of another name, so that pods of both can stand side by side in a rollout.

    Args:
        prefill: the side that reads prompts.
        digest: of the release.
        name: its name.
        labels: what else its pods have.
    """
    port = {"name": PORT_NAME, "port": prefill.port, "targetPort": prefill.port}
    return Manifest(
        api_version="v1",
        kind="Service",
        name=name,
        labels=prefill.labels,
        body={
            "spec": {
                "ports": [port],
                "selector": dict(sorted({**prefill.serving_selector, PAIR_LABEL: digest, **labels}.items())),
                "type": "ClusterIP",
            }
        },
    )


def _refuse(name: str) -> None:
    what = "the pair says it itself" if name == "kv_transfer" else "each side has its own; say it of a Pool"
    raise InvalidOptionError(what, option=name)


def _merged(shared: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    result = {**shared, **own}
    for name in _MERGED:
        if isinstance(shared.get(name), Mapping) and isinstance(own.get(name), Mapping):
            result[name] = {**shared[name], **own[name]}
    return result


def _check_layout(each: Mapping[str, Mapping[str, Any]]) -> None:
    settings = {role: _settings(each[role]) for role in ROLES}
    for name in _TLS:
        if any(name in settings[role] for role in ROLES):
            raise ConflictError(
                "the two sides speak plain HTTP to each other; let an Ingress or a gateway speak TLS", option=name
            )
    if any("kv_transfer_config" in settings[role] for role in ROLES):
        raise ConflictError(
            "the pair says it of each side; take it out, and use connector=", option="engine_args['kv_transfer_config']"
        )
    for name in _LAYOUT:
        first, second = (settings[role].get(name) for role in ROLES)
        if first != second:
            raise ConflictError(
                f"{first!r} to prefill and {second!r} to decode make two kinds of KV cache; say one for both",
                option=f"engine_args[{name!r}]",
                rule=KV_TRANSFER,
            )


def _settings(options: Mapping[str, Any]) -> dict[str, Any]:
    given = options.get("engine_args")
    return dict(given) if isinstance(given, Mapping) else {}


def _digest(model: str, said: Mapping[str, Any], connector: Any) -> str:
    settings = _settings(said)
    parts: Sequence[Any] = (
        model, said.get("image"), said.get("engine_version"), sorted(settings.items()),
        list(said.get("extra_args", ())), repr(connector),
    )  # fmt: skip
    return sha256(json.dumps(parts, default=repr).encode()).hexdigest()[:_DIGEST]
