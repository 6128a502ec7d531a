"""Which resources are devices, and whose."""

import pytest

from vllm_cdk8s.core.models.vendors import counts_devices, device_vendor, is_device


@pytest.mark.parametrize(
    ("resource", "vendor"),
    [
        ("nvidia.com/gpu", "nvidia"),
        ("nvidia.com/mig-3g.20gb", "nvidia"),
        ("amd.com/gpu", "amd"),
        ("amd.com/cpx_nps4", "amd"),
        ("gpu.intel.com/xe", "intel"),
        ("habana.ai/gaudi", "habana"),
        ("google.com/tpu", "google"),
        ("aws.amazon.com/neuroncore", "aws"),
        ("huawei.com/Ascend910", "huawei"),
    ],
)
def test_whole_devices(resource: str, vendor: str) -> None:
    assert (is_device(resource), counts_devices(resource), device_vendor(resource)) == (True, True, vendor)


def test_shares_and_parts_of_a_device() -> None:
    assert (is_device("nvidia.com/gpu.shared"), counts_devices("nvidia.com/gpu.shared")) == (True, False)
    for part in ("nvidia.com/gpumem", "nvidia.com/gpucores", "gpu.intel.com/i915_monitoring"):
        assert not is_device(part)
        assert device_vendor(part) is not None
    for other in ("cpu", "memory", "rdma/ib", "smarter-devices/fuse"):
        assert not is_device(other)
        assert device_vendor(other) is None
