"""Hold the ledger against published start-up logs, and write the result into docs/sizing.md.

tools/ledger_accuracy.py            print the table
tools/ledger_accuracy.py --write    put it between the marks of docs/sizing.md
tools/ledger_accuracy.py --check    exit 1 where the page holds another
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from vllm_cdk8s.core.models.accelerators import accelerator
from vllm_cdk8s.core.models.facts import known_model
from vllm_cdk8s.core.models.ledger import Ledger, ledger

ROOT = Path(__file__).resolve().parents[1]
LOGS = ROOT / "tests" / "data" / "startup_logs.json"
PAGE = ROOT / "docs" / "sizing.md"
BEGIN, END = "<!-- accuracy: begin -->", "<!-- accuracy: end -->"
GIB = 2**30
KV_MARGIN, WEIGHTS_MARGIN = 0.15, 0.03


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One log and what the ledger says of it."""

    log: dict[str, Any]
    ledger: Ledger
    weights: float | None
    kv: float | None
    layout: float | None

    @property
    def verdict(self) -> str:
        return self.ledger.lines[0].verdict


def version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split("."))


def predicted(log: dict[str, Any], **changes: Any) -> Ledger:
    """The ledger of a log's settings."""
    card = accelerator(log["gpu"])
    if "gpu_gib" in log:
        card = replace(card, memory_bytes=int(log["gpu_gib"] * GIB))
    return ledger(
        model=known_model(log["model"]),
        accelerator=card,
        engine={**log["engine"], **changes},
        version=version(log["version"]),
    )


def rows() -> list[Row]:
    """Every log, compared: errors as shares of what was seen."""
    found = []
    for log in json.loads(LOGS.read_text(encoding="utf-8"))["logs"]:
        said, seen = predicted(log), log["seen"]
        whole = not log.get("partial") and seen.get("outcome") == "serves"
        kv = layout = None
        if whole and "kv_tokens" in seen and said.kv_cache_tokens is not None:
            kv = said.kv_cache_tokens / seen["kv_tokens"] - 1
        elif whole and "available_gib" in seen and said.kv_bytes_available is not None:
            kv = said.kv_bytes_available / GIB / seen["available_gib"] - 1
        if "kv_tokens" in seen and seen.get("available_gib", 0) > 0:
            given = predicted(log, kv_cache_memory_bytes=int(seen["available_gib"] * GIB))
            layout = None if given.kv_cache_tokens is None else given.kv_cache_tokens / seen["kv_tokens"] - 1
        elif "sequence_gib" in seen and said.kv_bytes_per_sequence is not None:
            layout = said.kv_bytes_per_sequence / GIB / seen["sequence_gib"] - 1
        weights = None
        if "weights_gib" in seen and said.weight_bytes_per_gpu is not None:
            weights = said.weight_bytes_per_gpu / GIB / seen["weights_gib"] - 1
        found.append(Row(log=log, ledger=said, weights=weights, kv=kv, layout=layout))
    return found


def within(errors: list[float], margin: float) -> tuple[int, int]:
    return sum(abs(error) <= margin for error in errors), len(errors)


def share(value: float | None) -> str:
    return "" if value is None else f"{value * 100:+.1f} %"


def summary(found: list[Row]) -> str:
    """How many of these logs are met."""
    kv = within([row.kv for row in found if row.kv is not None], KV_MARGIN)
    weights = within([row.weights for row in found if row.weights is not None], WEIGHTS_MARGIN)
    failed = [row for row in found if row.log["seen"].get("outcome") == "out of memory" and not row.log.get("partial")]
    called = sum(row.verdict == "fits" for row in failed)
    served = [row for row in found if row.log["seen"].get("outcome") == "serves" and not row.log.get("partial")]
    refused = sum(row.verdict == "too_little" for row in served)
    return (
        f"KV cache within 15 % for {kv[0]} of {kv[1]}, weights within 3 % for {weights[0]} of {weights[1]}; of "
        f"{len(failed)} that ran out of memory {called} called fitting, of {len(served)} that served {refused} refused."
    )


def report(found: list[Row]) -> str:
    """The summary and the table, in Markdown."""
    layout = within([row.layout for row in found if row.layout is not None], 0.02)
    aside = [row for row in found if row.log.get("aside")]
    lines = [
        (
            f"{len(found)} logs of {len({row.log['model'] for row in found})} models: {summary(found)} Given the "
            f"memory that vLLM printed, its number of tokens is met within 2 % for {layout[0]} of {layout[1]}."
        ),
        "",
        f"Of the {len(aside)} logs set aside, marked * below: {summary(aside)}",
        "",
        "| model | GPU | vLLM | weights | KV cache | tokens for given memory | said | happened |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row in found:
        log = row.log
        size = log["engine"].get("tensor_parallel_size", 1) * log["engine"].get("pipeline_parallel_size", 1)
        gpu = log["gpu"] if size == 1 else f"{size} x {log['gpu']}"
        name = f"[{log['model']}]({log['source']})" if log["source"].startswith("https://") else log["model"]
        name += " *" if log.get("aside") else ""
        lines.append(
            f"| {name} | {gpu} | {log['version']} | {share(row.weights)} | {share(row.kv)} | {share(row.layout)} | "
            f"{row.verdict.replace('_', ' ') if not log.get('partial') else ''} | {log['seen'].get('outcome', '')} |"
        )
    return "\n".join(lines)


def page(text: str, table: str) -> str:
    head, rest = text.split(BEGIN)
    return f"{head}{BEGIN}\n{table}\n{END}{rest.split(END)[1]}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="put the table into docs/sizing.md")
    parser.add_argument("--check", action="store_true", help="fail where docs/sizing.md holds another")
    arguments = parser.parse_args()
    table = report(rows())
    text = PAGE.read_text(encoding="utf-8")
    if arguments.write:
        PAGE.write_text(page(text, table), encoding="utf-8")
    elif arguments.check:
        if page(text, table) != text:
            print("docs/sizing.md holds another table; run tools/ledger_accuracy.py --write")
            return 1
    else:
        print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
