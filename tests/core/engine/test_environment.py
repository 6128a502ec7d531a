"""vLLM's environment variables are checked like its options."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from vllm_cdk8s.core.engine import EngineVersion, catalogue, environment
from vllm_cdk8s.core.engine.environment import check_environment

if TYPE_CHECKING:
    from vllm_cdk8s.core.errors import Problem


def found(env: dict[str, str | None], release: str | None = "0.33.0") -> list[Problem]:
    return check_environment(env, EngineVersion(name=release, known=release in catalogue.versions()))


def test_36_variables_went_and_104_came_from_0_20_2_to_0_33_0() -> None:
    old, new = (set(environment.variables(catalogue.release(r))) for r in ("0.20.2", "0.33.0"))
    assert (len(old - new), len(new - old)) == (36, 104)


def test_what_vllm_knows_passes() -> None:
    assert not found({"VLLM_LOGGING_LEVEL": "DEBUG", "VLLM_CACHE_ROOT": "/x", "HF_HOME": "/y", "VLLM_API_KEY": None})
    assert not found({"VLLM_HOST_PORT": "1"})  # read by a module other than envs.py


@pytest.mark.parametrize("release", ["0.33.0", "0.11.0", None])
def test_a_misspelt_variable_is_an_error_for_any_version(release: str | None) -> None:
    (problem,) = found({"VLLM_LOGING_LEVEL": "DEBUG"}, release)
    assert problem.severity == "error"
    assert problem.option == "env['VLLM_LOGING_LEVEL']"
    assert "did you mean 'VLLM_LOGGING_LEVEL'?" in problem.what


def test_a_variable_like_no_other_warns() -> None:
    (problem,) = found({"VLLM_ZZZ_QQQ": "1"})
    assert (problem.severity, problem.rule.code) == ("warning", "VC108")


def test_a_variable_of_other_releases_is_an_error_with_those() -> None:
    (gone,) = found({"VLLM_USE_V1": "1"})
    assert (gone.severity, "but of vLLM up to" in gone.what) == ("error", True)
    (coming,) = found({"VLLM_GPU_SYNC_CHECK": "warn"}, "0.10.0")
    assert (coming.severity, "and later" in coming.what) == ("error", True)
    (unsure,) = found({"VLLM_USE_V1": "1"}, None)
    assert unsure.severity == "warning"


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("VLLM_BATCH_INVARIANT", "true", "'true' is not 0 or 1"),
        ("VLLM_GPU_SYNC_CHECK", "wrn", "'wrn' is not one of warn, error; did you mean 'warn'?"),
        ("VLLM_RINGBUFFER_WARNING_INTERVAL", "1.5", "'1.5' is not a whole number"),
    ],
)
def test_a_value_that_vllm_cannot_read_is_an_error(name: str, value: str, message: str) -> None:
    (problem,) = found({name: value})
    assert problem.what.startswith(message)
    assert problem.severity == "error"


def test_case_is_as_vllm_has_it() -> None:
    assert not found({"VLLM_FLOAT32_MATMUL_PRECISION": "HIGH"})
    assert found({"VLLM_GPU_SYNC_CHECK": "WARN"})
