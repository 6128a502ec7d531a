"""Hold the catalogue of metrics against what vLLM itself registers with Prometheus.

    build/vllm/venv/bin/python tools/check_metrics.py build/vllm/0.32.0

Imports that release's own logger in an environment with vLLM's dependencies (the one that tools/catalogue.py makes),
has it make the metrics of a server with default settings, and compares names, kinds and labels with
vllm_cdk8s/data/metrics.json. One release a run, since Python imports vLLM once.
"""

from __future__ import annotations

import json
import sys
from importlib import import_module
from pathlib import Path
from unittest.mock import MagicMock

DATA = Path(__file__).resolve().parent.parent / "vllm_cdk8s" / "data" / "metrics.json"
# Made when the engine reports its cache, after the logger itself.
LATER = {"vllm:cache_config_info"}


def default_settings() -> MagicMock:
    """As much of vLLM's configuration as the logger looks at; what is not said is some object, and true."""
    settings = MagicMock()
    for name in ("show_hidden_metrics", "kv_cache_metrics", "enable_mfu_metrics"):
        setattr(settings.observability_config, name, False)
    settings.observability_config.custom_histogram_buckets = None
    settings.model_config.served_model_name = "model"
    settings.model_config.max_model_len = 2048
    settings.model_config.is_diffusion = False
    for name in ("speculative", "kv_transfer", "ec_transfer", "lora", "watermark"):
        setattr(settings, f"{name}_config", None)
    return settings


def registered(source: Path) -> dict[str, tuple[str, list[str]]]:
    """Name, kind and labels of each metric that this release makes."""
    sys.path.insert(0, str(source))
    loggers = import_module("vllm.v1.metrics.loggers")
    loggers.PrometheusStatLogger(default_settings(), [0])
    found = {}
    # Prometheus' client has no public list of what is registered.
    for collector in vars(import_module("prometheus_client").REGISTRY)["_collector_to_names"]:
        facts = vars(collector)
        if facts.get("_name", "").startswith("vllm:"):
            found[facts["_name"]] = (collector.describe()[0].type, sorted(facts["_labelnames"]))
    return found


def catalogued(release: str) -> dict[str, tuple[str, list[str], bool]]:
    data = json.loads(DATA.read_text(encoding="utf-8"))
    index = data["versions"].index(release)
    return {
        name: (span["kind"], span["labels"], span["always"])
        for name, spans in data["metrics"].items()
        for span in spans
        if span["first"] <= index <= span["last"]
    }


def main() -> None:
    source = Path(sys.argv[1])
    real, known = registered(source), catalogued(source.name)
    wrong = [f"{name}: vLLM makes it, the catalogue has none" for name in sorted(real.keys() - known.keys())]
    wrong += [f"{name}: {fact} in vLLM, {known[name]} in the catalogue" for name, fact in sorted(real.items())
              if name in known and known[name][:2] != fact]  # fmt: skip
    missing = {name for name, (_, _, always) in known.items() if always} - real.keys() - LATER
    wrong += [f"{name}: the catalogue says always, vLLM does not make it" for name in sorted(missing)]
    if wrong:
        sys.exit("\n".join(wrong))
    print(f"{source.name}: {len(real)} metrics as catalogued")


if __name__ == "__main__":
    main()
