"""What is known of one server, whoever says it: a plan, or anybody's manifests. None is "not known", never "no"."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from vllm_cdk8s.core.regex import regex

if TYPE_CHECKING:
    from vllm_cdk8s.core.engine.version import EngineVersion
    from vllm_cdk8s.core.models.accelerators import Accelerator
    from vllm_cdk8s.core.models.shape import ModelFacts

Wire = Mapping[str, Any]
# A program of the background, Ray, or one of the usual proxies, in a script.
_OTHERS = regex(r"\bray\b|ray_init|multi-node-serving|nginx|envoy|proxy|uvicorn |gunicorn|socat|[^&>]&(?![&\d])")


class EngineFacts(Struct, frozen=True, kw_only=True):
    """vLLM's settings in force.

    Attributes:
        model: the model, None where it could not be read.
        version: which vLLM.
        settings: each setting by its canonical name, whoever said it.
        said: the settings that the user said; the others are defaults of this package.
        labels: by setting, the option as its user wrote it, such as ``extra_args[3]``.
        complete: whether all settings are known; a script that could not be read to its end may hold others.
    """

    model: str | None
    version: EngineVersion
    settings: Mapping[str, Any]
    said: frozenset[str] = frozenset()
    labels: Mapping[str, str] = field(default_factory=dict)
    complete: bool = True

    def label(self, name: str) -> str:
        """The option as its user wrote it."""
        return self.labels.get(name, name)

    def size(self, name: str) -> int:
        """A parallel size; one where nobody set it."""
        value = self.settings.get(name)
        return value if isinstance(value, int) and not isinstance(value, bool) else 1


class ClaimFacts(Struct, frozen=True, kw_only=True):
    """A claim: its size in bytes and its access modes, each None where it is not known."""

    name: str
    size: int | None = None
    access_modes: tuple[str, ...] | None = None


class ServerFacts(Struct, frozen=True, kw_only=True):
    """One server.

    Attributes:
        engine: vLLM's settings.
        template: the pod template in wire form (``metadata``, ``spec``) of the pods that run vLLM.
        container: vLLM's container in it.
        workload: the manifest of what makes the pods, without the template where that is elsewhere.
        nodes: pods that make up one server.
        max_replicas: the most pods (or groups of pods) at a time, None where an autoscaler's bound is not known.
        claims: the claims that the pods mount, by name, as far as anything is known of them.
        gpus: GPUs of each pod, None where nothing is said.
        gpu_resource: the resource that they are counted in.
        accelerator: which GPUs, where it is said.
        model: facts on the model, where it is known.
        guarded: whether the server asks for an API key.
        exposed: what leads to it from outside the cluster, such as ``Ingress/llm``.
        supplied: what a controller adds to the pod (KServe's presets): field names that rules must not miss.
        at: the path of the template within the workload's manifest.
        pod_at: the path of the pod's ``spec`` there, where a kind writes it in a place of its own.
        container_at: the path of vLLM's container within the pod's ``spec``, where it is not among ``containers``.
        autoscaled: whether something else says how many replicas there are.
        genuine: whether the image is known to hold vLLM as it was released.
    """

    engine: EngineFacts
    template: Wire
    container: Wire
    workload: Wire
    nodes: int = 1
    max_replicas: int | None = 1
    claims: Mapping[str, ClaimFacts] = field(default_factory=dict)
    gpus: int | None = None
    gpu_resource: str = "nvidia.com/gpu"
    accelerator: Accelerator | None = None
    model: ModelFacts | None = None
    guarded: bool = False
    exposed: tuple[str, ...] = ()
    supplied: frozenset[str] = frozenset()
    at: tuple[str | int, ...] = ("spec", "template")
    pod_at: tuple[str | int, ...] | None = None
    container_at: tuple[str | int, ...] | None = None
    autoscaled: bool = False
    genuine: bool = True

    @property
    def pod(self) -> Wire:
        """The pod's ``spec``."""
        spec: Wire = self.template.get("spec") or {}
        return spec

    @property
    def pod_path(self) -> tuple[str | int, ...]:
        """Where the pod's ``spec`` is in the workload's manifest."""
        return (*self.at, "spec") if self.pod_at is None else self.pod_at

    @property
    def container_path(self) -> tuple[str | int, ...]:
        """Where vLLM's container is in the workload's manifest."""
        if self.container_at is not None:
            return (*self.pod_path, *self.container_at)
        containers: Sequence[Wire] = self.pod.get("containers") or ()
        index = next((i for i, c in enumerate(containers) if c is self.container), 0)
        return (*self.pod_path, "containers", index)

    @property
    def kind(self) -> str:
        """The kind of what makes the pods."""
        return str(self.workload.get("kind") or "")

    @property
    def image(self) -> str:
        """The container's image."""
        return str(self.container.get("image") or "")

    @property
    def alone(self) -> bool:
        """Whether vLLM is all that the container runs, as far as its words say; Ray has ports of its own."""
        words = f"{self.container.get('command')} {self.container.get('args')}"
        return not _OTHERS.search(words)

    def known(self, name: str) -> bool:
        """Whether a setting's value is known: as it was said, or as the release's own default where nobody said it."""
        return name in self.engine.settings or (self.engine.complete and name not in self.engine.said)

    @property
    def port(self) -> int | None:
        """The port that vLLM listens on; None where that is not known, or where it listens on no port."""
        if not self.known("port") or "uds" in self.engine.said or "config" in self.engine.said:
            return None
        value = self.engine.settings.get("port", 8000)
        return value if isinstance(value, int) else None

    @property
    def env(self) -> dict[str, str | None]:
        """The container's variables; None for a value that comes from elsewhere."""
        return {
            str(item.get("name")): None if item.get("value") is None else str(item["value"])
            for item in self.container.get("env") or ()
            if isinstance(item, Mapping)
        }
