"""Change the package a little, one mutant after the other, and say which changes no test notices.

    make mutants BASE=main               of the modules that differ from a branch or commit
    make mutants SAMPLE=60 SEED=7        a random sample of all of core/
    make mutants MUTANTS="--in vllm_cdk8s/core/kube/names.py"

Cosmic Ray (https://cosmic-ray.readthedocs.io/) makes the mutants, in a copy of the tree. The tests run in steps, so
that most mutants die in seconds: those that know the module, those of the core, all others. What survives and is listed
in tests/mutants.md changes nothing that anybody could see; where anything else survives, the exit code is 1.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import shlex
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

try:
    import tomllib
except ImportError:  # before Python 3.11, where pytest brings its forerunner
    import tomli as tomllib  # type: ignore[no-redef, import-not-found, unused-ignore]

from cosmic_ray import plugins
from cosmic_ray.commands.init import _all_work_items as all_mutants
from cosmic_ray.mutating import use_mutation
from cosmic_ray.testing import run_tests
from cosmic_ray.work_item import MutationSpec, TestOutcome

ROOT = Path(__file__).parent.parent
COPY = ROOT / "build" / "mutants"
LISTED = ROOT / "tests" / "mutants.md"
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["mutants"]


@dataclass(frozen=True)
class Mutant:
    """One change, by the line that it makes."""

    spec: MutationSpec
    line: str

    @property
    def name(self) -> str:
        return f"{self.spec.module_path}:{self.spec.start_pos[0]}"


def git(*arguments: str) -> list[str]:
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S603, S607
    return done.stdout.splitlines()


def modules(base: str | None, named: list[str]) -> list[Path]:
    """The modules to change: those named, those that differ from a commit, or all of the core."""
    if named:
        return [Path(name) for name in named]
    if base is None:
        changed = git("ls-files", "vllm_cdk8s/core/")
    else:
        [forked] = git("merge-base", base, "HEAD")
        changed = git("diff", "--name-only", forked, "--", "vllm_cdk8s/")
    there = [name for name in changed if name.endswith(".py") and (ROOT / name).exists()]
    return [Path(name) for name in there if name not in SETTINGS["leave-out"]]


def mutants_of(files: list[Path]) -> list[MutationSpec]:
    """One mutant for each place that can be changed, drawn among the changes there."""
    skipped = re.compile("|".join(SETTINGS["leave-out-operators"]))
    places: dict[tuple[Path, object, object], list[MutationSpec]] = {}
    for item in all_mutants(files, {}):
        for spec in item.mutations:
            if not skipped.fullmatch(spec.operator_name):
                places.setdefault((spec.module_path, spec.start_pos, spec.end_pos), []).append(spec)
    return [random.choice(specs) for specs in places.values()]  # noqa: S311 - a sample, no secret


def steps(module: Path) -> list[list[str]]:
    """The tests, those first that know the module."""
    dotted = ".".join(module.with_suffix("").parts)
    parent, _, name = dotted.rpartition(".")
    knows = re.compile(rf"{re.escape(dotted)}\b|from {re.escape(parent)} import .*\b{name}\b")
    folder = Path("tests", *module.parts[1:-1])
    near = [str(folder)] if folder.is_dir() else []
    for path in sorted(Path("tests").rglob("test_*.py")):
        if path.is_relative_to(folder):
            continue
        if path.stem == f"test_{name}" or knows.search(path.read_text(encoding="utf-8")):
            near.append(str(path))
    return [near, *SETTINGS["steps"]]


def copy_tree() -> None:
    """A copy of all files that git knows, as they are now."""
    shutil.rmtree(COPY, ignore_errors=True)
    for name in git("ls-files", "--cached", "--others", "--exclude-standard"):
        source, target = ROOT / name, COPY / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_symlink() or source.is_file():
            shutil.copy2(source, target, follow_symlinks=False)


def try_out(spec: MutationSpec, most: int) -> tuple[str, str, str]:
    """How a mutant ends (killed, or survived), after what, and the line that it made."""
    operator = plugins.get_operator(spec.operator_name)(**spec.operator_args)
    began = time.monotonic()
    with use_mutation(spec.module_path, operator, spec.occurrence) as (_, changed):
        line = "" if changed is None else changed.splitlines()[spec.start_pos[0] - 1].strip()
        for number, tests in enumerate(steps(spec.module_path)[:most], 1):
            if not tests:
                continue
            ignored = [f"--ignore={name}" for name in SETTINGS["leave-out-tests"]]
            command = shlex.join([sys.executable, "-m", "pytest", *SETTINGS["pytest"], *ignored, *tests])
            outcome, _ = run_tests(command, SETTINGS["seconds"])
            if outcome is not TestOutcome.SURVIVED:
                return "killed", f"step {number}, {time.monotonic() - began:.0f} s", line
    return "survived", f"{time.monotonic() - began:.0f} s", line


def main() -> int:
    """Try mutants out, and say which survive."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--base", help="a branch or commit; the modules that differ from it")
    parser.add_argument("--in", dest="named", nargs="*", default=[], metavar="MODULE", help="these modules alone")
    parser.add_argument("--sample", type=int, help="so many mutants at most, drawn at random")
    parser.add_argument("--seed", type=int, default=0, help="another seed draws others")
    parser.add_argument("--steps", type=int, default=9, help="stop after so many steps of tests")
    arguments = parser.parse_args()
    random.seed(arguments.seed)
    copy_tree()
    os.environ["PYTHONPATH"] = str(COPY)
    files = modules(arguments.base, arguments.named)
    os.chdir(COPY)
    found = mutants_of(files)
    if arguments.sample is not None:
        found = random.sample(found, min(arguments.sample, len(found)))
    listed = LISTED.read_text(encoding="utf-8")
    counts = {"killed": 0, "survived": 0, "changes nothing": 0}
    for spec in found:
        outcome, after, line = try_out(spec, arguments.steps)
        where = f"`{spec.module_path.relative_to('vllm_cdk8s')}` | `{line}`"
        if outcome == "survived" and where in listed:
            outcome = "changes nothing"
        counts[outcome] += 1
        print(f"{outcome:15} {spec.module_path}:{spec.start_pos[0]} {spec.operator_name} ({after}): {line}", flush=True)
    counted = counts["killed"] + counts["survived"]
    print(f"{counts['killed']} of {counted} killed, {counts['changes nothing']} change nothing")
    return 1 if counts["survived"] else 0


if __name__ == "__main__":
    sys.exit(main())
