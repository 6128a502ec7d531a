"""Prefill and decode apart, as the package writes it: two real vLLMs and the proxy give what one vLLM gives.

The processes of the pods run as the manifests have them, each at a loopback address of its own. What is replaced is
what a cluster would have given them: addresses, the names of Services, and the folder of the claim.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.client import OPENER, answered, ask
from tests.synthesis import documents, new_chart
from vllm_cdk8s import DisaggregatedServer, Pool, SharedFiles

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    Documents = list[dict[str, Any]]

VENV = os.environ.get("VLLM_VENV", "")
HERE = Path(__file__).parent
SECONDS = 900
ALONE, PREFILL, DECODE, PROXY = (f"127.0.7.{number}" for number in (1, 2, 3, 4))

pytestmark = [
    pytest.mark.skipif(not VENV, reason="VLLM_VENV is not set; `make e2e` sets it"),
    pytest.mark.filterwarnings("ignore::vllm_cdk8s.VllmCdk8sWarning"),
]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tiny") / "llama"
    command = [f"{VENV}/bin/python", str(HERE / "tiny_models.py"), "llama", str(folder)]
    subprocess.run(command, check=True, capture_output=True, timeout=300)
    return folder


def container(found: Documents, name: str, place: str = "containers") -> dict[str, Any]:
    [workload] = [item for item in found if item["kind"] == "Deployment" and item["metadata"]["name"] == name]
    first: dict[str, Any] = workload["spec"]["template"]["spec"][place][0]
    return first


class Processes:
    """Processes of pods, and their ends."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str, argv: list[str], replaced: Mapping[str, str]) -> None:
        words = []
        for word in argv:
            for old, new in replaced.items():
                word = word.replace(old, new)  # noqa: PLW2901 - one replacement after another
            words.append(word)
        environment = {
            "PATH": f"{VENV}/bin:/usr/bin:/bin", "HOME": str(self.folder), "HF_HUB_OFFLINE": "1",
            "VLLM_CPU_KVCACHE_SPACE": "1", "VLLM_CPU_OMP_THREADS_BIND": "nobind", "OMP_NUM_THREADS": "1",
            "VLLM_NO_USAGE_STATS": "1",
        }  # fmt: skip
        with (self.folder / f"{name}.log").open("wb") as log:
            self.running[name] = subprocess.Popen(words, env=environment, stdout=log, stderr=log, cwd=self.folder)

    def ready(self, name: str, url: str) -> None:
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            assert self.running[name].poll() is None, self.log(name)[-3000:]
            try:
                if ask(f"{url}/health", seconds=5)[0] == 200:
                    return
            except OSError:
                pass
            time.sleep(1)
        raise AssertionError(f"{name} is not ready after {SECONDS} s: {self.log(name)[-3000:]}")

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(encoding="utf-8", errors="replace")

    def stop(self, name: str) -> None:
        process = self.running.pop(name)
        process.terminate()
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(60)


@pytest.fixture
def processes(tmp_path: Path) -> Iterator[Processes]:
    made = Processes(tmp_path)
    try:
        yield made
    finally:
        for name in list(made.running):
            made.stop(name)


def tokens(url: str, prompt: str) -> list[int]:
    """What a server answers; hot, so that the tokens follow from all that it made of the prompt."""
    body = {
        "model": "tiny", "prompt": prompt, "max_tokens": 24, "temperature": 2.0, "seed": 7, "ignore_eos": True,
        "return_token_ids": True,
    }  # fmt: skip
    answer = answered(f"{url}/v1/completions", body, seconds=600)
    found: list[int] = answer["choices"][0]["token_ids"]
    return found


def streamed(url: str, prompt: str) -> list[int]:
    body = {
        "model": "tiny", "prompt": prompt, "max_tokens": 24, "temperature": 2.0, "seed": 7, "ignore_eos": True,
        "return_token_ids": True, "stream": True,
    }  # fmt: skip
    request = urllib.request.Request(  # noqa: S310 - http, from a test
        f"{url}/v1/completions", data=json.dumps(body).encode(), headers={"Content-Type": "application/json"}
    )
    found: list[int] = []
    with OPENER.open(request, timeout=600) as answer:
        for line in answer:
            if line.startswith(b"data: {"):
                found += json.loads(line[6:])["choices"][0].get("token_ids") or []
    return found


def test_a_pair_gives_the_tokens_of_one_server(model: Path, processes: Processes, tmp_path: Path) -> None:
    chart = new_chart(namespace="llm")
    DisaggregatedServer(
        chart, "pair", name="pair", model=str(model), image="vllm/vllm-openai:v0.32.0",
        prefill=Pool(gpus=0), decode=Pool(gpus=0), connector=SharedFiles(claim="kv"),
        engine_args={
            "served_model_name": "tiny", "max_model_len": 512, "dtype": "float32", "enforce_eager": True,
            "compilation_config": None,
        },
    )  # fmt: skip
    found = documents(chart)
    [pairing] = [
        item["metadata"]["name"] for item in found
        if item["kind"] == "Service" and "vllm-cdk8s/pair" in item["spec"]["selector"]
    ]  # fmt: skip
    folder = tmp_path / "kv"
    folder.mkdir()
    prefill, decode = (container(found, f"pair-{role}") for role in ("prefill", "decode"))
    sidecar = container(found, "pair-decode", "initContainers")
    alone = [arg for arg in prefill["args"] if not arg.startswith("--kv-transfer-config")]
    mounted = {"/kv-transfer": str(folder)}
    processes.start("alone", [*prefill["command"], *alone], {"0.0.0.0": ALONE})  # noqa: S104 - it is replaced
    processes.ready("alone", f"http://{ALONE}:8000")
    for name, one, address in (("prefill", prefill, PREFILL), ("decode", decode, DECODE)):
        processes.start(name, [*one["command"], *one["args"]], {"0.0.0.0": address, **mounted})  # noqa: S104 - likewise
        processes.ready(name, f"http://{address}:{8000 if name == 'prefill' else 8200}")
    program = [sys.executable, *sidecar["command"][1:], *sidecar["args"], f"--host={PROXY}"]
    processes.start("proxy", program, {"127.0.0.1": DECODE, pairing: PREFILL, "$$": "$"})
    processes.ready("proxy", f"http://{PROXY}:8000")

    prompt = " ".join(f"phrase{number} goes beyond number {number * number}" for number in range(13))
    wanted = tokens(f"http://{ALONE}:8000", prompt)
    assert len(set(wanted)) > 10
    assert tokens(f"http://{PROXY}:8000", prompt) == wanted
    assert "Inject KV cache of" in processes.log("decode")
    assert any(folder.iterdir())
    again = f"{prompt} once more"
    assert streamed(f"http://{PROXY}:8000", again) == tokens(f"http://{ALONE}:8000", again)

    processes.stop("prefill")
    last = f"Without it: {prompt}"
    assert tokens(f"http://{PROXY}:8000", last) == tokens(f"http://{ALONE}:8000", last)
    assert "decoding alone" in processes.log("proxy")
