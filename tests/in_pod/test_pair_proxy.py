"""The proxy between a prefilling and a decoding vLLM, run as it is between two servers that speak as vLLM does."""

import http.client
import json
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import create_server
from time import monotonic, sleep
from typing import Any, cast

import pytest

from vllm_cdk8s.in_pod import pair_proxy

HERE = "127.0.0.1"
WHERE = {"do_remote_prefill": True, "remote_engine_id": "e", "remote_host": "10.0.0.1", "remote_port": 5600}


class Vllm(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        vllm = cast("Fake", self.server)
        raw = self.rfile.read(int(self.headers["Content-Length"]))
        body = json.loads(raw) if raw.startswith(b'{"') else {"raw": raw}
        vllm.seen.append((self.path, body, dict(self.headers.items())))
        if body.get("stream"):
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for word in ("one", "two"):
                line = f"data: {word}\n\n".encode()
                self.wfile.write(b"%x\r\n%b\r\n" % (len(line), line))
                self.wfile.flush()
                assert vllm.may_go_on.wait(10)
            self.wfile.write(b"0\r\n\r\n")
            return
        answer = json.dumps({"by": vllm.name, **vllm.says}).encode()
        self.send_response(vllm.status)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def do_GET(self) -> None:
        vllm = cast("Fake", self.server)
        self.send_response(200)
        self.send_header("Content-Length", str(len(vllm.name)))
        self.end_headers()
        self.wfile.write(vllm.name.encode())

    do_HEAD = do_GET  # noqa: N815 - likewise

    def log_message(self, format: str, *args: Any) -> None:
        pass


class Fake(ThreadingHTTPServer):
    daemon_threads = False  # so that closing it waits for its connections, and leaves none open

    def __init__(self, name: str, says: dict[str, Any]) -> None:
        super().__init__((HERE, 0), Vllm)
        self.name, self.says, self.status = name, says, 200
        self.seen: list[tuple[str, dict[str, Any], dict[str, str]]] = []
        self.may_go_on = threading.Event()
        self.may_go_on.set()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://{HERE}:{self.server_address[1]}"


@contextmanager
def fake(name: str, **says: Any) -> Iterator[Fake]:
    server = Fake(name, says)
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


def free_port() -> int:
    with create_server((HERE, 0)) as found:
        port: int = found.getsockname()[1]
        return port


@contextmanager
def nobody() -> Iterator[str]:
    """Where nobody answers, and nobody else can begin to meanwhile."""
    with socket.socket() as held:
        held.bind((HERE, 0))
        yield f"http://{HERE}:{held.getsockname()[1]}"


@contextmanager
def proxy(prefill: str, decode: str, *, protocol: str = "nixl", timeout: float = 5) -> Iterator[int]:
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, pair_proxy.__file__, f"--port={port}", f"--host={HERE}", f"--decode={decode}",
         f"--prefill={prefill}", f"--protocol={protocol}", f"--timeout={timeout}"],
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        end = monotonic() + 20
        while monotonic() < end:
            try:
                connection = http.client.HTTPConnection(HERE, port, timeout=1)
                connection.connect()
                connection.close()
                break
            except OSError:
                sleep(0.05)
        yield port
    finally:
        process.terminate()
        assert process.wait(10) == 0


def ask(
    port: int, path: str = "/v1/completions", method: str = "POST", body: Any = None, **headers: str
) -> tuple[int, bytes]:
    given = {"prompt": "p"} if body is None else body
    data = given if isinstance(given, bytes) else json.dumps(given).encode()
    with closing(http.client.HTTPConnection(HERE, port, timeout=10)) as connection:
        connection.request(method, path, data if method == "POST" else None, headers)
        response = connection.getresponse()
        return response.status, response.read()


def test_the_prompt_is_read_there_and_the_answer_written_here() -> None:
    asked = {
        "prompt": "p", "max_tokens": 9, "max_completion_tokens": 9, "min_tokens": 3,
        "stream_options": {"include_usage": True},
    }  # fmt: skip
    with fake("prefill", kv_transfer_params=WHERE) as prefill, fake("decode") as decode:
        with proxy(prefill.url, decode.url) as port:
            status, answer = ask(port, body=asked, Authorization="Bearer k")
        [(path, first, headers)], [(_, second, others)] = prefill.seen, decode.seen
    assert (status, json.loads(answer)["by"], path) == (200, "decode", "/v1/completions")
    assert (first["max_tokens"], first["max_completion_tokens"], first["stream"]) == (1, 1, False)
    assert not first.keys() & {"min_tokens", "stream_options"}
    assert first["kv_transfer_params"]["do_remote_decode"] is True
    assert second == {**asked, "kv_transfer_params": WHERE}
    # Both know who asks, and which request it is.
    assert headers["Authorization"] == others["Authorization"] == "Bearer k"
    assert headers["X-Request-Id"] == others["X-Request-Id"]


def test_files_are_found_by_the_prompt_alone() -> None:
    with fake("prefill") as prefill, fake("decode") as decode:
        with proxy(prefill.url, decode.url, protocol="files") as port:
            assert ask(port, "/v1/chat/completions", body={"messages": []})[0] == 200
        assert "kv_transfer_params" not in prefill.seen[0][1]
        assert decode.seen[0][1] == {"messages": []}


def test_an_answer_is_passed_on_as_it_comes() -> None:
    with fake("prefill", kv_transfer_params=WHERE) as prefill, fake("decode") as decode:
        decode.may_go_on.clear()
        with proxy(prefill.url, decode.url) as port:
            connection = http.client.HTTPConnection(HERE, port, timeout=10)
            connection.request("POST", "/v1/completions", json.dumps({"prompt": "p", "stream": True}))
            response = connection.getresponse()
            assert response.readline() == b"data: one\n"
            # The second word is not even written yet.
            decode.may_go_on.set()
            assert b"data: two" in response.read()
            connection.close()


@pytest.mark.parametrize("why", ["gone", "error", "nonsense"])
def test_without_a_prefilling_pod_the_decoding_one_does_both(why: str) -> None:
    with fake("prefill", kv_transfer_params=WHERE) as prefill, fake("decode") as decode, nobody() as gone:
        if why == "error":
            prefill.status = 503
        url = gone if why == "gone" else prefill.url
        if why == "nonsense":
            prefill.says = {"kv_transfer_params": None}
        with proxy(url, decode.url) as port:
            status, answer = ask(port)
        assert (status, json.loads(answer)["by"]) == (200, "decode")
        assert decode.seen[0][1] == {"prompt": "p"}


def test_everything_else_goes_to_the_decoding_one() -> None:
    with fake("prefill") as prefill, fake("decode") as decode, proxy(prefill.url, decode.url) as port:
        assert ask(port, "/health", "GET") == (200, b"decode")
        assert ask(port, "/metrics", "HEAD") == (200, b"")
        assert ask(port, "/v1/embeddings")[0] == 200
        # vLLM says what is wrong with it, in its own words.
        for wrong in (b"{not json", b"[1]"):
            assert ask(port, body=wrong)[0] == 200
            assert decode.seen[-1][1] == {"raw": wrong}
        assert prefill.seen == []


def test_what_it_cannot_pass_on_it_refuses() -> None:
    with fake("prefill") as prefill, nobody() as decode, proxy(prefill.url, decode) as port:
        status, answer = ask(port)
        assert status == 502
        assert "vLLM does not answer" in json.loads(answer)["error"]["message"]
        # Without bodies: what is sent to somebody who has refused and gone may fail before his answer is read.
        assert ask(port, method="GET", **{"Transfer-Encoding": "chunked"})[0] == 411
        assert ask(port, method="GET", **{"Content-Length": "x"})[0] == 400
