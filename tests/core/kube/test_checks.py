"""Checks of single values: what they let through, and the message for what they do not."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import cdk8s
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vllm_cdk8s.core.errors import InvalidOptionError, VllmCdk8sError, nearest
from vllm_cdk8s.core.kube import checks

Check = Callable[[str, Any], Any]


def at_least_one(option: str, value: Any) -> int:
    return checks.integer(option, value, minimum=1)


GOOD: list[tuple[Check, Any]] = [
    (at_least_one, 1),
    (checks.port, 1),
    (checks.port, 65535),
    (checks.boolean, False),
    (checks.text, "meta-llama/Llama-3.1-8B"),
    (checks.dns_label, "a"),
    (checks.dns_label, "7b-" + "x" * 60),
    (checks.server_name, "vllm"),
    (checks.dns_subdomain, "a.b-c.d"),
    (checks.label_value, ""),
    (checks.label_value, "A_b.c-1"),
    (checks.qualified_name, "nvidia.com/gpu"),
    (checks.qualified_name, "memory"),
    (checks.label_map, {"a/b": "c"}),
    (checks.annotation_map, {"a": "any text\nat all"}),
    (checks.annotation_map, {"Example.COM/a": "x"}),
    (checks.env_name, "_A1"),
    (checks.env_name, "A-B"),
    (checks.env_name, "a.b-c"),
    (checks.size, "1.5Gi"),
    (checks.absolute_path, "/"),
    (checks.absolute_path, "/a..b/c"),
    (checks.mount_path, "/root/.cache"),
    (checks.plain, {"a": [1, 2.5, True, "x", {}]}),
    (checks.mapping, {}),
]


@pytest.mark.parametrize(("check", "value"), GOOD)
def test_a_good_value_comes_back_as_it_is(check: Check, value: Any) -> None:
    assert check("option", value) == value


BAD: list[tuple[Check, Any, str]] = [
    (at_least_one, 0, "0 is out of range; allowed: a whole number of at least 1"),
    (at_least_one, 1.0, "1.0 is not a whole number; allowed: a whole number of at least 1"),
    (at_least_one, True, "True is not a whole number; allowed: a whole number of at least 1"),
    (at_least_one, "1", "'1' is not a whole number; allowed: a whole number of at least 1"),
    (at_least_one, None, "None is not a whole number; allowed: a whole number of at least 1"),
    (checks.port, 0, "0 is out of range; allowed: 1 to 65535"),
    (checks.port, 65536, "65536 is out of range; allowed: 1 to 65535"),
    (checks.port, 8000.0, "8000.0 is not a whole number; allowed: 1 to 65535"),
    (checks.boolean, 1, "1 is not a boolean; allowed: True, False"),
    (checks.boolean, "false", "'false' is not a boolean; allowed: True, False"),
    (checks.text, 1, "1 is not a string"),
    (checks.text, "", "'' is empty"),
    (checks.text, " \n", "' \\n' is empty"),
    (checks.text, "a\0b", "holds the control character U+0000"),
    (checks.dns_label, "Vllm", "'Vllm' is not a DNS label; allowed: lower-case letters, digits and '-'"),
    (checks.dns_label, "-a", "'-a' is not a DNS label"),
    (checks.dns_label, "a.b", "'a.b' is not a DNS label"),
    (checks.dns_label, "a\n", "'a\\n' is not a DNS label"),
    (checks.dns_label, "x" * 64, f"{'x' * 64!r} is 64 characters long; allowed: 63"),
    (checks.server_name, "7b", "'7b' begins with a digit; allowed: a letter first, since Services are named so"),
    (checks.dns_subdomain, "a..b", "'a..b' is not a Kubernetes object name"),
    (checks.dns_subdomain, "a" * 254, f"{'a' * 254!r} is not a Kubernetes object name"),
    (checks.label_value, "a b", "'a b' is not a label value; allowed: a string of at most 63"),
    (checks.label_value, "x" * 64, f"{'x' * 64!r} is not a label value"),
    (checks.label_value, 1, "1 is not a label value"),
    (checks.qualified_name, "a/b/c", "'a/b/c' is not a qualified name; allowed: [DNS prefix/]name"),
    (checks.qualified_name, "/gpu", "'/gpu' is not a qualified name"),
    (checks.qualified_name, "x" * 64, f"{'x' * 64!r} is not a qualified name"),
    (checks.label_map, [("a", "b")], "[('a', 'b')] is not a mapping"),
    (checks.label_map, {1: "a"}, "1 is not a string, as a key must be"),
    (checks.annotation_map, {"a b": "c"}, "'a b' is not a qualified name"),
    (checks.env_name, "1A", "'1A' is not a name for an environment variable"),
    (checks.env_name, "A=B", "'A=B' is not a name for an environment variable"),
    (checks.env_name, "..A", "'..A' is not a name for an environment variable"),
    (checks.env_name, ".", "'.' is not a name for an environment variable"),
    (checks.env_name, "A B", "'A B' is not a name for an environment variable"),
    (checks.env_name, "VLLM_PORT", "'VLLM_PORT' must not be set: it is the base of vLLM's internal ports"),
    (checks.quantity, "24GB", "'24GB' is not a quantity; allowed: a number with an optional unit"),
    (checks.quantity, "-1Gi", "'-1Gi' is not a quantity"),
    (checks.quantity, "1 Gi", "'1 Gi' is not a quantity"),
    (checks.quantity, "", "'' is not a quantity"),
    (checks.quantity, 0.5, "0.5 is not a quantity"),
    (checks.quantity, True, "True is not a quantity"),
    (checks.size, "0", "'0' is not more than zero"),
    (checks.absolute_path, "models", "'models' is not an absolute path without '..'"),
    (checks.absolute_path, "/a/../b", "'/a/../b' is not an absolute path without '..'"),
    (checks.mount_path, "//", "'//' cannot be mounted at; allowed: an absolute path below '/', without ':'"),
    (checks.mount_path, "/a:ro", "'/a:ro' cannot be mounted at"),
    (checks.plain, float("nan"), "nan has no place in YAML"),
    (checks.plain, Decimal(1), "Decimal('1') is not plain data; allowed: strings, numbers, booleans, lists"),
    (checks.plain, b"x", "b'x' is not plain data"),
    (checks.plain, {1: 2}, "1 is not a string, as a key must be"),
    (checks.mapping, [], "[] is not a mapping"),
    (checks.mapping, "x", "'x' is not a mapping"),
]


@pytest.mark.parametrize(("check", "value", "message"), BAD)
def test_a_bad_value_is_named_with_its_option_and_what_is_allowed(check: Check, value: Any, message: str) -> None:
    with pytest.raises(InvalidOptionError) as caught:
        check("the_option", value)
    assert str(caught.value).startswith(f"the_option: {message}")
    assert isinstance(caught.value, VllmCdk8sError)
    assert isinstance(caught.value, ValueError)
    assert caught.value.option == "the_option"


def test_a_bad_entry_is_named_by_its_key() -> None:
    with pytest.raises(InvalidOptionError, match=r"^labels\['a'\]: 1 is not a label value"):
        checks.label_map("labels", {"a": 1})
    with pytest.raises(InvalidOptionError, match=r"^annotations\['a'\]: True is not a string"):
        checks.annotation_map("annotations", {"a": True})
    with pytest.raises(InvalidOptionError, match=r"^affinity\.a\[1\]: <object object> is not plain data"):
        checks.plain("affinity", {"a": [1, object()]})


def test_a_label_leaves_room_for_the_suffix_behind_it() -> None:
    assert checks.dns_label("name", "x" * 59, longest_suffix="-pvc") == "x" * 59
    with pytest.raises(InvalidOptionError, match=r"is 60 characters long; allowed: 59 \(63 less the 4 of '-pvc'\)"):
        checks.dns_label("name", "x" * 60, longest_suffix="-pvc")


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("24Gi", 24 * 2**30),
        ("24G", 24 * 10**9),
        ("500m", Decimal("0.5")),
        ("1e3", 1000),
        ("2E", 2 * 10**18),
        ("1.5Ki", 1536),
        (".5", Decimal("0.5")),
        ("1.", 1),
        (7, 7),
    ],
)
def test_a_quantity_is_the_number_that_kubernetes_reads(text: str | int, number: Decimal | int) -> None:
    assert checks.quantity("q", text) == number


@given(st.integers(min_value=0, max_value=10**6), st.sampled_from(["", "Ki", "Mi", "Gi", "Ti"]))
def test_binary_units_are_powers_of_1024(number: int, unit: str) -> None:
    assert checks.quantity("q", f"{number}{unit}") == number * 1024 ** ["", "Ki", "Mi", "Gi", "Ti"].index(unit)


def test_plain_data_is_a_copy_without_nulls_and_with_lists_for_tuples() -> None:
    data: dict[str, Any] = {"a": (1, 2), "b": None, "c": {"d": None}}
    assert checks.plain("x", data) == {"a": [1, 2], "c": {}}
    copy = checks.plain("x", {"inner": (inner := {"k": "v"})})
    copy["inner"]["k"] = "changed"
    assert inner == {"k": "v"}


def test_the_nearest_name_is_offered_only_where_one_is_near() -> None:
    assert nearest("gpu-memory-utilisation", ["gpu_memory_utilization", "port"]) == (
        "; did you mean 'gpu_memory_utilization'?"
    )
    assert nearest("zzz", ["gpu_memory_utilization"]) == ""


@pytest.mark.parametrize("value", ["Exist", 1, None, ["Exists"]])
def test_what_is_not_one_of_a_few_words_is_refused_with_all_of_them(value: object) -> None:
    with pytest.raises(InvalidOptionError, match=r"^operator: .* is not an operator; allowed: Exists, Equal") as caught:
        checks.one_of("operator", value, ("Exists", "Equal"), what="an operator")
    assert "did you mean 'Exists'?" in str(caught.value) or not isinstance(value, str)


def test_one_of_a_few_words_is_given_back() -> None:
    assert checks.one_of("operator", "Equal", ("Exists", "Equal")) == "Equal"


def test_a_construct_of_the_wrong_kind_is_named_by_its_path() -> None:
    chart = cdk8s.Chart(cdk8s.App(), "llm")
    with pytest.raises(InvalidOptionError, match=r"^server: llm, a Chart, is not a str; allowed: a name \[VC001\]$"):
        checks.instance("server", chart, str, allowed="a name")


@pytest.mark.parametrize("kind", ["a Server", "a HubModel", "an Ingress", "an HttpProbe", "an HTTPRoute"])
def test_a_kind_has_the_article_that_it_is_spoken_with(kind: str) -> None:
    with pytest.raises(InvalidOptionError, match=rf"^to: '5' is not {kind} or int; allowed: x \[VC001\]$"):
        checks.instance("to", "5", type(kind.split()[1], (), {}), int, allowed="x")


@pytest.mark.parametrize("value", ["nfs", "nfs.example.com", "10.0.0.1", "fd00::1", "[fd00::1]", "NAS_1"])
def test_a_host_by_name_or_address(value: str) -> None:
    assert checks.host("server", value) == value


@pytest.mark.parametrize("value", ["a b", "na\u00efve", "a" * 254, "http://nfs", "nfs:/models", "-a"])
def test_what_is_no_host_is_refused(value: str) -> None:
    with pytest.raises(InvalidOptionError, match=r"^server: .* is neither the name nor the address of a host"):
        checks.host("server", value)
