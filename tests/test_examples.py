"""Each folder of examples/ is what it says: it runs, writes its golden YAML, and its README tells the truth of it."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from syrupy.assertion import SnapshotAssertion
from syrupy.location import PyTestLocation
from syrupy.types import SnapshotIndex

import vllm_cdk8s
from tests.kubernetes_schemas import assert_valid, since
from tests.pod_security_standards import LEVELS, strictest_level
from tests.synthesis import GOLDEN, Document, YamlFile

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "examples"
NAMES = sorted(path.name for path in FOLDER.iterdir() if path.is_dir())
MOST_LINES = 80
CONFIGURATION = {"language": "python", "app": "python app.py", "output": "dist"}

# A Job's name ends in a digest of what it does; the README writes a star for it.
DIGEST = re.compile(r"-[0-9a-f]{8}$")

# The part of Mermaid's syntax that the drawings keep to. Boxes are objects of the YAML, rounded ones are not.
OBJECT = re.compile(r'(\w+)\["(\w+)<br>([a-z0-9*-]+)"\]')
OUTSIDER = re.compile(r'(\w+)\(\["[^"]+"\]\)')
GROUP = re.compile(r'subgraph (\w+)\["[^"]+"\]')
ARROW = re.compile(r"(\w+) (?:-->|-\.->)(?:\|[^|]+\|)? (\w+)")

# What `kubectl` calls the kinds that the READMEs speak of.
SHORT = {
    "configmap": "ConfigMap",
    "deployment": "Deployment",
    "job": "Job",
    "leaderworkerset": "LeaderWorkerSet",
    "scaledobject": "ScaledObject",
    "service": "Service",
}

# How a NetworkPolicy names a namespace whose pods it lets in.
ADMITTED = "kubernetes.io/metadata.name"

each_example = pytest.mark.parametrize("name", NAMES)


class ExampleYaml(YamlFile):
    """tests/golden/test_examples/<example>.yaml, which the READMEs link to."""

    @classmethod
    def get_snapshot_name(cls, *, test_location: PyTestLocation, index: SnapshotIndex = 0) -> str:  # noqa: ARG003
        return str(index)


def app_py(name: str) -> str:
    return (FOLDER / name / "app.py").read_text(encoding="utf-8")


def readme(name: str) -> str:
    return (FOLDER / name / "README.md").read_text(encoding="utf-8")


def section(name: str, title: str) -> str:
    found = re.search(rf"^## {title}\n(.*?)(?=^## |\Z)", readme(name), re.DOTALL | re.MULTILINE)
    assert found is not None, f"{name}/README.md has no section {title!r}"
    return found[1]


@cache
def golden(name: str) -> str:
    return (GOLDEN / "test_examples" / f"{name}.yaml").read_text(encoding="utf-8")


@cache
def documents(name: str) -> list[Document]:
    """The objects of an example's golden YAML, which is what its app.py writes."""
    return list(yaml.safe_load_all(golden(name)))


def objects(name: str) -> set[tuple[str, str]]:
    """Kind and name of each object; a star for a digest."""
    return {(item["kind"], DIGEST.sub("-*", item["metadata"]["name"])) for item in documents(name)}


def mappings(value: Any) -> Iterator[Mapping[str, Any]]:
    """Every mapping in a document, however deep."""
    if isinstance(value, Mapping):
        yield value
    children = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    for child in children:
        yield from mappings(child)


def pods(name: str) -> list[Mapping[str, Any]]:
    """Every pod template, whatever object it is in."""
    return [
        found
        for found in mappings(documents(name))
        if isinstance(found.get("spec"), Mapping) and "containers" in found["spec"]
    ]


def namespaces(name: str) -> set[str]:
    return {item["metadata"]["namespace"] for item in documents(name) if "namespace" in item["metadata"]}


def commands(name: str) -> str:
    blocks = re.findall(r"```bash\n(.*?)```", readme(name), re.DOTALL)
    assert blocks, f"{name}/README.md has no commands"
    return "\n".join(blocks).replace("\\\n", " ")


def test_there_is_something_to_test() -> None:
    assert "single-gpu" in NAMES


@each_example
@pytest.mark.filterwarnings(r"ignore:\s*Can not relate snapshot")  # named after the example, not after the test
def test_app_py_writes_the_golden_yaml_and_warns_of_nothing(
    name: str, tmp_path: Path, snapshot: SnapshotAssertion
) -> None:
    # Away from the repository, as its reader runs it: links into the repository become folders.
    folder = shutil.copytree(
        FOLDER / name, tmp_path / name, ignore=shutil.ignore_patterns("dist", "__pycache__", "*_cache")
    )
    environment = {key: value for key, value in os.environ.items() if not key.startswith("CDK8S_")}
    subprocess.run([sys.executable, "-W", "error", "app.py"], cwd=folder, check=True, env=environment, timeout=120)
    files = sorted((folder / "dist").iterdir())
    written = "---\n".join(f"# dist/{path.name}\n{path.read_text(encoding='utf-8')}" for path in files)
    assert written == snapshot(name=name, extension_class=ExampleYaml)


def test_golden_files_are_those_of_the_examples() -> None:
    assert sorted(path.stem for path in (GOLDEN / "test_examples").iterdir()) == NAMES


@each_example
def test_cdk8s_synth_runs_what_python_runs(name: str) -> None:
    assert yaml.safe_load((FOLDER / name / "cdk8s.yaml").read_text(encoding="utf-8")) == CONFIGURATION


@each_example
def test_app_py_can_be_read_in_one_go(name: str) -> None:
    text = app_py(name)
    assert text.startswith('"""')
    assert text.count("\n") < MOST_LINES


@each_example
def test_app_py_takes_the_public_names_only_and_has_the_bindings_beside_it(name: str) -> None:
    text = app_py(name)
    assert set(re.findall(r"(?:from|import) (vllm_cdk8s[\w.]*)", text)) == {"vllm_cdk8s"}
    if "from imports." in text:
        # Outside of the repository's root, Python would not find them otherwise.
        assert (FOLDER / name / "imports").resolve() == ROOT / "imports"


@each_example
def test_the_yaml_is_valid_for_every_kubernetes_that_the_readme_claims(name: str) -> None:
    claimed = re.findall(r"Kubernetes ([0-9.]+[0-9]) or newer", section(name, "What the cluster needs"))
    assert len(claimed) == 1
    assert_valid(documents(name), since(claimed[0]))


@each_example
def test_the_readme_lists_every_object_and_no_other(name: str) -> None:
    listed: list[tuple[str, str]] = []
    for row in re.findall(r"^\| (\w+) \| (`[^|]+`) \|", section(name, "What you get"), re.MULTILINE):
        listed += [(row[0], listed_name) for listed_name in re.findall(r"`([^`]+)`", row[1])]
    assert sorted(listed) == sorted(objects(name))


@each_example
def test_quantities_and_hosts_in_the_readme_are_those_of_the_yaml(name: str) -> None:
    said = set(re.findall(r"\b\d+[GT]i\b|\b[a-z-]+\.example\.com\b", readme(name)))
    assert {word for word in said if word not in golden(name)} == set()


@each_example
def test_the_drawing_shows_every_kind_and_nothing_that_is_not_there(name: str) -> None:
    [drawing] = re.findall(r"```mermaid\n(.*?)```", section(name, "What you get"), re.DOTALL)
    first, *lines = (line.strip() for line in drawing.splitlines())
    assert first in {"flowchart LR", "flowchart TB"}
    drawn, declared, joined = set(), set(), set()
    for line in lines:
        if found := OBJECT.fullmatch(line):
            declared.add(found[1])
            drawn.add((found[2], found[3]))
        elif (found := OUTSIDER.fullmatch(line)) or (found := GROUP.fullmatch(line)):
            declared.add(found[1])
        elif found := ARROW.fullmatch(line):
            joined |= {found[1], found[2]}
        else:
            assert line == "end", f"neither an object nor an arrow: {line}"
    assert drawn <= objects(name)
    assert {kind for kind, _ in drawn} == {kind for kind, _ in objects(name)}
    assert joined <= declared


@each_example
def test_the_pod_security_standard_is_the_one_that_the_pods_satisfy(name: str) -> None:
    claimed = re.findall(r"Pod Security Standard \*\*(\w+)\*\*", readme(name))
    levels = [strictest_level(pod) for pod in pods(name)]
    assert claimed == [min(levels, key=LEVELS.index)]
    for document in documents(name):
        if document["kind"] == "Namespace":
            # It lets them in, and nothing laxer than them.
            assert document["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == claimed[0]


def of_group(group: str) -> Callable[[str], bool]:
    return lambda name: any(item["apiVersion"].startswith(f"{group}/") for item in documents(name))


def of_kind(kind: str) -> Callable[[str], bool]:
    return lambda name: any(item["kind"] == kind for item in documents(name))


def with_text(text: str) -> Callable[[str], bool]:
    return lambda name: text in yaml.safe_dump(documents(name))


def dynamic_claims(name: str) -> set[str | None]:
    """Storage classes of claims whose volume is not in the YAML; None is the cluster's default."""
    return {
        item["spec"].get("storageClassName")
        for item in documents(name)
        if item["kind"] == "PersistentVolumeClaim" and "volumeName" not in item["spec"]
    }


# What is said in a README's section on the cluster if, and only if, the YAML makes use of it.
NEEDS: dict[str, Callable[[str], bool]] = {
    "NVIDIA's device plugin": with_text("nvidia.com/gpu:"),
    "GPU feature discovery": with_text("nvidia.com/gpu.product"),
    "KEDA": of_group("keda.sh"),
    "Prometheus operator": of_group("monitoring.coreos.com"),
    "kube-state-metrics": with_text("kube_pod"),
    "Grafana": with_text("grafana_dashboard"),
    "Gateway API": of_group("gateway.networking.k8s.io"),
    "LeaderWorkerSet": lambda name: any(of_kind(kind)(name) for kind in ("LeaderWorkerSet", "DisaggregatedSet")),
    "network plugin": of_kind("NetworkPolicy"),
    "ingress controller": of_kind("Ingress"),
    "default storage class": lambda name: None in dynamic_claims(name),
}


@each_example
@pytest.mark.parametrize("need", NEEDS)
def test_the_readme_says_what_the_cluster_needs_and_no_more(name: str, need: str) -> None:
    assert (need in section(name, "What the cluster needs")) == NEEDS[need](name)


@each_example
def test_the_readme_names_the_storage_classes_that_must_exist(name: str) -> None:
    for storage_class in dynamic_claims(name) - {None}:
        assert f"storage class `{storage_class}`" in section(name, "What the cluster needs")


@each_example
def test_the_commands_speak_of_objects_and_files_that_are_there(name: str) -> None:
    lines = commands(name)
    assert "python app.py" in lines
    assert re.search(r"kubectl apply -f dist/", lines)
    for file in re.findall(r"dist/\S+", lines):
        assert f"# {file}\n" in golden(name)
    for kind, object_name in re.findall(rf"\b({'|'.join(SHORT)})/([a-z0-9-]+)", lines):
        assert (SHORT[kind], object_name) in objects(name)
    for kind, label, value in re.findall(rf"\b({'|'.join(SHORT)}) -l (\S+?)=(\S+)", lines):
        labels = [item["metadata"].get("labels", {}) for item in documents(name) if item["kind"] == SHORT[kind]]
        assert value in [found.get(label) for found in labels]
    for service, namespace in re.findall(r"http://([a-z0-9-]+)\.([a-z0-9-]+):8000", lines):
        assert ("Service", service) in objects(name)
        assert namespace in namespaces(name)
    admitted = {found[ADMITTED] for found in mappings(documents(name)) if ADMITTED in found}
    assert set(re.findall(r"(?:kubectl| ) -n (\S+)", lines)) <= namespaces(name) | admitted


@each_example
def test_namespaces_and_secrets_come_from_the_yaml_or_from_a_command(name: str) -> None:
    lines = commands(name)
    declared = {item["metadata"]["name"] for item in documents(name) if item["kind"] == "Namespace"}
    for namespace in namespaces(name) - declared:
        assert f"kubectl create namespace {namespace}\n" in lines or "already there" in readme(name)
    references = [found["secretKeyRef"] for found in mappings(documents(name)) if "secretKeyRef" in found]
    for reference in references:
        pattern = rf"create secret generic {reference['name']} .*--from-literal={reference['key']}="
        assert re.search(pattern, lines), reference


@each_example
def test_requests_ask_for_a_model_that_is_served(name: str) -> None:
    asked = re.findall(r'"model": "([^"]+)"', readme(name))
    assert asked
    served = set()
    for pod in pods(name):
        for container in pod["spec"]["containers"]:
            args = container.get("args", [])
            renamed = [arg.partition("=")[2] for arg in args if arg.startswith("--served-model-name=")]
            served |= set(renamed or args[:1])
    assert set(asked) <= served


@pytest.mark.parametrize("page", [*(f"{name}/README.md" for name in NAMES), "README.md"])
def test_every_link_leads_somewhere(page: str) -> None:
    path = FOLDER / page
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", path.read_text(encoding="utf-8"))
    assert links
    for link in links:
        assert (path.parent / link).exists(), link


@each_example
def test_the_readme_links_to_the_app_and_to_its_yaml(name: str) -> None:
    assert "](app.py)" in readme(name)
    assert f"](../../tests/golden/test_examples/{name}.yaml)" in readme(name)


def test_the_catalogue_has_one_line_for_each_example() -> None:
    lines = re.findall(
        r"^\| \[([\w-]+)\]\(([\w-]+)/README\.md\) \| .+ \|$", (FOLDER / "README.md").read_text(), re.MULTILINE
    )
    assert sorted(lines) == [(name, name) for name in NAMES]


def test_the_constructs_that_the_library_is_made_of_are_shown_somewhere() -> None:
    shown = {word for name in NAMES for word in re.findall(r"\w+", app_py(name))}
    assert {"VllmServer", "ModelStorage", "SlowStartProbes", "DropCacheWrapper"} <= shown & set(vllm_cdk8s.__all__)
