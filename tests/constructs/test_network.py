"""ServerNetworkPolicy: who is let in, who is let out, and what an API key alone leaves open."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import cdk8s
import cdk8s_plus_27 as kplus
import pytest

from tests import synthesis
from tests.kubernetes_schemas import assert_valid
from tests.snippets import run, snippets
from vllm_cdk8s import (
    ConflictError,
    Egress,
    InvalidOptionError,
    ModelStorage,
    SecretKey,
    ServerNetworkPolicy,
    VllmCdk8sWarning,
    VllmServer,
)
from vllm_cdk8s.constructs import policies
from vllm_cdk8s.constructs.multi_node import MultiNodeVllmServer

if TYPE_CHECKING:
    from syrupy.assertion import SnapshotAssertion

KEY = SecretKey("llama", "api-key")
ANY_PODS: dict[str, Any] = {"namespaceSelector": {}, "podSelector": {}}
ANYBODY = [ANY_PODS, {"ipBlock": {"cidr": "0.0.0.0/0"}}, {"ipBlock": {"cidr": "::/0"}}]


@pytest.fixture
def chart() -> cdk8s.Chart:
    return synthesis.new_chart(namespace="inference")


def vllm(chart: cdk8s.Chart, id: str = "llama", **options: Any) -> VllmServer:
    return VllmServer(chart, id, **{**synthesis.PLAIN, "name": id, **options})


def spec(chart: cdk8s.Chart) -> dict[str, Any]:
    assert_valid(synthesis.documents(chart))
    return dict(synthesis.the(chart, "NetworkPolicy")["spec"])


def namespace(name: str) -> dict[str, Any]:
    return {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": name}}, "podSelector": {}}


def tcp(*ports: int) -> list[dict[str, Any]]:
    return [{"port": port, "protocol": "TCP"} for port in ports]


def advice(chart: cdk8s.Chart) -> list[str]:
    """The warnings of a synthesis, however many charts the app has."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        synthesis.to_yaml(chart)
    assert all(issubclass(each.category, VllmCdk8sWarning) for each in caught)
    return [str(each.message) for each in caught]


# The documentation.


@pytest.mark.parametrize(
    "snippet", snippets("network.md"), ids=["policy", "route", "canary", "models", "pool", "picker", "router"]
)
def test_a_documented_snippet_makes_this_yaml(snippet: str, snapshot: SnapshotAssertion) -> None:
    chart = synthesis.new_chart(namespace="llm")
    run(snippet, chart)
    assert advice(chart) == []
    assert_valid(synthesis.documents(chart))
    synthesis.assert_golden(chart, snapshot)


# Who is let in.


def test_named_clients_and_scrapers_reach_the_servers_port_and_nobody_else_does(chart: cdk8s.Chart) -> None:
    server = vllm(chart, port=9000)
    web = kplus.Pods.select(chart, "web", labels={"app": "web"})
    ServerNetworkPolicy(chart, "policy", server=server, clients=[web, "gateway"], scrapers=["monitoring"])
    assert spec(chart) == {
        "podSelector": {"matchLabels": server.selector},
        "policyTypes": ["Ingress"],
        "ingress": [
            {"from": [{"podSelector": {"matchLabels": {"app": "web"}}}], "ports": tcp(9000)},
            {"from": [namespace("gateway")], "ports": tcp(9000)},
            {"from": [namespace("monitoring")], "ports": tcp(9000)},
        ],
    }


def test_the_selected_pods_are_the_servers_own(chart: cdk8s.Chart) -> None:
    one = vllm(chart, "one")
    vllm(chart, "other")
    ServerNetworkPolicy(chart, "policy", server=one, clients=["web"])
    selector = spec(chart)["podSelector"]["matchLabels"].items()
    labels = {
        each["metadata"]["name"]: each["spec"]["template"]["metadata"]["labels"].items()
        for each in synthesis.of_kind(chart, "Deployment")
    }
    assert selector <= labels["one"]
    assert not selector <= labels["other"]


def test_every_kind_of_kplus_peer_is_a_client(chart: cdk8s.Chart) -> None:
    others = kplus.Namespaces.select(chart, "teams", labels={"team": "search"})
    peers: list[Any] = [
        kplus.Deployment(chart, "web", containers=[kplus.ContainerProps(image="web")]),
        kplus.Pods.select(chart, "jobs", labels={"app": "job"}, namespaces=others),
        others,
        kplus.NetworkPolicyIpBlock.ipv4(chart, "office", "198.51.100.0/24"),
        vllm(chart, "router").pods,
    ]
    ServerNetworkPolicy(chart, "policy", server=vllm(chart), clients=peers)
    sources = [rule["from"] for rule in spec(chart)["ingress"]]
    assert [list(source[0]) for source in sources] == [
        ["namespaceSelector", "podSelector"],
        ["namespaceSelector", "podSelector"],
        ["namespaceSelector", "podSelector"],
        ["ipBlock"],
        ["podSelector"],
    ]
    assert sources[3] == [{"ipBlock": {"cidr": "198.51.100.0/24"}}]


def test_further_rules_are_kplus_own(chart: cdk8s.Chart) -> None:
    made = ServerNetworkPolicy(chart, "policy", server=vllm(chart), clients=["web"])
    made.policy.add_ingress_rule(kplus.Namespaces.select(chart, "debug", names=["debug"]))
    assert [rule["from"] for rule in spec(chart)["ingress"]] == [[namespace("web")], [namespace("debug")]]


def test_the_pods_of_one_server_over_many_nodes_reach_each_other_on_every_port(chart: cdk8s.Chart) -> None:
    server = MultiNodeVllmServer(chart, "big", model=synthesis.MODEL, image=synthesis.PLAIN["image"], nodes=2, gpus=4,
                                 storage=ModelStorage.nfs(chart, "models", server="nfs", path="/models"))  # fmt: skip
    ServerNetworkPolicy(chart, "policy", server=server, clients=["web"], egress=[])
    made = spec(chart)
    own = [{"podSelector": {"matchLabels": server.selector}}]
    assert [rule for rule in made["ingress"] if rule["from"] == own] == [{"from": own, "ports": []}]
    assert [rule for rule in made["egress"] if rule["to"] == own] == [{"to": own, "ports": []}]


def test_a_server_on_one_node_needs_no_way_to_itself(chart: cdk8s.Chart) -> None:
    ServerNetworkPolicy(chart, "policy", server=vllm(chart, gpus=4), clients=["web"])
    assert len(spec(chart)["ingress"]) == 1


# Who is let out.


def test_the_way_out_stays_open_unless_it_is_named(chart: cdk8s.Chart) -> None:
    ServerNetworkPolicy(chart, "policy", server=vllm(chart), clients=["web"])
    assert "Egress" not in spec(chart)["policyTypes"]


def test_dns_alone_is_left_where_nothing_is_named(chart: cdk8s.Chart) -> None:
    ServerNetworkPolicy(chart, "policy", server=vllm(chart), clients=["web"], egress=[])
    made = spec(chart)
    assert made["policyTypes"] == ["Egress", "Ingress"]
    dns = [{"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "TCP"}]
    assert made["egress"] == [{"to": [anybody], "ports": dns} for anybody in ANYBODY]


def test_downloads_are_https_to_anywhere(chart: cdk8s.Chart) -> None:
    ServerNetworkPolicy(chart, "policy", server=vllm(chart), clients=["web"], egress=[Egress()])
    beyond_dns = spec(chart)["egress"][len(ANYBODY) :]
    assert beyond_dns == [{"to": [anybody], "ports": tcp(443)} for anybody in ANYBODY]


def test_a_namespace_may_be_named_twice(chart: cdk8s.Chart) -> None:
    ways = [Egress(to="cache", ports=[6379, 6380]), Egress(to="cache", ports=[11211])]
    ServerNetworkPolicy(chart, "policy", server=vllm(chart), clients=["cache"], scrapers=["cache"], egress=ways)
    beyond_dns = spec(chart)["egress"][len(ANYBODY) :]
    assert beyond_dns == [
        {"to": [namespace("cache")], "ports": tcp(6379, 6380)},
        {"to": [namespace("cache")], "ports": tcp(11211)},
    ]


# What an API key leaves open.


def test_an_api_key_without_a_policy_warns_once_for_each_server(chart: cdk8s.Chart) -> None:
    cdk8s.Chart(chart.node.root, "second")  # type: ignore[arg-type]  # the root is an App
    vllm(chart, "one", api_key=KEY)
    vllm(chart, "other", api_key=KEY)
    found = advice(chart)
    assert [message.split(" below ")[0] for message in found] == [
        "api_key: it guards llm/one",
        "api_key: it guards llm/other",
    ]
    assert "/metrics" in found[0]
    assert "ServerNetworkPolicy" in found[0]


def test_the_warning_can_be_made_fatal_and_is_so_every_time(chart: cdk8s.Chart) -> None:
    vllm(chart, api_key=KEY)
    for _ in range(2):
        with pytest.raises(RuntimeError, match="api_key: it guards llm/llama below /v1 only"):
            synthesis.to_yaml(chart)


def test_the_tree_is_walked_once_however_many_charts_there_are(
    chart: cdk8s.Chart, monkeypatch: pytest.MonkeyPatch
) -> None:
    for index in range(3):
        cdk8s.Chart(chart.node.root, f"chart-{index}")  # type: ignore[arg-type]  # the root is an App
    vllm(chart, api_key=KEY)
    walks: list[str] = []
    walk = policies._policies

    def counted(root: Any) -> list[Any]:
        walks.append(root.node.path)
        return walk(root)

    monkeypatch.setattr(policies, "_policies", counted)
    advice(chart)
    assert walks == [""]


def test_without_an_api_key_nothing_is_said(chart: cdk8s.Chart) -> None:
    vllm(chart)
    assert advice(chart) == []


def test_a_policy_quiets_the_warning_in_whichever_order_they_come(chart: cdk8s.Chart) -> None:
    for name in ("one", "other"):
        ServerNetworkPolicy(chart, f"policy-{name}", server=vllm(chart, name, api_key=KEY), scrapers=["monitoring"])
    assert advice(chart) == []


def test_a_policy_of_all_pods_quiets_it_too(chart: cdk8s.Chart) -> None:
    vllm(chart, api_key=KEY)
    closed = kplus.NetworkPolicyTraffic(default=kplus.NetworkPolicyTrafficDefault.DENY)
    kplus.NetworkPolicy(chart, "closed", ingress=closed)
    assert advice(chart) == []


def test_a_policy_that_knows_the_pods_by_a_label_of_the_users_quiets_it_too(chart: cdk8s.Chart) -> None:
    vllm(chart, api_key=KEY, pod_labels={"team": "search"})
    closed = kplus.NetworkPolicyTraffic(default=kplus.NetworkPolicyTrafficDefault.DENY)
    pods = kplus.Pods.select(chart, "x", expressions=[kplus.LabelExpression.in_("team", ["search", "ads"])])
    kplus.NetworkPolicy(chart, "closed", ingress=closed, selector=pods)
    assert advice(chart) == []


def test_a_policy_without_a_spec_is_one_of_all_pods(chart: cdk8s.Chart) -> None:
    vllm(chart, api_key=KEY)
    cdk8s.ApiObject(chart, "bare", api_version="networking.k8s.io/v1", kind="NetworkPolicy")
    assert advice(chart) == []


def test_a_policy_for_other_pods_another_direction_or_namespace_does_not(chart: cdk8s.Chart) -> None:
    server = vllm(chart, api_key=KEY)
    closed = kplus.NetworkPolicyTraffic(default=kplus.NetworkPolicyTrafficDefault.DENY)
    kplus.NetworkPolicy(chart, "other", ingress=closed, selector=kplus.Pods.select(chart, "x", labels={"a": "b"}))
    kplus.NetworkPolicy(chart, "outwards", egress=closed, selector=server.pods)
    elsewhere = cdk8s.Chart(chart.node.root, "elsewhere", namespace="elsewhere")  # type: ignore[arg-type]  # an App
    kplus.NetworkPolicy(elsewhere, "closed", ingress=closed, selector=server.pods)
    assert [message.split(":")[0] for message in advice(chart)] == ["api_key"]


# Bad input.


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, r"^clients: is empty, as are scrapers, so nobody could reach the server"),
        ({"clients": "web"}, r"^clients: 'web' is not a list"),
        ({"clients": ["Web"]}, r"^clients\[0\]: 'Web' is not a DNS label"),
        ({"clients": [cdk8s.Chart(cdk8s.App(), "web")]}, r"^clients\[0\]: web is not a peer; allowed: kplus.Pods"),
        ({"clients": ["web", {"app": "web"}]}, r"^clients\[1\]: .* is not a peer; allowed: kplus.Pods"),
        ({"scrapers": [8000]}, r"^scrapers\[0\]: 8000 is not a peer"),
        ({"clients": ["web"], "egress": ["cache"]}, r"^egress\[0\]: 'cache' is not an Egress"),
        ({"clients": ["web"], "egress": Egress()}, r"^egress: .* is not a list"),
        ({"clients": ["web"], "name": "Policy"}, r"^name: 'Policy'"),
        ({"clients": ["web"], "labels": {"a b": "c"}}, r"^labels: 'a b'"),
        ({"clients": ["web"], "server": "llama"}, r"^server: 'llama' is not a Server"),
    ],
)
def test_a_wrong_option_is_named(chart: cdk8s.Chart, options: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidOptionError, match=message):
        ServerNetworkPolicy(chart, "policy", **{"server": vllm(chart), **options})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"ports": []}, r"^egress\.ports: has no port"),
        ({"ports": [0]}, r"^egress\.ports: 0 is out of range"),
        ({"ports": 443}, r"^egress\.ports: 443 is not a list"),
        ({"to": {"app": "cache"}}, r"^egress\.to: .* is not a peer"),
    ],
)
def test_a_wrong_way_out_is_named(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidOptionError, match=message):
        Egress(**options)


def test_a_server_as_a_client_is_told_of_its_pods(chart: cdk8s.Chart) -> None:
    agent: Any = vllm(chart, "agent")
    with pytest.raises(
        InvalidOptionError, match=r"^clients\[0\]: llm/agent is not a peer; llm/agent has some, its .pods"
    ):
        ServerNetworkPolicy(chart, "policy", server=vllm(chart), clients=[agent])


def test_a_policy_in_another_namespace_is_refused(chart: cdk8s.Chart) -> None:
    other = cdk8s.Chart(chart.node.root, "other")  # type: ignore[arg-type]  # the root is an App
    with pytest.raises(
        ConflictError, match=r"^server: llm/llama is in namespace 'inference'.*would be without a namespace"
    ):
        ServerNetworkPolicy(other, "policy", server=vllm(chart), clients=["web"])


def test_a_name_taken_twice_is_refused(chart: cdk8s.Chart) -> None:
    server = vllm(chart)
    ServerNetworkPolicy(chart, "a", server=server, clients=["web"], name="llama")
    with pytest.raises(ConflictError, match="'llama' is the name of two NetworkPolicys"):
        ServerNetworkPolicy(chart, "b", server=server, clients=["web"], name="llama")
