"""What a kubelet makes of a container's manifest: its volumes, environment and command line. Pure, but for the folders.

No container runtime is needed, and no rights: a volume is a folder of this machine, and a path of the container (a
mount, or what belongs to the image, such as the home folder) is rewritten to that folder wherever it stands in the
environment, the command line and a probe's command. So a program is started with what the manifest says, word for
word, except for the folders' names and for 0.0.0.0, which becomes the pod's own address: pods share this machine's
network, and each has an address of 127.0.0.0/8.

What is not enforced, and so not proved: users, capabilities, seccomp, read-only mounts, limits of memory and CPU.
"""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.kubelet import expanded

if TYPE_CHECKING:
    from pathlib import Path

Manifest = Mapping[str, Any]
ANY_ADDRESS = "0.0.0.0"  # noqa: S104 - text to be replaced, nothing is bound to it


class NotStartedError(Exception):
    """What the kubelet would report as the reason why a container does not start, such as a missing Secret."""


@dataclass(frozen=True, kw_only=True)
class Image:
    """What an image brings along: programs, variables, and the paths that are the container's own.

    Attributes:
        path: folders in which programs are found.
        env: variables, which the manifest's own override.
        own_paths: files and folders of the image that a container may write, by absolute path.
    """

    path: Sequence[str]
    env: Mapping[str, str] = field(default_factory=dict)
    own_paths: Sequence[str] = ("/root", "/home/vllm", "/proc/sys/vm/drop_caches")


@dataclass(kw_only=True)
class Objects:
    """The objects that pods refer to, and the folders that hold their volumes' contents."""

    folder: Path
    config_maps: dict[tuple[str, str], Manifest] = field(default_factory=dict)
    secrets: dict[tuple[str, str], Manifest] = field(default_factory=dict)
    claims: dict[tuple[str, str], Manifest] = field(default_factory=dict)
    volumes: dict[str, Manifest] = field(default_factory=dict)

    def put(self, document: Manifest) -> None:
        """Take an object up, where it is one that pods refer to."""
        name, namespace = document["metadata"]["name"], document["metadata"].get("namespace", "default")
        if document["kind"] == "PersistentVolume":
            self.volumes[name] = document
            return
        kinds = {"ConfigMap": self.config_maps, "Secret": self.secrets, "PersistentVolumeClaim": self.claims}
        if (kind := kinds.get(document["kind"])) is not None:
            kind[namespace, name] = document

    def host_path(self, path: str) -> Path:
        """The folder that stands for a path of the node."""
        return self.folder / "host" / path.strip("/")

    def claimed(self, namespace: str, name: str) -> Path:
        """The folder behind a claim: that of its PersistentVolume where it names one, else one of its own."""
        claim = self.claims.get((namespace, name))
        if claim is None:
            raise NotStartedError(f'persistentvolumeclaim "{name}" not found')
        bound = claim["spec"].get("volumeName")
        folder = self.folder / "claims" / namespace / name
        if bound is not None:
            if bound not in self.volumes:
                raise NotStartedError(f'persistentvolume "{bound}" not found')
            spec = self.volumes[bound]["spec"]
            if "hostPath" in spec:
                folder = self.host_path(spec["hostPath"]["path"])
            elif "nfs" in spec:
                folder = self.folder / "nfs" / spec["nfs"]["server"] / spec["nfs"]["path"].strip("/")
            else:
                raise NotImplementedError(f"a PersistentVolume with {sorted(spec)}")
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def data(self, kind: str, namespace: str, name: str, *, optional: bool = False) -> dict[str, bytes]:
        """The entries of a ConfigMap or a Secret."""
        found = (self.config_maps if kind == "configmap" else self.secrets).get((namespace, name))
        if found is None:
            if optional:
                return {}
            raise NotStartedError(f'{kind} "{name}" not found')
        plain = {
            key: value.encode() for key, value in found.get("data" if kind == "configmap" else "stringData", {}).items()
        }
        binary = found.get("binaryData" if kind == "configmap" else "data", {})
        return plain | {key: b64decode(value) for key, value in binary.items()}


def field_of(pod: Manifest, path: str) -> str:
    """A field of the pod, as the downward API gives it. Source: https://kubernetes.io/docs/concepts/workloads/pods/downward-api/."""
    if found := re.fullmatch(r"metadata\.(labels|annotations)\['([^']+)'\]", path):
        return str(pod["metadata"].get(found[1], {}).get(found[2], ""))
    value: Any = pod
    try:
        for key in path.split("."):
            value = value[key]
    except (KeyError, TypeError):
        raise NotStartedError(f"fieldPath {path!r}: the pod has no such field") from None
    return str(value)


def content(objects: Objects, pod: Manifest, volume: Manifest, folder: Path) -> Path:
    """Make a volume of a pod, and give its folder."""
    namespace = pod["metadata"]["namespace"]
    [kind] = [key for key in volume if key != "name"]
    source = volume[kind] or {}
    if kind == "persistentVolumeClaim":
        return objects.claimed(namespace, source["claimName"])
    if kind == "hostPath":
        path = objects.host_path(source["path"])
        if source.get("type", "") in {"DirectoryOrCreate", ""}:
            path.mkdir(parents=True, exist_ok=True)
        elif not path.exists():
            raise NotStartedError(f"hostPath type check failed: {source['path']} is not a {source['type']}")
        return path
    folder.mkdir(parents=True, exist_ok=True)
    if kind == "emptyDir":
        return folder
    if kind not in {"configMap", "secret"}:
        raise NotImplementedError(f"a volume of kind {kind}")
    name = source["name"] if kind == "configMap" else source["secretName"]
    entries = objects.data(kind.lower(), namespace, name, optional=source.get("optional", False))
    for item in source.get("items") or [{"key": key, "path": key} for key in entries]:
        if item["key"] not in entries:
            raise NotStartedError(f"{kind} {name!r} references non-existent key: {item['key']}")
        file = folder / item["path"]
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(entries[item["key"]])
        file.chmod(item.get("mode", source.get("defaultMode", 0o644)))
    return folder


def mounts(container: Manifest, volumes: Mapping[str, Path]) -> dict[str, Path]:
    """What each mount path of a container stands for."""
    found = {}
    for mount in container.get("volumeMounts", ()):
        if mount["name"] not in volumes:
            raise NotStartedError(f"volumeMounts.name: Not found: {mount['name']!r}")
        folder = volumes[mount["name"]]
        if "subPath" in mount:
            folder = folder / mount["subPath"]
            folder.mkdir(parents=True, exist_ok=True)  # as Kubernetes does
        found[mount["mountPath"]] = folder
    return found


@dataclass(frozen=True)
class Rewriter:
    """Puts this machine's folders, and the pod's own address, where a text names the container's."""

    paths: Mapping[str, Path]
    names: Mapping[str, str]

    def __call__(self, text: str) -> str:
        # All at once, longest first, so that what was put in is never read again.
        table = {path.rstrip("/"): str(folder) for path, folder in self.paths.items()} | dict(self.names)
        words = "|".join(re.escape(word) for word in sorted(table, key=len, reverse=True))
        # A path ends where a name ends; a host's name may follow the slashes of a URL, a path may not follow a name.
        pattern = rf"(?<![\w.-])(?<!\w/)(?:{words})(?![\w-]|\.\w)"
        return re.sub(pattern, lambda found: table[found[0]], text)


def environment(
    pod: Manifest, container: Manifest, objects: Objects, image: Image, injected: Mapping[str, str], rewrite: Rewriter
) -> dict[str, str]:
    """The variables of a container.

    The image's come first, those of Services and controllers next, envFrom and env last. A reference `$(NAME)` sees
    what was defined before it.
    """
    namespace = pod["metadata"]["namespace"]
    found = dict(injected)
    for source in container.get("envFrom", ()):
        [kind] = [key for key in source if key != "prefix"]
        reference = source[kind]
        entries = objects.data(
            kind.removesuffix("Ref").lower(), namespace, reference["name"], optional=reference.get("optional", False)
        )
        found |= {source.get("prefix", "") + key: value.decode() for key, value in entries.items()}
    for variable in container.get("env", ()):
        source = variable.get("valueFrom")
        if source is None:
            found[variable["name"]] = expanded(variable.get("value", ""), found)
            continue
        [(kind, reference)] = source.items()
        if kind == "fieldRef":
            found[variable["name"]] = field_of(pod, reference["fieldPath"])
        elif kind in {"secretKeyRef", "configMapKeyRef"}:
            optional = reference.get("optional", False)
            entries = objects.data(kind.removesuffix("KeyRef").lower(), namespace, reference["name"], optional=optional)
            if reference["key"] in entries:
                found[variable["name"]] = entries[reference["key"]].decode()
            elif not optional:
                raise NotStartedError(f"couldn't find key {reference['key']} in {kind} {namespace}/{reference['name']}")
        else:
            raise NotImplementedError(f"a variable from {kind}")
    brought = {"PATH": ":".join(image.path), "HOME": "/root", "HOSTNAME": pod["metadata"]["name"], **image.env}
    # What the manifest says is rewritten; the image's own variables speak of this machine, but for its home.
    rest = {name: value for name, value in brought.items() if name not in found}
    rest["HOME"] = rewrite(brought["HOME"])
    return {**rest, **{name: rewrite(value) for name, value in found.items()}}


def service_variables(services: Iterable[Manifest], namespace: str) -> dict[str, str]:
    """The variables by which a pod learns of the Services of its namespace, where enableServiceLinks is true.

    Source: https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables.
    """
    found: dict[str, str] = {}
    for service in services:
        spec = service["spec"]
        if service["metadata"]["namespace"] != namespace or spec.get("clusterIP") in {None, "None"}:
            continue
        name, address, port = (
            service["metadata"]["name"].upper().replace("-", "_"),
            spec["clusterIP"],
            spec["ports"][0]["port"],
        )
        url = f"tcp://{address}:{port}"
        found |= {
            f"{name}_SERVICE_HOST": address, f"{name}_SERVICE_PORT": str(port), f"{name}_PORT": url,
            f"{name}_PORT_{port}_TCP": url, f"{name}_PORT_{port}_TCP_PROTO": "tcp",
            f"{name}_PORT_{port}_TCP_PORT": str(port), f"{name}_PORT_{port}_TCP_ADDR": address,
        }  # fmt: skip
    return found


def argv(container: Manifest, variables: Mapping[str, str], rewrite: Rewriter) -> list[str]:
    """The command line of a container. The images' own entry points are not here, so `command` must be there."""
    if not container.get("command"):
        raise NotStartedError("no command: what the image would start is not known")
    # References are to the container's variables as the manifest has them, so they are expanded after rewriting both.
    return [expanded(rewrite(word), variables) for word in (*container["command"], *container.get("args", ()))]


def port_of(container: Manifest, port: int | str) -> int:
    """The number of a port that a probe or a Service names."""
    if isinstance(port, int):
        return port
    for known in container.get("ports", ()):
        if known.get("name") == port:
            return int(known["containerPort"])
    raise NotStartedError(f"the container has no port {port!r}")
