"""One finding, and the options that say which are wanted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from msgspec import Struct, field

if TYPE_CHECKING:
    from collections.abc import Callable

    from vllm_cdk8s.core.errors import Problem
    from vllm_cdk8s.lint.documents import Document


class Finding(Struct, frozen=True, kw_only=True):
    """What is wrong, where, and how to mend it.

    Attributes:
        rule: the rule's code.
        severity: ``error`` or ``warning``.
        file: the file, as it was named.
        line: the line in it.
        object: kind and name.
        message: the sentence.
        fix: what to do.
    """

    rule: str
    severity: Literal["error", "warning"]
    file: str
    line: int
    object: str
    message: str
    fix: str


class Options(Struct, frozen=True, kw_only=True):
    """What is asked of a check.

    Attributes:
        select: beginnings of the codes to look for; all where there are none.
        ignore: beginnings of the codes to leave out.
        severity: the least severity to report.
        vllm: the release where a manifest does not say it.
        gpu: the accelerator where a manifest does not say it.
    """

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    severity: Literal["error", "warning"] = "warning"
    vllm: str | None = None
    gpu: str | None = None

    def wants(self, finding: Finding) -> bool:
        """Whether a finding is to be reported."""
        chosen = not self.select or finding.rule.startswith(self.select)
        return (
            chosen
            and not finding.rule.startswith(self.ignore or ("-",))
            and self.severity
            in {
                "warning",
                finding.severity,
            }
        )


class Place(Struct, frozen=True, kw_only=True):
    """Where an object stands, for findings that are made when the object itself is gone."""

    file: str
    name: str
    line: int
    ignored: dict[int, frozenset[str]] = field(default_factory=dict)


def place(document: Document, path: tuple[str | int, ...] = ()) -> Place:
    """The place of what is at a path of an object."""
    line = document.line(path)
    ignored = {line: document.ignored[line]} if line in document.ignored else {}
    return Place(file=document.file, name=object_name(document), line=line, ignored=ignored)


def object_name(document: Document) -> str:
    """Kind and name."""
    return f"{document.kind}/{document.name}" if document.name else document.kind


def finding(problem: Problem, where: Place, *, say: Callable[[str], str] = lambda option: option) -> Finding | None:
    """A problem as a finding; None where a comment tells it to be quiet."""
    if problem.rule.code in where.ignored.get(where.line, frozenset()):
        return None
    sentence = problem.sentence(say)
    return Finding(
        rule=problem.rule.code,
        severity=problem.severity,
        file=where.file,
        line=where.line,
        object=where.name,
        message=sentence if problem.option is None else f"{problem.option}: {sentence}",
        fix=problem.rule.manifest_mend,
    )
