"""The ledger against start-up logs that people published: how near it is, and that the page says so."""

from __future__ import annotations

import importlib.util
import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from vllm_cdk8s.core.models.facts import known_model

if TYPE_CHECKING:
    from types import ModuleType

ROOT = Path(__file__).resolve().parents[3]
LOGS = json.loads((ROOT / "tests" / "data" / "startup_logs.json").read_text(encoding="utf-8"))["logs"]


@pytest.fixture(scope="module")
def accuracy() -> ModuleType:
    spec = importlib.util.spec_from_file_location("ledger_accuracy", ROOT / "tools" / "ledger_accuracy.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # where dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def test_there_are_sixty_logs_and_more_each_with_its_source() -> None:
    assert len(LOGS) >= 60
    for log in LOGS:
        assert log["source"].startswith("https://") or log["quote"]
        assert re.fullmatch(r"\d+\.\d+\.\d+", log["version"])
        assert known_model(log["model"]) is not None


def test_kv_tokens_are_within_15_percent_for_80_percent(accuracy: ModuleType) -> None:
    hits, of = accuracy.within([row.kv for row in accuracy.rows() if row.kv is not None], 0.15)
    assert of >= 15
    assert hits >= 0.8 * of


def test_weights_are_within_3_percent_for_90_percent(accuracy: ModuleType) -> None:
    hits, of = accuracy.within([row.weights for row in accuracy.rows() if row.weights is not None], 0.03)
    assert of >= 12
    assert hits >= 0.9 * of


def test_the_layout_is_within_2_percent_for_all(accuracy: ModuleType) -> None:
    hits, of = accuracy.within([row.layout for row in accuracy.rows() if row.layout is not None], 0.02)
    assert of >= 20
    assert hits == of


def test_what_ran_out_of_memory_is_never_called_fitting(accuracy: ModuleType) -> None:
    rows = [row for row in accuracy.rows() if not row.log.get("partial")]
    failed = [row for row in rows if row.log["seen"].get("outcome") == "out of memory"]
    assert len(failed) >= 5
    assert not [row.log["model"] for row in failed if row.verdict == "fits"]


def test_what_served_is_never_refused(accuracy: ModuleType) -> None:
    served = [
        row for row in accuracy.rows() if row.log["seen"].get("outcome") == "serves" and not row.log.get("partial")
    ]
    assert len(served) >= 15
    assert not [row.log["model"] for row in served if row.verdict == "too_little"]


def test_the_documented_report_is_todays(accuracy: ModuleType) -> None:
    text = (ROOT / "docs" / "sizing.md").read_text(encoding="utf-8")
    assert accuracy.page(text, accuracy.report(accuracy.rows())) == text
