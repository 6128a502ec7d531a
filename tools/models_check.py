"""Check the table of models: build each architecture on torch's meta device and count its weights by kind.

    tools/models_check.py             compare with vllm_cdk8s/data/models.json
    tools/models_check.py --write     write the counts into it

No weights are needed: a tensor on the meta device has a shape and no storage. Needs torch and transformers, which
``make models-check`` installs into a folder of their own. A row of an architecture that transformers does not have
carries ``"unchecked"`` with the reason and no counts, so that nothing is derived from it that was not computed.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
import warnings
from collections import Counter
from pathlib import Path
from typing import Any

TABLE = Path(__file__).resolve().parents[1] / "vllm_cdk8s" / "data" / "models.json"
KINDS = ("embedding", "head", "linear", "expert", "tower", "other")
# The same architecture under the name that a vendor's own code gives it.
SAME = {
    "kimi_k2": "deepseek_v3",
    "kimi_vl": "kimi_k25",
    "baichuan": "llama",
    "exaone": "llama",
    "internlm2": "llama",
    "internlm3": "llama",
    "mimo": "qwen2",
    "minicpm": "llama",
}
ENCODERS = {"bert", "xlm-roberta", "modernbert"}
TOWER = re.compile(r"vision|visual|multi_modal_projector|mm_projector|audio|image_newline")
EMBEDDING = re.compile(r"(embed_tokens|wte|word_embeddings|embeddings|embed_in|tok_embeddings)\.weight$")
NO_MATRIX = re.compile(r"router|\.gate\.|conv1d|norm|position|wpe|token_type|_scale$|hc_|sinks|\.A_log|dt_bias")


def kind(name: str, dimensions: int) -> str:
    """What a weight is, by its name and its number of dimensions."""
    lower = name.lower()
    if TOWER.search(lower):
        return "tower"
    if "lm_head" in lower or lower.startswith(("embed_out", "classifier", "score.")):
        return "head"
    if EMBEDDING.search(lower) and "per_layer" not in lower:
        return "embedding"
    if re.search(r"(?<!shared_)experts\.", lower) and dimensions > 1 and "bias" not in lower:
        return "expert"
    return "linear" if dimensions > 1 and not NO_MATRIX.search(lower) else "other"


def count(config: dict[str, Any], task: str = "generate") -> dict[str, int]:
    """The number of weights of each kind, tied ones once, with the buffers that the files hold too.

    A model that is published for embeddings comes without an output projection.
    """
    import torch  # noqa: PLC0415 - what is not installed beside the project
    import transformers  # noqa: PLC0415

    shape = {key: value for key, value in config.items() if key not in {"model_type", "quantization_config"}}
    family = SAME.get(config["model_type"], config["model_type"])
    settings = transformers.AutoConfig.for_model(family, **shape)
    several = any(isinstance(config.get(part), dict) for part in ("vision_config", "audio_config"))
    if several:
        build = transformers.AutoModelForImageTextToText
    elif (
        config["model_type"] not in ENCODERS
        and task != "embed"
        and type(settings) in transformers.AutoModelForCausalLM._model_mapping  # noqa: SLF001 - no other way to ask
    ):
        build = transformers.AutoModelForCausalLM
    else:
        build = transformers.AutoModel
    with torch.device("meta"):
        model = build.from_config(settings)
    model.tie_weights()
    found: Counter[str] = Counter()
    for name, weight in model.named_parameters():
        found[kind(name, weight.dim())] += weight.numel()
    kept = model.state_dict().keys()
    for name, buffer in model.named_buffers():
        if name in kept:
            found[kind(name, 1)] += buffer.numel()
    return {key: found[key] for key in KINDS if found[key]}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="write the counts into the table")
    parser.add_argument("names", nargs="*", help="only the rows of these models")
    arguments = parser.parse_args()
    warnings.filterwarnings("ignore")
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    table = json.loads(TABLE.read_text(encoding="utf-8"))
    wrong = checked = 0
    for row in table["models"]:
        name = row["names"][0]
        if arguments.names and not set(row["names"]) & set(arguments.names):
            continue
        if "unchecked" in row:
            print(f"skip   {name}: {row['unchecked']}")
            continue
        try:
            counts = count(row["config"], row.get("task", "generate"))
        except Exception as error:  # noqa: BLE001 - whatever a model's own code raises is a row that is not right
            print(f"wrong  {name}: {type(error).__name__}: {str(error)[:200]}")
            wrong += 1
            continue
        checked += 1
        if arguments.write:
            row["counts"] = counts
        elif row.get("counts") != counts:
            print(f"wrong  {name}: the table has {row.get('counts')}, the model has {counts}")
            wrong += 1
    if arguments.write:
        TABLE.write_text(dump(table), encoding="utf-8")
    print(f"{checked} architectures counted, {wrong} wrong")
    return 1 if wrong else 0


def dump(table: dict[str, Any]) -> str:
    """The table with a model a line, so that a change reads as one."""
    rows = ",\n".join(json.dumps(row, separators=(", ", ": "), allow_nan=False) for row in table["models"])
    head = json.dumps({key: value for key, value in table.items() if key != "models"}, indent=1)
    return head.removesuffix("\n}").removesuffix("}") + ',\n "models": [\n' + rows + "\n]}\n"


if __name__ == "__main__":
    sys.exit(main())
