"""Every command and every values block that the chart's text prints, as printed, and what it must yield.

`helm install NAME CHART X` becomes `vllm-cdk8s template NAME X`; nothing else of it changes.
"""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from tests.helm.command import Answer, run
from tests.kubernetes_schemas import assert_valid

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

HOST_PATH_VALUES = """
persistence:
  enabled: true
  storageClass: "vllm-hostpath"  # Match the storageClassName from PV
  accessMode: ReadWriteOnce
  size: 50Gi
  annotations: {}

# If using HostPath, you'll want to schedule the pod on the same node
nodeSelector:
  kubernetes.io/hostname: your-node-name  # Must match the node in PV
"""


def probe(delay: int | None, period: int, timeout: int, threshold: int) -> dict[str, Any]:
    numbers = {
        "initialDelaySeconds": delay,
        "periodSeconds": period,
        "timeoutSeconds": timeout,
        "failureThreshold": threshold,
    }
    wire: dict[str, Any] = {"httpGet": {"path": "/health", "port": "http"}}
    return wire | {name: number for name, number in numbers.items() if number is not None}


def default_install(answer: Answer, name: str = "my-vllm") -> None:
    objects = answer.objects
    assert set(objects) == {"ServiceAccount", "PersistentVolumeClaim", "Deployment", "Service"}
    assert objects["Deployment"]["metadata"]["name"] == objects["Service"]["metadata"]["name"] == name
    assert objects["PersistentVolumeClaim"]["metadata"]["name"] == f"{name}-pvc"
    assert objects["PersistentVolumeClaim"]["spec"]["resources"]["requests"]["storage"] == "50Gi"
    assert "storageClassName" not in objects["PersistentVolumeClaim"]["spec"]
    assert objects["Deployment"]["spec"]["replicas"] == 1
    assert objects["Service"]["spec"]["type"] == "ClusterIP"
    assert objects["Service"]["spec"]["ports"][0]["port"] == 8000
    container = answer.container
    assert container["image"] == "vllm/vllm-openai:latest"
    assert container["imagePullPolicy"] == "IfNotPresent"
    assert container["command"] == ["vllm", "serve"]
    assert container["args"][0] == "microsoft/DialoGPT-medium"
    # The default of 2048 tokens is more than this model's 1,024 positions: vLLM would refuse to start.
    for argument in ("--host=0.0.0.0", "--port=8000", "--gpu-memory-utilization=0.9", "--max-model-len=1024"):
        assert argument in container["args"]
    assert not any("async-scheduling" in argument for argument in container["args"])
    assert "resources" not in container
    slow_start(600)(answer)
    assert answer.pod["enableServiceLinks"] is False


def plain_vllm(answer: Answer) -> None:
    default_install(answer, "vllm")


def claim(name: str) -> Callable[[Answer], None]:
    def check(answer: Answer) -> None:
        assert "PersistentVolumeClaim" not in answer.objects
        volumes = {volume["name"]: volume for volume in answer.pod["volumes"]}
        assert volumes["model-storage"]["persistentVolumeClaim"] == {"claimName": name}
        assert {"name": "model-storage", "mountPath": "/root/.cache"} in answer.container["volumeMounts"]
        assert f"on your claim {name}, which nothing here deletes" in answer.stderr

    return check


def host_path(answer: Answer) -> None:
    spec = answer.objects["PersistentVolumeClaim"]["spec"]
    assert spec["storageClassName"] == "vllm-hostpath"
    assert spec["accessModes"] == ["ReadWriteOnce"]
    assert spec["resources"] == {"requests": {"storage": "50Gi"}}
    assert answer.pod["nodeSelector"] == {"kubernetes.io/hostname": "your-node-name"}


def slow_start(seconds: int) -> Callable[[Answer], None]:
    # 30 s and so many periods of 15 s as in the chart, and one more failure: the first is counted at the delay's end.
    threshold = {300: 19, 600: 39, 1800: 119, 3600: 239}[seconds]

    def check(answer: Answer) -> None:
        container = answer.container
        assert container["startupProbe"] == probe(30, 15, 10, threshold)
        assert container["livenessProbe"] == probe(None, 30, 10, 3)
        assert container["readinessProbe"] == probe(None, 10, 5, 2)
        assert answer.objects["Deployment"]["spec"]["progressDeadlineSeconds"] > seconds

    return check


def legacy_timing(answer: Answer) -> None:
    assert "startupProbe" not in answer.container
    assert answer.container["livenessProbe"] == probe(600, 30, 10, 3)
    assert answer.container["readinessProbe"] == probe(600, 10, 5, 2)


def seven_billion(answer: Answer) -> None:
    assert answer.container["resources"] == {
        "limits": {"memory": "24Gi", "nvidia.com/gpu": 1},
        "requests": {"memory": "16Gi"},
    }
    assert not answer.warnings


def llama(answer: Answer) -> None:
    seven_billion(answer)
    assert answer.container["args"][0] == "meta-llama/Llama-2-7b-hf"
    assert "--max-model-len=2048" in answer.container["args"]


def custom_model(answer: Answer) -> None:
    assert answer.container["args"][0] == "microsoft/DialoGPT-large"
    # The user chose, so it is rendered; it is more than the model has, so it is said.
    assert "--max-model-len=4096" in answer.container["args"]
    assert any(warning.startswith("vllm.maxModelLen: 4096 is more than the 1024") for warning in answer.warnings)


def two_gpus(answer: Answer) -> None:
    assert answer.container["resources"]["limits"] == {"nvidia.com/gpu": 2}
    assert "--gpu-memory-utilization=0.8" in answer.container["args"]
    assert "--tensor-parallel-size=2" in answer.container["args"]
    assert {"name": "shm", "mountPath": "/dev/shm"} in answer.container["volumeMounts"]  # noqa: S108 - in the pod


def performance(answer: Answer) -> None:
    args = answer.container["args"]
    assert any("FULL_AND_PIECEWISE" in argument and "cudagraph_mode" in argument for argument in args)
    assert "--no-async-scheduling" in args


def ingress(answer: Answer) -> None:
    spec = answer.objects["Ingress"]["spec"]
    (rule,) = spec["rules"]
    assert rule["host"] == "vllm.example.com"
    (path,) = rule["http"]["paths"]
    assert (path["path"], path["pathType"]) == ("/", "Prefix")
    assert path["backend"] == {"service": {"name": "vllm", "port": {"number": 8000}}}
    assert "http://vllm.example.com/" in answer.stderr


def drop_cache(answer: Answer) -> None:
    assert answer.pod["hostPID"] is True
    assert answer.container["securityContext"]["privileged"] is True
    command = answer.container["command"]
    assert "sync; echo 3 > /proc/sys/vm/drop_caches" in command[2]
    assert command[-2:] == ["vllm", "serve"]
    assert "hostNetwork" not in answer.pod
    assert "initContainers" not in answer.pod


def argument(text: str) -> Callable[[Answer], None]:
    def check(answer: Answer) -> None:
        assert text in answer.container["args"]

    return check


COMMANDS: list[tuple[str, Callable[[Answer], None]]] = [
    (r"helm install my-vllm ardge-timwu/vllm-helm", default_install),
    (
        r"""
helm install my-vllm ardge-timwu/vllm-helm \
  --set persistence.enabled=true \
  --set persistence.existingClaim=my-existing-pvc
""",
        claim("my-existing-pvc"),
    ),
    (r"helm install my-vllm ardge-timwu/vllm-helm -f values.yaml", host_path),
    (
        r"""
helm install my-vllm ardge-timwu/vllm-helm \
  --set persistence.enabled=true \
  --set persistence.storageClass=vllm-hostpath \
  --set persistence.size=50Gi \
  --set nodeSelector."kubernetes\.io/hostname"=your-node-name
""",
        host_path,
    ),
    (
        r"""
# For a model that takes up to 30 minutes to start
helm install my-vllm ardge-timwu/vllm-helm \
  --set slowStart.maxStartupSeconds=1800
""",
        slow_start(1800),
    ),
    (
        r"""
# Small models (< 7B parameters) - 5 minutes
helm install my-vllm ardge-timwu/vllm-helm \
  --set slowStart.maxStartupSeconds=300
""",
        slow_start(300),
    ),
    (
        r"""
# Medium models (7B-13B) - 10 minutes (default)
helm install my-vllm ardge-timwu/vllm-helm \
  --set slowStart.maxStartupSeconds=600
""",
        slow_start(600),
    ),
    (
        r"""
# Large models (13B-70B) - 30 minutes
helm install my-vllm ardge-timwu/vllm-helm \
  --set slowStart.maxStartupSeconds=1800
""",
        slow_start(1800),
    ),
    (
        r"""
# Huge models (70B+) - 60 minutes
helm install my-vllm ardge-timwu/vllm-helm \
  --set slowStart.maxStartupSeconds=3600
""",
        slow_start(3600),
    ),
    (
        r"""
helm install my-vllm ardge-timwu/vllm-helm \
  --set startupProbe.enabled=false
""",
        legacy_timing,
    ),
    (
        r"""
# For a 7B parameter model
helm install my-vllm ardge-timwu/vllm-helm \
  --set resources.limits.memory=24Gi \
  --set resources.requests.memory=16Gi \
  --set resources.limits.nvidia.com/gpu=1
""",
        seven_billion,
    ),
    (r"helm install vllm ardge-timwu/vllm-helm", plain_vllm),
    (
        r"""
helm install vllm ardge-timwu/vllm-helm \
  --set vllm.model="microsoft/DialoGPT-large" \
  --set vllm.maxModelLen=4096
""",
        custom_model,
    ),
    (
        r"""
# Recommended for production to prevent OOMKilled
helm install vllm ardge-timwu/vllm-helm \
  --set vllm.model="meta-llama/Llama-2-7b-hf" \
  --set resources.limits.memory=24Gi \
  --set resources.requests.memory=16Gi \
  --set resources.limits.nvidia.com/gpu=1
""",
        llama,
    ),
    (
        r"""
helm install vllm ardge-timwu/vllm-helm \
  --set resources.limits.nvidia.com/gpu=2 \
  --set vllm.gpuMemoryUtilization=0.8
""",
        two_gpus,
    ),
    (
        r"""
helm install vllm ardge-timwu/vllm-helm \
  --set vllm.cudaGraphMode=FULL_AND_PIECEWISE \
  --set vllm.asyncScheduling=false
""",
        performance,
    ),
    (
        r"""
helm install vllm ardge-timwu/vllm-helm \
  --set persistence.existingClaim=my-models-pvc
""",
        claim("my-models-pvc"),
    ),
    (
        r"""
helm install vllm ardge-timwu/vllm-helm \
  --set ingress.enabled=true \
  --set ingress.hosts[0].host=vllm.example.com
""",
        ingress,
    ),
    (
        r"""
# Then install with cache dropping enabled
helm install vllm ardge-timwu/vllm-helm \
  --set init_drop_cache=true
""",
        drop_cache,
    ),
    (
        r"helm upgrade vllm ./charts/vllm --set vllm.gpuMemoryUtilization=0.7",
        argument("--gpu-memory-utilization=0.7"),
    ),
    (r"helm upgrade vllm ./charts/vllm --set vllm.maxModelLen=1024", argument("--max-model-len=1024")),
]


def arguments(printed: str) -> list[str]:
    """The words behind the chart's name, as a shell reads them, and the release's name before them."""
    words = shlex.split(printed.replace("\\\n", " "), comments=True)
    assert words[0] == "helm"
    return [words[2], *words[4:]]


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_a_real_shell_hands_over_the_words_that_these_tests_read() -> None:
    script = "helm() { printf '%s\\n' \"$@\" --end-of-command; }\n" + "\n".join(printed for printed, _ in COMMANDS)
    answer = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True, cwd="/")  # noqa: S607
    words = [command.splitlines() for command in answer.stdout.split("--end-of-command\n")[:-1]]

    assert [[line[1], *line[3:]] for line in words] == [arguments(printed) for printed, _ in COMMANDS]


@pytest.mark.parametrize(("printed", "check"), COMMANDS, ids=[" ".join(arguments(text)) for text, _ in COMMANDS])
def test_a_printed_command_works(
    printed: str, check: Callable[[Answer], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "values.yaml").write_text(HOST_PATH_VALUES)
    monkeypatch.chdir(tmp_path)

    answer = run("template", *arguments(printed))

    assert answer.code == 0, answer.stderr
    assert_valid(answer.stdout)
    check(answer)


def manual(answer: Answer) -> None:
    container = answer.container
    assert container["startupProbe"] == probe(10, 10, 5, 120)
    assert container["livenessProbe"] == probe(None, 30, 10, 3)
    assert container["readinessProbe"] == probe(None, 10, 5, 3)


def unprobed(answer: Answer) -> None:
    assert "livenessProbe" not in answer.container
    assert "readinessProbe" not in answer.container
    assert answer.container["startupProbe"] == probe(30, 15, 10, 39)
    # The file, the line, and the value.
    said = [(warning.split(":")[1].isdecimal(), warning.split(": ")[1]) for warning in answer.warnings]
    assert {(True, "livenessProbe.enabled"), (True, "readinessProbe.enabled")} <= set(said)


def thirty_minutes(answer: Answer) -> None:
    started = answer.container["startupProbe"]
    assert started == probe(10, 10, 5, 180)
    assert answer.container["livenessProbe"] == probe(None, 30, 10, 3)


def delays_without_effect(answer: Answer) -> None:
    slow_start(600)(answer)
    # Behind the file and the line.
    (said,) = [warning for warning in answer.warnings if "initialDelaySeconds" in warning and "liveness" in warning]
    assert re.match(r"\S+:\d+: livenessProbe\.initialDelaySeconds: 600 ", said)


def resources(answer: Answer) -> None:
    assert answer.container["resources"] == {
        "limits": {"cpu": "4000m", "memory": "24Gi", "nvidia.com/gpu": "1"},
        "requests": {"cpu": "2000m", "memory": "16Gi", "nvidia.com/gpu": "1"},
    }


def unkept(answer: Answer) -> None:
    assert "PersistentVolumeClaim" not in answer.objects
    assert "not kept: each new pod downloads again" in answer.stderr


BLOCKS: list[tuple[str, Callable[[Answer], None]]] = [
    (
        """
persistence:
  enabled: true
  existingClaim: "my-existing-pvc"
""",
        claim("my-existing-pvc"),
    ),
    (HOST_PATH_VALUES, host_path),
    (
        """
# Disable the PVC
persistence:
  enabled: false

# Add this in your deployment by creating a custom template
# Note: This requires modifying the chart templates
""",
        unkept,
    ),
    (
        """
slowStart:
  enabled: true
  maxStartupSeconds: 1800  # 30 minutes
""",
        slow_start(1800),
    ),
    (
        """
slowStart:
  enabled: false

startupProbe:
  enabled: true
  failureThreshold: 120  # Custom calculation
  periodSeconds: 10

livenessProbe:
  enabled: true
  periodSeconds: 30

readinessProbe:
  enabled: true
  periodSeconds: 10
""",
        manual,
    ),
    (
        """
# DON'T DO THIS - disables health monitoring entirely
livenessProbe:
  enabled: false
readinessProbe:
  enabled: false
""",
        unprobed,
    ),
    (
        """
# BETTER - keeps monitoring, extends startup time
startupProbe:
  enabled: true
  failureThreshold: 180  # 30 minutes for extremely large models
""",
        thirty_minutes,
    ),
    (
        """
livenessProbe:
  enabled: true
  initialDelaySeconds: 600  # 10 minutes
readinessProbe:
  enabled: true
  initialDelaySeconds: 600
""",
        delays_without_effect,
    ),
    (
        """
resources:
  limits:
    cpu: 4000m
    memory: 24Gi
    nvidia.com/gpu: "1"
  requests:
    cpu: 2000m
    memory: 16Gi
    nvidia.com/gpu: "1"
""",
        resources,
    ),
]


@pytest.mark.parametrize(("block", "check"), BLOCKS, ids=[check.__qualname__.split(".")[0] for _, check in BLOCKS])
def test_a_printed_values_block_works(block: str, check: Callable[[Answer], None], tmp_path: Path) -> None:
    path = tmp_path / "values.yaml"
    path.write_text(block)

    answer = run("template", "my-vllm", "-f", str(path))

    assert answer.code == 0, answer.stderr
    assert_valid(answer.stdout)
    check(answer)


def test_the_legacy_block_and_the_command_below_it_are_the_legacy_form(tmp_path: Path) -> None:
    path = tmp_path / "values.yaml"
    path.write_text(next(block for block, check in BLOCKS if check is delays_without_effect))

    answer = run("template", "my-vllm", "-f", str(path), "--set", "startupProbe.enabled=false")

    assert "startupProbe" not in answer.container
    assert answer.container["livenessProbe"]["initialDelaySeconds"] == 600
    assert answer.container["readinessProbe"]["initialDelaySeconds"] == 600
    assert not any("initialDelaySeconds" in warning for warning in answer.warnings)
