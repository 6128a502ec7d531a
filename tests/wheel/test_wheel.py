"""The wheel, installed by pip into an empty environment outside of the repository, is all that a user needs.

`make wheel-test` builds it and says where it lies; without that, these are skipped.
"""

import email
import os
import re
import subprocess
import sys
import zipfile
from email.message import Message
from pathlib import Path

import pytest
import yaml

from tests.docs.test_readme import PYTHON, README, ROOT

BUILT = os.environ.get("VLLM_WHEEL", "")
pytestmark = pytest.mark.skipif(not BUILT, reason="VLLM_WHEEL is not set; `make wheel-test` sets it")

SETTINGS = "vllm.maxModelLen=512,image.tag=v0.20.2,resources.limits.nvidia.com/gpu=1"

# What a page's reader calls the chart, with every public name at hand.
SNIPPET = """
import sys, warnings
import cdk8s
import vllm_cdk8s
warnings.simplefilter("error")
app = cdk8s.App()
names = {name: getattr(vllm_cdk8s, name) for name in vllm_cdk8s.__all__}
exec(sys.stdin.read(), {**names, "cdk8s": cdk8s, "chart": cdk8s.Chart(app, "docs")})
app.synth()
"""


class Environment:
    """An empty virtual environment, in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True)
        self.bin = folder / "venv" / "bin"

    def install(self, requirement: str) -> None:
        pip = [str(self.bin / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", requirement]
        subprocess.run(pip, check=True, cwd=self.folder)

    def run(self, *command: str, said: str = "") -> str:
        """Run a program of the environment with nothing else on the PATH, and no word of the repository."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "JSII", "VLLM"))}
        done = subprocess.run(
            [self.bin / command[0], *command[1:]], input=said, cwd=self.folder, capture_output=True, text=True,
            env={**kept, "PATH": str(self.bin)}, timeout=120, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """The wheel and what it needs, and no Node.js."""
    environment = Environment(tmp_path_factory.mktemp("bare"))
    environment.install(BUILT)
    assert not (environment.bin / "node").exists()
    return environment


@pytest.fixture(scope="module")
def with_node(bare: Environment) -> Environment:
    bare.install(f"{BUILT}[node]")
    return bare


@pytest.fixture(scope="module")
def metadata() -> Message:
    with zipfile.ZipFile(BUILT) as wheel:
        [name] = [name for name in wheel.namelist() if name.endswith(".dist-info/METADATA")]
        return email.message_from_bytes(wheel.read(name))


# Without Node.js; these come first, since the environment gets it afterwards.


def test_what_is_imported_is_what_was_installed(bare: Environment) -> None:
    found = bare.run("python", "-c", "import vllm_cdk8s; print(vllm_cdk8s.__file__)").strip()
    assert Path(found).is_relative_to(bare.folder)
    bare.run("python", "-m", "pip", "check")


def test_the_command_line_needs_no_node(bare: Environment) -> None:
    (bare.folder / "values.yaml").write_text(bare.run("vllm-cdk8s", "values"))
    rendered = bare.run("vllm-cdk8s", "template", "my-vllm", "-f", "values.yaml", "--set", SETTINGS)
    (bare.folder / "my-vllm.yaml").write_text(rendered)
    kinds = {document["kind"] for document in yaml.safe_load_all(rendered)}
    assert {"Deployment", "Service", "PersistentVolumeClaim"} <= kinds
    assert "--max-model-len=512" in rendered
    bare.run("vllm-cdk8s", "check", "my-vllm.yaml")  # 1 where it finds anything
    assert '"$schema"' in bare.run("vllm-cdk8s", "schema")
    assert "GPU" in bare.run("vllm-cdk8s", "size", "7B", "--dtype", "fp16")
    assert "VC402" in bare.run("vllm-cdk8s", "rule", "VC402")


def test_every_command_says_how_it_is_used(bare: Environment) -> None:
    told = bare.run("vllm-cdk8s", "--help")
    commands = re.findall(r"^    (\w+) ", told, re.MULTILINE)
    assert len(commands) > 8
    for command in commands:
        assert f"vllm-cdk8s {command}" in bare.run("vllm-cdk8s", command, "--help")


@pytest.mark.parametrize("command", re.findall(r"`(vllm-cdk8s \w+ [^`]+)`", README))
def test_each_command_of_the_readme_runs(bare: Environment, command: str) -> None:
    (bare.folder / "values.yaml").write_text("replicaCount: 1\n")
    bare.run(*command.split())


# With Node.js from PyPI


@pytest.mark.parametrize("number", range(len(PYTHON)))
def test_each_block_of_the_readme_runs(with_node: Environment, number: int) -> None:
    block, folder = PYTHON[number], with_node.folder / "dist"
    for old in folder.glob("*.yaml"):
        old.unlink()
    if "app.synth()" in block:
        with_node.run("python", "-", said=block)
    else:
        with_node.run("python", "-c", SNIPPET, said=block)
    written = [document for path in folder.glob("*.yaml") for document in yaml.safe_load_all(path.read_text())]
    assert all(document["kind"] for document in written)
    assert written, block


# What is in it


def test_it_holds_the_package_and_its_licence_and_nothing_else() -> None:
    with zipfile.ZipFile(BUILT) as wheel:
        files = {name for name in wheel.namelist() if ".dist-info/" not in name}
        told = {name.partition(".dist-info/")[2] for name in wheel.namelist()} - {""}
    wanted = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "vllm_cdk8s").rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }
    assert files == wanted
    assert "vllm_cdk8s/py.typed" in files
    assert told == {"METADATA", "RECORD", "WHEEL", "entry_points.txt", "licenses/LICENSE", "licenses/NOTICE"}


def test_its_metadata_is_complete(metadata: Message) -> None:
    assert metadata["License-Expression"] == "Apache-2.0"
    assert metadata["Requires-Python"] == ">=3.10"
    classifiers = metadata.get_all("Classifier", [])
    for minor in range(10, 15):
        assert f"Programming Language :: Python :: 3.{minor}" in classifiers
    assert metadata.get_all("Project-URL")
    assert metadata["Version"] == subprocess.run(
        [sys.executable, "-c", "import importlib.metadata as m; print(m.version('vllm-cdk8s'))"],
        capture_output=True, text=True, check=True,
    ).stdout.strip()  # fmt: skip


def test_its_description_links_to_nothing_that_is_not_there(metadata: Message) -> None:
    description = str(metadata.get_payload())
    assert "vLLM" in description
    assert re.findall(r"\]\((?!https?://|#)[^)]*\)", description) == []
