"""Write vllm_cdk8s/data/metrics.json: vLLM's metrics by name, with kind, labels and the versions that have them.

    python tools/generate_metrics.py [FOLDER]      FOLDER/<version>/vllm is vLLM's source, one unzipped wheel a version

The folder is by default the one that tools/catalogue.py fills. Nothing of vLLM runs: its source is parsed, and each
call that makes a Prometheus gauge, counter or histogram is read. `--check` compares instead of writing.
tools/check_metrics.py holds the result against what vLLM registers when it does run.
"""

from __future__ import annotations

import argparse
import ast
import json
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / "vllm_cdk8s" / "data" / "metrics.json"
SOURCES = ROOT / "build" / "vllm"
KINDS = ("gauge", "counter", "histogram")
# The engine before V1, which no version in the catalogue starts by default; and what makes no metric of the server.
SKIPPED = ("vllm/engine/", "vllm/v1/metrics/ray_wrappers.py", "vllm/v1/metrics/reader.py", "vllm/benchmarks/")
# What is there on every server, unless a condition stands around it; elsewhere a connector or feature brings it.
CORE = "vllm/v1/metrics/loggers.py"
# What PrometheusStatLogger hands to the classes beside it as `labelnames`.
BASE = ("model_name", "engine")


class Reader(ast.NodeVisitor):
    """Collects the metrics of one module, following the strings and lists that it assigns to names."""

    def __init__(self) -> None:
        self.found: dict[str, dict[str, Any]] = {}
        self.unread: list[int] = []
        self.scopes: list[dict[str, Any]] = [{"self._labelnames": list(BASE)}]
        self.conditions = 0

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        arguments = {argument.arg for argument in [*node.args.args, *node.args.kwonlyargs]}
        self.scopes.append({"labelnames": list(BASE)} if "labelnames" in arguments else {})
        conditions, self.conditions = self.conditions, 0
        self.generic_visit(node)
        self.conditions = conditions
        self.scopes.pop()

    def visit_Assign(self, node: ast.Assign) -> None:
        value = self.value(node.value)
        for target in node.targets:
            if isinstance(target, (ast.Name, ast.Attribute)):
                # An attribute outlives the method that sets it.
                scope = self.scopes[0] if isinstance(target, ast.Attribute) else self.scopes[-1]
                key = ast.unparse(target)
                # A table that is written in both branches is, for the catalogue, the sum of the two.
                scope[key] = scope[key] + value if is_table(scope.get(key)) and is_table(value) else value
        self.generic_visit(node)

    def visit_If(self, node: ast.If) -> None:
        self.visit(node.test)
        self.conditions += 1
        for statement in [*node.body, *node.orelse]:
            self.visit(statement)
        self.conditions -= 1

    def visit_ListComp(self, node: ast.ListComp) -> None:
        self.loop(node.generators[0].target, node.generators[0].iter, [node.elt])

    def visit_For(self, node: ast.For) -> None:
        self.loop(node.target, node.iter, node.body)

    def loop(self, target: ast.expr, rows: ast.expr, body: list[Any]) -> None:
        """Visit the body once for each row of a table that can be read, else once with nothing known of the target."""
        names = [ast.unparse(item) for item in (target.elts if isinstance(target, ast.Tuple) else [target])]
        table = self.value(rows)
        for row in table if isinstance(table, list) and table else [None]:
            values = row if isinstance(target, ast.Tuple) and isinstance(row, list) else [row]
            self.scopes.append(dict(zip(names, values, strict=False)))
            for statement in body:
                self.visit(statement)
            self.scopes.pop()

    def visit_Call(self, node: ast.Call) -> None:
        kind = kind_of(node)
        if kind is not None:
            given = {keyword.arg: keyword.value for keyword in node.keywords}
            positions = ("name", "documentation", "labelnames")
            given = {**dict(zip(positions, node.args, strict=False)), **given}
            name = self.value(given.get("name"))
            if isinstance(name, str) and name.startswith("vllm:"):
                self.add(name, kind, given.get("labelnames"))
            elif not isinstance(name, str):
                self.unread.append(node.lineno)
        self.generic_visit(node)

    def add(self, name: str, kind: str, labels: ast.expr | None) -> None:
        names = [] if labels is None else self.value(labels)
        known_names = isinstance(names, list) and all(isinstance(label, str) for label in names)
        entry = {"kind": kind, "labels": sorted(names) if known_names else None, "always": not self.conditions}
        # A counter's series end in `_total` whether or not its name does, and Prometheus' client drops the ending.
        family = name.removesuffix("_total") if kind == "counter" else name
        known = self.found.setdefault(family, entry)
        known["always"] = known["always"] or entry["always"]

    def value(self, node: ast.expr | None) -> Any:
        """The string or list that an expression stands for, or None where only running it would tell."""
        if isinstance(node, ast.Constant):
            return node.value
        if isinstance(node, (ast.List, ast.Tuple)):
            return [self.value(item) for item in node.elts]
        if isinstance(node, (ast.Name, ast.Attribute)):
            key = ast.unparse(node)
            return next((scope[key] for scope in reversed(self.scopes) if key in scope), None)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            left, right = self.value(node.left), self.value(node.right)
            return left + right if isinstance(left, list) and isinstance(right, list) else None
        if isinstance(node, ast.Call) and ast.unparse(node.func) in {"list", "tuple"} and node.args:
            return self.value(node.args[0])
        return None


def kind_of(call: ast.Call) -> str | None:
    """The kind of metric that Gauge(...), prometheus_client.Gauge(...) or self._gauge_cls(...) makes, or None."""
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    return next((kind for kind in KINDS if name in {kind.capitalize(), f"_{kind}_cls"}), None)


def is_table(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(row, list) for row in value)


def read_version(root: Path) -> tuple[dict[str, dict[str, Any]], list[str]]:
    """All metrics of one version, and the places that make a metric whose name only running them would tell."""
    found: dict[str, dict[str, Any]] = {}
    unread = []
    for path in sorted((root / "vllm").rglob("*.py")):
        relative = path.relative_to(root).as_posix()
        source = path.read_text(encoding="utf-8")
        if relative.startswith(SKIPPED) or "vllm:" not in source:
            continue
        reader = Reader()
        reader.visit(ast.parse(source))
        unread += [f"{relative}:{line}" for line in reader.unread]
        for name, entry in reader.found.items():
            entry["always"] = entry["always"] and relative == CORE
            known = found.setdefault(name, entry)
            if known["kind"] != entry["kind"]:
                sys.exit(f"{root.name}: {name} is both {known['kind']} and {entry['kind']}")
            known["always"] = known["always"] or entry["always"]
    return found, unread


def catalogue(folder: Path) -> dict[str, Any]:
    versions = sorted(
        (path.name for path in folder.iterdir() if (path / "vllm").is_dir()),
        key=lambda name: [int(part) for part in name.split(".")],
    )
    if not versions:
        sys.exit(f"{folder} holds no <version>/vllm")
    metrics: dict[str, list[dict[str, Any]]] = {}
    unread: list[str] = []
    for index, version in enumerate(versions):
        found, unread = read_version(folder / version)
        for name, entry in found.items():
            spans = metrics.setdefault(name, [])
            if spans and spans[-1]["last"] == index - 1 and all(spans[-1][key] == entry[key] for key in entry):
                spans[-1]["last"] = index
            else:
                spans.append({**entry, "first": index, "last": index})
    for place in unread:
        print(f"{versions[-1]}: the name at {place} cannot be read", file=sys.stderr)
    return {"versions": versions, "metrics": dict(sorted(metrics.items()))}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?", default=SOURCES)
    parser.add_argument("--check", action="store_true", help="fail where the data file is not what would be written")
    arguments = parser.parse_args()
    data = catalogue(arguments.folder)
    rows = [
        f"{json.dumps(name)}: {json.dumps(spans, separators=(',', ':'))}" for name, spans in data["metrics"].items()
    ]
    text = f'{{"versions": {json.dumps(data["versions"])}, "metrics": {{\n' + ",\n".join(rows) + "\n}}\n"
    if arguments.check:
        if not DATA.is_file() or DATA.read_text(encoding="utf-8") != text:
            sys.exit(f"{DATA} is not what {arguments.folder} says")
        return
    DATA.parent.mkdir(exist_ok=True)
    DATA.write_text(text, encoding="utf-8")
    print(f"{DATA}: {len(data['metrics'])} metrics of {len(data['versions'])} versions, {len(text)} bytes")


if __name__ == "__main__":
    main()
