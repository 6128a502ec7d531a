"""What the texts of settings must look like inside."""

from typing import Any

import pytest

from vllm_cdk8s.core.engine import engine_command
from vllm_cdk8s.core.errors import InvalidOptionError, VllmCdk8sError

IMAGE = "vllm/vllm-openai:v0.20.0"


def command(settings: Any, extra_args: Any = ()) -> tuple[str, ...]:
    return engine_command(
        model="facebook/opt-125m", host="::", port=8000, image=IMAGE, engine_args=settings, extra_args=extra_args
    ).args  # fmt: skip


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"lora_modules": ["a"]}, "lora_modules: 'a' is not an adapter; allowed: 'name=path', or JSON such as"),
        ({"lora_modules": ["a=b c"]}, "lora_modules: 'b c' is not a path, since it holds a blank or a reference"),
        ({"lora_modules": ["a=$(X)"]}, "lora_modules: '$(X)' is not a path"),
        ({"lora_modules": ['{"name": "a"}']}, "lora_modules: '{\"name\": \"a\"}' has no name and path"),
        ({"limit_mm_per_prompt": {"image": -1}}, "limit_mm_per_prompt: -1 of 'image' is not a number of inputs"),
        ({"limit_mm_per_prompt": {"imag": 1}}, "limit_mm_per_prompt: 'imag' is not a kind of input; allowed: image"),
        ({"revision": "a b"}, "revision: 'a b' is not a revision; allowed: a branch, a tag or a commit"),
        ({"middleware": ["x"]}, "middleware: 'x' is not a path to import; allowed: such as 'package.module.Class'"),
        ({"served_model_name": ""}, "served_model_name: '' is not a name to ask for"),
        ({"hf_overrides": "{bad"}, "hf_overrides: '{bad' is not JSON"),
        ({"generation_config": "vlm"}, "generation_config: 'vlm' is neither 'auto' nor 'vllm' nor a folder"),
        ({"max_num_seqs": 10**22}, "max_num_seqs: 10000000000000000000000 is more than 64 bits hold"),
        ({"node_rank": 1}, "node_rank: 1: "),
    ],
)  # fmt: skip
def test_a_text_that_stops_vllm_later_is_refused(settings: dict[str, Any], message: str) -> None:
    lora = {"enable_lora": True} if "lora_modules" in settings else {}
    with pytest.raises(VllmCdk8sError) as caught:
        command({**settings, **lora})
    assert str(caught.value).startswith(message)


def test_a_raw_argument_is_named_with_its_place() -> None:
    with pytest.raises(InvalidOptionError, match=r"^extra_args\[0\]: .*'a b' is not a revision"):
        command({}, ["--revision=a b"])


@pytest.mark.parametrize(
    "settings",
    [
        {"lora_modules": ["a=/adapters/a", '{"name": "b", "path": "org/b"}'], "enable_lora": True},
        {"limit_mm_per_prompt": {"image": 4, "video": {"count": 1, "num_frames": 8}, "future": 2}},
        {"revision": "refs/pr/1"},
        {"middleware": ["package.module.Class"]},
        {"served_model_name": ["a b", "c"]},
        {"hf_overrides": {"architectures": ["A"]}},
        {"generation_config": "vllm"},
        {"generation_config": "/models/x"},
    ],
)  # fmt: skip
def test_what_vllm_takes_is_taken(settings: dict[str, Any]) -> None:
    assert command(settings)
