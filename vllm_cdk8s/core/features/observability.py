"""What a server says of itself: traces, events of its KV cache, and its access log."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlsplit

from vllm_cdk8s.core.errors import Collector, ConflictError, InvalidOptionError, warn
from vllm_cdk8s.core.keywords import named_keywords
from vllm_cdk8s.core.kube import checks
from vllm_cdk8s.core.kube.wire import sequence
from vllm_cdk8s.core.regex import regex
from vllm_cdk8s.core.rules.book import TRACING
from vllm_cdk8s.core.server.contribution import Contribution
from vllm_cdk8s.core.showing import shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vllm_cdk8s.core.server.contribution import Target

_PROTOCOLS = ("grpc", "http/protobuf")
# OpenTelemetry's packages are among vLLM's own requirements from here on. Source: the wheels' metadata.
_OTEL_SINCE = "0.17.0"
_DETAILS = ("model", "worker", "all")

_EVENTS_PORT = 5557
_POD_IP: dict[str, Any] = {"fieldRef": {"fieldPath": "status.podIP"}}

_LOG_SINCE = "0.16.0"
_PATH = regex(r"/[A-Za-z0-9_./-]*")


@named_keywords
@dataclass(frozen=True, kw_only=True, slots=True)
class Tracing:
    """Send traces to a collector: ``tracing=Tracing(endpoint="http://otel-collector.observability:4317", sample=0.1)``.

    vLLM writes one span per request, with its time in the queue, to the first token and in all. A request that arrives
    with a W3C ``traceparent`` is part of that trace, and is sampled as its parent was.
    Sources: https://docs.vllm.ai/en/latest/examples/online_serving/opentelemetry/ and
    https://opentelemetry.io/docs/languages/sdk-configuration/general/

    Args:
        endpoint: the collector: its gRPC address (port 4317), or for ``http/protobuf`` the whole URL, ``/v1/traces``
            included (port 4318). ``http://`` is plain text, ``https://`` is TLS.
        sample: the share of requests without a sampled parent that are traced, more than 0 and at most 1.
        protocol: ``grpc`` or ``http/protobuf``.
        service_name: ``service.name`` of the spans. Defaults to the served model's name.
        details: detailed traces of ``model``, ``worker`` or ``all``, which slow vLLM down. Defaults to none.

    Raises:
        InvalidOptionError: the endpoint is not a URL, or the share is out of range.
    """

    OPTION: ClassVar[str] = "tracing"

    endpoint: str
    sample: float = 1.0
    protocol: str = "grpc"
    service_name: str | None = None
    details: Sequence[str] = ()

    def __post_init__(self) -> None:
        checks.plain_fields(self)
        with Collector() as found:
            parts = found.attempt(
                checks.url, "tracing.endpoint", self.endpoint, such_as="http://otel-collector.monitoring:4317",
                credentials="OTEL_EXPORTER_OTLP_TRACES_HEADERS from a Secret in env",
            )  # fmt: skip
            share: object = self.sample
            if isinstance(share, bool) or not isinstance(share, (int, float)) or not 0 < share <= 1:
                what = f"{shown(self.sample)} is not a share; allowed: more than 0, at most 1"
                found.note(InvalidOptionError(what, option="tracing.sample"))
            found.attempt(checks.one_of, "tracing.protocol", self.protocol, _PROTOCOLS, what="a protocol")
            if parts is not None and self.protocol == "http/protobuf" and parts.path in ("", "/"):
                found.note(
                    InvalidOptionError(
                        f"{self.endpoint!r} has no path; allowed: such as http://host:4318/v1/traces, since vLLM hands "
                        "the URL over as it is",
                        option="tracing.endpoint",
                    )
                )
            found.given(checks.text, "tracing.service_name", self.service_name)
            for index, detail in enumerate(found.attempt(sequence, "tracing.details", self.details) or ()):
                found.attempt(checks.one_of, f"tracing.details[{index}]", detail, _DETAILS, what="a detail")

    def contribute(self, target: Target) -> Contribution:
        """What it adds to that server."""
        if not target.version.at_least(_OTEL_SINCE):
            warn(
                f"vLLM's images bring OpenTelemetry from {_OTEL_SINCE} on; {target.version} stops at its start unless "
                "yours has opentelemetry-sdk and opentelemetry-exporter-otlp",
                option="tracing",
                rule=TRACING,
            )
        served = target.engine_args.get("served_model_name")
        first = served[0] if isinstance(served, (list, tuple)) and served else served
        variables = {
            "OTEL_SERVICE_NAME": self.service_name or (first if isinstance(first, str) else target.model),
            "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": self.protocol,
            "OTEL_TRACES_SAMPLER": "parentbased_traceidratio",
            "OTEL_TRACES_SAMPLER_ARG": f"{self.sample:g}",
        }
        if self.protocol == "grpc":
            insecure = urlsplit(self.endpoint).scheme == "http"
            variables["OTEL_EXPORTER_OTLP_TRACES_INSECURE"] = "true" if insecure else "false"
        # What the user says of OpenTelemetry himself stands.
        own = {name: value for name, value in variables.items() if name not in target.env}
        settings: dict[str, Any] = {"otlp_traces_endpoint": self.endpoint}
        if self.details:
            settings["collect_detailed_traces"] = list(self.details)
        return Contribution(engine_args=settings, env=own)


@named_keywords
@dataclass(frozen=True, kw_only=True, slots=True)
class KvEvents:
    """Publish what enters and leaves the KV cache, for routers that go by it: ``kv_events=KvEvents()``.

    The pods publish by ZeroMQ at a port of their own, under the topic ``kv@<address of the pod>:<port>@<model>``, in
    which llm-d's endpoint picker finds whose events they are. Several copies of the model in one pod publish at
    following ports. Nothing guards the port: let a ServerNetworkPolicy keep others out.
    Sources: https://docs.vllm.ai/en/latest/api/vllm/config/kv_events/ and
    https://github.com/llm-d/llm-d-kv-cache

    Args:
        port: the port that the pods publish at.
        topic: another topic, as it is.
        replay_port: the port where a router that lost events can ask for the latest again. Defaults to none.

    Raises:
        InvalidOptionError: a port is out of its range.
        ConflictError: both ports are the same.
    """

    OPTION: ClassVar[str] = "kv_events"

    port: int = _EVENTS_PORT
    topic: str | None = None
    replay_port: int | None = None

    def __post_init__(self) -> None:
        checks.plain_fields(self)
        with Collector() as found:
            found.attempt(checks.port, "kv_events.port", self.port)
            found.given(checks.text, "kv_events.topic", self.topic)
            found.given(checks.port, "kv_events.replay_port", self.replay_port)
            if found.sound("kv_events.port", "kv_events.replay_port") and self.replay_port == self.port:
                raise ConflictError(f"{self.port} is the port of the events too", option="kv_events.replay_port")

    def contribute(self, target: Target) -> Contribution:
        """What it adds to that server."""
        if target.engine_args.get("enable_prefix_caching") is False:
            raise ConflictError(
                "False leaves no cached blocks that events could be about", option="enable_prefix_caching"
            )
        for name, port in (("port", self.port), ("replay_port", self.replay_port)):
            if port == target.port:
                raise ConflictError(f"{port} is the port of the server's API", option=f"kv_events.{name}")
        references = frozenset({"POD_IP"}) if self.topic is None else frozenset()
        settings: dict[str, Any] = {
            "enable_kv_cache_events": True,
            "publisher": "zmq",
            "endpoint": f"tcp://*:{self.port}",
            "topic": self.topic or f"kv@$(POD_IP):{target.port}@{target.model}",
        }
        ports = {"kv-events": self.port}
        if self.replay_port is not None:
            settings["replay_endpoint"] = f"tcp://*:{self.replay_port}"
            ports["kv-replay"] = self.replay_port
        return Contribution(
            engine_args={"kv_events_config": settings},
            env={"POD_IP": _POD_IP} if references else {},
            references=references,
            ports=ports,
        )


@named_keywords
@dataclass(frozen=True, kw_only=True, slots=True)
class AccessLog:
    """An access log without the lines of probes and scrapers: ``access_log=AccessLog()``.

    Three probes and Prometheus ask each pod every few seconds, which buries the lines of real requests.
    Source: https://docs.vllm.ai/en/latest/cli/serve/ (``--disable-access-log-for-endpoints``, vLLM 0.16 and later).

    Args:
        leave_out: the paths whose requests are not logged.

    Raises:
        InvalidOptionError: a path does not begin with ``/``.
    """

    OPTION: ClassVar[str] = "access_log"

    leave_out: Sequence[str] = ("/health", "/metrics", "/ping")

    def __post_init__(self) -> None:
        checks.plain_fields(self)
        with Collector() as found:
            paths = found.attempt(sequence, "access_log.leave_out", self.leave_out)
            if paths is not None and not paths:
                raise InvalidOptionError("is empty; leave the option out to log all", option="access_log.leave_out")
            for index, path in enumerate(paths or ()):
                if not isinstance(path, str) or not _PATH.fullmatch(path):
                    what, option = (
                        f"{path!r} is not a path; allowed: such as '/health'",
                        f"access_log.leave_out[{index}]",
                    )
                    found.note(InvalidOptionError(what, option=option))

    def contribute(self, target: Target) -> Contribution:
        """What it adds to that server."""
        target.require(
            _LOG_SINCE, option="access_log", what="leaving paths out of the access log",
            instead="say disable_uvicorn_access_log for none at all, or use a newer image",
        )  # fmt: skip
        if target.engine_args.get("disable_uvicorn_access_log"):
            raise ConflictError("True leaves no access log at all; keep one", option="disable_uvicorn_access_log")
        return Contribution(engine_args={"disable_access_log_for_endpoints": ",".join(self.leave_out)})
