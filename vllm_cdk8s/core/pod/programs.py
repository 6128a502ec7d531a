"""How a container runs one of the programs of `vllm_cdk8s.in_pod`."""

from collections.abc import Sequence
from importlib.resources import files
from typing import Any

from vllm_cdk8s.core.pod.template import literal


def source(program: str) -> str:
    """The text of the program of that name."""
    return files("vllm_cdk8s.in_pod").joinpath(f"{program}.py").read_text(encoding="utf-8")


def run(program: str, arguments: Sequence[str], *, references: frozenset[str] = frozenset()) -> dict[str, Any]:
    """What makes a container run the program; the arguments arrive as they are, but for references to variables."""
    return {
        "command": ["python3", "-c", literal(source(program))],
        "args": [literal(argument, references=references) for argument in arguments],
        # They say what is wrong in their last line, which `kubectl describe pod` then shows.
        "terminationMessagePolicy": "FallbackToLogsOnError",
    }
