"""Where a server's pods run: scheduling fields, shares of GPUs, claims for devices. Plain data, pure Python."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal
from typing import Any

from vllm_cdk8s.core.errors import Collector, ConflictError, InvalidOptionError, mention
from vllm_cdk8s.core.keywords import named_keywords
from vllm_cdk8s.core.kube import checks
from vllm_cdk8s.core.kube.schema import check_schema
from vllm_cdk8s.core.kube.wire import sequence, unique
from vllm_cdk8s.core.pod.template import HOSTNAME_LABEL
from vllm_cdk8s.core.regex import regex
from vllm_cdk8s.core.showing import shown

_TOLERATION_KEYS = ("key", "operator", "value", "effect", "tolerationSeconds")
# Lt and Gt are those of Kubernetes 1.35 and newer.
_TOLERATION_VALUES = {
    "operator": ("Exists", "Equal", "Lt", "Gt"),
    "effect": ("NoSchedule", "PreferNoSchedule", "NoExecute"),
}
_AFFINITIES = ("nodeAffinity", "podAffinity", "podAntiAffinity")
_SPREAD_NEEDS = ("maxSkew", "topologyKey", "whenUnsatisfiable")
_INTEGER = regex(r"-?\d{1,18}")
_HUNDREDTH = Decimal("0.01")


@named_keywords
@dataclass(frozen=True, kw_only=True, slots=True)
class KaiShare:
    """A queue of the KAI Scheduler, and a share of one GPU: ``KaiShare(queue="team", gpu_memory_mib=20000)``.

    KAI sets a share aside but enforces nothing: vLLM itself must keep to it, so ``gpu_memory_utilization`` may not be
    above it. Where the share is known as a fraction (``gpu_fraction``, or ``gpu_memory_mib`` with
    ``gpu_total_memory_mib``) vLLM is told so.
    Source: https://github.com/kai-scheduler/KAI-Scheduler/tree/main/docs/gpu-sharing

    Args:
        queue: the queue, as the label ``kai.scheduler/queue``; None takes the scheduler's default.
        gpu_memory_mib: the share in MiB, as the annotation ``gpu-memory``.
        gpu_total_memory_mib: the memory of one whole GPU in MiB, by which ``gpu_memory_mib`` is a fraction.
        gpu_fraction: the share as a fraction of a GPU, as the annotation ``gpu-fraction``.

    Raises:
        InvalidOptionError: a number is out of its range, or the queue is not a label value.
        ConflictError: memory and fraction are both given, or the share is above the whole.
    """

    queue: str | None = None
    gpu_memory_mib: int | None = None
    gpu_total_memory_mib: int | None = None
    gpu_fraction: float | None = None

    def __post_init__(self) -> None:
        checks.plain_fields(self)
        with Collector() as found:
            found.given(_queue_name, "kai.queue", self.queue)
            for name in ("gpu_memory_mib", "gpu_total_memory_mib"):
                found.given(checks.integer, f"kai.{name}", getattr(self, name), minimum=1)
            found.given(_check_fraction, "kai.gpu_fraction", self.gpu_fraction)
            if self.gpu_fraction is not None and self.gpu_memory_mib is not None:
                found.note(ConflictError("gpu_memory_mib is given too; say one of them", option="kai.gpu_fraction"))
            if (
                found.sound("kai.gpu_memory_mib", "kai.gpu_total_memory_mib")
                and self.gpu_memory_mib
                and self.gpu_total_memory_mib
                and self.gpu_memory_mib > self.gpu_total_memory_mib
            ):
                raise ConflictError(
                    f"{self.gpu_memory_mib} is above {mention('gpu_total_memory_mib')}: {self.gpu_total_memory_mib}",
                    option="kai.gpu_memory_mib",
                )

    @property
    def shares_gpu(self) -> bool:
        """Whether a part of a GPU is asked for, rather than whole ones."""
        return self.gpu_memory_mib is not None or self.gpu_fraction is not None

    @property
    def fraction(self) -> Decimal | None:
        """The share as a fraction of one GPU, rounded down to hundredths; None where it is not known."""
        if self.gpu_fraction is not None:
            exact = Decimal(str(self.gpu_fraction))
        elif self.gpu_memory_mib is not None and self.gpu_total_memory_mib is not None:
            exact = Decimal(self.gpu_memory_mib) / self.gpu_total_memory_mib
        else:
            return None
        return max(exact.quantize(_HUNDREDTH, rounding=ROUND_DOWN), _HUNDREDTH)

    def labels(self) -> dict[str, str]:
        """The pod's labels."""
        return {} if self.queue is None else {"kai.scheduler/queue": self.queue}

    def annotations(self) -> dict[str, str]:
        """The pod's annotations."""
        if self.gpu_memory_mib is not None:
            return {"gpu-memory": str(self.gpu_memory_mib)}
        return {} if self.gpu_fraction is None else {"gpu-fraction": str(self.gpu_fraction)}

    def check_gpus(self, gpus: int | None) -> None:
        """Refuse a share beside whole GPUs.

        Raises:
            ConflictError: both are asked for.
        """
        if self.shares_gpu and gpus:
            raise ConflictError(
                f"{gpus} whole GPUs contradict the share of one that kai= asks for; leave gpus out", option="gpus"
            )

    def check_utilization(self, utilization: float | None) -> None:
        """Refuse a vLLM that takes more of the GPU than its share.

        Raises:
            ConflictError: it does.
        """
        share = self.fraction
        if share is not None and utilization is not None and Decimal(str(utilization)) > share:
            raise ConflictError(
                f"{utilization} is above the share of {share} that kai= asks for; KAI does not enforce the share, "
                "so vLLM would take its neighbours' memory",
                option="gpu_memory_utilization",
            )


def _queue_name(option: str, queue: object) -> str:
    return checks.label_value(option, checks.text(option, queue))


def _check_fraction(option: str, fraction: object) -> None:
    if isinstance(fraction, bool) or not isinstance(fraction, (int, float)):
        raise InvalidOptionError(f"{shown(fraction)} is not a number", option=option)
    if not 0 < fraction < 1:
        raise InvalidOptionError(f"{shown(fraction)} is not between 0 and 1", option=option)


KAI_SCHEDULER = "kai-scheduler"


@named_keywords
@dataclass(frozen=True, kw_only=True, slots=True)
class DeviceClaim:
    """A claim for devices (dynamic resource allocation): ``DeviceClaim(name="gpu", template="single-gpu")``.

    The fields are those of Kubernetes 1.31 and newer; the feature is on by default from 1.34.
    Source: https://kubernetes.io/docs/concepts/scheduling-eviction/dynamic-resource-allocation/

    Args:
        name: the claim's name within the pod.
        template: a ResourceClaimTemplate, of which each pod gets a claim of its own.
        claim: a ResourceClaim that all pods share.
        request: the one request of the claim that vLLM uses; None for all of them.

    Raises:
        InvalidOptionError: a name is not valid.
        ConflictError: neither or both of ``template`` and ``claim`` are given.
    """

    name: str
    template: str | None = None
    claim: str | None = None
    request: str | None = None

    def __post_init__(self) -> None:
        checks.plain_fields(self)
        with Collector() as found:
            found.attempt(checks.dns_label, "device_claims.name", self.name)
            if (self.template is None) == (self.claim is None):
                what, option = "exactly one of template and claim must be given", f"device_claims[{self.name!r}]"
                found.note(ConflictError(what, option=option))
            for name in ("template", "claim"):
                found.given(checks.dns_subdomain, f"device_claims.{name}", getattr(self, name))
            found.given(checks.dns_label, "device_claims.request", self.request)

    def pod_claim(self) -> dict[str, str]:
        """The pod's entry in ``resourceClaims``."""
        if self.template is not None:
            return {"name": self.name, "resourceClaimTemplateName": self.template}
        return {"name": self.name, "resourceClaimName": self.claim or ""}

    def container_claim(self) -> dict[str, str]:
        """The container's entry in ``resources.claims``."""
        return {"name": self.name} if self.request is None else {"name": self.name, "request": self.request}


def scheduling(
    *,
    node_selector: Mapping[str, str],
    node_name: str | None,
    tolerations: Sequence[Any],
    affinity: Mapping[str, Any],
    topology_spread: Sequence[Any],
    runtime_class: str | None,
    scheduler_name: str | None,
    priority_class: str | None,
    kai: KaiShare | None,
    device_claims: Sequence[DeviceClaim],
    pod_selector: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """The fields that decide where the pod runs.

    ``node_name`` is the node that the model volume pins it to; ``pod_selector`` the labels of the pods that are spread
    where a constraint does not say which.
    """
    with Collector() as found:
        return {
            "nodeSelector": found.attempt(_node_selector, node_selector, node_name),
            "tolerations": [
                found.attempt(toleration, f"tolerations[{index}]", item)
                for index, item in enumerate(found.attempt(sequence, "tolerations", tolerations) or ())
            ],
            "affinity": found.attempt(affinities, "affinity", affinity),
            "topologySpreadConstraints": found.attempt(_spreads, topology_spread, pod_selector),
            "runtimeClassName": found.attempt(_class_name, "runtime_class", runtime_class),
            "schedulerName": found.attempt(_scheduler, scheduler_name, kai),
            "priorityClassName": found.attempt(_class_name, "priority_class", priority_class),
            "resourceClaims": found.attempt(_claims, device_claims),
        }


def _node_selector(node_selector: Mapping[str, str], node_name: str | None) -> dict[str, str]:
    selector = checks.label_map("node_selector", node_selector)
    if node_name is not None:
        chosen = selector.setdefault(HOSTNAME_LABEL, node_name)
        if chosen != node_name:
            raise ConflictError(
                f"{chosen!r} contradicts the storage, which is on node {node_name!r}",
                option=f"node_selector[{HOSTNAME_LABEL!r}]",
            )
    return selector


def _spreads(topology_spread: Sequence[Any], pod_selector: Mapping[str, str] | None) -> list[dict[str, Any]]:
    with Collector() as found:
        made = [
            found.attempt(spread, f"topology_spread[{index}]", item, pod_selector)
            for index, item in enumerate(sequence("topology_spread", topology_spread))
        ]
    spreads = [item for item in made if item is not None]
    unique("topology_spread", (f"{item['topologyKey']} with {item['whenUnsatisfiable']}" for item in spreads))
    return spreads


def _class_name(option: str, name: str | None) -> str | None:
    return None if name is None else checks.dns_subdomain(option, name)


def _scheduler(scheduler_name: str | None, kai: KaiShare | None) -> str | None:
    if kai is not None and scheduler_name not in (None, KAI_SCHEDULER):
        raise ConflictError(
            f"{scheduler_name!r} contradicts {mention('kai=')}, which is {KAI_SCHEDULER!r}", option="scheduler_name"
        )
    return _class_name("scheduler_name", KAI_SCHEDULER if kai is not None else scheduler_name)


def _claims(device_claims: Sequence[DeviceClaim]) -> list[dict[str, str]]:
    names = [claim.name for claim in device_claims]
    for name in names:
        if names.count(name) > 1:
            raise ConflictError(f"{name!r} is the name of two claims", option="device_claims")
    return [claim.pod_claim() for claim in device_claims]


def toleration(option: str, item: object) -> dict[str, Any]:
    """A toleration in wire form.

    Raises:
        InvalidOptionError: a field is not one, or has a value that is not one of it.
        ConflictError: fields exclude each other.
    """
    if not isinstance(item, Mapping):
        raise InvalidOptionError(f"{shown(item)} is not a mapping", option=option)
    wire = _known(option, dict(checks.plain(option, item)), _TOLERATION_KEYS)
    check_schema(option, {key: value for key, value in wire.items() if key not in _TOLERATION_VALUES}, "Toleration")
    for key, allowed in _TOLERATION_VALUES.items():
        if wire.get(key) not in (None, ""):
            checks.one_of(f"{option}.{key}", wire[key], allowed)
    if wire.get("key"):
        checks.qualified_name(f"{option}.key", wire["key"])
    if wire.get("operator") == "Exists":
        if wire.get("value"):
            raise ConflictError(f"{wire['value']!r} contradicts operator 'Exists'", option=f"{option}.value")
    elif not wire.get("key"):
        raise InvalidOptionError("is missing; say the taint's, or operator 'Exists' for all", option=f"{option}.key")
    if wire.get("operator") in ("Lt", "Gt"):
        _check_number(f"{option}.value", wire.get("value"))
    elif wire.get("value"):
        checks.label_value(f"{option}.value", wire["value"])
    if "tolerationSeconds" in wire and wire.get("effect") != "NoExecute":
        raise ConflictError(
            f"{wire['tolerationSeconds']!r} needs effect 'NoExecute'; no other effect ends after some time",
            option=f"{option}.tolerationSeconds",
        )
    return wire


def _check_number(option: str, value: object) -> None:
    if not isinstance(value, str) or not _INTEGER.fullmatch(value):
        raise InvalidOptionError(f"{shown(value)} is not a whole number in quotation marks", option=option)


def affinities(option: str, affinity: object) -> dict[str, Any]:
    """Affinities in wire form.

    Raises:
        InvalidOptionError: a field is not one, or has a value that is not one of it.
        ConflictError: an operator excludes its values.
    """
    wire = _known(option, checks.mapping(option, affinity), _AFFINITIES)
    if not wire:
        return wire
    check_schema(option, wire, "Affinity")
    for kind, rules in wire.items():
        required, preferred = (f"{when}DuringSchedulingIgnoredDuringExecution" for when in ("required", "preferred"))
        for index, weighted in enumerate(rules.get(preferred, ())):
            within = f"{option}.{kind}.{preferred}[{index}]"
            checks.integer(f"{within}.weight", weighted["weight"], minimum=1, maximum=100)
            if kind == "nodeAffinity":
                _node_term(f"{within}.preference", weighted["preference"])
            else:
                _pod_term(f"{within}.podAffinityTerm", weighted["podAffinityTerm"])
        within = f"{option}.{kind}.{required}"
        if kind != "nodeAffinity":
            for index, term in enumerate(rules.get(required, ())):
                _pod_term(f"{within}[{index}]", term)
        elif required in rules:
            terms = rules[required]["nodeSelectorTerms"]
            if not terms:
                raise InvalidOptionError("is empty; needed: at least one term", option=f"{within}.nodeSelectorTerms")
            for index, term in enumerate(terms):
                _node_term(f"{within}.nodeSelectorTerms[{index}]", term)
    return wire


def _node_term(option: str, term: Mapping[str, Any]) -> None:
    for index, expression in enumerate(term.get("matchExpressions", ())):
        _expression(f"{option}.matchExpressions[{index}]", expression)
    for index, expression in enumerate(term.get("matchFields", ())):
        within = f"{option}.matchFields[{index}]"
        checks.one_of(f"{within}.key", expression["key"], ("metadata.name",))
        checks.one_of(f"{within}.operator", expression["operator"], ("In", "NotIn"))
        if len(expression.get("values", ())) != 1:
            raise InvalidOptionError("needs exactly one value", option=f"{within}.values")


def _pod_term(option: str, term: Mapping[str, Any]) -> None:
    checks.qualified_name(f"{option}.topologyKey", term["topologyKey"])
    for field in ("labelSelector", "namespaceSelector"):
        _selector(f"{option}.{field}", term.get(field, {}))
    for index, name in enumerate(term.get("namespaces", ())):
        checks.dns_label(f"{option}.namespaces[{index}]", name)


def _selector(option: str, selector: Mapping[str, Any]) -> None:
    checks.label_map(f"{option}.matchLabels", selector.get("matchLabels", {}))
    for index, expression in enumerate(selector.get("matchExpressions", ())):
        within = f"{option}.matchExpressions[{index}]"
        _expression(within, expression)
        for place, value in enumerate(expression.get("values", ())):
            checks.label_value(f"{within}.values[{place}]", value)


def _expression(option: str, expression: Mapping[str, Any]) -> None:
    """One requirement of labels: how many values there are is the operator's to say."""
    checks.qualified_name(f"{option}.key", expression["key"])
    operator, values = expression["operator"], expression.get("values", ())
    if operator in ("In", "NotIn") and not values:
        raise InvalidOptionError(f"is empty; operator {operator!r} needs values", option=f"{option}.values")
    if operator in ("Exists", "DoesNotExist") and values:
        raise ConflictError(f"contradicts operator {operator!r}, which takes none", option=f"{option}.values")
    if operator in ("Gt", "Lt"):
        if len(values) != 1:
            raise InvalidOptionError(f"needs exactly one value for operator {operator!r}", option=f"{option}.values")
        _check_number(f"{option}.values[0]", values[0])


def spread(option: str, item: object, pod_selector: Mapping[str, str] | None = None) -> dict[str, Any]:
    """A topology spread constraint in wire form, with the selector of the server's pods where it has none.

    Raises:
        InvalidOptionError: a field is missing, is not one, or has a value that is not one of it.
        ConflictError: fields exclude each other.
    """
    if not isinstance(item, Mapping):
        raise InvalidOptionError(f"{shown(item)} is not a mapping", option=option)
    missing = [key for key in _SPREAD_NEEDS if key not in item]
    if missing:
        raise InvalidOptionError(f"has no {', '.join(missing)}; needed: {', '.join(_SPREAD_NEEDS)}", option=option)
    wire = dict(checks.plain(option, item))
    check_schema(option, wire, "TopologySpreadConstraint")
    checks.integer(f"{option}.maxSkew", wire["maxSkew"], minimum=1)
    checks.qualified_name(f"{option}.topologyKey", wire["topologyKey"])
    if "minDomains" in wire:
        checks.integer(f"{option}.minDomains", wire["minDomains"], minimum=1)
        if wire["whenUnsatisfiable"] != "DoNotSchedule":
            raise ConflictError("needs whenUnsatisfiable 'DoNotSchedule'", option=f"{option}.minDomains")
    _selector(f"{option}.labelSelector", wire.get("labelSelector", {}))
    # Without a selector the constraint counts no pod at all.
    return wire if "labelSelector" in wire or not pod_selector else {
        **wire, "labelSelector": {"matchLabels": dict(pod_selector)},
    }  # fmt: skip


def _known(option: str, mapping: dict[str, Any], keys: Sequence[str]) -> dict[str, Any]:
    for key in mapping:
        checks.one_of(option, key, keys)
    return mapping
