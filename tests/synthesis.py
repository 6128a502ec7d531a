"""What the tests of constructs share: charts, their YAML, and golden files of it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cdk8s
import yaml
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode
from syrupy.location import PyTestLocation

from vllm_cdk8s.core.engine import EngineArgs

GOLDEN = Path(__file__).parent / "golden"
MODEL = "Qwen/Qwen2.5-7B-Instruct"
# A server that nothing is to be said against, for tests of something else.
PLAIN: dict[str, Any] = {"model": MODEL, "image": "vllm/vllm-openai:v0.20.2", "gpus": 1}
SEVERAL_GPUS: EngineArgs = {"tensor_parallel_size": 2}

Document = dict[str, Any]


class YamlFile(SingleFileSnapshotExtension):
    """One readable YAML file for each golden chart: tests/golden/<module>/<test>.yaml."""

    _write_mode = WriteMode.TEXT
    file_extension = "yaml"

    @classmethod
    def dirname(cls, *, test_location: PyTestLocation) -> str:
        return str(GOLDEN / test_location.basename)


def assert_golden(chart: cdk8s.Chart, snapshot: SnapshotAssertion) -> None:
    """Fail unless the chart's YAML is the golden file's; tests/test_golden_files.py validates all of them."""
    assert to_yaml(chart) == snapshot(extension_class=YamlFile)


def new_chart(id: str = "llm", *, namespace: str | None = None, labels: Mapping[str, str] | None = None) -> cdk8s.Chart:
    return cdk8s.Chart(cdk8s.App(), id, namespace=namespace, labels=labels)


def to_yaml(chart: cdk8s.Chart) -> str:
    app = cdk8s.App.of(chart)
    assert isinstance(app, cdk8s.App)
    return app.synth_yaml()


def documents(chart: cdk8s.Chart) -> list[Document]:
    """The objects of the chart's app, read back from its YAML."""
    return list(yaml.safe_load_all(to_yaml(chart)))


def of_kind(chart: cdk8s.Chart, kind: str) -> list[Document]:
    return [document for document in documents(chart) if document["kind"] == kind]


def the(chart: cdk8s.Chart, kind: str) -> Document:
    """The one object of a kind."""
    [document] = of_kind(chart, kind)
    return document


def pod_spec(chart: cdk8s.Chart) -> Document:
    """The pod of the one Deployment."""
    spec: Document = the(chart, "Deployment")["spec"]["template"]["spec"]
    return spec


def vllm_container(chart: cdk8s.Chart) -> Document:
    container: Document = pod_spec(chart)["containers"][0]
    assert container["name"] == "vllm"
    return container
