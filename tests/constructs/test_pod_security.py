"""What lets privileged pods into a namespace: both of Kubernetes' generations, and the check across the app."""

from collections.abc import Callable
from typing import Any

import cdk8s
import cdk8s_plus_27 as kplus
import pytest
from cdk8s_plus_27 import k8s
from syrupy.assertion import SnapshotAssertion

from tests.synthesis import PLAIN, assert_golden, documents, new_chart, the, to_yaml
from vllm_cdk8s import (
    ConflictError,
    DropCacheWrapper,
    InvalidOptionError,
    NonRoot,
    PrivilegedNamespace,
    PrivilegedPodSecurityPolicy,
    RestrictedNamespace,
    VllmServer,
)

ENFORCE = "pod-security.kubernetes.io/enforce"
RUN_AS_ANY = {"rule": "RunAsAny"}


# Kubernetes 1.25 and newer: labels


def test_a_privileged_namespace_is_the_charts_field_by_field() -> None:
    chart = new_chart()
    namespace = PrivilegedNamespace(chart, "namespace", name="vllm-namespace")
    assert namespace.name == "vllm-namespace"
    document = the(chart, "Namespace")
    # kplus writes it, and it says nothing.
    assert document.pop("spec") == {}
    assert document == {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {
            "name": "vllm-namespace",
            "labels": {
                "pod-security.kubernetes.io/enforce": "privileged",
                "pod-security.kubernetes.io/audit": "privileged",
                "pod-security.kubernetes.io/warn": "privileged",
            },
        },
    }


def test_a_namespace_lives_in_no_namespace_and_keeps_labels_of_the_users_own() -> None:
    chart = new_chart(namespace="bench")
    PrivilegedNamespace(chart, "namespace", name="bench", labels={"team": "llm"})
    metadata = the(chart, "Namespace")["metadata"]
    assert "namespace" not in metadata
    assert metadata["labels"]["team"] == "llm"
    assert metadata["labels"][ENFORCE] == "privileged"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"name": "Bench"}, "name: 'Bench' is not a DNS label"),
        ({"name": "x" * 64}, f"name: {'x' * 64!r} is 64 characters long; allowed: 63"),
        ({"labels": {"a b": "c"}}, "labels: 'a b' is not a qualified name"),
        ({"labels": {ENFORCE: "baseline"}}, f"labels[{ENFORCE!r}]: 'baseline' contradicts the 'privileged' of"),
    ],
)
def test_a_namespace_that_cannot_be_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises((InvalidOptionError, ConflictError)) as caught:
        PrivilegedNamespace(new_chart(), "namespace", **options)
    assert caught.value.lines[0].startswith(message)


def test_two_namespaces_of_one_name_are_refused() -> None:
    chart = new_chart()
    PrivilegedNamespace(chart, "a", name="bench")
    with pytest.raises(ConflictError, match=r"^name: 'bench' is the name of two Namespaces: llm/a and llm/b"):
        PrivilegedNamespace(chart, "b", name="bench")


# Kubernetes 1.21 to 1.24: a policy, the role that may use it, its binding


def test_a_policy_is_the_charts_three_documents_field_by_field() -> None:
    chart = new_chart()
    PrivilegedPodSecurityPolicy(chart, "policy", service_account="my-account", namespace="my-namespace")
    assert documents(chart) == [
        {
            "apiVersion": "policy/v1beta1",
            "kind": "PodSecurityPolicy",
            "metadata": {"name": "vllm-privileged"},
            "spec": {
                "privileged": True,
                "hostPID": True,
                "allowPrivilegeEscalation": True,
                "allowedCapabilities": ["*"],
                "volumes": ["*"],
                "runAsUser": RUN_AS_ANY,
                "seLinux": RUN_AS_ANY,
                "supplementalGroups": RUN_AS_ANY,
                "fsGroup": RUN_AS_ANY,
            },
        },
        {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "ClusterRole",
            "metadata": {"name": "vllm-privileged-psp"},
            "rules": [
                {
                    "apiGroups": ["policy"],
                    "resources": ["podsecuritypolicies"],
                    "verbs": ["use"],
                    "resourceNames": ["vllm-privileged"],
                }
            ],
        },
        {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "ClusterRoleBinding",
            "metadata": {"name": "vllm-privileged-psp"},
            "roleRef": {
                "kind": "ClusterRole",
                "name": "vllm-privileged-psp",
                "apiGroup": "rbac.authorization.k8s.io",
            },
            "subjects": [{"kind": "ServiceAccount", "name": "my-account", "namespace": "my-namespace"}],
        },
    ]


def test_a_policy_for_a_servers_account_knows_its_name_and_namespace() -> None:
    chart = new_chart(namespace="bench")
    server = VllmServer(chart, "server", drop_cache=DropCacheWrapper(chart, "drop-cache"), **PLAIN)
    PrivilegedPodSecurityPolicy(chart, "policy", service_account=server.service_account)
    [subject] = the(chart, "ClusterRoleBinding")["subjects"]
    assert subject == {
        "kind": "ServiceAccount",
        "name": the(chart, "ServiceAccount")["metadata"]["name"],
        "namespace": "bench",
    }
    assert the(chart, "Deployment")["spec"]["template"]["spec"]["serviceAccountName"] == subject["name"]
    for kind in ("PodSecurityPolicy", "ClusterRole", "ClusterRoleBinding"):
        assert "namespace" not in the(chart, kind)["metadata"]


def test_a_policy_of_another_name_renames_all_three() -> None:
    chart = new_chart(namespace="bench")
    PrivilegedPodSecurityPolicy(chart, "policy", service_account="a", name="llm")
    assert [document["metadata"]["name"] for document in documents(chart)] == ["llm", "llm-psp", "llm-psp"]
    assert the(chart, "ClusterRole")["rules"][0]["resourceNames"] == ["llm"]
    assert the(chart, "ClusterRoleBinding")["roleRef"]["name"] == "llm-psp"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"service_account": "a"}, "namespace: None is not a namespace, and the chart has none either"),
        (
            {"service_account": None, "namespace": "n"},
            "service_account: None is not a ServiceAccount; allowed: a name, or",
        ),
        ({"service_account": "A b", "namespace": "n"}, "service_account: 'A b' is not a Kubernetes object name"),
        ({"service_account": "a", "namespace": "N"}, "namespace: 'N' is not a DNS label"),
        ({"service_account": "a", "namespace": "n", "name": "x" * 60}, f"name: {'x' * 60!r} is 60 characters long"),
    ],
)
def test_a_policy_that_cannot_be_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidOptionError) as caught:
        PrivilegedPodSecurityPolicy(new_chart(), "policy", **options)
    assert caught.value.lines[0].startswith(message)


def test_two_policies_of_one_name_are_refused() -> None:
    chart = new_chart(namespace="bench")
    PrivilegedPodSecurityPolicy(chart, "a", service_account="a")
    with pytest.raises(ConflictError, match="'vllm-privileged' is the name of two PodSecurityPolicys"):
        PrivilegedPodSecurityPolicy(chart, "b", service_account="b")


# A server that drops caches in a namespace of the same app


def kplus_namespace(chart: cdk8s.Chart, labels: dict[str, str]) -> None:
    kplus.Namespace(chart, "namespace", metadata=cdk8s.ApiObjectMetadata(name="bench", labels=labels))


def typed_namespace(chart: cdk8s.Chart, labels: dict[str, str]) -> None:
    k8s.KubeNamespace(chart, "namespace", metadata=k8s.ObjectMeta(name="bench", labels=labels))


def plain_namespace(chart: cdk8s.Chart, labels: dict[str, str]) -> None:
    metadata = cdk8s.ApiObjectMetadata(name="bench", labels=labels)
    cdk8s.ApiObject(chart, "namespace", api_version="v1", kind="Namespace", metadata=metadata)


NamespaceMaker = Callable[[cdk8s.Chart, dict[str, str]], None]
MAKERS: list[NamespaceMaker] = [kplus_namespace, typed_namespace, plain_namespace]


def app_with(make: NamespaceMaker, labels: dict[str, str], *, first: bool) -> cdk8s.Chart:
    app = cdk8s.App()
    cluster = cdk8s.Chart(app, "cluster")
    if first:
        make(cluster, labels)
    chart = cdk8s.Chart(app, "llm", namespace="bench")
    for name in ("a", "b"):
        VllmServer(chart, name, drop_cache=DropCacheWrapper(chart, f"drop-{name}"), **PLAIN)
    if not first:
        make(cluster, labels)
    return chart


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize("labels", [{}, {ENFORCE: "baseline"}], ids=["unlabelled", "baseline"])
@pytest.mark.parametrize("first", [True, False])
def test_it_does_not_synthesize_in_a_namespace_without_the_label(
    make: NamespaceMaker, labels: dict[str, str], first: bool
) -> None:
    chart = app_with(make, labels, first=first)
    with pytest.raises(RuntimeError) as caught:
        to_yaml(chart)
    for server in ("llm/a", "llm/b"):
        assert f"drop_cache: server {server} needs privileged pods, but namespace 'bench' (cluster/namespace" in str(
            caught.value
        )
    assert "declare it as a PrivilegedNamespace" in str(caught.value)


@pytest.mark.parametrize("make", MAKERS)
def test_it_synthesizes_in_a_namespace_with_the_label(make: NamespaceMaker) -> None:
    assert "hostPID: true" in to_yaml(app_with(make, {ENFORCE: "privileged"}, first=False))


def test_a_label_that_comes_by_a_patch_counts() -> None:
    chart = app_with(plain_namespace, {"team": "llm"}, first=True)
    with pytest.raises(RuntimeError, match="needs privileged pods"):
        to_yaml(chart)
    namespace = chart.node.root.node.find_child("cluster").node.find_child("namespace")
    assert isinstance(namespace, cdk8s.ApiObject)
    namespace.add_json_patch(cdk8s.JsonPatch.add(f"/metadata/labels/{ENFORCE.replace('/', '~1')}", "privileged"))
    assert "hostPID: true" in to_yaml(chart)


def test_it_synthesizes_where_the_app_does_not_declare_the_namespace() -> None:
    chart = new_chart(namespace="somebody-elses")
    VllmServer(chart, "server", drop_cache=DropCacheWrapper(chart, "drop-cache"), **PLAIN)
    assert "hostPID: true" in to_yaml(chart)


def test_a_server_without_it_is_at_home_in_any_namespace() -> None:
    app = cdk8s.App()
    kplus_namespace(cdk8s.Chart(app, "cluster"), {})
    chart = cdk8s.Chart(app, "llm", namespace="bench")
    VllmServer(chart, "server", **PLAIN)
    assert "kind: Deployment" in to_yaml(chart)


def test_both_generations_in_one_golden_file(snapshot: SnapshotAssertion) -> None:
    chart = new_chart("bench", namespace="bench")
    PrivilegedNamespace(chart, "namespace", name="bench")
    server = VllmServer(chart, "server", name="bench", drop_cache=DropCacheWrapper(chart, "drop-cache"), **PLAIN)
    PrivilegedPodSecurityPolicy(chart, "policy", service_account=server.service_account)
    assert_golden(chart, snapshot)


def in_namespace(labels: dict[str, str], **options: Any) -> cdk8s.App:
    app = cdk8s.App()
    chart = cdk8s.Chart(app, "llm", namespace="tight")
    kplus.Namespace(chart, "namespace", metadata=cdk8s.ApiObjectMetadata(name="tight", labels=labels))
    VllmServer(chart, "server", name="server", **{**PLAIN, **options})
    return app


@pytest.mark.parametrize(
    ("enforced", "options", "refused"),
    [
        ("restricted", {}, "are baseline, but namespace 'tight' .* enforces restricted; allowed: non_root=NonRoot"),
        ("baseline", {"security_context": {"privileged": True}}, "are privileged, but namespace 'tight' .* baseline"),
        ("restricted", {"non_root": NonRoot()}, None),
        ("baseline", {}, None),
        ("privileged", {"security_context": {"privileged": True}}, None),
    ],
)
def test_a_server_that_its_namespace_would_refuse_does_not_synthesize(
    enforced: str, options: dict[str, Any], refused: str | None
) -> None:
    app = in_namespace({"pod-security.kubernetes.io/enforce": enforced}, **options)
    if refused is None:
        assert "kind: Deployment" in app.synth_yaml()
    else:
        with pytest.raises(RuntimeError, match=f"pod_security_level: the pods of server llm/server {refused}"):
            app.synth_yaml()


def test_a_namespace_without_a_level_leaves_it_to_the_cluster() -> None:
    assert "kind: Deployment" in in_namespace({}).synth_yaml()


def test_a_restricted_namespace_carries_three_labels_and_refuses_a_server_of_no_name() -> None:
    app = cdk8s.App()
    tight = RestrictedNamespace(cdk8s.Chart(app, "namespaces"), "tight", name="tight")
    VllmServer(cdk8s.Chart(app, "llm", namespace=tight.name), "server", **PLAIN)
    labels = cdk8s.ApiObject.of(tight.namespace).to_json()["metadata"]["labels"]
    assert labels == {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "audit", "warn")}
    with pytest.raises(RuntimeError, match="the pods of server llm/server are baseline"):
        app.synth_yaml()
