"""What the objects of a server are called: by a name of the user's, or by their place in the tree as cdk8s does it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from vllm_cdk8s.core.regex import regex

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_LONGEST = 63
_PLAIN = regex(r"[0-9a-z-]+")
_STRAY = regex(r"[^0-9a-zA-Z-_.]")
_BETWEEN_LABELS = regex(r"[^a-z0-9]+")
_NO_NAMES = ("resource", "default")


class Names(Struct, frozen=True, kw_only=True):
    """The names of a server's objects.

    Attributes:
        workload: the object that makes the pods.
        service: the service in front of the pods that serve.
        service_account: the account made for the pods.
        claim: the claim made for the models.
        fixed: the name that the user gave to all of them; None where they are named by their place in the tree.
    """

    workload: str
    service: str
    service_account: str
    claim: str
    fixed: str | None = None


def fixed_names(name: str, *, service_suffix: str = "") -> Names:
    """The names of a server whose user has named it."""
    return Names(
        workload=name, service=f"{name}{service_suffix}", service_account=name, claim=f"{name}-pvc", fixed=name
    )


def tree_name(scopes: Sequence[str], *, readable: bool = True) -> str:
    """The name that cdk8s gives to the object of this place (``Names.toDnsLabel``), made one that Kubernetes accepts.

    Ids may hold capitals, dots and underscores, which cdk8s leaves in the name; the hash behind it keeps names apart
    that differ in nothing else.

    Args:
        scopes: the ids from the tree's root to the object; the root's own is empty.
        readable: whether Kubernetes must accept it; otherwise it is cdk8s's own, as it is.
    """
    components = [scope for scope in scopes if scope]
    if len(components) == 1 and _PLAIN.fullmatch(components[0]) and len(components[0]) <= _LONGEST:
        return components[0]
    kept = [_STRAY.sub("", component.lower())[:_LONGEST] for component in components]
    name = _joined([*kept, _digest(scopes)])
    return _BETWEEN_LABELS.sub("-", name).strip("-") if readable else name


def _digest(scopes: Iterable[str]) -> str:
    from hashlib import sha1  # noqa: PLC0415 - loads OpenSSL, which nobody needs who names their servers

    text = "".join(f"{scope}\n" for scope in scopes if scope != "Default")
    return f"c8{sha1(text.encode()).hexdigest()[:6]}"  # noqa: S324 - as constructs does it; nothing is kept secret by it


def _joined(components: Sequence[str]) -> str:
    """From the last component to the first, as much as there is room for, without repetitions and stand-ins."""
    last_first = list(reversed(components))
    distinct = [c for i, c in enumerate(last_first) if i == 0 or c != last_first[i - 1]]
    kept = [c for c in reversed("/".join(distinct)[:_LONGEST].split("/")) if c]
    return "-".join(c for c in "-".join(kept).split("-") if c and c not in _NO_NAMES)
