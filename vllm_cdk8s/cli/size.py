"""``vllm-cdk8s size``: what a model needs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from vllm_cdk8s.cli.output import CommandError, show
from vllm_cdk8s.core.engine import catalogue
from vllm_cdk8s.core.engine.limits import registered
from vllm_cdk8s.core.errors import VllmCdk8sError, nearest
from vllm_cdk8s.core.models.sizing import size_model
from vllm_cdk8s.core.models.sizing_input import PLAIN
from vllm_cdk8s.core.models.weight_types import BYTES, canonical
from vllm_cdk8s.core.models.weights import ONLINE

if TYPE_CHECKING:
    import argparse

    from vllm_cdk8s.core.models.sizing import Sizing

_OPTIONS = (
    "dtype", "quantization", "gpu", "gpu_memory", "gpu_memory_utilization", "tensor_parallel_size",
    "pipeline_parallel_size", "data_parallel_size", "max_model_len", "kv_cache_dtype", "max_num_batched_tokens",
    "max_num_seqs", "enforce_eager", "vllm",
)  # fmt: skip


def run(arguments: argparse.Namespace) -> None:
    """Print the figures."""
    options = {name: getattr(arguments, name) for name in _OPTIONS}
    if arguments.quantization is not None:
        _check_method(arguments.quantization)
    try:
        sizing = size_model(arguments.model, **options)
    except VllmCdk8sError as error:
        if error.option not in options:
            raise
        flag = f"--{error.option.replace('_', '-')}"
        raise CommandError(f"{flag}{str(error).removeprefix(error.option)}") from error
    _check_files(arguments.quantization, sizing)
    show(json.dumps(sizing.as_data(), indent=2) + "\n" if arguments.json else sizing.table() + "\n")


def _check_method(name: str) -> None:
    """See that some release of vLLM has a method of quantization."""
    releases = map(catalogue.release, catalogue.versions())
    known = {method for each in releases for method in registered("quantization", each)}
    if name not in known:
        raise CommandError(
            f"--quantization: {name!r} is not a method that vLLM has or had{nearest(name, known)}; allowed: "
            f"{', '.join(sorted(known))}"
        )


def _check_files(name: str | None, sizing: Sizing) -> None:
    """See that the method says something of the weights: most are for files that were made by it."""
    if name is None or name in ONLINE or sizing.dtype not in PLAIN:
        return
    kind = canonical(name)
    raise CommandError(
        f"--quantization: {name!r} is for weights that were published so, and these are {sizing.dtype}; to size such "
        f"weights say --dtype {kind if kind in BYTES else 'int4'}"
    )
