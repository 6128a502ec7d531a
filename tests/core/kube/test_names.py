"""Names by place in the tree: cdk8s' own, made ones that Kubernetes takes."""

from __future__ import annotations

import re

import cdk8s
import pytest
from constructs import Construct
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from vllm_cdk8s.core.kube.names import fixed_names, tree_name

LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
PLAIN_IDS = st.text("abcxyz0189-", min_size=1, max_size=30) | st.sampled_from(
    ["resource", "Default", "default", "a" * 70]
)
ANY_IDS = st.text("abcXYZ01-_. ~:ü", min_size=1, max_size=40)


def by_cdk8s(ids: list[str]) -> str:
    scope: Construct = cdk8s.App()
    for part in ids:
        scope = Construct(scope, part)
    return str(cdk8s.Names.to_dns_label(scope))


@settings(max_examples=40)
@given(st.lists(PLAIN_IDS, min_size=1, max_size=5))
def test_plain_ids_make_the_names_of_cdk8s(ids: list[str]) -> None:
    assert tree_name(["", *ids], readable=False) == by_cdk8s(ids)
    if LABEL.fullmatch(by_cdk8s(ids)):
        assert tree_name(["", *ids]) == by_cdk8s(ids)


@settings(max_examples=40)
@given(st.lists(ANY_IDS, min_size=1, max_size=4))
def test_the_unreadable_name_is_that_of_cdk8s_whatever_the_ids(ids: list[str]) -> None:
    assert tree_name(["", *ids], readable=False) == by_cdk8s(ids)


@settings(max_examples=80)
@given(st.lists(ANY_IDS, min_size=2, max_size=5))
def test_kubernetes_takes_the_name_whatever_the_ids(ids: list[str]) -> None:
    assert LABEL.fullmatch(tree_name(["", *ids]))


@pytest.mark.parametrize("id", ["My_Model", "Qwen3.6", "a_b.C", "UPPER"])
def test_capitals_dots_and_underscores_give_valid_names(id: str) -> None:
    name = tree_name(["", "chart", id, "deployment"])

    assert LABEL.fullmatch(name)
    assert name.startswith("chart-" + re.sub("[^a-z0-9]+", "-", id.lower()))


@settings(max_examples=40)
@given(st.lists(ANY_IDS, min_size=2, max_size=3), st.lists(ANY_IDS, min_size=2, max_size=3))
def test_two_places_have_two_names(one: list[str], other: list[str]) -> None:
    assume([part for part in one if part != "Default"] != [part for part in other if part != "Default"])

    assert tree_name(["", *one]) != tree_name(["", *other])


def test_a_name_of_the_users_is_that_of_all_objects() -> None:
    names = fixed_names("llama")

    assert (names.workload, names.service, names.service_account, names.claim) == (
        "llama",
        "llama",
        "llama",
        "llama-pvc",
    )
