"""Stand before a vLLM that decodes: have prompts read by another vLLM, answers written by this one.

A request to one of the two completion paths goes to a prefilling server first, for one token; what that says of where
the KV cache is goes with the request to the decoding server, whose answer is passed on as it comes. Everything else
goes to the decoding server as it is, and so does a request whose prefilling fails.
"""

import argparse
import http.client
import json
import signal
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import SplitResult, urlsplit
from uuid import uuid4

APART = ("/v1/completions", "/v1/chat/completions")
# Of one connection, so not of the next one. https://www.rfc-editor.org/rfc/rfc9110#name-connection
OF_A_CONNECTION = frozenset(
    ("connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "te", "trailer", "transfer-encoding",
     "upgrade", "host", "content-length", "expect")
)  # fmt: skip
# What NixlConnector wants to hear from who has a prompt read for somebody else.
ASKED = {
    "do_remote_decode": True,
    "do_remote_prefill": False,
    "remote_engine_id": None,
    "remote_block_ids": None,
    "remote_host": None,
    "remote_port": None,
}
PIECE = 65536
CONNECT_SECONDS = 5


def say(text: str) -> None:
    """Write a line where `kubectl logs` shows it at once."""
    sys.stderr.write(f"pair-proxy: {text}\n")
    sys.stderr.flush()


def for_prefill(asked: dict[str, Any], protocol: str) -> dict[str, Any]:
    """Make the request for the prompt alone: one token, at once, and for NIXL where its blocks are."""
    request = {name: value for name, value in asked.items() if name not in ("stream_options", "min_tokens")}
    request |= {"stream": False, "max_tokens": 1}
    if "max_completion_tokens" in request:
        request["max_completion_tokens"] = 1
    if protocol == "nixl":
        request["kv_transfer_params"] = ASKED
    return request


def for_decode(asked: dict[str, Any], answer: dict[str, Any]) -> dict[str, Any]:
    """Make the request for the answer, with what the prefilling side said."""
    parameters = answer.get("kv_transfer_params")
    return {**asked, "kv_transfer_params": parameters} if parameters else asked


def connect(where: SplitResult, seconds: float | None) -> http.client.HTTPConnection:
    """Connect soon or not at all, and then wait for as long as is said."""
    connection = http.client.HTTPConnection(where.hostname or "", where.port, timeout=CONNECT_SECONDS)
    connection.connect()
    connection.sock.settimeout(seconds)
    return connection


class Proxy(BaseHTTPRequestHandler):
    """One request at a time, of one client's connection."""

    protocol_version = "HTTP/1.1"
    prefill: SplitResult
    decode: SplitResult
    protocol: str
    seconds: float

    def do(self) -> None:
        """Answer a request of any method."""
        if self.headers.get("Transfer-Encoding"):
            self.refuse(411, "a Content-Length is needed")
            return
        try:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        except ValueError:
            self.refuse(400, "the Content-Length is not a number")
            return
        headers = {name: value for name, value in self.headers.items() if name.lower() not in OF_A_CONNECTION}
        # Both sides log it, and NIXL knows the request by it.
        headers.setdefault("X-Request-Id", str(uuid4()))
        if self.command == "POST" and self.path.partition("?")[0] in APART:
            body = self.prefilled(body, headers)
        self.pass_on(body, headers)

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = do_OPTIONS = do_PATCH = do  # noqa: N815 - http.server asks for them

    def prefilled(self, body: bytes, headers: dict[str, str]) -> bytes:
        """Have the prompt read elsewhere; give the request for the decoding side, which is as it was if that fails."""
        try:
            asked = json.loads(body)
        except ValueError:
            return body  # the decoding server says what is wrong with it
        if not isinstance(asked, dict):
            return body
        connection = None
        try:
            connection = connect(self.prefill, self.seconds)
            connection.request("POST", self.path, json.dumps(for_prefill(asked, self.protocol)).encode(), headers)
            response = connection.getresponse()
            answer = response.read()
            if response.status != http.client.OK:
                say(f"{self.prefill.netloc} answered {response.status}; decoding alone")
                return body
            found = json.loads(answer)
            return json.dumps(for_decode(asked, found if isinstance(found, dict) else {})).encode()
        except (OSError, http.client.HTTPException, ValueError) as error:
            say(f"{self.prefill.netloc}: {type(error).__name__}: {error}; decoding alone")
            return body
        finally:
            if connection is not None:
                connection.close()

    def pass_on(self, body: bytes, headers: dict[str, str]) -> None:
        """Let the decoding server answer."""
        connection = None
        started = False
        try:
            connection = connect(self.decode, None)
            connection.request(self.command, self.path, body or None, headers)
            response = connection.getresponse()
            started = True
            self.copy(response)
        except (OSError, http.client.HTTPException) as error:
            self.close_connection = True
            if not started:
                self.refuse(502, f"vLLM does not answer: {type(error).__name__}")
        finally:
            # vLLM gives up a request whose client has gone.
            if connection is not None:
                connection.close()

    def copy(self, response: http.client.HTTPResponse) -> None:
        """Pass an answer on as it comes."""
        self.send_response_only(response.status, response.reason)
        for name, value in response.getheaders():
            if name.lower() not in OF_A_CONNECTION:
                self.send_header(name, value)
        bare = self.command == "HEAD" or response.status in (204, 304)
        length = response.getheader("Content-Length")
        if length is not None:
            self.send_header("Content-Length", length)
        elif not bare:
            self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        while not bare and (piece := response.read1(PIECE)):
            self.wfile.write(piece if length is not None else b"%x\r\n%b\r\n" % (len(piece), piece))
            self.wfile.flush()
        if not bare and length is None:
            self.wfile.write(b"0\r\n\r\n")

    def refuse(self, status: int, why: str) -> None:
        """Answer in the form of vLLM's own errors."""
        body = json.dumps({"error": {"message": why, "type": "pair-proxy", "code": status}}).encode()
        self.close_connection = True
        self.send_response_only(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing of each request, of which vLLM has a log."""


class Server(ThreadingHTTPServer):
    """Many clients at a time."""

    request_queue_size = 1024
    daemon_threads = True


def main(arguments: list[str]) -> int:
    """Serve until told to stop; give the exit code."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--host", default="0.0.0.0")  # noqa: S104 - a sidecar is reached from outside its pod
    parser.add_argument("--decode", type=urlsplit, required=True)
    parser.add_argument("--prefill", type=urlsplit, required=True)
    parser.add_argument("--protocol", choices=("nixl", "files"), required=True)
    parser.add_argument("--timeout", type=float, default=300)
    given = parser.parse_args(arguments)
    Proxy.prefill, Proxy.decode = given.prefill, given.decode
    Proxy.protocol, Proxy.seconds = given.protocol, given.timeout
    server = Server((given.host, given.port), Proxy)
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    say(f"port {given.port}: prompts are read by {given.prefill.netloc}, answers written by {given.decode.netloc}")
    server.serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
