"""What is wrong, as data, and the errors and the warning that carry it to the user.

A `Problem` knows its rule, the option as a path, and a sentence in which other options are marked as such; whoever
speaks to the user renders it: Python as ``gpus=``, the Helm door as ``resources.limits``, the linter as file and line.
"""

from __future__ import annotations

import sys
import warnings
from contextlib import contextmanager
from contextvars import ContextVar
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from vllm_cdk8s.core.regex import regex
from vllm_cdk8s.core.rules.book import CONTRADICTION, INVALID, UNWISE
from vllm_cdk8s.core.rules.parts import rule_at
from vllm_cdk8s.core.showing import masked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from typing_extensions import Self

    from vllm_cdk8s.core.rules.rule import Rule

Severity = Literal["error", "warning"]
Path = tuple["str | int", ...]
_Value = TypeVar("_Value")

# What `mention` puts around an option in a sentence; no user's text may hold these.
_OPEN, _CLOSE = "\ue000", "\ue001"
_MENTION = regex(f"{_OPEN}([^{_CLOSE}]*){_CLOSE}")
_STEP = regex(r"\[(\d+)\]|\['((?:[^'\\]|\\.)*)'\]|\.?([^.\[]+)")


def mention(option: str) -> str:
    """An option, ``option=`` or ``option=value``, in a sentence: Python says it as it is, others their own way."""
    return f"{_OPEN}{option}{_CLOSE}"


def option_path(label: str) -> Path:
    """The path that a label such as ``resources.limits['memory']`` or ``extra_args[3]`` stands for."""
    return tuple(
        int(index) if index else quoted or plain for index, quoted, plain in (m.groups() for m in _STEP.finditer(label))
    )


class Problem(Struct, frozen=True, kw_only=True):
    """One thing that is wrong, or unwise.

    Attributes:
        what: the sentence, which begins with the value; options in it are marked by `mention`.
        rule: the rule that it breaks.
        severity: ``error`` or ``warning``.
        option: the option at fault as its user wrote it in Python, or None where no single one is.
        at: where it is in a manifest, as a path into the wire form; empty where that is not known.
        where: what has the option: the path of a construct, or a file and its line.
    """

    what: str
    rule: Rule
    severity: Severity = "error"
    option: str | None = None
    at: Path = ()
    where: str | None = None

    @property
    def path(self) -> Path:
        """The option as a path."""
        return () if self.option is None else option_path(self.option)

    def sentence(self, say: Callable[[str], str] | None = None) -> str:
        """The sentence, each mentioned option as ``say`` says it; unsaid, as Python does. It shows no secret."""
        return masked(_MENTION.sub(lambda match: match[1] if say is None else say(match[1]), self.what))

    def line(self) -> str:
        """``<where>: <option>: <sentence>``."""
        option = None if self.option is None else masked(self.option)
        return ": ".join(part for part in (self.where, option, self.sentence()) if part is not None)

    def __str__(self) -> str:
        """The line, and the rule's code behind it."""
        return f"{self.line()} [{self.rule.code}]"


class VllmCdk8sError(ValueError):
    """Something that cannot work on the cluster was asked for; nothing is synthesized.

    Attributes:
        problems: all that is wrong, each as data.
    """

    _rule: Rule = INVALID

    def __init__(
        self,
        message: str = "",
        *,
        option: str | None = None,
        rule: Rule | None = None,
        problems: Iterable[Problem] = (),
    ) -> None:
        self.problems: tuple[Problem, ...] = tuple(problems) or (
            Problem(what=message, rule=rule or rule_at(option, self._rule), option=option),
        )
        super().__init__("\n".join(map(str, self.problems)))

    @property
    def lines(self) -> tuple[str, ...]:
        """The problems as lines, without the construct that they are of and the codes of their rules."""
        return tuple(replace(problem, where=None).line() for problem in self.problems)

    @property
    def option(self) -> str | None:
        """The first option at fault, or None."""
        return self.problems[0].option

    @property
    def code(self) -> str:
        """The code of the first problem's rule."""
        return self.problems[0].rule.code

    def at(self, where: str) -> VllmCdk8sError:
        """The same error, of the construct (or file) of that name where its problems do not say another."""
        return type(self)(problems=[p if p.where is not None else replace(p, where=where) for p in self.problems])


class InvalidOptionError(VllmCdk8sError):
    """One option has a value that is wrong by itself: its type, its range, its spelling."""


class ConflictError(VllmCdk8sError):
    """Options, or constructs of one app, that are right by themselves contradict each other."""

    _rule = CONTRADICTION


@contextmanager
def ruled(*, value: Rule, conflict: Rule) -> Iterator[None]:
    """Have the errors that name no rule of their own be of these.

    Args:
        value: the rule of a value that is wrong by itself.
        conflict: the rule of what contradicts something else.
    """
    rules = {INVALID.code: value, CONTRADICTION.code: conflict}
    try:
        yield
    except VllmCdk8sError as error:
        problems = [replace(problem, rule=rules.get(problem.rule.code, problem.rule)) for problem in error.problems]
        raise type(error)(problems=problems) from None


class VllmCdk8sWarning(UserWarning):
    """What was asked for is unwise, but may work; ``-W error`` makes it fatal.

    Attributes:
        problem: what is unwise, as data; None where somebody else made the warning.
    """

    def __init__(self, message: str, problem: Problem | None = None) -> None:
        super().__init__(message)
        self.problem = problem


def nearest(name: str, known: Iterable[str]) -> str:
    """The end of a message about an unknown name: ``; did you mean 'x'?``, or nothing where none is near."""
    candidates = list(known)
    by_folded = {candidate.lower().replace("-", "_"): candidate for candidate in candidates}
    matches = get_close_matches(name.lower().replace("-", "_"), by_folded, n=1, cutoff=0.6)
    return f"; did you mean {by_folded[matches[0]]!r}?" if matches else ""


_found: ContextVar[list[Problem] | None] = ContextVar("found", default=None)


def warn(message: str, *, option: str | None = None, rule: Rule = UNWISE) -> None:
    """Warn of something unwise: to whoever is `collecting`, else at the line of the user's own program."""
    give(Problem(what=message, rule=rule, severity="warning", option=option))


def give(problem: Problem) -> None:
    """Give a warning that is data already."""
    found = _found.get()
    if found is not None:
        found.append(problem)
        return
    warnings.warn(VllmCdk8sWarning(str(problem), problem), stacklevel=_user_level())


def _user_level() -> int:
    depth, frame = 2, sys._getframe(2)  # noqa: SLF001 - the only way to find the caller's frame
    while frame.f_back is not None and _is_internal(frame.f_globals.get("__name__", "")):
        depth, frame = depth + 1, frame.f_back
    return depth


def _is_internal(module: str) -> bool:
    return module.partition(".")[0] in {"vllm_cdk8s", "jsii", "constructs", "cdk8s", "cdk8s_plus_27", "contextlib"}


class Collector:
    """Everything that is wrong with one thing, so that its user reads all of it at once, and its warnings.

    At the end of its ``with`` all is raised, with what the block itself raises::

        with Collector() as found:
            found.attempt(checks.port, "port", self.port)
            found.given(checks.port, "other_port", self.other_port)
            if found.sound("port", "other_port") and self.port == self.other_port:
                found.note(ConflictError(...))

    Attributes:
        problems: the errors.
        warnings: the warnings.
    """

    _kinds: frozenset[type[VllmCdk8sError]] = frozenset()

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.warnings: list[Problem] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        if error is None and not self.problems:
            return  # as of nearly all, which so costs next to nothing
        if isinstance(error, VllmCdk8sError):
            self.note(error)
        if error is None or isinstance(error, VllmCdk8sError):
            self.finish()

    def attempt(self, make: Callable[..., _Value], *args: Any, **options: Any) -> _Value | None:
        """What the call returns, or None, with what is wrong noted."""
        try:
            return make(*args, **options)
        except VllmCdk8sError as error:
            self.note(error)
            return None

    def need(self, make: Callable[..., _Value], *args: Any, **options: Any) -> _Value:
        """As `attempt`, of what is None only while the block runs: its end raises what is wrong."""
        return self.attempt(make, *args, **options)  # type: ignore[return-value]

    def given(self, check: Callable[..., _Value], option: str, value: Any, *args: Any, **options: Any) -> _Value | None:
        """As `attempt`, of an option for which None says nothing."""
        return None if value is None else self.attempt(check, option, value, *args, **options)

    def sound(self, *options: str) -> bool:
        """Whether nothing is wrong with these options, or with anything in them, so far."""
        if not self.problems:
            return True
        within = tuple(f"{option}{mark}" for option in options for mark in "[.")
        wrong = [problem.option for problem in self.problems if problem.option is not None]
        return not any(option in options or option.startswith(within) for option in wrong)

    def note(self, error: VllmCdk8sError) -> None:
        """Note what an error says is wrong."""
        self.problems += [problem for problem in error.problems if problem not in self.problems]
        self._kinds |= {type(error)}

    def add(self, problems: Iterable[Problem]) -> None:
        """Note problems, each where its severity belongs."""
        for problem in problems:
            target = self.problems if problem.severity == "error" else self.warnings
            if problem not in target:
                target.append(problem)

    def untold(self, problems: Iterable[Problem]) -> list[Problem]:
        """Those problems that do not break a rule by an option of which that has been said already."""
        told = {(problem.rule.code, problem.option) for problem in (*self.problems, *self.warnings)}
        return [problem for problem in problems if (problem.rule.code, problem.option) not in told]

    @property
    def failed(self) -> bool:
        """Whether anything is wrong so far."""
        return bool(self.problems)

    def finish(self) -> None:
        """Raise what is wrong, if anything is.

        Raises:
            VllmCdk8sError: of the kind of the single errors, where they are of one kind.
        """
        if self.problems:
            contradiction = all(p.rule is CONTRADICTION for p in self.problems) and not self._kinds
            kind = ConflictError if contradiction else InvalidOptionError
            if len(self._kinds) == 1:
                (kind,) = self._kinds  # type: ignore[assignment]
            raise kind(problems=self.problems) from None


@contextmanager
def collecting(into: list[Problem]) -> Iterator[None]:
    """Have warnings noted in a list in place of being given."""
    token = _found.set(into)
    try:
        yield
    finally:
        _found.reset(token)


def unacknowledged(problems: Iterable[Problem], acknowledged: Mapping[str, str]) -> list[Problem]:
    """The problems without the warnings that their user has acknowledged by code; errors stay."""
    return [p for p in problems if p.severity == "error" or p.rule.code not in acknowledged]
