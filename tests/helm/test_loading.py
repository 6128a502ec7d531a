"""Values files: what is read as Helm reads it, and what is refused with one line that says where."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vllm_cdk8s.helm.loading import load_values, parse_values
from vllm_cdk8s.helm.merging import merge, without_nulls
from vllm_cdk8s.helm.problems import ValuesError
from vllm_cdk8s.helm.written import read

if TYPE_CHECKING:
    from pathlib import Path


_TAG = "tag:yaml.org,2002:"
_NO_TAGS = "allowed: plain YAML without tags"


def problems(text: str) -> tuple[str, ...]:
    with pytest.raises(ValuesError) as caught:
        parse_values(text, name="values.yaml")
    assert all("\n" not in problem for problem in caught.value.lines)
    return caught.value.lines


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1),
        ("-1", -1),
        ("+1", 1),
        ("0x1F", 31),
        ("0o17", 15),
        ("0b11", 3),
        ("1_000", 1000),
        ("9223372036854775807", 2**63 - 1),
        ("0.9", 0.9),
        (".5", 0.5),
        ("1e3", 1000.0),
        ("5e-1", 0.5),
        ("true", True),
        ("FALSE", False),
        ("", None),
        ("~", None),
        ("Null", None),
        ('"1"', "1"),
        ("!!str 0.10", "0.10"),
        ("12:30", "12:30"),
        ("2024-01-01", "2024-01-01"),
        ("24Gi", "24Gi"),
        ("=", "="),
        ("{x: [1, a]}", {"x": [1, "a"]}),
        ("|\n  two\n  lines", "two\nlines"),
        # Words and leading zeros stay what was written; the model reads words where a boolean belongs.
        ("yes", "yes"),
        ("off", "off"),
        ("010", 8),
    ],
)
def test_a_scalar_is_read_as_its_writer_meant_it(text: str, value: Any) -> None:
    found = read(parse_values(f"key: {text}"))["key"]

    assert found == value
    assert type(found) is type(value)


def test_keys_are_the_text_that_was_written() -> None:
    assert parse_values("1: a\non: b\nnvidia.com/gpu: c\n1.50: d") == {
        "1": "a",
        "on": "b",
        "nvidia.com/gpu": "c",
        "1.50": "d",
    }


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n", "null\n", "{}"])
def test_an_empty_file_holds_no_values(text: str) -> None:
    assert parse_values(text) == {}


def test_anchors_and_merge_keys_work_and_own_keys_win() -> None:
    text = "base: &base {a: 1, b: 2}\nother: {<<: *base, b: 3}\nboth: {<<: [{a: 4}, *base], c: 5}"

    assert parse_values(text) == {"base": {"a": 1, "b": 2}, "other": {"a": 1, "b": 3}, "both": {"a": 4, "b": 2, "c": 5}}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("vllm:\n  model: a\n  model: b", "values.yaml:3: vllm.model: is there twice"),
        ("a: 1\n---\nb: 2", "values.yaml:2: a second document begins; allowed: one"),
        ("a:\n\tb: 1", "values.yaml:2: a tab stands where YAML wants spaces"),
        ("a: !!python/name:os.system ", f"values.yaml:1: a: has the tag '{_TAG}python/name:os.system'; {_NO_TAGS}"),
        ("a: !secret x", "values.yaml:1: a: has the tag '!secret'; allowed: plain YAML without tags"),
        ("a: !!binary aGk=", f"values.yaml:1: a: has the tag '{_TAG}binary'; {_NO_TAGS}"),
        ("a: !!int x", "values.yaml:1: a: 'x' is not what its tag 'tag:yaml.org,2002:int' says"),
        ("a: .nan", "values.yaml:1: a: .nan has no place in values; allowed: finite numbers"),
        ("a: -.inf", "values.yaml:1: a: -.inf has no place in values; allowed: finite numbers"),
        ("a: 1e999", "values.yaml:1: a: the number '1e999' does not fit into 64 bits"),
        ("a: 99999999999999999999", "values.yaml:1: a: the number '99999999999999999999' does not fit into 64 bits"),
        ("a: 0xffffffffffffffffff", "values.yaml:1: a: the number '0xffffffffffffffffff' does not fit into 64 bits"),
        ("- a", "values.yaml:1: ['a'] is not a mapping, as a values file must be"),
        ("# text\njust text", "values.yaml:2: 'just text' is not a mapping, as a values file must be"),
        ("? [a]\n: b", "values.yaml:1: has a key that is not a word"),
        ("~: b", "values.yaml:1: has a key that is not a word"),
        ("a: &a [*a]", "values.yaml:1: holds itself"),
        ("a: *nowhere", "values.yaml:1: is not YAML: found undefined alias 'nowhere'"),
        ("a: 'open", "values.yaml:1: is not YAML: found unexpected end of stream"),
        ("a: b: c", "values.yaml:1: is not YAML: mapping values are not allowed here"),
        ("a: \0", "values.yaml:1: holds the character '\\x00', which YAML does not allow"),
        ('a: "\\ud800"', "values.yaml:1: a: holds half of a character, U+D800 at character 1"),
        ("<<: 3", "values.yaml:1: '<<' merges something that is not a mapping"),
        ("a: " + "[" * 70 + "]" * 70, "values.yaml:1: nests deeper than 60 levels"),
    ],
)  # fmt: skip
def test_a_bad_file_is_one_line_that_says_where_and_what(text: str, expected: str) -> None:
    assert problems(text) == (expected,)


def test_all_problems_of_a_file_are_named() -> None:
    assert problems("a: .nan\nb: 1\nb: 2\nc: !x 1") == (
        "values.yaml:1: a: .nan has no place in values; allowed: finite numbers",
        "values.yaml:3: b: is there twice",
        "values.yaml:4: c: has the tag '!x'; allowed: plain YAML without tags",
    )


_BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{below}'] * 9)}]\n" for below, name in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (_BOMB, "stands for more than 20,000 values"),
        ("a:\n" + "- x\n" * 60_000, "holds more than 20,000 values"),
        ("[" * 100_000, "nests too deeply"),
        ("- " * 100_000, "nests too deeply"),
        ("a: " + "1" * 100_000, "does not fit into 64 bits"),
    ],
    ids=["aliases", "a long list", "brackets", "dashes", "digits"],
)
def test_a_bomb_is_refused_at_once(text: str, expected: str) -> None:
    (problem,) = problems(text)  # before it is expanded: each of these once meant minutes, or all of the memory

    assert expected in problem


def test_a_file_that_is_too_large_is_not_read_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "values.yaml"
    path.write_bytes(b"#" * 300_000)

    with pytest.raises(ValuesError, match=r"values\.yaml: is larger than 256 KiB"):
        load_values(path)


@pytest.mark.parametrize(
    ("data", "expected"),
    [(b"a: b\nc: \xff", ":2: is not UTF-8 (byte 0xff)"), ("a: ä".encode("latin-1"), ":1: is not UTF-8 (byte 0xe4)")],
)
def test_a_file_that_is_not_utf_8_is_refused(tmp_path: Path, data: bytes, expected: str) -> None:
    path = tmp_path / "values.yaml"
    path.write_bytes(data)

    with pytest.raises(ValuesError) as caught:
        load_values(path)

    assert caught.value.lines == (f"{path}{expected}",)


def test_a_byte_order_mark_is_no_part_of_the_first_key(tmp_path: Path) -> None:
    path = tmp_path / "values.yaml"
    path.write_bytes(b"\xef\xbb\xbfa: 1")

    assert load_values(path) == {"a": 1}


def test_files_that_cannot_be_read_say_why(tmp_path: Path) -> None:
    with pytest.raises(ValuesError, match="missing: cannot be read: No such file or directory"):
        load_values(tmp_path / "missing")
    with pytest.raises(ValuesError, match="cannot be read: Is a directory"):
        load_values(tmp_path)


_SCALARS = (
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
)
# What YAML takes unescaped between double quotes.
_TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cn", "Zl", "Zp"]))
_DATA = st.recursive(_SCALARS | _TEXT, lambda inner: st.lists(inner) | st.dictionaries(_TEXT, inner), max_leaves=10)


@settings(max_examples=40)
@given(st.dictionaries(_TEXT, _DATA, max_size=5))
def test_json_is_yaml_and_is_read_back(data: dict[str, Any]) -> None:
    assert parse_values(json.dumps(data, ensure_ascii=False)) == data


@given(st.text() | st.text("abc:-[]{}&*!|>'\"#%@,?\t\n 01.<"))
def test_no_text_crashes_the_reader(text: str) -> None:
    try:
        values = parse_values(text)
    except ValuesError as error:
        found = error.lines
        assert found and all("\n" not in problem for problem in found)  # noqa: PT018 - one idea
    else:
        assert isinstance(values, dict)


def test_mappings_merge_and_everything_else_replaces() -> None:
    base = {"a": {"b": 1, "c": [1, 2]}, "d": 1, "e": {"f": 1}}
    over = {"a": {"c": [3], "g": 2}, "d": {"h": 1}, "e": 2}

    assert merge(base, over) == {"a": {"b": 1, "c": [3], "g": 2}, "d": {"h": 1}, "e": 2}
    assert base == {"a": {"b": 1, "c": [1, 2]}, "d": 1, "e": {"f": 1}}


def test_a_merge_shares_nothing_with_what_it_was_made_of() -> None:
    base: dict[str, Any] = {"a": [{"b": 1}]}
    over: dict[str, Any] = {"c": [{"d": 1}]}
    merged = merge(base, over)

    merged["a"][0]["b"] = merged["c"][0]["d"] = 2

    assert (base, over) == ({"a": [{"b": 1}]}, {"c": [{"d": 1}]})


def test_null_stays_until_the_defaults_are_laid_below_and_then_deletes() -> None:
    merged = merge({"nodeSelector": {"a": "b", "c": "d"}}, {"nodeSelector": {"a": None}})

    assert merged == {"nodeSelector": {"a": None, "c": "d"}}
    assert without_nulls(merged) == {"nodeSelector": {"c": "d"}}
    assert without_nulls({"a": [None, {"b": None}]}) == {"a": [None, {}]}


@pytest.mark.parametrize(
    ("text", "problem", "code"),
    [
        ("a: x\nb: y\u2028c", "values.yaml:2: holds U+2028 at character 5 of the line", "VC006"),
        ("a: 'y\x85c'", "values.yaml:1: holds U+0085 at character 6 of the line", "VC006"),
        ('a: "y\\u2029c"', "values.yaml:1: a: holds the control character U+2029 at character 2", "VC006"),
        ('b:\n  a: "\\x7f"', "values.yaml:2: b.a: holds the control character U+007F at character 1", "VC006"),
        ('a: "x\\r\\n"', "values.yaml:1: a: holds a carriage return, U+000D at character 2", "VC006"),
        ('"a\\u2028": 1', "values.yaml:1: a key holds the control character U+2028 at character 2", "VC006"),
        ("a: 1\na: 2", "values.yaml:2: a: is there twice", "VC008"),
        ("a: [", "values.yaml:1: is not YAML", "VC007"),
    ],
)
def test_a_problem_of_a_file_has_its_rule(text: str, problem: str, code: str) -> None:
    with pytest.raises(ValuesError) as caught:
        parse_values(text, name="values.yaml")

    (line,) = caught.value.lines
    assert line.startswith(problem)
    assert caught.value.code == code


def test_windows_line_ends_of_a_file_are_no_characters_of_its_texts() -> None:
    assert parse_values("a: |\r\n  x\r\n  y\r\nb: z\r\n") == {"a": "x\ny\n", "b": "z"}
