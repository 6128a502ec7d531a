"""For whose devices an image is built, and whether its tag is one that moves."""

from __future__ import annotations

import re

from vllm_cdk8s.core.engine.images import own, split
from vllm_cdk8s.core.models.vendors import made_for
from vllm_cdk8s.core.regex import regex

_CPU = regex(r"public\.ecr\.aws/q9t5s3a7/vllm-(arm64-)?cpu-release-repo|.*vllm-(openai-)?cpu(-env)?")
_FLOATING = {"", "latest", "nightly", "main", "master", "stable"}
# Behind it would be a commit.
_LONGEST_FLOATING = 24


def repository(image: str) -> str:
    """An image's name without tag and digest."""
    return split(image)[0]


def floats(image: str) -> bool:
    """Whether the tag is given to another image with every release; a digest never is."""
    tag = split(image)[1]
    if "@" in image:
        return False
    return tag in _FLOATING or (tag.startswith(("latest-", "nightly-")) and len(tag) < _LONGEST_FLOATING)


def built_for(image: str) -> str | None:
    """Whose devices it is built for: ``nvidia``, ``amd``, ``intel``, ``habana``, ``google``, ``aws``, ``cpu``.

    None where its name does not say.
    """
    name, tag = split(image)
    known = "cpu" if _CPU.fullmatch(name) else made_for(name)
    if known is not None or not own(image):
        return known
    words = set(re.split(r"[-_.]", f"{name.rpartition('/')[2]}-{tag}".lower()))
    told = next((maker for word, maker in (("cpu", "cpu"), ("rocm", "amd")) if word in words), "nvidia")
    return None if {"xpu", "gaudi", "hpu", "tpu", "neuron", "ascend", "arm64"} & words else told
