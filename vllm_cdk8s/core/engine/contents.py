"""What the texts of some settings must look like inside, where vLLM's parser takes any text and stops later."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from vllm_cdk8s.core.errors import Collector, InvalidOptionError, nearest
from vllm_cdk8s.core.kube import checks
from vllm_cdk8s.core.regex import regex
from vllm_cdk8s.core.rules.book import ENGINE_VALUE
from vllm_cdk8s.core.showing import shown

if TYPE_CHECKING:
    from vllm_cdk8s.core.engine.consistency import Settings

# vllm/multimodal/inputs.py
_MODALITIES = ("image", "video", "audio", "vision_chunk")
# https://git-scm.com/docs/git-check-ref-format
_REVISION = regex(r"[^\s~^:?*\[\\]+")
_BLANK = regex(r"\s|\$\(")
_NEEDED = ("name", "path")


def check_contents(settings: Settings) -> None:
    """Texts, and numbers beyond any machine's, that vLLM or what it loads from refuses after its start.

    Raises:
        InvalidOptionError: one is so.
    """
    with Collector() as found:
        for name, value in settings.values.items():
            label = settings.label(name)
            for item in value if isinstance(value, list) else [value]:
                if isinstance(item, int) and abs(item) > checks.MAX_INT64:
                    found.note(_wrong(label, f"{item} is more than 64 bits hold"))
                for what in _CHECKS.get(name, lambda _: iter(()))(item):
                    found.note(_wrong(label, what))


def _wrong(label: str, what: str) -> InvalidOptionError:
    return InvalidOptionError(what, option=label, rule=ENGINE_VALUE)


def _lora(item: Any) -> Iterator[str]:
    """``name=path``, or JSON with both, as in LoRAParserAction (vllm/entrypoints/openai/cli_args.py)."""
    if not isinstance(item, str):
        return
    allowed = 'allowed: \'name=path\', or JSON such as {"name": "a", "path": "/adapters/a"}'
    if item.lstrip().startswith("{"):
        try:
            said = json.loads(item)
        except ValueError:
            said = {}
        parts = [said.get(key) for key in _NEEDED]
        if not all(isinstance(part, str) and part for part in parts):
            yield f"{shown(item)} has no {' and '.join(_NEEDED)}; {allowed}"
        return
    name, equals, path = item.partition("=")
    if not equals or not name or not path:
        yield f"{shown(item)} is not an adapter; {allowed}"
    elif _BLANK.search(path):
        yield f"{shown(path)} is not a path, since it holds a blank or a reference; {allowed}"


def _modalities(item: Any) -> Iterator[str]:
    if not isinstance(item, Mapping):
        return
    for kind, limit in item.items():
        if kind not in _MODALITIES and (hint := nearest(str(kind), _MODALITIES)):
            yield f"{shown(kind)} is not a kind of input; allowed: {', '.join(_MODALITIES)}{hint}"
        count = limit.get("count") if isinstance(limit, Mapping) else limit
        if count is not None and (not isinstance(count, int) or isinstance(count, bool) or count < 0):
            yield f"{shown(count)} of {shown(kind)} is not a number of inputs; allowed: a whole number of at least 0"


def _revision(item: Any) -> Iterator[str]:
    if isinstance(item, str) and not _REVISION.fullmatch(item):
        yield f"{shown(item)} is not a revision; allowed: a branch, a tag or a commit"


def _import_path(item: Any) -> Iterator[str]:
    if isinstance(item, str) and not re.fullmatch(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)+", item):
        yield f"{shown(item)} is not a path to import; allowed: such as 'package.module.Class'"


def _named(item: Any) -> Iterator[str]:
    if item == "":
        yield "'' is not a name to ask for"


def _json(item: Any) -> Iterator[str]:
    if isinstance(item, str) and item.lstrip().startswith("{"):
        try:
            json.loads(item)
        except ValueError:
            yield f"{shown(item)} is not JSON"


def _generation(item: Any) -> Iterator[str]:
    words = ("auto", "vllm")
    if isinstance(item, str) and item not in words and "/" not in item and (hint := nearest(item, words)):
        yield f"{shown(item)} is neither {' nor '.join(map(repr, words))} nor a folder{hint}"


_CHECKS: Mapping[str, Callable[[Any], Iterator[str]]] = {
    "lora_modules": _lora,
    "limit_mm_per_prompt": _modalities,
    "revision": _revision,
    "code_revision": _revision,
    "tokenizer_revision": _revision,
    "middleware": _import_path,
    "served_model_name": _named,
    "hf_overrides": _json,
    "generation_config": _generation,
}
