"""Every control of the Pod Security Standards refuses what it is there to refuse, wherever it stands in a pod."""

import copy
from collections.abc import Callable
from typing import Any, cast

import pytest

from tests.kubernetes_schemas import assert_valid
from tests.pod_security_standards import BASELINE, RESTRICTED, Level, strictest_level, violations
from vllm_cdk8s.core.kube.pod_standards import pod_security_level

CONTAINERS = ("initContainers", "containers", "ephemeralContainers")

APPARMOR = "container.apparmor.security.beta.kubernetes.io"
HARDENED = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}


def plain() -> dict[str, Any]:
    """Give the least that a pod can say, in each kind of container."""
    return {"spec": {field: [{"name": field, "image": "a"}] for field in CONTAINERS}}


def hardened() -> dict[str, Any]:
    pod = plain()
    for field in CONTAINERS:
        pod["spec"][field][0]["securityContext"] = copy.deepcopy(HARDENED)
    pod["spec"]["securityContext"] = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
    return pod


def put(pod: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """Set a field: `spec.containers.0.securityContext.privileged`."""
    *parents, last = path.split(".")
    place: Any = pod
    for parent, child in zip(parents, [*parents[1:], last], strict=True):
        if isinstance(place, list):
            place = place[int(parent)]
        else:
            place = place.setdefault(parent, [{}] if child.isdigit() else {})
    place[last] = value
    return pod


# Control, field of each kind of container, a refused value, and one that is allowed there.
OF_CONTAINERS = [
    ("HostProcess", "securityContext.windowsOptions.hostProcess", True, False),
    ("Privileged Containers", "securityContext.privileged", True, False),
    ("Capabilities", "securityContext.capabilities.add", ["SYS_ADMIN"], ["NET_BIND_SERVICE", "CHOWN"]),
    ("Capabilities", "securityContext.capabilities.add", ["CHOWN", "IPC_LOCK"], []),
    ("Host Ports", "ports.0.hostPort", 8000, 0),
    ("Host Probes / Lifecycle Hooks", "livenessProbe.httpGet.host", "10.0.0.1", ""),
    ("Host Probes / Lifecycle Hooks", "readinessProbe.httpGet.host", "10.0.0.1", ""),
    ("Host Probes / Lifecycle Hooks", "startupProbe.httpGet.host", "10.0.0.1", ""),
    ("Host Probes / Lifecycle Hooks", "livenessProbe.tcpSocket.host", "10.0.0.1", ""),
    ("Host Probes / Lifecycle Hooks", "readinessProbe.tcpSocket.host", "10.0.0.1", ""),
    ("Host Probes / Lifecycle Hooks", "startupProbe.tcpSocket.host", "10.0.0.1", ""),
    ("Host Probes / Lifecycle Hooks", "lifecycle.postStart.httpGet.host", "10.0.0.1", ""),
    ("Host Probes / Lifecycle Hooks", "lifecycle.preStop.httpGet.host", "10.0.0.1", ""),
    ("Host Probes / Lifecycle Hooks", "lifecycle.postStart.tcpSocket.host", "10.0.0.1", ""),
    ("Host Probes / Lifecycle Hooks", "lifecycle.preStop.tcpSocket.host", "10.0.0.1", ""),
    ("AppArmor", "securityContext.appArmorProfile", {"type": "Unconfined"}, {"type": "RuntimeDefault"}),
    ("SELinux", "securityContext.seLinuxOptions.type", "spc_t", "container_t"),
    ("SELinux", "securityContext.seLinuxOptions.user", "root", ""),
    ("SELinux", "securityContext.seLinuxOptions.role", "admin", ""),
    ("/proc Mount Type", "securityContext.procMount", "Unmasked", "Default"),
    ("Seccomp", "securityContext.seccompProfile", {"type": "Unconfined"}, {"type": "Localhost"}),
    ("Seccomp", "securityContext.seccompProfile", {}, {"type": "RuntimeDefault"}),
]
OF_PODS = [
    ("HostProcess", "spec.securityContext.windowsOptions.hostProcess", True, False),
    ("Host Namespaces", "spec.hostNetwork", True, False),
    ("Host Namespaces", "spec.hostPID", True, False),
    ("Host Namespaces", "spec.hostIPC", True, False),
    ("HostPath Volumes", "spec.volumes", [{"name": "a", "hostPath": {"path": "/"}}], [{"name": "a", "nfs": {}}]),
    ("AppArmor", "spec.securityContext.appArmorProfile", {"type": "Unconfined"}, {"type": "Localhost"}),
    ("AppArmor", "metadata.annotations", {f"{APPARMOR}/a": "unconfined"}, {}),
    (
        "AppArmor",
        "metadata.annotations",
        {f"{APPARMOR}/a": "other"},
        {
            f"{APPARMOR}/a": "localhost/profile",
            f"{APPARMOR}/b": "runtime/default",
            "note": "unconfined",
        },
    ),
    ("SELinux", "spec.securityContext.seLinuxOptions.type", "spc_t", "container_kvm_t"),
    ("SELinux", "spec.securityContext.seLinuxOptions.user", "root", ""),
    ("SELinux", "spec.securityContext.seLinuxOptions.role", "admin", ""),
    ("Seccomp", "spec.securityContext.seccompProfile", {"type": "Unconfined"}, {"type": "RuntimeDefault"}),
    (
        "Sysctls",
        "spec.securityContext.sysctls",
        [{"name": "kernel.msgmax", "value": "1"}],
        [{"name": "net.ipv4.tcp_syncookies", "value": "1"}],
    ),
]
# Allowed by baseline, refused by restricted.
OF_RESTRICTED_CONTAINERS = [
    ("Privilege Escalation", "securityContext.allowPrivilegeEscalation", True, False),
    ("Privilege Escalation", "securityContext", {"capabilities": {"drop": ["ALL"]}}, HARDENED),
    ("Running as Non-root", "securityContext.runAsNonRoot", False, True),
    ("Running as Non-root user", "securityContext.runAsUser", 0, 2000),
    ("Capabilities (restricted)", "securityContext.capabilities.drop", [], ["ALL"]),
    ("Capabilities (restricted)", "securityContext.capabilities.drop", ["NET_RAW"], ["NET_RAW", "ALL"]),
    ("Capabilities (restricted)", "securityContext.capabilities.add", ["CHOWN"], ["NET_BIND_SERVICE"]),
]
OF_RESTRICTED_PODS = [
    ("Volume Types", "spec.volumes", [{"name": "a", "nfs": {}}], [{"name": "a", "emptyDir": {}}]),
    ("Volume Types", "spec.volumes", [{"name": "a", "iscsi": {}}], [{"name": "a", "persistentVolumeClaim": {}}]),
    ("Volume Types", "spec.volumes", [{"name": "a"}], [{"name": "a", "projected": {}}, {"name": "b", "secret": {}}]),
    ("Running as Non-root", "spec.securityContext.runAsNonRoot", False, True),
    ("Running as Non-root", "spec.securityContext", {"seccompProfile": {"type": "Localhost"}}, None),
    ("Running as Non-root user", "spec.securityContext.runAsUser", 0, 1),
    ("Seccomp (restricted)", "spec.securityContext", {"runAsNonRoot": True}, None),
]
EVERYWHERE = [
    (control, f"spec.{field}.0.{path}", bad, good)
    for control, path, bad, good in cast("list[tuple[str, str, Any, Any]]", OF_CONTAINERS)
    for field in CONTAINERS
] + cast("list[tuple[str, str, Any, Any]]", OF_PODS)
EVERYWHERE_RESTRICTED = [
    (control, f"spec.{field}.0.{path}", bad, good)
    for control, path, bad, good in cast("list[tuple[str, str, Any, Any]]", OF_RESTRICTED_CONTAINERS)
    for field in CONTAINERS
] + cast("list[tuple[str, str, Any, Any]]", OF_RESTRICTED_PODS)


def controls(found: list[str]) -> set[str]:
    return {line.partition(": ")[0] for line in found}


@pytest.mark.parametrize(("control", "path", "bad", "good"), EVERYWHERE)
def test_baseline_refuses_it_and_names_the_control_and_the_field(control: str, path: str, bad: Any, good: Any) -> None:
    found = violations(put(plain(), path, bad), "baseline")
    assert controls(found) == {control}
    fields = [part for part in path.split(".") if not part.isdigit()]
    assert any(fields[0] in line and fields[-1].removesuffix("Profile") in line for line in found)
    assert controls(violations(put(hardened(), path, bad), "restricted")) >= {control}
    assert violations(put(plain(), path, bad), "privileged") == []
    assert violations(put(plain(), path, good), "baseline") == []


@pytest.mark.parametrize(("control", "path", "bad", "good"), EVERYWHERE_RESTRICTED)
def test_restricted_refuses_it_and_baseline_does_not(control: str, path: str, bad: Any, good: Any) -> None:
    spoilt = put(hardened(), path, bad)
    assert controls(violations(spoilt, "restricted")) == {control}
    assert violations(spoilt, "baseline") == []
    if good is not None:
        assert violations(put(hardened(), path, good), "restricted") == []


def test_every_control_has_a_fixture_that_breaks_it() -> None:
    assert {control for control, *_ in EVERYWHERE} == set(BASELINE)
    assert {control for control, *_ in EVERYWHERE_RESTRICTED} == set(RESTRICTED)


def test_the_pod_that_says_nothing_keeps_baseline_and_breaks_restricted_in_four_ways() -> None:
    assert strictest_level(plain()) == "baseline"
    assert controls(violations(plain(), "restricted")) == {
        "Privilege Escalation",
        "Running as Non-root",
        "Seccomp (restricted)",
        "Capabilities (restricted)",
    }


def test_the_hardened_pod_keeps_restricted_and_is_a_valid_pod() -> None:
    assert strictest_level(hardened()) == "restricted"
    spec = hardened()["spec"]
    assert_valid([{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}, "spec": spec}])


def test_containers_may_say_for_themselves_what_the_pod_leaves_open() -> None:
    pod = hardened()
    of_pod = pod["spec"].pop("securityContext")
    for field in CONTAINERS:
        pod["spec"][field][0]["securityContext"] |= of_pod
    assert strictest_level(pod) == "restricted"
    del pod["spec"]["ephemeralContainers"][0]["securityContext"]["seccompProfile"]
    (violation,) = violations(pod, "restricted")
    assert violation.startswith("Seccomp (restricted): spec.ephemeralContainers[ephemeralContainers].")
    assert violation.endswith(".seccompProfile.type is not set")


def test_a_pod_that_allows_root_is_refused_even_if_its_containers_do_not() -> None:
    pod = put(hardened(), "spec.securityContext.runAsNonRoot", value=False)
    for field in CONTAINERS:
        put(pod, f"spec.{field}.0.securityContext.runAsNonRoot", value=True)
    assert violations(pod, "restricted") == ["Running as Non-root: spec.securityContext.runAsNonRoot is False"]


@pytest.mark.parametrize("wrap", [lambda spec: spec, lambda spec: {"metadata": {"labels": {}}, "spec": spec}])
def test_a_bare_spec_and_a_template_are_both_read(wrap: Callable[[Any], Any]) -> None:
    spec = {"hostPID": True, "containers": [{"name": "a", "image": "b"}]}
    assert violations(wrap(spec), "baseline") == ["Host Namespaces: spec.hostPID is True"]


def test_a_pod_without_containers_or_an_unknown_level_is_an_error_and_no_pass() -> None:
    with pytest.raises(ValueError, match=r"spec\.containers"):
        violations({"spec": {}}, "baseline")
    with pytest.raises(ValueError, match="'Baseline' is none of privileged, baseline, restricted"):
        violations(plain(), cast("Level", "Baseline"))


@pytest.mark.parametrize(
    "template",
    [
        {},
        {"metadata": None, "spec": None},
        {"metadata": {"annotations": None}, "spec": {"containers": None}},
        {"spec": {"containers": ["x"], "securityContext": "x"}},
        {"spec": {"containers": [{"securityContext": ["x"]}], "volumes": [None]}},
        {"spec": {"containers": [{"securityContext": {"capabilities": {"add": [{}], "drop": "ALL"}}}]}},
        {"spec": {"containers": [{"securityContext": {"seccompProfile": {"type": []}, "seLinuxOptions": 5}}]}},
        {"spec": {"containers": [{"lifecycle": {"stopSignal": "SIGTERM"}, "ports": ["x"], "livenessProbe": 1}]}},
        {"spec": {"securityContext": {"sysctls": [{"name": []}, 5]}, "containers": [{}]}},
    ],
)
def test_a_malformed_template_has_a_level_all_the_same(template: Any) -> None:
    assert pod_security_level(template) in ("restricted", "baseline", "privileged")
