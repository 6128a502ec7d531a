"""What a server needs, held against what it has: refused where it cannot be, a word where it may not be."""

from __future__ import annotations

import warnings
from typing import Any

import pytest

from vllm_cdk8s.core.errors import VllmCdk8sError
from vllm_cdk8s.core.kube.names import fixed_names
from vllm_cdk8s.core.models.ledger import VISIBLE_DEVICES
from vllm_cdk8s.core.models.sizing import size_model
from vllm_cdk8s.core.pod.health import slow_start
from vllm_cdk8s.core.pod.resources import Resources
from vllm_cdk8s.core.server.deployment import DeploymentShape
from vllm_cdk8s.core.server.plan import ServerInput, ServerPlan, plan_server
from vllm_cdk8s.core.storage.storage import Storage

L70, QWEN = "meta-llama/Llama-3.1-70B-Instruct", "Qwen/Qwen3-8B"


def planned(model: str, *, claim: str | None = None, startup: int | None = None, **said: Any) -> ServerPlan:
    """The plan of a server; warnings are data of it."""
    sizing = said.pop("sizing", None)
    storage = None
    if claim is not None:
        storage = Storage.of_claim(
            "s-pvc", mount_path="/root/.cache", access_mode="ReadWriteOnce", size=claim, fresh=True, namespace=None
        )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return plan_server(
            ServerInput(
                model=model,
                said=said,
                shape=DeploymentShape(replicas=1),
                names=fixed_names("s"),
                path=lambda: "s",
                storage=storage,
                health=None if startup is None else slow_start(startup),
                sizing=sizing,
            )
        )


def refused(code: str, model: str, **said: Any) -> str:
    """What is said of a server that cannot be."""
    with pytest.raises(VllmCdk8sError) as caught:
        planned(model, **said)
    assert code in {problem.rule.code for problem in caught.value.problems}
    return str(caught.value)


def warned(plan: ServerPlan) -> dict[str, str]:
    """The warnings of a plan by their rule's code."""
    return {problem.rule.code: problem.what for problem in plan.warnings}


def test_405b_on_one_gpu_is_refused_whichever_gpu_it_is() -> None:
    said = refused("VC206", "meta-llama/Llama-3.1-405B-Instruct", gpus=1)
    assert "755.99 GiB on each of 1" in said
    assert "71.27 GiB" in refused("VC206", "meta-llama/Llama-3.1-405B-Instruct", gpus=1, gpu="H100")


def test_70b_on_one_l4_is_refused() -> None:
    assert "19.83 GiB" in refused("VC206", L70, gpus=1, gpu="L4")


def test_70b_on_a_claim_of_20gi_is_refused_with_the_size_to_say() -> None:
    assert "say size=170Gi" in refused("VC301", L70, gpus=4, claim="20Gi")


def test_8b_under_a_limit_of_4gi_gets_a_word() -> None:
    plan = planned(QWEN, gpus=1, resources=Resources(limits={"memory": "4Gi"}))
    assert warned(plan)["VC208"].startswith("4.00 GiB are less than the 4.50 GiB")


@pytest.mark.parametrize("option", ["kv_offloading_size", "cpu_offload_gb"])
def test_200_gib_that_is_kept_in_16gi_is_refused(option: str) -> None:
    refused("VC208", QWEN, gpus=1, engine_args={option: 200}, resources=Resources(limits={"memory": "16Gi"}))


@pytest.mark.parametrize("name", VISIBLE_DEVICES)
def test_two_gpus_of_which_one_is_visible_are_refused(name: str) -> None:
    said = refused("VC205", QWEN, gpus=2, env={name: "0"})
    assert f"env['{name}']: leaves 1 GPU visible, and the parallel sizes ask for 2 GPUs" in said
    assert said.count("VC205") == 1
    assert "VC205" not in warned(planned(QWEN, gpus=2, env={name: "0,1"}))


def test_sizing_for_more_gpus_than_are_asked_for_is_refused() -> None:
    assert "1 contradicts sizing, which is for 4" in refused("VC002", L70, gpus=1, sizing=size_model(L70))


def test_a_known_model_brings_its_claim_and_its_time_to_start() -> None:
    plan = planned(L70, gpus=4)
    assert plan.claim is not None
    assert plan.claim.body["spec"]["resources"]["requests"]["storage"] == "170Gi"
    assert plan.pod.health.startup_seconds == 3600
    assert not plan.warnings


def test_a_budget_that_is_too_short_gets_a_word() -> None:
    said = warned(planned(L70, gpus=4, startup=300))
    assert "300 seconds are less than the 906 seconds" in said["VC401"]


def test_the_default_context_is_said_with_both_numbers_where_there_is_room() -> None:
    said = warned(planned(QWEN, gpus=1, gpu="H100"))["VC111"]
    assert said.startswith("2048 by default, while 'Qwen/Qwen3-8B' has 40960 positions and there is room for ")
    assert "VC111" not in warned(planned(QWEN, gpus=1, gpu="H100", engine_args={"max_model_len": 2048}))
    assert "VC111" not in warned(planned(QWEN, gpus=1))


def test_what_fits_is_not_commented_on() -> None:
    assert not planned(QWEN, gpus=1, gpu="H100", engine_args={"max_model_len": 40960}).warnings
