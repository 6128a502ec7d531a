"""VllmServer: a vLLM inference server, put together from its pieces."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import cdk8s
import cdk8s_plus_27 as kplus
from constructs import Construct

from vllm_cdk8s import checks
from vllm_cdk8s.api_key import note_api_key
from vllm_cdk8s.apps import inherit_place, place, unprivileged_namespaces
from vllm_cdk8s.autoscaling import Autoscaling, add_autoscaler
from vllm_cdk8s.contribution import with_features
from vllm_cdk8s.drop_cache import DropCacheWrapper
from vllm_cdk8s.engine import engine_command
from vllm_cdk8s.engine.version import said_version, version_key
from vllm_cdk8s.errors import ConflictError, InvalidOptionError, nearest
from vllm_cdk8s.exposure import Ingress, add_ingress
from vllm_cdk8s.health import DEFAULT_STARTUP_SECONDS, PORT_NAME
from vllm_cdk8s.lifecycle import drain
from vllm_cdk8s.pod import Resources, with_gpus
from vllm_cdk8s.pod_standards import pod_security_level
from vllm_cdk8s.probes import ManualProbes, SlowStartProbes
from vllm_cdk8s.storage import DEFAULT_MOUNT_PATH, DEFAULT_SIZE, ModelStorage
from vllm_cdk8s.workload import (
    SHUTDOWN_TIMEOUT_SINCE,
    PodOptions,
    check_options,
    pod_template,
    pull_policy,
    scheme,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from constructs import IConstruct
    from typing_extensions import Unpack

    from vllm_cdk8s.engine import EngineArgs
    from vllm_cdk8s.sizing import Sizing

_SERVICE_TYPES = {
    "ClusterIP": kplus.ServiceType.CLUSTER_IP,
    "NodePort": kplus.ServiceType.NODE_PORT,
    "LoadBalancer": kplus.ServiceType.LOAD_BALANCER,
}
# Beyond the start-up budget, for pulling an image of many GiB and for scheduling.
_ROLLOUT_MARGIN_SECONDS = 600
NAME_LABEL, INSTANCE_LABEL = "app.kubernetes.io/name", "app.kubernetes.io/instance"


class VllmServer(Construct):
    """A vLLM server: Deployment, Service, ServiceAccount, and a claim for its models.

    ``VllmServer(self, "llama", model="meta-llama/Llama-3.1-8B-Instruct", gpus=1)``. Given nothing but a model it is one
    replica with a 50 GiB claim at ``/root/.cache``, ten minutes to start, 90 % of the GPU's memory, 2048 tokens of
    context (less where the model has fewer), CUDA graph mode FULL_AND_PIECEWISE, no resource requests or limits, and a
    ClusterIP service on port 8000.

    Args:
        scope: the construct this one belongs to.
        id: its name there.
        model: a model of the Hugging Face hub, or a path in the container.
        name: the name of its objects (its claim is ``<name>-pvc``); None lets cdk8s name them.
        instance: the label ``app.kubernetes.io/instance``; None takes the Deployment's name.
        app_name: the label ``app.kubernetes.io/name``.
        labels: further labels of all its objects.
        annotations: annotations of the Deployment.
        replicas: pods that serve; not with ``autoscaling``.
        autoscaling: a HorizontalPodAutoscaler that decides on the replicas.
        image: the container image; its tag says which vLLM the arguments are checked against.
        image_pull_policy: ``kplus.ImagePullPolicy`` or its Kubernetes name.
        engine_version: vLLM's version, where the tag does not say it.
        engine_args: vLLM's settings by vLLM's names.
        extra_args: settings as raw arguments, checked like ``engine_args``.
        unchecked_args: raw arguments that are passed on unchecked.
        env: environment variables of vLLM, plain text or ``kplus.EnvValue``; text arrives as it is, ``$(X)`` included.
        host: the address that vLLM listens on.
        port: the port that vLLM listens on.
        service_type: ``kplus.ServiceType`` or its Kubernetes name: ClusterIP, NodePort, LoadBalancer.
        service_port: the service's port.
        ingress: an Ingress in front of the service.
        gpus: GPUs of each pod; with several, tensor parallel over all of them unless ``engine_args`` says otherwise.
        gpu_resource: the resource that GPUs are counted in, such as ``nvidia.com/mig-3g.40gb`` or ``amd.com/gpu``.
        resources: requests and limits of the vLLM container.
        sizing: what `size_model` found the model to need; gives the memory, the GPUs, the time to start and the size of
            the claim wherever nothing else says them.
        service_account: one of yours, by name or as a kplus service account; None makes one that may do nothing.
        storage: where models and caches are kept; None makes a claim of 50 GiB.
        probes: the health probes; None gives the server ten minutes to start.
        drop_cache: drop the node's page cache before each start; makes the pod privileged.
        **pod_options: what may be said of the pods; see `PodOptions`.

    Raises:
        InvalidOptionError: an option is unknown, or has a value that is wrong by itself.
        ConflictError: options, or servers of one app, contradict each other.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        model: str,
        name: str | None = None,
        instance: str | None = None,
        app_name: str = "vllm",
        labels: Mapping[str, str] | None = None,
        annotations: Mapping[str, str] | None = None,
        replicas: int = 1,
        autoscaling: Autoscaling | None = None,
        image: str = "vllm/vllm-openai:latest",
        image_pull_policy: kplus.ImagePullPolicy | str = kplus.ImagePullPolicy.IF_NOT_PRESENT,
        engine_version: str | None = None,
        engine_args: EngineArgs | None = None,
        extra_args: Sequence[str] = (),
        unchecked_args: Sequence[str] = (),
        env: Mapping[str, str | kplus.EnvValue] | None = None,
        host: str = "0.0.0.0",  # noqa: S104 - a server in a pod is reached from outside it
        port: int = 8000,
        service_type: kplus.ServiceType | str = kplus.ServiceType.CLUSTER_IP,
        service_port: int = 8000,
        ingress: Ingress | None = None,
        gpus: int | None = None,
        gpu_resource: str = "nvidia.com/gpu",
        resources: Resources | None = None,
        sizing: Sizing | None = None,
        service_account: str | kplus.IServiceAccount | None = None,
        storage: ModelStorage | None = None,
        probes: SlowStartProbes | ManualProbes | None = None,
        drop_cache: DropCacheWrapper | None = None,
        **pod_options: Unpack[PodOptions],
    ) -> None:
        options, engine_args, env = with_features(
            check_options(pod_options, _OWN_OPTIONS), model=model, engine_args=engine_args, env=env, scope=scope
        )
        _check_kinds(
            storage=storage, probes=probes, drop_cache=drop_cache, autoscaling=autoscaling, ingress=ingress,
            resources=resources,
        )  # fmt: skip
        checks.integer("replicas", replicas, minimum=0)
        if autoscaling is not None and replicas != 1:
            raise ConflictError(f"{replicas} contradicts autoscaling, which decides on the replicas", option="replicas")
        checks.port("service_port", service_port)
        kind = _service_type(service_type)
        _check_names(name, instance, app_name, longest_suffix="-pvc" if storage is None else "")
        own_labels = _own_labels(labels or {})
        own_annotations = checks.annotation_map("annotations", annotations or {})
        policy = pull_policy(image_pull_policy)
        all_resources, all_gpus = with_gpus(
            resources if resources is not None else Resources(),
            gpus=gpus,
            gpu_resource=checks.qualified_name("gpu_resource", gpu_resource),
            sizing=sizing,
        )
        self.engine = engine_command(
            model=model, host=host, port=port,
            engine_args=_with_shutdown_timeout(engine_args, image, engine_version, options),
            extra_args=extra_args, unchecked_args=unchecked_args, image=image, engine_version=engine_version,
            gpus=all_gpus,
        )  # fmt: skip

        super().__init__(scope, id)
        self._scope = scope
        self.image, self.pod_options = image, options
        metadata_labels = {**own_labels, NAME_LABEL: app_name}
        if instance is not None or name is not None:
            metadata_labels[INSTANCE_LABEL] = instance or name or ""
        self.deployment = cdk8s.ApiObject(
            self, "Resource", api_version="apps/v1", kind="Deployment",
            metadata=cdk8s.ApiObjectMetadata(name=name, labels=metadata_labels, annotations=own_annotations),
        )  # fmt: skip
        self.name = name if name is not None else self.deployment.name
        _check_derived_name(self.name, self)
        self.instance = instance or self.name
        self.labels = {**metadata_labels, INSTANCE_LABEL: self.instance}
        self.selector = {NAME_LABEL: app_name, INSTANCE_LABEL: self.instance}
        if name is not None or instance is not None:
            self._take_identity(name)
        if storage is None:
            claim_name = None if name is None else f"{name}-pvc"
            non_root = options.get("non_root")
            mount_path = DEFAULT_MOUNT_PATH if non_root is None else non_root.mount_path
            size = DEFAULT_SIZE if sizing is None else sizing.claim_size
            storage = ModelStorage(
                self, "Storage", size=size, name=claim_name, labels=self.labels, mount_path=mount_path
            )
        if probes is None:
            seconds = DEFAULT_STARTUP_SECONDS if sizing is None else sizing.max_startup_seconds
            probes = SlowStartProbes(self, "Probes", max_startup_seconds=seconds)
        self.storage, self.probes, self.drop_cache = storage, probes, drop_cache
        limits = (replicas, replicas) if autoscaling is None else (autoscaling.min_replicas, autoscaling.max_replicas)
        self.min_replicas, self.max_replicas = limits
        storage.mount_into(self, scope, max_replicas=self.max_replicas)

        self.service_account = service_account if service_account is not None else self._own_account(name)
        if isinstance(self.service_account, str):
            account_name = checks.dns_subdomain("service_account", self.service_account)
        else:
            account_name = name if service_account is None and name is not None else self.service_account.name
        template = pod_template(
            options, engine=self.engine, image=image, image_pull_policy=policy, port=port, env=env,
            resources=all_resources, gpus=all_gpus, storage=storage, health=probes.health, drop_cache=drop_cache,
            labels=self.selector, service_account=account_name,
        )  # fmt: skip
        self._set_spec(
            template, None if autoscaling is not None else replicas, named_by_cdk8s=name is None and instance is None,
            download_seconds=options["download"].max_seconds if "download" in options else 0,
        )  # fmt: skip
        self.service = kplus.Service(
            self, "Service",
            metadata=cdk8s.ApiObjectMetadata(name=name, labels=self.labels),
            type=kind,
            ports=[kplus.ServicePort(name=PORT_NAME, port=service_port, target_port=port)],
            selector=self.pods,
        )  # fmt: skip
        self._service_port = service_port
        self.ingress = None
        if ingress is not None:
            self.ingress = add_ingress(self, ingress, service=self.service, name=name, labels=self.labels)
        self.autoscaler: Construct | None = None
        if autoscaling is not None:
            self.autoscaler = add_autoscaler(
                self, autoscaling, target=self.deployment, target_name=self.name, resources=all_resources, name=name,
                labels=self.labels,
            )  # fmt: skip
        if drop_cache is not None:
            place(scope)[0].add_check(self._check_privileged_namespace)
        note_api_key(self, scope, self.selector, options.get("api_key"))

    @cached_property
    def pods(self) -> kplus.Pods:
        """The server's pods, for network policies and services of your own."""
        return kplus.Pods.select(self, "Pods", labels=self.selector)

    @property
    def namespace(self) -> str | None:
        """The namespace of the server's chart, None where it has none."""
        return place(self._scope)[1]

    @property
    def url(self) -> str:
        """Where clients in the cluster reach the server; without a namespace, those of its own."""
        namespace = self.namespace
        host = self.service.name if namespace is None else f"{self.service.name}.{namespace}"
        return f"{scheme(self.engine).lower()}://{host}:{self._service_port}"

    @property
    def pod_security_level(self) -> str:
        """The strictest Pod Security Standard that the pods satisfy: restricted, baseline or privileged."""
        return pod_security_level(self.deployment.to_json()["spec"]["template"])

    def leave_replicas_to(self, autoscaler: Construct, *, min_replicas: int, max_replicas: int) -> None:
        """Take the number of replicas out of the Deployment, since from now on an autoscaler decides on it.

        Args:
            autoscaler: the construct that decides.
            min_replicas: the fewest that it sets.
            max_replicas: the most that it sets.

        Raises:
            ConflictError: ``replicas`` or another autoscaler decides on it, or the storage allows one pod only.
        """
        if self.autoscaler is not None:
            raise ConflictError(
                f"{self.autoscaler.node.path} decides on the replicas of {self.node.path} already; keep one autoscaler",
                option="server",
            )
        if self.max_replicas != 1:
            raise ConflictError(
                f"{self.max_replicas} contradicts {autoscaler.node.path}, which decides on the replicas",
                option="replicas",
            )
        self.storage.check_replicas(max_replicas)
        self.autoscaler, self.min_replicas, self.max_replicas = autoscaler, min_replicas, max_replicas
        self.deployment.add_json_patch(cdk8s.JsonPatch.remove("/spec/replicas"))

    def patch_pod(self, path: str, value: Any) -> None:
        """Set a field of the pod template: ``server.patch_pod("/spec/hostname", "llm")``.

        Args:
            path: a JSON pointer below the template; its parent must exist, and ``/-`` appends to a list that does.
            value: the field's new value in wire form.
        """
        if not path.startswith("/"):
            raise InvalidOptionError(
                f"{path!r} is not a JSON pointer; allowed: such as '/spec/hostname'", option="path"
            )
        value = checks.plain("value", value)
        self.deployment.add_json_patch(cdk8s.JsonPatch.add(f"/spec/template{path}", value))

    def _take_identity(self, name: str | None) -> None:
        registry, namespace = place(self._scope)
        if name is not None:
            registry.take_name("Deployment", namespace, name, self)
            inherit_place(self, self._scope)
        registry.take_selector(namespace, self.selector, self)

    def _own_account(self, name: str | None) -> kplus.ServiceAccount:
        metadata = cdk8s.ApiObjectMetadata(name=name, labels=self.labels)
        return kplus.ServiceAccount(self, "ServiceAccount", metadata=metadata, automount_token=False)

    def _set_spec(
        self, template: dict[str, Any], replicas: int | None, *, named_by_cdk8s: bool, download_seconds: int
    ) -> None:
        spec: dict[str, Any] = {} if replicas is None else {"replicas": replicas}
        spec |= {
            "selector": {"matchLabels": self.selector},
            # A surge pod would wait for the GPU, or the claim, that the old one holds, for ever. Not Recreate: a
            # server-side apply over a live RollingUpdate Deployment is refused.
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1}},
            "progressDeadlineSeconds": download_seconds + self.probes.startup_seconds + _ROLLOUT_MARGIN_SECONDS,
            "template": template,
        }
        patches = [cdk8s.JsonPatch.add("/spec", spec)]
        if named_by_cdk8s:
            label = INSTANCE_LABEL.replace("/", "~1")
            patches.append(cdk8s.JsonPatch.add(f"/metadata/labels/{label}", self.instance))
        self.deployment.add_json_patch(*patches)

    def _check_privileged_namespace(self, root: IConstruct) -> list[str]:
        declared = unprivileged_namespaces(root)
        namespace = self.namespace
        if namespace not in declared:
            return []
        finding = (
            f"drop_cache: server {self.node.path} needs privileged pods, but namespace {namespace!r} "
            f"({declared[namespace]}) does not let them in; declare it as a PrivilegedNamespace"
        )
        return [finding]


_OWN_OPTIONS = ("model", *(VllmServer.__init__.__kwdefaults__ or ()))


_KINDS: dict[str, tuple[tuple[type, ...], str]] = {
    "storage": ((ModelStorage,), 'ModelStorage(self, "models", size="50Gi") or another of its kinds'),
    "probes": ((SlowStartProbes, ManualProbes), 'SlowStartProbes(self, "probes", max_startup_seconds=600)'),
    "drop_cache": ((DropCacheWrapper,), 'DropCacheWrapper(self, "drop-cache")'),
    "autoscaling": ((Autoscaling,), "Autoscaling(max_replicas=4)"),
    "ingress": ((Ingress,), 'Ingress(hosts=["llm.example.com"])'),
    "resources": ((Resources,), 'Resources(limits={"memory": "24Gi"})'),
}


def _check_kinds(**options: object) -> None:
    for option, value in options.items():
        kinds, allowed = _KINDS[option]
        if value is not None:
            checks.instance(option, value, *kinds, allowed=allowed)


def _check_names(name: str | None, instance: str | None, app_name: str, *, longest_suffix: str) -> None:
    if name is not None:
        checks.server_name("name", name, longest_suffix=longest_suffix)
    if instance is not None:
        checks.label_value("instance", checks.text("instance", instance))
    checks.label_value("app_name", checks.text("app_name", app_name))


def _own_labels(labels: Mapping[str, str]) -> dict[str, str]:
    own = checks.label_map("labels", labels)
    for key, keyword in ((NAME_LABEL, "app_name"), (INSTANCE_LABEL, "instance")):
        if key in own:
            raise ConflictError(
                f"the server sets this label itself, for its selector; use {keyword}=", option=f"labels[{key!r}]"
            )
    return own


def _check_derived_name(name: str, server: Construct) -> None:
    if name[0].isdigit():
        raise InvalidOptionError(
            f"{server.node.path!r} makes names that begin with a digit ({name!r}), and a Service's must begin with a "
            "letter; allowed: another id for the chart, or name=",
            option="id",
        )


def _service_type(value: kplus.ServiceType | str) -> kplus.ServiceType:
    if isinstance(value, str) and value in _SERVICE_TYPES:
        return _SERVICE_TYPES[value]
    if value not in _SERVICE_TYPES.values():
        raise InvalidOptionError(
            f"{value!r} is not a service type; allowed: {', '.join(_SERVICE_TYPES)}"
            f"{nearest(str(value), _SERVICE_TYPES)}",
            option="service_type",
        )
    return value  # type: ignore[return-value]  # it is one of the enum's


def _with_shutdown_timeout(
    engine_args: EngineArgs | None, image: str, engine_version: str | None, options: PodOptions
) -> EngineArgs | None:
    version = said_version(image, engine_version)
    if "drain_seconds" not in options:
        return engine_args
    graceful = version is None or version_key(version) >= version_key(SHUTDOWN_TIMEOUT_SINCE)
    timeout = drain(options["drain_seconds"], graceful_engine=graceful).shutdown_timeout
    if timeout is None or "shutdown_timeout" in (engine_args or {}):
        return engine_args
    return {**(engine_args or {}), "shutdown_timeout": timeout}
