"""A chat template as text: what it must be, and what it adds to a server's pod."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from msgspec import Struct

from vllm_cdk8s.core.errors import InvalidOptionError
from vllm_cdk8s.core.kube import checks
from vllm_cdk8s.core.server.contribution import Contribution

if TYPE_CHECKING:
    from vllm_cdk8s.core.server.contribution import Target

ANNOTATION = "checksum/chat-template"
KEY = "chat-template.jinja"
_VOLUME = "chat-template"
_FOLDER = "/etc/vllm"
# What a ConfigMap may hold in all; https://kubernetes.io/docs/concepts/configuration/configmap/
_MAX_BYTES = 1024 * 1024
_SHOWN = 40


def template_text(option: str, text: object) -> str:
    """A chat template.

    Raises:
        InvalidOptionError: it is empty, not Jinja by the look of it, or more than a ConfigMap may hold.
    """
    template = checks.text(option, text)
    if "{{" not in template and "{%" not in template:
        shown = template if len(template) <= _SHOWN else f"{template[:_SHOWN]}..."
        raise InvalidOptionError(
            f"{shown!r} is not a Jinja template: it has neither '{{{{' nor '{{%'; "
            "a file is read by ChatTemplate.from_file(...)",
            option=option,
        )
    if len(template.encode()) > _MAX_BYTES:
        raise InvalidOptionError("is more than the 1 MiB that a ConfigMap may hold", option=option)
    return template


class MountedTemplate(Struct, frozen=True, kw_only=True):
    """A template in a ConfigMap.

    Attributes:
        config_map: the ConfigMap's name.
        key: the entry that is the template.
        text: the template, None where it is not known.
        namespace: the ConfigMap's namespace, where the text is known.
    """

    config_map: str
    key: str = KEY
    text: str | None = None
    namespace: str | None = None

    def contribution(self, target: Target) -> Contribution:
        """What it adds to a server.

        Raises:
            ConflictError: the server is in another namespace.
        """
        if self.text is not None:
            target.require_namespace(
                self.namespace, option="chat_template", what=repr(self.config_map), kind="ConfigMaps"
            )
        source = {"name": self.config_map, "items": [{"key": self.key, "path": KEY}]}
        return Contribution(
            engine_args={"chat_template": f"{_FOLDER}/{KEY}"},
            volumes=({"name": _VOLUME, "configMap": source},),
            volume_mounts=({"name": _VOLUME, "mountPath": _FOLDER, "readOnly": True},),
            pod_annotations={} if self.text is None else {ANNOTATION: sha256(self.text.encode()).hexdigest()},
        )
