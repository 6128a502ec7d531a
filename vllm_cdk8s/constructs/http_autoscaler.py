"""HttpAutoscaler: replicas by requests, from none, through KEDA's HTTP add-on, in the tree."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vllm_cdk8s.constructs.apps import Whole, same_namespace
from vllm_cdk8s.constructs.custom_resource import custom_resource
from vllm_cdk8s.constructs.monitoring import expect_no_pods
from vllm_cdk8s.constructs.multi_node import MultiNodeVllmServer
from vllm_cdk8s.constructs.server import VllmServer
from vllm_cdk8s.core.errors import Collector
from vllm_cdk8s.core.keywords import named_keywords
from vllm_cdk8s.core.kube import checks
from vllm_cdk8s.core.scaling.http import ROUTE_API, SCALER_ADDRESS, HttpScaling
from vllm_cdk8s.core.scaling.keda import KEDA_API

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from constructs import Construct


@named_keywords
class HttpAutoscaler(Whole):
    """Replicas by requests, from none: KEDA's HTTP add-on counts them, and holds those that come while nobody serves.

    ``HttpAutoscaler(self, "scale", server=server, hosts=["llm.example.com"], max_replicas=2)``. Makes an
    InterceptorRoute and a ScaledObject. Requests must pass the add-on's interceptor, the Service
    ``keda-add-ons-http-interceptor-proxy`` of KEDA's namespace, port 8080, under one of ``hosts``: give this to an
    `HTTPRoute` in the server's place, or point the Ingress there. A request that finds no pod waits in it until the
    first one is ready, which takes as long as the server takes to start; clients and all proxies before it must be as
    patient.

    Neither Prometheus nor kube-state-metrics is asked. It owns the number: ``spec.replicas`` is taken out of the
    Deployment. Of a `MultiNodeVllmServer` replicas are groups.

    Needs KEDA 2.17 or newer and its HTTP add-on 0.14 or newer, which is beta.
    Source: https://keda.sh/http-add-on/latest/

    Args:
        scope: the parent construct.
        id: the construct's ID, unique within its parent.
        server: the server whose replicas it sets; it must not have another autoscaler, nor ``replicas``.
        hosts: the names by which requests ask for it (their header Host), ``*.example.com`` included; ``*`` is all.
        paths: beginnings of paths that are let through.
        min_replicas: the fewest replicas; 0 for none while nothing is asked.
        max_replicas: the most.
        concurrent_requests: the target number of requests in flight per replica; None leaves it to the other.
        requests_per_second: requests a second for each replica that are aimed at, over one minute.
        wait_seconds: with ``min_replicas=0``, how long a request waits for the first replica; 0 sets no limit, None
            takes 300 s more than the start-up budget.
        answer_seconds: how long an answer may take to begin, which without streaming is when it is complete; 0 sets no
            limit, None keeps the add-on's own (300 s).
        extra_triggers: further KEDA triggers in wire form, such as one of type ``cron``.
        cooldown_seconds: with ``min_replicas=0``, seconds without a request before the last replica goes; None takes
            300 s more than the start-up budget.
        scale_down_seconds: seconds for which fewer replicas must suffice before any goes; None takes the start-up
            budget, at least 300 s and at most an hour.
        scaler_address: the add-on's scaler, as KEDA reaches it.
        interceptor_namespace: the namespace of the add-on's interceptor, for routes that lead to it.
        name: the name of both objects; None lets cdk8s name them.
        labels: further labels of both.
        annotations: annotations of the ScaledObject, such as ``autoscaling.keda.sh/paused``.

    Raises:
        InvalidOptionError: an option has a value that is wrong by itself.
        ConflictError: something else decides on the replicas, the bounds contradict each other, or the server is in
            another namespace.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        server: VllmServer | MultiNodeVllmServer,
        hosts: Sequence[str],
        paths: Sequence[str] = ("/v1",),
        min_replicas: int = 0,
        max_replicas: int,
        concurrent_requests: int | None = 32,
        requests_per_second: int | None = None,
        wait_seconds: int | None = None,
        answer_seconds: int | None = 3600,
        extra_triggers: Sequence[Mapping[str, Any]] = (),
        cooldown_seconds: int | None = None,
        scale_down_seconds: int | None = None,
        scaler_address: str = SCALER_ADDRESS,
        interceptor_namespace: str = "keda",
        name: str | None = None,
        labels: Mapping[str, str] | None = None,
        annotations: Mapping[str, str] | None = None,
    ) -> None:
        with Collector() as found:
            allowed = "a VllmServer or a MultiNodeVllmServer"
            found.attempt(checks.instance, "server", server, VllmServer, MultiNodeVllmServer, allowed=allowed)
            scaling = found.need(
                HttpScaling, hosts=hosts, paths=paths, min_replicas=min_replicas, max_replicas=max_replicas,
                concurrent_requests=concurrent_requests, requests_per_second=requests_per_second,
                wait_seconds=wait_seconds, answer_seconds=answer_seconds, extra_triggers=extra_triggers,
                cooldown_seconds=cooldown_seconds, scale_down_seconds=scale_down_seconds,
                scaler_address=scaler_address,
            )  # fmt: skip
            found.attempt(checks.dns_label, "interceptor_namespace", interceptor_namespace)
            own_labels = found.need(checks.label_map, "labels", labels or {})
            # KEDA repeats it in a label.
            found.given(checks.dns_label, "name", name)
        all_labels = {**server.labels, **own_labels}

        super().__init__(scope, id)
        same_namespace(scope, "ScaledObject", server=server, namespace=server.namespace)
        self.server, self.scaling, self.labels = server, scaling, all_labels
        self.interceptor_namespace = interceptor_namespace
        self.route = custom_resource(
            self, scope, ROUTE_API, "InterceptorRoute", id="Route", name=name, labels=all_labels, annotations=None,
            spec=scaling.route(server),
        )  # fmt: skip
        self.scaled_object = custom_resource(
            self, scope, KEDA_API, "ScaledObject", name=name, labels=all_labels, annotations=annotations,
            spec=scaling.spec(server, self.route.name),
        )  # fmt: skip
        # Last, since a server that has left its replicas to somebody does not take them back.
        server.leave_replicas_to(self, min_replicas=min_replicas, max_replicas=max_replicas)
        if min_replicas == 0:
            expect_no_pods(server)
