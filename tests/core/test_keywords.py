"""Keywords that are misspelt or left out."""

from typing import Any

import pytest

from tests.synthesis import new_chart
from vllm_cdk8s import (
    Autoscaling,
    DeviceClaim,
    InvalidOptionError,
    ModelStorage,
    MultiNodeVllmServer,
    Resources,
    SecretKey,
    SlowStartProbes,
    VllmServer,
    size_model,
)

WRONG: Any = {
    "limit": (lambda: Resources(**any_options(limit={"memory": "1Gi"})), "limit: is not an option; did you mean"),
    "replicas": (lambda: Autoscaling(**any_options(max_replica=3)), "max_replica: is not an option; did you mean"),
    "size": (lambda: ModelStorage(new_chart(), "m", **any_options(sise="1Gi")), "sise: is not"),
    "static": (lambda: ModelStorage.nfs(new_chart(), "m", **any_options(server="s", pth="/m")), "pth: is not"),
    "probes": (
        lambda: SlowStartProbes(new_chart(), "p", **any_options(max_startup_second=6)),
        "max_startup_second: is not an option; did you mean 'max_startup_seconds'?",
    ),
    "sizing": (lambda: size_model("7B", **any_options(quantisation="awq")), "quantisation: is not an option"),
    "nothing": (lambda: DeviceClaim(**any_options()), "name: is missing"),
    "model": (lambda: VllmServer(new_chart(), "s", **any_options(gpus=1)), "model: is missing"),
    "misspelt model": (
        lambda: VllmServer(new_chart(), "s", **any_options(modle="a")), "modle: is not an option; did you mean 'model'"
    ),
    "nodes": (
        lambda: MultiNodeVllmServer(new_chart(), "s", **any_options(model="a/b")), "nodes: is missing"
    ),
    "key": (lambda: SecretKey(*["a"]), "key: is missing"),
}  # fmt: skip


def any_options(**options: Any) -> dict[str, Any]:
    """Options that no type checker looks at."""
    return options


@pytest.mark.parametrize(("make", "message"), WRONG.values(), ids=WRONG)
def test_a_wrong_keyword_is_named_with_the_nearest_right_one(make: Any, message: str) -> None:
    with pytest.raises(InvalidOptionError) as caught:
        make()
    assert str(caught.value).startswith(message)


def test_all_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(InvalidOptionError) as caught:
        ModelStorage.host_path(new_chart(), "m", **any_options(pth="/m"))
    assert [problem.option for problem in caught.value.problems] == ["pth", "path", "node"]
