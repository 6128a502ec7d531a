"""The site has every page and every public name once; `make docs` builds it and follows the links of what it built."""

import importlib.util
import inspect
import re
from collections import Counter
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import vllm_cdk8s
from vllm_cdk8s.core.engine.catalogue import history, release, versions

ROOT = Path(__file__).parents[2]
LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)#\s]+)")


def _tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("build_site", ROOT / "tools" / "build_site.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


TOOL = _tool()


@pytest.fixture(scope="module")
def staged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    TOOL.stage(folder)
    return folder


def test_the_reference_has_every_public_name_once() -> None:
    shown = Counter(name for _, names in TOOL.REFERENCE.values() for name in names)
    assert shown == Counter(vllm_cdk8s.__all__), "REFERENCE in tools/build_site.py says on which page a name is"


def test_the_members_that_the_reference_shows_are_there_and_documented() -> None:
    for name, members in TOOL.MEMBERS.items():
        construct = getattr(vllm_cdk8s, name)
        for member in members:
            documented: Any = getattr(construct, member, None)
            if documented is None:  # set by __init__, so that the class's docstring has it
                assert re.search(rf"\b{member}\b", inspect.getsource(construct)), (name, member)
            else:
                assert documented.__doc__, (name, member)


def test_the_navigation_leads_to_every_page_once(staged: Path) -> None:
    nav = (ROOT / "mkdocs.yml").read_text(encoding="utf-8").partition("\nnav:\n")[2]
    listed = Counter(re.findall(r"[\w/-]+\.md$", nav, re.MULTILINE))
    assert listed == Counter(
        path.relative_to(staged).as_posix() for path in staged.rglob("*.md") if "files" not in path.parts
    )


def test_every_link_of_the_sources_leads_to_one_of_them(staged: Path) -> None:
    links = 0
    for page in staged.rglob("*.md"):
        for link in LINK.findall(TOOL.FENCE.sub("", page.read_text(encoding="utf-8"))):
            assert (page.parent / link).exists(), f"{page.relative_to(staged)}: {link}"
            links += 1
    assert links > 100


def test_every_option_of_vllm_has_a_row_with_its_releases(staged: Path) -> None:
    page = (staged / "reference" / "engine-options.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `(\w+)`(?: \(deprecated\))? \| ([^|]+) \|", page, re.MULTILINE))
    every = {name for version in versions() for name in release(version).names}
    assert every - set(rows) == {"model", "host", "port", "api_key"}
    assert rows["swap_space"] == "up to 0.17.1"
    assert rows["max_model_len"] == "all"
    for name, said in rows.items():
        assert said in {"all", str(history(name)).removeprefix("vLLM ")}
        assert (said == "all") == all(release(version).option(name) for version in versions())


def test_a_link_that_leads_nowhere_is_found(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "index.html").write_text('<h2 id="known">x</h2>')
    (tmp_path / "index.html").write_text(
        '<a href="there/">1</a><a href="there/#known">2</a><a href="https://example.com">3</a>'
        '<a href="there/#unknown">4</a><img src="gone.svg">'
    )
    assert TOOL.broken_links(tmp_path) == ["index.html: gone.svg", "index.html: there/#unknown"]


@pytest.mark.parametrize("page", [path for path in TOOL.pages() if "```" in path.read_text(encoding="utf-8")], ids=str)
def test_what_is_in_a_list_is_four_spaces_in(page: Path) -> None:
    # GitHub takes three; Python-Markdown, which makes the site, begins the list anew.
    assert re.findall(r"^(?: {1,3}| {5,7})```", page.read_text(encoding="utf-8"), re.MULTILINE) == []


@pytest.mark.parametrize("name", ["VllmServer", "MultiNodeVllmServer", "RayVllmServer", "DisaggregatedServer"])
def test_help_says_each_keyword_on_a_line_of_its_own(name: str) -> None:
    construct = getattr(vllm_cdk8s, name)
    arguments = (inspect.getdoc(construct) or "").partition("Args:\n")[2].partition("\n\n")[0]
    assert re.findall(r"^    (\w+):", arguments, re.MULTILINE) == list(inspect.signature(construct).parameters)


def test_help_shows_types_as_they_are_written() -> None:
    shown = str(inspect.signature(vllm_cdk8s.VllmServer))
    assert "ForwardRef" not in shown
    assert "hf_token: 'SecretKey' = None" in shown
    assert "port: 'int' = 8000" in shown
