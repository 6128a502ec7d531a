"""Weights that are streamed: vLLM's settings, who may read, the buffer's memory, and no claim that nothing needs."""

import json
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from tests.kubernetes_schemas import assert_valid
from tests.snippets import run, snippets
from tests.synthesis import MODEL, assert_golden, documents, new_chart, pod_spec, vllm_container
from vllm_cdk8s.constructs.server import VllmServer
from vllm_cdk8s.constructs.storage import ModelStorage
from vllm_cdk8s.core.errors import ConflictError, InvalidOptionError, VllmCdk8sError, VllmCdk8sWarning
from vllm_cdk8s.core.features.object_stores import AzureStorage, GoogleStorage, S3Storage
from vllm_cdk8s.core.features.streaming import RunaiStreamer, Tensorizer
from vllm_cdk8s.core.pod.resources import Resources
from vllm_cdk8s.core.pod.secret_key import SecretKey

IMAGE = "vllm/vllm-openai:v0.32.0"
KEYS: Any = {"access_key": SecretKey("store", "id"), "secret_key": SecretKey("store", "secret")}
ADDRESS = "s3://models/qwen"
SETTINGS = {"max_model_len": 8192}
WORDS: Any = {"key": "s3cr3t-k3y"}


def server(model: str = ADDRESS, **options: Any) -> tuple[list[Any], dict[str, Any]]:
    chart = new_chart(namespace="llm")
    given = {"name": "qwen", "image": IMAGE, "gpus": 1, "engine_args": SETTINGS, "streaming": RunaiStreamer()}
    VllmServer(chart, "qwen", model=model, **{**given, **options})
    found = documents(chart)
    assert_valid(found)
    return found, vllm_container(chart)


def extra(container: dict[str, Any]) -> dict[str, Any]:
    [text] = [
        arg.partition("=")[2] for arg in container["args"] if arg.startswith("--model-loader-extra-config=")
    ]  # fmt: skip
    read: dict[str, Any] = json.loads(text)
    return read


def variables(container: dict[str, Any]) -> dict[str, Any]:
    return {item["name"]: item.get("value", item.get("valueFrom")) for item in container["env"]}


def test_vllm_is_told_the_format_and_the_buffer_in_bytes() -> None:
    _, container = server(streaming=RunaiStreamer(memory_limit="4Gi", concurrency=16, distributed=True), gpus=2)
    assert "--load-format=runai_streamer" in container["args"]
    assert extra(container) == {"memory_limit": 4 * 2**30, "concurrency": 16, "distributed": True}
    _, container = server()
    assert extra(container) == {"memory_limit": 8 * 2**30}


def test_what_is_streamed_needs_no_claim_and_what_is_downloaded_first_does() -> None:
    found, _ = server(replicas=3)
    assert not [item for item in found if item["kind"] == "PersistentVolumeClaim"]
    volumes = found[0]["spec"]["template"]["spec"]["volumes"]
    assert {"name": "model-storage", "emptyDir": {}} in volumes
    # Nothing is scarce but the GPU, so that pods of one without go first.
    found, _ = server(gpus=0, image="vllm/vllm-openai-cpu:v0.32.0", replicas=3, env={"VLLM_CPU_KVCACHE_SPACE": "4"})
    assert found[0]["spec"]["strategy"]["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 0}
    found, _ = server(MODEL)
    assert [item["kind"] for item in found].count("PersistentVolumeClaim") == 1


def test_a_storage_of_ones_own_keeps_the_caches() -> None:
    chart = new_chart(namespace="llm")
    VllmServer(
        chart, "qwen", model=ADDRESS, image=IMAGE, gpus=1, engine_args={"max_model_len": 8192},
        streaming=RunaiStreamer(), storage=ModelStorage(chart, "caches", size="10Gi"), fast_start=True,
    )  # fmt: skip
    assert any("persistentVolumeClaim" in volume for volume in pod_spec(chart)["volumes"])


def test_the_storage_is_an_attribute_all_the_same() -> None:
    chart = new_chart(namespace="llm")
    made = VllmServer(
        chart, "qwen", model=ADDRESS, image=IMAGE, gpus=1, engine_args={"max_model_len": 8192},
        streaming=RunaiStreamer(),
    )  # fmt: skip
    assert made.storage.claim_name is None
    assert made.storage.volume == {"emptyDir": {}}


def test_the_buffer_of_each_process_counts_against_the_containers_memory() -> None:
    _, container = server(gpus=2)
    assert container["resources"]["requests"]["memory"] == "24064Mi"  # 2 x 8 GiB beside vLLM's own processes
    with pytest.raises(ConflictError, match=r"resources\.limits\['memory'\].*16Gi that streaming"):
        server(gpus=2, resources=Resources(limits={"memory": "16Gi"}))
    _, container = server(gpus=2, resources=Resources(limits={"memory": "64Gi"}))
    assert container["resources"]["limits"]["memory"] == "64Gi"


def test_keys_of_an_s3_store_come_from_a_secret_and_never_as_text() -> None:
    store = S3Storage(endpoint="http://minio.storage:9000", region="eu-west-1", path_style=True, **KEYS)
    _, container = server(streaming=RunaiStreamer(store=store))
    found = variables(container)
    assert found["AWS_ACCESS_KEY_ID"] == {"secretKeyRef": {"name": "store", "key": "id"}}
    assert found["AWS_SECRET_ACCESS_KEY"] == {"secretKeyRef": {"name": "store", "key": "secret"}}
    assert found["AWS_ENDPOINT_URL"] == found["RUNAI_STREAMER_S3_ENDPOINT"] == "http://minio.storage:9000"
    assert found["AWS_EC2_METADATA_DISABLED"] == "true"
    assert found["RUNAI_STREAMER_S3_USE_VIRTUAL_ADDRESSING"] == "0"
    assert found["AWS_REGION"] == "eu-west-1"
    # By the role of the pod, nothing is said.
    assert not {
        name for name in variables(server(streaming=RunaiStreamer(store=S3Storage()))[1]) if name.startswith("AWS")
    }


def test_googles_key_is_a_file_and_azures_account_a_name() -> None:
    chart = new_chart(namespace="llm")
    VllmServer(
        chart, "qwen", model="gs://models/qwen", image=IMAGE, gpus=1, engine_args={"max_model_len": 8192},
        streaming=RunaiStreamer(store=GoogleStorage(key=SecretKey("reader", "sa.json"))),
    )  # fmt: skip
    assert_valid(documents(chart))
    container = vllm_container(chart)
    assert variables(container)["GOOGLE_APPLICATION_CREDENTIALS"] == "/store-key/key.json"
    assert {"name": "store-key", "mountPath": "/store-key", "readOnly": True} in container["volumeMounts"]
    [volume] = [volume for volume in pod_spec(chart)["volumes"] if volume["name"] == "store-key"]
    assert volume["secret"] == {"secretName": "reader", "items": [{"key": "sa.json", "path": "key.json"}]}
    store = AzureStorage(account="models", sas_token=SecretKey("azure", "sas"))
    found = variables(server("az://models/qwen", streaming=RunaiStreamer(store=store))[1])
    assert found["AZURE_STORAGE_ACCOUNT_NAME"] == "models"
    assert found["AZURE_STORAGE_SAS_TOKEN"] == {"secretKeyRef": {"name": "azure", "key": "sas"}}
    assert "AZURE_STORAGE_ACCOUNT_KEY" not in found


def test_tensorizer_reads_its_own_variables() -> None:
    streaming = Tensorizer(uri="s3://models/qwen.tensors", num_readers=4, verify_hash=True, store=S3Storage(**KEYS))
    with pytest.warns(VllmCdk8sWarning, match=r"vllm\[tensorizer\].*VC155"):
        _, container = server(MODEL, streaming=streaming)
    assert "--load-format=tensorizer" in container["args"]
    assert extra(container) == {"tensorizer_uri": "s3://models/qwen.tensors", "num_readers": 4, "verify_hash": True}
    assert variables(container)["S3_ACCESS_KEY_ID"] == {"secretKeyRef": {"name": "store", "key": "id"}}
    assert "AWS_ACCESS_KEY_ID" not in variables(container)
    # An image of one's own may have the package.
    server(MODEL, streaming=streaming, image="registry.example.com/vllm:1", engine_version="0.32.0")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"model": "az://models/qwen", "image": "vllm/vllm-openai:v0.17.1"}, r"model: .*az:// from 0\.18\.0.*VC155"),
        ({"model": "gs://models/qwen", "image": "vllm/vllm-openai:v0.10.1"}, r"model: .*gs:// from 0\.10\.2.*VC155"),
        ({"engine_args": {**SETTINGS, "load_format": "safetensors"}}, r"engine_args\['load_format'\].*contradicts"),
        ({"streaming": RunaiStreamer(distributed=True), "image": "vllm/vllm-openai:v0.11.0"}, r"distributed.*0\.11\.1"),
        ({"streaming": RunaiStreamer(store=GoogleStorage())}, r"streaming\.store: is for models of gs://"),
        ({"model": MODEL, "streaming": RunaiStreamer(store=S3Storage())}, r"streaming\.store: is for models of s3://"),
        ({"streaming": Tensorizer(uri="s3://m/x.tensors")}, "model: .*use RunaiStreamer.*VC155"),
        (
            {"model": MODEL, "gpus": 2, "streaming": Tensorizer(uri="s3://m/x.tensors"), "image": "x:1",
             "engine_version": "0.32.0"},
            r"tensorizer_uri: .*2 tensor parallel.*%03d.*VC155",
        ),
        ({"streaming": "s3"}, r"streaming: 's3' is not one; allowed: RunaiStreamer\(\.\.\.\)"),
    ],
)  # fmt: skip
def test_what_vllm_would_refuse_is_refused(options: dict[str, Any], words: str) -> None:
    with pytest.raises(VllmCdk8sError, match=words):
        server(**options)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"load_format": "tensorizer"}, "load_format.*runai_streamer.*VC155"),
        (
            {"model_loader_extra_config": {"concurency": 4}},
            "extra_config.*concurency: .*concurrency.*VC155",
        ),
    ],
)
def test_a_model_at_an_address_is_checked_without_the_option_too(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(ConflictError, match=words):
        server(streaming=None, engine_args={**SETTINGS, **settings})
    # Releases that take no notice of what they do not know.
    server(
        streaming=None,
        image="vllm/vllm-openai:v0.20.2",
        engine_args={**SETTINGS, "model_loader_extra_config": {"x": 1}},
    )


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: S3Storage(access_key=SecretKey("a", "b")), "secret_key: is missing"),
        (lambda: S3Storage(session_token=SecretKey("a", "b")), "session_token"),
        (lambda: S3Storage(endpoint="minio:9000"), "endpoint: 'minio:9000' is not a URL"),
        (lambda: S3Storage(endpoint="https://me:pw@minio"), r"access_key= and secret_key="),
        (lambda: GoogleStorage(**WORDS), "SecretKey"),
        (lambda: AzureStorage(account="My Account"), "account"),
        (lambda: AzureStorage(account="a", key=SecretKey("a", "b"), sas_token=SecretKey("a", "b")), "sas_token"),
        (lambda: RunaiStreamer(memory_limit="many"), "memory_limit"),
        (lambda: RunaiStreamer(concurrency=0), "concurrency"),
        (lambda: Tensorizer(uri="qwen"), "uri"),
        (lambda: Tensorizer(uri="s3://m/x", num_readers=0), "num_readers"),
    ],
)
def test_values_that_are_wrong_by_themselves(make: Any, words: str) -> None:
    with pytest.raises((InvalidOptionError, ConflictError), match=words) as caught:
        make()
    assert "s3cr3t" not in str(caught.value)
    assert "pw" not in str(caught.value)


@pytest.mark.parametrize("index", range(len(snippets("streaming.md"))))
def test_what_the_documentation_shows_runs(index: int) -> None:
    run(snippets("streaming.md")[index], new_chart(namespace="llm"))


def test_a_streamed_server(snapshot: SnapshotAssertion) -> None:
    chart = new_chart(namespace="llm")
    VllmServer(
        chart, "qwen", name="qwen", model=ADDRESS, image=IMAGE, gpus=2, engine_args={"max_model_len": 8192},
        streaming=RunaiStreamer(
            store=S3Storage(endpoint="http://minio.storage:9000", path_style=True, **KEYS), concurrency=16,
            distributed=True,
        ),
    )  # fmt: skip
    assert_golden(chart, snapshot)
