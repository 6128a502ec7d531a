"""What docs/models.md and docs/smoke-test.md show runs, is valid, and says to vLLM what the pages promise."""

import json
import re
from typing import Any

import cdk8s
import pytest

from tests.kubernetes_schemas import assert_valid
from tests.snippets import DOCS, run, snippets
from tests.synthesis import Document, documents, new_chart, of_kind
from vllm_cdk8s.core.features.chat_template import ANNOTATION
from vllm_cdk8s.core.jobs.job import DEFAULT_TTL_SECONDS
from vllm_cdk8s.core.pod import programs

PAGES = ("models.md", "smoke-test.md")
SNIPPETS = [pytest.param(page, index, id=f"{page}-{index}") for page in PAGES for index in range(len(snippets(page)))]


def shown(page: str, needle: str) -> cdk8s.Chart:
    """A chart with the one snippet of the page that holds a text."""
    [snippet] = [snippet for snippet in snippets(page) if needle in snippet]
    chart = new_chart(namespace="llm")
    run(snippet, chart)
    return chart


def pod(chart: cdk8s.Chart, id: str) -> Document:
    [spec] = [
        deployment["spec"]["template"]["spec"]
        for deployment in of_kind(chart, "Deployment")
        if f"-{id}-" in deployment["metadata"]["name"]
    ]
    assert isinstance(spec, dict)
    return spec


def arguments(spec: Document) -> dict[str, str]:
    """What is said to vLLM, by flag."""
    args = spec["containers"][0]["args"]
    return {flag: value for flag, _, value in (arg.partition("=") for arg in args if arg.startswith("--"))}


@pytest.mark.parametrize(("page", "index"), SNIPPETS)
def test_each_snippet_runs_without_a_warning_and_is_valid(page: str, index: int) -> None:
    chart = new_chart(namespace="llm")
    run(snippets(page)[index], chart)
    assert_valid(documents(chart))


def test_a_path_on_the_volume_is_the_model() -> None:
    spec = pod(shown("models.md", "/models/my-finetune"), "local")
    assert spec["containers"][0]["args"][0] == "/models/my-finetune"
    assert arguments(spec)["--served-model-name"] == "my-finetune"
    [mount] = [mount for mount in spec["containers"][0]["volumeMounts"] if mount["name"] == "model-storage"]
    assert mount["mountPath"] == "/models"


def test_a_bucket_is_read_by_vllms_loader_with_credentials_from_a_secret() -> None:
    spec = pod(shown("models.md", "s3://models"), "bucket")
    args = arguments(spec)
    assert spec["containers"][0]["args"][0] == "s3://models/llama-3.1-8b-instruct"
    assert args["--load-format"] == "runai_streamer"
    assert json.loads(args["--model-loader-extra-config"]) == {"concurrency": 16}
    env = {item["name"]: item for item in spec["containers"][0]["env"]}
    for name, key in (("AWS_ACCESS_KEY_ID", "id"), ("AWS_SECRET_ACCESS_KEY", "secret")):
        assert env[name]["valueFrom"]["secretKeyRef"] == {"name": "bucket-credentials", "key": key}


def test_quantization_and_speculation_are_said_as_vllm_reads_them() -> None:
    chart = shown("models.md", "speculative_config")
    assert arguments(pod(chart, "quantized"))["--quantization"] == "fp8"
    speculative = pod(chart, "speculative")
    config = json.loads(arguments(speculative)["--speculative-config"])
    [download] = speculative["initContainers"]
    downloaded = [json.loads(argument)["repo_id"] for argument in download["args"]]
    assert config["method"] == "eagle3"
    assert downloaded == [speculative["containers"][0]["args"][0], config["model"]]


def test_a_download_is_allowed_for_by_the_rollout_and_not_by_the_probes() -> None:
    chart = shown("models.md", "InitDownload(max_seconds")
    [deployment] = of_kind(chart, "Deployment")
    # The hour that the model is known to need, since nobody says another.
    assert deployment["spec"]["progressDeadlineSeconds"] == 2 * 3600 + 3600 + 600
    [container] = deployment["spec"]["template"]["spec"]["initContainers"]
    assert {item["name"] for item in container["env"]} >= {"HF_TOKEN", "HF_HOME"}


def test_the_job_and_its_server_share_a_cache() -> None:
    chart = shown("models.md", "ModelDownload(")
    [job] = of_kind(chart, "Job")
    assert re.fullmatch(r"fetch-[0-9a-f]{8}", job["metadata"]["name"])
    claims = [
        volume["persistentVolumeClaim"]["claimName"]
        for spec in (job["spec"]["template"]["spec"], pod(chart, "qwen"))
        for volume in spec["volumes"]
    ]
    assert len(claims) == 2
    assert len(set(claims)) == 1


def test_a_template_is_a_file_with_a_digest() -> None:
    chart = shown("models.md", "ChatTemplate(")
    [deployment] = of_kind(chart, "Deployment")
    assert ANNOTATION in deployment["spec"]["template"]["metadata"]["annotations"]
    assert ANNOTATION in (DOCS / "models.md").read_text(encoding="utf-8")


def test_the_guarded_server_lets_its_test_in() -> None:
    chart = shown("smoke-test.md", "guarded")
    [job], [policy] = of_kind(chart, "Job"), of_kind(chart, "NetworkPolicy")
    peers: list[Any] = [peer for rule in policy["spec"]["ingress"] for peer in rule.get("from", ())]
    labels = job["spec"]["template"]["metadata"]["labels"]
    assert any(peer["podSelector"]["matchLabels"].items() <= labels.items() for peer in peers)
    assert labels["app.kubernetes.io/name"] == "vllm-smoke-test"


def test_the_exit_codes_on_the_page_are_the_programs() -> None:
    page = (DOCS / "smoke-test.md").read_text(encoding="utf-8")
    listed = {int(code) for code in re.findall(r"^\| (\d) \|", page, re.MULTILINE)}
    [codes] = re.findall(r"NOT_HEALTHY, REFUSED, NO_MODEL, BAD_ANSWER = ([\d, ]+)", programs.source("smoke_test"))
    assert listed == {0, 2, *(int(code) for code in codes.split(","))}


def test_the_day_on_the_pages_is_the_default() -> None:
    assert DEFAULT_TTL_SECONDS == 24 * 3600
