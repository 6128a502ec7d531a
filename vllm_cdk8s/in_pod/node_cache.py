"""Take models from a cache of the node where it has them whole, and have the others downloaded.

Arguments: the text of the download program, the cache's folder, and what that program is told. A model that is there
whole is linked into the pod's own cache, and written nowhere; of it the program hears nothing.
"""

import hashlib
import os
import sys
from pathlib import Path


def say(text: str) -> None:
    """Write a line where `kubectl logs` shows it at once."""
    sys.stderr.write(f"node-cache: {text}\n")
    sys.stderr.flush()


def linked(argument: str, cache: str, home: str) -> bool:
    """Link what was downloaded for this argument; whether it is there."""
    # Written by the download program once all files are there, and holds their folder.
    note = Path(cache, "huggingface", "downloaded", hashlib.sha256(argument.encode()).hexdigest())
    if not note.exists():
        return False
    snapshot = Path(note.read_text(encoding="utf-8"))
    if not snapshot.is_dir():
        return False
    repository = snapshot.parents[1]
    link = Path(home, "hub", repository.name)
    if link.exists() and not link.is_symlink():
        return False  # the pod's own, from a start elsewhere
    link.parent.mkdir(parents=True, exist_ok=True)
    link.unlink(missing_ok=True)
    link.symlink_to(repository)
    return True


def main(arguments: list[str]) -> int:
    """Link what is there; go on as the download program for the rest."""
    program, cache, *wanted = arguments
    home = os.environ["HF_HOME"]
    missing = []
    for argument in wanted:
        if linked(argument, cache, home):
            say(f"{argument}: on this node already")
        else:
            missing.append(argument)
    if missing:
        say(f"not on this node: {' '.join(missing)}")
        os.execv(sys.executable, [sys.executable, "-c", program, *missing])  # noqa: S606 - no shell is wanted
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
