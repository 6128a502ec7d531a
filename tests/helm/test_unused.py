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


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("image: {tag: v0.9.2}", ["image.tag: vLLM 0.9.2 is older than 0.10.0"]),
        ("vllm: {engineVersion: 0.9.2}\nimage: {repository: acme/vllm}", ["vllm.engineVersion: vLLM 0.9.2 is older"]),
        ("image: {tag: v0.10.0}\nvllm: {cudaGraphMode: FULL_AND_PIECEWISE}",
         ["vllm.cudaGraphMode: FULL_AND_PIECEWISE is left out: vLLM 0.10.0 has no graph modes"]),
        ("image: {tag: v0.10.0}", []),
        ("image: {tag: v0.11.0}\nvllm: {cudaGraphMode: FULL_AND_PIECEWISE}", []),
        ("service: {type: NodePort, nodePort: 80}", ["service.nodePort: 80 is not among 30000 to 32767"]),
        ("service: {type: NodePort, nodePort: 30080}", []),
    ],
)  # fmt: skip
def test_what_a_release_or_a_cluster_does_not_have_is_warned_of(text: str, said: list[str]) -> None:
    found = warnings(text)

    assert len(found) == len(said)
    assert all(line.startswith(start) for line, start in zip(found, said, strict=True))


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
        ("vllm: {additionalArgs: [--help]}", "vllm.additionalArgs[0]: --help has vLLM print something and end"),
        (
            "vllm: {uncheckedArgs: [--new, hf_abcdefghijklmnopqrstuvwxyz0123456789]}",
            "vllm.uncheckedArgs[1]: --new: a literal secret would stand in the YAML",
        ),
        ("ingress: {enabled: true, hosts: [{host: 'https://a.b'}]}", "ingress.hosts[0].host: 'https://a.b' is not the"),
        ("ingress: {enabled: true, hosts: [{host: a.b}, {host: a.b}]}", "ingress.hosts: 'a.b' is there twice with '/'"),
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


def test_one_host_may_be_there_with_several_paths() -> None:
    hosts = "[{host: a.b, paths: [{path: /v1}]}, {host: a.b, paths: [{path: /health}]}]"
    key = "vllm: {env: [{name: VLLM_API_KEY, valueFrom: {secretKeyRef: {name: s, key: k}}}]}\n"

    assert warnings(f"{key}ingress: {{enabled: true, hosts: {hosts}}}") == []
