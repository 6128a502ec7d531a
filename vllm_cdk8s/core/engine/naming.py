"""What to say about names that a release of vLLM does not have."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from difflib import SequenceMatcher, get_close_matches
from typing import TYPE_CHECKING

from msgspec.structs import replace

from vllm_cdk8s.core.engine import catalogue
from vllm_cdk8s.core.errors import InvalidOptionError, mention, nearest
from vllm_cdk8s.core.regex import regex
from vllm_cdk8s.core.rules.book import ENGINE_OPTION

if TYPE_CHECKING:
    from vllm_cdk8s.core.engine.catalogue import Release
    from vllm_cdk8s.core.errors import Problem

_CAMEL = regex(r"(?<=[a-z0-9])(?=[A-Z])")
# From here on two names are one misspelt, not an old option and a new one that this package does not know yet.
_MISSPELT = 0.85
_OPPOSITES = {"disable": "enable", "enable": "disable"}


Finding = Callable[[InvalidOptionError], None]
"""What to do with something that may be right for another version: raise it, or warn."""


@contextmanager
def naming_flags(flags: Mapping[str, str]) -> Iterator[None]:
    """Have errors on raw arguments name the flag that they are about: ``extra_args[1]: --seed: 'x' is not ...``.

    Args:
        flags: by the argument's label, the flag as its user wrote it.
    """
    try:
        yield
    except InvalidOptionError as error:
        raise flagged(error, flags) from None


def flagged(error: InvalidOptionError, flags: Mapping[str, str]) -> InvalidOptionError:
    """The error with the flag of the argument that it is about."""

    def named(problem: Problem) -> Problem:
        flag = flags.get(problem.option or "")
        said = flag is None or flag in problem.what or problem.what.startswith("--")
        return problem if said else replace(problem, what=f"{flag}: {problem.what}")

    return InvalidOptionError(problems=[named(problem) for problem in error.problems])


def gone(option: str, name: str, release: Release, finding: Finding, *, shown: str | None = None) -> None:
    """Report an option that other releases have, with what took its place."""
    finding(
        InvalidOptionError(
            f"{_subject(shown)}not an option of vLLM {release.name}, but of {catalogue.history(name)}{instead(name)}",
            option=option,
            rule=ENGINE_OPTION,
        )
    )


def instead(name: str) -> str:
    """The end of a message about an option that is gone or going: what took its place, if that is known."""
    place = catalogue.successor(name)
    if place is None:
        return ""
    opposite = name.partition("_")[0] == _OPPOSITES.get(place.partition("_")[0])
    return f"; now there is its opposite, {place}" if opposite else f"; use {place}"


def unknown(option: str, name: str, release: Release, finding: Finding, *, shown: str | None = None) -> None:
    """Report an option that no release has, with the nearest name.

    A plain misspelling is an error for any version; a name like no other may be newer than this package.
    """
    snake = _CAMEL.sub("_", name).lower().replace("-", "_").removeprefix("no_")
    short = {snake, snake.removesuffix("_size")}
    alias = next(
        (known for flag, (known, _) in release.flags.items() if flag.lstrip("-").replace("-", "_") in short), None
    )
    configurations = catalogue.configurations_with(snake, release)
    if alias is not None or (len(configurations) == 1 and not release.option(snake)):
        right = _written(alias or snake, None if alias else configurations[0], raw=shown is not None)
        raise InvalidOptionError(
            f"{_subject(shown)}not an option of vLLM; did you mean {right}?", option=option, rule=ENGINE_OPTION
        )
    candidates = release.names if shown is None else [flag for flag in release.flags if flag.startswith("--")]
    hint = nearest(snake if shown is None else f"--{snake.replace('_', '-')}", candidates)
    if not hint and (old := get_close_matches(snake, catalogue.ever(), n=1, cutoff=_MISSPELT)):
        hint = f"; did you mean {old[0]!r}, an option of {catalogue.history(old[0])}?"
    error = InvalidOptionError(
        f"{_subject(shown)}not an option of vLLM {release.name}"
        + (hint or f"; {mention('unchecked_args')} passes on what is newer"),
        option=option,
        rule=ENGINE_OPTION,
    )
    ratio = max((SequenceMatcher(None, snake, known).ratio() for known in release.names), default=0)
    if ratio >= _MISSPELT:
        raise error
    finding(error)


def _written(name: str, configuration: str | None, *, raw: bool) -> str:
    """An option, or a key of a configuration, as a raw argument or as a typed setting."""
    if configuration is None:
        return repr(f"--{name.replace('_', '-')}" if raw else name)
    if raw:
        return repr(f"--{configuration.replace('_', '-')}.{name}")
    return f"{{{configuration!r}: {{{name!r}: ...}}}}"


def _subject(shown: str | None) -> str:
    """The flag of a raw argument; a typed setting's name begins the message already."""
    return f"{shown} is " if shown else ""
