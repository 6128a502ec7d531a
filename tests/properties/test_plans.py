"""Whatever valid options say of a server, its manifests hold what must hold of all: at the plan, without jsii."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.kubelet import expanded
from tests.kubernetes_schemas import since
from tests.properties import ALWAYS_THE_SAME, TIMES
from tests.properties import options as random_options
from tests.properties.invariants import assert_sound, pod_templates
from vllm_cdk8s.core.kube.names import fixed_names
from vllm_cdk8s.core.server.deployment import DeploymentShape
from vllm_cdk8s.core.server.leader_worker_set import LeaderWorkerSetShape
from vllm_cdk8s.core.server.plan import ServerInput, ServerPlan, plan_server
from vllm_cdk8s.core.server.ray_cluster import RayClusterShape
from vllm_cdk8s.core.server.shape import Shape

many = settings(max_examples=40 * TIMES, derandomize=ALWAYS_THE_SAME, suppress_health_check=list(HealthCheck))


def planned(shape: Shape, name: str, said: dict[str, Any], storage: Any, health: Any) -> ServerPlan:
    return plan_server(
        ServerInput(
            model=random_options.MODEL, said=said, shape=shape,
            names=fixed_names(name, service_suffix=shape.service_suffix), path=lambda: "llm/server", namespace="llm",
            storage=storage, health=health,
        )
    )  # fmt: skip


def assert_plan_is_sound(plan: ServerPlan, said: dict[str, Any]) -> None:
    documents = [manifest.wire("llm") for manifest in plan.manifests()]
    # Claims for devices are Kubernetes' own since 1.34.
    minors = since("1.34") if "device_claims" in said else (since()[0], since()[-1])
    assert_sound(documents, external_claims=random_options.EXTERNAL_CLAIMS, minors=minors)
    container = next(pod_templates(documents[0]))["spec"]["containers"][0]
    variables = {item["name"]: item["value"] for item in container["env"] if "value" in item}
    for name, text in said.get("env", {}).items():
        assert expanded(variables[name], {}) == text


def assert_arguments_arrive(plan: ServerPlan) -> None:
    """What the kubelet hands to vLLM is what the plan says, through the wrapper that drops caches as well."""
    container = plan.pod.template()["spec"]["containers"][0]
    arguments = [expanded(word, {"POD_IP": "10.0.0.1"}) for word in container["args"]]
    wanted = [word.replace("$(POD_IP)", "10.0.0.1") if "kv-events" in word else word for word in plan.engine.args]
    assert arguments[-len(wanted) :] == wanted


@given(
    name=random_options.SERVER_NAMES,
    said=random_options.server_options(),
    storage=random_options.storages(),
    health=random_options.HEALTHS,
    replicas=st.integers(0, 20),
    autoscaled=st.booleans(),
)
@many
@pytest.mark.filterwarnings("ignore::vllm_cdk8s.VllmCdk8sWarning")
def test_a_server(
    name: str, said: dict[str, Any], storage: Any, health: Any, replicas: int, *, autoscaled: bool
) -> None:
    storage = random_options.fitting(said, storage)
    shape = DeploymentShape(replicas=replicas, autoscaled=autoscaled, own_claim=storage is None)
    plan = planned(shape, name, said, storage, health)
    assert_plan_is_sound(plan, said)
    assert_arguments_arrive(plan)
    again = planned(shape, name, dict(reversed(list(said.items()))), storage, health)
    assert json.dumps([item.wire("llm") for item in again.manifests()]) == json.dumps(
        [item.wire("llm") for item in plan.manifests()]
    )


@given(
    name=random_options.SERVER_NAMES,
    said=random_options.server_options(most=8),
    storage=random_options.storages(shared=True),
    health=random_options.HEALTHS,
    nodes=st.integers(2, 4),
    replicas=st.integers(1, 4),
)
@many
@pytest.mark.filterwarnings("ignore::vllm_cdk8s.VllmCdk8sWarning")
@pytest.mark.parametrize("kind", ["LeaderWorkerSet", "RayCluster"])
def test_a_server_of_several_nodes(
    kind: str, name: str, said: dict[str, Any], storage: Any, health: Any, nodes: int, replicas: int
) -> None:
    shape: Shape = (
        LeaderWorkerSetShape(nodes=nodes, replicas=replicas)
        if kind == "LeaderWorkerSet"
        else RayClusterShape(nodes=nodes)
    )
    # These are of one pod, or of storage that others than root may reach.
    alone = {"kai", "device_claims", "kv_offload", "non_root"}
    said = {name: value for name, value in said.items() if name not in alone}
    plan = planned(shape, name, {"gpus": 1, **said}, storage, health)
    assert_plan_is_sound(plan, said)
    assert planned(shape, name, {"gpus": 1, **said}, storage, health).manifests() == plan.manifests()
