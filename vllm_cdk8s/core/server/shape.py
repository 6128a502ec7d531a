"""What brings a server's pods together: what Deployment, LeaderWorkerSet and RayCluster have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from msgspec import Struct, field

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vllm_cdk8s.core.engine import EngineCommand
    from vllm_cdk8s.core.pod.health import Health
    from vllm_cdk8s.core.storage.storage import Storage


class ServerFrame(Struct, frozen=True, kw_only=True):
    """What a shape may know of its server when it writes the spec.

    Attributes:
        selector: the labels of all pods.
        engine: vLLM's command line.
        health: the probes of the pod that serves.
        storage: where models are kept.
        port: the port that vLLM listens on.
        gpus: GPUs of each pod, None where nothing is said.
        drop_cache: whether the node's page cache is dropped before each start.
        drain_seconds: seconds that running requests get at shutdown.
        download_seconds: seconds that a download before vLLM's start may take.
        sidecars: the names of what stands before the vLLM that serves, and before no other.
    """

    selector: Mapping[str, str]
    engine: EngineCommand
    health: Health
    storage: Storage
    port: int
    gpus: int | None
    drop_cache: bool
    drain_seconds: int
    download_seconds: int
    sidecars: frozenset[str] = frozenset()


class Additions(Struct, frozen=True, kw_only=True):
    """What a queue or a gang adds to what makes the pods.

    Attributes:
        labels: its labels.
        annotations: its annotations.
        spec: fields of its spec.
        options: options of the pods.
    """

    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    spec: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)


class Shape(Protocol):
    """An object of Kubernetes that makes a server's pods.

    Attributes:
        api_version: its ``apiVersion``.
        kind: its kind.
        nodes: the pods that make up one server.
        replicas: the servers, or groups of pods, that it makes.
        backend: vLLM's executor that joins the pods of a server; None where there is one pod.
        templates: where the pod templates are in it, as JSON pointers; the pods that serve come first.
        service_suffix: what is put behind a fixed name for the service.
        services: what is put behind a fixed name for all Services of that name, its own included.
        longest_suffix: what is put behind the server's name where 63 characters are allowed.
    """

    @property
    def api_version(self) -> str: ...  # noqa: D102 - the class says it
    @property
    def kind(self) -> str: ...  # noqa: D102
    @property
    def nodes(self) -> int: ...  # noqa: D102
    @property
    def replicas(self) -> int: ...  # noqa: D102
    @property
    def backend(self) -> str | None: ...  # noqa: D102
    @property
    def templates(self) -> tuple[str, ...]: ...  # noqa: D102
    @property
    def service_suffix(self) -> str: ...  # noqa: D102
    @property
    def services(self) -> tuple[str, ...]: ...  # noqa: D102
    @property
    def longest_suffix(self) -> str: ...  # noqa: D102

    def annotations(self, own: Mapping[str, str]) -> dict[str, str]:
        """The annotations of the object, the user's own included."""

    def serving_labels(self, engine: EngineCommand) -> Mapping[str, str]:
        """The labels by which the pods that serve are told from the others."""

    def check_engine(self, engine: EngineCommand, port: int) -> None:
        """Refuse settings with which this object cannot bring the pods together."""

    def internode_ports(self, engine: EngineCommand, port: int) -> tuple[int, ...]:
        """The ports of the pod that serves which the other pods of its server dial."""

    def spec(self, template: dict[str, Any], frame: ServerFrame) -> dict[str, Any]:
        """The object's ``spec`` around the pod template."""
