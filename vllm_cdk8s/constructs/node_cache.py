"""NodeModelCache: models that each node keeps in a folder of its own, for all servers that come to it."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from vllm_cdk8s.constructs.apps import Whole, name_in_tree, place
from vllm_cdk8s.constructs.namespace_levels import level_findings
from vllm_cdk8s.constructs.threshold import wire_options
from vllm_cdk8s.constructs.tree import put
from vllm_cdk8s.core.errors import Collector
from vllm_cdk8s.core.features.hub import hub_models
from vllm_cdk8s.core.features.node_cache import CachedDownload, cache_folder
from vllm_cdk8s.core.jobs.job import INSTANCE_LABEL, JOB_OPTIONS, NAME_LABEL
from vllm_cdk8s.core.jobs.node_cache import plan_node_cache
from vllm_cdk8s.core.keywords import named_keywords
from vllm_cdk8s.core.kube import checks
from vllm_cdk8s.core.kube.pod_standards import pod_security_level
from vllm_cdk8s.core.server.plan import check_options

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import cdk8s
    import cdk8s_plus_27 as kplus
    from constructs import Construct
    from typing_extensions import Unpack

    from vllm_cdk8s.core.features.hub import HubModel
    from vllm_cdk8s.core.jobs.job import JobOptions
    from vllm_cdk8s.core.pod.resources import Resources
    from vllm_cdk8s.core.pod.secret_key import SecretKey

_OPTIONS = tuple(option for option in JOB_OPTIONS if option != "ttl_seconds")


@named_keywords
class NodeModelCache(Whole):
    """Models that each node of a kind keeps on a disk of its own: a DaemonSet.

    ``cache = NodeModelCache(self, "cache", models=["Qwen/Qwen2.5-7B-Instruct"], node_selector={...})``, and
    ``VllmServer(..., download=cache.download())``.

    On each node a pod downloads the models into a folder of the node, with the image of the servers, which is there
    then too, and waits. Servers prefer those nodes, mount the folder read-only, and take from it what is there whole;
    on another node, or before the download has ended, a pod downloads what it needs into its own storage, which is a
    throw-away folder unless ``storage=`` is given. Other models in ``models`` make new pods, one node at a time; what a
    node has stays until you delete it.

    Pods that mount a folder of their node need the "privileged" Pod Security Standard.

    Attributes:
        daemon_set: the DaemonSet.
        name: its name.

    Args:
        scope: the parent construct.
        id: the construct's ID, unique within its parent.
        models: what to keep: repositories of the Hugging Face hub, or `HubModel` for revisions and patterns.
        path: the folder on each node, best of a fast local disk; made where it is not there.
        image: an image with Python 3.10 or newer and huggingface_hub, best the servers' own.
        hf_token: the token for models that need one.
        env: environment variables, plain text or ``kplus.EnvValue``, such as ``HF_ENDPOINT`` for a mirror.
        max_unavailable: nodes, or a percentage of them, that download at the same time where ``models`` changes.
        name: the name of the DaemonSet; None lets cdk8s name it.
        **options: what may be said of any Job's pod; see `JobOptions`.

    Raises:
        InvalidOptionError: an option is unknown, or has a value that is wrong by itself.
        ConflictError: the name is taken.
    """

    has_pods = True  # what `level_findings` knows a server by
    drop_cache = None

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        models: Sequence[str | HubModel],
        path: str = "/var/lib/vllm-models",
        image: str = "vllm/vllm-openai:latest",
        hf_token: SecretKey | None = None,
        env: Mapping[str, str | kplus.EnvValue] | None = None,
        max_unavailable: int | str = 1,
        name: str | None = None,
        **options: Unpack[JobOptions],
    ) -> None:
        with Collector() as found:
            others = tuple(inspect.signature(NodeModelCache).parameters)
            given: dict[str, Any] = check_options(options, _OPTIONS, others=others, found=found)
        if hf_token is not None:
            given["hf_token"] = hf_token
        said = wire_options({**given, "env": env or {}})
        self._path = cache_folder("path", path)
        self._models = tuple(hub_models("models", models))
        self.name: str = name_in_tree(scope, id, "Resource") if name is None else checks.dns_label("name", name)
        self._selector = {NAME_LABEL: "vllm-node-cache", INSTANCE_LABEL: self.name}
        manifest = plan_node_cache(
            said, name=self.name, models=self._models, path=self._path, selector=self._selector, image=image,
            env=said.pop("env"), max_unavailable=max_unavailable,
        )  # fmt: skip

        super().__init__(scope, id)
        registry, self.namespace = place(scope)
        if name is not None:
            registry.take_name("DaemonSet", self.namespace, name, self)
        registry.add_check(level_findings)
        self.daemon_set: cdk8s.ApiObject = put(self, "Resource", manifest, within=scope)

    @property
    def pod_security_level(self) -> str:
        """The strictest Pod Security Standard that its pods satisfy: privileged, since they mount a node's folder."""
        return pod_security_level(self.daemon_set.to_json()["spec"]["template"])

    def download(
        self,
        *,
        models: Sequence[str | HubModel] | None = None,
        max_seconds: int = 3600,
        resources: Resources | None = None,
    ) -> CachedDownload:
        """What a server says to take its model from here.

        Args:
            models: what it takes; None takes the server's model at the revision of its settings.
            max_seconds: what a rollout allows for a download where the node does not have it.
            resources: requests and limits of the init container.

        Raises:
            InvalidOptionError: a model is not valid, or a number is not a whole number.
        """
        return CachedDownload(
            models=models, max_seconds=max_seconds, resources=resources, path=self._path, cached=self._models,
            selector=self._selector, namespace=self.namespace,
        )  # fmt: skip
