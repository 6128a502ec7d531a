"""Whatever stands around a server, the objects of an app hold together, and are the same each time."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, ClassVar

import cdk8s
import pytest
import yaml
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import vllm_cdk8s as v
from tests.kubernetes_schemas import since
from tests.properties import ALWAYS_THE_SAME, TIMES
from tests.properties import options as random_options
from tests.properties.invariants import assert_sound

# Each example is a whole app, a good tenth of a second; a failure is shown as it was found.
few = settings(
    max_examples=8 * TIMES, derandomize=ALWAYS_THE_SAME, phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
pytestmark = pytest.mark.filterwarnings("ignore::vllm_cdk8s.VllmCdk8sWarning")

Server = Any
IMAGE = random_options.IMAGES[1]
NAMES = random_options.NAMES.map(lambda name: f"x{name}"[:40].rstrip("-"))
COMMON: dict[str, Any] = {"labels": random_options.LABELS, "annotations": random_options.ANNOTATIONS}
SCORERS = st.sampled_from(["queue-scorer", "prefix-cache-scorer"])
PORTS = st.integers(1, 65535)
LABELS_ONLY: dict[str, Any] = {"labels": random_options.LABELS}


def optional(required: Mapping[str, Any] = MappingProxyType({}), /, **others: Any) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(dict(required), optional=others)


# What may stand around any server: the class, and what may be said of it.
AROUND: dict[str, tuple[Any, st.SearchStrategy[dict[str, Any]]]] = {
    "ServerNetworkPolicy": (
        v.ServerNetworkPolicy,
        optional(
            {"clients": st.lists(NAMES, min_size=1, max_size=2)},
            scrapers=st.lists(NAMES, max_size=2),
            egress=st.lists(st.builds(v.Egress, ports=st.lists(PORTS, min_size=1, max_size=2)), max_size=2),
            **COMMON,
        ),
    ),
    "PodMonitor": (
        v.PodMonitor,
        st.sampled_from([{}, {"interval": "1m", "scrape_timeout": "30s"}, {"interval": cdk8s.Duration.minutes(1)}]),
    ),
    "Alerts": (
        v.Alerts,
        optional(
            queue_length=st.integers(1, 10**6),
            kv_cache_usage=st.floats(0.01, 0.99),
            alert_labels=st.dictionaries(st.sampled_from(["team", "area"]), random_options.WORDS, max_size=2),
            **LABELS_ONLY,
        ),
    ),
    "Dashboard": (
        v.Dashboard,
        optional(title=random_options.WORDS, folder=random_options.WORDS, **LABELS_ONLY),
    ),
    "HTTPRoute": (
        lambda *place, server, **said: v.HTTPRoute(*place, backends=[server], **said),
        optional(
            {"gateways": st.lists(NAMES | st.builds(v.GatewayRef, name=NAMES, namespace=NAMES), min_size=1, max_size=2,
                                  unique_by=str)},
            hostnames=st.lists(st.sampled_from(["llm.example.com", "*.example.org"]), max_size=2, unique=True),
            matches=st.lists(
                st.sampled_from(["/v1", "/", v.RouteMatch(path="/x", headers={"a": "b"}, replace_prefix="/")]),
                min_size=1, max_size=2, unique_by=str,
            ),
            request_timeout_seconds=st.none() | st.integers(1, 86400),
            **COMMON,
        ),
    ),
    "EndpointPicker": (
        v.EndpointPicker,
        optional(
            scorers=st.dictionaries(SCORERS, st.integers(1, 9), min_size=1),
            objectives=st.dictionaries(NAMES, st.integers(-9, 9), max_size=2),
            flow_control=st.booleans(),
            gateways=st.lists(NAMES, max_size=2),
            replicas=st.integers(1, 3),
        ),
    ),
    "SmokeTest": (
        v.SmokeTest,
        optional(
            prompt=random_options.WORDS,
            timeout_seconds=st.integers(60, 7200),
            node_selector=random_options.LABELS,
            tolerations=random_options.TOLERATIONS,
        ),
    ),
    "PodDisruptionBudget": (
        v.PodDisruptionBudget,
        st.sampled_from(
            [{}, {"min_available": 1}, {"max_unavailable": "50%"}, {"unhealthy_pod_eviction": "IfHealthyBudget"}]
        ),
    ),
    "QueueAutoscaler": (
        lambda *place, **said: v.QueueAutoscaler(*place, prometheus_address="http://prometheus:9090", **said),
        optional(
            {"min_replicas": st.integers(0, 3), "max_replicas": st.integers(3, 9)},
            waiting_requests=st.integers(1, 100),
            running_requests=st.integers(1, 100),
            polling_seconds=st.integers(1, 300),
            scale_down_seconds=st.integers(0, 3600),
            authentication=st.builds(v.TriggerAuthentication, name=NAMES) | random_options.SECRETS,
            **COMMON,
        ).map(lambda said: said if said["min_replicas"] else {**said, "wake_query": "sum(rate(asked[1m]))"}),
    ),
}  # fmt: skip

STORAGES: dict[str, Callable[..., v.ModelStorage]] = {
    "new": lambda chart: v.ModelStorage(chart, "models", size="100Gi", access_mode="ReadWriteMany"),
    "node": lambda chart: v.ModelStorage.host_path(chart, "models", path="/data/models", node="gpu-1", size="1Ti"),
    "folder": lambda chart: v.ModelStorage.direct_host_path(chart, "models", path="/data/models"),
    "nfs": lambda chart: v.ModelStorage.nfs(chart, "models", server="nfs", path="/m", mount_options=["nfsvers=4.1"]),
    "there": lambda chart: v.ModelStorage.from_claim(chart, "models", "models", access_mode="ReadWriteMany"),
    "throw-away": lambda chart: v.ModelStorage.none(chart, "models"),
}


class AsKubernetes(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Reads YAML as Kubernetes does, to which ``=`` is a text, and a tab may stand within one."""

    yaml_implicit_resolvers: ClassVar[dict[str, list[tuple[str, Any]]]] = {
        first: [each for each in resolvers if each[0] != "tag:yaml.org,2002:value"]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


def documents(build: Callable[[cdk8s.Chart], None]) -> tuple[str, list[Any]]:
    app = cdk8s.App()
    build(cdk8s.Chart(app, "llm", namespace="llm"))
    text: str = app.synth_yaml()
    return text, list(yaml.load_all(text, AsKubernetes))


def assert_references_lead_somewhere(found: list[Any]) -> None:
    there = {(document["kind"], document["metadata"]["name"]) for document in found}
    for document in found:
        spec = document.get("spec", {})
        if document["kind"] in {"ScaledObject", "HorizontalPodAutoscaler"}:
            target = spec["scaleTargetRef"]
            assert (target["kind"], target["name"]) in there
            [owned] = [
                other
                for other in found
                if (other["kind"], other["metadata"]["name"]) == (target["kind"], target["name"])
            ]
            assert "replicas" not in owned["spec"]
        for rule in spec.get("rules", ()) if document["kind"] == "HTTPRoute" else ():
            for backend in rule["backendRefs"]:
                assert (backend.get("kind", "Service"), backend["name"]) in there
        if document["kind"] == "RoleBinding":
            for subject in document["subjects"]:
                assert (subject["kind"], subject["name"]) in there


@given(
    said=random_options.server_options(most=4),
    storage=st.sampled_from([None, *sorted(STORAGES)]),
    around=st.lists(st.sampled_from(sorted(AROUND)), max_size=5, unique=True),
    probes=st.none() | st.integers(30, 7200),
    data=st.data(),
)
@few
def test_a_server_and_what_stands_around_it(
    said: dict[str, Any], storage: str | None, around: list[str], probes: int | None, data: st.DataObject
) -> None:
    chosen = {name: data.draw(AROUND[name][1], label=name) for name in around}
    if "non_root" in said or ("fast_start" in said and storage == "throw-away"):
        storage = None

    def build(chart: cdk8s.Chart) -> None:
        server_options = {"image": IMAGE, **said}
        if server_options.pop("drop_cache", False):
            server_options["drop_cache"] = v.DropCacheWrapper(chart, "wrapper")
        if probes is not None:
            server_options["probes"] = v.SlowStartProbes(chart, "probes", max_startup_seconds=probes)
        if storage is not None:
            server_options["storage"] = STORAGES[storage](chart)
        server = v.VllmServer(chart, "server", model=random_options.MODEL, **server_options)
        for name, options in chosen.items():
            AROUND[name][0](chart, name.lower(), server=server, **options)

    text, found = documents(build)
    minors = since("1.34") if "device_claims" in said else None
    assert_sound(found, external_claims=random_options.EXTERNAL_CLAIMS, minors=minors)
    assert_references_lead_somewhere(found)
    assert documents(build)[0] == text


@given(
    kind=st.sampled_from(["MultiNodeVllmServer", "RayVllmServer"]),
    nodes=st.integers(2, 4),
    storage=st.sampled_from(["new", "nfs", "there"]),
    around=st.lists(
        st.sampled_from(sorted(AROUND.keys() - {"QueueAutoscaler", "PodDisruptionBudget"})), max_size=3, unique=True
    ),
    data=st.data(),
)
@few
def test_a_server_of_several_nodes_and_what_stands_around_it(
    kind: str, nodes: int, storage: str, around: list[str], data: st.DataObject
) -> None:
    chosen = {name: data.draw(AROUND[name][1], label=name) for name in around}

    def build(chart: cdk8s.Chart) -> None:
        made = getattr(v, kind)(
            chart,
            "server",
            model=random_options.MODEL,
            image=IMAGE,
            nodes=nodes,
            gpus=4,
            storage=STORAGES[storage](chart),
        )
        for name, options in chosen.items():
            AROUND[name][0](chart, name.lower(), server=made, **options)

    _, found = documents(build)
    assert_sound(found, external_claims=random_options.EXTERNAL_CLAIMS)
    assert_references_lead_somewhere(found)


POOLS = st.builds(v.Pool, replicas=st.integers(1, 3), gpus=st.sampled_from([1, 2]))


@given(
    prefill=POOLS,
    decode=POOLS,
    connector=st.sampled_from([None, v.Nixl(), v.Nixl(port=5700), v.SharedFiles(claim="kv")]),
    proxy=st.sampled_from([None, v.PairProxy(timeout_seconds=60), v.RoutingSidecar()]),
    said=st.fixed_dictionaries(
        {}, optional={name: random_options.FREE[name] for name in ("pod_labels", "tolerations", "env")}
    ),
)
@few
def test_a_pair(prefill: v.Pool, decode: v.Pool, connector: Any, proxy: Any, said: dict[str, Any]) -> None:
    def build(chart: cdk8s.Chart) -> None:
        v.DisaggregatedServer(
            chart, "pair", model=random_options.MODEL, image=IMAGE, prefill=prefill, decode=decode, connector=connector,
            proxy=None if isinstance(connector, v.SharedFiles) else proxy, storage=STORAGES["nfs"](chart), **said,
        )  # fmt: skip

    _, found = documents(build)
    assert_sound(found, external_claims=random_options.EXTERNAL_CLAIMS, minors=since("1.29"))


@given(
    models=st.lists(
        st.sampled_from(["Qwen/Qwen3-8B", v.HubModel(model="org/x", revision="main", allow=["*.json"])]),
        min_size=1, max_size=2, unique_by=str,
    ),
    storage=st.sampled_from(sorted(STORAGES.keys() - {"throw-away"})),
    said=optional(
        hf_token=random_options.SECRETS, env=random_options.ENV, retries=st.integers(0, 20),
        deadline_seconds=st.integers(60, 86400), node_selector=random_options.LABELS,
        tolerations=random_options.TOLERATIONS, labels=random_options.LABELS, annotations=random_options.ANNOTATIONS,
    ),
    template=random_options.WORDS,
    devices=st.sampled_from([{"device_class": "gpu.nvidia.com", "count": 2}, {"mig": "3g.40gb"}]),
    level=st.sampled_from(["PrivilegedNamespace", "RestrictedNamespace"]),
    labels=random_options.LABELS,
)  # fmt: skip
@few
def test_what_stands_alone(
    models: Any, storage: str, said: Any, template: str, devices: Any, level: str, labels: dict[str, str]
) -> None:
    def build(chart: cdk8s.Chart) -> None:
        v.ModelDownload(chart, "download", models=models, storage=STORAGES[storage](chart), image=IMAGE, **said)
        v.ChatTemplate(chart, "template", text=f"{{{{ messages }}}}{template}", labels=labels)
        v.DeviceClaimTemplate(chart, "devices", labels=labels, **devices)
        getattr(v, level)(cdk8s.Chart(chart, "space"), "namespace", name="other", labels=labels)

    text, found = documents(build)
    assert_sound(found, external_claims=random_options.EXTERNAL_CLAIMS, minors=since("1.34"))
    assert documents(build)[0] == text
