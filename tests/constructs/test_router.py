"""Router: which servers it finds, how it chooses among them, what it may read, and who reaches it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import cdk8s
import pytest

from tests import synthesis
from tests.kubernetes_schemas import assert_valid
from tests.pod_security_standards import strictest_level
from tests.snippets import DOCS
from vllm_cdk8s import (
    Autoscaling,
    ConflictError,
    InvalidOptionError,
    LoraAdapters,
    ModelStorage,
    MultiNodeVllmServer,
    Resources,
    Router,
    SecretKey,
    ServerNetworkPolicy,
    VllmCdk8sWarning,
    VllmServer,
)
from vllm_cdk8s.core.traffic.router import ROUTER_IMAGE
from vllm_cdk8s.core.traffic.router_arguments import (
    LOGICS,
    LOGICS_SINCE,
    argument_problems,
    knows_address,
    read_options,
)

if TYPE_CHECKING:
    from syrupy.assertion import SnapshotAssertion

KEY = SecretKey("models", "key")
MEANT = {"VC503": "policies of the server are not what is tested here"}
SMALL = "Qwen/Qwen2.5-0.5B-Instruct"


@pytest.fixture
def chart() -> cdk8s.Chart:
    return synthesis.new_chart(namespace="team-a")


def vllm(chart: cdk8s.Chart, id: str = "llama", **options: Any) -> VllmServer:
    options.setdefault("storage", ModelStorage.none(chart, f"{id}-cache"))
    return VllmServer(chart, id, **{**synthesis.PLAIN, "name": id, "acknowledge": MEANT, **options})


def deployment(chart: cdk8s.Chart) -> dict[str, Any]:
    [found] = [each for each in synthesis.of_kind(chart, "Deployment") if each["metadata"]["name"] == "router"]
    return dict(found["spec"])


def routed(chart: cdk8s.Chart, *servers: Any, **options: Any) -> dict[str, str]:
    """The options of the router of a chart, which is found valid."""
    Router(chart, "router", **{"servers": servers or [vllm(chart)], "name": "router", **options})
    assert_valid(synthesis.documents(chart))
    return read_options(deployment(chart)["template"]["spec"]["containers"][0]["args"])


def test_golden(chart: cdk8s.Chart, snapshot: SnapshotAssertion) -> None:
    servers = [vllm(chart, "qwen", replicas=2, api_key=KEY), vllm(chart, "small", model=SMALL, api_key=KEY)]
    router = Router(
        chart, "router", servers=servers, routing="prefixaware", discovery="pods", clients=["web"], name="router",
        resources=Resources(requests={"cpu": "400m", "memory": "2Gi"}),
    )  # fmt: skip
    for server in servers:
        ServerNetworkPolicy(
            chart, f"{server.name}-policy", server=server, clients=[router.pods], scrapers=["monitoring"],
            name=server.name,
        )  # fmt: skip
    assert_valid(synthesis.documents(chart))
    synthesis.assert_golden(chart, snapshot)


def test_services_are_found_by_names_that_the_router_takes_and_each_name_is_a_backend(chart: cdk8s.Chart) -> None:
    both = vllm(chart, "qwen", lora=LoraAdapters(adapters={"sql": "org/sql"}), service_port=80)
    named = vllm(chart, "small", model=SMALL, engine_args={"served_model_name": ["small", "tiny"]})
    made = routed(chart, both, named, aliases={"gpt-4": "small"})
    urls = made["static-backends"].split(",")
    assert dict(zip(made["static-models"].split(","), urls, strict=True)) == {
        synthesis.MODEL: "http://qwen.team-a.svc:80",
        "sql": "http://qwen.team-a.svc:80",
        "small": "http://small.team-a.svc:8000",
        "tiny": "http://small.team-a.svc:8000",
    }
    assert all(map(knows_address, urls))
    assert made["static-aliases"] == "gpt-4:small"
    assert (made["service-discovery"], made["routing-logic"]) == ("static", "roundrobin")


def test_a_router_of_services_may_read_nothing(chart: cdk8s.Chart) -> None:
    routed(chart)
    assert not synthesis.of_kind(chart, "Role")
    pod = deployment(chart)["template"]["spec"]
    assert pod["automountServiceAccountToken"] is False
    assert "serviceAccountName" not in pod


def test_a_router_of_pods_may_read_pods_and_nothing_else(chart: cdk8s.Chart) -> None:
    made = routed(chart, vllm(chart, replicas=3), discovery="pods", routing="session", session_key="x-user-id")
    assert synthesis.the(chart, "Role")["rules"] == [
        {"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list", "watch"]}
    ]
    [subject] = synthesis.the(chart, "RoleBinding")["subjects"]
    assert subject == {"kind": "ServiceAccount", "name": "router", "namespace": "team-a"}
    assert deployment(chart)["template"]["spec"]["serviceAccountName"] == "router"
    assert (made["routing-logic"], made["session-key"]) == ("session", "x-user-id")
    assert (made["service-discovery"], made["k8s-namespace"], made["k8s-port"]) == ("k8s", "team-a", "8000")
    assert made["k8s-label-selector"] == "app.kubernetes.io/instance=llama,app.kubernetes.io/name=vllm"


def test_one_selector_finds_the_pods_of_all_servers_and_of_groups_those_that_serve(chart: cdk8s.Chart) -> None:
    made = routed(chart, vllm(chart, "a"), vllm(chart, "b"), discovery="pods")
    assert made["k8s-label-selector"] == "app.kubernetes.io/instance in (a,b),app.kubernetes.io/name=vllm"


def test_of_groups_the_leaders_are_found(chart: cdk8s.Chart) -> None:
    big = MultiNodeVllmServer(
        chart, "big", model=synthesis.MODEL, image=synthesis.PLAIN["image"], nodes=2, gpus=1, replicas=2,
        storage=ModelStorage.none(chart, "cache"), name="big",
    )  # fmt: skip
    assert "leaderworkerset.sigs.k8s.io/worker-index=0" in routed(chart, big, discovery="pods")["k8s-label-selector"]
    with pytest.raises(ConflictError, match=r"^servers: no one selector selects the pods of llm/big, llm/a and no oth"):
        Router(chart, "other", servers=[big, vllm(chart, "a")], discovery="pods")


def test_pods_are_asked_with_the_servers_own_key(chart: cdk8s.Chart) -> None:
    routed(chart, vllm(chart, api_key=KEY), discovery="pods")
    env = {item["name"]: item for item in deployment(chart)["template"]["spec"]["containers"][0]["env"]}
    assert env["VLLM_API_KEY"]["valueFrom"] == {"secretKeyRef": {"name": "models", "key": "key"}}


def test_services_are_asked_nothing_so_that_the_router_has_no_key(chart: cdk8s.Chart) -> None:
    routed(chart, vllm(chart, api_key=KEY))
    env = deployment(chart)["template"]["spec"]["containers"][0]["env"]
    assert [item["name"] for item in env] == ["HOME"]


def test_without_a_namespace_pods_are_looked_for_where_the_router_is(tmp_path: Any) -> None:
    chart = cdk8s.Chart(cdk8s.App(outdir=str(tmp_path)), "llm")
    made = routed(chart, discovery="pods")
    assert made["k8s-namespace"] == "$(NAMESPACE)"
    env = {item["name"] for item in deployment(chart)["template"]["spec"]["containers"][0]["env"]}
    assert "NAMESPACE" in env
    with pytest.raises(ConflictError, match=r"^servers: llm/other has no namespace, and the router leaves out"):
        Router(chart, "static", servers=[vllm(chart, "other")])


def test_it_satisfies_the_restricted_standard_and_is_reached_by_its_clients_alone(chart: cdk8s.Chart) -> None:
    routed(chart, clients=["web"], port=80)
    assert strictest_level(deployment(chart)["template"]) == "restricted"
    [policy] = synthesis.of_kind(chart, "NetworkPolicy")
    assert (
        policy["spec"]["podSelector"]["matchLabels"].items()
        <= deployment(chart)["template"]["metadata"]["labels"].items()
    )
    [rule] = policy["spec"]["ingress"]
    assert [port["port"] for port in rule["ports"]] == [8000]
    [service] = [each for each in synthesis.of_kind(chart, "Service") if each["metadata"]["name"] == "router"]
    assert [(port["port"], port["targetPort"]) for port in service["spec"]["ports"]] == [(80, 8000)]


def test_where_clients_find_it(chart: cdk8s.Chart) -> None:
    assert Router(chart, "router", servers=[vllm(chart)], name="router", port=80).url == "http://router.team-a:80"


def test_two_routers_without_names_keep_apart(chart: cdk8s.Chart) -> None:
    one, other = (Router(chart, id, servers=[vllm(chart, f"of-{id}")]) for id in ("one", "other"))  # noqa: A001
    assert one.name != other.name
    assert_valid(synthesis.documents(chart))


def test_a_policy_that_keeps_the_router_out_warns(chart: cdk8s.Chart) -> None:
    server = vllm(chart)
    router = Router(chart, "router", servers=[server])
    ServerNetworkPolicy(chart, "policy", server=server, clients=["web"], scrapers=["monitoring"], name="llama")
    with pytest.warns(
        VllmCdk8sWarning, match=r"servers: NetworkPolicy 'llama' keeps the pods of llm/router from llm/llama"
    ):
        cdk8s.Testing.synth(chart)
    assert router.pods is router.pods


def test_a_policy_that_lets_the_router_in_does_not(chart: cdk8s.Chart, recwarn: pytest.WarningsRecorder) -> None:
    server = vllm(chart)
    router = Router(chart, "router", servers=[server])
    ServerNetworkPolicy(chart, "policy", server=server, clients=[router.pods], scrapers=["monitoring"], name="llama")
    cdk8s.Testing.synth(chart)
    assert not recwarn


@pytest.mark.parametrize("routing", [{"routing": "session", "session_key": "x-user"}, {"routing": "prefixaware"}])
@pytest.mark.parametrize("several", [{"replicas": 2}, {"autoscaling": Autoscaling(max_replicas=2)}])
def test_a_choice_among_pods_that_a_service_makes_itself_is_refused(
    chart: cdk8s.Chart, routing: dict[str, Any], several: dict[str, Any]
) -> None:
    server = vllm(
        chart, resources=Resources(requests={"cpu": "1"}), acknowledge={**MEANT, "VC604": "tested"}, **several
    )
    with pytest.raises(ConflictError, match=r"^routing: .* chooses llm/llama as a whole.*discovery='pods'") as caught:
        Router(chart, "router", servers=[server], **routing)
    assert caught.value.code == "VC651"
    Router(chart, "pods", servers=[server], discovery="pods", **routing)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"routing": "kvaware"}, r"^routing: 'kvaware' needs servers whose LMCache"),
        ({"routing": "loadaware"}, r"^routing: 'loadaware' needs servers whose LMCache .*EndpointPicker.*\[VC651\]"),
        ({"routing": "disaggregated_prefill"}, r"^routing: 'disaggregated_prefill' knows one prefilling"),
        ({"routing": "disaggregated_prefill_orchestrated"}, r"^routing: .* sends the two sides no API key"),
        ({"routing": "priority"}, r"^routing: 'priority' is in no router before 0\.1\.13, such"),
        ({"routing": "prefix-aware"}, r"^routing: 'prefix-aware'.*did you mean 'prefixaware'"),
        ({"discovery": "k8s"}, r"^discovery: 'k8s'"),
        ({"routing": "session"}, r"^session_key: is missing"),
        ({"session_key": "x-user"}, r"^session_key: 'x-user' only matters with routing='session'"),
        ({"routing": "session", "session_key": "x user"}, r"^session_key: 'x user' is not a header's name"),
        ({"aliases": {"gpt": "qwem"}}, r"^aliases\['gpt'\]: 'qwem' is not a model of its servers"),
        ({"aliases": {"a:b": synthesis.MODEL}}, r"^aliases\['a:b'\]: ',' and ':' are what"),
        ({"aliases": {"a": synthesis.MODEL}, "discovery": "pods"}, r"^aliases\['a'\]: the router knows aliases with"),
        ({"health_checks": "chats"}, r"^health_checks: 'chats'.*did you mean 'chat'"),
        ({"health_checks": "chat", "discovery": "pods"}, r"^health_checks: pods are found by their readiness"),
        ({"replicas": 0}, r"^replicas: 0"),
        ({"servers": []}, r"^servers: is empty"),
        ({"servers": ["llama"]}, r"^servers\[0\]: 'llama'"),
        ({"clients": [1]}, r"^clients\[0\]: 1 is not a peer"),
    ],
)
def test_what_cannot_work_is_refused(chart: cdk8s.Chart, options: dict[str, Any], message: str) -> None:
    with pytest.raises((InvalidOptionError, ConflictError), match=message):
        Router(chart, "router", **{"servers": [vllm(chart)], **options})
    assert chart.node.try_find_child("router") is None


def test_which_release_brought_a_way_is_said_in_one_place_and_shown(chart: cdk8s.Chart) -> None:
    assert LOGICS_SINCE.keys() <= set(LOGICS)
    since = LOGICS_SINCE["priority"]
    assert f"| `priority` | a router of {since} or newer |" in (DOCS / "network.md").read_text(encoding="utf-8")
    with pytest.raises(InvalidOptionError, match="such as the default image's"):
        Router(chart, "router", servers=[vllm(chart)], routing="priority")
    # What the message says of it.
    assert tuple(map(int, ROUTER_IMAGE.rpartition(":v")[2].split("."))) < tuple(map(int, since.split(".")))


def test_servers_that_one_router_cannot_know_together_are_refused(chart: cdk8s.Chart) -> None:
    elsewhere = cdk8s.Chart(chart.node.root, "b", namespace="team-b")  # type: ignore[arg-type]  # the root is an App
    one = vllm(chart, "one", api_key=KEY)
    cases: list[tuple[Any, dict[str, Any], str]] = [
        (vllm(elsewhere, "far"), {"discovery": "pods"}, r"is in namespace 'team-b' and the router in 'team-a'"),
        (
            vllm(chart, "port", port=9000),
            {"discovery": "pods"},
            r"asks all pods at one port.*llm/one: 8000, llm/port: 9000",
        ),
        (
            vllm(chart, "key", api_key=SecretKey("x", "y")),
            {"discovery": "pods"},
            r"with one API key, and llm/one, llm/key",
        ),
        (one, {}, r"one of them is there twice"),
    ]
    for other, options, message in cases:
        with pytest.raises(ConflictError, match=message):
            Router(chart, "router", servers=[one, other], **options)
    with pytest.raises(ConflictError, match=r"^health_checks: the router sends them without an API key, which llm/one"):
        Router(chart, "router", servers=[one], health_checks="chat")
    Router(chart, "static", servers=[one, cases[0][0], cases[1][0]])


def test_health_checks_say_the_request_for_each_backend(chart: cdk8s.Chart) -> None:
    made = routed(chart, vllm(chart, "a"), vllm(chart, "b", model=SMALL), health_checks="completion")
    assert made["static-model-types"] == "completion,completion"
    assert "static-backend-health-checks" in made


def test_routers_that_remember_apart_warn(chart: cdk8s.Chart) -> None:
    with pytest.warns(VllmCdk8sWarning, match=r"^replicas: 2 routers each remember the prefixes"):
        Router(chart, "router", servers=[vllm(chart)], routing="prefixaware", replicas=2)


# The router's own parser.


@pytest.mark.parametrize(
    ("url", "taken"),
    [
        ("http://llama.llm:8000", True),
        ("http://llama.team-a:8000", False),
        ("http://llama.team-a.svc:8000", True),
        ("http://llama:8000", False),
        ("http://10.0.0.1:8000/v1", True),
        ("http://localhost:8000", True),
        ("llama.llm.svc", False),
    ],
)
def test_addresses_that_the_router_takes(url: str, taken: bool) -> None:
    assert knows_address(url) is taken


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        (["--routing-logic", "roundrobin"], ["--service-discovery"]),
        (["--service-discovery=k8s"], ["--routing-logic"]),
        (["--service-discovery", "k8s", "--routing-logic", "session"], ["--session-key"]),
        (["--dynamic-config-json", "/config/router.json"], []),
        (["--service-discovery=static", "--routing-logic=roundrobin"], ["--static-backends", "--static-models"]),
        (
            ["--service-discovery=static", "--routing-logic=roundrobin", "--static-backends=http://a.b.svc,http://c.d.svc",
             "--static-models=x"],
            ["--static-models"],
        ),
        (
            ["--log-stats", "--service-discovery=static", "--static-backend-health-checks",
             "--routing-logic=roundrobin", "--static-backends=http://a:80", "--static-models=x"],
            ["--static-backends", "--static-model-types"],
        ),
        (
            [
                "--service-discovery=static",
                "--routing-logic=roundrobin",
                "--static-backends=$(URLS)",
                "--static-models=x",
            ],
            [],
        ),
    ],
)  # fmt: skip
def test_command_lines_that_the_router_stops_at(arguments: list[str], found: list[str]) -> None:
    assert [problem.option for problem in argument_problems(read_options(arguments))] == found
