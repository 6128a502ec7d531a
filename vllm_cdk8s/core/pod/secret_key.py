"""SecretKey: one entry of a Kubernetes Secret, which is the only way that this package takes secrets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from vllm_cdk8s.core.errors import Collector, InvalidOptionError
from vllm_cdk8s.core.keywords import named_keywords
from vllm_cdk8s.core.kube import checks
from vllm_cdk8s.core.regex import regex
from vllm_cdk8s.core.rules.book import LITERAL_SECRET
from vllm_cdk8s.core.showing import looks_like_secret, shown

if TYPE_CHECKING:
    import cdk8s_plus_27 as kplus

_KEY = regex(r"(?!\.\.?\Z)[-._a-zA-Z0-9]{1,253}")
# What is never a name: the beginnings of tokens with anything behind them, and long runs of mixed characters.
_TOKEN = regex(r"(hf_|sk-|ghp_|nvapi-).*|(?=.*[a-z])(?=.*[A-Z])(?=.*\d)[A-Za-z0-9+/=_-]{24,}")


@named_keywords
@dataclass(frozen=True, slots=True)
class SecretKey:
    """An entry of a Secret: ``SecretKey("huggingface", "token")``, or a kplus secret in the name's place.

    Args:
        secret: the Secret, by name or as any ``kplus.ISecret``, in the server's namespace.
        key: the entry in it.

    Raises:
        InvalidOptionError: the name or the key is not valid, or is a secret itself.
    """

    secret: str | kplus.ISecret
    key: str

    def __post_init__(self) -> None:
        checks.plain_fields(self)
        with Collector() as found:
            # Who mistakes the two gives the secret itself, which no message may show.
            for option, value in (("secret", self.secret), ("key", self.key)):
                found.attempt(_refuse_secret, option, value)
            if found.sound("secret"):
                found.attempt(checks.reference, "secret", self.secret, "Secret")
            if found.sound("key"):
                found.attempt(_check_key, "key", self.key)

    def wire(self) -> dict[str, Any]:
        """The ``valueFrom`` of an environment variable."""
        return {"secretKeyRef": {"name": checks.reference("secret", self.secret, "Secret"), "key": self.key}}


def _refuse_secret(option: str, value: object) -> None:
    if (
        isinstance(value, (bytes, bytearray))
        or looks_like_secret(value)
        or (isinstance(value, str) and _TOKEN.fullmatch(value))
    ):
        raise InvalidOptionError(
            "looks like a secret itself; allowed: the name of a Secret, and the key of an entry in it",
            option=option,
            rule=LITERAL_SECRET,
        )


def _check_key(option: str, value: object) -> None:
    if not _KEY.fullmatch(checks.text(option, value)):
        raise InvalidOptionError(
            f"{shown(value)} is not a key of a Secret; allowed: letters, digits, '-', '_' and '.'", option=option
        )
