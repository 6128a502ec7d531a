"""From a server's options to its pod template in wire form."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from vllm_cdk8s.core.errors import Collector, ConflictError, InvalidOptionError, mention, warn
from vllm_cdk8s.core.kube import checks
from vllm_cdk8s.core.kube.secrets import literal_secret
from vllm_cdk8s.core.kube.wire import sequence
from vllm_cdk8s.core.pod import raw_env, raw_volumes
from vllm_cdk8s.core.pod import template as pod
from vllm_cdk8s.core.pod.drop_cache import dropping_caches
from vllm_cdk8s.core.pod.health import BACKEND_PORT_NAME, PORT_NAME
from vllm_cdk8s.core.pod.lifecycle import Drain, check_shutdown_timeout, drain
from vllm_cdk8s.core.pod.placement import scheduling
from vllm_cdk8s.core.pod.raw_pod import check_together
from vllm_cdk8s.core.pod.secret_key import SecretKey
from vllm_cdk8s.core.pod.security import security
from vllm_cdk8s.core.rules.book import NO_GPU, READ_ONLY_STORAGE, SHARED_GPU, TOO_FEW_GPUS
from vllm_cdk8s.core.server.balancing import probed_port
from vllm_cdk8s.core.showing import shown
from vllm_cdk8s.core.storage.storage import DEFAULT_MOUNT_PATH

if TYPE_CHECKING:
    from vllm_cdk8s.core.engine import EngineCommand
    from vllm_cdk8s.core.pod.health import Health
    from vllm_cdk8s.core.pod.options import PodOptions
    from vllm_cdk8s.core.pod.resources import Resources
    from vllm_cdk8s.core.storage.storage import Storage

SHUTDOWN_TIMEOUT_SINCE = "0.18.0"

_NO_CONTEXTS: tuple[dict[str, Any], dict[str, Any]] = ({}, {})


class ServerPod(Struct, frozen=True, kw_only=True):
    """Everything that the pod template of a server is made of.

    Attributes:
        options: what was said of the pods.
        engine: vLLM's command line.
        image: the container image.
        image_pull_policy: when it is pulled.
        port: the port that vLLM listens on.
        env: the user's variables, each a text or a source in wire form.
        resources: requests and limits, GPUs among them.
        gpus: GPUs of the pod, None where nothing is said.
        storage: where models are kept.
        health: the probes.
        drop_cache: whether the node's page cache is dropped before each start.
        selector: the labels that the pods are found by.
        service_account: the account that they run as.
        ports: further ports of vLLM's container, by name.
        references: variables that the arguments refer to and the kubelet is to expand.
        behind_sidecar: whether a sidecar has the server's port, and its name.
    """

    options: PodOptions
    engine: EngineCommand
    image: str
    image_pull_policy: str
    port: int
    env: Mapping[str, Any]
    resources: Resources
    gpus: int | None
    storage: Storage
    health: Health
    drop_cache: bool
    selector: Mapping[str, str]
    service_account: str
    ports: Mapping[str, int] = field(default_factory=dict)
    references: frozenset[str] = frozenset()
    behind_sidecar: bool = False

    @property
    def _caches(self) -> str:
        """The folder below which vLLM's caches go: in the storage, unless that cannot be written to."""
        if not self.storage.read_only:
            return self.storage.mount_path
        non_root = self.options.get("non_root")
        return DEFAULT_MOUNT_PATH if non_root is None else non_root.mount_path

    def template(self) -> dict[str, Any]:
        """The pod template."""
        options, engine = self.options, self.engine
        non_root, kai = options.get("non_root"), options.get("kai")
        with Collector() as found:
            # What a part returns is None where it is wrong, which is seen to before the parts are put together.
            attempt: Any = found.attempt
            attempt(self._check_share)
            attempt(self._check_storage)
            self._warn_without_gpu()
            made: Any = attempt(self._volumes)
            volumes, mounts = made or ([], [])
            contexts: Any = attempt(
                security,
                drop_cache=self.drop_cache,
                non_root=non_root,
                pod=options.get("pod_security_context", {}),
                container=options.get("security_context", {}),
                home_of_models=self.storage.mount_path,
                image=self.image,
                mounts=mounts,
                home=_home(self.env),
            )
            pod_security, container_security = contexts or _NO_CONTEXTS
            if made is not None:
                attempt(
                    raw_volumes.mounts,
                    "volume_mounts",
                    options.get("volume_mounts", ()),
                    privileged=container_security.get("privileged") is True,
                )
            stop = attempt(self._stop)
            env = attempt(self._environment)
            sources = attempt(env_from, options)
            labels = attempt(own_labels, options, self.selector)
            annotations = attempt(checks.annotation_map, "pod_annotations", options.get("pod_annotations", {}))
            secrets = attempt(pull_secrets, options)
            placed = attempt(
                scheduling,
                node_selector=options.get("node_selector", {}),
                node_name=self.storage.node_name,
                tolerations=options.get("tolerations", ()),
                affinity=options.get("affinity", {}),
                topology_spread=options.get("topology_spread", ()),
                runtime_class=options.get("runtime_class"),
                scheduler_name=options.get("scheduler_name"),
                priority_class=options.get("priority_class"),
                kai=kai,
                device_claims=options.get("device_claims", ()),
                pod_selector=self.selector,
            )
        command = list(pod.COMMAND)
        container = pod.container(
            image=self.image,
            image_pull_policy=self.image_pull_policy,
            command=dropping_caches(command) if self.drop_cache else command,
            args=[pod.literal(arg, references=self.references) for arg in engine.args],
            port=self.port,
            port_name=BACKEND_PORT_NAME if self.behind_sidecar else PORT_NAME,
            more_ports=self.ports,
            probed=probed_port(engine),
            env=env,
            env_from=sources,
            resources=self.resources,
            health=self.health,
            scheme=scheme(engine),
            volume_mounts=mounts,
            security_context=container_security,
            device_claims=[claim.container_claim() for claim in options.get("device_claims", ())],
            pre_stop=() if stop is None else stop.pre_stop,
        )
        downloads = [options["download"].container(engine, like=container)] if "download" in options else []
        template = pod.template(
            labels={
                **labels, **({} if kai is None else kai.labels()), **self.selector,
            },
            annotations={**annotations, **({} if kai is None else kai.annotations())},
            containers=[container, *sequence("extra_containers", options.get("extra_containers", ()))],
            first_containers=downloads,
            init_containers=sequence("init_containers", options.get("init_containers", ())),
            volumes=volumes,
            service_account=self.service_account,
            image_pull_secrets=secrets,
            scheduling=placed,
            security=pod_security,
            grace_period_seconds=None if stop is None else stop.grace_period_seconds,
        )  # fmt: skip
        check_together(template["spec"], partial(_option_of, downloads=len(downloads)))
        return template

    def _check_storage(self) -> None:
        options, non_root = self.options, self.options.get("non_root")
        if self.storage.read_only and "download" in options:
            raise ConflictError(
                "the storage is an image, to which nothing can be downloaded; take one of the two", option="download",
                rule=READ_ONLY_STORAGE,
            )  # fmt: skip
        if non_root is not None:
            non_root.check_mount_path(self.storage.mount_path)

    def _stop(self) -> Drain | None:
        options, engine = self.options, self.engine
        stop = None
        if "drain_seconds" in options:
            stop = drain(options["drain_seconds"], graceful_engine=engine.version.at_least(SHUTDOWN_TIMEOUT_SINCE))
        check_shutdown_timeout(engine.settings.get("shutdown_timeout"), stop)
        return stop

    def _environment(self) -> list[dict[str, Any]]:
        non_root = self.options.get("non_root")
        return pod.environment(
            variables(self.env, self.options),
            caches_below=self._caches,
            identity={} if non_root is None else non_root.environment(),
        )

    def _check_share(self) -> None:
        kai, engine = self.options.get("kai"), self.engine
        if kai is None:
            return
        kai.check_gpus(self.gpus)
        if kai.shares_gpu and engine.gpus_per_pod > 1:
            raise ConflictError(
                f"a share of one GPU cannot hold the {engine.gpus_per_pod} that the parallel sizes ask for",
                option="kai",
                rule=TOO_FEW_GPUS,
            )
        kai.check_utilization(engine.gpu_memory_utilization)
        if kai.shares_gpu and kai.fraction is None and "gpu_memory_utilization" in engine.defaulted:
            warn(
                f"nobody knows what part of the GPU {kai.gpu_memory_mib} MiB are, so vLLM takes "
                f"{engine.gpu_memory_utilization} of it all; say {mention('gpu_total_memory_mib')}, or set "
                f"{mention('gpu_memory_utilization')}",
                option="kai.gpu_memory_mib",
                rule=SHARED_GPU,
            )

    def _warn_without_gpu(self) -> None:
        options, kai = self.options, self.options.get("kai")
        shared = kai is not None and kai.shares_gpu
        if self.gpus is None and not shared and "runtime_class" not in options and not options.get("device_claims"):
            needed = f"gpus={self.engine.gpus_per_pod}"
            warn(
                f"nothing is said about GPUs, so the pod may see none; say {mention(needed)}, or {mention('gpus=0')} "
                "for a CPU image",
                option="gpus",
                rule=NO_GPU,
            )

    def _volumes(self) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        options, non_root = self.options, self.options.get("non_root")
        shm = pod.shared_memory(
            gpus=max(self.gpus or 0, self.engine.gpus_per_pod),
            size=options.get("shm_size"),
            mounts=sequence("volume_mounts", options.get("volume_mounts", ())),
            memory_limit=self.resources.limits.get("memory"),
        )
        return pod.volumes(
            storage=self.storage.volume,
            mount_path=self.storage.mount_path,
            shm=shm,
            home=None if non_root is None else non_root.home,
            extra=options.get("volumes", ()),
            extra_mounts=options.get("volume_mounts", ()),
        )


def _option_of(field: str, index: int, *, downloads: int) -> str:
    """The option that holds a container: the first is vLLM's own, and downloads run before the user's."""
    if field == "initContainers":
        return f"init_containers[{index - downloads}]" if index >= downloads else "download"
    return f"extra_containers[{index - 1}]" if index else ""


def _home(env: object) -> str | None:
    """The home directory that the user's variables say; what is not a mapping is refused where variables are made."""
    home = env.get("HOME") if isinstance(env, Mapping) else None
    return home if isinstance(home, str) else None


def scheme(engine: EngineCommand) -> str:
    """HTTPS where vLLM itself serves TLS, else HTTP."""
    return "HTTPS" if engine.settings.get("ssl_certfile") or engine.settings.get("ssl_keyfile") else "HTTP"


def variables(env: Mapping[str, Any], options: Mapping[str, Any]) -> dict[str, Any]:
    """The variables of a container: the secrets of its options, then the user's own."""
    if not isinstance(env, Mapping):
        raise InvalidOptionError(f"{shown(env)} is not a mapping", option="env")
    found: dict[str, Any] = {}
    for option, name in (("hf_token", "HF_TOKEN"), ("api_key", "VLLM_API_KEY")):
        if option in options:
            secret = options[option]
            if not isinstance(secret, SecretKey):
                raise literal_secret(option, allowed='SecretKey("name", "key")')
            if name in env:
                raise ConflictError(f"{name} is in env too; say it in one place", option=option)
            found[name] = secret.wire()
    return {**found, **env}


def env_from(options: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The container's ``envFrom``."""
    return [_source(index, item) for index, item in enumerate(sequence("env_from", options.get("env_from", ())))]


def _source(index: int, item: Any) -> dict[str, Any]:
    option = f"env_from[{index}]"
    if isinstance(item, Mapping):
        source = dict(checks.plain(option, item))
        raw_env.env_from(option, source)
        return source
    kind = getattr(item, "kind", None)
    if kind not in ("Secret", "ConfigMap"):
        raise InvalidOptionError(
            f"{shown(item)} is neither a kplus.ISecret nor a kplus.IConfigMap nor a mapping in wire form", option=option
        )
    return {"secretRef" if kind == "Secret" else "configMapRef": {"name": item.name}}


def pull_secrets(options: Mapping[str, Any]) -> list[str]:
    """The names of the Secrets of the image's registry, which may be given by name or as constructs."""
    option = "image_pull_secrets"
    return [checks.reference(option, item, "Secret") for item in sequence(option, options.get(option, ()))]


def own_labels(options: Mapping[str, Any], selector: Mapping[str, str]) -> dict[str, str]:
    """The user's labels of the pods, none of which may contradict the selector's."""
    own = checks.label_map("pod_labels", options.get("pod_labels", {}))
    for key in sorted(own.keys() & selector.keys()):
        if own[key] != selector[key]:
            raise ConflictError(
                f"{own[key]!r} contradicts the selector's {selector[key]!r}", option=f"pod_labels[{key!r}]"
            )
    return own
