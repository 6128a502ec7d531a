"""The ``vllm-cdk8s`` command: what goes where, exit codes, and that no input makes a traceback."""

from __future__ import annotations

import io
import json
import os
import stat
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.helm.command import run
from vllm_cdk8s.cli import main as cli
from vllm_cdk8s.cli import output
from vllm_cdk8s.helm.reference import default_values_text, values_schema

GPU = ("--set", "resources.limits.nvidia.com/gpu=1")


def command(*arguments: str, env: dict[str, str] | None = None, **options: Any) -> subprocess.CompletedProcess[str]:
    """The command as a program of its own, for what a process shows and a function does not."""
    return subprocess.run(
        [sys.executable, "-m", "vllm_cdk8s", *arguments],
        capture_output=True, text=True, check=False, env=None if env is None else {**os.environ, **env}, **options,
    )  # fmt: skip


def test_yaml_goes_to_standard_output_and_notes_to_standard_error() -> None:
    answer = run("template", "prod", "-n", "llm", *GPU)

    assert answer.code == 0
    assert {document["metadata"]["namespace"] for document in yaml.safe_load_all(answer.stdout)} == {"llm"}
    assert "kubectl -n llm port-forward service/prod-vllm 8000:8000" in answer.stderr
    assert "curl" not in answer.stdout
    assert not answer.warnings


def test_warnings_are_part_of_the_notes_and_name_values() -> None:
    answer = run("template", "prod")

    assert answer.code == 0
    (warning,) = answer.warnings
    assert warning.startswith("resources.limits.nvidia.com/gpu: nothing is said about GPUs")
    assert "say --set resources.limits.nvidia.com/gpu=1, or" in warning


def test_a_warning_names_values_wherever_it_names_options() -> None:
    answer = run("template", "prod", "--set", "kaischeduler.gpuMemoryMiB=8000")

    (warning,) = answer.warnings
    assert warning.startswith("kaischeduler.gpuMemoryMiB: ")
    assert "kaischeduler.gpuTotalMemoryMiB" in warning
    assert "vllm.gpuMemoryUtilization" in warning


def test_a_probe_turned_off_is_warned_about_in_words_of_values() -> None:
    (warning,) = run("template", "prod", *GPU, "--set", "livenessProbe.enabled=false").warnings

    assert warning.startswith("livenessProbe.enabled: the liveness probe is off")
    assert warning.endswith(
        "to allow a slow start use slowStart.maxStartupSeconds (--set livenessProbe.enabled) [VC405]"
    )


def test_several_files_and_sets_are_laid_over_each_other_and_the_last_wins(tmp_path: Path) -> None:
    first, second = tmp_path / "first.yaml", tmp_path / "second.yaml"
    first.write_text("replicaCount: 2\nvllm: {model: a, port: 1000}\nnodeSelector: {a: b, c: d}\n")
    second.write_text("vllm: {model: b}\nnodeSelector: {a: null}\n")

    answer = run(
        "template", "prod", "-f", str(first), "--set", "vllm.port=2000,replicaCount=3", "-f", str(second),
        "--set-string", "replicaCount=4", "--set", "replicaCount=1", *GPU,
    )  # fmt: skip

    assert answer.container["args"][0] == "b"
    assert answer.container["ports"][0]["containerPort"] == 2000
    assert answer.pod["nodeSelector"] == {"c": "d"}
    assert answer.objects["Deployment"]["spec"]["replicas"] == 1


def test_one_option_may_name_several_files(tmp_path: Path) -> None:
    first, second = tmp_path / "first.yaml", tmp_path / "second.yaml"
    first.write_text("vllm: {model: a, port: 1000}")
    second.write_text("vllm: {model: b}")

    answer = run("template", "prod", "-f", f"{first},{second}", *GPU)

    assert answer.container["args"][0] == "b"
    assert answer.container["ports"][0]["containerPort"] == 1000


def test_all_kinds_of_set_are_known(tmp_path: Path) -> None:
    path = tmp_path / "name"
    path.write_text("from-a-file")
    answer = run(
        "template", "prod", *GPU,
        "--set-string", "podAnnotations.a=true",
        "--set-file", f"podAnnotations.b={path}",
        "--set-json", 'podAnnotations={"c":"d"}',
        "--set-literal", "podAnnotations.e=x,y={z}",
    )  # fmt: skip

    annotations = answer.objects["Deployment"]["spec"]["template"]["metadata"]["annotations"]
    assert annotations == {"c": "d", "e": "x,y={z}"}


def test_a_values_file_may_come_from_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"vllm: {model: Qwen/Qwen3-8B}")))

    answer = run("template", "prod", "-f", "-", *GPU)

    assert answer.container["args"][0] == "Qwen/Qwen3-8B"


def test_an_output_folder_gets_the_same_bytes_and_standard_output_none(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "folder"

    answer = run("template", "prod", *GPU, "--output-dir", str(folder))

    assert answer.code == 0
    assert answer.stdout == ""
    assert f"wrote {folder}/prod.k8s.yaml" in answer.stderr
    assert (folder / "prod.k8s.yaml").read_text() == run("template", "prod", *GPU).stdout
    assert [path.name for path in folder.iterdir()] == ["prod.k8s.yaml"]
    umask = output._umask()
    assert stat.S_IMODE((folder / "prod.k8s.yaml").stat().st_mode) == 0o666 & ~umask


def test_a_failed_write_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "prod.k8s.yaml").write_text("old")

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    answer = run("template", "prod", *GPU, "--output-dir", str(tmp_path))

    assert answer.code == 2
    assert answer.errors == [
        f"error: --output-dir: {tmp_path}/prod.k8s.yaml cannot be written: No space left on device"
    ]
    assert [path.name for path in tmp_path.iterdir()] == ["prod.k8s.yaml"]
    assert (tmp_path / "prod.k8s.yaml").read_text() == "old"


def test_an_interrupted_write_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "prod.k8s.yaml").write_text("old")

    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", interrupt)
    answer = run("template", "prod", *GPU, "--output-dir", str(tmp_path))

    assert answer.code == 130
    assert [path.name for path in tmp_path.iterdir()] == ["prod.k8s.yaml"]
    assert (tmp_path / "prod.k8s.yaml").read_text() == "old"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device here is always full")
@pytest.mark.parametrize("arguments", [["values"], ["schema"], ["size", "7B"], ["template", "prod"]])
def test_output_that_cannot_be_written_is_one_line(arguments: list[str]) -> None:
    with Path("/dev/full").open("w") as full:
        answer = subprocess.run(
            [sys.executable, "-m", "vllm_cdk8s", *arguments],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )

    assert answer.returncode == 2
    # jsii may have something to say about an old Node.js before
    assert answer.stderr.endswith("error: standard output: cannot be written: No space left on device\n")


def test_a_closed_standard_output_is_one_line() -> None:
    answer = subprocess.run(
        ["/bin/sh", "-c", 'exec "$0" -m vllm_cdk8s values >&-', sys.executable],
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert (answer.returncode, answer.stderr) == (2, "error: standard output: is closed\n")


def test_yaml_is_utf_8_whatever_the_terminal_speaks() -> None:
    arguments = ["template", "prod", *GPU, "--set", "podAnnotations.a=ü"]
    answer = command(*arguments, env={"PYTHONIOENCODING": "ascii"})

    assert answer.returncode == 0, answer.stderr
    assert answer.stdout == run(*arguments).stdout
    assert "a: ü" in answer.stdout


def test_bad_values_leave_what_was_there(tmp_path: Path) -> None:
    (tmp_path / "prod.k8s.yaml").write_text("old")

    answer = run("template", "prod", "--set", "replicaCount=x", "--output-dir", str(tmp_path))

    assert answer.code == 2
    assert (tmp_path / "prod.k8s.yaml").read_text() == "old"


def test_an_output_folder_that_is_a_file_is_an_error_line(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("")

    answer = run("template", "prod", *GPU, "--output-dir", str(path))

    assert answer.code == 2
    assert answer.errors == [f"error: --output-dir: {path}/prod.k8s.yaml cannot be written: File exists"]


def test_what_is_printed_is_the_same_in_every_process() -> None:
    there = command("template", "prod", *GPU, env={"PYTHONHASHSEED": "1"})
    here = run("template", "prod", *GPU)

    assert there.returncode == 0
    assert there.stdout == here.stdout
    assert there.stderr.endswith(here.stderr)  # jsii may have something to say about an old Node.js before


@pytest.mark.parametrize(
    ("arguments", "errors"),
    [
        ([], ["error: vllm-cdk8s: which command? template, check, "]),
        (["tmplate"], ["error: vllm-cdk8s: 'tmplate' is not a command; did you mean 'template'?"]),
        (["template"], ["error: vllm-cdk8s template: the following arguments are required: NAME"]),
        (
            ["template", "prod", "--sett", "a=1"],
            ["error: vllm-cdk8s: unrecognized arguments: --sett a=1; did you mean '--set'?; see vllm-cdk8s te"],
        ),
        (["explain", "--gpu", "H1000"], ["error: --gpu: 'H1000' is not an accelerator"]),
        (["check", "--gpu", "H1000", "/dev/null"], ["error: --gpu: 'H1000' is not an accelerator"]),
        (["template", "prod", "-f"], ["error: vllm-cdk8s template: argument -f/--values: expected one argument"]),
        (["template", "Prod"], ["error: release name: 'Prod' is not allowed"]),
        (["template", "prod", "-n", "A_"], ["error: --namespace: 'A_' is not a DNS label"]),
        (["template", "prod", "-f", "/nowhere"], ["error: /nowhere: cannot be read: No such file or directory"]),
        (["template", "prod", "-f", "/"], ["error: /: cannot be read: Is a directory"]),
        (["template", "prod", "-f", "a\0b"], ["error: a\0b: cannot be read: "]),
        (["template", "prod", "--set", "a"], ["error: --set 'a': key a has no value"]),
        (
            ["template", "prod", "--set", "vllm.modle=x", "--set", "replicaCount=x"],
            [
                "error: replicaCount: 'x' is not a whole number",
                "error: vllm.modle: is not a value of this chart; did you mean 'vllm.model'?",
            ],
        ),
        (
            ["template", "prod", "-f", "/nowhere", "--set", "a", "-f", "/"],
            ["error: /nowhere: ", "error: /: ", "error: --set 'a': "],
        ),
        (["template", "prod", "--set", "vllm.gpuMemoryUtilization=1.5"], ["error: vllm.gpuMemoryUtilization: 1.5"]),
        (["template", "prod", "--set", "a\nb=1"], ['error: ["a\\nb"]: is not a value of this chart']),
        (
            ["template", "prod", "--set", "podAnnotations.a=1\n2", "--set", "vllm.port=x\ny"],
            ["error: vllm.port: 'x\\ny' is not a whole number"],
        ),
        (
            ["template", "prod", "--set", "vllm.additionalArgs={--port=9}"],
            ["error: vllm.additionalArgs[0]: --port: is not an engine argument here; use vllm.port"],
        ),
        (["template", "prod", "--set", "replicaCount=2147483648"], ["error: replicaCount: 2147483648 is out of range"]),
        (
            ["template", "prod", "--set", "slowStart.maxStartupSeconds=604801"],
            ["error: slowStart.maxStartupSeconds: 604801 is out of range; allowed: 1 to 604800"],
        ),
        (
            ["template", "prod", "--set", "init_drop_cache=true,securityContext.runAsUser=1000"],
            ["error: securityContext: runAsUser: 1000 contradicts init_drop_cache, which needs a privileged root"],
        ),
        (["size", "7B", "--dtype", "fp17"], ["error: --dtype: 'fp17' is not a type of weights; did you mean 'fp16'?"]),
        (["size", "nothing"], ["error: model: 'nothing' is not a model whose size is known"]),
        (["size", "7B", "--gpu-memory-utilization", "2"], ["error: --gpu-memory-utilization: 2.0 is not"]),
        (
            ["size", "7B", "--gpu-memory-utilization", "x"],
            ["error: vllm-cdk8s size: argument --gpu-memory-util"],
        ),
        (["size"], ["error: vllm-cdk8s size: the following arguments are required: MODEL"]),
    ],
)
def test_bad_input_is_a_line_for_each_problem_and_exit_code_2(arguments: list[str], errors: list[str]) -> None:
    answer = run(*arguments)

    assert answer.code == 2
    assert answer.stdout == ""
    assert len(answer.errors) == len(errors)
    for line, error in zip(answer.errors, errors, strict=True):
        assert line.startswith(error)


@settings(max_examples=60)
@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8), max_size=4))
def test_no_arguments_make_a_traceback(arguments: list[str]) -> None:
    # Behind a bad option, so that nothing is ever rendered: whatever the rest is, this is an error.
    answer = run("template", "prod", "--set", "nothing=1", *(f"--set={argument}" for argument in arguments))

    assert answer.code == 2
    assert answer.stdout == ""
    assert all(line.startswith("error: ") for line in answer.errors)


@pytest.mark.parametrize(
    "arguments",
    [
        ("--set", "vllm.env.HF_TOKEN=hunter2"),
        ("--set", "vllm.env[0].value=hunter2,vllm.env[0]"),
        ("--set", "vllm.env=hunter2", "--set", "vllm.env[0].name=A"),
        ("--set", "vllm.additionalArgs={--api-key,hunter2}hunter2"),
        ("--set", "vllm.additionalArgs=--api-key hunter2"),
        ("--set", "vllm.additionalArgs={--api-key hunter2}"),
        ("--set-json", 'vllm.additionalArgs=[{"--api-key":"hunter2"}]'),
        ("--set-json", '{"vllm":{"env":[{"name":"A","value":"hunter2"}],}}'),
        ("--set-json", 'vllm.env=[{"name":"A","value":{"x":"hunter2"}}]'),
        ("--set-json", 'vllm.env=["A=hunter2"]'),
        ("--set", "vllm.env[0].name=HF_TOKEN,vllm.env[0].value=hunter2"),
        ("--set", "vllm.uncheckedArgs={--api-key=hunter2}"),
    ],
)
def test_no_message_repeats_what_may_be_a_secret(arguments: tuple[str, ...]) -> None:
    answer = run("template", "prod", *arguments)

    assert answer.code == 2
    assert "hunter2" not in answer.stderr
    assert "vllm" in answer.stderr or "--set-json" in answer.stderr


def test_warnings_that_are_made_errors_are_error_lines_that_name_values() -> None:
    answer = subprocess.run(
        [sys.executable, "-W", "error::UserWarning", "-m", "vllm_cdk8s", "template", "prod"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert answer.returncode == 2
    assert answer.stdout == ""
    assert answer.stderr.startswith("error: resources.limits.nvidia.com/gpu: nothing is said about GPUs")
    assert answer.stderr.count("\n") == 1


def test_no_node_is_needed_and_none_is_started(tmp_path: Path) -> None:
    answer = command("template", "prod", *GPU, env={"PATH": str(tmp_path), "JSII_NODE": "/nowhere/node"})

    assert answer.returncode == 0, answer.stderr
    assert "kind: Deployment" in answer.stdout


def test_values_prints_the_default_values() -> None:
    answer = run("values")

    assert (answer.code, answer.stderr) == (0, "")
    assert answer.stdout == default_values_text()


def test_schema_prints_the_json_schema() -> None:
    answer = run("schema")

    assert (answer.code, answer.stderr) == (0, "")
    assert json.loads(answer.stdout) == values_schema()


def test_size_prints_the_seven_billion_example() -> None:
    answer = run("size", "7B", "--dtype", "fp16")

    assert answer.code == 0
    rows = {line.split("  ")[0]: line for line in answer.stdout.splitlines()}
    assert "16.80 GB" in rows["minimum memory"]
    assert "24Gi" in rows["memory limit"]
    assert "600 s" in rows["start-up budget"]


def test_size_takes_the_options_of_the_function() -> None:
    answer = run(
        "size", "Qwen/Qwen3-8B", "--gpu-memory", "24GB", "--gpu-memory-utilization", "0.8",
        "--tensor-parallel-size", "2", "--max-model-len", "4096", "--kv-cache-dtype", "fp8",
    )  # fmt: skip

    assert answer.code == 0, answer.stderr
    assert "weights / 2" in answer.stdout


def test_size_reads_a_context_as_vllm_does() -> None:
    small = ("size", "Qwen/Qwen3-8B", "--gpu-memory", "24GB", "--max-model-len")

    assert run(*small, "40k").stdout == run(*small, "40000").stdout != run(*small, "4k").stdout
    (line,) = run(*small, "long").errors
    assert "argument --max-model-len: 'long' is not a whole number, or one with a unit such as '32k'" in line


@pytest.mark.parametrize("name", ["values", "schema", "size"])
def test_what_needs_no_node_starts_none(name: str, tmp_path: Path) -> None:
    code = (
        "import sys; from vllm_cdk8s.cli.main import main; code = main(sys.argv[1:]);"
        "print(code, sorted({'jsii', 'cdk8s', 'constructs'} & set(sys.modules)), file=sys.stderr)"
    )
    arguments = [name, "7B"] if name == "size" else [name]
    answer = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True, text=True, check=True, env={"PATH": str(tmp_path)},
    )  # fmt: skip

    assert answer.stderr == "0 []\n"


def test_whoever_stops_reading_gets_no_complaint() -> None:
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "w") as closed:
        answer = subprocess.run(
            [sys.executable, "-m", "vllm_cdk8s", "values"],
            stdout=closed,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )

    assert (answer.returncode, answer.stderr) == (0, "")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["template", "--help"], "--set-json"),
        (["--help"], "template"),
        (["--version"], f"vllm-cdk8s {version('vllm-cdk8s')}\n"),
    ],
)
def test_help_and_version_are_printed(arguments: list[str], expected: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main(arguments)

    assert caught.value.code in {0, None}
    assert expected in capsys.readouterr().out
