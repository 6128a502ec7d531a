"""The small kubelet does what a kubelet does: with a stand-in for vLLM, on a clock that is faster than the world's."""

from __future__ import annotations

import copy
import itertools
import json
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.e2e.client import answered, ask
from tests.e2e.cluster import Cluster
from tests.e2e.container import Image, NotStartedError, Objects, Rewriter, argv, content, environment, service_variables
from tests.e2e.kubelet import Clock, Pod
from tests.e2e.probes import Counter, Timing

if TYPE_CHECKING:
    from collections.abc import Iterator

GOLDEN = Path(__file__).parents[1] / "golden"
STAND_IN = Path(__file__).with_name("stand_in.py")
FAST = 20
Documents = list[dict[str, Any]]


def golden(path: str) -> Documents:
    return list(yaml.safe_load_all((GOLDEN / path).read_text(encoding="utf-8")))


@pytest.fixture
def image(tmp_path: Path) -> Image:
    """An image in which `vllm` is the stand-in."""
    programs = tmp_path / "image"
    programs.mkdir()
    (programs / "vllm").write_text(f'#!/bin/sh\nexec {sys.executable} -S {STAND_IN} "$@"\n', encoding="utf-8")
    (programs / "vllm").chmod(0o755)
    (programs / "python3").symlink_to(sys.executable)
    return Image(path=(str(programs), "/usr/bin", "/bin"), env={"STAND_IN_LOADS": "0"})


@pytest.fixture
def cluster(tmp_path: Path, image: Image) -> Iterator[Cluster]:
    if sys.platform != "linux":
        pytest.skip("only to Linux is all of 127.0.0.0/8 this machine")
    with Cluster(tmp_path / "cluster", image, clock=Clock(FAST)) as made:
        yield made


def a_pod(container: dict[str, Any] | None = None, **spec: Any) -> dict[str, Any]:
    """A pod with one container that runs on and ends at SIGTERM, unless the test says otherwise."""
    made = {"name": "main", "image": "any", "command": ["sleep", "600"], **(container or {})}
    return {
        "metadata": {"name": "pod", "namespace": "ns", "labels": {"a": "b"}},
        "spec": {"containers": [made], **spec},
    }


def a_running(tmp_path: Path, image: Image, manifest: dict[str, Any], **options: Any) -> Pod:
    options = {"clock": Clock(FAST), "objects": Objects(folder=tmp_path / "node"), **options}
    return Pod(manifest, ip="127.0.0.1", image=image, folder=tmp_path / "pod", **options)


def said(pod: Pod, text: str) -> list[str]:
    return [event for event in pod.events if text in event]


def at(event: str) -> float:
    return float(event.split(maxsplit=1)[0])


# --- what a container is given


def test_paths_are_rewritten_where_they_stand_for_a_mount_and_nowhere_else() -> None:
    rewrite = Rewriter(
        {"/root": Path("/own"), "/root/.cache": Path("/claim"), "/scratch": Path("/x/root")},
        {"0.0.0.0": "127.0.0.9", "qwen.llm": "127.0.0.8"},  # noqa: S104 - text
    )
    assert rewrite("/root/.cache/hf") == "/claim/hf"
    assert rewrite("--a=/root/.cache") == "--a=/claim"
    assert rewrite('{"path":"/root/.cache"}') == '{"path":"/claim"}'
    assert rewrite("/root/.cached") == "/own/.cached"
    assert rewrite("/opt/root/.cache org/root /rooted") == "/opt/root/.cache org/root /rooted"
    assert rewrite("/scratch/y") == "/x/root/y"
    assert rewrite("--host=0.0.0.0 10.0.0.0.0") == "--host=127.0.0.9 10.0.0.0.0"
    assert rewrite("http://qwen.llm:8000/v1 my-qwen.llm qwen.llms") == "http://127.0.0.8:8000/v1 my-qwen.llm qwen.llms"


def test_the_environment_is_the_images_then_the_services_then_the_containers(tmp_path: Path, image: Image) -> None:
    objects = Objects(folder=tmp_path)
    objects.put({"kind": "Secret", "metadata": {"name": "s", "namespace": "ns"}, "data": {"k": "Zm9v"}})
    objects.put({"kind": "ConfigMap", "metadata": {"name": "c", "namespace": "ns"}, "data": {"X": "1", "Y": "2"}})
    pod = {"metadata": {"name": "pod", "namespace": "ns", "labels": {"a": "b"}}, "status": {"podIP": "127.0.0.9"}}
    container = {
        "envFrom": [{"configMapRef": {"name": "c"}, "prefix": "P_"}],
        "env": [
            {"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}},
            {"name": "IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}},
            {"name": "LABEL", "valueFrom": {"fieldRef": {"fieldPath": "metadata.labels['a']"}}},
            {"name": "BOTH", "value": "$(TOKEN) $(P_X) $(LATER) $$(TOKEN)"},
            {"name": "LATER", "value": "no"},
            {"name": "NONE", "valueFrom": {"secretKeyRef": {"name": "s", "key": "nope", "optional": True}}},
            {"name": "HOME", "value": "/root/x"},
        ],
    }
    rewrite = Rewriter({"/root": Path("/own")}, {})
    found = environment(pod, container, objects, image, {"SVC_PORT": "tcp://"}, rewrite)
    assert found["TOKEN"] == "foo"  # noqa: S105 - a test's
    assert (found["IP"], found["LABEL"], found["P_Y"], found["SVC_PORT"]) == ("127.0.0.9", "b", "2", "tcp://")
    assert found["BOTH"] == "foo 1 $(LATER) $(TOKEN)"
    assert found["HOME"] == "/own/x"
    assert found["PATH"].endswith("/image:/usr/bin:/bin")
    assert "NONE" not in found
    assert argv({"command": ["a"], "args": ["$(LATER)", "$$(LATER)", "$(WHAT)"]}, found, rewrite) == [
        "a", "no", "$(LATER)", "$(WHAT)",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("variable", "what"),
    [
        ({"secretKeyRef": {"name": "s", "key": "k"}}, 'secret "s" not found'),
        ({"configMapKeyRef": {"name": "s", "key": "k"}}, 'configmap "s" not found'),
        ({"fieldRef": {"fieldPath": "status.nope"}}, "no such field"),
    ],
)
def test_a_variable_from_nowhere_is_why_a_container_does_not_start(
    variable: dict[str, Any], what: str, tmp_path: Path, image: Image
) -> None:
    pod = {"metadata": {"name": "pod", "namespace": "ns"}, "status": {}}
    container = {"env": [{"name": "X", "valueFrom": variable}]}
    with pytest.raises(NotStartedError, match=what):
        environment(pod, container, Objects(folder=tmp_path), image, {}, Rewriter({}, {}))


def test_volumes_are_folders(tmp_path: Path) -> None:
    objects = Objects(folder=tmp_path / "node")
    objects.put({"kind": "ConfigMap", "metadata": {"name": "c", "namespace": "ns"}, "data": {"a": "1", "b": "2"}})
    objects.put({"kind": "PersistentVolume", "metadata": {"name": "pv"}, "spec": {"hostPath": {"path": "/data/m"}}})
    objects.put({"kind": "PersistentVolumeClaim", "metadata": {"name": "own", "namespace": "ns"}, "spec": {}})
    bound = {
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "bound", "namespace": "ns"},
        "spec": {"volumeName": "pv"},
    }
    objects.put(bound)
    pod = {"metadata": {"namespace": "ns"}}

    def folder(volume: dict[str, Any]) -> Path:
        return content(objects, pod, {"name": "v", **volume}, tmp_path / str(len(str(volume))))

    some = folder({"configMap": {"name": "c", "items": [{"key": "b", "path": "deep/b"}], "defaultMode": 0o600}})
    assert [str(path.relative_to(some)) for path in some.rglob("*")] == ["deep", "deep/b"]
    assert (some / "deep/b").read_text() == "2"
    assert (some / "deep/b").stat().st_mode & 0o777 == 0o600
    assert folder({"hostPath": {"path": "/data/m", "type": "DirectoryOrCreate"}}) == folder(
        {"persistentVolumeClaim": {"claimName": "bound"}}
    )
    assert folder({"persistentVolumeClaim": {"claimName": "own"}}).is_dir()
    assert folder({"emptyDir": {}}).is_dir()
    for volume, what in (
        ({"persistentVolumeClaim": {"claimName": "other"}}, "not found"),
        ({"hostPath": {"path": "/nope", "type": "Directory"}}, "is not a Directory"),
        ({"configMap": {"name": "c", "items": [{"key": "z", "path": "z"}]}}, "non-existent key"),
    ):
        with pytest.raises(NotStartedError, match=what):
            folder(volume)


def test_a_service_named_vllm_gives_the_variable_that_kills_vllm() -> None:
    service = {
        "metadata": {"name": "vllm", "namespace": "ns"}, "spec": {"clusterIP": "10.0.0.1", "ports": [{"port": 8000}]},
    }  # fmt: skip
    assert service_variables([service], "ns")["VLLM_PORT"] == "tcp://10.0.0.1:8000"
    assert service_variables([service], "other") == {}


# --- probes


@pytest.mark.parametrize(
    ("probe", "phase", "first"),
    [
        ({"initialDelaySeconds": 30, "periodSeconds": 15}, 0, [30, 45, 60]),
        ({"initialDelaySeconds": 40, "periodSeconds": 15}, 0, [45, 60, 75]),
        ({"initialDelaySeconds": 40, "periodSeconds": 15}, 10, [40, 55, 70]),
        ({}, 0, [0, 10, 20]),
    ],
)
def test_ticks_come_every_period_and_those_before_the_delay_are_skipped(
    probe: dict[str, int], phase: float, first: list[int]
) -> None:
    timing = Timing.of(probe)
    assert list(itertools.islice(timing.ticks(phase), 3)) == first
    assert min(next(timing.ticks(step)) for step in range(timing.period)) == timing.delay


def test_so_many_failures_in_a_row_are_one() -> None:
    counter = Counter(Timing.of({"failureThreshold": 3}))
    answers = [False, False, True, False, False, False]
    assert [counter.take(answered=answer) for answer in answers] == [None, None, "success", None, None, "failure"]


def test_what_is_guaranteed_is_the_delay_and_the_periods_between_the_failures() -> None:
    assert Timing.of({"initialDelaySeconds": 30, "periodSeconds": 15, "failureThreshold": 39}).guaranteed() == 600


# --- a pod's life


def test_init_containers_run_in_their_order_and_the_main_ones_after_them(tmp_path: Path, image: Image) -> None:
    volume = {"volumes": [{"name": "v", "emptyDir": {}}]}
    mount = [{"name": "v", "mountPath": "/data"}]

    def writes(name: str, command: str) -> dict[str, Any]:
        return {"name": name, "command": ["sh", "-c", command], "volumeMounts": mount}

    again = "if [ -e /data/tried ]; then echo b >> /data/x; else touch /data/tried; exit 1; fi"
    manifest = a_pod(
        {"command": ["sh", "-c", "cat /data/x; exec sleep 600"], "volumeMounts": mount},
        initContainers=[writes("a", "echo a >> /data/x"), writes("b", again)], **volume,
    )  # fmt: skip
    with a_running(tmp_path, image, manifest) as pod:
        pod.wait_ready(400)
        pod.wait(lambda: bool(pod.containers[0].log), 400, "writing")
        assert pod.containers[0].log == "a\nb\n"
        assert pod.init_containers[1].exit_codes == [1, 0]


def test_a_job_that_fails_is_not_started_again(tmp_path: Path, image: Image) -> None:
    manifest = a_pod({"command": ["sh", "-c", "echo why; exit 3"]}, restartPolicy="Never")
    with a_running(tmp_path, image, manifest) as pod:
        pod.wait_finished(400)
        assert not pod.succeeded
        assert pod.containers[0].exit_codes == [3]
        assert pod.containers[0].log == "why\n"


def test_the_first_restart_comes_at_once_and_each_further_one_twice_as_late(tmp_path: Path, image: Image) -> None:
    with a_running(tmp_path, image, a_pod({"command": ["false"]})) as pod:
        pod.wait(lambda: len(pod.containers[0].exit_codes) == 4, 600, "ended four times")
        told = [event.split("main: ")[1] for event in pod.events]
        starts = [at(event) for event in said(pod, "started")]
    life = ["started", "exited with 1"]
    assert told[:10] == [*life, *life, "back-off of 10 s", *life, "back-off of 20 s", *life]
    gaps = [later - earlier for earlier, later in itertools.pairwise(starts)]
    assert gaps[1] >= 10
    assert gaps[2] >= 20


def test_a_container_that_never_answers_is_killed_by_the_nth_failure_and_not_before(
    tmp_path: Path, image: Image
) -> None:
    probe = {"tcpSocket": {"port": 1}, "initialDelaySeconds": 10, "periodSeconds": 5, "failureThreshold": 3}
    with a_running(tmp_path, image, a_pod({"startupProbe": probe})) as pod:
        pod.wait(lambda: len(pod.containers[0].lives) == 2, 400, "started again")
        started, [killed, *_] = at(said(pod, "started")[0]), said(pod, "startup probe failed 3 times")
        guaranteed = Timing.of(probe).guaranteed()
        assert guaranteed == 20
        assert guaranteed <= at(killed) - started < 2 * guaranteed
        assert not pod.ready


def test_liveness_waits_for_the_start_up_probe_and_readiness_follows_at_once(tmp_path: Path, image: Image) -> None:
    there = {"exec": {"command": ["test", "-e", "/data/up"]}}
    manifest = a_pod(
        {
            "command": ["sh", "-c", "sleep 1; touch /data/up; exec sleep 600"],  # 20 s of the kubelet's
            "volumeMounts": [{"name": "v", "mountPath": "/data"}],
            "startupProbe": {**there, "periodSeconds": 5, "failureThreshold": 12},
            "livenessProbe": {**there, "periodSeconds": 1, "failureThreshold": 1},
            "readinessProbe": {**there, "periodSeconds": 300},
        },
        volumes=[{"name": "v", "emptyDir": {}}],
    )
    with a_running(tmp_path, image, manifest) as pod:
        # The next tick of the readiness probe is far away; it is asked when the start-up probe has succeeded.
        assert pod.wait_ready(250) >= 15
        assert len(pod.containers[0].lives) == 1


def test_the_grace_period_counts_from_before_the_hook_and_ends_with_sigkill(tmp_path: Path, image: Image) -> None:
    stubborn = "trap '' TERM; echo up; while :; do sleep 0.05; done"
    manifest = a_pod(
        {"command": ["sh", "-c", stubborn], "lifecycle": {"preStop": {"exec": {"command": ["sleep", "0.3"]}}}},
        terminationGracePeriodSeconds=12,
    )
    with a_running(tmp_path, image, manifest) as pod:
        pod.wait(lambda: bool(pod.containers[0].log), 400, "up")
        assert pod.stop() >= 12
        assert at(said(pod, "SIGTERM")[0]) < at(said(pod, "SIGKILL")[0])
        assert pod.containers[0].exit_codes == [-9]


def test_the_hook_comes_before_sigterm_in_the_containers_environment_and_a_program_that_obeys_is_not_killed(
    tmp_path: Path, image: Image
) -> None:
    hook = ["sh", "-c", 'printf %s "$NAME" > /data/hook']
    obeys = "trap 'cat /data/hook; exit 0' TERM; echo up; while :; do sleep 0.05; done"
    manifest = a_pod(
        {
            "command": ["sh", "-c", obeys],
            "env": [{"name": "NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}],
            "lifecycle": {"preStop": {"exec": {"command": hook}}},
            "volumeMounts": [{"name": "v", "mountPath": "/data"}],
        },
        volumes=[{"name": "v", "emptyDir": {}}], terminationGracePeriodSeconds=100,
    )  # fmt: skip
    with a_running(tmp_path, image, manifest) as pod:
        pod.wait(lambda: bool(pod.containers[0].log), 400, "up")
        assert pod.stop() < 100
        assert pod.containers[0].log == "up\npod"
        assert pod.containers[0].exit_codes == [0]
        assert not said(pod, "SIGKILL")


def test_a_hook_that_uses_up_the_grace_period_leaves_two_seconds(tmp_path: Path, image: Image) -> None:
    obeys = "trap 'exit 0' TERM; echo up; while :; do sleep 0.02; done"
    hook = {"preStop": {"exec": {"command": ["sleep", "600"]}}}
    with a_running(
        tmp_path, image, a_pod({"command": ["sh", "-c", obeys], "lifecycle": hook}, terminationGracePeriodSeconds=4)
    ) as pod:
        pod.wait(lambda: bool(pod.containers[0].log), 400, "up")
        took = pod.stop()
        assert said(pod, "preStop failed")
        assert said(pod, "SIGTERM")
        assert took >= 4


def test_an_init_container_that_fails_for_good_is_the_end_of_its_pod(tmp_path: Path, image: Image) -> None:
    manifest = a_pod(
        {"command": ["true"]}, initContainers=[{"name": "first", "command": ["false"]}], restartPolicy="Never"
    )
    with a_running(tmp_path, image, manifest) as pod:
        pod.wait_finished(400)
        assert not pod.succeeded
        assert pod.init_containers[0].exit_codes == [1]
        assert pod.containers[0].lives == []


def test_no_restart_comes_later_than_after_five_minutes(tmp_path: Path, image: Image) -> None:
    with a_running(tmp_path, image, a_pod({"command": ["false"]}), clock=Clock(1000)) as pod:
        pod.wait(lambda: len(said(pod, "back-off")) == 7, 60_000, "put off seven times")
        waits = [event.split("back-off of ")[1] for event in said(pod, "back-off")]
    assert waits[:7] == ["10 s", "20 s", "40 s", "80 s", "160 s", "300 s", "300 s"]


def test_a_container_that_ran_for_ten_minutes_is_started_again_at_once(tmp_path: Path, image: Image) -> None:
    # It fails twice, then runs for long and fails.
    program = "echo x >> /data/x; [ $(wc -l < /data/x) -le 3 ] || sleep 1; exit 1"
    manifest = a_pod(
        {"command": ["sh", "-c", program], "volumeMounts": [{"name": "v", "mountPath": "/data"}]},
        volumes=[{"name": "v", "emptyDir": {}}],
    )
    with a_running(tmp_path, image, manifest, clock=Clock(1000)) as pod:
        pod.wait(lambda: len(pod.containers[0].lives) == 5, 60_000, "started five times")
        told = [event.split("main: ")[1] for event in pod.events]
    # The fourth life is the long one: what had grown to 40 s is forgotten.
    assert [event for event in told if "back-off" in event] == ["back-off of 10 s", "back-off of 20 s"]


def test_what_it_does_not_know_it_refuses(tmp_path: Path, image: Image) -> None:
    for manifest in (a_pod(hostNetwork=True), a_pod({"tty": True})):
        with pytest.raises(NotImplementedError):
            a_running(tmp_path, image, manifest)


# --- servers, with the stand-in


def a_server(cluster: Cluster, name: str, *, probes: bool = True) -> tuple[Pod, str]:
    """An example's server that has become ready, and the address of its Service."""
    documents = copy.deepcopy(golden(f"test_examples/{name}.yaml"))
    for document in documents:
        if document["kind"] == "Deployment":
            [container] = document["spec"]["template"]["spec"]["containers"]
            if "lifecycle" in container:  # a real sleep would go by the world's clock
                container["lifecycle"] = {"preStop": {"exec": {"command": ["sleep", "0.2"]}}}
            if not probes:
                container["startupProbe"] |= {"initialDelaySeconds": 0, "periodSeconds": 2}
    cluster.apply(documents)
    deployment = cluster.workload("Deployment")
    [pod] = cluster.start(deployment, replicas=1)
    pod.wait_ready(400)
    return pod, cluster.url(deployment["metadata"]["name"])


def test_an_example_serves_through_its_service_and_its_smoke_test_passes(cluster: Cluster) -> None:
    pod, url = a_server(cluster, "single-gpu")
    assert "startup probe succeeded at 30 s" in said(pod, "startup probe succeeded")[0]
    assert answered(f"{url}/v1/models")["data"] == [{"id": "Qwen/Qwen2.5-7B-Instruct"}]
    arguments = json.loads(pod.containers[0].log.splitlines()[0])
    assert arguments[1:4] == ["serve", "Qwen/Qwen2.5-7B-Instruct", f"--host={pod.ip}"]
    [job] = cluster.start(cluster.workload("Job", "qwen-smoke-test"))
    job.wait_finished(400)
    assert job.succeeded, job.report()


def test_a_crash_is_followed_by_a_restart_on_the_same_volume(cluster: Cluster) -> None:
    pod, url = a_server(cluster, "single-gpu", probes=False)
    claim = cluster.objects.claimed("llm", "qwen-models")
    (claim / "weights").write_text("there")
    with pytest.raises(OSError, match=r"reset|closed|disconnected"):
        ask(f"{url}/crash", {})
    pod.wait(lambda: len(pod.containers[0].lives) == 2 and pod.ready, 400, "back")
    assert pod.containers[0].exit_codes == [1]
    home = Path(pod.containers[0].lives[1].variables["HF_HOME"])
    assert (home.parent / "weights").read_text() == "there"


def test_a_server_that_hangs_is_taken_out_and_then_killed(cluster: Cluster) -> None:
    pod, url = a_server(cluster, "single-gpu", probes=False)
    assert ask(f"{url}/hang", {})[0] == 200
    pod.wait(lambda: not pod.ready, 400, "unready")
    with pytest.raises(OSError, match=r"reset|closed|disconnected"):  # no pod is behind the Service
        ask(f"{url}/health")
    pod.wait(lambda: len(pod.containers[0].lives) == 2 and pod.ready, 400, "back")
    assert said(pod, "liveness probe failed 3 times")


def test_a_server_that_is_stopped_finishes_what_it_was_asked(cluster: Cluster) -> None:
    cluster.image = Image(path=cluster.image.path, env={"STAND_IN_TOKEN": "0.05"})
    pod, url = a_server(cluster, "single-gpu", probes=False)
    answers: list[tuple[int, str]] = []
    request = threading.Thread(target=lambda: answers.append(ask(f"{url}/v1/completions", {"max_tokens": 20})))
    request.start()
    running = f"http://{pod.ip}:8000/metrics"
    pod.wait(lambda: ask(running)[1].rstrip().endswith(" 1"), 400, "busy")
    took = pod.stop()
    request.join()
    assert answers == [(200, json.dumps({"choices": [{"text": "x" * 20}]}))]
    assert took < 75
    assert pod.containers[0].exit_codes == [0]


def test_a_missing_secret_holds_a_server_up_until_it_is_there(cluster: Cluster) -> None:
    documents = golden("test_examples/private-model-with-key.yaml")
    cluster.apply(documents)
    [pod] = cluster.start(cluster.workload("Deployment"))
    pod.wait(lambda: bool(said(pod, 'secret "huggingface" not found')), 400, "refused")
    for name, key, value in (("huggingface", "token", "hf_x"), ("llama-api-key", "key", "sesame")):
        secret = {"kind": "Secret", "metadata": {"name": name, "namespace": "private-llm"}, "stringData": {key: value}}
        cluster.apply([secret])
    pod.wait_ready(400)
    url = cluster.url("llama")
    assert ask(f"{url}/v1/models")[0] == 401
    assert answered(f"{url}/v1/models", key="sesame")["data"]
    variables = pod.containers[0].lives[0].variables
    # The claim is mounted below the home folder, which is a volume too.
    cache = Path(variables["HOME"], ".cache").resolve()
    assert cache == Path(variables["HF_HOME"]).parent.resolve() == cluster.objects.claimed("private-llm", "llama-pvc")


def test_dropping_the_page_cache_comes_before_every_start(cluster: Cluster) -> None:
    pod, url = a_server(cluster, "hostpath-dev-box", probes=False)
    dropped = pod.folder / "vllm" / "own" / "proc/sys/vm/drop_caches"
    assert dropped.read_text() == "3\n"
    dropped.unlink()
    with pytest.raises(OSError, match=r"reset|closed|disconnected"):
        ask(f"{url}/crash", {})
    pod.wait(lambda: len(pod.containers[0].lives) == 2 and pod.ready, 400, "back")
    assert dropped.read_text() == "3\n"
    assert cluster.objects.claimed("dev-llm", "models") == cluster.objects.host_path("/data/vllm-models")


def test_a_service_without_a_ready_pod_answers_nobody(cluster: Cluster) -> None:
    cluster.apply(golden("test_examples/single-gpu.yaml"))
    with pytest.raises(OSError, match=r"reset|closed|disconnected"):
        ask(f"{cluster.url('qwen')}/health")
