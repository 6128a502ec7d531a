"""The connectors of vLLM's KV cache that a ``--kv-transfer-config`` names, one or several."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

MULTI = "MultiConnector"


def connectors_of(config: object) -> tuple[str, ...]:
    """Their names: what a MultiConnector joins, or the one that there is."""
    if not isinstance(config, Mapping):
        return ()
    name = config.get("kv_connector")
    if name != MULTI:
        return (name,) if isinstance(name, str) else ()
    extra = config.get("kv_connector_extra_config")
    inner = extra.get("connectors") if isinstance(extra, Mapping) else None
    several = inner if isinstance(inner, Sequence) and not isinstance(inner, str) else ()
    return tuple(found for one in several for found in connectors_of(one))
