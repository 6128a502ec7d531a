"""Scalars of values files where text is wanted, and where a number or a boolean is."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from vllm_cdk8s.helm.loading import parse_values
from vllm_cdk8s.helm.merging import merge
from vllm_cdk8s.helm.problems import ValuesError
from vllm_cdk8s.helm.validation import check_values
from vllm_cdk8s.helm.written import values_yaml


def values(text: str) -> Any:
    return check_values(merge({}, parse_values(text)))


@pytest.mark.parametrize(
    "text",
    ["2024_11_25", "0x1F", "1_2", "1_0", "1.10", "1e3", ".5", "+1", "0b11", "010", "yes", "on", "2024-01-01",
     "12:30", "-0", "1.0", "5"],
)  # fmt: skip
def test_text_arrives_as_it_was_written(text: str) -> None:
    found = values(f"image: {{tag: {text}}}\nnodeSelector: {{a: {text}}}\nvllm: {{additionalArgs: [--seed, {text}]}}")

    assert found.image.tag == text
    assert found.node_selector == {"a": text}
    assert found.vllm.additional_args == ["--seed", text]


def test_what_kubernetes_would_read_as_a_number_is_refused_where_it_stands() -> None:
    assert values("image: {tag: 0o17}").image.tag == "0o17"
    with pytest.raises(ValuesError, match=r"^podLabels\.mode: '0o17' is a number to Kubernetes' reader of YAML"):
        values("podLabels: {mode: 0o17}")


def test_a_zero_in_front_is_base_8_for_kubernetes_and_a_slip_elsewhere() -> None:
    volume = "extraVolumes: [{name: a, secret: {secretName: s, defaultMode: 0644}}]"
    assert values(volume).extra_volumes[0]["secret"]["defaultMode"] == 0o644
    assert values("resources: {limits: {cpu: 010}}").resources.limits == {"cpu": "010"}
    for text in ("replicaCount: 010", "vllm: {gpuMemoryUtilization: 01}", "vllm: {maxModelLen: 02000}"):
        with pytest.raises(ValuesError, match="for the zero that it begins with; write it without"):
            values(text)


@pytest.mark.parametrize("text", ["2.0", "2e0", "0x2", "+2", "'2'"])
def test_a_whole_number_may_be_written_in_any_way(text: str) -> None:
    assert values(f"replicaCount: {text}").replica_count == 2


@pytest.mark.parametrize("text", ["TRUE", "True", "true", "FALSE"])
def test_a_boolean_is_text_where_people_write_booleans_for_it(text: str) -> None:
    found = values(f"podAnnotations: {{a: {text}}}\nvllm: {{env: [{{name: A, value: {text}}}]}}")

    assert found.pod_annotations == {"a": text}
    assert found.vllm.env[0].value == text
    with pytest.raises(ValuesError, match="is not text; write it in quotes"):
        values(f"image: {{tag: {text}}}")


def test_where_a_number_or_a_boolean_is_wanted_it_is_read() -> None:
    found = values(
        "vllm: {port: 0x1F90, gpuMemoryUtilization: .5, trustRemoteCode: TRUE}\n"
        "securityContext: {runAsUser: 1_000, privileged: FALSE}\n"
        "resources: {limits: {cpu: 0.50, nvidia.com/gpu: 0b10}}\n"
    )

    assert (found.vllm.port, found.vllm.gpu_memory_utilization, found.vllm.trust_remote_code) == (8080, 0.5, True)
    assert type(found.vllm.port) is int
    assert found.security_context == {"runAsUser": 1000, "privileged": False}
    assert [type(value) for value in found.security_context.values()] == [int, bool]
    assert found.resources.limits == {"cpu": "0.5", "nvidia.com/gpu": 2}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("vllm: {port: 1_0.5}", "vllm.port: '1_0.5' is not a whole number"),
        ("vllm: {port: TRUE}", "vllm.port: TRUE is not a whole number"),
        ("vllm: {port: 1.50}", "vllm.port: 1.50 is not a whole number"),
        ("persistence: {enabled: 0x1}", "persistence.enabled: 0x1 is not a boolean"),
        ("image: 0x1F", "image: 0x1F is not a mapping"),
    ],
)
def test_messages_quote_what_was_written(text: str, problem: str) -> None:
    with pytest.raises(ValuesError) as caught:
        values(text)

    assert caught.value.lines[0].startswith(problem)


def test_copies_keep_the_text() -> None:
    data = copy.deepcopy(parse_values("a: 1_0\nb: 1.10\nc: TRUE"))

    assert [item.text for item in data.values()] == ["1_0", "1.10", "TRUE"]


def test_values_are_written_as_they_were_read() -> None:
    data = parse_values("a: 1.10\nb: {c: [1_0, TRUE, 0o17, 1e3, x]}\nd: 1")
    text = values_yaml(data)

    assert "a: 1.10\n" in text
    again = parse_values(text)
    assert again == data
    assert [item.text for item in again["b"]["c"][:4]] == ["1_0", "TRUE", "0o17", "1e3"]
