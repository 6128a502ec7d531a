"""What an image's name says: its repository, its tag, and for whose devices it is built."""

from __future__ import annotations

import re

_OFFICIAL = re.compile(r"((index\.|registry-1\.)?docker\.io/)?vllm/vllm-openai(-[a-z0-9]+)*")
_CPU = re.compile(r"public\.ecr\.aws/q9t5s3a7/vllm-(arm64-)?cpu-release-repo|.*vllm-(openai-)?cpu(-env)?")
_ROCM = re.compile(r"((index\.)?docker\.io/)?(rocm/vllm(-dev)?|vllm/vllm-openai-rocm)")
_TPU = re.compile(r"((index\.)?docker\.io/)?vllm/vllm-tpu")
_FLOATING = {"latest", "nightly", "main", "master", "stable"}


def repository(image: str) -> str:
    """An image's name without tag and digest; the port of a registry is not a tag."""
    path, slash, last = image.partition("@")[0].rpartition("/")
    return f"{path}{slash}{last.partition(':')[0]}"


def tag(image: str) -> str | None:
    """An image's tag, ``latest`` where nothing is said; None where a digest says which it is."""
    if "@" in image:
        return None
    return image.rpartition("/")[2].partition(":")[2] or "latest"


def is_official(image: str) -> bool:
    """Whether an image is one that vLLM publishes under its own name."""
    return bool(_OFFICIAL.fullmatch(repository(image)))


def floats(image: str) -> bool:
    """Whether the tag is one that is given to another image with every release."""
    found = tag(image)
    return found is not None and (found in _FLOATING or found.startswith(("latest-", "nightly-")) and len(found) < 24)  # noqa: PLR2004 - behind it would be a commit


def vendor(image: str) -> str | None:
    """Whose devices an image is built for: ``nvidia``, ``amd``, ``google``, ``cpu``; None where its name does not say."""
    name = repository(image)
    if _CPU.fullmatch(name):
        return "cpu"
    if _ROCM.fullmatch(name):
        return "amd"
    if _TPU.fullmatch(name):
        return "google"
    words = re.split(r"[-_.]", f"{name.rpartition('/')[2]}-{tag(image) or ''}".lower())
    if not is_official(image):
        return None
    if "cpu" in words:
        return "cpu"
    if "rocm" in words:
        return "amd"
    return None if {"xpu", "gaudi", "hpu", "tpu", "neuron", "ascend"} & set(words) else "nvidia"
