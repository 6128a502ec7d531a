"""Read the facts of one vLLM release's own `vllm serve` parser and print them as JSON.

Runs in an environment of vLLM's dependencies, on the unzipped Python files of the release; no GPU and no compiled
module of vLLM is needed. What an option takes is found by giving its converter strings and looking at what comes back,
so it does not depend on how the release builds its parser.

    python read_parser.py /path/to/unzipped/release                          facts about the options
    python read_parser.py /path/to/unzipped/release --parse     per line of standard input, a JSON list of command
                                                                lines: a line with what each of them parses to
"""

from __future__ import annotations

import argparse
import dataclasses
import enum
import functools
import importlib
import json
import math
import re
import sys
import types
import typing
import warnings
from pathlib import Path

if typing.TYPE_CHECKING:
    from collections.abc import Callable

MISSING = object()


def load_parser(tree: Path) -> argparse.ArgumentParser:
    """The release's own parser of `vllm serve`, built as on a machine with GPUs of an unknown kind."""
    sys.path.insert(0, str(tree))
    sys.argv = ["vllm", "--help"]  # help texts are only built where help is asked for; beside "serve" it hides --model
    warnings.simplefilter("ignore")
    platforms = importlib.import_module("vllm.platforms")
    interface = importlib.import_module("vllm.platforms.interface")
    platform = interface.UnspecifiedPlatform
    platform.device_type = platform.device_name = "cuda"
    platforms._current_platform = platform()  # noqa: SLF001 - the facts must not depend on this machine
    found = [path for path in tree.glob("vllm/entrypoints/*/cli_args.py") if "def make_arg_parser" in path.read_text()]
    if len(found) != 1:
        raise SystemExit(f"{tree}: expected one cli_args.py with make_arg_parser, found {found}")
    module = importlib.import_module(".".join(found[0].relative_to(tree).with_suffix("").parts))
    return module.make_arg_parser(module.FlexibleArgumentParser(prog="vllm serve"))


def facts(parser: argparse.ArgumentParser) -> dict[str, typing.Any]:
    """Options by canonical name, and the fields of those that are configurations."""
    hints = declared_types()
    deprecated = getattr(parser, "_deprecated", set())
    flags: dict[int, list[str]] = {}
    for flag, action in parser._option_string_actions.items():  # noqa: SLF001 - some releases hide flags elsewhere
        flags.setdefault(id(action), []).append(flag)
    options, fields = {}, {}
    for action in parser._actions:  # noqa: SLF001 - argparse has no public list
        if not action.option_strings or isinstance(action, argparse._HelpAction):  # noqa: SLF001
            continue
        name = next(f for f in action.option_strings if f.startswith("--"))[2:].replace("-", "_")
        option = option_facts(action, flags[id(action)], hints.get(action.dest, set()))
        if getattr(action, "deprecated", False) or action in deprecated or says_deprecated(action):
            option["deprecated"] = True
            option["mentions"] = mentions(action.help or "", name)
        options[name] = option
        config = config_class(action, hints.get(action.dest, set()))
        if config is not None and option.get("type") in {"object", "object_or_str"}:
            fields[name] = config_fields(config)
    return {"options": options, "fields": fields}


def option_facts(action: argparse.Action, flags: list[str], hints: set[typing.Any]) -> dict[str, typing.Any]:
    """What one option is called, takes and defaults to."""
    result: dict[str, typing.Any] = {"flags": flags}
    if action.nargs == 0:
        result["kind"] = "flag"
        if off := [flag for flag in flags if not switches_on(action, flag)]:
            result["off"] = off
            result["flags"] = [flag for flag in flags if flag not in off]
    else:
        result["kind"] = kind_of_action(action)
        if isinstance(action.nargs, int):
            result["count"] = action.nargs
        result.update(converter_facts(action, hints))
        result.update(named_values(action, result["type"]))
    default = plain(action.default)
    if default not in (MISSING, None, []):
        result["default"] = default
    return result


def switches_on(action: argparse.Action, flag: str) -> bool:
    """Whether a flag without a value sets True, found by using it."""
    namespace = argparse.Namespace()
    action(argparse.ArgumentParser(), namespace, [], flag)
    return getattr(namespace, action.dest) is True


def kind_of_action(action: argparse.Action) -> str:
    if action.nargs == "?":
        return "optional"
    if action.nargs is not None:
        return "list"
    return "append" if isinstance(action, argparse._AppendAction) else "value"  # noqa: SLF001


def named_values(action: argparse.Action, kind: str) -> dict[str, typing.Any]:
    """The values allowed; or, where plug-ins may add to them, those that the help names."""
    if action.choices is not None:
        choices = {c for c in map(plain, action.choices) if c is not None}
        return {"choices": sorted(choices - {"None"}, key=order)}
    named = action.metavar
    if isinstance(named, str):
        listed = re.match(r"\{([^{}]+)\}", named)
        named = tuple(listed[1].split(",")) if listed else None
    values = sorted({str(value) for value in named or () if isinstance(value, str)})
    return {"values": values} if values and kind == "str" else {}


def order(choice: typing.Any) -> tuple[bool, typing.Any]:
    return (isinstance(choice, str), choice)


def converter_facts(action: argparse.Action, hints: set[typing.Any]) -> dict[str, typing.Any]:
    """What a converter of argument strings accepts, found by trying."""

    def gives(text: str) -> typing.Any:
        try:
            return text if action.type is None else action.type(text)
        except Exception:  # noqa: BLE001 - any refusal is a refusal
            return MISSING

    result = {"type": type_of(action, gives, hints)}
    if result["type"] == "size" and gives("auto") == -1:
        result["auto"] = True
    if gives("None") is None:
        result["nullable"] = True
    return result


def type_of(action: argparse.Action, gives: Callable[[str], typing.Any], hints: set[typing.Any]) -> str:
    word, number, fraction, mapping = gives("zq"), gives("2"), gives("1.5"), gives('{"zq": 1}')
    if isinstance(word, list):
        return "comma_list"
    if isinstance(word, str):
        if isinstance(mapping, dict):
            return "object_or_str"
        levels = any(isinstance(hint, type) and issubclass(hint, enum.IntEnum) for hint in hints)
        return "int_or_str" if levels else "str"
    if config_class(action, hints) is not None or mapping is not MISSING:
        objects = any(
            (typing.get_origin(h) or h) is dict or dataclasses.is_dataclass(h) or typing.is_typeddict(h) for h in hints
        )
        return "object" if objects or gives("[1]") is MISSING else "json"
    if type(number) is int and fraction is MISSING:
        return "size" if gives("1k") == 1000 else "int"  # noqa: PLR2004
    if type(fraction) is float or action.choices is not None:
        return "float" if type(fraction) is float else "str"
    raise SystemExit(f"{action.option_strings}: cannot tell what its converter accepts")


@functools.cache
def declared_types() -> dict[str, set[typing.Any]]:
    """The leaves of the declared types of all settings, by destination."""
    arg_utils = importlib.import_module("vllm.engine.arg_utils")
    config = importlib.import_module("vllm.config")
    found: dict[str, set[typing.Any]] = {}
    for owner in (config.VllmConfig, arg_utils.AsyncEngineArgs):
        for field in dataclasses.fields(owner):
            found.setdefault(field.name, set()).update(leaves(field.type, owner))
    return found


def leaves(hint: typing.Any, owner: type) -> set[typing.Any]:
    """The alternatives of a type hint."""
    if isinstance(hint, str):
        try:
            hint = eval(hint, vars(sys.modules[owner.__module__]))  # noqa: S307 - vLLM's own annotation
        except Exception:  # noqa: BLE001 - a name imported for type checkers only
            return {hint}
    if typing.get_origin(hint) is typing.Annotated:
        return leaves(typing.get_args(hint)[0], owner)
    if typing.get_origin(hint) in {typing.Union, types.UnionType}:
        return set().union(*(leaves(part, owner) for part in typing.get_args(hint)))
    if isinstance(hint, dataclasses.InitVar):
        return leaves(hint.type, owner)
    return {hint}


def config_class(action: argparse.Action, hints: set[typing.Any]) -> type | None:
    """The configuration class that an option's JSON becomes: held by its converter, or declared for its setting."""
    seen: set[int] = set()

    def held(function: typing.Any) -> type | None:
        if dataclasses.is_dataclass(function) and isinstance(function, type):
            return function
        if not isinstance(function, types.FunctionType) or id(function) in seen:
            return None
        seen.add(id(function))
        cells = [cell.cell_contents for cell in function.__closure__ or ()]
        return next(filter(None, map(held, [*cells, *(function.__defaults__ or ())])), None)

    declared = [hint for hint in hints if dataclasses.is_dataclass(hint)]
    return held(action.type) or (declared[0] if len(declared) == 1 else None)


def config_fields(config: type, prefix: str = "") -> dict[str, typing.Any]:
    """The keys that a configuration takes, with dots for those of configurations in it.

    A part that vLLM configures as a whole elsewhere (a speculative model's own model configuration) is not opened.
    """
    elsewhere = {hint for name, hints in declared_types().items() if not prefix.startswith(name) for hint in hints}
    result: dict[str, typing.Any] = {}
    for field in dataclasses.fields(config):
        if not field.init:
            continue
        alternatives = leaves(field.type, config)
        entry: dict[str, typing.Any] = {}
        kinds = {kind_of(hint) for hint in alternatives} - {"none"}
        if None not in kinds:
            entry["types"] = sorted(kinds)
            choices = {c for hint in alternatives for c in choices_of(hint)}
            if choices:
                entry["choices"] = sorted(choices, key=order)
        result[prefix + field.name] = entry
        inner = [hint for hint in alternatives if dataclasses.is_dataclass(hint) and hint not in elsewhere]
        if len(inner) == 1 and prefix.count(".") < 2:  # noqa: PLR2004 - no configuration is deeper
            result.update(config_fields(inner[0], f"{prefix}{field.name}."))
    return result


def kind_of(hint: typing.Any) -> str | None:
    """The JSON kind of a leaf type, ``choice`` for a closed set, or None where it cannot be told."""
    origin = typing.get_origin(hint) or hint
    simple = {bool: "bool", int: "int", float: "float", str: "str", type(None): "none", None: "none", list: "list"}
    if origin in simple:
        return simple[origin]
    if origin is dict or dataclasses.is_dataclass(origin):
        return "object"
    if origin is typing.Literal or (isinstance(origin, type) and issubclass(origin, enum.Enum)):
        return "choice"
    return None


def choices_of(hint: typing.Any) -> list[typing.Any]:
    if typing.get_origin(hint) is typing.Literal:
        return [choice for choice in typing.get_args(hint) if choice is not None]
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        # A string such as a class's path is what the name stands for, not what a user writes.
        values = [m.value for m in hint if type(m.value) is int or (type(m.value) is str and m.value.isidentifier())]
        return [*hint.__members__, *values]
    return []


def mentions(text: str, name: str) -> list[str]:
    """The options that a help text recommends instead."""
    advice = r"(?:\buse|\breplaced (?:by|with)|in favou?r of|\bsuperseded by|\bmoved to)\s+[`'\"]*(?:--)?"
    found = re.findall(advice + r"([a-z][a-z0-9_-]+(?:\.[a-z0-9_]+)?)", text, re.IGNORECASE)
    return [path for path in dict.fromkeys(path.replace("-", "_") for path in found) if path != name]


def says_deprecated(action: argparse.Action) -> bool:
    """Whether its help says so of the option itself, not of something that it is about."""
    said = r"^\W*deprecated\b|\bdeprecated:|\bis deprecated\b|\bhas been replaced by\b"
    return re.search(said, action.help or "", re.IGNORECASE) is not None


def plain(value: typing.Any) -> typing.Any:
    """A value as JSON, or MISSING."""
    if isinstance(value, enum.Enum):
        return value.name
    if value == argparse.SUPPRESS or (isinstance(value, float) and not math.isfinite(value)):
        return MISSING
    if value is None or isinstance(value, (bool, str, int, float)):
        return value
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        items = {key: plain(item) for key, item in value.items()}
        return MISSING if MISSING in items.values() else items
    if isinstance(value, (list, tuple, set, frozenset)):
        parts = [plain(item) for item in (sorted(value, key=str) if isinstance(value, (set, frozenset)) else value)]
        return MISSING if MISSING in parts else parts
    return MISSING


def parse(parser: argparse.ArgumentParser, argv: list[str]) -> dict[str, typing.Any]:
    """What the real parser makes of a command line: its values, or what it refuses it with."""

    def refuse(message: str) -> typing.NoReturn:
        raise ValueError(message)

    parser.error = refuse  # type: ignore[method-assign, assignment]
    try:
        namespace = parser.parse_args(argv)
    except Exception as error:  # noqa: BLE001 - whatever vLLM stops with
        return {"error": str(error)}
    return {"values": {key: described(value) for key, value in vars(namespace).items()}}


def described(value: typing.Any) -> typing.Any:
    """A parsed value as JSON; a configuration by the fields that it was given."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: described(getattr(value, f.name, None)) for f in dataclasses.fields(value)}
    result = plain(value)
    return repr(value) if result is MISSING else result


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("tree", type=Path)
    arguments.add_argument("--parse", action="store_true", help="parse the command lines on standard input")
    given = arguments.parse_args()
    real_stdout = sys.stdout
    sys.stdout = sys.stderr  # vLLM logs to standard output
    parser = load_parser(given.tree.resolve())
    if not given.parse:
        json.dump(facts(parser), real_stdout, sort_keys=True)
    for line in sys.stdin if given.parse else ():
        print(json.dumps([parse(parser, argv) for argv in json.loads(line)]), file=real_stdout, flush=True)


if __name__ == "__main__":
    main()
