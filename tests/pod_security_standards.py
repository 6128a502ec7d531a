"""The published Pod Security Standards, written down a second time: an oracle for what the library claims of a pod.

Source: https://kubernetes.io/docs/concepts/security/pod-security-standards/ and the admission plugin of Kubernetes. The
library supports many Kubernetes versions at once, so a rule is as strict here as in the strictest of them: values that
were allowed only after 1.27 (some sysctls, the SELinux type `container_engine_t`) are violations, and so are the hosts
of probes, which 1.34 forbade. The relaxations for Windows pods and for pods in user namespaces do not apply: vLLM's
images run on Linux, and no chart here sets `hostUsers`.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

Level = Literal["privileged", "baseline", "restricted"]
LEVELS: tuple[Level, ...] = ("privileged", "baseline", "restricted")

_CAPABILITIES = frozenset(
    {
        "AUDIT_WRITE",
        "CHOWN",
        "DAC_OVERRIDE",
        "FOWNER",
        "FSETID",
        "KILL",
        "MKNOD",
        "NET_BIND_SERVICE",
        "SETFCAP",
        "SETGID",
        "SETPCAP",
        "SETUID",
        "SYS_CHROOT",
    }
)
_SYSCTLS = frozenset(
    {
        "kernel.shm_rmid_forced",
        "net.ipv4.ip_local_port_range",
        "net.ipv4.ip_local_reserved_ports",
        "net.ipv4.ip_unprivileged_port_start",
        "net.ipv4.ping_group_range",
        "net.ipv4.tcp_syncookies",
    }
)
_SELINUX_TYPES = frozenset({"", "container_t", "container_init_t", "container_kvm_t"})
_PROFILES = frozenset({"RuntimeDefault", "Localhost"})
_VOLUMES = frozenset(
    {"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"}
)
_APPARMOR = "container.apparmor.security.beta.kubernetes.io/"


@dataclass(frozen=True, kw_only=True, slots=True)
class _Pod:
    annotations: Mapping[str, str]
    spec: Mapping[str, Any]
    containers: tuple[tuple[str, Mapping[str, Any]], ...]

    def contexts(self) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Give the pod's own security context, then each container's."""
        yield "spec.securityContext", _part(self.spec, "securityContext")
        yield from self.container_contexts()

    def container_contexts(self) -> Iterator[tuple[str, Mapping[str, Any]]]:
        for path, container in self.containers:
            yield f"{path}.securityContext", _part(container, "securityContext")


_Findings = Iterator[tuple[str, Any]]
_Control = Callable[[_Pod], _Findings]


def violations(pod: Mapping[str, Any], level: Level) -> list[str]:
    """Say how a pod breaks a level, a line for each field: `<control>: <path> is <value>`.

    Args:
        pod: A pod, a pod template (with `metadata` and `spec`) or a bare pod spec.
        level: `baseline`, `restricted` (which includes baseline) or `privileged`, which nothing breaks.

    Raises:
        ValueError: The level is none of these, or there are no containers to look at.
    """
    if level not in LEVELS:
        raise ValueError(f"level: {level!r} is none of {', '.join(LEVELS)}")
    view = _view(pod)
    controls: dict[str, _Control] = {}
    if level != "privileged":
        controls |= BASELINE
    if level == "restricted":
        controls |= RESTRICTED
    return [
        f"{name}: {path} is {'not set' if value is None else repr(value)}"
        for name, control in controls.items()
        for path, value in control(view)
    ]


def strictest_level(pod: Mapping[str, Any]) -> Level:
    """Give the strictest level that the pod keeps."""
    return next(level for level in reversed(LEVELS) if not violations(pod, level))


def _view(pod: Mapping[str, Any]) -> _Pod:
    template = pod if "spec" in pod else {"spec": pod}
    spec = template["spec"]
    containers = tuple(
        (f"spec.{field}[{container.get('name', index)}]", container)
        for field in ("initContainers", "containers", "ephemeralContainers")
        for index, container in enumerate(spec.get(field) or ())
    )
    if not spec.get("containers"):
        raise ValueError("spec.containers: a pod without containers is no pod, and would pass every check")
    return _Pod(annotations=_part(_part(template, "metadata"), "annotations"), spec=spec, containers=containers)


def _part(value: Mapping[str, Any], field: str) -> Mapping[str, Any]:
    return value.get(field) or {}


# Baseline.


def _host_process(pod: _Pod) -> _Findings:
    for path, context in pod.contexts():
        if value := _part(context, "windowsOptions").get("hostProcess"):
            yield f"{path}.windowsOptions.hostProcess", value


def _host_namespaces(pod: _Pod) -> _Findings:
    for field in ("hostNetwork", "hostPID", "hostIPC"):
        if value := pod.spec.get(field):
            yield f"spec.{field}", value


def _privileged(pod: _Pod) -> _Findings:
    for path, context in pod.container_contexts():
        if value := context.get("privileged"):
            yield f"{path}.privileged", value


def _capabilities(pod: _Pod) -> _Findings:
    yield from _added(pod, _CAPABILITIES)


def _added(pod: _Pod, allowed: frozenset[str]) -> _Findings:
    for path, context in pod.container_contexts():
        for capability in _part(context, "capabilities").get("add") or ():
            if capability not in allowed:
                yield f"{path}.capabilities.add", capability


def _host_path_volumes(pod: _Pod) -> _Findings:
    for volume in pod.spec.get("volumes") or ():
        if "hostPath" in volume:
            yield f"spec.volumes[{volume.get('name')}].hostPath", volume["hostPath"]


def _host_ports(pod: _Pod) -> _Findings:
    for path, container in pod.containers:
        for index, port in enumerate(container.get("ports") or ()):
            if value := port.get("hostPort"):
                yield f"{path}.ports[{index}].hostPort", value


def _host_probes(pod: _Pod) -> _Findings:
    for path, container in pod.containers:
        lifecycle = _part(container, "lifecycle")
        handlers = {
            **{
                f"{path}.{probe}": _part(container, probe)
                for probe in ("livenessProbe", "readinessProbe", "startupProbe")
            },
            **{f"{path}.lifecycle.{hook}": _part(lifecycle, hook) for hook in ("postStart", "preStop")},
        }
        for place, handler in handlers.items():
            for action in ("httpGet", "tcpSocket"):
                if value := _part(handler, action).get("host"):
                    yield f"{place}.{action}.host", value


def _app_armor(pod: _Pod) -> _Findings:
    for key, value in pod.annotations.items():
        if key.startswith(_APPARMOR) and value not in {"", "runtime/default"} and not value.startswith("localhost/"):
            yield f"metadata.annotations[{key}]", value
    yield from _profiles(pod, "appArmorProfile")


def _profiles(pod: _Pod, field: str) -> _Findings:
    for path, context in pod.contexts():
        # A profile without a type is no default: the API requires the type.
        if field in context and (value := _part(context, field).get("type")) not in _PROFILES:
            yield f"{path}.{field}.type", value


def _selinux(pod: _Pod) -> _Findings:
    for path, context in pod.contexts():
        options = _part(context, "seLinuxOptions")
        if (value := options.get("type", "")) not in _SELINUX_TYPES:
            yield f"{path}.seLinuxOptions.type", value
        for field in ("user", "role"):
            if value := options.get(field):
                yield f"{path}.seLinuxOptions.{field}", value


def _proc_mount(pod: _Pod) -> _Findings:
    for path, context in pod.container_contexts():
        if (value := context.get("procMount", "Default")) != "Default":
            yield f"{path}.procMount", value


def _seccomp(pod: _Pod) -> _Findings:
    yield from _profiles(pod, "seccompProfile")


def _sysctls(pod: _Pod) -> _Findings:
    for sysctl in _part(pod.spec, "securityContext").get("sysctls") or ():
        if sysctl.get("name") not in _SYSCTLS:
            yield "spec.securityContext.sysctls", sysctl.get("name")


# Restricted.


def _volume_types(pod: _Pod) -> _Findings:
    for volume in pod.spec.get("volumes") or ():
        kinds = set(volume) - {"name"}
        if len(kinds) != 1 or not kinds <= _VOLUMES:
            yield f"spec.volumes[{volume.get('name')}]", ", ".join(sorted(kinds)) or None


def _privilege_escalation(pod: _Pod) -> _Findings:
    for path, context in pod.container_contexts():
        if (value := context.get("allowPrivilegeEscalation")) is not False:
            yield f"{path}.allowPrivilegeEscalation", value


def _non_root(pod: _Pod) -> _Findings:
    of_pod = _part(pod.spec, "securityContext").get("runAsNonRoot")
    # An explicit false is refused on the pod even where every container says true.
    if of_pod is not None and of_pod is not True:
        yield "spec.securityContext.runAsNonRoot", of_pod
    for path, context in pod.container_contexts():
        if (value := context.get("runAsNonRoot", of_pod)) is not True:
            yield f"{path}.runAsNonRoot", value


def _non_root_user(pod: _Pod) -> _Findings:
    for path, context in pod.contexts():
        if context.get("runAsUser") == 0:
            yield f"{path}.runAsUser", 0


def _seccomp_set(pod: _Pod) -> _Findings:
    of_pod = _part(_part(pod.spec, "securityContext"), "seccompProfile").get("type")
    for path, context in pod.container_contexts():
        if (value := _part(context, "seccompProfile").get("type", of_pod)) not in _PROFILES:
            yield f"{path}.seccompProfile.type", value


def _capabilities_dropped(pod: _Pod) -> _Findings:
    for path, context in pod.container_contexts():
        dropped = _part(context, "capabilities").get("drop")
        if "ALL" not in (dropped or ()):
            yield f"{path}.capabilities.drop", dropped
    yield from _added(pod, frozenset({"NET_BIND_SERVICE"}))


# The controls under the names that the standards give them.
BASELINE: Mapping[str, _Control] = {
    "HostProcess": _host_process,
    "Host Namespaces": _host_namespaces,
    "Privileged Containers": _privileged,
    "Capabilities": _capabilities,
    "HostPath Volumes": _host_path_volumes,
    "Host Ports": _host_ports,
    "Host Probes / Lifecycle Hooks": _host_probes,
    "AppArmor": _app_armor,
    "SELinux": _selinux,
    "/proc Mount Type": _proc_mount,
    "Seccomp": _seccomp,
    "Sysctls": _sysctls,
}
# Two of these tighten a control of baseline that has the same name there.
RESTRICTED: Mapping[str, _Control] = {
    "Volume Types": _volume_types,
    "Privilege Escalation": _privilege_escalation,
    "Running as Non-root": _non_root,
    "Running as Non-root user": _non_root_user,
    "Seccomp (restricted)": _seccomp_set,
    "Capabilities (restricted)": _capabilities_dropped,
}
