"""The Python of the pages runs, without a warning, and what it makes is valid Kubernetes; their manifests work."""

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml

import vllm_cdk8s
from tests import synthesis
from tests.helm.command import run as command
from tests.kubernetes_schemas import assert_valid
from tests.snippets import DOCS, run, snippets
from vllm_cdk8s.helm.reference import values_schema

PAGES = ("getting-started.md", "recipes.md", "ci.md", "security.md")
BLOCKS = [(page, snippet) for page in PAGES for snippet in snippets(page) if "app.synth()" not in snippet]


@pytest.mark.parametrize(
    ("page", "snippet"), BLOCKS, ids=[f"{number}-{page}" for number, (page, _) in enumerate(BLOCKS)]
)
def test_each_snippet_runs_and_synthesizes(page: str, snippet: str) -> None:
    chart = synthesis.new_chart(namespace="llm")
    run(snippet, chart)
    documents = synthesis.documents(chart)
    assert documents, page
    assert_valid(documents)


def test_every_page_with_python_is_run_by_some_test() -> None:
    tests = "\n".join(path.read_text(encoding="utf-8") for path in Path(__file__).parents[1].rglob("test_*.py"))
    for page in DOCS.glob("*.md"):
        if "```python" in page.read_text(encoding="utf-8"):
            assert f'"{page.name}"' in tests, page.name


def _resolved(schema: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    """What a node of a JSON Schema refers to, where it refers to one definition."""
    for each in (node, *node.get("anyOf", ()), *node.get("allOf", ())):
        if "$ref" in each:
            found: dict[str, Any] = schema["$defs"][each["$ref"].rpartition("/")[2]]
            return found
    return node


def test_the_table_of_keywords_names_what_is_there() -> None:
    table = (DOCS / "recipes.md").read_text(encoding="utf-8").partition("## Values and keywords")[2]
    rows = re.findall(r"^\| (`.+?) \| (`.+) \|$", table, re.MULTILINE)
    assert len(rows) > 12
    schema = values_schema()
    keywords = set(vllm_cdk8s.VllmServer.__signature__.parameters)  # type: ignore[attr-defined]
    for values, python in rows:
        for name in re.findall(r"`([\w.]+)`", values):
            node = schema
            for step in name.split("."):
                node = _resolved(schema, node)["properties"][step]
        assert set(re.findall(r"`(\w+)=", python)) <= keywords, python


def test_the_plugin_of_argo_cd_prints_manifests(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = (DOCS / "gitops.md").read_text(encoding="utf-8")
    manifests = [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)]
    (plugin,) = [each for each in manifests if each["kind"] == "ConfigManagementPlugin"]
    (script,) = plugin["spec"]["generate"]["args"]
    values = plugin["spec"]["discover"]["fileName"]
    monkeypatch.chdir(tmp_path)
    Path(values).write_text(
        "vllm: {model: Qwen/Qwen3-8B}\nimage: {tag: v0.20.2}\nresources: {limits: {nvidia.com/gpu: 1}}\n"
    )
    words = shlex.split(script.replace("$ARGOCD_APP_NAMESPACE", "llm").replace("$ARGOCD_APP_NAME", "prod"))
    answer = command(*words[1:])
    assert (answer.code, answer.stderr) == (0, "")
    assert answer.objects["Deployment"]["metadata"]["namespace"] == "llm"
