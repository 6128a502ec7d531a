"""Which pods a namespace lets in by its Pod Security level.

Source: https://kubernetes.io/docs/concepts/security/pod-security-admission/
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vllm_cdk8s.core.errors import ConflictError, Problem
from vllm_cdk8s.core.kube import checks
from vllm_cdk8s.core.rules.book import NAMESPACE_LEVEL
from vllm_cdk8s.core.showing import shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# From the strictest on; a namespace lets in what is at least as strict as it enforces.
LEVELS = ("restricted", "baseline", "privileged")
_PREFIX = "pod-security.kubernetes.io"
_MODES = ("enforce", "audit", "warn")
ENFORCE_LABEL = f"{_PREFIX}/enforce"


def level_labels(level: str, labels: Mapping[str, str], *, kind: str) -> dict[str, str]:
    """The labels of a namespace of one level, the user's own included.

    Raises:
        InvalidOptionError: a label is not valid.
        ConflictError: one of them says another level.
    """
    said = {f"{_PREFIX}/{mode}": level for mode in _MODES}
    own = checks.label_map("labels", labels)
    for key, value in said.items():
        if own.get(key, value) != value:
            raise ConflictError(
                f"{own[key]!r} contradicts the {shown(value)} of a {kind}",
                option=f"labels[{key!r}]",
                rule=NAMESPACE_LEVEL,
            )
    return {**own, **said}


def refused(server: str, *, level: str, drops_caches: bool, namespace: str, enforced: object) -> Iterator[Problem]:
    """What a namespace would refuse of a server's pods.

    A namespace without the label leaves the level to the cluster, so there only a server that drops caches is refused,
    which must not run where nobody allowed it.

    Args:
        server: the server's path.
        level: the strictest standard that its pods satisfy.
        drops_caches: whether it drops the node's page cache.
        namespace: which namespace.
        enforced: the value of its label, None where it has none.
    """
    if drops_caches:
        if enforced != "privileged":
            yield Problem(
                what=f"server {server} needs privileged pods, but {namespace} does not let them in; declare it as a "
                "PrivilegedNamespace",
                rule=NAMESPACE_LEVEL,
                option="drop_cache",
            )
    elif enforced in LEVELS and LEVELS.index(level) > LEVELS.index(enforced):
        remedy = "non_root=NonRoot() and " if enforced == "restricted" else ""
        yield Problem(
            what=f"the pods of server {server} are {level}, but {namespace} enforces {enforced}; allowed: {remedy}"
            "volumes and containers that keep to it, or a namespace that lets them in",
            rule=NAMESPACE_LEVEL,
            option="pod_security_level",
        )
