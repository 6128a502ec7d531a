"""Which Pod Security Standard a pod satisfies. Pure Python.

Source: https://kubernetes.io/docs/concepts/security/pod-security-standards/
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

_BASELINE_CAPABILITIES = frozenset({
    "AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE", "SETFCAP",
    "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT",
})  # fmt: skip
_RESTRICTED_VOLUMES = frozenset({
    "configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret", "image",
})  # fmt: skip
_PROFILES = ("RuntimeDefault", "Localhost")
_SELINUX_TYPES = frozenset({"", "container_t", "container_init_t", "container_kvm_t", "container_engine_t"})
_SYSCTLS = frozenset({
    "kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range", "net.ipv4.ip_unprivileged_port_start",
    "net.ipv4.tcp_syncookies", "net.ipv4.ping_group_range", "net.ipv4.ip_local_reserved_ports",
    "net.ipv4.tcp_keepalive_time", "net.ipv4.tcp_fin_timeout", "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_keepalive_probes", "net.ipv4.tcp_rmem", "net.ipv4.tcp_wmem",
})  # fmt: skip


def pod_security_level(template: Mapping[str, Any]) -> str:
    """The strictest Pod Security Standard that a pod template satisfies: restricted, baseline or privileged.

    A part of the template that has not its shape, which the API server refuses anyway, counts as one that is not there.
    """
    template = _mapping(template)
    spec = _shaped(_mapping(template.get("spec")))
    if any(True for _ in _beyond_baseline(_mapping(template.get("metadata")), spec)):
        return "privileged"
    return "baseline" if any(True for _ in _beyond_restricted(spec)) else "restricted"


# What of a pod's and a container's fields is a mapping, and what a list of them.
_MAPPINGS = frozenset({
    "securityContext", "seccompProfile", "appArmorProfile", "seLinuxOptions", "windowsOptions", "capabilities",
    "lifecycle", "livenessProbe", "readinessProbe", "startupProbe", "httpGet", "tcpSocket", "postStart", "preStop",
})  # fmt: skip
_LISTS = frozenset({"initContainers", "containers", "ephemeralContainers", "volumes", "ports", "sysctls"})


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _shaped(wire: Mapping[str, Any]) -> dict[str, Any]:
    """The mapping, and those in it that are looked at, without what has not the shape that its name says."""
    shaped: dict[str, Any] = {}
    for key, value in wire.items():
        if key in _MAPPINGS:
            shaped[key] = _shaped(_mapping(value))
        elif key in _LISTS:
            items = value if isinstance(value, (list, tuple)) else ()
            shaped[key] = [_shaped(item) for item in items if isinstance(item, Mapping)]
        elif key in ("add", "drop"):
            items = value if isinstance(value, (list, tuple)) else ()
            shaped[key] = [item for item in items if isinstance(item, str)]
        elif key in ("type", "procMount", "name"):
            shaped[key] = value if isinstance(value, str) else ""
        else:
            shaped[key] = value
    return shaped


def _containers(spec: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [item for kind in ("initContainers", "containers", "ephemeralContainers") for item in spec.get(kind, ())]


def _contexts(spec: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [spec.get("securityContext", {}), *(item.get("securityContext", {}) for item in _containers(spec))]


def _beyond_baseline(metadata: Mapping[str, Any], spec: Mapping[str, Any]) -> Iterator[str]:
    yield from (name for name in ("hostNetwork", "hostPID", "hostIPC") if spec.get(name))
    yield from ("hostPath volume" for volume in spec.get("volumes", ()) if "hostPath" in volume)
    for key, value in _mapping(metadata.get("annotations")).items():
        allowed = value == "runtime/default" or str(value).startswith("localhost/")
        if key.startswith("container.apparmor.security.beta.kubernetes.io/") and not allowed:
            yield "AppArmor annotation"
    sysctls = spec.get("securityContext", {}).get("sysctls", ())
    yield from ("sysctl" for sysctl in sysctls if sysctl.get("name") not in _SYSCTLS)
    for context in _contexts(spec):
        yield from _context_beyond_baseline(context)
    for container in _containers(spec):
        yield from _container_beyond_baseline(container)


def _context_beyond_baseline(context: Mapping[str, Any]) -> Iterator[str]:
    if "seccompProfile" in context and context["seccompProfile"].get("type") not in _PROFILES:
        yield "seccompProfile"
    if context.get("appArmorProfile", {}).get("type") == "Unconfined":
        yield "appArmorProfile"
    options = context.get("seLinuxOptions", {})
    if options.get("type", "") not in _SELINUX_TYPES or options.get("user") or options.get("role"):
        yield "seLinuxOptions"
    if context.get("windowsOptions", {}).get("hostProcess"):
        yield "hostProcess"


def _container_beyond_baseline(container: Mapping[str, Any]) -> Iterator[str]:
    context = container.get("securityContext", {})
    if context.get("privileged"):
        yield "privileged"
    if set(context.get("capabilities", {}).get("add", ())) - _BASELINE_CAPABILITIES:
        yield "capabilities"
    if context.get("procMount", "Default") != "Default":
        yield "procMount"
    if any(port.get("hostPort") for port in container.get("ports", ())):
        yield "hostPort"
    probes = (container.get(name, {}) for name in ("livenessProbe", "readinessProbe", "startupProbe"))
    hooks = map(_mapping, container.get("lifecycle", {}).values())
    for handler in (*probes, *hooks):
        if handler.get("httpGet", {}).get("host") or handler.get("tcpSocket", {}).get("host"):
            yield "host of a probe or hook"


def _beyond_restricted(spec: Mapping[str, Any]) -> Iterator[str]:
    for volume in spec.get("volumes", ()):
        if not set(volume) & _RESTRICTED_VOLUMES:
            yield "volume type"
    pod = spec.get("securityContext", {})
    if pod.get("runAsUser") == 0:
        yield "runAsUser"
    for container in _containers(spec):
        context = container.get("securityContext", {})
        if context.get("allowPrivilegeEscalation") is not False:
            yield "allowPrivilegeEscalation"
        if context.get("runAsNonRoot", pod.get("runAsNonRoot")) is not True:
            yield "runAsNonRoot"
        if context.get("runAsUser") == 0:
            yield "runAsUser"
        profile = context.get("seccompProfile", pod.get("seccompProfile", {}))
        if profile.get("type") not in _PROFILES:
            yield "seccomp"
        capabilities = context.get("capabilities", {})
        if "ALL" not in capabilities.get("drop", ()) or set(capabilities.get("add", ())) - {"NET_BIND_SERVICE"}:
            yield "capabilities"
