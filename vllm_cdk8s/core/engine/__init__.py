"""vLLM's command line: typed settings, the checks, and the argv."""

from typing import TYPE_CHECKING, Any

from vllm_cdk8s.core.engine.command import EngineCommand, engine_command
from vllm_cdk8s.core.engine.version import EngineVersion

if TYPE_CHECKING:
    from vllm_cdk8s.core.engine.args import EngineArgs

__all__ = ["EngineArgs", "EngineCommand", "EngineVersion", "engine_command"]


def __getattr__(name: str) -> Any:
    # Hundreds of types, which only a type checker needs.
    if name == "EngineArgs":
        from vllm_cdk8s.core.engine.args import EngineArgs  # noqa: PLC0415

        return EngineArgs
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
