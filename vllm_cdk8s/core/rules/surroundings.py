"""The rules VC6xx: what surrounds a server."""

from __future__ import annotations

from vllm_cdk8s.core.rules.rule import Rule

_K8S = "https://kubernetes.io/docs/"
_VLLM = "https://docs.vllm.ai/en/latest/"

SELECTS_NOTHING = Rule(
    code="VC601",
    name="selects-nothing",
    title="A selector selects no pod, or the pods of something else",
    why="Requests, metrics or disruption budgets go nowhere, or to the wrong server.",
    mend="Select the labels of the server's pods.",
)
NOBODY_LISTENS = Rule(
    code="VC602",
    name="nobody-listens",
    title="A port leads to where nobody listens",
    why="Connections are refused.",
    mend="Use vLLM's own port.",
)
UNKNOWN_METRIC = Rule(
    code="VC603",
    name="unknown-metric",
    title="A metric is used that this release of vLLM does not export",
    why="The autoscaler, alert or panel has no data, for ever.",
    mend="Use the metric's name in this release.",
)
CPU_AUTOSCALING = Rule(
    code="VC604",
    name="cpu-autoscaling",
    title="A GPU server is scaled by its CPU",
    why="vLLM keeps a CPU busy whether it has requests or not.",
    mend="Scale by vllm:num_requests_waiting.",
)
NOT_SCRAPED = Rule(
    code="VC605",
    name="not-scraped",
    title="Alerts or a dashboard use metrics that nothing scrapes",
    why="They never have data.",
    mend="Add a PodMonitor or ServiceMonitor for the server.",
)
INGRESS = Rule(
    code="VC606",
    name="ingress",
    title="The API server or the controller refuses this Ingress",
    why="Nothing leads from outside to the server.",
    mend="Correct the field that the message names.",
    source=f"{_K8S}concepts/services-networking/ingress/",
)
ROUTE = Rule(
    code="VC610",
    name="route",
    title="The API server refuses this HTTPRoute",
    why="Nothing leads from the gateway to the server.",
    mend="Correct the field that the message names.",
    source="https://gateway-api.sigs.k8s.io/reference/spec/",
)
REFERENCE_GRANT = Rule(
    code="VC611",
    name="reference-grant",
    title="A route sends requests to another namespace",
    why="Without a ReferenceGrant in that namespace the gateway answers 500.",
    mend="Add a ReferenceGrant there, or put route and server into one namespace.",
    source="https://gateway-api.sigs.k8s.io/api-types/referencegrant/",
)
BACKEND_TLS = Rule(
    code="VC612",
    name="backend-tls",
    title="A gateway leads to a server that speaks TLS itself",
    why="Gateways speak plain HTTP to their backends unless they are told otherwise, and vLLM then answers nothing.",
    mend="Add a BackendTLSPolicy for the server's Service, or let the gateway alone speak TLS.",
    source="https://gateway-api.sigs.k8s.io/api-types/backendtlspolicy/",
)
SCRAPED_TWICE = Rule(
    code="VC613",
    name="scraped-twice",
    title="Two monitors have the same server scraped",
    why="Every sample is there twice, and sums over the pods, which autoscalers use, are twice as high.",
    mend="Keep one of the two.",
)
KEPT_OUT = Rule(
    code="VC614",
    name="kept-out",
    title="A NetworkPolicy keeps out what must reach the server",
    why="A smoke test fails, or Prometheus has no metrics.",
    mend="Name it among the policy's clients or scrapers.",
    source=f"{_K8S}concepts/services-networking/network-policies/",
)
NEVER_EVICTED = Rule(
    code="VC615",
    name="never-evicted",
    title="A disruption budget lets no pod go",
    why="Draining a node, as every upgrade does, waits for ever.",
    mend="Set maxUnavailable: 1, or run more replicas.",
    source=f"{_K8S}tasks/run-application/configure-pdb/",
)
TWO_OWNERS = Rule(
    code="VC616",
    name="two-owners",
    title="Two things decide on the same pods",
    why="Each undoes what the other does, or Kubernetes obeys neither.",
    mend="Keep one of the two.",
)
AUTOSCALER = Rule(
    code="VC617",
    name="autoscaler",
    title="An autoscaler cannot do what it is meant to",
    why="It has nothing to measure against, takes pods away before they have answered, or never wakes the server.",
    mend="Correct the option that the message names.",
)
NO_PODS = Rule(
    code="VC618",
    name="no-pods",
    title="What needs a running pod is given a server that may have none",
    why="A smoke test of a server that sleeps fails.",
    mend="Run it when the server is awake, or keep one replica.",
)
NODE_FOLDER = Rule(
    code="VC619",
    name="node-folder",
    title="A Job fills a folder of whichever node it lands on",
    why="Servers on other nodes do not find the models there.",
    mend="Pin the storage to a node, or use a claim that all nodes mount.",
)
TRACING = Rule(
    code="VC630",
    name="tracing",
    title="The image may lack OpenTelemetry",
    why="vLLM stops at its start when it is told to trace and cannot.",
    mend="Use a newer image, or one with opentelemetry-sdk and opentelemetry-exporter-otlp.",
    source=f"{_VLLM}examples/online_serving/opentelemetry/",
)
GANG = Rule(
    code="VC652",
    name="gang",
    title="Pods cannot be placed together in the way that is asked for",
    why="Nothing makes the groups that the scheduler would wait for, or it waits for pods that do not need each other.",
    mend="Use a scheduler that the controller of these pods makes groups for, or leave it out.",
    source="https://lws.sigs.k8s.io/docs/concepts/leaderworkerset/gang-scheduling/",
)
KUEUE = Rule(
    code="VC654",
    name="kueue",
    title="Kueue refuses or does not read how an object asks for its queue, or places its pods wrongly",
    why="Its webhook refuses the object, pods start without waiting for quota, or they are placed far from each other, "
    "or where another rule keeps them out for ever.",
    mend="Correct the label or the annotation that the message names.",
    source="https://kueue.sigs.k8s.io/docs/concepts/topology_aware_scheduling/",
)
NEVER_WAKES = Rule(
    code="VC653",
    name="never-wakes",
    title="A server is scaled to zero and never up again, or never to zero",
    why="Metrics of pods, vLLM's own among them, are gone with the last pod, and requests do not queue where none is; "
    "CPU and memory are used without requests too.",
    mend="Keep one replica, or scale by something that sees requests while there is no pod.",
    source="https://keda.sh/docs/latest/reference/scaledobject-spec/",
)
OTHER_MODEL = Rule(
    code="VC650",
    name="other-model",
    title="Requests for a model are sent to a server that does not have it",
    why="vLLM answers 404 to any name but those that it serves its model and its adapters by.",
    mend="Send the name to the server that serves it, or add it to served_model_name.",
    source=f"{_VLLM}serving/openai_compatible_server/",
)
ROUTER = Rule(
    code="VC651",
    name="router",
    title="production-stack's router cannot start, or cannot do what it is asked to",
    why="It stops at its start, leaves a backend out, or chooses among servers where it was to choose among pods.",
    mend="Correct the option that the message names.",
    source="https://docs.vllm.ai/projects/production-stack/en/latest/",
)
