"""vLLM's settings among the words of a command, each with where it was said, and what is wrong with them."""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field
from msgspec.structs import replace

from vllm_cdk8s.core.engine import catalogue, raw
from vllm_cdk8s.core.engine.literal_secrets import is_secret_option
from vllm_cdk8s.core.engine.version import EngineVersion, version_key
from vllm_cdk8s.core.errors import InvalidOptionError, Problem, VllmCdk8sError, collecting
from vllm_cdk8s.core.regex import regex
from vllm_cdk8s.core.rules import book
from vllm_cdk8s.core.showing import is_stand_in

if TYPE_CHECKING:
    from vllm_cdk8s.core.engine.catalogue import Release
    from vllm_cdk8s.lint.commands import ServerCommand
    from vllm_cdk8s.lint.shell import Word

_NUMBER = regex(r"-\d+|-\d*\.\d+")
# A name so near to a known one is a slip of the pen, whoever made the image.
_CERTAIN = 0.93


class Settings(Struct, kw_only=True):
    """What the words set.

    Attributes:
        model: the model, None where it is not known.
        values: settings by canonical name.
        said: every setting that is said, also those whose value is not known.
        labels: each setting as it was written.
        places: where each stands, within the container, and on which line of a script.
        complete: whether nothing else can be set.
        problems: what is wrong, each with where it is.
    """

    model: str | None = None
    values: dict[str, Any] = field(default_factory=dict)
    said: set[str] = field(default_factory=set)
    labels: dict[str, str] = field(default_factory=dict)
    places: dict[str, tuple[tuple[str | int, ...], int]] = field(default_factory=dict)
    complete: bool = True
    problems: list[tuple[Problem, tuple[str | int, ...], int]] = field(default_factory=list)


def settings_of(command: ServerCommand, version: EngineVersion, *, sure: bool) -> Settings:
    """Read the settings.

    Args:
        command: the words.
        version: the vLLM that reads them.
        sure: whether the image holds vLLM's own parser as it was released.
    """
    return _Reading(command, version, sure=sure).read()


class _Reading:
    def __init__(self, command: ServerCommand, version: EngineVersion, *, sure: bool) -> None:
        self._command, self._version, self._sure = command, version, sure
        self._release: Release = catalogue.release(version.name)
        oldest = catalogue.versions()[0]
        self._before = version.name is not None and version_key(version.name) < version_key(oldest)
        self._result = Settings(complete=command.complete)
        self._named = False

    def read(self) -> Settings:
        words, places = self._command.words, self._command.places
        starts = [index for index, word in enumerate(words) if self._is_option(word)]
        first = starts[0] if starts else len(words)
        for word in words[:first]:
            self._positional(word, places[words.index(word)])
        for start, end in zip(starts, [*starts, len(words)][1:], strict=True):
            self._group(list(words[start:end]), places[start])
        result = self._result
        if "model" in result.values:
            if result.model is None and not self._named:
                result.model = str(result.values["model"])
            self._check_model_option()
        if "config" in result.said:
            result.complete = False  # the file may set anything
        return result

    @staticmethod
    def _is_option(word: Word) -> bool:
        return word.start.startswith("-") and not _NUMBER.fullmatch(word.start) and word.start != "-"

    def _positional(self, word: Word, place: tuple[str | int, ...]) -> None:
        if self._command.serve is not False and not self._named:
            self._named = True
            self._result.model = word.text
            self._result.said.add("model")
            self._result.places["model"] = (place, word.line)
            self._result.complete &= word.one
        elif word.text:
            self._add(
                f"{word.text!r} belongs to no option; vLLM stops with 'unrecognized arguments'",
                book.ENGINE_OPTION,
                place,
                word.line,
            )

    def _group(self, words: list[Word], place: tuple[str | int, ...]) -> None:
        """One option and what follows it."""
        line = words[0].line
        start = words[0].start.rstrip()
        if " " in start.partition("=")[0]:
            self._glued(words[0], place)
            return
        flag = self._full(start.partition("=")[0])
        if flag is None:
            self._add(
                f"{start} could be several options; vLLM stops with 'ambiguous option'", book.ENGINE_OPTION, place, line
            )
            return
        known = self._release.flags.get("--" + flag[2:].replace("_", "-") if flag.startswith("--") else flag)
        name = known[0] if known else flag.lstrip("-").replace("-", "_")
        words = self._without_the_rest(words, name, place)
        if any(word.text is None for word in words):
            self._note(name, flag, place, line)
            self._result.complete &= self._one_value(words, name) or all(word.one for word in words)
            if known is None:
                self._parse([flag, *(["x"] if len(words) > 1 else [])], name, flag, place, line, keep=False)
            return
        texts = [flag + (words[0].text or "")[len(start.partition("=")[0]) :], *(word.text or "" for word in words[1:])]
        self._parse(texts, name, flag, place, line)

    def _one_value(self, words: list[Word], name: str) -> bool:
        """Whether an option that takes a value is followed by what stands for it, and by nothing else."""
        option = self._release.option(name)
        return option is not None and option.kind == "value" and len(words) == 2  # noqa: PLR2004 - itself and the value

    def _full(self, flag: str) -> str | None:
        """An abbreviation's full name, as argparse takes it; None where it is that of several."""
        dashed = "--" + flag[2:].replace("_", "-") if flag.startswith("--") else flag
        if not flag.startswith("--") or dashed in self._release.flags or self._before:
            return flag
        full = {self._release.flags[known][0] for known in self._release.flags if known.startswith(dashed)}
        names = sorted(known for known in self._release.flags if known.startswith(dashed))
        if len(full) == 1:
            return names[0]
        return None if full and self._sure and catalogue.history(flag[2:].replace("-", "_")) is None else flag

    def _without_the_rest(self, words: list[Word], name: str, place: tuple[str | int, ...]) -> list[Word]:
        """The option with its own values; what follows them is the model, or too much."""
        option = self._release.option(name)
        if option is None or option.kind == "list" or self._before:
            return words
        glued = "=" in words[0].start
        own = 1 if option.kind == "flag" or glued else 2
        if any(not word.one for word in words):
            return words
        for word in words[own:]:
            self._positional(word, place)
        return words[:own]

    def _parse(
        self, texts: list[str], name: str, flag: str, place: tuple[str | int, ...], line: int, *, keep: bool = True
    ) -> None:
        if self._secret(texts, name, flag, place, line):
            return
        doubts: list[InvalidOptionError] = []
        found: dict[str, raw.Given] = {}
        noted: list[Problem] = []
        errors: list[VllmCdk8sError] = []
        with collecting(noted):
            try:
                found = raw.parse(flag, texts, self._release, doubts.append)
            except VllmCdk8sError as error:
                errors.append(error)
        known = self._release.option(name) is not None
        for found_error in errors:
            self._report(found_error, name, flag, place, line, known=known, doubt=False)
        for found_error in doubts:
            self._report(found_error, name, flag, place, line, known=known, doubt=True)
        if self._sure and self._version.known:
            self._result.problems += [
                (replace(problem, what=_plain(problem, flag), option=flag, rule=book.DEPRECATED), place, line)
                for problem in noted
                if "deprecated" in problem.what
            ]
        self._note(name, flag, place, line)
        if not keep:
            return
        for key, given in found.items():
            before = self._result.values.get(key)
            if before is not None and isinstance(before, dict) and isinstance(given.value, dict):
                given.value = {**before, **given.value}
            elif before is not None and before != given.value and not isinstance(before, list):
                self._add(
                    f"is given twice, {before!r} and {given.value!r}; vLLM takes the last",
                    book.CONTRADICTION,
                    place,
                    line,
                    option=flag,
                    severity="warning",
                )
            self._result.values[key] = given.value
            self._note(key, flag, place, line)

    def _report(
        self,
        error: VllmCdk8sError,
        name: str,
        flag: str,
        place: tuple[str | int, ...],
        line: int,
        *,
        known: bool,
        doubt: bool,
    ) -> None:
        """Pass a problem on where this vLLM surely has it."""
        problem = error.problems[0]
        text = _plain(problem, flag)
        gone = catalogue.history(name) is not None and not known
        if self._before:
            return
        if not known and not gone:
            near = max((SequenceMatcher(None, name, one).ratio() for one in catalogue.ever()), default=0)
            if near < _CERTAIN and not (self._sure and self._version.known):
                return
            text = text.replace("; unchecked_args passes on what is newer", "")
        elif not self._sure or (doubt and self._version.name is not None and not self._version.known and not gone):
            return
        rule = problem.rule if problem.rule is not book.INVALID else book.ENGINE_VALUE if known else book.ENGINE_OPTION
        if problem.rule is book.CONTRADICTION:
            rule = book.ENGINE_CONFLICT
        severity = "error" if self._version.known or not doubt else "warning"
        self._add(text, rule, place, line, option=None if text.startswith(flag) else flag, severity=severity)

    def _secret(self, texts: list[str], name: str, flag: str, place: tuple[str | int, ...], line: int) -> bool:
        if not is_secret_option(name):
            return False
        self._note(name, flag, place, line)
        value = texts[0].partition("=")[2] or (texts[1] if len(texts) > 1 else "")
        if not is_stand_in(value):
            self._add(
                "holds a literal secret; everyone who reads the manifest has it",
                book.LITERAL_SECRET,
                place,
                line,
                option=flag,
            )
        return True

    def _glued(self, word: Word, place: tuple[str | int, ...]) -> None:
        flag = word.start.split()[0]
        if not word.text or self._command.script is not None:
            self._result.complete = False
            return
        shown = flag if is_secret_option(flag.lstrip("-").replace("-", "_")) else repr(word.text)
        self._add(
            f"{shown} is one argument with a blank in it, which vLLM does not understand; make it two items, or "
            f"write {flag}=...",
            book.ENGINE_OPTION,
            place,
            word.line,
        )
        name = flag.lstrip("-").replace("-", "_")
        self._note(self._release.flags.get(flag, (name, True))[0], flag, place, word.line)

    def _check_model_option(self) -> None:
        place, line = self._result.places["model"]
        if self._command.serve is not True or self._named:
            return
        version = self._version.name
        refuses = version is not None and version_key(version) < version_key(_MODEL_OPTION)
        if refuses and self._sure and not self._before:
            self._add(
                "vllm serve refuses the model as an option in this release; say it behind 'serve'",
                book.SERVE_MODEL,
                place,
                line,
                option="--model",
            )
        else:
            self._add(
                "vllm serve wants the model right behind 'serve'; as an option it is deprecated, and older "
                "releases refuse it",
                book.SERVE_MODEL,
                place,
                line,
                option="--model",
                severity="warning",
            )

    def _note(self, name: str, flag: str, place: tuple[str | int, ...], line: int) -> None:
        self._result.said.add(name)
        self._result.labels.setdefault(name, flag)
        self._result.places[name] = (place, line)

    def _add(
        self,
        what: str,
        rule: Any,
        place: tuple[str | int, ...],
        line: int,
        *,
        option: str | None = None,
        severity: Any = "error",
    ) -> None:
        self._result.problems.append((Problem(what=what, rule=rule, severity=severity, option=option), place, line))


_MODEL_OPTION = "0.11.1"


def _plain(problem: Problem, flag: str) -> str:
    """The sentence without the option before it, which the linter says itself."""
    text = problem.sentence(lambda option: option)
    return re.sub(rf"^{re.escape(flag)}\[\d+\](\.[\w.-]+)?: ", lambda m: f"{m[1][1:]}: " if m[1] else "", text)
