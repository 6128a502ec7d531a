"""production-stack's router as data: which servers it knows, how it chooses among them, and its pods.

Its options are those of https://github.com/vllm-project/production-stack/tree/main/src/vllm_router
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from vllm_cdk8s.core.errors import Collector, ConflictError, InvalidOptionError, Problem, nearest, warn
from vllm_cdk8s.core.kube import checks
from vllm_cdk8s.core.kube.manifest import Manifest
from vllm_cdk8s.core.pod.resources import Resources
from vllm_cdk8s.core.rules.book import BACKEND_TLS, KEPT_OUT, OTHER_NAMESPACE, ROUTER
from vllm_cdk8s.core.traffic.front import USER, front_deployment
from vllm_cdk8s.core.traffic.gateway import header_name
from vllm_cdk8s.core.traffic.model_names import adapter_names, base_names
from vllm_cdk8s.core.traffic.network_policy import keeping_out
from vllm_cdk8s.core.traffic.rights import account_with_rights
from vllm_cdk8s.core.traffic.router_arguments import LOGICS_SINCE, argument_problems, read_options

if TYPE_CHECKING:
    from vllm_cdk8s.core.server.serving import Serving
    from vllm_cdk8s.core.traffic.network_policy import Wire

ROUTER_IMAGE = "lmcache/lmstack-router:v0.1.12"
ROUTER_PORT = 8000
PORT_NAME = "http"
_LOGICS = ("roundrobin", "session", "prefixaware")
_LMCACHE = (
    "needs servers whose LMCache reports to it, of its own versions of LMCache and vLLM, and its released images have "
    "no such pair; EndpointPicker has 'precise-prefix-cache-scorer' in config="
)
# What its parser takes besides, and what each would need that is not made here.
# Where the versions differ nothing is logged, and no cache is ever found: the controller's messages and the hashes of
# blocks are of one version. Source: https://github.com/vllm-project/production-stack/pull/1060
_OTHER_LOGICS = {
    "kvaware": _LMCACHE,
    "loadaware": _LMCACHE,
    "disaggregated_prefill": "knows one prefilling and one decoding backend; DisaggregatedServer has a proxy itself",
    "disaggregated_prefill_orchestrated": "sends the two sides no API key; DisaggregatedServer has a proxy itself",
    "priority": f"is in no router before {LOGICS_SINCE['priority']}, such as the default image's",
}
_DISCOVERIES = ("static", "pods")
# Requests that it sends to see whether a backend answers.
_REQUESTS = ("chat", "completion", "embeddings", "rerank", "score", "transcription", "vision")
_API_KEY = "VLLM_API_KEY"
_PRE_STOP_SECONDS = 5
_SCRAPE_SECONDS = 15


class RouterPlan(Struct, frozen=True, kw_only=True):
    """How a router chooses and runs; `Router` documents each option."""

    servers: Sequence[Serving]
    namespace: str | None
    image: str = ROUTER_IMAGE
    routing: str = "roundrobin"
    session_key: str | None = None
    discovery: str = "static"
    aliases: Mapping[str, str] = field(default_factory=dict)
    health_checks: str | None = None
    replicas: int = 1
    resources: Resources = field(default_factory=Resources)

    def __post_init__(self) -> None:
        with Collector() as found:
            found.attempt(checks.text, "image", self.image)
            found.attempt(checks.integer, "replicas", self.replicas, minimum=1)
            found.attempt(checks.instance, "resources", self.resources, Resources, allowed="Resources(...)")
            found.attempt(checks.one_of, "discovery", self.discovery, _DISCOVERIES, what="a way to find servers")
            if found.sound("replicas"):
                found.attempt(self._check_routing)
            found.given(checks.one_of, "health_checks", self.health_checks, _REQUESTS, what="a request")
            if self.health_checks is not None and self.discovery == "pods":
                what = "pods are found by their readiness; leave it out"
                found.note(ConflictError(what, option="health_checks"))
            if not self.servers:
                found.note(InvalidOptionError("is empty; allowed: at least one", option="servers"))
            if any(server is other for index, server in enumerate(self.servers) for other in self.servers[:index]):
                found.note(ConflictError("one of them is there twice", option="servers"))
            # What is said of each server only means something once the ways to find and to choose them are known.
            if not found.failed:
                found.attempt(self._check_services if self.discovery == "static" else self._check_pods)
                found.attempt(self._check_aliases)

    def _check_routing(self) -> None:
        if str(self.routing) in _OTHER_LOGICS:
            raise InvalidOptionError(
                f"{self.routing!r} {_OTHER_LOGICS[str(self.routing)]}; allowed: {', '.join(_LOGICS)}",
                option="routing",
                rule=ROUTER,
            )
        checks.one_of("routing", self.routing, _LOGICS, what="a way to choose")
        if self.session_key is not None:
            header_name("session_key", self.session_key)
        if (self.routing == "session") != (self.session_key is not None):
            what = "is missing; say the header that names a session, such as 'x-session-id'"
            if self.session_key is not None:
                what = f"{self.session_key!r} only matters with routing='session', not with {self.routing!r}"
            raise ConflictError(what, option="session_key", rule=ROUTER)
        if self.routing == "prefixaware" and self.replicas > 1:
            warn(
                f"{self.replicas} routers each remember the prefixes that they sent themselves, so that a prompt finds "
                "its cache less often the more there are; one is enough for many servers",
                option="replicas",
                rule=ROUTER,
            )

    def _check_services(self) -> None:
        for server in self.servers:
            if server.namespace is None:
                raise ConflictError(
                    f"{server.path} has no namespace, and the router leaves out a backend whose name has no dot; give "
                    "its chart a namespace",
                    option="servers",
                    rule=ROUTER,
                )
            if self.routing != "roundrobin" and server.max_replicas > 1:
                raise ConflictError(
                    f"{self.routing!r} chooses {server.path} as a whole, and its Service then takes any of its "
                    f"{server.max_replicas} pods; say discovery='pods', by which the router knows each pod",
                    option="routing",
                    rule=ROUTER,
                )
            if self.health_checks is not None and server.guarded:
                raise ConflictError(
                    f"the router sends them without an API key, which {server.path} asks for, so that it would never "
                    "be used; leave them out, or say discovery='pods'",
                    option="health_checks",
                    rule=ROUTER,
                )
            if server.scheme == "https":
                warn(
                    f"{server.path} speaks TLS itself, and the router refuses certificates of authorities that its "
                    "image does not know",
                    option="servers",
                    rule=BACKEND_TLS,
                )
            for name in (*base_names(server), *adapter_names(server)):
                if "," in name:
                    raise ConflictError(
                        f"{name!r} of {server.path} has a comma, at which the router divides names",
                        option="servers",
                        rule=ROUTER,
                    )

    def _check_pods(self) -> None:
        for server in self.servers:
            if server.namespace != self.namespace:
                raise ConflictError(
                    f"{server.path} is in namespace {server.namespace!r} and the router in {self.namespace!r}, whose "
                    "pods alone it may look for",
                    option="servers",
                    rule=OTHER_NAMESPACE,
                )
            if server.scheme == "https":
                raise ConflictError(
                    f"{server.path} speaks TLS itself, and the router speaks plain HTTP to pods; let an Ingress or a "
                    "gateway before the router speak TLS",
                    option="servers",
                    rule=ROUTER,
                )
        ports = {port: server.path for server in self.servers for port in server.serving_ports}
        if len(ports) > 1:
            said = ", ".join(f"{path}: {port}" for port, path in ports.items())
            raise ConflictError(
                f"the router asks all pods at one port, and these have several ({said})", option="servers", rule=ROUTER
            )
        _ = self._key, self._selector

    def _check_aliases(self) -> None:
        known = [name for server in self.servers for name in (*base_names(server), *adapter_names(server))]
        for alias, model in checks.mapping("aliases", self.aliases).items():
            option = f"aliases[{alias!r}]"
            checks.text("aliases", alias)
            if self.discovery == "pods":
                raise ConflictError("the router knows aliases with discovery='static' alone", option=option)
            if any(mark in alias + checks.text(option, model) for mark in ",:"):
                raise InvalidOptionError("',' and ':' are what the router divides aliases at", option=option)
            if model not in known:
                raise ConflictError(
                    f"{model!r} is not a model of its servers{nearest(model, known)}; allowed: {', '.join(known)}",
                    option=option,
                    rule=ROUTER,
                )

    @property
    def _key(self) -> dict[str, Any] | None:
        """Where the API key is, which the router needs to ask pods for their models."""
        found = [(server, _key_of(server)) for server in self.servers if server.guarded]
        keys = [key for _, key in found]
        if any(key != keys[0] for key in keys) or (found and keys[0] is None):
            raise ConflictError(
                "the router asks all pods for their models with one API key, and "
                f"{', '.join(server.path for server, _ in found)} do not take theirs from one entry of a Secret; give "
                "all the same api_key=, or say discovery='static'",
                option="servers",
                rule=ROUTER,
            )
        return keys[0] if keys else None

    @property
    def _selector(self) -> str:
        """A selector of all the servers' serving pods, and of no others."""
        each = [server.serving_selector for server in self.servers]
        values = {key: list(dict.fromkeys(one.get(key, "") for one in each)) for one in each for key in one}
        differing = [key for key, several in values.items() if len(several) > 1]
        if len(differing) > 1 or any("" in several for several in values.values()):
            raise ConflictError(
                f"no one selector selects the pods of {', '.join(server.path for server in self.servers)} and no "
                f"others (they differ in {', '.join(sorted(differing))}); make a router for each kind",
                option="servers",
                rule=ROUTER,
            )
        return ",".join(
            f"{key}={several[0]}" if len(several) == 1 else f"{key} in ({','.join(several)})"
            for key, several in sorted(values.items())
        )

    def arguments(self) -> list[str]:
        """The router's command line.

        Raises:
            ConflictError: it could not start with it.
        """
        made = ["--host=0.0.0.0", f"--port={ROUTER_PORT}", *self._found()]
        made.append(f"--routing-logic={self.routing}")
        if self.session_key is not None:
            made.append(f"--session-key={self.session_key}")
        made.append(f"--engine-stats-interval={_SCRAPE_SECONDS}")
        problems = list(argument_problems(read_options(made)))
        if problems:
            raise ConflictError(problems=problems)
        return made

    def _found(self) -> list[str]:
        if self.discovery == "pods":
            return [
                "--service-discovery=k8s",
                f"--k8s-namespace={'$(NAMESPACE)' if self.namespace is None else self.namespace}",
                f"--k8s-port={self.servers[0].port}",
                f"--k8s-label-selector={self._selector}",
            ]
        # A backend has one model, so that a server with several names is there once for each.
        pairs = [
            (f"{server.scheme}://{server.service_name}.{server.namespace}.svc:{server.service_port}", name)
            for server in self.servers
            for name in (*base_names(server), *adapter_names(server))
        ]
        made = [
            "--service-discovery=static",
            f"--static-backends={','.join(url for url, _ in pairs)}",
            f"--static-models={','.join(name for _, name in pairs)}",
        ]
        if self.aliases:
            made.append(f"--static-aliases={','.join(f'{alias}:{model}' for alias, model in self.aliases.items())}")
        if self.health_checks is not None:
            made += [
                "--static-backend-health-checks",
                f"--static-model-types={','.join([self.health_checks] * len(pairs))}",
            ]
        return made

    def manifests(self, *, name: str, labels: Mapping[str, str]) -> dict[str, Manifest]:
        """The router's objects besides its Service, by their place in the tree.

        Args:
            name: the name of all of them.
            labels: the labels of all, of which those of `router_selector` find the pods.
        """
        spec = self._deployment(name, labels)
        deployment = Manifest(api_version="apps/v1", kind="Deployment", name=name, labels=labels, body={"spec": spec})
        if self.discovery == "static":
            return {"Resource": deployment}
        rules = [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list", "watch"]}]
        rights = account_with_rights(name, namespace=self.namespace, labels=labels, rules=rules)
        return {**rights, "Resource": deployment}

    def _deployment(self, name: str, labels: Mapping[str, str]) -> dict[str, Any]:
        pods = self.discovery == "pods"
        key = self._key if pods else None
        variables: list[dict[str, Any]] = [{"name": "HOME", "value": "/tmp"}]  # noqa: S108 - a volume of the pod
        if pods and self.namespace is None:
            variables.append({"name": "NAMESPACE", "valueFrom": {"fieldRef": {"fieldPath": "metadata.namespace"}}})
        if key is not None:
            variables.append({"name": _API_KEY, "valueFrom": key})
        container = {
            "name": "router",
            "image": self.image,
            "args": self.arguments(),
            "env": variables,
            "ports": [{"name": PORT_NAME, "containerPort": ROUTER_PORT}],
            "resources": self.resources.wire(),
            # It imports torch before it listens.
            "startupProbe": _health(periodSeconds=5, timeoutSeconds=5, failureThreshold=36),
            "livenessProbe": _health(periodSeconds=10, timeoutSeconds=5, failureThreshold=3),
            "readinessProbe": _health(periodSeconds=5, timeoutSeconds=5, failureThreshold=2),
            "lifecycle": {"preStop": {"exec": {"command": ["sleep", str(_PRE_STOP_SECONDS)]}}},
            "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}],  # noqa: S108 - a volume of the pod
        }
        account = {"serviceAccountName": name} if pods else {"automountServiceAccountToken": False}
        return front_deployment(
            replicas=self.replicas,
            selector=router_selector(name),
            labels=labels,
            account={**account, "enableServiceLinks": False},
            group=USER,
            container=container,
            volume={"name": "tmp", "emptyDir": {}},
        )


def router_selector(name: str) -> dict[str, str]:
    """The labels that find a router's pods."""
    return {"app.kubernetes.io/name": "vllm-router", "app.kubernetes.io/instance": name}


def kept_out(
    server: Serving, labels: Mapping[str, str], policies: Sequence[Wire], *, path: str, namespace: str | None
) -> Problem | None:
    """The warning that the app's NetworkPolicies keep a router from one of its servers."""
    names = keeping_out(server, labels, policies, namespace=namespace)
    if names is None:
        return None
    what = (
        f"NetworkPolicy {names} keeps the pods of {path} from {server.path}, so that no request gets there; allowed: "
        "its .pods among the clients of the ServerNetworkPolicy, or its namespace"
    )
    return Problem(what=what, rule=KEPT_OUT, severity="warning", option="servers")


def _key_of(server: Serving) -> dict[str, Any] | None:
    """The entry of a Secret that a server's API key is in, None where it comes from elsewhere."""
    containers = server.pod_templates[0].get("spec", {}).get("containers", ())
    vllm: Mapping[str, Any] = containers[0] if containers else {}
    for item in vllm.get("env", ()):
        reference = item.get("valueFrom") if item.get("name") == _API_KEY else None
        if isinstance(reference, Mapping) and "secretKeyRef" in reference:
            return dict(reference)
    return None


def _health(**timing: int) -> dict[str, Any]:
    return {"httpGet": {"path": "/health", "port": PORT_NAME}, **timing}
