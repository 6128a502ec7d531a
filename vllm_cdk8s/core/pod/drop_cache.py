"""The command that drops the node's page cache and then becomes another."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

# Constant text: nothing of the user's is in it. vLLM and its arguments are "$@", which no shell parses, and exec gives
# vLLM the shell's process, so that signals reach it.
_SCRIPT = (
    "{ sync; echo 3 > /proc/sys/vm/drop_caches; } "
    '|| echo "drop-cache: the caches were not dropped; starting vLLM all the same" >&2; '
    'exec "$@"'
)


def dropping_caches(command: Sequence[str]) -> list[str]:
    """The container's ``command`` that drops the caches and then becomes the given one, ``args`` and all."""
    return ["/bin/sh", "-c", _SCRIPT, "drop-cache", *command]
