"""Saying problems in terms of values: an option of Python's is a path into the values, and so is a mention of one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from vllm_cdk8s.core.engine import catalogue
from vllm_cdk8s.core.errors import option_path
from vllm_cdk8s.core.regex import regex
from vllm_cdk8s.core.rules.book import CLAIM_TOO_SMALL, HOST_MEMORY, STARTUP_BUDGET
from vllm_cdk8s.helm.field_types import SOURCES
from vllm_cdk8s.helm.problems import ValuesError, as_yaml, path_text
from vllm_cdk8s.helm.section import camel_case
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
    "probes": ("livenessProbe",),
    "max_startup_seconds": ("slowStart", "maxStartupSeconds"),
    "interval": ("monitoring", "serviceMonitor", "interval"),
    "tls_config": ("monitoring", "serviceMonitor", "tlsConfig"),
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
_ARGUMENTS = ("vllm", "additionalArgs")
_NAME = regex(r"[a-z_]+")
# Which value gives a start its time by hand, with a startup probe and without one.
_BUDGETS: dict[bool, Path] = {
    True: ("startupProbe", "failureThreshold"),
    False: ("livenessProbe", "initialDelaySeconds"),
}
_FLAG = regex(r"--?[A-Za-z][\w.-]*")
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
    "non_root=NonRoot()": "non_root=NonRoot() of a VllmServer in Python, for which there is no value",
}


class Speaker:
    """Says the problems of one release in terms of its values.

    Args:
        values: the values.
        gpu_resource: the resource by which they count GPUs.
        sets: whether what is advised is said as a ``--set`` of the command line.
    """

    def __init__(self, values: Values, *, gpu_resource: str = "nvidia.com/gpu", sets: bool = False) -> None:
        self._values = values
        self._set = "--set " if sets else ""
        self._gpus = ("resources", "limits", gpu_resource)
        self._lists = {"extra_args": values.vllm.additional_args, "unchecked_args": values.vllm.unchecked_args}

    def error(self, error: VllmCdk8sError) -> ValuesError:
        """The error, of values."""
        if isinstance(error, ValuesError):
            return error
        return ValuesError(problems=[self.problem(problem) for problem in error.problems])

    def problem(self, problem: Problem) -> Problem:
        """The problem, of a value."""
        option = None if problem.option is None else self.said(problem.option)
        what = as_yaml(problem.sentence(self.mention))
        value = self._measured(problem)
        if value is not None and f" {what}".find(f" {value} ") < 0:
            what = f"{value}: {what}"
        subject = None if problem.option is None else self._subject(problem.option)
        if subject is not None and not what.startswith("-"):
            what = f"{subject}: {what}"
        return replace(problem, what=what, option=option, where=None)

    def _measured(self, problem: Problem) -> str | None:
        """The value that the memory ledger held against a need, where the sentence has it in other units."""
        values = self._values
        found: Any = {
            CLAIM_TOO_SMALL: values.persistence.size,
            HOST_MEMORY: values.resources.limits.get("memory"),
            STARTUP_BUDGET: values.slow_start.max_startup_seconds if values.slow_start.enabled else None,
        }.get(problem.rule)
        if found is None or (isinstance(found, str) and found.endswith("Gi")):
            return None
        return str(found)

    def mention(self, option: str) -> str:
        """An option in a sentence, with its value where it has one."""
        if option.startswith("max_startup_seconds=") and not self._values.slow_start.enabled:
            return f"{self._set}{self._by_hand(int(option.partition('=')[2]))}"
        if option == "gpus=0":
            return f"{self._set}resources.limits.nvidia.com/gpu=0"
        if option in _INSTEAD:
            return _INSTEAD[option]
        name, equals, value = option.partition("=")
        said = f"{self._set}{self.said(name)}={value}" if value else self.said(name)
        if _is_engine_option(name) and self.path(name)[:2] == _ARGUMENTS:
            return f"{_flag(name)}{equals + value if value else ''} in vllm.additionalArgs"
        return said

    def said(self, option: str) -> str:
        """Where the value of an option stands, as its user writes it."""
        path = self.path(option)
        return ".".join(self._gpus) if path == self._gpus else path_text(path)

    def path(self, option: str) -> Path:  # noqa: PLR0911 - the first table that knows it
        """Where the value of an option stands."""
        if option.startswith("kai."):
            below = option.removeprefix("kai.")
            return _PATHS.get(below) or ("kaischeduler", camel_case(below))
        head, *rest = option_path(option)
        if option == "gpus":
            return self._gpus
        if option == "max_startup_seconds" and not self._values.slow_start.enabled:
            return _BUDGETS[self._values.startup_probe.enabled]
        if head == "tensor_parallel_size" and self._values.vllm.tensor_parallel_size is None:
            return self._argument("tensor_parallel_size") or self._gpus
        if option in _PATHS:
            return _PATHS[option]
        if head == "env" and rest:
            return self._variable(str(rest[0]), rest[1:])
        if head in _PATHS:
            return (*_PATHS[str(head)], *self._below(str(head), rest))
        return self._named_alike(str(head), rest)

    def _by_hand(self, seconds: int) -> str:
        """The value that gives a start so many seconds where the probes are set by hand."""
        probe, path = self._values.startup_probe, path_text(_BUDGETS[self._values.startup_probe.enabled])
        if not probe.enabled:
            return f"{path}={seconds}"
        failures = -(-(seconds - (probe.initial_delay_seconds or 0)) // probe.period_seconds) + 1
        return f"{path}={failures}"

    def _named_alike(self, head: str, rest: list[str | int]) -> Path:
        """Where a value of the option's own name stands, or the argument that says it."""
        for section in ((), ("vllm",), ("ingress",), ("persistence",), ("autoscaling",)):
            found = (*section, camel_case(head))
            if path_text(found) in field_paths():
                return (*found, *self._below(head, rest))
        if _is_engine_option(head):
            return self._argument(head) or _ARGUMENTS
        return (head, *rest)

    def _below(self, head: str, rest: Iterable[str | int]) -> Path:
        """Names below an option are Python's only where the option is one of this package's own value objects."""
        if head in {"compilation_config", "cudagraph_mode"}:
            return ()
        if head not in {"ingress", "kai", "autoscaling", "engine_args"}:
            return tuple(rest)
        return tuple(camel_case(step) if isinstance(step, str) and _NAME.fullmatch(step) else step for step in rest)

    def _variable(self, name: str, rest: Iterable[str | int]) -> Path:
        below = tuple(rest)
        source = ("valueFrom",) if below and below[0] in SOURCES else ()
        for index, variable in enumerate(self._values.vllm.env):
            if variable.name == name:
                return ("vllm", "env", index, *source, *below)
        return ("vllm", "env", name, *source, *below)

    def _argument(self, name: str) -> Path | None:
        """The argument that sets one of vLLM's options, where the values set it so."""
        for index, item in enumerate(self._lists["extra_args"]):
            if item.startswith("--") and item[2:].partition("=")[0].replace("-", "_") == name:
                return (*_ARGUMENTS, index)
        return None

    def _subject(self, option: str) -> str | None:
        """What an item of a list is about, which its place does not say: the flag, or the variable's name."""
        head, *rest = option_path(option)
        if head == "env":
            return str(rest[0]) if len(rest) == 1 else None
        items = self._lists.get(str(head))
        if items is None or not rest or not isinstance(rest[0], int) or rest[0] >= len(items):
            return None
        for item in reversed(items[max(0, rest[0] - 1) : rest[0] + 1]):
            flag, equals, _ = item.partition("=")
            if _FLAG.fullmatch(flag):
                return None if equals and item != items[rest[0]] else flag
        return None


def _is_engine_option(name: str) -> bool:
    return catalogue.history(name) is not None


def _flag(name: str) -> str:
    return "--" + name.replace("_", "-")
