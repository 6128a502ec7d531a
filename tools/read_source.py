"""Read what the source of one vLLM release says about values, without importing it.

Three kinds of facts: the bounds that its configuration classes put on numbers (pydantic fields, and plain checks that
raise), the names in its registries, and its environment variables.
"""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

BOUNDS = {"ge": "ge", "gt": "gt", "le": "le", "lt": "lt"}
ALIASES = {
    "PositiveInt": {"gt": 0},
    "NonNegativeInt": {"ge": 0},
    "PositiveFloat": {"gt": 0},
    "NonNegativeFloat": {"ge": 0},
}
# What must not hold (a check that raises) against what must hold then.
OPPOSITE = {ast.Lt: "ge", ast.LtE: "gt", ast.Gt: "le", ast.GtE: "lt"}
TURNED = {ast.Lt: ast.Gt, ast.LtE: ast.GtE, ast.Gt: ast.Lt, ast.GtE: ast.LtE}
FILLED = ("ModelConfig", "CacheConfig", "ParallelConfig", "SchedulerConfig", "LoRAConfig", "LoadConfig")
OWN = re.compile(r"""["'](VLLM_[A-Z0-9_]+)["']""")


def read(tree: Path) -> dict[str, Any]:
    """The facts of an unzipped release."""
    root = tree / "vllm"
    files = [root / "config.py"] if (root / "config.py").exists() else sorted((root / "config").rglob("*.py"))
    modules = [ast.parse(path.read_text()) for path in files]
    arguments = ast.parse((root / "engine" / "arg_utils.py").read_text())
    classes = {node.name: node for module in modules for node in module.body if isinstance(node, ast.ClassDef)}
    bounds = {name: class_bounds(node) for name, node in classes.items()}
    engine = next(n for n in arguments.body if isinstance(n, ast.ClassDef) and n.name == "EngineArgs")
    variables = environment(ast.parse((root / "envs.py").read_text()))
    return {
        "bounds": option_bounds(engine, bounds),
        "keys": key_bounds([engine, classes["VllmConfig"]], classes, bounds),
        "names": registries(root),
        "variables": variables,
        "elsewhere": dict.fromkeys(elsewhere(root) - variables.keys(), True),
    }


def number(node: ast.expr | None) -> int | float | None:
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        value = number(node.operand)
        return None if value is None else -value
    if isinstance(node, ast.Constant) and type(node.value) in {int, float}:
        return node.value  # type: ignore[return-value]
    return None


def class_bounds(node: ast.ClassDef) -> dict[str, dict[str, Any]]:
    """What a configuration class says of its numbers."""
    result: dict[str, dict[str, Any]] = {}
    for item in node.body:
        if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name):
            found: dict[str, Any] = {}
            for part in ast.walk(item.annotation):
                if isinstance(part, ast.Name):
                    found.update(ALIASES.get(part.id, {}))
            for call in (c for c in ast.walk(item) if isinstance(c, ast.Call)):
                if getattr(call.func, "id", "") == "Field":
                    found.update(
                        {k.arg: v for k in call.keywords if k.arg in BOUNDS and (v := number(k.value)) is not None}
                    )
            if found:
                result[item.target.id] = found
        elif isinstance(item, ast.FunctionDef) and re.match(r"__post_init__|_?verify|_?validate", item.name):
            for statement in item.body:  # not what depends on other settings
                if isinstance(statement, ast.If) and any(isinstance(s, ast.Raise) for s in statement.body[:1]):
                    for name, bound in refused(statement.test):
                        result.setdefault(name, {}).update(bound)
    return result


def refused(test: ast.expr) -> list[tuple[str, dict[str, Any]]]:
    """The bounds of a field that a check which raises stands for."""
    if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.Or):
        return [one for part in test.values for one in refused(part)]
    if isinstance(test, ast.BoolOp):  # `self.x is not None and self.x < 1`
        rest = [
            part for part in test.values if not (isinstance(part, ast.Compare) and isinstance(part.ops[0], ast.IsNot))
        ]
        return refused(rest[0]) if len(rest) == 1 else []
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not) and isinstance(test.operand, ast.Compare):
        inner = test.operand  # `not (0 < self.x <= 1)`
        if len(inner.ops) == 2 and (name := own_field(inner.comparators[0])):  # noqa: PLR2004
            low, high = number(inner.left), number(inner.comparators[1])
            words = {ast.Lt: ("gt", "lt"), ast.LtE: ("ge", "le")}
            first, last = words.get(type(inner.ops[0])), words.get(type(inner.ops[1]))
            if low is not None and high is not None and first and last:
                return [(name, {first[0]: low, last[1]: high})]
        return []
    if isinstance(test, ast.Compare) and len(test.ops) == 1:
        left, kind, right = test.left, type(test.ops[0]), test.comparators[0]
        if own_field(right):
            left, right, kind = right, left, TURNED.get(kind, kind)
        name, limit = own_field(left), number(right)
        if name and limit is not None and kind in OPPOSITE:
            return [(name, {OPPOSITE[kind]: limit})]
    return []


def own_field(node: ast.expr) -> str | None:
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self":
        return node.attr
    return None


def option_bounds(engine: ast.ClassDef, bounds: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Bounds by option: an argument takes its default from the field of a configuration that it becomes."""
    result = {}
    for item in engine.body:
        if not isinstance(item, ast.AnnAssign) or not isinstance(item.target, ast.Name) or item.value is None:
            continue
        name, owner, field = item.target.id, None, None
        for node in ast.walk(item.value):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in bounds:
                owner, field = node.value.id, node.attr
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "get_field":
                owner, field = getattr(node.args[0], "id", None), getattr(node.args[1], "value", None)
        if field is None:  # None there, and a field of the same name in one of the configurations that it fills
            owner, field = next((o for o in FILLED if name in bounds.get(o, {})), None), name
        found = bounds.get(owner or "", {}).get(field or "")
        if found and not name.startswith("_"):
            result[name] = found
    return result


def key_bounds(
    owners: list[ast.ClassDef], classes: dict[str, ast.ClassDef], bounds: dict[str, dict[str, Any]]
) -> dict[str, dict[str, Any]]:
    """Bounds by configuration and key, with dots for those of configurations in it."""

    def held(item: ast.AnnAssign) -> list[str]:
        return [n.id for n in ast.walk(item.annotation) if isinstance(n, ast.Name) and n.id in classes]

    def of(name: str, prefix: str) -> dict[str, Any]:
        result = {prefix + field: bound for field, bound in bounds[name].items()}
        for item in classes[name].body:
            if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name) and prefix.count(".") < 1:
                for inner in held(item)[:1]:
                    if inner not in {name, "ModelConfig", "ParallelConfig"}:
                        result.update(of(inner, f"{prefix}{item.target.id}."))
        return result

    return {
        item.target.id: found
        for owner in owners
        for item in owner.body
        if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name)
        for config in held(item)[:1]
        if (found := of(config, ""))
    }


def literal(module: ast.Module, name: str) -> list[str]:
    """The strings of `name = Literal[...]`, with those of other such names in it."""
    for node in module.body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == name:
            found = []
            for part in ast.walk(node.value):
                if isinstance(part, ast.Constant) and isinstance(part.value, str):
                    found.append(part.value)
                elif isinstance(part, ast.Name) and part.id not in {"Literal", name}:
                    found += literal(module, part.id)
            return found
    return []


def members(path: Path, names: set[str]) -> list[str]:
    """The members of an enumeration."""
    if not path.exists():
        return []
    return [
        item.targets[0].id
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.ClassDef) and node.name in names
        for item in node.body
        if isinstance(item, ast.Assign)
        and isinstance(item.targets[0], ast.Name)
        and not item.targets[0].id.startswith("_")
    ]


def registered(paths: list[Path], calls: set[str], tables: str) -> list[str]:
    """The names that modules register: by a call or a decorator, or as keys of a table."""
    found = []
    for path in paths:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "") in calls:
                words = [*node.args[:1], *(k.value for k in node.keywords if k.arg == "name")]
                found += [w.value for word in words for w in ast.walk(word) if isinstance(w, ast.Constant)]
            elif isinstance(node, (ast.Assign, ast.AnnAssign)) and isinstance(node.value, ast.Dict):
                target = node.targets[0] if isinstance(node, ast.Assign) else node.target
                if re.fullmatch(tables, getattr(target, "id", "")):
                    found += [k.value for k in node.value.keys if isinstance(k, ast.Constant)]
    return [name for name in found if isinstance(name, str)]


def registries(root: Path) -> dict[str, list[str]]:
    """The names that vLLM itself has for an option, or for a key of a configuration."""
    layers = root / "model_executor" / "layers" / "quantization" / "__init__.py"
    loader = root / "model_executor" / "model_loader" / "__init__.py"
    quantization = literal(ast.parse(layers.read_text()), "QuantizationMethods")
    result = {
        "quantization": quantization,
        "reasoning_parser": registered(
            sorted((root / "reasoning").rglob("*.py")), {"register_module", "register_lazy_module"}, ".*TO_REGISTER"
        ),
        "load_format": literal(ast.parse(loader.read_text()), "LoadFormats")
        or registered([loader], set(), "_LOAD_FORMAT_TO_MODEL_LOADER"),
        "attention_backend": [
            *members(root / "v1" / "attention" / "backends" / "registry.py", {"AttentionBackendEnum"}),
            *members(root / "attention" / "backends" / "registry.py", {"AttentionBackendEnum", "_Backend"}),
        ],
        "kv_transfer_config.kv_connector": registered(
            [root / "distributed" / "kv_transfer" / "kv_connector" / "factory.py"], {"register_connector"}, "-"
        ),
    }
    return {name: sorted(set(values)) for name, values in result.items() if values}


def environment(module: ast.Module) -> dict[str, Any]:
    """The variables, with what their values may be where the source says it."""
    table: ast.Dict | None = None
    for node in module.body:
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        )
        if any(getattr(t, "id", "") == "environment_variables" for t in targets) and isinstance(node.value, ast.Dict):  # type: ignore[union-attr]
            table = node.value
    if table is None:
        raise SystemExit("envs.py has no table environment_variables")
    result = {}
    for key, value in zip(table.keys, table.values, strict=True):
        if isinstance(key, ast.Constant) and isinstance(key.value, str):
            result[key.value] = variable(key.value, value)
    return result


def variable(name: str, node: ast.expr) -> dict[str, Any]:
    if isinstance(node, ast.Call) and getattr(node.func, "id", "") in {
        "env_with_choices", "env_list_with_choices", "env_set_with_choices",
    }:  # fmt: skip
        given = dict(zip(("env_name", "default", "choices", "case_sensitive"), node.args, strict=False))
        given.update({k.arg: k.value for k in node.keywords if k.arg})
        try:
            choices = [str(c) for c in ast.literal_eval(given["choices"])]
        except ValueError:
            return {}
        fold = getattr(given.get("case_sensitive"), "value", True) is False
        several = node.func.id != "env_with_choices"  # type: ignore[attr-defined]
        return {"choices": choices, **({"fold": True} if fold else {}), **({"list": True} if several else {})}
    compared = {
        part.value
        for test in ast.walk(node)
        if isinstance(test, ast.Compare)
        for part in ast.walk(test)
        if isinstance(part, ast.Constant) and isinstance(part.value, str)
    }
    if compared - {name}:
        return {}  # some words are numbers to it
    kinds = set()
    for call in (c for c in ast.walk(node) if isinstance(c, ast.Call) and c.args):
        function = getattr(call.func, "id", "")
        if function in {"int", "float"} and reads(call.args[0], name):
            kinds.add(function)
        elif function in {"maybe_convert_int", "maybe_convert_bool"} and reads(call.args[0], name):
            kinds.add("int")
    flag = any(
        getattr(c.func, "id", "") in {"bool", "maybe_convert_bool"} for c in ast.walk(node) if isinstance(c, ast.Call)
    )
    if len(kinds) != 1:
        return {}
    kind = kinds.pop()
    return {"type": "bool" if flag and kind == "int" else kind}


def reads(node: ast.expr, name: str) -> bool:
    """Whether an expression is nothing but the variable's own text."""
    if isinstance(node, ast.Subscript):
        return ast.unparse(node.value) == "os.environ" and getattr(node.slice, "value", None) == name
    return (
        isinstance(node, ast.Call)
        and ast.unparse(node.func) in {"os.getenv", "os.environ.get"}
        and getattr(node.args[0], "value", None) == name
    )


def elsewhere(root: Path) -> set[str]:
    """Names of the kind that any other module writes out."""
    return {name for path in root.rglob("*.py") if path.name != "envs.py" for name in OWN.findall(path.read_text())}
