"""How many GPUs hold a model: its weights with their overhead and one longest sequence, split by tensor parallelism."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING

from msgspec import Struct

from vllm_cdk8s.core.errors import ConflictError, InvalidOptionError
from vllm_cdk8s.core.kube import checks

if TYPE_CHECKING:
    from vllm_cdk8s.core.models.facts import ModelFacts

_GB = 10**9
_MOST_GPUS = 1024
GPUS_OF_A_NODE = 8


def per_rank(total: int, ranks: int) -> int:
    """One tensor parallel rank's share of this many bytes, rounded up."""
    checks.integer("tensor_parallel_size", ranks, minimum=1)
    return -(-total // ranks)


class Need(Struct, frozen=True, kw_only=True):
    """What has to fit into the GPUs before vLLM starts: the weights with their overhead, and one longest sequence."""

    weights: int
    minimum: int
    facts: ModelFacts
    kv_width: int
    length: int

    def kv_bytes_per_rank(self, ranks: int, tokens: int) -> int:
        """KV heads are divided among the ranks, but never into parts: with more ranks than heads each holds one.

        The one latent vector of multi-head latent attention is on every rank.
        """
        facts = self.facts
        values = facts.kv_values_per_token
        if values is None:
            return 0
        if facts.kv_latent_dim is None and facts.kv_heads:
            values = values // facts.kv_heads * per_rank(facts.kv_heads, ranks)
        return values * self.kv_width * tokens

    def bytes_per_rank(self, ranks: int) -> int:
        """What one rank must hold at least."""
        return per_rank(self.minimum, ranks) + self.kv_bytes_per_rank(ranks, self.length)


def gpu_bytes(gpu_memory: object) -> int:
    """The memory of one GPU in bytes, from ``"80GB"``, ``"80"``, ``80`` or ``"80Gi"``."""
    if isinstance(gpu_memory, int) and not isinstance(gpu_memory, bool):
        gpu_memory = f"{gpu_memory}GB"
    text = checks.text("gpu_memory", gpu_memory).strip()
    unit = "Gi" if text.endswith(("Gi", "GiB")) else "G"
    number = re.sub(r"\s*(GiB|Gi|GB|G)?$", "", text)
    try:
        size = checks.quantity("gpu_memory", f"{number}{unit}")
    except InvalidOptionError:
        size = Decimal(0)
    if size < _GB:
        raise InvalidOptionError(
            f"{gpu_memory!r} is not the memory of a GPU; allowed: a gigabyte and more, such as '24GB', '80' or '80Gi'",
            option="gpu_memory",
        )
    return int(size)


def gpu_count(need: Need, usable: int, capacity: int, wanted: int | None) -> tuple[int, str]:
    """The fewest GPUs that hold what is needed, or the number wanted where that works; and where the number comes from.

    Raises:
        InvalidOptionError: the number wanted is not one.
        ConflictError: it does not divide the attention heads or is too small; or no number of such GPUs is enough.
    """
    numbers = candidates(need.facts, wanted)
    if wanted is not None:
        if per_rank(need.weights, wanted) > usable:
            raise ConflictError(
                f"{wanted} leaves {gigabytes(per_rank(need.weights, wanted))} of weights for each GPU, which can use "
                f"{gigabytes(usable)} of its {gigabytes(capacity)}",
                option="tensor_parallel_size",
            )
        return wanted, "as given"
    fitting = [n for n in numbers if need.bytes_per_rank(n) <= usable]
    if not fitting:
        raise ConflictError(
            f"{gigabytes(capacity)} is too little: {need.facts.id} does not fit into {max(numbers)} such GPUs, "
            "the most that can share it",
            option="gpu_memory",
        )
    gpus = fitting[0]
    holds = "minimum memory" if need.facts.kv_values_per_token is None else f"minimum memory and {need.length:,} tokens"
    source = f"the fewest of {gigabytes(capacity)} whose usable {gigabytes(usable)} hold {holds}"
    if gpus > GPUS_OF_A_NODE:
        source += f"; more than the {GPUS_OF_A_NODE} of a usual node"
    return gpus, source


def candidates(facts: ModelFacts, wanted: int | None) -> list[int]:
    """The tensor parallel sizes to try, in order: those that divide the heads and the vocabulary, as vLLM demands.

    Raises:
        InvalidOptionError: the number wanted is not one.
        ConflictError: it does not divide the attention heads, or the padded vocabulary.
    """
    heads = facts.attention_heads

    def divides(number: int) -> bool:
        return not (heads or 0) % number and not (facts.shards or 0) % number

    if wanted is not None:
        checks.integer("tensor_parallel_size", wanted, minimum=1, maximum=_MOST_GPUS)
        if heads is not None and not divides(wanted):
            what = f"{heads} attention heads" if heads % wanted else f"{facts.shards} entries of the padded vocabulary"
            raise ConflictError(
                f"{wanted} does not divide the {what} of {facts.id}; "
                f"allowed: {', '.join(str(n) for n in range(1, heads + 1) if divides(n))}",
                option="tensor_parallel_size",
            )
        return [wanted]
    powers = [2**exponent for exponent in range(_MOST_GPUS.bit_length())]
    # Powers of two are how nodes are built, so they come first.
    numbers = [n for n in powers if not heads or divides(n)]
    return numbers + [n for n in range(1, (heads or 0) + 1) if divides(n) and n not in numbers]


def gigabytes(number: int) -> str:
    """Bytes for a reader, in units of 1,000,000,000."""
    return f"{Decimal(number) / _GB:.2f} GB"
