"""From a server's options to its pod template: the one place where kplus objects become plain data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypedDict, TypeVar, cast

import cdk8s_plus_27 as kplus

from vllm_cdk8s.core.errors import ConflictError, InvalidOptionError, nearest, warn
from vllm_cdk8s.core.kube import checks
from vllm_cdk8s.core.pod import template as pod
from vllm_cdk8s.core.pod.lifecycle import check_shutdown_timeout, drain
from vllm_cdk8s.core.pod.placement import DeviceClaim, KaiShare, scheduling
from vllm_cdk8s.core.pod.secret_key import SecretKey
from vllm_cdk8s.core.pod.security import NonRoot, security

if TYPE_CHECKING:
    from vllm_cdk8s.constructs.chat_template import ChatTemplate
    from vllm_cdk8s.constructs.drop_cache import DropCacheWrapper
    from vllm_cdk8s.core.features.lora import LoraAdapters
    from vllm_cdk8s.constructs.storage import ModelStorage
    from vllm_cdk8s.core.engine import EngineCommand
    from vllm_cdk8s.core.models.hub import InitDownload
    from vllm_cdk8s.core.pod.health import Health

_PULL_POLICIES = {
    kplus.ImagePullPolicy.ALWAYS: "Always",
    kplus.ImagePullPolicy.IF_NOT_PRESENT: "IfNotPresent",
    kplus.ImagePullPolicy.NEVER: "Never",
}

# Of an item of envFrom.
_SOURCES = ("secretRef", "configMapRef")

Wire = Mapping[str, Any]


class PodOptions(TypedDict, total=False):
    """What may be said of the pods of any server; each is off, or empty, unless said."""

    hf_token: SecretKey
    """Hugging Face token, as ``HF_TOKEN``."""
    api_key: SecretKey
    """vLLM's API key, as ``VLLM_API_KEY``; it guards ``/v1`` alone."""
    env_from: Sequence[kplus.ISecret | kplus.IConfigMap | Wire]
    """Secrets and ConfigMaps all of whose entries become variables; wire form for a prefix."""
    image_pull_secrets: Sequence[str | kplus.ISecret]
    """Secrets of the image's registry."""
    pod_labels: Mapping[str, str]
    """Further labels of the pods."""
    pod_annotations: Mapping[str, str]
    """Annotations of the pods."""
    node_selector: Mapping[str, str]
    """Labels that a node must have."""
    tolerations: Sequence[Wire]
    """Taints that the pods bear, in wire form."""
    affinity: Wire
    """Affinities in wire form."""
    topology_spread: Sequence[Wire]
    """Topology spread constraints in wire form."""
    runtime_class: str
    """Runtime class, such as ``nvidia``."""
    scheduler_name: str
    """A scheduler other than the default one."""
    kai: KaiShare
    """A queue of the KAI Scheduler and a share of a GPU."""
    device_claims: Sequence[DeviceClaim]
    """Claims for devices, GPUs among them, by dynamic resource allocation."""
    priority_class: str
    """Priority class."""
    volumes: Sequence[Wire]
    """Further volumes in wire form."""
    volume_mounts: Sequence[Wire]
    """Further mounts of the vLLM container in wire form."""
    init_containers: Sequence[Wire]
    """Containers that run to their end before vLLM, in wire form."""
    extra_containers: Sequence[Wire]
    """Containers beside vLLM, in wire form."""
    shm_size: str
    """Size limit of /dev/shm; 1 GiB per GPU and at least 2 GiB where there is more than one GPU."""
    pod_security_context: Wire
    """The pod's security context in wire form."""
    security_context: Wire
    """The vLLM container's security context in wire form."""
    non_root: NonRoot
    """Run as an ordinary user, as the "restricted" Pod Security Standard wants."""
    drain_seconds: int
    """Seconds that running requests get at shutdown."""
    lora: LoraAdapters
    """LoRA adapters: a list, a folder in which vLLM looks for them, or both."""
    chat_template: ChatTemplate
    """The template by which messages become a prompt."""
    download: InitDownload
    """Download the model before vLLM starts, outside its start-up budget."""


_Options = TypeVar("_Options", bound=Mapping[str, Any])


_VALUE_OBJECTS: dict[str, tuple[type, str]] = {
    "kai": (KaiShare, 'KaiShare(queue="team")'),
    "non_root": (NonRoot, "NonRoot()"),
}


def check_options(
    options: _Options, others: Sequence[str], known: Sequence[str] = tuple(PodOptions.__annotations__)
) -> _Options:
    """The options that say something; None says nothing.

    Raises:
        InvalidOptionError: a name is no option, with the nearest of these and the construct's other ones; or a value is
            of another class than its option's.
    """
    names = [*others, *known]
    for name in options:
        if name not in known:
            raise InvalidOptionError(f"is not an option{nearest(name, names)}", option=name)
    said: dict[str, Any] = {name: value for name, value in options.items() if value is not None}
    for name, (kind, allowed) in _VALUE_OBJECTS.items():
        if name in said:
            checks.instance(name, said[name], kind, allowed=allowed)
    for index, claim in enumerate(pod.sequence("device_claims", said.get("device_claims", ()))):
        checks.instance(
            f"device_claims[{index}]", claim, DeviceClaim, allowed='DeviceClaim(name="gpu", template="one-gpu")'
        )
    return cast("_Options", said)


def pull_policy(value: kplus.ImagePullPolicy | str) -> str:
    """The pull policy by its Kubernetes name."""
    allowed = list(_PULL_POLICIES.values())
    if isinstance(value, kplus.ImagePullPolicy):
        return _PULL_POLICIES[value]
    return checks.one_of("image_pull_policy", value, allowed, what="a pull policy")


def pod_template(
    options: PodOptions,
    *,
    engine: EngineCommand,
    image: str,
    image_pull_policy: str,
    port: int,
    env: Mapping[str, str | kplus.EnvValue],
    resources: pod.Resources,
    gpus: int | None,
    storage: ModelStorage,
    health: Health,
    drop_cache: DropCacheWrapper | None,
    labels: Mapping[str, str],
    service_account: str | None,
) -> dict[str, Any]:
    """The pod template of a server, in wire form."""
    kai, non_root, claims = options.get("kai"), options.get("non_root"), options.get("device_claims", ())
    if kai is not None:
        kai.check_gpus(gpus)
        if kai.shares_gpu and engine.gpus_per_pod > 1:
            raise ConflictError(
                f"a share of one GPU cannot hold the {engine.gpus_per_pod} that the parallel sizes ask for",
                option="kai",
            )
        kai.check_utilization(engine.gpu_memory_utilization)
        if kai.shares_gpu and kai.fraction is None and "gpu_memory_utilization" in engine.defaulted:
            warn(
                f"kai.gpu_memory_mib: nobody knows what part of the GPU {kai.gpu_memory_mib} MiB are, so vLLM takes "
                f"{engine.gpu_memory_utilization} of it all; say gpu_total_memory_mib, or set gpu_memory_utilization"
            )
    if non_root is not None:
        non_root.check_mount_path(storage.mount_path)
    _warn_without_gpu(options, gpus)
    shm = pod.shared_memory(
        gpus=max(gpus or 0, engine.gpus_per_pod),
        size=options.get("shm_size"),
        mounts=options.get("volume_mounts", ()),
        memory_limit=resources.limits.get("memory"),
    )
    volumes, mounts = pod.volumes(
        storage=storage.volume,
        mount_path=storage.mount_path,
        shm=shm,
        home=None if non_root is None else non_root.home,
        extra=options.get("volumes", ()),
        extra_mounts=options.get("volume_mounts", ()),
    )
    pod_security, container_security = security(
        drop_cache=drop_cache is not None,
        non_root=non_root,
        pod=options.get("pod_security_context", {}),
        container=options.get("security_context", {}),
    )
    stop = None
    if "drain_seconds" in options:
        stop = drain(options["drain_seconds"], graceful_engine=engine.version.at_least(SHUTDOWN_TIMEOUT_SINCE))
    check_shutdown_timeout(engine.settings.get("shutdown_timeout"), stop)
    command = list(pod.COMMAND)
    container = pod.container(
        image=image,
        image_pull_policy=image_pull_policy,
        command=command if drop_cache is None else drop_cache.wrap(command),
        args=[pod.literal(arg) for arg in engine.args],
        port=port,
        env=pod.environment(
            variables(env, options),
            caches_below=storage.mount_path,
            identity={} if non_root is None else non_root.environment(),
        ),
        env_from=[env_from_wire(index, item) for index, item in enumerate(listed(options, "env_from"))],
        resources=resources,
        health=health,
        scheme=scheme(engine),
        volume_mounts=mounts,
        security_context=container_security,
        device_claims=[claim.container_claim() for claim in claims],
        pre_stop=() if stop is None else stop.pre_stop,
    )
    downloads = [options["download"].container(engine, like=container)] if "download" in options else []
    return pod.template(
        labels={**own_labels(options, labels), **({} if kai is None else kai.labels()), **labels},
        annotations={
            **checks.annotation_map("pod_annotations", options.get("pod_annotations", {})),
            **({} if kai is None else kai.annotations()),
        },
        containers=[container, *pod.named("extra_containers", options.get("extra_containers", ()))],
        init_containers=[*downloads, *pod.sequence("init_containers", options.get("init_containers", ()))],
        volumes=volumes,
        service_account=service_account,
        image_pull_secrets=[secret_name("image_pull_secrets", item) for item in listed(options, "image_pull_secrets")],
        scheduling=scheduling(
            node_selector=options.get("node_selector", {}),
            node_name=storage.node_name,
            tolerations=options.get("tolerations", ()),
            affinity=options.get("affinity", {}),
            topology_spread=options.get("topology_spread", ()),
            runtime_class=options.get("runtime_class"),
            scheduler_name=options.get("scheduler_name"),
            priority_class=options.get("priority_class"),
            kai=kai,
            device_claims=claims,
        ),
        security=pod_security,
        grace_period_seconds=None if stop is None else stop.grace_period_seconds,
    )


SHUTDOWN_TIMEOUT_SINCE = "0.18.0"


def scheme(engine: EngineCommand) -> str:
    """HTTPS where vLLM itself serves TLS, else HTTP."""
    return "HTTPS" if engine.settings.get("ssl_certfile") or engine.settings.get("ssl_keyfile") else "HTTP"


def _warn_without_gpu(options: PodOptions, gpus: int | None) -> None:
    kai = options.get("kai")
    shared = kai is not None and kai.shares_gpu
    if gpus is None and not shared and "runtime_class" not in options and not options.get("device_claims"):
        warn("gpus: nothing is said about GPUs, so the pod may see none; say gpus=1, or gpus=0 for a CPU image")


def variables(
    env: Mapping[str, str | kplus.EnvValue | Wire], options: Mapping[str, Any]
) -> dict[str, str | Mapping[str, Any]]:
    """The variables of a container: the secrets of its options, then the user's own."""
    if not isinstance(env, Mapping):
        raise InvalidOptionError(f"{env!r} is not a mapping", option="env")
    variables: dict[str, str | Mapping[str, Any]] = {}
    for option, name in (("hf_token", "HF_TOKEN"), ("api_key", "VLLM_API_KEY")):
        if option in options:
            secret = options[option]
            if not isinstance(secret, SecretKey):
                raise InvalidOptionError(
                    'a literal secret would stand in the YAML for all to read; allowed: SecretKey("name", "key")',
                    option=option,
                )
            if name in env:
                raise ConflictError(f"{name} is in env too; say it in one place", option=option)
            variables[name] = secret.wire()
    for name, value in env.items():
        variables[name] = _env_value(value) if isinstance(value, kplus.EnvValue) else value
    return variables


def _env_value(value: kplus.EnvValue) -> str | Mapping[str, Any]:
    if value.value_from is None:
        return str(value.value)
    source: dict[str, Any] = dict(value.value_from)
    reference = source.get("resourceFieldRef")
    if reference and "divisor" in reference:
        # jsii hands the divisor over as an object of its own, not as the number in it.
        divisor = reference["divisor"]
        source["resourceFieldRef"] = {**reference, "divisor": str(getattr(divisor, "value", divisor))}
    return source


def env_from_wire(index: int, item: kplus.ISecret | kplus.IConfigMap | Wire) -> dict[str, Any]:
    """An item of ``env_from`` in wire form."""
    option = f"env_from[{index}]"
    if isinstance(item, Mapping):
        if len(item.keys() & _SOURCES) != 1 or not item.keys() <= {*_SOURCES, "prefix"}:
            raise InvalidOptionError(
                f"{dict(item)!r} is no source; allowed: one of {' and '.join(_SOURCES)}, and a prefix", option=option
            )
        return dict(checks.plain(option, item))
    kind = getattr(item, "kind", None)
    if kind not in ("Secret", "ConfigMap"):
        raise InvalidOptionError(
            f"{item!r} is neither a kplus.ISecret nor a kplus.IConfigMap nor a mapping in wire form", option=option
        )
    return {"secretRef" if kind == "Secret" else "configMapRef": {"name": item.name}}


def secret_name(option: str, item: str | kplus.IResource) -> str:
    """The name of a Secret that is given by name or as a construct."""
    return checks.reference(option, item, "Secret")


def listed(options: Mapping[str, Any], name: str) -> list[Any]:
    """An option that is a list; empty where it is not said."""
    return pod.sequence(name, options.get(name, ()))


def own_labels(options: Mapping[str, Any], selector: Mapping[str, str]) -> dict[str, str]:
    """The user's labels of the pods, none of which may contradict the selector's."""
    own = checks.label_map("pod_labels", options.get("pod_labels", {}))
    for key in sorted(own.keys() & selector.keys()):
        if own[key] != selector[key]:
            raise ConflictError(
                f"{own[key]!r} contradicts the selector's {selector[key]!r}", option=f"pod_labels[{key!r}]"
            )
    return own
