"""How clients outside the cluster reach a server: Ingress."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import cdk8s
import cdk8s_plus_27 as kplus

from vllm_cdk8s.core.errors import ConflictError, InvalidOptionError
from vllm_cdk8s.core.kube import checks
from vllm_cdk8s.core.kube.wire import sequence

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from constructs import Construct

_PATH_TYPES = {
    "Prefix": kplus.HttpIngressPathType.PREFIX,
    "Exact": kplus.HttpIngressPathType.EXACT,
    "ImplementationSpecific": kplus.HttpIngressPathType.IMPLEMENTATION_SPECIFIC,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class IngressPath:
    """One path of a host: ``IngressPath(path="/v1", path_type="Exact")``."""

    path: str = "/"
    path_type: str = "Prefix"

    def __post_init__(self) -> None:
        checks.absolute_path("path", self.path)
        checks.one_of("path_type", self.path_type, _PATH_TYPES, what="a path type")


@dataclass(frozen=True, kw_only=True, slots=True)
class IngressHost:
    """One host: ``IngressHost(host="llm.example.com", paths=["/v1"])``; a plain path matches as Prefix."""

    host: str
    paths: Sequence[str | IngressPath] = ("/",)

    def __post_init__(self) -> None:
        checks.dns_subdomain("host", checks.text("host", self.host).removeprefix("*."))
        paths = self.ingress_paths()
        if not paths:
            raise InvalidOptionError(f"host {self.host!r} has no path; allowed: at least one", option="paths")
        for path in paths:
            if paths.count(path) > 1:
                raise ConflictError(f"{path.path!r} ({path.path_type}) is there twice", option="paths")

    def ingress_paths(self) -> list[IngressPath]:
        """The paths, plain ones included, in one form."""
        return [
            path if isinstance(path, IngressPath) else IngressPath(path=path) for path in sequence("paths", self.paths)
        ]


@dataclass(frozen=True, kw_only=True, slots=True)
class IngressTls:
    """The certificate of some hosts, from a Secret of type kubernetes.io/tls, by name or as any kplus secret."""

    secret: str | kplus.ISecret
    hosts: Sequence[str] = ()

    def __post_init__(self) -> None:
        checks.reference("tls.secret", self.secret, "Secret")
        for host in sequence("tls.hosts", self.hosts):
            checks.dns_subdomain("tls.hosts", checks.text("tls.hosts", host).removeprefix("*."))


@dataclass(frozen=True, kw_only=True, slots=True)
class Ingress:
    """An Ingress in front of the server: ``Ingress(hosts=["llm.example.com"], class_name="nginx")``.

    Args:
        hosts: the hosts served; a plain name means all its paths (``/``, Prefix).
        class_name: the IngressClass; None takes the cluster's default.
        tls: certificates.
        annotations: annotations for the controller, such as its read time-out, which streaming answers need long.

    Raises:
        InvalidOptionError: a host, path or class is none, or there is no host.
        ConflictError: a host is there twice.
    """

    hosts: Sequence[str | IngressHost]
    class_name: str | None = None
    tls: Sequence[IngressTls] = ()
    annotations: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        names = [host.host for host in self.ingress_hosts()]
        if not names:
            raise InvalidOptionError("has no host; allowed: at least one", option="ingress.hosts")
        for name in names:
            if names.count(name) > 1:
                raise ConflictError(f"{name!r} is there twice", option="ingress.hosts")
        if self.class_name is not None:
            checks.dns_subdomain("ingress.class_name", self.class_name)
        for entry in sequence("ingress.tls", self.tls):
            checks.instance("ingress.tls", entry, IngressTls, allowed="IngressTls(secret=..., hosts=[...])")
        checks.annotation_map("ingress.annotations", self.annotations)

    def ingress_hosts(self) -> list[IngressHost]:
        """The hosts, plain names included, in one form."""
        hosts = sequence("ingress.hosts", self.hosts)
        return [host if isinstance(host, IngressHost) else IngressHost(host=host) for host in hosts]

    def add_to(
        self, scope: Construct, *, service: kplus.Service, name: str | None, labels: Mapping[str, str]
    ) -> kplus.Ingress:
        """Make the kplus Ingress of a service."""
        backend = kplus.IngressBackend.from_service(service)
        rules = [
            kplus.IngressRule(
                host=host.host,
                path=path.path,
                path_type=_PATH_TYPES[path.path_type],
                backend=backend,
            )
            for host in self.ingress_hosts()
            for path in host.ingress_paths()
        ]
        tls = [
            kplus.IngressTls(
                hosts=list(entry.hosts) or None,
                secret=kplus.Secret.from_secret_name(scope, f"Tls{index}", entry.secret)
                if isinstance(entry.secret, str)
                else entry.secret,
            )
            for index, entry in enumerate(self.tls)
        ]
        return kplus.Ingress(
            scope,
            "Ingress",
            metadata=cdk8s.ApiObjectMetadata(name=name, labels=dict(labels), annotations=dict(self.annotations)),
            class_name=self.class_name,
            rules=rules,
            tls=tls,
        )
