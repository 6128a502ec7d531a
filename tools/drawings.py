"""Draw docs/drawings/*.svg from what a server says of itself; ``--check`` compares.

The server is the README's. Its numbers are `explain()`'s, so that a change of a default is a drawing that differs.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any

import cdk8s

from vllm_cdk8s import Alerts, Dashboard, ModelStorage, PodMonitor, SecretKey, VllmServer

FOLDER = Path(__file__).parents[1] / "docs" / "drawings"

_WIDTH, _MARGIN, _NAME = 820, 20, 84
_LETTER = 6.3  # the usual width of one, in pixels, at the size of `_STYLE`
_STYLE = "font: 12px system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif; fill: #1f2933"
_ARROW = (
    '<defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto">'
    '<path d="M0 0L8 4L0 8z" fill="#52606d"/></marker></defs>'
)
_COLOURS = {
    "starts": "#f5c26b",
    "serves": "#7bc78f",
    "drains": "#8fb8e8",
    "ends": "#c9ced6",
    "may take": "#fbe7c4",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Lane:
    """A row of a time line: its name, and what happens in it as (from, to, kind)."""

    name: str
    spans: list[tuple[float, float, str]]


@dataclass(kw_only=True, slots=True)
class _Sheet:
    """An SVG that grows downwards."""

    title: str
    parts: list[str] = field(default_factory=list)

    def rectangle(self, x: float, y: float, width: float, height: float, fill: str, *, dashed: bool = False) -> None:
        edge = ' stroke-dasharray="4 3"' if dashed else ""
        self.parts.append(
            f'<rect x="{x:.0f}" y="{y:.0f}" width="{width:.0f}" height="{height:.0f}" rx="4" fill="{fill}" '
            f'stroke="#52606d"{edge}/>'
        )

    def text(
        self, x: float, y: float, said: str, *, anchor: str = "start", bold: bool = False, clear: bool = False
    ) -> None:
        weight = ' font-weight="600"' if bold else ""
        # A white edge, so that a line behind the letters does not cross them.
        weight += ' stroke="#ffffff" stroke-width="4" paint-order="stroke"' if clear else ""
        self.parts.append(f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}"{weight}>{escape(said)}</text>')

    def line(self, x: float, y: float, to_x: float, to_y: float, *, arrow: bool = False) -> None:
        end = ' marker-end="url(#arrow)"' if arrow else ""
        self.parts.append(f'<line x1="{x:.0f}" y1="{y:.0f}" x2="{to_x:.0f}" y2="{to_y:.0f}" stroke="#52606d"{end}/>')

    def svg(self, height: float) -> str:
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height:.0f}" role="img" style="{_STYLE}">'
        )
        ground = f'<rect width="{_WIDTH}" height="{height:.0f}" rx="6" fill="#ffffff"/>'
        return "\n".join([head, f"<title>{escape(self.title)}</title>", _ARROW, ground, *self.parts, "</svg>\n"])


def time_line(title: str, lanes: list[Lane], marks: list[tuple[float, str]]) -> str:
    """Lanes below each other on one scale of seconds, with marks below, of which none covers another."""
    sheet = _Sheet(title=title)
    end = max([at for at, _ in marks] + [to for lane in lanes for _, to, _ in lane.spans])
    left = _MARGIN + _NAME
    scale = (_WIDTH - left - _MARGIN) / end
    y = _MARGIN
    for lane in lanes:
        sheet.text(_MARGIN, y + 19, lane.name, bold=True)
        for start, to, kind in lane.spans:
            width = (to - start) * scale
            sheet.rectangle(left + start * scale, y, width, 28, _COLOURS[kind], dashed=kind == "may take")
            if width > len(kind) * _LETTER + 8:
                sheet.text(left + (start + to) / 2 * scale, y + 19, kind, anchor="middle")
        y += 38
    labels: list[tuple[float, float, str]] = []
    rows: list[float] = []  # where the last label of each row ends
    for at, what in sorted(marks):
        label = f"{at:,.0f} s {what}"
        x, width = left + at * scale, len(label) * _LETTER
        begin = min(x - 4, _WIDTH - _MARGIN - width)
        row = next((number for number, taken in enumerate(rows) if taken + 10 < begin), len(rows))
        rows[row : row + 1] = [begin + width]
        sheet.line(x, y - 8, x, y + 8 + row * 18)
        labels.append((begin, y + 20 + row * 18, label))
    for x, at, label in labels:
        sheet.text(x, at, label, clear=True)
    return sheet.svg(y + 24 + len(rows) * 18)


def start(facts: dict[str, Any]) -> str:
    """How a pod starts, and how long it may take."""
    said = facts["start"]
    ready, given_up, deadline = said["likely_ready_after"], said["given_up_after"], said["progress_deadline"]
    return time_line(
        f"Start-up of {facts['model']} on {facts['gpus']['per_pod']} x {facts['gpus']['accelerator']}",
        [Lane(name="container", spans=[(0, ready, "starts"), (ready, deadline, "serves")]),
         Lane(name="at most", spans=[(0, given_up, "may take")])],
        [(0, "the container starts: download, load, compile"), (said["first_probe_after"], "first probe"),
         (ready, "likely ready"), (given_up, "restarted if not ready"), (deadline, "rollout given up")],
    )  # fmt: skip


def stop(facts: dict[str, Any]) -> str:
    """How a pod stops, and what its requests get."""
    said = facts["stop"]
    term, drained = said["pre_stop_seconds"], said["pre_stop_seconds"] + said["shutdown_timeout"]
    return time_line(
        f"How a pod stops that has {drained} s to drain",
        [Lane(name="requests", spans=[(0, drained, "drains")]),
         Lane(name="pod", spans=[(0, term, "serves"), (term, drained, "drains"),
                                 (drained, said["killed_after"], "ends")])],
        [(0, "off every list of endpoints; preStop waits"), (term, "SIGTERM: no new requests"),
         (drained, "what still runs is cut off"), (said["killed_after"], "SIGKILL, if it is still there")],
    )  # fmt: skip


def rollout(facts: dict[str, Any]) -> str:
    """How two pods are replaced, one after the other."""
    said = facts["rollout"]
    if (said["max_surge"], said["max_unavailable"], said["max_replicas"]) != (0, 1, 2):
        raise SystemExit(f"this drawing is of two pods, replaced one at a time: {said}")
    drained = facts["stop"]["pre_stop_seconds"] + facts["stop"]["shutdown_timeout"]
    first = drained + facts["start"]["likely_ready_after"]
    second = first + first
    end = second + drained
    return time_line(
        "A rollout of two pods that each hold their GPUs",
        [Lane(name="pod 1", spans=[(0, drained, "drains"), (drained, first, "starts"), (first, end, "serves")]),
         Lane(name="pod 2", spans=[(0, first, "serves"), (first, first + drained, "drains"),
                                   (first + drained, second, "starts"), (second, end, "serves")])],
        [(0, "the old pod 1 is told to stop"), (drained, "its GPUs are free: the new one starts"),
         (first, "the new pod 1 is ready, pod 2's turn"), (second, "done")],
    )  # fmt: skip


def built(facts: dict[str, Any], kinds: set[str]) -> str:
    """What stands around the pods, and who refers to whom."""
    objects = {each["kind"]: each["name"] for each in facts["objects"]}
    sheet = _Sheet(title=f"What is built for the server {objects['Deployment']}")

    def box(x: float, y: float, kind: str, lines: list[str], *, own: bool = False) -> None:
        sheet.rectangle(x, y, 220, 32 + 17 * len(lines), "#eef1f5" if own else "#e3f0e6", dashed=own)
        sheet.text(x + 10, y + 18, kind, bold=True)
        for number, text in enumerate(lines):
            sheet.text(x + 10, y + 36 + 17 * number, text)

    gpus, command = facts["gpus"], facts["command"]
    port = next(each.partition("=")[2] for each in command if each.startswith("--port="))
    box(20, 30, "your client", ["http://" + f"{objects['Service']}:{port}"], own=True)
    box(300, 30, "Service", [objects["Service"], f"port {port}"])
    box(300, 130, "Deployment", [objects["Deployment"], "one pod down, none more", "at a time"])
    box(580, 30, "pod", [" ".join(command[:2]) + " …", facts["model"], f"{gpus['per_pod']} x {gpus['resource']}",
                         "probes on /health", "shared memory for NCCL"])  # fmt: skip
    claim = objects["PersistentVolumeClaim"]
    box(580, 180, "PersistentVolumeClaim", [claim, "/root/.cache: weights, and", "what vLLM compiles"])
    box(300, 240, "ServiceAccount", [objects["ServiceAccount"], "may do nothing"])
    box(20, 130, "Secret", ["huggingface, made by you", "only ever referred to"], own=True)
    around = [kind for kind in ("PodMonitor", "PrometheusRule", "ConfigMap") if kind in kinds]
    box(20, 240, "monitoring, if you ask for it", [", ".join(around[:2]) + ",", "and a dashboard in a " + around[2]])
    sheet.line(240, 50, 296, 50, arrow=True)
    sheet.line(520, 50, 576, 50, arrow=True)
    sheet.line(520, 150, 576, 125, arrow=True)
    sheet.line(690, 149, 690, 176, arrow=True)
    sheet.line(520, 260, 550, 260)
    sheet.line(550, 260, 576, 133, arrow=True)
    sheet.line(240, 160, 270, 160)
    sheet.line(270, 160, 270, 112)
    sheet.line(270, 112, 576, 112, arrow=True)
    return sheet.svg(330)


def drawings() -> dict[str, str]:
    """Give every drawing by its file's name."""
    app = cdk8s.App()
    options: dict[str, Any] = {
        "model": "Qwen/Qwen3-32B", "image": "vllm/vllm-openai:v0.33.0", "gpus": 2, "gpu": "H100",
        "engine_args": {"max_model_len": 40960}, "hf_token": SecretKey("huggingface", "token"), "drain_seconds": 60,
    }  # fmt: skip
    one = cdk8s.Chart(app, "one", namespace="one")
    server = VllmServer(one, "qwen", name="qwen", **options)
    PodMonitor(one, "metrics", server=server)
    Alerts(one, "alerts", server=server)
    Dashboard(one, "dashboard", server=server)
    two = cdk8s.Chart(app, "two", namespace="two")
    shared = ModelStorage.nfs(two, "models", server="nfs.example.com", path="/models")
    pair = VllmServer(two, "qwen", name="qwen", replicas=2, storage=shared, **options)
    facts = server.explain()
    return {
        "built.svg": built(facts, {each["kind"] for each in cdk8s.Testing.synth(one)}),
        "start.svg": start(facts),
        "stop.svg": stop(facts),
        "rollout.svg": rollout(pair.explain()),
    }


def main() -> None:
    made = drawings()
    if "--check" in sys.argv[1:]:
        there = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.svg")}
        sys.exit(0 if there == made else "docs/drawings is not what `make drawings` draws")
    FOLDER.mkdir(exist_ok=True)
    for name, text in made.items():
        (FOLDER / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
