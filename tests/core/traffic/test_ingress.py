"""An Ingress as data: what the API server refuses is refused here, and the tree and the data say the same."""

from typing import Any

import cdk8s
import pytest

from tests.kubernetes_schemas import assert_valid
from tests.synthesis import PLAIN, documents, new_chart, the
from vllm_cdk8s import (
    ConflictError,
    Ingress,
    IngressHost,
    IngressPath,
    IngressTls,
    InvalidOptionError,
    SecretKey,
    VllmServer,
)

KEYED: dict[str, Any] = {**PLAIN, "api_key": SecretKey("llama", "key"), "acknowledge": {"VC503": "not tested here"}}


@pytest.mark.parametrize("path", ["//", "/v1//x", "/a/./b", "/a/../b", "/a%2fb", "/a%2Fb", "/a/.", "/a/.."])
@pytest.mark.parametrize("path_type", ["Prefix", "Exact"])
def test_a_path_that_the_api_server_refuses_is_refused(path: str, path_type: str) -> None:
    with pytest.raises(InvalidOptionError, match=r"^path: "):
        IngressPath(path=path, path_type=path_type)


@pytest.mark.parametrize("path", ["/", "/v1", "/v1/", "/.well-known/x", "/a.b/..c", "/%20", "/a...b"])
def test_a_path_that_it_takes_is_taken(path: str) -> None:
    assert IngressPath(path=path).path == path


def test_a_controllers_own_pattern_is_its_own_business() -> None:
    assert IngressPath(path="/api(//|$)(.*)", path_type="ImplementationSpecific").path_type == "ImplementationSpecific"


@pytest.mark.parametrize(
    ("host", "what"),
    [
        ("10.0.0.1", "is an address"),
        ("::1", "is an address"),
        ("[2001:db8::1]", "is an address"),
        ("*", "has a '\\*'"),
        ("*.*.example.com", "has a '\\*'"),
        ("llm.*.com", "has a '\\*'"),
        ("*llm.example.com", "has a '\\*'"),
        ("llm_1.example.com", "is not the name of a host"),
        ("LLM.example.com", "is not the name of a host"),
        ("llm.example.com:443", "is not the name of a host"),
    ],
)
def test_a_host_that_is_no_name_is_refused(host: str, what: str) -> None:
    with pytest.raises(InvalidOptionError, match=what):
        Ingress(hosts=[host])
    with pytest.raises(InvalidOptionError, match=what):
        IngressTls(secret="tls", hosts=[host])  # noqa: S106 - a name


def test_a_wildcard_is_a_host() -> None:
    assert Ingress(hosts=["*.example.com"]).ingress_hosts()[0].host == "*.example.com"


def test_a_class_by_field_and_by_annotation_is_refused() -> None:
    annotations = {"kubernetes.io/ingress.class": "nginx"}
    with pytest.raises(ConflictError, match=r"^ingress.annotations\['kubernetes.io/ingress.class'\]: 'nginx' and") as e:
        Ingress(hosts=["a.example.com"], class_name="nginx", annotations=annotations)
    assert e.value.code == "VC606"
    assert Ingress(hosts=["a.example.com"], annotations=annotations).annotations == annotations


def test_one_path_may_be_prefix_and_exact() -> None:
    paths: list[str | IngressPath] = ["/v1", IngressPath(path="/v1", path_type="Exact"), "/health"]
    chart = new_chart()
    ingress = Ingress(hosts=[IngressHost(host="llm.example.com", paths=paths)])
    server = VllmServer(chart, "llama", name="llama", ingress=ingress, **KEYED)
    assert_valid(documents(chart))
    [rule] = the(chart, "Ingress")["spec"]["rules"]
    assert [(path["path"], path["pathType"]) for path in rule["http"]["paths"]] == [
        ("/health", "Prefix"),
        ("/v1", "Prefix"),
        ("/v1", "Exact"),
    ]
    assert server.name == "llama"


@pytest.mark.parametrize(
    "ingress",
    [
        Ingress(hosts=["llm.example.com"]),
        Ingress(
            hosts=[
                IngressHost(host="*.example.com", paths=["/v1", "/health", IngressPath(path="/b", path_type="Exact")])
            ],
            class_name="nginx",
            tls=[IngressTls(secret="tls", hosts=["*.example.com"]), IngressTls(secret="other")],  # noqa: S106 - names
            annotations={"b.example.com/x": "1", "a.example.com/y": "2"},
        ),
    ],
    ids=["plain", "full"],
)
def test_the_data_are_what_stands_in_the_tree(ingress: Ingress) -> None:
    chart = new_chart(namespace="llm")
    server = VllmServer(chart, "llama", name="llama", service_port=80, ingress=ingress, **KEYED)
    manifest = ingress.manifest(name="llama", labels=server.labels, service_name="llama", service_port=80)
    made = cdk8s.ApiObject.of(server.ingress).to_json()
    assert manifest.wire("llm") == made
    assert str(manifest.wire("llm")) == str(made)  # in this order, too
