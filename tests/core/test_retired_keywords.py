"""What is renamed or taken away goes on working for a release, and says so."""

import warnings
from typing import Any

import pytest
from typing_extensions import deprecated

from tests.synthesis import new_chart
from vllm_cdk8s import ConflictError, InvalidOptionError, ModelStorage, VllmCdk8sWarning
from vllm_cdk8s.core.errors import Problem
from vllm_cdk8s.core.keywords import named_keywords, retired_keywords

retiring = retired_keywords(
    since="0.3.0", until="0.4.0", renamed={"budget": "seconds"}, leaving={"quiet": "filter warnings instead"}
)


@retiring
@named_keywords
class Wait:
    def __init__(self, *, seconds: int, quiet: bool = False) -> None:
        self.seconds, self.quiet = seconds, quiet


@retiring
@named_keywords
def wait(*, seconds: int, quiet: bool = False) -> tuple[int, bool]:
    return seconds, quiet


@deprecated("OldStorage: renamed to ModelStorage in 0.3.0, gone in 0.4.0", category=VllmCdk8sWarning, stacklevel=2)
class OldStorage(ModelStorage):
    pass


def given(make: Any, **options: Any) -> tuple[Any, list[warnings.WarningMessage]]:
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        return make(**options), warned


@pytest.mark.parametrize("make", [Wait, wait])
def test_an_old_name_works_and_says_the_new_one(make: Any) -> None:
    made, warned = given(make, budget=5)
    assert (made if isinstance(made, tuple) else (made.seconds, made.quiet)) == (5, False)
    assert [str(one.message) for one in warned] == ["budget: renamed to seconds= in 0.3.0, gone in 0.4.0 [VC011]"]
    assert [one.category for one in warned] == [VllmCdk8sWarning]
    assert warned[0].filename == __file__, "the user's own line"


def test_what_leaves_works_and_says_what_to_do_instead() -> None:
    made, warned = given(Wait, seconds=5, quiet=True)
    assert made.quiet
    (problem,) = (one.message.problem for one in warned if isinstance(one.message, VllmCdk8sWarning))
    assert isinstance(problem, Problem)
    assert problem.line() == "quiet: deprecated since 0.3.0, gone in 0.4.0; filter warnings instead"


def test_new_names_say_nothing() -> None:
    assert given(Wait, seconds=5)[1] == []


def test_both_names_at_once_are_refused() -> None:
    with pytest.raises(ConflictError, match="budget: is the old name of seconds=, which is given too"):
        given(Wait, budget=5, seconds=6)


def test_other_names_are_wrong_as_ever() -> None:
    with pytest.raises(InvalidOptionError, match="secnds: is not an option; did you mean 'seconds'"):
        given(Wait, secnds=5)


def test_a_class_that_leaves_is_the_library_s_matter() -> None:
    made, warned = given(lambda: OldStorage(new_chart(), "models", size="1Gi"))
    assert isinstance(made, ModelStorage)
    assert [(one.category, one.filename) for one in warned] == [(VllmCdk8sWarning, __file__)]
