"""What a message may show of a value: no secret, no memory address, and no more of it than can be read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from vllm_cdk8s.core.regex import regex

_MASK = "***"
_LONGEST = 300
_DEEPEST = 20
# The field names of programs that a vLLM server is likely to be given; a literal here is a secret for certain.
_SECRET_NAMES = frozenset({
    "HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HUGGINGFACE_HUB_TOKEN", "HUGGING_FACE_TOKEN", "HUGGINGFACE_TOKEN",
    "HUGGINGFACE_API_KEY", "HF_API_TOKEN", "VLLM_API_KEY", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN",
    "S3_SECRET_ACCESS_KEY", "MINIO_SECRET_KEY", "OPENAI_API_KEY", "NGC_API_KEY", "MODELSCOPE_API_TOKEN",
})  # fmt: skip
_ENDINGS = "TOKEN|API_?KEY|SECRET|PASSWORD|PASSWD|ACCESS_KEY|PRIVATE_KEY"
_SECRET_LOOKING = regex(rf"(^|_)({_ENDINGS})$", re.IGNORECASE)
# Tokens say of themselves whose they are. A word that a token could begin with (hf_transfer, sk-learn) is not one.
# Source: https://docs.github.com/en/code-security/secret-scanning/introduction/supported-secret-scanning-patterns
_TOKEN = regex(
    r"(?<![A-Za-z0-9_-])(?:"
    r"hf_(?=[A-Za-z]*[0-9A-Z])[A-Za-z0-9]{4,}|hf_[A-Za-z0-9]{20,}"
    r"|sk-(?=[A-Za-z_-]*\d)[A-Za-z0-9_-]{4,}|sk-[A-Za-z0-9_-]{16,}|sk-(?:secret|live|test|proj|ant)[A-Za-z0-9_-]*"
    r"|gh[pousr]_[A-Za-z0-9]{16,}|github_pat_[A-Za-z0-9_]{16,}|glpat-[A-Za-z0-9_-]{16,}"
    r"|nvapi-[A-Za-z0-9_-]{8,}|xox[abprs]-[A-Za-z0-9-]{8,}|dckr_pat_[A-Za-z0-9_-]{8,}|npm_[A-Za-z0-9]{30,}"
    r"|A[KS]IA[0-9A-Z]{16}|AIza[A-Za-z0-9_-]{30,}"
    r"|eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----[^-]*(?:-----END [A-Z ]*-----)?"
    r")(?![A-Za-z0-9])"
)
# Of these, what is long enough that it can be no name: sk-bts-1 may be a zone in Slovakia.
_SURE = regex(
    r"(?<![A-Za-z0-9_-])(?:hf_(?=[A-Za-z]*[0-9A-Z])[A-Za-z0-9]{8,}|sk-(?=[A-Za-z]*\d)[A-Za-z0-9]{12,}"
    r"|sk-(?:live|test|proj|ant)[-_][A-Za-z0-9_-]{12,}|(?!hf_|sk-)(?:" + _TOKEN.pattern + r"))(?![A-Za-z0-9])"
)
_SHORTEST = 11
# A secret that its place gives away: behind the flag, behind a variable's name, before the host of a URL.
_PLACED = regex(
    rf"(?P<before>--(?:api[-_]key|hf[-_]token)[= ]|\b(?:[A-Z0-9]+_)*(?:{_ENDINGS})=|://[^/\s:@'\"]*:)"
    r"(?P<secret>(?!\$|\*\*\*)[^\s'\"@,]+)(?P<after>@?)"
)
# The password of a proxy, a store or a queue, which its address carries.
_URL_PASSWORD = regex(r"://[^/\s:@'\"]*:([^\s:@/'\",]+)@[^\s/]")
# As long as those that are given out; a shorter one may be a word or an example.
_WHOLE_TOKEN = regex(
    r"\b(hf_[A-Za-z0-9]{30,}|sk-(proj-)?[A-Za-z0-9_-]{32,}|gh[pousr]_[A-Za-z0-9]{30,}|nvapi-[A-Za-z0-9_-]{40,}|"
    r"AKIA[0-9A-Z]{16})\b"
)
# vLLM's own words for "no secret", and what people write for somebody else to fill in.
_STAND_IN = regex(
    r"\s*|EMPTY|none|null|dummy|n/a|not?[-_]?(used|needed|required)|(hf_|sk-)?[x*.]+|\$.*|.*<.*>.*|.*\{\{.*|"
    r".*(your|placeholder|change|replace|example|insert|todo|redacted|xxx|token-here|here$|hf_\.\.\.).*",
    re.IGNORECASE,
)
_REFERENCES = regex(r"(\$\([A-Za-z_][A-Za-z0-9_]*\)|\$\{[A-Za-z_][A-Za-z0-9_]*\}|\$[A-Za-z_][A-Za-z0-9_]*)")
_ADDRESS = regex(r" at 0x[0-9a-fA-F]+")


def is_secret_name(name: str) -> bool:
    """Whether a variable of this name is a secret for certain: ``HF_TOKEN``, ``VLLM_API_KEY`` and the like."""
    return name.upper() in _SECRET_NAMES


def may_name_secret(name: str) -> bool:
    """Whether the name ends as those of secrets do: ``_TOKEN``, ``_API_KEY``, ``_PASSWORD`` and the like."""
    return _SECRET_LOOKING.search(name) is not None


def looks_like_secret(text: object) -> bool:
    """Whether a text holds what says of itself that it is a token, a private key or a password, such as ``hf_...``."""
    return isinstance(text, str) and (_TOKEN.search(text) is not None or _holds_password(text))


def is_secret(text: str) -> bool:
    """Whether a text that may be any name or word holds what can be nothing but a token, a key or a password."""
    return len(text) >= _SHORTEST and (_SURE.search(text) is not None or _holds_password(text))


def is_whole_token(text: str) -> bool:
    """Whether a text holds a token as it was given out, or a password, no stand-in and no word that begins like one."""
    return (_WHOLE_TOKEN.search(text) is not None and not is_stand_in(text)) or _holds_password(text)


def _holds_password(text: str) -> bool:
    """Whether a URL in the text has a password before its host."""
    return "@" in text and any(not is_stand_in(found[1]) for found in _URL_PASSWORD.finditer(text))


def is_stand_in(text: str) -> bool:
    """Whether a text stands where a secret would, and is not one: ``EMPTY``, ``<your-token>``, ``$HF_TOKEN``."""
    return _STAND_IN.fullmatch(text.strip()) is not None


def is_reference(text: str) -> bool:
    """Whether a text is nothing but a reference to a variable, such as ``$(HF_TOKEN)``."""
    return _REFERENCES.fullmatch(text) is not None


def masked(text: str) -> str:
    """The text with ``***`` in the place of what looks like a secret."""
    return _PLACED.sub(_without_placed, _TOKEN.sub(_MASK, text))


def _without_placed(match: re.Match[str]) -> str:
    if match["before"].startswith("://") and not match["after"]:
        return match[0]  # a port
    return f"{match['before']}{_MASK}{match['after']}"


def shown(value: object) -> str:
    """A value as a message may show it: its ``repr``, shortened, and without what looks like a secret."""
    try:
        text = _ADDRESS.sub("", masked(repr(_without_secrets(value, 0))))
    except Exception:  # noqa: BLE001 - whatever a class of the user's makes of itself, the message is about its use here
        text = f"<{type(value).__name__}>"
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def _without_secrets(value: object, depth: int) -> Any:
    if depth > _DEEPEST:
        return ...
    if isinstance(value, Mapping):
        # A container's variable: {"name": "HF_TOKEN", "value": ...}.
        named = value.get("name")
        secret = isinstance(named, str) and may_name_secret(named)
        return {
            key: _MASK
            if isinstance(item, (str, bytes)) and ((secret and key == "value") or may_name_secret(str(key)))
            else _without_secrets(item, depth + 1)
            for key, item in value.items()
        }
    if isinstance(value, (list, tuple)):
        items = [_without_secrets(item, depth + 1) for item in value]
        return items if isinstance(value, list) else tuple(items)
    return value
