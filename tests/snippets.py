"""The Python that the documentation shows, run as its reader would."""

import re
import warnings
from pathlib import Path

import cdk8s

DOCS = Path(__file__).parent.parent / "docs"


def snippets(document: str) -> list[str]:
    """Give the Python blocks of a page of the documentation."""
    found: list[str] = re.findall(r"```python\n(.*?)```", (DOCS / document).read_text(encoding="utf-8"), re.DOTALL)
    assert found
    return found


def run(snippet: str, chart: cdk8s.Chart) -> None:
    """Run a block that calls its chart `chart`; a warning is a failure."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        exec(snippet, {"chart": chart})  # noqa: S102 - the documentation's own code
