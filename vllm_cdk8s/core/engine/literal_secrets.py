"""Settings that are secrets must not stand in a manifest."""

from __future__ import annotations

from vllm_cdk8s.core.errors import InvalidOptionError, mention
from vllm_cdk8s.core.rules.book import LITERAL_SECRET

_SECRETS = ("api_key", "hf_token")  # by vLLM's names, which the servers' options for references to Secrets share


def is_secret_option(name: str) -> bool:
    """Whether a setting, in snake_case, is a secret; vLLM takes an abbreviation for the whole name."""
    return _secret(name) is not None


def _secret(name: str) -> str | None:
    return next((known for known in _SECRETS if name == known or (known.startswith(name) and "_" in name[:-1])), None)


def refuse_secret(option: str, name: str, *, bare: bool = False) -> None:
    """Refuse a literal secret; the message does not repeat it.

    Args:
        option: the option as its user wrote it.
        name: the setting, in snake_case.
        bare: whether it is given without a value, which for a token means the one that is stored or in HF_TOKEN.

    Raises:
        InvalidOptionError: it is a literal secret.
    """
    secret = _secret(name)
    if secret is not None and not bare:
        raise InvalidOptionError(
            f"a literal secret can be read by everyone who reads the manifest; use "
            f"{mention(f'{secret}= with a SecretKey')}",
            option=option,
            rule=LITERAL_SECRET,
        )
