"""Which vLLM an image holds."""

from __future__ import annotations

import pytest

from vllm_cdk8s.core.engine.version import EngineVersion, said_version, version_key
from vllm_cdk8s.core.errors import ConflictError, InvalidOptionError


@pytest.mark.parametrize(
    ("image", "release"),
    [
        ("vllm/vllm-openai:v0.11.0", "0.11.0"),
        ("vllm/vllm-openai:0.11.0", "0.11.0"),
        ("vllm/vllm-openai:v0.11.0-x86_64", "0.11.0"),
        ("vllm/vllm-openai:v0.11.0-cu129", "0.11.0"),
        ("vllm/vllm-openai:v0.10.1.1", "0.10.1.1"),
        ("vllm/vllm-openai:v0.11.0rc2", "0.11.0"),
        ("registry.example:5000/mirror/vllm/vllm-openai:v0.20.2", "0.20.2"),
        ("vllm/vllm-openai:v0.20.2@sha256:" + "a" * 64, "0.20.2"),
        ("rocm/vllm:rocm6.4.1_vllm_0.10.1_20250909", "0.10.1"),
        ("vllm/vllm-openai:latest", None),
        ("vllm/vllm-openai:nightly", None),
        ("vllm/vllm-openai:nightly-0123abc", None),
        ("vllm/vllm-openai", None),
        ("registry.example:5000/vllm", None),
        ("vllm/vllm-openai@sha256:" + "a" * 64, None),
        ("nvcr.io/nvidia/vllm:25.09-py3", None),
        ("acme/llm-server:0.11.0", None),
        ("lmcache/vllm-openai:v0.4.3", None),
        ("vllm/vllm-omni:v0.16.0", None),
        ("acme/vllm-fork:v0.12.0", None),
        ("ghcr.io/llm-d/llm-d-cuda:v0.3.0", None),
        ("nvcr.io/nvidia/vllm:26.03-py3", "0.17.1"),
        ("nvcr.io/nvidia/vllm:26.10.post1-py3", None),
        ("public.ecr.aws/deep-learning-containers/vllm:server-cuda-v1", None),
        ("vllm/vllm-openai-rocm:v0.20.2", "0.20.2"),
        ("registry.example/vllm-openai:v0.20.2", "0.20.2"),
    ],
)
def test_the_tag_of_a_vllm_image_says_the_version(image: str, release: str | None) -> None:
    assert said_version(image, None) == release


def test_a_given_version_speaks_for_images_whose_tag_does_not() -> None:
    assert said_version("acme/llm-server:7", "v0.11.0") == "0.11.0"
    assert said_version("vllm/vllm-openai:latest", "0.11.0") == "0.11.0"


def test_a_given_version_that_contradicts_vllms_own_tag_is_refused() -> None:
    with pytest.raises(ConflictError, match=r"engine_version: '0.11.0' contradicts image"):
        said_version("vllm/vllm-openai:v0.12.0", "0.11.0")
    assert said_version("vllm/vllm-openai:v0.11.0", "0.11.0") == "0.11.0"
    assert said_version("acme/vllm-fork:v0.12.0", "0.11.0") == "0.11.0"


@pytest.mark.parametrize("version", ["newest", "0.11", "latest", "11", ""])
def test_what_is_no_version_is_refused(version: str) -> None:
    with pytest.raises(InvalidOptionError, match="engine_version"):
        said_version("vllm/vllm-openai:latest", version)


def test_releases_are_ordered_by_number() -> None:
    ordered = ["0.9.2", "0.10.0", "0.10.1", "0.10.1.1", "0.10.2", "0.11.0"]
    shuffled = ["0.10.2", "0.9.2", "0.11.0", "0.10.1.1", "0.10.0", "0.10.1"]
    assert sorted(shuffled, key=version_key) == ordered


def test_an_unsaid_version_counts_as_the_newest() -> None:
    assert EngineVersion(name=None, known=False).at_least("0.33.0")
    assert not EngineVersion(name="0.17.1", known=True).at_least("0.18.0")
    assert EngineVersion(name="0.18.0", known=True).at_least("0.18.0")


@pytest.mark.parametrize(
    "image",
    ["vllm", "UPPER/vllm", "[::1]:5000/a/b:c", "r.example:5000/a__b/c-d.e:v1_x-2.3", f"a/b:c@sha256:{64 * 'a'}"],
)
def test_every_reference_to_an_image_passes(image: str) -> None:
    assert said_version(image, None) is None


@pytest.mark.parametrize(
    "image",
    [
        "a b", "vllm/vllm-openai:v0.20.2 ", ":x", "vllm:", "a/B", "https://r.example/vllm", "vllm/vllm:v1:latest",
        "vllm@sha256:abc", "/vllm", "a//b", "-a/b/", "vllm:-x", "vllm\n",
    ],
)  # fmt: skip
def test_what_is_no_reference_to_an_image_is_refused(image: str) -> None:
    with pytest.raises(InvalidOptionError) as caught:
        said_version(image, None)
    assert str(caught.value).startswith(f"image: {image!r} is not a reference to an image; allowed: ")
    assert str(caught.value).count("leave the scheme out") == ("://" in image)
