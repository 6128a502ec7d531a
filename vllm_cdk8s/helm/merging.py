"""Helm's way of laying values over values: mappings merge, everything else replaces, null deletes."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any


def merge(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """A deep merge into a new mapping; lists are replaced whole.

    A null stays in the result, so that it still deletes the chart's own default, as in Helm; see
    `without_nulls` for what it deletes in maps that have none.
    """
    result = {key: copy.deepcopy(value) for key, value in base.items() if key not in over}
    for key, value in over.items():
        below = base.get(key)
        if isinstance(below, Mapping) and isinstance(value, Mapping):
            result[key] = merge(below, value)
        else:
            result[key] = copy.deepcopy(value)
    return result


def without_nulls(value: Any) -> Any:
    """Plain data without the keys that null deletes; nulls in lists stay, to be refused where they stand."""
    if isinstance(value, Mapping):
        return {key: without_nulls(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [without_nulls(item) for item in value]
    return value
