"""Values that have no effect, or another one than they seem to have; the chart has no word for any of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vllm_cdk8s.core.engine import catalogue
from vllm_cdk8s.core.engine.version import version_key
from vllm_cdk8s.core.errors import warn
from vllm_cdk8s.core.rules.book import CONTRADICTION, ENGINE_OPTION, SHARED_GPU
from vllm_cdk8s.helm.expansion import warn_of_expansions
from vllm_cdk8s.helm.problems import ValuesError

if TYPE_CHECKING:
    from vllm_cdk8s.core.engine.command import EngineCommand
    from vllm_cdk8s.helm.model import Values

# vllm/config/compilation.py
_GRAPH_MODES_SINCE = "0.10.1"
_QUEUE_LABEL = "kai.scheduler/queue"


def warn_of_unused(values: Values) -> None:
    """Warn of values that nothing reads.

    Raises:
        ValuesError: two values say the same thing differently, and only one of them could be heard.
    """
    target = values.service.target_port
    if target is not None and target != values.vllm.port:
        warn(f"{target} has no effect; requests go to vllm.port: {values.vllm.port}", option="service.targetPort")
    if not values.persistence.enabled and values.persistence.existing_claim:
        warn(
            f"{values.persistence.existing_claim!r} has no effect while persistence.enabled is false",
            option="persistence.existingClaim",
        )
    if values.service_account.annotations and not values.service_account.create:
        warn("have no effect while serviceAccount.create is false", option="serviceAccount.annotations")
    if values.globals:
        warn("has no effect; nothing of this chart is set by it", option="global")
    _check_share(values)
    warn_of_expansions(values)


def warn_of_release(values: Values, engine: EngineCommand) -> None:
    """Warn of what a release of vLLM does not have, or is too old to be known."""
    version, oldest = engine.version, catalogue.versions()[0]
    if version.name is not None and version_key(version.name) < version_key(oldest):
        warn(
            f"vLLM {version.name} is older than {oldest}, the oldest whose options are known here, so that "
            "nothing checks them",
            option="image" if values.vllm.engine_version is None else "engine_version",
        )
    mode = values.vllm.cuda_graph_mode
    asked = "cuda_graph_mode" in values.vllm.said and mode is not None
    if asked and not version.at_least(_GRAPH_MODES_SINCE) and "compilation_config" not in engine.settings:
        warn(
            f"{mode} is left out: vLLM {version.name} has no graph modes, which came with {_GRAPH_MODES_SINCE}",
            option="vllm.cudaGraphMode",
            rule=ENGINE_OPTION,
        )


def _check_share(values: Values) -> None:
    kai, vllm = values.kaischeduler, values.vllm
    queue = values.pod_labels.get(_QUEUE_LABEL)
    if kai.queue is not None and queue not in (None, kai.queue):
        raise ValuesError(
            f"{queue!r} contradicts kaischeduler.queue: {kai.queue}; say it once",
            option=f'podLabels["{_QUEUE_LABEL}"]',
            rule=CONTRADICTION,
        )
    if kai.gpu_total_memory_mib is None:
        return
    if kai.gpu_memory_mib is None:
        warn(
            f"{kai.gpu_total_memory_mib} has no effect without kaischeduler.gpuMemoryMiB, the part of it that is asked "
            "for",
            option="kaischeduler.gpuTotalMemoryMiB",
        )
        return
    share, asked = kai.gpu_memory_mib / kai.gpu_total_memory_mib, vllm.gpu_memory_utilization
    if asked is None or "gpu_memory_utilization" not in vllm.said:
        return
    if asked == type(vllm)().gpu_memory_utilization and share < asked:
        warn(
            f"{asked} of the GPU is more than the share of {share:.2f} that kaischeduler asks for, so vLLM takes the "
            "share",
            option="vllm.gpuMemoryUtilization",
            rule=SHARED_GPU,
        )
