"""``vllm-cdk8s migrate``: what changes when a Helm release is taken over, and values that keep it as it is."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from msgspec.structs import asdict

from vllm_cdk8s.cli.output import CommandError, need_standard_input, say, show, write_whole
from vllm_cdk8s.core.kube import checks
from vllm_cdk8s.helm.loading import load_values
from vllm_cdk8s.helm.migrating import migrate, sentences
from vllm_cdk8s.helm.migration import Migration, Running
from vllm_cdk8s.helm.other_charts import server_names
from vllm_cdk8s.helm.written import values_yaml
from vllm_cdk8s.lint.documents import UnreadableError, read
from vllm_cdk8s.lint.finding import Options
from vllm_cdk8s.lint.servers import servers_of

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Mapping


def run(arguments: argparse.Namespace) -> None:
    """Print the differences, and write the values where asked."""
    if arguments.namespace is not None:
        checks.dns_label("--namespace", arguments.namespace)
    if arguments.values == arguments.manifest == "-":
        raise CommandError("--manifest: standard input is read for --values already; allowed: a file")
    values = load_values(arguments.values)
    names = server_names(values)
    server = arguments.server or (names[0] if len(names) > 1 else None)
    running = None if arguments.manifest is None else _running(arguments.manifest, server)
    found = migrate(arguments.name, values, running, namespace=arguments.namespace, server=server)
    if arguments.server is None and len(names) > 1:
        said = f"{len(names)} servers, {', '.join(names)}"
        say(f"warning: --values: {said}; this is of {server}; say --server for another")
    show(_data(found) if arguments.json else "\n".join(_text(found, manifest=running is not None)) + "\n")
    if arguments.output is not None:
        text = values_yaml(found.values)
        inputs = [path for path in (arguments.values, arguments.manifest) if path is not None]
        say(f"wrote {write_whole(arguments.output, text, option='--output', inputs=inputs)}")


def _running(path: str, name: str | None) -> Running:
    """What runs, of the server of that name where there are several."""
    need_standard_input([path])
    problems: list[UnreadableError] = []
    # What has no kind and no name is no object of Kubernetes.
    documents = [
        each
        for each in read(path, problems=problems)
        if isinstance(each.data.get("kind"), str) and isinstance(each.data.get("metadata"), dict)
    ]
    if problems:
        raise CommandError(f"--manifest: {problems[0]}")
    servers = [
        (document, server) for document in documents for _, each in servers_of(document, Options()) for server in each
    ]
    if not servers:
        raise CommandError(f"--manifest: {path}: no container in it starts vLLM")
    workloads = [str(document.data["metadata"].get("name")) for document, _ in servers]
    named = [at for at, workload in enumerate(workloads) if name and f"-{name}-" in f"-{workload}-"]
    index = named[0] if named else 0
    document, server = servers[index]
    if name is not None and not named:
        say(f"warning: --manifest: none of its servers is called after {name}; this is of {workloads[index]}")
    elif len(servers) > 1:
        say(f"warning: --manifest: {len(servers)} servers; this is of {workloads[index]}")
    model = {} if server.settings.model is None else {"model": server.settings.model}
    return Running(
        objects=tuple(each.data for each in documents),
        workload=document.data,
        container=server.facts.container,
        settings={**model, **server.settings.values},
        complete=server.settings.complete,
        installs=_installs(server.command.script or "", server.command.installs),
    )


def _installs(script: str, command: str | None) -> str | None:
    """The whole line that installs something."""
    if command is None:
        return None
    lines = (" ".join(line.split()) for line in script.splitlines())
    return next((line for line in lines if command in line and not line.startswith("#")), command)


def _data(found: Migration) -> str:
    data: Mapping[str, Any] = {
        "chart": found.chart,
        "differences": [{**asdict(each), "keep": [str(keep) for keep in each.keep]} for each in found.differences],
        "unknown": list(found.unknown),
        "notes": list(found.notes),
        "warnings": [{"rule": each.rule.code, "message": each.line()} for each in found.warnings],
    }
    return json.dumps(data, indent=2) + "\n"


def _text(found: Migration, *, manifest: bool) -> Iterator[str]:
    yield f"Values of the chart {found.chart}."
    if found.notes:
        yield "\nKnow that"
        yield from (f"  {note}" for note in found.notes)
    if found.unknown:
        yield "\nHas no place here"
        yield from (f"  {path}" for path in found.unknown)
    if not manifest:
        yield "\nWhat runs is not compared: give --manifest, from `helm get manifest`."
    elif found.differences:
        yield "\nApplying our YAML changes"
        yield from (f"  {line}" for line in sentences(found.differences))
    else:
        yield "\nApplying our YAML changes nothing."
    if found.warnings:
        yield "\nWarnings"
        yield from (f"  {warning}" for warning in found.warnings)
