"""Weights that are streamed from where they are, and what of it each release can do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from vllm_cdk8s.core.errors import Collector, ConflictError
from vllm_cdk8s.core.regex import regex
from vllm_cdk8s.core.rules.book import STREAMED_WEIGHTS

if TYPE_CHECKING:
    from vllm_cdk8s.core.engine.consistency import Settings
    from vllm_cdk8s.core.engine.version import EngineVersion

# SUPPORTED_SCHEMES of vllm/transformers_utils/runai_utils.py; before, there is S3 alone.
SCHEMES: Mapping[str, str] = {"s3://": "", "gs://": "0.10.2", "az://": "0.18.0"}
# VllmConfig.try_verify_and_update_config refuses other formats for an address from then on.
_FORMATS_SINCE = "0.11.0"
_FORMATS: Mapping[str, str] = {"runai_streamer": "", "runai_streamer_sharded": "0.11.1", "modelexpress": "0.24.0"}
# RunaiModelStreamerLoader: it takes no notice of other keys before, and refuses them from then on.
_KEYS_SINCE = "0.24.0"
_KEYS: Mapping[str, str] = {"concurrency": "", "memory_limit": "", "distributed": "0.11.1"}
_SHARD = regex(r"%0\dd")


def streamed(model: object) -> bool:
    """Whether a model is the address of a store, from which vLLM streams it."""
    return isinstance(model, str) and model.lower().startswith(tuple(SCHEMES))


def check_streaming(settings: Settings, version: EngineVersion) -> None:
    """Settings of streamed weights that exclude or need one another.

    Raises:
        ConflictError: vLLM would refuse to start, or would not do what was said.
    """
    model, load_format = settings["model"], settings["load_format"]
    with Collector() as found:
        if streamed(model):
            found.attempt(_check_address, settings, str(model), version)
        extra = settings["model_loader_extra_config"]
        keys = extra if isinstance(extra, Mapping) else {}
        if load_format in ("runai_streamer", "runai_streamer_sharded") or (streamed(model) and not load_format):
            for key in keys:
                found.attempt(_check_key, settings, str(key), version)
        if load_format == "tensorizer":
            found.attempt(_check_tensorizer, settings, keys)


def _check_address(settings: Settings, model: str, version: EngineVersion) -> None:
    scheme = next(scheme for scheme in SCHEMES if model.lower().startswith(scheme))
    if SCHEMES[scheme] and not version.at_least(SCHEMES[scheme]):
        raise ConflictError(
            f"vLLM streams from {scheme} from {SCHEMES[scheme]} on, and the image has {version}; use a newer image",
            option="model",
            rule=STREAMED_WEIGHTS,
        )
    load_format = settings["load_format"]
    known = [name for name, since in _FORMATS.items() if not since or version.at_least(since)]
    if load_format not in (None, "auto", *known) and version.at_least(_FORMATS_SINCE):
        raise ConflictError(
            f"{load_format!r} does not load from {scheme}, so that vLLM stops; allowed: {', '.join(known)}, or leave "
            "it out",
            option=settings.label("load_format"),
            rule=STREAMED_WEIGHTS,
        )


def _check_key(settings: Settings, key: str, version: EngineVersion) -> None:
    option = f"{settings.label('model_loader_extra_config')}.{key}"
    if key not in _KEYS and not key.startswith("pattern") and version.at_least(_KEYS_SINCE):
        raise ConflictError(
            f"is not one of the streamer's settings, so that vLLM stops; allowed: {', '.join(_KEYS)}", option=option,
            rule=STREAMED_WEIGHTS,
        )  # fmt: skip
    since = _KEYS.get(key)
    if since and not version.at_least(since):
        raise ConflictError(
            f"does nothing before vLLM {since}, and the image has {version}", option=option, rule=STREAMED_WEIGHTS
        )


def _check_tensorizer(settings: Settings, keys: Mapping[object, object]) -> None:
    uri = keys.get("tensorizer_uri")
    if settings.size("tensor_parallel_size") > 1 and isinstance(uri, str) and not _SHARD.search(uri):
        # TensorizerConfig.verify_with_parallel_config, all releases.
        raise ConflictError(
            f"{uri!r} is one file for {settings['tensor_parallel_size']} tensor parallel processes, each of which has "
            "a part of its own; allowed: such as 's3://models/model-%03d.tensors'",
            option=f"{settings.label('model_loader_extra_config')}.tensorizer_uri",
            rule=STREAMED_WEIGHTS,
        )
