"""Change the package a little, one mutant after the other, and say which changes no test notices.

    make mutants BASE=main               of the modules that differ from a branch or commit
    make mutants SAMPLE=60 SEED=7        a random sample of all of core/
    make mutants MUTANTS="--in vllm_cdk8s/core/kube/names.py"

Cosmic Ray (https://cosmic-ray.readthedocs.io/) makes the mutants, in a copy of the tree. The tests run in steps, so
that most mutants die in seconds: those that run the changed line (measured once, and kept in build/), those of the
core, all others. What survives and is listed in tests/mutants.md changes nothing that anybody could see; where anything
else survives, the exit code is 1.
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
from linecache import getline
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
from coverage import CoverageData

ROOT = Path(__file__).parent.parent
COPY = ROOT / "build" / "mutants"
MEASURED = ROOT / "build" / "mutants.coverage"
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
            line = getline(str(spec.module_path), spec.start_pos[0])
            # What is imported for a type checker alone may be imported always.
            typing = line.startswith("if TYPE_CHECKING:")
            # A star that no blank follows is no operator: without it, this is no Python.
            star = "_Mul_" in spec.operator_name and line[spec.end_pos[1] : spec.end_pos[1] + 1] != " "
            # Who calls a property of a protocol only a type checker knows, and what is kept from call to call nobody.
            after = getline(str(spec.module_path), spec.start_pos[0] + 1)
            bare = "RemoveDecorator" in spec.operator_name and (
                ": ..." in after or re.match(r"\s*@(lru_)?cache\b", line)
            )
            if not (typing or star or bare or skipped.fullmatch(spec.operator_name)):
                places.setdefault((spec.module_path, spec.start_pos, spec.end_pos), []).append(spec)
    return [random.choice(specs) for specs in places.values()]  # noqa: S311 - a sample, no secret


def copy_tree() -> None:
    """A copy of all files that git knows, as they are now."""
    shutil.rmtree(COPY, ignore_errors=True)
    for name in git("ls-files", "--cached", "--others", "--exclude-standard"):
        source, target = ROOT / name, COPY / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_symlink() or source.is_file():
            shutil.copy2(source, target, follow_symlinks=False)


def passes(tests: list[str], *options: str, seconds: int = SETTINGS["seconds"]) -> bool:
    """Whether these tests all pass, for the tree as it now is."""
    command = shlex.join([sys.executable, "-m", "pytest", *SETTINGS["pytest"], *options, *tests])
    return run_tests(command, seconds)[0] is TestOutcome.SURVIVED


def steps() -> list[list[str]]:
    """The files of tests, each once, in the order in which they are to run."""
    left_out, ordered, seen = tuple(SETTINGS["leave-out-tests"]), [], set[str]()
    for folders in SETTINGS["steps"]:
        found = sorted(path.as_posix() for folder in folders for path in Path(folder).rglob("test_*.py"))
        ordered.append([name for name in found if name not in seen and not name.startswith(left_out)])
        seen.update(found)
    return ordered


def measured(tests: list[list[str]]) -> CoverageData | None:
    """Which tests run which lines, measured again when a file has changed; None where tests fail without any mutant."""
    os.environ["COVERAGE_FILE"] = str(MEASURED)
    newest = max(path.stat().st_mtime for path in COPY.rglob("*") if path.is_file())
    if not MEASURED.exists() or MEASURED.stat().st_mtime < newest:
        MEASURED.unlink(missing_ok=True)
        options = ["-n", "auto", "--cov=vllm_cdk8s", "--cov-context=test", "--cov-report="]
        if not passes([name for step in tests for name in step], *options):
            MEASURED.unlink(missing_ok=True)
            return None
    data = CoverageData(str(MEASURED))
    data.read()
    return data


def nearest(spec: MutationSpec, data: CoverageData, tests: list[list[str]]) -> list[str]:
    """The tests that run the line, or the module where the line runs while it is imported; not all, where many do."""
    lines = data.contexts_by_lineno(str(COPY / spec.module_path))
    begun = max((line for line in lines if line <= spec.start_pos[0]), default=0)
    contexts = {context for context in lines.get(begun, []) if context}
    contexts = contexts or {context for ran in lines.values() for context in ran if context}
    order = {name: number for number, name in enumerate(name for step in tests for name in step)}
    # Of a test with parameters, all: a mutant may change what they are called.
    functions = {context.rpartition("|")[0].partition("[")[0] for context in contexts}
    there = [name for name in functions if name.partition("::")[0] in order]
    alike = f"/test_{spec.module_path.stem}.py:"
    return sorted(there, key=lambda name: (alike not in name, order[name.partition("::")[0]], name))[:150]


def try_out(spec: MutationSpec, steps: list[list[str]]) -> tuple[str, str, str]:
    """How a mutant ends (killed, or survived), after what, and the line that it made."""
    operator = plugins.get_operator(spec.operator_name)(**spec.operator_args)
    began = time.monotonic()
    with use_mutation(spec.module_path, operator, spec.occurrence) as (_, changed):
        line = "" if changed is None else changed.splitlines()[spec.start_pos[0] - 1].strip()
        for number, tests in enumerate(steps, 1):
            # A mutant that never ends is noticed early, as the nearest tests take seconds.
            seconds = SETTINGS["seconds-nearest" if number == 1 else "seconds"]
            if tests and not passes(tests, seconds=seconds):
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
    files_of_tests = steps()
    data = measured(files_of_tests)
    # Tests that fail anyway would kill every mutant.
    if data is None:
        print("the tests fail without any mutant; see to that first", file=sys.stderr)
        return 2
    found = mutants_of(files)
    if arguments.sample is not None:
        found = random.sample(found, min(arguments.sample, len(found)))
    listed = LISTED.read_text(encoding="utf-8")
    counts = {"killed": 0, "survived": 0, "changes nothing": 0}
    for spec in found:
        near = nearest(spec, data, files_of_tests)
        outcome, after, line = try_out(spec, [near, *files_of_tests][: arguments.steps])
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
