"""PodDisruptionBudget and the spread of pods: what stays while nodes come and go."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import cdk8s
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import synthesis
from tests.kubernetes_schemas import assert_valid
from tests.snippets import run, snippets
from vllm_cdk8s import (
    ConflictError,
    InvalidOptionError,
    ModelStorage,
    MultiNodeVllmServer,
    PodDisruptionBudget,
    QueueAutoscaler,
    RayVllmServer,
    VllmServer,
    spread_pods,
)

if TYPE_CHECKING:
    from syrupy.assertion import SnapshotAssertion

HOST, ZONE = "kubernetes.io/hostname", "topology.kubernetes.io/zone"


@pytest.fixture
def chart() -> cdk8s.Chart:
    return synthesis.new_chart(namespace="inference")


def vllm(chart: cdk8s.Chart, id: str = "llama", **options: Any) -> VllmServer:
    """A server that may have many replicas without a warning."""
    storage = ModelStorage.none(chart, f"{id}-cache")
    return VllmServer(chart, id, **{**synthesis.PLAIN, "name": id, "storage": storage, **options})


def spec(chart: cdk8s.Chart) -> dict[str, Any]:
    assert_valid(synthesis.documents(chart))
    return dict(synthesis.the(chart, "PodDisruptionBudget")["spec"])


def advice(chart: cdk8s.Chart) -> list[str]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        synthesis.to_yaml(chart)
    return [str(each.message) for each in caught]


def test_the_documented_snippet_makes_this_yaml(snapshot: SnapshotAssertion) -> None:
    (snippet,) = snippets("availability.md")
    chart = synthesis.new_chart(namespace="llm")
    run(snippet, chart)
    assert advice(chart) == []
    assert_valid(synthesis.documents(chart))
    synthesis.assert_golden(chart, snapshot)


# Budgets.


def test_one_pod_at_a_time_may_go_and_any_that_is_not_ready(chart: cdk8s.Chart) -> None:
    server = vllm(chart, replicas=2)
    PodDisruptionBudget(chart, "budget", server=server)
    assert spec(chart) == {
        "maxUnavailable": 1,
        "selector": {"matchLabels": server.selector},
        "unhealthyPodEvictionPolicy": "AlwaysAllow",
    }


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"min_available": 2}, {"minAvailable": 2}),
        ({"min_available": "50%"}, {"minAvailable": "50%"}),
        ({"max_unavailable": "34%"}, {"maxUnavailable": "34%"}),
    ],
)
def test_numbers_stay_numbers_and_percentages_text(
    chart: cdk8s.Chart, options: dict[str, Any], expected: dict[str, Any]
) -> None:
    PodDisruptionBudget(
        chart, "budget", server=vllm(chart, replicas=3), unhealthy_pod_eviction="IfHealthyBudget", **options
    )
    made = spec(chart)
    assert {key: made[key] for key in made if key in ("minAvailable", "maxUnavailable")} == expected
    assert made["unhealthyPodEvictionPolicy"] == "IfHealthyBudget"


@pytest.mark.parametrize(
    ("replicas", "options", "message"),
    [
        (1, {"min_available": 1}, "min_available: 1 lets no pod of llm/llama be evicted with 1 replica,"),
        (1, {"min_available": "1%"}, "min_available: '1%' lets no pod of llm/llama be evicted with 1 replica,"),
        (3, {"max_unavailable": 0}, "max_unavailable: 0 lets no pod of llm/llama be evicted with 3 replicas,"),
        (3, {"max_unavailable": "0%"}, "max_unavailable: '0%' lets no pod"),
        (3, {"min_available": "100%"}, "min_available: '100%' lets no pod"),
        (2, {"min_available": "51%"}, "min_available: '51%' lets no pod"),
    ],
)
def test_a_budget_that_blocks_every_drain_warns_once(
    chart: cdk8s.Chart, replicas: int, options: dict[str, Any], message: str
) -> None:
    cdk8s.Chart(chart.node.root, "second")  # type: ignore[arg-type]  # the root is an App
    PodDisruptionBudget(chart, "budget", server=vllm(chart, replicas=replicas), **options)
    (found,) = advice(chart)
    assert found.startswith(message)
    assert found.endswith("allowed: max_unavailable=1, or more replicas [VC615]")


@pytest.mark.parametrize(
    ("replicas", "options"),
    [
        (1, {"max_unavailable": 1}),
        (1, {"max_unavailable": "1%"}),  # rounded up, to one pod
        (2, {"min_available": 1}),
        (2, {"min_available": "50%"}),
        (0, {"max_unavailable": 1}),
        (0, {"max_unavailable": "50%"}),  # of the one that an autoscaler starts
    ],
)
def test_a_budget_that_lets_a_pod_go_does_not(chart: cdk8s.Chart, replicas: int, options: dict[str, Any]) -> None:
    PodDisruptionBudget(chart, "budget", server=vllm(chart, replicas=replicas), **options)
    assert advice(chart) == []


@pytest.mark.parametrize("autoscaler_first", [True, False])
def test_what_an_autoscaler_may_leave_counts_in_whichever_order_they_come(
    chart: cdk8s.Chart, *, autoscaler_first: bool
) -> None:
    server = vllm(chart)

    def scale() -> None:
        QueueAutoscaler(chart, "scale", server=server, prometheus_address="http://prometheus:9090", max_replicas=4)

    if autoscaler_first:
        scale()
    PodDisruptionBudget(chart, "budget", server=server, min_available=1)
    if not autoscaler_first:
        scale()
    (found,) = advice(chart)
    assert "while it has 1 of 4 replicas" in found


def test_an_autoscaler_that_leaves_two_is_nothing_to_warn_of(chart: cdk8s.Chart) -> None:
    server = vllm(chart)
    PodDisruptionBudget(chart, "budget", server=server, min_available=1)
    QueueAutoscaler(chart, "scale", server=server, prometheus_address="http://prometheus:9090", min_replicas=2,
                    max_replicas=4)  # fmt: skip
    assert advice(chart) == []


@settings(max_examples=25)
@given(replicas=st.integers(1, 40), percent=st.integers(0, 100))
def test_a_percentage_of_pods_is_rounded_up_as_kubernetes_does(replicas: int, percent: int) -> None:
    chart = synthesis.new_chart(namespace="inference")
    PodDisruptionBudget(chart, "budget", server=vllm(chart, replicas=replicas), min_available=f"{percent}%")
    # The disruption controller: pods that must stay, rounded up, against those there are.
    blocked = not any(staying * 100 >= percent * replicas for staying in range(replicas))
    assert bool(advice(chart)) == blocked


def test_a_second_budget_of_one_server_is_refused(chart: cdk8s.Chart) -> None:
    server = vllm(chart, replicas=2)
    PodDisruptionBudget(chart, "budget", server=server)
    with pytest.raises(ConflictError, match=r"^server: llm/llama has a budget already, llm/budget"):
        PodDisruptionBudget(chart, "again", server=server)


def test_a_budget_in_another_namespace_is_refused(chart: cdk8s.Chart) -> None:
    other = cdk8s.Chart(chart.node.root, "other", namespace="other")  # type: ignore[arg-type]  # the root is an App
    with pytest.raises(ConflictError, match=r"^server: .*this PodDisruptionBudget would be in namespace 'other'"):
        PodDisruptionBudget(other, "budget", server=vllm(chart))


def test_a_name_taken_twice_is_refused(chart: cdk8s.Chart) -> None:
    PodDisruptionBudget(chart, "a", server=vllm(chart, "one", replicas=2), name="budget")
    with pytest.raises(ConflictError, match="'budget' is the name of two PodDisruptionBudgets"):
        PodDisruptionBudget(chart, "b", server=vllm(chart, "other", replicas=2), name="budget")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"min_available": 1, "max_unavailable": 1}, r"^min_available: 1 and max_unavailable: 1 are both given"),
        ({"min_available": -1}, r"^min_available: -1 is out of range"),
        ({"min_available": "1"}, r"^min_available: '1' is not a percentage; allowed: such as '50%', or a whole number"),
        ({"min_available": "101%"}, r"^min_available: '101%' is not a percentage"),
        ({"max_unavailable": 0.5}, r"^max_unavailable: 0\.5 is not a whole number"),
        ({"max_unavailable": True}, r"^max_unavailable: True is not a whole number"),
        ({"unhealthy_pod_eviction": "AlwaysAlow"}, r"^unhealthy_pod_eviction: .*did you mean 'AlwaysAllow'"),
        ({"labels": {"": ""}}, r"^labels: '' is empty"),
        ({"name": "Budget"}, r"^name: 'Budget'"),
        ({"server": None}, r"^server: None is not a VllmServer"),
    ],
)
def test_a_wrong_option_is_named(chart: cdk8s.Chart, options: dict[str, Any], message: str) -> None:
    with pytest.raises((InvalidOptionError, ConflictError), match=message):
        PodDisruptionBudget(chart, "budget", **{"server": vllm(chart), **options})


# Over several nodes.


def big(chart: cdk8s.Chart, **options: Any) -> MultiNodeVllmServer:
    return MultiNodeVllmServer(
        chart, "big", model=synthesis.MODEL, image=synthesis.PLAIN["image"], gpus=1, name="big",
        storage=ModelStorage.none(chart, "cache"), **{"nodes": 3, "replicas": 4, **options},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("options", "pods"),
    [
        ({}, 1),
        ({"max_unavailable": 1}, 1),
        ({"max_unavailable": 2}, 2),
        ({"min_available": 3}, 1),
        ({"min_available": 1}, 3),
        ({"min_available": "50%"}, 2),
        ({"max_unavailable": "25%"}, 1),
    ],
)
def test_a_budget_of_groups_lets_no_more_pods_go_than_groups_may(
    chart: cdk8s.Chart, options: dict[str, Any], pods: int
) -> None:
    server = big(chart)
    PodDisruptionBudget(chart, "budget", server=server, **options)
    assert advice(chart) == []
    budget = synthesis.the(chart, "PodDisruptionBudget")
    assert_valid([budget])
    assert budget["spec"]["maxUnavailable"] == pods
    assert "minAvailable" not in budget["spec"]
    assert budget["spec"]["selector"] == {"matchLabels": server.selector}


def test_a_budget_that_lets_no_group_go_warns(chart: cdk8s.Chart) -> None:
    PodDisruptionBudget(chart, "budget", server=big(chart, replicas=1), min_available=1)
    (found,) = advice(chart)
    assert found.startswith("min_available: 1 lets no pod of llm/big be evicted with 1 replica,")


def test_a_budget_of_a_ray_cluster_is_refused(chart: cdk8s.Chart) -> None:
    server: Any = RayVllmServer(
        chart, "ray", model=synthesis.MODEL, image=synthesis.PLAIN["image"], gpus=1, nodes=2,
        storage=ModelStorage.none(chart, "cache"),
    )  # fmt: skip
    with pytest.raises(
        InvalidOptionError, match=r"^server: llm/ray, a RayVllmServer, is not a .*; allowed: a VllmServer or"
    ):
        PodDisruptionBudget(chart, "budget", server=server)


# The spread.


def constraints(chart: cdk8s.Chart) -> list[dict[str, Any]]:
    assert_valid(synthesis.documents(chart))
    return list(synthesis.pod_spec(chart)["topologySpreadConstraints"])


def test_pods_are_spread_over_nodes_by_the_servers_own_labels(chart: cdk8s.Chart) -> None:
    server = vllm(chart, name=None, replicas=2)
    spread_pods(server)
    assert constraints(chart) == [
        {
            "topologyKey": HOST,
            "maxSkew": 1,
            "whenUnsatisfiable": "ScheduleAnyway",
            "labelSelector": {"matchLabels": synthesis.the(chart, "Deployment")["spec"]["selector"]["matchLabels"]},
            "matchLabelKeys": ["pod-template-hash"],
        }
    ]


def test_constraints_that_there_are_already_stay(chart: cdk8s.Chart) -> None:
    own = {"topologyKey": "rack", "maxSkew": 2, "whenUnsatisfiable": "DoNotSchedule"}
    server = vllm(chart, replicas=2, topology_spread=[own])
    spread_pods(server, over=[ZONE], max_skew=3, when_unsatisfiable="DoNotSchedule")
    spread_pods(server)
    made = constraints(chart)
    assert made[0] == {**own, "labelSelector": {"matchLabels": server.selector}}
    assert [(each["topologyKey"], each["maxSkew"]) for each in made] == [("rack", 2), (ZONE, 3), (HOST, 1)]
    assert made[1]["whenUnsatisfiable"] == "DoNotSchedule"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"over": []}, r"^over: has no label of nodes"),
        ({"over": ZONE}, r"^over: '.*' is not a list"),
        ({"over": ["a b"]}, r"^over: 'a b' is not a qualified name"),
        ({"over": [ZONE, ZONE]}, r"^over: .* are spread over 'topology\.kubernetes\.io/zone' already"),
        ({"max_skew": 0}, r"^max_skew: 0 is out of range"),
        (
            {"when_unsatisfiable": "Ignore"},
            r"^when_unsatisfiable: 'Ignore' is not known; allowed: DoNotSchedule, Sched",
        ),
    ],
)
def test_a_wrong_spread_is_named(chart: cdk8s.Chart, options: dict[str, Any], message: str) -> None:
    with pytest.raises((InvalidOptionError, ConflictError), match=message):
        spread_pods(vllm(chart), **options)


def test_a_server_is_spread_over_one_label_once(chart: cdk8s.Chart) -> None:
    server = vllm(chart)
    spread_pods(server)
    with pytest.raises(
        ConflictError, match=r"^over: the pods of llm/llama are spread over 'kubernetes\.io/hostname' al"
    ):
        spread_pods(server)


def test_groups_are_spread_by_their_leaders(chart: cdk8s.Chart) -> None:
    server = big(chart)
    spread_pods(server, over=["topology.kubernetes.io/zone"])
    assert_valid(synthesis.documents(chart))
    template = synthesis.the(chart, "LeaderWorkerSet")["spec"]["leaderWorkerTemplate"]
    [constraint] = template["leaderTemplate"]["spec"]["topologySpreadConstraints"]
    assert constraint["labelSelector"] == {"matchLabels": server.leader_selector}
    assert constraint["matchLabelKeys"] == ["leaderworkerset.sigs.k8s.io/template-revision-hash"]
    assert "topologySpreadConstraints" not in template["workerTemplate"]["spec"]
