"""ModelStorage: each kind in YAML, who may share it, and what is refused."""

from collections.abc import Callable
from typing import Any

import cdk8s
import cdk8s_plus_27 as kplus
import pytest
from cdk8s_plus_27 import k8s
from syrupy.assertion import SnapshotAssertion

from tests.kubernetes_schemas import assert_valid, since
from tests.synthesis import PLAIN, assert_golden, documents, new_chart, of_kind, pod_spec, the, vllm_container
from vllm_cdk8s import (
    ConflictError,
    HubModel,
    InitDownload,
    InvalidOptionError,
    ModelDownload,
    ModelStorage,
    NonRoot,
    VllmCdk8sWarning,
    VllmServer,
)

HOSTNAME = "kubernetes.io/hostname"


def model_volume(chart: cdk8s.Chart) -> dict[str, Any]:
    [volume] = [volume for volume in pod_spec(chart)["volumes"] if volume["name"] == "model-storage"]
    return {key: value for key, value in volume.items() if key != "name"}


# A new claim


def test_a_storage_of_nothing_but_an_id_is_50_gib_for_one_node() -> None:
    chart = new_chart()
    storage = ModelStorage(chart, "models")
    VllmServer(chart, "server", storage=storage, **PLAIN)
    claim = the(chart, "PersistentVolumeClaim")
    assert claim["spec"] == {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "50Gi"}}}
    assert model_volume(chart) == {"persistentVolumeClaim": {"claimName": claim["metadata"]["name"]}}
    assert vllm_container(chart)["volumeMounts"] == [{"name": "model-storage", "mountPath": "/root/.cache"}]
    assert storage.claim_name == claim["metadata"]["name"]
    assert storage.access_mode == "ReadWriteOnce"
    assert storage.node_name is None


def test_a_claim_says_what_it_is_told() -> None:
    chart = new_chart(namespace="llm")
    ModelStorage(
        chart,
        "models",
        size=cdk8s.Size.tebibytes(1),
        storage_class="fast",
        access_mode=kplus.PersistentVolumeAccessMode.READ_WRITE_MANY,
        name="models",
        labels={"team": "llm"},
        annotations={"backup": "no"},
    )
    assert the(chart, "PersistentVolumeClaim") == {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {
            "name": "models",
            "namespace": "llm",
            "labels": {"team": "llm"},
            "annotations": {"backup": "no"},
        },
        "spec": {
            "accessModes": ["ReadWriteMany"],
            "storageClassName": "fast",
            "resources": {"requests": {"storage": "1024Gi"}},
        },
    }


def test_an_empty_storage_class_asks_for_no_provisioner() -> None:
    chart = new_chart()
    ModelStorage(chart, "models", storage_class="")
    assert the(chart, "PersistentVolumeClaim")["spec"]["storageClassName"] == ""


@pytest.mark.parametrize(
    ("size", "quantity"),
    [
        ("200Gi", "200Gi"),
        ("1.5Ti", "1.5Ti"),
        ("53687091200", "53687091200"),
        (cdk8s.Size.gibibytes(50), "50Gi"),
        # kplus's own claim fails on this one.
        (cdk8s.Size.mebibytes(1500), "1500Mi"),
        (cdk8s.Size.kibibytes(1025), "1025Ki"),
        (cdk8s.Size.tebibytes(2), "2048Gi"),
    ],
)
def test_a_size_is_a_quantity_or_a_size_of_any_unit(size: cdk8s.Size | str, quantity: str) -> None:
    chart = new_chart()
    ModelStorage(chart, "models", size=size)
    assert the(chart, "PersistentVolumeClaim")["spec"]["resources"]["requests"]["storage"] == quantity


def test_caches_follow_the_mount_path() -> None:
    chart = new_chart()
    VllmServer(chart, "server", storage=ModelStorage(chart, "models", mount_path="/models"), **PLAIN)
    env = {variable["name"]: variable["value"] for variable in vllm_container(chart)["env"]}
    assert env["HF_HOME"] == "/models/huggingface"
    assert {value.split("/")[1] for value in env.values()} == {"models"}


# A claim that is there already


def test_a_claim_by_name_makes_no_object() -> None:
    chart = new_chart()
    storage = ModelStorage.from_claim(chart, "models", "my-existing-pvc")
    VllmServer(chart, "server", storage=storage, **PLAIN)
    assert of_kind(chart, "PersistentVolumeClaim") == []
    assert model_volume(chart) == {"persistentVolumeClaim": {"claimName": "my-existing-pvc"}}


def kplus_claim(chart: cdk8s.Chart) -> Any:
    return kplus.PersistentVolumeClaim(
        chart,
        "claim",
        access_modes=[kplus.PersistentVolumeAccessMode.READ_WRITE_ONCE],
        storage=cdk8s.Size.gibibytes(10),
    )


def imported_claim(chart: cdk8s.Chart) -> Any:
    return kplus.PersistentVolumeClaim.from_claim_name(chart, "claim", "theirs")


def typed_claim(chart: cdk8s.Chart) -> Any:
    return k8s.KubePersistentVolumeClaim(chart, "claim", spec=k8s.PersistentVolumeClaimSpec(access_modes=["RWX"]))


@pytest.mark.parametrize("make", [kplus_claim, imported_claim, typed_claim])
def test_any_claim_construct_is_accepted(make: Callable[[cdk8s.Chart], Any]) -> None:
    chart = new_chart()
    claim = make(chart)
    storage = ModelStorage.from_claim(chart, "models", claim)
    VllmServer(chart, "server", storage=storage, **PLAIN)
    assert model_volume(chart) == {"persistentVolumeClaim": {"claimName": claim.name}}
    assert storage.claim is claim


def test_the_claim_of_a_storage_is_there_for_kplus() -> None:
    chart = new_chart()
    storage = ModelStorage(chart, "models", name="models")
    claim = storage.claim
    assert claim is not None
    assert claim.name == "models"
    assert storage.claim is claim


def test_a_storage_without_a_claim_has_none_for_kplus_either() -> None:
    assert ModelStorage.none(new_chart(), "none").claim is None


def test_a_claim_of_this_app_says_itself_how_many_nodes_it_allows() -> None:
    chart = new_chart()
    storage = ModelStorage.from_claim(chart, "models", kplus_claim(chart))
    assert storage.access_mode == "ReadWriteOnce"
    with pytest.warns(VllmCdk8sWarning, match="ReadWriteOnce claim with 2 replicas"):
        VllmServer(chart, "server", storage=storage, replicas=2, **PLAIN)


# A folder of one node: the chart's three manual steps in one call


def test_one_call_makes_the_charts_hostpath_volume_field_by_field() -> None:
    chart = new_chart()
    storage = ModelStorage.host_path(
        chart, "models", path="/data/vllm-models", node="your-node-name", volume_name="vllm-models-pv", name="models"
    )
    VllmServer(chart, "server", storage=storage, **PLAIN)
    assert the(chart, "PersistentVolume") == {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": "vllm-models-pv", "labels": {"type": "local", "app": "vllm"}},
        "spec": {
            "capacity": {"storage": "50Gi"},
            "accessModes": ["ReadWriteOnce"],
            "persistentVolumeReclaimPolicy": "Retain",
            "storageClassName": "vllm-hostpath",
            "hostPath": {"path": "/data/vllm-models", "type": "DirectoryOrCreate"},
            "nodeAffinity": {
                "required": {
                    "nodeSelectorTerms": [
                        {"matchExpressions": [{"key": HOSTNAME, "operator": "In", "values": ["your-node-name"]}]}
                    ]
                }
            },
        },
    }
    # The second step: a claim of the same class, size and mode, bound to that volume and no other.
    assert the(chart, "PersistentVolumeClaim")["spec"] == {
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": "50Gi"}},
        "storageClassName": "vllm-hostpath",
        "volumeName": "vllm-models-pv",
    }
    assert model_volume(chart) == {"persistentVolumeClaim": {"claimName": "models"}}
    # The third: pods on the same node.
    assert pod_spec(chart)["nodeSelector"] == {HOSTNAME: "your-node-name"}


def test_a_hostpath_volume_lives_in_no_namespace_but_its_claim_does() -> None:
    chart = new_chart(namespace="llm")
    ModelStorage.host_path(chart, "models", path="/data", node="n1")
    volume, claim = the(chart, "PersistentVolume"), the(chart, "PersistentVolumeClaim")
    assert "namespace" not in volume["metadata"]
    assert claim["metadata"]["namespace"] == "llm"
    assert claim["spec"]["volumeName"] == volume["metadata"]["name"]


def test_two_unnamed_hostpath_storages_do_not_meet() -> None:
    chart = new_chart()
    for name in ("a", "b"):
        ModelStorage.host_path(chart, name, path=f"/data/{name}", node="n1")
    assert len({document["metadata"]["name"] for document in documents(chart)}) == 4


def test_the_pin_joins_the_users_node_selector() -> None:
    chart = new_chart()
    storage = ModelStorage.host_path(chart, "models", path="/data", node="n1")
    VllmServer(chart, "server", storage=storage, node_selector={"gpu": "h100", HOSTNAME: "n1"}, **PLAIN)
    assert pod_spec(chart)["nodeSelector"] == {"gpu": "h100", HOSTNAME: "n1"}


@pytest.mark.parametrize("kind", ["host_path", "direct_host_path"])
def test_a_node_selector_for_another_node_is_refused(kind: str) -> None:
    chart = new_chart()
    storage = getattr(ModelStorage, kind)(chart, "models", path="/data", node="n1")
    with pytest.raises(
        ConflictError, match=r"^[^ ]+/[^ ]+: node_selector\['kubernetes.io/hostname'\]: 'n2' contradicts .* 'n1'"
    ):
        VllmServer(chart, "server", storage=storage, node_selector={HOSTNAME: "n2"}, **PLAIN)


def test_replicas_on_the_storages_own_node_are_no_cause_for_a_warning() -> None:
    chart = new_chart()
    storage = ModelStorage.host_path(chart, "models", path="/data", node="n1")
    VllmServer(chart, "a", storage=storage, replicas=2, **PLAIN)
    VllmServer(chart, "b", storage=storage, **PLAIN)


def test_a_direct_mount_has_neither_volume_nor_claim() -> None:
    chart = new_chart()
    storage = ModelStorage.direct_host_path(chart, "models", path="/data/vllm-models")
    VllmServer(chart, "server", storage=storage, **PLAIN)
    assert {document["kind"] for document in documents(chart)} == {"Deployment", "Service", "ServiceAccount"}
    assert model_volume(chart) == {"hostPath": {"path": "/data/vllm-models", "type": "DirectoryOrCreate"}}
    assert "nodeSelector" not in pod_spec(chart)


# Shared and throw-away storage


def test_nfs_is_for_many_nodes_and_warns_of_no_replicas() -> None:
    chart = new_chart(namespace="llm")
    storage = ModelStorage.nfs(
        chart, "models", server="nfs.example.com", path="/models", size="1Ti", mount_options=["nfsvers=4.1"]
    )
    VllmServer(chart, "server", storage=storage, replicas=4, **PLAIN)
    volume, claim = the(chart, "PersistentVolume"), the(chart, "PersistentVolumeClaim")
    assert volume["spec"] == {
        "capacity": {"storage": "1Ti"},
        "accessModes": ["ReadWriteMany"],
        "persistentVolumeReclaimPolicy": "Retain",
        "storageClassName": "",
        "mountOptions": ["nfsvers=4.1"],
        "nfs": {"server": "nfs.example.com", "path": "/models"},
    }
    assert "namespace" not in volume["metadata"]
    assert claim["spec"]["accessModes"] == ["ReadWriteMany"]
    assert claim["spec"]["storageClassName"] == ""
    assert claim["spec"]["volumeName"] == volume["metadata"]["name"]


@pytest.mark.parametrize(
    ("limit", "volume"),
    [(None, {"emptyDir": {}}), ("80Gi", {"emptyDir": {"sizeLimit": "80Gi"}})],
)
def test_none_is_an_empty_dir(limit: str | None, volume: dict[str, Any]) -> None:
    chart = new_chart()
    storage = ModelStorage.none(chart, "models", size_limit=limit, mount_path="/cache")
    VllmServer(chart, "server", storage=storage, replicas=3, **PLAIN)
    assert model_volume(chart) == volume
    assert vllm_container(chart)["volumeMounts"][0]["mountPath"] == "/cache"


def test_every_kind_in_one_golden_file(snapshot: SnapshotAssertion) -> None:
    chart = new_chart("kinds", namespace="llm")
    storages = {
        "claim": ModelStorage(chart, "claim-models", size="200Gi", storage_class="fast"),
        "theirs": ModelStorage.from_claim(chart, "theirs-models", "my-existing-pvc"),
        "node": ModelStorage.host_path(chart, "node-models", path="/data/vllm-models", node="gpu-1"),
        "direct": ModelStorage.direct_host_path(chart, "direct-models", path="/data/vllm-models", node="gpu-1"),
        "shared": ModelStorage.nfs(chart, "shared-models", server="nfs.example.com", path="/models"),
        "none": ModelStorage.none(chart, "none-models", size_limit="80Gi"),
    }
    for name, storage in storages.items():
        VllmServer(chart, name, storage=storage, **PLAIN)
    assert_golden(chart, snapshot)


# Who may share what


def test_replicas_on_a_claim_for_one_node_warn() -> None:
    chart = new_chart()
    with pytest.warns(VllmCdk8sWarning, match="^storage: a ReadWriteOnce claim with 2 replicas works only while all"):
        VllmServer(chart, "server", replicas=2, **PLAIN)


def test_two_servers_on_a_claim_for_one_node_warn() -> None:
    chart = new_chart()
    storage = ModelStorage(chart, "models")
    VllmServer(chart, "a", storage=storage, **PLAIN)
    with pytest.warns(VllmCdk8sWarning, match="^storage: 2 servers share a ReadWriteOnce claim"):
        VllmServer(chart, "b", storage=storage, **PLAIN)


def test_no_replicas_at_all_warn_of_nothing() -> None:
    chart = new_chart()
    VllmServer(chart, "server", replicas=0, **PLAIN)
    assert the(chart, "Deployment")["spec"]["replicas"] == 0


@pytest.mark.parametrize("replicas", [1, 2])
def test_a_claim_for_one_pod_is_refused_to_a_second(replicas: int) -> None:
    chart = new_chart()
    storage = ModelStorage(chart, "models", access_mode="ReadWriteOncePod")
    message = "storage: a ReadWriteOncePod claim can be mounted by one pod only"
    if replicas > 1:
        with pytest.raises(ConflictError, match=message):
            VllmServer(chart, "server", storage=storage, replicas=replicas, **PLAIN)
        return
    VllmServer(chart, "server", storage=storage, replicas=replicas, **PLAIN)
    with pytest.raises(ConflictError, match=message):
        VllmServer(chart, "second", storage=storage, **PLAIN)


def test_a_shared_claim_serves_two_charts_of_one_namespace() -> None:
    app = cdk8s.App()
    home, away = (cdk8s.Chart(app, name, namespace="llm") for name in ("home", "away"))
    storage = ModelStorage(home, "models", access_mode="ReadWriteMany")
    for chart in (home, away):
        VllmServer(chart, "server", storage=storage, **PLAIN)
    names = {
        deployment["spec"]["template"]["spec"]["volumes"][0]["persistentVolumeClaim"]["claimName"]
        for deployment in of_kind(home, "Deployment")
    }
    assert names == {storage.claim_name}


def test_a_claim_of_another_namespace_is_refused() -> None:
    app = cdk8s.App()
    home, away = (cdk8s.Chart(app, name, namespace=name) for name in ("home", "away"))
    storage = ModelStorage(home, "models", name="models")
    with pytest.raises(
        ConflictError, match=r"^away/server: storage: claim 'models' is in namespace 'home', .*away/server in 'away'"
    ):
        VllmServer(away, "server", storage=storage, **PLAIN)


def test_a_kplus_claim_of_another_namespace_is_refused() -> None:
    app = cdk8s.App()
    home, away = (cdk8s.Chart(app, name, namespace=name) for name in ("home", "away"))
    storage = ModelStorage.from_claim(away, "models", kplus_claim(home))
    with pytest.raises(ConflictError, match="is in namespace 'home'"):
        VllmServer(away, "server", storage=storage, **PLAIN)


def test_a_claim_by_name_is_wherever_its_server_is() -> None:
    app = cdk8s.App()
    home, away = (cdk8s.Chart(app, name, namespace=name) for name in ("home", "away"))
    storage = ModelStorage.from_claim(home, "models", "models")
    VllmServer(away, "server", storage=storage, **PLAIN)
    assert of_kind(away, "Deployment")[0]["metadata"]["namespace"] == "away"


def test_two_storages_of_one_name_are_refused() -> None:
    chart = new_chart()
    ModelStorage(chart, "a", name="models")
    with pytest.raises(
        ConflictError, match=r"^name: 'models' is the name of two PersistentVolumeClaims: llm/a and llm/b"
    ):
        ModelStorage(chart, "b", name="models")


def test_one_name_in_two_namespaces_is_two_claims_but_one_volume() -> None:
    app = cdk8s.App()
    first, second = (cdk8s.Chart(app, name, namespace=name) for name in ("first", "second"))
    options: dict[str, Any] = {"path": "/data", "node": "n1", "name": "models"}
    ModelStorage.host_path(first, "models", volume_name="models", **options)
    with pytest.raises(ConflictError, match="'models' is the name of two PersistentVolumes"):
        ModelStorage.host_path(second, "models", volume_name="models", **options)


def test_a_servers_own_claim_may_not_take_a_storages_name() -> None:
    chart = new_chart()
    ModelStorage(chart, "models", name="llama-pvc")
    with pytest.raises(ConflictError, match="'llama-pvc' is the name of two PersistentVolumeClaims"):
        VllmServer(chart, "server", name="llama", **PLAIN)


# What is refused

Make = Callable[[cdk8s.Chart], ModelStorage]
BAD: list[tuple[Make, str]] = [
    (lambda c: ModelStorage(c, "m", size="50 Gi"), "size: '50 Gi' is not a quantity"),
    (lambda c: ModelStorage(c, "m", size="50GB"), "size: '50GB' is not a quantity"),
    (lambda c: ModelStorage(c, "m", size="0Gi"), "size: '0Gi' is less than 1 MiB; allowed: a size such as '50Gi'"),
    (lambda c: ModelStorage(c, "m", size="50"), "size: '50' is less than 1 MiB; allowed: a size such as '50Gi'"),
    (lambda c: ModelStorage(c, "m", size="500m"), "size: '500m' is less than 1 MiB"),
    (lambda c: ModelStorage(c, "m", size=cdk8s.Size.gibibytes(0)), "size: '0Gi' is less than 1 MiB"),
    (lambda c: ModelStorage(c, "m", size=50.5), "size: 50.5 is not a quantity"),  # type: ignore[arg-type]
    (lambda c: ModelStorage(c, "m", size=True), "size: True is not a quantity"),  # type: ignore[arg-type]
    (lambda c: ModelStorage(c, "m", size=None), "size: None is not a quantity"),  # type: ignore[arg-type]
    (
        lambda c: ModelStorage(c, "m", access_mode="ReadWriteMay"),
        "access_mode: 'ReadWriteMay' is not an access mode; allowed: ReadWriteOnce, ReadOnlyMany, ReadWriteMany, Read",
    ),
    (
        lambda c: ModelStorage(c, "m", access_mode=kplus.PersistentVolumeAccessMode.READ_ONLY_MANY),
        "access_mode: 'ReadOnlyMany' makes a new claim that nothing can be downloaded to",
    ),
    (lambda c: ModelStorage(c, "m", name="Models"), "name: 'Models' is not a Kubernetes object name"),
    (lambda c: ModelStorage(c, "m", storage_class="Fast SSD"), "storage_class: 'Fast SSD' is not a Kubernetes object"),
    (lambda c: ModelStorage(c, "m", labels={"a": "b c"}), "labels['a']: 'b c' is not a label value"),
    (lambda c: ModelStorage(c, "m", mount_path="cache"), "mount_path: 'cache' is not an absolute path"),
    (lambda c: ModelStorage(c, "m", mount_path="/"), "mount_path: '/' cannot be mounted at"),
    (lambda c: ModelStorage.from_claim(c, "m", "My PVC"), "claim: 'My PVC' is not a Kubernetes object name"),
    (lambda c: ModelStorage.from_claim(c, "m", ""), "claim: '' is empty"),
    (lambda c: ModelStorage.from_claim(c, "m", 7), "claim: 7 is not a PersistentVolumeClaim"),  # type: ignore[arg-type]
    (lambda c: ModelStorage.from_claim(c, "m", kplus.Secret(c, "s")), "claim: <cdk8s_plus_27.Secret"),
    (lambda c: ModelStorage.host_path(c, "m", path="data", node="n"), "path: 'data' is not an absolute path"),
    (lambda c: ModelStorage.host_path(c, "m", path="/data", node=""), "node: '' is empty"),
    (lambda c: ModelStorage.host_path(c, "m", path="/data", node="a b"), "node: 'a b' is not a label value"),
    (lambda c: ModelStorage.host_path(c, "m", path="/d", node="n", volume_name="A"), "volume_name: 'A' is not"),
    (lambda c: ModelStorage.direct_host_path(c, "m", path="../x"), "path: '../x' is not an absolute path"),
    (lambda c: ModelStorage.nfs(c, "m", server=" ", path="/x"), "server: ' ' is empty"),
    (lambda c: ModelStorage.nfs(c, "m", server="s", path="x"), "path: 'x' is not an absolute path"),
    (
        lambda c: ModelStorage.nfs(c, "m", server="s", path="/x", mount_options="nfsvers=4.1"),
        "mount_options: 'nfsvers=4.1' is not a list",
    ),
    (lambda c: ModelStorage.none(c, "m", size_limit="much"), "size_limit: 'much' is not a quantity"),
]


@pytest.mark.parametrize(("make", "message"), BAD, ids=[message for _, message in BAD])
def test_a_storage_that_cannot_be_is_refused(make: Make, message: str) -> None:
    with pytest.raises(InvalidOptionError) as caught:
        make(new_chart())
    assert caught.value.lines[0].startswith(message)


# Images.

WEIGHTS = "registry.example.com/models/qwen@sha256:" + "a" * 64


def served_from_image(chart: cdk8s.Chart, **options: Any) -> VllmServer:
    storage = ModelStorage.image(chart, "weights", WEIGHTS)
    return VllmServer(chart, "llama", **{**PLAIN, "model": "/models/qwen", "storage": storage, **options})


def test_a_model_in_an_image_is_mounted_and_caches_go_elsewhere() -> None:
    chart = new_chart()
    served_from_image(chart, replicas=3)
    assert_valid(documents(chart), since("1.31"))
    spec = pod_spec(chart)
    [mount] = [each for each in vllm_container(chart)["volumeMounts"] if each["mountPath"] == "/models"]
    [volume] = [each for each in spec["volumes"] if each["name"] == mount["name"]]
    assert volume["image"] == {"reference": WEIGHTS}
    env = {each["name"]: each.get("value") for each in vllm_container(chart)["env"]}
    assert env["HF_HOME"] == "/root/.cache/huggingface"
    assert not [name for name, value in env.items() if str(value).startswith("/models")]
    assert of_kind(chart, "PersistentVolumeClaim") == []


def test_caches_beside_an_image_are_in_the_home_of_an_ordinary_user() -> None:
    chart = new_chart()
    served_from_image(chart, non_root=NonRoot())
    env = {each["name"]: each.get("value") for each in vllm_container(chart)["env"]}
    assert env["HF_HOME"] == "/home/vllm/.cache/huggingface"


def test_nothing_is_downloaded_to_an_image() -> None:
    chart = new_chart()
    with pytest.raises(ConflictError, match=r"download: the storage is an image.*VC340"):
        served_from_image(chart, download=InitDownload(models=[HubModel(model="Qwen/Qwen2.5-7B-Instruct")]))
    with pytest.raises(ConflictError, match=r"^storage: it is an image.*VC340"):
        ModelDownload(chart, "get", storage=ModelStorage.image(chart, "w", WEIGHTS), models=["Qwen/Qwen2.5-7B"],
                      image=PLAIN["image"])  # fmt: skip


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"reference": "oci://registry.example.com/m:1"}, r"^reference: .*without a scheme"),
        ({"reference": "registry/m :1"}, r"^reference: "),
        ({"reference": ""}, r"^reference: "),
        ({"pull_policy": "always"}, r"^pull_policy: 'always' .*'Always'"),
        ({"mount_path": "models"}, r"^mount_path: 'models' "),
    ],
)
def test_what_is_wrong_with_an_image_is_said(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidOptionError, match=message):
        ModelStorage.image(new_chart(), "weights", **{"reference": WEIGHTS, **options})
