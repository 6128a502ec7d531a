"""How a container runs one of the programs of `vllm_cdk8s.in_pod`."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from vllm_cdk8s.core.pod.template import literal

_PROGRAMS = Path(__file__).parents[2] / "in_pod"


def source(program: str) -> str:
    """The text of the program of that name."""
    return (_PROGRAMS / f"{program}.py").read_text(encoding="utf-8")


def run(program: str, arguments: Sequence[str], *, references: frozenset[str] = frozenset()) -> dict[str, Any]:
    """What makes a container run the program; the arguments arrive as they are, but for references to variables."""
    return {
        "command": ["python3", "-c", literal(source(program))],
        "args": [literal(argument, references=references) for argument in arguments],
        # They say what is wrong in their last line, which `kubectl describe pod` then shows.
        "terminationMessagePolicy": "FallbackToLogsOnError",
    }
