"""HTTPRoute: how requests reach servers through a Gateway, in the tree."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from vllm_cdk8s.constructs.api_key import note_route
from vllm_cdk8s.constructs.apps import Whole, place
from vllm_cdk8s.constructs.custom_resource import custom_resource
from vllm_cdk8s.constructs.http_autoscaler import HttpAutoscaler
from vllm_cdk8s.constructs.inference_pool import InferencePool, warn_of_tls
from vllm_cdk8s.constructs.server_base import Server
from vllm_cdk8s.core.engine.adapters import beyond_key, come_at_runtime
from vllm_cdk8s.core.errors import Collector, ConflictError, InvalidOptionError, Problem, give, warn
from vllm_cdk8s.core.keywords import named_keywords
from vllm_cdk8s.core.kube import checks
from vllm_cdk8s.core.kube.wire import prune, sequence
from vllm_cdk8s.core.rules.book import NEVER_WAKES, OPEN_ADAPTERS, OTHER_NAMESPACE, REFERENCE_GRANT
from vllm_cdk8s.core.scaling.http import INTERCEPTOR, INTERCEPTOR_PORT
from vllm_cdk8s.core.showing import shown
from vllm_cdk8s.core.traffic.exposure import adapters_from_outside
from vllm_cdk8s.core.traffic.gateway import (
    GATEWAY_GROUP,
    MODEL_HEADER,
    MOST_WEIGHT,
    GatewayRef,
    RouteMatch,
    check_backends,
    check_rules,
    header_name,
    parent_refs,
    route_hostnames,
    route_rules,
    route_timeouts,
)
from vllm_cdk8s.core.traffic.model_names import adapter_names, base_names, check_model
from vllm_cdk8s.core.traffic.pool import POOL_GROUP

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from constructs import Construct, IConstruct


@named_keywords
@dataclass(frozen=True, kw_only=True, slots=True)
class WeightedBackend:
    """A backend's share of the requests: ``WeightedBackend(to=canary, weight=10)`` beside one of weight 90.

    Args:
        to: the server, the pool, or the `HttpAutoscaler` of a server, whose interceptor then gets the requests.
        weight: its part of the sum of all weights; 0 sends it nothing.

    Raises:
        InvalidOptionError: the backend is not one of these, or the weight is out of range.
    """

    to: Server | InferencePool | HttpAutoscaler
    weight: int = 1

    def __post_init__(self) -> None:
        checks.plain_fields(self)
        allowed = "a VllmServer, an InferencePool or an HttpAutoscaler"
        with Collector() as found:
            found.attempt(
                checks.instance, "backend.to", self.to, Server, InferencePool, HttpAutoscaler, allowed=allowed
            )
            found.attempt(checks.integer, "backend.weight", self.weight, minimum=0, maximum=MOST_WEIGHT)


_Backend = Server | InferencePool | HttpAutoscaler | WeightedBackend


@named_keywords
class HTTPRoute(Whole):
    """Send the requests of a Gateway to servers: ``HTTPRoute(self, "route", gateways=["public"], backends=[server])``.

    Several models behind one host: ``models={"qwen": qwen, "llama": [llama, llama_canary]}`` sends each request to the
    server of the model that it asks for. A gateway does not read bodies, so something before it must copy the field
    ``model`` of a request into the header ``X-Gateway-Model-Name``: a body-based router, such as llm-d's inference
    payload processor, or clients themselves. Adapters that a server loads at its start go to where its model goes.

    Only ``/v1`` is let through unless ``matches`` says otherwise: the rest of vLLM's paths, ``/metrics`` among them,
    asks for no API key. A server that an `HttpAutoscaler` wakes is reached through it: ``backends=[scaler]``, under its
    hosts; a route to the server itself would pass by what wakes it, and warns.

    Needs the Gateway API (1.2 or newer) and a gateway with the feature HTTPRouteRequestTimeout.
    Source: https://gateway-api.sigs.k8s.io/reference/spec/

    Args:
        scope: the parent construct.
        id: the construct's ID, unique within its parent.
        gateways: the Gateways, by name in the route's namespace or as `GatewayRef`.
        backends: the servers or pools that answer, or the `HttpAutoscaler` of a server; several share the requests, by
            `WeightedBackend` in unequal parts. With ``models``, those that answer all other requests; none unless said.
        models: by the name of a model as requests say it, the servers or pools that answer for it.
        model_header: the header in which a request's model is found; only with ``models``.
        hostnames: the hosts, ``*.example.com`` included; none means all hosts of the listener.
        matches: the requests, as path prefixes or as `RouteMatch`; one that fits is enough.
        request_timeout_seconds: seconds until the last byte of an answer, streamed ones included; 0 sets no limit,
            None keeps the gateway's own (15 s with Envoy).
        backend_timeout_seconds: the same for each attempt, where the gateway retries.
        granted: other namespaces, with backends, that have a ReferenceGrant for routes of this one; any other warns.
        name: the name of the route; None lets cdk8s name it.
        labels: labels of the route, besides those that all its backends have.
        annotations: annotations of the route.

    Raises:
        InvalidOptionError: a name, path or number is not valid, or there is no gateway, backend or match.
        ConflictError: a host, gateway or backend is there twice, all weights are 0, a server does not have the model
            that it is to answer for, or an attempt may last longer than its request.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        gateways: Sequence[str | GatewayRef],
        backends: Sequence[_Backend] = (),
        models: Mapping[str, _Backend | Sequence[_Backend]] | None = None,
        model_header: str = MODEL_HEADER,
        hostnames: Sequence[str] = (),
        matches: Sequence[str | RouteMatch] = ("/v1",),
        request_timeout_seconds: int | None = 3600,
        backend_timeout_seconds: int | None = None,
        granted: Sequence[str] = (),
        name: str | None = None,
        labels: Mapping[str, str] | None = None,
        annotations: Mapping[str, str] | None = None,
    ) -> None:
        with Collector() as found:
            parents = found.need(_parents, gateways)
            named = found.attempt(_targets, models, found.need(header_name, "model_header", model_header))
            others = found.attempt(_weighted, "backends", backends) if backends or named == [] else None
            targets = named or []
            if others is not None:
                targets = [*targets, _Target(option="backends", backends=others)]
            for target in targets:
                found.attempt(_check_targets, target)
            hosts = found.need(route_hostnames, hostnames)
            wanted = found.need(_matches, matches)
            timeouts = found.need(route_timeouts, request_timeout_seconds, backend_timeout_seconds)
            grants = [
                found.need(checks.dns_label, f"granted[{index}]", each)
                for index, each in enumerate(found.need(sequence, "granted", granted) or ())
            ]
        weighted = _once(backend for target in targets for backend in target.backends)
        narrowed = [target.narrowed(wanted) for target in targets]
        for backend in weighted:
            if isinstance(backend.to, HttpAutoscaler):
                backend.to.scaling.check_hosts(hosts)

        super().__init__(scope, id)
        namespace = place(scope)[1]
        references = {backend.to: _reference(self, namespace, backend, grants) for backend in weighted}
        rules = [
            rule
            for target, asked in zip(targets, narrowed, strict=True)
            for rule in route_rules(
                asked, timeouts=timeouts,
                references=[{**references[backend.to], "weight": backend.weight} for backend in target.backends],
            )
        ]  # fmt: skip
        check_rules(rules)
        self.route = custom_resource(
            self, scope, f"{GATEWAY_GROUP}/v1", "HTTPRoute", name=name,
            labels={**_common_labels(weighted), **checks.label_map("labels", labels)}, annotations=annotations,
            spec=prune({"parentRefs": parents, "hostnames": hosts, "rules": rules}),
        )  # fmt: skip
        path = self.node.path
        for backend in weighted:
            server = _server(backend)
            if backend.to is server and backend.weight:
                # At synthesis, since the autoscaler may come after the route.
                place(scope)[0].add_advice(partial(_asleep, server, path))
            if server is not None and backend.weight:
                note_route(scope, server, f"HTTPRoute {path}")
                if any(match.lets_through_adapters for match in wanted):
                    _warn_of_adapters(server, path)


class _Target(Struct, frozen=True, kw_only=True):
    """Who answers which requests: those for the models of these names, or all where there are none."""

    option: str
    backends: list[WeightedBackend]
    names: Sequence[str] = ()
    header: str = MODEL_HEADER

    def narrowed(self, matches: Sequence[RouteMatch]) -> list[RouteMatch]:
        """Those of the matches that ask for the models."""
        if not self.names:
            return list(matches)
        return [match.asking_for(self.header, name) for name in self.names for match in matches]


def _targets(models: Mapping[str, Any] | None, header: str) -> list[_Target]:
    """Who answers for each model."""
    given = {} if models is None else models
    if not isinstance(given, Mapping):
        raise InvalidOptionError(f"{shown(given)} is not a mapping; allowed: {{'qwen': server}}", option="models")
    with Collector() as found:
        return [found.need(_target, name, value, given, header) for name, value in given.items()]


def _target(name: str, value: Any, models: Mapping[str, Any], header: str) -> _Target:
    option = f"models[{name!r}]"
    checks.text(option, name)
    single = isinstance(value, (Server, InferencePool, HttpAutoscaler, WeightedBackend))
    backends = _weighted(option, [value] if single else value)
    return _Target(option=option, backends=backends, names=_names(option, name, backends, models), header=header)


def _names(option: str, model: str, backends: Sequence[WeightedBackend], others: Mapping[str, Any]) -> list[str]:
    """A model's name, and those of the adapters on it that all its servers have."""
    servers = [server for backend in backends if backend.weight and (server := _server(backend)) is not None]
    for server in servers:
        check_model(option, model, server)
    if not servers or any(model not in base_names(server) for server in servers):
        return [model]
    first, *more = (adapter_names(server) for server in servers)
    return [model, *(name for name in first if name not in others and all(name in other for other in more))]


def _warn_of_adapters(server: Server, path: str) -> None:
    known = server.acknowledged | server.warned
    if (
        come_at_runtime(server.pod_templates[0])
        and beyond_key(server.engine.version)
        and OPEN_ADAPTERS.code not in known
    ):
        give(adapters_from_outside(server.path, [f"HTTPRoute {path}"], option="matches"))


def _server(backend: WeightedBackend) -> Server | None:
    return backend.to if isinstance(backend.to, Server) else backend.to.server


def _weighted(option: str, value: object) -> list[WeightedBackend]:
    with Collector() as found:
        return [found.need(_backend, f"{option}[{index}]", item) for index, item in enumerate(_filled(option, value))]


def _once(backends: Iterable[WeightedBackend]) -> list[WeightedBackend]:
    """Each server or pool once, with a weight that is not 0 where it has one anywhere."""
    found: dict[Server | InferencePool | HttpAutoscaler, WeightedBackend] = {}
    for backend in backends:
        known = found.get(backend.to)
        if known is None or not known.weight:
            found[backend.to] = backend
    return list(found.values())


def _common_labels(backends: Sequence[WeightedBackend]) -> dict[str, str]:
    first, *others = (backend.to.labels for backend in backends)
    return {key: value for key, value in first.items() if all(other.get(key) == value for other in others)}


def _reference(
    route: HTTPRoute, namespace: str | None, backend: WeightedBackend, grants: Sequence[str]
) -> dict[str, Any]:
    to = backend.to
    if isinstance(to, HttpAutoscaler):
        there = to.interceptor_namespace
        other = _granted(route, namespace, f"the interceptor of {to.node.path}", there, grants)
        return prune({"kind": "Service", "name": INTERCEPTOR, "namespace": other, "port": INTERCEPTOR_PORT})
    other = _granted(route, namespace, to.path, to.namespace, grants)
    if isinstance(to, InferencePool):
        target: dict[str, Any] = {"group": POOL_GROUP, "kind": "InferencePool", "name": to.name, "namespace": other}
    else:
        warn_of_tls("backends", to)
        target = {"kind": "Service", "name": to.service_name, "namespace": other, "port": to.service_port}
    return prune(target)


def _granted(
    route: HTTPRoute, namespace: str | None, what: str, there: str | None, grants: Sequence[str]
) -> str | None:
    """The namespace of a backend, None where it is the route's own."""
    if there == namespace:
        return None
    if there is None:
        raise ConflictError(
            f"{what} has no namespace, and the route is in {namespace!r}; give its chart a namespace",
            option="backends",
            rule=OTHER_NAMESPACE,
        )
    if there not in grants:
        warn(
            f"{what} is in namespace {there!r} and the route {route.node.path} in {namespace!r}, which needs a "
            f"ReferenceGrant in {there!r}; say granted=[{there!r}] where it is there",
            option="backends",
            rule=REFERENCE_GRANT,
        )
    return there


def _asleep(server: Server, path: str, _: IConstruct) -> list[Problem]:
    scaler = server.autoscaler
    if not isinstance(scaler, HttpAutoscaler) or server.min_replicas != 0:
        return []
    what = (
        f"{path} leads to {server.path} itself and not to the interceptor of {scaler.node.path}, which alone sees the "
        f"requests that wake it; give the route the HttpAutoscaler"
    )
    return [Problem(what=what, rule=NEVER_WAKES, severity="warning", option="backends")]


def _parents(gateways: object) -> list[dict[str, Any]]:
    with Collector() as found:
        named = [found.need(_gateway, index, item) for index, item in enumerate(_filled("gateways", gateways))]
    return parent_refs(named)


def _matches(matches: object) -> list[RouteMatch]:
    with Collector() as found:
        return [found.need(_match, index, item) for index, item in enumerate(_filled("matches", matches))]


def _gateway(index: int, item: Any) -> GatewayRef:
    if isinstance(item, str):
        return GatewayRef(name=item)
    found: GatewayRef = checks.instance(
        f"gateways[{index}]", item, GatewayRef, allowed='"public" or GatewayRef(name="public")'
    )
    return found


def _backend(option: str, item: Any) -> WeightedBackend:
    if isinstance(item, (Server, InferencePool, HttpAutoscaler)):
        return WeightedBackend(to=item)
    allowed = "a VllmServer, an InferencePool, an HttpAutoscaler or a WeightedBackend"
    found: WeightedBackend = checks.instance(option, item, WeightedBackend, allowed=allowed)
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


def _check_targets(target: _Target) -> None:
    check_backends([backend.weight for backend in target.backends], target.option)
    to = [backend.to for backend in target.backends]
    if any(to.index(one) != index for index, one in enumerate(to)):
        raise ConflictError("one of them is there twice", option=target.option)
