"""Helm's --set grammar: what each spelling means, and that nothing crashes it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vllm_cdk8s.helm.problems import ValuesError
from vllm_cdk8s.helm.set_grammar import SetKind, apply_set
from vllm_cdk8s.helm.validation import name_maps

if TYPE_CHECKING:
    from pathlib import Path


def read(expression: str, kind: SetKind = SetKind.TYPED, into: dict[str, Any] | None = None) -> dict[str, Any]:
    values = {} if into is None else into
    apply_set(values, expression, kind=kind, name_maps=name_maps())
    return values


@pytest.mark.parametrize(
    ("expression", "values"),
    [
        ("", {}),
        ("a=1", {"a": 1}),
        ("a=-1", {"a": -1}),
        ("a=+1", {"a": 1}),
        ("a=0", {"a": 0}),
        ("a=01", {"a": "01"}),
        ("a=true,b=False,c=NULL", {"a": True, "b": False, "c": None}),
        ("a=0.8", {"a": "0.8"}),
        ("a=1e3", {"a": "1e3"}),
        ("a=99999999999999999999", {"a": "99999999999999999999"}),
        ("a=", {"a": ""}),
        ("a=,b=1", {"a": "", "b": 1}),
        ("a=1,", {"a": 1}),
        ("a= x ", {"a": " x "}),
        ("a=x=y", {"a": "x=y"}),
        ('a="x"', {"a": '"x"'}),
        ("a.b.c=1", {"a": {"b": {"c": 1}}}),
        ("a.b=1,a.c=2", {"a": {"b": 1, "c": 2}}),
        ("a={x,1,true}", {"a": ["x", 1, True]}),
        ("a={x,y},b=1", {"a": ["x", "y"], "b": 1}),
        ("a={x,}", {"a": ["x", ""]}),
        ("a={}", {"a": []}),
        (r"a={x\,y,\}}", {"a": ["x,y", "}"]}),
        (r"a=\{x\}", {"a": "{x}"}),
        (r"a=x\,y", {"a": "x,y"}),
        (r"a=x\\y", {"a": "x\\y"}),
        (r"a\.b=1", {"a.b": 1}),
        (r"a\=b=1", {"a=b": 1}),
        ("a[0]=x", {"a": ["x"]}),
        ("a[0].b=1,a[0].c=2,a[1].b=3", {"a": [{"b": 1, "c": 2}, {"b": 3}]}),
        ("a[1]=x", {"a": [None, "x"]}),
        ("a[0][1]=x", {"a": [[None, "x"]]}),
        ("a[0]=1,a[0].b=2", {"a": [{"b": 2}]}),
        ("a={x},a[1]=y", {"a": ["x", "y"]}),
        ("a=1,a=2", {"a": 2}),
        ("a=null,a.b=1", {"a": {"b": 1}}),
        # As the chart's README prints them, and as a shell hands them over.
        (r'nodeSelector."kubernetes\.io/hostname"=n1', {"nodeSelector": {"kubernetes.io/hostname": "n1"}}),
        (r"nodeSelector.kubernetes\.io/hostname=n1", {"nodeSelector": {"kubernetes.io/hostname": "n1"}}),
        ('nodeSelector."kubernetes.io/hostname"=n1', {"nodeSelector": {"kubernetes.io/hostname": "n1"}}),
        ("nodeSelector.kubernetes.io/hostname=n1", {"nodeSelector": {"kubernetes.io/hostname": "n1"}}),
        ("resources.limits.nvidia.com/gpu=1", {"resources": {"limits": {"nvidia.com/gpu": 1}}}),
        (
            "resources.limits.nvidia.com/gpu=1,resources.limits.memory=24Gi",
            {"resources": {"limits": {"nvidia.com/gpu": 1, "memory": "24Gi"}}},
        ),
        ("podAnnotations.prometheus.io/scrape=true", {"podAnnotations": {"prometheus.io/scrape": True}}),
        ('"a"."b.c"=1', {"a": {"b.c": 1}}),
    ],
)  # fmt: skip
def test_an_expression_means_what_its_writer_meant(expression: str, values: dict[str, Any]) -> None:
    result = read(expression)

    assert result == values
    assert repr(result) == repr(values)  # 1 is not True


@pytest.mark.parametrize(
    ("expression", "problem"),
    [
        ("a", "--set 'a': key a has no value"),
        ("a,b=1", "--set 'a,b=1': key a has no value"),
        ("a.b", "--set 'a.b': key a.b has no value"),
        ("a[0]", "--set 'a[0]': key a[0] has no value"),
        ("=1", "--set '=1': has an empty key"),
        (".a=1", "--set '.a=1': has an empty key"),
        ("a..b=1", "--set 'a..b=1': has an empty key"),
        ("a.=1", "--set 'a.=1': has an empty key"),
        ("[0]=1", "--set '[0]=1': has an empty key"),
        ("a[x]=1", "--set 'a[x]=1': has 'x' for an index; allowed: a whole number in brackets"),
        ("a[0=1", "--set 'a[0=1': has '0=1' for an index; allowed: a whole number in brackets"),
        ("a[-1]=1", "--set 'a[-1]=1': has the index '-1'; allowed: 0 to 65536"),
        ("a[65537]=1", "--set 'a[65537]=1': has the index '65537'; allowed: 0 to 65536"),
        ("a[0]b=1", "--set 'a[0]b=1': has 'b' behind the index of a[0]"),
        ("a={x", "--set 'a={x': the list of a has no '}' at its end"),
        ("a={x}y", "--set 'a={x}y': has 'y' behind the list of a; allowed: a comma"),
        ("a=x\\", "--set 'a=x\\\\': ends in a lone backslash"),
        ('a."b=1', "--set 'a.\"b=1': has a quotation mark in a key that is not closed at the key's end"),
        ('a."b"c=1', "--set 'a.\"b\"c=1': has a quotation mark in a key that is not closed at the key's end"),
        ("a=1,a.b=2", "--set 'a=1,a.b=2': a is 1, so that a.b cannot be set below it"),
        ("a.b=1,a[0]=2", "--set 'a.b=1,a[0]=2': a is {'b': 1}, so that a[0] cannot be set below it"),
        (".".join("a" * 40) + "=1", "nests deeper than 30 levels"),
        ("a" + "[0]" * 70 + "=1", "nests deeper than 30 levels"),
        ("a=\udcff", "--set 'a=\\udcff': is not UTF-8"),
    ],
)
def test_a_malformed_expression_is_one_line_that_quotes_it(expression: str, problem: str) -> None:
    with pytest.raises(ValuesError) as caught:
        read(expression)

    (line,) = caught.value.lines
    assert line == problem or (line.startswith("--set ") and line.endswith(problem))


def test_what_files_said_is_set_into_and_later_wins() -> None:
    values = read("a[1].b=2,c=3", into={"a": [{"b": 0}, {"b": 1, "x": 1}], "c": {"d": 1}})

    assert values == {"a": [{"b": 0}, {"b": 2, "x": 1}], "c": 3}


def test_set_string_reads_all_values_as_text() -> None:
    assert read("a=1,b=true,c={1,null}", SetKind.STRING) == {"a": "1", "b": "true", "c": ["1", "null"]}


def test_set_literal_takes_everything_behind_the_first_equals_sign() -> None:
    assert read(r"a.b=x,c={1}\n=2", SetKind.LITERAL) == {"a": {"b": r"x,c={1}\n=2"}}


def test_set_file_reads_values_from_files(tmp_path: Path) -> None:
    path = tmp_path / "args"
    path.write_text("x,y={1}\n")

    assert read(f"a={path},b={{{path}}}", SetKind.FILE) == {"a": "x,y={1}\n", "b": ["x,y={1}\n"]}
    with pytest.raises(ValuesError, match=r"cannot read '.*/none': No such file or directory"):
        read(f"a={tmp_path}/none", SetKind.FILE)
    path.write_bytes(b"\xff")
    with pytest.raises(ValuesError, match="is not UTF-8"):
        read(f"a={path}", SetKind.FILE)


@pytest.mark.parametrize(
    ("expression", "values"),
    [
        ('a={"b": [1, null, "x,y"]}', {"a": {"b": [1, None, "x,y"]}}),
        ('a=1.5 , b="x"', {"a": 1.5, " b": "x"}),
        ("a=", {"a": None}),
        ("a=,b=2", {"a": None, "b": 2}),
        ("a[0].b=true", {"a": [{"b": True}]}),
        ('{"a": {"b": 1}}', {"a": {"b": 1}}),
    ],
)
def test_set_json_reads_json(expression: str, values: dict[str, Any]) -> None:
    assert read(expression, SetKind.JSON) == values


def test_a_whole_json_object_is_merged() -> None:
    assert read('{"a": {"b": 1}}', SetKind.JSON, into={"a": {"c": 2}, "d": 3}) == {"a": {"b": 1, "c": 2}, "d": 3}


@pytest.mark.parametrize(
    ("expression", "problem"),
    [
        ("a=nope", "is not JSON at character 3"),
        ("a=1 b=2", "has 'b=2' behind a JSON value; allowed: a comma"),
        ('a={"b": 1, "b": 2}', "the key 'b' is there twice"),
        ("a=NaN", "NaN is not a number that YAML or JSON can carry on"),
        ("a=1e999", "the number '1e999' does not fit into 64 bits"),
        ("a=" + "[" * 100_000, "nests too deeply"),
        ("a=" + "[" * 400 + "]" * 400, "nests too deeply"),
        ('{"a": ' + "[" * 400 + "]" * 400 + "}", "nests too deeply"),
        ('{"a": 1} x', "has 'x' behind a JSON value; allowed: a comma"),
        ('{"a": 1}, {}', "has ' {}' behind its end"),
    ],
)
def test_bad_json_is_one_line(expression: str, problem: str) -> None:
    with pytest.raises(ValuesError) as caught:
        read(expression, SetKind.JSON)

    assert len(caught.value.lines) == 1
    assert problem in caught.value.lines[0]


# A printer of the grammar, the other way round: what it prints must be read back.
_KEYS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1)
_TEXTS = st.text(st.characters(codec="utf-8"))


def _escaped(text: str, special: str) -> str:
    return "".join(f"\\{character}" if character in f"\\{special}" else character for character in text)


def _printed_key(path: tuple[str | int, ...]) -> str:
    steps = [f"[{step}]" if isinstance(step, int) else f".{_escaped(step, '=[,.' + chr(34))}" for step in path]
    return "".join(steps).removeprefix(".")


def _printed_text(text: str) -> str:
    return _escaped(text, ",{}")


@given(
    st.lists(
        st.tuples(
            st.tuples(_KEYS, st.one_of(st.integers(0, 9), _KEYS), st.one_of(st.integers(0, 9), _KEYS)),
            _TEXTS | st.lists(_TEXTS, min_size=1),
        ),
        unique_by=lambda pair: pair[0][0],
    )
)
def test_printed_texts_are_read_back(pairs: list[tuple[tuple[str | int, ...], str | list[str]]]) -> None:
    expression = ",".join(
        f"{_printed_key(key)}="
        + (f"{{{','.join(map(_printed_text, value))}}}" if isinstance(value, list) else _printed_text(value))
        for key, value in pairs
    )
    # One empty text in braces is the empty list, by choice.
    expected = [(key, [] if value == [""] else value) for key, value in pairs]

    values: dict[str, Any] = {}
    apply_set(values, expression, kind=SetKind.STRING)

    for path, value in expected:
        found: Any = values
        for step in path:
            found = found[step]
        assert found == value


@given(st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1))
def test_printed_scalars_keep_their_types(value: int | bool | None) -> None:
    values: dict[str, Any] = {}

    apply_set(values, f"a={json.dumps(value)}")

    assert values == {"a": value}
    assert type(values["a"]) is type(value)


@given(st.text() | st.text(r"ab.,=[]{}\"01 -"), st.sampled_from(SetKind))
def test_no_expression_crashes_the_reader(expression: str, kind: SetKind) -> None:
    values: dict[str, Any] = {}
    try:
        apply_set(values, expression, kind=kind, name_maps=name_maps())
    except ValuesError as error:
        (problem,) = error.lines
        assert "\n" not in problem
    else:
        assert "" not in values or kind is SetKind.JSON
