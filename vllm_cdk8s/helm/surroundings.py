"""What the values ask for around the server: who reaches it, who scales it, who watches it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from vllm_cdk8s.core.errors import Problem, VllmCdk8sError, warn
from vllm_cdk8s.core.kube import checks
from vllm_cdk8s.core.kube.manifest import Manifest
from vllm_cdk8s.core.monitoring.scraping import endpoint, monitor_spec
from vllm_cdk8s.core.scaling.autoscaling import Autoscaling
from vllm_cdk8s.core.server.pod import scheme
from vllm_cdk8s.core.traffic.hosts import host_name
from vllm_cdk8s.core.traffic.ingress import Ingress, IngressHost, IngressPath, IngressTls
from vllm_cdk8s.helm.problems import ValuesError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vllm_cdk8s.core.server.plan import ServerPlan
    from vllm_cdk8s.helm.model import IngressHost as HostValues
    from vllm_cdk8s.helm.model import IngressTls as TlsValues
    from vllm_cdk8s.helm.model import Values
    from vllm_cdk8s.helm.release_plan import ReleaseParts


def autoscaling(values: Values) -> Autoscaling | None:
    """Who decides on the replicas; None where the values do."""
    scaling = values.autoscaling
    if not scaling.enabled:
        return None
    return Autoscaling(
        min_replicas=scaling.min_replicas,
        max_replicas=scaling.max_replicas,
        target_cpu_utilization=scaling.target_cpu,
        target_memory_utilization=scaling.target_memory,
    )


def ingress_of(values: Values) -> Ingress | None:
    """How the server is reached from outside; None where it is not."""
    ingress = values.ingress
    if not ingress.enabled:
        return None
    return Ingress(
        hosts=[_ingress_host(index, host) for index, host in enumerate(ingress.hosts)],
        class_name=ingress.class_name or None,
        tls=[_ingress_tls(index, entry) for index, entry in enumerate(ingress.tls)],
        annotations=ingress.annotations,
    )


def _ingress_tls(index: int, entry: TlsValues) -> IngressTls:
    for number, host in enumerate(entry.hosts):
        with _below(f"ingress.tls[{index}]"):
            host_name(f"hosts[{number}]", host)
    with _below(f"ingress.tls[{index}]"):
        return IngressTls(secret=entry.secret_name, hosts=entry.hosts)


def _ingress_host(index: int, host: HostValues) -> IngressHost:
    paths = []
    for number, path in enumerate(host.paths):
        with _below(f"ingress.hosts[{index}].paths[{number}]"):
            paths.append(IngressPath(path=path.path, path_type=path.path_type))
    with _below(f"ingress.hosts[{index}]"):
        return IngressHost(host=host.host, paths=paths)


@contextmanager
def _below(where: str) -> Iterator[None]:
    """Have the options of a value object named below its own place in the values."""
    try:
        yield
    except VllmCdk8sError as error:
        words = {"path_type": "pathType", "tls.secret": "secretName"}
        raise ValuesError(
            problems=[
                Problem(
                    what=problem.what,
                    rule=problem.rule,
                    option=f"{where}.{words.get(str(problem.option), problem.option)}",
                )
                for problem in error.problems
            ]
        ) from None


def wants_monitor(values: Values) -> bool:
    """Whether the values ask for a ServiceMonitor; it takes both switches."""
    monitoring, monitor = values.monitoring, values.monitoring.service_monitor
    if monitoring.enabled != monitor.enabled:
        lone, other = "monitoring.enabled", "monitoring.serviceMonitor.enabled"
        if monitor.enabled:
            lone, other = other, lone
        warn(f"true has no effect while {other} is false", option=lone)
    return monitoring.enabled and monitor.enabled


def surrounding_objects(values: Values, parts: ReleaseParts, server: ServerPlan) -> Iterator[Manifest]:
    """The objects around the server, in the order in which they are written."""
    name, labels = parts.release.fullname, server.identity.labels
    if parts.ingress is not None:
        yield parts.ingress.manifest(
            name=name, labels=labels, service_name=server.names.service, service_port=server.service.port
        )
    if parts.scaling is not None:
        yield parts.scaling.manifest(name=name, labels=labels, target=server.workload, resources=server.pod.resources)
    if wants_monitor(values):
        monitor = values.monitoring.service_monitor
        scraped = endpoint(
            interval=monitor.interval, scrape_timeout=monitor.scrape_timeout, scheme=scheme(server.engine).lower(),
            tls_config=monitor.tls_config or None, tls_files=True,
        )  # fmt: skip
        yield Manifest(
            api_version="monitoring.coreos.com/v1",
            kind="ServiceMonitor",
            name=name,
            labels={**labels, **checks.label_map("monitoring.serviceMonitor.labels", monitor.labels)},
            body={"spec": monitor_spec(server.identity.selector, scraped, endpoints="endpoints")},
        )
