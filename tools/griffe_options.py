"""For the reference: constructs that take ``**options`` show each of them, as `help()` does, and defaults are values.

Their names and meanings are in TypedDicts, below one another; mkdocstrings reads source, and sees ``**options`` alone.
"""

from __future__ import annotations

from typing import Any

from griffe import Class, Extension, Module, Parameter, ParameterKind, Parameters

from vllm_cdk8s.core.server.options import DEFAULTS


class KeywordOptions(Extension):
    """Puts the options of a class that `keyword_options` decorates behind its own parameters."""

    def on_package(self, *, pkg: Module, **kwargs: Any) -> None:
        del kwargs
        _walk(pkg)


def _walk(module: Module) -> None:
    for member in list(module.members.values()):
        if member.is_alias:
            continue
        if isinstance(member, Module):
            _walk(member)
        elif isinstance(member, Class):
            _spell_out(member)
            for decorator in member.decorators:
                name, _, options = str(decorator.value).partition("(")
                if name == "keyword_options":
                    _show(member, member.module[options.split(",")[0].rstrip(")")])


def _spell_out(construct: Class) -> None:
    """Write a default that is a module's constant as its value; of dataclasses, whose fields become parameters, too."""
    for member in construct.members.values():
        for parameter in () if member.is_alias else getattr(member, "parameters", ()):
            parameter.default = _value(parameter.default, construct.module)
        if not member.is_alias and member.is_attribute:
            member.value = _value(member.value, construct.module)


def _value(said: Any, module: Module) -> Any:
    constant = module.members.get(str(said))
    if constant is not None and constant.is_alias:
        constant = constant.final_target
    return getattr(constant, "value", None) or said


def _show(construct: Class, options: Any) -> None:
    initialiser = construct.members["__init__"]
    own = [each for each in initialiser.parameters if each.kind is not ParameterKind.var_keyword]
    known = {each.name for each in own}
    lines, more = [], []
    for each in _bases(options):
        described = each.docstring.value if each.docstring else ""
        lines += described.partition("Attributes:\n")[2].rstrip().splitlines()
        more += [
            Parameter(
                name, annotation=attribute.annotation, kind=ParameterKind.keyword_only,
                default=repr(DEFAULTS[name]) if name in DEFAULTS else "None",
            )
            for name, attribute in each.attributes.items() if name not in known
        ]  # fmt: skip
    initialiser.parameters = Parameters(*own, *more)
    head, raises, tail = construct.docstring.value.partition("\n\nRaises:")
    construct.docstring.value = head + "\n" + "\n".join(lines) + raises + tail


def _bases(options: Any) -> list[Any]:
    """The TypedDicts that one is made of, the most general last."""
    there = options.final_target if options.is_alias else options
    found: list[Any] = []
    for base in there.resolved_bases:
        found += [each for each in _bases(base) if each not in found]
    return [there, *found]
