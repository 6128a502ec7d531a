"""ChatTemplate: the Jinja template by which messages become a prompt, from a ConfigMap."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import cdk8s
import cdk8s_plus_27 as kplus
from constructs import Construct

from vllm_cdk8s.constructs.apps import place
from vllm_cdk8s.core.errors import ConflictError, InvalidOptionError, nearest
from vllm_cdk8s.core.kube import checks
from vllm_cdk8s.core.server.contribution import Contribution

if TYPE_CHECKING:
    from vllm_cdk8s.core.server.contribution import Target

ANNOTATION = "checksum/chat-template"

_VOLUME = "chat-template"
_FOLDER = "/etc/vllm"
_KEY = "chat-template.jinja"
# What a ConfigMap may hold in all; https://kubernetes.io/docs/concepts/configuration/configmap/
_MAX_BYTES = 1024 * 1024


class ChatTemplate(Construct):
    """A chat template in a ConfigMap of its own: ``chat_template=ChatTemplate(self, "template", text=TEMPLATE)``.

    A digest of the template is in the pods' annotations, so that another template makes the server roll out: vLLM reads
    it once, when it starts. Other sources: `from_file`, `from_config_map`. One template may serve several servers.

    Args:
        scope: the construct this one belongs to.
        id: its name there.
        text: the template.
        name: the ConfigMap's name; None lets cdk8s name it.
        labels: labels of the ConfigMap.

    Raises:
        InvalidOptionError: the text is empty, not Jinja by the look of it, or more than a ConfigMap may hold.
        ConflictError: another ConfigMap of this app has the name.
    """

    OPTION: ClassVar[str] = "chat_template"

    def __init__(
        self, scope: Construct, id: str, *, text: str, name: str | None = None, labels: dict[str, str] | None = None
    ) -> None:
        super().__init__(scope, id)
        _check("text", text)
        if name is not None:
            checks.dns_subdomain("name", name)
            registry, namespace = place(scope)
            registry.take_name("ConfigMap", namespace, name, self)
        config_map = kplus.ConfigMap(
            self, "Resource",
            metadata=cdk8s.ApiObjectMetadata(name=name, labels=checks.label_map("labels", labels or {})),
            data={_KEY: text},
        )  # fmt: skip
        self._settle(config_map, _KEY, digest=_digest(text), namespace=place(scope)[1])

    @staticmethod
    def from_file(
        scope: Construct, id: str, path: str | Path, *, name: str | None = None, labels: dict[str, str] | None = None
    ) -> ChatTemplate:
        """A template from a file beside the app, read when the app runs.

        Args:
            scope: the construct this one belongs to.
            id: its name there.
            path: the file, in UTF-8.
            name: the ConfigMap's name; None lets cdk8s name it.
            labels: labels of the ConfigMap.

        Raises:
            InvalidOptionError: the file cannot be read, or is no template.
        """
        try:
            text = Path(path).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise InvalidOptionError(f"{str(path)!r} cannot be read: {error}", option="path") from error
        return ChatTemplate(scope, id, text=text, name=name, labels=labels)

    @staticmethod
    def from_config_map(
        scope: Construct, id: str, config_map: str | kplus.IConfigMap, *, key: str = _KEY
    ) -> ChatTemplate:
        """A template from a ConfigMap that exists already, by name or as any kplus ConfigMap.

        Where the ConfigMap is declared in this app, the digest is of what it holds by then; of one that is known by its
        name alone nothing is known, and a change takes effect only when the pods are restarted.

        Args:
            scope: the construct this one belongs to.
            id: its name there.
            config_map: the name, or the construct.
            key: the entry that is the template.

        Raises:
            InvalidOptionError: a name is none, or the ConfigMap of this app has no such entry.
        """
        checks.text("key", key)
        template = _OtherTemplate(scope, id)
        if isinstance(config_map, str):
            reference = kplus.ConfigMap.from_config_map_name(
                template, "Reference", checks.dns_subdomain("config_map", config_map)
            )
            template._settle(reference, key)  # noqa: SLF001 - our own
        elif isinstance(config_map, kplus.ConfigMap):
            data = dict(config_map.data)
            if key not in data:
                raise InvalidOptionError(
                    f"{key!r} is not in the ConfigMap; there are: {', '.join(data) or 'none'}{nearest(key, data)}",
                    option="key",
                )
            _check(f"config_map[{key!r}]", data[key])
            namespace = config_map.metadata.namespace
            template._settle(config_map, key, digest=_digest(data[key]), namespace=namespace)  # noqa: SLF001
        elif getattr(config_map, "kind", None) == "ConfigMap":
            template._settle(config_map, key)  # noqa: SLF001
        else:
            raise InvalidOptionError(
                f"{config_map!r} is not a ConfigMap; allowed: a name or a kplus.IConfigMap", option="config_map"
            )
        return template

    @property
    def config_map(self) -> kplus.IConfigMap:
        """The ConfigMap."""
        return self._config_map

    def contribute(self, target: Target) -> Contribution:
        """What it adds to that server."""
        if self._digest is not None and self._namespace != target.namespace:
            raise ConflictError(
                f"{self._config_map.name!r} is in namespace {self._namespace!r}, the server in {target.namespace!r}; a "
                "pod can only mount ConfigMaps of its own namespace",
                option="chat_template",
            )
        source = {"name": self._config_map.name, "items": [{"key": self._key, "path": _KEY}]}
        return Contribution(
            engine_args={"chat_template": f"{_FOLDER}/{_KEY}"},
            volumes=({"name": _VOLUME, "configMap": source},),
            volume_mounts=({"name": _VOLUME, "mountPath": _FOLDER, "readOnly": True},),
            pod_annotations={} if self._digest is None else {ANNOTATION: self._digest},
        )

    def _settle(
        self, config_map: kplus.IConfigMap, key: str, *, digest: str | None = None, namespace: str | None = None
    ) -> None:
        self._config_map = config_map
        self._key = key
        self._digest = digest
        self._namespace = namespace


class _OtherTemplate(ChatTemplate):
    """A template in a ConfigMap of somebody else's: its static settles which."""

    def __init__(self, scope: Construct, id: str) -> None:
        Construct.__init__(self, scope, id)


def _check(option: str, text: object) -> str:
    template = checks.text(option, text)
    if "{{" not in template and "{%" not in template:
        shown = template if len(template) <= 40 else f"{template[:40]}..."  # noqa: PLR2004 - as much as a line shows
        raise InvalidOptionError(
            f"{shown!r} is not a Jinja template: it has neither '{{{{' nor '{{%'; "
            "a file is read by ChatTemplate.from_file(...)",
            option=option,
        )
    if len(template.encode()) > _MAX_BYTES:
        raise InvalidOptionError("is more than the 1 MiB that a ConfigMap may hold", option=option)
    return template


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()
