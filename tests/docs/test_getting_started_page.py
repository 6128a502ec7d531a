"""docs/getting-started.md shows app.py and what it writes, to the letter."""

import re
import subprocess
import sys
from pathlib import Path

from tests.snippets import DOCS

ROOT = Path(__file__).parents[2]
PAGE = (DOCS / "getting-started.md").read_text(encoding="utf-8")


def test_the_first_chart_is_app_py_and_its_yaml_is_what_that_writes(tmp_path: Path) -> None:
    subprocess.run([sys.executable, ROOT / "app.py"], cwd=tmp_path, check=True, timeout=120)
    assert re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)[0] == (ROOT / "app.py").read_text(encoding="utf-8")
    (written,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    assert written == (tmp_path / "dist" / "llm.k8s.yaml").read_text(encoding="utf-8")
