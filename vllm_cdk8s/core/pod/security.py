"""How little the pods may do: their security contexts. Plain data, pure Python."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from vllm_cdk8s.core.engine import images
from vllm_cdk8s.core.errors import Collector, ConflictError, InvalidOptionError, mention, nearest, warn
from vllm_cdk8s.core.keywords import named_keywords
from vllm_cdk8s.core.kube import checks
from vllm_cdk8s.core.kube.schema import check_schema
from vllm_cdk8s.core.kube.wire import prune
from vllm_cdk8s.core.rules.book import CANNOT_RUN_AS
from vllm_cdk8s.core.showing import shown

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

# https://man7.org/linux/man-pages/man7/capabilities.7.html
_CAPABILITIES = frozenset(re.findall(r"\w+", """
    ALL AUDIT_CONTROL AUDIT_READ AUDIT_WRITE BLOCK_SUSPEND BPF CHECKPOINT_RESTORE CHOWN DAC_OVERRIDE DAC_READ_SEARCH
    FOWNER FSETID IPC_LOCK IPC_OWNER KILL LEASE LINUX_IMMUTABLE MAC_ADMIN MAC_OVERRIDE MKNOD NET_ADMIN NET_BIND_SERVICE
    NET_BROADCAST NET_RAW PERFMON SETFCAP SETGID SETPCAP SETUID SYSLOG SYS_ADMIN SYS_BOOT SYS_CHROOT SYS_MODULE SYS_NICE
    SYS_PACCT SYS_PTRACE SYS_RAWIO SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG WAKE_ALARM
"""))  # fmt: skip
_IDS = ("runAsUser", "runAsGroup", "fsGroup")
_TEMPORARY = "/tmp"  # noqa: S108 - the container's
_WRAPPED = f"{mention('drop_cache')}, which needs a privileged root container"


@named_keywords
@dataclass(frozen=True, kw_only=True, slots=True)
class NonRoot:
    """Run vLLM as an ordinary user, as the "restricted" Pod Security Standard wants: ``non_root=NonRoot()``.

    No capabilities, no privilege escalation, the runtime's default seccomp profile. The home directory is an emptyDir,
    and the model storage must be mounted where the user may go: below the home, which is where a server's own storage
    then is, and not below ``/root``. The group owns the volumes (fsGroup).

    Args:
        uid: the user's number, not 0.
        gid: the group's number, which owns the volumes.
        home: the home directory.

    Raises:
        InvalidOptionError: a number is less than 1, or the home is not an absolute path.
    """

    uid: int = 1000
    gid: int = 1000
    home: str = "/home/vllm"

    def __post_init__(self) -> None:
        checks.plain_fields(self)
        with Collector() as found:
            found.attempt(checks.integer, "non_root.uid", self.uid, minimum=1)
            found.attempt(checks.integer, "non_root.gid", self.gid, minimum=1)
            found.attempt(checks.absolute_path, "non_root.home", self.home)

    @property
    def mount_path(self) -> str:
        """Where a server's own storage is mounted."""
        return f"{self.home.rstrip('/')}/.cache"

    def check_mount_path(self, mount_path: str) -> None:
        """Refuse a storage that the user cannot reach.

        Raises:
            ConflictError: it is below /root.
        """
        if f"{mount_path}/".startswith("/root/"):
            raise ConflictError(
                f"the storage is mounted at {mount_path!r}, where only root may go; "
                f"give it mount_path={self.mount_path!r}",
                option="non_root",
            )

    def environment(self) -> dict[str, str]:
        """Variables for programs that ask who they are: a number without a name makes PyTorch's compiler fail."""
        return {"HOME": self.home, "USER": "vllm", "LOGNAME": "vllm"}

    def pod_context(self) -> dict[str, Any]:
        """The pod's security context."""
        return {
            "runAsNonRoot": True,
            "runAsUser": self.uid,
            "runAsGroup": self.gid,
            "fsGroup": self.gid,
            # Model volumes hold many large files; changing the owner of each at every start takes minutes.
            "fsGroupChangePolicy": "OnRootMismatch",
            "seccompProfile": {"type": "RuntimeDefault"},
        }

    def container_context(self) -> dict[str, Any]:
        """The container's security context."""
        return {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}


def no_privileges() -> dict[str, Any]:
    """The security context of a container that gains no rights, and writes to its volumes alone."""
    return {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}, "readOnlyRootFilesystem": True}


def ordinary_user(uid: int, gid: int | None = None) -> dict[str, Any]:
    """The security context of a pod whose containers run as this user, and may be in a "restricted" namespace."""
    return prune({
        "runAsNonRoot": True, "runAsUser": uid, "runAsGroup": gid, "seccompProfile": {"type": "RuntimeDefault"},
    })  # fmt: skip


def security(
    *,
    drop_cache: bool,
    non_root: NonRoot | None,
    pod: Mapping[str, Any],
    container: Mapping[str, Any],
    home_of_models: str | None = None,
    image: str | None = None,
    mounts: Sequence[Mapping[str, Any]] | None = None,
    home: str | None = None,
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The pod's security fields and the container's context: no privilege that was not asked for.

    Dropping the node's caches needs ``privileged`` (to write to /proc/sys/vm/drop_caches) and ``hostPID``. A field
    that is None in a context of the user's takes our own default away, as OpenShift's arbitrary users need it.

    Args:
        drop_cache: whether the node's caches are dropped before each start.
        non_root: the ordinary user that the pod runs as.
        pod: the user's own context of the pod.
        container: the user's own context of the container.
        home_of_models: where the models' volume is mounted; None where it matters to nobody.
        image: the container's image; None where it does not run vLLM.
        mounts: the container's mounts; None where nothing is known of what it writes to.
        home: the home directory that the user's variables say.

    Raises:
        InvalidOptionError: a field is not one, or has not its type.
        ConflictError: fields exclude each other, or vLLM cannot run with them.
    """
    with Collector() as found:
        pod_context = found.attempt(_read, "pod_security_context", pod, check_pod_context) or {}
        own = found.attempt(_read, "security_context", container, check_container_context) or {}
    given, chosen = dict(pod), dict(container)
    if non_root is not None:
        if drop_cache:
            raise ConflictError(f"contradicts {_WRAPPED}", option="non_root")
        pod_context = _merged(non_root.pod_context(), given, pod_context)
        defaults = non_root.container_context()
        if isinstance(own.get("capabilities"), dict):
            own["capabilities"] = {**defaults["capabilities"], **own["capabilities"]}
        own = _merged(defaults, chosen, own)
    if drop_cache:
        _check_wrapped({**pod_context, **own})
        own["privileged"] = True
    elif own.get("privileged") or _adds_sys_admin(own):
        # Kubernetes refuses the two together.
        if "allowPrivilegeEscalation" not in chosen:
            own.pop("allowPrivilegeEscalation", None)
    elif "allowPrivilegeEscalation" not in chosen:
        own.setdefault("allowPrivilegeEscalation", False)
    if not drop_cache and image is not None:
        left_out = any("runAsUser" in context and context["runAsUser"] is None for context in (given, chosen))
        _check_user(pod_context, own, image=image, left_out=left_out)
    _check_paths(pod_context, own, models=home_of_models, mounts=mounts, home=home, non_root=non_root)
    return {"hostPID": True if drop_cache else None, "securityContext": pod_context}, own


def check_pod_context(option: str, context: Mapping[str, Any]) -> None:
    """Check a pod's security context in wire form.

    Raises:
        InvalidOptionError: a field is not one, or has a value that is not one of it.
    """
    check_schema(option, context, "PodSecurityContext")
    _check_numbers(option, context)


def check_container_context(option: str, context: Mapping[str, Any]) -> None:
    """Check a container's security context in wire form.

    Raises:
        InvalidOptionError: a field is not one, or has a value that is not one of it.
        ConflictError: fields exclude each other.
    """
    if not context:
        return
    check_schema(option, context, "SecurityContext")
    _check_numbers(option, context)
    if context.get("allowPrivilegeEscalation") is False:
        for wanted, what in (
            (context.get("privileged"), "privileged: true"),
            (_adds_sys_admin(context), "the capability SYS_ADMIN"),
        ):
            if wanted:
                raise ConflictError(
                    f"False contradicts {what}, which always may escalate", option=f"{option}.allowPrivilegeEscalation"
                )
    for field in ("add", "drop"):
        for index, name in enumerate(context.get("capabilities", {}).get(field, ())):
            _check_capability(f"{option}.capabilities.{field}[{index}]", name)


def _check_capability(option: str, name: str) -> None:
    """Runtimes go on without a capability that they do not know, and some put CAP_ before whatever stands here."""
    upper = name.upper()
    if upper in _CAPABILITIES:
        return
    bare = upper.removeprefix("CAP_")
    if bare in _CAPABILITIES:
        what = f"{name!r} is unknown to containerd, which puts CAP_ before it and goes on without; say {bare!r}"
        warn(what, option=option)
        return
    raise InvalidOptionError(
        f"{shown(name)} is not a capability of Linux; allowed: such as 'SYS_PTRACE' or 'IPC_LOCK'"
        f"{nearest(bare, sorted(_CAPABILITIES))}",
        option=option,
    )


def _read(option: str, context: object, check: Callable[[str, Mapping[str, Any]], None]) -> dict[str, Any]:
    wire = checks.mapping(option, context)
    if wire:
        check(option, wire)
    return wire


def _merged(defaults: Mapping[str, Any], given: Mapping[str, Any], context: Mapping[str, Any]) -> dict[str, Any]:
    """The defaults, without those that are given as None, then what is said."""
    return {**{key: value for key, value in defaults.items() if key not in given}, **context}


def _adds_sys_admin(context: Mapping[str, Any]) -> bool:
    added = context.get("capabilities", {}).get("add", ())
    return any(capability in added for capability in ("SYS_ADMIN", "CAP_SYS_ADMIN", "ALL"))


def _check_numbers(option: str, context: Mapping[str, Any]) -> None:
    with Collector() as found:
        for field in _IDS:
            if field in context:
                found.attempt(checks.integer, f"{option}.{field}", context[field], minimum=0)
        for index, group in enumerate(context.get("supplementalGroups", ())):
            found.attempt(checks.integer, f"{option}.supplementalGroups[{index}]", group, minimum=0)
        if context.get("runAsNonRoot") and context.get("runAsUser") == 0:
            what = "True contradicts runAsUser: 0, which is root"
            found.note(ConflictError(what, option=f"{option}.runAsNonRoot"))
        for field in ("seccompProfile", "appArmorProfile"):
            found.attempt(_check_profile, f"{option}.{field}", field, context.get(field, {}))


def _check_profile(option: str, field: str, profile: Mapping[str, Any]) -> None:
    if profile and (profile["type"] == "Localhost") != bool(profile.get("localhostProfile")):
        raise ConflictError("belongs to type 'Localhost', and to it alone", option=f"{option}.localhostProfile")
    path = profile.get("localhostProfile", "")
    if field == "seccompProfile" and (path.startswith("/") or ".." in path.split("/")):
        raise InvalidOptionError(
            f"{path!r} is not a path below the kubelet's folder of profiles, without '..'",
            option=f"{option}.localhostProfile",
        )


def _check_wrapped(merged: Mapping[str, Any]) -> None:
    for name, unwanted in (("privileged", False), ("allowPrivilegeEscalation", False), ("runAsNonRoot", True)):
        if merged.get(name) is unwanted:
            raise ConflictError(f"{name}: {unwanted} contradicts {_WRAPPED}", option="security_context")
    if merged.get("runAsUser", 0) != 0:
        raise ConflictError(f"runAsUser: {merged['runAsUser']} contradicts {_WRAPPED}", option="security_context")


def _check_user(pod: Mapping[str, Any], own: Mapping[str, Any], *, image: str, left_out: bool) -> None:
    """The kubelet does not start a container that must not be root where the image's user is root."""
    option = "security_context" if "runAsNonRoot" in own else "pod_security_context"
    user = own.get("runAsUser", pod.get("runAsUser"))
    if not own.get("runAsNonRoot", pod.get("runAsNonRoot")) or user or left_out:
        return
    if user == 0:
        raise ConflictError(
            "True contradicts runAsUser: 0, which is root", option=f"{option}.runAsNonRoot", rule=CANNOT_RUN_AS
        )
    instead = f"say {mention('non_root=NonRoot()')}, which gives it a user and a home"
    if images.own(image):
        raise ConflictError(
            f"True with vLLM's own image, whose user is root, does not start; {instead}",
            option=f"{option}.runAsNonRoot",
            rule=CANNOT_RUN_AS,
        )
    warn(
        f"True without runAsUser does not start if the user of the image {image!r} is root; {instead}",
        option=f"{option}.runAsNonRoot",
        rule=CANNOT_RUN_AS,
    )


def _check_paths(
    pod: Mapping[str, Any],
    own: Mapping[str, Any],
    *,
    models: str | None,
    mounts: Sequence[Mapping[str, Any]] | None,
    home: str | None,
    non_root: NonRoot | None,
) -> None:
    if non_root is None and models is not None:
        _check_reach(pod, own, models)
    if own.get("readOnlyRootFilesystem") and mounts is not None:
        user = own.get("runAsUser", pod.get("runAsUser", 0))
        where = home or (None if non_root is None else non_root.home) or (None if user else "/root")
        _check_writable(mounts, home=where)


def _check_reach(pod: Mapping[str, Any], own: Mapping[str, Any], models: str) -> None:
    option = "security_context" if "runAsUser" in own else "pod_security_context"
    user = own.get("runAsUser", pod.get("runAsUser", 0))
    if user and _below(models, "/root"):
        raise ConflictError(
            f"{user} cannot reach the models at {models!r}, where only root may go; "
            f"say {mention('non_root=NonRoot()')}, or mount the storage elsewhere",
            option=f"{option}.runAsUser",
            rule=CANNOT_RUN_AS,
        )


def _check_writable(mounts: Sequence[Mapping[str, Any]], *, home: str | None) -> None:
    """Python's and CUDA's temporary files are in /tmp, and what vLLM compiles by way of FlashInfer in ~/.cache."""
    writable = [str(mount.get("mountPath")) for mount in mounts if not mount.get("readOnly")]
    wanted = [_TEMPORARY] if home is None else [_TEMPORARY, f"{home.rstrip('/')}/.cache"]
    missing = [path for path in wanted if not any(_below(path, mounted) for mounted in writable)]
    if missing:
        raise ConflictError(
            f"True leaves vLLM nothing to write to at {' and '.join(missing)}; mount an emptyDir there by "
            f"{mention('volumes')} and {mention('volume_mounts')}",
            option="security_context.readOnlyRootFilesystem",
            rule=CANNOT_RUN_AS,
        )


def _below(path: str, folder: str) -> bool:
    return f"{path.rstrip('/')}/".startswith(f"{folder.rstrip('/')}/")
