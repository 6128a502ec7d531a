"""Where output goes when something is wrong with where it should go."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.helm.command import run

GPU = ("--set", "resources.limits.nvidia.com/gpu=1")


def shell(redirection: str, *arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    # Unbuffered, Python would have nothing left to write when it ends.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    return subprocess.run(
        ["/bin/sh", "-c", f'exec "$0" -m vllm_cdk8s "$@" {redirection}', sys.executable, *arguments],
        capture_output=True, text=True, check=False, cwd=cwd, env={**environment, "PYTHONPATH": str(Path.cwd())},
    )  # fmt: skip


def test_a_closed_standard_error_costs_the_notes_alone() -> None:
    answer = shell("2>&-", "template", "prod", *GPU)

    assert (answer.returncode, answer.stderr) == (0, "")
    assert answer.stdout == run("template", "prod", *GPU).stdout


def test_notes_never_end_up_in_the_file_that_is_written(tmp_path: Path) -> None:
    answer = shell("2>&-", "template", "prod", *GPU, "-o", str(tmp_path / "prod.yaml"))

    assert answer.returncode == 0
    assert (tmp_path / "prod.yaml").read_text() == run("template", "prod", *GPU).stdout


@pytest.mark.parametrize(("redirection", "code"), [("<&-", 0), (">&- 2>&-", 0), ("<&- >&- 2>&-", 0)])
def test_closed_streams_make_no_traceback(redirection: str, code: int, tmp_path: Path) -> None:
    answer = shell(redirection, "template", "prod", *GPU, "-o", str(tmp_path / "prod.yaml"))

    assert answer.returncode == code
    assert "Traceback" not in answer.stderr
    assert (tmp_path / "prod.yaml").read_text() == run("template", "prod", *GPU).stdout


@pytest.mark.parametrize("arguments", [["template", "prod", *GPU], ["explain"], ["rule", "--all"]])
def test_a_closed_standard_output_is_an_error(arguments: list[str]) -> None:
    answer = shell(">&-", *arguments)

    assert answer.returncode == 2
    assert answer.stderr == "error: standard output: is closed\n"


@pytest.mark.parametrize("arguments", [["template", "prod", "-f", "-"], ["migrate", "prod", "--values", "-"]])
def test_a_closed_standard_input_is_an_error(arguments: list[str]) -> None:
    answer = shell("<&-", *arguments)

    assert (answer.returncode, answer.stdout) == (2, "")
    assert answer.stderr == "error: standard input: is closed [VC007]\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device here is always full")
def test_a_full_standard_error_costs_the_notes_alone() -> None:
    answer = shell("2>/dev/full", "template", "prod", *GPU)

    assert answer.returncode == 0
    assert answer.stdout == run("template", "prod", *GPU).stdout


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device here is always full")
def test_a_full_device_as_output_file_is_an_error_line_and_stays_a_device() -> None:
    if os.geteuid() == 0:
        pytest.skip("root could replace the device, if the command were wrong")
    answer = run("template", "prod", *GPU, "-o", "/dev/full")

    assert answer.code == 2
    assert answer.errors == ["error: --output: /dev/full cannot be written: No space left on device"]
    assert Path("/dev/full").is_char_device()


def test_a_pipe_is_written_to_and_stays_a_pipe(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with subprocess.Popen(["cat", str(pipe)], stdout=subprocess.PIPE, text=True) as reader:  # noqa: S607
        assert run("template", "prod", *GPU, "-o", str(pipe)).code == 0
        assert reader.communicate()[0] == run("template", "prod", *GPU).stdout
    assert pipe.is_fifo()


def test_the_output_may_be_a_device() -> None:
    answer = shell("", "template", "prod", *GPU, "-q", "-o", "/dev/stdout")

    assert answer.returncode == 0, answer.stderr
    assert answer.stdout == run("template", "prod", *GPU).stdout


def test_an_output_file_gets_the_same_bytes(tmp_path: Path) -> None:
    target = tmp_path / "new" / "prod.yaml"

    answer = run("template", "prod", *GPU, "-o", str(target))

    assert (answer.code, answer.stdout) == (0, "")
    assert f"wrote {target}" in answer.stderr
    assert target.read_text() == run("template", "prod", *GPU).stdout


def test_a_file_that_is_there_keeps_its_mode(tmp_path: Path) -> None:
    target = tmp_path / "prod.yaml"
    target.touch()
    target.chmod(0o600)

    run("template", "prod", *GPU, "-o", str(target))

    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert "kind: Deployment" in target.read_text()


def test_a_link_leads_to_the_file_that_is_written(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    link = tmp_path / "prod.k8s.yaml"
    link.symlink_to(tmp_path / "real" / "prod.yaml")

    assert run("template", "prod", *GPU, "--output-dir", str(tmp_path)).code == 0

    assert link.is_symlink()
    assert "kind: Deployment" in (tmp_path / "real" / "prod.yaml").read_text()
    assert [path.name for path in (tmp_path / "real").iterdir()] == ["prod.yaml"]


@pytest.mark.parametrize("where", [["--output-dir", "."], ["-o", "v.k8s.yaml"], ["-o", "link.yaml"]])
def test_a_values_file_is_never_written_over(where: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("v.k8s.yaml").write_text("replicaCount: 2")
    Path("link.yaml").symlink_to("v.k8s.yaml")

    answer = run("template", "v", *GPU, "-f", "v.k8s.yaml", *where)

    assert answer.code == 2
    assert answer.errors[0].endswith("v.k8s.yaml is one of the values files; allowed: another folder")
    assert Path("v.k8s.yaml").read_text() == "replicaCount: 2"


@pytest.mark.parametrize("option", ["-o", "--output-dir"])
def test_a_folder_and_a_file_in_each_others_place_are_error_lines(option: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    target = tmp_path if option == "-o" else tmp_path / "file"

    answer = run("template", "prod", *GPU, option, str(target))

    assert answer.code == 2
    assert len(answer.errors) == 1
    assert answer.errors[0].startswith("error: --output")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written_is_an_error_line(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)

    answer = run("template", "prod", *GPU, "--output-dir", str(tmp_path))

    tmp_path.chmod(0o700)
    assert answer.code == 2
    assert answer.errors == [f"error: --output-dir: {tmp_path}/prod.k8s.yaml cannot be written: Permission denied"]
    assert not list(tmp_path.iterdir())


def test_output_and_output_dir_exclude_each_other() -> None:
    answer = run("template", "prod", "-o", "a", "--output-dir", "b")

    assert answer.code == 2
    assert "not allowed with argument" in answer.errors[0]


def test_strict_takes_warnings_for_errors_and_writes_nothing(tmp_path: Path) -> None:
    answer = run("template", "prod", "--strict", "-o", str(tmp_path / "prod.yaml"))

    assert answer.code == 2
    assert answer.errors[0].startswith("error: resources.limits.nvidia.com/gpu: nothing is said about GPUs")
    assert not list(tmp_path.iterdir())
    assert run("template", "prod", "--strict", *GPU).code == 0


def test_quiet_leaves_the_notes_out_and_keeps_the_warnings(tmp_path: Path) -> None:
    loud = run("template", "prod")
    answer = run("template", "prod", "--quiet", "-o", str(tmp_path / "prod.yaml"))

    assert loud.stderr.splitlines()[-1].startswith(
        "warning: resources.limits.nvidia.com/gpu: nothing is said about GPUs"
    )
    assert answer.errors == [f"wrote {tmp_path}/prod.yaml", *(f"warning: {warning}" for warning in loud.warnings)]
    assert run("template", "prod", *GPU, "-q").stderr == ""


def test_quiet_twice_says_nothing(tmp_path: Path) -> None:
    answer = run("template", "prod", "-qq", "-o", str(tmp_path / "prod.yaml"))

    assert (answer.code, answer.stdout, answer.stderr) == (0, "", "")
    assert (tmp_path / "prod.yaml").read_text() == run("template", "prod", "-q").stdout


@pytest.mark.parametrize("command", [["check"], ["upgrade", "--from", "0.20.2", "--to", "0.33.0"]])
def test_manifests_from_a_closed_standard_input_are_an_error(command: list[str]) -> None:
    answer = shell("<&-", *command, "-")

    assert (answer.returncode, answer.stdout) == (2, "")
    assert answer.stderr == "error: standard input: is closed\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device here is always full")
@pytest.mark.parametrize("arguments", [["--version"], ["--help"], ["template", "--help"]])
def test_what_is_asked_for_of_the_command_itself_is_an_error_where_it_cannot_be_written(arguments: list[str]) -> None:
    answer = shell(">/dev/full", *arguments)

    assert answer.returncode == 2
    assert answer.stderr == "error: standard output: cannot be written: No space left on device\n"


def test_a_dash_is_standard_output(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    answer = run("template", "prod", *GPU, "-q", "-o", "-")

    assert (answer.code, answer.stderr) == (0, "")
    assert answer.stdout == run("template", "prod", *GPU).stdout
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("option", ["-o", "--output-dir"])
def test_a_path_without_a_name_is_refused(option: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    answer = run("template", "prod", *GPU, option, "")

    assert (answer.code, answer.stdout) == (2, "")
    assert "'' is not a path" in answer.stderr
    assert not list(tmp_path.iterdir())


def test_a_link_that_leads_to_itself_is_an_error_line(tmp_path: Path) -> None:
    link = tmp_path / "prod.yaml"
    link.symlink_to(link)

    answer = run("template", "prod", *GPU, "-o", str(link))

    assert answer.errors == [f"error: --output: {link} cannot be written: it is a link that leads to itself"]
    assert link.is_symlink()


def test_a_file_of_set_file_is_never_written_over(tmp_path: Path) -> None:
    model = tmp_path / "model"
    model.write_text("Qwen/Qwen3-8B")

    answer = run("template", "prod", *GPU, "--set-file", f"podAnnotations.a={model}", "-o", str(model))

    assert answer.code == 2
    assert answer.errors == [f"error: --output: {model} is one of the values files; allowed: another folder"]
    assert model.read_text() == "Qwen/Qwen3-8B"


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (("-f", ""), "error: -f: '' is not a file"),
        (("-f", "a.yaml,"), "error: -f: '' is not a file"),
        (("-f", "https://example.com/v.yaml"), "error: -f: 'https://example.com/v.yaml' is an address"),
        (("-f", "-", "-f", "-"), "error: -f: '-' is there twice"),
    ],
)
def test_what_is_no_values_file_says_so(arguments: tuple[str, ...], error: str) -> None:
    answer = run("template", "prod", *arguments)

    assert answer.code == 2
    assert answer.errors[0].startswith(error)
