"""Values that the chart's text lacks and its users expect: what each becomes, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from vllm_cdk8s.helm.problems import ValuesError
from vllm_cdk8s.helm.release_plan import ReleasePlan, plan_release
from vllm_cdk8s.helm.validation import check_values


def plan(**values: Any) -> ReleasePlan:
    return plan_release("prod", check_values({"resources": {"limits": {"nvidia.com/gpu": 1}}, **values}))


def wire(made: ReleasePlan, kind: str) -> Any:
    (found,) = [manifest.wire(None) for manifest in made.manifests() if manifest.kind == kind]
    return found


def test_each_value_of_the_pod_arrives_in_it() -> None:
    spread = {"maxSkew": 1, "topologyKey": "kubernetes.io/hostname", "whenUnsatisfiable": "DoNotSchedule"}
    made = plan(
        podLabels={"team": "search"},
        topologySpreadConstraints=[spread],
        priorityClassName="high",
        schedulerName="other",
        extraVolumes=[{"name": "more", "emptyDir": {}}],
        extraVolumeMounts=[{"name": "more", "mountPath": "/more"}],
        extraContainers=[{"name": "sidecar", "image": "busybox:1"}],
        strategy={"rollingUpdate": {"maxSurge": "2", "maxUnavailable": "25%"}},
    )
    deployment = wire(made, "Deployment")["spec"]
    pod = deployment["template"]["spec"]

    assert deployment["template"]["metadata"]["labels"]["team"] == "search"
    (constraint,) = pod["topologySpreadConstraints"]
    assert spread.items() <= constraint.items()
    assert (pod["priorityClassName"], pod["schedulerName"]) == ("high", "other")
    assert {"name": "more", "emptyDir": {}} in pod["volumes"]
    assert {"name": "more", "mountPath": "/more"} in pod["containers"][0]["volumeMounts"]
    assert [container["name"] for container in pod["containers"]] == ["vllm", "sidecar"]
    assert deployment["strategy"]["rollingUpdate"] == {"maxSurge": 2, "maxUnavailable": "25%"}


def test_the_service_takes_its_node_port_and_annotations() -> None:
    service = wire(plan(service={"type": "NodePort", "nodePort": 30080, "annotations": {"a": True}}), "Service")

    assert service["spec"]["ports"][0]["nodePort"] == 30080
    assert service["metadata"]["annotations"] == {"a": "true"}


def test_what_other_charts_share_is_ignored_with_a_warning() -> None:
    (warning,) = plan(**{"global": {"imageRegistry": "r.example"}}).warnings

    assert str(warning).startswith("global: has no effect")
    assert not plan(**{"global": {}}).warnings


def test_an_acknowledged_warning_is_not_given() -> None:
    values: dict[str, Any] = {"resources": {}}
    assert {warning.rule.code for warning in plan(**values).warnings} == {"VC203"}

    assert not plan(**values, acknowledge={"vc203": "a cluster without device plugins"}).warnings


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"acknowledge": {"VC999": "x"}}, "acknowledge: 'VC999' is not the code of a rule"),
        ({"acknowledge": {"VC203": " "}}, "acknowledge: 'VC203' is acknowledged without a reason"),
        ({"acknowledge": ["VC203"]}, "acknowledge: ['VC203'] is not a mapping"),
        ({"strategy": {"type": "Recreate"}}, "strategy.type: 'Recreate' is not allowed; allowed: RollingUpdate"),
        ({"strategy": {"rollingUpdate": {"maxSurge": "some"}}}, "strategy.rollingUpdate.maxSurge: 'some' is neither"),
        ({"strategy": {"rollingUpdate": {"maxSurge": -1}}}, "strategy.rollingUpdate.maxSurge: -1 is out of range"),
        ({"strategy": {"rollingUpdate": {"maxSurge": 0, "maxUnavailable": 0}}}, "rollingUpdate.maxUnavailable: "),
        ({"service": {"nodePort": 30000}}, "service.nodePort: 30000 needs a service of type NodePort"),
        ({"service": {"nodePort": 0}}, "service.nodePort: 0 is out of range"),
        ({"extraVolumes": ["x"]}, "extraVolumes[0]: 'x' is not a mapping"),
        ({"extraVolumeMounts": [{"name": "none", "mountPath": "/c"}]}, "extraVolumeMounts: 'none' is not the name"),
    ],
)
def test_what_cannot_work_is_refused_by_its_path(values: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValuesError) as caught:
        plan(**values)

    (line,) = caught.value.lines
    assert problem in line
