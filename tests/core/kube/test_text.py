"""Text that would end its own line in YAML, or mean another thing there, is refused wherever it comes in."""

import warnings
from typing import Any

import cdk8s
import pytest
import yaml

from tests.synthesis import PLAIN, new_chart
from vllm_cdk8s import SlowStartProbes, VllmCdk8sError, VllmServer
from vllm_cdk8s.core.errors import InvalidOptionError
from vllm_cdk8s.core.kube.checks import annotation_map, plain, text
from vllm_cdk8s.core.kube.text import check_text, text_problem
from vllm_cdk8s.core.kube.writing import to_yaml

INJECTION = "x\u2028          lifecycle:\u2028            postStart:\u2028              exec: {command: [sh]}"
REFUSED = {
    "\u0085": "U+0085",
    "\u2028": "U+2028",
    "\u2029": "U+2029",
    "\x7f": "U+007F",
    "\x00": "U+0000",
    "\x1b": "U+001B",
    "\x9f": "U+009F",
    "\ufeff": "U+FEFF",
    "\ud800": "U+D800",
    "\r": "U+000D",
}


@pytest.mark.parametrize(("character", "code"), REFUSED.items(), ids=REFUSED.values())
def test_the_code_point_and_its_position_are_named(character: str, code: str) -> None:
    with pytest.raises(
        InvalidOptionError, match=rf"^x: holds .*{code[:2]}\{code[1]}{code[2:]} at character 3"
    ) as caught:
        check_text("x", f"ab{character}c")
    assert caught.value.code == "VC006"


@pytest.mark.parametrize(
    "word", ["0o644", "0O17", "0X1F", "0B1", "-0o7", "1e_3", "1e3_0", "-_0", "0_O1", "0_xF", "+_.07", ".1E1_1"]
)
def test_words_that_are_numbers_to_kubernetes_alone_are_refused(word: str) -> None:
    assert yaml.safe_load(cdk8s.Yaml.stringify({"a": word}).replace('"', "")) == {"a": word}
    with pytest.raises(InvalidOptionError, match="is a number to Kubernetes"):
        check_text("x", word)


@pytest.mark.parametrize("word", ["é", "日本", "a\nb\tc", "0x1F", "0b1", "1_000", "0o8x", "\U0001f600"])
def test_other_text_is_taken(word: str) -> None:
    assert check_text("x", word) == word
    assert yaml.safe_load(to_yaml([{"a": word}])) == {"a": word}


def test_every_check_of_a_text_looks_at_it() -> None:
    for check in (text, lambda option, value: annotation_map(option, {"a": value}), plain):
        with pytest.raises(InvalidOptionError, match=r"U\+2028"):
            check("x", INJECTION)


DOORS: dict[str, dict[str, Any]] = {
    "env": {"env": {"A": INJECTION}},
    "pod_annotations": {"pod_annotations": {"a": INJECTION}},
    "annotations": {"annotations": {"a": INJECTION}},
    "engine_args": {"engine_args": {"served_model_name": INJECTION}},
    "json": {"engine_args": {"hf_overrides": {"a": {"b": [INJECTION]}}}},
    "extra_args": {"extra_args": [f"--served-model-name={INJECTION}"]},
    "unchecked_args": {"unchecked_args": [f"--new={INJECTION}"]},
    "volumes": {"volumes": [{"name": "x", "hostPath": {"path": INJECTION}}]},
    "sidecar": {"extra_containers": [{"name": "x", "image": "busybox:1", "args": [INJECTION]}]},
    "affinity": {"affinity": {"nodeAffinity": {"a": INJECTION}}},
    "key": {"affinity": {"nodeAffinity": {INJECTION: "a"}}},
    "security": {"pod_security_context": {"seLinuxOptions": {"level": INJECTION}}},
    "service_annotations": {"service_annotations": {"a": INJECTION}},
    "model": {"model": f"/models/{INJECTION}"},
    "host": {"host": INJECTION},
}


@pytest.mark.parametrize("options", DOORS.values(), ids=DOORS)
def test_no_door_lets_it_in(options: dict[str, Any]) -> None:
    chart = new_chart()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(VllmCdk8sError):
            VllmServer(chart, "server", **{**PLAIN, **options})
    # What is refused leaves nothing behind.
    assert chart.node.children == []
    SlowStartProbes(chart, "server")


@pytest.mark.parametrize(
    "word", ["._5", ".5e_3", "_1", "1_000", "0x_F", "12e03", "0o8", "2024_11_25", "1.5.0", "v1e3", "0b2"]
)
def test_what_is_text_to_kubernetes_or_is_quoted_anyway_is_taken(word: str) -> None:
    assert text_problem(word) is None
