"""Which vLLM an image holds, as far as its tag or its user says so."""

from __future__ import annotations

import re
from dataclasses import dataclass

from vllm_cdk8s.core.errors import ConflictError, InvalidOptionError
from vllm_cdk8s.core.kube import checks

# v0.11.0, 0.10.1.1, 0.11.0rc2, 0.11.1.post2, v0.11.0-cu129; a date such as 25.09 or 2025.9.1 is none.
_VERSION = re.compile(r"v?(?P<release>\d\.\d+\.\d+(\.\d+)?)(?P<pre>(rc|a|b|\.dev)\d+)?(\.post\d+)?(?P<rest>[-+_].*)?")
# rocm6.4.1_vllm_0.10.1_20250909: some vendors put the version in the middle.
_EMBEDDED = re.compile(r"vllm[-_]v?(?P<release>\d\.\d+\.\d+(\.\d+)?)(?![.\d])")
# https://pkg.go.dev/github.com/distribution/reference: the kubelet refuses anything else (InvalidImageName).
_REGISTRY = r"([A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:]+\])(:\d+)?"
_PATH = r"[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*"
_DIGEST = r"[A-Za-z][A-Za-z0-9]*([-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-f]{32,}"
_REFERENCE = re.compile(rf"({_REGISTRY}/)?{_PATH}(/{_PATH})*(:[A-Za-z0-9_][A-Za-z0-9_.-]{{0,127}})?(@{_DIGEST})?")
_OFFICIAL = re.compile(r"(docker\.io/)?vllm/vllm-[a-z]+(-[a-z0-9]+)*")


@dataclass(frozen=True, kw_only=True, slots=True)
class EngineVersion:
    """The vLLM version that a command line is written for.

    Attributes:
        name: the release as said by the image's tag or by ``engine_version``, or None where neither says it; the
            newest vLLM that this package knows is assumed then.
        known: whether that release is one that this package knows the options of. Where it is not, whatever is
            found wrong with an option warns instead of failing.
    """

    name: str | None
    known: bool

    def at_least(self, release: str) -> bool:
        """Whether this is that release or a later one; an unsaid version is the newest and so always is."""
        return self.name is None or version_key(self.name) >= version_key(release)

    def __str__(self) -> str:
        return f"vLLM {self.name}" if self.name else "an unknown version of vLLM"


# Where nobody says which, it is taken to be the newest.
UNSAID = EngineVersion(name=None, known=False)


def version_key(release: str) -> tuple[int, ...]:
    """What orders releases: ``0.10.1 < 0.10.1.1 < 0.10.2``."""
    parts = [int(part) for part in release.split(".")]
    return (*parts, *(0 for _ in range(4 - len(parts))))


def said_version(image: str, engine_version: str | None) -> str | None:
    """The release that an image's tag and its user say, or None.

    The tag of an image counts where its repository is one of vLLM and the tag is a version. For vLLM's own
    images the tag and ``engine_version`` must agree; for other images ``engine_version`` has the last word.

    Raises:
        InvalidOptionError: ``image`` is not a reference to an image, or ``engine_version`` is not a version.
        ConflictError: it contradicts the tag of vLLM's own image.
    """
    if not _REFERENCE.fullmatch(checks.text("image", image)):
        raise InvalidOptionError(
            f"{image!r} is not a reference to an image; allowed: [registry/]name[:tag][@digest], in lower case",
            option="image",
        )
    tagged = _tag_version(image)
    if engine_version is None:
        return tagged
    match = _VERSION.fullmatch(checks.text("engine_version", engine_version))
    if match is None:
        raise InvalidOptionError(
            f"{engine_version!r} is not a version of vLLM; allowed: a release such as '0.11.0'", option="engine_version"
        )
    given = match["release"]
    if tagged is not None and version_key(tagged) != version_key(given) and _OFFICIAL.fullmatch(_split(image)[0]):
        raise ConflictError(f"{engine_version!r} contradicts image {image!r}", option="engine_version")
    return given


def _tag_version(image: str) -> str | None:
    repository, tag = _split(image)
    if "vllm" not in repository.lower():
        return None
    match = _VERSION.fullmatch(tag) or _EMBEDDED.search(tag)
    return match["release"] if match else None


def _split(image: str) -> tuple[str, str]:
    """Repository and tag; a digest says nothing, and the port of a registry is not a tag."""
    named = image.partition("@")[0]
    path, slash, last = named.rpartition("/")
    base, _, tag = last.partition(":")
    return f"{path}{slash}{base}", tag
