"""A PodSecurityPolicy for privileged pods, and the right of one service account to use it, as data.

Source: https://kubernetes.io/docs/concepts/security/pod-security-policy/ (Kubernetes 1.21 to 1.24)
"""

from __future__ import annotations

from vllm_cdk8s.core.errors import InvalidOptionError
from vllm_cdk8s.core.kube import checks
from vllm_cdk8s.core.kube.manifest import Manifest

_EVERYTHING = {"rule": "RunAsAny"}
_SUFFIX = "-psp"
_RBAC = "rbac.authorization.k8s.io"


def privileged_policy(name: str, *, account: str, namespace: str | None) -> dict[str, Manifest]:
    """The policy, the role that may use it, and the binding of the role to an account, by their ids in the tree.

    Raises:
        InvalidOptionError: a name is not valid, or no namespace is known.
    """
    checks.dns_label("name", name, longest_suffix=_SUFFIX)
    if namespace is None:
        raise InvalidOptionError(
            "None is not a namespace, and the chart has none either; a binding must name its account's namespace",
            option="namespace",
        )
    checks.dns_label("namespace", namespace)
    role = f"{name}{_SUFFIX}"
    policy = {
        "privileged": True,
        "hostPID": True,
        "allowPrivilegeEscalation": True,
        "allowedCapabilities": ["*"],
        "volumes": ["*"],
        "runAsUser": _EVERYTHING,
        "seLinux": _EVERYTHING,
        "supplementalGroups": _EVERYTHING,
        "fsGroup": _EVERYTHING,
    }
    use = {
        "apiGroups": ["policy"], "resourceNames": [name], "resources": ["podsecuritypolicies"], "verbs": ["use"],
    }  # fmt: skip
    return {
        "Resource": Manifest(
            api_version="policy/v1beta1", kind="PodSecurityPolicy", name=name, body={"spec": policy}, namespaced=False
        ),
        "Role": Manifest(
            api_version=f"{_RBAC}/v1", kind="ClusterRole", name=role, body={"rules": [use]}, namespaced=False
        ),
        "Binding": Manifest(
            api_version=f"{_RBAC}/v1",
            kind="ClusterRoleBinding",
            name=role,
            body={
                "roleRef": {"apiGroup": _RBAC, "kind": "ClusterRole", "name": role},
                "subjects": [{"kind": "ServiceAccount", "name": account, "namespace": namespace}],
            },
            namespaced=False,
        ),
    }
