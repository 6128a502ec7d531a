"""Problems say options as their user wrote them: values, flags and variables, in YAML's words."""

from __future__ import annotations

import json

import pytest

from vllm_cdk8s.helm.loading import parse_values
from vllm_cdk8s.helm.problems import ValuesError, as_yaml, value_text
from vllm_cdk8s.helm.release_plan import plan_release
from vllm_cdk8s.helm.validation import check_values


def refusal(text: str) -> str:
    """What is wrong with a values file."""
    with pytest.raises(ValuesError) as caught:
        plan_release("prod", check_values(parse_values(text)))
    return "\n".join(map(str, caught.value.problems))


def arguments(*items: str) -> str:
    return f"vllm: {{additionalArgs: {json.dumps(items)}}}\nresources: {{limits: {{nvidia.com/gpu: 1}}}}"


@pytest.mark.parametrize(
    ("items", "problem"),
    [
        (
            ("--seed=1", "--host", "::"),
            "vllm.additionalArgs[1]: --host: is not an engine argument here; use vllm.host [VC",
        ),
        (("--headless",), "vllm.additionalArgs[0]: --headless: true: vLLM serves no API then"),
        (("--ssl-keyfile=/k",), "--ssl-keyfile: '/k': without --ssl-certfile in vllm.additionalArgs vLLM cannot serve"),
        (("--lora-modules", "a=/x"), "--lora-modules: needs --enable-lora in vllm.additionalArgs too, or vLLM stops"),
        (("--enable-chunked-prefill", "no"), "vllm.additionalArgs[1]: --enable-chunked-prefill: 'no' belongs to no op"),
        (("--seed", "--max-num-seqs=x"), "vllm.additionalArgs[0]: --seed needs a value"),
        (("--seed=1", "--seed=2"), "vllm.additionalArgs[1]: --seed is given twice (before at vllm.additionalArgs[0])"),
        (("--data-parallel-size=2",), "vllm.additionalArgs[0]: --data-parallel-size: tensor x data parallel (1 x 2)"),
        (
            ("--kv-transfer-config", '{"kv_connector":"NixlConector"}'),
            "vllm.additionalArgs[0].kv_connector: --kv-transfer-config: 'NixlConector' is not a value",
        ),
    ],
)
def test_a_problem_of_an_argument_names_the_flag(items: tuple[str, ...], problem: str) -> None:
    assert problem in refusal(arguments(*items))


def test_a_problem_of_an_unchecked_argument_names_the_flag() -> None:
    said = refusal("vllm: {uncheckedArgs: ['--port=9000']}")

    assert said.startswith(
        "vllm.uncheckedArgs[0]: --port: 9000 is not the port 8000 of the Service and the probes; use vllm.port ["
    )


@pytest.mark.parametrize(
    ("variable", "problem"),
    [
        ({"name": "VLLM_LOGING_LEVEL", "value": "x"}, "vllm.env[0]: VLLM_LOGING_LEVEL: not a variable of vLLM"),
        (
            {"name": "X", "valueFrom": {"secretKeyRef": {"name": "S_s", "key": "k"}}},
            "vllm.env[0].valueFrom.secretKeyRef.name: 'S_s' is not",
        ),
    ],
)
def test_a_problem_of_a_variable_names_it_and_where_it_is(variable: dict[str, object], problem: str) -> None:
    assert refusal(f"vllm: {{env: [{json.dumps(variable)}]}}").startswith(problem)


def test_a_number_of_gpus_that_makes_a_bad_parallel_size_is_what_is_blamed() -> None:
    said = refusal("resources: {limits: {nvidia.com/gpu: 3}}")

    assert said.startswith("resources.limits.nvidia.com/gpu: 3 does not divide the 16 attention heads")
    assert "by --pipeline-parallel-size in vllm.additionalArgs" in said
    assert refusal("resources: {limits: {nvidia.com/gpu: 8}}\nvllm: {tensorParallelSize: 3}").startswith(
        "vllm.tensorParallelSize: 3 does not divide"
    )


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("strategy: {rollingUpdate: {maxSurge: 0, maxUnavailable: 0%}}",
         "strategy.rollingUpdate.maxUnavailable: is 0, and so is strategy.rollingUpdate.maxSurge, so that no pod"),
        ("autoscaling: {enabled: true, minReplicas: 5, maxReplicas: 2}",
         "autoscaling.minReplicas: 5 is above autoscaling.maxReplicas: 2"),
        ("kaischeduler: {queue: q}\nschedulerName: other", "schedulerName: 'other' contradicts kaischeduler, which is"),
        ("vllm: {model: a/b@main}", "give 'a/b', and say --revision=main in vllm.additionalArgs"),
        ("podSecurityContext: {runAsNonRoot: true}",
         "say non_root=NonRoot() of a VllmServer in Python, for which there is no value, which gives it a user"),
        ("monitoring: {enabled: true, serviceMonitor: {enabled: true, interval: 5s}}",
         "scrapeTimeout: '10s' is longer than monitoring.serviceMonitor.interval: '5s'"),
    ],
)  # fmt: skip
def test_other_options_are_said_as_values_too(text: str, problem: str) -> None:
    assert problem in refusal(text)


def test_what_an_assumption_rests_on_is_said_in_values() -> None:
    values = check_values(parse_values(arguments("--dtype=fp16")))

    assert "as neither image.tag nor vllm.engineVersion says more" in str(plan_release("prod", values).warnings)


def test_advice_is_a_set_on_the_command_line_alone() -> None:
    values = check_values({"vllm": {"model": "meta-llama/Llama-3.1-70B-Instruct"}})
    (in_python, *_), (typed, *_) = (plan_release("prod", values, sets=sets).warnings for sets in (False, True))

    assert "say resources.limits.nvidia.com/gpu=1, or resources.limits.nvidia.com/gpu=0 for" in in_python.what
    assert "say --set resources.limits.nvidia.com/gpu=1, or --set resources.limits.nvidia.com/gpu=0 for" in typed.what


def test_keys_that_are_no_options_stay_as_they_are() -> None:
    said = refusal("ingress: {enabled: true, className: a, annotations: {kubernetes.io/ingress.class: a}}")

    assert said.startswith('ingress.annotations["kubernetes.io/ingress.class"]: ')


@pytest.mark.parametrize(
    ("python", "yaml"),
    [
        ("True contradicts privileged: False", "true contradicts privileged: false"),
        ("None, and vLLM's own", "null, and vLLM's own"),
        ("'True' is text, and vLLM's 'None' too; True is not", "'True' is text, and vLLM's 'None' too; true is not"),
        ('"a\\"True" is text', '"a\\"True" is text'),
        ("Truest", "Truest"),
    ],
)
def test_words_of_python_become_words_of_yaml(python: str, yaml: str) -> None:
    assert as_yaml(python) == yaml


@pytest.mark.parametrize("where", ["vllm.env[0].value", "podAnnotations.apiKey", "--set podLabels.my_token=x"])
def test_what_a_path_calls_a_secret_is_not_repeated(where: str) -> None:
    assert value_text("hunter2", where=where) == "a text"


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("model: x", "vllm.model"),
        ("extraEnv: []", "vllm.env"),
        ("replicas: 2", "replicaCount"),
        ("vllm.model: x", "vllm.model"),
        ("vllm: {replicaCount: 2}", "replicaCount"),
        ("persistence: {storageClassName: x}", "persistence.storageClass"),
        ("persistence: {mountPath: /x}", None),
        ("service: {name: x}", None),
    ],
)
def test_a_wrong_key_is_told_the_right_one_where_there_is_one(text: str, hint: str | None) -> None:
    said = refusal(text)

    assert (f"did you mean {hint!r}?" in said) if hint else ("did you mean" not in said)


def test_the_choice_that_is_not_there_says_what_to_say_in_its_place() -> None:
    assert "say rollingUpdate with maxSurge 0 and maxUnavailable 100%" in refusal("strategy: {type: Recreate}")
