"""Which vLLM an image holds, as far as its tag or its user says so."""

from __future__ import annotations

from msgspec import Struct

from vllm_cdk8s.core.engine import images
from vllm_cdk8s.core.errors import ConflictError, InvalidOptionError, mention
from vllm_cdk8s.core.kube import checks
from vllm_cdk8s.core.regex import regex
from vllm_cdk8s.core.showing import shown

# https://pkg.go.dev/github.com/distribution/reference: the kubelet refuses anything else (InvalidImageName).
_LABEL = r"[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?"
_REGISTRY = rf"({_LABEL}(\.{_LABEL})*|\[[0-9A-Fa-f:]+\])(:\d+)?"
_PATH = r"[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*"
_DIGEST = r"[A-Za-z][A-Za-z0-9]*([-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-f]{32,}"
_REFERENCE = regex(rf"({_REGISTRY}/)?{_PATH}(/{_PATH})*(:[A-Za-z0-9_][A-Za-z0-9_.-]{{0,127}})?(@{_DIGEST})?")

# https://github.com/distribution/reference
_LONGEST_NAME = 255
_NAME_END = regex(r"@|:(?=[^/]*\Z)")


class EngineVersion(Struct, frozen=True, kw_only=True):
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

    def assumption(self) -> str:
        """Why another release is looked at in its place: the end of a sentence."""
        if self.name:
            return f"the nearest known to {self.name}"
        return f"as neither {mention('image')} nor {mention('engine_version')} says more"

    def __str__(self) -> str:
        return f"vLLM {self.name}" if self.name else "an unknown version of vLLM"


# Where nobody says which, it is taken to be the newest.
UNSAID = EngineVersion(name=None, known=False)


def version_key(release: str) -> tuple[int, ...]:
    """What orders releases: ``0.10.1 < 0.10.1.1 < 0.10.2``."""
    parts = [int(part) for part in release.split(".")]
    return (*parts, *(0 for _ in range(4 - len(parts))))


def check_reference(option: str, image: object) -> str:
    """The image, if it is a reference to one.

    Raises:
        InvalidOptionError: it is not.
    """
    text = checks.text(option, image)
    if not _REFERENCE.fullmatch(text):
        raise InvalidOptionError(
            f"{shown(text)} is not a reference to an image; allowed: [registry/]name[:tag][@digest], in lower case"
            + ("; leave the scheme out" if "://" in text else ""),
            option=option,
        )
    if len(_NAME_END.split(text)[0]) > _LONGEST_NAME:
        raise InvalidOptionError(
            f"{shown(text)} is longer than the {_LONGEST_NAME} characters that the name of an image may have",
            option=option,
        )
    return text


def said_version(image: str, engine_version: str | None) -> str | None:
    """The release that an image's tag and its user say, or None.

    The tag of vLLM's own images, and of mirrors of them, is its version; what other vendors publish of theirs is in
    `images`, and nothing else is guessed. For vLLM's own images the tag and ``engine_version`` must agree; for other
    images ``engine_version`` has the last word.

    Raises:
        InvalidOptionError: ``image`` is not a reference to an image, or ``engine_version`` is not a version.
        ConflictError: it contradicts the tag of vLLM's own image.
    """
    check_reference("image", image)
    tagged = images.release_of(image)
    if engine_version is None:
        return tagged
    match = images.VERSION.fullmatch(checks.text("engine_version", engine_version))
    if match is None:
        raise InvalidOptionError(
            f"{engine_version!r} is not a version of vLLM; allowed: a release such as '0.11.0'", option="engine_version"
        )
    given = match["release"]
    if tagged is not None and version_key(tagged) != version_key(given) and images.own(image):
        raise ConflictError(f"{engine_version!r} contradicts image {image!r}", option="engine_version")
    return given
