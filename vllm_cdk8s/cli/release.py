"""The values of a release from the command line: files and ``--set`` laid over each other, and checked."""

from __future__ import annotations

import sys
import warnings
from typing import TYPE_CHECKING, Any

from vllm_cdk8s.core.errors import VllmCdk8sWarning
from vllm_cdk8s.core.kube import checks
from vllm_cdk8s.helm.loading import load_values
from vllm_cdk8s.helm.merging import merge
from vllm_cdk8s.helm.problems import ValuesError
from vllm_cdk8s.helm.release_plan import plan_release
from vllm_cdk8s.helm.set_grammar import SetKind, apply_set
from vllm_cdk8s.helm.validation import check_values, name_maps

if TYPE_CHECKING:
    import argparse

    from vllm_cdk8s.core.errors import Problem
    from vllm_cdk8s.helm.model import Values
    from vllm_cdk8s.helm.release_plan import ReleasePlan


def values_files(arguments: argparse.Namespace) -> list[str]:
    """The values files; as in Helm, one ``-f`` may name several."""
    return [path for paths in arguments.values for path in paths.split(",")]


def collected_values(arguments: argparse.Namespace) -> Values:
    """The values of all files and options; problems of several files are all named.

    Raises:
        ValuesError: a file or an expression cannot be read, or a value is not one of the chart's.
    """
    values: dict[str, Any] = {}
    problems: list[Problem] = []
    for path in values_files(arguments):
        try:
            values = merge(values, load_values(path))
        except ValuesError as error:  # noqa: PERF203 - each file has its own problems
            problems += error.problems
    for option, expression in arguments.sets:
        try:
            apply_set(values, expression, kind=SetKind(option), name_maps=name_maps())
        except ValuesError as error:  # noqa: PERF203 - as above
            problems += error.problems
    if problems:
        raise ValuesError(problems=problems)
    return check_values(values)


def planned_release(arguments: argparse.Namespace) -> tuple[Values, ReleasePlan]:
    """The values and the plan of the release that the arguments name.

    Raises:
        ValuesError: it cannot work, or it is unwise and Python was told to take warnings for errors.
    """
    values = collected_values(arguments)
    if arguments.namespace is not None:
        checks.dns_label("--namespace", arguments.namespace)
    plan = plan_release(arguments.name, values, namespace=arguments.namespace)
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
