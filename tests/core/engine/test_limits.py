"""Numbers, names and settings that vLLM's own source refuses are refused before anything is synthesized."""

from __future__ import annotations

from enum import Enum, IntEnum
from typing import Any

import pytest

from vllm_cdk8s.core.engine import EngineCommand, engine_command, limits
from vllm_cdk8s.core.errors import VllmCdk8sError, VllmCdk8sWarning


def command(**options: object) -> EngineCommand:
    return engine_command(**{"model": "acme/model", "image": "vllm/vllm-openai:v0.33.0", **options})  # type: ignore[arg-type]


def refusal(**options: object) -> str:
    with pytest.raises(VllmCdk8sError) as caught:
        command(**options)
    return str(caught.value)


@pytest.mark.parametrize("image", ["vllm/vllm-openai:v0.33.0", "vllm/vllm-openai:v0.11.0", "vllm/vllm-openai:latest"])
@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"max_num_seqs": 0}, "max_num_seqs: 0 is out of range; allowed: at least 1"),
        ({"block_size": -16}, "block_size: -16 is "),
        ({"cpu_offload_gb": -1}, "cpu_offload_gb: -1 is out of range; allowed: at least 0"),
        ({"seed": -1}, "seed: -1 is out of range; allowed: at least 0 and at most 4294967295"),
        ({"max_num_batched_tokens": 0}, "max_num_batched_tokens: 0 is out of range"),
        ({"max_num_batched_tokens": -1}, "max_num_batched_tokens: -1 is not a whole number of at least 0"),
        ({"max_loras": 0}, "max_loras: 0 is out of range"),
        ({"api_server_count": -2}, "api_server_count: -2 is out of range"),
        ({"data_parallel_rpc_port": 70000}, "data_parallel_rpc_port: 70000 is out of range"),
        ({"speculative_config": {"method": "ngram", "num_speculative_tokens": 0}}, "speculative_config.num_spec"),
        ({"quantization": "awqq"}, "quantization: 'awqq' is not a value that vLLM"),
        ({"load_format": "safetensor"}, "load_format: 'safetensor' is not a value that vLLM"),
        ({"kv_transfer_config": {"kv_connector": "NixlConector", "kv_role": "kv_both"}}, "kv_transfer_config.kv_conn"),
    ],
)
def test_what_no_release_takes_is_refused_for_all_of_them(image: str, settings: object, message: str) -> None:
    assert refusal(engine_args=settings, image=image).startswith(message)


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (["--seed=1", "--max-num-seqs", "many"], "extra_args[1]: --max-num-seqs: 'many' is not a whole number"),
        (["--max-num-seqs=0"], "extra_args[0]: --max-num-seqs: 0 is out of range"),
        (["--quantization=awqq"], "extra_args[0]: --quantization: 'awqq' is not a value"),
        (["--reasoning-parser=nope"], "extra_args[0]: --reasoning-parser: 'nope' is not a value"),
        (["--attention-backend=FLASHATTN"], "extra_args[0]: --attention-backend: 'FLASHATTN' is not a value"),
        (["-O9"], "extra_args[0]: -O: '9' is not one of 0, 1, 2, 3"),
        (["--load-format=safetensor"], "extra_args[0]: --load-format: 'safetensor' is not a value"),
        (["-dcp=3", "-tp=4"], "extra_args[0]: 3 does not divide tensor_parallel_size 4"),
        (["--gpu-memory-utilization=0"], "extra_args[0]: --gpu-memory-utilization: 0.0 is not between 0 and 1"),
    ],
)
def test_an_error_of_a_raw_argument_names_its_flag(raw: list[str], message: str) -> None:
    assert refusal(extra_args=raw).startswith(message)


def test_a_level_that_old_releases_do_not_have_is_refused_too() -> None:
    assert "9 is " in refusal(extra_args=["-O9"], image="vllm/vllm-openai:v0.11.0")


def test_the_nearest_name_is_said() -> None:
    assert "did you mean 'FLASH_ATTN'?" in refusal(engine_args={"attention_backend": "FLASHATTN"})
    assert "did you mean 'NixlConnector'?" in refusal(
        engine_args={"kv_transfer_config": {"kv_connector": "NixlConector"}}
    )


def test_names_are_taken_as_vllm_takes_them() -> None:
    for settings in (
        {"attention_backend": "flash_attn"},
        {"load_format": "runai_streamer"},
        {"reasoning_parser": "mine", "reasoning_parser_plugin": "/plugins/mine.py"},
        {"kv_transfer_config": {"kv_connector": "Mine", "kv_connector_module_path": "mine.connector"}},
        {"worker_cls": "acme.Worker"},
    ):
        command(engine_args=settings)


def test_what_left_the_core_warns_with_its_plug_in() -> None:
    with pytest.warns(VllmCdk8sWarning, match=r"'bitsandbytes' is not in vLLM 0\.33\.0, .*vllm-bnb-plugin"):
        command(engine_args={"quantization": "bitsandbytes"})
    command(engine_args={"quantization": "bitsandbytes"}, image="vllm/vllm-openai:v0.27.1")


def test_a_name_of_a_newer_model_is_no_misspelling_of_an_older_one() -> None:
    known = ["glm45", "deepseek_v3", "qwen3"]
    assert not limits.misspelt("deepseek_v4", known)
    assert not limits.misspelt("glm50", known)
    assert limits.misspelt("deepsek_v3", known)
    assert limits.misspelt("Qwen3", known)


class Dtype(str, Enum):
    BF16 = "bfloat16"


class Count(IntEnum):
    TWO = 2


def test_members_of_enumerations_are_what_they_stand_for() -> None:
    made = command(
        engine_args={
            "dtype": Dtype.BF16,
            "max_num_seqs": Count.TWO,
            "hf_overrides": {"dtype": Dtype.BF16, "n": [Count.TWO]},
        }
    )
    assert {"--dtype=bfloat16", "--max-num-seqs=2", '--hf-overrides={"dtype":"bfloat16","n":[2]}'} <= set(made.args)


def test_a_null_within_a_list_is_said_to_vllm() -> None:
    made = command(engine_args={"hf_overrides": {"layers": ({"rope_scaling": None}, None)}})
    assert '--hf-overrides={"layers":[{"rope_scaling":null},null]}' in made.args


def test_what_cannot_be_written_is_refused_in_words() -> None:
    ring: dict[str, Any] = {}
    ring["self"] = ring
    assert "holds itself" in refusal(engine_args={"hf_overrides": ring})
    deep: Any = 1
    for _ in range(5000):
        deep = [deep]
    assert "levels deep" in refusal(engine_args={"hf_overrides": {"a": deep}})
    assert "U+D800, at position 1" in refusal(engine_args={"chat_template": "a\ud800"})
    assert "hf_overrides.a[1]: holds a lone surrogate" in refusal(engine_args={"hf_overrides": {"a": ["b", "\ud800"]}})
    assert "lone surrogate" in refusal(extra_args=["--chat-template=a\ud800"])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"engine_args": {"uds": "/run/x"}}, "uds: '/run/x': vLLM listens on a socket file"),
        ({"engine_args": {"headless": True}}, "headless: True: vLLM serves no API then"),
        ({"engine_args": {"api_server_count": 0}}, "api_server_count: 0: no process serves the API"),
        ({"engine_args": {"ssl_keyfile": "/tls/key"}}, "ssl_keyfile: '/tls/key': without ssl_certfile"),
        ({"engine_args": {"nnodes": 2}}, "nnodes: 2: one pod waits for others"),
        ({"host": "127.0.0.1"}, "host: '127.0.0.1' is reached from within the pod only"),
        ({"host": "localhost"}, "host: 'localhost' is reached from within"),
        ({"host": "::1"}, "host: '::1' is reached from within"),
        ({"host": "http://0.0.0.0"}, "host: 'http://0.0.0.0' is not an address to listen on"),
        ({"host": "256.0.0.1"}, "host: '256.0.0.1' is not an address to listen on"),
        ({"host": "0.0.0.0:8000"}, "host: '0.0.0.0:8000' is not an address to listen on"),
        ({"unchecked_args": ["--seed=1", "--port=9000"]}, "unchecked_args[1]: 9000 is not the port 8000"),
        ({"unchecked_args": ["--host", "localhost"]}, "unchecked_args[0]: 'localhost' is reached"),
        ({"unchecked_args": ["--headless"]}, "unchecked_args[0]: True: vLLM serves no API"),
    ],
)
def test_a_server_that_could_never_be_ready_is_refused(options: dict[str, object], message: str) -> None:
    said = refusal(**options)
    assert said.startswith(message)
    assert said.endswith("[VC107]")


@pytest.mark.parametrize("host", ["::", "10.0.0.7", "$(POD_IP)", "pod.example"])
def test_an_address_that_others_reach_passes(host: str) -> None:
    assert f"--host={host}" in command(host=host).args


@pytest.mark.parametrize(
    "model",
    [
        "https://huggingface.co/acme/model", "acme/model name", " ", "a/b/c", "acme/model@main", "x" * 500, "acme/",
        "/a\nb", "acme//model", "model.git", "ftp://x/y", "a b", "acme/mo..del", "modèle",
    ],
)  # fmt: skip
def test_what_is_no_model_is_refused(model: str) -> None:
    assert refusal(model=model).startswith("model: ")


def test_the_refusal_says_what_the_model_is_called() -> None:
    assert "did you mean 'acme/model'?" in refusal(model="https://huggingface.co/acme/model")
    assert "give 'acme/model', and say revision=main" in refusal(model="acme/model@main")


@pytest.mark.parametrize(
    "model",
    ["gpt2", "Qwen/Qwen3-0.6B", "/models/llama", "./models/a/b", "s3://bucket/path", "gs://b/p", "a/b.c_d-1:Q8_0"],
)
def test_a_model_passes_as_vllm_takes_it(model: str) -> None:
    assert command(model=model).args[0] == model


def test_a_file_of_settings_is_not_overruled_by_defaults() -> None:
    made = command(engine_args={"config": "/etc/vllm.yaml"}, gpus=2)
    assert made.args == ("acme/model", "--host=0.0.0.0", "--port=8000", "--config", "/etc/vllm.yaml")
    assert made.defaulted == frozenset()
    assert (
        "--gpu-memory-utilization=0.5"
        in command(engine_args={"config": "/etc/vllm.yaml", "gpu_memory_utilization": 0.5}).args
    )
