"""What looks like a secret, and what must not be taken for one."""

from typing import Any

import pytest

from vllm_cdk8s.core.errors import Problem
from vllm_cdk8s.core.rules.book import INVALID
from vllm_cdk8s.core.showing import (
    is_reference,
    is_secret,
    is_secret_name,
    is_stand_in,
    is_whole_token,
    looks_like_secret,
    masked,
    may_name_secret,
    shown,
)

# No real ones, and written in two parts so that no scanner takes them for one.
TOKENS = [
    "hf_" + "AbCdEfGhIjKlMnOpQrStUvWxYz0123456789",
    "hf_" + "secret123",
    "sk-" + "1234abcd",
    "sk-" + "proj-abcdefghijklmnop",
    "Bearer sk-" + "1234abcd",
    "ghp_" + "a" * 36,
    "nvapi-" + "abcdefgh1234",
    "AKIA" + "ABCDEFGHIJKLMNOP",
    "eyJhbGciOiJIUzI1" + ".eyJzdWIiOiIxMjM0.SflKxwRJSMeK",
    "-----BEGIN RSA PRIVATE " + "KEY-----\nMIIE",
]


@pytest.mark.parametrize("text", TOKENS)
def test_tokens_are_known_by_their_beginning_and_never_shown(text: str) -> None:
    assert looks_like_secret(text)
    assert looks_like_secret(f"--api-key={text}")
    assert "***" in shown({"args": [text]})
    assert text.removeprefix("Bearer ")[8:20] not in shown({"args": [text]})


@pytest.mark.parametrize("address", ["http://me:s3cr3t@proxy:80/x", "redis://:hunter22@cache:6379"])
def test_the_password_of_an_address_is_a_secret(address: str) -> None:
    assert looks_like_secret(address)
    assert is_secret(f"--store={address}")
    assert is_whole_token(address)


@pytest.mark.parametrize(
    "address",
    ["http://proxy:80/x", "http://me@proxy:80", "http://me:$(WORD)@proxy", "http://me:${WORD}@proxy", "http://me:<word>@h",
     "http://host:80/a@b", "tcp://*:5557,kv@pod:8000", "me:word@host"],
)  # fmt: skip
def test_an_address_without_a_password_is_none(address: str) -> None:
    assert not looks_like_secret(address)
    assert not is_secret(address)
    assert not is_whole_token(address)


@pytest.mark.parametrize(
    "text",
    ["", "hf_transfer", "hf_xet", "/models/hf_cache", "sk-learn", "risk-2024-report", "meta-llama/Llama-3.1-8B",
     "$(HF_TOKEN)",
     "task-1234567890", "vllm/vllm-openai:v0.20.2", "HF_HUB_OFFLINE"],
)  # fmt: skip
def test_words_that_a_token_could_begin_with_are_none(text: str) -> None:
    assert not looks_like_secret(text)
    assert shown(text) == repr(text)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (b"abc", "b'abc'"),
        (b"hf_" + b"secret123", "b'***'"),
        ({"HF_TOKEN": b"s3cr3t"}, "{'HF_TOKEN': '***'}"),
        ({"name": "HF_TOKEN", "value": "s3cr3t"}, "{'name': 'HF_TOKEN', 'value': '***'}"),
        ({"DB_PASSWORD": "s3cr3t"}, "{'DB_PASSWORD': '***'}"),
        ([{"a": (b"x", 1)}], "[{'a': (b'x', 1)}]"),
        ("x" * 1000, "'" + "x" * 299 + "..."),
    ],
)
def test_a_value_is_shown_without_its_secrets(value: Any, text: str) -> None:
    assert shown(value) == text


def test_names_of_secrets() -> None:
    assert is_secret_name("HF_TOKEN")
    assert is_secret_name("AWS_SECRET_ACCESS_KEY")
    assert not is_secret_name("WANDB_API_KEY")
    assert may_name_secret("WANDB_API_KEY")
    assert may_name_secret("password")
    assert not may_name_secret("VLLM_TOKENIZER")
    assert is_reference("$(HF_TOKEN)")
    assert not is_reference("x$(HF_TOKEN)")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("'--api-key=s3cr3t' is", "'--api-key=***' is"),
        ("--hf-token s3cr3t", "--hf-token ***"),
        ("VLLM_API_KEY=s3cr3t", "VLLM_API_KEY=***"),
        ("http://me:s3cr3t@proxy:80/x", "http://me:***@proxy:80/x"),
        ("http://host:8000/x", "http://host:8000/x"),
        ("--api-key=$(VLLM_API_KEY)", "--api-key=$(VLLM_API_KEY)"),
        ("use api_key= with a SecretKey", "use api_key= with a SecretKey"),
    ],
)
def test_a_secret_is_known_by_its_place(text: str, expected: str) -> None:
    assert masked(text) == expected


def test_no_problem_shows_a_secret_wherever_it_stands() -> None:
    problem = Problem(what=f"{TOKENS[0]!r} is wrong", rule=INVALID, option=f"env[{TOKENS[0]!r}]")
    assert str(problem) == "env['***']: '***' is wrong [VC001]"


class _Wild:
    def __repr__(self) -> str:
        raise RuntimeError


def test_what_has_no_text_is_shown_by_its_class() -> None:
    endless: dict[str, Any] = {}
    endless["a"] = endless
    deep: list[Any] = []
    for _ in range(5000):
        deep = [deep]
    assert shown(_Wild()) == "<_Wild>"
    assert shown(object()) == "<object object>"
    assert shown(endless).startswith("{'a': {'a': ")
    assert shown(deep).startswith("[[[")


@pytest.mark.parametrize("text", ["sk-bts-1", "sk-node-01", "org/sk-llama-7b", "hf_transfer", "hf_7b"])
def test_a_name_is_not_taken_for_a_secret(text: str) -> None:
    assert not is_secret(text)


@pytest.mark.parametrize("text", [token for token in TOKENS if not token.endswith("sk-" + "1234abcd")])
def test_what_can_be_nothing_but_a_secret(text: str) -> None:
    assert is_secret(text)


def test_the_shortest_of_them_is_known_too() -> None:
    assert is_secret("hf_" + "abcdefg1")


@pytest.mark.parametrize("text", ["EMPTY", "", "<token>", "${HF_TOKEN}", "hf_xxxxxxxx", "YOUR_TOKEN", "{{ .token }}"])
def test_what_stands_where_a_secret_would(text: str) -> None:
    assert is_stand_in(text)
    assert not is_whole_token(text)


def test_a_token_as_it_is_given_out() -> None:
    assert is_whole_token("Bearer hf_" + "aB1" * 11)
    assert not is_stand_in("hf_" + "aB1" * 11)
    assert not is_whole_token("hf_transfer")
