"""Strict validation of manifests against every Kubernetes version that the library supports.

`kubernetes_validate.validate` reads two files of up to 2 MB for each document and version, and its command line only
warns about a kind that it does not know. Here validators are compiled once, and an unknown kind is an error unless
crds/ describes it.
"""

import itertools
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

import yaml
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # publishes no types of its own
from kubernetes_validate.utils import all_versions, major_minor, schema_contents
from referencing import Registry, Resource

from tests import crd_schemas

OLDEST = "1.27"

_DNS_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_SUBDOMAIN = re.compile(r"(?=.{1,253}\Z)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_LABEL_VALUE = re.compile(r"([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?")
_LABEL_NAME = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")
_QUANTITY = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?[0-9]+)?")
# Kinds whose names are not DNS subdomains: a Service is a DNS label, RBAC takes any path segment.
_NAMES = {
    "Service": re.compile(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?"),
    "Namespace": _DNS_LABEL,
    **dict.fromkeys(("Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding"), re.compile(r"(?!\.\.?\Z)[^/%]+")),
}


@cache
def since(oldest: str = OLDEST) -> tuple[str, ...]:
    """Give the Kubernetes minors from `oldest` to the newest one that has schemas: `("1.27", ..., "1.37")`."""
    known = tuple(dict.fromkeys(major_minor(version) for version in all_versions()))
    if oldest not in known:
        raise ValueError(f"{oldest}: kubernetes-validate has no schemas of it, only of {', '.join(known)}")
    return known[known.index(oldest) :]


def assert_valid(
    documents: str | Iterable[Mapping[str, Any]],
    minors: Sequence[str] | None = None,
    *,
    except_kinds: Collection[str] = (),
) -> None:
    """Fail unless each document is what an API server of each Kubernetes minor would accept, with no field dropped.

    Args:
        documents: Manifests, as mappings or as YAML text. None at all is a failure.
        minors: The Kubernetes minors; by default all from 1.27 on. For a younger API: `minors=since("1.34")`.
        except_kinds: Kinds that the caller checks by hand, as `"<apiVersion>/<kind>"`; each must occur. Meant for
            `policy/v1beta1/PodSecurityPolicy`, which no Kubernetes since 1.25 knows.
    """
    found = problems(documents, minors, except_kinds=except_kinds)
    assert not found, "\n".join(found)


def problems(
    documents: str | Iterable[Mapping[str, Any]],
    minors: Sequence[str] | None = None,
    *,
    except_kinds: Collection[str] = (),
) -> list[str]:
    """Say what is wrong with the documents, one line each, for the same arguments as `assert_valid`."""
    if isinstance(documents, str):
        documents = [document for document in yaml.safe_load_all(documents) if document is not None]
    documents = list(documents)
    if not documents:
        return ["no documents at all"]
    versions = since() if minors is None else minors
    found: list[str] = []
    unseen = set(except_kinds)
    for document in documents:
        name = _title(document)
        found += [f"{name}: {problem}" for problem in _beyond_schema(document)]
        if (full_kind := f"{document.get('apiVersion')}/{document.get('kind')}") in except_kinds:
            unseen.discard(full_kind)
            continue
        by_problem: dict[str, list[str]] = {}
        for minor in versions:
            for problem in _schema_problems(document, minor):
                by_problem.setdefault(problem, []).append(minor)
        found += [f"{name}: {problem} (Kubernetes {_span(where)})" for problem, where in by_problem.items()]
    found += [f"{kind}: excepted, but no document is one" for kind in sorted(unseen)]
    twice = Counter(_title(document) for document in documents)
    found += [
        f"{title}: {count} objects of this name overwrite each other" for title, count in twice.items() if count > 1
    ]
    return found


def _span(where: Sequence[str]) -> str:
    return where[0] if len(where) == 1 else f"{where[0]} to {where[-1]}, {len(where)} versions"


def _title(document: Mapping[str, Any]) -> str:
    metadata = _mapping(document.get("metadata"))
    place = f"{metadata['namespace']}/" if metadata.get("namespace") else ""
    return f"{document.get('apiVersion')} {document.get('kind')} {place}{metadata.get('name')}"


def _mapping(value: Any) -> Mapping[str, Any]:
    # What is no mapping is for the schemas to report.
    return value if isinstance(value, Mapping) else {}


# What the schemas of one Kubernetes minor say.


def _schema_problems(document: Mapping[str, Any], minor: str) -> Iterator[str]:
    api_version, kind = document.get("apiVersion"), document.get("kind")
    validator = _validator(str(api_version), str(kind), minor)
    if validator is None:
        yield "this kind is neither Kubernetes' own nor in crds/"
        return
    for error in validator.iter_errors(document):
        yield f"{error.json_path.removeprefix('$.')}: {error.message}"


@cache
def _validator(api_version: str, kind: str, minor: str) -> Draft202012Validator | None:
    core, registry = _definitions(minor)
    if (api_version, kind) in crd_schemas.definitions():
        schema = crd_schemas.strict_schema(api_version, kind, core)
        return Draft202012Validator(schema, registry=registry)
    group, _, version = api_version.rpartition("/")
    # The schemas' file names keep the first part of the group only: rbac.authorization.k8s.io/v1 is rbac-v1.
    short = "-".join(part for part in (group.split(".")[0], version) if part)
    try:
        schema = schema_contents(f"{_folder(minor)}/{kind.lower()}-{short}.json", minor)
    except FileNotFoundError:
        return None
    return Draft202012Validator(schema, registry=registry)


@cache
def _definitions(minor: str) -> tuple[str, Registry[Any]]:
    resource = Resource.from_contents(schema_contents(f"{_folder(minor)}/_definitions.json", minor))
    uri = resource.id()
    assert uri is not None
    return uri, resource @ Registry()


def _folder(minor: str) -> str:
    full = [version for version in all_versions() if major_minor(version) == minor]
    if not full:
        raise ValueError(f"{minor}: kubernetes-validate ships no schemas of this Kubernetes version")
    return f"kubernetes-json-schema/v{full[-1]}-local-strict"


# What every API server checks and no schema says.


def _beyond_schema(document: Mapping[str, Any]) -> Iterator[str]:
    name = _mapping(document.get("metadata")).get("name")
    pattern = _NAMES.get(str(document.get("kind")), _SUBDOMAIN)
    if not isinstance(name, str) or not pattern.fullmatch(name):
        yield f"metadata.name: {name!r} is no name for this kind"
    for path, value in _walk(document, ""):
        if value is None:
            yield f"{path}: is null, which says nothing"
        if isinstance(value, Mapping):
            field = path.rpartition(".")[2]
            if field == "metadata":
                yield from _label_problems(f"{path}.labels", value.get("labels"))
                yield from _key_problems(f"{path}.annotations", value.get("annotations"))
            elif field in {"matchLabels", "nodeSelector"}:
                yield from _label_problems(path, value)
            elif field in {"limits", "requests", "capacity"}:
                yield from (
                    f"{path}.{key}: {amount!r} is no quantity" for key, amount in value.items() if not _quantity(amount)
                )
        elif path.endswith(".sizeLimit") and not _quantity(value):
            yield f"{path}: {value!r} is no quantity"


def _quantity(value: Any) -> bool:
    return _QUANTITY.fullmatch(str(value)) is not None


def _walk(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    yield path, value
    if isinstance(value, Mapping):
        children: Iterable[tuple[Any, Any]] = value.items()
    elif isinstance(value, list):
        children = enumerate(value)
    else:
        return
    yield from itertools.chain.from_iterable(_walk(child, f"{path}.{key}".lstrip(".")) for key, child in children)


def _label_problems(path: str, labels: Any) -> Iterator[str]:
    yield from _key_problems(path, labels)
    for key, value in _mapping(labels).items():
        if not isinstance(value, str) or not _LABEL_VALUE.fullmatch(value):
            yield f"{path}: {key}: {value!r} is no label value"


def _key_problems(path: str, labels: Any) -> Iterator[str]:
    for key in _mapping(labels):
        prefix, slash, name = str(key).rpartition("/")
        if not _LABEL_NAME.fullmatch(name) or (slash and not _SUBDOMAIN.fullmatch(prefix)):
            yield f"{path}: {key!r} is no key for a label or annotation"
