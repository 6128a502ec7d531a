"""Whom the NetworkPolicies of an app let in to which pods: questions that are put to them at synthesis, all at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import cdk8s

if TYPE_CHECKING:
    from collections.abc import Iterator

    from constructs import IConstruct

    from vllm_cdk8s.constructs.apps import AppRegistry
    from vllm_cdk8s.constructs.server_base import Server

Wire = Mapping[str, Any]
Question = Callable[[Sequence[Wire]], "str | None"]

# The label that Kubernetes gives each namespace. What other labels a namespace has, nobody here knows.
_NAMESPACE_LABEL = "kubernetes.io/metadata.name"
_waiting: WeakKeyDictionary[AppRegistry, list[Question]] = WeakKeyDictionary()


def ask_policies(registry: AppRegistry, question: Question) -> None:
    """Put a question to all NetworkPolicies of the app at synthesis; what it answers is a warning."""
    questions = _waiting.get(registry)
    if questions is None:
        questions = _waiting[registry] = []
        # One walk over the tree for all questions of the app.
        registry.add_advice(lambda root: _answers(root, questions))
    questions.append(question)


def guards(server: Server, policies: Sequence[Wire]) -> list[Wire]:
    """The policies that keep everybody whom they do not name from a server's pods."""
    labels = {**server.pod_options.get("pod_labels", {}), **server.selector}
    return [
        policy
        for policy in policies
        if policy["metadata"].get("namespace") == server.namespace
        and "Ingress" in policy["spec"].get("policyTypes", ["Ingress"])
        and _selects(policy["spec"].get("podSelector") or {}, labels)
    ]


def may_admit(policy: Wire, namespace: str | None, labels: Mapping[str, str], port: int) -> bool:
    """Whether a policy lets, or may let, pods of that namespace with these labels in to a port.

    Addresses, and labels of namespaces other than their names, may be anybody's.
    """
    own = policy["metadata"].get("namespace")
    return any(
        any(_is_port(each, port) for each in rule.get("ports") or [{}])
        and any(_is_peer(peer, own, namespace, labels) for peer in rule.get("from") or [{"ipBlock": {}}])
        for rule in policy["spec"].get("ingress") or []
    )


def _answers(root: IConstruct, questions: list[Question]) -> Iterator[str]:
    waiting = list(questions)
    policies = _policies(root) if waiting else []
    for question in waiting:
        answer = question(policies)
        if answer is not None:
            yield answer
        # Answered: cdk8s validates once for each chart, and the tree is walked for what is new alone.
        questions.remove(question)


def _policies(root: IConstruct) -> list[Wire]:
    found = (construct for construct in root.node.find_all() if isinstance(construct, cdk8s.ApiObject))
    # Whatever a policy of a user's own leaves out.
    return [
        {"metadata": {}, "spec": {}, **construct.to_json()} for construct in found if construct.kind == "NetworkPolicy"
    ]


def _is_port(wire: Wire, port: int) -> bool:
    number = wire.get("port")
    if wire.get("protocol", "TCP") != "TCP":
        return False
    # A port by its name is that of the server's container.
    return not isinstance(number, int) or number <= port <= wire.get("endPort", number)


def _is_peer(peer: Wire, own: str | None, namespace: str | None, labels: Mapping[str, str]) -> bool:
    if "ipBlock" in peer:
        return True
    namespaces = peer.get("namespaceSelector")
    if namespaces is None:
        within = own == namespace
    else:
        names = namespaces.get("matchLabels", {}).get(_NAMESPACE_LABEL, namespace)
        within = namespace is None or names == namespace
    return within and _selects(peer.get("podSelector") or {}, labels)


def _selects(selector: Wire, labels: Mapping[str, str]) -> bool:
    wanted: Mapping[str, str] = selector.get("matchLabels") or {}
    return wanted.items() <= labels.items() and all(
        _holds(expression, labels.get(expression["key"])) for expression in selector.get("matchExpressions") or []
    )


def _holds(expression: Wire, value: str | None) -> bool:
    values = expression.get("values") or []
    outcomes = {
        "In": value in values,
        "NotIn": value not in values,
        "Exists": value is not None,
        "DoesNotExist": value is None,
    }
    return outcomes[expression["operator"]]
