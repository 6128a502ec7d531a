"""The values of the chart: each with its type, its default and what it means."""

from typing import Annotated, Literal

from msgspec import Meta, field

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
)
from vllm_cdk8s.helm.section import FieldError, Section

GraphMode = Literal["NONE", "PIECEWISE", "FULL", "FULL_DECODE_ONLY", "FULL_AND_PIECEWISE"]


class Image(Section, frozen=True):
    """The container image."""

    repository: Annotated[Repository, Meta(description="vLLM image repository")] = "vllm/vllm-openai"
    tag: Annotated[
        Text, Meta(description="vLLM image tag; pin one, since flags and defaults differ from version to version")
    ] = "latest"
    pull_policy: Annotated[Literal["Always", "IfNotPresent", "Never"], Meta(description="Image pull policy")] = (
        "IfNotPresent"
    )


class PullSecret(Section, frozen=True):
    """A reference to a Secret of registry credentials."""

    name: Annotated[Filled, Meta(description="Name of a Secret in the release's namespace")]


class ServiceAccount(Section, frozen=True):
    """The account that the pods run as."""

    create: Annotated[Boolean, Meta(description="Make a service account")] = True
    annotations: Annotated[NameToText, Meta(description="Annotations of the service account")] = {}
    name: Annotated[Text, Meta(description="Its name; by default the full name, or 'default' where none is made")] = ""


class Service(Section, frozen=True):
    """How the server is reached inside the cluster."""

    type: Annotated[Literal["ClusterIP", "NodePort", "LoadBalancer"], Meta(description="Kubernetes service type")] = (
        "ClusterIP"
    )
    port: Annotated[Port, Meta(description="Service port")] = 8000
    target_port: Annotated[Port | None, Meta(description="Always vllm.port; here for files that say so")] = None
    node_port: Annotated[
        Port | None, Meta(description="Port of every node, with type NodePort or LoadBalancer; Kubernetes chooses one")
    ] = None
    annotations: Annotated[
        NameToText, Meta(description="Annotations of the service, mostly settings of the cloud's load balancer")
    ] = {}


class IngressPath(Section, frozen=True):
    """One path of a host."""

    path: Annotated[Text, Meta(description="The path")] = "/"
    path_type: Annotated[
        Literal["Prefix", "Exact", "ImplementationSpecific"], Meta(description="How it is matched")
    ] = "Prefix"


class IngressHost(Section, frozen=True):
    """One host name."""

    host: Annotated[Filled, Meta(description="Host name")]
    paths: Annotated[list[IngressPath], Meta(description="Paths; by default / of type Prefix")] = field(
        default_factory=lambda: [IngressPath()]
    )


class IngressTls(Section, frozen=True):
    """A certificate and the hosts that it is for."""

    secret_name: Annotated[Filled, Meta(description="Secret of type kubernetes.io/tls")]
    hosts: Annotated[list[Word], Meta(description="Host names")] = []


class Ingress(Section, frozen=True):
    """How the server is reached from outside."""

    enabled: Annotated[Boolean, Meta(description="Make an Ingress")] = False
    class_name: Annotated[
        Text, Meta(description="Becomes spec.ingressClassName; empty takes the cluster's default class")
    ] = ""
    annotations: Annotated[NameToText, Meta(description="Annotations, mostly settings of the ingress controller")] = {}
    hosts: Annotated[list[IngressHost], Meta(description="Hosts and their paths")] = field(
        default_factory=lambda: [IngressHost(host="vllm.local")]
    )
    tls: Annotated[
        list[IngressTls],
        Meta(description="Certificates", examples=[[{"secretName": "vllm-tls", "hosts": ["vllm.local"]}]]),
    ] = []


class ResourceLists(Section, frozen=True):
    """What the vLLM container needs and may use."""

    limits: Annotated[
        NameToQuantity,
        Meta(
            description="What the container may not exceed; GPUs go here",
            examples=[{"cpu": "4000m", "memory": "24Gi", "nvidia.com/gpu": "1"}],
        ),
    ] = {}
    requests: Annotated[
        NameToQuantity, Meta(description="What the scheduler sets aside", examples=[{"cpu": "2000m", "memory": "16Gi"}])
    ] = {}


class Autoscaling(Section, frozen=True):
    """A HorizontalPodAutoscaler in place of replicaCount."""

    enabled: Annotated[Boolean, Meta(description="Make a HorizontalPodAutoscaler")] = False
    min_replicas: Annotated[Positive, Meta(description="Fewest replicas")] = 1
    max_replicas: Annotated[Positive, Meta(description="Most replicas")] = 100
    target_cpu: Annotated[Positive | None, Meta(description="CPU use to hold, in percent of the request")] = field(
        name="targetCPUUtilizationPercentage", default=80
    )
    target_memory: Annotated[Positive | None, Meta(description="Memory use to hold, in percent of the request")] = (
        field(name="targetMemoryUtilizationPercentage", default=None)
    )


class RollingUpdate(Section, frozen=True):
    """How many pods a rollout adds and takes away at a time; by default what the GPUs and the claim allow."""

    max_surge: Annotated[PodShare | None, Meta(description="Pods, or a percentage, beyond replicaCount")] = None
    max_unavailable: Annotated[PodShare | None, Meta(description="Pods, or a percentage, taken away first")] = None


class Strategy(Section, frozen=True):
    """How new pods replace old ones."""

    type: Annotated[
        Literal["RollingUpdate"],
        Meta(
            description="Always RollingUpdate; "
            "what Recreate does is rollingUpdate with maxSurge 0 and maxUnavailable 100%"
        ),
    ] = "RollingUpdate"
    rolling_update: Annotated[
        RollingUpdate,
        Meta(
            description="The steps of a rollout; by default what the GPUs and the claim allow",
            examples=[{"maxSurge": 0, "maxUnavailable": 1}],
        ),
    ] = RollingUpdate()


class Toleration(Section, frozen=True):
    """A taint that the pods accept."""

    key: Annotated[Text | None, Meta(description="The taint's key")] = None
    operator: Annotated[
        Literal["Exists", "Equal", "Lt", "Gt"] | None, Meta(description="How its value is compared")
    ] = None
    value: Annotated[Word | None, Meta(description="The taint's value")] = None
    effect: Annotated[
        Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] | None, Meta(description="The taint's effect")
    ] = None
    toleration_seconds: Annotated[NotNegative | None, Meta(description="How long a NoExecute taint is borne")] = None


class KaiScheduler(Section, frozen=True):
    """A share of a GPU by the KAI Scheduler; empty leaves it out."""

    queue: Annotated[Filled | None, Meta(description="Queue of the KAI Scheduler")] = None
    gpu_memory_mib: Annotated[Positive | None, Meta(description="GPU memory of the share, in MiB")] = field(
        name="gpuMemoryMiB", default=None
    )
    gpu_total_memory_mib: Annotated[
        Positive | None, Meta(description="Memory of the whole GPU, in MiB, for vLLM to keep to its part")
    ] = field(name="gpuTotalMemoryMiB", default=None)


class EnvVar(Section, frozen=True):
    """One environment variable."""

    name: Annotated[Filled, Meta(description="Its name")]
    value: Annotated[Word | None, Meta(description="Its value")] = None
    value_from: Annotated[ValueFrom | None, Meta(description="Where its value comes from, as in Kubernetes")] = None

    def __post_init__(self) -> None:
        if self.value is not None and self.value_from is not None:
            raise FieldError(f"{self.name!r} has both a value and a valueFrom; allowed: one of them")


class Vllm(Section, frozen=True):
    """vLLM itself."""

    model: Annotated[Name, Meta(description="Model to load: a Hugging Face name or a path")] = (
        "microsoft/DialoGPT-medium"
    )
    host: Annotated[Name, Meta(description="Host to bind to")] = "0.0.0.0"  # noqa: S104 - the pod's own network
    port: Annotated[Port, Meta(description="Port to bind to")] = 8000
    gpu_memory_utilization: Annotated[
        Share | None, Meta(description="Share of the GPU's memory for vLLM, above 0 and at most 1")
    ] = 0.9
    max_model_len: Annotated[
        Tokens | None, Meta(description="Longest context in tokens; unless given, not more than the model's own limit")
    ] = 2048
    tensor_parallel_size: Annotated[
        Positive | None, Meta(description="GPUs that share the model; by default the number of GPUs in the resources")
    ] = None
    trust_remote_code: Annotated[Boolean, Meta(description="Allow models that bring their own Python code")] = False
    cuda_graph_mode: Annotated[GraphMode | None, Meta(description="CUDA graph mode (vLLM 0.11.0 and later)")] = (
        "FULL_AND_PIECEWISE"
    )
    async_scheduling: Annotated[
        Boolean | None,
        Meta(description="Async scheduling; unless given, vLLM decides, while false says --no-async-scheduling"),
    ] = False
    additional_args: Annotated[
        list[Text], Meta(description="More arguments of vllm serve", examples=[["--served-model-name", "chat"]])
    ] = []
    unchecked_args: Annotated[
        list[Text], Meta(description="Arguments that are passed on unchecked, for what is newer than this chart")
    ] = []
    engine_version: Annotated[
        Filled | None, Meta(description="vLLM's version, such as 0.20.2, where the image's tag does not say it")
    ] = None
    env: Annotated[
        list[EnvVar],
        Meta(
            description="Environment variables, by value or valueFrom",
            examples=[
                [
                    {
                        "name": "HF_TOKEN",
                        "valueFrom": {"secretKeyRef": {"name": "huggingface", "key": "token"}},
                    }
                ]
            ],
        ),
    ] = []


class Persistence(Section, frozen=True):
    """Where models and compile caches are kept."""

    enabled: Annotated[
        Boolean, Meta(description="Keep them on a persistent volume; otherwise each new pod downloads")
    ] = True
    existing_claim: Annotated[Text, Meta(description="Use this claim instead of making one")] = ""
    storage_class: Annotated[
        Text, Meta(description="Storage class of a new claim; empty takes the cluster's default")
    ] = ""
    access_mode: Annotated[
        Literal["ReadWriteOnce", "ReadWriteMany", "ReadOnlyMany", "ReadWriteOncePod"],
        Meta(description="Access mode of a new claim"),
    ] = "ReadWriteOnce"
    size: Annotated[Quantity, Meta(description="Storage size of a new claim")] = "50Gi"
    annotations: Annotated[NameToText, Meta(description="Annotations of a new claim")] = {}


class SlowStart(Section, frozen=True):
    """All three probes from one number."""

    enabled: Annotated[Boolean, Meta(description="Simple health probe configuration")] = True
    max_startup_seconds: Annotated[
        Budget, Meta(description="Most seconds from container start to the first answer")
    ] = 600


class HttpGet(Section, frozen=True):
    """What a probe asks."""

    path: Annotated[Filled, Meta(description="Path asked for")] = "/health"
    port: Annotated[Text, Meta(description="Always the server's own port, by its name or number")] = "http"


class Probe(Section, frozen=True):
    """One probe by hand."""

    enabled: Annotated[Boolean, Meta(description="Have this probe")] = True
    http_get: Annotated[HttpGet, Meta(description="What is asked")] = HttpGet()
    initial_delay_seconds: Annotated[NotNegative | None, Meta(description="Seconds before the first question")] = None
    period_seconds: Annotated[Positive, Meta(description="Seconds between questions")] = 10
    timeout_seconds: Annotated[Positive, Meta(description="Seconds for an answer")] = 5
    failure_threshold: Annotated[Positive, Meta(description="Failures in a row that count")] = 3


class StartupProbe(Probe, frozen=True):
    """The probe that gives a start its time."""

    initial_delay_seconds: Annotated[NotNegative | None, Meta(description="Seconds before the first question")] = 10
    failure_threshold: Annotated[Positive, Meta(description="Failures in a row that count")] = 60


class LivenessProbe(Probe, frozen=True):
    """The probe that restarts a hung server."""

    initial_delay_seconds: Annotated[
        NotNegative | None,
        Meta(description="Seconds before the first question, without a startup probe; 300, or slowStart's budget"),
    ] = None
    period_seconds: Annotated[Positive, Meta(description="Seconds between questions")] = 30
    timeout_seconds: Annotated[Positive, Meta(description="Seconds for an answer")] = 10


class ReadinessProbe(Probe, frozen=True):
    """The probe that routes requests."""

    initial_delay_seconds: Annotated[
        NotNegative | None,
        Meta(description="Seconds before the first question, without a startup probe; 60, or slowStart's budget"),
    ] = None


class ServiceMonitor(Section, frozen=True):
    """A ServiceMonitor of the Prometheus Operator."""

    enabled: Annotated[Boolean, Meta(description="Make a ServiceMonitor, where monitoring is enabled")] = False
    interval: Annotated[Filled, Meta(description="Time between scrapes")] = "30s"
    scrape_timeout: Annotated[Filled, Meta(description="Time for a scrape; at most the interval")] = "10s"
    labels: Annotated[
        NameToText,
        Meta(description="Labels of its own, by which Prometheus selects", examples=[{"release": "prometheus"}]),
    ] = {}
    tls_config: Annotated[
        FreeMap,
        Meta(
            description="How Prometheus trusts a server that speaks TLS itself (--ssl-certfile), "
            "as its operator has it",
            examples=[{"ca": {"secret": {"name": "vllm-tls", "key": "ca.crt"}}, "serverName": "vllm.example.com"}],
        ),
    ] = {}


class Monitoring(Section, frozen=True):
    """Metrics for Prometheus."""

    enabled: Annotated[Boolean, Meta(description="Monitoring as a whole")] = False
    service_monitor: Annotated[ServiceMonitor, Meta(description="The Prometheus Operator's way")] = ServiceMonitor()


class Values(Section, frozen=True):
    """Values of the vLLM chart."""

    replica_count: Annotated[NotNegative, Meta(description="Number of replicas; not used with autoscaling")] = 1
    image: Annotated[Image, Meta(description="The container image")] = Image()
    image_pull_secrets: Annotated[
        list[PullSecret], Meta(description="Secrets with registry credentials", examples=[[{"name": "registry"}]])
    ] = []
    name_override: Annotated[
        Text, Meta(description="Replaces 'vllm' in names and in the app.kubernetes.io/name label")
    ] = ""
    fullname_override: Annotated[Text, Meta(description="Replaces the full name of all objects")] = ""
    service_account: Annotated[ServiceAccount, Meta(description="The account that the pods run as")] = ServiceAccount()
    pod_annotations: Annotated[NameToText, Meta(description="Annotations of the pods")] = {}
    pod_labels: Annotated[NameToText, Meta(description="Further labels of the pods")] = {}
    pod_security_context: Annotated[
        PodSecurityContext, Meta(description="The pod's security context, as in Kubernetes")
    ] = {}
    security_context: Annotated[
        SecurityContext, Meta(description="The container's security context, as in Kubernetes")
    ] = {}
    init_drop_cache: Annotated[
        Boolean, Meta(description="Drop the node's page cache before each start of vLLM (requires a privileged pod)")
    ] = field(name="init_drop_cache", default=False)
    service: Annotated[Service, Meta(description="How the server is reached inside the cluster")] = Service()
    ingress: Annotated[Ingress, Meta(description="How the server is reached from outside")] = Ingress()
    resources: Annotated[ResourceLists, Meta(description="Pod resource requests and limits; not set by default")] = (
        ResourceLists()
    )
    autoscaling: Annotated[Autoscaling, Meta(description="A HorizontalPodAutoscaler in place of replicaCount")] = (
        Autoscaling()
    )
    node_selector: Annotated[
        NameToText,
        Meta(description="Labels that a node must have", examples=[{"kubernetes.io/hostname": "your-node-name"}]),
    ] = {}
    tolerations: Annotated[
        list[Toleration],
        Meta(
            description="Taints that the pods accept",
            examples=[[{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}]],
        ),
    ] = []
    affinity: Annotated[Affinity, Meta(description="Affinity, as in Kubernetes")] = {}
    topology_spread_constraints: Annotated[
        list[FreeMap], Meta(description="Topology spread constraints, as in Kubernetes; the selector is the pods' own")
    ] = []
    priority_class_name: Annotated[Text, Meta(description="Priority class of the pods")] = ""
    scheduler_name: Annotated[Text, Meta(description="Scheduler of the pods, where it is not the default one")] = ""
    strategy: Annotated[Strategy, Meta(description="How new pods replace old ones")] = Strategy()
    extra_volumes: Annotated[
        list[FreeMap],
        Meta(
            description="Further volumes of the pods, as in Kubernetes",
            examples=[[{"name": "certificates", "configMap": {"name": "company-certificates"}}]],
        ),
    ] = []
    extra_volume_mounts: Annotated[
        list[FreeMap],
        Meta(
            description="Further mounts of the vLLM container, as in Kubernetes",
            examples=[[{"name": "certificates", "mountPath": "/etc/company"}]],
        ),
    ] = []
    extra_containers: Annotated[list[FreeMap], Meta(description="Containers beside vLLM's, as in Kubernetes")] = []
    runtime_class_name: Annotated[
        Text, Meta(description="Runtime class, such as nvidia; empty takes the node's default")
    ] = ""
    kaischeduler: Annotated[
        KaiScheduler,
        Meta(
            description="A share of a GPU by the KAI Scheduler; empty leaves it out",
            examples=[{"queue": "default", "gpuMemoryMiB": 8000}],
        ),
    ] = KaiScheduler()
    vllm: Annotated[Vllm, Meta(description="vLLM itself")] = Vllm()
    persistence: Annotated[Persistence, Meta(description="Where models and compile caches are kept")] = Persistence()
    slow_start: Annotated[SlowStart, Meta(description="All three probes from one number")] = SlowStart()
    startup_probe: Annotated[
        StartupProbe, Meta(description="The probe that gives a start its time, by hand (if slowStart is disabled)")
    ] = StartupProbe()
    liveness_probe: Annotated[
        LivenessProbe, Meta(description="The probe that restarts a hung server, by hand (if slowStart is disabled)")
    ] = LivenessProbe()
    readiness_probe: Annotated[
        ReadinessProbe, Meta(description="The probe that routes requests, by hand (if slowStart is disabled)")
    ] = ReadinessProbe()
    monitoring: Annotated[Monitoring, Meta(description="Metrics for Prometheus")] = Monitoring()
    acknowledge: Annotated[
        Reasons,
        Meta(
            description="Warnings that are meant, by the code of their rule, each with the reason",
            examples=[{"VC304": "the node's own disk is fast enough"}],
        ),
    ] = {}
    globals: Annotated[FreeMap, Meta(description="Not used; here for values that several charts share")] = field(
        name="global", default={}
    )
