"""``vllm-cdk8s values`` and ``schema``: the chart's values for people and for editors."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from vllm_cdk8s.cli.output import show
from vllm_cdk8s.helm.reference import default_values_text, values_schema

if TYPE_CHECKING:
    import argparse


def run(arguments: argparse.Namespace) -> None:
    """Print the default values, or their schema."""
    show(json.dumps(values_schema(), indent=2) + "\n" if arguments.command == "schema" else default_values_text())
