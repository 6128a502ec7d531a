"""docs/drawings is what the tool draws now, and every drawing is shown with the numbers that it has."""

import importlib.util
import re
import sys
import xml.etree.ElementTree as ET
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "concepts.md").read_text(encoding="utf-8")
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("drawings", ROOT / "tools" / "drawings.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["drawings"] = module  # where its frozen classes look themselves up
    spec.loader.exec_module(module)
    return module


def test_the_drawings_are_current(tool: ModuleType) -> None:
    there = {path.name: path.read_text(encoding="utf-8") for path in tool.FOLDER.glob("*.svg")}
    assert there == tool.drawings(), "make drawings"


def test_the_page_shows_each_and_says_its_numbers() -> None:
    shown = dict(re.findall(r"!\[([^\]]+)\]\(drawings/([\w.]+)\)", PAGE))
    assert sorted(shown.values()) == sorted(path.name for path in (ROOT / "docs" / "drawings").iterdir())
    for said, name in shown.items():
        drawn = "\n".join(ET.parse(ROOT / "docs" / "drawings" / name).getroot().itertext())  # noqa: S314 - our own file
        for number in re.findall(r"\d[\d,]*", said):
            if len(number) > 1:
                assert re.search(rf"\b{number} s\b", drawn), (name, number)


@pytest.mark.parametrize("name", sorted(path.name for path in (ROOT / "docs" / "drawings").glob("*.svg")))
def test_nothing_is_drawn_outside_of_the_sheet(name: str) -> None:
    root = ET.parse(ROOT / "docs" / "drawings" / name).getroot()  # noqa: S314 - our own file
    _, _, width, height = (float(part) for part in root.attrib["viewBox"].split())
    for box in root.iter(f"{SVG}rect"):
        assert float(box.get("x", 0)) + float(box.attrib["width"]) <= width
        assert float(box.get("y", 0)) + float(box.attrib["height"]) <= height
    for text in root.iter(f"{SVG}text"):
        x, said = float(text.attrib["x"]), text.text or ""
        begin = x - (len(said) * 3.2 if text.get("text-anchor") == "middle" else 0)
        assert begin >= 0
        assert begin + len(said) * 6.4 <= width + 2, said
        assert float(text.attrib["y"]) <= height
