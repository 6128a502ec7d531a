"""What a section of values is: a mapping of known keys, each with its type, its default and what it means.

A type is an ``Annotated`` one: ``msgspec.Meta`` describes it to people and editors, `Read` and `Check` say what becomes
of what people write.
"""

from __future__ import annotations

import types
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, TypeGuard, TypeVar, Union, get_args, get_origin

from msgspec import NODEFAULT, Meta, Struct
from msgspec.structs import fields

if TYPE_CHECKING:
    from collections.abc import Callable

_NONE = type(None)


class FieldError(ValueError):
    """What is wrong with the value of a field, without its path, which whoever reads the field knows."""


class Read(Struct, frozen=True):
    """Makes a value of what was written, before anything in it is read; several follow each other."""

    read: Callable[[Any], Any]


class Check(Struct, frozen=True):
    """Looks at a value, or changes it, once everything in it is read."""

    check: Callable[[Any], Any]


class NameMap(Struct, frozen=True):
    """Marks a map from names to values: what ``--set`` says below it is one key, dots and all."""


class Section(Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True, dict=True):
    """A mapping of known keys, named as in YAML; null takes a key's default, or unsets it where that has a meaning."""

    @property
    def said(self) -> frozenset[str]:
        """The fields that were written, by their names in Python; the others have their defaults."""
        said: frozenset[str] = self.__dict__.get("said_fields", frozenset())
        return said


S = TypeVar("S", bound=Section)


def camel_case(name: str) -> str:
    """A name of Python's as a key of YAML's."""
    head, *words = name.split("_")
    return head + "".join(word[:1].upper() + word[1:] for word in words)


def made(section: type[S], given: dict[str, Any]) -> S:
    """A section of what was written for it, by its fields' names in Python.

    Raises:
        FieldError: what was written contradicts itself.
    """
    result = section(**given)
    result.__dict__["said_fields"] = frozenset(given)
    return result


class Kind(Struct, frozen=True):
    """The type of a value, taken apart.

    Args:
        type: the type itself, without what is said about it.
        nullable: whether null is a value of its own.
        items: the type of what is in a list or a map.
        marks: what is said about it, the inmost first.
    """

    type: Any
    nullable: bool
    items: Kind | None
    marks: tuple[Any, ...]


class Field(Struct, frozen=True):
    """A field of a section.

    Args:
        name: its name in Python.
        key: its name in YAML.
        kind: its type.
        required: whether it has no default.
        default: its default.
        description: what it means, for people.
        examples: values that it may have.
    """

    name: str
    key: str
    kind: Kind
    required: bool
    default: Any
    description: str
    examples: list[Any]


@cache
def fields_of(section: type[Section]) -> dict[str, Field]:
    """The fields of a section, by their keys."""
    result = {}
    for each in fields(section):
        kind = _kind(each.type)
        metas = [mark for mark in kind.marks if isinstance(mark, Meta)]
        made_default = None if each.default_factory is NODEFAULT else each.default_factory()
        result[each.encode_name] = Field(
            name=each.name,
            key=each.encode_name,
            kind=kind,
            required=each.required,
            default=made_default if each.default is NODEFAULT else each.default,
            description=next((meta.description for meta in metas if meta.description), ""),
            examples=next((meta.examples for meta in metas if meta.examples), []),
        )
    return result


def section_of(kind: Kind) -> type[Section] | None:
    """The section that a type is, or that a list has items of."""
    return kind.type if is_section(kind.type) else None if kind.items is None else section_of(kind.items)


def is_section(annotation: object) -> TypeGuard[type[Section]]:
    """Whether a field of this type is a section of the values, with fields of its own."""
    return isinstance(annotation, type) and get_origin(annotation) is None and issubclass(annotation, Section)


def _kind(annotation: Any) -> Kind:
    marks: tuple[Any, ...] = ()
    nullable = False
    while (origin := get_origin(annotation)) in (Annotated, Union, types.UnionType):
        if origin is Annotated:
            marks = annotation.__metadata__ + marks
            annotation = annotation.__origin__
        else:
            nullable = True
            (annotation,) = (each for each in get_args(annotation) if each is not _NONE)
    item = _kind(get_args(annotation)[-1]) if origin in (list, dict) else None
    return Kind(type=annotation if item is None else origin, nullable=nullable, items=item, marks=marks)
