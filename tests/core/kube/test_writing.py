"""YAML without Node.js: the same bytes as cdk8s writes by the `yaml` package for JavaScript."""

from __future__ import annotations

from typing import Any

import cdk8s
import pytest
import yaml  # its reader in C is the one that Kubernetes' was made from
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from vllm_cdk8s.core.kube.writing import NO_BLOCK, number_to_kubernetes, to_yaml

# What no text of ours holds (`check_text`), and what JSON cannot carry to Node.js.
PRINTABLE = st.characters(
    codec="utf-8", exclude_categories=("Cs", "Cc"), exclude_characters="\u2028\u2029\ufeff\ufffe\uffff"
) | st.sampled_from("\n\n\n  \t:#-?'\"{}[],&*!|>%@`~\\0123456789eExXo._+abc")
TEXT = st.text(PRINTABLE, max_size=60) | st.text(st.sampled_from("\n \tab:#'\"\\-"), max_size=60)
WORDS = st.sampled_from(
    ["yes", "No", "on", "OFF", "y", "n", "true", "False", "null", "~", "Null", "", "1e3", ".5", "5.", "1_000", "0x1F",
     "0b11", "010", "1:30", "2024-01-01", "2024-01-01t00:00:00Z", ".inf", "-.INF", ".nan", "---", "...", "%a", "<<",
     "=", "- a", "? a", ": a", "a: b", "a #b", "a:", "#a", "+1", "-1", "-", "?", ":", "1e999", "-0", "0.1.2",
     "24Gi", "500m"]
)  # fmt: skip
NUMBERS = st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
SCALARS = TEXT | WORDS | NUMBERS | st.booleans()
KEYS = (st.text(PRINTABLE, min_size=1, max_size=20) | WORDS.filter(bool) | st.integers(0, 30).map(str)).filter(
    lambda key: key != "__proto__"  # which sets a JavaScript object's prototype
)
DATA = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)


def by_cdk8s(*documents: Any) -> str:
    return "---\n".join(str(cdk8s.Yaml.stringify(document)) for document in documents)


def same(value: Any) -> None:
    assert to_yaml([value]) == by_cdk8s(value)


def is_left_alone(value: Any) -> bool:
    """Whether ours quotes nothing of it that the package for JavaScript leaves, and Kubernetes misreads."""
    if isinstance(value, dict):
        return all(is_left_alone(key) and is_left_alone(item) for key, item in value.items())
    if isinstance(value, list):
        return all(map(is_left_alone, value))
    return not isinstance(value, str) or not (number_to_kubernetes(value) or ("\n" in value and NO_BLOCK.match(value)))


@settings(max_examples=25)
@given(st.lists(DATA, min_size=20, max_size=20))
def test_data_are_written_as_cdk8s_writes_them(values: list[Any]) -> None:
    assume(is_left_alone(values))
    same({"values": values})


@settings(max_examples=25)
@given(st.dictionaries(KEYS, SCALARS, min_size=20, max_size=40))
def test_keys_and_scalars_are_written_as_cdk8s_writes_them(values: dict[str, Any]) -> None:
    assume(is_left_alone(values))
    same(values)
    same({"metadata": {"annotations": values}})


@settings(max_examples=30)
@given(st.lists(DATA | TEXT, min_size=10, max_size=10))
@example(["a\n", "a\n\n", "\na", " a\nb", "a \nb", "a\n b", "\n", "\n\n", "a\n \nb", "\ta\nb", "a\nb ", "a\n\n\n b\n"])
def test_what_is_read_back_is_what_was_written(values: list[Any]) -> None:
    assert yaml.load(to_yaml([{"values": _as_text(values)}]), yaml.CSafeLoader) == {"values": _as_text(values)}


def _as_text(value: Any) -> Any:
    """Without floating point and the marks `<<` and `=`, which PyYAML reads in its own way."""
    if isinstance(value, dict):
        return {_as_text(key): _as_text(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_as_text(item) for item in value]
    return "left out" if isinstance(value, float) or value in ("<<", "=") else value


@pytest.mark.parametrize("length", range(26, 34))
def test_a_quoted_text_breaks_its_lines_from_the_same_length_on(length: int) -> None:
    same({"a": "\x07\n" + "b" * length})


def test_a_zero_keeps_its_sign() -> None:
    same({"plain": 0.0, "negative": -0.0, "whole": 0})


def test_several_documents_are_set_apart() -> None:
    assert to_yaml([{"a": 1}, {"b": []}, {}]) == "a: 1\n---\nb: []\n---\n{}\n"


@pytest.mark.parametrize("word", ["0o17", "0X1F", "0B11", "-0o7", "1e_3", "1e3_0", "-_0", "0_O1", "0_xF", ".1E1_1"])
def test_what_kubernetes_reads_as_a_number_is_quoted(word: str) -> None:
    assert to_yaml([{"a": word}]) == f'a: "{word}"\n'


@pytest.mark.parametrize("text", ["\ta\nb", "\n\ta", " \t\n", "\t\t- a\n b\n", " \n", "\n \n"])
def test_a_text_that_begins_with_a_tab_or_is_blank_is_no_block(text: str) -> None:
    written = to_yaml([{"a": [text]}])

    assert "|" not in written
    assert yaml.load(written, yaml.CSafeLoader) == {"a": [text]}


@pytest.mark.parametrize("character", ["\x00", "\x07", "\x1b", "\x7f", "\x85", "\u2028", "\u2029", "\ufeff"])
def test_what_ends_lines_or_is_no_text_is_escaped(character: str) -> None:
    text = to_yaml([{"a": f"x{character}y"}])

    assert character not in text
    assert yaml.safe_load(text) == {"a": f"x{character}y"}
