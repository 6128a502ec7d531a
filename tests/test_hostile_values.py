"""Values of no sense for every option of a server: each is refused by name, or means what it says."""

from decimal import Decimal
from enum import Enum, IntEnum
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.synthesis import new_chart
from tests.synthesis import to_yaml as to_text
from vllm_cdk8s import (
    DeviceClaimTemplate,
    Ingress,
    InvalidOptionError,
    KaiShare,
    ModelDownload,
    ModelStorage,
    Resources,
    SmokeTest,
    VllmCdk8sError,
    VllmServer,
    size_model,
)
from vllm_cdk8s.constructs.server import VllmServerOptions
from vllm_cdk8s.constructs.threshold import wire_options
from vllm_cdk8s.core.errors import Collector, collecting
from vllm_cdk8s.core.kube.names import fixed_names
from vllm_cdk8s.core.kube.writing import to_yaml
from vllm_cdk8s.core.server.deployment import DeploymentShape
from vllm_cdk8s.core.server.plan import ServerInput, ServerPlan, check_options, plan_server

TOKEN = "hf_" + "AbCdEfGhIjKlMnOpQrStUvWxYz0123456789"
OPTIONS = tuple(VllmServerOptions.__annotations__)


class Word(str, Enum):
    """As many programs keep their choices."""

    BFLOAT16 = "bfloat16"
    MEMORY = "24Gi"


class Number(IntEnum):
    """Likewise."""

    TWO = 2


def _endless() -> dict[str, Any]:
    value: dict[str, Any] = {}
    value["a"] = value
    return value


def _endless_list() -> list[Any]:
    value: list[Any] = []
    value.append(value)
    return value


def _deep() -> dict[str, Any]:
    value: dict[str, Any] = {}
    for _ in range(5000):
        value = {"a": value}
    return value


FIVE: Any = 5
DEEP: Any = _deep()


def a_server(chart: Any) -> VllmServer:
    return VllmServer(chart, "s", model="a/b", gpus=1)


def a_download(chart: Any, **options: Any) -> ModelDownload:
    return ModelDownload(chart, "x", models=["a/b"], storage=ModelStorage(chart, "m"), **options)


HOSTILE: dict[str, Any] = {
    "a token": TOKEN,
    "a number in a word": Word.BFLOAT16,
    "a member": Number.TWO,
    "endless": _endless(),
    "an endless list": _endless_list(),
    "deep": DEEP,
    "half a character": "\ud800",
    "False": False,
    "bytes": b"abc",
    "a class": int,
    "an object": object(),
    "huge": 10**30,
    "not a number": float("nan"),
    "decimal": Decimal(2),
    "path": Path("/x"),
    "generator": (number for number in range(3)),
    "null in a list": [None],
    "next line": "a\u0085lifecycle: {}",
}


def planned(model: str = "facebook/opt-125m", **options: Any) -> ServerPlan:
    with Collector() as found:
        said = wire_options(check_options(options, OPTIONS, found=found))
    shape = DeploymentShape(
        replicas=said.get("replicas", 1), max_surge=said.get("max_surge"), max_unavailable=said.get("max_unavailable")
    )
    given = ServerInput(model=model, said=said, shape=shape, names=fixed_names("llm"), path=lambda: "chart/llm")
    with collecting([]):
        return plan_server(given)


def written(**options: Any) -> str:
    return to_yaml(manifest.wire() for manifest in planned(gpus=1, **options).manifests())


def _yaml_or_refusal(option: str, value: Any) -> str:
    try:
        return to_yaml(manifest.wire() for manifest in planned(**{"gpus": 1, option: value}).manifests())
    except VllmCdk8sError as error:
        text = str(error)
    # vLLM's settings are named by their own names.
    assert option in text or option == "engine_args"
    return text


@pytest.mark.parametrize("value", HOSTILE.values(), ids=HOSTILE)
def test_no_option_meets_a_value_with_a_traceback_or_shows_a_token(value: Any) -> None:
    for option in OPTIONS:
        text = _yaml_or_refusal(option, value)
        assert TOKEN not in text, option
        assert " at 0x" not in text, option


def test_members_of_enumerations_are_what_they_stand_for() -> None:
    text = written(
        replicas=Number.TWO,
        port=Number.TWO,
        host=Word.BFLOAT16,
        engine_args={"dtype": Word.BFLOAT16, "max_num_seqs": Number.TWO},
        env={"MODE": Word.BFLOAT16},
        resources=Resources(limits={"memory": Word.MEMORY}),
        labels={"a": Word.BFLOAT16},
        volumes=[{"name": Word.BFLOAT16, "emptyDir": {"sizeLimit": Word.MEMORY}}],
        drain_seconds=Number.TWO,
    )
    assert "Word" not in text
    [deployment, *_] = yaml.safe_load_all(text)
    assert deployment["spec"]["replicas"] == 2
    [container] = deployment["spec"]["template"]["spec"]["containers"]
    assert {"--port=2", "--host=bfloat16", "--dtype=bfloat16", "--max-num-seqs=2"} <= set(container["args"])
    assert container["resources"]["limits"] == {"memory": "24Gi", "nvidia.com/gpu": 1}


@pytest.mark.parametrize(
    ("make", "line"),
    [
        (lambda: Ingress(hosts=["a.example"], class_name=TOKEN), "ingress.class_name"),
        (lambda: KaiShare(queue=TOKEN), "kai.queue"),
    ],
)
def test_a_value_object_shows_no_token(make: Any, line: str) -> None:
    with pytest.raises(InvalidOptionError) as caught:
        make()
    assert TOKEN not in str(caught.value)
    assert str(caught.value).startswith(line)


@pytest.mark.parametrize("option", ["model", "instance", "app_name", "image", "labels", "annotations", "node_selector"])
def test_a_token_in_any_text_is_refused(option: str) -> None:
    value: Any = {"a": TOKEN} if option in ("labels", "annotations", "node_selector") else TOKEN
    with pytest.raises(VllmCdk8sError) as caught:
        planned(**{"gpus": 1, option: value})
    assert TOKEN not in str(caught.value)
    assert "a literal secret would stand in the YAML" in str(caught.value)
    assert caught.value.code == "VC501"


def test_numbers_beyond_what_kubernetes_counts_in_are_refused() -> None:
    with pytest.raises(InvalidOptionError, match=r"^drain_seconds: 2147483648 is out of range; allowed: 0"):
        planned(gpus=1, drain_seconds=2**31)


def test_shared_memory_without_a_unit_is_refused() -> None:
    with pytest.raises(InvalidOptionError, match=r"^shm_size: 8 is less than 1 MiB; allowed: a size such as '50Gi'"):
        planned(gpus=1, shm_size=8)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda c: a_download(c, name=FIVE), "name: 5 is not a string"),
        (lambda c: a_download(c, image="na\u00efve"), "image: 'na\u00efve' is not a reference to an image"),
        (lambda c: ModelStorage.host_path(c, "x", path="/m", node="n", labels=FIVE), "labels: 5 is not a mapping"),
        (lambda c: ModelStorage.nfs(c, "x", server="s", path="/m", labels=FIVE), "labels: 5 is not a mapping"),
        (lambda c: ModelStorage.nfs(c, "x", server="a b", path="/m"), "server: 'a b' is neither the name nor the"),
        (lambda c: ModelStorage(c, "x", storage_class=FIVE), "storage_class: 5 is not a string"),
        (lambda c: DeviceClaimTemplate(c, "x", mig="big"), "mig: 'big' is not a profile; allowed: such as '3g.40gb'"),
        (lambda c: SmokeTest(c, "x", server=a_server(c), env=FIVE), "env: 5 is not a mapping"),
        (lambda _: size_model("7B", quantization="awqq"), "quantization: 'awqq' is not a quantization of vLLM; did"),
        (lambda _: KaiShare(gpu_fraction=DEEP), "kai.gpu_fraction: {'a': {'a': "),
    ],
)  # fmt: skip
def test_what_surrounds_a_server_is_refused_by_name(make: Any, message: str) -> None:
    with pytest.raises(VllmCdk8sError) as caught:
        make(new_chart())
    assert str(caught.value).removeprefix("test/").removeprefix("x: ").startswith(message)


def test_a_member_of_an_enumeration_may_stand_in_any_object() -> None:
    chart = new_chart()
    ModelDownload(chart, "x", models=["a/b"], storage=ModelStorage(chart, "m", name=Word.BFLOAT16), retries=Number.TWO)
    text = to_text(chart)
    assert "backoffLimit: 2" in text
    assert "name: bfloat16" in text
