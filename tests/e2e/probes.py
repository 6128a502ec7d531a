"""A kubelet's probes: their arithmetic, and how one is run.

Source: pkg/kubelet/prober/worker.go. A worker's ticks come every periodSeconds. Those before initialDelaySeconds are
skipped; what follows counts, and the n-th failure in a row is the result.
"""

from __future__ import annotations

import socket
import subprocess
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from tests.e2e.container import port_of

Manifest = Mapping[str, Any]
Verdict = Literal["success", "failure"]
# What Kubernetes puts where a manifest is silent.
DEFAULTS = {
    "initialDelaySeconds": 0,
    "periodSeconds": 10,
    "timeoutSeconds": 1,
    "failureThreshold": 3,
    "successThreshold": 1,
}


@dataclass(frozen=True, kw_only=True)
class Timing:
    """The numbers of a probe, in seconds and in ticks."""

    delay: int
    period: int
    timeout: int
    failures: int
    successes: int

    @classmethod
    def of(cls, probe: Manifest) -> Timing:
        delay, period, timeout, failures, successes = ({**DEFAULTS, **probe}[key] for key in DEFAULTS)
        return cls(delay=delay, period=period, timeout=timeout, failures=failures, successes=successes)

    def ticks(self, phase: float = 0) -> Iterator[float]:
        """When it is asked, in seconds after the container's start; `phase` is when the first tick comes.

        A phase of 0 is the worst that can happen to a program whose delay is a multiple of the period: it is asked as
        early, and so killed as early, as can be.
        """
        at = phase
        while True:
            if at >= self.delay:
                yield at
            at += self.period

    def guaranteed(self) -> int:
        """For how many seconds a container that never answers lives at least."""
        return self.delay + (self.failures - 1) * self.period


class Counter:
    """Turns answers into verdicts: only so many in a row of one kind are one."""

    def __init__(self, timing: Timing) -> None:
        self.timing = timing
        self.last: bool | None = None
        self.run = 0

    def take(self, *, answered: bool) -> Verdict | None:
        self.run = self.run + 1 if answered == self.last else 1
        self.last = answered
        if self.run < (self.timing.successes if answered else self.timing.failures):
            return None
        return "success" if answered else "failure"


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:  # a kubelet counts a redirect to elsewhere as an answer
        return None


def ask(
    probe: Manifest, *, container: Manifest, ip: str, seconds: float, run: Callable[[list[str], float], int]
) -> str | None:
    """Run a probe once; give what is wrong, or None."""
    try:
        if "httpGet" in probe:
            get = probe["httpGet"]
            scheme, host = get.get("scheme", "HTTP").lower(), get.get("host", ip)
            url = f"{scheme}://{host}:{port_of(container, get['port'])}{get.get('path', '/')}"
            headers = {item["name"]: item["value"] for item in get.get("httpHeaders", ())}
            opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect)
            request = urllib.request.Request(url, headers={"User-Agent": "kube-probe/1.32", **headers})  # noqa: S310
            try:
                with opener.open(request, timeout=seconds) as answer:
                    answer.read()
            except urllib.error.HTTPError as error:
                with error:
                    if error.code >= 400:
                        return f"HTTP probe failed with statuscode: {error.code}"
            return None
        if "tcpSocket" in probe:
            with socket.create_connection((ip, port_of(container, probe["tcpSocket"]["port"])), seconds):
                return None
        if "exec" in probe:
            code = run(probe["exec"]["command"], seconds)
            return f"command exited with {code}" if code else None
    except subprocess.TimeoutExpired:
        return f"command timed out after {seconds:g} s"
    except OSError as error:
        return str(error)
    raise NotImplementedError(f"a probe with {sorted(probe)}")
