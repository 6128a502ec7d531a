from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.kubernetes_schemas import assert_valid
from tests.synthesis import MODEL, Document, documents, new_chart
from vllm_cdk8s.constructs.chat_template import ChatTemplate
from vllm_cdk8s.constructs.multi_node import MultiNodeVllmServer
from vllm_cdk8s.constructs.ray_cluster import RayVllmServer
from vllm_cdk8s.constructs.smoke_test import SmokeTest
from vllm_cdk8s.constructs.storage import ModelStorage
from vllm_cdk8s.core.engine import engine_command
from vllm_cdk8s.core.errors import ConflictError, InvalidOptionError
from vllm_cdk8s.core.features.chat_template import ANNOTATION
from vllm_cdk8s.core.features.hub import InitDownload
from vllm_cdk8s.core.features.lora import LoraAdapters
from vllm_cdk8s.core.server.contribution import Contribution, Extras, Target, with_features

CHART = new_chart(namespace="llm")


@dataclass(frozen=True, kw_only=True, slots=True)
class Adds:
    """A feature that adds what a test says."""

    OPTION: ClassVar[str] = "lora"

    what: Contribution

    def contribute(self, target: Target) -> Contribution:
        assert target.namespace == "llm"
        return self.what


def merged(
    what: Contribution, *, engine_args: Any = None, env: Any = None, **options: Any
) -> tuple[Mapping[str, Any], Mapping[str, Any], Mapping[str, Any]]:
    given_options: dict[str, Any] = {"lora": Adds(what=what), **options}
    result, settings, variables, _ = with_features(
        given_options, model=MODEL, engine_args=engine_args, env=env, namespace="llm"
    )
    return result, settings or {}, variables


def test_what_is_added_stands_before_the_users_own() -> None:
    what = Contribution(
        engine_args={"enable_lora": True},
        env={"A": "1"},
        volumes=({"name": "a"},),
        volume_mounts=({"name": "a", "mountPath": "/a"},),
        pod_annotations={"a": "1"},
    )
    options, settings, variables = merged(
        what,
        engine_args={"seed": 1},
        env={"B": "2"},
        volumes=[{"name": "b"}],
        volume_mounts=[{"name": "b", "mountPath": "/b"}],
        pod_annotations={"b": "2"},
    )
    assert settings == {"seed": 1, "enable_lora": True}
    assert variables == {"A": "1", "B": "2"}
    assert [volume["name"] for volume in options["volumes"]] == ["a", "b"]
    assert [mount["mountPath"] for mount in options["volume_mounts"]] == ["/a", "/b"]
    assert options["pod_annotations"] == {"a": "1", "b": "2"}


def test_defaults_give_way_to_the_user() -> None:
    what = Contribution(engine_defaults={"served_model_name": "default", "seed": 0})
    given_options: dict[str, Any] = {"lora": Adds(what=what)}
    ways: list[dict[str, Any]] = [
        {"engine_args": {"served_model_name": "mine"}},
        {"extra_args": ["--served-model-name=mine"]},
    ]
    for said in ways:
        _, settings, _, extras = with_features(
            given_options, model=MODEL, engine_args=said.get("engine_args"), env=None, namespace="llm"
        )
        assert extras.engine_defaults == {"served_model_name": "default", "seed": 0}
        command = engine_command(
            model=MODEL, engine_args=settings, extra_args=said.get("extra_args", ()), defaults=extras.engine_defaults
        )
        assert command.served_model_name == "mine"
        assert "--seed=0" in command.args
        assert command.defaulted >= {"seed"}
        assert "served_model_name" not in command.defaulted


def test_nothing_of_the_users_is_changed_in_place() -> None:
    engine_args, env, volumes = {"seed": 1}, {"B": "2"}, [{"name": "b"}]
    what = Contribution(engine_args={"x": 1}, env={"A": "1"}, volumes=({"name": "a"},))
    merged(what, engine_args=engine_args, env=env, volumes=volumes)
    assert (engine_args, env, volumes) == ({"seed": 1}, {"B": "2"}, [{"name": "b"}])


def test_without_features_everything_stays_as_it_is() -> None:
    options: dict[str, Any] = {"volumes": [{"name": "b"}]}
    result, settings, variables, extras = with_features(
        options, model=MODEL, engine_args=None, env=None, namespace="llm"
    )
    assert result is options
    assert settings is None
    assert variables == {}
    assert extras == Extras()


VALUES = st.dictionaries(st.sampled_from("abcd"), st.integers(0, 2), max_size=4)


@given(own=VALUES, added=VALUES)
def test_the_user_and_a_feature_agree_or_neither_is_obeyed_silently(own: dict[str, int], added: dict[str, int]) -> None:
    differing = {name for name in own.keys() & added.keys() if own[name] != added[name]}
    what = Contribution(engine_args=added)
    if differing:
        with pytest.raises(ConflictError) as raised:
            merged(what, engine_args=own)
        assert raised.value.option in {f"engine_args[{name!r}]" for name in differing}
    else:
        _, settings, _ = merged(what, engine_args=own)
        assert settings == {**own, **added}


@pytest.mark.parametrize("wrong", ["seed=1", 3])
def test_settings_that_are_no_mapping_are_left_for_the_engine_to_refuse(wrong: Any) -> None:
    _, settings, _ = merged(Contribution(engine_args={"x": 1}), engine_args=wrong)
    assert settings == wrong


def test_a_feature_of_another_option_is_refused() -> None:
    options: dict[str, Any] = {"download": Adds(what=Contribution())}
    with pytest.raises(InvalidOptionError, match=r"^download: Adds\(.* is not one; allowed: InitDownload\(\.\.\.\)"):
        with_features(options, model=MODEL, engine_args=None, env=None, namespace="llm")


def templates(document: Any) -> list[Document]:
    """The pod templates anywhere in an object."""
    if not isinstance(document, dict):
        return [found for item in document for found in templates(item)] if isinstance(document, list) else []
    here = [document] if isinstance(document.get("spec"), dict) and "containers" in document["spec"] else []
    return here + [found for item in document.values() for found in templates(item)]


@pytest.mark.parametrize("kind", [MultiNodeVllmServer, RayVllmServer])
def test_a_server_over_several_nodes_has_the_same_features(kind: type[MultiNodeVllmServer | RayVllmServer]) -> None:
    chart = new_chart()
    server = kind(
        chart,
        "big",
        model=MODEL,
        nodes=2,
        gpus=2,
        image="vllm/vllm-openai:v0.20.2",
        storage=ModelStorage.nfs(chart, "models", server="nfs", path="/models"),
        lora=LoraAdapters(adapters={"sql": "/adapters/sql"}, claim="adapters"),
        chat_template=ChatTemplate(chart, "template", text="{{ messages }}"),
        download=InitDownload(),
    )
    SmokeTest(chart, "smoke", server=server)
    rendered = documents(chart)
    assert_valid(rendered)
    [job] = [document for document in rendered if document["kind"] == "Job"]
    [test] = job["spec"]["template"]["spec"]["containers"]
    assert test["args"][:2] == [f"--url={server.url}", f"--model={MODEL}"]
    pods = [template for document in rendered if document["kind"] != "Job" for template in templates(document)]
    assert len(pods) == 2  # the leader's and the workers'
    for template in pods:
        [download] = template["spec"]["initContainers"]
        assert download["name"] == "download"
        assert ANNOTATION in template["metadata"]["annotations"]
        assert {"lora-adapters", "chat-template"} <= {volume["name"] for volume in template["spec"]["volumes"]}


def test_a_feature_that_is_said_to_be_off_is_off() -> None:
    options: dict[str, Any] = dict.fromkeys(("lora", "download", "chat_template", "kv_offload"), False)
    result, _, _, extras = with_features(options, model=MODEL, engine_args=None, env=None, namespace="llm")
    assert result == {}
    assert extras == Extras()
