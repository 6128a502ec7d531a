"""The generated facts of `vllm_cdk8s/data`, as plain data."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import msgspec

_FOLDER = Path(__file__).parents[1] / "data"


@cache
def generated(subject: str) -> dict[str, Any]:
    """What ``data/<subject>.json`` holds, read once; nobody may change it."""
    found: dict[str, Any] = msgspec.json.decode((_FOLDER / f"{subject}.json").read_bytes())
    return found
