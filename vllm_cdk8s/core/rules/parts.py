"""Which rule it breaks when Kubernetes does not take a part of a pod that a user wrote as in a manifest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vllm_cdk8s.core.regex import regex
from vllm_cdk8s.core.rules.health import PROBE
from vllm_cdk8s.core.rules.pod import POD_PART
from vllm_cdk8s.core.rules.security import SECURITY_CONTEXT
from vllm_cdk8s.core.rules.storage import VOLUME
from vllm_cdk8s.core.rules.values import INVALID, SCHEMA

if TYPE_CHECKING:
    from vllm_cdk8s.core.rules.rule import Rule

# Options that take a part as it is in a manifest, and the fields of a manifest, each with the rule of what is in it.
_PARTS = {
    "volumes": VOLUME,
    "volume_mounts": VOLUME,
    "volumeMounts": VOLUME,
    "volumeDevices": VOLUME,
    "startupProbe": PROBE,
    "livenessProbe": PROBE,
    "readinessProbe": PROBE,
    "pod_security_context": SECURITY_CONTEXT,
    "security_context": SECURITY_CONTEXT,
    "securityContext": SECURITY_CONTEXT,
}
_WHOLES = frozenset({
    "init_containers", "extra_containers", "env_from", "tolerations", "affinity", "topology_spread", "patch_pod",
    # What a variable of ``env`` may be in place of a text.
    "secretKeyRef", "configMapKeyRef", "fieldRef", "resourceFieldRef", "fileKeyRef",
})  # fmt: skip
_KEY = regex(r"""\['(?:[^'\\]|\\.)*'\]|\["(?:[^"\\]|\\.)*"\]""")
_FIELD = regex(r"[^.\[\]]+")


def rule_at(option: str | None, rule: Rule) -> Rule:
    """The rule of the part of a pod that an option is in, where the rule is one for values of all kinds.

    Args:
        option: the option as its user wrote it, such as ``extra_containers[0].livenessProbe.periodSeconds``.
        rule: the rule that holds anywhere else.
    """
    if option is None or rule not in (INVALID, SCHEMA):
        return rule
    # A key is the user's own, and may be named as a field is.
    fields = _FIELD.findall(_KEY.sub("", option))
    part = next((_PARTS[field] for field in fields if field in _PARTS), None)
    return part or (rule if _WHOLES.isdisjoint(fields) else POD_PART)
