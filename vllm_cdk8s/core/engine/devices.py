"""For whose devices an image is built, and whether its tag is one that moves."""

from __future__ import annotations

import re

from vllm_cdk8s.core.engine.images import own, split

_CPU = re.compile(r"public\.ecr\.aws/q9t5s3a7/vllm-(arm64-)?cpu-release-repo|.*vllm-(openai-)?cpu(-env)?")
_ROCM = re.compile(r"((index\.)?docker\.io/)?(rocm/vllm(-dev)?|vllm/vllm-openai-rocm)")
_TPU = re.compile(r"((index\.)?docker\.io/)?vllm/vllm-tpu")
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
    """Whose devices an image is built for: ``nvidia``, ``amd``, ``google``, ``cpu``; None where its name does not say."""
    name, tag = split(image)
    if _CPU.fullmatch(name):
        return "cpu"
    if _ROCM.fullmatch(name):
        return "amd"
    if _TPU.fullmatch(name):
        return "google"
    words = set(re.split(r"[-_.]", f"{name.rpartition('/')[2]}-{tag}".lower()))
    if not own(image):
        return None
    if "cpu" in words:
        return "cpu"
    if "rocm" in words:
        return "amd"
    return None if {"xpu", "gaudi", "hpu", "tpu", "neuron", "ascend", "arm64"} & words else "nvidia"
