"""The rules of the house, held by looking at the code: what is public, who may import whom, how long a module is."""

import ast
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import NamedTuple

import pytest

import vllm_cdk8s

ROOT = Path(__file__).parent.parent
PACKAGE = "vllm_cdk8s"

# Adding a name here makes a promise; taking one away breaks one.
PUBLIC = [
    "AccessLog",
    "Alerts",
    "Autoscaling",
    "AzureStorage",
    "ChatTemplate",
    "ConflictError",
    "Dashboard",
    "DeviceClaim",
    "DeviceClaimTemplate",
    "DisaggregatedServer",
    "DisaggregatedSet",
    "DropCacheWrapper",
    "Egress",
    "EndpointPicker",
    "EngineArgs",
    "ExternalMetric",
    "FastStart",
    "Gang",
    "GatewayRef",
    "GoogleStorage",
    "HTTPRoute",
    "HttpAutoscaler",
    "HttpProbe",
    "HubModel",
    "InferencePool",
    "Ingress",
    "IngressHost",
    "IngressPath",
    "IngressTls",
    "InitDownload",
    "InvalidOptionError",
    "KaiShare",
    "KueueQueue",
    "KvEvents",
    "KvOffload",
    "LoraAdapter",
    "LoraAdapters",
    "ManualProbes",
    "ModelDownload",
    "ModelStorage",
    "MultiNodeVllmServer",
    "Nixl",
    "NodeModelCache",
    "NonRoot",
    "PairProxy",
    "PodDisruptionBudget",
    "PodMonitor",
    "PodOptions",
    "Pool",
    "PrivilegedNamespace",
    "PrivilegedPodSecurityPolicy",
    "QueueAutoscaler",
    "RayVllmServer",
    "Resources",
    "RestrictedNamespace",
    "RouteMatch",
    "Router",
    "RoutingSidecar",
    "RunaiStreamer",
    "S3Storage",
    "SecretKey",
    "ServerNetworkPolicy",
    "ServerOptions",
    "ServiceMonitor",
    "SharedFiles",
    "Sizing",
    "SlowStartProbes",
    "SmokeTest",
    "Tensorizer",
    "Tracing",
    "TriggerAuthentication",
    "VllmCdk8sError",
    "VllmCdk8sWarning",
    "VllmChart",
    "VllmServer",
    "WeightedBackend",
    "known_models",
    "size_model",
    "spread_pods",
]

# Tested in milliseconds and free to import: no Node starts below these.
PURE = ("core", "helm.model", "cli")
NODE = {"cdk8s", "cdk8s_plus_27", "constructs", "jsii"}


class Import(NamedTuple):
    name: str
    for_types_only: bool


@cache
def modules() -> dict[str, Path]:
    found = {}
    for path in sorted((ROOT / PACKAGE).rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


@cache
def imports(module: str) -> frozenset[Import]:
    """Give everything that a module imports, wherever in its code: by full name where it is one of our own modules."""
    tree = ast.parse(modules()[module].read_text(encoding="utf-8"))
    return frozenset(
        Import(name, for_types_only) for statement, for_types_only in statements(tree) for name in names(statement)
    )


def statements(node: ast.AST, *, for_types_only: bool = False) -> Iterator[tuple[ast.Import | ast.ImportFrom, bool]]:
    if isinstance(node, ast.Import | ast.ImportFrom):
        yield node, for_types_only
    if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
        for guarded in node.body:
            yield from statements(guarded, for_types_only=True)
        children: Iterable[ast.AST] = node.orelse
    else:
        children = ast.iter_child_nodes(node)
    for child in children:
        yield from statements(child, for_types_only=for_types_only)


def names(statement: ast.Import | ast.ImportFrom) -> Iterator[str]:
    if isinstance(statement, ast.Import):
        yield from (alias.name for alias in statement.names)
        return
    assert statement.level == 0, "imports are absolute"
    assert statement.module is not None
    for alias in statement.names:
        inner = f"{statement.module}.{alias.name}"
        yield inner if inner in modules() else statement.module


def own(module: str) -> set[str]:
    """Give the modules of the package that a module imports, for types or not."""
    return {found.name for found in imports(module) if found.name in modules()} - {module}


def reached(module: str, *, at_run_time: bool) -> set[str]:
    """Give every name that importing a module brings in, itself or through other modules of the package."""
    seen: set[str] = set()
    waiting = [module]
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        if name not in modules():
            continue
        waiting += [found.name for found in imports(name) if not (at_run_time and found.for_types_only)]
        if at_run_time:
            # Importing a.b.c runs a and a.b first.
            waiting += [name.rsplit(".", depth)[0] for depth in range(1, name.count(".") + 1)]
    return seen


def test_the_public_names_are_these_and_sorted() -> None:
    assert vllm_cdk8s.__all__ == PUBLIC
    # Classes first, then functions, each in the order of the alphabet.
    assert sorted(vllm_cdk8s.__all__) == PUBLIC


def test_every_public_name_can_be_imported_is_documented_and_is_seen_by_dir() -> None:
    for name in PUBLIC:
        assert getattr(vllm_cdk8s, name).__doc__, name
    assert set(PUBLIC) <= set(dir(vllm_cdk8s))
    with pytest.raises(AttributeError, match="VlmServer"):
        _ = vllm_cdk8s.VlmServer  # type: ignore[attr-defined] # `make types` fails where no error is there to ignore


def test_every_public_name_is_told_to_type_checkers_too() -> None:
    tree = ast.parse(modules()[PACKAGE].read_text(encoding="utf-8"))
    told = {
        alias.name
        for statement, for_types_only in statements(tree)
        if for_types_only and isinstance(statement, ast.ImportFrom)
        for alias in statement.names
    }
    assert told == set(PUBLIC)


def test_imports_never_go_in_circles() -> None:
    # A package's __init__ gathers what is below it, for those outside.
    graph = {module: own(module) for module in modules() if modules()[module].name != "__init__.py"}
    graph |= {
        module: own(module) for module in modules() if modules()[module].name == "__init__.py" and module != PACKAGE
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(f"circle: {' <- '.join(error.args[1])}")


def test_the_three_storeys_and_the_rooms_of_the_core_stand_where_the_contracts_say() -> None:
    contracts = Path(sys.executable).with_name("lint-imports")
    if not contracts.exists():
        pytest.skip("import-linter is not installed; `make lint` installs and runs it")
    done = subprocess.run([contracts], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", PURE)
def test_pure_python_reaches_neither_jsii_nor_cdk8s(name: str) -> None:
    package = f"{PACKAGE}.{name}"
    inside = [module for module in modules() if module == package or module.startswith(f"{package}.")]
    assert inside
    for module in inside:
        tops = {found.partition(".")[0] for found in reached(module, at_run_time=True)}
        assert tops & NODE == set(), module


def test_importing_the_package_and_its_pure_modules_loads_no_jsii() -> None:
    wanted = ", ".join([PACKAGE, *(f"{PACKAGE}.{name}" for name in PURE)])
    code = f"import sys, {wanted}; print(sorted({NODE!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_package_never_imports_the_generated_bindings_or_the_tests() -> None:
    for module in modules():
        tops = {found.name.partition(".")[0] for found in imports(module)}
        assert tops & {"imports", "tests", "examples", "benchmarks", "tools"} == set(), module


def test_every_module_is_imported_by_somebody_or_is_a_door() -> None:
    used = set().union(*(own(module) for module in modules()))
    # Doors: what users, Python and the command line open by name. What runs inside of pods is read as text.
    doors = {
        PACKAGE,
        f"{PACKAGE}.__main__",
        f"{PACKAGE}.cli.main",
        *(m for m in modules() if m.startswith(f"{PACKAGE}.cli.")),
    }
    unused = {
        module
        for module in modules()
        if module not in used | doors and not any(other.startswith(f"{module}.") for other in modules())
    }
    assert {module for module in unused if not module.startswith(f"{PACKAGE}.in_pod.")} == set()


def test_every_module_says_what_it_is() -> None:
    for module, path in modules().items():
        text = path.read_text(encoding="utf-8")
        assert not text or ast.get_docstring(ast.parse(text)), module


def test_no_file_mentions_a_place_outside_of_the_project() -> None:
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    # Written in two parts, so that this file does not mention them either.
    outside = [b"../" + b"shared", b"/work" + b"/"]
    listed = subprocess.run([git, "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout.decode()
    for name in filter(None, listed.split("\0")):
        path = ROOT / name
        text = path.read_bytes() if path.is_file() else b""
        assert not [place for place in outside if place in text], name
