"""Where values come from: the file and line of each, whichever of several files said it last."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from vllm_cdk8s.core.errors import Path, Problem

_QUOTED_STEP = re.compile(r"""\[(?:(\d+)|"([^"]*)"|'([^']*)')\]""")


class Provenance:
    """The places of values, as files and options are laid over each other."""

    def __init__(self) -> None:
        self._places: dict[str, str | None] = {}

    def lay_over(self, places: Mapping[Path, str]) -> None:
        """Note a file's values, which replace those of the same path, and all below a value that holds none."""
        sections = {path[:-1] for path in places}
        for path, place in places.items():
            if path not in sections:
                self._forget(_key(path))
            self._places[_key(path)] = place

    def set(self, path: Path) -> None:
        """Note that an option said a value: its path is what its user wrote, and says where it is."""
        self._forget(_key(path))
        self._places[_key(path)] = None

    def of(self, option: str) -> str | None:
        """The place of a value, or of the nearest section around it; None where no file says it."""
        steps = _QUOTED_STEP.sub(lambda match: f".{match[1] or match[2] or match[3] or ''}", option)
        while steps:
            if steps in self._places:
                return self._places[steps]
            steps = steps.rpartition(".")[0]
        return None

    def place(self, problems: Iterable[Problem]) -> list[Problem]:
        """The problems, each with where its value comes from."""
        return [
            problem
            if problem.where is not None or problem.option is None
            else replace(problem, where=self.of(problem.option))
            for problem in problems
        ]

    def _forget(self, key: str) -> None:
        for below in [known for known in self._places if known == key or known.startswith(f"{key}.")]:
            del self._places[below]


def _key(path: Path) -> str:
    return ".".join(map(str, path))
