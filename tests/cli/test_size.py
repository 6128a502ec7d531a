"""``vllm-cdk8s size``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.helm.command import run
from vllm_cdk8s.cli.main import main
from vllm_cdk8s.core.models.sizing import size_model

if TYPE_CHECKING:
    from pathlib import Path


def sized(*arguments: str) -> dict[str, Any]:
    answer = run("size", *arguments, "--json")
    assert answer.code == 0, answer.stderr
    data: dict[str, Any] = json.loads(answer.stdout)
    return data


def test_json_has_the_figures_that_programs_want() -> None:
    data = sized("meta-llama/Llama-3.1-70B-Instruct", "--gpu", "L40S", "--tensor-parallel-size", "8")

    assert data["fits"] is True
    assert data["weight_bytes_per_gpu"] == pytest.approx(70.55e9 * 2 / 8, rel=0.01)
    assert data["kv_cache_tokens"] > 100_000
    assert data["gpus"] == data["tensor_parallel_size"] == 8
    assert {line["resource"] for line in data["lines"]} >= {"gpu_memory"}


@pytest.mark.parametrize(
    ("flags", "options"),
    [
        (["--dtype", "fp32"], {"dtype": "fp32"}),
        (["--quantization", "fp8"], {"quantization": "fp8"}),
        (["--gpu", "H100"], {"gpu": "H100"}),
        (["--gpu-memory", "24GB"], {"gpu_memory": "24GB"}),
        (["--gpu-memory-utilization", "0.7"], {"gpu_memory_utilization": 0.7}),
        (["--tensor-parallel-size", "2"], {"tensor_parallel_size": 2}),
        (["--pipeline-parallel-size", "2"], {"pipeline_parallel_size": 2}),
        (["--data-parallel-size", "2"], {"data_parallel_size": 2}),
        (["--max-model-len", "16k"], {"max_model_len": 16_000}),
        (["--kv-cache-dtype", "fp8"], {"kv_cache_dtype": "fp8"}),
        (["--vllm", "0.20.2"], {"vllm": "0.20.2"}),
    ],
)
def test_each_flag_reaches_the_sizing(flags: list[str], options: dict[str, Any]) -> None:
    data = sized("Qwen/Qwen3-8B", *flags)

    assert data == json.loads(json.dumps(size_model("Qwen/Qwen3-8B", **options).as_data()))
    if "vllm" not in options and "gpu" not in options:
        assert data != sized("Qwen/Qwen3-8B")


def test_a_configuration_file_is_a_model(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_text(json.dumps({
        "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": 4096, "num_hidden_layers": 32,
        "num_attention_heads": 32, "num_key_value_heads": 8, "intermediate_size": 14336, "vocab_size": 128256,
        "max_position_embeddings": 131072, "torch_dtype": "bfloat16",
    }))  # fmt: skip

    assert sized(str(path))["parameters"] == pytest.approx(8.03e9, rel=0.02)


@pytest.mark.parametrize("more", [[], ["--json"]])
def test_no_room_for_a_token_is_exit_code_2(more: list[str]) -> None:
    answer = run("size", "Qwen/Qwen3-8B", "--gpu-memory", "10GB", "--tensor-parallel-size", "1", *more)

    assert (answer.code, answer.stdout) == (2, "")
    (error,) = answer.errors
    assert error.startswith("error: --tensor-parallel-size: 1 leaves no room for one sequence of 2,048 tokens")


@pytest.mark.parametrize(
    ("flags", "error"),
    [
        (["--gpu", "H1000"], "error: --gpu: 'H1000' is not"),
        (["--gpu-memory", "x"], "error: --gpu-memory: 'x' is not"),
        (
            ["--quantization", "awqq"],
            "error: --quantization: 'awqq' is not a method that vLLM has or had; did",
        ),
        (
            ["--quantization", "awq"],
            "error: --quantization: 'awq' is for weights that were published so",
        ),
        (["--kv-cache-dtype", "fp9"], "error: --kv-cache-dtype: 'fp9' is not"),
        (["--tensor-parallel-size", "0"], "error: --tensor-parallel-size: 0 is"),
        (["--pipeline-parallel-size", "-1"], "error: --pipeline-parallel-size: -1 is"),
        (
            ["--data-parallel-size", "x"],
            "error: vllm-cdk8s size: argument --data-parallel-size: invalid int value: 'x'",
        ),
        (["--max-model-len", "0"], "error: --max-model-len: 0 is"),
        (["--vllm", "latest"], "error: --vllm: 'latest' is not"),
    ],
)
def test_a_bad_flag_is_named_as_it_was_written(flags: list[str], error: str) -> None:
    answer = run("size", "Qwen/Qwen3-8B", *flags)

    assert (answer.code, answer.stdout) == (2, "")
    (line,) = answer.errors
    assert line.startswith(error)


@pytest.mark.parametrize("method", ["fp8", "bitsandbytes"])
def test_a_method_that_works_while_loading_is_taken(method: str) -> None:
    assert run("size", "Qwen/Qwen3-8B", "--quantization", method).code == 0


def test_a_method_of_the_files_is_taken_with_them() -> None:
    assert sized("Qwen/Qwen3-8B-AWQ", "--quantization", "awq") == sized("Qwen/Qwen3-8B-AWQ")


def test_an_unknown_gpu_is_told_a_few_like_it_and_where_all_are(capsys: pytest.CaptureFixture[str]) -> None:
    (error,) = run("size", "7B", "--gpu", "H1000").errors
    with pytest.raises(SystemExit):
        main(["size", "--list-gpus"])
    listed = capsys.readouterr().out.splitlines()

    assert "did you mean 'H100'?" in error
    assert error.endswith("'vllm-cdk8s size --list-gpus' prints all [VC001]")
    assert len(error) < 250
    assert len(listed) > 60
    assert {"H100", "MI300X", "L4"} <= set(listed)
