"""What the values say of the server itself, as the server's options in plain data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import to_builtins

from vllm_cdk8s.core.engine.version import said_version
from vllm_cdk8s.core.errors import InvalidOptionError, Problem
from vllm_cdk8s.core.kube import checks
from vllm_cdk8s.core.pod.placement import KaiShare
from vllm_cdk8s.core.pod.resources import Resources
from vllm_cdk8s.core.rules.book import DUPLICATE_VARIABLE, NEVER_READY, VLLM_PORT
from vllm_cdk8s.helm.devices import DEFAULT_GPU, gpus_of
from vllm_cdk8s.helm.expansion import is_reference
from vllm_cdk8s.helm.merging import without_nulls
from vllm_cdk8s.helm.problems import ValuesError

if TYPE_CHECKING:
    from collections.abc import Callable

    from vllm_cdk8s.helm.model import Values
    from vllm_cdk8s.helm.release import Release


def server_options(values: Values, release: Release, attempt: Callable[..., Any]) -> dict[str, Any]:
    """The options of the server.

    Args:
        values: the values.
        release: the names of the release.
        attempt: makes a part of the options, and sees to it that what is wrong with it is told.
    """
    options: dict[str, Any] = {
        "name": release.fullname,
        "instance": release.instance,
        "app_name": release.app_name,
        "image": attempt(_image, values),
        "image_pull_policy": values.image.pull_policy,
        "host": attempt(_host, values),
        "port": values.vllm.port,
        "engine_args": _engine_args(values),
        "extra_args": values.vllm.additional_args,
        "unchecked_args": values.vllm.unchecked_args,
        "engine_version": values.vllm.engine_version,
        "env": attempt(_environment, values),
        "replicas": None if values.autoscaling.enabled else values.replica_count,
        "service_type": values.service.type,
        "service_port": values.service.port,
        "node_port": values.service.node_port,
        "service_annotations": values.service.annotations or None,
        "resources": attempt(_resources, values),
        "gpu_resource": None if gpu_resource(values) == DEFAULT_GPU else gpu_resource(values),
        "max_surge": values.strategy.rolling_update.max_surge,
        "max_unavailable": values.strategy.rolling_update.max_unavailable,
        "image_pull_secrets": attempt(_pull_secrets, values),
        "pod_annotations": values.pod_annotations,
        "pod_security_context": values.pod_security_context,
        "security_context": values.security_context,
        "node_selector": values.node_selector,
        "tolerations": [without_nulls(to_builtins(taint)) for taint in values.tolerations],
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
        "kai": attempt(_share, values),
        "drop_cache": values.init_drop_cache or None,
    }
    return {name: value for name, value in options.items() if value is not None}


def gpu_resource(values: Values) -> str:
    """The resource by which the values count GPUs."""
    return gpus_of(values)[0]


def _image(values: Values) -> str:
    """The reference to the image; what is wrong with the repository alone is not blamed on the tag."""
    try:
        said_version(values.image.repository, None)
    except InvalidOptionError as error:
        problem = error.problems[0]
        raise ValuesError(problems=[Problem(what=problem.what, rule=problem.rule, option="image.repository")]) from None
    tag = values.image.tag or "latest"
    separator = "@" if tag.startswith("sha256:") else ":"
    return f"{values.image.repository}{separator}{tag}"


def _host(values: Values) -> str:
    """The host; a reference to a variable would arrive as it is written, and is not an address then."""
    if is_reference(values.vllm.host):
        raise ValuesError(
            f"{values.vllm.host!r} arrives as it is written, and is not an address; use '0.0.0.0'",
            option="vllm.host",
            rule=NEVER_READY,
        )
    return values.vllm.host


def _engine_args(values: Values) -> dict[str, Any]:
    """What the values say of vLLM; what they leave to the defaults is left to the engine's, which knows the model."""
    vllm = values.vllm
    said, defaults = vllm.said, type(vllm)()
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
        where = f"vllm.env[{index}].name"
        if variable.name in env:
            raise ValuesError(f"{variable.name!r} is there twice", option=where, rule=DUPLICATE_VARIABLE)
        if variable.name == "VLLM_PORT":
            raise ValuesError(
                "'VLLM_PORT' is the base of vLLM's internal ports, not the port that it serves on; use vllm.port",
                option=where,
                rule=VLLM_PORT,
            )
        checks.env_name(where, variable.name)
        env[variable.name] = variable.value_from if variable.value_from is not None else variable.value or ""
    return env


def _pull_secrets(values: Values) -> list[str]:
    return [
        checks.dns_subdomain(f"imagePullSecrets[{index}].name", secret.name)
        for index, secret in enumerate(values.image_pull_secrets)
    ]


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
