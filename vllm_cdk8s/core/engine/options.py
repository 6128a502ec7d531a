"""One option: what it may be set to, and how that is written on the command line."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from vllm_cdk8s.core.engine.catalogue import history
from vllm_cdk8s.core.engine.naming import Finding, instead
from vllm_cdk8s.core.errors import Collector, InvalidOptionError, nearest, warn
from vllm_cdk8s.core.kube import checks
from vllm_cdk8s.core.models.weight_types import canonical
from vllm_cdk8s.core.regex import regex
from vllm_cdk8s.core.rules.book import DEPRECATED
from vllm_cdk8s.core.showing import shown

if TYPE_CHECKING:
    from vllm_cdk8s.core.engine.catalogue import Option, Release

# As vLLM's human_readable_int: 32k is 32,000 and 32K is 32,768; a fraction only with the decimal ones.
_SIZE = regex(r"(?P<number>\d+(\.\d+)?)(?P<unit>[kmgt])|(?P<binary>\d+)(?P<power>[KMGT])")
_NUMBER_LIKE = regex(r"-\d+|-\d*\.\d+")
_SURROGATE = regex("[\ud800-\udfff]")
_DEEPEST = 50
_COMPOUNDS = {"object": "a mapping", "list": "a list"}
_PLAIN_KINDS = {"bool": bool, "int": int, "float": (int, float)}
# https://docs.pydantic.dev/latest/concepts/conversion_table/
_SPELLED = {
    "bool": regex(r"true|false", re.IGNORECASE),
    "int": regex(r"[+-]?\d+(\.0+)?"),
    "float": regex(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?|[+-]?(inf|nan|infinity)", re.IGNORECASE),
}


def checked(option: str, spec: Option, value: Any, release: Release, finding: Finding) -> Any:
    """A value that an option takes, as plain data.

    Raises:
        InvalidOptionError: it is of the wrong type; ``finding`` gets what another version may allow.
    """
    if spec.deprecated:
        warn(f"deprecated in vLLM {release.name}{instead(spec.name)}", option=option, rule=DEPRECATED)
    value = _members(value)
    if spec.kind == "flag":
        return checks.boolean(option, value)
    if spec.kind == "optional" and value is True:
        return True
    if spec.kind in {"list", "append"}:
        return _items(option, spec, value, finding)
    return _single(option, spec, value, release, finding)


def _members(value: Any) -> Any:
    """A value, or a list of values, with members of enumerations as what they stand for."""
    if isinstance(value, (list, tuple)):
        return [checks.plain_member(item) for item in value]
    return checks.plain_member(value)


def _items(option: str, spec: Option, value: Any, finding: Finding) -> list[Any]:
    several = isinstance(value, Sequence) and not isinstance(value, (str, bytes))
    items = list(value) if several else [value]
    if not items or (spec.count is not None and len(items) != spec.count):
        needed = "at least one" if spec.count is None else spec.count
        raise InvalidOptionError(f"{len(items)} values; needed: {needed}", option=option)
    result = []
    for index, item in enumerate(items):
        label = f"{option}[{index}]" if several else option
        one = _typed(label, spec, item)
        _among(label, spec, one, finding)
        if spec.kind == "list" and isinstance(one, str) and one.startswith("-") and not _NUMBER_LIKE.fullmatch(one):
            raise InvalidOptionError(f"{one!r} begins with '-', so vLLM would read it as an option", option=label)
        result.append(one)
    return result


def _single(option: str, spec: Option, value: Any, release: Release, finding: Finding) -> Any:
    result = _typed(option, spec, value)
    _among(option, spec, result, finding)
    if isinstance(result, Mapping):
        _check_keys(option, spec.name, result, release, finding)
    return result


def _typed(option: str, spec: Option, value: Any) -> Any:
    """The value, if it is of the option's type."""
    if spec.auto and isinstance(value, (str, int)) and value in {"auto", -1}:
        return value
    if not _IS[spec.type](value):
        wrong = f"{shown(value)} is not {_ARTICLES[spec.type]}"
        hint = "; give a mapping, it is written as JSON" if spec.type == "object" and isinstance(value, str) else ""
        raise InvalidOptionError(wrong + hint, option=option)
    if isinstance(value, float) and not math.isfinite(value):
        raise InvalidOptionError(f"{shown(value)} is not a finite number", option=option)
    if isinstance(value, str) and "\0" in value:
        raise InvalidOptionError(f"{shown(value)} holds a NUL character", option=option)
    return json_data(option, value)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


_IS: dict[str, Callable[[Any], bool]] = {
    "int": _is_whole,
    "float": _is_number,
    "str": lambda value: isinstance(value, str),
    "int_or_str": lambda value: _is_whole(value) or isinstance(value, str),
    "object": lambda value: isinstance(value, Mapping),
    "object_or_str": lambda value: isinstance(value, (str, Mapping)),
    "json": lambda _: True,
    "comma_list": lambda value: isinstance(value, (str, list, tuple)),
    "size": lambda value: tokens(value) is not None,
}


def json_data(option: str, value: Any, *, depth: int = 0) -> Any:
    """A copy of what JSON can say; unlike in Kubernetes, a null has a meaning of its own to vLLM.

    Raises:
        InvalidOptionError: it is not plain data, or is nested too deeply, as what holds itself is.
    """
    value = checks.plain_member(value)
    if isinstance(value, str):
        return refuse_surrogates(option, value)
    if isinstance(value, int):
        return value
    if depth > _DEEPEST:
        raise InvalidOptionError(f"nested more than {_DEEPEST} levels deep, or holds itself", option=option[:100])
    if isinstance(value, Mapping):
        for key in value:
            if not isinstance(key, str):
                raise InvalidOptionError(f"{shown(key)} is not a string, as a key must be", option=option)
            refuse_surrogates(option, key)
        return {key: json_data(f"{option}.{key}", item, depth=depth + 1) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, (str, bytes, bytearray)):
        return [json_data(f"{option}[{index}]", item, depth=depth + 1) for index, item in enumerate(value)]
    return checks.plain(option, value)


def refuse_surrogates(option: str, text: str) -> str:
    """A text that can be written as UTF-8.

    Raises:
        InvalidOptionError: it holds half of a character.
    """
    found = _SURROGATE.search(text)
    if found:
        raise InvalidOptionError(
            f"holds a lone surrogate, U+{ord(found[0]):04X}, at position {found.start()}, which no file can hold",
            option=option.encode("ascii", "backslashreplace").decode(),
        )
    return text


_ARTICLES = {
    "int": "a whole number",
    "float": "a number",
    "str": "a string",
    "int_or_str": "a whole number or a string",
    "object": "a mapping",
    "object_or_str": "a mapping or a string",
    "json": "plain data",
    "comma_list": "a list",
    "size": "a whole number of at least 0, or one with a unit such as '32k'",
}


def _among(option: str, spec: Option, value: Any, finding: Finding) -> None:
    if spec.choices and value not in spec.choices:
        if spec.nullable and value == "None":
            return
        allowed = ", ".join(str(choice) for choice in spec.choices)
        finding(InvalidOptionError(f"{shown(value)} is not one of {allowed}{near(value, spec.choices)}", option=option))


def near(value: Any, candidates: Sequence[Any]) -> str:
    """The end of a message about a wrong value, with the nearest right one."""
    if not isinstance(value, str):
        return ""
    same = canonical(value)  # what people call fp16 is vLLM's float16
    return nearest(same if same in candidates else value, [c for c in candidates if isinstance(c, str)])


def _check_keys(option: str, name: str, value: Mapping[str, Any], release: Release, finding: Finding) -> None:
    fields = release.fields(name)
    if not fields:
        return

    with Collector() as found:

        def walk(prefix: str, part: Mapping[str, Any]) -> None:
            for key, item in part.items():
                path = prefix + key
                label = f"{option}.{path}"
                facts = fields.get(path)
                if facts is None:
                    found.attempt(finding, _unknown_key(label, name, path, release))
                    continue
                found.attempt(_check_field, label, facts, item, finding)
                if isinstance(item, Mapping) and any(known.startswith(f"{path}.") for known in fields):
                    walk(f"{path}.", item)

        walk("", value)


def _unknown_key(label: str, name: str, path: str, release: Release) -> InvalidOptionError:
    found = history(name, path)
    if found is not None:
        return InvalidOptionError(f"not in vLLM {release.name}; it is in {found}", option=label)
    return InvalidOptionError(
        f"no such key of {name} in vLLM {release.name}{nearest(path, release.fields(name))}", option=label
    )


def _check_field(label: str, facts: Mapping[str, Any], item: Any, finding: Finding) -> None:
    kinds = facts.get("types", [])
    choices = facts.get("choices", [])
    if item is None or not kinds:
        return
    compound = "a mapping" if isinstance(item, Mapping) else "a list" if isinstance(item, list) else "a single value"
    if compound not in {_COMPOUNDS.get(kind, "a single value") for kind in kinds}:
        if compound == "a single value" and isinstance(item, str):
            return  # vLLM's validators read some lists and configurations from words
        allowed = " or ".join(sorted({_COMPOUNDS.get(kind, "a single value") for kind in kinds}))
        raise InvalidOptionError(f"{shown(item)} is {compound}; allowed: {allowed}", option=label)
    if kinds == ["choice"] and isinstance(item, (str, int)) and not isinstance(item, bool):
        folded = {str(choice).lower() for choice in choices}
        if str(item).lower() not in folded:
            allowed = ", ".join(str(choice) for choice in choices)
            finding(InvalidOptionError(f"{shown(item)} is not one of {allowed}{near(item, choices)}", option=label))
    elif len(kinds) == 1 and kinds[0] in _PLAIN_KINDS:
        wanted = _PLAIN_KINDS[kinds[0]]
        if isinstance(item, str) and _SPELLED[kinds[0]].fullmatch(item.strip()):
            return  # vLLM's configurations are pydantic's, which reads numbers and booleans from words
        if not isinstance(item, wanted) or (isinstance(item, bool) and kinds[0] != "bool"):  # type: ignore[arg-type]
            words = {"bool": "a boolean", "int": "a whole number", "float": "a number"}[kinds[0]]
            raise InvalidOptionError(f"{shown(item)} is not {words}", option=label)


def converted(option: str, spec: Option, text: str) -> Any:
    """What a raw value means; `checked` says whether it is allowed."""
    try:
        if spec.type == "int":
            return int(text)
        if spec.type == "float":
            return float(text)
        if spec.type == "size":
            if spec.auto and text.strip().lower() in {"auto", "-1"}:
                return "auto"
            return text if tokens(text) is None else (int(text) if text.isdecimal() else text)
        if spec.type in {"object", "json"} or (spec.type == "object_or_str" and text.strip().startswith("{")):
            return json.loads(text)
    except ValueError:
        shown = "what follows" if spec.name in {"api_key", "hf_token"} else repr(text)
        raise InvalidOptionError(
            f"{shown} is not {'JSON' if spec.type in {'object', 'json', 'object_or_str'} else _ARTICLES[spec.type]}",
            option=option,
        ) from None
    return text


def rendered(spec: Option, value: Any) -> list[str]:
    """The arguments that set an option: one item, save for a list's and those that vLLM reads from two."""
    if isinstance(value, bool) and spec.kind in {"flag", "optional"}:
        return [spec.flag] if value else spec.off[:1]
    items = value if isinstance(value, list) else [value]
    if spec.kind == "list" and len(items) > 1:
        return [spec.flag, *(_written(item) for item in items)]
    if spec.kind in {"list", "append"}:
        return [f"{spec.flag}={_written(item)}" for item in items]
    if spec.name == "config":
        return [spec.flag, _written(value)]  # vLLM looks for the bare word and overlooks --config=file
    if spec.type == "comma_list":
        return [f"{spec.flag}={','.join(_written(item) for item in items)}"]
    return [f"{spec.flag}={_json(value) if spec.type == 'json' else _written(value)}"]


def rendered_unknown(name: str, value: Any) -> list[str]:
    """The arguments that set an option of which only the name is known, in the way that most options are set."""
    flag = "--" + name.replace("_", "-")
    if isinstance(value, bool):
        return [flag if value else f"--no-{flag[2:]}"]
    if isinstance(value, list):
        return [flag, *(_written(item) for item in value)]
    return [f"{flag}={_written(value)}"]


def _written(value: Any) -> str:
    return _json(value) if isinstance(value, (Mapping, list)) else str(value)


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def tokens(value: object) -> int | None:
    """A size as vLLM reads it: ``32k`` is 32,000 and ``32K`` 32,768; None for ``auto``, -1 and what is not a size."""
    if isinstance(value, str):
        text = value.strip()
        if text.isdecimal():
            return int(text)
        match = _SIZE.fullmatch(text)
        if match is None:
            return None
        if match["unit"]:
            return int(float(match["number"]) * 1000 ** ("kmgt".index(match["unit"]) + 1))
        return int(match["binary"]) << 10 * ("KMGT".index(match["power"]) + 1)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
