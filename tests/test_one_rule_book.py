"""What is wrong is wrong by the same rule, whoever says it: in Python, in values, in a manifest."""

import re
import warnings
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.helm import command
from tests.lint.manifests import CLAIM, GOOD, changed, run
from tests.synthesis import PLAIN, new_chart
from vllm_cdk8s import ConflictError, InvalidOptionError, VllmCdk8sWarning, VllmServer

MODEL, VERSION = PLAIN["model"], PLAIN["image"].rpartition(":")[2]
CODE = re.compile(r"\[(VC\d{3})\]$")


def in_python(arguments: list[str], env: dict[str, str], gpus: int) -> set[str]:
    with warnings.catch_warnings(record=True) as given:
        warnings.simplefilter("always")
        try:
            VllmServer(
                new_chart(), "llm", **{**PLAIN, "gpus": gpus}, engine_args={"max_model_len": 8192}, env=env,
                extra_args=arguments,
            )  # fmt: skip
        except (InvalidOptionError, ConflictError) as error:
            return {problem.rule.code for problem in error.problems}
    return {w.message.problem.rule.code for w in given if isinstance(w.message, VllmCdk8sWarning) and w.message.problem}


def in_values(arguments: list[str], env: dict[str, str], gpus: int, folder: Path) -> set[str]:
    values = {
        "image": {"tag": VERSION},
        "vllm": {
            "model": MODEL,
            "maxModelLen": 8192,
            "additionalArgs": arguments,
            "env": [{"name": name, "value": value} for name, value in env.items()],
        },
        "resources": {"limits": {"nvidia.com/gpu": gpus}},
    }
    path = folder / "values.yaml"
    path.write_text(yaml.safe_dump(values), encoding="utf-8")
    said = command.run("template", "llm", "-f", str(path)).stderr.splitlines()
    return {found[1] for line in said if (found := CODE.search(line))}


def in_a_manifest(arguments: list[str], env: dict[str, str], gpus: int, folder: Path) -> set[str]:
    changes: dict[str, Any] = {
        "container__args": [MODEL, "--max-model-len=8192", *arguments],
        "container__env": [{"name": name, "value": value} for name, value in env.items()],
        "container__resources": {"limits": {"nvidia.com/gpu": gpus, "memory": "32Gi"}},
    }
    return {found.rule for found in run(folder, changed(GOOD, **changes), CLAIM)}


@pytest.mark.parametrize(
    ("code", "arguments", "env", "gpus"),
    [
        ("VC101", ["--swap-space=4"], {}, 1),
        ("VC101", ["--tensor-paralel-size=1"], {}, 1),
        ("VC102", ["--dtype=fp16"], {}, 1),
        ("VC102", ["--gpu-memory-utilization=1.5"], {}, 1),
        ("VC102", ["--max-num-seqs=many"], {}, 1),
        ("VC102", ["--max-num-seqs=0"], {}, 1),
        ("VC102", ["--block-size=-16"], {}, 1),
        ("VC102", ["--reasoning-parser=nope"], {}, 1),
        ("VC103", ["--enable-auto-tool-choice"], {}, 1),
        ("VC103", ["--max-num-batched-tokens=16", "--max-num-seqs=32"], {}, 1),
        ("VC105", ["--tensor-parallel-size=3"], {}, 3),
        ("VC107", ["--uds=/tmp/vllm.sock"], {}, 1),
        ("VC107", ["--ssl-keyfile=/tls/key"], {}, 1),
        ("VC108", [], {"VLLM_LOGGING_LEVL": "DEBUG"}, 1),
        ("VC201", ["--tensor-parallel-size=2"], {}, 1),
        ("VC202", ["--tensor-parallel-size=1"], {}, 2),
        ("VC205", [], {"CUDA_VISIBLE_DEVICES": "1"}, 1),
        ("VC520", [], {"VLLM_SERVER_DEV_MODE": "1"}, 1),
        ("VC501", [], {"HF_TOKEN": "hf_" + "aB3" * 11}, 1),
    ],
)  # fmt: skip
def test_each_door_names_the_same_rule(
    code: str, arguments: list[str], env: dict[str, str], gpus: int, tmp_path: Path
) -> None:
    found = {
        "Python": in_python(arguments, env, gpus),
        "values": in_values(arguments, env, gpus, tmp_path),
        "a manifest": in_a_manifest(arguments, env, gpus, tmp_path),
    }
    assert {door: code in codes for door, codes in found.items()} == dict.fromkeys(found, True), found
    # What is told beside it is the same too, but for what only one of them can know.
    assert found["Python"] == found["values"], found
