"""Downloads into the storage that servers share: by a Job of its own, or in each pod before vLLM starts."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from constructs import Construct

from vllm_cdk8s import checks
from vllm_cdk8s.contribution import Contribution
from vllm_cdk8s.errors import ConflictError, InvalidOptionError, warn
from vllm_cdk8s.job import JOB_OPTIONS, add_job, job_pod, non_root_of, program
from vllm_cdk8s.pod import STORAGE_VOLUME, Resources, prune, sequence
from vllm_cdk8s.storage import ModelStorage
from vllm_cdk8s.workload import check_options

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import cdk8s
    import cdk8s_plus_27 as kplus
    from typing_extensions import Unpack

    from vllm_cdk8s.contribution import Target
    from vllm_cdk8s.engine import EngineCommand
    from vllm_cdk8s.job import JobOptions
    from vllm_cdk8s.secret_key import SecretKey

_NAME_LABEL, _INSTANCE_LABEL = "app.kubernetes.io/name", "app.kubernetes.io/instance"
_CONTAINER = "download"
# The program's own code for "trying again is pointless".
_HOPELESS = 3
_ELSEWHERE = ("s3://", "gs://", "az://", "/")


@dataclass(frozen=True, kw_only=True, slots=True)
class HubModel:
    """A model of the Hugging Face hub: ``HubModel(model="Qwen/Qwen2.5-7B-Instruct", revision="main")``.

    Without patterns, all its files are downloaded, but where it has safetensors those files that hold the same weights
    in other formats, which vLLM does not load.

    Args:
        model: the repository.
        revision: a branch, tag or full commit hash; None takes the main branch.
        allow: patterns of the only files to download, such as ``*.gguf``.
        ignore: patterns of files not to download.

    Raises:
        InvalidOptionError: the repository or a pattern is none.
    """

    model: str
    revision: str | None = None
    allow: Sequence[str] = ()
    ignore: Sequence[str] = ()

    def __post_init__(self) -> None:
        name = checks.text("model", self.model)
        if name.startswith((*_ELSEWHERE, ".", "-", "~")) or name.count("/") > 1:
            raise InvalidOptionError(
                f"{name!r} is no repository of the Hugging Face hub; allowed: such as 'Qwen/Qwen2.5-7B-Instruct'",
                option="model",
            )
        if self.revision is not None:
            checks.text("revision", self.revision)
        for option in ("allow", "ignore"):
            for index, pattern in enumerate(sequence(option, getattr(self, option))):
                checks.text(f"{option}[{index}]", pattern)

    def argument(self) -> str:
        """What the download program is told: the arguments of huggingface_hub's own snapshot_download."""
        return json.dumps(
            prune({
                "repo_id": self.model,
                "revision": self.revision,
                "allow_patterns": list(self.allow),
                "ignore_patterns": list(self.ignore),
            }),
            separators=(",", ":"),
        )  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class InitDownload:
    """Download before vLLM starts: ``download=InitDownload()``, in an init container of each pod.

    A download can take longer than a start; here it is no part of the start-up budget of the probes. A pod whose models
    are there already only asks the hub whether they are current, and starts all the same if the hub does not answer.
    The container has vLLM's image, variables (the token among them), storage and user.

    Args:
        models: what to download; None downloads the server's model at the revision of its settings.
        max_seconds: what a rollout allows for it, besides the start-up budget; Kubernetes reports a longer one as
            failed, though the download goes on.
        offline: vLLM itself then never asks the hub (``HF_HUB_OFFLINE``): all that it needs must be in ``models``.
        resources: requests and limits of the container.

    Raises:
        InvalidOptionError: a model is none, or a number is not a whole number.
    """

    OPTION: ClassVar[str] = "download"

    models: Sequence[str | HubModel] | None = None
    max_seconds: int = 3600
    offline: bool = False
    resources: Resources | None = None

    def __post_init__(self) -> None:
        checks.integer("download.max_seconds", self.max_seconds, minimum=0)
        checks.boolean("download.offline", self.offline)
        if self.models is not None:
            _hub_models("download.models", self.models)
        if self.resources is not None:
            checks.instance("download.resources", self.resources, Resources, allowed="Resources(...)")

    def contribute(self, target: Target) -> Contribution:
        """What it adds to that server."""
        if self.models is None and target.model.startswith(_ELSEWHERE):
            raise ConflictError(
                f"{target.model!r} is no repository of the Hugging Face hub, so that there is nothing to download; "
                "say models=[...] or leave it out",
                option="download",
            )
        if target.engine_args.get("download_dir") is not None:
            raise ConflictError(
                f"{target.engine_args['download_dir']!r} is not the cache that download fills, which is in the "
                "storage; leave one of them out",
                option="download_dir",
            )
        if not self.offline:
            return Contribution()
        # Offline, vLLM replaces the model's name by its path in the cache, in the labels of its metrics too.
        return Contribution(env={"HF_HUB_OFFLINE": "1"}, engine_defaults={"served_model_name": target.model})

    def container(self, engine: EngineCommand, *, like: Mapping[str, Any]) -> dict[str, Any]:
        """The init container, in wire form.

        Args:
            engine: vLLM's command line, which says the model and its revision.
            like: the vLLM container, whose image, variables, mounts and user it has.
        """
        models = self.models
        if models is None:
            models = [HubModel(model=engine.settings["model"], revision=engine.settings.get("revision"))]
        own = program(
            {} if self.resources is None else {"resources": self.resources},
            name=_CONTAINER,
            source="download",
            arguments=[model.argument() for model in _hub_models("download.models", models)],
            image=like["image"],
            env={},
        )
        online = {"name": "HF_HUB_OFFLINE", "value": "0"}
        security = {
            name: value for name, value in like.get("securityContext", {}).items() if name != "privileged"
        }  # fmt: skip
        if "privileged" in like.get("securityContext", {}):
            security["allowPrivilegeEscalation"] = False
        env = [item for item in like.get("env", ()) if item["name"] not in (online["name"], "VLLM_API_KEY")]
        shared = {name: like[name] for name in ("imagePullPolicy", "envFrom", "volumeMounts") if name in like}
        return {**own, **shared, "env": [*env, online], "securityContext": security}


class ModelDownload(Construct):
    """A Job that downloads models into a storage.

    ``ModelDownload(self, "fetch", models=["Qwen/Qwen2.5-7B-Instruct"], storage=storage)``.

    Servers with the same storage find them in its cache. Kubernetes does not wait for the Job: apply it first and
    ``kubectl wait --for=condition=complete job/...``, or let the server's pods download too, which then only waits for
    what the Job is downloading. Its name ends in a digest of what it does, so that other models make another Job.

    A ReadWriteOnce claim is on one node at a time: a server on another node starts when the Job has ended. Where the
    claim is not bound yet, the Job's pod decides on the zone of its volume: give it the server's ``node_selector`` and
    ``tolerations``.

    Args:
        scope: the construct this one belongs to.
        id: its name there.
        models: what to download: repositories of the Hugging Face hub, or `HubModel` for revisions and patterns.
        storage: where to, as the servers have it.
        hf_token: the token for models that need one.
        name: what the Job's name begins with; None lets cdk8s name it.
        image: an image with ``python3`` and huggingface_hub, such as vLLM's own.
        env: environment variables, plain text or ``kplus.EnvValue``, such as ``HF_ENDPOINT`` for a mirror.
        retries: how often Kubernetes tries again; a model that does not exist, or may not be read, is not tried again.
        deadline_seconds: seconds after which Kubernetes gives up; None lets it take its time.
        **job_options: what may be said of any Job; see `JobOptions`.

    Raises:
        InvalidOptionError: an option is unknown, or has a value that is wrong by itself.
        ConflictError: the storage does not last, or is in another namespace.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        models: Sequence[str | HubModel],
        storage: ModelStorage,
        hf_token: SecretKey | None = None,
        name: str | None = None,
        image: str = "vllm/vllm-openai:latest",
        env: Mapping[str, str | kplus.EnvValue] | None = None,
        retries: int = 6,
        deadline_seconds: int | None = None,
        **job_options: Unpack[JobOptions],
    ) -> None:
        options = check_options(job_options, tuple(ModelDownload.__init__.__kwdefaults__ or ()), JOB_OPTIONS)
        wanted = _hub_models("models", models)
        checks.instance("storage", storage, ModelStorage, allowed="ModelStorage(...)")
        if "emptyDir" in storage.volume:
            raise ConflictError("it does not last, so that no server would find the models there", option="storage")
        if "hostPath" in storage.volume and storage.node_name is None:
            warn("storage: each node has such a folder of its own; say node=, or the Job may fill that of another node")
        non_root = non_root_of(options)
        if non_root is not None:
            non_root.check_mount_path(storage.mount_path)
        checks.integer("retries", retries, minimum=0)
        if deadline_seconds is not None:
            checks.integer("deadline_seconds", deadline_seconds, minimum=1)

        super().__init__(scope, id)
        storage.check_namespace(self, scope)
        labels = {_NAME_LABEL: "vllm-download", **({} if name is None else {_INSTANCE_LABEL: name})}
        container = program(
            {**options, **({} if hf_token is None else {"hf_token": hf_token})},
            name=_CONTAINER,
            source="download",
            arguments=[model.argument() for model in wanted],
            image=image,
            env=env or {},
            mounts=[{"name": STORAGE_VOLUME, "mountPath": storage.mount_path}],
            caches_below=storage.mount_path,
        )
        template = job_pod(
            options,
            container=container,
            labels=labels,
            volumes=[{"name": STORAGE_VOLUME, **storage.volume}],
            node_name=storage.node_name,
        )
        codes = {"containerName": _CONTAINER, "operator": "In", "values": [_HOPELESS]}
        rules = [
            # The schemas of Kubernetes 1.27 and 1.28 want the empty list.
            {"action": "FailJob", "onExitCodes": codes, "onPodConditions": []},
            {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]},
        ]
        spec = {"backoffLimit": retries, "podFailurePolicy": {"rules": rules}, "template": template}
        if deadline_seconds is not None:
            spec["activeDeadlineSeconds"] = deadline_seconds
        self.job: cdk8s.ApiObject = add_job(self, scope, name=name, options=options, spec=spec, labels=labels)

    @property
    def name(self) -> str:
        """The Job's name."""
        return self.job.name


def _hub_models(option: str, models: Sequence[str | HubModel]) -> list[HubModel]:
    result = []
    for index, item in enumerate(sequence(option, models)):
        if isinstance(item, str):
            result.append(HubModel(model=item))
        else:
            result.append(
                checks.instance(f"{option}[{index}]", item, HubModel, allowed="a name, or HubModel(model=...)")
            )
    if not result:
        raise InvalidOptionError("there are none; allowed: at least one", option=option)
    return result
