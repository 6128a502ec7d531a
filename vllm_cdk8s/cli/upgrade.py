"""``vllm-cdk8s upgrade``: what changes from one release of vLLM to another."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from msgspec.structs import asdict

from vllm_cdk8s.cli.output import need_standard_input, say, show
from vllm_cdk8s.lint.upgrade import changes, concerning, known_release, used_in

if TYPE_CHECKING:
    import argparse

    from vllm_cdk8s.lint.documents import UnreadableError
    from vllm_cdk8s.lint.upgrade import Change

_HEADS = {
    "gone": "Gone",
    "choices": "Values that are gone",
    "deprecated": "Deprecated",
    "default": "Other defaults",
    "new": "New",
}


def run(arguments: argparse.Namespace) -> int:
    """Compare, print, and return 2 where something could not be read."""
    before, after = known_release("--from", arguments.before), known_release("--to", arguments.after)
    need_standard_input(arguments.paths)
    found = changes(before, after)
    unreadable: list[UnreadableError] = []
    servers = None
    if arguments.paths:
        used = used_in(arguments.paths, before, unreadable)
        found, servers = concerning(found, used), used.servers
    show(json.dumps([asdict(change) for change in found], indent=2) + "\n" if arguments.json else _text(found))
    for error in unreadable:
        say(f"error: {error}")
    if not arguments.json:
        of = "" if servers is None else f", for {servers} server{'' if servers == 1 else 's'}"
        say(f"vLLM {before} to {after}{of}: {len(found)} change{'' if len(found) == 1 else 's'}")
    return 2 if unreadable else 0


def _text(found: list[Change]) -> str:
    parts = []
    for what, head in _HEADS.items():
        lines = [
            f"  {change.text}" + (f"  ({', '.join(change.used)})" if change.used else "")
            for change in found
            if change.what == what
        ]
        if lines:
            parts.append("\n".join([f"{head}:", *lines]) + "\n")
    return "\n".join(parts)
