"""Taking over running releases: of the seed's chart, of the production stack, of vLLM's example chart."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.helm.command import run
from vllm_cdk8s.core.errors import VllmCdk8sError
from vllm_cdk8s.helm.loading import parse_values
from vllm_cdk8s.helm.migrating import known_values, migrate
from vllm_cdk8s.helm.other_charts import chart_of, translated

RELEASES = Path(__file__).parent / "releases"
VALUES, MANIFEST = RELEASES / "vllm-helm-values.yaml", RELEASES / "vllm-helm-manifest.yaml"
STACK, EXAMPLE = RELEASES / "production-stack-values.yaml", RELEASES / "chart-helm-values.yaml"


def values_of(path: Path) -> dict[str, Any]:
    return parse_values(path.read_text(encoding="utf-8"))


def differences(values: Path, manifest: Path, *more: str) -> dict[str, dict[str, Any]]:
    answer = run("migrate", "prod", "--values", str(values), "--manifest", str(manifest), "--json", *more)
    assert answer.code == 0, answer.stderr
    found = json.loads(answer.stdout)["differences"]
    return {f"{each['object']} {each['where']}".strip(): each for each in found}


def test_every_difference_of_the_charts_release_is_said() -> None:
    found = differences(VALUES, MANIFEST)

    of_deployment = {place.removeprefix("Deployment/prod-vllm ") for place in found if place.startswith("Deployment")}
    assert of_deployment >= {
        "container.command", "env VLLM_PORT", "env MODEL_NAME", "env HOST", "env PORT", "env MAX_MODEL_LEN",
        "env GPU_MEMORY_UTILIZATION", "env HF_HOME", "pod.runtimeClassName", "container.startupProbe.failureThreshold",
        "pod.enableServiceLinks", "workload.spec.strategy", "argument compilation_config",
    }  # fmt: skip
    assert not any(place.startswith(("container.image", "name", "argument model")) for place in of_deployment)
    assert "pip install bitsandbytes" in found["Deployment/prod-vllm container.command"]["now"]
    assert found["Deployment/prod-vllm pod.runtimeClassName"]["keep"] == ["runtimeClassName=nvidia"]
    assert found["Deployment/prod-vllm env VLLM_PORT"]["keep"] == []
    assert "ServiceAccount/prod-vllm metadata.labels.helm.sh/chart" in found


def test_the_image_comes_first_where_the_values_do_not_say_it(tmp_path: Path) -> None:
    values = tmp_path / "values.yaml"
    values.write_text("vllm: {model: Qwen/Qwen3-8B}")

    found = list(differences(values, MANIFEST).values())

    assert found[0]["where"] == "container.image"
    assert (found[0]["now"], found[0]["then"]) == ("nvcr.io/nvidia/vllm:25.09-py3", "vllm/vllm-openai:latest")
    assert found[0]["keep"] == ["image.repository=nvcr.io/nvidia/vllm", "image.tag=25.09-py3"]


def test_the_written_values_keep_what_runs(tmp_path: Path) -> None:
    bare, kept = tmp_path / "bare.yaml", tmp_path / "kept.yaml"
    bare.write_text("vllm: {model: Qwen/Qwen3-8B}")

    answer = run("migrate", "prod", "--values", str(bare), "--manifest", str(MANIFEST), "-o", str(kept))

    assert answer.code == 0, answer.stderr
    assert f"wrote {kept}" in answer.stderr
    rendered = run("template", "prod", "-f", str(kept))
    assert rendered.container["image"] == "nvcr.io/nvidia/vllm:25.09-py3"
    assert rendered.pod["runtimeClassName"] == "nvidia"
    assert rendered.container["resources"] == {"limits": {"nvidia.com/gpu": "1"}}
    left = differences(kept, MANIFEST)
    assert not [place for place, each in left.items() if each["carried"]]
    assert not any("VLLM_PORT" in line for line in kept.read_text().splitlines())


def test_no_output_repeats_a_literal_secret(tmp_path: Path) -> None:
    arguments = ("migrate", "prod", "--values", str(VALUES), "--manifest", str(MANIFEST))
    outputs = [run(*arguments), run(*arguments, "--json"), run(*arguments, "-o", str(tmp_path / "values.yaml"))]

    for answer in outputs:
        assert answer.code == 0
        assert "hf_literal" not in answer.stdout + answer.stderr
    assert "hf_literal" not in (tmp_path / "values.yaml").read_text()
    assert "kubectl create secret generic huggingface" in outputs[0].stdout


def test_a_secretive_variable_of_the_manifest_is_kept_and_not_shown(tmp_path: Path) -> None:
    manifest, written = tmp_path / "manifest.yaml", tmp_path / "values.yaml"
    manifest.write_text(
        MANIFEST.read_text().replace('VLLM_USE_MODELSCOPE, value: "False"', "S3_PASSWORD, value: hunter2")
    )

    answer = run("migrate", "prod", "--values", str(VALUES), "--manifest", str(manifest), "-o", str(written))

    assert "env S3_PASSWORD: goes: (not shown)" in answer.stdout
    assert "hunter2" not in answer.stdout + answer.stderr


def test_unknown_keys_are_listed_and_not_fatal(tmp_path: Path) -> None:
    values = tmp_path / "values.yaml"
    values.write_text("COMPUTED: values\nvllm: {model: a/b, modle: c}\nlmcache: {enabled: true}\nnothing: {}\n")

    answer = run("migrate", "prod", "--values", str(values))

    assert answer.code == 0
    (listed,) = [block for block in answer.stdout.split("\n\n") if block.startswith("Has no place here")]
    assert listed.splitlines()[1:] == ["  COMPUTED", "  vllm.modle", "  lmcache"]
    assert known_values({"a": 1, "vllm": {"port": 1, "b": 2}}) == ({"vllm": {"port": 1}}, ["a", "vllm.b"])


def test_the_production_stacks_first_server_is_translated() -> None:
    translation = translated("prod", values_of(STACK))

    assert translation.chart == chart_of(values_of(STACK)) == "production-stack"
    assert translation.values["image"] == {
        "repository": "lmcache/vllm-openai", "tag": "v0.4.3", "pullPolicy": "Always"
    }  # fmt: skip
    assert translation.values["resources"]["limits"] == {"nvidia.com/gpu": 2}
    assert translation.values["vllm"]["additionalArgs"] == ["--dtype=bfloat16", "--enable-prefix-caching", "--seed=1"]
    assert {each["name"] for each in translation.values["vllm"]["env"]} == {"HF_TOKEN", "VLLM_API_KEY", "HF_HOME"}
    assert translation.values["persistence"]["existingClaim"] == "prod-llama-storage-claim"
    assert "routerSpec" in translation.unknown
    assert "servingEngineSpec.modelSpec[0].lmcacheConfig" in translation.unknown
    assert "has 2 servers, llama, other, and this is 'llama'; take each by --server" in translation.notes[0]


def test_another_server_of_the_stack_is_taken_by_its_name(tmp_path: Path) -> None:
    written = tmp_path / "other.yaml"
    answer = run("migrate", "other", "--values", str(STACK), "--server", "other", "-o", str(written))

    assert answer.code == 0
    assert "servers, llama, other, and this is 'other'" in answer.stdout
    assert "Qwen/Qwen3-8B" in run("template", "other", "-f", str(written)).container["args"]


def test_which_server_is_taken_is_said(tmp_path: Path) -> None:
    manifest = tmp_path / "manifest.yaml"
    text = (RELEASES / "production-stack-manifest.yaml").read_text()
    manifest.write_text(text + "---\n" + text.replace("llama", "other"))

    first = run("migrate", "prod", "--values", str(STACK), "--manifest", str(manifest))
    other = run("migrate", "prod", "--values", str(STACK), "--manifest", str(manifest), "--server", "other")

    assert first.warnings == [
        "--manifest: 2 servers; this is of prod-llama-deployment-vllm",
        "--values: 2 servers, llama, other; this is of llama; say --server for another",
    ]
    assert other.warnings == ["--manifest: 2 servers; this is of prod-other-deployment-vllm"]
    manifest.write_text(text)
    assert run(
        "migrate", "prod", "--values", str(STACK), "--manifest", str(manifest), "--server", "other"
    ).warnings == ["--manifest: none of its servers is called after other; this is of prod-llama-deployment-vllm"]


@pytest.mark.parametrize(
    ("values", "error"),
    [(STACK, "error: --server: 'lama' is not a server of the values; did you mean 'llama'?; allowed: llama, other"),
     (VALUES, "error: --server: 'lama' is not a server of the values, and its chart makes one server")],
)  # fmt: skip
def test_a_server_that_is_not_there_is_refused(values: Path, error: str) -> None:
    answer = run("migrate", "prod", "--values", str(values), "--server", "lama")

    assert (answer.code, answer.stdout) == (2, "")
    assert answer.errors[0].startswith(error)


def test_a_release_of_the_production_stack_keeps_its_models(tmp_path: Path) -> None:
    written = tmp_path / "values.yaml"
    found = differences(STACK, RELEASES / "production-stack-manifest.yaml", "-o", str(written))

    label = "Deployment/prod-llama-deployment-vllm"
    assert found[f"{label} name"]["then"] == "Deployment/prod-vllm"
    assert found[f"{label} argument max_num_seqs"]["keep"] == ['vllm.additionalArgs=["--max-num-seqs=64"]']
    assert found[f"{label} env HF_HOME"]["why"] == "the claim is mounted at /root/.cache"
    rendered = run("template", "prod", "-f", str(written))
    assert rendered.code == 0, rendered.stderr
    volumes = {each["name"]: each for each in rendered.pod["volumes"]}
    assert volumes["model-storage"]["persistentVolumeClaim"] == {"claimName": "prod-llama-storage-claim"}
    env = {each["name"]: each.get("value") for each in rendered.container["env"]}
    assert env["HF_HOME"] == "/root/.cache"
    assert "--max-num-seqs=64" in rendered.container["args"]


def test_vllms_example_chart_is_translated(tmp_path: Path) -> None:
    written = tmp_path / "values.yaml"
    answer = run("migrate", "prod", "--values", str(EXAMPLE), "-o", str(written))

    assert answer.code == 0, answer.stderr
    assert "chart-helm" in answer.stdout
    assert "the model /data/ is at /root/.cache/" in answer.stdout
    assert "extraInit.s3modelpath" in answer.stdout
    rendered = run("template", "prod", "-f", str(written))
    assert rendered.code == 0, rendered.stderr
    arguments = rendered.container["args"]
    assert arguments[0] == "/root/.cache/"
    assert "--port=9000" in arguments
    assert "--enforce-eager" in arguments
    assert rendered.pod["runtimeClassName"] == "nvidia"
    assert rendered.objects["Service"]["spec"]["ports"][0]["port"] == 80


@pytest.mark.parametrize(
    "spec", ["", "modelSpec: []", "modelSpec: x", "modelSpec: [{vllmConfig: x}]", "containerPort: null"]
)
def test_half_a_production_stack_is_an_error_line_and_no_traceback(spec: str, tmp_path: Path) -> None:
    values = tmp_path / "values.yaml"
    values.write_text(f"servingEngineSpec:\n  {spec}\n")

    answer = run("migrate", "prod", "--values", str(values))

    assert answer.code == 2
    assert answer.errors == ["error: vllm.model: '' is empty [VC001]"]


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["migrate", "prod"], "the following arguments are required: --values"),
        (["migrate", "prod", "--values", "/nowhere"], "/nowhere: cannot be read: No such file or directory"),
        (["migrate", "prod", "--values", str(VALUES), "--manifest", "/nowhere"], "--manifest: /nowhere"),
        (["migrate", "prod", "--values", str(VALUES), "--manifest", str(VALUES)], "no container in it starts vLLM"),
        (["migrate", "prod", "--values", "-", "--manifest", "-"], "--manifest: standard input is read for --values"),
        (["migrate", "Prod", "--values", str(VALUES)], "release name: 'Prod' is not allowed"),
        (["migrate", "prod", "--values", str(VALUES), "-n", "A_"], "--namespace: 'A_' is not a DNS label"),
        (["migrate", "prod", "--values", str(VALUES), "-o", str(VALUES)], "is one of the values files"),
    ],
)  # fmt: skip
def test_bad_input_is_one_line(arguments: list[str], error: str) -> None:
    answer = run(*arguments)

    assert answer.code == 2
    assert len(answer.errors) == 1, answer.stderr
    assert error in answer.errors[0]


def test_a_release_that_is_ours_already_changes_nothing(tmp_path: Path) -> None:
    values, manifest = tmp_path / "values.yaml", tmp_path / "manifest.yaml"
    values.write_text("vllm: {model: Qwen/Qwen3-8B}\nresources: {limits: {nvidia.com/gpu: 2}}\n")
    manifest.write_text(run("template", "prod", "-f", str(values)).stdout)

    answer = run("migrate", "prod", "--values", str(values), "--manifest", str(manifest))

    assert "Applying our YAML changes nothing." in answer.stdout


def test_null_still_means_that_vllm_decides() -> None:
    found = migrate("prod", {"vllm": {"maxModelLen": None, "model": "Qwen/Qwen3-8B"}, "nodeSelector": None})

    assert yaml.safe_load(yaml.safe_dump(found.values)) == {"vllm": {"maxModelLen": None, "model": "Qwen/Qwen3-8B"}}


JUNK: st.SearchStrategy[Any] = st.sampled_from([None, "", 0, True, [], {}, "x", ["x"], {"a": "b"}, [None], [{}], 3.5])


@settings(max_examples=40)
@given(st.sampled_from([VALUES, STACK, EXAMPLE]), st.data())
def test_no_values_make_a_traceback(path: Path, data: st.DataObject) -> None:
    values = values_of(path)
    node: Any = values
    while True:
        key = data.draw(st.sampled_from(list(node) if isinstance(node, dict) else range(len(node))))
        if not node[key] or not isinstance(node[key], (dict, list)) or data.draw(st.booleans()):
            node[key] = data.draw(JUNK)
            break
        node = node[key]

    with contextlib.suppress(VllmCdk8sError):
        assert migrate("prod", values).chart
