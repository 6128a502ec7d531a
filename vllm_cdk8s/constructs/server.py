"""VllmServer: a vLLM inference server of one pod, as many times as is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vllm_cdk8s.constructs.apps import name_in_tree
from vllm_cdk8s.constructs.server_base import INSTANCE_LABEL, NAME_LABEL, Server, keyword_options
from vllm_cdk8s.constructs.tree import put
from vllm_cdk8s.core.errors import Collector
from vllm_cdk8s.core.keywords import named_keywords
from vllm_cdk8s.core.kube import checks
from vllm_cdk8s.core.server.deployment import DeploymentShape
from vllm_cdk8s.core.server.options import ServerOptions
from vllm_cdk8s.core.server.plan import replicas_with_autoscaling

if TYPE_CHECKING:
    from collections.abc import Mapping

    from constructs import Construct
    from typing_extensions import Unpack

    from vllm_cdk8s.constructs.storage import ModelStorage
    from vllm_cdk8s.core.models.sizing import Sizing
    from vllm_cdk8s.core.scaling.autoscaling import Autoscaling
    from vllm_cdk8s.core.server.shape import Shape

__all__ = ["INSTANCE_LABEL", "NAME_LABEL", "VllmServer", "VllmServerOptions"]


class VllmServerOptions(ServerOptions, total=False):
    """Options of a `VllmServer` alone.

    Attributes:
        replicas: the number of pods. Defaults to 1; not together with ``autoscaling``.
        autoscaling: create a HorizontalPodAutoscaler, which then sets the number of pods.
        sizing: the result of `size_model`. It sets memory, GPUs, start-up budget and the size of the claim, each where
            you do not set it yourself.
        storage: where models and caches are kept. By default the server gets a claim of its own, of 50 GiB or what the
            model is known to need.
        max_surge: the number or percentage of pods that a rollout may create before old ones are gone. Defaults to 0
            where pods hold GPUs or a claim of one node, else to 1.
        max_unavailable: the number or percentage of pods that a rollout may remove first. Defaults to 1 where pods hold
            GPUs or a claim of one node, else to 0.
    """

    replicas: int
    autoscaling: Autoscaling
    sizing: Sizing
    storage: ModelStorage
    max_surge: int | str
    max_unavailable: int | str


_KNOWN = tuple(VllmServerOptions.__annotations__)


@named_keywords
@keyword_options(VllmServerOptions)
class VllmServer(Server):
    """A vLLM server: Deployment, Service, ServiceAccount, and a claim for its models.

    ``VllmServer(self, "llama", model="meta-llama/Llama-3.1-8B-Instruct", gpus=1)``. Given nothing but a model it is one
    replica with a 50 GiB claim at ``/root/.cache``, ten minutes to start, 90 % of the GPU's memory, 2048 tokens of
    context (less where the model has fewer), CUDA graph mode FULL_AND_PIECEWISE, no resource requests or limits, and a
    ClusterIP service on port 8000.

    Args:
        scope: the parent construct.
        id: the construct's ID, unique within its parent.
        model: a model of the Hugging Face hub, or a path in the container.

    Raises:
        InvalidOptionError: an option is unknown, or has a value that is wrong by itself.
        ConflictError: options, or servers of one app, contradict each other.
    """

    def __init__(self, scope: Construct, id: str, *, model: str, **options: Unpack[VllmServerOptions]) -> None:
        given: dict[str, Any] = dict(options)
        storage, sizing = given.pop("storage", None), given.pop("sizing", None)
        scaling = given.get("autoscaling")
        found = Collector()
        if sizing is not None:
            from vllm_cdk8s.core.models.sizing import Sizing  # noqa: PLC0415 - for those who made one

            sizing = found.attempt(checks.instance, "sizing", sizing, Sizing, allowed='size_model("7B")')
        if scaling is not None:
            from vllm_cdk8s.core.scaling.autoscaling import Autoscaling  # noqa: PLC0415 - likewise

            allowed = "Autoscaling(max_replicas=4)"
            scaling = found.attempt(checks.instance, "autoscaling", scaling, Autoscaling, allowed=allowed)
        bounds = None if scaling is None else (scaling.min_replicas, scaling.max_replicas)

        def shape(said: Mapping[str, Any]) -> Shape:
            return DeploymentShape(
                replicas=replicas_with_autoscaling(said.get("replicas", 1), bounds),
                autoscaled=bounds is not None,
                max_surge=said.get("max_surge"),
                max_unavailable=said.get("max_unavailable"),
                own_claim=storage is None,
            )

        super().__init__(
            scope, id, model=model, options=given, known=_KNOWN, shape=shape, storage=storage, sizing=sizing,
            bounds=bounds, others=("model",), instead=lambda: DeploymentShape(own_claim=storage is None), wrong=found,
        )  # fmt: skip
        self.deployment = self.workload
        if scaling is not None:
            name = self.plan.names.fixed or name_in_tree(self, "Autoscaler")
            manifest = scaling.manifest(
                name=name, labels=self.labels, target=self.plan.workload, resources=self.plan.pod.resources
            )
            self.autoscaler = put(self, "Autoscaler", manifest)
