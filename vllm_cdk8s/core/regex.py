"""Regular expressions that are compiled when first used: most apps ask for few of them."""

from __future__ import annotations

import re
from typing import Any, cast


class _Regex:
    """What `re.compile` gives, made when a method of it is first asked for."""

    def __init__(self, pattern: str, flags: int) -> None:
        self.pattern = pattern
        self._flags = flags

    def __getattr__(self, name: str) -> Any:
        found = getattr(re.compile(self.pattern, self._flags), name)
        setattr(self, name, found)
        return found


def regex(pattern: str, flags: int = 0) -> re.Pattern[str]:
    """A regular expression, as of `re.compile`; a mistake in it shows when it is first used."""
    return cast("re.Pattern[str]", _Regex(pattern, flags))
