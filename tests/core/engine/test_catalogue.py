"""The catalogue says what vLLM's releases say, and is not written by hand."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import vllm_cdk8s.core.engine
from vllm_cdk8s.core.engine import catalogue
from vllm_cdk8s.core.engine.version import version_key

ROOT = Path(__file__).parents[3]
DATA = Path(vllm_cdk8s.core.engine.__file__).parents[2] / "data" / "options.json"


@pytest.fixture(scope="module")
def body() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(DATA.read_text(encoding="utf-8"))
    return loaded


@pytest.fixture(scope="module")
def generator() -> Any:
    sys.path.insert(0, str(ROOT / "tools"))
    try:
        import catalogue as tool  # type: ignore[import-not-found,unused-ignore]  # noqa: PLC0415 - of tools/
    finally:
        sys.path.remove(str(ROOT / "tools"))
    return tool


def releases_with(name: str) -> list[str]:
    return [release for release in catalogue.versions() if catalogue.release(release).option(name)]


def test_swap_space_is_gone_in_0_18() -> None:
    assert releases_with("swap_space")[-1] == "0.17.1"
    assert catalogue.history("swap_space") == "vLLM up to 0.17.1"


def test_disable_log_requests_is_gone_in_0_17_and_its_successor_is_known() -> None:
    assert releases_with("disable_log_requests")[-1] == "0.16.0"
    assert catalogue.successor("disable_log_requests") == "enable_log_requests"


def test_the_flag_that_0_33_has_by_that_name_again_is_the_opposite_of_its_successor() -> None:
    assert catalogue.release("0.33.0").flags["--disable-log-requests"] == ("enable_log_requests", False)
    assert "--disable-log-requests" not in catalogue.release("0.32.0").flags


def test_shutdown_timeout_is_there_since_0_18() -> None:
    assert releases_with("shutdown_timeout")[0] == "0.18.0"
    assert catalogue.history("shutdown_timeout") == "vLLM 0.18.0 and later"


def test_nnodes_and_its_companions_are_there_since_0_11_1() -> None:
    assert {releases_with(name)[0] for name in ("nnodes", "node_rank", "master_addr")} == {"0.11.1"}


def test_cudagraph_mode_is_a_key_of_the_compilation_settings_since_0_10_1() -> None:
    having = [r for r in catalogue.versions() if "cudagraph_mode" in catalogue.release(r).fields("compilation_config")]
    # 0.10.1 is the release that 0.10.1.1 repaired; its wheel has the field too.
    assert having == catalogue.versions()[1:]
    assert (
        "FULL_AND_PIECEWISE" in catalogue.release("0.10.1.1").fields("compilation_config")["cudagraph_mode"]["choices"]
    )


def test_vllm_takes_more_of_the_memory_by_default_since_0_20() -> None:
    defaults = {
        r: getattr(catalogue.release(r).option("gpu_memory_utilization"), "default", 0) for r in ("0.19.1", "0.20.0")
    }
    assert defaults == {"0.19.1": 0.9, "0.20.0": 0.92}


def test_successors_are_found_in_configurations_that_took_up_a_field() -> None:
    assert catalogue.successor("num_redundant_experts") == "eplb_config.num_redundant_experts"
    assert catalogue.successor("eplb_step_interval") == "eplb_config.step_interval"


def test_every_minor_release_from_0_10_on_is_known_in_order() -> None:
    known = catalogue.versions()
    assert known == sorted(known, key=version_key)
    assert {version_key(release)[1] for release in known} == set(range(10, 34))


def test_an_unknown_release_is_read_as_the_one_before_it() -> None:
    assert catalogue.release("0.20.9").name == "0.20.2"
    assert catalogue.release("99.0.0").name == catalogue.release(None).name == catalogue.versions()[-1]
    assert catalogue.release("0.6.0").name == "0.10.0"


def test_every_release_has_the_options_that_a_server_needs() -> None:
    needed = {
        "model",
        "host",
        "port",
        "gpu_memory_utilization",
        "max_model_len",
        "tensor_parallel_size",
        "compilation_config",
    }
    for release in catalogue.versions():
        assert needed <= set(catalogue.release(release).names), release
        assert len(catalogue.release(release).names) > 150, release


def test_the_data_file_is_small_and_loads_only_when_asked_for(body: dict[str, Any]) -> None:
    assert DATA.stat().st_size <= 400 * 1024
    program = (
        "import sys, vllm_cdk8s.core.engine, vllm_cdk8s.core.data as d; "
        "print(d.generated.cache_info().currsize, 'vllm_cdk8s.core.engine.args' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert done.stdout.split() == ["0", "False"]
    assert body["versions"] == catalogue.versions()


def test_the_data_file_is_as_the_generator_wrote_it(body: dict[str, Any], generator: Any) -> None:
    assert generator.checksum(body) == body["sha256"]
    assert generator.rendered(body) == DATA.read_text(encoding="utf-8")
    assert body["versions"] == generator.RELEASES.read_text().split()


def test_the_typed_settings_are_as_the_generator_wrote_them(body: dict[str, Any], generator: Any) -> None:
    assert generator.engine_args.module(body) == (ROOT / "vllm_cdk8s" / "core" / "engine" / "args.py").read_text(
        encoding="utf-8"
    )


@pytest.mark.parametrize("change", ["last release", "default", "name", "field"])
def test_an_entry_changed_by_hand_is_noticed(change: str, body: dict[str, Any], generator: Any) -> None:
    changed = copy.deepcopy(body)
    run = changed["options"]["gpu_memory_utilization"][-1]
    if change == "last release":
        run[1] -= 1
    elif change == "default":
        run[2]["default"] = 0.95
    elif change == "name":
        changed["options"]["gpu_memory_utilisation"] = changed["options"].pop("gpu_memory_utilization")
    else:
        del changed["fields"]["compilation_config"]["cudagraph_mode"]
    assert generator.checksum(changed) != changed["sha256"]


def test_the_generator_joins_releases_with_equal_facts_and_splits_at_gaps(generator: Any) -> None:
    one, two = {"kind": "flag"}, {"kind": "value"}
    assert generator.spans([{"a": one}, {"a": one, "b": two}, {"b": two}, {"a": two}]) == {
        "a": [[0, 1, one], [3, 3, two]],
        "b": [[1, 2, two]],
    }


def test_an_option_about_deprecated_things_is_not_deprecated_itself() -> None:
    newest = catalogue.release(None)
    about = [newest.option(name) for name in ("allow_deprecated_quantization", "show_hidden_metrics_for_version")]
    assert [option.deprecated for option in about if option] == [False, False]
    old = catalogue.release("0.16.0").option("disable_log_requests")
    assert old is not None
    assert old.deprecated
