"""Programs that run in pods, not here: each is one file of plain Python, handed to ``python3 -c`` as it is.

They take all their input as arguments and environment variables, so that no text of a user's is ever parsed as code.
"""

from collections.abc import Sequence
from importlib.resources import files
from typing import Any

from vllm_cdk8s.core.pod.template import literal


def source(program: str) -> str:
    """The text of the program of that name."""
    return files(__name__).joinpath(f"{program}.py").read_text(encoding="utf-8")


def run(program: str, arguments: Sequence[str]) -> dict[str, Any]:
    """What makes a container run the program; the arguments arrive as they are."""
    return {
        "command": ["python3", "-c", literal(source(program))],
        "args": [literal(argument) for argument in arguments],
        # They say what is wrong in their last line, which `kubectl describe pod` then shows.
        "terminationMessagePolicy": "FallbackToLogsOnError",
    }
