"""A stand-in for `vllm serve` with the behaviours that a kubelet meets, for tests where there is no vLLM.

It takes vLLM's command line, and like vLLM: listens only once it has "loaded" (STAND_IN_LOADS seconds); asks for
VLLM_API_KEY below /v1 alone; on SIGTERM finishes what it was asked within --shutdown-timeout and drops it without;
answers /health, /v1/models, /v1/completions (STAND_IN_TOKEN seconds a token) and /metrics. POST /crash and /hang do
what they say.
"""

import argparse
import json
import os
import signal
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

HANGING = threading.Event()


class Running:
    """How many requests are being answered."""

    def __init__(self) -> None:
        self.count = 0
        self.changed = threading.Condition()

    def __enter__(self) -> None:
        with self.changed:
            self.count += 1

    def __exit__(self, *_: object) -> None:
        with self.changed:
            self.count -= 1
            self.changed.notify_all()


RUNNING = Running()


class Handler(BaseHTTPRequestHandler):
    models: tuple[str, ...] = ()
    protocol_version = "HTTP/1.1"

    def answer(self, body: Any, status: int = 200) -> None:
        data = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def refused(self) -> bool:
        key = os.environ.get("VLLM_API_KEY")
        if not key or not self.path.startswith("/v1") or self.headers.get("Authorization") == f"Bearer {key}":
            return False
        self.answer({"error": "Unauthorized"}, 401)
        return True

    def do_GET(self) -> None:
        if HANGING.is_set():
            time.sleep(3600)
        if self.refused():
            return
        if self.path == "/v1/models":
            self.answer({"data": [{"id": name} for name in self.models]})
        elif self.path == "/metrics":
            self.answer(f'vllm:num_requests_running{{model_name="{self.models[0]}",engine="0"}} {RUNNING.count}\n')
        else:
            self.answer("", 200 if self.path == "/health" else 404)

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or b"{}")
        if self.path == "/crash":
            os._exit(1)
        if self.path == "/hang":
            HANGING.set()
        if self.refused():
            return
        with RUNNING:
            tokens = request.get("max_tokens", 1)
            time.sleep(tokens * float(os.environ.get("STAND_IN_TOKEN", "0")))
            self.answer({"choices": [{"text": "x" * tokens}]})

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("command", choices=["serve"])
    parser.add_argument("model")
    parser.add_argument("--host", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--shutdown-timeout", type=float, default=0)
    parser.add_argument("--served-model-name", nargs="*")
    options, _ = parser.parse_known_args()
    if "VLLM_PORT" in os.environ and not os.environ["VLLM_PORT"].isdigit():
        sys.exit(f"VLLM_PORT {os.environ['VLLM_PORT']!r} appears to be a URI")  # as vLLM does
    print(json.dumps(sys.argv), flush=True)

    def drain(*_: Any) -> None:
        end = time.monotonic() + options.shutdown_timeout
        with RUNNING.changed:
            while RUNNING.count and time.monotonic() < end:
                RUNNING.changed.wait(end - time.monotonic())
        time.sleep(0.05)  # the answer's last bytes
        os._exit(0)

    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=drain).start())
    time.sleep(float(os.environ.get("STAND_IN_LOADS", "0")))
    Handler.models = tuple(options.served_model_name or [options.model])
    ThreadingHTTPServer((options.host, options.port), Handler).serve_forever()


if __name__ == "__main__":
    main()
