"""What checking the engine's settings adds to a server: `python benchmarks/engine_check.py`.

Prints the processor time to load the catalogue once, and the median per server for a small and a large set of
settings, as JSON; exits with 1 where a server costs more than a millisecond or loading more than 20.
"""

import json
import subprocess
import sys
import warnings
from statistics import median
from time import process_time
from typing import Any

ROUNDS, SERVERS = 7, 200
BARS = {"load_ms": 20.0, "small_ms": 1.0, "large_ms": 1.0}

SMALL: dict[str, Any] = {"model": "meta-llama/Llama-2-7b-hf", "image": "vllm/vllm-openai:v0.20.2", "gpus": 1}
LARGE: dict[str, Any] = {
    "model": "meta-llama/Llama-2-70b-hf",
    "image": "vllm/vllm-openai:v0.20.2",
    "gpus": 8,
    "engine_args": {
        "gpu_memory_utilization": 0.92, "max_model_len": "4k", "max_num_seqs": 256, "max_num_batched_tokens": "8k",
        "enable_prefix_caching": True, "enable_chunked_prefill": True, "kv_cache_dtype": "fp8", "dtype": "auto",
        "served_model_name": ["chat", "llama"], "tensor_parallel_size": 4, "pipeline_parallel_size": 2,
        "compilation_config": {"cudagraph_mode": "PIECEWISE", "pass_config": {"fuse_norm_quant": True}},
        "kv_transfer_config": {"kv_connector": "NixlConnector", "kv_role": "kv_both"},
        "speculative_config": {"method": "eagle3", "num_speculative_tokens": 3, "model": "acme/draft"},
        "enable_auto_tool_choice": True, "tool_call_parser": "llama3_json", "seed": 7, "shutdown_timeout": 30,
    },
    "extra_args": ["--max-log-len=100", "--limit-mm-per-prompt.image=2", "--no-enable-log-requests"],
}  # fmt: skip


def load_ms() -> float:
    """The first command of a process, which reads the catalogue, less a second one."""
    program = (
        "from time import process_time as now; from vllm_cdk8s.core.engine import engine_command as make; "
        "a = now(); make(model='m'); b = now(); make(model='m'); c = now(); print((b - a) - (c - b))"
    )
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)  # noqa: S603 - our own
    return float(done.stdout) * 1e3


def per_server_ms(options: dict[str, Any]) -> float:
    from vllm_cdk8s.core.engine import engine_command  # noqa: PLC0415 - loading is measured apart

    engine_command(**options)
    times = []
    for _ in range(ROUNDS):
        started = process_time()
        for _ in range(SERVERS):
            engine_command(**options)
        times.append((process_time() - started) / SERVERS * 1e3)
    return median(times)


def main() -> None:
    warnings.simplefilter("error")
    took = {
        "load_ms": median(load_ms() for _ in range(3)),
        "small_ms": per_server_ms(SMALL),
        "large_ms": per_server_ms(LARGE),
    }
    print(json.dumps({name: round(value, 3) for name, value in took.items()}))
    if over := [name for name, bar in BARS.items() if took[name] > bar]:
        sys.exit(f"over the bar: {', '.join(f'{name} {took[name]:.2f} > {BARS[name]}' for name in over)}")


if __name__ == "__main__":
    main()
