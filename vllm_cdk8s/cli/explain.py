"""``vllm-cdk8s explain``: what a release will be, before anything is applied."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from vllm_cdk8s.cli.output import show
from vllm_cdk8s.cli.release import placed_release
from vllm_cdk8s.core.models.accelerators import accelerator
from vllm_cdk8s.core.models.ledger import shown
from vllm_cdk8s.core.server.explaining import explanation

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

_WIDTH = 48
_MARKS = {"fits": "fits", "tight": "tight", "too_little": "TOO LITTLE", "unknown": "not known"}


def run(arguments: argparse.Namespace) -> None:
    """Print it."""
    gpu = None if arguments.gpu is None else accelerator(arguments.gpu, option="--gpu").name
    _, plan = placed_release(arguments, gpu=gpu)
    data = explanation(plan.server, plan.manifests(), plan.warnings)
    show(json.dumps(data, indent=2) + "\n" if arguments.json else "\n".join(_text(data)) + "\n")


def _text(data: dict[str, Any]) -> Iterator[str]:
    yield f"{data['model']} by vLLM {data['vllm'] or '(version not said)'}, image {data['image']}"
    yield "\nObjects"
    for each in data["objects"]:
        yield f"  {each['kind']:<24} {each['name']}"
    gpus = data["gpus"]
    yield "\nGPUs"
    number = "not said" if gpus["per_pod"] is None else gpus["per_pod"]
    idle = f", idle {gpus['idle']}" if gpus["idle"] else ""
    yield f"  {number} per pod ({gpus['accelerator'] or 'kind not said'}), used {gpus['used']}{idle}"
    yield "\nNeeds and has"
    for line in data["ledger"]["lines"]:
        needs, has = shown(line["needs"], line["unit"]), shown(line["has"], line["unit"])
        yield f"  {line['what']:<28} needs {needs:>12}  has {has:>12}  {_MARKS[line['verdict']]:<10}  {line['source']}"
    tokens = data["ledger"]["kv_cache_tokens"]
    if tokens is not None:
        yield f"  room for {tokens:,} tokens, {data['ledger']['full_length_sequences']:.1f} sequences of full length"
    yield "\nTime lines (seconds)"
    yield from _time_lines(data)
    yield f"\nPod Security level: {data['pod_security_level']}"
    if data["needs"]:
        yield "\nThe cluster needs"
        yield from (f"  {need}" for need in data["needs"])
    if data["warnings"]:
        yield "\nWarnings"
        for each in data["warnings"]:
            yield f"  {each['rule']} " + ": ".join(filter(None, (each["option"], each["message"])))


def _time_lines(data: dict[str, Any]) -> Iterator[str]:
    start, stop, rollout = data["start"], data["stop"], data["rollout"]
    marks = [
        (0, "container starts"),
        (start["first_probe_after"], "first probe"),
        (start["likely_ready_after"], "ready"),
    ]
    yield from _line("start", [*marks, (start["given_up_after"], "restarted if not ready")])
    drained = stop["pre_stop_seconds"] + (stop["shutdown_timeout"] or 0)
    yield from _line(
        "stop", [(0, "no new requests"), (stop["pre_stop_seconds"], "SIGTERM"), (drained, "drained"),
                 (stop["killed_after"], "SIGKILL")],
    )  # fmt: skip
    yield (
        f"  rollout: {rollout['max_unavailable']} pod down, {rollout['max_surge']} more at a time, of "
        f"{rollout['max_replicas']}; failed after {start['progress_deadline']} without progress"
    )


def _line(name: str, marks: list[tuple[int | None, str]]) -> Iterator[str]:
    """One bar, and what its marks are."""
    known = sorted(((at, what) for at, what in marks if at is not None), key=lambda mark: mark[0])
    end = max(at for at, _ in known) or 1
    bar = ["-"] * (_WIDTH + 1)
    for at, _ in known:
        bar[at * _WIDTH // end] = "|"
    yield f"  {name:<6} {''.join(bar)}"
    yield "         " + ", ".join(f"{at} {what}" for at, what in known)
