"""Numbers that Kubernetes keeps in 32 bits, and percentages that it reads."""

from typing import Any

import pytest

from vllm_cdk8s import Autoscaling, InvalidOptionError
from vllm_cdk8s.core.scaling.availability import Budget
from vllm_cdk8s.core.scaling.queue import QueueScaling
from vllm_cdk8s.core.server.deployment import share

TOO_MANY = 2**31
QUEUE: dict[str, Any] = {"prometheus_address": "http://prometheus:9090", "max_replicas": 4}


@pytest.mark.parametrize(
    ("make", "option"),
    [
        (lambda: Autoscaling(max_replicas=TOO_MANY), "max_replicas"),
        (lambda: Autoscaling(target_cpu_utilization=TOO_MANY), "target_cpu_utilization"),
        (lambda: Budget(min_available=TOO_MANY), "min_available"),
        (lambda: Budget(max_unavailable=TOO_MANY), "max_unavailable"),
        (lambda: QueueScaling(**{**QUEUE, "max_replicas": TOO_MANY}), "max_replicas"),
        (lambda: QueueScaling(**QUEUE, polling_seconds=TOO_MANY), "polling_seconds"),
        (lambda: QueueScaling(**QUEUE, fallback_failures=TOO_MANY), "fallback_failures"),
    ],
)
def test_more_than_32_bits_are_refused(make: Any, option: str) -> None:
    with pytest.raises(InvalidOptionError, match=f"^{option}: {TOO_MANY} is out of range"):
        make()


def test_no_more_pods_than_all_may_be_gone_during_a_rollout() -> None:
    assert share("max_unavailable", "100%") == "100%"
    with pytest.raises(InvalidOptionError, match=r"max_unavailable: '101%' is out of range; allowed: 0% to 100%"):
        share("max_unavailable", "101%")
    # There may be more in their place.
    assert share("max_surge", "200%") == "200%"


def test_digits_of_other_scripts_are_not_a_percentage() -> None:
    with pytest.raises(InvalidOptionError, match="is not a percentage"):
        Budget(min_available="\u0665\u0660%")


@pytest.mark.parametrize(
    ("trigger", "message"),
    [
        ({"typ": "cron", "metadata": {}}, "'typ' is not a field of a trigger; did you mean 'type'?"),
        ({"type": "cron", "name": 5, "metadata": {}}, "5 is not a string"),
        ({"type": "cron", "metricType": "Average", "metadata": {}}, "'Average' is not a metric type"),
    ],
)
def test_fields_that_keda_does_not_take_are_refused(trigger: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidOptionError) as caught:
        QueueScaling(**QUEUE, extra_triggers=[trigger])
    assert message in str(caught.value)
