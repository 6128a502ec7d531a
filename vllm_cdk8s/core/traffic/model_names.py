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
    return names_of_model(server.engine.settings) or (server.model,)


def names_of_model(settings: Mapping[str, Any]) -> tuple[str, ...]:
    """The names that vLLM's settings give the model; none where they do not say any."""
    said = settings.get("served_model_name")
    names = [said] if isinstance(said, str) else list(said or ())
    return tuple(str(name) for name in names)


def adapter_names(server: Serving) -> tuple[str, ...]:
    """The names of the adapters that are loaded at start-up."""
    return names_of_adapters(server.engine.settings)


def names_of_adapters(settings: Mapping[str, Any]) -> tuple[str, ...]:
    """The names of the adapters in vLLM's settings."""
    said = settings.get("lora_modules")
    items: Sequence[Any] = [said] if isinstance(said, str) else list(said or ())
    return tuple(name for name in map(_adapter, items) if name)


def may_know_others(server: Serving) -> bool:
    """Whether it may answer to names that its command line does not say: of adapters that come while it runs."""
    containers = server.pod_templates[0].get("spec", {}).get("containers", ())
    return takes_other_names(server.engine.settings, containers[0] if containers else {})


def takes_other_names(settings: Mapping[str, Any], container: Mapping[str, Any]) -> bool:
    """The same of vLLM's settings and its container in wire form."""
    variables = (item for item in container.get("env") or () if isinstance(item, Mapping))
    return (
        settings.get("config") is not None
        or bool(container.get("envFrom"))
        or any(item.get("name") in _OPEN for item in variables)
    )


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
