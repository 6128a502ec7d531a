"""Each vendor's devices: what a server that runs on them asks for, and what of another vendor's is refused."""

from typing import Any

import pytest

from tests.kubernetes_schemas import assert_valid
from tests.lint.manifests import CLAIM, SERVICE, changed, codes
from tests.lint.manifests import run as check
from tests.snippets import run, snippets
from tests.synthesis import documents, new_chart
from vllm_cdk8s.constructs.multi_node import MultiNodeVllmServer
from vllm_cdk8s.constructs.server import VllmServer
from vllm_cdk8s.constructs.storage import ModelStorage
from vllm_cdk8s.core.errors import ConflictError, VllmCdk8sWarning
from vllm_cdk8s.core.features.kv_offload import KvOffload

MODEL = "org/model"
NEURON = "public.ecr.aws/neuron/pytorch-inference-vllm-neuronx:0.24.0.1.1.0-neuronx-py313-sdk2.32.0-ubuntu24.04"
IMAGES = {
    "H100": "vllm/vllm-openai:v0.32.0",
    "MI300X": "vllm/vllm-openai-rocm:v0.32.0",
    "Gaudi3": "vault.habana.ai/gaudi-docker/1.24.0/ubuntu24.04/vllm-plugin:latest",
    "Arc-B60": "vllm/vllm-openai-xpu:v0.30.0",
    "TPU-v5e": "vllm/vllm-tpu:v0.32.0",
    "TPU-v6e": "vllm/vllm-tpu:v0.32.0",
    "TPU-v7": "vllm/vllm-tpu:v0.32.0",
    "Trn2": NEURON,
    "Inf2": NEURON,
}
ACCELERATOR, TOPOLOGY = "cloud.google.com/gke-tpu-accelerator", "cloud.google.com/gke-tpu-topology"


def pod(gpu: str, gpus: int = 1, **options: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """The pod and its container."""
    chart = new_chart(namespace="llm")
    given = {"image": IMAGES[gpu], "engine_args": {"max_model_len": 8192}, "engine_version": "0.32.0"}
    if given["image"] != IMAGES["Gaudi3"]:
        del given["engine_version"]
    VllmServer(chart, "s", model=MODEL, gpu=gpu, gpus=gpus, **{**given, **options})
    found = documents(chart)
    assert_valid(found)
    spec = next(item for item in found if item["kind"] == "Deployment")["spec"]["template"]["spec"]
    return spec, spec["containers"][0]


@pytest.mark.parametrize(
    ("gpu", "gpus", "resource", "tensor"),
    [
        ("H100", 2, "nvidia.com/gpu", 2),
        ("MI300X", 8, "amd.com/gpu", 8),
        ("Gaudi3", 2, "habana.ai/gaudi", 2),
        ("Arc-B60", 2, "gpu.intel.com/xe", 2),
        ("TPU-v6e", 4, "google.com/tpu", 4),
        # vLLM runs a process on each core, and one chip has several of them.
        ("TPU-v7", 4, "google.com/tpu", 8),
        ("Trn2", 1, "aws.amazon.com/neuron", 4),
        ("Inf2", 2, "aws.amazon.com/neuron", 4),
    ],
)
def test_devices_are_counted_in_their_resource_and_all_of_their_cores_are_used(
    gpu: str, gpus: int, resource: str, tensor: int
) -> None:
    _, container = pod(gpu, gpus)
    assert container["resources"]["limits"][resource] == gpus
    assert f"--tensor-parallel-size={tensor}" in container["args"]


@pytest.mark.parametrize("gpu", sorted(IMAGES))
def test_a_mode_of_cuda_graphs_is_said_where_there_are_such(gpu: str) -> None:
    _, container = pod(gpu, 4)
    says = any("cudagraph_mode" in arg for arg in container["args"])
    # vLLM 0.11 on XPUs stops at one, and TPUs, Gaudi and Neuron have none.
    assert says is (gpu in ("H100", "MI300X"))


def test_the_resource_alone_says_whose_devices_they_are() -> None:
    chart = new_chart(namespace="llm")
    VllmServer(chart, "s", model=MODEL, image="registry.example.com/vllm-gaudi:1", engine_version="0.13.0", gpus=1,
               gpu_resource="habana.ai/gaudi", engine_args={"max_model_len": 8192})  # fmt: skip
    [spec] = [item["spec"]["template"]["spec"] for item in documents(chart) if item["kind"] == "Deployment"]
    assert not any("cudagraph_mode" in arg for arg in spec["containers"][0]["args"])


@pytest.mark.parametrize(
    ("gpu", "gpus", "accelerator", "topology"),
    [
        ("TPU-v5e", 1, "tpu-v5-lite-podslice", "1x1"),
        ("TPU-v5e", 8, "tpu-v5-lite-podslice", "2x4"),
        ("TPU-v6e", 4, "tpu-v6e-slice", "2x2"),
        ("TPU-v6e", 8, "tpu-v6e-slice", "2x4"),
        ("TPU-v7", 4, "tpu7x", "2x2x1"),
    ],
)
def test_a_tpu_is_found_by_gkes_two_labels(gpu: str, gpus: int, accelerator: str, topology: str) -> None:
    spec, _ = pod(gpu, gpus)
    assert spec["nodeSelector"] == {ACCELERATOR: accelerator, TOPOLOGY: topology}


def test_what_the_user_says_of_nodes_stands() -> None:
    own = {"cloud.google.com/gke-spot": "true", ACCELERATOR: "tpu-v6e-device"}
    with pytest.warns(VllmCdk8sWarning, match="gke-tpu-topology.*VC255"):
        spec, _ = pod("TPU-v6e", 4, node_selector=own)
    assert spec["nodeSelector"] == own
    spec, _ = pod("TPU-v6e", 4, node_selector={"cloud.google.com/gke-spot": "true"})
    assert spec["nodeSelector"] == {ACCELERATOR: "tpu-v6e-slice", TOPOLOGY: "2x2", "cloud.google.com/gke-spot": "true"}
    # A node pool says all of it.
    spec, _ = pod("TPU-v6e", 3, node_selector={"cloud.google.com/gke-nodepool": "tpus"})
    assert spec["nodeSelector"] == {"cloud.google.com/gke-nodepool": "tpus"}


def test_an_arrangement_of_another_number_of_chips() -> None:
    with pytest.raises(
        ConflictError, match=r"node_selector\['cloud.*'2x2' is 4 chips, and 1 pod asks for 8.*'2x4'.*VC255"
    ):
        pod("TPU-v6e", 8, node_selector={ACCELERATOR: "tpu-v6e-slice", TOPOLOGY: "2x2"})
    with pytest.warns(VllmCdk8sWarning, match=r"'2x4' is 8 chips.*VC255"):
        pod("TPU-v6e", 4, node_selector={ACCELERATOR: "tpu-v6e-slice", TOPOLOGY: "2x4"})
    with pytest.warns(VllmCdk8sWarning, match=r"says nothing of .*gke-tpu-accelerator and .*gke-tpu-topology.*VC255"):
        pod("TPU-v6e", 3)


def test_several_machines_share_an_arrangement_that_the_user_says() -> None:
    chart = new_chart(namespace="llm")
    MultiNodeVllmServer(
        chart, "s", model=MODEL, gpu="TPU-v6e", gpus=4, nodes=4, image=IMAGES["TPU-v6e"],
        node_selector={TOPOLOGY: "4x4"}, engine_args={"max_model_len": 8192},
        storage=ModelStorage.none(chart, "none"),
    )  # fmt: skip
    [group] = [item["spec"] for item in documents(chart) if item["kind"] == "LeaderWorkerSet"]
    selector = group["leaderWorkerTemplate"]["leaderTemplate"]["spec"]["nodeSelector"]
    assert selector == {ACCELERATOR: "tpu-v6e-slice", TOPOLOGY: "4x4"}


@pytest.mark.parametrize(
    ("gpu", "options", "words"),
    [
        ("MI300X", {"runtime_class": "nvidia"}, "runtime_class: 'nvidia' is for devices of nvidia.*amd.com/gpu.*VC256"),
        ("H100", {"runtime_class": "habana"}, "runtime_class: 'habana'.*VC256"),
        ("Gaudi3", {"kv_offload": KvOffload(host="8Gi")}, "kv_offload: .*CUDA, ROCm or XPU.*Gaudi3.*VC130"),
        ("TPU-v6e", {"kv_offload": KvOffload(host="8Gi"), "gpus": 4}, "kv_offload: .*TPU-v6e.*VC130"),
    ],
)
def test_what_is_of_another_vendor_is_refused(gpu: str, options: dict[str, Any], words: str) -> None:
    with pytest.raises(ConflictError, match=words):
        pod(gpu, **options)


def test_what_goes_with_the_vendor_is_not() -> None:
    assert pod("H100", runtime_class="nvidia")[0]["runtimeClassName"] == "nvidia"
    assert pod("Gaudi3", runtime_class="habana")[0]["runtimeClassName"] == "habana"
    assert pod("MI300X", runtime_class="kata")[0]["runtimeClassName"] == "kata"
    pod("MI300X", kv_offload=KvOffload(host="8Gi"))


def test_the_check_tells_the_same_of_anybodys_manifests(tmp_path: Any) -> None:
    def found(limits: dict[str, Any], **changes: Any) -> list[str]:
        return codes(check(tmp_path, changed(container__resources={"limits": limits}, **changes), CLAIM, SERVICE))

    amd = {"amd.com/gpu": 1, "memory": "32Gi"}
    rocm = {"container__image": "vllm/vllm-openai-rocm:v0.20.2"}
    assert found(amd, **rocm) == []
    assert found(amd, pod__runtimeClassName="nvidia", **rocm) == ["VC256"]
    assert found({"amd.com/gpu": 1}, pod__runtimeClassName="nvidia", **rocm) == ["VC256"]
    assert found(amd, pod__runtimeClassName="amd", **rocm) == []
    assert found({"nvidia.com/gpu": 1, "memory": "32Gi"}, pod__runtimeClassName="nvidia") == []
    tpu = {"google.com/tpu": 4, "memory": "32Gi"}
    image: dict[str, Any] = {"container__image": "vllm/vllm-tpu:v0.20.2"}
    selector = {ACCELERATOR: "tpu-v6e-slice", TOPOLOGY: "2x2"}
    args = {"container__args": [MODEL, "--max-model-len=8192", "--tensor-parallel-size=4"]}
    quiet = set(found(tpu, pod__nodeSelector=selector, **image, **args))
    assert "VC255" not in quiet
    assert "VC255" in found(tpu, **image, **args)
    assert "VC255" in found(tpu, pod__nodeSelector={**selector, TOPOLOGY: "1x1"}, **image, **args)
    for other in ({"cloud.google.com/gke-nodepool": "tpus"}, {**selector, TOPOLOGY: "{{ .Values.topology }}"}):
        assert "VC255" not in found(tpu, pod__nodeSelector=other, **image, **args)
    # Each chip of these has two cores, and each core a process.
    seven = {ACCELERATOR: "tpu7x", TOPOLOGY: "2x2x1"}
    eight = {"container__args": [MODEL, "--max-model-len=8192", "--tensor-parallel-size=8"]}
    assert "VC201" not in found(tpu, pod__nodeSelector=seven, **image, **eight)
    assert "VC201" in found(tpu, pod__nodeSelector=selector, **image, **eight)


@pytest.mark.parametrize("index", range(len(snippets("accelerators.md"))))
def test_what_the_documentation_shows_runs(index: int) -> None:
    run(snippets("accelerators.md")[index], new_chart(namespace="llm"))
