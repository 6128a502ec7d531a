"""Settings that are right by themselves and contradict each other, the model, or the GPUs.

What vLLM itself refuses at start-up is an error here; each rule says the releases and the place in vLLM's source.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from vllm_cdk8s.core.engine.connectors import connectors_of
from vllm_cdk8s.core.engine.options import tokens
from vllm_cdk8s.core.errors import Collector, ConflictError, InvalidOptionError, mention, warn
from vllm_cdk8s.core.kube import checks
from vllm_cdk8s.core.rules.book import (
    CONTEXT_BEYOND_MODEL,
    HEADS,
    IDLE_GPUS,
    KV_OFFLOAD,
    TOO_FEW_GPUS,
    VOCABULARY,
)

if TYPE_CHECKING:
    from vllm_cdk8s.core.engine.version import EngineVersion
    from vllm_cdk8s.core.models.facts import ModelFacts

SIZES = ("tensor_parallel_size", "pipeline_parallel_size", "data_parallel_size", "prefill_context_parallel_size")
# Speculation that async scheduling has not been allowed with in any release so far (vllm/config/vllm.py).
_NEVER_ASYNC = {"ngram", "medusa", "mlp_speculator", "suffix"}
# What vLLM itself puts there for a size of offloaded KV cache.
_OFFLOADING = {"OffloadingConnector", "SimpleCPUOffloadConnector", "LMCacheConnectorV1", "LMCacheMPConnector"}


class Settings:
    """All settings in force, with where each was said."""

    def __init__(self, values: Mapping[str, Any], labels: Mapping[str, str]) -> None:
        self.values = values
        self.labels = labels

    def __getitem__(self, name: str) -> Any:
        return self.values.get(name)

    def label(self, name: str) -> str:
        """The option as its user wrote it."""
        return self.labels.get(name, name)

    def size(self, name: str) -> int:
        """A parallel size; one where nobody set it."""
        return self[name] if isinstance(self[name], int) else 1

    def spans_pods(self) -> bool:
        """Whether vLLM itself finds GPUs beyond its pod, by Ray or by joining other nodes."""
        return "ray" in {self[key] for key in _BACKENDS if isinstance(self[key], str)} or self.size("nnodes") > 1


_BACKENDS = ("distributed_executor_backend", "data_parallel_backend")


def check_ranges(settings: Settings) -> None:
    """Numbers that no release takes.

    Raises:
        InvalidOptionError: one is out of range.
    """
    with Collector() as found:
        share = settings["gpu_memory_utilization"]
        if isinstance(share, (int, float)) and not 0 < share <= 1:
            option = settings.label("gpu_memory_utilization")
            found.note(InvalidOptionError(f"{share!r} is not between 0 and 1", option=option))
        for name, least in {**dict.fromkeys(SIZES, 1), "data_parallel_size_local": 0, "nnodes": 1}.items():
            if isinstance(settings[name], int):
                found.attempt(checks.integer, settings.label(name), settings[name], minimum=least)
        if settings["max_model_len"] == 0:
            option = settings.label("max_model_len")
            found.note(InvalidOptionError("0 leaves no room for a request", option=option))


def check_model(settings: Settings, model: str, facts: ModelFacts | None) -> None:
    """Limits of a well-known model; a warning where vLLM can be told to go on.

    Raises:
        ConflictError: its attention heads cannot be split over that many GPUs (ModelConfig in vllm/config), or its
            vocabulary (VocabParallelEmbedding).
    """
    if facts is None or settings.values.keys() & {"hf_overrides", "hf_config_path", "rope_scaling"}:
        return
    length, limit = tokens(settings["max_model_len"]), facts.max_position_embeddings
    if length is not None and limit is not None and length > limit:
        warn(
            f"{settings['max_model_len']!r} is more than the {limit} positions of "
            f"{model!r}; vLLM refuses to start unless VLLM_ALLOW_LONG_MAX_MODEL_LEN=1 is in its environment",
            option=settings.label("max_model_len"),
            rule=CONTEXT_BEYOND_MODEL,
        )
    tensor = settings.size("tensor_parallel_size")
    if facts.attention_heads is not None and facts.attention_heads % tensor:
        raise ConflictError(
            f"{tensor} does not divide the {facts.attention_heads} attention heads of {model!r}, so vLLM refuses to "
            f"start; choose a divisor, and spread over more GPUs by {mention('pipeline_parallel_size')}",
            option=settings.label("tensor_parallel_size"),
            rule=HEADS,
        )
    # Adapters once brought words of their own.
    if facts.shards is not None and facts.shards % tensor and not settings["enable_lora"]:
        raise ConflictError(
            f"{tensor} does not divide the {facts.shards} entries of the padded vocabulary of {model!r}, so vLLM "
            f"refuses to start; choose a divisor, and spread over more GPUs by {mention('pipeline_parallel_size')}",
            option=settings.label("tensor_parallel_size"),
            rule=VOCABULARY,
        )


def check_gpus(settings: Settings, *, asked: int, gpus: int | None, nodes: int) -> None:
    """The GPUs that the parallel sizes ask for, against those that there are.

    Raises:
        ConflictError: there are fewer.
    """
    if not gpus or (nodes == 1 and settings.spans_pods()):
        return
    there = gpus * nodes
    if asked == there:
        return
    words = {
        "tensor": settings.size("tensor_parallel_size"),
        "pipeline": settings.size("pipeline_parallel_size"),
        "prefill context": settings.size("prefill_context_parallel_size"),
    }
    copies = asked
    for size in words.values():
        copies //= size
    words["data"] = copies
    shown = {kind: size for kind, size in words.items() if size != 1 or kind == "tensor"}
    product = f"{' x '.join(shown)} parallel ({' x '.join(map(str, shown.values()))}) asks for {asked} of {there} GPUs"
    # The size that was said is at fault rather than one that was left to the default.
    said = next((name for name in SIZES if settings.size(name) != 1 and name in settings.labels), SIZES[0])
    option = settings.label(said)
    if asked > there:
        raise ConflictError(f"{product}; lower the sizes or raise {mention('gpus=')}", option=option, rule=TOO_FEW_GPUS)
    warn(f"{product}; {there - asked} stay idle", option=option, rule=IDLE_GPUS)


def check_features(settings: Settings, version: EngineVersion) -> None:
    """Features that exclude or need one another.

    Raises:
        ConflictError: vLLM would refuse to start.
    """
    with Collector() as found:
        found.attempt(_check_async, settings, version)
        found.attempt(_check_batches, settings)
        found.attempt(_check_offloading, settings)
        found.attempt(_check_context_parallel, settings)
        # validate_parsed_serve_args in the command line of `vllm serve`, all releases.
        for name, needed in (
            ("enable_auto_tool_choice", "tool_call_parser"),
            ("enable_log_outputs", "enable_log_requests"),
            ("lora_modules", "enable_lora"),
        ):
            if settings[name] and not settings[needed] and "config" not in settings.values:
                option = settings.label(name)
                found.note(ConflictError(f"needs {mention(needed)} too, or vLLM stops", option=option))


def _check_batches(settings: Settings) -> None:
    batched, length = tokens(settings["max_num_batched_tokens"]), tokens(settings["max_model_len"])
    sequences = settings["max_num_seqs"]
    # SchedulerConfig, all releases.
    if batched is not None and isinstance(sequences, int) and batched < sequences:
        raise ConflictError(
            f"{settings['max_num_batched_tokens']!r} is less than {mention(f'max_num_seqs={sequences}')}",
            option=settings.label("max_num_batched_tokens"),
        )
    if batched and length and batched < length and settings["enable_chunked_prefill"] is False:
        raise ConflictError(
            f"{settings['max_num_batched_tokens']!r} is less than {mention('max_model_len')} "
            f"{settings['max_model_len']}, and {mention('enable_chunked_prefill')} is off, so no long request "
            "could run",
            option=settings.label("max_num_batched_tokens"),
        )


def _check_context_parallel(settings: Settings) -> None:
    tensor, context = settings.size("tensor_parallel_size"), settings.size("decode_context_parallel_size")
    if tensor % context and ("config" not in settings.values or "tensor_parallel_size" in settings.values):
        # ParallelConfig, all releases that have it: the ranks of one group share the heads of the other.
        raise ConflictError(
            f"{context} does not divide {mention('tensor_parallel_size')} {tensor}, so vLLM refuses to start",
            option=settings.label("decode_context_parallel_size"),
        )


def _check_offloading(settings: Settings) -> None:
    """A size of offloaded KV cache beside a connector that carries it elsewhere.

    VllmConfig._post_init_kv_transfer_config, all releases that have the size: it sets the connector to its own.
    """
    others = [name for name in connectors_of(settings["kv_transfer_config"]) if name not in _OFFLOADING]
    if others and settings["kv_offloading_size"] is not None:
        raise ConflictError(
            f"has vLLM offload in the place of {others[0]}, which then carries nothing; join an OffloadingConnector to "
            "it by a MultiConnector, and leave the size out",
            option=settings.label("kv_offloading_size"),
            rule=KV_OFFLOAD,
        )


def _check_async(settings: Settings, version: EngineVersion) -> None:
    if settings["async_scheduling"] is not True:
        return
    option = settings.label("async_scheduling")
    # EngineArgs.create_engine_config to 0.11.0, then VllmConfig; with pipelines from 0.15.0.
    if settings.size("pipeline_parallel_size") > 1 and not version.at_least("0.15.0"):
        raise ConflictError(f"not with pipeline_parallel_size above 1 before vLLM 0.15.0 ({version})", option=option)
    speculation = settings["speculative_config"]
    if not isinstance(speculation, Mapping):
        return
    if not version.at_least("0.11.1"):
        raise ConflictError(f"not with speculative_config before vLLM 0.11.1 ({version})", option=option)
    method = speculation.get("method")
    if method in _NEVER_ASYNC or (method == "draft_model" and not version.at_least("0.16.0")):
        raise ConflictError(f"not with speculative_config method {method!r} ({version})", option=option)
    if speculation.get("disable_padded_drafter_batch") is True:
        raise ConflictError("not with disable_padded_drafter_batch in speculative_config", option=option)
