"""The catalogue of vLLM's metrics: its history, its lookups, and the generator that writes it."""

from __future__ import annotations

import importlib.util
import itertools
import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from vllm_cdk8s.core.errors import InvalidOptionError
from vllm_cdk8s.core.monitoring.metrics import known_versions, metric, metrics

if TYPE_CHECKING:
    from types import ModuleType

TOOL = Path(__file__).resolve().parents[3] / "tools" / "generate_metrics.py"
DATA = TOOL.parent.parent / "vllm_cdk8s" / "data" / "metrics.json"

LOGGERS = """
class PrometheusStatLogger:
    def __init__(self, vllm_config):
        labelnames = ["model_name", "engine"]
        gauge = self._gauge_cls(name="vllm:num_requests_running", documentation="...", labelnames=labelnames)
        counter = prometheus_client.Counter("vllm:prompt_tokens_total", "...", labelnames + ["source"])
        specs = [("vllm:time_to_first_token_seconds", "..."), ("vllm:e2e_request_latency_seconds", "...")]
        histograms = [self._histogram_cls(name=name, documentation=doc, labelnames=labelnames) for name, doc in specs]
        if vllm_config.show_hidden_metrics:
            hidden = self._gauge_cls(name="vllm:old_gauge", documentation="...", labelnames=labelnames)
"""


@pytest.fixture
def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate_metrics", TOOL)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def source(folder: Path, version: str, text: str = LOGGERS, path: str = "vllm/v1/metrics/loggers.py") -> None:
    file = folder / version / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


# History, from vLLM's source.


def test_the_catalogue_reaches_from_0_10_to_0_32() -> None:
    assert {"0.10.0", "0.10.1.1", "0.11.0", "0.12.0", "0.20.2", "0.32.0"} <= set(known_versions())


def test_gpu_cache_usage_perc_is_gone_since_0_12() -> None:
    assert metric("gpu_cache_usage_perc", "0.10.2").always
    assert not metric("gpu_cache_usage_perc", "0.11.2").always
    with pytest.raises(InvalidOptionError, match=r"not a metric of vLLM 0\.12\.0; it was one until 0\.11\.2"):
        metric("gpu_cache_usage_perc", "0.12.0")


def test_kv_cache_usage_perc_is_there_in_every_version() -> None:
    for version in known_versions():
        found = metric("kv_cache_usage_perc", version)
        assert (found.kind, found.labels, found.always) == ("gauge", ("engine", "model_name"), True)


@pytest.mark.parametrize(
    ("name", "kind", "since", "until"),
    [
        ("inter_token_latency_seconds", "histogram", "0.10.2", None),
        ("time_per_output_token_seconds", "histogram", "0.10.0", "0.14.1"),
        ("engine_sleep_state", "gauge", "0.11.1", None),
        ("num_requests_waiting_by_reason", "gauge", "0.20.0", None),
        ("prompt_tokens_recomputed", "counter", "0.16.0", "0.19.1"),
        ("spec_decode_num_drafts", "counter", "0.10.0", None),
    ],
)
def test_metrics_come_and_go(name: str, kind: str, since: str, until: str | None) -> None:
    versions = known_versions()
    having = [version for version in versions if f"vllm:{name}" in metrics(version)]
    assert having[0] == since
    assert having[-1] == (until or versions[-1])
    assert metric(name, since).kind == kind


def test_the_queue_that_autoscalers_read_is_labelled_by_model_and_engine() -> None:
    for version in known_versions():
        assert metric("num_requests_waiting", version).labels == ("engine", "model_name")


# Looking up.


@pytest.mark.parametrize("name", ["generation_tokens", "generation_tokens_total", "vllm:generation_tokens_total"])
def test_a_counter_is_found_with_and_without_its_ending(name: str) -> None:
    assert metric(name).series() == "vllm:generation_tokens_total"


def test_the_series_of_a_histogram_are_asked_for_by_their_endings() -> None:
    latency = metric("time_to_first_token_seconds")
    assert latency.series("bucket") == "vllm:time_to_first_token_seconds_bucket"
    with pytest.raises(InvalidOptionError, match="None is not an ending of the histogram"):
        latency.series()
    with pytest.raises(InvalidOptionError, match="'bucket' is not an ending of the gauge"):
        metric("num_requests_waiting").series("bucket")


def test_a_misspelt_metric_is_refused_with_the_nearest() -> None:
    with pytest.raises(InvalidOptionError, match=r"metric: 'num_request_waiting' .*mean 'vllm:num_requests_waiting'\?"):
        metric("num_request_waiting")


def test_a_metric_that_is_younger_than_the_version_is_refused() -> None:
    with pytest.raises(InvalidOptionError, match=r"not a metric of vLLM 0\.10\.0; it is one since 0\.11\.1"):
        metric("mm_cache_hits", "0.10.0")


def test_a_version_beside_the_catalogue_has_the_metrics_of_its_neighbour() -> None:
    assert metrics("0.9.2") == metrics("0.10.0")
    assert metrics("0.11.0.1") == metrics("0.11.0")
    assert metrics("99.0.0") == metrics(None)
    with pytest.raises(InvalidOptionError, match="version: 'latest' is not a version of vLLM"):
        metric("num_requests_waiting", "latest")


def test_looking_up_starts_no_node_process_and_importing_reads_no_file() -> None:
    code = (
        "import sys, vllm_cdk8s.core.monitoring.metrics, vllm_cdk8s.core.data as d; "
        "assert not d.generated.cache_info().misses;"
        "sys.exit(any(name in sys.modules for name in ('jsii', 'cdk8s')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# The generator.


def test_the_generator_reads_names_kinds_labels_and_conditions(tool: ModuleType, tmp_path: Path) -> None:
    source(tmp_path, "1.0.0")
    base = ["engine", "model_name"]
    span = {"first": 0, "last": 0}
    assert tool.catalogue(tmp_path)["metrics"] == {
        "vllm:e2e_request_latency_seconds": [{"kind": "histogram", "labels": base, "always": True, **span}],
        "vllm:num_requests_running": [{"kind": "gauge", "labels": base, "always": True, **span}],
        "vllm:old_gauge": [{"kind": "gauge", "labels": base, "always": False, **span}],
        "vllm:prompt_tokens": [{"kind": "counter", "labels": [*base, "source"], "always": True, **span}],
        "vllm:time_to_first_token_seconds": [{"kind": "histogram", "labels": base, "always": True, **span}],
    }


def test_the_generator_follows_a_metric_over_versions(tool: ModuleType, tmp_path: Path) -> None:
    for version in ("1.2.0", "1.10.0", "1.11.0"):
        source(tmp_path, version)
    source(tmp_path, "1.10.0", "", "vllm/v1/metrics/loggers.py")
    source(tmp_path, "1.10.0", LOGGERS, "vllm/connector.py")
    data: dict[str, Any] = tool.catalogue(tmp_path)
    assert data["versions"] == ["1.2.0", "1.10.0", "1.11.0"]
    spans = data["metrics"]["vllm:num_requests_running"]
    assert [(span["first"], span["last"], span["always"]) for span in spans] == [
        (0, 0, True),
        (1, 1, False),
        (2, 2, True),
    ]


def test_a_name_that_cannot_be_read_is_reported(
    tool: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source(tmp_path, "1.0.0", 'PREFIX = "vllm:"\ndef make(name):\n    return Gauge(name=PREFIX + name)\n')
    assert tool.catalogue(tmp_path)["metrics"] == {}
    assert "1.0.0: the name at vllm/v1/metrics/loggers.py:3 cannot be read" in capsys.readouterr().err


def test_a_data_file_that_was_touched_fails_the_check(
    tool: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sources, data = tmp_path / "sources", tmp_path / "data" / "metrics.json"
    source(sources, "1.0.0")
    monkeypatch.setattr(tool, "DATA", data)
    monkeypatch.setattr(sys, "argv", ["generate_metrics.py", str(sources)])
    tool.main()
    written = data.read_text(encoding="utf-8")
    monkeypatch.setattr(sys, "argv", ["generate_metrics.py", str(sources), "--check"])
    tool.main()
    data.write_text(written.replace('"gauge"', '"counter"', 1), encoding="utf-8")
    with pytest.raises(SystemExit, match="is not what"):
        tool.main()


def test_the_generator_reads_what_the_generator_of_options_fetched(tool: ModuleType) -> None:
    options = (TOOL.parent / "catalogue.py").read_text(encoding="utf-8")
    assert 'DEFAULT_CACHE = HERE.parent / "build" / "vllm"' in options
    assert TOOL.parent.parent / "build" / "vllm" == tool.SOURCES


def test_the_data_file_is_written_the_way_the_generator_writes() -> None:
    text = DATA.read_text(encoding="utf-8")
    data = json.loads(text)
    assert list(data["metrics"]) == sorted(data["metrics"])
    assert len(text) < 40_000
    for spans in data["metrics"].values():
        assert all(set(span) == {"kind", "labels", "always", "first", "last"} for span in spans)
        assert all(before["last"] < after["first"] for before, after in itertools.pairwise(spans))


def test_the_metrics_are_those_of_the_releases_whose_options_are_known() -> None:
    releases = (TOOL.parent / "vllm_releases.txt").read_text(encoding="utf-8").split("\n")
    assert [line for line in releases if line and not line.startswith("#")] == list(known_versions())
