"""What vLLM's own parsers accept, release by release; read from a data file when first asked for.

``options.json`` is written by ``make catalogue`` and holds, per option, the releases in which its facts hold.
"""

from __future__ import annotations

from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from vllm_cdk8s.core.data import generated
from vllm_cdk8s.core.engine.version import version_key

if TYPE_CHECKING:
    from collections.abc import Sequence


class Option(Struct, frozen=True, kw_only=True):
    """One option of one release.

    Attributes:
        name: the canonical name, in snake_case.
        flags: what switches it on or takes its value, the full name first.
        off: what switches it off, for flags that have it.
        kind: ``flag``, ``value``, ``optional`` (bare or with a value), ``list`` (several in a row) or ``append``
            (given several times).
        type: what a value is: ``str``, ``int``, ``size`` (``32k``), ``float``, ``object`` and others.
        choices: the values allowed, where they are a closed set.
        values: the values that vLLM names, where plug-ins may add to them.
        default: vLLM's own, where it is plain data.
        nullable: whether the word ``None`` stands for nothing.
        auto: whether ``auto`` and -1 stand for what fits.
        deprecated: whether vLLM says that it will go.
        count: how many values a list has, where that is fixed.
    """

    name: str
    flags: list[str]
    off: list[str] = field(default_factory=list)
    kind: str
    type: str = "bool"
    choices: list[Any] = field(default_factory=list)
    values: list[str] = field(default_factory=list)
    default: Any = None
    nullable: bool = False
    auto: bool = False
    deprecated: bool = False
    count: int | None = None

    @property
    def flag(self) -> str:
        """The full name on the command line."""
        return next(flag for flag in self.flags if flag.startswith("--"))


class Release:
    """The options of one release of vLLM."""

    def __init__(self, index: int) -> None:
        data = generated("options")
        self.index = index
        self.name: str = data["versions"][index]
        self._runs: dict[str, list[Any]] = data["options"]
        self._options: dict[str, Option | None] = {}
        self._fields: dict[str, dict[str, dict[str, Any]]] = {}

    def option(self, name: str) -> Option | None:
        """An option by its canonical name, or None where this release does not have it."""
        if name not in self._options:
            facts = fact_at(self._runs.get(name, ()), self.index)
            self._options[name] = None if facts is None else Option(name=name, **facts)
        return self._options[name]

    @cached_property
    def flags(self) -> dict[str, tuple[str, bool]]:
        """Every spelling on the command line: the canonical name, and False where it switches that off."""
        result: dict[str, tuple[str, bool]] = {}
        for name, runs in self._runs.items():
            facts = fact_at(runs, self.index)
            if facts is not None:
                result.update((flag, (name, True)) for flag in facts["flags"])
                result.update((flag, (name, False)) for flag in facts.get("off", ()))
        return result

    @cached_property
    def names(self) -> list[str]:
        """The canonical names of all options."""
        return sorted({name for name, _ in self.flags.values()})

    def fields(self, name: str) -> dict[str, dict[str, Any]]:
        """The keys of a configuration, with dots for those of configurations in it; empty where anything goes."""
        if name not in self._fields:
            found = {
                key: fact_at(runs, self.index) for key, runs in generated("options")["fields"].get(name, {}).items()
            }
            self._fields[name] = {key: facts for key, facts in found.items() if facts is not None}
        return self._fields[name]


@cache
def release(name: str | None) -> Release:
    """That release, or the newest known one before it (the oldest, where there is none); None is the newest."""
    versions: list[str] = generated("options")["versions"]
    if name is None:
        return Release(len(versions) - 1)
    earlier = [index for index, known in enumerate(versions) if version_key(known) <= version_key(name)]
    return Release(earlier[-1] if earlier else 0)


def versions() -> list[str]:
    """The releases that the catalogue knows, oldest first."""
    return list(generated("options")["versions"])


def history(name: str, key: str | None = None) -> str | None:
    """The releases that have an option, or a key of a configuration, as words; None where none has."""
    data = generated("options")
    runs = data["options"].get(name) if key is None else data["fields"].get(name, {}).get(key)
    return said(runs, data["versions"]) if runs else None


def said(runs: Any, known: Sequence[str]) -> str:
    """Stretches of releases, ``[first, last, ...]`` by their places among those known, as words."""
    stretches: list[list[int]] = []
    for first, last, *_ in runs:
        if stretches and stretches[-1][1] == first - 1:
            stretches[-1][1] = last
        else:
            stretches.append([first, last])
    words = []
    for first, last in stretches:
        since, until = first > 0, last < len(known) - 1
        if since and until:
            words.append(f"vLLM {known[first]} to {known[last]} only")
        elif since:
            words.append(f"vLLM {known[first]} and later")
        else:
            words.append(f"vLLM up to {known[last]}")
    return ", ".join(words)


def successor(name: str) -> str | None:
    """What took the place of an option that is gone or going, where vLLM's own releases say it."""
    found: str | None = generated("options")["successors"].get(name)
    return found


def ever() -> list[str]:
    """Every option that any release has."""
    return list(generated("options")["options"])


def configurations_with(key: str, at: Release) -> list[str]:
    """The configurations of a release that have such a key."""
    return [name for name, keys in generated("options")["fields"].items() if key in keys and key in at.fields(name)]


def fact_at(runs: Any, index: int) -> dict[str, Any] | None:
    """What a list of ``[first, last, facts]`` holds for a release."""
    for first, last, facts in runs:
        if first <= index <= last:
            found: dict[str, Any] = facts
            return found
    return None
