"""``vllm-cdk8s completion``: what a shell needs to complete this command."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vllm_cdk8s.cli.output import CommandError, show

if TYPE_CHECKING:
    import argparse


def run(arguments: argparse.Namespace) -> None:
    """Print it."""
    try:
        import shtab  # noqa: PLC0415 - an extra, for those who want it
    except ImportError:
        raise CommandError("completion: needs the package shtab; pip install 'vllm-cdk8s[completion]'") from None
    from vllm_cdk8s.cli.main import command_parser  # noqa: PLC0415 - which imports this module by name

    show(shtab.complete(command_parser()[0], arguments.shell) + "\n")
