"""Checks files: reads them, applies the rule book to each server, and to all of them together."""

from __future__ import annotations

from base64 import b64decode
from typing import IO, TYPE_CHECKING, Any

from msgspec import Struct, field
from msgspec.structs import replace

from vllm_cdk8s.core.errors import Problem
from vllm_cdk8s.core.inspection import devices, disaggregated_set, engine, health, pod, security, storage
from vllm_cdk8s.core.inspection.apply import apply
from vllm_cdk8s.core.kube.placeholders import is_placeholder
from vllm_cdk8s.core.kube.schema import unknown_fields
from vllm_cdk8s.core.rules import book
from vllm_cdk8s.core.showing import is_whole_token
from vllm_cdk8s.lint import ray_serve
from vllm_cdk8s.lint.documents import UnreadableError, files_of, read
from vllm_cdk8s.lint.finding import Finding, Options, Place, finding, object_name, place
from vllm_cdk8s.lint.gangs import gang_findings
from vllm_cdk8s.lint.kueue import kueue_findings
from vllm_cdk8s.lint.pods import items, mapping
from vllm_cdk8s.lint.routers import router_findings
from vllm_cdk8s.lint.servers import Server, servers_of
from vllm_cdk8s.lint.sets import ManifestSet

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

from vllm_cdk8s.lint.documents import Document

_TEMPLATE = ("spec", "template", "spec")
_PODS_AT = {
    "Pod": ("spec",),
    **dict.fromkeys(("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job"), _TEMPLATE),
}
CHECKS = (
    *engine.CHECKS,
    *pod.CHECKS,
    *devices.CHECKS,
    *(check for check in storage.CHECKS if check is not storage.claims),
    *health.CHECKS,
    *(check for check in security.CHECKS if check is not security.exposed),
)


class Result(Struct, kw_only=True):
    """What a check found.

    Attributes:
        findings: what is wrong, by file and line.
        unreadable: files, and documents of them, that could not be read.
        files: how many files were read.
        servers: how many servers were found in them.
    """

    findings: list[Finding] = field(default_factory=list)
    unreadable: list[UnreadableError] = field(default_factory=list)
    files: int = 0
    servers: int = 0

    @property
    def exit_code(self) -> int:
        """0 where all is well, 1 with findings, 2 where something could not be read."""
        return 2 if self.unreadable else 1 if self.findings else 0


def check(paths: Iterable[str], options: Options | None = None, *, stdin: IO[str] | None = None) -> Result:
    """Check files, folders and standard input (``-``) as one set of manifests."""
    wanted = options or Options()
    result = Result()
    together = ManifestSet(wanted)
    found: list[Finding] = []
    for file in files_of(paths):
        result.files += 1
        for document in read(file, problems=result.unreadable, stdin=stdin):
            found += filter(wanted.wants, _one(document, wanted, together, result))
    found += filter(wanted.wants, together.findings())
    order = {name: index for index, name in enumerate(dict.fromkeys(one.file for one in found))}
    result.findings = sorted(dict.fromkeys(found), key=lambda one: (order[one.file], one.line, one.rule, one.message))
    return result


def _one(document: Document, options: Options, together: ManifestSet, result: Result) -> Iterator[Finding]:
    """What one object shows by itself; what it may show with others is noted."""
    for duplicate in document.duplicates:
        ignored = document.ignored.get(duplicate.again, frozenset())
        problem = Problem(
            what=f"{duplicate.key!r} is here and on line {duplicate.first}; the last one counts",
            rule=book.DUPLICATE_KEY,
        )
        where = Place(
            file=document.file, name=object_name(document), line=duplicate.again, ignored={duplicate.again: ignored}
        )
        made = finding(problem, where)
        if made is not None:
            yield made
    if document.kind == "Secret":
        yield from _tokens(document)
    if document.kind == "DisaggregatedSet":
        for problem in disaggregated_set.set_problems(document.data):
            found = finding(problem, place(document, problem.at))
            if found is not None:
                yield found
    yield from gang_findings(document)
    yield from kueue_findings(document)
    yield from _misspelt(document)
    for template, servers in servers_of(document, options):
        result.servers += len(servers)
        together.pods(document, template, servers)
        yield from router_findings(document, template)
        for server in servers:
            yield from _server(document, server)
    for config in ray_serve.llm_configs(document):
        result.servers += 1
        for problem, line in ray_serve.problems(document, config, options):
            where = _in_script(document, place(document, ray_serve.CONFIG), ray_serve.CONFIG, line)
            made = finding(problem, where)
            if made is not None:
                yield made
    together.surroundings(document)


def _misspelt(document: Document) -> Iterator[Finding]:
    """Fields of a workload that the Kubernetes API does not have, where a container's image is vLLM's."""
    at = _PODS_AT.get(document.kind)
    if at is None:
        return
    pod_spec = document.data
    for step in at:
        pod_spec = mapping(pod_spec.get(step))
    if not any("vllm" in str(one.get("image")) for one in items(pod_spec.get("containers"))):
        return
    if document.kind == "Deployment":
        found = unknown_fields(document.data, "Deployment")
    else:
        found = (((*at, *path), what) for path, what in unknown_fields(pod_spec, "PodSpec"))
    for path, what in found:
        # A placeholder may become any field.
        if not is_placeholder(str(path[-1])):
            made = finding(Problem(what=f"{path[-1]!r} {what}", rule=book.SCHEMA), place(document, path))
            if made is not None:
                yield made


def _tokens(document: Document) -> Iterator[Finding]:
    """Tokens, known by their form, in a Secret that is written down."""
    for part in ("stringData", "data"):
        for key, value in mapping(document.data.get(part)).items():
            text = str(value)
            if part == "data":
                try:
                    text = b64decode(text, validate=True).decode()
                except ValueError:
                    continue
            if is_whole_token(text):
                problem = Problem(
                    what="is a token; everyone who reads the manifest has it", rule=book.LITERAL_SECRET, option=key
                )
                made = finding(problem, place(document, (part, key)))
                if made is not None:
                    yield made


def _server(document: Document, server: Server) -> Iterator[Finding]:
    problems = [
        (problem, (*server.facts.container_path, *path), line) for problem, path, line in server.settings.problems
    ]
    problems += [(problem, *server.place_of(problem)) for problem in (*server.more, *apply(server.facts, CHECKS))]
    for problem, path, line in problems:
        where = place(document, path)
        if line or (server.command.script is not None and path[-2:] == server.command.script_path[-2:]):
            where = _in_script(document, where, path, line)
        made = finding(problem, where, say=lambda option: _say(server, option))
        if made is not None:
            yield made


def _in_script(document: Document, where: Place, path: tuple[str | int, ...], line: int) -> Place:
    number = document.script_line(path, line)
    # A comment beside the option, or beside the script as a whole, holds for it.
    codes = document.ignored.get(number, frozenset()) | document.ignored.get(where.line, frozenset())
    return replace(where, line=number, ignored={number: codes})


def _say(server: Server, option: str) -> str:
    """What Python's users call ``gpus`` is a resource in a manifest."""
    return server.facts.gpu_resource if option.rstrip("=") == "gpus" else server.facts.engine.labels.get(option, option)


def as_data(found: Finding) -> dict[str, Any]:
    """A finding as JSON has it."""
    return {
        "rule": found.rule,
        "severity": found.severity,
        "file": found.file,
        "line": found.line,
        "object": found.object,
        "message": found.message,
        "fix": found.fix,
    }
