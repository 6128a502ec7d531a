"""The ledger: what cannot work is refused, what is close is said, what is not known stays unknown."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vllm_cdk8s.core.models.accelerators import accelerator, known_accelerators
from vllm_cdk8s.core.models.engine_settings import Engine
from vllm_cdk8s.core.models.facts import known_model, known_models
from vllm_cdk8s.core.models.ledger import VISIBLE_DEVICES, Ledger, engine_of, ledger, visible_devices
from vllm_cdk8s.core.models.shape import ModelFacts

if TYPE_CHECKING:
    from vllm_cdk8s.core.models.ledger_lines import Line

GIB = 2**30


def made(model: str | None, gpu: str | None = None, *, engine: dict[str, Any] | None = None, **options: Any) -> Ledger:
    facts = None if model is None else known_model(model)
    assert model is None or facts is not None
    return ledger(model=facts, accelerator=None if gpu is None else accelerator(gpu), engine=engine or {}, **options)


def verdicts(found: Ledger, resource: str) -> list[str]:
    return [line.verdict for line in found.lines if line.resource == resource]


# What synthesized in silence.


def test_405b_on_one_gpu_cannot_be() -> None:
    found = made("meta-llama/Llama-3.1-405B-Instruct", "H100", gpus=1)
    assert verdicts(found, "gpu_memory") == ["too_little"]
    assert found.fits is False
    assert "gpu_memory_utilization" in {line.option for line in found.errors}


def test_70b_on_a_claim_of_20gi_or_one_l4_cannot_be() -> None:
    assert verdicts(made("meta-llama/Llama-3.1-70B-Instruct", claim_bytes=20 * GIB), "disk") == ["too_little"]
    assert verdicts(made("meta-llama/Llama-3.1-70B-Instruct", "L4"), "gpu_memory") == ["too_little"]


def test_8b_under_a_limit_of_4gi_is_tight() -> None:
    assert verdicts(made("Qwen/Qwen3-8B", memory_limit=4 * GIB, gpus=1), "host_memory") == ["tight"]


def test_200_gib_of_offloaded_cache_under_16gi_cannot_be() -> None:
    found = made("Qwen/Qwen3-8B", engine={"kv_offloading_size": 200}, memory_limit=16 * GIB, gpus=1)
    assert verdicts(found, "host_memory") == ["too_little"]
    assert {line.option for line in found.errors} == {"kv_offloading_size"}


@pytest.mark.parametrize("name", VISIBLE_DEVICES)
def test_two_gpus_of_which_one_is_visible_cannot_be(name: str) -> None:
    found = made("Qwen/Qwen3-8B", engine={"tensor_parallel_size": 2}, gpus=2, env={name: "0"})
    assert [line.option for line in found.errors] == [name]
    assert not made("Qwen/Qwen3-8B", engine={"tensor_parallel_size": 2}, gpus=2, env={name: "0,1"}).errors


def test_a_product_of_sizes_above_the_gpus_is_an_error_and_below_them_a_warning() -> None:
    sizes = {"tensor_parallel_size": 2, "pipeline_parallel_size": 2}
    assert verdicts(made("Qwen/Qwen3-8B", engine=sizes, gpus=2), "gpus") == ["too_little"]
    assert verdicts(made("Qwen/Qwen3-8B", engine=sizes, gpus=2, nodes=2), "gpus") == ["fits"]
    assert verdicts(made("Qwen/Qwen3-8B", engine={}, gpus=2), "gpus") == ["tight"]


def test_70b_wants_more_than_the_defaults() -> None:
    found = made("meta-llama/Llama-3.3-70B-Instruct", startup_seconds=600, claim_bytes=50 * GIB)
    assert found.claim_bytes == 170 * GIB
    assert found.startup_seconds == 3600
    assert verdicts(found, "time") == ["tight"]
    assert verdicts(found, "disk") == ["too_little"]


def test_a_small_model_wants_no_more_than_the_defaults() -> None:
    found = made(
        "Qwen/Qwen3-0.6B",
        "L4",
        startup_seconds=600,
        claim_bytes=50 * GIB,
        memory_limit=24 * GIB,
        gpus=1,
        engine={"max_model_len": 2048},
    )
    assert found.claim_bytes == 50 * GIB
    assert {line.verdict for line in found.lines} == {"fits"}
    assert found.fits is True


# One GPU's memory.


def test_gpt_oss_120b_stands_on_one_h100() -> None:
    found = made("openai/gpt-oss-120b", "H100", engine={"max_model_len": 2048})
    assert found.fits is not False
    assert found.kv_cache_tokens is not None
    assert found.kv_cache_tokens > 2048


def test_a_cache_size_in_bytes_is_taken_as_said() -> None:
    engine = {"kv_cache_memory_bytes": 10 * GIB, "max_model_len": 4096}
    found = made("Qwen/Qwen3-8B", "L4", engine=engine)
    assert found.kv_bytes_available == 10 * GIB
    assert found.fits is False
    small = made("Qwen/Qwen3-8B", "H100", engine={"kv_cache_memory_bytes": GIB, "max_model_len": 40_960})
    assert small.fits is False  # one sequence of 40,960 tokens takes 5.6 GiB


def test_offloaded_weights_are_in_the_pods_memory_instead() -> None:
    engine = {"cpu_offload_gb": 10, "max_model_len": 4096}
    on, off = made("Qwen/Qwen3-8B", "T4", engine={"max_model_len": 4096}), made("Qwen/Qwen3-8B", "T4", engine=engine)
    assert on.fits is False
    assert off.fits is not False
    assert verdicts(made("Qwen/Qwen3-8B", "T4", engine=engine, memory_limit=8 * GIB), "host_memory") == ["too_little"]
    assert verdicts(made("Qwen/Qwen3-8B", "T4", engine=engine, memory_limit=16 * GIB), "host_memory") == ["tight"]


def test_parallel_sizes_divide_the_weights() -> None:
    def held(**engine: Any) -> int:
        found = made("Qwen/Qwen3-235B-A22B", engine=engine).weight_bytes_per_gpu
        assert found is not None
        return found

    whole = held()
    assert held(tensor_parallel_size=8) == pytest.approx(whole / 8, rel=0.01)
    assert held(pipeline_parallel_size=8) == pytest.approx(whole / 8, rel=0.02)
    # The experts are divided among the copies, all else is on each.
    assert whole / 8 < held(data_parallel_size=8, enable_expert_parallel=True) < whole / 5


def test_quantization_while_loading_leaves_the_embeddings() -> None:
    plain, fp8 = (made("Qwen/Qwen3-8B", engine=e).weight_bytes_per_gpu for e in ({}, {"quantization": "fp8"}))
    assert plain is not None
    assert fp8 is not None
    assert 0.5 * plain < fp8 < 0.6 * plain


def test_drafts_count() -> None:
    draft = known_model("Qwen/Qwen3-0.6B")
    with_draft, without = made("Qwen/Qwen3-8B", drafts=[draft]), made("Qwen/Qwen3-8B")
    assert with_draft.weight_bytes_per_gpu is not None
    assert without.weight_bytes_per_gpu is not None
    assert with_draft.weight_bytes_per_gpu - without.weight_bytes_per_gpu > GIB
    mtp = made("Qwen/Qwen3-Next-80B-A3B-Instruct", engine={"speculative_config": {"method": "qwen3_next_mtp"}})
    bare = made("Qwen/Qwen3-Next-80B-A3B-Instruct")
    assert mtp.weight_bytes_per_gpu is not None
    assert bare.weight_bytes_per_gpu is not None
    assert mtp.weight_bytes_per_gpu > bare.weight_bytes_per_gpu + 2 * GIB


def test_bfloat16_asked_for_on_turing_cannot_be_and_auto_can() -> None:
    asked = made("Qwen/Qwen3-0.6B", "T4", engine={"dtype": "bfloat16", "max_model_len": 2048})
    assert [line.resource for line in asked.errors] == ["format"]
    assert made("Qwen/Qwen3-0.6B", "T4", engine={"max_model_len": 2048}).fits is True


def test_releases_differ() -> None:
    old, new = (made("Qwen/Qwen3-14B", "H100", version=v) for v in ((0, 16, 0), (0, 17, 0)))
    assert old.beside_bytes_per_gpu is not None
    assert new.beside_bytes_per_gpu is not None
    # Seen: 5.6 GiB in 0.16, 2.2 from 0.17.
    assert old.beside_bytes_per_gpu / GIB == pytest.approx(5.6, abs=0.8)
    assert new.beside_bytes_per_gpu / GIB == pytest.approx(2.2, abs=0.5)


# The unknown stays unknown.


def test_without_a_gpu_nobody_can_say() -> None:
    found = made("Qwen/Qwen3-8B")
    assert verdicts(found, "gpu_memory") == ["unknown"]
    assert found.fits is None
    assert found.weight_bytes_per_gpu


def test_without_a_model_nothing_is_said_of_it() -> None:
    found = made(None, "H100", gpus=1, claim_bytes=GIB, startup_seconds=1, memory_limit=64 * GIB)
    assert verdicts(found, "gpu_memory") == verdicts(found, "disk") == verdicts(found, "time") == ["unknown"]
    assert not found.errors
    assert found.claim_bytes is None


def test_a_cache_of_an_unknown_layout_is_not_counted() -> None:
    found = made("deepseek-ai/DeepSeek-V4-Flash", "B200", engine={"tensor_parallel_size": 4})
    assert found.kv_cache_tokens is None
    assert found.fits is None


def test_an_encoder_keeps_no_cache_and_fits() -> None:
    found = made("BAAI/bge-m3", "T4")
    assert found.kv_cache_tokens is None
    assert found.fits is True


def test_a_model_of_which_only_the_size_is_known_is_divided_evenly() -> None:
    facts = ModelFacts(id="x", parameters=7_000_000_000)
    found = ledger(model=facts, engine={"tensor_parallel_size": 2})
    assert found.weight_bytes_per_gpu == 7_000_000_000


@pytest.mark.parametrize(
    ("value", "count"),
    [
        (None, None),
        ("all", None),
        ("$(GPUS)", None),
        ("", 0),
        ("none", 0),
        ("void", 0),
        ("0", 1),
        ("0,1,2", 3),
        ("0, 1", 2),
        ("0,-1,1", 1),
        ("-1", 0),
        ("GPU-8932f937-d72c-4106-c12f-20bd9faed9f6,MIG-x", 2),
    ],
)
def test_visible_devices(value: str | None, count: int | None) -> None:
    assert visible_devices(value) == count


# For any input.

ENGINE = st.dictionaries(
    st.sampled_from(
        [
            "tensor_parallel_size", "pipeline_parallel_size", "data_parallel_size", "max_model_len",
            "max_num_batched_tokens", "max_num_seqs", "gpu_memory_utilization", "kv_cache_memory_bytes",
            "cpu_offload_gb", "kv_offloading_size", "swap_space", "enforce_eager", "speculative_config",
            "dtype", "quantization", "kv_cache_dtype", "block_size", "load_format", "limit_mm_per_prompt",
            "enable_prefix_caching",
        ]
    ),
    st.none() | st.booleans() | st.integers(-3, 10**6) | st.floats() | st.text(max_size=6)
    | st.sampled_from(["auto", "fp8", "bfloat16", "32k", "1K", "bitsandbytes"])
    | st.dictionaries(st.sampled_from(["method", "model", "image"]), st.text(max_size=4) | st.just(0), max_size=2),
    max_size=4,
)  # fmt: skip


@given(
    model=st.sampled_from(known_models()),
    gpu=st.sampled_from(known_accelerators()),
    engine=ENGINE,
    version=st.sampled_from([None, (0, 8, 5), (0, 11, 0), (0, 19, 1), (0, 33, 0)]),
    gpus=st.none() | st.integers(0, 16),
)
def test_whatever_is_said_a_ledger_comes_of_it(
    model: str, gpu: str, engine: dict[str, Any], version: tuple[int, ...] | None, gpus: int | None
) -> None:
    found = made(model, gpu, engine=engine, version=version, gpus=gpus)
    assert all(line.source and line.text() for line in found.lines)
    data = found.as_data()
    assert json.loads(json.dumps(data)) == data
    assert data["fits"] in {True, False, None}
    assert set(data) >= {"weight_bytes_per_gpu", "kv_cache_tokens", "fits"}
    if found.fits:
        assert not found.errors or {line.resource for line in found.errors} <= {"host_memory", "disk", "time"}


@given(model=st.sampled_from(known_models()), gpus=st.sampled_from([1, 2, 4, 8]))
def test_a_larger_gpu_is_never_worse(model: str, gpus: int) -> None:
    order = {"too_little": 0, "tight": 1, "unknown": 2, "fits": 3}
    ranks = [
        order[
            ledger(
                model=known_model(model),
                engine={"tensor_parallel_size": gpus, "max_model_len": 2048},
                gpu_memory_bytes=gib * GIB,
            )
            .lines[0]
            .verdict
        ]
        for gib in (80, 141, 288, 2000)
    ]
    assert ranks == sorted(ranks)


def test_importing_the_ledger_reads_no_data_and_starts_nothing() -> None:
    code = (
        "import sys, vllm_cdk8s.core.models.ledger as m; from vllm_cdk8s.core.models import facts, accelerators; "
        "assert not facts._rows.cache_info().currsize and not accelerators._rows.cache_info().currsize; "
        "sys.exit(any(n in sys.modules for n in ('jsii', 'cdk8s', 'yaml')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# Adapters.


@pytest.mark.parametrize(
    ("model", "engine", "version", "values"),
    [
        # All linear layers of Llama 3.1 8B at rank 16 are 41,943,040 values, as peft counts them.
        ("meta-llama/Llama-3.1-8B-Instruct", {}, None, 41_943_040),
        ("meta-llama/Llama-3.1-8B-Instruct", {"max_loras": 4, "max_lora_rank": 64}, None, 41_943_040 * 16),
        # Two GPUs divide one factor of each matrix, that on the side of the heads or of the inner width.
        (
            "meta-llama/Llama-3.1-8B-Instruct",
            {"tensor_parallel_size": 2},
            None,
            41_943_040 - 32 * 16 * (2 * 4096 + 2 * 1024 + 3 * 14_336) // 2,
        ),
        # Attention alone, before experts had adapters, and 128 experts of 768 with it.
        ("Qwen/Qwen3-30B-A3B", {}, (0, 11, 0), 48 * 16 * (4 * 2048 + 2 * 4096 + 2 * 4 * 128)),
        (
            "Qwen/Qwen3-30B-A3B",
            {},
            (0, 12, 0),
            48 * 16 * (4 * 2048 + 2 * 4096 + 2 * 4 * 128 + 128 * 3 * (2048 + 768)),
        ),
    ],
)
def test_the_adapters_of_a_batch_count_with_the_weights(
    model: str, engine: dict[str, Any], version: tuple[int, ...] | None, values: int
) -> None:
    without = made(model, "H100", engine=engine, version=version)
    found = made(model, "H100", engine=engine | {"enable_lora": True}, version=version)
    assert found.weight_bytes_per_gpu is not None
    assert without.weight_bytes_per_gpu is not None
    assert found.weight_bytes_per_gpu - without.weight_bytes_per_gpu == pytest.approx(2 * values, abs=2)


def test_experts_that_are_kept_whole_have_whole_adapters() -> None:
    engine: dict[str, Any] = {"tensor_parallel_size": 4, "enable_lora": True, "max_loras": 2, "max_lora_rank": 32}
    divided = made("Qwen/Qwen3-30B-A3B", "H100", engine=engine)
    whole = made("Qwen/Qwen3-30B-A3B", "H100", engine=engine | {"enable_expert_parallel": True})
    # A quarter of the experts each: no factor is on every GPU.
    assert whole.weight_bytes_per_gpu is not None
    assert divided.weight_bytes_per_gpu is not None
    assert whole.weight_bytes_per_gpu < divided.weight_bytes_per_gpu


# The sums, as they are explained; by hand.


def the(found: Ledger, resource: str) -> Line:
    [line] = [line for line in found.lines if line.resource == resource]
    return line


def test_the_memory_of_a_pod_holds_its_processes_and_what_is_put_there() -> None:
    # The server's 1.5 GiB, 3 GiB for each GPU; below 1 GiB nothing starts at all.
    for limit, verdict in (
        (int(7.5 * GIB), "fits"),
        (int(7.5 * GIB) - 1, "tight"),
        (GIB, "tight"),
        (GIB - 1, "too_little"),
    ):
        found = the(made("Qwen/Qwen3-8B", gpus=2, memory_limit=limit), "host_memory")
        assert (found.needs, found.has, found.verdict) == (int(7.5 * GIB), limit, verdict)
        assert (found.option, found.source) == ("memory", "3 processes; the pod's memory")
    # Twice 4 GiB offloaded takes 1.9 times as much, twice 1 GiB of swap and 10 GiB of cache what they say.
    offloading: dict[str, Any] = {"cpu_offload_gb": 4, "kv_offloading_size": 10, "swap_space": 1}
    for limit, verdict in ((21 * GIB, "tight"), (21 * GIB - 1, "too_little")):
        found = the(made("Qwen/Qwen3-8B", engine=offloading, gpus=2, memory_limit=limit), "host_memory")
        assert (found.needs, found.verdict) == (int(7.5 * GIB) + int(15.2 * GIB) + 12 * GIB, verdict)
    assert found.source == (
        "3 processes + cpu_offload_gb x 1.9 per GPU + kv_offloading_size + swap_space per GPU; the pod's memory"
    )
    for option in ("cpu_offload_gb", "swap_space"):
        assert the(made("Qwen/Qwen3-8B", engine={option: 4}, memory_limit=GIB), "host_memory").option == option


def test_the_memory_of_a_pod_counts_where_it_or_what_is_put_there_is_said() -> None:
    assert verdicts(made("Qwen/Qwen3-8B", gpus=1), "host_memory") == []
    assert verdicts(made("Qwen/Qwen3-8B", gpus=1, engine={"swap_space": 4}), "host_memory") == ["unknown"]
    assert verdicts(made("Qwen/Qwen3-8B", gpus=1, engine={"cpu_offload_gb": 4}), "host_memory") == ["unknown"]
    # Without a number of GPUs, as many as the sizes ask for.
    found = made("Qwen/Qwen3-8B", engine={"tensor_parallel_size": 2, "pipeline_parallel_size": 2}, memory_request=GIB)
    assert the(found, "host_memory").needs == int(13.5 * GIB)
    assert the(made("Qwen/Qwen3-8B", memory_limit=9 * GIB, memory_request=GIB), "host_memory").has == 9 * GIB


def test_shared_memory_above_the_memory_of_the_pod_is_tight() -> None:
    found = the(made("Qwen/Qwen3-8B", gpus=2, memory_limit=8 * GIB, shm_bytes=8 * GIB + 1), "host_memory")
    assert found.verdict == "tight"
    assert found.source.endswith("; the pod's memory, of which /dev/shm may take 8.00 GiB")
    assert verdicts(made("Qwen/Qwen3-8B", gpus=2, memory_limit=8 * GIB, shm_bytes=8 * GIB), "host_memory") == ["fits"]
    assert verdicts(made("Qwen/Qwen3-8B", memory_limit=1, shm_bytes=8 * GIB), "host_memory") == ["too_little"]


def test_a_volume_holds_the_published_files_and_a_little_more() -> None:
    # 8.19 billion weights of two bytes; their published size may be off by 7 %, and 2 % and 2 GiB come on top.
    stored = 16_381_470_720
    least, good = int(stored * 0.93), -(-stored * 102 // 100) + 2 * GIB
    for size, verdict in ((least - 1, "too_little"), (least, "tight"), (good - 1, "tight"), (good, "fits")):
        found = the(made("Qwen/Qwen3-8B", claim_bytes=size), "disk")
        assert (found.needs, found.has, found.verdict) == (stored, size, verdict)


def test_the_time_to_serve_is_that_of_download_load_and_compilation() -> None:
    # 16.4 GB at 200 MB/s, then at 1 GB/s, then a minute; each of two nodes loads its half.
    found = the(made("Qwen/Qwen3-8B", startup_seconds=600), "time")
    assert (found.needs, found.has, found.verdict) == (81 + 16 + 60, 600, "fits")
    assert found.source == "download at 200 MB/s, load, compile; the start-up budget"
    eager = the(made("Qwen/Qwen3-8B", startup_seconds=600, nodes=2, engine={"enforce_eager": True}), "time")
    assert eager.needs == 81 + 8 + 20
    there = the(made("Qwen/Qwen3-8B", startup_seconds=76, downloaded_before=True), "time")
    assert (there.needs, there.verdict, there.source) == (76, "fits", "load, compile; the start-up budget")
    assert verdicts(made("Qwen/Qwen3-8B", startup_seconds=75, downloaded_before=True), "time") == ["tight"]
    slow = the(made("Qwen/Qwen3-8B", startup_seconds=600, download_bytes_per_second=10_000_000), "time")
    assert (slow.needs, slow.verdict) == (1638 + 16 + 60, "tight")


def test_each_pod_must_see_its_part_of_the_gpus() -> None:
    two_nodes: dict[str, Any] = {
        "engine": {"tensor_parallel_size": 4, "pipeline_parallel_size": 2},
        "gpus": 4,
        "nodes": 2,
    }
    assert made("Qwen/Qwen3-8B", env={"CUDA_VISIBLE_DEVICES": "0,1,2,3"}, **two_nodes).errors == ()
    [line] = made("Qwen/Qwen3-8B", env={"CUDA_VISIBLE_DEVICES": "0,1,2"}, **two_nodes).errors
    assert (line.needs, line.has, line.what) == (4, 3, "GPUs that CUDA_VISIBLE_DEVICES leaves visible")
    assert (line.source, line.option) == ("CUDA_VISIBLE_DEVICES=0,1,2", "CUDA_VISIBLE_DEVICES")


def test_what_a_server_should_ask_for_follows_from_the_model() -> None:
    found = made("Qwen/Qwen3-8B")
    assert (found.claim_bytes, found.startup_seconds) == (50 * GIB, 600)
    assert (found.memory_request_bytes, found.memory_limit_bytes) == (19 * GIB, 29 * GIB)
    assert found.fits is None


def test_what_is_not_said_of_the_engine_is_its_default() -> None:
    assert engine_of({}) == Engine()
    assert (Engine().adapters, Engine().adapter_rank) == (0, 16)


def test_files_of_a_round_size_take_a_round_time() -> None:
    facts = ModelFacts(id="m", weight_bytes=20_000_000_000)
    assert the(ledger(model=facts, startup_seconds=600), "time").needs == 100 + 20 + 60
