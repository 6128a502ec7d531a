"""Whatever else is said is refused by code and option, and leaves everything as it was; or it is right after all."""

import inspect
import re
import string
from typing import Any

import cdk8s
import pytest
from constructs import Construct
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import vllm_cdk8s as v
from tests.kubernetes_schemas import since
from tests.properties import ALWAYS_THE_SAME, TIMES
from tests.properties import options as random_options
from tests.properties.invariants import CONTROL, assert_sound
from tests.synthesis import MODEL
from vllm_cdk8s.core.errors import Collector
from vllm_cdk8s.core.kube.names import fixed_names
from vllm_cdk8s.core.server.deployment import DeploymentShape
from vllm_cdk8s.core.server.options import ServerOptions
from vllm_cdk8s.core.server.plan import ServerInput, check_options, plan_server

pytestmark = pytest.mark.filterwarnings("ignore::vllm_cdk8s.VllmCdk8sWarning")
OPTIONS = sorted(ServerOptions.__annotations__)
NAMES = fixed_names("server")

# Numbers, words, keys of Kubernetes and characters that no file can carry, in any shape.
WORDS = st.sampled_from(
    ["name", "key", "value", "operator", "image", "command", "emptyDir", "mountPath", "containerPort", "ports", "env",
     "nvidia.com/gpu", "cpu", "memory", "a b", "../x", "/", "-", "10Gi", "-1", "1e400", "0x10", "$(A)", "é"]
)  # fmt: skip
ATOMS = (
    st.none() | st.booleans() | st.integers(-(2**40), 2**70) | st.floats() | WORDS
    | st.text(st.characters(exclude_categories=[]), max_size=5) | st.text(string.printable, max_size=70)
    | st.binary(max_size=3) | st.builds(object)
)  # fmt: skip
JUNK = st.recursive(
    ATOMS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS | st.integers(0, 3), inner, max_size=3)
    | st.tuples(inner) | st.frozensets(st.integers(), max_size=2),
    max_leaves=6,
)  # fmt: skip


def assert_refused_well(error: v.VllmCdk8sError) -> None:
    assert error.problems
    for problem in error.problems:
        assert re.fullmatch(r"VC\d{3}", problem.rule.code)
        assert problem.option, str(problem)
        assert CONTROL.search(problem.line()) is None, problem.line()


@given(
    said=random_options.server_options(most=3),
    junk=st.dictionaries(st.sampled_from(OPTIONS), JUNK, min_size=1, max_size=2),
)
@settings(max_examples=150 * TIMES, derandomize=ALWAYS_THE_SAME, suppress_health_check=list(HealthCheck))
def test_any_value_of_any_option(said: dict[str, Any], junk: dict[str, Any]) -> None:
    try:
        with Collector() as found:
            options = check_options({"image": random_options.IMAGES[0], **said, **junk}, OPTIONS, found=found)
        given_ = ServerInput(
            model=MODEL, said=options, shape=DeploymentShape(own_claim=True), names=NAMES, path=lambda: "llm/server"
        )
        plan = plan_server(given_)
    except v.VllmCdk8sError as error:
        assert_refused_well(error)
        return
    minors = since("1.34") if "device_claims" in options else None
    assert_sound(
        [manifest.wire("llm") for manifest in plan.manifests()],
        external_claims=random_options.EXTERNAL_CLAIMS,
        minors=minors,
    )


# What each construct needs besides its place; the rest of what its signature names is drawn.
NEEDED: dict[str, dict[str, Any]] = {
    "Alerts": {"server": ...},
    "ChatTemplate": {"text": "{{ messages }}"},
    "Dashboard": {"server": ...},
    "DeviceClaimTemplate": {"device_class": "gpu.nvidia.com"},
    "DisaggregatedServer": {"model": MODEL, "prefill": v.Pool(gpus=1), "decode": v.Pool(gpus=1)},
    "EndpointPicker": {"server": ...},
    "HTTPRoute": {"gateways": ["gateway"], "backends": [...]},
    "HttpAutoscaler": {"server": ..., "hosts": ["llm.example.com"], "max_replicas": 4},
    "InferencePool": {"server": ..., "endpoint_picker": "picker"},
    "ModelDownload": {"models": ["Qwen/Qwen3-8B"], "storage": ...},
    "ModelStorage": {},
    "MultiNodeVllmServer": {"model": MODEL, "nodes": 2, "gpus": 1, "storage": ...},
    "NodeModelCache": {"models": ["Qwen/Qwen3-8B"]},
    "PodDisruptionBudget": {"server": ...},
    "PodMonitor": {"server": ...},
    "PrivilegedNamespace": {"name": "other"},
    "PrivilegedPodSecurityPolicy": {"service_account": "account"},
    "QueueAutoscaler": {"server": ..., "prometheus_address": "http://prometheus:9090", "max_replicas": 4},
    "RayVllmServer": {"model": MODEL, "nodes": 2, "gpus": 1, "storage": ...},
    "Router": {"servers": [...]},
    "RestrictedNamespace": {"name": "other"},
    "ServerNetworkPolicy": {"server": ..., "clients": ["web"]},
    "ServiceMonitor": {"server": ...},
    "SlowStartProbes": {},
    "SmokeTest": {"server": ...},
    "VllmServer": {"model": MODEL, "gpus": 1},
}  # fmt: skip


def test_every_public_construct_is_among_them() -> None:
    others = {"DropCacheWrapper", "ManualProbes", "VllmChart"}  # say nothing, or probes and values, which have tests
    public = {name for name in v.__all__ if isinstance(made := getattr(v, name), type) and issubclass(made, Construct)}
    assert public - others == NEEDED.keys()


class Tree:
    """A chart with a server in it, and what it looked like."""

    def __init__(self) -> None:
        self.chart = cdk8s.Chart(cdk8s.App(), "llm", namespace="llm")
        self.storage = v.ModelStorage.nfs(self.chart, "models", server="nfs", path="/models")
        image = random_options.IMAGES[0]
        self.server = v.VllmServer(self.chart, "server", model=MODEL, image=image, gpus=1, storage=self.storage)
        self.before = self.look()

    def look(self) -> list[str]:
        return [child.node.path for child in self.chart.node.find_all()]

    def needed(self, name: str) -> dict[str, Any]:
        def mine(option: str, value: Any) -> Any:
            if value == [...]:
                return [self.server]
            return value if value is not ... else self.storage if option == "storage" else self.server

        return {option: mine(option, value) for option, value in NEEDED[name].items()}


@pytest.mark.parametrize("name", sorted(NEEDED))
def test_a_refused_construct_leaves_its_tree_as_it_was(name: str) -> None:
    made = getattr(v, name)
    options = sorted(inspect.signature(made.__init__).parameters.keys() - {"self", "scope", "id"})
    refused: list[dict[str, Any]] = []
    tree = Tree()

    @given(junk=st.dictionaries(st.sampled_from(options), JUNK, min_size=1, max_size=2))
    @settings(
        max_examples=20 * TIMES, derandomize=ALWAYS_THE_SAME, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    def attempt(junk: dict[str, Any]) -> None:
        nonlocal tree
        try:
            made(tree.chart, "it", **{**tree.needed(name), **junk})
        except v.VllmCdk8sError as error:
            assert_refused_well(error)
            assert tree.look() == tree.before
            refused.append(junk)
        else:
            tree = Tree()

    attempt()
    assert refused
    # Where all of these were refused, what is right still stands.
    tree = Tree()
    for junk in refused:
        with pytest.raises(v.VllmCdk8sError):
            made(tree.chart, "it", **{**tree.needed(name), **junk})
    made(tree.chart, "it", **tree.needed(name))
