"""What makes a second start fast: the startup plan, and caches by release and GPU."""

from typing import Any

import pytest

from tests.kubernetes_schemas import assert_valid
from tests.synthesis import PLAIN, documents, new_chart, vllm_container
from vllm_cdk8s.constructs.server import VllmServer
from vllm_cdk8s.constructs.storage import ModelStorage
from vllm_cdk8s.core.errors import ConflictError, InvalidOptionError
from vllm_cdk8s.core.features.fast_start import FastStart
from vllm_cdk8s.core.pod.security import NonRoot

NEW = {**PLAIN, "image": "vllm/vllm-openai:v0.32.0"}


def variables(**options: Any) -> dict[str, Any]:
    chart = new_chart()
    VllmServer(chart, "qwen", **{**NEW, **options})
    assert_valid(documents(chart))
    return {item["name"]: item.get("value") for item in vllm_container(chart)["env"]}


def test_the_plan_and_the_caches_are_kept_by_release_and_gpu() -> None:
    found = variables(fast_start=True, gpu="H100", engine_args={"max_model_len": 32768})
    assert found["VLLM_ENABLE_STARTUP_PLAN"] == "1"
    assert found["VLLM_CACHE_ROOT"] == "/root/.cache/compiled/0.32.0-h100/vllm"
    assert found["TORCHINDUCTOR_CACHE_DIR"] == "/root/.cache/compiled/0.32.0-h100/torchinductor"
    # The model's files are the same for all.
    assert found["HF_HOME"] == "/root/.cache/huggingface"


def test_they_are_where_the_volume_is() -> None:
    assert variables(fast_start=True, non_root=NonRoot())["VLLM_CACHE_ROOT"].startswith(NonRoot().mount_path)
    assert variables(fast_start=FastStart(key="mine"))["TRITON_CACHE_DIR"] == "/root/.cache/compiled/mine/triton"
    assert variables(fast_start=True, env={"VLLM_CACHE_ROOT": "/x"})["VLLM_CACHE_ROOT"] == "/x"


def test_false_says_nothing() -> None:
    assert variables(fast_start=False) == variables()


def test_a_release_that_has_no_plan_is_refused() -> None:
    with pytest.raises(ConflictError, match=r"fast_start.*begins with vLLM 0\.26\.0.*0\.20\.2"):
        variables(fast_start=True, image=PLAIN["image"])


def test_a_folder_that_goes_with_the_pod_is_refused() -> None:
    chart = new_chart()
    with pytest.raises(ConflictError, match="does not outlive the pod"):
        VllmServer(chart, "qwen", **NEW, fast_start=True, storage=ModelStorage.none(chart, "none"))


def test_what_is_neither_is_refused() -> None:
    with pytest.raises(InvalidOptionError, match=r"True or FastStart\(...\)"):
        variables(fast_start="yes")
    with pytest.raises(InvalidOptionError, match=r"fast_start\.key"):
        FastStart(key="a/b")
