"""The pod template of a vLLM server: plain data in wire form, pure Python, one function per concern.

The same template goes into a Deployment, a LeaderWorkerSet, a RayCluster or a Job. No ``None`` and no empty map or list
is in the result (an emptyDir's ``{}`` aside), so that it reads like YAML written by hand.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from vllm_cdk8s.core.engine.version import check_reference
from vllm_cdk8s.core.errors import Collector, ConflictError, InvalidOptionError, mention, nearest
from vllm_cdk8s.core.kube import checks
from vllm_cdk8s.core.kube.schema import check_schema
from vllm_cdk8s.core.kube.secrets import literal_secret
from vllm_cdk8s.core.kube.text import check_text
from vllm_cdk8s.core.kube.wire import named, prune, unique
from vllm_cdk8s.core.pod import raw, raw_env, raw_volumes
from vllm_cdk8s.core.pod.health import PORT_NAME
from vllm_cdk8s.core.pod.resources import Resources  # noqa: TC001 - others take it from here
from vllm_cdk8s.core.regex import regex
from vllm_cdk8s.core.showing import is_secret_name, shown

if TYPE_CHECKING:
    from vllm_cdk8s.core.pod.health import Health

CONTAINER_NAME = "vllm"
STORAGE_VOLUME = "model-storage"
SHM_VOLUME = "shm"
HOME_VOLUME = "home"
COMMAND = ("vllm", "serve")
HOSTNAME_LABEL = "kubernetes.io/hostname"

# Below the mount path of the model volume; kept there explicitly, or each restart compiles for tens of seconds again.
# Source: https://docs.vllm.ai/en/latest/configuration/env_vars.html and PyTorch's and Triton's own documentation.
_CACHES = {
    "HF_HOME": "huggingface",
    "VLLM_CACHE_ROOT": "vllm",
    "TRITON_CACHE_DIR": "triton",
    "TORCHINDUCTOR_CACHE_DIR": "torchinductor",
}
_SHM_PATH = "/dev/shm"  # noqa: S108 - the container's, by its real name
_SOURCES = ("secretKeyRef", "configMapKeyRef", "fieldRef", "resourceFieldRef", "fileKeyRef")
_ENV_MEND = mention("a kplus.EnvValue.from_secret_value(...), or hf_token= and api_key= with a SecretKey")
_REFERENCE = regex(r"\$(?=[$(])")


def literal(text: str, *, references: Collection[str] = ()) -> str:
    """The text as the kubelet must see it to hand it over unchanged: ``$(NAME)`` expands and ``$$`` collapses there.

    Args:
        text: the text.
        references: variables whose references it is to expand.

    Source: https://kubernetes.io/docs/tasks/inject-data-application/define-environment-variable-container/
    """
    if references:
        ours = re.compile("|".join(re.escape(f"$({name})") for name in sorted(references)))
        between = [_REFERENCE.sub("$$", part) for part in ours.split(text)]
        return "".join(part + reference for part, reference in zip(between, [*ours.findall(text), ""], strict=True))
    return _REFERENCE.sub("$$", text)


def environment(
    env: Mapping[str, str | Mapping[str, Any]], *, caches_below: str | None, identity: Mapping[str, str]
) -> list[dict[str, Any]]:
    """The container's ``env``: the caches on the model volume, then the user's variables, which win.

    Args:
        env: by name, a plain string or a ``valueFrom`` in wire form.
        caches_below: the mount path of the volume that holds the caches, None to leave them where they are.
        identity: home and name of a user other than root.

    Raises:
        InvalidOptionError: a name that is not valid, ``VLLM_PORT``, a literal secret, a value that is not a string.
    """
    variables: dict[str, dict[str, Any]] = {name: {"value": value} for name, value in identity.items()}
    if caches_below is not None:
        for name, folder in _CACHES.items():
            variables[name] = {"value": f"{caches_below.rstrip('/')}/{folder}"}
    with Collector() as found:
        for name, value in env.items():
            if found.attempt(checks.env_name, "env", name) is not None:
                variables[name] = found.attempt(_variable, name, value) or {}
    return [{"name": name, **value} for name, value in variables.items()]


def _variable(name: str, value: object) -> dict[str, Any]:
    option = f"env[{name!r}]"
    if isinstance(value, Mapping):
        # Its keys alone, since a literal secret may be the value of one.
        if len(value) != 1 or not value.keys() <= set(_SOURCES):
            keys = ", ".join(map(str, value))
            raise InvalidOptionError(
                f"{{{keys}}} is not a source; allowed: a string, a kplus.EnvValue, or one of {', '.join(_SOURCES)}",
                option=option,
            )
        source = checks.plain(option, value)
        raw_env.value_from(option, source)
        return {"valueFrom": source}
    if isinstance(value, str):
        raw_env.check_literal(
            option, name, value, mend=_ENV_MEND if is_secret_name(name) else mention("a kplus.EnvValue")
        )
    elif is_secret_name(name):
        raise literal_secret(option, allowed=_ENV_MEND)
    else:
        # Who reads a secret from a file has bytes of it.
        said = f"<{len(value)} bytes>" if isinstance(value, bytes) else shown(value)
        raise InvalidOptionError(
            f"{said} is not a string; allowed: a string (numbers and booleans in quotes) or a kplus.EnvValue",
            option=option,
        )
    return {"value": literal(check_text(option, value))}


def container(
    *,
    image: str,
    image_pull_policy: str,
    command: Sequence[str],
    args: Sequence[str],
    port: int,
    env: Sequence[Mapping[str, Any]],
    env_from: Sequence[Mapping[str, Any]],
    resources: Resources,
    health: Health | None,
    scheme: str,
    volume_mounts: Sequence[Mapping[str, Any]],
    security_context: Mapping[str, Any],
    device_claims: Sequence[Mapping[str, str]] = (),
    pre_stop: Sequence[str] = (),
    port_name: str = PORT_NAME,
    more_ports: Mapping[str, int] = MappingProxyType({}),
    probed: str | int | None = None,
) -> dict[str, Any]:
    """The vLLM container. ``args`` are in wire form already: `literal` has been applied where it must be."""
    ports = {port_name: port, **more_ports}
    return prune({
        "name": CONTAINER_NAME,
        "image": check_reference("image", image),
        "imagePullPolicy": image_pull_policy,
        "command": list(command),
        "args": list(args),
        "ports": [{"name": name, "containerPort": number, "protocol": "TCP"} for name, number in ports.items()],
        "env": list(env),
        "envFrom": list(env_from),
        "resources": prune({**resources.wire(), "claims": list(device_claims)}),
        "volumeMounts": list(volume_mounts),
        "securityContext": security_context,
        "lifecycle": {"preStop": {"exec": {"command": list(pre_stop)}}} if pre_stop else None,
        **({} if health is None else health.wire(scheme=scheme, port_name=probed or port_name)),
    })  # fmt: skip


def shared_memory(
    *, gpus: int, size: str | None, memory_limit: str | int | None, mounts: Sequence[Any] = ()
) -> str | None:
    """The size limit of /dev/shm, or None to leave it at the runtime's 64 MiB.

    More than one GPU needs more, since NCCL and vLLM's own message queues live there. Asked for nothing, it is 1 GiB
    per GPU and at least 2 GiB, unless one of the user's ``mounts`` is there. It counts against the container's memory
    limit.
    Source: https://docs.vllm.ai/en/latest/deployment/k8s.html (which mounts 2 GiB).
    """
    if size is None and (gpus <= 1 or any(_mounts_shm(mount) for mount in mounts)):
        return None
    limit = checks.size("shm_size", size, least=checks.MEBIBYTE) if size is not None else f"{max(2, gpus)}Gi"
    if memory_limit is not None:
        ceiling = checks.quantity("resources.limits['memory']", memory_limit)
        if checks.quantity("shm_size", limit) >= ceiling:
            raise ConflictError(
                f"{limit!r} of shared memory does not fit into resources.limits['memory'] of {memory_limit!r}; "
                "it counts against that limit",
                option="shm_size",
            )
    return limit


def _mounts_shm(mount: object) -> bool:
    return isinstance(mount, Mapping) and str(mount.get("mountPath")).rstrip("/") == _SHM_PATH


def volumes(
    *,
    storage: Mapping[str, Any],
    mount_path: str,
    shm: str | None,
    home: str | None,
    extra: Sequence[Any],
    extra_mounts: Sequence[Any],
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The pod's ``volumes`` and the container's ``volumeMounts``: models, shared memory, home, then the user's own."""
    result = [{"name": STORAGE_VOLUME, **storage}]
    mounts = [{"name": STORAGE_VOLUME, "mountPath": mount_path}]
    if home is not None:
        result.append({"name": HOME_VOLUME, "emptyDir": {}})
        mounts.append({"name": HOME_VOLUME, "mountPath": home})
    if shm is not None:
        result.append({"name": SHM_VOLUME, "emptyDir": {"medium": "Memory", "sizeLimit": shm}})
        mounts.append({"name": SHM_VOLUME, "mountPath": _SHM_PATH})
    result += raw_volumes.volumes("volumes", extra)
    own = named("volume_mounts", extra_mounts)
    if own:
        check_schema("volume_mounts", own, "VolumeMount[]")
        raw_volumes.mounts("volume_mounts", own)
    mounts += own
    unique("volumes", (volume["name"] for volume in result))
    known = [volume["name"] for volume in result]
    for mount in mounts:
        if mount["name"] not in known:
            raise InvalidOptionError(
                f"{mount['name']!r} is not the name of a volume; there are: {', '.join(known)}"
                f"{nearest(mount['name'], known)}",
                option="volume_mounts",
            )
    unique("volume_mounts", (mount["mountPath"].rstrip("/") for mount in mounts))
    return result, mounts


def template(
    *,
    labels: Mapping[str, str],
    annotations: Mapping[str, str],
    containers: Sequence[Mapping[str, Any]],
    init_containers: Sequence[Any] = (),
    first_containers: Sequence[Mapping[str, Any]] = (),
    volumes: Sequence[Mapping[str, Any]],
    service_account: str | None,
    image_pull_secrets: Sequence[str],
    scheduling: Mapping[str, Any],
    security: Mapping[str, Any],
    grace_period_seconds: int | None = None,
    restart_policy: str | None = None,
    extra: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The pod template, put together from its concerns.

    The first of the containers is this package's own, the others are the user's ``extra_containers``; so are
    ``first_containers``, which run before the user's ``init_containers``.
    """
    own, *sidecars = containers
    containers = [own, *raw.containers("extra_containers", sidecars)]
    inits = [*map(dict, first_containers), *raw.containers("init_containers", init_containers)]
    for option, names in (
        ("extra_containers", [item["name"] for item in containers]),
        ("init_containers", [item["name"] for item in (*containers, *inits)]),
    ):
        unique(option, names)
    raw.check_shared_ports("extra_containers", containers)
    _check_mounts("extra_containers", containers, volumes)
    _check_mounts("init_containers", inits, volumes)
    return {
        "metadata": prune({"labels": dict(labels), "annotations": dict(annotations)}),
        "spec": prune({
            "serviceAccountName": service_account,
            # vLLM never calls the Kubernetes API.
            "automountServiceAccountToken": False,
            # A Service named vllm would set VLLM_PORT to an address, and vLLM would die of it.
            "enableServiceLinks": False,
            "restartPolicy": restart_policy,
            "terminationGracePeriodSeconds": grace_period_seconds,
            "imagePullSecrets": [{"name": name} for name in image_pull_secrets],
            **security,
            "initContainers": inits,
            "containers": list(containers),
            "volumes": list(volumes),
            **scheduling,
            **(extra or {}),
        }),
    }  # fmt: skip


def _check_mounts(option: str, containers: Sequence[Mapping[str, Any]], volumes: Sequence[Mapping[str, Any]]) -> None:
    known = [volume["name"] for volume in volumes]
    for item in containers:
        for mount in item.get("volumeMounts", ()):
            if mount.get("name") not in known:
                raise InvalidOptionError(
                    f"{item['name']!r} mounts {mount.get('name')!r}, which is not the name of a volume; there are: "
                    f"{', '.join(known)}{nearest(str(mount.get('name')), known)}",
                    option=option,
                )
