"""Rules of probes, rollouts and shutdown, of one server's facts."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from vllm_cdk8s.core.errors import Problem
from vllm_cdk8s.core.inspection.devices import resources
from vllm_cdk8s.core.inspection.storage import downloads
from vllm_cdk8s.core.kube import checks
from vllm_cdk8s.core.models.facts import known_model
from vllm_cdk8s.core.models.vendors import counts_devices
from vllm_cdk8s.core.regex import regex
from vllm_cdk8s.core.rules import book

if TYPE_CHECKING:
    from vllm_cdk8s.core.inspection.facts import ServerFacts

_HANDLERS = ("httpGet", "tcpSocket", "exec", "grpc")
# Paths that people expect of a server, and that no release of vLLM has.
_NOT_VLLMS = {
    "/healthz",
    "/livez",
    "/readyz",
    "/health/ready",
    "/health/live",
    "/v1/health/ready",
    "/v1/health/live",
    "/v1/health",
    "/healthcheck",
    "/api/health",
    "/status",
    "/",
}
_DEFAULT_DEADLINE = 600
_DEFAULT_GRACE = 30
# Importing torch, reading weights that are there already, compiling and capturing graphs; by billions of parameters.
_LEAST_START = ((0, 60), (2, 90), (6.5, 120), (12, 180), (30, 240), (65, 300))
_SIZE = regex(r"(?<![A-Za-z0-9.])(\d+(?:\.\d+)?)[bB](?![A-Za-z0-9])")
_SLEEP = regex(r"\bsleep\s+(\d+)(s|m)?\b")
_EAGER_SECONDS = 35


def probe(facts: ServerFacts, role: str) -> Mapping[str, Any] | None:
    """A probe that has a handler; one without is a patch."""
    found = facts.container.get(role)
    return found if isinstance(found, Mapping) and any(h in found for h in _HANDLERS) else None


def _number(found: Mapping[str, Any], name: str, default: int) -> int | None:
    value = found.get(name, default)
    if value is None:
        return default
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def budget(found: Mapping[str, Any]) -> int | None:
    """The seconds that a container surely has: ``delay + (failures - 1) x period``."""
    delay, period = _number(found, "initialDelaySeconds", 0), _number(found, "periodSeconds", 10)
    failures = _number(found, "failureThreshold", 3)
    return None if delay is None or period is None or failures is None else delay + period * (failures - 1)


def _target(facts: ServerFacts, found: Mapping[str, Any]) -> int | str | None:
    for handler in ("httpGet", "tcpSocket"):
        inner = found.get(handler)
        if isinstance(inner, Mapping):
            port = inner.get("port")
            if isinstance(port, str) and port.isdecimal():
                return int(port)
            if isinstance(port, str):
                ports = [p for p in facts.container.get("ports") or () if isinstance(p, Mapping)]
                number = next((p.get("containerPort") for p in ports if p.get("name") == port), None)
                return number if isinstance(number, int) else port
            return port if isinstance(port, int) else None
    return None


def _billions(facts: ServerFacts) -> float:
    known = known_model(facts.engine.model or "")
    if known is not None and known.parameters:
        return known.parameters / 1e9
    sizes = [float(size) for size in _SIZE.findall((facts.engine.model or "").rpartition("/")[2])]
    return max(sizes, default=0)


def _asks_vllm(facts: ServerFacts, found: Mapping[str, Any]) -> bool:
    target = _target(facts, found)
    return target is not None and (target == facts.port or facts.port is None)


def start_up(facts: ServerFacts) -> Iterator[Problem]:
    """A server that is killed while it loads."""
    if "probes" in facts.supplied or facts.engine.settings.get("load_format") == "dummy":
        return
    size = _billions(facts)
    least = [seconds for billions, seconds in _LEAST_START if size >= billions][-1]
    if any(problem.rule is book.NOTHING_KEPT for problem in downloads(facts)):
        least *= 2  # the weights come first
    startup, liveness = probe(facts, "startupProbe"), probe(facts, "livenessProbe")
    if startup is None and facts.container.get("startupProbe"):
        return
    role, found = ("startupProbe", startup) if startup is not None else ("livenessProbe", liveness)
    if found is None or not _asks_vllm(facts, found):
        return
    seconds = budget(found)
    if seconds is None or seconds >= least:
        return
    model = facts.engine.model or "the model"
    rule = book.STARTUP_BUDGET if role == "startupProbe" else book.LIVENESS_WHILE_LOADING
    sure = seconds <= least // 2
    yield Problem(
        what=f"gives up after {seconds} s; {model} is not loaded by then, and is stopped while it loads"
        if sure
        else f"gives up after {seconds} s; {model} may not be loaded by then, and is then stopped while it loads",
        rule=rule,
        severity="error" if sure else "warning",
        option=role,
        at=(*facts.container_path, role),
    )


def targets(facts: ServerFacts) -> Iterator[Problem]:
    """Probes that ask where vLLM does not answer."""
    if "probes" in facts.supplied and "command" in facts.supplied:
        return
    for role in ("startupProbe", "livenessProbe", "readinessProbe"):
        found = probe(facts, role)
        if found is not None:
            yield from _check_target(facts, role, found)


def _check_target(facts: ServerFacts, role: str, found: Mapping[str, Any]) -> Iterator[Problem]:
    at = (*facts.container_path, role)
    target = _target(facts, found)
    http = found.get("httpGet")
    if isinstance(target, str) and "{" not in target and "$" not in target and "<" not in target:
        yield Problem(
            what=f"asks port {target!r}, and the container has no port of that name",
            rule=book.PROBE_TARGET,
            option=role,
            at=at,
        )
        return
    if facts.port is None or not isinstance(target, int):
        return
    if target != facts.port:
        others = _other_ports(facts)
        if others is None or target in _mentioned(facts) or not facts.alone:
            return
        if target not in others:
            yield Problem(
                what=f"asks port {target}, and vLLM listens on {facts.port}", rule=book.PROBE_TARGET, option=role, at=at
            )
        elif role == "livenessProbe":
            yield Problem(
                what=f"asks port {target} of another container, and restarts vLLM where that one fails",
                rule=book.PROBE_TARGET,
                severity="warning",
                option=role,
                at=at,
            )
        return
    if not isinstance(http, Mapping):
        return
    secure = str(http.get("scheme") or "HTTP").upper() == "HTTPS"
    tls = bool({"ssl_certfile", "ssl_keyfile"} & facts.engine.said)
    if tls != secure and (tls or facts.engine.complete):
        yield Problem(
            what=f"asks by {'HTTPS' if secure else 'HTTP'}, and vLLM speaks {'HTTPS' if tls else 'HTTP'}",
            rule=book.PROBE_TARGET,
            option=role,
            at=at,
        )
    path = str(http.get("path") or "/")
    if path in _NOT_VLLMS and not {"middleware", "root_path"} & facts.engine.said and facts.genuine:
        yield Problem(
            what=f"asks {path!r}, which vLLM answers with 404; ask '/health'",
            rule=book.PROBE_TARGET,
            option=role,
            at=at,
        )
    elif path.startswith("/v1/") and facts.guarded and "Authorization" not in str(http.get("httpHeaders")):
        yield Problem(
            what=f"asks {path!r}, which the API key guards, so vLLM answers 401; ask '/health'",
            rule=book.PROBE_TARGET,
            option=role,
            at=at,
        )


def _other_ports(facts: ServerFacts) -> set[int] | None:
    """The ports of the pod's other containers; None where one does not say its own."""
    found: set[int] = set()
    others = [*(facts.pod.get("initContainers") or ()), *(facts.pod.get("containers") or ())]
    for item in others:
        if not isinstance(item, Mapping) or item is facts.container:
            continue
        if item in (facts.pod.get("initContainers") or ()) and item.get("restartPolicy") != "Always":
            continue
        ports = [p.get("containerPort") for p in item.get("ports") or () if isinstance(p, Mapping)]
        if not ports:
            return None
        found |= {port for port in ports if isinstance(port, int)}
    return found


def _mentioned(facts: ServerFacts) -> set[int]:
    """Numbers that the container's variables and words mention: other listeners of vLLM's."""
    words = [*(str(v) for v in facts.env.values()), *map(str, facts.container.get("args") or ())]
    words += map(str, facts.container.get("command") or ())
    return {int(number) for word in words for number in re.findall(r"\d{2,5}", word)}


def eager(facts: ServerFacts) -> Iterator[Problem]:
    """A liveness probe that a busy server fails."""
    found = probe(facts, "livenessProbe")
    if found is None or "httpGet" not in found or not _asks_vllm(facts, found) or "command" in facts.supplied:
        return
    timeout, period = _number(found, "timeoutSeconds", 1), _number(found, "periodSeconds", 10)
    failures = _number(found, "failureThreshold", 3)
    if timeout is None or period is None or failures is None:
        return
    # The first of n failures begins the time; n - 1 periods later the last one ends it.
    seconds = period * (failures - 1) + timeout
    if failures == 1 or (timeout < 5 and seconds < _EAGER_SECONDS):  # noqa: PLR2004 - as the rule says
        yield Problem(
            what=f"restarts a server that is busy for {seconds} s (answers within {timeout} s, {failures} "
            f"failure{'' if failures == 1 else 's'} allowed)",
            rule=book.EAGER_LIVENESS,
            severity="warning",
            option="livenessProbe",
            at=(*facts.container_path, "livenessProbe"),
        )


def missing(facts: ServerFacts) -> Iterator[Problem]:
    """A server that gets requests before it can answer."""
    if facts.kind not in {"Deployment", "StatefulSet"} or "probes" in facts.supplied or facts.nodes != 1:
        return
    if any(isinstance(facts.container.get(role), Mapping) for role in ("readinessProbe", "startupProbe")):
        return
    if "headless" in facts.engine.said:
        return
    yield Problem(
        what="there is no readiness probe, so that requests reach a server that is still loading",
        rule=book.PROBES_OFF,
        severity="warning",
        at=facts.container_path,
    )


def rollout(facts: ServerFacts) -> Iterator[Problem]:
    """A rollout whose new pods wait for the GPUs of the old ones."""
    spec = facts.workload.get("spec")
    if facts.kind != "Deployment" or not isinstance(spec, Mapping) or not _whole_gpus(facts):
        return
    strategy = spec.get("strategy")
    strategy = strategy if isinstance(strategy, Mapping) else {}
    replicas = spec.get("replicas", 1)
    if strategy.get("type", "RollingUpdate") != "RollingUpdate" or not isinstance(replicas, int) or replicas < 1:
        return
    rolling = strategy.get("rollingUpdate")
    rolling = rolling if isinstance(rolling, Mapping) else {}
    surge = _share(rolling.get("maxSurge", "25%"), replicas, math.ceil)
    unavailable = _share(rolling.get("maxUnavailable", "25%"), replicas, math.floor)
    if surge is None or unavailable is None:
        return
    at = ("spec", "strategy") if strategy else ("spec",)
    if surge == 0 and unavailable == 0:
        if rolling.get("maxSurge") in (0, "0%", "0") and rolling.get("maxUnavailable") in (0, "0%", "0"):
            yield Problem(
                what="neither surge nor unavailability is allowed; the API server refuses that",
                rule=book.ROLLOUT_DEADLOCK,
                option="rollingUpdate",
                at=at,
            )
        return
    if unavailable == 0:
        said = "" if rolling else " (25 % of so few replicas rounds down to 0)"
        yield Problem(
            what=f"no old pod stops before a new one is ready{said}; without a free GPU for the new one, the rollout "
            "waits for ever",
            rule=book.ROLLOUT_DEADLOCK,
            severity="error" if _one_pod_claim(facts) else "warning",
            option="strategy",
            at=at,
        )


def _one_pod_claim(facts: ServerFacts) -> bool:
    return any("ReadWriteOncePod" in (claim.access_modes or ()) for claim in facts.claims.values())


def _whole_gpus(facts: ServerFacts) -> bool:
    limits = resources(facts.container, "limits")
    return any(
        counts_devices(str(name)) and (checks.quantity_or_none(value) or 0) > 0 for name, value in limits.items()
    )


def _share(value: Any, replicas: int, rounded: Any) -> int | None:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    match = re.fullmatch(r"(\d+)%", str(value))
    return int(rounded(int(match[1]) * replicas / 100)) if match else None


def progress(facts: ServerFacts) -> Iterator[Problem]:
    """A rollout that counts as failed while the start-up probe still waits."""
    spec = facts.workload.get("spec")
    found = probe(facts, "startupProbe")
    if facts.kind != "Deployment" or not isinstance(spec, Mapping) or found is None:
        return
    deadline, seconds = spec.get("progressDeadlineSeconds", _DEFAULT_DEADLINE), budget(found)
    if isinstance(deadline, int) and seconds is not None and seconds >= deadline:
        default = "" if "progressDeadlineSeconds" in spec else ", the default"
        yield Problem(
            what=f"{deadline} s{default}, are over before the {seconds} s that the start-up probe allows",
            rule=book.PROGRESS_DEADLINE,
            severity="warning",
            option="progressDeadlineSeconds",
            at=("spec", "progressDeadlineSeconds") if not default else (*facts.container_path, "startupProbe"),
        )


def drain(facts: ServerFacts) -> Iterator[Problem]:
    """A pod that is killed while requests run."""
    if "drain" in facts.supplied or "headless" in facts.engine.said:
        return
    grace = facts.pod.get("terminationGracePeriodSeconds", _DEFAULT_GRACE)
    if not isinstance(grace, int):
        return
    hook = (
        (facts.container.get("lifecycle") or {}).get("preStop")
        if isinstance(facts.container.get("lifecycle"), Mapping)
        else None
    )
    sleeps = 0
    if isinstance(hook, Mapping):
        sleeps = _sleep(hook)
    timeout = facts.engine.settings.get("shutdown_timeout")
    timeout = timeout if isinstance(timeout, int) else 0
    at = (*facts.container_path, "lifecycle") if hook else facts.pod_path
    if sleeps + timeout >= grace and sleeps + timeout > 0:
        parts = [f"{sleeps} s of the preStop hook"] * bool(sleeps) + [f"{timeout} s of --shutdown-timeout"] * bool(
            timeout
        )
        yield Problem(
            what=f"{grace} s are over before the {' and the '.join(parts)}",
            rule=book.DRAIN,
            option="terminationGracePeriodSeconds",
            at=at,
        )
    elif hook or timeout or not facts.known("shutdown_timeout") or facts.kind not in {"Deployment", "StatefulSet"}:
        return
    elif facts.max_replicas is None or facts.max_replicas > 1 or facts.autoscaled:
        yield Problem(
            what="no preStop hook and no --shutdown-timeout: requests that run when a pod is replaced or scaled "
            "down are dropped",
            rule=book.DRAIN,
            severity="warning",
            at=facts.container_path,
        )


def _sleep(hook: Mapping[str, Any]) -> int:
    sleep = hook.get("sleep")
    if isinstance(sleep, Mapping) and isinstance(sleep.get("seconds"), int):
        return int(sleep["seconds"])
    command = hook.get("exec")
    words = command.get("command") if isinstance(command, Mapping) else None
    text = " ".join(map(str, words)) if isinstance(words, list) else ""
    if re.search(r"\b(while|for|until|if)\b", text):
        return 0
    return sum(int(n) * (60 if unit == "m" else 1) for n, unit in _SLEEP.findall(text))


CHECKS = (start_up, targets, eager, missing, rollout, progress, drain)
