"""Random options of servers that are right by themselves and together, in the form in which a plan takes them."""

import string
from typing import Any

from hypothesis import strategies as st

from vllm_cdk8s import (
    AccessLog,
    DeviceClaim,
    FastStart,
    HubModel,
    Ingress,
    IngressHost,
    IngressPath,
    IngressTls,
    InitDownload,
    KaiShare,
    KvEvents,
    KvOffload,
    LoraAdapters,
    NonRoot,
    Resources,
    SecretKey,
    Tracing,
)
from vllm_cdk8s.core.kube.text import text_problem
from vllm_cdk8s.core.pod.health import Health, HttpProbe, manual, slow_start
from vllm_cdk8s.core.storage.storage import Storage

MODEL = "Qwen/Qwen2.5-7B-Instruct"
IMAGES = ["vllm/vllm-openai:v0.26.0", "vllm/vllm-openai:v0.28.0", "docker.io/vllm/vllm-openai:v0.30.0"]
EXTERNAL_CLAIMS = ("models", "adapters", "kv")
_LOWER = string.ascii_lowercase
_INNER = _LOWER + string.digits + "-"


def _joined(first: str, middle: str, last: str, longest: int) -> st.SearchStrategy[str]:
    ends = st.tuples(st.sampled_from(first), st.text(middle, max_size=longest - 2), st.sampled_from(last))
    return st.sampled_from(first) | ends.map("".join)


# The longest suffix behind a server's own name is "-pvc"; groups and Ray want more room.
SERVER_NAMES = _joined(_LOWER, _INNER, _LOWER + string.digits, 40)
NAMES = _joined(_LOWER + string.digits, _INNER, _LOWER + string.digits, 63)
LABEL_VALUES = _joined(
    string.ascii_letters + string.digits, string.ascii_letters + string.digits + "-_.", string.digits + "Z", 63
) | st.just("")
KEYS = st.builds(
    "{}{}".format,
    st.sampled_from(["", "example.com/", "a.b-c.example/"]),
    _joined(string.ascii_letters, string.ascii_letters + string.digits + "-_.", string.digits + "Z", 63),
)
LABELS = st.dictionaries(KEYS, LABEL_VALUES, max_size=3)
# Line ends, quotes, references of the kubelet's and whatever else YAML and a kubelet carry unchanged.
TEXTS = st.text(
    st.characters(
        codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters="\u2028\u2029\ufeff\ufffe\uffff\ue000\ue001"
    )
    | st.sampled_from("\n\t\"'\\$(){}:#&*!|>%@` -"),
    max_size=20,
).filter(lambda text: not _numeric(text)) | st.sampled_from(
    ["$(HOME)", "$$(A)", "$(", "yes", "null", "~", "1e3", "0x1F", "2001-01-01", "- a", "a: b", " a ", "#", "", "é"]
)
WORDS = TEXTS.filter(str.strip)
ANNOTATIONS = st.dictionaries(KEYS, TEXTS, max_size=3)
PATHS = st.lists(st.text(string.ascii_letters + "._-", min_size=1, max_size=8).filter(lambda x: x != ".."),
                 min_size=1, max_size=3).map(lambda parts: "/" + "/".join(parts))  # fmt: skip
ENV = st.dictionaries(
    st.sampled_from(["GREETING", "NCCL_DEBUG", "OMP_NUM_THREADS", "a.b-c", "HTTPS_PROXY", "TZ"]), TEXTS, max_size=3
)
SECRETS = st.builds(
    SecretKey, st.sampled_from(["a", "hf.example.com", "x-1"]), st.sampled_from(["token", "API_KEY", "k.v-w"])
)
TOLERATIONS = st.lists(
    st.sampled_from([
        {"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"},
        {"key": "spot", "operator": "Equal", "value": "true"},
        {"key": "dedicated", "value": "llm", "effect": "NoExecute", "tolerationSeconds": 60},
        {"operator": "Exists"},
    ]),
    max_size=3, unique_by=str,
)  # fmt: skip
AFFINITIES = st.sampled_from([
    {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [
        {"matchExpressions": [{"key": "gpu", "operator": "In", "values": ["h100", "h200"]}]}]}}},
    {"podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [
        {"weight": 50, "podAffinityTerm": {"topologyKey": "kubernetes.io/hostname",
                                           "labelSelector": {"matchLabels": {"app": "llm"}}}}]}},
])  # fmt: skip
SPREADS = st.lists(
    st.builds(
        lambda skew, key, when: {"maxSkew": skew, "topologyKey": key, "whenUnsatisfiable": when},
        st.integers(1, 5),
        st.sampled_from(["topology.kubernetes.io/zone", "kubernetes.io/hostname"]),
        st.sampled_from(["DoNotSchedule", "ScheduleAnyway"]),
    ),
    max_size=2, unique_by=lambda spread: spread["topologyKey"],
)  # fmt: skip
SOURCES: st.SearchStrategy[dict[str, Any]] = st.sampled_from([
    {"emptyDir": {}},
    {"emptyDir": {"medium": "Memory", "sizeLimit": "1Gi"}},
    {"configMap": {"name": "settings"}},
    {"secret": {"secretName": "certificates"}},
    {"persistentVolumeClaim": {"claimName": "models"}},
    {"hostPath": {"path": "/data", "type": "Directory"}},
])  # fmt: skip
INGRESSES = st.builds(
    lambda hosts, class_name, tls: Ingress(
        hosts=hosts, class_name=class_name, tls=[IngressTls(secret="cert", hosts=tls)] if tls else []  # noqa: S106 - a name
    ),
    st.lists(
        st.sampled_from(["llm.example.com", "*.example.org"])
        | st.builds(
            IngressHost,
            host=st.just("b.example.com"),
            paths=st.sampled_from([["/"], ["/v1", "/health"], [IngressPath(path="/v1", path_type="Exact")]]),
        ),
        min_size=1, max_size=3, unique_by=lambda host: host if isinstance(host, str) else host.host,
    ),
    st.none() | st.just("nginx"),
    st.lists(st.just("llm.example.com"), max_size=1),
)  # fmt: skip
ENGINE_ARGS: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries({}, optional={
    "max_model_len": st.integers(256, 32768),
    "gpu_memory_utilization": st.floats(0.3, 0.98),
    "enforce_eager": st.booleans(),
    "dtype": st.sampled_from(["auto", "bfloat16", "float16"]),
    "seed": st.integers(0, 2**31),
    "served_model_name": st.lists(TEXTS.filter(lambda x: bool(x.strip()) and not x.startswith("-")), min_size=1,
                                  max_size=2, unique=True),
    "max_num_seqs": st.integers(1, 1024),
    "enable_prefix_caching": st.just(value=True),
    "hf_overrides": st.dictionaries(st.sampled_from(["a", "b"]), TEXTS, max_size=2),
})  # fmt: skip

FEATURES: dict[str, st.SearchStrategy[Any]] = {
    "lora": st.builds(
        LoraAdapters,
        adapters=st.dictionaries(st.sampled_from(["sql", "a=b", "é, {"]), PATHS, min_size=1, max_size=2),
        claim=st.none() | st.just("adapters"),
        resolve_at_runtime=st.booleans(),
        mount_path=st.just("/adapters"),
    ),
    "kv_offload": st.builds(
        KvOffload,
        host=st.sampled_from(["1Gi", "24Gi", "1.5Ti"]),
        disk=st.none() | st.sampled_from(["100Gi", "kv"]),
    ),
    "kv_events": st.builds(
        KvEvents, port=st.just(5557), replay_port=st.none() | st.just(5558), topic=st.none() | WORDS
    ),
    "tracing": st.builds(
        Tracing,
        endpoint=st.sampled_from(["http://collector:4317", "https://otel.example.com:4317"]),
        sample=st.floats(0.001, 1),
        service_name=st.none() | WORDS,
    ),
    "access_log": st.builds(AccessLog),
    "download": st.builds(
        InitDownload,
        models=st.none() | st.just([HubModel(model="org/other", revision="main", allow=["*.safetensors"])]),
        max_seconds=st.integers(60, 7200),
        offline=st.just(value=False),
    ),
}  # fmt: skip

# What may be said together with anything else here.
FREE: dict[str, st.SearchStrategy[Any]] = {
    "instance": LABEL_VALUES.filter(bool),
    "app_name": LABEL_VALUES.filter(bool),
    "image": st.sampled_from(IMAGES),
    "image_pull_policy": st.sampled_from(["Always", "IfNotPresent", "Never"]),
    "image_pull_secrets": st.lists(NAMES, max_size=2, unique=True),
    "labels": LABELS,
    "annotations": ANNOTATIONS,
    "pod_labels": LABELS,
    "pod_annotations": ANNOTATIONS,
    "env": ENV,
    "env_from": st.lists(
        st.sampled_from(
            [{"secretRef": {"name": "a"}}, {"configMapRef": {"name": "b", "optional": True}, "prefix": "P_"}]
        ),
        max_size=2,
    ),
    "host": st.sampled_from(["0.0.0.0", "::"]),  # noqa: S104 - a server in a pod
    "service_port": st.integers(1, 65535),
    "service_annotations": ANNOTATIONS,
    "ingress": INGRESSES,
    "hf_token": SECRETS,
    "api_key": SECRETS,
    "node_selector": LABELS,
    "tolerations": TOLERATIONS,
    "affinity": AFFINITIES,
    "topology_spread": SPREADS,
    "scheduler_name": NAMES,
    "priority_class": NAMES,
    "runtime_class": NAMES,
    "service_account": NAMES,
    "resources": st.builds(
        lambda cpu, more, memory: Resources(
            requests={"cpu": cpu, "memory": memory}, limits={"cpu": cpu + more, "memory": memory}
        ),
        st.integers(1, 64), st.integers(0, 64), st.sampled_from(["2560Gi", "3Ti"]),
    ),
    "drain_seconds": st.integers(0, 900),
    "shm_size": st.just("2Ti"),
    "engine_args": ENGINE_ARGS,
    "extra_args": st.sampled_from([[], ["--tokenizer-mode=auto"], ["--tokenizer-mode", "auto"]]),
    **FEATURES,
}  # fmt: skip


def _numeric(text: str) -> bool:
    return text_problem(text) is not None


@st.composite
def server_options(draw: st.DrawFn, *, most: int = 12) -> dict[str, Any]:
    """So many options at most of one server, drawn so that none contradicts another."""
    chosen = draw(st.lists(st.sampled_from(sorted(FREE)), max_size=most, unique=True))
    options: dict[str, Any] = {name: draw(FREE[name]) for name in chosen}
    for bundle in (_gpus, _service, _volumes, _containers, _security):
        options |= draw(bundle(options))
    return options


def _gpus(options: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    whole = st.fixed_dictionaries(
        {"gpus": st.sampled_from([1, 2, 4])},
        optional={"gpu_resource": st.sampled_from(["nvidia.com/gpu", "nvidia.com/mig-3g.40gb"])},
    )
    ways: list[st.SearchStrategy[dict[str, Any]]] = [whole, st.just({"gpus": 2, "gpu": "H100"})]
    if "kv_offload" not in options:
        ways.append(st.just({}))
        if "gpu_memory_utilization" not in options.get("engine_args", {}) and "scheduler_name" not in options:
            ways.append(
                st.fixed_dictionaries(
                    {"kai": st.builds(KaiShare, queue=NAMES, gpu_fraction=st.sampled_from([0.25, 0.5]))}
                )
            )
        ways.append(st.just({"device_claims": [DeviceClaim(name="gpu", template="one-gpu")]}))
    return st.one_of(ways)


def _service(_: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    taken = {5557, 5558}
    port = st.fixed_dictionaries({"port": st.integers(1024, 65535).filter(lambda number: number not in taken)})
    kind: st.SearchStrategy[dict[str, Any]] = st.sampled_from(
        [
            {},
            {"service_type": "ClusterIP"},
            {"service_type": "LoadBalancer"},
            {"service_type": "NodePort", "node_port": 30080},
        ]
    )
    return st.tuples(port | st.just({}), kind).map(lambda both: {**both[0], **both[1]})


def _volumes(_: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    names = st.lists(_joined(_LOWER, _INNER, _LOWER, 20).map("x{}".format), max_size=2, unique=True)
    return st.tuples(names, st.lists(SOURCES, min_size=2, max_size=2)).map(
        lambda both: (
            {}
            if not both[0]
            else {
                "volumes": [{"name": name, **source} for name, source in zip(both[0], both[1], strict=False)],
                "volume_mounts": [{"name": name, "mountPath": f"/mnt/{name}"} for name in both[0]],
            }
        )
    )


def _containers(_: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    first = {"name": "wait", "image": "busybox:1.36", "command": ["sh", "-c", "echo $(A) && true"]}
    beside = {
        "name": "proxy",
        "image": "envoy:v1",
        "ports": [{"containerPort": 1023}],
        "readinessProbe": {"tcpSocket": {"port": 1023}},
    }
    return st.sampled_from(
        [
            {},
            {},
            {"init_containers": [first]},
            {"extra_containers": [beside]},
            {"init_containers": [first], "extra_containers": [beside]},
        ]
    )


def _security(_: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.sampled_from(
        [
            {},
            {},
            {"drop_cache": True},
            {"non_root": NonRoot(uid=2000, gid=100)},
            {"non_root": NonRoot(), "fast_start": FastStart(key="h100")},
            {"fast_start": FastStart()},
            {"security_context": {"capabilities": {"add": ["IPC_LOCK"]}}},
            {"pod_security_context": {"fsGroup": 1000}},
        ]
    )


def storages(*, shared: bool = False) -> st.SearchStrategy[Storage | None]:
    """Where models are kept; `shared`, where pods on many nodes can read it."""
    mode = "ReadWriteMany"
    many = [
        st.builds(lambda path: Storage.of_claim("models", mount_path=path, access_mode=mode), PATHS_OF_MODELS),
        st.just(Storage(volume={"nfs": {"server": "nfs.example.com", "path": "/models"}}, access_mode=mode)),
    ]
    if shared:
        return st.one_of(many)
    single = [
        st.none(),
        st.just(Storage(volume={"emptyDir": {}}, kept=False)),
        st.just(Storage.of_claim("models", access_mode="ReadWriteOnce")),
    ]
    return st.one_of([*many, *single])


def fitting(said: dict[str, Any], storage: Storage | None) -> Storage | None:
    """The storage, where these options can work with it, or a claim of the server's own."""
    throw_away = storage is not None and not storage.kept and "fast_start" in said
    # An ordinary user cannot reach what is mounted below root's home.
    hidden = storage is not None and storage.mount_path.startswith("/root") and "non_root" in said
    return None if throw_away or hidden else storage


PATHS_OF_MODELS = st.sampled_from(["/root/.cache", "/models", "/data/hf cache", "/a/b/"])

_PROBES = st.builds(
    HttpProbe, initial_delay_seconds=st.none() | st.integers(0, 600), period_seconds=st.none() | st.integers(1, 60),
    timeout_seconds=st.none() | st.integers(1, 30), failure_threshold=st.none() | st.integers(1, 100),
    path=st.sampled_from(["/health", "/ping"]),
)  # fmt: skip
HEALTHS: st.SearchStrategy[Health | None] = (
    st.none()
    | st.integers(1, 14400).map(slow_start)
    | st.builds(manual, startup=st.none() | _PROBES, liveness=_PROBES, readiness=_PROBES)
)
