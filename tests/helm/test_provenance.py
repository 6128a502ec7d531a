"""Which line of which file a problem of values is about."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.helm.command import run
from vllm_cdk8s.helm.provenance import Provenance

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, str]:
    first, second = tmp_path / "first.yaml", tmp_path / "second.yaml"
    first.write_text("replicaCount: 1\nvllm:\n  port: x\n  modle: y\ningress:\n  hosts:\n  - host: a\n    hots: b\n")
    second.write_text("# later\nvllm:\n\n  port: z\n")
    return str(first), str(second)


def test_each_problem_names_the_file_that_said_it_last(files: tuple[str, str]) -> None:
    first, second = files
    errors = run("template", "prod", "-f", first, "-f", second).errors

    assert [error.split(" is not")[0] for error in errors] == [
        f"error: {first}:8: ingress.hosts[0].hots:",
        f"error: {second}:4: vllm.port: 'z'",
        f"error: {first}:4: vllm.modle:",
    ]


def test_what_an_option_says_is_not_blamed_on_a_file(files: tuple[str, str]) -> None:
    errors = run("template", "prod", "-f", files[0], "--set", "vllm.port=w").errors

    assert any(error.startswith("error: vllm.port: 'w' is not a whole number") for error in errors)


def test_what_cannot_work_together_and_what_is_unwise_has_a_place_too(tmp_path: Path) -> None:
    path = tmp_path / "values.yaml"
    path.write_text("persistence:\n  enabled: false\n  existingClaim: models\nservice:\n  nodePort: 30000\n")

    answer = run("template", "prod", "-f", str(path))
    assert answer.errors[0].startswith(f"error: {path}:5: service.nodePort: 30000 needs")
    path.write_text("persistence:\n  enabled: false\n  existingClaim: models\n")
    warnings = "\n".join(run("template", "prod", "-f", str(path)).warnings)
    assert f"{path}:3: persistence.existingClaim: 'models' has no effect" in warnings


def test_a_replaced_section_is_forgotten() -> None:
    provenance = Provenance()
    provenance.lay_over({("a",): "f:1", ("a", "b"): "f:2", ("c", 0): "f:4", ("c",): "f:3"})
    provenance.lay_over({("c",): "g:1"})

    assert provenance.of("a.b") == "f:2"
    assert provenance.of("a['b'].x") == "f:2"
    assert provenance.of('a["z"]') == "f:1"
    assert provenance.of("c[0]") == "g:1"
    assert provenance.of("d") is None
    provenance.set(("a",), "--set a")
    assert provenance.of("a.b") == "--set a"


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (("--set", "replicaCount=x"), "'x' is not a whole number; allowed: at least 0 (--set replicaCount)"),
        (("--set", r"resources.limits.nvidia\.com/gpu=x"), r"(--set resources.limits.nvidia\.com/gpu)"),
        (
            ("--set", "service.port=1,vllm.port=0"),
            "vllm.port: 0 is out of range; allowed: 1 to 65535 (--set vllm.port)",
        ),
        (("--set-json", '{"vllm":{"port":0}}'), "vllm.port: 0 is out of range; allowed: 1 to 65535 (--set-json)"),
        (("--set-string", "ingress.enabled=maybe"), "(--set-string ingress.enabled)"),
        (("--set", "vllm.additionalArgs={--seed,x}"), "--seed: 'x' is not a whole number (--set vllm.additionalArgs)"),
    ],
)
def test_what_an_option_says_names_the_option(arguments: tuple[str, str], error: str) -> None:
    (line,) = run("template", "prod", *arguments).errors

    assert error in line


def test_a_key_with_dots_has_its_line(tmp_path: Path) -> None:
    path = tmp_path / "values.yaml"
    path.write_text("replicaCount: 1\nvllm.model: x\n")

    assert run("template", "prod", "-f", str(path)).errors == [
        f"error: {path}:2: [\"vllm.model\"]: is not a value of this chart; did you mean 'vllm.model'? [VC004]"
    ]
