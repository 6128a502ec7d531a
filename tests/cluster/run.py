"""Prove on a cluster what the other tests prove without one: `make cluster-test KUBECONFIG=...`.

Everything goes into namespaces of its own, whose names begin with `vllm-cdk8s-test-`, and goes away again. Needs
nothing but kubectl, and rights to make namespaces; the image that stands for vLLM is any that has Python.

Exit codes: 0 nothing failed; 1 something did; 2 the cluster cannot be used.
"""

from __future__ import annotations

import argparse
import os
import secrets
import shlex
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.cluster.kubectl import Document, Kubectl, KubectlError, as_text
from tests.cluster.manifests import (
    GOLDEN,
    documents,
    golden_files,
    moved,
    pod_specs,
    split,
    stand_in_objects,
    with_stand_in,
)
from tests.pod_security_standards import LEVELS, strictest_level

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

ROOT = Path(__file__).parents[2]
PREFIX = "vllm-cdk8s-test-"
LEVEL = "pod-security.kubernetes.io/enforce"
# A group of kubernetes.io is approved by its API reviewers, or says that it is not: these are schemas for tests.
APPROVAL = {"api-approved.kubernetes.io": "unapproved, schemas for tests"}
MODEL = "microsoft/DialoGPT-medium"
KEY = "sesame-of-a-test"
POLL = 2.0


class Skip(Exception):  # noqa: N818 - not an error
    """Why something cannot be proved on this cluster."""


class Failure(Exception):  # noqa: N818 - as above
    """What is not as it should be."""


class Run:
    """One run of the test on one cluster."""

    def __init__(self, kubectl: Kubectl, *, image: str, seconds: float, suffix: str, poll: float = POLL) -> None:
        self.kubectl, self.image, self.seconds, self.poll = kubectl, image, seconds, poll
        self.prefix = PREFIX + suffix
        self.namespaces: list[str] = []
        self.custom_resources: list[str] = []
        self.counts = {"passed": 0, "failed": 0, "skipped": 0}

    # --- telling

    def step(self, name: str, do: Callable[[], str | None]) -> None:
        """Do something, and tell in a line how it went."""
        since = time.monotonic()
        try:
            detail, verdict = do() or "", "passed"
        except Skip as error:
            detail, verdict = str(error), "skipped"
        except (Failure, KubectlError) as error:
            detail, verdict = str(error), "failed"
        self.counts[verdict] += 1
        first, *more = detail.splitlines() or [""]
        print(f"{verdict:8} {name} ({time.monotonic() - since:.0f} s){': ' if first else ''}{first}", flush=True)
        for line in more:
            print(f"         {line}", flush=True)

    # --- doing

    def namespace(self, name: str, *, level: str = "privileged") -> str:
        """Make a namespace of the test's own, and wait until pods can be made there."""
        full = f"{self.prefix}-{name}"
        metadata = {"name": full, "labels": {LEVEL: level, "app.kubernetes.io/part-of": "vllm-cdk8s-test"}}
        self.namespaces.append(full)
        self.kubectl.apply([{"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}], full)
        self.until(lambda: self.there("serviceaccount", "default", full), f"{full} has no service account")
        return full

    def there(self, kind: str, name: str, namespace: str) -> bool:
        try:
            self.kubectl.get(kind, name, namespace)
        except KubectlError as error:
            if "NotFound" in str(error):
                return False
            raise
        return True

    def until(self, condition: Callable[[], bool], otherwise: str) -> None:
        end = time.monotonic() + self.seconds
        while not condition():
            if time.monotonic() > end:
                raise Failure(f"{otherwise} within {self.seconds:g} s")
            time.sleep(self.poll)

    def rolled_out(self, name: str, namespace: str) -> None:
        """Wait for a rollout; where it does not end, say what the pods say."""
        try:
            timeout = f"--timeout={self.seconds:g}s"
            self.kubectl("rollout", "status", f"deployment/{name}", "-n", namespace, timeout, seconds=self.seconds + 30)
        except KubectlError as error:
            events = self.kubectl("get", "events", "-n", namespace, "--sort-by=.lastTimestamp")
            raise Failure("\n".join([str(error), *events.splitlines()[-8:]])) from None

    def asked(self, service: str, namespace: str, path: str) -> Any:
        """What a server answers, asked through the API server."""
        return self.kubectl.json("get", "--raw", f"/api/v1/namespaces/{namespace}/services/{service}:http/proxy{path}")

    def in_pod(self, deployment: str, namespace: str, code: str) -> str:
        return self.kubectl("exec", "-n", namespace, f"deployment/{deployment}", "--", "python3", "-c", code)

    def applied(self, servers: list[dict[str, Any]], namespace: str) -> list[dict[str, Any]]:
        """Apply servers, with the stand-in in vLLM's place."""
        ready = with_stand_in(servers, self.image)
        self.kubectl.apply(stand_in_objects(), namespace)
        self.kubectl.apply(ready, namespace)
        return ready

    # --- what is proved

    def custom_resource_definitions(self) -> str:
        """Make the definitions that the cluster does not have."""
        made = []
        for file in sorted((ROOT / "crds").glob("*.yaml")):
            for definition in documents(file.read_text(encoding="utf-8")):
                name = definition["metadata"]["name"]
                if self.there("customresourcedefinition", name, "default"):
                    continue
                if definition["spec"]["group"].endswith(".k8s.io"):
                    definition["metadata"].setdefault("annotations", {}).update(APPROVAL)
                self.custom_resources.append(name)
                self.kubectl.apply([definition], "default")
                self.kubectl("wait", "--for=condition=Established", f"crd/{name}", "--timeout=60s")
                made.append(name)
        self.kubectl.forget()
        return f"made {', '.join(made)}" if made else "all are there"

    def dry_run(self, file: Path, namespace: str) -> str:
        """Hold a golden file against the cluster: strict, on the server, and nothing is kept."""
        texts, passed_over = [], set()
        for text in split(file.read_text(encoding="utf-8")):
            [document] = documents(text)
            version, kind = document["apiVersion"], document["kind"]
            if not self.kubectl.served(version, kind):
                passed_over.add(f"{version} {kind}")
                continue
            texts.append(moved(text, namespace) if self.kubectl.namespaced(version, kind) else text)
        left_out = f"left out, since not served here: {', '.join(sorted(passed_over))}" if passed_over else ""
        if not texts:
            raise Skip(left_out)
        self.kubectl.apply_text("---\n".join(texts), namespace, "--dry-run=server")
        return f"{len(texts)} objects" + (f"; {left_out}" if left_out else "")

    def pod_security(self) -> str:
        """Every pod is admitted by the strictest standard that it is said to satisfy, and by no stricter one."""
        namespaces = {level: self.namespace(level, level=level) for level in LEVELS}
        count, wrong = 0, []
        for file in golden_files():
            for document in documents(file.read_text(encoding="utf-8")):
                for spec in pod_specs(document):
                    count += 1
                    claimed = strictest_level(spec)
                    pod = self._bare_pod(spec)
                    for level in LEVELS:
                        admitted = self._admitted(pod, namespaces[level])
                        if admitted != (LEVELS.index(level) <= LEVELS.index(claimed)):
                            verb = "admits" if admitted else "refuses"
                            wrong.append(f"{file.name}: {document['kind']}: {level} {verb} what is {claimed}")
        if wrong:
            raise Failure("\n".join(wrong))
        return f"{count} pods, {len(LEVELS)} levels"

    @staticmethod
    def _bare_pod(spec: Mapping[str, Any]) -> Document:
        """A pod of a template, without what only has a meaning where it runs."""
        elsewhere = ("serviceAccountName", "runtimeClassName", "resourceClaims", "priorityClassName")
        kept = {key: value for key, value in spec.items() if key not in elsewhere}
        for key in ("containers", "initContainers"):
            if key in kept:
                kept[key] = [{**item, "resources": {}} for item in kept[key]]
        return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "pod"}, "spec": kept}

    def _admitted(self, pod: Document, namespace: str) -> bool:
        try:
            self.kubectl.apply([pod], namespace, "--dry-run=server")
        except KubectlError as error:
            if "violates PodSecurity" not in str(error):
                raise
            return False
        return True

    def rollout(self) -> str:
        """The default release becomes ready, serves, is rolled anew, and comes back when it is killed."""
        namespace = self.namespace("rollout")
        ready = self.applied(template("my-vllm", "-n", namespace), namespace)
        self.rolled_out("my-vllm", namespace)
        self._check_models("my-vllm", namespace)

        [deployment] = [document for document in ready if document["kind"] == "Deployment"]
        deployment["spec"]["template"]["metadata"].setdefault("annotations", {})["again"] = "1"
        self.kubectl.apply([deployment], namespace)
        self.rolled_out("my-vllm", namespace)

        self.in_pod("my-vllm", namespace, "import os; os.kill(1, 15)")
        self.until(lambda: self._restarts("my-vllm", namespace) > 0, "a killed container has not come back")
        self.rolled_out("my-vllm", namespace)
        self._check_models("my-vllm", namespace)
        return "ready, rolled anew, killed and back"

    def _check_models(self, service: str, namespace: str) -> None:
        models = [item["id"] for item in self.asked(service, namespace, "/v1/models")["data"]]
        if models != [MODEL]:
            raise Failure(f"the Service gives the models {models}, not {[MODEL]}")

    def _restarts(self, instance: str, namespace: str) -> int:
        """How often containers have started anew, of pods that are ready."""
        selector = f"app.kubernetes.io/instance={instance}"
        pods = self.kubectl.json("get", "pods", "-n", namespace, "-l", selector, "-o", "json")["items"]
        return sum(
            status["restartCount"]
            for pod in pods
            for status in pod["status"].get("containerStatuses", ())
            if status["ready"]
        )

    def takeover(self) -> str:
        """docs/migrating-from-helm.md, step by step: the objects stay, their data stays, what the chart added goes."""
        namespace = self.namespace("takeover")
        text = Path(__file__).with_name("old_release.yaml").read_text(encoding="utf-8")
        old = with_stand_in(documents(text), self.image)
        self.kubectl.apply(stand_in_objects(), namespace)
        # As Helm makes them: by no `kubectl apply`.
        self.kubectl("create", "-n", namespace, "-f", "-", text=as_text(old))
        self.rolled_out("prod-vllm", namespace)
        self.in_pod("prod-vllm", namespace, "open('/root/.cache/model', 'w').write('weights')")
        kinds = {"deployment": "prod-vllm", "service": "prod-vllm", "persistentvolumeclaim": "prod-vllm-pvc"}
        before = {kind: self.kubectl.get(kind, name, namespace)["metadata"]["uid"] for kind, name in kinds.items()}

        last = ("apply", "set-last-applied", "--create-annotation=true", "-n", namespace, "-f", "-")
        self.kubectl(*last, text=as_text(old))
        self.applied(template("prod", "-n", namespace), namespace)
        self.rolled_out("prod-vllm", namespace)

        for kind, name in kinds.items():
            if self.kubectl.get(kind, name, namespace)["metadata"]["uid"] != before[kind]:
                raise Failure(f"the {kind} {name} was replaced")
        if (
            found := self.in_pod("prod-vllm", namespace, "print(open('/root/.cache/model').read())").strip()
        ) != "weights":
            raise Failure(f"the claim's file holds {found!r} after the takeover")
        [container] = self.kubectl.get("deployment", "prod-vllm", namespace)["spec"]["template"]["spec"]["containers"]
        kept = {variable["name"] for variable in container["env"]} & {"VLLM_PORT", "CUDA_VISIBLE_DEVICES", "MODEL_NAME"}
        if kept:
            raise Failure(f"the old release's variables are still there: {', '.join(sorted(kept))}")
        self._check_models("prod-vllm", namespace)
        return "same Deployment, Service and claim, with its files"

    def private(self) -> str:
        """The example behind a key runs in a namespace that enforces the restricted standard."""
        namespace = self.namespace("private", level="restricted")
        for name, key in (("huggingface", "token"), ("llama-api-key", "key")):
            secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "stringData": {key: KEY}}
            self.kubectl.apply([secret], namespace)
        text = (GOLDEN / "test_examples" / "private-model-with-key.yaml").read_text(encoding="utf-8")
        # Those who may send requests are the pods of a namespace of the test's own.
        text = text.replace("kubernetes.io/metadata.name: chat\n", f"kubernetes.io/metadata.name: {self.prefix}-chat\n")
        server = documents("---\n".join(moved(part, namespace) for part in split(text)))
        self.applied([document for document in server if document["kind"] != "Namespace"], namespace)
        self.rolled_out("llama", namespace)
        return "ready as an ordinary user without rights"

    def network_policy(self) -> str:
        """The clients that the policy names get answers, with the key; others get none."""
        server = f"http://llama.{self.prefix}-private.svc:8000/v1/models"
        allowed, other = self.namespace("chat", level="restricted"), self.namespace("other", level="restricted")
        for key, status in ((KEY, 200), ("wrong", 401)):
            if (found := self.client(allowed, server, key)) != str(status):
                raise Failure(
                    f"a client that the policy names, with the {'right' if status == 200 else 'wrong'} key: {found}"
                )
        found = self.client(other, server, KEY)
        if found == "200":
            raise Skip("this cluster's network enforces no NetworkPolicy: a client that none lets in was answered")
        if found != "no answer":
            raise Failure(f"a client that the policy does not name: {found}")
        return "named clients are answered, others are not"

    def client(self, namespace: str, url: str, key: str) -> str:
        """The status that a pod of that namespace gets for a request."""
        name = f"client-{secrets.token_hex(3)}"
        code = (
            "import sys, urllib.error, urllib.request\n"
            "request = urllib.request.Request(sys.argv[1], headers={'Authorization': 'Bearer ' + sys.argv[2]})\n"
            "try:\n    print(urllib.request.urlopen(request, timeout=15).status)\n"
            "except urllib.error.HTTPError as error:\n    print(error.code)\n"
            "except OSError:\n    print('no answer')\n"
        )
        restricted = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
        container = {
            "name": "client", "image": self.image, "command": ["python3", "-c", code, url, key],
            "securityContext": restricted,
        }  # fmt: skip
        user = {"runAsNonRoot": True, "runAsUser": 65534, "seccompProfile": {"type": "RuntimeDefault"}}
        spec = {"restartPolicy": "Never", "securityContext": user, "containers": [container]}
        self.kubectl.apply([{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": spec}], namespace)

        def ended() -> bool:
            return self.kubectl.get("pod", name, namespace)["status"].get("phase") in {"Succeeded", "Failed"}

        self.until(ended, f"the pod {name} has not ended")
        return self.kubectl("logs", name, "-n", namespace).strip()

    def clean_up(self) -> str:
        """Take away all that was made, and wait until it is gone."""
        if self.namespaces:
            self.kubectl("delete", "namespace", *self.namespaces, "--ignore-not-found", "--wait=false")
        if self.custom_resources:
            names = [f"crd/{name}" for name in self.custom_resources]
            self.kubectl("delete", *names, "--ignore-not-found", "--wait=false")
        for namespace in self.namespaces:
            self.until(lambda name=namespace: not self.there("namespace", name, "default"), f"{namespace} is not gone")  # type: ignore[misc]
        return f"{len(self.namespaces)} namespaces and {len(self.custom_resources)} definitions are gone"

    def steps(self, *, with_crds: bool) -> Iterator[tuple[str, Callable[[], str | None]]]:
        if with_crds:
            yield "custom resource definitions", self.custom_resource_definitions
        namespace = self.namespace("dry-run")
        for file in golden_files():
            name = file.relative_to(GOLDEN).with_suffix("")
            yield f"dry run of {name}", lambda file=file: self.dry_run(file, namespace)  # type: ignore[misc]
        yield "Pod Security Standards", self.pod_security
        yield "rollout of the default release", self.rollout
        yield "takeover of an old release", self.takeover
        yield "a server in a restricted namespace", self.private
        yield "network policy", self.network_policy


def template(*arguments: str) -> list[dict[str, Any]]:
    """What `vllm-cdk8s template` prints."""
    command = [sys.executable, "-m", "vllm_cdk8s", "template", *arguments]
    done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=ROOT, timeout=120)
    if done.returncode:
        raise Failure(done.stderr.strip())
    return documents(done.stdout)


def main(arguments: list[str] | None = None) -> int:
    """Run the test; give the exit code."""
    parser = argparse.ArgumentParser(prog="cluster-test", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--kubectl", default="kubectl", help="the program, with arguments such as --context")
    parser.add_argument("--kubeconfig", help="the cluster; kubectl's own choice without it")
    parser.add_argument("--image", default="python:3.12-alpine", help="stands for vLLM's; any that has Python")
    parser.add_argument(
        "--timeout", type=float, default=300, metavar="SECONDS", help="for each thing that is waited for"
    )
    parser.add_argument("--with-crds", action="store_true", help="make missing custom resource definitions from crds/")
    parser.add_argument("--keep", action="store_true", help="leave everything there, to look at")
    parser.add_argument("--poll", type=float, default=POLL, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)

    kubeconfig = options.kubeconfig and str(Path(options.kubeconfig).expanduser())  # not every shell does behind a `=`
    kubectl = Kubectl(shlex.split(options.kubectl), kubeconfig=kubeconfig)
    try:
        major, minor = kubectl.version()
    except (KubectlError, KeyError, OSError) as error:
        print(f"error: the cluster does not answer: {error}", file=sys.stderr)
        return 2
    print(f"Kubernetes {major}.{minor}, {options.image} for vLLM", flush=True)
    run = Run(kubectl, image=options.image, seconds=options.timeout, suffix=secrets.token_hex(3), poll=options.poll)
    try:
        for name, do in run.steps(with_crds=options.with_crds):
            run.step(name, do)
    except KubectlError as error:
        print(f"error: {error}", file=sys.stderr)
        run.counts["failed"] += 1
    finally:
        if options.keep:
            print(f"left there: kubectl delete namespace {' '.join(run.namespaces)}")
        else:
            run.step("clean-up", run.clean_up)
    print("{passed} passed, {failed} failed, {skipped} skipped".format_map(run.counts))
    return 1 if run.counts["failed"] else 0


if __name__ == "__main__":
    os.chdir(ROOT)
    sys.exit(main())
