"""HTTPRoute: which requests of a Gateway go where, and how long they may take.

Limits and patterns are those of the API: https://gateway-api.sigs.k8s.io/reference/spec/
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from vllm_cdk8s.core.errors import Collector, ConflictError, InvalidOptionError
from vllm_cdk8s.core.keywords import named_keywords
from vllm_cdk8s.core.kube import checks
from vllm_cdk8s.core.kube.wire import prune, sequence
from vllm_cdk8s.core.regex import regex
from vllm_cdk8s.core.rules.book import ROUTE
from vllm_cdk8s.core.showing import shown
from vllm_cdk8s.core.traffic.exposure import lets_through
from vllm_cdk8s.core.traffic.hosts import BAD_IN_PATH, host_name, path_problem

GATEWAY_GROUP = "gateway.networking.k8s.io"
MOST_WEIGHT = 1_000_000
_PATH_TYPES = ("PathPrefix", "Exact", "RegularExpression")
# What a body-based router makes of the field `model` of a request: llm-d's inference payload processor, GKE's, and that
# of the inference extension before 1.6. Source: https://llm-d.ai/docs/dev/operations/traffic/multi-model-routing
MODEL_HEADER = "X-Gateway-Model-Name"
_HEADER = regex(r"[A-Za-z0-9!#$%&'*+\-.^_`|~]{1,256}")
_PATH = regex(r"(?:[-A-Za-z0-9/._~!$&'()*+,;=:@]|%[0-9a-fA-F]{2})+")
# The API's own limits: of a route, of a rule, of a match.
_MOST_PARENTS, _MOST_HOSTNAMES, _MOST_RULES, _MOST_MATCHES_IN_ALL = 32, 16, 16, 128
_MOST_MATCHES, _MOST_BACKENDS, _MOST_HEADERS = 64, 16, 16
_LONGEST_PATH, _LONGEST_HEADER = 1024, 4096
_LONGEST_SECONDS = 99_999


@named_keywords
@dataclass(frozen=True, kw_only=True, slots=True)
class GatewayRef:
    """The Gateway that a route attaches itself to: ``GatewayRef(name="public", namespace="gateways")``.

    Args:
        name: its name.
        namespace: its namespace; None is the route's own.
        listener: one of its listeners by name (``sectionName``); None is all that let the route in.
        port: listeners of that port only.

    Raises:
        InvalidOptionError: a name or the port is not valid.
    """

    name: str
    namespace: str | None = None
    listener: str | None = None
    port: int | None = None

    def __post_init__(self) -> None:
        checks.plain_fields(self)
        with Collector() as found:
            found.attempt(checks.dns_subdomain, "gateway.name", self.name)
            found.given(checks.dns_label, "gateway.namespace", self.namespace)
            found.given(checks.dns_subdomain, "gateway.listener", self.listener)
            found.given(checks.port, "gateway.port", self.port)

    def wire(self) -> dict[str, Any]:
        """The parent reference."""
        return prune({
            "group": GATEWAY_GROUP,
            "kind": "Gateway",
            "name": self.name,
            "namespace": self.namespace,
            "sectionName": self.listener,
            "port": self.port,
        })  # fmt: skip


@named_keywords
@dataclass(frozen=True, kw_only=True, slots=True)
class RouteMatch:
    """Which requests a route takes: ``RouteMatch(path="/llama/v1", replace_prefix="/v1")``.

    Args:
        path: the path.
        path_type: ``PathPrefix``, ``Exact`` or ``RegularExpression``.
        headers: headers that a request must have, exactly so, such as one that names the model.
        replace_prefix: what the server sees in the place of ``path``; only with ``PathPrefix``.

    Raises:
        InvalidOptionError: a path, its type or a header is not valid.
        ConflictError: ``replace_prefix`` without a prefix, or a header twice.
    """

    path: str = "/v1"
    path_type: str = "PathPrefix"
    headers: Mapping[str, str] = field(default_factory=dict)
    replace_prefix: str | None = None

    def __post_init__(self) -> None:
        checks.plain_fields(self)
        with Collector() as found:
            found.attempt(checks.one_of, "match.path_type", self.path_type, _PATH_TYPES, what="a path type")
            found.attempt(_check_path, "match.path", self.path, pattern=self.path_type not in ("PathPrefix", "Exact"))
            found.given(_check_path, "match.replace_prefix", self.replace_prefix, pattern=False)
            if self.replace_prefix is not None and self.path_type != "PathPrefix" and found.sound("match.path_type"):
                found.note(
                    ConflictError(f"path_type is {self.path_type!r}, not 'PathPrefix'", option="match.replace_prefix")
                )
            found.attempt(_check_headers, self.headers)

    @property
    def lets_through_adapters(self) -> bool:
        """Whether it lets requests through that load adapters, as the server sees their path."""
        if self.path_type == "RegularExpression":
            return False
        seen = self.path if self.replace_prefix is None else self.replace_prefix
        return lets_through(seen, exact=self.path_type == "Exact")

    def asking_for(self, header: str, model: str) -> RouteMatch:
        """The same match of requests whose header says this model.

        Raises:
            ConflictError: the match says the header itself.
        """
        if header.lower() in (name.lower() for name in self.headers):
            raise ConflictError(f"{header!r} is what models= matches by; say it in one place", option="match.headers")
        return replace(self, headers={**self.headers, header: model})

    def wire(self) -> dict[str, Any]:
        """The match."""
        headers = [{"type": "Exact", "name": name, "value": value} for name, value in self.headers.items()]
        return prune({"path": {"type": self.path_type, "value": self.path}, "headers": headers})


def route_rules(
    matches: Sequence[RouteMatch], *, timeouts: Mapping[str, str], references: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """The rules of a route that sends these matches to these backends."""
    # A rewrite belongs to a rule, so the matches of one rewrite share one.
    by_rewrite: dict[str | None, list[RouteMatch]] = {}
    for match in matches:
        by_rewrite.setdefault(match.replace_prefix, []).append(match)
    if len(by_rewrite) > _MOST_RULES or _too_many(by_rewrite):
        raise InvalidOptionError(
            f"are too many for one route; allowed: {_MOST_RULES} different replace_prefix, {_MOST_MATCHES} matches of "
            f"each, {_MOST_MATCHES_IN_ALL} in all",
            option="matches",
            rule=ROUTE,
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


def check_rules(rules: Sequence[Mapping[str, Any]]) -> None:
    """Refuse more rules, or more matches in all, than a route may have.

    Raises:
        InvalidOptionError: there are more.
    """
    matches = sum(len(rule["matches"]) for rule in rules)
    if len(rules) > _MOST_RULES or matches > _MOST_MATCHES_IN_ALL:
        raise InvalidOptionError(
            f"makes {len(rules)} rules with {matches} matches; allowed in one route: {_MOST_RULES} rules (one for each "
            f"model and replace_prefix) with {_MOST_MATCHES_IN_ALL} matches; make several routes",
            option="models",
            rule=ROUTE,
        )


def header_name(option: str, value: object) -> str:
    """The name of a header.

    Raises:
        InvalidOptionError: it is not one.
    """
    name = checks.text(option, value)
    if not _HEADER.fullmatch(name):
        raise InvalidOptionError(f"{shown(name)} is not a header's name", option=option)
    return name


def _too_many(by_rewrite: Mapping[str | None, Sequence[RouteMatch]]) -> bool:
    sizes = [len(same) for same in by_rewrite.values()]
    return max(sizes) > _MOST_MATCHES or sum(sizes) > _MOST_MATCHES_IN_ALL


def _rewrite(prefix: str) -> dict[str, Any]:
    path = {"type": "ReplacePrefixMatch", "replacePrefixMatch": prefix}
    return {"type": "URLRewrite", "urlRewrite": {"path": path}}


def parent_refs(gateways: Sequence[GatewayRef]) -> list[dict[str, Any]]:
    """The Gateways of a route.

    Raises:
        InvalidOptionError: there are more than a route may have.
        ConflictError: one is there twice, or as a whole and by a listener, which the API server refuses.
    """
    if len(gateways) > _MOST_PARENTS:
        raise InvalidOptionError(
            f"has {len(gateways)} gateways; allowed: {_MOST_PARENTS}", option="gateways", rule=ROUTE
        )
    for index, gateway in enumerate(gateways):
        for other in gateways[:index]:
            if (gateway.name, gateway.namespace) != (other.name, other.namespace):
                continue
            same = (gateway.listener, gateway.port) == (other.listener, other.port)
            if same or (None in (gateway.listener, other.listener) and None in (gateway.port, other.port)):
                raise ConflictError(
                    f"{gateway.name!r} is there twice; allowed: once, or with a listener= of its own each time",
                    option="gateways",
                    rule=ROUTE,
                )
    return [gateway.wire() for gateway in gateways]


def route_hostnames(value: object) -> list[str]:
    """The hosts of a route.

    Raises:
        InvalidOptionError: one is not the name of a host, or there are more than a route may have.
        ConflictError: one is there twice.
    """
    hosts = sequence("hostnames", value)
    if len(hosts) > _MOST_HOSTNAMES:
        raise InvalidOptionError(f"has {len(hosts)} hosts; allowed: {_MOST_HOSTNAMES}", option="hostnames", rule=ROUTE)
    with Collector() as found:
        for index, host in enumerate(hosts):
            if found.attempt(host_name, "hostnames", host, rule=ROUTE) is not None and host in hosts[:index]:
                found.note(ConflictError(f"{host!r} is there twice", option="hostnames"))
    return hosts


def check_backends(weights: Sequence[int], option: str = "backends") -> None:
    """Refuse weights of which nothing is sent anywhere, and more backends than a rule may have.

    Raises:
        InvalidOptionError: there are too many.
        ConflictError: all weights are 0.
    """
    if len(weights) > _MOST_BACKENDS:
        raise InvalidOptionError(f"has {len(weights)} backends; allowed: {_MOST_BACKENDS}", option=option, rule=ROUTE)
    if not any(weights):
        raise ConflictError("all weights are 0, so that no request is answered", option=option)


def _check_headers(headers: object) -> None:
    option = "match.headers"
    if not isinstance(headers, Mapping):
        raise InvalidOptionError(f"{shown(headers)} is not a mapping", option=option)
    if len(headers) > _MOST_HEADERS:
        raise InvalidOptionError(f"has {len(headers)} headers; allowed: {_MOST_HEADERS}", option=option, rule=ROUTE)
    seen: set[str] = set()
    with Collector() as found:
        for name, value in headers.items():
            found.attempt(_check_header, option, name, value, seen)


def _check_header(option: str, name: object, value: object, seen: set[str]) -> None:
    if not isinstance(name, str) or not _HEADER.fullmatch(name):
        raise InvalidOptionError(f"{name!r} is not a header's name", option=option)
    if name.lower() in seen:
        raise ConflictError(
            f"{name!r} is there twice, since headers are the same in capitals; the second would be ignored",
            option=option,
            rule=ROUTE,
        )
    seen.add(name.lower())
    if len(checks.text(f"{option}[{name!r}]", value)) > _LONGEST_HEADER:
        raise InvalidOptionError(
            f"is longer than {_LONGEST_HEADER} characters", option=f"{option}[{name!r}]", rule=ROUTE
        )


def _check_path(option: str, value: object, *, pattern: bool) -> None:
    path = checks.text(option, value)
    if len(path) > _LONGEST_PATH:
        raise InvalidOptionError(f"is {len(path)} characters long; allowed: {_LONGEST_PATH}", option=option, rule=ROUTE)
    if not pattern and (path_problem(path) is not None or "#" in path or not _PATH.fullmatch(path)):
        raise InvalidOptionError(
            f"{path!r} is not a path; allowed: one that begins with '/', has no {', '.join(BAD_IN_PATH)} or '#', does "
            "not end in '/.' or '/..', and has letters, digits and -._~!$&'()*+,;=:@ or %XX between its '/'",
            option=option,
            rule=ROUTE,
        )


def route_timeouts(request: int | None, backend: int | None) -> dict[str, str]:
    """The timeouts of a rule; None leaves one to the gateway.

    Raises:
        InvalidOptionError: one is not a whole number of seconds in its range.
        ConflictError: an attempt may last longer than its request.
    """
    with Collector() as found:
        for option, value in (("request_timeout_seconds", request), ("backend_timeout_seconds", backend)):
            found.given(checks.integer, option, value, minimum=0, maximum=_LONGEST_SECONDS)
    # 0 sets no limit, for the request as for the attempt.
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
