"""ChatTemplate: the Jinja template by which messages become a prompt, from a ConfigMap."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import cdk8s
import cdk8s_plus_27 as kplus
from constructs import Construct

from vllm_cdk8s.constructs.apps import Whole, name_in_tree, place
from vllm_cdk8s.core.errors import InvalidOptionError, nearest
from vllm_cdk8s.core.features.chat_template import KEY, MountedTemplate, template_text
from vllm_cdk8s.core.keywords import named_keywords
from vllm_cdk8s.core.kube import checks
from vllm_cdk8s.core.showing import shown

if TYPE_CHECKING:
    from vllm_cdk8s.core.server.contribution import Contribution, Target


@named_keywords
class ChatTemplate(Whole):
    """A chat template in a ConfigMap of its own: ``chat_template=ChatTemplate(self, "template", text=TEMPLATE)``.

    A digest of the template is in the pods' annotations, so that another template makes the server roll out: vLLM reads
    it once, when it starts. Other sources: `from_file`, `from_config_map`. One template may serve several servers.

    Args:
        scope: the parent construct.
        id: the construct's ID, unique within its parent.
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
        template_text("text", text)
        own_labels = checks.label_map("labels", labels)
        if name is not None:
            checks.dns_subdomain("name", name)
        super().__init__(scope, id)
        registry, namespace = place(scope)
        if name is None:
            name = name_in_tree(scope, id, "Resource", "Resource")
        else:
            registry.take_name("ConfigMap", namespace, name, self)
        config_map = kplus.ConfigMap(
            self, "Resource", metadata=cdk8s.ApiObjectMetadata(name=name, labels=own_labels), data={KEY: text}
        )
        self._mount(config_map, MountedTemplate(config_map=name, text=text, namespace=namespace))

    @staticmethod
    def from_file(
        scope: Construct, id: str, path: str | Path, *, name: str | None = None, labels: dict[str, str] | None = None
    ) -> ChatTemplate:
        """A template from a file beside the app, read when the app runs.

        Args:
            scope: the parent construct.
            id: the construct's ID, unique within its parent.
            path: the file, in UTF-8.
            name: the ConfigMap's name; None lets cdk8s name it.
            labels: labels of the ConfigMap.

        Raises:
            InvalidOptionError: the file cannot be read, or is not a template.
        """
        try:
            text = Path(path).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise InvalidOptionError(f"{str(path)!r} cannot be read: {error}", option="path") from error
        return ChatTemplate(scope, id, text=text, name=name, labels=labels)

    @staticmethod
    def from_config_map(
        scope: Construct, id: str, config_map: str | kplus.IConfigMap, *, key: str = KEY
    ) -> ChatTemplate:
        """A template from a ConfigMap that exists already, by name or as any kplus ConfigMap.

        Where the ConfigMap is declared in this app, the digest is of what it holds by then; of one that is known by its
        name alone nothing is known, and a change takes effect only when the pods are restarted.

        Args:
            scope: the parent construct.
            id: the construct's ID, unique within its parent.
            config_map: the name, or the construct.
            key: the entry that is the template.

        Raises:
            InvalidOptionError: the name is not valid, or the ConfigMap of this app has no such entry.
        """
        checks.text("key", key)
        text = namespace = None
        if isinstance(config_map, str):
            checks.dns_subdomain("config_map", config_map)
        elif isinstance(config_map, kplus.ConfigMap):
            data = dict(config_map.data)
            if key not in data:
                raise InvalidOptionError(
                    f"{shown(key)} is not in the ConfigMap; there are: {', '.join(data) or 'none'}{nearest(key, data)}",
                    option="key",
                )
            text, namespace = template_text(f"config_map[{key!r}]", data[key]), config_map.metadata.namespace
        elif getattr(config_map, "kind", None) != "ConfigMap":
            raise InvalidOptionError(
                f"{shown(config_map)} is not a ConfigMap; allowed: a name or a kplus.IConfigMap", option="config_map"
            )
        template = _OtherTemplate(scope, id)
        if isinstance(config_map, str):
            config_map = kplus.ConfigMap.from_config_map_name(template, "Reference", config_map)
        mounted = MountedTemplate(config_map=config_map.name, key=key, text=text, namespace=namespace)
        template._mount(config_map, mounted)  # noqa: SLF001 - our own
        return template

    @property
    def config_map(self) -> kplus.IConfigMap:
        """The ConfigMap."""
        return self._config_map

    def contribute(self, target: Target) -> Contribution:
        """What it adds to that server."""
        return self._mounted.contribution(target)

    def _mount(self, config_map: kplus.IConfigMap, mounted: MountedTemplate) -> None:
        self._config_map, self._mounted = config_map, mounted


class _OtherTemplate(ChatTemplate):
    """A template in a ConfigMap of somebody else's: its static method says which."""

    def __init__(self, scope: Construct, id: str) -> None:
        Construct.__init__(self, scope, id)
