"""How Prometheus is told to scrape a server: the specs of a PodMonitor and a ServiceMonitor, in wire form.

The fields are those of https://prometheus-operator.dev/docs/api-reference/api/
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vllm_cdk8s.core.errors import Collector, ConflictError, InvalidOptionError, mention, nearest
from vllm_cdk8s.core.kube import checks
from vllm_cdk8s.core.pod.health import PORT_NAME
from vllm_cdk8s.core.regex import regex

if TYPE_CHECKING:
    from collections.abc import Mapping

_UNITS = {"y": 31_536_000_000, "w": 604_800_000, "d": 86_400_000, "h": 3_600_000, "m": 60_000, "s": 1000, "ms": 1}
# Of SafeTLSConfig, which both monitors take; a ServiceMonitor may name files of Prometheus' own besides.
_TLS_FILES = ("caFile", "certFile", "keyFile")
_TLS_FIELDS = ("ca", "cert", "insecureSkipVerify", "keySecret", "maxVersion", "minVersion", "serverName")
_DURATION = regex("".join(f"(?:(?P<{unit}>[0-9]+){unit})?" for unit in _UNITS))


def milliseconds(option: str, value: object) -> int:
    """The length of a Prometheus duration such as ``30s`` or ``1m30s``.

    Raises:
        InvalidOptionError: it is not a duration, or no time at all.
    """
    text = checks.text(option, value)
    match = _DURATION.fullmatch(text)
    length = 0 if match is None else sum(int(match[unit] or 0) * factor for unit, factor in _UNITS.items())
    if not length:
        raise InvalidOptionError(f"{text!r} is not a duration; allowed: such as '30s' or '1m30s'", option=option)
    return length


def endpoint(
    *,
    interval: str,
    scrape_timeout: str,
    scheme: str = "http",
    tls_config: Mapping[str, Any] | None = None,
    tls_files: bool = False,
) -> dict[str, Any]:
    """One scraped endpoint, the same for pods and services, but that the latter's trust may be in files.

    Raises:
        InvalidOptionError: a duration is not valid.
        ConflictError: the timeout is longer than the interval, which the Prometheus operator refuses; or the server
            speaks TLS and nothing says how to trust it, so that every scrape would fail.
    """
    with Collector() as found:
        waits = found.attempt(milliseconds, "scrape_timeout", scrape_timeout)
        between = found.attempt(milliseconds, "interval", interval)
        if waits is not None and between is not None and waits > between:
            what = f"{scrape_timeout!r} is longer than {mention('interval')}: {interval!r}"
            found.note(ConflictError(what, option="scrape_timeout"))
        trust = found.need(_trust, scheme, tls_config, tls_files=tls_files)
    return {"port": PORT_NAME, "path": "/metrics", "interval": interval, "scrapeTimeout": scrape_timeout, **trust}


def _trust(scheme: str, tls_config: Mapping[str, Any] | None, *, tls_files: bool) -> dict[str, Any]:
    """How Prometheus trusts a server that speaks TLS; nothing where it speaks none."""
    if scheme == "http":
        if tls_config is not None:
            raise ConflictError("the server speaks no TLS", option="tls_config")
        return {}
    if tls_config is None:
        raise ConflictError(
            "the server speaks TLS, which Prometheus cannot trust by a pod's address; say its certificate's "
            "ca and serverName, or {'insecureSkipVerify': True}",
            option="tls_config",
        )
    said = checks.mapping("tls_config", tls_config)
    known = (*_TLS_FIELDS, *(_TLS_FILES if tls_files else ()))
    for field in said:
        if field not in known:
            raise InvalidOptionError(
                f"{field!r} is not a field of it{nearest(field, known)}; allowed: {', '.join(known)}",
                option="tls_config",
            )
    return {"scheme": scheme, "tlsConfig": said}


def monitor_spec(
    selector: Mapping[str, str], scraped: Mapping[str, Any], *, endpoints: str, namespace: str | None = None
) -> dict[str, Any]:
    """A monitor's spec.

    Args:
        selector: labels of the pods, or of the service.
        scraped: what `endpoint` gave.
        endpoints: the field that holds it: ``podMetricsEndpoints`` or ``endpoints``.
        namespace: that of the pods or the service, where it is not the monitor's own.
    """
    spec: dict[str, Any] = {"selector": {"matchLabels": dict(selector)}}
    if namespace is not None:
        spec["namespaceSelector"] = {"matchNames": [namespace]}
    return {**spec, endpoints: [dict(scraped)]}
