"""The values of the chart: each with its type, its default and what it means."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel

from vllm_cdk8s.helm.field_types import (
    Affinity,
    Boolean,
    Budget,
    Filled,
    FreeMap,
    Name,
    NameToQuantity,
    NameToText,
    NotNegative,
    PodSecurityContext,
    PodShare,
    Port,
    Positive,
    Quantity,
    Reasons,
    Repository,
    SecurityContext,
    Share,
    Text,
    Tokens,
    ValueFrom,
    Word,
    problem,
)

GraphMode = Literal["NONE", "PIECEWISE", "FULL", "FULL_DECODE_ONLY", "FULL_AND_PIECEWISE"]


class Section(BaseModel):
    """A mapping of known keys, named as in YAML; null takes a key's default, or unsets it where that has a meaning."""

    model_config = ConfigDict(extra="forbid", frozen=True, alias_generator=to_camel)

    @model_validator(mode="before")
    @classmethod
    def _null_deletes(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        kept = {
            field.alias
            for field in cls.model_fields.values()
            if type(None) in getattr(field.annotation, "__args__", ())
        }
        known = {field.alias for field in cls.model_fields.values()}
        return {key: item for key, item in data.items() if item is not None or key in kept or key not in known}


class Image(Section):
    """The container image."""

    repository: Repository = Field(default="vllm/vllm-openai", description="vLLM image repository")
    tag: Text = Field(
        default="latest", description="vLLM image tag; pin one, since flags and defaults differ from version to version"
    )
    pull_policy: Literal["Always", "IfNotPresent", "Never"] = Field(
        default="IfNotPresent", description="Image pull policy"
    )


class PullSecret(Section):
    """A reference to a Secret of registry credentials."""

    name: Filled = Field(description="Name of a Secret in the release's namespace")


class ServiceAccount(Section):
    """The account that the pods run as."""

    create: Boolean = Field(default=True, description="Make a service account")
    annotations: NameToText = Field(default={}, description="Annotations of the service account")
    name: Text = Field(default="", description="Its name; by default the full name, or 'default' where none is made")


class Service(Section):
    """How the server is reached inside the cluster."""

    type: Literal["ClusterIP", "NodePort", "LoadBalancer"] = Field(
        default="ClusterIP", description="Kubernetes service type"
    )
    port: Port = Field(default=8000, description="Service port")
    target_port: Port | None = Field(default=None, description="Always vllm.port; here for files that say so")
    node_port: Port | None = Field(
        default=None, description="Port of every node, with type NodePort or LoadBalancer; Kubernetes chooses one"
    )
    annotations: NameToText = Field(
        default={}, description="Annotations of the service, mostly settings of the cloud's load balancer"
    )


class IngressPath(Section):
    """One path of a host."""

    path: Text = Field(default="/", description="The path")
    path_type: Literal["Prefix", "Exact", "ImplementationSpecific"] = Field(
        default="Prefix", description="How it is matched"
    )


class IngressHost(Section):
    """One host name."""

    host: Filled = Field(description="Host name")
    paths: list[IngressPath] = Field(default=[IngressPath()], description="Paths; by default / of type Prefix")


class IngressTls(Section):
    """A certificate and the hosts that it is for."""

    secret_name: Filled = Field(description="Secret of type kubernetes.io/tls")
    hosts: list[Word] = Field(default=[], description="Host names")


class Ingress(Section):
    """How the server is reached from outside."""

    enabled: Boolean = Field(default=False, description="Make an Ingress")
    class_name: Text = Field(
        default="", description="Becomes spec.ingressClassName; empty takes the cluster's default class"
    )
    annotations: NameToText = Field(default={}, description="Annotations, mostly settings of the ingress controller")
    hosts: list[IngressHost] = Field(default=[IngressHost(host="vllm.local")], description="Hosts and their paths")
    tls: list[IngressTls] = Field(
        default=[], description="Certificates", examples=[[{"secretName": "vllm-tls", "hosts": ["vllm.local"]}]]
    )


class ResourceLists(Section):
    """What the vLLM container needs and may use."""

    limits: NameToQuantity = Field(
        default={},
        description="What the container may not exceed; GPUs go here",
        examples=[{"cpu": "4000m", "memory": "24Gi", "nvidia.com/gpu": "1"}],
    )
    requests: NameToQuantity = Field(
        default={}, description="What the scheduler sets aside", examples=[{"cpu": "2000m", "memory": "16Gi"}]
    )


class Autoscaling(Section):
    """A HorizontalPodAutoscaler in place of replicaCount."""

    enabled: Boolean = Field(default=False, description="Make a HorizontalPodAutoscaler")
    min_replicas: Positive = Field(default=1, description="Fewest replicas")
    max_replicas: Positive = Field(default=100, description="Most replicas")
    target_cpu: Positive | None = Field(
        default=80, alias="targetCPUUtilizationPercentage", description="CPU use to hold, in percent of the request"
    )
    target_memory: Positive | None = Field(
        default=None,
        alias="targetMemoryUtilizationPercentage",
        description="Memory use to hold, in percent of the request",
    )


class RollingUpdate(Section):
    """How many pods a rollout adds and takes away at a time; by default what the GPUs and the claim allow."""

    max_surge: PodShare | None = Field(default=None, description="Pods, or a percentage, beyond replicaCount")
    max_unavailable: PodShare | None = Field(default=None, description="Pods, or a percentage, taken away first")


class Strategy(Section):
    """How new pods replace old ones."""

    type: Literal["RollingUpdate"] = Field(
        default="RollingUpdate",
        description="Always RollingUpdate; what Recreate does is rollingUpdate with maxSurge 0 and maxUnavailable 100%",
    )
    rolling_update: RollingUpdate = Field(
        default=RollingUpdate(),
        description="The steps of a rollout; by default what the GPUs and the claim allow",
        examples=[{"maxSurge": 0, "maxUnavailable": 1}],
    )


class Toleration(Section):
    """A taint that the pods accept."""

    key: Text | None = Field(default=None, description="The taint's key")
    operator: Literal["Exists", "Equal", "Lt", "Gt"] | None = Field(
        default=None, description="How its value is compared"
    )
    value: Word | None = Field(default=None, description="The taint's value")
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] | None = Field(
        default=None, description="The taint's effect"
    )
    toleration_seconds: NotNegative | None = Field(default=None, description="How long a NoExecute taint is borne")


class KaiScheduler(Section):
    """A share of a GPU by the KAI Scheduler; empty leaves it out."""

    queue: Filled | None = Field(default=None, description="Queue of the KAI Scheduler")
    gpu_memory_mib: Positive | None = Field(
        default=None, alias="gpuMemoryMiB", description="GPU memory of the share, in MiB"
    )
    gpu_total_memory_mib: Positive | None = Field(
        default=None,
        alias="gpuTotalMemoryMiB",
        description="Memory of the whole GPU, in MiB, for vLLM to keep to its part",
    )


class EnvVar(Section):
    """One environment variable."""

    name: Filled = Field(description="Its name")
    value: Word | None = Field(default=None, description="Its value")
    value_from: ValueFrom | None = Field(default=None, description="Where its value comes from, as in Kubernetes")

    @model_validator(mode="after")
    def _one_source(self) -> EnvVar:
        if self.value is not None and self.value_from is not None:
            raise problem(f"{self.name!r} has both a value and a valueFrom; allowed: one of them")
        return self


class Vllm(Section):
    """vLLM itself."""

    model: Name = Field(default="microsoft/DialoGPT-medium", description="Model to load: a Hugging Face name or a path")
    host: Name = Field(default="0.0.0.0", description="Host to bind to")  # noqa: S104 - the pod's own network
    port: Port = Field(default=8000, description="Port to bind to")
    gpu_memory_utilization: Share | None = Field(
        default=0.9, description="Share of the GPU's memory for vLLM, above 0 and at most 1"
    )
    max_model_len: Tokens | None = Field(
        default=2048, description="Longest context in tokens; unless given, not more than the model's own limit"
    )
    tensor_parallel_size: Positive | None = Field(
        default=None, description="GPUs that share the model; by default the number of GPUs in the resources"
    )
    trust_remote_code: Boolean = Field(default=False, description="Allow models that bring their own Python code")
    cuda_graph_mode: GraphMode | None = Field(
        default="FULL_AND_PIECEWISE", description="CUDA graph mode (vLLM 0.11.0 and later)"
    )
    async_scheduling: Boolean | None = Field(
        default=False,
        description="Async scheduling; unless given, vLLM decides, while false says --no-async-scheduling",
    )
    additional_args: list[Text] = Field(
        default=[], description="More arguments of vllm serve", examples=[["--served-model-name", "chat"]]
    )
    unchecked_args: list[Text] = Field(
        default=[], description="Arguments that are passed on unchecked, for what is newer than this chart"
    )
    engine_version: Filled | None = Field(
        default=None, description="vLLM's version, such as 0.20.2, where the image's tag does not say it"
    )
    env: list[EnvVar] = Field(
        default=[],
        description="Environment variables, by value or valueFrom",
        examples=[
            [
                {
                    "name": "HF_TOKEN",
                    "valueFrom": {"secretKeyRef": {"name": "huggingface", "key": "token"}},
                }
            ]
        ],
    )


class Persistence(Section):
    """Where models and compile caches are kept."""

    enabled: Boolean = Field(
        default=True, description="Keep them on a persistent volume; otherwise each new pod downloads"
    )
    existing_claim: Text = Field(default="", description="Use this claim instead of making one")
    storage_class: Text = Field(
        default="", description="Storage class of a new claim; empty takes the cluster's default"
    )
    access_mode: Literal["ReadWriteOnce", "ReadWriteMany", "ReadOnlyMany", "ReadWriteOncePod"] = Field(
        default="ReadWriteOnce", description="Access mode of a new claim"
    )
    size: Quantity = Field(default="50Gi", description="Storage size of a new claim")
    annotations: NameToText = Field(default={}, description="Annotations of a new claim")


class SlowStart(Section):
    """All three probes from one number."""

    enabled: Boolean = Field(default=True, description="Simple health probe configuration")
    max_startup_seconds: Budget = Field(
        default=600, description="Most seconds from container start to the first answer"
    )


class HttpGet(Section):
    """What a probe asks."""

    path: Filled = Field(default="/health", description="Path asked for")
    port: Text = Field(default="http", description="Always the server's own port, by its name or number")


class Probe(Section):
    """One probe by hand."""

    enabled: Boolean = Field(default=True, description="Have this probe")
    http_get: HttpGet = Field(default=HttpGet(), description="What is asked")
    initial_delay_seconds: NotNegative | None = Field(default=None, description="Seconds before the first question")
    period_seconds: Positive = Field(default=10, description="Seconds between questions")
    timeout_seconds: Positive = Field(default=5, description="Seconds for an answer")
    failure_threshold: Positive = Field(default=3, description="Failures in a row that count")


class StartupProbe(Probe):
    """The probe that gives a start its time."""

    initial_delay_seconds: NotNegative | None = Field(default=10, description="Seconds before the first question")
    failure_threshold: Positive = Field(default=60, description="Failures in a row that count")


class LivenessProbe(Probe):
    """The probe that restarts a hung server."""

    initial_delay_seconds: NotNegative | None = Field(
        default=None,
        description="Seconds before the first question, without a startup probe; 300, or slowStart's budget",
    )
    period_seconds: Positive = Field(default=30, description="Seconds between questions")
    timeout_seconds: Positive = Field(default=10, description="Seconds for an answer")


class ReadinessProbe(Probe):
    """The probe that routes requests."""

    initial_delay_seconds: NotNegative | None = Field(
        default=None,
        description="Seconds before the first question, without a startup probe; 60, or slowStart's budget",
    )


class ServiceMonitor(Section):
    """A ServiceMonitor of the Prometheus Operator."""

    enabled: Boolean = Field(default=False, description="Make a ServiceMonitor, where monitoring is enabled")
    interval: Filled = Field(default="30s", description="Time between scrapes")
    scrape_timeout: Filled = Field(default="10s", description="Time for a scrape; at most the interval")
    labels: NameToText = Field(
        default={}, description="Labels of its own, by which Prometheus selects", examples=[{"release": "prometheus"}]
    )
    tls_config: FreeMap = Field(
        default={},
        description="How Prometheus trusts a server that speaks TLS itself (--ssl-certfile), as its operator has it",
        examples=[{"ca": {"secret": {"name": "vllm-tls", "key": "ca.crt"}}, "serverName": "vllm.example.com"}],
    )


class Monitoring(Section):
    """Metrics for Prometheus."""

    enabled: Boolean = Field(default=False, description="Monitoring as a whole")
    service_monitor: ServiceMonitor = Field(default=ServiceMonitor(), description="The Prometheus Operator's way")


class Values(Section):
    """Values of the vLLM chart."""

    replica_count: NotNegative = Field(default=1, description="Number of replicas; not used with autoscaling")
    image: Image = Field(default=Image(), description="The container image")
    image_pull_secrets: list[PullSecret] = Field(
        default=[], description="Secrets with registry credentials", examples=[[{"name": "registry"}]]
    )
    name_override: Text = Field(
        default="", description="Replaces 'vllm' in names and in the app.kubernetes.io/name label"
    )
    fullname_override: Text = Field(default="", description="Replaces the full name of all objects")
    service_account: ServiceAccount = Field(default=ServiceAccount(), description="The account that the pods run as")
    pod_annotations: NameToText = Field(default={}, description="Annotations of the pods")
    pod_labels: NameToText = Field(default={}, description="Further labels of the pods")
    pod_security_context: PodSecurityContext = Field(
        default={}, description="The pod's security context, as in Kubernetes"
    )
    security_context: SecurityContext = Field(
        default={}, description="The container's security context, as in Kubernetes"
    )
    init_drop_cache: Boolean = Field(
        default=False,
        alias="init_drop_cache",
        description="Drop the node's page cache before each start of vLLM (requires a privileged pod)",
    )
    service: Service = Field(default=Service(), description="How the server is reached inside the cluster")
    ingress: Ingress = Field(default=Ingress(), description="How the server is reached from outside")
    resources: ResourceLists = Field(
        default=ResourceLists(), description="Pod resource requests and limits; not set by default"
    )
    autoscaling: Autoscaling = Field(
        default=Autoscaling(), description="A HorizontalPodAutoscaler in place of replicaCount"
    )
    node_selector: NameToText = Field(
        default={}, description="Labels that a node must have", examples=[{"kubernetes.io/hostname": "your-node-name"}]
    )
    tolerations: list[Toleration] = Field(
        default=[],
        description="Taints that the pods accept",
        examples=[[{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}]],
    )
    affinity: Affinity = Field(default={}, description="Affinity, as in Kubernetes")
    topology_spread_constraints: list[FreeMap] = Field(
        default=[], description="Topology spread constraints, as in Kubernetes; the selector is the pods' own"
    )
    priority_class_name: Text = Field(default="", description="Priority class of the pods")
    scheduler_name: Text = Field(default="", description="Scheduler of the pods, where it is not the default one")
    strategy: Strategy = Field(default=Strategy(), description="How new pods replace old ones")
    extra_volumes: list[FreeMap] = Field(
        default=[],
        description="Further volumes of the pods, as in Kubernetes",
        examples=[[{"name": "certificates", "configMap": {"name": "company-certificates"}}]],
    )
    extra_volume_mounts: list[FreeMap] = Field(
        default=[],
        description="Further mounts of the vLLM container, as in Kubernetes",
        examples=[[{"name": "certificates", "mountPath": "/etc/company"}]],
    )
    extra_containers: list[FreeMap] = Field(default=[], description="Containers beside vLLM's, as in Kubernetes")
    runtime_class_name: Text = Field(
        default="", description="Runtime class, such as nvidia; empty takes the node's default"
    )
    kaischeduler: KaiScheduler = Field(
        default=KaiScheduler(),
        description="A share of a GPU by the KAI Scheduler; empty leaves it out",
        examples=[{"queue": "default", "gpuMemoryMiB": 8000}],
    )
    vllm: Vllm = Field(default=Vllm(), description="vLLM itself")
    persistence: Persistence = Field(default=Persistence(), description="Where models and compile caches are kept")
    slow_start: SlowStart = Field(default=SlowStart(), description="All three probes from one number")
    startup_probe: StartupProbe = Field(
        default=StartupProbe(), description="The probe that gives a start its time, by hand (if slowStart is disabled)"
    )
    liveness_probe: LivenessProbe = Field(
        default=LivenessProbe(), description="The probe that restarts a hung server, by hand (if slowStart is disabled)"
    )
    readiness_probe: ReadinessProbe = Field(
        default=ReadinessProbe(), description="The probe that routes requests, by hand (if slowStart is disabled)"
    )
    monitoring: Monitoring = Field(default=Monitoring(), description="Metrics for Prometheus")
    acknowledge: Reasons = Field(
        default={},
        description="Warnings that are meant, by the code of their rule, each with the reason",
        examples=[{"VC304": "the node's own disk is fast enough"}],
    )
    globals: FreeMap = Field(
        default={}, alias="global", description="Not used; here for values that several charts share"
    )
