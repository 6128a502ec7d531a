"""vLLM's command line: typed settings, the checks, and the argv."""

from vllm_cdk8s.engine.args import EngineArgs
from vllm_cdk8s.engine.command import EngineCommand, engine_command
from vllm_cdk8s.engine.version import EngineVersion

__all__ = ["EngineArgs", "EngineCommand", "EngineVersion", "engine_command"]
