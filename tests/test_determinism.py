"""The same program gives the same bytes in every process, whatever Python's hash seed."""

import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

EVERYTHING = """
import warnings
import cdk8s
import cdk8s_plus_27 as kplus
from vllm_cdk8s import *
from vllm_cdk8s import VllmCdk8sWarning

warnings.simplefilter("ignore", VllmCdk8sWarning)
app = cdk8s.App()
for space in ("blue", "green"):
    chart = cdk8s.Chart(app, space, namespace=space, labels={"a": "1", "b": "2"})
    PrivilegedNamespace(chart, "namespace", name=space)
    storages = {
        "claim": ModelStorage(chart, "claim"),
        "node": ModelStorage.host_path(chart, "node", path="/data", node="n1", labels={"x": "y"}),
        "shared": ModelStorage.nfs(chart, "shared", server="s", path="/m", mount_options=["a", "b"]),
        "none": ModelStorage.none(chart, "none"),
    }
    for name, storage in storages.items():
        server = VllmServer(
            chart, f"server-{name}", model="Qwen/Qwen2.5-7B-Instruct", gpus=2, storage=storage,
            labels={"tier": "gpu", "owner": "us"}, env={"B": "1", "A": kplus.EnvValue.from_value("2")},
            resources=Resources(limits={"memory": "64Gi", "cpu": 8}, requests={"cpu": 4, "memory": "32Gi"}),
            drop_cache=DropCacheWrapper(chart, f"drop-{name}"), autoscaling=Autoscaling(max_replicas=2),
            ingress=Ingress(hosts=["a.example.com", "b.example.com"]),
            node_selector={"gpu": "h100", "zone": "a"}, pod_labels={"l": "1", "m": "2"},
            engine_args={"max_model_len": 4096, "enforce_eager": True, "dtype": "bfloat16"},
        )
    PrivilegedPodSecurityPolicy(chart, "policy", service_account=server.service_account, name=f"psp-{space}")
print(app.synth_yaml(), end="")
"""

# Two wrong things at once: which of them is named must not be a matter of luck.
FAILING = """
from vllm_cdk8s import Resources, VllmCdk8sError
try:
    Resources(requests={name: 2 for name in "abcdefgh"}, limits={name: 1 for name in "abcdefgh"})
except VllmCdk8sError as error:
    print(error)
"""


@cache
def output(program: str, seed: int) -> bytes:
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONHASHSEED": str(seed)},
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    return done.stdout


@pytest.mark.parametrize("program", [EVERYTHING, FAILING], ids=["everything", "failing"])
def test_the_hash_seed_changes_no_byte(program: str) -> None:
    first = output(program, 1)
    assert len(first) > 10
    assert output(program, 2) == first
