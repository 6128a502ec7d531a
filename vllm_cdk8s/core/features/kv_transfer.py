"""One side of a pair that prefills and decodes apart: its connector, its labels, and the proxy in front of decoding."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from msgspec import Struct

from vllm_cdk8s.core.engine.version import check_reference
from vllm_cdk8s.core.errors import Collector, ConflictError, InvalidOptionError, warn
from vllm_cdk8s.core.keywords import named_keywords
from vllm_cdk8s.core.kube import checks
from vllm_cdk8s.core.kube.wire import prune, sequence
from vllm_cdk8s.core.pod.health import PORT_NAME
from vllm_cdk8s.core.pod.programs import run
from vllm_cdk8s.core.pod.resources import Resources, resource_name
from vllm_cdk8s.core.rules.book import EXAMPLE_CONNECTOR, KV_OFFLOAD
from vllm_cdk8s.core.server.contribution import Contribution
from vllm_cdk8s.core.server.set_role import SLICE_LABEL
from vllm_cdk8s.core.showing import shown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vllm_cdk8s.core.pod.options import KubernetesObject
    from vllm_cdk8s.core.server.contribution import Target

ROLE_LABEL, SERVING_LABEL = "llm-d.ai/role", "llm-d.ai/inference-serving"
# Of the pods of one release of a pair, since those of another may hold their KV cache in another way.
PAIR_LABEL = "vllm-cdk8s/pair"
# Where vLLM listens behind a sidecar; llm-d's expects it there.
BACKEND_PORT = 8200

_SIDE_CHANNEL = "VLLM_NIXL_SIDE_CHANNEL"
# Up to then NixlConnector takes no notice of roles, and its documentation says kv_both; from then on it warns of that.
_ROLES_SINCE = "0.24.0"
_POLICY_SINCE = "0.13.0"
_RENAMED_SINCE = "0.13.0"
_VOLUME, _FOLDER = "kv-transfer", "/kv-transfer"
_POD_IP: dict[str, Any] = {"fieldRef": {"fieldPath": "status.podIP"}}
# Of a DisaggregatedSet with several slices, each pod keeps to its own.
SLICE_VARIABLE = "SLICE"
_OWN_SLICE: dict[str, Any] = {"fieldRef": {"fieldPath": f"metadata.labels['{SLICE_LABEL}']"}}
_ROLES = {"prefill": "kv_producer", "decode": "kv_consumer"}
_POLICIES = ("recompute", "fail")
_NOBODY: dict[str, Any] = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "readOnlyRootFilesystem": True,
    "runAsGroup": 65534,
    "runAsNonRoot": True,
    "runAsUser": 65534,
    "seccompProfile": {"type": "RuntimeDefault"},
}


class Connector(Protocol):
    """What carries KV cache from the pods that prefill to those that decode."""

    def contribute(self, role: str, target: Target) -> Contribution:
        """What it adds to a server of that role."""

    @property
    def sidecar_name(self) -> str:
        """What llm-d's routing sidecar calls it."""

    @property
    def protocol(self) -> str:
        """What our own proxy calls it."""


@named_keywords
@dataclass(frozen=True, kw_only=True, slots=True)
class Nixl:
    """NIXL, from GPU to GPU: ``connector=Nixl(rdma="rdma/ib")``.

    The decoding pod asks the prefilling one at its side channel for what it may read, and reads it, by RDMA where both
    have it and by TCP otherwise. vLLM's recent images have NIXL in them. The side channel listens at ``port`` plus the
    number of the copy of the model (data parallel), at the pod's own address, since other pods
    cannot reach vLLM's default, ``localhost``.
    Source: https://docs.vllm.ai/en/latest/features/nixl_connector_usage/

    Args:
        port: the side channel's first port.
        rdma: the resource of the cluster's RDMA devices, such as ``rdma/ib``; each pod takes one, and may lock memory
            (IPC_LOCK). By default pods use whatever network there is.
        backends: NIXL's plugins, such as ``UCX`` or ``LIBFABRIC``. Defaults to UCX.
        load_failure: what becomes of a request whose KV cache does not arrive: ``recompute`` reads its prompt again on
            the decoding side, ``fail`` answers with an error. vLLM 0.13 and later; older ones fail.

    Raises:
        InvalidOptionError: a value is not one of the allowed ones.
    """

    port: int = 5600
    rdma: str | None = None
    backends: Sequence[str] = ()
    load_failure: str = "recompute"

    def __post_init__(self) -> None:
        checks.plain_fields(self)
        with Collector() as found:
            found.attempt(checks.port, "connector.port", self.port)
            found.given(resource_name, "connector.rdma", self.rdma)
            for index, name in enumerate(found.attempt(sequence, "connector.backends", self.backends) or ()):
                found.attempt(checks.text, f"connector.backends[{index}]", name)
            found.attempt(checks.one_of, "connector.load_failure", self.load_failure, _POLICIES, what="a policy")

    @property
    def sidecar_name(self) -> str:
        """The second version of the protocol, which all releases here speak."""
        return "nixlv2"

    @property
    def protocol(self) -> str:
        """The prefilling side says in its answer where the blocks are."""
        return "nixl"

    def contribute(self, role: str, target: Target) -> Contribution:
        """What it adds to a server of that role."""
        if self.port in (target.port, BACKEND_PORT):
            raise ConflictError(f"{self.port} is a port of the server's API", option="connector.port")
        config: dict[str, Any] = {
            "kv_connector": "NixlConnector",
            "kv_role": _ROLES[role] if target.version.at_least(_ROLES_SINCE) else "kv_both",
        }
        if self.backends:
            config["kv_connector_extra_config"] = {"backends": list(self.backends)}
        if target.version.at_least(_POLICY_SINCE):
            config["kv_load_failure_policy"] = self.load_failure
        return Contribution(
            kv_connector=config,
            env={f"{_SIDE_CHANNEL}_HOST": _POD_IP, f"{_SIDE_CHANNEL}_PORT": str(self.port)},
            ports={"nixl": self.port},
            limits={} if self.rdma is None else {self.rdma: 1},
            capabilities=() if self.rdma is None else ("IPC_LOCK",),
        )


@named_keywords
@dataclass(frozen=True, kw_only=True, slots=True)
class SharedFiles:
    """Files in a folder that both sides mount, by vLLM's own example of a connector: for a first try without GPUs.

    Each prompt's KV cache is written as files, and nobody deletes them; a warning says so. The decoding side reads
    whole blocks only, so that short prompts are computed again.
    Source: https://docs.vllm.ai/en/latest/features/disagg_prefill/

    Args:
        claim: a ReadWriteMany claim, by name or as any kplus claim.

    Raises:
        InvalidOptionError: the claim is neither a name nor a kplus claim.
    """

    claim: str | KubernetesObject

    def __post_init__(self) -> None:
        checks.plain_fields(self)
        if isinstance(self.claim, str):
            checks.dns_subdomain("connector.claim", self.claim)
        elif not hasattr(self.claim, "name"):
            raise InvalidOptionError(
                f"{shown(self.claim)} is not a claim; allowed: a name or a kplus.IPersistentVolumeClaim",
                option="connector.claim",
            )

    @property
    def sidecar_name(self) -> str:
        """What it is."""
        return "shared-storage"

    @property
    def protocol(self) -> str:
        """Both sides find the files by the prompt."""
        return "files"

    def contribute(self, role: str, target: Target) -> Contribution:  # noqa: ARG002 - both sides read and write
        """What it adds to a server of that role."""
        warn("files are for trying out, and nobody deletes them", option="connector", rule=EXAMPLE_CONNECTOR)
        name = self.claim if isinstance(self.claim, str) else self.claim.name
        renamed = target.version.at_least(_RENAMED_SINCE)
        return Contribution(
            kv_connector={
                "kv_connector": "ExampleConnector" if renamed else "SharedStorageConnector",
                "kv_role": "kv_both",
                "kv_connector_extra_config": {"shared_storage_path": _FOLDER},
            },
            volumes=({"name": _VOLUME, "persistentVolumeClaim": {"claimName": name}},),
            volume_mounts=({"name": _VOLUME, "mountPath": _FOLDER},),
        )  # fmt: skip


@named_keywords
@dataclass(frozen=True, kw_only=True, slots=True)
class PairProxy:
    """The proxy of this package, beside each decoding vLLM: needs nothing else on the cluster.

    It has every prompt of ``/v1/completions`` and ``/v1/chat/completions`` read by a prefilling pod of the same
    release, whichever their Service gives, and the answer written by the vLLM beside it. Where no prefilling pod
    answers, the decoding one does both, so that requests go on. It is plain Python with a thread for each request: a
    start; `RoutingSidecar` with an endpoint picker chooses pods by their load and their caches.

    Args:
        image: an image with ``python3``. Defaults to the server's own image.
        resources: requests and limits of the proxy. Defaults to requests of 100m CPU and 128Mi of memory.
        timeout_seconds: how long a prompt may take to be read.

    Raises:
        InvalidOptionError: a value is wrong by itself.
    """

    image: str | None = None
    resources: Resources = field(default_factory=lambda: Resources(requests={"cpu": "100m", "memory": "128Mi"}))
    timeout_seconds: int = 300

    def __post_init__(self) -> None:
        checks.plain_fields(self)
        with Collector() as found:
            found.given(check_reference, "proxy.image", self.image)
            found.attempt(checks.instance, "proxy.resources", self.resources, Resources, allowed="Resources(...)")
            found.attempt(checks.integer, "proxy.timeout_seconds", self.timeout_seconds, minimum=1)

    def container(self, target: Target, connector: Connector, prefill_url: str) -> dict[str, Any]:
        """The native sidecar."""
        arguments = [
            f"--port={target.port}",
            f"--decode=http://127.0.0.1:{BACKEND_PORT}",
            f"--prefill={prefill_url}",
            f"--protocol={connector.protocol}",
            f"--timeout={self.timeout_seconds}",
        ]
        image = target.image if self.image is None else self.image
        program = run("pair_proxy", arguments, references=frozenset({SLICE_VARIABLE}))
        if f"$({SLICE_VARIABLE})" in prefill_url:
            program["env"] = [{"name": SLICE_VARIABLE, "valueFrom": _OWN_SLICE}]
        return _sidecar("pair-proxy", image, target, program, self.resources, ready=True)

    def environment(self) -> Mapping[str, str]:
        """Variables of the prefilling vLLM."""
        return {}


@named_keywords
@dataclass(frozen=True, kw_only=True, slots=True)
class RoutingSidecar:
    """llm-d's routing sidecar beside each decoding vLLM: ``proxy=RoutingSidecar()``.

    An endpoint picker of llm-d's in front chooses both pods and names the prefilling one in the header
    ``x-prefiller-host-port``; the sidecar has it read the prompt. Requests without the header are read and answered by
    the decoding pod alone, so without an endpoint picker nothing is ever prefilled elsewhere. The picker finds the pods
    by their labels ``llm-d.ai/role``.
    Source: https://github.com/llm-d/llm-d-router/blob/main/docs/disaggregation.md

    Args:
        image: the sidecar's image.
        resources: requests and limits of the sidecar.

    Raises:
        InvalidOptionError: a value is wrong by itself.
    """

    image: str = "ghcr.io/llm-d/llm-d-router-disagg-sidecar:v0.11.0"
    resources: Resources = field(default_factory=Resources)

    def __post_init__(self) -> None:
        checks.plain_fields(self)
        with Collector() as found:
            found.attempt(check_reference, "proxy.image", self.image)
            found.attempt(checks.instance, "proxy.resources", self.resources, Resources, allowed="Resources(...)")

    def container(self, target: Target, connector: Connector, prefill_url: str) -> dict[str, Any]:  # noqa: ARG002
        """The native sidecar; it learns of the prefilling pod from each request."""
        arguments = [f"--port={target.port}", f"--kv-connector={connector.sidecar_name}", "--secure-proxy=false"]
        return _sidecar("routing-proxy", self.image, target, {"args": arguments}, self.resources, ready=False)

    def environment(self) -> Mapping[str, str]:
        """Variables of the prefilling vLLM: the sidecar uses idle connections for 90 s, so they must last longer."""
        return {"VLLM_HTTP_TIMEOUT_KEEP_ALIVE": "120"}


class KvTransfer(Struct, frozen=True, kw_only=True):
    """One side of a pair; `DisaggregatedServer` makes both.

    Args:
        role: ``prefill`` or ``decode``.
        connector: what carries the KV cache.
        proxy: what stands before the decoding vLLM.
        digest: of what both sides must agree on.
        prefill_url: where the decoding side finds the prefilling one.

    Raises:
        InvalidOptionError: the role is neither.
    """

    OPTION: ClassVar[str] = "kv_transfer"

    role: str
    connector: Nixl | SharedFiles
    proxy: PairProxy | RoutingSidecar
    digest: str
    prefill_url: str = ""

    def __post_init__(self) -> None:
        checks.plain_fields(self)
        checks.one_of("kv_transfer.role", self.role, tuple(_ROLES), what="a role")
        checks.label_value("kv_transfer.digest", self.digest)

    def contribute(self, target: Target) -> Contribution:
        """What it adds to that server."""
        if "kv_offloading_size" in target.engine_args:
            raise ConflictError(
                "takes the place of the connector that carries KV cache between the sides of a pair; say kv_offload=",
                option="engine_args['kv_offloading_size']",
                rule=KV_OFFLOAD,
            )
        added = self.connector.contribute(self.role, target)
        decode = self.role == "decode"
        if decode and target.engine_args.get("data_parallel_multi_port_external_lb"):
            raise ConflictError(
                "gives each copy a port of its own, and one proxy stands before one port; use data_parallel_hybrid_lb",
                option="data_parallel_multi_port_external_lb",
            )
        return Contribution(
            kv_connector=added.kv_connector,
            env={**added.env, **({} if decode else self.proxy.environment())},
            volumes=added.volumes,
            volume_mounts=added.volume_mounts,
            pod_labels={ROLE_LABEL: self.role, SERVING_LABEL: "true", PAIR_LABEL: self.digest},
            limits=added.limits,
            capabilities=added.capabilities,
            ports=added.ports,
            sidecars=(self.proxy.container(target, self.connector, self.prefill_url),) if decode else (),
            backend_port=BACKEND_PORT if decode else None,
        )


def _sidecar(
    name: str, image: str, target: Target, program: Mapping[str, Any], resources: Resources, *, ready: bool
) -> dict[str, Any]:
    """A container that Kubernetes starts before vLLM and ends after it, so that requests in flight are answered.

    Native sidecars are on by default from Kubernetes 1.29.
    Source: https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/
    """
    probe = {"tcpSocket": {"port": PORT_NAME}, "periodSeconds": 5}
    return prune({
        "name": name,
        "image": image,
        "imagePullPolicy": target.image_pull_policy,
        "restartPolicy": "Always",
        **program,
        "ports": [{"name": PORT_NAME, "containerPort": target.port, "protocol": "TCP"}],
        "resources": resources.wire(),
        "readinessProbe": probe if ready else None,
        "securityContext": _NOBODY,
    })  # fmt: skip
