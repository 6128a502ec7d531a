"""VllmChart: the Helm chart's values as a cdk8s chart, made of the same constructs that everybody else uses."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any, cast

import cdk8s
import cdk8s_plus_27 as kplus

from vllm_cdk8s.constructs.drop_cache import DropCacheWrapper
from vllm_cdk8s.constructs.monitoring import ServiceMonitor
from vllm_cdk8s.constructs.probes import ManualProbes, SlowStartProbes
from vllm_cdk8s.constructs.server import INSTANCE_LABEL, NAME_LABEL, VllmServer
from vllm_cdk8s.constructs.storage import ModelStorage
from vllm_cdk8s.core.errors import warn
from vllm_cdk8s.core.kube import checks
from vllm_cdk8s.core.pod.placement import KaiShare
from vllm_cdk8s.core.pod.resources import Resources
from vllm_cdk8s.core.scaling.autoscaling import Autoscaling
from vllm_cdk8s.core.traffic.ingress import Ingress, IngressHost, IngressPath, IngressTls
from vllm_cdk8s.helm.health_values import manual_probes
from vllm_cdk8s.helm.loading import load_values
from vllm_cdk8s.helm.problems import ValuesError
from vllm_cdk8s.helm.release import name_release
from vllm_cdk8s.helm.validation import check_values
from vllm_cdk8s.helm.value_paths import by_value_path

if TYPE_CHECKING:
    from collections.abc import Mapping

    from constructs import Construct

    from vllm_cdk8s.core.engine import EngineArgs
    from vllm_cdk8s.core.pod.options import PodOptions
    from vllm_cdk8s.helm.model import IngressHost as HostValues
    from vllm_cdk8s.helm.model import Values


_GPU = "nvidia.com/gpu"
_EXPANSION = re.compile(r"\$\([A-Za-z_][A-Za-z0-9_.-]*\)")


class VllmChart(cdk8s.Chart):
    """One release of the Helm chart's values: ``VllmChart(app, "my-vllm", values={"vllm": {"model": ...}})``.

    It is a `VllmServer` with its `ModelStorage`, probes and, if asked for, `DropCacheWrapper`; names, labels and claim
    are those that the Helm chart gives to a release of this name.

    Args:
        scope: the app, or the construct this one belongs to.
        id: its name there, and the release's name unless ``release`` says another.
        values: the values as plain data, or the path of a values file; None takes all defaults.
        release: the release's name.
        namespace: the namespace of the chart's objects; None leaves it to whoever applies them.

    Attributes:
        values: the values, defaults included.
        release: the names of the release and its objects.
        server: the server.

    Raises:
        ValuesError: values that the chart does not know or cannot use, each by its path.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        values: Mapping[str, Any] | str | os.PathLike[str] | None = None,
        release: str | None = None,
        namespace: str | None = None,
    ) -> None:
        if isinstance(values, (str, os.PathLike)):
            values = load_values(values)
        self.values = check_values({} if values is None else values)
        self.release = name_release(id if release is None else release, self.values)
        super().__init__(scope, id, namespace=namespace)
        self.server = self._server()
        self._monitor()

    def _server(self) -> VllmServer:
        values, release = self.values, self.release
        _warn_about_unused(values)
        storage = self._storage()
        probes = self._probes()
        with by_value_path("vllm"):
            return VllmServer(
                self, "server",
                name=release.fullname, instance=release.instance, app_name=release.app_name,
                image=_image(values), image_pull_policy=values.image.pull_policy,
                model=values.vllm.model, host=values.vllm.host, port=values.vllm.port,
                engine_args=_engine_args(values), extra_args=values.vllm.additional_args,
                unchecked_args=values.vllm.unchecked_args, engine_version=values.vllm.engine_version,
                env=_environment(values),
                replicas=1 if values.autoscaling.enabled else values.replica_count,
                autoscaling=_autoscaling(values),
                service_type=values.service.type, service_port=values.service.port, ingress=_ingress(values),
                resources=_resources(values), service_account=self._service_account(),
                storage=storage, probes=probes,
                drop_cache=DropCacheWrapper(self, "drop-cache") if values.init_drop_cache else None,
                **_pod_options(values),
            )  # fmt: skip

    def _monitor(self) -> None:
        monitoring = self.values.monitoring
        monitor = monitoring.service_monitor
        if monitoring.enabled != monitor.enabled:
            lone, other = "monitoring.enabled", "monitoring.serviceMonitor.enabled"
            if monitor.enabled:
                lone, other = other, lone
            warn(f"{lone}: true has no effect while {other} is false")
        if monitoring.enabled and monitor.enabled:
            with by_value_path("monitoring.serviceMonitor"):
                ServiceMonitor(
                    self, "monitor", server=self.server, name=self.release.fullname,
                    interval=monitor.interval, scrape_timeout=monitor.scrape_timeout, labels=monitor.labels,
                )  # fmt: skip

    def _storage(self) -> ModelStorage:
        persistence = self.values.persistence
        with by_value_path("persistence"):
            if not persistence.enabled:
                return ModelStorage.none(self, "models")
            if persistence.existing_claim:
                return ModelStorage.from_claim(self, "models", persistence.existing_claim)
            return ModelStorage(
                self,
                "models",
                name=self.release.claim,
                size=str(persistence.size),
                storage_class=persistence.storage_class or None,
                access_mode=persistence.access_mode,
                labels={NAME_LABEL: self.release.app_name, INSTANCE_LABEL: self.release.instance},
                annotations=persistence.annotations,
            )

    def _probes(self) -> SlowStartProbes | ManualProbes:
        manual = manual_probes(self.values)
        if manual is None:
            return SlowStartProbes(self, "probes", max_startup_seconds=self.values.slow_start.max_startup_seconds)
        return ManualProbes(self, "probes", **manual)

    def _service_account(self) -> kplus.ServiceAccount | str | None:
        """None lets the server make its own: the usual case."""
        account = self.values.service_account
        checks.dns_subdomain("service_account", self.release.service_account)
        if not account.create:
            return self.release.service_account
        if not account.name and not account.annotations:
            return None
        return kplus.ServiceAccount(
            self,
            "account",
            metadata=cdk8s.ApiObjectMetadata(
                name=self.release.service_account,
                labels={NAME_LABEL: self.release.app_name, INSTANCE_LABEL: self.release.instance},
                annotations=account.annotations,
            ),
            automount_token=False,
        )


def _warn_about_unused(values: Values) -> None:
    target = values.service.target_port
    if target is not None and target != values.vllm.port:
        warn(f"service.targetPort: {target} has no effect; requests go to vllm.port: {values.vllm.port}")
    texts = {f"vllm.env[{index}].value": variable.value for index, variable in enumerate(values.vllm.env)}
    texts |= {f"vllm.additionalArgs[{index}]": text for index, text in enumerate(values.vllm.additional_args)}
    for path, text in texts.items():
        if text is not None and (found := _EXPANSION.search(text)):
            warn(f"{path}: {found[0]!r} arrives as it is written; the Helm chart had Kubernetes expand it")


def _image(values: Values) -> str:
    image = values.image
    tag = image.tag or "latest"
    return f"{image.repository}@{tag}" if tag.startswith("sha256:") else f"{image.repository}:{tag}"


def _engine_args(values: Values) -> EngineArgs:
    """What the values say of vLLM; what they leave to the defaults is left to the engine's, which knows the model."""
    vllm = values.vllm
    said, defaults = vllm.model_fields_set, type(vllm)()
    args: dict[str, Any] = {}
    # Said or not, these defaults are the engine's own, which leaves them out where additionalArgs say them.
    if vllm.gpu_memory_utilization != defaults.gpu_memory_utilization:
        args["gpu_memory_utilization"] = vllm.gpu_memory_utilization
    for name in ("max_model_len", "tensor_parallel_size", "async_scheduling"):
        if name in said:
            args[name] = getattr(vllm, name)
    for decided_by_vllm in ("tensor_parallel_size", "async_scheduling"):
        if args.get(decided_by_vllm, ...) is None:
            del args[decided_by_vllm]
    if vllm.trust_remote_code:
        args["trust_remote_code"] = True
    if vllm.cuda_graph_mode != defaults.cuda_graph_mode:
        mode = vllm.cuda_graph_mode
        args["compilation_config"] = None if mode is None else {"cudagraph_mode": mode}
    return cast("EngineArgs", args)


def _pod_options(values: Values) -> PodOptions:
    options: PodOptions = {
        "image_pull_secrets": [secret.name for secret in values.image_pull_secrets],
        "pod_annotations": values.pod_annotations,
        "pod_security_context": values.pod_security_context,
        "security_context": values.security_context,
        "node_selector": values.node_selector,
        "tolerations": [taint.model_dump(by_alias=True, exclude_none=True) for taint in values.tolerations],
        "affinity": values.affinity,
    }
    kai = values.kaischeduler
    if kai != type(kai)():
        with by_value_path("kaischeduler"):
            options["kai"] = KaiShare(
                queue=kai.queue, gpu_memory_mib=kai.gpu_memory_mib, gpu_total_memory_mib=kai.gpu_total_memory_mib
            )
    if values.runtime_class_name:
        options["runtime_class"] = values.runtime_class_name
    return options


def _environment(values: Values) -> dict[str, Any]:
    env: dict[str, Any] = {}
    for index, variable in enumerate(values.vllm.env):
        if variable.name in env:
            raise ValuesError(f"vllm.env[{index}].name: {variable.name!r} is there twice")
        env[variable.name] = variable.value_from if variable.value_from is not None else variable.value or ""
    return env


def _resources(values: Values) -> Resources:
    lists = {"limits": values.resources.limits, "requests": values.resources.requests}
    if values.kaischeduler.gpu_memory_mib is not None:
        # As in the chart: a share of a GPU takes the place of the whole ones that the same values ask for otherwise.
        lists = {kind: {name: item for name, item in given.items() if name != _GPU} for kind, given in lists.items()}
    with by_value_path("resources"):
        return Resources(**lists)


def _autoscaling(values: Values) -> Autoscaling | None:
    scaling = values.autoscaling
    if not scaling.enabled:
        return None
    with by_value_path("autoscaling"):
        return Autoscaling(
            min_replicas=scaling.min_replicas,
            max_replicas=scaling.max_replicas,
            target_cpu_utilization=scaling.target_cpu,
            target_memory_utilization=scaling.target_memory,
        )


def _ingress(values: Values) -> Ingress | None:
    ingress = values.ingress
    if not ingress.enabled:
        return None
    with by_value_path("ingress"):
        return Ingress(
            hosts=[_ingress_host(index, host) for index, host in enumerate(ingress.hosts)],
            class_name=ingress.class_name or None,
            tls=[IngressTls(secret=entry.secret_name, hosts=entry.hosts) for entry in ingress.tls],
            annotations=ingress.annotations,
        )


def _ingress_host(index: int, host: HostValues) -> IngressHost:
    paths = []
    for number, path in enumerate(host.paths):
        with by_value_path(f"ingress.hosts[{index}].paths[{number}]"):
            paths.append(IngressPath(path=path.path, path_type=path.path_type))
    with by_value_path(f"ingress.hosts[{index}]"):
        return IngressHost(host=host.host, paths=paths)
