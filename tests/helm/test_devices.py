"""Devices of any vendor in the values' resources, and amounts that nobody can mean."""

from __future__ import annotations

from typing import Any

import pytest

from vllm_cdk8s.helm.devices import gpus_of
from vllm_cdk8s.helm.problems import ValuesError
from vllm_cdk8s.helm.release_plan import plan_release
from vllm_cdk8s.helm.validation import check_values


def resources(limits: dict[str, Any] | None = None, requests: dict[str, Any] | None = None) -> Any:
    return check_values({"resources": {"limits": limits or {}, "requests": requests or {}}})


@pytest.mark.parametrize(
    "name",
    [
        "nvidia.com/gpu", "nvidia.com/gpu.shared", "nvidia.com/mig-1g.10gb", "amd.com/gpu", "gpu.intel.com/i915",
        "gpu.intel.com/xe", "habana.ai/gaudi", "google.com/tpu", "aws.amazon.com/neuron", "nvidia.com/mig-1c.3g.20gb",
        "nvidia.com/mig-1g.5gb.me", "amd.com/cpx_nps4", "example.com/gpu", "huawei.com/Ascend910", "qualcomm.com/qaic",
    ],
)  # fmt: skip
def test_devices_of_every_vendor_are_gpus(name: str) -> None:
    assert gpus_of(resources({"cpu": 4, name: "2"})) == (name, 2)
    assert gpus_of(resources({name: 2}, {name: "2"})) == (name, 2)


def test_what_is_no_gpu_is_not_counted() -> None:
    assert gpus_of(resources()) == ("nvidia.com/gpu", None)
    assert gpus_of(resources({"rdma/hca": 1, "cpu": 1, "smarter-devices/fuse": 1})) == ("nvidia.com/gpu", None)
    assert gpus_of(resources({"amd.com/gpu": 2, "nvidia.com/gpu": 0})) == ("amd.com/gpu", 2)


@pytest.mark.parametrize(
    ("limits", "requests", "problem", "code"),
    [
        ({"amd.com/gpu": "0.5"}, {}, "resources.limits.amd.com/gpu: '0.5' is not a whole number of devices", "VC209"),
        ({"nvidia.com/gpu": "500m"}, {}, "resources.limits.nvidia.com/gpu: '500m' is not a whole number", "VC209"),
        ({}, {"nvidia.com/gpu": 1}, "say resources.limits.nvidia.com/gpu", "VC209"),
        ({"nvidia.com/gpu": 2}, {"nvidia.com/gpu": 1},
         "resources.requests.nvidia.com/gpu: 1 is not the limit, 2; leave the request out", "VC209"),
        ({"nvidia.com/gpu": 1, "amd.com/gpu": 1}, {}, "vLLM uses devices of one kind", "VC002"),
    ],
)  # fmt: skip
def test_what_the_api_server_refuses_of_devices_is_refused_by_its_path(
    limits: dict[str, Any], requests: dict[str, Any], problem: str, code: str
) -> None:
    with pytest.raises(ValuesError) as caught:
        gpus_of(resources(limits, requests))

    (line,) = caught.value.lines
    assert problem in line
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("amount", "hint"),
    [(24, "; did you mean '24Gi'?"), ("4000", "; did you mean '4000Mi'?"), ("500m", ""), ("1Mi", "")],
)
def test_memory_without_its_unit_is_refused(amount: Any, hint: str) -> None:
    for kind in ("limits", "requests"):
        with pytest.raises(ValuesError) as caught:
            plan_release("prod", check_values({"resources": {kind: {"memory": amount}}}))
        (line,) = caught.value.lines
        assert line.startswith(f"resources.{kind}.memory: {amount!r} is ")
        assert line.endswith(f"less than any container starts in{hint}")


def test_more_cpus_than_there_are_warn() -> None:
    def said(**limits: Any) -> list[str]:
        return [str(warning) for warning in plan_release("prod", resources({"nvidia.com/gpu": 1, **limits})).warnings]

    (warning,) = said(cpu=4000)
    assert warning.startswith("resources.limits.cpu: 4000 is more CPUs than a machine has; did you mean '4000m'?")
    assert said(cpu="4000m", memory="24Gi", **{"ephemeral-storage": 0}) == []


@pytest.mark.parametrize(
    ("amount", "problem"),
    [
        ("16GB", "did you mean '16G' or '16Gi'?"),
        ("16gb", "did you mean '16G' or '16Gi'?"),
        ("16GiB", "did you mean '16Gi'?"),
        ("16 Gi", "did you mean '16Gi'?"),
        ("-16Gi", "is not a quantity"),
        (10**30, "is more than Kubernetes counts"),
        ("9Ei", "is more than Kubernetes counts"),
    ],
)
def test_what_is_almost_a_quantity_is_sent_to_the_right_unit(amount: Any, problem: str) -> None:
    with pytest.raises(ValuesError) as caught:
        resources({"memory": amount})

    (line,) = caught.value.lines
    assert line.startswith("resources.limits.memory: ")
    assert problem in line


def test_the_parallel_size_is_that_of_whichever_devices_there_are() -> None:
    plan = plan_release("prod", resources({"amd.com/gpu": 2}))

    (workload,) = [manifest for manifest in plan.manifests() if manifest.kind == "Deployment"]
    (container,) = workload.body["spec"]["template"]["spec"]["containers"]
    assert container["resources"]["limits"] == {"amd.com/gpu": 2}
    assert "--tensor-parallel-size=2" in container["args"]
    assert "VC203" not in {warning.rule.code for warning in plan.warnings}
    too_many = {"resources": {"limits": {"amd.com/gpu": 2}}, "vllm": {"tensorParallelSize": 4}}
    with pytest.raises(ValuesError, match=r"tensorParallelSize: .* 4 of 2 GPUs; .* resources\.limits\.amd\.com/gpu"):
        plan_release("prod", check_values(too_many))


@pytest.mark.parametrize(
    ("name", "meant"),
    [("nvidia.com/gpus", "nvidia.com/gpu"), ("nvidia.com/GPU", "nvidia.com/gpu"), ("nvidia/gpu", "nvidia.com/gpu"),
     ("amd.com/gpus", "amd.com/gpu"), ("google.com/tpus", "google.com/tpu"), ("NVIDIA.com/gpu", "nvidia.com/gpu")],
)  # fmt: skip
def test_a_misspelt_device_is_told_the_right_one(name: str, meant: str) -> None:
    with pytest.raises(ValuesError) as caught:
        gpus_of(resources({name: 1}))

    (line,) = caught.value.lines
    assert line.startswith(f"resources.limits.{name}: is not a resource that a device plugin registers")
    assert line.endswith(f"did you mean {meant!r}?")
    assert caught.value.code == "VC004"


@pytest.mark.parametrize("name", ["nvidia.com/mig-9z.5gb", "nvidia.com/mig-1g"])
def test_what_is_no_mig_profile_is_refused(name: str) -> None:
    with pytest.raises(ValuesError, match=r"is not a MIG profile; allowed: such as nvidia\.com/mig-1g\.10gb"):
        gpus_of(resources({name: 1}))


def test_more_devices_than_a_machine_has_are_refused_where_they_stand() -> None:
    with pytest.raises(ValuesError, match=r"^resources\.limits\.nvidia\.com/gpu: '1Gi' are more devices than"):
        gpus_of(resources({"nvidia.com/gpu": "1Gi"}))


@pytest.mark.parametrize("name", ["nvidia.com/gpumem", "aliyun.com/gpu-mem", "tencent.com/vcuda-core"])
def test_a_part_of_a_gpu_that_another_scheduler_counts_is_no_lack_of_one(name: str) -> None:
    assert plan_release("prod", resources({name: 8000})).warnings == ()


def test_the_gpus_that_the_parallel_sizes_need_are_what_is_advised() -> None:
    (warning,) = plan_release("prod", check_values({"vllm": {"tensorParallelSize": 2}})).warnings

    assert "say resources.limits.nvidia.com/gpu=2, or resources.limits.nvidia.com/gpu=0 for a CPU image" in warning.what


@pytest.mark.parametrize(("amount", "meant"), [(24, "24Gi"), (16000, "16000Mi")])
def test_a_lost_unit_is_the_likely_one(amount: int, meant: str) -> None:
    with pytest.raises(ValuesError, match=f"did you mean '{meant}'"):
        plan_release("prod", resources({"memory": amount}))


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"resources": {"limits": {"memory": "1e9"}}}, "resources.limits.memory: 1e9: 0.93 GiB are less than"),
        ({"persistence": {"size": "100Mi"}}, "persistence.size: 100Mi: 0.10 GiB are too little for"),
    ],
)
def test_an_amount_that_is_too_little_is_said_as_it_was_written(data: dict[str, Any], said: str) -> None:
    with pytest.raises(ValuesError) as caught:
        plan_release("prod", check_values(data))

    assert caught.value.lines[0].startswith(said)
