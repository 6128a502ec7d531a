import json
import warnings
from typing import Any

import cdk8s
import cdk8s_plus_27 as kplus
import pytest
from syrupy.assertion import SnapshotAssertion

from tests.synthesis import MODEL, PLAIN, assert_golden, documents, new_chart, pod_spec, vllm_container
from vllm_cdk8s.constructs.server import VllmServer
from vllm_cdk8s.constructs.storage import ModelStorage
from vllm_cdk8s.core.errors import ConflictError, InvalidOptionError, VllmCdk8sWarning
from vllm_cdk8s.core.features.hub import InitDownload
from vllm_cdk8s.core.features.lora import LoraAdapter, LoraAdapters
from vllm_cdk8s.core.pod.secret_key import SecretKey

KEY = SecretKey("vllm-api-key", "key")


def server(chart: cdk8s.Chart, id: str = "qwen", **options: Any) -> VllmServer:
    return VllmServer(chart, id, **{**PLAIN, **options})


def resolving(chart: cdk8s.Chart, **options: Any) -> None:
    """A server that resolves adapters, with a key and a policy: what happens without is another test's subject."""
    given: dict[str, Any] = {"lora": LoraAdapters(resolve_at_runtime=True), "api_key": KEY, **options}
    kplus.NetworkPolicy(chart, "guard", selector=server(chart, **given).pods)


def variables(chart: cdk8s.Chart) -> dict[str, Any]:
    return {item["name"]: item.get("value") for item in vllm_container(chart)["env"]}


def test_the_hub_is_asked_for_what_its_repositories_have() -> None:
    chart = new_chart()
    resolving(chart, lora=LoraAdapters(resolve_at_runtime=True, hub_repositories=["org/adapters", "org/more"]))
    found = variables(chart)
    assert found["VLLM_LORA_RESOLVER_HF_REPO_LIST"] == "org/adapters,org/more"
    # Loaded by its name alone, and the other one then too.
    assert found["VLLM_PLUGINS"] == "lora_filesystem_resolver,lora_hf_hub_resolver"
    chart = new_chart()
    own = {"VLLM_PLUGINS": "mine,lora_hf_hub_resolver,lora_filesystem_resolver"}
    resolving(chart, lora=LoraAdapters(resolve_at_runtime=True, hub_repositories=["org/adapters"]), env=own)
    assert variables(chart)["VLLM_PLUGINS"] == own["VLLM_PLUGINS"]


def test_what_the_hub_cannot_be_asked_for_is_refused() -> None:
    with pytest.raises(InvalidOptionError, match=r"lora\.hub_repositories\[0\].*org/name"):
        LoraAdapters(resolve_at_runtime=True, hub_repositories=["adapters"])
    with pytest.raises(ConflictError, match="resolve_at_runtime=True"):
        LoraAdapters(adapters={"a": "/a"}, hub_repositories=["org/adapters"])
    asked = LoraAdapters(resolve_at_runtime=True, hub_repositories=["org/adapters"])
    with pytest.raises(ConflictError, match=r"begins with vLLM 0\.16\.0"):
        resolving(new_chart(), lora=asked, image="vllm/vllm-openai:v0.15.1")
    with pytest.raises(ConflictError, match="lora_hf_hub_resolver"):
        resolving(new_chart(), lora=asked, env={"VLLM_PLUGINS": "lora_filesystem_resolver"})


# The list that is loaded at start-up.


def test_listed_adapters_become_lora_modules_and_turn_lora_on() -> None:
    chart = new_chart()
    server(chart, lora=LoraAdapters(adapters={"sql": "/root/.cache/lora/sql", "chat": "org/chat-lora"}))
    args = vllm_container(chart)["args"]
    assert "--enable-lora" in args
    start = args.index("--lora-modules")
    assert args[start + 1 : start + 3] == ["sql=/root/.cache/lora/sql", "chat=org/chat-lora"]


def test_adapters_alone_open_nothing_and_mount_nothing() -> None:
    chart = new_chart()
    server(chart, lora=LoraAdapters(adapters={"sql": "/root/.cache/lora/sql"}))
    assert "VLLM_ALLOW_RUNTIME_LORA_UPDATING" not in variables(chart)
    assert [volume["name"] for volume in pod_spec(chart)["volumes"]] == ["model-storage"]


@pytest.mark.parametrize(
    ("adapter", "item"),
    [
        (LoraAdapter(name="a=b", path="/x"), {"name": "a=b", "path": "/x"}),
        (LoraAdapter(name="sql", path="/x,y"), {"name": "sql", "path": "/x,y"}),
        (
            LoraAdapter(name="sql", path="/x", base_model="qwen"),
            {"name": "sql", "path": "/x", "base_model_name": "qwen"},
        ),
    ],
)
def test_what_name_and_path_cannot_say_is_said_in_json(adapter: LoraAdapter, item: dict[str, str]) -> None:
    # vLLM reads an item that has "=" and no "," as name=path, splitting at every "=", and all others as JSON.
    assert json.loads(adapter.argument()) == item
    assert "," in adapter.argument()


def test_ranks_and_batches_stay_settings_of_vllm() -> None:
    chart = new_chart()
    server(chart, lora=LoraAdapters(adapters={"sql": "/x"}), engine_args={"max_loras": 4, "max_lora_rank": 64})
    assert {"--max-loras=4", "--max-lora-rank=64"} <= set(vllm_container(chart)["args"])


def test_one_value_serves_several_servers() -> None:
    chart = new_chart()
    adapters = LoraAdapters(adapters={"sql": "/x"})
    for name in ("a", "b"):
        server(chart, name, lora=adapters)
    deployments = [document for document in documents(chart) if document["kind"] == "Deployment"]
    for deployment in deployments:
        assert "--lora-modules=sql=/x" in deployment["spec"]["template"]["spec"]["containers"][0]["args"]
    assert len(deployments) == 2


def test_the_users_word_for_the_same_thing_is_no_conflict() -> None:
    chart = new_chart()
    server(chart, lora=LoraAdapters(adapters={"sql": "/x"}), engine_args={"enable_lora": True})
    assert vllm_container(chart)["args"].count("--enable-lora") == 1


# The folder in which vLLM looks.


def test_resolving_sets_what_vllm_asks_for_and_leaves_its_plugins_alone() -> None:
    chart = new_chart()
    resolving(chart)
    env = variables(chart)
    assert env["VLLM_ALLOW_RUNTIME_LORA_UPDATING"] == "1"
    assert env["VLLM_LORA_RESOLVER_CACHE_DIR"] == "/adapters"
    assert "VLLM_PLUGINS" not in env
    assert "--enable-lora" in vllm_container(chart)["args"]


def test_the_folder_is_one_of_the_servers_storage_that_kubernetes_makes() -> None:
    # vLLM does not start where the folder is missing; a subPath always exists.
    chart = new_chart()
    resolving(chart)
    mounts = vllm_container(chart)["volumeMounts"]
    assert {"name": "model-storage", "mountPath": "/adapters", "subPath": "lora-adapters", "readOnly": True} in mounts


@pytest.mark.parametrize("kind", ["name", "construct"])
def test_a_claim_of_adapters_is_mounted_read_only(kind: str) -> None:
    chart = new_chart()
    claim: Any = "adapters"
    if kind == "construct":
        claim = ModelStorage.nfs(chart, "adapters", server="nfs", path="/adapters", name="adapters").claim
    resolving(chart, lora=LoraAdapters(resolve_at_runtime=True, claim=claim, mount_path="/lora"))
    assert {"name": "lora-adapters", "persistentVolumeClaim": {"claimName": "adapters"}} in pod_spec(chart)["volumes"]
    mounts = vllm_container(chart)["volumeMounts"]
    assert {"name": "lora-adapters", "mountPath": "/lora", "readOnly": True} in mounts
    assert variables(chart)["VLLM_LORA_RESOLVER_CACHE_DIR"] == "/lora"


def test_a_claim_of_another_namespace_is_refused() -> None:
    chart = new_chart()
    elsewhere = cdk8s.Chart(cdk8s.App.of(chart), "storage", namespace="storage")
    claim = kplus.PersistentVolumeClaim(elsewhere, "claim", storage=cdk8s.Size.gibibytes(1))
    with pytest.raises(
        ConflictError, match=r"^[^ ]+/[^ ]+: lora\.claim: .*is in namespace 'storage', the server in None"
    ):
        server(chart, lora=LoraAdapters(adapters={"sql": "/adapters/sql"}, claim=claim))


def test_resolving_without_a_key_warns() -> None:
    with pytest.warns(VllmCdk8sWarning, match=r"^lora: resolve_at_runtime lets whoever reaches the server"):
        server(new_chart(), lora=LoraAdapters(resolve_at_runtime=True))


@pytest.mark.parametrize("model", [MODEL, "/models/qwen"])
def test_resolving_offline_warns_unless_the_model_is_a_path(model: str) -> None:
    # Offline, vLLM compares adapters' base model with the path in its cache.
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        resolving(new_chart(), model=model, env={"HF_HUB_OFFLINE": "1"})
    said = [str(warning.message) for warning in caught if "HF_HUB_OFFLINE" in str(warning.message)]
    assert len(said) == (1 if model == MODEL else 0)


def test_plugins_of_the_users_own_that_have_the_resolver_are_fine() -> None:
    chart = new_chart()
    resolving(chart, env={"VLLM_PLUGINS": "mine,lora_filesystem_resolver"})
    assert variables(chart)["VLLM_PLUGINS"] == "mine,lora_filesystem_resolver"


# What contradicts.


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"engine_args": {"enable_lora": False}}, r"^engine_args\['enable_lora'\]: False contradicts lora"),
        ({"engine_args": {"lora_modules": ["a=/a"]}}, r"^engine_args\['lora_modules'\]: \['a=/a'\] contradicts lora"),
        ({"env": {"VLLM_ALLOW_RUNTIME_LORA_UPDATING": "0"}}, r"^env\['VLLM_ALLOW_RUNTIME_LORA_UPDATING'\]: '0'"),
        ({"env": {"VLLM_PLUGINS": "mine"}}, r"^env\['VLLM_PLUGINS'\]: 'mine' keeps vLLM from loading"),
        ({"engine_args": {"api_server_count": 2}}, r"^api_server_count: 2 contradicts"),
        ({"model": "sql"}, r"^lora\.adapters: 'sql' is the name of the server's model"),
        (
            {"volumes": [{"name": "lora-adapters", "emptyDir": {}}]},
            r"^volumes: 'lora-adapters' is there twice",
        ),
    ],
)
def test_contradictions_name_the_users_option(options: dict[str, Any], message: str) -> None:
    lora = LoraAdapters(adapters={"sql": "/x"}, resolve_at_runtime=True, claim="adapters")
    with pytest.raises(ConflictError, match=message.replace("^", "^llm/[a-z]+: ")):
        server(new_chart(), **{"lora": lora, "api_key": KEY, **options})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, r"^lora\.adapters: there are none"),
        ({"adapters": {"sql": "sql"}}, r"^lora\.adapters\['sql'\]: 'sql' is neither"),
        ({"adapters": {"sql": "../sql"}}, r"^lora\.adapters\['sql'\]: '\.\./sql' is neither"),
        ({"adapters": {"sql": "/x/../y"}}, r"^lora\.adapters\['sql'\]: '/x/\.\./y' is not an absolute path"),
        ({"adapters": {"": "/x"}}, r"^lora\.name: '' is empty"),
        ({"adapters": {"--x": "/x"}}, r"^lora\.name: '--x' begins with '-'"),
        ({"adapters": ["sql=/x"]}, r"^lora\.adapters\[0\]: 'sql=/x' is not an adapter"),
        ({"adapters": "sql=/x"}, r"^lora\.adapters: 'sql=/x' is not a list"),
        ({"resolve_at_runtime": "yes"}, r"^lora\.resolve_at_runtime: 'yes' is not a boolean"),
        ({"resolve_at_runtime": True, "mount_path": "adapters"}, r"^lora\.mount_path: 'adapters'"),
        ({"adapters": {"sql": "/x"}, "claim": "Adapters"}, r"^lora\.claim: 'Adapters'"),
        ({"adapters": {"sql": "/x"}, "claim": 3}, r"^lora\.claim: 3 is not a claim"),
    ],
)
def test_wrong_values_are_refused_where_they_are_written(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidOptionError, match=message):
        LoraAdapters(**options)


def test_two_adapters_of_one_name_are_refused() -> None:
    with pytest.raises(ConflictError, match=r"^lora\.adapters: 'sql' is the name of two adapters"):
        LoraAdapters(adapters=[LoraAdapter(name="sql", path="/a"), LoraAdapter(name="sql", path="/b")])


@pytest.mark.parametrize("value", [{"sql": "/x"}, InitDownload()])
def test_what_is_no_lora_adapters_is_refused(value: object) -> None:
    with pytest.raises(InvalidOptionError, match=r"^[^ ]+/[^ ]+: lora: .* is not one; allowed: LoraAdapters"):
        server(new_chart(), lora=value)


def test_a_server_with_adapters_is_as_golden(snapshot: SnapshotAssertion) -> None:
    chart = new_chart(namespace="llm")
    resolving(
        chart,
        name="qwen",
        lora=LoraAdapters(adapters={"sql": "/adapters/sql"}, claim="adapters", resolve_at_runtime=True),
        engine_args={"max_loras": 4, "max_lora_rank": 64},
    )
    assert_golden(chart, snapshot)
