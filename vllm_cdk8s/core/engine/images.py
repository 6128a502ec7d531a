"""Whose an image is, and what its tag says of the vLLM in it.

A tag is vLLM's version only where the repository is vLLM's own, or a mirror of it under another registry. Other
vendors number their images themselves; what they publish of the vLLM inside is in the table, and what they do not
publish is not guessed.
"""

from __future__ import annotations

import re
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from msgspec import Struct, field

from vllm_cdk8s.core.regex import regex

if TYPE_CHECKING:
    from collections.abc import Mapping

# v0.11.0, 0.10.1.1, 0.11.0rc2, 0.11.1.post2, v0.11.0-cu129; a date such as 25.09 or 2025.9.1 is not one.
VERSION = regex(r"v?(?P<release>\d\.\d+\.\d+(\.\d+)?)(?P<pre>(rc|a|b|\.dev)\d+)?(\.post\d+)?(?P<rest>[-+_].*)?")
# As the last parts of a path, whatever registry or pull-through cache is before them.
_OWN = regex(
    r"(.+/)?vllm/vllm-(openai|cpu|tpu|xpu|rocm|hpu|neuron|arm64|ppc64le|s390x)(-[a-z0-9]+)*"
    r"|[^/]+[.:][^/]+/vllm-openai(-[a-z0-9]+)*"
    r"|public\.ecr\.aws/q9t5s3a7/vllm-[a-z0-9-]*(release|ci)[a-z0-9-]*"
)


class Vendor(Struct, frozen=True, kw_only=True):
    """Somebody else's images.

    Attributes:
        name: the vendor.
        repository: a pattern for the repository, registry included where it is not Docker Hub's.
        tag: a pattern with a group ``release`` for tags that say vLLM's version, where the vendor says so.
        holds: the vLLM that a tag's beginning stands for, as published.
        source: where that can be read.
    """

    name: str
    repository: str
    tag: str | None = None
    holds: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    source: str = ""


VENDORS = (
    Vendor(
        name="NVIDIA",
        repository=r"nvcr\.io/nvidia/vllm",
        holds=MappingProxyType(
            {"25.10": "0.10.2", "26.01": "0.11.1", "26.03": "0.17.1", "26.05": "0.20.1", "26.10": "0.31.0"}
        ),
        source="https://docs.nvidia.com/deeplearning/frameworks/vllm-release-notes/",
    ),
    Vendor(
        name="AMD",
        repository=r"(docker\.io/)?rocm/vllm(-dev)?",
        # rocm6.4.1_vllm_0.10.1_20250909
        tag=r".*vllm[-_]v?(?P<release>\d\.\d+\.\d+(\.\d+)?)(?![.\d]).*",
        source="https://hub.docker.com/r/rocm/vllm",
    ),
    Vendor(
        name="AWS",
        repository=r"(public\.ecr\.aws/deep-learning-containers|\d+\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com)/vllm",
        # The tags of the first family; those since vLLM's 1.0.0 image (server-cuda-v1) count AWS's own releases.
        tag=r"(?P<release>0\.\d+\.\d+)-(gpu|cpu)-py\d+.*",
        source="https://github.com/aws/deep-learning-containers",
    ),
    Vendor(
        name="AWS Neuron",
        repository=r"public\.ecr\.aws/neuron/[a-z0-9-]*vllm[a-z0-9-]*",
        # 0.24.0.1.1.0-neuronx-py313-sdk2.32.0-ubuntu24.04: vLLM's release, then the plugin's own.
        tag=r"(?P<release>0\.\d+\.\d+)(\.\d+)*-neuronx-.*",
        source="https://gallery.ecr.aws/neuron/pytorch-inference-vllm-neuronx",
    ),
    Vendor(name="LMCache", repository=r"(docker\.io/)?lmcache/vllm-openai.*"),
    Vendor(name="vLLM-Omni", repository=r"(.+/)?vllm/vllm-omni.*"),
    Vendor(name="Intel", repository=r"(docker\.io/)?intel/(vllm|llm-scaler-vllm).*"),
    Vendor(name="Habana", repository=r"vault\.habana\.ai/.*vllm.*"),
    Vendor(name="llm-d", repository=r"ghcr\.io/llm-d/.*"),
    Vendor(name="Google", repository=r"([a-z0-9-]+-docker\.pkg\.dev|gcr\.io)/.*vllm.*"),
    Vendor(name="Microsoft", repository=r"mcr\.microsoft\.com/.*vllm.*"),
    Vendor(name="Red Hat", repository=r"(registry\.redhat\.io|quay\.io)/.*vllm.*"),
    Vendor(name="Ascend", repository=r"quay\.io/ascend/vllm-ascend.*"),
)


def own(image: str) -> bool:
    """Whether an image is vLLM's own, or a mirror of one."""
    repository = split(image)[0]
    return vendor(image) is None and _OWN.fullmatch(repository) is not None


@lru_cache
def vendor(image: str) -> Vendor | None:
    """Who else makes an image, where that is known."""
    repository = split(image)[0]
    return next((one for one in VENDORS if re.fullmatch(one.repository, repository)), None)


def release_of(image: str) -> str | None:
    """The vLLM in an image as far as its tag says it, or None."""
    tag = split(image)[1]
    maker = vendor(image)
    if maker is None:
        match = VERSION.fullmatch(tag) if own(image) else None
        return match["release"] if match else None
    if maker.tag is not None and (said := re.fullmatch(maker.tag, tag)):
        return said["release"]
    return next((release for begin, release in maker.holds.items() if re.match(rf"{re.escape(begin)}(-|$)", tag)), None)


def split(image: str) -> tuple[str, str]:
    """Repository and tag; a digest says nothing, and the port of a registry is not a tag."""
    named = image.partition("@")[0]
    path, slash, last = named.rpartition("/")
    base, _, tag = last.partition(":")
    return f"{path}{slash}{base}", tag
