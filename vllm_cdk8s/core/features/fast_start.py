"""What makes the second start of a server fast."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from vllm_cdk8s.core.errors import ConflictError
from vllm_cdk8s.core.keywords import named_keywords
from vllm_cdk8s.core.kube import checks
from vllm_cdk8s.core.regex import regex
from vllm_cdk8s.core.rules.book import FAST_START
from vllm_cdk8s.core.server.contribution import Contribution
from vllm_cdk8s.core.storage.storage import DEFAULT_MOUNT_PATH

if TYPE_CHECKING:
    from vllm_cdk8s.core.server.contribution import Target

_PLAN_SINCE = "0.26.0"
_STRAY = regex(r"[^a-z0-9.]+")


@named_keywords
@dataclass(frozen=True, kw_only=True, slots=True)
class FastStart:
    """Start fast where it has started before: ``fast_start=True``.

    vLLM's startup plan keeps what the profiling of the GPU's memory found, so that later starts of the same release,
    model and settings on the same kind of GPU skip it (``VLLM_ENABLE_STARTUP_PLAN``, vLLM 0.26 and later; a plan that
    does not fit is ignored). Compiled graphs and kernels are kept on the model volume in a folder for each release and
    kind of GPU: a release does not read, and never cleans up, what another one compiled, so the folder of a release
    that is gone can be deleted whole.

    It needs a volume that outlives the pod. Refused for releases that have no startup plan: what they can keep is
    kept without it.
    Source: https://docs.vllm.ai/en/latest/configuration/env_vars/

    Args:
        key: the folder's name. Defaults to one made of the vLLM release and the GPU (``gpu=``).

    Raises:
        InvalidOptionError: the key cannot be the name of a folder.
    """

    OPTION: ClassVar[str] = "fast_start"

    key: str | None = None

    def __post_init__(self) -> None:
        checks.plain_fields(self)
        if self.key is not None:
            checks.label_value("fast_start.key", checks.text("fast_start.key", self.key))

    def contribute(self, target: Target) -> Contribution:
        """What it adds to that server."""
        target.require(_PLAN_SINCE, option="fast_start", what="the startup plan",
                       instead="use a newer image, or leave it out: compiled graphs are kept all the same")  # fmt: skip
        storage = target.storage
        if storage is not None and not storage.kept:
            raise ConflictError(
                "the storage does not outlive the pod, so nothing is there at the second start; allowed: a claim, NFS "
                "or a folder of the node",
                option="fast_start",
                rule=FAST_START,
            )
        mount = (DEFAULT_MOUNT_PATH if storage is None else storage.mount_path).rstrip("/")
        folder = f"{mount}/compiled/{self.key or _key(target)}"
        caches = {
            "VLLM_CACHE_ROOT": f"{folder}/vllm",
            "TORCHINDUCTOR_CACHE_DIR": f"{folder}/torchinductor",
            "TRITON_CACHE_DIR": f"{folder}/triton",
            # FlashInfer compiles its kernels when they are first used.
            "FLASHINFER_WORKSPACE_BASE": f"{folder}/flashinfer",
        }
        own = {name: path for name, path in caches.items() if name not in target.env}
        return Contribution(env={"VLLM_ENABLE_STARTUP_PLAN": "1", **own})


def _key(target: Target) -> str:
    parts = [target.version.name or "latest", *([target.gpu] if isinstance(target.gpu, str) else [])]
    return "-".join(_STRAY.sub("-", part.lower()).strip("-") for part in parts)
