"""EngineArgs names every option of every release, with its type."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_type_hints

from vllm_cdk8s.core.engine import catalogue
from vllm_cdk8s.core.engine.args import EngineArgs as Generated

if TYPE_CHECKING:
    from vllm_cdk8s.core.engine import EngineArgs


def test_every_option_of_every_release_is_a_key_except_those_said_elsewhere() -> None:
    assert set(catalogue.ever()) - set(get_type_hints(Generated)) == {"model", "host", "port", "api_key", "hf_token"}


def test_a_type_checker_knows_names_and_types() -> None:
    # `make types` fails where one of these lines is no error, since unused ignores are errors there.
    right: EngineArgs = {"max_model_len": 4096, "compilation_config": {"mode": 3}, "gpu_memory_utilization": None}
    misspelt: EngineArgs = {"max_model_length": 4096}  # type: ignore[typeddict-unknown-key] # the point of the test
    wrong: EngineArgs = {"enforce_eager": "yes"}  # type: ignore[typeddict-item] # the point of the test
    assert all((right, misspelt, wrong))


def test_the_package_offers_it_lazily() -> None:
    import vllm_cdk8s.core.engine as package  # noqa: PLC0415 - looked at as an attribute

    assert package.EngineArgs is Generated
