"""Three settings that are wrong are three lines, wherever they were said."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pytest

from vllm_cdk8s.core.engine import engine_command
from vllm_cdk8s.core.errors import VllmCdk8sError

if TYPE_CHECKING:
    from vllm_cdk8s.core.engine.args import EngineArgs

MODEL = "Qwen/Qwen3-8B"


def options_of(engine_args: dict[str, Any], extra_args: list[str]) -> list[str | None]:
    with pytest.raises(VllmCdk8sError) as caught:
        engine_command(
            model=MODEL,
            image="vllm/vllm-openai:v0.33.0",
            gpus=1,
            engine_args=cast("EngineArgs", engine_args),
            extra_args=extra_args,
        )
    return [problem.option for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("engine_args", "extra_args", "expected"),
    [
        ({"gpu_memory_utilisation": 0.9, "max_model_len": "abc", "dtype": "float7", "seed": 1}, [],
         ["gpu_memory_utilisation", "max_model_len", "dtype"]),
        ({}, ["--foo", "bar", "--max-num-seqz=1", "stray", "--seed=x", "--enforce-eager=3", "--dtype=auto"],
         ["extra_args[0]", "extra_args[2]", "extra_args[4]", "extra_args[5]"]),
        ({"max_model_len": "abc"}, ["--seed=x"], ["max_model_len", "extra_args[0]"]),
        ({}, ["--seed=1", "--dtype=float7", "--max-num-seqs=0"], ["extra_args[1]"]),
        ({"compilation_config": {"modee": 1, "cudagraph_mode": "SOME"}}, [],
         ["compilation_config.modee", "compilation_config.cudagraph_mode"]),
        ({"gpu_memory_utilization": 2, "tensor_parallel_size": 0, "max_num_seqs": 0, "block_size": 10**30}, [],
         ["gpu_memory_utilization", "tensor_parallel_size", "max_num_seqs", "block_size"]),
        ({"max_model_len": 0, "tool_call_parser": "hermess", "attention_backend": "FLASH_ATN", "port": 1}, [],
         ["port"]),
        ({"max_model_len": 0, "tool_call_parser": "hermess", "attention_backend": "FLASH_ATN"}, [],
         ["max_model_len", "tool_call_parser", "attention_backend"]),
        ({"tensor_parallel_size": 3, "max_num_batched_tokens": 10, "enable_auto_tool_choice": True,
          "decode_context_parallel_size": 2, "max_num_seqs": 20}, [],
         ["tensor_parallel_size", "tensor_parallel_size", "max_num_batched_tokens", "decode_context_parallel_size",
          "enable_auto_tool_choice"]),
        ({"load_format": "runai_streamer", "model_loader_extra_config": {"a": 1, "b": 2}}, [],
         ["model_loader_extra_config.a", "model_loader_extra_config.b"]),
        ({"async_scheduling": True, "speculative_config": {"method": "ngram"}, "lora_modules": ["a=b"]}, [],
         ["async_scheduling", "lora_modules"]),
    ],
)  # fmt: skip
def test_each_of_them_is_told(engine_args: dict[str, Any], extra_args: list[str], expected: list[str]) -> None:
    assert options_of(engine_args, extra_args) == expected


def test_what_follows_a_wrong_flag_is_not_blamed_too() -> None:
    assert options_of({}, ["--foo", "a", "-1", "--seed=x"]) == ["extra_args[0]", "extra_args[3]"]
