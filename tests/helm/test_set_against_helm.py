"""--set against Helm's own parser: the same on generated input, but for the differences that are listed here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from vllm_cdk8s.helm.loading import parse_values
from vllm_cdk8s.helm.problems import ValuesError
from vllm_cdk8s.helm.set_grammar import SetKind, apply_set
from vllm_cdk8s.helm.validation import check_values, name_maps

if TYPE_CHECKING:
    from collections.abc import Callable

helm = pytest.importorskip("helm_python")

_REFUSED = object()
_HELM: dict[SetKind, Callable[[str], dict[str, Any]]] = {
    SetKind.TYPED: helm.parse_set_string,
    SetKind.STRING: helm.parse_set_string_values,
    SetKind.LITERAL: helm.parse_set_literal,
    SetKind.JSON: helm.parse_set_json,
}


def by_helm(expression: str, kind: SetKind) -> Any:
    try:
        return _HELM[kind](expression)
    except helm.HelmError:
        return _REFUSED


def by_us(expression: str, kind: SetKind) -> Any:
    values: dict[str, Any] = {}
    try:
        apply_set(values, expression, kind=kind)
    except ValuesError:
        return _REFUSED
    return values


# Keys and values that mean the same to both: the rest is in the list of differences below.
_KEY = st.text("abcXYZ-_/ {}0", min_size=1, max_size=4)
_ESCAPED_KEY = st.builds(lambda start, end: f"{start}\\.{end}", _KEY, _KEY)
_STEP = st.one_of(_KEY, _ESCAPED_KEY)
_PATH = st.builds(
    lambda first, rest: first + "".join(rest),
    _STEP,
    st.lists(
        st.one_of(_STEP.map(lambda key: f".{key}"), st.integers(0, 3).map(lambda index: f"[{index}]")), max_size=3
    ),
)
_WORD = st.sampled_from(["true", "False", "null", "0", "00", "-1", "+7", "1.5", "1e3", "9223372036854775808", "~", ""])
_VALUE = st.one_of(_WORD, st.text("abc 01.=[]{}\"'-ä", max_size=5).filter(lambda text: not text.startswith("{")))
_ITEM = st.one_of(_WORD, st.text('ab 01.=[{"-', max_size=4))
_LIST = (
    st.lists(_ITEM, min_size=1, max_size=3)
    .filter(lambda items: items != [""])
    .map(lambda items: f"{{{','.join(items)}}}")
)
_ASSIGNMENT = st.builds(lambda path, value: f"{path}={value}", _PATH, st.one_of(_VALUE, _LIST))
_EXPRESSION = st.lists(_ASSIGNMENT, min_size=1, max_size=3).map(",".join)


@settings(max_examples=400)
@given(_EXPRESSION, st.sampled_from([SetKind.TYPED, SetKind.STRING]))
@example("a[1].b=1,a[0].c=2,a[1].d={x,y}", SetKind.TYPED)
@example("a.b=1,a=2,a.b=3", SetKind.TYPED)
@example("a[0]=1,a[0].b=2", SetKind.TYPED)
def test_generated_expressions_mean_what_they_mean_to_helm(expression: str, kind: SetKind) -> None:
    theirs = by_helm(expression, kind)
    # Two of the differences: nothing below a null can be set in Helm, and it loses an empty value at the very end.
    assume(not (theirs is _REFUSED and "null" in expression.lower() and kind is SetKind.TYPED))
    assume(not expression.endswith("="))

    assert by_us(expression, kind) == theirs


_SOUP = st.builds("a{}={}".format, st.text("b.[0]\\-", max_size=5), st.text("ab.,=[]{}\\01 -", max_size=8))


@settings(max_examples=1000)
@given(_SOUP)
def test_whatever_is_accepted_of_any_text_is_what_helm_reads(expression: str) -> None:
    ours = by_us(expression, SetKind.TYPED)

    # Refusing more than Helm does is listed below, and so are these two, which are read differently.
    different = "{}" in expression or expression.endswith("=")
    assert ours is _REFUSED or different or ours == by_helm(expression, SetKind.TYPED)


@given(_PATH.filter(lambda path: "\\" not in path), st.text('ab,{}\\="1 ', max_size=6))
def test_literals_mean_what_they_mean_to_helm(path: str, text: str) -> None:
    assert by_us(f"{path}={text}", SetKind.LITERAL) == by_helm(f"{path}={text}", SetKind.LITERAL)


@pytest.mark.parametrize("expression", ['a={"b":[1,null]}', "a=[1,2],b=3", "a=", "a=1.5", "a[0].b=true", 'a="x,y",b=1'])
def test_json_means_what_it_means_to_helm(expression: str) -> None:
    assert by_us(expression, SetKind.JSON) == by_helm(expression, SetKind.JSON)


@pytest.mark.parametrize(
    ("difference", "expression", "theirs", "ours"),
    [
        ("a key may be quoted", 'a."b"=1', {"a": {'"b"': 1}}, {"a": {"b": 1}}),
        ("and hold dots then", 'a."b.c"=1', {"a": {'"b': {'c"': 1}}}, {"a": {"b.c": 1}}),
        ("as the chart prints it", r'n."k\.io/h"=x', {"n": {'"k.io/h"': "x"}}, {"n": {"k.io/h": "x"}}),
        ("{} is the empty list", "a={}", {"a": [""]}, {"a": []}),
        ("an empty value at the end, behind an index", "a[0].b=", {"a": []}, {"a": [{"b": ""}]}),
        ("null can be set into", "a=null,a.b=1", _REFUSED, {"a": {"b": 1}}),
        ("no key at all", "=1", {}, _REFUSED),
        ("no key before a dot", ".a=1", {}, _REFUSED),
        ("an index without a value", "a[0]", {"a": []}, _REFUSED),
        ("an index without an end", "a[0", {}, _REFUSED),
        ("text behind a list", "a={x}b=1", {"a": ["x"], "b": 1}, _REFUSED),
        ("a lone backslash at the end", "a=x\\", {"a": "x"}, _REFUSED),
    ],
)
def test_each_deliberate_difference(difference: str, expression: str, theirs: Any, ours: Any) -> None:
    assert by_helm(expression, SetKind.TYPED) == theirs, difference
    assert by_us(expression, SetKind.TYPED) == ours, difference


def test_a_dotted_resource_name_is_one_key_here_and_nested_there() -> None:
    expression = "resources.limits.nvidia.com/gpu=1"
    values: dict[str, Any] = {}
    apply_set(values, expression, name_maps=name_maps())

    assert helm.parse_set_string(expression) == {"resources": {"limits": {"nvidia": {"com/gpu": 1}}}}
    assert values == {"resources": {"limits": {"nvidia.com/gpu": 1}}}


def test_a_float_is_text_to_both_parsers_and_a_number_to_our_model() -> None:
    expression = "vllm.gpuMemoryUtilization=0.8,image.tag=0.10"
    values: dict[str, Any] = {}
    apply_set(values, expression)

    assert values == helm.parse_set_string(expression)
    checked = check_values(values)
    assert checked.vllm.gpu_memory_utilization == 0.8
    assert checked.image.tag == "0.10"


@pytest.mark.parametrize(
    ("difference", "expression", "theirs"),
    [
        ("a second value without a comma", "a=1 b=2", {"a": 1, "b": 2}),
        ("a repeated key", 'a={"b":1,"b":2}', {"a": {"b": 2}}),
        ("a number beyond 64 bits", "a=99999999999999999999", {"a": 100000000000000000000}),
    ],
)
def test_json_that_helm_takes_and_we_refuse(difference: str, expression: str, theirs: Any) -> None:
    assert by_helm(expression, SetKind.JSON) == theirs, difference
    assert by_us(expression, SetKind.JSON) is _REFUSED, difference


@pytest.mark.parametrize(
    "text",
    [
        "a: 1", "a: -0x1F", "a: 0o17", "a: 0b11", "a: 1_000", "a: 1.0", "a: .5", "a: 1e3", "a: 5e-1", "a: TRUE",
        "a: ~", "a: Null", "a:", "a: 12:30", "a: 2024-01-01", "a: =", "a: !!str 1", "a: 1e3.5", "a: 0o8", "1: a",
        "a: &x {b: 1}\nc: {<<: *x, d: 2}", "a: 'x'\nb: \"y\\n\"\nc: |\n  z\n", "", "null", "---\na: 1\n...\n",
        "\ufeffa: 1", "%YAML 1.1\n---\na: [1, {b: c}]",
    ],
)  # fmt: skip
def test_values_files_mean_what_they_mean_to_helm(text: str) -> None:
    assert parse_values(text.removeprefix("\ufeff")) == helm.values_from_yaml(text)


@pytest.mark.parametrize(
    ("difference", "text", "theirs", "ours"),
    [
        ("words stay words, which the model reads as booleans", "a: yes", {"a": True}, {"a": "yes"}),
        ("a key is the text that was written", "on: 1", {"true": 1}, {"on": 1}),
        ("a repeated key", "a: 1\na: 2", {"a": 2}, None),
        ("a second document", "a: 1\n---\nb: 2", {"a": 1}, None),
        ("a tag", "a: !foo 1", {"a": "1"}, None),
        ("a number beyond 64 bits", "a: 99999999999999999999", {"a": 100000000000000000000}, None),
    ],
)
def test_each_deliberate_difference_of_files(difference: str, text: str, theirs: Any, ours: Any) -> None:
    assert helm.values_from_yaml(text) == theirs, difference
    if ours is None:
        with pytest.raises(ValuesError):
            parse_values(text)
    else:
        assert parse_values(text) == ours, difference
