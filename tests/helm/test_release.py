"""The names of a release: the chart's rules, so that what runs is taken over and not doubled."""

from __future__ import annotations

from typing import Any

import pytest

from vllm_cdk8s.helm.problems import ValuesError
from vllm_cdk8s.helm.release import Release, name_release
from vllm_cdk8s.helm.validation import check_values


def named(release: str, **values: Any) -> Release:
    return name_release(release, check_values(values))


@pytest.mark.parametrize(
    ("release", "values", "fullname", "app_name"),
    [
        ("vllm", {}, "vllm", "vllm"),
        ("my-vllm", {}, "my-vllm", "vllm"),
        ("prod", {}, "prod-vllm", "vllm"),
        ("vllmprod", {}, "vllmprod", "vllm"),
        ("prod", {"nameOverride": "llm"}, "prod-llm", "llm"),
        ("my-llm", {"nameOverride": "llm"}, "my-llm", "llm"),
        ("my-vllm", {"nameOverride": "llama"}, "my-vllm-llama", "llama"),
        ("prod", {"fullnameOverride": "chat"}, "chat", "vllm"),
        ("prod", {"fullnameOverride": "chat", "nameOverride": "llm"}, "chat", "llm"),
        ("a" * 53, {}, "a" * 53 + "-vllm", "vllm"),
        ("a" * 53, {"nameOverride": "b" * 20}, "a" * 53 + "-" + "b" * 9, "b" * 20),
        # Cut at 63 characters, and not in a dash.
        ("prod", {"fullnameOverride": "a" * 62 + "-b"}, "a" * 62, "vllm"),
    ],
)
def test_objects_are_called_as_the_chart_calls_them(
    release: str, values: dict[str, Any], fullname: str, app_name: str
) -> None:
    found = named(release, **values)

    assert (found.fullname, found.app_name, found.instance) == (fullname, app_name, release)
    assert found.claim == f"{fullname}-pvc"
    assert found.service_account == fullname


def test_claims_and_accounts_follow_the_values() -> None:
    assert named("prod", persistence={"enabled": False}).claim is None
    assert named("prod", persistence={"existingClaim": "models"}).claim == "models"
    assert named("prod", serviceAccount={"name": "me"}).service_account == "me"
    assert named("prod", serviceAccount={"create": False}).service_account == "default"
    assert named("prod", serviceAccount={"create": False, "name": "me"}).service_account == "me"


@pytest.mark.parametrize(
    ("release", "values", "problem"),
    [
        ("", {}, "release name: '' is not allowed"),
        ("Prod", {}, "release name: 'Prod' is not allowed"),
        ("a_b", {}, "release name: 'a_b' is not allowed"),
        ("a" * 54, {}, "at most 53"),
        ("-a", {}, "release name: '-a' is not allowed"),
        ("1a", {}, "release name: '1a-vllm' cannot be the name of a Service"),
        ("a.b", {}, "release name: 'a.b-vllm' cannot be the name of a Service"),
        ("prod", {"nameOverride": "L"}, "nameOverride: 'prod-L' cannot be the name of a Service"),
        ("prod", {"fullnameOverride": "9"}, "fullnameOverride: '9' cannot be the name of a Service"),
    ],
)
def test_a_name_that_kubernetes_or_helm_would_refuse_is_refused(
    release: str, values: dict[str, Any], problem: str
) -> None:
    with pytest.raises(ValuesError) as caught:
        named(release, **values)

    (line,) = caught.value.lines
    assert problem in line
