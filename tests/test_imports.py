"""The bindings in imports/ are those of the schemas in crds/, and write what the schemas ask for.

CI makes them again and compares the bytes (crds/README.md); these tests need no network and say which field differs.
"""

import importlib
import inspect
import json
import re
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cdk8s
import pytest
import yaml

from tests import crd_schemas
from tests.crd_examples import EXAMPLES
from tests.kubernetes_schemas import assert_valid

ROOT = Path(__file__).parent.parent
MODULES = {
    "disaggregatedset.x-k8s.io": "imports.io.x_k8s.disaggregatedset",
    "gateway.networking.k8s.io": "imports.io.k8s.networking.gateway",
    "inference.networking.k8s.io": "imports.io.k8s.networking.inference",
    "http.keda.sh": "imports.sh.keda.http",
    "keda.sh": "imports.sh.keda",
    "llm-d.ai": "imports.ai.llm_d",
    "leaderworkerset.x-k8s.io": "imports.io.x_k8s.leaderworkerset",
    "monitoring.coreos.com": "imports.com.coreos.monitoring",
    "ray.io": "imports.io.ray",
}
PRIMITIVES = {"string": "string", "integer": "number", "number": "number", "boolean": "boolean"}
KINDS = sorted(crd_schemas.definitions())

Types = Mapping[str, Mapping[str, Any]]


def group_of(api_version: str) -> str:
    return api_version.partition("/")[0]


def types_of(group: str) -> Types:
    """Read the bindings' own description of their types, by name; for enums with the `values` of their members."""
    (archive,) = (ROOT / MODULES[group].replace(".", "/") / "_jsii").glob("*.jsii.tgz")
    with tarfile.open(archive) as package:
        texts = {
            Path(member.name).suffix or Path(member.name).name: opened.read().decode()
            for member in package.getmembers()
            if (opened := package.extractfile(member)) is not None
        }
    types = {details["name"]: details for details in json.loads(texts[".jsii"])["types"].values()}
    # The description names the members only; their values are in the code, for numbers inside of another index:
    # Scheme["HTTP"] = "http"; Code[Code["VALUE_301"] = 301] = "VALUE_301";
    members = re.compile(r'^    (?:\w+\[)?(\w+)\["(\w+)"\] = (".*"|\d+)[;\]]', re.MULTILINE)
    for enum, member, value in members.findall(texts[".js"]):
        types[enum].setdefault("values", {})[json.loads(value)] = member
    return types


def same(name: str) -> str:
    """Give what a name keeps in every spelling: `keep_firing_for`, `keepFiringFor`, `for_`."""
    return "".join(letter for letter in name.lower() if letter.isalnum())


def struct_of(reference: Mapping[str, Any], types: Types) -> dict[str, Mapping[str, Any]]:
    """Give the properties of a struct by their names in YAML."""
    struct = types[reference["fqn"].partition(".")[2]]
    assert struct["datatype"]
    return {field["docs"]["custom"]["schema"].partition("#")[2]: field for field in struct["properties"]}


def differences(schema: Mapping[str, Any], reference: Mapping[str, Any], types: Types, path: str) -> list[str]:
    """Compare one schema with the type that the bindings have for it."""
    if schema.get("x-kubernetes-preserve-unknown-fields"):
        expected: Any = {"primitive": "any"}
    elif schema.get("x-kubernetes-int-or-string") or "enum" in schema:
        named = types[reference["fqn"].partition(".")[2]] if "fqn" in reference else {}
        if "enum" not in schema:
            makers = {method["name"] for method in named.get("methods", ())}
            return [] if makers == {"fromNumber", "fromString"} else [f"{path}: no int-or-string"]
        values = sorted(named.get("values", ()))
        return [] if values == sorted(schema["enum"]) else [f"{path}: {values} instead of {schema['enum']}"]
    elif "items" in schema or "additionalProperties" in schema:
        kind = "array" if "items" in schema else "map"
        collection = reference.get("collection", {})
        if collection.get("kind") != kind:
            return [f"{path}: no {kind}"]
        inner = schema["items"] if kind == "array" else schema["additionalProperties"]
        return differences(inner, collection["elementtype"], types, f"{path}[]")
    elif "properties" in schema:
        fields = struct_of(reference, types)
        found = [f"{path}.{name}: only on one side" for name in sorted(set(fields) ^ set(schema["properties"]))]
        for name in set(fields) & set(schema["properties"]):
            if fields[name].get("optional", False) == (name in schema.get("required", ())):
                found.append(f"{path}.{name}: required on one side only")
            found += differences(schema["properties"][name], fields[name]["type"], types, f"{path}.{name}")
        return found
    else:
        expected = {"primitive": PRIMITIVES[schema["type"]]}
    return [] if reference == expected else [f"{path}: {reference} instead of {expected}"]


def to_python(schema: Mapping[str, Any], reference: Mapping[str, Any], module: Any, types: Types, value: Any) -> Any:
    """Write a manifest's value with the bindings' classes."""
    if isinstance(value, list):
        element = reference["collection"]["elementtype"]
        return [to_python(schema["items"], element, module, types, item) for item in value]
    if "fqn" not in reference:
        return value
    cls = getattr(module, reference["fqn"].partition(".")[2])
    if "enum" in schema:
        return cls[types[cls.__name__]["values"][value]]
    if schema.get("x-kubernetes-int-or-string"):
        return cls.from_string(value) if isinstance(value, str) else cls.from_number(value)
    parameters = {same(name): name for name in inspect.signature(cls).parameters}
    fields = struct_of(reference, types)
    return cls(
        **{
            parameters[same(name)]: to_python(
                schema["properties"][name], fields[name]["type"], module, types, value[name]
            )
            for name in value
        }
    )


def test_cdk8s_yaml_lists_every_schema_so_that_cdk8s_import_needs_no_arguments() -> None:
    config = yaml.safe_load((ROOT / "cdk8s.yaml").read_text(encoding="utf-8"))
    files = sorted(path.relative_to(ROOT).as_posix() for path in crd_schemas.FOLDER.glob("*.yaml"))
    assert sorted(config["imports"]) == files
    # A group's folder is made anew, and whatever lies below it is gone unless it comes after.
    stems = [Path(file).stem for file in config["imports"]]
    for index, stem in enumerate(stems):
        assert not any(other.endswith(f".{stem}") for other in stems[:index])
    assert config["language"] == "python"


def test_every_group_has_a_file_of_its_own_since_a_second_one_would_replace_its_bindings() -> None:
    for path in crd_schemas.FOLDER.glob("*.yaml"):
        crds = list(yaml.safe_load_all(path.read_text(encoding="utf-8")))
        assert {crd["spec"]["group"] for crd in crds} == {path.stem}
        assert [crd["metadata"]["name"] for crd in crds] == [
            f"{crd['spec']['names']['plural']}.{path.stem}" for crd in crds
        ]


def test_there_are_bindings_for_every_group_and_for_nothing_else() -> None:
    assert {group_of(api_version) for api_version, _ in KINDS} == set(MODULES)
    found = {path.parent.parent.relative_to(ROOT).as_posix() for path in (ROOT / "imports").rglob("_jsii/__init__.py")}
    assert found == {module.replace(".", "/") for module in MODULES.values()}


@pytest.mark.parametrize(("api_version", "kind"), KINDS)
def test_the_bindings_have_the_fields_and_types_of_the_schema(api_version: str, kind: str) -> None:
    group = group_of(api_version)
    types = types_of(group)
    schema = crd_schemas.definitions()[api_version, kind]["properties"]["spec"]
    (name,) = (name for name in types if same(name) == same(kind))
    spec = struct_of({"fqn": f"x.{name}Props"}, types)["spec"]
    assert differences(schema, spec["type"], types, "spec") == []
    # The Python side is written from the same description: each of its names must be there.
    module = importlib.import_module(MODULES[group])
    assert set(types) <= set(vars(module))


@pytest.mark.parametrize(("api_version", "kind"), KINDS)
def test_a_manifest_written_with_the_bindings_is_the_one_written_by_hand(
    api_version: str, kind: str, tmp_path: Path
) -> None:
    manifest = yaml.safe_load(EXAMPLES[kind])
    types = types_of(group_of(api_version))
    module = importlib.import_module(MODULES[group_of(api_version)])
    schema = crd_schemas.definitions()[api_version, kind]["properties"]["spec"]
    (name,) = (name for name in types if same(name) == same(kind))
    spec = struct_of({"fqn": f"x.{name}Props"}, types)["spec"]
    chart = cdk8s.Chart(cdk8s.App(outdir=str(tmp_path)), "chart")
    getattr(module, name)(
        chart,
        "resource",
        metadata=cdk8s.ApiObjectMetadata(**manifest["metadata"]),
        spec=to_python(schema, spec["type"], module, types, manifest["spec"]),
    )
    written = chart.to_json()
    assert written == [manifest]
    assert_valid(written)
