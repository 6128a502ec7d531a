"""Moving a running release here: every difference that applying our YAML would make, and what keeps it as it is."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from vllm_cdk8s.helm.differing import ENV_GOES, differences_of
from vllm_cdk8s.helm.keeping import put
from vllm_cdk8s.helm.merging import without_nulls
from vllm_cdk8s.helm.migration import LITERALS, Difference, Migration, Running
from vllm_cdk8s.helm.model import Values
from vllm_cdk8s.helm.other_charts import translated
from vllm_cdk8s.helm.problems import path_text
from vllm_cdk8s.helm.release_plan import plan_release
from vllm_cdk8s.helm.section import fields_of, is_section
from vllm_cdk8s.helm.validation import check_values

if TYPE_CHECKING:
    from vllm_cdk8s.core.errors import Path
    from vllm_cdk8s.helm.section import Section


def migrate(
    name: str,
    values: Mapping[str, Any],
    running: Running | None = None,
    *,
    namespace: str | None = None,
    server: str | None = None,
) -> Migration:
    """What becomes of a release.

    Args:
        name: its name.
        values: all of its values, as ``helm get values -a`` gives them.
        running: what its manifest says; None leaves only the values.
        namespace: its namespace.
        server: which of its servers, where its chart makes several; None is the first.

    Raises:
        ValuesError: values that cannot work here.
    """
    translation = translated(name, values, server=server)
    data, unknown = known_values(without_nulls(translation.values) | _kept_nulls(translation.values))
    notes = [*translation.notes, *_clean_env(data)]
    plan = plan_release(name, check_values(data), namespace=namespace)
    differences = tuple(differences_of(plan, running)) if running is not None else ()
    merged = copy.deepcopy(data)
    for difference in differences:
        for keep in difference.keep if difference.carried else ():
            put(merged, keep)
    settled = plan_release(name, check_values(merged), namespace=namespace)
    return Migration(
        chart=translation.chart,
        values=merged,
        differences=differences,
        unknown=(*translation.unknown, *unknown),
        notes=tuple(notes),
        warnings=settled.warnings,
    )


def known_values(data: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """The values that this chart knows, and the paths of the others."""
    unknown: list[str] = []
    return _known(data, Values, (), unknown), unknown


def _known(data: Mapping[str, Any], section: type[Section], path: Path, unknown: list[str]) -> dict[str, Any]:
    fields = fields_of(section)
    result: dict[str, Any] = {}
    for key, value in data.items():
        below = fields[key].kind.type if key in fields else None
        if key not in fields:
            if value not in (None, "", {}, []):
                unknown.append(path_text((*path, key)))
        elif isinstance(value, Mapping) and is_section(below):
            result[key] = _known(value, below, (*path, key), unknown)
        else:
            result[key] = copy.deepcopy(value)
    return result


def _kept_nulls(values: Mapping[str, Any]) -> dict[str, Any]:
    """Null means something for a few values of vLLM: that vLLM decides."""
    vllm = values.get("vllm")
    return {"vllm": dict(vllm)} if isinstance(vllm, Mapping) else {}


def _clean_env(data: dict[str, Any]) -> list[str]:
    """Take what this chart refuses out of the variables; returns what was done."""
    notes: list[str] = []
    vllm = data.get("vllm")
    variables = vllm.get("env") if isinstance(vllm, dict) else None
    if not isinstance(vllm, dict) or not isinstance(variables, list):
        return notes
    kept: list[Any] = []
    for variable in variables:
        name = variable.get("name") if isinstance(variable, Mapping) else None
        if name == "VLLM_PORT":
            notes.append(f"vllm.env: VLLM_PORT is left out: {ENV_GOES['VLLM_PORT']}")
        elif name in LITERALS and variable.get("value"):
            secret, key = LITERALS[str(name)]
            kept.append({"name": name, "valueFrom": {"secretKeyRef": {"name": secret, "key": key}}})
            notes.append(
                f"vllm.env: {name} is a literal, which everybody who reads the values can read; it is taken from the "
                f"Secret {secret}, key {key}, which you make: kubectl create secret generic {secret} "
                f'--from-literal={key}="${name}"'
            )
        else:
            kept.append(variable)
    vllm["env"] = kept
    return notes


def sentences(differences: Iterable[Difference]) -> Iterator[str]:
    """The differences for people, by object."""
    shown = None
    for each in differences:
        if each.object != shown:
            shown = each.object
            yield f"{shown}"
        now, then = each.now, each.then
        change = f"comes: {then}" if now is None else f"goes: {now}" if then is None else f"{now} -> {then}"
        yield f"  {each.where}: {change}" if each.where else f"  {change}"
        if each.why is not None:
            yield f"    why: {each.why}"
        if each.keep:
            yield f"    {'kept by -o' if each.carried else 'keep it so'}: {', '.join(map(str, each.keep))}"
