"""Ingress: how clients outside the cluster reach a server by host and path.

What is refused here is what the API server refuses (kubernetes/pkg/apis/networking/validation/validation.go).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from vllm_cdk8s.core.errors import Collector, ConflictError, InvalidOptionError
from vllm_cdk8s.core.keywords import named_keywords
from vllm_cdk8s.core.kube import checks
from vllm_cdk8s.core.kube.manifest import Manifest
from vllm_cdk8s.core.kube.wire import prune, sequence
from vllm_cdk8s.core.rules.book import INGRESS
from vllm_cdk8s.core.showing import shown
from vllm_cdk8s.core.traffic.hosts import host_name, path_problem

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vllm_cdk8s.core.pod.options import KubernetesObject

PATH_TYPES = ("Prefix", "Exact", "ImplementationSpecific")
_CLASS_ANNOTATION = "kubernetes.io/ingress.class"


@named_keywords
@dataclass(frozen=True, kw_only=True, slots=True)
class IngressPath:
    """One path of a host: ``IngressPath(path="/v1", path_type="Exact")``.

    Args:
        path: the path; it begins with ``/``.
        path_type: ``Prefix``, ``Exact``, or ``ImplementationSpecific``, which leaves the path to the controller.

    Raises:
        InvalidOptionError: the API server would refuse the path, or the type is unknown.
    """

    path: str = "/"
    path_type: str = "Prefix"

    def __post_init__(self) -> None:
        checks.plain_fields(self)
        with Collector() as found:
            found.attempt(checks.one_of, "path_type", self.path_type, PATH_TYPES, what="a path type")
            found.attempt(checks.absolute_path, "path", self.path)
            if found.failed or self.path_type == "ImplementationSpecific":
                return
            problem = path_problem(self.path)
            if problem is not None:
                raise InvalidOptionError(
                    f"{self.path!r} {problem}, which Kubernetes refuses of type {self.path_type}",
                    option="path",
                    rule=INGRESS,
                )


@named_keywords
@dataclass(frozen=True, kw_only=True, slots=True)
class IngressHost:
    """One host: ``IngressHost(host="llm.example.com", paths=["/v1"])``; a plain path matches as Prefix.

    Args:
        host: its name, ``*.example.com`` included.
        paths: the paths, plain or as `IngressPath`. One path may be there both as Prefix and as Exact.

    Raises:
        InvalidOptionError: the host is not a name, or there is no path.
        ConflictError: a path is there twice.
    """

    host: str
    paths: Sequence[str | IngressPath] = ("/",)

    def __post_init__(self) -> None:
        checks.plain_fields(self)
        with Collector() as found:
            found.attempt(host_name, "host", self.host)
            given = found.attempt(sequence, "paths", self.paths)
            if given is not None and not given:
                what = f"host {shown(self.host)} has no path; allowed: at least one"
                found.note(InvalidOptionError(what, option="paths"))
            paths = [path for each in given or () if (path := found.attempt(_path, each)) is not None]
            for path in paths:
                if paths.count(path) > 1:
                    found.note(ConflictError(f"{path.path!r} ({path.path_type}) is there twice", option="paths"))

    def ingress_paths(self) -> list[IngressPath]:
        """The paths, plain ones included, in one form."""
        return [_path(path) for path in sequence("paths", self.paths)]


def _path(path: str | IngressPath) -> IngressPath:
    return path if isinstance(path, IngressPath) else IngressPath(path=path)


@named_keywords
@dataclass(frozen=True, kw_only=True, slots=True)
class IngressTls:
    """The certificate of some hosts: ``IngressTls(secret="llm-tls", hosts=["llm.example.com"])``.

    Args:
        secret: a Secret of type kubernetes.io/tls, by name or as any kplus secret.
        hosts: the hosts that it is for; none means all of the Ingress.

    Raises:
        InvalidOptionError: the secret or a host is not a name.
    """

    secret: str | KubernetesObject
    hosts: Sequence[str] = ()

    def __post_init__(self) -> None:
        checks.plain_fields(self)
        with Collector() as found:
            found.attempt(checks.reference, "tls.secret", self.secret, "Secret")
            for host in found.attempt(sequence, "tls.hosts", self.hosts) or ():
                found.attempt(host_name, "tls.hosts", host)

    @property
    def secret_name(self) -> str:
        """The Secret's name."""
        return checks.reference("tls.secret", self.secret, "Secret")


@named_keywords
@dataclass(frozen=True, kw_only=True, slots=True)
class Ingress:
    """An Ingress in front of the server: ``Ingress(hosts=["llm.example.com"], class_name="nginx")``.

    Args:
        hosts: the hosts served; a plain name means all its paths (``/``, Prefix).
        class_name: the IngressClass; None takes the cluster's default.
        tls: certificates.
        annotations: annotations for the controller, such as its read timeout, which streamed answers need to be long.

    Raises:
        InvalidOptionError: a host, path or class is not a valid name, or there is no host.
        ConflictError: a host is given twice, or the class is also set by the old annotation.
    """

    hosts: Sequence[str | IngressHost]
    class_name: str | None = None
    tls: Sequence[IngressTls] = ()
    annotations: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        checks.plain_fields(self)
        with Collector() as found:
            given = found.attempt(sequence, "ingress.hosts", self.hosts)
            if given is not None and not given:
                found.note(InvalidOptionError("has no host; allowed: at least one", option="ingress.hosts"))
            hosts = [host for each in given or () if (host := found.attempt(_host, each)) is not None]
            served = [(host.host, path) for host in hosts for path in host.ingress_paths()]
            for name, path in served:
                if served.count((name, path)) > 1:
                    found.note(ConflictError(f"{name!r} is there twice with {path.path!r}", option="ingress.hosts"))
            found.given(checks.dns_subdomain, "ingress.class_name", self.class_name)
            for entry in found.attempt(sequence, "ingress.tls", self.tls) or ():
                allowed = "IngressTls(secret=..., hosts=[...])"
                found.attempt(checks.instance, "ingress.tls", entry, IngressTls, allowed=allowed)
            annotations = found.attempt(checks.annotation_map, "ingress.annotations", self.annotations) or {}
            if self.class_name is not None and found.sound("ingress.class_name") and _CLASS_ANNOTATION in annotations:
                raise ConflictError(
                    f"{annotations[_CLASS_ANNOTATION]!r} and the class {self.class_name!r} cannot both be said, which "
                    "the API server refuses; leave the annotation out",
                    option=f"ingress.annotations[{_CLASS_ANNOTATION!r}]",
                    rule=INGRESS,
                )

    def ingress_hosts(self) -> list[IngressHost]:
        """The hosts, plain names included, in one form."""
        return [_host(host) for host in sequence("ingress.hosts", self.hosts)]

    @property
    def authenticated(self) -> bool:
        """Whether the controller is told to ask who somebody is, or to let in some addresses alone."""
        said = " ".join(self.annotations).lower()
        return any(word in said for word in ("auth", "middleware", "whitelist", "allowlist", "source-range", "cidr"))

    def manifest(self, *, name: str, labels: Mapping[str, str], service_name: str, service_port: int) -> Manifest:
        """The Ingress of a service."""
        return Manifest(
            api_version="networking.k8s.io/v1",
            kind="Ingress",
            name=name,
            labels=labels,
            annotations=self.annotations,
            body={"spec": self.spec(service_name=service_name, service_port=service_port)},
        )

    def spec(self, *, service_name: str, service_port: int) -> dict[str, Any]:
        """The Ingress' spec, field for field and in the order in which kplus writes it."""
        backend = {"service": {"name": service_name, "port": {"number": service_port}}}
        rules = [
            {
                "host": host.host,
                "http": {
                    "paths": [
                        {"backend": backend, "path": path.path, "pathType": path.path_type}
                        for path in sorted(host.ingress_paths(), key=lambda each: each.path)
                    ]
                },
            }
            for host in self.ingress_hosts()
        ]
        tls = [prune({"hosts": list(entry.hosts), "secretName": entry.secret_name}) for entry in self.tls]
        return prune({"ingressClassName": self.class_name, "rules": rules, "tls": tls})


def _host(host: str | IngressHost) -> IngressHost:
    return host if isinstance(host, IngressHost) else IngressHost(host=host)
