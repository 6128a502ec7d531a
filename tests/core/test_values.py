"""Values of the core are settled once made, and say each of their parts by name."""

import importlib
import pkgutil
from dataclasses import FrozenInstanceError, fields, is_dataclass
from typing import Any

import pytest
from msgspec import Struct

import vllm_cdk8s
import vllm_cdk8s.core
from vllm_cdk8s.core.engine.raw import Given
from vllm_cdk8s.core.errors import InvalidOptionError
from vllm_cdk8s.core.models.kv_cache import _Kind
from vllm_cdk8s.core.pod.secret_key import SecretKey
from vllm_cdk8s.core.server.plan import ServerPlan

MODULES = [
    importlib.import_module(found.name) for found in pkgutil.walk_packages(vllm_cdk8s.core.__path__, "vllm_cdk8s.core.")
]
VALUES = [
    value
    for module in MODULES
    for value in vars(module).values()
    if isinstance(value, type)
    and value.__module__ == module.__name__
    and (is_dataclass(value) or issubclass(value, Struct))
]
PUBLIC = [value for value in VALUES if is_dataclass(value) and value.__name__ in vllm_cdk8s.__all__]
each = pytest.mark.parametrize("value", VALUES, ids=lambda value: f"{value.__module__}.{value.__name__}")


@each
def test_a_value_is_never_changed(value: Any) -> None:
    if value is Given:  # filled while a command is read
        return
    if issubclass(value, Struct):
        assert value.__struct_config__.frozen
        # What a plan has worked out once, it keeps.
        assert value.__struct_config__.dict is (value is ServerPlan)
        return
    made = object.__new__(value)
    for field in fields(value):
        with pytest.raises(FrozenInstanceError):
            setattr(made, field.name, None)
    assert not hasattr(made, "__dict__")


@each
def test_a_value_takes_its_parts_by_name(value: Any) -> None:
    if value in (_Kind, SecretKey):  # a row of a table, and `SecretKey("hf", "token")`
        return
    if issubclass(value, Struct):
        with pytest.raises(TypeError, match="positional"):
            value("something")
    else:
        assert all(field.kw_only for field in fields(value))


@pytest.mark.parametrize("value", PUBLIC, ids=lambda value: value.__name__)
def test_a_part_that_there_is_not_is_named_in_the_words_of_this_package(value: Any) -> None:
    with pytest.raises(InvalidOptionError, match=r"\bnonsense: "):
        value(nonsense=1)
