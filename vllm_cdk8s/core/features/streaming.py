"""Weights that are streamed into the GPU's memory from where they are, without a copy on a disk in between."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from vllm_cdk8s.core.engine.images import own
from vllm_cdk8s.core.engine.streaming import streamed
from vllm_cdk8s.core.errors import Collector, ConflictError, InvalidOptionError, warn
from vllm_cdk8s.core.features.object_stores import AzureStorage, GoogleStorage, S3Storage
from vllm_cdk8s.core.keywords import named_keywords
from vllm_cdk8s.core.kube import checks
from vllm_cdk8s.core.kube.wire import prune
from vllm_cdk8s.core.regex import regex
from vllm_cdk8s.core.rules.book import STREAMED_WEIGHTS
from vllm_cdk8s.core.server.contribution import Contribution

if TYPE_CHECKING:
    from vllm_cdk8s.core.server.contribution import Target

_STORES = (S3Storage, GoogleStorage, AzureStorage)
_STORE = "S3Storage(...), GoogleStorage(...) or AzureStorage(...)"
_DISTRIBUTED_SINCE = "0.11.1"
_URI = regex(r"(s3://|https?://|/)[^\s]+")


@named_keywords
@dataclass(frozen=True, kw_only=True, slots=True)
class RunaiStreamer:
    """Stream safetensors by the Run:ai model streamer: ``streaming=RunaiStreamer(store=S3Storage(...))``.

    With ``model="s3://bucket/folder"`` (``gs://``, ``az://``) the weights never touch a disk of the pod, and nothing
    but caches needs one: without ``storage=`` the server has a throw-away folder and no claim. A model of the Hugging
    Face hub is still downloaded first, and then streamed from the storage, as is a folder that is mounted.

    Each of a pod's processes reads through a buffer of ``memory_limit`` in host memory, which is counted against the
    container's limit; the streamer's own default of 40 GB has killed many a pod. A tensor must fit into it.

    vLLM's own images have the streamer; Azure's store is read from 0.18 on, Google's from 0.10.2.
    Sources: https://docs.vllm.ai/en/latest/models/extensions/runai_model_streamer/ and
    https://github.com/run-ai/runai-model-streamer/blob/master/docs/src/env-vars.md

    Args:
        store: the object store, and the keys to read it. By default the pod's own identity is used.
        memory_limit: host memory of each process for the buffer, as a quantity.
        concurrency: threads that read, or connections to the store, of each process; the streamer's own number unless
            said.
        distributed: let each process read a part and give it to the others over NVLink, instead of reading all of it;
            vLLM 0.11.1 and later, for several GPUs.

    Raises:
        InvalidOptionError: a value is wrong by itself.
    """

    OPTION: ClassVar[str] = "streaming"

    store: S3Storage | GoogleStorage | AzureStorage | None = None
    memory_limit: str = "8Gi"
    concurrency: int | None = None
    distributed: bool = False

    def __post_init__(self) -> None:
        with Collector() as found:
            found.given(checks.instance, "streaming.store", self.store, *_STORES, allowed=_STORE)
            found.attempt(checks.size, "streaming.memory_limit", self.memory_limit)
            found.given(checks.integer, "streaming.concurrency", self.concurrency, minimum=1)
            found.attempt(checks.boolean, "streaming.distributed", self.distributed)

    def contribute(self, target: Target) -> Contribution:
        """What it adds to that server."""
        if self.store is not None and not target.model.lower().startswith(self.store.schemes):
            raise ConflictError(
                f"is for models of {self.store.schemes[0]}, and the model is {target.model!r}",
                option="streaming.store",
                rule=STREAMED_WEIGHTS,
            )
        if self.distributed:
            target.require(_DISTRIBUTED_SINCE, option="streaming.distributed", what="streaming in parts")
        size = int(checks.quantity("streaming.memory_limit", self.memory_limit))
        volumes, mounts = ((), ()) if self.store is None else self.store.volumes()
        return Contribution(
            engine_args={
                "load_format": "runai_streamer",
                "model_loader_extra_config": prune({
                    "memory_limit": size,
                    "concurrency": self.concurrency,
                    "distributed": True if self.distributed else None,
                }),
            },
            env={} if self.store is None else self.store.environment(),
            volumes=volumes,
            volume_mounts=mounts,
            memory_bytes=size * target.processes,
        )  # fmt: skip


@named_keywords
@dataclass(frozen=True, kw_only=True, slots=True)
class Tensorizer:
    """Stream a model that CoreWeave's tensorizer has written: ``streaming=Tensorizer(uri="s3://models/qwen.tensors")``.

    The model's configuration and tokenizer come from ``model``, a model of the hub or a folder; its tensors from
    ``uri``. They are written for one vLLM, one model and one tensor parallel size
    (``examples/others/tensorize_vllm_model.py`` of vLLM's). With several GPUs each has a file, numbered by a
    ``%03d`` in the address.

    vLLM's own images do not have the package (``vllm[tensorizer]``); a warning says so.
    Source: https://docs.vllm.ai/en/latest/models/extensions/tensorizer/

    Args:
        uri: the file: ``s3://``, ``http://``, ``https://``, or a path in the container.
        store: the endpoint and the keys of an S3 store.
        num_readers: the number of parallel connections. Defaults to tensorizer's own.
        verify_hash: check each tensor against its hash, which takes time.

    Raises:
        InvalidOptionError: a value is wrong by itself.
    """

    OPTION: ClassVar[str] = "streaming"

    uri: str
    store: S3Storage | None = None
    num_readers: int | None = None
    verify_hash: bool = False

    def __post_init__(self) -> None:
        with Collector() as found:
            uri = found.attempt(checks.text, "streaming.uri", self.uri)
            if uri is not None and not _URI.fullmatch(uri):
                found.note(
                    InvalidOptionError(
                        f"{self.uri!r} is not the address of a file; allowed: s3://, http://, https://, or a path",
                        option="streaming.uri",
                    )
                )
            found.given(checks.instance, "streaming.store", self.store, S3Storage, allowed="S3Storage(...)")
            found.given(checks.integer, "streaming.num_readers", self.num_readers, minimum=1)
            found.attempt(checks.boolean, "streaming.verify_hash", self.verify_hash)

    def contribute(self, target: Target) -> Contribution:
        """What it adds to that server."""
        if streamed(target.model):
            raise ConflictError(
                f"{target.model!r} is streamed by vLLM itself; say the model's name on the hub, from which its "
                "configuration and tokenizer come, or use RunaiStreamer",
                option="model",
                rule=STREAMED_WEIGHTS,
            )
        if own(target.image):
            warn(
                f"{target.image!r} does not have the package tensorizer; build an image with vllm[tensorizer]",
                option="streaming",
                rule=STREAMED_WEIGHTS,
            )
        return Contribution(
            engine_args={
                "load_format": "tensorizer",
                "model_loader_extra_config": prune({
                    "tensorizer_uri": self.uri,
                    "num_readers": self.num_readers,
                    "verify_hash": True if self.verify_hash else None,
                }),
            },
            env={} if self.store is None else self.store.tensorizer_environment(),
        )  # fmt: skip
