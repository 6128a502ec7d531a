"""The plan of a server: every option checked and settled, and the manifests that come of it.

A plan is made without jsii and before anything stands in a tree, so that a refused server leaves nothing behind.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

from msgspec import Struct

from vllm_cdk8s.core.engine import catalogue, engine_command
from vllm_cdk8s.core.engine.adapters import beyond_key, come_at_runtime
from vllm_cdk8s.core.engine.environment import check_environment
from vllm_cdk8s.core.engine.raw import string_list
from vllm_cdk8s.core.engine.streaming import streamed
from vllm_cdk8s.core.engine.version import EngineVersion, said_version, version_key
from vllm_cdk8s.core.errors import (
    Collector,
    ConflictError,
    InvalidOptionError,
    Problem,
    VllmCdk8sError,
    collecting,
    give,
    nearest,
    unacknowledged,
)
from vllm_cdk8s.core.kube import checks
from vllm_cdk8s.core.kube.manifest import Manifest
from vllm_cdk8s.core.kube.text import unwritable_texts
from vllm_cdk8s.core.kube.wire import sequence
from vllm_cdk8s.core.models.ledger import process_memory
from vllm_cdk8s.core.pod.health import DEFAULT_STARTUP_SECONDS, Health, slow_start
from vllm_cdk8s.core.pod.lifecycle import drain
from vllm_cdk8s.core.pod.placement import DeviceClaim, KaiShare
from vllm_cdk8s.core.pod.resources import Resources, binary, resource_name, with_gpus, with_reserved
from vllm_cdk8s.core.pod.security import NonRoot
from vllm_cdk8s.core.rules.book import RULES, SHARED_MEMORY, UNKNOWN_NAME, find_rule
from vllm_cdk8s.core.server import group
from vllm_cdk8s.core.server.balancing import more_ports, serving_ports
from vllm_cdk8s.core.server.contribution import Extras, ModelKeeper, with_features
from vllm_cdk8s.core.server.devices import (
    check_devices,
    device_defaults,
    draws_graphs,
    processes_of_device,
    said_accelerator,
    tpu_nodes,
)
from vllm_cdk8s.core.server.identity import Identity, check_fixed_name, check_tree_names, identity
from vllm_cdk8s.core.server.inspecting import inspection
from vllm_cdk8s.core.server.needs import ledger_problems, model_needs, server_ledger
from vllm_cdk8s.core.server.options import DEFAULTS, PULL_POLICIES
from vllm_cdk8s.core.server.pod import SHUTDOWN_TIMEOUT_SINCE, ServerPod
from vllm_cdk8s.core.server.service import ServiceOptions, service_account
from vllm_cdk8s.core.server.serving import asks_for_key
from vllm_cdk8s.core.server.shape import Additions, ServerFrame
from vllm_cdk8s.core.showing import shown
from vllm_cdk8s.core.storage.claims import DEFAULT_SIZE, claim
from vllm_cdk8s.core.storage.storage import DEFAULT_MOUNT_PATH, Storage
from vllm_cdk8s.core.traffic.exposure import adapters_from_outside, doors, lets_through, open_to_the_world

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from vllm_cdk8s.core.engine import EngineCommand
    from vllm_cdk8s.core.kube.names import Names
    from vllm_cdk8s.core.models.accelerators import Accelerator
    from vllm_cdk8s.core.models.ledger import Ledger
    from vllm_cdk8s.core.models.sizing import Sizing
    from vllm_cdk8s.core.pod.options import PodOptions
    from vllm_cdk8s.core.server.shape import Shape

_VALUE_OBJECTS: dict[str, tuple[type, str]] = {
    "kai": (KaiShare, 'KaiShare(queue="team")'),
    "non_root": (NonRoot, "NonRoot()"),
    "resources": (Resources, 'Resources(limits={"memory": "24Gi"})'),
}


class ServerInput(Struct, frozen=True, kw_only=True):
    """What a plan is made of.

    Attributes:
        model: a model of the Hugging Face hub, or a path in the container.
        said: the options that say something, by name, in wire form.
        shape: what brings the pods together.
        names: the names of the objects.
        path: gives the server's path in the tree, for messages.
        namespace: the namespace of its objects, None where nobody says.
        storage: where models are kept; None makes a claim.
        health: the probes; None gives ten minutes to start.
        sizing: what the model was found to need.
        max_replicas: the most pods, where an autoscaler decides.
        min_replicas: the fewest.
        fits_model: whether what nobody says is made to fit the model; otherwise it stays as it is, and a word is said.
        own_sizes: whether the size of the storage is the user's own word.
    """

    model: str
    said: Mapping[str, Any]
    shape: Shape
    names: Names
    path: Callable[[], str]
    namespace: str | None = None
    storage: Storage | None = None
    health: Health | None = None
    sizing: Sizing | None = None
    min_replicas: int | None = None
    max_replicas: int | None = None
    fits_model: bool = True
    own_sizes: bool = True


class ServerPlan(Struct, frozen=True, kw_only=True, dict=True):
    """A server, checked and settled.

    Attributes:
        shape: what brings its pods together.
        names: the names of its objects.
        identity: its labels and selector.
        pod: everything that its pod template is made of.
        port: the port that its pods serve at: vLLM's own, or that of a sidecar in front of it.
        service: what was said of its Service.
        workload: the object that makes the pods.
        claim: a claim of its own; None where the storage is somebody else's.
        account: a service account of its own; None where it is somebody else's.
        min_replicas: the fewest pods, or groups of pods.
        max_replicas: the most.
        namespace: the namespace of its objects, None where nobody says.
        device: the accelerator that its options name, None where they name none that is known.
        ledger: what it needs, and what it has.
        warnings: what is unwise about it.
    """

    shape: Shape
    names: Names
    identity: Identity
    pod: ServerPod
    port: int
    service: ServiceOptions
    workload: Manifest
    claim: Manifest | None
    account: Manifest | None
    min_replicas: int
    max_replicas: int
    namespace: str | None
    device: Accelerator | None
    ledger: Ledger
    warnings: tuple[Problem, ...] = ()

    @property
    def engine(self) -> EngineCommand:
        """VLLM's command line."""
        return self.pod.engine

    @property
    def serving_selector(self) -> dict[str, str]:
        """The labels of the pods that serve."""
        return {**self.identity.selector, **self.shape.serving_labels(self.engine)}

    @property
    def serving_ports(self) -> tuple[int, ...]:
        """The ports of a pod at which requests are answered: several where each copy in it has its own."""
        return serving_ports(self.engine, self.port)

    @cached_property
    def service_manifest(self) -> Manifest:
        """The Service."""
        return self.service.manifest(
            self.names.service, labels=self.identity.labels, selector=self.serving_selector, target_port=self.port
        )

    def manifests(self) -> list[Manifest]:
        """The server's objects, in the order in which they are written."""
        found = (self.workload, self.claim, self.account, self.service_manifest)
        return [manifest for manifest in found if manifest is not None]


def plan_server(given: ServerInput) -> ServerPlan:
    """Check all that is said of a server, and settle it.

    Raises:
        VllmCdk8sError: everything that is wrong with it, at once.
    """
    with Collector() as found:
        acknowledged = found.attempt(_acknowledged, given.said.get("acknowledge", {})) or {}
        with collecting(found.warnings):
            plan = _Planning(given, found).plan()
    assert plan is not None  # noqa: S101 - nothing was wrong
    warnings = tuple(unacknowledged(found.warnings, acknowledged))
    return ServerPlan(**{**plan, "warnings": warnings})


class _Planning:
    """One pass over the options; each step that fails leaves None to those that need it."""

    def __init__(self, given: ServerInput, found: Collector) -> None:
        self._given = given
        # What a step returns is None where it failed, which is seen to once, before the pod is put together.
        self._attempt: Any = found.attempt
        self._add = found.add
        self._found = found
        self._device: Accelerator | None = found.attempt(said_accelerator, given.said)
        self._said: dict[str, Any] = {
            **DEFAULTS, **device_defaults(self._device), **given.said,
            **tpu_nodes(given.said, self._device, nodes=given.shape.nodes),
        }  # fmt: skip

    def plan(self) -> dict[str, Any] | None:
        given, said, attempt, shape = self._given, self._said, self._attempt, self._given.shape
        if attempt(checks.text, "model", given.model) is None:
            return None
        attempt(_check_names, given)
        if "gpu" in said:
            attempt(checks.text, "gpu", said["gpu"])
        own, version = given.storage is None, _version(said)
        storage = given.storage or attempt(_own_storage, said, given)
        sound = features = attempt(
            with_features, said, model=given.model, engine_args=said.get("engine_args"), env=said.get("env"),
            namespace=given.namespace, version=version, storage=storage, nodes=shape.nodes,
        )  # fmt: skip
        if features is None:
            features = (said, said.get("engine_args"), {}, Extras())
        said, engine_args, env, extras = features
        names = given.names
        who = attempt(identity, said, names)
        annotations: Any = None if who is None else attempt(shape.annotations, who.annotations)
        queue: Any = attempt(_queueing, said, shape)
        service = attempt(ServiceOptions.of, said)
        policy = attempt(
            checks.one_of, "image_pull_policy", said["image_pull_policy"], PULL_POLICIES, what="a pull policy"
        )
        resources = attempt(_resources, said, self._device, given.sizing, extras, shape.nodes)
        port = attempt(_vllm_port, said, extras)
        said, amounts, gpus = (said, *resources) if resources else _without_resources(said)
        engine: Any = None if port is None or not sound else attempt(
            self._engine, said, engine_args, {**(attempt(_derived, said) or {}), **extras.engine_defaults}, gpus, port
        )  # fmt: skip
        if given.sizing is not None and engine is not None:
            given.sizing.warn_beyond(engine.max_model_len)
        self._add(_vllm_variables(version, given.said.get("env")))
        if storage is not None:
            attempt(self._check_storage, storage, own=own)
        health = given.health or slow_start(_startup_seconds(given))
        account = attempt(_account, said, names)
        if shape.nodes > 1:
            attempt(group.check_env, env or {})
            env = {group.HOST_IP_VARIABLE: group.HOST_IP, **(env or {})}
        if not sound or None in (who, queue, engine, storage):
            return None
        said = attempt(_with_shm, {**said, **queue.options}, engine, gpus, extras.shm_bytes, shape.nodes)
        if said is None:
            return None
        pod = ServerPod(
            options=cast("PodOptions", said), engine=engine, image=said["image"], image_pull_policy=policy or "",
            port=port, env=env, ports={**more_ports(engine, port), **extras.ports}, references=extras.references,
            behind_sidecar=extras.backend_port is not None, resources=amounts, gpus=gpus, storage=storage,
            health=health, drop_cache=bool(said.get("drop_cache")), selector=who.selector,
            service_account=account or "",
        )  # fmt: skip
        template = attempt(pod.template)
        if None in (template, annotations, service, policy, resources, account):
            return None
        found = attempt(server_ledger, pod, model=given.model, nodes=shape.nodes, device=self._device)
        if found is None:
            return None
        self._add(ledger_problems(found, pod, model=given.model, own_sizes=given.own_sizes, device=self._device))
        exposed = [] if service is None else doors(
            names.service, ingress=said.get("ingress"), service_type=service.type,
            service_annotations=service.annotations,
        )  # fmt: skip
        if exposed and not asks_for_key(template, engine.settings):
            give(open_to_the_world("the server", exposed))
        self._add(_adapters_from_outside(names.service, said, service, come=_adapters_come(template, engine)))
        frame = ServerFrame(
            selector=who.selector, engine=engine, health=health, storage=storage, port=pod.port, gpus=gpus,
            drop_cache=pod.drop_cache, drain_seconds=said.get("drain_seconds", 0),
            download_seconds=said["download"].max_seconds if "download" in said else 0,
            sidecars=extras.sidecars,
        )  # fmt: skip
        workload = Manifest(
            api_version=shape.api_version, kind=shape.kind, name=names.workload, labels={**who.labels, **queue.labels},
            annotations={**annotations, **queue.annotations},
            body={"spec": {**shape.spec(template, frame), **queue.spec}},
        )  # fmt: skip
        self._add(unwritable_texts(workload))
        self._add(self._found.untold(inspection(pod, template, nodes=shape.nodes)))
        return {
            "shape": shape,
            "names": names,
            "identity": who,
            "pod": pod,
            "port": said["port"],
            "service": service,
            "workload": workload,
            "claim": attempt(self._own_claim, storage, who) if own and storage.claim_name else None,
            "account": service_account(account, labels=who.labels) if "service_account" not in said else None,
            "min_replicas": shape.replicas if given.min_replicas is None else given.min_replicas,
            "max_replicas": shape.replicas if given.max_replicas is None else given.max_replicas,
            "namespace": given.namespace,
            "device": self._device,
            "ledger": found,
        }

    def _engine(
        self, said: Mapping[str, Any], engine_args: Any, defaults: Mapping[str, Any], gpus: int | None, port: int
    ) -> EngineCommand:
        given, shape = self._given, self._given.shape
        raw = {name: string_list(name, said.get(name, ())) for name in ("extra_args", "unchecked_args")}
        if shape.backend is not None:
            tokens = [*raw["extra_args"], *raw["unchecked_args"]]
            engine_args = group.with_backend(engine_args, tokens, shape.backend)
        sized = {} if given.sizing is None else {"max_model_len": given.sizing.max_model_len}
        engine = engine_command(
            model=given.model, host=said["host"], port=port, engine_args=engine_args, image=said["image"],
            engine_version=said.get("engine_version"), gpus=gpus, nodes=shape.nodes, defaults={**defaults, **sized},
            graphs=draws_graphs(said, self._device), **raw,
        )  # fmt: skip
        shape.check_engine(engine, port)
        if shape.nodes > 1:
            group.check_shares(engine, shape.nodes)
        return engine

    def _check_storage(self, storage: Storage, *, own: bool) -> None:
        given, nodes = self._given, self._given.shape.nodes
        if nodes > 1:
            group.check_storage(storage, nodes)
        if not own:
            storage.check_namespace(given.namespace, user=given.path())
        replicas = given.shape.replicas if given.max_replicas is None else given.max_replicas
        storage.check_replicas(nodes * max(1, replicas) if nodes > 1 else replicas)

    def _own_claim(self, storage: Storage, who: Identity) -> Manifest:
        return claim(
            self._given.names.claim, size=storage.size or DEFAULT_SIZE, mode="ReadWriteOnce", labels=who.labels
        )


def _adapters_come(template: Mapping[str, Any], engine: EngineCommand) -> bool:
    return come_at_runtime(template) and beyond_key(engine.version)


def _adapters_from_outside(
    name: str, said: Mapping[str, Any], service: ServiceOptions | None, *, come: bool
) -> list[Problem]:
    """The warnings that a server's own Ingress or LoadBalancer lets outsiders load adapters."""
    if service is None or not come:
        return []
    ingress = said.get("ingress")
    found = []
    if ingress is not None and any(
        lets_through(path.path, exact=path.path_type == "Exact")
        for host in ingress.ingress_hosts()
        for path in host.ingress_paths()
    ):
        ways = doors(name, ingress=ingress, service_type="ClusterIP", service_annotations={})
        found += [adapters_from_outside("the server", ways, option="ingress")] if ways else []
    ways = doors(name, ingress=None, service_type=service.type, service_annotations=service.annotations)
    return found + ([adapters_from_outside("the server", ways, option="service_type")] if ways else [])


def _queueing(said: Mapping[str, Any], shape: Shape) -> Additions:
    if not {"kueue", "gang"} & said.keys():
        return Additions()
    from vllm_cdk8s.core.server.queueing import queueing  # noqa: PLC0415 - for those who made one

    return queueing(said, shape.kind, nodes=shape.nodes)


def check_options(
    options: Mapping[str, Any],
    known: Collection[str],
    *,
    others: Collection[str] = (),
    found: Collector,
) -> dict[str, Any]:
    """The options that say something; None says nothing. What is wrong with one is noted, and the option left out.

    Args:
        options: by name.
        known: the names that there are.
        others: names that are the construct's own, for suggestions.
        found: where that is noted: names that are not options, each with the nearest that is, and values that are of
            another class than their option's.
    """
    names = [*others, *known]
    found.add(
        Problem(what=f"is not an option{nearest(name, names)}", rule=UNKNOWN_NAME, option=name)
        for name in options
        if name not in known
    )
    said = {name: value for name, value in options.items() if value is not None and name in known}
    for name, (kind, allowed) in _VALUE_OBJECTS.items():
        found.given(checks.instance, name, said.get(name), kind, allowed=allowed)
    if "ingress" in said:
        from vllm_cdk8s.core.traffic.ingress import Ingress  # noqa: PLC0415 - for those who made one

        found.attempt(
            checks.instance, "ingress", said["ingress"], Ingress, allowed='Ingress(hosts=["llm.example.com"])'
        )
    claims = found.attempt(sequence, "device_claims", said.get("device_claims", ())) or ()
    for index, item in enumerate(claims):
        found.attempt(
            checks.instance, f"device_claims[{index}]", item, DeviceClaim,
            allowed='DeviceClaim(name="gpu", template="one-gpu")',
        )  # fmt: skip
    return {name: value for name, value in said.items() if found.sound(name)}


def _check_names(given: ServerInput) -> None:
    suffix = given.shape.longest_suffix
    if given.names.fixed is not None:
        check_fixed_name(given.names.fixed, suffix)
    else:
        check_tree_names(given.names, suffix, path=given.path())


def _acknowledged(codes: object) -> Mapping[str, str]:
    if not isinstance(codes, Mapping):
        raise InvalidOptionError(f"{shown(codes)} is not a mapping of rules' codes to reasons", option="acknowledge")
    for code, reason in codes.items():
        if find_rule(str(code)) is None:
            raise InvalidOptionError(
                f"{code!r} is not the code of a rule{nearest(str(code), RULES)}",
                option="acknowledge",
                rule=UNKNOWN_NAME,
            )
        checks.text(f"acknowledge[{code!r}]", reason)
    return {str(code).upper(): str(reason) for code, reason in codes.items()}


def _resources(
    said: Mapping[str, Any], device: Accelerator | None, sizing: Sizing | None, extras: Extras, nodes: int
) -> tuple[Resources, int | None]:
    """The container's resources, and the number of vLLM's processes that have a device, or a core of one, each."""
    own = said.get("resources", Resources())
    resources, gpus = with_gpus(
        own,
        gpus=said.get("gpus"),
        gpu_resource=resource_name("gpu_resource", said["gpu_resource"]),
        sizing=sizing,
    )
    check_devices(said, device, gpus, nodes=nodes)
    gpus = None if gpus is None else gpus * processes_of_device(device)
    here = max(1, gpus or 0)
    return with_reserved(resources, extras.reserved, limits=extras.limits, own=own, besides=process_memory(here)), gpus


def _without_resources(said: Mapping[str, Any]) -> tuple[Mapping[str, Any], Resources, None]:
    """Wrong resources taken as not said, so that the command line and the pods are looked at all the same."""
    none = Resources()
    return {**said, "gpus": None, "resources": none, "gpu_resource": DEFAULTS["gpu_resource"]}, none, None


def _vllm_variables(version: EngineVersion, env: object) -> list[Problem]:
    """What is wrong with the user's variables of vLLM; one from elsewhere has no value yet."""
    if not isinstance(env, Mapping):
        return []
    known = {str(name): value if isinstance(value, str) else None for name, value in env.items()}
    return check_environment(known, version)


def _version(said: Mapping[str, Any]) -> EngineVersion:
    """The release that is said; what is wrong with it is told where the command line is made."""
    try:
        name = said_version(said["image"], said.get("engine_version"))
    except VllmCdk8sError:
        name = None
    return EngineVersion(name=name, known=name in catalogue.versions())


def _vllm_port(said: Mapping[str, Any], extras: Extras) -> int:
    if extras.backend_port is not None and extras.backend_port == said["port"]:
        raise ConflictError(
            f"{said['port']} is where vLLM itself listens behind the sidecar; say another", option="port"
        )
    port: int = said["port"] if extras.backend_port is None else extras.backend_port
    return port


def _derived(said: Mapping[str, Any]) -> dict[str, Any]:
    """VLLM's settings that follow from what is said of its pods, unless the user sets them otherwise."""
    settings: dict[str, Any] = {}
    if "drain_seconds" in said:
        version = said_version(said["image"], said.get("engine_version"))
        graceful = version is None or version_key(version) >= version_key(SHUTDOWN_TIMEOUT_SINCE)
        timeout = drain(said["drain_seconds"], graceful_engine=graceful).shutdown_timeout
        if timeout is not None:
            settings["shutdown_timeout"] = timeout
    kai = said.get("kai")
    if isinstance(kai, KaiShare) and kai.fraction is not None:
        settings["gpu_memory_utilization"] = float(kai.fraction)
    return settings


def _own_storage(said: Mapping[str, Any], given: ServerInput) -> Storage:
    download = said.get("download")
    if (isinstance(download, ModelKeeper) and download.keeps_elsewhere) or (
        "streaming" in said and streamed(given.model)
    ):
        non_root = said.get("non_root")
        home = non_root.mount_path if isinstance(non_root, NonRoot) else DEFAULT_MOUNT_PATH
        return Storage(volume={"emptyDir": {}}, mount_path=home, kept=False)
    if given.shape.nodes > 1:
        raise InvalidOptionError(
            "None would download the model to every node at every start; say that with ModelStorage.none(...), or "
            "share it with ModelStorage.nfs(...)",
            option="storage",
        )
    non_root = said.get("non_root")
    return Storage.of_claim(
        given.names.claim,
        mount_path=non_root.mount_path if isinstance(non_root, NonRoot) else DEFAULT_MOUNT_PATH,
        access_mode="ReadWriteOnce",
        size=_claim_size(given),
        fresh=True,
        namespace=given.namespace,
    )


def _claim_size(given: ServerInput) -> str:
    if given.sizing is not None:
        return given.sizing.claim_size
    return model_needs(given.model).claim_size if given.fits_model else DEFAULT_SIZE


def _startup_seconds(given: ServerInput) -> int:
    if given.sizing is not None:
        return given.sizing.max_startup_seconds
    return model_needs(given.model).startup_seconds if given.fits_model else DEFAULT_STARTUP_SECONDS


def _account(said: Mapping[str, Any], names: Names) -> str:
    if "service_account" not in said:
        return names.service_account
    return checks.reference("service_account", said["service_account"], "ServiceAccount")


def _with_shm(
    said: Mapping[str, Any], engine: EngineCommand, gpus: int | None, more: int, nodes: int
) -> dict[str, Any]:
    """The options with a /dev/shm that pods of a group need, and that also holds what features keep there."""
    if more:
        return _with_more_shm(said, engine, gpus, more)
    if nodes == 1 or "shm_size" in said:
        return dict(said)
    size = group.shared_memory_size(engine, gpus, sequence("volume_mounts", said.get("volume_mounts", ())))
    return dict(said) if size is None else {**said, "shm_size": size}


def _with_more_shm(said: Mapping[str, Any], engine: EngineCommand, gpus: int | None, more: int) -> dict[str, Any]:
    """The options with a /dev/shm that also holds what features keep there."""
    if "shm_size" in said:
        size = checks.quantity("shm_size", said["shm_size"])
        if size < more:
            raise ConflictError(
                f"{said['shm_size']!r} is less than the {binary(more)} that is kept there; leave it out",
                option="shm_size",
                rule=SHARED_MEMORY,
            )
        return dict(said)
    usual = max(2, gpus or 0, engine.gpus_per_pod) * 2**30
    return {**said, "shm_size": binary(usual + more)}


def replicas_with_autoscaling(replicas: object, bounds: tuple[int, int] | None) -> int:
    """The replicas that the options say, which an autoscaler's bounds must not contradict.

    Raises:
        InvalidOptionError: they are not a whole number.
        ConflictError: both are said.
    """
    number = checks.integer("replicas", replicas, minimum=0)
    if bounds is not None and number != 1:
        raise ConflictError(f"{number} contradicts autoscaling, which decides on the replicas", option="replicas")
    return number
