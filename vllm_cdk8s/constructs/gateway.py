"""How requests reach servers through a Gateway: HTTPRoute."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any

from constructs import Construct

from vllm_cdk8s.constructs.apps import place
from vllm_cdk8s.constructs.custom_resource import custom_resource
from vllm_cdk8s.constructs.inference_pool import POOL_GROUP, InferencePool, warn_of_tls
from vllm_cdk8s.constructs.server_base import Server
from vllm_cdk8s.core.errors import ConflictError, InvalidOptionError, warn
from vllm_cdk8s.core.kube import checks
from vllm_cdk8s.core.kube.wire import prune, sequence

_GATEWAY_GROUP = "gateway.networking.k8s.io"
_PATH_TYPES = ("PathPrefix", "Exact", "RegularExpression")
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+\-.^_`|~]{1,256}")
_BAD_IN_PATH = ("//", "/./", "/../", "%2f", "%2F", "#")
# The API's own limits: hostnames of a route, its rules, matches of a rule.
_MOST_HOSTNAMES, _MOST_RULES, _MOST_MATCHES = 16, 16, 64
_MOST_WEIGHT = 1_000_000
_LONGEST_PATH = 1024
_LONGEST_SECONDS = 99_999


@dataclass(frozen=True, kw_only=True, slots=True)
class GatewayRef:
    """The Gateway that a route attaches itself to: ``GatewayRef(name="public", namespace="gateways")``.

    Args:
        name: its name.
        namespace: its namespace; None is the route's own.
        listener: one of its listeners by name (``sectionName``); None is all that let the route in.
        port: listeners of that port only.

    Raises:
        InvalidOptionError: a name or the port is none.
    """

    name: str
    namespace: str | None = None
    listener: str | None = None
    port: int | None = None

    def __post_init__(self) -> None:
        checks.dns_subdomain("gateway.name", self.name)
        if self.namespace is not None:
            checks.dns_label("gateway.namespace", self.namespace)
        if self.listener is not None:
            checks.dns_subdomain("gateway.listener", self.listener)
        if self.port is not None:
            checks.port("gateway.port", self.port)

    def wire(self) -> dict[str, Any]:
        """The parent reference."""
        return prune({
            "group": _GATEWAY_GROUP,
            "kind": "Gateway",
            "name": self.name,
            "namespace": self.namespace,
            "sectionName": self.listener,
            "port": self.port,
        })  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class RouteMatch:
    """Which requests a route takes: ``RouteMatch(path="/llama/v1", replace_prefix="/v1")``.

    Args:
        path: the path.
        path_type: ``PathPrefix``, ``Exact`` or ``RegularExpression``.
        headers: headers that a request must have, exactly so, such as one that names the model.
        replace_prefix: what the server sees in the place of ``path``; only with ``PathPrefix``.

    Raises:
        InvalidOptionError: a path, its type or a header is none.
        ConflictError: ``replace_prefix`` without a prefix.
    """

    path: str = "/v1"
    path_type: str = "PathPrefix"
    headers: Mapping[str, str] = field(default_factory=dict)
    replace_prefix: str | None = None

    def __post_init__(self) -> None:
        checks.one_of("match.path_type", self.path_type, _PATH_TYPES, what="a path type")
        _check_path("match.path", self.path, pattern=self.path_type == "RegularExpression")
        if self.replace_prefix is not None:
            _check_path("match.replace_prefix", self.replace_prefix, pattern=False)
            if self.path_type != "PathPrefix":
                raise ConflictError(f"path_type is {self.path_type!r}, not 'PathPrefix'", option="match.replace_prefix")
        if not isinstance(self.headers, Mapping):
            raise InvalidOptionError(f"{self.headers!r} is not a mapping", option="match.headers")
        for name, value in self.headers.items():
            if not _HEADER.fullmatch(str(name)):
                raise InvalidOptionError(f"{name!r} is not a header's name", option="match.headers")
            checks.text(f"match.headers[{name!r}]", value)

    def wire(self) -> dict[str, Any]:
        """The match."""
        headers = [{"type": "Exact", "name": name, "value": value} for name, value in self.headers.items()]
        return prune({"path": {"type": self.path_type, "value": self.path}, "headers": headers})


@dataclass(frozen=True, kw_only=True, slots=True)
class WeightedBackend:
    """A backend's share of the requests: ``WeightedBackend(to=canary, weight=10)`` beside one of weight 90.

    Args:
        to: the server or pool.
        weight: its part of the sum of all weights; 0 sends it nothing.

    Raises:
        InvalidOptionError: the backend or the weight is none.
    """

    to: Server | InferencePool
    weight: int = 1

    def __post_init__(self) -> None:
        checks.instance("backend.to", self.to, Server, InferencePool, allowed="a VllmServer or an InferencePool")
        checks.integer("backend.weight", self.weight, minimum=0, maximum=_MOST_WEIGHT)


class HTTPRoute(Construct):
    """Send the requests of a Gateway to servers: ``HTTPRoute(self, "route", gateways=["public"], backends=[server])``.

    Only ``/v1`` is let through unless ``matches`` says otherwise: the rest of vLLM's paths, ``/metrics`` among them,
    asks for no API key. Needs the Gateway API (1.2 or newer) and a gateway with the feature HTTPRouteRequestTimeout.
    Source: https://gateway-api.sigs.k8s.io/reference/spec/

    Args:
        scope: the construct this one belongs to.
        id: its name there.
        gateways: the Gateways, by name in the route's namespace or as `GatewayRef`.
        backends: the servers or pools that answer; several share the requests, by `WeightedBackend` in unequal parts.
        hostnames: the hosts, ``*.example.com`` included; none means all hosts of the listener.
        matches: the requests, as path prefixes or as `RouteMatch`; one that fits is enough.
        request_timeout_seconds: seconds until the last byte of an answer, streamed ones included; 0 is no limit, None
            the gateway's own (15 s with Envoy).
        backend_timeout_seconds: likewise for each attempt, where the gateway retries.
        name: the name of the route; None lets cdk8s name it.
        labels: labels of the route, besides those that all its backends have.
        annotations: annotations of the route.

    Raises:
        InvalidOptionError: a name, path or number is none, or there is no gateway, backend or match.
        ConflictError: a host or backend is there twice, all weights are 0, or an attempt may last longer than its
            request.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        gateways: Sequence[str | GatewayRef],
        backends: Sequence[Server | InferencePool | WeightedBackend],
        hostnames: Sequence[str] = (),
        matches: Sequence[str | RouteMatch] = ("/v1",),
        request_timeout_seconds: int | None = 3600,
        backend_timeout_seconds: int | None = None,
        name: str | None = None,
        labels: Mapping[str, str] | None = None,
        annotations: Mapping[str, str] | None = None,
    ) -> None:
        parents = [_gateway(index, item).wire() for index, item in enumerate(_filled("gateways", gateways))]
        weighted = [_backend(index, item) for index, item in enumerate(_filled("backends", backends))]
        hosts = _hostnames(hostnames)
        wanted = [_match(index, item) for index, item in enumerate(_filled("matches", matches))]
        timeouts = _timeouts(request_timeout_seconds, backend_timeout_seconds)

        super().__init__(scope, id)
        namespace = place(scope)[1]
        references = [_reference(self, namespace, backend) for backend in weighted]
        self.route = custom_resource(
            self, scope, f"{_GATEWAY_GROUP}/v1", "HTTPRoute", name=name,
            labels={**_common_labels(weighted), **checks.label_map("labels", labels or {})}, annotations=annotations,
            spec=prune({
                "parentRefs": parents,
                "hostnames": hosts,
                "rules": _rules(wanted, timeouts=timeouts, references=references),
            }),
        )  # fmt: skip


def _rules(
    matches: Sequence[RouteMatch], *, timeouts: Mapping[str, str], references: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    # A rewrite belongs to a rule, so the matches of one rewrite share one.
    by_rewrite: dict[str | None, list[RouteMatch]] = {}
    for match in matches:
        by_rewrite.setdefault(match.replace_prefix, []).append(match)
    if len(by_rewrite) > _MOST_RULES or any(len(same) > _MOST_MATCHES for same in by_rewrite.values()):
        raise InvalidOptionError(
            f"are too many for one route; allowed: {_MOST_RULES} different replace_prefix, {_MOST_MATCHES} matches of "
            "each",
            option="matches",
        )
    return [
        prune({
            "matches": [match.wire() for match in same],
            "filters": [] if prefix is None else [_rewrite(prefix)],
            "backendRefs": list(references),
            "timeouts": dict(timeouts),
        })
        for prefix, same in by_rewrite.items()
    ]  # fmt: skip


def _common_labels(backends: Sequence[WeightedBackend]) -> dict[str, str]:
    first, *others = (backend.to.labels for backend in backends)
    return {key: value for key, value in first.items() if all(other.get(key) == value for other in others)}


def _rewrite(prefix: str) -> dict[str, Any]:
    path = {"type": "ReplacePrefixMatch", "replacePrefixMatch": prefix}
    return {"type": "URLRewrite", "urlRewrite": {"path": path}}


def _reference(route: HTTPRoute, namespace: str | None, backend: WeightedBackend) -> dict[str, Any]:
    to = backend.to
    other = None
    if to.namespace != namespace:
        if to.namespace is None:
            raise ConflictError(
                f"{to.node.path} has no namespace, and the route is in {namespace!r}; give its chart a namespace",
                option="backends",
            )
        other = to.namespace
        warn(
            f"backends: {to.node.path} is in namespace {other!r} and the route {route.node.path} in {namespace!r}, "
            f"which needs a ReferenceGrant in {other!r}"
        )
    if isinstance(to, InferencePool):
        target: dict[str, Any] = {"group": POOL_GROUP, "kind": "InferencePool", "name": to.name, "namespace": other}
    else:
        warn_of_tls("backends", to)
        target = {"kind": "Service", "name": to.service.name, "namespace": other, "port": int(to.service.port)}
    return prune({**target, "weight": backend.weight})


def _gateway(index: int, item: Any) -> GatewayRef:
    if isinstance(item, str):
        return GatewayRef(name=item)
    found: GatewayRef = checks.instance(
        f"gateways[{index}]", item, GatewayRef, allowed='"public" or GatewayRef(name="public")'
    )
    return found


def _backend(index: int, item: Any) -> WeightedBackend:
    if isinstance(item, (Server, InferencePool)):
        return WeightedBackend(to=item)
    allowed = "a VllmServer, an InferencePool or a WeightedBackend"
    found: WeightedBackend = checks.instance(f"backends[{index}]", item, WeightedBackend, allowed=allowed)
    return found


def _match(index: int, item: Any) -> RouteMatch:
    if isinstance(item, str):
        return RouteMatch(path=item)
    found: RouteMatch = checks.instance(
        f"matches[{index}]", item, RouteMatch, allowed='"/v1" or RouteMatch(path="/v1")'
    )
    return found


def _filled(option: str, value: object) -> list[Any]:
    items = sequence(option, value)
    if not items:
        raise InvalidOptionError("is empty; allowed: at least one", option=option)
    if option == "backends":
        weighted = [item for item in items if isinstance(item, WeightedBackend)]
        targets = [item.to if isinstance(item, WeightedBackend) else item for item in items]
        if len(weighted) == len(items) and not any(item.weight for item in weighted):
            raise ConflictError("all weights are 0, so that no request is answered", option=option)
        if any(targets.index(target) != index for index, target in enumerate(targets)):
            raise ConflictError("one of them is there twice", option=option)
    return items


def _hostnames(value: object) -> list[str]:
    hosts = sequence("hostnames", value)
    if len(hosts) > _MOST_HOSTNAMES:
        raise InvalidOptionError(f"has {len(hosts)} hosts; allowed: {_MOST_HOSTNAMES}", option="hostnames")
    for index, host in enumerate(hosts):
        checks.dns_subdomain("hostnames", checks.text("hostnames", host).removeprefix("*."))
        if _is_address(host):
            raise InvalidOptionError(f"{host!r} is an address; allowed: names of hosts", option="hostnames")
        if host in hosts[:index]:
            raise ConflictError(f"{host!r} is there twice", option="hostnames")
    return hosts


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _check_path(option: str, value: object, *, pattern: bool) -> None:
    path = checks.text(option, value)
    if pattern:
        return
    bad = [part for part in _BAD_IN_PATH if part in path]
    if not path.startswith("/") or bad or path.endswith(("/..", "/.")) or len(path) > _LONGEST_PATH:
        raise InvalidOptionError(
            f"{path!r} is not a path; allowed: one that begins with '/', has no {', '.join(_BAD_IN_PATH)}, and at most "
            f"{_LONGEST_PATH} characters",
            option=option,
        )


def _timeouts(request: int | None, backend: int | None) -> dict[str, str]:
    for option, value in (("request_timeout_seconds", request), ("backend_timeout_seconds", backend)):
        if value is not None:
            checks.integer(option, value, minimum=0, maximum=_LONGEST_SECONDS)
    # 0 is no limit, for the request as for the attempt.
    if request and backend is not None and (backend == 0 or backend > request):
        raise ConflictError(
            f"{backend or 'no limit'} is longer than request_timeout_seconds: {request}",
            option="backend_timeout_seconds",
        )
    return {
        name: f"{seconds}s"
        for name, seconds in (("request", request), ("backendRequest", backend))
        if seconds is not None
    }
