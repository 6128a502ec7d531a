"""Whatever stands where something else belongs, the check goes on and says what it can."""

from collections.abc import Iterator
from copy import deepcopy
from io import StringIO
from typing import Any

import pytest
import yaml

from tests.lint.manifests import CLAIM, GOOD, SERVICE
from vllm_cdk8s.lint.checking import check

JUNK: list[Any] = [None, 1.5, "a b", [None, 1], {"a": None}, 10**30, "gone"]


def paths(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    yield path
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from paths(inner, (*path, key))


@pytest.mark.parametrize("base", [GOOD, CLAIM, SERVICE], ids=["deployment", "claim", "service"])
def test_no_wrong_shape_stops_it(base: dict[str, Any]) -> None:
    others = [document for document in (GOOD, CLAIM, SERVICE) if document is not base]
    for path in [path for path in paths(base) if path and path[0] not in {"kind", "apiVersion"}]:
        for junk in JUNK:
            changed = deepcopy(base)
            inner: Any = changed
            for step in path[:-1]:
                inner = inner[step]
            if junk == "gone":
                del inner[path[-1]]
            else:
                inner[path[-1]] = junk
            text = yaml.safe_dump_all([changed, *others])
            assert check(["-"], stdin=StringIO(text)).unreadable == [], (path, junk)
