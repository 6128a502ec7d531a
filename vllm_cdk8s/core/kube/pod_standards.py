"""Which Pod Security Standard a pod satisfies. Pure Python.

Source: https://kubernetes.io/docs/concepts/security/pod-security-standards/
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

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
    """The strictest Pod Security Standard that a pod template satisfies: restricted, baseline or privileged."""
    spec = template.get("spec", {})
    if any(True for _ in _beyond_baseline(template.get("metadata", {}), spec)):
        return "privileged"
    return "baseline" if any(True for _ in _beyond_restricted(spec)) else "restricted"


def _containers(spec: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [item for kind in ("initContainers", "containers", "ephemeralContainers") for item in spec.get(kind, ())]


def _contexts(spec: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [spec.get("securityContext", {}), *(item.get("securityContext", {}) for item in _containers(spec))]


def _beyond_baseline(metadata: Mapping[str, Any], spec: Mapping[str, Any]) -> Iterator[str]:
    yield from (name for name in ("hostNetwork", "hostPID", "hostIPC") if spec.get(name))
    yield from ("hostPath volume" for volume in spec.get("volumes", ()) if "hostPath" in volume)
    for key, value in metadata.get("annotations", {}).items():
        allowed = value == "runtime/default" or value.startswith("localhost/")
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
    for handler in (*probes, *container.get("lifecycle", {}).values()):
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
