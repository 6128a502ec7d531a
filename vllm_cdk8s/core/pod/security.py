"""How little the pods may do: their security contexts. Plain data, pure Python."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from vllm_cdk8s.core.errors import ConflictError, mention
from vllm_cdk8s.core.kube import checks

if TYPE_CHECKING:
    from collections.abc import Mapping

_WRAPPED = f"{mention('drop_cache')}, which needs a privileged root container"


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
        InvalidOptionError: a number is not one of at least 1, or the home is no absolute path.
    """

    uid: int = 1000
    gid: int = 1000
    home: str = "/home/vllm"

    def __post_init__(self) -> None:
        checks.integer("non_root.uid", self.uid, minimum=1)
        checks.integer("non_root.gid", self.gid, minimum=1)
        checks.absolute_path("non_root.home", self.home)

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


def security(
    *,
    drop_cache: bool,
    non_root: NonRoot | None,
    pod: Mapping[str, Any],
    container: Mapping[str, Any],
    home_of_models: str | None = None,  # noqa: ARG001 - held against the user soon
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The pod's security fields and the container's context: no privilege that was not asked for.

    Dropping the node's caches needs ``privileged`` (to write to /proc/sys/vm/drop_caches) and ``hostPID``.
    """
    pod_context = checks.mapping("pod_security_context", pod)
    own = checks.mapping("security_context", container)
    if non_root is not None:
        if drop_cache:
            raise ConflictError(f"contradicts {_WRAPPED}", option="non_root")
        pod_context = {**non_root.pod_context(), **pod_context}
        own = {**non_root.container_context(), **own}
    if drop_cache:
        merged = {**pod_context, **own}
        for name, unwanted in (("privileged", False), ("allowPrivilegeEscalation", False), ("runAsNonRoot", True)):
            if merged.get(name) is unwanted:
                raise ConflictError(
                    f"{name}: {unwanted} contradicts {_WRAPPED}",
                    option="security_context",
                )
        if merged.get("runAsUser", 0) != 0:
            raise ConflictError(
                f"runAsUser: {merged['runAsUser']} contradicts {_WRAPPED}",
                option="security_context",
            )
        own["privileged"] = True
    elif not own.get("privileged"):
        own.setdefault("allowPrivilegeEscalation", False)
    return {"hostPID": True if drop_cache else None, "securityContext": pod_context}, own
