"""Patterns that are compiled late are right all the same."""

import importlib
import pkgutil
import re
import subprocess
import sys

import pytest

import vllm_cdk8s
from vllm_cdk8s.core.regex import regex


def test_it_matches_as_re_does() -> None:
    word = regex("[a-z]+", re.IGNORECASE)
    found = word.fullmatch("Word")
    assert found is not None
    assert found[0] == "Word"
    assert word.sub("x", "A-b") == "x-x"
    assert word.pattern == "[a-z]+"
    with pytest.raises(re.error):
        regex("(").match("")


def test_every_pattern_of_the_package_compiles() -> None:
    kind = type(regex(""))
    found = set()
    for module in pkgutil.walk_packages(vllm_cdk8s.__path__, "vllm_cdk8s."):
        if ".in_pod." not in module.name and not module.name.endswith("__main__"):
            names = vars(importlib.import_module(module.name))
            found |= {value.pattern for value in names.values() if isinstance(value, kind) and value.groups >= 0}
    assert len(found) > 80


def test_importing_the_package_compiles_none() -> None:
    program = """
import re, sys
import cdk8s_plus_27, msgspec
compiled = []
real = re.compile
re.compile = lambda *said: compiled.append(said) or real(*said)
from vllm_cdk8s import ModelStorage, VllmServer
sys.exit(len(compiled))
"""
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
