"""What a feature (adapters, offloading, tracing) adds to its server, and how that meets what the user said."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, TypeVar, cast, runtime_checkable

from msgspec import Struct, field

from vllm_cdk8s.core.engine.version import UNSAID, EngineVersion
from vllm_cdk8s.core.errors import Collector, ConflictError, InvalidOptionError
from vllm_cdk8s.core.kube import checks
from vllm_cdk8s.core.kube.wire import sequence
from vllm_cdk8s.core.rules.book import OTHER_NAMESPACE
from vllm_cdk8s.core.showing import shown

if TYPE_CHECKING:
    from vllm_cdk8s.core.engine import EngineArgs
    from vllm_cdk8s.core.storage.storage import Storage

_Options = TypeVar("_Options", bound=Mapping[str, Any])

# In this order, whatever the order of the user's keywords.
_FEATURES = {
    "lora": "LoraAdapters(...)",
    "chat_template": "ChatTemplate(...)",
    "download": "InitDownload(...)",
    "fast_start": "True or FastStart(...)",
    "streaming": "RunaiStreamer(...) or Tensorizer(...)",
    "kv_offload": "KvOffload(...)",
    "kv_transfer": "KvTransfer(...)",
    "kv_events": "KvEvents(...)",
    "tracing": "Tracing(...)",
    "access_log": "AccessLog(...)",
}
_PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"
_FAILURE_POLICY = "kv_load_failure_policy"
# Lists of the pod that features add to, before the user's own.
_LISTS = ("volumes", "volume_mounts")


class Contribution(Struct, frozen=True, kw_only=True):
    """What one feature adds.

    Attributes:
        engine_args: settings that the feature needs; the user may say the same, and nothing else.
        engine_defaults: settings that the user's own replace.
        kv_connector: a connector of vLLM's for its KV cache, as ``--kv-transfer-config`` has it; several are joined.
        env: variables that the feature needs, likewise.
        volumes: volumes in wire form.
        volume_mounts: mounts of the vLLM container in wire form.
        pod_annotations: annotations of the pods.
        pod_labels: labels of the pods.
        limits: further resources of the vLLM container, which Kubernetes requests as well.
        capabilities: Linux capabilities of the vLLM container.
        memory_bytes: host memory that it takes, which must fit into the container's memory limit.
        shm_bytes: the part of that which lies in /dev/shm.
        ports: further ports of the vLLM container, by name.
        near: pods on whose nodes these had better be: weighted affinity terms in wire form.
        references: variables that vLLM's arguments refer to as ``$(NAME)``, which the kubelet is to expand.
        sidecars: native sidecars (init containers that go on beside vLLM), in wire form.
        backend_port: the port that vLLM itself listens on, where a sidecar has the server's own; None where vLLM has.
    """

    engine_args: Mapping[str, Any] = field(default_factory=dict)
    engine_defaults: Mapping[str, Any] = field(default_factory=dict)
    kv_connector: Mapping[str, Any] | None = None
    env: Mapping[str, Any] = field(default_factory=dict)
    volumes: tuple[Mapping[str, Any], ...] = ()
    volume_mounts: tuple[Mapping[str, Any], ...] = ()
    pod_annotations: Mapping[str, str] = field(default_factory=dict)
    pod_labels: Mapping[str, str] = field(default_factory=dict)
    limits: Mapping[str, str | int] = field(default_factory=dict)
    capabilities: tuple[str, ...] = ()
    memory_bytes: int = 0
    shm_bytes: int = 0
    ports: Mapping[str, int] = field(default_factory=dict)
    near: tuple[Mapping[str, Any], ...] = ()
    references: frozenset[str] = frozenset()
    sidecars: tuple[Mapping[str, Any], ...] = ()
    backend_port: int | None = None


class Extras(Struct, frozen=True, kw_only=True):
    """What the features of a server add beyond options, settings and variables; `Contribution` says what each is.

    Attributes:
        reserved: by option, the host memory that it takes in bytes.
        sidecars: the names of the sidecars.
    """

    engine_defaults: Mapping[str, Any] = field(default_factory=dict)
    limits: Mapping[str, str | int] = field(default_factory=dict)
    reserved: Mapping[str, int] = field(default_factory=dict)
    shm_bytes: int = 0
    ports: Mapping[str, int] = field(default_factory=dict)
    references: frozenset[str] = frozenset()
    backend_port: int | None = None
    sidecars: frozenset[str] = frozenset()


class Target(Struct, frozen=True, kw_only=True):
    """What a feature may know of the server that it is for.

    Attributes:
        model: the server's model.
        engine_args: the user's own settings.
        env: the user's own variables.
        namespace: where the server is, None where its chart does not say.
        guarded: whether the server asks for an API key.
        version: the vLLM that it runs.
        storage: where models and caches are kept, None for a claim of its own.
        image: the container image.
        image_pull_policy: when it is pulled.
        port: the port that its pods serve at.
        gpu: which GPUs, where it is said.
        nodes: the pods that make up one server.
        processes: the processes of each pod that hold a part of the model, one for each GPU.
        transfers: whether it is one side of a pair, so that a connector carries its KV cache to or from the other.
    """

    model: str
    engine_args: Mapping[str, Any]
    env: Mapping[str, Any]
    namespace: str | None
    guarded: bool
    version: EngineVersion = UNSAID
    storage: Storage | None = None
    image: str = ""
    image_pull_policy: str = "IfNotPresent"
    port: int = 8000
    gpu: str | None = None
    nodes: int = 1
    processes: int = 1
    transfers: bool = False

    def require_namespace(self, namespace: str | None, *, option: str, what: str, kind: str = "claims") -> None:
        """Refuse to mount what is in another namespace.

        Args:
            namespace: where it is.
            option: the option that names it.
            what: the object, as the message calls it.
            kind: what such objects are called.

        Raises:
            ConflictError: the server is in another one.
        """
        if namespace != self.namespace:
            raise ConflictError(
                f"{what} is in namespace {namespace!r}, the server in {self.namespace!r}; a pod can only mount {kind} "
                "of its own namespace",
                option=option,
                rule=OTHER_NAMESPACE,
            )

    def require(self, release: str, *, option: str, what: str, instead: str = "use a newer image") -> None:
        """Refuse a release that does not have something yet.

        Raises:
            ConflictError: the server runs an older one.
        """
        if not self.version.at_least(release):
            raise ConflictError(
                f"{what} begins with vLLM {release}, and the image has {self.version.name}; {instead}", option=option
            )


@runtime_checkable
class Feature(Protocol):
    """An option of a server that adds to its pod and to vLLM's settings.

    Attributes:
        OPTION: the option's name.
    """

    OPTION: ClassVar[str]

    def contribute(self, target: Target) -> Contribution:
        """What it adds to that server."""


@runtime_checkable
class ModelKeeper(Protocol):
    """What sees to it that the model is there before vLLM starts."""

    @property
    def keeps_elsewhere(self) -> bool:
        """Whether it is kept outside of the server's storage, so that nothing needs a claim for it."""


def with_features(
    options: _Options,
    *,
    model: str,
    engine_args: EngineArgs | None,
    env: Mapping[str, Any] | None,
    namespace: str | None,
    version: EngineVersion = UNSAID,
    storage: Storage | None = None,
    nodes: int = 1,
) -> tuple[_Options, EngineArgs | None, Mapping[str, Any], Extras]:
    """The options, the engine's settings and the variables with what the server's features add, and what is beyond.

    Raises:
        InvalidOptionError: a feature is not what its option takes.
        ConflictError: a feature and the user, or two features, say different things.
    """
    settings: Any = {} if engine_args is None else engine_args
    variables: Any = {} if env is None else env
    if not options.keys() & _FEATURES.keys() or not isinstance(settings, Mapping) or not isinstance(variables, Mapping):
        return options, engine_args, variables, Extras()  # what is no mapping is refused where it is read
    result: dict[str, Any] = dict(options)
    said, described = dict(settings), dict(variables)
    added: dict[str, Contribution] = {}
    with Collector() as found:
        for option in _FEATURES:
            found.given(_check_feature, option, options.get(option))
    for option in _FEATURES:
        feature: Any = options.get(option)
        if feature is None or feature is False:
            result.pop(option, None)  # said or not, it is off
            continue
        target = Target(
            model=model, engine_args=said, env=described, namespace=namespace, guarded="api_key" in options,
            version=version, storage=storage, image=options.get("image", ""),
            image_pull_policy=options.get("image_pull_policy", "IfNotPresent"), port=options.get("port", 8000),
            gpu=options.get("gpu"), nodes=nodes, processes=_processes(options, said, nodes),
            transfers=options.get("kv_transfer") is not None,
        )  # fmt: skip
        more = added[option] = feature.contribute(target)
        _agree(said, more.engine_args, option=option, place="engine_args")
        _agree(described, more.env, option=option, place="env")
        for name in _LISTS:
            result[name] = [*getattr(more, name), *sequence(name, result.get(name, ()))]
        # Sidecars start behind the user's own init containers, which may prepare what they need.
        if more.sidecars:
            result["init_containers"] = [
                *sequence("init_containers", result.get("init_containers", ())), *more.sidecars,
            ]  # fmt: skip
        for name, check in (("pod_annotations", checks.annotation_map), ("pod_labels", checks.label_map)):
            own = check(name, result.get(name, {}))
            _agree(own, getattr(more, name), option=option, place=name)
            if own or name in result:
                result[name] = own
        if more.near:
            result["affinity"] = _near(result.get("affinity", {}), more.near)
        if more.capabilities:
            result["security_context"] = _capable(
                result.get("security_context", {}), more.capabilities, drop="non_root" in options
            )
    connectors = {option: part.kv_connector for option, part in added.items() if part.kv_connector is not None}
    if connectors:
        _agree(said, {"kv_transfer_config": joined(connectors)}, option=" and ".join(connectors), place="engine_args")
    return cast("_Options", result), cast("EngineArgs", said), described, _extras(added)


def _check_feature(option: str, feature: object) -> None:
    if feature is not False and (not isinstance(feature, Feature) or option != feature.OPTION):
        raise InvalidOptionError(f"{shown(feature)} is not one; allowed: {_FEATURES[option]}", option=option)


def _processes(options: Mapping[str, Any], settings: Mapping[str, Any], nodes: int) -> int:
    gpus = options.get("gpus")
    if isinstance(gpus, int) and not isinstance(gpus, bool):
        return max(1, gpus)
    sizes = (settings.get(name, 1) for name in ("tensor_parallel_size", "pipeline_parallel_size", "data_parallel_size"))
    return max(1, prod(size for size in sizes if isinstance(size, int) and size > 0) // nodes)


def joined(connectors: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """One ``--kv-transfer-config`` of the connectors of several features.

    MultiConnector loads from the first of them that has something, and saves to all. The one of a pair comes first,
    since a decoding side must read what was sent to it, or the other side holds it in vain. vLLM's scheduler reads the
    whole's own role and policy, and asks of the role whether blocks are loaded at all.
    Source: vllm/distributed/kv_transfer/kv_connector/v1/multi_connector.py and vllm/v1/core/sched/scheduler.py
    """
    if len(connectors) == 1:
        return dict(next(iter(connectors.values())))
    first = [name for name in connectors if name == "kv_transfer"]
    ordered = [dict(connectors[name]) for name in dict.fromkeys([*first, *connectors])]
    policies = [policy for each in ordered if (policy := each.pop(_FAILURE_POLICY, None)) is not None]
    return {
        "kv_connector": "MultiConnector",
        "kv_role": "kv_both",
        **({_FAILURE_POLICY: policies[0]} if policies else {}),
        "kv_connector_extra_config": {"connectors": ordered},
    }


def _extras(added: Mapping[str, Contribution]) -> Extras:
    parts = list(added.values())
    ports = [part.backend_port for part in parts if part.backend_port is not None]
    return Extras(
        engine_defaults={name: value for part in parts for name, value in part.engine_defaults.items()},
        limits={name: value for part in parts for name, value in part.limits.items()},
        reserved={option: part.memory_bytes for option, part in added.items() if part.memory_bytes},
        shm_bytes=sum(part.shm_bytes for part in parts),
        ports={name: port for part in parts for name, port in part.ports.items()},
        references=frozenset(name for part in parts for name in part.references),
        backend_port=ports[0] if ports else None,
        sidecars=frozenset(str(sidecar["name"]) for part in parts for sidecar in part.sidecars),
    )


def _near(affinity: Any, terms: tuple[Mapping[str, Any], ...]) -> dict[str, Any]:
    """The user's affinity, and those terms behind what it prefers already."""
    own = checks.mapping("affinity", affinity)
    pods = checks.mapping("affinity['podAffinity']", own.get("podAffinity", {}))
    said = sequence(f"affinity['podAffinity'][{_PREFERRED!r}]", pods.get(_PREFERRED, ()))
    return {**own, "podAffinity": {**pods, _PREFERRED: [*said, *terms]}}


def _capable(context: Any, capabilities: tuple[str, ...], *, drop: bool) -> dict[str, Any]:
    own = checks.mapping("security_context", context)
    said = checks.mapping("security_context['capabilities']", own.get("capabilities", {}))
    known = sequence("security_context['capabilities']['add']", said.get("add", ()))
    more = [name for name in capabilities if name not in known]
    base = {"drop": ["ALL"]} if drop else {}
    return {**own, "capabilities": {**base, **said, "add": [*known, *more]}}


def _agree(own: dict[str, Any], added: Mapping[str, Any], *, option: str, place: str) -> None:
    for name, value in added.items():
        if name in own and own[name] != value:
            raise ConflictError(
                f"{shown(own[name])} contradicts {option}, which sets it to {shown(value)}; say it in one place",
                option=f"{place}[{name!r}]",
            )
        own[name] = value
