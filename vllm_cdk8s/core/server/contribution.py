"""What a feature (adapters, a chat template, a download) adds to its server, and how that meets what the user said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, TypeVar, cast, runtime_checkable

from vllm_cdk8s.core.errors import ConflictError, InvalidOptionError
from vllm_cdk8s.core.kube import checks
from vllm_cdk8s.core.kube.wire import sequence

if TYPE_CHECKING:
    from vllm_cdk8s.core.engine import EngineArgs

_Options = TypeVar("_Options", bound=Mapping[str, Any])

# In this order, whatever the order of the user's keywords.
_FEATURES = {"lora": "LoraAdapters", "chat_template": "ChatTemplate", "download": "InitDownload"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Contribution:
    """What one feature adds.

    Attributes:
        engine_args: settings that the feature needs; the user may say the same, and nothing else.
        engine_defaults: settings that the user's own replace.
        env: variables that the feature needs, likewise.
        volumes: volumes in wire form.
        volume_mounts: mounts of the vLLM container in wire form.
        pod_annotations: annotations of the pods.
    """

    engine_args: Mapping[str, Any] = field(default_factory=dict)
    engine_defaults: Mapping[str, Any] = field(default_factory=dict)
    env: Mapping[str, str] = field(default_factory=dict)
    volumes: tuple[Mapping[str, Any], ...] = ()
    volume_mounts: tuple[Mapping[str, Any], ...] = ()
    pod_annotations: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """What a feature may know of the server that it is for.

    Attributes:
        model: the server's model.
        engine_args: the user's own settings.
        env: the user's own variables.
        namespace: where the server is, None where its chart does not say.
        guarded: whether the server asks for an API key.
    """

    model: str
    engine_args: Mapping[str, Any]
    env: Mapping[str, Any]
    namespace: str | None
    guarded: bool


@runtime_checkable
class Feature(Protocol):
    """An option of a server that adds to its pod and to vLLM's settings.

    Attributes:
        OPTION: the option's name.
    """

    OPTION: ClassVar[str]

    def contribute(self, target: Target) -> Contribution:
        """What it adds to that server."""


def with_features(
    options: _Options,
    *,
    model: str,
    engine_args: EngineArgs | None,
    env: Mapping[str, Any] | None,
    namespace: str | None,
) -> tuple[_Options, EngineArgs | None, Mapping[str, Any], Mapping[str, Any]]:
    """The options, the engine's settings and the variables with what the server's features add, and their defaults.

    Raises:
        InvalidOptionError: a feature is not what its option takes.
        ConflictError: a feature and the user, or two features, say different things.
    """
    settings: Any = {} if engine_args is None else engine_args
    variables: Any = {} if env is None else env
    if not options.keys() & _FEATURES.keys() or not isinstance(settings, Mapping) or not isinstance(variables, Mapping):
        return options, engine_args, variables, {}  # what is no mapping is refused where it is read
    target = Target(
        model=model, engine_args=settings, env=variables, namespace=namespace, guarded="api_key" in options
    )  # fmt: skip
    result: dict[str, Any] = dict(options)
    said, described = dict(settings), dict(variables)
    defaults: dict[str, Any] = {}
    for option, kind in _FEATURES.items():
        if option not in options:
            continue
        feature = options[option]
        if not isinstance(feature, Feature) or option != feature.OPTION:
            raise InvalidOptionError(f"{feature!r} is none; allowed: {kind}(...)", option=option)
        added = feature.contribute(target)
        _agree(said, added.engine_args, option=option, place="engine_args")
        _agree(described, added.env, option=option, place="env")
        defaults |= added.engine_defaults
        for name in ("volumes", "volume_mounts"):
            result[name] = [*getattr(added, name), *sequence(name, result.get(name, ()))]
        own = checks.annotation_map("pod_annotations", result.get("pod_annotations", {}))
        _agree(own, added.pod_annotations, option=option, place="pod_annotations")
        result["pod_annotations"] = own
    return cast("_Options", result), cast("EngineArgs", said), described, defaults


def _agree(own: dict[str, Any], added: Mapping[str, Any], *, option: str, place: str) -> None:
    for name, value in added.items():
        if name in own and own[name] != value:
            raise ConflictError(
                f"{own[name]!r} contradicts {option}, which sets it to {value!r}; say it in one place",
                option=f"{place}[{name!r}]",
            )
        own[name] = value
