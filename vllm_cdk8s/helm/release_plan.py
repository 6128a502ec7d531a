"""The plan of a release: from the chart's values to its objects, in pure Python.

The command line prints it; `VllmChart` puts the same into a tree.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from vllm_cdk8s.core.engine.version import said_version
from vllm_cdk8s.core.errors import (
    InvalidOptionError,
    Problem,
    VllmCdk8sError,
    collecting,
    unacknowledged,
    warn,
)
from vllm_cdk8s.core.kube import checks
from vllm_cdk8s.core.kube.manifest import Manifest
from vllm_cdk8s.core.kube.names import fixed_names
from vllm_cdk8s.core.monitoring.scraping import endpoint, monitor_spec
from vllm_cdk8s.core.pod.health import Health, manual, slow_start
from vllm_cdk8s.core.pod.placement import KaiShare
from vllm_cdk8s.core.pod.resources import Resources
from vllm_cdk8s.core.scaling.autoscaling import Autoscaling
from vllm_cdk8s.core.server.deployment import DeploymentShape
from vllm_cdk8s.core.server.identity import INSTANCE_LABEL, NAME_LABEL
from vllm_cdk8s.core.server.plan import ServerInput, plan_server
from vllm_cdk8s.core.server.pod import scheme
from vllm_cdk8s.core.server.service import service_account
from vllm_cdk8s.core.storage.claims import access_mode, claim
from vllm_cdk8s.core.storage.storage import Storage
from vllm_cdk8s.core.traffic.ingress import Ingress, IngressHost, IngressPath, IngressTls
from vllm_cdk8s.helm.devices import DEFAULT_GPU, check_amounts, gpus_of
from vllm_cdk8s.helm.expansion import warn_of_expansions
from vllm_cdk8s.helm.health_values import manual_probes
from vllm_cdk8s.helm.problems import ValuesError
from vllm_cdk8s.helm.release import Release, name_release
from vllm_cdk8s.helm.speaking import Speaker

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from vllm_cdk8s.core.pod.health import HttpProbe
    from vllm_cdk8s.core.server.plan import ServerPlan
    from vllm_cdk8s.helm.model import IngressHost as HostValues
    from vllm_cdk8s.helm.model import Values


@dataclass(frozen=True, kw_only=True, slots=True)
class ReleaseParts:
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


@dataclass(frozen=True, kw_only=True, slots=True)
class ReleasePlan:
    """A release, checked and settled.

    Attributes:
        parts: what its values ask for.
        server: its server.
        warnings: what is unwise about it, in terms of values.
        surrounding: the objects around the server, in the order in which they are written.
    """

    parts: ReleaseParts
    server: ServerPlan
    warnings: tuple[Problem, ...]
    surrounding: tuple[Manifest, ...]

    def manifests(self) -> list[Manifest]:
        """The release's objects, in the order in which they are written."""
        before = [manifest for manifest in (self.parts.claim, self.parts.account) if manifest is not None]
        return [*before, *self.server.manifests(), *self.surrounding]


def plan_release(name: str, values: Values, *, namespace: str | None = None, gpu: str | None = None) -> ReleasePlan:
    """The plan of a release of this name.

    Args:
        name: the release's name.
        values: its values.
        namespace: the namespace of its objects.
        gpu: which GPUs, where the values do not say.

    Raises:
        ValuesError: values that cannot work, each by its path.
    """
    speaker = Speaker(values, gpu_resource=gpu_resource(values))
    found: list[Problem] = []
    with collecting(found):
        parts = release_parts(name, values, namespace=namespace)
        if gpu is not None:
            parts.options["gpu"] = gpu
        with in_values(speaker):
            server = plan_server(server_input(parts, namespace=namespace))
            surrounding = tuple(_surrounding(values, parts, server))
    warnings = [speaker.problem(problem) for problem in (*found, *server.warnings)]
    return ReleasePlan(
        parts=parts,
        server=server,
        warnings=tuple(unacknowledged(dict.fromkeys(warnings), values.acknowledge)),
        surrounding=surrounding,
    )


@contextmanager
def in_values(speaker: Speaker) -> Iterator[None]:
    """Have problems name values."""
    try:
        yield
    except VllmCdk8sError as error:
        raise speaker.error(error) from error


def gpu_resource(values: Values) -> str:
    """The resource by which the values count GPUs."""
    return gpus_of(values)[0]


def release_parts(name: str, values: Values, *, namespace: str | None = None) -> ReleaseParts:
    """What the values ask for, each part checked.

    Raises:
        ValuesError: a part cannot work.
    """
    release = name_release(name, values)
    speaker = Speaker(values, gpu_resource=gpu_resource(values))
    check_amounts(values)
    _warn_about_unused(values)
    with in_values(speaker):
        _check_image(values)
        labels = {NAME_LABEL: release.app_name, INSTANCE_LABEL: release.instance}
        storage, made = _storage(values, release, labels, namespace)
        probes = manual_probes(values)
        health = slow_start(values.slow_start.max_startup_seconds) if probes is None else manual(**probes)
        scaling, ingress = _autoscaling(values), _ingress(values)
        options = _options(values, release)
        if ingress is not None:
            options["ingress"] = ingress
        account = _account(values, release, labels)
        if account is not None:
            options["service_account"] = account.name
        elif not values.service_account.create:
            options["service_account"] = release.service_account
        return ReleaseParts(
            release=release, options=options, model=values.vllm.model, storage=storage, claim=made, health=health,
            probes=probes, account=account, scaling=scaling, ingress=ingress,
            own_sizes="size" in values.persistence.model_fields_set,
        )  # fmt: skip


def server_input(parts: ReleaseParts, *, namespace: str | None) -> ServerInput:
    """What the server of a release is planned from."""
    scaling, options = parts.scaling, parts.options
    shape = DeploymentShape(
        replicas=options.get("replicas", 1),
        autoscaled=scaling is not None,
        max_surge=options.get("max_surge"),
        max_unavailable=options.get("max_unavailable"),
    )
    return ServerInput(
        model=parts.model,
        said=options,
        shape=shape,
        names=fixed_names(parts.release.fullname),
        path=lambda: parts.release.fullname,
        namespace=namespace,
        storage=parts.storage,
        health=parts.health,
        fits_model=False,
        own_sizes=parts.own_sizes,
        min_replicas=None if scaling is None else scaling.min_replicas,
        max_replicas=None if scaling is None else scaling.max_replicas,
    )


def _surrounding(values: Values, parts: ReleaseParts, server: ServerPlan) -> Iterator[Manifest]:
    name, labels = parts.release.fullname, server.identity.labels
    if parts.ingress is not None:
        yield parts.ingress.manifest(
            name=name, labels=labels, service_name=server.names.service, service_port=server.service.port
        )
    if parts.scaling is not None:
        yield parts.scaling.manifest(name=name, labels=labels, target=server.workload, resources=server.pod.resources)
    if wants_monitor(values):
        monitor = values.monitoring.service_monitor
        scraped = endpoint(
            interval=monitor.interval, scrape_timeout=monitor.scrape_timeout, scheme=scheme(server.engine).lower()
        )
        yield Manifest(
            api_version="monitoring.coreos.com/v1",
            kind="ServiceMonitor",
            name=name,
            labels={**labels, **checks.label_map("labels", monitor.labels)},
            body={"spec": monitor_spec(server.identity.selector, scraped, endpoints="endpoints")},
        )


def wants_monitor(values: Values) -> bool:
    """Whether the values ask for a ServiceMonitor; it takes both switches."""
    monitoring, monitor = values.monitoring, values.monitoring.service_monitor
    if monitoring.enabled != monitor.enabled:
        lone, other = "monitoring.enabled", "monitoring.serviceMonitor.enabled"
        if monitor.enabled:
            lone, other = other, lone
        warn(f"true has no effect while {other} is false", option=lone)
    return monitoring.enabled and monitor.enabled


def _warn_about_unused(values: Values) -> None:
    target = values.service.target_port
    if target is not None and target != values.vllm.port:
        warn(f"{target} has no effect; requests go to vllm.port: {values.vllm.port}", option="service.targetPort")
    if not values.persistence.enabled and values.persistence.existing_claim:
        warn(
            f"{values.persistence.existing_claim!r} has no effect while persistence.enabled is false",
            option="persistence.existingClaim",
        )
    if values.globals:
        warn("has no effect; nothing of this chart is set by it", option="global")
    warn_of_expansions(values)


def _check_image(values: Values) -> None:
    """Blame the repository for what is wrong with it alone, and the tag for the rest."""
    try:
        said_version(values.image.repository, None)
    except InvalidOptionError as error:
        problem = error.problems[0]
        raise ValuesError(problems=[Problem(what=problem.what, rule=problem.rule, option="image.repository")]) from None


def _storage(
    values: Values, release: Release, labels: Mapping[str, str], namespace: str | None
) -> tuple[Storage, Manifest | None]:
    persistence = values.persistence
    if not persistence.enabled:
        return Storage(volume={"emptyDir": {}}, kept=False, fresh=True), None
    if persistence.existing_claim:
        checks.dns_subdomain("claim", persistence.existing_claim)
        return Storage.of_claim(persistence.existing_claim), None
    name, size, mode = str(release.claim), str(persistence.size), access_mode(persistence.access_mode)
    if mode == "ReadOnlyMany":
        raise InvalidOptionError(
            f"{mode!r} makes a new claim that nothing can be downloaded to; allowed: ReadWriteOnce, ReadWriteMany, "
            "ReadWriteOncePod",
            option="access_mode",
        )
    made = claim(
        checks.dns_subdomain("name", name), size=size, mode=mode, storage_class=persistence.storage_class or None,
        labels=labels, annotations=persistence.annotations,
    )  # fmt: skip
    return Storage.of_claim(name, access_mode=mode, size=size, fresh=True, namespace=namespace), made


def _account(values: Values, release: Release, labels: Mapping[str, str]) -> Manifest | None:
    """None where the server makes its own, or somebody else has: the usual case."""
    account = values.service_account
    checks.dns_subdomain("service_account", release.service_account)
    if not account.create or (not account.name and not account.annotations):
        return None
    made = service_account(release.service_account, labels=labels)
    annotations = checks.annotation_map("serviceAccount.annotations", account.annotations)
    return Manifest(
        api_version=made.api_version, kind=made.kind, name=made.name, labels=labels, annotations=annotations,
        body=made.body,
    )  # fmt: skip


def _options(values: Values, release: Release) -> dict[str, Any]:
    options: dict[str, Any] = {
        "name": release.fullname,
        "instance": release.instance,
        "app_name": release.app_name,
        "image": image(values),
        "image_pull_policy": values.image.pull_policy,
        "host": values.vllm.host,
        "port": values.vllm.port,
        "engine_args": _engine_args(values),
        "extra_args": values.vllm.additional_args,
        "unchecked_args": values.vllm.unchecked_args,
        "engine_version": values.vllm.engine_version,
        "env": _environment(values),
        "replicas": None if values.autoscaling.enabled else values.replica_count,
        "service_type": values.service.type,
        "service_port": values.service.port,
        "node_port": values.service.node_port,
        "service_annotations": values.service.annotations or None,
        "resources": _resources(values),
        "gpu_resource": None if gpu_resource(values) == DEFAULT_GPU else gpu_resource(values),
        "max_surge": values.strategy.rolling_update.max_surge,
        "max_unavailable": values.strategy.rolling_update.max_unavailable,
        "image_pull_secrets": [secret.name for secret in values.image_pull_secrets],
        "pod_annotations": values.pod_annotations,
        "pod_security_context": values.pod_security_context,
        "security_context": values.security_context,
        "node_selector": values.node_selector,
        "tolerations": [taint.model_dump(by_alias=True, exclude_none=True) for taint in values.tolerations],
        "affinity": values.affinity,
        "pod_labels": values.pod_labels or None,
        "topology_spread": values.topology_spread_constraints or None,
        "priority_class": values.priority_class_name or None,
        "scheduler_name": values.scheduler_name or None,
        "volumes": values.extra_volumes or None,
        "volume_mounts": values.extra_volume_mounts or None,
        "extra_containers": values.extra_containers or None,
        "acknowledge": values.acknowledge or None,
        "runtime_class": values.runtime_class_name or None,
        "kai": _share(values),
        "drop_cache": values.init_drop_cache or None,
    }
    return {name: value for name, value in options.items() if value is not None}


def image(values: Values) -> str:
    """The reference to the image."""
    tag = values.image.tag or "latest"
    separator = "@" if tag.startswith("sha256:") else ":"
    return f"{values.image.repository}{separator}{tag}"


def _engine_args(values: Values) -> dict[str, Any]:
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
    return args


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
        gpu = gpu_resource(values)
        lists = {kind: {name: item for name, item in given.items() if name != gpu} for kind, given in lists.items()}
    return Resources(**lists)


def _share(values: Values) -> KaiShare | None:
    kai = values.kaischeduler
    if kai == type(kai)():
        return None
    return KaiShare(queue=kai.queue, gpu_memory_mib=kai.gpu_memory_mib, gpu_total_memory_mib=kai.gpu_total_memory_mib)


def _autoscaling(values: Values) -> Autoscaling | None:
    scaling = values.autoscaling
    if not scaling.enabled:
        return None
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
    return Ingress(
        hosts=[_ingress_host(index, host) for index, host in enumerate(ingress.hosts)],
        class_name=ingress.class_name or None,
        tls=[IngressTls(secret=entry.secret_name, hosts=entry.hosts) for entry in ingress.tls],
        annotations=ingress.annotations,
    )


def _ingress_host(index: int, host: HostValues) -> IngressHost:
    paths = []
    for number, path in enumerate(host.paths):
        with _below(f"ingress.hosts[{index}].paths[{number}]"):
            paths.append(IngressPath(path=path.path, path_type=path.path_type))
    with _below(f"ingress.hosts[{index}]"):
        return IngressHost(host=host.host, paths=paths)


@contextmanager
def _below(where: str) -> Iterator[None]:
    """Have the options of a value object named below its own place in the values."""
    try:
        yield
    except VllmCdk8sError as error:
        words = {"path_type": "pathType"}
        raise ValuesError(
            problems=[
                Problem(
                    what=problem.what,
                    rule=problem.rule,
                    option=f"{where}.{words.get(str(problem.option), problem.option)}",
                )
                for problem in error.problems
            ]
        ) from None
