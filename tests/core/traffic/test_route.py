"""An HTTPRoute as data: what the Gateway API refuses is refused here."""

from typing import Any

import pytest

from vllm_cdk8s import ConflictError, GatewayRef, InvalidOptionError, RouteMatch
from vllm_cdk8s.core.errors import VllmCdk8sError
from vllm_cdk8s.core.traffic.gateway import check_backends, parent_refs, route_hostnames, route_rules


@pytest.mark.parametrize("path", ["/a b", "/ä", "/a%2", "/a%zz", '/a"b', "/a<b", "/a/.", "/a#b", "/a//b"])
def test_a_path_with_what_no_path_has_is_refused(path: str) -> None:
    with pytest.raises(InvalidOptionError, match=r"^match\.path: .* is not a path") as caught:
        RouteMatch(path=path)
    assert caught.value.code == "VC610"


def test_a_pattern_may_have_it() -> None:
    assert RouteMatch(path="/(a|b)/.+", path_type="RegularExpression").path == "/(a|b)/.+"


@pytest.mark.parametrize(
    ("headers", "message"),
    [
        ({"X-Model": "a", "x-model": "b"}, "'x-model' is there twice"),
        ({f"x-{index}": "1" for index in range(17)}, "has 17 headers; allowed: 16"),
        ({"x": "a" * 4097}, "is longer than 4096 characters"),
    ],
)
def test_headers_that_the_api_does_not_take_are_refused(headers: dict[str, str], message: str) -> None:
    with pytest.raises(VllmCdk8sError, match=message):
        RouteMatch(headers=headers)


def test_a_gateway_is_named_once_or_with_a_listener_each_time() -> None:
    https, http = GatewayRef(name="public", listener="https"), GatewayRef(name="public", listener="http")
    assert len(parent_refs([https, http, GatewayRef(name="public", namespace="other")])) == 3
    for twice in ([https, https], [https, GatewayRef(name="public")], [GatewayRef(name="public")] * 2):
        with pytest.raises(ConflictError, match=r"^gateways: 'public' is there twice"):
            parent_refs(twice)


@pytest.mark.parametrize("hosts", [["10.0.0.1"], ["*"], ["a.*.com"], ["A.example.com"], [f"*.{'a.' * 125}ab"]])
def test_hosts_that_are_no_names_are_refused(hosts: list[str]) -> None:
    with pytest.raises(InvalidOptionError, match=r"^hostnames: "):
        route_hostnames(hosts)


def test_limits_of_a_rule_are_the_apis() -> None:
    with pytest.raises(InvalidOptionError, match=r"^backends: has 17 backends; allowed: 16"):
        check_backends([1] * 17)
    matches: Any = [RouteMatch(path=f"/{index}", replace_prefix=f"/r{index % 3}") for index in range(129)]
    with pytest.raises(InvalidOptionError, match="128 in all"):
        route_rules(matches, timeouts={}, references=[])
