"""Which value an option of a construct comes from, so that errors and warnings name what the chart's user wrote."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pydantic.alias_generators import to_camel

from vllm_cdk8s.core.errors import VllmCdk8sError
from vllm_cdk8s.helm.problems import ValuesError
from vllm_cdk8s.helm.validation import field_paths

if TYPE_CHECKING:
    from collections.abc import Iterator

# Options whose values are called otherwise than by their own name in camel case.
_VALUE_PATHS = {
    "replicas": "replicaCount",
    "image": "image.tag",
    "engine_args": "vllm",
    "extra_args": "vllm.additionalArgs",
    "cudagraph_mode": "vllm.cudaGraphMode",
    "compilation_config": "vllm.cudaGraphMode",
    "compilation_config.cudagraph_mode": "vllm.cudaGraphMode",
    "tls.secret": "ingress.tls",
    "service_type": "service.type",
    "service_port": "service.port",
    "image_pull_policy": "image.pullPolicy",
    "claim": "persistence.existingClaim",
    "storage": "persistence.accessMode",
    "target_cpu_utilization": "autoscaling.targetCPUUtilizationPercentage",
    "target_memory_utilization": "autoscaling.targetMemoryUtilizationPercentage",
    "runtime_class": "runtimeClassName",
    "drop_cache": "init_drop_cache",
    "kai": "kaischeduler",
    "gpu_memory_mib": "kaischeduler.gpuMemoryMiB",
    "gpu_total_memory_mib": "kaischeduler.gpuTotalMemoryMiB",
    "gpus": "resources.limits.nvidia.com/gpu",
    "name": "fullnameOverride",
    "app_name": "nameOverride",
    "service_account": "serviceAccount.name",
    "liveness": "livenessProbe.enabled",
    "readiness": "readinessProbe.enabled",
    "startup": "startupProbe.enabled",
}
_OPTION = re.compile(r"[a-z][a-z0-9_]*")
_MENTION = re.compile(r"\b([a-z][a-z0-9_]*)=(?=([^\s,;.)]?))")
_NAME = re.compile(r"""(?<!["'\w.-])[a-z]+(?:_[a-z]+)+(?!["'\w=])""")
_CONSTRUCT = re.compile(r", such as ModelStorage\.\w+\(\.\.\.\)")
_SECRET = re.compile(
    r"a kplus\.EnvValue\.from_secret_value\(\.\.\.\).*|a kplus\.EnvValue$|the server's (api_key|hf_token)= with .*"
)


# What Python's users write otherwise than those of values.
_WORDS = {
    "use the keyword ": "use ",
    ": None turns ": ": false turns ",
    "SlowStartProbes(max_startup_seconds=...)": "slowStart.maxStartupSeconds",
}


@contextmanager
def by_value_path(section: str) -> Iterator[None]:
    """Turn the library's errors into errors that name values.

    Args:
        section: the section that options belong to where their name alone does not say it.
    """
    try:
        yield
    except ValuesError:
        raise
    except VllmCdk8sError as error:
        what = str(error)
        for python, values in _WORDS.items():
            what = what.replace(python, values)
        if error.option is not None:
            what = what.removeprefix(f"{error.option}: ")
        path = section if error.option is None else _value_path(error.option, section)
        raise ValuesError(f"{path}: {_in_values(what, section)}") from error


def in_values(message: str) -> str:
    """A warning of the library, in terms of values where it begins with an option."""
    for python, values in _WORDS.items():
        message = message.replace(python, values)
    option, colon, what = message.partition(": ")
    if not colon or not _OPTION.match(option) or " " in option:
        return message
    return f"{_value_path(option, 'vllm')}: {_in_values(what, 'vllm')}"


def _in_values(what: str, section: str) -> str:
    """Options that a message mentions as ``port=`` or ``gpus=1``, in terms of values."""

    def said(match: re.Match[str]) -> str:
        path = _known(match[1], section)
        return match[0] if path is None else path + ("=" if match[2] else "")

    what = _CONSTRUCT.sub("", _SECRET.sub("vllm.env with valueFrom.secretKeyRef", what))
    return _NAME.sub(lambda name: _known(name[0], section) or name[0], _MENTION.sub(said, what))


def _value_path(option: str, section: str) -> str:
    option = option.removeprefix("kai.")
    if option in _VALUE_PATHS:
        return _VALUE_PATHS[option]
    head = re.split(r"[.\[]", option, maxsplit=1)[0]
    rest = option[len(head) :]
    path = _known(head, section)
    if path is not None:
        return path + (re.sub(r"\w+", lambda word: to_camel(word[0]), rest) if rest.startswith(".") else rest)
    if option in field_paths() or head in field_paths():
        return option
    if section == "vllm":
        return f"vllm.additionalArgs: {option}"
    return f"{section}.{to_camel(head)}{rest}" if section.endswith("]") else f"{section}: {option}"


def _known(head: str, section: str) -> str | None:
    if head in _VALUE_PATHS:
        return _VALUE_PATHS[head]
    candidates = (f"{section}.{to_camel(head)}", to_camel(head))
    return next((candidate for candidate in candidates if candidate in field_paths()), None)
