"""What a model needs, of values: refused where it cannot be, else a warning with the ``--set`` that mends it."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from tests.helm.command import Answer, run

L405, L70, QWEN = "meta-llama/Llama-3.1-405B-Instruct", "meta-llama/Llama-3.1-70B-Instruct", "Qwen/Qwen3-8B"
OFFLOADING = {
    "kv_connector": "OffloadingConnector", "kv_role": "kv_both",
    "kv_connector_extra_config": {"cpu_bytes_to_use": 200 * 2**30},
}  # fmt: skip
PRODUCT = r"nodeSelector.nvidia\.com/gpu\.product="


def rendered(model: str, *sets: str, gpus: int = 1, values: dict[str, Any] | None = None) -> Answer:
    said = [f"vllm.model={model}", f"resources.limits.nvidia.com/gpu={gpus}", *sets]
    more = [] if values is None else ["--set-json", json.dumps(values)]
    return run("template", "prod", "-q", *(part for each in said for part in ("--set", each)), *more)


def affinity(product: str) -> dict[str, Any]:
    term = {"matchExpressions": [{"key": "nvidia.com/gpu.product", "operator": "In", "values": [product]}]}
    required = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [term]}}
    return {"affinity": {"nodeAffinity": required}}


@pytest.mark.parametrize(
    ("answer", "option", "sentence"),
    [
        (lambda: rendered(L405), "resources.limits.nvidia.com/gpu", "the weights of '" + L405 + "' are 755.99 GiB"),
        (
            lambda: rendered(L70, "persistence.size=20Gi", gpus=8),
            "persistence.size",
            "say --set persistence.size=170Gi",
        ),
        (lambda: rendered(L70, PRODUCT + "NVIDIA-L4"), "resources.limits.nvidia.com/gpu", "which has 19.83 GiB for it"),
        (
            lambda: rendered(L70, values=affinity("NVIDIA-L4")),
            "resources.limits.nvidia.com/gpu",
            "has 19.83 GiB for it",
        ),
        (
            lambda: rendered(QWEN, PRODUCT + "Tesla-T4"),
            "resources.limits.nvidia.com/gpu",
            "say --set resources.limits.nvidia.com/gpu=2, or use larger GPUs",
        ),
        (
            lambda: rendered(QWEN, "resources.limits.memory=16Gi", "vllm.additionalArgs={--cpu-offload-gb=200}"),
            "resources.limits.memory",
            "say --set resources.limits.memory=385Gi",
        ),
        (
            lambda: rendered(QWEN, "resources.limits.memory=16Gi", "vllm.additionalArgs={--kv-offloading-size=200}"),
            "resources.limits.memory",
            "say --set resources.limits.memory=205Gi",
        ),
        (
            lambda: rendered(
                QWEN,
                "resources.limits.memory=16Gi",
                values={"vllm": {"additionalArgs": ["--kv-transfer-config", json.dumps(OFFLOADING)]}},
            ),
            "resources.limits.memory",
            "say --set resources.limits.memory=205Gi",
        ),
        (
            lambda: rendered(QWEN, "vllm.env[0].name=CUDA_VISIBLE_DEVICES,vllm.env[0].value=0", gpus=2),
            "vllm.env[0]",
            "CUDA_VISIBLE_DEVICES: leaves 1 GPU visible, and the parallel sizes ask for 2 GPUs",
        ),
        (lambda: rendered(QWEN, "vllm.tensorParallelSize=2"), "vllm.tensorParallelSize", "asks for 2 of 1 GPUs"),
    ],
)
def test_what_cannot_be_is_refused(answer: Any, option: str, sentence: str) -> None:
    found = answer()

    assert (found.code, found.stdout) == (2, "")
    assert any(line.startswith(f"error: {option}: ") and sentence in line for line in found.errors), found.errors


@pytest.mark.parametrize(
    ("model", "sets", "gpus", "mends"),
    [
        (L70, (), 4, {"persistence.size": "170Gi", "slowStart.maxStartupSeconds": "3600"}),
        (QWEN, ("resources.limits.memory=4Gi",), 1, {"resources.limits.memory": "5Gi"}),
        (QWEN, (PRODUCT + "NVIDIA-H100-80GB-HBM3",), 1, {"vllm.maxModelLen": "40960"}),
        (QWEN, ("vllm.tensorParallelSize=2", "resources.limits=null"), 1, {"resources.limits.nvidia.com/gpu": "2"}),
    ],
)
def test_what_may_not_work_names_the_set_that_mends_it(
    model: str, sets: tuple[str, ...], gpus: int, mends: dict[str, str]
) -> None:
    found = rendered(model, *sets, gpus=gpus)

    assert found.code == 0
    said = dict(re.findall(r"say --set (\S+)=(\w+)", "\n".join(found.warnings)))
    assert said == mends
    # And it does mend it.
    again = rendered(model, *sets, *(f"{path}={value}" for path, value in mends.items()), gpus=gpus)
    assert (again.code, again.warnings) == (0, [])


def test_what_fits_is_not_complained_of() -> None:
    sets = ("persistence.size=170Gi", "slowStart.maxStartupSeconds=3600", "vllm.maxModelLen=32768")

    assert rendered(L70, *sets, PRODUCT + "NVIDIA-H100-80GB-HBM3", gpus=4).stderr == ""
    assert rendered(QWEN, gpus=1).stderr == ""


@pytest.mark.parametrize(
    ("sets", "path"),
    [(("startupProbe.failureThreshold=20",), "startupProbe.failureThreshold"),
     (("startupProbe.enabled=false",), "livenessProbe.initialDelaySeconds")],
)  # fmt: skip
def test_a_budget_by_hand_is_mended_by_hand(sets: tuple[str, ...], path: str) -> None:
    by_hand = ("slowStart.enabled=false", "persistence.size=170Gi", *sets)
    warned = "\n".join(rendered(L70, *by_hand, gpus=4).warnings)
    ((said, value),) = set(re.findall(r"say --set (\S+)=(\w+)", warned))

    assert said == path
    assert rendered(L70, *by_hand, f"{said}={value}", gpus=4).warnings == []
