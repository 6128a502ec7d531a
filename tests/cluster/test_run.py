"""The test on a cluster, held against a recording stand-in for kubectl: what it asks for, and what it finds."""

from __future__ import annotations

import copy
import itertools
import json
import re
import sys
from typing import TYPE_CHECKING, Any

import pytest

from tests.cluster import run as cluster_test
from tests.cluster.kubectl import Kubectl, KubectlError
from tests.cluster.manifests import documents, golden_files, moved, pod_specs, split, with_stand_in
from tests.cluster.run import MODEL, ROOT, Run
from tests.pod_security_standards import LEVELS, strictest_level

if TYPE_CHECKING:
    from pathlib import Path

IMAGE = "python:3.12-alpine"
CLUSTER_WIDE = {"Namespace", "PersistentVolume", "ClusterRole", "ClusterRoleBinding", "CustomResourceDefinition"}
OWN = {  # what a cluster serves by itself
    "v1": [
        "Namespace", "Service", "ServiceAccount", "ConfigMap", "Secret", "Pod", "PersistentVolume",
        "PersistentVolumeClaim",
    ],
    "apps/v1": ["DaemonSet", "Deployment"], "batch/v1": ["Job"], "autoscaling/v2": ["HorizontalPodAutoscaler"],
    "networking.k8s.io/v1": ["Ingress", "NetworkPolicy"], "policy/v1": ["PodDisruptionBudget"],
    "rbac.authorization.k8s.io/v1": ["ClusterRole", "ClusterRoleBinding", "RoleBinding", "Role"],
    "apiextensions.k8s.io/v1": ["CustomResourceDefinition"], "resource.k8s.io/v1": ["ResourceClaimTemplate"],
}  # fmt: skip


class Recorder(Kubectl):
    """A cluster that does at once what it is asked for; `faults` says what it does wrong."""

    def __init__(self, *faults: str) -> None:
        super().__init__()
        self.faults = faults
        self.calls: list[list[str]] = []
        self.sent: list[dict[str, Any]] = []
        self.objects: dict[tuple[str, str, str], dict[str, Any]] = {}
        self.kinds = {version: set(kinds) for version, kinds in OWN.items()}
        self.known_to_apply: set[str] = set()
        self.file = ""
        self.restarts = 0
        self.uids = itertools.count(1)

    def __call__(self, *arguments: str, text: str | None = None, seconds: float = 120) -> str:  # noqa: ARG002
        words = [*arguments]
        self.calls.append(words)
        namespace = words[words.index("-n") + 1] if "-n" in words else "default"
        sent = _read(text) if text else []
        self.sent += sent
        answer = getattr(self, f"_{words[0]}")(words, namespace, sent)
        return answer if isinstance(answer, str) else json.dumps(answer)

    def _version(self, *_: Any) -> Any:
        if "down" in self.faults:
            raise KubectlError("connection refused")
        return {"serverVersion": {"major": "1", "minor": "34+"}}

    def _apply(self, words: list[str], namespace: str, sent: list[dict[str, Any]]) -> str:
        if "set-last-applied" in words:
            self.known_to_apply.add(namespace)
            return ""
        assert "--validate=strict" in words
        for document in sent:
            kind, version = document["kind"], document["apiVersion"]
            if kind not in self.kinds.get(version, ()):
                raise KubectlError(f'no matches for kind "{kind}" in version "{version}"')
            place = document["metadata"].get("namespace", namespace)
            if kind not in CLUSTER_WIDE and place != namespace:
                raise KubectlError("the namespace from the provided object does not match")
            if kind == "Pod" and "lax" not in self.faults:
                level = self.objects["namespace", "default", namespace]["metadata"]["labels"][cluster_test.LEVEL]
                if LEVELS.index(strictest_level(document["spec"])) < LEVELS.index(level):
                    raise KubectlError(f'pods "pod" is forbidden: violates PodSecurity "{level}:latest"')
            if "--dry-run=server" not in words:
                self._keep(document, namespace)
        return ""

    def _create(self, _: list[str], namespace: str, sent: list[dict[str, Any]]) -> str:
        for document in sent:
            self._keep(document, namespace)
        return ""

    def _keep(self, document: dict[str, Any], namespace: str) -> None:
        kind, name = document["kind"].lower(), document["metadata"]["name"]
        key = (kind, "default" if document["kind"] in CLUSTER_WIDE else namespace, name)
        new, old = copy.deepcopy(document), self.objects.get(key)
        new["metadata"]["uid"] = (
            old["metadata"]["uid"] if old and "replaces" not in self.faults else str(next(self.uids))
        )
        if old and kind == "deployment" and namespace not in self.known_to_apply and namespace.endswith("takeover"):
            # A merge keeps what only the old manifest had.
            [(mine, theirs)] = [(next(pod_specs(one))["containers"][0] for one in (new, old))]
            names = {variable["name"] for variable in mine["env"]}
            mine["env"] += [variable for variable in theirs["env"] if variable["name"] not in names]
        self.objects[key] = new
        if kind == "customresourcedefinition":
            for version in document["spec"]["versions"]:
                group = f"{document['spec']['group']}/{version['name']}"
                self.kinds.setdefault(group, set()).add(document["spec"]["names"]["kind"])
        if kind == "namespace":
            self.objects["serviceaccount", name, "default"] = {"metadata": {"name": "default"}}
        if kind == "pod":
            new["status"] = {"phase": "Succeeded"}

    def _get(self, words: list[str], namespace: str, _: Any) -> Any:
        if words[1] == "--raw":
            if "/proxy/" in words[2]:
                return {"data": [{"id": "other" if "wrong-model" in self.faults else MODEL}]}
            version = re.sub(r"^/apis?/", "", words[2])
            if version not in self.kinds:
                raise KubectlError("Error from server (NotFound): the server could not find the requested resource")
            return {
                "resources": [
                    {"kind": k, "name": k, "namespaced": k not in CLUSTER_WIDE} for k in sorted(self.kinds[version])
                ]
            }
        if words[1] == "pods":
            return {"items": [{"status": {"containerStatuses": [{"restartCount": self.restarts, "ready": True}]}}]}
        if words[1] == "events":
            return "0s Warning FailedScheduling no node has a claim"
        if (found := self.objects.get((words[1], namespace, words[2]))) is None:
            raise KubectlError(f'Error from server (NotFound): {words[1]} "{words[2]}" not found')
        return found

    def _rollout(self, *_: Any) -> str:
        if "stuck" in self.faults:
            raise KubectlError("error: timed out waiting for the condition")
        return ""

    def _exec(self, words: list[str], namespace: str, _: Any) -> str:
        if "os.kill" in words[-1] and "dead" not in self.faults:
            self.restarts += 1
        if "write" in words[-1]:
            self.file = "weights"
        assert namespace.startswith(cluster_test.PREFIX)
        return "" if "lost" in self.faults else self.file + "\n"

    def _logs(self, words: list[str], namespace: str, _: Any) -> str:
        key = self.objects["pod", namespace, words[1]]["spec"]["containers"][0]["command"][-1]
        if namespace.endswith("-other") and "unenforced" not in self.faults:
            return "no answer\n"
        return "200\n" if key == cluster_test.KEY else "401\n"

    def _wait(self, *_: Any) -> str:
        return ""

    def _delete(self, words: list[str], *_: Any) -> str:
        names = {word.removeprefix("crd/") for word in words[1:]}
        self.objects = {
            key: value for key, value in self.objects.items() if key[2] not in names and key[1] not in names
        }
        return ""


def _read(text: str) -> list[dict[str, Any]]:
    """What kubectl sees in a text: one JSON document, or YAML."""
    if not text.startswith("{"):
        return documents(text)
    found = json.loads(text)
    return list(found["items"]) if found["kind"] == "List" else [found]


@pytest.fixture(scope="module", autouse=True)
def rendered_once() -> Any:
    """`vllm-cdk8s template` is a process of its own; each release is rendered once for all tests."""
    known: dict[str, list[dict[str, Any]]] = {}
    real = cluster_test.template

    def remembered(name: str, *arguments: str) -> list[dict[str, Any]]:
        if name not in known:
            known[name] = real(name, "-n", "x")
        found = copy.deepcopy(known[name])
        for document in found:
            document["metadata"]["namespace"] = arguments[1]
        return found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cluster_test, "template", remembered)
        yield


def run_on(cluster: Recorder, *arguments: str) -> tuple[int, Run]:
    made: list[Run] = []

    class Kept(Run):
        def __init__(self, *positional: Any, **options: Any) -> None:
            super().__init__(*positional, **options)
            made.append(self)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cluster_test, "Kubectl", lambda *_, **__: cluster)
        patch.setattr(cluster_test, "Run", Kept)
        code = cluster_test.main(["--timeout", "0.05", "--poll", "0.01", *arguments])
    return code, made[0] if made else Run(cluster, image=IMAGE, seconds=1, suffix="")


def test_on_a_cluster_that_does_what_it_should_everything_passes(capsys: pytest.CaptureFixture[str]) -> None:
    cluster = Recorder()
    code, run = run_on(cluster)
    said = capsys.readouterr().out
    assert code == 0, said
    assert run.counts["failed"] == 0
    # What has no definition is left out by kind, and said.
    assert "monitoring.coreos.com/v1 PrometheusRule" in said
    assert "policy/v1beta1 PodSecurityPolicy" in said
    assert said.splitlines()[-1] == "{passed} passed, {failed} failed, {skipped} skipped".format_map(run.counts)
    # Nothing is made outside of the test's own namespaces, and they go away.
    kept = [
        words for words in cluster.calls if words[0] in {"create", "apply", "exec"} and "--dry-run=server" not in words
    ]
    assert kept
    assert all(words[words.index("-n") + 1].startswith(cluster_test.PREFIX) for words in kept)
    assert [key for key in cluster.objects if key[0] == "namespace"] == []


def test_with_the_definitions_every_golden_file_is_held_against_the_cluster(capsys: pytest.CaptureFixture[str]) -> None:
    cluster = Recorder()
    code, _run = run_on(cluster, "--with-crds")
    said = capsys.readouterr().out
    assert code == 0, said
    assert said.count("passed   dry run of") + said.count("skipped  dry run of") == len(golden_files())
    assert said.count("skipped  dry run of") <= 1  # nothing but PodSecurityPolicy
    left_out = {line.partition("not served here: ")[2] for line in said.splitlines() if "left out" in line}
    assert left_out == {"policy/v1beta1 PodSecurityPolicy"}
    definitions = [document for document in cluster.sent if document["kind"] == "CustomResourceDefinition"]
    of_kubernetes = [item for item in definitions if item["spec"]["group"].endswith(".k8s.io")]
    assert of_kubernetes
    # Without it an API server marks the definition as not conforming, and serves nothing of it.
    assert all("api-approved.kubernetes.io" in item["metadata"]["annotations"] for item in of_kubernetes)
    assert not [key for key in cluster.objects if key[0] == "customresourcedefinition"]


def test_a_dry_run_is_strict_and_on_the_server_and_of_every_document() -> None:
    cluster = Recorder()
    run = Run(cluster, image=IMAGE, seconds=1, suffix="x")
    namespace = run.namespace("dry-run")
    file = ROOT / "tests/golden/test_examples/single-gpu.yaml"
    assert run.dry_run(file, namespace) == "5 objects"
    assert cluster.calls[-1] == ["apply", "-n", namespace, "--validate=strict", "--dry-run=server", "-f", "-"]
    kept = documents(file.read_text(encoding="utf-8"))
    for document in kept:
        document["metadata"]["namespace"] = namespace
    assert cluster.sent[-len(kept) :] == kept


@pytest.mark.parametrize(
    ("fault", "step", "what"),
    [
        ("stuck", "rollout of the default release", "FailedScheduling"),
        ("dead", "rollout of the default release", "a killed container has not come back"),
        ("wrong-model", "rollout of the default release", "['other']"),
        ("replaces", "takeover of an old release", "was replaced"),
        ("lost", "takeover of an old release", "after the takeover"),
        ("lax", "Pod Security Standards", "restricted admits what is"),
    ],
)
def test_what_is_wrong_is_found(fault: str, step: str, what: str, capsys: pytest.CaptureFixture[str]) -> None:
    cluster = Recorder(fault)
    run = Run(cluster, image=IMAGE, seconds=0.05, suffix="x", poll=0.01)
    [do] = [do for name, do in run.steps(with_crds=False) if name == step]
    run.step(step, do)
    said = capsys.readouterr().out
    assert said.startswith("failed")
    assert what in said


def test_a_takeover_tells_kubectl_what_helm_applied(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    cluster = Recorder()
    run = Run(cluster, image=IMAGE, seconds=1, suffix="x")
    run.step("takeover", run.takeover)
    assert "passed" in capsys.readouterr().out
    # Without that step the old variables stay, and the test sees it.
    forgetful = Recorder()
    monkeypatch.setattr(forgetful, "known_to_apply", frozenset())
    monkeypatch.setattr(Recorder, "_apply", _without_the_last_applied(Recorder._apply))
    run = Run(forgetful, image=IMAGE, seconds=1, suffix="x")
    run.step("takeover", run.takeover)
    assert "still there: CUDA_VISIBLE_DEVICES, MODEL_NAME, VLLM_PORT" in capsys.readouterr().out


def _without_the_last_applied(apply: Any) -> Any:
    def applied(self: Recorder, words: list[str], namespace: str, sent: list[dict[str, Any]]) -> Any:
        return "" if "set-last-applied" in words else apply(self, words, namespace, sent)

    return applied


def test_a_network_that_enforces_no_policy_is_no_failure(capsys: pytest.CaptureFixture[str]) -> None:
    run = Run(Recorder("unenforced"), image=IMAGE, seconds=1, suffix="x")
    run.step("network policy", run.network_policy)
    assert re.match(r"skipped  network policy .*enforces no NetworkPolicy", capsys.readouterr().out)


def test_a_cluster_that_does_not_answer_is_said_in_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    code, _ = run_on(Recorder("down"))
    assert code == 2
    assert capsys.readouterr().err == "error: the cluster does not answer: connection refused\n"


def test_everything_goes_away_even_after_a_failure() -> None:
    cluster = Recorder("stuck")
    code, run = run_on(cluster)
    assert code == 1
    assert run.namespaces
    assert not [key for key in cluster.objects if key[2] in run.namespaces]


# --- the manifests


def test_a_document_that_is_moved_is_else_the_same() -> None:
    text = "kind: X\nmetadata:\n  labels:\n    namespace: a\n  namespace: a\nspec:\n  namespace: a\n"
    assert (
        moved(text, "b") == "kind: X\nmetadata:\n  labels:\n    namespace: a\n  namespace: b\nspec:\n  namespace: a\n"
    )
    for file in golden_files():
        for part in split(file.read_text(encoding="utf-8")):
            [before], [after] = documents(part), documents(moved(part, "elsewhere"))
            if "namespace" in before["metadata"]:
                before["metadata"]["namespace"] = "elsewhere"
            assert after == before


def test_the_stand_in_takes_vllms_place_and_changes_nothing_else() -> None:
    servers = documents((ROOT / "tests/golden/test_examples/single-gpu.yaml").read_text(encoding="utf-8"))
    [(before, after)] = [
        (old["spec"]["template"]["spec"], new["spec"]["template"]["spec"])
        for old, new in zip(servers, with_stand_in(servers, IMAGE), strict=True)
        if old["kind"] == "Deployment"
    ]
    [old], [new] = before["containers"], after["containers"]
    assert new["command"] == ["python3", "/stand-in/stand_in.py", "serve"]
    assert new["resources"]["limits"] == {"memory": "27Gi"}
    for key in set(old) - {"command", "image", "resources", "volumeMounts"}:
        assert new[key] == old[key]


# --- kubectl itself


def test_kubectl_is_started_with_its_arguments_and_its_cluster(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(
        "import json, os, sys\nprint(json.dumps([sys.argv[1:], os.environ['KUBECONFIG'], sys.stdin.read()]))\n"
    )
    kubectl = Kubectl([sys.executable, str(program), "--context=c"], kubeconfig="/some/file")
    assert json.loads(kubectl("apply", "-f", "-", text="x")) == [["--context=c", "apply", "-f", "-"], "/some/file", "x"]


def test_what_kubectl_says_is_the_error(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text("import sys, time\nif 'slow' in sys.argv: time.sleep(60)\nsys.exit('no such thing')\n")
    kubectl = Kubectl([sys.executable, str(program)])
    with pytest.raises(KubectlError, match=r"^no such thing$"):
        kubectl("get")
    with pytest.raises(KubectlError, match=r"kubectl slow: no answer within 0.2 s"):
        kubectl("slow", seconds=0.2)
