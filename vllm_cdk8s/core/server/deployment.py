"""A server of one pod, as many times as is asked for: a Deployment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct

from vllm_cdk8s.core.errors import Collector, ConflictError, InvalidOptionError, mention
from vllm_cdk8s.core.kube import checks
from vllm_cdk8s.core.server.balancing import check_balancing
from vllm_cdk8s.core.showing import shown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vllm_cdk8s.core.engine import EngineCommand
    from vllm_cdk8s.core.server.shape import ServerFrame

# Beyond the start-up budget, for pulling an image of many GiB and for scheduling.
ROLLOUT_MARGIN_SECONDS = 600


def share(option: str, value: object) -> int | str:
    """A number of pods, or a percentage of them."""
    if isinstance(value, str) and value.endswith("%") and value[:-1].isdecimal():
        if int(value[:-1]) > 100 and option == "max_unavailable":  # noqa: PLR2004 - per cent
            raise InvalidOptionError(f"{shown(value)} is out of range; allowed: 0% to 100%", option=option)
        return value
    if isinstance(value, str):
        raise InvalidOptionError(
            f"{shown(value)} is neither a number of pods nor a percentage such as '25%'", option=option
        )
    return checks.integer(option, value, minimum=0)


class DeploymentShape(Struct, frozen=True, kw_only=True):
    """A Deployment; `Shape` says what its attributes mean.

    Attributes:
        replicas: the pods.
        autoscaled: whether somebody else decides on their number.
        max_surge: pods that a rollout may add, None for what the facts allow.
        max_unavailable: pods that a rollout may take away first, None likewise.
    """

    replicas: int = 1
    autoscaled: bool = False
    max_surge: int | str | None = None
    max_unavailable: int | str | None = None
    own_claim: bool = False
    api_version: str = "apps/v1"
    kind: str = "Deployment"
    nodes: int = 1
    backend: str | None = None
    templates: tuple[str, ...] = ("/spec/template",)
    service_suffix: str = ""
    services: tuple[str, ...] = ("",)

    def __post_init__(self) -> None:
        with Collector() as found:
            found.attempt(checks.integer, "replicas", self.replicas, minimum=0)
            for option in ("max_surge", "max_unavailable"):
                found.given(share, option, getattr(self, option))
            if found.sound("max_surge", "max_unavailable") and {self.max_surge, self.max_unavailable} <= {0, "0%"}:
                raise ConflictError(
                    f"is 0, and so is {mention('max_surge')}, so that no pod could ever be replaced",
                    option="max_unavailable",
                )

    @property
    def longest_suffix(self) -> str:
        """The claim's, where the server makes one."""
        return "-pvc" if self.own_claim else ""

    def serving_labels(self, engine: EngineCommand) -> Mapping[str, str]:  # noqa: ARG002 - the interface's
        """All pods serve."""
        return {}

    def annotations(self, own: Mapping[str, str]) -> dict[str, str]:
        """The user's own."""
        return dict(own)

    def check_engine(self, engine: EngineCommand, port: int) -> None:
        """Nothing joins the pods; copies within one must share its requests in a way that it can have."""
        check_balancing(engine, port=port, nodes=1)

    def internode_ports(self, engine: EngineCommand, port: int) -> tuple[int, ...]:  # noqa: ARG002 - the interface's
        """There is one pod only."""
        return ()

    def spec(self, template: dict[str, Any], frame: ServerFrame) -> dict[str, Any]:
        """The Deployment's spec."""
        deadline = frame.download_seconds + frame.health.startup_seconds + ROLLOUT_MARGIN_SECONDS
        return {
            **({} if self.autoscaled else {"replicas": self.replicas}),
            "selector": {"matchLabels": dict(frame.selector)},
            "strategy": {"type": "RollingUpdate", "rollingUpdate": self._rollout(frame)},
            "progressDeadlineSeconds": deadline,
            "template": template,
        }

    def _rollout(self, frame: ServerFrame) -> dict[str, Any]:
        """A surge pod would wait for ever for the GPU, or the claim, that the old one holds; without either it is free.

        Not Recreate: a server-side apply over a live RollingUpdate Deployment is refused.
        """
        scarce = frame.gpus != 0 or (frame.storage.claim_name is not None and not _shared(frame.storage.access_mode))
        surge: int | str = 0 if scarce else 1
        unavailable: int | str = 1 if scarce else 0
        if self.max_surge is not None or self.max_unavailable is not None:
            zero = {0, "0%"}
            surge = self.max_surge if self.max_surge is not None else (0 if self.max_unavailable not in zero else 1)
            unavailable = self.max_unavailable if self.max_unavailable is not None else (0 if surge not in zero else 1)
        return {"maxSurge": surge, "maxUnavailable": unavailable}


def _shared(access_mode: str | None) -> bool:
    return access_mode in ("ReadWriteMany", "ReadOnlyMany")
