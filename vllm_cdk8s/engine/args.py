"""The settings of vLLM by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

EngineArgs: TypeAlias = Mapping[str, Any]
