"""Hosts and paths of requests, as Kubernetes and the Gateway API check them."""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING

from vllm_cdk8s.core.errors import InvalidOptionError
from vllm_cdk8s.core.kube import checks
from vllm_cdk8s.core.rules.book import INGRESS

if TYPE_CHECKING:
    from vllm_cdk8s.core.rules.rule import Rule

_LONGEST_HOST = 253
# Both API servers refuse these: kubernetes/pkg/apis/networking/validation, gateway-api/apis/v1/httproute_types.go.
BAD_IN_PATH = ("//", "/./", "/../", "%2f", "%2F")
BAD_ENDS = ("/..", "/.")


def host_name(option: str, value: object, *, rule: Rule = INGRESS) -> str:
    """The name of a host, ``*.example.com`` included: no address, no port, a ``*`` only as the whole first label.

    Raises:
        InvalidOptionError: it is not such a name.
    """
    host = checks.text(option, value)
    name = host.removeprefix("*.")
    if _is_address(host):
        raise InvalidOptionError(f"{host!r} is an address; allowed: names of hosts", option=option, rule=rule)
    if "*" in name:
        raise InvalidOptionError(
            f"{host!r} has a '*' that is not the whole first label; allowed: such as '*.example.com'",
            option=option,
            rule=rule,
        )
    try:
        checks.dns_subdomain(option, name)
    except InvalidOptionError:
        raise InvalidOptionError(
            f"{host!r} is not the name of a host; allowed: lower-case letters, digits, '-' and '.', with a letter or "
            "digit at both ends, without a scheme, a port and a path",
            option=option,
            rule=rule,
        ) from None
    if len(host) > _LONGEST_HOST:
        raise InvalidOptionError(f"{host!r} is longer than {_LONGEST_HOST} characters", option=option, rule=rule)
    return host


def path_problem(path: str) -> str | None:
    """What makes a path one that neither an Ingress nor a route may match by prefix or exactly; None where nothing."""
    if not path.startswith("/"):
        return "does not begin with '/'"
    for part in BAD_IN_PATH:
        if part in path:
            return f"holds {part!r}"
    return next((f"ends in {end!r}" for end in BAD_ENDS if path.endswith(end)), None)


def _is_address(host: str) -> bool:
    try:
        ip_address(host.removeprefix("[").removesuffix("]"))
    except ValueError:
        return False
    return True
