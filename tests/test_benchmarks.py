"""The benchmarks compare like with like: their three programs make the same objects."""

import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent.parent / "benchmarks"


def test_the_compared_programs_make_the_same_objects() -> None:
    code = f"import sys; sys.path.insert(0, {str(FOLDER)!r}); import run; run.check_same_objects()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(("program", "most"), [("with_vllm_cdk8s", 24), ("with_kplus", 40), ("with_dictionaries", 20)])
def test_a_measurement_counts_the_calls_of_each_program(program: str, most: int) -> None:
    done = subprocess.run(
        [sys.executable, str(FOLDER / "measure.py"), program, "2", "--calls"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert 5 < int(done.stdout) <= most
