"""EndpointPicker: what it may read, what it is told, who reaches it, and the pool that asks it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests import synthesis
from tests.kubernetes_schemas import assert_valid
from vllm_cdk8s import (
    ConflictError,
    EndpointPicker,
    HTTPRoute,
    InvalidOptionError,
    ModelStorage,
    MultiNodeVllmServer,
    Resources,
    SecretKey,
    ServerNetworkPolicy,
    VllmServer,
)

if TYPE_CHECKING:
    import cdk8s
    from syrupy.assertion import SnapshotAssertion

MEANT = {"VC503": "policies of the server are not what is tested here"}


@pytest.fixture
def chart() -> cdk8s.Chart:
    return synthesis.new_chart(namespace="inference")


def vllm(chart: cdk8s.Chart, id: str = "llama", **options: Any) -> VllmServer:
    options.setdefault("storage", ModelStorage.none(chart, f"{id}-cache"))
    own = {"name": id, "api_key": SecretKey("llama", "key"), "acknowledge": MEANT}
    return VllmServer(chart, id, **{**synthesis.PLAIN, **own, **options})


def picked(chart: cdk8s.Chart, **options: Any) -> EndpointPicker:
    server = options.pop("server", None) or vllm(chart)
    return EndpointPicker(chart, "picker", **{"server": server, "name": "llama-epp", **options})


def config(chart: cdk8s.Chart) -> dict[str, Any]:
    text = synthesis.the(chart, "ConfigMap")["data"]["plugins.yaml"]
    return dict(yaml.safe_load(text))


def epp(chart: cdk8s.Chart, name: str = "llama-epp") -> dict[str, Any]:
    [found] = [each for each in synthesis.of_kind(chart, "Deployment") if each["metadata"]["name"] == name]
    return dict(found["spec"])


def test_golden(chart: cdk8s.Chart, snapshot: SnapshotAssertion) -> None:
    server = vllm(chart, replicas=3)
    picker = picked(
        chart, server=server, gateways=["gateways"], scrapers=["monitoring"], flow_control=True,
        objectives={"interactive": 10, "batch": -10}, resources=Resources(requests={"cpu": "2", "memory": "2Gi"}),
    )  # fmt: skip
    ServerNetworkPolicy(chart, "policy", server=server, clients=["gateways"], scrapers=[picker.pods], name="llama")
    HTTPRoute(chart, "route", gateways=["public"], backends=[picker.pool], name="llama")
    assert_valid(synthesis.documents(chart))
    synthesis.assert_golden(chart, snapshot)


def test_the_pool_asks_the_picker_and_the_picker_watches_the_pool(chart: cdk8s.Chart) -> None:
    server = vllm(chart, port=9000)
    picker = picked(chart, server=server)
    pool = synthesis.the(chart, "InferencePool")
    assert pool["spec"]["selector"]["matchLabels"] == server.selector
    assert pool["spec"]["targetPorts"] == [{"number": 9000}]
    [service] = [each for each in synthesis.of_kind(chart, "Service") if each["metadata"]["name"] == "llama-epp"]
    reference = pool["spec"]["endpointPickerRef"]
    assert (reference["name"], reference["port"]["number"]) == ("llama-epp", service["spec"]["ports"][0]["port"])
    template = epp(chart)["template"]
    assert service["spec"]["selector"].items() <= template["metadata"]["labels"].items()
    assert f"--pool-name={pool['metadata']['name']}" in template["spec"]["containers"][0]["args"]
    assert picker.pool.name == pool["metadata"]["name"]


def test_two_pickers_without_names_keep_apart(chart: cdk8s.Chart) -> None:
    one = EndpointPicker(chart, "one", server=vllm(chart, "a"))
    other = EndpointPicker(chart, "other", server=vllm(chart, "b"))
    assert one.name != other.name
    assert_valid(synthesis.documents(chart))
    selectors = [epp(chart, each.name)["selector"]["matchLabels"] for each in (one, other)]
    assert selectors[0] != selectors[1]
    pools = {each["metadata"]["name"] for each in synthesis.of_kind(chart, "InferencePool")}
    assert pools == {one.pool.name, other.pool.name}


def test_scorers_are_plugins_and_weights(chart: cdk8s.Chart) -> None:
    picked(chart, scorers={"prefix-cache-scorer": 5, "active-request-scorer": 1})
    made = config(chart)
    assert (made["apiVersion"], made["kind"]) == ("llm-d.ai/v1alpha1", "EndpointPickerConfig")
    assert [each["type"] for each in made["plugins"]] == [
        "prefix-cache-scorer", "active-request-scorer", "metrics-data-source", "core-metrics-extractor",
    ]  # fmt: skip
    assert made["schedulingProfiles"] == [{"name": "default", "plugins": [
        {"pluginRef": "prefix-cache-scorer", "weight": 5}, {"pluginRef": "active-request-scorer", "weight": 1},
    ]}]  # fmt: skip
    assert "featureGates" not in made


def test_metrics_of_a_server_with_tls_are_scraped_by_tls(chart: cdk8s.Chart) -> None:
    with pytest.warns(match="BackendTLSPolicy"):
        picked(chart, server=vllm(chart, engine_args={"ssl_certfile": "/c/tls.crt", "ssl_keyfile": "/c/tls.key"}))
    [source] = [each for each in config(chart)["plugins"] if each["type"] == "metrics-data-source"]
    assert source["parameters"] == {"scheme": "https", "path": "/metrics", "insecureSkipVerify": True}


def test_one_replica_needs_no_lease_and_several_elect_a_leader(chart: cdk8s.Chart) -> None:
    picked(chart)
    resources = {name for rule in synthesis.the(chart, "Role")["rules"] for name in rule["resources"]}
    assert resources == {"pods", "inferencepools", "inferenceobjectives", "inferencemodelrewrites"}
    verbs = {verb for rule in synthesis.the(chart, "Role")["rules"] for verb in rule["verbs"]}
    assert verbs == {"get", "list", "watch"}

    several = synthesis.new_chart(namespace="inference")
    picked(several, replicas=2)
    assert "leases" in {name for rule in synthesis.the(several, "Role")["rules"] for name in rule["resources"]}
    container = epp(several)["template"]["spec"]["containers"][0]
    assert "--ha-enable-leader-election" in container["args"]
    assert container["livenessProbe"]["grpc"]["service"] == "liveness"
    assert container["readinessProbe"]["grpc"]["service"] == "readiness"


def test_a_changed_configuration_restarts_the_picker() -> None:
    notes = []
    for weight in (1, 2):
        chart = synthesis.new_chart(namespace="inference")
        picked(chart, scorers={"queue-scorer": weight})
        notes.append(epp(chart)["template"]["metadata"]["annotations"])
    assert notes[0].keys() == notes[1].keys()
    assert notes[0] != notes[1]


def test_objectives_name_the_pool(chart: cdk8s.Chart) -> None:
    picked(chart, objectives={"batch": -5})
    [made] = synthesis.of_kind(chart, "InferenceObjective")
    assert made["metadata"]["name"] == "batch"
    assert made["spec"] == {
        "priority": -5,
        "poolRef": {"group": "inference.networking.k8s.io", "kind": "InferencePool", "name": "llama-epp"},
    }


def test_the_policy_lets_gateways_ask_and_scrapers_read(chart: cdk8s.Chart) -> None:
    picked(chart, gateways=["gateways"], scrapers=["monitoring"])
    spec = synthesis.the(chart, "NetworkPolicy")["spec"]
    assert spec["policyTypes"] == ["Ingress"]
    let_in = {
        rule["from"][0]["namespaceSelector"]["matchLabels"]["kubernetes.io/metadata.name"]: rule["ports"][0]["port"]
        for rule in spec["ingress"]
    }
    assert let_in == {"gateways": 9002, "monitoring": 9090}


def test_a_server_over_several_nodes_is_asked_at_its_leaders(chart: cdk8s.Chart) -> None:
    server = MultiNodeVllmServer(
        chart, "big", model=synthesis.MODEL, image=synthesis.PLAIN["image"], nodes=2, gpus=1,
        storage=ModelStorage.none(chart, "cache"), name="big",
    )  # fmt: skip
    picked(chart, server=server)
    assert_valid(synthesis.documents(chart))
    assert synthesis.the(chart, "InferencePool")["spec"]["selector"]["matchLabels"] == server.leader_selector


def test_metrics_ask_for_a_token_unless_they_are_open(chart: cdk8s.Chart) -> None:
    picked(chart)
    assert not [each for each in epp(chart)["template"]["spec"]["containers"][0]["args"] if "metrics" in each]
    other = synthesis.new_chart()
    picked(other, open_metrics=True)
    assert "--metrics-endpoint-auth=false" in epp(other)["template"]["spec"]["containers"][0]["args"]


WHOLE = {
    "apiVersion": "llm-d.ai/v1alpha1",
    "kind": "EndpointPickerConfig",
    "plugins": [{"type": "prefix-cache-scorer", "name": "cache", "parameters": {"lruCapacityPerServer": 31250}}],
    "schedulingProfiles": [{"name": "default", "plugins": [{"pluginRef": "cache", "weight": 1}]}],
}


def test_a_configuration_of_ones_own_is_taken_as_it_is(chart: cdk8s.Chart) -> None:
    picked(chart, config=WHOLE)
    assert config(chart) == WHOLE


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"scorers": {"queue-scorers": 1}}, InvalidOptionError, r"^scorers: .*did you mean 'queue-scorer'"),
        ({"scorers": {}}, InvalidOptionError, r"^scorers: .*is empty"),
        ({"scorers": {"queue-scorer": 0}}, InvalidOptionError, r"^scorers\['queue-scorer'\]: 0 "),
        ({"scorers": ["queue-scorer"]}, InvalidOptionError, r"^scorers: .*not a mapping"),
        ({"replicas": 0}, InvalidOptionError, r"^replicas: 0 "),
        ({"objectives": {"batch": "low"}}, InvalidOptionError, r"^objectives\['batch'\]: 'low' "),
        ({"objectives": {"Batch": 1}}, InvalidOptionError, r"^objectives: 'Batch' "),
        ({"gateways": "gateways"}, InvalidOptionError, r"^gateways: 'gateways' is not a list"),
        ({"scrapers": ["monitoring"]}, ConflictError, r"^scrapers: needs gateways="),
        ({"failure_mode": "FailOpn"}, InvalidOptionError, r"^failure_mode: .*'FailOpen'"),
        ({"config": WHOLE, "flow_control": True}, ConflictError, r"^flow_control: config= says all"),
        ({"config": {**WHOLE, "kind": "Config"}}, InvalidOptionError, r"^config: kind is 'Config'"),
        ({"config": {**WHOLE, "plugins": [{"type": "cach"}]}}, InvalidOptionError,
         r"^config.schedulingProfiles\[0\]: 'cache' .*did you mean 'cach'"),
        ({"name": "A"}, InvalidOptionError, r"^name: 'A' "),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(
    chart: cdk8s.Chart, options: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        picked(chart, **options)


def test_a_name_that_is_taken_leaves_nothing_behind(chart: cdk8s.Chart) -> None:
    server = vllm(chart)
    with pytest.raises(ConflictError, match=r"^name: 'llama' is the name of two"):
        EndpointPicker(chart, "picker", server=server, name="llama")
    EndpointPicker(chart, "picker", server=server, name="llama-epp")
    assert_valid(synthesis.documents(chart))
