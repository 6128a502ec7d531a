"""The rules VC5xx: secrets and security."""

from __future__ import annotations

from vllm_cdk8s.core.rules.rule import Rule

_K8S = "https://kubernetes.io/docs/"
_VLLM = "https://docs.vllm.ai/en/latest/"

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
    in_manifests="Set VLLM_API_KEY from a Secret, or authenticate before the server.",
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
    in_manifests="Say runAsUser too, and give HOME, HF_HOME and VLLM_CACHE_ROOT folders that this user may write to.",
)
PRIVILEGE = Rule(
    code="VC506",
    name="privilege",
    title="A container has privileges that contradict or exceed what it needs",
    why="Whoever may change the pod controls the node.",
    mend="Take the privilege away.",
)
SECURITY_CONTEXT = Rule(
    code="VC507",
    name="security-context",
    title="Kubernetes does not take this security context",
    why="The API server refuses the pod, or drops a field that it does not know without a word: the container then has "
    "rights that it was not to have.",
    mend="Correct the field that the message names.",
    source=f"{_K8S}tasks/configure-pod-container/security-context/",
)
TRUSTS_ANYBODY = Rule(
    code="VC510",
    name="trusts-anybody",
    title="A client does not verify the server's certificate",
    why="It sends its API key to whoever answers.",
    mend="Give it the certificates to trust.",
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
PICKER = Rule(
    code="VC540",
    name="endpoint-picker",
    title="An endpoint picker's configuration names what it does not have",
    why="The picker stops at its start, and with FailClose every request of the pool fails.",
    mend="Use the name of a plugin that the configuration lists, as llm-d's router names it.",
    source="https://github.com/llm-d/llm-d-router/tree/main/pkg/epp/framework/plugins",
)
OPEN_ADAPTERS = Rule(
    code="VC550",
    name="open-adapters",
    title="Adapters can be loaded from anywhere by whoever reaches the server",
    why="VLLM_ALLOW_RUNTIME_LORA_UPDATING opens /v1/load_lora_adapter, and from 0.11.1 on POST /adapters too, which no "
    "API key guards. Either loads weights from any path or repository, and replaces those of others.",
    mend="Ask for an API key, and let nothing but /v1 through to the server: HTTPRoute does so by itself.",
    source=f"{_VLLM}features/lora.html",
)
