"""DropCacheWrapper: its exact command, run for real with a harmless program in vLLM's place."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.synthesis import PLAIN, new_chart, pod_spec, vllm_container
from vllm_cdk8s import DropCacheWrapper, VllmServer

TARGET = "/proc/sys/vm/drop_caches"
SCRIPT = (
    "{ sync; echo 3 > /proc/sys/vm/drop_caches; } "
    '|| echo "drop-cache: the caches were not dropped; starting vLLM all the same" >&2; '
    'exec "$@"'
)
HOSTILE = [
    "two words",
    " ",
    "",
    "'single' and \"double\"",
    "$(touch /tmp/owned)",
    "`id`",
    "$HOME ${HOME} $$",
    "; echo owned",
    "a\nb\n",
    "*",
    "~",
    "\\",
    "&& false",
    "> file",
    "--flag=value with spaces",
    '{"cudagraph_mode": "FULL_AND_PIECEWISE"}',
    "ünïcode",
    "-c",
    "--",
]
# In vLLM's place: says what it was given and which process it is.
PROGRAM = [sys.executable, "-c", "import json, os, sys; print(json.dumps([os.getpid(), sys.argv[1:]]))"]


@pytest.fixture(scope="module")
def wrapper() -> DropCacheWrapper:
    return DropCacheWrapper(new_chart(), "drop-cache")


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    """A folder of programs with a `sync` that only notes that it ran: the real one would stall the whole machine."""
    folder = tmp_path / "bin"
    folder.mkdir()
    sync = folder / "sync"
    sync.write_text(f"#!/bin/sh\necho sync >> {tmp_path}/log\n")
    sync.chmod(0o755)
    return folder


def writing_to(command: list[str], target: Path) -> list[str]:
    """The same command, but for the file that it writes to: no test may drop the caches of the machine it runs on."""
    assert command[2].count(TARGET) == 1
    return [command[0], command[1], command[2].replace(TARGET, str(target)), *command[3:]]


def run(command: list[str], tools: Path, **options: Any) -> subprocess.CompletedProcess[str]:
    env = {"PATH": f"{tools}:{os.environ['PATH']}", "HOME": "/root"}
    return subprocess.run(command, env=env, capture_output=True, text=True, check=False, **options)


def test_the_command_is_a_constant_script_and_the_users_words_stay_words(wrapper: DropCacheWrapper) -> None:
    assert wrapper.wrap(["vllm", "serve"]) == ["/bin/sh", "-c", SCRIPT, "drop-cache", "vllm", "serve"]


def test_the_caches_are_written_out_and_dropped_before_vllm_starts(
    wrapper: DropCacheWrapper, tmp_path: Path, tools: Path
) -> None:
    target = tmp_path / "drop_caches"
    done = run(writing_to(wrapper.wrap(["cat", str(tmp_path / "log"), str(target)]), target), tools)
    assert (done.returncode, done.stdout, done.stderr) == (0, "sync\n3\n", "")


def test_arguments_arrive_unchanged_whatever_they_hold(wrapper: DropCacheWrapper, tmp_path: Path, tools: Path) -> None:
    done = run(writing_to(wrapper.wrap([*PROGRAM, *HOSTILE]), tmp_path / "drop_caches"), tools)
    assert done.stderr == ""
    assert json.loads(done.stdout)[1] == HOSTILE


def test_the_program_replaces_the_shell_so_that_signals_reach_it(
    wrapper: DropCacheWrapper, tmp_path: Path, tools: Path
) -> None:
    command = writing_to(
        wrapper.wrap([sys.executable, "-uc", "import os, time; print(os.getpid()); time.sleep(60)"]),
        tmp_path / "drop_caches",
    )
    env = {"PATH": f"{tools}:{os.environ['PATH']}"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=env) as process:
        assert process.stdout is not None
        assert int(process.stdout.readline()) == process.pid
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) == -signal.SIGTERM


def test_a_refused_write_is_logged_and_does_not_stop_vllm(
    wrapper: DropCacheWrapper, tmp_path: Path, tools: Path
) -> None:
    # Nobody can write to a folder, root included.
    done = run(writing_to(wrapper.wrap([*PROGRAM, "--model", "a b"]), tmp_path), tools)
    assert done.returncode == 0
    assert json.loads(done.stdout)[1] == ["--model", "a b"]
    reason, notice = done.stderr.splitlines()
    assert str(tmp_path) in reason
    assert notice == "drop-cache: the caches were not dropped; starting vLLM all the same"


def test_vllms_exit_code_is_the_containers(wrapper: DropCacheWrapper, tmp_path: Path, tools: Path) -> None:
    command = writing_to(wrapper.wrap([sys.executable, "-c", "raise SystemExit(3)"]), tmp_path / "drop_caches")
    assert run(command, tools).returncode == 3


# In a server


def test_a_server_that_drops_caches_is_privileged_and_shares_the_nodes_processes() -> None:
    chart = new_chart()
    wrapper = DropCacheWrapper(chart, "drop-cache")
    server = VllmServer(chart, "server", drop_cache=wrapper, **PLAIN)
    assert server.drop_cache is wrapper
    container = vllm_container(chart)
    assert container["command"] == wrapper.wrap(["vllm", "serve"])
    assert container["args"][0] == PLAIN["model"]
    assert container["securityContext"] == {"privileged": True}
    spec = pod_spec(chart)
    assert spec["hostPID"] is True
    # Several releases fit on one node, since the network is not the node's.
    assert "hostNetwork" not in spec
    # It runs at each start of the container, which an init container would not.
    assert "initContainers" not in spec


def test_a_server_that_does_not_is_neither() -> None:
    chart = new_chart()
    VllmServer(chart, "server", **PLAIN)
    assert vllm_container(chart)["command"] == ["vllm", "serve"]
    assert vllm_container(chart)["securityContext"] == {"allowPrivilegeEscalation": False}
    assert "hostPID" not in pod_spec(chart)


def test_one_wrapper_may_serve_two_servers() -> None:
    chart = new_chart()
    wrapper = DropCacheWrapper(chart, "drop-cache")
    for name in ("a", "b"):
        assert VllmServer(chart, name, drop_cache=wrapper, **PLAIN).drop_cache is wrapper
