"""SecretKey: one entry of a Kubernetes Secret, which is the only way that this package takes secrets."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from vllm_cdk8s.core.errors import InvalidOptionError
from vllm_cdk8s.core.kube import checks

if TYPE_CHECKING:
    import cdk8s_plus_27 as kplus

_KEY = re.compile(r"[-._a-zA-Z0-9]{1,253}")


@dataclass(frozen=True, slots=True)
class SecretKey:
    """An entry of a Secret: ``SecretKey("huggingface", "token")``, or a kplus secret in the name's place.

    Args:
        secret: the Secret, by name or as any ``kplus.ISecret``, in the server's namespace.
        key: the entry in it.

    Raises:
        InvalidOptionError: the name or the key is none.
    """

    secret: str | kplus.ISecret
    key: str

    def __post_init__(self) -> None:
        checks.reference("secret", self.secret, "Secret")
        if not _KEY.fullmatch(checks.text("key", self.key)):
            raise InvalidOptionError(
                f"{self.key!r} is not a key of a Secret; allowed: letters, digits, '-', '_' and '.'", option="key"
            )

    def wire(self) -> dict[str, Any]:
        """The ``valueFrom`` of an environment variable."""
        return {"secretKeyRef": {"name": checks.reference("secret", self.secret, "Secret"), "key": self.key}}
