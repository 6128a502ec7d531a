"""The refusal of a secret that would stand in a manifest."""

from __future__ import annotations

from vllm_cdk8s.core.errors import InvalidOptionError
from vllm_cdk8s.core.rules.book import LITERAL_SECRET


def literal_secret(option: str, *, allowed: str) -> InvalidOptionError:
    """The refusal of a secret that an option holds; it does not repeat it.

    Args:
        option: the option as its user wrote it.
        allowed: what can stand there in its place.
    """
    return InvalidOptionError(
        f"a literal secret would stand in the YAML for all to read; allowed: {allowed}",
        option=option,
        rule=LITERAL_SECRET,
    )
