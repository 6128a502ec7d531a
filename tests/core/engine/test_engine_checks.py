"""What a release of vLLM does not take is an error that names the option, the value and what is right."""

from __future__ import annotations

import warnings

import pytest

from vllm_cdk8s.core.engine import EngineCommand, engine_command
from vllm_cdk8s.core.errors import ConflictError, InvalidOptionError, VllmCdk8sError, VllmCdk8sWarning

MIDDLE = "vllm/vllm-openai:v0.20.2"


def command(**options: object) -> EngineCommand:
    return engine_command(**{"model": "acme/model", "image": MIDDLE, **options})  # type: ignore[arg-type] # any option


def refusal(**options: object) -> str:
    with pytest.raises(VllmCdk8sError) as caught:
        command(**options)
    return caught.value.lines[0]


COMMON_MISSPELLINGS = {
    "max_model_length": "'max_model_len'",
    "maxModelLen": "'max_model_len'",
    "max-model-len": "'max_model_len'",
    "gpu_memory_utilisation": "'gpu_memory_utilization'",
    "gpu_mem_util": "'gpu_memory_utilization'",
    "tensor_parallel": "'tensor_parallel_size'",
    "quantisation": "'quantization'",
    "kv_cache_type": "'kv_cache_dtype'",
    "enable_prefix_cache": "'enable_prefix_caching'",
    "max_num_batched_token": "'max_num_batched_tokens'",
    "served_model_names": "'served_model_name'",
    "trust_remote_codes": "'trust_remote_code'",
    "enable_chunk_prefill": "'enable_chunked_prefill'",
    "tp_size": "'tensor_parallel_size'",
    "cudagraph_mode": "{'compilation_config': {'cudagraph_mode': ...}}",
}


@pytest.mark.parametrize(("wrong", "right"), COMMON_MISSPELLINGS.items())
def test_a_misspelt_setting_is_refused_with_the_right_name(wrong: str, right: str) -> None:
    message = refusal(engine_args={wrong: 1})
    assert message.startswith(f"{wrong}: not an option of vLLM")
    assert f"did you mean {right}?" in message


@pytest.mark.parametrize("wrong", ["max_model_length", "gpu_memory_utilisation", "maxModelLen", "cudagraph_mode"])
def test_a_plain_misspelling_is_refused_for_an_unknown_version_too(wrong: str) -> None:
    assert "did you mean" in refusal(engine_args={wrong: 1}, image="vllm/vllm-openai:latest")


def test_a_misspelt_option_of_other_releases_is_refused_with_its_name_and_theirs() -> None:
    assert refusal(engine_args={"swapspace": 4}) == (
        "swapspace: not an option of vLLM 0.20.2; did you mean 'swap_space', an option of vLLM up to 0.17.1?"
    )


def test_a_misspelt_raw_flag_is_refused_with_the_right_flag() -> None:
    assert refusal(extra_args=["--seed=1", "--gpu-memory-utilisation=0.8"]) == (
        "extra_args[1]: --gpu-memory-utilisation is not an option of vLLM 0.20.2; "
        "did you mean '--gpu-memory-utilization'?"
    )


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("--tp", "--tensor-parallel-size"),
        ("-tp2", "-tp=2"),
        ("-dp16", "-dp=16"),
        ("--cudagraph-mode=FULL", "--compilation-config.cudagraph_mode"),
        ("--max_model_length=7", "--max-model-len"),
    ],
)
def test_the_right_flag_is_named_as_it_is_written_among_raw_arguments(wrong: str, right: str) -> None:
    assert f"did you mean '{right}'?" in refusal(extra_args=[wrong])


def test_an_option_behind_a_list_is_none_of_its_items_even_if_its_value_holds_a_blank() -> None:
    made = command(extra_args=["--served-model-name", "a", "b", "--chat-template=x y"])
    assert (made.settings["served_model_name"], made.settings["chat_template"]) == (["a", "b"], "x y")


def test_two_arguments_in_one_item_are_told_apart() -> None:
    assert refusal(extra_args=["--seed 1"]) == (
        "extra_args[0]: '--seed' and what follows it are two arguments; give each an item of its own"
    )
    assert "literal secret" in refusal(extra_args=["--api-key hunter2"])
    for misspelt in ("--api-key", "--apikey", "--Api-Key", "--api-key-x"):
        assert "hunter2" not in refusal(extra_args=[f"{misspelt} hunter2"])


def test_a_type_by_its_common_name_is_refused_with_vllms_own() -> None:
    assert "did you mean 'float16'?" in refusal(engine_args={"dtype": "fp16"})
    assert "did you mean 'float32'?" in refusal(extra_args=["--dtype=fp32"])


def test_an_option_of_another_release_is_refused_with_the_releases_that_have_it() -> None:
    assert refusal(engine_args={"swap_space": 4}, image="vllm/vllm-openai:v0.18.0") == (
        "swap_space: not an option of vLLM 0.18.0, but of vLLM up to 0.17.1"
    )
    assert refusal(engine_args={"shutdown_timeout": 4}, image="vllm/vllm-openai:v0.17.1") == (
        "shutdown_timeout: not an option of vLLM 0.17.1, but of vLLM 0.18.0 and later"
    )
    assert refusal(extra_args=["--disable-log-requests"]) == (
        "extra_args[0]: --disable-log-requests is not an option of vLLM 0.20.2, but of vLLM up to 0.16.0; "
        "now there is its opposite, enable_log_requests"
    )


@pytest.mark.parametrize(
    "options", [{"image": "vllm/vllm-openai:latest"}, {"image": "vllm/vllm-openai:v0.99.0"}, {"image": "acme/llm:3"}]
)
def test_what_an_unknown_version_may_have_warns(options: dict[str, object]) -> None:
    with pytest.warns(VllmCdk8sWarning, match=r"swap_space: not an option .*checked against vLLM 0\.\d+\.\d+"):
        made = command(engine_args={"swap_space": 4}, **options)
    assert "--swap-space=4" in made.args
    assert not made.version.known
    with pytest.warns(VllmCdk8sWarning, match="brand_new_thing: not an option"):
        assert '--brand-new-thing={"a":1}' in command(engine_args={"brand_new_thing": {"a": 1}}, **options).args
    with pytest.warns(VllmCdk8sWarning, match="--brand-new-thing is not an option"):
        assert command(extra_args=["--brand-new-thing", "1", "2"], **options).args[-3:] == (
            "--brand-new-thing",
            "1",
            "2",
        )


def test_a_given_engine_version_makes_it_an_error_again() -> None:
    assert "swap_space" in refusal(engine_args={"swap_space": 4}, image="acme/llm:3", engine_version="0.20.2")


def test_a_deprecated_option_warns() -> None:
    with pytest.warns(
        VllmCdk8sWarning, match=r"extra_args\[0\]: deprecated in vLLM 0.16.0; now there is its opposite, enable_log"
    ):
        command(image="vllm/vllm-openai:v0.16.0", extra_args=["--disable-log-requests"])


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"max_num_seqs": 2.5}, "max_num_seqs: 2.5 is not a whole number"),
        ({"max_num_seqs": "8"}, "max_num_seqs: '8' is not a whole number"),
        ({"max_num_seqs": True}, "max_num_seqs: True is not a whole number"),
        ({"gpu_memory_utilization": "0.9"}, "gpu_memory_utilization: '0.9' is not a number"),
        ({"gpu_memory_utilization": float("nan")}, "gpu_memory_utilization: nan is not a finite number"),
        ({"enforce_eager": "yes"}, "enforce_eager: 'yes' is not a boolean; allowed: True, False"),
        ({"quantization": 4}, "quantization: 4 is not a string"),
        ({"served_model_name": []}, "served_model_name: 0 values; needed: at least one"),
        ({"served_model_name": ["a", 2]}, "served_model_name[1]: 2 is not a string"),
        (
            {"served_model_name": ["a", "--b"]},
            "served_model_name[1]: '--b' begins with '-', so vLLM would read it as an option",
        ),
        ({"compilation_config": 3}, "compilation_config: 3 is not a mapping"),
        (
            {"compilation_config": "{}"},
            "compilation_config: '{}' is not a mapping; give a mapping, it is written as JSON",
        ),
        ({"compilation_config": {"mode": {1, 2}}}, "compilation_config.mode: {1, 2} is not plain data"),
        ({"max_model_len": "long"}, "max_model_len: 'long' is not a whole number of at least 0, or one with a unit"),
        ({"max_model_len": 0}, "max_model_len: 0 leaves no room for a request"),
        ({"max_model_len": -2}, "max_model_len: -2 is not a whole number of at least 0"),
        ({"gpu_memory_utilization": 1.5}, "gpu_memory_utilization: 1.5 is not between 0 and 1"),
        ({"gpu_memory_utilization": 0}, "gpu_memory_utilization: 0 is not between 0 and 1"),
        ({"tensor_parallel_size": 0}, "tensor_parallel_size: 0 is out of range; allowed: a whole number of at least 1"),
        ({"chat_template": "a\0b"}, r"chat_template: 'a\x00b' holds a NUL character"),
        ({"": 1}, "engine_args: '' is empty"),
        ({1: 1}, "engine_args: 1 is not a string"),
        ([("seed", 1)], "engine_args: [('seed', 1)] is not a mapping"),
    ],
)
def test_a_value_of_the_wrong_type_or_range_is_refused(settings: object, message: str) -> None:
    assert refusal(engine_args=settings, image="vllm/vllm-openai:latest").startswith(message)


def test_auto_is_a_context_length_only_where_vllm_knows_it() -> None:
    assert "--max-model-len=auto" in command(engine_args={"max_model_len": "auto"}).args
    assert "'auto' is not" in refusal(engine_args={"max_model_len": "auto"}, image="vllm/vllm-openai:v0.13.0")
    for raw in ("auto", "AUTO", "-1"):
        made = command(extra_args=["--max-model-len", raw])
        assert (made.settings["max_model_len"], made.max_model_len) == ("auto", None)
    assert "'-1' is not" in refusal(extra_args=["--max-model-len=-1"], image="vllm/vllm-openai:v0.13.0")


def test_a_value_that_is_not_among_the_choices_is_refused_with_them() -> None:
    assert refusal(engine_args={"dtype": "flaot16"}) == (
        "dtype: 'flaot16' is not one of auto, bfloat16, float, float16, float32, half; did you mean 'float16'?"
    )
    assert refusal(extra_args=["--dtype=int3"]).startswith("extra_args[0]: --dtype: 'int3' is not one of auto,")
    with pytest.warns(VllmCdk8sWarning, match="'int3' is not one of"):
        assert "--dtype=int3" in command(engine_args={"dtype": "int3"}, image="vllm/vllm-openai:latest").args


def test_a_value_that_only_a_plug_in_can_know_warns() -> None:
    with pytest.warns(VllmCdk8sWarning, match="quantization: 'house_blend' is not a value .*a plug-in may"):
        command(engine_args={"quantization": "house_blend"})
    assert "'nope' is not a value" in refusal(engine_args={"tool_call_parser": "nope"})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        command(engine_args={"tool_call_parser": "mine", "tool_parser_plugin": "/plugins/mine.py"})
        command(extra_args=["--tool-call-parser=hermes"])


def test_keys_of_configurations_are_checked_like_options() -> None:
    assert refusal(engine_args={"compilation_config": {"cudagraph_mod": "FULL"}}) == (
        "compilation_config.cudagraph_mod: no such key of compilation_config in vLLM 0.20.2; "
        "did you mean 'cudagraph_mode'?"
    )
    assert refusal(engine_args={"compilation_config": {"level": 3}}) == (
        "compilation_config.level: not in vLLM 0.20.2; it is in vLLM up to 0.17.1"
    )
    assert "is not one of 0, 1, 2, FULL," in refusal(engine_args={"compilation_config": {"cudagraph_mode": "HALF"}})
    assert "'yes' is not a boolean" in refusal(engine_args={"kv_events_config": {"enable_kv_cache_events": "yes"}})
    assert refusal(engine_args={"compilation_config": {"pass_config": 3}}) == (
        "compilation_config.pass_config: 3 is a single value; allowed: a mapping"
    )
    assert "[1] is a list; allowed: a single value" in refusal(engine_args={"compilation_config": {"mode": [1]}})
    assert "extra_args[0].levle" in refusal(extra_args=["--compilation-config.levle=3"])
    assert "pass_config.eliminate_nops" in refusal(
        engine_args={"compilation_config": {"pass_config": {"eliminate_nops": True}}}
    )


def test_a_configuration_without_fixed_keys_takes_any() -> None:
    made = command(engine_args={"hf_overrides": {"anything": [1, {"at": "all"}]}})
    assert '--hf-overrides={"anything":[1,{"at":"all"}]}' in made.args


@pytest.mark.parametrize("name", ["model", "host", "port"])
def test_what_has_a_keyword_is_said_by_it(name: str) -> None:
    assert refusal(engine_args={name: "x"}) == f"{name}: is not an engine argument here; use {name}="
    assert refusal(extra_args=["--seed=1", f"--{name}=1"]).startswith("extra_args[1]: is not an engine argument here")


@pytest.mark.parametrize(
    "options",
    [
        {"engine_args": {"api_key": "s3cret"}},
        {"engine_args": {"api_key": ["s3cret"]}},
        {"engine_args": {"hf_token": "s3cret"}},
        {"extra_args": ["--api-key", "s3cret"]},
        {"extra_args": ["--api_key=s3cret"]},
        {"extra_args": ["--seed=1", "--hf-token", "s3cret"]},
        {"extra_args": ["--api-k", "s3cret"]},
        {"unchecked_args": ["--api-key=s3cret"]},
        {"unchecked_args": ["--seed", "1", "--hf_token", "s3cret"]},
        {"unchecked_args": ["--hf-tok=s3cret"]},
    ],
)
def test_a_literal_secret_is_refused_without_repeating_it(options: dict[str, object]) -> None:
    message = refusal(**options)
    assert "with a SecretKey" in message
    assert "s3cret" not in message


def test_a_token_without_a_value_is_no_secret() -> None:
    assert command(extra_args=["--hf-token"]).args[-1] == "--hf-token"
    assert "--hf-token" in command(engine_args={"hf_token": True}).args


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        ("--seed 1", "extra_args: is not a list; allowed: one item per argument"),
        (["--seed", 1], "extra_args[1]: 1 is not a string"),
        (["seed=1"], "extra_args[0]: 'seed=1' belongs to no option"),
        (["--enforce-eager", "true"], "extra_args[1]: 'true' belongs to no option"),
        (["--enforce-eager=true"], "extra_args[0]: --enforce-eager takes no value"),
        (["--seed"], "extra_args[0]: --seed needs a value"),
        (["--seed", "--enforce-eager"], "extra_args[0]: --seed needs a value"),
        (["--seed=one"], "extra_args[0]: --seed: 'one' is not a whole number"),
        (["--limit-mm-per-prompt={"], "extra_args[0]: --limit-mm-per-prompt: '{' is not JSON"),
        (["--limit-mm-per-prompt=3"], "extra_args[0]: --limit-mm-per-prompt: 3 is not a mapping"),
        (["--max-model", "1"], "extra_args[0]: --max-model is an abbreviation, which another release may read"),
        (["--seed=1", "--seed=2"], "extra_args[1]: --seed is given twice (before at extra_args[0])"),
        (["--enforce-eager", "--no-enforce-eager"], "extra_args[1]: --enforce-eager is given twice"),
        (["-tp=2", "--tensor_parallel_size=2"], "extra_args[1]: --tensor-parallel-size is given twice"),
        (["-cc.mode=3", "--compilation-config.mode=2"], "extra_args[1]: --compilation-config.mode is given twice"),
        (["--compilation-config={}", "-cc.mode=2"], "extra_args[1]: vLLM forgets extra_args[0], which sets"),
        (["--seed.x=1"], "extra_args[0]: --seed has no keys"),
        (["---seed=1"], "extra_args[0]: ---seed is not an option of vLLM; did you mean '--seed'?"),
        (["--.x=1"], "extra_args[0]: '--.x=1' belongs to no option"),
        (["-O.level=3"], "extra_args[0]: vLLM 0.20.2 reads no keys behind -O; use --compilation-config"),
        (["--config=/etc/x.yaml"], "extra_args[0]: vLLM overlooks this form; give '--config' and the file as two"),
        (["--no-headless"], "extra_args[0]: --headless cannot be switched off; leave it out"),
        (["--"], "extra_args[0]: '--' belongs to no option"),
    ],
)  # fmt: skip
def test_raw_arguments_that_vllm_would_misread_or_refuse_are_refused(raw: object, message: str) -> None:
    assert refusal(extra_args=raw).startswith(message)


def test_a_setting_given_both_typed_and_raw_is_refused() -> None:
    assert refusal(engine_args={"seed": 1}, extra_args=["--seed=1"]) == (
        "extra_args[0]: seed is set in engine_args too; say it once"
    )
    assert "set in engine_args too" in refusal(
        engine_args={"compilation_config": {"mode": 3}}, extra_args=["-cc.backend=eager"]
    )


@pytest.mark.parametrize(
    ("raw", "name", "value"),
    [
        (["-tp=2"], "tensor_parallel_size", 2),
        (["-tp", "2"], "tensor_parallel_size", 2),
        (["--tensor_parallel_size", "2"], "tensor_parallel_size", 2),
        (["-qawq"], "quantization", "awq"),
        (["-O3"], "optimization_level", "3"),
        (["-O=3"], "optimization_level", "3"),
        (["-O", "3"], "optimization_level", "3"),
        (["--max-logprobs", "-1"], "max_logprobs", -1),
        (["--no-enable-prefix-caching"], "enable_prefix_caching", False),
        (["--served_model_name", "a", "b", "--seed=1"], "served_model_name", ["a", "b"]),
        (["--middleware=a.b", "--seed=1", "--middleware", "c.d"], "middleware", ["a.b", "c.d"]),
        (
            ["--limit-mm-per-prompt.image=2", "--limit_mm_per_prompt.video", "1"],
            "limit_mm_per_prompt",
            {"image": 2, "video": 1},
        ),
        (["--hf-overrides.a.b+=x,y", "--hf-overrides.a.b+=z"], "hf_overrides", {"a": {"b": ["x", "y", "z"]}}),
        (["--chat-template", "-x y"], "chat_template", "-x y"),
        (["--allowed-origins", '["*"]'], "allowed_origins", ["*"]),
        (["--hf-token"], "hf_token", True),
    ],
)
def test_raw_arguments_are_understood_and_passed_on_as_they_are(raw: list[str], name: str, value: object) -> None:
    made = command(extra_args=raw)
    assert made.settings[name] == value
    assert sorted(made.args[-len(raw) :]) == sorted(raw)


def test_the_level_of_old_releases_is_a_part_of_the_compilation_settings() -> None:
    made = command(image="vllm/vllm-openai:v0.10.0", extra_args=["-O3"])
    assert made.settings["compilation_config"] == {"level": 3}
    assert made.args[-1] == "-O3"


def test_unchecked_arguments_may_be_anything_but_a_string() -> None:
    odd = ["--max-model", "--from-the-future", "x", "--seed=one", "loose"]
    assert command(unchecked_args=odd).args[-5:] == tuple(odd)
    assert refusal(unchecked_args="--seed 1").startswith("unchecked_args: is not a list")


@pytest.mark.parametrize(
    ("version", "settings", "refused"),
    [
        ("0.14.1", {"async_scheduling": True, "pipeline_parallel_size": 2}, True),
        ("0.15.0", {"async_scheduling": True, "pipeline_parallel_size": 2}, False),
        ("0.14.1", {"async_scheduling": False, "pipeline_parallel_size": 2}, False),
        ("0.11.0", {"async_scheduling": True, "speculative_config": {"method": "eagle", "model": "m"}}, True),
        ("0.11.1", {"async_scheduling": True, "speculative_config": {"method": "eagle", "model": "m"}}, False),
        ("0.20.2", {"async_scheduling": True, "speculative_config": {"method": "ngram"}}, True),
        ("0.15.1", {"async_scheduling": True, "speculative_config": {"method": "draft_model"}}, True),
        ("0.16.0", {"async_scheduling": True, "speculative_config": {"method": "draft_model"}}, False),
        ("0.20.2", {"max_num_batched_tokens": 64, "max_num_seqs": 128}, True),
        ("0.20.2", {"max_num_batched_tokens": "1k", "enable_chunked_prefill": False}, True),
        ("0.20.2", {"max_num_batched_tokens": "1k"}, False),
        ("0.20.2", {"enable_auto_tool_choice": True}, True),
        ("0.20.2", {"enable_auto_tool_choice": True, "tool_call_parser": "hermes"}, False),
        ("0.20.2", {"enable_log_outputs": True}, True),
        ("0.20.2", {"lora_modules": ["a=/a"]}, True),
        ("0.20.2", {"lora_modules": ["a=/a"], "enable_lora": True}, False),
    ],
)
def test_features_that_exclude_or_need_each_other(version: str, settings: dict[str, object], refused: bool) -> None:
    image = f"vllm/vllm-openai:v{version}"
    if refused:
        with pytest.raises(ConflictError, match=next(iter(settings))):
            command(image=image, engine_args=settings)
    else:
        command(image=image, engine_args=settings)


def test_a_plain_server_warns_about_nothing() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        engine_command(model="acme/model")
        command(gpus=2, engine_args={"max_num_seqs": 64})


def test_a_typo_of_a_keyword_argument_is_pythons_own_error() -> None:
    with pytest.raises(TypeError):
        command(engine_argz={})
    with pytest.raises(InvalidOptionError):
        command(engine_args={"seed": "1"})
