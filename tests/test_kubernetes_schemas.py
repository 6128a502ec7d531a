"""The validation helper refuses what an API server refuses or drops."""

import copy
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import yaml

from tests import crd_schemas
from tests.crd_examples import EXAMPLES
from tests.kubernetes_schemas import assert_valid, problems, since

DEPLOYMENT = """
apiVersion: apps/v1
kind: Deployment
metadata:
  name: prod-vllm
  labels: {app.kubernetes.io/name: vllm}
spec:
  selector:
    matchLabels: {app.kubernetes.io/instance: prod}
  template:
    metadata:
      labels: {app.kubernetes.io/instance: prod}
    spec:
      containers:
        - name: vllm
          image: vllm/vllm-openai
          ports: [{name: http, containerPort: 8000}]
          resources:
            limits: {nvidia.com/gpu: 1, memory: 24Gi}
      volumes:
        - name: shm
          emptyDir: {medium: Memory, sizeLimit: 2Gi}
"""


def deployment() -> Any:
    return yaml.safe_load(DEPLOYMENT)


def mappings(value: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(value, dict):
        yield path, value
        for key, child in value.items():
            yield from mappings(child, f"{path}.{key}")
    elif isinstance(value, list):
        for index, child in enumerate(value):
            yield from mappings(child, f"{path}.{index}")


def test_a_good_deployment_passes_on_every_minor_from_1_27() -> None:
    assert since()[0] == "1.27"
    assert len(since()) >= 11
    assert_valid(DEPLOYMENT)
    assert_valid([deployment()], minors=since("1.34"))


def test_a_minor_without_schemas_is_refused_rather_than_replaced_by_another() -> None:
    with pytest.raises(ValueError, match=r"1\.19: kubernetes-validate"):
        since("1.19")
    with pytest.raises(ValueError, match=r"1\.99"):
        problems(DEPLOYMENT, ["1.99"])


def test_no_documents_are_a_failure_and_not_a_pass() -> None:
    with pytest.raises(AssertionError, match="no documents"):
        assert_valid([])
    with pytest.raises(AssertionError, match="no documents"):
        assert_valid("---\n")


def test_a_misspelt_field_fails_with_its_path() -> None:
    broken = deployment()
    broken["spec"]["template"]["spec"]["containers"][0]["imge"] = "x"
    (problem,) = problems([broken])
    assert problem.startswith("apps/v1 Deployment prod-vllm: spec.template.spec.containers[0]: ")
    assert "'imge' was unexpected" in problem
    assert problem.endswith("(Kubernetes 1.27 to 1.37, 11 versions)") or since()[-1] != "1.37"


def test_a_field_of_a_younger_kubernetes_fails_on_the_older_ones_only() -> None:
    # preStop sleep came with 1.29.
    sleeping = deployment()
    sleeping["spec"]["template"]["spec"]["containers"][0]["lifecycle"] = {"preStop": {"sleep": {"seconds": 5}}}
    (problem,) = problems([sleeping])
    assert "'sleep' was unexpected" in problem
    assert "(Kubernetes 1.27 to 1.28, 2 versions)" in problem
    assert_valid([sleeping], minors=since("1.29"))


@pytest.mark.parametrize("kind", ["Deploymentt", "PodSecurityPolicy", "VirtualService"])
def test_an_unknown_kind_fails(kind: str) -> None:
    document = {"apiVersion": "policy/v1beta1", "kind": kind, "metadata": {"name": "a"}}
    with pytest.raises(AssertionError, match="neither Kubernetes' own nor in crds/"):
        assert_valid([document])


def test_a_known_kind_in_a_foreign_group_of_similar_name_fails() -> None:
    # Their files are found by the first part of the group alone.
    with pytest.raises(AssertionError, match="example"):
        assert_valid([deployment() | {"apiVersion": "apps.example.com/v1"}])


def test_an_excepted_kind_is_left_to_the_caller_and_must_occur() -> None:
    policy = {"apiVersion": "policy/v1beta1", "kind": "PodSecurityPolicy", "metadata": {"name": "a"}, "spec": {}}
    assert_valid([policy], except_kinds=["policy/v1beta1/PodSecurityPolicy"])
    with pytest.raises(AssertionError, match="excepted, but no document is one"):
        assert_valid(DEPLOYMENT, except_kinds=["policy/v1beta1/PodSecurityPolicy"])


def rename(document: Any) -> None:
    document["metadata"]["name"] = "Prod_vLLM"


def lengthen_label(document: Any) -> None:
    document["spec"]["template"]["metadata"]["labels"]["app.kubernetes.io/instance"] = "x" * 64


def number_label(document: Any) -> None:
    document["spec"]["selector"]["matchLabels"]["app.kubernetes.io/instance"] = 1


def bad_annotation(document: Any) -> None:
    document["metadata"]["annotations"] = {"a/b/c": "d"}


def null(document: Any) -> None:
    document["spec"]["template"]["spec"]["volumes"][0]["emptyDir"]["medium"] = None


def bad_quantity(document: Any) -> None:
    document["spec"]["template"]["spec"]["containers"][0]["resources"]["limits"]["memory"] = "24GiB"


def bad_size_limit(document: Any) -> None:
    document["spec"]["template"]["spec"]["volumes"][0]["emptyDir"]["sizeLimit"] = "2 Gi"


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (rename, "metadata.name: 'Prod_vLLM' is no name"),
        (lengthen_label, "spec.template.metadata.labels: app.kubernetes.io/instance: 'xxx"),
        (number_label, "spec.selector.matchLabels: app.kubernetes.io/instance: 1 is no label value"),
        (bad_annotation, "metadata.annotations: 'a/b/c' is no key"),
        (null, "emptyDir.medium: is null"),
        (bad_quantity, "limits.memory: '24GiB' is no quantity"),
        (bad_size_limit, "sizeLimit: '2 Gi' is no quantity"),
    ],
)
def test_what_an_api_server_refuses_beyond_the_schemas_fails(spoil: Callable[[Any], None], message: str) -> None:
    document = deployment()
    spoil(document)
    assert any(message in problem for problem in problems([document]))


def test_two_objects_of_one_name_fail() -> None:
    with pytest.raises(AssertionError, match="2 objects of this name overwrite each other"):
        assert_valid([deployment(), deployment()])


def test_every_custom_resource_in_crds_has_an_example_here_that_passes() -> None:
    assert {kind for _, kind in crd_schemas.definitions()} == set(EXAMPLES)
    for text in EXAMPLES.values():
        assert_valid(text)


@pytest.mark.parametrize("kind", EXAMPLES)
def test_a_misspelt_field_anywhere_in_a_custom_resource_fails(kind: str) -> None:
    good = yaml.safe_load(EXAMPLES[kind])
    # Maps that the user fills with keys of their own.
    free = ("abels", ".annotations", ".triggers.0.metadata", "rayStartParams", ".limits", ".requests")
    places = [path for path, _ in mappings(good) if not path.endswith(free)]
    assert len(places) >= 4
    for place in places:
        broken = copy.deepcopy(good)
        dict(mappings(broken))[place]["mispelt"] = "x"
        found = problems([broken], ["1.27"])
        assert any("mispelt" in problem for problem in found), place


@pytest.mark.parametrize("kind", EXAMPLES)
def test_a_custom_resource_with_a_wrong_type_or_without_its_spec_fails(kind: str) -> None:
    good = yaml.safe_load(EXAMPLES[kind])
    for path, _ in mappings(good):
        if path.endswith((".spec", ".metadata")):
            broken = copy.deepcopy(good)
            parent, _, key = path.rpartition(".")
            dict(mappings(broken))[parent][key] = "text"
            assert problems([broken], ["1.27"]), path
    del good["spec"]
    assert any("'spec' is a required property" in problem for problem in problems([good]))


def test_an_endpoint_picker_that_is_a_service_needs_its_port() -> None:
    pool = yaml.safe_load(EXAMPLES["InferencePool"])
    del pool["spec"]["endpointPickerRef"]["port"]
    assert problems([pool])
    pool["spec"]["endpointPickerRef"]["kind"] = "Service"
    assert problems([pool])
    pool["spec"]["endpointPickerRef"]["kind"] = "Picker"
    assert_valid([pool])


def test_a_route_to_a_service_needs_the_port() -> None:
    route = yaml.safe_load(EXAMPLES["HTTPRoute"])
    (backend,) = route["spec"]["rules"][0]["backendRefs"]
    del backend["port"]
    assert problems([route])
    backend |= {"group": "inference.networking.k8s.io", "kind": "InferencePool"}
    assert_valid([route])


def test_a_rule_either_alerts_or_records() -> None:
    rules = yaml.safe_load(EXAMPLES["PrometheusRule"])
    (rule,) = rules["spec"]["groups"][0]["rules"]
    rule["record"] = "vllm:up"
    assert problems([rules])
    del rule["alert"]
    assert_valid([rules])
    del rule["record"]
    assert problems([rules])


def test_a_setting_that_the_prometheus_scaler_does_not_read_fails() -> None:
    scaled = yaml.safe_load(EXAMPLES["ScaledObject"])
    (trigger,) = scaled["spec"]["triggers"]
    trigger["metadata"]["ignoreNullValue"] = "false"
    assert any("ignoreNullValue" in problem for problem in problems([scaled]))
    trigger["type"] = "cron"
    assert_valid([scaled])
    trigger |= {"type": "prometheus", "metadata": {"serverAddress": "http://a", "query": "b"}}
    assert any("'threshold' is a required property" in problem for problem in problems([scaled]))


@pytest.mark.parametrize("interval", ["30", "5 minutes", "30S", ""])
def test_a_scrape_interval_that_is_no_prometheus_duration_fails(interval: str) -> None:
    monitor = yaml.safe_load(EXAMPLES["PodMonitor"])
    monitor["spec"]["podMetricsEndpoints"][0]["interval"] = interval
    assert problems([monitor])


def test_a_ray_service_takes_the_whole_spec_of_a_ray_cluster() -> None:
    service = crd_schemas.definitions()["ray.io/v1", "RayService"]["properties"]["spec"]["properties"]
    cluster = crd_schemas.definitions()["ray.io/v1", "RayCluster"]["properties"]["spec"]
    assert service["rayClusterConfig"] == cluster


def test_every_definition_that_the_open_fields_point_to_exists_on_every_minor() -> None:
    for text in EXAMPLES.values():
        assert_valid(text, minors=since())
    used = {field.removesuffix("[]") for field in crd_schemas.EMBEDDED}
    written = "\n".join(path.read_text(encoding="utf-8") for path in crd_schemas.FOLDER.glob("*.yaml"))
    assert all(f"{field}:" in written for field in used)
