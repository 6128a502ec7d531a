"""The command line that a server runs: defaults, order, spelling, GPUs."""

from __future__ import annotations

import pytest

from vllm_cdk8s.core.engine import EngineCommand, engine_command
from vllm_cdk8s.core.errors import ConflictError, InvalidOptionError, VllmCdk8sWarning

MIDDLE = "vllm/vllm-openai:v0.20.2"
GRAPHS = '--compilation-config={"cudagraph_mode":"FULL_AND_PIECEWISE"}'


def command(**options: object) -> EngineCommand:
    return engine_command(**{"model": "acme/model", "image": MIDDLE, **options})  # type: ignore[arg-type] # any option


def added(**options: object) -> list[str]:
    """What follows model, host and port."""
    return list(command(**options).args[3:])


def test_given_nothing_but_a_model_it_is_the_charts_command_line() -> None:
    assert engine_command(model="acme/model").args == (
        "acme/model", "--host=0.0.0.0", "--port=8000", "--gpu-memory-utilization=0.9", "--max-model-len=2048", GRAPHS,
    )  # fmt: skip


def test_the_default_context_is_never_longer_than_a_known_model() -> None:
    assert engine_command(model="microsoft/DialoGPT-medium").max_model_len == 1024
    assert engine_command(model="meta-llama/Llama-2-7b-hf").max_model_len == 2048


def test_a_longer_context_that_the_user_chose_is_kept_and_warned_about() -> None:
    with pytest.warns(VllmCdk8sWarning, match=r"max_model_len: 4096 is more than the 1024 positions"):
        made = engine_command(model="microsoft/DialoGPT-large", engine_args={"max_model_len": 4096})
    assert "--max-model-len=4096" in made.args
    with pytest.warns(VllmCdk8sWarning, match=r"extra_args\[0\]: '2k' is more than"):
        engine_command(model="microsoft/DialoGPT-large", extra_args=["--max-model-len=2k"])


def test_an_override_of_the_models_configuration_silences_what_is_known_of_it() -> None:
    made = engine_command(
        model="microsoft/DialoGPT-large", engine_args={"max_model_len": 4096, "hf_overrides": {"n_positions": 4096}}
    )
    assert made.max_model_len == 4096


def test_none_takes_a_default_away() -> None:
    nothing = {"gpu_memory_utilization": None, "max_model_len": None, "compilation_config": None}
    assert added(engine_args=nothing) == []
    assert command(engine_args=nothing).gpu_memory_utilization == 0.92, "vLLM's own default in 0.20"
    assert command(engine_args=nothing, image="vllm/vllm-openai:v0.19.1").gpu_memory_utilization == 0.9
    assert added(engine_args={"tensor_parallel_size": None}, gpus=1)[-1] == GRAPHS


def test_releases_without_cuda_graph_modes_are_not_given_one() -> None:
    assert not [arg for arg in added(image="vllm/vllm-openai:v0.10.0") if "cudagraph" in arg]
    assert GRAPHS in added(image="vllm/vllm-openai:v0.10.1.1")


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"compilation_config": {"mode": 3}}, '--compilation-config={"mode":3,"cudagraph_mode":"FULL_AND_PIECEWISE"}'),
        ({"compilation_config": {"cudagraph_mode": "NONE"}}, '--compilation-config={"cudagraph_mode":"NONE"}'),
        ({"compilation_config": {"mode": 0}}, '--compilation-config={"mode":0}'),
    ],
)
def test_the_graph_mode_joins_a_users_compilation_settings_unless_they_decide_it(
    settings: dict[str, object], expected: str
) -> None:
    assert expected in added(engine_args=settings)


@pytest.mark.parametrize("settings", [{"enforce_eager": True}, {"optimization_level": 0}])
def test_the_graph_mode_keeps_away_where_another_setting_decides_it(settings: dict[str, object]) -> None:
    assert not [arg for arg in added(engine_args=settings) if "cudagraph" in arg]


@pytest.mark.parametrize(
    "raw",
    [["--compilation-config.mode=3"], ["--compilation_config", '{"mode": 3}'], ["-cc.mode=3"]],
)
def test_the_graph_mode_joins_raw_compilation_settings(raw: list[str]) -> None:
    made = command(extra_args=raw)
    assert [arg for arg in made.args if "compilation" in arg or arg.startswith("-cc")] == [
        '--compilation-config={"mode":3,"cudagraph_mode":"FULL_AND_PIECEWISE"}'
    ]
    assert made.settings["compilation_config"] == {"mode": 3, "cudagraph_mode": "FULL_AND_PIECEWISE"}


def test_async_scheduling_is_only_said_when_asked_for() -> None:
    assert not [arg for arg in added() if "async" in arg]
    assert "--no-async-scheduling" in added(engine_args={"async_scheduling": False})
    assert "--async-scheduling" in added(engine_args={"async_scheduling": True})


def test_each_kind_of_option_is_written_as_vllm_reads_it() -> None:
    assert added(
        engine_args={
            "gpu_memory_utilization": 0.8, "max_model_len": "32k", "compilation_config": None,
            "enforce_eager": True, "enable_prefix_caching": False, "served_model_name": ["a", "b"],
            "middleware": ["x.y", "z.z"], "limit_mm_per_prompt": {"image": 2}, "hf_overrides": "pkg.mod",
            "allowed_origins": ["https://a.example"], "max_logprobs": -1, "config": "/etc/vllm.yaml", "headless": False,
        }
    ) == [
        "--gpu-memory-utilization=0.8", "--max-model-len=32k",
        "--enforce-eager", "--no-enable-prefix-caching", "--served-model-name", "a", "b",
        "--middleware=x.y", "--middleware=z.z", '--limit-mm-per-prompt={"image":2}', "--hf-overrides=pkg.mod",
        '--allowed-origins=["https://a.example"]', "--max-logprobs=-1", "--config", "/etc/vllm.yaml",
    ]  # fmt: skip


def test_raw_arguments_follow_the_typed_ones_and_unchecked_ones_come_last() -> None:
    args = added(
        engine_args={"seed": 1}, extra_args=["--max-num-seqs", "8", "-q=awq"], unchecked_args=["--from-the-future", "1"]
    )
    assert args[0] == "--seed=1"
    assert args[-5:] == ["--max-num-seqs", "8", "-q=awq", "--from-the-future", "1"]


def test_raw_and_unchecked_settings_replace_defaults() -> None:
    made = command(extra_args=["--gpu-memory-utilization=0.5"], unchecked_args=["--max-model-len", "64"])
    assert made.args[3:] == (GRAPHS, "--gpu-memory-utilization=0.5", "--max-model-len", "64")
    assert (made.gpu_memory_utilization, made.max_model_len) == (0.5, 64)


def test_sizes_are_counted_as_vllm_counts_them() -> None:
    assert command(engine_args={"max_model_len": "32k"}).max_model_len == 32_000
    assert command(engine_args={"max_model_len": "32K"}).max_model_len == 32_768
    assert command(engine_args={"max_model_len": "1.5k"}).max_model_len == 1500
    assert command(engine_args={"max_model_len": "auto"}).max_model_len is None
    assert command(engine_args={"max_model_len": -1}).max_model_len is None


def test_the_served_name_is_the_first_of_those_given_else_the_model() -> None:
    assert command().served_model_name == "acme/model"
    assert command(engine_args={"served_model_name": "chat"}).served_model_name == "chat"
    assert command(extra_args=["--served-model-name", "a", "b"]).served_model_name == "a"


def test_the_shutdown_timeout_is_none_unless_set() -> None:
    assert command().shutdown_timeout == 0
    assert command(extra_args=["--shutdown-timeout=20"]).shutdown_timeout == 20
    assert command(image="vllm/vllm-openai:v0.17.1").shutdown_timeout == 0


def test_all_gpus_of_a_pod_work_on_each_layer_unless_the_user_splits_otherwise() -> None:
    assert command(gpus=2).tensor_parallel_size == 2
    assert command(gpus=1).args[3:] == command().args[3:]
    assert command(gpus=8, engine_args={"pipeline_parallel_size": 2}).tensor_parallel_size == 4
    assert command(gpus=8, engine_args={"data_parallel_size": 4}).tensor_parallel_size == 2
    assert (
        command(gpus=8, engine_args={"data_parallel_size": 16, "data_parallel_size_local": 4}).tensor_parallel_size == 2
    )
    assert command(gpus=4, extra_args=["-dp=4"]).tensor_parallel_size == 1


def test_a_server_of_several_pods_is_a_pipeline_of_them() -> None:
    made = command(gpus=8, nodes=2)
    assert (made.tensor_parallel_size, made.pipeline_parallel_size, made.gpus_per_pod) == (8, 2, 8)
    spread = command(gpus=8, nodes=2, engine_args={"data_parallel_size": 16})
    assert (spread.tensor_parallel_size, spread.data_parallel_size_local, spread.gpus_per_pod) == (1, 8, 8)


@pytest.mark.parametrize(
    "options",
    [
        {"engine_args": {"tensor_parallel_size": 4}},
        {"extra_args": ["-tp=4"]},
        {"extra_args": ["-tp", "2", "--pipeline_parallel_size", "2"]},
        {"engine_args": {"tensor_parallel_size": 2}, "extra_args": ["--data-parallel-size=2"]},
        {"unchecked_args": ["-tp=4"]},
    ],
)
def test_more_parallelism_than_gpus_is_refused_wherever_it_is_said(options: dict[str, object]) -> None:
    with pytest.raises(ConflictError, match="asks for 4 of 2 GPUs"):
        command(gpus=2, **options)


def test_the_message_shows_the_factors() -> None:
    with pytest.raises(ConflictError) as caught:
        command(gpus=4, engine_args={"tensor_parallel_size": 2, "pipeline_parallel_size": 2, "data_parallel_size": 2})
    assert caught.value.lines[0] == (
        "tensor_parallel_size: tensor x pipeline x data parallel (2 x 2 x 2) asks for 8 of 4 GPUs; "
        "lower the sizes or raise gpus="
    )


def test_idle_gpus_are_warned_about() -> None:
    with pytest.warns(VllmCdk8sWarning, match=r"tensor parallel \(2\) asks for 2 of 4 GPUs; 2 stay idle"):
        command(gpus=4, engine_args={"tensor_parallel_size": 2})


def test_copies_that_run_elsewhere_need_no_gpu_here() -> None:
    made = command(gpus=2, engine_args={"data_parallel_size": 4, "data_parallel_rank": 1, "tensor_parallel_size": 2})
    assert (made.data_parallel_size_local, made.gpus_per_pod) == (1, 2)


def test_vllm_may_find_gpus_beyond_the_pod_by_itself() -> None:
    made = command(gpus=1, engine_args={"tensor_parallel_size": 4, "distributed_executor_backend": "ray"})
    assert made.tensor_parallel_size == 4


def test_heads_that_cannot_be_split_are_refused() -> None:
    with pytest.raises(ConflictError, match="3 does not divide the 16 attention heads of 'microsoft/DialoGPT-medium'"):
        engine_command(model="microsoft/DialoGPT-medium", gpus=3)


def test_a_vocabulary_that_cannot_be_split_is_refused() -> None:
    with pytest.raises(ConflictError, match="5 does not divide the 151936 entries of the padded vocabulary"):
        engine_command(model="Qwen/Qwen3-14B", gpus=5)
    with pytest.raises(ConflictError, match="3 does not divide the 248320 entries"):
        engine_command(model="Qwen/Qwen3.5-27B", gpus=3)
    assert engine_command(model="meta-llama/Llama-3.2-3B-Instruct", gpus=3).tensor_parallel_size == 3
    assert engine_command(model="Qwen/Qwen3-14B", gpus=5, engine_args={"enable_lora": True}).tensor_parallel_size == 5


@pytest.mark.parametrize("model", ["", "  ", None, 7, "--help"])
def test_what_is_no_model_is_refused(model: object) -> None:
    with pytest.raises(InvalidOptionError, match="model"):
        command(model=model)


@pytest.mark.parametrize(
    "options", [{"port": 0}, {"port": "8000"}, {"host": ""}, {"nodes": 0}, {"gpus": -1}, {"gpus": 1.5}]
)
def test_keywords_are_checked(options: dict[str, object]) -> None:
    with pytest.raises(InvalidOptionError, match=next(iter(options))):
        command(**options)


def test_the_same_settings_give_the_same_command() -> None:
    options: dict[str, object] = {
        "gpus": 2,
        "engine_args": {"seed": 3, "enforce_eager": True},
        "extra_args": ["-q=awq"],
    }
    assert command(**options).args == command(**options).args


TOKEN = "hf_" + "AbCdEfGhIjKlMnOpQrSt0123456789"


@pytest.mark.parametrize(
    ("options", "where"),
    [
        ({"engine_args": {"served_model_name": TOKEN}}, "served_model_name"),
        ({"engine_args": {"hf_overrides": {"key": TOKEN}}}, "hf_overrides"),
        ({"extra_args": ["--seed=1", f"--served-model-name={TOKEN}"]}, "extra_args[1]"),
        ({"extra_args": ["--tokenizer", "http://me:s3cr3t@models/x"]}, "extra_args[0]"),
        ({"unchecked_args": ["--new", TOKEN]}, "unchecked_args[1]"),
        ({"unchecked_args": ["--new=a\x85b"]}, "unchecked_args[0]"),
    ],
)
def test_what_cannot_stand_in_a_manifest_is_told_where_it_was_said(options: dict[str, object], where: str) -> None:
    with pytest.raises(InvalidOptionError) as caught:
        command(**options)
    assert [problem.option for problem in caught.value.problems] == [where]
    assert TOKEN not in str(caught.value)
