"""Scalars of values files that keep the text they were written as, for where text is wanted: ``1_0`` is no ``10``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import yaml

from vllm_cdk8s.core.regex import regex

if TYPE_CHECKING:
    from typing_extensions import Self


_OCTAL = regex(r"[-+]?0[0-7]+")


class WrittenInt(int):
    """A whole number, or a boolean as the number that stands for it, and its text."""

    text: str
    boolean: bool

    def __new__(cls, value: int, text: str) -> Self:
        """The number that a value is, and how it was written."""
        number = super().__new__(cls, value)
        number.text, number.boolean = text, isinstance(value, bool)
        return number

    def __deepcopy__(self, _: object) -> WrittenInt:
        return self


class WrittenFloat(float):
    """A number with a fraction or an exponent, and its text."""

    text: str

    def __new__(cls, value: float, text: str) -> Self:
        """The number, and how it was written."""
        number = super().__new__(cls, value)
        number.text = text
        return number

    def __deepcopy__(self, _: object) -> WrittenFloat:
        return self


def written(value: Any, text: str) -> Any:
    """The value, with its text where that is not how the value would be written."""
    if isinstance(value, float):
        return WrittenFloat(value, text)
    usual = str(value).lower() if isinstance(value, bool) else str(value)
    return value if text == usual else WrittenInt(value, text)


def read(value: Any) -> Any:
    """Plain data as YAML reads it, without the texts."""
    if isinstance(value, Mapping):
        return {key: read(item) for key, item in value.items()}
    if isinstance(value, list):
        return [read(item) for item in value]
    if isinstance(value, WrittenInt):
        return bool(value) if value.boolean else int(value)
    return float(value) if isinstance(value, WrittenFloat) else value


def text_of(value: Any) -> str | None:
    """The text that a value was written as; None where that is how the value would be written."""
    return value.text if isinstance(value, (WrittenInt, WrittenFloat)) else None


def is_octal(value: Any) -> bool:
    """Whether a number begins with a zero, which makes it one of base 8 to YAML 1.1 and a slip to people."""
    return isinstance(value, WrittenInt) and _OCTAL.fullmatch(value.text) is not None


class _Dumper(yaml.SafeDumper):
    """Writes scalars as they were written."""


def _scalar(dumper: yaml.SafeDumper, value: WrittenInt | WrittenFloat) -> yaml.ScalarNode:
    kind = type(read(value)).__name__
    return dumper.represent_scalar(f"tag:yaml.org,2002:{kind}", value.text)


_Dumper.add_representer(WrittenInt, _scalar)
_Dumper.add_representer(WrittenFloat, _scalar)


def values_yaml(values: Mapping[str, Any]) -> str:
    """The values as a values file, each scalar as it was written."""
    return yaml.dump(values, Dumper=_Dumper, sort_keys=False, allow_unicode=True)
