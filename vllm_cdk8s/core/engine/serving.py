"""What a server must be told so that its probes and clients find it: its address, its port, its model."""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING

from vllm_cdk8s.core.errors import ConflictError, InvalidOptionError, mention
from vllm_cdk8s.core.kube import checks
from vllm_cdk8s.core.regex import regex
from vllm_cdk8s.core.rules.book import MODEL_NAME, NEVER_READY

if TYPE_CHECKING:
    from vllm_cdk8s.core.engine.consistency import Settings

# As huggingface_hub's validate_repo_id has it; behind a colon, the quantization of a GGUF file.
_HUB_ID = regex(r"([A-Za-z0-9_][\w.-]*/)?(?=[A-Za-z0-9_])[\w.-]{1,96}(:[\w.-]{1,32})?", re.ASCII)
# gguf.GGMLQuantizationType, and names of files with parts of their own before and behind.
_GGUF = regex(r"(\w+-)?(I?Q\d|TQ\d|BF16|F16|F32|F64|MXFP4|NVFP4|I(8|16|32|64))\w*", re.IGNORECASE)
# vllm/transformers_utils/runai_utils.py
_STREAMED = ("s3://", "gs://", "az://")
_LONGEST_PATH = 4096
_HOST = regex(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|\$\([A-Za-z_][A-Za-z0-9_]*\)")
_LONGEST_HOST = 253
_NUMBERS = regex(r"[0-9.]+")


def check_model_name(model: str) -> None:
    """A model that vLLM can look for.

    Raises:
        InvalidOptionError: it is neither a name on the Hub, nor a path, nor an address that vLLM streams from.
    """
    checks.text("model", model)
    if model.startswith("-"):
        raise InvalidOptionError(f"{model!r} begins with '-', so vLLM would read it as an option", option="model")
    if any(ord(character) < ord(" ") for character in model) or model != model.strip():
        raise _no_model(model, "")
    if model.startswith(("/", "./", "../", "~/")):
        if len(model) > _LONGEST_PATH or not model.strip("/."):
            raise _no_model(model, "")
        if model.startswith("~"):
            raise _no_model(model, "; nobody expands '~' there, write the whole path")
        return
    if model.startswith(_STREAMED):
        if " " in model or "/" not in model.split("://", 1)[1].strip("/") + "/":
            raise _no_model(model, "")
        return
    name, at, revision = model.partition("@")
    if at and _HUB_ID.fullmatch(name):
        raise _no_model(model, f"; give {name!r}, and say {mention(f'revision={revision}')}")
    _, _, rest = model.partition("://")
    if rest:
        *_, last = rest.rstrip("/").partition("/")
        hint = f"; did you mean {last!r}?" if "huggingface.co" in rest and _HUB_ID.fullmatch(last) else ""
        raise _no_model(model, hint)
    name, colon, quantization = model.partition(":")
    if colon and _HUB_ID.fullmatch(name) and not _GGUF.fullmatch(quantization):
        hint = "; behind ':' stands the quantization of a GGUF file, such as 'Q4_K_M', not a tag"
        raise _no_model(model, hint)
    if not _HUB_ID.fullmatch(model) or "--" in model or ".." in model or model.endswith((".", "-", ".git")):
        raise _no_model(model, f"; a path begins with '/' or './', such as './{model}'" if model.count("/") > 1 else "")


def _no_model(model: str, hint: str) -> InvalidOptionError:
    shown = model if len(model) <= 120 else f"{model[:100]}..."  # noqa: PLR2004 - a line of a terminal
    return InvalidOptionError(
        f"{shown!r} is not a model; allowed: a name on the Hugging Face Hub (organisation/name of letters, digits, "
        f"'.', '_' and '-', the name of at most 96), a path in the container, or {', '.join(_STREAMED)}{hint}",
        option="model",
        rule=MODEL_NAME,
    )


def check_host(option: str, host: object) -> None:
    """An address that the kubelet and the Service reach.

    Raises:
        InvalidOptionError: it is a loopback address, or none.
    """
    text = checks.text(option, host)
    try:
        loopback = ipaddress.ip_address(text).is_loopback
    except ValueError:
        loopback = text.lower() == "localhost"
        if len(text) > _LONGEST_HOST or not _HOST.fullmatch(text) or (_NUMBERS.fullmatch(text) and text != "0"):
            raise InvalidOptionError(
                f"{text!r} is not an address to listen on; allowed: an IP address or a host's name, without a scheme "
                "and a port, such as '0.0.0.0'",
                option=option,
                rule=NEVER_READY,
            ) from None
    if loopback:
        raise InvalidOptionError(
            f"{text!r} is reached from within the pod only, and the kubelet's probes come from outside; use '0.0.0.0'",
            option=option,
            rule=NEVER_READY,
        )


def check_serving(settings: Settings, *, port: int, nodes: int) -> None:
    """Settings with which no pod ever becomes ready.

    Raises:
        InvalidOptionError: vLLM would listen somewhere else, or not at all.
        ConflictError: it would wait for others that nobody starts.
    """
    check_host(settings.label("host"), settings["host"])
    if settings["port"] not in (port, str(port)):
        raise ConflictError(
            f"{settings['port']!r} is not the port {port} of the Service and the probes; use {mention('port=')}",
            option=settings.label("port"),
            rule=NEVER_READY,
        )
    check_listening(settings)
    if settings["headless"] is True and nodes == 1:
        raise _never("headless", settings, "vLLM serves no API then; only the workers of a multi-node server are so")
    if settings["api_server_count"] == 0:
        raise _never("api_server_count", settings, "no process serves the API")
    if settings.size("node_rank") > 0 and settings["node_rank"] is not None and nodes == 1:
        raise _never("node_rank", settings, "only the first node serves the API")
    if settings.size("nnodes") > 1 and nodes == 1:
        raise _never("nnodes", settings, "one pod waits for others that nobody starts; use a multi-node server")


def check_listening(settings: Settings) -> None:
    """Settings with which nothing listens at any port.

    Raises:
        ConflictError: vLLM listens on a file, or stops.
    """
    if settings["uds"]:
        raise _never("uds", settings, "vLLM listens on a socket file, which neither probes nor a Service reach")
    if settings["ssl_keyfile"] and not settings["ssl_certfile"] and not settings["config"]:
        raise _never("ssl_keyfile", settings, f"without {mention('ssl_certfile')} vLLM cannot serve TLS and stops")


def _never(name: str, settings: Settings, why: str) -> ConflictError:
    return ConflictError(f"{settings[name]!r}: {why}", option=settings.label(name), rule=NEVER_READY)
