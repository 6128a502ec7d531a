"""Texts that a shell, or Kubernetes, expanded for the chart, and that arrive here as they are written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vllm_cdk8s.core.errors import warn
from vllm_cdk8s.core.regex import regex
from vllm_cdk8s.core.rules.book import NOT_EXPANDED

if TYPE_CHECKING:
    import re

    from vllm_cdk8s.helm.model import Values

_BY_KUBERNETES = regex(r"\$\([A-Za-z_][A-Za-z0-9_.-]*\)")
_BY_THE_SHELL = regex(r"\$(?:[A-Za-z_][A-Za-z0-9_]*|\{[A-Za-z_][A-Za-z0-9_]*\})")


def is_reference(text: str) -> bool:
    """Whether a text is nothing but a reference to a variable."""
    return (_BY_KUBERNETES.fullmatch(text) or _BY_THE_SHELL.fullmatch(text)) is not None


def warn_of_expansions(values: Values) -> None:
    """Warn of what looks like a reference to a variable; the chart's arguments went through a shell as well."""
    found: list[tuple[str, str | None, tuple[re.Pattern[str], ...]]] = [
        (f"vllm.env[{index}].value", variable.value, (_BY_KUBERNETES,))
        for index, variable in enumerate(values.vllm.env)
    ]
    found += [
        (f"vllm.additionalArgs[{index}]", text, (_BY_KUBERNETES, _BY_THE_SHELL))
        for index, text in enumerate(values.vllm.additional_args)
    ]
    for path, text, patterns in found:
        match = next((m for pattern in patterns if text is not None and (m := pattern.search(text))), None)
        if match is not None:
            by = "Kubernetes" if match.re is _BY_KUBERNETES else "a shell"
            warn(
                f"{match[0]!r} arrives as it is written; the Helm chart had {by} expand it",
                option=path,
                rule=NOT_EXPANDED,
            )
