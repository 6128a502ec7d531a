"""A server whose engine runs in several pods, of which one serves: what every way to bring them together shares."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, cast

import cdk8s_plus_27 as kplus

from vllm_cdk8s.constructs.api_key import note_api_key, note_doors
from vllm_cdk8s.constructs.apps import place
from vllm_cdk8s.constructs.exposure import add_ingress
from vllm_cdk8s.constructs.namespace_levels import level_findings
from vllm_cdk8s.constructs.server_base import (
    Server,
    check_kinds,
    check_labels,
    check_names,
    check_service_type,
    derived_settings,
)
from vllm_cdk8s.constructs.workload import PodOptions, check_options, pod_template, pull_policy
from vllm_cdk8s.core.engine import engine_command
from vllm_cdk8s.core.engine.raw import string_list
from vllm_cdk8s.core.errors import InvalidOptionError
from vllm_cdk8s.core.kube import checks
from vllm_cdk8s.core.pod.resources import Resources, resource_name, with_gpus
from vllm_cdk8s.core.server import group_checks
from vllm_cdk8s.core.server.contribution import with_features

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from constructs import Construct

    from vllm_cdk8s.constructs.drop_cache import DropCacheWrapper
    from vllm_cdk8s.constructs.probes import ManualProbes, SlowStartProbes
    from vllm_cdk8s.constructs.storage import ModelStorage
    from vllm_cdk8s.core.engine import EngineArgs, EngineCommand
    from vllm_cdk8s.core.traffic.ingress import Ingress


class NodeGroupOptions(PodOptions, total=False):
    """What else may be said of a server over several nodes; with a meaning and a default as in `VllmServer`."""

    name: str
    """The name of its objects; unsaid, cdk8s names them."""
    instance: str
    """The label ``app.kubernetes.io/instance``; unsaid, the server's name."""
    app_name: str
    """The label ``app.kubernetes.io/name``; unsaid, ``vllm``."""
    labels: Mapping[str, str]
    """Further labels of all its objects."""
    annotations: Mapping[str, str]
    """Annotations of the object that makes the pods."""
    image: str
    """The container image; unsaid, ``vllm/vllm-openai:latest``."""
    image_pull_policy: kplus.ImagePullPolicy | str
    """``kplus.ImagePullPolicy`` or its Kubernetes name; unsaid, IfNotPresent."""
    engine_version: str
    """vLLM's version, where the tag does not say it."""
    engine_args: EngineArgs
    """vLLM's settings by vLLM's names."""
    extra_args: Sequence[str]
    """Settings as raw arguments, checked like ``engine_args``."""
    unchecked_args: Sequence[str]
    """Raw arguments that are passed on unchecked."""
    env: Mapping[str, str | kplus.EnvValue]
    """Environment variables of vLLM in every pod."""
    host: str
    """The address that the leader listens on; unsaid, all of them."""
    port: int
    """The port that the leader listens on; unsaid, 8000."""
    service_type: kplus.ServiceType | str
    """``kplus.ServiceType`` or its Kubernetes name; unsaid, ClusterIP."""
    service_port: int
    """The service's port; unsaid, 8000."""
    ingress: Ingress
    """An Ingress in front of the service."""
    gpus: int
    """GPUs of each pod."""
    gpu_resource: str
    """The resource that GPUs are counted in; unsaid, ``nvidia.com/gpu``."""
    resources: Resources
    """Requests and limits of the vLLM container of each pod."""
    service_account: str | kplus.IServiceAccount
    """One of yours; unsaid, one is made that may do nothing."""
    probes: SlowStartProbes | ManualProbes
    """The leader's health probes, which the workers' follow; unsaid, ten minutes to start."""
    drop_cache: DropCacheWrapper
    """Drop each node's page cache before each start; makes the pods privileged."""


_KNOWN = tuple(NodeGroupOptions.__annotations__)
_FIRST = {"image": "vllm/vllm-openai:latest", "port": 8000, "service_port": 8000, "app_name": "vllm"}
_FIRST_HOST = "0.0.0.0"  # noqa: S104 - a server in a pod is reached from outside it


class NodeGroupServer(Server):
    """What `MultiNodeVllmServer` and `RayVllmServer` have in common.

    Attributes:
        nodes: the pods that make up one server.
        port: the port that the leader listens on.
    """

    _API_VERSION: ClassVar[str]
    _KIND: ClassVar[str]
    _BACKEND: ClassVar[str]
    # What is named besides the server itself, by the controller or here, as suffixes of its name.
    _NAMED: ClassVar[tuple[str, ...]] = ()
    _LEADER_SERVICE: ClassVar[str] = ""

    def _build(
        self,
        scope: Construct,
        id: str,
        *,
        model: str,
        nodes: int,
        storage: ModelStorage,
        options: NodeGroupOptions,
        groups: int = 1,
        others: Sequence[str] = (),
    ) -> None:
        said: Any = check_options(options, ("model", "nodes", "storage", *others), _KNOWN)
        opts, engine_args, env, engine_defaults = with_features(
            cast("PodOptions", {name: value for name, value in said.items() if name in PodOptions.__annotations__}),
            model=model, engine_args=said.get("engine_args"), env=said.get("env"),
            namespace=place(scope)[1],
        )  # fmt: skip
        said = {**_FIRST, "host": _FIRST_HOST, **said}
        check_kinds(
            storage=storage,
            **{name: said.get(name) for name in ("probes", "drop_cache", "ingress", "resources")},
        )
        if storage is None:
            raise InvalidOptionError(
                "None would download the model to every node at every start; say that with ModelStorage.none(...), or "
                "share it with ModelStorage.nfs(...)",
                option="storage",
            )
        group_checks.check_nodes(nodes)
        checks.port("service_port", said["service_port"])
        kind = check_service_type(said.get("service_type", kplus.ServiceType.CLUSTER_IP))
        name = said.get("name")
        suffix = self._longest_suffix(groups)
        check_names(name, said.get("instance"), said["app_name"], longest_suffix=suffix)
        policy = pull_policy(said.get("image_pull_policy", kplus.ImagePullPolicy.IF_NOT_PRESENT))
        resources, gpus = with_gpus(
            said.get("resources", Resources()),
            gpus=said.get("gpus"),
            gpu_resource=resource_name("gpu_resource", said.get("gpu_resource", "nvidia.com/gpu")),
        )
        self.nodes, self.port = nodes, said["port"]
        defaults = {**derived_settings(opts, said["image"], said.get("engine_version")), **engine_defaults}
        self.engine = self._engine(model, said, engine_args, defaults, gpus)
        group_checks.check_storage(storage, nodes)

        super().__init__(scope, id)
        self.image, self.pod_options = said["image"], opts
        self._begin(
            scope, api_version=self._API_VERSION, kind=self._KIND, name=name, instance=said.get("instance"),
            app_name=said["app_name"], labels=check_labels(said.get("labels", {})),
            annotations=self._annotations(checks.annotation_map("annotations", said.get("annotations", {}))),
        )  # fmt: skip
        self._check_room(suffix)
        self.storage, self.drop_cache = storage, said.get("drop_cache")
        self._given_probes = said.get("probes")
        storage.mount_into(self, scope, max_replicas=nodes * max(1, groups))
        account = self._use_account(said.get("service_account"), name)
        group_checks.check_env(env or {})
        variables: dict[str, Any] = {group_checks.HOST_IP_VARIABLE: group_checks.HOST_IP, **(env or {})}
        leader = pod_template(
            self._with_shm(opts, gpus), engine=self.engine, image=self.image, image_pull_policy=policy,
            port=self.port, env=variables, resources=resources, gpus=gpus, storage=storage,
            health=self.probes.health, drop_cache=self.drop_cache, labels=self.selector, service_account=account,
        )  # fmt: skip
        self._set_spec(self._spec(leader, gpus=gpus, groups=groups))
        service_name = None if name is None else f"{name}{self._LEADER_SERVICE}"
        self._serve(
            service_name, service_type=kind, service_port=said["service_port"], target_port=self.port,
            pods=self.leader_pods,
        )  # fmt: skip
        self.ingress = None
        if "ingress" in said:
            self.ingress = add_ingress(said["ingress"], self, service=self.service, name=name, labels=self.labels)
        if self.drop_cache is not None:
            place(scope)[0].add_check(level_findings)
        note_api_key(self, scope, opts.get("api_key"))
        note_doors(self, scope, ingress=said.get("ingress"), service_type=kind)

    def _engine(
        self,
        model: str,
        said: Mapping[str, Any],
        engine_args: EngineArgs | None,
        defaults: Mapping[str, Any],
        gpus: int | None,
    ) -> EngineCommand:
        version, image = said.get("engine_version"), said["image"]
        raw = {name: string_list(name, said.get(name, ())) for name in ("extra_args", "unchecked_args")}
        tokens = [*raw["extra_args"], *raw["unchecked_args"]]
        engine = engine_command(
            model=model, host=said["host"], port=self.port, image=image, engine_version=version, gpus=gpus,
            nodes=self.nodes, defaults=defaults, extra_args=raw["extra_args"], unchecked_args=raw["unchecked_args"],
            engine_args=group_checks.with_backend(engine_args, tokens, self._BACKEND),
        )  # fmt: skip
        self._check_engine(engine)
        group_checks.check_shares(engine, self.nodes)
        return engine

    def _follow(self, worker: dict[str, Any], *, variable: str, port: int) -> None:
        """Make a worker's container of a copy of the leader's: it has no port, dials the leader, and outlasts it."""
        for field in ("ports", "startupProbe", "livenessProbe", "readinessProbe", "lifecycle"):
            worker.pop(field, None)
        if self.pod_options.get("drain_seconds"):
            # All pods are stopped at once, and the leader cannot finish its requests without the others.
            seconds = str(self.pod_options["drain_seconds"])
            worker["lifecycle"] = {"preStop": {"exec": {"command": ["sleep", seconds]}}}
        worker |= group_checks.dialing(self.probes.health, variable=variable, port=port)

    def _with_shm(self, options: PodOptions, gpus: int | None) -> PodOptions:
        size = group_checks.shared_memory_size(self.engine, gpus, options.get("volume_mounts", ()))
        return options if size is None or "shm_size" in options else {**options, "shm_size": size}

    def _check_room(self, suffix: str) -> None:
        """Refuse a name of cdk8s's making that leaves no room for those that are made from it."""
        room = checks.MAX_LABEL - len(suffix)
        if len(self.name) > room:
            raise InvalidOptionError(
                f"{self.node.path!r} makes the name {self.name!r} of {len(self.name)} characters; allowed: {room}, to "
                "leave room for the names made from it; say a shorter name=",
                option="id",
            )

    def _take_identity(self, kind: str, name: str | None) -> None:
        super()._take_identity(kind, name)
        registry, namespace = place(self._scope)
        if name is not None:
            for suffix in self._NAMED:
                registry.take_name("Service", namespace, f"{name}{suffix}", self)

    @cached_property
    def leader_pods(self) -> kplus.Pods:
        """The pods that serve, one of each group."""
        return kplus.Pods.select(self, "LeaderPods", labels=self.leader_selector)

    @property
    def leader_selector(self) -> dict[str, str]:
        """The labels of the pods that serve."""
        return {**self.selector, **self._leader_labels()}

    @property
    def serving_selector(self) -> dict[str, str]:
        """The labels of the pods that answer requests: the leaders."""
        return self.leader_selector

    def _annotations(self, annotations: Mapping[str, str]) -> Mapping[str, str]:
        return annotations

    def _longest_suffix(self, groups: int) -> str:
        """The longest that is put behind the server's name where 63 characters are allowed."""
        raise NotImplementedError

    def _check_engine(self, engine: EngineCommand) -> None:
        raise NotImplementedError

    def _leader_labels(self) -> Mapping[str, str]:
        raise NotImplementedError

    def _spec(self, leader: dict[str, Any], *, gpus: int | None, groups: int) -> Mapping[str, Any]:
        raise NotImplementedError
