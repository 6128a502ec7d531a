"""QueueAutoscaler: replicas by the queue of waiting requests, through KEDA, in the tree."""

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
from vllm_cdk8s.core.monitoring.watching import check_statistics
from vllm_cdk8s.core.pod.secret_key import SecretKey
from vllm_cdk8s.core.scaling.keda import KEDA_API
from vllm_cdk8s.core.scaling.queue import QueueScaling, TriggerAuthentication, bearer_token

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from constructs import Construct


@named_keywords
class QueueAutoscaler(Whole):
    """Replicas by the requests that wait: a KEDA ScaledObject on ``vllm:num_requests_waiting`` of this server.

    ``QueueAutoscaler(self, "scale", server=server, prometheus_address="http://prometheus-operated.monitoring:9090",
    max_replicas=4)``. Its target is ``ceil(waiting requests of all pods / waiting_requests)`` replicas, within the
    bounds. It owns the number: ``spec.replicas`` is taken out of the Deployment. Of a
    `MultiNodeVllmServer` replicas are groups, which KEDA sets by the LeaderWorkerSet's scale subresource.

    A query that finds no series is an error, not zero: then KEDA keeps the replicas that there are, and at least
    ``fallback_replicas``. With ``min_replicas=0`` something must wake the server, since requests do not queue where no
    pod is: ``wake_query``, or a trigger of ``extra_triggers``. An absent series is then right while the Deployment has
    no replicas, which Prometheus must know from kube-state-metrics. A server at work is not put to sleep: running
    requests keep it up too.

    Needs KEDA 2.17 or newer, and a Prometheus that scrapes the server's pods with the labels ``namespace`` and ``pod``.
    Source: https://keda.sh/docs/latest/scalers/prometheus/

    Args:
        scope: the parent construct.
        id: the construct's ID, unique within its parent.
        server: the server whose replicas it sets; it must not have another autoscaler, nor ``replicas``.
        prometheus_address: the URL of Prometheus, without a path to its API.
        min_replicas: the fewest replicas; 0 for none while nothing is asked.
        max_replicas: the most.
        waiting_requests: the target number of waiting requests per replica.
        running_requests: the target number of running requests per replica, so that a busy server keeps its
            replicas though its queue is empty; None scales by the queue alone.
        activation_requests: with ``min_replicas=0``, more waiting requests than this keep the server up.
        wake_query: a PromQL query that is above zero while somebody wants the server, such as the rate of requests at
            the gateway; with ``min_replicas=0``.
        extra_triggers: more KEDA triggers, as in a manifest, such as one of type ``cron``.
        polling_seconds: seconds between checks of the triggers.
        cooldown_seconds: with ``min_replicas=0``, seconds without activity before the last replica goes; None takes
            300 s more than the start-up budget.
        scale_down_seconds: seconds for which fewer replicas must suffice before any goes; None takes the start-up
            budget, at least 300 s and at most an hour, so that no replica goes before it has ever answered.
        fallback_replicas: the fewest replicas while Prometheus gives no answer; None takes ``min_replicas``, and
            one where that is 0.
        fallback_failures: failed queries in a row until then.
        authentication: a TriggerAuthentication, or the entry of a Secret that holds a bearer token.
        name: the name of the ScaledObject, and of a TriggerAuthentication made for it; None lets cdk8s name
            them.
        labels: further labels of the ScaledObject.
        annotations: annotations of the ScaledObject, such as ``autoscaling.keda.sh/paused``.

    Raises:
        InvalidOptionError: an option has a value that is wrong by itself.
        ConflictError: something else decides on the replicas, the bounds contradict each other, nothing would wake
            the server, the server has no metrics, or it is in another namespace.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        server: VllmServer | MultiNodeVllmServer,
        prometheus_address: str,
        min_replicas: int = 1,
        max_replicas: int,
        waiting_requests: int = 5,
        running_requests: int | None = None,
        activation_requests: int = 0,
        wake_query: str | None = None,
        extra_triggers: Sequence[Mapping[str, Any]] = (),
        polling_seconds: int = 30,
        cooldown_seconds: int | None = None,
        scale_down_seconds: int | None = None,
        fallback_replicas: int | None = None,
        fallback_failures: int = 3,
        authentication: TriggerAuthentication | SecretKey | None = None,
        name: str | None = None,
        labels: Mapping[str, str] | None = None,
        annotations: Mapping[str, str] | None = None,
    ) -> None:
        with Collector() as found:
            # A RayCluster has no scale subresource.
            allowed = "a VllmServer or a MultiNodeVllmServer"
            found.attempt(checks.instance, "server", server, VllmServer, MultiNodeVllmServer, allowed=allowed)
            scaling = found.need(
                QueueScaling, prometheus_address=prometheus_address, min_replicas=min_replicas,
                max_replicas=max_replicas, waiting_requests=waiting_requests, running_requests=running_requests,
                activation_requests=activation_requests, wake_query=wake_query, extra_triggers=extra_triggers,
                polling_seconds=polling_seconds, cooldown_seconds=cooldown_seconds,
                scale_down_seconds=scale_down_seconds, fallback_replicas=fallback_replicas,
                fallback_failures=fallback_failures,
            )  # fmt: skip
            if found.sound("server"):
                found.attempt(check_statistics, server)
            allowed = 'TriggerAuthentication(name="prometheus") or SecretKey("prometheus", "token")'
            kinds = (TriggerAuthentication, SecretKey)
            found.given(checks.instance, "authentication", authentication, *kinds, allowed=allowed)
            own_labels = found.need(checks.label_map, "labels", labels)
            # KEDA repeats it in a label.
            found.given(checks.dns_label, "name", name)

        super().__init__(scope, id)
        same_namespace(scope, "ScaledObject", server=server, namespace=server.namespace)
        proof = self._authentication(authentication, scope, server=server, name=name)
        self.scaled_object = custom_resource(
            self, scope, KEDA_API, "ScaledObject", name=name, labels={**server.labels, **own_labels},
            annotations=annotations, spec=scaling.spec(server, proof),
        )  # fmt: skip
        # Last, since a server that has left its replicas to somebody does not take them back.
        server.leave_replicas_to(self, min_replicas=min_replicas, max_replicas=max_replicas)
        if min_replicas == 0:
            expect_no_pods(server)

    def _authentication(
        self,
        authentication: TriggerAuthentication | SecretKey | None,
        scope: Construct,
        *,
        server: VllmServer | MultiNodeVllmServer,
        name: str | None,
    ) -> TriggerAuthentication | None:
        if not isinstance(authentication, SecretKey):
            return authentication
        made = custom_resource(
            self, scope, KEDA_API, "TriggerAuthentication", id="Authentication", name=name, labels=server.labels,
            annotations=None, spec=bearer_token(authentication.wire()["secretKeyRef"]),
        )  # fmt: skip
        return TriggerAuthentication(name=made.name)
