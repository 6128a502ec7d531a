"""production-stack's router in anybody's manifests: the command line that it could not start with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vllm_cdk8s.core.regex import regex
from vllm_cdk8s.core.traffic.router_arguments import argument_problems, read_options
from vllm_cdk8s.lint.finding import finding, place
from vllm_cdk8s.lint.pods import containers_of, mapping

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vllm_cdk8s.lint.documents import Document
    from vllm_cdk8s.lint.finding import Finding
    from vllm_cdk8s.lint.pods import PodTemplate

# vllm-project/router starts by the same name, with options of its own, so that the image must say which of both it is.
_IMAGE = regex(r"(^|/)(lmstack-router|production-stack/router)(:|@|$)")


def router_findings(document: Document, template: PodTemplate) -> Iterator[Finding]:
    """What is wrong with the routers of a pod template."""
    for path, container in containers_of(mapping(template.template.get("spec"))):
        arguments = container.get("args")
        command = container.get("command") or ["vllm-router"]
        if not _IMAGE.search(str(container.get("image") or "")) or command != ["vllm-router"]:
            continue
        if not isinstance(arguments, list) or not all(isinstance(word, (str, int)) for word in arguments):
            continue
        words = [str(word) for word in arguments]
        for problem in argument_problems(read_options(words)):
            option = str(problem.option)
            index = next((i for i, word in enumerate(words) if word.partition("=")[0] == option), None)
            where = (*template.path, *path, "args", *(() if index is None else (index,)))
            found = finding(problem, place(document, where))
            if found is not None:
                yield found
