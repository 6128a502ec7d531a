"""Ask a vLLM server for its health, its models and one answer; say what is wrong, by text and by exit code.

Exit codes: 0 all is well; 2 wrong arguments; 3 never healthy; 4 the API key was refused; 5 the model is not served;
6 no proper answer. The environment may hold SMOKE_TEST_API_KEY, and SMOKE_TEST_CA with certificates in PEM.
"""

import argparse
import http.client
import json
import os
import ssl
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any, NoReturn

NOT_HEALTHY, REFUSED, NO_MODEL, BAD_ANSWER = 3, 4, 5, 6
EXCERPT = 500


def say(text: str) -> None:
    """Write a line where `kubectl logs` shows it at once."""
    sys.stderr.write(f"smoke-test: {text}\n")
    sys.stderr.flush()


def fail(code: int, text: str) -> NoReturn:
    """Say what is wrong, as the last line, and end."""
    say(f"FAILED: {text}")
    sys.exit(code)


class Client:
    """The server at one URL."""

    def __init__(self, url: str, *, seconds: float, insecure: bool) -> None:
        self.url = url.rstrip("/")
        self.seconds = seconds
        tls = ssl.create_default_context(cadata=os.environ.get("SMOKE_TEST_CA") or None)
        if insecure:
            tls.check_hostname, tls.verify_mode = False, ssl.CERT_NONE
        # No proxy: the server is in the cluster.
        self.opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=tls)
        )

    def ask(self, path: str, body: dict[str, Any] | None = None) -> tuple[int, str]:
        """Give the status and the text of the answer; OSError where there is none."""
        headers = {"Content-Type": "application/json"}
        if key := os.environ.get("SMOKE_TEST_API_KEY"):
            headers["Authorization"] = f"Bearer {key}"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data=data, headers=headers)  # noqa: S310 - http(s), see main
        try:
            with self.opener.open(request, timeout=self.seconds) as answer:
                return answer.status, answer.read().decode("utf-8", "replace")
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode("utf-8", "replace")
        except http.client.HTTPException as error:
            raise OSError(f"not HTTP: {error!r}") from error

    def wait(self, *, seconds: float, interval: float) -> None:
        """Return once /health answers 200."""
        say(f"waiting up to {seconds:g} s for {self.url}/health")
        end, last = time.monotonic() + seconds, ""
        while True:
            try:
                status, _ = self.ask("/health")
                state = f"status {status}"
            except OSError as error:
                status, state = 0, str(error)
                if isinstance(getattr(error, "reason", None), ssl.SSLCertVerificationError):
                    fail(NOT_HEALTHY, f"{self.url}: its certificate is not trusted: {state}")
            if status == 200:  # noqa: PLR2004 - HTTP's own number
                return
            if state != last:
                say(f"not healthy yet: {state}")
                last = state
            if time.monotonic() + interval > end:
                fail(NOT_HEALTHY, f"{self.url}/health: not healthy within {seconds:g} s; last: {state}")
            time.sleep(interval)

    def json(self, path: str, body: dict[str, Any] | None = None) -> Any:
        """Give the answer's JSON; a failure where the status is not 200."""
        try:
            status, text = self.ask(path, body)
        except OSError as error:
            fail(BAD_ANSWER, f"{path}: no answer: {error}")
        if status in (401, 403):
            fail(REFUSED, f"{path}: status {status}: the API key is missing or wrong")
        if status != 200:  # noqa: PLR2004 - HTTP's own number
            fail(BAD_ANSWER, f"{path}: status {status}: {text[:EXCERPT]}")
        try:
            return json.loads(text)
        except ValueError:
            fail(BAD_ANSWER, f"{path}: not JSON: {text[:EXCERPT]!r}")


def dimensions(answer: Any) -> str:
    """Say how long the embedding is; an error where it is none."""
    numbers = [float(number) for number in answer["data"][0]["embedding"]]
    return f"{len(numbers)} dimensions, the first {numbers[0]}"


# By kind of request: the path, the request for a model and a prompt, and what is read out of the answer.
Request = tuple[str, Callable[[str, str], dict[str, Any]], Callable[[Any], str]]
REQUESTS: dict[str, Request] = {
    "completion": (
        "/v1/completions",
        lambda model, prompt: {"model": model, "prompt": prompt, "max_tokens": 8, "temperature": 0},
        lambda answer: repr(answer["choices"][0]["text"] + ""),
    ),
    "chat": (
        "/v1/chat/completions",
        lambda model, prompt: {
            "model": model,
            "messages": [{"role": "user", "content": prompt}],
            "max_tokens": 8,
            "temperature": 0,
        },
        # A model that reasons first may have said no word of its answer yet.
        lambda answer: repr(answer["choices"][0]["message"]["content"]),
    ),
    "embedding": ("/v1/embeddings", lambda model, prompt: {"model": model, "input": prompt}, dimensions),
}


def main(arguments: list[str]) -> None:
    """Run the test that the arguments describe; it ends by `fail` where something is wrong."""
    parser = argparse.ArgumentParser(prog="smoke-test")
    parser.add_argument("--url", required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--request", choices=[*REQUESTS, "none"], default="completion")
    parser.add_argument("--prompt", default="Hello")
    parser.add_argument("--timeout", type=float, default=1200)
    parser.add_argument("--interval", type=float, default=5)
    parser.add_argument("--request-timeout", type=float, default=120)
    parser.add_argument("--insecure", action="store_true")
    options = parser.parse_args(arguments)
    if not options.url.startswith(("http://", "https://")):
        parser.error(f"--url: {options.url!r} is neither http:// nor https://")

    client = Client(options.url, seconds=options.request_timeout, insecure=options.insecure)
    client.wait(seconds=options.timeout, interval=options.interval)
    say("healthy")

    listing = client.json("/v1/models")
    try:
        served = [str(model["id"]) for model in listing["data"]]
    except (KeyError, TypeError):
        fail(BAD_ANSWER, f"/v1/models: not a list of models: {json.dumps(listing)[:EXCERPT]}")
    if options.model not in served:
        fail(NO_MODEL, f"{options.model!r} is not served; served: {', '.join(served) or 'nothing'}")
    say(f"serves {options.model}")

    if options.request != "none":
        path, body, read = REQUESTS[options.request]
        answer = client.json(path, body(options.model, options.prompt))
        try:
            found = read(answer)
        except (LookupError, TypeError, ValueError):
            fail(BAD_ANSWER, f"{path}: not an answer to a {options.request}: {json.dumps(answer)[:EXCERPT]}")
        say(f"answered to a {options.request}: {found}")
    say("PASSED")


if __name__ == "__main__":
    main(sys.argv[1:])
