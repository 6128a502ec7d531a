"""DeviceClaimTemplate: what is claimed for each pod, and that the pods claim it."""

from __future__ import annotations

from typing import Any

import pytest

from tests import synthesis
from tests.kubernetes_schemas import assert_valid, since
from vllm_cdk8s import DeviceClaimTemplate, InvalidOptionError, VllmServer

TIME_SLICING = {
    "apiVersion": "resource.nvidia.com/v1beta1",
    "kind": "GpuConfig",
    "sharing": {"strategy": "TimeSlicing", "timeSlicingConfig": {"interval": "Long"}},
}


def devices(**options: Any) -> dict[str, Any]:
    chart = synthesis.new_chart(namespace="inference")
    DeviceClaimTemplate(chart, "gpus", **options)
    assert_valid(synthesis.documents(chart), since("1.34"))
    return dict(synthesis.the(chart, "ResourceClaimTemplate")["spec"]["spec"]["devices"])


def test_each_pod_gets_a_claim_of_its_own() -> None:
    chart = synthesis.new_chart(namespace="inference")
    template = DeviceClaimTemplate(chart, "gpus", device_class="gpu.nvidia.com", name="one-gpu")
    plain = {key: value for key, value in synthesis.PLAIN.items() if key != "gpus"}
    VllmServer(chart, "llama", **plain, device_claims=[template.claim()])
    assert_valid(synthesis.documents(chart), since("1.34"))
    assert synthesis.pod_spec(chart)["resourceClaims"] == [{"name": "devices", "resourceClaimTemplateName": "one-gpu"}]
    assert synthesis.vllm_container(chart)["resources"]["claims"] == [{"name": "devices"}]


def test_a_template_without_a_name_is_claimed_by_the_one_it_gets() -> None:
    chart = synthesis.new_chart()
    template = DeviceClaimTemplate(chart, "gpus", device_class="gpu.amd.com")
    assert template.claim("gpu").template == synthesis.the(chart, "ResourceClaimTemplate")["metadata"]["name"]


def test_devices_are_counted_selected_and_matched() -> None:
    memory = "device.capacity['gpu.nvidia.com'].memory.isGreaterThan(quantity('40Gi'))"
    made = devices(
        device_class="gpu.nvidia.com", count=2, selectors=[memory], match_attribute="resource.kubernetes.io/pcieRoot",
        parameters={"gpu.nvidia.com": TIME_SLICING},
    )  # fmt: skip
    assert made == {
        "requests": [{"name": "devices", "exactly": {
            "deviceClassName": "gpu.nvidia.com", "allocationMode": "ExactCount", "count": 2,
            "selectors": [{"cel": {"expression": memory}}],
        }}],
        "constraints": [{"requests": ["devices"], "matchAttribute": "resource.kubernetes.io/pcieRoot"}],
        "config": [
            {"requests": ["devices"], "opaque": {"driver": "gpu.nvidia.com", "parameters": TIME_SLICING}},
        ],
    }  # fmt: skip


def test_a_mig_profile_is_a_class_and_a_selector() -> None:
    [request] = devices(mig="3g.40gb")["requests"]
    assert request["exactly"]["deviceClassName"] == "mig.nvidia.com"
    assert request["exactly"]["selectors"] == [
        {"cel": {"expression": "device.attributes['gpu.nvidia.com'].profile == '3g.40gb'"}}
    ]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, r"^device_class: is not said"),
        ({"device_class": "GPU"}, r"^device_class: 'GPU' "),
        ({"device_class": "a.b", "count": 0}, r"^count: 0 "),
        ({"device_class": "a.b", "count": "2"}, r"^count: '2' "),
        ({"device_class": "a.b", "selectors": "true"}, r"^selectors: 'true' is not a list"),
        ({"device_class": "a.b", "selectors": [""]}, r"^selectors\[0\]: "),
        ({"device_class": "a.b", "match_attribute": "pcieRoot"}, r"^match_attribute: 'pcieRoot' has no domain"),
        ({"mig": "3g' || true"}, r"^mig: .* is not a profile"),
        ({"device_class": "a.b", "parameters": {"gpu.nvidia.com": "fast"}}, r"^parameters\['gpu.nvidia.com'\]: "),
    ],
)
def test_what_is_wrong_is_said(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidOptionError, match=message):
        devices(**options)
