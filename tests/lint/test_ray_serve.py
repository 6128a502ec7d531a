"""Ray Serve LLM: what a RayService says of its engines, as in ray-operator/config/samples/ray-service.llm-serve.yaml
of https://github.com/ray-project/kuberay.
"""

from pathlib import Path

import pytest

from tests.lint.manifests import codes, run
from vllm_cdk8s.lint.checking import check
from vllm_cdk8s.lint.finding import Options

SERVICE = """\
apiVersion: ray.io/v1
kind: RayService
metadata: {{name: llm}}
spec:
  serveConfigV2: |
    applications:
    - name: llms
      import_path: ray.serve.llm:build_openai_app
      args:
        llm_configs:
        - model_loading_config: {{model_id: qwen, model_source: {model}}}
          accelerator_type: {accelerator}
          engine_kwargs:
            max_model_len: 8192
            {setting}
  rayClusterConfig:
    headGroupSpec:
      rayStartParams: {{num-gpus: "0"}}
      template:
        spec:
          containers:
          - {{name: head, image: rayproject/ray-llm:2.50.1}}
    workerGroupSpecs:
    - groupName: gpu
      maxReplicas: 1
      template:
        spec:
          containers:
          - name: worker
            image: rayproject/ray-llm:2.50.1
            env: [{{name: HF_TOKEN, valueFrom: {{secretKeyRef: {{name: hf, key: token}}}}}}]
            resources: {{limits: {{nvidia.com/gpu: 4}}}}
            volumeMounts: [{{name: models, mountPath: /home/ray/.cache/huggingface}}]
          volumes: [{volume}]
"""
CLAIM = "{name: models, persistentVolumeClaim: {claimName: models}}"


def service(setting: str, model: str = "Qwen/Qwen2.5-7B-Instruct", accelerator: str = "L4", volume: str = CLAIM) -> str:
    return SERVICE.format(setting=setting, model=model, accelerator=accelerator, volume=volume)


def test_a_good_one_is_clean(tmp_path: Path) -> None:
    assert run(tmp_path, service("gpu_memory_utilization: 0.9")) == []
    assert run(tmp_path, service("tensor_parallel_size: 4\n            enable_prefix_caching: false")) == []


@pytest.mark.parametrize(
    ("code", "setting"),
    [
        ("VC101", "tensor_paralel_size: 2"),
        ("VC102", "gpu_memory_utilization: 1.5"),
        ("VC103", "distributed_executor_backend: mp"),
        ("VC103", "served_model_name: qwen"),
        ("VC105", "tensor_parallel_size: 3"),
        ("VC521", "trust_remote_code: true"),
    ],
)
def test_one_setting_breaks_one_rule(tmp_path: Path, code: str, setting: str) -> None:
    found = run(tmp_path, service(setting))
    assert codes(found) == [code]
    assert found[0].line == 15
    assert found[0].message.startswith(f"engine_kwargs.{setting.partition(':')[0]}: ")
    assert "--" not in found[0].message


def test_gpus_of_the_engine_against_those_of_the_cluster(tmp_path: Path) -> None:
    (found,) = run(tmp_path, service("pipeline_parallel_size: 7"))
    assert (found.rule, found.line) == ("VC201", 15)
    assert "7 GPUs, and all pods of the cluster have 4" in found.message


def test_the_model_against_the_accelerator(tmp_path: Path) -> None:
    assert codes(run(tmp_path, service("seed: 0", model="Qwen/Qwen2.5-32B-Instruct"))) == ["VC206"]
    assert codes(run(tmp_path, service("tensor_parallel_size: 4", model="Qwen/Qwen2.5-32B-Instruct"))) == []
    # Ray's A100 is one of two.
    assert codes(run(tmp_path, service("seed: 0", model="Qwen/Qwen2.5-32B-Instruct", accelerator="A100"))) == []


def test_weights_that_each_pod_downloads(tmp_path: Path) -> None:
    (found,) = run(tmp_path, service("seed: 0", volume="{name: models, emptyDir: {}}"))
    assert (found.rule, found.line) == ("VC304", 11)


def test_a_release_that_its_user_says(tmp_path: Path) -> None:
    path = tmp_path / "m.yaml"
    path.write_text(service("swap_space: 4"))
    assert check([str(path)]).findings == []
    (found,) = check([str(path)], Options(vllm="0.20.2")).findings
    assert (found.rule, found.message) == (
        "VC101",
        "engine_kwargs.swap_space: not an option of vLLM 0.20.2, but of vLLM up to 0.17.1",
    )


@pytest.mark.parametrize("text", ["{{ .Values.config }}", "applications: [", "- 1", "''"])
def test_a_text_that_cannot_be_read_says_nothing(tmp_path: Path, text: str) -> None:
    manifest = (
        f"apiVersion: ray.io/v1\nkind: RayService\nmetadata: {{name: x}}\nspec:\n  serveConfigV2: |\n    {text}\n"
    )
    assert run(tmp_path, manifest) == []
