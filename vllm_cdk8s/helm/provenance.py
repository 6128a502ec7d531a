"""Where values come from: the file and line of each, or the option, whichever of several said it last."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from vllm_cdk8s.core.regex import regex

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from vllm_cdk8s.core.errors import Path, Problem

_QUOTED_STEP = regex(r"""\[(?:(\d+)|"([^"]*)"|'([^']*)')\]""")


class Provenance:
    """The places of values, as files and options are laid over each other."""

    def __init__(self) -> None:
        self._places: dict[str, str] = {}
        self._by_options: set[str] = set()

    def lay_over(self, places: Mapping[Path, str]) -> None:
        """Note a file's values, which replace those of the same path, and all below a value that holds none."""
        sections = {path[:-1] for path in places}
        for path, place in places.items():
            if path not in sections:
                self._forget(_key(path))
            self._places[_key(path)] = place

    def set(self, path: Path, said: str) -> None:
        """Note that an option said a value.

        Args:
            path: the value's.
            said: the option and the key, as their user wrote them: ``--set a.b``.
        """
        self._forget(_key(path))
        self._places[_key(path)] = said
        self._by_options.add(_key(path))

    def of(self, option: str) -> str | None:
        """Who said a value, or the nearest section around it: a file and its line, or an option."""
        key = self._nearest(option)
        return None if key is None else self._places[key]

    def place(self, problems: Iterable[Problem]) -> list[Problem]:
        """The problems, each with where its value comes from: the file and line before it, or the option behind it."""
        return [self._placed(problem) for problem in problems]

    def _placed(self, problem: Problem) -> Problem:
        key = None if problem.where is not None or problem.option is None else self._nearest(problem.option)
        if key is None:
            return problem
        if key in self._by_options:
            return replace(problem, what=f"{problem.what} ({self._places[key]})")
        return replace(problem, where=self._places[key])

    def _nearest(self, option: str) -> str | None:
        steps = _QUOTED_STEP.sub(lambda match: f".{match[1] or match[2] or match[3] or ''}", option)
        steps = steps.removeprefix(".") or steps
        while steps and steps not in self._places:
            steps = steps.rpartition(".")[0]
        return steps or None

    def _forget(self, key: str) -> None:
        for below in [known for known in self._places if known == key or known.startswith(f"{key}.")]:
            del self._places[below]
            self._by_options.discard(below)


def _key(path: Path) -> str:
    return ".".join(map(str, path))
