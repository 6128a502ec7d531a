"""HTTPRoute: how requests reach servers through a Gateway, in the tree."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from constructs import Construct

from vllm_cdk8s.constructs.api_key import note_route
from vllm_cdk8s.constructs.apps import place
from vllm_cdk8s.constructs.custom_resource import custom_resource
from vllm_cdk8s.constructs.inference_pool import InferencePool, warn_of_tls
from vllm_cdk8s.constructs.server_base import Server
from vllm_cdk8s.core.errors import ConflictError, InvalidOptionError, warn
from vllm_cdk8s.core.kube import checks
from vllm_cdk8s.core.kube.wire import prune, sequence
from vllm_cdk8s.core.rules.book import OTHER_NAMESPACE, REFERENCE_GRANT
from vllm_cdk8s.core.traffic.gateway import (
    GATEWAY_GROUP,
    MOST_WEIGHT,
    GatewayRef,
    RouteMatch,
    check_backends,
    parent_refs,
    route_hostnames,
    route_rules,
    route_timeouts,
)
from vllm_cdk8s.core.traffic.pool import POOL_GROUP

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True, kw_only=True, slots=True)
class WeightedBackend:
    """A backend's share of the requests: ``WeightedBackend(to=canary, weight=10)`` beside one of weight 90.

    Args:
        to: the server or pool.
        weight: its part of the sum of all weights; 0 sends it nothing.

    Raises:
        InvalidOptionError: the backend is not a server or a pool, or the weight is out of range.
    """

    to: Server | InferencePool
    weight: int = 1

    def __post_init__(self) -> None:
        checks.plain_fields(self)
        checks.instance("backend.to", self.to, Server, InferencePool, allowed="a VllmServer or an InferencePool")
        checks.integer("backend.weight", self.weight, minimum=0, maximum=MOST_WEIGHT)


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
        InvalidOptionError: a name, path or number is not valid, or there is no gateway, backend or match.
        ConflictError: a host, gateway or backend is there twice, all weights are 0, or an attempt may last longer than
            its request.
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
        parents = parent_refs([_gateway(index, item) for index, item in enumerate(_filled("gateways", gateways))])
        weighted = [_backend(index, item) for index, item in enumerate(_filled("backends", backends))]
        _check_targets(weighted)
        hosts = route_hostnames(hostnames)
        wanted = [_match(index, item) for index, item in enumerate(_filled("matches", matches))]
        timeouts = route_timeouts(request_timeout_seconds, backend_timeout_seconds)

        super().__init__(scope, id)
        namespace = place(scope)[1]
        references = [_reference(self, namespace, backend) for backend in weighted]
        self.route = custom_resource(
            self, scope, f"{GATEWAY_GROUP}/v1", "HTTPRoute", name=name,
            labels={**_common_labels(weighted), **checks.label_map("labels", labels)}, annotations=annotations,
            spec=prune({
                "parentRefs": parents,
                "hostnames": hosts,
                "rules": route_rules(wanted, timeouts=timeouts, references=references),
            }),
        )  # fmt: skip
        path = self.node.path
        for backend in weighted:
            server = backend.to.server if isinstance(backend.to, InferencePool) else backend.to
            if server is not None and backend.weight:
                note_route(scope, server, f"HTTPRoute {path}")


def _common_labels(backends: Sequence[WeightedBackend]) -> dict[str, str]:
    first, *others = (backend.to.labels for backend in backends)
    return {key: value for key, value in first.items() if all(other.get(key) == value for other in others)}


def _reference(route: HTTPRoute, namespace: str | None, backend: WeightedBackend) -> dict[str, Any]:
    to = backend.to
    other = None
    if to.namespace != namespace:
        if to.namespace is None:
            raise ConflictError(
                f"{to.path} has no namespace, and the route is in {namespace!r}; give its chart a namespace",
                option="backends",
                rule=OTHER_NAMESPACE,
            )
        other = to.namespace
        warn(
            f"{to.path} is in namespace {other!r} and the route {route.node.path} in {namespace!r}, which needs a "
            f"ReferenceGrant in {other!r}",
            option="backends",
            rule=REFERENCE_GRANT,
        )
    if isinstance(to, InferencePool):
        target: dict[str, Any] = {"group": POOL_GROUP, "kind": "InferencePool", "name": to.name, "namespace": other}
    else:
        warn_of_tls("backends", to)
        target = {"kind": "Service", "name": to.service_name, "namespace": other, "port": to.service_port}
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
    return items


def _check_targets(backends: Sequence[WeightedBackend]) -> None:
    check_backends([backend.weight for backend in backends])
    targets = [backend.to for backend in backends]
    if any(targets.index(target) != index for index, target in enumerate(targets)):
        raise ConflictError("one of them is there twice", option="backends")
