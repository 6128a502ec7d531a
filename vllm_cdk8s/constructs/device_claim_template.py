"""DeviceClaimTemplate: which devices each pod of a server claims, in the tree."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vllm_cdk8s.constructs.apps import Whole
from vllm_cdk8s.constructs.custom_resource import custom_resource
from vllm_cdk8s.core.keywords import named_keywords
from vllm_cdk8s.core.pod.device_claims import CLAIM_API, Devices
from vllm_cdk8s.core.pod.placement import DeviceClaim

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from constructs import Construct


@named_keywords
class DeviceClaimTemplate(Whole):
    """A ResourceClaimTemplate: the devices that each pod gets a claim for, by dynamic resource allocation.

    ``gpus = DeviceClaimTemplate(self, "gpus", device_class="gpu.nvidia.com", count=2)``, and
    ``VllmServer(..., device_claims=[gpus.claim()])``. Without ``gpus=``, which would ask the device plugin as well: the
    number of them goes to ``engine_args`` (``tensor_parallel_size``).

    Needs Kubernetes 1.34 or newer (``resource.k8s.io/v1``) and the driver of the devices' vendor.
    Source: https://kubernetes.io/docs/concepts/scheduling-eviction/dynamic-resource-allocation/

    Attributes:
        name: the name of the template.

    Args:
        scope: the parent construct.
        id: the construct's ID, unique within its parent.
        device_class: the DeviceClass, such as ``gpu.nvidia.com`` or ``gpu.amd.com``; None with ``mig``.
        count: devices for each pod.
        selectors: CEL expressions that each of them must satisfy, such as
            ``device.capacity['gpu.nvidia.com'].memory.isGreaterThan(quantity('40Gi'))``.
        match_attribute: an attribute whose value all of them share, such as ``resource.kubernetes.io/pcieRoot``.
        mig: parts of NVIDIA GPUs of this profile, such as ``3g.40gb``, of the class ``mig.nvidia.com``.
        parameters: by driver, what it is told of the devices in its own form, such as how they are shared.
        name: the name of the template; None lets cdk8s name it.
        labels: labels of the template.
        annotations: annotations of the template.

    Raises:
        InvalidOptionError: a value is wrong by itself.
        ConflictError: the name is taken.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        device_class: str | None = None,
        count: int = 1,
        selectors: Sequence[str] = (),
        match_attribute: str | None = None,
        mig: str | None = None,
        parameters: Mapping[str, Mapping[str, Any]] | None = None,
        name: str | None = None,
        labels: Mapping[str, str] | None = None,
        annotations: Mapping[str, str] | None = None,
    ) -> None:
        devices = Devices(
            device_class=device_class, count=count, selectors=selectors, match_attribute=match_attribute, mig=mig,
            parameters={} if parameters is None else parameters,
        )  # fmt: skip
        super().__init__(scope, id)
        self.template = custom_resource(
            self, scope, CLAIM_API, "ResourceClaimTemplate", name=name, labels=labels, annotations=annotations,
            spec=devices.spec(),
        )  # fmt: skip
        self.name: str = self.template.name

    def claim(self, name: str = "devices") -> DeviceClaim:
        """What a server says to have each pod get such a claim.

        Args:
            name: the claim's name within the pod.

        Raises:
            InvalidOptionError: the name is not valid.
        """
        return DeviceClaim(name=name, template=self.name)
