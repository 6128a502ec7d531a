"""EndpointPicker: llm-d's endpoint picker with its pool, rights, configuration and policy, in the tree."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import cdk8s
import cdk8s_plus_27 as kplus

from vllm_cdk8s.constructs.apps import Whole, same_namespace, take_whole_name
from vllm_cdk8s.constructs.custom_resource import custom_resource
from vllm_cdk8s.constructs.group_server import GroupServer
from vllm_cdk8s.constructs.inference_pool import InferencePool
from vllm_cdk8s.constructs.peers import let_in, policy_of
from vllm_cdk8s.constructs.server import VllmServer
from vllm_cdk8s.constructs.tree import put
from vllm_cdk8s.core.errors import Collector, ConflictError
from vllm_cdk8s.core.keywords import named_keywords
from vllm_cdk8s.core.kube import checks
from vllm_cdk8s.core.pod.resources import Resources
from vllm_cdk8s.core.traffic.network_policy import checked_peers
from vllm_cdk8s.core.traffic.picker import (
    METRICS_PORT,
    OBJECTIVE_API,
    PICKER_IMAGE,
    PICKER_PORT,
    Picker,
    objective_spec,
    picker_selector,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from constructs import Construct

_KINDS = ("ServiceAccount", "Role", "RoleBinding", "ConfigMap", "Service", "Deployment")


@named_keywords
class EndpointPicker(Whole):
    """llm-d's endpoint picker for a server, and the InferencePool that asks it.

    ``EndpointPicker(self, "picker", server=server, gateways=["gateways"])``, and its ``pool`` as the backend of an
    `HTTPRoute`. For each request the gateway asks it for a pod; it weighs the queue, the KV cache and the prefixes that
    it has sent where before, by llm-d-router's own scorers. Makes a Deployment, Service, ServiceAccount, Role,
    RoleBinding, ConfigMap, NetworkPolicy and InferencePool, and an InferenceObjective for each priority.

    It runs as an ordinary user, may read pods, pools and objectives of its own namespace, and nothing else. With more
    than one replica one leads and the others wait, not ready, to take over.

    Needs the Gateway API inference extension (1.0 or newer) and a gateway that implements it; ``objectives`` needs the
    CustomResourceDefinitions of llm-d's router (0.9 or newer) as well.
    Sources: https://llm-d.ai/docs/architecture/core/router and
    https://gateway-api-inference-extension.sigs.k8s.io/reference/spec/

    Attributes:
        pool: the InferencePool.
        name: the name of all the picker's objects.

    Args:
        scope: the parent construct.
        id: the construct's ID, unique within its parent.
        server: the server whose pods are chosen from; of one over several nodes, those that serve.
        scorers: llm-d-router's scorers and the weight of each; None takes its own defaults, ``queue-scorer`` 2,
            ``kv-cache-utilization-scorer`` 2 and ``prefix-cache-scorer`` 3.
        config: a whole EndpointPickerConfig, as in a file, for plugins with parameters; instead of ``scorers``.
        objectives: priorities by name, higher ones first, negative ones shed first; a request says the name in the
            header ``x-llm-d-inference-objective``, one without it has priority 0.
        flow_control: keep requests in the picker's queues while all pods are saturated, those of higher priority first.
        gateways: who may ask the picker: kplus peers, or names of namespaces for all their pods. Without any, there
            is no NetworkPolicy.
        scrapers: who may read the picker's own metrics, given like ``gateways``; only together with them.
        open_metrics: give the picker's metrics to whoever reaches the port. By default it asks for a token, which it
            can only review with a ClusterRole of yours (``system:auth-delegator``) bound to its ServiceAccount.
        failure_mode: ``FailClose`` drops requests while the picker does not answer, ``FailOpen`` sends them anywhere.
        target_ports: ports of each pod, each an endpoint of its own; None takes the server's. More than one needs the
            extension 1.2 or newer, and a gateway that passes its test for them.
        replicas: pickers, of which one works.
        resources: requests and limits of the picker.
        image: the picker's image.
        name: the name of the picker's objects and of the pool; None lets cdk8s name them.
        labels: further labels of the objects.

    Raises:
        InvalidOptionError: a value is wrong by itself.
        ConflictError: ``config`` beside what it says, ``scrapers`` without ``gateways``, or a name that is taken.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        server: VllmServer | GroupServer,
        scorers: Mapping[str, int] | None = None,
        config: Mapping[str, Any] | None = None,
        objectives: Mapping[str, int] | None = None,
        flow_control: bool = False,
        gateways: Sequence[kplus.INetworkPolicyPeer | str] = (),
        scrapers: Sequence[kplus.INetworkPolicyPeer | str] = (),
        open_metrics: bool = False,
        failure_mode: str = "FailClose",
        target_ports: Sequence[int] | None = None,
        replicas: int = 1,
        resources: Resources | None = None,
        image: str = PICKER_IMAGE,
        name: str | None = None,
        labels: Mapping[str, str] | None = None,
    ) -> None:
        with Collector() as found:
            allowed = "a VllmServer or one over several nodes"
            found.attempt(checks.instance, "server", server, VllmServer, GroupServer, allowed=allowed)
            picker = found.need(
                Picker, image=image, scorers=scorers, config=config, flow_control=flow_control, replicas=replicas,
                objectives={} if objectives is None else objectives, open_metrics=open_metrics,
                resources=Resources() if resources is None else resources,
            )  # fmt: skip
            peers = checked_peers(found, gateways=gateways, scrapers=scrapers)
            if found.sound("gateways") and peers["scrapers"] and not peers["gateways"]:
                what = "needs gateways=, without which everybody is let in"
                found.note(ConflictError(what, option="scrapers"))
            own_labels = found.need(checks.label_map, "labels", labels)
            found.given(checks.server_name, "name", name)

        super().__init__(scope, id)
        same_namespace(scope, "EndpointPicker", server=server, namespace=server.namespace)
        self.server = server
        self.name: str = take_whole_name(self, scope, id, name=name, kinds=_KINDS)
        self.labels = {**own_labels, **picker_selector(self.name)}
        self.pool = InferencePool(
            self, "Pool", server=server, endpoint_picker=self.name, endpoint_picker_port=PICKER_PORT,
            failure_mode=failure_mode, target_ports=target_ports, name=name, labels=own_labels,
        )  # fmt: skip
        made = picker.manifests(server, name=self.name, pool=self.pool.name, labels=self.labels)
        objects = {key: put(self, key, manifest, within=scope) for key, manifest in made.items()}
        self.deployment: cdk8s.ApiObject = objects["Resource"]
        self.objectives = {
            objective: custom_resource(
                self, scope, OBJECTIVE_API, "InferenceObjective", id=f"Objective-{objective}", name=objective,
                labels=self.labels, annotations=None, spec=objective_spec(self.pool.name, priority),
            )
            for objective, priority in picker.objectives.items()
        }  # fmt: skip
        self.policy = self._policy(peers) if peers["gateways"] else None

    @cached_property
    def pods(self) -> kplus.Pods:
        """The picker's pods, for the ``scrapers`` of the server's own NetworkPolicy."""
        return kplus.Pods.select(self, "Pods", labels=picker_selector(self.name))

    def _policy(self, peers: Mapping[str, Sequence[kplus.INetworkPolicyPeer | str]]) -> kplus.NetworkPolicy:
        rules = [
            rule
            for option, port in (("gateways", PICKER_PORT), ("scrapers", METRICS_PORT))
            for rule in let_in(self, option, peers[option], [kplus.NetworkPolicyPort.tcp(port)])
        ]
        metadata = cdk8s.ApiObjectMetadata(labels=self.labels)
        return policy_of(self, rules, pods=self.pods, metadata=metadata)
