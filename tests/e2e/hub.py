"""A model hub of this machine: the part of the Hugging Face hub's HTTP API that vLLM and the download programs use.

Every model is one of the tiny ones. A gated model is given only to those who send the token.
Source: https://huggingface.co/docs/hub/api, and what huggingface_hub asks for.
"""

from __future__ import annotations

import hashlib
import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from typing_extensions import Self

REVISION = hashlib.sha1(b"the only one", usedforsecurity=False).hexdigest()
TOKEN = "hf_of_a_test"  # noqa: S105 - no secret of anybody's


class Hub(ThreadingHTTPServer):
    """`with Hub({"org/name": folder}, gated={"org/name"}) as hub: hub.url`; `hub.asked` lists the requests."""

    def __init__(self, models: Mapping[str, Path], *, gated: frozenset[str] = frozenset()) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.models, self.gated = models, gated
        self.asked: list[str] = []
        self.url = f"http://127.0.0.1:{self.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()


class Handler(BaseHTTPRequestHandler):
    server: Hub
    protocol_version = "HTTP/1.1"

    def do_HEAD(self) -> None:
        self.respond()

    def do_GET(self) -> None:
        self.respond()

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.respond()

    def respond(self) -> None:
        path = unquote(urlsplit(self.path).path).strip("/")
        part = self.headers.get("Range")
        self.server.asked.append(f"{self.command} {path}" + (f" {part}" if part else ""))
        wanted = re.fullmatch(r"(?:api/models/)?([^/]+/[^/]+)(?:/(revision|tree|resolve)/[^/]+(?:/(.+))?)?", path)
        if wanted is None or wanted[1] not in self.server.models:
            self.send(404, error="RepoNotFound")
        elif wanted[1] in self.server.gated and self.headers.get("Authorization") != f"Bearer {TOKEN}":
            self.send(401, error="GatedRepo")
        elif wanted[2] == "resolve":
            self.send_file(self.server.models[wanted[1]] / (wanted[3] or ""), part)
        else:
            files = sorted(file for file in self.server.models[wanted[1]].iterdir() if file.is_file())
            if wanted[3]:  # there are no folders
                files = []
            listed = tree(files) if wanted[2] == "tree" else info(wanted[1], files)
            self.send(200, json.dumps(listed).encode())

    def send_file(self, file: Path, part: str | None) -> None:
        if not file.is_file():
            self.send(404, error="EntryNotFound")
            return
        body = file.read_bytes()
        if part is None:
            self.send(200, body)
            return
        first, last = (int(number) for number in part.removeprefix("bytes=").split("-"))
        last = min(last, len(body) - 1)
        self.send(206, body[first : last + 1], of=f"bytes {first}-{last}/{len(body)}")

    def send(self, status: int, body: bytes = b"", *, error: str | None = None, of: str | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("ETag", f'"{_digest(body)}"')
        self.send_header("X-Repo-Commit", REVISION)
        if of is not None:
            self.send_header("Content-Range", of)
        if error is not None:
            self.send_header("X-Error-Code", error)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def tree(files: list[Path]) -> list[dict[str, Any]]:
    return [
        {"type": "file", "path": file.name, "size": file.stat().st_size, "oid": _digest(file.read_bytes())}
        for file in files
    ]


def info(model: str, files: list[Path]) -> dict[str, Any]:
    return {
        "id": model, "modelId": model, "sha": REVISION, "private": False, "disabled": False, "tags": [],
        "downloads": 0, "likes": 0, "pipeline_tag": "text-generation",
        "siblings": [{"rfilename": file.name} for file in files],
    }  # fmt: skip


def _digest(data: bytes) -> str:
    return hashlib.sha1(data, usedforsecurity=False).hexdigest()
