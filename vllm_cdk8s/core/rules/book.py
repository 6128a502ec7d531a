"""The rules, by family; `rule` finds one by its code."""

from __future__ import annotations

from vllm_cdk8s.core.rules.rule import Rule

_K8S = "https://kubernetes.io/docs/"
_VLLM = "https://docs.vllm.ai/en/latest/"

# VC0xx: values, names and files.
INVALID = Rule(
    code="VC001",
    name="invalid-value",
    title="A value is wrong by itself: its type, its range or its form",
    why="Kubernetes or vLLM would refuse it, or would read something else than was meant.",
    mend="Use one of the values that the message allows.",
)
CONTRADICTION = Rule(
    code="VC002",
    name="contradiction",
    title="Two things that were said exclude each other",
    why="Whichever wins, somebody who reads the other is misled; mostly nothing runs at all.",
    mend="Say it in one place.",
)
UNWISE = Rule(
    code="VC003",
    name="unwise",
    title="What was asked for may work, but is seldom meant",
    why="It works on some clusters, or until something else changes.",
    mend="Do what the message suggests, or acknowledge the warning.",
)
UNKNOWN_NAME = Rule(
    code="VC004",
    name="unknown-name",
    title="An option, key or value of this name does not exist",
    why="A misspelt name would be ignored, and its value with it.",
    mend="Use the name that the message suggests.",
)
NAME = Rule(
    code="VC005",
    name="invalid-name",
    title="A name is not one that Kubernetes accepts",
    why="The API server refuses the object, and may have accepted others of the same release before it.",
    mend="Use lower-case letters, digits and '-', beginning with a letter, at most 63 characters.",
    source=f"{_K8S}concepts/overview/working-with-objects/names/",
)
UNWRITABLE = Rule(
    code="VC006",
    name="unwritable-text",
    title="A text holds a character, or has a form, that YAML does not carry unchanged",
    why="Kubernetes' YAML reader takes U+0085, U+2028 and U+2029 for line ends, so that text could add fields to the "
    "manifest; other control characters do not parse; words such as 0o644 are read as numbers.",
    mend="Remove the character, or write it by an escape of the program that reads the text.",
    source="https://yaml.org/spec/1.1/#id872840",
)
UNREADABLE = Rule(
    code="VC007",
    name="unreadable-file",
    title="A file cannot be read, or is not what it should be",
    why="What is not understood is not checked.",
    mend="Correct the file at the line that the message names.",
)
DUPLICATE_KEY = Rule(
    code="VC008",
    name="duplicate-key",
    title="A mapping has the same key twice",
    why="Readers keep one of the two values, and not all of them the same one.",
    mend="Keep one.",
)
TAKEN_NAME = Rule(
    code="VC009",
    name="name-taken",
    title="Two objects have the same kind, namespace and name",
    why="The second to be applied overwrites the first.",
    mend="Rename one of them.",
)
SCHEMA = Rule(
    code="VC010",
    name="not-in-the-schema",
    title="A field is not in the Kubernetes API, or its value is not of the field's type",
    why="The API server refuses the manifest, or drops the field without a word.",
    mend="Correct the field as the Kubernetes API reference has it.",
    source=f"{_K8S}reference/kubernetes-api/",
)

# VC1xx: the engine's settings.
ENGINE_OPTION = Rule(
    code="VC101",
    name="unknown-engine-option",
    title="vLLM has no such option in this release",
    why="vLLM's parser exits with an error, and the container restarts for ever.",
    mend="Use the name that this release has; unchecked_args passes on what is newer than this package.",
    source=f"{_VLLM}cli/serve/",
)
ENGINE_VALUE = Rule(
    code="VC102",
    name="engine-value",
    title="vLLM does not take this value for this option",
    why="vLLM's parser or its configuration refuses it at start-up, after the image was pulled and a GPU was taken.",
    mend="Use a value that this release allows.",
    source=f"{_VLLM}configuration/engine_args/",
)
ENGINE_CONFLICT = Rule(
    code="VC103",
    name="engine-conflict",
    title="Settings of vLLM exclude or need one another",
    why="vLLM stops when it checks its configuration.",
    mend="Change one of the settings that the message names.",
)
CONTEXT_BEYOND_MODEL = Rule(
    code="VC104",
    name="context-beyond-model",
    title="The context is longer than the model has positions",
    why="vLLM refuses to start: 'User-specified max_model_len is greater than the derived max_model_len'.",
    mend="Lower max_model_len to the model's own limit.",
    source=f"{_VLLM}configuration/engine_args/",
)
HEADS = Rule(
    code="VC105",
    name="heads-not-divisible",
    title="The tensor parallel size does not divide the model's attention heads",
    why="vLLM refuses to start: each rank must hold the same number of heads.",
    mend="Choose a divisor, and spread over more GPUs by pipeline_parallel_size.",
)
MODEL_NAME = Rule(
    code="VC106",
    name="model-name",
    title="The model is neither a name on the Hugging Face Hub nor a path",
    why="vLLM cannot download it and stops.",
    mend="Say organisation/name, or the path of a folder in the container.",
)
NEVER_READY = Rule(
    code="VC107",
    name="never-ready",
    title="vLLM will not listen where its probes and clients ask",
    why="The probes fail until the kubelet restarts the container, for ever.",
    mend="Leave out the setting that the message names.",
)
ENVIRONMENT = Rule(
    code="VC108",
    name="engine-variable",
    title="vLLM does not know this environment variable, or not this value",
    why="vLLM ignores a VLLM_ variable that it does not know, with one line in its log; a wrong value stops it.",
    mend="Use the name that this release has.",
    source=f"{_VLLM}configuration/env_vars/",
)
VLLM_PORT = Rule(
    code="VC109",
    name="vllm-port",
    title="VLLM_PORT is set, by hand or by the links of a Service",
    why="vLLM reads it as the first of its internal ports; a Service named 'vllm' sets it to an address.",
    mend="Set enableServiceLinks: false on the pod, and never VLLM_PORT.",
    source=f"{_VLLM}configuration/env_vars/",
)
DEPRECATED = Rule(
    code="VC110",
    name="deprecated-option",
    title="vLLM says that it will remove this option",
    why="The next upgrade of the image will not start.",
    mend="Use what the message names in its place.",
)
SHORT_CONTEXT = Rule(
    code="VC111",
    name="short-context",
    title="The default context is much shorter than the model's own",
    why="Requests beyond it are refused although there is room for them.",
    mend="Set max_model_len.",
)
NOT_EXPANDED = Rule(
    code="VC112",
    name="not-expanded",
    title="A text looks like a reference to a variable and arrives as it is written",
    why="No shell and no kubelet expands it, unlike in the chart that this package succeeds.",
    mend="Write the value itself.",
)

SERVE_MODEL = Rule(
    code="VC120",
    name="serve-model-option",
    title="vllm serve is given its model by --model",
    why="Releases before 0.11.1 stop with an error; later ones warn that the option will go.",
    mend="Write the model right behind 'vllm serve'.",
    source=f"{_VLLM}cli/serve/",
)

# VC2xx: the pod and its GPUs.
TOO_FEW_GPUS = Rule(
    code="VC201",
    name="too-few-gpus",
    title="The parallel sizes ask for more GPUs than the pods have",
    why="vLLM waits for, or fails on, devices that are not there.",
    mend="Lower the parallel sizes or raise the number of GPUs.",
)
IDLE_GPUS = Rule(
    code="VC202",
    name="idle-gpus",
    title="The parallel sizes ask for fewer GPUs than the pods have",
    why="The others are paid for and do nothing.",
    mend="Raise tensor_parallel_size, or lower the number of GPUs.",
)
NO_GPU = Rule(
    code="VC203",
    name="no-gpu",
    title="Nothing is said about GPUs",
    why="The pod may see none, and vLLM stops.",
    mend="Ask for GPUs, or say that there are none where the image is for the CPU.",
    source=f"{_K8S}tasks/manage-gpus/scheduling-gpus/",
)
SHARED_MEMORY = Rule(
    code="VC204",
    name="shared-memory",
    title="Several GPUs share the 64 MiB of /dev/shm that a container has",
    why="NCCL and vLLM's own message queues live there; vLLM dies with a bus error.",
    mend="Mount an emptyDir of medium Memory with a size limit at /dev/shm.",
    source=f"{_VLLM}deployment/k8s/",
)
VISIBLE_DEVICES_RULE = Rule(
    code="VC205",
    name="visible-devices",
    title="A variable hides GPUs that the server needs",
    why="vLLM sees fewer devices than its parallel sizes ask for, and stops.",
    mend="Leave the variable to the device plugin.",
)
GPU_MEMORY = Rule(
    code="VC206",
    name="gpu-memory",
    title="The model does not fit into the memory of its GPUs",
    why="vLLM stops with 'CUDA out of memory', or for want of room for one sequence.",
    mend="Use more or larger GPUs, fewer bits per weight, or a shorter context.",
)
GPU_MEMORY_TIGHT = Rule(
    code="VC207",
    name="gpu-memory-tight",
    title="The model may not fit into the memory of its GPUs",
    why="The estimate is within its margin of error.",
    mend="Try it before relying on it, or leave more room.",
)
HOST_MEMORY = Rule(
    code="VC208",
    name="host-memory",
    title="The memory limit is below what the container needs",
    why="The kernel kills the process (OOMKilled) while it loads or offloads.",
    mend="Raise the memory limit.",
)
NOT_A_GPU_COUNT = Rule(
    code="VC209",
    name="device-count",
    title="Devices are counted in whole numbers, and requests equal limits",
    why="The API server refuses anything else for extended resources.",
    mend="Say a whole number as the limit, and leave the request out.",
    source=f"{_K8S}concepts/configuration/manage-resources-containers/#extended-resources",
)
VENDOR = Rule(
    code="VC210",
    name="wrong-vendor",
    title="The image is built for the GPUs of another vendor",
    why="vLLM finds no device that it can use.",
    mend="Use the image of the vendor whose GPUs the pod asks for.",
)
DUPLICATE_VARIABLE = Rule(
    code="VC211",
    name="duplicate-variable",
    title="A container has the same environment variable twice",
    why="The last one wins, and a reader sees the first.",
    mend="Keep one.",
)
SHARED_GPU = Rule(
    code="VC212",
    name="gpu-share",
    title="vLLM takes more of the GPU than its share",
    why="Nothing enforces the share, so vLLM takes its neighbours' memory.",
    mend="Set gpu_memory_utilization to the share.",
)
CPU_KV_CACHE = Rule(
    code="VC213",
    name="cpu-kv-cache",
    title="The CPU back end is not told how much memory its KV cache may take",
    why="It counts the node's memory and not the container's, and is killed.",
    mend="Set VLLM_CPU_KVCACHE_SPACE, in GiB, below the memory limit.",
    source=f"{_VLLM}getting_started/installation/cpu/",
)

FLOATING_TAG = Rule(
    code="VC220",
    name="floating-tag",
    title="The image's tag is one that moves",
    why="A restarted pod may run another vLLM than its neighbour: options and metrics change, and compiled caches are "
    "not reused.",
    mend="Name a release, such as vllm/vllm-openai:v0.20.2.",
    source=f"{_K8S}concepts/containers/images/#image-names",
)
INSTALLS_AT_START = Rule(
    code="VC221",
    name="installs-at-start",
    title="The container installs packages at each start",
    why="Every restart waits for somebody else's server, may get other versions, and fails without the network.",
    mend="Build an image that holds them.",
)
OFFLOAD_IN_SHM = Rule(
    code="VC222",
    name="offload-in-shared-memory",
    title="The KV cache is offloaded into more /dev/shm than there is",
    why="vLLM keeps offloaded blocks in a file there, and stops, or is killed, when it is full.",
    mend="Give the volume at /dev/shm more than the offloaded size.",
)

# VC3xx: storage.
CLAIM_TOO_SMALL = Rule(
    code="VC301",
    name="claim-too-small",
    title="The claim is smaller than the model's files",
    why="The download fails with 'No space left on device', after most of it was downloaded.",
    mend="Raise the claim's size.",
)
SINGLE_NODE_CLAIM = Rule(
    code="VC302",
    name="single-node-claim",
    title="Several pods mount a claim that one node, or one pod, can mount",
    why="Pods on other nodes wait for ever (Multi-Attach error).",
    mend="Use a ReadWriteMany claim, or keep the pods on one node.",
    source=f"{_K8S}concepts/storage/persistent-volumes/#access-modes",
)
OTHER_NAMESPACE = Rule(
    code="VC303",
    name="other-namespace",
    title="A pod refers to something in another namespace",
    why="Claims, Secrets and ConfigMaps can only be used within their own namespace.",
    mend="Put both into one namespace.",
)
NOTHING_KEPT = Rule(
    code="VC304",
    name="nothing-kept",
    title="The weights are downloaded again by every new pod",
    why="Each start takes minutes, and the Hub limits how often.",
    mend="Mount a claim where the model is cached.",
)
VOLUME_NOT_MOUNTED = Rule(
    code="VC305",
    name="volume-not-mounted",
    title="A volume is declared and no container mounts it",
    why="What was meant to be kept or found there is not.",
    mend="Mount it, or remove it.",
)
MOUNT_WITHOUT_VOLUME = Rule(
    code="VC306",
    name="mount-without-volume",
    title="A container mounts a volume that the pod does not declare",
    why="The API server refuses the pod.",
    mend="Declare the volume.",
)
CACHE_ELSEWHERE = Rule(
    code="VC307",
    name="cache-elsewhere",
    title="A volume for the model is mounted where vLLM does not look",
    why="vLLM downloads and compiles into the container, and loses both at each restart.",
    mend="Mount it at the cache folder, or set HF_HOME and VLLM_CACHE_ROOT.",
)

# VC4xx: health, rollout and shutdown.
STARTUP_BUDGET = Rule(
    code="VC401",
    name="start-up-budget",
    title="The start-up budget is shorter than the model needs",
    why="The kubelet kills the container while it loads, and it starts again from the beginning.",
    mend="Raise the budget of the start-up probe.",
    source=f"{_K8S}concepts/configuration/liveness-readiness-startup-probes/",
)
ROLLOUT_DEADLOCK = Rule(
    code="VC402",
    name="rollout-deadlock",
    title="A rollout waits for ever",
    why="The new pod waits for the GPU, or the claim, that the old one keeps until the new one is ready.",
    mend="Set maxSurge: 0 and maxUnavailable: 1.",
    source=f"{_K8S}concepts/workloads/controllers/deployment/#max-surge",
)
PROGRESS_DEADLINE = Rule(
    code="VC403",
    name="progress-deadline",
    title="progressDeadlineSeconds is below the start-up budget",
    why="A rollout counts as failed while the model still loads.",
    mend="Set progressDeadlineSeconds above the start-up budget.",
    source=f"{_K8S}concepts/workloads/controllers/deployment/#progress-deadline-seconds",
)
LIVENESS_WHILE_LOADING = Rule(
    code="VC404",
    name="liveness-while-loading",
    title="The liveness probe kills the server while it loads",
    why="Without a start-up probe it counts from the start, and /health answers only when the model is loaded.",
    mend="Add a start-up probe with the time that the model needs.",
    source=f"{_K8S}concepts/configuration/liveness-readiness-startup-probes/",
)
PROBES_OFF = Rule(
    code="VC405",
    name="probes-off",
    title="A probe is missing",
    why="Without liveness a hung server is never restarted; without readiness requests reach pods that cannot serve.",
    mend="Have all three probes; for a slow start, give the start-up probe more time.",
)
DRAIN = Rule(
    code="VC406",
    name="drain",
    title="The pod is killed before its requests are finished",
    why="The grace period ends before the preStop hook and vLLM's own shutdown do.",
    mend="Raise terminationGracePeriodSeconds above their sum.",
    source=f"{_K8S}concepts/workloads/pods/pod-lifecycle/#pod-termination",
)
PROBE_TARGET = Rule(
    code="VC407",
    name="probe-target",
    title="A probe asks where vLLM does not answer",
    why="It fails for ever, or answers for another process.",
    mend="Ask /health on vLLM's own port, by HTTPS where vLLM serves TLS.",
)
EAGER_LIVENESS = Rule(
    code="VC408",
    name="eager-liveness",
    title="The liveness probe is eager",
    why="A server under load answers late, and a restart costs minutes of loading.",
    mend="Allow at least 5 s for an answer and 3 failures.",
)

# VC5xx: secrets and security.
LITERAL_SECRET = Rule(
    code="VC501",
    name="literal-secret",
    title="A secret stands in the manifest",
    why="Everyone who may read the manifest, its history or the pod can read it.",
    mend="Refer to a Secret (valueFrom.secretKeyRef).",
    source=f"{_K8S}concepts/configuration/secret/",
)
OPEN_TO_THE_WORLD = Rule(
    code="VC502",
    name="no-api-key",
    title="A server without an API key is reachable from outside the cluster",
    why="Whoever finds the address uses the GPUs.",
    mend="Set api_key, or authenticate before the server.",
    source=f"{_VLLM}usage/security/",
)
KEY_GUARDS_PART = Rule(
    code="VC503",
    name="api-key-guards-v1",
    title="vLLM's API key guards /v1 alone",
    why="/metrics, /invocations, /pooling and others answer anybody who reaches the port.",
    mend="Add a NetworkPolicy that selects the pods.",
    source=f"{_VLLM}usage/security/",
)
NAMESPACE_LEVEL = Rule(
    code="VC504",
    name="namespace-level",
    title="The namespace's Pod Security level does not let the pods in",
    why="The API server refuses the pods, and the Deployment stays at zero.",
    mend="Label the namespace for the level that the pods need.",
    source=f"{_K8S}concepts/security/pod-security-standards/",
)
CANNOT_RUN_AS = Rule(
    code="VC505",
    name="cannot-run-as",
    title="The image or a path does not work with this security context",
    why="The image's user is root, and so are the folders that vLLM writes to.",
    mend="Use non_root=NonRoot(), which moves home and caches to where that user may write.",
)
PRIVILEGE = Rule(
    code="VC506",
    name="privilege",
    title="A container has privileges that contradict or exceed what it needs",
    why="Whoever may change the pod controls the node.",
    mend="Take the privilege away.",
)

DEVELOPER_MODE = Rule(
    code="VC520",
    name="developer-mode",
    title="vLLM runs in its developers' mode",
    why="Whoever reaches the port may call /sleep, /reset_prefix_cache and /collective_rpc, API key or not.",
    mend="Remove VLLM_SERVER_DEV_MODE.",
    source=f"{_VLLM}usage/security/",
)
REMOTE_CODE = Rule(
    code="VC521",
    name="remote-code",
    title="Code of the model's repository runs at each start, whatever it is by then",
    why="Whoever may write to that repository runs programs in the pod.",
    mend="Pin it by --revision and --code-revision, or leave --trust-remote-code out where vLLM knows the model.",
    source=f"{_VLLM}configuration/engine_args/",
)

# VC6xx: what surrounds a server.
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
TRUSTS_ANYBODY = Rule(
    code="VC510",
    name="trusts-anybody",
    title="A client does not verify the server's certificate",
    why="It sends its API key to whoever answers.",
    mend="Give it the certificates to trust.",
)

KV_OFFLOAD = Rule(
    code="VC130",
    name="kv-offload",
    title="KV cache cannot be offloaded the way that was asked for",
    why="vLLM stops at its start: it has one KV connector, which needs a GPU and the host memory of one node.",
    mend="Keep one connector, and as many GPUs for each copy of the model as one node has.",
    source=f"{_VLLM}features/kv_offloading_usage/",
)
KV_TRANSFER = Rule(
    code="VC131",
    name="kv-transfer",
    title="Prefill and decode would not understand each other's KV cache",
    why="vLLM refuses the transfer (NIXL compatibility hash mismatch), or reads blocks of another layout.",
    mend="Run both with the same release, model, block size and types.",
    source=f"{_VLLM}features/nixl_connector_usage/",
)
EXAMPLE_CONNECTOR = Rule(
    code="VC132",
    name="example-connector",
    title="KV cache is passed on as files by vLLM's example of a connector",
    why="It is for trying out: each block crosses a file system, and nobody deletes the files.",
    mend="Use Nixl() where the image and the network have it.",
    source=f"{_VLLM}features/disagg_prefill/",
)
LOAD_BALANCING = Rule(
    code="VC133",
    name="data-parallel-load-balancing",
    title="The way in which copies of the model share requests does not fit the pods",
    why="vLLM refuses to start, or some of its API servers never get a request.",
    mend="Change the setting that the message names.",
    source=f"{_VLLM}serving/data_parallel_deployment/",
)
SIDE_CHANNEL = Rule(
    code="VC134",
    name="nixl-side-channel",
    title="Nobody finds the side channel at which NIXL says what may be read",
    why="Its address is 'localhost' unless told otherwise, and the pod that is to read the KV cache dials itself.",
    mend="Set VLLM_NIXL_SIDE_CHANNEL_HOST from the field status.podIP.",
    source=f"{_VLLM}features/nixl_connector_usage/",
)
FAST_START = Rule(
    code="VC330",
    name="fast-start",
    title="Nothing is kept that a second start could use",
    why="Every pod compiles and profiles again.",
    mend="Keep the caches on a volume that outlives the pod.",
)
TRACING = Rule(
    code="VC630",
    name="tracing",
    title="The image may lack OpenTelemetry",
    why="vLLM stops at its start when it is told to trace and cannot.",
    mend="Use a newer image, or one with opentelemetry-sdk and opentelemetry-exporter-otlp.",
    source=f"{_VLLM}examples/online_serving/opentelemetry/",
)
READ_ONLY_STORAGE = Rule(
    code="VC340",
    name="read-only-storage",
    title="Something is to be written to a storage that is an image",
    why="Image volumes are mounted read-only: the download fails, and the pod with it.",
    mend="Leave the download out, or keep the model on a claim.",
    source=f"{_K8S}tasks/configure-pod-container/image-volumes/",
)
PICKER = Rule(
    code="VC540",
    name="endpoint-picker",
    title="An endpoint picker's configuration names what it does not have",
    why="The picker stops at its start, and with FailClose every request of the pool fails.",
    mend="Use the name of a plugin that the configuration lists, as llm-d's router names it.",
    source="https://github.com/llm-d/llm-d-router/tree/main/pkg/epp/framework/plugins",
)

RULES = {
    rule.code: rule for rule in sorted((r for r in globals().values() if isinstance(r, Rule)), key=lambda r: r.code)
}


def find_rule(code: str) -> Rule | None:
    """The rule of a code or a name, in any case; None where there is none."""
    wanted = code.strip().upper()
    return RULES.get(wanted) or next((r for r in RULES.values() if r.name == wanted.lower()), None)
