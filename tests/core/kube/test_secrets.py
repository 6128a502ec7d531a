"""What looks like a secret, and what must not be taken for one."""

from typing import Any

import pytest

from vllm_cdk8s.core.kube.secrets import (
    is_reference,
    is_secret_name,
    is_stand_in,
    is_whole_token,
    looks_like_secret,
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
        (b"s3cr3t", "<6 bytes>"),
        ({"name": "HF_TOKEN", "value": "s3cr3t"}, "{'name': 'HF_TOKEN', 'value': '***'}"),
        ({"DB_PASSWORD": "s3cr3t"}, "{'DB_PASSWORD': '***'}"),
        ([{"a": (b"x", 1)}], "[{'a': [<1 bytes>, 1]}]"),
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


@pytest.mark.parametrize("text", ["EMPTY", "", "<token>", "${HF_TOKEN}", "hf_xxxxxxxx", "YOUR_TOKEN", "{{ .token }}"])
def test_what_stands_where_a_secret_would(text: str) -> None:
    assert is_stand_in(text)
    assert not is_whole_token(text)


def test_a_token_as_it_is_given_out() -> None:
    assert is_whole_token("Bearer hf_" + "aB1" * 11)
    assert not is_stand_in("hf_" + "aB1" * 11)
    assert not is_whole_token("hf_transfer")
