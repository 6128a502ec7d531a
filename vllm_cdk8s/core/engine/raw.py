"""Raw arguments, understood as vLLM's own parser understands them.

Underscores for dashes, ``--a b``, ``--a=b``, ``-tp=2``, ``-qawq``, ``-O3``, ``--config-name.key=value`` and
``--config-name.key+=a,b`` as in ``FlexibleArgumentParser`` (vllm/utils/argparse_utils.py) and Python's argparse. What
that parser does without a word is refused: abbreviations, and all but the last of several values.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from vllm_cdk8s.core.engine import catalogue
from vllm_cdk8s.core.engine.literal_secrets import refuse_secret
from vllm_cdk8s.core.engine.naming import Finding, flagged, gone, naming_flags, unknown
from vllm_cdk8s.core.engine.options import checked, converted, refuse_surrogates
from vllm_cdk8s.core.errors import Collector, ConflictError, InvalidOptionError, VllmCdk8sError, mention
from vllm_cdk8s.core.regex import regex
from vllm_cdk8s.core.rules.book import ENGINE_OPTION, NEVER_READY
from vllm_cdk8s.core.showing import shown

if TYPE_CHECKING:
    from vllm_cdk8s.core.engine.catalogue import Option, Release

_OPTION = regex(r"--?[^-.=]|---")
_SAY_AND_END = ("-h", "--help", "-v", "--version")
_NUMBER = regex(r"-\d+|-\d*\.\d+")  # what argparse takes for a value in spite of its dash
_GLUED = regex(r"(-[a-z]{2,})(\d+)")  # -tp2, which argparse reads for flags of one letter only


class Given(Struct, kw_only=True):
    """One setting among raw arguments.

    Attributes:
        name: the canonical name.
        label: where it stands, for messages.
        flag: the flag as its user wrote it, save for underscores.
        value: what it is set to.
        items: the arguments that say so.
    """

    name: str
    label: str
    value: Any
    flag: str = ""
    items: list[str] = field(default_factory=list)


def string_list(option: str, items: Any) -> list[str]:
    """A list of arguments.

    Raises:
        InvalidOptionError: it is one string, or holds something else than strings.
    """
    if isinstance(items, (str, bytes)) or not isinstance(items, Sequence):
        raise InvalidOptionError(
            "is not a list; allowed: one item per argument, such as ['--enforce-eager', '--seed=1']", option=option
        )
    for index, item in enumerate(items):
        if not isinstance(item, str):
            raise InvalidOptionError(f"{shown(item)} is not a string", option=f"{option}[{index}]")
        refuse_surrogates(f"{option}[{index}]", item)
        if "\0" in item:
            raise InvalidOptionError("holds a NUL character", option=f"{option}[{index}]")
    return list(items)


def parse(option: str, items: Sequence[str], release: Release, finding: Finding) -> dict[str, Given]:
    """What raw arguments set, by canonical name, in their order.

    Raises:
        InvalidOptionError: an argument is not one, lacks its value, or is abbreviated; ``finding`` gets what another
            version may allow.
        ConflictError: a setting is given twice.
    """
    return _Parser(option, items, release, finding).parse()


def glimpse(items: Sequence[str], release: Release) -> dict[str, Given]:
    """What arguments that nobody checks set, as far as it can be understood.

    Raises:
        InvalidOptionError: one is a literal secret.
    """
    result: dict[str, Given] = {}
    starts = [index for index, item in enumerate(items) if item.startswith("-") and not _NUMBER.fullmatch(item)]
    for start, end in zip(starts, [*starts, len(items)][1:], strict=True):
        flag, equals, _ = items[start].partition("=")
        refuse_secret(
            f"unchecked_args[{start}]", flag.lstrip("-").replace("-", "_"), bare=not equals and end == start + 1
        )
        try:
            found = _Parser("unchecked_args", items[start:end], release, lambda _: None).parse(check=False)
        except VllmCdk8sError:
            continue
        for name, given in found.items():
            given.label = f"unchecked_args[{start}]"
            result[name] = given
    return result


class _Parser:
    def __init__(self, option: str, items: Sequence[str], release: Release, finding: Finding) -> None:
        self._option, self._items, self._release, self._finding = option, items, release, finding
        self._given: dict[str, Given] = {}
        self._dotted: set[str] = set()
        self._at = 0

    def parse(self, *, check: bool = True) -> dict[str, Given]:
        with Collector() as found:
            while self._at < len(self._items):
                if found.attempt(self._next) is None:
                    while self._follows():  # what may be its values
                        self._at += 1
            for given in self._given.values():
                spec = self._release.option(given.name)
                if spec is not None and check:
                    given.value = found.attempt(self._checked, given, spec)
        return self._given

    def _next(self) -> Given:
        start = self._at
        label = f"{self._option}[{start}]"
        item = self._items[start]
        self._at += 1
        if not _OPTION.match(item) or _NUMBER.fullmatch(item):
            raise InvalidOptionError(f"{shown(item)} belongs to no option", option=label, rule=ENGINE_OPTION)
        if " " in item.split("=")[0]:
            flag = item.split()[0]
            refuse_secret(label, flag.lstrip("-").replace("-", "_"))
            raise InvalidOptionError(
                f"{flag!r} and what follows it are two arguments; give each an item of its own", option=label
            )
        flag, path, value = self._split(item)
        with naming_flags({label: flag}):
            touched = self._one(label, flag, path, value)
        touched.flag = touched.flag or flag
        touched.items.extend(self._items[start : self._at])
        return touched

    def _checked(self, given: Given, spec: Option) -> Any:
        flags = {given.label: given.flag}
        with naming_flags(flags):
            return checked(
                given.label, spec, given.value, self._release, lambda error: self._finding(flagged(error, flags))
            )

    def _split(self, item: str) -> tuple[str, list[str], str | None]:
        """The flag as the catalogue spells it, the keys behind its dots, and the value behind ``=``."""
        if item.startswith("-O") and item != "-O" and not item.startswith("-O."):
            item = f"-O={item[2:].removeprefix('=')}"
        key, equals, value = item.partition("=")
        head, *path = key.split(".")
        if head.startswith("--"):
            head = "--" + head[2:].replace("_", "-")
        elif head not in self._release.flags and head[:2] in self._release.flags and not path:
            return head[:2], [], item[2:]  # -qawq
        return head, path, value if equals else None

    def _one(self, label: str, flag: str, path: list[str], value: str | None) -> Given:
        refuse_secret(label, flag.lstrip("-").replace("-", "_"), bare=value is None and not self._follows())
        if flag == "-O":
            return self._level(label, path, value)
        if flag in _SAY_AND_END:
            raise InvalidOptionError(
                f"{flag} has vLLM print something and end, so that no server starts", option=label, rule=NEVER_READY
            )
        if flag not in self._release.flags:
            return self._unknown(label, flag, value)
        name, on = self._release.flags[flag]
        spec = self._release.option(name)
        assert spec is not None  # noqa: S101 - every flag is an option's
        if path and spec.type not in {"object", "object_or_str", "json"}:
            raise InvalidOptionError(f"{flag} has no keys", option=label)
        if path:
            return self._key(label, spec, path, self._needed(label, flag, value))
        if spec.kind != "flag":
            return self._set(Given(name=name, label=label, value=self._value(label, flag, spec, value)))
        if value is not None:
            raise InvalidOptionError(f"{flag} takes no value", option=label)
        return self._set(Given(name=name, label=label, value=on))

    def _value(self, label: str, flag: str, spec: Option, value: str | None) -> Any:
        if spec.name == "config" and value is not None:
            raise InvalidOptionError(
                "vLLM overlooks this form; give '--config' and the file as two arguments", option=label
            )
        if spec.kind == "optional" and value is None:
            return converted(label, spec, self._take()) if self._follows() else True
        if spec.kind == "list":
            texts = [value] if value is not None else [self._needed(label, flag, None)]
            while value is None and self._follows():
                texts.append(self._take())
            return [converted(label, spec, text) for text in texts]
        one = converted(label, spec, self._needed(label, flag, value))
        return [one] if spec.kind == "append" else one

    def _level(self, label: str, path: list[str], value: str | None) -> Given:
        """``-O``: a level of its own in releases that have one, else a part of the compilation settings."""
        spec = self._release.option("compilation_config")
        level = self._release.option("optimization_level")
        text = self._needed(label, "-O", value)
        if level is not None and not path:
            return self._set(Given(name=level.name, label=label, value=text))
        if spec is None or "-O" not in spec.flags:
            raise InvalidOptionError(
                f"vLLM {self._release.name} reads no keys behind -O; use --compilation-config", option=label
            )
        if not path and value is None and text not in {"0", "1", "2", "3"}:
            return self._set(Given(name=spec.name, label=label, value=converted(label, spec, text)))
        return self._key(label, spec, path or ["level"], text)

    def _key(self, label: str, spec: Option, path: list[str], text: str) -> Given:
        """``--name.key.key=value``: JSON where it is JSON, else a string; with a plus, one more item of a list."""
        more = path[-1].endswith("+")
        keys = [*path[:-1], path[-1].removesuffix("+")]
        value: Any
        if more:
            value = text.split(",")
        else:
            try:
                value = json.loads(text)
            except ValueError:
                value = text
        known = self._given.get(spec.name)
        if known is None:
            known = self._given[spec.name] = Given(name=spec.name, label=label, value={})
            self._dotted.add(spec.name)
        elif spec.name not in self._dotted:
            raise ConflictError(
                f"vLLM forgets {known.label}, which sets {spec.flag} as a whole; say it in one way", option=label
            )
        inner = known.value
        for key in keys[:-1]:
            inner = inner.setdefault(key, {})
            if not isinstance(inner, dict):
                raise ConflictError(f"{spec.flag}.{'.'.join(keys)} is given twice", option=label)
        if more and isinstance(inner.get(keys[-1]), list):
            inner[keys[-1]].extend(value)
        elif keys[-1] in inner:
            raise ConflictError(f"{spec.flag}.{'.'.join(keys)} is given twice", option=label)
        else:
            inner[keys[-1]] = value
        return known

    def _set(self, given: Given) -> Given:
        before = self._given.get(given.name)
        spec = self._release.option(given.name)
        if before is None:
            self._given[given.name] = given
            return given
        if spec is not None and spec.kind == "append":
            before.value.extend(given.value)
            return before
        flag = spec.flag if spec else given.name
        raise ConflictError(
            f"{flag} is given twice (before at {mention(before.label)}); vLLM would silently take the last",
            option=given.label,
        )

    def _unknown(self, label: str, flag: str, value: str | None) -> Given:
        """A flag that this release does not have: an error, or for an unknown version a warning and a guess."""
        full = sorted(known for known in self._release.flags if flag.startswith("--") and known.startswith(flag))
        if full and flag != "--":
            raise InvalidOptionError(
                f"{flag} is an abbreviation, which another release may read differently; write {' or '.join(full)}",
                option=label,
            )
        glued = _GLUED.fullmatch(flag)
        if glued and glued[1] in self._release.flags:
            raise InvalidOptionError(
                f"{flag} is not an option of vLLM; did you mean '{glued[1]}={glued[2]}'?", option=label
            )
        name = flag.lstrip("-").replace("-", "_")
        if self._release.option(name) is None and catalogue.history(name):
            gone(label, name, self._release, self._finding, shown=flag)
        elif flag.startswith("--no-") and self._release.option(name.removeprefix("no_")):
            raise InvalidOptionError(f"--{flag[5:]} cannot be switched off; leave it out", option=label)
        else:
            unknown(label, name, self._release, self._finding, shown=flag)
        values = [value] if value is not None else []
        while value is None and self._follows():
            values.append(self._take())
        taken: Any = values[0] if len(values) == 1 else values or True
        return self._set(Given(name=name, label=label, value=taken))

    def _needed(self, label: str, flag: str, value: str | None) -> str:
        if value is not None:
            return value
        if not self._follows():
            raise InvalidOptionError(f"{flag} needs a value", option=label)
        return self._take()

    def _follows(self) -> bool:
        """Whether the next argument is a value, as argparse tells."""
        if self._at >= len(self._items):
            return False
        item = self._items[self._at]
        if not item.startswith("-") or item == "-" or _NUMBER.fullmatch(item):
            return True
        return " " in item and self._split(item)[0] not in self._release.flags

    def _take(self) -> str:
        self._at += 1
        return self._items[self._at - 1]
