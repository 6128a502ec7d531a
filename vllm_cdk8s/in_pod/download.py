"""Download models of the Hugging Face hub into its cache: a JSON object of snapshot_download's arguments for each.

Exit codes: 0 all are there; 1 try again; 3 trying again is pointless (no such model, or the token may not read it).
"""

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

import huggingface_hub  # type: ignore[import-not-found]  # it is in vLLM's image, not here
from huggingface_hub.constants import HF_HOME  # type: ignore[import-not-found]  # likewise
from huggingface_hub.errors import (  # type: ignore[import-not-found]  # likewise
    HFValidationError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

# Where a model has safetensors, its other weights are copies that vLLM does not load: these files beside them, and
# these folders. Other folders may hold parts of the model, in whatever format.
COPIES = (".bin", ".pt", ".pth", ".ckpt", ".h5", ".msgpack", ".ot", ".onnx", ".onnx_data", ".gguf", ".tflite")
FOLDERS_OF_COPIES = ["original/*", "onnx/*", "openvino/*", "coreml/*"]
HOPELESS = (RepositoryNotFoundError, RevisionNotFoundError, HFValidationError)


def say(text: str) -> None:
    """Write a line where `kubectl logs` shows it at once."""
    sys.stderr.write(f"download: {text}\n")
    sys.stderr.flush()


def in_a_line(error: Exception) -> str:
    """Say what the error says, in one line, so that the last line of the log is the whole reason."""
    return " ".join(str(error).split())


def fetch(wanted: dict[str, Any]) -> str:
    """Download one model and give its folder."""
    if not wanted.keys() & {"allow_patterns", "ignore_patterns"}:
        files = huggingface_hub.list_repo_files(wanted["repo_id"], revision=wanted.get("revision"))
        beside = [file for file in files if "/" not in file]
        if any(file.endswith(".safetensors") for file in beside):
            copies = [file for file in beside if file.endswith(COPIES)]
            wanted = {**wanted, "ignore_patterns": FOLDERS_OF_COPIES + copies}
    return str(huggingface_hub.snapshot_download(**wanted))


def main(arguments: list[str]) -> int:
    """Download what each argument asks for; give the exit code."""
    for argument in arguments:
        wanted = json.loads(argument)
        model = wanted["repo_id"]
        # Written once all files are there, so that a pod can start again while the hub is out of reach.
        note = Path(HF_HOME, "downloaded", hashlib.sha256(argument.encode()).hexdigest())
        say(f"{model}: downloading")
        try:
            folder = fetch(wanted)
        except HOPELESS as error:
            say(f"{model}: FAILED, and trying again is pointless: {in_a_line(error)}")
            return 3
        except Exception as error:  # noqa: BLE001 - the hub's client raises what its HTTP libraries raise
            if not note.exists() or not Path(note.read_text(encoding="utf-8")).exists():
                say(f"{model}: FAILED: {type(error).__name__}: {in_a_line(error)}")
                return 1
            say(f"{model}: the hub did not answer ({type(error).__name__}); the copy downloaded before is complete")
            continue
        note.parent.mkdir(parents=True, exist_ok=True)
        note.write_text(folder, encoding="utf-8")
        say(f"{model}: complete in {folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
