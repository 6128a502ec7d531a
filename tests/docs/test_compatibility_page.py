"""The versions that the pages promise are those that the package asks for and knows."""

import re
from pathlib import Path

import pytest

from tests.kubernetes_schemas import OLDEST
from vllm_cdk8s.core.engine.catalogue import versions

ROOT = Path(__file__).parents[2]
PROJECT = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
PAGES = {name: (ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "docs/compatibility.md")}


def row(page: str, what: str) -> str:
    (found,) = re.findall(rf"^\| {re.escape(what)} \| (.+) \|$", PAGES[page], re.MULTILINE)
    return str(found)


def floor(requirement: str) -> str:
    (found,) = re.findall(rf'^\s+"{requirement}>=([\d.]+)', PROJECT, re.MULTILINE)
    return str(found)


@pytest.mark.parametrize("page", PAGES)
def test_the_oldest_versions_are_those_that_it_takes(page: str) -> None:
    (python,) = re.findall(r'^requires-python = ">=([\d.]+)"$', PROJECT, re.MULTILINE)
    assert row(page, "Python").startswith(python)
    assert row(page, "Kubernetes").startswith(OLDEST)
    assert row(page, "vLLM").startswith(versions()[0].removesuffix(".0"))


def test_the_newest_vllm_is_named() -> None:
    newest = ".".join(versions()[-1].split(".")[:2])
    assert f" to {newest}," in row("README.md", "vLLM")
    assert f"vllm/vllm-openai:v{versions()[-1]}" in PAGES["README.md"]


def test_what_it_is_built_on_is_named_with_its_floor() -> None:
    said = row("docs/compatibility.md", "cdk8s, cdk8s-plus-27")
    assert said.startswith(f"{floor('cdk8s')} and {floor('cdk8s-plus-27')} and newer")


def test_what_is_public_is_there() -> None:
    page = PAGES["docs/compatibility.md"].partition("## Public")[2].partition("\n## ")[0]
    for name in re.findall(r"`([A-Z]\w+)`", page):
        assert f'"{name}"' in (ROOT / "vllm_cdk8s" / "__init__.py").read_text(encoding="utf-8"), name
