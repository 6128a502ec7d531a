import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cdk8s
import cdk8s_plus_27 as kplus
import pytest
from syrupy.assertion import SnapshotAssertion

from tests.kubernetes_schemas import assert_valid
from tests.pod_security_standards import strictest_level
from tests.synthesis import (
    MODEL,
    PLAIN,
    Document,
    assert_golden,
    documents,
    new_chart,
    pod_spec,
    the,
    vllm_container,
)
from vllm_cdk8s.constructs.download import ModelDownload
from vllm_cdk8s.constructs.drop_cache import DropCacheWrapper
from vllm_cdk8s.constructs.server import VllmServer
from vllm_cdk8s.constructs.storage import ModelStorage
from vllm_cdk8s.core.errors import ConflictError, InvalidOptionError, VllmCdk8sWarning
from vllm_cdk8s.core.features.hub import HubModel, InitDownload
from vllm_cdk8s.core.features.lora import LoraAdapters
from vllm_cdk8s.core.pod import programs
from vllm_cdk8s.core.pod.resources import Resources
from vllm_cdk8s.core.pod.secret_key import SecretKey
from vllm_cdk8s.core.pod.security import NonRoot

TOKEN = SecretKey("huggingface", "token")

# The program itself, run by a real Python against a hub that is a folder on this machine.

FAKE_HUB = """
import fnmatch, json, os
from pathlib import Path
from huggingface_hub.errors import RepositoryNotFoundError

REPOSITORIES = json.loads(os.environ["FAKE_HUB"])

def _files(repo_id):
    if os.environ.get("FAKE_OUTAGE"):
        raise ConnectionError("the hub is out of reach")
    if repo_id not in REPOSITORIES:
        raise RepositoryNotFoundError(f"404:\\n\\n{repo_id}")
    return REPOSITORIES[repo_id]

def list_repo_files(repo_id, *, revision=None):
    return _files(repo_id)

def snapshot_download(repo_id, *, revision=None, allow_patterns=None, ignore_patterns=None):
    folder = Path(os.environ["HF_HOME"], "hub", repo_id.replace("/", "--"), revision or "main")
    def matches(name, patterns):
        return any(fnmatch.fnmatch(name, pattern) for pattern in patterns)
    for name in _files(repo_id):
        if allow_patterns is not None and not matches(name, allow_patterns):
            continue
        if ignore_patterns is not None and matches(name, ignore_patterns):
            continue
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(os.environ.get("HF_TOKEN", ""))
    return str(folder)
"""
ERRORS = """
class RepositoryNotFoundError(Exception): pass
class RevisionNotFoundError(Exception): pass
class HFValidationError(ValueError): pass
"""
LLAMA = [
    "config.json", "tokenizer.model", "model-00001-of-00002.safetensors", "pytorch_model.bin", "training_args.bin",
    "original/consolidated.00.pth", "onnx/model.onnx", "1_Dense/pytorch_model.bin", "voices/af.pt",
]  # fmt: skip
OLD = ["config.json", "pytorch_model.bin", "tf_model.h5"]


@pytest.fixture
def hub(tmp_path: Path) -> Path:
    package = tmp_path / "python" / "huggingface_hub"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(FAKE_HUB)
    (package / "errors.py").write_text(ERRORS)
    (package / "constants.py").write_text('import os\nHF_HOME = os.environ["HF_HOME"]\n')
    return tmp_path


def download(hub: Path, *models: HubModel, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", programs.source("download"), *(model.argument() for model in models)],
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(hub / "python"),
            "HF_HOME": str(hub / "home"),
            "FAKE_HUB": json.dumps({"org/llama": LLAMA, "org/old": OLD}),
            **env,
        },
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def downloaded(hub: Path, model: str, revision: str = "main") -> list[str]:
    folder = hub / "home" / "hub" / model.replace("/", "--") / revision
    return sorted(str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file())


def test_the_program_leaves_out_the_copies_of_safetensors_and_no_other_part(hub: Path) -> None:
    result = download(hub, HubModel(model="org/llama"))
    assert result.returncode == 0, result.stderr
    assert downloaded(hub, "org/llama") == [
        "1_Dense/pytorch_model.bin",
        "config.json",
        "model-00001-of-00002.safetensors",
        "tokenizer.model",
        "voices/af.pt",
    ]
    assert "org/llama: complete in " in result.stderr


def test_the_program_takes_all_files_of_a_model_without_safetensors(hub: Path) -> None:
    assert download(hub, HubModel(model="org/old")).returncode == 0
    assert downloaded(hub, "org/old") == sorted(OLD)


def test_the_program_obeys_patterns_and_revisions_and_takes_several_models(hub: Path) -> None:
    result = download(
        hub,
        HubModel(model="org/llama", allow=["*.json", "original/*"], revision="v1"),
        HubModel(model="org/old", ignore=["*.h5"]),
    )
    assert result.returncode == 0, result.stderr
    assert downloaded(hub, "org/llama", "v1") == ["config.json", "original/consolidated.00.pth"]
    assert downloaded(hub, "org/old") == ["config.json", "pytorch_model.bin"]


def test_the_program_gives_up_at_once_on_a_model_that_does_not_exist(hub: Path) -> None:
    result = download(hub, HubModel(model="org/lama"), HubModel(model="org/old"))
    assert result.returncode == 3
    assert result.stderr.splitlines()[-1] == (
        "download: org/lama: FAILED, and trying again is pointless: 404: org/lama"
    )
    assert downloaded(hub, "org/old") == []


def test_the_program_asks_to_be_tried_again_when_the_hub_does_not_answer(hub: Path) -> None:
    result = download(hub, HubModel(model="org/llama"), FAKE_OUTAGE="1")
    assert result.returncode == 1
    assert result.stderr.splitlines()[-1] == ("download: org/llama: FAILED: ConnectionError: the hub is out of reach")


def test_the_program_goes_on_with_a_complete_copy_when_the_hub_does_not_answer(hub: Path) -> None:
    assert download(hub, HubModel(model="org/llama")).returncode == 0
    result = download(hub, HubModel(model="org/llama"), FAKE_OUTAGE="1")
    assert result.returncode == 0
    assert "the copy downloaded before is complete" in result.stderr
    other = download(hub, HubModel(model="org/llama", revision="v2"), FAKE_OUTAGE="1")
    assert other.returncode == 1


def test_the_program_never_says_the_token(hub: Path) -> None:
    result = download(hub, HubModel(model="org/llama"), HF_TOKEN="hf_secret")  # noqa: S106 - no token of anybody's
    assert (hub / "home/hub/org--llama/main/config.json").read_text() == "hf_secret"
    assert "hf_secret" not in result.stderr + result.stdout


# The Job.


def job_of(chart: cdk8s.Chart) -> Document:
    return the(chart, "Job")


def container_of(job: Document) -> Document:
    [container] = job["spec"]["template"]["spec"]["containers"]
    assert isinstance(container, dict)
    return container


def fetch(chart: cdk8s.Chart, **options: Any) -> ModelDownload:
    storage = options.pop("storage", None) or ModelStorage(chart, "models", name="models")
    return ModelDownload(chart, "fetch", **{"models": [MODEL], "storage": storage, **options})


def test_the_job_downloads_to_where_its_servers_look() -> None:
    chart = new_chart()
    storage = ModelStorage(chart, "models", name="models", mount_path="/cache")
    VllmServer(chart, "qwen", **{**PLAIN, "storage": storage})
    fetch(chart, storage=storage, hf_token=TOKEN)
    container, vllm = container_of(job_of(chart)), vllm_container(chart)
    env = {item["name"]: item for item in container["env"]}
    assert env["HF_HOME"] == next(item for item in vllm["env"] if item["name"] == "HF_HOME")
    assert env["HF_TOKEN"]["valueFrom"]["secretKeyRef"] == {"name": "huggingface", "key": "token"}
    assert container["volumeMounts"] == vllm["volumeMounts"]
    assert job_of(chart)["spec"]["template"]["spec"]["volumes"] == pod_spec(chart)["volumes"]


def test_no_shell_and_no_user_text_in_the_command() -> None:
    chart = new_chart()
    fetch(chart, models=[HubModel(model=MODEL, revision="$(HOME)", ignore=["`id`", "$(HF_TOKEN)"])])
    container = container_of(job_of(chart))
    assert container["command"] == ["python3", "-c", programs.source("download")]
    # $$( is how a literal $( is said to the kubelet.
    assert container["args"] == [
        f'{{"repo_id":"{MODEL}","revision":"$$(HOME)","ignore_patterns":["`id`","$$(HF_TOKEN)"]}}'
    ]


def test_another_model_makes_another_job_and_the_same_one_does_not() -> None:
    names = []
    for model in (MODEL, MODEL, "org/other"):
        chart = new_chart()
        download_ = fetch(chart, models=[model], name="fetch")
        assert download_.name == job_of(chart)["metadata"]["name"]
        names.append(download_.name)
    assert names[0] == names[1]
    assert names[0] != names[2]
    assert all(name.startswith("fetch-") and len(name) == len("fetch-") + 8 for name in names)


def test_a_name_by_cdk8s_changes_with_the_model_too() -> None:
    names = {fetch(new_chart(), models=[model]).name for model in (MODEL, "org/other")}
    assert len(names) == 2


def test_the_job_is_tried_again_but_not_for_what_is_hopeless() -> None:
    chart = new_chart()
    fetch(chart, retries=2, deadline_seconds=7200, ttl_seconds=60)
    spec = job_of(chart)["spec"]
    assert (spec["backoffLimit"], spec["activeDeadlineSeconds"], spec["ttlSecondsAfterFinished"]) == (2, 7200, 60)
    assert spec["template"]["spec"]["restartPolicy"] == "Never"  # as podFailurePolicy wants
    rule = spec["podFailurePolicy"]["rules"][0]
    assert rule["action"] == "FailJob"
    assert rule["onExitCodes"] == {"containerName": "download", "operator": "In", "values": [3]}


def test_a_storage_of_one_node_pins_the_job_to_it() -> None:
    chart = new_chart()
    fetch(chart, storage=ModelStorage.host_path(chart, "models", path="/data", node="gpu-1"))
    assert job_of(chart)["spec"]["template"]["spec"]["nodeSelector"] == {"kubernetes.io/hostname": "gpu-1"}


def test_options_of_the_pod_arrive() -> None:
    chart = new_chart()
    fetch(
        chart,
        env={"HF_ENDPOINT": "https://mirror.example.com", "POD": kplus.EnvValue.from_value("x")},
        env_from=[kplus.ConfigMap.from_config_map_name(chart, "proxy", "proxy")],
        resources=Resources(limits={"memory": "4Gi"}),
        image="registry.example.com/hub:1",
        image_pull_policy="Always",
        image_pull_secrets=["registry"],
        service_account="downloader",
        node_selector={"pool": "gpu"},
        tolerations=[{"key": "nvidia.com/gpu", "operator": "Exists"}],
        priority_class="low",
        labels={"team": "a"},
        annotations={"argocd.argoproj.io/sync-wave": "-1"},
        pod_labels={"team": "b"},
        pod_annotations={"sidecar.istio.io/inject": "false"},
    )
    job = job_of(chart)
    assert_valid([job])
    pod, container = job["spec"]["template"], container_of(job)
    assert job["metadata"]["annotations"] == {"argocd.argoproj.io/sync-wave": "-1"}
    assert job["metadata"]["labels"]["team"] == "a"
    assert pod["metadata"]["labels"]["team"] == "b"
    assert pod["metadata"]["annotations"] == {"sidecar.istio.io/inject": "false"}
    assert {"name": "HF_ENDPOINT", "value": "https://mirror.example.com"} in container["env"]
    assert container["envFrom"] == [{"configMapRef": {"name": "proxy"}}]
    assert container["resources"] == {"limits": {"memory": "4Gi"}}
    assert (container["image"], container["imagePullPolicy"]) == ("registry.example.com/hub:1", "Always")
    spec = pod["spec"]
    assert spec["imagePullSecrets"] == [{"name": "registry"}]
    assert spec["serviceAccountName"] == "downloader"
    assert spec["automountServiceAccountToken"] is False
    assert spec["nodeSelector"] == {"pool": "gpu"}
    assert spec["tolerations"] == [{"key": "nvidia.com/gpu", "operator": "Exists"}]
    assert spec["priorityClassName"] == "low"


def test_a_non_root_job_is_restricted_and_writes_where_its_group_may() -> None:
    chart = new_chart()
    profile = NonRoot()
    storage = ModelStorage(chart, "models", mount_path=profile.mount_path)
    fetch(chart, storage=storage, non_root=profile)
    pod = job_of(chart)["spec"]["template"]
    assert strictest_level(pod) == "restricted"
    assert pod["spec"]["securityContext"]["fsGroup"] == profile.gid
    assert {"name": "home", "mountPath": profile.home} in container_of(job_of(chart))["volumeMounts"]


def test_the_default_job_is_baseline() -> None:
    chart = new_chart()
    fetch(chart)
    assert strictest_level(job_of(chart)["spec"]["template"]) == "baseline"


def test_servers_do_not_take_the_job_for_a_pod_of_theirs() -> None:
    chart = new_chart()
    server = VllmServer(chart, "qwen", **{**PLAIN, "name": "qwen"})
    fetch(chart, name="qwen")
    labels = job_of(chart)["spec"]["template"]["metadata"]["labels"]
    assert not server.selector.items() <= labels.items()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"models": []}, r"^models: there are none"),
        ({"models": MODEL}, r"^models: 'Qwen/Qwen2\.5-7B-Instruct' is not a list"),
        ({"models": [3]}, r"^models\[0\]: 3 is not a HubModel"),
        ({"models": ["/models/x"]}, r"^models\[0\]: '/models/x' is not a repository"),
        ({"models": ["s3://bucket/x"]}, r"^models\[0\]: 's3://bucket/x' is not a repository"),
        ({"models": ["a/b/c"]}, r"^models\[0\]: 'a/b/c' is not a repository"),
        ({"storage": "models"}, r"^storage: 'models' is not a ModelStorage"),
        ({"hf_token": "hf_x"}, r"^hf_token: a literal secret"),
        ({"env": {"HF_TOKEN": "hf_x"}}, r"^env\['HF_TOKEN'\]: a literal secret"),
        ({"retries": -1}, r"^retries: -1 is out of range"),
        ({"deadline_seconds": 0}, r"^deadline_seconds: 0 is out of range"),
        ({"ttl_seconds": "1d"}, r"^ttl_seconds: '1d' is not a whole number"),
        ({"resources": {"limits": {}}}, r"^resources: .* is not a Resources"),
        ({"non_root": True}, r"^non_root: True is not a NonRoot"),
        ({"image_pull_policy": "Allways"}, r"^image_pull_policy: 'Allways'.*did you mean 'Always'\?"),
        ({"node_selectors": {}}, r"^node_selectors: is not an option; did you mean 'node_selector'\?"),
        ({"retrys": 1}, r"^retrys: is not an option; did you mean 'retries'\?"),
        ({"name": "x" * 60}, r"^name: .* is 60 characters long; allowed: 54"),
    ],
)
def test_wrong_options_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidOptionError, match=message):
        fetch(new_chart(), **options)


@pytest.mark.parametrize(
    ("patterns", "message"),
    [
        ({"allow": "*.json"}, r"^allow: '\*\.json' is not a list"),
        ({"ignore": [""]}, r"^ignore\[0\]: '' is empty"),
        ({"revision": ""}, r"^revision: '' is empty"),
    ],
)
def test_wrong_patterns_are_refused(patterns: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidOptionError, match=message):
        HubModel(model=MODEL, **patterns)


def test_a_storage_that_does_not_last_is_refused() -> None:
    chart = new_chart()
    with pytest.raises(ConflictError, match=r"^storage: it does not last"):
        fetch(chart, storage=ModelStorage.none(chart, "models"))


def test_a_storage_of_another_namespace_is_refused() -> None:
    chart = new_chart(namespace="llm")
    elsewhere = cdk8s.Chart(cdk8s.App.of(chart), "elsewhere", namespace="elsewhere")
    with pytest.raises(ConflictError, match=r"^storage: claim .* is in namespace 'elsewhere', llm/fetch in 'llm'"):
        fetch(chart, storage=ModelStorage(elsewhere, "models"))


def test_a_folder_of_whichever_node_warns() -> None:
    chart = new_chart()
    with pytest.warns(VllmCdk8sWarning, match=r"^storage: each node has such a folder of its own"):
        fetch(chart, storage=ModelStorage.direct_host_path(chart, "models", path="/data"))


def test_a_storage_where_only_root_may_go_is_refused_for_others() -> None:
    with pytest.raises(ConflictError, match=r"^non_root: the storage is mounted at '/root/\.cache'"):
        fetch(new_chart(), non_root=NonRoot())


def test_a_job_shares_a_read_write_once_claim_with_its_server_without_a_warning() -> None:
    # They need it one after the other; pytest makes any warning an error.
    chart = new_chart()
    storage = ModelStorage(chart, "models")
    fetch(chart, storage=storage)
    VllmServer(chart, "qwen", **{**PLAIN, "storage": storage})
    assert_valid(documents(chart))


def test_two_jobs_of_one_name_and_content_are_refused() -> None:
    chart = new_chart()
    storage = ModelStorage(chart, "models", name="models")
    for_both: dict[str, Any] = {"models": [MODEL], "storage": storage, "name": "fetch"}
    ModelDownload(chart, "a", **for_both)
    with pytest.raises(ConflictError, match=r"^name: 'fetch-\w{8}' is the name of two Jobs: llm/a and llm/b"):
        ModelDownload(chart, "b", **for_both)


# The init container.


def init_container(chart: cdk8s.Chart) -> Document:
    [container] = pod_spec(chart)["initContainers"]
    assert isinstance(container, dict)
    return container


def serve(chart: cdk8s.Chart, download: InitDownload, **options: Any) -> VllmServer:
    return VllmServer(chart, "qwen", **{**PLAIN, "download": download, **options})


def names(items: Sequence[Document]) -> list[str]:
    return [item["name"] for item in items]


def test_each_pod_downloads_the_servers_model_at_its_revision_first() -> None:
    chart = new_chart()
    serve(chart, InitDownload(), engine_args={"revision": "abc"}, hf_token=TOKEN, env={"HF_ENDPOINT": "https://m"})
    container, vllm = init_container(chart), vllm_container(chart)
    assert container["args"] == [f'{{"repo_id":"{MODEL}","revision":"abc"}}']
    assert container["image"] == vllm["image"]
    assert container["volumeMounts"] == vllm["volumeMounts"]
    assert container["securityContext"] == vllm["securityContext"]
    assert [item for item in container["env"] if item["name"] != "HF_HUB_OFFLINE"] == vllm["env"]
    assert "resources" not in container  # no GPU, above all


def test_the_revision_may_be_a_raw_argument() -> None:
    chart = new_chart()
    serve(chart, InitDownload(), extra_args=["--revision=abc"])
    assert json.loads(init_container(chart)["args"][0])["revision"] == "abc"


def test_other_models_may_be_named() -> None:
    chart = new_chart()
    models: list[str | HubModel] = [MODEL, HubModel(model="org/draft", revision="v1")]
    serve(chart, InitDownload(models=models, resources=Resources(limits={"memory": "2Gi"})))
    container = init_container(chart)
    assert [json.loads(arg)["repo_id"] for arg in container["args"]] == [MODEL, "org/draft"]
    assert container["resources"] == {"limits": {"memory": "2Gi"}}


def test_a_rollout_allows_for_the_download_and_the_probes_do_not() -> None:
    chart, without = new_chart(), new_chart()
    serve(chart, InitDownload(max_seconds=1000))
    VllmServer(without, "qwen", **PLAIN)
    deadline, usual = (the(each, "Deployment")["spec"]["progressDeadlineSeconds"] for each in (chart, without))
    assert deadline == usual + 1000
    assert vllm_container(chart)["startupProbe"] == vllm_container(without)["startupProbe"]


def test_offline_vllm_keeps_its_name_and_only_the_download_asks_the_hub() -> None:
    chart = new_chart()
    server = serve(chart, InitDownload(offline=True))
    env = {item["name"]: item.get("value") for item in vllm_container(chart)["env"]}
    assert env["HF_HUB_OFFLINE"] == "1"
    assert init_container(chart)["env"][-1] == {"name": "HF_HUB_OFFLINE", "value": "0"}
    assert names(init_container(chart)["env"]).count("HF_HUB_OFFLINE") == 1
    # Offline, vLLM knows the model by its path in the cache, in the labels of its metrics too, unless it has a name.
    assert f"--served-model-name={MODEL}" in vllm_container(chart)["args"]
    assert server.engine.served_model_name == MODEL


def test_offline_a_served_name_of_the_users_own_stays() -> None:
    chart = new_chart()
    server = serve(chart, InitDownload(offline=True), engine_args={"served_model_name": "qwen"})
    assert server.engine.served_model_name == "qwen"


def test_the_api_key_is_not_the_downloads_business() -> None:
    chart = new_chart()
    server = serve(chart, InitDownload(), api_key=SecretKey("vllm", "key"))
    kplus.NetworkPolicy(chart, "guard", selector=server.pods)
    assert "VLLM_API_KEY" in names(vllm_container(chart)["env"])
    assert "VLLM_API_KEY" not in names(init_container(chart)["env"])


def test_the_download_of_a_privileged_server_is_not_privileged() -> None:
    chart = new_chart()
    serve(chart, InitDownload(), drop_cache=DropCacheWrapper(chart, "drop"))
    assert init_container(chart)["securityContext"] == {"allowPrivilegeEscalation": False}
    assert init_container(chart)["command"][0] == "python3"


def test_the_download_of_a_restricted_server_is_restricted() -> None:
    chart = new_chart()
    server = serve(chart, InitDownload(), non_root=NonRoot())
    assert server.pod_security_level == "restricted"
    assert strictest_level(the(chart, "Deployment")["spec"]["template"]) == "restricted"
    assert_valid(documents(chart))


def test_the_download_runs_before_init_containers_of_the_users_own() -> None:
    chart = new_chart()
    own = {"name": "convert", "image": "busybox:1", "command": ["true"]}
    serve(chart, InitDownload(), init_containers=[own])
    assert names(pod_spec(chart)["initContainers"]) == ["download", "convert"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"model": "/models/qwen"}, r"^download: '/models/qwen' is not a repository"),
        ({"model": "s3://bucket/qwen"}, r"^download: 's3://bucket/qwen' is not a repository"),
        ({"engine_args": {"download_dir": "/x"}}, r"^download_dir: '/x' is not the cache that download fills"),
        ({"env": {"HF_HUB_OFFLINE": "0"}}, r"^env\['HF_HUB_OFFLINE'\]: '0' contradicts download"),
        (
            {"init_containers": [{"name": "download", "image": "busybox:1"}]},
            r"^init_containers: 'download' is there twice",
        ),
    ],
)
def test_contradictions_name_the_users_option(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConflictError, match=message.replace("^", "^llm/[a-z]+: ")):
        serve(new_chart(), InitDownload(offline=True), **options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"models": MODEL}, r"^download\.models: .* is not a list"),
        ({"models": []}, r"^download\.models: there are none"),
        ({"max_seconds": 1.5}, r"^download\.max_seconds: 1\.5 is not a whole number"),
        ({"offline": "yes"}, r"^download\.offline: 'yes' is not a boolean"),
        ({"resources": {}}, r"^download\.resources: \{\} is not a Resources"),
    ],
)
def test_wrong_values_are_refused_where_they_are_written(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidOptionError, match=message):
        InitDownload(**options)


@pytest.mark.parametrize("value", [True, LoraAdapters(adapters={"sql": "/x"})])
def test_what_is_no_download_is_refused(value: Any) -> None:
    with pytest.raises(InvalidOptionError, match=r"^[^ ]+/[^ ]+: download: .* is not one; allowed: InitDownload"):
        serve(new_chart(), value)


def test_a_job_and_a_server_that_download_are_as_golden(snapshot: SnapshotAssertion) -> None:
    chart = new_chart(namespace="llm")
    names: dict[str, Any] = {"name": "models", "volume_name": "models"}
    storage = ModelStorage.nfs(chart, "models", server="nfs.example.com", path="/models", **names)
    llama = HubModel(
        model="meta-llama/Llama-3.1-8B-Instruct", revision="0e9e39f249a16976918f6564b8830bc894c89659"
    )  # fmt: skip
    given: dict[str, Any] = {"hf_token": TOKEN, "name": "fetch-llama", "image": PLAIN["image"]}
    ModelDownload(chart, "fetch", models=[llama], storage=storage, **given)
    serve(chart, InitDownload(offline=True), storage=storage, name="qwen")
    assert_golden(chart, snapshot)
