"""The endpoint picker of llm-d's router as data: its configuration, rights, pods, and what it is told of requests.

Fields and names are those of https://github.com/llm-d/llm-d-router/tree/main/config/charts and its plugins' own.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from vllm_cdk8s.core.errors import Collector, ConflictError, InvalidOptionError, nearest
from vllm_cdk8s.core.kube import checks
from vllm_cdk8s.core.kube.manifest import Manifest
from vllm_cdk8s.core.kube.wire import prune
from vllm_cdk8s.core.kube.writing import to_yaml
from vllm_cdk8s.core.pod.resources import Resources
from vllm_cdk8s.core.rules.book import PICKER
from vllm_cdk8s.core.showing import shown
from vllm_cdk8s.core.traffic.front import front_deployment
from vllm_cdk8s.core.traffic.pool import POOL_GROUP
from vllm_cdk8s.core.traffic.rights import account_with_rights

if TYPE_CHECKING:
    from vllm_cdk8s.core.server.serving import Serving

PICKER_IMAGE = "ghcr.io/llm-d/llm-d-router-endpoint-picker:v0.11.0"
PICKER_PORT, HEALTH_PORT, METRICS_PORT = 9002, 9003, 9090
OBJECTIVE_API = "llm-d.ai/v1alpha2"
CONFIG_API = "llm-d.ai/v1alpha1"
CONFIG_KIND = "EndpointPickerConfig"
_CONFIG_ANNOTATION = "vllm-cdk8s/picker-config"
_CONFIG_FILE, _CONFIG_FOLDER = "plugins.yaml", "/config"
# Scorers that work without parameters, on what vLLM's /metrics and the requests themselves say.
SCORERS = (
    "active-request-scorer",
    "kv-cache-utilization-scorer",
    "load-aware-scorer",
    "lora-affinity-scorer",
    "no-hit-lru-scorer",
    "prefix-cache-scorer",
    "queue-scorer",
    "running-requests-size-scorer",
    "session-affinity-scorer",
)
# The chart's own weights.
DEFAULT_SCORERS: Mapping[str, int] = {"queue-scorer": 2, "kv-cache-utilization-scorer": 2, "prefix-cache-scorer": 3}
_READ = ["get", "list", "watch"]
_LEAST_INT32 = -checks.MAX_INT32 - 1


class Picker(Struct, frozen=True, kw_only=True):
    """How an endpoint picker chooses and runs; `EndpointPicker` documents each option."""

    image: str = PICKER_IMAGE
    scorers: Mapping[str, int] | None = None
    config: Mapping[str, Any] | None = None
    objectives: Mapping[str, int] = field(default_factory=dict)
    flow_control: bool = False
    replicas: int = 1
    resources: Resources = field(default_factory=Resources)
    open_metrics: bool = False

    def __post_init__(self) -> None:
        checks.plain_fields(self)
        with Collector() as found:
            found.attempt(checks.text, "image", self.image)
            found.attempt(checks.integer, "replicas", self.replicas, minimum=1)
            found.attempt(checks.boolean, "flow_control", self.flow_control)
            found.attempt(checks.boolean, "open_metrics", self.open_metrics)
            found.attempt(checks.instance, "resources", self.resources, Resources, allowed="Resources(...)")
            objectives = found.attempt(checks.mapping, "objectives", self.objectives) or {}
            for name, priority in objectives.items():
                found.attempt(checks.dns_subdomain, "objectives", name)
                found.attempt(checks.integer, f"objectives[{name!r}]", priority, minimum=_LEAST_INT32)
            if self.config is not None:
                found.attempt(self._check_config, self.config)
            else:
                found.attempt(self._check_scorers, DEFAULT_SCORERS if self.scorers is None else self.scorers)

    @staticmethod
    def _check_scorers(scorers: object) -> None:
        said = checks.mapping("scorers", scorers)
        if not said:
            raise InvalidOptionError(
                "is empty, so that every pod would be as good as any; allowed: such as {'queue-scorer': 1}",
                option="scorers",
                rule=PICKER,
            )
        with Collector() as found:
            for name, weight in said.items():
                if name not in SCORERS:
                    what = (
                        f"{name!r} is not a scorer that works without parameters{nearest(name, SCORERS)}; allowed: "
                        f"{', '.join(SCORERS)}, and config= for others"
                    )
                    found.note(InvalidOptionError(what, option="scorers", rule=PICKER))
                found.attempt(checks.integer, f"scorers[{name!r}]", weight, minimum=1)

    def _check_config(self, config: object) -> None:
        said = checks.mapping("config", config)
        for option in ("scorers", "flow_control"):
            if getattr(self, option):
                raise ConflictError("config= says all of it; say it there", option=option, rule=PICKER)
        if said.get("kind") != CONFIG_KIND:
            raise InvalidOptionError(
                f"kind is {said.get('kind')!r}; allowed: {CONFIG_KIND!r}, of apiVersion {CONFIG_API!r}",
                option="config",
                rule=PICKER,
            )
        plugins = said.get("plugins")
        if not isinstance(plugins, list) or not all(isinstance(item, Mapping) for item in plugins):
            raise InvalidOptionError(
                f"{shown(plugins)} is not a list of mappings", option="config.plugins", rule=PICKER
            )
        known = {str(item.get("name") or item.get("type")) for item in plugins}
        profiles = said.get("schedulingProfiles") or []
        if not isinstance(profiles, list):
            raise InvalidOptionError(
                f"{shown(profiles)} is not a list", option="config.schedulingProfiles", rule=PICKER
            )
        for index, profile in enumerate(profiles):
            for plugin in profile.get("plugins") or () if isinstance(profile, Mapping) else ():
                wanted = plugin.get("pluginRef") if isinstance(plugin, Mapping) else None
                if wanted not in known:
                    raise InvalidOptionError(
                        f"{wanted!r} is not one of its plugins{nearest(str(wanted), known)}; allowed: "
                        f"{', '.join(sorted(known))}",
                        option=f"config.schedulingProfiles[{index}]",
                        rule=PICKER,
                    )

    def configuration(self, server: Serving) -> dict[str, Any]:
        """The EndpointPickerConfig."""
        if self.config is not None:
            said: dict[str, Any] = checks.plain("config", self.config)
            return said
        scorers = DEFAULT_SCORERS if self.scorers is None else self.scorers
        # The certificate of a pod names a Service, not the address by which the picker scrapes it.
        source = {"scheme": server.scheme, "path": "/metrics", "insecureSkipVerify": server.scheme == "https"}
        return prune({
            "apiVersion": CONFIG_API,
            "kind": CONFIG_KIND,
            "featureGates": ["flowControl"] if self.flow_control else [],
            "plugins": [
                *({"type": name} for name in scorers),
                {"type": "metrics-data-source", "parameters": source},
                {"type": "core-metrics-extractor"},
            ],
            "schedulingProfiles": [{
                "name": "default",
                "plugins": [{"pluginRef": name, "weight": weight} for name, weight in scorers.items()],
            }],
        })  # fmt: skip

    def rules(self) -> list[dict[str, Any]]:
        """What the picker may read, in its own namespace: pods, its pool, and what is said of requests."""
        read = [
            {"apiGroups": [""], "resources": ["pods"], "verbs": _READ},
            {"apiGroups": [POOL_GROUP], "resources": ["inferencepools"], "verbs": _READ},
            {
                "apiGroups": ["llm-d.ai", "inference.networking.x-k8s.io"],
                "resources": ["inferenceobjectives", "inferencemodelrewrites"],
                "verbs": _READ,
            },
        ]
        if self.replicas == 1:
            return read
        lead = ["get", "list", "watch", "create", "update", "patch", "delete"]
        return [
            *read,
            {"apiGroups": ["coordination.k8s.io"], "resources": ["leases"], "verbs": lead},
            {"apiGroups": [""], "resources": ["events"], "verbs": ["create", "patch"]},
        ]

    def arguments(self, pool: str) -> list[str]:
        """The picker's command line; its namespace comes from the variable NAMESPACE."""
        return [
            f"--pool-name={pool}",
            f"--pool-group={POOL_GROUP}",
            f"--config-file={_CONFIG_FOLDER}/{_CONFIG_FILE}",
            f"--grpc-port={PICKER_PORT}",
            f"--grpc-health-port={HEALTH_PORT}",
            "--zap-encoder=json",
            *(["--ha-enable-leader-election"] if self.replicas > 1 else []),
            "--tracing=false",
            *(["--metrics-endpoint-auth=false"] if self.open_metrics else []),
        ]

    def manifests(self, server: Serving, *, name: str, pool: str, labels: Mapping[str, str]) -> dict[str, Manifest]:
        """The picker's objects besides its pool, by their place in the tree.

        Args:
            server: the server whose pods it chooses from.
            name: the name of all of them.
            pool: the name of the InferencePool.
            labels: the labels of all, of which those of `selector` find the pods.
        """

        def make(api_version: str, kind: str, body: Mapping[str, Any]) -> Manifest:
            return Manifest(api_version=api_version, kind=kind, name=name, labels=labels, body=body)

        configuration = to_yaml([self.configuration(server)])
        selector = picker_selector(name)
        return {
            **account_with_rights(name, namespace=server.namespace, labels=labels, rules=self.rules()),
            "Config": make("v1", "ConfigMap", {"data": {_CONFIG_FILE: configuration}}),
            "Service": make(
                "v1", "Service",
                {
                    "spec": {
                        "type": "ClusterIP",
                        "selector": selector,
                        "ports": [
                            _port("grpc-ext-proc", PICKER_PORT, appProtocol="http2"),
                            _port("http-metrics", METRICS_PORT),
                        ],
                    }
                },
            ),
            "Resource": make("apps/v1", "Deployment", {"spec": self._deployment(name, pool, labels, configuration)}),
        }  # fmt: skip

    def _deployment(self, name: str, pool: str, labels: Mapping[str, str], configuration: str) -> dict[str, Any]:
        # One that waits to lead is alive and not ready.
        alive, ready = ("liveness", "readiness") if self.replicas > 1 else ("inference-extension",) * 2
        container = {
            "name": "epp",
            "image": self.image,
            "args": self.arguments(pool),
            "env": [
                {"name": "NAMESPACE", "valueFrom": {"fieldRef": {"fieldPath": "metadata.namespace"}}},
                {"name": "POD_NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
            ],
            "ports": [
                {"name": "grpc", "containerPort": PICKER_PORT},
                {"name": "grpc-health", "containerPort": HEALTH_PORT},
                {"name": "metrics", "containerPort": METRICS_PORT},
            ],
            "resources": self.resources.wire(),
            "livenessProbe": _grpc(alive, initialDelaySeconds=5, periodSeconds=10),
            "readinessProbe": _grpc(ready, periodSeconds=2),
            "volumeMounts": [{"name": "config", "mountPath": _CONFIG_FOLDER, "readOnly": True}],
        }
        return front_deployment(
            replicas=self.replicas,
            # What it knows of the pods' caches is in the memory of one process: an old and a new one would each know
            # half, and a new one that waits to lead is not ready before the old one has gone.
            strategy={"type": "Recreate"},
            selector=picker_selector(name),
            labels=labels,
            # A changed configuration is read at the start alone.
            annotations={_CONFIG_ANNOTATION: sha256(configuration.encode()).hexdigest()},
            account={"serviceAccountName": name},
            container=container,
            volume={"name": "config", "configMap": {"name": name}},
        )


def picker_selector(name: str) -> dict[str, str]:
    """The labels that find a picker's pods."""
    return {"app.kubernetes.io/name": "endpoint-picker", "app.kubernetes.io/instance": name}


def objective_spec(pool: str, priority: int) -> dict[str, Any]:
    """The spec of an InferenceObjective.

    In ``llm-d.ai/v1alpha2``, which every release of llm-d-router has and newer ones go on storing; their ``v1`` has a
    list ``poolRefs`` in its place. Source: https://github.com/llm-d/llm-d-router/tree/main/apix
    """
    return {"priority": priority, "poolRef": {"group": POOL_GROUP, "kind": "InferencePool", "name": pool}}


def _port(name: str, number: int, **more: str) -> dict[str, Any]:
    return {"name": name, "port": number, "targetPort": number, "protocol": "TCP", **more}


def _grpc(service: str, **timing: int) -> dict[str, Any]:
    return {"grpc": {"port": HEALTH_PORT, "service": service}, **timing}
