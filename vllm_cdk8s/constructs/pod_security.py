"""Which pods a namespace lets in, for the two ways that Kubernetes has had to say so."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import cdk8s
import cdk8s_plus_27 as kplus
from cdk8s_plus_27 import k8s
from constructs import Construct

from vllm_cdk8s.constructs.apps import place, without_namespace
from vllm_cdk8s.constructs.namespace_levels import level_findings
from vllm_cdk8s.core.errors import ConflictError, InvalidOptionError
from vllm_cdk8s.core.kube import checks

if TYPE_CHECKING:
    from collections.abc import Mapping

_MODES = ("enforce", "audit", "warn")


class _LevelNamespace(Construct):
    """A Namespace whose three Pod Security labels say one level."""

    _LEVEL: ClassVar[str]

    def __init__(
        self, scope: Construct, id: str, *, name: str | None = None, labels: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(scope, id)
        said = {f"pod-security.kubernetes.io/{mode}": self._LEVEL for mode in _MODES}
        own = checks.label_map("labels", labels or {})
        for key, level in said.items():
            if own.get(key, level) != level:
                raise ConflictError(
                    f"{own[key]!r} contradicts the {level!r} of a {type(self).__name__}", option=f"labels[{key!r}]"
                )
        registry = place(scope)[0]
        if name is not None:
            checks.dns_label("name", name)
            registry.take_name("Namespace", None, name, self)
        self.namespace = kplus.Namespace(
            self,
            "Resource",
            metadata=cdk8s.ApiObjectMetadata(name=name, labels={**own, **said}),
        )
        without_namespace(cdk8s.ApiObject.of(self.namespace), scope)
        registry.add_check(level_findings)

    @property
    def name(self) -> str:
        """The namespace's name, for ``Chart(..., namespace=...)``."""
        return self.namespace.name


class PrivilegedNamespace(_LevelNamespace):
    """A Namespace whose Pod Security labels (enforce, audit, warn) let privileged pods in: Kubernetes 1.25 and newer.

    Args:
        scope: the construct this one belongs to.
        id: its name there.
        name: the namespace's name; None lets cdk8s name it.
        labels: further labels.

    Raises:
        InvalidOptionError: the name is not a DNS label, or a label is none.
        ConflictError: a label says otherwise than privileged, or another namespace has the name.
    """

    _LEVEL = "privileged"


class RestrictedNamespace(_LevelNamespace):
    """A Namespace whose Pod Security labels let in restricted pods alone, such as servers with ``non_root=NonRoot()``.

    A server of this app that the namespace would refuse does not synthesize.

    Args:
        scope: the construct this one belongs to.
        id: its name there.
        name: the namespace's name; None lets cdk8s name it.
        labels: further labels.

    Raises:
        InvalidOptionError: the name is not a DNS label, or a label is none.
        ConflictError: a label says otherwise than restricted, or another namespace has the name.
    """

    _LEVEL = "restricted"


class PrivilegedPodSecurityPolicy(Construct):
    """A PodSecurityPolicy for privileged pods, and the right of one service account to use it: Kubernetes 1.21 to 1.24.

    The policy and its ClusterRole and ClusterRoleBinding belong to the cluster, not to a namespace. Kubernetes 1.25 has
    no such policies; use `PrivilegedNamespace` there.

    Args:
        scope: the construct this one belongs to.
        id: its name there.
        service_account: the account that the pods run as, by name or as any kplus service account
            (``server.service_account``).
        namespace: the account's namespace; None takes the chart's.
        name: the policy's name; role and binding are ``<name>-psp``.

    Raises:
        InvalidOptionError: a name is none, or no namespace is known.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        service_account: str | kplus.IServiceAccount,
        namespace: str | None = None,
        name: str = "vllm-privileged",
    ) -> None:
        super().__init__(scope, id)
        checks.dns_label("name", name, longest_suffix="-psp")
        subject = checks.reference("service_account", service_account, "ServiceAccount")
        registry, chart_namespace = place(scope)
        home = namespace if namespace is not None else chart_namespace
        if home is None:
            raise InvalidOptionError(
                "None is not a namespace, and the chart has none either; a binding must name its account's namespace",
                option="namespace",
            )
        checks.dns_label("namespace", home)
        registry.take_name("PodSecurityPolicy", None, name, self)
        role_name = f"{name}-psp"
        everything = {"rule": "RunAsAny"}
        policy = cdk8s.ApiObject(
            self,
            "Resource",
            api_version="policy/v1beta1",
            kind="PodSecurityPolicy",
            metadata=cdk8s.ApiObjectMetadata(name=name),
        )
        policy.add_json_patch(
            cdk8s.JsonPatch.add(
                "/spec",
                {
                    "privileged": True,
                    "hostPID": True,
                    "allowPrivilegeEscalation": True,
                    "allowedCapabilities": ["*"],
                    "volumes": ["*"],
                    "runAsUser": everything,
                    "seLinux": everything,
                    "supplementalGroups": everything,
                    "fsGroup": everything,
                },
            )
        )
        # Typed L1: kplus's ClusterRole knows no resourceNames.
        role = k8s.KubeClusterRole(
            self,
            "Role",
            metadata=k8s.ObjectMeta(name=role_name),
            rules=[
                k8s.PolicyRule(
                    api_groups=["policy"], resources=["podsecuritypolicies"], verbs=["use"], resource_names=[name]
                )
            ],
        )
        binding = k8s.KubeClusterRoleBinding(
            self,
            "Binding",
            metadata=k8s.ObjectMeta(name=role_name),
            role_ref=k8s.RoleRef(kind="ClusterRole", name=role_name, api_group="rbac.authorization.k8s.io"),
            subjects=[k8s.Subject(kind="ServiceAccount", name=subject, namespace=home)],
        )
        for cluster_scoped in (policy, role, binding):
            without_namespace(cluster_scoped, scope)
