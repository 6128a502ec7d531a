"""HTTPRoute and InferencePool: what a Gateway is told."""

from __future__ import annotations

import re
from typing import Any

import cdk8s
import cdk8s_plus_27 as kplus
import pytest

from tests import synthesis
from tests.kubernetes_schemas import assert_valid
from vllm_cdk8s import (
    ConflictError,
    GatewayRef,
    HTTPRoute,
    InferencePool,
    InvalidOptionError,
    LoraAdapter,
    LoraAdapters,
    ModelStorage,
    MultiNodeVllmServer,
    RouteMatch,
    SecretKey,
    VllmCdk8sWarning,
    VllmServer,
    WeightedBackend,
)

KEY = SecretKey("llama", "api-key")
MEANT = {"VC503": "policies are not what is tested here"}


@pytest.fixture
def chart() -> cdk8s.Chart:
    return synthesis.new_chart(namespace="inference")


def vllm(chart: cdk8s.Chart, id: str = "llama", **options: Any) -> VllmServer:
    return VllmServer(chart, id, **{**synthesis.PLAIN, "name": id, "api_key": KEY, "acknowledge": MEANT, **options})


def routed(chart: cdk8s.Chart, *backends: Any, **options: Any) -> dict[str, Any]:
    """The spec of the one HTTPRoute of a chart, which is found valid."""
    HTTPRoute(chart, "route", **{"gateways": ["public"], "backends": backends or [vllm(chart)], **options})
    return spec(chart)


def spec(chart: cdk8s.Chart, kind: str = "HTTPRoute") -> dict[str, Any]:
    assert_valid(synthesis.documents(chart))
    return dict(synthesis.the(chart, kind)["spec"])


# Routes.


def test_a_route_lets_v1_through_to_the_service_and_nothing_else(chart: cdk8s.Chart) -> None:
    server = vllm(chart, service_port=80)
    made = routed(chart, server)
    assert made["parentRefs"] == [{"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": "public"}]
    assert "hostnames" not in made
    assert made["rules"] == [
        {
            "matches": [{"path": {"type": "PathPrefix", "value": "/v1"}}],
            "backendRefs": [{"kind": "Service", "name": "llama", "port": 80, "weight": 1}],
            "timeouts": {"request": "3600s"},
        }
    ]
    service = synthesis.the(chart, "Service")
    assert service["metadata"]["name"] == "llama"
    assert [port["port"] for port in service["spec"]["ports"]] == [80]


def test_a_service_named_by_cdk8s_is_found(chart: cdk8s.Chart) -> None:
    made = routed(chart, vllm(chart, name=None))
    assert made["rules"][0]["backendRefs"][0]["name"] == synthesis.the(chart, "Service")["metadata"]["name"]


def test_a_gateway_of_another_namespace_is_named_with_its_listener(chart: cdk8s.Chart) -> None:
    made = routed(chart, gateways=[GatewayRef(name="public", namespace="gateways", listener="https", port=443)])
    assert made["parentRefs"][0] == {
        "group": "gateway.networking.k8s.io",
        "kind": "Gateway",
        "name": "public",
        "namespace": "gateways",
        "sectionName": "https",
        "port": 443,
    }


@pytest.mark.parametrize(
    ("options", "timeouts"),
    [
        ({}, {"request": "3600s"}),
        ({"request_timeout_seconds": 0}, {"request": "0s"}),
        ({"request_timeout_seconds": None}, None),
        (
            {"request_timeout_seconds": 600, "backend_timeout_seconds": 600},
            {"request": "600s", "backendRequest": "600s"},
        ),
        ({"request_timeout_seconds": 0, "backend_timeout_seconds": 0}, {"request": "0s", "backendRequest": "0s"}),
        ({"request_timeout_seconds": 0, "backend_timeout_seconds": 60}, {"request": "0s", "backendRequest": "60s"}),
    ],
)
def test_an_answer_may_take_as_long_as_is_said(
    chart: cdk8s.Chart, options: dict[str, Any], timeouts: dict[str, str] | None
) -> None:
    assert routed(chart, **options)["rules"][0].get("timeouts") == timeouts


@pytest.mark.parametrize("attempt", [601, 0])
def test_an_attempt_may_not_outlast_its_request(chart: cdk8s.Chart, attempt: int) -> None:
    with pytest.raises(
        ConflictError, match=r"^backend_timeout_seconds: .* is longer than request_timeout_seconds: 600"
    ):
        routed(chart, request_timeout_seconds=600, backend_timeout_seconds=attempt)


def test_each_rewrite_is_a_rule_and_all_reach_the_same_backends(chart: cdk8s.Chart) -> None:
    matches = [
        "/v1",
        RouteMatch(path="/llama/v1", replace_prefix="/v1"),
        RouteMatch(path="/health", path_type="Exact", headers={"x-probe": "yes"}),
    ]
    plain, rewritten = routed(chart, matches=matches)["rules"]
    assert plain["matches"] == [
        {"path": {"type": "PathPrefix", "value": "/v1"}},
        {
            "path": {"type": "Exact", "value": "/health"},
            "headers": [{"type": "Exact", "name": "x-probe", "value": "yes"}],
        },
    ]
    assert "filters" not in plain
    assert rewritten["filters"] == [
        {"type": "URLRewrite", "urlRewrite": {"path": {"type": "ReplacePrefixMatch", "replacePrefixMatch": "/v1"}}}
    ]
    assert rewritten["backendRefs"] == plain["backendRefs"]


def test_a_canary_gets_its_share(chart: cdk8s.Chart) -> None:
    shares = [WeightedBackend(to=vllm(chart, "old"), weight=90), WeightedBackend(to=vllm(chart, "new"), weight=10)]
    references = routed(chart, *shares)["rules"][0]["backendRefs"]
    assert [(each["name"], each["weight"]) for each in references] == [("old", 90), ("new", 10)]


def test_a_backend_in_another_namespace_is_named_and_warns(chart: cdk8s.Chart) -> None:
    edge = cdk8s.Chart(chart.node.root, "edge", namespace="edge")  # type: ignore[arg-type]  # the root is an App
    with pytest.warns(VllmCdk8sWarning, match=r"^backends: llm/llama is in namespace 'inference'.*a ReferenceGrant in"):
        HTTPRoute(edge, "route", gateways=["public"], backends=[vllm(chart)])
    assert spec(chart)["rules"][0]["backendRefs"][0]["namespace"] == "inference"


def test_a_backend_whose_namespace_nobody_knows_is_refused(chart: cdk8s.Chart) -> None:
    nowhere = cdk8s.Chart(chart.node.root, "nowhere")  # type: ignore[arg-type]  # the root is an App
    with pytest.raises(ConflictError, match=r"^backends: nowhere/llama has no namespace"):
        HTTPRoute(chart, "route", gateways=["public"], backends=[vllm(nowhere)])


def test_a_server_that_speaks_tls_warns(chart: cdk8s.Chart) -> None:
    tls = {"ssl_certfile": "/certs/tls.crt", "ssl_keyfile": "/certs/tls.key"}
    server = vllm(chart, engine_args=tls)
    with pytest.warns(VllmCdk8sWarning, match=r"^backends: llm/llama speaks TLS.*BackendTLSPolicy"):
        routed(chart, server)
    with pytest.warns(VllmCdk8sWarning, match=r"^server: llm/llama speaks TLS.*BackendTLSPolicy"):
        InferencePool(chart, "pool", server=server, endpoint_picker="llama-epp")


def test_a_route_carries_the_labels_that_all_its_backends_have(chart: cdk8s.Chart) -> None:
    one, other = vllm(chart, "one", labels={"team": "ml"}), vllm(chart, "other", labels={"team": "ml"})
    pool = InferencePool(chart, "pool", server=vllm(chart), endpoint_picker="epp", labels={"tier": "gold"})
    foreign = InferencePool.from_pool_name(chart, "foreign", "somebody-elses")
    backends: dict[str, list[Any]] = {"one": [one], "both": [one, other], "pool": [pool], "foreign": [one, foreign]}
    for name, to in backends.items():
        HTTPRoute(chart, f"to-{name}", gateways=["public"], backends=to, name=name, labels={"route": name})
    labels = {each["metadata"]["name"]: each["metadata"]["labels"] for each in synthesis.of_kind(chart, "HTTPRoute")}
    assert labels == {
        "one": {**one.labels, "route": "one"},
        "both": {"app.kubernetes.io/name": "vllm", "team": "ml", "route": "both"},
        "pool": {"app.kubernetes.io/name": "vllm", "app.kubernetes.io/instance": "llama", "tier": "gold",
                 "route": "pool"},
        "foreign": {"route": "foreign"},
    }  # fmt: skip


# Pools.


def test_a_pool_of_a_server_over_several_nodes_selects_the_pods_that_serve(chart: cdk8s.Chart) -> None:
    server = MultiNodeVllmServer(
        chart, "big", model=synthesis.MODEL, image=synthesis.PLAIN["image"], nodes=2, gpus=1, replicas=2, port=9000,
        storage=ModelStorage.none(chart, "cache"), name="big",
    )  # fmt: skip
    InferencePool(chart, "pool", server=server, endpoint_picker="big-epp")
    made = spec(chart, "InferencePool")
    assert made["selector"]["matchLabels"] == {
        "app.kubernetes.io/name": "vllm",
        "app.kubernetes.io/instance": "big",
        "leaderworkerset.sigs.k8s.io/worker-index": "0",
    }
    assert made["selector"]["matchLabels"] == synthesis.the(chart, "Service")["spec"]["selector"]
    assert made["targetPorts"] == [{"number": 9000}]


def test_a_pool_selects_the_pods_of_its_server(chart: cdk8s.Chart) -> None:
    vllm(chart, "other")
    server = vllm(chart, port=9000)
    InferencePool(chart, "pool", server=server, endpoint_picker="llama-epp")
    made = spec(chart, "InferencePool")
    assert made == {
        "selector": {"matchLabels": server.selector},
        "targetPorts": [{"number": 9000}],
        "endpointPickerRef": {
            "group": "",
            "kind": "Service",
            "name": "llama-epp",
            "port": {"number": 9002},
            "failureMode": "FailClose",
        },
    }
    labels = {
        each["metadata"]["name"]: each["spec"]["template"]["metadata"]["labels"].items()
        for each in synthesis.of_kind(chart, "Deployment")
    }
    assert made["selector"]["matchLabels"].items() <= labels["llama"]
    assert not made["selector"]["matchLabels"].items() <= labels["other"]


def test_a_picker_of_the_app_and_ports_of_each_engine(chart: cdk8s.Chart) -> None:
    picker = kplus.Service(chart, "picker", ports=[kplus.ServicePort(port=9002)])
    InferencePool(chart, "pool", server=vllm(chart), endpoint_picker=picker, endpoint_picker_port=9003,
                  failure_mode="FailOpen", target_ports=[8000, 8001])  # fmt: skip
    made = spec(chart, "InferencePool")
    assert made["targetPorts"] == [{"number": 8000}, {"number": 8001}]
    assert made["endpointPickerRef"]["name"] == picker.name
    assert made["endpointPickerRef"]["port"] == {"number": 9003}
    assert made["endpointPickerRef"]["failureMode"] == "FailOpen"


@pytest.mark.parametrize("name", [None, "llama"])
def test_a_pool_is_the_backend_of_a_route(chart: cdk8s.Chart, name: str | None) -> None:
    pool = InferencePool(chart, "pool", server=vllm(chart), endpoint_picker="llama-epp", name=name)
    assert routed(chart, pool)["rules"][0]["backendRefs"] == [
        {
            "group": "inference.networking.k8s.io",
            "kind": "InferencePool",
            "name": synthesis.the(chart, "InferencePool")["metadata"]["name"],
            "weight": 1,
        }
    ]


def test_a_pool_of_somebody_elses_is_a_backend_too(chart: cdk8s.Chart) -> None:
    pool = InferencePool.from_pool_name(chart, "pool", "llama")
    (reference,) = routed(chart, pool)["rules"][0]["backendRefs"]
    assert (reference["kind"], reference["name"]) == ("InferencePool", "llama")
    assert synthesis.of_kind(chart, "InferencePool") == []
    with pytest.raises(InvalidOptionError, match=r"^name: 'Llama'"):
        InferencePool.from_pool_name(chart, "other", "Llama")


def test_a_pool_in_another_namespace_than_its_server_is_refused(chart: cdk8s.Chart) -> None:
    other = cdk8s.Chart(chart.node.root, "other", namespace="other")  # type: ignore[arg-type]  # the root is an App
    with pytest.raises(ConflictError, match=r"^server: llm/llama is in namespace 'inference'.*InferencePool"):
        InferencePool(other, "pool", server=vllm(chart), endpoint_picker="llama-epp")


# Bad input.


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"gateways": []}, r"^gateways: is empty"),
        ({"gateways": "public"}, r"^gateways: 'public' is not a list"),
        ({"gateways": ["Public"]}, r"^gateway\.name: 'Public'"),
        ({"gateways": [80]}, r"^gateways\[0\]: 80 is not a GatewayRef"),
        ({"backends": []}, r"^backends: is empty"),
        ({"backends": ["llama"]}, r"^backends\[0\]: 'llama' is not a WeightedBackend"),
        ({"hostnames": ["LLM.example.com"]}, r"^hostnames: 'LLM.example.com'"),
        ({"hostnames": ["192.0.2.1"]}, r"^hostnames: '192.0.2.1' is an address"),
        ({"hostnames": ["a.example.com"] * 2}, r"^hostnames: 'a.example.com' is there twice"),
        ({"hostnames": [f"h{index}.example.com" for index in range(17)]}, r"^hostnames: has 17 hosts; allowed: 16"),
        ({"matches": []}, r"^matches: is empty"),
        ({"matches": ["v1"]}, r"^match\.path: 'v1' is not a path"),
        ({"matches": [f"/{index}" for index in range(65)]}, r"^matches: are too many for one route"),
        ({"request_timeout_seconds": -1}, r"^request_timeout_seconds: -1 is out of range"),
        ({"request_timeout_seconds": "1h"}, r"^request_timeout_seconds: '1h' is not a whole number"),
        ({"name": "Route"}, r"^name: 'Route'"),
        ({"annotations": {"a": 1}}, r"^annotations\['a'\]: 1 is not a string"),
    ],
)
def test_a_wrong_option_of_a_route_is_named(chart: cdk8s.Chart, options: dict[str, Any], message: str) -> None:
    given = {"gateways": ["public"], "backends": [vllm(chart)], **options}
    with pytest.raises((InvalidOptionError, ConflictError), match=message):
        HTTPRoute(chart, "route", **given)


def test_backends_must_differ_and_one_of_them_must_answer(chart: cdk8s.Chart) -> None:
    server = vllm(chart)
    with pytest.raises(ConflictError, match=r"^backends: one of them is there twice"):
        HTTPRoute(chart, "twice", gateways=["public"], backends=[server, WeightedBackend(to=server)])
    with pytest.raises(ConflictError, match=r"^backends: all weights are 0"):
        HTTPRoute(chart, "none", gateways=["public"], backends=[WeightedBackend(to=server, weight=0)])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"path": "/a//b"}, r"^match\.path: '/a//b' is not a path"),
        ({"path": "/a/.."}, r"^match\.path: '/a/\.\.' is not a path"),
        ({"path_type": "Prefix"}, r"^match\.path_type: 'Prefix' .*did you mean 'PathPrefix'"),
        ({"headers": {"x y": "z"}}, r"^match\.headers: 'x y' is not a header's name"),
        ({"headers": {"x": ""}}, r"^match\.headers\['x'\]: '' is empty"),
        ({"headers": ["x"]}, r"^match\.headers: .* is not a mapping"),
        ({"path_type": "Exact", "replace_prefix": "/v1"}, r"^match\.replace_prefix: path_type is 'Exact'"),
    ],
)
def test_a_wrong_match_is_named(options: dict[str, Any], message: str) -> None:
    with pytest.raises((InvalidOptionError, ConflictError), match=message):
        RouteMatch(**options)


def test_a_regular_expression_is_taken_as_it_is() -> None:
    assert RouteMatch(path="/(a|b)//v1", path_type="RegularExpression").wire()["path"]["value"] == "/(a|b)//v1"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"endpoint_picker": "Picker"}, r"^endpoint_picker: 'Picker'"),
        ({"endpoint_picker": 9002}, r"^endpoint_picker: 9002 is not a service; allowed: a name or a kplus\.Service"),
        ({"endpoint_picker_port": 0}, r"^endpoint_picker_port: 0"),
        ({"failure_mode": "FailClosed"}, r"^failure_mode: 'FailClosed' .*did you mean 'FailClose'"),
        ({"target_ports": []}, r"^target_ports: has 0 ports; allowed: 1 to 8"),
        ({"target_ports": [8000, 8000]}, r"^target_ports: 8000 is there twice"),
        ({"target_ports": ["http"]}, r"^target_ports: 'http' is not a whole number"),
        ({"server": "llama"}, r"^server: 'llama' is not a VllmServer"),
        ({"name": "a_b"}, r"^name: 'a_b'"),
    ],
)
def test_a_wrong_option_of_a_pool_is_named(chart: cdk8s.Chart, options: dict[str, Any], message: str) -> None:
    given = {"server": vllm(chart), "endpoint_picker": "llama-epp", **options}
    with pytest.raises((InvalidOptionError, ConflictError), match=message):
        InferencePool(chart, "pool", **given)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"name": ""}, r"^gateway\.name: '' is empty"),
        ({"name": "g", "namespace": "a.b"}, r"^gateway\.namespace: 'a\.b'"),
        ({"name": "g", "listener": "HTTPS"}, r"^gateway\.listener: 'HTTPS'"),
        ({"name": "g", "port": 70000}, r"^gateway\.port: 70000"),
    ],
)
def test_a_wrong_gateway_is_named(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidOptionError, match=message):
        GatewayRef(**options)


def test_a_wrong_weight_is_named(chart: cdk8s.Chart) -> None:
    with pytest.raises(InvalidOptionError, match=r"^backend\.weight: -1 is out of range"):
        WeightedBackend(to=vllm(chart), weight=-1)
    with pytest.raises(InvalidOptionError, match=r"^backend\.to: 'llama' is not a Server or InferencePool"):
        WeightedBackend(to="llama")  # type: ignore[arg-type]  # the mistake under test


def test_names_taken_twice_are_refused(chart: cdk8s.Chart) -> None:
    server = vllm(chart)
    HTTPRoute(chart, "a", gateways=["public"], backends=[server], name="llama")
    with pytest.raises(ConflictError, match="'llama' is the name of two HTTPRoutes"):
        HTTPRoute(chart, "b", gateways=["public"], backends=[server], name="llama")


# Models.


def by_header(rules: list[dict[str, Any]]) -> dict[tuple[str, ...], list[tuple[str, int]]]:
    """By the models that a rule asks for, its backends and their weights; no name for all other requests."""
    return {
        tuple(header["value"] for match in rule["matches"] for header in match.get("headers", ())):
        [(reference["name"], reference["weight"]) for reference in rule["backendRefs"]]
        for rule in rules
    }  # fmt: skip


def test_each_request_goes_to_the_model_that_it_asks_for(chart: cdk8s.Chart) -> None:
    qwen = {"model": "Qwen/Qwen2.5-7B-Instruct", "engine_args": {"served_model_name": ["qwen", "qwen-7b"]}}
    stable, canary = (vllm(chart, name, **qwen) for name in ("stable", "canary"))
    other = vllm(chart, "other", model="Qwen/Qwen2.5-0.5B-Instruct")
    models: dict[str, Any] = {
        "qwen": [WeightedBackend(to=stable, weight=90), WeightedBackend(to=canary, weight=10)],
        "qwen-7b": stable,
        "Qwen/Qwen2.5-0.5B-Instruct": other,
    }
    HTTPRoute(chart, "route", gateways=["public"], models=models, backends=[stable])
    rules = spec(chart)["rules"]
    assert by_header(rules) == {
        ("qwen",): [("stable", 90), ("canary", 10)],
        ("qwen-7b",): [("stable", 1)],
        ("Qwen/Qwen2.5-0.5B-Instruct",): [("other", 1)],
        (): [("stable", 1)],
    }
    assert rules[0]["matches"] == [
        {
            "path": {"type": "PathPrefix", "value": "/v1"},
            "headers": [{"type": "Exact", "name": "X-Gateway-Model-Name", "value": "qwen"}],
        }
    ]
    assert {rule["timeouts"]["request"] for rule in rules} == {"3600s"}


def test_without_backends_requests_for_no_known_model_are_not_answered(chart: cdk8s.Chart) -> None:
    server = vllm(chart)
    HTTPRoute(chart, "route", gateways=["public"], models={synthesis.MODEL: server}, model_header="x-model")
    [rule] = spec(chart)["rules"]
    assert [header["name"] for header in rule["matches"][0]["headers"]] == ["x-model"]


def test_adapters_go_where_their_model_goes_if_all_its_servers_have_them(chart: cdk8s.Chart) -> None:
    both = {"sql": "org/sql", "code": "org/code"}
    one = vllm(chart, "one", lora=LoraAdapters(adapters=both))
    other = vllm(chart, "other", lora=LoraAdapters(adapters={"sql": "org/sql"}))
    HTTPRoute(chart, "route", gateways=["public"], models={synthesis.MODEL: [one, other], "code": one})
    assert by_header(spec(chart)["rules"]) == {
        (synthesis.MODEL, "sql"): [("one", 1), ("other", 1)],
        ("code",): [("one", 1)],
    }


def test_pools_answer_for_models_too(chart: cdk8s.Chart) -> None:
    pool = InferencePool(chart, "pool", server=vllm(chart), endpoint_picker="llama-epp", name="llama")
    foreign = InferencePool.from_pool_name(chart, "foreign", "somebody-elses")
    HTTPRoute(chart, "route", gateways=["public"], models={synthesis.MODEL: pool, "any/thing": foreign})
    assert by_header(spec(chart)["rules"]) == {
        (synthesis.MODEL,): [("llama", 1)],
        ("any/thing",): [("somebody-elses", 1)],
    }


def test_a_server_that_does_not_have_the_model_is_refused(chart: cdk8s.Chart) -> None:
    server = vllm(chart, lora=LoraAdapters(adapters=[LoraAdapter(name="sql", path="/a/sql", base_model="b")]))
    for name, hint in (("qwen", ""), ("sqll", "; did you mean 'sql'?")):
        expected = rf"models\['{name}'\]: llm/llama does not answer to '{name}'{re.escape(hint)}"
        with pytest.raises(ConflictError, match=expected) as caught:
            HTTPRoute(chart, f"to-{name}", gateways=["public"], models={name: [server]})
        assert caught.value.code == "VC650"
    HTTPRoute(chart, "right", gateways=["public"], models={"sql": server})


@pytest.mark.parametrize(
    "options", [{"lora": LoraAdapters(resolve_at_runtime=True)}, {"env": {"VLLM_SKIP_MODEL_NAME_VALIDATION": "1"}}]
)
def test_a_server_whose_names_come_while_it_runs_may_answer_to_any(chart: cdk8s.Chart, options: dict[str, Any]) -> None:
    server = vllm(chart, image="vllm/vllm-openai:v0.32.0", **options)
    HTTPRoute(chart, "route", gateways=["public"], models={"some-adapter": server})
    assert by_header(spec(chart)["rules"]) == {("some-adapter",): [("llama", 1)]}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"models": ["qwen"]}, r"^models: \['qwen'\] is not a mapping"),
        ({"models": {"": "x"}}, r"^models\[''\]: "),
        ({"models": {synthesis.MODEL: []}}, r"^models\['Qwen/Qwen2.5-7B-Instruct'\]: is empty"),
        ({"models": {synthesis.MODEL: "llama"}}, r"^models\['Qwen/Qwen2.5-7B-Instruct'\]: 'llama' is not a list"),
        ({"model_header": "a b"}, r"^model_header: 'a b' is not a header's name"),
        ({}, r"^backends: is empty"),
    ],
)
def test_models_that_say_nothing_are_refused(chart: cdk8s.Chart, options: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidOptionError, match=message):
        HTTPRoute(chart, "route", gateways=["public"], **options)


def test_models_and_matches_do_not_say_the_header_both(chart: cdk8s.Chart) -> None:
    twice = RouteMatch(headers={"x-gateway-model-name": "a"})
    with pytest.raises(ConflictError, match=r"^match\.headers: 'X-Gateway-Model-Name' is what models= matches by"):
        HTTPRoute(chart, "route", gateways=["public"], models={synthesis.MODEL: vllm(chart)}, matches=[twice])


def test_more_models_than_a_route_has_rules_are_refused(chart: cdk8s.Chart) -> None:
    names = [f"m{index}" for index in range(17)]
    server = vllm(chart, engine_args={"served_model_name": names})
    with pytest.raises(InvalidOptionError, match=r"^models: makes 17 rules with 17 matches; allowed in one route: 16"):
        HTTPRoute(chart, "route", gateways=["public"], models=dict.fromkeys(names, server))
