"""``vllm-cdk8s size``: what a model needs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from vllm_cdk8s.cli.output import CommandError, show
from vllm_cdk8s.core.errors import VllmCdk8sError
from vllm_cdk8s.core.models.sizing import size_model

if TYPE_CHECKING:
    import argparse

_OPTIONS = (
    "dtype", "quantization", "gpu", "gpu_memory", "gpu_memory_utilization", "tensor_parallel_size",
    "pipeline_parallel_size", "data_parallel_size", "max_model_len", "kv_cache_dtype", "vllm",
)  # fmt: skip


def run(arguments: argparse.Namespace) -> None:
    """Print the figures."""
    options = {name: getattr(arguments, name) for name in _OPTIONS}
    try:
        sizing = size_model(arguments.model, **options)
    except VllmCdk8sError as error:
        if error.option not in options:
            raise
        flag = f"--{error.option.replace('_', '-')}"
        raise CommandError(f"{flag}{str(error).removeprefix(error.option)}") from error
    show(json.dumps(sizing.as_data(), indent=2) + "\n" if arguments.json else sizing.table() + "\n")
