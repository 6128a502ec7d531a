"""``vllm-cdk8s init``."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
import yaml

from tests.helm.command import run

FILES = ["README.md", "app.py", "cdk8s.yaml", "requirements.txt"]


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_the_app_that_it_writes_runs_and_warns_of_nothing(tmp_path: Path) -> None:
    answer = run(
        "init", "Qwen/Qwen3-32B", "--gpu", "H100", "--count", "2", "--gated", "--dashboard", "--output", str(tmp_path)
    )
    done = subprocess.run(
        [sys.executable, "-W", "error::UserWarning", "app.py"],
        capture_output=True, text=True, check=False, cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(Path.cwd())},
    )  # fmt: skip

    assert answer.code == 0, answer.stderr
    assert done.returncode == 0, done.stderr
    documents = list(yaml.safe_load_all((tmp_path / "dist" / "qwen3-32b.k8s.yaml").read_text()))
    by_kind = {each["kind"]: each for each in documents}
    assert {"Deployment", "Service", "PersistentVolumeClaim", "PodMonitor", "PrometheusRule"} <= set(by_kind)
    for kind in ("PodMonitor", "PrometheusRule"):  # without it the operator's usual installation overlooks them
        assert by_kind[kind]["metadata"]["labels"]["release"] == "kube-prometheus-stack"
    (container,) = by_kind["Deployment"]["spec"]["template"]["spec"]["containers"]
    assert container["resources"]["limits"]["nvidia.com/gpu"] == 2
    assert "--max-model-len=40960" in container["args"]
    token = next(each for each in container["env"] if each["name"] == "HF_TOKEN")
    assert token["valueFrom"] == {"secretKeyRef": {"name": "huggingface", "key": "token"}}


def test_the_files_say_what_they_are_for(tmp_path: Path) -> None:
    answer = run("init", "Qwen/Qwen3-8B", "--gpu", "L4", "--output", str(tmp_path / "new"))

    readme = (tmp_path / "new" / "README.md").read_text()
    assert names(tmp_path / "new") == FILES
    assert f"see {tmp_path}/new/README.md" in answer.stderr
    assert "kubectl rollout status deployment/qwen3-8b" in readme
    assert "HF_TOKEN" not in readme
    assert "Grafana" not in readme
    assert yaml.safe_load((tmp_path / "new" / "cdk8s.yaml").read_text())["app"] == "python app.py"
    assert (tmp_path / "new" / "requirements.txt").read_text() == f"vllm-cdk8s[node]=={version('vllm-cdk8s')}\n"


def test_gated_and_dashboard_are_in_the_readme(tmp_path: Path) -> None:
    run("init", "Qwen/Qwen3-8B", "--gated", "--dashboard", "--output", str(tmp_path))

    readme = (tmp_path / "README.md").read_text()
    assert "kubectl create secret generic huggingface" in readme
    assert "Grafana" in readme


def test_the_folder_is_the_models_name_unless_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    run("init", "meta-llama/Llama-3.1-8B-Instruct", "--gpu", "H100")

    assert names(tmp_path / "llama-3-1-8b-instruct") == FILES


def test_nothing_is_written_over(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("mine")

    answer = run("init", "Qwen/Qwen3-8B", "--output", str(tmp_path))

    assert answer.code == 2
    assert answer.errors == [f"error: --output: {tmp_path}/README.md is there already; allowed: another folder"]
    assert names(tmp_path) == ["README.md"]
    assert (tmp_path / "README.md").read_text() == "mine"


def test_a_failed_write_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").symlink_to(tmp_path / "nowhere")  # there, and yet not there

    answer = run("init", "Qwen/Qwen3-8B", "--output", str(tmp_path))

    assert answer.code == 2
    assert answer.errors == [f"error: --output: {tmp_path} cannot be written: File exists"]
    assert names(tmp_path) == ["requirements.txt"]


def test_a_file_in_the_folders_place_is_an_error_line(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("")

    answer = run("init", "Qwen/Qwen3-8B", "--output", str(path))

    assert answer.code == 2
    assert len(answer.errors) == 1
    assert answer.errors[0].startswith("error: --output: ")


def test_an_unknown_model_is_written_and_the_readme_says_so(tmp_path: Path) -> None:
    answer = run("init", "org/nobody-knows", "--output", str(tmp_path))

    assert answer.code == 0
    assert "Nothing is known of this model's size" in (tmp_path / "README.md").read_text()
    assert run("init", "Qwen/Qwen3-8", "--output", str(tmp_path / "near")).code == 0
    assert "did you mean" in (tmp_path / "near" / "README.md").read_text()


@pytest.mark.parametrize(
    "model",
    ["9/9", "org/Under_score.And-9.5", "/models/it's mine", '/models/a"b', "/models/a\\b$x", "s3://bucket/m",
     "org/" + "x" * 90]
)  # fmt: skip
def test_any_name_of_a_model_makes_python_that_says_it(model: str, tmp_path: Path) -> None:
    answer = run("init", model, "--output", str(tmp_path))

    assert answer.code == 0, answer.stderr
    tree = ast.parse((tmp_path / "app.py").read_text())
    said = {
        keyword.arg: ast.literal_eval(keyword.value)
        for node in ast.walk(tree) if isinstance(node, ast.Call)
        for keyword in node.keywords if keyword.arg in {"model", "name"}
    }  # fmt: skip
    assert said["model"] == model
    assert len(said["name"]) <= 40
    assert said["name"][0].isalpha()


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ([""], "error: model: '' is empty"),
        (["a b"], "error: model: 'a b' is not a model"),
        (["org/$x"], "error: model: 'org/$x' is not a model"),
        (["Qwen/Qwen3-8B", "--gpu", "H1000"], "error: --gpu: 'H1000' is not"),
        (["Qwen/Qwen3-8B", "--count", "0"], "error: --count: 0 is"),
        (["Qwen/Qwen3-8B", "--count", "x"], "error: vllm-cdk8s init: argument --count: invalid int value: 'x'"),
        ([], "error: vllm-cdk8s init: the following arguments are required: MODEL"),
    ],
)
def test_bad_input_is_one_line_and_writes_nothing(
    arguments: list[str], error: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    answer = run("init", *arguments)

    assert (answer.code, answer.stdout) == (2, "")
    (line,) = answer.errors
    assert line.startswith(error)
    assert names(tmp_path) == []
