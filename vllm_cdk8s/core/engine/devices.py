"""For whose devices an image is built, and whether its tag is one that moves."""

from __future__ import annotations

import re

from vllm_cdk8s.core.engine.images import own, split

_OTHERS = {
    "cpu": re.compile(r"public\.ecr\.aws/q9t5s3a7/vllm-(arm64-)?cpu-release-repo|.*vllm-(openai-)?cpu(-env)?"),
    "amd": re.compile(r"((index\.)?docker\.io/)?(rocm/vllm(-dev)?|vllm/vllm-openai-rocm)"),
    "google": re.compile(r"((index\.)?docker\.io/)?vllm/vllm-tpu"),
    "intel": re.compile(r"((index\.)?docker\.io/)?(intel/llm-scaler-vllm|vllm/vllm-openai-xpu)"),
    "aws": re.compile(r"public\.ecr\.aws/neuron/[a-z0-9-]*vllm[a-z0-9-]*"),
    "habana": re.compile(r"vault\.habana\.ai/.*vllm.*"),
}
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
    known = next((maker for maker, pattern in _OTHERS.items() if pattern.fullmatch(name)), None)
    if known is not None or not own(image):
        return known
    words = set(re.split(r"[-_.]", f"{name.rpartition('/')[2]}-{tag}".lower()))
    told = next((maker for word, maker in (("cpu", "cpu"), ("rocm", "amd")) if word in words), "nvidia")
    return None if {"xpu", "gaudi", "hpu", "tpu", "neuron", "ascend", "arm64"} & words else told
