"""Plain data against the shapes of the Kubernetes API."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from vllm_cdk8s.core.errors import InvalidOptionError
from vllm_cdk8s.core.kube.schema import check_schema, since

ROOT = Path(__file__).parents[3]
GOLDEN = sorted((ROOT / "tests" / "golden").rglob("*.yaml"))
API_VERSIONS = {"v1", "apps/v1", "batch/v1", "networking.k8s.io/v1", "autoscaling/v2", "policy/v1"}
KINDS = {
    "ConfigMap", "Deployment", "HorizontalPodAutoscaler", "Ingress", "Job", "Namespace", "NetworkPolicy",
    "PersistentVolume", "PersistentVolumeClaim", "PodDisruptionBudget", "Secret", "Service", "ServiceAccount",
}  # fmt: skip
TERM = "affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchExpressions[0]"


def term(**expression: Any) -> dict[str, Any]:
    terms = [{"matchExpressions": [{"key": "a", "operator": "Exists", **expression}]}]
    return {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}}}


@pytest.mark.parametrize(
    ("value", "definition", "message"),
    [
        (term(operator="in"), "Affinity", f"{TERM}.operator: 'in' is not known; allowed: In, NotIn, Exists, "),
        (term(values="x"), "Affinity", f"{TERM}.values: 'x' is not a list"),
        (term(values=[1]), "Affinity", f"{TERM}.values[0]: 1 is not a string; write it in quotation marks"),
        (term(operator=None), "Affinity", f"{TERM}: has no operator, which NodeSelectorRequirement needs"),
        (term(vals=[]), "Affinity", f"{TERM}: 'vals' is not a field of NodeSelectorRequirement; allowed: key, "),
        (
            {"runAsUser": "1000"},
            "SecurityContext",
            "affinity.runAsUser: '1000' is not a whole number of 64 bits; write it",
        ),
        ({"privileged": "true"}, "SecurityContext", "affinity.privileged: 'true' is not a boolean"),
        ({"privileged": 1}, "SecurityContext", "affinity.privileged: 1 is not a boolean"),
        ({"maxSurge": 1.5}, "RollingUpdateDeployment", "affinity.maxSurge: 1.5 is not a whole number of 32 bits or a"),
        ({"sizeLimit": "10GB"}, "EmptyDirVolumeSource", "affinity.sizeLimit: '10GB' is not a quantity"),
        ({"sizeLimit": True}, "EmptyDirVolumeSource", "affinity.sizeLimit: True is not a quantity"),
        (
            {"containerPort": 2**31},
            "ContainerPort",
            "affinity.containerPort: 2147483648 is not a whole number of 32 bits",
        ),
        ({"containerPort": True}, "ContainerPort", "affinity.containerPort: True is not a whole number of 32 bits"),
        ({"containerPort": 1.5}, "ContainerPort", "affinity.containerPort: 1.5 is not a whole number of 32 bits"),
        ({"limits": {"cpu": []}}, "ResourceRequirements", "affinity.limits['cpu']: [] is not a quantity"),
        ({"limits": ["cpu"]}, "ResourceRequirements", "affinity.limits: ['cpu'] is not a mapping"),
        ({"matchLabels": {"a": 1}}, "LabelSelector", "affinity.matchLabels['a']: 1 is not a string"),
        ({"matchLabels": {1: "a"}}, "LabelSelector", "affinity.matchLabels: 1 is not a string, as a key must be"),
        ([{"name": "a", "image": "b"}, "x"], "Container[]", "affinity[1]: 'x' is not a mapping"),
        (["x"], "Affinity", "affinity: ['x'] is not a mapping"),
        (5, "Container[]", "affinity: 5 is not a list"),
    ],
)
def test_what_has_not_its_shape_is_named_by_its_path(value: Any, definition: str, message: str) -> None:
    with pytest.raises(InvalidOptionError) as caught:
        check_schema("affinity", value, definition)
    assert str(caught.value).startswith(message)
    assert caught.value.code == "VC223"


def test_a_misspelt_field_gets_the_nearest_name_and_all_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(InvalidOptionError) as caught:
        check_schema("init_containers", [{"name": "a", "volumeMount": [], "tty": "no"}], "Container[]")
    assert caught.value.lines == (
        "init_containers[0]: 'volumeMount' is not a field of Container; did you mean 'volumeMounts'?",
        "init_containers[0].tty: 'no' is not a boolean; allowed: true, false",
    )


@pytest.mark.parametrize(
    ("value", "definition"),
    [
        ({"httpGet": {"port": "http"}}, "Probe"),
        ({"httpGet": {"port": 8000}}, "Probe"),
        ({"limits": {"cpu": 0.5, "memory": "1e9", "x.y/z": 1}}, "ResourceRequirements"),
        ({"medium": "HugePages-2Mi", "sizeLimit": "1Gi"}, "EmptyDirVolumeSource"),
        ({"effect": "", "operator": "Exists"}, "Toleration"),
        ({"operator": "Lt", "key": "a", "value": "1"}, "Toleration"),
        ({"initialDelaySeconds": 5.0}, "Probe"),
        ({"runAsUser": None}, "SecurityContext"),
        ({"name": "a", "restartPolicy": "Always"}, "Container"),
    ],
)
def test_what_the_api_server_takes_is_taken(value: Any, definition: str) -> None:
    check_schema("x", value, definition)


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.name)
def test_no_golden_manifest_is_refused(path: Path) -> None:
    for document in yaml.safe_load_all(path.read_text(encoding="utf-8")):
        if document is not None and document["apiVersion"] in API_VERSIONS and document["kind"] in KINDS:
            check_schema("", document, document["kind"])


def test_fields_that_are_younger_than_the_oldest_kubernetes_are_marked() -> None:
    assert since("Container", "restartPolicy") == "1.28"
    assert since("Container", "image") is None


def test_the_data_is_small_and_what_the_schemas_say() -> None:
    assert (ROOT / "vllm_cdk8s" / "data" / "kubernetes.json").stat().st_size < 150 * 1024
    generator = [sys.executable, str(ROOT / "tools" / "kubernetes_schema.py"), "--check"]
    subprocess.run(generator, check=True)


def test_the_data_is_not_read_until_something_is_checked() -> None:
    code = (
        "from vllm_cdk8s.core import data\n"
        "from vllm_cdk8s.core.pod.placement import scheduling\n"
        "scheduling(node_selector={}, node_name=None, tolerations=(), affinity={}, topology_spread=(),\n"
        "           runtime_class=None, scheduler_name=None, priority_class=None, kai=None, device_claims=())\n"
        "print(data.generated.cache_info().misses)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "0\n"
