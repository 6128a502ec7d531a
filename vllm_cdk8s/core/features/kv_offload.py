"""KV cache beyond the GPU: host memory, and a disk behind it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from vllm_cdk8s.core.errors import Collector, ConflictError, InvalidOptionError
from vllm_cdk8s.core.keywords import named_keywords
from vllm_cdk8s.core.kube import checks
from vllm_cdk8s.core.models.accelerators import accelerator
from vllm_cdk8s.core.rules.book import KV_OFFLOAD
from vllm_cdk8s.core.server.contribution import Contribution
from vllm_cdk8s.core.showing import shown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vllm_cdk8s.core.models.accelerators import Accelerator
    from vllm_cdk8s.core.pod.options import KubernetesObject
    from vllm_cdk8s.core.server.contribution import Target

# Source: vllm/v1/kv_offload/cpu, "only supported on CUDA-alike and XPU GPUs".
_WITH_NATIVE = ("nvidia", "amd", "intel")
_BACKENDS = ("native", "lmcache")
_SIZE_SINCE = "0.11.1"
# Up to then the buffer is torch's pinned memory, each part of which is rounded up to a power of two; from then on it is
# one file in /dev/shm of just the size. Sources: vllm/v1/kv_offload/cpu of both releases and
# https://github.com/vllm-project/vllm/pull/48436
_EXACT_SINCE = "0.27.0"
_ROUNDING = 2
_DISK_SINCE = "0.22.0"
# Before, the connector itself counts in blocks, whose size nobody knows yet. Source: vllm/v1/kv_offload/cpu.py
_BYTES_SINCE = "0.14.0"
# LMCache within vLLM's own process until then, and a server beside it from then on. Source: vllm/config/vllm.py
_LMCACHE_APART_SINCE = "0.24.0"
_FOLDER = "/kv-cache"
_VOLUME = "kv-cache"
_GIB = 2**30
_LEAST = _GIB // 4


@named_keywords
@dataclass(frozen=True, kw_only=True, slots=True)
class KvOffload:
    """Keep KV cache that the GPU has no room for in host memory: ``kv_offload=KvOffload(host="200Gi")``.

    A prompt that begins like an earlier one is read back from there instead of being computed again. With ``disk``
    blocks go on from memory to files, which outlive the pod where their volume does.

    The memory counts against the container's limit: memory that was sized grows by it, memory that nobody speaks of is
    requested, and a limit that leaves no room is refused. Up to vLLM 0.26 the native backend takes up to twice of what
    it is told, since each part of the buffer is rounded up to a power of two, and that is what is set aside; from 0.27
    it takes just that, in /dev/shm, which grows with it.

    On a side of a pair (`DisaggregatedServer`) it is one of two connectors, vLLM 0.14 and later: what the other side
    has sent comes first, and what was offloaded here is looked for where nothing was sent.

    The native backend needs CUDA, ROCm or XPU: the CPU's own build refuses to start with it.
    Sources: https://docs.vllm.ai/en/latest/features/kv_offloading_usage/ and
    https://github.com/vllm-project/vllm/pull/48436

    Args:
        host: host memory of each pod for it, such as ``200Gi``; over all GPUs of the pod.
        backend: ``native``, vLLM's own, or ``lmcache``, which the image must have. LMCache is in vLLM's process up to
            0.23, and from 0.24 a server of its own that you run in the same pod (``extra_containers``), at
            ``localhost:5555``; the memory is that server's then, and none is set aside for vLLM.
        disk: the size of a throw-away folder of the node's for the second tier, such as ``1Ti``, or a claim, by name or
            as any kplus claim: one that many pods mount is a cache that they share. vLLM 0.22 and later, ``native``
            alone.

    Raises:
        InvalidOptionError: a size is not a quantity, or the backend is not known.
        ConflictError: a disk behind ``lmcache``.
    """

    OPTION: ClassVar[str] = "kv_offload"

    host: str
    backend: str = "native"
    disk: str | KubernetesObject | None = None

    def __post_init__(self) -> None:
        checks.plain_fields(self)
        with Collector() as found:
            found.attempt(self._check_host)
            found.attempt(checks.one_of, "kv_offload.backend", self.backend, _BACKENDS, what="a backend")
            if self.disk is None:
                return
            if found.sound("kv_offload.backend") and self.backend != "native":
                found.note(
                    ConflictError(
                        f"{self.backend!r} keeps its disk itself, by its own settings; leave disk out",
                        option="kv_offload.backend",
                    )
                )
            if not isinstance(self.disk, str) and not hasattr(self.disk, "name"):
                raise InvalidOptionError(
                    f"{shown(self.disk)} is neither a size nor a claim; allowed: '1Ti', a claim's name or a "
                    "kplus.IPersistentVolumeClaim",
                    option="kv_offload.disk",
                )
            if isinstance(self.disk, str) and not self._is_size():
                found.attempt(checks.dns_subdomain, "kv_offload.disk", self.disk)

    def _check_host(self) -> None:
        if checks.quantity("kv_offload.host", checks.size("kv_offload.host", self.host)) < _LEAST:
            raise InvalidOptionError(
                f"{self.host!r} is less than 256Mi; a quantity in bytes is meant, such as '200Gi'",
                option="kv_offload.host",
            )

    def contribute(self, target: Target) -> Contribution:
        """What it adds to that server."""
        target.require(_SIZE_SINCE, option="kv_offload", what="offloading by kv_offloading_size")
        if self.disk is not None:
            target.require(_DISK_SINCE, option="kv_offload.disk", what="a disk behind the memory",
                           instead="leave disk out, or use a newer image")  # fmt: skip
        if target.transfers:
            self._check_pair(target)
        self._check_gpu(target)
        size = int(checks.quantity("kv_offload.host", self.host))
        copies = _copies(target)
        if self.backend == "lmcache":
            return Contribution(
                engine_args={"kv_offloading_size": self._gib(copies), "kv_offloading_backend": "lmcache"},
                memory_bytes=0 if target.version.at_least(_LMCACHE_APART_SINCE) else size,
            )
        exact = target.version.at_least(_EXACT_SINCE) or self.disk is not None
        if "kv_transfer_config" in target.engine_args:
            raise ConflictError(
                "kv_offload is a connector of its own, and vLLM has one of them; join them by a MultiConnector of "
                "yours, or keep one",
                option="engine_args['kv_transfer_config']",
                rule=KV_OFFLOAD,
            )
        # Beside a disk, or another connector, there is no option for the size: vLLM puts this one in the other's place.
        by_size = self.disk is None and not target.transfers
        volumes = () if self.disk is None else ({"name": _VOLUME, **self._volume(target)},)
        return Contribution(
            engine_args={"kv_offloading_size": self._gib(copies), "kv_offloading_backend": "native"} if by_size else {},
            kv_connector=None if by_size else self._connector(size // copies),
            volumes=volumes,
            volume_mounts=tuple({"name": volume["name"], "mountPath": _FOLDER} for volume in volumes),
            memory_bytes=size if exact else size * _ROUNDING,
            shm_bytes=size if exact else 0,
        )

    def _connector(self, size: int) -> dict[str, Any]:
        """One of vLLM's own connectors, for so many bytes."""
        tiers = {} if self.disk is None else {
            "spec_name": "TieringOffloadingSpec",
            "cpu_bytes_to_use": size,
            "secondary_tiers": [{"type": "fs", "root_dir": _FOLDER}],
        }  # fmt: skip
        return {
            "kv_connector": "OffloadingConnector",
            "kv_role": "kv_both",
            "kv_connector_extra_config": tiers or {"cpu_bytes_to_use": size},
        }

    def _is_size(self) -> bool:
        try:
            checks.size("kv_offload.disk", self.disk)
        except InvalidOptionError:
            return False
        return True

    def _gib(self, copies: int) -> float | int:
        """VLLM's option is in GiB, for one copy of the model over all of its GPUs."""
        size = float(checks.quantity("kv_offload.host", self.host)) / _GIB / copies
        return int(size) if size == int(size) else round(size, 3)

    def _volume(self, target: Target) -> dict[str, Any]:
        if isinstance(self.disk, str) and self._is_size():
            return {"emptyDir": {"sizeLimit": self.disk}}
        metadata = getattr(self.disk, "metadata", None)
        if metadata is not None:
            target.require_namespace(metadata.namespace, option="kv_offload.disk", what="the claim")
        name = self.disk if isinstance(self.disk, str) else getattr(self.disk, "name", None)
        return {"persistentVolumeClaim": {"claimName": name}}

    def _check_pair(self, target: Target) -> None:
        if self.backend != "native":
            raise ConflictError(
                f"{self.backend!r} does not go with the connector of a pair; allowed: 'native'",
                option="kv_offload.backend",
                rule=KV_OFFLOAD,
            )
        target.require(_BYTES_SINCE, option="kv_offload", what="offloading by bytes beside the connector of a pair")

    def _check_gpu(self, target: Target) -> None:
        found = _known(target.gpu)
        if self.backend == "native" and found is not None and found.vendor not in _WITH_NATIVE:
            raise ConflictError(
                f"the native backend is for CUDA, ROCm or XPU, and {found.name} is not one of them",
                option="kv_offload",
                rule=KV_OFFLOAD,
            )
        if self.backend == "native" and "vllm-cpu" in target.image:
            raise ConflictError(
                f"the native backend needs a GPU, and {target.image!r} is vLLM for the CPU",
                option="kv_offload",
                rule=KV_OFFLOAD,
            )
        if self.backend == "native" and target.nodes > 1 and _size(target.engine_args, "data_parallel_size") == 1:
            raise ConflictError(
                f"one copy of the model over {target.nodes} nodes has no one host memory; allowed: one pod for each "
                "copy, or data_parallel_size with as many copies as fit into each node",
                option="kv_offload",
                rule=KV_OFFLOAD,
            )


def _known(gpu: object) -> Accelerator | None:
    try:
        return None if gpu is None else accelerator(gpu)
    except InvalidOptionError:
        return None  # told where it is read


def _copies(target: Target) -> int:
    """Copies of the model in each pod, each of which has a buffer of its own."""
    local = _size(target.engine_args, "data_parallel_size_local", default=0)
    return local or max(1, _size(target.engine_args, "data_parallel_size") // target.nodes)


def _size(settings: Mapping[str, Any], name: str, default: int = 1) -> int:
    value = settings.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else default
