"""The workflow for forks runs what a laptop runs, and nothing that somebody else can change under it."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8")
JOBS: dict[str, dict[str, Any]] = yaml.safe_load(TEXT)["jobs"]


def test_every_action_is_pinned_by_its_commit_and_says_its_version() -> None:
    used = re.findall(r"uses: (\S+) ?(.*)", TEXT)
    assert used
    for action, comment in used:
        assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", action), action
        assert re.fullmatch(r"# v\d+\.\d+\.\d+", comment), action


@pytest.mark.parametrize("job", JOBS)
def test_every_step_is_a_target_of_the_makefile(job: str) -> None:
    targets = set(re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    commands = [step["run"] for step in JOBS[job]["steps"] if "run" in step]
    assert commands
    for command in commands:
        program, target = command.split()[:2]
        assert (program, target in targets) == ("make", True)


def test_no_job_may_write_and_each_ends() -> None:
    assert yaml.safe_load(TEXT)["permissions"] == {"contents": "read"}
    for job in JOBS.values():
        assert job["timeout-minutes"] <= 120
        assert "permissions" not in job
