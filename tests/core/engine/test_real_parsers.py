"""Command lines of this package go through vLLM's own parsers and come back with the same values.

Runs where VLLM_PARSERS names a folder that `python tools/catalogue.py --prepare` filled: `make test-engine-real`.
"""

from __future__ import annotations

import json
import os
import subprocess
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from vllm_cdk8s.core.engine import catalogue, engine_command
from vllm_cdk8s.core.engine.limits import bounds, registered
from vllm_cdk8s.core.engine.options import tokens

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vllm_cdk8s.core.engine.catalogue import Option

SOURCES = os.environ.get("VLLM_PARSERS", "")
PYTHON = os.environ.get("VLLM_PARSERS_PYTHON", f"{SOURCES}/venv/bin/python")
READER = Path(__file__).parents[3] / "tools" / "read_parser.py"
RELEASES = ["0.10.0", "0.11.0", "0.20.2", catalogue.versions()[-1]]
NO_DEFAULTS: dict[str, Any] = {"gpu_memory_utilization": None, "max_model_len": None, "compilation_config": None}
NEEDED: dict[str, dict[str, Any]] = {
    "decode_context_parallel_size": {"tensor_parallel_size": 3},
    "enable_auto_tool_choice": {"tool_call_parser": "hermes"},
    "enable_log_outputs": {"enable_log_requests": True},
    "lora_modules": {"enable_lora": True},
    "ssl_keyfile": {"ssl_certfile": "zq"},
}
# What a construct says itself, or refuses of a server.
SAID_ELSEWHERE = {"model", "host", "port", "api_key", "hf_token", "config", "headless", "nnodes", "uds"}

pytestmark = pytest.mark.skipif(not SOURCES, reason="VLLM_PARSERS is not set; `make test-engine-real` sets it")


@cache
def parser_of(release: str) -> subprocess.Popen[str]:
    """A process that has loaded the release's parser, which takes seconds; it ends with its standard input."""
    return subprocess.Popen(
        [PYTHON, str(READER), f"{SOURCES}/{release}", "--parse"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        env={"PATH": os.defpath, "HOME": "/nonexistent"},
    )  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def parsers_end() -> Iterator[None]:
    yield
    for version in RELEASES if SOURCES else ():
        parser_of(version).communicate()
    parser_of.cache_clear()


def really_parsed(release: str, command_lines: list[list[str]]) -> list[dict[str, Any]]:
    """What the release's own parser makes of each command line."""
    process = parser_of(release)
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(json.dumps(command_lines) + "\n")
    process.stdin.flush()
    answer = process.stdout.readline()
    assert answer, f"the parser of vLLM {release} does not load"
    results: list[dict[str, Any]] = json.loads(answer)
    return results


@cache
def untouched(release: str) -> dict[str, Any]:
    values: dict[str, Any] = really_parsed(release, [["m"]])[0]["values"]
    return values


def command_line(release: str, **options: Any) -> list[str]:
    return list(engine_command(model="m", image=f"vllm/vllm-openai:v{release}", **options).args)


def samples(option: Option, release: catalogue.Release) -> list[Any]:
    if option.kind == "flag":
        return [True, False] if option.off else [True]
    if option.choices or option.values:
        known = option.choices or option.values
        return [known] if option.kind in {"list", "append"} and option.count is None else [known[0], known[-1]]
    if names := registered(option.name, release):
        return [names[0], names[-1]]
    bound = bounds(option.name, release) or {}
    by_type: dict[str, list[Any]] = {
        "str": ["zq", "a b=c.d", "-x"],
        "int": [3],
        "size": [3, "2k", "3K"],
        "float": [0.5, 1],
        "int_or_str": ["1"],
        "object": [{}],
        "object_or_str": [{"a.b": {"c": [1, None, 'd"e']}}, "zq"],
        "json": [["zq", "x y"]],
        "comma_list": [[0, 1]],
    }
    one = by_type[option.type]
    if bound and option.type in {"int", "float"}:
        most = bound.get("le", bound.get("lt", max(one)))
        one = [value for value in one if value < most] or [most]
    if option.name == "lora_modules":
        one = ["zq=/zq"]
    if option.type == "object" or release.fields(option.name):
        one = [config_sample(release.fields(option.name))]
    if option.kind in {"list", "append"}:
        loose = [item for item in one if option.kind == "append" or not str(item).startswith("-")]
        return [[loose[0]] * (option.count or 2), *([[loose[0]]] if option.count is None else [])]
    return one


def config_sample(fields: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """One key that a configuration takes by itself: what is switched on often needs another key."""
    for key, facts in fields.items():
        if facts.get("types") == ["bool"] and "." not in key:
            return {key: False}
    return {}


def same(option: Option, given: Any, real: Any) -> bool:
    if option.type == "size":
        return bool(real == tokens(given))
    if option.type == "int_or_str":
        return str(real).lower().lstrip("o") == str(given).lower().lstrip("o")
    if option.kind in {"list", "append"} and not isinstance(given, list):
        given = [given]
    if isinstance(given, dict) and isinstance(real, dict):
        return {key: real.get(key) for key in given} == given
    return bool(real == given)


@pytest.mark.parametrize("version", RELEASES)
def test_every_option_comes_back_from_vllms_own_parser_as_it_was_given(version: str) -> None:
    release = catalogue.release(version)
    cases = []
    for name in release.names:
        option = release.option(name)
        assert option is not None
        if name in SAID_ELSEWHERE or option.deprecated:
            continue
        for value in samples(option, release):
            argv = command_line(version, engine_args={**NO_DEFAULTS, **NEEDED.get(name, {}), name: value})
            cases.append((option, value, argv))
    assert len(cases) > 200
    wrong = []
    for (option, value, argv), real in zip(cases, really_parsed(version, [argv for *_, argv in cases]), strict=True):
        if "error" in real:
            wrong.append((argv[3:], real["error"][:200]))
        elif option.name != "lora_modules" and not same(option, value, real["values"][option.name]):
            wrong.append((argv[3:], real["values"][option.name]))
    assert wrong == [], "\n".join(map(str, wrong))


@pytest.mark.parametrize("version", RELEASES)
def test_the_default_command_line_sets_what_it_says_and_nothing_else(version: str) -> None:
    argv = command_line(version, gpus=2)
    real = really_parsed(version, [argv])[0]["values"]
    changed = {name for name, value in real.items() if value != untouched(version)[name]}
    expected = {"host", "max_model_len", "tensor_parallel_size"}
    expected |= {"gpu_memory_utilization"} if untouched(version)["gpu_memory_utilization"] != 0.9 else set()
    expected |= {"compilation_config"} if "--compilation-config" in " ".join(argv) else set()
    assert changed - {"model_tag"} == expected
    assert (real["model_tag"], real["max_model_len"], real["tensor_parallel_size"]) == ("m", 2048, 2)
    if "compilation_config" in expected:
        assert real["compilation_config"]["cudagraph_mode"] == "FULL_AND_PIECEWISE"


RAW = [
    ["-tp=2"], ["-tp", "2"], ["--tensor_parallel_size", "2"], ["-qawq"], ["-q=awq"],
    ["--max-logprobs", "-1"], ["--max-logprobs=-1"],
    ["--no-enable-prefix-caching"], ["--enforce-eager"], ["--served_model_name", "a", "b", "--seed=1"],
    ["--middleware=a", "--seed=1", "--middleware", "b"], ["--limit-mm-per-prompt.image=2"],
    ["--limit-mm-per-prompt.image=2", "--limit_mm_per_prompt.video", "1"],
    ["--hf-overrides.a.b+=x,y", "--hf-overrides.a.b+=z", "--hf-overrides.c=1.5"], ["--chat-template", "-x y"],
    ["--served-model-name", "a", "b", "--chat-template=x y"],
    ["--allowed-origins", '["https://a.example"]'], ["--hf-token"], ["--max-model-len=2k"], ["--max-model-len", "2K"],
    ["--kv-transfer-config.kv_connector=NixlConnector", "--kv-transfer-config.kv_role=kv_both"],
    ["-dp", "3"], ["-q=fp8"],
]  # fmt: skip


@pytest.mark.parametrize("version", RELEASES)
def test_raw_arguments_mean_to_this_package_what_they_mean_to_vllm(version: str) -> None:
    release = catalogue.release(version)
    for raw, real in zip(RAW, really_parsed(version, [["m", *raw] for raw in RAW]), strict=True):
        assert "error" not in real, (raw, real)
        absent: Any = {name: None for name in NO_DEFAULTS if f"--{name}".replace("_", "-") not in " ".join(raw)}
        made = engine_command(model="m", image=f"vllm/vllm-openai:v{version}", extra_args=raw, engine_args=absent)
        ours = {name: value for name, value in made.settings.items() if name not in {"model", "host", "port"}}
        changed = {name for name, value in real["values"].items() if value != untouched(version)[name]}
        assert changed == set(ours), raw
        for name, value in ours.items():
            option = release.option(name)
            assert option is not None
            assert same(option, value, real["values"][name]), raw


@pytest.mark.parametrize("version", RELEASES[2:])
def test_a_context_that_vllm_finds_itself_has_the_same_spellings(version: str) -> None:
    spellings = [["--max-model-len=auto"], ["--max-model-len", "AUTO"], ["--max-model-len", "-1"]]
    for raw, parsed in zip(spellings, really_parsed(version, [["m", *raw] for raw in spellings]), strict=True):
        assert parsed["values"]["max_model_len"] == -1
        made = engine_command(model="m", image=f"vllm/vllm-openai:v{version}", extra_args=raw)
        assert made.settings["max_model_len"] == "auto"


@pytest.mark.parametrize("version", RELEASES)
def test_levels_behind_a_bare_o_mean_the_same(version: str) -> None:
    spellings = [["-O3"], ["-O=3"], ["-O", "3"]]
    for raw, parsed in zip(spellings, really_parsed(version, [["m", *raw] for raw in spellings]), strict=True):
        real = parsed["values"]
        settings = engine_command(
            model="m",
            image=f"vllm/vllm-openai:v{version}",
            extra_args=raw,
            engine_args={"gpu_memory_utilization": None},
        ).settings
        if "optimization_level" in settings:
            assert real["optimization_level"] == settings["optimization_level"] == "3"
        else:
            assert real["compilation_config"]["level"] == settings["compilation_config"]["level"] == 3


REFUSED = [
    ["--gpu-memory-utilisation=0.8"], ["--seed=one"], ["--seed"], ["--enforce-eager=true"], ["--dtype=flaot16"],
    ["loose"], ["--limit-mm-per-prompt={"], ["--max-num-seqs=2.5"], ["-tp2"], ["--no-headless"],
    ["--max-model-len=long"],
]  # fmt: skip


@pytest.mark.parametrize("version", RELEASES)
def test_what_is_refused_here_vllm_refuses_too(version: str) -> None:
    for raw, real in zip(REFUSED, really_parsed(version, [["m", *raw] for raw in REFUSED]), strict=True):
        if raw != ["loose"]:  # the second positional argument of `vllm serve` is refused by its outer parser
            assert "error" in real, raw
        with pytest.raises(ValueError, match="extra_args"):
            command_line(version, extra_args=raw)


def test_what_vllm_does_without_a_word_is_what_is_refused_here() -> None:
    quiet = [
        ["--max-model", "7"],
        ["--seed=1", "--seed=2"],
        ["--limit-mm-per-prompt={}", "--limit-mm-per-prompt.image=2"],
    ]
    for raw, real in zip(quiet, really_parsed("0.20.2", [["m", *raw] for raw in quiet]), strict=True):
        with pytest.raises(ValueError, match="extra_args"):
            command_line("0.20.2", extra_args=raw)
        if raw[0] != "--max-model":  # which is ambiguous now, so vLLM says something
            assert "error" not in real


@pytest.mark.parametrize("version", RELEASES)
def test_choices_of_the_catalogue_are_those_of_the_parser(version: str) -> None:
    release = catalogue.release(version)
    closed = [o for name in release.names if (o := release.option(name)) and o.choices and o.type == "str"]
    assert len(closed) > 10
    lines = [["m", f"{option.flag}=no-such-choice"] for option in closed]
    assert all("error" in real for real in really_parsed(version, lines))
