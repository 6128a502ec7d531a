"""A whole pod template: patched by a user, and what its parts say of each other."""

from copy import deepcopy
from typing import Any

import pytest

from tests.test_hostile_values import planned
from vllm_cdk8s import ConflictError, InvalidOptionError
from vllm_cdk8s.core.pod.patching import patched
from vllm_cdk8s.core.pod.raw_pod import check_template

SELECTOR = {"app": "llm"}
TEMPLATE: dict[str, Any] = {
    "metadata": {"labels": {"app": "llm", "team": "a"}},
    "spec": {
        "containers": [
            {
                "name": "vllm",
                "image": "vllm/vllm-openai:v0.20.0",
                "args": ["serve"],
                "ports": [{"name": "http", "containerPort": 8000}],
                "livenessProbe": {"httpGet": {"port": "http"}},
            }
        ],
        "volumes": [{"name": "models", "persistentVolumeClaim": {"claimName": "models"}}],
    },
}


def refusal(path: Any, value: object) -> str:
    with pytest.raises((InvalidOptionError, ConflictError)) as caught:
        check_template("patch_pod", patched(TEMPLATE, path, value), selector=SELECTOR)
    return str(caught.value)


@pytest.mark.parametrize(
    ("path", "message"),
    [
        (5, "path: 5 is not a string"),
        ("spec/hostname", "path: 'spec/hostname' is not a JSON pointer; allowed: such as '/spec/hostname'"),
        ("/spec/container/0/image", "path: '/spec/container/0/image' has no 'container' to be set in; there are"),
        ("/spec/containers/1/image", "path: '/spec/containers/1/image' names item '1' of a list of 1; allowed: 0 to 0"),
        ("/spec/containers/5", "path: '/spec/containers/5' names item '5' of a list of 1; allowed: 0 to 1"),
        ("/spec/containers/0/image/a", "path: '/spec/containers/0/image/a' leads below 'vllm/vllm-openai:v0.20.0'"),
    ],
)  # fmt: skip
def test_a_path_that_leads_nowhere_is_refused(path: Any, message: str) -> None:
    assert refusal(path, "x").startswith(message)


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("/spec/hostname", 5, "spec.hostname: 5 is not a string"),
        ("/spec/hostname", "LLM", "spec.hostname: 'LLM' is not a DNS label"),
        ("/spec/hostNetwork", "true", "spec.hostNetwork: 'true' is not a boolean"),
        ("/spec/dnspolicy", "Default", "spec: 'dnspolicy' is not a field of PodSpec; did you mean 'dnsPolicy'?"),
        ("/spec/dnsPolicy", "default", "spec.dnsPolicy: 'default' is not known; allowed: ClusterFirstWithHostNet"),
        ("/spec/dnsPolicy", "None", "spec.dnsPolicy: 'None' needs dnsConfig.nameservers"),
        ("/spec/restartPolicy", "OnFailure", "spec.restartPolicy: is not for pods that are to run for ever"),
        ("/spec/activeDeadlineSeconds", 5, "spec.activeDeadlineSeconds: is not for pods that are to run for ever"),
        ("/spec/terminationGracePeriodSeconds", -1, "spec.terminationGracePeriodSeconds: -1 is out of range"),
        ("/spec/hostAliases", [{"ip": "llm", "hostnames": ["a"]}], "spec.hostAliases[0].ip: 'llm' is not an IP"),
        ("/spec/subdomain", "a.b", "spec.subdomain: 'a.b' is not a DNS label"),
        ("/spec/serviceAccountName", "a_b", "spec.serviceAccountName: 'a_b' is not a Kubernetes object name"),
        ("/spec/runtimeClassName", "a_b", "spec.runtimeClassName: 'a_b' is not a Kubernetes object name"),
        ("/spec/schedulerName", "a_b", "spec.schedulerName: 'a_b' is not a Kubernetes object name"),
        ("/spec/priorityClassName", "a_b", "spec.priorityClassName: 'a_b' is not a Kubernetes object name"),
        ("/spec/nodeName", "a_b", "spec.nodeName: 'a_b' is not a Kubernetes object name"),
        ("/spec/imagePullSecrets", [{"name": "a"}, {"name": "a_b"}], "spec.imagePullSecrets[1].name: 'a_b' is not"),
        ("/spec/topologySpreadConstraints",
         [{"maxSkew": 0, "topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule"}],
         "spec.topologySpreadConstraints[0].maxSkew: 0 is out of range"),
        ("/spec/nodeSelector", {"a": "b c"}, "spec.nodeSelector['a']: 'b c' is not a label value"),
        ("/spec/tolerations", [{"key": "a", "effect": "NoSchedule", "tolerationSeconds": 5}],
         "spec.tolerations[0].tolerationSeconds: 5 needs effect 'NoExecute'"),
        ("/spec/affinity", {"nodeAffinities": {}}, "spec.affinity: 'nodeAffinities' is not a field"),
        ("/spec/containers", [], "spec.containers: is empty; a pod needs a container"),
        ("/spec/containers/0/image", "a b", "spec.containers[0].image: 'a b' is not a reference to an image"),
        ("/spec/containers/0/ports/-", {"name": "http", "containerPort": 1}, "spec.containers[0].ports: 'http' is"),
        ("/spec/containers/0/livenessProbe/httpGet/port", "web",
         "spec.containers[0].livenessProbe.httpGet.port: 'web' is not the name of a port of this container"),
        ("/spec/containers/0/volumeMounts", [{"name": "model", "mountPath": "/m"}],
         "spec.containers[0].volumeMounts[0].name: 'model' is not the name of a volume; there are: models; did you"),
        ("/spec/containers/-", {"name": "vllm", "image": "a"}, "spec.containers: 'vllm' is there twice"),
        ("/spec/volumes/-", {"name": "models", "emptyDir": {}}, "spec.volumes: 'models' is there twice"),
        ("/spec/containers/0/resources", {"claims": [{"name": "gpu"}]},
         "spec.containers[0].resources.claims[0].name: 'gpu' is not the name of a claim of the pod; there are: none"),
        ("/spec/containers/0/securityContext", {"procMount": "Unmasked"},
         "spec.containers[0].securityContext.procMount: 'Unmasked' needs hostUsers: false"),
        ("/spec/containers/0/lifecycle", {"preStop": {"sleep": {"seconds": 60}}},
         "spec.containers[0].lifecycle.preStop.sleep.seconds: 60 is above terminationGracePeriodSeconds: 30"),
        ("/spec/containers/0/lifecycle", {"stopSignal": "SIGINT"},
         "spec.containers[0].lifecycle.stopSignal: needs the pod's os.name"),
        ("/spec/containers/0/env", [{"name": "HF_TOKEN", "value": "abc"}], "spec.containers[0].env[0].value: a"),
        ("/metadata/labels/app", "other", "metadata.labels['app']: 'other' contradicts the selector's 'llm'"),
        ("/metadata/annotations", {"a b": "c"}, "metadata.annotations: 'a b' is not a qualified name"),
    ],
)  # fmt: skip
def test_a_patched_pod_is_held_against_the_api_servers_rules(path: str, value: object, message: str) -> None:
    assert refusal(path, value).startswith(f"patch_pod.{message}")


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("/spec/hostname", "llm"),
        ("/spec/hostNetwork", True),
        ("/spec/containers/0/args/-", "--enforce-eager"),
        ("/spec/containers/0/args/0", "first"),
        ("/metadata/annotations", {"Prometheus.io/scrape": "true"}),
        ("/metadata/labels/a~1b", "c"),
        ("/spec/dnsConfig", {"nameservers": ["10.0.0.10"]}),
        ("/spec/containers/0/volumeDevices", [{"name": "models", "devicePath": "/dev/models"}]),
        ("/spec/terminationGracePeriodSeconds", 0),
        ("/spec/priority", -5),
    ],
)
def test_what_may_be_patched_is_patched(path: str, value: object) -> None:
    before = deepcopy(TEMPLATE)
    result = patched(TEMPLATE, path, value)
    check_template("patch_pod", result, selector=SELECTOR)
    assert before == TEMPLATE
    assert result != TEMPLATE


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"extra_containers": [{"name": "a", "image": "b", "resources": {"claims": [{"name": "x"}]}}]},
            "extra_containers[0].resources.claims[0].name: 'x' is not the name of a claim of the pod",
        ),
        (
            {"init_containers": [{"name": "a", "image": "b", "volumeDevices": [{"name": "x", "devicePath": "/d"}]}]},
            "init_containers[0].volumeDevices[0].name: 'x' is not the name of a volume; there are: model-storage",
        ),
        (
            {"volumes": [{"name": "x", "emptyDir": {}}],
             "extra_containers": [{"name": "a", "image": "b", "volumeDevices": [{"name": "x", "devicePath": "/d"}]}]},
            "extra_containers[0].volumeDevices[0].name: is not a claim, which a block device needs",
        ),
        (
            {"volumes": [{"name": "x", "emptyDir": {}}],
             "volume_mounts": [{"name": "x", "mountPath": "/d", "mountPropagation": "Bidirectional"}]},
            "volume_mounts[0].mountPropagation: 'Bidirectional' needs a privileged container",
        ),
        (
            {"env": {"A": {"resourceFieldRef": {"resource": "limits.memory", "containerName": "side"}}}},
            "env['A'].resourceFieldRef.containerName: 'side' is not the name of a container; there are: vllm",
        ),
    ],
)  # fmt: skip
def test_parts_of_a_servers_pod_must_fit_each_other(options: dict[str, Any], message: str) -> None:
    with pytest.raises((InvalidOptionError, ConflictError)) as caught:
        planned(gpus=1, **options)
    assert message in str(caught.value)
