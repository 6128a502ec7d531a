"""app.py, the README's first chart, run as its users run it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from syrupy.assertion import SnapshotAssertion

from tests.synthesis import Document, YamlFile

APP = Path(__file__).parent.parent / "app.py"


def run(folder: Path, **env: str) -> bytes:
    """What `python app.py` writes to dist/, run in an empty folder."""
    done = subprocess.run(
        [sys.executable, "-W", "error", str(APP)],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(APP.parent), **env},
        capture_output=True,
        text=True,
        check=False,
    )
    # Not a word on the way: no warning of ours, no end-of-life banner of jsii's.
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    [written] = (folder / "dist").iterdir()
    assert written.name == "llm.k8s.yaml"
    return written.read_bytes()


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return run(tmp_path_factory.mktemp("app"), PYTHONHASHSEED="1")


@pytest.fixture(scope="module")
def by_kind(written: bytes) -> dict[str, Document]:
    return {document["kind"]: document for document in yaml.safe_load_all(written)}


def test_the_first_chart_is_as_golden(written: bytes, snapshot: SnapshotAssertion) -> None:
    assert written.decode() == snapshot(extension_class=YamlFile)


def test_the_first_chart_is_one_file_of_four_objects(written: bytes, by_kind: dict[str, Document]) -> None:
    assert len(list(yaml.safe_load_all(written))) == 4
    assert set(by_kind) == {"ServiceAccount", "PersistentVolumeClaim", "Deployment", "Service"}


def test_the_first_chart_pins_its_image_and_has_one_gpu(by_kind: dict[str, Document]) -> None:
    [container] = by_kind["Deployment"]["spec"]["template"]["spec"]["containers"]
    assert container["image"].rpartition(":")[2] not in ("latest", container["image"])
    assert container["resources"]["limits"]["nvidia.com/gpu"] == 1
    assert by_kind["Deployment"]["spec"]["replicas"] == 1


def test_it_writes_the_same_bytes_with_another_hash_seed(written: bytes, tmp_path: Path) -> None:
    assert run(tmp_path, PYTHONHASHSEED="2") == written


def test_run_again_in_the_same_folder_it_writes_the_same_bytes(written: bytes, tmp_path: Path) -> None:
    assert run(tmp_path) == run(tmp_path) == written
