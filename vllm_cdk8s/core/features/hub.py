"""What to download from the Hugging Face hub, and how each pod of a server does it before vLLM starts."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from vllm_cdk8s.core.errors import Collector, ConflictError, InvalidOptionError
from vllm_cdk8s.core.keywords import named_keywords
from vllm_cdk8s.core.kube import checks
from vllm_cdk8s.core.kube.wire import prune, sequence
from vllm_cdk8s.core.pod import programs
from vllm_cdk8s.core.pod.resources import Resources
from vllm_cdk8s.core.regex import regex
from vllm_cdk8s.core.server.contribution import Contribution

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vllm_cdk8s.core.engine import EngineCommand
    from vllm_cdk8s.core.server.contribution import Target

CONTAINER_NAME = "download"
PROGRAM = "download"

# As huggingface_hub checks it: an owner and a name, or a name alone.
_REPOSITORY = regex(r"(\w[\w.-]*/)?\w[\w.-]{0,95}", re.ASCII)
_ELSEWHERE = ("s3://", "gs://", "az://", "/")


@named_keywords
@dataclass(frozen=True, kw_only=True, slots=True)
class HubModel:
    """A model of the Hugging Face hub: ``HubModel(model="Qwen/Qwen2.5-7B-Instruct", revision="main")``.

    Without patterns, all files are downloaded. Where the repository has safetensors, copies of the weights in other
    formats are left out, since vLLM does not load them.

    Args:
        model: the repository.
        revision: a branch, tag or full commit hash; None takes the main branch.
        allow: patterns of the only files to download, such as ``*.gguf``.
        ignore: patterns of files not to download.

    Raises:
        InvalidOptionError: the repository or a pattern is not valid.
    """

    model: str
    revision: str | None = None
    allow: Sequence[str] = ()
    ignore: Sequence[str] = ()

    def __post_init__(self) -> None:
        checks.plain_fields(self)
        with Collector() as found:
            found.attempt(_check_repository, "model", self.model)
            found.given(checks.text, "revision", self.revision)
            for option in ("allow", "ignore"):
                for index, pattern in enumerate(found.attempt(sequence, option, getattr(self, option)) or ()):
                    found.attempt(checks.text, f"{option}[{index}]", pattern)

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


@named_keywords
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
        InvalidOptionError: a model is not valid, or a number is not a whole number.
    """

    OPTION: ClassVar[str] = "download"

    models: Sequence[str | HubModel] | None = None
    max_seconds: int = 3600
    offline: bool = False
    resources: Resources | None = None

    def __post_init__(self) -> None:
        checks.plain_fields(self)
        with Collector() as found:
            found.attempt(checks.integer, "download.max_seconds", self.max_seconds, minimum=0)
            found.attempt(checks.boolean, "download.offline", self.offline)
            found.given(hub_models, "download.models", self.models)
            found.given(checks.instance, "download.resources", self.resources, Resources, allowed="Resources(...)")

    def contribute(self, target: Target) -> Contribution:
        """What it adds to that server."""
        if self.models is None and target.model.startswith(_ELSEWHERE):
            raise ConflictError(
                f"{target.model!r} is not a repository of the Hugging Face hub, so that there is nothing to download; "
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

    @property
    def keeps_elsewhere(self) -> bool:
        """Whether the models are kept outside of the server's storage, so that nothing needs a claim for them."""
        return False

    def container(self, engine: EngineCommand, *, like: Mapping[str, Any]) -> dict[str, Any]:
        """The init container, in wire form.

        Args:
            engine: vLLM's command line, which says the model and its revision.
            like: the vLLM container, whose image, variables, mounts and user it has.
        """
        models = self.models
        if models is None:
            models = [HubModel(model=engine.settings["model"], revision=engine.settings.get("revision"))]
        own = {
            "name": CONTAINER_NAME,
            "image": like["image"],
            **programs.run(PROGRAM, [model.argument() for model in hub_models("download.models", models)]),
            **({} if self.resources is None else {"resources": self.resources.wire()}),
        }
        online = {"name": "HF_HUB_OFFLINE", "value": "0"}
        security = {
            name: value for name, value in like.get("securityContext", {}).items() if name != "privileged"
        }  # fmt: skip
        if "privileged" in like.get("securityContext", {}):
            security["allowPrivilegeEscalation"] = False
        env = [item for item in like.get("env", ()) if item["name"] not in (online["name"], "VLLM_API_KEY")]
        shared = {name: like[name] for name in ("imagePullPolicy", "envFrom", "volumeMounts") if name in like}
        return {**own, **shared, "env": [*env, online], "securityContext": security}


def hub_models(option: str, models: Sequence[str | HubModel]) -> list[HubModel]:
    """The models of an option, at least one; a name alone is its main branch."""
    given = sequence(option, models)
    if not given:
        raise InvalidOptionError("there are none; allowed: at least one", option=option)
    with Collector() as found:
        return [found.need(_hub_model, f"{option}[{index}]", item) for index, item in enumerate(given)]


def _hub_model(option: str, item: str | HubModel) -> HubModel:
    if isinstance(item, str):
        _check_repository(option, item)
        return HubModel(model=item)
    return checks.instance(option, item, HubModel, allowed="a name, or HubModel(model=...)")


def _check_repository(option: str, value: object) -> None:
    name = checks.text(option, value)
    if not _REPOSITORY.fullmatch(name) or ".." in name or "--" in name:
        raise InvalidOptionError(
            f"{name!r} is not a repository of the Hugging Face hub; allowed: such as 'Qwen/Qwen2.5-7B-Instruct'",
            option=option,
        )
