"""What the API server refuses of raw variables, and literal secrets among them.

Source: https://github.com/kubernetes/kubernetes/blob/master/pkg/apis/core/validation/validation.go
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vllm_cdk8s.core.errors import ConflictError, InvalidOptionError, warn
from vllm_cdk8s.core.kube import checks
from vllm_cdk8s.core.kube.schema import check_schema
from vllm_cdk8s.core.kube.secrets import literal_secret
from vllm_cdk8s.core.pod.raw_volumes import KEY, object_name, resource_field
from vllm_cdk8s.core.regex import regex
from vllm_cdk8s.core.rules.book import LITERAL_SECRET
from vllm_cdk8s.core.showing import is_reference, is_secret_name, looks_like_secret, may_name_secret, shown

Wire = Mapping[str, Any]

_SOURCES = ("secretKeyRef", "configMapKeyRef", "fieldRef", "resourceFieldRef", "fileKeyRef")
_FIELD = regex(
    r"metadata\.(name|namespace|uid)|metadata\.(labels|annotations)\['(?P<key>[^']+)'\]"
    r"|spec\.(nodeName|serviceAccountName)|status\.(hostIPs?|podIPs?)"
)


def variable(option: str, variable: Wire) -> None:
    """Check a container's variable whose shape is right already.

    Raises:
        InvalidOptionError: the API server would refuse it, or it holds a literal secret.
        ConflictError: it has a value and a source.
    """
    name, value, source = variable["name"], variable.get("value"), variable.get("valueFrom")
    if not name or "=" in name or not (name.isascii() and name.isprintable()):
        raise InvalidOptionError(
            f"{shown(name)} is not a name for an environment variable; allowed: printable ASCII characters but '='",
            option=f"{option}.name",
        )
    if source is not None:
        if value:
            raise ConflictError(f"{name!r} has a value and a valueFrom; say one of them", option=f"{option}.valueFrom")
        value_from(f"{option}.valueFrom", source)
    elif value:
        check_literal(f"{option}.value", name, value, mend="valueFrom with a secretKeyRef")


def check_literal(option: str, name: str, value: str, *, mend: str) -> None:
    """Refuse a variable whose literal value is a secret for certain, and warn where only its name looks so.

    Raises:
        InvalidOptionError: the message does not repeat the value.
    """
    if not value or is_reference(value):
        return
    if is_secret_name(name) or looks_like_secret(value):
        raise literal_secret(option, allowed=mend)
    if may_name_secret(name):
        warn(
            f"looks like a secret but is a literal, which stands in the YAML; use {mend}",
            option=option,
            rule=LITERAL_SECRET,
        )


def check_no_secret(option: str, value: object) -> None:
    """Refuse a literal secret anywhere in a piece of a pod in wire form.

    Raises:
        InvalidOptionError: the message does not repeat it.
    """
    if isinstance(value, Mapping):
        name, text = value.get("name"), value.get("value")
        if isinstance(name, str) and isinstance(text, str):
            check_literal(f"{option}.value", name, text, mend="valueFrom with a secretKeyRef")
        for key, item in value.items():
            check_no_secret(f"{option}.{key}", item)
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            check_no_secret(f"{option}[{index}]", item)
    elif isinstance(value, str) and looks_like_secret(value):
        raise literal_secret(option, allowed="a reference to a Secret")


def value_from(option: str, source: object) -> None:
    """Check a ``valueFrom`` in wire form: one source, and what that must look like.

    Raises:
        InvalidOptionError: it is not one that the API server takes.
    """
    check_schema(option, source, "EnvVarSource")
    if not isinstance(source, Mapping) or len(source) != 1:
        said = ", ".join(source) if isinstance(source, Mapping) and source else "nothing"
        raise InvalidOptionError(f"{said} is not one source; allowed: one of {', '.join(_SOURCES)}", option=option)
    ((kind, content),) = source.items()
    within = f"{option}.{kind}"
    if kind in ("secretKeyRef", "configMapKeyRef"):
        object_name(f"{within}.name", content.get("name"))
        if not KEY.fullmatch(content["key"]):
            raise InvalidOptionError(
                f"{shown(content['key'])} is not a key; allowed: letters, digits, '-', '_' and '.'",
                option=f"{within}.key",
            )
    elif kind == "fieldRef":
        field = _FIELD.fullmatch(content["fieldPath"])
        if field is None:
            raise InvalidOptionError(
                f"{content['fieldPath']!r} is not a field that a variable may have; allowed: metadata.name, "
                "metadata.namespace, metadata.uid, metadata.labels['<key>'], metadata.annotations['<key>'], "
                "spec.nodeName, spec.serviceAccountName, status.hostIP, status.hostIPs, status.podIP, status.podIPs",
                option=f"{within}.fieldPath",
            )
        if field["key"]:
            checks.qualified_name(f"{within}.fieldPath", field["key"])
        if content.get("apiVersion", "v1") != "v1":
            raise InvalidOptionError(f"{content['apiVersion']!r} is not 'v1'", option=f"{within}.apiVersion")
    elif kind == "resourceFieldRef":
        resource_field(within, content)


def env_from(option: str, source: object) -> None:
    """Check one item of ``envFrom`` in wire form.

    Raises:
        InvalidOptionError: it is not one that the API server takes.
    """
    check_schema(option, source, "EnvFromSource")
    kinds = [kind for kind in ("secretRef", "configMapRef") if isinstance(source, Mapping) and kind in source]
    if len(kinds) != 1 or not isinstance(source, Mapping):
        raise InvalidOptionError(
            f"{shown(source)} is not a source; allowed: one of secretRef and configMapRef, and a prefix", option=option
        )
    object_name(f"{option}.{kinds[0]}.name", source[kinds[0]].get("name"))
    prefix = source.get("prefix", "")
    if "=" in prefix or not (prefix.isascii() and prefix.isprintable()):
        raise InvalidOptionError(
            f"{shown(prefix)} cannot begin the name of a variable; allowed: printable ASCII characters but '='",
            option=f"{option}.prefix",
        )
