"""Values that nothing reads, and values that say one thing twice."""

from __future__ import annotations

import pytest

from vllm_cdk8s.helm.loading import parse_values
from vllm_cdk8s.helm.problems import ValuesError
from vllm_cdk8s.helm.release_plan import plan_release
from vllm_cdk8s.helm.validation import check_values

SHARE = "kaischeduler: {queue: q, gpuMemoryMiB: 8000, gpuTotalMemoryMiB: 80000}\n"


def warnings(text: str) -> list[str]:
    gpu = "" if "kaischeduler" in text else "resources: {limits: {nvidia.com/gpu: 1}}\n"
    return [str(warning) for warning in plan_release("prod", check_values(parse_values(gpu + text))).warnings]


def refusal(text: str) -> str:
    with pytest.raises(ValuesError) as caught:
        warnings(text)
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "warning"),
    [
        ("service: {targetPort: 9000}", "service.targetPort: 9000 has no effect"),
        ("persistence: {enabled: false, existingClaim: c}", "persistence.existingClaim: 'c' has no effect"),
        ("serviceAccount: {create: false, annotations: {a: b}}", "serviceAccount.annotations: have no effect while"),
        ("global: {imageRegistry: x}", "global: has no effect"),
        ("kaischeduler: {gpuTotalMemoryMiB: 80000}", "kaischeduler.gpuTotalMemoryMiB: 80000 has no effect without"),
        (
            SHARE + "vllm: {gpuMemoryUtilization: 0.9}",
            "vllm.gpuMemoryUtilization: 0.9 of the GPU is more than",
        ),
    ],
)
def test_a_value_without_an_effect_is_warned_of(text: str, warning: str) -> None:
    assert any(line.startswith(warning) for line in warnings(text))


@pytest.mark.parametrize(
    "text",
    [SHARE, SHARE + "vllm: {gpuMemoryUtilization: 0.05}", SHARE + "podLabels: {kai.scheduler/queue: q}",
     "service: {targetPort: 8000}", "persistence: {enabled: false}", "global: {}"],
)  # fmt: skip
def test_a_value_with_its_effect_is_not(text: str) -> None:
    assert warnings(text) == []


def test_a_queue_is_said_once() -> None:
    assert refusal(SHARE + "podLabels: {kai.scheduler/queue: other}").startswith(
        "podLabels[\"kai.scheduler/queue\"]: 'other' contradicts kaischeduler.queue: q; say it once"
    )


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            "vllm: {env: [{name: VLLM_PORT, value: '1'}]}",
            "vllm.env[0].name: 'VLLM_PORT' is the base of vLLM's",
        ),
        ("vllm: {env: [{name: A}, {name: A}]}", "vllm.env[1].name: 'A' is there twice [VC211]"),
        ("vllm: {env: [{name: 'A B'}]}", "vllm.env[0].name: 'A B' is not a name for an environment variable"),
        ("vllm: {host: $(POD_IP)}", "vllm.host: '$(POD_IP)' arrives as it is written, and is not an address"),
        ("imagePullSecrets: [{name: a}, {name: B_}]", "imagePullSecrets[1].name: 'B_' is not"),
        ("persistence: {annotations: {'a b': c}}", "persistence.annotations: 'a b' is not"),
        ("nameOverride: '-a'", "nameOverride: '-a' is not a label value"),
        ("ingress: {enabled: true, tls: [{secretName: S_}]}", "ingress.tls[0].secretName: 'S_' is not"),
        (
            "ingress: {enabled: true, tls: [{secretName: s, hosts: [a.b, 1.2.3.4]}]}",
            "ingress.tls[0].hosts[1]: '1.2.",
        ),
        (
            "monitoring: {enabled: true, serviceMonitor: {enabled: true, labels: {a: 'x y'}}}",
            "monitoring.serviceMonitor.labels.a: 'x y' is not a label value",
        ),
    ],
)
def test_the_very_value_is_blamed(text: str, problem: str) -> None:
    assert refusal(text).startswith(problem)


def test_a_server_that_speaks_tls_is_trusted_as_the_values_say() -> None:
    text = (
        "vllm: {additionalArgs: [--ssl-certfile=/c, --ssl-keyfile=/k]}\n"
        "monitoring: {enabled: true, serviceMonitor: {enabled: true, tlsConfig: {insecureSkipVerify: true}}}"
    )
    monitor = plan_release("prod", check_values(parse_values(text))).surrounding[-1].wire()

    (endpoint,) = monitor["spec"]["endpoints"]
    assert (endpoint["scheme"], endpoint["tlsConfig"]) == ("https", {"insecureSkipVerify": True})
    assert refusal(text.replace(", tlsConfig: {insecureSkipVerify: true}", "")).startswith(
        "monitoring.serviceMonitor.tlsConfig: the server speaks TLS"
    )
    assert "'insecure' is not a field of it" in refusal(text.replace("insecureSkipVerify", "insecure"))
