"""What vLLM takes of a GPU beside weights and KV cache: activations, the sampler, CUDA graphs, buffers of several GPUs.

Nothing of this can be read anywhere before vLLM runs: vLLM itself measures it in a first pass over
``max_num_batched_tokens`` tokens and ``max_num_seqs`` sequences. The terms below are that pass's largest tensors, and
their factors are fitted to public start-up logs (docs/sizing.md says how well). So the result has a margin.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from vllm_cdk8s.core.models.kv_cache import Version
    from vllm_cdk8s.core.models.shape import ModelFacts

GIB = 2**30
# From here on the estimated memory of CUDA graphs is taken from the budget; before, it lay outside of it.
GRAPHS_IN_BUDGET: Version = (0, 21)
# From here on the sampler no longer sorts the logits of all sequences in a pass of its own.
_NO_SORT: Version = (0, 17)
# From here on every model runs in the second model runner, whose sampler keeps one copy of the logits less.
_RUNNER_2: Version = (0, 33)
# From here on the buffers of mixtures are kept from one layer, and one pass, to the next (v1/worker/workspace.py).
_KEPT_BUFFERS: Version = (0, 13)
_WIDER_RUNTIME: Version = (0, 18)
_RUNTIME, _RUNTIME_BEFORE = 0.25 * GIB, 0.13 * GIB  # libraries' own memory, which PyTorch does not see
_BASE = 0.045 * GIB
_LOGIT_BYTES_SORTED, _LOGIT_BYTES, _LOGIT_BYTES_RUNNER_2 = 38, 14.6, 9
_RESIDUALS = 3.6  # tensors of the hidden size that live at once
_INNER = 3  # of the MLP's width: both halves of the gated one and their product
_GRAPHS = 0.3 * GIB
_GRAPHS_PER_LAYER = 0.006 * GIB
_GRAPHS_OF_LARGE = 0.25 * GIB
# Buffers of NCCL and of vLLM's own all-reduce: large where GPUs are linked directly, small over PCIe.
_SEVERAL_GPUS = 0.3 * GIB
_SEVERAL_LINKED_GPUS = 1.85 * GIB  # 0.15.0 to 0.17.0 took less, and 0.11.0 as much
_SEVERAL_LINKED_GPUS_BETWEEN = 0.45 * GIB
_LINKED_LESS: tuple[Version, Version] = ((0, 11, 1), (0, 18))
_LINKED = 70 * GIB
_MOST_CAPTURED = 256
_TOWER = 1.2 * GIB
_TOWER_OUTPUT = 0.12 * GIB
_PICTURES = 4 * GIB
_FILMS = 32 * GIB
_SMALLER_FILMS: Version = (0, 12)
_ANY_SIZE = frozenset({"qwen2_vl", "qwen2_5_vl", "qwen3_vl", "qwen3_vl_moe"})
_PROFILED_SAMPLER: Version = (0, 9)
_OLD_SEQUENCES = 1024
_MOE_LIMIT = 32_768  # tokens of one pass through the experts
# Where the memory is the host's too, files in its cache and processes come and go: seen are up to 15 GiB.
UNIFIED_MARGIN = 20 * GIB
# What gpt-oss takes after the memory was divided: at 0.95 of an H100 it ends in the sampler's warm-up, at 0.9 it runs.
_UNPROFILED_MXFP4 = 3 * GIB


class PassSettings(Struct, frozen=True, kw_only=True):
    """What decides the first pass: its tokens and sequences, and how the model is divided.

    Attributes:
        tokens: ``max_num_batched_tokens``.
        sequences: ``max_num_seqs``.
        tensor: the tensor parallel size.
        pipeline: the pipeline parallel size.
        data: the data parallel size.
        eager: whether CUDA graphs are off.
        text_only: whether no images are read.
        memory: the memory of one GPU in bytes; None where it is not known.
        version: vLLM's version; None for the newest.
        drafted: the tokens that are guessed ahead (``num_speculative_tokens``).
        unified: whether the GPU's memory is the host's too.
    """

    tokens: int
    sequences: int
    tensor: int = 1
    pipeline: int = 1
    data: int = 1
    eager: bool = False
    text_only: bool = False
    memory: int | None = None
    version: Version | None = None
    drafted: int = 0
    unified: bool = False

    def since(self, version: Version) -> bool:
        """Whether vLLM is this version or newer."""
        return self.version is None or self.version >= version


def activations(facts: ModelFacts, settings: PassSettings) -> int:
    """The peak of the first pass, in bytes; 0 where the model's widths are not known.

    Either a layer's widest point is the peak, or the sampler, beside which the last hidden states still live.
    """
    hidden, vocabulary = facts.hidden_size or 0, facts.vocabulary or 0
    inner = (facts.intermediate_size or 0) / settings.tensor
    half = 2
    states = settings.tokens * half * hidden
    buffers = _expert_buffers(facts, settings)
    forward = _RESIDUALS * states + (buffers or settings.tokens * half * _INNER * inner)
    sampler = 0.0
    if facts.task == "generate":
        sampler = min(settings.sequences, settings.tokens) * vocabulary * _logit_bytes(settings) + states
        if settings.since(_KEPT_BUFFERS):
            sampler += buffers
    if len(facts.modalities) > 1 and not settings.text_only:
        # What a tower made of the pictures is kept until the pass ends.
        return int(max(forward, sampler, _TOWER) + states + _TOWER_OUTPUT)
    return int(max(forward, sampler))


def _logit_bytes(settings: PassSettings) -> float:
    if settings.since(_RUNNER_2):
        return _LOGIT_BYTES_RUNNER_2
    return _LOGIT_BYTES if settings.since(_NO_SORT) else _LOGIT_BYTES_SORTED


def _expert_buffers(facts: ModelFacts, settings: PassSettings) -> float:
    """The two buffers of a pass through routed experts: before and after the activation, each as wide as its widest."""
    if not facts.experts or not facts.experts_per_token or facts.stored.expert == "mxfp4":
        return 0.0
    routed = min(settings.tokens * settings.data, _MOE_LIMIT) * facts.experts_per_token
    hidden, size = facts.hidden_size or 0, (facts.expert_size or facts.intermediate_size or 0) / settings.tensor
    return routed * 2 * (max(size, hidden) + max(2 * size, hidden))


def graphs(facts: ModelFacts, settings: PassSettings) -> int:
    """The memory that captured CUDA graphs take, in bytes."""
    if settings.eager:
        return 0
    # One graph per batch size, of which there are fewer where fewer sequences run.
    sizes = min(settings.sequences, _MOST_CAPTURED) / _MOST_CAPTURED
    taken = _GRAPHS + _GRAPHS_PER_LAYER * (facts.layers or 0) / settings.pipeline * sizes
    return int(taken + (_GRAPHS_OF_LARGE if _large(settings) and not settings.since(_RUNNER_2) else 0))


def _large(settings: PassSettings) -> bool:
    return settings.memory is None or settings.memory >= _LINKED


def beside(facts: ModelFacts, settings: PassSettings) -> int:
    """All that the budget (``gpu_memory_utilization``) holds beside weights and KV cache, in bytes."""
    taken = _BASE + activations(facts, settings)
    newer = settings.since(_WIDER_RUNTIME)
    taken += _RUNTIME if newer else _RUNTIME_BEFORE
    if settings.tensor * settings.data > 1 and _large(settings):
        first, last = _LINKED_LESS
        less = settings.version is not None and first <= settings.version < last
        taken += _SEVERAL_LINKED_GPUS_BETWEEN if less else _SEVERAL_LINKED_GPUS
    elif settings.tensor * settings.pipeline * settings.data > 1:
        taken += _SEVERAL_GPUS
    if settings.since(GRAPHS_IN_BUDGET):
        taken += graphs(facts, settings)
    return int(taken)


def unprofiled(facts: ModelFacts, settings: PassSettings) -> int:
    """What a release takes after it has divided the memory, graphs aside, in bytes.

    Old ones took the sampler's pass over all sequences; the logits of guessed tokens are not in the first pass of any.
    """
    taken = 0
    if settings.drafted:
        guessed = settings.sequences * (settings.drafted + 1)
        taken = int(guessed * (facts.vocabulary or 0) * _logit_bytes(settings))
    if not settings.since(_PROFILED_SAMPLER) and facts.task == "generate":
        taken += max(settings.sequences, _OLD_SEQUENCES) * (facts.vocabulary or 0) * _LOGIT_BYTES_SORTED
    if facts.stored.expert == "mxfp4" and not settings.since(GRAPHS_IN_BUDGET):
        taken += _UNPROFILED_MXFP4
    return taken


def towers_margin(facts: ModelFacts, version: Version | None) -> int:
    """How much more the first pass may take where pictures and films of any size are read, in bytes.

    vLLM encodes the largest that the model allows; what that takes is known of no release in general, and films made
    some of the first that had Qwen3-VL run out of memory (https://github.com/QwenLM/Qwen3-VL/issues/1684).
    """
    if facts.family not in _ANY_SIZE:
        return 0
    early = version is not None and version < _SMALLER_FILMS and str(facts.family).startswith("qwen3")
    return _FILMS if early else _PICTURES


_V1_BY_DEFAULT = (0, 8)
_PIECES_FROM = 32_768  # the longest context whose prompts V0 takes at once (vllm/engine/arg_utils.py, chunked prefill)


def batch_defaults(
    memory: int | None, capability: str | None, version: Version | None, model_len: int | None
) -> tuple[int, int]:
    """The defaults of ``max_num_batched_tokens`` and ``max_num_seqs`` for its server, by the GPU's memory.

    From vllm/engine/arg_utils.py: GPUs of 70 GiB and more but the A100 take 8192 and 1024, those of 160 GiB and more
    16384 tokens in newer releases, all others 2048 and 256. Releases before 0.8 start the engine of before (V0), which
    takes a prompt at once unless it may be longer than 32768 tokens.
    """
    if version is not None and version < _V1_BY_DEFAULT:
        at_once = model_len is not None and model_len <= _PIECES_FROM
        return max(model_len or 0, 2048) if at_once else 2048, 256
    if memory is None or capability in {"8.0", "12.1"} or memory < 70 * GIB:
        return 2048, 256
    newer = version is None or version >= (0, 26)
    return (16_384 if newer and memory >= 160 * GIB else 8192), 1024
