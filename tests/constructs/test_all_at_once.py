"""What is wrong with a server is told at once, from whichever part of it."""

from typing import Any

import pytest

from tests.synthesis import new_chart
from vllm_cdk8s import Autoscaling, HttpProbe, ModelStorage, Resources, VllmCdk8sError, VllmServer


def options_of(**options: Any) -> list[str | None]:
    with pytest.raises(VllmCdk8sError) as caught:
        VllmServer(new_chart(), "s", **{"model": "Qwen/Qwen3-8B", "gpus": 1, **options})
    return [problem.option for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"termination_grace_period": 5, "replcas": 2, "service_port": 0},
         ["termination_grace_period", "replcas", "service_port"]),
        ({"model": "-x", "host": "bad host", "engine_args": {"max_model_len": "abc"}, "service_port": 0},
         ["service_port", "model", "host", "max_model_len"]),
        ({"env": {"1": "a", "B": 4, "VLLM_PORT": "8000"}}, ["env", "env['B']", "env"]),
        ({"node_selector": {"a b": "c"}, "tolerations": [{"operator": "Exist"}, {"effect": "No"}],
          "priority_class": "A b", "runtime_class": "C d", "pod_labels": {"x y": "z"}, "drain_seconds": -1,
          "security_context": {"runAsUser": "a"}, "volumes": [{"name": "v"}], "image_pull_secrets": ["A b"]},
         ["drain_seconds", "volumes[0]", "security_context.runAsUser", "pod_labels", "image_pull_secrets",
          "node_selector", "tolerations[0].operator", "tolerations[1].effect", "runtime_class", "priority_class"]),
    ],
)  # fmt: skip
def test_each_part_of_a_server_is_told_of(options: dict[str, Any], expected: list[str]) -> None:
    assert options_of(**options) == expected


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda: Resources(limits={"a b": 1, "memory": "x"}, requests={"cpu": -1}),
         ["resources.requests['cpu']", "resources.limits", "resources.limits['memory']"]),
        (lambda: HttpProbe(period_seconds=0, timeout_seconds=0, path="x"),
         ["period_seconds", "timeout_seconds", "path"]),
        (lambda: ModelStorage(new_chart(), "m", size="abc", access_mode="x", storage_class="A b", mount_path="x"),
         ["access_mode", "storage_class", "size", "mount_path"]),
        (lambda: Autoscaling(min_replicas=-1, max_replicas=0, target_cpu_utilization=0),
         ["min_replicas", "max_replicas", "target_cpu_utilization"]),
    ],
)  # fmt: skip
def test_each_field_of_a_value_is_told_of(make: Any, expected: list[str]) -> None:
    with pytest.raises(VllmCdk8sError) as caught:
        make()
    assert [problem.option for problem in caught.value.problems] == expected
