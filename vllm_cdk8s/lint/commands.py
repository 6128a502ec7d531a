"""Whether a container runs vLLM's server, and with which words."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from vllm_cdk8s.core.engine.devices import repository
from vllm_cdk8s.core.kube.placeholders import is_placeholder
from vllm_cdk8s.core.regex import regex
from vllm_cdk8s.lint.pods import items
from vllm_cdk8s.lint.shell import NotReadableError, Word, simple_commands, without_assignments

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_SERVER_MODULES = {"vllm.entrypoints.openai.api_server", "vllm.entrypoints.api_server"}
_CLI_MODULE = "vllm.entrypoints.cli.main"
# What takes vLLM's options and serves no model.
_STAND_IN = regex(r"(^|[-_/])(sim|simulator|mock|fake|emulator|router|benchmark)($|[-_])", re.IGNORECASE)
_OPTIONS_OF_ITS_OWN = {"--gpu-memory-utilization", "--enforce-eager", "--max-num-seqs", "--swap-space"}
# `exec vllm "$@"`, and no other of vLLM's commands.
_SERVES = regex(r'\bvllm\s+("?\$(@|\*|\{?\w+\}?)"?|serve)')
_SHELLS = {"sh", "bash", "ash", "dash", "zsh"}
_REFERENCE = regex(r"\$\$|\$\(([A-Za-z_][\w.-]*)\)")
_ENTRYPOINTS = regex(
    r"(docker\.io/)?vllm/vllm-openai(-[a-z0-9]+)*|public\.ecr\.aws/q9t5s3a7/vllm-(cpu|arm64-cpu)-release-repo|"
    r"ghcr\.io/[\w.-]+/vllm-openai|.*/vllm-openai"
)
_INSTALLERS = regex(
    r"(^|[\s;&|(])(python3?\s+-m\s+)?(uv\s+pip|pip3?|conda|mamba|apt-get|apt|apk|yum|dnf|microdnf)\s+(-\S+\s+)*(install|add)\b"
)


class ServerCommand(Struct, frozen=True, kw_only=True):
    """How a container starts vLLM.

    Attributes:
        words: the words behind ``vllm serve`` or the module, with where each stands (``args``, 2).
        serve: whether it is ``vllm serve``; None where only the image knows.
        complete: whether these are all of its words, though some may stand for others.
        script: the shell script that they are from.
        script_path: where the script is, within the container.
    """

    words: tuple[Word, ...]
    serve: bool | None
    complete: bool = True
    places: tuple[tuple[str | int, ...], ...] = field(default=())
    script: str | None = None
    script_path: tuple[str | int, ...] = ()

    @property
    def installs(self) -> str | None:
        """What the script installs by a package manager at each start: the command's first words."""
        match = None if self.script is None else _INSTALLERS.search(re.sub(r"(?m)^\s*#.*$", "", self.script))
        return None if match is None else " ".join(match[0].split()).lstrip(";&|( ")


def environment(container: Mapping[str, Any]) -> dict[str, str | None]:
    """A container's variables; None for one whose value comes from somewhere else, or is yet to be written."""
    result: dict[str, str | None] = {}
    for item in items(container.get("env")):
        value = item.get("value")
        known = "valueFrom" not in item and not is_placeholder(value) and not isinstance(value, (dict, list))
        text = "" if value is None else str(value)
        result[str(item.get("name"))] = _expanded(text, result) if known else None
    return result


def server_command(container: Mapping[str, Any]) -> ServerCommand | None:
    """How a container starts vLLM's server; None where it does not, or where that cannot be told."""
    command, args = _strings(container.get("command")), _strings(container.get("args"))
    if command is None or args is None:
        return None
    variables = environment(container)
    more = bool(container.get("envFrom"))
    words: list[Word] = []
    places: list[tuple[str | int, ...]] = []
    for name, texts in (("command", command), ("args", args)):
        for index, text in enumerate(texts):
            words.append(_word(text, variables, more=more))
            places.append((name, index))
    image = str(container.get("image") or "")
    if not command and _ENTRYPOINTS.fullmatch(repository(image)):
        return ServerCommand(words=tuple(words), serve=None, places=tuple(places))
    script = _script(command + args)
    if script is not None:
        index, text = script
        found = _from_script(_before_the_shell(text, variables), variables, places[index])
        hidden = found is None and _ENTRYPOINTS.fullmatch(repository(image)) and _SERVES.search(text)
        return (
            ServerCommand(words=(), serve=None, complete=False, script=text, script_path=places[index])
            if hidden
            else found
        )
    found = _direct(words, places)
    if found is not None or command or not _looks_like_options(words, repository(image)):
        return found
    # Other images whose entrypoint is the server, known by what follows.
    return ServerCommand(words=tuple(words), serve=None, places=tuple(places), complete=False)


def _before_the_shell(text: str, variables: Mapping[str, str | None]) -> str:
    """A script as the kubelet hands it over, with ``$(NAME)`` for the variables whose values are known."""

    def value(match: re.Match[str]) -> str:
        if match[1] is None:
            return "$"
        found = variables.get(match[1])
        return match[0] if found is None else found

    return _REFERENCE.sub(value, text)


def _direct(words: list[Word], places: list[tuple[str | int, ...]]) -> ServerCommand | None:
    start = _start(words)
    if start is None:
        return None
    at, serve = start
    return ServerCommand(words=tuple(words[at:]), serve=serve, places=tuple(places[at:]))


def _from_script(text: str, variables: Mapping[str, str | None], place: tuple[str | int, ...]) -> ServerCommand | None:
    runs = re.search(
        r"vllm\s+serve|vllm\.entrypoints\.(openai\.)?api_server|vllm\.entrypoints\.cli\.main\s+serve", text
    )
    if not runs:
        return None
    try:
        commands = simple_commands(text, variables)
    except NotReadableError:
        commands = []
    found = []
    for command in commands:
        words = without_assignments(command)
        start = _start(words)
        if start is not None and not {w.text for w in words[: start[0]]} & {"echo", "pkill", "pgrep", "grep", "printf"}:
            found.append((words[start[0] :], start[1]))
    if len(found) != 1:
        return ServerCommand(words=(), serve=None, complete=False, script=text, script_path=place)
    words, serve = found[0]
    return ServerCommand(
        words=tuple(words),
        serve=serve,
        places=tuple(place for _ in words),
        script=text,
        script_path=place,
    )


def _start(words: Sequence[Word]) -> tuple[int, bool] | None:
    """Where the server's own words begin, and whether they follow ``vllm serve``."""
    texts = [word.text or "" for word in words]
    for index, text in enumerate(texts):
        following = texts[index + 1] if index + 1 < len(texts) else ""
        if text.rpartition("/")[2] == "vllm" and following == "serve":
            return index + 2, True
        if text == "-m" and following in _SERVER_MODULES:
            return index + 2, False
        if text == "-m" and following == _CLI_MODULE and texts[index + 2 : index + 3] == ["serve"]:
            return index + 3, True
        if text.endswith("vllm/entrypoints/openai/api_server.py"):
            return index + 1, False
    return None


def _script(words: list[str]) -> tuple[int, str] | None:
    """The script of ``sh -c``: its index among the words, and its text."""
    if not words or words[0].rpartition("/")[2] not in _SHELLS:
        return None
    for index, word in enumerate(words[1:], 1):
        if re.fullmatch(r"-[a-z]*c", word):
            text = next((at for at in range(index + 1, len(words)) if words[at] != "--"), None)
            return None if text is None else (text, words[text])
        if not word.startswith(("-", "+")) and words[index - 1] not in {"-o", "-O", "-eo", "-euo"}:
            return None
    return None


def _looks_like_options(words: Sequence[Word], name: str) -> bool:
    if _STAND_IN.search(name):
        return False
    starts = {word.start.partition("=")[0].replace("_", "-") for word in words}
    if "vllm" in name.lower():
        return bool(starts & {"--model", "--tensor-parallel-size", "--max-model-len"})
    # No other server has both.
    return "--model" in starts and bool(starts & _OPTIONS_OF_ITS_OWN)


def _strings(value: Any) -> list[str] | None:
    if value is None:
        return []
    if isinstance(value, str):
        return [value]
    if not isinstance(value, list) or any(isinstance(item, (dict, list)) for item in value):
        return None
    return ["" if item is None else str(item) if not isinstance(item, bool) else str(item).lower() for item in value]


def _word(text: str, variables: Mapping[str, str | None], *, more: bool) -> Word:
    """A word of command or args, after the kubelet's own expansion of ``$(NAME)``."""
    if is_placeholder(text):
        equals = re.match(r"--[\w.-]+=", text)
        return Word(None, 0, bool(equals) or not text.startswith(("{{", "${", "$")), equals[0] if equals else "")
    for match in _REFERENCE.finditer(text):
        name = match[1]
        if name is not None and ((name in variables and variables[name] is None) or (name not in variables and more)):
            return Word(None, 0, one=True, start=text[: match.start()])
        if name is not None and name not in variables:
            # Controllers add variables of their own (LWS_LEADER_ADDRESS).
            return Word(None, 0, one=True, start=text[: match.start()])
    expanded = _expanded(text, variables)
    return Word(expanded, 0, one=True, start=expanded or "")


def _expanded(text: str, variables: Mapping[str, str | None]) -> str | None:
    """A text with ``$(NAME)`` as the kubelet writes it; None where a value is not known."""
    unknown = False

    def value(match: re.Match[str]) -> str:
        nonlocal unknown
        if match[1] is None:
            return "$"
        if match[1] not in variables:
            return match[0]
        found = variables[match[1]]
        unknown = unknown or found is None
        return found or ""

    result = _REFERENCE.sub(value, text)
    return None if unknown else result
