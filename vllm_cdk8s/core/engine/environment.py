"""vLLM's environment variables, release by release: their names, and what their values may be.

``environment.json`` is written by ``make catalogue`` from each release's ``vllm/envs.py``. Names of the kind that
other modules of vLLM read are known too; vLLM itself would note those as unknown in its log.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vllm_cdk8s.core.data import generated
from vllm_cdk8s.core.engine import catalogue
from vllm_cdk8s.core.engine.limits import misspelt
from vllm_cdk8s.core.engine.options import near
from vllm_cdk8s.core.errors import Problem, nearest
from vllm_cdk8s.core.rules.book import ENVIRONMENT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from vllm_cdk8s.core.engine.version import EngineVersion

PREFIX = "VLLM_"
_SECRET = ("KEY", "TOKEN", "SECRET", "PASSWORD")


def check_environment(env: Mapping[str, str | None], version: EngineVersion, *, option: str = "env") -> list[Problem]:
    """What is wrong with a container's variables, as far as they are vLLM's own.

    vLLM ignores a variable that it does not know, with one line in its log, and stops at a value that it cannot read.
    A misspelt name is an error for any version; whatever else may be right in a version that is not known warns.

    Args:
        env: the variables; None for a value that comes from elsewhere, such as a Secret.
        version: the vLLM that reads them.
        option: the option that holds the variables, for messages.
    """
    release = catalogue.release(version.name)
    return [
        problem
        for name, value in env.items()
        for problem in _check(f"{option}[{name!r}]", name, value, release, version)
    ]


def variables(release: catalogue.Release) -> list[str]:
    """The names in ``envs.py`` of a release, those without the prefix included."""
    return [
        name
        for name, runs in generated("environment")["variables"].items()
        if catalogue.fact_at(runs, release.index) is not None
    ]


def _check(
    label: str, name: str, value: str | None, release: catalogue.Release, version: EngineVersion
) -> Iterator[Problem]:
    runs = generated("environment")["variables"].get(name, [])
    facts = catalogue.fact_at(runs, release.index)
    if facts is not None:
        wrong = None if value is None else _wrong(name, value, facts)
        if wrong:
            yield _problem(label, wrong, version, release)
    elif not name.upper().startswith(PREFIX) or name in generated("environment")["elsewhere"]:
        return
    elif runs:
        there = catalogue.said(runs, generated("environment")["versions"])
        what = f"not a variable of vLLM {release.name}, but of {there}"
        yield _problem(label, what, version, release)
    else:
        own = [known for known in variables(release) if known.startswith(PREFIX)]
        ever = [known for known in generated("environment")["variables"] if known.startswith(PREFIX)]
        short = [known.removeprefix(PREFIX) for known in ever]
        what = f"not a variable of vLLM {release.name}, which ignores it{nearest(name, own) or nearest(name, ever)}"
        sure = misspelt(name[len(PREFIX) :], short)
        yield Problem(what=what, rule=ENVIRONMENT, severity="error" if sure else "warning", option=label)


def _problem(label: str, what: str, version: EngineVersion, release: catalogue.Release) -> Problem:
    if not version.known:
        what = f"{what} (checked against vLLM {release.name}, {version.assumption()})"
    return Problem(what=what, rule=ENVIRONMENT, severity="error" if version.known else "warning", option=label)


def _wrong(name: str, value: str, facts: Mapping[str, Any]) -> str | None:
    """What is wrong with a value, without repeating what may be a secret."""
    said = "the value" if any(word in name for word in _SECRET) else repr(value)
    if choices := facts.get("choices"):
        fold = facts.get("fold", False)
        items = [part.strip() for part in value.split(",") if part.strip()] if facts.get("list") else [value]
        allowed = {choice.lower() if fold else choice for choice in choices}
        for item in items:
            if (item.lower() if fold else item) not in allowed:
                return f"{item!r} is not one of {', '.join(choices)}{near(item, choices)}"
        return None
    kind = facts.get("type")
    if kind is None or not value:
        return None
    try:
        float(value) if kind == "float" else int(value)
    except ValueError:
        words = {"bool": "0 or 1, the only words that vLLM reads here", "int": "a whole number", "float": "a number"}
        return f"{said} is not {words[kind]}"
    return None
