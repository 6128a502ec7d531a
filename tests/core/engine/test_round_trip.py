"""Any settings that a release takes are written so that they are read back as they were."""

from __future__ import annotations

import string
from typing import TYPE_CHECKING, Any

from hypothesis import given, settings
from hypothesis import strategies as st

from vllm_cdk8s.core.engine import catalogue, engine_command, limits, raw

if TYPE_CHECKING:
    from vllm_cdk8s.core.engine.catalogue import Option
    from vllm_cdk8s.core.errors import InvalidOptionError

RELEASES = ["0.10.0", "0.11.1", "0.16.0", "0.20.2", catalogue.versions()[-1]]
# Keywords, secrets, and what other settings or this package's defaults have a say in.
ELSEWHERE = {
    "model", "host", "port", "api_key", "hf_token", "async_scheduling", "enable_auto_tool_choice", "enable_log_outputs",
    "lora_modules", "enable_chunked_prefill", "max_num_batched_tokens", "max_num_seqs", "gpu_memory_utilization",
    "max_model_len", "compilation_config", "config", "uds", "headless", "api_server_count", "ssl_keyfile", "nnodes",
    "decode_context_parallel_size", "node_rank", "limit_mm_per_prompt", "revision", "code_revision",
    "tokenizer_revision", "middleware", "generation_config",
}  # fmt: skip
TEXT = st.text(string.ascii_letters + string.digits + " .,:/=_-{}[]\"'é$", min_size=1, max_size=12)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 99999) | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=5,
)


def values(option: Option, release: catalogue.Release) -> st.SearchStrategy[Any]:
    if option.kind == "flag":
        return st.sampled_from([True, False] if option.off else [True])
    one = _one(option, release)
    if option.kind in {"list", "append"}:
        loose = one.filter(lambda item: not isinstance(item, str) or not item.startswith("-"))
        least = option.count or 1
        return st.lists(loose, min_size=least, max_size=option.count or 3)
    return one


def _one(option: Option, release: catalogue.Release) -> st.SearchStrategy[Any]:
    if names := option.choices or limits.registered(option.name, release) or option.values:
        return st.sampled_from(names)
    bounds = limits.bounds(option.name, release) or {}
    least, most = bounds.get("ge", 1), bounds.get("le", bounds.get("lt", 9999 + 0.5) - 0.5)
    least, most = (0.25, most) if most <= 1 else (max(least, 1), min(most, 9999))
    mapping = st.dictionaries(TEXT, JSON, max_size=3)
    if release.fields(option.name):
        mapping = st.fixed_dictionaries({})
    return {
        "str": TEXT,
        "int": st.integers(int(least), int(most)),
        "size": st.integers(1, 99999) | st.sampled_from(["1k", "2K", "1.5m"]),
        "float": st.floats(least, most, allow_nan=False),
        "int_or_str": st.sampled_from(["O2", "1"]),
        "object": mapping,
        "object_or_str": mapping | st.text(string.ascii_letters, min_size=1, max_size=9),
        "json": JSON.filter(lambda value: value is not None),
        "comma_list": st.text(string.digits + ",", min_size=1, max_size=5),
    }[option.type]


def fail(error: InvalidOptionError) -> None:
    raise error


@st.composite
def engine_args(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    release = catalogue.release(draw(st.sampled_from(RELEASES)))
    usable = [
        name
        for name in release.names
        if name not in ELSEWHERE and (option := release.option(name)) and not option.deprecated
    ]
    names = draw(st.lists(st.sampled_from(usable), max_size=8, unique=True))
    chosen = {}
    for name in names:
        option = release.option(name)
        assert option is not None
        chosen[name] = draw(values(option, release))
    return release.name, chosen


@given(engine_args())
@settings(max_examples=300)
def test_settings_are_read_back_from_the_command_line_as_they_were(case: tuple[str, dict[str, Any]]) -> None:
    version, chosen = case
    typed = {**chosen, "compilation_config": None, "gpu_memory_utilization": None, "max_model_len": None}
    made = engine_command(model="m", image=f"vllm/vllm-openai:v{version}", engine_args=typed)  # type: ignore[arg-type] # any settings
    read = raw.parse("argv", made.args[1:], catalogue.release(version), fail)
    found = {name: item.value for name, item in read.items() if name not in {"host", "port"}}
    assert found == chosen


@given(engine_args())
def test_raw_arguments_are_passed_on_and_mean_what_typed_settings_mean(case: tuple[str, dict[str, Any]]) -> None:
    version, chosen = case
    image = f"vllm/vllm-openai:v{version}"
    typed = engine_command(model="m", image=image, engine_args=chosen)  # type: ignore[arg-type] # any settings
    head = engine_command(model="m", image=image).args
    raw_items = [arg for arg in typed.args[3:] if arg not in head]
    again = engine_command(model="m", image=image, extra_args=raw_items)
    assert dict(again.settings) == dict(typed.settings)
