"""What a ledger holds: rows of need and possession, figures, and what follows from both."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Literal

from msgspec import Struct

Resource = Literal["gpu_memory", "host_memory", "disk", "time", "gpus", "format"]
Verdict = Literal["fits", "tight", "too_little", "unknown"]

GIB = 2**30


class Line(Struct, frozen=True, kw_only=True):
    """One row: a resource, what is counted of it, the need, what there is, and the verdict.

    Attributes:
        resource: ``gpu_memory``, ``host_memory``, ``disk``, ``time``, ``gpus`` or ``format``.
        what: what the two numbers are, in a few words.
        needs: the need in bytes, seconds or pieces; None where it is not known.
        has: what there is, in the same unit; None where it is not known.
        unit: ``bytes``, ``seconds``, ``GPUs`` or the empty string.
        verdict: ``fits``, ``tight``, ``too_little`` or ``unknown``.
        source: how the numbers came about.
        option: the setting to change first, as vLLM or this package names it; None where no single one is.
    """

    resource: Resource
    what: str
    needs: int | None
    has: int | None
    unit: str
    verdict: Verdict
    source: str
    option: str | None = None

    def text(self) -> str:
        """The row as a sentence."""
        return f"{self.what}: needs {shown(self.needs, self.unit)}, has {shown(self.has, self.unit)} ({self.source})"


class Ledger(Struct, frozen=True, kw_only=True):
    """What a server needs and has, made by `ledger`.

    Attributes:
        lines: the rows, in the order GPU memory, GPUs, formats, host memory, disk, time.
        weight_bytes_per_gpu: the weights on the GPU that holds most.
        beside_bytes_per_gpu: activations, graphs and buffers, estimated.
        budget_bytes_per_gpu: what vLLM may use of each GPU.
        kv_bytes_available: what is left of it for the KV cache.
        kv_bytes_per_token: what a token of a sequence of the full length takes on each GPU.
        kv_bytes_per_sequence: what one sequence of the full length takes on each GPU.
        kv_cache_tokens: the tokens that fit, counted as vLLM's log counts them for this version.
        full_length_sequences: the sequences of the full length that fit.
        max_model_len: the full length.
        claim_bytes: the size of a claim that holds the model and the caches.
        startup_seconds: the start-up budget to give.
        memory_request_bytes: the memory request to give.
        memory_limit_bytes: the memory limit to give.
    """

    lines: tuple[Line, ...]
    weight_bytes_per_gpu: int | None = None
    beside_bytes_per_gpu: int | None = None
    budget_bytes_per_gpu: int | None = None
    kv_bytes_available: int | None = None
    kv_bytes_per_token: int | None = None
    kv_bytes_per_sequence: int | None = None
    kv_cache_tokens: int | None = None
    full_length_sequences: float | None = None
    max_model_len: int | None = None
    claim_bytes: int | None = None
    startup_seconds: int | None = None
    memory_request_bytes: int | None = None
    memory_limit_bytes: int | None = None

    @property
    def errors(self) -> tuple[Line, ...]:
        """The rows that cannot work."""
        return tuple(line for line in self.lines if line.verdict == "too_little")

    @property
    def warnings(self) -> tuple[Line, ...]:
        """The rows within the margin of error."""
        return tuple(line for line in self.lines if line.verdict == "tight")

    @property
    def fits(self) -> bool | None:
        """Whether the GPUs hold the model: True, False, or None where it is not known or too close to say."""
        verdicts = {line.verdict for line in self.lines if line.resource in {"gpu_memory", "gpus", "format"}}
        if "too_little" in verdicts:
            return False
        return None if verdicts & {"tight", "unknown"} or not verdicts else True

    def as_data(self) -> dict[str, Any]:
        """The ledger as JSON's types."""
        figures = {
            name: getattr(self, name)
            for name in (
                "weight_bytes_per_gpu",
                "beside_bytes_per_gpu",
                "budget_bytes_per_gpu",
                "kv_bytes_available",
                "kv_bytes_per_token",
                "kv_bytes_per_sequence",
                "kv_cache_tokens",
                "full_length_sequences",
                "max_model_len",
                "claim_bytes",
                "startup_seconds",
                "memory_request_bytes",
                "memory_limit_bytes",
            )
        }
        rows = [
            {
                name: getattr(line, name)
                for name in ("resource", "what", "needs", "has", "unit", "verdict", "source", "option")
            }
            for line in self.lines
        ]
        return {**figures, "fits": self.fits, "lines": rows}


def unknown(resource: Resource, what: str, source: str) -> Line:
    """A row of which nothing can be said."""
    return Line(resource=resource, what=what, needs=None, has=None, unit="bytes", verdict="unknown", source=source)


def shown(number: int | None, unit: str) -> str:
    """A figure for a reader: bytes in GiB, seconds, pieces; a question mark where it is not known."""
    if number is None:
        return "?"
    if unit == "bytes":
        return f"{Decimal(number) / GIB:.2f} GiB"
    return f"{number:,} {unit.removesuffix('s') if number == 1 else unit}".strip()
