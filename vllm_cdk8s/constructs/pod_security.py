"""Which pods a namespace lets in, for the two ways that Kubernetes has had to say so, in the tree."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import cdk8s
import cdk8s_plus_27 as kplus

from vllm_cdk8s.constructs.apps import Whole, name_in_tree, place, without_namespace
from vllm_cdk8s.constructs.namespace_levels import level_findings
from vllm_cdk8s.constructs.tree import put
from vllm_cdk8s.core.keywords import named_keywords
from vllm_cdk8s.core.kube import checks
from vllm_cdk8s.core.namespaces.levels import level_labels
from vllm_cdk8s.core.namespaces.pod_security_policy import privileged_policy

if TYPE_CHECKING:
    from collections.abc import Mapping

    from constructs import Construct


class _LevelNamespace(Whole):
    """A Namespace whose three Pod Security labels say one level."""

    _LEVEL: ClassVar[str]

    def __init__(
        self, scope: Construct, id: str, *, name: str | None = None, labels: Mapping[str, str] | None = None
    ) -> None:
        own_labels = level_labels(self._LEVEL, {} if labels is None else labels, kind=type(self).__name__)
        if name is not None:
            checks.dns_label("name", name)
        super().__init__(scope, id)
        registry = place(scope)[0]
        if name is None:
            name = name_in_tree(scope, id, "Resource", "Resource")
        else:
            registry.take_name("Namespace", None, name, self)
        self.namespace = kplus.Namespace(
            self, "Resource", metadata=cdk8s.ApiObjectMetadata(name=name, labels=own_labels)
        )
        without_namespace(cdk8s.ApiObject.of(self.namespace), scope)
        registry.add_check(level_findings)

    @property
    def name(self) -> str:
        """The namespace's name, for ``Chart(..., namespace=...)``."""
        return self.namespace.name


@named_keywords
class PrivilegedNamespace(_LevelNamespace):
    """A Namespace whose Pod Security labels (enforce, audit, warn) let privileged pods in: Kubernetes 1.25 and newer.

    Args:
        scope: the parent construct.
        id: the construct's ID, unique within its parent.
        name: the namespace's name; None lets cdk8s name it.
        labels: further labels.

    Raises:
        InvalidOptionError: the name is not a DNS label, or a label is not valid.
        ConflictError: a label sets a level other than privileged, or another namespace has the name.
    """

    _LEVEL = "privileged"


@named_keywords
class RestrictedNamespace(_LevelNamespace):
    """A Namespace whose Pod Security labels let in restricted pods alone, such as servers with ``non_root=NonRoot()``.

    A server of this app that the namespace would refuse does not synthesize.

    Args:
        scope: the parent construct.
        id: the construct's ID, unique within its parent.
        name: the namespace's name; None lets cdk8s name it.
        labels: further labels.

    Raises:
        InvalidOptionError: the name is not a DNS label, or a label is not valid.
        ConflictError: a label sets a level other than restricted, or another namespace has the name.
    """

    _LEVEL = "restricted"


@named_keywords
class PrivilegedPodSecurityPolicy(Whole):
    """A PodSecurityPolicy for privileged pods, and the right of one service account to use it: Kubernetes 1.21 to 1.24.

    The policy and its ClusterRole and ClusterRoleBinding belong to the cluster, not to a namespace. Kubernetes 1.25 has
    no such policies; use `PrivilegedNamespace` there.

    Args:
        scope: the parent construct.
        id: the construct's ID, unique within its parent.
        service_account: the account that the pods run as, by name or as any kplus service account
            (``server.service_account``).
        namespace: the account's namespace; None takes the chart's.
        name: the policy's name; role and binding are ``<name>-psp``.

    Raises:
        InvalidOptionError: a name is not valid, or no namespace is known.
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
        registry, chart_namespace = place(scope)
        made = privileged_policy(
            name,
            account=checks.reference("service_account", service_account, "ServiceAccount"),
            namespace=namespace if namespace is not None else chart_namespace,
        )
        super().__init__(scope, id)
        registry.take_name("PodSecurityPolicy", None, name, self)
        for child, manifest in made.items():
            put(self, child, manifest, within=scope)
