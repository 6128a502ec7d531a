"""What to give a server of a model of some size: a claim, memory, time to start."""

from __future__ import annotations

from decimal import ROUND_CEILING, Decimal

GIB = 2**30
OVERHEAD = Decimal("1.2")
CACHE_GIB = 10  # compiled kernels, tokenizers and a revision's small files beside the weights
CLAIM_STEP_GIB = 10
DEFAULT_CLAIM_GIB = 50
# "Small models (below 1B): 4-8 GB" holds for anything smaller than these.
LEAST_REQUEST_GIB = 4
LEAST_LIMIT_GIB = 8
LIMIT_FACTOR = Decimal("1.5")
_BILLION = 10**9
# Start-up budgets in seconds by billions of parameters, from each size on. A model counts as the size that it is named
# after: "7B" models have 6.7 to 7.7 billion parameters, so a class begins 5 % early.
_STARTUP = ((Decimal(0), 300), (Decimal(7), 600), (Decimal(13), 1800), (Decimal(70), 3600))
_ROUNDED_NAMES = Decimal("0.95")


def claim_size(stored: int) -> int:
    """The size of a claim for published weights of this many bytes, with caches, in steps of 10 GiB, 50 at least."""
    gib = ceiling(Decimal(stored) * OVERHEAD / GIB) + CACHE_GIB
    return max(DEFAULT_CLAIM_GIB, -(-gib // CLAIM_STEP_GIB) * CLAIM_STEP_GIB) * GIB


def host_memory(loaded: int) -> tuple[int, int]:
    """The memory request and limit for weights of this many bytes, by the Helm chart's rule, in whole GiB."""
    request = max(LEAST_REQUEST_GIB, ceiling(Decimal(ceiling(loaded * OVERHEAD)) / GIB))
    return request * GIB, max(LEAST_LIMIT_GIB, ceiling(request * LIMIT_FACTOR)) * GIB


def startup_budget(parameters: int) -> int:
    """The start-up budget by size: 300 s below 7B parameters, 600 below 13B, 1800 below 70B, and 3600 from there on."""
    return [seconds for least, seconds in _STARTUP if Decimal(parameters) >= least * _BILLION * _ROUNDED_NAMES][-1]


def ceiling(number: Decimal) -> int:
    """The least whole number that is not smaller."""
    return int(number.to_integral_value(rounding=ROUND_CEILING))
