from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import synthesis
from vllm_cdk8s import VllmServer
from vllm_cdk8s.core.errors import ConflictError, InvalidOptionError, VllmCdk8sWarning
from vllm_cdk8s.core.pod.placement import DeviceClaim, KaiShare, scheduling

NOTHING: dict[str, Any] = {
    "node_selector": {},
    "node_name": None,
    "tolerations": (),
    "affinity": {},
    "topology_spread": (),
    "runtime_class": None,
    "scheduler_name": None,
    "priority_class": None,
    "kai": None,
    "device_claims": (),
}


def test_nothing_asked_for_is_nothing_said() -> None:
    assert not any(scheduling(**NOTHING).values())


def test_the_storage_pins_the_pod_to_its_node() -> None:
    fields = scheduling(**{**NOTHING, "node_selector": {"gpu": "a100"}, "node_name": "n1"})
    assert fields["nodeSelector"] == {"gpu": "a100", "kubernetes.io/hostname": "n1"}


def test_a_node_selector_that_contradicts_the_storage_is_refused() -> None:
    with pytest.raises(ConflictError, match=r"node_selector\['kubernetes.io/hostname'\]: 'n2' .* node 'n1'"):
        scheduling(**{**NOTHING, "node_selector": {"kubernetes.io/hostname": "n2"}, "node_name": "n1"})


def test_a_misspelt_toleration_names_the_right_field() -> None:
    toleration = {"key": "nvidia.com/gpu", "operator": "Exists", "toleration_seconds": 5}
    with pytest.raises(InvalidOptionError, match=r"tolerations\[0\].*did you mean 'tolerationSeconds'\?"):
        scheduling(**{**NOTHING, "tolerations": [toleration]})


def test_a_single_toleration_in_place_of_a_list_is_refused() -> None:
    with pytest.raises(InvalidOptionError, match=r"tolerations: .* is not a list"):
        scheduling(**{**NOTHING, "tolerations": {"key": "nvidia.com/gpu"}})


def test_kai_chooses_its_scheduler_and_refuses_another() -> None:
    assert scheduling(**{**NOTHING, "kai": KaiShare(queue="team")})["schedulerName"] == "kai-scheduler"
    with pytest.raises(ConflictError, match="scheduler_name: 'volcano' contradicts kai="):
        scheduling(**{**NOTHING, "kai": KaiShare(queue="team"), "scheduler_name": "volcano"})


def test_a_kai_share_in_mib_is_the_charts_label_and_annotation() -> None:
    share = KaiShare(queue="team", gpu_memory_mib=20_000)
    assert share.labels() == {"kai.scheduler/queue": "team"}
    assert share.annotations() == {"gpu-memory": "20000"}
    assert share.fraction is None


def test_a_queue_without_a_share_annotates_nothing() -> None:
    assert KaiShare(queue="team").annotations() == {}
    assert not KaiShare(queue="team").shares_gpu


def test_a_share_of_a_known_gpu_is_a_fraction_rounded_down() -> None:
    assert KaiShare(gpu_memory_mib=27_300, gpu_total_memory_mib=81_920).fraction == Decimal("0.33")


@given(st.integers(1, 10**6), st.integers(1, 10**6))
def test_a_fraction_is_never_above_the_share_by_more_than_its_least_step(one: int, other: int) -> None:
    memory, total = sorted((one, other))
    fraction = KaiShare(gpu_memory_mib=memory, gpu_total_memory_mib=total).fraction
    assert fraction is not None
    assert fraction <= max(Decimal(memory) / total, Decimal("0.01"))


def test_whole_gpus_beside_a_share_are_refused() -> None:
    with pytest.raises(ConflictError, match="gpus: 1 whole GPUs contradict the share"):
        KaiShare(gpu_fraction=0.5).check_gpus(1)
    KaiShare(queue="team").check_gpus(1)


def test_a_vllm_that_takes_more_than_its_share_is_refused() -> None:
    with pytest.raises(ConflictError, match=r"gpu_memory_utilization: 0.9 is above the share of 0.5"):
        KaiShare(gpu_fraction=0.5).check_utilization(0.9)
    KaiShare(gpu_fraction=0.5).check_utilization(0.5)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"gpu_memory_mib": True}, r"kai.gpu_memory_mib: True is not a whole number"),
        ({"gpu_memory_mib": 0}, r"kai.gpu_memory_mib: 0 is out of range"),
        ({"gpu_memory_mib": 2, "gpu_total_memory_mib": 1}, r"kai.gpu_memory_mib: 2 is above gpu_total_memory_mib: 1"),
        ({"gpu_fraction": 1.5}, r"kai.gpu_fraction: 1.5 is not between 0 and 1"),
        ({"gpu_fraction": "half"}, r"kai.gpu_fraction: 'half' is not a number"),
        ({"gpu_fraction": 0.5, "gpu_memory_mib": 1}, r"kai.gpu_fraction: gpu_memory_mib is given too"),
        ({"queue": "a b"}, r"kai.queue: 'a b' is not a label value"),
    ],
)
def test_a_share_that_is_none_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        KaiShare(**options)


def test_a_device_claim_stands_in_the_pod_and_in_the_container() -> None:
    by_template = DeviceClaim(name="gpu", template="single-gpu", request="one")
    assert by_template.pod_claim() == {"name": "gpu", "resourceClaimTemplateName": "single-gpu"}
    assert by_template.container_claim() == {"name": "gpu", "request": "one"}
    shared = DeviceClaim(name="gpu", claim="all-gpus")
    assert shared.pod_claim() == {"name": "gpu", "resourceClaimName": "all-gpus"}
    assert shared.container_claim() == {"name": "gpu"}


@pytest.mark.parametrize("options", [{}, {"template": "a", "claim": "b"}])
def test_a_device_claim_is_of_one_kind(options: dict[str, str]) -> None:
    with pytest.raises(ConflictError, match=r"device_claims\['gpu'\]: exactly one of template and claim"):
        DeviceClaim(name="gpu", **options)


def server(**options: Any) -> VllmServer:
    return VllmServer(
        synthesis.new_chart(), "shared", model=synthesis.MODEL, image="vllm/vllm-openai:v0.20.2", **options
    )


def test_vllm_is_told_to_keep_to_a_share_that_is_known() -> None:
    assert (
        "--gpu-memory-utilization=0.24"
        in server(kai=KaiShare(gpu_memory_mib=20_000, gpu_total_memory_mib=81_920)).engine.args
    )
    half = server(kai=KaiShare(gpu_fraction=0.5), extra_args=["--gpu-memory-utilization=0.4"])
    assert half.engine.gpu_memory_utilization == 0.4


def test_a_vllm_left_to_its_own_default_does_not_escape_its_share() -> None:
    with pytest.raises(ConflictError, match=r"gpu_memory_utilization: 0.92 is above the share of 0.5"):
        server(kai=KaiShare(gpu_fraction=0.5), engine_args={"gpu_memory_utilization": None})


def test_a_share_of_a_gpu_of_unknown_size_warns_unless_vllm_is_told_its_part() -> None:
    with pytest.warns(VllmCdk8sWarning, match=r"kai.gpu_memory_mib: nobody knows what part of the GPU 20000 MiB are"):
        server(kai=KaiShare(gpu_memory_mib=20_000))
    server(kai=KaiShare(gpu_memory_mib=20_000), engine_args={"gpu_memory_utilization": 0.2})


# What the API server refuses.

PREFERRED, REQUIRED = (
    "preferredDuringSchedulingIgnoredDuringExecution",
    "requiredDuringSchedulingIgnoredDuringExecution",
)
SPREAD = {"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule"}


def node_term(**expression: Any) -> dict[str, Any]:
    return {"nodeAffinity": {REQUIRED: {"nodeSelectorTerms": [{"matchExpressions": [{"key": "a", **expression}]}]}}}


def node_field(**requirement: Any) -> dict[str, Any]:
    field = {"key": "metadata.name", "operator": "In", "values": ["gpu-1"], **requirement}
    return {"affinity": {"nodeAffinity": {REQUIRED: {"nodeSelectorTerms": [{"matchFields": [field]}]}}}}


def pod_term(**fields: Any) -> dict[str, Any]:
    return {"affinity": {"podAntiAffinity": {REQUIRED: [{"topologyKey": "zone", **fields}]}}}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"tolerations": [{"key": "a", "effect": "NoSchedule", "tolerationSeconds": 5}]},
            "tolerations[0].tolerationSeconds: 5 needs effect 'NoExecute'",
        ),
        (
            {"tolerations": [{"key": "a", "effect": "NoExecute", "tolerationSeconds": "5"}]},
            "tolerations[0].tolerationSeconds: '5' is not a whole number of 64 bits",
        ),
        ({"tolerations": [{"key": "a", "value": True}]}, "tolerations[0].value: True is not a string"),
        ({"tolerations": [{"key": "a", "value": "x y"}]}, "tolerations[0].value: 'x y' is not a label value"),
        ({"tolerations": [{"key": "a", "operator": "Gt", "value": "x"}]}, "tolerations[0].value: 'x' is not a whole"),
        ({"affinity": node_term(operator="In")}, "values: is empty; operator 'In' needs values"),
        ({"affinity": node_term(operator="Exists", values=["x"])}, "values: contradicts operator 'Exists'"),
        ({"affinity": node_term(operator="Gt", values=["1", "2"])}, "values: needs exactly one value"),
        ({"affinity": node_term(operator="Lt", values=["x"])}, "values[0]: 'x' is not a whole number"),
        ({"affinity": node_term(operator="in", values=["x"])}, "operator: 'in' is not known"),
        ({"affinity": {"nodeAffinity": {REQUIRED: {"nodeSelectorTerms": []}}}}, ".nodeSelectorTerms: is empty"),
        (
            {"affinity": {"nodeAffinity": {PREFERRED: [{"weight": 101, "preference": {}}]}}},
            f"affinity.nodeAffinity.{PREFERRED}[0].weight: 101 is out of range; allowed: 1 to 100",
        ),
        ({"affinity": {"podAffinity": {REQUIRED: [{"labelSelector": {}}]}}}, "[0]: has no topologyKey"),
        ({"affinity": {"podAffinity": {REQUIRED: {"topologyKey": "a"}}}}, f"podAffinity.{REQUIRED}: "),
        (
            {"affinity": {"podAffinity": {PREFERRED: [{"weight": 1, "podAffinityTerm": {"topologyKey": "a b"}}]}}},
            ".podAffinityTerm.topologyKey: 'a b' is not a qualified name",
        ),
        (
            {"affinity": {"podAffinity": {REQUIRED: [{"topologyKey": "zone"}, {"topologyKey": "a b"}]}}},
            f"affinity.podAffinity.{REQUIRED}[1].topologyKey: 'a b' is not a qualified name",
        ),
        (
            pod_term(labelSelector={"matchLabels": {"app": "a b"}}),
            f"affinity.podAntiAffinity.{REQUIRED}[0].labelSelector.matchLabels['app']: 'a b' is not a label value",
        ),
        (
            pod_term(
                namespaceSelector={"matchExpressions": [{"key": "a", "operator": "NotIn", "values": ["b", "c d"]}]}
            ),
            "[0].namespaceSelector.matchExpressions[0].values[1]: 'c d' is not a label value",
        ),
        (
            pod_term(labelSelector={"matchExpressions": [{"key": "a", "operator": "DoesNotExist", "values": ["b"]}]}),
            "[0].values: contradicts operator 'DoesNotExist', which takes none",
        ),
        (
            pod_term(labelSelector={"matchExpressions": [{"key": "a b", "operator": "Exists"}]}),
            "[0].labelSelector.matchExpressions[0].key: 'a b' is not a qualified name",
        ),
        (pod_term(namespaces=["ai", "a_b"]), "[0].namespaces[1]: 'a_b' is not a DNS label"),
        (
            {
                "affinity": {
                    "nodeAffinity": {
                        PREFERRED: [
                            {"weight": 1, "preference": {"matchExpressions": [{"key": "a", "operator": "NotIn"}]}}
                        ]
                    }
                }
            },
            f"affinity.nodeAffinity.{PREFERRED}[0].preference.matchExpressions[0].values: is empty",
        ),
        (node_field(key="metadata.uid"), ".matchFields[0].key: 'metadata.uid' is not known; allowed: metadata.name"),
        (node_field(operator="Exists"), ".matchFields[0].operator: 'Exists' is not known; allowed: In, NotIn"),
        (node_field(values=["a", "b"]), ".matchFields[0].values: needs exactly one value"),
        ({"topology_spread": [{**SPREAD, "maxSkew": 0}]}, "topology_spread[0].maxSkew: 0 is out of range"),
        ({"topology_spread": [{**SPREAD, "maxSkew": "1"}]}, "topology_spread[0].maxSkew: '1' is not a whole number"),
        (
            {"topology_spread": [{**SPREAD, "whenUnsatisfiable": "Ignore"}]},
            "topology_spread[0].whenUnsatisfiable: 'Ignore' is not known; allowed: DoNotSchedule, ScheduleAnyway",
        ),
        (
            {"topology_spread": [{**SPREAD, "whenUnsatisfiable": "ScheduleAnyway", "minDomains": 2}]},
            "topology_spread[0].minDomains: needs whenUnsatisfiable 'DoNotSchedule'",
        ),
        ({"topology_spread": [{**SPREAD, "minDomains": 0}]}, "topology_spread[0].minDomains: 0 is out of range"),
        ({"topology_spread": [{**SPREAD, "topologyKey": "a b"}]}, "topology_spread[0].topologyKey: 'a b' is not a"),
        (
            {"topology_spread": [{**SPREAD, "labelSelector": {"matchLabels": {"app": "a b"}}}]},
            "topology_spread[0].labelSelector.matchLabels['app']: 'a b' is not a label value",
        ),
        ({"topology_spread": [SPREAD, SPREAD]}, "topology_spread: 'zone with DoNotSchedule' is there twice"),
    ],
)
def test_placement_that_the_api_server_refuses_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises((InvalidOptionError, ConflictError)) as caught:
        scheduling(**{**NOTHING, **options})
    assert message in str(caught.value)


def test_placement_that_it_takes_is_left_as_it_is() -> None:
    affinity = {
        **node_term(operator="Gt", values=["5"]),
        "podAntiAffinity": {
            PREFERRED: [
                {
                    "weight": 100,
                    "podAffinityTerm": {
                        "topologyKey": "kubernetes.io/hostname",
                        "labelSelector": {"matchExpressions": [{"key": "a", "operator": "In", "values": ["b"]}]},
                        "namespaceSelector": {},
                    },
                }
            ]
        },
    }
    tolerations = [
        {"operator": "Exists"},
        {"key": "a", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 5},
        {"key": "a", "operator": "Lt", "value": "-5", "effect": "NoSchedule"},
    ]
    spread = [{**SPREAD, "labelSelector": {}}, {**SPREAD, "whenUnsatisfiable": "ScheduleAnyway", "labelSelector": {}}]
    fields = scheduling(**{**NOTHING, "affinity": affinity, "tolerations": tolerations, "topology_spread": spread})
    assert fields["affinity"] == affinity
    assert fields["tolerations"] == tolerations
    assert fields["topologySpreadConstraints"] == spread
