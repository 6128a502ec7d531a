"""The catalogued variables are those of vLLM's own envs.py, which refuses the values that are refused here.

Runs where VLLM_PARSERS names a folder that `python tools/catalogue.py --prepare` filled: `make test-engine-real`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from vllm_cdk8s.core.engine import EngineVersion, catalogue, environment

SOURCES = os.environ.get("VLLM_PARSERS", "")
RELEASES = ["0.10.0", "0.20.2", catalogue.versions()[-1]]
# Reads the module from its file, since the package around it needs torch; it imports nothing but the standard library.
READ = """
import importlib.util, json, os, sys
spec = importlib.util.spec_from_file_location("envs", sys.argv[1])
envs = importlib.util.module_from_spec(spec)
spec.loader.exec_module(envs)
result = {}
for name, value in json.load(sys.stdin):
    os.environ[name] = value
    try:
        read = envs.environment_variables[name]()
        if callable(read):
            read()
        result[f"{name}={value}"] = True
    except (ValueError, KeyError):
        result[f"{name}={value}"] = False
    except Exception:
        result[f"{name}={value}"] = None  # needs the rest of vLLM
    os.environ.pop(name, None)
print(json.dumps({"names": list(envs.environment_variables), "read": result}))
"""

pytestmark = pytest.mark.skipif(not SOURCES, reason="VLLM_PARSERS is not set; `make test-engine-real` sets it")


def really_read(release: str, values: list[tuple[str, str]]) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-c", READ, f"{SOURCES}/{release}/vllm/envs.py"],
        input=json.dumps(values), capture_output=True, text=True, check=True, env={"HOME": "/nonexistent"},
    )  # fmt: skip
    result: dict[str, Any] = json.loads(done.stdout)
    return result


@pytest.mark.parametrize("release", RELEASES)
def test_the_names_are_those_of_the_module(release: str) -> None:
    # Platform.validate_environ, with --fail-on-environ-validation, looks names up in this very table.
    assert set(environment.variables(catalogue.release(release))) == set(really_read(release, [])["names"])


@pytest.mark.parametrize("release", RELEASES)
def test_a_value_is_refused_where_the_module_refuses_it(release: str) -> None:
    version = EngineVersion(name=release, known=True)
    names = environment.variables(catalogue.release(release))
    values = [(name, text) for name in names for text in ("1", "0", "2", "true", "1.5", "no-such-choice")]
    real = really_read(release, values)["read"]
    wrong = {}
    for name, text in values:
        ours = not environment.check_environment({name: text}, version)
        if not ours and real[f"{name}={text}"] is True:
            wrong[name, text] = "refused here only"
    assert wrong == {}
    refused = sum(taken is False for taken in real.values())
    missed = [
        pair
        for pair in values
        if real["=".join(pair)] is False and not environment.check_environment(dict([pair]), version)
    ]
    assert len(missed) <= 0.1 * refused, missed
