"""One good server is clean; each change to it breaks one rule, and what others supply breaks none."""

import json
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.lint.manifests import CLAIM, GOOD, SERVICE, changed, codes, run

PROBE = {"httpGet": {"path": "/health", "port": 8000}}
SLEEPS = {"exec": {"command": ["sh", "-c", "sleep 45"]}}


def test_a_good_server_is_clean(tmp_path: Path) -> None:
    assert run(tmp_path, GOOD, CLAIM, SERVICE) == []


@pytest.mark.parametrize(
    ("code", "changes"),
    [
        ("VC101", {"container__args": ["Qwen/Qwen2.5-7B-Instruct", "--swap-space=4"]}),
        ("VC101", {"container__args": ["Qwen/Qwen2.5-7B-Instruct", "--tensor-paralel-size=1"]}),
        ("VC101", {"container__args": ["Qwen/Qwen2.5-7B-Instruct", "--max-model-len 8192"]}),
        ("VC101", {"container__args": ["Qwen/Qwen2.5-7B-Instruct", "--enable-prefix-caching", "True"]}),
        ("VC102", {"container__args": ["Qwen/Qwen2.5-7B-Instruct", "--dtype=fp16"]}),
        ("VC102", {"container__args": ["Qwen/Qwen2.5-7B-Instruct", "--gpu-memory-utilization=1.5"]}),
        ("VC102", {"container__args": ["Qwen/Qwen2.5-7B-Instruct", "--max-num-seqs=many"]}),
        ("VC103", {"container__args": ["Qwen/Qwen2.5-7B-Instruct", "--enable-auto-tool-choice"]}),
        ("VC104", {"container__args": ["Qwen/Qwen2.5-7B-Instruct", "--max-model-len=999999"]}),
        ("VC010", {"container__args": ["Qwen/Qwen2.5-7B-Instruct", "--port", 8000]}),
        ("VC010", {"container__env": [{"name": "NCCL_DEBUG", "value": True}]}),
        ("VC002", {"container__args": ["Qwen/Qwen2.5-7B-Instruct", "--seed=1", "--seed=2"]}),
        ("VC120", {"container__args": ["--model", "Qwen/Qwen2.5-7B-Instruct"]}),
        ("VC107", {"container__args": ["Qwen/Qwen2.5-7B-Instruct", "--host=127.0.0.1"]}),
        ("VC108", {"container__env": [{"name": "VLLM_USE_V1", "value": "1"}]}),
        ("VC108", {"container__env": [{"name": "VLLM_LOGGING_LEVL", "value": "DEBUG"}]}),
        ("VC206", {"pod__nodeSelector": {"nvidia.com/gpu.product": "Tesla-T4"}}),
        ("VC109", {"container__env": [{"name": "VLLM_PORT", "value": "8000"}]}),
        ("VC201", {"container__args": ["Qwen/Qwen2.5-7B-Instruct", "--tensor-parallel-size=2"]}),
        ("VC203", {"container__resources": {"limits": {"memory": "32Gi"}}}),
        ("VC205", {"container__env": [{"name": "CUDA_VISIBLE_DEVICES", "value": "1"}]}),
        ("VC208", {"container__resources": {"limits": {"nvidia.com/gpu": 1, "memory": "2Gi"}}}),
        ("VC209", {"container__resources": {"requests": {"nvidia.com/gpu": 1}}}),
        ("VC210", {"container__resources": {"limits": {"amd.com/gpu": 1}}}),
        ("VC211", {"container__env": [{"name": "A", "value": "1"}, {"name": "A", "value": "2"}]}),
        ("VC213", {"container__image": "vllm/vllm-openai-cpu:v0.20.2", "container__resources": {}}),
        ("VC220", {"container__image": "vllm/vllm-openai:latest"}),
        ("VC220", {"container__image": "quay.io/somebody/vllm"}),
        ("VC304", {"pod__volumes": [{"name": "cache", "emptyDir": {}}]}),
        ("VC304", {"container__volumeMounts": [{"name": "data", "mountPath": "/data"}],
                   "pod__volumes": [{"name": "data", "hostPath": {"path": "/data"}}]}),
        ("VC305", {"pod__volumes": [*GOOD["spec"]["template"]["spec"]["volumes"], {"name": "x", "emptyDir": {}}]}),
        ("VC306", {"pod__volumes": []}),
        ("VC307", {"container__volumeMounts": [{"name": "cache", "mountPath": "/models"}]}),
        ("VC401", {"container__startupProbe": {**PROBE, "periodSeconds": 10, "failureThreshold": 3}}),
        ("VC402", {"spec__strategy": None}),
        ("VC402", {"spec__strategy": {"rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}}),
        ("VC403", {"spec__progressDeadlineSeconds": None, "container__startupProbe__failureThreshold": 90}),
        ("VC404", {"container__startupProbe": None, "container__livenessProbe__initialDelaySeconds": 15}),
        ("VC405", dict.fromkeys(["container__startupProbe", "container__readinessProbe", "container__livenessProbe"])),
        ("VC406", {"pod__terminationGracePeriodSeconds": None, "container__lifecycle__preStop": SLEEPS}),
        ("VC406", {"spec__replicas": 2, "container__lifecycle": None, "pod__nodeName": "gpu-1"}),
        ("VC407", {"container__readinessProbe": {"httpGet": {"path": "/health", "port": 8080}}}),
        ("VC407", {"container__readinessProbe": {"httpGet": {"path": "/health", "port": "web"}}}),
        ("VC407", {"container__readinessProbe": {"httpGet": {"path": "/healthz", "port": 8000}}}),
        ("VC407", {"container__readinessProbe": {"httpGet": {"path": "/health", "port": 8000, "scheme": "HTTPS"}}}),
        ("VC408", {"container__livenessProbe": {**PROBE, "periodSeconds": 5}}),
        ("VC501", {"container__env": [{"name": "HF_TOKEN", "value": "hf_" + "a1" * 17}]}),
        ("VC501", {"container__env": [{"name": "WANDB_API_KEY", "value": "s3cr3t"}]}),
        ("VC501", {"container__env": [{"name": "HTTPS_PROXY", "value": "http://me:s3cr3t@proxy:3128"}]}),
        ("VC501", {"container__args": ["Qwen/Qwen2.5-7B-Instruct", "--api-key=s3cr3t"]}),
        ("VC505", {"pod__securityContext": {"runAsNonRoot": True}}),
        ("VC506", {"container__securityContext": {"privileged": True}}),
        ("VC521", {"container__args": ["${MODEL}", "--trust-remote-code"],
                   "container__env": [{"name": "HF_TOKEN", "value": "$HF_TOKEN"}]}),
        ("VC520", {"container__env": [{"name": "VLLM_SERVER_DEV_MODE", "value": "1"}]}),
        ("VC521", {"container__args": ["Qwen/Qwen2.5-7B-Instruct", "--trust-remote-code"]}),
    ],
)  # fmt: skip
def test_one_change_breaks_one_rule(tmp_path: Path, code: str, changes: dict[str, Any]) -> None:
    assert codes(run(tmp_path, changed(**changes), CLAIM, SERVICE)) == [code]


def test_a_size_of_offloaded_cache_takes_the_place_of_another_connector(tmp_path: Path) -> None:
    nixl = {"kv_connector": "NixlConnector", "kv_role": "kv_consumer"}
    offload = {"kv_connector": "OffloadingConnector", "kv_role": "kv_both"}
    multi = {"kv_connector": "MultiConnector", "kv_role": "kv_both", "kv_connector_extra_config": {}}

    def found(config: dict[str, Any], *more: str) -> list[str]:
        args = ["Qwen/Qwen2.5-7B-Instruct", "--max-model-len=8192", f"--kv-transfer-config={json.dumps(config)}", *more]
        return codes(run(tmp_path, changed(container__args=args), CLAIM, SERVICE))

    size = "--kv-offloading-size=64"
    joined = {**multi, "kv_connector_extra_config": {"connectors": [offload, nixl]}}
    assert "VC130" in found(nixl, size)
    assert "VC130" in found(joined, size)
    assert "VC130" not in found(joined)
    assert "VC130" not in found(offload, size)
    # NIXL within a MultiConnector has a side channel too.
    assert "VC134" in found(joined)
    for unfinished in (multi, {**multi, "kv_connector_extra_config": {"connectors": "x"}}, {"kv_connector": None}):
        assert not {"VC130", "VC134"}.intersection(found(unfinished, size))


@pytest.mark.parametrize(
    ("args", "image", "words"),
    [
        (["az://models/qwen"], "v0.17.1", "az:// from 0.18.0"),
        (["s3://models/qwen", "--load-format=safetensors"], "v0.20.2", "allowed: runai_streamer"),
        (["s3://models/qwen", '--model-loader-extra-config={"threads": 4}'], "v0.32.0", "threads: is not one"),
        (
            ["Qwen/Qwen2.5-7B-Instruct", "--load-format=runai_streamer",
             '--model-loader-extra-config={"distributed": true}'],
            "v0.11.0", "does nothing before vLLM 0.11.1",
        ),
    ],
)  # fmt: skip
def test_weights_that_cannot_be_streamed_so(tmp_path: Path, args: list[str], image: str, words: str) -> None:
    container: dict[str, Any] = {
        "container__args": [*args, "--max-model-len=8192"],
        "container__image": f"vllm/vllm-openai:{image}",
    }
    [found] = [one for one in run(tmp_path, changed(**container), CLAIM, SERVICE) if one.rule == "VC155"]
    assert words in found.message
    good = ["s3://models/qwen", "--load-format=runai_streamer", '--model-loader-extra-config={"concurrency": 4}']
    fine = changed(container__args=[*good, "--max-model-len=8192"], container__image="vllm/vllm-openai:v0.32.0")
    assert "VC155" not in codes(run(tmp_path, fine, CLAIM, SERVICE))


def test_a_side_channel_that_only_its_own_pod_would_find(tmp_path: Path) -> None:
    config = '--kv-transfer-config={"kv_connector": "NixlConnector", "kv_role": "kv_both"}'
    args = ["Qwen/Qwen2.5-7B-Instruct", config]
    assert codes(run(tmp_path, changed(container__args=args), CLAIM, SERVICE)) == ["VC134"]
    address = {"name": "VLLM_NIXL_SIDE_CHANNEL_HOST", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}}
    assert codes(run(tmp_path, changed(container__args=args, container__env=[address]), CLAIM, SERVICE)) == []
    # A script sets it.
    script = f"export VLLM_NIXL_SIDE_CHANNEL_HOST=$(hostname -i)\nexec vllm serve Qwen/Qwen2.5-7B-Instruct '{config}'\n"
    found = run(tmp_path, changed(container__command=["sh", "-c"], container__args=[script]), CLAIM, SERVICE)
    assert "VC134" not in codes(found)


def test_a_token_in_a_secret_that_is_written_down(tmp_path: Path) -> None:
    token = "hf_" + "a1B2" * 9
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "hf"}}
    found = run(tmp_path, {**secret, "stringData": {"token": token, "note": "<your-token>"}})
    assert [(f.rule, f.message.partition(":")[0]) for f in found] == [("VC501", "token")]
    assert token not in found[0].message
    assert codes(run(tmp_path, {**secret, "data": {"token": b64encode(token.encode()).decode()}})) == ["VC501"]
    assert run(tmp_path, {**secret, "data": {"token": "cGFzc3dvcmQ=", "x": "%%"}}) == []


def test_a_vocabulary_that_seven_gpus_cannot_share(tmp_path: Path) -> None:
    args = ["Qwen/Qwen2.5-7B-Instruct", "--tensor-parallel-size=7"]
    found = run(tmp_path, changed(container__args=args, container__resources={"limits": {"nvidia.com/gpu": 7}}))
    assert codes(found) == ["VC160", "VC204"]
    assert any("7 does not divide the 152064 entries" in one.message for one in found)


def test_two_gpus_without_shared_memory(tmp_path: Path) -> None:
    args = ["Qwen/Qwen2.5-7B-Instruct", "--tensor-parallel-size=2"]
    limits = {"limits": {"nvidia.com/gpu": 2}}
    found = run(tmp_path, changed(container__args=args, container__resources=limits))
    assert codes(found) == ["VC204"]
    assert "2 GPUs share" in found[0].message
    assert codes(run(tmp_path, changed(container__resources=limits))) == ["VC202"]


def test_a_privileged_container_that_may_not_gain_privileges(tmp_path: Path) -> None:
    def found(**context: bool) -> list[tuple[str, str]]:
        return [(one.rule, one.message) for one in run(tmp_path, changed(container__securityContext=context), CLAIM)]

    [(rule, message)] = found(privileged=True, allowPrivilegeEscalation=False)
    assert rule == "VC506"
    assert "is true while allowPrivilegeEscalation is false" in message
    assert found(privileged=False, allowPrivilegeEscalation=False) == []
    [(rule, message)] = found(privileged=True, allowPrivilegeEscalation=True)
    assert "gives the container the node" in message


@pytest.mark.parametrize(
    ("said", "severity", "words"),
    [
        ({"value": "8000"}, "warning", "'8000' is the first of vLLM's internal ports"),
        ({"value": "tcp://10.0.0.7:80"}, "error", "'tcp://10.0.0.7:80' is not a number, and vLLM stops"),
        ({"valueFrom": {"configMapKeyRef": {"name": "a", "key": "b"}}}, "warning", "is the first of vLLM's internal"),
    ],
)
def test_a_port_variable_that_is_none(tmp_path: Path, said: dict[str, Any], severity: str, words: str) -> None:
    [found] = run(tmp_path, changed(container__env=[{"name": "VLLM_PORT", **said}]), CLAIM, SERVICE)
    assert (found.rule, found.severity) == ("VC109", severity)
    assert words in found.message


def test_gpus_that_vllm_for_the_cpu_leaves_idle_are_said_once(tmp_path: Path) -> None:
    cpu: dict[str, Any] = {
        "container__image": "vllm/vllm-openai-cpu:v0.20.2",
        "container__env": [{"name": "VLLM_CPU_KVCACHE_SPACE", "value": "4"}],
    }
    found = run(tmp_path, changed(container__resources={"limits": {"nvidia.com/gpu": 2, "memory": "64Gi"}}, **cpu))
    assert codes(found) == ["VC210"]
    assert "runs on the CPU" in found[0].message


def test_a_script_is_read_as_far_as_a_shell_is_sure(tmp_path: Path) -> None:
    script = (
        "pip install -q extra\n"
        "export X=1\n"
        "exec vllm serve Qwen/Qwen2.5-7B-Instruct \\\n"
        "  --tensor-parallel-size $GPUS \\\n"
        '  --swap-space 4 --served-model-name "$NAME"\n'
    )  # fmt: skip
    env = [{"name": "GPUS", "value": "2"}, {"name": "NAME", "value": "qwen"}]
    found = run(tmp_path, changed(container__command=["sh", "-c"], container__args=[script], container__env=env))
    assert codes(found) == ["VC101", "VC201", "VC221"]
    # What the script sets itself is not known.
    unsure = script.replace("X=1", "GPUS=$(nvidia-smi -L | wc -l)").replace("pip install -q extra\n", "")
    found = run(tmp_path, changed(container__command=["sh", "-c"], container__args=[unsure], container__env=env))
    assert codes(found) == ["VC101"]


def test_a_line_of_a_script_is_the_line_of_the_file(tmp_path: Path) -> None:
    text = """\
apiVersion: v1
kind: Pod
metadata: {name: p}
spec:
  containers:
  - name: vllm
    image: vllm/vllm-openai:v0.20.2
    resources: {limits: {nvidia.com/gpu: 1}}
    command:
    - sh
    - -c
    - |
      echo start
      vllm serve /models/m \\
        --seed 1 \\
        --swap-space 4
"""
    (found,) = run(tmp_path, text)
    assert (found.rule, found.line, found.object) == ("VC101", 16, "Pod/p")


@pytest.mark.parametrize(
    "changes",
    [
        {"container__image": "registry.example/llm:prod", "container__args": ["org/m", "--our-own-option=1"]},
        {"container__args": ["<your-model>", "--port=8000"]},
        {"container__args": ["$(MODEL)", "--tensor-parallel-size=$(TP)"]},
        {"container__args": ["Qwen/Qwen2.5-7B-Instruct", "--tensor-parallel-size=${TP}"]},
        {"container__command": ["sleep"], "container__args": ["infinity"], "container__startupProbe": None},
        {"container__command": ["vllm", "bench", "serve"], "container__args": ["--model", "x"]},
        {"container__env": [{"name": "HF_TOKEN", "value": "<your-hf-token>"}]},
        {"container__env": [{"name": "VLLM_API_KEY", "valueFrom": {"secretKeyRef": {"name": "a", "key": "b"}}}]},
        {"container__image": "vllm/vllm-openai:v0.8.5", "container__args": ["org/m", "--enable-reasoning"]},
        {"container__startupProbe": {"failureThreshold": 3}},
        # An unknown vLLM for the CPU; a folder; a cache that a script moves; a model that may be a folder.
        {"container__image": "quay.io/somebody/vllm-cpu:dev", "container__resources": {}},
        {"container__args": ["models/llama"], "container__volumeMounts": [], "pod__volumes": []},
        {
            "container__command": ["sh", "-c"],
            "container__args": ["export HF_HOME=/tmp/x; vllm serve Qwen/Qwen2.5-7B"],
            "container__volumeMounts": [],
            "pod__volumes": [],
        },
        {"container__args": ["${MODEL}", "--trust-remote-code"]},
        # A file may set the parallel size; pydantic reads a boolean from words (vllm-project/vllm, issue 29049).
        {
            "container__args": ["Qwen/Qwen2.5-7B-Instruct", "--config", "/etc/vllm.yaml"],
            "container__resources": {"limits": {"nvidia.com/gpu": 4}},
        },
        {
            "container__args": [
                "Qwen/Qwen2.5-7B-Instruct",
                '--compilation-config={"cudagraph_specialize_lora": "False"}',
            ]
        },
        # Whoever starts it says how many there are.
        {"spec__replicas": 0, "container__lifecycle": None},
        # Not in a registry, or not yet said.
        {"container__image": "registry/vllm-lora", "container__imagePullPolicy": "Never"},
        {"container__image": "IMAGE_NAME"},
        {"container__image": "quay.io/<you>/vllm:latest"},
    ],
)
def test_what_is_not_known_is_not_judged(tmp_path: Path, changes: dict[str, Any]) -> None:
    assert codes(run(tmp_path, changed(**changes), CLAIM)) == []


def test_four_replicas_do_not_wait_for_each_other_by_default(tmp_path: Path) -> None:
    assert codes(run(tmp_path, changed(spec__replicas=3, spec__strategy=None))) == ["VC402"]
    assert codes(run(tmp_path, changed(spec__replicas=4, spec__strategy=None))) == []


def test_a_patch_is_no_server(tmp_path: Path) -> None:
    patch = changed(spec__selector=None, container__image=None, spec__strategy=None, pod__volumes=[])
    assert run(tmp_path, patch) == []


def test_kserve_supplies_command_probes_volumes_and_drain(tmp_path: Path) -> None:
    service = {
        "apiVersion": "serving.kserve.io/v1alpha1",
        "kind": "LLMInferenceService",
        "metadata": {"name": "qwen"},
        "spec": {
            "model": {"uri": "hf://Qwen/Qwen2.5-7B-Instruct"},
            "template": {
                "containers": [
                    {
                        "name": "main",
                        "image": "vllm/vllm-openai:v0.20.2",
                        "args": ["--tensor-parallel-size=2"],
                        "resources": {"limits": {"nvidia.com/gpu": "2"}},
                    }
                ]
            },
        },
    }
    assert run(tmp_path, service) == []


def test_weights_that_another_image_downloads_with_a_token(tmp_path: Path) -> None:
    # https://cloud.google.com/kubernetes-engine/docs/tutorials/serve-gemma-gpu-vllm: Google's image, and no volume.
    image = "us-docker.pkg.dev/vertex-ai/vertex-vision-model-garden-dockers/pytorch-vllm-serve:20250312_0916_RC01"
    empty: dict[str, Any] = {"container__volumeMounts": [], "pod__volumes": [], "container__image": image}
    token = [{"name": "HF_TOKEN", "valueFrom": {"secretKeyRef": {"name": "hf", "key": "token"}}}]
    assert codes(run(tmp_path, changed(container__env=token, **empty))) == ["VC304"]
    # Without a token, the weights may be in the image.
    assert codes(run(tmp_path, changed(**empty))) == []
    # What is called as vLLM's own image is has none.
    empty["container__image"] = "cr.volces.com/aibrix/vllm-openai:v0.7.3.self.post1"
    assert codes(run(tmp_path, changed(**empty))) == ["VC304"]


@pytest.mark.parametrize(
    "offloaded",
    [
        "--kv-offloading-size=8",
        (
            '--kv-transfer-config={"kv_connector": "OffloadingConnector", "kv_role": "kv_both", '
            '"kv_connector_extra_config": {"cpu_bytes_to_use": 8589934592}}'
        ),
    ],
)
def test_offloaded_blocks_live_in_shared_memory(tmp_path: Path, offloaded: str) -> None:
    args = ["Qwen/Qwen2.5-7B-Instruct", offloaded]
    image = "vllm/vllm-openai:v0.30.0"
    (found,) = run(tmp_path, changed(container__image=image, container__args=args), CLAIM)
    assert (found.rule, "8 GiB are kept in /dev/shm, which has 0.0625 GiB" in found.message) == ("VC222", True)
    shm: dict[str, Any] = {
        "pod__volumes": [
            *GOOD["spec"]["template"]["spec"]["volumes"],
            {"name": "shm", "emptyDir": {"medium": "Memory"}},
        ],
        "container__volumeMounts": [
            {"name": "cache", "mountPath": "/root/.cache"},
            {"name": "shm", "mountPath": "/dev/shm"},  # noqa: S108 - a pod's
        ],
    }
    assert codes(run(tmp_path, changed(container__image=image, container__args=args, **shm), CLAIM)) == []
    # Earlier releases pin memory of their own, and which release is in another's image is not known.
    for other in ("vllm/vllm-openai:v0.20.2", "quay.io/somebody/engine:1"):
        assert codes(run(tmp_path, changed(container__image=other, container__args=args), CLAIM)) == []


def test_a_server_of_several_pods_has_the_gpus_of_all(tmp_path: Path) -> None:
    # https://docs.vllm.ai/en/latest/deployment/integrations/kthena/: an entry and its workers are one server.
    pod = changed(container__args=["org/m", "--tensor-parallel-size=2"])["spec"]["template"]
    role = {"name": "r", "entryTemplate": pod, "workerReplicas": 1, "workerTemplate": pod}
    serving: dict[str, Any] = {"apiVersion": "x/v1", "kind": "ModelServing", "metadata": {"name": "m"}}
    serving["spec"] = {"template": {"roles": [role]}}
    assert run(tmp_path, serving) == []
    del role["workerReplicas"], role["workerTemplate"]
    assert codes(run(tmp_path, serving)) == ["VC201"]


def test_a_volume_that_goes_with_the_pod_hides_what_an_image_has_there(tmp_path: Path) -> None:
    # https://github.com/llm-d/llm-d, guides/wide-ep-lws: HF_HUB_CACHE is on an emptyDir.
    cache: dict[str, Any] = {
        "container__image": "registry.example/llm:1",
        "container__env": [{"name": "HF_HUB_CACHE", "value": "/var/cache/huggingface"}],
        "container__volumeMounts": [{"name": "cache", "mountPath": "/var/cache/huggingface"}],
    }
    assert codes(run(tmp_path, changed(pod__volumes=[{"name": "cache", "emptyDir": {}}], **cache))) == ["VC304"]
    assert codes(run(tmp_path, changed(**cache))) == []


def test_a_small_model_is_loaded_sooner(tmp_path: Path) -> None:
    probes: dict[str, Any] = {"container__startupProbe": {**PROBE, "periodSeconds": 10, "failureThreshold": 8}}
    assert codes(run(tmp_path, changed(container__args=["facebook/opt-125m"], **probes))) == []
    assert codes(run(tmp_path, changed(**probes))) == ["VC401"]


@pytest.mark.parametrize(
    "changes",
    [
        # https://github.com/GoogleCloudPlatform/kubernetes-engine-samples: the words are args of another entrypoint.
        {"command": None, "args": ["python3", "-m", "vllm.entrypoints.openai.api_server", "--model=Qwen/Qwen2.5-7B"]},
        {"command": None, "args": ["/bin/bash", "-c", "vllm serve Qwen/Qwen2.5-7B"]},
        {"command": ["bash", "-lc", "--"], "args": ["source /venv/bin/activate && exec vllm serve Qwen/Qwen2.5-7B"]},
        {"command": ["python3", "-m", "vllm.entrypoints.cli.main"], "args": ["serve", "Qwen/Qwen2.5-7B"]},
        {"command": ["sh", "-c"], "args": ["vllm serve $(MODEL) --port 8000"]},
        # https://github.com/vllm-project/aibrix, samples/distributed: what waits for Ray comes before the server.
        {"command": ["sh", "-c"], "args": ["until curl x; do\n  sleep 2;\ndone &&\nvllm serve Qwen/Qwen2.5-7B"]},
        {"command": ["sh", "-c"], "args": ["cat > /tmp/c.json <<EOF\n{\"it's\": 1}\nEOF\nvllm serve Qwen/Qwen2.5-7B"]},
    ],
)  # fmt: skip
def test_a_server_is_found_behind_what_starts_it(tmp_path: Path, changes: dict[str, Any]) -> None:
    env = [{"name": "MODEL", "value": "Qwen/Qwen2.5-7B"}, {"name": "HF_TOKEN", "value": "$HF_TOKEN"}]
    start = {f"container__{key}": value for key, value in changes.items()}
    empty: dict[str, Any] = {"container__volumeMounts": [], "pod__volumes": [], **start}
    pod = changed(container__image="registry.example/vllm:prod", container__env=env, **empty)
    (found,) = run(tmp_path, pod)
    assert (found.rule, found.message.split()[0]) == ("VC304", "Qwen/Qwen2.5-7B")


def test_a_value_that_a_shell_puts_there_is_one_value(tmp_path: Path) -> None:
    # https://github.com/llm-d/llm-d, guides/wide-ep-lws
    start = "vllm serve org/m --data-parallel-size $((SIZE * 8)) --port $PORT --data-parallel-address ${LEADER}"
    empty: dict[str, Any] = {"container__volumeMounts": [], "pod__volumes": [], "container__command": ["sh", "-c"]}
    assert "VC304" in codes(run(tmp_path, changed(container__args=[start], **empty)))
    # What may be any number of options may be one that says where the model is.
    assert "VC304" not in codes(run(tmp_path, changed(container__args=[f"{start} $EXTRA"], **empty)))


def test_a_privileged_container_whose_volumes_are_below_a_home(tmp_path: Path) -> None:
    volumes = [{"name": "cache", "hostPath": {"path": "/home/dev/.cache"}}]
    privileged: dict[str, Any] = {"container__securityContext": {"privileged": True}}
    assert codes(run(tmp_path, changed(pod__volumes=volumes, **privileged))) == ["VC506"]
    volumes = [*volumes, {"name": "dev", "hostPath": {"path": "/dev/infiniband"}}]
    assert "VC506" not in codes(run(tmp_path, changed(pod__volumes=volumes, **privileged)))


def test_fields_that_the_api_does_not_have(tmp_path: Path) -> None:
    # `args::` is how one public manifest lost all of its arguments.
    text = yaml.safe_dump(changed(container__image="vllm/vllm-openai:v0.20.2"), sort_keys=False)
    (found,) = (one for one in run(tmp_path, text.replace("args:", "args::"), CLAIM) if one.rule == "VC010")
    assert found.message == "'args:' is not a field of Container; did you mean 'args'?"
    assert "args::" in (tmp_path / "manifests.yaml").read_text(encoding="utf-8").splitlines()[found.line - 1]
    for kind in ("StatefulSet", "DaemonSet"):
        assert "VC010" in codes(run(tmp_path, changed(top__kind=kind, pod__nodeSelectors={"a": "b"})))
    # Another's workload, and a place that is yet to be filled, are not looked at.
    assert codes(run(tmp_path, changed(container__image="nginx:1", container__command=["x"], pod__nodes={}))) == []
    filled: dict[str, Any] = {"pod__${EXTRA}": "x"}
    assert codes(run(tmp_path, changed(**filled), CLAIM)) == []


@pytest.mark.parametrize(
    "script",
    ['set -- serve "$MODEL" --port 8000\nexec vllm "$@"', "vllm $ARGS", "ARGS=x; vllm serve $ARGS"],
)
def test_a_server_whose_words_only_the_shell_knows(tmp_path: Path, script: str) -> None:
    pod = changed(container__command=["bash", "-c"], container__args=[script], spec__strategy=None)
    assert codes(run(tmp_path, pod, CLAIM)) == ["VC402"]
    # Its port is not known.
    service = changed(SERVICE, spec__ports=[{"port": 9}])
    assert codes(run(tmp_path, pod, CLAIM, service)) == ["VC402"]
    assert run(tmp_path, changed(container__command=["bash", "-c"], container__args=["vllm bench serve"])) == []


def test_options_that_only_vllm_has_tell_the_server_in_another_image(tmp_path: Path) -> None:
    args = ["--model", "org/m", "--gpu-memory-utilization", "0.5"]
    pod = changed(
        container__image="llm-serving:gpu", container__command=None, container__args=args, spec__strategy=None
    )
    assert codes(run(tmp_path, pod, CLAIM)) == ["VC402"]
    assert run(tmp_path, changed(container__image="llm:gpu", container__command=None, container__args=args[:2])) == []


def test_a_kind_that_is_no_text_is_no_traceback(tmp_path: Path) -> None:
    pod = changed(top__kind=["Deployment"])
    assert run(tmp_path, pod) == []
