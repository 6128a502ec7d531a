"""A model hub of this machine: the part of the Hugging Face hub's HTTP API that vLLM and the download programs use.

Every model is one of the tiny ones. A gated model is given only to those who send the token.
Source: https://huggingface.co/docs/hub/api, and what huggingface_hub asks for.
"""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

REVISION = hashlib.sha1(b"the only one", usedforsecurity=False).hexdigest()
TOKEN = "hf_of_a_test"  # noqa: S105 - no secret of anybody's


class Hub:
    """`with Hub({"org/name": folder}, gated={"org/name"}) as hub: hub.url`; `hub.asked` lists the requests."""

    def __init__(self, models: Mapping[str, Path], *, gated: frozenset[str] = frozenset()) -> None:
        self.asked: list[str] = []
        hub = self

        class Handler(BaseHTTPRequestHandler):
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
                part = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", ""))
                hub.asked.append(f"{self.command} {path}" + (f" {part[0]}" if part else ""))
                wanted = re.fullmatch(r"(?:api/models/)?([^/]+/[^/]+)(?:/(revision|tree|resolve)/[^/]+(?:/(.+))?)?", path)
                if wanted is None or wanted[1] not in models:
                    return self.send(404, error="RepoNotFound")
                if wanted[1] in gated and self.headers.get("Authorization") != f"Bearer {TOKEN}":
                    return self.send(401, error="GatedRepo")
                folder = models[wanted[1]]
                files = sorted(file for file in folder.iterdir() if file.is_file())
                if wanted[2] == "resolve":
                    file = folder / (wanted[3] or "")
                    if file not in files:
                        return self.send(404, error="EntryNotFound")
                    body = file.read_bytes()
                    if part is None:
                        return self.send(200, body)
                    first, last = int(part[1]), min(int(part[2]), len(body) - 1)
                    return self.send(206, body[first : last + 1], of=f"bytes {first}-{last}/{len(body)}")
                if wanted[2] == "tree":
                    found = [
                        {"type": "file", "path": file.name, "size": file.stat().st_size, "oid": _digest(file)}
                        for file in files
                        if not wanted[3]
                    ]
                    return self.send(200, json.dumps(found).encode())
                info = {
                    "id": wanted[1], "modelId": wanted[1], "sha": REVISION, "private": False, "disabled": False,
                    "tags": [], "downloads": 0, "likes": 0, "pipeline_tag": "text-generation",
                    "siblings": [{"rfilename": file.name} for file in files],
                }  # fmt: skip
                return self.send(200, json.dumps(info).encode())

            def send(self, status: int, body: bytes = b"", *, error: str | None = None, of: str | None = None) -> None:
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.send_header("ETag", f'"{hashlib.sha1(body, usedforsecurity=False).hexdigest()}"')
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

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def __enter__(self) -> Hub:
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()


def _digest(file: Path) -> str:
    return hashlib.sha1(file.read_bytes(), usedforsecurity=False).hexdigest()
