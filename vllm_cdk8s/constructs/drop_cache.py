"""DropCacheWrapper: drop the node's page cache before each start of vLLM."""

from __future__ import annotations

from typing import TYPE_CHECKING

from constructs import Construct

from vllm_cdk8s.core.keywords import named_keywords
from vllm_cdk8s.core.pod.drop_cache import dropping_caches

if TYPE_CHECKING:
    from collections.abc import Sequence


@named_keywords
class DropCacheWrapper(Construct):
    """Runs ``sync; echo 3 > /proc/sys/vm/drop_caches`` at each start of the container, then becomes vLLM.

    Each start includes restarts, unlike an init container: after an out-of-memory crash of CUDA on a machine whose CPU
    and GPU share memory, the page cache is what stands in the way; for benchmarks, each start is equally cold. Where
    the write is refused, vLLM starts all the same and the log says so.

    The pod becomes privileged and shares the node's process namespace, so its namespace must allow privileged pods
    (`PrivilegedNamespace`, `PrivilegedPodSecurityPolicy`), and whoever may change the pod controls the node: use it for
    benchmarks and on machines of your own.

    Args:
        scope: the parent construct.
        id: the construct's ID, unique within its parent.
    """

    def __init__(self, scope: Construct, id: str) -> None:
        super().__init__(scope, id)

    def wrap(self, command: Sequence[str]) -> list[str]:
        """The container's ``command`` that drops the caches and then becomes the given one, ``args`` and all."""
        return dropping_caches(command)
