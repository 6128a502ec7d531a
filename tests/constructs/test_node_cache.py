"""Models that each node keeps: the DaemonSet that fills a folder, and servers that look there before they download."""

import os
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from typing import Any

import cdk8s
import pytest
from syrupy.assertion import SnapshotAssertion

from tests.constructs.test_download import ERRORS, FAKE_HUB
from tests.kubernetes_schemas import assert_valid
from tests.lint.manifests import run as check
from tests.snippets import run, snippets
from tests.synthesis import MODEL, Document, assert_golden, documents, new_chart
from vllm_cdk8s.constructs.node_cache import NodeModelCache
from vllm_cdk8s.constructs.pod_security import RestrictedNamespace
from vllm_cdk8s.constructs.server import VllmServer
from vllm_cdk8s.constructs.storage import ModelStorage
from vllm_cdk8s.core.errors import ConflictError, InvalidOptionError, VllmCdk8sError
from vllm_cdk8s.core.features.hub import HubModel
from vllm_cdk8s.core.pod import programs
from vllm_cdk8s.core.pod.secret_key import SecretKey
from vllm_cdk8s.core.pod.security import NonRoot

IMAGE = "vllm/vllm-openai:v0.32.0"
GPU_NODES = {"nvidia.com/gpu.present": "true"}


def cache(chart: cdk8s.Chart, **options: Any) -> NodeModelCache:
    given = {"models": [MODEL, "org/other"], "image": IMAGE, "name": "models", "node_selector": GPU_NODES}
    return NodeModelCache(chart, "cache", **{**given, **options})


def server(chart: cdk8s.Chart, made: NodeModelCache, **options: Any) -> VllmServer:
    given = {"model": MODEL, "image": IMAGE, "gpus": 1, "name": "qwen", "download": made.download()}
    return VllmServer(chart, "qwen", **{**given, **options})


def of_kind(chart: cdk8s.Chart, kind: str) -> Document:
    found = documents(chart)
    assert_valid(found)
    [one] = [document for document in found if document["kind"] == kind]
    return one


def pod(chart: cdk8s.Chart) -> Document:
    spec: Document = of_kind(chart, "Deployment")["spec"]["template"]["spec"]
    return spec


def test_each_node_of_a_kind_downloads_into_a_folder_of_its_own() -> None:
    chart = new_chart(namespace="llm")
    cache(chart, path="/mnt/nvme/models", hf_token=SecretKey("huggingface", "token"), tolerations=[
        {"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"},
    ])  # fmt: skip
    spec = of_kind(chart, "DaemonSet")["spec"]
    template = spec["template"]
    assert spec["selector"]["matchLabels"].items() <= template["metadata"]["labels"].items()
    assert template["spec"]["nodeSelector"] == GPU_NODES
    assert template["spec"]["tolerations"][0]["key"] == "nvidia.com/gpu"
    [volume] = template["spec"]["volumes"]
    assert volume["hostPath"] == {"path": "/mnt/nvme/models", "type": "DirectoryOrCreate"}
    [download] = template["spec"]["initContainers"]
    assert download["args"] == [f'{{"repo_id":"{MODEL}"}}', '{"repo_id":"org/other"}']
    env = {item["name"]: item for item in download["env"]}
    assert env["HF_HOME"]["value"] == "/node-cache/huggingface"
    assert env["HF_TOKEN"]["valueFrom"]["secretKeyRef"] == {"name": "huggingface", "key": "token"}
    assert "readOnly" not in download["volumeMounts"][0]
    # The container that is left neither has the folder nor the token, and needs next to nothing.
    [keeper] = template["spec"]["containers"]
    assert "volumeMounts" not in keeper
    assert "env" not in keeper
    assert keeper["resources"] == {"requests": {"cpu": "10m", "memory": "32Mi"}}


def test_what_is_left_in_the_pod_ends_at_once_when_it_is_told() -> None:
    chart = new_chart(namespace="llm")
    cache(chart)
    [keeper] = of_kind(chart, "DaemonSet")["spec"]["template"]["spec"]["containers"]
    process = subprocess.Popen([sys.executable, *keeper["command"][1:]])
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(0.5)
    process.terminate()
    assert process.wait(10) == 0


def test_a_server_reads_the_folder_and_prefers_nodes_that_have_it() -> None:
    chart = new_chart(namespace="llm")
    server(chart, cache(chart), affinity={"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {
        "nodeSelectorTerms": [{"matchExpressions": [{"key": "gpu", "operator": "Exists"}]}],
    }}})  # fmt: skip
    spec = pod(chart)
    volumes = {volume["name"]: volume for volume in spec["volumes"]}
    assert volumes["node-cache"]["hostPath"]["path"] == "/var/lib/vllm-models"
    container, [download] = spec["containers"][0], spec["initContainers"]
    mount = {"name": "node-cache", "mountPath": "/node-cache", "readOnly": True}
    assert mount in container["volumeMounts"]
    assert mount in download["volumeMounts"]
    [term] = spec["affinity"]["podAffinity"]["preferredDuringSchedulingIgnoredDuringExecution"]
    labels = of_kind(chart, "DaemonSet")["spec"]["template"]["metadata"]["labels"]
    assert term["podAffinityTerm"]["labelSelector"]["matchLabels"] == labels
    assert term["podAffinityTerm"]["topologyKey"] == "kubernetes.io/hostname"
    assert "nodeAffinity" in spec["affinity"]
    # The hub is not asked: what is linked can be written nowhere.
    assert {"name": "HF_HUB_OFFLINE", "value": "1"} in container["env"]
    assert download["args"][1:] == ["/node-cache", f'{{"repo_id":"{MODEL}"}}']


def test_without_storage_of_its_own_a_server_needs_no_claim() -> None:
    chart = new_chart(namespace="llm")
    made = cache(chart)
    assert server(chart, made, replicas=4).storage.claim_name is None
    assert not [item for item in documents(chart) if item["kind"] == "PersistentVolumeClaim"]
    chart = new_chart(namespace="llm")
    own = ModelStorage(chart, "own", size="80Gi")
    assert server(chart, cache(chart), storage=own).storage is own


def test_a_server_of_another_namespace_says_where_the_pods_are() -> None:
    app = cdk8s.App(outdir=new_chart().node.root.outdir)  # type: ignore[attr-defined]
    there, here = cdk8s.Chart(app, "there", namespace="infra"), cdk8s.Chart(app, "here", namespace="llm")
    server(here, cache(there))
    [term] = pod(here)["affinity"]["podAffinity"]["preferredDuringSchedulingIgnoredDuringExecution"]
    assert term["podAffinityTerm"]["namespaces"] == ["infra"]


def test_the_revision_of_a_server_is_one_of_the_caches() -> None:
    chart = new_chart(namespace="llm")
    made = cache(chart, models=[HubModel(model=MODEL, revision="v2")])
    server(chart, made, engine_args={"revision": "v2"})
    assert pod(chart)["initContainers"][0]["args"][2] == f'{{"repo_id":"{MODEL}","revision":"v2"}}'


@pytest.mark.parametrize(
    ("of_cache", "of_server", "words"),
    [
        ({}, {"model": "org/othr"}, "download: 'org/othr' is not what .* did you mean 'org/other'.*VC355"),
        ({}, {"engine_args": {"revision": "v2"}}, f"download: '{MODEL}' at revision 'v2' is not.*VC355"),
        ({}, {"model": "/models/qwen"}, "download: '/models/qwen' is not a repository"),
        ({"path": "/var/lib/kubelet/models"}, {}, "path: .*the node's own.*VC355"),
        ({"path": "/var/lib"}, {}, "path: .*the node's own"),
        ({"path": "models"}, {}, "path: .*absolute"),
        ({"non_root": NonRoot()}, {}, "non_root: .*root"),
        ({"models": []}, {}, "models: there are none"),
        ({"max_unavailable": "110%"}, {}, "max_unavailable"),
        ({"ttl_seconds": 5}, {}, "ttl_seconds: is not an option"),
        ({"modles": 5}, {}, "did you mean 'models'"),
    ],
)
def test_what_would_be_of_no_use_is_refused(of_cache: Any, of_server: Any, words: str) -> None:
    chart = new_chart(namespace="llm")
    with pytest.raises((InvalidOptionError, ConflictError), match=words):
        server(chart, cache(chart, **of_cache), **of_server)


def test_a_namespace_that_would_refuse_a_folder_of_the_node_is_told_of() -> None:
    app = cdk8s.App(outdir=new_chart().node.root.outdir)  # type: ignore[attr-defined]
    chart = cdk8s.Chart(app, "c", namespace="llm")
    RestrictedNamespace(chart, "namespace", name="llm")
    cache(chart)
    with pytest.raises(Exception, match=r"cache.*privileged"):
        app.synth()


def test_an_ordinary_user_may_read_it() -> None:
    chart = new_chart(namespace="llm")
    server(chart, cache(chart), non_root=NonRoot())
    spec = pod(chart)
    assert spec["securityContext"]["runAsNonRoot"] is True
    # Its own cache is a volume that it may write, and the node's is elsewhere.
    paths = {mount["name"]: mount["mountPath"] for mount in spec["initContainers"][0]["volumeMounts"]}
    assert paths["model-storage"] != paths["node-cache"] == "/node-cache"


# The program itself, run by a real Python against a hub that is a folder on this machine.


def link(folder: Path, argument: str, **env: str) -> subprocess.CompletedProcess[str]:
    modules = folder / "modules" / "huggingface_hub"
    modules.mkdir(parents=True, exist_ok=True)
    (modules / "__init__.py").write_text(FAKE_HUB, encoding="utf-8")
    (modules / "errors.py").write_text(ERRORS, encoding="utf-8")
    (modules / "constants.py").write_text('import os\nHF_HOME = os.environ["HF_HOME"]\n', encoding="utf-8")
    command = [sys.executable, "-c", programs.source("node_cache"), programs.source("download"), str(folder / "node")]
    variables = {
        "HF_HOME": str(folder / "own"), "FAKE_HUB": '{"org/a": ["config.json"]}', "PYTHONPATH": str(modules.parent),
        "PATH": os.environ["PATH"], **env,
    }  # fmt: skip
    return subprocess.run([*command, argument], env=variables, capture_output=True, text=True, check=False)


def kept(folder: Path, argument: str) -> Path:
    """What the download program leaves on a node."""
    snapshot = folder / "node" / "huggingface" / "hub" / "models--org--a" / "snapshots" / "abc"
    snapshot.mkdir(parents=True)
    (snapshot / "config.json").write_text("{}", encoding="utf-8")
    note = folder / "node" / "huggingface" / "downloaded" / sha256(argument.encode()).hexdigest()
    note.parent.mkdir(parents=True)
    note.write_text(str(snapshot), encoding="utf-8")
    return snapshot


ARGUMENT = '{"repo_id":"org/a"}'


def test_what_the_node_has_is_linked_and_the_hub_not_asked(tmp_path: Path) -> None:
    kept(tmp_path, ARGUMENT)
    for _ in range(2):  # a container that starts again
        done = link(tmp_path, ARGUMENT, FAKE_OUTAGE="1")
        assert done.returncode == 0, done.stderr
    assert "on this node already" in done.stderr
    assert (tmp_path / "own" / "hub" / "models--org--a" / "snapshots" / "abc" / "config.json").read_text() == "{}"


def test_what_it_has_not_or_not_whole_is_downloaded(tmp_path: Path) -> None:
    done = link(tmp_path, ARGUMENT)
    assert done.returncode == 0, done.stderr
    assert "complete in" in done.stderr
    assert (tmp_path / "own" / "hub" / "org--a" / "main" / "config.json").exists()
    # A folder that somebody has deleted by hand.
    other = '{"repo_id":"org/a","revision":"x"}'
    snapshot = kept(tmp_path, other)
    (snapshot / "config.json").unlink()
    snapshot.rmdir()
    assert "complete in" in link(tmp_path, other).stderr


def test_a_pods_own_download_stays(tmp_path: Path) -> None:
    kept(tmp_path, ARGUMENT)
    own = tmp_path / "own" / "hub" / "models--org--a"
    own.mkdir(parents=True)
    assert "complete in" in link(tmp_path, ARGUMENT).stderr
    assert not own.is_symlink()


def test_why_a_download_failed_is_still_said(tmp_path: Path) -> None:
    done = link(tmp_path, '{"repo_id":"org/none"}')
    assert done.returncode == 3
    assert "trying again is pointless" in done.stderr


@pytest.mark.parametrize("index", range(len(snippets("node-cache.md"))))
def test_what_the_documentation_shows_runs(index: int) -> None:
    run(snippets("node-cache.md")[index], new_chart(namespace="llm"))


def test_a_cache_and_a_server(snapshot: SnapshotAssertion) -> None:
    chart = new_chart(namespace="llm")
    server(chart, cache(chart))
    assert_golden(chart, snapshot)


def test_the_check_finds_nothing_wrong_with_either(tmp_path: Path) -> None:
    chart = new_chart(namespace="llm")
    server(chart, cache(chart))
    assert [found.message for found in check(tmp_path, *documents(chart)) if found.severity == "error"] == []


def test_nothing_stands_where_it_is_refused() -> None:
    chart = new_chart(namespace="llm")
    with pytest.raises(VllmCdk8sError):
        cache(chart, path="/")
    assert documents(chart) == []
