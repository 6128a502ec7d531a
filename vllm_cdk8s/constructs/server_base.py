"""What servers of every shape have in common: names and labels, service account, service, address."""

from __future__ import annotations

from functools import cached_property, lru_cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar

import cdk8s
import cdk8s_plus_27 as kplus
from constructs import Construct

from vllm_cdk8s.constructs.apps import inherit_place, place
from vllm_cdk8s.constructs.namespace_levels import LEVELS, level_findings
from vllm_cdk8s.constructs.probes import SlowStartProbes
from vllm_cdk8s.constructs.workload import SHUTDOWN_TIMEOUT_SINCE, PodOptions, scheme
from vllm_cdk8s.core.engine.version import said_version, version_key
from vllm_cdk8s.core.errors import ConflictError, InvalidOptionError, nearest
from vllm_cdk8s.core.kube import checks
from vllm_cdk8s.core.kube.pod_standards import pod_security_level
from vllm_cdk8s.core.pod.health import DEFAULT_STARTUP_SECONDS, PORT_NAME
from vllm_cdk8s.core.pod.lifecycle import drain
from vllm_cdk8s.core.server.serving import WorkloadRef, asks_for_key

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vllm_cdk8s.constructs.drop_cache import DropCacheWrapper
    from vllm_cdk8s.constructs.probes import ManualProbes
    from vllm_cdk8s.constructs.storage import ModelStorage
    from vllm_cdk8s.core.engine import EngineCommand

NAME_LABEL, INSTANCE_LABEL = "app.kubernetes.io/name", "app.kubernetes.io/instance"
# Beyond the start-up budget, for pulling an image of many GiB and for scheduling.
ROLLOUT_MARGIN_SECONDS = 600

_SERVICE_TYPES = {
    "ClusterIP": kplus.ServiceType.CLUSTER_IP,
    "NodePort": kplus.ServiceType.NODE_PORT,
    "LoadBalancer": kplus.ServiceType.LOAD_BALANCER,
}
# By name, so that only those who use a kind import it.
_KINDS = {
    "storage": (
        ("constructs.storage.ModelStorage",),
        'ModelStorage(self, "models", size="50Gi") or another of its kinds',
    ),
    "probes": (
        ("constructs.probes.SlowStartProbes", "constructs.probes.ManualProbes"),
        'SlowStartProbes(self, "probes", max_startup_seconds=600)',
    ),
    "drop_cache": (("constructs.drop_cache.DropCacheWrapper",), 'DropCacheWrapper(self, "drop-cache")'),
    "autoscaling": (("core.scaling.autoscaling.Autoscaling",), "Autoscaling(max_replicas=4)"),
    "ingress": (("core.traffic.ingress.Ingress",), 'Ingress(hosts=["llm.example.com"])'),
    "sizing": (("core.models.sizing.Sizing",), 'size_model("7B")'),
    "resources": (("core.pod.resources.Resources",), 'Resources(limits={"memory": "24Gi"})'),
}


class Server(Construct):
    """A server that is found by its labels and reached through its service, whatever object makes its pods.

    Attributes:
        name: the name of the object that makes the pods.
        instance: the label ``app.kubernetes.io/instance``.
        labels: the labels of all objects.
        selector: the labels that all its pods have, and no others.
        engine: vLLM's checked command line.
        service: the service in front of it.
        service_account: the account that the pods run as.
        image: the container image.
        workload: the object that makes the pods.
        pod_options: what was said of the pods.
    """

    image: str
    pod_options: PodOptions
    engine: EngineCommand
    service: kplus.Service
    service_account: str | kplus.IServiceAccount
    storage: ModelStorage
    drop_cache: DropCacheWrapper | None
    _given_probes: SlowStartProbes | ManualProbes | None
    _startup_seconds: int = DEFAULT_STARTUP_SECONDS
    port: int
    nodes: int = 1
    min_replicas: int = 1
    max_replicas: int = 1
    internode_ports: tuple[int, ...] = ()
    _SCALABLE: ClassVar[bool] = False
    has_pods = True  # what `level_findings` knows a server by
    # Where the pod templates are in the object that makes the pods.
    _templates: tuple[str, ...] = ("/spec/template",)

    def _begin(
        self,
        scope: Construct,
        *,
        api_version: str,
        kind: str,
        name: str | None,
        instance: str | None,
        app_name: str,
        labels: Mapping[str, str],
        annotations: Mapping[str, str],
    ) -> cdk8s.ApiObject:
        """Make the object that makes the pods, still without a spec, and settle names, labels and selector."""
        self._scope = scope
        self._metadata_of: dict[str | None, cdk8s.ApiObjectMetadata] = {}
        metadata_labels = {**labels, NAME_LABEL: app_name}
        if instance is not None or name is not None:
            metadata_labels[INSTANCE_LABEL] = instance or name or ""
        self.workload = cdk8s.ApiObject(
            self, "Resource", api_version=api_version, kind=kind,
            metadata=cdk8s.ApiObjectMetadata(name=name, labels=metadata_labels, annotations=dict(annotations)),
        )  # fmt: skip
        self.name = name if name is not None else self.workload.name
        _check_derived_name(self.name, self)
        self.instance = instance or self.name
        self.labels = {**metadata_labels, INSTANCE_LABEL: self.instance}
        self.selector = {NAME_LABEL: app_name, INSTANCE_LABEL: self.instance}
        self._instance_known = name is not None or instance is not None
        if self._instance_known:
            self._take_identity(kind, name)
        return self.workload

    def _take_identity(self, kind: str, name: str | None) -> None:
        registry, namespace = place(self._scope)
        if name is not None:
            for taken in (kind, "Service"):
                registry.take_name(taken, namespace, name, self)
            inherit_place(self, self._scope)
            if namespace is not None:
                registry.add_check(level_findings)
        registry.take_selector(namespace, self.selector, self)

    def _set_spec(self, spec: Mapping[str, Any]) -> None:
        patches = [cdk8s.JsonPatch.add("/spec", dict(spec))]
        if not self._instance_known:
            label = INSTANCE_LABEL.replace("/", "~1")
            patches.append(cdk8s.JsonPatch.add(f"/metadata/labels/{label}", self.instance))
        self.workload.add_json_patch(*patches)

    def _use_account(self, account: str | kplus.IServiceAccount | None, name: str | None) -> str:
        """The name of the account that the pods run as; None makes one that may do nothing."""
        if account is None:
            own = kplus.ServiceAccount(self, "ServiceAccount", metadata=self._metadata(name), automount_token=False)
            self.service_account = own
            return own.name if name is None else name
        self.service_account = account
        return checks.reference("service_account", account, "ServiceAccount")

    def _metadata(self, name: str | None) -> cdk8s.ApiObjectMetadata:
        # One value for all objects of a name, since jsii checks each anew.
        if name not in self._metadata_of:
            self._metadata_of[name] = cdk8s.ApiObjectMetadata(name=name, labels=self.labels)
        return self._metadata_of[name]

    def _serve(
        self,
        name: str | None,
        *,
        service_type: kplus.ServiceType,
        service_port: int,
        target_port: int,
        pods: kplus.Pods,
    ) -> None:
        self._service_port = service_port
        self.service = kplus.Service(
            self, "Service",
            metadata=self._metadata(name),
            type=service_type,
            ports=[_service_port(service_port, target_port)],
            selector=pods,
        )  # fmt: skip

    @cached_property
    def probes(self) -> SlowStartProbes | ManualProbes:
        """The health probes; a server's own are made when first asked for."""
        if self._given_probes is not None:
            return self._given_probes
        return SlowStartProbes(self, "Probes", max_startup_seconds=self._startup_seconds)

    @cached_property
    def pods(self) -> kplus.Pods:
        """The server's pods, for network policies and services of your own."""
        return kplus.Pods.select(self, "Pods", labels=self.selector)

    @property
    def namespace(self) -> str | None:
        """The namespace of the server's chart, None where it has none."""
        return place(self._scope)[1]

    @property
    def path(self) -> str:
        """Its place in the tree."""
        return self.node.path

    @property
    def serving_selector(self) -> dict[str, str]:
        """The labels of the pods that answer requests."""
        return self.selector

    @property
    def scheme(self) -> str:
        """``https`` where vLLM itself serves TLS, else ``http``."""
        return scheme(self.engine).lower()

    @property
    def service_name(self) -> str:
        """The name of its service."""
        return self.service.name

    @property
    def service_port(self) -> int:
        """The port of its service."""
        return self._service_port

    @property
    def model(self) -> str:
        """The model."""
        return str(self.engine.settings["model"])

    @property
    def served_model_name(self) -> str:
        """The name by which requests ask for the model."""
        return self.engine.served_model_name

    @property
    def startup_seconds(self) -> int:
        """The start-up budget of its probes; 0 where nothing limits the start."""
        return self.probes.startup_seconds

    @property
    def guarded(self) -> bool:
        """Whether it asks, or may ask, for an API key."""
        return asks_for_key(self.pod_templates[0], self.engine.settings)

    @property
    def workload_ref(self) -> WorkloadRef:
        """The object that makes its pods."""
        workload = self.workload
        return WorkloadRef(
            api_version=workload.api_version, kind=workload.kind, name=self.name, scalable=self._SCALABLE
        )

    @property
    def url(self) -> str:
        """Where clients in the cluster reach the server; without a namespace, those of its own."""
        namespace = self.namespace
        host = self.service.name if namespace is None else f"{self.service.name}.{namespace}"
        return f"{self.scheme}://{host}:{self._service_port}"

    @property
    def pod_templates(self) -> list[Any]:
        """The templates of the pods in wire form, as they are by now."""
        wire = self.workload.to_json()
        return [_at(wire, path) for path in self._templates]

    @property
    def pod_security_level(self) -> str:
        """The strictest Pod Security Standard that the pods satisfy: restricted, baseline or privileged."""
        levels = [pod_security_level(template) for template in self.pod_templates]
        return max(levels, key=LEVELS.index)

    def patch_pod(self, path: str, value: Any) -> None:
        """Set a field of the pod template: ``server.patch_pod("/spec/hostname", "llm")``.

        Args:
            path: a JSON pointer below the template; its parent must exist, and ``/-`` appends to a list that does.
            value: the field's new value in wire form.
        """
        if not checks.text("path", path).startswith("/"):
            raise InvalidOptionError(
                f"{path!r} is not a JSON pointer; allowed: such as '/spec/hostname'", option="path"
            )
        value = checks.plain("value", value)
        for template in self._templates:
            self.workload.add_json_patch(cdk8s.JsonPatch.add(f"{template}{path}", value))


@lru_cache
def _service_port(port: int, target_port: int) -> kplus.ServicePort:
    return kplus.ServicePort(name=PORT_NAME, port=port, target_port=target_port)


def _at(wire: Any, pointer: str) -> Any:
    for key in pointer.strip("/").split("/"):
        wire = wire[int(key)] if isinstance(wire, list) else wire[key]
    return wire


def check_kinds(**options: object) -> None:
    """Refuse options that are not of their type; None is none."""
    for option, value in options.items():
        if value is not None:
            names, allowed = _KINDS[option]
            checks.instance(option, value, *map(_kind, names), allowed=allowed)


def _kind(name: str) -> type:
    module, _, kind = name.rpartition(".")
    found: type = getattr(import_module(f"vllm_cdk8s.{module}"), kind)
    return found


def check_names(name: str | None, instance: str | None, app_name: str, *, longest_suffix: str) -> None:
    """Refuse names and label values that are none, and names that leave no room for the longest suffix."""
    if name is not None:
        checks.server_name("name", name, longest_suffix=longest_suffix)
    if instance is not None:
        checks.label_value("instance", checks.text("instance", instance))
    checks.label_value("app_name", checks.text("app_name", app_name))


def check_labels(labels: Mapping[str, str]) -> dict[str, str]:
    """The user's own labels; those that the server sets itself are refused."""
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


def check_service_type(value: kplus.ServiceType | str) -> kplus.ServiceType:
    """The service type, of kplus or by its Kubernetes name."""
    if isinstance(value, str) and value in _SERVICE_TYPES:
        return _SERVICE_TYPES[value]
    if value not in _SERVICE_TYPES.values():
        raise InvalidOptionError(
            f"{value!r} is not a service type; allowed: {', '.join(_SERVICE_TYPES)}"
            f"{nearest(str(value), _SERVICE_TYPES)}",
            option="service_type",
        )
    return value  # type: ignore[return-value]  # it is one of the enum's


def derived_settings(options: PodOptions, image: str, engine_version: str | None) -> dict[str, Any]:
    """VLLM's settings that follow from what is said of its pods, unless the user sets them otherwise."""
    settings: dict[str, Any] = {}
    if "drain_seconds" in options:
        version = said_version(image, engine_version)
        graceful = version is None or version_key(version) >= version_key(SHUTDOWN_TIMEOUT_SINCE)
        timeout = drain(options["drain_seconds"], graceful_engine=graceful).shutdown_timeout
        if timeout is not None:
            settings["shutdown_timeout"] = timeout
    kai = options.get("kai")
    if kai is not None and kai.fraction is not None:
        settings["gpu_memory_utilization"] = float(kai.fraction)
    return settings
