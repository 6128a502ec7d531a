"""Adapters that come while vLLM serves: who may load them, and what is said of doors that the API key leaves open."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests import synthesis
from tests.lint.manifests import CLAIM, GOOD, changed, codes, run
from vllm_cdk8s import (
    HTTPRoute,
    Ingress,
    IngressHost,
    IngressPath,
    LoraAdapters,
    ModelStorage,
    RouteMatch,
    SecretKey,
    VllmCdk8sWarning,
    VllmServer,
)
from vllm_cdk8s.core.engine.adapters import come_at_runtime
from vllm_cdk8s.core.traffic.exposure import lets_through

if TYPE_CHECKING:
    from pathlib import Path

    import cdk8s

    from vllm_cdk8s.core.errors import Problem

OPEN = "VC550"
KEY = {"name": "VLLM_API_KEY", "valueFrom": {"secretKeyRef": {"name": "a", "key": "b"}}}
SWITCH = "VLLM_ALLOW_RUNTIME_LORA_UPDATING"


@pytest.fixture
def chart() -> cdk8s.Chart:
    return synthesis.new_chart(namespace="llm")


def vllm(chart: cdk8s.Chart, **options: Any) -> VllmServer:
    given = {
        "name": "llama", "api_key": SecretKey("llama", "key"), "lora": LoraAdapters(resolve_at_runtime=True),
        "storage": ModelStorage.none(chart, "cache"), "acknowledge": {"VC503": "policies are not what is tested here"},
        **options,
    }  # fmt: skip
    return VllmServer(chart, "llama", **{**synthesis.PLAIN, **given})


def told(recwarn: pytest.WarningsRecorder) -> list[str]:
    return [str(problem) for problem in problems(recwarn)]


def problems(recwarn: pytest.WarningsRecorder) -> list[Problem]:
    found = [warning.message for warning in recwarn]
    told = [each.problem for each in found if isinstance(each, VllmCdk8sWarning) and each.problem]
    return [problem for problem in told if problem.rule.code == OPEN]


@pytest.mark.parametrize(
    ("matches", "warns"),
    [
        (["/v1"], False),
        (["/"], True),
        (["/v1", "/adapters"], True),
        (["/adapters/"], True),
        ([RouteMatch(path="/llama", replace_prefix="/")], True),
        ([RouteMatch(path="/llama/v1", replace_prefix="/v1")], False),
        ([RouteMatch(path="/adapters", path_type="Exact")], True),
        ([RouteMatch(path="/health", path_type="Exact")], False),
        ([RouteMatch(path="/.*", path_type="RegularExpression")], False),
    ],
)
def test_a_route_that_lets_more_through_than_v1_lets_adapters_in(
    chart: cdk8s.Chart, matches: list[Any], *, warns: bool, recwarn: pytest.WarningsRecorder
) -> None:
    HTTPRoute(chart, "route", gateways=["public"], backends=[vllm(chart)], matches=matches)
    found = told(recwarn)
    assert len(found) == warns
    for each in found:
        assert each.startswith("matches: HTTPRoute llm/route leads to /adapters of llm/llama from outside the cluster")


@pytest.mark.parametrize(
    ("door", "option"),
    [
        ({"ingress": Ingress(hosts=["llm.example.com"])}, "ingress"),
        ({"service_type": "LoadBalancer"}, "service_type"),
        ({"ingress": Ingress(hosts=[IngressHost(host="a.com", paths=[IngressPath(path="/v1")])])}, None),
        ({"ingress": Ingress(hosts=["a.com"], annotations={"nginx.ingress.kubernetes.io/auth-url": "x"})}, None),
        ({"service_type": "LoadBalancer", "service_annotations": {"a/load-balancer-internal": "true"}}, None),
        ({"service_type": "NodePort"}, None),
    ],
)
def test_a_servers_own_door_lets_adapters_in(
    chart: cdk8s.Chart, door: dict[str, Any], option: str | None, recwarn: pytest.WarningsRecorder
) -> None:
    vllm(chart, **door)
    assert [problem.option for problem in problems(recwarn)] == ([] if option is None else [option])


def test_releases_without_that_door_and_servers_without_the_switch_are_left_alone(
    chart: cdk8s.Chart, recwarn: pytest.WarningsRecorder
) -> None:
    old = vllm(chart, image="vllm/vllm-openai:v0.11.0", service_type="LoadBalancer")
    HTTPRoute(chart, "route", gateways=["public"], backends=[old], matches=["/"])
    other = synthesis.new_chart(namespace="llm")
    plain = vllm(other, lora=LoraAdapters(adapters={"sql": "org/sql"}), service_type="LoadBalancer")
    HTTPRoute(other, "route", gateways=["public"], backends=[plain], matches=["/"])
    assert told(recwarn) == []


def test_what_is_meant_is_acknowledged(chart: cdk8s.Chart, recwarn: pytest.WarningsRecorder) -> None:
    meant = {"VC503": "tested elsewhere", OPEN: "the gateway refuses /adapters"}
    server = vllm(chart, acknowledge=meant, service_type="LoadBalancer")
    HTTPRoute(chart, "route", gateways=["public"], backends=[server], matches=["/"])
    assert told(recwarn) == []


def test_a_key_without_a_policy_leaves_that_door_open(chart: cdk8s.Chart) -> None:
    vllm(chart, acknowledge={})
    with pytest.warns(
        VllmCdk8sWarning, match=r"below /v1 only; /adapters \(which loads adapters from anywhere\), /metrics"
    ):
        synthesis.to_yaml(chart)


def test_without_a_key_whoever_reaches_it_loads_adapters(chart: cdk8s.Chart) -> None:
    with pytest.warns(VllmCdk8sWarning, match=r"lora: resolve_at_runtime lets whoever reaches the server.*\[VC550\]"):
        vllm(chart, api_key=None)


@pytest.mark.parametrize(("value", "on"), [("1", True), ("True", True), ("0", False), ("", False), ("yes", False)])
def test_the_switch_is_read_as_vllm_reads_it(value: str, on: bool) -> None:
    assert come_at_runtime({"spec": {"containers": [{"env": [{"name": SWITCH, "value": value}]}]}}) is on


def test_a_path_lets_through_what_is_below_it() -> None:
    assert lets_through("/adapters", exact=True)
    assert not lets_through("/", exact=True)
    assert not lets_through("/adapter")
    assert all(map(lets_through, ("/", "/adapters", "/adapters/")))


# Anybody's manifests.


@pytest.mark.parametrize(
    ("env", "image", "said"),
    [
        ([{"name": SWITCH, "value": "1"}], "vllm/vllm-openai:v0.20.2", "by /v1/load_lora_adapter"),
        (
            [{"name": SWITCH, "value": "true"}, KEY],
            "vllm/vllm-openai:v0.20.2",
            "by /adapters, which the API key does not guard",
        ),
    ],
)
def test_check_says_which_door_is_open(tmp_path: Path, env: list[dict[str, Any]], image: str, said: str) -> None:
    [found] = run(tmp_path, changed(GOOD, container__env=env, container__image=image), CLAIM)
    assert (found.rule, found.severity) == (OPEN, "warning")
    assert found.message.endswith(said)


@pytest.mark.parametrize(
    ("env", "image"),
    [
        ([{"name": SWITCH, "value": "0"}], "vllm/vllm-openai:v0.20.2"),
        (
            [{"name": SWITCH, "value": "1"}, KEY],
            "vllm/vllm-openai:v0.11.0",
        ),
    ],
)
def test_check_says_nothing_where_the_key_guards_all_doors(
    tmp_path: Path, env: list[dict[str, Any]], image: str
) -> None:
    assert OPEN not in codes(run(tmp_path, changed(GOOD, container__env=env, container__image=image), CLAIM))
