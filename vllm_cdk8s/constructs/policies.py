"""Questions to the NetworkPolicies of an app, which are all there only at synthesis."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from vllm_cdk8s.constructs.tree import objects_of
from vllm_cdk8s.core.traffic.network_policy import Wire

if TYPE_CHECKING:
    from collections.abc import Iterator

    from constructs import IConstruct

    from vllm_cdk8s.constructs.apps import AppRegistry
    from vllm_cdk8s.core.errors import Problem

Question = Callable[[Sequence[Wire]], "Problem | None"]


class _Questions:
    """The questions of one app that no synthesis has answered yet."""

    def __init__(self) -> None:
        self.waiting: list[Question] = []
        self.heard = False

    def answers(self, root: IConstruct) -> Iterator[Problem]:
        waiting = list(self.waiting)
        policies = _policies(root) if waiting else []
        for question in waiting:
            answer = question(policies)
            if answer is not None:
                yield answer
            # Answered: cdk8s validates once for each chart, and the tree is walked for what is new alone.
            self.waiting.remove(question)


def ask_policies(registry: AppRegistry, question: Question) -> None:
    """Put a question to all NetworkPolicies of the app at synthesis; what it answers is a warning."""
    questions = registry.of(_Questions)
    if not questions.heard:
        # One walk over the tree for all questions of the app.
        registry.add_advice(questions.answers)
        questions.heard = True
    questions.waiting.append(question)


def _policies(root: IConstruct) -> list[Wire]:
    # Whatever a policy of a user's own leaves out.
    return [
        {"metadata": {}, "spec": {}, **policy.to_json()} for policy in objects_of(root.node.find_all(), "NetworkPolicy")
    ]
