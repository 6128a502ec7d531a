"""By which names requests may ask a server for its model, so that nothing is sent to where nobody knows the name."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from vllm_cdk8s.core.engine.adapters import RUNTIME_ADAPTERS
from vllm_cdk8s.core.errors import ConflictError, nearest
from vllm_cdk8s.core.rules.book import OTHER_MODEL

if TYPE_CHECKING:
    from vllm_cdk8s.core.server.serving import Serving

# With these vLLM answers to names that come while it runs, or to any.
_OPEN = {RUNTIME_ADAPTERS, "VLLM_SKIP_MODEL_NAME_VALIDATION"}


def base_names(server: Serving) -> tuple[str, ...]:
    """The names of the model itself: all that it is served by, else the model's own."""
    said = server.engine.settings.get("served_model_name")
    names = [said] if isinstance(said, str) else list(said or ())
    return tuple(str(name) for name in names) or (server.model,)


def adapter_names(server: Serving) -> tuple[str, ...]:
    """The names of the adapters that are loaded at start-up."""
    said = server.engine.settings.get("lora_modules")
    items: Sequence[Any] = [said] if isinstance(said, str) else list(said or ())
    return tuple(name for name in map(_adapter, items) if name)


def may_know_others(server: Serving) -> bool:
    """Whether it may answer to names that its command line does not say: of adapters that come while it runs."""
    if server.engine.settings.get("config") is not None:
        return True
    containers = server.pod_templates[0].get("spec", {}).get("containers", ())
    vllm: Mapping[str, Any] = containers[0] if containers else {}
    return bool(vllm.get("envFrom")) or any(item.get("name") in _OPEN for item in vllm.get("env", ()))


def check_model(option: str, model: str, server: Serving) -> None:
    """Refuse to send requests for a model to a server that answers 404 to its name.

    Raises:
        ConflictError: the server is known not to have it.
    """
    known = (*base_names(server), *adapter_names(server))
    if model in known or may_know_others(server):
        return
    raise ConflictError(
        f"{server.path} does not answer to {model!r}{nearest(model, known)}; it is asked for {', '.join(known)}",
        option=option,
        rule=OTHER_MODEL,
    )


def _adapter(item: Any) -> str | None:
    if isinstance(item, str) and item.lstrip().startswith("{"):
        try:
            item = json.loads(item)
        except ValueError:
            return None
    if isinstance(item, Mapping):
        name = item.get("name")
        return name if isinstance(name, str) else None
    name, equals, _ = str(item).partition("=")
    return name if equals else None
