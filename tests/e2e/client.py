"""Requests to a server of this machine."""

import json
import urllib.error
import urllib.request
from typing import Any

OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def ask(url: str, body: Any = None, *, key: str | None = None, seconds: float = 120) -> tuple[int, str]:
    """Give the status and the text of the answer; OSError where there is none."""
    headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {key}"} if key else {})}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data=data, headers=headers)  # noqa: S310 - http, from a test
    try:
        with OPENER.open(request, timeout=seconds) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def answered(url: str, body: Any = None, *, key: str | None = None, seconds: float = 120) -> Any:
    """Give the answer's JSON; an AssertionError where the status is not 200."""
    status, text = ask(url, body, key=key, seconds=seconds)
    assert status == 200, f"{url}: {status}: {text[:500]}"
    return json.loads(text)
