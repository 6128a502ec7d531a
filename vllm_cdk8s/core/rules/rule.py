"""One rule: what can be wrong, why that is so, and how to mend it."""

from __future__ import annotations

from msgspec import Struct


class Rule(Struct, frozen=True, kw_only=True):
    """A rule of the book; its code is stable and its name may be read aloud.

    Attributes:
        code: ``VC`` and three digits, of which the first says the family.
        name: a few words with dashes, as ruff's.
        title: the rule in one line.
        why: what happens on the cluster where it is broken.
        mend: what to do.
        in_manifests: what to do in a manifest, where the options of this package are no help.
        source: where the reason can be read.
    """

    code: str
    name: str
    title: str
    why: str
    mend: str
    in_manifests: str = ""
    source: str = ""

    @property
    def manifest_mend(self) -> str:
        """What to do in a manifest."""
        return self.in_manifests or self.mend

    def text(self) -> str:
        """The rule as ``vllm-cdk8s rule`` prints it."""
        parts = [f"{self.code} {self.name}: {self.title}", "", f"Why: {self.why}", f"Mend: {self.mend}"]
        parts += [f"In a manifest: {self.in_manifests}"] if self.in_manifests else []
        return "\n".join([*parts, f"Source: {self.source}"] if self.source else parts)


FAMILIES = {
    "0": "values, names and files",
    "1": "the engine's settings",
    "2": "the pod and its GPUs",
    "3": "storage",
    "4": "health, rollout and shutdown",
    "5": "secrets and security",
    "6": "what surrounds a server",
}
