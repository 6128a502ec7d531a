"""A Job that downloads models into a storage, as data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vllm_cdk8s.core.errors import Collector, ConflictError, warn
from vllm_cdk8s.core.features.hub import CONTAINER_NAME, PROGRAM, hub_models
from vllm_cdk8s.core.jobs.job import INSTANCE_LABEL, NAME_LABEL, JobPlan, Program, job_pod, plan_job
from vllm_cdk8s.core.kube import checks
from vllm_cdk8s.core.pod.security import NonRoot
from vllm_cdk8s.core.pod.template import STORAGE_VOLUME
from vllm_cdk8s.core.rules.book import NODE_FOLDER, READ_ONLY_STORAGE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vllm_cdk8s.core.features.hub import HubModel
    from vllm_cdk8s.core.storage.storage import Storage

# The program's own code for "trying again is pointless".
_HOPELESS = 3


def plan_download(
    options: Mapping[str, Any],
    *,
    models: Sequence[str | HubModel],
    storage: Storage,
    name: str | None,
    image: str,
    env: Mapping[str, Any],
    retries: int,
    deadline_seconds: int | None,
) -> JobPlan:
    """The Job; `ModelDownload` documents its options.

    Raises:
        InvalidOptionError: an option has a value that is wrong by itself.
        ConflictError: the storage does not last.
    """
    with Collector() as found:
        wanted = found.need(hub_models, "models", models)
        if found.given(checks.dns_label, "name", name) is not None:
            found.attempt(checks.label_value, "name", name)
        found.attempt(_check_lasting, storage)
        user = found.given(checks.instance, "non_root", options.get("non_root"), NonRoot, allowed="NonRoot()")
        if user is not None:
            found.attempt(user.check_mount_path, storage.mount_path)
        found.attempt(checks.integer, "retries", retries, minimum=0)
        found.given(checks.integer, "deadline_seconds", deadline_seconds, minimum=1)
    if "hostPath" in storage.volume and storage.node_name is None:
        warn(
            "each node has such a folder of its own; say node=, or the Job may fill that of another node",
            option="storage",
            rule=NODE_FOLDER,
        )
    labels = {NAME_LABEL: "vllm-download", **({} if name is None else {INSTANCE_LABEL: name})}
    template = job_pod(
        options,
        program=Program(
            name=CONTAINER_NAME,
            source=PROGRAM,
            arguments=[model.argument() for model in wanted],
            image=image,
            env=env,
            mounts=[{"name": STORAGE_VOLUME, "mountPath": storage.mount_path}],
            caches_below=storage.mount_path,
        ),
        labels=labels,
        volumes=[{"name": STORAGE_VOLUME, **storage.volume}],
        node_name=storage.node_name,
    )
    codes = {"containerName": CONTAINER_NAME, "operator": "In", "values": [_HOPELESS]}
    rules = [
        # The schemas of Kubernetes 1.27 and 1.28 want the empty list.
        {"action": "FailJob", "onExitCodes": codes, "onPodConditions": []},
        {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]},
    ]
    spec = {"backoffLimit": retries, "podFailurePolicy": {"rules": rules}, "template": template}
    if deadline_seconds is not None:
        spec["activeDeadlineSeconds"] = deadline_seconds
    return plan_job(options, spec=spec, labels=labels)


def _check_lasting(storage: Storage) -> None:
    if "emptyDir" in storage.volume:
        raise ConflictError("it does not last, so that no server would find the models there", option="storage")
    if storage.read_only:
        what = "it is an image, to which nothing can be downloaded"
        raise ConflictError(what, option="storage", rule=READ_ONLY_STORAGE)
