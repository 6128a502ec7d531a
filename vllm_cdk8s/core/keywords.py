"""Keywords that are misspelt, left out or on their way out, named as every other option is."""

from __future__ import annotations

import inspect
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar

from msgspec import Struct

from vllm_cdk8s.core.errors import ConflictError, InvalidOptionError, Problem, mention, nearest, warn
from vllm_cdk8s.core.rules.book import INVALID, RETIRED, UNKNOWN_NAME

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_Named = TypeVar("_Named")


def named_keywords(made: _Named) -> _Named:
    """Have a class, or a function, refuse unknown and missing keywords with an error that names them all.

    Python's own TypeError says the first alone, and is not one of this package's errors.
    """
    return _wrapped(made, lambda function: _checking(function, made))


def retired_keywords(
    *, since: str, until: str, renamed: Mapping[str, str] | None = None, leaving: Mapping[str, str] | None = None
) -> Callable[[_Named], _Named]:
    """Have a class, or a function, go on taking keywords that are on their way out, with a warning of each.

    It stands above `named_keywords`. For classes and functions themselves there is ``typing_extensions.deprecated``.

    Args:
        since: the release that warns first.
        until: the release that no longer takes them: a minor after `since`.
        renamed: the old name of each keyword that has a new one, which the class takes alone.
        leaving: each keyword that the class still takes and soon will not, and what to do instead.

    Raises:
        ConflictError: when called with a keyword by both its names.
    """
    successors, advice = renamed or {}, leaving or {}

    def retiring(function: Any) -> Any:
        @wraps(function)
        def taking(*args: Any, **options: Any) -> Any:
            for name in [name for name in options if name in advice]:
                warn(f"deprecated since {since}, gone in {until}; {advice[name]}", option=name, rule=RETIRED)
            for name in [name for name in options if name in successors]:
                new = successors[name]
                if new in options:
                    raise ConflictError(f"is the old name of {mention(f'{new}=')}, which is given too", option=name)
                warn(f"renamed to {mention(f'{new}=')} in {since}, gone in {until}", option=name, rule=RETIRED)
                options[new] = options.pop(name)
            return function(*args, **options)

        return taking

    return lambda made: _wrapped(made, retiring)


def _wrapped(made: _Named, wrap: Callable[[Any], Any]) -> _Named:
    if isinstance(made, type):
        setattr(made, "__init__", wrap(getattr(made, "__init__")))  # noqa: B009, B010 - mypy forbids the short way
        return made
    wrapped: _Named = wrap(made)
    return wrapped


class _Keywords(Struct, frozen=True, kw_only=True):
    """What a function takes by name, and what it must be given.

    Attributes:
        known: the names.
        needed: those without a default that are given by name alone.
        others: those that may be given by place, and whether each has a default.
        is_open: whether it takes any name.
        documented: the names that its class's signature shows, which where it is open are all that there are.
    """

    known: tuple[str, ...]
    needed: frozenset[str]
    others: tuple[tuple[str, bool], ...]
    is_open: bool
    documented: tuple[str, ...]

    @classmethod
    def of(cls, function: Any, shown: Any) -> _Keywords:
        documented = getattr(shown, "__signature__", None)
        parameters = list(inspect.signature(function).parameters.values())
        bare = [p.name for p in parameters if p.default is inspect.Parameter.empty]
        return cls(
            known=tuple(p.name for p in parameters if p.name != "self"),
            needed=frozenset(p.name for p in parameters if p.kind is p.KEYWORD_ONLY and p.name in bare),
            others=tuple((p.name, p.name not in bare) for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD),
            is_open=any(p.kind is p.VAR_KEYWORD for p in parameters),
            documented=() if documented is None else tuple(documented.parameters),
        )

    def right(self, places: int, options: Mapping[str, Any]) -> bool:
        """Whether nothing is unknown or missing."""
        return (
            (self.is_open or all(name in self.known for name in options))
            and self.needed <= options.keys()
            and all(default or name in options for name, default in self.others[places:])
        )

    def problems(self, places: int, options: Mapping[str, Any]) -> list[Problem]:
        """What is unknown, and what is missing."""
        missing = [name for name, default in self.others[places:] if not default and name not in options]
        missing += [name for name in self.known if name in self.needed and name not in options]
        known = self.documented if self.is_open else self.known
        return [
            *(
                Problem(what=f"is not an option{nearest(name, known)}", rule=UNKNOWN_NAME, option=name)
                for name in options
                if known and name not in known
            ),
            *(Problem(what="is missing", rule=INVALID, option=name) for name in missing),
        ]


def _checking(function: Any, shown: Any) -> Any:
    taken: list[_Keywords] = []  # read when first called: most classes are imported, and never made

    @wraps(function)
    def checked(*args: Any, **options: Any) -> Any:
        if not taken:
            taken.append(_Keywords.of(function, shown))
        if not taken[0].right(len(args), options):
            raise InvalidOptionError(problems=taken[0].problems(len(args), options))
        return function(*args, **options)

    return checked
