"""One measurement in a process of its own: makes servers with one of the programs, and synthesizes them.

`python benchmarks/measure.py PROGRAM SERVERS [--named] [--calls] [--memory]`, where PROGRAM is with_vllm_cdk8s,
with_kplus or with_dictionaries. With `--calls` it prints the most requests to Node that one server took,
with `--memory` the most memory that Python held, in KiB.
"""

import resource
import sys
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any


def main() -> None:
    program, servers = sys.argv[1], int(sys.argv[2])
    named, counting = "--named" in sys.argv, "--calls" in sys.argv
    sys.path.insert(0, str(Path(__file__).parent))
    # Imported here: what a program imports is part of what it costs.
    add_server = import_module(program).add_server
    import cdk8s  # noqa: PLC0415

    calls = []
    with tempfile.TemporaryDirectory() as folder:
        app = cdk8s.App(outdir=folder)
        chart = cdk8s.Chart(app, "llm", namespace="llm")
        for index in range(servers):
            if counting:
                with counted() as requests:
                    add_server(chart, index, named=named)
                calls.append(len(requests))
            else:
                add_server(chart, index, named=named)
        app.synth()
    if counting:
        print(max(calls))
    if "--memory" in sys.argv:
        print(peak_kib())


def peak_kib() -> int:
    """The most memory that this program had; what getrusage says on Linux is its parent's where that had more."""
    status = Path("/proc/self/status")
    if status.exists():
        return int(status.read_text(encoding="utf-8").partition("VmHWM:")[2].split()[0])
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


@contextmanager
def counted() -> Iterator[list[str]]:
    """The requests that go to Node meanwhile."""
    from jsii._kernel.providers.process import _NodeProcess  # noqa: PLC0415

    requests: list[str] = []
    original = _NodeProcess.send

    def send(self: Any, request: Any, response_type: Any) -> Any:
        requests.append(type(request).__name__)
        return original(self, request, response_type)

    _NodeProcess.send = send  # type: ignore[method-assign]  # jsii offers no other place to count
    try:
        yield requests
    finally:
        _NodeProcess.send = original  # type: ignore[method-assign]


if __name__ == "__main__":
    warnings.simplefilter("error")
    main()
