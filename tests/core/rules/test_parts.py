"""A part of a pod that Kubernetes does not take breaks the rule of its family."""

from typing import Any

import pytest

from tests.test_hostile_values import planned
from vllm_cdk8s import HttpProbe, InvalidOptionError, VllmCdk8sError
from vllm_cdk8s.core.errors import ConflictError
from vllm_cdk8s.core.jobs.job import Program, job_pod
from vllm_cdk8s.core.kube.schema import check_schema
from vllm_cdk8s.core.pod.raw_pod import check_template
from vllm_cdk8s.core.rules.book import INVALID, LITERAL_SECRET, SCHEMA
from vllm_cdk8s.core.rules.parts import rule_at

POD_PART, VOLUME, PROBE, SECURITY_CONTEXT = "VC223", "VC308", "VC409", "VC507"
PROGRAM = Program(name="a", source="download", arguments=[], image="python:3.12", env={})


def container(**fields: Any) -> list[dict[str, Any]]:
    return [{"name": "a", "image": "b", **fields}]


@pytest.mark.parametrize(
    ("code", "options"),
    [
        # What is not a list or a mapping at all, what the schema has not, and what the API server refuses besides.
        (POD_PART, {"extra_containers": "a"}),
        (POD_PART, {"extra_containers": container(comand=["x"])}),
        (POD_PART, {"init_containers": container(ports=[{"containerPort": 0}])}),
        (POD_PART, {"init_containers": container(resources={"limits": {"volumes": 1}})}),
        (POD_PART, {"tolerations": [{"operator": "Equal"}]}),
        (POD_PART, {"affinity": {"nodeAffinty": {}}}),
        (POD_PART, {"topology_spread": [{"maxSkew": 1}]}),
        (POD_PART, {"env_from": [{"prefix": "x"}]}),
        (POD_PART, {"env": {"A": {"fieldRef": {"fieldPath": "spec.hostname"}}}}),
        (POD_PART, {"env": {"A": {"secretKeyRef": {"name": "a"}}}}),
        (VOLUME, {"volumes": 5}),
        (VOLUME, {"volumes": [{"name": "a"}]}),
        (VOLUME, {"volumes": [{"name": "a", "configMap": {"names": "a"}}]}),
        (VOLUME, {"volume_mounts": [{"name": "a"}]}),
        (VOLUME, {"volume_mounts": [{"name": "a", "mountPath": "/a"}]}),
        (VOLUME, {"extra_containers": container(volumeMounts=[{"name": "model-storage", "mountPath": "/proc/a"}])}),
        (VOLUME, {"extra_containers": container(volumeDevices=[{"name": "a", "devicePath": "dev"}])}),
        (PROBE, {"extra_containers": container(livenessProbe={"periodSeconds": 5})}),
        (PROBE, {"extra_containers": container(readinessProbe={"exec": {"command": ["a"]}, "periodSecond": 5})}),
        (PROBE, {"extra_containers": container(startupProbe={"tcpSocket": {"port": "no-such"}})}),
        (SECURITY_CONTEXT, {"security_context": {"privileged": "true"}}),
        (SECURITY_CONTEXT, {"security_context": {"capabilities": {"add": ["SYS_MAGIC"]}}}),
        (SECURITY_CONTEXT, {"pod_security_context": []}),
        (SECURITY_CONTEXT, {"pod_security_context": {"runAsUser": -1}}),
        (SECURITY_CONTEXT, {"extra_containers": container(securityContext={"runAsUser": -1})}),
    ],
)
def test_a_refused_part_of_a_servers_pod_is_of_its_family(code: str, options: dict[str, Any]) -> None:
    with pytest.raises(InvalidOptionError) as caught:
        planned(**options)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("code", "options"),
    [
        ("VC001", {"drain_seconds": -1}),
        ("VC001", {"env": {"volumes": 5}}),
        ("VC001", {"pod_labels": {"affinity": "a b"}}),
        ("VC001", {"node_selector": {"livenessProbe's": 5}}),
        # Two things that exclude each other are a contradiction wherever they are, and a secret is a secret.
        ("VC002", {"volumes": [{"name": "a", "emptyDir": {}, "hostPath": {"path": "/a"}}]}),
        (LITERAL_SECRET.code, {"extra_containers": container(args=["hf_" + "AbCdEfGhIjKlMnOpQr0123456789"])}),
        ("VC209", {"extra_containers": container(resources={"requests": {"nvidia.com/gpu": 1}})}),
    ],
)
def test_what_is_no_such_part_or_has_a_rule_of_its_own_keeps_it(code: str, options: dict[str, Any]) -> None:
    with pytest.raises(VllmCdk8sError) as caught:
        planned(**options)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("code", "options"),
    [
        (POD_PART, {"tolerations": [{"operator": "Equal"}]}),
        (POD_PART, {"env_from": [{"prefix": "x"}]}),
        (SECURITY_CONTEXT, {"security_context": {"privileged": "true"}}),
    ],
)
def test_a_job_says_the_same(code: str, options: dict[str, Any]) -> None:
    with pytest.raises(InvalidOptionError) as caught:
        job_pod(options, program=PROGRAM, labels={})
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("code", "spec"),
    [
        (POD_PART, {"hostname": "LLM"}),
        (POD_PART, {"containers": []}),
        (VOLUME, {"volumes": [{"name": "a"}]}),
        (PROBE, {"containers": container(livenessProbe={"periodSeconds": 5})}),
        (SECURITY_CONTEXT, {"securityContext": {"fsGroup": "1"}}),
    ],
)
def test_so_does_a_pod_that_was_patched(code: str, spec: dict[str, Any]) -> None:
    with pytest.raises(InvalidOptionError) as caught:
        check_template("patch_pod", {"spec": {"containers": container(), **spec}}, selector={})
    assert caught.value.code == code


def test_the_outermost_part_says_the_rule() -> None:
    assert rule_at("volumes[0].csi.affinity", INVALID).code == VOLUME
    assert rule_at("extra_containers[0].securityContext.volumes", INVALID).code == SECURITY_CONTEXT
    assert rule_at('pod_labels["it\'s.volumes"]', INVALID) is INVALID
    assert rule_at(None, SCHEMA) is SCHEMA
    assert InvalidOptionError("is wrong", option="volumes", rule=SCHEMA).code == SCHEMA.code
    assert ConflictError("is wrong", option="volumes").code == "VC002"


def test_a_shape_of_nobodys_part_and_a_probe_of_ours_keep_the_general_rules() -> None:
    with pytest.raises(InvalidOptionError, match=r"^limits: 5 is not a mapping \[VC010\]$"):
        check_schema("limits", 5, "ResourceRequirements")
    with pytest.raises(InvalidOptionError, match=r"\[VC001\]$"):
        HttpProbe(period_seconds=0)
