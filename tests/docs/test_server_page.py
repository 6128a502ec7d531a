"""docs/server.md: what it shows is what the library does."""

import pytest
from syrupy.assertion import SnapshotAssertion

from tests import synthesis
from tests.kubernetes_schemas import assert_valid, since
from tests.pod_security_standards import strictest_level
from tests.snippets import run, snippets

NAMES = ["secrets", "shutdown", "mig-slice", "kai-share", "device-claim", "non-root", "patches"]
LEVELS = dict.fromkeys(NAMES, "baseline") | {"non-root": "restricted"}


@pytest.mark.parametrize(("name", "snippet"), list(zip(NAMES, snippets("server.md"), strict=True)), ids=NAMES)
def test_a_documented_snippet_makes_this_yaml(name: str, snippet: str, snapshot: SnapshotAssertion) -> None:
    chart = synthesis.new_chart(namespace="llm")
    run(snippet, chart)
    # The fields of claims for devices are those of 1.31.
    assert_valid(synthesis.documents(chart), minors=since("1.31") if name == "device-claim" else None)
    assert strictest_level(synthesis.the(chart, "Deployment")["spec"]["template"]) == LEVELS[name]
    synthesis.assert_golden(chart, snapshot)
