"""What the command says, and where: results on standard output, everything else on standard error, files whole."""

from __future__ import annotations

import io
import os
import stat
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from collections.abc import Iterable


class CommandError(Exception):
    """Something that no value is at fault for: a bad argument, or a folder that cannot be written."""


def hold_standard_streams() -> None:
    """Open what is closed of standard input, output and error on nothing.

    Otherwise the next file that is opened gets its number, and what is said on one of them ends up in that file.
    """
    for number, mode in ((0, os.O_RDONLY), (1, os.O_WRONLY), (2, os.O_WRONLY)):
        if _is_closed(number):
            nothing = os.open(os.devnull, mode)
            if nothing != number:
                os.dup2(nothing, number)
                os.close(nothing)


def _is_closed(number: int) -> bool:
    try:
        os.fstat(number)
    except OSError:
        return True
    return False


def need_standard_input(paths: Iterable[str]) -> None:
    """See that ``-`` among the files that are to be read can be.

    Raises:
        CommandError: standard input is closed.
    """
    if "-" in paths and sys.stdin is None:
        raise CommandError("standard input: is closed")


def show(text: str) -> None:
    """Write to standard output, in UTF-8 whatever the terminal speaks: YAML and JSON are."""
    if sys.stdout is None:
        raise CommandError("standard output: is closed")
    try:
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(encoding="utf-8")
        sys.stdout.write(text)
        sys.stdout.flush()
    except OSError as error:
        _give_up(sys.stdout)
        if isinstance(error, BrokenPipeError):
            raise
        raise CommandError(f"standard output: cannot be written: {error.strerror}") from error


def say(text: str) -> None:
    """Write a line to standard error, where there is one."""
    if sys.stderr is None:
        return
    try:
        print(text, file=sys.stderr, flush=True)
    except UnicodeEncodeError:
        return  # who cannot read it does not want to know
    except OSError:
        _give_up(sys.stderr)  # nor does whoever has closed it


def _give_up(stream: TextIO) -> None:
    """Write what is left of a stream to nothing: Python must not try, and fail, once more when it ends."""
    with suppress(OSError):  # a stream in its place may be no file
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def write_whole(target: Path, text: str, *, option: str, inputs: Iterable[str] = ()) -> Path:
    """Write a file whole or not at all: a reader, or a crash, never meets half of it.

    A file that is there keeps its mode; a link leads to the file that is written.

    Args:
        target: the file; ``-`` is standard output.
        text: what is written.
        option: the option that named it, for messages.
        inputs: files that were read, which are never written over.

    Raises:
        CommandError: it cannot be written.
    """
    if str(target) == "-":
        show(text)
        return target
    if target.exists() and not target.is_file() and not target.is_dir():
        return _write_to_device(target, text, option=option)
    # Of a link that leads to itself, Python 3.13 returns the path as it is, and older ones raise an error.
    with suppress(OSError, RuntimeError):
        target = target.resolve() if target.is_symlink() else target
    if target.is_symlink():
        raise CommandError(f"{option}: {target} cannot be written: it is a link that leads to itself")
    for path in inputs:
        if path != "-" and target.exists() and Path(path).exists() and target.samefile(path):
            raise CommandError(f"{option}: {target} is one of the values files; allowed: another folder")
    import tempfile  # noqa: PLC0415 - what it loads takes longer than all that `--help` does

    temporary = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        mode = stat.S_IMODE(target.stat().st_mode) if target.exists() else 0o666 & ~_umask()
        with tempfile.NamedTemporaryFile(
            "w", encoding="utf-8", newline="", dir=target.parent, prefix=f".{target.name}.", delete=False
        ) as file:
            temporary = Path(file.name)
            file.write(text)
        temporary.chmod(mode)
        temporary.replace(target)
    except BaseException as error:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
        # A ValueError is of a path that holds a NUL character.
        if not isinstance(error, (OSError, ValueError)):
            raise
        raise CommandError(
            f"{option}: {target} cannot be written: {getattr(error, 'strerror', None) or error}"
        ) from error
    return target


def _write_to_device(target: Path, text: str, *, option: str) -> Path:
    """Write to a device or a pipe, such as /dev/stdout, which cannot be replaced as a file can."""
    try:
        with target.open("w", encoding="utf-8", newline="") as file:
            file.write(text)
    except OSError as error:
        raise CommandError(f"{option}: {target} cannot be written: {error.strerror}") from error
    return target


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
