"""Saying problems in terms of values: an option of Python's is a path into the values, and so is a mention of one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pydantic.alias_generators import to_camel

from vllm_cdk8s.core.engine import catalogue
from vllm_cdk8s.core.errors import option_path
from vllm_cdk8s.helm.problems import ValuesError, path_text
from vllm_cdk8s.helm.validation import field_paths

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vllm_cdk8s.core.errors import Path, Problem, VllmCdk8sError
    from vllm_cdk8s.helm.model import Values

# Options whose values stand elsewhere than under their own name in camel case.
_PATHS: dict[str, Path] = {
    "replicas": ("replicaCount",),
    "image": ("image", "tag"),
    "image_pull_policy": ("image", "pullPolicy"),
    "engine_args": ("vllm",),
    "extra_args": ("vllm", "additionalArgs"),
    "unchecked_args": ("vllm", "uncheckedArgs"),
    "compilation_config": ("vllm", "cudaGraphMode"),
    "cudagraph_mode": ("vllm", "cudaGraphMode"),
    "env": ("vllm", "env"),
    "api_key": ("vllm", "env"),
    "shm_size": ("resources", "limits", "memory"),
    "service_type": ("service", "type"),
    "service_port": ("service", "port"),
    "node_port": ("service", "nodePort"),
    "service_annotations": ("service", "annotations"),
    "claim": ("persistence", "existingClaim"),
    "storage": ("persistence", "accessMode"),
    "size": ("persistence", "size"),
    "storage_class": ("persistence", "storageClass"),
    "access_mode": ("persistence", "accessMode"),
    "target_cpu_utilization": ("autoscaling", "targetCPUUtilizationPercentage"),
    "target_memory_utilization": ("autoscaling", "targetMemoryUtilizationPercentage"),
    "min_replicas": ("autoscaling", "minReplicas"),
    "max_replicas": ("autoscaling", "maxReplicas"),
    "runtime_class": ("runtimeClassName",),
    "drop_cache": ("init_drop_cache",),
    "kai": ("kaischeduler",),
    "name": ("fullnameOverride",),
    "instance": ("release name",),
    "app_name": ("nameOverride",),
    "service_account": ("serviceAccount", "name"),
    "liveness": ("livenessProbe", "enabled"),
    "readiness": ("readinessProbe", "enabled"),
    "startup": ("startupProbe", "enabled"),
    "max_startup_seconds": ("slowStart", "maxStartupSeconds"),
    "interval": ("monitoring", "serviceMonitor", "interval"),
    "scrape_timeout": ("monitoring", "serviceMonitor", "scrapeTimeout"),
    "gpu_memory_mib": ("kaischeduler", "gpuMemoryMiB"),
    "gpu_total_memory_mib": ("kaischeduler", "gpuTotalMemoryMiB"),
    "volumes": ("extraVolumes",),
    "volume_mounts": ("extraVolumeMounts",),
    "extra_containers": ("extraContainers",),
    "topology_spread": ("topologySpreadConstraints",),
    "priority_class": ("priorityClassName",),
    "max_surge": ("strategy", "rollingUpdate", "maxSurge"),
    "max_unavailable": ("strategy", "rollingUpdate", "maxUnavailable"),
    "tls.secret": ("ingress", "tls"),
}
# What only Python has, in words of values.
_INSTEAD = {
    "ModelStorage.nfs(...)": "persistence.accessMode=ReadWriteMany",
    "SlowStartProbes(max_startup_seconds=...)": "slowStart.maxStartupSeconds",
    "a kplus.EnvValue": "vllm.env with valueFrom.secretKeyRef",
    "a kplus.EnvValue.from_secret_value(...), or hf_token= and api_key= with a SecretKey": "vllm.env with "
    "valueFrom.secretKeyRef",
    "api_key= with a SecretKey": "vllm.env with valueFrom.secretKeyRef",
    "hf_token= with a SecretKey": "vllm.env with valueFrom.secretKeyRef",
    "a SecretKey": "vllm.env with valueFrom.secretKeyRef",
    "api_key": "vllm.env with valueFrom.secretKeyRef",
    "hf_token": "vllm.env with valueFrom.secretKeyRef",
    "engine_args": "vllm",
    "None": "false",  # no probe
    "gpus=0": "CUDA_VISIBLE_DEVICES in vllm.env",
}


class Speaker:
    """Says the problems of one release in terms of its values."""

    def __init__(self, values: Values, *, gpu_resource: str = "nvidia.com/gpu") -> None:
        self._values = values
        self._gpus = f"resources.limits.{gpu_resource}"

    def error(self, error: VllmCdk8sError) -> ValuesError:
        """The error, of values."""
        if isinstance(error, ValuesError):
            return error
        return ValuesError(problems=[self.problem(problem) for problem in error.problems])

    def problem(self, problem: Problem) -> Problem:
        """The problem, of a value."""
        option = None if problem.option is None else self.said(problem.option)
        return replace(problem, what=problem.sentence(self.mention), option=option, where=None)

    def mention(self, option: str) -> str:
        """An option in a sentence, with its value where it has one."""
        if option in _INSTEAD:
            return _INSTEAD[option]
        name, equals, value = option.partition("=")
        return self.said(name) + (equals + value if value else "")

    def said(self, option: str) -> str:
        """Where the value of an option stands, as its user writes it."""
        return self._gpus if option == "gpus" else path_text(self.path(option))

    def path(self, option: str) -> Path:  # noqa: PLR0911 - the first table that knows it
        """Where the value of an option stands."""
        if option.startswith("kai."):
            below = option.removeprefix("kai.")
            return _PATHS.get(below) or ("kaischeduler", to_camel(below))
        head, *rest = option_path(option)
        if option in _PATHS:
            return _PATHS[option]
        if head == "env" and rest:
            return self._variable(str(rest[0]), rest[1:])
        if head in _PATHS:
            return (*_PATHS[str(head)], *self._below(str(head), rest))
        for section in ((), ("vllm",), ("ingress",), ("persistence",), ("autoscaling",)):
            found = (*section, to_camel(str(head)))
            if path_text(found) in field_paths():
                return (*found, *self._below(str(head), rest))
        if catalogue.history(str(head)) is not None:
            return ("vllm", *(to_camel(str(step)) if isinstance(step, str) else step for step in (head, *rest)))
        return (head, *rest)

    def _below(self, head: str, rest: Iterable[str | int]) -> Path:
        """Names below an option are Python's only where the option is one of this package's own value objects."""
        own = head in {"ingress", "kai", "autoscaling", "engine_args"}
        return tuple(to_camel(step) if own and isinstance(step, str) else step for step in rest)

    def _variable(self, name: str, rest: Iterable[str | int]) -> Path:
        for index, variable in enumerate(self._values.vllm.env):
            if variable.name == name:
                return ("vllm", "env", index, *rest)
        return ("vllm", "env", name, *rest)
