"""The types of values: what each accepts of what people write in YAML and behind ``--set``, and what it makes of it.

Helm pastes text, so ``"8000"`` and ``8000`` are one to its users, and a label's value may be a bare number. What could
be read in two ways (``tag: 0.10``) is refused with the way out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any

from msgspec import Meta

from vllm_cdk8s.core.errors import InvalidOptionError, nearest
from vllm_cdk8s.core.kube import checks
from vllm_cdk8s.core.kube.text import text_problem
from vllm_cdk8s.core.regex import regex
from vllm_cdk8s.core.rules.book import find_rule
from vllm_cdk8s.helm.merging import without_nulls
from vllm_cdk8s.helm.plain_data import check_number
from vllm_cdk8s.helm.problems import value_text
from vllm_cdk8s.helm.section import Check, FieldError, NameMap, Read
from vllm_cdk8s.helm.written import is_octal, read, text_of

# Kubernetes counts replicas, seconds and failures in 32 bits, and quantities in 64.
_MOST = checks.MAX_INT32
_MOST_QUANTITY = 2**63 - 1
_WEEK = 7 * 24 * 3600
_LAST_PORT = 65535
_WHOLE = regex(r"[+-]?(0|[1-9][0-9]*)", re.ASCII)
_NUMBER = regex(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?", re.ASCII)
_PERCENT = regex(r"[0-9]{1,3}%", re.ASCII)
# What people write for a unit: GB, gib, Gb, and blanks before it.
_ALMOST_QUANTITY = regex(r"([0-9]+(?:\.[0-9]+)?)\s*([kmgtp])(i?)(?:b|bytes?)?", re.ASCII | re.IGNORECASE)
_WORDS = {"true": True, "yes": True, "on": True, "y": True, "false": False, "no": False, "off": False, "n": False}


def _boolean(value: Any) -> Any:
    if isinstance(read(value), bool):
        return bool(value)
    if isinstance(value, str) and value.lower() in _WORDS:
        return _WORDS[value.lower()]
    raise FieldError(f"{value_text(value)} is not a boolean; allowed: true, false")


def _whole_number(value: Any) -> int | None:
    """The whole number that a value is, if it is one; 2.0 is."""
    _refuse_octal(value)
    number = read(value)
    if isinstance(value, str) and _WHOLE.fullmatch(value):
        number = _checked_number(value)
    if isinstance(number, float) and number.is_integer():
        number = int(number)
    return number if isinstance(number, int) and not isinstance(number, bool) else None


def _refuse_octal(value: Any) -> None:
    if is_octal(value):
        raise FieldError(
            f"{text_of(value)} is {read(value)} to Kubernetes' reader of YAML, for the zero that it begins with; "
            "write it without"
        )


def _digits(value: Any) -> str:
    """A number as it was written, in quotes or not."""
    return value if isinstance(value, str) else value_text(value)


def _whole(lowest: int, highest: int = _MOST) -> Read:
    """A whole number, and within which range."""

    def check(value: Any) -> Any:
        number = _whole_number(value)
        allowed = f"{lowest} to {highest}" if highest < _MOST else f"at least {lowest}"
        if number is None:
            raise FieldError(f"{value_text(value)} is not a whole number; allowed: {allowed}")
        if number > highest == _MOST:
            allowed = f"at most {highest}"
        if not lowest <= number <= highest:
            raise FieldError(f"{_digits(value)} is out of range; allowed: {allowed}")
        return number

    return Read(check)


def _share(value: Any) -> Any:
    """A number above 0 and at most 1."""
    _refuse_octal(value)
    number = read(value)
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        number = _checked_number(value)
    if isinstance(number, bool) or not isinstance(number, (int, float)):
        raise FieldError(f"{value_text(value)} is not a number; allowed: more than 0, at most 1")
    if not 0 < number <= 1:
        raise FieldError(f"{_digits(value)} is out of range; allowed: more than 0, at most 1")
    return float(number)


def _checked_number(text: str) -> int | float:
    try:
        return check_number(text)
    except ValueError as error:
        raise FieldError(str(error)) from None


def _text(value: Any) -> Any:
    as_written = text_of(value)
    if as_written is not None and not isinstance(read(value), bool):
        return as_written
    if isinstance(value, str):
        if "\0" in value:
            raise FieldError(f"{value_text(value)} holds a NUL character")
        return value
    if isinstance(value, int) and not isinstance(read(value), bool):
        return str(value)
    if isinstance(read(value), (float, bool)):
        raise FieldError(f"{value_text(value)} is not text; write it in quotes, as it may be meant otherwise than read")
    raise FieldError(f"{value_text(value)} is not text")


def _word(value: Any) -> Any:
    """Text that Kubernetes wants even where people write a boolean: labels, annotations, variables."""
    as_written = text_of(value)
    if as_written is not None:
        return _writable(as_written)
    return str(value).lower() if isinstance(value, bool) else _text(value)


def _writable(text: str) -> str:
    wrong = text_problem(text)
    if wrong is not None:
        raise FieldError(wrong)
    return text


def _quantity(value: Any) -> Any:
    value = text_of(value) if is_octal(value) else read(value)
    # Not str(value): 1e-05 is no quantity.
    text = f"{Decimal(str(value)):f}" if isinstance(value, float) else value
    try:
        checks.quantity("", text)
    except InvalidOptionError as error:
        raise FieldError(f"{error.problems[0].what}{_unit_hint(text)}") from None
    if checks.quantity("", text) > _MOST_QUANTITY:
        raise FieldError(f"{value_text(value)} is more than Kubernetes counts, {_MOST_QUANTITY}")
    return text


def _unit_hint(text: Any) -> str:
    match = _ALMOST_QUANTITY.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        return ""
    number, letter = match[1], match[2].upper()
    if match[3]:
        return f"; did you mean '{number}{letter}i'?"
    return f"; did you mean '{number}{'k' if letter == 'K' else letter}' or '{number}{letter}i'?"


def _pod_share(value: Any) -> Any:
    """A number of pods or a percentage of them."""
    if isinstance(value, str) and _PERCENT.fullmatch(value):
        return value
    number = _whole_number(value)
    if number is None:
        raise FieldError(f"{value_text(value)} is neither a number of pods nor a percentage such as '25%'")
    if number not in range(_MOST + 1):
        raise FieldError(f"{_digits(value)} is out of range; allowed: at least 0")
    return number


def _reasons(value: dict[str, str]) -> dict[str, str]:
    """Reasons by the codes of rules."""
    reasons = {}
    for name, reason in value.items():
        rule = find_rule(name)
        if rule is None:
            raise FieldError(f"{name!r} is not the code of a rule; 'vllm-cdk8s rule --all' prints them")
        if not reason.strip():
            raise FieldError(f"{name!r} is acknowledged without a reason")
        reasons[rule.code] = reason
    return reasons


def _free_map(value: Any) -> Any:
    if not isinstance(value, Mapping):
        raise FieldError(f"{value_text(value)} is not a mapping")
    return without_nulls(value)


def _plain_map(value: Any) -> Any:
    return read(_free_map(value))


def _tokens(value: Any) -> Any:
    """A number of tokens; vLLM itself also reads 32k, 1M and auto, which the engine's own checks know."""
    if isinstance(value, str) and value and not _WHOLE.fullmatch(value):
        return value
    number = _whole_number(value)
    if number is None:
        raise FieldError(f"{value_text(value)} is not a number of tokens; allowed: such as 4096, 32k or auto")
    if number < 1:
        raise FieldError(f"{_digits(value)} is out of range; allowed: at least 1, or auto")
    return number


def _not_blank(value: str) -> str:
    if not value.strip():
        raise FieldError(f"{value!r} is empty")
    return value


def _one_word(value: str) -> str:
    """Quotation marks that a shell did not take off, and spaces, are in no image's or model's name."""
    if value != value.strip() or '"' in value or "\n" in value:
        raise FieldError(f"{value!r} has quotation marks or blanks around it")
    return value


def _untagged(value: str) -> str:
    if "@" in value or ":" in value.rpartition("/")[2]:
        raise FieldError(f"{value!r} holds a tag or a digest; say it in image.tag")
    return value


def known_keys(*known: str) -> Check:
    """A map in Kubernetes' own form, of which only the keys are known here; the API server would refuse others."""

    def check(value: dict[str, Any]) -> dict[str, Any]:
        for key in value:
            if key not in known:
                raise FieldError(f"{key!r} is not known{nearest(key, known)}; allowed: {', '.join(known)}")
        return value

    return Check(check)


# What a variable's value comes from, with the keys that the API server demands of it and the others that it takes.
SOURCES = {
    "secretKeyRef": (("name", "key"), ("optional",)),
    "configMapKeyRef": (("name", "key"), ("optional",)),
    "fieldRef": (("fieldPath",), ("apiVersion",)),
    "resourceFieldRef": (("resource",), ("containerName", "divisor")),
    "fileKeyRef": (("volumeName", "path", "key"), ("optional",)),
}


def _one_source(value: dict[str, Any]) -> dict[str, Any]:
    if len(value) != 1:
        raise FieldError(f"has {len(value)} sources; allowed: one of {', '.join(SOURCES)}")
    ((source, keys),) = value.items()
    needed, others = SOURCES[source]
    if not isinstance(keys, Mapping):
        raise FieldError(f"{source} is not a mapping; needed: {', '.join(needed)}")
    for key in keys:
        if key not in needed + others:
            raise FieldError(f"{source}.{key} is not known{nearest(key, needed + others)}")
    for key in needed:
        if not isinstance(keys.get(key), str) or not keys[key]:
            raise FieldError(f"{source}.{key} is missing, or not text")
    return value


def _schema(*kinds: str, **more: Any) -> Meta:
    """What editors know of a value of several types."""
    return Meta(extra_json_schema={"type": [*kinds], **more})


Boolean = Annotated[bool, Read(_boolean)]
Positive = Annotated[int, Meta(ge=1, le=_MOST), _whole(1)]
Budget = Annotated[int, Meta(ge=1, le=_WEEK), _whole(1, _WEEK)]
NotNegative = Annotated[int, Meta(ge=0, le=_MOST), _whole(0)]
Port = Annotated[int, Meta(ge=1, le=_LAST_PORT), _whole(1, _LAST_PORT)]
Share = Annotated[float, Meta(gt=0, le=1), Read(_share)]
Text = Annotated[str, Read(_text)]
Word = Annotated[str, Read(_word)]
Filled = Annotated[Text, Meta(min_length=1), Check(_not_blank)]
Quantity = Annotated[Any, Read(_quantity), _schema("string", "number")]
Tokens = Annotated[Any, Read(_tokens), _schema("integer", "string", minimum=1)]
Name = Annotated[Filled, Check(_one_word)]
Repository = Annotated[Name, Check(_untagged)]
NameToText = Annotated[dict[str, Word], Read(_free_map), NameMap()]
NameToQuantity = Annotated[dict[str, Quantity], Read(_free_map), NameMap()]
PodShare = Annotated[Any, Read(_pod_share), _schema("integer", "string")]
Reasons = Annotated[NameToText, Check(_reasons)]
FreeMap = Annotated[dict[str, Any], Read(_plain_map)]
Affinity = Annotated[FreeMap, known_keys("nodeAffinity", "podAffinity", "podAntiAffinity")]
ValueFrom = Annotated[FreeMap, known_keys(*SOURCES), Check(_one_source)]
_BOTH_CONTEXTS = (
    *("appArmorProfile", "runAsGroup", "runAsNonRoot", "runAsUser", "seLinuxOptions", "seccompProfile"),
    "windowsOptions",
)
PodSecurityContext = Annotated[
    FreeMap,
    known_keys(
        *("fsGroup", "fsGroupChangePolicy", "supplementalGroups", "supplementalGroupsPolicy", "sysctls"),
        "seLinuxChangePolicy",
        *_BOTH_CONTEXTS,
    ),
]
SecurityContext = Annotated[
    FreeMap,
    known_keys(
        *("allowPrivilegeEscalation", "capabilities", "privileged", "procMount", "readOnlyRootFilesystem"),
        *_BOTH_CONTEXTS,
    ),
]
