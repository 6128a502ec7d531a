"""The types that weights come in, by the names that vLLM and people give them, and the bytes that each takes."""

from __future__ import annotations

from decimal import Decimal

from vllm_cdk8s.core.errors import InvalidOptionError, nearest
from vllm_cdk8s.core.kube import checks

# Bytes per weight. The 4-bit formats with block scales: https://www.opencompute.org/documents/
# ocp-microscaling-formats-mx-v1-0-spec-final-pdf (32 values share 8 bits); NVFP4 shares 8 bits among 16.
BYTES = {
    "float32": Decimal(4),
    "float16": Decimal(2),
    "bfloat16": Decimal(2),
    "fp8": Decimal(1),
    "int8": Decimal(1),
    "nvfp4": Decimal("0.5625"),
    "mxfp4": Decimal("0.53125"),
    "int4": Decimal("0.5"),
}
# What vLLM's --dtype and --quantization, and people, call them.
_ALIASES = {
    "fp32": "float32",
    "float": "float32",
    "f32": "float32",
    "fp16": "float16",
    "half": "float16",
    "f16": "float16",
    "bf16": "bfloat16",
    "float8": "fp8",
    "fp8_e4m3": "fp8",
    "fp8_e5m2": "fp8",
    "w8a8": "int8",
    "awq": "int4",
    "awq_marlin": "int4",
    "gptq": "int4",
    "gptq_marlin": "int4",
    "bitsandbytes": "int4",
    "nf4": "int4",
    "w4a16": "int4",
    "fp4": "nvfp4",
    "modelopt": "fp8",
    "modelopt_fp4": "nvfp4",
}


def canonical(dtype: str) -> str:
    """The one name of a type among its spellings; a name that is not known comes back folded."""
    folded = dtype.strip().lower().replace("-", "_").removeprefix("torch.")
    return _ALIASES.get(folded, folded)


def type_name(option: str, dtype: object) -> str:
    """The one name of a type, which must be known."""
    name = canonical(checks.text(option, dtype))
    if name not in BYTES:
        known = (*BYTES, *_ALIASES)
        raise InvalidOptionError(
            f"{dtype!r} is not a type of weights{nearest(name, known)}; allowed: {', '.join(sorted(known))}",
            option=option,
        )
    return name
