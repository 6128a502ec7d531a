"""Programs that run in pods, not here: each is one file of plain Python, handed to ``python3 -c`` as it is.

They take all their input as arguments and environment variables, so that no text of a user's is ever parsed as code.
"""

from importlib.resources import files


def source(name: str) -> str:
    """The text of the program of that name."""
    return files(__name__).joinpath(f"{name}.py").read_text(encoding="utf-8")
