"""What whatever surrounds a server may ask of it: one small interface, whatever object makes the pods."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vllm_cdk8s.core.engine import EngineCommand

_API_KEY = "VLLM_API_KEY"


class WorkloadRef(Struct, frozen=True, kw_only=True):
    """The object that makes a server's pods.

    Attributes:
        api_version: its API version.
        kind: its kind.
        name: its name.
        role: which part of it makes these pods; empty where all of it does.
    """

    api_version: str
    kind: str
    name: str
    role: str = ""

    def wire(self) -> dict[str, str]:
        """The reference, as a ``scaleTargetRef`` has it: a part of an object has a scaler of its own."""
        if self.role:
            kind, name = f"{self.kind}RoleScaler", f"{self.name}-{self.role}"
            return {"apiVersion": self.api_version, "kind": kind, "name": name}
        return {"apiVersion": self.api_version, "kind": self.kind, "name": self.name}


class Serving(Protocol):
    """A server, as what surrounds it sees it: how it is found, how many pods there are, and where they listen."""

    @property
    def path(self) -> str:
        """Its place in the tree, for messages."""

    @property
    def namespace(self) -> str | None:
        """Its namespace, None where its chart has none."""

    @property
    def name(self) -> str:
        """The name of the object that makes its pods."""

    @property
    def instance(self) -> str:
        """The label ``app.kubernetes.io/instance``."""

    @property
    def labels(self) -> Mapping[str, str]:
        """The labels of all its objects."""

    @property
    def selector(self) -> dict[str, str]:
        """The labels that all its pods have, and no others."""

    @property
    def serving_selector(self) -> dict[str, str]:
        """The labels of the pods that answer requests: in groups of pods, the leaders."""

    @property
    def min_replicas(self) -> int:
        """The fewest pods, or groups of pods, that there are."""

    @property
    def max_replicas(self) -> int:
        """The most pods, or groups of pods, that there are."""

    @property
    def nodes(self) -> int:
        """The pods of one group; 1 where each pod serves by itself."""

    @property
    def port(self) -> int:
        """The port that vLLM listens on."""

    @property
    def serving_ports(self) -> tuple[int, ...]:
        """The ports of its pods at which requests are answered."""

    @property
    def internode_ports(self) -> tuple[int, ...]:
        """The leader's ports that its workers dial; empty where each pod serves by itself."""

    @property
    def scheme(self) -> str:
        """``https`` where vLLM itself serves TLS, else ``http``."""

    @property
    def service_name(self) -> str:
        """The name of its Service."""

    @property
    def service_port(self) -> int:
        """The port of its Service."""

    @property
    def url(self) -> str:
        """Where clients in the cluster reach it."""

    @property
    def engine(self) -> EngineCommand:
        """VLLM's checked command line."""

    @property
    def model(self) -> str:
        """The model."""

    @property
    def served_model_name(self) -> str:
        """The name by which requests ask for the model."""

    @property
    def image(self) -> str:
        """The container image."""

    @property
    def startup_seconds(self) -> int:
        """The start-up budget of its probes; 0 where nothing limits the start."""

    @property
    def guarded(self) -> bool:
        """Whether it asks, or may ask, for an API key."""

    @property
    def acknowledged(self) -> frozenset[str]:
        """The codes of the warnings that its user has acknowledged."""

    @property
    def warned(self) -> frozenset[str]:
        """The codes of the warnings that its own options have given."""

    @property
    def pod_templates(self) -> Sequence[Mapping[str, Any]]:
        """The templates of its pods in wire form, as they are by now."""

    @property
    def workload_ref(self) -> WorkloadRef:
        """The object that makes its pods."""


def asks_for_key(template: Mapping[str, Any], settings: Mapping[str, Any]) -> bool:
    """Whether a pod's vLLM has, or may have, an API key: by its variables, by whatever envFrom brings, by a flag."""
    if settings.get("api_key") is not None or settings.get("config") is not None:
        return True
    containers = template.get("spec", {}).get("containers", ())
    vllm: Mapping[str, Any] = containers[0] if containers else {}
    return bool(vllm.get("envFrom")) or any(item.get("name") == _API_KEY for item in vllm.get("env", ()))
