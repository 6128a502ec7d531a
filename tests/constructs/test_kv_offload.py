"""KV cache beyond the GPU: vLLM's settings, and the host memory, /dev/shm and volumes that go with them."""

import json
from typing import Any

import cdk8s_plus_27 as kplus
import pytest
from syrupy.assertion import SnapshotAssertion

from tests.kubernetes_schemas import assert_valid
from tests.snippets import run, snippets
from tests.synthesis import MODEL, PLAIN, assert_golden, documents, new_chart, pod_spec, vllm_container
from vllm_cdk8s.constructs.multi_node import MultiNodeVllmServer
from vllm_cdk8s.constructs.server import VllmServer
from vllm_cdk8s.constructs.storage import ModelStorage
from vllm_cdk8s.core.errors import ConflictError, InvalidOptionError
from vllm_cdk8s.core.features.kv_offload import KvOffload
from vllm_cdk8s.core.pod.resources import Resources

NEW, OLD = "vllm/vllm-openai:v0.32.0", "vllm/vllm-openai:v0.20.2"


def offloading(offload: Any, **options: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    chart = new_chart(namespace="llm")
    VllmServer(chart, "qwen", **{**PLAIN, "image": NEW, "kv_offload": offload, **options})
    assert_valid(documents(chart))
    return pod_spec(chart), vllm_container(chart)


def shm_of(pod: dict[str, Any]) -> str | None:
    sizes = [volume["emptyDir"]["sizeLimit"] for volume in pod["volumes"] if volume["name"] == "shm"]
    return sizes[0] if sizes else None


def test_vllm_is_told_the_size_in_gib() -> None:
    _, container = offloading(KvOffload(host="200Gi"))
    assert "--kv-offloading-size=200" in container["args"]
    assert "--kv-offloading-backend=native" in container["args"]
    _, container = offloading(KvOffload(host="1536Mi"))
    assert "--kv-offloading-size=1.5" in container["args"]


def test_where_it_is_a_file_in_shared_memory_that_grows_with_it() -> None:
    pod, container = offloading(KvOffload(host="200Gi"))
    assert shm_of(pod) == "202Gi"
    assert container["resources"]["requests"]["memory"] == "209408Mi"  # 200 GiB beside vLLM itself
    # Before, it is pinned memory that is rounded up, and not in /dev/shm.
    pod, container = offloading(KvOffload(host="200Gi"), image=OLD)
    assert shm_of(pod) is None
    assert container["resources"]["requests"]["memory"] == "414208Mi"


def test_a_memory_limit_must_leave_room() -> None:
    with pytest.raises(ConflictError, match=r"resources\.limits\['memory'\].*kv_offload"):
        offloading(KvOffload(host="200Gi"), resources=Resources(limits={"memory": "200Gi"}))
    _, container = offloading(KvOffload(host="200Gi"), resources=Resources(limits={"memory": "256Gi"}))
    assert container["resources"]["limits"]["memory"] == "256Gi"
    assert "requests" not in container["resources"]


def test_a_shared_memory_that_the_user_said_must_hold_it() -> None:
    with pytest.raises(ConflictError, match=r"shm_size.*200Gi"):
        offloading(KvOffload(host="200Gi"), shm_size="64Gi")
    pod, _ = offloading(KvOffload(host="200Gi"), shm_size="210Gi")
    assert shm_of(pod) == "210Gi"


def test_each_copy_of_the_model_has_its_part() -> None:
    settings = {"data_parallel_size": 2, "enable_expert_parallel": True}
    _, container = offloading(KvOffload(host="200Gi"), gpus=2, engine_args=settings)
    assert "--kv-offloading-size=100" in container["args"]


def test_a_disk_is_the_second_tier() -> None:
    pod, container = offloading(KvOffload(host="8Gi", disk="1Ti"))
    [config] = [arg.partition("=")[2] for arg in container["args"] if arg.startswith("--kv-transfer-config=")]
    extra = json.loads(config)["kv_connector_extra_config"]
    assert extra["cpu_bytes_to_use"] == 8 * 2**30
    assert extra["secondary_tiers"] == [{"type": "fs", "root_dir": "/kv-cache"}]
    assert {"name": "kv-cache", "emptyDir": {"sizeLimit": "1Ti"}} in pod["volumes"]
    assert {"name": "kv-cache", "mountPath": "/kv-cache"} in container["volumeMounts"]
    assert not any("kv-offloading" in arg for arg in container["args"])


def test_a_claim_is_a_cache_that_pods_share() -> None:
    pod, _ = offloading(KvOffload(host="8Gi", disk="kv"))
    assert {"name": "kv-cache", "persistentVolumeClaim": {"claimName": "kv"}} in pod["volumes"]
    chart = new_chart("other", namespace="other")
    claim = kplus.PersistentVolumeClaim(chart, "claim")
    with pytest.raises(ConflictError, match=r"kv_offload\.disk.*'other'"):
        offloading(KvOffload(host="8Gi", disk=claim))


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"host": "200"}, "256Mi"),
        ({"host": "much"}, "kv_offload.host"),
        ({"host": "200Gi", "backend": "natve"}, "native"),
        ({"host": "200Gi", "disk": "A claim"}, "kv_offload.disk"),
        ({"host": "200Gi", "disk": 3}, "neither a size nor a claim"),
        ({"host": "200Gi", "backend": "lmcache", "disk": "1Ti"}, "lmcache"),
    ],
)
def test_what_cannot_be_is_refused(given: dict[str, Any], words: str) -> None:
    with pytest.raises((InvalidOptionError, ConflictError), match=words):
        KvOffload(**given)


@pytest.mark.parametrize(
    ("offload", "options", "words"),
    [
        (KvOffload(host="8Gi"), {"image": "vllm/vllm-openai:v0.11.0"}, "begins with vLLM 0.11.1"),
        (KvOffload(host="8Gi", disk="1Ti"), {"image": OLD}, "begins with vLLM 0.22.0"),
        (KvOffload(host="8Gi"), {"engine_args": {"kv_offloading_size": 4}}, "say it in one place"),
        (
            KvOffload(host="8Gi"),
            {"engine_args": {"kv_transfer_config": {"kv_connector": "NixlConnector", "kv_role": "kv_both"}}},
            "one of them",
        ),
        (KvOffload(host="8Gi"), {"image": "public.ecr.aws/q9t5s3a7/vllm-cpu-release-repo:v0.32.0"}, "needs a GPU"),
        ("8Gi", {}, r"KvOffload\(...\)"),
    ],
)
def test_what_this_server_cannot_do_is_refused(offload: Any, options: dict[str, Any], words: str) -> None:
    with pytest.raises((InvalidOptionError, ConflictError), match=words):
        offloading(offload, **options)


def test_one_copy_over_several_nodes_is_refused() -> None:
    chart = new_chart(namespace="llm")
    storage = ModelStorage.nfs(chart, "models", server="nfs", path="/", size="50Gi")
    with pytest.raises(ConflictError, match="one host memory"):
        MultiNodeVllmServer(
            chart, "big", model=MODEL, image=NEW, nodes=2, gpus=1, storage=storage, kv_offload=KvOffload(host="8Gi")
        )


def test_lmcache_has_memory_of_its_own() -> None:
    pod, container = offloading(KvOffload(host="64Gi", backend="lmcache"))
    assert "--kv-offloading-backend=lmcache" in container["args"]
    assert "requests" not in container["resources"]
    assert shm_of(pod) is None
    # Before 0.24 it was within vLLM.
    _, container = offloading(KvOffload(host="64Gi", backend="lmcache"), image=OLD)
    assert container["resources"]["requests"]["memory"] == "70144Mi"  # 68.5 GiB


@pytest.mark.parametrize("index", range(len(snippets("kv-cache.md"))))
def test_what_the_documentation_shows_runs(index: int) -> None:
    run(snippets("kv-cache.md")[index], new_chart(namespace="llm"))


def test_a_server_that_offloads(snapshot: SnapshotAssertion) -> None:
    chart = new_chart(namespace="llm")
    VllmServer(chart, "qwen", **{**PLAIN, "image": NEW, "kv_offload": KvOffload(host="64Gi", disk="500Gi")})
    assert_golden(chart, snapshot)
