"""``vllm-cdk8s template``: the YAML of a release, and the notes that a Helm user expects after an install."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vllm_cdk8s.cli.output import say, show, write_whole
from vllm_cdk8s.cli.release import files_read, planned_release
from vllm_cdk8s.core.kube.writing import to_yaml
from vllm_cdk8s.helm.notes import release_notes

if TYPE_CHECKING:
    import argparse

_SILENT = 2  # -qq


def run(arguments: argparse.Namespace) -> None:
    """Print or write the YAML."""
    values, plan = planned_release(arguments)
    text = to_yaml(manifest.wire(arguments.namespace) for manifest in plan.manifests())
    target, quiet = arguments.output, arguments.quiet
    if arguments.output_dir is not None:
        target = arguments.output_dir / f"{arguments.name}.k8s.yaml"
    if target is None:
        show(text)
    else:
        option = "--output" if arguments.output_dir is None else "--output-dir"
        written = write_whole(target, text, option=option, inputs=files_read(arguments))
        if quiet < _SILENT and str(written) != "-":
            say(f"wrote {written}")
    if not quiet:
        notes = release_notes(
            values, plan.parts.release, namespace=arguments.namespace, model=plan.server.engine.served_model_name
        )
        say(notes)
    for warning in plan.warnings if quiet < _SILENT else ():
        say("warning: " + " ".join(str(warning).splitlines()))
