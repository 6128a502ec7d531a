"""The values of a release from the command line: files and ``--set`` laid over each other, and checked."""

from __future__ import annotations

import sys
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from vllm_cdk8s.cli.output import CommandError
from vllm_cdk8s.core.errors import VllmCdk8sWarning
from vllm_cdk8s.core.kube import checks
from vllm_cdk8s.helm.loading import load_values
from vllm_cdk8s.helm.merging import merge
from vllm_cdk8s.helm.problems import ValuesError
from vllm_cdk8s.helm.provenance import Provenance
from vllm_cdk8s.helm.release_plan import plan_release
from vllm_cdk8s.helm.set_grammar import SetKind, apply_set, set_files
from vllm_cdk8s.helm.validation import check_values, name_maps

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from vllm_cdk8s.core.errors import Path, Problem
    from vllm_cdk8s.helm.model import Values
    from vllm_cdk8s.helm.release_plan import ReleasePlan


def values_files(arguments: argparse.Namespace) -> list[str]:
    """The values files; as in Helm, one ``-f`` may name several.

    Raises:
        CommandError: one has no name, is an address, or is standard input a second time.
    """
    paths = [path for several in arguments.values for path in several.split(",")]
    for path in paths:
        if not path:
            raise CommandError("-f: '' is not a file; allowed: a file, several with commas between them, or '-'")
        if "://" in path:
            raise CommandError(f"-f: {path!r} is an address, which is not fetched; allowed: a file, or '-'")
    if paths.count("-") > 1:
        raise CommandError("-f: '-' is there twice, and standard input can be read once")
    return paths


def files_read(arguments: argparse.Namespace) -> list[str]:
    """The files that the values come from, those of ``--set-file`` included."""
    named = (set_files(expression) for option, expression in arguments.sets if option == SetKind.FILE.value)
    return [*values_files(arguments), *(path for paths in named for path in paths)]


def collected_values(arguments: argparse.Namespace) -> tuple[Values, Provenance]:
    """The values of all files and options, and where each comes from; problems of several files are all named.

    Raises:
        ValuesError: a file or an expression cannot be read, or a value is not one of the chart's.
    """
    values: dict[str, Any] = {}
    problems: list[Problem] = []
    provenance = Provenance()
    for path in values_files(arguments):
        try:
            places: dict[Path, str] = {}
            values = merge(values, load_values(path, places=places))
            provenance.lay_over(places)
        except ValuesError as error:  # noqa: PERF203 - each file has its own problems
            problems += error.problems
    for option, expression in arguments.sets:
        try:
            for key, said in apply_set(values, expression, kind=SetKind(option), name_maps=name_maps()).items():
                provenance.set(key, said)
        except ValuesError as error:  # noqa: PERF203 - as above
            problems += error.problems
    if problems:
        raise ValuesError(problems=problems)
    with placing(provenance):
        return check_values(values), provenance


@contextmanager
def placing(provenance: Provenance) -> Iterator[None]:
    """Have errors say which line of which file they are about."""
    try:
        yield
    except ValuesError as error:
        raise ValuesError(problems=provenance.place(error.problems)) from None


def placed_release(arguments: argparse.Namespace, *, gpu: str | None = None) -> tuple[Values, ReleasePlan]:
    """The values and the plan of the release that the arguments name, its warnings with their files and lines.

    Args:
        arguments: those of a command that takes values.
        gpu: which GPUs, where a command is told.

    Raises:
        ValuesError: it cannot work.
    """
    values, provenance = collected_values(arguments)
    if arguments.namespace is not None:
        checks.dns_label("--namespace", arguments.namespace)
    with placing(provenance):
        plan = plan_release(arguments.name, values, namespace=arguments.namespace, gpu=gpu, sets=True)
    return values, replace(plan, warnings=tuple(provenance.place(plan.warnings)))


def planned_release(arguments: argparse.Namespace) -> tuple[Values, ReleasePlan]:
    """The values and the plan of the release that the arguments name.

    Raises:
        ValuesError: it cannot work, or it is unwise and Python was told to take warnings for errors.
    """
    values, plan = placed_release(arguments)
    if plan.warnings and (getattr(arguments, "strict", False) or _warnings_are_fatal()):
        raise ValuesError(problems=plan.warnings)
    return values, plan


def _warnings_are_fatal() -> bool:
    """Whether Python was told so (``-W error``)."""
    if not sys.warnoptions:
        return False
    try:
        with warnings.catch_warnings(record=True):
            warnings.warn("unwise", VllmCdk8sWarning, stacklevel=1)
    except VllmCdk8sWarning:
        return True
    return False
