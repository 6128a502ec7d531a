"""What the API server refuses of raw volumes and mounts beyond the shape of their fields.

Source: https://github.com/kubernetes/kubernetes/blob/master/pkg/apis/core/validation/validation.go
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from vllm_cdk8s.core.errors import ConflictError, InvalidOptionError
from vllm_cdk8s.core.kube import checks
from vllm_cdk8s.core.kube.schema import check_schema
from vllm_cdk8s.core.kube.wire import named, sequence, unique
from vllm_cdk8s.core.regex import regex
from vllm_cdk8s.core.rules.book import LITERAL_SECRET
from vllm_cdk8s.core.showing import looks_like_secret, shown

Wire = Mapping[str, Any]

KEY = regex(r"(?!\.\.?\Z)[-._a-zA-Z0-9]{1,253}")
_LARGEST_MODE = 0o777
_PULL_POLICIES = ("Always", "Never", "IfNotPresent")
_ACCESS_MODES = ("ReadWriteOnce", "ReadOnlyMany", "ReadWriteMany", "ReadWriteOncePod")
# What a file may be made of; the labels and annotations of a pod may be whole files.
_FIELD = regex(
    r"metadata\.(name|namespace|uid|labels|annotations)|metadata\.(labels|annotations)\['[^']+'\]"
)  # fmt: skip
_RESOURCE = regex(r"(limits|requests)\.(cpu|memory|ephemeral-storage|hugepages-.+)")
_CPU_UNITS = ("1", "1m")
_BYTE_UNITS = ("1", "1k", "1M", "1G", "1T", "1P", "1E", "1Ki", "1Mi", "1Gi", "1Ti", "1Pi", "1Ei")
# A token of at least ten minutes; https://kubernetes.io/docs/concepts/storage/projected-volumes/#serviceaccounttoken
_SHORTEST_TOKEN = 600


def volumes(option: str, items: Sequence[Any]) -> list[dict[str, Any]]:
    """Volumes in wire form, checked; an ``emptyDir`` that is null is an empty one, as in YAML.

    Raises:
        InvalidOptionError: the API server would refuse one.
        ConflictError: one has two sources.
    """
    result = named(option, [_with_empty(item) for item in sequence(option, items)])
    if not result:
        return result
    check_schema(option, result, "Volume[]")
    for index, item in enumerate(result):
        check_volume(f"{option}[{index}]", item)
    return result


def _with_empty(item: Any) -> Any:
    if isinstance(item, Mapping) and item.get("emptyDir", "") is None:
        return {**item, "emptyDir": {}}
    return item


def check_volume(option: str, item: Wire) -> None:
    """Check a volume whose shape is right already.

    Raises:
        InvalidOptionError: the API server would refuse it.
        ConflictError: it has two sources.
    """
    sources = [field for field in item if field != "name"]
    if not sources:
        raise InvalidOptionError(
            f"{item['name']!r} has no source; allowed: one such as emptyDir, persistentVolumeClaim, configMap, secret",
            option=option,
        )
    if len(sources) > 1:
        raise ConflictError(f"{item['name']!r} has {' and '.join(sources)}; say one source", option=option)
    (kind,) = sources
    source, within = item[kind], f"{option}.{kind}"
    for field, name in (("configMap", "name"), ("secret", "secretName"), ("persistentVolumeClaim", "claimName")):
        if kind == field:
            object_name(f"{within}.{name}", source.get(name))
    _mode(f"{within}.defaultMode", source.get("defaultMode", 0))
    _files(within, source)
    check = _CHECKS.get(kind)
    if check is not None:
        check(within, source)


def object_name(option: str, name: object) -> None:
    """Check the name of a Secret, a ConfigMap or a claim, where a secret itself may stand by mistake.

    Raises:
        InvalidOptionError: it is not one; a secret is not repeated.
    """
    if isinstance(name, str) and looks_like_secret(name):
        raise InvalidOptionError(
            "a secret stands where the name of the object belongs that holds it", option=option, rule=LITERAL_SECRET
        )
    checks.dns_subdomain(option, name)


def _mode(option: str, mode: int) -> None:
    if not 0 <= mode <= _LARGEST_MODE:
        raise InvalidOptionError(
            f"{mode} is out of range; allowed: 0 to {_LARGEST_MODE} (0777 in octal)", option=option
        )


def _files(option: str, source: Wire) -> list[str]:
    """Check the entries of a ConfigMap, a Secret or the downward API, and return their paths."""
    paths = []
    for index, entry in enumerate(source.get("items", ())):
        within = f"{option}.items[{index}]"
        paths.append(_relative(f"{within}.path", checks.text(f"{within}.path", entry["path"])))
        _mode(f"{within}.mode", entry.get("mode", 0))
        if "key" in entry and not KEY.fullmatch(entry["key"]):
            raise InvalidOptionError(
                f"{shown(entry['key'])} is not a key; allowed: letters, digits, '-', '_' and '.'",
                option=f"{within}.key",
            )
        if "key" not in entry:
            _downward(within, entry)
    unique(f"{option}.items", paths)
    return paths


def _downward(option: str, entry: Wire) -> None:
    said = [field for field in ("fieldRef", "resourceFieldRef") if field in entry]
    if len(said) != 1:
        raise InvalidOptionError(
            f"has {' and '.join(said) or 'nothing to write'}; allowed: one of fieldRef and resourceFieldRef",
            option=option,
        )
    if said == ["fieldRef"]:
        path = entry["fieldRef"]["fieldPath"]
        if not _FIELD.fullmatch(path):
            raise InvalidOptionError(
                f"{path!r} is not a field that a file may have; allowed: metadata.name, metadata.namespace, "
                "metadata.uid, metadata.labels, metadata.annotations, metadata.labels['<key>'], "
                "metadata.annotations['<key>']",
                option=f"{option}.fieldRef.fieldPath",
            )
        return
    reference, within = entry["resourceFieldRef"], f"{option}.resourceFieldRef"
    if not reference.get("containerName"):
        raise InvalidOptionError("is missing; a file must say whose resources it has", option=f"{within}.containerName")
    resource_field(within, reference)


def resource_field(option: str, reference: Wire) -> None:
    """Check the resource, and the unit of it, that a variable or a file may have.

    Raises:
        InvalidOptionError: it is not one.
    """
    match = _RESOURCE.fullmatch(reference["resource"])
    if match is None:
        raise InvalidOptionError(
            f"{reference['resource']!r} is not a resource that a variable may have; allowed: limits or requests of "
            "cpu, memory, ephemeral-storage or hugepages-<size>, such as 'limits.memory'",
            option=f"{option}.resource",
        )
    allowed = _CPU_UNITS if match[2] == "cpu" else _BYTE_UNITS
    divisor = str(reference.get("divisor", "0"))
    if divisor not in ("0", *allowed):
        raise InvalidOptionError(
            f"{divisor!r} is not a unit to count in; allowed: {', '.join(allowed)}", option=f"{option}.divisor"
        )


def _empty(option: str, source: Wire) -> None:
    if "sizeLimit" in source:
        checks.size(f"{option}.sizeLimit", source["sizeLimit"])


def _node_path(option: str, source: Wire) -> None:
    checks.absolute_path(f"{option}.path", source["path"])
    if "server" in source:
        checks.text(f"{option}.server", source["server"])


def _driver(option: str, source: Wire) -> None:
    driver = source["driver"]
    if len(driver) > checks.MAX_LABEL:
        raise InvalidOptionError(f"{driver!r} is longer than {checks.MAX_LABEL} characters", option=f"{option}.driver")
    # Kubernetes compares the lower-case form, and keeps the name.
    checks.dns_subdomain(f"{option}.driver", driver.lower())


def _image(option: str, source: Wire) -> None:
    checks.text(f"{option}.reference", source.get("reference"))
    if "pullPolicy" in source:
        checks.one_of(f"{option}.pullPolicy", source["pullPolicy"], _PULL_POLICIES, what="a pull policy")


def _ephemeral(option: str, source: Wire) -> None:
    within = f"{option}.volumeClaimTemplate"
    if "volumeClaimTemplate" not in source:
        raise InvalidOptionError("is missing", option=within)
    spec = source["volumeClaimTemplate"]["spec"]
    modes = spec.get("accessModes", ())
    if not modes:
        raise InvalidOptionError(
            f"is missing; allowed: a list of {', '.join(_ACCESS_MODES)}", option=f"{within}.spec.accessModes"
        )
    for index, mode in enumerate(modes):
        checks.one_of(f"{within}.spec.accessModes[{index}]", mode, _ACCESS_MODES, what="an access mode")
    storage = f"{within}.spec.resources.requests['storage']"
    amount = spec.get("resources", {}).get("requests", {}).get("storage")
    if amount is None:
        raise InvalidOptionError("is missing; needed: a size such as '50Gi'", option=storage)
    checks.size(storage, amount)


def _projected(option: str, source: Wire) -> None:
    paths: list[str] = []
    for index, part in enumerate(source.get("sources", ())):
        within = f"{option}.sources[{index}]"
        if len(part) != 1:
            raise InvalidOptionError(
                f"has {' and '.join(part) or 'nothing in it'}; allowed: one source each, such as secret, configMap, "
                "downwardAPI, serviceAccountToken",
                option=within,
            )
        ((kind, content),) = part.items()
        within = f"{within}.{kind}"
        if kind in ("secret", "configMap"):
            object_name(f"{within}.name", content.get("name"))
        if kind == "serviceAccountToken":
            paths.append(_relative(f"{within}.path", checks.text(f"{within}.path", content["path"])))
            if "expirationSeconds" in content:
                checks.integer(
                    f"{within}.expirationSeconds",
                    content["expirationSeconds"],
                    minimum=_SHORTEST_TOKEN,
                    maximum=2**32,
                )
        paths += _files(within, content)
    unique(option, paths)


_CHECKS: Mapping[str, Callable[[str, Wire], None]] = {
    "emptyDir": _empty,
    "hostPath": _node_path,
    "nfs": _node_path,
    "csi": _driver,
    "image": _image,
    "ephemeral": _ephemeral,
    "projected": _projected,
}


def mounts(option: str, items: Sequence[Wire], *, privileged: bool = True) -> None:
    """Check mounts, whose shape is right already, each by itself and that no two are at one place.

    Args:
        option: the option that holds them.
        items: the mounts.
        privileged: whether their container is; only then may it mount for others.

    Raises:
        InvalidOptionError: a path is not one that can be mounted.
        ConflictError: two are at one path, or fields of one exclude each other.
    """
    for index, mount in enumerate(items):
        within = f"{option}[{index}]"
        path = checks.mount_path(f"{within}.mountPath", mount["mountPath"])
        if f"{path}/".startswith("/proc/"):
            raise InvalidOptionError(
                f"{path!r} cannot be mounted at; runtimes refuse what is below /proc", option=f"{within}.mountPath"
            )
        if mount.get("subPath") and mount.get("subPathExpr"):
            raise ConflictError("contradicts subPath; say one of them", option=f"{within}.subPathExpr")
        for field in ("subPath", "subPathExpr"):
            _relative(f"{within}.{field}", mount.get(field, ""))
        propagation = mount.get("mountPropagation", "None")
        if propagation == "Bidirectional" and not privileged:
            raise ConflictError("'Bidirectional' needs a privileged container", option=f"{within}.mountPropagation")
        recursive = mount.get("recursiveReadOnly", "Disabled")
        if recursive != "Disabled" and not mount.get("readOnly"):
            raise ConflictError("needs readOnly: true", option=f"{within}.recursiveReadOnly")
        if recursive != "Disabled" and propagation != "None":
            raise ConflictError(
                f"contradicts mountPropagation {propagation!r}; leave that out", option=f"{within}.recursiveReadOnly"
            )
    unique(option, (mount["mountPath"].rstrip("/") for mount in items))


def _relative(option: str, path: str) -> str:
    if path.startswith("/") or ".." in path.split("/"):
        raise InvalidOptionError(f"{path!r} is not a relative path without '..'", option=option)
    return path
