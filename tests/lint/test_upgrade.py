"""What changes between two releases, in general and for the servers of manifests."""

import json
from pathlib import Path

import pytest
import yaml

from tests.lint.manifests import changed
from tests.lint.test_ray_serve import service
from vllm_cdk8s.cli.main import main
from vllm_cdk8s.core.engine import catalogue
from vllm_cdk8s.lint.upgrade import changes


def test_what_the_releases_are_known_to_have_changed() -> None:
    found = {(change.kind, change.what, change.name): change.text for change in changes("0.11.0", "0.20.0")}
    assert ("option", "gone", "swap_space") in found
    assert ("option", "new", "shutdown_timeout") in found
    assert ("metric", "gone", "vllm:gpu_cache_usage_perc") in found
    assert found["option", "default", "gpu_memory_utilization"].endswith("the default is 0.92, and was 0.9")


def test_each_line_is_a_difference_of_the_two_catalogues() -> None:
    old, new = catalogue.release("0.20.2"), catalogue.release("0.33.0")
    for change in changes("0.20.2", "0.33.0"):
        if change.kind == "option":
            was, now = old.option(change.name), new.option(change.name)
            assert was != now
            assert (change.what == "gone") == (now is None)
            assert (change.what == "new") == (was is None)


def test_for_servers_it_says_what_reaches_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "llm.yaml"
    document = changed(
        container__image="vllm/vllm-openai:v0.11.0", container__args=["org/m", "--swap-space=4", "--seed=1"]
    )
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    assert main(["upgrade", "--from", "0.11.0", "--to", "0.20.0", str(path)]) == 0
    said = capsys.readouterr()
    gone = said.out.partition("\n\n")[0].splitlines()
    assert gone[0] == "Gone:"
    assert gone[1].startswith("  --swap-space is gone")
    assert f"({path}:" in gone[1]
    assert "--gpu-memory-utilization: the default is 0.92, and was 0.9" in said.out
    assert "New:" not in said.out
    assert said.err.startswith("vLLM 0.11.0 to 0.20.0, for 1 server:")


def test_data_and_wrong_releases(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["upgrade", "--from", "0.20.2", "--to", "0.21.0", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found
    assert list(found[0]) == ["kind", "what", "name", "text", "used"]
    assert main(["upgrade", "--from", "0.21.0", "--to", "0.20.2"]) == 2
    assert "--to: '0.20.2' is not later than '0.21.0'" in capsys.readouterr().err
    assert main(["upgrade", "--from", "0.1.2", "--to", "0.20.2"]) == 2
    assert "--from: '0.1.2' is not a release that is known" in capsys.readouterr().err


def test_keys_of_json_options(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = {(change.kind, change.what, change.name) for change in changes("0.11.0", "0.20.2")}
    assert ("key", "gone", "compilation_config.level") in found
    assert ("key", "gone", "speculative_config.disable_by_batch_size") in found
    assert ("key", "new", "kv_transfer_config.enable_permute_local_kv") in found
    old, new = catalogue.release("0.11.0"), catalogue.release("0.20.2")
    for kind, what, name in found:
        option, _, key = name.partition(".")
        if kind == "key" and what in {"gone", "new"}:
            assert (key in old.fields(option)) == (what == "gone")
            assert (key in new.fields(option)) == (what == "new")
    path = tmp_path / "llm.yaml"
    config = '{"level": 3, "pass_config": {"enable_noop": true}, "cudagraph_mode": "PIECEWISE"}'
    document = changed(container__image="vllm/vllm-openai:v0.11.0", container__args=["org/m", "-O", config])
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    assert main(["upgrade", "--from", "0.11.0", "--to", "0.20.2", str(path)]) == 0
    said = capsys.readouterr().out
    assert "--compilation-config: the key 'level' is gone" in said
    assert "--compilation-config: the key 'pass_config.enable_noop' is gone" in said
    assert "cudagraph_mode" not in said.partition("Other defaults")[0]


def test_engines_of_ray_serve(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "ray.yaml"
    path.write_text(service("swap_space: 4"), encoding="utf-8")
    assert main(["upgrade", "--from", "0.11.0", "--to", "0.20.2", str(path)]) == 0
    said = capsys.readouterr()
    assert f"--swap-space is gone  ({path}:15)" in said.out
    assert "for 1 server:" in said.err
