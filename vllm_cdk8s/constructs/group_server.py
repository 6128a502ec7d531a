"""What servers over several nodes are in the tree, whatever brings their pods together."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from vllm_cdk8s.constructs.server_base import Server

if TYPE_CHECKING:
    import cdk8s_plus_27 as kplus


class GroupServer(Server):
    """A server whose engine runs in several pods, of which one serves."""

    @cached_property
    def leader_pods(self) -> kplus.Pods:
        """The pods that serve, one of each group."""
        from cdk8s_plus_27 import Pods  # noqa: PLC0415 - for those who ask for it

        return Pods.select(self, "LeaderPods", labels=self.leader_selector)

    @property
    def leader_selector(self) -> dict[str, str]:
        """The labels of the pods that serve."""
        return self.serving_selector

    def _serving_pods(self) -> kplus.Pods:
        return self.leader_pods
