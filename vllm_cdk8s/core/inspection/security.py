"""Rules of secrets, privileges and exposure, of one server's facts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from vllm_cdk8s.core.engine.adapters import BARE_PATH, RUNTIME_ADAPTERS, beyond_key, switched_on
from vllm_cdk8s.core.engine.devices import built_for
from vllm_cdk8s.core.errors import Problem
from vllm_cdk8s.core.inspection.storage import HUB_TOKENS
from vllm_cdk8s.core.rules import book
from vllm_cdk8s.core.showing import is_secret_name, is_stand_in, is_whole_token, may_name_secret

if TYPE_CHECKING:
    from vllm_cdk8s.core.inspection.facts import ServerFacts


def literal_secrets(facts: ServerFacts) -> Iterator[Problem]:
    """Secrets among the container's variables."""
    for index, item in enumerate(facts.container.get("env") or ()):
        if not isinstance(item, Mapping) or item.get("value") is None:
            continue
        name, value = str(item.get("name")), str(item["value"])
        # Tokens are also what texts are made of (EOS_TOKEN).
        named = is_secret_name(name) or (may_name_secret(name) and not name.upper().endswith("TOKEN"))
        if (named and not is_stand_in(value)) or is_whole_token(value):
            yield Problem(
                what="holds a literal secret; everyone who reads the manifest has it",
                rule=book.LITERAL_SECRET,
                option=name,
                at=(*facts.container_path, "env", index),
            )


def developer_mode(facts: ServerFacts) -> Iterator[Problem]:
    """``VLLM_SERVER_DEV_MODE``."""
    for index, item in enumerate(facts.container.get("env") or ()):
        if not isinstance(item, Mapping) or item.get("name") != "VLLM_SERVER_DEV_MODE":
            continue
        if str(item.get("value")).strip() not in {"0", "", "None", "false", "False"}:
            yield Problem(
                what="opens endpoints for developers to whoever reaches the port",
                rule=book.DEVELOPER_MODE,
                severity="warning",
                option="VLLM_SERVER_DEV_MODE",
                at=(*facts.container_path, "env", index),
            )


def runtime_adapters(facts: ServerFacts) -> Iterator[Problem]:
    """``VLLM_ALLOW_RUNTIME_LORA_UPDATING``."""
    for index, item in enumerate(facts.container.get("env") or ()):
        if not isinstance(item, Mapping) or item.get("name") != RUNTIME_ADAPTERS:
            continue
        if not switched_on(item.get("value")) or (facts.guarded and not beyond_key(facts.engine.version)):
            continue
        where = f"{BARE_PATH}, which the API key does not guard" if facts.guarded else "/v1/load_lora_adapter"
        yield Problem(
            what=f"lets whoever reaches the port load adapters from anywhere, by {where}",
            rule=book.OPEN_ADAPTERS,
            severity="warning",
            option=RUNTIME_ADAPTERS,
            at=(*facts.container_path, "env", index),
        )


def remote_code(facts: ServerFacts) -> Iterator[Problem]:
    """``--trust-remote-code`` of a repository that is not pinned."""
    settings, model = facts.engine.settings, facts.engine.model
    if settings.get("trust_remote_code") is not True or {"revision", "code_revision"} & facts.engine.said:
        return
    if model is None and not HUB_TOKENS & facts.env.keys():
        return  # it may be a folder
    if model is not None and (model.startswith(("/", ".")) or "://" in model):
        return
    yield Problem(
        what=f"runs whatever Python {model or 'the repository'} holds when the pod starts",
        rule=book.REMOTE_CODE,
        severity="warning",
        option=facts.engine.label("trust_remote_code"),
        at=facts.container_path,
    )


def user(facts: ServerFacts) -> Iterator[Problem]:
    """``runAsNonRoot`` with an image whose user is root."""
    inner = facts.container.get("securityContext")
    outer = facts.pod.get("securityContext")
    merged = {**(outer if isinstance(outer, Mapping) else {}), **(inner if isinstance(inner, Mapping) else {})}
    at = (*facts.container_path, "securityContext") if inner else (*facts.pod_path, "securityContext")
    if (
        merged.get("runAsNonRoot") is True
        and merged.get("runAsUser") in (None, 0)
        and built_for(facts.image) == "nvidia"
    ) and (merged.get("runAsUser") == 0 or "nonroot" not in facts.image):
        yield Problem(
            what=f"the user of {facts.image!r} is root, so the kubelet does not start it; say runAsUser too",
            rule=book.CANNOT_RUN_AS,
            option="runAsNonRoot",
            at=at,
        )
    if merged.get("privileged") is True and merged.get("allowPrivilegeEscalation") is False:
        yield Problem(
            what="is true while allowPrivilegeEscalation is false; the API server refuses that",
            rule=book.PRIVILEGE,
            option="privileged",
            at=at,
        )
    elif merged.get("privileged") is True and facts.gpus and not _needs_privilege(facts):
        yield Problem(
            what="gives the container the node; the device plugin hands it the GPU without that",
            rule=book.PRIVILEGE,
            severity="warning",
            option="privileged",
            at=at,
        )


def _needs_privilege(facts: ServerFacts) -> bool:
    text = f"{facts.container.get('command')} {facts.container.get('args')} {facts.container.get('resources')}"
    text += str(facts.pod.get("volumes")) + " ".join(facts.env)
    words = re.compile(
        r"drop_caches|rdma|infiniband|nccl_ib|ulimit|sysctl|(?<![\w.])/(dev|sys)\b|fuse|\befa\b|\bmount\b",
        re.IGNORECASE,
    )
    return bool(facts.pod.get("hostNetwork") or facts.pod.get("hostIPC")) or bool(words.search(text))


def exposed(facts: ServerFacts) -> Iterator[Problem]:
    """A server without an API key that is reachable from outside."""
    if not facts.exposed or facts.guarded or not facts.engine.complete or "api_key" in facts.engine.said:
        return
    if facts.container.get("envFrom") or "config" in facts.engine.said or "middleware" in facts.engine.said:
        return
    yield Problem(
        what=f"{facts.exposed[0]} leads to it from outside of the cluster, and it asks for no API key",
        rule=book.OPEN_TO_THE_WORLD,
        severity="warning",
        at=facts.container_path,
    )


CHECKS = (literal_secrets, developer_mode, runtime_adapters, remote_code, user, exposed)
