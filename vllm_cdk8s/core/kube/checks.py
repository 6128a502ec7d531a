"""Checks of single values, in pure Python: numbers, names, quantities, environment names, plain data.

Each takes the option's name as its user wrote it, then the value, and returns the value, so that it can stand
where the value is used. All raise `InvalidOptionError`.
"""

from __future__ import annotations

import ipaddress
import math
from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Any, TypeVar

from msgspec import Struct
from msgspec.structs import force_setattr

from vllm_cdk8s.core.errors import InvalidOptionError, nearest
from vllm_cdk8s.core.kube.text import check_text
from vllm_cdk8s.core.regex import regex
from vllm_cdk8s.core.rules.book import LITERAL_SECRET
from vllm_cdk8s.core.showing import shown

if TYPE_CHECKING:
    from urllib.parse import SplitResult

_DNS_LABEL = regex(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_DNS_SUBDOMAIN = regex(rf"{_DNS_LABEL.pattern}(\.{_DNS_LABEL.pattern})*")
_LABEL_VALUE = regex(r"([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?")
_LABEL_NAME = regex(r"[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?")
# What every Kubernetes takes; from 1.32 on nearly everything but '=' is taken, if nobody turned that off.
_ENV_NAME = regex(r"(?!\.\.|\.$)[-._A-Za-z][-._A-Za-z0-9]*")
# https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
_QUANTITY = regex(r"\+?(?P<number>\d+(\.\d*)?|\.\d+)(?P<unit>[numkMGTPE]|[KMGTPE]i|[eE][+-]?\d+)?")
_FACTORS = {
    "n": Decimal("1e-9"), "u": Decimal("1e-6"), "m": Decimal("1e-3"), "": Decimal(1),
    "k": Decimal(10**3), "M": Decimal(10**6), "G": Decimal(10**9), "T": Decimal(10**12),
    "P": Decimal(10**15), "E": Decimal(10**18),
    "Ki": Decimal(2**10), "Mi": Decimal(2**20), "Gi": Decimal(2**30), "Ti": Decimal(2**40),
    "Pi": Decimal(2**50), "Ei": Decimal(2**60),
}  # fmt: skip

_HOST = regex(r"[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9.])?|\[?[0-9a-fA-F:.]*:[0-9a-fA-F:.]*(%\w+)?\]?")

# HTTP is spelt when it is spoken, and begins with a vowel then.
_SPOKEN_VOWEL = regex(r"[AEIOU]|H(TTP|ttp)")

_T = TypeVar("_T")

MAX_LABEL = 63
MAX_INT32 = 2**31 - 1  # what Kubernetes counts replicas and seconds in
MAX_INT64 = 2**63 - 1
MEBIBYTE = 2**20
_MAX_SUBDOMAIN = 253
_MAX_PORT = 65535
_DEEPEST = 50


def integer(option: str, value: object, *, minimum: int, maximum: int = MAX_INT32) -> int:
    """A whole number within bounds; a boolean or a float is not one."""
    # The bound of Kubernetes' own integers is only worth telling to whom it stops.
    bounded = maximum != MAX_INT32 or (isinstance(value, int) and value > maximum)
    allowed = f"{minimum} to {maximum}" if bounded else f"a whole number of at least {minimum}"
    value = plain_member(value)
    if not isinstance(value, int) or isinstance(value, bool):
        raise InvalidOptionError(f"{shown(value)} is not a whole number; allowed: {allowed}", option=option)
    if not minimum <= value <= maximum:
        raise InvalidOptionError(f"{shown(value)} is out of range; allowed: {allowed}", option=option)
    return value


def port(option: str, value: object) -> int:
    """A TCP port, 1 to 65535."""
    return integer(option, value, minimum=1, maximum=_MAX_PORT)


def ip_address(option: str, value: object) -> str:
    """An address of IPv4 or IPv6."""
    address = text(option, value)
    try:
        ipaddress.ip_address(address)
    except ValueError:
        raise InvalidOptionError(f"{shown(value)} is not an IP address", option=option) from None
    return address


def host(option: str, value: object) -> str:
    """A host by its name or address."""
    name = text(option, value)
    if len(name) > _MAX_SUBDOMAIN or not _HOST.fullmatch(name):
        raise InvalidOptionError(f"{shown(value)} is neither the name nor the address of a host", option=option)
    return name


def url(option: str, value: object, *, such_as: str, credentials: str, bare: bool = False) -> SplitResult:
    """An address on the web, in its parts, without a user or a password.

    Args:
        option: the option's name.
        value: the address.
        such_as: a right one, for messages.
        credentials: how to say who asks, for messages.
        bare: whether it may have neither a query nor a fragment.
    """
    from urllib.parse import urlsplit  # noqa: PLC0415 - for those who give an address

    try:
        parts = urlsplit(value) if isinstance(value, str) else None
        known = parts is not None and parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        parts = known = None
    if parts is not None and "@" in parts.netloc:
        what = f"holds a user or a password for all to read; allowed: {credentials}"
        raise InvalidOptionError(what, option=option, rule=LITERAL_SECRET)
    written = text(option, value)
    beyond = bare and parts is not None and (parts.query or parts.fragment)
    if parts is None or not known or beyond or any(character.isspace() for character in written):
        raise InvalidOptionError(f"{shown(value)} is not a URL; allowed: such as {such_as!r}", option=option)
    return parts


def boolean(option: str, value: object) -> bool:
    """True or False, and no other value that happens to be truthy."""
    if not isinstance(value, bool):
        raise InvalidOptionError(f"{shown(value)} is not a boolean; allowed: True, False", option=option)
    return value


def text(option: str, value: object) -> str:
    """A string with something in it."""
    value = plain_member(value)
    if not isinstance(value, str):
        raise InvalidOptionError(f"{shown(value)} is not a string", option=option)
    if not value.strip():
        raise InvalidOptionError(f"{shown(value)} is empty", option=option)
    return check_text(option, value)


def dns_label(option: str, value: object, *, longest_suffix: str = "") -> str:
    """A name of lower-case letters, digits and dashes that leaves room for the longest suffix put behind it."""
    name = text(option, value)
    limit = MAX_LABEL - len(longest_suffix)
    if len(name) > limit:
        room = f" (63 less the {len(longest_suffix)} of {longest_suffix!r})" if longest_suffix else ""
        raise InvalidOptionError(f"{name!r} is {len(name)} characters long; allowed: {limit}{room}", option=option)
    if not _DNS_LABEL.fullmatch(name):
        raise InvalidOptionError(
            f"{shown(name)} is not a DNS label; allowed: lower-case letters, digits and '-', "
            "with a letter or digit at both ends",
            option=option,
        )
    return name


def server_name(option: str, value: object, *, longest_suffix: str = "") -> str:
    """A name for all objects of a server: a DNS label that begins with a letter, as a Service's name must.

    Source: https://kubernetes.io/docs/concepts/services-networking/service/#defining-a-service
    """
    name = dns_label(option, value, longest_suffix=longest_suffix)
    if name[0].isdigit():
        raise InvalidOptionError(
            f"{name!r} begins with a digit; allowed: a letter first, since Services are named so", option=option
        )
    return name


def dns_subdomain(option: str, value: object) -> str:
    """A Kubernetes object name: DNS labels joined by dots, at most 253 characters."""
    name = text(option, value)
    if len(name) > _MAX_SUBDOMAIN or not _DNS_SUBDOMAIN.fullmatch(name):
        raise InvalidOptionError(
            f"{shown(name)} is not a Kubernetes object name; allowed: lower-case letters, digits, '-' and '.', "
            f"at most {_MAX_SUBDOMAIN} characters, with a letter or digit at both ends",
            option=option,
        )
    return name


def label_value(option: str, value: object) -> str:
    """The value of a Kubernetes label."""
    if not isinstance(value, str) or len(value) > MAX_LABEL or not _LABEL_VALUE.fullmatch(value):
        raise InvalidOptionError(
            f"{shown(value)} is not a label value; allowed: a string of at most {MAX_LABEL} letters, digits, '-', '_' "
            "and '.', with a letter or digit at both ends",
            option=option,
        )
    return check_text(option, value)


def qualified_name(option: str, value: object) -> str:
    """The key of a label or annotation, or the name of a resource: ``[prefix/]name``."""
    name = text(option, value)
    if not _is_qualified(name):
        raise InvalidOptionError(f"{shown(name)} is not a qualified name; allowed: [DNS prefix/]name", option=option)
    return name


def _is_qualified(name: str) -> bool:
    prefix, slash, base = name.rpartition("/")
    good_prefix = not slash or (len(prefix) <= _MAX_SUBDOMAIN and _DNS_SUBDOMAIN.fullmatch(prefix) is not None)
    return good_prefix and len(base) <= MAX_LABEL and _LABEL_NAME.fullmatch(base) is not None


def label_map(option: str, value: object) -> dict[str, str]:
    """Labels: qualified names to label values; None says none."""
    value = {} if value is None else value
    return {qualified_name(option, key): label_value(f"{option}[{key!r}]", item) for key, item in _items(option, value)}


def annotation_map(option: str, value: object) -> dict[str, str]:
    """Annotations: qualified names, in which Kubernetes takes capitals in the prefix too, to any strings."""
    value = {} if value is None else value
    result = {}
    for key, item in _items(option, value):
        if not isinstance(item, str):
            raise InvalidOptionError(f"{shown(item)} is not a string", option=f"{option}[{key!r}]")
        # Kubernetes compares the key's lower-case form, and keeps the key.
        if not _is_qualified(key.lower()):
            qualified_name(option, key)
        result[key] = check_text(f"{option}[{key!r}]", item)
    return result


def env_name(option: str, value: object) -> str:
    """The name of an environment variable that may be set: not ``VLLM_PORT``, which vLLM reads as its own.

    Source: https://docs.vllm.ai/en/latest/configuration/env_vars.html (a Kubernetes service named ``vllm``
    sets it to an address, and vLLM stops).
    """
    name = text(option, value)
    if not _ENV_NAME.fullmatch(name):
        raise InvalidOptionError(
            f"{shown(name)} is not a name for an environment variable; allowed: letters, digits, '_', '-' and '.', "
            "not beginning with a digit or '..'",
            option=option,
        )
    if name == "VLLM_PORT":
        raise InvalidOptionError(
            "'VLLM_PORT' must not be set: it is the base of vLLM's internal ports, not the port that it serves on; "
            "use port= for that",
            option=option,
        )
    return name


def quantity(option: str, value: object) -> Decimal:
    """The number that a Kubernetes quantity such as ``24Gi``, ``500m`` or ``2`` stands for, in base units."""
    match = None
    if isinstance(value, (str, int)) and not isinstance(value, bool):
        match = _QUANTITY.fullmatch(str(value))
    if match is None:
        raise InvalidOptionError(
            f"{shown(value)} is not a quantity; allowed: a number with an optional unit, such as '24Gi', '500m' or '2'",
            option=option,
        )
    unit = match["unit"] or ""
    factor = _FACTORS[unit] if unit in _FACTORS else Decimal(f"1{unit}")
    return Decimal(match["number"]) * factor


def quantity_or_none(value: object) -> Decimal | None:
    """The number that a quantity stands for; None where it is not one."""
    try:
        return quantity("", value)
    except InvalidOptionError:
        return None


def size(option: str, value: object, *, least: int = 1) -> str:
    """A size in bytes as a quantity, more than zero; below ``least`` a unit was left out, or ``m`` stands for ``M``."""
    amount = quantity(option, value)
    if least == 1 and amount <= 0:
        raise InvalidOptionError(f"{shown(value)} is not more than zero", option=option)
    if amount < least:
        raise InvalidOptionError(
            f"{shown(value)} is less than {least // MEBIBYTE} MiB; allowed: a size such as '50Gi'", option=option
        )
    return str(value)


def absolute_path(option: str, value: object) -> str:
    """An absolute path of a container or a node, without ``..``."""
    path = text(option, value)
    if not path.startswith("/") or ".." in path.split("/"):
        raise InvalidOptionError(f"{path!r} is not an absolute path without '..'", option=option)
    return path


def mount_path(option: str, value: object) -> str:
    """Where a volume is mounted in a container: an absolute path, not the root, without ``:``.

    Source: https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/#Container
    """
    path = absolute_path(option, value)
    if not path.strip("/") or ":" in path:
        raise InvalidOptionError(
            f"{path!r} cannot be mounted at; allowed: an absolute path below '/', without ':'", option=option
        )
    return path


def instance(option: str, value: _T, *kinds: type, allowed: str) -> _T:
    """A value of one of the given classes; ``allowed`` says how to make one."""
    if not isinstance(value, kinds):
        # A construct's own text has an address in it, which says nothing and is another each time.
        path = getattr(getattr(value, "node", None), "path", None)
        said = shown(value) if path is None else f"{path}, {_a(type(value).__name__)},"
        raise InvalidOptionError(
            f"{said} is not {_a(' or '.join(kind.__name__ for kind in kinds))}; allowed: {allowed}", option=option
        )
    return value


def _a(kind: str) -> str:
    """The name of a class or a kind with its article."""
    return f"an {kind}" if _SPOKEN_VOWEL.match(kind) else f"a {kind}"


def one_of(option: str, value: object, allowed: Collection[str], *, what: str = "known") -> str:
    """One of a few words; the message says what it is not (``a kind``), the words, and the nearest of them."""
    if not isinstance(value, str) or value not in allowed:
        hint = nearest(value, allowed) if isinstance(value, str) else ""
        raise InvalidOptionError(f"{shown(value)} is not {what}; allowed: {', '.join(allowed)}{hint}", option=option)
    return value


def reference(option: str, value: object, kind: str) -> str:
    """The name of an object that is said by its name, or by any construct of its kind."""
    if not isinstance(value, str):
        if getattr(value, "kind", None) != kind:
            raise InvalidOptionError(
                f"{shown(value)} is not {_a(kind)}; allowed: a name, or a construct such as a kplus.I{kind}",
                option=option,
            )
        value = getattr(value, "name", None)
    return dns_subdomain(option, value)


def plain(option: str, value: object, *, depth: int = 0) -> Any:
    """A copy of plain data in wire form: JSON types only, since anything else is lost or crashes on its way to YAML."""
    value = plain_member(value)
    if isinstance(value, str):
        return check_text(option, value)
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise InvalidOptionError(f"{value!r} has no place in YAML", option=option)
        return value
    if depth > _DEEPEST:
        raise InvalidOptionError(f"is nested more than {_DEEPEST} levels deep, or holds itself", option=option[:100])
    if isinstance(value, Mapping):
        # A null in YAML means "not set", to Kubernetes too.
        return {
            key: plain(f"{option}.{key}", item, depth=depth + 1)
            for key, item in _items(option, value)
            if item is not None
        }
    if isinstance(value, Sequence) and not isinstance(value, (bytes, bytearray)):
        return [plain(f"{option}[{index}]", item, depth=depth + 1) for index, item in enumerate(value)]
    raise InvalidOptionError(
        f"{shown(value)} is not plain data; allowed: strings, numbers, booleans, lists and mappings as in YAML",
        option=option,
    )


def plain_member(value: Any) -> Any:
    """The plain value of an enumeration's member; anything else as it is."""
    if isinstance(value, Enum) and isinstance(value.value, (str, int, float)):
        return value.value
    return value


def plain_members(value: Any, *, depth: int = 0) -> Any:
    """The value with the members of enumerations in it, in lists and mappings too, as what they stand for."""
    if depth > _DEEPEST:
        return value  # what holds itself is refused where it is read
    if type(value) is dict:
        return {plain_member(key): plain_members(item, depth=depth + 1) for key, item in value.items()}
    if type(value) in (list, tuple):
        return type(value)(plain_members(item, depth=depth + 1) for item in value)
    return plain_member(value)


def plain_fields(value: Any) -> None:
    """Have a value object hold what the members of enumerations stand for that it was given."""
    ours = isinstance(value, Struct)
    for name in value.__struct_fields__ if ours else value.__dataclass_fields__:
        given = getattr(value, name)
        settled = plain_members(given)
        if settled is not given:
            (force_setattr if ours else object.__setattr__)(value, name, settled)


def mapping(option: str, value: object) -> dict[str, Any]:
    """A mapping of plain data, as `plain`."""
    _items(option, value)
    return dict(plain(option, value))


def string_keys(option: str, value: object) -> dict[str, Any]:
    """A mapping with strings for keys, whatever its values are."""
    return dict(_items(option, value))


def _items(option: str, value: object) -> list[tuple[str, Any]]:
    if not isinstance(value, Mapping):
        raise InvalidOptionError(f"{shown(value)} is not a mapping", option=option)
    for key in value:
        if not isinstance(key, str):
            raise InvalidOptionError(f"{shown(key)} is not a string, as a key must be", option=option)
    return list(value.items())
