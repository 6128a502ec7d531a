"""InferencePool: a server's pods as a gateway's endpoint picker sees them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vllm_cdk8s.core.errors import Collector, ConflictError, InvalidOptionError
from vllm_cdk8s.core.kube import checks
from vllm_cdk8s.core.kube.wire import sequence

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

POOL_GROUP = "inference.networking.k8s.io"
POOL_API_VERSION = f"{POOL_GROUP}/v1"
FAILURE_MODES = ("FailClose", "FailOpen")
# The API's own limit, which was 1 in 1.0: https://github.com/kubernetes-sigs/gateway-api-inference-extension/pull/1653
_MOST_PORTS = 8


def pool_spec(
    *,
    selector: Mapping[str, str],
    ports: Sequence[int],
    endpoint_picker: str,
    endpoint_picker_port: int,
    failure_mode: str,
) -> dict[str, Any]:
    """The spec of an InferencePool.

    Source: https://gateway-api-inference-extension.sigs.k8s.io/reference/spec/

    Args:
        selector: the labels of the pods that serve.
        ports: the ports of each pod, each an endpoint of its own.
        endpoint_picker: the name of the picker's Service.
        endpoint_picker_port: that Service's port.
        failure_mode: what becomes of requests while the picker does not answer.

    Raises:
        InvalidOptionError: a name, port or mode is not valid.
        ConflictError: a port is there twice.
    """
    with Collector() as found:
        found.attempt(checks.dns_label, "endpoint_picker", endpoint_picker)
        found.attempt(checks.port, "endpoint_picker_port", endpoint_picker_port)
        found.attempt(checks.one_of, "failure_mode", failure_mode, FAILURE_MODES, what="a failure mode")
        numbers = found.attempt(_target_ports, ports) or []
    return {
        "selector": {"matchLabels": dict(selector)},
        "targetPorts": [{"number": port} for port in numbers],
        "endpointPickerRef": {
            "group": "",
            "kind": "Service",
            "name": endpoint_picker,
            "port": {"number": endpoint_picker_port},
            "failureMode": failure_mode,
        },
    }


def _target_ports(value: object) -> list[int]:
    ports = [checks.port("target_ports", port) for port in sequence("target_ports", value)]
    if not 1 <= len(ports) <= _MOST_PORTS:
        raise InvalidOptionError(f"has {len(ports)} ports; allowed: 1 to {_MOST_PORTS}", option="target_ports")
    for index, port in enumerate(ports):
        if port in ports[:index]:
            raise ConflictError(f"{port} is there twice", option="target_ports")
    return ports
